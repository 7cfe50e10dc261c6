//! The media cache: what was heard of other nodes' works, kept for a while.
//!
//! A file of another node is fetched whole by this node in its own name when the first listener
//! asks for it; everybody who listens meanwhile reads the one file that is arriving. So the other
//! node learns that somebody here may have heard the work once since, and nothing else: not who,
//! not how often, not which part. It is kept under the digest its origin announced, and only if it
//! has that digest; the end of a file is held back from listeners until that is known. What was not
//! used for longest makes room ([`Config::media_cache_bytes`](crate::config::Config)). A work that
//! is withdrawn is gone from here at once ([`forget`]).
//!
//! Files lie below `cache/` in the folder of media; nothing there is worth a backup.

mod arrive;

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use federation::digest::Sha256Digest;
use federation::vocabulary::Work as WorkWords;
use settlement::{Uri, WorkId};
use tokio::fs::File;
use tokio::sync::{Semaphore, watch};
use tokio::task::AbortHandle;

use super::serve::{self, Sound};
use super::store::{self, Cached};
use super::{Work, media};
use crate::Node;
use crate::db::Conn;
use crate::errands::{self, Errand, Rest};
use crate::web::{App, Refusal};
use crate::words::Say;

/// The most files that are fetched from one origin at once.
const AT_ONCE: usize = 4;
/// The most files that are fetched, or wait to be, in all.
const IN_ALL: usize = 64;
/// How long a listener waits for the first word of an origin.
const PATIENCE: Duration = Duration::from_secs(30);
/// For how long an origin that sent other bytes than it announced is not asked for them again, in
/// microseconds.
const SHUN_US: i64 = 600 * 1_000_000;
/// How exactly it is noted when a file was used, in microseconds: not every seek is a write.
const MINUTE_US: i64 = 60 * 1_000_000;
/// How often it is looked whether files and notes agree.
const SWEEP: Duration = Duration::from_secs(3600);

/// The files that are arriving, and what is remembered of their origins while the node runs.
#[derive(Default)]
pub struct MediaCache {
    coming: Mutex<BTreeMap<WorkId, Coming>>,
    slots: Mutex<BTreeMap<String, Arc<Semaphore>>>,
    shunned: Mutex<BTreeMap<WorkId, i64>>,
}

/// A file that is arriving.
struct Coming {
    state: watch::Receiver<State>,
    digest: Option<Sha256Digest>,
    task: AbortHandle,
}

impl Coming {
    /// Whether it is here or will never be; its task may still be measuring it.
    fn is_over(&self) -> bool {
        let said = matches!(*self.state.borrow(), State::Whole { .. } | State::Failed(_));
        said || self.task.is_finished()
    }
}

/// How far a file has arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
enum State {
    /// It was asked for.
    Asked,
    /// It has so many bytes, of which so many may be read.
    Arriving { size: u64, readable: u64 },
    /// It is here whole and is what was announced.
    Whole { size: u64 },
    /// It will not come.
    Failed(Failure),
}

/// Why a file of another node cannot be had.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Failure {
    /// Its origin does not answer, or not with the file.
    Away,
    /// Its origin sends other bytes than it announced.
    OtherBytes,
    /// Nobody says how large it is.
    Unsized,
    /// It does not fit into the cache, as things stand.
    Full,
    /// Too many files are arriving.
    Busy,
    /// The work was withdrawn.
    Gone,
    /// Something of ours broke.
    Broken(String),
}

impl Failure {
    fn refusal(self, work: &Work) -> Refusal {
        let say = |key| Refusal::Conflict(Say::new(key).with("origin", &work.origin));
        match self {
            Failure::Away => say("catalogue-origin-away"),
            Failure::OtherBytes => say("catalogue-origin-other-bytes"),
            Failure::Unsized => say("catalogue-origin-unsized"),
            Failure::Full => say("catalogue-cache-full"),
            Failure::Busy => say("catalogue-cache-busy"),
            Failure::Gone => Refusal::Missing,
            Failure::Broken(why) => Refusal::broken(why),
        }
    }
}

/// What tells a reader how much of a file is here.
pub(super) struct Arriving(watch::Receiver<State>);

impl Arriving {
    /// How far the file may be read, once that is beyond `at`.
    ///
    /// # Errors
    /// When it will never be.
    pub(super) async fn beyond(&mut self, at: u64) -> io::Result<u64> {
        loop {
            match &*self.0.borrow_and_update() {
                State::Arriving { readable, .. } if *readable > at => return Ok(*readable),
                State::Whole { size } => return Ok(*size),
                State::Failed(_) => return Err(io::Error::other("the file does not arrive")),
                State::Asked | State::Arriving { .. } => {}
            }
            self.0.changed().await.map_err(io::Error::other)?;
        }
    }
}

/// What is known of a file before it is here: what its work's document announces.
#[derive(Clone, Debug)]
struct Announced {
    work: WorkId,
    url: Uri,
    digest: Option<Sha256Digest>,
    size: Option<u64>,
}

impl Announced {
    fn of(work: &Work) -> Result<Self, Refusal> {
        let url = work.media_url.clone().ok_or(Refusal::Missing)?;
        let document = work.document.as_deref().unwrap_or("null");
        let document = serde_json::from_str(document).map_err(Refusal::broken)?;
        let words = WorkWords::of(&document).ok();
        Ok(Announced {
            work: work.id.clone(),
            digest: words.and_then(|words| words.media?.digest),
            size: work.media_size,
            url,
        })
    }

    fn tag(&self) -> Option<String> {
        self.digest.map(|digest| format!("\"{}\"", digest.hex()))
    }
}

/// The folder of the cache.
pub fn folder(media: &Path) -> PathBuf {
    media.join("cache")
}

/// Where a file lies while it arrives: under a name made of its work's address.
fn part(media: &Path, work: &WorkId) -> PathBuf {
    let name = Sha256Digest::of(work.as_str().as_bytes()).hex();
    folder(media).join(format!("{name}.part"))
}

/// How many bytes are cached or arriving, of how many works.
pub fn usage(conn: &mut Conn) -> Result<(u64, usize), Refusal> {
    let all = store::all_cached(conn)?;
    let mut seen = BTreeSet::new();
    let bytes = all
        .iter()
        .filter(|one| one.digest.is_none_or(|digest| seen.insert(digest)))
        .map(|one| one.size)
        .sum();
    Ok((bytes, all.len()))
}

/// The file of a work of another node: from the cache, or while it arrives.
///
/// # Errors
/// [`Refusal::Conflict`] with the reason why it cannot be had now.
pub(super) async fn open(app: &App, work: &Work) -> Result<Sound, Refusal> {
    let announced = Announced::of(work)?;
    if let Some(sound) = kept(app, work, &announced).await? {
        return Ok(sound);
    }
    let mut state = app
        .cache
        .join(app, &announced)
        .map_err(|failure| failure.refusal(work))?;
    let first = tokio::time::timeout(PATIENCE, first_word(&mut state)).await;
    let first = first.unwrap_or(Err(Failure::Busy));
    let size = first.map_err(|failure| failure.refusal(work))?;
    let media = &app.config.media;
    // It may have become whole, and its name another, since.
    let mut file = File::open(part(media, &work.id)).await;
    if let (Err(_), Some(digest)) = (&file, announced.digest) {
        file = File::open(media::path(&folder(media), &digest)).await;
    }
    // Neither: it has just been thrown away and begins anew.
    let file = file.map_err(|_| Failure::Busy.refusal(work))?;
    Ok(Sound {
        file,
        size,
        tag: announced.tag(),
        media_type: serve::media_type(work),
        arriving: Some(Arriving(state)),
    })
}

/// Waits until the size of a file is known.
async fn first_word(state: &mut watch::Receiver<State>) -> Result<u64, Failure> {
    loop {
        match &*state.borrow_and_update() {
            State::Asked => {}
            State::Arriving { size, .. } | State::Whole { size } => return Ok(*size),
            State::Failed(failure) => return Err(failure.clone()),
        }
        if state.changed().await.is_err() {
            return Err(Failure::Away);
        }
    }
}

/// The file as it is in the cache, if it is there whole and still the one announced.
async fn kept(app: &App, work: &Work, announced: &Announced) -> Result<Option<Sound>, Refusal> {
    let (id, now_us) = (work.id.clone(), app.clock.now_us());
    let cached = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::cached(conn, &id)?))
        .await?;
    let Some((digest, cached)) = cached.and_then(|cached| Some((cached.digest?, cached))) else {
        return Ok(None);
    };
    let path = media::path(&folder(&app.config.media), &digest);
    let is_the_one = announced.digest.is_none_or(|wanted| wanted == digest);
    let file = match File::open(&path).await {
        Ok(file) if is_the_one && file.metadata().await.is_ok_and(|m| m.len() == cached.size) => {
            file
        }
        _ => {
            let (node, id) = (app.clone(), work.id.clone());
            app.db.write(move |conn| forget(conn, &node, &id)).await?;
            return Ok(None);
        }
    };
    if now_us - cached.used_us >= MINUTE_US {
        let id = work.id.clone();
        app.db
            .write(move |conn| Ok::<_, Refusal>(store::use_cached(conn, &id, now_us)?))
            .await?;
    }
    Ok(Some(Sound {
        file,
        size: cached.size,
        tag: Some(format!("\"{}\"", digest.hex())),
        media_type: serve::media_type(work),
        arriving: None,
    }))
}

/// Forgets what is cached of a work, its bytes too, and stops fetching it: whoever reads it while
/// it arrives hears nothing more. In the caller's transaction; should that be undone, the work is
/// only fetched again.
pub fn forget(conn: &mut Conn, node: &Node, work: &WorkId) -> Result<(), Refusal> {
    node.cache.stop(work);
    let Some(cached) = store::cached(conn, work)? else {
        return Ok(());
    };
    store::forget_cached(conn, work)?;
    remove(conn, &node.config.media, &cached)
}

/// Removes the bytes of what was forgotten, unless they are another work's too.
fn remove(conn: &mut Conn, media: &Path, forgotten: &Cached) -> Result<(), Refusal> {
    let path = match &forgotten.digest {
        None => part(media, &forgotten.work),
        Some(digest) if store::is_cached(conn, digest)? => return Ok(()),
        Some(digest) => media::path(&folder(media), digest),
    };
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Refusal::broken(format!("{}: {error}", path.display())))
        }
        _ => Ok(()),
    }
}

impl MediaCache {
    fn coming(&self) -> MutexGuard<'_, BTreeMap<WorkId, Coming>> {
        self.coming.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Joins those who wait for this file; the first of them has it fetched.
    fn join(&self, app: &App, announced: &Announced) -> Result<watch::Receiver<State>, Failure> {
        if self.is_shunned(&announced.work, app.clock.now_us()) {
            return Err(Failure::OtherBytes);
        }
        let mut coming = self.coming();
        coming.retain(|_, one| !one.is_over());
        if let Some(one) = coming.get(&announced.work) {
            if one.digest == announced.digest {
                return Ok(one.state.clone());
            }
            // Its document has changed since: what arrives is the old file.
            one.task.abort();
        }
        if coming.len() >= IN_ALL {
            return Err(Failure::Busy);
        }
        let (say, state) = watch::channel(State::Asked);
        let task = tokio::spawn(arrive::run(app.clone(), announced.clone(), say));
        let one = Coming {
            state: state.clone(),
            digest: announced.digest,
            task: task.abort_handle(),
        };
        coming.insert(announced.work.clone(), one);
        Ok(state)
    }

    /// The works whose files are arriving.
    fn arriving(&self) -> BTreeSet<WorkId> {
        let coming = self.coming();
        let at_work = coming.iter().filter(|(_, one)| !one.is_over());
        at_work.map(|(work, _)| work.clone()).collect()
    }

    fn stop(&self, work: &WorkId) {
        if let Some(one) = self.coming().remove(work) {
            one.task.abort();
        }
    }

    fn stop_all(&self) {
        for (_, one) in std::mem::take(&mut *self.coming()) {
            one.task.abort();
        }
    }

    /// The turns at fetching from an origin.
    fn slots(&self, origin: &str) -> Arc<Semaphore> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.retain(|_, one| Arc::strong_count(one) > 1);
        let new = || Arc::new(Semaphore::new(AT_ONCE));
        slots.entry(origin.to_owned()).or_insert_with(new).clone()
    }

    fn shun(&self, work: &WorkId, now_us: i64) {
        let mut shunned = self.shunned.lock().unwrap_or_else(PoisonError::into_inner);
        shunned.retain(|_, until_us| *until_us > now_us);
        shunned.insert(work.clone(), now_us.saturating_add(SHUN_US));
    }

    fn is_shunned(&self, work: &WorkId, now_us: i64) -> bool {
        let shunned = self.shunned.lock().unwrap_or_else(PoisonError::into_inner);
        shunned.get(work).is_some_and(|until_us| *until_us > now_us)
    }
}

/// The errand: brings files and notes together, and stops fetching when the node stops.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Cache, app.clock.now_us());
        let node = app.clone();
        match tokio::task::spawn_blocking(move || sweep(&node)).await {
            Ok(Ok(bytes)) => {
                tracing::info!(bytes, of = app.config.media_cache_bytes, "media cache")
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the media cache cannot be swept");
                app.errands
                    .failed(Errand::Cache, app.clock.now_us(), &error);
            }
            Err(_) => {}
        }
        if errands::rest(&app, Errand::Cache, SWEEP, &mut left).await == Rest::Left {
            break;
        }
    }
    app.cache.stop_all();
}

/// Forgets what cannot be played any more or exceeds the size that `node.toml` gives, and removes
/// every file that no note speaks of: what a fall of the node left. Returns the bytes that stay.
/// Blocks.
pub fn sweep(node: &Node) -> Result<u64, Refusal> {
    let media = &node.config.media;
    let arriving = node.cache.arriving();
    node.db.write_now(|conn| {
        for one in store::all_cached(conn)? {
            let offered = store::work(conn, &one.work)?.is_some_and(|work| work.is_offered());
            let path = match &one.digest {
                Some(digest) => media::path(&folder(media), digest),
                None => part(media, &one.work),
            };
            let stays = arriving.contains(&one.work) || (offered && path.exists());
            if !stays {
                forget(conn, node, &one.work)?;
            }
        }
        let cap = node.config.media_cache_bytes;
        for one in store::make_room(conn, 0, cap, &arriving)?.unwrap_or_default() {
            remove(conn, media, &one)?;
        }
        let mut known = BTreeSet::new();
        for one in store::all_cached(conn)? {
            known.insert(match &one.digest {
                Some(digest) => media::path(&folder(media), digest),
                None => part(media, &one.work),
            });
        }
        known.extend(arriving.iter().map(|work| part(media, work)));
        remove_others(&folder(media), &known).map_err(Refusal::broken)?;
        Ok(usage(conn)?.0)
    })
}

/// Removes the files below a folder that are not among the known ones.
fn remove_others(folder: &Path, known: &BTreeSet<PathBuf>) -> io::Result<()> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(&path, known)?;
        } else if !known.contains(&path) {
            std::fs::remove_file(&path)?;
        }
    }
    Ok(())
}
