//! How many there are of what may be a million. To count them is to walk past each: a third of a
//! second in a large catalogue, and half a minute when its pages lie on the disk alone. So a large
//! total is kept for a while and told again; a small one is counted each time and true to the moment.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::clock::Clock;

/// From how many on a total is kept.
const LARGE: i64 = 20_000;
/// How long it is kept, in microseconds: ten minutes.
const KEPT_US: i64 = 10 * 60 * 1_000_000;

/// The large totals that were counted lately.
#[derive(Default)]
pub struct Totals {
    /// By what is counted: the total, and when it was counted (microseconds UTC).
    kept: Mutex<HashMap<&'static str, (i64, i64)>>,
}

impl Totals {
    /// The total of `what`, counted now or, if there are many, up to ten minutes ago.
    ///
    /// # Errors
    /// What `count` says when it fails.
    pub fn of<E>(
        &self,
        what: &'static str,
        clock: &Clock,
        count: impl FnOnce() -> Result<i64, E>,
    ) -> Result<i64, E> {
        let now_us = clock.now_us();
        let kept = self.kept().get(what).copied();
        if let Some((total, counted_us)) = kept
            && now_us.abs_diff(counted_us) < KEPT_US.unsigned_abs()
        {
            return Ok(total);
        }
        let total = count()?;
        match total >= LARGE {
            true => self.kept().insert(what, (total, now_us)),
            false => self.kept().remove(what),
        };
        Ok(total)
    }

    fn kept(&self) -> std::sync::MutexGuard<'_, HashMap<&'static str, (i64, i64)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;

    #[test]
    fn a_large_total_is_told_again_for_ten_minutes_and_a_small_one_never() {
        let clock = Clock::held(1_000_000);
        let totals = Totals::default();
        let told = |count: i64| totals.of("works", &clock, || Ok::<_, Infallible>(count));
        assert_eq!(told(LARGE - 1), Ok(LARGE - 1));
        assert_eq!(told(LARGE), Ok(LARGE));
        assert_eq!(told(LARGE + 1), Ok(LARGE));
        clock.turn_to(1_000_000 + KEPT_US);
        assert_eq!(told(7), Ok(7));
        assert_eq!(told(8), Ok(8));
    }

    #[test]
    fn each_total_is_kept_for_itself_and_a_failed_count_is_not() {
        let clock = Clock::held(1_000_000);
        let totals = Totals::default();
        assert_eq!(totals.of("works", &clock, || Err("broken")), Err("broken"));
        assert_eq!(
            totals.of("works", &clock, || Ok::<_, Infallible>(LARGE)),
            Ok(LARGE)
        );
        assert_eq!(
            totals.of("releases", &clock, || Ok::<_, Infallible>(3)),
            Ok(3)
        );
    }
}
