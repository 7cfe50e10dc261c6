//! Closing a month: what was listened to is counted, put into tables without names, and signed.

use std::collections::{BTreeMap, BTreeSet};

use federation::json::canonical;
use federation::report::{
    FileReference, PlayReport, PolicyReference, ReportFolder, ReportType, ReportedVenue, Totals,
};
use rand::seq::SliceRandom;
use settlement::{Line, Minor, Period, Track, Uri, VenueId};

use super::{PeriodState, bounds, store};
use crate::coordinator::{self, PolicyInForce};
use crate::db::Conn;
use crate::listening::{self, Counted};
use crate::web::Refusal;
use crate::words::Say;
use crate::{Node, catalogue, files, venues};

/// Fewer active members than this do not stand for themselves in a report.
pub const FEWEST_ACTIVE: u64 = 5;

/// What a closed month came to.
#[derive(Clone, Debug)]
pub struct Closed {
    /// The report's URI.
    pub id: Uri,
    /// The month.
    pub period: Period,
    /// Counted uses.
    pub uses: u64,
    /// Counted seconds.
    pub seconds: u64,
    /// Venues in the report, a pooled one included.
    pub venues: usize,
    /// Distinct works used.
    pub works: usize,
    /// Plays that were not counted, by reason.
    pub excluded: BTreeMap<String, u64>,
    /// Venues too quiet to be reported without pointing at persons: they wait a month.
    pub waiting: Vec<String>,
}

/// Closes `period`: counts it, writes the signed report into `reports/PERIOD/1/`. All of it
/// happens, or none: the month is closed in the transaction that keeps the report.
///
/// # Errors
/// When the month is not over, is closed already, follows an open month that has plays, or no
/// policy of the network is known yet.
pub fn close(node: &Node, period: Period) -> Result<Closed, Refusal> {
    let (_, end) = bounds(node, period);
    if node.clock.now_us() < end {
        let first_day = period.next().unwrap_or(period).first_day();
        return Err(Refusal::Conflict(
            Say::new("reports-not-over")
                .with("period", period)
                .with("day", first_day),
        ));
    }
    node.db.write_now(|conn| close_in(conn, node, period))
}

fn close_in(conn: &mut Conn, node: &Node, period: Period) -> Result<Closed, Refusal> {
    if store::period_state(conn, period)? != PeriodState::Open {
        return Err(Refusal::Conflict(
            Say::new("reports-closed-already").with("period", period),
        ));
    }
    if let Some(earlier) = store::open_month_before(conn, period)? {
        return Err(Refusal::Conflict(
            Say::new("reports-earlier-open")
                .with("period", period)
                .with("earlier", earlier),
        ));
    }
    let policy = coordinator::policy_known(conn, node)?
        .ok_or_else(|| Refusal::Conflict(Say::new("reports-no-policy")))?;
    let counted = listening::counted(conn, node, period, &policy.file.policy().counting)?;
    let seats = Seats::take(conn, node, period, &counted)?;
    let waiting = seats.waiting.clone();
    let draft = Draft::new(conn, node, &counted, seats)?;
    let works = draft.tracks.len();
    let excluded = counted
        .excluded
        .iter()
        .map(|(why, n)| ((*why).to_owned(), *n))
        .collect();
    let (row, manifest) = draft.write(node, period, &policy, excluded)?;
    store::set_period_state(conn, period, PeriodState::Closed, node.clock.now_us())?;
    store::insert(conn, &row)?;
    let totals = manifest.totals.unwrap_or_default();
    Ok(Closed {
        id: manifest.id,
        period,
        uses: totals.uses,
        seconds: totals.seconds,
        venues: manifest.venues.len(),
        works,
        excluded: totals.excluded,
        waiting,
    })
}

/// Who sits where in the report: each venue by itself, the quiet ones pooled, or waiting.
struct Seats {
    venues: Vec<ReportedVenue>,
    /// A venue's number in the report.
    number: BTreeMap<VenueId, u32>,
    waiting: Vec<String>,
}

impl Seats {
    fn take(
        conn: &mut Conn,
        node: &Node,
        period: Period,
        counted: &Counted,
    ) -> Result<Self, Refusal> {
        let mut active: BTreeMap<&VenueId, BTreeSet<&str>> = BTreeMap::new();
        for row in &counted.rows {
            active.entry(&row.venue).or_default().insert(&row.member);
        }
        let carried: BTreeMap<VenueId, Minor> =
            venues::carry(conn, node, period)?.into_iter().collect();
        let (from, until) = bounds(node, period);
        let (mut loud, mut quiet) = (Vec::new(), Vec::new());
        for venue in venues::store::all(conn)? {
            let members = venues::store::members_between(conn, &venue.id, from, until)?;
            let people = active.remove(&venue.id).unwrap_or_default();
            let contribution = carried.get(&venue.id).map_or(0, |minor| minor.get());
            let seat = Seat {
                id: venue.id,
                name: venue.name,
                contribution: u64::try_from(contribution).unwrap_or(0),
                // Somebody who listened and then left was a member of the month all the same.
                members: members.max(people.len() as u64),
                people,
            };
            if seat.active() < FEWEST_ACTIVE {
                quiet.push(seat)
            } else {
                loud.push(seat)
            }
        }
        loud.sort_by(|a, b| a.id.cmp(&b.id));

        let mut seats = Seats {
            venues: Vec::new(),
            number: BTreeMap::new(),
            waiting: Vec::new(),
        };
        for seat in loud {
            seats.seat(&seat.id.clone(), std::slice::from_ref(&seat), &seat.name);
        }
        if distinct(&quiet) >= FEWEST_ACTIVE {
            let pooled =
                VenueId::parse(&node.config.uri("/pooled-venues")).map_err(Refusal::broken)?;
            seats.seat(&pooled, &quiet, &node.config.name);
        } else {
            let next = period.next().unwrap_or(period);
            for seat in quiet {
                store::let_plays_wait(conn, seat.id.as_str(), period, next)?;
                venues::store::uncarry(conn, &seat.id, period)?;
                seats.waiting.push(seat.name);
            }
        }
        Ok(seats)
    }

    fn seat(&mut self, id: &VenueId, together: &[Seat<'_>], name: &str) {
        let number = u32::try_from(self.venues.len()).unwrap_or(u32::MAX);
        for seat in together {
            self.number.insert(seat.id.clone(), number);
        }
        self.venues.push(ReportedVenue {
            venue: number,
            id: id.clone(),
            name: name.to_owned(),
            contribution: together.iter().map(|seat| seat.contribution).sum(),
            members: together.iter().map(|seat| seat.members).sum(),
            active_members: distinct(together),
        });
    }
}

struct Seat<'a> {
    id: VenueId,
    name: String,
    contribution: u64,
    members: u64,
    /// Who listened.
    people: BTreeSet<&'a str>,
}

impl Seat<'_> {
    fn active(&self) -> u64 {
        self.people.len() as u64
    }
}

/// How many people listened: who belongs to two of the venues is one person all the same.
fn distinct(together: &[Seat<'_>]) -> u64 {
    let people: BTreeSet<_> = together.iter().flat_map(|seat| &seat.people).collect();
    people.len() as u64
}

/// The tables of a report before they are written.
struct Draft {
    tracks: Vec<Track>,
    lines: Vec<Line>,
    venues: Vec<ReportedVenue>,
}

impl Draft {
    fn new(conn: &mut Conn, node: &Node, counted: &Counted, seats: Seats) -> Result<Self, Refusal> {
        let rows: Vec<_> = counted
            .rows
            .iter()
            .filter_map(|row| Some((*seats.number.get(&row.venue)?, row)))
            .collect();
        let used: BTreeSet<_> = rows.iter().map(|(_, row)| row.work.clone()).collect();
        let used: Vec<_> = used.into_iter().collect();
        let mut tracks = Vec::with_capacity(used.len());
        for work in catalogue::store::works(conn, &used)? {
            tracks.push(Track {
                id: work.id,
                isrc: work.isrc,
                kind: work.kind,
                home: work.territory,
            });
        }
        tracks.sort_by(|a, b| a.id.cmp(&b.id));
        let number: BTreeMap<_, u32> = (0u32..)
            .zip(&tracks)
            .map(|(n, track)| (&track.id, n))
            .collect();

        // A fresh random order for each report, and a number for each (venue, member): nothing
        // ties a person to last month's row, or to the other venue they belong to.
        let mut people: Vec<(u32, &str)> = {
            let distinct: BTreeSet<_> = rows
                .iter()
                .map(|(venue, row)| (*venue, row.member.as_str()))
                .collect();
            distinct.into_iter().collect()
        };
        people.shuffle(&mut node.clock.chance());
        let ordinal: BTreeMap<_, u32> = people.iter().copied().zip(0u32..).collect();

        // Somebody who used a work through two of the pooled venues used it through the pool.
        let mut lines: BTreeMap<(u32, u32, u32), (u32, u64)> = BTreeMap::new();
        for (venue, row) in rows {
            let Some(track) = number.get(&row.work) else {
                // A play is taken only for a work the catalogue knows, and no work is forgotten.
                return Err(Refusal::broken(format!(
                    "plays of {} but no such work",
                    row.work
                )));
            };
            let member = ordinal[&(venue, row.member.as_str())];
            let (uses, seconds) = lines.entry((venue, member, *track)).or_default();
            *uses += row.uses;
            *seconds += row.seconds;
        }
        let lines = lines
            .into_iter()
            .map(|((venue, member, track), (uses, seconds))| Line {
                venue,
                member,
                track,
                uses,
                seconds,
            });
        Ok(Draft {
            tracks,
            lines: lines.collect(),
            venues: seats.venues,
        })
    }

    /// Writes the tables and the signed manifest; gives the row that keeps the report.
    fn write(
        self,
        node: &Node,
        period: Period,
        policy: &PolicyInForce,
        excluded: BTreeMap<String, u64>,
    ) -> Result<(store::OwnReport, PlayReport), Refusal> {
        let sequence = 1;
        let id = node.config.uri(&format!("/reports/{period}/{sequence}"));
        let id = Uri::parse(&id).map_err(Refusal::broken)?;
        let below = format!("reports/{period}/{sequence}");
        let folder = ReportFolder::at(node.config.dir.join(&below));
        let venues = u32::try_from(self.venues.len()).map_err(Refusal::broken)?;
        let territory = node.config.territory;
        let written = folder
            .write_tables(
                self.lines,
                &self.tracks,
                venues,
                territory,
                policy.file.policy(),
            )
            .map_err(|e| files::unwritten(folder.path(), e))?;
        let named = |name: &str, mut file: FileReference| {
            file.href = format!("{id}/{name}");
            Some(file)
        };
        let manifest = PlayReport {
            id: id.clone(),
            object_type: ReportType::PlayReport,
            attributed_to: node.config.actor(),
            period,
            sequence,
            replaces: None,
            territory,
            currency: node.config.currency,
            policy: Some(PolicyReference {
                id: policy.id.clone(),
                digest: policy.file.digest(),
            }),
            venues: self.venues,
            lines: named("lines", written.lines),
            tracks: named("tracks", written.tracks),
            reduction: named("reduction", written.reduction),
            totals: Some(Totals {
                uses: written.reduced.uses,
                seconds: written.reduced.seconds,
                excluded,
            }),
            published: Some(node.clock.now_text()),
        };
        let signed = node.sign(manifest.to_document())?;
        let digest = folder
            .write_manifest(&signed)
            .map_err(|e| files::unwritten(folder.path(), e))?;
        files::sync_folder(folder.path())?;
        let row = store::OwnReport {
            id: id.to_string(),
            period: period.to_string(),
            sequence: 1,
            state: "made".to_owned(),
            manifest: String::from_utf8(canonical(&signed)).map_err(Refusal::broken)?,
            manifest_digest: digest.to_string(),
            folder: below,
            made_us: node.clock.now_us(),
            offered_us: None,
            answered_us: None,
            answer: None,
            reason: None,
        };
        Ok((row, manifest))
    }
}
