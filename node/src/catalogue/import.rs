//! Import: messages of DDEX ([`ern`]), tables ([`table`]) and tagged audio become works.
//!
//! All of them are found in one walk ([`walk`]), in archives too ([`archive`]). Messages come first, then tables, each by what it
//! says ([`entry`]) written down in transactions of moderate size ([`enter`]); then the audio that
//! neither of them names. Of audio, workers, one for each core, read them whole
//! ([`look`]); one hand writes them down in that order ([`take`]), each file in its own
//! transaction. A file that cannot be taken has its sentence and stops nothing else. Whoever
//! interrupts an import and runs it again goes on where it was: what is here already is known.

pub mod archive;
pub mod beside;
pub mod enter;
pub mod entry;
pub mod ern;
pub mod hashes;
pub mod look;
pub mod options;
pub mod table;
pub mod take;
pub mod tally;
pub mod text;
pub mod told;
pub mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use super::{media, store};
use crate::Node;
use crate::web::Refusal;
use crate::words::Say;

pub use look::{Look, Looked, Looker};
pub use options::{ImportOptions, split_of};
pub use take::Taken;
pub use tally::{Seen, Tally};
pub use told::{Became, ImportEvent, ImportSummary};

use enter::Enter;
use walk::What;

/// How many files are on their way between being found and being written down, for each worker.
const AHEAD: usize = 4;
/// The most refusals that are held and told; all of them are counted, and kept in the database.
const REFUSALS: usize = 10_000;
/// The most workers.
const WORKERS: usize = 16;

/// Takes in what is at and below `paths`. `watch` is told what happens. Blocks.
///
/// # Errors
/// When nothing can be imported at all: a path that is not there, another import at work, a full
/// disk, a broken database. What was taken until then stays.
pub fn run(
    node: &Node,
    paths: &[PathBuf],
    options: &ImportOptions,
    watch: &mut dyn FnMut(ImportEvent),
) -> Result<ImportSummary, Refusal> {
    for path in paths {
        if !path.exists() {
            let nothing = Say::new("catalogue-import-nothing-there");
            return Err(Refusal::field("path", nothing.with("path", path.display())));
        }
    }
    let _alone = match options.dry_run {
        true => None,
        false => Some(alone(node)?),
    };
    let found = walk::walk(paths);
    watch(ImportEvent::Found {
        files: found.len() as u64,
        bytes: found.iter().map(|file| file.size).sum(),
    });
    let id = node.clock.fresh_id();
    let from = paths
        .iter()
        .map(|path| walk::shown(path))
        .collect::<Vec<_>>()
        .join(", ");
    if !options.dry_run {
        let now = node.clock.now_us();
        node.db
            .write_now(|conn| Ok::<_, Refusal>(store::start_import(conn, &id, &from, now)?))?;
    }
    let mut import = Import {
        node,
        options,
        id: &id,
        summary: ImportSummary::default(),
        seen: Seen::default(),
        claimed: BTreeSet::new(),
        heard: BTreeSet::new(),
        named: BTreeSet::new(),
        unwritten: Vec::new(),
        already_told: 0,
        watch,
    };
    let ran = import.all(&found);
    let mut summary = import.summary;
    (summary.releases, summary.works, summary.parties) = import.seen.counts();
    if !options.dry_run {
        let counts = summary.counts();
        let now = node.clock.now_us();
        node.db
            .write_now(|conn| Ok::<_, Refusal>(store::end_import(conn, &id, counts, now)?))?;
    }
    ran.map(|()| summary)
}

/// Holds the folder of media for one import at a time, and clears what an interrupted one left.
fn alone(node: &Node) -> Result<File, Refusal> {
    let folder = &node.config.media;
    let hold = || -> std::io::Result<Option<File>> {
        std::fs::create_dir_all(folder)?;
        let lock = File::create(folder.join(".importing"))?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => return Ok(None),
            Err(std::fs::TryLockError::Error(error)) => return Err(error),
        }
        media::sweep(folder, look::PASSING)?;
        archive::sweep(folder)?;
        media::sweep(&super::pictures::folder(folder), look::PASSING)?;
        Ok(Some(lock))
    };
    match hold() {
        Ok(Some(lock)) => Ok(lock),
        Ok(None) => Err(Refusal::Conflict(Say::new("catalogue-import-running"))),
        Err(error) => Err(media::refused(folder, error)),
    }
}

struct Import<'a> {
    node: &'a Node,
    options: &'a ImportOptions,
    id: &'a str,
    summary: ImportSummary,
    seen: Seen,
    /// Files that belong to a message or a table, by their true names.
    claimed: BTreeSet<PathBuf>,
    /// Of these, sounds whose bytes were told of when they were looked at.
    heard: BTreeSet<PathBuf>,
    /// What was refused already, by name, as long as it is not written down.
    named: BTreeSet<String>,
    /// Refusals that are not written down yet.
    unwritten: Vec<(String, String)>,
    /// Bytes of the file at hand that were told of as read.
    already_told: u64,
    watch: &'a mut dyn FnMut(ImportEvent),
}

impl Import<'_> {
    /// Takes everything: what lies open, then what is in archives, one after the other. An archive
    /// that a table names is the work itself.
    fn all(&mut self, found: &[walk::Found]) -> Result<(), Refusal> {
        let (archives, open): (Vec<walk::Found>, Vec<walk::Found>) = found
            .iter()
            .cloned()
            .partition(|file| file.what == What::Archive);
        self.round(&open)?;
        for file in archives {
            self.already_told = 0;
            if self.is_claimed(&file.path) {
                self.count(&file, Became::Claimed)?;
                continue;
            }
            let opened = match &file.refused {
                Some(why) => Err(why.clone()),
                None => archive::open(self.node, &file, !self.options.dry_run)?,
            };
            match opened {
                Ok(unpacked) => self.round(&unpacked.found)?,
                Err(why) => self.count(&file, Became::Refused(why))?,
            }
        }
        self.write_refusals()
    }

    /// Takes messages, tables, then the audio that neither names.
    fn round(&mut self, found: &[walk::Found]) -> Result<(), Refusal> {
        let looker = Looker::new(self.node, !self.options.dry_run);
        let mut enter = Enter::new(self.node, self.options);
        for what in [What::Message, What::Table] {
            for file in found.iter().filter(|file| file.what == what) {
                self.already_told = 0;
                let became = match (&file.refused, what) {
                    (Some(why), _) => Became::Refused(why.clone()),
                    (None, What::Message) => self.message(file, &looker, &mut enter)?,
                    (None, _) => self.table(file, &looker, &mut enter)?,
                };
                if what == What::Message {
                    self.claimed.extend(ern::taken::folders(&file.path));
                }
                self.count(file, became)?;
            }
        }
        let (mut sounds, mut claimed) = (Vec::new(), Vec::new());
        for file in found.iter().filter(|file| file.what == What::Sound) {
            match self.is_claimed(&file.path) {
                true => claimed.push(file),
                false => sounds.push(file.clone()),
            }
        }
        for file in claimed {
            self.already_told = 0;
            self.count(file, Became::Claimed)?;
        }
        self.already_told = 0;
        self.files(&sounds)
    }

    fn is_claimed(&self, path: &std::path::Path) -> bool {
        if self.claimed.is_empty() {
            return false;
        }
        let is_of_message = path
            .parent()
            .is_some_and(|folder| self.claimed.contains(folder));
        is_of_message
            || path
                .canonicalize()
                .is_ok_and(|path| self.claimed.contains(&path))
    }

    fn claim(&mut self, path: &std::path::Path) {
        self.claimed.insert(path.to_path_buf());
    }

    /// Tells that a sound that a message or a table names was looked at.
    fn heard(&mut self, path: &std::path::Path) {
        let Ok(path) = path.canonicalize() else {
            return;
        };
        if walk::is_sound(&path) && !self.heard.contains(&path) {
            let bytes = path.metadata().map_or(0, |metadata| metadata.len());
            self.heard.insert(path);
            (self.watch)(ImportEvent::Read { bytes });
        }
    }

    /// Tells that so many bytes more of the file at hand were read.
    fn read_on(&mut self, bytes: u64) {
        if bytes > 0 {
            self.already_told += bytes;
            (self.watch)(ImportEvent::Read { bytes });
        }
    }

    /// Whether nobody wants the import stopped.
    fn may_go_on(&self) -> Result<(), Refusal> {
        match &self.options.stop {
            Some(stop) if stop.load(Ordering::Relaxed) => {
                Err(Refusal::Conflict(Say::new("catalogue-import-stopped")))
            }
            _ => Ok(()),
        }
    }

    fn notice(&mut self, file: &str, notice: Say) {
        let file = file.to_owned();
        (self.watch)(ImportEvent::Noticed { file, notice });
    }

    /// Notes that something was refused.
    fn refuse(&mut self, name: String, why: Say) -> Result<(), Refusal> {
        self.summary.refused_count += 1;
        if self.named.insert(name.clone()) {
            let reason = why.to(self.node.config.language);
            self.unwritten.push((name.clone(), reason));
        }
        if self.summary.refused.len() < REFUSALS {
            self.summary.refused.push((name, why));
        }
        if self.unwritten.len() >= 500 {
            self.write_refusals()?;
        }
        Ok(())
    }

    fn write_refusals(&mut self) -> Result<(), Refusal> {
        let refusals = std::mem::take(&mut self.unwritten);
        self.named.clear();
        if refusals.is_empty() || self.options.dry_run {
            return Ok(());
        }
        let id = self.id;
        self.node.db.write_now(|conn| {
            for (name, reason) in &refusals {
                store::refuse_file(conn, id, name, reason)?;
            }
            Ok(())
        })
    }

    /// Looks at every file, several at a time, and writes them down in their order.
    fn files(&mut self, found: &[walk::Found]) -> Result<(), Refusal> {
        let workers = thread::available_parallelism().map_or(2, |cores| cores.get());
        let workers = workers.min(WORKERS).min(found.len().max(1));
        let looker = Looker::new(self.node, !self.options.dry_run);
        thread::scope(|scope| {
            let ahead = workers * AHEAD;
            let (feed, fed) = sync_channel::<usize>(ahead);
            let (show, shown) = sync_channel::<(usize, Looked)>(ahead);
            let (looker, fed) = (&looker, Arc::new(Mutex::new(fed)));
            for _ in 0..workers {
                let (fed, show) = (fed.clone(), show.clone());
                scope.spawn(move || work(looker, found, &fed, &show));
            }
            // Now the workers alone hold their ends: when one side is gone, the other notices.
            drop((fed, show));
            self.in_order(found, ahead, feed, shown)
        })
    }

    /// Feeds the workers, never further than `ahead` files before the one to be written down
    /// next, so that a slow file does not let the others fill the memory.
    fn in_order(
        &mut self,
        found: &[walk::Found],
        ahead: usize,
        feed: SyncSender<usize>,
        shown: Receiver<(usize, Looked)>,
    ) -> Result<(), Refusal> {
        let mut next_fed = 0;
        let mut early = BTreeMap::new();
        for (next, file) in found.iter().enumerate() {
            while next_fed < found.len() && next_fed < next + ahead {
                // A worker that is gone has panicked; its scope tells.
                let _ = feed.send(next_fed);
                next_fed += 1;
            }
            let looked = loop {
                if let Some(looked) = early.remove(&next) {
                    break looked;
                }
                let Ok((at, looked)) = shown.recv() else {
                    return Err(Refusal::broken("an import worker is gone"));
                };
                early.insert(at, looked);
            };
            let became = self.write_down(file, looked)?;
            self.count(file, became)?;
        }
        Ok(())
    }

    fn write_down(&mut self, file: &walk::Found, looked: Looked) -> Result<Became, Refusal> {
        let look = match looked {
            Looked::Known => return Ok(Became::Known),
            Looked::Refused(why) => return Ok(Became::Refused(why)),
            Looked::Stop(refusal) => return Err(refusal),
            Looked::Sound(look) => look,
        };
        self.seen.look(&look);
        let (node, options) = (self.node, self.options);
        if options.dry_run {
            let known = node.db.read_now(|conn| {
                Ok::<_, Refusal>(store::work_of_sound(conn, &look.sound.digest)?.is_some())
            })?;
            return Ok(if known { Became::Change } else { Became::Work });
        }
        let taken = node
            .db
            .write_now(|conn| take::take(conn, node, options, &look))?;
        let became = match taken {
            Taken::New => Became::Work,
            Taken::Changed => Became::Change,
            Taken::Known => return Ok(Became::Known),
            Taken::Withdrawn => {
                return Ok(Became::Refused(Say::new("catalogue-file-withdrawn")));
            }
        };
        for notice in look.notices {
            (self.watch)(ImportEvent::Noticed {
                file: file.name.clone(),
                notice,
            });
        }
        Ok(became)
    }

    fn count(&mut self, file: &walk::Found, became: Became) -> Result<(), Refusal> {
        match &became {
            Became::Work => self.summary.taken += 1,
            Became::Change => self.summary.updated += 1,
            Became::Known => self.summary.known += 1,
            Became::Claimed => {}
            Became::Entries(tally) => {
                self.summary.taken += tally.new;
                self.summary.updated += tally.changed;
                self.summary.known += tally.same;
                self.summary.withdrawn += tally.withdrawn;
            }
            Became::Refused(why) => self.refuse(file.name.clone(), why.clone())?,
        }
        let is_told = became == Became::Claimed
            && !self.heard.is_empty()
            && file
                .path
                .canonicalize()
                .is_ok_and(|path| self.heard.contains(&path));
        let told = if is_told {
            file.size
        } else {
            self.already_told
        };
        (self.watch)(ImportEvent::Done {
            file: file.name.clone(),
            bytes: file.size.saturating_sub(told),
            became,
        });
        self.may_go_on()
    }
}

/// Removes the files of this node that no work needs any more: replaced, or of works withdrawn. How
/// many files and bytes.
///
/// # Errors
/// When an import is at work, or the files cannot be removed.
pub fn sweep(node: &Node) -> Result<(u64, u64), Refusal> {
    let _alone = alone(node)?;
    let (mut files, mut bytes) = (0, 0);
    let unused = node
        .db
        .read_now(|conn| Ok::<_, Refusal>(store::unused_media(conn)?))?;
    for (digest, size) in unused {
        // The note goes first: a file without a note is found again, a note without a file is not.
        let forgotten = node
            .db
            .write_now(|conn| Ok::<_, Refusal>(store::forget_media(conn, &digest)?))?;
        if !forgotten {
            continue;
        }
        match std::fs::remove_file(media::path(&node.config.media, &digest)) {
            Ok(()) => {
                files += 1;
                bytes += size;
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
            Err(error) => return Err(media::refused(&node.config.media, error)),
        }
    }
    Ok((files, bytes))
}

/// A worker: looks at files until there are none left or nobody waits for the answer.
fn work(
    looker: &Looker<'_>,
    found: &[walk::Found],
    fed: &Mutex<Receiver<usize>>,
    show: &SyncSender<(usize, Looked)>,
) {
    loop {
        let next = match fed.lock() {
            Ok(fed) => fed.recv(),
            Err(_) => return,
        };
        let Ok(next) = next else { return };
        if show.send((next, looker.look(&found[next]))).is_err() {
            return;
        }
    }
}
