//! JSON for programs: joining, signing in and out.

use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::json;

use super::callers::Caller;
use super::{Joining, Session};
use crate::config::Language;
use crate::web::{self, App, Refusal, SESSION_COOKIE};

/// The longest body taken here, in bytes.
const LIMIT: usize = 16 * 1024;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Join {
    code: String,
    name: String,
    password: String,
    language: Option<Language>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SignIn {
    name: String,
    password: String,
    /// The second step, for whoever has one.
    code: Option<String>,
}

pub(super) async fn join(
    State(app): State<App>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let wish: Join = web::json_body(&body, LIMIT)?;
    let joining = Joining {
        code: wish.code,
        name: wish.name,
        password: wish.password,
        language: wish
            .language
            .unwrap_or_else(|| web::language_of(&headers, &app)),
    };
    Ok(opened(&app, &super::join(&app, joining).await?))
}

pub(super) async fn sign_in(
    State(app): State<App>,
    caller: Caller,
    body: Bytes,
) -> Result<Response, Refusal> {
    let wish: SignIn = web::json_body(&body, LIMIT)?;
    let session = super::sign_in_from(&app, &caller, &wish.name, &wish.password).await?;
    if session.waits {
        let code = wish.code.unwrap_or_default();
        super::second::prove(&app, session.token(), &code).await?;
    }
    Ok(opened(&app, &session))
}

pub(super) async fn sign_out(
    State(app): State<App>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if let Some(token) = web::cookie(&headers, SESSION_COOKIE) {
        super::sign_out(&app, token).await?;
    }
    let gone = [(SET_COOKIE, super::without_session(&app))];
    Ok((StatusCode::NO_CONTENT, gone).into_response())
}

fn opened(app: &App, session: &Session) -> Response {
    let member = json!({ "name": session.member.name, "language": session.member.language });
    (StatusCode::CREATED, session.cookies(app), Json(member)).into_response()
}
