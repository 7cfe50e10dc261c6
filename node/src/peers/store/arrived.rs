//! What arrived, what was seen of signatures, and how far a peer's outbox was read.

use diesel::prelude::*;
use settlement::NodeId;

use crate::db::Conn;
use crate::each;
use crate::peers::{Following, Standing};
use crate::schema::{inbox, peers, replays, tombstones};

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

/// Keeps an activity that arrived, and the digest of the signature it came with, if it came with
/// one; `false` when it is kept already.
pub fn keep_arrived(
    conn: &mut Conn,
    id: &str,
    actor: &NodeId,
    activity: &str,
    signature: Option<&str>,
    now_us: i64,
) -> QueryResult<bool> {
    let row = (
        inbox::activity_id.eq(id),
        inbox::origin.eq(actor.origin()),
        inbox::actor_id.eq(actor.as_str()),
        inbox::activity.eq(activity),
        inbox::received_us.eq(now_us),
        inbox::attempts.eq(0),
        inbox::signature.eq(signature),
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

/// An activity acted, or never will. Of its words only `gist` stays: what is asked of it later.
pub fn done(conn: &mut Conn, id: &str, outcome: &str, gist: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(inbox::table.find(id))
        .set((
            inbox::done_us.eq(now_us),
            inbox::outcome.eq(outcome),
            inbox::activity.eq(gist),
        ))
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

/// Remembers another signature of an activity that is kept; `false` when it was seen before: when
/// the activity came with it, or came again with it.
pub fn remember_signature(
    conn: &mut Conn,
    id: &str,
    fingerprint: &str,
    now_us: i64,
) -> QueryResult<bool> {
    let first: i64 = inbox::table
        .find(id)
        .filter(inbox::signature.eq(fingerprint))
        .count()
        .get_result(conn)?;
    if first > 0 {
        return Ok(false);
    }
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

/// Notes that what has this id was deleted before it was heard of.
pub fn bury(conn: &mut Conn, id: &str, now_us: i64) -> QueryResult<()> {
    let row = (tombstones::id.eq(id), tombstones::deleted_us.eq(now_us));
    each!(conn, c => diesel::insert_into(tombstones::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Whether what has this id was deleted before it was heard of.
pub fn is_buried(conn: &mut Conn, id: &str) -> QueryResult<bool> {
    let count: i64 = tombstones::table.find(id).count().get_result(conn)?;
    Ok(count > 0)
}

// pull ------------------------------------------------------------------------

/// A peer whose outbox is to be read.
#[derive(Clone, Debug, Queryable)]
pub struct Unread {
    /// Whose outbox.
    pub origin: String,
    /// Its actor.
    pub actor_id: String,
    /// The outbox.
    pub outbox: Option<String>,
    /// The page to go on from; nothing read so far: none.
    pub page: Option<String>,
}

/// The peers we follow whose outbox was not read to its end yet, or not since `since_us`.
pub fn unread(conn: &mut Conn, since_us: i64, now_us: i64) -> QueryResult<Vec<Unread>> {
    peers::table
        .filter(peers::following.eq(Following::Yes.as_str()))
        .filter(peers::standing.ne(Standing::Blocked.as_str()))
        .filter(peers::next_try_us.le(now_us))
        .filter(peers::pulled_us.is_null().or(peers::pulled_us.le(since_us)))
        .select((
            peers::origin,
            peers::actor_id,
            peers::outbox,
            peers::pulled_until,
        ))
        .order(peers::origin)
        .load(conn)
}

/// Notes the page from which the reading of a peer's outbox goes on.
pub fn note_page(conn: &mut Conn, origin: &str, page: Option<&str>) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set(peers::pulled_until.eq(page))
        .execute(conn)?;
    Ok(())
}

/// Notes that a peer's outbox was read to its end.
pub fn note_read(conn: &mut Conn, origin: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(peers::table.find(origin))
        .set(peers::pulled_us.eq(now_us))
        .execute(conn)?;
    Ok(())
}
