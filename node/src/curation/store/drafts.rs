//! Sentences to the database about drafts.

use diesel::prelude::*;
use settlement::{Uri, VenueId};

use super::unreadable;
use crate::curation::drafts::{Body, Draft, Missed};
use crate::db::Conn;
use crate::schema::drafts;

#[derive(Queryable, Insertable, AsChangeset)]
#[diesel(table_name = drafts, treat_none_as_null = true)]
struct Row {
    id: String,
    venue_id: String,
    selection_id: Option<String>,
    body: String,
    publish_us: Option<i64>,
    unpublish_us: Option<i64>,
    updated_us: i64,
    updated_by: String,
    missed_us: Option<i64>,
    missed_why: Option<String>,
}

impl Row {
    fn read(self) -> QueryResult<Draft> {
        let missed = match (self.missed_us, &self.missed_why) {
            (Some(at_us), Some(why)) => Some(Missed::read(at_us, why).map_err(unreadable)?),
            _ => None,
        };
        let selection = self.selection_id.map(|id| Uri::parse(&id)).transpose();
        Ok(Draft {
            id: self.id,
            venue: VenueId::parse(&self.venue_id).map_err(unreadable)?,
            selection: selection.map_err(unreadable)?,
            body: Body::read(&self.body).map_err(unreadable)?,
            publish_us: self.publish_us,
            unpublish_us: self.unpublish_us,
            updated_us: self.updated_us,
            updated_by: self.updated_by,
            missed,
        })
    }
}

fn read_all(rows: Vec<Row>) -> QueryResult<Vec<Draft>> {
    rows.into_iter().map(Row::read).collect()
}

/// The draft of this id, if it is this venue's.
pub fn draft(conn: &mut Conn, venue: &VenueId, id: &str) -> QueryResult<Option<Draft>> {
    let row: Option<Row> = drafts::table
        .find(id)
        .filter(drafts::venue_id.eq(venue.as_str()))
        .first(conn)
        .optional()?;
    row.map(Row::read).transpose()
}

/// The draft that a selection of this node was published from.
pub fn of_selection(conn: &mut Conn, selection: &Uri) -> QueryResult<Option<Draft>> {
    let row: Option<Row> = drafts::table
        .filter(drafts::selection_id.eq(selection.as_str()))
        .first(conn)
        .optional()?;
    row.map(Row::read).transpose()
}

/// A venue's drafts, the one changed last first.
pub fn of_venue(conn: &mut Conn, venue: &VenueId, limit: i64) -> QueryResult<Vec<Draft>> {
    let rows: Vec<Row> = drafts::table
        .filter(drafts::venue_id.eq(venue.as_str()))
        .order((drafts::updated_us.desc(), drafts::id))
        .limit(limit)
        .load(conn)?;
    read_all(rows)
}

/// Drafts whose time to be published or withdrawn has come.
pub fn due(conn: &mut Conn, now_us: i64, limit: i64) -> QueryResult<Vec<Draft>> {
    let rows: Vec<Row> = drafts::table
        .filter(
            drafts::publish_us
                .le(now_us)
                .or(drafts::unpublish_us.le(now_us)),
        )
        .order((drafts::updated_us, drafts::id))
        .limit(limit)
        .load(conn)?;
    read_all(rows)
}

/// Writes a draft, new or changed.
pub fn put(conn: &mut Conn, draft: &Draft) -> QueryResult<()> {
    let row = Row {
        id: draft.id.clone(),
        venue_id: draft.venue.as_str().to_owned(),
        selection_id: draft.selection.as_ref().map(Uri::to_string),
        body: draft.body.written(),
        publish_us: draft.publish_us,
        unpublish_us: draft.unpublish_us,
        updated_us: draft.updated_us,
        updated_by: draft.updated_by.clone(),
        missed_us: draft.missed.as_ref().map(|missed| missed.at_us),
        missed_why: draft.missed.as_ref().map(Missed::written),
    };
    let changed = diesel::update(drafts::table.find(&draft.id))
        .set(&row)
        .execute(conn)?;
    if changed == 0 {
        diesel::insert_into(drafts::table)
            .values(&row)
            .execute(conn)?;
    }
    Ok(())
}

/// Deletes a draft.
pub fn delete(conn: &mut Conn, id: &str) -> QueryResult<()> {
    diesel::delete(drafts::table.find(id))
        .execute(conn)
        .map(drop)
}
