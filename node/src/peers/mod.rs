//! Peers: the other nodes; what we say to them, what they say to us.
//!
//! A **peer** is another host: for a node of our kind, that one node, met by name ([`add`]) or by
//! what it sent here. Whoever else acts there, a [`RemoteActor`], may follow our venues, members and
//! parties, and be followed; who may say what about whom is in [`rules`]. What a
//! node has to say is stored by [`say`](fn@say) in the transaction that causes it, with one
//! **delivery** for each peer it is for; [`deliver`] carries deliveries out, one peer at a time, in
//! order, for as long as it takes. What arrives goes through one door ([`receive`]): who signed it
//! ([`prove`]) is settled first, then it is stored, and only then does it act, once ([`inbox`]).
//! A node that follows us is remembered ([`follow`]); one that we begin to follow is asked for all
//! it said before ([`pull`]); one that we do not follow and know something of, for what it takes down
//! ([`hear`]).
//!
//! Whatever leaves is signed and goes nowhere but the public network ([`outside`], [`fetch`]);
//! what of this is the federation framework's work is in [`framework`]. Keys change, ours and
//! theirs, and are believed when the old ones say so ([`keys`]).

pub mod actor;
pub mod add;
mod ahead;
pub mod api;
mod budget;
pub mod deliver;
pub mod fetch;
pub mod follow;
pub mod framework;
pub mod hear;
pub mod inbox;
pub mod itself;
pub mod keys;
pub mod notes;
pub mod outside;
pub mod pages;
pub mod prove;
pub mod pull;
mod reads;
pub mod receive;
mod resolve;
pub mod rules;
pub mod say;
pub mod showing;
mod speakers;
pub mod standing;
pub mod store;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use federation::keys::{Ed25519Public, PublicKey, RsaPublic};
use federation::vocabulary::ActorKind;
use settlement::{Currency, NodeId, Territory, Uri};
use tokio::sync::Notify;

use crate::Node;
use crate::config::Config;

pub use add::{add, follow as ask_to_follow};
pub use api::routes;
pub use deliver::wait_us;
pub use inbox::Outcome;
pub use outside::Outside;
pub use prove::{SignedActor, SignedPeer};
pub use resolve::Lookup;
pub use say::{To, say};
pub use standing::{Relation, allow, block, limit, list, retry_now, show, unblock};

/// What follows an actor's URI in the id of its first Ed25519 key.
const ED25519_FRAGMENT: &str = "#ed25519-key";
/// What follows an actor's URI in the id of its RSA key.
const RSA_FRAGMENT: &str = "#main-key";

/// The id of this node's Ed25519 key after so many changes: of signatures between nodes and of
/// proofs on documents. Each key has its own, so that a proof always names one key.
pub(crate) fn ed25519_id(config: &Config, changes: u32) -> String {
    ed25519_key_id(config.actor().as_str(), changes)
}

/// The id under which an actor of ours shows the node's Ed25519 key after so many changes.
fn ed25519_key_id(actor: &str, changes: u32) -> String {
    match changes {
        0 => format!("{actor}{ED25519_FRAGMENT}"),
        changes => format!("{actor}{ED25519_FRAGMENT}-{}", changes + 1),
    }
}

/// The id of this node's RSA key, which stays when the key changes: servers of other kinds read the
/// actor again when a signature does not fit.
pub fn rsa_id(config: &Config) -> String {
    format!("{}{RSA_FRAGMENT}", config.actor())
}

/// Somebody who acts on another origin and is not the node there: a person, a venue, a party, an
/// account on a server of another kind.
#[derive(Clone, Debug, PartialEq)]
pub struct RemoteActor {
    /// Its address.
    pub id: Uri,
    /// What it is.
    pub kind: ActorKind,
    /// Scheme, host and port.
    pub origin: String,
    /// What it calls itself.
    pub name: String,
    /// The name in `@name@host`.
    pub username: Option<String>,
    /// Its page for people.
    pub page: Option<String>,
    /// Where it takes activities.
    pub inbox: String,
    /// Where its server takes them for all.
    pub shared_inbox: Option<String>,
    /// Where it lists what it said.
    pub outbox: Option<String>,
    /// A key of its RFC 9421 signatures.
    pub ed25519: Option<Ed25519Public>,
    /// The id of that key.
    pub ed25519_id: Option<String>,
    /// The key of its draft-cavage signatures.
    pub rsa: Option<RsaPublic>,
    /// The id of that key.
    pub rsa_id: Option<String>,
    /// When it was last read, in microseconds UTC.
    pub fetched_us: i64,
}

impl RemoteActor {
    /// Its key of this id.
    pub fn key(&self, id: &str) -> Option<PublicKey> {
        if self.ed25519_id.as_deref() == Some(id) {
            return self.ed25519.map(PublicKey::from);
        }
        if self.rsa_id.as_deref() == Some(id) {
            return self.rsa.clone().map(PublicKey::from);
        }
        None
    }

    /// `@name@host`, where it has such a name.
    pub fn handle(&self) -> Option<String> {
        let (_, host) = self.origin.split_once("://")?;
        let name = self.username.as_ref()?;
        Some(format!("@{name}@{host}"))
    }
}

/// Another host as we know it, and the one node there, if it is a node of our kind.
#[derive(Clone, Debug, PartialEq)]
pub struct Peer {
    /// Scheme, host and port: `https://loire.example`.
    pub origin: String,
    /// Its node's actor; of a host that is no node of our kind, where that would be.
    pub actor_id: NodeId,
    /// What it calls itself.
    pub name: String,
    /// Where it stands; other kinds of servers do not say.
    pub territory: Option<Territory>,
    /// The currency of its contributions.
    pub currency: Option<Currency>,
    /// Where it takes activities.
    pub inbox: String,
    /// Where it lists what it said.
    pub outbox: Option<String>,
    /// The key of its documents' proofs and of its RFC 9421 signatures; nodes of our kind have it.
    pub ed25519: Option<Ed25519Public>,
    /// The id of that key.
    pub ed25519_id: Option<String>,
    /// The key of its draft-cavage signatures.
    pub rsa: Option<RsaPublic>,
    /// The id of that key.
    pub rsa_id: Option<String>,
    /// Whether we speak with it.
    pub standing: Standing,
    /// Whether we follow it.
    pub following: Following,
    /// Whether its node follows ours.
    pub follower: bool,
    /// When an actor of it was first read, in microseconds UTC; 0: never, we only know its address.
    pub fetched_us: i64,
}

impl Peer {
    /// This node, as its peers know it: what it tells itself comes from here.
    pub fn ourselves(node: &Node) -> Self {
        let config = &node.config;
        let keys = node.keys();
        Peer {
            origin: config.base(),
            actor_id: config.actor(),
            name: config.name.clone(),
            territory: Some(config.territory),
            currency: Some(config.currency),
            inbox: config.uri("/inbox"),
            outbox: Some(config.uri("/outbox")),
            ed25519: Some(keys.ed25519.public()),
            ed25519_id: Some(ed25519_id(config, keys.changes)),
            rsa: Some(keys.rsa.public()),
            rsa_id: Some(rsa_id(config)),
            standing: Standing::Known,
            following: Following::No,
            follower: false,
            fetched_us: node.clock.now_us(),
        }
    }

    /// Whether an actor of it was ever read.
    pub fn is_met(&self) -> bool {
        self.fetched_us > 0
    }

    /// Whether it is a node of our kind: it signs as we do and says where it stands.
    pub fn is_node(&self) -> bool {
        self.ed25519.is_some() && self.territory.is_some()
    }

    /// Its key of this id.
    pub fn key(&self, id: &str) -> Option<PublicKey> {
        if self.ed25519_id.as_deref() == Some(id) {
            return self.ed25519.map(PublicKey::from);
        }
        if self.rsa_id.as_deref() == Some(id) {
            return self.rsa.clone().map(PublicKey::from);
        }
        None
    }
}

/// Whether we speak with a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// We do.
    Known,
    /// We do, also where only those are spoken with whom the operator allowed.
    Allowed,
    /// We do, but do not show unasked what it publishes.
    Limited,
    /// We do not: nothing goes there, nothing from there is taken.
    Blocked,
}

impl Standing {
    /// As the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Standing::Known => "known",
            Standing::Allowed => "allowed",
            Standing::Limited => "limited",
            Standing::Blocked => "blocked",
        }
    }

    /// Reads what [`Standing::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "known" => Some(Standing::Known),
            "allowed" => Some(Standing::Allowed),
            "limited" => Some(Standing::Limited),
            "blocked" => Some(Standing::Blocked),
            _ => None,
        }
    }
}

/// Whether we follow a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Following {
    /// We do not.
    No,
    /// We asked and it has not answered.
    Asked,
    /// It agreed.
    Yes,
}

impl Following {
    /// As the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Following::No => "no",
            Following::Asked => "asked",
            Following::Yes => "yes",
        }
    }

    /// Reads what [`Following::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "no" => Some(Following::No),
            "asked" => Some(Following::Asked),
            "yes" => Some(Following::Yes),
            _ => None,
        }
    }
}

/// Rouses the errands when there is something for them, and keeps two of a kind from doing the
/// same thing at once. Each errand also looks by itself every second, since other processes
/// (commands) leave work in the database too.
#[derive(Debug, Default)]
pub struct Wake {
    /// Something was said.
    pub deliver: Notify,
    /// Something arrived.
    pub inbox: Notify,
    /// A peer agreed to be followed.
    pub pull: Notify,
    /// Held by who acts on what arrived.
    acting: Turn,
    /// Held by who reads outboxes.
    reading: Turn,
    /// Held by who delivers to the peer at an origin.
    delivering: Mutex<BTreeMap<String, Arc<Turn>>>,
    /// How many more activities of an origin surely find room before it is to be counted again.
    room: Mutex<BTreeMap<String, i64>>,
}

/// What one holds while it is its turn.
type Turn = tokio::sync::Mutex<()>;

impl Wake {
    /// The turn of delivering to the peer at `origin`.
    fn turn_of(&self, origin: &str) -> Arc<Turn> {
        let mut turns = self
            .delivering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        turns.entry(origin.to_owned()).or_default().clone()
    }

    /// Whether another activity of this origin finds room among those that wait, of which there may
    /// be `limit`. `count` tells how many wait; it is asked only when as many came since it was asked
    /// last as then found room.
    fn has_room<E>(
        &self,
        origin: &str,
        limit: i64,
        count: impl FnOnce() -> Result<i64, E>,
    ) -> Result<bool, E> {
        let mut rooms = self.room.lock().unwrap_or_else(PoisonError::into_inner);
        let left = match rooms.get(origin).copied().unwrap_or(0) {
            0 => limit.saturating_sub(count()?),
            left => left,
        };
        if left <= 0 {
            return Ok(false);
        }
        if rooms.len() >= 10_000 {
            rooms.clear();
        }
        rooms.insert(origin.to_owned(), left - 1);
        Ok(true)
    }

    /// Forgets the turn of a peer nobody delivers to, so that a peer that is away leaves nothing.
    fn forget_turn_of(&self, origin: &str) {
        let mut turns = self
            .delivering
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if turns
            .get(origin)
            .is_some_and(|turn| Arc::strong_count(turn) == 1)
        {
            turns.remove(origin);
        }
    }
}
