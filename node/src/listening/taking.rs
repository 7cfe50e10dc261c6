//! Taking plays in: what cannot have been played is refused with its reason, what is here already
//! is known, and everything else is kept for good.

use std::collections::BTreeSet;

use federation::digest::Sha256Digest;
use serde_json::Value;
use settlement::{Period, Uri, WorkId};

use super::first_open;
use super::posts::{SignedPost, listens_through};
use super::store::{self, Player};
use crate::Node;
use crate::calendar::Calendar;
use crate::db::Conn;
use crate::members::{self, SignedIn};
use crate::web::Refusal;
use crate::words::Say;

/// The longest a play lasts, in seconds.
pub const LONGEST: u32 = 24 * 3600;
/// By how many seconds a play may be longer than the work: players round up.
const ROUNDING: u64 = 5;
/// How far clocks may be apart, in microseconds.
const CLOCKS_US: i64 = 120 * 1_000_000;
/// The longest id a play may have, in characters.
const ID_LIMIT: usize = 100;

/// A play as it is handed in, checked as far as it can be by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPlay {
    /// Made by who plays; letters, digits, `-`, `_`, `.`.
    pub id: String,
    /// What was played.
    pub work: WorkId,
    /// When it started, in microseconds since 1970 UTC.
    pub started_us: i64,
    /// How long it lasted.
    pub seconds: u32,
    /// The selection it was played from.
    pub selection: Option<Uri>,
}

impl NewPlay {
    /// Reads `{id, work, started, seconds, selection?}`.
    ///
    /// # Errors
    /// The sentence that says what is wrong.
    pub fn read(value: &Value) -> Result<Self, Say> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        let id = text("id")
            .filter(|id| (1..=ID_LIMIT).contains(&id.len()) && id.chars().all(is_plain))
            .ok_or_else(|| Say::new("listening-play-id").with("limit", ID_LIMIT))?;
        let work = text("work")
            .and_then(|work| WorkId::parse(work).ok())
            .ok_or_else(|| Say::new("listening-play-work"))?;
        let started = text("started")
            .filter(|started| started.len() <= 64)
            .and_then(|started| started.parse::<jiff::Timestamp>().ok())
            .ok_or_else(|| Say::new("listening-play-started"))?;
        let seconds = value
            .get("seconds")
            .and_then(Value::as_u64)
            .and_then(|seconds| u32::try_from(seconds).ok())
            .filter(|seconds| *seconds <= LONGEST)
            .ok_or_else(|| Say::new("listening-play-seconds"))?;
        let selection = match value.get("selection") {
            None | Some(Value::Null) => None,
            Some(selection) => Some(
                selection
                    .as_str()
                    .and_then(|selection| Uri::parse(selection).ok())
                    .ok_or_else(|| Say::new("listening-play-selection"))?,
            ),
        };
        Ok(NewPlay {
            id: id.to_owned(),
            work,
            started_us: started.as_microsecond(),
            seconds,
            selection,
        })
    }

    /// Why this cannot have been played, if it cannot: `since_us` is when the player came,
    /// `duration_ms` the length of the work (`None`: nobody knows the work).
    fn why_not(&self, duration_ms: Option<i64>, since_us: i64, now_us: i64) -> Option<Say> {
        let Some(duration_ms) = duration_ms else {
            return Some(Say::new("listening-play-unknown-work"));
        };
        let ends_us = self
            .started_us
            .saturating_add(i64::from(self.seconds) * 1_000_000);
        if ends_us > now_us + CLOCKS_US {
            return Some(Say::new("listening-play-future"));
        }
        if self.started_us < since_us - CLOCKS_US {
            return Some(Say::new("listening-play-before"));
        }
        let whole = store::whole_seconds(duration_ms)?;
        // Rounded up, and a little: the last part of a second counts as one.
        if u64::from(self.seconds) > whole + 1 + ROUNDING {
            return Some(Say::new("listening-play-longer").with("whole", whole + 1));
        }
        None
    }
}

/// What became of plays that were handed in.
#[derive(Debug, Default)]
pub struct HandedIn {
    /// How many were taken.
    pub taken: u32,
    /// How many were here already.
    pub known: u32,
    /// Which were refused, and why: the id as it was sent.
    pub refused: Vec<(Value, Say)>,
}

/// Takes what a post hands in, in the caller's transaction. Handing the same in again changes
/// nothing.
pub fn hand_in(
    conn: &mut Conn,
    node: &Node,
    post: &SignedPost,
    plays: &[Value],
) -> Result<HandedIn, Refusal> {
    let mut answer = HandedIn::default();
    let mut readable = Vec::new();
    for value in plays {
        match NewPlay::read(value) {
            Ok(play) => readable.push(play),
            Err(why) => {
                let id = value.get("id").cloned().unwrap_or_default();
                answer.refused.push((short(id), why));
            }
        }
    }
    let uuid = post.id.rsplit('/').next().unwrap_or(&post.id);
    let keys: Vec<String> = readable
        .iter()
        .map(|play| format!("{uuid}/{}", play.id))
        .collect();
    let mut known = store::known_plays(conn, &keys)?;
    let works: BTreeSet<&str> = readable.iter().map(|play| play.work.as_str()).collect();
    let lengths = store::work_lengths(conn, &Vec::from_iter(works))?;
    let closed = store::closed_months(conn)?;
    let calendar = Calendar::of(&node.config);
    let now_us = node.clock.now_us();
    let player = Player {
        member: &post.member_id,
        venue: &post.venue,
        post: Some(&post.id),
    };
    for (play, key) in readable.iter().zip(keys) {
        if known.contains(&key) {
            answer.known += 1;
            continue;
        }
        let length = lengths.get(play.work.as_str()).copied();
        if let Some(why) = play.why_not(length, post.enrolled_us, now_us) {
            answer.refused.push((play.id.clone().into(), why));
            continue;
        }
        let period = month_for(&closed, &calendar, play);
        store::add_play(conn, &key, player, play, now_us, period)?;
        known.insert(key);
        answer.taken += 1;
    }
    Ok(answer)
}

/// What is echoed of an id that is none.
fn short(id: Value) -> Value {
    match id {
        Value::String(text) => text.chars().take(ID_LIMIT).collect::<String>().into(),
        Value::Number(_) => id,
        _ => Value::Null,
    }
}

fn month_for(closed: &BTreeSet<Period>, calendar: &Calendar, play: &NewPlay) -> Period {
    first_open(closed, calendar.month(play.started_us))
}

/// Takes a play that the web player reports, at its start and again as it goes on; in the caller's
/// transaction. Its seconds only grow, and only while its month is open. Answers how many stand.
///
/// # Errors
/// [`Refusal::Forbidden`] when the member belongs to no venue; [`Refusal::Invalid`] on `play` for
/// what cannot have been played; [`Refusal::Conflict`] for another play under a known id.
pub fn report(
    conn: &mut Conn,
    node: &Node,
    member: &SignedIn,
    play: &NewPlay,
) -> Result<u32, Refusal> {
    let now_us = node.clock.now_us();
    // Under the member's own id: nobody reaches the plays of somebody else.
    let key = format!("{}/{}", member.id, play.id);
    let lengths = store::work_lengths(conn, &[play.work.as_str()])?;
    let length = lengths.get(play.work.as_str()).copied();
    let unfit = |why| Err(Refusal::field("play", why));
    let closed = store::closed_months(conn)?;
    if let Some(taken) = store::play(conn, &key)? {
        if (taken.work.as_str(), taken.started_us) != (play.work.as_str(), play.started_us) {
            return Err(Refusal::Conflict(Say::new("listening-play-other")));
        }
        if closed.contains(&taken.period) || i64::from(play.seconds) <= taken.seconds {
            return Ok(u32::try_from(taken.seconds).unwrap_or(LONGEST));
        }
        if let Some(why) = play.why_not(length, i64::MIN / 2, now_us) {
            return unfit(why);
        }
        store::lengthen(conn, &key, play.seconds)?;
        return Ok(play.seconds);
    }
    let venue = listens_through(member)?;
    let since_us = members::store::member_since(conn, &member.id, venue)?.unwrap_or(now_us);
    if let Some(why) = play.why_not(length, since_us, now_us) {
        return unfit(why);
    }
    let player = Player {
        member: &member.id,
        venue,
        post: None,
    };
    let period = month_for(&closed, &Calendar::of(&node.config), play);
    store::add_play(conn, &key, player, play, now_us, period)?;
    Ok(play.seconds)
}

/// Notes that a member was handed a game or a book, in the caller's transaction: one use of it that
/// day, however often it is opened.
///
/// # Errors
/// As [`report`].
pub fn hand_over(
    conn: &mut Conn,
    node: &Node,
    member: &SignedIn,
    work: &WorkId,
) -> Result<(), Refusal> {
    let now_us = node.clock.now_us();
    let day = Calendar::of(&node.config).day(now_us);
    let digest = Sha256Digest::of(work.as_str().as_bytes()).hex();
    let play = NewPlay {
        id: format!("handed-{day}-{digest}"),
        work: work.clone(),
        started_us: now_us,
        seconds: 0,
        selection: None,
    };
    if store::play(conn, &format!("{}/{}", member.id, play.id))?.is_some() {
        return Ok(());
    }
    report(conn, node, member, &play)?;
    Ok(())
}
