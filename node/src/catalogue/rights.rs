//! Rights: what may be played in this node's territory now. Outside its windows a work is not
//! offered: not found, not played, here or by a peer; its page says since when or until when.
//!
//! The windows come with the work ([`Availability`]); whether they are open here just now is kept
//! beside them, so that every list leaves closed works out by itself, and an errand turns it when a
//! window opens or ends.

use std::time::Duration;

use federation::availability::Availability;
use settlement::Territory;
use tokio::sync::watch;

use super::{Work, store};
use crate::Node;
use crate::errands::{self, Errand, Rest};
use crate::web::{App, Refusal};

/// How often windows that open or end are looked for.
const EVERY: Duration = Duration::from_secs(30);
/// The most works turned in one transaction.
const AT_ONCE: i64 = 500;

/// Whether a work is offered here, and why.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Offer {
    /// The windows its origin holds; none: everywhere, always.
    pub rights: Option<Availability>,
    /// Whether they are closed in this node's territory just now.
    pub closed: bool,
    /// When that may change, in microseconds UTC.
    pub turns_us: Option<i64>,
}

impl Offer {
    /// What these rights mean in a territory now.
    pub fn of(rights: Option<Availability>, territory: Territory, now_us: i64) -> Self {
        match rights {
            None => Offer::default(),
            Some(rights) => Offer {
                closed: !rights.is_open(territory, now_us),
                turns_us: rights.turns_us(territory, now_us),
                rights: Some(rights),
            },
        }
    }

    /// Whether the work may be played in a territory at a moment.
    pub fn is_open(&self, territory: Territory, at_us: i64) -> bool {
        let rights = self.rights.as_ref();
        rights.is_none_or(|rights| rights.is_open(territory, at_us))
    }
}

impl Work {
    /// Whether it may be offered and played in a territory at a moment.
    pub fn is_open(&self, territory: Territory, at_us: i64) -> bool {
        self.withdrawn_us.is_none() && self.offer.is_open(territory, at_us)
    }
}

/// Turns every work whose windows opened or ended since it was last looked at; how many.
///
/// # Errors
/// When the database breaks.
pub fn turn(node: &Node) -> Result<usize, Refusal> {
    let mut turned = 0;
    loop {
        let some = node.db.write_now(|conn| {
            let now = node.clock.now_us();
            let works = store::works_turning(conn, now, AT_ONCE)?;
            for work in &works {
                let rights = work.offer.rights.clone();
                let offer = Offer::of(rights, node.config.territory, now);
                store::set_offer(conn, &work.id, &offer)?;
            }
            Ok::<_, Refusal>(works.len())
        })?;
        turned += some;
        if some < usize::try_from(AT_ONCE).unwrap_or(usize::MAX) {
            return Ok(turned);
        }
    }
}

/// The errand: windows open and end, changes of split sheets ripen, until `left`.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Rights, app.clock.now_us());
        let node = app.clone();
        let done = tokio::task::spawn_blocking(move || {
            let turned = turn(&node)?;
            let ripened = super::changes::ripen(&node)?;
            Ok::<_, Refusal>((turned, ripened))
        });
        match done.await {
            Ok(Ok((0, 0))) | Err(_) => {}
            Ok(Ok((turned, ripened))) => {
                tracing::info!(turned, ripened, "rights turned, changes of splits ripened");
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "rights cannot be turned");
                app.errands
                    .failed(Errand::Rights, app.clock.now_us(), &error);
            }
        }
        if errands::rest(&app, Errand::Rights, EVERY, &mut left).await == Rest::Left {
            return;
        }
    }
}
