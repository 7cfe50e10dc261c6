//! Serving a file: whole or one part of it, while it is here or while it still arrives.
//!
//! One range of a file is served exactly (RFC 9110 §14); several ranges at once are answered with
//! the whole, which the standard allows. The tag of a file is the digest of its bytes, so that a
//! range never mixes two files. Whether the listener may still listen is asked again every now and
//! then while the bytes go out: a work that is withdrawn falls silent in the middle.

use std::io::{self, SeekFrom};

use axum::body::{Body, Bytes};
use axum::http::header::{
    ACCEPT_RANGES, CACHE_CONTROL, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
    IF_RANGE, RANGE, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use federation::digest::Sha256Digest;
use futures_util::stream;
use settlement::WorkId;
use tokio::fs::File;
use tokio::io::{AsyncReadExt, AsyncSeekExt};

use super::cache::Arriving;
use super::{Work, media, store};
use crate::listening::Holder;
use crate::web::{App, Refusal};

/// How much of a file is read at a time, in bytes.
const CHUNK: usize = 64 * 1024;
/// After how many bytes it is asked again whether they may go on: some ten seconds of music.
const CHECK: usize = 256 * 1024;

/// A file that can be served.
pub(super) struct Sound {
    /// The file, open.
    pub file: File,
    /// Its size in bytes.
    pub size: u64,
    /// The digest of its bytes in quotation marks, when it is known.
    pub tag: Option<String>,
    /// Its media type.
    pub media_type: String,
    /// What tells how much of it is here, while it arrives.
    pub arriving: Option<Arriving>,
}

/// By what leave a file is served: it may end while the bytes go out.
#[derive(Clone)]
pub(super) struct Leave {
    /// The node.
    pub app: App,
    /// The work.
    pub work: WorkId,
    /// Who listens, and until when their grant lasts (microseconds UTC); nobody where another node
    /// fetches.
    pub listener: Option<(Holder, i64)>,
}

impl Leave {
    /// Whether it still holds.
    async fn holds(&self) -> Result<bool, Refusal> {
        let now_us = self.app.clock.now_us();
        let Leave { work, listener, .. } = self.clone();
        let look = self.app.db.read(move |conn| {
            if !store::work(conn, &work)?.is_some_and(|work| work.is_offered()) {
                return Ok(false);
            }
            match listener {
                None => Ok(true),
                Some((_, until_us)) if until_us <= now_us => Ok(false),
                Some((holder, _)) => Ok::<_, Refusal>(holder.may_listen(conn, now_us)?),
            }
        });
        look.await
    }
}

/// The media type of a work's file, as its document says: it is shown to a browser.
pub(super) fn media_type(work: &Work) -> String {
    let said = work.media_type.as_deref();
    said.unwrap_or("application/octet-stream").to_owned()
}

/// Answers with a file of this node that is no work yet, or the part of it that was asked for.
pub(super) async fn kept(
    app: &App,
    digest: &Sha256Digest,
    media_type: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let (folder, digest) = (app.config.media.clone(), *digest);
    let opened = tokio::task::spawn_blocking(move || media::open(&folder, &digest));
    let (file, size) = match opened.await.map_err(Refusal::broken)? {
        Ok((file, size)) => (File::from_std(file), size),
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(Refusal::Missing),
        Err(error) => return Err(Refusal::broken(error)),
    };
    let sound = Sound {
        file,
        size,
        tag: Some(format!("\"{}\"", digest.hex())),
        media_type: media_type.to_owned(),
        arriving: None,
    };
    answer(sound, None, headers).await
}

/// Answers with the file, or the part of it that was asked for.
pub(super) async fn serve(
    sound: Sound,
    leave: Leave,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    answer(sound, Some(leave), headers).await
}

async fn answer(
    mut sound: Sound,
    leave: Option<Leave>,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    let (tag, size) = (sound.tag.as_deref(), sound.size);
    let mut answer = HeaderMap::new();
    if let Some(tag) = tag {
        answer.insert(ETAG, header(tag)?);
    }
    answer.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    answer.insert(CACHE_CONTROL, HeaderValue::from_static("private"));
    answer.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    if tag.is_some_and(|tag| is_unchanged(headers, tag)) {
        return Ok((StatusCode::NOT_MODIFIED, answer).into_response());
    }
    let (status, start, length) = match asked(headers, tag, size) {
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
            answer.insert(CONTENT_RANGE, header(&format!("bytes */{size}"))?);
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, answer).into_response());
        }
    };
    answer.insert(CONTENT_TYPE, header(&sound.media_type)?);
    answer.insert(CONTENT_LENGTH, HeaderValue::from(length));
    sound
        .file
        .seek(SeekFrom::Start(start))
        .await
        .map_err(Refusal::broken)?;
    let reading = Reading {
        file: sound.file,
        arriving: sound.arriving,
        leave,
        at: start,
        end: start + length,
        unchecked: 0,
    };
    let body = Body::from_stream(stream::try_unfold(reading, Reading::next));
    Ok((status, answer, body).into_response())
}

/// A file on its way out.
struct Reading {
    file: File,
    arriving: Option<Arriving>,
    /// None where it does not end while the bytes go out.
    leave: Option<Leave>,
    /// Where reading is, and where it ends, in bytes.
    at: u64,
    end: u64,
    /// Bytes since it was last asked whether they may go on.
    unchecked: usize,
}

impl Reading {
    /// The next bytes. An error ends the answer before its length, which the listener's player
    /// cannot take for the end of the work.
    async fn next(mut self) -> io::Result<Option<(Bytes, Self)>> {
        if self.at == self.end {
            return Ok(None);
        }
        if let Some(leave) = self.leave.as_ref().filter(|_| self.unchecked >= CHECK) {
            if !leave.holds().await.unwrap_or(false) {
                return Err(io::Error::other("the leave to listen has ended"));
            }
            self.unchecked = 0;
        }
        let here = match &mut self.arriving {
            None => self.end,
            Some(arriving) => arriving.beyond(self.at).await?.min(self.end),
        };
        let some = usize::try_from(here - self.at).unwrap_or(CHUNK).min(CHUNK);
        let mut bytes = vec![0; some];
        self.file.read_exact(&mut bytes).await?;
        self.at += some as u64;
        self.unchecked += some;
        Ok(Some((Bytes::from(bytes), self)))
    }
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

fn asked(headers: &HeaderMap, tag: Option<&str>, size: u64) -> Asked {
    let of_this_file = headers
        .get(IF_RANGE)
        .is_none_or(|sent| tag.is_some_and(|tag| sent == tag));
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
