//! The venues at the collective's desk: their seats, what they paid and until when; a new venue,
//! another year's contribution, other seats.

use askama::Template;
use axum::Router;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use settlement::{Minor, Period};

use super::{Head, open};
use crate::pages::{self, Page};
use crate::venues::contribution::{Contribution, last_month};
use crate::venues::{self, Seats, Venue, store};
use crate::web::read;
use crate::web::{App, Complaint, Guest, Refusal};
use crate::words::Say;

pub(super) fn routes() -> Router<App> {
    Router::new()
        .route("/desk/venues", get(list).post(add))
        .route("/desk/venues/contribution", post(receive))
        .route("/desk/venues/seats", post(seats))
}

/// A venue, as the collective sees it.
struct Line {
    venue: Venue,
    seats: Seats,
    last: Option<Contribution>,
}

impl Line {
    fn until(&self) -> Option<Period> {
        Some(last_month(self.last.as_ref()?.first_period))
    }

    fn amount(&self) -> i64 {
        let amount = self.last.as_ref().map_or(0, |last| last.amount.get());
        i64::try_from(amount).unwrap_or(i64::MAX)
    }
}

/// The page.
#[derive(Template)]
#[template(path = "operating/venues.html")]
struct VenuesPage {
    page: Page,
    head: Head,
    lines: Vec<Line>,
    typed: AddForm,
    complaints: Vec<Complaint>,
}

async fn page_of(
    app: &App,
    guest: &Guest,
    typed: AddForm,
    complaints: Vec<Complaint>,
) -> Result<VenuesPage, Refusal> {
    let page = Page::of(app, guest);
    let head = open(&page, "/venues")?;
    let node = app.clone();
    app.db
        .read(move |conn| {
            let mut lines = Vec::new();
            for venue in store::all(conn)? {
                lines.push(Line {
                    seats: venues::seats(conn, &node, &venue)?,
                    last: store::contributions_of(conn, &venue.id)?.into_iter().next(),
                    venue,
                });
            }
            Ok(VenuesPage {
                page,
                head,
                lines,
                typed,
                complaints,
            })
        })
        .await
}

async fn list(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    pages::answer(&page_of(&app, &guest, AddForm::default(), Vec::new()).await?)
}

/// An amount as people write it, `8400` or `8 400,50`, in minor units.
fn minor_units(text: &str, decimals: u32) -> Option<Minor> {
    let text: String = text
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '\u{a0}' | '\u{202f}' | '€' | '\''))
        .take(24)
        .collect();
    let (whole, part) = match text.split_once([',', '.']) {
        Some((whole, part)) => (whole, part),
        None => (text.as_str(), ""),
    };
    let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(part) || part.len() > decimals as usize {
        return None;
    }
    let part = format!("{part:0<width$}", width = decimals as usize);
    let all: i128 = format!("{whole}{part}").parse().ok()?;
    Some(Minor::new(all))
}

#[derive(Clone, Debug, Default, Deserialize)]
struct AddForm {
    #[serde(default)]
    name: String,
    #[serde(default)]
    seats: String,
    #[serde(default)]
    contribution: String,
}

async fn add(
    State(app): State<App>,
    guest: Guest,
    sent: Result<Form<AddForm>, FormRejection>,
) -> Result<Response, Refusal> {
    open(&Page::of(&app, &guest), "/venues")?;
    let form = read(sent)?;
    let seats: u32 = form.seats.trim().parse().unwrap_or(0);
    let decimals = app.config.currency.decimals();
    let done = match minor_units(&form.contribution, decimals) {
        None => Err(wrong_amount()),
        Some(amount) => {
            let (node, name) = (app.clone(), form.name.clone());
            let added =
                tokio::task::spawn_blocking(move || venues::add(&node, &name, amount, seats));
            added.await.map_err(Refusal::broken)?.map(drop)
        }
    };
    finish(&app, &guest, form, done).await
}

fn wrong_amount() -> Refusal {
    Refusal::field("contribution", Say::new("operating-amount"))
}

async fn finish(
    app: &App,
    guest: &Guest,
    mut typed: AddForm,
    done: Result<(), Refusal>,
) -> Result<Response, Refusal> {
    match done {
        Ok(()) => Ok(Redirect::to("/desk/venues").into_response()),
        Err(Refusal::Invalid(complaints)) => {
            typed.name = typed.name.chars().take(venues::NAME_LIMIT).collect();
            typed.seats = typed.seats.chars().take(12).collect();
            typed.contribution = typed.contribution.chars().take(24).collect();
            pages::answer_invalid(&page_of(app, guest, typed, complaints).await?)
        }
        Err(refusal) => Err(refusal),
    }
}

#[derive(Deserialize)]
struct ReceiveForm {
    #[serde(default)]
    venue: String,
    #[serde(default)]
    amount: String,
    #[serde(default)]
    first: String,
}

async fn receive(
    State(app): State<App>,
    guest: Guest,
    sent: Result<Form<ReceiveForm>, FormRejection>,
) -> Result<Response, Refusal> {
    open(&Page::of(&app, &guest), "/venues")?;
    let form = read(sent)?;
    let amount =
        minor_units(&form.amount, app.config.currency.decimals()).ok_or_else(wrong_amount)?;
    let first = match form.first.trim() {
        "" => None,
        text => Some(
            Period::parse(text)
                .map_err(|_| Refusal::field("first", Say::new("operating-month")))?,
        ),
    };
    let node = app.clone();
    let done = tokio::task::spawn_blocking(move || {
        venues::receive_contribution(&node, &form.venue, amount, first)
    });
    done.await.map_err(Refusal::broken)??;
    Ok(Redirect::to("/desk/venues").into_response())
}

#[derive(Deserialize)]
struct SeatsForm {
    #[serde(default)]
    venue: String,
    #[serde(default)]
    seats: String,
}

async fn seats(
    State(app): State<App>,
    guest: Guest,
    sent: Result<Form<SeatsForm>, FormRejection>,
) -> Result<Response, Refusal> {
    open(&Page::of(&app, &guest), "/venues")?;
    let form = read(sent)?;
    let seats: u32 = form.seats.trim().parse().unwrap_or(0);
    let node = app.clone();
    let done = tokio::task::spawn_blocking(move || venues::set_seats(&node, &form.venue, seats));
    done.await.map_err(Refusal::broken)??;
    Ok(Redirect::to("/desk/venues").into_response())
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let line = |paid: bool| Line {
        venue: crate::venues::desk::sample_head("").venue,
        seats: Seats {
            paid: 120,
            taken: 73,
            invited: 17,
        },
        last: paid.then(|| Contribution {
            id: "c1".into(),
            venue: crate::venues::desk::sample_head("").venue.id,
            amount: Minor::new(840_000),
            first_period: Period::parse("2026-09").unwrap(),
            received_us: 1_788_220_800_000_000,
        }),
    };
    let page = |lines, wrong: &[&'static str]| VenuesPage {
        page: Page::sample(language, true),
        head: super::sample_head("/venues"),
        lines,
        typed: AddForm {
            name: "Le \"Fil\" <b>".into(),
            ..AddForm::default()
        },
        complaints: Complaint::samples(wrong),
    };
    vec![
        ("operating venues", page(vec![line(true)], &[]).render()),
        (
            "no operating venues",
            page(Vec::new(), &["name", "seats", "contribution"]).render(),
        ),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_amount_is_read_as_people_write_it() {
        for (text, minor) in [
            ("8400", 840_000),
            ("8 400,50 €", 840_050),
            ("8\u{202f}400.5", 840_050),
            ("0", 0),
        ] {
            assert_eq!(minor_units(text, 2), Some(Minor::new(minor)), "{text}");
        }
        for text in ["", "-1", "1e3", "8,400.50", "1.234", "٣", ",5"] {
            assert_eq!(minor_units(text, 2), None, "{text}");
        }
        assert_eq!(minor_units("12", 0), Some(Minor::new(12)));
        assert_eq!(minor_units("12,0", 0), None);
    }
}
