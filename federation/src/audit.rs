//! The audit of a settlement: everything it says is derived again from what it was made from.
//!
//! An audit needs nothing but a directory and trusts nothing in it. It checks the coordinator's
//! proof, each report's proof and digests, that each reduction is what its lines come to where the
//! lines are there, and settles again; then every byte of every table must be the same. The first
//! thing that differs is named.
//!
//! ```text
//! DIR/reports/<node>/{report.json, lines.parquet?, tracks.parquet, reduction.parquet}
//! DIR/splits.jsonl, policy.toml, and where used rates.csv, balances.csv, adjustments.csv, disputes.txt
//! DIR/settlement/{allocations,parties,nodes,held}.csv, settlement.json
//! ```

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;
use settlement::{NodeId, Settlement};

use crate::digest::Sha256Digest;
use crate::files::{self, FileRefused};
use crate::json::canonical;
use crate::keys::Ed25519Public;
use crate::policy::PolicyFile;
use crate::proof::{self, ProofClaim};
use crate::report::{LoadedReport, ReportFolder, check_digests};
use crate::settlement_document::{
    ReportInput, SETTLEMENT_FILE, SETTLEMENT_LIMIT, SettlementDocument,
};
use crate::settling::{self, NamedFile, Settled, SettlingRefused, Sources};

/// The longest table of a settlement that is compared.
const TABLE_LIMIT: usize = 1 << 30;

/// The names of files and directories in a settlement's directory.
pub mod layout {
    /// The reports, a directory a node.
    pub const REPORTS: &str = "reports";
    /// The split sheets.
    pub const SPLITS: &str = "splits.jsonl";
    /// The policy.
    pub const POLICY: &str = "policy.toml";
    /// The reference rates.
    pub const RATES: &str = "rates.csv";
    /// Balances carried in.
    pub const BALANCES: &str = "balances.csv";
    /// Adjustments taken in.
    pub const ADJUSTMENTS: &str = "adjustments.csv";
    /// Works in dispute.
    pub const DISPUTES: &str = "disputes.txt";
    /// What came out.
    pub const SETTLEMENT: &str = "settlement";
}

/// What an auditor knows already.
#[derive(Clone, Debug, Default)]
pub struct AuditOptions {
    /// Keys known from elsewhere, by actor, those included that counted once: where there are any,
    /// the settlement must name one of them.
    pub known_keys: BTreeMap<NodeId, Vec<Ed25519Public>>,
}

/// A settlement that was derived again and is the same to the last byte.
#[derive(Clone, Debug)]
pub struct Verified {
    /// What the coordinator published.
    pub document: SettlementDocument,
    /// The digest of `settlement.json`: what a countersignature names.
    pub digest: Sha256Digest,
    /// The settlement as it was derived here.
    pub settlement: Settlement,
    /// Reports that were reduced again from their lines.
    pub from_lines: usize,
    /// Reports whose reduction was taken as it is.
    pub from_reductions: usize,
}

/// The first thing that differs, in one sentence that begins with the file it is in.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Differs(pub FileRefused);

impl From<FileRefused> for Differs {
    fn from(refused: FileRefused) -> Self {
        Differs(refused)
    }
}

fn differs(file: &str, reason: impl Into<String>) -> Differs {
    Differs(FileRefused::whole(file, reason))
}

/// Audits a settlement's directory.
///
/// # Errors
/// [`Differs`], the first thing that does.
pub fn verify_folder(directory: &Path, options: &AuditOptions) -> Result<Verified, Differs> {
    let (document, digest) = published(directory, options)?;
    let coordinator = document.coordinator.clone();
    let policy = PolicyFile::read(&directory.join(layout::POLICY), layout::POLICY)?;
    expect_digest(layout::POLICY, policy.digest(), document.inputs.policy)?;
    if document.policy.digest != document.inputs.policy {
        return Err(differs(
            &in_settlement(SETTLEMENT_FILE),
            "it names two policies",
        ));
    }
    let loaded = reports(directory, &document, &policy)?;
    let sources = Sources {
        // They are read already.
        reports: Vec::new(),
        splits: named(directory, layout::SPLITS),
        policy,
        coordinator,
        rates: optional(directory, layout::RATES, document.inputs.rates)?,
        balances: optional(directory, layout::BALANCES, document.inputs.balances)?,
        adjustments: optional(directory, layout::ADJUSTMENTS, document.inputs.adjustments)?,
        disputes: optional(directory, layout::DISPUTES, document.inputs.disputes)?,
    };
    expect_file_digest(directory, layout::SPLITS, document.inputs.splits)?;
    let settled = settling::read_with(&sources, loaded).and_then(|read| read.settle());
    let settled = settled.map_err(|refusal| match refusal {
        SettlingRefused::File(file) => Differs(file),
        other => differs(
            &in_settlement(SETTLEMENT_FILE),
            format!("it cannot be derived again: {other}"),
        ),
    })?;
    compare_tables(directory, &settled)?;
    compare_document(&document, &settled)?;
    let from_lines = settled
        .reports
        .iter()
        .filter(|report| report.from_lines)
        .count();
    Ok(Verified {
        digest,
        from_reductions: settled.reports.len() - from_lines,
        from_lines,
        settlement: settled.settlement,
        document,
    })
}

/// `settlement.json`, in its one form and with the coordinator's proof.
fn published(
    directory: &Path,
    options: &AuditOptions,
) -> Result<(SettlementDocument, Sha256Digest), Differs> {
    let name = in_settlement(SETTLEMENT_FILE);
    let wrong = |reason: String| differs(&name, reason);
    let path = directory.join(layout::SETTLEMENT).join(SETTLEMENT_FILE);
    let bytes = files::read(&path, &name, SETTLEMENT_LIMIT)?;
    let (document, value) =
        SettlementDocument::parse(&bytes).map_err(|refusal| wrong(refusal.to_string()))?;
    if canonical(&value) != bytes {
        return Err(wrong(
            "it is not in its canonical form: it was changed after it was signed".into(),
        ));
    }
    let Some(coordinator) = &document.coordinator else {
        return Err(wrong("it names no coordinator".into()));
    };
    if document.attributed_to.as_ref() != Some(coordinator) {
        return Err(wrong("it is not attributed to its coordinator".into()));
    }
    if document
        .id
        .as_ref()
        .is_none_or(|id| id.origin() != coordinator.origin())
    {
        return Err(wrong("its id is not of the coordinator's origin".into()));
    }
    check_proof(&value, coordinator, &document.keys).map_err(wrong)?;
    for (name, named) in &document.keys {
        let actor = name.split('#').next().unwrap_or_default();
        let known = options
            .known_keys
            .iter()
            .find(|(known, _)| known.as_str() == actor);
        if known.is_some_and(|(_, keys)| !keys.contains(named)) {
            return Err(wrong(format!(
                "it names another key of {actor} than the one known"
            )));
        }
    }
    Ok((document, Sha256Digest::of(&bytes)))
}

/// The proof of a document must be made with the key that is named for its actor, or for that very
/// key where the actor changed its keys meanwhile.
fn check_proof(
    document: &Value,
    actor: &NodeId,
    keys: &BTreeMap<String, Ed25519Public>,
) -> Result<(), String> {
    let claim = ProofClaim::of(document).map_err(|refusal| refusal.to_string())?;
    let key = keys
        .get(&claim.verification_method)
        .or_else(|| keys.get(actor.as_str()))
        .ok_or_else(|| format!("no key of {actor} is named"))?;
    let of_actor = claim
        .verification_method
        .strip_prefix(actor.as_str())
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('#'));
    if !of_actor {
        return Err(format!(
            "its proof was made with a key that is not of {actor}"
        ));
    }
    proof::verify(document, key).map_err(|refusal| refusal.to_string())
}

/// The reports that were settled, each verified and read once: whose they are one after the other,
/// what their tables hold side by side.
fn reports(
    directory: &Path,
    document: &SettlementDocument,
    policy: &PolicyFile,
) -> Result<Vec<LoadedReport>, Differs> {
    let mut missing: Vec<&ReportInput> = document.inputs.reports.iter().collect();
    let mut signed = Vec::new();
    for (path, name) in report_directories(directory)? {
        let folder = ReportFolder::named(path, name);
        let file = folder.name_of(ReportFolder::MANIFEST);
        let (manifest, value, digest) = folder.manifest()?;
        let Some(place) = missing.iter().position(|input| input.digest == digest) else {
            return Err(differs(
                &file,
                "its digest is not among the settlement's inputs: it was changed or added",
            ));
        };
        let input = missing.remove(place);
        let same = (&input.node, &input.id, input.sequence)
            == (&manifest.attributed_to, &manifest.id, manifest.sequence);
        if !same {
            return Err(differs(
                &file,
                "the settlement names it with another node, id or sequence",
            ));
        }
        check_proof(&value, &manifest.attributed_to, &document.keys)
            .map_err(|reason| differs(&file, reason))?;
        signed.push((folder, manifest, digest));
    }
    let loaded = settling::side_by_side(
        &signed,
        settling::all_threads(),
        |(folder, manifest, digest)| {
            check_digests(folder, manifest, folder.has_lines())?;
            folder.load_tables(manifest.clone(), *digest, policy, true)
        },
    );
    let loaded = loaded.into_iter().collect::<Result<_, FileRefused>>()?;
    match missing.first() {
        None => Ok(loaded),
        Some(input) => Err(differs(
            layout::REPORTS,
            format!("the report {} of {} is missing", input.id, input.node),
        )),
    }
}

/// The directories under `reports`, sorted by name, with how they are called.
fn report_directories(directory: &Path) -> Result<Vec<(PathBuf, String)>, Differs> {
    let unreadable =
        |error: std::io::Error| differs(layout::REPORTS, format!("it cannot be read: {error}"));
    let mut found = Vec::new();
    for entry in std::fs::read_dir(directory.join(layout::REPORTS)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if entry.file_type().map_err(unreadable)?.is_dir() {
            let name = format!(
                "{}/{}",
                layout::REPORTS,
                entry.file_name().to_string_lossy()
            );
            found.push((entry.path(), name));
        }
    }
    found.sort();
    Ok(found)
}

fn named(directory: &Path, file: &str) -> NamedFile {
    NamedFile {
        path: directory.join(file),
        name: file.to_owned(),
    }
}

/// An input that a settlement may do without: there exactly when its digest is named.
fn optional(
    directory: &Path,
    file: &str,
    expected: Option<Sha256Digest>,
) -> Result<Option<NamedFile>, Differs> {
    match expected {
        Some(digest) => {
            expect_file_digest(directory, file, digest)?;
            Ok(Some(named(directory, file)))
        }
        None if directory.join(file).exists() => Err(differs(
            file,
            "it is there, and the settlement was made without it",
        )),
        None => Ok(None),
    }
}

fn expect_file_digest(directory: &Path, file: &str, expected: Sha256Digest) -> Result<(), Differs> {
    let (found, _) = files::digest(&directory.join(file), file)?;
    expect_digest(file, found, expected)
}

fn expect_digest(file: &str, found: Sha256Digest, expected: Sha256Digest) -> Result<(), Differs> {
    if found == expected {
        Ok(())
    } else {
        Err(differs(
            file,
            "its digest is not the one in settlement.json: it was changed",
        ))
    }
}

fn in_settlement(file: &str) -> String {
    format!("{}/{file}", layout::SETTLEMENT)
}

/// Each table must be, byte for byte, what was derived.
fn compare_tables(directory: &Path, settled: &Settled) -> Result<(), Differs> {
    for (file, derived) in settling::outputs(&settled.settlement) {
        let name = in_settlement(file);
        let found = files::read(
            &directory.join(layout::SETTLEMENT).join(file),
            &name,
            TABLE_LIMIT,
        )?;
        if found != derived.as_bytes() {
            return Err(Differs(first_difference(&name, &found, derived.as_bytes())));
        }
    }
    Ok(())
}

/// The first line in which two tables differ; there is one.
fn first_difference(name: &str, found: &[u8], derived: &[u8]) -> FileRefused {
    let mut found = found.split_inclusive(|&byte| byte == b'\n');
    let mut derived = derived.split_inclusive(|&byte| byte == b'\n');
    for row in 1.. {
        let (says, comes_to) = (found.next(), derived.next());
        if says == comes_to && says.is_some() {
            continue;
        }
        let reason = match (says, comes_to) {
            (Some(says), Some(comes_to)) => {
                format!(
                    "it says {}, and the settlement comes to {}",
                    shown(says),
                    shown(comes_to)
                )
            }
            (Some(says), None) => {
                format!("it says {}, and the settlement ends before", shown(says))
            }
            (None, Some(comes_to)) => format!(
                "it ends, and the settlement goes on with {}",
                shown(comes_to)
            ),
            (None, None) => "it differs".to_owned(),
        };
        return FileRefused::at(name, row, reason);
    }
    FileRefused::whole(name, "it differs")
}

/// A line as it can be shown: escaped, and not endlessly long.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.strip_suffix('\n').unwrap_or(&text);
    let short: String = text.chars().take(300).collect();
    format!("{short:?}")
}

/// What the document says besides must be what was derived, too.
fn compare_document(document: &SettlementDocument, settled: &Settled) -> Result<(), Differs> {
    let name = in_settlement(SETTLEMENT_FILE);
    let derived = SettlementDocument::of(settled, document.policy.clone())
        .map_err(|reason| differs(&name, reason))?;
    let same = |what: &str, same: bool| {
        if same {
            Ok(())
        } else {
            Err(differs(
                &name,
                format!("its {what} are not what the settlement comes to"),
            ))
        }
    };
    same(
        "period and currency",
        (document.period, document.currency) == (derived.period, derived.currency),
    )?;
    same("inputs", document.inputs == derived.inputs)?;
    same("digests of outputs", document.outputs == derived.outputs)?;
    same("totals", document.totals == derived.totals)?;
    same(
        "adjustments",
        document.adjustments_out_of_balance == derived.adjustments_out_of_balance,
    )?;
    same("idle amounts", document.idle == derived.idle)?;
    same("days of rates", document.rates == derived.rates)
}
