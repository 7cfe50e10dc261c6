//! The law of Antiphon: what was used, and what was paid in, become what is owed.
//!
//! This crate is a set of pure functions over whole numbers. It has no clock, no chance, no files,
//! no network and no floating point; the same inputs give the same bytes on any machine. A
//! coordinator, a node that recomputes and an auditor's laptop all run it.
//!
//! Begin with the words: [`Uri`] and the names made of it ([`WorkId`], [`VenueId`], [`PartyId`],
//! [`NodeId`]), [`Territory`], [`Currency`], [`Period`], money ([`Minor`], [`Micros`]), and the
//! [`Policy`] that an assembly decides. Then follow a play: a report's [`Lines`] go through a
//! [`Reducer`] and become a [`Report`]; reports, [`SplitSheets`] and what earlier months left
//! ([`Balances`], [`Adjustments`], [`Disputes`]) go into [`settle`] and come out as a
//! [`Settlement`]. [`apportion`] is the one way in which anything is divided.
//!
//! `docs/settlement.md` tells the rules and why they are so.

#![deny(clippy::float_arithmetic)]

mod apportion;
mod calendar;
mod csv;
mod currency;
mod isrc;
mod kind;
mod ledger;
mod malformed;
mod money;
mod policy;
mod rates;
mod reduction;
mod report;
mod settle;
mod splits;
mod tally;
mod territory;
mod timestamp;
mod uri;
mod weighing;

pub use apportion::apportion;
pub use calendar::{Date, Period};
pub use currency::Currency;
pub use isrc::Isrc;
pub use kind::Kind;
pub use ledger::{Account, Adjustment, Adjustments, BadRow, Balances, Disputes, RowFault};
pub use malformed::Malformed;
pub use money::{BasisPoints, Micros, Minor};
pub use policy::{BadPolicy, Counting, KindWeights, Policy, Scope, Terms, Unit};
pub use rates::{Decimal, Rate, Rates};
pub use reduction::{
    ArrivalLimits, BadLine, Line, LineFault, Lines, MOST_SECONDS, Reduced, ReducedRow, Reducer,
};
pub use report::{Report, Track, Venue};
pub use settle::{
    Allocation, CannotCorrect, CannotRelease, Earning, HeldBecause, Idle, IdleScope, Inputs,
    NodeRow, PartyRow, Payment, RateUsed, Refused, RowRefused, Settlement, Totals, correction,
    payments, release, settle,
};
pub use splits::{BadSplit, Place, Share, SplitEntry, SplitSheet, SplitSheets};
pub use territory::Territory;
pub use timestamp::Timestamp;
pub use uri::{NodeId, PartyId, Uri, VenueId, WorkId};
pub use weighing::Weighing;
