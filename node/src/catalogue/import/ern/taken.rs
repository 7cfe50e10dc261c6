//! What a message does to what is here: a release comes in or
//! changes, tracks that are no longer on it go, a release is taken down.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use federation::availability::Availability;
use jiff::tz::TimeZone;
use settlement::{Kind, Uri, WorkId};

use super::entries::{key, kind_of, release_entry, release_keys, work_entry};
use super::message::{
    Content, Header, Message, MessageRelease, Purge, ReleaseMessage, Resource, ResourceKind,
};
use super::rights::{Deals, Rights, instant};
use super::xml::malformed;
use crate::catalogue::import::beside::{self, Beside};
use crate::catalogue::import::enter::{Enter, Entered, known_release};
use crate::catalogue::import::entry::{KeptFile, WorkEntry};
use crate::catalogue::import::walk::Found;
use crate::catalogue::import::{Became, Import, Looker, Tally};
use crate::catalogue::tags::cleaned;
use crate::catalogue::{Release, store, withdraw_release_in};
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

/// How many works are written down in one transaction.
const AT_ONCE: usize = 100;
/// The most words about one message before it is taken.
const NOTICES: usize = 200;
/// By how much a file may last longer or shorter than its message says, in milliseconds.
const SLACK_MS: u64 = 2_000;

/// What is the same for everything in one message.
struct Taking<'m> {
    header: &'m Header,
    dated_us: i64,
    folder: &'m Path,
    looker: &'m Looker<'m>,
}

impl Import<'_> {
    /// Takes a message. What is wrong with the whole of it is its refusal; what is wrong with one of
    /// its files is that file's.
    ///
    /// # Errors
    /// When nothing can be imported any more.
    pub(in crate::catalogue::import) fn message(
        &mut self,
        found: &Found,
        looker: &Looker<'_>,
        enter: &mut Enter<'_>,
    ) -> Result<Became, Refusal> {
        let zone = self.node.config.time_zone();
        let file = match std::fs::File::open(&found.path) {
            Ok(file) => file,
            Err(error) => {
                let why = Say::new("catalogue-file-unreadable").with("reason", error);
                return Ok(Became::Refused(why));
            }
        };
        let message = match super::read(file, self.node.config.territory) {
            Ok(message) => message,
            Err(why) => return Ok(Became::Refused(why)),
        };
        let header = match &message {
            Message::Release(message) => &message.header,
            Message::Purge(purge) => &purge.header,
        };
        if header.is_test && !self.options.test_messages && !self.options.dry_run {
            return Ok(Became::Refused(Say::new("catalogue-ern-test")));
        }
        let Some(dated_us) = instant(&header.created, &zone, false) else {
            let why = malformed(1, "MessageCreatedDateTime is not a moment");
            return Ok(Became::Refused(why));
        };
        let taking = Taking {
            header,
            dated_us,
            folder: found.path.parent().unwrap_or(Path::new("")),
            looker,
        };
        match &message {
            Message::Purge(purge) => self.purge(purge),
            Message::Release(message) => {
                for notice in &message.notices {
                    self.notice(&found.name, notice.clone());
                }
                self.releases(found, message, &taking, enter)
            }
        }
    }

    fn purge(&mut self, purge: &Purge) -> Result<Became, Refusal> {
        let keys = release_keys(&purge.header, &purge.codes);
        self.take_down(&keys).map(Became::Entries)
    }

    /// Withdraws the release that is known by one of these keys.
    fn take_down(&mut self, keys: &[String]) -> Result<Tally, Refusal> {
        let node = self.node;
        let dry_run = self.options.dry_run;
        let act = |conn: &mut Conn| -> Result<u64, Refusal> {
            let Some((key, also)) = keys.split_first() else {
                return Ok(0);
            };
            let Some((_, release)) = known_release(conn, key, also)? else {
                return Ok(0);
            };
            let works = store::works_of_release(conn, &release.id)?.len() as u64;
            if !dry_run {
                withdraw_release_in(conn, node, &release.id)?;
            }
            Ok(works.max(1))
        };
        let withdrawn = match dry_run {
            true => node.db.read_now(act)?,
            false => node.db.write_now(act)?,
        };
        Ok(Tally {
            same: u64::from(withdrawn == 0),
            withdrawn,
            ..Tally::default()
        })
    }

    fn releases(
        &mut self,
        found: &Found,
        message: &ReleaseMessage,
        taking: &Taking<'_>,
        enter: &mut Enter<'_>,
    ) -> Result<Became, Refusal> {
        let planned = match plan(message, &self.node.config.time_zone()) {
            Ok(planned) => planned,
            Err(why) => return Ok(Became::Refused(why)),
        };
        for notice in planned.notices {
            self.notice(&found.name, notice);
        }
        let mut progress = Progress::of(found, &planned.releases);
        let mut all = Tally::default();
        for planned in &planned.releases {
            let some = if planned.is_taken_down {
                self.take_down(&release_keys(taking.header, &planned.release.codes))?
            } else {
                self.release(found, message, planned, taking, enter, &mut progress)?
            };
            all.add(some);
        }
        Ok(Became::Entries(all))
    }

    fn release(
        &mut self,
        found: &Found,
        message: &ReleaseMessage,
        planned: &Planned<'_>,
        taking: &Taking<'_>,
        enter: &mut Enter<'_>,
        progress: &mut Progress,
    ) -> Result<Tally, Refusal> {
        let (release, works) = (planned.release, &planned.works);
        let keys = release_keys(taking.header, &release.codes);
        let mut entry = release_entry(message, release, taking.header, &keys);
        entry.cover = self.cover(found, message, release, taking)?;
        self.seen.release(&entry);
        let mut counts = Tally::default();
        let mut absent = 0_u64;
        let mut kept = BTreeSet::new();
        let mut written: Option<Release> = None;
        for some in works.chunks(AT_ONCE) {
            let wanted: Vec<Wanted<'_>> = some
                .iter()
                .map(|one| Wanted::of(one.resource, one.kind, taking.folder))
                .collect();
            let looked = look_at(&wanted, taking.looker)?;
            let mut entries = Vec::new();
            for (one, (wanted, looked)) in some.iter().zip(wanted.iter().zip(looked)) {
                let mut work = work_entry(
                    message,
                    release,
                    one.content,
                    one.resource,
                    one.kind,
                    taking.header,
                    &keys[0],
                );
                work.rights = Some(one.rights.as_ref().clone());
                absent += u64::from(looked.is_none());
                match looked {
                    None => {}
                    Some(Ok(file)) => {
                        self.hold_against(found, wanted, &work, &file);
                        work.file = Some(file);
                    }
                    Some(Err(why)) => self.refuse(wanted.name(&found.name), why)?,
                }
                if let Beside::There(path) = &wanted.place {
                    self.claim(path);
                    self.heard(path);
                }
                self.seen.work(&work);
                entries.push(work);
            }
            progress.more(some.len(), self);
            if self.options.dry_run {
                counts.add(self.tried(&entries)?);
                continue;
            }
            let entry = &entry;
            let there = &written;
            let entered = self.node.db.write_now(|conn| {
                let (release, older) = match there {
                    Some(release) => (release.clone(), false),
                    None => {
                        let (release, entered) =
                            enter.release(conn, entry, &keys[1..], taking.dated_us)?;
                        (release, entered == Entered::Older)
                    }
                };
                let mut entered = Vec::new();
                if !older {
                    for work in &entries {
                        entered.push(enter.work(conn, work, &release, taking.dated_us)?);
                    }
                }
                Ok::<_, Refusal>((release, older, entered))
            });
            let (release, older, entered) = entered.inspect_err(|_| enter.forget())?;
            if older {
                self.notice(&found.name, Say::new("catalogue-ern-older"));
                counts.same += works.len() as u64;
                return Ok(counts);
            }
            self.may_go_on()?;
            for (id, entered) in entered {
                counts.count(entered);
                kept.insert(id);
            }
            written = Some(release);
        }
        if absent > 0 {
            let notice = Say::new("catalogue-ern-files-absent").with("count", absent);
            self.notice(&found.name, notice);
        }
        if let Some(release) = written {
            counts.withdrawn += self.let_go(&release.id, &kept, taking.header)?;
        }
        Ok(counts)
    }

    /// What an import that only tries would make of these works.
    fn tried(&self, entries: &[WorkEntry]) -> Result<Tally, Refusal> {
        self.node.db.read_now(|conn| {
            let mut counts = Tally::default();
            for entry in entries {
                match Enter::is_known(conn, &entry.key)? {
                    true => counts.same += 1,
                    false => counts.new += 1,
                }
            }
            Ok(counts)
        })
    }

    /// A file that does not last as long as its message says is taken as it is, with a word.
    fn hold_against(
        &mut self,
        found: &Found,
        wanted: &Wanted<'_>,
        work: &WorkEntry,
        file: &KeptFile,
    ) {
        let apart = file.duration_ms.abs_diff(work.duration_ms);
        if file.duration_ms > 0
            && work.duration_ms > 0
            && apart > SLACK_MS.max(work.duration_ms / 50)
        {
            let notice = Say::new("catalogue-duration-differs")
                .with("said", work.duration_ms / 1000)
                .with("found", file.duration_ms / 1000);
            self.notice(&wanted.name(&found.name), notice);
        }
    }

    fn cover(
        &mut self,
        found: &Found,
        message: &ReleaseMessage,
        release: &MessageRelease,
        taking: &Taking<'_>,
    ) -> Result<Option<federation::digest::Sha256Digest>, Refusal> {
        let on_it = release.content.iter().map(|content| &content.resource);
        let mut pictures: Vec<&Resource> = release
            .pictures
            .iter()
            .chain(on_it)
            .filter_map(|reference| message.resources.get(reference))
            .filter(|resource| resource.kind == ResourceKind::Image)
            .collect();
        pictures.sort_by_key(|picture| picture.type_word != "FrontCoverImage");
        for picture in pictures {
            for file in &picture.files {
                let name = format!("{}: {}", found.name, shortened(&file.uri));
                match beside::find(taking.folder, &file.uri) {
                    Beside::Absent => {}
                    Beside::Refused(why) => self.refuse(name, why)?,
                    Beside::There(path) => {
                        match taking.looker.picture(&path, file.hash.as_ref())? {
                            Ok(cover) => return Ok(Some(cover)),
                            Err(why) => self.refuse(name, why)?,
                        }
                    }
                }
            }
        }
        Ok(None)
    }

    /// Lets go of works of this sender that are no longer on a release; how many were withdrawn.
    fn let_go(
        &mut self,
        release: &Uri,
        kept: &BTreeSet<WorkId>,
        header: &Header,
    ) -> Result<u64, Refusal> {
        let node = self.node;
        let ours = key(header, "");
        let gone = |conn: &mut Conn| -> Result<Vec<(WorkId, bool)>, Refusal> {
            let mut gone = Vec::new();
            for work in store::works_of_release(conn, release)? {
                if kept.contains(&work.id) {
                    continue;
                }
                let keys = store::keys_of(conn, work.id.as_str())?;
                if keys.iter().any(|key| key.starts_with(&ours)) {
                    gone.push((work.id.clone(), work.release.as_ref() == Some(release)));
                }
            }
            Ok(gone)
        };
        if node.db.read_now(gone)?.is_empty() {
            return Ok(0);
        }
        node.db.write_now(|conn| {
            let mut withdrawn = 0;
            for (work, came_out_on_it) in gone(conn)? {
                if came_out_on_it {
                    crate::catalogue::withdraw_in(conn, node, &work)?;
                    withdrawn += 1;
                } else {
                    store::drop_also_on(conn, release, &work)?;
                }
            }
            Ok(withdrawn)
        })
    }
}

/// What a message does, found out before anything of it is written: it is taken whole or not at all.
struct Plan<'m> {
    releases: Vec<Planned<'m>>,
    notices: Vec<Say>,
}

/// What becomes of one release.
struct Planned<'m> {
    release: &'m MessageRelease,
    works: Vec<PlannedWork<'m>>,
    is_taken_down: bool,
}

/// A work on it.
struct PlannedWork<'m> {
    content: &'m Content,
    resource: &'m Resource,
    kind: Kind,
    rights: Arc<Availability>,
}

fn plan<'m>(message: &'m ReleaseMessage, zone: &TimeZone) -> Result<Plan<'m>, Say> {
    let deals = Deals::of(message, zone)?;
    let mut notices = deals.notices.clone();
    let mut releases = Vec::new();
    for release in &message.releases {
        let mut planned = Planned {
            release,
            works: Vec::new(),
            is_taken_down: !release.content.is_empty(),
        };
        for content in &release.content {
            let Some(resource) = message.resources.get(&content.resource) else {
                continue;
            };
            let Some(kind) = kind_of(resource) else {
                if resource.kind != ResourceKind::Image && notices.len() < NOTICES {
                    let left_out = Say::new("catalogue-ern-left-out");
                    let left_out = left_out.with("reference", cleaned(&content.resource).0);
                    notices.push(left_out.with("type", &resource.type_word));
                }
                continue;
            };
            let Rights::Windows(rights) = deals.rights(&release.reference, &content.resource)?
            else {
                continue;
            };
            planned.is_taken_down = false;
            planned.works.push(PlannedWork {
                content,
                resource,
                kind,
                rights,
            });
        }
        if planned.works.is_empty() && !planned.is_taken_down {
            return Err(Say::new("catalogue-ern-no-works").with("line", release.line));
        }
        if notices.len() < NOTICES {
            notices.extend(not_offered(&planned, &deals));
        }
        releases.push(planned);
    }
    Ok(Plan { releases, notices })
}

/// A word about works that no deal lets anybody play here, whenever.
fn not_offered(planned: &Planned<'_>, deals: &Deals<'_>) -> Option<Say> {
    let closed = |one: &&PlannedWork<'_>| one.rights.windows.is_empty();
    let count = planned.works.iter().filter(closed).count() as u64;
    if count == 0 {
        return None;
    }
    let release = planned.release;
    let say = match deals.others(&release.reference) {
        Some(deals) => Say::new("catalogue-ern-other-deals").with("deals", deals),
        None => Say::new("catalogue-ern-no-deals"),
    };
    Some(
        say.with("title", &release.title)
            .with("type", &release.type_word)
            .with("count", count),
    )
}

/// How much of a message was done, told as bytes of its file.
struct Progress {
    bytes: u64,
    works: u64,
    done: u64,
    told: u64,
}

impl Progress {
    fn of(found: &Found, releases: &[Planned<'_>]) -> Self {
        let works: usize = releases.iter().map(|planned| planned.works.len()).sum();
        Progress {
            bytes: found.size,
            works: works.max(1) as u64,
            done: 0,
            told: 0,
        }
    }

    /// So many works more.
    fn more(&mut self, works: usize, import: &mut Import<'_>) {
        self.done = (self.done + works as u64).min(self.works);
        let share = u128::from(self.bytes) * u128::from(self.done) / u128::from(self.works);
        let reached = u64::try_from(share).unwrap_or(self.bytes);
        import.read_on(reached - self.told);
        self.told = reached;
    }
}

/// A file that a resource names, and where it is.
struct Wanted<'m> {
    resource: &'m Resource,
    kind: Kind,
    at: Option<usize>,
    place: Beside,
}

impl<'m> Wanted<'m> {
    /// The first file of a resource that is there; else what is wrong with the first.
    fn of(resource: &'m Resource, kind: Kind, folder: &Path) -> Self {
        let mut wanted = Wanted {
            resource,
            kind,
            at: None,
            place: Beside::Absent,
        };
        for (at, file) in resource.files.iter().enumerate() {
            match beside::find(folder, &file.uri) {
                Beside::Absent => {}
                place @ Beside::There(_) => {
                    wanted.at = Some(at);
                    wanted.place = place;
                    return wanted;
                }
                place @ Beside::Refused(_) => {
                    wanted.at = wanted.at.or(Some(at));
                    wanted.place = place;
                }
            }
        }
        wanted
    }

    fn name(&self, message: &str) -> String {
        match self.at.and_then(|at| self.resource.files.get(at)) {
            Some(file) => format!("{message}: {}", shortened(&file.uri)),
            None => message.to_owned(),
        }
    }
}

fn shortened(uri: &str) -> String {
    let uri: String = uri.chars().take(200).collect();
    cleaned(&uri).0
}

/// Looks at files, several at a time; none for those that are not there.
fn look_at(
    wanted: &[Wanted<'_>],
    looker: &Looker<'_>,
) -> Result<Vec<Option<Result<KeptFile, Say>>>, Refusal> {
    let look = |wanted: &Wanted<'_>| match &wanted.place {
        Beside::Absent => Ok(None),
        Beside::Refused(why) => Ok(Some(Err(why.clone()))),
        Beside::There(path) => {
            let file = wanted.at.and_then(|at| wanted.resource.files.get(at));
            let sum = file.and_then(|file| file.hash.as_ref());
            looker.named(path, wanted.kind, sum).map(Some)
        }
    };
    beside::each(wanted, look).into_iter().collect()
}

/// The folders whose audio belongs to a message, taken or not.
pub fn folders(message: &Path) -> [PathBuf; 2] {
    let folder = message.parent().unwrap_or(Path::new(""));
    [folder.to_path_buf(), folder.join("resources")]
}
