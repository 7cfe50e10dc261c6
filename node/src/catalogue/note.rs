//! A release as servers of other kinds show it: a `Note` by its artist, or by its label, with the
//! title, a link and the cover. It is told to those who follow that party there; nodes of our kind
//! get the release itself.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Redirect, Response};
use federation::vocabulary::{PUBLIC, context};
use serde_json::{Value, json};
use settlement::{PartyId, Uri};

use super::api::{activity_json, gone as answers_for};
use super::{Release, documents, store};
use crate::Node;
use crate::clock::rfc3339;
use crate::curation::documents::escaped;
use crate::db::Conn;
use crate::peers::{self, To};
use crate::web::{App, Refusal, wants_activity};

/// Who says that a release is out: its artist, else its label, as far as they live here.
fn speaker(conn: &mut Conn, node: &Node, release: &Release) -> Result<Option<PartyId>, Refusal> {
    for party in [&release.artist, &release.label_party]
        .into_iter()
        .flatten()
    {
        let known = store::party(conn, party)?;
        if known.is_some_and(|known| known.origin == node.config.base()) {
            return Ok(Some(party.clone()));
        }
    }
    Ok(None)
}

/// Tells of a release that is new or changed.
///
/// # Errors
/// When the database breaks.
pub fn tell(conn: &mut Conn, node: &Node, release: &Release, verb: &str) -> Result<(), Refusal> {
    match speaker(conn, node, release)? {
        Some(party) => {
            let note = note(node, release, &party)?;
            say(conn, node, &party, verb, note)
        }
        None => Ok(()),
    }
}

/// Tells that a release is no more.
///
/// # Errors
/// When the database breaks.
pub fn gone(conn: &mut Conn, node: &Node, release: &Release, now_us: i64) -> Result<(), Refusal> {
    match speaker(conn, node, release)? {
        Some(party) => {
            let tombstone = documents::tombstone(&address(release)?, "Note", now_us);
            say(conn, node, &party, "Delete", tombstone)
        }
        None => Ok(()),
    }
}

fn say(
    conn: &mut Conn,
    node: &Node,
    party: &PartyId,
    verb: &str,
    object: Value,
) -> Result<(), Refusal> {
    let activity = json!({ "type": verb, "actor": party.as_str(), "object": object });
    let to = To::StrangersOf(party.uri().clone());
    peers::say(conn, node, activity, to, false)?;
    Ok(())
}

/// The note's own address.
fn address(release: &Release) -> Result<Uri, Refusal> {
    Uri::parse(&format!("{}/note", release.id)).map_err(Refusal::broken)
}

fn note(node: &Node, release: &Release, party: &PartyId) -> Result<Value, Refusal> {
    let content = content(release);
    let mut note = json!({
        "@context": context::plain(),
        "id": address(release)?.as_str(),
        "type": "Note",
        "attributedTo": party.as_str(),
        "content": content,
        "contentMap": { node.config.language.code(): content },
        "url": release.id.as_str(),
        "published": rfc3339(release.created_us),
        "to": [PUBLIC],
        "cc": [format!("{party}/followers")],
    });
    if release.updated_us > release.created_us {
        note["updated"] = json!(rfc3339(release.updated_us));
    }
    if let Some(digest) = release.cover {
        note["attachment"] = json!([{
            "type": "Image",
            "mediaType": "image/jpeg",
            "url": node.config.uri(&format!("/covers/{}", digest.hex())),
            "name": release.title,
        }]);
    }
    Ok(note)
}

fn content(release: &Release) -> String {
    let mut html = format!(
        "<p><strong>{}</strong><br>{}</p>",
        escaped(&release.title),
        escaped(&release.credit)
    );
    let year = release.year.map(|year| year.to_string());
    let more = [release.label.clone(), year, release.genre.clone()];
    let more: Vec<String> = more.iter().flatten().map(|text| escaped(text)).collect();
    if !more.is_empty() {
        html.push_str(&format!("<p>{}</p>", more.join(" · ")));
    }
    let page = escaped(release.id.as_str());
    html.push_str(&format!("<p><a href=\"{page}\">{page}</a></p>"));
    html
}

/// `GET /releases/{id}/note`: the note; people are led to the release's page.
pub(super) async fn shown(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let path = format!("/releases/{id}");
    let id = Uri::parse(&app.config.uri(&path)).map_err(|_| Refusal::Missing)?;
    if !wants_activity(&headers) {
        return Ok(Redirect::to(&path).into_response());
    }
    let node = app.clone();
    let answer = app.db.read(move |conn| {
        let release = store::release(conn, &id)?;
        let release = release.filter(|release| release.origin == node.config.base());
        let release = release.ok_or(Refusal::Missing)?;
        if let Some(withdrawn_us) = release.withdrawn_us {
            return Ok(answers_for(&address(&release)?, "Note", withdrawn_us));
        }
        let party = speaker(conn, &node, &release)?.ok_or(Refusal::Missing)?;
        let note = note(&node, &release, &party)?;
        Ok::<_, Refusal>(activity_json(StatusCode::OK, &note))
    });
    answer.await
}
