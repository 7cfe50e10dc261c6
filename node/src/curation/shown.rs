//! Selections as a page shows them. Read-only.

use std::collections::HashMap;

use diesel::prelude::*;
use settlement::{Territory, WorkId};

use super::store::details::{self, Details};
use crate::catalogue::shown::{self, ShownWork};
use crate::config::Language;
use crate::db::Conn;
use crate::schema::{selection_works, selections};

/// A selection as a page shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownSelection {
    /// Its URI.
    pub id: String,
    /// The node it was made on.
    pub origin: String,
    /// The URI of the venue that signs it.
    pub venue: String,
    /// The venue's name.
    pub venue_name: String,
    /// Its title.
    pub title: String,
    /// Its words, as plain text.
    pub words: String,
    /// The venue's colour.
    pub colour: String,
    /// Where it was made, ISO 3166.
    pub territory: Option<Territory>,
    /// When it was published, in microseconds UTC.
    pub published_us: i64,
    /// How many works it names.
    pub works: i64,
    /// A few of its works, to look at.
    pub covers: Vec<ShownWork>,
    /// Another language, a picture, whom it answers.
    pub details: Details,
}

impl ShownSelection {
    /// Its title, in this language where it was written in it too.
    pub fn titled(&self, language: &Language) -> &str {
        let other = self.details.other_title.as_deref();
        other
            .filter(|_| self.is_other(*language))
            .unwrap_or(&self.title)
    }

    /// Its words, in this language where they were written in it too.
    pub fn said(&self, language: &Language) -> &str {
        let other = self.details.other_words.as_deref();
        other
            .filter(|_| self.is_other(*language))
            .unwrap_or(&self.words)
    }

    /// The language it is read in, where it is not the reader's.
    pub fn said_in(&self, language: &Language) -> Option<Language> {
        let own = self.details.language.filter(|own| own != language)?;
        (self.details.other_title.is_none() && self.details.other_words.is_none()).then_some(own)
    }

    fn is_other(&self, language: Language) -> bool {
        self.details.language.is_some_and(|own| own != language)
    }

    /// Where on this node its picture is, if it has one.
    pub fn picture(&self) -> Option<String> {
        match (&self.details.picture, &self.details.picture_url) {
            (Some(digest), _) => Some(format!("/covers/{}", digest.hex())),
            (None, Some(_)) => Some(format!(
                "/covers/of-selection?selection={}",
                crate::catalogue::encoded(&self.id)
            )),
            (None, None) => None,
        }
    }

    /// Its words, paragraph by paragraph.
    pub fn paragraphs(&self, language: &Language) -> Vec<&str> {
        self.said(language)
            .split('\n')
            .map(str::trim)
            .filter(|line| !line.is_empty())
            .collect()
    }

    /// Its first paragraph, or nothing.
    pub fn opening(&self, language: &Language) -> &str {
        self.paragraphs(language).first().copied().unwrap_or("")
    }
}

/// A work in a selection, with what its curator says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Piece {
    /// The work's URI.
    pub id: String,
    /// The work, once this node knows it and while it is offered.
    pub work: Option<ShownWork>,
    /// A few words about it.
    pub note: String,
}

type Row = (
    (String, String, String, String),
    (String, String, String, Option<String>, i64),
);

macro_rules! columns {
    () => {
        (
            (
                selections::id,
                selections::origin,
                selections::venue_id,
                selections::venue_name,
            ),
            (
                selections::title,
                selections::words,
                selections::colour,
                selections::territory,
                selections::published_us,
            ),
        )
    };
}

fn as_selection(row: Row) -> ShownSelection {
    let ((id, origin, venue, venue_name), (title, words, colour, territory, published_us)) = row;
    ShownSelection {
        id,
        origin,
        venue,
        venue_name,
        title,
        words,
        colour,
        territory: territory.and_then(|code| Territory::parse(&code).ok()),
        published_us,
        works: 0,
        covers: Vec::new(),
        details: Details::default(),
    }
}

/// The selection of this URI, if it was not withdrawn.
pub fn selection(conn: &mut Conn, id: &str) -> QueryResult<Option<ShownSelection>> {
    let row: Option<Row> = selections::table
        .find(id)
        .filter(selections::withdrawn_us.is_null())
        .select(columns!())
        .first(conn)
        .optional()?;
    let Some(row) = row else {
        return Ok(None);
    };
    let mut selection = as_selection(row);
    selection.details = details::of(conn, id)?;
    Ok(Some(selection))
}

/// The works of a selection, in its order.
pub fn pieces(conn: &mut Conn, selection: &str) -> QueryResult<Vec<Piece>> {
    let rows: Vec<(String, String)> = selection_works::table
        .filter(selection_works::selection_id.eq(selection))
        .order(selection_works::position)
        .limit(500)
        .select((selection_works::work_id, selection_works::note))
        .load(conn)?;
    let ids: Vec<WorkId> = rows
        .iter()
        .filter_map(|(id, _)| WorkId::parse(id).ok())
        .collect();
    let works = shown::works(conn, &ids)?;
    Ok(rows
        .into_iter()
        .map(|(id, note)| Piece {
            work: WorkId::parse(&id)
                .ok()
                .and_then(|id| works.get(&id).cloned()),
            id,
            note,
        })
        .collect())
}

/// The selections published last: of the node `origin`, or of every other one.
pub fn latest(
    conn: &mut Conn,
    origin: &str,
    here: bool,
    limit: i64,
) -> QueryResult<Vec<ShownSelection>> {
    let mut wanted = selections::table
        .filter(selections::withdrawn_us.is_null())
        .order((selections::published_us.desc(), selections::id))
        .limit(limit)
        .select(columns!())
        .into_boxed();
    wanted = if here {
        wanted.filter(selections::origin.eq(origin.to_owned()))
    } else {
        wanted.filter(selections::origin.ne(origin.to_owned()))
    };
    let rows: Vec<Row> = wanted.load(conn)?;
    pictured(conn, rows)
}

/// The selections a venue published last.
pub fn of_venue(conn: &mut Conn, venue: &str, limit: i64) -> QueryResult<Vec<ShownSelection>> {
    let rows: Vec<Row> = selections::table
        .filter(selections::venue_id.eq(venue))
        .filter(selections::withdrawn_us.is_null())
        .order((selections::published_us.desc(), selections::id))
        .limit(limit)
        .select(columns!())
        .load(conn)?;
    pictured(conn, rows)
}

/// The selections these venues published last.
pub fn of_venues(
    conn: &mut Conn,
    venues: &[String],
    limit: i64,
) -> QueryResult<Vec<ShownSelection>> {
    let rows: Vec<Row> = selections::table
        .filter(selections::venue_id.eq_any(venues))
        .filter(selections::withdrawn_us.is_null())
        .order((selections::published_us.desc(), selections::id))
        .limit(limit)
        .select(columns!())
        .load(conn)?;
    pictured(conn, rows)
}

/// The standing selections among these URIs, in the order asked for.
pub fn these(conn: &mut Conn, ids: &[String]) -> QueryResult<Vec<ShownSelection>> {
    let rows: Vec<Row> = selections::table
        .filter(selections::id.eq_any(ids))
        .filter(selections::withdrawn_us.is_null())
        .select(columns!())
        .load(conn)?;
    let mut all = pictured(conn, rows)?;
    all.sort_by_key(|selection| ids.iter().position(|id| *id == selection.id));
    Ok(all)
}

/// The selections that name a work, newest first.
pub fn naming(conn: &mut Conn, work: &str, limit: i64) -> QueryResult<Vec<ShownSelection>> {
    let ids: Vec<String> = selection_works::table
        .filter(selection_works::work_id.eq(work))
        .select(selection_works::selection_id)
        .distinct()
        .limit(100)
        .load(conn)?;
    let rows: Vec<Row> = selections::table
        .filter(selections::id.eq_any(ids))
        .filter(selections::withdrawn_us.is_null())
        .order((selections::published_us.desc(), selections::id))
        .limit(limit)
        .select(columns!())
        .load(conn)?;
    pictured(conn, rows)
}

/// Counts the works of each selection and takes the first few to look at.
fn pictured(conn: &mut Conn, rows: Vec<Row>) -> QueryResult<Vec<ShownSelection>> {
    let mut all: Vec<ShownSelection> = rows.into_iter().map(as_selection).collect();
    let ids: Vec<&str> = all.iter().map(|s| s.id.as_str()).collect();
    let named: Vec<(String, String)> = selection_works::table
        .filter(selection_works::selection_id.eq_any(ids))
        .order((selection_works::selection_id, selection_works::position))
        .select((selection_works::selection_id, selection_works::work_id))
        .load(conn)?;
    let mut of: HashMap<String, Vec<WorkId>> = HashMap::new();
    for (selection, work) in named {
        if let Ok(work) = WorkId::parse(&work) {
            of.entry(selection).or_default().push(work);
        }
    }
    let first: Vec<WorkId> = of
        .values()
        .flat_map(|works| works.iter().take(8).cloned())
        .collect();
    let works = shown::works(conn, &first)?;
    let ids: Vec<&str> = all.iter().map(|s| s.id.as_str()).collect();
    let mut details = details::details(conn, &ids)?;
    for selection in &mut all {
        selection.details = details.remove(&selection.id).unwrap_or_default();
        let named = of.remove(&selection.id).unwrap_or_default();
        selection.works = i64::try_from(named.len()).unwrap_or(i64::MAX);
        let mut covers: Vec<ShownWork> = Vec::new();
        for work in named.iter().take(8).filter_map(|id| works.get(id)) {
            let seen = covers
                .iter()
                .any(|one| one.cover_seed() == work.cover_seed());
            if !seen && covers.len() < 4 {
                covers.push(work.clone());
            }
        }
        selection.covers = covers;
    }
    Ok(all)
}
