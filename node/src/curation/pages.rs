//! Home, where the venues put things forward, and a selection, which reads like a short article
//! that plays.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use serde::Deserialize;

use super::shown::{self, Piece, ShownSelection};
use crate::catalogue::shown::ShownWork;
use crate::catalogue::{Release, store as catalogue};
use crate::discovery::search::shown as search;
use crate::pages::{self, Elsewhere, Page};
use crate::venues;
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

/// The doors that answer with pages alone.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/", get(home))
        .route("/elsewhere/selections", get(selection_elsewhere))
        .route("/venues/{slug}/compose", get(compose))
}

/// Home: what the venues say tonight, here and elsewhere, and what is new.
#[derive(Template)]
#[template(path = "curation/home.html")]
struct HomePage {
    page: Page,
    lead: Option<ShownSelection>,
    here: Vec<ShownSelection>,
    elsewhere: Vec<ShownSelection>,
    new_here: Vec<Release>,
    new_elsewhere: Vec<Release>,
}

impl HomePage {
    fn is_bare(&self) -> bool {
        self.lead.is_none() && self.new_here.is_empty() && self.new_elsewhere.is_empty()
    }
}

async fn home(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let base = page.base.clone();
            let mut here = shown::latest(conn, &base, true, 5)?;
            let mut elsewhere = shown::latest(conn, &base, false, 4)?;
            // The member's own venue speaks first.
            let venue = page.member.as_ref().and_then(|m| m.venue.as_ref());
            let at = here
                .iter()
                .position(|s| venue.is_some_and(|v| v.as_str() == s.venue));
            let lead = if !here.is_empty() {
                Some(here.remove(at.unwrap_or(0)))
            } else if !elsewhere.is_empty() {
                Some(elsewhere.remove(0))
            } else {
                None
            };
            Ok::<_, Refusal>(HomePage {
                lead,
                here,
                elsewhere,
                new_here: catalogue::latest_releases(conn, &base, true, 8)?,
                new_elsewhere: catalogue::latest_releases(conn, &base, false, 8)?,
                page,
            })
        })
        .await?;
    pages::answer(&found)
}

/// A selection.
#[derive(Template)]
#[template(path = "curation/selection.html")]
struct SelectionPage {
    page: Page,
    selection: ShownSelection,
    pieces: Vec<Piece>,
}

/// `GET /selections/{id}` for people.
pub async fn selection(
    State(app): State<App>,
    guest: Guest,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    show_selection(&app, &guest, app.config.uri(&format!("/selections/{id}"))).await
}

async fn selection_elsewhere(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Elsewhere>,
) -> Result<Response, Refusal> {
    show_selection(&app, &guest, wanted.uri).await
}

async fn show_selection(app: &App, guest: &Guest, id: String) -> Result<Response, Refusal> {
    let page = Page::of(app, guest);
    let found = app
        .db
        .read(move |conn| {
            let Some(selection) = shown::selection(conn, &id)? else {
                return Err(Refusal::Missing);
            };
            let pieces = shown::pieces(conn, &id)?;
            Ok(SelectionPage {
                page,
                selection,
                pieces,
            })
        })
        .await?;
    pages::answer(&found)
}

/// Composing a selection: a form that works as it is, with the addresses of works; a search beside
/// it puts them there with a script.
#[derive(Template)]
#[template(path = "curation/compose.html")]
struct ComposePage {
    page: Page,
    slug: String,
    venue: String,
    q: String,
    found: Vec<ShownWork>,
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

async fn compose(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
    Query(wanted): Query<Wanted>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.clone();
    let page = Page::of(&app, &guest);
    let q: String = wanted.q.trim().chars().take(200).collect();
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let venue = venues::store::by_slug(conn, &slug)?.ok_or(Refusal::Missing)?;
            if !member.curates(&venue.id) {
                let not_yours = Say::new("curation-not-yours").with("venue", &venue.name);
                return Err(Refusal::Forbidden(not_yours));
            }
            let found = search::works(conn, &node, &q, 30)?;
            Ok(ComposePage {
                page,
                slug,
                venue: venue.name,
                q,
                found,
            })
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
pub(crate) fn sample_selection(here: bool) -> ShownSelection {
    let origin = if here {
        "http://localhost:8101"
    } else {
        "http://localhost:8102"
    };
    ShownSelection {
        id: format!("{origin}/selections/1"),
        origin: origin.into(),
        venue: format!("{origin}/venues/le-fil"),
        venue_name: "Le Fil & Cie".into(),
        title: "Ce que l’eau <porte>".into(),
        words: "Un premier paragraphe : « rivière ».\n\nUn second \"paragraphe\".".into(),
        colour: "#2f5d62\"><script>".into(),
        territory: None,
        published_us: 1_793_491_200_000_000,
        works: 3,
        covers: (0..3).map(crate::catalogue::pages::sample_work).collect(),
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::catalogue::pages::{sample_release, sample_work};
    let mut all = Vec::new();
    for (full, signed_in) in [(true, true), (true, false), (false, false)] {
        let page = Page::sample(language, signed_in);
        let home = HomePage {
            page: page.clone(),
            lead: full.then(|| sample_selection(true)),
            here: Vec::new(),
            elsewhere: if full {
                vec![sample_selection(false)]
            } else {
                Vec::new()
            },
            new_here: if full {
                vec![sample_release(true)]
            } else {
                Vec::new()
            },
            new_elsewhere: if full {
                vec![sample_release(false)]
            } else {
                Vec::new()
            },
        };
        all.push(("home", home.render()));
        let compose = ComposePage {
            page: page.clone(),
            slug: "le-fil".into(),
            venue: "Le Fil <&>".into(),
            q: if full { "\"eau".into() } else { String::new() },
            found: if full {
                vec![sample_work(1), sample_work(2)]
            } else {
                Vec::new()
            },
        };
        all.push(("compose", compose.render()));
        let selection = SelectionPage {
            page,
            selection: sample_selection(full),
            pieces: vec![
                Piece {
                    id: "http://localhost:8101/works/2".into(),
                    work: Some(sample_work(2)),
                    note: "Pour <finir>".into(),
                },
                Piece {
                    id: "http://localhost:8102/works/9".into(),
                    work: None,
                    note: String::new(),
                },
                Piece {
                    id: "http://localhost:8102/works/1".into(),
                    work: Some(sample_work(1)),
                    note: String::new(),
                },
            ],
        };
        all.push(("selection", selection.render()));
    }
    all
}
