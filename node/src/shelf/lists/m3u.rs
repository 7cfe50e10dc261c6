//! M3U: a line an address, and before it, in `#EXTINF`, how long and what it is (the form programs
//! have agreed on; there is no standard). `#PLAYLIST:` names the list, `#EXTART:` whose a line is.

use std::fmt::Write as _;

use super::{List, Said};
use crate::shelf::Entry;

/// Stands where a line has no address.
const NOWHERE: &str = "#EXT-X-ANTIPHON-UNKNOWN";

pub(super) fn read(text: &str) -> List {
    let mut list = List::default();
    let mut said = Said::default();
    for line in text.lines().map(str::trim) {
        if let Some(title) = line.strip_prefix("#PLAYLIST:") {
            list.title = title.to_owned();
        } else if let Some(info) = line.strip_prefix("#EXTINF:") {
            describe(info, &mut said);
        } else if let Some(artist) = line.strip_prefix("#EXTART:") {
            // It says whose it is in full: what stands before it in the title is not cut there.
            let whole = format!("{} - {}", said.credit, said.title);
            if let Some(title) = whole.strip_prefix(&format!("{} - ", artist.trim())) {
                said.title = title.to_owned();
            }
            said.credit = artist.trim().to_owned();
        } else if line == NOWHERE {
            list.lines.extend(std::mem::take(&mut said).line());
        } else if !line.is_empty() && !line.starts_with('#') {
            said.addresses.push(line.to_owned());
            list.lines.extend(std::mem::take(&mut said).line());
        }
    }
    list
}

/// `123 key="value",Artist - Title`
fn describe(info: &str, said: &mut Said) {
    let (length, name) = info.split_once(',').unwrap_or((info, ""));
    let seconds = length.split_whitespace().next().unwrap_or("");
    let seconds = seconds.split('.').next().unwrap_or("").parse::<i64>();
    said.duration_ms = seconds.ok().and_then(|seconds| seconds.checked_mul(1000));
    match name.split_once(" - ") {
        Some((credit, title)) => {
            said.credit = credit.to_owned();
            said.title = title.to_owned();
        }
        None => said.title = name.to_owned(),
    }
}

pub(super) fn write(
    title: &str,
    entries: &[Entry],
    address: impl Fn(&Entry) -> Option<String>,
) -> String {
    let mut file = format!("#EXTM3U\n#PLAYLIST:{title}\n");
    for entry in entries {
        // Rounded up, as the catalogue counts; -1 is what programs write where nobody knows.
        let seconds = entry.duration_ms.map_or(-1, |ms| (ms + 999) / 1000);
        let _ = writeln!(file, "#EXTINF:{seconds},{} - {}", entry.credit, entry.title);
        let _ = writeln!(file, "#EXTART:{}", entry.credit);
        let _ = writeln!(file, "{}", address(entry).as_deref().unwrap_or(NOWHERE));
    }
    file
}
