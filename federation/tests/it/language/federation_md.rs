//! `FEDERATION.md` shows what we say. Each of its examples is read, and written again by our code.

use federation::json::{JsonLimits, parse_strict};
use federation::vocabulary::nodeinfo::{Discovery, NodeInfo};
use federation::vocabulary::webfinger::Descriptor;
use federation::vocabulary::{
    Activity, Actor, Collection, CollectionPage, Release, Selection, Tombstone, Work, context,
};
use serde_json::Value;

const FEDERATION_MD: &str = include_str!("../../../../FEDERATION.md");

/// The JSON blocks of the page, each with the heading it stands under.
fn examples() -> Vec<(String, String)> {
    let mut examples = Vec::new();
    let mut heading = String::new();
    let mut block: Option<String> = None;
    for line in FEDERATION_MD.lines() {
        match &mut block {
            Some(_) if line == "```" => examples.push((heading.clone(), block.take().unwrap())),
            Some(text) => {
                text.push_str(line);
                text.push('\n');
            }
            None if line == "```json" => block = Some(String::new()),
            None if line.starts_with('#') => heading = line.trim_start_matches('#').trim().into(),
            None => {}
        }
    }
    assert!(block.is_none(), "the block under {heading} does not end");
    examples
}

/// What our code makes of an example, or nothing where it belongs to the reports.
fn written_again(value: &Value) -> Option<Value> {
    let bytes = serde_json::to_vec(value).unwrap();
    let types = match &value["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        Value::String(one) => vec![one.as_str()],
        _ => Vec::new(),
    };
    Some(match types.as_slice() {
        ["Application" | "Organization" | "Group" | "Person"] => {
            Actor::parse(&bytes).unwrap().to_value()
        }
        ["Audio" | "Video" | "Document"] => Work::parse(&bytes).unwrap().to_value(),
        ["Album"] => Release::parse(&bytes).unwrap().to_value(),
        ["OrderedCollection", "Selection"] => Selection::parse(&bytes).unwrap().to_value(),
        ["OrderedCollection"] => Collection::parse(&bytes).unwrap().to_value(),
        ["OrderedCollectionPage"] => CollectionPage::parse(&bytes).unwrap().to_value(),
        ["Tombstone"] => Tombstone::of(value).unwrap().to_value(),
        [
            "Follow" | "Accept" | "Reject" | "Undo" | "Create" | "Update" | "Delete" | "Announce"
            | "Offer",
        ] => Activity::parse(&bytes).unwrap().to_value(),
        [] if value.get("subject").is_some() => Descriptor::parse(&bytes).unwrap().to_value(),
        [] if value.get("links").is_some() => Discovery::parse(&bytes).unwrap().to_value(),
        [] if value.get("software").is_some() => NodeInfo::parse(&bytes).unwrap().to_value(),
        _ => return None,
    })
}

#[test]
fn every_example_is_what_our_code_writes() {
    let mut seen = 0;
    for (heading, text) in examples() {
        let example = parse_strict(text.as_bytes(), JsonLimits::OBJECT)
            .unwrap_or_else(|refused| panic!("{heading}: {refused}"));
        let Some(mut written) = written_again(&example) else {
            continue;
        };
        // The page shortens our own terms to the address of their context.
        if let Some(Value::Array(contexts)) = written.get_mut("@context") {
            let last = contexts.last_mut().unwrap();
            assert!(last.get("antiphon").is_some(), "{heading}");
            *last = context::ANTIPHON.into();
        }
        assert_eq!(written, example, "{heading}");
        seen += 1;
    }
    assert!(seen >= 20, "only {seen} examples were read");
}

#[test]
fn every_activity_that_means_something_here_has_an_example() {
    let examples = examples();
    for name in [
        "Follow", "Accept", "Reject", "Undo", "Create", "Update", "Delete", "Announce", "Offer",
    ] {
        let found = examples.iter().any(|(heading, text)| {
            heading == name && text.contains(&format!("\"type\": \"{name}\""))
        });
        assert!(found, "{name}");
    }
}

#[test]
fn our_context_defines_every_term_of_ours_that_the_page_names() {
    let document: Value = serde_json::from_str(context::DOCUMENT).unwrap();
    let terms = document["@context"].as_object().unwrap();
    let section = FEDERATION_MD.split("## Our terms").nth(1).unwrap();
    let section = section.split("\n## ").next().unwrap();
    let mut named = 0;
    for line in section.lines().filter(|line| line.starts_with("| `")) {
        let first_column = line.split('|').nth(1).unwrap();
        for term in first_column.split('`').skip(1).step_by(2) {
            assert!(terms.contains_key(term), "{term}");
            named += 1;
        }
    }
    assert!(named >= 10);
    assert!(
        terms["antiphon"]
            .as_str()
            .unwrap()
            .starts_with(context::ANTIPHON)
    );
}
