//! Pages compressed on their way out. Assets are compressed once, when they are first asked for; a page
//! is another for everybody. What is no page goes out as it is.

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, VARY};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use flate2::Compression;

use super::assets::{packed, takes_gzip};
use crate::web::Refusal;

/// A page below this many bytes fits a packet or two as it is.
const WORTH: usize = 1_400;
/// No page is larger than this, in bytes.
const LIMIT: usize = 16 * 1024 * 1024;

/// Compresses pages for those who take them so.
pub async fn pages(request: Request, next: Next) -> Response {
    let takes = takes_gzip(request.headers());
    let response = next.run(request).await;
    let kind = response.headers().get(CONTENT_TYPE);
    let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
    if !is_page || response.headers().contains_key(CONTENT_ENCODING) {
        return response;
    }
    let (mut head, body) = response.into_parts();
    head.headers
        .append(VARY, HeaderValue::from_static("accept-encoding"));
    let page = match to_bytes(body, LIMIT).await {
        Ok(page) => page,
        Err(error) => return Refusal::broken(error).into_response(),
    };
    if !takes || page.len() < WORTH {
        return Response::from_parts(head, Body::from(page));
    }
    let page = packed(&page, Compression::fast());
    head.headers
        .insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
    head.headers.remove(CONTENT_LENGTH);
    Response::from_parts(head, Body::from(page))
}
