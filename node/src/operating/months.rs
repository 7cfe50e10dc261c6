//! The months of this node: how far each is, its report, its settlement and statements.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use settlement::Period;

use super::{Head, open};
use crate::pages::{self, Page};
use crate::reports::{PeriodState, store};
use crate::web::{App, Guest, Refusal};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/desk/months", get(months))
}

/// A month.
struct Line {
    period: Period,
    state: PeriodState,
    /// The state of the report that counts, and why it was refused.
    report: Option<(String, Option<String>)>,
    /// The state of the settlement, and why this node objected.
    settlement: Option<(String, Option<String>)>,
}

impl Line {
    fn state_key(&self) -> &'static str {
        match self.state {
            PeriodState::Open => "operating-month-open",
            PeriodState::Closed => "operating-month-closed",
            PeriodState::Reported => "operating-month-reported",
            PeriodState::Settled => "operating-month-settled",
        }
    }

    fn report_key(&self) -> Option<&'static str> {
        Some(match self.report.as_ref()?.0.as_str() {
            "offered" => "operating-report-offered",
            "accepted" => "operating-report-accepted",
            "refused" => "operating-report-refused",
            _ => "operating-report-made",
        })
    }

    fn settlement_key(&self) -> Option<&'static str> {
        Some(match self.settlement.as_ref()?.0.as_str() {
            "recomputed" => "operating-settlement-recomputed",
            "objected" => "operating-settlement-objected",
            _ => "operating-settlement-announced",
        })
    }

    /// What went wrong, of either.
    fn reason(&self) -> Option<&str> {
        let report = self.report.as_ref().and_then(|(_, why)| why.as_deref());
        let settlement = self.settlement.as_ref().and_then(|(_, why)| why.as_deref());
        settlement.or(report)
    }

    fn wrong(&self) -> bool {
        let is = |side: &Option<(String, Option<String>)>, word| {
            side.as_ref().is_some_and(|(state, _)| state == word)
        };
        is(&self.report, "refused") || is(&self.settlement, "objected")
    }

    fn has_statements(&self) -> bool {
        self.settlement
            .as_ref()
            .is_some_and(|(state, _)| state == "recomputed")
    }
}

/// The page.
#[derive(Template)]
#[template(path = "operating/months.html")]
struct MonthsPage {
    page: Page,
    head: Head,
    lines: Vec<Line>,
}

async fn months(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let head = open(&page, "/months")?;
    let lines = app
        .db
        .read(|conn| {
            let mut lines: BTreeMap<Period, Line> = BTreeMap::new();
            let line = |period: Period| Line {
                period,
                state: PeriodState::Open,
                report: None,
                settlement: None,
            };
            for (period, state) in store::periods(conn)? {
                if let Ok(period) = Period::parse(&period) {
                    lines.entry(period).or_insert_with(|| line(period)).state =
                        PeriodState::parse(&state);
                }
            }
            for report in store::all(conn)? {
                if let Ok(period) = Period::parse(&report.period) {
                    lines.entry(period).or_insert_with(|| line(period)).report =
                        Some((report.state, report.reason));
                }
            }
            for settled in store::settlements(conn)? {
                if let Ok(period) = Period::parse(&settled.period) {
                    lines
                        .entry(period)
                        .or_insert_with(|| line(period))
                        .settlement = Some((settled.state, settled.reason));
                }
            }
            Ok::<_, Refusal>(lines.into_values().rev().collect())
        })
        .await?;
    pages::answer(&MonthsPage { page, head, lines })
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let line = |month: &str, state, report: &str, settlement: &str| Line {
        period: Period::parse(month).unwrap(),
        state,
        report: (!report.is_empty()).then(|| (report.into(), None)),
        settlement: (!settlement.is_empty()).then(|| {
            let why = (settlement == "objected").then(|| "a row <differs>".into());
            (settlement.into(), why)
        }),
    };
    let page = |lines| MonthsPage {
        page: Page::sample(language, true),
        head: super::sample_head("/months"),
        lines,
    };
    let full = page(vec![
        line("2026-11", PeriodState::Open, "", ""),
        line("2026-10", PeriodState::Closed, "made", ""),
        line("2026-09", PeriodState::Closed, "offered", ""),
        line("2026-08", PeriodState::Closed, "refused", ""),
        line("2026-07", PeriodState::Reported, "accepted", "announced"),
        line("2026-06", PeriodState::Reported, "accepted", "objected"),
        line("2026-05", PeriodState::Settled, "accepted", "recomputed"),
    ]);
    vec![
        ("months", full.render()),
        ("no months", page(Vec::new()).render()),
    ]
}
