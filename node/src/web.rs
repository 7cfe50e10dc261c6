//! The front of the house: what every request shares. The state, the guest, refusals, and the
//! rule that a signed-in page's forms come from our own pages.

use std::sync::Arc;

use axum::extract::rejection::FormRejection;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::header::{ACCEPT, ACCEPT_LANGUAGE, COOKIE, HOST, ORIGIN, RETRY_AFTER};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use axum::{Form, Json};
use federation::json::{JsonLimits, parse_strict};
use serde_json::json;

use crate::Node;
use crate::config::Language;
use crate::db::DbError;
use crate::members::{self, SignedIn};
use crate::words::{Say, say};

/// What every handler is given: the node.
pub type App = Arc<Node>;

/// The name of the cookie that holds a session's token.
pub const SESSION_COOKIE: &str = "antiphon";
/// The name of the cookie that holds a language somebody chose.
pub const LANGUAGE_COOKIE: &str = "language";

/// Why a request is not answered as asked. The guest reads a sentence and a number; the log reads
/// the chain.
#[derive(Debug)]
pub enum Refusal {
    /// There is nothing there (404).
    Missing,
    /// It takes somebody who is signed in (401).
    SignIn,
    /// It takes somebody else (403).
    Forbidden(Say),
    /// What was sent cannot be used, field by field (422).
    Invalid(Vec<Complaint>),
    /// It cannot be done as things stand (409).
    Conflict(Say),
    /// Too many tries: wait this many seconds (429).
    TooMany(u64),
    /// Our fault (500). The guest reads that nothing is lost.
    Broken(Box<dyn std::error::Error + Send + Sync>),
}

/// What is wrong with one field of what was sent.
#[derive(Clone, Debug)]
pub struct Complaint {
    /// The field's name in the form or the JSON.
    pub field: &'static str,
    /// What is wrong with it, and the way out.
    pub say: Say,
}

impl Complaint {
    /// Something to say about each of these fields, for pages that are rendered from samples.
    #[cfg(test)]
    pub(crate) fn samples(fields: &[&'static str]) -> Vec<Self> {
        let say = || Say::new("page-form-unread");
        let about = |&field| Complaint { field, say: say() };
        fields.iter().map(about).collect()
    }
}

/// What a form was sent with.
///
/// # Errors
/// [`Refusal::Invalid`] for a body that is no form.
pub fn read<T>(form: Result<Form<T>, FormRejection>) -> Result<T, Refusal> {
    match form {
        Ok(Form(form)) => Ok(form),
        Err(_) => Err(Refusal::field("form", Say::new("page-form-unread"))),
    }
}

impl Refusal {
    /// One field that cannot be used.
    pub fn field(field: &'static str, say: Say) -> Self {
        Refusal::Invalid(vec![Complaint { field, say }])
    }

    /// Something of ours broke.
    pub fn broken(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Refusal::Broken(error.into())
    }

    /// The number a browser reads.
    pub fn status(&self) -> StatusCode {
        match self {
            Refusal::Missing => StatusCode::NOT_FOUND,
            Refusal::SignIn => StatusCode::UNAUTHORIZED,
            Refusal::Forbidden(_) => StatusCode::FORBIDDEN,
            Refusal::Invalid(_) => StatusCode::UNPROCESSABLE_ENTITY,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
            Refusal::TooMany(_) => StatusCode::TOO_MANY_REQUESTS,
            Refusal::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// The sentence a person reads.
    pub fn sentence(&self, language: Language) -> String {
        match self {
            Refusal::Missing => say(language, "refusal-missing", &[]),
            Refusal::SignIn => say(language, "refusal-sign-in", &[]),
            Refusal::Forbidden(sentence) | Refusal::Conflict(sentence) => sentence.to(language),
            Refusal::Invalid(complaints) => match complaints.as_slice() {
                [only] => only.say.to(language),
                _ => say(language, "refusal-invalid", &[]),
            },
            Refusal::TooMany(seconds) => say(
                language,
                "refusal-too-many",
                &[("seconds", &seconds.to_string())],
            ),
            Refusal::Broken(_) => say(language, "refusal-broken", &[]),
        }
    }
}

/// The sentence in English: what a command prints, what a log keeps.
impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::Broken(error) => error.fmt(f),
            other => f.write_str(&other.sentence(Language::En)),
        }
    }
}

impl std::error::Error for Refusal {}

impl From<DbError> for Refusal {
    fn from(error: DbError) -> Self {
        Refusal::broken(error)
    }
}

impl From<diesel::result::Error> for Refusal {
    fn from(error: diesel::result::Error) -> Self {
        match error {
            diesel::result::Error::NotFound => Refusal::Missing,
            error => Refusal::broken(error),
        }
    }
}

/// Carries a refusal from the handler to [`dress`], which knows who reads it.
#[derive(Clone)]
struct Undressed(Arc<Refusal>);

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        if let Refusal::Broken(error) = &self {
            let mut chain = error.to_string();
            let mut cause = error.source();
            while let Some(next) = cause {
                chain.push_str(": ");
                chain.push_str(&next.to_string());
                cause = next.source();
            }
            tracing::error!(%chain, "a request broke");
        }
        let mut response = self.status().into_response();
        if let Refusal::TooMany(seconds) = &self {
            response
                .headers_mut()
                .insert(RETRY_AFTER, HeaderValue::from(*seconds));
        }
        response.extensions_mut().insert(Undressed(Arc::new(self)));
        response
    }
}

/// Gives a refusal its words: a page for a browser, JSON for a program.
pub async fn dress(State(app): State<App>, request: Request, next: Next) -> Response {
    let (headers, uri) = (request.headers().clone(), request.uri().clone());
    let mut response = next.run(request).await;
    let Some(Undressed(refusal)) = response.extensions_mut().remove::<Undressed>() else {
        return response;
    };
    // A refusal must be readable even when the database is what broke.
    let guest = match Guest::of(&headers, &uri, &app).await {
        Ok(guest) => guest,
        Err(_) => Guest::nobody(language_of(&headers, &app), &uri),
    };
    let language = guest.language;
    let sentence = refusal.sentence(language);
    let body = if wants_page(&headers) {
        crate::pages::refusal(&app, &guest, &refusal, sentence).into_response()
    } else {
        let fields: Vec<_> = match &*refusal {
            Refusal::Invalid(complaints) => complaints
                .iter()
                .map(|c| json!({ "field": c.field, "error": c.say.to(language) }))
                .collect(),
            _ => Vec::new(),
        };
        Json(json!({ "error": sentence, "fields": fields })).into_response()
    };
    let (parts, body) = body.into_parts();
    for (name, value) in &parts.headers {
        response.headers_mut().insert(name, value.clone());
    }
    *response.body_mut() = body;
    response
}

/// What every answer tells a browser not to do: no script, style or picture from elsewhere, none
/// inside the page itself, no frame around it, no address of ours told to others.
const CAUTIONS: [(&str, &str); 4] = [
    (
        "content-security-policy",
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; \
         object-src 'none'",
    ),
    ("referrer-policy", "same-origin"),
    ("x-content-type-options", "nosniff"),
    ("cross-origin-opener-policy", "same-origin"),
];

/// Adds the cautions a browser heeds, where the answer does not bring its own.
pub async fn caution(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    for (name, value) in CAUTIONS {
        response
            .headers_mut()
            .entry(HeaderName::from_static(name))
            .or_insert(HeaderValue::from_static(value));
    }
    response
}

/// Refuses a request that would change something in a signed-in person's name when it was not
/// sent from a page of this node. Requests without a session cookie carry their own proof (a
/// signature, a code) and pass.
pub async fn same_site_only(State(app): State<App>, request: Request, next: Next) -> Response {
    let harmless = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if harmless
        || cookie(request.headers(), SESSION_COOKIE).is_none()
        || is_ours(&app, request.headers())
    {
        return next.run(request).await;
    }
    Refusal::Forbidden(Say::new("refusal-cross-site")).into_response()
}

fn is_ours(app: &Node, headers: &HeaderMap) -> bool {
    if let Some(site) = headers.get("sec-fetch-site") {
        return site == "same-origin" || site == "none";
    }
    match headers.get(ORIGIN) {
        Some(origin) => origin
            .to_str()
            .is_ok_and(|origin| origin == app.config.base()),
        // Neither header: not a browser of the last years; a program that holds the cookie.
        None => true,
    }
}

/// Reads a body of JSON strictly: no key twice, no endless depth, nothing that is not asked for.
///
/// # Errors
/// [`Refusal::Invalid`] on `body` that says what is wrong.
pub fn json_body<T: serde::de::DeserializeOwned>(body: &[u8], limit: usize) -> Result<T, Refusal> {
    if body.len() > limit {
        let say = Say::new("refusal-body-large").with("limit", limit / 1024);
        return Err(Refusal::field("body", say));
    }
    let unread = |why: String| Refusal::field("body", Say::new("refusal-body").with("why", why));
    let value =
        parse_strict(body, JsonLimits::of_bytes(limit)).map_err(|why| unread(why.to_string()))?;
    serde_json::from_value(value).map_err(|why| unread(why.to_string()))
}

/// Whether the reader is a browser rather than a program.
pub fn wants_page(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|a| a.to_str().ok())
        .is_some_and(|a| a.contains("text/html"))
}

/// Whether the reader asks for ActivityPub's JSON.
pub fn wants_activity(headers: &HeaderMap) -> bool {
    headers
        .get(ACCEPT)
        .and_then(|a| a.to_str().ok())
        .is_some_and(|a| {
            a.contains("application/activity+json") || a.contains("application/ld+json")
        })
}

/// The value of a cookie, if it was sent.
pub fn cookie<'h>(headers: &'h HeaderMap, name: &str) -> Option<&'h str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(key, _)| *key == name)
        .map(|(_, value)| value)
}

/// The host a request was sent to, as the sender named it.
pub fn host_of(headers: &HeaderMap) -> Option<&str> {
    headers.get(HOST).and_then(|host| host.to_str().ok())
}

/// The language to answer in: one chosen before, else the browser's, else the node's.
pub fn language_of(headers: &HeaderMap, app: &Node) -> Language {
    if let Some(chosen) = cookie(headers, LANGUAGE_COOKIE).and_then(Language::parse) {
        return chosen;
    }
    let accepted = headers
        .get(ACCEPT_LANGUAGE)
        .and_then(|a| a.to_str().ok())
        .unwrap_or("");
    accepted
        .split(',')
        .filter_map(|one| one.trim().get(..2))
        .find_map(Language::parse)
        .unwrap_or(app.config.language)
}

/// Who asks: perhaps somebody signed in, in a language.
#[derive(Clone, Debug)]
pub struct Guest {
    /// The language to answer in.
    pub language: Language,
    /// The member, when signed in.
    pub member: Option<SignedIn>,
    /// The path asked for, without the query.
    pub path: String,
    /// The path asked for, with the query: where to come back to.
    pub back: String,
}

impl Guest {
    /// Who sent these headers.
    pub async fn of(headers: &HeaderMap, uri: &Uri, app: &Node) -> Result<Self, Refusal> {
        let mut guest = Guest::nobody(language_of(headers, app), uri);
        if let Some(token) = cookie(headers, SESSION_COOKIE) {
            guest.member = members::signed_in(app, token).await?;
        }
        if let (Some(member), None) = (&guest.member, cookie(headers, LANGUAGE_COOKIE)) {
            guest.language = member.language;
        }
        Ok(guest)
    }

    /// Somebody who is not signed in.
    pub fn nobody(language: Language, uri: &Uri) -> Self {
        Guest {
            language,
            member: None,
            path: uri.path().to_owned(),
            back: uri
                .path_and_query()
                .map_or("/", |path| path.as_str())
                .to_owned(),
        }
    }

    /// The sentence `key` in the guest's language.
    pub fn t(&self, key: &str) -> String {
        say(self.language, key, &[])
    }

    /// The sentence `key` with one blank filled.
    pub fn tn(&self, key: &str, name: &str, value: impl ToString) -> String {
        say(self.language, key, &[(name, &value.to_string())])
    }

    /// The member, or the refusal that asks to sign in.
    pub fn signed_in(&self) -> Result<&SignedIn, Refusal> {
        self.member.as_ref().ok_or(Refusal::SignIn)
    }
}

impl FromRequestParts<App> for Guest {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        Guest::of(&parts.headers, &parts.uri, app).await
    }
}

/// A member who is signed in; anybody else is asked to.
impl FromRequestParts<App> for SignedIn {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Refusal> {
        let token = cookie(&parts.headers, SESSION_COOKIE).ok_or(Refusal::SignIn)?;
        members::signed_in(app, token).await?.ok_or(Refusal::SignIn)
    }
}
