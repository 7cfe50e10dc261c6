//! XSPF 1 (<https://www.xspf.org/spec>): `playlist/trackList/track`. No document types, no entities
//! but those of XML itself.

use std::fmt::Write as _;

use quick_xml::Reader;
use quick_xml::escape::{escape, resolve_predefined_entity};
use quick_xml::events::Event;

use super::{List, Said};
use crate::shelf::Entry;
use crate::words::Say;

/// The deepest element.
const DEPTH: usize = 16;

pub(super) fn read(text: &str) -> Result<List, Say> {
    let mut reader = Reader::from_str(text);
    let mut list = List::default();
    let mut path: Vec<String> = Vec::new();
    let mut words = String::new();
    let mut said = Said::default();
    loop {
        let event = reader.read_event().map_err(unread)?;
        match event {
            Event::Start(start) => {
                if path.len() >= DEPTH {
                    return Err(unread("its elements are too deep in one another"));
                }
                let name = start.local_name();
                let name: &str = name.as_ref();
                path.push(name.to_owned());
                words.clear();
            }
            Event::End(_) => {
                let text = std::mem::take(&mut words);
                let within: Vec<&str> = path.iter().map(String::as_str).collect();
                match within.as_slice() {
                    ["playlist", "title"] => list.title = text,
                    ["playlist", "trackList", "track", field] => fill(&mut said, field, text),
                    ["playlist", "trackList", "track"] => {
                        list.lines.extend(std::mem::take(&mut said).line());
                    }
                    _ => {}
                }
                path.pop();
            }
            Event::Text(text) => words.push_str(&text.xml10_content()),
            Event::CData(text) => words.push_str(&text.xml10_content()),
            Event::GeneralRef(reference) => match reference.resolve_char_ref().map_err(unread)? {
                Some(letter) => words.push(letter),
                None => {
                    let name = reference.into_inner();
                    let letter = resolve_predefined_entity(&name);
                    words.push_str(letter.ok_or_else(|| unread("entities are not expanded"))?);
                }
            },
            Event::DocType(_) => return Err(unread("document types are not read")),
            Event::Eof if path.is_empty() => return Ok(list),
            Event::Eof => return Err(unread("it ends too early")),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn fill(said: &mut Said, field: &str, text: String) {
    match field {
        "title" => said.title = text,
        "creator" => said.credit = text,
        "duration" => said.duration_ms = text.trim().parse().ok(),
        "location" | "identifier" | "info" => said.addresses.push(text),
        _ => {}
    }
}

fn unread(why: impl std::fmt::Display) -> Say {
    Say::new("shelf-list-unread").with("why", why)
}

pub(super) fn write(
    title: &str,
    entries: &[Entry],
    address: impl Fn(&Entry) -> Option<String>,
) -> String {
    let mut file = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <playlist version=\"1\" xmlns=\"http://xspf.org/ns/0/\">\n<title>{}</title>\n<trackList>\n",
        written(title)
    );
    for entry in entries {
        file.push_str("<track>");
        let mut put = |name: &str, text: &str| {
            let _ = write!(file, "<{name}>{}</{name}>", written(text));
        };
        if let Some(work) = &entry.work {
            put("identifier", work.as_str());
        }
        if let Some(isrc) = &entry.isrc {
            put("identifier", &format!("urn:isrc:{}", isrc.as_str()));
        }
        put("title", &entry.title);
        put("creator", &entry.credit);
        if let Some(page) = address(entry) {
            put("info", &page);
        }
        if let Some(ms) = entry.duration_ms {
            put("duration", &ms.to_string());
        }
        file.push_str("</track>\n");
    }
    file.push_str("</trackList>\n</playlist>\n");
    file
}

/// Text within XML 1.0, without the letters it has no way to write.
fn written(text: &str) -> String {
    let legal = |letter: &char| !letter.is_control() && !matches!(letter, '\u{fffe}' | '\u{ffff}');
    let text: String = text.chars().filter(legal).collect();
    escape(text).into_owned()
}
