//! Moments, as `published` and its kin are written.

use std::fmt;

use settlement::Date;

/// A moment with a time zone (RFC 3339, xsd:dateTimeStamp), to the microsecond.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp {
    micros: i64,
}

/// Why a text is not a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a moment is written like 2026-10-31T20:15:00Z")]
pub struct NotATimestamp;

const MICROS_PER_SECOND: i64 = 1_000_000;
const MICROS_PER_DAY: i64 = 86_400 * MICROS_PER_SECOND;

impl Timestamp {
    /// The moment so many microseconds after (or before) 1970-01-01T00:00:00Z; years 1 to 9999.
    pub fn from_micros(micros: i64) -> Option<Self> {
        date_of(micros.div_euclid(MICROS_PER_DAY)).map(|_| Self { micros })
    }

    /// Microseconds since 1970-01-01T00:00:00Z.
    pub const fn micros(self) -> i64 {
        self.micros
    }

    /// Reads a moment with `Z` or an offset; what is finer than a microsecond is cut off.
    ///
    /// # Errors
    /// [`NotATimestamp`].
    pub fn parse(text: &str) -> Result<Self, NotATimestamp> {
        read(text).ok_or(NotATimestamp)
    }
}

fn read(text: &str) -> Option<Timestamp> {
    if text.len() > 40 || !text.is_ascii() {
        return None;
    }
    let (date, rest) = text.split_at_checked(10)?;
    let rest = rest.strip_prefix(['T', 't'])?;
    let (time, rest) = rest.split_at_checked(8)?;
    let date = Date::parse(date).ok()?;
    let (hour, minute, second) = (two(time, 0)?, two(time, 3)?, two(time, 6)?);
    if time.as_bytes()[2] != b':' || time.as_bytes()[5] != b':' {
        return None;
    }
    // A leap second is the last one of its minute.
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let (fraction, zone) = match rest.strip_prefix('.') {
        None => (0, rest),
        Some(rest) => {
            let digits = rest.find(|c: char| !c.is_ascii_digit())?;
            let six = format!("{:0<6.6}", &rest[..digits]);
            if digits == 0 {
                return None;
            }
            (six.parse::<i64>().ok()?, &rest[digits..])
        }
    };
    let offset = match zone {
        "Z" | "z" => 0,
        _ => {
            let sign = match zone.as_bytes().first()? {
                b'+' => 1,
                b'-' => -1,
                _ => return None,
            };
            let zone = &zone[1..];
            if zone.len() != 5 || zone.as_bytes()[2] != b':' {
                return None;
            }
            let (hours, minutes) = (two(zone, 0)?, two(zone, 3)?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            sign * (hours * 3600 + minutes * 60)
        }
    };
    let seconds =
        days_since_1970(date) * 86_400 + hour * 3600 + minute * 60 + second.min(59) - offset;
    Timestamp::from_micros(seconds * MICROS_PER_SECOND + fraction)
}

fn two(text: &str, at: usize) -> Option<i64> {
    let digits = text.get(at..at + 2)?;
    digits
        .bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| digits.parse().ok())?
}

fn days_since_1970(date: Date) -> i64 {
    let epoch = Date::new(1970, 1, 1).expect("1970 began");
    date.ordinal() - epoch.ordinal()
}

/// The day so many days after 1970-01-01.
fn date_of(days: i64) -> Option<Date> {
    // Years have at least 365 days, so this is never before the year; then step back if it is
    // after the day, which it is by one year at most for every 1461 days or so.
    let mut year = u16::try_from(1970 + days.div_euclid(365))
        .ok()
        .map_or(9999, |y| y.min(9999));
    if days < 0 {
        year = u16::try_from(1971 + days.div_euclid(366)).ok()?;
    }
    let mut first = Date::new(year.max(1), 1, 1)?;
    while days_since_1970(first) > days {
        first = Date::new(first.year().checked_sub(1)?, 1, 1)?;
    }
    let mut date = first;
    for month in 1..=12 {
        let start = Date::new(first.year(), month, 1)?;
        if days_since_1970(start) <= days {
            date = start;
        }
    }
    let day = u8::try_from(days - days_since_1970(date) + 1).ok()?;
    Date::new(date.year(), date.month(), day)
}

impl fmt::Display for Timestamp {
    /// In UTC, with a fraction only where there is one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let date = date_of(self.micros.div_euclid(MICROS_PER_DAY)).ok_or(fmt::Error)?;
        let in_day = self.micros.rem_euclid(MICROS_PER_DAY);
        let (seconds, micros) = (in_day / MICROS_PER_SECOND, in_day % MICROS_PER_SECOND);
        let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
        write!(f, "{date}T{hour:02}:{minute:02}:{second:02}")?;
        if micros != 0 {
            write!(f, ".{micros:06}")?;
        }
        f.write_str("Z")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_read_in_any_zone_and_written_in_utc() {
        for (text, micros, written) in [
            ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00Z"),
            (
                "2026-10-31T21:15:00+01:00",
                1_793_477_700_000_000,
                "2026-10-31T20:15:00Z",
            ),
            (
                "2018-10-02T19:49:35.646372+00:00",
                1_538_509_775_646_372,
                "2018-10-02T19:49:35.646372Z",
            ),
            (
                "2000-02-29t23:59:59.9999999z",
                951_868_799_999_999,
                "2000-02-29T23:59:59.999999Z",
            ),
            ("1969-12-31T23:59:59Z", -1_000_000, "1969-12-31T23:59:59Z"),
            (
                "0001-01-01T00:00:00Z",
                -62_135_596_800_000_000,
                "0001-01-01T00:00:00Z",
            ),
            (
                "9999-12-31T23:59:59Z",
                253_402_300_799_000_000,
                "9999-12-31T23:59:59Z",
            ),
            (
                "2016-12-31T23:59:60Z",
                1_483_228_799_000_000,
                "2016-12-31T23:59:59Z",
            ),
        ] {
            let moment = Timestamp::parse(text).unwrap();
            assert_eq!(moment.micros(), micros, "{text}");
            assert_eq!(moment.to_string(), written);
            assert_eq!(Timestamp::parse(written).map(Timestamp::micros), Ok(micros));
        }
    }

    #[test]
    fn days_of_four_centuries_are_written_as_they_are_read() {
        for days in (-60_000..90_000).step_by(13) {
            let moment = Timestamp::from_micros(days * MICROS_PER_DAY).unwrap();
            assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
        }
    }

    #[test]
    fn what_is_no_moment_is_refused() {
        for bad in [
            "",
            "2026-10-31",
            "2026-10-31T20:15:00",
            "2026-10-31 20:15:00Z",
            "2026-02-30T00:00:00Z",
            "2026-10-31T24:00:00Z",
            "2026-10-31T20:60:00Z",
            "2026-10-31T20:15:61Z",
            "2026-10-31T20:15:00.Z",
            "2026-10-31T20:15:00+0100",
            "2026-10-31T20:15:00+24:00",
            "2026-10-31T20-15-00Z",
            "2026-10-31T+1:15:00Z",
            "0001-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
            "2026-10-31T20:15:00Z ",
            "２026-10-31T20:15:00Z",
        ] {
            assert_eq!(Timestamp::parse(bad), Err(NotATimestamp), "{bad}");
        }
        assert_eq!(Timestamp::from_micros(i64::MAX), None);
        assert_eq!(Timestamp::from_micros(i64::MIN), None);
    }
}
