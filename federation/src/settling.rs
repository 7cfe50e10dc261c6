//! From folders and files to a settlement: what a simulation, a coordinator and an auditor have in
//! common.
//!
//! Nothing is verified here but that files are well formed and agree with themselves. Whose they
//! are is for [`arrive`](crate::report::arrive) and for the [audit](crate::audit) to say.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use settlement::{
    Adjustments, BadRow, Balances, Disputes, Inputs, NodeId, Rates, Report, Settlement, Uri, settle,
};

use crate::digest::Sha256Digest;
use crate::files::{self, FileRefused};
use crate::policy::PolicyFile;
use crate::report::{LoadedReport, ReportFolder};
use crate::splits::SplitsFile;

/// The longest table of rates, balances, adjustments or disputes.
const TEXT_LIMIT: usize = 256 << 20;

/// A file and how refusals call it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedFile {
    /// Where it is.
    pub path: PathBuf,
    /// How it is called.
    pub name: String,
}

impl From<PathBuf> for NamedFile {
    /// Called by its path.
    fn from(path: PathBuf) -> Self {
        NamedFile {
            name: path.display().to_string(),
            path,
        }
    }
}

/// Where all that a settlement depends on is read from.
#[derive(Clone, Debug)]
pub struct Sources {
    /// The reports of one month.
    pub reports: Vec<ReportFolder>,
    /// `splits.jsonl`.
    pub splits: NamedFile,
    /// The policy.
    pub policy: PolicyFile,
    /// The coordinator, if the settlement is to be cleared.
    pub coordinator: Option<NodeId>,
    /// The reference rates of the European Central Bank.
    pub rates: Option<NamedFile>,
    /// Balances carried in.
    pub balances: Option<NamedFile>,
    /// Adjustments to take in.
    pub adjustments: Option<NamedFile>,
    /// Works in dispute.
    pub disputes: Option<NamedFile>,
}

/// Why nothing was settled.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettlingRefused {
    /// One of the files.
    #[error("{0}")]
    File(#[from] FileRefused),
    /// The files are well formed and cannot stand together.
    #[error("{0}")]
    Law(#[from] settlement::Refused),
    /// There is no report.
    #[error("there is no report to settle")]
    NoReport,
}

/// A settlement and what it was made from.
#[derive(Clone, Debug)]
pub struct Settled {
    /// The settlement.
    pub settlement: Settlement,
    /// The reports, in the order in which they were given.
    pub reports: Vec<ReportUsed>,
    /// The digest of the policy's file.
    pub policy: Sha256Digest,
    /// The digest of the split sheets' file.
    pub splits: Sha256Digest,
    /// The digest of the rates' file.
    pub rates: Option<Sha256Digest>,
    /// The digest of the balances' file.
    pub balances: Option<Sha256Digest>,
    /// The digest of the adjustments' file.
    pub adjustments: Option<Sha256Digest>,
    /// The digest of the disputes' file.
    pub disputes: Option<Sha256Digest>,
}

/// A report that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReportUsed {
    /// Whose it is.
    pub node: NodeId,
    /// Its address.
    pub id: Uri,
    /// Its sequence.
    pub sequence: u64,
    /// The digest of `report.json`.
    pub digest: Sha256Digest,
    /// Whether it was reduced from its lines here; else its reduction was taken as it is.
    pub from_lines: bool,
}

/// All that a settlement depends on, read, with the digests of the files it came from.
#[derive(Clone, Debug)]
pub struct Read {
    /// What the law takes.
    pub inputs: Inputs,
    reports: Vec<ReportUsed>,
    policy: Sha256Digest,
    splits: Sha256Digest,
    rates: Option<Sha256Digest>,
    balances: Option<Sha256Digest>,
    adjustments: Option<Sha256Digest>,
    disputes: Option<Sha256Digest>,
}

/// Reads everything. Reports are read on as many threads as the machine has; the order of reports
/// and the number of threads change nothing.
///
/// # Errors
/// The first fault, in the order of the sources.
pub fn read(sources: &Sources) -> Result<Read, SettlingRefused> {
    read_on(sources, all_threads())
}

/// Reads everything, the reports on so many threads.
///
/// # Errors
/// As [`read`].
pub fn read_on(sources: &Sources, threads: usize) -> Result<Read, SettlingRefused> {
    let load = |folder: &ReportFolder| folder.load(&sources.policy);
    let loaded = side_by_side(&sources.reports, threads, load);
    read_with(sources, loaded.into_iter().collect::<Result<_, _>>()?)
}

/// Reads everything but the reports, which were read before.
pub(crate) fn read_with(
    sources: &Sources,
    loaded: Vec<LoadedReport>,
) -> Result<Read, SettlingRefused> {
    let period = loaded
        .first()
        .ok_or(SettlingRefused::NoReport)?
        .manifest
        .period;
    let splits = SplitsFile::read(&sources.splits.path, &sources.splits.name)?;
    let rates = text(sources.rates.as_ref(), Rates::parse)?;
    let balances = text(sources.balances.as_ref(), Balances::parse)?;
    let adjustments = text(sources.adjustments.as_ref(), Adjustments::parse)?;
    let disputes = text(sources.disputes.as_ref(), Disputes::parse)?;
    let reports = loaded.iter().map(ReportUsed::of).collect();
    let inputs = Inputs {
        period,
        reports: loaded
            .into_iter()
            .map(LoadedReport::into_settlement_input)
            .collect::<Vec<Report>>(),
        splits: splits.sheets,
        disputes: disputes.0.unwrap_or_default(),
        policy: sources.policy.policy().clone(),
        rates: rates.0,
        balances: balances.0.unwrap_or_default(),
        adjustments: adjustments.0.unwrap_or_default(),
        coordinator: sources.coordinator.clone(),
    };
    Ok(Read {
        inputs,
        reports,
        policy: sources.policy.digest(),
        splits: splits.digest,
        rates: rates.1,
        balances: balances.1,
        adjustments: adjustments.1,
        disputes: disputes.1,
    })
}

impl Read {
    /// Settles what was read.
    ///
    /// # Errors
    /// When it cannot stand together.
    pub fn settle(&self) -> Result<Settled, SettlingRefused> {
        Ok(Settled {
            settlement: settle(&self.inputs)?,
            reports: self.reports.clone(),
            policy: self.policy,
            splits: self.splits,
            rates: self.rates,
            balances: self.balances,
            adjustments: self.adjustments,
            disputes: self.disputes,
        })
    }
}

/// Reads everything and settles.
///
/// # Errors
/// The first fault, in the order of the sources.
pub fn settle_folders(sources: &Sources) -> Result<Settled, SettlingRefused> {
    read(sources)?.settle()
}

impl ReportUsed {
    fn of(report: &LoadedReport) -> Self {
        ReportUsed {
            node: report.manifest.attributed_to.clone(),
            id: report.manifest.id.clone(),
            sequence: report.manifest.sequence,
            digest: report.digest,
            from_lines: report.from_lines,
        }
    }
}

/// As many threads as the machine has processors for.
pub(crate) fn all_threads() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Does one thing with each item on so many threads; the results are in the order of the items.
pub(crate) fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    threads: usize,
    does: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let threads = threads.min(items.len());
    if threads <= 1 {
        return items.iter().map(does).collect();
    }
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(place) else {
                return done;
            };
            done.push((place, does(item)));
        }
    };
    let mut done = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let mut done = Vec::with_capacity(items.len());
        for worker in workers {
            match worker.join() {
                Ok(of_worker) => done.extend(of_worker),
                // A report left out would be money left out.
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_unstable_by_key(|&(place, _)| place);
    done.into_iter().map(|(_, result)| result).collect()
}

type Parsed<T> = (Option<T>, Option<Sha256Digest>);

fn text<T>(
    file: Option<&NamedFile>,
    parse: fn(&str) -> Result<T, BadRow>,
) -> Result<Parsed<T>, FileRefused> {
    let Some(file) = file else {
        return Ok((None, None));
    };
    let text = files::read_text(&file.path, &file.name, TEXT_LIMIT)?;
    let parsed = parse(&text)
        .map_err(|bad| FileRefused::at(&file.name, bad.line as u64, bad.why.to_string()))?;
    Ok((Some(parsed), Some(Sha256Digest::of(text.as_bytes()))))
}

/// The tables of a settlement, by file name, in the order in which they are told.
pub fn outputs(settlement: &Settlement) -> [(&'static str, String); 4] {
    [
        ("allocations.csv", settlement.allocations_csv()),
        ("parties.csv", settlement.parties_csv()),
        ("nodes.csv", settlement.nodes_csv()),
        ("held.csv", settlement.held_csv()),
    ]
}

/// Writes the tables of a settlement into a directory, which is made if it is not there.
///
/// # Errors
/// When the disk refuses.
pub fn write_outputs(directory: &Path, settlement: &Settlement) -> Result<(), FileRefused> {
    for (file, text) in outputs(settlement) {
        write(directory, file, text.as_bytes())?;
    }
    Ok(())
}

/// Writes a file and puts it on the disk.
pub(crate) fn write(directory: &Path, file: &str, bytes: &[u8]) -> Result<(), FileRefused> {
    use std::io::Write as _;
    let path = directory.join(file);
    let written = || {
        std::fs::create_dir_all(directory)?;
        let mut sink = std::fs::File::create(&path)?;
        sink.write_all(bytes)?;
        sink.sync_all()
    };
    written().map_err(|error: std::io::Error| {
        FileRefused::whole(
            &path.display().to_string(),
            format!("it cannot be written: {error}"),
        )
    })
}
