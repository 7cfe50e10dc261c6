//! What was found, as pages and programs show it: read from the database by URI, so that what is
//! withdrawn or hidden is not shown, whatever the index still holds.

use std::collections::HashMap;

use settlement::{Isrc, PartyId, Uri, WorkId};

use super::ask::{Found, Place, Question};
use super::segment::Group;
use super::store;
use crate::Node;
use crate::catalogue::shown::{self as works_shown, ShownWork};
use crate::catalogue::{Party, Release, store as catalogue};
use crate::curation::shown::{self as selections_shown, ShownSelection};
use crate::db::Conn;
use crate::web::Refusal;

/// What was found.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// Works, the best first.
    pub works: Vec<ShownWork>,
    /// Artists, the best first.
    pub artists: Vec<Party>,
    /// Releases, the best first.
    pub releases: Vec<Release>,
    /// Labels, the best first.
    pub labels: Vec<Party>,
    /// Selections, the best first.
    pub selections: Vec<ShownSelection>,
    /// How many there are, and what they are like.
    pub found: Found,
}

/// Answers a question.
///
/// # Errors
/// When the database breaks.
pub fn look(conn: &mut Conn, node: &Node, question: &Question) -> Result<Shown, Refusal> {
    let by_name = is_address(question.words.trim());
    let place = store::place(conn, &node.config.territory.to_string(), by_name)?;
    let found = match by_code(conn, question)? {
        Some(found) => found,
        None => node.search.up_to_date(conn)?.ask(&place, question),
    };
    Ok(read(conn, &place, found)?)
}

/// The works that answer these words, the best first.
///
/// # Errors
/// When the database breaks.
pub fn works(
    conn: &mut Conn,
    node: &Node,
    words: &str,
    limit: usize,
) -> Result<Vec<ShownWork>, Refusal> {
    if words.trim().is_empty() {
        return Ok(Vec::new());
    }
    let question = Question {
        words: words.to_owned(),
        works: limit,
        ..Question::default()
    };
    Ok(look(conn, node, &question)?.works)
}

fn is_address(words: &str) -> bool {
    words.starts_with("https://") || words.starts_with("http://")
}

/// What a code or an address names. None where the words are neither.
fn by_code(conn: &mut Conn, question: &Question) -> Result<Option<Found>, Refusal> {
    let words = question.words.trim();
    if words.len() > 2_000 || question.skip > 0 {
        return Ok(None);
    }
    let mut ids: HashMap<Group, Vec<String>> = HashMap::new();
    let plain: String = words.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
    if let Ok(isrc) = Isrc::parse(&plain.to_uppercase()) {
        ids.insert(Group::Works, store::works_with_isrc(conn, isrc.as_str())?);
    } else if (12..=14).contains(&plain.len()) && plain.bytes().all(|b| b.is_ascii_digit()) {
        let digits = plain.trim_start_matches('0');
        let written = [12, 13, 14].map(|width| format!("{digits:0>width$}"));
        let releases = store::releases_with_icpn(conn, &written)?;
        ids.insert(Group::Releases, releases);
    } else if is_address(words) {
        for group in Group::ALL {
            ids.insert(group, vec![words.to_owned()]);
        }
    }
    let is_named = ids.values().any(|ids| !ids.is_empty());
    Ok(is_named.then(|| Found {
        ids,
        ..Found::default()
    }))
}

fn read(conn: &mut Conn, place: &Place, mut found: Found) -> diesel::QueryResult<Shown> {
    let is_shown = |origin: &str| !place.hidden.contains(origin);
    let uris = |group: Group| -> Vec<Uri> {
        let ids = found.of(group).iter();
        ids.filter_map(|id| Uri::parse(id).ok()).collect()
    };
    let works: Vec<WorkId> = {
        let ids = found.of(Group::Works).iter();
        ids.filter_map(|id| WorkId::parse(id).ok()).collect()
    };
    let works = catalogue::works(conn, &works)?;
    let mut works = works_shown::with_releases(conn, works)?;
    works.retain(|work| is_shown(&work.origin));
    let wanted = uris(Group::Releases);
    let mut releases = catalogue::releases(conn, &wanted)?;
    releases.retain(|release| release.withdrawn_us.is_none() && is_shown(&release.origin));
    releases.sort_by_key(|release| wanted.iter().position(|id| *id == release.id));
    let mut parties = |group: Group| -> diesel::QueryResult<Vec<Party>> {
        let ids = found.of(group).iter();
        let wanted: Vec<PartyId> = ids.filter_map(|id| PartyId::parse(id).ok()).collect();
        let mut parties = catalogue::parties(conn, &wanted)?;
        parties.retain(|party| is_shown(&party.origin));
        parties.sort_by_key(|party| wanted.iter().position(|id| *id == party.id));
        Ok(parties)
    };
    let artists = parties(Group::Artists)?;
    let mut labels = parties(Group::Labels)?;
    // What was asked for by its address stands in every group until it is read.
    labels.retain(|label| artists.iter().all(|artist| artist.id != label.id));
    let mut selections = selections_shown::these(conn, found.of(Group::Selections))?;
    selections.retain(|selection| is_shown(&selection.origin));
    if found.counts.is_empty() {
        found.counts = HashMap::from([
            (Group::Works, works.len()),
            (Group::Artists, artists.len()),
            (Group::Releases, releases.len()),
            (Group::Labels, labels.len()),
            (Group::Selections, selections.len()),
        ]);
    }
    Ok(Shown {
        works,
        artists,
        releases,
        labels,
        selections,
        found,
    })
}
