//! A venue as everybody sees it: its name, its colour, what it put forward.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use axum::routing::get;
use settlement::{Period, VenueId};

use super::shown::{self, ShownVenue};
use super::statement::{self, VenueMonth};
use crate::curation::shown::{self as selected, ShownSelection};
use crate::members::public::store as people;
use crate::pages::{self, Elsewhere, Page};
use crate::reports;
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/venues/{slug}", get(super::api::venue))
        .route("/venues/{slug}/icon.png", get(super::icon::icon))
        .route("/venues/{slug}/statements/{period}", get(statement))
        .route("/elsewhere/venues", get(venue_elsewhere))
        .merge(super::desk::routes())
}

/// A venue.
#[derive(Template)]
#[template(path = "venues/venue.html")]
struct VenuePage {
    page: Page,
    venue: ShownVenue,
    selections: Vec<ShownSelection>,
    /// The settled months, for whom the venue's statements are.
    months: Vec<Period>,
    /// Whether the reader follows it.
    following: bool,
}

impl VenuePage {
    /// The venue's slug, when the reader runs its desk.
    fn desk(&self) -> Option<&str> {
        self.venue
            .slug
            .as_deref()
            .filter(|_| manages(&self.page, &self.venue.id))
    }

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
            let months = if manages(&page, &venue.id) {
                reports::store::settlements(conn)?
                    .iter()
                    .filter_map(|settlement| Period::parse(&settlement.period).ok())
                    .collect()
            } else {
                Vec::new()
            };
            let following = people::is_following(conn, page.member.as_ref(), &venue.id)?;
            Ok::<_, Refusal>(VenuePage {
                following,
                page,
                venue,
                selections,
                months,
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
            let months = if manages(&page, &venue.id) {
                reports::store::settlements(conn)?
                    .iter()
                    .filter_map(|settlement| Period::parse(&settlement.period).ok())
                    .collect()
            } else {
                Vec::new()
            };
            let following = people::is_following(conn, page.member.as_ref(), &venue.id)?;
            Ok::<_, Refusal>(VenuePage {
                following,
                page,
                venue,
                selections,
                months,
            })
        })
        .await?;
    pages::answer(&found)
}

/// Whether the reader may see the accounts of this venue.
fn manages(page: &Page, venue: &str) -> bool {
    let id = VenueId::parse(venue);
    id.is_ok_and(|id| page.member.as_ref().is_some_and(|m| m.manages(&id)))
}

/// A venue's month: what it contributed, and to which works that went.
#[derive(Template)]
#[template(path = "venues/statement.html")]
struct StatementPage {
    page: Page,
    venue: ShownVenue,
    month: VenueMonth,
}

async fn statement(
    State(app): State<App>,
    guest: Guest,
    Path((slug, period)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    guest.signed_in()?;
    let period = Period::parse(&period).map_err(|_| Refusal::Missing)?;
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let venue = shown::venue(conn, &slug, &page.base)?.ok_or(Refusal::Missing)?;
            if !manages(&page, &venue.id) {
                return Err(Refusal::Forbidden(Say::new("venues-managers-only")));
            }
            let id = VenueId::parse(&venue.id).map_err(Refusal::broken)?;
            let month = statement::month(conn, &node, &id, period)?;
            Ok(StatementPage { page, venue, month })
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
fn sample_venue(here: bool) -> ShownVenue {
    ShownVenue {
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
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    use crate::catalogue::pages::sample_work;
    let period = Period::parse("2026-10").unwrap();
    let mut all = Vec::new();
    for full in [true, false] {
        let venue = VenuePage {
            following: full,
            page: Page::sample(language, full),
            venue: sample_venue(full),
            selections: if full {
                vec![crate::curation::pages::sample_selection(true)]
            } else {
                Vec::new()
            },
            months: if full { vec![period] } else { Vec::new() },
        };
        all.push(("venue", venue.render()));
        let paid = |at: u8| statement::PaidWork {
            work: (at != 2).then(|| sample_work(at)),
            id: format!("http://localhost:8101/works/{at}"),
            uses: i64::from(at),
            micro: i64::from(at) * 1_234_567,
        };
        let statement = StatementPage {
            page: Page::sample(language, true),
            venue: sample_venue(true),
            month: VenueMonth {
                period,
                contributed_minor: 10_000,
                paid_micro: full.then_some(5_500_000_000),
                listeners: full.then_some(12),
                works: (1..4).map(paid).collect(),
                others: full.then_some((3, 4, 5_000_000)),
            },
        };
        all.push(("venue statement", statement.render()));
    }
    all.extend(super::desk::samples(language));
    all
}
