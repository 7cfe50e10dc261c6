//! Sentences to the database about what members keep for themselves.

use diesel::dsl::count_star;
use diesel::prelude::*;
use settlement::{Isrc, WorkId};

use super::{Entry, Followed, Playlist};
use crate::db::Conn;
use crate::each;
use crate::members::public::store as people;
use crate::names;
use crate::schema::{
    actors, favourites, parties, playlist_entries, playlists, plays, selections, unseen_plays,
    venues,
};

/// A member's favourites, the newest first.
pub fn favourites(conn: &mut Conn, member: &str, limit: i64) -> QueryResult<Vec<WorkId>> {
    let ids: Vec<String> = favourites::table
        .filter(favourites::member_id.eq(member))
        .order((favourites::since_us.desc(), favourites::work_id))
        .limit(limit)
        .select(favourites::work_id)
        .load(conn)?;
    Ok(ids.iter().filter_map(|id| WorkId::parse(id).ok()).collect())
}

/// How many favourites a member has.
pub fn favourites_count(conn: &mut Conn, member: &str) -> QueryResult<i64> {
    favourites::table
        .filter(favourites::member_id.eq(member))
        .count()
        .get_result(conn)
}

/// Whether a work is a favourite of a member.
pub fn is_favourite(conn: &mut Conn, member: &str, work: &WorkId) -> QueryResult<bool> {
    let found: Option<i64> = favourites::table
        .find((member, work.as_str()))
        .select(favourites::since_us)
        .first(conn)
        .optional()?;
    Ok(found.is_some())
}

/// Adds a favourite.
pub fn add_favourite(conn: &mut Conn, member: &str, work: &WorkId, now_us: i64) -> QueryResult<()> {
    let row = (
        favourites::member_id.eq(member),
        favourites::work_id.eq(work.as_str()),
        favourites::since_us.eq(now_us),
    );
    each!(conn, c => diesel::insert_into(favourites::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Removes a favourite.
pub fn remove_favourite(conn: &mut Conn, member: &str, work: &WorkId) -> QueryResult<()> {
    diesel::delete(favourites::table.find((member, work.as_str()))).execute(conn)?;
    Ok(())
}

/// The works that at least so many members keep among their favourites, those most keep first. How
/// many keep them is told to nobody.
pub fn loved(conn: &mut Conn, fewest: i64, limit: i64) -> QueryResult<Vec<WorkId>> {
    let ids: Vec<String> = favourites::table
        .group_by(favourites::work_id)
        .having(count_star().ge(fewest))
        .order((count_star().desc(), favourites::work_id))
        .limit(limit)
        .select(favourites::work_id)
        .load(conn)?;
    Ok(ids.iter().filter_map(|id| WorkId::parse(id).ok()).collect())
}

/// Whom a member follows, by name: each one's name, and what kind of page this node has of them.
pub fn follows(conn: &mut Conn, member: &str) -> QueryResult<Vec<Followed>> {
    let ids = people::followed(conn, member)?;
    let named: Vec<(String, String)> = actors::table
        .filter(actors::id.eq_any(&ids))
        .select((actors::id, actors::name))
        .load(conn)?;
    let venues: Vec<(String, String)> = selections::table
        .filter(selections::venue_id.eq_any(&ids))
        .select((selections::venue_id, selections::venue_name))
        .distinct()
        .load(conn)?;
    let here: Vec<(String, String)> = venues::table
        .filter(venues::id.eq_any(&ids))
        .select((venues::id, venues::name))
        .load(conn)?;
    let parties: Vec<(String, String)> = parties::table
        .filter(parties::id.eq_any(&ids))
        .select((parties::id, parties::name))
        .load(conn)?;
    let kinds = [
        (Some("venues"), here),
        (Some("venues"), venues),
        (Some("parties"), parties),
        (None, named),
    ];
    let mut all: Vec<Followed> = ids
        .into_iter()
        .filter_map(|id| {
            let (kind, name) = kinds.iter().find_map(|(kind, known)| {
                let found = known.iter().find(|(of, _)| *of == id)?;
                Some((*kind, found.1.clone()))
            })?;
            Some(Followed { id, name, kind })
        })
        .collect();
    all.sort_by_key(|followed| names::fold(&followed.name));
    Ok(all)
}

/// A member's playlists, the one changed last first.
pub fn playlists(conn: &mut Conn, member: &str) -> QueryResult<Vec<Playlist>> {
    let rows: Vec<(String, String, i64)> = playlists::table
        .filter(playlists::member_id.eq(member))
        .order((playlists::updated_us.desc(), playlists::id))
        .select((playlists::id, playlists::title, playlists::updated_us))
        .load(conn)?;
    let ids: Vec<&str> = rows.iter().map(|(id, ..)| id.as_str()).collect();
    let lengths: Vec<(String, i64)> = playlist_entries::table
        .filter(playlist_entries::playlist_id.eq_any(ids))
        .group_by(playlist_entries::playlist_id)
        .select((playlist_entries::playlist_id, count_star()))
        .load(conn)?;
    let length = |id: &str| {
        let found = lengths.iter().find(|(of, _)| of == id);
        found.map_or(0, |(_, length)| usize::try_from(*length).unwrap_or(0))
    };
    Ok(rows
        .into_iter()
        .map(|(id, title, updated_us)| Playlist {
            length: length(&id),
            id,
            title,
            updated_us,
        })
        .collect())
}

/// A playlist, if it is this member's.
pub fn playlist(conn: &mut Conn, member: &str, id: &str) -> QueryResult<Option<Playlist>> {
    let row: Option<(String, String, i64)> = playlists::table
        .find(id)
        .filter(playlists::member_id.eq(member))
        .select((playlists::id, playlists::title, playlists::updated_us))
        .first(conn)
        .optional()?;
    let Some((id, title, updated_us)) = row else {
        return Ok(None);
    };
    let length: i64 = playlist_entries::table
        .filter(playlist_entries::playlist_id.eq(&id))
        .count()
        .get_result(conn)?;
    Ok(Some(Playlist {
        id,
        title,
        updated_us,
        length: usize::try_from(length).unwrap_or(0),
    }))
}

/// Adds a playlist without entries.
pub fn add_playlist(
    conn: &mut Conn,
    id: &str,
    member: &str,
    title: &str,
    now_us: i64,
) -> QueryResult<()> {
    diesel::insert_into(playlists::table)
        .values((
            playlists::id.eq(id),
            playlists::member_id.eq(member),
            playlists::title.eq(title),
            playlists::created_us.eq(now_us),
            playlists::updated_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Changes a playlist's title and the time it was changed.
pub fn set_playlist(conn: &mut Conn, id: &str, title: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(playlists::table.find(id))
        .set((playlists::title.eq(title), playlists::updated_us.eq(now_us)))
        .execute(conn)
        .map(drop)
}

/// Deletes a playlist of this member; whether there was one.
pub fn delete_playlist(conn: &mut Conn, member: &str, id: &str) -> QueryResult<bool> {
    if playlist(conn, member, id)?.is_none() {
        return Ok(false);
    }
    diesel::delete(playlist_entries::table.filter(playlist_entries::playlist_id.eq(id)))
        .execute(conn)?;
    diesel::delete(playlists::table.find(id)).execute(conn)?;
    Ok(true)
}

/// The entries of a playlist, in order.
pub fn entries(conn: &mut Conn, playlist: &str) -> QueryResult<Vec<Entry>> {
    type Row = (Option<String>, String, String, Option<i64>, Option<String>);
    let rows: Vec<Row> = playlist_entries::table
        .filter(playlist_entries::playlist_id.eq(playlist))
        .order(playlist_entries::position)
        .select((
            playlist_entries::work_id,
            playlist_entries::title,
            playlist_entries::credit,
            playlist_entries::duration_ms,
            playlist_entries::isrc,
        ))
        .load(conn)?;
    Ok(rows
        .into_iter()
        .map(|(work, title, credit, duration_ms, isrc)| Entry {
            work: work.and_then(|work| WorkId::parse(&work).ok()),
            title,
            credit,
            duration_ms,
            isrc: isrc.and_then(|isrc| Isrc::parse(&isrc).ok()),
        })
        .collect())
}

/// Writes the entries of a playlist in place of those it had.
pub fn put_entries(conn: &mut Conn, playlist: &str, entries: &[Entry]) -> QueryResult<()> {
    diesel::delete(playlist_entries::table.filter(playlist_entries::playlist_id.eq(playlist)))
        .execute(conn)?;
    for (position, entry) in (1_i64..).zip(entries) {
        diesel::insert_into(playlist_entries::table)
            .values((
                playlist_entries::playlist_id.eq(playlist),
                playlist_entries::position.eq(position),
                playlist_entries::work_id.eq(entry.work.as_ref().map(WorkId::as_str)),
                playlist_entries::title.eq(&entry.title),
                playlist_entries::credit.eq(&entry.credit),
                playlist_entries::duration_ms.eq(entry.duration_ms),
                playlist_entries::isrc.eq(entry.isrc.as_ref().map(Isrc::as_str)),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes a play out of a member's history; whether there was such a play of theirs.
pub fn unsee(conn: &mut Conn, member: &str, play: &str) -> QueryResult<bool> {
    let theirs: i64 = plays::table
        .find(play)
        .filter(plays::member_id.eq(member))
        .count()
        .get_result(conn)?;
    if theirs == 0 {
        return Ok(false);
    }
    let row = (
        unseen_plays::play_id.eq(play),
        unseen_plays::member_id.eq(member),
    );
    each!(conn, c => diesel::insert_into(unseen_plays::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(true)
}

/// Takes every play out of a member's history.
pub fn unsee_all(conn: &mut Conn, member: &str) -> QueryResult<()> {
    let seen: Vec<String> = plays::table
        .filter(plays::member_id.eq(member))
        .filter(
            plays::id.ne_all(
                unseen_plays::table
                    .filter(unseen_plays::member_id.eq(member))
                    .select(unseen_plays::play_id),
            ),
        )
        .select(plays::id)
        .load(conn)?;
    for play in &seen {
        diesel::insert_into(unseen_plays::table)
            .values((
                unseen_plays::play_id.eq(play),
                unseen_plays::member_id.eq(member),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Takes away all that a member kept for themselves: they go.
pub fn clear(conn: &mut Conn, member: &str) -> QueryResult<()> {
    for playlist in playlists(conn, member)? {
        delete_playlist(conn, member, &playlist.id)?;
    }
    diesel::delete(favourites::table.filter(favourites::member_id.eq(member))).execute(conn)?;
    diesel::delete(unseen_plays::table.filter(unseen_plays::member_id.eq(member)))
        .execute(conn)
        .map(drop)
}
