//! The pages on which a member keeps their account: the venues they belong to, the password, the
//! second step, what is taken along, and being forgotten.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE, SET_COOKIE};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use settlement::VenueId;

use super::passkeys::{self, store::Passkey};
use super::second::{self, Enrolment};
use super::store::{self, Membership};
use super::{Again, SignedIn, token_digest};
use crate::pages::{self, Page, local_path};
use crate::web::read;
use crate::web::{self, App, Complaint, Guest, Refusal, SESSION_COOKIE};

/// The doors that answer with pages.
pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/me/account", get(account))
        .route("/me/venues", post(join_another))
        .route("/me/venues/through", post(listen_through))
        .route("/me/venues/leave", post(leave))
        .route("/me/password", post(change_password))
        .route("/me/export", get(export))
        .route("/me/forget", post(forget))
        .route("/me/second", get(second_form).post(confirm_second))
        .route("/me/second/off", post(second_off))
        .route("/sign-in/second", get(prove_form).post(prove))
}

/// A member's account.
#[derive(Template)]
#[template(path = "members/account.html")]
struct AccountPage {
    page: Page,
    /// The venues they belong to, and the one they listen through.
    memberships: Vec<Membership>,
    through: Option<VenueId>,
    has_second: bool,
    recovery_left: i64,
    has_password: bool,
    passkeys: Vec<Passkey>,
    /// What was typed as another venue's code.
    code: String,
    complaints: Vec<Complaint>,
    /// What was done, as a sentence of this room.
    done: Option<&'static str>,
}

impl AccountPage {
    /// What a passkey goes by: the name it was given, or the day it was added.
    fn called(&self, passkey: &Passkey) -> String {
        match passkey.name.as_str() {
            "" => {
                let day = self.page.day(passkey.added_us);
                self.page.tn("members-passkey-of", "day", day)
            }
            name => name.to_owned(),
        }
    }

    fn is_through(&self, venue: &VenueId) -> bool {
        self.through.as_ref() == Some(venue)
    }
}

#[derive(Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}

/// What a page may say that was done: nothing but our own sentences.
fn done_key(done: &str) -> Option<&'static str> {
    match done {
        "joined" => Some("members-account-joined"),
        "left" => Some("members-account-left"),
        "through" => Some("members-account-through-done"),
        "password" => Some("members-account-password-done"),
        "passkey" => Some("members-passkey-done"),
        "passkey-renamed" => Some("members-passkey-renamed"),
        "passkey-removed" => Some("members-passkey-removed"),
        "second" => Some("members-account-second-done"),
        "second-off" => Some("members-account-second-off-done"),
        _ => None,
    }
}

async fn account(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Done>,
) -> Result<Response, Refusal> {
    let page = account_page(&app, &guest).await?;
    pages::answer(&AccountPage {
        done: done_key(&asked.done),
        ..page
    })
}

async fn account_page(app: &App, guest: &Guest) -> Result<AccountPage, Refusal> {
    let page = Page::of(app, guest);
    let member = guest.signed_in()?.clone();
    app.db
        .read(move |conn| {
            let mut memberships = store::memberships_of(conn, &member.id)?;
            memberships.retain(|membership| membership.until_us.is_none());
            Ok(AccountPage {
                memberships,
                has_second: store::has_second_step(conn, &member.id)?,
                recovery_left: store::recovery_codes_left(conn, &member.id)?,
                has_password: store::password_of(conn, &member.id)?.1.is_some(),
                passkeys: passkeys::store::of_member(conn, &member.id)?,
                through: member.venue,
                code: String::new(),
                complaints: Vec::new(),
                done: None,
                page,
            })
        })
        .await
}

/// The account again, with what to mend.
pub(super) async fn again(
    app: &App,
    guest: &Guest,
    code: &str,
    refusal: Refusal,
) -> Result<Response, Refusal> {
    let Refusal::Invalid(complaints) = refusal else {
        return Err(refusal);
    };
    let page = account_page(app, guest).await?;
    pages::answer_invalid(&AccountPage {
        code: code.chars().take(64).collect(),
        complaints,
        ..page
    })
}

pub(super) fn back(done: &str) -> Response {
    Redirect::to(&format!("/me/account?done={done}")).into_response()
}

pub(super) fn token(headers: &HeaderMap) -> Result<String, Refusal> {
    let token = web::cookie(headers, SESSION_COOKIE).ok_or(Refusal::SignIn)?;
    Ok(token.to_owned())
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

async fn join_another(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<Code>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let member = guest.signed_in()?;
    match super::join_another(&app, member, &token(&headers)?, &form.code).await {
        Ok(_) => Ok(back("joined")),
        Err(refusal) => again(&app, &guest, &form.code, refusal).await,
    }
}

#[derive(Deserialize)]
struct OfVenue {
    #[serde(default)]
    venue: String,
}

async fn listen_through(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<OfVenue>, FormRejection>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let venue = VenueId::parse(&read(form)?.venue).map_err(|_| Refusal::Missing)?;
    let here = token_digest(&token(&headers)?);
    app.db
        .write(move |conn| {
            if store::member_since(conn, &member, &venue)?.is_none() {
                return Err(Refusal::Missing);
            }
            Ok(store::listen_through(conn, &here, &venue)?)
        })
        .await?;
    Ok(back("through"))
}

async fn leave(
    State(app): State<App>,
    guest: Guest,
    form: Result<Form<OfVenue>, FormRejection>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?;
    let venue = VenueId::parse(&read(form)?.venue).map_err(|_| Refusal::Missing)?;
    super::leave(&app, &member.id, &venue).await?;
    Ok(back("left"))
}

#[derive(Deserialize)]
struct Passwords {
    #[serde(default)]
    password: String,
    #[serde(default)]
    fresh: String,
}

async fn change_password(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<Passwords>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let member = guest.signed_in()?;
    let token = token(&headers)?;
    match super::change_password(&app, member, &token, &form.password, &form.fresh).await {
        Ok(()) => Ok(back("password")),
        // There are two passwords on this page.
        Err(refusal) => again(&app, &guest, "", rename(refusal, "password", "old")).await,
    }
}

/// The complaints about one field, told beside another.
fn rename(refusal: Refusal, from: &str, to: &'static str) -> Refusal {
    match refusal {
        Refusal::Invalid(mut complaints) => {
            for complaint in complaints.iter_mut().filter(|c| c.field == from) {
                complaint.field = to;
            }
            Refusal::Invalid(complaints)
        }
        other => other,
    }
}

/// `GET /me/export`: everything, as a file.
async fn export(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let node = app.clone();
    let all = app
        .db
        .read(move |conn| super::everything(conn, &node, &member))
        .await?;
    let text = serde_json::to_string_pretty(&all).map_err(Refusal::broken)?;
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (
            CONTENT_DISPOSITION,
            "attachment; filename=\"antiphon.json\"",
        ),
        (CACHE_CONTROL, "no-store"),
    ];
    Ok((headers, text).into_response())
}

#[derive(Deserialize)]
struct Once {
    #[serde(default)]
    password: String,
    #[serde(default)]
    answer: String,
}

async fn forget(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<Once>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let member = guest.signed_in()?.id.clone();
    let again_as = match form.answer.is_empty() {
        true => Again::Password(form.password),
        false => Again::Passkey(passkeys::sent(&headers, form.answer)),
    };
    match super::forget(&app, &member, again_as).await {
        Ok(()) => {
            let gone = [(SET_COOKIE, super::without_session(&app))];
            Ok((gone, Redirect::to("/")).into_response())
        }
        Err(refusal) => {
            let refusal = rename(rename(refusal, "password", "forget"), "passkey", "forget");
            again(&app, &guest, "", refusal).await
        }
    }
}

// The second step -----------------------------------------------------------------

/// Beginning a second step, or ending it.
#[derive(Template)]
#[template(path = "members/second.html")]
struct SecondPage {
    page: Page,
    /// What an app is told; nothing where there is a second step already.
    enrolment: Option<Enrolment>,
    complaints: Vec<Complaint>,
}

/// The recovery codes, shown once.
#[derive(Template)]
#[template(path = "members/recovery.html")]
struct RecoveryPage {
    page: Page,
    codes: Vec<String>,
}

/// Showing the second step after the password.
#[derive(Template)]
#[template(path = "members/prove.html")]
struct ProvePage {
    page: Page,
    back: String,
    complaints: Vec<Complaint>,
}

async fn second_page(
    app: &App,
    guest: &Guest,
    complaints: Vec<Complaint>,
) -> Result<SecondPage, Refusal> {
    let page = Page::of(app, guest);
    let member: SignedIn = guest.signed_in()?.clone();
    let node = app.clone();
    let enrolment = app
        .db
        .write(move |conn| match second::begin(conn, &node, &member) {
            Ok(enrolment) => Ok(Some(enrolment)),
            Err(Refusal::Conflict(_)) => Ok(None),
            Err(refusal) => Err(refusal),
        })
        .await?;
    Ok(SecondPage {
        page,
        enrolment,
        complaints,
    })
}

async fn second_form(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    pages::answer(&second_page(&app, &guest, Vec::new()).await?)
}

async fn confirm_second(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<Code>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let member = guest.signed_in()?;
    match second::confirm(&app, member, &token(&headers)?, &form.code).await {
        // Not a redirect: the codes are kept nowhere, so this is the only answer that has them.
        Ok(codes) => {
            let page = RecoveryPage {
                page: Page::of(&app, &guest),
                codes,
            };
            Ok(([(CACHE_CONTROL, "no-store")], pages::answer(&page)?).into_response())
        }
        Err(Refusal::Invalid(complaints)) => {
            pages::answer_invalid(&second_page(&app, &guest, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

async fn second_off(
    State(app): State<App>,
    guest: Guest,
    form: Result<Form<Code>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    match second::take_off(&app, guest.signed_in()?, &form.code).await {
        Ok(()) => Ok(back("second-off")),
        Err(Refusal::Invalid(complaints)) => {
            pages::answer_invalid(&second_page(&app, &guest, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

#[derive(Deserialize)]
struct Proof {
    #[serde(default)]
    code: String,
    #[serde(default)]
    back: String,
}

async fn prove_form(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Proof>,
) -> Result<Response, Refusal> {
    pages::answer(&ProvePage {
        page: Page::of(&app, &guest),
        back: local_path(&asked.back).to_owned(),
        complaints: Vec::new(),
    })
}

async fn prove(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<Proof>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    match second::prove(&app, &token(&headers)?, &form.code).await {
        Ok(_) => Ok(Redirect::to(local_path(&form.back)).into_response()),
        Err(Refusal::Invalid(complaints)) => pages::answer_invalid(&ProvePage {
            page: Page::of(&app, &guest),
            back: local_path(&form.back).to_owned(),
            complaints,
        }),
        Err(refusal) => Err(refusal),
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let page = || Page::sample(language, true);
    let complaints = Complaint::samples;
    let membership = |slug: &str, name: &str| Membership {
        venue: VenueId::parse(&format!("http://localhost:8101/venues/{slug}")).unwrap(),
        name: name.into(),
        since_us: 1_793_491_200_000_000,
        until_us: None,
    };
    let mut all = Vec::new();
    for wrong in [
        &[][..],
        &["code", "old", "fresh", "forget", "passkey", "passkey-name"][..],
    ] {
        let full = wrong.is_empty();
        let account = AccountPage {
            page: page(),
            memberships: match full {
                true => vec![membership("le-fil", "Le Fil <&>"), membership("bm", "BM")],
                false => Vec::new(),
            },
            through: VenueId::parse("http://localhost:8101/venues/le-fil").ok(),
            has_second: full,
            recovery_left: 7,
            has_password: full,
            passkeys: ["", "Phone <\"b\">"]
                .iter()
                .map(|name| Passkey {
                    id: format!("id-{name}"),
                    name: (*name).into(),
                    added_us: 1_793_491_200_000_000,
                    used_us: (!name.is_empty()).then_some(1_793_491_200_000_000),
                })
                .filter(|_| full || wrong.len() > 5)
                .collect(),
            code: "K7\"><b>".into(),
            complaints: complaints(wrong),
            done: full.then_some("members-account-joined"),
        };
        all.push(("account", account.render()));
        let second = SecondPage {
            page: page(),
            enrolment: full.then(|| Enrolment {
                secret: "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ".into(),
                address: "otpauth://totp/Loire:Ana?secret=GEZDGNBVGY3TQOJQ&issuer=Loire".into(),
            }),
            complaints: complaints(wrong),
        };
        all.push(("second step", second.render()));
        let prove = ProvePage {
            page: Page::sample(language, false),
            back: "/me?a=\"b\"".into(),
            complaints: complaints(wrong),
        };
        all.push(("prove", prove.render()));
    }
    let recovery = RecoveryPage {
        page: page(),
        codes: vec!["7K2M-Q9XA-0TBD".into(), "8K2M-Q9XA-0TBD".into()],
    };
    all.push(("recovery codes", recovery.render()));
    all
}
