//! A release written by hand, on its page: from the first file to publishing, changing and
//! withdrawing it.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use settlement::Kind;

use super::drafts::{self, Draft, DraftWork, ReleaseFacts, WorkFacts};
use super::store;
use crate::catalogue::changes::Change;
use crate::catalogue::{self, Party};
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::web::{App, Complaint, Guest, Refusal, read};
use crate::words::Say;

/// The doors of a release's page.
pub(super) fn routes() -> Router<App> {
    Router::new()
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

#[cfg(test)]
pub(crate) fn sample_label() -> Party {
    let mut label = crate::catalogue::pages::sample_party(true);
    label.kind = catalogue::Role::Label;
    label
}

#[cfg(test)]
pub(crate) fn sample_draft(full: bool) -> Draft {
    use crate::catalogue::pages::sample_release;
    use federation::digest::Sha256Digest;

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
    Draft {
        id: "d1".into(),
        label: sample_label().id,
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
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let complaint = |field: &'static str| Complaint {
        field,
        say: Say::new("labels-year-wrong"),
    };
    let mut all = Vec::new();
    for full in [true, false] {
        let draft_page = DraftPage {
            page: Page::sample(language, true),
            slug: "zed".into(),
            label: sample_label(),
            facts: sample_draft(full).facts,
            draft: sample_draft(full),
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
    }
    all
}
