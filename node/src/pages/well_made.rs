//! Every page of the house is rendered from its samples, in both languages, and looked over: is it
//! well formed, is every sentence there, can everybody use it?

use std::collections::BTreeSet;

use crate::config::Language;

type Rendered = Vec<(&'static str, askama::Result<String>)>;

pub(super) fn every_page(language: Language) -> Vec<(&'static str, String)> {
    let rooms: [fn(Language) -> Rendered; 20] = [
        super::samples,
        super::shell::samples,
        crate::catalogue::pages::samples,
        crate::curation::pages::samples,
        crate::curation::pages::compose::samples,
        crate::discovery::search::pages::samples,
        crate::discovery::voyage::pages::samples,
        crate::discovery::remote::samples,
        crate::labels::pages::samples,
        crate::labels::writing::samples,
        crate::catalogue::pages::claims::samples,
        crate::venues::pages::samples,
        crate::members::pages::samples,
        crate::members::account::samples,
        crate::members::public::pages::samples,
        crate::shelf::pages::samples,
        crate::peers::pages::samples,
        crate::coordinator::pages::samples,
        crate::cases::pages::samples,
        crate::operating::samples,
    ];
    rooms
        .iter()
        .flat_map(|samples| samples(language))
        .map(|(name, html)| (name, html.unwrap_or_else(|e| panic!("{name}: {e}"))))
        .collect()
}

/// A tag as it stands in a page.
#[derive(Debug)]
struct Tag<'h> {
    name: &'h str,
    attributes: Vec<(&'h str, &'h str)>,
    closes: bool,
    empty: bool,
    /// The text between this tag and the next.
    text: &'h str,
}

impl Tag<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(key, _)| *key == name)
            .map(|(_, value)| *value)
    }
}

/// Reads our own pages: every attribute is quoted, `<` and `>` stand for tags alone.
fn tags(html: &str) -> Vec<Tag<'_>> {
    let html = html.strip_prefix("<!doctype html>").expect("a doctype");
    let mut all = Vec::new();
    for piece in html.split('<').skip(1) {
        let (inside, text) = piece.split_once('>').expect("a tag ends");
        assert!(!text.contains('>'), "`>` in text: {text:?}");
        let closes = inside.starts_with('/');
        let empty = inside.ends_with('/');
        let inside = inside.trim_matches('/');
        let (name, mut rest) = inside
            .split_once(char::is_whitespace)
            .unwrap_or((inside, ""));
        let mut attributes = Vec::new();
        while let Some((key, after)) = rest.trim_start().split_once("=\"") {
            assert!(
                !key.contains(char::is_whitespace),
                "an attribute without a value: {inside:?}"
            );
            let (value, after) = after.split_once('"').expect("an attribute ends");
            attributes.push((key, value));
            rest = after;
        }
        assert_eq!(
            rest.trim(),
            "",
            "an attribute is not understood: {inside:?}"
        );
        all.push(Tag {
            name,
            attributes,
            closes,
            empty,
            text,
        });
    }
    all
}

#[test]
fn every_page_is_well_formed_in_both_languages() {
    for language in [Language::Fr, Language::En] {
        for (name, html) in every_page(language) {
            let mut open: Vec<&str> = Vec::new();
            for tag in tags(&html) {
                if tag.closes {
                    assert_eq!(open.pop(), Some(tag.name), "{name}: tags cross\n{html}");
                } else if !tag.empty {
                    open.push(tag.name);
                }
            }
            assert!(open.is_empty(), "{name}: {open:?} stay open");
        }
    }
}

#[test]
fn every_sentence_of_every_page_is_there() {
    for language in [Language::Fr, Language::En] {
        for (name, html) in every_page(language) {
            for trace in ["Unknown localization", "{$", "{ $"] {
                assert!(!html.contains(trace), "{name}: {trace}\n{html}");
            }
        }
    }
}

#[test]
fn every_page_has_a_title_one_heading_and_labels_and_nothing_inline() {
    for language in [Language::Fr, Language::En] {
        for (name, html) in every_page(language) {
            let tags = tags(&html);
            assert_eq!(tags[0].get("lang"), Some(language.code()), "{name}");
            let opening = |wanted: &str| {
                tags.iter()
                    .filter(|tag| tag.name == wanted && !tag.closes)
                    .count()
            };
            assert_eq!(opening("h1"), 1, "{name}: one h1");
            assert_eq!(opening("title"), 1, "{name}: one title");
            let mut ids = BTreeSet::new();
            let labelled: BTreeSet<&str> = tags.iter().filter_map(|tag| tag.get("for")).collect();
            for (at, tag) in tags.iter().enumerate() {
                if let Some(id) = tag.get("id") {
                    assert!(ids.insert(id), "{name}: the id {id} is given twice");
                }
                for (key, _) in &tag.attributes {
                    assert!(
                        *key != "style" && !key.starts_with("on"),
                        "{name}: {key} is inline"
                    );
                }
                match tag.name {
                    "img" => assert!(tag.get("alt").is_some(), "{name}: {tag:?}"),
                    "script" if !tag.closes => {
                        assert!(tag.get("src").is_some() && tag.text.is_empty(), "{name}");
                    }
                    "input" | "textarea" | "select" if !tag.closes => {
                        let hidden = matches!(tag.get("type"), Some("hidden"));
                        let wrapped = tags[..at]
                            .iter()
                            .rfind(|before| before.name == "label")
                            .is_some_and(|label| !label.closes);
                        let named = tag.get("aria-label").is_some()
                            || tag.get("id").is_some_and(|id| labelled.contains(id));
                        assert!(hidden || wrapped || named, "{name}: no label for {tag:?}");
                    }
                    "svg" if !tag.closes => assert!(
                        tag.get("aria-hidden").is_some()
                            || tag.get("role") == Some("img") && tag.get("aria-label").is_some(),
                        "{name}: a picture without words {tag:?}"
                    ),
                    "style" => panic!("{name}: an inline style"),
                    _ => {}
                }
            }
        }
    }
}
