//! The members of a venue as its desk sees them: who they are, since when, which roles they have;
//! a one-time code for who forgot their password; the end of a membership. What they listen to is
//! not here.

use std::collections::HashMap;

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::{Head, open};
use crate::members::store::{self, Belonging};
use crate::members::{self, Role, second};
use crate::names;
use crate::pages::{self, Page};
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

/// How many members are shown at once.
const SHOWN: usize = 100;

pub(super) fn routes() -> Router<App> {
    Router::new().route("/venues/{slug}/desk/members", get(people).post(act))
}

/// A member, as the desk sees them.
struct Person {
    who: Belonging,
    roles: Vec<Role>,
}

impl Person {
    fn has(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }

    fn words(&self) -> Vec<&'static str> {
        self.roles
            .iter()
            .map(|role| match role {
                Role::Curator => "venues-role-curator",
                Role::Manager => "venues-role-manager",
                Role::Operator => "venues-role-operator",
            })
            .collect()
    }
}

/// The page.
#[derive(Template)]
#[template(path = "venues/desk/members.html")]
struct PeoplePage {
    page: Page,
    head: Head,
    people: Vec<Person>,
    /// How many there are in all, of those asked for.
    count: usize,
    asked: String,
}

impl PeoplePage {
    fn all(&self) -> i64 {
        i64::try_from(self.count).unwrap_or(i64::MAX)
    }

    fn more(&self) -> bool {
        self.count > self.people.len()
    }
}

#[derive(Deserialize)]
struct Asked {
    #[serde(default)]
    q: String,
}

async fn people(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let head = open(conn, &page, &slug, "/members")?;
            let asked: String = asked.q.chars().take(members::NAME_LIMIT).collect();
            let wanted = names::fold(&asked);
            let mut roles: HashMap<String, Vec<Role>> = HashMap::new();
            for (member, role) in store::staff_of(conn, Some(&head.venue.id))? {
                roles.entry(member).or_default().push(role);
            }
            let mut all = store::belonging_to(conn, &head.venue.id)?;
            all.retain(|who| wanted.is_empty() || names::fold(&who.name).contains(&wanted));
            let count = all.len();
            all.truncate(SHOWN);
            let people = all
                .into_iter()
                .map(|who| Person {
                    roles: roles.remove(&who.id).unwrap_or_default(),
                    who,
                })
                .collect();
            Ok::<_, Refusal>(PeoplePage {
                page,
                head,
                people,
                count,
                asked,
            })
        })
        .await?;
    pages::answer(&found)
}

/// A one-time code, shown once.
#[derive(Template)]
#[template(path = "venues/desk/code.html")]
struct CodePage {
    page: Page,
    head: Head,
    name: String,
    code: String,
    address: String,
}

/// What the desk does about a member.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Doing {
    Reset,
    End,
    GiveCurator,
    TakeCurator,
    GiveManager,
    TakeManager,
}

#[derive(Deserialize)]
struct About {
    member: String,
    act: Doing,
}

async fn act(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    sent: Result<Form<About>, FormRejection>,
) -> Result<Response, Refusal> {
    let about = crate::web::read(sent)?;
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let back = format!("/venues/{slug}/desk/members");
    let shown = app
        .db
        .write(move |conn| {
            let head = open(conn, &page, &slug, "/members")?;
            let now_us = node.clock.now_us();
            let id = about.member.as_str();
            if store::member_since(conn, id, &head.venue.id)?.is_none() {
                return Err(Refusal::Missing);
            }
            let mut role = |role, give| {
                members::put_role(conn, id, Some(&head.venue), role, give, now_us).map(|()| None)
            };
            match about.act {
                Doing::GiveCurator => role(Role::Curator, true),
                Doing::TakeCurator => role(Role::Curator, false),
                Doing::GiveManager => role(Role::Manager, true),
                Doing::TakeManager => role(Role::Manager, false),
                Doing::End => {
                    store::end_membership(conn, id, &head.venue.id, now_us)?;
                    Ok(None)
                }
                Doing::Reset => {
                    let operates = page.member.as_ref().is_some_and(|m| m.operates());
                    if !operates && second::outranks(conn, id, &head.venue.id)? {
                        return Err(Refusal::Forbidden(Say::new("venues-reset-outranked")));
                    }
                    let known = store::by_id(conn, id)?
                        .filter(|known| known.person)
                        .ok_or(Refusal::Missing)?;
                    let code = members::reset_in(conn, &node, id)?;
                    Ok(Some(CodePage {
                        address: node.config.uri(&format!("/reset?code={code}")),
                        name: known.member.name,
                        code,
                        page,
                        head,
                    }))
                }
            }
        })
        .await?;
    match shown {
        Some(page) => Ok(([(CACHE_CONTROL, "no-store")], pages::answer(&page)?).into_response()),
        None => Ok(Redirect::to(&back).into_response()),
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let person = |name: &str, post, roles| Person {
        who: Belonging {
            id: name.into(),
            name: name.into(),
            post,
            since_us: 1_793_491_200_000_000,
        },
        roles,
    };
    let page = |people: Vec<Person>| PeoplePage {
        page: Page::sample(language, true),
        head: super::sample_head("/members"),
        count: people.len() + 7,
        people,
        asked: "a\"<b>".into(),
    };
    let full = page(vec![
        person("Ana <b>", false, vec![Role::Curator, Role::Manager]),
        person("Bela", false, vec![]),
        person("post 12", true, vec![]),
    ]);
    let code = CodePage {
        page: Page::sample(language, true),
        head: super::sample_head("/members"),
        name: "Ana <b>".into(),
        code: "7K2M-Q9XA-0TBD".into(),
        address: "http://localhost:8101/reset?code=7K2M-Q9XA-0TBD".into(),
    };
    vec![
        ("desk members", full.render()),
        ("desk without members", page(Vec::new()).render()),
        ("one-time code", code.render()),
    ]
}
