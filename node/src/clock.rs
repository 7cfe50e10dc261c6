//! Time and chance. The only place that asks the machine what time it is or rolls a die, so that
//! a test (or a demo that lives through a month in a minute) can hold both.

use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use rand::RngCore;

/// Tells the time, in whole microseconds UTC, and draws fresh ids and secrets.
#[derive(Clone, Debug)]
pub struct Clock {
    hands: Hands,
    /// Keeps ids in the order in which they were drawn, within a millisecond too.
    sequence: Arc<Mutex<uuid::ContextV7>>,
}

#[derive(Clone, Debug)]
enum Hands {
    /// The machine's clock, moved by a fixed number of microseconds (0 outside `--dev`).
    Machine { shift_us: i64 },
    /// A clock that stands still until somebody turns it.
    Held(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    pub fn machine() -> Self {
        Self::shifted(0)
    }

    /// The machine's clock, moved by `shift_us` microseconds: a node under `--dev` may live in
    /// another month than its host.
    pub fn shifted(shift_us: i64) -> Self {
        Self::with(Hands::Machine { shift_us })
    }

    /// A clock that stands still at `now_us` until [`Clock::turn_to`].
    pub fn held(now_us: i64) -> Self {
        Self::with(Hands::Held(Arc::new(AtomicI64::new(now_us))))
    }

    fn with(hands: Hands) -> Self {
        let sequence = Arc::new(Mutex::new(uuid::ContextV7::new()));
        Clock { hands, sequence }
    }

    /// Turns a held clock, and every copy of it, to `now_us`. The machine's clock does not turn.
    pub fn turn_to(&self, now_us: i64) {
        if let Hands::Held(us) = &self.hands {
            us.store(now_us, Ordering::SeqCst);
        }
    }

    /// Now, in microseconds since 1970 UTC.
    pub fn now_us(&self) -> i64 {
        match &self.hands {
            #[allow(clippy::disallowed_methods, reason = "this is the place")]
            Hands::Machine { shift_us } => {
                Timestamp::now().as_microsecond().saturating_add(*shift_us)
            }
            Hands::Held(us) => us.load(Ordering::SeqCst),
        }
    }

    /// Now, in whole seconds since 1970 UTC, as HTTP signatures write it.
    pub fn now_seconds(&self) -> i64 {
        self.now_us().div_euclid(1_000_000)
    }

    /// Now, as RFC 3339 with microseconds, as our documents write it.
    pub fn now_text(&self) -> String {
        rfc3339(self.now_us())
    }

    /// A new id (UUID version 7): ids drawn later sort later, of this clock and its copies.
    pub fn fresh_id(&self) -> String {
        let now = self.now_us().max(0).unsigned_abs();
        let seconds = now / 1_000_000;
        let nanos = u32::try_from(now % 1_000_000).unwrap_or(0) * 1_000;
        let sequence = self.sequence.lock().unwrap_or_else(PoisonError::into_inner);
        uuid::Uuid::new_v7(uuid::Timestamp::from_unix(&*sequence, seconds, nanos)).to_string()
    }

    /// Dice for shuffling and jitter.
    pub fn chance(&self) -> impl RngCore + use<> {
        rand::rngs::OsRng
    }

    /// `N` bytes nobody can guess.
    pub fn secret<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0u8; N];
        rand::rngs::OsRng.fill_bytes(&mut bytes);
        bytes
    }
}

/// An instant in microseconds UTC as RFC 3339: `2026-11-01T00:00:00.000000Z`.
pub fn rfc3339(us: i64) -> String {
    match Timestamp::from_microsecond(us) {
        Ok(at) => format!("{at:.6}"),
        Err(_) => String::from("1970-01-01T00:00:00.000000Z"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_clock_stands_still_and_its_copies_turn_with_it() {
        let clock = Clock::held(5);
        let copy = clock.clone();
        copy.turn_to(9);
        assert_eq!(clock.now_us(), 9);
    }

    #[test]
    fn ids_drawn_in_one_instant_sort_as_they_were_drawn() {
        let clock = Clock::held(1_793_491_200_000_000);
        let drawn: Vec<String> = (0..1000).map(|_| clock.clone().fresh_id()).collect();
        assert!(drawn.is_sorted_by(|a, b| a < b));
    }

    #[test]
    fn an_instant_is_written_with_its_microseconds() {
        assert_eq!(
            rfc3339(1_793_491_200_000_001),
            "2026-11-01T00:00:00.000001Z"
        );
    }
}
