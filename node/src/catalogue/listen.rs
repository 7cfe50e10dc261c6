//! Serving files: to who listens here, and to other nodes whose members listen there.
//!
//! One range of a file is served exactly (RFC 9110 §14); several ranges at once are answered with
//! the whole, which the standard allows. The tag of a file is the digest of its bytes, so that a
//! range never mixes two files.

use std::io::SeekFrom;

use axum::body::Body;
use axum::extract::{Path, Query, State};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use settlement::WorkId;
use tokio::io::{AsyncReadExt, AsyncSeekExt};
use tokio_util::io::ReaderStream;

use super::{Work, media, store};
use crate::Node;
use crate::listening::Listener;
use crate::peers::{SignedPeer, fetch};
use crate::web::{App, Refusal};
use crate::words::Say;

/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;

#[derive(Deserialize)]
pub(super) struct Wanted {
    work: String,
}

/// `GET /listen?work=`: the sound of any work, of this node or another, for who listens here.
pub(super) async fn listen(
    State(app): State<App>,
    listener: Listener,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if let Listener::Member(member) = listener
        && member.venue.is_none()
    {
        return Err(Refusal::Forbidden(Say::new("catalogue-listen-no-venue")));
    }
    let id = WorkId::parse(&wanted.work).map_err(|_| Refusal::Missing)?;
    let work = offered(&app, id).await?;
    if work.is_here() {
        serve(&app, &work, &headers).await
    } else {
        pass_on(&app, &work, &headers).await
    }
}

/// `GET /works/{id}/media`: the file of a work of this node, for other nodes.
pub(super) async fn media_for_peers(
    State(app): State<App>,
    Path(id): Path<String>,
    _peer: SignedPeer,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = WorkId::parse(&app.config.uri(&format!("/works/{id}")));
    let work = offered(&app, id.map_err(|_| Refusal::Missing)?).await?;
    serve(&app, &work, &headers).await
}

async fn offered(app: &App, id: WorkId) -> Result<Work, Refusal> {
    let work = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::work(conn, &id)?))
        .await?;
    work.filter(Work::is_offered).ok_or(Refusal::Missing)
}

/// Serves the file of a work of this node.
async fn serve(node: &Node, work: &Work, headers: &HeaderMap) -> Result<Response, Refusal> {
    let digest = work.media.ok_or(Refusal::Missing)?;
    let path = media::path(&node.config.media, &digest);
    let mut file = tokio::fs::File::open(&path).await.map_err(|error| {
        // A work whose file is gone is our fault, not the listener's.
        Refusal::broken(format!("{}: {error}", path.display()))
    })?;
    let size = file.metadata().await.map_err(Refusal::broken)?.len();
    let tag = format!("\"{}\"", digest.hex());

    let mut answer = HeaderMap::new();
    answer.insert(ETAG, header(&tag)?);
    answer.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    if is_unchanged(headers, &tag) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    answer.insert(CONTENT_TYPE, media_type(work)?);
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let (status, start, length) = match asked(headers, &tag, size) {
        Asked::Whole => (StatusCode::OK, 0, size),
        Asked::Part { start, length } => {
            let end = start + length - 1;
            answer.insert(
                CONTENT_RANGE,
                header(&format!("bytes {start}-{end}/{size}"))?,
            );
            (StatusCode::PARTIAL_CONTENT, start, length)
        }
        Asked::Beyond => {
            answer.remove(CONTENT_TYPE);
            answer.insert(CONTENT_RANGE, header(&format!("bytes */{size}"))?);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, answer).into_response());
        }
    };
    answer.insert(CONTENT_LENGTH, HeaderValue::from(length));
    file.seek(SeekFrom::Start(start))
        .await
        .map_err(Refusal::broken)?;
    let body = Body::from_stream(ReaderStream::with_capacity(file.take(length), CHUNK));
    Ok((status, answer, body).into_response())
}

/// Fetches the file of a work at its origin and hands it on while it arrives. The origin learns
/// that this node plays it, and nothing of who listens.
async fn pass_on(app: &App, work: &Work, headers: &HeaderMap) -> Result<Response, Refusal> {
    let url = work.media_url.as_ref().ok_or(Refusal::Missing)?;
    let range = headers.get(RANGE).cloned();
    let away = |error: fetch::FetchRefused| {
        tracing::warn!(work = %work.id, %error, "a work cannot be had from its origin");
        Refusal::Conflict(Say::new("catalogue-origin-away").with("origin", &work.origin))
    };
    let mut arriving = fetch::stream(app, url.as_str(), range)
        .await
        .map_err(away)?;
    let other_bytes = headers
        .get(IF_RANGE)
        .is_some_and(|tag| arriving.headers().get(ETAG) != Some(tag));
    if arriving.status() == StatusCode::PARTIAL_CONTENT && other_bytes {
        // The part asked for belongs to a file that has changed since: the whole, then.
        arriving = fetch::stream(app, url.as_str(), None).await.map_err(away)?;
    }
    let mut answer = HeaderMap::new();
    for name in [CONTENT_LENGTH, CONTENT_RANGE, ETAG, ACCEPT_RANGES] {
        if let Some(value) = arriving.headers().get(&name) {
            answer.insert(name, value.clone());
        }
    }
    let status = arriving.status();
    if status.is_success() {
        // As the work's document says, not as the answer does: it is shown to a browser.
        answer.insert(CONTENT_TYPE, media_type(work)?);
    }
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let body = if status.is_success() {
        Body::from_stream(arriving.bytes_stream())
    } else {
        answer.remove(CONTENT_LENGTH);
        Body::empty()
    };
    Ok((status, answer, body).into_response())
}

fn media_type(work: &Work) -> Result<HeaderValue, Refusal> {
    header(
        work.media_type
            .as_deref()
            .unwrap_or("application/octet-stream"),
    )
}

fn header(text: &str) -> Result<HeaderValue, Refusal> {
    HeaderValue::from_str(text).map_err(Refusal::broken)
}

fn is_unchanged(headers: &HeaderMap, tag: &str) -> bool {
    headers
        .get(IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| {
            tags.split(',')
                .map(|one| one.trim().trim_start_matches("W/"))
                .any(|one| one == "*" || one == tag)
        })
}

/// How much of a file is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asked {
    Whole,
    Part { start: u64, length: u64 },
    Beyond,
}

fn asked(headers: &HeaderMap, tag: &str, size: u64) -> Asked {
    let of_this_file = headers.get(IF_RANGE).is_none_or(|sent| sent == tag);
    let range = headers.get(RANGE).and_then(|range| range.to_str().ok());
    match range {
        Some(range) if of_this_file => range_of(range, size).unwrap_or(Asked::Whole),
        _ => Asked::Whole,
    }
}

/// Reads one range; none for what is no range of bytes, or several: those are passed over.
fn range_of(text: &str, size: u64) -> Option<Asked> {
    let (unit, set) = text.split_once('=')?;
    if !unit.trim().eq_ignore_ascii_case("bytes") || set.contains(',') {
        return None;
    }
    let (first, last) = set.trim().split_once('-')?;
    let whole = |digits: &str| -> Option<u64> {
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        // More digits than fit are beyond any file.
        plain.then(|| digits.parse().unwrap_or(u64::MAX))
    };
    if first.is_empty() {
        let length = whole(last)?.min(size);
        if length == 0 {
            return Some(Asked::Beyond);
        }
        return Some(Asked::Part {
            start: size - length,
            length,
        });
    }
    let start = whole(first)?;
    let last = match last {
        "" => u64::MAX,
        last => whole(last)?,
    };
    if last < start {
        return None;
    }
    if start >= size {
        return Some(Asked::Beyond);
    }
    Some(Asked::Part {
        start,
        length: last.min(size - 1) - start + 1,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_read_exactly() {
        let part = |start, length| Some(Asked::Part { start, length });
        for (text, asked) in [
            ("bytes=0-0", part(0, 1)),
            ("bytes=0-", part(0, 10)),
            ("bytes=3-5", part(3, 3)),
            ("Bytes=3-500", part(3, 7)),
            ("bytes=9-99999999999999999999999", part(9, 1)),
            ("bytes=-3", part(7, 3)),
            ("bytes=-30", part(0, 10)),
            ("bytes=10-", Some(Asked::Beyond)),
            ("bytes=-0", Some(Asked::Beyond)),
            ("bytes=99999999999999999999999-", Some(Asked::Beyond)),
            ("bytes=5-3", None),
            ("bytes=0-1,3-4", None),
            ("bytes=a-b", None),
            ("bytes=+1-2", None),
            ("bytes=-", None),
            ("items=0-1", None),
            ("0-1", None),
        ] {
            assert_eq!(range_of(text, 10), asked, "{text}");
        }
    }
}
