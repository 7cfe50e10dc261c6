//! What those say whom members here follow.

use diesel::prelude::*;
use settlement::Uri;

use crate::db::Conn;
use crate::peers::notes::Note;
use crate::schema::{actors, member_follows, notes};

/// Keeps a note, or what it says now; and of its author no more than so many, the latest.
pub fn put_note(conn: &mut Conn, note: &Note, keep: i64) -> QueryResult<()> {
    let changed = diesel::update(notes::table.find(note.id.as_str()))
        .set((
            notes::page.eq(note.page.as_str()),
            notes::words.eq(&note.words),
        ))
        .execute(conn)?;
    if changed > 0 {
        return Ok(());
    }
    diesel::insert_into(notes::table)
        .values((
            notes::id.eq(note.id.as_str()),
            notes::actor_id.eq(note.actor.as_str()),
            notes::page.eq(note.page.as_str()),
            notes::words.eq(&note.words),
            notes::published_us.eq(note.published_us),
        ))
        .execute(conn)?;
    let older: Vec<String> = notes::table
        .filter(notes::actor_id.eq(note.actor.as_str()))
        .order((notes::published_us.desc(), notes::id.desc()))
        .offset(keep)
        .limit(keep)
        .select(notes::id)
        .load(conn)?;
    diesel::delete(notes::table.filter(notes::id.eq_any(older))).execute(conn)?;
    Ok(())
}

/// Who said the note of this address, if it is kept.
pub fn author_of_note(conn: &mut Conn, id: &Uri) -> QueryResult<Option<String>> {
    notes::table
        .find(id.as_str())
        .select(notes::actor_id)
        .first(conn)
        .optional()
}

/// Forgets a note.
pub fn remove_note(conn: &mut Conn, id: &Uri) -> QueryResult<()> {
    diesel::delete(notes::table.find(id.as_str())).execute(conn)?;
    Ok(())
}

/// Forgets all that somebody said.
pub fn remove_notes_of(conn: &mut Conn, actor: &str) -> QueryResult<()> {
    diesel::delete(notes::table.filter(notes::actor_id.eq(actor))).execute(conn)?;
    Ok(())
}

/// A note and its author's name.
pub type Heard = (Note, String);

/// The latest notes of those whom a member follows, newest first.
pub fn notes_for(conn: &mut Conn, member: &str, limit: i64) -> QueryResult<Vec<Heard>> {
    let rows: Vec<(String, String, String, String, i64, String)> = notes::table
        .inner_join(member_follows::table.on(member_follows::actor_id.eq(notes::actor_id)))
        .inner_join(actors::table.on(actors::id.eq(notes::actor_id)))
        .filter(member_follows::member_id.eq(member))
        .order((notes::published_us.desc(), notes::id.desc()))
        .limit(limit)
        .select((
            notes::id,
            notes::actor_id,
            notes::page,
            notes::words,
            notes::published_us,
            actors::name,
        ))
        .load(conn)?;
    let read = |(id, actor, page, words, published_us, name): (String, String, String, _, _, _)| {
        let note = Note {
            id: Uri::parse(&id).ok()?,
            actor: Uri::parse(&actor).ok()?,
            page: Uri::parse(&page).ok()?,
            words,
            published_us,
        };
        Some((note, name))
    };
    Ok(rows.into_iter().filter_map(read).collect())
}
