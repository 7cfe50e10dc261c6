//! The voyage: a path from a work, an artist or a selection, each step with its [`Why`].
//!
//! A step goes from one work to another that is near it: because the same members listen to both
//! (five at least), because a curator placed both side by side, because they share a label, a genre, a
//! place, or the scene around a venue. The first steps stay near; the path widens as it goes. No step
//! is taken twice, and none leads to one of the ten best known works. The same beginning and the
//! same seed give the same path, as long as the catalogue stands, so that "go on" goes on.

pub mod make;
pub mod names;
pub mod pages;
pub mod store;

use std::collections::{HashMap, HashSet};

use settlement::{PartyId, Uri, WorkId};

use super::nearness::kept::Nearness;
use super::nearness::spectrum::draw;
use crate::Node;
use crate::catalogue::shown::{self, ShownWork};
use crate::db::Conn;
use crate::peers::standing::{Blocklist, Rules};
use crate::web::Refusal;
use crate::words::Say;

/// How many steps a path has at first, and how many more "go on" gives.
pub const STEPS: usize = 8;
/// The longest path.
pub const STEPS_LIMIT: usize = 80;

/// Where a voyage begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Start {
    /// What it is called.
    pub title: String,
    /// Which pages show it: `works`, `parties` or `selections`.
    pub kind: &'static str,
    /// Its URI.
    pub id: String,
    /// The works it begins with.
    pub works: Vec<ShownWork>,
}

/// Why a work is the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Why {
    /// Five members or more listen to both.
    Members,
    /// Five members or more listen to both artists.
    MembersOfArtist,
    /// A curator placed both in one selection.
    Selection {
        /// The venue's name.
        venue: String,
        /// The selection's title.
        title: String,
    },
    /// A venue puts both forward, in different selections.
    Scene {
        /// The venue's name.
        venue: String,
    },
    /// The same label.
    Label(String),
    /// The same genre.
    Genre(String),
    /// The same territory.
    Place(String),
}

impl Why {
    /// How much it says, from 0 to 100.
    fn weight(&self) -> i64 {
        match self {
            Why::Members => 90,
            Why::Selection { .. } => 85,
            Why::MembersOfArtist => 75,
            Why::Label(_) => 60,
            Why::Scene { .. } => 55,
            Why::Genre(_) => 40,
            Why::Place(_) => 20,
        }
    }

    /// A number for each kind of reason.
    fn kind(&self) -> usize {
        match self {
            Why::Members => 0,
            Why::MembersOfArtist => 1,
            Why::Selection { .. } => 2,
            Why::Scene { .. } => 3,
            Why::Label(_) => 4,
            Why::Genre(_) => 5,
            Why::Place(_) => 6,
        }
    }

    /// The reason as a sentence; `after` is the work the step comes from.
    pub fn sentence(&self, after: &str) -> Say {
        match self {
            Why::Members => Say::new("discovery-why-members").with("after", after),
            Why::MembersOfArtist => Say::new("discovery-why-artists").with("after", after),
            Why::Selection { venue, title } => Say::new("discovery-why-selection")
                .with("after", after)
                .with("venue", venue)
                .with("title", title),
            Why::Scene { venue } => Say::new("discovery-why-scene")
                .with("after", after)
                .with("venue", venue),
            Why::Label(label) => Say::new("discovery-why-label")
                .with("after", after)
                .with("label", label),
            Why::Genre(genre) => Say::new("discovery-why-genre")
                .with("after", after)
                .with("genre", genre),
            Why::Place(_) => Say::new("discovery-why-place").with("after", after),
        }
    }
}

/// One step of a voyage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    /// The work.
    pub work: ShownWork,
    /// Why it is here.
    pub why: Why,
    /// The title of the work it comes from.
    pub after: String,
}

/// A work that may be the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// Its URI.
    pub work: String,
    /// Why it may be.
    pub why: Why,
    /// How near it is, from 0 to 100; 50 where nothing measures it.
    pub near: i64,
}

/// The nearness this node keeps, if it was built.
///
/// # Errors
/// When the file is not what it should be.
pub fn nearness(node: &Node) -> Result<Option<Nearness>, Refusal> {
    Nearness::open(&make::path(node)).map_err(Refusal::broken)
}

/// What a voyage from this URI begins with.
///
/// # Errors
/// When nothing of this URI is offered here.
pub fn start(conn: &mut Conn, uri: &str) -> Result<Start, Refusal> {
    if let Ok(id) = WorkId::parse(uri)
        && let Some(work) = shown::work(conn, &id)?
    {
        return Ok(Start {
            title: work.title.clone(),
            kind: "works",
            id: uri.to_owned(),
            works: vec![work],
        });
    }
    if let Ok(id) = Uri::parse(uri)
        && let Some(selection) = crate::curation::store::selection(conn, &id)?
        && selection.withdrawn_us.is_none()
    {
        let works = crate::curation::playable(conn, &selection)?;
        let works = works.into_iter().map(|(work, _)| work).collect();
        return Ok(Start {
            title: selection.title,
            kind: "selections",
            id: uri.to_owned(),
            works: shown::with_releases(conn, works)?,
        });
    }
    let id = PartyId::parse(uri).map_err(|_| Refusal::Missing)?;
    let party = crate::catalogue::store::party(conn, &id)?.ok_or(Refusal::Missing)?;
    let works = crate::catalogue::store::works_of_party(conn, &id, 50)?;
    Ok(Start {
        title: party.name,
        kind: "parties",
        id: uri.to_owned(),
        works: shown::with_releases(conn, works)?,
    })
}

/// What a path must not step on.
struct Shunned {
    blocked: Blocklist,
    best_known: HashSet<String>,
    walked: HashSet<String>,
}

/// Walks from `start`, at most `count` steps; fewer where the catalogue has no more that is near.
///
/// # Errors
/// When the database or the nearness breaks.
pub fn walk(
    conn: &mut Conn,
    node: &Node,
    nearness: Option<&Nearness>,
    start: &Start,
    seed: u64,
    count: usize,
) -> Result<Vec<Step>, Refusal> {
    let best_known = match nearness {
        Some(nearness) => make::best_known(nearness).map_err(Refusal::broken)?,
        None => HashSet::new(),
    };
    let mut shunned = Shunned {
        blocked: Blocklist::read(conn, &Rules::of(&node.config))?,
        best_known,
        walked: start.works.iter().map(|work| work.id.to_string()).collect(),
    };
    let mut steps: Vec<Step> = Vec::new();
    let mut dice = seed;
    while steps.len() < count.min(STEPS_LIMIT) {
        // From the last step; where that leads nowhere, from the one before it.
        let mut from: Vec<ShownWork> = steps.iter().map(|step| step.work.clone()).collect();
        let mut begin = start.works.clone();
        if !begin.is_empty() {
            let turn = (draw(&mut dice) % begin.len() as u64) as usize;
            begin.rotate_left(turn);
        }
        begin.truncate(4);
        from.splice(0..0, begin.into_iter().rev());
        let next =
            from.iter().rev().take(6).find_map(|here| {
                step(conn, nearness, here, &steps, &shunned, &mut dice).transpose()
            });
        let Some(next) = next.transpose()? else { break };
        shunned.walked.insert(next.work.id.to_string());
        steps.push(next);
    }
    Ok(steps)
}

fn step(
    conn: &mut Conn,
    nearness: Option<&Nearness>,
    here: &ShownWork,
    steps: &[Step],
    shunned: &Shunned,
    dice: &mut u64,
) -> Result<Option<Step>, Refusal> {
    let mut near = store::beside(conn, here, draw(dice))?;
    if let Some(nearness) = nearness {
        near.extend(listened(conn, nearness, here)?);
    }
    // The best reason for each work.
    near.sort_by(|a, b| {
        let rank = |one: &Candidate| std::cmp::Reverse((one.why.weight(), one.near));
        a.work.cmp(&b.work).then(rank(a).cmp(&rank(b)))
    });
    near.dedup_by(|later, first| later.work == first.work);
    near.retain(|one| {
        !shunned.walked.contains(&one.work) && !shunned.best_known.contains(&one.work)
    });
    let ids: Vec<WorkId> = near
        .iter()
        .filter_map(|one| WorkId::parse(&one.work).ok())
        .collect();
    let works: HashMap<WorkId, ShownWork> = shown::works(conn, &ids)?;
    // From 15 to 85 in a hundred of the choice is chance, more with each step.
    let wide = (15 + 10 * i64::try_from(steps.len()).unwrap_or(7)).min(85);
    let mut best: Option<(i64, Step)> = None;
    for one in near {
        let chance = (draw(dice) % 100) as i64;
        let Ok(id) = WorkId::parse(&one.work) else {
            continue;
        };
        let Some(work) = works.get(&id) else { continue };
        if shunned.blocked.holds_origin(&work.origin) {
            continue;
        }
        let recent = steps.iter().rev().take(4);
        let same_credit = here.credit == work.credit
            || recent.clone().any(|step| step.work.credit == work.credit);
        let same_reason = recent
            .filter(|step| step.why.kind() == one.why.kind())
            .count() as i64;
        let far = if work.territory == here.territory {
            0
        } else {
            wide / 8
        };
        let worth = (one.why.weight() + one.near) / 2 * (100 - wide) + chance * wide + 100 * far
            - 400 * same_reason
            - if same_credit { 6000 } else { 0 };
        if best.as_ref().is_none_or(|(most, _)| worth > *most) {
            let step = Step {
                work: work.clone(),
                why: one.why,
                after: here.title.clone(),
            };
            best = Some((worth, step));
        }
    }
    Ok(best.map(|(_, step)| step))
}

/// What the same members listen to: the work itself, and its artist.
fn listened(
    conn: &mut Conn,
    nearness: &Nearness,
    here: &ShownWork,
) -> Result<Vec<Candidate>, Refusal> {
    let mut found = Vec::new();
    let mut credits: Vec<(String, i64)> = Vec::new();
    let work_key = make::work_key(here.id.as_str());
    let name_key = make::name_key(&here.credit);
    let things = [
        (nearness.thing(&work_key), Why::Members),
        (make::name_thing(nearness, &name_key), Why::MembersOfArtist),
    ];
    for (thing, why) in things {
        let Some(thing) = thing.map_err(Refusal::broken)? else {
            continue;
        };
        let links = nearness.near(thing).map_err(Refusal::broken)?;
        for link in links.iter().filter(|link| link.together).take(48) {
            let listeners = nearness.listeners(link.thing).map_err(Refusal::broken)?;
            let key = nearness.key(link.thing).map_err(Refusal::broken)?;
            // Popularity does not dominate: each doubling of the listeners costs five of a hundred.
            let near =
                i64::from(link.strength) * 100 / 65_535 - 5 * i64::from(listeners.max(1).ilog2());
            if let Some(work) = make::work_of(&key) {
                if why == Why::Members {
                    found.push(Candidate {
                        work: work.to_owned(),
                        why: why.clone(),
                        near,
                    });
                }
            } else if let Some(credit) = make::credit_of(&key)
                && why == Why::MembersOfArtist
            {
                credits.push((credit.to_owned(), near));
            }
        }
    }
    for (credit, near) in credits.into_iter().take(12) {
        for work in store::of_credit(conn, &credit, 2)? {
            found.push(Candidate {
                work,
                why: Why::MembersOfArtist,
                near,
            });
        }
    }
    Ok(found)
}
