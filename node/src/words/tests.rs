//! No sentence is missing in a language, none is asked for that nobody wrote, none is left over.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path, endings: &[&str], found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            files(&path, endings, found);
        } else if path
            .extension()
            .is_some_and(|e| endings.iter().any(|wanted| e == *wanted))
        {
            found.push(path);
        }
    }
}

/// Key → the blanks its sentence has.
fn sentences(language: &str) -> BTreeMap<String, BTreeSet<String>> {
    let mut found = Vec::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("locales")
        .join(language);
    files(&folder, &["ftl"], &mut found);
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for path in found {
        let text = fs::read_to_string(&path).unwrap();
        let mut key = String::new();
        for line in text.lines() {
            let begins = line.starts_with(|c: char| c.is_ascii_lowercase());
            if let (true, Some((name, _))) = (begins, line.split_once(" =")) {
                key = name.trim().to_owned();
                let before = all.insert(key.clone(), BTreeSet::new());
                assert!(before.is_none(), "{language}: `{key}` is written twice");
            }
            for blank in line.split('$').skip(1) {
                let name: String = blank
                    .chars()
                    .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                    .collect();
                if let Some(blanks) = all.get_mut(&key) {
                    blanks.insert(name);
                }
            }
        }
    }
    all
}

/// Every text in double quotes of the sources and templates that could be a key.
fn quoted() -> (BTreeSet<String>, BTreeSet<(String, String)>) {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    files(&here.join("src"), &["rs"], &mut sources);
    files(&here.join("templates"), &["html", "svg"], &mut sources);
    files(&here.join("../cli/src"), &["rs"], &mut sources);
    let asks = [".t(", ".tn(", ".t2(", "Say::new(", "say("];
    let (mut any, mut asked) = (BTreeSet::new(), BTreeSet::new());
    for path in sources {
        let text = fs::read_to_string(&path).unwrap();
        let place = path.strip_prefix(here).unwrap_or(&path);
        let parts: Vec<&str> = text.split('"').collect();
        for (at, part) in parts.iter().enumerate().skip(1) {
            let key = !part.is_empty()
                && part.contains('-')
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-');
            if !key {
                continue;
            }
            any.insert((*part).to_owned());
            let before = parts[at - 1].trim_end();
            if asks.iter().any(|ask| before.ends_with(ask)) {
                asked.insert(((*part).to_owned(), place.display().to_string()));
            }
        }
    }
    (any, asked)
}

#[test]
fn both_languages_say_the_same_things_with_the_same_blanks() {
    let (french, english) = (sentences("fr"), sentences("en"));
    let keys = |all: &BTreeMap<String, _>| all.keys().cloned().collect::<BTreeSet<_>>();
    let only = |one: BTreeSet<String>, other: &BTreeSet<String>| {
        one.difference(other).cloned().collect::<Vec<_>>()
    };
    let (in_french, in_english) = (keys(&french), keys(&english));
    assert_eq!(
        only(in_french.clone(), &in_english),
        Vec::<String>::new(),
        "French only"
    );
    assert_eq!(
        only(in_english, &in_french),
        Vec::<String>::new(),
        "English only"
    );
    for (key, blanks) in &french {
        assert_eq!(Some(blanks), english.get(key), "the blanks of `{key}`");
    }
}

#[test]
fn no_sentence_is_asked_for_that_nobody_wrote_and_none_is_left_over() {
    let written = sentences("fr");
    let (any, asked) = quoted();
    let missing: Vec<_> = asked
        .iter()
        .filter(|(key, _)| !written.contains_key(key))
        .collect();
    assert!(missing.is_empty(), "nobody wrote {missing:#?}");
    let unused: Vec<_> = written.keys().filter(|key| !any.contains(*key)).collect();
    assert!(unused.is_empty(), "nobody asks for {unused:#?}");
}
