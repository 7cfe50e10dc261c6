//! Hearing what nodes take down that are not followed: whatever was looked up at one, or is left from
//! when it was followed, is known here, and nobody tells us when it is withdrawn. So their outboxes
//! are read from the newest end, some minutes apart, back to what was read before. A `Delete` is kept,
//! and an `Update` of what is known here; the rest is not ours to keep, since we do not follow.
//!
//! One question is about everything that is known of a node. So what it learns is that something of
//! its is known here, and neither what nor whether anybody plays it.

use federation::vocabulary::{Act, Activity, Collection, CollectionPage, Timestamp};
use futures_util::future::join_all;
use serde_json::Value;
use settlement::{NodeId, Uri, WorkId};

use super::fetch::{self, FetchRefused};
use super::pull::{PAGE_LIMIT, item_of};
use super::store::{self, Hearing};
use crate::db::Conn;
use crate::web::{App, Refusal};
use crate::{catalogue, curation};

/// How often a node is asked, in microseconds: every five minutes.
pub const EVERY_US: i64 = 300 * 1_000_000;
/// How much earlier than something is known its node may have said what is not known yet, in
/// microseconds: clocks differ.
const SLACK_US: i64 = 600 * 1_000_000;
/// How many nodes are asked in one go, and how many of them at once.
const NODES: i64 = 200;
const AT_ONCE: usize = 8;
/// How many pages of an outbox are read in one go.
const PAGES: usize = 1_000;

/// Notes, in the caller's transaction, that something of this node is known here.
///
/// # Errors
/// When the database breaks.
pub fn of(conn: &mut Conn, origin: &str, now_us: i64) -> diesel::QueryResult<()> {
    store::hear_of(conn, origin, now_us.saturating_sub(SLACK_US))
}

/// Asks every node whose turn it is.
pub async fn pass(app: &App) {
    let now = app.clock.now_us();
    let turn = app.db.read(move |conn| {
        let before = now.saturating_sub(EVERY_US);
        Ok::<_, Refusal>(store::to_hear(conn, before, NODES)?)
    });
    let turn = match turn.await {
        Ok(turn) => turn,
        Err(error) => {
            tracing::error!(%error, "the nodes to hear of cannot be listed");
            return;
        }
    };
    for some in turn.chunks(AT_ONCE) {
        join_all(some.iter().map(|one| ask(app, one))).await;
    }
}

/// Asks one node. One that does not answer, or not to the end, is asked again when its turn comes;
/// what it said until then counts.
async fn ask(app: &App, one: &Hearing) {
    let mut said = Vec::new();
    let newest = match read(app, one, &mut said).await {
        Ok(newest) => newest,
        Err(refused) => {
            tracing::info!(peer = one.origin, %refused, "what a node took down cannot be read");
            None
        }
    };
    let (origin, actor) = (one.origin.clone(), one.actor_id.clone());
    let node = app.clone();
    let noted = app
        .db
        .write(move |conn| {
            let now = node.clock.now_us();
            let actor = NodeId::parse(&actor).map_err(Refusal::broken)?;
            let mut waits = false;
            // They act in the order in which they were said.
            for (id, activity) in said.iter().rev() {
                waits |= store::keep_arrived(conn, id, &actor, activity, None, now)?;
            }
            store::heard(conn, &origin, newest.as_ref(), now)?;
            Ok::<_, Refusal>(waits)
        })
        .await;
    match noted {
        Ok(true) => app.wake.inbox.notify_one(),
        Ok(false) => {}
        Err(error) => tracing::error!(%error, "what was heard of a node cannot be kept"),
    }
}

/// Reads a node's outbox back to what was read before; into `said` comes what concerns us, the newest
/// first, with its id. The newest of all: its id, and from when on what comes after it is read though
/// it is there no more, since an outbox says each thing once.
async fn read(
    app: &App,
    one: &Hearing,
    said: &mut Vec<(String, String)>,
) -> Result<Option<(String, i64)>, FetchRefused> {
    let wrong = |reason: String| FetchRefused::Content {
        url: one.origin.clone(),
        reason,
    };
    let actor = NodeId::parse(&one.actor_id).map_err(|bad| wrong(bad.to_string()))?;
    let Some(outbox) = &one.outbox else {
        return Ok(None);
    };
    let collection = fetch::object(app, outbox, PAGE_LIMIT).await?;
    let collection = Collection::of(&collection).map_err(|bad| wrong(bad.to_string()))?;
    let mut next = collection.first.map(|first| first.to_string());
    let mut newest: Option<(String, i64)> = None;
    for _ in 0..PAGES {
        let Some(at) = next.take() else { break };
        if Uri::parse(&at).map_or(true, |at| at.origin() != one.origin) {
            return Err(wrong(format!("its outbox goes on elsewhere: {at}")));
        }
        let value = fetch::object(app, &at, PAGE_LIMIT).await?;
        let page = CollectionPage::of(&value).map_err(|bad| wrong(bad.to_string()))?;
        let mut is_read = false;
        let mut new = Vec::new();
        for item in &page.items {
            let id = item.id().map(Uri::to_string);
            if id.is_some() && id == one.newest {
                is_read = true;
                break;
            }
            match item_of(app, &actor, item).await {
                Ok(Some((id, activity))) => {
                    let said_us = said_us(&activity);
                    if said_us.is_some_and(|said_us| said_us < one.since_us) {
                        is_read = true;
                        break;
                    }
                    newest = newest.or_else(|| {
                        let since_us = said_us.map_or(one.since_us, |us| us - SLACK_US);
                        Some((id.clone(), since_us.max(one.since_us)))
                    });
                    new.push((id, activity));
                }
                Ok(None) => {}
                Err(refused @ (FetchRefused::Silent { .. } | FetchRefused::TooOften(_))) => {
                    return Err(refused);
                }
                Err(refused) => {
                    tracing::info!(peer = one.origin, %refused, "an item of an outbox is left out");
                }
            }
        }
        said.extend(concerning(app, new).await?);
        if is_read {
            break;
        }
        next = page.next.map(|next| next.to_string());
    }
    Ok(newest)
}

/// Of activities, those that concern what is known here.
async fn concerning(
    app: &App,
    mut said: Vec<(String, String)>,
) -> Result<Vec<(String, String)>, FetchRefused> {
    app.db
        .read(move |conn| {
            let mut kept = Vec::new();
            for one in said.drain(..) {
                if concerns_us(conn, &one.1)? {
                    kept.push(one);
                }
            }
            Ok(kept)
        })
        .await
}

/// When an activity says that it was said, in microseconds UTC.
fn said_us(activity: &str) -> Option<i64> {
    let value: Value = serde_json::from_str(activity).ok()?;
    let said = Timestamp::parse(value["published"].as_str()?).ok()?;
    Some(said.micros())
}

/// Whether an activity takes something down, or changes what is known here.
fn concerns_us(conn: &mut Conn, activity: &str) -> diesel::QueryResult<bool> {
    let value = serde_json::from_str(activity).unwrap_or_default();
    let Ok(activity) = Activity::of(&value) else {
        return Ok(false);
    };
    match &activity.act {
        Act::Delete { .. } => Ok(true),
        Act::Update { object } | Act::Create { object } => match object.id() {
            Some(id) => is_known(conn, id),
            None => Ok(false),
        },
        _ => Ok(false),
    }
}

fn is_known(conn: &mut Conn, id: &Uri) -> diesel::QueryResult<bool> {
    Ok(
        catalogue::store::work(conn, &WorkId::from(id.clone()))?.is_some()
            || catalogue::store::release(conn, id)?.is_some()
            || curation::store::selection(conn, id)?.is_some(),
    )
}
