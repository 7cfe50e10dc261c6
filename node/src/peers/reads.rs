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

use super::budget::{Allowance, Budget};
use super::fetch::FetchRefused;
use super::framework;
use crate::Node;

/// How long an actor that was read in vain is remembered, in microseconds.
const IN_VAIN_US: i64 = 30_000_000;
/// How many readings of all hosts together a minute.
const OF_ALL: u32 = 1_000;
/// How many readings may be under way.
const UNDER_WAY: usize = 32;
/// How many of them from one host: who answers slowly shuts out nobody else.
const OF_ONE_HOST: usize = 4;
/// How many actors that were read in vain are remembered.
const REMEMBERED: usize = 1_000;

/// What was read lately, what failed, and how often was asked.
pub(super) struct Reads {
    budget: Budget,
    lately: Mutex<Lately>,
    turns: Mutex<BTreeMap<String, Arc<Turn>>>,
    under_way: Semaphore,
    hosts: Mutex<BTreeMap<String, Arc<Semaphore>>>,
}

impl Default for Reads {
    fn default() -> Self {
        Reads {
            budget: Budget::new(OF_ALL),
            lately: Mutex::default(),
            turns: Mutex::default(),
            under_way: Semaphore::new(UNDER_WAY),
            hosts: Mutex::default(),
        }
    }
}

#[derive(Default)]
struct Lately {
    in_vain: BTreeMap<String, (Actor, i64)>,
    /// Grows with everything that happens here.
    step: u64,
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

    /// The places for readings from one host.
    fn places_at(&self, host: &str) -> Arc<Semaphore> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.retain(|_, places| Arc::strong_count(places) > 1);
        let places = hosts.entry(host.to_owned());
        places
            .or_insert_with(|| Arc::new(Semaphore::new(OF_ONE_HOST)))
            .clone()
    }

    /// Remembers for a moment what was read and did not help.
    pub(super) fn in_vain(&self, actor: &Actor, now_us: i64) {
        self.lately(|lately| {
            lately.in_vain.retain(|_, (_, until)| *until > now_us);
            if lately.in_vain.len() < REMEMBERED {
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
    if reads.budget.is_shunned(address, now)
        || !reads.budget.may_ask(host, Allowance::STRANGER, now)
    {
        return Err(FetchRefused::TooOften(address.to_owned()));
    }
    let places = reads.places_at(host);
    let (Ok(_place), Ok(_room)) = (places.try_acquire(), reads.under_way.try_acquire()) else {
        return Err(FetchRefused::TooOften(address.to_owned()));
    };
    match framework::actor(node, id).await {
        Ok(actor) => {
            reads.budget.answered(address);
            *before = Some((reads.lately(|lately| lately.step), actor.clone()));
            Ok(actor)
        }
        Err(refused) => {
            if !matches!(refused, FetchRefused::Db(_)) {
                reads.budget.failed(address, now);
            }
            Err(refused)
        }
    }
}
