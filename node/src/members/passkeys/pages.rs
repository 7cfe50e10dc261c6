//! The doors of passkeys: one at which a browser is asked, in JSON, and the forms its answers come
//! back in. The forms stand on the pages of [`super::super::pages`] and [`super::super::account`].

use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::http::header::{CACHE_CONTROL, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::response::{AppendHeaders, IntoResponse, Redirect, Response};
use axum::routing::post;
use axum::{Json, Router};
use serde::Deserialize;

use super::{Asked, COOKIE, Purpose, Sent};
use crate::members::account;
use crate::members::pages::sign_in_again;
use crate::pages::local_path;
use crate::web::{self, App, Guest, Refusal, SESSION_COOKIE, read};
use crate::words::Say;

/// The door at which a browser is asked.
pub fn api_routes() -> Router<App> {
    Router::new().route("/api/passkeys", post(ask))
}

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/sign-in/passkey", post(sign_in))
        .route("/me/passkeys", post(add))
        .route("/me/passkeys/rename", post(rename))
        .route("/me/passkeys/remove", post(remove))
}

#[derive(Deserialize)]
struct Wish {
    purpose: String,
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
}

/// `POST /api/passkeys`: what `navigator.credentials` is to be told, for a purpose.
async fn ask(
    State(app): State<App>,
    guest: Guest,
    form: Result<Form<Wish>, FormRejection>,
) -> Result<Response, Refusal> {
    let wish = read(form)?;
    let asked: Asked = match Purpose::parse(&wish.purpose) {
        Some(Purpose::Join) => super::ask_to_join(&app, &wish.code, &wish.name).await?,
        Some(Purpose::Add) => super::ask_to_add(&app, guest.signed_in()?).await?,
        Some(Purpose::Confirm) => super::ask(&app, Some(guest.signed_in()?)).await?,
        Some(Purpose::SignIn) => super::ask(&app, None).await?,
        None => return Err(Refusal::field("purpose", Say::new("page-form-unread"))),
    };
    let headers = [
        (SET_COOKIE, asked.cookie(&app)),
        (CACHE_CONTROL, HeaderValue::from_static("no-store")),
    ];
    Ok((headers, Json(asked.told)).into_response())
}

/// What a browser sent: its cookie, and the answer in the form.
pub(in crate::members) fn sent(headers: &HeaderMap, answer: String) -> Sent {
    let token = web::cookie(headers, COOKIE).unwrap_or_default();
    Sent {
        // Ours are 43 characters.
        token: token.chars().take(64).collect(),
        answer,
    }
}

/// The headers that take the question's cookie back.
pub(in crate::members) fn answered(app: &App) -> AppendHeaders<[(HeaderName, HeaderValue); 1]> {
    AppendHeaders([(SET_COOKIE, super::without_cookie(app))])
}

#[derive(Deserialize)]
struct SignIn {
    #[serde(default)]
    back: String,
    #[serde(default)]
    answer: String,
}

async fn sign_in(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<SignIn>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let back = local_path(&form.back);
    let before = web::cookie(&headers, SESSION_COOKIE);
    match super::sign_in(&app, sent(&headers, form.answer), before).await {
        Ok(session) => {
            let cookie = AppendHeaders([(SET_COOKIE, session.cookie(&app))]);
            Ok((answered(&app), cookie, Redirect::to(back)).into_response())
        }
        Err(Refusal::Invalid(complaints)) => sign_in_again(&app, &guest, "", back, complaints),
        Err(refusal) => Err(refusal),
    }
}

#[derive(Deserialize)]
struct OfPasskey {
    #[serde(default)]
    id: String,
    #[serde(default, rename = "passkey-name")]
    name: String,
    #[serde(default)]
    answer: String,
}

async fn add(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<OfPasskey>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let member = guest.signed_in()?;
    let token = account::token(&headers)?;
    let sent = sent(&headers, form.answer);
    match super::add(&app, member, &token, &form.name, sent).await {
        Ok(()) => Ok((answered(&app), account::back("passkey")).into_response()),
        Err(refusal) => account::again(&app, &guest, "", refusal).await,
    }
}

async fn rename(
    State(app): State<App>,
    guest: Guest,
    form: Result<Form<OfPasskey>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let member = &guest.signed_in()?.id;
    match super::rename(&app, member, &form.id, &form.name).await {
        Ok(()) => Ok(account::back("passkey-renamed")),
        Err(refusal) => account::again(&app, &guest, "", refusal).await,
    }
}

async fn remove(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<OfPasskey>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let member = guest.signed_in()?;
    let token = account::token(&headers)?;
    match super::remove(&app, member, &token, &form.id).await {
        Ok(()) => Ok(account::back("passkey-removed")),
        Err(refusal) => account::again(&app, &guest, "", refusal).await,
    }
}
