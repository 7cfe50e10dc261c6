//! Steps 6 and 7: what each party is paid and carries on, what each node pays or receives, and
//! whether it all adds up.

use std::collections::BTreeMap;

use super::{
    Idle, Inputs, NodeRow, PartyRow, Refused, Settlement, Totals,
    entitle::Entitled,
    network::Network,
    pools::{NodePool, Pools},
    spread::micros,
};
use crate::{Account, Adjustments, Micros, Minor, NodeId, PartyId};

const TOO_LARGE: Refused = Refused::TooLarge("a sum of balances and adjustments");

pub(super) fn clear(
    inputs: &Inputs,
    network: &Network<'_>,
    mut pools: Pools,
    entitled: Entitled,
) -> Result<Settlement, Refused> {
    pools.idle.sort();
    let mut settlement = Settlement {
        period: inputs.period,
        currency: pools.currency,
        coordinator: inputs.coordinator.clone(),
        allocations: entitled.allocations,
        earnings: entitled.earnings,
        parties: Vec::new(),
        nodes: Vec::new(),
        by_origin: Vec::new(),
        idle: std::mem::take(&mut pools.idle),
        rates: std::mem::take(&mut pools.rates),
        totals: Totals::default(),
    };
    settlement.nodes = node_rows(inputs, network, &pools);
    settlement.by_origin = (0..settlement.nodes.len()).collect();
    settlement
        .by_origin
        .sort_by_key(|&at| settlement.nodes[at].node.origin());
    let earned = earned_by_party(&settlement)?;
    settlement.parties = party_rows(inputs, &settlement, &earned)?;
    position(&mut settlement, &earned)?;
    settlement.totals = totals(&settlement, &inputs.adjustments, &earned)?;
    add_up(&settlement)?;
    Ok(settlement)
}

/// A row for every node, sorted, with what its venues paid in; zeros for one that did not report.
fn node_rows(inputs: &Inputs, network: &Network<'_>, pools: &Pools) -> Vec<NodeRow> {
    let reported: BTreeMap<&NodeId, usize> = network
        .reports
        .iter()
        .enumerate()
        .map(|(at, in_force)| (&in_force.report.node, at))
        .collect();
    let mut nodes: Vec<&NodeId> = network.nodes.values().copied().collect();
    nodes.sort();
    let row = |node: &NodeId| {
        let at = reported.get(node);
        let pool = at.map_or_else(NodePool::default, |&at| pools.nodes[at]);
        NodeRow {
            node: node.clone(),
            reported: at.is_some(),
            currency: at.map_or(pools.currency, |&at| network.reports[at].report.currency),
            contributed_minor: pool.contributed_minor,
            contributed: micros(pool.contributed),
            rights: micros(pool.rights),
            fund: micros(pool.fund),
            node_share: micros(pool.node),
            coordinator_share: micros(pool.coordinator),
            earned_by_its_parties: Micros::ZERO,
            adjusted: adjusted(
                &inputs.adjustments,
                |account| matches!(account, Account::Node(of) if of == node),
            ),
            position: Micros::ZERO,
        }
    };
    nodes.into_iter().map(row).collect()
}

/// The sum of the adjustments of some accounts. That all of them together fit is seen to in
/// [`totals`].
fn adjusted(adjustments: &Adjustments, of: impl Fn(&Account) -> bool) -> Micros {
    let amounts = adjustments
        .iter()
        .filter(|adjustment| of(&adjustment.account))
        .map(|adjustment| adjustment.amount);
    Micros::new(amounts.fold(0i128, |sum, amount| sum.saturating_add(amount.get())))
}

fn earned_by_party(settlement: &Settlement) -> Result<BTreeMap<PartyId, Micros>, Refused> {
    let of_party = settlement
        .earnings
        .chunk_by(|one, other| one.party == other.party);
    of_party
        .map(|earnings| {
            let earned =
                Micros::sum(earnings.iter().map(|earning| earning.amount)).ok_or(TOO_LARGE)?;
            Ok((earnings[0].party.clone(), earned))
        })
        .collect()
}

/// Step 6: a row for every party that carries in, earns or is adjusted.
fn party_rows(
    inputs: &Inputs,
    settlement: &Settlement,
    earned: &BTreeMap<PartyId, Micros>,
) -> Result<Vec<PartyRow>, Refused> {
    // Carried in, earned, adjusted.
    let mut amounts: BTreeMap<&PartyId, [Micros; 3]> = BTreeMap::new();
    for (party, amount) in inputs.balances.iter() {
        amounts.entry(party).or_default()[0] = amount;
    }
    for (party, &amount) in earned {
        amounts.entry(party).or_default()[1] = amount;
    }
    for adjustment in inputs.adjustments.iter() {
        if let Account::Party(party) = &adjustment.account {
            let adjusted = &mut amounts.entry(party).or_default()[2];
            *adjusted = adjusted.checked_add(adjustment.amount).ok_or(TOO_LARGE)?;
        }
    }
    let rows = amounts
        .into_iter()
        .filter(|(_, amounts)| *amounts != [Micros::ZERO; 3]);
    rows.map(|(party, [carried_in, earned, adjusted])| {
        let balance = Micros::sum([carried_in, earned, adjusted]).ok_or(TOO_LARGE)?;
        let payable = payable(balance, inputs.policy.payout_minimum);
        let paid = Micros::from_minor(payable).ok_or(TOO_LARGE)?;
        Ok(PartyRow {
            party: party.clone(),
            home: settlement.home_of(party).cloned(),
            carried_in,
            earned,
            adjusted,
            payable,
            carried_out: balance.checked_sub(paid).ok_or(TOO_LARGE)?,
        })
    })
    .collect()
}

/// The whole minor units of a balance, where they are worth a payment.
fn payable(balance: Micros, minimum: u64) -> Minor {
    let whole = balance.whole_minor();
    if whole > Minor::ZERO && whole >= Minor::new(minimum.into()) {
        whole
    } else {
        Minor::ZERO
    }
}

/// Step 7: contributed − node share − earned by its parties + adjusted.
fn position(
    settlement: &mut Settlement,
    earned: &BTreeMap<PartyId, Micros>,
) -> Result<(), Refused> {
    let mut by_node: BTreeMap<NodeId, Micros> = BTreeMap::new();
    for (party, &amount) in earned {
        if let Some(home) = settlement.home_of(party) {
            let sum = by_node.entry(home.clone()).or_default();
            *sum = sum.checked_add(amount).ok_or(TOO_LARGE)?;
        }
    }
    for row in &mut settlement.nodes {
        row.earned_by_its_parties = by_node.get(&row.node).copied().unwrap_or_default();
        row.position = row
            .position_before_adjustments()
            .and_then(|sum| sum.checked_add(row.adjusted))
            .ok_or(TOO_LARGE)?;
    }
    Ok(())
}

fn totals(
    settlement: &Settlement,
    adjustments: &Adjustments,
    earned: &BTreeMap<PartyId, Micros>,
) -> Result<Totals, Refused> {
    // So that no sum of some adjustments can have been cut off above.
    adjustments
        .iter()
        .try_fold(0i128, |sum, adjustment| {
            sum.checked_add(adjustment.amount.get().checked_abs()?)
        })
        .ok_or(TOO_LARGE)?;
    let nodes = |amount: fn(&NodeRow) -> Micros| {
        Micros::sum(settlement.nodes.iter().map(amount)).ok_or(TOO_LARGE)
    };
    let parties = |amount: fn(&PartyRow) -> Micros| {
        Micros::sum(settlement.parties.iter().map(amount)).ok_or(TOO_LARGE)
    };
    let held = settlement
        .allocations
        .iter()
        .filter(|allocation| allocation.held.is_some());
    Ok(Totals {
        contributed: nodes(|row| row.contributed)?,
        rights: nodes(|row| row.rights)?,
        fund: nodes(|row| row.fund)?,
        node: nodes(|row| row.node_share)?,
        coordinator: nodes(|row| row.coordinator_share)?,
        earned: Micros::sum(earned.values().copied()).ok_or(TOO_LARGE)?,
        held: Micros::sum(held.map(|allocation| allocation.amount)).ok_or(TOO_LARGE)?,
        idle: Micros::sum(settlement.idle.iter().map(|idle: &Idle| idle.amount))
            .ok_or(TOO_LARGE)?,
        carried_in: parties(|row| row.carried_in)?,
        parties_adjusted: parties(|row| row.adjusted)?,
        payable: Minor::sum(settlement.parties.iter().map(|row| row.payable)).ok_or(TOO_LARGE)?,
        carried_out: parties(|row| row.carried_out)?,
        positions: nodes(|row| row.position)?,
        nodes_adjusted: nodes(|row| row.adjusted)?,
        fund_adjusted: adjusted(adjustments, |account| *account == Account::Fund),
        coordinator_adjusted: adjusted(adjustments, |account| *account == Account::Coordinator),
        held_adjusted: adjusted(adjustments, |account| *account == Account::Held),
    })
}

/// Every micro that came in is accounted for, or there is no settlement.
fn add_up(settlement: &Settlement) -> Result<(), Refused> {
    let totals = &settlement.totals;
    let equal = |one: Option<Micros>, other: Option<Micros>, what| {
        if one.is_some() && one == other {
            Ok(())
        } else {
            Err(Refused::DoesNotAddUp(what))
        }
    };
    let minus = |one: Micros, other: Micros| one.checked_sub(other);
    for row in &settlement.nodes {
        let parts = Micros::sum([row.rights, row.fund, row.node_share, row.coordinator_share]);
        equal(
            Some(row.contributed),
            parts,
            "a node's parts and its contributions",
        )?;
    }
    let spread = Micros::sum(
        settlement
            .allocations
            .iter()
            .map(|allocation| allocation.amount),
    );
    equal(
        Some(totals.rights),
        spread,
        "the rights money and what works earned",
    )?;
    equal(
        spread,
        totals.earned.checked_add(totals.held),
        "what works earned, what parties earned and what is held",
    )?;
    let balance = Micros::sum([totals.carried_in, totals.earned, totals.parties_adjusted]);
    let paid =
        Micros::from_minor(totals.payable).and_then(|paid| paid.checked_add(totals.carried_out));
    equal(
        balance,
        paid,
        "the parties' balances and what is paid and carried on",
    )?;
    let at_home = Micros::sum(settlement.nodes.iter().map(|row| row.earned_by_its_parties));
    let homeless = at_home.and_then(|at_home| minus(totals.earned, at_home));
    let left = homeless
        .and_then(|homeless| Micros::sum([totals.coordinator, totals.fund, totals.held, homeless]));
    equal(
        minus(totals.positions, totals.nodes_adjusted),
        left,
        "the positions and what they are for",
    )?;
    if settlement.coordinator.is_some() {
        equal(
            homeless,
            Some(Micros::ZERO),
            "the parties and their home nodes",
        )?;
    }
    let negative = |amount: Micros| amount < Micros::ZERO;
    let below_nought = settlement
        .allocations
        .iter()
        .any(|allocation| negative(allocation.amount))
        || settlement
            .earnings
            .iter()
            .any(|earning| negative(earning.amount));
    if below_nought {
        Err(Refused::DoesNotAddUp("a share below nought"))
    } else {
        Ok(())
    }
}
