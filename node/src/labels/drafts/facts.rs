//! What is typed about a release and its works: cleaned, and read, or what is wrong with it field by
//! field.

use federation::availability::{Availability, Window};
use federation::identifiers::{Identifier, Scheme};
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use settlement::{BasisPoints, Date, Kind, Place};

use crate::catalogue::import::ern::rights::instant;
use crate::catalogue::tags::cleaned;
use crate::catalogue::{Role, TEXT_LIMIT};
use crate::web::Complaint;
use crate::words::Say;

/// What is typed about a release.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReleaseFacts {
    /// Its title.
    pub title: String,
    /// Whom it is by; several set apart by semicolons.
    pub artist: String,
    /// What its works are.
    pub kind: String,
    /// The year it came out.
    pub year: String,
    /// What genre it is said to be.
    pub genre: String,
    /// Its bar code.
    pub icpn: String,
    /// From which day it may be played.
    pub from: String,
    /// Where it may be played.
    pub territories: String,
    /// On which day it was licensed to the network.
    pub licensed_on: String,
    /// The collecting society that has the same rights.
    pub society: String,
    /// What the label shares, in per cent.
    pub label_part: String,
    /// Who made the recordings.
    pub producer: String,
    /// What they share, in per cent.
    pub producer_part: String,
    /// Who administers the songs.
    pub publisher: String,
    /// What they share, in per cent.
    pub publisher_part: String,
}

/// What is typed about a work.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct WorkFacts {
    /// Its title.
    pub title: String,
    /// Whom it is by, where that differs from the release.
    pub artist: String,
    /// Its recording code.
    pub isrc: String,
    /// Who composed it.
    pub composer: String,
}

/// What is right about a release, read.
pub(super) struct Checked {
    pub(super) kind: Kind,
    pub(super) year: Option<u16>,
    pub(super) icpn: Option<Identifier>,
    pub(super) rights: Option<Availability>,
    pub(super) split: Vec<(Role, BasisPoints)>,
}

impl ReleaseFacts {
    /// The texts cleaned, or what is wrong with them, field by field.
    ///
    /// # Errors
    /// A complaint for each field that cannot be used.
    pub fn tidy(mut self, zone: &TimeZone) -> Result<Self, Vec<Complaint>> {
        let mut wrong = Vec::new();
        let fields: [(&'static str, &mut String); 15] = [
            ("title", &mut self.title),
            ("artist", &mut self.artist),
            ("kind", &mut self.kind),
            ("year", &mut self.year),
            ("genre", &mut self.genre),
            ("icpn", &mut self.icpn),
            ("from", &mut self.from),
            ("territories", &mut self.territories),
            ("licensed_on", &mut self.licensed_on),
            ("society", &mut self.society),
            ("label_part", &mut self.label_part),
            ("producer", &mut self.producer),
            ("producer_part", &mut self.producer_part),
            ("publisher", &mut self.publisher),
            ("publisher_part", &mut self.publisher_part),
        ];
        for (field, text) in fields {
            clean(field, text, &mut wrong);
        }
        for (field, text, key) in [
            ("title", &self.title, "labels-title-missing"),
            ("artist", &self.artist, "labels-artist-missing"),
        ] {
            if names(text).is_empty() {
                complain(&mut wrong, field, Say::new(key));
            }
        }
        if let Err(more) = self.checked(zone) {
            wrong.extend(more);
        }
        match wrong.is_empty() {
            true => Ok(self),
            false => Err(wrong),
        }
    }

    pub(super) fn checked(&self, zone: &TimeZone) -> Result<Checked, Vec<Complaint>> {
        let mut wrong = Vec::new();
        let kind = match self.kind.as_str() {
            "" => Kind::Music,
            said => Kind::parse(said).unwrap_or(Kind::Music),
        };
        let year = match self.year.as_str() {
            "" => None,
            text => {
                let year = text
                    .parse()
                    .ok()
                    .filter(|year| (1_000..=9_999).contains(year));
                if year.is_none() {
                    complain(&mut wrong, "year", Say::new("labels-year-wrong"));
                }
                year
            }
        };
        let icpn = code("icpn", Scheme::Icpn, &self.icpn, &mut wrong);
        if !self.licensed_on.is_empty() && Date::parse(&self.licensed_on).is_err() {
            complain(&mut wrong, "licensed_on", Say::new("labels-day-wrong"));
        }
        let rights = self.rights(zone, &mut wrong);
        let split = self.split(&mut wrong);
        match wrong.is_empty() {
            true => Ok(Checked {
                kind,
                year,
                icpn,
                rights,
                split,
            }),
            false => Err(wrong),
        }
    }

    fn rights(&self, zone: &TimeZone, wrong: &mut Vec<Complaint>) -> Option<Availability> {
        let from_us = match self.from.as_str() {
            "" => None,
            text => {
                let from = instant(text, zone, false);
                if from.is_none() {
                    complain(wrong, "from", Say::new("labels-day-wrong"));
                }
                from
            }
        };
        let mut places = Vec::new();
        for text in self.territories.split([' ', ',', ';']) {
            match Place::parse(&text.to_uppercase()) {
                _ if text.is_empty() => {}
                Ok(place) => places.push(place),
                Err(_) => {
                    let say = Say::new("labels-territory-wrong");
                    complain(wrong, "territories", say.with("code", text));
                }
            }
        }
        if from_us.is_none() && places.is_empty() {
            return None;
        }
        if places.is_empty() {
            places.push(Place::Everywhere);
        }
        Some(Availability {
            windows: vec![Window {
                places,
                except: Vec::new(),
                from_us,
                until_us: None,
            }],
        })
    }

    /// Who shares by role: what the others do not have is the artists'.
    fn split(&self, wrong: &mut Vec<Complaint>) -> Vec<(Role, BasisPoints)> {
        let mut parts = Vec::new();
        let mut sum = 0;
        for (field, text, named, role) in [
            ("label_part", &self.label_part, true, Role::Label),
            (
                "producer_part",
                &self.producer_part,
                !self.producer.is_empty(),
                Role::Producer,
            ),
            (
                "publisher_part",
                &self.publisher_part,
                !self.publisher.is_empty(),
                Role::Publisher,
            ),
        ] {
            if text.is_empty() {
                continue;
            }
            let Some(bp) = basis_points(text) else {
                complain(wrong, field, Say::new("labels-part-wrong"));
                continue;
            };
            if bp > 0 && !named {
                complain(wrong, field, Say::new("labels-part-of-nobody"));
            }
            sum += bp;
            if let Some(bp) = BasisPoints::new(bp).filter(|_| bp > 0) {
                parts.push((role, bp));
            }
        }
        let whole = BasisPoints::WHOLE.get();
        if sum > whole {
            complain(wrong, "label_part", Say::new("labels-parts-too-many"));
            return parts;
        }
        if let Some(rest) = BasisPoints::new(whole - sum).filter(|rest| rest.get() > 0) {
            parts.insert(0, (Role::Artist, rest));
        }
        parts
    }

    /// What is left for the artists, in per cent as it is written; nothing where the parts are wrong.
    pub fn artists_part(&self) -> Option<String> {
        let mut wrong = Vec::new();
        let split = self.split(&mut wrong);
        let artists = split.iter().find(|(role, _)| *role == Role::Artist);
        let bp = artists.map_or(0, |(_, bp)| bp.get());
        let text = match bp % 100 {
            0 => format!("{}", bp / 100),
            rest => format!("{},{rest:02}", bp / 100),
        };
        wrong.is_empty().then_some(text)
    }
}

impl WorkFacts {
    /// The texts cleaned, or what is wrong with them, field by field.
    ///
    /// # Errors
    /// A complaint for each field that cannot be used.
    pub fn tidy(mut self) -> Result<Self, Vec<Complaint>> {
        let mut wrong = Vec::new();
        for (field, text) in [
            ("title", &mut self.title),
            ("artist", &mut self.artist),
            ("isrc", &mut self.isrc),
            ("composer", &mut self.composer),
        ] {
            clean(field, text, &mut wrong);
        }
        if self.title.is_empty() {
            complain(&mut wrong, "title", Say::new("labels-title-missing"));
        }
        code("isrc", Scheme::Isrc, &self.isrc, &mut wrong);
        match wrong.is_empty() {
            true => Ok(self),
            false => Err(wrong),
        }
    }
}

pub(super) fn complain(wrong: &mut Vec<Complaint>, field: &'static str, say: Say) {
    wrong.push(Complaint { field, say });
}

fn clean(field: &'static str, text: &mut String, wrong: &mut Vec<Complaint>) {
    // Before anything walks over it: hostile texts are long.
    let short: String = text.chars().take(TEXT_LIMIT + 1).collect();
    let (clean, cut) = cleaned(&short);
    if cut || text.len() > TEXT_LIMIT * 4 {
        let say = Say::new("labels-too-long").with("limit", TEXT_LIMIT);
        complain(wrong, field, say);
    }
    *text = clean;
}

pub(super) fn code(
    field: &'static str,
    scheme: Scheme,
    text: &str,
    wrong: &mut Vec<Complaint>,
) -> Option<Identifier> {
    if text.is_empty() {
        return None;
    }
    match Identifier::parse(scheme, text) {
        Ok(code) => Some(code),
        Err(why) => {
            let say = Say::new("catalogue-code-malformed")
                .with("scheme", scheme.name())
                .with("code", text.chars().take(40).collect::<String>());
            complain(wrong, field, say.with("reason", why));
            None
        }
    }
}

/// `30`, `12.5` or `12,5` per cent, in basis points.
pub(super) fn basis_points(text: &str) -> Option<u32> {
    let text = text.trim_end_matches('%').trim();
    let (whole, fraction) = text.split_once(['.', ',']).unwrap_or((text, ""));
    let digits = |text: &str, most: usize| {
        let plain = text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit());
        plain.then_some(())
    };
    digits(whole, 3)?;
    digits(fraction, 2)?;
    let whole: u32 = whole.parse().ok()?;
    let hundredths: u32 = format!("{fraction:0<2}").parse().ok()?;
    let bp = whole * 100 + hundredths;
    (bp <= BasisPoints::WHOLE.get()).then_some(bp)
}

/// Names set apart by semicolons.
pub(super) fn names(text: &str) -> Vec<String> {
    let names = text.split(';').map(str::trim);
    let names = names.filter(|name| !name.is_empty());
    names.map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn per_cents_are_read_as_people_write_them() {
        for (text, bp) in [
            ("30", Some(3_000)),
            ("12,5", Some(1_250)),
            ("12.05 %", Some(1_205)),
            ("100", Some(10_000)),
            ("0", Some(0)),
            ("100,01", None),
            ("-1", None),
            ("1,234", None),
            ("abc", None),
            ("", None),
            ("99999999999", None),
        ] {
            assert_eq!(basis_points(text), bp, "{text}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_field_by_field_and_what_the_artists_keep_is_the_rest() {
        let facts = ReleaseFacts {
            title: " \u{202e} ".into(),
            artist: ";".into(),
            year: "26".into(),
            icpn: "3700000000010".into(),
            from: "tomorrow".into(),
            territories: "FR F!".into(),
            licensed_on: "2026-02-30".into(),
            label_part: "60".into(),
            producer: "Ana".into(),
            producer_part: "60".into(),
            publisher_part: "1".into(),
            ..ReleaseFacts::default()
        };
        let wrong = facts.tidy(&TimeZone::UTC).unwrap_err();
        let mut fields: Vec<&str> = wrong.iter().map(|complaint| complaint.field).collect();
        fields.sort_unstable();
        fields.dedup();
        assert_eq!(
            fields,
            [
                "artist",
                "from",
                "icpn",
                "label_part",
                "licensed_on",
                "publisher_part",
                "territories",
                "title",
                "year"
            ]
        );
        let facts = ReleaseFacts {
            title: "Rives".into(),
            artist: "Ana ; Bo".into(),
            label_part: "30".into(),
            producer: "Cy".into(),
            producer_part: "12,5".into(),
            ..ReleaseFacts::default()
        };
        let facts = facts.tidy(&TimeZone::UTC).unwrap();
        assert_eq!(facts.artists_part().as_deref(), Some("57,50"));
        let split = facts.checked(&TimeZone::UTC).ok().unwrap().split;
        let sum: u32 = split.iter().map(|(_, bp)| bp.get()).sum();
        assert_eq!((split.len(), sum), (3, 10_000));
    }
}
