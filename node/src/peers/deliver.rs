//! Delivering what was said: one worker for each peer, in order, for as long as it takes.
//!
//! The line is the table `deliveries`; nothing of it lives in memory, so a restart loses nothing,
//! and a peer that is away holds no worker, no connection and no memory: it has a row that says
//! when it is tried again. Only an answer of 2xx means that the peer took it.
//!
//! | answer | what becomes of it |
//! |---|---|
//! | none, 3xx, 401, 403, 404, 408, 425, 5xx | the whole line waits: 1 second, then 2, 4… up to an hour |
//! | 429, 503 with `Retry-After` | the same, and at least as long as it says, a day at most |
//! | 400, 409, 413, 422… | this activity steps aside and is offered again; the ones after it go on |
//! | 410 | the inbox is gone: who followed us from there follows no longer, references are given up |
//!
//! References are given up after 30 days (all but the last, by which it is seen that the peer is
//! back), or after 3 when they are refused as they stand: a peer reads what it missed in our outbox,
//! once a day ([`super::pull`]). What concerns money is never given up.

use std::collections::{BTreeMap, VecDeque};
use std::time::{Duration, UNIX_EPOCH};

use federation::vocabulary::ACTIVITY_JSON;
use http::header::{CONTENT_TYPE, RETRY_AFTER};
use http::{HeaderMap, HeaderValue, StatusCode};
use tokio::sync::watch;
use tokio::task::{Id, JoinSet};
use tokio::time::MissedTickBehavior;
use url::Url;

use super::fetch::{self, FetchRefused};
use super::standing::{Blocklist, Rules};
use super::store::{Delivery, Due};
use super::{Peer, framework, keys, outside, store};
use crate::Node;
use crate::clock::Clock;
use crate::errands::Errand;
use crate::web::{App, Refusal};

/// How long one delivery may take.
const DELIVERY: Duration = Duration::from_secs(30);
/// The longest wait between two tries, in seconds; their jitter comes on top.
const LONGEST_WAIT: i64 = 3600;
/// The longest wait that a peer may ask for, in seconds.
const LONGEST_WISH: i64 = 24 * 3600;
const DAY_US: i64 = 24 * 3600 * 1_000_000;
/// After how long what does not concern money is given up, in microseconds.
pub(super) const GIVE_UP_US: i64 = 30 * DAY_US;
/// After how long it is when the peer refuses it as it stands.
const GIVE_UP_REFUSED_US: i64 = 3 * DAY_US;
/// To how many peers that are well is delivered at a time.
const WELL: usize = 128;
/// To how many of those that could not be reached last: as long as one of them keeps us waiting, it
/// takes nobody else's place.
const AILING: usize = 32;
/// How many deliveries a worker makes before it lets another peer have its place.
const SHIFT: usize = 100;

/// Delivers until `left` says that the house is being left. What is under way then is cut short,
/// and made again after the next start; a peer acts on it once.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    let mut tick = tokio::time::interval(Duration::from_secs(1));
    tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut places = Places::default();
    let mut ready = VecDeque::new();
    loop {
        let look = tokio::select! {
            _ = left.wait_for(|left| *left) => return,
            _ = tick.tick() => Some(false),
            () = app.wake.deliver.notified() => Some(true),
            true = places.one_is_free() => None,
        };
        if let Some(roused) = look {
            let now_us = app.clock.now_us();
            app.errands.begin(Errand::Deliveries, now_us);
            ready = due(&app, roused).await.into();
            let next_us = now_us + 1_000_000;
            app.errands
                .done(Errand::Deliveries, app.clock.now_us(), next_us);
        }
        places.fill(&app, &mut ready);
    }
}

/// The workers of a running node, each at the line of one peer.
#[derive(Default)]
struct Places {
    workers: JoinSet<()>,
    /// Who is at which peer's line, and whether that one is ailing.
    taken: BTreeMap<String, (Id, bool)>,
}

impl Places {
    /// Waits until a worker is done; `false` when there is none.
    async fn one_is_free(&mut self) -> bool {
        let id = match self.workers.join_next_with_id().await {
            None => return false,
            Some(Ok((id, ()))) => id,
            Some(Err(error)) => error.id(),
        };
        self.taken.retain(|_, (worker, _)| *worker != id);
        true
    }

    /// Gives a worker to as many of those that are ready as there are places; the others stay.
    fn fill(&mut self, app: &App, ready: &mut VecDeque<Due>) {
        let ailing = self.taken.values().filter(|(_, ailing)| *ailing).count();
        let mut free = [WELL - (self.taken.len() - ailing), AILING - ailing];
        ready.retain(|due| {
            let ailing = due.attempts > 0;
            let free = &mut free[usize::from(ailing)];
            if self.taken.contains_key(&due.origin) {
                return false;
            }
            if *free == 0 {
                return true;
            }
            *free -= 1;
            let worker = self.workers.spawn(work(app.clone(), due.origin.clone()));
            let origin = due.origin.clone();
            self.taken.insert(origin, (worker.id(), ailing));
            false
        });
    }
}

/// Delivers whatever may be delivered now, and returns when every line is empty or waits.
pub async fn pass(app: &App) {
    let mut workers = JoinSet::new();
    for due in due(app, true).await {
        workers.spawn(work(app.clone(), due.origin));
    }
    while workers.join_next().await.is_some() {}
}

/// The peers for whom something may be delivered now.
async fn due(app: &App, roused: bool) -> Vec<Due> {
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
        app.errands
            .failed(Errand::Deliveries, app.clock.now_us(), &error);
        Vec::new()
    })
}

/// Delivers a peer's line until it is empty, has to wait, or the shift is over.
async fn work(app: App, origin: String) {
    let turn = app.wake.turn_of(&origin);
    let holding = turn.lock().await;
    let mut after = String::new();
    for _ in 0..SHIFT {
        match one(&app, &origin, &after).await {
            Ok(Some(last)) => after = last,
            Ok(None) => break,
            Err(error) => {
                tracing::error!(%error, peer = origin, "a delivery cannot be read or noted");
                app.errands
                    .failed(Errand::Deliveries, app.clock.now_us(), &error);
                break;
            }
        }
    }
    drop(holding);
    drop(turn);
    app.wake.forget_turn_of(&origin);
}

/// Makes the first delivery in line after the one of id `after`; its id, when the one after it may
/// be made too.
async fn one(app: &App, origin: &str, after: &str) -> Result<Option<String>, Refusal> {
    let Some((peer, delivery, changes)) = next(app, origin, after).await? else {
        return Ok(None);
    };
    // What was said with new keys, or of them, is not delivered under the old ones.
    keys::take_up(app, changes)?;
    let outcome = deliver(app, &peer, &delivery).await;
    let goes_on = matches!(outcome, Outcome::Taken | Outcome::Refused(_));
    let id = delivery.id.clone();
    note(app, origin, delivery, outcome).await?;
    Ok(goes_on.then_some(id))
}

/// The first delivery in line after the one of id `after`, to whom, and how often this node's keys
/// had changed when it was read.
async fn next(
    app: &App,
    origin: &str,
    after: &str,
) -> Result<Option<(Peer, Delivery, u32)>, Refusal> {
    let now = app.clock.now_us();
    let rules = Rules::of(&app.config);
    let (origin, after) = (origin.to_owned(), after.to_owned());
    app.db
        .read(move |conn| {
            // Asked first: at the end of each line it is all that is asked.
            let Some(delivery) = store::next_delivery(conn, &origin, &after, now)? else {
                return Ok(None);
            };
            let Some(peer) = store::peer(conn, &origin)? else {
                return Ok(None);
            };
            if Blocklist::read(conn, &rules)?.holds_origin(&origin)
                || store::held(conn, &origin)?.is_some()
            {
                return Ok(None);
            }
            let changes = store::key_changes(conn)?;
            Ok(Some((peer, delivery, changes)))
        })
        .await
}

/// How a delivery ended.
enum Outcome {
    /// The peer has it.
    Taken,
    /// The peer will not have this one as it stands.
    Refused(String),
    /// The peer does not answer, or will not have anything now; not before so many seconds, it
    /// says.
    Away(String, Option<i64>),
    /// The inbox is not there any more, and will not be.
    Gone(String),
}

impl From<FetchRefused> for Outcome {
    fn from(refused: FetchRefused) -> Self {
        Outcome::Away(refused.to_string(), None)
    }
}

async fn deliver(app: &App, peer: &Peer, delivery: &Delivery) -> Outcome {
    let met = if peer.is_met() {
        None
    } else {
        match meet(app, peer).await {
            Ok(peer) => Some(peer),
            Err(refused) => return refused.into(),
        }
    };
    let peer = met.as_ref().unwrap_or(peer);
    send(app, peer, delivery)
        .await
        .unwrap_or_else(Outcome::from)
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
    // A node may have moved its inbox since; of other servers a peer may stand for several.
    let inbox = match peer.is_node() {
        true => &peer.inbox,
        false => &delivery.inbox,
    };
    let silent = |error: reqwest::Error| FetchRefused::Silent {
        url: inbox.clone(),
        reason: fetch::chain(&error.without_url()),
    };
    let address = Url::parse(inbox).map_err(|error| FetchRefused::Content {
        url: inbox.clone(),
        reason: error.to_string(),
    })?;
    let client = node.outside.client(&node.config)?;
    let request = client
        .post(address)
        .timeout(DELIVERY)
        .header(CONTENT_TYPE, HeaderValue::from_static(ACTIVITY_JSON))
        .body(delivery.activity.clone())
        .build()
        .map_err(silent)?;
    let mut answer = outside::send_as(node, Some(peer), &speaker(node, delivery), request).await?;
    let status = answer.status();
    if status.is_success() {
        return Ok(Outcome::Taken);
    }
    let wish = match status {
        StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE => {
            retry_after(answer.headers(), node.clock.now_seconds())
        }
        _ => None,
    };
    let error = format!("{status}: {}", fetch::said(&mut answer).await);
    Ok(match status {
        StatusCode::GONE => Outcome::Gone(error),
        _ if is_about_the_activity(status) => Outcome::Refused(error),
        _ => Outcome::Away(error, wish),
    })
}

/// Which actor of ours says it: it signs with its own key.
fn speaker(node: &Node, delivery: &Delivery) -> String {
    #[derive(serde::Deserialize)]
    struct Said {
        actor: String,
    }
    match serde_json::from_str::<Said>(&delivery.activity) {
        Ok(said) => said.actor,
        Err(_) => node.config.actor().to_string(),
    }
}

/// Whether a refusal says something of this activity rather than of the peer or of us.
fn is_about_the_activity(status: StatusCode) -> bool {
    matches!(
        status.as_u16(),
        400 | 405 | 406 | 409 | 411 | 413 | 415 | 422
    )
}

/// In how many seconds a server wants to be asked again (RFC 9110 §10.2.3): a number, or a date by
/// the clock of this node. A day at most, whatever it says.
fn retry_after(headers: &HeaderMap, now: i64) -> Option<i64> {
    let text = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if text.is_empty() {
        return None;
    }
    let seconds = match text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => text.parse().unwrap_or(i64::MAX),
        false => {
            let at = httpdate::parse_http_date(text).ok()?;
            let at = at.duration_since(UNIX_EPOCH).ok()?.as_secs();
            i64::try_from(at).ok()?.saturating_sub(now)
        }
    };
    Some(seconds.clamp(0, LONGEST_WISH))
}

async fn note(
    app: &App,
    origin: &str,
    delivery: Delivery,
    outcome: Outcome,
) -> Result<(), Refusal> {
    let clock = app.clock.clone();
    let origin = origin.to_owned();
    app.db
        .write(move |conn| {
            let now = clock.now_us();
            match outcome {
                Outcome::Taken => store::delivered(conn, &origin, &delivery, now)?,
                Outcome::Refused(error) => {
                    tracing::warn!(peer = origin, error, "a peer refused an activity");
                    let waited = now.saturating_sub(delivery.queued_us);
                    let given_up = !delivery.money && waited > GIVE_UP_REFUSED_US;
                    let next = now.saturating_add(wait_us(delivery.attempts, &clock));
                    let given_up = given_up.then_some(now);
                    store::delivery_failed(conn, &delivery.id, &error, next, given_up)?;
                    store::peer_is_well(conn, &origin)?;
                }
                Outcome::Away(error, wish) => {
                    tracing::info!(peer = origin, error, "a peer cannot be reached");
                    let attempts = store::peer_attempts(conn, &origin)?;
                    let wish = wish.unwrap_or(0) * 1_000_000;
                    let next = now.saturating_add(wait_us(attempts, &clock).max(wish));
                    store::delivery_failed(conn, &delivery.id, &error, 0, None)?;
                    store::peer_failed(conn, &origin, &error, now, next)?;
                    store::give_up(conn, &origin, now.saturating_sub(GIVE_UP_US), now)?;
                }
                Outcome::Gone(error) => {
                    tracing::warn!(peer = origin, error, "an inbox is gone");
                    let attempts = store::peer_attempts(conn, &origin)?;
                    let next = now.saturating_add(wait_us(attempts, &clock));
                    store::delivery_failed(conn, &delivery.id, &error, 0, None)?;
                    store::peer_failed(conn, &origin, &error, now, next)?;
                    store::inbox_is_gone(conn, &origin, &delivery.inbox, now)?;
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
    fn a_peer_may_ask_for_patience_of_a_day_at_most() {
        let now = 1_793_491_200;
        let wish = |text: &str| {
            let headers = HeaderMap::from_iter([(RETRY_AFTER, text.parse().unwrap())]);
            retry_after(&headers, now)
        };
        assert_eq!(wish("120"), Some(120));
        assert_eq!(wish("0"), Some(0));
        assert_eq!(wish("99999999999999999999999"), Some(24 * 3600));
        assert_eq!(wish("Sun, 01 Nov 2026 00:10:00 GMT"), Some(600));
        assert_eq!(wish("Sun, 01 Nov 2020 00:00:00 GMT"), Some(0));
        assert_eq!(wish("Fri, 01 Jan 2100 00:00:00 GMT"), Some(24 * 3600));
        assert_eq!(wish("soon"), None);
        assert_eq!(wish("-5"), None);
    }

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
