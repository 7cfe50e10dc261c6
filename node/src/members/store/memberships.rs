//! Sentences about who belongs to which venue.

use diesel::prelude::*;
use settlement::VenueId;

use crate::db::Conn;
use crate::schema::{members, memberships, sessions, staff};

/// Makes somebody a member of a venue. Who was one before is one again, from when they first came:
/// the months in between are counted already.
pub fn add_membership(
    conn: &mut Conn,
    member: &str,
    venue: &VenueId,
    now_us: i64,
) -> QueryResult<()> {
    let again = diesel::update(memberships::table.find((member, venue.as_str())))
        .set(memberships::until_us.eq(None::<i64>))
        .execute(conn)?;
    if again == 1 {
        return Ok(());
    }
    diesel::insert_into(memberships::table)
        .values((
            memberships::member_id.eq(member),
            memberships::venue_id.eq(venue.as_str()),
            memberships::since_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// The venue a member listens through: the one they joined last of those they have not left.
pub(super) fn venue_of(conn: &mut Conn, member: &str) -> QueryResult<Option<String>> {
    memberships::table
        .filter(memberships::member_id.eq(member))
        .filter(memberships::until_us.is_null())
        .order((memberships::since_us.desc(), memberships::venue_id))
        .select(memberships::venue_id)
        .first(conn)
        .optional()
}

/// Since when somebody is a member of a venue; `None` when they are not, or not any more.
pub fn member_since(conn: &mut Conn, member: &str, venue: &VenueId) -> QueryResult<Option<i64>> {
    memberships::table
        .find((member, venue.as_str()))
        .filter(memberships::until_us.is_null())
        .select(memberships::since_us)
        .first(conn)
        .optional()
}

/// Ends a membership: sessions go on through another venue, or through none; the roles there end.
/// `false` when there was none.
pub fn end_membership(
    conn: &mut Conn,
    member: &str,
    venue: &VenueId,
    now_us: i64,
) -> QueryResult<bool> {
    let here = memberships::table
        .find((member, venue.as_str()))
        .filter(memberships::until_us.is_null());
    let changed = diesel::update(here)
        .set(memberships::until_us.eq(now_us))
        .execute(conn)?;
    let next = venue_of(conn, member)?;
    let there = sessions::table
        .filter(sessions::member_id.eq(member))
        .filter(sessions::venue_id.eq(venue.as_str()));
    diesel::update(there)
        .set(sessions::venue_id.eq(next))
        .execute(conn)?;
    let roles = staff::table
        .filter(staff::member_id.eq(member))
        .filter(staff::venue_id.eq(venue.as_str()));
    diesel::delete(roles).execute(conn)?;
    Ok(changed == 1)
}

/// A venue somebody belongs to.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The venue's URI.
    pub venue: VenueId,
    /// Its name.
    pub name: String,
    /// Since when, in microseconds since 1970 UTC.
    pub since_us: i64,
    /// Until when, for who left.
    pub until_us: Option<i64>,
}

/// The venues somebody belongs to or belonged to, the latest first.
pub fn memberships_of(conn: &mut Conn, member: &str) -> QueryResult<Vec<Membership>> {
    use crate::schema::venues;
    let rows: Vec<(String, String, i64, Option<i64>)> = memberships::table
        .inner_join(venues::table.on(venues::id.eq(memberships::venue_id)))
        .filter(memberships::member_id.eq(member))
        .order((memberships::since_us.desc(), memberships::venue_id))
        .select((
            venues::id,
            venues::name,
            memberships::since_us,
            memberships::until_us,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(venue, name, since_us, until_us)| {
            Ok(Membership {
                venue: VenueId::parse(&venue).map_err(crate::venues::store::unreadable)?,
                name,
                since_us,
                until_us,
            })
        })
        .collect()
}

/// One who belongs to a venue, as its desk lists them.
#[derive(Clone, Debug)]
pub struct Belonging {
    /// The member's id.
    pub id: String,
    /// Their name, or that of a listening post.
    pub name: String,
    /// Whether it is a listening post.
    pub post: bool,
    /// Since when, in microseconds since 1970 UTC.
    pub since_us: i64,
}

/// Who belongs to a venue now, by name.
pub fn belonging_to(conn: &mut Conn, venue: &VenueId) -> QueryResult<Vec<Belonging>> {
    let rows: Vec<(String, String, String, i64)> = memberships::table
        .inner_join(members::table.on(members::id.eq(memberships::member_id)))
        .filter(memberships::venue_id.eq(venue.as_str()))
        .filter(memberships::until_us.is_null())
        .order((members::name_key, members::id))
        .select((
            members::id,
            members::name,
            members::kind,
            memberships::since_us,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(id, name, kind, since_us)| Belonging {
            id,
            name,
            post: kind == "post",
            since_us,
        })
        .collect())
}
