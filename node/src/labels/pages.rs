//! The pages of a label's people: coming to act for a label, its desk, and a release written by hand,
//! from the first file to publishing, changing and withdrawing it.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, Query, State};
use axum::http::header::SET_COOKIE;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use settlement::{Kind, PartyId, Uri};

use super::drafts::{self, Draft, DraftWork, ReleaseFacts, WorkFacts};
use super::joining::{self, Joining};
use super::store;
use crate::cases::{self, store::Case};
use crate::catalogue::changes::Change;
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
        .route("/labels/{slug}/releases/{draft}", get(draft).post(save))
        .route(
            "/labels/{slug}/releases/{draft}/works/{work}",
            post(save_work),
        )
        .route(
            "/labels/{slug}/releases/{draft}/works/{work}/sound",
            get(sound),
        )
        .route("/labels/{slug}/releases/{draft}/publish", post(publish))
        .route("/labels/{slug}/releases/{draft}/withdraw", post(withdraw))
        .route("/labels/{slug}/releases/{draft}/discard", post(discard))
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

/// A release written by hand.
#[derive(Template)]
#[template(path = "labels/draft.html")]
struct DraftPage {
    page: Page,
    slug: String,
    label: Party,
    draft: Draft,
    /// What was typed into the form, right or wrong.
    facts: ReleaseFacts,
    complaints: Vec<Complaint>,
    /// What was typed into the form of one work, right or wrong.
    of_work: Option<(String, WorkFacts, Vec<Complaint>)>,
    /// Files that were not taken, and why.
    refused: Vec<(String, Say)>,
    /// What is missing before it can be published.
    missing: Vec<Complaint>,
    /// Changes of who shares that wait: the work's title, and until when.
    waiting: Vec<(String, Change)>,
}

impl DraftPage {
    fn typed(&self, work: &DraftWork) -> WorkFacts {
        match &self.of_work {
            Some((id, facts, _)) if *id == work.id => facts.clone(),
            _ => work.facts.clone(),
        }
    }

    fn wrong_of(&self, work: &DraftWork, field: &str) -> Option<String> {
        let (id, _, wrong) = self.of_work.as_ref()?;
        (*id == work.id).then(|| self.page.wrong(wrong, field))?
    }

    fn is_open(&self, work: &DraftWork) -> bool {
        self.of_work.as_ref().is_some_and(|(id, ..)| *id == work.id)
    }

    fn wrong(&self, field: &str) -> Option<String> {
        self.page.wrong(&self.complaints, field)
    }

    fn title(&self) -> String {
        match self.draft.facts.title.as_str() {
            "" => self.page.t("labels-draft-untitled"),
            title => title.to_owned(),
        }
    }

    fn kinds(&self) -> Vec<(&'static str, String, bool)> {
        let chosen = Kind::parse(&self.facts.kind).unwrap_or(Kind::Music);
        let kinds = [Kind::Music, Kind::Film, Kind::Game, Kind::Book];
        kinds
            .into_iter()
            .map(|kind| {
                let name = self.page.t(catalogue::pages::kind_key(&kind));
                (kind.as_str(), name, kind == chosen)
            })
            .collect()
    }

    fn is_last(&self, work: &DraftWork) -> bool {
        self.draft.works.last() == Some(work)
    }

    fn is_first(&self, work: &DraftWork) -> bool {
        self.draft.works.first() == Some(work)
    }

    fn cover_path(&self) -> Option<String> {
        self.draft
            .cover
            .map(|cover| format!("/covers/{}", cover.hex()))
    }
}

/// The label and its draft, for whoever may sit at them.
///
/// # Errors
/// When nobody is signed in, or somebody of another label.
pub(super) async fn sit(
    app: &App,
    guest: &Guest,
    slug: &str,
    draft: &str,
) -> Result<(Party, Draft), Refusal> {
    let member = guest.signed_in()?.clone();
    let (node, slug, draft) = (app.clone(), slug.to_owned(), draft.to_owned());
    app.db
        .read(move |conn| {
            let label = super::desk(conn, &node, &member, &slug)?;
            let draft = drafts::of_label(conn, &label, &draft)?;
            Ok((label, draft))
        })
        .await
}

async fn draft_page(app: &App, guest: &Guest, slug: &str, id: &str) -> Result<DraftPage, Refusal> {
    let (label, draft) = sit(app, guest, slug, id).await?;
    let page = Page::of(app, guest);
    let slug = slug.to_owned();
    app.db
        .read(move |conn| {
            let waiting = waiting(conn, &draft)?;
            Ok::<_, Refusal>(DraftPage {
                missing: drafts::missing(&draft, &page.zone),
                facts: draft.facts.clone(),
                complaints: Vec::new(),
                of_work: None,
                refused: Vec::new(),
                waiting,
                slug,
                label,
                draft,
                page,
            })
        })
        .await
}

/// The changes of shares that publishing proposed and that wait for who would have less.
fn waiting(conn: &mut Conn, draft: &Draft) -> Result<Vec<(String, Change)>, Refusal> {
    let mut waiting = Vec::new();
    if let Some(release) = &draft.release {
        for work in catalogue::store::works_of_release(conn, release)? {
            let change = catalogue::store::waiting_change(conn, &work.id)?;
            waiting.extend(change.map(|change| (work.title, change)));
        }
    }
    Ok(waiting)
}

/// The page of a draft with what is wrong.
pub(super) async fn draft_again(
    app: &App,
    guest: &Guest,
    slug: &str,
    id: &str,
    complaints: Vec<Complaint>,
    refused: Vec<(String, Say)>,
) -> Result<Response, Refusal> {
    let found = DraftPage {
        complaints,
        refused,
        ..draft_page(app, guest, slug, id).await?
    };
    pages::answer_invalid(&found)
}

async fn draft(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    pages::answer(&draft_page(&app, &guest, &slug, &id).await?)
}

fn back_to(slug: &str, id: &str, part: &str) -> Response {
    Redirect::to(&format!("/labels/{slug}/releases/{id}{part}")).into_response()
}

async fn save(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
    form: Result<Form<ReleaseFacts>, FormRejection>,
) -> Result<Response, Refusal> {
    let typed = read(form)?;
    let (_, mut draft) = sit(&app, &guest, &slug, &id).await?;
    let zone = app.config.time_zone();
    let mut tidied = typed.clone().tidy(&zone);
    let kind = |text: &str| Kind::parse(text).unwrap_or(Kind::Music);
    if !draft.works.is_empty() && kind(&typed.kind) != kind(&draft.facts.kind) {
        let say = Say::new("labels-kind-fixed");
        let complaint = Complaint { field: "kind", say };
        tidied = Err(tidied
            .err()
            .into_iter()
            .flatten()
            .chain([complaint])
            .collect());
    }
    match tidied {
        Err(complaints) => pages::answer_invalid(&DraftPage {
            facts: typed,
            complaints,
            ..draft_page(&app, &guest, &slug, &id).await?
        }),
        Ok(facts) => {
            let now_us = app.clock.now_us();
            app.db
                .write(move |conn| {
                    if let Some(now) = store::draft(conn, &draft.id)? {
                        draft = now;
                    }
                    draft.facts = facts;
                    draft.updated_us = now_us;
                    Ok::<_, Refusal>(store::put_draft(conn, &draft)?)
                })
                .await?;
            Ok(back_to(&slug, &id, "#works"))
        }
    }
}

#[derive(Deserialize)]
struct WorkForm {
    #[serde(default)]
    act: String,
    #[serde(flatten)]
    facts: WorkFacts,
}

async fn save_work(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id, work)): Path<(String, String, String)>,
    form: Result<Form<WorkForm>, FormRejection>,
) -> Result<Response, Refusal> {
    let form = read(form)?;
    let (_, draft) = sit(&app, &guest, &slug, &id).await?;
    let at = draft.works.iter().position(|one| one.id == work);
    let at = at.ok_or(Refusal::Missing)?;
    let mut works = draft.works.clone();
    let mut gone = None;
    match form.act.as_str() {
        "up" if at > 0 => works.swap(at, at - 1),
        "down" if at + 1 < works.len() => works.swap(at, at + 1),
        "up" | "down" => {}
        "remove" => gone = Some(works.remove(at).id),
        _ => match form.facts.clone().tidy() {
            Ok(facts) => works[at].facts = facts,
            Err(complaints) => {
                return pages::answer_invalid(&DraftPage {
                    of_work: Some((work, form.facts, complaints)),
                    ..draft_page(&app, &guest, &slug, &id).await?
                });
            }
        },
    }
    let now_us = app.clock.now_us();
    app.db
        .write(move |conn| {
            if let Some(gone) = gone {
                store::drop_work(conn, &gone)?;
            }
            for (position, work) in (1..).zip(&mut works) {
                work.position = position;
                store::put_work(conn, &draft.id, work)?;
            }
            // What was uploaded meanwhile keeps its place.
            let mut draft = store::draft(conn, &draft.id)?.ok_or(Refusal::Missing)?;
            draft.updated_us = now_us;
            Ok::<_, Refusal>(store::put_draft(conn, &draft)?)
        })
        .await?;
    Ok(back_to(&slug, &id, "#works"))
}

/// The sound of a work that is not published, for the people of its label.
async fn sound(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id, work)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let (_, draft) = sit(&app, &guest, &slug, &id).await?;
    let work = draft.works.into_iter().find(|one| one.id == work);
    let file = work.ok_or(Refusal::Missing)?.file;
    catalogue::serve_file(&app, &file.digest, &file.media_type, &headers).await
}

async fn publish(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (label, _) = sit(&app, &guest, &slug, &id).await?;
    let (node, draft) = (app.clone(), id.clone());
    let published = app
        .db
        .write(move |conn| {
            let draft = drafts::of_label(conn, &label, &draft)?;
            drafts::publish(conn, &node, &label, draft)
        })
        .await;
    match published {
        Ok(_) => Ok(back_to(&slug, &id, "#publish")),
        Err(Refusal::Invalid(complaints)) => {
            draft_again(&app, &guest, &slug, &id, complaints, Vec::new()).await
        }
        Err(refusal) => Err(refusal),
    }
}

async fn withdraw(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (label, _) = sit(&app, &guest, &slug, &id).await?;
    let (node, draft) = (app.clone(), id.clone());
    app.db
        .write(move |conn| {
            let draft = drafts::of_label(conn, &label, &draft)?;
            drafts::withdraw(conn, &node, draft)
        })
        .await?;
    Ok(back_to(&slug, &id, "#publish"))
}

/// Throws away a draft that was not published.
async fn discard(
    State(app): State<App>,
    guest: Guest,
    Path((slug, id)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let (_, draft) = sit(&app, &guest, &slug, &id).await?;
    if draft.published_us.is_some() {
        return Err(Refusal::Conflict(Say::new("labels-discard-published")));
    }
    app.db
        .write(move |conn| Ok::<_, Refusal>(store::drop_draft(conn, &draft.id)?))
        .await?;
    Ok((
        StatusCode::SEE_OTHER,
        Redirect::to(&format!("/labels/{slug}")),
    )
        .into_response())
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
    use crate::catalogue::pages::{sample_party, sample_release};
    use federation::digest::Sha256Digest;

    let mut label = sample_party(true);
    label.kind = catalogue::Role::Label;
    let work = |at: i64| DraftWork {
        id: format!("w{at}"),
        position: at,
        facts: WorkFacts {
            title: format!("L’eau & le <feu> n° {at}"),
            artist: "Zed; \"Bo\"".into(),
            isrc: "FRZ032600001".into(),
            composer: String::new(),
        },
        file: super::drafts::Upload {
            digest: Sha256Digest::of(b"a sound"),
            name: "01 <eau>.flac".into(),
            sound: String::new(),
            media_type: "audio/flac".into(),
            size: 31_000_000,
            duration_ms: 207_999,
        },
    };
    let draft = |full: bool| Draft {
        id: "d1".into(),
        label: label.id.clone(),
        facts: match full {
            true => ReleaseFacts {
                title: "Bords & <débords>".into(),
                artist: "Zed; \"Bo\"".into(),
                label_part: "30".into(),
                ..ReleaseFacts::default()
            },
            false => ReleaseFacts::default(),
        },
        cover: full.then(|| Sha256Digest::of(b"a picture")),
        release: full.then(|| sample_release(true).id),
        created_us: 1_793_491_200_000_000,
        updated_us: 1_793_491_200_000_001,
        published_us: full.then_some(1_793_491_200_000_000),
        works: match full {
            true => (1..4).map(work).collect(),
            false => Vec::new(),
        },
    };
    let mut all = Vec::new();
    for full in [true, false] {
        let page = || Page::sample(language, true);
        let complaint = |field: &'static str| Complaint {
            field,
            say: Say::new("labels-year-wrong"),
        };
        let draft_page = DraftPage {
            page: page(),
            slug: "zed".into(),
            label: label.clone(),
            facts: draft(full).facts,
            draft: draft(full),
            complaints: match full {
                true => Vec::new(),
                false => vec![complaint("title"), complaint("year"), complaint("cover")],
            },
            of_work: full.then(|| ("w2".into(), WorkFacts::default(), vec![complaint("isrc")])),
            refused: vec![("<x>.mp3".into(), Say::new("catalogue-file-corrupt"))],
            missing: match full {
                true => Vec::new(),
                false => vec![complaint("works")],
            },
            waiting: match full {
                true => vec![("L’eau <&>".into(), Change::sample())],
                false => Vec::new(),
            },
        };
        all.push(("draft", draft_page.render()));
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
                true => vec![draft(true), draft(false)],
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
