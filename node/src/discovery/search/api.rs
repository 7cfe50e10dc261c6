//! JSON: search for programs.

use axum::Json;
use axum::extract::{Query, State};
use serde_json::{Value, json};

use super::pages::Asked;
use super::segment::Group;
use super::shown;
use crate::catalogue::api::described;
use crate::catalogue::{Party, Release, Work};
use crate::curation::shown::ShownSelection;
use crate::listening::Listener;
use crate::web::{App, Refusal};

/// The most of each group a program is given.
const LIMIT: usize = 50;

/// `GET /api/search?q=&limit=`, and the filters of the page (`kind`, `territory`, `years`, `genre`,
/// `label`, `playable`, `order`): what is found, of this node and of others. Without words: nothing.
pub(super) async fn search(
    State(app): State<App>,
    _listener: Listener,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refusal> {
    let limit = asked.limit.unwrap_or(20).clamp(1, LIMIT);
    let mut question = asked.question();
    if question.words.trim().is_empty() {
        return Ok(Json(json!({ "works": [] })));
    }
    (question.skip, question.works, question.others) = (0, limit, limit.min(10));
    question.at_length = None;
    let node = app.clone();
    app.db
        .read(move |conn| {
            let shown = shown::look(conn, &node, &question)?;
            let works: Vec<Work> = shown.works.iter().map(|shown| shown.work.clone()).collect();
            let count = |group| shown.found.count(group);
            Ok(Json(json!({
                "works": described(conn, &works)?,
                "artists": shown.artists.iter().map(party).collect::<Vec<_>>(),
                "releases": shown.releases.iter().map(release).collect::<Vec<_>>(),
                "labels": shown.labels.iter().map(party).collect::<Vec<_>>(),
                "selections": shown.selections.iter().map(selection).collect::<Vec<_>>(),
                "counts": Group::ALL
                    .map(|group| (group.as_str().to_owned(), json!(count(group))))
                    .into_iter()
                    .collect::<serde_json::Map<_, _>>(),
                "near": shown.found.near,
                "preparing": shown.found.preparing,
            })))
        })
        .await
}

fn party(party: &Party) -> Value {
    json!({ "id": party.id.as_str(), "name": party.name })
}

fn release(release: &Release) -> Value {
    json!({
        "id": release.id.as_str(),
        "title": release.title,
        "credit": release.credit,
        "label": release.label,
        "year": release.year,
        "cover": release.cover_path(),
    })
}

fn selection(selection: &ShownSelection) -> Value {
    json!({ "id": selection.id, "title": selection.title, "venue_name": selection.venue_name })
}
