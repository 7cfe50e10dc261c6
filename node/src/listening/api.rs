//! JSON for programs: enrolling a post, handing plays in, reporting a play.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Path, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Enrolling, NewPlay, is_signed, posts, taking};
use crate::web::{self, App, Guest, Refusal};
use crate::words::Say;

/// The longest body with a single thing in it, in bytes.
const LIMIT: usize = 16 * 1024;
/// The longest body with plays, in bytes.
const PLAYS_LIMIT: usize = 1024 * 1024;
/// The most plays handed in at once.
const PLAYS: usize = 1000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Enrol {
    code: Option<String>,
    name: String,
    public_key: String,
}

pub(super) async fn enrol(
    State(app): State<App>,
    guest: Guest,
    body: Bytes,
) -> Result<Response, Refusal> {
    let wish: Enrol = web::json_body(&body, LIMIT)?;
    let enrolling = Enrolling {
        name: wish.name,
        public_key: wish.public_key,
    };
    let (post, venue) = match wish.code {
        Some(code) => super::enrol(&app, &code, &enrolling).await?,
        None => super::enrol_device(&app, guest.signed_in()?, &enrolling).await?,
    };
    let enrolled = json!({ "id": post.id, "venue": post.venue.as_str(), "venue_name": venue.name });
    Ok((StatusCode::CREATED, Json(enrolled)).into_response())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct HandIn {
    plays: Vec<Value>,
}

pub(super) async fn hand_in(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request<Body>,
) -> Result<Response, Refusal> {
    let (parts, body) = request.into_parts();
    let language = web::language_of(&parts.headers, &app);
    let body = axum::body::to_bytes(body, PLAYS_LIMIT).await.map_err(|_| {
        let say = Say::new("refusal-body-large").with("limit", PLAYS_LIMIT / 1024);
        Refusal::field("body", say)
    })?;
    if !is_signed(&parts) {
        return Err(Refusal::Forbidden(Say::new("listening-post-unsigned")));
    }
    let post = posts::signed_post(&app, &parts, &body).await?;
    if post.id != app.config.uri(&format!("/posts/{id}")) {
        return Err(Refusal::Forbidden(Say::new("listening-post-other")));
    }
    let wish: HandIn = web::json_body(&body, PLAYS_LIMIT)?;
    if wish.plays.len() > PLAYS {
        let say = Say::new("listening-plays-many").with("limit", PLAYS);
        return Err(Refusal::field("plays", say));
    }
    let node = app.clone();
    let answer = app
        .db
        .write(move |conn| taking::hand_in(conn, &node, &post, &wish.plays))
        .await?;
    let refused: Vec<Value> = answer
        .refused
        .iter()
        .map(|(id, why)| json!({ "id": id, "reason": why.to(language) }))
        .collect();
    let told = json!({ "taken": answer.taken, "known": answer.known, "refused": refused });
    Ok(Json(told).into_response())
}

pub(super) async fn report(
    State(app): State<App>,
    guest: Guest,
    body: Bytes,
) -> Result<Json<Value>, Refusal> {
    let member = guest.signed_in()?.clone();
    let play: Value = web::json_body(&body, LIMIT)?;
    let play = NewPlay::read(&play).map_err(|why| Refusal::field("play", why))?;
    let node = app.clone();
    let seconds = app
        .db
        .write(move |conn| taking::report(conn, &node, &member, &play))
        .await?;
    Ok(Json(json!({ "seconds": seconds })))
}
