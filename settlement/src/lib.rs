//! The law of Antiphon: what was used, and what was paid in, become what is owed.
//!
//! This crate is a set of pure functions over whole numbers. It has no clock, no chance, no files,
//! no network and no floating point; the same inputs give the same bytes on any machine. A
//! coordinator, a node that recomputes and an auditor's laptop all run it.
//!
//! Begin with the words: [`Uri`] and the names made of it ([`WorkId`], [`VenueId`], [`PartyId`],
//! [`NodeId`]), [`Territory`], [`Currency`], [`Period`], money ([`Minor`], [`Micros`]), and the
//! [`Policy`] that an assembly decides. `docs/settlement.md` tells the rules and why they are so.

#![deny(clippy::float_arithmetic)]

mod calendar;
mod currency;
mod isrc;
mod kind;
mod malformed;
mod money;
mod policy;
mod territory;
mod uri;

pub use calendar::{Date, Period};
pub use currency::Currency;
pub use isrc::Isrc;
pub use kind::Kind;
pub use malformed::Malformed;
pub use money::{BasisPoints, Micros, Minor};
pub use policy::{BadPolicy, Counting, KindWeights, Policy, Scope, Terms, Unit};
pub use territory::Territory;
pub use uri::{NodeId, PartyId, Uri, VenueId, WorkId};
