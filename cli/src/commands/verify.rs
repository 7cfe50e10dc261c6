//! `antiphon verify`: an auditor's check, with nothing but a folder.

use std::path::{Path, PathBuf};

use anyhow::{Result, anyhow, bail};
use clap::Args;
use federation::audit::{self, AuditOptions};
use federation::keys::Ed25519Public;
use settlement::NodeId;

use super::print_json;
use crate::progress::Step;

/// Re-derives the settlement that lies in a folder from the reports beside it (from their lines
/// where they are there, from their reductions where not), and checks every signature and digest.
///
/// Exit code 3, with a sentence that names the first thing that differs, if it does not verify.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  \
    antiphon demo --once --dir tour && antiphon verify tour")]
pub struct Verify {
    /// The folder: reports/, splits.jsonl, policy.toml, settlement/
    #[arg(value_name = "PATH")]
    path: PathBuf,
    /// The coordinator's key, as you know it from elsewhere (z6Mk…)
    #[arg(long, value_name = "MULTIKEY")]
    coordinator_key: Option<String>,
    /// Print what was checked as JSON
    #[arg(long)]
    json: bool,
}

/// What was to be verified does not verify.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct DoesNotVerify(String);

impl Verify {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let mut options = AuditOptions::default();
        if let Some(key) = &self.coordinator_key {
            let key: Ed25519Public = key.parse().map_err(|_| {
                anyhow!("--coordinator-key: `{key}` is not an Ed25519 Multikey (z6Mk…)")
            })?;
            options
                .known_keys
                .insert(coordinator_named_in(&self.path)?, vec![key]);
        }
        if !self.path.is_dir() {
            bail!(
                "{} is not a folder: name one with reports/ and settlement/ in it",
                self.path.display()
            );
        }
        let step = Step::open(format!("Verifying {}", self.path.display()));
        let verified = audit::verify_folder(&self.path, &options);
        step.clear();
        let verified = verified.map_err(|differs| {
            DoesNotVerify(format!(
                "{} does not verify: {differs}",
                self.path.display()
            ))
        })?;
        let period = verified.document.period;
        if self.json {
            return print_json(&serde_json::json!({
                "period": period.to_string(),
                "digest": verified.digest.to_string(),
                "from_lines": verified.from_lines,
                "from_reductions": verified.from_reductions,
            }));
        }
        println!(
            "{period} verifies: derived again from {} reports ({} from their lines), the same to the last byte.",
            verified.from_lines + verified.from_reductions,
            verified.from_lines
        );
        Ok(())
    }
}

/// Whom the settlement says it is of: the one the known key is compared for.
fn coordinator_named_in(path: &Path) -> Result<NodeId> {
    let path = path.join(audit::layout::SETTLEMENT).join("settlement.json");
    let differs = |what: String| DoesNotVerify(format!("{}: {what}", path.display()));
    let text = std::fs::read(&path).map_err(|e| differs(e.to_string()))?;
    let document =
        federation::json::parse_strict(&text, federation::json::JsonLimits::of_bytes(1 << 26))
            .map_err(|e| differs(e.to_string()))?;
    let named = document["coordinator"].as_str().unwrap_or_default();
    Ok(NodeId::parse(named).map_err(|_| differs("it names no coordinator".to_owned()))?)
}
