use diesel::prelude::*;

use super::super::{Following, Standing};
use crate::db::Conn;
use crate::each;
use crate::schema::{hearing, peers};

/// A node that is not followed, and how far what it said was read.
#[derive(Clone, Debug, PartialEq, Eq, Queryable)]
pub struct Hearing {
    /// Scheme, host and port.
    pub origin: String,
    /// Its actor.
    pub actor_id: String,
    /// Where it lists what it said.
    pub outbox: Option<String>,
    /// What it said before is known, in microseconds UTC.
    pub since_us: i64,
    /// The last activity that was read.
    pub newest: Option<String>,
}

/// Notes that something of a node is known here from now on; nothing, if that is noted already.
pub fn hear_of(conn: &mut Conn, origin: &str, since_us: i64) -> QueryResult<()> {
    let row = (
        hearing::origin.eq(origin),
        hearing::since_us.eq(since_us),
        hearing::asked_us.eq(0),
    );
    each!(conn, c => diesel::insert_into(hearing::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// At most `limit` nodes that are not followed and were not asked since `before_us`, those that wait
/// for longest first.
pub fn to_hear(conn: &mut Conn, before_us: i64, limit: i64) -> QueryResult<Vec<Hearing>> {
    hearing::table
        .inner_join(peers::table.on(peers::origin.eq(hearing::origin)))
        .filter(hearing::asked_us.le(before_us))
        .filter(peers::following.ne(Following::Yes.as_str()))
        .filter(peers::standing.ne(Standing::Blocked.as_str()))
        .order((hearing::asked_us, hearing::origin))
        .limit(limit)
        .select((
            hearing::origin,
            peers::actor_id,
            peers::outbox,
            hearing::since_us,
            hearing::newest,
        ))
        .load(conn)
}

/// Notes that a node was asked, and if it said something new, the newest of that and from when on what
/// comes after it is read.
pub fn heard(
    conn: &mut Conn,
    origin: &str,
    newest: Option<&(String, i64)>,
    asked_us: i64,
) -> QueryResult<()> {
    let row = hearing::table.find(origin);
    diesel::update(row)
        .set(hearing::asked_us.eq(asked_us))
        .execute(conn)?;
    if let Some((newest, since_us)) = newest {
        diesel::update(row)
            .set((hearing::newest.eq(newest), hearing::since_us.eq(since_us)))
            .execute(conn)?;
    }
    Ok(())
}
