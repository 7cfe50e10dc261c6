//! Sentences to the database about venues, contributions and invitations.

use std::collections::BTreeSet;

use diesel::prelude::*;
use settlement::{Minor, Period, VenueId};

use super::Venue;
use super::contribution::Contribution;
use crate::db::Conn;
use crate::schema::{contribution_parts, contributions, invitations, memberships, venues};

type VenueRow = (String, String, String, i64, String, i64);

/// A text of ours that no longer reads as what it was written as.
pub(crate) fn unreadable(
    error: impl std::error::Error + Send + Sync + 'static,
) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(Box::new(error))
}

fn venue_of((id, slug, name, seats, colour, created_us): VenueRow) -> QueryResult<Venue> {
    Ok(Venue {
        id: VenueId::parse(&id).map_err(unreadable)?,
        slug,
        name,
        seats: u32::try_from(seats).map_err(unreadable)?,
        colour,
        created_us,
    })
}

/// Every venue, by name.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<Venue>> {
    let rows: Vec<VenueRow> = venues::table.order((venues::name, venues::id)).load(conn)?;
    rows.into_iter().map(venue_of).collect()
}

/// The venue of this URI.
pub fn venue(conn: &mut Conn, id: &VenueId) -> QueryResult<Option<Venue>> {
    let row: Option<VenueRow> = venues::table.find(id.as_str()).first(conn).optional()?;
    row.map(venue_of).transpose()
}

/// The venue of this slug.
pub fn by_slug(conn: &mut Conn, slug: &str) -> QueryResult<Option<Venue>> {
    let row: Option<VenueRow> = venues::table
        .filter(venues::slug.eq(slug))
        .first(conn)
        .optional()?;
    row.map(venue_of).transpose()
}

/// Adds a venue.
pub fn add(conn: &mut Conn, venue: &Venue) -> QueryResult<()> {
    diesel::insert_into(venues::table)
        .values((
            venues::id.eq(venue.id.as_str()),
            venues::slug.eq(&venue.slug),
            venues::name.eq(&venue.name),
            venues::seats.eq(i64::from(venue.seats)),
            venues::colour.eq(&venue.colour),
            venues::created_us.eq(venue.created_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Changes how many seats a venue pays for.
pub fn set_seats(conn: &mut Conn, venue: &VenueId, seats: u32) -> QueryResult<()> {
    diesel::update(venues::table.find(venue.as_str()))
        .set(venues::seats.eq(i64::from(seats)))
        .execute(conn)
        .map(drop)
}

/// How many seats are taken: members, and those who left since `month_us` (their month was theirs).
pub fn seats_taken(conn: &mut Conn, venue: &VenueId, month_us: i64) -> QueryResult<u32> {
    let here = memberships::until_us
        .is_null()
        .or(memberships::until_us.ge(month_us));
    let count: i64 = memberships::table
        .filter(memberships::venue_id.eq(venue.as_str()))
        .filter(here)
        .count()
        .get_result(conn)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// How many members a venue has now.
pub fn members_now(conn: &mut Conn, venue: &VenueId) -> QueryResult<u32> {
    let count: i64 = memberships::table
        .filter(memberships::venue_id.eq(venue.as_str()))
        .filter(memberships::until_us.is_null())
        .count()
        .get_result(conn)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

// Invitations ---------------------------------------------------------------

/// What became of an invitation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Invitation {
    /// Whose it is.
    pub venue: VenueId,
    /// Until when it is good, in microseconds since 1970 UTC.
    pub expires_us: i64,
    /// When somebody joined with it.
    pub used_us: Option<i64>,
    /// The member who joined with it.
    pub used_by: Option<String>,
    /// When it was taken back.
    pub revoked_us: Option<i64>,
}

type InvitationRow = (String, i64, Option<i64>, Option<String>, Option<i64>);

/// How many invitations of this venue somebody may still use.
pub fn open_invitations(conn: &mut Conn, venue: &VenueId, now_us: i64) -> QueryResult<u32> {
    let count: i64 = invitations::table
        .filter(invitations::venue_id.eq(venue.as_str()))
        .filter(invitations::used_us.is_null())
        .filter(invitations::revoked_us.is_null())
        .filter(invitations::expires_us.gt(now_us))
        .count()
        .get_result(conn)?;
    Ok(u32::try_from(count).unwrap_or(u32::MAX))
}

/// Adds an invitation, of which only the digest is kept.
pub fn add_invitation(
    conn: &mut Conn,
    venue: &VenueId,
    digest: &str,
    issued_us: i64,
    expires_us: i64,
    batch: &str,
) -> QueryResult<()> {
    diesel::insert_into(invitations::table)
        .values((
            invitations::code_digest.eq(digest),
            invitations::venue_id.eq(venue.as_str()),
            invitations::issued_us.eq(issued_us),
            invitations::expires_us.eq(expires_us),
            invitations::batch_id.eq(batch),
        ))
        .execute(conn)
        .map(drop)
}

/// The invitation of this digest.
pub fn invitation(conn: &mut Conn, digest: &str) -> QueryResult<Option<Invitation>> {
    let row: Option<InvitationRow> = invitations::table
        .find(digest)
        .select((
            invitations::venue_id,
            invitations::expires_us,
            invitations::used_us,
            invitations::used_by,
            invitations::revoked_us,
        ))
        .first(conn)
        .optional()?;
    let Some((venue, expires_us, used_us, used_by, revoked_us)) = row else {
        return Ok(None);
    };
    Ok(Some(Invitation {
        venue: VenueId::parse(&venue).map_err(unreadable)?,
        expires_us,
        used_us,
        used_by,
        revoked_us,
    }))
}

/// Marks an invitation as used by a member; `false` when it was not open any more.
pub fn use_invitation(
    conn: &mut Conn,
    digest: &str,
    member: &str,
    now_us: i64,
) -> QueryResult<bool> {
    let open = invitations::table
        .filter(invitations::code_digest.eq(digest))
        .filter(invitations::used_us.is_null())
        .filter(invitations::revoked_us.is_null())
        .filter(invitations::expires_us.gt(now_us));
    let changed = diesel::update(open)
        .set((
            invitations::used_us.eq(now_us),
            invitations::used_by.eq(member),
        ))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Takes back an invitation of this venue; `false` when there is no such open one.
pub fn revoke_invitation(
    conn: &mut Conn,
    venue: &VenueId,
    digest: &str,
    now_us: i64,
) -> QueryResult<bool> {
    let open = invitations::table
        .filter(invitations::code_digest.eq(digest))
        .filter(invitations::venue_id.eq(venue.as_str()))
        .filter(invitations::used_us.is_null())
        .filter(invitations::revoked_us.is_null());
    let changed = diesel::update(open)
        .set(invitations::revoked_us.eq(now_us))
        .execute(conn)?;
    Ok(changed == 1)
}

/// Takes back every open invitation of this venue; answers how many.
pub fn revoke_open_invitations(conn: &mut Conn, venue: &VenueId, now_us: i64) -> QueryResult<u32> {
    let open = invitations::table
        .filter(invitations::venue_id.eq(venue.as_str()))
        .filter(invitations::used_us.is_null())
        .filter(invitations::revoked_us.is_null())
        .filter(invitations::expires_us.gt(now_us));
    let changed = diesel::update(open)
        .set(invitations::revoked_us.eq(now_us))
        .execute(conn)?;
    Ok(u32::try_from(changed).unwrap_or(u32::MAX))
}

// Contributions -------------------------------------------------------------

type ContributionRow = (String, String, i64, String, i64);

/// Adds a contribution.
pub fn add_contribution(conn: &mut Conn, contribution: &Contribution) -> QueryResult<()> {
    let amount = i64::try_from(contribution.amount.get()).map_err(unreadable)?;
    diesel::insert_into(contributions::table)
        .values((
            contributions::id.eq(&contribution.id),
            contributions::venue_id.eq(contribution.venue.as_str()),
            contributions::amount_minor.eq(amount),
            contributions::first_period.eq(contribution.first_period.to_string()),
            contributions::received_us.eq(contribution.received_us),
        ))
        .execute(conn)
        .map(drop)
}

/// The contributions whose year has begun by `period`, in the order of their ids.
pub fn contributions(conn: &mut Conn, period: Period) -> QueryResult<Vec<Contribution>> {
    let rows: Vec<ContributionRow> = contributions::table
        .filter(contributions::first_period.le(period.to_string()))
        .order(contributions::id)
        .load(conn)?;
    rows.into_iter().map(contribution_of).collect()
}

/// What a venue has paid, the latest first.
pub fn contributions_of(conn: &mut Conn, venue: &VenueId) -> QueryResult<Vec<Contribution>> {
    let rows: Vec<ContributionRow> = contributions::table
        .filter(contributions::venue_id.eq(venue.as_str()))
        .order(contributions::id.desc())
        .load(conn)?;
    rows.into_iter().map(contribution_of).collect()
}

fn contribution_of(row: ContributionRow) -> QueryResult<Contribution> {
    let (id, venue, amount, first_period, received_us) = row;
    Ok(Contribution {
        id,
        venue: VenueId::parse(&venue).map_err(unreadable)?,
        amount: Minor::new(amount.into()),
        first_period: Period::parse(&first_period).map_err(unreadable)?,
        received_us,
    })
}

/// What each carried month of a contribution carried: its number, the month whose report did, and
/// how much.
pub fn parts_of(conn: &mut Conn, contribution: &str) -> QueryResult<Vec<(i64, String, i64)>> {
    contribution_parts::table
        .filter(contribution_parts::contribution_id.eq(contribution))
        .order(contribution_parts::month)
        .select((
            contribution_parts::month,
            contribution_parts::period,
            contribution_parts::amount_minor,
        ))
        .load(conn)
}

/// The months (1 to 12) of a contribution's year that were carried already.
pub fn carried_months(conn: &mut Conn, contribution: &str) -> QueryResult<BTreeSet<u8>> {
    let months: Vec<i64> = contribution_parts::table
        .filter(contribution_parts::contribution_id.eq(contribution))
        .select(contribution_parts::month)
        .load(conn)?;
    months
        .into_iter()
        .map(|month| u8::try_from(month).map_err(unreadable))
        .collect()
}

/// Writes down that the report of `period` carries month `number` of a contribution.
pub fn add_part(
    conn: &mut Conn,
    contribution: &str,
    number: u8,
    period: Period,
    amount: Minor,
) -> QueryResult<()> {
    let amount = i64::try_from(amount.get()).map_err(unreadable)?;
    diesel::insert_into(contribution_parts::table)
        .values((
            contribution_parts::contribution_id.eq(contribution),
            contribution_parts::month.eq(i64::from(number)),
            contribution_parts::period.eq(period.to_string()),
            contribution_parts::amount_minor.eq(amount),
        ))
        .execute(conn)
        .map(drop)
}

/// What each venue contributes in a month that was closed: every venue, by URI, also with nothing.
pub fn carried(conn: &mut Conn, period: Period) -> QueryResult<Vec<(VenueId, Minor)>> {
    let parts: Vec<(String, i64)> = contribution_parts::table
        .inner_join(
            contributions::table.on(contributions::id.eq(contribution_parts::contribution_id)),
        )
        .filter(contribution_parts::period.eq(period.to_string()))
        .select((contributions::venue_id, contribution_parts::amount_minor))
        .load(conn)?;
    let ids: Vec<String> = venues::table.select(venues::id).load(conn)?;
    let mut sums: std::collections::BTreeMap<String, i128> =
        ids.into_iter().map(|id| (id, 0)).collect();
    for (venue, amount) in parts {
        *sums.entry(venue).or_default() += i128::from(amount);
    }
    sums.into_iter()
        .map(|(venue, sum)| Ok((VenueId::parse(&venue).map_err(unreadable)?, Minor::new(sum))))
        .collect()
}

/// How many members a venue had at some time from `from_us` to before `until_us`.
pub fn members_between(
    conn: &mut Conn,
    venue: &VenueId,
    from_us: i64,
    until_us: i64,
) -> QueryResult<u64> {
    let stayed = memberships::until_us
        .is_null()
        .or(memberships::until_us.ge(from_us));
    let count: i64 = memberships::table
        .filter(memberships::venue_id.eq(venue.as_str()))
        .filter(memberships::since_us.lt(until_us))
        .filter(stayed)
        .count()
        .get_result(conn)?;
    Ok(u64::try_from(count).unwrap_or(0))
}

/// Takes back what a month was to carry of a venue's contributions: a later month will.
pub fn uncarry(conn: &mut Conn, venue: &VenueId, period: Period) -> QueryResult<()> {
    let its_own = contributions::table
        .filter(contributions::venue_id.eq(venue.as_str()))
        .select(contributions::id);
    diesel::delete(
        contribution_parts::table
            .filter(contribution_parts::period.eq(period.to_string()))
            .filter(contribution_parts::contribution_id.eq_any(its_own)),
    )
    .execute(conn)?;
    Ok(())
}
