//! JSON: selections for other nodes and for programs; and the door through which a curator
//! publishes one, from a form or a program.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::header::{CONTENT_TYPE, LOCATION};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use serde_json::{Value, json};
use settlement::{Uri, WorkId};

use super::{
    Details, Item, NOTE_LIMIT, WORDS_LIMIT, WORKS_LIMIT, described, documents, playable, shown,
    store,
};
use crate::catalogue;
use crate::listening::Listener;
use crate::members::SignedIn;
use crate::venues;
use crate::web::{self, App, Refusal};
use crate::words::Say;

/// The largest body taken here, in bytes.
const LIMIT: usize = 4 * (WORDS_LIMIT + WORKS_LIMIT * (NOTE_LIMIT + Uri::LIMIT));
/// How many selections a list holds, of this node and of the others.
const LATEST: i64 = 20;

/// The document of a selection of this node, or what is left of it.
pub async fn document(app: &App, id: String) -> Result<Response, Refusal> {
    let id = Uri::parse(&app.config.uri(&format!("/selections/{id}")));
    let id = id.map_err(|_| Refusal::Missing)?;
    let node = app.clone();
    app.db
        .read(move |conn| {
            let selection = store::selection(conn, &id)?.ok_or(Refusal::Missing)?;
            if let Some(withdrawn_us) = selection.withdrawn_us {
                return Ok(catalogue::api::gone(&id, "Selection", withdrawn_us));
            }
            let document = documents::selection(conn, &node, &selection)?;
            Ok(catalogue::api::activity_json(StatusCode::OK, &document))
        })
        .await
}

/// `GET /selections/{id}/note`: the selection as servers of other kinds show it; people are led to
/// its page.
pub(super) async fn note(
    State(app): State<App>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let path = format!("/selections/{id}");
    let id = Uri::parse(&app.config.uri(&path)).map_err(|_| Refusal::Missing)?;
    if !web::wants_activity(&headers) {
        return Ok(Redirect::to(&path).into_response());
    }
    let node = app.clone();
    app.db
        .read(move |conn| {
            let selection = store::selection(conn, &id)?.ok_or(Refusal::Missing)?;
            if let Some(withdrawn_us) = selection.withdrawn_us {
                let address = super::note::address(&selection)?;
                return Ok(catalogue::api::gone(&address, "Note", withdrawn_us));
            }
            let document = super::note::note(conn, &node, &selection)?;
            Ok(catalogue::api::activity_json(StatusCode::OK, &document))
        })
        .await
}

/// `GET /api/selections`: the newest, of this node first.
pub(super) async fn latest(
    State(app): State<App>,
    _listener: Listener,
) -> Result<Json<Value>, Refusal> {
    let base = app.config.base();
    let selections = app
        .db
        .read(move |conn| {
            let mut latest = store::latest(conn, &base, true, LATEST)?;
            latest.extend(store::latest(conn, &base, false, LATEST)?);
            Ok::<_, Refusal>(latest)
        })
        .await?;
    let selections: Vec<Value> = selections.iter().map(described).collect();
    Ok(Json(json!({ "selections": selections })))
}

/// `GET /api/selections/{id}`: one, with those of its works that can be played.
pub(super) async fn one(
    State(app): State<App>,
    _listener: Listener,
    Path(id): Path<String>,
) -> Result<Json<Value>, Refusal> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if id.is_empty() || id.len() > 64 || !id.bytes().all(plain) {
        return Err(Refusal::Missing);
    }
    let base = app.config.base();
    let found = app
        .db
        .read(move |conn| {
            let selection = store::ending_with(conn, &base, &id)?;
            let selection = selection.filter(|selection| selection.withdrawn_us.is_none());
            let selection = selection.ok_or(Refusal::Missing)?;
            let (works, notes): (Vec<_>, Vec<_>) = playable(conn, &selection)?.into_iter().unzip();
            let mut works = catalogue::api::described(conn, &works)?;
            for (work, note) in works.iter_mut().zip(notes) {
                work["note"] = json!(note);
            }
            let mut value = described(&selection);
            value["works"] = Value::Array(works);
            Ok::<_, Refusal>(value)
        })
        .await?;
    Ok(Json(found))
}

#[derive(Deserialize)]
pub(super) struct OfSelection {
    selection: String,
}

/// `GET /covers/of-selection?selection=`: the picture of a selection of another node, fetched by
/// this node the first time it is asked for, so that the other node does not learn who looks.
pub(super) async fn picture_of(
    State(app): State<App>,
    Query(of): Query<OfSelection>,
) -> Result<Response, Refusal> {
    let id = of.selection;
    let asked = id.clone();
    let details = app.db.read(move |conn| {
        // What is withdrawn has no picture any more.
        shown::selection(conn, &asked)?
            .map(|selection| selection.details)
            .ok_or(Refusal::Missing)
    });
    let details = details.await?;
    let digest = match (details.picture, &details.picture_url) {
        (Some(digest), _) => digest,
        (None, Some(url)) => {
            let digest = catalogue::api::picture_from(&app, url.as_str()).await?;
            let kept = Details {
                picture: Some(digest),
                ..details.clone()
            };
            app.db
                .write(move |conn| Ok::<_, Refusal>(store::details::put(conn, &id, &kept)?))
                .await?;
            digest
        }
        (None, None) => return Err(Refusal::Missing),
    };
    Ok(Redirect::temporary(&format!("/covers/{}", digest.hex())).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    title: String,
    #[serde(default)]
    words: String,
    works: Vec<WishedWork>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct WishedWork {
    work: String,
    #[serde(default)]
    note: String,
}

/// `POST /venues/{slug}/selections`: publishes a selection, for a curator of that venue. A form
/// has the fields `title`, `words`, and `work` and `note` once for each work, in order.
pub(super) async fn publish(
    State(app): State<App>,
    member: SignedIn,
    Path(slug): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let is_form = headers.get(CONTENT_TYPE).is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    });
    let wish = if is_form {
        form(&body)?
    } else {
        web::json_body(&body, LIMIT)?
    };
    let unknown = |work: &str| {
        Refusal::field(
            "works",
            Say::new("curation-work-unknown").with("work", work),
        )
    };
    let mut items = Vec::new();
    for WishedWork { work, note } in wish.works {
        let id = WorkId::parse(work.trim()).map_err(|_| unknown(&work))?;
        items.push(Item { work: id, note });
    }
    let node = app.clone();
    let selection = app
        .db
        .write(move |conn| {
            let venue = venues::store::by_slug(conn, &slug)?.ok_or(Refusal::Missing)?;
            if !member.curates(&venue.id) {
                let not_yours = Say::new("curation-not-yours").with("venue", &venue.name);
                return Err(Refusal::Forbidden(not_yours));
            }
            super::publish(conn, &node, &venue, &wish.title, &wish.words, &items)
        })
        .await?;
    let base = app.config.base();
    let path = selection.id.as_str().strip_prefix(&base).unwrap_or("/");
    if is_form {
        return Ok(Redirect::to(path).into_response());
    }
    let place = [(LOCATION, selection.id.as_str().to_owned())];
    let answer = Json(described(&selection));
    Ok((StatusCode::CREATED, place, answer).into_response())
}

fn form(body: &[u8]) -> Result<Wish, Refusal> {
    if body.len() > LIMIT {
        let say = Say::new("refusal-body-large").with("limit", LIMIT / 1024);
        return Err(Refusal::field("body", say));
    }
    let mut wish = Wish {
        title: String::new(),
        words: String::new(),
        works: Vec::new(),
    };
    // The note that follows an empty line belongs to no work.
    let mut line_is_empty = true;
    for (name, value) in url::form_urlencoded::parse(body) {
        if name == "work" {
            line_is_empty = value.trim().is_empty();
        }
        match &*name {
            "title" => wish.title = value.into_owned(),
            "words" => wish.words = value.into_owned(),
            "work" if line_is_empty => {}
            "work" => wish.works.push(WishedWork {
                work: value.into_owned(),
                note: String::new(),
            }),
            "note" if !line_is_empty => {
                if let Some(last) = wish.works.last_mut() {
                    last.note = value.into_owned();
                }
            }
            _ => {}
        }
    }
    Ok(wish)
}
