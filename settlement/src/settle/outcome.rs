//! A settlement: who is owed what, and the files that say so.

use super::{
    HeldBecause,
    entitle::{Earning, Entitlement},
};
use crate::{
    Currency, Micros, Minor, NodeId, PartyId, Period, Rate, Territory, VenueId, WorkId, csv::Table,
};

/// The settlement of a period. It adds up: one that does not is never made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settlement {
    pub(super) period: Period,
    pub(super) currency: Currency,
    pub(super) coordinator: Option<NodeId>,
    pub(super) allocations: Vec<Allocation>,
    pub(super) earnings: Vec<Entitlement>,
    pub(super) parties: Vec<PartyRow>,
    pub(super) nodes: Vec<NodeRow>,
    /// Places in `nodes`, sorted by origin.
    pub(super) by_origin: Vec<usize>,
    pub(super) idle: Vec<Idle>,
    pub(super) rates: Vec<RateUsed>,
    pub(super) totals: Totals,
}

/// What a work earned by its uses in a territory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allocation {
    /// Where it was used.
    pub territory: Territory,
    /// The work.
    pub work: WorkId,
    /// How often, from 1.
    pub uses: u128,
    /// How long, in seconds.
    pub seconds: u128,
    /// What it earned.
    pub amount: Micros,
    /// Why the amount is held, if it is; it may be nought.
    pub held: Option<HeldBecause>,
}

/// What a party is owed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartyRow {
    /// Who.
    pub party: PartyId,
    /// Who pays: the node of its origin, else the coordinator, if the network has one.
    pub home: Option<NodeId>,
    /// Owed from before.
    pub carried_in: Micros,
    /// Earned in this period.
    pub earned: Micros,
    /// Made good from earlier periods.
    pub adjusted: Micros,
    /// To be paid out now, in the settlement's currency.
    pub payable: Minor,
    /// To be carried on.
    pub carried_out: Micros,
}

/// What a node's venues paid in, and what it pays or receives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeRow {
    /// The node.
    pub node: NodeId,
    /// Whether it reported; else its contributions are nought.
    pub reported: bool,
    /// What its contributions were made in.
    pub currency: Currency,
    /// Its contributions, in minor units of that currency.
    pub contributed_minor: Minor,
    /// The same in the settlement's currency, as all that follows.
    pub contributed: Micros,
    /// The part of the parties, without what found no work.
    pub rights: Micros,
    /// The part of the creation fund, with what found no work.
    pub fund: Micros,
    /// The node's own part.
    pub node_share: Micros,
    /// The coordinator's part.
    pub coordinator_share: Micros,
    /// What the parties earned whose home it is.
    pub earned_by_its_parties: Micros,
    /// Made good from earlier periods.
    pub adjusted: Micros,
    /// Above nought it pays the coordinator that much, below it receives it.
    pub position: Micros,
}

impl NodeRow {
    /// Contributed − node share − earned by its parties.
    pub(super) fn position_before_adjustments(&self) -> Option<Micros> {
        self.contributed
            .checked_sub(self.node_share)?
            .checked_sub(self.earned_by_its_parties)
    }
}

/// Rights money that found no work and went to the fund.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Idle {
    /// Where nothing had weight.
    pub scope: IdleScope,
    /// How much it was.
    pub amount: Micros,
}

/// Where money found no work.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum IdleScope {
    /// The user-centric part of a venue.
    Members(VenueId),
    /// The pro-rata part of a venue.
    Venue(VenueId),
    /// The pro-rata part of a node's venues.
    Node(NodeId),
    /// The pro-rata part of all venues.
    Network,
}

/// A reference rate that was applied, and the day it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RateUsed {
    /// The currency.
    pub currency: Currency,
    /// Its rate.
    pub rate: Rate,
}

/// The sums of a settlement, in and out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// All contributions; the four parts below add up to it.
    pub contributed: Micros,
    /// For the parties: what they earned and what is held add up to it.
    pub rights: Micros,
    /// For the creation fund, idle money included.
    pub fund: Micros,
    /// For the nodes.
    pub node: Micros,
    /// For the coordinator.
    pub coordinator: Micros,
    /// Earned by parties.
    pub earned: Micros,
    /// Held.
    pub held: Micros,
    /// Rights money that found no work; part of the fund above.
    pub idle: Micros,
    /// Parties' balances from before.
    pub carried_in: Micros,
    /// Parties' adjustments.
    pub parties_adjusted: Micros,
    /// To be paid out.
    pub payable: Minor,
    /// Parties' balances to be carried on.
    pub carried_out: Micros,
    /// All nodes' positions, adjustments included.
    pub positions: Micros,
    /// Nodes' adjustments.
    pub nodes_adjusted: Micros,
    /// The fund's adjustments; not in `fund`.
    pub fund_adjusted: Micros,
    /// The coordinator's adjustments; not in `coordinator`.
    pub coordinator_adjusted: Micros,
    /// The adjustments of what is held; not in `held`.
    pub held_adjusted: Micros,
}

impl Totals {
    /// By how much the nodes' adjustments pass those of the fund, the coordinator and what is held:
    /// nought, if they were made by [`correction`](super::correction) and [`release`](super::release).
    /// A coordinator that would publish must refuse anything else; a simulation may go on.
    /// Nothing where the sum does not fit.
    pub fn adjustments_out_of_balance(&self) -> Option<Micros> {
        let others = Micros::sum([
            self.fund_adjusted,
            self.coordinator_adjusted,
            self.held_adjusted,
        ])?;
        self.nodes_adjusted.checked_sub(others)
    }
}

impl Settlement {
    /// The month.
    pub fn period(&self) -> Period {
        self.period
    }

    /// The currency of all amounts but [`NodeRow::contributed_minor`].
    pub fn currency(&self) -> Currency {
        self.currency
    }

    /// The node that settles, if it was named.
    pub fn coordinator(&self) -> Option<&NodeId> {
        self.coordinator.as_ref()
    }

    /// What works earned, by territory and work: a row for every pair with uses.
    pub fn allocations(&self) -> &[Allocation] {
        &self.allocations
    }

    /// What is held: the allocations with a reason and an amount above nought.
    pub fn held(&self) -> impl Iterator<Item = (&Allocation, HeldBecause)> {
        self.allocations
            .iter()
            .filter(|allocation| allocation.amount > Micros::ZERO)
            .filter_map(|allocation| Some((allocation, allocation.held?)))
    }

    /// The parties, sorted.
    pub fn parties(&self) -> &[PartyRow] {
        &self.parties
    }

    /// The nodes, sorted.
    pub fn nodes(&self) -> &[NodeRow] {
        &self.nodes
    }

    /// Rights money that found no work, sorted.
    pub fn idle(&self) -> &[Idle] {
        &self.idle
    }

    /// The reference rates that were applied, by currency.
    pub fn rates(&self) -> &[RateUsed] {
        &self.rates
    }

    /// The sums.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// Why a party earned what it earned: one line a work and territory, in their order.
    pub fn earnings_of(&self, party: &PartyId) -> impl Iterator<Item = Earning<'_>> {
        let from = self
            .earnings
            .partition_point(|earning| earning.party < *party);
        let to = from + self.earnings[from..].partition_point(|earning| earning.party == *party);
        self.earnings[from..to]
            .iter()
            .map(|earning| self.explain(earning))
    }

    /// All parties' earnings, by party, territory and work.
    pub fn earnings(&self) -> impl Iterator<Item = Earning<'_>> {
        self.earnings.iter().map(|earning| self.explain(earning))
    }

    fn explain<'a>(&'a self, earning: &'a Entitlement) -> Earning<'a> {
        let allocation = &self.allocations[earning.allocation as usize];
        Earning {
            party: &earning.party,
            territory: allocation.territory,
            work: &allocation.work,
            bp: earning.bp,
            of: allocation.amount,
            amount: earning.amount,
        }
    }

    /// Who pays a party: the node of its origin, else the coordinator.
    pub fn home_of(&self, party: &PartyId) -> Option<&NodeId> {
        let origin = |at: &usize| self.nodes[*at].node.origin();
        match self.by_origin.binary_search_by_key(&party.origin(), origin) {
            Ok(found) => Some(&self.nodes[self.by_origin[found]].node),
            Err(_) => self.coordinator.as_ref(),
        }
    }

    /// `allocations.csv`.
    pub fn allocations_csv(&self) -> String {
        let mut table = Table::new("territory,work,uses,seconds,amount_micro");
        for row in &self.allocations {
            table.row(&[
                &row.territory,
                &row.work,
                &row.uses,
                &row.seconds,
                &row.amount,
            ]);
        }
        table.finish()
    }

    /// `parties.csv`.
    pub fn parties_csv(&self) -> String {
        let mut table = Table::new(
            "party,home_node,carried_in_micro,earned_micro,adjusted_micro,payable_minor,carried_out_micro",
        );
        for row in &self.parties {
            let home = row.home.as_ref().map_or("", NodeId::as_str);
            table.row(&[
                &row.party,
                &home,
                &row.carried_in,
                &row.earned,
                &row.adjusted,
                &row.payable,
                &row.carried_out,
            ]);
        }
        table.finish()
    }

    /// `nodes.csv`.
    pub fn nodes_csv(&self) -> String {
        let mut table = Table::new(
            "node,currency,contributed_minor,contributed_micro,rights_micro,fund_micro,node_micro,\
             coordinator_micro,earned_by_its_parties_micro,adjusted_micro,position_micro",
        );
        for row in &self.nodes {
            table.row(&[
                &row.node,
                &row.currency,
                &row.contributed_minor,
                &row.contributed,
                &row.rights,
                &row.fund,
                &row.node_share,
                &row.coordinator_share,
                &row.earned_by_its_parties,
                &row.adjusted,
                &row.position,
            ]);
        }
        table.finish()
    }

    /// `held.csv`.
    pub fn held_csv(&self) -> String {
        let mut table = Table::new("territory,work,reason,amount_micro");
        for (row, reason) in self.held() {
            table.row(&[&row.territory, &row.work, &reason, &row.amount]);
        }
        table.finish()
    }

    /// `party,amount_micro`: what the next period's settlement takes in as balances. Parties whose
    /// balance is nought are left out.
    pub fn balances(&self) -> crate::Balances {
        let carried = self
            .parties
            .iter()
            .filter(|row| row.carried_out != Micros::ZERO);
        carried
            .map(|row| (row.party.clone(), row.carried_out))
            .collect()
    }
}
