//! What those say in public whom members here follow: a **note**, kept as plain text and shown to
//! the members who follow its author, with a link to where it was said. Of each author the latest
//! are kept; what is not public, and what anybody else says, is not.

use federation::vocabulary::{Act, Activity, PUBLIC, Timestamp};
use serde_json::Value;
use settlement::Uri;

use super::inbox::Outcome;
use super::{Peer, store};
use crate::Node;
use crate::curation::documents::plain;
use crate::db::Conn;
use crate::web::Refusal;

/// The longest text kept, in characters; who wants the rest follows the link.
pub const TEXT_LIMIT: usize = 1_000;
/// How many notes are kept of one author.
pub const OF_ONE: i64 = 40;
/// What is read as a note: words for people.
const KINDS: [&str; 4] = ["Note", "Article", "Page", "Question"];

/// What somebody said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Its address.
    pub id: Uri,
    /// Who said it.
    pub actor: Uri,
    /// Where people read it.
    pub page: Uri,
    /// The words, as plain text.
    pub words: String,
    /// When, in microseconds UTC.
    pub published_us: i64,
}

/// Receives `Create`, `Update` and `Delete` of notes by those whom somebody here follows.
///
/// # Errors
/// When the database breaks.
pub fn receive(
    conn: &mut Conn,
    node: &Node,
    _: &Peer,
    activity: &Activity,
) -> Result<Outcome, Refusal> {
    let who = &activity.actor;
    match &activity.act {
        Act::Create { object } | Act::Update { object } => {
            let (Some(id), Some(value)) = (object.id(), object.value()) else {
                return Ok(Outcome::NotMine);
            };
            let is_for_all = activity.is_public() || names_the_public(value);
            if !KINDS.iter().any(|kind| object.has_type(kind))
                || !is_for_all
                || !store::is_followed(conn, who)?
                || store::author_of_note(conn, id)?.is_some_and(|author| author != who.as_str())
            {
                return Ok(Outcome::NotMine);
            }
            let Some(note) = read(value, id, activity, node.clock.now_us()) else {
                return Ok(Outcome::NotMine);
            };
            store::put_note(conn, &note, OF_ONE)?;
            Ok(Outcome::Done(format!("note kept: {id}")))
        }
        Act::Delete { object } => match object.id() {
            Some(id) if store::author_of_note(conn, id)?.as_deref() == Some(who.as_str()) => {
                store::remove_note(conn, id)?;
                // The word that it is gone may come before an older one that it is there.
                store::bury(conn, id.as_str(), node.clock.now_us())?;
                Ok(Outcome::Done(format!("note gone: {id}")))
            }
            _ => Ok(Outcome::NotMine),
        },
        _ => Ok(Outcome::NotMine),
    }
}

fn read(value: &Value, id: &Uri, activity: &Activity, now_us: i64) -> Option<Note> {
    let published = value["published"]
        .as_str()
        .and_then(|at| Timestamp::parse(at).ok());
    let published = published
        .or(activity.published)
        .map_or(now_us, Timestamp::micros);
    let words = words(value);
    // Its page is on its own origin, or the link would lead somewhere else than it says.
    let page = value["url"].as_str().and_then(|url| Uri::parse(url).ok());
    let page = page.filter(|page| page.origin() == id.origin());
    (!words.is_empty()).then(|| Note {
        id: id.clone(),
        actor: activity.actor.clone(),
        page: page.unwrap_or_else(|| id.clone()),
        words,
        // Nobody stays on top by a date that is yet to come.
        published_us: published.clamp(0, now_us),
    })
}

/// The words, title first. What its author put behind a warning stays there: only the warning is
/// kept.
fn words(value: &Value) -> String {
    let text = |name: &str| value[name].as_str().map(plain).unwrap_or_default();
    let warning = text("summary");
    let parts = match warning.is_empty() {
        true => [text("name"), text("content")],
        false => [text("name"), format!("{warning} […]")],
    };
    let whole: Vec<&str> = parts
        .iter()
        .flat_map(|part| part.lines())
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    let whole = whole.join("\n");
    let seen = |c: &char| *c == '\n' || !(c.is_control() || is_turning(*c));
    let mut words: String = whole.chars().filter(seen).take(TEXT_LIMIT).collect();
    if whole.chars().count() > TEXT_LIMIT {
        words.push('…');
    }
    words
}

/// Marks that turn the direction of all that follows on the page.
fn is_turning(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn names_the_public(value: &Value) -> bool {
    let is_public = |one: &Value| {
        one.as_str()
            .is_some_and(|one| [PUBLIC, "as:Public", "Public"].contains(&one))
    };
    ["to", "cc"].iter().any(|name| match &value[*name] {
        Value::Array(all) => all.iter().any(is_public),
        one => is_public(one),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_was_said_is_kept_as_plain_text_whatever_it_was_written_in() {
        let note = json!({
            "name": "A title",
            "content": "<p>One &amp; <script>alert(1)</script>two<br>three \u{202e}four</p>",
        });
        assert_eq!(words(&note), "A title\nOne & alert(1)two\nthree four");
        let warned = json!({ "summary": "Spoilers", "content": "<p>He dies.</p>" });
        assert_eq!(words(&warned), "Spoilers […]");
        let long = json!({ "content": "é".repeat(TEXT_LIMIT + 1) });
        assert_eq!(words(&long).chars().count(), TEXT_LIMIT + 1);
        assert_eq!(words(&json!({ "content": ["<p>not a text</p>"] })), "");
    }
}
