//! `antiphon settle`: the coordinator settles a month.

use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::Args;
use node::coordinator::SettleWith;
use settlement::Period;

use super::{Here, print_json};
use crate::progress::Step;

/// Settles a month under a policy from the reports that were accepted, and publishes the
/// settlement to the nodes, which recompute it and countersign or object. Only the coordinator
/// can.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  \
    antiphon settle 2026-10 --dir coordinator --policy policy.toml")]
pub struct Settle {
    /// The month: 2026-10
    #[arg(value_name = "PERIOD", value_parser = super::period)]
    period: Period,
    /// The policy, TOML
    #[arg(long, value_name = "FILE")]
    policy: PathBuf,
    /// Reference rates, where currencies differ: the European Central Bank's CSV
    #[arg(long, value_name = "FILE")]
    rates: Option<PathBuf>,
    /// Corrections of settled months to take in
    #[arg(long, value_name = "FILE")]
    adjustments: Option<PathBuf>,
    /// Works in dispute, an address a line
    #[arg(long, value_name = "FILE")]
    disputes: Option<PathBuf>,
    #[command(flatten)]
    here: Here,
    /// Print the settlement's address and totals as JSON
    #[arg(long)]
    json: bool,
}

impl Settle {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let read = |path: &PathBuf| {
            std::fs::read_to_string(path)
                .with_context(|| format!("{} cannot be read", path.display()))
        };
        let with = SettleWith {
            policy: read(&self.policy)?,
            rates: self.rates.as_ref().map(read).transpose()?,
            adjustments: self.adjustments.as_ref().map(read).transpose()?,
            disputes: self.disputes.as_ref().map(read).transpose()?,
        };
        let step = Step::open(format!("Settling {}", self.period));
        let settled = node::coordinator::settle(&node, self.period, &with)?;
        step.clear();
        if self.json {
            return print_json(&serde_json::json!({
                "id": settled.id,
                "folder": settled.folder,
                "nodes": settled.nodes,
            }));
        }
        println!(
            "{} is settled for {} nodes: {}",
            self.period,
            settled.nodes.len(),
            settled.id
        );
        println!(
            "Everything it was made from and came to is in {}; the running node publishes it.",
            settled.folder.display()
        );
        Ok(())
    }
}
