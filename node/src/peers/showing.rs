//! To whom documents are shown.
//!
//! What a node publishes is public, unless its settings say `authorised_fetch`: then works, releases,
//! selections and the collections are given to proven peers alone. Actors are always public, since
//! nobody could be proven without their keys. Who signs and is not spoken with is turned away
//! everywhere: a signature says who asks, so the answer may depend on it. (Media are never given
//! without a signature, see [`crate::catalogue::listen`].)

use axum::extract::{FromRequestParts as _, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use federation::signature;
use http::Method;
use url::Url;

use super::prove::{SignedPeer, Unproven, incoming};
use super::standing::{Blocklist, Rules};
use crate::web::{App, Refusal, wants_activity};

/// Documents that are pages for people too: meant are those for programs.
const DOCUMENTS: [&str; 3] = ["/works/", "/releases/", "/selections/"];
/// What is for programs alone.
const COLLECTIONS: [&str; 5] = [
    "/outbox",
    "/catalogue",
    "/followers",
    "/following",
    "/activities/",
];

/// Lets a request for a document pass, or turns it away.
pub async fn guard(
    State(app): State<App>,
    request: Request,
    next: Next,
) -> Result<Response, Response> {
    let is_read = matches!(*request.method(), Method::GET | Method::HEAD);
    if !is_read {
        return Ok(next.run(request).await);
    }
    let is_guarded = app.config.authorised_fetch && is_document(&request);
    let (mut parts, body) = request.into_parts();
    if is_guarded {
        SignedPeer::from_request_parts(&mut parts, &app)
            .await
            .map_err(Unproven::into_response)?;
    } else if parts.headers.contains_key("signature") {
        let claimed = signature::parse(&incoming(&app, &parts, b"")).ok();
        let origin = claimed.and_then(|claim| Url::parse(claim.key_id()).ok());
        if let Some(origin) = origin {
            turn_away_if_blocked(&app, origin)
                .await
                .map_err(Unproven::into_response)?;
        }
    }
    Ok(next.run(Request::from_parts(parts, body)).await)
}

fn is_document(request: &Request) -> bool {
    let path = request.uri().path();
    let under = |roots: &[&str]| {
        roots.iter().any(|root| match root.strip_suffix('/') {
            Some(_) => path.starts_with(root),
            None => path == *root || path.starts_with(&format!("{root}/")),
        })
    };
    under(&COLLECTIONS) || (under(&DOCUMENTS) && wants_activity(request.headers()))
}

async fn turn_away_if_blocked(app: &App, key: Url) -> Result<(), Unproven> {
    let rules = Rules::of(&app.config);
    let blocklist = app
        .db
        .read(move |conn| Ok::<_, Refusal>(Blocklist::read(conn, &rules)?))
        .await?;
    if blocklist.holds(&key) {
        return Err(Unproven::Blocked(key.origin().ascii_serialization()));
    }
    Ok(())
}
