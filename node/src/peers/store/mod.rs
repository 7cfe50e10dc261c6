//! Sentences to the database about peers: who they are, who else acts there ([`actors`]), what
//! waits for them ([`line`]), what came from them ([`arrived`]), whom
//! we ask what they take down ([`hearing`]), whose keys count ([`keys`]), and what
//! those say whom members follow ([`notes`]).

mod actors;
mod arrived;
mod hearing;
mod keys;
mod line;
mod notes;
mod trim;

use diesel::prelude::*;
use federation::keys::RsaPublic;
use federation::vocabulary::Actor;
use settlement::{Currency, NodeId, Territory};

use super::{Following, Peer, Standing};
use crate::db::Conn;
use crate::schema::peers;

pub use actors::*;
pub use arrived::*;
pub use hearing::*;
pub use keys::*;
pub use line::*;
pub use notes::*;
pub use trim::*;

/// A row of `peers`, as far as it says who a peer is.
#[derive(Queryable, Selectable)]
#[diesel(table_name = peers)]
struct PeerRow {
    origin: String,
    actor_id: String,
    name: String,
    territory: Option<String>,
    currency: Option<String>,
    inbox: String,
    outbox: Option<String>,
    ed25519: Option<String>,
    ed25519_id: Option<String>,
    rsa_pem: Option<String>,
    rsa_id: Option<String>,
    standing: String,
    following: String,
    follower: bool,
    fetched_us: i64,
}

impl PeerRow {
    fn read(self) -> QueryResult<Peer> {
        let unreadable = |what: &str| {
            let text = format!("peers: {what} of {} cannot be read", self.origin);
            diesel::result::Error::DeserializationError(text.into())
        };
        Ok(Peer {
            actor_id: NodeId::parse(&self.actor_id).map_err(|_| unreadable("actor_id"))?,
            standing: Standing::parse(&self.standing).ok_or_else(|| unreadable("standing"))?,
            following: Following::parse(&self.following).ok_or_else(|| unreadable("following"))?,
            territory: self.territory.and_then(|t| Territory::parse(&t).ok()),
            currency: self.currency.and_then(|c| Currency::parse(&c).ok()),
            ed25519: self.ed25519.and_then(|key| key.parse().ok()),
            rsa: self.rsa_pem.and_then(|pem| RsaPublic::from_pem(&pem).ok()),
            origin: self.origin,
            name: self.name,
            inbox: self.inbox,
            outbox: self.outbox,
            ed25519_id: self.ed25519_id,
            rsa_id: self.rsa_id,
            follower: self.follower,
            fetched_us: self.fetched_us,
        })
    }
}

/// The peer at `origin`.
pub fn peer(conn: &mut Conn, origin: &str) -> QueryResult<Option<Peer>> {
    peers::table
        .find(origin)
        .select(PeerRow::as_select())
        .first(conn)
        .optional()?
        .map(PeerRow::read)
        .transpose()
}

/// The peer whose actor this is.
pub fn peer_by_actor(conn: &mut Conn, actor: &NodeId) -> QueryResult<Option<Peer>> {
    peers::table
        .filter(peers::actor_id.eq(actor.as_str()))
        .select(PeerRow::as_select())
        .first(conn)
        .optional()?
        .map(PeerRow::read)
        .transpose()
}

/// Every peer, by address.
pub fn peers(conn: &mut Conn) -> QueryResult<Vec<Peer>> {
    let rows: Vec<PeerRow> = peers::table
        .select(PeerRow::as_select())
        .order(peers::origin)
        .load(conn)?;
    rows.into_iter().map(PeerRow::read).collect()
}

/// The origins that stand like this.
pub fn standing(conn: &mut Conn, standing: Standing) -> QueryResult<Vec<String>> {
    peers::table
        .filter(peers::standing.eq(standing.as_str()))
        .select(peers::origin)
        .load(conn)
}

/// The origins of which nothing is shown unasked: those limited and those blocked.
pub fn not_shown(conn: &mut Conn) -> QueryResult<Vec<String>> {
    peers::table
        .filter(
            peers::standing
                .eq(Standing::Limited.as_str())
                .or(peers::standing.eq(Standing::Blocked.as_str())),
        )
        .select(peers::origin)
        .load(conn)
}

/// Where the nodes that follow us take activities: (origin, inbox).
pub fn followers(conn: &mut Conn) -> QueryResult<Vec<(String, String)>> {
    peers::table
        .filter(peers::follower.eq(true))
        .filter(peers::standing.ne(Standing::Blocked.as_str()))
        .select((peers::origin, peers::inbox))
        .order(peers::origin)
        .load(conn)
}

/// How many nodes follow us.
pub fn follower_count(conn: &mut Conn) -> QueryResult<i64> {
    peers::table
        .filter(peers::follower.eq(true))
        .count()
        .get_result(conn)
}

/// Remembers an address of which we know nothing else yet: its actor and inbox are taken to be
/// where a node of our kind has them, until its actor is read. Leaves a peer that is known alone.
pub fn note_address(conn: &mut Conn, origin: &str) -> QueryResult<Peer> {
    if let Some(known) = peer(conn, origin)? {
        return Ok(known);
    }
    let name = origin.split_once("://").map_or(origin, |(_, host)| host);
    // A subdomain of a limited host is limited from the first.
    let limited = standing(conn, Standing::Limited)?
        .iter()
        .any(|limited| is_below(origin, limited));
    let stands = if limited {
        Standing::Limited
    } else {
        Standing::Known
    };
    diesel::insert_into(peers::table)
        .values((
            peers::origin.eq(origin),
            peers::actor_id.eq(format!("{origin}/actor")),
            peers::name.eq(name),
            peers::inbox.eq(format!("{origin}/inbox")),
            peers::standing.eq(stands.as_str()),
            peers::following.eq(Following::No.as_str()),
            peers::follower.eq(false),
            peers::fetched_us.eq(0),
            peers::next_try_us.eq(0),
            peers::attempts.eq(0),
        ))
        .execute(conn)?;
    peer(conn, origin)?.ok_or(diesel::result::Error::NotFound)
}

/// Whether the host of `origin` is a subdomain of the host of `other`.
fn is_below(origin: &str, other: &str) -> bool {
    let host = |origin: &str| {
        let host = origin.split_once("://").map_or(origin, |(_, host)| host);
        host.split(':').next().unwrap_or_default().to_owned()
    };
    host(origin).ends_with(&format!(".{}", host(other)))
}

/// Writes down what an actor says of itself, and returns its host. Standing and who follows whom
/// stay.
pub fn note_actor(conn: &mut Conn, actor: &Actor, now_us: i64) -> QueryResult<Peer> {
    let known = note_address(conn, actor.id.origin())?;
    // Once a node is known, nobody else of its origin is that node.
    let is_its_node = if known.is_node() {
        known.actor_id.uri() == &actor.id
    } else {
        actor.is_node()
    };
    if is_its_node {
        return note_node(conn, &known, actor, now_us);
    }
    put_actor(conn, actor, now_us)?;
    if !known.is_node() {
        let inbox = actor.shared_inbox.as_ref().unwrap_or(&actor.inbox);
        diesel::update(peers::table.find(&known.origin))
            .set((
                peers::inbox.eq(inbox.as_str()),
                peers::fetched_us.eq(now_us),
            ))
            .execute(conn)?;
    }
    peer(conn, &known.origin)?.ok_or(diesel::result::Error::NotFound)
}

/// Writes down what the node of a peer says of itself.
fn note_node(conn: &mut Conn, known: &Peer, actor: &Actor, now_us: i64) -> QueryResult<Peer> {
    let origin = actor.id.origin();
    let name = actor.name.as_ref().or(actor.preferred_username.as_ref());
    let ed25519 = actor.ed25519_keys.first();
    let rsa = actor.rsa_keys.first();
    diesel::update(peers::table.find(origin))
        .set((
            peers::actor_id.eq(actor.id.as_str()),
            peers::name.eq(name.unwrap_or(&known.name)),
            peers::territory.eq(actor.territory.as_ref().map(Territory::to_string)),
            peers::currency.eq(actor.currency.as_ref().map(Currency::to_string)),
            peers::inbox.eq(actor.inbox.as_str()),
            peers::outbox.eq(actor.outbox.as_ref().map(|outbox| outbox.as_str())),
            peers::ed25519.eq(ed25519.map(|named| named.key.to_multikey())),
            peers::ed25519_id.eq(ed25519.map(|named| named.id.as_str())),
            peers::rsa_pem.eq(rsa.map(|named| named.key.to_pem())),
            peers::rsa_id.eq(rsa.map(|named| named.id.as_str())),
            peers::fetched_us.eq(now_us),
        ))
        .execute(conn)?;
    peer(conn, origin)?.ok_or(diesel::result::Error::NotFound)
}

/// Sets whether we speak with a peer.
pub fn set_standing(conn: &mut Conn, origin: &str, standing: Standing) -> QueryResult<usize> {
    diesel::update(peers::table.find(origin))
        .set(peers::standing.eq(standing.as_str()))
        .execute(conn)
}

/// Sets whether we follow a peer.
pub fn set_following(conn: &mut Conn, origin: &str, following: Following) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set(peers::following.eq(following.as_str()))
        .execute(conn)?;
    Ok(())
}

/// Sets whether a peer follows us.
pub fn set_follower(conn: &mut Conn, origin: &str, follower: bool) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set(peers::follower.eq(follower))
        .execute(conn)?;
    Ok(())
}

/// Notes that a peer said something we could verify, to the minute: it is there, so what waits for
/// it is tried.
pub fn note_heard(conn: &mut Conn, origin: &str, now_us: i64) -> QueryResult<()> {
    let a_minute_ago = now_us.saturating_sub(60_000_000);
    let is_new = peers::heard_us
        .is_null()
        .or(peers::heard_us.lt(a_minute_ago))
        // It could not be reached.
        .or(peers::next_try_us.ne(0));
    let row = peers::table.find(origin).filter(is_new);
    // Looked at first: of a thousand activities within a minute one is written down.
    if diesel::select(diesel::dsl::exists(row)).get_result(conn)? {
        diesel::update(row)
            .set((peers::heard_us.eq(now_us), peers::next_try_us.eq(0)))
            .execute(conn)?;
    }
    Ok(())
}
