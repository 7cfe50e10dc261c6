//! What nearness costs and how well it answers, for `bench/voyage.py`: builds it of two files of numbers
//! and answers every listener (`measure`), or builds it of a drawn world (`scale`).

#![allow(
    clippy::disallowed_methods,
    reason = "it measures how long things take"
)]

use std::io::{BufWriter, Write};
use std::time::Instant;

use node::discovery::nearness::kept::Nearness;
use node::discovery::nearness::{self, Material, build};

/// The CPU seconds and the most memory, in MiB, of this process so far.
fn spent() -> (f64, u64) {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<&str> = stat
        .rsplit(')')
        .next()
        .unwrap()
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11..13]
        .iter()
        .map(|t| t.parse::<f64>().unwrap())
        .sum();
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let peak = status.lines().find(|l| l.starts_with("VmHWM")).unwrap();
    let kib: u64 = peak.split_whitespace().nth(1).unwrap().parse().unwrap();
    (ticks / 100.0, kib / 1024)
}

fn main() {
    let words: Vec<String> = std::env::args().collect();
    let words: Vec<&str> = words.iter().skip(1).map(String::as_str).collect();
    match words[..] {
        ["measure", heard, marks, answers, little] => measure(heard, marks, answers, little),
        ["scale", works, members, each] => scale(works, members, each),
        _ => eprintln!("measure HEARD MARKS ANSWERS LITTLE-KNOWN | scale WORKS MEMBERS EACH"),
    }
}

/// Reads lines of `a b weight`.
fn triples(path: &str) -> Vec<(usize, u32, f32)> {
    let text = std::fs::read_to_string(path).unwrap();
    let three = |line: &str| {
        let mut f = line.split_ascii_whitespace();
        let mut next = || f.next().unwrap();
        (
            next().parse().unwrap(),
            next().parse().unwrap(),
            next().parse().unwrap(),
        )
    };
    text.lines().map(three).collect()
}

fn grouped(rows: &[(usize, u32, f32)], count: usize) -> Vec<Vec<(u32, f32)>> {
    let mut all = vec![Vec::new(); count];
    for (a, b, weight) in rows {
        all[*a].push((*b, *weight));
    }
    all
}

fn measure(heard: &str, marks: &str, answers: &str, little: &str) {
    let heard = triples(heard);
    let marks = triples(marks);
    let things = heard
        .iter()
        .map(|r| r.1 as usize)
        .chain(marks.iter().map(|r| r.0))
        .max()
        .unwrap()
        + 1;
    let members = heard.iter().map(|r| r.0).max().unwrap() + 1;
    let mut of_members = grouped(&heard, members);
    for mine in &mut of_members {
        mine.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    }
    let material = Material {
        keys: (0..things).map(|at| format!("{at:08}")).collect(),
        members: of_members
            .iter()
            .map(|m| m.iter().map(|(t, _)| *t).collect())
            .collect(),
        mark_count: marks.iter().map(|r| r.1 as usize + 1).max().unwrap_or(0),
        marks: grouped(&marks, things),
    };
    let kept = built(&material);
    let little: usize = little.parse().unwrap();
    let mut out = BufWriter::new(std::fs::File::create(answers).unwrap());
    let mut times = Vec::new();
    for (member, mine) in of_members.iter().enumerate() {
        let wish: Vec<(u32, f32)> = mine.iter().map(|(t, w)| (*t, (1.0 + w).ln())).collect();
        let begun = Instant::now();
        let answer = kept.for_listener(&wish, 20, little, member as u64).unwrap();
        times.push(begun.elapsed());
        let texts: Vec<String> = answer.iter().map(u32::to_string).collect();
        writeln!(out, "{}", texts.join(" ")).unwrap();
    }
    say_times("a member's answer", times);
}

fn say_times(what: &str, mut times: Vec<std::time::Duration>) {
    times.sort();
    let ms =
        |part: usize| times[(times.len() * part / 100).min(times.len() - 1)].as_secs_f64() * 1e3;
    println!(
        "{what}: p50 {:.2} ms, p95 {:.2} ms, p99 {:.2} ms",
        ms(50),
        ms(95),
        ms(99)
    );
}

fn built(material: &Material) -> Nearness {
    let path = std::env::temp_dir().join(format!("nearness-{}", std::process::id()));
    let (before, _) = spent();
    let begun = Instant::now();
    let mut file = BufWriter::new(std::fs::File::create(&path).unwrap());
    let built = build(material, &mut file).unwrap();
    file.flush().unwrap();
    let (after, peak) = spent();
    println!(
        "built in {:.1} CPU seconds ({:.1} s), peak memory {peak} MiB, file {} MiB: {built:?}",
        after - before,
        begun.elapsed().as_secs_f64(),
        std::fs::metadata(&path).unwrap().len() >> 20,
    );
    let kept = Nearness::open(&path).unwrap().unwrap();
    std::fs::remove_file(&path).unwrap();
    kept
}

/// Members of a few tastes each, works of one taste each, known by Zipf's law within it.
fn scale(works: &str, members: &str, each: &str) {
    let (works, members, each): (usize, usize, usize) = (
        works.parse().unwrap(),
        members.parse().unwrap(),
        each.parse().unwrap(),
    );
    let tastes = (works / 500).max(1);
    let mut dice = 7_u64;
    let mut part = || nearness::spectrum::draw(&mut dice) as f64 / u64::MAX as f64;
    let of_members = (0..members)
        .map(|_| {
            let own: Vec<usize> = (0..5)
                .map(|_| (part() * part() * tastes as f64) as usize)
                .collect();
            (0..each)
                .map(|at| {
                    let rank = (500_f64.powf(part()) - 1.0) as usize;
                    (own[at % 5].min(tastes - 1) * 500 + rank).min(works - 1) as u32
                })
                .collect()
        })
        .collect();
    let material = Material {
        keys: (0..works)
            .map(|at| format!("https://node.example/works/{at:08}"))
            .collect(),
        members: of_members,
        mark_count: tastes + works / 10 + works / 100,
        marks: (0..works)
            .map(|at| {
                let artist = tastes + at / 10;
                let label = tastes + works / 10 + at / 100;
                vec![
                    ((at / 500) as u32, 1.0),
                    (artist as u32, 1.0),
                    (label as u32, 1.0),
                ]
            })
            .collect(),
    };
    let kept = built(&material);
    let mut near = Vec::new();
    let mut answers = Vec::new();
    for turn in 0..1000 {
        let work = (turn * 7919) % works;
        let begun = Instant::now();
        let thing = kept.thing(&material.keys[work]).unwrap().unwrap();
        let links = kept.near(thing).unwrap();
        for link in &links {
            kept.key(link.thing).unwrap();
        }
        near.push(begun.elapsed());
        let heard: Vec<(u32, f32)> = material.members[turn % members]
            .iter()
            .take(50)
            .map(|t| (*t, 1.0))
            .collect();
        let begun = Instant::now();
        kept.for_listener(&heard, 20, 2, turn as u64).unwrap();
        answers.push(begun.elapsed());
    }
    say_times("what is near a work", near);
    say_times("a member's answer", answers);
}
