//! What is said, and the line of deliveries of each peer.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::db::Conn;
use crate::each;
use crate::peers::Standing;
use crate::schema::{deliveries, held_peers, outbox, peers};

/// How many of the deliveries that wait are looked at to say of what kind they are.
const KINDS_LIMIT: i64 = 5_000;
/// How many deliveries are put in line with one sentence.
const AT_ONCE: usize = 500;
/// How many peers with something due are told at a time.
const DUE: i64 = 1_000;

/// What is said.
pub struct NewSaid<'a> {
    /// Its id.
    pub id: &'a str,
    /// By whom of ours, when it was not the node.
    pub actor: Option<&'a str>,
    /// The activity.
    pub activity: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// What it is about.
    pub object: Option<&'a str>,
    /// Whether everyone may read it.
    pub public: bool,
}

/// Keeps what was said.
pub fn keep_said(conn: &mut Conn, said: &NewSaid<'_>, now_us: i64) -> QueryResult<()> {
    diesel::insert_into(outbox::table)
        .values((
            outbox::id.eq(said.id),
            outbox::activity.eq(said.activity),
            outbox::public.eq(said.public),
            outbox::created_us.eq(now_us),
            outbox::actor_id.eq(said.actor.unwrap_or_default()),
            outbox::kind.eq(said.kind),
            outbox::object_id.eq(said.object),
        ))
        .execute(conn)?;
    Ok(())
}

/// Whether an activity of this kind says all there is to say of its object.
fn says_all(kind: &str) -> bool {
    matches!(kind, "Create" | "Update" | "Delete")
}

/// Drops what was said in public before about the same thing, as far as nobody waits for it: who
/// reads the outbox later finds the thing as it is now. So an outbox grows with what there is, not
/// with how often it changes.
pub fn drop_replaced(conn: &mut Conn, said: &NewSaid<'_>) -> QueryResult<usize> {
    let Some(object) = said.object.filter(|_| said.public && says_all(said.kind)) else {
        return Ok(0);
    };
    let before: Vec<(String, String)> = outbox::table
        .filter(outbox::object_id.eq(object))
        .filter(outbox::public.eq(true))
        .filter(outbox::id.ne(said.id))
        .filter(not(exists(
            deliveries::table.filter(deliveries::activity_id.eq(outbox::id)),
        )))
        .select((outbox::id, outbox::kind))
        .load(conn)?;
    let mut dropped = 0;
    for (id, _) in before.iter().filter(|(_, kind)| says_all(kind)) {
        dropped += diesel::delete(outbox::table.find(id)).execute(conn)?;
    }
    Ok(dropped)
}

/// A delivery to be made.
pub struct NewDelivery {
    /// Its id: later ones sort later.
    pub id: String,
    /// To whom.
    pub origin: String,
    /// Where.
    pub inbox: String,
}

/// Puts deliveries of an activity in line. `money`: it concerns money.
pub fn queue(
    conn: &mut Conn,
    activity: &str,
    money: bool,
    to: &[NewDelivery],
    now_us: i64,
) -> QueryResult<()> {
    for some in to.chunks(AT_ONCE) {
        let rows: Vec<_> = some
            .iter()
            .map(|delivery| {
                (
                    deliveries::id.eq(&delivery.id),
                    deliveries::activity_id.eq(activity),
                    deliveries::peer_origin.eq(&delivery.origin),
                    deliveries::inbox.eq(&delivery.inbox),
                    deliveries::money.eq(money),
                    deliveries::queued_us.eq(now_us),
                    deliveries::attempts.eq(0),
                    deliveries::next_try_us.eq(0),
                )
            })
            .collect();
        each!(conn, c => diesel::insert_into(deliveries::table).values(&rows).execute(c))?;
    }
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

/// How many public activities there are of an actor of ours (`""`: of the node).
pub fn public_count(conn: &mut Conn, actor: &str) -> QueryResult<i64> {
    outbox::table
        .filter(outbox::public.eq(true))
        .filter(outbox::actor_id.eq(actor))
        .count()
        .get_result(conn)
}

/// An actor's public activities in the order in which they were said: at most `limit` after the one
/// of this id (`""`: from the first on), as (id, activity).
pub fn public_after(
    conn: &mut Conn,
    actor: &str,
    after: &str,
    limit: i64,
) -> QueryResult<Vec<(String, String)>> {
    outbox::table
        .filter(outbox::public.eq(true))
        .filter(outbox::actor_id.eq(actor))
        .filter(outbox::id.gt(after))
        .order(outbox::id)
        .limit(limit)
        .select((outbox::id, outbox::activity))
        .load(conn)
}

/// An actor's last public activities, newest first.
pub fn public_before(
    conn: &mut Conn,
    actor: &str,
    before: Option<&str>,
    limit: i64,
) -> QueryResult<Vec<(String, String)>> {
    let mut sentence = outbox::table
        .filter(outbox::public.eq(true))
        .filter(outbox::actor_id.eq(actor))
        .order(outbox::id.desc())
        .limit(limit)
        .select((outbox::id, outbox::activity))
        .into_boxed();
    if let Some(before) = before {
        sentence = sentence.filter(outbox::id.lt(before));
    }
    sentence.load(conn)
}

/// A peer for whom a delivery may be tried now.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Due {
    /// Its origin.
    pub origin: String,
    /// How often in a row it could not be reached.
    pub attempts: i64,
}

/// Peers for whom a delivery may be tried now: those that are well first, and a thousand at most. A
/// peer that is away is passed over without a look at what waits for it.
pub fn due(conn: &mut Conn, now_us: i64) -> QueryResult<Vec<Due>> {
    let waits = deliveries::table
        .filter(deliveries::peer_origin.eq(peers::origin))
        .filter(deliveries::delivered_us.is_null())
        .filter(deliveries::given_up_us.is_null())
        .filter(deliveries::next_try_us.le(now_us));
    peers::table
        .filter(peers::standing.ne(Standing::Blocked.as_str()))
        .filter(peers::next_try_us.le(now_us))
        .filter(exists(waits))
        .filter(not(exists(
            held_peers::table.filter(held_peers::origin.eq(peers::origin)),
        )))
        .order((peers::attempts, peers::origin))
        .limit(DUE)
        .select((peers::origin, peers::attempts))
        .load(conn)
}

/// The origins that could not be reached since before `before_us`.
pub fn long_away(conn: &mut Conn, before_us: i64) -> QueryResult<Vec<String>> {
    peers::table
        .filter(peers::failing_since_us.lt(before_us))
        .select(peers::origin)
        .load(conn)
}

/// A delivery in line.
#[derive(Clone, Debug, Queryable)]
pub struct Delivery {
    /// Its id.
    pub id: String,
    /// The activity, as it goes out.
    pub activity: String,
    /// Whether everyone may read it.
    pub public: bool,
    /// Where it goes.
    pub inbox: String,
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
            outbox::public,
            deliveries::inbox,
            deliveries::money,
            deliveries::queued_us,
            deliveries::attempts,
        ))
        .first(conn)
        .optional()
}

/// A delivery was taken: the peer is well. Of what everyone may read nothing needs to be kept; what
/// was for this peer alone it may ask for again.
pub fn delivered(
    conn: &mut Conn,
    origin: &str,
    delivery: &Delivery,
    now_us: i64,
) -> QueryResult<()> {
    let row = deliveries::table.find(&delivery.id);
    if delivery.public {
        diesel::delete(row).execute(conn)?;
    } else {
        diesel::update(row)
            .set((
                deliveries::delivered_us.eq(now_us),
                deliveries::last_error.eq(None::<String>),
            ))
            .execute(conn)?;
    }
    peer_is_well(conn, origin)
}

/// A peer answered: what failed before counts no more.
pub fn peer_is_well(conn: &mut Conn, origin: &str) -> QueryResult<()> {
    let was_not = peers::attempts
        .ne(0)
        .or(peers::next_try_us.ne(0))
        .or(peers::failing_since_us.is_not_null())
        .or(peers::last_error.is_not_null());
    diesel::update(peers::table.find(origin).filter(was_not))
        .set((
            peers::failing_since_us.eq(None::<i64>),
            peers::next_try_us.eq(0),
            peers::attempts.eq(0),
            peers::last_error.eq(None::<String>),
        ))
        .execute(conn)?;
    Ok(())
}

/// Gives up what has waited for a peer since before `before_us`, except what concerns money; and
/// except the last in line, by which it is seen one day that the peer is back.
pub fn give_up(conn: &mut Conn, origin: &str, before_us: i64, now_us: i64) -> QueryResult<usize> {
    let waiting = || {
        deliveries::table
            .filter(deliveries::peer_origin.eq(origin))
            .filter(deliveries::delivered_us.is_null())
            .filter(deliveries::given_up_us.is_null())
    };
    let last: Option<String> = waiting()
        .select(diesel::dsl::max(deliveries::id))
        .get_result(conn)?;
    diesel::update(
        waiting()
            .filter(deliveries::id.ne(last.unwrap_or_default()))
            .filter(deliveries::money.eq(false))
            .filter(deliveries::queued_us.lt(before_us)),
    )
    .set(deliveries::given_up_us.eq(now_us))
    .execute(conn)
}

/// An inbox is gone for good: whoever followed us from there follows no longer, and what waits to
/// go there is given up, except what concerns money.
pub fn inbox_is_gone(conn: &mut Conn, origin: &str, inbox: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(peers::table.find(origin).filter(peers::inbox.eq(inbox)))
        .set(peers::follower.eq(false))
        .execute(conn)?;
    diesel::update(
        deliveries::table
            .filter(deliveries::peer_origin.eq(origin))
            .filter(deliveries::inbox.eq(inbox))
            .filter(deliveries::delivered_us.is_null())
            .filter(deliveries::money.eq(false)),
    )
    .set(deliveries::given_up_us.eq(now_us))
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

/// When something about this object was last put in line for a peer, and whether it waits there
/// still. What was delivered long ago is forgotten.
pub fn last_said(conn: &mut Conn, origin: &str, object: &str) -> QueryResult<Option<(i64, bool)>> {
    let last: Option<(i64, Option<i64>)> = deliveries::table
        .inner_join(outbox::table.on(outbox::id.eq(deliveries::activity_id)))
        .filter(outbox::object_id.eq(object))
        .filter(deliveries::peer_origin.eq(origin))
        .order(deliveries::id.desc())
        .select((deliveries::queued_us, deliveries::delivered_us))
        .first(conn)
        .optional()?;
    Ok(last.map(|(queued_us, delivered_us)| (queued_us, delivered_us.is_none())))
}

/// What waits for the peer at `origin`, by the kind of what is said: (kind, how many, since when).
/// The kind is the type of the object, of an `Offer` or `Create`, else of the activity.
pub fn owed_kinds(conn: &mut Conn, origin: &str) -> QueryResult<Vec<(String, i64, i64)>> {
    let rows: Vec<(String, i64)> = deliveries::table
        .inner_join(outbox::table.on(outbox::id.eq(deliveries::activity_id)))
        .filter(deliveries::peer_origin.eq(origin))
        .filter(deliveries::delivered_us.is_null())
        .filter(deliveries::given_up_us.is_null())
        .order(deliveries::id)
        .select((outbox::activity, deliveries::queued_us))
        .limit(KINDS_LIMIT)
        .load(conn)?;
    let mut kinds: std::collections::BTreeMap<String, (i64, i64)> = Default::default();
    for (activity, queued_us) in rows {
        let activity: serde_json::Value = serde_json::from_str(&activity).unwrap_or_default();
        let of = |value: &serde_json::Value| match &value["type"] {
            serde_json::Value::Array(types) => {
                types.last().and_then(|t| t.as_str()).map(str::to_owned)
            }
            one => one.as_str().map(str::to_owned),
        };
        let kind = of(&activity["object"]).or_else(|| of(&activity));
        let (count, since) = kinds
            .entry(kind.unwrap_or_default())
            .or_insert((0, queued_us));
        *count += 1;
        *since = queued_us.min(*since);
    }
    Ok(kinds
        .into_iter()
        .map(|(kind, (count, since))| (kind, count, since))
        .collect())
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
