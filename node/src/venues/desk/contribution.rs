//! What a venue paid, what each month carried of it, and whom that paid.

use askama::Template;
use axum::Router;
use axum::extract::{Path, State};
use axum::response::Response;
use axum::routing::get;
use settlement::Period;

use super::super::contribution::{Contribution, last_month};
use super::super::statement;
use super::super::store;
use super::{Head, csv_file, open, plain_money};
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::reports;
use crate::web::{App, Guest, Refusal};

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/venues/{slug}/desk/contribution", get(contribution))
        .route("/venues/{slug}/desk/contribution.csv", get(as_csv))
}

/// A year's contribution and its months.
struct Year {
    contribution: Contribution,
    last: Period,
    /// What each month carried so far: the month, and how much in minor units.
    months: Vec<(Period, i64)>,
}

impl Year {
    fn amount(&self) -> i64 {
        i64::try_from(self.contribution.amount.get()).unwrap_or(i64::MAX)
    }

    fn carried(&self) -> i64 {
        self.months.iter().map(|(_, minor)| minor).sum()
    }
}

/// The page.
#[derive(Template)]
#[template(path = "venues/desk/contribution.html")]
struct ContributionPage {
    page: Page,
    head: Head,
    years: Vec<Year>,
    /// The months that were settled, the latest first.
    settled: Vec<Period>,
}

impl ContributionPage {
    fn is_settled(&self, month: &Period) -> bool {
        self.settled.contains(month)
    }
}

fn years_of(conn: &mut Conn, head: &Head) -> Result<Vec<Year>, Refusal> {
    let mut years = Vec::new();
    for contribution in store::contributions_of(conn, &head.venue.id)? {
        let months = store::parts_of(conn, &contribution.id)?
            .into_iter()
            .filter_map(|(_, period, minor)| Some((Period::parse(&period).ok()?, minor)))
            .collect();
        years.push(Year {
            last: last_month(contribution.first_period),
            contribution,
            months,
        });
    }
    Ok(years)
}

fn settled_months(conn: &mut Conn) -> Result<Vec<Period>, Refusal> {
    let mut months: Vec<Period> = reports::store::settlements(conn)?
        .iter()
        .filter_map(|settled| Period::parse(&settled.period).ok())
        .collect();
    months.sort_unstable();
    months.dedup();
    months.reverse();
    Ok(months)
}

async fn contribution(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let head = open(conn, &page, &slug, "/contribution")?;
            Ok::<_, Refusal>(ContributionPage {
                years: years_of(conn, &head)?,
                settled: settled_months(conn)?,
                page,
                head,
            })
        })
        .await?;
    pages::answer(&found)
}

/// Each settled month, and what each work was paid in it.
async fn as_csv(
    State(app): State<App>,
    guest: Guest,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let node = app.clone();
    let (page, rows) = app
        .db
        .read(move |conn| {
            let head = open(conn, &page, &slug, "/contribution")?;
            let mut rows = Vec::new();
            for period in settled_months(conn)? {
                let month = statement::month(conn, &node, &head.venue.id, period)?;
                let line = |what: String, credit: String, uses: i64, micro: i64| {
                    vec![
                        period.to_string(),
                        plain_money(month.contributed_minor, page.currency),
                        what,
                        credit,
                        uses.to_string(),
                        // Micros of a minor unit, rounded toward zero to whole minor units.
                        plain_money(micro / 1_000_000, page.currency),
                    ]
                };
                for paid in &month.works {
                    let (title, credit) = match &paid.work {
                        Some(work) => (work.title.clone(), work.credit.clone()),
                        None => (paid.id.clone(), String::new()),
                    };
                    rows.push(line(title, credit, paid.uses, paid.micro));
                }
                if let Some((count, uses, micro)) = month.others {
                    let what = page.tn("venues-statement-others", "n", count);
                    rows.push(line(what, String::new(), uses, micro));
                }
            }
            Ok::<_, Refusal>((page, rows))
        })
        .await?;
    let heads = [
        "venues-csv-month",
        "venues-csv-carried",
        "venues-csv-work",
        "venues-csv-credit",
        "venues-csv-uses",
        "venues-csv-paid",
    ]
    .map(|key| page.t(key));
    csv_file("antiphon-contribution.csv", &heads, rows)
}

#[cfg(test)]
pub(super) fn sample_contribution() -> Contribution {
    Contribution {
        id: "c1".into(),
        venue: super::sample_head("").venue.id,
        amount: settlement::Minor::new(840_000),
        first_period: Period::parse("2026-09").unwrap(),
        received_us: 1_788_220_800_000_000,
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let period = Period::parse("2026-10").unwrap();
    let page = |full: bool| ContributionPage {
        page: Page::sample(language, true),
        head: super::sample_head("/contribution"),
        years: match full {
            true => vec![Year {
                contribution: sample_contribution(),
                last: Period::parse("2027-08").unwrap(),
                months: vec![(period, 70_000), (period, 70_000)],
            }],
            false => Vec::new(),
        },
        settled: if full { vec![period] } else { Vec::new() },
    };
    vec![
        ("desk contribution", page(true).render()),
        ("desk contribution at first", page(false).render()),
    ]
}
