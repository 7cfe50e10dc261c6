//! Writes the small catalogue: composed, encoded as FLAC, tagged, each release with its sleeve.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result, anyhow};
use flacenc::bitsink::ByteSink;
use flacenc::component::BitRepr as _;
use flacenc::error::Verify as _;
use flacenc::source::MemSource;
use lofty::config::WriteOptions;
use lofty::picture::{MimeType, Picture, PictureType};
use lofty::tag::{Accessor as _, ItemKey, Tag, TagExt as _, TagType};

use super::composing::compose;
use super::sound::RATE;
use super::{Artist, cover};
use crate::demo::dice::Dice;

/// One piece to be written.
struct Piece<'a> {
    artist: &'a Artist,
    number: usize,
    title: &'a str,
    isrc: String,
    seconds: u32,
    cover: &'a [u8],
    path: PathBuf,
}

/// Writes the releases of `artists` below `dir`, one folder each, and returns the files in order.
/// `registrant` begins their ISRCs (country and registrant, five characters). `written` is told
/// of each file.
pub fn write_catalogue(
    dir: &Path,
    artists: &[Artist],
    registrant: &str,
    seed: u64,
    written: &(dyn Fn() + Sync),
) -> Result<Vec<PathBuf>> {
    let covers: Vec<Vec<u8>> = artists
        .iter()
        .map(|artist| {
            let mut dice = Dice::new(seed, artist.album);
            cover::draw(artist.motif, &artist.inks, &mut dice)
        })
        .collect();
    let mut pieces = Vec::new();
    for (artist, cover) in artists.iter().zip(&covers) {
        let folder = dir.join(format!("{} - {}", artist.name, artist.album));
        std::fs::create_dir_all(&folder).with_context(|| folder.display().to_string())?;
        for (i, title) in artist.pieces.iter().enumerate() {
            let number = i + 1;
            let mut dice = Dice::new(seed, title);
            pieces.push(Piece {
                artist,
                number,
                title,
                isrc: format!(
                    "{registrant}{:02}{:05}",
                    artist.year % 100,
                    pieces.len() + 1
                ),
                seconds: u32::try_from(dice.between(20, 75)).unwrap_or(30),
                cover,
                path: folder.join(format!("{number:02} {title}.flac")),
            });
        }
    }
    let next = AtomicUsize::new(0);
    let failed: Mutex<Option<anyhow::Error>> = Mutex::new(None);
    let hands = std::thread::available_parallelism().map_or(1, |n| n.get());
    std::thread::scope(|scope| {
        for _ in 0..hands {
            scope.spawn(|| {
                while let Some(piece) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                    match write_piece(piece, seed) {
                        Ok(()) => written(),
                        Err(error) => {
                            if let Ok(mut failed) = failed.lock() {
                                failed.get_or_insert(error);
                            }
                            break;
                        }
                    }
                }
            });
        }
    });
    match failed.into_inner() {
        Ok(None) => Ok(pieces.into_iter().map(|piece| piece.path).collect()),
        Ok(Some(error)) => Err(error),
        Err(_) => Err(anyhow!("writing the catalogue was interrupted")),
    }
}

fn write_piece(piece: &Piece<'_>, seed: u64) -> Result<()> {
    let mut dice = Dice::new(seed, piece.title);
    let samples = compose(&piece.artist.style, piece.seconds, &mut dice);
    let path = &piece.path;
    let name = || path.display().to_string();
    std::fs::write(path, flac(&samples)?).with_context(name)?;
    tag(piece)
        .save_to_path(path, WriteOptions::default())
        .map_err(|e| anyhow!("{}: {e}", name()))
}

/// The samples as a FLAC stream: one channel, 16 bits.
pub fn flac(samples: &[i32]) -> Result<Vec<u8>> {
    let config = flacenc::config::Encoder::default()
        .into_verified()
        .map_err(|(_, e)| anyhow!("FLAC: {e}"))?;
    // Whole blocks only: with a shorter last one, the encoder announces blocks of changing length,
    // and strict readers then find none that keep to it.
    let mut samples = samples.to_vec();
    samples.resize(samples.len().next_multiple_of(config.block_size), 0);
    let source = MemSource::from_samples(&samples, 1, 16, RATE as usize);
    let stream = flacenc::encode_with_fixed_block_size(&config, source, config.block_size)
        .map_err(|e| anyhow!("FLAC: {e}"))?;
    let mut sink = ByteSink::new();
    stream.write(&mut sink).map_err(|e| anyhow!("FLAC: {e}"))?;
    Ok(sink.as_slice().to_vec())
}

fn tag(piece: &Piece<'_>) -> Tag {
    let artist = piece.artist;
    let mut tag = Tag::new(TagType::VorbisComments);
    tag.set_title(piece.title.to_owned());
    tag.set_artist(artist.name.to_owned());
    tag.set_album(artist.album.to_owned());
    tag.set_genre(artist.genre.to_owned());
    tag.set_track(u32::try_from(piece.number).unwrap_or(1));
    tag.set_track_total(u32::try_from(artist.pieces.len()).unwrap_or(1));
    tag.insert_text(ItemKey::AlbumArtist, artist.name.to_owned());
    tag.insert_text(ItemKey::Label, artist.label.to_owned());
    tag.insert_text(ItemKey::Isrc, piece.isrc.clone());
    tag.insert_text(ItemKey::RecordingDate, artist.year.to_string());
    tag.push_picture(
        Picture::unchecked(piece.cover.to_vec())
            .pic_type(PictureType::CoverFront)
            .mime_type(MimeType::Png)
            .build(),
    );
    tag
}
