//! What is made good later. A settled period is never changed: what it should have been differs
//! from what it was, and the next settlement takes the difference in.

use std::collections::BTreeMap;

use super::{Refused, Settlement};
use crate::{
    Account, Adjustment, Adjustments, Micros, PartyId, SplitEntry, Territory, WorkId, apportion,
};

/// Why two settlements have no difference that could be made good.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotCorrect {
    /// They settle different things.
    #[error("a settlement is corrected by one of the same period, currency and coordinator")]
    NotTheSame,
    /// Nobody to clear with.
    #[error("without a coordinator nodes have nobody to clear with: name it")]
    NoCoordinator,
    /// A sum that does not fit, or sums that differ.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// The differences between a settlement as it was published and as it should have been, settled
/// again with the corrected input and otherwise the same (the same balances and adjustments).
/// Differences of nought are left out. Of a node it is the difference of its position.
///
/// # Errors
/// When the two do not settle the same period in the same currency for the same coordinator.
pub fn correction(
    old: &Settlement,
    new: &Settlement,
    reason: &str,
) -> Result<Adjustments, CannotCorrect> {
    if (old.period, old.currency, &old.coordinator) != (new.period, new.currency, &new.coordinator)
    {
        return Err(CannotCorrect::NotTheSame);
    }
    if old.coordinator.is_none() {
        return Err(CannotCorrect::NoCoordinator);
    }
    let too_large = || Refused::TooLarge("a difference");
    let mut differences: BTreeMap<Account, Micros> = BTreeMap::new();
    for (settlement, is_new) in [(old, false), (new, true)] {
        for (account, amount) in accounts(settlement).ok_or_else(too_large)? {
            let difference = differences.entry(account).or_default();
            let sum = if is_new {
                difference.checked_add(amount)
            } else {
                difference.checked_sub(amount)
            };
            *difference = sum.ok_or_else(too_large)?;
        }
    }
    balanced(differences, old, reason).map_err(CannotCorrect::Refused)
}

/// Every account of a settlement, without what earlier periods left to make good.
fn accounts(settlement: &Settlement) -> Option<Vec<(Account, Micros)>> {
    let totals = &settlement.totals;
    let mut accounts = vec![
        (Account::Coordinator, totals.coordinator),
        (Account::Fund, totals.fund),
        (Account::Held, totals.held),
    ];
    for row in &settlement.nodes {
        accounts.push((
            Account::Node(row.node.clone()),
            row.position_before_adjustments()?,
        ));
    }
    accounts.extend(
        settlement
            .parties
            .iter()
            .map(|row| (Account::Party(row.party.clone()), row.earned)),
    );
    Some(accounts)
}

/// Why held money cannot be released.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CannotRelease {
    /// Nothing is held there.
    #[error("nothing is held of {work} in {territory} for that period")]
    NotHeld {
        /// The work.
        work: WorkId,
        /// Where it was used.
        territory: Territory,
    },
    /// Nobody to clear with.
    #[error("without a coordinator nodes have nobody to clear with: name it")]
    NoCoordinator,
    /// Shares of elsewhere.
    #[error("the entry does not add up")]
    NoShares,
    /// A sum that does not fit.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// What was held of a work in a territory, given to those who turned out to share in it: held down,
/// parties up, the positions of their home nodes down. Whether it was released before is for the
/// caller to know: the settlement itself never changes.
///
/// # Errors
/// When nothing is held there, or no coordinator holds it.
pub fn release(
    settlement: &Settlement,
    territory: Territory,
    work: &WorkId,
    entry: &SplitEntry,
    reason: &str,
) -> Result<Adjustments, CannotRelease> {
    if settlement.coordinator.is_none() {
        return Err(CannotRelease::NoCoordinator);
    }
    let held = settlement
        .held()
        .find(|(row, _)| row.territory == territory && row.work == *work);
    let (row, _) = held.ok_or_else(|| CannotRelease::NotHeld {
        work: work.clone(),
        territory,
    })?;
    let items: Vec<(&PartyId, u128)> = entry
        .shares()
        .iter()
        .map(|(party, bp)| (party, u128::from(bp.get())))
        .collect();
    let amount = u128::try_from(row.amount.get()).map_err(|_| CannotRelease::NoShares)?;
    let shares = apportion(amount, &items).ok_or(CannotRelease::NoShares)?;
    let too_large = || Refused::TooLarge("an amount that is held");
    let mut changes: BTreeMap<Account, Micros> = BTreeMap::new();
    let mut change = |account: Account, amount: Option<Micros>| {
        let sum = changes.entry(account).or_default();
        *sum = amount
            .and_then(|amount| sum.checked_add(amount))
            .ok_or_else(too_large)?;
        Ok::<(), Refused>(())
    };
    change(Account::Held, row.amount.checked_neg())?;
    for ((party, _), share) in items.into_iter().zip(shares) {
        let share = Micros::new(i128::try_from(share).map_err(|_| too_large())?);
        change(Account::Party(party.clone()), Some(share))?;
        if let Some(home) = settlement.home_of(party) {
            change(Account::Node(home.clone()), share.checked_neg())?;
        }
    }
    Ok(balanced(changes, settlement, reason)?)
}

/// The adjustments, once what the nodes pay more is what the fund, the coordinator and what is held
/// gain.
fn balanced(
    changes: BTreeMap<Account, Micros>,
    of: &Settlement,
    reason: &str,
) -> Result<Adjustments, Refused> {
    let mut nodes = Micros::ZERO;
    let mut others = Micros::ZERO;
    for (account, &amount) in &changes {
        let sum = match account {
            Account::Node(_) => &mut nodes,
            Account::Party(_) => continue,
            Account::Coordinator | Account::Fund | Account::Held => &mut others,
        };
        *sum = sum
            .checked_add(amount)
            .ok_or(Refused::TooLarge("a difference"))?;
    }
    if nodes != others {
        return Err(Refused::DoesNotAddUp(
            "the adjustments of nodes and what they are for",
        ));
    }
    let rows = changes
        .into_iter()
        .filter(|(_, amount)| *amount != Micros::ZERO)
        .map(|(account, amount)| Adjustment {
            account,
            of_period: of.period,
            reason: reason.to_owned(),
            amount,
        });
    Ok(rows.collect::<Vec<_>>().into())
}
