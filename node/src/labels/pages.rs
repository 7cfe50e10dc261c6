//! The pages of a label's people: coming to act for a label, and its desk. A release is written on
//! a page of its own ([`super::writing`]).

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use settlement::{PartyId, Uri};

use super::drafts::{self, Draft};
use super::joining::{self, Joining};
use super::{store, writing};
use crate::cases::{self, store::Case};
use crate::catalogue::{self, Party, Release};
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::web::{App, Complaint, Guest, Refusal, read};
use crate::words::Say;

/// How many drafts and releases a desk shows.
const LIST: i64 = 200;

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/labels", get(labels).post(add))
        .route("/labels/join", get(join_form).post(join))
        .route("/labels/{slug}", get(desk))
        .route("/labels/{slug}/invite", post(invite))
        .route("/labels/{slug}/withdraw", post(withdraw_release))
        .route("/labels/{slug}/releases", post(begin))
        .merge(writing::routes())
}

/// The labels one acts for; for who runs the node, all of them.
#[derive(Template)]
#[template(path = "labels/labels.html")]
struct LabelsPage {
    page: Page,
    operates: bool,
    /// Each label: its slug, its name, who acts for it.
    labels: Vec<(String, String, Vec<String>)>,
    name: String,
    complaints: Vec<Complaint>,
}

async fn labels(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let found = labels_page(&app, &guest, String::new(), Vec::new()).await?;
    if let (false, [(slug, ..)]) = (found.operates, found.labels.as_slice()) {
        return Ok(Redirect::to(&format!("/labels/{slug}")).into_response());
    }
    pages::answer(&found)
}

async fn labels_page(
    app: &App,
    guest: &Guest,
    name: String,
    complaints: Vec<Complaint>,
) -> Result<LabelsPage, Refusal> {
    let member = guest.signed_in()?.clone();
    let page = Page::of(app, guest);
    app.db
        .read(move |conn| {
            let operates = member.operates();
            let of = (!operates).then_some(member.id.as_str());
            let mut labels = Vec::new();
            for (id, name) in store::labels(conn, &page.base, of)? {
                let people = store::people(conn, &id)?;
                labels.push((super::slug(&id).to_owned(), name, people));
            }
            Ok(LabelsPage {
                page,
                operates,
                labels,
                name,
                complaints,
            })
        })
        .await
}

#[derive(Deserialize)]
struct Named {
    #[serde(default)]
    name: String,
}

/// An invitation, shown once.
#[derive(Template)]
#[template(path = "labels/invited.html")]
struct InvitedPage {
    page: Page,
    slug: String,
    label: String,
    code: String,
}

impl InvitedPage {
    /// Where the code is used.
    fn address(&self) -> String {
        format!("{}/labels/join?code={}", self.page.base, self.code)
    }
}

async fn add(
    State(app): State<App>,
    guest: Guest,
    form: Result<Form<Named>, FormRejection>,
) -> Result<Response, Refusal> {
    if !guest.signed_in()?.operates() {
        return Err(Refusal::Forbidden(Say::new("labels-operators-only")));
    }
    let name = read(form)?.name;
    let (node, wanted) = (app.clone(), name.clone());
    let invited = app
        .db
        .write(move |conn| super::invite_in(conn, &node, &wanted));
    match invited.await {
        Ok((label, code)) => invited_page(&app, &guest, &label, code),
        Err(Refusal::Invalid(complaints)) => {
            let name = name.chars().take(super::NAME_LIMIT).collect();
            pages::answer_invalid(&labels_page(&app, &guest, name, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

fn invited_page(
    app: &App,
    guest: &Guest,
    label: &Party,
    code: String,
) -> Result<Response, Refusal> {
    pages::answer(&InvitedPage {
        page: Page::of(app, guest),
        slug: super::slug(&label.id).to_owned(),
        label: label.name.clone(),
        code,
    })
}

async fn invite(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let node = app.clone();
    let (label, code) = app
        .db
        .write(move |conn| {
            let label = super::desk(conn, &node, &member, &slug)?;
            super::invite_in(conn, &node, label.id.as_str())
        })
        .await?;
    invited_page(&app, &guest, &label, code)
}

/// Coming to act for a label.
#[derive(Template)]
#[template(path = "labels/join.html")]
struct JoinPage {
    page: Page,
    code: String,
    name: String,
    complaints: Vec<Complaint>,
}

#[derive(Deserialize)]
struct JoinForm {
    #[serde(default)]
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    password: String,
}

async fn join_form(
    State(app): State<App>,
    guest: Guest,
    Query(asked): Query<JoinForm>,
) -> Result<Response, Refusal> {
    pages::answer(&JoinPage {
        page: Page::of(&app, &guest),
        code: asked.code.chars().take(64).collect(),
        name: String::new(),
        complaints: Vec::new(),
    })
}

async fn join(
    State(app): State<App>,
    guest: Guest,
    form: Result<Form<JoinForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let joined = match &guest.member {
        Some(member) => joining::join_as(&app, &member.id, &form.code)
            .await
            .map(|label| (None, label)),
        None => {
            let joining = Joining {
                code: form.code.clone(),
                name: form.name.clone(),
                password: form.password,
                language: guest.language,
            };
            let joined = joining::join(&app, joining).await;
            joined.map(|(session, label)| (Some(session.cookie(&app)), label))
        }
    };
    match joined {
        Ok((cookie, label)) => {
            let to = format!("/labels/{}", super::slug(&label.id));
            let mut response = Redirect::to(&to).into_response();
            if let Some(cookie) = cookie {
                response.headers_mut().append(SET_COOKIE, cookie);
            }
            Ok(response)
        }
        Err(Refusal::Invalid(complaints)) => pages::answer_invalid(&JoinPage {
            page: Page::of(&app, &guest),
            code: form.code.chars().take(64).collect(),
            name: form.name.chars().take(crate::members::NAME_LIMIT).collect(),
            complaints,
        }),
        Err(refusal) => Err(refusal),
    }
}

/// The desk of a label.
#[derive(Template)]
#[template(path = "labels/desk.html")]
struct DeskPage {
    page: Page,
    slug: String,
    label: Party,
    people: Vec<String>,
    /// What is not published yet, or was changed since.
    drafts: Vec<Draft>,
    /// What is published, and the draft it was written in.
    releases: Vec<(Release, Option<String>)>,
    /// Notices about what it puts out, and the last part of the address of each.
    cases: Vec<(Case, String)>,
}

async fn desk(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let label = super::desk(conn, &node, &member, &slug)?;
            let drafts = store::drafts_of(conn, &label.id, LIST)?;
            let mut releases = Vec::new();
            for release in catalogue::store::releases_of_party(conn, &label.id, LIST)? {
                if release.label_party.as_ref() != Some(&label.id) {
                    continue;
                }
                let of = |draft: &&Draft| draft.release.as_ref() == Some(&release.id);
                let draft = drafts.iter().find(of).map(|draft| draft.id.clone());
                releases.push((release, draft));
            }
            let open = |draft: &Draft| draft.published_us.is_none() || draft.is_ahead();
            Ok::<_, Refusal>(DeskPage {
                people: store::people(conn, &label.id)?,
                cases: cases::about_label(conn, &node, &label.id)?,
                drafts: drafts.into_iter().filter(open).collect(),
                releases,
                slug,
                label,
                page,
            })
        })
        .await?;
    pages::answer(&found)
}

#[derive(Deserialize)]
struct Which {
    #[serde(default)]
    release: String,
}

/// Withdraws a release of the label, however it came in.
async fn withdraw_release(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    form: Result<Form<Which>, FormRejection>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let which = read(form)?.release;
    let (node, to) = (app.clone(), format!("/labels/{slug}"));
    app.db
        .write(move |conn| {
            let label = super::desk(conn, &node, &member, &slug)?;
            let id = Uri::parse(&which).map_err(|_| Refusal::Missing)?;
            let release = catalogue::store::release(conn, &id)?.ok_or(Refusal::Missing)?;
            if release.label_party.as_ref() != Some(&label.id) {
                return Err(Refusal::Missing);
            }
            catalogue::withdraw_release_in(conn, &node, &id)
        })
        .await?;
    Ok(Redirect::to(&to).into_response())
}

async fn begin(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let (node, of) = (app.clone(), slug.clone());
    let draft = app
        .db
        .write(move |conn| {
            let label = super::desk(conn, &node, &member, &of)?;
            drafts::begin(conn, &node, &label)
        })
        .await?;
    let to = format!("/labels/{slug}/releases/{}", draft.id);
    Ok(Redirect::to(&to).into_response())
}

/// The desk that leads to a label's releases, for a page about the label; none for who may not sit
/// there.
///
/// # Errors
/// When the database breaks.
pub fn desk_of(conn: &mut Conn, page: &Page, label: &PartyId) -> Result<Option<String>, Refusal> {
    let Some(member) = &page.member else {
        return Ok(None);
    };
    let may = page.is_from_here(label.origin()) && super::acts_for(conn, member, label)?;
    Ok(may.then(|| format!("/labels/{}", super::slug(label))))
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use super::writing::{sample_draft, sample_label};
    use crate::catalogue::pages::sample_release;

    let label = sample_label();
    let mut all = Vec::new();
    for full in [true, false] {
        let page = || Page::sample(language, true);
        let complaint = |field: &'static str| Complaint {
            field,
            say: Say::new("labels-year-wrong"),
        };
        let labels = LabelsPage {
            page: page(),
            operates: full,
            labels: match full {
                true => vec![("zed".into(), "Zed <&>".into(), vec!["Ana \"&\"".into()])],
                false => Vec::new(),
            },
            name: "<x>".into(),
            complaints: vec![complaint("name")],
        };
        all.push(("labels", labels.render()));
        let join = JoinPage {
            page: Page::sample(language, full),
            code: "7K2M-Q9XA-0TBD".into(),
            name: String::new(),
            complaints: vec![complaint("code")],
        };
        all.push(("join a label", join.render()));
        let desk = DeskPage {
            page: page(),
            slug: "zed".into(),
            label: label.clone(),
            people: vec!["Ana \"&\"".into()],
            drafts: match full {
                true => vec![sample_draft(true), sample_draft(false)],
                false => Vec::new(),
            },
            cases: match full {
                true => [cases::Stage::Open, cases::Stage::Decided]
                    .map(|stage| (cases::pages::sample_case(stage), "t".to_owned()))
                    .into(),
                false => Vec::new(),
            },
            releases: match full {
                true => vec![
                    (sample_release(true), Some("d1".into())),
                    (sample_release(false), None),
                ],
                false => Vec::new(),
            },
        };
        all.push(("label desk", desk.render()));
    }
    let invited = InvitedPage {
        page: Page::sample(language, true),
        slug: "zed".into(),
        label: "Zed <&>".into(),
        code: "7K2M-Q9XA-0TBD".into(),
    };
    all.push(("invited to a label", invited.render()));
    all
}
