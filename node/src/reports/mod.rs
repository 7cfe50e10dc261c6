//! Reports: a month is closed, counted, signed and offered to the coordinator; later the
//! settlement made of it is fetched, **recomputed** and countersigned.
//!
//! A month goes `Open → Closed → Reported → Settled`. It is closed once, in one transaction, by
//! [`close`]: from then on plays handed in late count in the first open month. [`send`] offers the
//! report, and [`remind`] offers it again until the coordinator's signed receipt is in.
//! [`recompute`] makes the settlement again from the reductions of all nodes, and says so to the
//! coordinator, or objects and says why.

mod close;
mod doors;
pub mod inbox;
pub mod recompute;
pub mod remind;
mod send;
pub mod store;

use std::collections::BTreeSet;
use std::sync::{MutexGuard, PoisonError};

use settlement::Period;
use tokio::sync::Mutex;

pub use close::{Closed, close};
pub use doors::routes;
pub(crate) use doors::send_file;
pub use send::{Status, send, status};
pub use store::set_period_state;

use crate::Node;
use crate::calendar::Calendar;

/// Where a month stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PeriodState {
    /// Plays may still come in.
    Open,
    /// Counted, signed, not yet taken by the coordinator.
    Closed,
    /// The coordinator's signed receipt is in.
    Reported,
    /// A settlement was recomputed here and countersigned.
    Settled,
}

impl PeriodState {
    /// As the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            PeriodState::Open => "open",
            PeriodState::Closed => "closed",
            PeriodState::Reported => "reported",
            PeriodState::Settled => "settled",
        }
    }

    /// Reads what [`PeriodState::as_str`] wrote; anything else is an open month.
    pub fn parse(text: &str) -> Self {
        match text {
            "closed" => PeriodState::Closed,
            "reported" => PeriodState::Reported,
            "settled" => PeriodState::Settled,
            _ => PeriodState::Open,
        }
    }
}

/// Errands that are done one at a time, whoever asks for them.
#[derive(Debug, Default)]
pub struct Turns {
    /// Finding an offered report's place in the archive, and answering it.
    pub arrivals: Mutex<()>,
    /// The nodes whose reports are being looked at.
    looked_at: std::sync::Mutex<BTreeSet<String>>,
    /// Recomputing settlements.
    pub recomputing: Mutex<()>,
}

impl Turns {
    /// The nodes whose reports are being looked at.
    pub(crate) fn looked_at(&self) -> MutexGuard<'_, BTreeSet<String>> {
        self.looked_at
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// The first instant of a month and the first instant after it, in microseconds UTC, as the
/// node's time zone has them.
pub fn bounds(node: &Node, period: Period) -> (i64, i64) {
    let calendar = Calendar::of(&node.config);
    (calendar.begins_us(period), calendar.ends_us(period))
}
