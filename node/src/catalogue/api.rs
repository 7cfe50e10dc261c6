//! JSON: the documents of works, releases and parties for other nodes; a work for programs.

use std::collections::BTreeMap;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use federation::digest::Sha256Digest;
use federation::vocabulary::ACTIVITY_JSON;
use serde::Deserialize;
use serde_json::{Value, json};
use settlement::{Date, PartyId, Uri, WorkId};

use super::loudness::{self, Loudness};
use super::{Release, Work, documents, encoded, pictures, store};
use crate::db::Conn;
use crate::listening::Listener;
use crate::peers::{self, fetch};
use crate::web::{App, Refusal};
use crate::words::Say;

/// Answers with an ActivityPub document.
pub fn activity_json(status: StatusCode, document: &Value) -> Response {
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static(ACTIVITY_JSON)),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (status, headers, document.to_string()).into_response()
}

/// The document of a work of this node, or what is left of it.
pub async fn work(app: &App, id: String) -> Result<Response, Refusal> {
    let id = WorkId::parse(&app.config.uri(&format!("/works/{id}")));
    let id = id.map_err(|_| Refusal::Missing)?;
    let node = app.clone();
    app.db
        .read(move |conn| {
            let work = store::work(conn, &id)?.ok_or(Refusal::Missing)?;
            if let Some(withdrawn_us) = work.withdrawn_us {
                return Ok(gone(
                    id.uri(),
                    federation::vocabulary::Work::type_of(work.kind),
                    withdrawn_us,
                ));
            }
            let document = documents::work(conn, &node, &work)?;
            Ok(activity_json(StatusCode::OK, &document))
        })
        .await
}

/// The document of a release of this node, or what is left of it.
pub async fn release(app: &App, id: String) -> Result<Response, Refusal> {
    let id = Uri::parse(&app.config.uri(&format!("/releases/{id}")));
    let id = id.map_err(|_| Refusal::Missing)?;
    let node = app.clone();
    app.db
        .read(move |conn| {
            let release = store::release(conn, &id)?.ok_or(Refusal::Missing)?;
            if let Some(withdrawn_us) = release.withdrawn_us {
                return Ok(gone(&id, "Album", withdrawn_us));
            }
            let document = documents::release(conn, &node, &release)?;
            Ok(activity_json(StatusCode::OK, &document))
        })
        .await
}

/// What answers for something that was withdrawn.
pub fn gone(id: &Uri, former_type: &str, withdrawn_us: i64) -> Response {
    let tombstone = documents::tombstone(id, former_type, withdrawn_us);
    activity_json(StatusCode::GONE, &tombstone)
}

/// A party of this node as an actor.
pub async fn party(app: &App, slug: String) -> Result<Response, Refusal> {
    let id = PartyId::parse(&app.config.uri(&format!("/parties/{slug}")));
    let id = id.map_err(|_| Refusal::Missing)?;
    let party = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::party(conn, &id)?))
        .await?;
    let party = party
        .filter(|party| party.origin == app.config.base())
        .ok_or(Refusal::Missing)?;
    let actor = peers::actor::Local::Party(party).actor(app);
    Ok(activity_json(StatusCode::OK, &actor.to_value()))
}

/// `GET /works/{id}/splits/{day}`: a split sheet of a work of this node, as it was signed.
pub(super) async fn split_sheet(
    State(app): State<App>,
    Path((id, day)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let work = WorkId::parse(&app.config.uri(&format!("/works/{id}")));
    let work = work.map_err(|_| Refusal::Missing)?;
    let day = Date::parse(&day).map_err(|_| Refusal::Missing)?;
    let sheet = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::sheet_from(conn, &work, day)?))
        .await?;
    let document = sheet.ok_or(Refusal::Missing)?.document;
    let document = serde_json::from_str(&document).map_err(Refusal::broken)?;
    Ok(activity_json(StatusCode::OK, &document))
}

/// `GET /covers/{digest}`: a picture of this node. Its name is its content, so it never changes.
pub(super) async fn cover(
    State(app): State<App>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let digest: Sha256Digest = format!("sha-256:{name}")
        .parse()
        .map_err(|_| Refusal::Missing)?;
    let media = app.config.media.clone();
    let read = tokio::task::spawn_blocking(move || pictures::read(&media, &digest)).await;
    let bytes = match read.map_err(Refusal::broken)? {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Refusal::Missing),
        Err(error) => return Err(Refusal::broken(error)),
    };
    let tag = HeaderValue::from_str(&format!("\"{name}\"")).map_err(Refusal::broken)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("image/jpeg")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (ETAG, tag),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=31536000, immutable"),
        ),
    ];
    Ok((headers, bytes).into_response())
}

#[derive(Deserialize)]
pub(super) struct OfRelease {
    release: String,
}

/// `GET /covers/of?release=`: the picture of a release of another node, fetched by this node the
/// first time it is asked for, so that the other node does not learn who looks.
pub(super) async fn cover_of(
    State(app): State<App>,
    Query(of): Query<OfRelease>,
) -> Result<Response, Refusal> {
    let id = Uri::parse(&of.release).map_err(|_| Refusal::Missing)?;
    let release = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::release(conn, &id)?))
        .await?;
    let release = release.filter(|release| release.withdrawn_us.is_none());
    let release = release.ok_or(Refusal::Missing)?;
    let digest = match (release.cover, &release.cover_url) {
        (Some(digest), _) => digest,
        (None, Some(url)) => fetched_cover(&app, &release, url).await?,
        (None, None) => return Err(Refusal::Missing),
    };
    Ok(Redirect::temporary(&format!("/covers/{}", digest.hex())).into_response())
}

async fn fetched_cover(app: &App, release: &Release, url: &Uri) -> Result<Sha256Digest, Refusal> {
    let digest = match picture_from(app, url.as_str()).await {
        Ok(digest) => Some(digest),
        // Not a picture: it is not asked for again until the release says otherwise.
        Err(Refusal::Invalid(_)) => None,
        Err(refusal) => return Err(refusal),
    };
    let (id, url) = (release.id.clone(), url.clone());
    app.db
        .write(move |conn| Ok::<_, Refusal>(store::set_cover(conn, &id, &url, digest)?))
        .await?;
    digest.ok_or(Refusal::Missing)
}

/// Fetches a picture in the node's own name and keeps it, drawn anew.
///
/// # Errors
/// [`Refusal::Missing`] when it cannot be had, [`Refusal::Invalid`] when it is no picture.
pub async fn picture_from(app: &App, url: &str) -> Result<Sha256Digest, Refusal> {
    let folder = app.config.media.join(".incoming");
    std::fs::create_dir_all(&folder).map_err(Refusal::broken)?;
    let passing = app.clock.fresh_id();
    let path = folder.join(format!("cover-{passing}"));
    let limit = pictures::BYTES_LIMIT as u64;
    if let Err(error) = fetch::to_file(app, url, limit, None, &path).await {
        tracing::info!(url, %error, "a picture cannot be had from its origin");
        return Err(Refusal::Missing);
    }
    let node = app.clone();
    let kept = tokio::task::spawn_blocking(move || {
        let kept = pictures::read_file(&path)
            .and_then(|bytes| pictures::keep(&node.config.media, &passing, &bytes));
        // It has served; what stays is the redrawn one.
        let _ = std::fs::remove_file(&path);
        kept
    });
    match kept.await.map_err(Refusal::broken)? {
        Ok(digest) => Ok(digest),
        Err(pictures::PictureRefused::Io(error)) => Err(Refusal::broken(error)),
        Err(_) => Err(Refusal::field(
            "picture",
            Say::new("curation-picture-refused"),
        )),
    }
}

#[derive(Deserialize)]
pub(super) struct OfWork {
    work: String,
}

/// `GET /listen/peaks?work=`: the outline of a work's sound, for players that draw it.
pub(super) async fn peaks(
    State(app): State<App>,
    _listener: Listener,
    Query(of): Query<OfWork>,
) -> Result<Response, Refusal> {
    let id = WorkId::parse(&of.work).map_err(|_| Refusal::Missing)?;
    let outline = app
        .db
        .read(move |conn| {
            let work = store::work(conn, &id)?.filter(Work::is_offered);
            let work = work.ok_or(Refusal::Missing)?;
            let measure = loudness::measured(conn, &work)?.ok_or(Refusal::Missing)?;
            let (length, peaks) = (work.duration_ms, measure.peaks);
            Ok::<_, Refusal>(json!({ "duration_ms": length, "peaks": peaks }))
        })
        .await?;
    let private = [(CACHE_CONTROL, HeaderValue::from_static("private"))];
    Ok((private, Json(outline)).into_response())
}

#[derive(Deserialize)]
pub(super) struct Named {
    uri: String,
}

/// `GET /api/works?uri=`: one work.
pub(super) async fn one_work(
    State(app): State<App>,
    _listener: Listener,
    Query(named): Query<Named>,
) -> Result<Json<Value>, Refusal> {
    let id = WorkId::parse(&named.uri).map_err(|_| Refusal::Missing)?;
    let described = app
        .db
        .read(move |conn| {
            let work = store::work(conn, &id)?.filter(Work::is_offered);
            described(conn, &[work.ok_or(Refusal::Missing)?])
        })
        .await?;
    described
        .into_iter()
        .next()
        .map(Json)
        .ok_or(Refusal::Missing)
}

/// Works as programs read them, in their order.
pub fn described(conn: &mut Conn, works: &[Work]) -> Result<Vec<Value>, Refusal> {
    let ids: Vec<Uri> = works
        .iter()
        .filter_map(|work| work.release.clone())
        .collect();
    let releases: BTreeMap<Uri, Release> = store::releases(conn, &ids)?
        .into_iter()
        .map(|release| (release.id.clone(), release))
        .collect();
    let loud = loudness::of(conn, works)?;
    Ok(works
        .iter()
        .map(|work| {
            let release = work.release.as_ref().and_then(|id| releases.get(id));
            describe(work, release, loud.get(&work.id).copied())
        })
        .collect())
}

fn describe(work: &Work, release: Option<&Release>, loudness: Option<Loudness>) -> Value {
    json!({
        "id": work.id.as_str(),
        "kind": work.kind.as_str(),
        "title": work.title,
        "credit": work.credit,
        "release": release.map(|release| json!({
            "id": release.id.as_str(),
            "title": release.title,
        })),
        "disc": work.disc,
        "position": work.position,
        "duration_ms": work.duration_ms,
        "territory": work.territory.map(|territory| territory.to_string()),
        "here": work.is_here(),
        "media_type": work.media_type,
        "cover": release.and_then(Release::cover_path),
        "listen": listen_path(&work.id),
        "loudness": loudness.map(|loudness| json!({
            "integrated_mlufs": loudness.mlufs,
            "peak_micro": loudness.peak_micro,
            "gain_mdb": loudness.gain_mdb(),
        })),
    })
}

/// Where on this node a work is listened to.
pub fn listen_path(work: &WorkId) -> String {
    format!("/listen?work={}", encoded(work.as_str()))
}
