//! The house stays tidy: the crates stand in one line and speak to the right only, the law leans
//! on next to nothing, there are two features, and no module is named for being in the way.

use std::path::{Path, PathBuf};

use toml::{Table, Value};

/// From the one that may use all to the one that may use nothing.
const LINE: [&str; 4] = ["cli", "node", "federation", "settlement"];
/// What the law may lean on.
const LAW_LEANS_ON: [&str; 2] = ["ethnum", "thiserror"];
/// The features of the whole workspace.
const FEATURES: [&str; 2] = ["player", "postgres"];
/// Names that say nothing of what is inside.
const EMPTY_NAMES: [&str; 4] = ["utils", "helpers", "common", "manager"];

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .unwrap()
        .to_path_buf()
}

fn manifest(krate: &str) -> Table {
    let path = top().join(krate).join("Cargo.toml");
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    text.parse()
        .unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

/// The names in a crate's tables of dependencies; `and_for_tests` looks into those of its tests too.
fn leans_on(krate: &str, and_for_tests: bool) -> Vec<String> {
    let mut tables = vec!["dependencies", "build-dependencies"];
    if and_for_tests {
        tables.push("dev-dependencies");
    }
    let manifest = manifest(krate);
    let by_target = manifest.get("target").and_then(Value::as_table);
    let places = by_target
        .into_iter()
        .flat_map(|targets| targets.values().filter_map(Value::as_table))
        .chain([&manifest]);
    places
        .flat_map(|place| {
            tables
                .iter()
                .filter_map(|name| place.get(*name)?.as_table())
        })
        .flat_map(|table| table.keys().cloned())
        .collect()
}

#[test]
fn the_crates_are_the_four_of_the_line() {
    let workspace = manifest(".");
    let mut members: Vec<&str> = workspace["workspace"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|member| member.as_str().unwrap())
        .collect();
    let mut line = LINE;
    members.sort_unstable();
    line.sort_unstable();
    assert_eq!(
        members, line,
        "a crate that is not on the line: put its noun into one that is"
    );
}

#[test]
fn a_crate_speaks_only_to_its_right() {
    for (place, krate) in LINE.iter().enumerate() {
        for other in leans_on(krate, true) {
            if let Some(other_place) = LINE.iter().position(|one| *one == other) {
                assert!(
                    other_place > place,
                    "`{krate}` looks left, at `{other}`: what it needs belongs in `{krate}` or further right"
                );
            }
        }
    }
}

#[test]
fn the_law_leans_on_next_to_nothing() {
    for other in leans_on("settlement", false) {
        assert!(
            LAW_LEANS_ON.contains(&other.as_str()),
            "`settlement` leans on `{other}`: the law needs nothing but {LAW_LEANS_ON:?}"
        );
    }
}

#[test]
fn there_are_two_features_and_no_third() {
    for krate in LINE {
        let manifest = manifest(krate);
        let features = manifest.get("features").and_then(Value::as_table);
        for feature in features.into_iter().flat_map(Table::keys) {
            assert!(
                FEATURES.contains(&feature.as_str()),
                "`{krate}` has the feature `{feature}`: each one doubles what has to be tested; there are {FEATURES:?}"
            );
        }
    }
}

#[test]
fn every_module_is_named_for_what_is_in_it() {
    let mut folders: Vec<PathBuf> = LINE.iter().map(|krate| top().join(krate)).collect();
    let mut seen = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let stem = path.file_stem().unwrap().to_string_lossy().into_owned();
            let is_module = path.is_dir() || path.extension().is_some_and(|end| end == "rs");
            seen += usize::from(is_module);
            assert!(
                !(is_module && EMPTY_NAMES.contains(&stem.as_str())),
                "{} is named for being in the way: name it for what is in it",
                path.display()
            );
            if path.is_dir() && stem != "target" {
                folders.push(path);
            }
        }
    }
    assert!(
        seen > 40,
        "the walk saw {seen} modules: it looked in the wrong place"
    );
}
