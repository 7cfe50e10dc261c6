//! Who shares in a work, where, and from when on.

use std::collections::{BTreeMap, BTreeSet};

use crate::{BasisPoints, Date, PartyId, Period, Territory, Timestamp, WorkId};

/// Where an entry of a split sheet applies. Ordered as text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// `*`: wherever no other entry applies.
    Everywhere,
    /// A country or a part of one.
    In(Territory),
}

impl Place {
    /// Reads `*`, `FR` or `FR-ARA`.
    ///
    /// # Errors
    /// When the text is neither.
    pub fn parse(text: &str) -> Result<Self, crate::Malformed> {
        if text == "*" {
            Ok(Place::Everywhere)
        } else {
            Territory::parse(text).map(Place::In)
        }
    }
}

impl std::fmt::Display for Place {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Place::Everywhere => out.write_str("*"),
            Place::In(territory) => territory.fmt(out),
        }
    }
}

/// A party's share in one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Share {
    /// Who.
    pub party: PartyId,
    /// As what: artist, producer, label…
    pub role: String,
    /// How much of the work's money.
    pub bp: u32,
}

/// Who shares in a work in some territories.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitEntry {
    places: BTreeSet<Place>,
    given: Vec<Share>,
    added: Vec<(PartyId, BasisPoints)>,
}

/// Why a split sheet, or several, cannot stand.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadSplit {
    /// Shares that are less or more than the whole.
    #[error("the shares add up to {0}; they must add up to exactly 10000")]
    Sum(u64),
    /// An entry that applies nowhere.
    #[error("an entry names no territory")]
    Nowhere,
    /// Two answers for one place.
    #[error("{0} stands in two entries")]
    TwoEntries(Place),
    /// Two sheets of one work from one day on.
    #[error("{work} has two split sheets valid from {valid_from}")]
    TwoSheets {
        /// The work.
        work: WorkId,
        /// The day.
        valid_from: Date,
    },
}

impl SplitEntry {
    /// An entry from the shares as they were given. A party in several roles has one share, their
    /// sum; a share of nought is kept, and makes two entries differ.
    ///
    /// # Errors
    /// When no territory is named, or the shares do not add up to 10000.
    pub fn new(
        places: impl IntoIterator<Item = Place>,
        given: Vec<Share>,
    ) -> Result<Self, BadSplit> {
        let places: BTreeSet<Place> = places.into_iter().collect();
        if places.is_empty() {
            return Err(BadSplit::Nowhere);
        }
        let sum: u64 = given.iter().map(|share| u64::from(share.bp)).sum();
        if sum != u64::from(BasisPoints::WHOLE.get()) {
            return Err(BadSplit::Sum(sum));
        }
        let mut added: BTreeMap<&PartyId, u32> = BTreeMap::new();
        for share in &given {
            *added.entry(&share.party).or_default() += share.bp;
        }
        let added = added
            .into_iter()
            // Parts of 10000 are never above the limit.
            .map(|(party, bp)| {
                (
                    party.clone(),
                    BasisPoints::new(bp).unwrap_or(BasisPoints::WHOLE),
                )
            })
            .collect();
        Ok(SplitEntry {
            places,
            given,
            added,
        })
    }

    /// Where it applies.
    pub fn places(&self) -> impl Iterator<Item = Place> {
        self.places.iter().copied()
    }

    /// The shares as they were given, role by role.
    pub fn given(&self) -> &[Share] {
        &self.given
    }

    /// Each party's share in all roles, sorted by party. They add up to 10000.
    pub fn shares(&self) -> &[(PartyId, BasisPoints)] {
        &self.added
    }
}

/// A work's split sheet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SplitSheet {
    work: WorkId,
    valid_from: Date,
    logged: Option<Timestamp>,
    entries: Vec<SplitEntry>,
}

impl SplitSheet {
    /// A sheet that applies from a day on. `logged` is when it entered the transparency log.
    ///
    /// # Errors
    /// When a territory stands in two entries.
    pub fn new(
        work: WorkId,
        valid_from: Date,
        logged: Option<Timestamp>,
        entries: Vec<SplitEntry>,
    ) -> Result<Self, BadSplit> {
        let mut seen = BTreeSet::new();
        for place in entries.iter().flat_map(SplitEntry::places) {
            if !seen.insert(place) {
                return Err(BadSplit::TwoEntries(place));
            }
        }
        Ok(SplitSheet {
            work,
            valid_from,
            logged,
            entries,
        })
    }

    /// The work.
    pub fn work(&self) -> &WorkId {
        &self.work
    }

    /// The first day it applies.
    pub fn valid_from(&self) -> Date {
        self.valid_from
    }

    /// When it was logged; nothing where that is not given, which counts as before everything.
    pub fn logged(&self) -> Option<&Timestamp> {
        self.logged.as_ref()
    }

    /// Its entries, as they were given.
    pub fn entries(&self) -> &[SplitEntry] {
        &self.entries
    }

    /// The entry for a use in a territory: the one that names it, else its country, else `*`.
    pub fn entry(&self, territory: Territory) -> Option<&SplitEntry> {
        [
            Place::In(territory),
            Place::In(territory.country()),
            Place::Everywhere,
        ]
        .into_iter()
        .find_map(|place| {
            self.entries
                .iter()
                .find(|entry| entry.places.contains(&place))
        })
    }
}

/// All split sheets that are known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SplitSheets {
    by_work: BTreeMap<WorkId, BTreeMap<Date, SplitSheet>>,
}

impl SplitSheets {
    /// None yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a sheet.
    ///
    /// # Errors
    /// When the work has a sheet from that day on already, be it the same.
    pub fn insert(&mut self, sheet: SplitSheet) -> Result<(), BadSplit> {
        let sheets = self.by_work.entry(sheet.work.clone()).or_default();
        if sheets.contains_key(&sheet.valid_from) {
            return Err(BadSplit::TwoSheets {
                work: sheet.work,
                valid_from: sheet.valid_from,
            });
        }
        sheets.insert(sheet.valid_from, sheet);
        Ok(())
    }

    /// The sheet of a work in force in a period: the youngest that is valid on its last day.
    pub fn in_force(&self, work: &WorkId, period: Period) -> Option<&SplitSheet> {
        self.by_work
            .get(work)?
            .range(..=period.last_day())
            .next_back()
            .map(|(_, sheet)| sheet)
    }

    /// Sheet by sheet, by work and day.
    pub fn iter(&self) -> impl Iterator<Item = &SplitSheet> {
        self.by_work.values().flat_map(BTreeMap::values)
    }
}
