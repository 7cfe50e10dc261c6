//! `tracks.parquet`: the works that a report speaks of. A row's number is the work's number in the
//! report's other tables.

use std::io::Write;
use std::path::Path;

use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
use settlement::{Isrc, Kind, Malformed, Territory, Track, WorkId};

use super::columns::{Cell, Column, Cursor, Table, Values, Written};
use super::writing::TableWriter;
use crate::files::FileRefused;

const COLUMNS: &[Column] = &[
    Column::new("track", Cell::U32, Written::Deltas),
    Column::new("id", Cell::Text, Written::Plain),
    Column::new("isrc", Cell::TextOrNone, Written::Plain),
    Column::new("kind", Cell::Text, Written::Dictionary),
    Column::new("home", Cell::TextOrNone, Written::Dictionary),
];

const GROUP: usize = 1 << 17;
/// The longest recording code taken as reported; a proper one has 12 letters and digits.
const ISRC_LIMIT: usize = 64;

/// Reads the works of a report whole, each at the place of its number; `name` is how a refusal
/// calls the file.
///
/// # Errors
/// When it is not a Parquet file with exactly the columns of tracks, a row is not numbered by its
/// place, a work appears twice, or a value is malformed.
pub fn read_tracks(path: &Path, name: &str) -> Result<Vec<Track>, FileRefused> {
    let mut cursor = Cursor::new(Table::open(path, name, COLUMNS)?);
    let mut reading = Reading {
        tracks: Vec::new(),
        rising: true,
        lengths: Vec::new(),
        kind: None,
        home: None,
    };
    let mut columns = None;
    let mut batch = 0;
    loop {
        batch = cursor.advance(
            &mut columns,
            batch,
            Columns::enter,
            Columns::finish,
            Columns::fill,
        )?;
        let Some(columns) = &columns else {
            return reading
                .finish()
                .map_err(|(row, reason)| FileRefused::at(name, row as u64 + 1, reason));
        };
        reading.take(columns).map_err(|(row, reason)| {
            FileRefused::at(name, cursor.row() + row as u64 + 1, reason)
        })?;
    }
}

struct Columns {
    track: Values<Int32Type>,
    id: Values<ByteArrayType>,
    isrc: Values<ByteArrayType>,
    kind: Values<ByteArrayType>,
    home: Values<ByteArrayType>,
}

impl Columns {
    fn enter(table: &Table, group: usize) -> Result<Self, String> {
        Ok(Columns {
            track: Values::new(table, group, 0)?,
            id: Values::new(table, group, 1)?,
            isrc: Values::new(table, group, 2)?,
            kind: Values::new(table, group, 3)?,
            home: Values::new(table, group, 4)?,
        })
    }

    fn fill(&mut self, count: usize) -> Result<(), String> {
        self.track.fill(count)?;
        self.id.fill(count)?;
        self.isrc.fill(count)?;
        self.kind.fill(count)?;
        self.home.fill(count)
    }

    fn finish(&mut self) -> Result<(), String> {
        self.track.finish()?;
        self.id.finish()?;
        self.isrc.finish()?;
        self.kind.finish()?;
        self.home.finish()
    }
}

/// What has been read, and whether each work came after the one before it: then none is there twice.
struct Reading {
    tracks: Vec<Track>,
    rising: bool,
    /// How long each address of a batch is.
    lengths: Vec<u32>,
    /// The kind and the home that were read last: the works of a report have few.
    kind: Option<(ByteArray, Kind)>,
    home: Option<(ByteArray, Territory)>,
}

impl Reading {
    /// Takes a batch in; a refusal says which of its rows is meant.
    fn take(&mut self, columns: &Columns) -> Result<(), (usize, String)> {
        let ids = self.ids(columns)?;
        let names = ids.into_iter().zip(columns.isrc.present());
        let natures = columns.kind.batch().iter().zip(columns.home.present());
        let rows = columns.track.batch().iter().zip(names.zip(natures));
        for (row, (&number, ((id, isrc), (kind, home)))) in rows.enumerate() {
            let refused = |reason: String| (row, reason);
            if u32::try_from(self.tracks.len()) != Ok(number.cast_unsigned()) {
                return Err(refused(format!(
                    "it is numbered {} and stands in place {}",
                    number.cast_unsigned(),
                    self.tracks.len()
                )));
            }
            let track = Track {
                id,
                isrc: isrc.map(recording).transpose().map_err(refused)?.flatten(),
                kind: again(&mut self.kind, kind, Kind::parse).map_err(refused)?,
                home: home
                    .map(|home| again(&mut self.home, home, Territory::parse))
                    .transpose()
                    .map_err(refused)?,
            };
            self.rising = self.rising && self.tracks.last().is_none_or(|last| last.id < track.id);
            self.tracks.push(track);
        }
        Ok(())
    }

    /// The addresses of a batch, in one piece of memory.
    fn ids(&mut self, columns: &Columns) -> Result<Vec<WorkId>, (usize, String)> {
        let ids = columns.id.batch();
        let mut bytes = Vec::with_capacity(ids.iter().map(ByteArray::len).sum());
        self.lengths.clear();
        for id in ids {
            // Longer ones than can be counted are far longer than an address may be.
            self.lengths
                .push(u32::try_from(id.len()).unwrap_or(u32::MAX));
            bytes.extend_from_slice(id.data());
        }
        let Ok(texts) = str::from_utf8(&bytes) else {
            let bad = ids.iter().position(|id| text(id).is_err()).unwrap_or(0);
            return Err((bad, NOT_UTF8.into()));
        };
        WorkId::parse_all(texts, &self.lengths)
            .map_err(|(row, malformed)| (row, malformed.to_string()))
    }

    /// The works, if none is there twice; else the first row that repeats one.
    fn finish(self) -> Result<Vec<Track>, (usize, String)> {
        if !self.rising
            && let Some(row) = first_repeated(&self.tracks)
        {
            let reason = format!("the work {} is there twice", self.tracks[row].id);
            return Err((row, reason));
        }
        Ok(self.tracks)
    }
}

/// The first place of a work that stands at an earlier one, too.
///
/// Each address has a short digest, and each digest a bit among many more than there are works. Only
/// works that share their bit with another are looked at: sorted by digest, and by address where
/// digests are equal. Somebody who makes them equal on purpose gains nothing.
fn first_repeated(tracks: &[Track]) -> Option<usize> {
    const BITS_OF_A_WORK: usize = 16;
    let digests: Vec<u64> = tracks
        .iter()
        .map(|track| short_digest(track.id.as_str().as_bytes()))
        .collect();
    let words = (tracks.len() * BITS_OF_A_WORK / 64 + 1).next_power_of_two();
    let at = |digest: u64| ((digest >> 6) as usize & (words - 1), 1u64 << (digest & 63));
    let (mut seen, mut shared) = (vec![0; words], vec![0; words]);
    for &digest in &digests {
        let (word, bit) = at(digest);
        shared[word] |= seen[word] & bit;
        seen[word] |= bit;
    }
    let mut places: Vec<(u64, u32)> = digests
        .into_iter()
        .zip(0u32..)
        .filter(|&(digest, _)| {
            let (word, bit) = at(digest);
            shared[word] & bit != 0
        })
        .collect();
    places.sort_unstable();
    let id = |place: u32| &tracks[place as usize].id;
    places
        .chunk_by_mut(|one, other| one.0 == other.0)
        .filter(|alike| alike.len() > 1)
        .filter_map(|alike| {
            alike.sort_unstable_by_key(|&(_, place)| (id(place), place));
            let repeats = alike
                .windows(2)
                .filter(|pair| id(pair[0].1) == id(pair[1].1));
            repeats.map(|pair| pair[1].1 as usize).min()
        })
        .min()
}

/// A digest that tells most addresses apart, quickly.
fn short_digest(bytes: &[u8]) -> u64 {
    const ODD: u64 = 0x9e37_79b9_7f4a_7c15;
    let mix = |digest: u64, word: u64| (digest ^ word).wrapping_mul(ODD).rotate_left(29);
    let (words, rest) = bytes.as_chunks::<8>();
    let digest = words.iter().fold(bytes.len() as u64, |digest, word| {
        mix(digest, u64::from_le_bytes(*word))
    });
    let rest = rest
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    mix(mix(digest, rest), 0)
}

fn recording(code: &ByteArray) -> Result<Option<Isrc>, String> {
    match text(code)? {
        long if long.len() > ISRC_LIMIT => Err("its ISRC is too long".into()),
        code => Ok(Isrc::as_reported(code)),
    }
}

/// What a text means, if it is not the one that was read last.
fn again<T: Copy>(
    last: &mut Option<(ByteArray, T)>,
    bytes: &ByteArray,
    parse: impl FnOnce(&str) -> Result<T, Malformed>,
) -> Result<T, String> {
    if let Some((same, meaning)) = last
        && same.data() == bytes.data()
    {
        return Ok(*meaning);
    }
    let meaning = parse(text(bytes)?).map_err(|refusal| refusal.to_string())?;
    *last = Some((bytes.clone(), meaning));
    Ok(meaning)
}

const NOT_UTF8: &str = "a text is not UTF-8";

fn text(bytes: &ByteArray) -> Result<&str, String> {
    bytes.as_utf8().map_err(|_| NOT_UTF8.to_owned())
}

/// Writes the works of a report in their order: same works, same bytes.
///
/// # Errors
/// When the sink cannot be written to.
pub fn write_tracks<W: Write + Send>(sink: W, tracks: &[Track]) -> std::io::Result<W> {
    let mut writer = TableWriter::new(sink, "tracks", COLUMNS)?;
    let mut number = 0i32;
    for rows in tracks.chunks(GROUP) {
        let numbers: Vec<i32> = rows
            .iter()
            .map(|_| {
                let own = number;
                number = number.wrapping_add(1);
                own
            })
            .collect();
        writer.group(|group| {
            group.u32s(&numbers)?;
            group.texts(rows.iter().map(|track| track.id.as_str()))?;
            group.texts_or_none(
                rows.iter()
                    .map(|track| track.isrc.as_ref().map(Isrc::as_str)),
            )?;
            group.texts(rows.iter().map(|track| track.kind.as_str()))?;
            group.texts_or_none(
                rows.iter()
                    .map(|track| track.home.as_ref().map(Territory::as_str)),
            )
        })?;
    }
    writer.finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tracks(ids: impl IntoIterator<Item = u32>) -> Vec<Track> {
        let track = |id: u32| Track {
            id: WorkId::parse(&format!("https://a.example/works/{id}")).unwrap(),
            isrc: None,
            kind: Kind::Music,
            home: None,
        };
        ids.into_iter().map(track).collect()
    }

    #[test]
    fn the_first_row_that_repeats_a_work_is_found() {
        assert_eq!(first_repeated(&tracks([])), None);
        assert_eq!(first_repeated(&tracks((0..5000).rev())), None);
        assert_eq!(first_repeated(&tracks([5, 3, 9, 3, 5, 3])), Some(3));
        assert_eq!(first_repeated(&tracks([7, 7])), Some(1));
        let late = (0..5000).rev().chain([4321, 17]);
        assert_eq!(first_repeated(&tracks(late)), Some(5000));
    }

    #[test]
    fn short_digests_tell_addresses_apart() {
        let mut digests: Vec<u64> = tracks(0..100_000)
            .iter()
            .map(|track| short_digest(track.id.as_str().as_bytes()))
            .collect();
        digests.sort_unstable();
        digests.dedup();
        assert_eq!(digests.len(), 100_000);
    }
}
