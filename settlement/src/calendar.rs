//! Days and months, in the calendar everyone uses. Which day it is now is somebody else's to say.

use std::{fmt, str::FromStr};

use crate::Malformed;

/// A day: `2026-10-31`, years 1 to 9999.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    year: u16,
    month: u8,
    day: u8,
}

impl Date {
    /// The day, or nothing where the calendar has no such day.
    pub fn new(year: u16, month: u8, day: u8) -> Option<Self> {
        let period = Period::new(year, month)?;
        (1..=period.days())
            .contains(&u32::from(day))
            .then_some(Date { year, month, day })
    }

    /// Reads `2026-10-31`.
    ///
    /// # Errors
    /// When the text has another form or the calendar has no such day.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let day = text.as_bytes();
        let read = || {
            if day.len() != 10 || day[4] != b'-' || day[7] != b'-' {
                return None;
            }
            let (year, month, day) = (number(&day[..4])?, number(&day[5..7])?, number(&day[8..])?);
            Date::new(year, u8::try_from(month).ok()?, u8::try_from(day).ok()?)
        };
        read().ok_or_else(|| {
            Malformed::new("a day", text, "write a day of the calendar as 2026-10-31")
        })
    }

    /// The year.
    pub fn year(&self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(&self) -> u8 {
        self.month
    }

    /// The day of the month, from 1.
    pub fn day(&self) -> u8 {
        self.day
    }

    /// The month the day lies in.
    pub fn period(&self) -> Period {
        Period {
            year: self.year,
            month: self.month,
        }
    }

    /// Days since the first of January of the year 1, which is day 0.
    pub fn ordinal(&self) -> i64 {
        let past = i64::from(self.year) - 1;
        let months: u32 = (1..self.month)
            .filter_map(|month| Period::new(self.year, month))
            .map(|period| period.days())
            .sum();
        past * 365 + past / 4 - past / 100 + past / 400 + i64::from(months) + i64::from(self.day)
            - 1
    }
}

impl fmt::Display for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Date {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

/// A settlement period: a calendar month, `2026-10`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Period {
    year: u16,
    month: u8,
}

impl Period {
    /// The month, or nothing where there is none: years 1 to 9999, months 1 to 12.
    pub fn new(year: u16, month: u8) -> Option<Self> {
        ((1..=9999).contains(&year) && (1..=12).contains(&month)).then_some(Period { year, month })
    }

    /// Reads `2026-10`.
    ///
    /// # Errors
    /// When the text has another form or there is no such month.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let month = text.as_bytes();
        let read = || {
            if month.len() != 7 || month[4] != b'-' {
                return None;
            }
            Period::new(
                number(&month[..4])?,
                u8::try_from(number(&month[5..])?).ok()?,
            )
        };
        read().ok_or_else(|| Malformed::new("a period", text, "write a month as 2026-10"))
    }

    /// The year.
    pub fn year(&self) -> u16 {
        self.year
    }

    /// The month, 1 to 12.
    pub fn month(&self) -> u8 {
        self.month
    }

    /// How many days it has.
    pub fn days(&self) -> u32 {
        let leap = self.year.is_multiple_of(4)
            && (!self.year.is_multiple_of(100) || self.year.is_multiple_of(400));
        match self.month {
            2 if leap => 29,
            2 => 28,
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    /// Its first day.
    pub fn first_day(&self) -> Date {
        Date {
            year: self.year,
            month: self.month,
            day: 1,
        }
    }

    /// Its last day, the one whose reference rates apply.
    pub fn last_day(&self) -> Date {
        Date {
            year: self.year,
            month: self.month,
            day: u8::try_from(self.days()).unwrap_or(31),
        }
    }

    /// The month after it; none after December 9999.
    #[must_use]
    pub fn next(&self) -> Option<Period> {
        if self.month == 12 {
            Period::new(self.year + 1, 1)
        } else {
            Period::new(self.year, self.month + 1)
        }
    }

    /// The month before it; none before January of the year 1.
    #[must_use]
    pub fn previous(&self) -> Option<Period> {
        if self.month == 1 {
            Period::new(self.year - 1, 12)
        } else {
            Period::new(self.year, self.month - 1)
        }
    }
}

impl fmt::Display for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Period {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, out)
    }
}

impl FromStr for Period {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

/// A few digits as a number; no signs, no spaces.
pub(crate) fn number(digits: &[u8]) -> Option<u16> {
    digits.iter().try_fold(0u16, |number, &byte| {
        byte.is_ascii_digit()
            .then(|| number.checked_mul(10)?.checked_add(u16::from(byte - b'0')))
            .flatten()
    })
}
