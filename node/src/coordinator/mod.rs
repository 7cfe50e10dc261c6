//! The coordinator: the node that settles for the network. Any node can hold that role; a network
//! has one at a time.
//!
//! Reports are offered ([`inbox`]), fetched and checked ([`arrivals`]), and answered with a signed
//! receipt or a refusal that says why. [`settle`] computes the month and publishes it; the nodes'
//! countersignatures come back the same way. What arrived is kept in `archive/PERIOD/`, in the very
//! layout that `antiphon verify` reads, so that an auditor needs nothing but a copy of that folder.

pub mod arrivals;
mod doors;
pub mod inbox;
pub mod pages;
mod policy;
mod settle;
pub mod statements;
pub mod store;

use federation::digest::Sha256Digest;
use federation::json::canonical;
use federation::report::PlayReport;
use federation::vocabulary::Reference;
use serde_json::Value;
use settlement::{NodeId, Period};

pub use doors::routes;
pub use policy::{PolicyInForce, begin, learn_once, learn_policies, policy_known};
pub use settle::{SettleWith, Settled, announce, settle, unanswered};

use crate::Node;
use crate::db::Conn;
use crate::peers::{self, Following, Peer, Standing};
use crate::web::Refusal;
use crate::words::Say;
use store::ReceivedReport;

/// The archive of a month, below the node's folder.
pub fn archive(period: Period) -> String {
    format!("archive/{period}")
}

/// What an offer came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Kept; it will be fetched and checked.
    Taken,
    /// Known already; if it was answered, the answer goes out again.
    Known,
}

/// Whether a node may offer this report here: one that follows this coordinator or is followed or
/// allowed by it, and that offers a report of its own which can be read. Whether the report is
/// right is seen once its tables are here.
///
/// # Errors
/// [`Refusal::Forbidden`] or another sentence for who offers it.
pub fn may_offer(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    object: &Reference,
) -> Result<(), Refusal> {
    let Some(document) = object.value() else {
        return Err(unusable(
            "offer the report itself, with its proof, not its address",
        ));
    };
    if !object.has_type("PlayReport") {
        return Ok(());
    }
    let (manifest, _) = PlayReport::parse(&canonical(document)).map_err(unusable)?;
    if manifest.attributed_to != from.actor_id {
        return Err(unusable(format!(
            "{} offered a report of {}",
            from.actor_id, manifest.attributed_to
        )));
    }
    // Its Follow may have come just before.
    let is_known = from.follower
        || from.following != Following::No
        || from.standing == Standing::Allowed
        || peers::store::waiting_from(conn, &from.origin)? > 1;
    match is_known {
        true => Ok(()),
        false => Err(Refusal::Forbidden(
            Say::new("reports-of-a-stranger").with("url", node.config.base()),
        )),
    }
}

/// Keeps the offer of a report by `from`; what it says is believed only once it is checked.
///
/// # Errors
/// When it is no play report, or not one of the node that offers it.
pub fn take_offer(
    conn: &mut Conn,
    node: &Node,
    from: NodeId,
    document: &Value,
) -> Result<Offer, Refusal> {
    let bytes = canonical(document);
    let (manifest, _) = PlayReport::parse(&bytes).map_err(unusable)?;
    if manifest.attributed_to != from {
        return Err(unusable(format!(
            "{from} offered a report of {}",
            manifest.attributed_to
        )));
    }
    let now = node.clock.now_us();
    let digest = Sha256Digest::of(&bytes).to_string();
    // The same address with other content is another offer: the first stands, and this one is
    // refused with the first as evidence, when it is checked.
    let id = match store::received(conn, manifest.id.as_str())? {
        None => manifest.id.to_string(),
        Some(known) if known.manifest_digest == digest => {
            if known.state != "offered" {
                inbox::say_answer(conn, node, &known)?;
            }
            return Ok(Offer::Known);
        }
        Some(_) => {
            let other = format!("{}#{digest}", manifest.id);
            if store::received(conn, &other)?.is_some() {
                return Ok(Offer::Known);
            }
            other
        }
    };
    let report = ReceivedReport {
        id,
        node_id: from.to_string(),
        origin: from.origin().to_owned(),
        period: manifest.period.to_string(),
        sequence: i64::try_from(manifest.sequence).map_err(unusable)?,
        state: "offered".to_owned(),
        manifest: String::from_utf8(bytes).map_err(Refusal::broken)?,
        manifest_digest: digest,
        folder: None,
        offered_us: now,
        attempts: 0,
        next_try_us: now,
        answered_us: None,
        answer: None,
        reason: None,
    };
    store::insert_received(conn, &report)?;
    Ok(Offer::Taken)
}

/// What arrived cannot be used, today or tomorrow: not to be tried again.
pub(crate) fn unusable(reason: impl std::fmt::Display) -> Refusal {
    Refusal::field(
        "object",
        Say::new("reports-unusable").with("reason", reason),
    )
}
