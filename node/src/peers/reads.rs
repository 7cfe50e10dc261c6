//! Reading an actor because a stranger's request names it: what others can make us ask is bounded.
//!
//! One request causes at most one reading, and a reading costs at most a handful of requests. An
//! address that fails is not asked again for ten seconds, then twice as long each time, up to an
//! hour. One host is read from so often a minute and no oftener, and so are all together. Many
//! requests of one unknown actor that come at once are answered by one reading; and what was read in
//! vain, because the signature did not fit, is remembered for a moment, so that a flood of forged
//! requests does not become a flood at the door of whoever they name, nor shuts that one out here.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use federation::vocabulary::Actor;
use settlement::NodeId;
use tokio::sync::Semaphore;

use super::fetch::FetchRefused;
use super::framework;
use crate::Node;

/// How long an address that failed is not asked again at first, in microseconds; doubled each time.
const SHUN_US: i64 = 10_000_000;
/// The longest such time.
const SHUN_LONGEST_US: i64 = 3_600_000_000;
/// How long an actor that was read in vain is remembered, in microseconds.
const IN_VAIN_US: i64 = 30_000_000;
/// The time over which readings are counted, in microseconds.
const MINUTE_US: i64 = 60_000_000;
/// How many readings of one host a minute, and of all hosts together.
const OF_ONE_HOST: u32 = 60;
const OF_ALL: u32 = 1_000;
/// How many readings may be under way.
const UNDER_WAY: usize = 32;
/// How many addresses are remembered.
const REMEMBERED: usize = 10_000;

/// What was read lately, what failed, and how often was asked.
pub(super) struct Reads {
    lately: Mutex<Lately>,
    turns: Mutex<BTreeMap<String, Arc<Turn>>>,
    under_way: Semaphore,
}

impl Default for Reads {
    fn default() -> Self {
        Reads {
            lately: Mutex::default(),
            turns: Mutex::default(),
            under_way: Semaphore::new(UNDER_WAY),
        }
    }
}

#[derive(Default)]
struct Lately {
    failed: BTreeMap<String, Failed>,
    in_vain: BTreeMap<String, (Actor, i64)>,
    hosts: BTreeMap<String, Count>,
    all: Count,
    /// Grows with everything that happens here.
    step: u64,
}

struct Failed {
    until_us: i64,
    times: u32,
}

#[derive(Clone, Copy, Default)]
struct Count {
    since_us: i64,
    times: u32,
}

impl Count {
    /// Counts one more, unless that were too many for this minute.
    fn one_more(&mut self, most: u32, now_us: i64) -> bool {
        if now_us.saturating_sub(self.since_us) >= MINUTE_US {
            *self = Count {
                since_us: now_us,
                times: 0,
            };
        }
        self.times += 1;
        self.times <= most
    }
}

/// Whose turn it is to read one address, and what the one before read.
type Turn = tokio::sync::Mutex<Option<(u64, Actor)>>;

impl Reads {
    fn lately<T>(&self, act: impl FnOnce(&mut Lately) -> T) -> T {
        let mut lately = self.lately.lock().unwrap_or_else(PoisonError::into_inner);
        lately.step += 1;
        act(&mut lately)
    }

    fn turn_of(&self, address: &str) -> Arc<Turn> {
        let mut turns = self.turns.lock().unwrap_or_else(PoisonError::into_inner);
        turns.retain(|_, turn| Arc::strong_count(turn) > 1);
        turns.entry(address.to_owned()).or_default().clone()
    }

    /// Whether this address may be asked now: it did not just fail, and its host and all hosts
    /// together were not asked too often.
    fn may_ask(&self, address: &str, host: &str, now_us: i64) -> bool {
        self.lately(|lately| {
            let shunned = lately
                .failed
                .get(address)
                .is_some_and(|failed| failed.until_us > now_us);
            if shunned {
                return false;
            }
            if lately.hosts.len() >= REMEMBERED {
                let over = |count: &Count| now_us.saturating_sub(count.since_us) >= MINUTE_US;
                lately.hosts.retain(|_, count| !over(count));
            }
            if lately.hosts.len() >= REMEMBERED && !lately.hosts.contains_key(host) {
                return false;
            }
            let of_host = lately.hosts.entry(host.to_owned()).or_default();
            of_host.one_more(OF_ONE_HOST, now_us) && lately.all.one_more(OF_ALL, now_us)
        })
    }

    fn failed(&self, address: &str, now_us: i64) {
        self.lately(|lately| {
            if lately.failed.len() >= REMEMBERED {
                // Those whose time is over are forgotten, and with them how often they failed.
                lately.failed.retain(|_, failed| failed.until_us > now_us);
            }
            if lately.failed.len() < REMEMBERED || lately.failed.contains_key(address) {
                let failed = lately.failed.entry(address.to_owned()).or_insert(Failed {
                    until_us: 0,
                    times: 0,
                });
                let wait = SHUN_US.saturating_mul(1 << failed.times.min(7));
                failed.until_us = now_us.saturating_add(wait.min(SHUN_LONGEST_US));
                failed.times += 1;
            }
        });
    }

    fn answered(&self, address: &str) {
        self.lately(|lately| lately.failed.remove(address));
    }

    /// Remembers for a moment what was read and did not help.
    pub(super) fn in_vain(&self, actor: &Actor, now_us: i64) {
        self.lately(|lately| {
            lately.in_vain.retain(|_, (_, until)| *until > now_us);
            if lately.in_vain.len() < REMEMBERED / 10 {
                let until = now_us.saturating_add(IN_VAIN_US);
                lately
                    .in_vain
                    .insert(actor.id.to_string(), (actor.clone(), until));
            }
        });
    }

    fn was_in_vain(&self, address: &str, now_us: i64) -> Option<Actor> {
        self.lately(|lately| {
            let (actor, until) = lately.in_vain.get(address)?;
            (*until > now_us).then(|| actor.clone())
        })
    }
}

/// The actor at `id`, read from there because somebody else's request names it.
///
/// # Errors
/// [`FetchRefused`]; [`FetchRefused::TooOften`] when it is not asked now.
pub(super) async fn actor(node: &Node, id: &NodeId) -> Result<Actor, FetchRefused> {
    let reads = &node.outside.reads;
    let address = id.as_str();
    let arrived = reads.lately(|lately| lately.step);
    let turn = reads.turn_of(address);
    let mut before = turn.lock().await;
    // Somebody read it while we waited for our turn: as fresh as if we had.
    if let Some((step, actor)) = &*before
        && *step > arrived
    {
        return Ok(actor.clone());
    }
    let now = node.clock.now_us();
    if let Some(actor) = reads.was_in_vain(address, now) {
        return Ok(actor);
    }
    let host = id.origin().split_once("://").map_or("", |(_, host)| host);
    if !reads.may_ask(address, host, now) {
        return Err(FetchRefused::TooOften(address.to_owned()));
    }
    let Ok(_room) = reads.under_way.try_acquire() else {
        return Err(FetchRefused::TooOften(address.to_owned()));
    };
    match framework::actor(node, id).await {
        Ok(actor) => {
            reads.answered(address);
            *before = Some((reads.lately(|lately| lately.step), actor.clone()));
            Ok(actor)
        }
        Err(refused) => {
            if !matches!(refused, FetchRefused::Db(_)) {
                reads.failed(address, now);
            }
            Err(refused)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: i64 = 1_000_000;

    #[test]
    fn an_address_that_fails_is_shunned_for_longer_each_time() {
        let reads = Reads::default();
        let mut now = 0;
        for seconds in [10, 20, 40, 80, 160, 320, 640, 1280, 1280] {
            assert!(reads.may_ask("a", "h", now), "{seconds}");
            reads.failed("a", now);
            assert!(!reads.may_ask("a", "h", now + (seconds - 1) * SECOND));
            assert!(reads.may_ask("b", "h", now), "another address is asked");
            now += seconds * SECOND;
        }
        reads.answered("a");
        reads.failed("a", now);
        assert!(reads.may_ask("a", "h", now + 10 * SECOND));
    }

    #[test]
    fn one_host_is_read_from_so_often_a_minute_and_others_are_not_hindered() {
        let reads = Reads::default();
        for number in 0..OF_ONE_HOST {
            assert!(reads.may_ask(&format!("a{number}"), "h", 0));
        }
        assert!(!reads.may_ask("one more", "h", 59 * SECOND));
        assert!(reads.may_ask("one more", "another", 59 * SECOND));
        assert!(reads.may_ask("one more", "h", 61 * SECOND));
    }
}
