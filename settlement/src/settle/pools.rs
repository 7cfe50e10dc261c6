//! Step 1: contributions become pools, in the currency of the settlement.

use std::collections::BTreeMap;

use super::{Idle, Inputs, RateUsed, Refused, network::Network};
use crate::{Currency, Micros, Minor, Policy, Rate, apportion, rates::convert};

/// What one venue's contribution is divided into, in micros.
#[derive(Clone, Copy)]
pub(super) struct VenuePool {
    pub user_centric: u128,
    pub pro_rata: u128,
}

/// What one node's contributions come to.
#[derive(Clone, Copy, Default)]
pub(super) struct NodePool {
    pub contributed_minor: Minor,
    pub contributed: u128,
    pub rights: u128,
    pub fund: u128,
    pub node: u128,
    pub coordinator: u128,
}

/// The pools of the network, in the order of its reports.
pub(super) struct Pools {
    pub currency: Currency,
    pub rates: Vec<RateUsed>,
    pub nodes: Vec<NodePool>,
    /// By report, then by venue number.
    pub venues: Vec<Vec<VenuePool>>,
    /// Filled in step 4.
    pub idle: Vec<Idle>,
}

impl Pools {
    pub fn of(inputs: &Inputs, network: &Network<'_>) -> Result<Self, Refused> {
        let currency = settlement_currency(inputs, network)?;
        let mut rates = BTreeMap::new();
        let mut pools = Pools {
            currency,
            rates: Vec::new(),
            nodes: Vec::new(),
            venues: Vec::new(),
            idle: Vec::new(),
        };
        for in_force in &network.reports {
            let from = in_force.report.currency;
            let mut node = NodePool::default();
            let mut venues = Vec::with_capacity(in_force.report.venues.len());
            for venue in &in_force.report.venues {
                let minor = venue.contribution;
                let micros = if from == currency {
                    Micros::from_minor(minor)
                } else {
                    let from_rate = rate(inputs, from, &mut rates)?;
                    let to_rate = rate(inputs, currency, &mut rates)?;
                    convert(
                        minor,
                        (from, from_rate.per_euro),
                        (currency, to_rate.per_euro),
                    )
                };
                let micros = micros.and_then(|micros| u128::try_from(micros.get()).ok());
                let micros = micros.ok_or(Refused::TooLarge("a contribution"))?;
                venues.push(node.take(&inputs.policy, minor, micros)?);
            }
            pools.nodes.push(node);
            pools.venues.push(venues);
        }
        pools.rates = rates.into_values().collect();
        // From here on every sum of parts stays below what was paid in, and fits.
        pools
            .nodes
            .iter()
            .try_fold(0u128, |sum, node| sum.checked_add(node.contributed))
            .filter(|&sum| i128::try_from(sum).is_ok())
            .ok_or(Refused::TooLarge("the sum of contributions"))?;
        Ok(pools)
    }

    /// Step 4: rights money of a venue for which there is no weight.
    pub fn leave_idle(&mut self, report: usize, amount: u128) {
        self.nodes[report].rights -= amount;
        self.nodes[report].fund += amount;
    }
}

impl NodePool {
    /// Divides a venue's contribution.
    fn take(&mut self, policy: &Policy, minor: Minor, micros: u128) -> Result<VenuePool, Refused> {
        let contributed = self
            .contributed_minor
            .checked_add(minor)
            .zip(self.contributed.checked_add(micros));
        (self.contributed_minor, self.contributed) =
            contributed.ok_or(Refused::TooLarge("the sum of contributions"))?;
        let [rights, fund, node, coordinator] = parts(
            micros,
            [
                policy.rights_bp,
                policy.fund_bp,
                policy.node_bp,
                policy.coordinator_bp,
            ],
        );
        self.rights += rights;
        self.fund += fund;
        self.node += node;
        self.coordinator += coordinator;
        let [user_centric, pro_rata] = parts(rights, [policy.user_centric_bp, policy.pro_rata_bp]);
        Ok(VenuePool {
            user_centric,
            pro_rata,
        })
    }
}

/// An amount in parts by basis points, keys in the order given.
fn parts<const N: usize>(total: u128, bp: [u32; N]) -> [u128; N] {
    let items: Vec<(usize, u128)> = bp
        .into_iter()
        .enumerate()
        .map(|(key, bp)| (key, bp.into()))
        .collect();
    // A policy's parts add up to 10000, so there always is a division into as many.
    apportion(total, &items)
        .and_then(|parts| parts.try_into().ok())
        .unwrap_or([0; N])
}

/// The policy's currency if it names one, else the one of all reports.
fn settlement_currency(inputs: &Inputs, network: &Network<'_>) -> Result<Currency, Refused> {
    if let Some(currency) = inputs.policy.currency {
        return Ok(currency);
    }
    let first = network.reports[0].report.currency;
    match network
        .reports
        .iter()
        .map(|in_force| in_force.report.currency)
        .find(|&currency| currency != first)
    {
        None => Ok(first),
        Some(other) => Err(Refused::WhichCurrency(first, other)),
    }
}

fn rate(
    inputs: &Inputs,
    currency: Currency,
    used: &mut BTreeMap<Currency, RateUsed>,
) -> Result<Rate, Refused> {
    if let Some(used) = used.get(&currency) {
        return Ok(used.rate);
    }
    let day = inputs.period.last_day();
    let rate = match &inputs.rates {
        Some(rates) => rates.on(currency, day),
        None => crate::Rates::default().on(currency, day),
    };
    let rate = rate.ok_or(Refused::NoRate {
        currency,
        period: inputs.period,
    })?;
    used.insert(currency, RateUsed { currency, rate });
    Ok(rate)
}
