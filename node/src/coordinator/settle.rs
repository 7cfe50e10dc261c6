//! Settling a month: the accepted reports, the split sheets, the policy and what is carried in
//! become a folder that anybody can check, and word of it goes to the nodes.

use std::fs;
use std::path::{Path, PathBuf};

use federation::audit::{AuditOptions, layout, verify_folder};
use federation::json::canonical;
use federation::policy::PolicyFile;
use federation::report::{PolicyReference, ReportFolder};
use federation::settlement_document::{self, SettlementDocument};
use federation::settling::{self, NamedFile, Sources};
use federation::splits::{PublishedSplitSheet, write_splits};
use serde_json::json;
use settlement::{Period, Settlement, SplitSheets, Timestamp, Uri, WorkId};

use super::store::{self, ReceivedReport};
use super::{archive, arrivals, statements};
use crate::db::Conn;
use crate::peers::{self, Peer, To};
use crate::reports::inbox::ANNOUNCED;
use crate::reports::store::{KnownSettlement, insert_settlement, settlement_of, settlements};
use crate::reports::{PeriodState, bounds, set_period_state};
use crate::web::Refusal;
use crate::words::Say;
use crate::{Node, catalogue, clock, files};

/// What a month is settled with, besides the reports.
#[derive(Clone, Debug, Default)]
pub struct SettleWith {
    /// The policy, byte for byte.
    pub policy: String,
    /// The reference rates of the European Central Bank, where currencies differ.
    pub rates: Option<String>,
    /// Adjustments to take in (`adjustments.csv`).
    pub adjustments: Option<String>,
    /// Works in dispute, a URI a line.
    pub disputes: Option<String>,
}

/// A settlement that was published.
#[derive(Clone, Debug)]
pub struct Settled {
    /// Its URI.
    pub id: String,
    /// Its folder, the one `antiphon verify` reads.
    pub folder: PathBuf,
    /// What it came to.
    pub settlement: Settlement,
    /// The nodes whose reports were settled.
    pub nodes: Vec<String>,
}

/// Settles `period` and publishes it to the nodes that reported.
///
/// # Errors
/// When this node does not settle, no report was accepted, the month or a later one is settled
/// already, or the reports were counted under another policy.
pub fn settle(node: &Node, period: Period, with: &SettleWith) -> Result<Settled, Refusal> {
    if !node.config.is_coordinator() {
        return Err(Refusal::Conflict(
            Say::new("reports-not-coordinator")
                .with("url", node.config.coordinator_actor().origin()),
        ));
    }
    let policy = PolicyFile::parse(&with.policy)
        .map_err(|e| Refusal::field("policy", Say::new("reports-bad-policy").with("reason", e)))?;
    arrivals::leave_out_blocked(node, period)?;
    let before = node
        .db
        .read_now(|conn| Before::read(conn, node, period, &policy))?;

    let folder = node.config.dir.join(archive(period));
    let sources = before.lay_out(node, period, with, policy, &folder)?;
    let read = settling::read(&sources).map_err(Refusal::broken)?;
    let settled = read.settle().map_err(Refusal::broken)?;

    let id = node.config.uri(&format!("/settlements/{period}"));
    let reference = PolicyReference {
        id: node.config.uri("/policy"),
        digest: sources.policy.digest(),
    };
    let mut document = SettlementDocument::of(&settled, reference).map_err(Refusal::broken)?;
    document.id = Some(Uri::parse(&id).map_err(Refusal::broken)?);
    document.published = Some(Timestamp::parse(&node.clock.now_text()).map_err(Refusal::broken)?);
    document.keys = before.keys.clone();
    let signed = node.sign(document.to_document())?;
    let place = folder.join(layout::SETTLEMENT);
    settling::write_outputs(&place, &settled.settlement)
        .map_err(|e| files::unwritten(&place, e))?;
    let digest =
        settlement_document::write(&place, &signed).map_err(|e| files::unwritten(&place, e))?;
    // What an auditor would find is found before anybody is told.
    if let Err(differs) = verify_folder(&folder, &AuditOptions::default()) {
        // A report that came in meanwhile lies in the folder, but not among what was settled.
        node.db.read_now(|conn| before.still_all(conn, period))?;
        return Err(Refusal::broken(differs));
    }

    let rows = statements::rows(&id, &node.config.actor(), &read.inputs, &settled.settlement)?;
    let now = node.clock.now_us();
    let known = KnownSettlement {
        id: id.clone(),
        period: period.to_string(),
        coordinator_id: node.config.actor().to_string(),
        document: String::from_utf8(canonical(&signed)).map_err(Refusal::broken)?,
        digest: digest.to_string(),
        folder: Some(archive(period)),
        state: "recomputed".to_owned(),
        reason: None,
        attempts: 0,
        next_try_us: now,
        published_us: now,
        answered_us: Some(now),
    };
    let nodes: Vec<String> = before
        .reports
        .iter()
        .map(|report| report.node_id.clone())
        .collect();
    node.db.write_now(|conn| {
        if settlement_of(conn, period)?.is_some() {
            return Err(Refusal::Conflict(
                Say::new("reports-settled-already").with("period", period),
            ));
        }
        before.still_all(conn, period)?;
        insert_settlement(conn, &known)?;
        store::keep_statements(conn, &id, &rows)?;
        publish(conn, node, &known, &before.reports)
    })?;
    Ok(Settled {
        id,
        folder,
        settlement: settled.settlement,
        nodes,
    })
}

/// Tells each node that reported; our own month is settled by that.
fn publish(
    conn: &mut Conn,
    node: &Node,
    known: &KnownSettlement,
    reports: &[ReceivedReport],
) -> Result<(), Refusal> {
    for report in reports {
        if report.node_id == known.coordinator_id {
            let period = Period::parse(&known.period).map_err(Refusal::broken)?;
            set_period_state(conn, period, PeriodState::Settled, node.clock.now_us())?;
            continue;
        }
        announce(conn, node, known, &report.node_id, &report.origin)?;
    }
    Ok(())
}

/// Sends a node word of a settlement of ours: its address and its digest; the rest it fetches.
pub fn announce(
    conn: &mut Conn,
    node: &Node,
    known: &KnownSettlement,
    to: &str,
    origin: &str,
) -> Result<(), Refusal> {
    let word = json!({
        "id": known.id,
        "type": ANNOUNCED,
        "attributedTo": known.coordinator_id,
        "period": known.period,
        "digest": known.digest,
        "url": format!("{}/settlement.json", known.id),
    });
    let activity = json!({ "type": "Create", "object": word, "to": [to] });
    peers::say(conn, node, activity, To::Peer(origin.to_owned()), true)?;
    Ok(())
}

/// The other nodes whose reports are part of a settlement of ours and that have not answered it:
/// their actors and origins.
pub fn unanswered(
    conn: &mut Conn,
    known: &KnownSettlement,
) -> Result<Vec<(String, String)>, Refusal> {
    let period = Period::parse(&known.period).map_err(Refusal::broken)?;
    let answers = store::countersignatures(conn, &known.id)?;
    let mut nodes = std::collections::BTreeMap::new();
    for report in store::received_for(conn, period)? {
        let answered = answers
            .iter()
            .any(|answer| answer.node_id == report.node_id);
        let elsewhere = report.node_id != known.coordinator_id;
        if report.state == "accepted" && elsewhere && !answered {
            nodes.insert(report.node_id, report.origin);
        }
    }
    Ok(nodes.into_iter().collect())
}

/// What the database holds for a month that is to be settled.
struct Before {
    /// The reports in force, by node.
    reports: Vec<ReceivedReport>,
    /// How many were accepted for the month, those they replace among them.
    accepted: usize,
    keys: std::collections::BTreeMap<String, federation::keys::Ed25519Public>,
    sheets: Vec<PublishedSplitSheet>,
    /// Where the balances are that the last settlement carried out.
    carried: Option<PathBuf>,
}

impl Before {
    fn read(
        conn: &mut Conn,
        node: &Node,
        period: Period,
        policy: &PolicyFile,
    ) -> Result<Self, Refusal> {
        let mut carried = None;
        for known in settlements(conn)? {
            if known.period == period.to_string() {
                return Err(Refusal::Conflict(
                    Say::new("reports-settled-already").with("period", period),
                ));
            }
            if known.period > period.to_string() {
                return Err(Refusal::Conflict(
                    Say::new("reports-later-settled")
                        .with("period", period)
                        .with("later", known.period),
                ));
            }
            // Latest first: the first one is the one before.
            carried = carried.or(known.folder.map(|folder| node.config.dir.join(folder)));
        }
        let (reports, accepted) = in_force(conn, node, period)?;
        if reports.is_empty() {
            return Err(Refusal::Conflict(
                Say::new("reports-none-accepted").with("period", period),
            ));
        }
        let mut keys = std::collections::BTreeMap::new();
        let ourselves = Peer::ourselves(node);
        keys.insert(
            node.config.actor().to_string(),
            node.keys().ed25519.public(),
        );
        for report in &reports {
            let counted_under = counted_under(report)?;
            if counted_under != policy.digest().to_string() {
                return Err(Refusal::Conflict(
                    Say::new("reports-other-policy")
                        .with("node", &report.node_id)
                        .with("theirs", counted_under)
                        .with("given", policy.digest()),
                ));
            }
            let peer = if report.node_id == ourselves.actor_id.as_str() {
                Some(ourselves.clone())
            } else {
                peers::store::peer(conn, &report.origin)?
            };
            let manifest = serde_json::from_str(&report.manifest).map_err(Refusal::broken)?;
            // Its proof held when it came in: only a peer that is gone has no key for it now.
            if let Some(peer) = peer
                && let Ok((key_id, key)) = peers::keys::key_of(conn, node, &peer, &manifest)
            {
                match keys.get(&report.node_id) {
                    // The coordinator reported before it changed its keys.
                    Some(other) if *other != key => keys.insert(key_id, key),
                    _ => keys.insert(report.node_id.clone(), key),
                };
            }
        }
        Ok(Before {
            reports,
            accepted,
            keys,
            sheets: sheets(conn, period)?,
            carried,
        })
    }

    /// Whether what was read is all there is still: a report accepted since has a receipt, and must
    /// not be left out.
    fn still_all(&self, conn: &mut Conn, period: Period) -> Result<(), Refusal> {
        let accepted = store::received_for(conn, period)?;
        let accepted = accepted.iter().filter(|report| report.state == "accepted");
        if accepted.count() == self.accepted {
            return Ok(());
        }
        Err(Refusal::Conflict(
            Say::new("reports-came-meanwhile").with("period", period),
        ))
    }

    /// Puts everything a settlement depends on into its folder.
    fn lay_out(
        &self,
        node: &Node,
        period: Period,
        with: &SettleWith,
        policy: PolicyFile,
        folder: &Path,
    ) -> Result<Sources, Refusal> {
        let write = |name: &str, bytes: &[u8]| -> Result<NamedFile, Refusal> {
            let path = folder.join(name);
            files::write_whole(&path, bytes)?;
            Ok(NamedFile {
                path,
                name: name.to_owned(),
            })
        };
        let optional = |name: &str, text: Option<&str>| -> Result<Option<NamedFile>, Refusal> {
            match text {
                Some(text) => write(name, text.as_bytes()).map(Some),
                None => {
                    // Left by an attempt that ended early.
                    let _ = fs::remove_file(folder.join(name));
                    Ok(None)
                }
            }
        };
        let mut reports = Vec::new();
        for report in &self.reports {
            let place = report.folder.as_deref().unwrap_or_default();
            reports.push(ReportFolder::named(node.config.dir.join(place), place));
        }
        let mut used: std::collections::BTreeSet<WorkId> = Default::default();
        for report in &reports {
            let tracks = report.tracks().map_err(Refusal::broken)?;
            used.extend(tracks.into_iter().map(|track| track.id));
        }
        let (_, cut_off) = bounds(node, period);
        let cut_off = Timestamp::parse(&clock::rfc3339(cut_off)).map_err(Refusal::broken)?;
        let mut sheets = SplitSheets::new();
        for published in &self.sheets {
            if !used.contains(published.sheet.work()) {
                continue;
            }
            match published.check(&cut_off) {
                Ok(()) => sheets
                    .insert(published.sheet.clone())
                    .map_err(Refusal::broken)?,
                Err(reason) => tracing::info!(%reason, "a split sheet waits for a later month"),
            }
        }
        let mut splits = Vec::new();
        write_splits(&mut splits, &sheets).map_err(Refusal::broken)?;

        let balances = match &self.carried {
            Some(last) => carried_out(last)?,
            None => None,
        };
        write(layout::POLICY, policy.text().as_bytes())?;
        Ok(Sources {
            reports,
            splits: write(layout::SPLITS, &splits)?,
            policy,
            coordinator: Some(node.config.actor()),
            rates: optional(layout::RATES, with.rates.as_deref())?,
            balances: optional(layout::BALANCES, balances.as_deref())?,
            adjustments: optional(layout::ADJUSTMENTS, with.adjustments.as_deref())?,
            disputes: optional(layout::DISPUTES, with.disputes.as_deref())?,
        })
    }
}

/// The accepted reports of a month that are in force, each in its place in the archive, and how many
/// were accepted in all.
fn in_force(
    conn: &mut Conn,
    node: &Node,
    period: Period,
) -> Result<(Vec<ReceivedReport>, usize), Refusal> {
    let mut accepted = store::received_for(conn, period)?;
    accepted.retain(|report| report.state == "accepted");
    arrivals::settle_in_all(node, &accepted)?;
    let all = accepted.len();
    let mut reports: Vec<ReceivedReport> = Vec::new();
    for report in accepted {
        // Sorted by node and sequence: the last of a node is in force.
        reports.retain(|earlier| earlier.node_id != report.node_id);
        reports.push(report);
    }
    Ok((reports, all))
}

/// The digest of the policy a report was counted under.
fn counted_under(report: &ReceivedReport) -> Result<String, Refusal> {
    let (manifest, _) = federation::report::PlayReport::parse(report.manifest.as_bytes())
        .map_err(Refusal::broken)?;
    Ok(manifest
        .policy
        .map(|policy| policy.digest.to_string())
        .unwrap_or_default())
}

/// The split sheets that may be in force in `period`. Their proofs were checked when they came in.
fn sheets(conn: &mut Conn, period: Period) -> Result<Vec<PublishedSplitSheet>, Refusal> {
    let mut sheets = Vec::new();
    for kept in catalogue::store::split_sheets(conn)? {
        if kept.valid_from <= period.last_day() {
            sheets.push(serde_json::from_str(&kept.document).map_err(Refusal::broken)?);
        }
    }
    Ok(sheets)
}

/// The balances a settlement carried out, as the next one takes them in; none when all are nought.
fn carried_out(folder: &Path) -> Result<Option<String>, Refusal> {
    let verified = verify_folder(folder, &AuditOptions::default()).map_err(Refusal::broken)?;
    let text = verified.settlement.balances().csv();
    Ok((text.lines().count() > 1).then_some(text))
}
