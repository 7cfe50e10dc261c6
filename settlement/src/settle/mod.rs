//! The settlement of a period, step by step.
//!
//! [`settle`] reads top-down: take the reports in force (`network`), turn contributions into pools
//! (`pools`), spread the pools over works (`spread`), find out whose each amount is or hold it
//! (`entitle`), then count up parties and nodes and see that it all adds up (`clear`). `correct`
//! makes good what a settled month left.

mod clear;
mod correct;
mod entitle;
mod network;
mod outcome;
mod payments;
mod pools;
mod refused;
mod spread;

pub use correct::{CannotCorrect, CannotRelease, correction, release};
pub use entitle::{Earning, HeldBecause};
pub use outcome::{Allocation, Idle, IdleScope, NodeRow, PartyRow, RateUsed, Settlement, Totals};
pub use payments::{Payment, payments};
pub use refused::{Refused, RowRefused};

use crate::{Adjustments, Balances, Disputes, NodeId, Period, Policy, Rates, Report, SplitSheets};

/// All that a settlement depends on. The order of anything in it does not matter.
#[derive(Clone, Debug)]
pub struct Inputs {
    /// The month to settle.
    pub period: Period,
    /// Reports of that month, replaced ones too; the one with a node's highest sequence is in force.
    pub reports: Vec<Report>,
    /// The split sheets that are known.
    pub splits: SplitSheets,
    /// The works in dispute.
    pub disputes: Disputes,
    /// What the assembly decided. The reports must have been reduced under it, or under one that
    /// [reduces like](Policy::reduces_like) it.
    pub policy: Policy,
    /// Reference rates; needed where currencies differ.
    pub rates: Option<Rates>,
    /// What parties carry in.
    pub balances: Balances,
    /// What earlier periods left to make good.
    pub adjustments: Adjustments,
    /// The node that settles, if that is to be cleared.
    pub coordinator: Option<NodeId>,
}

/// Settles a period: a pure function of its inputs.
///
/// # Errors
/// When the inputs contradict each other, a rate is missing, or a sum does not fit. Nothing is
/// settled then.
pub fn settle(inputs: &Inputs) -> Result<Settlement, Refused> {
    let network = network::Network::of(inputs)?;
    let mut pools = pools::Pools::of(inputs, &network)?;
    let amounts = spread::over_works(&inputs.policy, &network, &mut pools)?;
    let allocated = spread::by_territory(&network, &amounts)?;
    let entitled = entitle::entitle(inputs, &network, &allocated)?;
    clear::clear(inputs, &network, pools, entitled)
}
