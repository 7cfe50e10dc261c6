//! Forgetting what nobody will ask for again, a bounded number of rows at a time.

use diesel::dsl::{exists, not};
use diesel::prelude::*;

use crate::db::Conn;
use crate::schema::{deliveries, inbox, outbox, replays, tombstones};

/// The most rows of a table that one transaction forgets.
pub const AT_ONCE: i64 = 1_000;
/// What keeps a `Follow`: an answer to it, or its taking back, may come years later.
const FOLLOW: &str = "Follow";

/// Forgets signatures seen before `before_us`: they are too old to be taken anyway.
pub fn forget_signatures(conn: &mut Conn, before_us: i64) -> QueryResult<usize> {
    diesel::delete(replays::table.filter(replays::seen_us.lt(before_us))).execute(conn)
}

/// Forgets deliveries that were made or given up before `before_us`.
pub fn forget_deliveries(conn: &mut Conn, before_us: i64) -> QueryResult<usize> {
    let over = deliveries::delivered_us
        .lt(before_us)
        .or(deliveries::given_up_us.lt(before_us));
    let ids: Vec<String> = deliveries::table
        .filter(deliveries::queued_us.lt(before_us))
        .filter(over)
        .select(deliveries::id)
        .limit(AT_ONCE)
        .load(conn)?;
    diesel::delete(deliveries::table.filter(deliveries::id.eq_any(ids))).execute(conn)
}

/// Forgets what was said to one peer alone before `before_us`, and is no longer in line.
pub fn forget_said(conn: &mut Conn, before_us: i64) -> QueryResult<usize> {
    let ids: Vec<String> = outbox::table
        .filter(outbox::public.eq(false))
        .filter(outbox::created_us.lt(before_us))
        .filter(outbox::kind.ne(FOLLOW))
        // Kept before its kind was written down.
        .filter(outbox::kind.ne(""))
        .filter(not(exists(
            deliveries::table.filter(deliveries::activity_id.eq(outbox::id)),
        )))
        .select(outbox::id)
        .limit(AT_ONCE)
        .load(conn)?;
    diesel::delete(outbox::table.filter(outbox::id.eq_any(ids))).execute(conn)
}

/// Forgets what arrived and was done with before `before_us`. Who sent it has long given up sending
/// it; what is read of it in an outbox is compared with what is known.
pub fn forget_arrived(conn: &mut Conn, before_us: i64) -> QueryResult<usize> {
    // Written by us: see the gist. An answer to a Follow kept before there was one has it inside.
    let is_a_follow = inbox::activity
        .like("%\"type\":\"Follow\"%")
        .and(inbox::activity.not_like("%\"type\":\"Accept\"%"))
        .and(inbox::activity.not_like("%\"type\":\"Reject\"%"))
        .and(inbox::activity.not_like("%\"type\":\"Undo\"%"));
    let ids: Vec<String> = inbox::table
        .filter(inbox::done_us.lt(before_us))
        .filter(not(is_a_follow))
        .select(inbox::activity_id)
        .limit(AT_ONCE)
        .load(conn)?;
    diesel::delete(inbox::table.filter(inbox::activity_id.eq_any(ids))).execute(conn)
}

/// Forgets tombstones set before `before_us`.
pub fn forget_tombstones(conn: &mut Conn, before_us: i64) -> QueryResult<usize> {
    diesel::delete(tombstones::table.filter(tombstones::deleted_us.lt(before_us))).execute(conn)
}
