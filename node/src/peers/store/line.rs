//! What is said, and the line of deliveries of each peer.

use diesel::prelude::*;

use crate::db::Conn;
use crate::peers::Standing;
use crate::schema::{deliveries, outbox, peers};

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
