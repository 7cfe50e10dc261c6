//! Curation: the selections a venue puts forward.
//!
//! A [`Selection`] is a venue's choice of works, of any node, with a title, words of its own and
//! a note on each. A venue's curators work on a draft of it ([`drafts`]) and publish it
//! ([`publish`]); it is told to whoever follows the node in the same transaction, and so are its
//! changes and its end. One made from another's selection says whom it **answers**.

pub mod api;
pub mod documents;
pub mod drafts;
pub mod feeds;
pub mod inbox;
pub mod note;
pub mod pages;
pub mod shown;
pub mod store;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::{get, post};
use serde_json::Value;
use settlement::{Territory, Uri, VenueId, WorkId};

use crate::Node;
use crate::catalogue::{self, Work};
use crate::db::Conn;
use crate::peers::{self, To};
use crate::venues::Venue;
use crate::web::{App, Complaint, Guest, Refusal, wants_activity};
use crate::words::Say;

pub use store::details::Details;

/// The most works in a selection.
pub const WORKS_LIMIT: usize = 200;
/// The longest title, in characters.
pub const TITLE_LIMIT: usize = 120;
/// The longest words, in characters.
pub const WORDS_LIMIT: usize = 10_000;
/// The longest note on a work, in characters.
pub const NOTE_LIMIT: usize = 1_000;

/// A venue's choice of works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selection {
    /// Its URI.
    pub id: Uri,
    /// Scheme, host and port of the node it was made on.
    pub origin: String,
    /// The venue that signs it.
    pub venue: VenueId,
    /// The venue's name.
    pub venue_name: String,
    /// Its title.
    pub title: String,
    /// The venue's words: plain text, paragraphs on lines of their own.
    pub words: String,
    /// The venue's colour, `#rrggbb`.
    pub colour: String,
    /// Where it was made.
    pub territory: Option<Territory>,
    /// Its document as its origin sent it; none for a selection of this node.
    pub document: Option<String>,
    /// The works in their order.
    pub items: Vec<Item>,
    /// When it was published, in microseconds UTC.
    pub published_us: i64,
    /// When it last changed, in microseconds UTC.
    pub updated_us: i64,
    /// When it was withdrawn, in microseconds UTC.
    pub withdrawn_us: Option<i64>,
}

/// A work in a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The work, of any node.
    pub work: WorkId,
    /// Why it is here; may be empty.
    pub note: String,
}

/// The doors of this room.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/selections/{id}", get(selection))
        .route("/selections/{id}/note", get(api::note))
        .route("/selections/{id}/embed", get(pages::embed))
        .route("/covers/of-selection", get(api::picture_of))
        .route("/oembed", get(feeds::oembed))
        .route("/feed.atom", get(feeds::of_node))
        .route("/venues/{slug}/feed.atom", get(feeds::of_venue))
        .route("/venues/{slug}/selections", post(api::publish))
        .route("/api/selections", get(api::latest))
        .route("/api/selections/{id}", get(api::one))
}

async fn selection(
    app: State<App>,
    guest: Guest,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if wants_activity(&headers) {
        api::document(&app, id.0).await
    } else {
        pages::selection(app, guest, id).await
    }
}

/// What a curator wrote, within its limits.
struct Written {
    title: String,
    words: String,
    items: Vec<Item>,
}

/// Publishes a selection of a venue of this node, and tells everyone, in the caller's transaction.
///
/// # Errors
/// A complaint for each field that cannot be taken as it is.
pub fn publish(
    conn: &mut Conn,
    node: &Node,
    venue: &Venue,
    title: &str,
    words: &str,
    works: &[Item],
) -> Result<Selection, Refusal> {
    publish_with(conn, node, venue, title, words, works, &Details::default())
}

/// [`publish`], with another language, a picture, whom it answers.
///
/// # Errors
/// As [`publish`].
pub fn publish_with(
    conn: &mut Conn,
    node: &Node,
    venue: &Venue,
    title: &str,
    words: &str,
    works: &[Item],
    details: &Details,
) -> Result<Selection, Refusal> {
    let written = check(conn, title, words, works)?;
    let now = node.clock.now_us();
    let id = node
        .config
        .uri(&format!("/selections/{}", node.clock.fresh_id()));
    let selection = Selection {
        id: Uri::parse(&id).map_err(Refusal::broken)?,
        origin: node.config.base(),
        venue: venue.id.clone(),
        venue_name: venue.name.clone(),
        title: written.title,
        words: written.words,
        colour: venue.colour.clone(),
        territory: Some(node.config.territory),
        document: None,
        items: written.items,
        published_us: now,
        updated_us: now,
        withdrawn_us: None,
    };
    store::put(conn, &selection)?;
    store::details::put(conn, selection.id.as_str(), details)?;
    tell(conn, node, &selection, "Create")?;
    Ok(selection)
}

/// Changes a selection of this node, and tells everyone, in the caller's transaction.
///
/// # Errors
/// As [`publish`]; also when there is no such selection here.
pub fn update(
    conn: &mut Conn,
    node: &Node,
    id: &Uri,
    title: &str,
    words: &str,
    works: &[Item],
) -> Result<Selection, Refusal> {
    let details = store::details::of(conn, id.as_str())?;
    update_with(conn, node, id, title, words, works, &details)
}

/// [`update`], with another language, a picture, whom it answers.
///
/// # Errors
/// As [`update`].
pub fn update_with(
    conn: &mut Conn,
    node: &Node,
    id: &Uri,
    title: &str,
    words: &str,
    works: &[Item],
    details: &Details,
) -> Result<Selection, Refusal> {
    let mut selection = ours(conn, node, id)?;
    let written = check(conn, title, words, works)?;
    selection.title = written.title;
    selection.words = written.words;
    selection.items = written.items;
    selection.updated_us = node.clock.now_us();
    store::put(conn, &selection)?;
    store::details::put(conn, id.as_str(), details)?;
    tell(conn, node, &selection, "Update")?;
    Ok(selection)
}

/// Tells nodes of our kind of the selection, and everybody else who follows its venue of a note.
fn tell(conn: &mut Conn, node: &Node, selection: &Selection, verb: &str) -> Result<(), Refusal> {
    let document = documents::selection(conn, node, selection)?;
    let activity = serde_json::json!({ "type": verb, "object": document });
    let nodes = To::NodesOf(selection.venue.uri().clone());
    peers::say(conn, node, activity, nodes, false)?;
    note::tell(conn, node, selection, verb)
}

/// Withdraws a selection of this node, and tells everyone, in the caller's transaction.
///
/// # Errors
/// When there is no such selection here.
pub fn withdraw(conn: &mut Conn, node: &Node, id: &Uri) -> Result<(), Refusal> {
    let selection = ours(conn, node, id)?;
    let now = node.clock.now_us();
    store::withdraw(conn, id, now)?;
    let tombstone = catalogue::documents::tombstone(id, "Selection", now);
    let activity = serde_json::json!({ "type": "Delete", "object": tombstone });
    let nodes = To::NodesOf(selection.venue.uri().clone());
    peers::say(conn, node, activity, nodes, false)?;
    note::gone(conn, node, &selection, now)
}

fn ours(conn: &mut Conn, node: &Node, id: &Uri) -> Result<Selection, Refusal> {
    let selection = store::selection(conn, id)?.ok_or(Refusal::Missing)?;
    if selection.origin != node.config.base() || selection.withdrawn_us.is_some() {
        return Err(Refusal::Missing);
    }
    Ok(selection)
}

fn check(conn: &mut Conn, title: &str, words: &str, works: &[Item]) -> Result<Written, Refusal> {
    let mut complaints = Vec::new();
    let mut complain = |field, say| complaints.push(Complaint { field, say });
    let title = match crate::names::one_line(title, TITLE_LIMIT) {
        Ok(title) => title,
        Err(_) => {
            complain(
                "title",
                Say::new("curation-title").with("limit", TITLE_LIMIT),
            );
            String::new()
        }
    };
    let words = plain(words);
    if words.chars().count() > WORDS_LIMIT {
        complain(
            "words",
            Say::new("curation-words").with("limit", WORDS_LIMIT),
        );
    }
    let items: Vec<Item> = works
        .iter()
        .map(|item| Item {
            work: item.work.clone(),
            note: plain(&item.note).replace('\n', " "),
        })
        .collect();
    if items.is_empty() || items.len() > WORKS_LIMIT {
        complain(
            "works",
            Say::new("curation-works").with("limit", WORKS_LIMIT),
        );
    } else {
        if items
            .iter()
            .any(|item| item.note.chars().count() > NOTE_LIMIT)
        {
            complain("works", Say::new("curation-note").with("limit", NOTE_LIMIT));
        }
        let ids: Vec<WorkId> = items.iter().map(|item| item.work.clone()).collect();
        let known = catalogue::store::works(conn, &ids)?;
        let is_offered = |id: &WorkId| known.iter().any(|work| work.id == *id && work.is_offered());
        if let Some(unknown) = ids.iter().find(|id| !is_offered(id)) {
            complain(
                "works",
                Say::new("curation-work-unknown").with("work", unknown),
            );
        }
    }
    if complaints.is_empty() {
        Ok(Written {
            title,
            words,
            items,
        })
    } else {
        Err(Refusal::Invalid(complaints))
    }
}

/// A text as paragraphs: line ends alike, nothing that is not seen, none at the ends.
fn plain(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    let seen: String = text
        .chars()
        .filter(|letter| *letter == '\n' || !letter.is_control())
        .collect();
    seen.trim().to_owned()
}

/// The works of a selection that are known here and offered, each with its note, in order.
///
/// # Errors
/// When the database breaks.
pub fn playable(conn: &mut Conn, selection: &Selection) -> Result<Vec<(Work, String)>, Refusal> {
    let ids: Vec<WorkId> = selection
        .items
        .iter()
        .map(|item| item.work.clone())
        .collect();
    let known = catalogue::store::works(conn, &ids)?;
    Ok(selection
        .items
        .iter()
        .filter_map(|item| {
            let work = known.iter().find(|work| work.id == item.work)?;
            work.is_offered().then(|| (work.clone(), item.note.clone()))
        })
        .collect())
}

/// A selection as programs read it in a list.
fn described(selection: &Selection) -> Value {
    serde_json::json!({
        "id": selection.id.as_str(),
        "title": selection.title,
        "venue": selection.venue.as_str(),
        "venue_name": selection.venue_name,
        "words": selection.words,
        "colour": selection.colour,
        "territory": selection.territory.map(|territory| territory.to_string()),
        "published": crate::clock::rfc3339(selection.published_us),
    })
}
