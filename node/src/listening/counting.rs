//! What counts of what was played: from plays to uses and seconds. Pure, and the same in whatever
//! order the plays come.
//!
//! A member's plays are taken up by the month they count in, then by when they started, then by id.
//! Each takes what is left of its time:
//!
//! - `late`: it was handed in more than three months after its own month, and no longer counts;
//! - `short`: it lasted less than `minimum_seconds`, or than the whole work if that is shorter;
//! - `overlap`: so much of its time had been taken by the plays before it that what is left is
//!   too short;
//! - `repeat`: the member had used this work often enough that day;
//! - `crowded`: with it the member would have more time than the month has, or more uses of the work
//!   than its days allow, and the whole report would be refused. The month's own plays come first;
//!   only late ones, or a play that runs on past the end of a month without a pause, get there;
//! - otherwise it is a use, with the whole seconds that are left to it.
//!
//! A game or a book is used when it is handed over, which takes no time: neither `short` nor `overlap`
//! is said of it, and it is used once a day, whatever the policy allows.
//!
//! Every play takes its time, also one that is no use: two plays at once are never two hours in
//! one. Plays of months that were closed before come first, since what was reported stands: a late
//! play gets what they left of its time, and of its day's limit.

use std::collections::{BTreeMap, HashMap};

use settlement::{Counting, Date, Period, VenueId, WorkId};

use crate::calendar::{Calendar, months_between};

/// For how many months after its own a play still counts.
pub const LATE_MONTHS: u32 = 3;

/// A play, as far as counting sees it.
#[derive(Clone, Debug)]
pub struct Play {
    /// Unique on this node; decides between plays that started together.
    pub id: String,
    /// The venue the member listened through.
    pub venue: VenueId,
    /// What was played.
    pub work: WorkId,
    /// How long the work is, in whole seconds; `None` where nobody knows.
    pub work_seconds: Option<u64>,
    /// Whether the work is a game or a book, which is handed over rather than played to its end.
    pub handed: bool,
    /// When it started, in microseconds since 1970 UTC.
    pub started_us: i64,
    /// How long it lasted.
    pub seconds: u64,
    /// The month it counts in.
    pub period: Period,
}

/// A month, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// One row for each venue, member and work, in that order.
    pub rows: Vec<CountedRow>,
    /// How many plays do not count, by reason.
    pub excluded: BTreeMap<&'static str, u64>,
}

/// What one member used of one work through one venue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountedRow {
    /// The venue.
    pub venue: VenueId,
    /// The member's id, known to this node alone.
    pub member: String,
    /// The work.
    pub work: WorkId,
    /// How many uses, at least 1.
    pub uses: u32,
    /// How many seconds.
    pub seconds: u64,
}

/// Counts a month, member by member.
#[derive(Debug)]
pub struct Tally<'c> {
    period: Period,
    counting: &'c Counting,
    calendar: &'c Calendar,
    uses: BTreeMap<(VenueId, String, WorkId), (u32, u64)>,
    excluded: BTreeMap<&'static str, u64>,
}

impl<'c> Tally<'c> {
    /// Nothing counted yet of the month `period`.
    pub fn new(period: Period, counting: &'c Counting, calendar: &'c Calendar) -> Self {
        Tally {
            period,
            counting,
            calendar,
            uses: BTreeMap::new(),
            excluded: BTreeMap::new(),
        }
    }

    /// Counts all plays of one member, once: those of the month, and of months before it those
    /// that can touch them (see [`earliest_us`]).
    pub fn member(&mut self, member: &str, mut plays: Vec<Play>) {
        plays.retain(|play| play.period <= self.period);
        plays.sort_by(|a, b| {
            let key = |play: &Play| (play.period, play.started_us);
            key(a).cmp(&key(b)).then_with(|| a.id.cmp(&b.id))
        });
        let mut spent = Spent::default();
        let mut of_the_day: HashMap<(Date, WorkId), u32> = HashMap::new();
        let (mut own, mut late) = (Vec::new(), Vec::new());
        for play in plays {
            let day = self.calendar.day(play.started_us);
            let ends_us = play.started_us + micros(play.seconds);
            let left = spent.take(play.started_us, ends_us) / 1_000_000;
            let need = match play.work_seconds {
                Some(whole) => whole.min(self.counting.minimum_seconds.into()),
                None => self.counting.minimum_seconds.into(),
            };
            let need = need.max(1);
            let most_a_day = match play.handed {
                true => self.counting.max_uses_per_work_per_day.min(1),
                false => self.counting.max_uses_per_work_per_day,
            };
            let of_the_day = of_the_day.entry((day, play.work.clone())).or_default();
            let reason = if months_between(day.period(), play.period) > i64::from(LATE_MONTHS) {
                Some("late")
            } else if play.seconds < need && !play.handed {
                Some("short")
            } else if left < need && !play.handed {
                Some("overlap")
            } else if *of_the_day >= most_a_day {
                Some("repeat")
            } else {
                *of_the_day += 1;
                None
            };
            if play.period != self.period {
                continue;
            }
            match reason {
                Some(reason) => *self.excluded.entry(reason).or_default() += 1,
                None if day.period() == play.period => own.push((play, left)),
                None => late.push((play, left)),
            }
        }
        self.keep(member, own.into_iter().chain(late));
    }

    /// Keeps the member's uses, each with its seconds, as far as a report may hold them.
    fn keep(&mut self, member: &str, plays: impl Iterator<Item = (Play, u64)>) {
        let days = self.period.days();
        let mut time_left = u64::from(days) * 86_400;
        let most_uses = self.counting.max_uses_per_work_per_day.saturating_mul(days);
        let mut of_the_month: HashMap<WorkId, u32> = HashMap::new();
        for (play, seconds) in plays {
            let used = of_the_month.entry(play.work.clone()).or_default();
            if seconds > time_left || *used >= most_uses {
                *self.excluded.entry("crowded").or_default() += 1;
                continue;
            }
            time_left -= seconds;
            *used += 1;
            let key = (play.venue, member.to_owned(), play.work);
            let (all_uses, all_seconds) = self.uses.entry(key).or_default();
            *all_uses += 1;
            *all_seconds += seconds;
        }
    }

    /// The month.
    pub fn finish(self) -> Counted {
        let rows = self.uses.into_iter();
        Counted {
            rows: rows
                .map(|((venue, member, work), (uses, seconds))| CountedRow {
                    venue,
                    member,
                    work,
                    uses,
                    seconds,
                })
                .collect(),
            excluded: self.excluded,
        }
    }
}

/// From when on plays must be known to count those of a month that started at `started_us` or
/// later: from the day's first hour, and a day before it, since no play lasts longer.
pub fn earliest_us(started_us: i64) -> i64 {
    const DAYS_US: i64 = 50 * 3600 * 1_000_000;
    started_us.saturating_sub(DAYS_US)
}

fn micros(seconds: u64) -> i64 {
    i64::try_from(seconds)
        .unwrap_or(i64::MAX)
        .saturating_mul(1_000_000)
}

/// The time a member has spent: stretches that do not touch, start → end, in microseconds.
#[derive(Debug, Default)]
struct Spent(BTreeMap<i64, i64>);

impl Spent {
    /// Spends the time from `from` until `to`; answers how much of it was not spent yet.
    fn take(&mut self, from: i64, to: i64) -> u64 {
        if to <= from {
            return 0;
        }
        let touching: Vec<(i64, i64)> = self
            .0
            .range(..=to)
            .rev()
            .map(|(start, end)| (*start, *end))
            .take_while(|(_, end)| *end >= from)
            .collect();
        let (mut start, mut end, mut left) = (from, to, to - from);
        for (s, e) in touching {
            left -= (e.min(to) - s.max(from)).max(0);
            start = start.min(s);
            end = end.max(e);
            self.0.remove(&s);
        }
        self.0.insert(start, end);
        left.max(0).unsigned_abs()
    }
}

#[cfg(test)]
mod tests;
