//! JSPF: XSPF in JSON (<https://www.xspf.org/jspf>). Some programs write an address where the format
//! has a list of them; both are read.

use serde_json::{Value, json};

use super::{List, Said};
use crate::shelf::Entry;
use crate::words::Say;

pub(super) fn read(text: &str) -> Result<List, Say> {
    // The depth is bounded by the reader itself, the size by the file's.
    let file: Value = serde_json::from_str(text).map_err(unread)?;
    let playlist = file["playlist"]
        .as_object()
        .ok_or_else(|| unread("there is no `playlist` in it"))?;
    let tracks = playlist.get("track").and_then(Value::as_array);
    let lines = tracks.into_iter().flatten().filter_map(|track| {
        let text = |name: &str| track[name].as_str().unwrap_or_default().to_owned();
        let mut addresses = Vec::new();
        for name in ["identifier", "location", "info"] {
            match &track[name] {
                Value::String(one) => addresses.push(one.clone()),
                Value::Array(many) => {
                    let many = many.iter().filter_map(Value::as_str);
                    addresses.extend(many.map(str::to_owned));
                }
                _ => {}
            }
        }
        let said = Said {
            title: text("title"),
            credit: text("creator"),
            duration_ms: milliseconds(&track["duration"]),
            addresses,
        };
        said.line()
    });
    Ok(List {
        title: playlist
            .get("title")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned(),
        lines: lines.collect(),
    })
}

/// Whole milliseconds; some programs write them with a fraction.
fn milliseconds(value: &Value) -> Option<i64> {
    let text = value.as_number()?.to_string();
    text.split('.').next()?.parse().ok()
}

fn unread(why: impl std::fmt::Display) -> Say {
    Say::new("shelf-list-unread").with("why", why)
}

pub(super) fn write(
    title: &str,
    entries: &[Entry],
    address: impl Fn(&Entry) -> Option<String>,
) -> String {
    let tracks: Vec<Value> = entries
        .iter()
        .map(|entry| {
            let work = entry.work.as_ref().map(|work| work.to_string());
            let isrc = entry
                .isrc
                .as_ref()
                .map(|isrc| format!("urn:isrc:{}", isrc.as_str()));
            let identifiers: Vec<String> = work.into_iter().chain(isrc).collect();
            let mut track = json!({
                "title": entry.title,
                "creator": entry.credit,
                "identifier": identifiers,
            });
            if let Some(page) = address(entry) {
                track["info"] = json!(page);
            }
            if let Some(ms) = entry.duration_ms {
                track["duration"] = json!(ms);
            }
            track
        })
        .collect();
    json!({ "playlist": { "title": title, "track": tracks } }).to_string()
}
