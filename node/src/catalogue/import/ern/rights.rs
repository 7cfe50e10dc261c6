//! Deals as windows: what a message allows that this network does, where and when.

use std::collections::HashMap;

use federation::availability::{Availability, Window};
use jiff::civil;
use jiff::tz::TimeZone;
use settlement::Place;

use super::message::{Deal, ReleaseMessage};
use super::xml::malformed;
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

/// What a message means for one resource of a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rights {
    /// It may be played in these windows.
    Windows(Availability),
    /// It is taken down.
    TakenDown,
}

/// The deals of a message, by release.
pub struct Deals<'m> {
    message: &'m ReleaseMessage,
    about: HashMap<&'m str, Vec<&'m Deal>>,
}

impl<'m> Deals<'m> {
    /// Those of this message.
    pub fn of(message: &'m ReleaseMessage) -> Self {
        let mut about: HashMap<&str, Vec<&Deal>> = HashMap::new();
        for deal in &message.deals {
            for release in &deal.releases {
                about.entry(release).or_default().extend(&deal.deals);
            }
        }
        Deals { message, about }
    }

    /// The rights to a resource on a release: by the deals about its own track release where there
    /// are any, else by those about the release.
    ///
    /// # Errors
    /// A sentence when a deal names no territory or period that is one: rights are not guessed.
    pub fn rights(&self, release: &str, resource: &str, zone: &TimeZone) -> Result<Rights, Say> {
        let tracks = self.message.tracks.get(resource).map(Vec::as_slice);
        let mut deals: Vec<&Deal> = tracks
            .unwrap_or_default()
            .iter()
            .filter_map(|track| self.about.get(track.as_str()))
            .flatten()
            .copied()
            .collect();
        if deals.is_empty() {
            deals = self.about.get(release).cloned().unwrap_or_default();
        }
        let mut windows = Vec::new();
        for deal in &deals {
            windows.extend(deal_windows(deal, zone)?);
        }
        windows.dedup();
        if windows.is_empty() && deals.iter().any(|deal| deal.take_down) {
            return Ok(Rights::TakenDown);
        }
        Ok(Rights::Windows(Availability { windows }))
    }
}

/// The windows of a deal; none when it is about something this network does not do.
fn deal_windows(deal: &Deal, zone: &TimeZone) -> Result<Vec<Window>, Say> {
    let is_for_us = |given: &[String], ours: &[&str]| {
        given.is_empty() || given.iter().any(|word| ours.contains(&word.as_str()))
    };
    if deal.take_down
        || deal.pre_order
        || !is_for_us(&deal.models, &MODELS)
        || !is_for_us(&deal.uses, &USES)
    {
        return Ok(Vec::new());
    }
    let places = |codes: &[String]| -> Result<Vec<Place>, Say> {
        codes.iter().map(|code| place(deal, code)).collect()
    };
    let except = places(&deal.excluded)?;
    let places = match deal.territories.is_empty() {
        true => vec![Place::Everywhere],
        false => places(&deal.territories)?,
    };
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

fn place(deal: &Deal, code: &str) -> Result<Place, Say> {
    if code == "Worldwide" {
        return Ok(Place::Everywhere);
    }
    Place::parse(code).map_err(|_| {
        let code: String = code.chars().take(40).collect();
        malformed(
            deal.line,
            format!("{code:?} is not a territory that is read here"),
        )
    })
}

fn moment(deal: &Deal, text: &str, zone: &TimeZone, ends: bool) -> Result<i64, Say> {
    instant(text, zone, ends).ok_or_else(|| {
        let text: String = text.chars().take(40).collect();
        malformed(deal.line, format!("{text:?} is not a day or a moment"))
    })
}

/// A day or a moment in microseconds UTC. A day begins and ends in the node's time zone, and as an
/// end it is included; a moment without a zone is in the node's.
pub fn instant(text: &str, zone: &TimeZone, ends: bool) -> Option<i64> {
    let text = text.trim();
    if let Ok(moment) = text.parse::<jiff::Timestamp>() {
        return Some(moment.as_microsecond());
    }
    let civil = if text.contains('T') {
        text.parse::<civil::DateTime>().ok()?
    } else {
        let day: civil::Date = text.parse().ok()?;
        let day = if ends { day.tomorrow().ok()? } else { day };
        day.to_datetime(civil::Time::midnight())
    };
    let moment = zone.to_ambiguous_timestamp(civil).compatible().ok()?;
    Some(moment.as_microsecond())
}
