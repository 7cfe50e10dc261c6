//! The doors of a report: the manifest and what it names, for other nodes alone.

use std::path::PathBuf;

use axum::Router;
use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use federation::report::PARQUET_MEDIA_TYPE;
use settlement::Period;
use tokio_util::io::ReaderStream;

use super::store;
use crate::files;
use crate::peers::SignedPeer;
use crate::web::{App, Refusal};
use crate::words::Say;

/// What leads to a report's files.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/reports/{period}/{sequence}", get(manifest))
        .route("/reports/{period}/{sequence}/{table}", get(table))
}

/// `report.json`, to any node.
async fn manifest(
    State(app): State<App>,
    _peer: SignedPeer,
    Path((period, sequence)): Path<(String, i64)>,
) -> Result<Response, Refusal> {
    let report = found(&app, &period, sequence).await?;
    Ok((
        [(CONTENT_TYPE, "application/activity+json")],
        report.manifest,
    )
        .into_response())
}

/// `tracks` and `reduction` to any node; `lines`, which are about persons, to the coordinator alone.
async fn table(
    State(app): State<App>,
    SignedPeer(peer): SignedPeer,
    Path((period, sequence, table)): Path<(String, i64, String)>,
) -> Result<Response, Refusal> {
    let file = match table.as_str() {
        "tracks" => "tracks.parquet",
        "reduction" => "reduction.parquet",
        "lines" if peer.actor_id == app.config.coordinator_actor() => "lines.parquet",
        "lines" => return Err(Refusal::Forbidden(Say::new("reports-lines-are-private"))),
        _ => return Err(Refusal::Missing),
    };
    let report = found(&app, &period, sequence).await?;
    send_file(
        app.config.dir.join(report.folder).join(file),
        PARQUET_MEDIA_TYPE,
    )
    .await
}

async fn found(app: &App, period: &str, sequence: i64) -> Result<store::OwnReport, Refusal> {
    let period = Period::parse(period).map_err(|_| Refusal::Missing)?;
    app.db
        .read(move |conn| store::report(conn, period, sequence)?.ok_or(Refusal::Missing))
        .await
}

/// Streams a file that only nodes may read.
pub(crate) async fn send_file(
    path: PathBuf,
    media_type: &'static str,
) -> Result<Response, Refusal> {
    let file = match tokio::fs::File::open(&path).await {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Err(Refusal::Missing),
        Err(error) => return Err(files::refused(&path, error)),
    };
    let mut response = Body::from_stream(ReaderStream::new(file)).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    Ok(response)
}
