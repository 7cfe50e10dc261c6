//! The reckoning: the months are closed, reported and settled, and the papers gathered in one
//! folder that anybody can check.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use settlement::Period;

use super::nodes::{DemoNode, Network};

/// How often it is looked whether the others have answered, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(300);
const LOOKS: usize = 400;
/// How many times a month is tried to be closed.
const CLOSING_TRIES: usize = 40;

/// What a month that was closed came to.
pub struct ClosedMonth {
    /// Counted uses.
    pub uses: u64,
    /// Plays that were not counted.
    pub excluded: u64,
}

/// Closes a month and offers its report to the coordinator.
pub async fn close_and_send(node: &DemoNode, period: Period) -> Result<ClosedMonth> {
    let period = period.to_string();
    let mut tries = CLOSING_TRIES;
    let closed = loop {
        tries -= 1;
        match node.command_json(&["report", "close", &period]).await {
            Ok(closed) => break closed,
            // A node that was just started may still be asking the coordinator for the policy.
            Err(_) if tries > 0 => tokio::time::sleep(LOOK_EVERY).await,
            Err(error) => return Err(error.context(format!("{} cannot close {period}", node.name))),
        }
    };
    node.command(&["report", "send", &period], None).await?;
    let excluded = closed["excluded"].as_object().map_or(0, |reasons| {
        reasons.values().filter_map(serde_json::Value::as_u64).sum()
    });
    Ok(ClosedMonth {
        uses: closed["uses"].as_u64().unwrap_or(0),
        excluded,
    })
}

/// Waits until the coordinator's signed receipt is in.
pub async fn accepted(node: &DemoNode, period: Period) -> Result<()> {
    until(node, period, "report", "accepted", &["refused"]).await
}

/// Waits until the node has recomputed the settlement and countersigned it.
pub async fn countersigned(node: &DemoNode, period: Period) -> Result<()> {
    until(node, period, "settlement", "recomputed", &["objected"]).await
}

async fn until(
    node: &DemoNode,
    period: Period,
    what: &str,
    wanted: &str,
    ends_badly: &[&str],
) -> Result<()> {
    let period = period.to_string();
    let mut state = String::from("unknown");
    for _ in 0..LOOKS {
        let status = node.command_json(&["report", "status", &period]).await?;
        status[what]["state"]
            .as_str()
            .unwrap_or("unknown")
            .clone_into(&mut state);
        if state == wanted {
            return Ok(());
        }
        if ends_badly.contains(&state.as_str()) {
            let reason = status[what]["reason"]
                .as_str()
                .unwrap_or("no reason is given");
            bail!(
                "the {what} of {period} is {state} at {}: {reason}",
                node.name
            );
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!(
        "the {what} of {period} is still {state} at {} after two minutes; its log is beside its folder",
        node.name
    )
}

/// Gathers the papers of the month from the coordinator's archive: `reports/`, `splits.jsonl`,
/// `policy.toml`, `settlement/`.
pub fn gather(network: &Network, period: Period, dir: &Path) -> Result<()> {
    let archive = network
        .coordinator
        .dir
        .join(node::coordinator::archive(period));
    for (from, to) in files_below(&archive)? {
        let mut to = to;
        // In the archive a report's folder is named by its node's address; here by its name.
        if let Ok(inner) = to.strip_prefix("reports") {
            let folder = inner
                .components()
                .next()
                .context("a report outside a folder")?;
            let rest: PathBuf = inner.components().skip(1).collect();
            let manifest = archive.join("reports").join(folder).join("report.json");
            let slug = slug_of(network, &manifest)?;
            to = Path::new("reports").join(slug).join(rest);
        }
        let to = dir.join(to);
        if let Some(folder) = to.parent() {
            std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
        }
        std::fs::copy(&from, &to).with_context(|| to.display().to_string())?;
    }
    Ok(())
}

fn slug_of(network: &Network, manifest: &Path) -> Result<&'static str> {
    let name = || manifest.display().to_string();
    let text = std::fs::read(manifest).with_context(name)?;
    let manifest: serde_json::Value = serde_json::from_slice(&text).with_context(name)?;
    let actor = manifest["attributedTo"].as_str().unwrap_or_default();
    network
        .all()
        .into_iter()
        .find(|node| actor == format!("{}/actor", node.base))
        .map(|node| node.slug)
        .with_context(|| format!("{}: {actor} is none of the three nodes", name()))
}

/// Every file below a folder, with its path inside it.
fn files_below(dir: &Path) -> Result<Vec<(PathBuf, PathBuf)>> {
    let mut files = Vec::new();
    let mut folders = vec![PathBuf::new()];
    while let Some(inner) = folders.pop() {
        let folder = dir.join(&inner);
        let entries = std::fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        for entry in entries {
            let entry = entry?;
            let path = inner.join(entry.file_name());
            if entry.file_type()?.is_dir() {
                folders.push(path);
            } else {
                files.push((entry.path(), path));
            }
        }
    }
    files.sort();
    Ok(files)
}
