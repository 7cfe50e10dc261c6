//! Step 5: whose each amount is, or why it is held.

use std::{collections::BTreeSet, fmt};

use super::{
    Allocation, Inputs, Refused,
    network::Network,
    spread::{Allocated, micros},
};
use crate::{
    BasisPoints, Micros, PartyId, SplitEntry, SplitSheet, Territory, Timestamp, WorkId,
    apportion::apportion_by,
};

/// Why money is held: it belongs to nobody yet, and nothing of it is lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum HeldBecause {
    /// The work is in the list of open disputes.
    Dispute,
    /// A work of another origin with the same recording code, logged earlier, says otherwise.
    Conflict,
    /// No split sheet of the work is in force.
    NoSplitSheet,
    /// The sheet in force says nothing of this territory.
    NoEntryForTerritory,
}

impl HeldBecause {
    /// The reason as in `held.csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            HeldBecause::Dispute => "dispute",
            HeldBecause::Conflict => "conflict",
            HeldBecause::NoSplitSheet => "no-split-sheet",
            HeldBecause::NoEntryForTerritory => "no-entry-for-territory",
        }
    }
}

impl fmt::Display for HeldBecause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

/// A line of a party's statement: what it earned by one work in one territory, and how.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Earning<'a> {
    /// Who.
    pub party: &'a PartyId,
    /// Where the work was used.
    pub territory: Territory,
    /// The work.
    pub work: &'a WorkId,
    /// The party's share in the work there, all roles together.
    pub bp: BasisPoints,
    /// What the work earned there.
    pub of: Micros,
    /// What of that is the party's.
    pub amount: Micros,
}

/// An earning as it is kept: its allocation by place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entitlement {
    pub party: PartyId,
    pub allocation: u32,
    pub bp: BasisPoints,
    pub amount: Micros,
}

/// Where all the rights money went.
pub(super) struct Entitled {
    pub allocations: Vec<Allocation>,
    /// Sorted by party, then by allocation.
    pub earnings: Vec<Entitlement>,
}

pub(super) fn entitle(
    inputs: &Inputs,
    network: &Network<'_>,
    allocated: &[Allocated],
) -> Result<Entitled, Refused> {
    let mut allocations = Vec::with_capacity(allocated.len());
    let mut earnings = Vec::new();
    for of_territory in allocated.chunk_by(|one, other| one.territory == other.territory) {
        let conflicts = conflicts(inputs, network, of_territory[0].territory);
        for part in of_territory {
            let work = network.works[part.work as usize];
            let held = match whose(inputs, work, part.territory) {
                Ok(_) if conflicts.contains(&part.work) => Some(HeldBecause::Conflict),
                Ok(entry) => {
                    let allocation = u32::try_from(allocations.len())
                        .map_err(|_| Refused::TooLarge("the number of works by territory"))?;
                    divide(entry, part.amount, allocation, &mut earnings);
                    None
                }
                Err(why) => Some(why),
            };
            allocations.push(Allocation {
                territory: part.territory,
                work: work.clone(),
                uses: part.uses,
                seconds: part.seconds,
                amount: micros(part.amount),
                held,
            });
        }
    }
    earnings.sort_unstable_by(|one: &Entitlement, other| {
        (&one.party, one.allocation).cmp(&(&other.party, other.allocation))
    });
    Ok(Entitled {
        allocations,
        earnings,
    })
}

/// The entry that says whose a work's money is, but for conflicts.
fn whose<'a>(
    inputs: &'a Inputs,
    work: &WorkId,
    territory: Territory,
) -> Result<&'a SplitEntry, HeldBecause> {
    if inputs.disputes.contains(work) {
        return Err(HeldBecause::Dispute);
    }
    let sheet = inputs
        .splits
        .in_force(work, inputs.period)
        .ok_or(HeldBecause::NoSplitSheet)?;
    sheet
        .entry(territory)
        .ok_or(HeldBecause::NoEntryForTerritory)
}

fn divide(entry: &SplitEntry, amount: u128, allocation: u32, earnings: &mut Vec<Entitlement>) {
    if amount == 0 {
        return;
    }
    let shares = entry.shares();
    // Sorted by party: the smaller key is the smaller place.
    let amounts = apportion_by(
        amount,
        shares.len(),
        |at| shares[at].1.get().into(),
        |one, other| one.cmp(&other),
    );
    for ((party, bp), amount) in shares.iter().zip(amounts.unwrap_or_default()) {
        earnings.push(Entitlement {
            party: party.clone(),
            allocation,
            bp: *bp,
            amount: micros(amount),
        });
    }
}

/// A work that claims a recording code, with what its sheet says of a territory.
struct Claim<'a> {
    logged: Option<&'a Timestamp>,
    work: &'a WorkId,
    place: u32,
    shares: &'a [(PartyId, BasisPoints)],
}

/// The works that are held in a territory because a rival ranks before them.
fn conflicts(inputs: &Inputs, network: &Network<'_>, territory: Territory) -> BTreeSet<u32> {
    let mut held = BTreeSet::new();
    for group in &network.rivals {
        let mut claims: Vec<Claim<'_>> = group
            .iter()
            .filter_map(|&place| {
                let work = network.works[place as usize];
                let sheet: &SplitSheet = inputs.splits.in_force(work, inputs.period)?;
                let shares = sheet.entry(territory)?.shares();
                Some(Claim {
                    logged: sheet.logged(),
                    work,
                    place,
                    shares,
                })
            })
            .collect();
        claims
            .sort_unstable_by(|one, other| (one.logged, one.work).cmp(&(other.logged, other.work)));
        // Of those that rank before, two of an origin and two of an answer are enough: of two, one
        // differs from whatever a third could be. So a claim finds a rival among any five, and a
        // crowd that claims one code does not cost its square.
        let mut before: Vec<&Claim<'_>> = Vec::new();
        for claim in &claims {
            let differs = |rival: &&Claim<'_>| {
                rival.work.origin() != claim.work.origin() && rival.shares != claim.shares
            };
            if before.iter().any(differs) {
                held.insert(claim.place);
            }
            let alike = |like: &dyn Fn(&Claim<'_>) -> bool| {
                before.iter().filter(|one| like(one)).take(2).count()
            };
            let same_origin = |one: &Claim<'_>| one.work.origin() == claim.work.origin();
            let same_shares = |one: &Claim<'_>| one.shares == claim.shares;
            let known = before
                .iter()
                .any(|one| same_origin(one) && same_shares(one));
            if !known && alike(&same_origin) < 2 && alike(&same_shares) < 2 && before.len() < 5 {
                before.push(claim);
            }
        }
    }
    held
}
