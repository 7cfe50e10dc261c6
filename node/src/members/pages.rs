//! The pages of a member: joining with a code, signing in and out, choosing another password, and
//! what only oneself sees: what one listened to, and where one's contribution went.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Query, State};
use axum::http::HeaderMap;
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::{Joining, Session, SignedIn};
use crate::catalogue::shown::ShownWork;
use crate::listening::shown::{self, Heard, Paid};
use crate::pages::{self, Page, local_path};
use crate::peers;
use crate::web::{self, App, Complaint, Guest, Refusal, SESSION_COOKIE, read};

/// How many plays a member sees of their history at once.
const HISTORY: i64 = 10;
/// How many notes of those whom they follow.
const NOTES: i64 = 20;

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/join", get(join_form).post(join))
        .route("/sign-in", get(sign_in_form).post(sign_in))
        .route("/sign-out", post(sign_out))
        .route("/reset", get(reset_form).post(reset))
        .route("/me", get(me))
        .merge(super::account::routes())
        .merge(super::passkeys::routes())
        .merge(super::public::pages::routes())
}

/// Opens the session in the browser and leads on: by way of the second step, where there is one.
fn welcome(app: &App, session: &Session, to: &str) -> Response {
    let to = match session.waits {
        true => format!("/sign-in/second?back={}", crate::catalogue::encoded(to)),
        false => to.to_owned(),
    };
    (session.cookies(app), Redirect::to(&to)).into_response()
}

/// Joining with a venue's code.
#[derive(Template)]
#[template(path = "members/join.html")]
struct JoinPage {
    page: Page,
    code: String,
    name: String,
    complaints: Vec<Complaint>,
}

/// Signing in.
#[derive(Template)]
#[template(path = "members/sign_in.html")]
struct SignInPage {
    page: Page,
    name: String,
    back: String,
    complaints: Vec<Complaint>,
}

/// Choosing another password with a one-time code.
#[derive(Template)]
#[template(path = "members/reset.html")]
struct ResetPage {
    page: Page,
    code: String,
    complaints: Vec<Complaint>,
}

#[derive(Deserialize)]
struct Code {
    #[serde(default)]
    code: String,
}

async fn join_form(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Code>,
) -> Result<Response, Refusal> {
    pages::answer(&JoinPage {
        page: Page::of(&app, &guest),
        code: asked.code.chars().take(64).collect(),
        name: String::new(),
        complaints: Vec::new(),
    })
}

#[derive(Deserialize)]
struct JoinForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    /// `passkey` for a passkey instead of a password.
    #[serde(default)]
    way: String,
    #[serde(default)]
    answer: String,
}

async fn join(
    State(app): State<App>,
    guest: Guest,
    headers: HeaderMap,
    form: Result<Form<JoinForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let joined = match form.way.as_str() {
        "passkey" => {
            let sent = super::passkeys::sent(&headers, form.answer);
            super::passkeys::join(&app, &form.code, &form.name, guest.language, sent).await
        }
        _ => {
            let joining = Joining {
                code: form.code.clone(),
                name: form.name.clone(),
                password: form.password,
                language: guest.language,
            };
            super::join(&app, joining).await
        }
    };
    match joined {
        Ok(session) => Ok(welcome(&app, &session, "/")),
        Err(Refusal::Invalid(complaints)) => pages::answer_invalid(&JoinPage {
            page: Page::of(&app, &guest),
            code: form.code.chars().take(64).collect(),
            name: form.name.chars().take(super::NAME_LIMIT).collect(),
            complaints,
        }),
        Err(refusal) => Err(refusal),
    }
}

#[derive(Deserialize)]
struct Back {
    #[serde(default)]
    back: String,
}

async fn sign_in_form(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Back>,
) -> Result<Response, Refusal> {
    pages::answer(&SignInPage {
        page: Page::of(&app, &guest),
        name: String::new(),
        back: local_path(&asked.back).to_owned(),
        complaints: Vec::new(),
    })
}

#[derive(Deserialize)]
struct SignInForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
    #[serde(default)]
    back: String,
}

async fn sign_in(
    State(app): State<App>,
    guest: Guest,
    caller: super::callers::Caller,
    form: Result<Form<SignInForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    match super::sign_in_from(&app, &caller, &form.name, &form.password).await {
        Ok(session) => Ok(welcome(&app, &session, local_path(&form.back))),
        Err(Refusal::Invalid(complaints)) => {
            sign_in_again(&app, &guest, &form.name, local_path(&form.back), complaints)
        }
        Err(refusal) => Err(refusal),
    }
}

/// The page to sign in on again, with what to mend.
pub(super) fn sign_in_again(
    app: &App,
    guest: &Guest,
    name: &str,
    back: &str,
    complaints: Vec<Complaint>,
) -> Result<Response, Refusal> {
    pages::answer_invalid(&SignInPage {
        page: Page::of(app, guest),
        name: name.chars().take(super::NAME_LIMIT).collect(),
        back: back.to_owned(),
        complaints,
    })
}

async fn sign_out(State(app): State<App>, headers: HeaderMap) -> Result<Response, Refusal> {
    if let Some(token) = web::cookie(&headers, SESSION_COOKIE) {
        super::sign_out(&app, token).await?;
    }
    let gone = [(SET_COOKIE, super::without_session(&app))];
    Ok((gone, Redirect::to("/signed-out")).into_response())
}

async fn reset_form(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<Code>,
) -> Result<Response, Refusal> {
    pages::answer(&ResetPage {
        page: Page::of(&app, &guest),
        code: asked.code.chars().take(64).collect(),
        complaints: Vec::new(),
    })
}

#[derive(Deserialize)]
struct ResetForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    password: String,
}

async fn reset(
    State(app): State<App>,
    guest: Guest,
    form: Result<Form<ResetForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    match super::redeem(&app, &form.code, &form.password).await {
        Ok(session) => Ok(welcome(&app, &session, "/me")),
        Err(Refusal::Invalid(complaints)) => pages::answer_invalid(&ResetPage {
            page: Page::of(&app, &guest),
            code: form.code.chars().take(64).collect(),
            complaints,
        }),
        Err(refusal) => Err(refusal),
    }
}

/// What only oneself sees.
#[derive(Template)]
#[template(path = "members/me.html")]
struct MePage {
    page: Page,
    venue: Option<(String, String)>,
    history: Vec<Heard>,
    paid: Option<Paid>,
    /// Venues whose selections or accounts the member looks after: slug and name.
    desks: Vec<(String, String)>,
    operates: bool,
    /// How the member is seen, if they chose to be.
    public: Option<super::public::PublicMember>,
    /// Whom they follow on other servers: address and name.
    follows: Vec<(String, String)>,
    /// What those said lately.
    heard: Vec<peers::store::Heard>,
}

impl MePage {
    /// Whether a work is of this node; one that is gone speaks from here.
    fn is_near(&self, work: &Option<ShownWork>) -> bool {
        let origin = work.as_ref().map(|work| work.origin.as_str());
        origin.is_none_or(|origin| self.page.is_from_here(origin))
    }
}

async fn me(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let member: SignedIn = guest.signed_in()?.clone();
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let venues = crate::venues::store::all(conn)?;
            let desks = venues
                .iter()
                .filter(|venue| member.curates(&venue.id))
                .map(|venue| (venue.slug.clone(), venue.name.clone()))
                .collect();
            let venue = venues
                .iter()
                .find(|venue| member.venue.as_ref() == Some(&venue.id))
                .map(|venue| (venue.id.to_string(), venue.name.clone()));
            Ok::<_, Refusal>(MePage {
                public: super::public::store::of_member(conn, &member.id)?,
                follows: super::public::store::follows(conn, &member.id)?,
                heard: peers::store::notes_for(conn, &member.id, NOTES)?,
                history: shown::history(conn, &member.id, HISTORY)?,
                paid: shown::where_it_went(conn, &node, &member)?,
                operates: member.operates(),
                venue,
                desks,
                page,
            })
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::catalogue::pages::sample_work;
    let uri = |text: &str| settlement::Uri::parse(text).unwrap();
    let sample_note = || peers::notes::Note {
        id: uri("https://ailleurs.example/users/ada/1"),
        actor: uri("https://ailleurs.example/users/ada"),
        page: uri("https://ailleurs.example/@ada/1"),
        words: "Un <concert> & un bal\nce soir.".into(),
        published_us: 1_793_491_200_000_000,
    };
    let complaints = Complaint::samples;
    let page = || Page::sample(language, true);
    let mut all = Vec::new();
    for wrong in [&[][..], &["code", "name", "password", "passkey"][..]] {
        let join = JoinPage {
            page: page(),
            code: "K7\"><b>".into(),
            name: "Zoé".into(),
            complaints: complaints(wrong),
        };
        all.push(("join", join.render()));
        let sign_in = SignInPage {
            page: page(),
            name: "<Zoé>".into(),
            back: "/me?a=\"b\"".into(),
            complaints: complaints(wrong),
        };
        all.push(("sign in", sign_in.render()));
        let reset = ResetPage {
            page: page(),
            code: String::new(),
            complaints: complaints(wrong),
        };
        all.push(("reset", reset.render()));
    }
    let heard = |at| Heard {
        id: format!("m/{at}"),
        work: (at != 3).then(|| sample_work(at)),
        title: "http://localhost:8102/works/9".into(),
        started_us: 1_793_491_200_000_000,
        seconds: 31,
    };
    for full in [true, false] {
        let me = MePage {
            public: full.then(|| super::public::PublicMember {
                handle: "ana".into(),
                member: "1".into(),
                name: "Ana".into(),
                since_us: 0,
                until_us: None,
            }),
            follows: vec![(
                "https://ailleurs.example/users/ada".into(),
                "Ada <&>".into(),
            )],
            heard: if full {
                vec![(sample_note(), "Ada <&>".into())]
            } else {
                Vec::new()
            },
            page: page(),
            venue: full.then(|| {
                (
                    "http://localhost:8101/venues/le-fil".into(),
                    "Le Fil <&>".into(),
                )
            }),
            history: if full {
                (1..4).map(heard).collect()
            } else {
                Vec::new()
            },
            paid: full.then(|| Paid {
                period: settlement::Period::parse("2026-10").unwrap(),
                whole_micro: 1_271_234_567,
                rows: vec![
                    (Some(sample_work(1)), 3, 400_000_000),
                    (None, 1, 871_234_567),
                ],
            }),
            desks: vec![("le-fil".into(), "Le Fil <&>".into())],
            operates: full,
        };
        all.push(("me", me.render()));
    }
    all
}
