//! Guessing slows down: after five wrong tries at one name or one code, each next try has to wait,
//! longer every time, up to a quarter of an hour.
//!
//! A try is counted before it is judged and forgotten when it was right, so that a thousand tries
//! sent at once are a thousand tries.

use super::{store, token_digest};
use crate::db::Conn;
use crate::web::Refusal;

/// How many wrong tries are free.
const FREE: i64 = 5;
/// The wait after the first that is not, in seconds; doubled with each that follows.
const FIRST_WAIT: i64 = 5;
/// The longest wait, in seconds.
const LONGEST_WAIT: i64 = 15 * 60;
/// After a day without a try, what was wrong is forgotten, in microseconds.
const FORGOTTEN_US: i64 = 24 * 3600 * 1_000_000;
/// How many wrong codes are judged on the whole node before each takes a minute.
const STRAYS: i64 = 60;
const MINUTE_US: i64 = 60 * 1_000_000;

/// What is guessed at. Only a digest is kept: people type passwords where a name belongs.
#[derive(Clone, Debug)]
pub struct Subject(String);

impl Subject {
    /// The password of the member of this folded name.
    pub fn name(key: &str) -> Self {
        Subject(token_digest(&format!("name:{key}")))
    }

    /// The codes that begin with this group.
    pub fn code(first_group: &str) -> Self {
        Subject(token_digest(&format!("code:{first_group}")))
    }

    /// The second step of this member.
    pub fn second(member: &str) -> Self {
        Subject(token_digest(&format!("second:{member}")))
    }

    /// All codes of the node together.
    fn every_code() -> Self {
        Subject(token_digest("codes"))
    }
}

/// Counts a try at `subject`, or refuses it with the seconds still to wait.
pub fn try_at(conn: &mut Conn, subject: &Subject, now_us: i64) -> Result<(), Refusal> {
    store::forget_guesses(conn, now_us - FORGOTTEN_US)?;
    let (wrong, last_us) = store::guesses(conn, &subject.0)?.unwrap_or((0, now_us));
    let open_us = last_us + wait_seconds(wrong) * 1_000_000;
    if open_us > now_us {
        let seconds = (open_us - now_us).div_euclid(1_000_000) + 1;
        return Err(Refusal::TooMany(seconds.unsigned_abs()));
    }
    store::count_guess(conn, &subject.0, wrong + 1, now_us)?;
    Ok(())
}

/// The try was right: the ones before it are forgotten.
pub fn was_right(conn: &mut Conn, subject: &Subject) -> Result<(), Refusal> {
    Ok(store::forget_guesses_at(conn, &subject.0)?)
}

/// How many wrong tries there were at `subject`.
pub fn wrong_at(conn: &mut Conn, subject: &Subject) -> Result<i64, Refusal> {
    Ok(store::guesses(conn, &subject.0)?.map_or(0, |(wrong, _)| wrong))
}

/// A code was wrong, whichever it was. Somebody who tries many, each with other beginnings, is
/// answered with a wait instead of a judgement, until a minute has passed for each try too many.
/// Right codes are never kept waiting by the wrong ones of others.
pub fn stray_code(conn: &mut Conn, now_us: i64) -> Result<Option<Refusal>, Refusal> {
    let subject = Subject::every_code();
    let (wrong, last_us) = store::guesses(conn, &subject.0)?.unwrap_or((0, now_us));
    let passed = (now_us - last_us).max(0) / MINUTE_US;
    let wrong = wrong.saturating_sub(passed).max(0) + 1;
    if wrong > STRAYS {
        return Ok(Some(Refusal::TooMany(60)));
    }
    // The time of the first try of this minute: what passes is counted in whole minutes.
    let at_us = if passed == 0 { last_us } else { now_us };
    store::count_guess(conn, &subject.0, wrong, at_us)?;
    Ok(None)
}

/// How long to wait after so many wrong tries.
fn wait_seconds(wrong: i64) -> i64 {
    match wrong - FREE {
        ..0 => 0,
        more @ 0..8 => LONGEST_WAIT.min(FIRST_WAIT << more),
        _ => LONGEST_WAIT,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wait_grows_and_ends_growing() {
        let waits: Vec<i64> = (0..20).map(wait_seconds).collect();
        assert_eq!(&waits[..8], [0, 0, 0, 0, 0, 5, 10, 20]);
        assert!(waits.is_sorted());
        assert_eq!(waits[19], 900);
    }
}
