//! The page of a public member, and the forms by which a member is seen or not, and follows.

use askama::Template;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use settlement::Uri;

use super::{PublicMember, store};
use crate::catalogue;
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::peers;
use crate::peers::actor::Local;
use crate::web::{App, Guest, Refusal, wants_activity};

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/people/{slug}", get(person))
        .route("/me/public", post(open))
        .route("/me/private", post(close))
        .route("/follow", post(follow))
        .route("/unfollow", post(unfollow))
}

/// A public member.
#[derive(Template)]
#[template(path = "members/public.html")]
struct PersonPage {
    page: Page,
    person: PublicMember,
    handle: String,
}

/// `GET /people/{handle}`: the actor for servers, a page for people.
async fn person(
    State(app): State<App>,
    guest: Guest,
    Path(handle): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let found = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::by_handle(conn, &handle)?));
    let person = found.await?.ok_or(Refusal::Missing)?;
    if wants_activity(&headers) {
        if let Some(until_us) = person.until_us {
            let id = Uri::parse(&person.id(&app)).map_err(Refusal::broken)?;
            return Ok(catalogue::api::gone(&id, "Person", until_us));
        }
        let actor = Local::Member(person).actor(&app);
        return Ok(peers::api::activity_json(&actor.to_value()));
    }
    if person.until_us.is_some() {
        return Err(Refusal::Missing);
    }
    pages::answer(&PersonPage {
        page: Page::of(&app, &guest),
        handle: format!("@{}@{}", person.handle, app.config.domain),
        person,
    })
}

#[derive(Deserialize)]
struct Seen {
    #[serde(default)]
    handle: String,
    #[serde(default)]
    public_name: String,
}

async fn open(
    State(app): State<App>,
    guest: Guest,
    Form(form): Form<Seen>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let node = app.clone();
    app.db
        .write(move |conn| super::open(conn, &node, &member, &form.handle, &form.public_name))
        .await?;
    Ok(Redirect::to("/me").into_response())
}

async fn close(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let node = app.clone();
    app.db
        .write(move |conn| super::close(conn, &node, &member))
        .await?;
    Ok(Redirect::to("/me").into_response())
}

#[derive(Deserialize)]
struct Wish {
    /// An address, or `@name@host`.
    who: String,
    /// Where to come back to.
    #[serde(default)]
    back: String,
}

impl Wish {
    fn back(&self) -> Response {
        let path = match self.back.as_str() {
            "" => "/me",
            path => pages::local_path(path),
        };
        Redirect::to(path).into_response()
    }
}

async fn follow(
    State(app): State<App>,
    guest: Guest,
    Form(wish): Form<Wish>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let node = app.clone();
    if let Ok(actor) = Uri::parse(&wish.who)
        && actor.origin() == app.config.base()
    {
        let follow = move |conn: &mut Conn| super::follow_here(conn, &node, &member, &actor);
        app.db.write(follow).await?;
        return Ok(wish.back());
    }
    let actor = peers::add::meet(&app, &wish.who).await?;
    app.db
        .write(move |conn| super::follow(conn, &node, &member, &actor.id))
        .await?;
    Ok(wish.back())
}

async fn unfollow(
    State(app): State<App>,
    guest: Guest,
    Form(wish): Form<Wish>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let actor = Uri::parse(&wish.who).map_err(|_| Refusal::Missing)?;
    let node = app.clone();
    app.db
        .write(move |conn| super::unfollow(conn, &node, &member, &actor))
        .await?;
    Ok(wish.back())
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let person = PersonPage {
        page: Page::sample(language, true),
        person: PublicMember {
            handle: "ana".into(),
            member: "1".into(),
            name: "Ana <&>".into(),
            since_us: 0,
            until_us: None,
        },
        handle: "@ana@localhost:8101".into(),
    };
    vec![("public member", person.render())]
}
