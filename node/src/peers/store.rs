//! Sentences to the database about peers: who they are, what waits for them, what came from them.

use diesel::prelude::*;
use federation::keys::RsaPublic;
use federation::vocabulary::Actor;
use settlement::{Currency, NodeId, Territory};

use super::{Following, Peer, Standing};
use crate::db::Conn;
use crate::each;
use crate::schema::{deliveries, inbox, outbox, peers, replays};

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

/// The origins we do not speak with.
pub fn blocked(conn: &mut Conn) -> QueryResult<Vec<String>> {
    peers::table
        .filter(peers::standing.eq(Standing::Blocked.as_str()))
        .select(peers::origin)
        .load(conn)
}

/// Where the peers that follow us take activities: (origin, inbox).
pub fn followers(conn: &mut Conn) -> QueryResult<Vec<(String, String)>> {
    peers::table
        .filter(peers::follower.eq(true))
        .filter(peers::standing.eq(Standing::Known.as_str()))
        .select((peers::origin, peers::inbox))
        .order(peers::origin)
        .load(conn)
}

/// How many peers follow us.
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
    diesel::insert_into(peers::table)
        .values((
            peers::origin.eq(origin),
            peers::actor_id.eq(format!("{origin}/actor")),
            peers::name.eq(name),
            peers::inbox.eq(format!("{origin}/inbox")),
            peers::standing.eq(Standing::Known.as_str()),
            peers::following.eq(Following::No.as_str()),
            peers::follower.eq(false),
            peers::fetched_us.eq(0),
            peers::next_try_us.eq(0),
            peers::attempts.eq(0),
        ))
        .execute(conn)?;
    peer(conn, origin)?.ok_or(diesel::result::Error::NotFound)
}

/// Writes down what a peer's actor says of it; its standing and who follows whom stay.
pub fn note_actor(conn: &mut Conn, actor: &Actor, now_us: i64) -> QueryResult<Peer> {
    let origin = actor.id.origin();
    let known = note_address(conn, origin)?;
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

/// Notes that a peer said something we could verify.
pub fn note_heard(conn: &mut Conn, origin: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set(peers::heard_us.eq(now_us))
        .execute(conn)?;
    Ok(())
}

// outbox and deliveries -------------------------------------------------------

/// Keeps what was said.
pub fn keep_said(
    conn: &mut Conn,
    id: &str,
    activity: &str,
    public: bool,
    now_us: i64,
) -> QueryResult<()> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(id),
            outbox::activity.eq(activity),
            outbox::public.eq(public),
            outbox::created_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// A delivery to be made.
pub struct NewDelivery<'a> {
    /// Its id: later ones sort later.
    pub id: &'a str,
    /// What is delivered.
    pub activity_id: &'a str,
    /// To whom.
    pub origin: &'a str,
    /// Where.
    pub inbox: &'a str,
    /// Whether it concerns money.
    pub money: bool,
}

/// Puts a delivery in line.
pub fn queue(conn: &mut Conn, delivery: &NewDelivery<'_>, now_us: i64) -> QueryResult<()> {
    diesel::insert_into(deliveries::table)
        .values((
            deliveries::id.eq(delivery.id),
            deliveries::activity_id.eq(delivery.activity_id),
            deliveries::peer_origin.eq(delivery.origin),
            deliveries::inbox.eq(delivery.inbox),
            deliveries::money.eq(delivery.money),
            deliveries::queued_us.eq(now_us),
            deliveries::attempts.eq(0),
            deliveries::next_try_us.eq(0),
        ))
        .execute(conn)?;
    Ok(())
}

/// The activity of this id and whether everyone may read it.
pub fn said(conn: &mut Conn, id: &str) -> QueryResult<Option<(String, bool)>> {
    outbox::table
        .find(id)
        .select((outbox::activity, outbox::public))
        .first(conn)
        .optional()
}

/// Whether the activity of this id was for this peer.
pub fn was_said_to(conn: &mut Conn, id: &str, origin: &str) -> QueryResult<bool> {
    let count: i64 = deliveries::table
        .filter(deliveries::activity_id.eq(id))
        .filter(deliveries::peer_origin.eq(origin))
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}

/// How many public activities there are.
pub fn public_count(conn: &mut Conn) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::public.eq(true))
        .count()
        .get_result(conn)
}

/// Public activities in the order in which they were said: at most `limit` after the one of this
/// id (`""`: from the first on), as (id, activity).
pub fn public_after(
    conn: &mut Conn,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<(String, String)>> {
    outbox::table
        .filter(outbox::public.eq(true))
        .filter(outbox::id.gt(after))
        .order(outbox::id)
        .limit(limit)
        .select((outbox::id, outbox::activity))
        .load(conn)
}

/// The last public activities, newest first.
pub fn public_before(
    conn: &mut Conn,
    before: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<(String, String)>> {
    let mut sentence = outbox::table
        .filter(outbox::public.eq(true))
        .order(outbox::id.desc())
        .limit(limit)
        .select((outbox::id, outbox::activity))
        .into_boxed();
    if let Some(before) = before {
        sentence = sentence.filter(outbox::id.lt(before));
    }
    sentence.load(conn)
}

/// The peers for whom a delivery may be tried now.
pub fn due(conn: &mut Conn, now_us: i64) -> QueryResult<Vec<String>> {
    deliveries::table
        .inner_join(peers::table.on(peers::origin.eq(deliveries::peer_origin)))
        .filter(deliveries::delivered_us.is_null())
        .filter(deliveries::given_up_us.is_null())
        .filter(deliveries::next_try_us.le(now_us))
        .filter(peers::standing.eq(Standing::Known.as_str()))
        .filter(peers::next_try_us.le(now_us))
        .select(deliveries::peer_origin)
        .distinct()
        .load(conn)
}

/// A delivery in line.
#[derive(Clone, Debug, Queryable)]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// The activity, as it goes out.
    pub activity: String,
    /// Whether it concerns money.
    pub money: bool,
    /// Since when it waits.
    pub queued_us: i64,
    /// How often it failed.
    pub attempts: i64,
}

/// The first delivery in line for a peer, after the one of id `after` (`""`: the first of all).
pub fn next_delivery(
    conn: &mut Conn,
    origin: &str,
    after: &str,
    now_us: i64,
) -> QueryResult<Option<Delivery>> {
    deliveries::table
        .inner_join(outbox::table.on(outbox::id.eq(deliveries::activity_id)))
        .filter(deliveries::peer_origin.eq(origin))
        .filter(deliveries::delivered_us.is_null())
        .filter(deliveries::given_up_us.is_null())
        .filter(deliveries::next_try_us.le(now_us))
        .filter(deliveries::id.gt(after))
        .order(deliveries::id)
        .select((
            deliveries::id,
            outbox::activity,
            deliveries::money,
            deliveries::queued_us,
            deliveries::attempts,
        ))
        .first(conn)
        .optional()
}

/// A delivery was taken: the peer is well.
pub fn delivered(conn: &mut Conn, origin: &str, id: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(deliveries::table.find(id))
        .set((
            deliveries::delivered_us.eq(now_us),
            deliveries::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    peer_is_well(conn, origin)
}

/// A peer answered: what failed before counts no more.
pub fn peer_is_well(conn: &mut Conn, origin: &str) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set((
            peers::failing_since_us.eq(None::<i64>),
            peers::next_try_us.eq(0),
            peers::attempts.eq(0),
            peers::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// A delivery failed once more.
pub fn delivery_failed(
    conn: &mut Conn,
    id: &str,
    error: &str,
    next_try_us: i64,
    given_up_us: Option<i64>,
) -> QueryResult<()> {
    diesel::update(deliveries::table.find(id))
        .set((
            deliveries::attempts.eq(deliveries::attempts + 1),
            deliveries::last_error.eq(error),
            deliveries::next_try_us.eq(next_try_us),
            deliveries::given_up_us.eq(given_up_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// How often in a row a peer could not be reached.
pub fn peer_attempts(conn: &mut Conn, origin: &str) -> QueryResult<i64> {
    peers::table
        .find(origin)
        .select(peers::attempts)
        .first(conn)
        .optional()
        .map(|attempts| attempts.unwrap_or(0))
}

/// A peer could not be reached, or did not want to be.
pub fn peer_failed(
    conn: &mut Conn,
    origin: &str,
    error: &str,
    now_us: i64,
    next_try_us: i64,
) -> QueryResult<()> {
    let row = || peers::table.find(origin);
    diesel::update(row().filter(peers::failing_since_us.is_null()))
        .set(peers::failing_since_us.eq(now_us))
        .execute(conn)?;
    diesel::update(row())
        .set((
            peers::attempts.eq(peers::attempts + 1),
            peers::next_try_us.eq(next_try_us),
            peers::last_error.eq(error),
        ))
        .execute(conn)?;
    Ok(())
}

/// Makes whatever waits for a peer due now.
pub fn retry_now(conn: &mut Conn, origin: &str) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set((peers::next_try_us.eq(0), peers::attempts.eq(0)))
        .execute(conn)?;
    diesel::update(
        deliveries::table
            .filter(deliveries::peer_origin.eq(origin))
            .filter(deliveries::delivered_us.is_null()),
    )
    .set((
        deliveries::next_try_us.eq(0),
        deliveries::given_up_us.eq(None::<i64>),
    ))
    .execute(conn)?;
    Ok(())
}

/// What waits for a peer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Owed {
    /// Deliveries in line.
    pub waiting: i64,
    /// Those among them that concern money.
    pub money: i64,
    /// Since when the oldest waits.
    pub since_us: Option<i64>,
}

/// What waits for the peer at `origin`.
pub fn owed(conn: &mut Conn, origin: &str) -> QueryResult<Owed> {
    let waiting = || {
        deliveries::table
            .filter(deliveries::peer_origin.eq(origin))
            .filter(deliveries::delivered_us.is_null())
            .filter(deliveries::given_up_us.is_null())
    };
    Ok(Owed {
        waiting: waiting().count().get_result(conn)?,
        money: waiting()
            .filter(deliveries::money.eq(true))
            .count()
            .get_result(conn)?,
        since_us: waiting()
            .select(diesel::dsl::min(deliveries::queued_us))
            .get_result(conn)?,
    })
}

/// How a peer has been doing.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Health {
    /// When it last said something we could verify.
    pub heard_us: Option<i64>,
    /// Since when it cannot be reached.
    pub failing_since_us: Option<i64>,
    /// When it is tried again.
    pub next_try_us: i64,
    /// Why the last try failed.
    pub last_error: Option<String>,
}

/// How the peer at `origin` has been doing. What it refused of a single activity counts too.
pub fn health(conn: &mut Conn, origin: &str) -> QueryResult<Health> {
    let mut health: Health = peers::table
        .find(origin)
        .select((
            peers::heard_us,
            peers::failing_since_us,
            peers::next_try_us,
            peers::last_error,
        ))
        .first(conn)?;
    if health.last_error.is_none() {
        health.last_error = deliveries::table
            .filter(deliveries::peer_origin.eq(origin))
            .filter(deliveries::delivered_us.is_null())
            .filter(deliveries::last_error.is_not_null())
            .order(deliveries::id)
            .select(deliveries::last_error)
            .first(conn)
            .optional()?
            .flatten();
    }
    Ok(health)
}

// inbox -----------------------------------------------------------------------

/// What arrived and has not acted yet.
#[derive(Clone, Debug, Queryable)]
pub struct Arrived {
    /// The activity's id.
    pub id: String,
    /// Whose it is.
    pub origin: String,
    /// The activity.
    pub activity: String,
    /// When it arrived.
    pub received_us: i64,
    /// How often acting on it broke.
    pub attempts: i64,
}

/// The activity of this id, if it arrived.
pub fn arrived(conn: &mut Conn, id: &str) -> QueryResult<Option<String>> {
    inbox::table
        .find(id)
        .select(inbox::activity)
        .first(conn)
        .optional()
}

/// What became of an activity that arrived; `None` when nothing did yet.
pub fn outcome(conn: &mut Conn, id: &str) -> QueryResult<Option<String>> {
    inbox::table
        .find(id)
        .select(inbox::outcome)
        .first::<Option<String>>(conn)
        .optional()
        .map(Option::flatten)
}

/// Whether the activity of this id arrived before.
pub fn has_arrived(conn: &mut Conn, id: &str) -> QueryResult<bool> {
    let count: i64 = inbox::table.find(id).count().get_result(conn)?;
    Ok(count > 0)
}

/// Keeps an activity that arrived; `false` when it is kept already.
pub fn keep_arrived(
    conn: &mut Conn,
    id: &str,
    actor: &NodeId,
    activity: &str,
    now_us: i64,
) -> QueryResult<bool> {
    let row = (
        inbox::activity_id.eq(id),
        inbox::origin.eq(actor.origin()),
        inbox::actor_id.eq(actor.as_str()),
        inbox::activity.eq(activity),
        inbox::received_us.eq(now_us),
        inbox::attempts.eq(0),
    );
    let kept = each!(conn, c => diesel::insert_into(inbox::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(kept > 0)
}

/// Whether an activity arrived and has not acted yet.
pub fn is_waiting(conn: &mut Conn, id: &str) -> QueryResult<bool> {
    let count: i64 = inbox::table
        .find(id)
        .filter(inbox::done_us.is_null())
        .count()
        .get_result(conn)?;
    Ok(count > 0)
}

/// How many activities of one origin arrived and have not acted yet.
pub fn waiting_from(conn: &mut Conn, origin: &str) -> QueryResult<i64> {
    inbox::table
        .filter(inbox::done_us.is_null())
        .filter(inbox::origin.eq(origin))
        .count()
        .get_result(conn)
}

/// At most `limit` activities that have not acted yet, in the order in which they arrived; those
/// that broke before come last.
pub fn waiting(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Arrived>> {
    inbox::table
        .filter(inbox::done_us.is_null())
        .order((inbox::attempts, inbox::received_us, inbox::activity_id))
        .limit(limit)
        .select((
            inbox::activity_id,
            inbox::origin,
            inbox::activity,
            inbox::received_us,
            inbox::attempts,
        ))
        .load(conn)
}

/// An activity acted, or never will.
pub fn done(conn: &mut Conn, id: &str, outcome: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(inbox::table.find(id))
        .set((inbox::done_us.eq(now_us), inbox::outcome.eq(outcome)))
        .execute(conn)?;
    Ok(())
}

/// Acting on an activity broke; it stays.
pub fn broke(conn: &mut Conn, id: &str, why: &str) -> QueryResult<()> {
    diesel::update(inbox::table.find(id))
        .set((
            inbox::attempts.eq(inbox::attempts + 1),
            inbox::outcome.eq(why),
        ))
        .execute(conn)?;
    Ok(())
}

/// Remembers a signature; `false` when it was seen before.
pub fn remember_signature(conn: &mut Conn, fingerprint: &str, now_us: i64) -> QueryResult<bool> {
    let row = (
        replays::fingerprint.eq(fingerprint),
        replays::seen_us.eq(now_us),
    );
    let kept = each!(conn, c => diesel::insert_into(replays::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(kept > 0)
}

/// Forgets signatures seen before `before_us`: they are too old to be taken anyway.
pub fn forget_signatures(conn: &mut Conn, before_us: i64) -> QueryResult<usize> {
    diesel::delete(replays::table.filter(replays::seen_us.lt(before_us))).execute(conn)
}

// pull ------------------------------------------------------------------------

/// A peer whose outbox is being read.
#[derive(Clone, Debug, Queryable)]
pub struct Unread {
    /// Whose outbox.
    pub origin: String,
    /// Its actor.
    pub actor_id: String,
    /// The outbox.
    pub outbox: Option<String>,
    /// The page to read next; nothing read so far: none.
    pub page: Option<String>,
}

/// The peers we follow whose outbox holds something unread still.
pub fn unread(conn: &mut Conn, now_us: i64) -> QueryResult<Vec<Unread>> {
    peers::table
        .filter(peers::following.eq(Following::Yes.as_str()))
        .filter(peers::standing.eq(Standing::Known.as_str()))
        .filter(peers::next_try_us.le(now_us))
        .filter(
            peers::pulled_until
                .is_null()
                .or(peers::pulled_until.ne(READ)),
        )
        .select((
            peers::origin,
            peers::actor_id,
            peers::outbox,
            peers::pulled_until,
        ))
        .order(peers::origin)
        .load(conn)
}

/// The mark of an outbox that was read to its end; from there on, deliveries tell what is new.
pub const READ: &str = "read";

/// Notes how far a peer's outbox was read.
pub fn note_pulled(conn: &mut Conn, origin: &str, mark: &str) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set(peers::pulled_until.eq(mark))
        .execute(conn)?;
    Ok(())
}
