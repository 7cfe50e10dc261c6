//! Where a venue's rights money went: what its statement shows, before amounts are added up over
//! venues and apportioned to parties.

use super::{Inputs, Refused, network::Network, pools::Pools, spread};
use crate::{Micros, NodeId, VenueId, WorkId};

/// What one venue paid for one work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payment {
    /// The venue.
    pub venue: VenueId,
    /// The work.
    pub work: WorkId,
    /// How often it was used there.
    pub uses: u64,
    /// What of the rights money went to it. Where the pro-rata part is shared beyond the venue,
    /// this is what the venue's uses brought the work, whoever's money it was.
    pub amount: Micros,
}

/// What the venues of `node` paid for each work, sorted by venue and work.
///
/// # Errors
/// As [`settle`](super::settle).
pub fn payments(inputs: &Inputs, node: &NodeId) -> Result<Vec<Payment>, Refused> {
    let network = Network::of(inputs)?;
    let mut pools = Pools::of(inputs, &network)?;
    let amounts = spread::over_works(&inputs.policy, &network, &mut pools)?;
    let mut payments = Vec::new();
    for (in_force, amounts) in network.reports.iter().zip(&amounts) {
        if in_force.report.node != *node {
            continue;
        }
        for (row, amount) in in_force.report.reduction.iter().zip(amounts) {
            payments.push(Payment {
                venue: in_force.report.venues[row.venue as usize].id.clone(),
                work: network.works[in_force.works[row.track as usize] as usize].clone(),
                uses: row.uses,
                amount: spread::micros(*amount),
            });
        }
    }
    payments.sort_by(|a, b| (&a.venue, &a.work).cmp(&(&b.venue, &b.work)));
    Ok(payments)
}
