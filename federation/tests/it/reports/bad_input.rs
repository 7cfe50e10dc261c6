//! What the rules refuse, each by its own name: told with the file, the row and the reason, and
//! nothing is settled.

use std::path::Path;

use federation::report::ReportFolder;
use federation::settling::settle_folders;
use settlement::Line;

use super::tables::{tracks as four_works, written_lines};
use super::world::{self, LOIRE};

const LINES: &str = "reports/loire/lines.parquet";

/// An October whose inputs were changed; the refusal, with files called as from its directory.
fn refused(change: impl FnOnce(&Path)) -> String {
    let directory = tempfile::tempdir().unwrap();
    let root = directory.path();
    world::inputs(root);
    change(root);
    let refused = settle_folders(&world::sources(root)).unwrap_err();
    let told = refused.to_string();
    told.replace(&format!("{}/", root.display()), "")
}

fn line(venue: u32, member: u32, track: u32, uses: u32, seconds: u64) -> Line {
    Line {
        venue,
        member,
        track,
        uses,
        seconds,
    }
}

/// Puts other lines into Loire's report, whose manifest does not say how many.
fn put_lines(root: &Path, lines: &[Line]) {
    std::fs::write(root.join(LINES), written_lines(lines)).unwrap();
    change_manifest(root, |manifest| manifest.lines = None);
}

fn change_manifest(root: &Path, change: impl FnOnce(&mut federation::report::PlayReport)) {
    let folder = ReportFolder::at(root.join("reports").join(LOIRE.name));
    let (mut manifest, ..) = folder.manifest().unwrap();
    change(&mut manifest);
    folder.write_manifest(&manifest.to_document()).unwrap();
}

fn refused_lines(lines: &[Line]) -> String {
    refused(|root| put_lines(root, lines))
}

#[test]
fn unsorted_lines_are_refused() {
    for (lines, row) in [
        ([line(0, 1, 2, 1, 30), line(0, 1, 1, 1, 30)], 2),
        ([line(0, 2, 1, 1, 30), line(0, 1, 1, 1, 30)], 2),
        ([line(1, 1, 1, 1, 30), line(0, 1, 1, 1, 30)], 2),
    ] {
        assert_eq!(
            refused_lines(&lines),
            format!(
                "{LINES}, row {row}: it belongs before the row above it: lines are sorted by venue, member and track"
            )
        );
    }
}

#[test]
fn a_line_that_is_there_twice_is_refused() {
    let twice = [
        line(0, 1, 1, 1, 30),
        line(0, 1, 2, 1, 30),
        line(0, 1, 2, 4, 30),
    ];
    let told = refused_lines(&twice);
    assert!(told.starts_with(&format!("{LINES}, row 3: ")), "{told}");
    assert!(told.contains("same venue, member and track"), "{told}");
}

#[test]
fn a_venue_that_the_manifest_does_not_name_is_refused() {
    assert_eq!(
        refused_lines(&[line(0, 1, 1, 1, 30), line(2, 1, 1, 1, 30)]),
        format!("{LINES}, row 2: venue 2 is not in the manifest")
    );
}

#[test]
fn a_track_that_is_not_in_the_works_is_refused() {
    let told = refused_lines(&[line(0, 1, 3, 1, 30), line(0, 1, 4, 1, 30)]);
    assert!(
        told.starts_with(&format!("{LINES}, row 2: track 4 ")),
        "{told}"
    );
}

#[test]
fn a_line_without_a_use_is_refused() {
    let told = refused_lines(&[line(0, 1, 1, 1, 30), line(0, 1, 2, 0, 30)]);
    assert!(told.starts_with(&format!("{LINES}, row 2: ")), "{told}");
    assert!(told.contains("at least one use"), "{told}");
}

#[test]
fn a_line_of_too_many_seconds_is_refused() {
    let told = refused_lines(&[line(0, 1, 1, 1, (1 << 40) + 1)]);
    assert!(told.starts_with(&format!("{LINES}, row 1: ")), "{told}");
    assert!(told.contains("1099511627777 seconds"), "{told}");
}

#[test]
fn rows_that_disagree_with_the_manifest_are_refused() {
    let more = |rows: &mut Option<u64>| *rows = rows.map(|rows| rows + 1);
    for table in ["lines", "tracks"] {
        let told = refused(|root| {
            change_manifest(root, |manifest| {
                let file = match table {
                    "lines" => &mut manifest.lines,
                    _ => &mut manifest.tracks,
                };
                more(&mut file.as_mut().unwrap().rows);
            });
        });
        let start = format!("reports/loire/{table}.parquet: it has ");
        assert!(
            told.starts_with(&start) && told.contains("the manifest says"),
            "{told}"
        );
    }
}

#[test]
fn a_work_that_is_there_twice_is_refused_with_its_row() {
    let told = refused(|root| {
        let mut works = four_works();
        works[3].id = works[0].id.clone();
        let table = federation::report::write_tracks(Vec::new(), &works).unwrap();
        std::fs::write(root.join("reports/loire/tracks.parquet"), table).unwrap();
    });
    assert_eq!(
        told,
        "reports/loire/tracks.parquet, row 4: the work https://loire.example/works/0 is there twice"
    );
}

#[test]
fn a_split_sheet_that_does_not_add_up_to_10000_is_refused() {
    let told = refused(|root| {
        let path = root.join("splits.jsonl");
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replacen("3334", "3333", 1)).unwrap();
    });
    assert!(
        told.starts_with("splits.jsonl, row 2: ") && told.contains("9999"),
        "{told}"
    );
}

#[test]
fn rates_that_are_negative_nought_or_no_decimals_are_refused() {
    for rate in ["-1.1", "0", "0.000", "1e3", "1,1", "0x10", "NaN"] {
        let told = refused(|root| {
            let text = format!("Date,USD\n2026-10-30,1.1\n2026-10-29,{rate}\n");
            std::fs::write(root.join("rates.csv"), text).unwrap();
        });
        assert!(told.starts_with("rates.csv, row 3: "), "{rate}: {told}");
    }
}

#[test]
fn a_table_that_was_cut_short_is_refused_by_name() {
    for table in ["lines", "tracks"] {
        let told = refused(|root| {
            let path = root.join(format!("reports/loire/{table}.parquet"));
            let bytes = std::fs::read(&path).unwrap();
            std::fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        });
        assert_eq!(
            told,
            format!("reports/loire/{table}.parquet: it is not a Parquet file, or it was cut short")
        );
    }
}
