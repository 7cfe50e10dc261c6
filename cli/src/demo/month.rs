//! A month of listening: what two hundred people would play, each by their own taste, on devices
//! that are offline until the month is over.

use std::collections::BTreeMap;

use anyhow::{Context as _, Result, bail};
use cli::post::{HandedIn, PLAYS_AT_ONCE, Play};
use futures_util::{StreamExt as _, TryStreamExt as _};
use jiff::civil;
use jiff::tz::TimeZone;
use node::clock::Clock;
use settlement::Period;

use super::dice::Dice;
use super::nodes::DemoNode;
use super::people::Listener;
use crate::progress::Step;

/// Of a hundred plays, how many are of the other territory's works.
const ACROSS: u64 = 30;
/// How many devices hand in at once.
const AT_ONCE: usize = 4;

/// A work that can be played.
#[derive(Clone, Debug)]
pub struct Playable {
    /// Its address.
    pub work: String,
    /// Its title.
    pub title: String,
    /// How long it sounds, in whole seconds.
    pub seconds: u64,
}

/// What there is to listen to at a node.
pub struct Shelves<'a> {
    /// Works whose home is here.
    pub here: &'a [Playable],
    /// Works whose home is the other node.
    pub there: &'a [Playable],
    /// The selection in the window, and its works.
    pub selection: (&'a str, &'a [Playable]),
}

/// The plays of one listener in a month, in order.
pub fn plays_of(
    listener: &Listener,
    shelves: &Shelves<'_>,
    period: Period,
    zone: &TimeZone,
    clock: &Clock,
    dice: &mut Dice,
) -> Vec<Play> {
    let tastes = [
        Taste::of(shelves.here, dice),
        Taste::of(shelves.there, dice),
    ];
    let sittings = if listener.in_rooms {
        26
    } else {
        dice.between(5, 14)
    };
    let mut plays = Vec::new();
    for _ in 0..sittings {
        // On the first day everybody joins; they begin to listen in the afternoon.
        let day = dice.between(1, i64::from(period.days()));
        let first_hour = if day == 1 { 14 } else { 7 };
        let hour = dice.between(first_hour, 21);
        let mut at = instant(period, zone, day, hour, dice.between(0, 59));
        for _ in 0..dice.between(2, if listener.in_rooms { 12 } else { 7 }) {
            let from_selection = !shelves.selection.1.is_empty()
                && dice.chance(if listener.in_rooms { 60 } else { 12 });
            let playable = if from_selection {
                Some(dice.one_of(shelves.selection.1))
            } else {
                let [here, there] = &tastes;
                let (taste, other) = if dice.chance(ACROSS) {
                    (there, here)
                } else {
                    (here, there)
                };
                taste.choose(dice).or_else(|| other.choose(dice))
            };
            let Some(playable) = playable else { break };
            let seconds = heard(playable.seconds, dice);
            plays.push(Play {
                id: clock.fresh_id(),
                work: playable.work.clone(),
                started: node::clock::rfc3339(at),
                seconds,
                selection: from_selection.then(|| shelves.selection.0.to_owned()),
            });
            // Now and then a second device starts before the first one ends.
            let gap = if dice.chance(2) {
                -5
            } else {
                dice.between(1, 20)
            };
            at += (seconds as i64 + gap).max(1) * 1_000_000;
        }
    }
    plays.sort_by(|a, b| a.started.cmp(&b.started).then(a.id.cmp(&b.id)));
    plays
}

/// Most people hear a piece out; some stop soon, some later.
fn heard(whole: u64, dice: &mut Dice) -> u64 {
    match dice.below(100) {
        0..8 => whole.min(dice.between(2, 25).unsigned_abs()),
        8..22 => (whole * 2 / 3).max(1),
        _ => whole.max(1),
    }
}

/// An hour of a day of the month, in microseconds UTC.
fn instant(period: Period, zone: &TimeZone, day: i64, hour: i64, minute: i64) -> i64 {
    let year = i16::try_from(period.year()).unwrap_or(i16::MAX);
    let month = i8::try_from(period.month()).unwrap_or(1);
    let (day, hour, minute) = (day as i8, hour as i8, minute as i8);
    civil::date(year, month, day)
        .at(hour, minute, 0, 0)
        .to_zoned(zone.clone())
        .map_or(0, |at| at.timestamp().as_microsecond())
}

/// Works in the order somebody likes them; the first far more than the last.
struct Taste<'a> {
    order: Vec<&'a Playable>,
}

impl<'a> Taste<'a> {
    fn of(shelf: &'a [Playable], dice: &mut Dice) -> Self {
        // What everybody likes comes first for many; the rest is their own.
        let mut ranked: Vec<(f64, &Playable)> = shelf
            .iter()
            .enumerate()
            .map(|(i, playable)| (i as f64 / 3.0 + dice.part() * shelf.len() as f64, playable))
            .collect();
        ranked.sort_by(|a, b| a.0.total_cmp(&b.0));
        Taste {
            order: ranked.into_iter().map(|(_, playable)| playable).collect(),
        }
    }

    /// One of the works: the n-th is chosen one n-th as often as the first (Zipf).
    fn choose(&self, dice: &mut Dice) -> Option<&'a Playable> {
        let sum: f64 = (1..=self.order.len()).map(|rank| 1.0 / rank as f64).sum();
        let mut left = dice.part() * sum;
        for (i, playable) in self.order.iter().enumerate() {
            left -= 1.0 / (i + 1) as f64;
            if left <= 0.0 {
                return Some(playable);
            }
        }
        self.order.last().copied()
    }
}

/// What handing in a month came to.
#[derive(Debug, Default)]
pub struct MonthHandedIn {
    /// Plays taken.
    pub taken: usize,
    /// Plays of a batch that was handed in a second time, and known.
    pub known: usize,
    /// Plays refused, by reason.
    pub refused: BTreeMap<String, usize>,
}

/// Every device hands in its plays; the first one does so twice, and they count once.
pub async fn hand_in(
    node: &DemoNode,
    months: &[(&Listener, Vec<Play>)],
    clock: &Clock,
    step: &Step,
) -> Result<MonthHandedIn> {
    let now = || clock.now_seconds();
    let handed: Vec<(usize, HandedIn)> = futures_util::stream::iter(months)
        .map(|(listener, plays)| async move {
            let mut sum = (0, HandedIn::default());
            for batch in plays.chunks(PLAYS_AT_ONCE) {
                let one = listener
                    .post
                    .hand_in(&node.door, batch, &now)
                    .await
                    .with_context(|| format!("{} does not take plays", node.name))?;
                sum.0 += batch.len();
                sum.1.taken += one.taken;
                sum.1.known += one.known;
                sum.1.refused.extend(one.refused);
                for _ in batch {
                    step.advance();
                }
            }
            anyhow::Ok(sum)
        })
        .buffer_unordered(AT_ONCE)
        .try_collect()
        .await?;
    let mut month = MonthHandedIn::default();
    for (count, one) in handed {
        // A node that was killed after it took a batch, and before it could say so, knows it when
        // the device tries again.
        if one.taken + one.known + one.refused.len() != count {
            bail!(
                "{} did not answer for every play that was handed in",
                node.name
            );
        }
        month.taken += one.taken + one.known;
        for play in one.refused {
            *month.refused.entry(play.reason).or_default() += 1;
        }
    }
    if let Some((listener, plays)) = months.iter().find(|(_, plays)| !plays.is_empty()) {
        let batch = &plays[..plays.len().min(PLAYS_AT_ONCE)];
        let again = listener.post.hand_in(&node.door, batch, &now).await?;
        if again.taken != 0 {
            bail!("{} took {} plays a second time", node.name, again.taken);
        }
        month.known = again.known;
    }
    Ok(month)
}
