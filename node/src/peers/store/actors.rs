//! Actors of other origins, and who follows whom.

use diesel::prelude::*;
use federation::keys::{PublicKey, RsaPublic};
use federation::vocabulary::{Actor, ActorKind};
use settlement::Uri;

use super::peer;
use crate::db::Conn;
use crate::peers::{Following, Peer, RemoteActor, Standing};
use crate::schema::{actors, followers, followings, peers};

/// A row of `actors`.
#[derive(Queryable, Selectable, Insertable, AsChangeset)]
#[diesel(table_name = actors, treat_none_as_null = true)]
struct ActorRow {
    id: String,
    origin: String,
    kind: String,
    name: String,
    username: Option<String>,
    page: Option<String>,
    inbox: String,
    shared_inbox: Option<String>,
    outbox: Option<String>,
    ed25519: Option<String>,
    ed25519_id: Option<String>,
    rsa_pem: Option<String>,
    rsa_id: Option<String>,
    fetched_us: i64,
}

impl ActorRow {
    fn of(actor: &Actor, now_us: i64) -> Self {
        let text = |uri: &Option<Uri>| uri.as_ref().map(Uri::to_string);
        let host = actor.id.origin().split_once("://");
        let named = actor.name.as_ref().filter(|name| !name.trim().is_empty());
        let name = named.or(actor.preferred_username.as_ref());
        let ed25519 = actor.ed25519_keys.first();
        let rsa = actor.rsa_keys.first();
        ActorRow {
            id: actor.id.to_string(),
            origin: actor.id.origin().to_owned(),
            kind: actor.kind.as_str().to_owned(),
            name: name.map_or_else(
                || host.map_or("", |(_, host)| host).to_owned(),
                Clone::clone,
            ),
            username: actor.preferred_username.clone(),
            page: text(&actor.url),
            inbox: actor.inbox.to_string(),
            shared_inbox: text(&actor.shared_inbox),
            outbox: text(&actor.outbox),
            ed25519: ed25519.map(|named| named.key.to_multikey()),
            ed25519_id: ed25519.map(|named| named.id.to_string()),
            rsa_pem: rsa.map(|named| named.key.to_pem()),
            rsa_id: rsa.map(|named| named.id.to_string()),
            fetched_us: now_us,
        }
    }

    fn read(self) -> QueryResult<RemoteActor> {
        let unreadable = |what: &str| {
            let text = format!("actors: {what} of {} cannot be read", self.id);
            diesel::result::Error::DeserializationError(text.into())
        };
        Ok(RemoteActor {
            id: Uri::parse(&self.id).map_err(|_| unreadable("id"))?,
            kind: ActorKind::parse(&self.kind).ok_or_else(|| unreadable("kind"))?,
            ed25519: self.ed25519.and_then(|key| key.parse().ok()),
            rsa: self.rsa_pem.and_then(|pem| RsaPublic::from_pem(&pem).ok()),
            origin: self.origin,
            name: self.name,
            username: self.username,
            page: self.page,
            inbox: self.inbox,
            shared_inbox: self.shared_inbox,
            outbox: self.outbox,
            ed25519_id: self.ed25519_id,
            rsa_id: self.rsa_id,
            fetched_us: self.fetched_us,
        })
    }
}

/// The actor of this address; a peer's node is not among them.
pub fn actor(conn: &mut Conn, id: &Uri) -> QueryResult<Option<RemoteActor>> {
    actors::table
        .find(id.as_str())
        .select(ActorRow::as_select())
        .first(conn)
        .optional()?
        .map(ActorRow::read)
        .transpose()
}

/// Writes down what an actor says of itself.
pub(super) fn put_actor(conn: &mut Conn, actor: &Actor, now_us: i64) -> QueryResult<()> {
    let row = ActorRow::of(actor, now_us);
    let changed = diesel::update(actors::table.find(&row.id))
        .set(&row)
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(actors::table)
            .values(&row)
            .execute(conn)?;
    } else {
        let inbox = row.shared_inbox.as_ref().unwrap_or(&row.inbox);
        diesel::update(followers::table.filter(followers::actor_id.eq(&row.id)))
            .set(followers::inbox.eq(inbox))
            .execute(conn)?;
    }
    Ok(())
}

/// Forgets an actor: what it followed, who followed it, and what it said.
pub fn forget_actor(conn: &mut Conn, id: &Uri) -> QueryResult<()> {
    let id = id.as_str();
    diesel::delete(followers::table.filter(followers::actor_id.eq(id))).execute(conn)?;
    diesel::delete(followings::table.filter(followings::actor_id.eq(id))).execute(conn)?;
    super::remove_notes_of(conn, id)?;
    diesel::delete(actors::table.find(id)).execute(conn)?;
    Ok(())
}

/// Who can have signed with a key: the peer it is of, the actor, and the key if it is known here.
pub struct Speaker {
    /// The actor's host.
    pub peer: Peer,
    /// The actor.
    pub actor: Uri,
    /// Its key of the id that was asked for.
    pub key: Option<PublicKey>,
}

/// What is known of `actor`'s key of this id. `None`: the actor was never read.
pub fn speaker(conn: &mut Conn, id: &Uri, key_id: &str) -> QueryResult<Option<Speaker>> {
    let Some(peer) = peer(conn, id.origin())? else {
        return Ok(None);
    };
    if *peer.actor_id.uri() == *id && peer.is_node() {
        let key = peer.key(key_id);
        let actor = id.clone();
        return Ok(Some(Speaker { peer, actor, key }));
    }
    Ok(actor(conn, id)?.map(|actor| Speaker {
        peer,
        key: actor.key(key_id),
        actor: actor.id,
    }))
}

/// The actor that showed the key of this id when it was last read.
pub fn speaker_with_key(conn: &mut Conn, key_id: &Uri) -> QueryResult<Option<Speaker>> {
    let Some(peer) = peer(conn, key_id.origin())? else {
        return Ok(None);
    };
    let key_id = key_id.as_str();
    if peer.is_node() && peer.key(key_id).is_some() {
        return Ok(Some(Speaker {
            actor: peer.actor_id.uri().clone(),
            key: peer.key(key_id),
            peer,
        }));
    }
    let row = actors::table
        .filter(actors::origin.eq(&peer.origin))
        .filter(actors::ed25519_id.eq(key_id).or(actors::rsa_id.eq(key_id)))
        .select(ActorRow::as_select())
        .first(conn)
        .optional()?;
    row.map(|row| {
        let actor = row.read()?;
        Ok(Speaker {
            peer,
            key: actor.key(key_id),
            actor: actor.id,
        })
    })
    .transpose()
}

/// Where an actor takes activities: (origin, inbox).
pub fn inbox_of(conn: &mut Conn, id: &Uri) -> QueryResult<Option<(String, String)>> {
    if let Some(actor) = actor(conn, id)? {
        let inbox = actor.shared_inbox.unwrap_or(actor.inbox);
        return Ok(Some((actor.origin, inbox)));
    }
    let peer = peer(conn, id.origin())?;
    Ok(peer
        .filter(|peer| peer.actor_id.uri() == id)
        .map(|peer| (peer.origin, peer.inbox)))
}

// followers -------------------------------------------------------------------

/// `actor` follows `local`, by this Follow.
pub fn add_follower(
    conn: &mut Conn,
    local: &Uri,
    actor: &Uri,
    follow_id: &Uri,
    now_us: i64,
) -> QueryResult<()> {
    let (origin, inbox) = inbox_of(conn, actor)?.ok_or(diesel::result::Error::NotFound)?;
    let row = followers::table.find((local.as_str(), actor.as_str()));
    let changed = diesel::update(row)
        .set((
            followers::inbox.eq(&inbox),
            followers::follow_id.eq(follow_id.as_str()),
        ))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(followers::table)
            .values((
                followers::local_id.eq(local.as_str()),
                followers::actor_id.eq(actor.as_str()),
                followers::origin.eq(origin),
                followers::inbox.eq(inbox),
                followers::follow_id.eq(follow_id.as_str()),
                followers::since_us.eq(now_us),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// `actor` follows `local` no longer; whether it did.
pub fn remove_follower(conn: &mut Conn, local: &Uri, actor: &Uri) -> QueryResult<bool> {
    let row = followers::table.find((local.as_str(), actor.as_str()));
    Ok(diesel::delete(row).execute(conn)? > 0)
}

/// Nobody follows `local` any longer.
pub fn remove_followers(conn: &mut Conn, local: &Uri) -> QueryResult<usize> {
    diesel::delete(followers::table.filter(followers::local_id.eq(local.as_str()))).execute(conn)
}

/// Whom of ours `actor` follows by this Follow.
pub fn followed_by(conn: &mut Conn, actor: &Uri, follow_id: &Uri) -> QueryResult<Option<Uri>> {
    let local: Option<String> = followers::table
        .filter(followers::actor_id.eq(actor.as_str()))
        .filter(followers::follow_id.eq(follow_id.as_str()))
        .select(followers::local_id)
        .first(conn)
        .optional()?;
    Ok(local.and_then(|local| Uri::parse(&local).ok()))
}

/// How many follow `local`, the nodes in `peers` not counted.
pub fn followers_of(conn: &mut Conn, local: &Uri) -> QueryResult<i64> {
    followers::table
        .filter(followers::local_id.eq(local.as_str()))
        .count()
        .get_result(conn)
}

/// Where those who follow `local` take activities, each place once: (origin, inbox). `nodes`: those
/// on nodes of our kind, else those on servers of other kinds.
pub fn followers_at(
    conn: &mut Conn,
    local: &Uri,
    nodes: bool,
) -> QueryResult<Vec<(String, String)>> {
    let rows: Vec<(String, String, Option<String>)> = followers::table
        .inner_join(peers::table.on(peers::origin.eq(followers::origin)))
        .filter(followers::local_id.eq(local.as_str()))
        .filter(peers::standing.ne(Standing::Blocked.as_str()))
        .select((followers::origin, followers::inbox, peers::territory))
        .distinct()
        .order((followers::origin, followers::inbox))
        .load(conn)?;
    let of_kind = rows
        .into_iter()
        .filter(|(_, _, territory)| territory.is_some() == nodes);
    Ok(of_kind.map(|(origin, inbox, _)| (origin, inbox)).collect())
}

// followings ------------------------------------------------------------------

/// How `local` stands to `actor`: does it follow it?
pub fn following(conn: &mut Conn, local: &Uri, actor: &Uri) -> QueryResult<Following> {
    let state: Option<String> = followings::table
        .find((local.as_str(), actor.as_str()))
        .select(followings::state)
        .first(conn)
        .optional()?;
    Ok(state
        .and_then(|state| Following::parse(&state))
        .unwrap_or(Following::No))
}

/// `local` asked to follow `actor`, by this Follow.
pub fn add_following(
    conn: &mut Conn,
    local: &Uri,
    actor: &Uri,
    follow_id: &str,
    now_us: i64,
) -> QueryResult<()> {
    remove_following(conn, local, actor)?;
    diesel::insert_into(followings::table)
        .values((
            followings::local_id.eq(local.as_str()),
            followings::actor_id.eq(actor.as_str()),
            followings::state.eq(Following::Asked.as_str()),
            followings::follow_id.eq(follow_id),
            followings::since_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// The Follow by which `local` follows `actor`.
pub fn follow_of(conn: &mut Conn, local: &Uri, actor: &Uri) -> QueryResult<Option<String>> {
    followings::table
        .find((local.as_str(), actor.as_str()))
        .select(followings::follow_id)
        .first(conn)
        .optional()
}

/// `actor` answered the Follow of this id; `false` when it was never asked so.
pub fn answer_following(
    conn: &mut Conn,
    actor: &Uri,
    follow_id: &Uri,
    agreed: bool,
) -> QueryResult<bool> {
    let asked = || {
        followings::table
            .filter(followings::actor_id.eq(actor.as_str()))
            .filter(followings::follow_id.eq(follow_id.as_str()))
    };
    let changed = if agreed {
        diesel::update(asked())
            .set(followings::state.eq(Following::Yes.as_str()))
            .execute(conn)?
    } else {
        diesel::delete(asked()).execute(conn)?
    };
    Ok(changed > 0)
}

/// `local` follows `actor` no longer.
pub fn remove_following(conn: &mut Conn, local: &Uri, actor: &Uri) -> QueryResult<bool> {
    let row = followings::table.find((local.as_str(), actor.as_str()));
    Ok(diesel::delete(row).execute(conn)? > 0)
}

/// Whether anybody of ours follows `actor`.
pub fn is_followed(conn: &mut Conn, actor: &Uri) -> QueryResult<bool> {
    let count: i64 = followings::table
        .filter(followings::actor_id.eq(actor.as_str()))
        .filter(followings::state.eq(Following::Yes.as_str()))
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}
