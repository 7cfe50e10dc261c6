//! Months and days as the node's own clock on the wall shows them.
//!
//! An instant lies in the day, and so in the month, that a calendar in the node's time zone shows
//! at that instant; daylight saving makes a day an hour longer or shorter and moves nothing to
//! another day. Where a month begins with an hour that the clocks skip, it begins with the first
//! instant there is.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use settlement::{Date, Period};

use crate::config::Config;

/// The calendar of a node's time zone.
#[derive(Clone, Debug)]
pub struct Calendar(TimeZone);

impl Calendar {
    /// The node's.
    pub fn of(config: &Config) -> Self {
        Calendar(config.time_zone())
    }

    /// That of a time zone.
    pub fn in_zone(zone: TimeZone) -> Self {
        Calendar(zone)
    }

    /// The day in which an instant lies; microseconds since 1970 UTC, clamped to the years 1 to
    /// 9999.
    pub fn day(&self, us: i64) -> Date {
        let at = Timestamp::from_microsecond(us).unwrap_or(if us < 0 {
            Timestamp::MIN
        } else {
            Timestamp::MAX
        });
        let day = self.0.to_datetime(at).date();
        let first = Period::new(1, 1).map(|first| first.first_day());
        u16::try_from(day.year())
            .ok()
            .and_then(|year| Date::new(year, day.month().unsigned_abs(), day.day().unsigned_abs()))
            .or(first)
            .expect("the year 1 has a first day")
    }

    /// The month in which an instant lies.
    pub fn month(&self, us: i64) -> Period {
        self.day(us).period()
    }

    /// The first instant of a month.
    pub fn begins_us(&self, month: Period) -> i64 {
        let first = i16::try_from(month.year())
            .ok()
            .zip(i8::try_from(month.month()).ok())
            .and_then(|(year, month)| jiff::civil::Date::new(year, month, 1).ok())
            .and_then(|day| day.to_zoned(self.0.clone()).ok());
        match first {
            Some(at) => at.timestamp().as_microsecond(),
            None => Timestamp::MAX.as_microsecond(),
        }
    }

    /// The first instant after a month.
    pub fn ends_us(&self, month: Period) -> i64 {
        match month.next() {
            Some(next) => self.begins_us(next),
            None => Timestamp::MAX.as_microsecond(),
        }
    }
}

/// How many months lie from `from` to `to`; below nought when `to` comes first.
pub fn months_between(from: Period, to: Period) -> i64 {
    let count = |month: Period| i64::from(month.year()) * 12 + i64::from(month.month());
    count(to) - count(from)
}

/// The month `count` months before; the first month of the year 1 where there is none.
pub fn months_before(month: Period, count: u32) -> Period {
    (0..count).fold(month, |month, _| month.previous().unwrap_or(month))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn in_zone(name: &str) -> Calendar {
        Calendar::in_zone(TimeZone::get(name).unwrap())
    }

    fn us(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn month(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    #[test]
    fn a_month_begins_when_the_clock_on_the_wall_says_so() {
        let paris = in_zone("Europe/Paris");
        assert_eq!(
            paris.month(us("2026-10-31T22:59:59.999999Z")),
            month("2026-10")
        );
        assert_eq!(paris.month(us("2026-10-31T23:00:00Z")), month("2026-11"));
        assert_eq!(
            paris.begins_us(month("2026-11")),
            us("2026-10-31T23:00:00Z")
        );
        assert_eq!(paris.ends_us(month("2026-10")), us("2026-10-31T23:00:00Z"));
    }

    #[test]
    fn the_hour_that_comes_twice_lies_in_one_day_and_the_month_is_an_hour_longer() {
        let paris = in_zone("Europe/Paris");
        let sunday = Date::parse("2026-10-25").unwrap();
        assert_eq!(paris.day(us("2026-10-25T00:30:00Z")), sunday);
        assert_eq!(paris.day(us("2026-10-25T01:30:00Z")), sunday);
        let october = month("2026-10");
        let hours = (paris.ends_us(october) - paris.begins_us(october)) / 3_600_000_000;
        assert_eq!(hours, 31 * 24 + 1);
    }

    #[test]
    fn a_month_whose_first_hour_is_skipped_begins_with_the_first_instant_there_is() {
        // In Asunción the clocks went from midnight to one on the first of October 2017.
        let asuncion = in_zone("America/Asuncion");
        let begins = asuncion.begins_us(month("2017-10"));
        assert_eq!(begins, us("2017-10-01T04:00:00Z"));
        assert_eq!(asuncion.month(begins), month("2017-10"));
        assert_eq!(asuncion.month(begins - 1), month("2017-09"));
    }

    #[test]
    fn months_are_counted_across_years() {
        assert_eq!(months_between(month("2026-11"), month("2027-02")), 3);
        assert_eq!(months_between(month("2026-11"), month("2026-10")), -1);
        assert_eq!(months_before(month("2027-02"), 3), month("2026-11"));
    }
}
