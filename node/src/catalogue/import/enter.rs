//! Writing entries down: parties, release, works, who shares in them, mandates, rights; and word of
//! all that to whoever follows us. What says the same as before changes nothing.

mod parties;
mod releases;
mod works;

use std::collections::HashMap;
use std::hash::{Hash, Hasher};

use federation::digest::Sha256Digester;
use settlement::PartyId;

use super::ImportOptions;
use super::entry::PartyEntry;
use crate::Node;
use crate::calendar::Calendar;
use crate::catalogue::store::Provenance;
use crate::catalogue::{Role, store};
use crate::db::Conn;
use crate::web::Refusal;

pub use releases::known_release;

/// The most parties whose addresses are remembered between two transactions.
const REMEMBERED: usize = 100_000;

/// What became of an entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entered {
    /// It is new.
    New,
    /// It changed what was here.
    Changed,
    /// It was here as it is.
    Same,
    /// It is older than what is here.
    Older,
}

/// Writes entries down for one import.
pub struct Enter<'a> {
    node: &'a Node,
    options: &'a ImportOptions,
    parties: HashMap<PartyEntry, PartyId>,
}

/// A digest of everything an entry says.
fn digest_of(entry: &impl Hash, also: &impl Hash) -> String {
    struct Writer(Sha256Digester);
    impl Hasher for Writer {
        fn write(&mut self, bytes: &[u8]) {
            self.0.update(bytes);
        }
        fn finish(&self) -> u64 {
            0
        }
    }
    let mut writer = Writer(Sha256Digester::new());
    entry.hash(&mut writer);
    also.hash(&mut writer);
    writer.0.finish().to_string()
}

impl<'a> Enter<'a> {
    /// Writes down for this node.
    pub fn new(node: &'a Node, options: &'a ImportOptions) -> Self {
        Enter {
            node,
            options,
            parties: HashMap::new(),
        }
    }

    /// Forgets what a transaction that was undone had made.
    pub fn forget(&mut self) {
        self.parties.clear();
    }

    /// What [`Enter::release`] and [`Enter::work`] would make of it, by its key alone: what is
    /// known may still be changed by it.
    ///
    /// # Errors
    /// When the database breaks.
    pub fn is_known(conn: &mut Conn, key: &str) -> Result<bool, Refusal> {
        Ok(store::provenance(conn, key)?.is_some())
    }

    /// The same was said later: what was said before that is older from now on.
    fn said_again(
        &self,
        conn: &mut Conn,
        key: &str,
        known: &Provenance,
        dated_us: i64,
    ) -> Result<(), Refusal> {
        if known.dated_us == dated_us {
            return Ok(());
        }
        let later = Provenance {
            dated_us,
            ..known.clone()
        };
        Ok(store::put_provenance(
            conn,
            key,
            &later,
            self.node.clock.now_us(),
        )?)
    }

    fn mandate(
        &self,
        conn: &mut Conn,
        subject: &str,
        words: crate::catalogue::mandates::MandateWords,
        licensor: &str,
        now: i64,
    ) -> Result<(), Refusal> {
        let words = words.or(&self.options.mandate);
        let today = Calendar::of(&self.node.config).day(now);
        let mandate = words.mandate(licensor, today, now)?;
        Ok(store::put_mandate(conn, subject, &mandate)?)
    }

    /// The party of this node that an entry means: the one with its codes; else the one of its
    /// name, unless that has another code of the same kind; else a new one.
    fn party(
        &mut self,
        conn: &mut Conn,
        entry: &PartyEntry,
        role: Role,
        now: i64,
    ) -> Result<PartyId, Refusal> {
        if let Some(id) = self.parties.get(entry) {
            return Ok(id.clone());
        }
        let id = parties::find_party(conn, self.node, entry, role, now)?;
        if self.parties.len() >= REMEMBERED {
            self.parties.clear();
        }
        self.parties.insert(entry.clone(), id.clone());
        Ok(id)
    }
}
