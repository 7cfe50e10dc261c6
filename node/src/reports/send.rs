//! Offering a report to the coordinator, and saying where it stands.

use serde_json::{Value, json};
use settlement::Period;

use super::store::{self, OwnReport};
use super::{PeriodState, bounds};
use crate::Node;
use crate::coordinator;
use crate::db::Conn;
use crate::peers::{self, Following, To};
use crate::web::Refusal;
use crate::words::Say;

/// Offers the report of `period` to the coordinator. It stays in the outbox until it is delivered,
/// and is offered again until it is answered ([`super::remind`]); offering twice is harmless.
///
/// # Errors
/// When the month is not closed, its report was accepted already, or the coordinator is no peer.
pub fn send(node: &Node, period: Period) -> Result<(), Refusal> {
    node.db.write_now(|conn| {
        let Some(report) = store::in_force(conn, period)? else {
            return Err(Refusal::Conflict(
                Say::new("reports-not-closed").with("period", period),
            ));
        };
        if report.state == "accepted" {
            return Err(Refusal::Conflict(
                Say::new("reports-accepted-already").with("period", period),
            ));
        }
        offer(conn, node, &report)
    })
}

/// Offers a report of ours, in the transaction that notes so.
pub(super) fn offer(conn: &mut Conn, node: &Node, report: &OwnReport) -> Result<(), Refusal> {
    let manifest: Value = serde_json::from_str(&report.manifest).map_err(Refusal::broken)?;
    if node.config.is_coordinator() {
        coordinator::take_offer(conn, node, node.config.actor(), &manifest)?;
    } else {
        let actor = node.config.coordinator_actor();
        let origin = actor.origin().to_owned();
        let Some(peer) = peers::store::peer(conn, &origin)? else {
            return Err(Refusal::Conflict(
                Say::new("reports-no-coordinator").with("url", origin),
            ));
        };
        // A coordinator takes reports of those that follow it.
        if peer.following == Following::No {
            peers::ask_to_follow(conn, node, &peer)?;
        }
        let offer = json!({ "type": "Offer", "object": manifest, "to": [actor.as_str()] });
        peers::say(conn, node, offer, To::Peer(origin), true)?;
    }
    store::offered(conn, &report.id, node.clock.now_us())?;
    Ok(())
}

/// Where a month stands at this node.
#[derive(Clone, Debug)]
pub struct Status {
    /// The month.
    pub period: Period,
    /// Its state.
    pub state: PeriodState,
    /// Whether the month is over.
    pub over: bool,
    /// The report in force, when the month is closed.
    pub report: Option<OwnReport>,
    /// What became of its settlement, when one is known.
    pub settlement: Option<store::KnownSettlement>,
}

/// Where `period` stands at this node.
pub fn status(node: &Node, period: Period) -> Result<Status, Refusal> {
    let (_, end) = bounds(node, period);
    let over = node.clock.now_us() >= end;
    node.db.read_now(|conn| {
        Ok(Status {
            period,
            state: store::period_state(conn, period)?,
            over,
            report: store::in_force(conn, period)?,
            settlement: store::settlement_of(conn, period)?,
        })
    })
}
