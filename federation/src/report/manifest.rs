//! `report.json`: what a node says about a month, and which files say the rest.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use settlement::{Currency, NodeId, Period, Territory, Timestamp, Uri, VenueId};

use crate::digest::Sha256Digest;
use crate::wire::{self, DocumentRefused};

/// The media type of a report's tables.
pub const PARQUET_MEDIA_TYPE: &str = "application/vnd.apache.parquet";
/// The longest manifest: some ten thousand venues.
pub const MANIFEST_LIMIT: usize = 8 << 20;

/// The `type` of a manifest.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReportType {
    /// The only one.
    #[default]
    PlayReport,
}

/// The manifest of a play report. What may be missing here may be missing only in a simulation: a
/// report that arrives at a coordinator has all of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayReport {
    /// The report's own address.
    #[serde(with = "wire::text")]
    pub id: Uri,
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: ReportType,
    /// The actor of the node that reports.
    #[serde(with = "wire::text")]
    pub attributed_to: NodeId,
    /// The month, in the node's time zone.
    #[serde(with = "wire::text")]
    pub period: Period,
    /// 1, 2, … within the period; the greatest is in force.
    #[serde(with = "wire::whole")]
    pub sequence: u64,
    /// The report that this one corrects.
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub replaces: Option<Uri>,
    /// Where the node is.
    #[serde(with = "wire::text")]
    pub territory: Territory,
    /// The currency of its venues' contributions.
    #[serde(with = "wire::text")]
    pub currency: Currency,
    /// The policy under whose rules was counted and reduced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub policy: Option<PolicyReference>,
    /// The venues, each with its number in the tables.
    pub venues: Vec<ReportedVenue>,
    /// `lines.parquet`; not given to other nodes, but named and digested for them all the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<FileReference>,
    /// `tracks.parquet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tracks: Option<FileReference>,
    /// `reduction.parquet`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reduction: Option<FileReference>,
    /// What the lines add up to, and what was left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub totals: Option<Totals>,
    /// When it was made, as RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub published: Option<String>,
}

/// A policy by its address and the digest of its file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyReference {
    /// Where it is published.
    pub id: String,
    /// The digest of the TOML file's bytes.
    pub digest: Sha256Digest,
}

/// A venue in a report.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReportedVenue {
    /// Its number in the tables.
    pub venue: u32,
    /// Its address.
    #[serde(with = "wire::text")]
    pub id: VenueId,
    /// How people call it.
    #[serde(default)]
    pub name: String,
    /// What it paid for this month, in minor units.
    #[serde(with = "wire::whole")]
    pub contribution: u64,
    /// How many members it has.
    #[serde(with = "wire::whole", default)]
    pub members: u64,
    /// How many of them used anything.
    #[serde(with = "wire::whole", default)]
    pub active_members: u64,
}

/// One of a report's tables.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FileReference {
    /// Where it is, relative to the manifest or in full.
    #[serde(default)]
    pub href: String,
    /// Always [`PARQUET_MEDIA_TYPE`].
    #[serde(default)]
    pub media_type: String,
    /// The digest of its bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Sha256Digest>,
    /// How many rows it has.
    #[serde(
        with = "wire::whole_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub rows: Option<u64>,
    /// How many bytes it has.
    #[serde(
        with = "wire::whole_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    pub size: Option<u64>,
}

/// What the lines add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Totals {
    /// All uses.
    #[serde(with = "wire::whole")]
    pub uses: u64,
    /// All seconds.
    #[serde(with = "wire::whole")]
    pub seconds: u64,
    /// Plays that were not counted, by reason.
    #[serde(with = "wire::whole_by_name", default)]
    pub excluded: BTreeMap<String, u64>,
}

impl PlayReport {
    /// The manifest as a JSON-LD document without a proof, ready to be signed.
    pub fn to_document(&self) -> Value {
        wire::document(self)
    }

    /// Reads a manifest, verifying nothing but its form; gives the document too, for its proof.
    ///
    /// # Errors
    /// When it is not a play report, names a venue or a number twice, or has sequence 0.
    pub fn parse(bytes: &[u8]) -> Result<(Self, Value), DocumentRefused> {
        let (report, document): (PlayReport, Value) = wire::read(bytes, MANIFEST_LIMIT)?;
        report.check().map_err(DocumentRefused::Content)?;
        Ok((report, document))
    }

    /// What must hold for a manifest by itself, in a simulation too.
    pub(super) fn check(&self) -> Result<(), String> {
        if self.sequence == 0 {
            return Err("its sequence is 0; the first report of a period has sequence 1".into());
        }
        let (mut numbers, mut names) = (BTreeSet::new(), BTreeSet::new());
        for venue in &self.venues {
            if !numbers.insert(venue.venue) {
                return Err(format!("it has two venues with the number {}", venue.venue));
            }
            if !names.insert(&venue.id) {
                return Err(format!("it names the venue {} twice", venue.id));
            }
        }
        // Distinct numbers, so many of them: the greatest tells whether one is left out.
        if let Some(&greatest) = numbers.last()
            && greatest as usize >= numbers.len()
        {
            return Err(format!(
                "its {} venues are not numbered from 0 on: one has the number {greatest}",
                numbers.len()
            ));
        }
        Ok(())
    }

    /// What a report that arrives, or is published, must have besides.
    pub(super) fn check_complete(&self) -> Result<(), String> {
        let missing = |what: &str| Err(format!("its manifest does not give {what}"));
        if self.policy.is_none() {
            return missing("the policy");
        }
        if self.totals.is_none() {
            return missing("the totals");
        }
        let Some(published) = &self.published else {
            return missing("when it was published");
        };
        Timestamp::parse(published).map_err(|refusal| format!("published: {refusal}"))?;
        for (name, file) in [
            ("lines", &self.lines),
            ("tracks", &self.tracks),
            ("reduction", &self.reduction),
        ] {
            let Some(file) = file else {
                return missing(name);
            };
            if file.digest.is_none() || file.rows.is_none() || file.size.is_none() {
                return missing(&format!("digest, rows and size of its {name}"));
            }
            if file.media_type != PARQUET_MEDIA_TYPE {
                return Err(format!(
                    "its {name} are not of the media type {PARQUET_MEDIA_TYPE}"
                ));
            }
        }
        let origin = self.attributed_to.origin();
        if self.id.origin() != origin {
            return Err(format!(
                "its id {} is not of its node's origin {origin}",
                self.id
            ));
        }
        for venue in &self.venues {
            if venue.id.origin() != origin {
                return Err(format!(
                    "its venue {} is not of its node's origin {origin}",
                    venue.id
                ));
            }
        }
        Ok(())
    }
}
