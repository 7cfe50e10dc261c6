//! What each command says, and says no to.

use std::path::Path;
use std::process::{Command, Output, Stdio};

/// Runs `antiphon` with some words, and nothing to read.
pub fn antiphon(words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_antiphon"))
        .args(words)
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

/// What it printed.
pub fn printed(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// What it complained of.
pub fn complained(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A node in a folder, as a host makes it.
fn init(dir: &Path) -> Output {
    antiphon(&[
        "init",
        "--non-interactive",
        "--dir",
        dir.to_str().unwrap(),
        "--name",
        "Loire en commun",
        "--domain",
        "localhost:8420",
        "--territory",
        "FR-ARA",
        "--currency",
        "EUR",
        "--language",
        "fr",
        "--coordinator",
        "self",
        "--dev",
    ])
}

/// What was refused, in its one sentence, with exit code 1.
fn refusal(words: &[&str]) -> String {
    let output = antiphon(words);
    assert_eq!(output.status.code(), Some(1), "{}", complained(&output));
    let told = complained(&output);
    let line = told.trim().strip_prefix("antiphon: ").unwrap().to_owned();
    assert!(!line.contains('\n'), "more than a sentence: {told}");
    line
}

#[test]
fn help_names_the_commands_in_the_order_in_which_a_host_meets_them() {
    let help = printed(&antiphon(&["--help"]));
    let commands = [
        "init", "serve", "import", "peer", "venue", "invite", "member", "report", "settle",
        "simulate", "verify", "demo",
    ];
    let places: Vec<usize> = commands
        .iter()
        .map(|command| help.find(&format!("\n  {command} ")).unwrap())
        .collect();
    assert!(places.is_sorted(), "{help}");
    for command in commands {
        let help = printed(&antiphon(&[command, "--help"]));
        assert!(
            help.contains("Example"),
            "{command} shows no example:\n{help}"
        );
    }
}

#[test]
fn words_nobody_knows_end_with_two() {
    assert_eq!(antiphon(&["sing"]).status.code(), Some(2));
    let output = antiphon(&["report", "close", "2026-13"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        complained(&output).contains("write one like 2026-10"),
        "{}",
        complained(&output)
    );
}

#[test]
fn a_folder_without_a_node_is_told_how_to_get_one() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().to_str().unwrap();
    for words in [
        &["serve", "--dir", dir][..],
        &["venue", "list", "--dir", dir],
        &["peer", "list", "--dir", dir],
        &["report", "status", "2026-10", "--dir", dir],
    ] {
        let told = refusal(words);
        assert!(told.contains("antiphon init"), "{told}");
    }
}

#[test]
fn a_node_is_made_once() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("loire");
    let made = init(&dir);
    assert!(made.status.success(), "{}", complained(&made));
    assert!(dir.join("node.toml").exists());
    let again = init(&dir);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        complained(&again).contains("already holds a node"),
        "{}",
        complained(&again)
    );
}

#[test]
fn what_init_is_not_told_it_asks_for_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("x");
    let told = refusal(&[
        "init",
        "--non-interactive",
        "--dir",
        dir.to_str().unwrap(),
        "--name",
        "X",
    ]);
    assert!(told.contains("--domain"), "{told}");
    assert!(!dir.join("node.toml").exists());
}

#[test]
fn a_territory_that_is_none_is_refused_before_anything_is_made() {
    let dir = tempfile::tempdir().unwrap();
    let dir = dir.path().join("x");
    let told = refusal(&[
        "init",
        "--non-interactive",
        "--dir",
        dir.to_str().unwrap(),
        "--name",
        "X",
        "--domain",
        "x.example",
        "--territory",
        "Loire",
        "--currency",
        "EUR",
        "--language",
        "fr",
        "--coordinator",
        "self",
    ]);
    assert!(told.contains("territory"), "{told}");
    assert!(!dir.join("node.toml").exists());
    assert!(!dir.join("keys").exists());
}

#[test]
fn a_host_adds_a_venue_invites_and_lists() {
    let dir = tempfile::tempdir().unwrap();
    let node = dir.path().join("loire");
    assert!(init(&node).status.success());
    let at = node.to_str().unwrap();
    let added = antiphon(&[
        "venue",
        "add",
        "--dir",
        at,
        "--name",
        "Médiathèque de Tarentaize",
        "--contribution",
        "840000",
        "--seats",
        "3",
    ]);
    let id = printed(&added).trim().to_owned();
    assert_eq!(
        id,
        "http://localhost:8420/venues/mediatheque-de-tarentaize",
        "{}",
        complained(&added)
    );
    let codes = printed(&antiphon(&[
        "invite", "--dir", at, "--venue", &id, "--count", "2",
    ]));
    assert_eq!(codes.lines().count(), 2);
    let listed = antiphon(&["venue", "list", "--dir", at, "--json"]);
    let listed: serde_json::Value = serde_json::from_slice(&listed.stdout).unwrap();
    assert_eq!(listed[0]["id"], id);
    let told = refusal(&["invite", "--dir", at, "--venue", &id, "--count", "2"]);
    assert!(
        told.contains('1'),
        "it says how many seats are left: {told}"
    );
    let told = refusal(&["invite", "--dir", at, "--venue", "nowhere"]);
    assert!(
        told.contains("mediatheque-de-tarentaize"),
        "it says which venues there are: {told}"
    );
}

#[test]
fn a_member_needs_a_password_on_standard_input() {
    let dir = tempfile::tempdir().unwrap();
    let node = dir.path().join("loire");
    assert!(init(&node).status.success());
    let at = node.to_str().unwrap();
    let venue = antiphon(&[
        "venue",
        "add",
        "--dir",
        at,
        "--name",
        "Fil",
        "--contribution",
        "1",
        "--seats",
        "3",
    ]);
    assert!(venue.status.success(), "{}", complained(&venue));
    let told = refusal(&[
        "member",
        "add",
        "--dir",
        at,
        "--venue",
        "fil",
        "--name",
        "Maud",
        "--password-stdin",
    ]);
    assert!(told.contains("standard input"), "{told}");
    let told = refusal(&["member", "reset", "--dir", at, "--name", "Nobody"]);
    assert!(!told.is_empty());
}

#[test]
fn a_month_that_is_not_over_is_not_closed() {
    let dir = tempfile::tempdir().unwrap();
    let node = dir.path().join("loire");
    assert!(init(&node).status.success());
    let told = refusal(&[
        "report",
        "close",
        "2099-01",
        "--dir",
        node.to_str().unwrap(),
    ]);
    assert!(told.contains("2099"), "{told}");
}

#[test]
fn what_is_no_settlement_does_not_verify() {
    let dir = tempfile::tempdir().unwrap();
    let output = antiphon(&["verify", dir.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(3), "{}", complained(&output));
    let output = antiphon(&["verify", dir.path().join("nothing").to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1), "{}", complained(&output));
}
