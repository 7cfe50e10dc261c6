//! Moments as they are written in signed objects (RFC 3339).

use std::{fmt, str::FromStr};

use crate::{Date, Malformed, calendar::number};

/// A moment: `2025-12-12T09:00:00Z`. Two texts of one moment (`10:00:00+01:00`, `09:00:00.000Z`)
/// are equal and ordered as one; fractions count to the last digit. A leap second is the first
/// moment of the minute after it.
#[derive(Clone)]
pub struct Timestamp {
    seconds: i64,
    // Digits after the point without zeros at the end: they sort as the fractions do.
    fraction: String,
    text: String,
}

impl Timestamp {
    /// Reads a moment.
    ///
    /// # Errors
    /// When the text is not an RFC 3339 date and time with its offset, or longer than 64 bytes.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        read(text).ok_or_else(|| {
            Malformed::new(
                "a moment",
                text,
                "write it as 2025-12-12T09:00:00Z (RFC 3339)",
            )
        })
    }

    /// The moment as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn instant(&self) -> (i64, &str) {
        (self.seconds, &self.fraction)
    }
}

fn read(text: &str) -> Option<Timestamp> {
    let bytes = text.as_bytes();
    if text.len() > 64 || !text.is_ascii() || bytes.len() < 20 || !matches!(bytes[10], b'T' | b't')
    {
        return None;
    }
    let date = Date::parse(&text[..10]).ok()?;
    if bytes[13] != b':' || bytes[16] != b':' {
        return None;
    }
    let (hour, minute, second) = (
        number(&bytes[11..13])?,
        number(&bytes[14..16])?,
        number(&bytes[17..19])?,
    );
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut rest = &text[19..];
    let mut fraction = "";
    if let Some(after) = rest.strip_prefix('.') {
        let digits = after.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return None;
        }
        (fraction, rest) = after.split_at(digits);
    }
    let offset = match rest {
        "Z" | "z" => 0,
        _ => {
            let bytes = rest.as_bytes();
            if bytes.len() != 6 || bytes[3] != b':' {
                return None;
            }
            let (hours, minutes) = (number(&bytes[1..3])?, number(&bytes[4..6])?);
            if hours > 23 || minutes > 59 {
                return None;
            }
            let seconds = i64::from(hours) * 3600 + i64::from(minutes) * 60;
            match bytes[0] {
                b'+' => seconds,
                b'-' => -seconds,
                _ => return None,
            }
        }
    };
    let seconds = date.ordinal() * 86_400
        + i64::from(hour) * 3600
        + i64::from(minute) * 60
        + i64::from(second)
        - offset;
    Some(Timestamp {
        seconds,
        fraction: fraction.trim_end_matches('0').into(),
        text: text.into(),
    })
}

impl PartialEq for Timestamp {
    fn eq(&self, other: &Self) -> bool {
        self.instant() == other.instant()
    }
}

impl Eq for Timestamp {}

impl PartialOrd for Timestamp {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Timestamp {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.instant().cmp(&other.instant())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl FromStr for Timestamp {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}
