//! Deals as windows: what a message allows that this network does, where and when.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use federation::availability::{Availability, Window};
use jiff::civil;
use jiff::tz::TimeZone;
use settlement::Place;

use super::message::{Deal, Header, ReleaseDeal, ReleaseMessage};
use super::xml::malformed;
use crate::catalogue::tags::cleaned;
use crate::words::Say;

/// Ways of paying that a venue's contribution is one of: a subscription, or whatever is agreed.
const MODELS: [&str; 3] = ["SubscriptionModel", "AsPerContract", "FreeOfChargeModel"];
/// Uses that playing a work on demand is one of.
const USES: [&str; 6] = [
    "OnDemandStream",
    "Stream",
    "Display",
    "Playback",
    "Use",
    "AsPerContract",
];

/// The most windows of a work, and the most places of one of them.
const WINDOWS: usize = 1_000;
/// The most places that all deals of a message name together, once they are windows.
const PLACES: usize = 2_000_000;
/// The most notices about the deals of a message.
const NOTICES: usize = 50;
/// The world in the code of the societies (CISAC TIS), which a few senders write instead of ISO 3166.
const TIS_WORLD: &str = "2136";

/// What a message means for one resource of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// It may be played in these windows.
    Windows(Arc<Availability>),
    /// It is taken down.
    TakenDown,
}

/// What the deals of one group come to here.
#[derive(Default)]
struct Ours {
    windows: Vec<Window>,
    takes_down: bool,
}

/// The deals of a message, by release.
pub struct Deals<'m> {
    message: &'m ReleaseMessage,
    /// What each group of deals comes to.
    ours: Vec<Ours>,
    /// The groups that are about a release, by its reference.
    about: HashMap<&'m str, Vec<usize>>,
    /// What was found out already, by the groups it came from.
    known: RefCell<HashMap<Vec<usize>, Rights>>,
    places: RefCell<usize>,
    /// What could not be read, and gives no rights.
    pub notices: Vec<Say>,
}

impl<'m> Deals<'m> {
    /// Those of this message.
    ///
    /// # Errors
    /// A sentence when a deal names no period that is one: rights are not guessed. Also when there is
    /// no end to them.
    pub fn of(message: &'m ReleaseMessage, zone: &TimeZone) -> Result<Self, Say> {
        let mut deals = Deals {
            message,
            ours: Vec::new(),
            about: HashMap::new(),
            known: RefCell::default(),
            places: RefCell::default(),
            notices: Vec::new(),
        };
        for (at, group) in message.deals.iter().enumerate() {
            let ours = ours(&message.header, group, zone, &mut deals.notices)?;
            deals.ours.push(ours);
            for release in &group.releases {
                let about = deals.about.entry(release).or_default();
                if about.last() != Some(&at) {
                    about.push(at);
                }
            }
        }
        let mut seen = BTreeSet::new();
        deals.notices.retain(|say| seen.insert(format!("{say:?}")));
        Ok(deals)
    }

    /// The rights to a resource on a release: by the deals about its own track release where any of
    /// them is about playing it here, else by those about the release. What is sold by itself and
    /// streamed with its release has deals of both kinds.
    ///
    /// # Errors
    /// A sentence when there is no end to the windows.
    pub fn rights(&self, release: &str, resource: &str) -> Result<Rights, Say> {
        let tracks = self.message.tracks.get(resource).map(Vec::as_slice);
        let mut groups: Vec<usize> = tracks
            .unwrap_or_default()
            .iter()
            .filter_map(|track| self.about.get(track.as_str()))
            .flatten()
            .copied()
            .collect();
        groups.sort_unstable();
        groups.dedup();
        let is_for_us = |at: &usize| {
            let ours = &self.ours[*at];
            ours.takes_down || !ours.windows.is_empty()
        };
        if !groups.iter().any(is_for_us) {
            groups = self.about.get(release).cloned().unwrap_or_default();
        }
        groups.retain(is_for_us);
        if let Some(known) = self.known.borrow().get(&groups) {
            return Ok(known.clone());
        }
        let rights = self.of_groups(&groups)?;
        self.known.borrow_mut().insert(groups, rights.clone());
        Ok(rights)
    }

    fn of_groups(&self, groups: &[usize]) -> Result<Rights, Say> {
        let windows = groups.iter().flat_map(|at| &self.ours[*at].windows);
        let windows = merged(windows.cloned());
        if windows.is_empty() && groups.iter().any(|at| self.ours[*at].takes_down) {
            return Ok(Rights::TakenDown);
        }
        let places: usize = windows
            .iter()
            .map(|window| 1 + window.places.len() + window.except.len())
            .sum();
        let mut all = self.places.borrow_mut();
        *all += places;
        let is_endless = |window: &Window| window.places.len().max(window.except.len()) > WINDOWS;
        if *all > PLACES || windows.len() > WINDOWS || windows.iter().any(is_endless) {
            let line = groups.first().and_then(|at| self.message.deals.get(*at));
            let line = line.and_then(|group| group.deals.first());
            let line = line.map_or(1, |deal| deal.line);
            return Err(malformed(line, "its deals say more than is read"));
        }
        Ok(Rights::Windows(Arc::new(Availability { windows })))
    }

    /// How deals about a release would be paid and used that allow nothing here, for whoever wonders
    /// why; none when there is no deal about it.
    pub fn others(&self, release: &str) -> Option<String> {
        let groups = self.about.get(release)?;
        let deals = groups.iter().filter_map(|at| self.message.deals.get(*at));
        let mut words = BTreeSet::new();
        for deal in deals.flat_map(|group| &group.deals).take(1_000) {
            words.extend(deal.models.iter().chain(&deal.uses).map(String::as_str));
            if !deal.channels.is_empty() {
                words.insert("DistributionChannel");
            }
        }
        let words: Vec<&str> = words.into_iter().take(12).collect();
        (!words.is_empty()).then(|| cleaned(&words.join(", ")).0)
    }
}

/// What the deals of one group come to here.
fn ours(
    header: &Header,
    group: &ReleaseDeal,
    zone: &TimeZone,
    notices: &mut Vec<Say>,
) -> Result<Ours, Say> {
    let mut ours = Ours::default();
    let mut windows = Vec::new();
    for deal in &group.deals {
        ours.takes_down |= deal.take_down;
        windows.extend(deal_windows(header, deal, zone, notices)?);
        if windows.len() > WINDOWS {
            windows = merged(windows);
            if windows.len() > WINDOWS {
                return Err(malformed(deal.line, "its deals say more than is read"));
            }
        }
    }
    ours.windows = merged(windows);
    Ok(ours)
}

/// The same windows, said once: what is for the same time is one window of several places.
fn merged(windows: impl IntoIterator<Item = Window>) -> Vec<Window> {
    type When = (Option<i64>, Option<i64>, Vec<Place>);
    let mut by_time: BTreeMap<When, BTreeSet<Place>> = BTreeMap::new();
    for mut window in windows {
        window.except.sort_unstable();
        window.except.dedup();
        let when = (window.from_us, window.until_us, window.except);
        by_time.entry(when).or_default().extend(window.places);
    }
    let merged = by_time
        .into_iter()
        .map(|((from_us, until_us, except), places)| {
            let places = match places.contains(&Place::Everywhere) {
                true => vec![Place::Everywhere],
                false => places.into_iter().collect(),
            };
            Window {
                places,
                except,
                from_us,
                until_us,
            }
        });
    merged.collect()
}

/// The windows of a deal; none when it is about something this network does not do, or for somebody
/// else.
fn deal_windows(
    header: &Header,
    deal: &Deal,
    zone: &TimeZone,
    notices: &mut Vec<Say>,
) -> Result<Vec<Window>, Say> {
    let is_for_us = |given: &[String], ours: &[&str]| {
        given.is_empty() || given.iter().any(|word| ours.contains(&word.as_str()))
    };
    let is_named = |services: &[String]| {
        let mut services = services.iter();
        services.any(|service| header.recipients.contains(service))
    };
    if deal.take_down
        || deal.pre_order
        || deal.is_counted
        || !is_for_us(&deal.models, &MODELS)
        || !is_for_us(&deal.uses, &USES)
        || !(deal.channels.is_empty() || is_named(&deal.channels))
        || is_named(&deal.not_channels)
    {
        return Ok(Vec::new());
    }
    let mut note = |key: &'static str, code: &str| {
        if notices.len() < NOTICES {
            let code: String = code.chars().take(40).collect();
            notices.push(
                Say::new(key)
                    .with("line", deal.line)
                    .with("code", cleaned(&code).0),
            );
        }
    };
    if deal.territories.is_empty() && deal.excluded.is_empty() {
        note("catalogue-ern-deal-nowhere", "");
        return Ok(Vec::new());
    }
    let mut except = Vec::new();
    for code in &deal.excluded {
        match place(code) {
            Some(place) => except.push(place),
            // Where it may not be played nobody can tell: so it may not be played by this deal.
            None => {
                note("catalogue-ern-deal-except", code);
                return Ok(Vec::new());
            }
        }
    }
    let mut places = Vec::new();
    for code in &deal.territories {
        match place(code) {
            Some(place) => places.push(place),
            None => note("catalogue-ern-deal-place", code),
        }
    }
    if deal.territories.is_empty() {
        places.push(Place::Everywhere);
    }
    if places.is_empty() {
        return Ok(Vec::new());
    }
    let window = |(from, until): &(Option<String>, Option<String>)| {
        Ok(Window {
            places: places.clone(),
            except: except.clone(),
            from_us: from
                .as_deref()
                .map(|text| moment(deal, text, zone, false))
                .transpose()?,
            until_us: until
                .as_deref()
                .map(|text| moment(deal, text, zone, true))
                .transpose()?,
        })
    };
    deal.periods.iter().map(window).collect()
}

fn place(code: &str) -> Option<Place> {
    match code {
        "Worldwide" | TIS_WORLD => Some(Place::Everywhere),
        // What is everywhere elsewhere is no code of DDEX.
        "*" => None,
        code => Place::parse(code).ok(),
    }
}

fn moment(deal: &Deal, text: &str, zone: &TimeZone, ends: bool) -> Result<i64, Say> {
    instant(text, zone, ends).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        malformed(deal.line, format!("{text:?} is not a day or a moment"))
    })
}

/// A day or a moment in microseconds UTC. A day begins and ends in the node's time zone, and as an
/// end it is included, as is a month or a year that stands for its days; a moment without a zone is
/// in the node's.
pub fn instant(text: &str, zone: &TimeZone, ends: bool) -> Option<i64> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_microsecond());
    }
    let civil = if text.contains('T') {
        text.parse::<civil::DateTime>().ok()?
    } else {
        let (first, next) = days(text)?;
        let day = if ends { next } else { first };
        day.to_datetime(civil::Time::midnight())
    };
    let moment = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    Some(moment.as_microsecond())
}

/// The first of the days that a date stands for (`2026-11-21`, `2026-11`, `2026`), and the first after
/// them.
fn days(text: &str) -> Option<(civil::Date, civil::Date)> {
    let (first, span) = match text.len() {
        4 => (format!("{text}-01-01"), jiff::Span::new().years(1)),
        7 => (format!("{text}-01"), jiff::Span::new().months(1)),
        _ => (text.to_owned(), jiff::Span::new().days(1)),
    };
    let first: civil::Date = first.parse().ok()?;
    Some((first, first.checked_add(span).ok()?))
}
