//! Sentences about keys: how ours changed, which counted once, who is held for showing others.

use diesel::prelude::*;
use federation::keys::Ed25519Public;

use crate::db::Conn;
use crate::schema::{held_peers, key_changes, old_keys};

/// How often this node's keys were changed.
pub fn key_changes(conn: &mut Conn) -> QueryResult<u32> {
    let last: Option<i64> = key_changes::table
        .select(diesel::dsl::max(key_changes::sequence))
        .first(conn)?;
    Ok(last.and_then(|last| u32::try_from(last).ok()).unwrap_or(0))
}

/// The statements of those changes, oldest first.
pub fn key_statements(conn: &mut Conn) -> QueryResult<Vec<String>> {
    key_changes::table
        .select(key_changes::statement)
        .order(key_changes::sequence)
        .load(conn)
}

/// Keeps the statement of a change.
pub fn keep_key_change(
    conn: &mut Conn,
    sequence: u32,
    statement: &str,
    now_us: i64,
) -> QueryResult<()> {
    diesel::insert_into(key_changes::table)
        .values((
            key_changes::sequence.eq(i64::from(sequence)),
            key_changes::statement.eq(statement),
            key_changes::changed_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// Remembers a key that counted once. What was known of it before stands.
pub fn keep_old_key(
    conn: &mut Conn,
    actor_id: &str,
    key_id: &str,
    key: &Ed25519Public,
    until_us: i64,
) -> QueryResult<()> {
    let known: i64 = old_keys::table
        .filter(old_keys::actor_id.eq(actor_id))
        .filter(old_keys::key_id.eq(key_id))
        .filter(old_keys::ed25519.eq(key.to_multikey()))
        .count()
        .get_result(conn)?;
    if known > 0 {
        return Ok(());
    }
    diesel::insert_into(old_keys::table)
        .values((
            old_keys::actor_id.eq(actor_id),
            old_keys::key_id.eq(key_id),
            old_keys::ed25519.eq(key.to_multikey()),
            old_keys::until_us.eq(until_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// The keys of an actor that counted once, latest first: (id, key, until when).
pub fn old_keys(conn: &mut Conn, actor_id: &str) -> QueryResult<Vec<(String, Ed25519Public, i64)>> {
    let rows: Vec<(String, String, i64)> = old_keys::table
        .filter(old_keys::actor_id.eq(actor_id))
        .order((old_keys::until_us.desc(), old_keys::key_id))
        .select((old_keys::key_id, old_keys::ed25519, old_keys::until_us))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(id, key, until)| Some((id, key.parse().ok()?, until)))
        .collect())
}

/// A peer that is held, and why.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Held {
    /// Where it is.
    pub origin: String,
    /// Its actor as it shows itself now.
    pub shown: String,
    /// What is wrong with that.
    pub reason: String,
    /// Since when, in microseconds UTC.
    pub held_us: i64,
}

/// Whether and why the peer at `origin` is held.
pub fn held(conn: &mut Conn, origin: &str) -> QueryResult<Option<Held>> {
    held_peers::table.find(origin).first(conn).optional()
}

/// Holds the peer at `origin`; of one that is held already, notes what it shows now.
pub fn hold(
    conn: &mut Conn,
    origin: &str,
    shown: &str,
    reason: &str,
    now_us: i64,
) -> QueryResult<()> {
    let changed = diesel::update(held_peers::table.find(origin))
        .set((held_peers::shown.eq(shown), held_peers::reason.eq(reason)))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(held_peers::table)
            .values((
                held_peers::origin.eq(origin),
                held_peers::shown.eq(shown),
                held_peers::reason.eq(reason),
                held_peers::held_us.eq(now_us),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Holds the peer at `origin` no longer; `true` when it was.
pub fn let_go(conn: &mut Conn, origin: &str) -> QueryResult<bool> {
    let gone = diesel::delete(held_peers::table.find(origin)).execute(conn)?;
    Ok(gone > 0)
}
