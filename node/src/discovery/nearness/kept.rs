//! Nearness as it is kept: one file beside the database, read where it lies. Nothing of it is held
//! in memory but its head, so that a node starts at once and a million works cost no more than ten.
//!
//! The file, numbers little-endian: the head ([`Head`]); where each key ends (u64 each); the keys; where each
//! thing's links end (u64 each); the links (u32 thing, u16 strength, u16 1 when heard together); how many
//! members heard each thing (u32 each); where each thing's marks end (u64 each); the marks (u32 mark, f32
//! weight); for each thing a scale and how known it is (f32 each) and its place
//! (i8 each); last, SHA-256 of everything before it. Things are in the order of their keys.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::FileExt;
use std::path::Path;

use sha2::{Digest, Sha256};

use super::spectrum::Places;
use super::together::Listening;
use super::{Link, Rows};

const MAGIC: &[u8; 24] = b"antiphon nearness, 001\n\0";
const HEAD: u64 = 24 + 8 * 5 + 4 * BEST_KNOWN as u64;
/// How many things count as the best known.
pub const BEST_KNOWN: usize = 10;
/// The longest key that is read, in bytes.
const KEY_LIMIT: u64 = 4096;
/// What shared marks weigh beside listening in an answer to a listener.
const TASTE: f32 = 0.8;
/// Among how many near little-known things each one in an answer is drawn.
const LITTLE: usize = 256;
/// No thing.
const NONE: u32 = u32::MAX;

/// What stands at the beginning of the file.
#[derive(Clone, Copy, Debug)]
struct Head {
    things: u64,
    rank: u64,
    keys: u64,
    links: u64,
    marks: u64,
    best_known: [u32; BEST_KNOWN],
}

/// Nearness, ready to be asked.
#[derive(Debug)]
pub struct Nearness {
    file: File,
    head: Head,
}

/// Writes the file; its digest.
pub fn write(
    keys: &[String],
    listening: &Listening,
    marks: &Rows,
    places: &Places,
    links: &[Vec<Link>],
    out: &mut impl Write,
) -> io::Result<String> {
    let mut out = Digested {
        out,
        hasher: Sha256::new(),
    };
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    // The best known works: a name (`n`) is none of them, though it is as known as its works.
    order.retain(|thing| {
        let thing = *thing as usize;
        listening.listeners[thing] > 0 && !keys[thing].starts_with('n')
    });
    order.sort_by_key(|thing| {
        (
            std::cmp::Reverse(listening.listeners[*thing as usize]),
            *thing,
        )
    });
    out.all(MAGIC)?;
    out.number(keys.len() as u64)?;
    out.number(places.rank as u64)?;
    out.number(keys.iter().map(|key| key.len() as u64).sum())?;
    out.number(links.iter().map(|mine| mine.len() as u64).sum())?;
    out.number(marks.columns.len() as u64)?;
    for at in 0..BEST_KNOWN {
        out.all(&order.get(at).copied().unwrap_or(NONE).to_le_bytes())?;
    }
    let mut end = 0;
    for key in keys {
        end += key.len() as u64;
        out.number(end)?;
    }
    for key in keys {
        out.all(key.as_bytes())?;
    }
    let mut end = 0;
    for mine in links {
        end += mine.len() as u64;
        out.number(end)?;
    }
    for link in links.iter().flatten() {
        out.all(&link.thing.to_le_bytes())?;
        out.all(&link.strength.to_le_bytes())?;
        out.all(&u16::from(link.together).to_le_bytes())?;
    }
    for count in &listening.listeners {
        out.all(&count.to_le_bytes())?;
    }
    for end in &marks.starts[1..] {
        out.number(*end as u64)?;
    }
    for (mark, weight) in marks.columns.iter().zip(&marks.values) {
        out.all(&mark.to_le_bytes())?;
        out.all(&weight.to_le_bytes())?;
    }
    let mut small = Vec::with_capacity(places.rank);
    for thing in 0..keys.len() {
        let place = places.of(thing);
        let largest = place
            .iter()
            .fold(0.0_f32, |most, value| most.max(value.abs()));
        let scale = if largest > 0.0 { largest / 127.0 } else { 1.0 };
        out.all(&scale.to_le_bytes())?;
        out.all(&places.known[thing].to_le_bytes())?;
        small.clear();
        small.extend(
            place
                .iter()
                .map(|value| ((value / scale).round() as i8) as u8),
        );
        out.all(&small)?;
    }
    let digest = out.hasher.finalize();
    out.out.write_all(&digest)?;
    Ok(hex::encode(digest))
}

struct Digested<'o, W> {
    out: &'o mut W,
    hasher: Sha256,
}

impl<W: Write> Digested<'_, W> {
    fn all(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.hasher.update(bytes);
        self.out.write_all(bytes)
    }

    fn number(&mut self, number: u64) -> io::Result<()> {
        self.all(&number.to_le_bytes())
    }
}

fn broken(what: &str) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, what)
}

impl Nearness {
    /// Opens the file; nothing when there is none yet.
    ///
    /// # Errors
    /// When it is not such a file, of this version, whole.
    pub fn open(path: &Path) -> io::Result<Option<Self>> {
        let mut file = match File::open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error),
        };
        let mut head = [0; HEAD as usize];
        file.read_exact(&mut head)?;
        if &head[..24] != MAGIC {
            return Err(broken("not nearness as this version keeps it"));
        }
        let number = |at: usize| {
            let mut eight = [0; 8];
            eight.copy_from_slice(&head[at..at + 8]);
            u64::from_le_bytes(eight)
        };
        let mut best_known = [NONE; BEST_KNOWN];
        for (at, thing) in best_known.iter_mut().enumerate() {
            let mut four = [0; 4];
            four.copy_from_slice(&head[64 + at * 4..68 + at * 4]);
            *thing = u32::from_le_bytes(four);
        }
        let head = Head {
            things: number(24),
            rank: number(32),
            keys: number(40),
            links: number(48),
            marks: number(56),
            best_known,
        };
        let nearness = Nearness { file, head };
        let length = nearness.file.metadata()?.len();
        let limit = u64::from(u32::MAX) * 4096;
        if head.things > u64::from(u32::MAX) - 1 || head.rank > 4096 {
            return Err(broken("nearness has impossible sizes"));
        }
        if head.keys.max(head.links).max(head.marks) > limit
            || nearness.place_at(head.things) + 32 != length
        {
            return Err(broken("nearness is cut short"));
        }
        Ok(Some(nearness))
    }

    /// Whether the file is what was written: reads all of it.
    pub fn is_whole(&self) -> io::Result<bool> {
        let length = self.place_at(self.head.things);
        let mut hasher = Sha256::new();
        let mut bytes = vec![0; 1 << 16];
        let mut at = 0;
        while at < length {
            let some = usize::try_from((length - at).min(1 << 16)).unwrap_or(0);
            self.file.read_exact_at(&mut bytes[..some], at)?;
            hasher.update(&bytes[..some]);
            at += some as u64;
        }
        let mut kept = [0; 32];
        self.file.read_exact_at(&mut kept, length)?;
        Ok(hasher.finalize()[..] == kept)
    }

    fn keys_at(&self) -> u64 {
        HEAD + self.head.things * 8
    }

    fn link_ends_at(&self) -> u64 {
        self.keys_at() + self.head.keys
    }

    fn links_at(&self) -> u64 {
        self.link_ends_at() + self.head.things * 8
    }

    fn listeners_at(&self) -> u64 {
        self.links_at() + self.head.links * 8
    }

    fn mark_ends_at(&self) -> u64 {
        self.listeners_at() + self.head.things * 4
    }

    fn marks_at(&self) -> u64 {
        self.mark_ends_at() + self.head.things * 8
    }

    fn place_at(&self, thing: u64) -> u64 {
        self.marks_at() + self.head.marks * 8 + thing * (8 + self.head.rank)
    }

    /// How many things there are.
    pub fn things(&self) -> u32 {
        u32::try_from(self.head.things).unwrap_or(NONE)
    }

    /// Where the part of this number begins and ends, from the ends written at `from`.
    fn span(&self, from: u64, at: u64, limit: u64) -> io::Result<(u64, u64)> {
        let mut both = [0; 16];
        if at == 0 {
            self.file.read_exact_at(&mut both[8..], from)?;
        } else {
            self.file.read_exact_at(&mut both, from + (at - 1) * 8)?;
        }
        let (begin, end) = both.split_at(8);
        let number = |eight: &[u8]| {
            eight
                .iter()
                .rev()
                .fold(0, |n, byte| n << 8 | u64::from(*byte))
        };
        let (begin, end) = (number(begin), number(end));
        if begin > end || end > limit {
            return Err(broken("nearness points outside itself"));
        }
        Ok((begin, end))
    }

    fn in_range(&self, thing: u32) -> io::Result<u64> {
        let thing = u64::from(thing);
        if thing < self.head.things {
            Ok(thing)
        } else {
            Err(broken("there is no such thing"))
        }
    }

    /// The key of a thing.
    pub fn key(&self, thing: u32) -> io::Result<String> {
        let (begin, end) = self.span(HEAD, self.in_range(thing)?, self.head.keys)?;
        if end - begin > KEY_LIMIT {
            return Err(broken("a key is too long"));
        }
        let mut key = vec![0; (end - begin) as usize];
        self.file.read_exact_at(&mut key, self.keys_at() + begin)?;
        String::from_utf8(key).map_err(|_| broken("a key is not text"))
    }

    /// The thing of this key.
    pub fn thing(&self, key: &str) -> io::Result<Option<u32>> {
        match self.first_from(key)? {
            Some(thing) if self.key(thing)? == key => Ok(Some(thing)),
            _ => Ok(None),
        }
    }

    /// The first thing whose key is this or comes after it.
    pub fn first_from(&self, key: &str) -> io::Result<Option<u32>> {
        let (mut low, mut high) = (0, self.things());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.key(middle)?.as_str() < key {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        Ok((low < self.things()).then_some(low))
    }

    /// What is near a thing, the nearest first.
    pub fn near(&self, thing: u32) -> io::Result<Vec<Link>> {
        let (begin, end) =
            self.span(self.link_ends_at(), self.in_range(thing)?, self.head.links)?;
        if end - begin > 10_000 {
            return Err(broken("a thing has too many links"));
        }
        let mut bytes = vec![0; (end - begin) as usize * 8];
        self.file
            .read_exact_at(&mut bytes, self.links_at() + begin * 8)?;
        Ok(bytes
            .chunks_exact(8)
            .map(|link| Link {
                thing: u32::from_le_bytes([link[0], link[1], link[2], link[3]]),
                strength: u16::from_le_bytes([link[4], link[5]]),
                together: link[6] == 1,
            })
            .filter(|link| u64::from(link.thing) < self.head.things)
            .collect())
    }

    /// How many members heard a thing; 0 where fewer than [`super::BACKED`] did.
    pub fn listeners(&self, thing: u32) -> io::Result<u32> {
        let mut four = [0; 4];
        let at = self.listeners_at() + self.in_range(thing)? * 4;
        self.file.read_exact_at(&mut four, at)?;
        Ok(u32::from_le_bytes(four))
    }

    /// The works that most members heard.
    pub fn best_known(&self) -> impl Iterator<Item = u32> + '_ {
        let known = self.head.best_known.iter().copied();
        known.filter(|thing| u64::from(*thing) < self.head.things)
    }

    /// How known a thing is, and where.
    fn place(&self, thing: u32) -> io::Result<(f32, Vec<f32>)> {
        let mut bytes = vec![0; 8 + self.head.rank as usize];
        let at = self.place_at(self.in_range(thing)?);
        self.file.read_exact_at(&mut bytes, at)?;
        let four = |at: usize| {
            f32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]])
        };
        let (scale, known) = (four(0), four(4));
        let place = bytes[8..].iter().map(|byte| f32::from(*byte as i8) * scale);
        Ok((known, place.collect()))
    }

    /// The marks a thing wears, with how strongly.
    fn marks(&self, thing: u32) -> io::Result<Vec<(u32, f32)>> {
        let (begin, end) =
            self.span(self.mark_ends_at(), self.in_range(thing)?, self.head.marks)?;
        if end - begin > 10_000 {
            return Err(broken("a thing has too many marks"));
        }
        let mut bytes = vec![0; (end - begin) as usize * 8];
        self.file
            .read_exact_at(&mut bytes, self.marks_at() + begin * 8)?;
        let four =
            |eight: &[u8], at: usize| [eight[at], eight[at + 1], eight[at + 2], eight[at + 3]];
        Ok(bytes
            .chunks_exact(8)
            .map(|mark| {
                (
                    u32::from_le_bytes(four(mark, 0)),
                    f32::from_le_bytes(four(mark, 4)),
                )
            })
            .collect())
    }

    /// What somebody who heard these things (each with how much) may love: `count` things, none of
    /// theirs, the likeliest first. The last `little_known` of them are things that fewer than
    /// [`super::BACKED`] members heard, drawn by `seed` among those that are near, so that each gets its turn.
    ///
    /// # Errors
    /// When the file is not what it says.
    pub fn for_listener(
        &self,
        heard: &[(u32, f32)],
        count: usize,
        little_known: usize,
        seed: u64,
    ) -> io::Result<Vec<u32>> {
        let mut wish = vec![0.0_f32; self.head.rank as usize];
        let mut taste: HashMap<u32, f32> = HashMap::new();
        let mut worth = Vec::new();
        for (thing, weight) in heard {
            for (mark, worn) in self.marks(*thing)? {
                *taste.entry(mark).or_default() += weight * worn;
            }
            // What few have heard says where it is less surely than what many have.
            if self.listeners(*thing)? > 0 {
                let (known, place) = self.place(*thing)?;
                for (wish, at) in wish.iter_mut().zip(&place) {
                    *wish += weight / known * at;
                }
            }
            worth.extend(self.near(*thing)?.into_iter().map(|link| link.thing));
        }
        worth.sort_unstable();
        worth.dedup();
        worth.retain(|near| !heard.iter().any(|(thing, _)| thing == near));
        let (mut known_ones, mut little) = (Vec::new(), Vec::new());
        for thing in worth {
            let marked: f32 = self
                .marks(thing)?
                .into_iter()
                .map(|(mark, worn)| worn * taste.get(&mark).copied().unwrap_or(0.0))
                .sum();
            if self.listeners(thing)? > 0 {
                let (known, place) = self.place(thing)?;
                let close = super::spectrum::dot(&wish, &place) * known;
                known_ones.push((close, marked, thing));
            } else {
                little.push((marked, thing));
            }
        }
        let close = scale(known_ones.iter().map(|one| one.0), count);
        let marked = scale(known_ones.iter().map(|one| one.1), count);
        let mut known_ones: Vec<(f32, u32)> = known_ones
            .into_iter()
            .map(|one| (one.0 * close + TASTE * one.1 * marked, one.2))
            .collect();
        let nearest = |all: &mut Vec<(f32, u32)>| {
            all.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        };
        nearest(&mut known_ones);
        nearest(&mut little);
        little.truncate(little_known * LITTLE);
        let mut dice = seed;
        let mut drawn = Vec::new();
        while drawn.len() < little_known && !little.is_empty() {
            let at = (super::spectrum::draw(&mut dice) % little.len() as u64) as usize;
            drawn.push(little.remove(at).1);
        }
        let mut all: Vec<u32> = known_ones.into_iter().map(|(_, thing)| thing).collect();
        all.truncate(count.saturating_sub(drawn.len()));
        all.extend(drawn);
        Ok(all)
    }
}

/// What makes the mean of the `count` largest of these 1.
fn scale(values: impl Iterator<Item = f32>, count: usize) -> f32 {
    let mut values: Vec<f32> = values.collect();
    values.sort_by(|a, b| b.total_cmp(a));
    values.truncate(count);
    let sum: f32 = values.iter().sum();
    if sum > 0.0 {
        values.len() as f32 / sum
    } else {
        0.0
    }
}
