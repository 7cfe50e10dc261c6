//! What search costs, for `bench/search.py`: builds the index of a node's database, keeps it, reads it
//! back, and answers questions as the pages do, rows and all.
//!
//! ```text
//! search new FOLDER [DATABASE]       # an empty node, on SQLite in its folder or on a database of its own
//! search ask FOLDER QUESTIONS        # a line each: kind, the URI that is meant, the words; tabs between
//! ```

#![allow(
    clippy::disallowed_methods,
    clippy::print_stdout,
    reason = "it measures how long things take, and prints it"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use node::Node;
use node::config::{Config, Coordinator, Language};
use node::discovery::search::ask::Question;
use node::discovery::search::{self, shown};
use node::web::Refusal;
use settlement::{Currency, Territory};

/// The most memory this process has used so far, in MiB.
fn peak() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|line| line.starts_with("VmHWM"));
    let kib: u64 = peak
        .unwrap()
        .split_whitespace()
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    kib / 1024
}

fn main() {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words[..] {
        ["new", folder] => new(folder, None),
        ["new", folder, database] => new(folder, Some(database.to_owned())),
        ["ask", folder, questions] => measure(folder, questions),
        _ => eprintln!("search new FOLDER [DATABASE] | ask FOLDER QUESTIONS"),
    }
}

fn new(folder: &str, database: Option<String>) {
    let dir = PathBuf::from(folder);
    let config = Config {
        media: dir.join("media"),
        name: "Loire".to_owned(),
        domain: "localhost:8420".to_owned(),
        currency: Currency::parse("EUR").unwrap(),
        language: Language::Fr,
        timezone: "Europe/Paris".to_owned(),
        territory: Territory::parse("FR-ARA").unwrap(),
        coordinator: Coordinator::Here,
        database,
        media_cache_bytes: Config::USUAL_CACHE_BYTES,
        listen: ([127, 0, 0, 1], 8420).into(),
        dev: true,
        clock_shift_seconds: 0,
        follow_back: true,
        federation: node::config::Federation::Open,
        authorised_fetch: false,
        splits_delay_days: 30,
        extra_roots: None,
        dir,
    };
    Node::found(config).unwrap();
}

fn measure(folder: &str, questions: &str) {
    let node = Node::open(Path::new(folder)).unwrap();
    let begun = Instant::now();
    let snapshot = node
        .db
        .read_now(|conn| Ok::<_, Refusal>(search::build(conn)?))
        .unwrap();
    let built = begun.elapsed();
    let rate = snapshot.len() as f64 / built.as_secs_f64();
    println!(
        "built: {} things in {:.1} s, {rate:.0}/s; index {} MiB, peak memory {} MiB",
        snapshot.len(),
        built.as_secs_f64(),
        snapshot.bytes() >> 20,
        peak(),
    );
    drop(snapshot);
    node.db.read_now(|conn| node.search.catch_up(conn)).unwrap();
    drop(node);

    // As after a start: the kept index is read.
    let node = Node::open(Path::new(folder)).unwrap();
    let begun = Instant::now();
    let current = node.db.read_now(|conn| node.search.catch_up(conn)).unwrap();
    println!(
        "kept index read: {} things in {:.2} s",
        current.len(),
        begun.elapsed().as_secs_f64()
    );
    drop(current);

    let text = std::fs::read_to_string(questions).unwrap();
    let mut times: BTreeMap<&str, Vec<Duration>> = BTreeMap::new();
    let mut meant: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    let ask = |words: &str| {
        let question = Question {
            words: words.to_owned(),
            works: 24,
            others: 6,
            ..Question::default()
        };
        node.db
            .read_now(|conn| shown::look(conn, &node, &question))
            .unwrap()
    };
    for _ in 0..3 {
        ask("a");
    }
    for line in text.lines() {
        let mut parts = line.splitn(3, '\t');
        let mut next = || parts.next().unwrap();
        let (kind, id, words) = (next(), next(), next());
        let begun = Instant::now();
        let shown = ask(words);
        times.entry(kind).or_default().push(begun.elapsed());
        let is_there = shown.works.iter().any(|work| work.id.as_str() == id);
        let (there, all) = meant.entry(kind).or_default();
        *there += usize::from(is_there);
        *all += 1;
    }
    for (kind, mut times) in times {
        times.sort();
        let ms = |per_mille: usize| {
            times[(times.len() * per_mille / 1000).min(times.len() - 1)].as_secs_f64() * 1e3
        };
        let (there, all) = meant[kind];
        println!(
            "{kind}\t{}\t{:.1}\t{:.1}\t{:.1}\t{:.1}\t{:.3}",
            times.len(),
            ms(500),
            ms(950),
            ms(990),
            ms(1000),
            there as f64 / all as f64
        );
    }
    println!("answering: peak memory {} MiB", peak());
}
