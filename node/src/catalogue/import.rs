//! Import: folders and files of tagged audio become works.
//!
//! The files are found and put in order ([`walk`]); workers, one for each core, read them whole
//! ([`look`]); one hand writes them down in that order ([`take`]), each file in its own
//! transaction. A file that cannot be taken has its sentence and stops nothing else. Whoever
//! interrupts an import and runs it again goes on where it was: what is here already is known.

pub mod look;
pub mod take;
pub mod walk;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Arc, Mutex};
use std::thread;

use settlement::BasisPoints;

use super::{Role, media, store};
use crate::Node;
use crate::web::Refusal;
use crate::words::Say;

pub use look::{Look, Looked, Looker};
pub use take::Taken;

/// How many files are on their way between being found and being written down, for each worker.
const AHEAD: usize = 4;
/// The most workers.
const WORKERS: usize = 16;

/// How an import is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ImportOptions {
    /// Who shares in the works, by role. The part of a role that a file does not name goes to the
    /// artist.
    pub split: Vec<(Role, BasisPoints)>,
}

impl Default for ImportOptions {
    fn default() -> Self {
        ImportOptions {
            split: vec![(Role::Artist, BasisPoints::WHOLE)],
        }
    }
}

impl ImportOptions {
    /// Reads a split as it is written on a command line: `artist=7000,label=3000`, in basis
    /// points that add up to 10000.
    ///
    /// # Errors
    /// A sentence that says what to write.
    pub fn with_split(text: &str) -> Result<Self, Refusal> {
        let refused = || {
            Refusal::field(
                "split",
                Say::new("catalogue-split-malformed").with("split", text),
            )
        };
        let mut split: BTreeMap<Role, BasisPoints> = BTreeMap::new();
        let mut sum = 0;
        for part in text.split(',') {
            let (role, bp) = part.split_once('=').ok_or_else(refused)?;
            let role = Role::parse(role.trim()).ok_or_else(refused)?;
            let bp: u32 = bp.trim().parse().map_err(|_| refused())?;
            let bp = BasisPoints::new(bp)
                .filter(|bp| *bp <= BasisPoints::WHOLE)
                .ok_or_else(refused)?;
            sum += bp.get();
            if split.insert(role, bp).is_some() {
                return Err(refused());
            }
        }
        if sum != BasisPoints::WHOLE.get() {
            return Err(refused());
        }
        Ok(ImportOptions {
            split: split.into_iter().collect(),
        })
    }
}

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
    /// A file is done with.
    Done {
        /// The file.
        file: String,
        /// Its bytes.
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
}

/// How an import went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ImportSummary {
    /// Files that became works.
    pub taken: u64,
    /// Files that were here already.
    pub known: u64,
    /// Files that changed a work that was here.
    pub updated: u64,
    /// Files that were refused, and why.
    pub refused: Vec<(String, Say)>,
}

impl ImportSummary {
    fn counts(&self) -> store::Counts {
        store::Counts {
            taken: self.taken + self.updated,
            known: self.known,
            refused: self.refused.len() as u64,
        }
    }
}

/// Takes in the audio files at and below `paths`. `watch` is told what happens. Blocks.
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
    let _alone = alone(node)?;
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
    let now = node.clock.now_us();
    node.db
        .write_now(|conn| Ok::<_, Refusal>(store::start_import(conn, &id, &from, now)?))?;
    let mut import = Import {
        node,
        options,
        id: &id,
        summary: ImportSummary::default(),
        watch,
    };
    let ran = import.files(&found);
    let counts = import.summary.counts();
    let summary = import.summary;
    let now = node.clock.now_us();
    node.db
        .write_now(|conn| Ok::<_, Refusal>(store::end_import(conn, &id, counts, now)?))?;
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
    watch: &'a mut dyn FnMut(ImportEvent),
}

impl Import<'_> {
    /// Looks at every file, several at a time, and writes them down in their order.
    fn files(&mut self, found: &[walk::Found]) -> Result<(), Refusal> {
        let workers = thread::available_parallelism().map_or(2, |cores| cores.get());
        let workers = workers.min(WORKERS).min(found.len().max(1));
        let looker = Looker::new(self.node);
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
        let mut names = BTreeSet::new();
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
            self.count(file, became, names.insert(&file.name))?;
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
        let (node, options) = (self.node, self.options);
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

    fn count(
        &mut self,
        file: &walk::Found,
        became: Became,
        first_of_its_name: bool,
    ) -> Result<(), Refusal> {
        match &became {
            Became::Work => self.summary.taken += 1,
            Became::Change => self.summary.updated += 1,
            Became::Known => self.summary.known += 1,
            Became::Refused(why) => {
                self.summary.refused.push((file.name.clone(), why.clone()));
                if first_of_its_name {
                    let reason = why.to(self.node.config.language);
                    self.node.db.write_now(|conn| {
                        let noted = store::refuse_file(conn, self.id, &file.name, &reason);
                        Ok::<_, Refusal>(noted?)
                    })?;
                }
            }
        }
        (self.watch)(ImportEvent::Done {
            file: file.name.clone(),
            bytes: file.size,
            became,
        });
        Ok(())
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_split_is_read_and_must_be_whole() {
        let options = ImportOptions::with_split("label=3000, artist=7000").unwrap();
        let read: Vec<_> = options
            .split
            .iter()
            .map(|(role, bp)| (*role, bp.get()))
            .collect();
        assert_eq!(read, [(Role::Artist, 7000), (Role::Label, 3000)]);
        for bad in [
            "",
            "artist",
            "artist=7000",
            "artist=10001",
            "artist=5000,artist=5000",
            "manager=10000",
            "artist=-1,label=10001",
        ] {
            let refused = ImportOptions::with_split(bad).unwrap_err().to_string();
            assert!(refused.contains("artist=7000,label=3000"), "{refused}");
        }
    }
}
