//! One row of a table, read by the names of its columns.

use std::collections::{BTreeSet, HashMap};

use csv::StringRecord;
use federation::availability::{Availability, Window};
use federation::identifiers::{Identifier, Scheme};
use federation::vocabulary::Duration;
use jiff::tz::TimeZone;
use settlement::{Kind, Place};

use super::super::entry::{PartyEntry, ReleaseEntry, WorkEntry};
use super::super::ern::rights::instant;
use super::super::split_of;
use crate::catalogue::fold::fold;
use crate::catalogue::mandates::MandateWords;
use crate::catalogue::tags::cleaned;
use crate::catalogue::{Role, TEXT_LIMIT};
use crate::words::Say;

/// The most columns.
const COLUMNS_LIMIT: usize = 200;
/// The longest work, in milliseconds: a week.
const DURATION_LIMIT_MS: u64 = 7 * 24 * 3600 * 1000;

/// The columns, by the name the code calls them and the names a table may.
const COLUMNS: [(&str, &[&str]); 34] = [
    ("id", &["id", "identifiant"]),
    ("kind", &["kind", "type", "nature"]),
    ("title", &["title", "titre"]),
    (
        "artist",
        &[
            "artist",
            "artiste",
            "author",
            "auteur",
            "director",
            "realisateur",
            "developer",
        ],
    ),
    ("release", &["release", "album", "parution"]),
    (
        "release_artist",
        &["release_artist", "album_artist", "artiste_album"],
    ),
    ("label", &["label", "publisher_name", "editeur"]),
    ("producer", &["producer", "producteur"]),
    ("publisher", &["publisher", "editeur_musical"]),
    ("composer", &["composer", "compositeur"]),
    ("lyricist", &["lyricist", "parolier"]),
    ("performer", &["performer", "interprete"]),
    ("disc", &["disc", "disque"]),
    ("position", &["position", "track", "piste"]),
    ("duration", &["duration", "duree", "length"]),
    ("year", &["year", "annee", "date"]),
    ("genre", &["genre"]),
    ("file", &["file", "fichier"]),
    ("cover", &["cover", "pochette", "couverture"]),
    ("isrc", &["isrc"]),
    ("iswc", &["iswc"]),
    ("isbn", &["isbn"]),
    ("icpn", &["icpn", "upc", "ean", "barcode"]),
    ("isni", &["isni", "artist_isni"]),
    ("ipi", &["ipi", "artist_ipi"]),
    ("musicbrainz", &["musicbrainz", "mbid", "musicbrainz_id"]),
    ("territories", &["territories", "territoires"]),
    ("except", &["except", "sauf"]),
    ("from", &["from", "a_partir_du"]),
    ("until", &["until", "jusqu_au"]),
    ("licensed_by", &["licensed_by", "licencie_par"]),
    ("licensed_on", &["licensed_on", "licencie_le"]),
    ("licensed_for", &["licensed_for", "licencie_pour"]),
    ("society", &["society", "societe"]),
];
/// Columns that are about who shares and about what goes.
const MORE: [(&str, &[&str]); 2] = [
    ("split", &["split", "parts"]),
    ("withdrawn", &["withdrawn", "retire"]),
];

/// Which columns a table has.
pub(super) struct Columns {
    at: HashMap<&'static str, usize>,
    count: usize,
    /// Names that are not known here.
    pub(super) unknown: Vec<String>,
}

impl Columns {
    pub(super) fn of(header: &StringRecord) -> Result<Self, Say> {
        let mut columns = Columns {
            at: HashMap::new(),
            count: header.len(),
            unknown: Vec::new(),
        };
        for (at, name) in header.iter().enumerate().take(COLUMNS_LIMIT) {
            let name = fold(name).replace(' ', "_");
            let known = COLUMNS
                .iter()
                .chain(&MORE)
                .find(|(_, names)| names.contains(&name.as_str()));
            match known {
                Some((known, _)) if !columns.at.contains_key(known) => {
                    columns.at.insert(known, at);
                }
                _ if name.is_empty() => {}
                _ => columns.unknown.push(name.chars().take(40).collect()),
            }
        }
        for wanted in ["title", "artist"] {
            if !columns.at.contains_key(wanted) {
                return Err(Say::new("catalogue-table-no-column").with("column", wanted));
            }
        }
        Ok(columns)
    }
}

/// A row that can be taken, but for its files.
pub(super) struct Row {
    pub(super) line: u64,
    pub(super) release: ReleaseEntry,
    pub(super) work: WorkEntry,
    pub(super) file: Option<String>,
    pub(super) cover: Option<String>,
    pub(super) withdrawn: bool,
}

/// A row by the names of its columns.
pub(super) struct Cells<'r> {
    pub(super) columns: &'r Columns,
    pub(super) record: &'r StringRecord,
}

impl Cells<'_> {
    fn text(&self, name: &str) -> Result<Option<String>, Say> {
        let Some(text) = self
            .columns
            .at
            .get(name)
            .and_then(|at| self.record.get(*at))
        else {
            return Ok(None);
        };
        // Before anything walks over it: hostile texts are long.
        if text.len() > TEXT_LIMIT * 4 {
            let long = Say::new("catalogue-table-long");
            return Err(long.with("column", name).with("limit", TEXT_LIMIT));
        }
        let (text, cut) = cleaned(text);
        if cut {
            let long = Say::new("catalogue-table-long");
            return Err(long.with("column", name).with("limit", TEXT_LIMIT));
        }
        Ok((!text.is_empty()).then_some(text))
    }

    fn required(&self, name: &'static str) -> Result<String, Say> {
        self.text(name)?
            .ok_or_else(|| Say::new("catalogue-table-missing").with("column", name))
    }

    fn read<T>(
        &self,
        name: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<Option<T>, Say> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        read(&text).map(Some).ok_or_else(|| unread(name, &text))
    }

    /// Names set apart by semicolons or bars.
    fn names(&self, name: &str) -> Result<Vec<String>, Say> {
        let text = self.text(name)?.unwrap_or_default();
        let names = text.split([';', '|']).map(str::trim);
        Ok(names
            .filter(|name| !name.is_empty())
            .map(str::to_owned)
            .collect())
    }

    fn code(&self, name: &'static str, scheme: Scheme) -> Result<Option<Identifier>, Say> {
        let Some(text) = self.text(name)? else {
            return Ok(None);
        };
        Identifier::parse(scheme, &text).map(Some).map_err(|why| {
            Say::new("catalogue-code-malformed")
                .with("scheme", scheme.name())
                .with("code", text.chars().take(40).collect::<String>())
                .with("reason", why)
        })
    }
}

fn unread(column: &str, text: &str) -> Say {
    let text: String = text.chars().take(40).collect();
    Say::new("catalogue-table-unread")
        .with("column", column)
        .with("text", text)
}

/// Reads a row.
pub(super) fn row(cells: &Cells<'_>, line: u64, zone: &TimeZone) -> Result<Row, Say> {
    if cells.record.len() > cells.columns.count {
        return Err(Say::new("catalogue-table-too-wide"));
    }
    let kind = cells.read("kind", kind)?.unwrap_or(Kind::Music);
    let title = cells.required("title")?;
    let artists = cells.names("artist")?;
    let credit = cells
        .required("artist")?
        .replace(['|'], ";")
        .replace(';', ",");
    let credit = cleaned(&credit.replace(" ,", ",")).0;
    if artists.is_empty() {
        return Err(Say::new("catalogue-table-missing").with("column", "artist"));
    }
    let icpn = cells.code("icpn", Scheme::Icpn)?;
    let isrc = cells.code("isrc", Scheme::Isrc)?;
    let mut codes: Vec<Identifier> = Vec::new();
    codes.extend(isrc.clone());
    codes.extend(cells.code("iswc", Scheme::Iswc)?);
    codes.extend(cells.code("isbn", Scheme::Isbn)?);
    codes.extend(cells.code("musicbrainz", Scheme::MusicBrainz)?);
    let mut first = PartyEntry::named(&artists[0]);
    first.codes.extend(cells.code("isni", Scheme::Isni)?);
    first.codes.extend(cells.code("ipi", Scheme::Ipi)?);
    let release_title = cells.text("release")?.unwrap_or_else(|| title.clone());
    let release_artist = cells.text("release_artist")?;
    let (disc, position) = (cells.read("disc", place)?, cells.read("position", place)?);
    let label = cells.text("label")?;
    let year = cells.read("year", year)?;
    let genre = cells.text("genre")?;
    let mandate = MandateWords {
        licensor: cells.text("licensed_by")?,
        granted: cells.text("licensed_on")?,
        scope: cells.text("licensed_for")?,
        society: cells.text("society")?,
    };
    if let Some(day) = &mandate.granted
        && settlement::Date::parse(day).is_err()
    {
        return Err(unread("licensed_on", day));
    }
    let by = release_artist.as_deref().unwrap_or(&credit);
    let release_key = match &icpn {
        Some(icpn) => format!("csv|release|icpn|{}", icpn.value()),
        None => format!("csv|release|{}|{}", fold(by), fold(&release_title)),
    };
    let key = match (cells.text("id")?, &isrc) {
        (Some(id), _) => format!("csv|id|{id}"),
        (None, Some(isrc)) => format!("csv|isrc|{}", isrc.value()),
        (None, None) => format!(
            "csv|{}|{release_key}|{}|{}|{}",
            kind.as_str(),
            disc.unwrap_or(0),
            position.unwrap_or(0),
            fold(&title)
        ),
    };
    let others = artists[1..].iter().map(PartyEntry::named);
    let mut who: Vec<(PartyEntry, Role)> = std::iter::once(first.clone())
        .chain(others)
        .map(|artist| (artist, Role::Artist))
        .collect();
    let mut credits: Vec<(PartyEntry, String)> = Vec::new();
    for (column, word, role) in [
        ("performer", "Performer", None),
        ("composer", "Composer", None),
        ("lyricist", "Lyricist", None),
        ("producer", "Producer", Some(Role::Producer)),
        ("publisher", "MusicPublisher", Some(Role::Publisher)),
    ] {
        for name in cells.names(column)? {
            let party = PartyEntry::named(name);
            who.extend(role.map(|role| (party.clone(), role)));
            credits.push((party, word.to_owned()));
        }
    }
    who.extend(
        label
            .as_ref()
            .map(|label| (PartyEntry::named(label), Role::Label)),
    );
    let mut seen = BTreeSet::new();
    who.retain(|pair| seen.insert(pair.clone()));
    let file = cells.text("file")?;
    let duration_ms = cells.read("duration", duration)?;
    let must_last = kind == Kind::Film || (kind == Kind::Music && file.is_none());
    if must_last && duration_ms.is_none() {
        return Err(Say::new("catalogue-table-missing").with("column", "duration"));
    }
    let split = match cells.text("split")? {
        Some(text) => Some(split_of(&text).ok_or_else(|| unread("split", &text))?),
        None => None,
    };
    let release = ReleaseEntry {
        key: release_key,
        title: release_title,
        credit: by.to_owned(),
        artist: Some(match &release_artist {
            Some(name) => PartyEntry::named(name),
            None => first,
        }),
        label: label.map(PartyEntry::named),
        codes: icpn.into_iter().collect(),
        year,
        genre: genre.clone(),
        cover: None,
        mandate: mandate.clone(),
    };
    let work = WorkEntry {
        key,
        kind,
        title,
        credit,
        who,
        credits,
        disc,
        position,
        codes,
        duration_ms: duration_ms.unwrap_or(0),
        file: None,
        genre,
        year,
        rights: rights(cells, zone)?,
        mandate,
        split,
    };
    Ok(Row {
        line,
        release,
        work,
        file,
        cover: cells.text("cover")?,
        withdrawn: cells.read("withdrawn", yes)?.unwrap_or(false),
    })
}

/// The window of a row; none when it says nothing of where and when.
fn rights(cells: &Cells<'_>, zone: &TimeZone) -> Result<Option<Availability>, Say> {
    let places = |name: &'static str| -> Result<Vec<Place>, Say> {
        let text = cells.text(name)?.unwrap_or_default();
        text.split([' ', ',', ';', '|'])
            .filter(|code| !code.is_empty())
            .map(|code| match code.to_lowercase().as_str() {
                "worldwide" | "*" => Ok(Place::Everywhere),
                _ => Place::parse(&code.to_uppercase()).map_err(|_| unread(name, code)),
            })
            .collect()
    };
    let (territories, except) = (places("territories")?, places("except")?);
    let from_us = cells.read("from", |text| instant(text, zone, false))?;
    let until_us = cells.read("until", |text| instant(text, zone, true))?;
    let says_nothing =
        territories.is_empty() && except.is_empty() && from_us.is_none() && until_us.is_none();
    if says_nothing {
        return Ok(None);
    }
    if let (Some(from), Some(until)) = (from_us, until_us)
        && until <= from
    {
        return Err(Say::new("catalogue-table-until"));
    }
    let places = match territories.is_empty() {
        true => vec![Place::Everywhere],
        false => territories,
    };
    Ok(Some(Availability {
        windows: vec![Window {
            places,
            except,
            from_us,
            until_us,
        }],
    }))
}

fn kind(text: &str) -> Option<Kind> {
    match fold(text).as_str() {
        "music" | "musique" | "track" | "morceau" | "audio" => Some(Kind::Music),
        "film" | "video" | "movie" => Some(Kind::Film),
        "game" | "jeu" | "jeu video" => Some(Kind::Game),
        "book" | "livre" | "ebook" => Some(Kind::Book),
        _ => None,
    }
}

fn place(text: &str) -> Option<u32> {
    let number = text.split('/').next()?.trim().parse().ok()?;
    (1..=9_999).contains(&number).then_some(number)
}

fn year(text: &str) -> Option<u16> {
    let year = text.get(..4)?.parse().ok()?;
    (1_000..=9_999).contains(&year).then_some(year)
}

fn yes(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "yes" | "true" | "1" | "oui" => Some(true),
        "no" | "false" | "0" | "non" => Some(false),
        _ => None,
    }
}

/// `205`, `205.5`, `3:25`, `1:02:03` or `PT3M25S`, in milliseconds.
fn duration(text: &str) -> Option<u64> {
    let millis = if text.starts_with('P') {
        Duration::parse(text)?.millis
    } else {
        let mut parts = text.split(':').rev();
        let (whole, fraction) = match parts.next()?.split_once(['.', ',']) {
            Some((whole, fraction)) => (whole, fraction),
            None => (text.rsplit(':').next()?, ""),
        };
        let digits = |text: &str| -> Option<u64> {
            let plain =
                !text.is_empty() && text.len() < 9 && text.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| text.parse().ok())?
        };
        let mut seconds = digits(whole)?;
        for (part, length) in parts.by_ref().take(2).zip([60, 3600]) {
            seconds += digits(part)? * length;
        }
        if parts.next().is_some() {
            return None;
        }
        let millis = match fraction {
            "" => 0,
            fraction => {
                digits(fraction)?;
                format!("{fraction:0<3.3}").parse().ok()?
            }
        };
        seconds * 1000 + millis
    };
    (1..=DURATION_LIMIT_MS).contains(&millis).then_some(millis)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_read_as_people_write_it() {
        for (text, millis) in [
            ("205", Some(205_000)),
            ("205.5", Some(205_500)),
            ("205,25", Some(205_250)),
            ("3:25", Some(205_000)),
            ("1:02:03", Some(3_723_000)),
            ("3:25.120", Some(205_120)),
            ("PT3M25S", Some(205_000)),
            ("", None),
            ("0", None),
            ("-5", None),
            ("3:", None),
            ("1:1:1:1", None),
            ("99999999999999999999", None),
            ("abc", None),
            ("9999999", None),
        ] {
            assert_eq!(duration(text), millis, "{text}");
        }
    }
}
