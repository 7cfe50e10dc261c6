//! Acting on what arrived: each activity once, in one transaction with the mark that it did.

use std::time::Duration;

use diesel::QueryResult;
use federation::signature::Policy;
use federation::vocabulary::{Act, Activity};
use futures_util::future::join_all;
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::ahead::{self, ReadAhead};
use super::standing::{Blocklist, Rules};
use super::{Peer, deliver, follow, itself, notes, rules, store};
use crate::Node;
use crate::db::Conn;
use crate::errands::Errand;
use crate::web::{App, Refusal};
use crate::words::Say;
use crate::{catalogue, coordinator, curation, reports};

/// How many activities are taken up at a time.
const BATCH: i64 = 256;
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
    itself::receive,
    notes::receive,
    catalogue::inbox::receive,
    curation::inbox::receive,
    coordinator::inbox::receive,
    reports::inbox::receive,
];

fn act(conn: &mut Conn, node: &Node, from: &Peer, activity: &Activity) -> Result<String, Refusal> {
    rules::check(from, activity)?;
    if let Act::Create { object } | Act::Update { object } = &activity.act
        && let Some(id) = object.id()
        && store::is_buried(conn, id.as_str())?
    {
        return Ok(format!("deleted before it came: {id}"));
    }
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
        // What is deleted before it was heard of stays deleted when it comes.
        Act::Delete { ref object } => match object.id().filter(|id| id.origin() == from.origin) {
            Some(id) => {
                store::bury(conn, id.as_str(), node.clock.now_us())?;
                Ok(format!("deleted before it came: {id}"))
            }
            None => Ok("ignored: Delete".to_owned()),
        },
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
        app.errands.begin(Errand::Arrivals, app.clock.now_us());
        pass(&app).await;
        let now = app.clock.now_us();
        if now.saturating_sub(swept_us) > 60_000_000 {
            swept_us = now;
            sweep(&app, now).await;
        }
        app.errands.done(Errand::Arrivals, now, now + 1_000_000);
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
                app.errands
                    .failed(Errand::Arrivals, app.clock.now_us(), &error);
                return;
            }
        };
        // Side by side, so that they come to stand in the line of writers one after the other and
        // are committed together.
        let due = waiting.into_iter().filter(|arrived| {
            let wait = match arrived.attempts {
                0 => 0,
                attempts => deliver::wait_us(attempts, &app.clock),
            };
            arrived.received_us.saturating_add(wait) <= now
        });
        let read = match ahead::read(app, due.collect()).await {
            Ok(read) => read,
            Err(error) => {
                tracing::error!(%error, "what arrived cannot be read");
                app.errands
                    .failed(Errand::Arrivals, app.clock.now_us(), &error);
                return;
            }
        };
        let acted = join_all(read.into_iter().map(|read| take_up(app, read))).await;
        if !acted.contains(&true) {
            return;
        }
    }
}

/// Acts on one activity; `true` when it is done with.
async fn take_up(app: &App, read: ReadAhead) -> bool {
    let id = read.arrived.id.clone();
    let attempts = read.arrived.attempts;
    let gist = gist(&id, &read);
    let words = gist.clone();
    let node = app.clone();
    let outcome = app
        .db
        .write(move |conn| {
            // Another process of this node may have been faster.
            if !store::is_waiting(conn, &read.arrived.id)? {
                return Ok(());
            }
            let outcome = understand(conn, &node, &read)?;
            store::done(
                conn,
                &read.arrived.id,
                &outcome,
                &words,
                node.clock.now_us(),
            )?;
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
                store::done(conn, &id, &format!("refused: {refusal}"), &gist, now)?;
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

/// What is kept of an activity that is done with: who said it, and the address of what it is about.
/// Whoever sends much that means nothing here fills no disk with it.
fn gist(id: &str, read: &ReadAhead) -> String {
    let mut gist = serde_json::json!({ "id": id });
    if let Ok(activity) = &read.activity {
        gist["type"] = activity.act.name().into();
        gist["actor"] = activity.actor.as_str().into();
        if let Some(object) = activity.act.about() {
            gist["object"] = object.as_str().into();
        }
    }
    gist.to_string()
}

fn understand(conn: &mut Conn, node: &Node, read: &ReadAhead) -> Result<String, Refusal> {
    let origin = &read.arrived.origin;
    let from = sender(conn, node, origin)?;
    let blocklist = Blocklist::read(conn, &Rules::of(&node.config))?;
    if blocklist.holds_origin(origin) {
        let blocked = Say::new("peers-blocked").with("peer", origin);
        return Err(Refusal::Forbidden(blocked));
    }
    match &read.activity {
        Ok(activity) => act(conn, node, &from, activity),
        Err(why) => {
            let unreadable = Say::new("peers-unreadable").with("why", why);
            Err(Refusal::field("activity", unreadable))
        }
    }
}

/// Who said it: a peer, or this node itself.
fn sender(conn: &mut Conn, node: &Node, origin: &str) -> QueryResult<Peer> {
    if origin == node.config.base() {
        return Ok(Peer::ourselves(node));
    }
    store::peer(conn, origin)?.ok_or(diesel::result::Error::NotFound)
}

/// For how long what was delivered, given up or said to one peer alone is kept, in microseconds: 30
/// days.
const KEPT_US: i64 = 30 * 24 * 3600 * 1_000_000;
/// For how long it is known what arrived before: 90 days, thrice as long as anything is delivered.
const KNOWN_US: i64 = 3 * KEPT_US;
/// For how long it is known what was deleted before it came: 400 days.
const BURIED_US: i64 = 400 * 24 * 3600 * 1_000_000;

/// Forgets what is too old to matter: one table after the other, a bounded number of rows to a
/// transaction.
pub async fn sweep(app: &App, now_us: i64) {
    type Forget = fn(&mut Conn, i64) -> QueryResult<usize>;
    let memory = i64::try_from(Policy::default().replay_memory()).unwrap_or(i64::MAX / 2_000_000);
    let tables: [(Forget, i64); 5] = [
        (store::forget_signatures, memory.saturating_mul(2_000_000)),
        (store::forget_deliveries, KEPT_US),
        (store::forget_said, KEPT_US),
        (store::forget_arrived, KNOWN_US),
        (store::forget_tombstones, BURIED_US),
    ];
    for (forget, age_us) in tables {
        let before = now_us.saturating_sub(age_us);
        let forgotten = app
            .db
            .write(move |conn| Ok::<_, Refusal>(forget(conn, before)?));
        if let Err(error) = forgotten.await {
            tracing::error!(%error, "what is too old cannot be forgotten");
        }
    }
}
