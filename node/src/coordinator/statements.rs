//! From a settlement to the rows that a node keeps of it: every node's row, the parties at home
//! here and why they earned what they earned, and where the money of the venues here went.

use std::collections::{BTreeMap, BTreeSet};

use settlement::{Inputs, Micros, Minor, NodeId, PartyId, Settlement, Territory, WorkId, payments};

use super::store::{NodeStatement, PartyEarning, PartyStatement, Statements, VenuePayment};
use crate::web::Refusal;

/// The rows `node` keeps of the settlement with the URI `id`.
///
/// # Errors
/// When an amount is too large to be kept: beyond ninety billion of a currency.
pub fn rows(
    id: &str,
    node: &NodeId,
    inputs: &Inputs,
    settlement: &Settlement,
) -> Result<Statements, Refusal> {
    let coordinates = settlement.coordinator() == Some(node);
    let at_home = |home: Option<&NodeId>| home.map_or(coordinates, |home| home == node);
    let mut rows = Statements::default();
    for row in settlement.nodes() {
        rows.nodes.push(NodeStatement {
            settlement_id: id.to_owned(),
            node_id: row.node.to_string(),
            contributed_micro: micro(row.contributed)?,
            rights_micro: micro(row.rights)?,
            fund_micro: micro(row.fund)?,
            node_micro: micro(row.node_share)?,
            coordinator_micro: micro(row.coordinator_share)?,
            earned_micro: micro(row.earned_by_its_parties)?,
            adjusted_micro: micro(row.adjusted)?,
            position_micro: micro(row.position)?,
        });
    }
    let mut here: BTreeSet<&PartyId> = BTreeSet::new();
    for row in settlement.parties() {
        if !at_home(row.home.as_ref()) {
            continue;
        }
        here.insert(&row.party);
        rows.parties.push(PartyStatement {
            settlement_id: id.to_owned(),
            party_id: row.party.to_string(),
            carried_in_micro: micro(row.carried_in)?,
            earned_micro: micro(row.earned)?,
            adjusted_micro: micro(row.adjusted)?,
            payable_minor: minor(row.payable)?,
            carried_out_micro: micro(row.carried_out)?,
        });
    }
    let uses: BTreeMap<(Territory, &WorkId), u128> = settlement
        .allocations()
        .iter()
        .map(|a| ((a.territory, &a.work), a.uses))
        .collect();
    for earning in settlement.earnings() {
        if !here.contains(earning.party) {
            continue;
        }
        let used = uses
            .get(&(earning.territory, earning.work))
            .copied()
            .unwrap_or(0);
        rows.earnings.push(PartyEarning {
            settlement_id: id.to_owned(),
            party_id: earning.party.to_string(),
            territory: earning.territory.to_string(),
            work_id: earning.work.to_string(),
            uses: i64::try_from(used).map_err(Refusal::broken)?,
            share_bp: i64::from(earning.bp.get()),
            of_micro: micro(earning.of)?,
            amount_micro: micro(earning.amount)?,
        });
    }
    for payment in payments(inputs, node).map_err(Refusal::broken)? {
        rows.payments.push(VenuePayment {
            settlement_id: id.to_owned(),
            venue_id: payment.venue.to_string(),
            work_id: payment.work.to_string(),
            uses: i64::try_from(payment.uses).map_err(Refusal::broken)?,
            amount_micro: micro(payment.amount)?,
        });
    }
    Ok(rows)
}

fn micro(amount: Micros) -> Result<i64, Refusal> {
    i64::try_from(amount.get()).map_err(Refusal::broken)
}

fn minor(amount: Minor) -> Result<i64, Refusal> {
    i64::try_from(amount.get()).map_err(Refusal::broken)
}
