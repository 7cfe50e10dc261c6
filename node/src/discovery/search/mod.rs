//! Search: an answer at every letter, over works, artists, releases, labels and selections.
//!
//! It is answered from an index of our own ([`segment`], [`ask`]), the same over both databases. The
//! index is derived: everything in it can be read from the database again, and what is shown is
//! read from there, so that nothing withdrawn or hidden is ever shown, however old the index.
//!
//! - What changes is noted by the database itself, in the transaction that changes it (triggers
//!   that write to `search_changes`), whichever room or process did it.
//! - [`Search::catch_up`] brings the index up to date: a few changes at once, before a question is
//!   answered; many by an errand ([`run`]).
//! - The index is kept in `search/index` in the node's folder ([`kept`]) with the number of the
//!   last change in it. Whoever deletes that folder gets it built anew; a large catalogue by the
//!   errand, and meanwhile questions are answered with nothing and a word that says why.
//!
//! What people search for is written down nowhere.

pub mod api;
pub mod ask;
pub mod kept;
mod near;
pub mod pages;
pub mod segment;
pub mod shown;
pub mod store;
pub mod words;

use std::collections::{BTreeSet, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, TryLockError};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use tokio::sync::watch;

use crate::db::{Conn, DbError};
use crate::errands::{self, Errand, Rest};
use crate::web::{App, Refusal};
use ask::{Found, Place, Question};
use segment::{Builder, Entry, SEGMENT_LIMIT, Segment};

/// The doors of search that answer programs.
pub fn routes() -> Router<App> {
    Router::new().route("/api/search", get(api::search))
}

/// How many changes are taken in at once.
const BATCH: i64 = 4_000;
/// How many changes are taken in before a question is answered; more wait for the errand.
const AT_ONCE: i64 = 1_000;
/// Segments smaller than this are put together while somebody waits for an answer.
const SMALL: usize = 20_000;
/// With so many works or fewer, whoever asks first builds the index where there is none: that takes a
/// second. With more, the errand does, and nobody waits for it.
const LITTLE: i64 = 20_000;
/// With so many things outside of the first segment, or an eighth of it, all are put together and
/// kept.
const LOOSE: usize = 10_000;

/// How dear something is to people, 0 to 255: what decides between answers whose words fit as well.
///
/// `selections` is how many standing selections name it. Each doubling counts the same, so that
/// what many already put forward does not bury what one venue found. The community's votes have
/// no room yet; when they do, they come in here, and nothing else of search changes.
pub fn esteem(selections: u64) -> u8 {
    let doublings = u64::BITS - selections.leading_zeros();
    u8::try_from(doublings.saturating_mul(24)).unwrap_or(u8::MAX)
}

/// A segment, and what is gone from it since it was built.
#[derive(Clone)]
pub struct Part {
    /// The segment.
    pub segment: Arc<Segment>,
    gone: Arc<Vec<u64>>,
    gone_count: usize,
}

impl Part {
    fn of(segment: Segment) -> Self {
        Part {
            gone: Arc::new(vec![0; segment.len().div_ceil(64)]),
            gone_count: 0,
            segment: Arc::new(segment),
        }
    }

    /// Whether a thing is gone from it, or followed by a later one.
    fn is_gone(&self, at: usize) -> bool {
        self.gone[at / 64] >> (at % 64) & 1 == 1
    }

    fn standing(&self) -> usize {
        self.segment.len() - self.gone_count
    }

    /// Without the things of these URIs.
    fn without(&mut self, ids: &BTreeSet<String>) {
        for at in ids.iter().filter_map(|id| self.segment.find(id)) {
            if !self.is_gone(at) {
                Arc::make_mut(&mut self.gone)[at / 64] |= 1 << (at % 64);
                self.gone_count += 1;
            }
        }
    }
}

/// The index as it is at one moment.
#[derive(Clone, Default)]
pub struct Snapshot {
    /// Its parts, the largest first. A thing stands in one of them.
    pub parts: Vec<Part>,
    /// The last change that is in it.
    pub until: i64,
    /// Whether it stands for an index that is being built, and holds nothing yet.
    pub preparing: bool,
    answers: Answers,
}

/// Answers that took going through much of the index, the last one first: to a first letter, to
/// nothing typed at all. Everybody asks these, so they point at nobody, and they are the same until
/// the index changes; a copy that is made to be changed begins without them.
#[derive(Default)]
struct Answers(Mutex<VecDeque<(Place, Question, Found)>>);

impl Clone for Answers {
    fn clone(&self) -> Self {
        Answers::default()
    }
}

impl Answers {
    /// How many are kept; each holds what one page shows.
    const LIMIT: usize = 128;
    /// How many things an answer found that is worth keeping.
    const WIDE: usize = 5_000;

    fn to(&self, place: &Place, question: &Question) -> Option<Found> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |(at, asked, _): &(Place, Question, _)| asked == question && at == place;
        let place = kept.iter().position(same)?;
        let answer = kept.remove(place)?;
        let found = answer.2.clone();
        kept.push_front(answer);
        Some(found)
    }

    fn keep(&self, place: &Place, question: &Question, found: &Found) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.truncate(Answers::LIMIT - 1);
        kept.push_front((place.clone(), question.clone(), found.clone()));
    }
}

impl Snapshot {
    /// How many things can be found.
    pub fn len(&self) -> usize {
        self.parts.iter().map(Part::standing).sum()
    }

    /// Whether nothing can be found.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.parts.iter().map(|part| part.segment.bytes()).sum()
    }

    /// What answers the question, as far as the index knows.
    pub fn ask(&self, place: &Place, question: &Question) -> Found {
        if let Some(found) = self.answers.to(place, question) {
            return found;
        }
        let found = ask::ask(self, place, question);
        if found.total() >= Answers::WIDE {
            self.answers.keep(place, question, &found);
        }
        found
    }

    /// Puts the parts from `first` on together.
    fn put_together(&mut self, first: usize) {
        let mut builder = Builder::default();
        for part in self.parts.drain(first..) {
            builder.take(&part.segment, |at| part.is_gone(at));
        }
        self.parts.push(Part::of(builder.finish()));
    }

    /// Puts small parts together, so that their number grows with the logarithm of what they hold.
    fn tidy(&mut self, limit: usize) {
        while let [.., before, last] = self.parts.as_slice()
            && self.parts.len() > 2
            && before.standing() < 3 * last.standing().max(64)
            && before.standing() + last.standing() < limit
        {
            self.put_together(self.parts.len() - 2);
        }
        self.parts.retain(|part| part.standing() > 0);
    }

    fn is_loose(&self) -> bool {
        let Some((first, others)) = self.parts.split_first() else {
            return false;
        };
        let loose = first.gone_count + others.iter().map(Part::standing).sum::<usize>();
        loose > LOOSE.max(first.segment.len() / 8)
    }
}

/// The index of a node.
pub struct Search {
    /// With so many works or fewer, whoever asks first builds the index where there is none.
    pub little: i64,
    folder: PathBuf,
    /// None until it was read or built.
    current: RwLock<Option<Arc<Snapshot>>>,
    /// Held by whoever brings it up to date.
    turn: Mutex<()>,
}

impl Search {
    /// The index kept in the folder of a node; nothing is read yet.
    pub fn in_folder(dir: &Path) -> Self {
        Search {
            little: LITTLE,
            folder: dir.join("search"),
            current: RwLock::new(None),
            turn: Mutex::new(()),
        }
    }

    /// The index as it is. None before it was first brought up to date.
    pub fn current(&self) -> Option<Arc<Snapshot>> {
        self.current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    fn publish(&self, snapshot: Snapshot) -> Arc<Snapshot> {
        let snapshot = Arc::new(snapshot);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        *current = Some(snapshot.clone());
        snapshot
    }

    /// The index, with what changed lately taken in. Somebody waits for an answer: when much
    /// changed, it is answered from what there is. Where there is nothing yet, a little catalogue
    /// is read at once; a large one is being prepared ([`Snapshot::preparing`]).
    ///
    /// # Errors
    /// When the database breaks.
    pub fn up_to_date(&self, conn: &mut Conn) -> Result<Arc<Snapshot>, DbError> {
        let newest = store::newest_change(conn)?;
        let current = self.current();
        let turn = match &current {
            Some(snapshot) if newest == snapshot.until => return Ok(snapshot.clone()),
            Some(_) => match self.turn.try_lock() {
                Ok(turn) => Some(turn),
                Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) => None,
            },
            None if self.is_soon_there(conn)? => Some(self.my_turn()),
            None => None,
        };
        // Whoever had the turn may have done it.
        let snapshot = match (self.current(), &turn) {
            (Some(snapshot), _) => snapshot,
            (None, Some(_)) => match self.kept(conn)? {
                Some(kept) => self.publish(kept),
                None if store::has_more_works(conn, self.little)? => return Ok(being_prepared()),
                None => self.publish(build(conn)?),
            },
            (None, None) => return Ok(being_prepared()),
        };
        if newest - snapshot.until > AT_ONCE {
            return Ok(snapshot);
        }
        let mut next = Snapshot::clone(&snapshot);
        while next.until < newest && take_in(conn, &mut next, SMALL)? {}
        // While somebody else has the turn, what is newer is for this answer alone.
        Ok(match turn {
            Some(_) => self.publish(next),
            None => Arc::new(next),
        })
    }

    /// Takes in everything that changed, puts the index together and keeps it when it has grown.
    ///
    /// # Errors
    /// When the database breaks, or the index cannot be kept.
    pub fn catch_up(&self, conn: &mut Conn) -> Result<Arc<Snapshot>, Refusal> {
        let turn = self.my_turn();
        let mut next = match self.current() {
            Some(snapshot) => Snapshot::clone(&snapshot),
            None => {
                let begun = match self.kept(conn)? {
                    Some(kept) => kept,
                    None => build(conn)?,
                };
                Snapshot::clone(&*self.publish(begun))
            }
        };
        let waiting = store::newest_change(conn)? - next.until;
        if waiting > i64::try_from(next.len()).unwrap_or(i64::MAX) + BATCH {
            // Reading all of it in order is faster than reading so much of it piece by piece.
            next = build(conn)?;
            self.publish(next.clone());
        }
        while take_in(conn, &mut next, SEGMENT_LIMIT)? {
            self.publish(next.clone());
        }
        let is_unkept = !next.is_empty() && !self.folder.join(kept::NAME).exists();
        if next.is_loose() || is_unkept {
            next.put_together(0);
            kept::keep(&self.folder, &store::epoch(conn)?, &next).map_err(Refusal::broken)?;
        }
        let next = self.publish(next);
        drop(turn);
        Ok(next)
    }

    /// Whether the first index is a matter of a second: kept, or of a little catalogue.
    fn is_soon_there(&self, conn: &mut Conn) -> Result<bool, DbError> {
        let is_kept = kept::when(&self.folder).is_some();
        Ok(is_kept || !store::has_more_works(conn, self.little)?)
    }

    /// The kept index, where there is one that fits this database. One that does not is removed.
    fn kept(&self, conn: &mut Conn) -> Result<Option<Snapshot>, DbError> {
        let newest = store::newest_change(conn)?;
        match kept::read(&self.folder, &store::epoch(conn)?) {
            Ok(Some(snapshot)) if snapshot.until <= newest => return Ok(Some(snapshot)),
            Ok(Some(_)) => tracing::info!("the search index is younger than the database"),
            Ok(None) => {}
            Err(error) => tracing::warn!(%error, "the search index cannot be read"),
        }
        kept::remove(&self.folder);
        Ok(None)
    }

    fn my_turn(&self) -> MutexGuard<'_, ()> {
        self.turn.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn being_prepared() -> Arc<Snapshot> {
    Arc::new(Snapshot {
        preparing: true,
        ..Snapshot::default()
    })
}

/// Builds an index of everything in the database.
///
/// # Errors
/// When the database breaks.
pub fn build(conn: &mut Conn) -> diesel::QueryResult<Snapshot> {
    // Before anything is read: what changes meanwhile is taken in again.
    let until = store::newest_change(conn)?;
    let mut parts = Vec::new();
    let mut builder = Builder::default();
    store::everything(conn, |entry| {
        if builder.is_full() {
            parts.push(Part::of(std::mem::take(&mut builder).finish()));
        }
        builder.add(&entry);
    })?;
    parts.push(Part::of(builder.finish()));
    Ok(Snapshot {
        parts,
        until,
        preparing: false,
        answers: Answers::default(),
    })
}

/// Takes in some of what changed; whether there was anything.
fn take_in(conn: &mut Conn, snapshot: &mut Snapshot, limit: usize) -> diesel::QueryResult<bool> {
    let changes = store::changes_after(conn, snapshot.until, BATCH)?;
    let Some(last) = changes.last() else {
        return Ok(false);
    };
    let until = last.seq;
    let touched = store::touched(conn, changes)?;
    let entries: Vec<Entry> = store::entries(conn, &touched)?;
    let ids = touched.ids();
    for part in &mut snapshot.parts {
        part.without(&ids);
    }
    let mut builder = Builder::default();
    for entry in &entries {
        builder.add(entry);
    }
    if !builder.is_empty() {
        snapshot.parts.push(Part::of(builder.finish()));
    }
    snapshot.tidy(limit);
    snapshot.until = until;
    Ok(true)
}

/// Keeps the index up to date, until `left` says that the house is being left.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Search, app.clock.now_us());
        let node = app.clone();
        let done = app.db.read(move |conn| node.search.catch_up_if_due(conn));
        match done.await {
            Ok(Some(until)) => {
                let forgotten = app
                    .db
                    .write(move |conn| Ok::<_, Refusal>(store::forget_changes(conn, until)?));
                if let Err(error) = forgotten.await {
                    tracing::error!(%error, "changes that are in the search index stay noted");
                    app.errands
                        .failed(Errand::Search, app.clock.now_us(), &error);
                }
            }
            Ok(None) => {}
            Err(error) => {
                tracing::error!(%error, "the search index cannot be brought up to date");
                app.errands
                    .failed(Errand::Search, app.clock.now_us(), &error);
            }
        }
        if errands::rest(&app, Errand::Search, Duration::from_secs(1), &mut left).await
            == Rest::Left
        {
            return;
        }
    }
}

impl Search {
    /// Catches up when something changed; then up to which change the kept index holds all, when
    /// it was kept anew.
    fn catch_up_if_due(&self, conn: &mut Conn) -> Result<Option<i64>, Refusal> {
        let newest = store::newest_change(conn)?;
        if self
            .current()
            .is_some_and(|snapshot| snapshot.until == newest && !snapshot.is_loose())
        {
            return Ok(None);
        }
        let before = kept::when(&self.folder);
        self.catch_up(conn)?;
        let after = kept::when(&self.folder);
        Ok(after.filter(|_| after != before))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_kept_for_its_question_and_place_until_the_index_changes() {
        let here = Place::default();
        let elsewhere = Place {
            territory: "BE".into(),
            ..Place::default()
        };
        let asked = |words: &str| Question {
            words: words.into(),
            ..Question::default()
        };
        let found = Found {
            preparing: true,
            ..Found::default()
        };
        let snapshot = Snapshot::default();
        snapshot.answers.keep(&here, &asked("a"), &found);
        assert_eq!(snapshot.ask(&here, &asked("a")), found);
        assert_ne!(snapshot.ask(&elsewhere, &asked("a")), found);
        assert_ne!(snapshot.ask(&here, &asked("b")), found);
        // Whoever takes a change in begins with a copy.
        let copy = snapshot.clone();
        assert_ne!(copy.ask(&here, &asked("a")), found);

        for number in 1..Answers::LIMIT {
            let question = asked(&number.to_string());
            snapshot.answers.keep(&here, &question, &found);
        }
        assert_eq!(snapshot.ask(&here, &asked("a")), found);
        snapshot.answers.keep(&here, &asked("z"), &found);
        assert_ne!(snapshot.ask(&here, &asked("1")), found);
        assert_eq!(snapshot.ask(&here, &asked("a")), found);
    }
}
