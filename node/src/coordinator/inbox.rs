//! What arrives at a coordinator: offers of reports, and the nodes' answers to a settlement.

use federation::countersignature::{Countersignature, Finding};
use federation::vocabulary::{Act, Activity};
use serde_json::{Value, json};

use super::store::{self, Countersigned, ReceivedReport};
use super::{take_offer, unusable};
use crate::Node;
use crate::db::Conn;
use crate::peers::{self, Outcome, Peer, To};
use crate::reports;
use crate::web::Refusal;

/// Acts on what a node said to its coordinator.
pub fn receive(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
) -> Result<Outcome, Refusal> {
    if !node.config.is_coordinator() {
        return Ok(Outcome::NotMine);
    }
    match &activity.act {
        Act::Offer { object, .. } if object.has_type("PlayReport") => {
            let document = object.value().unwrap_or(&Value::Null);
            let offer = take_offer(conn, node, from.actor_id.clone(), document)?;
            Ok(Outcome::Done(format!("report offered: {offer:?}")))
        }
        Act::Create { object } if object.has_type("SettlementCountersignature") => {
            countersigned(conn, node, from, object.value().unwrap_or(&Value::Null))
        }
        _ => Ok(Outcome::NotMine),
    }
}

/// Keeps a node's signed answer to a settlement of ours.
fn countersigned(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    document: &Value,
) -> Result<Outcome, Refusal> {
    let signed = peers::keys::signed::<Countersignature>(conn, node, from, document.clone())
        .map_err(|refused| refused.refusal(|refused| unusable(refused)))?;
    let answer = signed.content();
    if answer.attributed_to != from.actor_id {
        return Err(unusable("a countersignature in another node's name"));
    }
    let Some(settlement) = reports::store::settlement(conn, answer.object.as_str())? else {
        return Ok(Outcome::Done(
            "answers a settlement that is not known here".to_owned(),
        ));
    };
    if settlement.digest != answer.digest.to_string() {
        return Ok(Outcome::Done(
            "answers other bytes than those published".to_owned(),
        ));
    }
    let (agreed, reason) = match &answer.finding {
        Finding::Agreed => (true, None),
        Finding::Objected(reason) => (false, Some(reason.chars().take(1000).collect())),
    };
    if let Some(reason) = &reason {
        tracing::warn!(node = %from.actor_id, settlement = %settlement.id, %reason, "a node objects");
    }
    let row = Countersigned {
        settlement_id: settlement.id,
        node_id: from.actor_id.to_string(),
        agreed,
        reason,
        document: document.to_string(),
        received_us: node.clock.now_us(),
    };
    store::keep_countersignature(conn, &row)?;
    Ok(Outcome::Done(
        if agreed { "countersigned" } else { "objected" }.to_owned(),
    ))
}

/// Says the answer to a report: a signed receipt, or a refusal. To ourselves it is simply noted.
pub(super) fn say_answer(
    conn: &mut Conn,
    node: &Node,
    report: &ReceivedReport,
) -> Result<(), Refusal> {
    let Some(answer) = &report.answer else {
        return Ok(());
    };
    // A second report at the same address is kept under its digest; its node knows it by address.
    let id = report.id.split('#').next().unwrap_or(&report.id);
    if report.node_id == node.config.actor().as_str() {
        let receipt = report.reason.is_none().then_some(answer.as_str());
        reports::inbox::answered(conn, node, id, receipt, report.reason.as_deref())?;
        return Ok(());
    }
    let document: Value = serde_json::from_str(answer).map_err(Refusal::broken)?;
    let activity = json!({ "type": "Create", "object": document, "to": [report.node_id] });
    peers::say(conn, node, activity, To::Peer(report.origin.clone()), true)?;
    Ok(())
}
