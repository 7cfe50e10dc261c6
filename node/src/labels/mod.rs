//! Labels: the people who act for a label of this node, and the releases they add by hand.
//!
//! A **label** is a party ([`crate::catalogue::Party`]) that puts out releases. An operator, or
//! somebody of the label, gives out a code ([`invite`]); whoever has it acts for the label from then
//! on ([`joining`]), with an account of this node and without a seat in any venue. What they write
//! and upload stands in a **draft** ([`drafts`]) until they publish it; then it is a release like
//! any other, signed and told to the network, and the draft is where it is changed.

pub mod drafts;
pub mod joining;
pub mod pages;
pub mod store;
pub mod uploads;
pub mod writing;

use settlement::PartyId;

use crate::Node;
use crate::catalogue::import::take;
use crate::catalogue::{Party, Role, store as catalogue};
use crate::db::Conn;
use crate::members::SignedIn;
use crate::members::code::Code;
use crate::names::{self, NoName};
use crate::web::Refusal;
use crate::words::Say;

pub use uploads::routes as upload_routes;

/// The longest name of a label, in characters.
pub const NAME_LIMIT: usize = 100;
/// How long an invitation is good for, in days.
pub const INVITATION_DAYS: i64 = 60;
const DAY_US: i64 = 24 * 3600 * 1_000_000;

/// A code for somebody who is to act for the label of this name or URI: printed once, kept nowhere.
/// A label that nobody named before is made.
///
/// # Errors
/// When the name cannot be one, or the URI is of no label of this node.
pub fn invite(node: &Node, label: &str) -> Result<(Party, String), Refusal> {
    node.db.write_now(|conn| invite_in(conn, node, label))
}

/// [`invite`], in the caller's transaction.
///
/// # Errors
/// As [`invite`].
pub fn invite_in(conn: &mut Conn, node: &Node, label: &str) -> Result<(Party, String), Refusal> {
    let now_us = node.clock.now_us();
    let party = match PartyId::parse(label.trim()) {
        Ok(id) => own(conn, node, &id)?,
        Err(_) => named(conn, node, label, now_us)?,
    };
    let code = Code::draw(&node.clock);
    let expires_us = now_us + INVITATION_DAYS * DAY_US;
    store::add_invitation(conn, &party.id, &code.digest(), now_us, expires_us)?;
    Ok((party, code.to_string()))
}

/// The label of this name, made where there is none.
fn named(conn: &mut Conn, node: &Node, name: &str, now_us: i64) -> Result<Party, Refusal> {
    let name = names::one_line(name, NAME_LIMIT).map_err(|why| {
        let say = match why {
            NoName::Empty => Say::new("labels-name-empty"),
            NoName::TooLong => Say::new("labels-name-long").with("limit", NAME_LIMIT),
            NoName::Unseen => Say::new("labels-name-unseen"),
        };
        Refusal::field("name", say)
    })?;
    let base = node.config.base();
    let id = match store::label_named(conn, &base, &name)? {
        Some(id) => id,
        // An artist of the same name may be somebody else: the label is a party of its own.
        None => take::new_party(conn, node, &name, Role::Label, now_us)?,
    };
    own(conn, node, &id)
}

/// The label of this URI, if it is one of this node.
///
/// # Errors
/// [`Refusal::Missing`] where there is none.
pub fn own(conn: &mut Conn, node: &Node, id: &PartyId) -> Result<Party, Refusal> {
    catalogue::party(conn, id)?
        .filter(|party| party.origin == node.config.base() && party.kind == Role::Label)
        .ok_or(Refusal::Missing)
}

/// The last part of a label's address, under which its desk is too.
pub fn slug(label: &PartyId) -> &str {
    label.as_str().rsplit('/').next().unwrap_or_default()
}

/// The label whose desk is asked for, if this member may sit at it: somebody of the label, or who
/// runs the node.
///
/// # Errors
/// [`Refusal::Missing`] where there is no such label, [`Refusal::Forbidden`] for anybody else.
pub fn desk(conn: &mut Conn, node: &Node, member: &SignedIn, slug: &str) -> Result<Party, Refusal> {
    let id = PartyId::parse(&node.config.uri(&format!("/parties/{slug}")))
        .map_err(|_| Refusal::Missing)?;
    let label = own(conn, node, &id)?;
    if acts_for(conn, member, &label.id)? {
        return Ok(label);
    }
    let say = Say::new("labels-not-yours").with("label", &label.name);
    Err(Refusal::Forbidden(say))
}

/// Whether a member may act for a label.
///
/// # Errors
/// When the database breaks.
pub fn acts_for(conn: &mut Conn, member: &SignedIn, label: &PartyId) -> Result<bool, Refusal> {
    Ok(member.operates() || store::acts_for(conn, &member.id, label)?)
}
