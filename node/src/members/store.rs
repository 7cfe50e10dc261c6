//! Sentences to the database about members, sessions and roles.

use diesel::prelude::*;
use settlement::VenueId;

use super::{Role, SignedIn};
use crate::config::Language;
use crate::db::Conn;
use crate::schema::{members, sessions, staff};

/// The member whose session has this token digest and has not expired at `now_us`.
pub fn session(conn: &mut Conn, token_digest: &str, now_us: i64) -> QueryResult<Option<SignedIn>> {
    let row: Option<(String, String, String, Option<String>)> = sessions::table
        .inner_join(members::table.on(members::id.eq(sessions::member_id)))
        .filter(sessions::token_digest.eq(token_digest))
        .filter(sessions::expires_us.gt(now_us))
        .select((
            members::id,
            members::name,
            members::language,
            sessions::venue_id,
        ))
        .first(conn)
        .optional()?;
    let Some((id, name, language, venue)) = row else {
        return Ok(None);
    };
    let roles: Vec<(String, String)> = staff::table
        .filter(staff::member_id.eq(&id))
        .select((staff::venue_id, staff::role))
        .load(conn)?;
    Ok(Some(SignedIn {
        id,
        name,
        language: Language::parse(&language).unwrap_or(Language::Fr),
        venue: venue.and_then(|v| VenueId::parse(&v).ok()),
        roles: roles
            .into_iter()
            .filter_map(|(venue, role)| Some((VenueId::parse(&venue).ok(), Role::parse(&role)?)))
            .collect(),
    }))
}
