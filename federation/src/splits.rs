//! Split sheets: as lines of `splits.jsonl`, and as the objects that a work's home node signs.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use settlement::{
    Date, NodeId, PartyId, Place, Share, SplitEntry, SplitSheet, SplitSheets, Timestamp, Uri,
    WorkId,
};

use crate::digest::{Sha256Digest, Sha256Digester};
use crate::files::{self, FileRefused};
use crate::json::{JsonLimits, parse_strict};
use crate::wire;

/// The longest line of `splits.jsonl`.
pub const SPLIT_LINE_LIMIT: usize = 1 << 20;

/// Split sheets and the digest of the file they were read from.
#[derive(Clone, Debug)]
pub struct SplitsFile {
    /// The sheets.
    pub sheets: SplitSheets,
    /// The digest of the file's bytes.
    pub digest: Sha256Digest,
}

impl SplitsFile {
    /// Reads `splits.jsonl`, an object a line; empty lines are passed over.
    ///
    /// # Errors
    /// At the first line that is not a split sheet, has a key that no sheet has, or whose work has a
    /// sheet from that day already.
    pub fn read(path: &Path, name: &str) -> Result<Self, FileRefused> {
        let unreadable = |error: std::io::Error| files::unreadable(name, &error);
        let mut input = BufReader::with_capacity(256 << 10, File::open(path).map_err(unreadable)?);
        let (mut digester, mut sheets) = (Sha256Digester::new(), SplitSheets::new());
        let mut bytes = Vec::new();
        for line in 1.. {
            let refused = |reason: String| FileRefused::at(name, line, reason);
            bytes.clear();
            let limit = SPLIT_LINE_LIMIT as u64 + 1;
            input
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut bytes)
                .map_err(unreadable)?;
            if bytes.is_empty() {
                break;
            }
            if bytes.len() > SPLIT_LINE_LIMIT {
                return Err(refused(format!(
                    "the line is longer than {SPLIT_LINE_LIMIT} bytes"
                )));
            }
            digester.update(&bytes);
            if bytes.trim_ascii().is_empty() {
                continue;
            }
            let sheet = parse_line(&bytes).map_err(refused)?;
            sheets
                .insert(sheet)
                .map_err(|refusal| refused(refusal.to_string()))?;
        }
        Ok(SplitsFile {
            sheets,
            digest: digester.finish(),
        })
    }
}

/// Reads one line of `splits.jsonl`.
///
/// # Errors
/// A sentence, when it is not a split sheet.
pub fn parse_line(bytes: &[u8]) -> Result<SplitSheet, String> {
    let value = parse_strict(bytes, JsonLimits::of_bytes(SPLIT_LINE_LIMIT))
        .map_err(|error| error.to_string())?;
    let line: SplitLine = serde_json::from_value(value).map_err(|error| error.to_string())?;
    sheet(line.work, line.valid_from, line.logged, line.by_territory)
}

/// Writes sheets as `splits.jsonl`, by work and day: same sheets, same bytes.
///
/// # Errors
/// When the sink cannot be written to.
pub fn write_splits(mut sink: impl Write, sheets: &SplitSheets) -> std::io::Result<()> {
    for sheet in sheets.iter() {
        let line = SplitLine {
            work: sheet.work().clone(),
            valid_from: sheet.valid_from(),
            logged: sheet.logged().cloned(),
            by_territory: entries_of(sheet),
        };
        serde_json::to_writer(&mut sink, &line)?;
        sink.write_all(b"\n")?;
    }
    Ok(())
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitLine {
    #[serde(with = "wire::text")]
    work: WorkId,
    #[serde(with = "wire::text")]
    valid_from: Date,
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    logged: Option<Timestamp>,
    by_territory: Vec<SplitLineEntry>,
}

/// Who shares in a work in some territories.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitLineEntry {
    territories: Vec<String>,
    shares: Vec<SplitLineShare>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct SplitLineShare {
    #[serde(with = "wire::text")]
    party: PartyId,
    #[serde(default)]
    role: String,
    bp: u32,
}

fn sheet(
    work: WorkId,
    valid_from: Date,
    logged: Option<Timestamp>,
    entries: Vec<SplitLineEntry>,
) -> Result<SplitSheet, String> {
    let entries = entries.into_iter().map(entry).collect::<Result<_, _>>()?;
    SplitSheet::new(work, valid_from, logged, entries).map_err(|refusal| refusal.to_string())
}

fn entry(entry: SplitLineEntry) -> Result<SplitEntry, String> {
    let places: Vec<Place> = entry
        .territories
        .iter()
        .map(|place| Place::parse(place).map_err(|refusal| refusal.to_string()))
        .collect::<Result<_, _>>()?;
    let shares = entry
        .shares
        .into_iter()
        .map(|SplitLineShare { party, role, bp }| Share { party, role, bp });
    SplitEntry::new(places, shares.collect()).map_err(|refusal| refusal.to_string())
}

fn entries_of(sheet: &SplitSheet) -> Vec<SplitLineEntry> {
    let shares = |entry: &SplitEntry| {
        let given = entry.given().iter().cloned();
        given
            .map(|Share { party, role, bp }| SplitLineShare { party, role, bp })
            .collect()
    };
    sheet
        .entries()
        .iter()
        .map(|entry| SplitLineEntry {
            territories: entry.places().map(|place| place.to_string()).collect(),
            shares: shares(entry),
        })
        .collect()
}

/// The `type` of a signed split sheet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
enum SplitSheetType {
    #[default]
    SplitSheet,
}

/// A split sheet as the home node of its work publishes and signs it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "SplitSheetFields", into = "SplitSheetFields")]
pub struct PublishedSplitSheet {
    /// The sheet's own address.
    pub id: Uri,
    /// The actor of the node that is home to the work.
    pub attributed_to: NodeId,
    /// The sheet.
    pub sheet: SplitSheet,
}

#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct SplitSheetFields {
    #[serde(with = "wire::text")]
    id: Uri,
    #[serde(rename = "type")]
    object_type: SplitSheetType,
    #[serde(with = "wire::text")]
    attributed_to: NodeId,
    #[serde(with = "wire::text")]
    work: WorkId,
    #[serde(with = "wire::text")]
    valid_from: Date,
    #[serde(
        with = "wire::text_or_none",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    logged: Option<Timestamp>,
    by_territory: Vec<SplitLineEntry>,
}

impl From<PublishedSplitSheet> for SplitSheetFields {
    fn from(published: PublishedSplitSheet) -> Self {
        let sheet = &published.sheet;
        SplitSheetFields {
            object_type: SplitSheetType::SplitSheet,
            work: sheet.work().clone(),
            valid_from: sheet.valid_from(),
            logged: sheet.logged().cloned(),
            by_territory: entries_of(sheet),
            id: published.id,
            attributed_to: published.attributed_to,
        }
    }
}

impl TryFrom<SplitSheetFields> for PublishedSplitSheet {
    type Error = String;

    fn try_from(fields: SplitSheetFields) -> Result<Self, String> {
        let sheet = sheet(
            fields.work,
            fields.valid_from,
            fields.logged,
            fields.by_territory,
        )?;
        Ok(PublishedSplitSheet {
            id: fields.id,
            attributed_to: fields.attributed_to,
            sheet,
        })
    }
}

impl PublishedSplitSheet {
    /// The sheet as a JSON-LD document without a proof, ready to be signed.
    pub fn to_document(&self) -> Value {
        wire::document(self)
    }

    /// Whether a settlement may use it, its proof being verified: published by the work's own
    /// origin, valid from the first of a month, and logged before `cut_off`.
    ///
    /// # Errors
    /// A sentence that says why not.
    pub fn check(&self, cut_off: &Timestamp) -> Result<(), String> {
        let work = self.sheet.work();
        let origin = self.attributed_to.origin();
        if work.origin() != origin || self.id.origin() != origin {
            return Err(format!(
                "the split sheet of {work} is not published by the work's own node"
            ));
        }
        if self.sheet.valid_from().day() != 1 {
            let day = self.sheet.valid_from();
            return Err(format!(
                "the split sheet of {work} is valid from {day}; it must be the first of a month"
            ));
        }
        match self.sheet.logged() {
            None => Err(format!(
                "the split sheet of {work} does not say when it was logged"
            )),
            Some(logged) if logged >= cut_off => Err(format!(
                "the split sheet of {work} was logged at {logged}, not before the cut-off {cut_off}"
            )),
            Some(_) => Ok(()),
        }
    }
}
