//! Sentences to the database about selections.

pub mod details;
pub mod drafts;

use diesel::prelude::*;
use settlement::{Territory, Uri, VenueId, WorkId};

use super::{Item, Selection};
use crate::db::Conn;
use crate::peers;
use crate::schema::{selection_works, selections};

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = selections, treat_none_as_null = true)]
struct Row {
    id: String,
    origin: String,
    venue_id: String,
    venue_name: String,
    title: String,
    words: String,
    colour: String,
    territory: Option<String>,
    document: Option<String>,
    published_us: i64,
    updated_us: i64,
    withdrawn_us: Option<i64>,
}

fn unreadable(what: impl std::fmt::Display) -> diesel::result::Error {
    diesel::result::Error::DeserializationError(what.to_string().into())
}

fn read(conn: &mut Conn, row: Row) -> QueryResult<Selection> {
    let items: Vec<(String, String)> = selection_works::table
        .filter(selection_works::selection_id.eq(&row.id))
        .order_by(selection_works::position)
        .select((selection_works::work_id, selection_works::note))
        .load(conn)?;
    let items = items.into_iter().map(|(work, note)| {
        let work = WorkId::parse(&work).map_err(unreadable)?;
        Ok(Item { work, note })
    });
    Ok(Selection {
        id: Uri::parse(&row.id).map_err(unreadable)?,
        origin: row.origin,
        venue: VenueId::parse(&row.venue_id).map_err(unreadable)?,
        venue_name: row.venue_name,
        title: row.title,
        words: row.words,
        colour: row.colour,
        territory: row
            .territory
            .map(|territory| Territory::parse(&territory))
            .transpose()
            .map_err(unreadable)?,
        document: row.document,
        items: items.collect::<QueryResult<_>>()?,
        published_us: row.published_us,
        updated_us: row.updated_us,
        withdrawn_us: row.withdrawn_us,
    })
}

/// The selection of this URI, withdrawn or not.
pub fn selection(conn: &mut Conn, id: &Uri) -> QueryResult<Option<Selection>> {
    let row: Option<Row> = selections::table.find(id.as_str()).first(conn).optional()?;
    row.map(|row| read(conn, row)).transpose()
}

/// The newest selections: those made on `origin` when `here`, else those of every other node.
pub fn latest(
    conn: &mut Conn,
    origin: &str,
    here: bool,
    limit: i64,
) -> QueryResult<Vec<Selection>> {
    let standing = selections::table
        .filter(selections::withdrawn_us.is_null())
        .order_by((selections::published_us.desc(), selections::id.desc()))
        .limit(limit);
    let rows: Vec<Row> = if here {
        standing.filter(selections::origin.eq(origin)).load(conn)?
    } else {
        standing
            .filter(selections::origin.ne(origin))
            .filter(selections::origin.ne_all(peers::store::not_shown(conn)?))
            .load(conn)?
    };
    rows.into_iter().map(|row| read(conn, row)).collect()
}

/// The standing selection whose URI ends like this (its own part of it), this node's first.
pub fn ending_with(conn: &mut Conn, origin: &str, end: &str) -> QueryResult<Option<Selection>> {
    let here = Uri::parse(&format!("{origin}/selections/{end}")).map_err(unreadable)?;
    if let Some(selection) = selection(conn, &here)? {
        return Ok(Some(selection));
    }
    // The end is made of letters, digits and hyphens: nothing in it means anything to LIKE.
    let row: Option<Row> = selections::table
        .filter(selections::id.like(format!("%/selections/{end}")))
        .order_by(selections::id)
        .first(conn)
        .optional()?;
    row.map(|row| read(conn, row)).transpose()
}

/// Writes the selection, new or changed.
pub fn put(conn: &mut Conn, selection: &Selection) -> QueryResult<()> {
    let row = Row {
        id: selection.id.as_str().to_owned(),
        origin: selection.origin.clone(),
        venue_id: selection.venue.as_str().to_owned(),
        venue_name: selection.venue_name.clone(),
        title: selection.title.clone(),
        words: selection.words.clone(),
        colour: selection.colour.clone(),
        territory: selection.territory.map(|territory| territory.to_string()),
        document: selection.document.clone(),
        published_us: selection.published_us,
        updated_us: selection.updated_us,
        withdrawn_us: selection.withdrawn_us,
    };
    let changed = diesel::update(selections::table.find(&row.id))
        .set(&row)
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(selections::table)
            .values(&row)
            .execute(conn)?;
    }
    diesel::delete(selection_works::table.filter(selection_works::selection_id.eq(&row.id)))
        .execute(conn)?;
    for (position, item) in (1_i64..).zip(&selection.items) {
        diesel::insert_into(selection_works::table)
            .values((
                selection_works::selection_id.eq(&row.id),
                selection_works::position.eq(position),
                selection_works::work_id.eq(item.work.as_str()),
                selection_works::note.eq(&item.note),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Withdraws a selection; whether it stood until now.
pub fn withdraw(conn: &mut Conn, id: &Uri, now_us: i64) -> QueryResult<bool> {
    let changed = diesel::update(
        selections::table
            .find(id.as_str())
            .filter(selections::withdrawn_us.is_null()),
    )
    .set((
        selections::withdrawn_us.eq(now_us),
        selections::updated_us.eq(now_us),
    ))
    .execute(conn)?;
    Ok(changed > 0)
}
