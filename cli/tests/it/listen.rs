//! The listening post with sound: ALSA's file device writes down what was heard.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};

use crate::commands::{antiphon, complained, printed};

const RATE: u32 = 44_100;
const SECONDS: u32 = 6;

/// A node that is running, with one piece and a venue; it stops when this is dropped.
struct Running {
    child: Child,
    stdin: Option<ChildStdin>,
}

impl Running {
    fn start(dir: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_antiphon"))
            .args([
                "serve",
                "--until-stdin-ends",
                "--dir",
                dir.to_str().unwrap(),
            ])
            .env_remove("RUST_LOG")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // It says so when its doors are open.
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains(" open ") {
            line.clear();
            assert!(
                told.read_line(&mut line).unwrap() > 0,
                "the node ended before it opened"
            );
        }
        std::thread::spawn(move || std::io::copy(&mut told, &mut std::io::sink()));
        let stdin = child.stdin.take();
        Running { child, stdin }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

/// A node's folder with one piece in it, its address, and an invitation.
fn found(dir: &Path) -> (PathBuf, String, String) {
    let node = dir.join("loire");
    let at = node.to_str().unwrap();
    let port = TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port();
    let domain = format!("localhost:{port}");
    let done = |output: Output| {
        assert!(output.status.success(), "{}", complained(&output));
        printed(&output).trim().to_owned()
    };
    done(antiphon(&[
        "init",
        "--non-interactive",
        "--dir",
        at,
        "--name",
        "Loire en commun",
        "--domain",
        &domain,
        "--territory",
        "FR-ARA",
        "--currency",
        "EUR",
        "--language",
        "fr",
        "--coordinator",
        "self",
        "--dev",
    ]));
    let piece = dir.join("Rivière couverte.wav");
    std::fs::write(&piece, wave()).unwrap();
    done(antiphon(&["import", "--dir", at, piece.to_str().unwrap()]));
    let venue = done(antiphon(&[
        "venue",
        "add",
        "--dir",
        at,
        "--name",
        "Fil d'eau",
        "--contribution",
        "120000",
        "--seats",
        "5",
    ]));
    let code = done(antiphon(&["invite", "--dir", at, "--venue", &venue]));
    (node, format!("http://{domain}"), code)
}

fn sample(i: u32) -> i16 {
    let angle = i as f32 * 440.0 * std::f32::consts::TAU / RATE as f32;
    (angle.sin() * 12_000.0) as i16
}

/// Six seconds of the concert pitch, as a WAVE file.
fn wave() -> Vec<u8> {
    let data: Vec<u8> = (0..RATE * SECONDS)
        .flat_map(|i| sample(i).to_le_bytes())
        .collect();
    let mut file = Vec::new();
    file.extend(b"RIFF");
    file.extend((36 + data.len() as u32).to_le_bytes());
    file.extend(b"WAVEfmt ");
    file.extend(16u32.to_le_bytes());
    file.extend(1u16.to_le_bytes());
    file.extend(1u16.to_le_bytes());
    file.extend(RATE.to_le_bytes());
    file.extend((RATE * 2).to_le_bytes());
    file.extend(2u16.to_le_bytes());
    file.extend(16u16.to_le_bytes());
    file.extend(b"data");
    file.extend((data.len() as u32).to_le_bytes());
    file.extend(data);
    file
}

/// `antiphon-listen` of somebody whose home holds this ALSA configuration.
fn listen(home: &Path, alsa: &str, words: &[&str]) -> Output {
    std::fs::create_dir_all(home).unwrap();
    std::fs::write(home.join(".asoundrc"), alsa).unwrap();
    Command::new(env!("CARGO_BIN_EXE_antiphon-listen"))
        .args(["--dir", home.join("post").to_str().unwrap()])
        .args(words)
        .env("HOME", home)
        .env_remove("XDG_CONFIG_HOME")
        .stdin(Stdio::null())
        .output()
        .unwrap()
}

fn to_file(path: &Path) -> String {
    format!(
        "pcm.heard {{ type file slave.pcm \"null\" file \"{}\" format \"raw\" }}\n\
         pcm.!default {{ type plug slave {{ pcm \"heard\" format S16_LE rate {RATE} channels 2 }} }}\n",
        path.display()
    )
}

fn loudness(samples: impl Iterator<Item = i16>) -> f64 {
    let (sum, count) = samples.fold((0.0, 0.0), |(sum, count), sample| {
        (sum + f64::from(sample).powi(2), count + 1.0)
    });
    20.0 * (f64::sqrt(sum / count) / 32_768.0).log10()
}

#[test]
fn what_is_heard_is_as_long_and_as_loud_as_its_source_and_is_handed_in_once() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let heard = dir.path().join("heard.raw");
    let (node, url, code) = found(dir.path());
    let running = Running::start(&node);

    let alsa = to_file(&heard);
    let enrolled = listen(&home, &alsa, &["enrol", &url, &code, "--name", "Borne"]);
    assert!(enrolled.status.success(), "{}", complained(&enrolled));
    assert!(
        printed(&enrolled).contains("Fil d'eau"),
        "{}",
        printed(&enrolled)
    );
    let again = listen(&home, &alsa, &["enrol", &url, &code]);
    assert!(
        complained(&again).contains("enrolled"),
        "{}",
        complained(&again)
    );

    let played = listen(&home, &alsa, &["play", "riviere"]);
    assert!(played.status.success(), "{}", complained(&played));
    assert!(
        printed(&played).contains("Rivière couverte"),
        "{}",
        printed(&played)
    );

    let raw = std::fs::read(&heard).unwrap();
    let left: Vec<i16> = raw
        .chunks_exact(4)
        .map(|frame| i16::from_le_bytes([frame[0], frame[1]]))
        .collect();
    let first = left.iter().position(|sample| sample.abs() > 200).unwrap();
    let last = left.iter().rposition(|sample| sample.abs() > 200).unwrap();
    let seconds = (last - first) as f64 / f64::from(RATE);
    assert!(
        (seconds - f64::from(SECONDS)).abs() < 0.05,
        "{seconds} s were heard"
    );
    let source = loudness((0..RATE * SECONDS).map(sample));
    let sounded = loudness(left[first..=last].iter().copied());
    assert!(
        (source - sounded).abs() < 0.5,
        "{source} dB became {sounded} dB"
    );

    let journal = home.join("post/plays.jsonl");
    let one = r#"{"played":{"id":"by-hand","work":"WORK","started":"NOW","seconds":0}}"#;
    let works = work_of(&url, &node);
    let line = one
        .replace("WORK", &works)
        .replace("NOW", &node::clock::Clock::machine().now_text());
    let mut text = std::fs::read_to_string(&journal).unwrap_or_default();
    text.push_str(&line);
    text.push('\n');
    std::fs::write(&journal, text).unwrap();

    drop(running);
    let away = listen(&home, &alsa, &["hand-in"]);
    assert_eq!(away.status.code(), Some(1));
    assert!(
        complained(&away).contains("does not answer"),
        "{}",
        complained(&away)
    );
    let running = Running::start(&node);
    let handed = listen(&home, &alsa, &["hand-in"]);
    assert!(
        printed(&handed).contains("One play is handed in"),
        "{}",
        printed(&handed)
    );
    let nothing = listen(&home, &alsa, &["hand-in"]);
    assert!(
        printed(&nothing).contains("No plays were waiting"),
        "{}",
        printed(&nothing)
    );
    drop(running);
}

/// The address of the node's one work, as its public page names it.
fn work_of(url: &str, node: &Path) -> String {
    let node = node::Node::open(node).unwrap();
    let works = node
        .db
        .read_now(|conn| node::discovery::search::shown::works(conn, &node, "riviere", 1))
        .unwrap();
    let id = works[0].id.as_str().to_owned();
    assert!(id.starts_with(url));
    id
}

#[test]
fn without_a_sound_device_there_is_a_sentence_that_says_what_to_do() {
    let dir = tempfile::tempdir().unwrap();
    let home = dir.path().join("home");
    let (node, url, code) = found(dir.path());
    let running = Running::start(&node);
    let alsa = "pcm.!default { type hw card 99 }\nctl.!default { type hw card 99 }\n";
    assert!(
        listen(&home, alsa, &["enrol", &url, &code])
            .status
            .success()
    );
    let played = listen(&home, alsa, &["play", "riviere"]);
    assert_eq!(played.status.code(), Some(1));
    let told = complained(&played);
    assert!(told.contains("no sound device to play on"), "{told}");
    assert!(told.contains("plug in speakers"), "{told}");
    drop(running);
}

#[test]
fn a_post_that_is_not_enrolled_is_told_how_to() {
    let dir = tempfile::tempdir().unwrap();
    let played = listen(dir.path(), "", &["play", "anything"]);
    assert_eq!(played.status.code(), Some(1));
    assert!(
        complained(&played).contains("antiphon-listen enrol"),
        "{}",
        complained(&played)
    );
}
