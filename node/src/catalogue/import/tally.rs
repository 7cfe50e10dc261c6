//! Counting what an import speaks of, in little memory whatever its size.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash, Hasher};

use super::Look;
use super::enter::Entered;
use super::entry::{PartyEntry, ReleaseEntry, WorkEntry};

/// What became of the works of a message or a table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// New ones.
    pub new: u64,
    /// Those that changed.
    pub changed: u64,
    /// Those that were here as they are.
    pub same: u64,
    /// Those that were withdrawn.
    pub withdrawn: u64,
}

impl Tally {
    /// Counts one more.
    pub fn count(&mut self, entered: Entered) {
        match entered {
            Entered::New => self.new += 1,
            Entered::Changed => self.changed += 1,
            Entered::Same | Entered::Older => self.same += 1,
        }
    }

    /// Adds the counts of another.
    pub fn add(&mut self, other: Tally) {
        self.new += other.new;
        self.changed += other.changed;
        self.same += other.same;
        self.withdrawn += other.withdrawn;
    }
}

/// What was spoken of, each once: eight bytes for each, and one in a billion taken for another.
#[derive(Debug, Default)]
pub struct Seen {
    releases: HashSet<u64>,
    works: HashSet<u64>,
    parties: HashSet<u64>,
}

fn short(what: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    what.hash(&mut hasher);
    hasher.finish()
}

impl Seen {
    /// Notes a release and its parties.
    pub fn release(&mut self, entry: &ReleaseEntry) {
        self.releases.insert(short(&entry.key));
        for party in entry.artist.iter().chain(&entry.label) {
            self.party(party);
        }
    }

    /// Notes a work and its parties.
    pub fn work(&mut self, entry: &WorkEntry) {
        self.works.insert(short(&entry.key));
        for (party, _) in &entry.who {
            self.party(party);
        }
        for (party, _) in &entry.credits {
            self.party(party);
        }
    }

    /// Notes what a tagged file speaks of.
    pub fn look(&mut self, look: &Look) {
        self.works.insert(short(&look.sound.digest));
        let tags = &look.tags;
        let folder = look.path.parent();
        self.releases.insert(match &tags.album {
            Some(album) => short(&(folder, album, &tags.album_artist)),
            None => short(&look.sound.digest),
        });
        let others = [&tags.label, &tags.producer, &tags.publisher];
        for name in tags.artists.iter().chain(others.into_iter().flatten()) {
            self.parties.insert(short(name));
        }
    }

    fn party(&mut self, party: &PartyEntry) {
        self.parties.insert(short(&party.name));
    }

    /// Releases, works and parties.
    pub fn counts(&self) -> (u64, u64, u64) {
        let count = |set: &HashSet<u64>| set.len() as u64;
        (
            count(&self.releases),
            count(&self.works),
            count(&self.parties),
        )
    }
}
