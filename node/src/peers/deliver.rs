//! Delivering what was said: one worker for each peer, in order, for as long as it takes.
//!
//! The line is the table `deliveries`; nothing of it lives in memory, so a restart loses nothing.
//! Only an answer of 2xx means that the peer took it. A peer that does not answer, or does not
//! want us now, is tried again after 1 second, then 2, 4… up to an hour, and its whole line waits
//! in order. A peer that refuses one activity as it stands (400, 413, 422…) gets the ones after it
//! all the same, and the refused one again later. What does not concern money is given up after
//! 30 days; what does, never.

use std::collections::BTreeMap;
use std::time::Duration;

use federation::vocabulary::ACTIVITY_JSON;
use http::header::CONTENT_TYPE;
use http::{HeaderValue, StatusCode};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::MissedTickBehavior;
use url::Url;

use super::fetch::{self, FetchRefused};
use super::standing::Blocklist;
use super::store::Delivery;
use super::{Peer, framework, outside, store};
use crate::Node;
use crate::clock::Clock;
use crate::web::{App, Refusal};

/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(30);
/// The longest wait between two tries, in seconds; their jitter comes on top.
const LONGEST_WAIT: i64 = 3600;
/// After how long what does not concern money is given up, in microseconds: 30 days.
const GIVE_UP_US: i64 = 30 * 24 * 3600 * 1_000_000;

/// Delivers until `left` says that the house is being left. What is under way then is cut short,
/// and made again after the next start; a peer acts on it once.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut workers = JoinSet::new();
    let mut busy = BTreeMap::new();
    loop {
        let mut roused = false;
        tokio::select! {
            _ = left.wait_for(|left| *left) => return,
            _ = tick.tick() => {}
            () = app.wake.deliver.notified() => roused = true,
            Some(finished) = workers.join_next_with_id() => {
                let id = match finished {
                    Ok((id, ())) => id,
                    Err(error) => error.id(),
                };
                busy.retain(|_, worker| *worker != id);
            }
        }
        for origin in due(&app, roused).await {
            busy.entry(origin.clone())
                .or_insert_with(|| workers.spawn(work(app.clone(), origin)).id());
        }
    }
}

/// Delivers whatever may be delivered now, and returns when every line is empty or waits.
pub async fn pass(app: &App) {
    let mut workers = JoinSet::new();
    for origin in due(app, true).await {
        workers.spawn(work(app.clone(), origin));
    }
    while workers.join_next().await.is_some() {}
}

/// The peers for whom something may be delivered now.
async fn due(app: &App, roused: bool) -> Vec<String> {
    let now = app.clock.now_us();
    let look = move |conn: &mut crate::db::Conn| Ok::<_, Refusal>(store::due(conn, now)?);
    // We are roused from within the transaction that says something: who waits in the line of
    // writers sees it, who merely reads may come too early.
    let due = if roused {
        app.db.write(look).await
    } else {
        app.db.read(look).await
    };
    due.unwrap_or_else(|error| {
        tracing::error!(%error, "the deliveries that are due cannot be read");
        Vec::new()
    })
}

/// Delivers a peer's line until it is empty or has to wait.
async fn work(app: App, origin: String) {
    let turn = app.wake.turn_of(&origin);
    let _turn = turn.lock().await;
    let mut after = String::new();
    loop {
        match next(&app, &origin, &after).await {
            Ok(None) => return,
            Ok(Some((peer, delivery))) => {
                let outcome = deliver(&app, &peer, &delivery).await;
                let stands_aside = matches!(outcome, Outcome::Refused(_));
                let goes_on = stands_aside || matches!(outcome, Outcome::Taken);
                if let Err(error) = note(&app, &origin, &delivery, outcome).await {
                    tracing::error!(%error, peer = origin, "a delivery cannot be noted");
                    return;
                }
                if !goes_on {
                    return;
                }
                after = delivery.id;
            }
            Err(error) => {
                tracing::error!(%error, peer = origin, "the next delivery cannot be read");
                return;
            }
        }
    }
}

async fn next(app: &App, origin: &str, after: &str) -> Result<Option<(Peer, Delivery)>, Refusal> {
    let now = app.clock.now_us();
    let dev = app.config.dev;
    let (origin, after) = (origin.to_owned(), after.to_owned());
    app.db
        .read(move |conn| {
            let Some(peer) = store::peer(conn, &origin)? else {
                return Ok(None);
            };
            if Blocklist::read(conn, dev)?.holds_origin(&origin) {
                return Ok(None);
            }
            let delivery = store::next_delivery(conn, &origin, &after, now)?;
            Ok(delivery.map(|delivery| (peer, delivery)))
        })
        .await
}

/// How a delivery ended.
enum Outcome {
    /// The peer has it.
    Taken,
    /// The peer will not have this one as it stands.
    Refused(String),
    /// The peer does not answer, or will not have anything now.
    Away(String),
}

async fn deliver(app: &App, peer: &Peer, delivery: &Delivery) -> Outcome {
    let met = if peer.is_met() {
        None
    } else {
        match meet(app, peer).await {
            Ok(peer) => Some(peer),
            Err(refused) => return Outcome::Away(refused.to_string()),
        }
    };
    let peer = met.as_ref().unwrap_or(peer);
    match send(app, peer, delivery).await {
        Ok(outcome) => outcome,
        Err(refused) => Outcome::Away(refused.to_string()),
    }
}

/// Reads the actor of a peer of which we only knew the address.
async fn meet(app: &App, peer: &Peer) -> Result<Peer, FetchRefused> {
    let actor = framework::actor(app, &peer.actor_id).await?;
    let now = app.clock.now_us();
    app.db
        .write(move |conn| Ok(store::note_actor(conn, &actor, now)?))
        .await
}

async fn send(node: &Node, peer: &Peer, delivery: &Delivery) -> Result<Outcome, FetchRefused> {
    let silent = |error: reqwest::Error| FetchRefused::Silent {
        url: peer.inbox.clone(),
        reason: fetch::chain(&error.without_url()),
    };
    let inbox = Url::parse(&peer.inbox).map_err(|error| FetchRefused::Content {
        url: peer.inbox.clone(),
        reason: error.to_string(),
    })?;
    let client = node.outside.client(&node.config)?;
    let request = client
        .post(inbox)
        .timeout(DELIVERY)
        .header(CONTENT_TYPE, HeaderValue::from_static(ACTIVITY_JSON))
        .body(delivery.activity.clone())
        .build()
        .map_err(silent)?;
    let mut answer = outside::send(node, Some(peer), request).await?;
    let status = answer.status();
    if status.is_success() {
        return Ok(Outcome::Taken);
    }
    let said = fetch::said(&mut answer).await;
    let error = format!("{status}: {said}");
    Ok(if is_about_the_activity(status) {
        Outcome::Refused(error)
    } else {
        Outcome::Away(error)
    })
}

/// Whether a refusal says something of this activity rather than of the peer or of us.
fn is_about_the_activity(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        400 | 405 | 406 | 409 | 411 | 413 | 415 | 422
    )
}

async fn note(
    app: &App,
    origin: &str,
    delivery: &Delivery,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let clock = app.clock.clone();
    let (origin, delivery) = (origin.to_owned(), delivery.clone());
    app.db
        .write(move |conn| {
            let now = clock.now_us();
            let too_long = !delivery.money && now.saturating_sub(delivery.queued_us) > GIVE_UP_US;
            let given_up = too_long.then_some(now);
            match outcome {
                Outcome::Taken => store::delivered(conn, &origin, &delivery.id, now)?,
                Outcome::Refused(error) => {
                    tracing::warn!(peer = origin, error, "a peer refused an activity");
                    let next = now.saturating_add(wait_us(delivery.attempts, &clock));
                    store::delivery_failed(conn, &delivery.id, &error, next, given_up)?;
                    store::peer_is_well(conn, &origin)?;
                }
                Outcome::Away(error) => {
                    tracing::info!(peer = origin, error, "a peer cannot be reached");
                    let attempts = store::peer_attempts(conn, &origin)?;
                    let next = now.saturating_add(wait_us(attempts, &clock));
                    store::delivery_failed(conn, &delivery.id, &error, 0, given_up)?;
                    store::peer_failed(conn, &origin, &error, now, next)?;
                }
            }
            Ok(())
        })
        .await
}

/// How long to wait after having failed `attempts` times before, in microseconds: 1 second,
/// doubled each time, at most an hour; and up to a quarter more, so that peers that went away
/// together are not all knocked at together.
pub fn wait_us(attempts: i64, clock: &Clock) -> i64 {
    let doublings = u32::try_from(attempts.clamp(0, 12)).unwrap_or(12);
    let wait = (1_i64 << doublings).min(LONGEST_WAIT) * 1_000_000;
    let [die] = clock.secret::<1>();
    wait + wait / 4 * i64::from(die) / 255
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        let clock = Clock::held(0);
        let mut least = 1_000_000;
        for attempts in 0..40 {
            let wait = wait_us(attempts, &clock);
            assert!(
                (least..=least + least / 4).contains(&wait),
                "{attempts}: {wait}"
            );
            least = (least * 2).min(LONGEST_WAIT * 1_000_000);
        }
    }
}
