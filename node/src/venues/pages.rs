//! A venue as everybody sees it: its name, its colour, what it put forward.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use settlement::VenueId;

use super::shown::{self, ShownVenue};
use crate::curation::shown::{self as selected, ShownSelection};
use crate::pages::{self, Elsewhere, Page};
use crate::web::{App, Guest, Refusal};

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/venues/{slug}", get(super::api::venue))
        .route("/elsewhere/venues", get(venue_elsewhere))
}

/// A venue.
#[derive(Template)]
#[template(path = "venues/venue.html")]
struct VenuePage {
    page: Page,
    venue: ShownVenue,
    selections: Vec<ShownSelection>,
}

impl VenuePage {
    /// The venue's slug, when the reader may compose its selections.
    fn compose(&self) -> Option<&str> {
        let id = VenueId::parse(&self.venue.id).ok()?;
        let curates = self.page.member.as_ref().is_some_and(|m| m.curates(&id));
        self.venue.slug.as_deref().filter(|_| curates)
    }
}

/// `GET /venues/{slug}` for people.
pub async fn venue(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let venue = shown::venue(conn, &slug, &page.base)?.ok_or(Refusal::Missing)?;
            let selections = selected::of_venue(conn, &venue.id, 40)?;
            Ok::<_, Refusal>(VenuePage {
                page,
                venue,
                selections,
            })
        })
        .await?;
    pages::answer(&found)
}

async fn venue_elsewhere(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Elsewhere>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let venue = shown::venue_elsewhere(conn, &wanted.uri)?.ok_or(Refusal::Missing)?;
            let selections = selected::of_venue(conn, &venue.id, 40)?;
            Ok::<_, Refusal>(VenuePage {
                page,
                venue,
                selections,
            })
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    [true, false]
        .into_iter()
        .map(|here| {
            let venue = VenuePage {
                page: Page::sample(language, here),
                venue: ShownVenue {
                    id: "http://localhost:8101/venues/le-fil".into(),
                    name: "Le Fil <&>".into(),
                    colour: "#2f5d62".into(),
                    slug: here.then(|| "le-fil".into()),
                    origin: if here {
                        "http://localhost:8101"
                    } else {
                        "http://localhost:8102"
                    }
                    .into(),
                },
                selections: if here {
                    vec![crate::curation::pages::sample_selection(true)]
                } else {
                    Vec::new()
                },
            };
            ("venue", venue.render())
        })
        .collect()
}
