//! A month tried out under several policies, from files alone.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use federation::policy::PolicyFile;
use federation::report::{LinesWriter, ReportFolder, write_tracks};
use serde_json::{Value, json};
use settlement::{Kind, Line, Territory, Track, WorkId};

use crate::commands::{antiphon, complained, printed};

/// A folder with the reports of Loire and Wallonie, and split sheets.
struct October {
    dir: tempfile::TempDir,
}

fn line(venue: u32, member: u32, track: u32, uses: u32) -> Line {
    Line {
        venue,
        member,
        track,
        uses,
        seconds: u64::from(uses) * 180,
    }
}

fn track(node: &str, number: u32, kind: Kind) -> Track {
    Track {
        id: WorkId::parse(&format!("https://{node}.example/works/{number}")).unwrap(),
        isrc: None,
        kind,
        home: Some(Territory::parse(if node == "loire" { "FR-ARA" } else { "BE-WAL" }).unwrap()),
    }
}

impl October {
    fn new() -> Self {
        let october = October {
            dir: tempfile::tempdir().unwrap(),
        };
        // Anna's work is heard by few who hear nothing else; everybody plays the other one a lot.
        let lines = [
            line(0, 1, 0, 3),
            line(0, 2, 1, 90),
            line(0, 3, 1, 60),
            line(1, 9, 0, 1),
            line(1, 9, 2, 4),
        ];
        october.report("loire", "FR-ARA", &[120_000, 33_333], &lines);
        october.report(
            "wallonie",
            "BE-WAL",
            &[70_001],
            &[line(0, 4, 1, 5), line(0, 5, 2, 2)],
        );
        let sheet = |work: &str, party: &str| {
            json!({"work": work, "valid_from": "2026-01-01", "by_territory": [
                {"territories": ["*"], "shares": [{"party": party, "role": "artist", "bp": 10000}]}]})
            .to_string()
        };
        let sheets = [
            sheet(
                "https://loire.example/works/0",
                "https://loire.example/parties/anna",
            ),
            sheet(
                "https://wallonie.example/works/1",
                "https://wallonie.example/parties/bert",
            ),
        ];
        october.write("splits.jsonl", &(sheets.join("\n") + "\n"));
        october
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        std::fs::read_to_string(self.path(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// An unsigned report with lines and no reduction, as somebody who tries rules out makes it.
    fn report(&self, node: &str, territory: &str, venues: &[u64], lines: &[Line]) {
        let dir = self.path(node);
        std::fs::create_dir_all(&dir).unwrap();
        let tracks = [
            track("loire", 0, Kind::Music),
            track("wallonie", 1, Kind::Music),
            track("wallonie", 2, Kind::Book),
        ];
        let file = |name: &str| std::fs::File::create(dir.join(name)).unwrap();
        write_tracks(file(ReportFolder::TRACKS), &tracks).unwrap();
        let mut writer = LinesWriter::new(file(ReportFolder::LINES)).unwrap();
        for line in lines {
            writer.push(line).unwrap();
        }
        writer.finish().unwrap();
        let venues: Vec<Value> = venues
            .iter()
            .enumerate()
            .map(|(number, contribution)| {
                json!({"venue": number, "id": format!("https://{node}.example/venues/{number}"),
                    "name": "Médiathèque", "contribution": contribution})
            })
            .collect();
        let manifest = json!({
            "id": format!("https://{node}.example/reports/2026-10/1"),
            "type": "PlayReport",
            "attributedTo": format!("https://{node}.example/actor"),
            "period": "2026-10", "sequence": 1, "territory": territory, "currency": "EUR",
            "venues": venues,
        });
        std::fs::write(dir.join(ReportFolder::MANIFEST), manifest.to_string()).unwrap();
    }

    /// Runs `simulate` on both reports in this order; `words` may name files here as `@name`.
    fn simulate(&self, reports: [&str; 2], out: &str, words: &[&str]) -> std::process::Output {
        let path = |name: &str| self.path(name).display().to_string();
        let mut all = vec!["simulate".to_owned(), "--reports".to_owned()];
        all.extend(reports.iter().map(|name| path(name)));
        all.extend(["--splits".to_owned(), path("splits.jsonl")]);
        all.extend(["--out".to_owned(), path(out)]);
        all.extend(words.iter().map(|word| match word.strip_prefix('@') {
            Some(name) => path(name),
            None => (*word).to_owned(),
        }));
        antiphon(&all.iter().map(String::as_str).collect::<Vec<_>>())
    }

    fn simulated(&self, reports: [&str; 2], out: &str, words: &[&str]) -> String {
        let output = self.simulate(reports, out, words);
        assert!(output.status.success(), "{}", complained(&output));
        printed(&output)
    }

    /// The sentence with which it is refused, and that nothing was written.
    fn refused(&self, words: &[&str]) -> String {
        let output = self.simulate(BOTH, "refused", words);
        let told = complained(&output);
        assert_eq!(output.status.code(), Some(1), "{told}");
        assert!(!self.path("refused").exists(), "it wrote something");
        assert_eq!(told.trim().lines().count(), 1, "{told}");
        told.trim().strip_prefix("antiphon: ").unwrap().to_owned()
    }
}

const BOTH: [&str; 2] = ["loire", "wallonie"];

/// All files below a folder, by name.
fn files(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for entry in std::fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, std::fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn one_policy_writes_its_tables_and_an_unsigned_settlement() {
    let october = October::new();
    october.simulated(BOTH, "out", &["--policy", "cct"]);
    let names: Vec<String> = files(&october.path("out")).into_keys().collect();
    assert_eq!(
        names,
        [
            "allocations.csv",
            "held.csv",
            "nodes.csv",
            "parties.csv",
            "settlement.json"
        ]
    );
    // Member 1 hears only Anna: a third of what the first venue pays for works is hers.
    // 120,000 cents · 55 % ÷ 3 is 22,000 cents; in the second venue a fifth of 18,333.15.
    let anna = october.text("out/parties.csv");
    let anna = anna.lines().find(|row| row.contains("anna")).unwrap();
    let earned: i128 = anna.split(',').nth(3).unwrap().parse().unwrap();
    assert_eq!(earned / 1_000_000, 22_000 + 3_666, "{anna}");
    let document: Value = serde_json::from_str(&october.text("out/settlement.json")).unwrap();
    assert_eq!(document["period"], "2026-10");
    assert_eq!(document["inputs"]["reports"].as_array().unwrap().len(), 2);
    assert_eq!(document.get("proof"), None);
    assert_eq!(document.get("attributedTo"), None);
}

#[test]
fn several_policies_have_a_folder_each_and_a_comparison() {
    let october = October::new();
    let ours = PolicyFile::preset("cct")
        .unwrap()
        .text()
        .replace("\"CCT\"", "\"<Ours>\"");
    october.write("cct.toml", &ours);
    october.simulated(
        BOTH,
        "out",
        &[
            "--policy",
            "cct-2014",
            "cct",
            "@cct.toml",
            "--language",
            "fr",
        ],
    );
    for folder in ["cct-2014", "cct", "cct-2"] {
        assert!(
            october.path("out").join(folder).join("nodes.csv").is_file(),
            "{folder}"
        );
    }
    assert_eq!(
        october.text("out/cct/parties.csv"),
        october.text("out/cct-2/parties.csv")
    );

    let table = october.text("out/comparison.csv");
    let rows: Vec<Vec<&str>> = table.lines().map(|row| row.split(',').collect()).collect();
    let amounts = |by: &str, policy: &str, column: usize| -> i128 {
        rows.iter()
            .filter(|row| row[0] == by && row[2] == policy)
            .map(|row| row[column].parse::<i128>().unwrap())
            .sum()
    };
    // Whatever works are put together by, it is the same money, and the parts are a whole.
    let for_works = amounts("rank", "cct", 6);
    for by in ["rank", "territory", "home", "kind"] {
        assert_eq!(amounts(by, "cct", 6), for_works, "{by}");
        assert_eq!(amounts(by, "cct", 8), 0, "{by}: what some gain others lose");
    }
    // All that was paid in, in micros of a cent.
    assert_eq!(
        amounts("part", "cct-2014", 6),
        (120_000 + 33_333 + 70_001) * 1_000_000
    );
    // The book is heard by few: where plays of all venues are one pot, it earns less.
    let book = rows
        .iter()
        .find(|row| row[0] == "kind" && row[1] == "book" && row[2] == "cct")
        .unwrap();
    assert!(book[8].parse::<i128>().unwrap() > 0, "{book:?}");
    assert_eq!((book[9], book[10]), ("1", "0"));

    let page = october.text("out/comparison.html");
    assert!(page.contains("<html lang=\"fr\">") && page.contains("Qui gagne, qui perd"));
    assert!(page.contains("octobre 2026") && page.contains("Wallonie"));
    for outside in [
        "src=\"",
        "<link",
        "<script",
        "@import",
        "url(\"http",
        "href=\"http",
    ] {
        assert!(!page.contains(outside), "{outside} in the page");
    }
}

#[test]
fn the_order_of_reports_changes_no_byte() {
    let october = October::new();
    let policies = ["--policy", "artist-centric", "cct"];
    october.simulated(BOTH, "one", &policies);
    october.simulated(["wallonie", "loire"], "other", &policies);
    // A report that is named twice is one report, and a folder of reports is its reports.
    october.simulated(["loire", "."], "again", &policies);
    let one = files(&october.path("one"));
    assert_eq!(one.len(), 12);
    assert!(one == files(&october.path("other")), "permuted");
    for (name, bytes) in files(&october.path("again")) {
        // The list of inputs may name a report twice; the amounts do not.
        if !name.ends_with("settlement.json") {
            assert!(one[&name] == bytes, "{name}");
        }
    }
}

#[test]
fn policies_in_two_currencies_are_told_side_by_side_and_not_held_against_each_other() {
    let october = October::new();
    let francs = PolicyFile::preset("cct").unwrap().text().to_owned();
    let francs = format!("currency = \"CHF\"\n{francs}");
    october.write("francs.toml", &francs);
    october.write("rates.csv", "Date,USD,CHF,\n2026-10-30,1.1,0.95,\n");
    october.simulated(
        BOTH,
        "out",
        &["--policy", "cct", "@francs.toml", "--rates", "@rates.csv"],
    );
    let table = october.text("out/comparison.csv");
    let row = table
        .lines()
        .find(|row| row.starts_with("kind,book,francs,CHF,"))
        .unwrap();
    assert!(row.ends_with(",,,"), "{row}");
    assert!(
        october
            .text("out/comparison.html")
            .contains("settles in CHF")
    );
}

#[test]
fn adjustments_that_do_not_balance_are_told_and_do_not_stop_a_simulation() {
    let october = October::new();
    october.write(
        "adjustments.csv",
        "kind,account,of_period,reason,amount_micro\nnode,https://loire.example/actor,2026-09,late,5\n",
    );
    let output = october.simulate(
        BOTH,
        "out",
        &["--policy", "cct", "--adjustments", "@adjustments.csv"],
    );
    assert!(output.status.success());
    assert!(
        complained(&output).contains("by 5 micros"),
        "{}",
        complained(&output)
    );
    let document: Value = serde_json::from_str(&october.text("out/settlement.json")).unwrap();
    assert_eq!(document["adjustmentsOutOfBalance"], "5");
}

#[test]
fn what_cannot_be_taken_is_refused_by_file_row_and_reason() {
    let october = October::new();
    let cct = ["--policy", "cct"];
    let with = |more: &[&'static str]| [&cct[..], more].concat();

    october.write(
        "balances.csv",
        "party,amount_micro\nhttps://a.example/p,1\nhttps://A.example/p,1\n",
    );
    let told = october.refused(&with(&["--balances", "@balances.csv"]));
    assert!(
        told.contains("balances.csv, row 3: ") && told.contains("lower case"),
        "{told}"
    );

    october.write("rates.csv", "Date,USD\n2026-10-30,-1.1\n");
    let told = october.refused(&with(&["--rates", "@rates.csv"]));
    assert!(told.contains("rates.csv, row 2: "), "{told}");

    let told = october.refused(&with(&["--disputes", "@nowhere.txt"]));
    assert!(
        told.ends_with("nowhere.txt: there is no such file"),
        "{told}"
    );

    let told = october.refused(&["--policy", "cct-2015"]);
    assert!(told.contains("cct, cct-2014, artist-centric"), "{told}");

    october.write("policy.toml", "rights_bp = 5501\n");
    let told = october.refused(&["--policy", "@policy.toml"]);
    assert!(
        told.contains("policy.toml: ") && told.contains("add up to 10001"),
        "{told}"
    );

    let splits = october.text("splits.jsonl");
    october.write("splits.jsonl", &splits.replacen("10000", "9999", 1));
    let told = october.refused(&cct);
    assert!(
        told.contains("splits.jsonl, row 1: ") && told.contains("9999"),
        "{told}"
    );
    october.write("splits.jsonl", &splits);

    // Twice the same line, then a track that is in no table.
    let twice = [line(0, 1, 0, 3), line(0, 1, 0, 3)];
    october.report("loire", "FR-ARA", &[1], &twice);
    let told = october.refused(&cct);
    assert!(told.contains("loire/lines.parquet, row 2: "), "{told}");
    october.report("loire", "FR-ARA", &[1], &[line(0, 1, 3, 3)]);
    let told = october.refused(&cct);
    assert!(
        told.contains("loire/lines.parquet, row 1: ") && told.contains("track 3"),
        "{told}"
    );

    // A table that was cut short, a report of another month.
    october.report("loire", "FR-ARA", &[1], &[line(0, 1, 0, 3)]);
    let lines = october.path("loire").join(ReportFolder::LINES);
    let bytes = std::fs::read(&lines).unwrap();
    std::fs::write(&lines, &bytes[..bytes.len() - 9]).unwrap();
    let told = october.refused(&cct);
    assert!(told.contains("loire/lines.parquet: "), "{told}");
    std::fs::write(&lines, &bytes).unwrap();
    let manifest = october.text("loire/report.json");
    october.write(
        "loire/report.json",
        &manifest.replace("\"2026-10\"", "\"2026-09\""),
    );
    let told = october.refused(&cct);
    assert!(
        told.contains("2026-09") && told.contains("2026-10"),
        "{told}"
    );
}

#[test]
fn words_that_cannot_be_meant_end_with_two() {
    let october = October::new();
    for words in [
        &["--policy", "cct", "--coordinator", "loire"][..],
        &["--policy", "cct", "--language", "de"],
        &[],
    ] {
        let output = october.simulate(BOTH, "out", words);
        assert_eq!(output.status.code(), Some(2), "{words:?}");
    }
}
