//! Members who chose to be seen: a **public member** has a handle and a name of their choice, and
//! can be followed from anywhere. The name they sign in with stays here, and so does everything
//! they listened to: nothing of it is ever said. Nobody is public who did not ask for it, and it
//! ends the moment they say so.
//!
//! Whom a member follows is nobody's business either: the node asks in its own name.

pub mod pages;
pub mod store;

use settlement::Uri;

use crate::Node;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::names;
use crate::peers::actor::Local;
use crate::peers::{self, To};
use crate::web::{Complaint, Refusal};
use crate::words::Say;

/// The longest public name, in characters.
pub const NAME_LIMIT: usize = 80;
/// The longest handle, in bytes.
pub const HANDLE_LIMIT: usize = 40;
/// The most actors one member follows.
pub const FOLLOWS_LIMIT: i64 = 500;

/// A member who chose to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicMember {
    /// The name in `@name@host`, and the end of their address.
    pub handle: String,
    /// The member, known to this node alone.
    pub member: String,
    /// The name they are seen by.
    pub name: String,
    /// Since when, in microseconds UTC.
    pub since_us: i64,
    /// When they chose otherwise, in microseconds UTC.
    pub until_us: Option<i64>,
}

impl PublicMember {
    /// Their address.
    pub fn id(&self, node: &Node) -> String {
        node.config.uri(&format!("/people/{}", self.handle))
    }
}

/// Lets a member be seen, in the caller's transaction.
///
/// # Errors
/// A complaint for each field that cannot be taken as it is.
pub fn open(
    conn: &mut Conn,
    node: &Node,
    member: &str,
    handle: &str,
    name: &str,
) -> Result<PublicMember, Refusal> {
    let handle = handle.trim().trim_start_matches('@').to_ascii_lowercase();
    let mut complaints = Vec::new();
    let mut complain = |field, key| {
        let say = Say::new(key).with("limit", NAME_LIMIT);
        complaints.push(Complaint { field, say });
    };
    if !is_handle(&handle) {
        complain("handle", "members-public-handle-refused");
    } else if is_taken(conn, node, member, &handle)? {
        complain("handle", "members-public-handle-taken");
    }
    let name = names::one_line(name, NAME_LIMIT).unwrap_or_default();
    if name.is_empty() {
        complain("public_name", "members-public-name-refused");
    }
    if !complaints.is_empty() {
        return Err(Refusal::Invalid(complaints));
    }
    let now = node.clock.now_us();
    close(conn, node, member)?;
    let public = PublicMember {
        handle,
        member: member.to_owned(),
        name,
        since_us: now,
        until_us: None,
    };
    store::put(conn, &public)?;
    Ok(public)
}

/// Lower-case letters, digits and hyphens, as every server reads them.
fn is_handle(handle: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    (2..=HANDLE_LIMIT).contains(&handle.len())
        && handle.bytes().all(plain)
        && !handle.starts_with('-')
        && !handle.ends_with('-')
}

/// Whether somebody else has or had this name: the node, a venue, a party, a member.
fn is_taken(conn: &mut Conn, node: &Node, member: &str, handle: &str) -> Result<bool, Refusal> {
    if let Some(public) = store::by_handle(conn, handle)? {
        return Ok(public.member != member);
    }
    Ok(Local::named(conn, node, handle)?.is_some())
}

/// Lets a member be seen no longer, from now on, in the caller's transaction: whoever follows them
/// is told that they are gone.
///
/// # Errors
/// When the database breaks.
pub fn close(conn: &mut Conn, node: &Node, member: &str) -> Result<(), Refusal> {
    let Some(public) = store::of_member(conn, member)? else {
        return Ok(());
    };
    let id = Uri::parse(&public.id(node)).map_err(Refusal::broken)?;
    let now = node.clock.now_us();
    let gone = serde_json::json!({
        "type": "Delete",
        "actor": id.as_str(),
        "object": id.as_str(),
        "published": rfc3339(now),
    });
    peers::say(conn, node, gone, To::FollowersOf(id.clone()), false)?;
    peers::store::remove_followers(conn, &id)?;
    Ok(store::end(conn, &public.handle, now)?)
}

/// A member follows an actor that was read; the node asks it, in the caller's transaction.
///
/// # Errors
/// When they follow as many as one may.
pub fn follow(conn: &mut Conn, node: &Node, member: &str, actor: &Uri) -> Result<(), Refusal> {
    if store::followed(conn, member)?.len() as i64 >= FOLLOWS_LIMIT {
        let many = Say::new("members-follow-many").with("limit", FOLLOWS_LIMIT);
        return Err(Refusal::field("who", many));
    }
    store::add_follow(conn, member, actor.as_str(), node.clock.now_us())?;
    Ok(peers::add::follow_actor(conn, node, actor)?)
}

/// A member follows a venue or a party of this node: nobody needs to be asked. In the caller's
/// transaction.
///
/// # Errors
/// When nobody of this address is here, or they follow as many as one may.
pub fn follow_here(conn: &mut Conn, node: &Node, member: &str, actor: &Uri) -> Result<(), Refusal> {
    match Local::at(conn, node, actor)? {
        Some(Local::Venue(_) | Local::Party(_)) => {}
        _ => return Err(Refusal::Missing),
    }
    if store::followed(conn, member)?.len() as i64 >= FOLLOWS_LIMIT {
        let many = Say::new("members-follow-many").with("limit", FOLLOWS_LIMIT);
        return Err(Refusal::field("who", many));
    }
    Ok(store::add_follow(
        conn,
        member,
        actor.as_str(),
        node.clock.now_us(),
    )?)
}

/// A member follows an actor no longer; when nobody here does, the node takes its Follow back.
///
/// # Errors
/// When the database breaks.
pub fn unfollow(conn: &mut Conn, node: &Node, member: &str, actor: &Uri) -> Result<(), Refusal> {
    store::remove_follow(conn, member, actor.as_str())?;
    let is_here = actor.origin() == node.config.base();
    if !is_here && store::followed_by(conn, actor.as_str())? == 0 {
        peers::add::unfollow_actor(conn, node, actor)?;
    }
    Ok(())
}
