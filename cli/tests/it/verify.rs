//! An auditor's check: what was published verifies, and what was changed since does not.

use std::path::Path;

use crate::commands::{antiphon, complained, printed};
use crate::demo::month;

/// Copies the papers of a month into a folder of their own.
fn papers(to: &Path) {
    for paper in [
        "policy.toml",
        "splits.jsonl",
        "reports/loire/report.json",
        "reports/loire/lines.parquet",
        "reports/loire/tracks.parquet",
        "reports/loire/reduction.parquet",
        "reports/wallonie/report.json",
        "reports/wallonie/lines.parquet",
        "reports/wallonie/tracks.parquet",
        "reports/wallonie/reduction.parquet",
        "settlement/allocations.csv",
        "settlement/parties.csv",
        "settlement/nodes.csv",
        "settlement/held.csv",
        "settlement/settlement.json",
    ] {
        let copy = to.join(paper);
        std::fs::create_dir_all(copy.parent().unwrap()).unwrap();
        std::fs::copy(month().dir().join(paper), copy).unwrap();
    }
}

fn verify(dir: &Path) -> (Option<i32>, String) {
    let output = antiphon(&["verify", dir.to_str().unwrap()]);
    (output.status.code(), complained(&output))
}

#[test]
fn what_was_published_verifies() {
    let dir = tempfile::tempdir().unwrap();
    papers(dir.path());
    let output = antiphon(&["verify", dir.path().to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    let told: serde_json::Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(told["from_lines"], 2);
}

#[test]
fn without_the_lines_it_verifies_from_the_reductions() {
    let dir = tempfile::tempdir().unwrap();
    papers(dir.path());
    for node in ["loire", "wallonie"] {
        std::fs::remove_file(dir.path().join("reports").join(node).join("lines.parquet")).unwrap();
    }
    let output = antiphon(&["verify", dir.path().to_str().unwrap(), "--json"]);
    assert_eq!(output.status.code(), Some(0), "{}", complained(&output));
    let told: serde_json::Value = serde_json::from_str(&printed(&output)).unwrap();
    assert_eq!(told["from_reductions"], 2);
}

#[test]
fn one_flipped_bit_anywhere_is_found_and_its_file_named() {
    let dir = tempfile::tempdir().unwrap();
    papers(dir.path());
    for paper in [
        "reports/loire/report.json",
        "reports/loire/lines.parquet",
        "reports/wallonie/tracks.parquet",
        "reports/wallonie/reduction.parquet",
        "splits.jsonl",
        "settlement/allocations.csv",
        "settlement/parties.csv",
        "settlement/nodes.csv",
        "settlement/held.csv",
        "settlement/settlement.json",
    ] {
        let path = dir.path().join(paper);
        let whole = std::fs::read(&path).unwrap();
        for at in [
            whole.len() / 7,
            whole.len() / 2,
            whole.len() - whole.len() / 5,
        ] {
            let mut changed = whole.clone();
            changed[at] ^= 1;
            std::fs::write(&path, changed).unwrap();
            let (code, told) = verify(dir.path());
            assert_eq!(code, Some(3), "{paper}, byte {at}: {told}");
            assert!(told.contains(paper), "{paper}, byte {at}: {told}");
        }
        std::fs::write(&path, whole).unwrap();
    }
    assert_eq!(verify(dir.path()).0, Some(0));
}

#[test]
fn a_report_taken_away_is_missed() {
    let dir = tempfile::tempdir().unwrap();
    papers(dir.path());
    std::fs::remove_dir_all(dir.path().join("reports/loire")).unwrap();
    let (code, told) = verify(dir.path());
    assert_eq!(code, Some(3), "{told}");
}

#[test]
fn another_coordinators_key_does_not_fit() {
    let dir = tempfile::tempdir().unwrap();
    papers(dir.path());
    let other = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    let output = antiphon(&[
        "verify",
        dir.path().to_str().unwrap(),
        "--coordinator-key",
        other,
    ]);
    assert_eq!(output.status.code(), Some(3), "{}", complained(&output));
}
