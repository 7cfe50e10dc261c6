//! The first page of a desk: seats, the contribution and whom it paid, the last weeks.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use settlement::Period;

use super::super::contribution::{Contribution, last_month};
use super::super::statement::{self, VenueMonth};
use super::super::{Seats, seats, store};
use super::uses::{self, Uses};
use super::{Head, open};
use crate::pages::{self, Page};
use crate::reports;
use crate::web::{App, Guest, Refusal};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/venues/{slug}/desk", get(overview))
}

/// The page.
#[derive(Template)]
#[template(path = "venues/desk/overview.html")]
struct OverviewPage {
    page: Page,
    head: Head,
    seats: Seats,
    members: i64,
    /// The contribution received last.
    contribution: Option<Contribution>,
    /// The last month that was settled.
    month: Option<VenueMonth>,
    uses: Uses,
}

impl OverviewPage {
    fn columns(&self) -> String {
        uses::columns(&self.page, &self.uses)
    }

    /// The last month the contribution pays for.
    fn ends(&self, contribution: &Contribution) -> Period {
        last_month(contribution.first_period)
    }

    fn taken(&self) -> i64 {
        i64::from(self.seats.taken)
    }

    fn invited(&self) -> i64 {
        i64::from(self.seats.invited)
    }

    fn left(&self) -> i64 {
        i64::from(self.seats.left())
    }

    /// Where the picture of the seats changes, in thousandths: members, then invitations.
    fn seat_parts(&self) -> (i64, i64) {
        let of = i64::from(self.seats.paid.max(1));
        let part = |value: i64| crate::pages::drawing::part(value, of);
        (part(self.taken()), part(self.invited()))
    }
}

async fn overview(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let head = open(conn, &page, &slug, "")?;
            let venue = &head.venue;
            let settled = reports::store::settlements(conn)?
                .iter()
                .filter_map(|settled| Period::parse(&settled.period).ok())
                .max();
            Ok::<_, Refusal>(OverviewPage {
                seats: seats(conn, &node, venue)?,
                members: i64::from(store::members_now(conn, &venue.id)?),
                contribution: store::contributions_of(conn, &venue.id)?.into_iter().next(),
                month: match settled {
                    Some(period) => Some(statement::month(conn, &node, &venue.id, period)?),
                    None => None,
                },
                uses: uses::of_venue(conn, &node, &venue.id)?,
                page,
                head,
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
    let period = Period::parse("2026-10").unwrap();
    let page = |full: bool| OverviewPage {
        page: Page::sample(language, true),
        head: super::sample_head(""),
        seats: Seats {
            paid: 120,
            taken: if full { 73 } else { 0 },
            invited: if full { 20 } else { 0 },
        },
        members: if full { 71 } else { 0 },
        contribution: full.then(super::contribution::sample_contribution),
        month: full.then(|| VenueMonth {
            period,
            contributed_minor: 70_000,
            paid_micro: Some(38_500_000_000),
            listeners: Some(61),
            works: (1..4)
                .map(|at: u8| statement::PaidWork {
                    work: (at != 2).then(|| sample_work(at)),
                    id: format!("http://localhost:8101/works/{at}"),
                    uses: i64::from(at),
                    micro: i64::from(at) * 1_234_567,
                })
                .collect(),
            others: Some((3, 4, 5_000_000)),
        }),
        uses: match full {
            true => uses::sample_uses(),
            false => Uses::default(),
        },
    };
    vec![
        ("desk", page(true).render()),
        ("desk at first", page(false).render()),
    ]
}
