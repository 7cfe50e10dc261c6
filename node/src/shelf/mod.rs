//! The shelf: what a member keeps for themselves. **Favourites** are works they come back to,
//! **playlists** are works in an order of their own, **history** is what they heard.
//!
//! Nobody else reads any of it, and no other node hears of it. A playlist can be taken along and
//! brought from elsewhere as a file ([`lists`]); what a file names and this node does not know stays
//! on the playlist in words, so that nothing is lost on the way.
//!
//! What a member takes out of their history is not shown any more. It still counts, without a name,
//! towards its month: a play that was heard is paid for.

pub mod lists;
pub mod pages;
pub mod store;

mod finding;

use settlement::{Isrc, WorkId};

use crate::Node;
use crate::catalogue;
use crate::db::Conn;
use crate::names;
use crate::web::Refusal;
use crate::words::Say;

pub use finding::find;

/// The most favourites of one member.
pub const FAVOURITES_LIMIT: i64 = 10_000;
/// The most playlists of one member.
pub const PLAYLISTS_LIMIT: usize = 500;
/// The most entries of one playlist.
pub const ENTRIES_LIMIT: usize = 1_000;
/// The longest title of a playlist, in characters.
pub const TITLE_LIMIT: usize = 120;

/// A member's list of works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Playlist {
    /// Its id, the last part of its address.
    pub id: String,
    /// What it is called.
    pub title: String,
    /// When it last changed, in microseconds UTC: a form that was made from an older state is stale.
    pub updated_us: i64,
    /// How many entries it has.
    pub length: usize,
}

/// Somebody a member follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Followed {
    /// Their address.
    pub id: String,
    /// Their name.
    pub name: String,
    /// `venues` or `parties`, where this node has a page of them.
    pub kind: Option<&'static str>,
}

/// A line of a playlist.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// The work, where it was found here.
    pub work: Option<WorkId>,
    /// What it is called, as the list says.
    pub title: String,
    /// Whose it is, as the list says.
    pub credit: String,
    /// How long it lasts, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Its recording code.
    pub isrc: Option<Isrc>,
}

/// Lets a work be a favourite of a member, or not; in the caller's transaction. Saying the same
/// twice changes nothing.
///
/// # Errors
/// When the work is unknown here, or there are too many.
pub fn favour(
    conn: &mut Conn,
    node: &Node,
    member: &str,
    work: &WorkId,
    wanted: bool,
) -> Result<(), Refusal> {
    if !wanted {
        store::remove_favourite(conn, member, work)?;
        return Ok(());
    }
    catalogue::store::work(conn, work)?.ok_or(Refusal::Missing)?;
    if store::favourites_count(conn, member)? >= FAVOURITES_LIMIT {
        let many = Say::new("shelf-favourites-many").with("limit", FAVOURITES_LIMIT);
        return Err(Refusal::Conflict(many));
    }
    Ok(store::add_favourite(
        conn,
        member,
        work,
        node.clock.now_us(),
    )?)
}

/// Begins a playlist with these entries, in the caller's transaction; its id.
///
/// # Errors
/// A complaint on `title`; when there are too many playlists or entries.
pub fn begin(
    conn: &mut Conn,
    node: &Node,
    member: &str,
    title: &str,
    entries: &[Entry],
) -> Result<String, Refusal> {
    let title = titled(title)?;
    if store::playlists(conn, member)?.len() >= PLAYLISTS_LIMIT {
        let many = Say::new("shelf-playlists-many").with("limit", PLAYLISTS_LIMIT);
        return Err(Refusal::field("title", many));
    }
    is_not_too_long(entries)?;
    let id = node.clock.fresh_id();
    store::add_playlist(conn, &id, member, &title, node.clock.now_us())?;
    store::put_entries(conn, &id, entries)?;
    Ok(id)
}

fn titled(title: &str) -> Result<String, Refusal> {
    names::one_line(title, TITLE_LIMIT)
        .map_err(|_| Refusal::field("title", Say::new("shelf-title").with("limit", TITLE_LIMIT)))
}

fn is_not_too_long(entries: &[Entry]) -> Result<(), Refusal> {
    if entries.len() > ENTRIES_LIMIT {
        let long = Say::new("shelf-entries-many").with("limit", ENTRIES_LIMIT);
        return Err(Refusal::Conflict(long));
    }
    Ok(())
}

/// A change of a playlist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// It is called so from now on.
    Rename(String),
    /// The entry at the first place goes to the second; both from 0.
    Move(usize, usize),
    /// The entry at this place goes.
    Remove(usize),
    /// This work comes at the end.
    Add(WorkId),
}

/// Changes a playlist of a member, in the caller's transaction. `as_of` is the state a form was
/// made from ([`Playlist::updated_us`]): places in an older one may be those of other entries.
///
/// # Errors
/// [`Refusal::Missing`] for a playlist that is not theirs; [`Refusal::Conflict`] for a stale form.
pub fn change(
    conn: &mut Conn,
    node: &Node,
    member: &str,
    playlist: &str,
    as_of: Option<i64>,
    change: Change,
) -> Result<(), Refusal> {
    let found = store::playlist(conn, member, playlist)?.ok_or(Refusal::Missing)?;
    let places = matches!(change, Change::Move(..) | Change::Remove(_));
    if places && as_of != Some(found.updated_us) {
        return Err(Refusal::Conflict(Say::new("shelf-stale")));
    }
    let mut entries = store::entries(conn, playlist)?;
    let mut title = found.title;
    match change {
        Change::Rename(name) => title = titled(&name)?,
        Change::Move(from, to) if from < entries.len() && to < entries.len() => {
            let entry = entries.remove(from);
            entries.insert(to, entry);
        }
        Change::Remove(at) if at < entries.len() => drop(entries.remove(at)),
        Change::Move(..) | Change::Remove(_) => return Err(Refusal::Missing),
        Change::Add(id) => {
            let work = catalogue::store::work(conn, &id)?.ok_or(Refusal::Missing)?;
            entries.push(Entry {
                duration_ms: i64::try_from(work.duration_ms).ok(),
                isrc: work.isrc,
                work: Some(id),
                title: work.title,
                credit: work.credit,
            });
        }
    }
    is_not_too_long(&entries)?;
    // A later state always has a later time, however fast the changes come.
    let now_us = node.clock.now_us().max(found.updated_us + 1);
    store::set_playlist(conn, playlist, &title, now_us)?;
    Ok(store::put_entries(conn, playlist, &entries)?)
}
