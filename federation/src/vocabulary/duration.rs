//! How long things last, as ActivityStreams writes it.

use std::fmt;

/// How long something lasts, in milliseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Duration {
    /// Milliseconds.
    pub millis: u64,
}

impl Duration {
    /// Reads an xsd:duration without years and months (`PT3M25.5S`).
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix('P')?;
        let (days, time) = match rest.split_once('T') {
            Some((days, time)) if !time.is_empty() => (days, time),
            Some(_) => return None,
            None => (rest, ""),
        };
        let mut seconds = match days {
            "" if time.is_empty() => return None,
            "" => 0,
            _ => whole(days.strip_suffix('D')?)?.checked_mul(86_400)?,
        };
        let mut time = time;
        for (unit, length) in [('H', 3600), ('M', 60)] {
            if let Some((count, rest)) = time.split_once(unit) {
                seconds = whole(count)?.checked_mul(length)?.checked_add(seconds)?;
                time = rest;
            }
        }
        let mut millis = 0;
        if !time.is_empty() {
            let count = time.strip_suffix('S')?;
            let (count, fraction) = count.split_once('.').unwrap_or((count, "0"));
            if fraction.is_empty() || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
                return None;
            }
            millis = format!("{fraction:0<3.3}").parse().ok()?;
            seconds = whole(count)?.checked_add(seconds)?;
        }
        let millis = seconds.checked_mul(1000)?.checked_add(millis)?;
        Some(Self { millis })
    }
}

fn whole(digits: &str) -> Option<u64> {
    (!digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| digits.parse().ok())?
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, millis) = (self.millis / 1000, self.millis % 1000);
        if millis == 0 {
            write!(f, "PT{seconds}S")
        } else {
            write!(f, "PT{seconds}.{millis:03}S")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_any_units_and_written_in_seconds() {
        for (text, millis, written) in [
            ("PT205S", 205_000, "PT205S"),
            ("PT3M25.5S", 205_500, "PT205.500S"),
            ("PT1H", 3_600_000, "PT3600S"),
            ("P1DT1H1M1S", 90_061_000, "PT90061S"),
            ("PT0.0019S", 1, "PT0.001S"),
            ("P2D", 172_800_000, "PT172800S"),
        ] {
            assert_eq!(Duration::parse(text), Some(Duration { millis }), "{text}");
            assert_eq!(Duration { millis }.to_string(), written);
        }
        for bad in [
            "",
            "P",
            "PT",
            "205",
            "PT-1S",
            "P1Y",
            "PT1S1M",
            "PT1.S",
            "PT99999999999999999999S",
            "pt1s",
        ] {
            assert_eq!(Duration::parse(bad), None, "{bad}");
        }
    }
}
