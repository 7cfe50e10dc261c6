//! A venue as a page shows it. Read-only.

use diesel::prelude::*;

use crate::db::Conn;
use crate::schema::{selections, venues};

/// A venue of this node, or one of another node that was heard of through a selection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownVenue {
    /// Its URI.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its colour, as given.
    pub colour: String,
    /// The last part of its address here; none for a venue of another node.
    pub slug: Option<String>,
    /// The node it belongs to.
    pub origin: String,
}

/// The venue of this node with this slug; `origin` is this node's.
pub fn venue(conn: &mut Conn, slug: &str, origin: &str) -> QueryResult<Option<ShownVenue>> {
    let row: Option<(String, String, String)> = venues::table
        .filter(venues::slug.eq(slug))
        .select((venues::id, venues::name, venues::colour))
        .first(conn)
        .optional()?;
    Ok(row.map(|(id, name, colour)| ShownVenue {
        id,
        name,
        colour,
        slug: Some(slug.to_owned()),
        origin: origin.to_owned(),
    }))
}

/// A venue of another node, as its last selection names it.
pub fn venue_elsewhere(conn: &mut Conn, id: &str) -> QueryResult<Option<ShownVenue>> {
    let row: Option<(String, String, String)> = selections::table
        .filter(selections::venue_id.eq(id))
        .filter(selections::withdrawn_us.is_null())
        .order(selections::published_us.desc())
        .select((
            selections::venue_name,
            selections::colour,
            selections::origin,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(name, colour, origin)| ShownVenue {
        id: id.to_owned(),
        name,
        colour,
        slug: None,
        origin,
    }))
}

/// The name of each venue of this node, by URI.
pub fn names(conn: &mut Conn) -> QueryResult<std::collections::HashMap<String, String>> {
    let rows: Vec<(String, String)> = venues::table
        .select((venues::id, venues::name))
        .load(conn)?;
    Ok(rows.into_iter().collect())
}
