//! A venue's desk: what whoever runs it sees and does. Members and seats, invitations, what was
//! contributed and whom it paid, and how much was listened to.
//!
//! No figure here rests on fewer than five members ([`super::statement::FEWEST`]); who listened to
//! what is nobody's business, also at the desk.

pub mod contribution;
pub mod invite;
pub mod overview;
pub mod people;
pub mod uses;

use axum::Router;
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

use super::{Venue, store};
use crate::db::Conn;
use crate::pages::Page;
use crate::web::{App, Refusal};
use crate::words::Say;

/// The doors of the desk.
pub fn routes() -> Router<App> {
    Router::new()
        .merge(overview::routes())
        .merge(invite::routes())
        .merge(people::routes())
        .merge(contribution::routes())
        .merge(uses::routes())
}

/// The head of each page of a desk: whose it is, and which page.
#[derive(Clone, Debug)]
pub struct Head {
    /// The venue.
    pub venue: Venue,
    /// The page's last part; empty for the first one.
    pub at: &'static str,
}

impl Head {
    /// The pages of a desk: last part of the address, key of the word.
    pub fn tabs(&self) -> [(&'static str, &'static str); 5] {
        [
            ("", "venues-desk-overview"),
            ("/invitations", "venues-desk-invitations"),
            ("/members", "venues-desk-members"),
            ("/uses", "venues-desk-uses"),
            ("/contribution", "venues-desk-contribution"),
        ]
    }

    /// Whether this is the tab one is at.
    pub fn is_at(&self, tab: &str) -> bool {
        self.at == tab
    }
}

/// Opens the desk of the venue of this slug for whoever runs it.
///
/// # Errors
/// [`Refusal::SignIn`], [`Refusal::Missing`] or [`Refusal::Forbidden`].
pub(super) fn open(
    conn: &mut Conn,
    page: &Page,
    slug: &str,
    at: &'static str,
) -> Result<Head, Refusal> {
    let member = page.member.as_ref().ok_or(Refusal::SignIn)?;
    let venue = store::by_slug(conn, slug)?.ok_or(Refusal::Missing)?;
    if !member.manages(&venue.id) {
        let key = match member.waiting {
            true => "members-waiting",
            false => "venues-managers-only",
        };
        return Err(Refusal::Forbidden(Say::new(key)));
    }
    Ok(Head { venue, at })
}

/// A table as a file. A cell that a spreadsheet would run as a formula is made a text.
pub(crate) fn csv_file(
    name: &str,
    heads: &[String],
    rows: Vec<Vec<String>>,
) -> Result<Response, Refusal> {
    let mut file = csv::Writer::from_writer(Vec::new());
    file.write_record(heads).map_err(Refusal::broken)?;
    for row in rows {
        let row: Vec<String> = row.into_iter().map(harmless).collect();
        file.write_record(&row).map_err(Refusal::broken)?;
    }
    let body = file
        .into_inner()
        .map_err(|e| Refusal::broken(e.to_string()))?;
    let named = format!("attachment; filename=\"{name}\"");
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, named),
        (CACHE_CONTROL, "no-store".to_owned()),
    ];
    Ok((headers, body).into_response())
}

pub(super) fn harmless(cell: String) -> String {
    let is_number = cell.parse::<f64>().is_ok();
    match cell.chars().next() {
        Some('=' | '+' | '-' | '@' | '\t' | '\r') if !is_number => format!("'{cell}"),
        _ => cell,
    }
}

/// Minor units as a plain number with a point, for files: `12.34`.
pub(crate) fn plain_money(minor: i64, currency: settlement::Currency) -> String {
    let decimals = currency.decimals();
    let unit = 10i64.pow(decimals);
    let sign = if minor < 0 { "-" } else { "" };
    let (whole, part) = (
        minor.unsigned_abs() / unit.unsigned_abs(),
        minor.unsigned_abs() % unit.unsigned_abs(),
    );
    match decimals {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{part:0width$}", width = decimals as usize),
    }
}

#[cfg(test)]
pub(crate) fn sample_head(at: &'static str) -> Head {
    Head {
        venue: Venue {
            id: settlement::VenueId::parse("http://localhost:8101/venues/le-fil").unwrap(),
            slug: "le-fil".into(),
            name: "Le Fil <&>".into(),
            seats: 120,
            colour: "#2f5d62".into(),
            created_us: 1_793_491_200_000_000,
        },
        at,
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let mut all = overview::samples(language);
    all.extend(invite::samples(language));
    all.extend(people::samples(language));
    all.extend(contribution::samples(language));
    all.extend(uses::samples(language));
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_is_never_a_formula() {
        assert_eq!(harmless("=HYPERLINK(1)".into()), "'=HYPERLINK(1)");
        assert_eq!(harmless("@x".into()), "'@x");
        assert_eq!(harmless("-12.5".into()), "-12.5");
        assert_eq!(harmless("Ana".into()), "Ana");
    }

    #[test]
    fn amounts_in_files_are_exact() {
        let euro = settlement::Currency::parse("EUR").unwrap();
        assert_eq!(plain_money(1, euro), "0.01");
        assert_eq!(plain_money(-123_456, euro), "-1234.56");
    }
}
