//! Acting on what arrived: each activity once, in one transaction with the mark that it did.

use std::time::Duration;

use diesel::QueryResult;
use federation::json::{JsonLimits, parse_strict};
use federation::signature::Policy;
use federation::vocabulary::{Act, Activity};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::standing::Blocklist;
use super::store::Arrived;
use super::{Peer, deliver, follow, store};
use crate::Node;
use crate::db::Conn;
use crate::web::{App, Refusal};
use crate::words::Say;
use crate::{catalogue, coordinator, curation, reports};

/// How many activities are taken up at a time.
const BATCH: i64 = 100;
/// How often acting on one activity may break before it is left alone.
const TRIES: i64 = 20;

/// What a room made of an activity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It acted, and this is what happened, for the log.
    Done(String),
    /// It is about something else.
    NotMine,
}

/// How a room receives: in the transaction that also marks the activity as done. A refusal is
/// final, except [`Refusal::Broken`], which is tried again later.
type Receive = fn(&mut Conn, &Node, &Peer, &Activity) -> Result<Outcome, Refusal>;

/// The rooms, asked one after the other.
const ROOMS: &[Receive] = &[
    follow::receive,
    catalogue::inbox::receive,
    curation::inbox::receive,
    coordinator::inbox::receive,
    reports::inbox::receive,
];

fn act(conn: &mut Conn, node: &Node, from: &Peer, activity: &Activity) -> Result<String, Refusal> {
    for receive in ROOMS {
        if let Outcome::Done(what) = receive(conn, node, from, activity)? {
            return Ok(what);
        }
    }
    match activity.act {
        // An answer to a question nobody asked is not merely uninteresting.
        Act::Accept { .. } | Act::Reject { .. } => {
            Err(Refusal::Forbidden(Say::new("peers-answer-unasked")))
        }
        _ => Ok(format!("ignored: {}", activity.act.name())),
    }
}

/// Acts on what arrives until `left` says that the house is being left.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut swept_us = 0;
    loop {
        tokio::select! {
            _ = left.wait_for(|left| *left) => return,
            _ = tick.tick() => {}
            () = app.wake.inbox.notified() => {}
        }
        pass(&app).await;
        let now = app.clock.now_us();
        if now.saturating_sub(swept_us) > 60_000_000 {
            swept_us = now;
            sweep(&app, now).await;
        }
    }
}

/// Acts on everything that waits and may act now.
pub async fn pass(app: &App) {
    let _turn = app.wake.acting.lock().await;
    loop {
        let now = app.clock.now_us();
        let waiting = app
            .db
            .read(|conn| Ok::<_, Refusal>(store::waiting(conn, BATCH)?));
        let waiting = match waiting.await {
            Ok(waiting) => waiting,
            Err(error) => {
                tracing::error!(%error, "what arrived cannot be read");
                return;
            }
        };
        let mut acted = false;
        for arrived in waiting {
            if arrived.attempts > 0 {
                let wait = deliver::wait_us(arrived.attempts, &app.clock);
                if arrived.received_us.saturating_add(wait) > now {
                    continue;
                }
            }
            acted |= take_up(app, arrived).await;
        }
        if !acted {
            return;
        }
    }
}

/// Acts on one activity; `true` when it is done with.
async fn take_up(app: &App, arrived: Arrived) -> bool {
    let id = arrived.id.clone();
    let attempts = arrived.attempts;
    let node = app.clone();
    let outcome = app
        .db
        .write(move |conn| {
            // Another process of this node may have been faster.
            if !store::is_waiting(conn, &arrived.id)? {
                return Ok(());
            }
            let outcome = understand(conn, &node, &arrived)?;
            store::done(conn, &arrived.id, &outcome, node.clock.now_us())?;
            Ok::<_, Refusal>(())
        })
        .await;
    let Err(refusal) = outcome else {
        return true;
    };
    let node = app.clone();
    let is_final = !matches!(refusal, Refusal::Broken(_)) || attempts + 1 >= TRIES;
    let noted = app
        .db
        .write(move |conn| {
            let now = node.clock.now_us();
            if is_final {
                tracing::warn!(activity = id, %refusal, "an activity was refused");
                store::done(conn, &id, &format!("refused: {refusal}"), now)?;
            } else {
                tracing::error!(activity = id, %refusal, "acting on an activity broke");
                store::broke(conn, &id, &format!("broke: {refusal}"))?;
            }
            Ok::<_, Refusal>(())
        })
        .await;
    if let Err(error) = noted {
        tracing::error!(%error, "what became of an activity cannot be noted");
        return false;
    }
    is_final
}

fn understand(conn: &mut Conn, node: &Node, arrived: &Arrived) -> Result<String, Refusal> {
    let from = sender(conn, node, &arrived.origin)?;
    let blocklist = Blocklist::read(conn, node.config.dev)?;
    if blocklist.holds_origin(&arrived.origin) {
        let blocked = Say::new("peers-blocked").with("peer", &arrived.origin);
        return Err(Refusal::Forbidden(blocked));
    }
    let unreadable = |why: String| {
        let unreadable = Say::new("peers-unreadable").with("why", why);
        Refusal::field("activity", unreadable)
    };
    let value = parse_strict(arrived.activity.as_bytes(), JsonLimits::OBJECT)
        .map_err(|refused| unreadable(refused.to_string()))?;
    let activity = Activity::of(&value).map_err(|refused| unreadable(refused.to_string()))?;
    act(conn, node, &from, &activity)
}

/// Who said it: a peer, or this node itself.
fn sender(conn: &mut Conn, node: &Node, origin: &str) -> QueryResult<Peer> {
    if origin == node.config.base() {
        return Ok(Peer::ourselves(node));
    }
    store::peer(conn, origin)?.ok_or(diesel::result::Error::NotFound)
}

/// Forgets signatures that are too old to be taken again.
async fn sweep(app: &App, now_us: i64) {
    let memory = i64::try_from(Policy::default().replay_memory()).unwrap_or(i64::MAX / 2_000_000);
    let before = now_us.saturating_sub(memory.saturating_mul(2_000_000));
    let swept = app
        .db
        .write(move |conn| Ok::<_, Refusal>(store::forget_signatures(conn, before)?))
        .await;
    if let Err(error) = swept {
        tracing::error!(%error, "old signatures cannot be forgotten");
    }
}
