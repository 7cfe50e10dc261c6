//! Venues: the libraries, concert halls and works councils that pay a contribution for their
//! members.
//!
//! A venue has **seats**, a yearly **contribution**, and **invitations**: codes it prints and hands
//! out, each good for one member. Open invitations and members together never exceed the seats. A
//! seat that somebody leaves is free again with the next month, because the month in which they
//! listened was theirs.

pub mod api;
pub mod contribution;
pub mod desk;
mod icon;
pub mod invitations;
pub mod pages;
pub mod patrons;
pub mod shown;
pub mod statement;
pub mod store;

use settlement::{Minor, VenueId};

use crate::Node;
use crate::calendar::Calendar;
use crate::db::Conn;
use crate::members::code::Code;
use crate::names::{self, NoName};
use crate::web::{Complaint, Refusal};
use crate::words::Say;

pub use contribution::{carry, receive_contribution};

/// The longest name of a venue, in characters.
pub const NAME_LIMIT: usize = 100;
/// The most seats a venue has.
pub const SEATS_LIMIT: u32 = 100_000;
/// How long an invitation is good for, in days.
pub const INVITATION_DAYS: i64 = 365;
pub(crate) const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// Calm colours, dark enough to carry white letters.
const PALETTE: [&str; 8] = [
    "#2f5d62", "#5b4b8a", "#7a4e2d", "#33658a", "#4f6d3a", "#8a3b52", "#3d5a80", "#6b5b2e",
];

/// A venue of this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Venue {
    /// Its URI.
    pub id: VenueId,
    /// The last part of its URI: `mediatheque-de-roanne`.
    pub slug: String,
    /// As it calls itself.
    pub name: String,
    /// How many members it pays for.
    pub seats: u32,
    /// What it lends to what it puts forward: `#rrggbb`.
    pub colour: String,
    /// When it came, in microseconds since 1970 UTC.
    pub created_us: i64,
}

/// How a venue's seats are used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// How many it pays for.
    pub paid: u32,
    /// Members, and seats left during this month.
    pub taken: u32,
    /// Invitations somebody may still use.
    pub invited: u32,
}

impl Seats {
    /// How many can still be given away.
    pub fn left(&self) -> u32 {
        self.paid
            .saturating_sub(self.taken)
            .saturating_sub(self.invited)
    }
}

/// Adds a venue whose yearly contribution (minor units of the node's currency) was received now.
///
/// # Errors
/// [`Refusal::Invalid`] for a name, a contribution or seats that cannot be.
pub fn add(node: &Node, name: &str, contribution: Minor, seats: u32) -> Result<Venue, Refusal> {
    let name = checked(name, seats)?;
    contribution::checked(contribution)?;
    let created_us = node.clock.now_us();
    let wanted = names::slug(&name, "venue");
    node.db.write_now(|conn| {
        let slug = free_slug(conn, &wanted)?;
        let id = VenueId::parse(&node.config.uri(&format!("/venues/{slug}")))
            .map_err(Refusal::broken)?;
        let venue = Venue {
            id,
            colour: colour_of(&slug).to_owned(),
            slug,
            name: name.clone(),
            seats,
            created_us,
        };
        store::add(conn, &venue)?;
        contribution::take(conn, node, &venue.id, contribution, None)?;
        Ok(venue)
    })
}

fn checked(name: &str, seats: u32) -> Result<String, Refusal> {
    let mut complaints = Vec::new();
    if seats == 0 || seats > SEATS_LIMIT {
        complaints.push(Complaint {
            field: "seats",
            say: Say::new("venues-seats-range").with("limit", SEATS_LIMIT),
        });
    }
    match names::one_line(name, NAME_LIMIT) {
        Ok(name) if complaints.is_empty() => return Ok(name),
        Ok(_) => {}
        Err(why) => complaints.insert(
            0,
            Complaint {
                field: "name",
                say: match why {
                    NoName::Empty => Say::new("venues-name-empty"),
                    NoName::TooLong => Say::new("venues-name-long").with("limit", NAME_LIMIT),
                    NoName::Unseen => Say::new("venues-name-unseen"),
                },
            },
        ),
    }
    Err(Refusal::Invalid(complaints))
}

fn free_slug(conn: &mut Conn, wanted: &str) -> Result<String, Refusal> {
    let mut slug = wanted.to_owned();
    let mut number = 1u32;
    // `acct:node@…` is the node itself: no venue can have that name.
    while slug == "node" || store::by_slug(conn, &slug)?.is_some() {
        number += 1;
        slug = format!("{wanted}-{number}");
    }
    Ok(slug)
}

/// The same slug has the same colour everywhere.
fn colour_of(slug: &str) -> &'static str {
    let sum: usize = slug.bytes().map(usize::from).sum();
    PALETTE[sum % PALETTE.len()]
}

/// The venue somebody names by its URI or its slug.
///
/// # Errors
/// [`Refusal::Conflict`] that says which venues there are, when there is no such one.
pub fn named(conn: &mut Conn, text: &str) -> Result<Venue, Refusal> {
    let found = match VenueId::parse(text) {
        Ok(id) => store::venue(conn, &id)?,
        Err(_) => store::by_slug(conn, text)?,
    };
    if let Some(venue) = found {
        return Ok(venue);
    }
    let mut slugs: Vec<String> = store::all(conn)?.into_iter().map(|v| v.slug).collect();
    let more = slugs.len() > 10;
    slugs.truncate(10);
    let known = slugs.join(", ") + if more { ", …" } else { "" };
    let key = match known.is_empty() {
        true => "venues-none",
        false => "venues-unknown",
    };
    Err(Refusal::Conflict(Say::new(key).with("known", known)))
}

/// How the venue's seats are used now.
pub fn seats(conn: &mut Conn, node: &Node, venue: &Venue) -> Result<Seats, Refusal> {
    let now_us = node.clock.now_us();
    let calendar = Calendar::of(&node.config);
    let month_us = calendar.begins_us(calendar.month(now_us));
    Ok(Seats {
        paid: venue.seats,
        taken: store::seats_taken(conn, &venue.id, month_us)?,
        invited: store::open_invitations(conn, &venue.id, now_us)?,
    })
}

/// Refuses when the venue has fewer than `count` seats left.
pub(crate) fn seats_for(
    conn: &mut Conn,
    node: &Node,
    venue: &Venue,
    count: u32,
) -> Result<(), Refusal> {
    let left = seats(conn, node, venue)?.left();
    if left >= count {
        return Ok(());
    }
    Err(Refusal::Conflict(
        Say::new("venues-seats-left")
            .with("left", left)
            .with("seats", venue.seats)
            .with("venue", &venue.name),
    ))
}

/// New invitations to the venue of this URI or slug: codes to print and hand out, kept nowhere.
/// Good for a year, each once.
///
/// # Errors
/// [`Refusal::Conflict`] when the venue has fewer seats left, saying how many.
pub fn invite(node: &Node, venue: &str, count: u32) -> Result<Vec<String>, Refusal> {
    node.db.write_now(|conn| {
        let venue = named(conn, venue)?;
        let wanted = invitations::Wanted {
            id: node.clock.fresh_id(),
            kind: invitations::BatchKind::Cards,
            count,
            days: INVITATION_DAYS,
        };
        let codes = invitations::make(conn, node, &venue, &wanted)?;
        Ok(codes.iter().map(Code::to_string).collect())
    })
}

/// Takes an invitation back that nobody has used; its seat is free again.
///
/// # Errors
/// [`Refusal::Conflict`] when it was used, or is none of this venue's.
pub fn revoke(node: &Node, venue: &str, code: &str) -> Result<(), Refusal> {
    let now_us = node.clock.now_us();
    node.db.write_now(|conn| {
        let venue = named(conn, venue)?;
        let code = Code::read(code)
            .ok_or_else(|| Refusal::field("code", Say::new("members-code-form")))?;
        if store::revoke_invitation(conn, &venue.id, &code.digest(), now_us)? {
            return Ok(());
        }
        Err(Refusal::Conflict(Say::new("venues-revoke-unknown")))
    })
}

/// Takes back every invitation of the venue that nobody has used; says how many.
pub fn revoke_open(node: &Node, venue: &str) -> Result<u32, Refusal> {
    let now_us = node.clock.now_us();
    node.db.write_now(|conn| {
        let venue = named(conn, venue)?;
        Ok(store::revoke_open_invitations(conn, &venue.id, now_us)?)
    })
}

/// Changes how many seats a venue pays for: members stay, invitations stay open. Blocks.
///
/// # Errors
/// [`Refusal::Invalid`] for seats that cannot be; [`Refusal::Conflict`] for no such venue.
pub fn set_seats(node: &Node, venue: &str, seats: u32) -> Result<Venue, Refusal> {
    if seats == 0 || seats > SEATS_LIMIT {
        let say = Say::new("venues-seats-range").with("limit", SEATS_LIMIT);
        return Err(Refusal::field("seats", say));
    }
    node.db.write_now(|conn| {
        let venue = named(conn, venue)?;
        store::set_seats(conn, &venue.id, seats)?;
        Ok(Venue { seats, ..venue })
    })
}
