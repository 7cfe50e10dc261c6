//! A venue as other servers see it: an actor. Its address serves people and servers alike.

use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;

use super::{pages, store};
use crate::peers;
use crate::web::{App, Guest, Refusal, wants_activity};

/// `GET /venues/{slug}`: the venue's actor for servers, its page for people.
pub async fn venue(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if !wants_activity(&headers) {
        return pages::venue(State(app), guest, Path(slug)).await;
    }
    let found = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::by_slug(conn, &slug)?))
        .await?;
    let venue = found.ok_or(Refusal::Missing)?;
    let actor = peers::actor::Local::Venue(venue).actor(&app);
    Ok(peers::api::activity_json(&actor.to_value()))
}
