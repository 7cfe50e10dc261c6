//! Keys change: ours by `antiphon key rotate`, theirs when they say so.
//!
//! A change of ours is a statement signed by the key that goes and the key that comes
//! ([`federation::key_history`]); all of them are served at [`HISTORY`], and the actor links there.
//! A node of our kind that shows other keys than those known here is believed when its own history
//! leads from the known key to the shown ones. If it does not, somebody else may have its domain
//! now: the peer is **held**. What its known key signs is still taken, nothing is sent there, and
//! what is signed with the new keys waits at its sender, until the operator has asked and decides
//! ([`trust`], or [`crate::peers::block`]).
//!
//! Proofs stand for longer than keys count: what was signed before a key's end stands ([`signed`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use diesel::QueryResult;
use federation::key_history::{Change, HISTORY_LIMIT, KeyHistory};
use federation::keys::Ed25519Public;
use federation::proof::{self, ProofClaim, ProofRefused, Signed};
use federation::vocabulary::{Actor, Timestamp};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use settlement::{NodeId, Uri};
use tokio::sync::watch;

use super::api::activity_json;
use super::fetch::{self, FetchRefused};
use super::{Peer, To, actor, ed25519_id, reads, say, standing, store};
use crate::Node;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::errands::{self, Errand, Rest};
use crate::keys::NodeKeys;
use crate::web::{App, Refusal};
use crate::words::Say;

/// Where a node says how its keys changed.
pub const HISTORY: &str = "/actor/keys";
/// For how long after its end a key's proofs are taken, in microseconds: a node that is running
/// takes up its new keys within a moment.
const GRACE_US: i64 = 60_000_000;
/// How long a peer that was read again for an unknown key is not read again for that, in
/// microseconds.
const REREAD_US: i64 = 600_000_000;

/// The doors of this drawer.
pub(super) fn routes() -> Router<App> {
    Router::new().route(HISTORY, get(history))
}

async fn history(State(app): State<App>) -> Result<Response, Refusal> {
    let node = app.clone();
    let document = app
        .db
        .read(move |conn| {
            let rotations = statements(conn)?;
            let id = node.config.uri(HISTORY);
            Ok::<_, Refusal>(KeyHistory::document(&id, &node.config.actor(), &rotations))
        })
        .await?;
    Ok(activity_json(&document))
}

fn statements(conn: &mut Conn) -> Result<Vec<Value>, Refusal> {
    store::key_statements(conn)?
        .iter()
        .map(|statement| serde_json::from_str(statement).map_err(Refusal::broken))
        .collect()
}

/// A key of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnKey {
    /// Its address.
    pub id: String,
    /// The key.
    pub key: Ed25519Public,
    /// Until when it counted, in microseconds UTC; `None`: it counts now.
    pub until_us: Option<i64>,
}

/// This node's Ed25519 keys, the one that counts now first.
pub fn list(node: &Node) -> Result<Vec<OwnKey>, Refusal> {
    let mut keys = vec![OwnKey {
        id: node.key_id(),
        key: node.keys().ed25519.public(),
        until_us: None,
    }];
    let actor = node.config.actor();
    let old = node
        .db
        .read_now(|conn| Ok::<_, Refusal>(store::old_keys(conn, actor.as_str())?))?;
    keys.extend(old.into_iter().map(|(id, key, until_us)| OwnKey {
        id,
        key,
        until_us: Some(until_us),
    }));
    Ok(keys)
}

/// Gives this node new keys, says so with both, and tells its peers. A node that runs takes them up
/// within a moment. Returns the new key.
pub fn rotate(node: &Node) -> Result<OwnKey, Refusal> {
    let before = node.keys();
    let sequence = before.changes + 1;
    let keys = NodeKeys::draw_after(&node.config.dir, sequence).map_err(Refusal::broken)?;
    let actor_id = node.config.actor();
    let (old_id, new_id) = (
        ed25519_id(&node.config, before.changes),
        ed25519_id(&node.config, sequence),
    );
    let now = node.clock.now_us();
    let uri = |text: &str| Uri::parse(text).map_err(Refusal::broken);
    let statement = Change {
        actor: &actor_id,
        sequence,
        old: (&before.ed25519, &uri(&old_id)?),
        new: (&keys.ed25519, &uri(&new_id)?),
        rsa: &keys.rsa.public(),
        id: &uri(&node.config.uri(&format!("{HISTORY}/{sequence}")))?,
    }
    .sign(&settlement::Timestamp::parse(&rfc3339(now)).map_err(Refusal::broken)?)
    .map_err(Refusal::broken)?;
    let new = OwnKey {
        id: new_id,
        key: keys.ed25519.public(),
        until_us: None,
    };
    let changed = node.db.write_now(|conn| {
        // Two commands at once: the second finds that the keys it read are no longer those.
        if store::key_changes(conn)? != before.changes {
            return Err(Refusal::Conflict(Say::new("peers-keys-changed-meanwhile")));
        }
        store::keep_key_change(conn, sequence, &statement.to_string(), now)?;
        let old = before.ed25519.public();
        store::keep_old_key(conn, actor_id.as_str(), &old_id, &old, now)?;
        node.keyring.change(Arc::new(keys));
        Ok::<_, Refusal>(announce(conn, node)?)
    });
    if let Err(refusal) = changed {
        node.keyring.change(before);
        return Err(refusal);
    }
    Ok(new)
}

/// Tells the peers that our actor changed. The node that runs delivers it under the new keys: it
/// looks whether they changed whenever it takes something from a line. Whoever is not told reads the
/// actor when our next signature names a key that is not known there.
fn announce(conn: &mut Conn, node: &Node) -> QueryResult<()> {
    let update =
        || json!({ "type": "Update", "object": actor::Local::Node.actor(node).to_value() });
    say(conn, node, update(), To::Followers, false)?;
    let coordinator = node.config.coordinator_actor();
    if let Some(peer) = store::peer_by_actor(conn, &coordinator)?.filter(|peer| !peer.follower) {
        say(conn, node, update(), To::Peer(peer.origin), false)?;
    }
    Ok(())
}

/// Takes up keys that another process of this node drew, and reads again the peers whose documents
/// named keys that are not known here.
pub async fn pass(app: &App) {
    let changes = app
        .db
        .read(|conn| Ok::<_, Refusal>(store::key_changes(conn)?));
    if let Err(error) = changes.await.and_then(|changes| take_up(app, changes)) {
        tracing::error!(%error, "the node's new keys cannot be taken up");
        app.errands.failed(Errand::Keys, app.clock.now_us(), &error);
    }
    for origin in app.outside.rereads.waiting() {
        reread(app, &origin).await;
    }
}

/// Does so until `left` says that the house is being left.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Keys, app.clock.now_us());
        pass(&app).await;
        if errands::rest(&app, Errand::Keys, Duration::from_secs(1), &mut left).await == Rest::Left
        {
            return;
        }
    }
}

/// Signs with the keys after so many changes from now on, if this process does not yet: a command
/// drew them.
pub(super) fn take_up(node: &Node, changes: u32) -> Result<(), Refusal> {
    if changes > node.keys().changes {
        let keys = NodeKeys::read(&node.config.dir, changes).map_err(Refusal::broken)?;
        node.keyring.change(Arc::new(keys));
        tracing::info!(changes, "this node signs with its new keys from now on");
    }
    Ok(())
}

async fn reread(app: &App, origin: &str) {
    let now = app.clock.now_us();
    let looked = app.db.read({
        let origin = origin.to_owned();
        move |conn| Ok::<_, Refusal>(store::peer(conn, &origin)?)
    });
    let Ok(Some(peer)) = looked.await else {
        app.outside.rereads.done(origin);
        return;
    };
    match reads::actor(app, &peer.actor_id).await {
        Ok(actor) => {
            let noted = app
                .db
                .write(move |conn| Ok::<_, Refusal>(store::note_actor(conn, &actor, now)?));
            if let Err(error) = noted.await {
                tracing::error!(%error, peer = origin, "a peer's keys cannot be noted");
                return;
            }
            app.outside.rereads.done(origin);
        }
        Err(error) => tracing::debug!(%error, peer = origin, "a peer cannot be read again"),
    }
}

/// The peers to be read again, since something of theirs was signed with a key not known here.
#[derive(Debug, Default)]
pub(super) struct Rereads(Mutex<BTreeMap<String, (i64, bool)>>);

impl Rereads {
    /// Asks for the peer at `origin` to be read again. `false` when it just was: then the key is
    /// unknown for good.
    fn ask(&self, origin: &str, now_us: i64) -> bool {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        asked.retain(|_, (at, waits)| *waits || *at > now_us.saturating_sub(REREAD_US));
        let (_, waits) = asked.entry(origin.to_owned()).or_insert((now_us, true));
        *waits
    }

    fn waiting(&self) -> Vec<String> {
        let asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting = asked.iter().filter(|(_, (_, waits))| *waits);
        waiting.map(|(origin, _)| origin.clone()).collect()
    }

    fn done(&self, origin: &str) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, waits)) = asked.get_mut(origin) {
            *waits = false;
        }
    }
}

/// Holds an actor that was just read against what is known of it. Of a node of our kind, keys that
/// differ are believed when its history leads to them; else it is held.
///
/// # Errors
/// [`FetchRefused::Held`].
pub(super) async fn examine(node: &Node, actor: &Actor) -> Result<(), FetchRefused> {
    let origin = actor.id.origin().to_owned();
    let (known, was_held) = node
        .db
        .read({
            let origin = origin.clone();
            move |conn| {
                let held = store::held(conn, &origin)?.is_some();
                Ok::<_, FetchRefused>((store::peer(conn, &origin)?, held))
            }
        })
        .await?;
    let known =
        known.filter(|peer| peer.is_met() && peer.is_node() && *peer.actor_id.uri() == actor.id);
    let shown = actor.ed25519_keys.first().map(|named| named.key);
    let rsa = actor.rsa_keys.first().map(|named| &named.key);
    if let Some(peer) = &known
        && peer.ed25519 == shown
        && peer.rsa.as_ref() == rsa
    {
        if was_held {
            release(node, origin, None).await?;
        }
        return Ok(());
    }
    if known.is_none() && actor.key_history.is_none() {
        return Ok(());
    }
    let history = read_history(node, actor).await;
    match (known.and_then(|peer| peer.ed25519), history) {
        (None, Ok(history)) => release(node, origin, Some((actor, history))).await,
        // Nobody is known by another key here, so there is nothing to be led from.
        (None, Err(_)) => Ok(()),
        (Some(known), Ok(history))
            if shown.is_some_and(|shown| history.leads(&known, &shown, rsa)) =>
        {
            release(node, origin, Some((actor, history))).await
        }
        (Some(_), history) => {
            let reason = match history {
                Ok(_) => "its history of keys does not lead from the key known here".to_owned(),
                Err(reason) => reason,
            };
            hold(node, origin, actor, reason).await
        }
    }
}

async fn read_history(node: &Node, actor: &Actor) -> Result<KeyHistory, String> {
    let Some(at) = &actor.key_history else {
        return Err("it shows no history of keys".to_owned());
    };
    let document = fetch::object(node, at.as_str(), HISTORY_LIMIT)
        .await
        .map_err(|refused| refused.to_string())?;
    KeyHistory::read(&document, &NodeId::from(actor.id.clone()))
        .map_err(|refused| refused.to_string())
}

/// Holds a peer no longer, and remembers the keys of its history.
async fn release(
    node: &Node,
    origin: String,
    believed: Option<(&Actor, KeyHistory)>,
) -> Result<(), FetchRefused> {
    let believed = believed.map(|(actor, history)| (actor.id.to_string(), history));
    node.db
        .write(move |conn| {
            store::let_go(conn, &origin)?;
            let Some((actor, history)) = believed else {
                return Ok(());
            };
            for term in history.keys() {
                if let Some(until) = term.until_us {
                    store::keep_old_key(conn, &actor, term.id.as_str(), &term.key, until)?;
                }
            }
            Ok(())
        })
        .await
}

async fn hold(
    node: &Node,
    origin: String,
    actor: &Actor,
    reason: String,
) -> Result<(), FetchRefused> {
    let reason: String = reason.chars().take(400).collect();
    tracing::warn!(
        peer = origin,
        reason,
        "a peer shows other keys than those known here and is held: ask its operator, then run \
         `antiphon peer trust` or `antiphon peer block`"
    );
    let (shown, now) = (actor.to_value().to_string(), node.clock.now_us());
    let held = origin.clone();
    node.db
        .write(move |conn| {
            store::hold(conn, &origin, &shown, &reason, now)?;
            Ok::<_, FetchRefused>(())
        })
        .await?;
    Err(FetchRefused::Held(held))
}

/// Believes the keys that a held peer shows: the operator has asked the other side.
pub fn trust(node: &Node, url: &str) -> Result<Peer, Refusal> {
    let origin = standing::origin(node, url)?;
    let peer = node.db.write_now(|conn| {
        let held = store::held(conn, &origin)?.ok_or_else(|| {
            Refusal::field("url", Say::new("peers-not-held").with("peer", &origin))
        })?;
        let actor = Actor::parse(held.shown.as_bytes()).map_err(Refusal::broken)?;
        let now = node.clock.now_us();
        if let Some(peer) = store::peer(conn, &origin)?
            && let (Some(key), Some(id)) = (peer.ed25519, &peer.ed25519_id)
        {
            store::keep_old_key(conn, peer.actor_id.as_str(), id, &key, now)?;
        }
        store::let_go(conn, &origin)?;
        store::retry_now(conn, &origin)?;
        Ok::<_, Refusal>(store::note_actor(conn, &actor, now)?)
    })?;
    node.wake.deliver.notify_one();
    Ok(peer)
}

/// Why a document is not taken for a peer's.
#[derive(Debug, thiserror::Error)]
pub enum NotProven {
    /// The proof.
    #[error(transparent)]
    Proof(#[from] ProofRefused),
    /// The peer shows no key for proofs.
    #[error("{0} shows no key for proofs")]
    NoKey(NodeId),
    /// A key that the peer is not known to have had.
    #[error("the proof names another key than {actor} has: {key}")]
    UnknownKey {
        /// The actor.
        actor: NodeId,
        /// The key.
        key: String,
        /// Whether the peer is about to be read again, so that it may be known then.
        later: bool,
    },
    /// A key that did not count any more.
    #[error("the key {0} did not count any more when the proof was made")]
    Ended(String),
    /// Our own database.
    #[error(transparent)]
    Db(#[from] diesel::result::Error),
}

impl NotProven {
    /// As a refusal, in the caller's words; what may be proven later is [`Refusal::Broken`], which is
    /// tried again.
    pub fn refusal(self, words: impl FnOnce(&Self) -> Refusal) -> Refusal {
        match self {
            NotProven::Db(error) => error.into(),
            NotProven::UnknownKey { later: true, .. } => Refusal::broken(self),
            refused => words(&refused),
        }
    }
}

/// The key that a document of `peer`'s must have been signed with: the one it shows, or one that
/// counted when the document was signed. Returns its id too.
pub fn key_of(
    conn: &mut Conn,
    node: &Node,
    peer: &Peer,
    document: &Value,
) -> Result<(String, Ed25519Public), NotProven> {
    let (Some(key), Some(key_id)) = (peer.ed25519, &peer.ed25519_id) else {
        return Err(NotProven::NoKey(peer.actor_id.clone()));
    };
    let claim = ProofClaim::of(document)?;
    let named = claim.verification_method;
    let mut ended = false;
    // A key that was changed without a history may have left its address to the next.
    for (id, old, until_us) in store::old_keys(conn, peer.actor_id.as_str())? {
        if id != named || proof::verify(document, &old).is_err() {
            continue;
        }
        let created = claim.created.as_deref();
        let made_us = created.and_then(|created| Timestamp::parse(created).ok());
        if made_us.is_some_and(|made| made.micros() <= until_us.saturating_add(GRACE_US)) {
            return Ok((id, old));
        }
        ended = true;
    }
    if named == *key_id {
        return Ok((named, key));
    }
    if ended {
        return Err(NotProven::Ended(named));
    }
    let of_actor = named
        .strip_prefix(peer.actor_id.as_str())
        .is_some_and(|rest| rest.starts_with('#'));
    let later = of_actor
        && peer.origin != node.config.base()
        && node.outside.rereads.ask(&peer.origin, node.clock.now_us());
    Err(NotProven::UnknownKey {
        actor: peer.actor_id.clone(),
        key: named,
        later,
    })
}

/// Reads a document that `peer` signed, with the key it shows or one that counted then.
pub fn signed<T: DeserializeOwned>(
    conn: &mut Conn,
    node: &Node,
    peer: &Peer,
    document: Value,
) -> Result<Signed<T>, NotProven> {
    let (key_id, key) = key_of(conn, node, peer, &document)?;
    Ok(Signed::verify(document, &key_id, &key)?)
}

/// Whether `peer` signed a document.
pub fn check(conn: &mut Conn, node: &Node, peer: &Peer, document: &Value) -> Result<(), NotProven> {
    let (_, key) = key_of(conn, node, peer, document)?;
    match node.outside.proven.holds(document, &key) {
        true => Ok(()),
        false => Ok(proof::verify(document, &key)?),
    }
}

/// Every key by which `peer` is or was known.
pub fn all_of(conn: &mut Conn, peer: &Peer) -> QueryResult<Vec<Ed25519Public>> {
    let old = store::old_keys(conn, peer.actor_id.as_str())?;
    Ok(peer
        .ed25519
        .into_iter()
        .chain(old.into_iter().map(|(_, key, _)| key))
        .collect())
}
