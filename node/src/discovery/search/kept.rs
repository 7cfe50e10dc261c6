//! The index as a file, so that a node answers at once when it is started.
//!
//! `search/index` in the node's folder: a line that says what it is, the epoch of the database it
//! was derived from, the last change in it, one segment, and the SHA-256 of all that. It is written
//! whole beside the old one, synced, and renamed. A file that does not read as it should is as good
//! as none: the index is built anew.

use std::fs::File;
use std::io::{self, Write};
use std::path::Path;

use fst::Map;
use sha2::{Digest, Sha256};

use super::segment::{Columns, Names, Segment};
use super::{Part, Snapshot};

/// The name of the file in its folder.
pub const NAME: &str = "index";
/// What the file begins with. The number changes with its layout, and with how words are cut.
const HEAD: &[u8; 20] = b"antiphon search 001\n";

/// Why there is no index to read.
#[derive(Debug, thiserror::Error)]
pub enum KeptRefused {
    /// The disk.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The file is not whole, or not what this version writes.
    #[error("it is not what this version writes, or not all of it")]
    Content,
}

/// Writes the first part of an index, which holds all of it.
///
/// # Errors
/// When the disk refuses.
pub fn keep(folder: &Path, epoch: &str, snapshot: &Snapshot) -> io::Result<()> {
    let Some(part) = snapshot.parts.first() else {
        return Ok(());
    };
    let segment = &part.segment;
    let mut out = Out(Vec::with_capacity(segment.bytes() + 4096));
    out.0.extend_from_slice(HEAD);
    out.bytes(epoch.as_bytes());
    out.0.extend_from_slice(&snapshot.until.to_le_bytes());
    out.bytes(segment.terms.as_fst().as_bytes());
    out.numbers(&segment.starts);
    out.numbers(&segment.places);
    out.numbers(&segment.id_starts);
    out.bytes(&segment.ids);
    let columns = &segment.columns;
    for column in [
        &columns.group,
        &columns.kind,
        &columns.sound,
        &columns.esteem,
        &columns.title_words,
    ] {
        out.bytes(column);
    }
    let years: Vec<u32> = columns.year.iter().map(|year| u32::from(*year)).collect();
    for column in [
        &years,
        &columns.territory,
        &columns.genre,
        &columns.label,
        &columns.origin,
        &columns.created,
    ] {
        out.numbers(column);
    }
    for names in [
        &segment.origins,
        &segment.territories,
        &segment.genres,
        &segment.labels,
    ] {
        out.number(names.shown.len());
        for name in &names.shown {
            out.bytes(name.as_bytes());
        }
    }
    let digest = Sha256::digest(&out.0);
    std::fs::create_dir_all(folder)?;
    let passing = folder.join(format!("{NAME}.new"));
    let mut file = File::create(&passing)?;
    file.write_all(&out.0)?;
    file.write_all(&digest)?;
    file.sync_all()?;
    std::fs::rename(&passing, folder.join(NAME))?;
    File::open(folder)?.sync_all()
}

/// The kept index, if there is one of this database.
///
/// # Errors
/// When there is one that cannot be read.
pub fn read(folder: &Path, epoch: &str) -> Result<Option<Snapshot>, KeptRefused> {
    let bytes = match std::fs::read(folder.join(NAME)) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error.into()),
    };
    let (content, digest) = bytes.split_last_chunk::<32>().ok_or(KeptRefused::Content)?;
    if Sha256::digest(content).as_slice() != digest {
        return Err(KeptRefused::Content);
    }
    let content = content.strip_prefix(HEAD).ok_or(KeptRefused::Content)?;
    let mut input = In(content);
    let of = input.text()?;
    let until = i64::from_le_bytes(*input.chunk::<8>()?);
    if of != epoch {
        return Ok(None);
    }
    let terms = Map::new(input.bytes()?.to_vec()).map_err(|_| KeptRefused::Content)?;
    let (starts, places, id_starts) = (input.numbers()?, input.numbers()?, input.numbers()?);
    let ids = input.bytes()?.to_vec();
    let mut columns = Columns {
        group: input.bytes()?.to_vec(),
        kind: input.bytes()?.to_vec(),
        sound: input.bytes()?.to_vec(),
        esteem: input.bytes()?.to_vec(),
        title_words: input.bytes()?.to_vec(),
        ..Columns::default()
    };
    let years = input.numbers()?.into_iter();
    columns.year = years.map(|year| u16::try_from(year).unwrap_or(0)).collect();
    columns.territory = input.numbers()?;
    columns.genre = input.numbers()?;
    columns.label = input.numbers()?;
    columns.origin = input.numbers()?;
    columns.created = input.numbers()?;
    let segment = Segment {
        terms,
        starts,
        places,
        columns,
        id_starts,
        ids,
        origins: input.names()?,
        territories: input.names()?,
        genres: input.names()?,
        labels: input.names()?,
    };
    Ok(Some(Snapshot {
        parts: vec![Part::of(segment)],
        until,
        preparing: false,
        answers: super::Answers::default(),
    }))
}

/// Removes a kept index that is of no use.
pub fn remove(folder: &Path) {
    // What is not there need not go; what cannot go is read again in vain, and built over.
    let _ = std::fs::remove_file(folder.join(NAME));
}

/// The last change in the kept index, without reading the rest of it.
pub fn when(folder: &Path) -> Option<i64> {
    use std::io::Read;
    let mut head = Vec::new();
    let file = File::open(folder.join(NAME)).ok()?;
    file.take(200).read_to_end(&mut head).ok()?;
    let mut input = In(head.strip_prefix(HEAD)?);
    input.text().ok()?;
    input
        .chunk::<8>()
        .ok()
        .map(|until| i64::from_le_bytes(*until))
}

struct Out(Vec<u8>);

impl Out {
    fn number(&mut self, number: usize) {
        self.0.extend_from_slice(&(number as u64).to_le_bytes());
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len());
        self.0.extend_from_slice(bytes);
    }

    fn numbers(&mut self, numbers: &[u32]) {
        self.number(numbers.len() * 4);
        self.0
            .extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
    }
}

struct In<'a>(&'a [u8]);

impl<'a> In<'a> {
    fn chunk<const N: usize>(&mut self) -> Result<&'a [u8; N], KeptRefused> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or(KeptRefused::Content)?;
        self.0 = rest;
        Ok(chunk)
    }

    fn number(&mut self) -> Result<usize, KeptRefused> {
        let number = u64::from_le_bytes(*self.chunk::<8>()?);
        usize::try_from(number).map_err(|_| KeptRefused::Content)
    }

    fn bytes(&mut self) -> Result<&'a [u8], KeptRefused> {
        let length = self.number()?;
        let (bytes, rest) = self
            .0
            .split_at_checked(length)
            .ok_or(KeptRefused::Content)?;
        self.0 = rest;
        Ok(bytes)
    }

    fn text(&mut self) -> Result<String, KeptRefused> {
        String::from_utf8(self.bytes()?.to_vec()).map_err(|_| KeptRefused::Content)
    }

    fn numbers(&mut self) -> Result<Vec<u32>, KeptRefused> {
        let (numbers, rest) = self.bytes()?.as_chunks::<4>();
        match rest {
            [] => Ok(numbers
                .iter()
                .map(|bytes| u32::from_le_bytes(*bytes))
                .collect()),
            _ => Err(KeptRefused::Content),
        }
    }

    fn names(&mut self) -> Result<Names, KeptRefused> {
        let count = self.number()?;
        let mut shown = Vec::new();
        for _ in 0..count {
            shown.push(self.text()?);
        }
        Ok(Names { shown })
    }
}
