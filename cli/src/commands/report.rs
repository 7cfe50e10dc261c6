//! `antiphon report`: a month is closed and sent.

use anyhow::Result;
use clap::{Args, Subcommand};
use settlement::Period;

use super::{Here, print_json};
use crate::progress::Step;

/// Closes a month, offers its play report to the coordinator, and tells what became of it.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon report close 2026-10 --dir loire\n  \
    antiphon report send 2026-10 --dir loire\n  \
    antiphon report status 2026-10 --dir loire")]
pub enum Report {
    /// Count a month that is over and sign its report
    Close(Of),
    /// Offer the report to the coordinator, which fetches and checks it
    Send(Of),
    /// Tell how far the month has come
    Status(Of),
}

/// Of which month.
#[derive(Debug, Args)]
pub struct Of {
    /// The month: 2026-10
    #[arg(value_name = "PERIOD", value_parser = super::period)]
    period: Period,
    #[command(flatten)]
    here: Here,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

impl Report {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Report::Close(of) => of.close(),
            Report::Send(of) => of.send(),
            Report::Status(of) => of.status(),
        }
    }
}

impl Of {
    fn close(self) -> Result<()> {
        let node = self.here.open()?;
        let step = Step::open(format!("Counting {}", self.period));
        let closed = node::reports::close(&node, self.period)?;
        step.clear();
        if self.json {
            return print_json(&serde_json::json!({
                "id": closed.id.as_str(),
                "period": self.period.to_string(),
                "uses": closed.uses,
                "seconds": closed.seconds,
                "venues": closed.venues,
                "works": closed.works,
                "excluded": closed.excluded,
                "waiting": closed.waiting,
            }));
        }
        println!(
            "{} is closed: {} uses of {} works, {} hours of listening, {} venues.",
            self.period,
            closed.uses,
            closed.works,
            closed.seconds / 3600,
            closed.venues
        );
        for (reason, count) in &closed.excluded {
            println!("Not counted ({reason}): {count}.");
        }
        for venue in &closed.waiting {
            println!(
                "{venue} had too few listeners to be reported without pointing at them: it waits a month."
            );
        }
        println!("Send it with `antiphon report send {}`.", self.period);
        Ok(())
    }

    fn send(self) -> Result<()> {
        let node = self.here.open()?;
        node::reports::send(&node, self.period)?;
        if self.json {
            return print_json(&serde_json::json!({ "period": self.period.to_string() }));
        }
        println!(
            "The report of {} is offered to {}; the running node delivers it. \
             See what becomes of it with `antiphon report status {}`.",
            self.period,
            node.config.coordinator_actor().origin(),
            self.period
        );
        Ok(())
    }

    fn status(self) -> Result<()> {
        let node = self.here.open()?;
        let status = node::reports::status(&node, self.period)?;
        if self.json {
            return print_json(&serde_json::json!({
                "period": self.period.to_string(),
                "state": status.state.as_str(),
                "over": status.over,
                "report": status.report.map(|report| serde_json::json!({
                    "id": report.id,
                    "sequence": report.sequence,
                    "state": report.state,
                    "reason": report.reason,
                    "folder": report.folder,
                })),
                "settlement": status.settlement.map(|settlement| serde_json::json!({
                    "id": settlement.id,
                    "state": settlement.state,
                    "reason": settlement.reason,
                })),
            }));
        }
        match (status.report, status.over) {
            (None, false) => println!("{} is not over yet.", self.period),
            (None, true) => println!(
                "{} is over and open: close it with `antiphon report close {}`.",
                self.period, self.period
            ),
            (Some(report), _) => {
                let reason = report
                    .reason
                    .map(|why| format!(": {why}"))
                    .unwrap_or_default();
                println!(
                    "The report of {} (number {}) is {}{reason}.",
                    self.period, report.sequence, report.state
                );
            }
        }
        if let Some(settlement) = status.settlement {
            let reason = settlement
                .reason
                .map(|why| format!(": {why}"))
                .unwrap_or_default();
            println!(
                "Its settlement {} is {}{reason}.",
                settlement.id, settlement.state
            );
        }
        Ok(())
    }
}
