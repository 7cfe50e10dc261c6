//! The month of three nodes, lived through for real.

use std::path::Path;
use std::process::Output;
use std::sync::OnceLock;

use crate::commands::{antiphon, complained, printed};

/// A small month that was lived through once, for all who look at its papers.
pub struct Month {
    dir: tempfile::TempDir,
    /// What the demo printed.
    pub told: String,
}

impl Month {
    /// The folder with the papers.
    pub fn dir(&self) -> &Path {
        self.dir.path()
    }
}

/// The small month.
pub fn month() -> &'static Month {
    static MONTH: OnceLock<Month> = OnceLock::new();
    MONTH.get_or_init(|| {
        let dir = tempfile::tempdir().unwrap();
        let output = live(dir.path(), &["--members", "14", "--releases", "1"]);
        assert!(output.status.success(), "{}", complained(&output));
        let told = printed(&output);
        Month { dir, told }
    })
}

fn live(dir: &Path, more: &[&str]) -> Output {
    let mut words = vec!["demo", "--once", "--dir", dir.to_str().unwrap()];
    words.extend(more);
    antiphon(&words)
}

fn rows(dir: &Path, table: &str) -> Vec<Vec<String>> {
    let path = dir.join("settlement").join(table);
    let text = std::fs::read_to_string(&path).unwrap();
    text.lines()
        .skip(1)
        .map(|line| line.split(',').map(str::to_owned).collect())
        .collect()
}

#[test]
fn a_play_becomes_a_payment_and_every_micro_is_accounted_for() {
    let month = month();
    let dir = month.dir();
    for node in ["loire", "wallonie"] {
        for paper in [
            "report.json",
            "lines.parquet",
            "tracks.parquet",
            "reduction.parquet",
        ] {
            assert!(
                dir.join("reports").join(node).join(paper).exists(),
                "{node}/{paper}"
            );
        }
    }
    for paper in ["splits.jsonl", "policy.toml", "settlement/settlement.json"] {
        assert!(dir.join(paper).exists(), "{paper}");
    }
    let sum = |table: &str, column: usize| -> i128 {
        rows(dir, table)
            .iter()
            .map(|row| row[column].parse::<i128>().unwrap())
            .sum()
    };
    let contributed = sum("nodes.csv", 3);
    let (fund, node, coordinator) = (
        sum("nodes.csv", 5),
        sum("nodes.csv", 6),
        sum("nodes.csv", 7),
    );
    let (earned, held) = (sum("parties.csv", 3), sum("held.csv", 3));
    assert!(contributed > 0 && earned > 0);
    assert_eq!(contributed, fund + node + coordinator + earned + held);
}

#[test]
fn money_crosses_the_border_both_ways() {
    let month = month();
    let allocations = rows(month.dir(), "allocations.csv");
    let nodes: Vec<String> = rows(month.dir(), "nodes.csv")
        .iter()
        .map(|row| row[0].replace("/actor", "/"))
        .collect();
    for territory in ["FR-ARA", "BE-WAL"] {
        let homes = nodes
            .iter()
            .filter(|home| {
                allocations
                    .iter()
                    .any(|row| row[0] == territory && row[1].starts_with(*home))
            })
            .count();
        assert_eq!(
            homes, 2,
            "in {territory}, works of both nodes are heard and paid"
        );
    }
    assert!(
        month.told.contains("What crossed borders"),
        "{}",
        month.told
    );
}

#[test]
fn nobody_who_listened_is_named_in_what_left_the_node() {
    let month = month();
    let mut looked_at = 0;
    for node in ["loire", "wallonie"] {
        let names: Vec<Vec<u8>> = std::fs::read_dir(month.dir().join("reports").join(node))
            .unwrap()
            .map(|paper| std::fs::read(paper.unwrap().path()).unwrap())
            .collect();
        for paper in names {
            looked_at += 1;
            for trace in [&b"Appareil"[..], b"/posts/", b"Borne"] {
                let found = paper.windows(trace.len()).any(|window| window == trace);
                assert!(!found, "{node}: {}", String::from_utf8_lossy(trace));
            }
        }
    }
    assert_eq!(looked_at, 8);
}

#[test]
fn nodes_that_are_killed_between_all_steps_come_to_a_settlement_that_verifies() {
    let dir = tempfile::tempdir().unwrap();
    let output = live(
        dir.path(),
        &["--members", "8", "--releases", "1", "--kill", "--seed", "3"],
    );
    assert!(output.status.success(), "{}", complained(&output));
    assert!(
        complained(&output).contains("killed on purpose"),
        "{}",
        complained(&output)
    );
    let verified = antiphon(&["verify", dir.path().to_str().unwrap()]);
    assert_eq!(verified.status.code(), Some(0), "{}", complained(&verified));
}

#[test]
fn a_folder_with_a_demo_in_it_is_left_alone() {
    let month = month();
    let again = live(month.dir(), &[]);
    assert_eq!(again.status.code(), Some(1));
    assert!(
        complained(&again).contains("holds a demo already"),
        "{}",
        complained(&again)
    );
}

#[test]
fn a_folder_without_music_is_refused_before_any_node_is_founded() {
    let (dir, music) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let output = live(dir.path(), &["--music", music.path().to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(1));
    assert!(
        complained(&output).contains("holds no music"),
        "{}",
        complained(&output)
    );
    assert!(!dir.path().join("nodes").exists());
}
