//! A play report as the settlement sees it: its manifest's money, its tracks, its reduction.

use crate::{Currency, Isrc, Kind, Minor, NodeId, Period, ReducedRow, Territory, VenueId, WorkId};

/// A node's report of a period, reduced. That its reduction equals its lines is checked before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// Whose it is.
    pub node: NodeId,
    /// The month.
    pub period: Period,
    /// 1, 2, … within the month; the highest is in force.
    pub sequence: u64,
    /// Where all its venues are.
    pub territory: Territory,
    /// What their contributions are in.
    pub currency: Currency,
    /// The venues; a venue's number is its place here.
    pub venues: Vec<Venue>,
    /// The works; a track's number is its place here.
    pub tracks: Vec<Track>,
    /// The lines' sums by venue and track, sorted.
    pub reduction: Vec<ReducedRow>,
}

/// A venue and what it paid in for the month.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Its name.
    pub id: VenueId,
    /// Minor units of the report's currency, from 0.
    pub contribution: Minor,
}

/// A work as a report lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Track {
    /// Its name.
    pub id: WorkId,
    /// Its recording code, if it has one.
    pub isrc: Option<Isrc>,
    /// What it is.
    pub kind: Kind,
    /// The territory of its home node, if known.
    pub home: Option<Territory>,
}
