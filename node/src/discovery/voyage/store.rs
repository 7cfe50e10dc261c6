//! Sentences to the database for voyages. What they find is offered now, and true now.

use diesel::dsl::{max, min};
use diesel::prelude::*;

use super::{Candidate, Why};
use crate::catalogue::shown::ShownWork;
use crate::db::Conn;
use crate::schema::{releases, selection_works, selections, works};

/// The most works of one reason.
const EACH: i64 = 16;
/// The most selections that are looked into.
const SELECTIONS: i64 = 8;

/// What is beside a work for a reason anybody may read. `draw` chooses among many of one genre or place.
pub fn beside(conn: &mut Conn, here: &ShownWork, draw: u64) -> QueryResult<Vec<Candidate>> {
    let mut found = in_selections(conn, here)?;
    if let Some(label) = here
        .came_on
        .as_ref()
        .and_then(|release| release.label.clone())
    {
        for work in of_label(conn, &label, here.release.as_ref().map(|id| id.as_str()))? {
            found.push(plain(work, Why::Label(label.clone())));
        }
    }
    if let Some(genre) = &here.genre {
        for work in of_genre(conn, genre, draw)? {
            found.push(plain(work, Why::Genre(genre.clone())));
        }
    }
    if let Some(territory) = here.territory {
        for work in of_territory(conn, territory.as_str(), draw)? {
            found.push(plain(work, Why::Place(territory.to_string())));
        }
    }
    Ok(found)
}

fn plain(work: String, why: Why) -> Candidate {
    Candidate {
        work,
        why,
        near: 50,
    }
}

fn in_selections(conn: &mut Conn, here: &ShownWork) -> QueryResult<Vec<Candidate>> {
    let standing: Vec<(String, String, String, String)> = selections::table
        .inner_join(selection_works::table.on(selection_works::selection_id.eq(selections::id)))
        .filter(selection_works::work_id.eq(here.id.as_str()))
        .filter(selections::withdrawn_us.is_null())
        .order_by((selections::published_us.desc(), selections::id))
        .select((
            selections::id,
            selections::title,
            selections::venue_id,
            selections::venue_name,
        ))
        .limit(SELECTIONS)
        .load(conn)?;
    let mut found = Vec::new();
    for (id, title, venue, venue_name) in &standing {
        for work in of_selection(conn, id)? {
            let why = Why::Selection {
                venue: venue_name.clone(),
                title: title.clone(),
            };
            found.push(plain(work, why));
        }
        let others: Vec<String> = selections::table
            .filter(selections::venue_id.eq(venue))
            .filter(selections::id.ne(id))
            .filter(selections::withdrawn_us.is_null())
            .order_by((selections::published_us.desc(), selections::id))
            .select(selections::id)
            .limit(3)
            .load(conn)?;
        for other in others {
            for work in of_selection(conn, &other)? {
                let why = Why::Scene {
                    venue: venue_name.clone(),
                };
                found.push(plain(work, why));
            }
        }
    }
    Ok(found)
}

fn of_selection(conn: &mut Conn, id: &str) -> QueryResult<Vec<String>> {
    selection_works::table
        .filter(selection_works::selection_id.eq(id))
        .order_by(selection_works::position)
        .select(selection_works::work_id)
        .limit(40)
        .load(conn)
}

fn of_label(conn: &mut Conn, label: &str, but: Option<&str>) -> QueryResult<Vec<String>> {
    works::table
        .inner_join(releases::table.on(works::release_id.eq(releases::id.nullable())))
        .filter(releases::label.eq(label))
        .filter(releases::id.ne(but.unwrap_or("")))
        .filter(works::withdrawn_us.is_null())
        .order_by((releases::created_us.desc(), works::id))
        .select(works::id)
        .limit(EACH)
        .load(conn)
}

/// Works of these artists, as works credit them.
pub fn of_credit(conn: &mut Conn, credit: &str, limit: i64) -> QueryResult<Vec<String>> {
    works::table
        .filter(works::credit.eq(credit))
        .filter(works::withdrawn_us.is_null())
        .order_by((works::created_us.desc(), works::id))
        .select(works::id)
        .limit(limit)
        .load(conn)
}

/// An instant between two, by a draw.
fn between(ends: (Option<i64>, Option<i64>), draw: u64) -> i64 {
    let (Some(first), Some(last)) = ends else {
        return 0;
    };
    let span = last.saturating_sub(first).unsigned_abs().saturating_add(1);
    first.saturating_add(i64::try_from(draw % span).unwrap_or(0))
}

/// A column of works and what is sought in it, around an instant: from a draw on, and where that is
/// near the end, the newest before it.
macro_rules! drawn {
    ($conn:expr, $column:expr, $sought:expr, $draw:expr) => {{
        let ends = works::table
            .filter($column.eq($sought))
            .select((min(works::created_us), max(works::created_us)))
            .first($conn)?;
        let instant = between(ends, $draw);
        let offered = works::table
            .filter($column.eq($sought))
            .filter(works::withdrawn_us.is_null())
            .select(works::id);
        let mut found: Vec<String> = offered
            .filter(works::created_us.ge(instant))
            .order_by((works::created_us, works::id))
            .limit(EACH)
            .load($conn)?;
        let before: Vec<String> = offered
            .filter(works::created_us.lt(instant))
            .order_by((works::created_us.desc(), works::id))
            .limit(EACH)
            .load($conn)?;
        found.extend(before);
        Ok(found)
    }};
}

fn of_genre(conn: &mut Conn, genre: &str, draw: u64) -> QueryResult<Vec<String>> {
    drawn!(conn, works::genre, genre, draw)
}

fn of_territory(conn: &mut Conn, territory: &str, draw: u64) -> QueryResult<Vec<String>> {
    drawn!(conn, works::territory, territory, draw)
}
