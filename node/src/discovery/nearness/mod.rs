//! Nearness: which works and names are near each other, as numbers.
//!
//! It is made of two things only. **Listening**, as sums over members: two things are heard together
//! when at least [`BACKED`] distinct members heard both; what fewer did is nowhere in it, not even as
//! a rounding. And **marks** that anybody may read: a shared label, genre, artist, selection.
//! Both are one symmetric matrix, and its strongest directions ([`spectrum`]) give each thing a
//! place: near places are near things. A thing that nobody has heard yet has a place by its marks.
//!
//! The same material gives the same bytes: every sum is taken in a fixed order, whatever the
//! number of threads. The result is one file ([`kept::Nearness`]) that is read where it lies.

pub mod kept;
pub mod spectrum;
pub mod together;

use std::io::Write;

/// How many distinct members must stand behind anything that is derived from listening.
pub const BACKED: u32 = 5;
/// The most things of one member that are looked at.
pub const HEARD_LIMIT: usize = 200;
/// How many of the nearest known things are kept for a thing, and half as many little-known ones.
const LINKS: usize = 24;
/// How many more are kept for being near and known.
const STRONG: usize = 48;
/// How many things that share a mark are looked at for a thing.
const MATES: usize = 12;

/// What nearness is made of. Things are numbered by their place in `keys`.
#[derive(Debug, Default)]
pub struct Material {
    /// The key of each thing, in ascending order, none twice.
    pub keys: Vec<String>,
    /// What each member heard, what they heard most first. Only sums over members are derived.
    pub members: Vec<Vec<u32>>,
    /// The marks of each thing, with how strongly it wears them.
    pub marks: Vec<Vec<(u32, f32)>>,
    /// How many marks there are.
    pub mark_count: usize,
}

/// A sparse matrix, row by row.
#[derive(Debug, Default)]
pub struct Rows {
    /// Where each row begins, and one more for the end.
    pub starts: Vec<usize>,
    /// The columns of every row, ascending within a row.
    pub columns: Vec<u32>,
    /// The values beside them.
    pub values: Vec<f32>,
}

impl Rows {
    fn begun() -> Self {
        Rows {
            starts: vec![0],
            ..Rows::default()
        }
    }

    fn push(&mut self, column: u32, value: f32) {
        self.columns.push(column);
        self.values.push(value);
    }

    fn end_row(&mut self) {
        self.starts.push(self.columns.len());
    }

    /// One row.
    pub fn row(&self, at: usize) -> impl Iterator<Item = (usize, f32)> + '_ {
        let span = self.starts[at]..self.starts[at + 1];
        self.columns[span.clone()]
            .iter()
            .zip(&self.values[span])
            .map(|(column, value)| (*column as usize, *value))
    }

    /// The columns become rows.
    pub fn turned(&self, columns: usize) -> Rows {
        let mut starts = vec![0; columns + 1];
        for column in &self.columns {
            starts[*column as usize + 1] += 1;
        }
        for at in 0..columns {
            starts[at + 1] += starts[at];
        }
        let mut next = starts.clone();
        let mut turned = Rows {
            columns: vec![0; self.columns.len()],
            values: vec![0.0; self.values.len()],
            starts,
        };
        for row in 0..self.starts.len() - 1 {
            for (column, value) in self.row(row) {
                turned.columns[next[column]] = u32::try_from(row).unwrap_or(u32::MAX);
                turned.values[next[column]] = value;
                next[column] += 1;
            }
        }
        turned
    }
}

/// What came of a build.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Things with a place.
    pub things: usize,
    /// Members whose listening was looked at.
    pub members: usize,
    /// Pairs that enough members heard together.
    pub pairs: usize,
    /// Links that are kept.
    pub links: usize,
    /// SHA-256 of the file, in hexadecimal digits.
    pub digest: String,
}

/// Makes nearness of this material and writes it.
///
/// # Errors
/// When it cannot be written.
pub fn build(material: &Material, out: &mut impl Write) -> std::io::Result<Built> {
    let things = material.keys.len();
    let listening = together::listening(things, &material.members);
    let marks = marks(material);
    let worn = marks.turned(material.mark_count);
    let places = spectrum::places(&listening, &marks, material.mark_count);
    let links = spectrum::share_out(things, 1, |span| {
        let mut mine: Vec<Vec<Link>> = Vec::with_capacity(span.len());
        for thing in span {
            mine.push(links_of(thing, &listening, &marks, &worn, &places));
        }
        mine
    });
    let links: Vec<Vec<Link>> = links.into_iter().flatten().collect();
    let digest = kept::write(&material.keys, &listening, &marks, &places, &links, out)?;
    Ok(Built {
        things,
        members: material.members.len(),
        pairs: listening.pairs.columns.len() / 2,
        links: links.iter().map(Vec::len).sum(),
        digest,
    })
}

/// A link from one thing to another.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Link {
    /// The other thing.
    pub thing: u32,
    /// How near it is, from 0 (not at all) to 65535 (the same place).
    pub strength: u16,
    /// Whether [`BACKED`] members or more heard both.
    pub together: bool,
}

/// The marks as a matrix: rare marks weigh more, and every thing's row is one long.
fn marks(material: &Material) -> Rows {
    let things = material.keys.len();
    let mut wearers = vec![0_u32; material.mark_count];
    for (mark, _) in material.marks.iter().flatten() {
        wearers[*mark as usize] += 1;
    }
    let rarity: Vec<f32> = wearers
        .iter()
        .map(|count| match count {
            // Worn by one alone, a mark brings nothing near.
            0 | 1 => 0.0,
            count => ((1 + things) as f32 / (1 + count) as f32).ln(),
        })
        .collect();
    let mut rows = Rows::begun();
    for thing in &material.marks {
        let mut mine: Vec<(u32, f32)> = thing
            .iter()
            .map(|(mark, worn)| (*mark, worn * rarity[*mark as usize]))
            .filter(|(_, weight)| *weight > 0.0)
            .collect();
        mine.sort_by_key(|(mark, _)| *mark);
        mine.dedup_by_key(|(mark, _)| *mark);
        let length = mine.iter().map(|(_, w)| w * w).sum::<f32>().sqrt();
        for (mark, weight) in mine {
            rows.push(mark, weight / length);
        }
        rows.end_row();
    }
    rows
}

/// The nearest of what is worth looking at: what was heard together with it, what was heard
/// together with that, and some that share its rarest marks.
fn links_of(
    thing: usize,
    listening: &together::Listening,
    marks: &Rows,
    worn: &Rows,
    places: &spectrum::Places,
) -> Vec<Link> {
    let pairs = &listening.pairs;
    let mut seen: Vec<u32> = pairs.row(thing).map(|(near, _)| near as u32).collect();
    let direct = seen.clone();
    let mut strongest: Vec<(usize, f32)> = pairs.row(thing).collect();
    strongest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (near, _) in strongest.iter().take(8) {
        seen.extend(pairs.row(*near).take(64).map(|(far, _)| far as u32));
    }
    let mut rarest: Vec<(usize, f32)> = marks.row(thing).collect();
    rarest.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    for (mark, _) in rarest.iter().take(6) {
        let mates = &worn.columns[worn.starts[*mark]..worn.starts[*mark + 1]];
        // Of many that share it, others for each thing.
        let stride = mates.len().div_ceil(MATES).max(1);
        seen.extend(mates.iter().skip(thing % stride).step_by(stride));
    }
    seen.sort_unstable();
    seen.dedup();
    let mut near: Vec<Link> = seen
        .into_iter()
        .filter(|other| *other as usize != thing)
        .map(|other| Link {
            thing: other,
            strength: places.nearness(thing, other as usize),
            together: direct.binary_search(&other).is_ok(),
        })
        .map(|link| Link {
            // What is heard together is near, wherever the few directions put it.
            strength: link.strength.max(u16::from(link.together)),
            ..link
        })
        .filter(|link| link.strength > 0)
        .collect();
    near.sort_by(|a, b| b.strength.cmp(&a.strength).then(a.thing.cmp(&b.thing)));
    // The nearest; of what is known, also the best known of those that are near at all.
    let weight = |link: &Link| f32::from(link.strength) * places.known[link.thing as usize];
    let (known, little_known): (Vec<Link>, Vec<Link>) = near
        .iter()
        .partition(|link| listening.listeners[link.thing as usize] > 0);
    let mut strong = known.clone();
    strong.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then(a.thing.cmp(&b.thing)));
    let mut kept: Vec<u32> = known.iter().take(LINKS).map(|link| link.thing).collect();
    kept.extend(little_known.iter().take(LINKS / 2).map(|link| link.thing));
    kept.extend(strong.iter().take(STRONG).map(|link| link.thing));
    kept.sort_unstable();
    near.retain(|link| kept.binary_search(&link.thing).is_ok());
    near
}
