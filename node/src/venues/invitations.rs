//! Invitations a desk makes together: printed cards, links, or cards for a list of patrons. Each is
//! good once, ends by itself, can be taken back, and holds a seat for as long as somebody may use it.

use diesel::prelude::*;
use settlement::VenueId;

use super::{DAY_US, INVITATION_DAYS, Venue, seats_for, store};
use crate::Node;
use crate::db::{self, Conn};
use crate::members::code::Code;
use crate::schema::{invitation_batches, invitations};
use crate::web::Refusal;
use crate::words::Say;

/// The most invitations made with one form.
pub const BATCH_LIMIT: u32 = 1_000;

/// What invitations were made as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BatchKind {
    /// Cards to print and hand out.
    Cards,
    /// Links to send one by one.
    Links,
    /// Cards with the names of a list.
    List,
}

impl BatchKind {
    /// As the database and forms write it.
    pub fn as_str(self) -> &'static str {
        match self {
            BatchKind::Cards => "cards",
            BatchKind::Links => "links",
            BatchKind::List => "list",
        }
    }

    /// Reads what [`BatchKind::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "cards" => Some(BatchKind::Cards),
            "links" => Some(BatchKind::Links),
            "list" => Some(BatchKind::List),
            _ => None,
        }
    }

    /// The key of its word.
    pub fn key(self) -> &'static str {
        match self {
            BatchKind::Cards => "venues-batch-cards",
            BatchKind::Links => "venues-batch-links",
            BatchKind::List => "venues-batch-list",
        }
    }
}

/// What is asked for: one form is one batch.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// The id drawn with the form; a form sent twice makes nothing the second time.
    pub id: String,
    /// What they are made as.
    pub kind: BatchKind,
    /// How many.
    pub count: u32,
    /// How many days they are good for, at most a year.
    pub days: i64,
}

/// Makes invitations, in the caller's transaction; answers their codes, which are kept nowhere.
///
/// # Errors
/// [`Refusal::Invalid`] on `count` or `days`; [`Refusal::Conflict`] when the venue has fewer seats
/// left, or the form was sent before.
pub fn make(
    conn: &mut Conn,
    node: &Node,
    venue: &Venue,
    wanted: &Wanted,
) -> Result<Vec<Code>, Refusal> {
    if wanted.count == 0 {
        return Err(Refusal::field("count", Say::new("venues-invite-none")));
    }
    if !(1..=INVITATION_DAYS).contains(&wanted.days) {
        let say = Say::new("venues-invite-days").with("limit", INVITATION_DAYS);
        return Err(Refusal::field("days", say));
    }
    if uuid::Uuid::parse_str(&wanted.id).is_err() {
        return Err(Refusal::field("form", Say::new("page-form-unread")));
    }
    seats_for(conn, node, venue, wanted.count)?;
    let now_us = node.clock.now_us();
    let expires_us = now_us + wanted.days * DAY_US;
    let added = diesel::insert_into(invitation_batches::table)
        .values((
            invitation_batches::id.eq(&wanted.id),
            invitation_batches::venue_id.eq(venue.id.as_str()),
            invitation_batches::kind.eq(wanted.kind.as_str()),
            invitation_batches::made_us.eq(now_us),
            invitation_batches::expires_us.eq(expires_us),
        ))
        .execute(conn);
    match added {
        Err(error) if db::is_taken(&error) => {
            return Err(Refusal::Conflict(Say::new("venues-batch-made")));
        }
        done => done.map(drop)?,
    }
    let codes: Vec<Code> = (0..wanted.count).map(|_| Code::draw(&node.clock)).collect();
    for code in &codes {
        let digest = code.digest();
        store::add_invitation(conn, &venue.id, &digest, now_us, expires_us, &wanted.id)?;
    }
    Ok(codes)
}

/// Invitations made together, and what became of them.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Its id.
    pub id: String,
    /// What they were made as.
    pub kind: BatchKind,
    /// When they were made.
    pub made_us: i64,
    /// Until when they are good.
    pub expires_us: i64,
    /// How many there are.
    pub made: i64,
    /// With how many somebody joined.
    pub used: i64,
    /// How many somebody may still use.
    pub open: i64,
}

/// The batches of a venue, the latest first, at most `limit`.
pub fn batches(
    conn: &mut Conn,
    venue: &VenueId,
    now_us: i64,
    limit: i64,
) -> QueryResult<Vec<Batch>> {
    let rows: Vec<(String, String, i64, i64)> = invitation_batches::table
        .filter(invitation_batches::venue_id.eq(venue.as_str()))
        .order((
            invitation_batches::made_us.desc(),
            invitation_batches::id.desc(),
        ))
        .limit(limit)
        .select((
            invitation_batches::id,
            invitation_batches::kind,
            invitation_batches::made_us,
            invitation_batches::expires_us,
        ))
        .load(conn)?;
    rows.into_iter()
        .map(|(id, kind, made_us, expires_us)| {
            let of_it = || invitations::table.filter(invitations::batch_id.eq(&id));
            let made = of_it().count().get_result(conn)?;
            let used = of_it()
                .filter(invitations::used_us.is_not_null())
                .count()
                .get_result(conn)?;
            let open = of_it()
                .filter(invitations::used_us.is_null())
                .filter(invitations::revoked_us.is_null())
                .filter(invitations::expires_us.gt(now_us))
                .count()
                .get_result(conn)?;
            Ok(Batch {
                kind: BatchKind::parse(&kind).unwrap_or(BatchKind::Cards),
                id,
                made_us,
                expires_us,
                made,
                used,
                open,
            })
        })
        .collect()
}

/// Takes back what nobody used of a batch of this venue; answers how many.
pub fn revoke_batch(
    conn: &mut Conn,
    venue: &VenueId,
    batch: &str,
    now_us: i64,
) -> QueryResult<usize> {
    let open = invitations::table
        .filter(invitations::venue_id.eq(venue.as_str()))
        .filter(invitations::batch_id.eq(batch))
        .filter(invitations::used_us.is_null())
        .filter(invitations::revoked_us.is_null());
    diesel::update(open)
        .set(invitations::revoked_us.eq(now_us))
        .execute(conn)
}
