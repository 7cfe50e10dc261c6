//! Steps 3 and 4: the rights money of each venue is spread over works, and what finds no work goes
//! to the fund.

use std::{collections::BTreeMap, ops::Range};

use super::{
    Idle, IdleScope, Refused,
    network::{InForce, Network},
    pools::Pools,
};
use crate::{Micros, Policy, ReducedRow, Scope, Territory, apportion, apportion::apportion_by};

/// For each report in force, the micros of each row of its reduction.
pub(super) type Amounts = Vec<Vec<u128>>;

/// What a work earned in a territory, before it is anybody's.
pub(super) struct Allocated {
    pub territory: Territory,
    /// The work's place in the network's list.
    pub work: u32,
    pub uses: u128,
    pub seconds: u128,
    pub amount: u128,
}

pub(super) fn over_works(
    policy: &Policy,
    network: &Network<'_>,
    pools: &mut Pools,
) -> Result<Amounts, Refused> {
    let mut amounts: Amounts = network
        .reports
        .iter()
        .map(|in_force| vec![0; in_force.report.reduction.len()])
        .collect();
    for (at, in_force) in network.reports.iter().enumerate() {
        member_by_member(at, in_force, pools, &mut amounts[at]);
    }
    for scope in scopes(policy.pro_rata_scope, network) {
        together(&scope, network, pools, &mut amounts);
    }
    Ok(amounts)
}

/// The user-centric part: within each venue, by the members' shares.
fn member_by_member(at: usize, in_force: &InForce<'_>, pools: &mut Pools, amounts: &mut [u128]) {
    for (venue, rows) in in_force.rows_by_venue().enumerate() {
        let total = pools.venues[at][venue].user_centric;
        let reduced = &in_force.report.reduction[rows.clone()];
        let work = |row: usize| in_force.works[reduced[row].track as usize];
        let shares = apportion_by(
            total,
            reduced.len(),
            |row| reduced[row].share.into(),
            |one, other| work(one).cmp(&work(other)),
        );
        match shares {
            Some(shares) => add(&mut amounts[rows], &shares),
            None if total == 0 => {}
            None => {
                pools.leave_idle(at, total);
                let scope = IdleScope::Members(in_force.report.venues[venue].id.clone());
                pools.idle.push(Idle {
                    scope,
                    amount: micros(total),
                });
            }
        }
    }
}

/// Venues whose pro-rata parts are one pot.
struct Pot {
    scope: IdleScope,
    /// Report, venue number, rows of the reduction.
    venues: Vec<(usize, usize, Range<usize>)>,
}

fn scopes(scope: Scope, network: &Network<'_>) -> Vec<Pot> {
    let mut pots: Vec<Pot> = Vec::new();
    if scope == Scope::Network {
        pots.push(Pot {
            scope: IdleScope::Network,
            venues: Vec::new(),
        });
    }
    for (at, in_force) in network.reports.iter().enumerate() {
        if scope == Scope::Node {
            pots.push(Pot {
                scope: IdleScope::Node(in_force.report.node.clone()),
                venues: Vec::new(),
            });
        }
        for (venue, rows) in in_force.rows_by_venue().enumerate() {
            if scope == Scope::Venue {
                let id = in_force.report.venues[venue].id.clone();
                pots.push(Pot {
                    scope: IdleScope::Venue(id),
                    venues: Vec::new(),
                });
            }
            if let Some(pot) = pots.last_mut() {
                pot.venues.push((at, venue, rows));
            }
        }
    }
    pots
}

/// The pro-rata part: one pot over all (venue, work) pairs of its venues.
fn together(pot: &Pot, network: &Network<'_>, pools: &mut Pools, amounts: &mut Amounts) {
    let total: u128 = pot
        .venues
        .iter()
        .map(|&(at, venue, _)| pools.venues[at][venue].pro_rata)
        .sum();
    if total == 0 {
        return;
    }
    let mut items: Vec<((u32, u32), u128)> = Vec::new();
    for (at, venue, rows) in &pot.venues {
        let in_force = &network.reports[*at];
        let key = |row: &ReducedRow| (in_force.venues[*venue], in_force.works[row.track as usize]);
        items.extend(
            in_force.report.reduction[rows.clone()]
                .iter()
                .map(|row| (key(row), row.weight)),
        );
    }
    if let Some(shares) = apportion(total, &items) {
        let mut shares = &shares[..];
        for (at, _, rows) in &pot.venues {
            let (of_venue, rest) = shares.split_at(rows.len());
            add(&mut amounts[*at][rows.clone()], of_venue);
            shares = rest;
        }
        return;
    }
    for &(at, venue, _) in &pot.venues {
        let amount = pools.venues[at][venue].pro_rata;
        pools.leave_idle(at, amount);
    }
    pools.idle.push(Idle {
        scope: pot.scope.clone(),
        amount: micros(total),
    });
}

fn add(amounts: &mut [u128], shares: &[u128]) {
    for (amount, share) in amounts.iter_mut().zip(shares) {
        *amount += share;
    }
}

/// Parts of contributions, whose sum fits.
pub(super) fn micros(amount: u128) -> Micros {
    Micros::new(i128::try_from(amount).unwrap_or(i128::MAX))
}

/// The first half of step 5: amounts by territory and work, sorted, a row for every pair with uses.
pub(super) fn by_territory(
    network: &Network<'_>,
    amounts: &Amounts,
) -> Result<Vec<Allocated>, Refused> {
    let mut by_territory: BTreeMap<Territory, Vec<usize>> = BTreeMap::new();
    for (at, in_force) in network.reports.iter().enumerate() {
        by_territory
            .entry(in_force.report.territory)
            .or_default()
            .push(at);
    }
    let mut allocated = Vec::new();
    let mut sums = vec![(0u128, 0u128, 0u128); network.works.len()];
    for (territory, reports) in by_territory {
        for at in reports {
            let in_force = &network.reports[at];
            for (row, amount) in in_force.report.reduction.iter().zip(&amounts[at]) {
                let sum = &mut sums[in_force.works[row.track as usize] as usize];
                sum.0 += u128::from(row.uses);
                sum.1 += u128::from(row.seconds);
                sum.2 += amount;
            }
        }
        for (work, sum) in (0..).zip(&mut sums) {
            let (uses, seconds, amount) = std::mem::take(sum);
            if uses > 0 {
                allocated.push(Allocated {
                    territory,
                    work,
                    uses,
                    seconds,
                    amount,
                });
            }
        }
    }
    Ok(allocated)
}
