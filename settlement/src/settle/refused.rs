//! Why a period cannot be settled as it was handed in.

use crate::{Currency, NodeId, Period, VenueId, WorkId};

/// Why the inputs are refused. What is refused together must be sorted out by people; nothing of it
/// is settled half.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// Nothing to settle.
    #[error("there is no report for {0}")]
    NoReport(Period),
    /// A report of another month.
    #[error("the report of {node} is for {found}, not for {wanted}")]
    OtherPeriod {
        /// Whose report.
        node: NodeId,
        /// The month it is for.
        found: Period,
        /// The month to settle.
        wanted: Period,
    },
    /// Two contents under one number.
    #[error(
        "{node} gave two different reports with sequence {sequence}: the first stands, the second is evidence"
    )]
    Equivocation {
        /// Whose reports.
        node: NodeId,
        /// Their number.
        sequence: u64,
    },
    /// Two nodes where only one can be.
    #[error("{0} and {1} are two nodes on one origin")]
    TwoNodes(NodeId, NodeId),
    /// A venue paid in twice.
    #[error("the venue {venue} stands twice: in the report of {first} and in that of {second}")]
    VenueTwice {
        /// The venue.
        venue: VenueId,
        /// Where it stands.
        first: NodeId,
        /// Where it stands again; perhaps in the same report.
        second: NodeId,
    },
    /// A work with two numbers.
    #[error("the report of {node} lists the work {work} twice")]
    WorkTwice {
        /// Whose report.
        node: NodeId,
        /// The work.
        work: WorkId,
    },
    /// Less than nothing paid in.
    #[error("the report of {node} gives the venue {venue} a contribution below nought")]
    NegativeContribution {
        /// Whose report.
        node: NodeId,
        /// The venue.
        venue: VenueId,
    },
    /// A row of a reduction.
    #[error("row {row} of the reduction of {node}: {why}")]
    Row {
        /// Whose report.
        node: NodeId,
        /// The row, counted from 1.
        row: usize,
        /// What is wrong with it.
        why: RowRefused,
    },
    /// Several currencies and none to settle in.
    #[error("reports are in {0} and {1}: the policy must name the currency to settle in")]
    WhichCurrency(Currency, Currency),
    /// A currency without a rate.
    #[error("no reference rate for {currency} on {} or before; give the rates of the European Central Bank", period.last_day())]
    NoRate {
        /// The currency.
        currency: Currency,
        /// The month whose last day counts.
        period: Period,
    },
    /// A number that does not fit.
    #[error("{0} is too large to be counted")]
    TooLarge(&'static str),
    /// A fault of this program: found before anything is published.
    #[error("the settlement does not add up ({0}): nothing may be published")]
    DoesNotAddUp(&'static str),
}

/// What can be wrong with a row of a reduction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowRefused {
    /// The venue is not in the manifest.
    #[error("venue {0} is not in the manifest")]
    UnknownVenue(u32),
    /// The track is not in the tracks file.
    #[error("track {0} is not in the tracks file")]
    UnknownTrack(u32),
    /// It repeats the row before it, or belongs before it.
    #[error("rows are sorted by venue and track, without duplicates")]
    Unsorted,
    /// A row without a use.
    #[error("a row needs at least one use")]
    NoUses,
    /// More than a DECIMAL(38,0) holds.
    #[error("its weight has more than 38 digits")]
    Weight,
}
