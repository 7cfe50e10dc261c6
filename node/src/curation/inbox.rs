//! What other nodes say about their selections, and what that does here.

use federation::vocabulary::{Act, Activity, Selection as SelectionWords, Timestamp};
use serde_json::Value;
use settlement::Uri;

use super::{Details, Item, Selection, TITLE_LIMIT, WORDS_LIMIT, WORKS_LIMIT, documents, store};
use crate::Node;
use crate::catalogue::tags::cleaned;
use crate::config::Language;
use crate::db::Conn;
use crate::peers::{self, Outcome, Peer};
use crate::web::Refusal;
use crate::words::Say;

/// The colour of a venue that does not say its own.
const INK: &str = "#3d5a80";

/// Acts on an activity about selections, in the caller's transaction.
///
/// # Errors
/// A refusal that says what is wrong with it; [`Refusal::Broken`] when something of ours broke.
pub fn receive(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
) -> Result<Outcome, Refusal> {
    match &activity.act {
        Act::Create { object } | Act::Update { object } => match object.value() {
            Some(value) if SelectionWords::is_one(value) => take(conn, node, from, value),
            _ => Ok(Outcome::NotMine),
        },
        Act::Delete { object } => {
            let Some(id) = object.id().filter(|id| id.origin() == from.origin) else {
                return Ok(Outcome::NotMine);
            };
            if store::selection(conn, id)?.is_none() {
                return Ok(Outcome::NotMine);
            }
            store::withdraw(conn, id, node.clock.now_us())?;
            Ok(Outcome::Done(format!("selection withdrawn: {id}")))
        }
        _ => Ok(Outcome::NotMine),
    }
}

fn take(conn: &mut Conn, node: &Node, from: &Peer, value: &Value) -> Result<Outcome, Refusal> {
    let words = SelectionWords::of(value).map_err(unreadable)?;
    if words.id.origin() != from.origin {
        let foreign = Say::new("catalogue-document-foreign");
        let foreign = foreign.with("id", &words.id).with("peer", &from.origin);
        return Err(Refusal::Forbidden(foreign));
    }
    is_proven(conn, node, from, value)?;
    if words.items.len() > WORKS_LIMIT {
        return Err(unreadable(format!("more than {WORKS_LIMIT} works")));
    }
    let before = store::selection(conn, &words.id)?;
    let now = node.clock.now_us();
    let published_us = words.published.map_or(now, Timestamp::micros);
    let updated_us = words.updated.map_or(published_us, Timestamp::micros);
    if let Some(before) = &before
        && (before.withdrawn_us.is_some() || before.updated_us > updated_us)
    {
        let known = format!("older than what is known: {}", words.id);
        return Ok(Outcome::Done(known));
    }
    let (venue_name, colour) = venue(from, value);
    let title: String = cleaned(&words.name).0.chars().take(TITLE_LIMIT).collect();
    let said = documents::plain(&words.content.unwrap_or_default());
    let selection = Selection {
        id: words.id,
        origin: from.origin.clone(),
        venue: words.attributed_to,
        venue_name,
        title,
        words: said.chars().take(WORDS_LIMIT).collect(),
        colour,
        territory: from.territory,
        document: Some(value.to_string()),
        items: words
            .items
            .into_iter()
            .map(|item| Item {
                work: item.work,
                note: cleaned(&item.note.unwrap_or_default()).0,
            })
            .collect(),
        // In the order in which they reached us: nobody stays on top by a date in the future.
        published_us: before.map_or(published_us.min(now), |before| before.published_us),
        updated_us,
        withdrawn_us: None,
    };
    let picture_url = words.cover.filter(|cover| cover.origin() == from.origin);
    store::put(conn, &selection)?;
    let details = details(conn, &selection, value, picture_url)?;
    store::details::put(conn, selection.id.as_str(), &details)?;
    Ok(Outcome::Done(format!("selection taken: {}", selection.id)))
}

/// What it says besides: its language and the other one, its picture, whom it answers. A picture
/// that was fetched stays while its address does.
fn details(
    conn: &mut Conn,
    selection: &Selection,
    value: &Value,
    picture_url: Option<Uri>,
) -> Result<Details, Refusal> {
    let before = store::details::of(conn, selection.id.as_str())?;
    let in_language = |map: &str, language: Language| value[map][language.code()].as_str();
    let language = [Language::Fr, Language::En]
        .into_iter()
        .find(|language| in_language("nameMap", *language) == value["name"].as_str());
    let other = language.map(Language::other);
    let other_title = other
        .and_then(|other| in_language("nameMap", other))
        .map(|title| {
            cleaned(title)
                .0
                .chars()
                .take(TITLE_LIMIT)
                .collect::<String>()
        });
    let other_words = other
        .and_then(|other| in_language("contentMap", other))
        .map(|html| {
            documents::plain(html)
                .chars()
                .take(WORDS_LIMIT)
                .collect::<String>()
        });
    let said = |text: Option<String>| text.filter(|text| !text.is_empty());
    Ok(Details {
        language,
        other_title: said(other_title),
        other_words: said(other_words),
        picture: before.picture.filter(|_| before.picture_url == picture_url),
        picture_url,
        answers: value["inReplyTo"]
            .as_str()
            .and_then(|id| Uri::parse(id).ok()),
    })
}

/// What the venue is called and its colour, or what stands for them.
fn venue(from: &Peer, value: &Value) -> (String, String) {
    let said = |name: &str| value["venue"][name].as_str().unwrap_or_default();
    let name = cleaned(said("name")).0;
    let colour = said("colour");
    let is_colour = colour.len() == 7
        && colour.starts_with('#')
        && colour[1..].bytes().all(|byte| byte.is_ascii_hexdigit());
    (
        if name.is_empty() {
            from.name.clone()
        } else {
            name
        },
        if is_colour { colour } else { INK }.to_owned(),
    )
}

fn is_proven(conn: &mut Conn, node: &Node, from: &Peer, value: &Value) -> Result<(), Refusal> {
    let unproven = |reason: String| {
        let unproven = Say::new("catalogue-document-unproven");
        Refusal::Forbidden(unproven.with("peer", &from.origin).with("reason", reason))
    };
    peers::keys::check(conn, node, from, value)
        .map_err(|refused| refused.refusal(|refused| unproven(refused.to_string())))
}

fn unreadable(reason: impl std::fmt::Display) -> Refusal {
    Refusal::Conflict(Say::new("catalogue-document-unreadable").with("reason", reason))
}
