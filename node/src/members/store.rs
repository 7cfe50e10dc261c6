//! Sentences to the database about members and roles; their sessions, memberships and proofs are
//! beside.

mod memberships;
mod proofs;
mod sessions;

use diesel::prelude::*;
use settlement::VenueId;

use super::{Member, Role};
use crate::config::Language;
use crate::db::Conn;
use crate::schema::{members, staff};

pub use memberships::*;
pub use proofs::*;
pub use sessions::*;

/// What signing in takes.
#[derive(Clone, Debug)]
pub struct Known {
    /// The member.
    pub member: Member,
    /// Whether it is somebody, and not a listening post or what is left of who was forgotten.
    pub person: bool,
    /// Their password's hash; who has passkeys alone has none.
    pub password_hash: Option<String>,
}

type KnownRow = (String, String, String, String, Option<String>);

const KNOWN: (
    members::id,
    members::kind,
    members::name,
    members::language,
    members::password_hash,
) = (
    members::id,
    members::kind,
    members::name,
    members::language,
    members::password_hash,
);

fn known((id, kind, name, language, password_hash): KnownRow) -> Known {
    Known {
        member: Member {
            id,
            name,
            language: Language::parse(&language).unwrap_or(Language::Fr),
        },
        person: kind == "person",
        password_hash,
    }
}

/// The member of this folded name.
pub fn by_name(conn: &mut Conn, name_key: &str) -> QueryResult<Option<Known>> {
    let row: Option<KnownRow> = members::table
        .filter(members::name_key.eq(name_key))
        .select(KNOWN)
        .first(conn)
        .optional()?;
    Ok(row.map(known))
}

/// The member of this id.
pub fn by_id(conn: &mut Conn, member: &str) -> QueryResult<Option<Known>> {
    let row: Option<KnownRow> = members::table
        .find(member)
        .select(KNOWN)
        .first(conn)
        .optional()?;
    Ok(row.map(known))
}

/// What somebody comes in as.
#[derive(Clone, Copy, Debug)]
pub enum As<'p> {
    /// A person with the hash of their password; without one they have a passkey.
    Person(Option<&'p str>),
    /// A listening post.
    Post,
}

/// Adds a member.
pub fn add(
    conn: &mut Conn,
    member: &Member,
    name_key: &str,
    come: As<'_>,
    now_us: i64,
) -> QueryResult<()> {
    let (kind, password_hash) = match come {
        As::Person(password_hash) => ("person", password_hash),
        As::Post => ("post", None),
    };
    diesel::insert_into(members::table)
        .values((
            members::id.eq(&member.id),
            members::kind.eq(kind),
            members::name.eq(&member.name),
            members::name_key.eq(name_key),
            members::password_hash.eq(password_hash),
            members::language.eq(member.language.code()),
            members::joined_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Adds a member who never was anybody: what somebody who was forgotten leaves behind is theirs.
/// Answers the id.
pub fn add_nobody(conn: &mut Conn, id: &str) -> QueryResult<String> {
    diesel::insert_into(members::table)
        .values((
            members::id.eq(id),
            members::kind.eq("gone"),
            members::name.eq(""),
            // No folded name has a line end.
            members::name_key.eq(format!("gone\n{id}")),
            members::language.eq(Language::Fr.code()),
            members::joined_us.eq(0),
        ))
        .execute(conn)?;
    Ok(id.to_owned())
}

/// A member's folded name and their password's hash.
pub fn password_of(conn: &mut Conn, member: &str) -> QueryResult<(String, Option<String>)> {
    members::table
        .find(member)
        .select((members::name_key, members::password_hash))
        .first(conn)
}

/// Whether a member is a listening post.
pub fn is_post(conn: &mut Conn, member: &str) -> QueryResult<bool> {
    let kind: Option<String> = members::table
        .find(member)
        .select(members::kind)
        .first(conn)
        .optional()?;
    Ok(kind.as_deref() == Some("post"))
}

/// Gives a member another password.
pub fn set_password(conn: &mut Conn, member: &str, password_hash: &str) -> QueryResult<()> {
    diesel::update(members::table.find(member))
        .set(members::password_hash.eq(password_hash))
        .execute(conn)
        .map(drop)
}

/// Gives a member a role at a venue, or at the node.
pub fn add_role(
    conn: &mut Conn,
    member: &str,
    venue: Option<&VenueId>,
    role: Role,
    now_us: i64,
) -> QueryResult<()> {
    diesel::insert_into(staff::table)
        .values((
            staff::member_id.eq(member),
            staff::venue_id.eq(venue.map_or("", VenueId::as_str)),
            staff::role.eq(role.as_str()),
            staff::since_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Takes a role back; `false` when there was none.
pub fn remove_role(
    conn: &mut Conn,
    member: &str,
    venue: Option<&VenueId>,
    role: Role,
) -> QueryResult<bool> {
    let gone = diesel::delete(staff::table.find((
        member,
        venue.map_or("", VenueId::as_str),
        role.as_str(),
    )))
    .execute(conn)?;
    Ok(gone == 1)
}

/// How many members run the node.
pub fn operators(conn: &mut Conn) -> QueryResult<i64> {
    staff::table
        .filter(staff::role.eq(Role::Operator.as_str()))
        .count()
        .get_result(conn)
}

/// Who has a role at a venue, or at the node (`None`): the member's id and the role.
pub fn staff_of(conn: &mut Conn, venue: Option<&VenueId>) -> QueryResult<Vec<(String, Role)>> {
    let rows: Vec<(String, String)> = staff::table
        .filter(staff::venue_id.eq(venue.map_or("", VenueId::as_str)))
        .order((staff::member_id, staff::role))
        .select((staff::member_id, staff::role))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .filter_map(|(member, role)| Some((member, Role::parse(&role)?)))
        .collect())
}

/// A member's roles, by venue (`None`: the node).
pub fn roles(conn: &mut Conn, member: &str) -> QueryResult<Vec<(Option<VenueId>, Role)>> {
    let roles: Vec<(String, String)> = staff::table
        .filter(staff::member_id.eq(member))
        .order((staff::venue_id, staff::role))
        .select((staff::venue_id, staff::role))
        .load(conn)?;
    Ok(roles
        .into_iter()
        .filter_map(|(venue, role)| Some((VenueId::parse(&venue).ok(), Role::parse(&role)?)))
        .collect())
}
