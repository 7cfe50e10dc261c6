//! What an import tells while it runs and at its end.

use super::Tally;
use crate::catalogue::store;
use crate::words::Say;

/// What happens while an import runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ImportEvent {
    /// The files were found: so many, so many bytes.
    Found {
        /// Files that will be looked at.
        files: u64,
        /// Their bytes.
        bytes: u64,
    },
    /// A file was taken, but not quite as it is.
    Noticed {
        /// The file.
        file: String,
        /// What is different.
        notice: Say,
    },
    /// So much more of the file at hand was read.
    Read {
        /// Bytes.
        bytes: u64,
    },
    /// A file is done with.
    Done {
        /// The file.
        file: String,
        /// Its bytes, but for those told of before.
        bytes: u64,
        /// What became of it.
        became: Became,
    },
}

/// What became of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Became {
    /// A new work.
    Work,
    /// A change to a work that was here.
    Change,
    /// Nothing: it was here already.
    Known,
    /// Nothing: it cannot be taken, for this reason.
    Refused(Say),
    /// A message or a table: several works, each in its way.
    Entries(Tally),
    /// Nothing by itself: it belongs to a message or a table.
    Claimed,
}

/// How an import went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Works that came in.
    pub taken: u64,
    /// Works that were here already, as they are.
    pub known: u64,
    /// Works that changed.
    pub updated: u64,
    /// Works that were withdrawn.
    pub withdrawn: u64,
    /// What was refused, and why: the first ten thousand.
    pub refused: Vec<(String, Say)>,
    /// How much was refused.
    pub refused_count: u64,
    /// How many releases were spoken of.
    pub releases: u64,
    /// How many works were spoken of.
    pub works: u64,
    /// How many parties were spoken of.
    pub parties: u64,
}

impl ImportSummary {
    pub(super) fn counts(&self) -> store::Counts {
        store::Counts {
            taken: self.taken + self.updated,
            known: self.known,
            refused: self.refused_count,
        }
    }
}
