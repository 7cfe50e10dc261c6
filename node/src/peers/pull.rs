//! Reading what a peer said: its outbox, from the oldest page to the newest when we begin to follow
//! it, and then once a day from where the last reading stopped. So a delivery that was given up, or
//! that came to a node whose disk was put back to an earlier day, is made good within a day.
//!
//! A page is read from the peer's own address, so what is written out on it and lives on the same
//! origin is as true as if it had been read one by one; whatever is only named is read from its
//! own address. Everything goes through the same table as what is delivered, and acts once. An older
//! word may so arrive after a newer one: the rooms compare. How far the reading came is kept with
//! each page.

use std::time::Duration;

use diesel::QueryResult;
use federation::vocabulary::{Activity, Collection, CollectionPage, Reference};
use serde_json::Value;
use settlement::{NodeId, Uri};
use tokio::sync::watch;
use tokio::time::MissedTickBehavior;

use super::fetch::{self, FetchRefused};
use super::store::{self, Unread};
use super::{deliver, hear, receive};
use crate::db::Conn;
use crate::errands::Errand;
use crate::web::{App, Refusal};

/// The largest page that is read, in bytes.
pub(super) const PAGE_LIMIT: usize = 8 * 1024 * 1024;
/// How many pages are read in one go: an outbox without end ends here.
const PAGES: usize = 20_000;
/// How long after its end was reached an outbox is read on, in microseconds: a day.
const READ_ON_US: i64 = 24 * 3600 * 1_000_000;

/// Reads the outboxes of peers that agreed to be followed, until `left` says that the house is
/// being left.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let roused = tokio::select! {
            _ = left.wait_for(|left| *left) => return,
            _ = tick.tick() => false,
            () = app.wake.pull.notified() => true,
        };
        if app.errands.is_put_off(Errand::Outboxes) && !roused {
            continue;
        }
        app.errands.begin(Errand::Outboxes, app.clock.now_us());
        // Cut short when the house is left: the page that was being read is read again.
        tokio::select! {
            _ = left.wait_for(|left| *left) => return,
            () = async { pass(&app).await; hear::pass(&app).await } => {}
        }
        let now_us = app.clock.now_us();
        app.errands
            .done(Errand::Outboxes, now_us, now_us + 1_000_000);
    }
}

/// Reads every outbox that holds something unread and may be asked now.
pub async fn pass(app: &App) {
    let _turn = app.wake.reading.lock().await;
    let now = app.clock.now_us();
    let unread = app
        .db
        .read(move |conn| Ok::<_, Refusal>(unread(conn, now)?));
    let unread = match unread.await {
        Ok(unread) => unread,
        Err(error) => {
            tracing::error!(%error, "the outboxes to read cannot be listed");
            app.errands
                .failed(Errand::Outboxes, app.clock.now_us(), &error);
            return;
        }
    };
    for one in unread {
        let origin = one.origin.clone();
        if let Err(refused) = read(app, one).await {
            stop(app, origin, &refused).await;
        }
    }
}

/// The peers whose outbox is to be read now.
pub fn unread(conn: &mut Conn, now_us: i64) -> QueryResult<Vec<Unread>> {
    store::unread(conn, now_us.saturating_sub(READ_ON_US), now_us)
}

/// What keeps an outbox from being read: a peer that is away is asked again later, a peer that
/// answers with something else tomorrow, and from the beginning: the page may be none any more.
async fn stop(app: &App, origin: String, refused: &FetchRefused) {
    let away = match refused {
        FetchRefused::Silent { .. } | FetchRefused::TooOften(_) | FetchRefused::Db(_) => true,
        FetchRefused::Status { status, .. } => {
            status.is_server_error() || matches!(status.as_u16(), 401 | 403 | 408 | 425 | 429)
        }
        _ => false,
    };
    tracing::warn!(peer = origin, %refused, "an outbox cannot be read");
    let error = refused.to_string();
    let why = format!("{origin}: {error}");
    app.errands
        .failed(Errand::Outboxes, app.clock.now_us(), &why);
    let clock = app.clock.clone();
    let noted = app.db.write(move |conn| {
        let now = clock.now_us();
        if away {
            let attempts = store::peer_attempts(conn, &origin)?;
            let next = now.saturating_add(deliver::wait_us(attempts, &clock));
            store::peer_failed(conn, &origin, &error, now, next)?;
        } else {
            store::note_page(conn, &origin, None)?;
            store::note_read(conn, &origin, now)?;
        }
        Ok::<_, Refusal>(())
    });
    if let Err(error) = noted.await {
        tracing::error!(%error, "what keeps an outbox from being read cannot be noted");
    }
}

/// Reads one peer's outbox from where the last reading stopped.
async fn read(app: &App, unread: Unread) -> Result<(), FetchRefused> {
    let Unread {
        origin,
        actor_id,
        outbox,
        page,
    } = unread;
    let wrong = |reason: String| FetchRefused::Content {
        url: origin.clone(),
        reason,
    };
    let actor = NodeId::parse(&actor_id).map_err(|bad| wrong(bad.to_string()))?;
    let mut next = match (page, outbox) {
        (Some(page), _) => Some(page),
        (None, Some(outbox)) => oldest_page(app, &outbox).await?,
        (None, None) => None,
    };
    let mut pages = 0;
    while let Some(at) = next.take().filter(|_| pages < PAGES) {
        pages += 1;
        if Uri::parse(&at).map_or(true, |at| at.origin() != origin) {
            return Err(wrong(format!("its outbox goes on elsewhere: {at}")));
        }
        let value = fetch::object(app, &at, PAGE_LIMIT).await?;
        let page = CollectionPage::of(&value).map_err(|refused| wrong(refused.to_string()))?;
        let mut arrived = Vec::new();
        // Newest first on the page; they act in the order in which they were said.
        for item in page.items.iter().rev() {
            match item_of(app, &actor, item).await {
                Ok(Some(activity)) => arrived.push(activity),
                Ok(None) => {}
                Err(refused @ (FetchRefused::Silent { .. } | FetchRefused::TooOften(_))) => {
                    return Err(refused);
                }
                Err(refused) => {
                    tracing::warn!(peer = origin, %refused, "an item of an outbox is left out");
                }
            }
        }
        next = page.prev.map(|prev| prev.to_string());
        // The last page is where the reading goes on another day: what is new will be on it.
        let mark = next.clone().unwrap_or(at);
        keep(app, &origin, &actor, arrived, mark).await?;
        app.wake.inbox.notify_one();
    }
    let now = app.clock.now_us();
    app.db
        .write(move |conn| Ok(store::note_read(conn, &origin, now)?))
        .await
}

async fn oldest_page(app: &App, outbox: &str) -> Result<Option<String>, FetchRefused> {
    let value = fetch::object(app, outbox, PAGE_LIMIT).await?;
    let collection = Collection::of(&value).map_err(|refused| FetchRefused::Content {
        url: outbox.to_owned(),
        reason: refused.to_string(),
    })?;
    Ok(collection.last.map(|last| last.to_string()))
}

/// An activity of a page: as it is written out there, or read from its address. Others' are left
/// out.
pub(super) async fn item_of(
    app: &App,
    actor: &NodeId,
    item: &Reference,
) -> Result<Option<(String, String)>, FetchRefused> {
    let value: Value = match item {
        Reference::Embedded { value, .. } if item.is_of(actor.uri()) => value.clone(),
        Reference::Id(id) if id.origin() == actor.origin() => {
            fetch::object(app, id.as_str(), receive::largest(app)).await?
        }
        _ => return Ok(None),
    };
    let activity = Activity::of(&value).map_err(|refused| FetchRefused::Content {
        url: actor.to_string(),
        reason: refused.to_string(),
    })?;
    let is_its_own = activity.actor == *actor.uri();
    Ok(is_its_own.then(|| (activity.id.to_string(), value.to_string())))
}

/// Keeps the activities of a page together with the page to go on from.
async fn keep(
    app: &App,
    origin: &str,
    actor: &NodeId,
    arrived: Vec<(String, String)>,
    mark: String,
) -> Result<(), FetchRefused> {
    let (origin, actor) = (origin.to_owned(), actor.clone());
    let clock = app.clock.clone();
    app.db
        .write(move |conn| {
            for (id, activity) in arrived {
                store::keep_arrived(conn, &id, &actor, &activity, None, clock.now_us())?;
            }
            Ok(store::note_page(conn, &origin, Some(&mark))?)
        })
        .await
}
