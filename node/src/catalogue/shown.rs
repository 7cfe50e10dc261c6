//! Works as a page shows them: with the release they came out on, whose picture they wear.

use std::collections::{BTreeSet, HashMap};
use std::ops::Deref;

use diesel::QueryResult;
use settlement::{Kind, PartyId, Uri, WorkId};

use super::loudness::{self, Loudness};
use super::{Release, Work, store};
use crate::db::Conn;

/// A work that is offered, and its release where it is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownWork {
    /// The work.
    pub work: Work,
    /// The release it came out on.
    pub came_on: Option<Release>,
    /// How loud it is, where that was measured.
    pub loudness: Option<Loudness>,
}

impl Deref for ShownWork {
    type Target = Work;

    fn deref(&self) -> &Work {
        &self.work
    }
}

impl ShownWork {
    /// How long it lasts, in whole seconds.
    pub fn seconds(&self) -> i64 {
        i64::try_from(self.work.seconds()).unwrap_or(i64::MAX)
    }

    /// By how much a player turns it up or down, in thousandths of a decibel.
    pub fn gain_mdb(&self) -> Option<i64> {
        self.loudness.map(Loudness::gain_mdb)
    }

    /// Where on this node its picture is shown.
    pub fn cover(&self) -> Option<String> {
        self.came_on.as_ref().and_then(Release::cover_path)
    }

    /// Where on this node a picture of it is, be it one drawn for what has none.
    pub fn picture(&self) -> String {
        self.cover().unwrap_or_else(|| {
            let seed = super::encoded(self.cover_seed());
            format!("/covers/drawn?of={seed}")
        })
    }

    /// Whether who is not a member may hear the beginning of it: only what is at home here.
    pub fn is_previewed(&self) -> bool {
        self.is_heard() && self.work.is_here() && self.work.document.is_none()
    }

    /// Whether the player plays it, one work after the other.
    pub fn is_heard(&self) -> bool {
        self.work.kind == Kind::Music
    }

    /// What is written on a drawn cover.
    pub fn cover_title(&self) -> &str {
        match &self.came_on {
            Some(release) => &release.title,
            None => &self.work.title,
        }
    }

    /// What a drawn cover is derived from: one cover for a whole release.
    pub fn cover_seed(&self) -> &str {
        match &self.work.release {
            Some(release) => release.as_str(),
            None => self.work.id.as_str(),
        }
    }
}

/// Works with their releases, in the same order, without those that were withdrawn.
pub fn with_releases(conn: &mut Conn, works: Vec<Work>) -> QueryResult<Vec<ShownWork>> {
    let wanted: BTreeSet<Uri> = works.iter().filter_map(|w| w.release.clone()).collect();
    let wanted: Vec<Uri> = wanted.into_iter().collect();
    let releases: HashMap<Uri, Release> = store::releases(conn, &wanted)?
        .into_iter()
        .map(|release| (release.id.clone(), release))
        .collect();
    let loud = loudness::of(conn, &works)?;
    Ok(works
        .into_iter()
        .filter(Work::is_offered)
        .map(|work| ShownWork {
            loudness: loud.get(&work.id).copied(),
            came_on: work.release.as_ref().and_then(|r| releases.get(r)).cloned(),
            work,
        })
        .collect())
}

/// The work of this URI, if it is offered.
pub fn work(conn: &mut Conn, id: &WorkId) -> QueryResult<Option<ShownWork>> {
    let work = store::work(conn, id)?;
    Ok(with_releases(conn, work.into_iter().collect())?.pop())
}

/// The work of this URI, though it may be closed here just now; not one that was withdrawn.
pub fn even_closed(conn: &mut Conn, id: &WorkId) -> QueryResult<Option<ShownWork>> {
    let Some(work) = store::work(conn, id)?.filter(|work| work.withdrawn_us.is_none()) else {
        return Ok(None);
    };
    let came_on = match &work.release {
        Some(release) => store::release(conn, release)?,
        None => None,
    };
    let loud = loudness::of(conn, std::slice::from_ref(&work))?;
    Ok(Some(ShownWork {
        loudness: loud.get(&work.id).copied(),
        came_on,
        work,
    }))
}

/// The offered works among these URIs, by URI.
pub fn works(conn: &mut Conn, ids: &[WorkId]) -> QueryResult<HashMap<WorkId, ShownWork>> {
    let works = store::works(conn, ids)?;
    Ok(with_releases(conn, works)?
        .into_iter()
        .map(|work| (work.id.clone(), work))
        .collect())
}

/// The names of these parties, by URI.
pub fn names(conn: &mut Conn, ids: &[PartyId]) -> QueryResult<HashMap<PartyId, String>> {
    Ok(store::parties(conn, ids)?
        .into_iter()
        .map(|party| (party.id, party.name))
        .collect())
}
