//! Sentences about sessions.

use diesel::prelude::*;
use settlement::VenueId;

use super::memberships::venue_of;
use super::{has_second_step, roles};
use crate::config::Language;
use crate::db::Conn;
use crate::members::{Member, SignedIn};
use crate::schema::{members, sessions};

/// The member whose session has this token digest and has not expired at `now_us`, and until when
/// it lasts. A session that waits for its second step opens nothing.
pub fn session(
    conn: &mut Conn,
    token_digest: &str,
    now_us: i64,
) -> QueryResult<Option<(SignedIn, i64)>> {
    let row: Option<(String, String, String, Option<String>, i64, bool)> = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .filter(sessions::token_digest.eq(token_digest))
        .filter(sessions::expires_us.gt(now_us))
        .select((
            members::id,
            members::name,
            members::language,
            sessions::venue_id,
            sessions::expires_us,
            sessions::proved,
        ))
        .first(conn)
        .optional()?;
    let Some((id, name, language, venue, expires_us, proved)) = row else {
        return Ok(None);
    };
    if !proved && has_second_step(conn, &id)? {
        return Ok(None);
    }
    let roles = roles(conn, &id)?;
    let member = SignedIn {
        id,
        name,
        language: Language::parse(&language).unwrap_or(Language::Fr),
        venue: venue.and_then(|v| VenueId::parse(&v).ok()),
        roles,
        proved,
        waiting: false,
    };
    Ok(Some((member, expires_us)))
}

/// Whose session waits for its second step.
pub fn waiting_session(
    conn: &mut Conn,
    token_digest: &str,
    now_us: i64,
) -> QueryResult<Option<Member>> {
    let row: Option<(String, String, String)> = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .filter(sessions::token_digest.eq(token_digest))
        .filter(sessions::expires_us.gt(now_us))
        .filter(sessions::proved.eq(false))
        .select((members::id, members::name, members::language))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, name, language)| Member {
        id,
        name,
        language: Language::parse(&language).unwrap_or(Language::Fr),
    }))
}

/// The second step of this session was shown: it lasts until `expires_us`.
pub fn prove_session(conn: &mut Conn, token_digest: &str, expires_us: i64) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_digest))
        .set((
            sessions::proved.eq(true),
            sessions::expires_us.eq(expires_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Lets a session listen through another venue.
pub fn listen_through(conn: &mut Conn, token_digest: &str, venue: &VenueId) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_digest))
        .set(sessions::venue_id.eq(venue.as_str()))
        .execute(conn)
        .map(drop)
}

/// Ends every session of a member but this one.
pub fn end_sessions_but(conn: &mut Conn, member: &str, token_digest: &str) -> QueryResult<()> {
    diesel::delete(
        sessions::table
            .filter(sessions::member_id.eq(member))
            .filter(sessions::token_digest.ne(token_digest)),
    )
    .execute(conn)
    .map(drop)
}

/// Opens a session; `proved` when both steps were shown at once, as a passkey does.
pub fn add_session(
    conn: &mut Conn,
    token_digest: &str,
    member: &str,
    proved: bool,
    now_us: i64,
    expires_us: i64,
) -> QueryResult<()> {
    let venue = venue_of(conn, member)?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_digest.eq(token_digest),
            sessions::member_id.eq(member),
            sessions::venue_id.eq(venue),
            sessions::created_us.eq(now_us),
            sessions::expires_us.eq(expires_us),
            sessions::proved.eq(proved),
        ))
        .execute(conn)
        .map(drop)
}

/// Lets a session last until `expires_us`.
pub fn renew_session(conn: &mut Conn, token_digest: &str, expires_us: i64) -> QueryResult<()> {
    diesel::update(sessions::table.find(token_digest))
        .set(sessions::expires_us.eq(expires_us))
        .execute(conn)
        .map(drop)
}

/// Ends a session.
pub fn end_session(conn: &mut Conn, token_digest: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.find(token_digest))
        .execute(conn)
        .map(drop)
}

/// Ends every session of a member.
pub fn end_sessions_of(conn: &mut Conn, member: &str) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::member_id.eq(member)))
        .execute(conn)
        .map(drop)
}

/// Clears away the sessions that ended before `now_us`.
pub fn forget_sessions(conn: &mut Conn, now_us: i64) -> QueryResult<()> {
    diesel::delete(sessions::table.filter(sessions::expires_us.le(now_us)))
        .execute(conn)
        .map(drop)
}
