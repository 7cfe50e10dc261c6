//! The page of a voyage, and the page on which a member brings names from elsewhere.

use askama::Template;
use axum::Router;
use axum::extract::{Multipart, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::{STEPS, STEPS_LIMIT, Start, Step, names};
use crate::catalogue::encoded;
use crate::db::DbError;
use crate::pages::{self, Page};
use crate::web::{App, Complaint, Guest, Refusal};
use crate::words::Say;

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/voyage", get(voyage))
        .route("/me/brought", get(brought).post(bring))
        .route("/me/brought/forget", post(forget))
}

/// A path one walks.
#[derive(Template)]
#[template(path = "discovery/voyage.html")]
struct VoyagePage {
    page: Page,
    start: Start,
    steps: Vec<Step>,
    seed: u64,
    wanted: usize,
}

impl VoyagePage {
    fn further(&self) -> Option<String> {
        let goes_on = self.steps.len() == self.wanted && self.wanted < STEPS_LIMIT;
        goes_on.then(|| {
            format!(
                "/voyage?from={}&seed={}&steps={}#step-{}",
                encoded(&self.start.id),
                self.seed,
                self.wanted + STEPS,
                self.wanted + 1
            )
        })
    }

    fn another(&self) -> String {
        let seed = self.seed.wrapping_add(1);
        format!("/voyage?from={}&seed={seed}", encoded(&self.start.id))
    }

    fn turning(&self, step: &Step) -> String {
        format!("/voyage?from={}", encoded(step.work.id.as_str()))
    }

    fn why(&self, step: &Step) -> String {
        self.page
            .prose(self.page.say(&step.why.sentence(&step.after)))
    }
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    from: String,
    #[serde(default)]
    seed: Option<u64>,
    #[serde(default)]
    steps: Option<usize>,
}

async fn voyage(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let seed = wanted.seed.unwrap_or(1);
    let count = wanted.steps.unwrap_or(STEPS).clamp(1, STEPS_LIMIT);
    let found = app
        .db
        .read(move |conn| {
            let nearness = super::nearness(&node)?;
            let start = super::start(conn, &wanted.from)?;
            let steps = super::walk(conn, &node, nearness.as_ref(), &start, seed, count)?;
            Ok::<_, Refusal>(VoyagePage {
                page,
                start,
                steps,
                seed,
                wanted: count,
            })
        })
        .await?;
    pages::answer(&found)
}

/// What a member brought from elsewhere.
#[derive(Template)]
#[template(path = "discovery/brought.html")]
struct BroughtPage {
    page: Page,
    names: i64,
    complaints: Vec<Complaint>,
}

async fn brought(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    pages::answer(&brought_page(&app, &guest, Vec::new()).await?)
}

async fn brought_page(
    app: &App,
    guest: &Guest,
    complaints: Vec<Complaint>,
) -> Result<BroughtPage, Refusal> {
    let page = Page::of(app, guest);
    let member = guest.signed_in()?.id.clone();
    let names = app
        .db
        .read(move |conn| Ok::<_, DbError>(names::brought(conn, &member)?))
        .await?;
    Ok(BroughtPage {
        page,
        names,
        complaints,
    })
}

async fn bring(
    State(app): State<App>,
    guest: Guest,
    mut form: Multipart,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let unread = || Refusal::field("file", Say::new("discovery-export-unread"));
    let mut file = None;
    while let Some(field) = form.next_field().await.map_err(|_| unread())? {
        if field.name() == Some("file") {
            file = Some(field.bytes().await.map_err(|_| unread())?);
        }
    }
    let read = tokio::task::spawn_blocking(move || names::Export::read(&*file.ok_or_else(unread)?));
    match read.await.map_err(Refusal::broken)? {
        Ok(export) => {
            app.db
                .write(move |conn| Ok::<_, DbError>(names::bring(conn, &member, &export)?))
                .await?;
            Ok(Redirect::to("/me/brought").into_response())
        }
        Err(Refusal::Invalid(complaints)) => {
            pages::answer_invalid(&brought_page(&app, &guest, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

async fn forget(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    app.db
        .write(move |conn| Ok::<_, DbError>(names::forget(conn, &member)?))
        .await?;
    Ok(Redirect::to("/me/brought").into_response())
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use super::Why;
    use crate::catalogue::pages::sample_work;
    let reasons = [
        Why::Members,
        Why::MembersOfArtist,
        Why::Selection {
            venue: "Le Fil <&>".into(),
            title: "Matins \"lents\"".into(),
        },
        Why::Scene {
            venue: "Le Fil".into(),
        },
        Why::Label("Bruit".into()),
        Why::Genre("Chanson".into()),
        Why::Place("FR-ARA".into()),
    ];
    let mut all = Vec::new();
    for (signed_in, full) in [(true, true), (false, true), (false, false)] {
        let steps: Vec<Step> = (0..)
            .zip(reasons.iter().filter(|_| full))
            .map(|(at, why)| Step {
                work: sample_work(at),
                why: why.clone(),
                after: "L’eau <&>".into(),
            })
            .collect();
        let voyage = VoyagePage {
            page: Page::sample(language, signed_in),
            start: Start {
                title: "L’eau & le \"feu\"".into(),
                kind: "works",
                id: "http://localhost:8101/works/2".into(),
                works: vec![sample_work(2)],
            },
            wanted: steps.len(),
            steps,
            seed: 7,
        };
        all.push(("voyage", voyage.render()));
        let brought = BroughtPage {
            page: Page::sample(language, true),
            names: if full { 812 } else { 0 },
            complaints: if full {
                Vec::new()
            } else {
                vec![Complaint {
                    field: "file",
                    say: Say::new("discovery-export-unread"),
                }]
            },
        };
        all.push(("brought", brought.render()));
    }
    all
}
