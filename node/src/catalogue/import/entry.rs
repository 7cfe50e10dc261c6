//! What an import says about a release and its works, whichever way it came: a message of DDEX or a
//! row of a table. Nothing of it is in the catalogue yet.

use federation::availability::Availability;
use federation::digest::Sha256Digest;
use federation::identifiers::{Identifier, Scheme};
use settlement::{BasisPoints, Isrc, Kind};

use crate::catalogue::Role;
use crate::catalogue::decode::Measure;
use crate::catalogue::mandates::MandateWords;

/// A release as it came in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ReleaseEntry {
    /// Under what it is known again.
    pub key: String,
    /// Its title.
    pub title: String,
    /// Whom it is by, as one line.
    pub credit: String,
    /// The first artist.
    pub artist: Option<PartyEntry>,
    /// Who puts it out.
    pub label: Option<PartyEntry>,
    /// Its codes.
    pub codes: Vec<Identifier>,
    /// The year it came out.
    pub year: Option<u16>,
    /// What genre it is said to be.
    pub genre: Option<String>,
    /// Its picture, kept.
    pub cover: Option<Sha256Digest>,
    /// Who licensed it.
    pub mandate: MandateWords,
}

/// A work as it came in.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct WorkEntry {
    /// Under what it is known again.
    pub key: String,
    /// What it is.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// Whom it is by, as one line.
    pub credit: String,
    /// Who shares in it, the first artist first.
    pub who: Vec<(PartyEntry, Role)>,
    /// Who did what on it.
    pub credits: Vec<(PartyEntry, String)>,
    /// Which disc of the release, from 1.
    pub disc: Option<u32>,
    /// Which place on the disc, from 1.
    pub position: Option<u32>,
    /// Its codes.
    pub codes: Vec<Identifier>,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// Its file, kept; none when only its reference came in.
    pub file: Option<KeptFile>,
    /// What genre it is said to be.
    pub genre: Option<String>,
    /// The year it came out.
    pub year: Option<u16>,
    /// What may be played where and when; none: everywhere, always.
    pub rights: Option<Availability>,
    /// Who licensed it.
    pub mandate: MandateWords,
    /// Who shares in it by role; none as the import says.
    pub split: Option<Vec<(Role, BasisPoints)>>,
}

impl WorkEntry {
    /// Its recording code.
    pub fn isrc(&self) -> Option<Isrc> {
        let code = self
            .codes
            .iter()
            .find(|code| code.scheme() == Scheme::Isrc)?;
        Isrc::parse(code.value()).ok()
    }
}

/// A party as it came in.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartyEntry {
    /// Its name.
    pub name: String,
    /// Its codes: what tells two of the same name apart.
    pub codes: Vec<Identifier>,
}

impl PartyEntry {
    /// A party known by its name alone.
    pub fn named(name: impl Into<String>) -> Self {
        PartyEntry {
            name: name.into(),
            codes: Vec::new(),
        }
    }
}

/// A file that was looked at and is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KeptFile {
    /// The digest of its bytes.
    pub digest: Sha256Digest,
    /// The digest of its sound without its tags; of its bytes for what is no sound.
    pub sound: String,
    /// What it is.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
    /// How long it lasts by its own measure, in milliseconds; 0 for what does not last.
    pub duration_ms: u64,
    /// How loud it is and what outline it has; none for what is no sound.
    pub measure: Option<Measure>,
}
