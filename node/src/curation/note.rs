//! A selection as servers of other kinds show it: a `Note` by its venue, with the title, the
//! venue's words, the works' names, a link, and a cover. It is told to those who follow the venue
//! there; nodes of our kind get the selection itself.

use federation::vocabulary::context;
use serde_json::{Value, json};
use settlement::{Uri, WorkId};

use super::{Selection, documents};
use crate::Node;
use crate::catalogue::{self, Work};
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::peers::{self, To};
use crate::web::Refusal;

/// The most works that are named; the page has them all.
const NAMED: usize = 20;

/// Tells of a selection that is new (`Create`) or changed (`Update`).
///
/// # Errors
/// When the database breaks.
pub fn tell(
    conn: &mut Conn,
    node: &Node,
    selection: &Selection,
    verb: &str,
) -> Result<(), Refusal> {
    let note = note(conn, node, selection)?;
    let activity = json!({
        "type": verb,
        "actor": selection.venue.as_str(),
        "object": note,
    });
    say(conn, node, selection, activity)
}

/// Tells that a selection is no more.
///
/// # Errors
/// When the database breaks.
pub fn gone(
    conn: &mut Conn,
    node: &Node,
    selection: &Selection,
    now_us: i64,
) -> Result<(), Refusal> {
    let id = address(selection)?;
    let activity = json!({
        "type": "Delete",
        "actor": selection.venue.as_str(),
        "object": catalogue::documents::tombstone(&id, "Note", now_us),
    });
    say(conn, node, selection, activity)
}

fn say(
    conn: &mut Conn,
    node: &Node,
    selection: &Selection,
    activity: Value,
) -> Result<(), Refusal> {
    let venue = selection.venue.uri().clone();
    peers::say(conn, node, activity, To::StrangersOf(venue), false)?;
    Ok(())
}

/// The note's own address.
pub fn address(selection: &Selection) -> Result<Uri, Refusal> {
    Uri::parse(&format!("{}/note", selection.id)).map_err(Refusal::broken)
}

/// The note.
///
/// # Errors
/// When the database breaks.
pub fn note(conn: &mut Conn, node: &Node, selection: &Selection) -> Result<Value, Refusal> {
    let ids: Vec<WorkId> = selection
        .items
        .iter()
        .map(|item| item.work.clone())
        .collect();
    let known = catalogue::store::works(conn, &ids)?;
    let in_order = ids
        .iter()
        .filter_map(|id| known.iter().find(|work| work.id == *id));
    let works: Vec<&Work> = in_order.collect();
    let content = content(selection, &works);
    let mut note = json!({
        "@context": context::plain(),
        "id": address(selection)?.as_str(),
        "type": "Note",
        "attributedTo": selection.venue.as_str(),
        "content": content,
        "contentMap": { node.config.language.code(): content },
        "url": selection.id.as_str(),
        "published": rfc3339(selection.published_us),
        "to": [federation::vocabulary::PUBLIC],
        "cc": [format!("{}/followers", selection.venue)],
    });
    if selection.updated_us > selection.published_us {
        note["updated"] = json!(rfc3339(selection.updated_us));
    }
    if let Some((cover, title)) = cover(conn, node, &works)? {
        note["attachment"] = json!([{
            "type": "Image",
            "mediaType": "image/jpeg",
            "url": cover,
            "name": title,
        }]);
    }
    Ok(note)
}

/// The first cover among the works that is here: its address, and what it is the cover of.
fn cover(
    conn: &mut Conn,
    node: &Node,
    works: &[&Work],
) -> Result<Option<(String, String)>, Refusal> {
    for work in works {
        let Some(id) = &work.release else {
            continue;
        };
        let release = catalogue::store::release(conn, id)?;
        if let Some(release) = release
            && let Some(digest) = release.cover
        {
            let address = node.config.uri(&format!("/covers/{}", digest.hex()));
            return Ok(Some((address, release.title)));
        }
    }
    Ok(None)
}

fn content(selection: &Selection, works: &[&Work]) -> String {
    let escaped = documents::escaped;
    let mut html = format!("<p><strong>{}</strong></p>", escaped(&selection.title));
    html.push_str(&documents::html(&selection.words));
    let lines = works
        .iter()
        .take(NAMED)
        .map(|work| format!("{} — {}", escaped(&work.title), escaped(&work.credit)));
    let mut lines: Vec<String> = lines.collect();
    if works.len() > NAMED {
        lines.push("…".to_owned());
    }
    if !lines.is_empty() {
        html.push_str(&format!("<p>{}</p>", lines.join("<br>")));
    }
    let page = escaped(selection.id.as_str());
    html.push_str(&format!("<p><a href=\"{page}\">{page}</a></p>"));
    html
}
