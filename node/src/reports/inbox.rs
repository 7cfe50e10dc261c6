//! What arrives at a node about its reports: the coordinator's signed receipt or refusal, and word
//! of a settlement.

use federation::receipt::{PlayReportReceipt, PlayReportRefusal};
use federation::vocabulary::{Act, Activity};
use serde_json::Value;
use settlement::Period;

use super::store::{self, KnownSettlement};
use super::{PeriodState, recompute};
use crate::Node;
use crate::coordinator::unusable;
use crate::db::Conn;
use crate::peers::keys::{self, NotProven};
use crate::peers::{Outcome, Peer};
use crate::web::Refusal;

/// The type under which a settlement is announced: its address and its digest; the rest is fetched.
pub const ANNOUNCED: &str = "Settlement";

/// Acts on what the coordinator said.
pub fn receive(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
) -> Result<Outcome, Refusal> {
    let Act::Create { object } = &activity.act else {
        return Ok(Outcome::NotMine);
    };
    let Some(document) = object.value() else {
        return Ok(Outcome::NotMine);
    };
    let receipt = object.has_type("PlayReportReceipt");
    let refusal = object.has_type("PlayReportRefusal");
    let settlement = object.has_type(ANNOUNCED);
    if !(receipt || refusal || settlement) {
        return Ok(Outcome::NotMine);
    }
    if from.actor_id != node.config.coordinator_actor() {
        return Ok(Outcome::Done("not from this node's coordinator".to_owned()));
    }
    if settlement {
        return announced(conn, node, from, document);
    }
    let unproven = |refused: NotProven| refused.refusal(|refused| unusable(refused));
    if receipt {
        let signed = keys::signed::<PlayReportReceipt>(conn, node, from, document.clone())
            .map_err(unproven)?;
        let content = signed.content();
        let about = store::by_id(conn, content.object.as_str())?;
        if about.is_none_or(|own| own.manifest_digest != content.digest.to_string()) {
            return Ok(Outcome::Done(
                "a receipt for other bytes than ours".to_owned(),
            ));
        }
        let id = content.object.to_string();
        return answered(conn, node, &id, Some(&document.to_string()), None);
    }
    let signed =
        keys::signed::<PlayReportRefusal>(conn, node, from, document.clone()).map_err(unproven)?;
    let content = signed.content();
    let reason: String = content.reason.chars().take(2000).collect();
    answered(conn, node, content.object.as_str(), None, Some(&reason))
}

/// Notes the answer to a report of ours. A receipt stands: a later refusal of other bytes does not
/// undo it.
pub fn answered(
    conn: &mut Conn,
    node: &Node,
    report: &str,
    receipt: Option<&str>,
    reason: Option<&str>,
) -> Result<Outcome, Refusal> {
    let Some(own) = store::by_id(conn, report)? else {
        return Ok(Outcome::Done(
            "an answer to a report that is not ours".to_owned(),
        ));
    };
    if own.state == "accepted" {
        return Ok(Outcome::Done("the receipt was in already".to_owned()));
    }
    let now = node.clock.now_us();
    store::answered(conn, report, receipt, reason, now)?;
    if receipt.is_some() {
        let period = Period::parse(&own.period).map_err(unusable)?;
        store::set_period_state(conn, period, PeriodState::Reported, now)?;
        return Ok(Outcome::Done("receipt kept".to_owned()));
    }
    let reason = reason.unwrap_or_default();
    tracing::warn!(report, reason, "the coordinator refused our report");
    Ok(Outcome::Done("refusal kept".to_owned()))
}

/// Keeps word of a settlement; it is fetched and recomputed by an errand.
fn announced(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    document: &Value,
) -> Result<Outcome, Refusal> {
    let text = |name: &str| {
        document
            .get(name)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let period = Period::parse(text("period")).map_err(unusable)?;
    let id = format!("{}/settlements/{period}", from.origin);
    if text("id") != id {
        return Ok(Outcome::Done(
            "a settlement at an address that is none".to_owned(),
        ));
    }
    let digest: federation::digest::Sha256Digest = text("digest").parse().map_err(unusable)?;
    if let Some(known) = store::settlement(conn, &id)? {
        if known.digest != digest.to_string() {
            tracing::error!(settlement = %id, "announced again with other bytes: the first stands");
        } else if known.answered_us.is_some() {
            // Who announces again has not got our answer.
            recompute::say_answer(conn, node, &known, known.reason.as_deref())?;
            return Ok(Outcome::Done("answered again".to_owned()));
        }
        return Ok(Outcome::Done("known already".to_owned()));
    }
    let now = node.clock.now_us();
    let settlement = KnownSettlement {
        id,
        period: period.to_string(),
        coordinator_id: from.actor_id.to_string(),
        document: String::new(),
        digest: digest.to_string(),
        folder: None,
        state: "announced".to_owned(),
        reason: None,
        attempts: 0,
        next_try_us: now,
        published_us: now,
        answered_us: None,
    };
    store::insert_settlement(conn, &settlement)?;
    Ok(Outcome::Done("settlement to be recomputed".to_owned()))
}
