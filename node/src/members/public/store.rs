//! Sentences to the database about members who are seen, and whom members follow.

use diesel::prelude::*;

use super::PublicMember;
use crate::db::Conn;
use crate::each;
use crate::members::SignedIn;
use crate::schema::{actors, member_follows, public_members};

type Row = (String, String, String, i64, Option<i64>);

fn read((handle, member, name, since_us, until_us): Row) -> PublicMember {
    PublicMember {
        handle,
        member,
        name,
        since_us,
        until_us,
    }
}

/// Who has or had this handle.
pub fn by_handle(conn: &mut Conn, handle: &str) -> QueryResult<Option<PublicMember>> {
    let row: Option<Row> = public_members::table.find(handle).first(conn).optional()?;
    Ok(row.map(read))
}

/// How a member is seen, if they are.
pub fn of_member(conn: &mut Conn, member: &str) -> QueryResult<Option<PublicMember>> {
    let row: Option<Row> = public_members::table
        .filter(public_members::member_id.eq(member))
        .filter(public_members::until_us.is_null())
        .first(conn)
        .optional()?;
    Ok(row.map(read))
}

/// Writes down how a member is seen.
pub fn put(conn: &mut Conn, public: &PublicMember) -> QueryResult<()> {
    let changed = diesel::update(public_members::table.find(&public.handle))
        .set((
            public_members::name.eq(&public.name),
            public_members::since_us.eq(public.since_us),
            public_members::until_us.eq(public.until_us),
        ))
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(public_members::table)
            .values((
                public_members::handle.eq(&public.handle),
                public_members::member_id.eq(&public.member),
                public_members::name.eq(&public.name),
                public_members::since_us.eq(public.since_us),
                public_members::until_us.eq(public.until_us),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// A member is seen no longer.
pub fn end(conn: &mut Conn, handle: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(public_members::table.find(handle))
        .set(public_members::until_us.eq(now_us))
        .execute(conn)?;
    Ok(())
}

/// Whom a member follows: (address, name), by name.
pub fn follows(conn: &mut Conn, member: &str) -> QueryResult<Vec<(String, String)>> {
    member_follows::table
        .inner_join(actors::table.on(actors::id.eq(member_follows::actor_id)))
        .filter(member_follows::member_id.eq(member))
        .order((actors::name, actors::id))
        .select((actors::id, actors::name))
        .load(conn)
}

/// The addresses of those a member follows, here and elsewhere.
pub fn followed(conn: &mut Conn, member: &str) -> QueryResult<Vec<String>> {
    member_follows::table
        .filter(member_follows::member_id.eq(member))
        .order((member_follows::since_us.desc(), member_follows::actor_id))
        .select(member_follows::actor_id)
        .load(conn)
}

/// Whether somebody, if anybody is signed in, follows an actor.
pub fn is_following(conn: &mut Conn, member: Option<&SignedIn>, actor: &str) -> QueryResult<bool> {
    let Some(member) = member else {
        return Ok(false);
    };
    let found: i64 = member_follows::table
        .find((&member.id, actor))
        .count()
        .get_result(conn)?;
    Ok(found > 0)
}

/// A member follows an actor.
pub fn add_follow(conn: &mut Conn, member: &str, actor: &str, now_us: i64) -> QueryResult<()> {
    let row = (
        member_follows::member_id.eq(member),
        member_follows::actor_id.eq(actor),
        member_follows::since_us.eq(now_us),
    );
    each!(conn, c => diesel::insert_into(member_follows::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// A member follows an actor no longer.
pub fn remove_follow(conn: &mut Conn, member: &str, actor: &str) -> QueryResult<()> {
    diesel::delete(member_follows::table.find((member, actor))).execute(conn)?;
    Ok(())
}

/// How many members follow an actor.
pub fn followed_by(conn: &mut Conn, actor: &str) -> QueryResult<i64> {
    member_follows::table
        .filter(member_follows::actor_id.eq(actor))
        .count()
        .get_result(conn)
}
