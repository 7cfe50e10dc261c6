//! Listening: plays, the posts that hand them in, and what counts of them.
//!
//! A **play** is one time somebody listened to a work: when it started, how many seconds it lasted.
//! The web player reports a play while it goes on; a **listening post**, a device with a key of its
//! own, hands in what was played while it was offline. A play counts in the month in which it
//! started or, when that was closed before the play came, in the first open month after it.
//! What counts as a use is decided when the month is closed.

pub mod store;

use std::collections::BTreeSet;

use settlement::Period;

/// The first month that is not closed, from `month` on.
pub fn first_open(closed: &BTreeSet<Period>, month: Period) -> Period {
    std::iter::successors(Some(month), Period::next)
        .find(|month| !closed.contains(month))
        .unwrap_or(month)
}
