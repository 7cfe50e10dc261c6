//! The beginning of a work for who is not a member yet.
//!
//! It is the first bytes of its file: most formats begin to sound at once. An MP4 (ISO/IEC 14496-12)
//! may keep its index at its end, and without it nothing sounds: then the index is put first, and
//! what it says of places is moved by its own length.

use std::io::{self, Read, Seek, SeekFrom, Write};

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use serde::Deserialize;
use settlement::{Kind, WorkId};

use super::listen::{of_this_node, offered};
use super::serve::{self, Leave};
use crate::web::{App, Refusal};

/// The longest a preview lasts, in milliseconds; a third of what is short.
const LONGEST_MS: u64 = 30_000;
/// Bytes at the beginning of a file that are no sound yet: tags, pictures, tables.
const HEAD: u64 = 64 * 1024;
/// The largest index that is put first, in bytes: that of many hours.
const INDEX_LIMIT: u64 = 8 * 1024 * 1024;
/// The largest part of such a file that is taken, in bytes: half a minute of the finest sound.
const PART_LIMIT: u64 = 32 * 1024 * 1024;
/// The most boxes of a file that are looked at.
const BOXES: usize = 1_000;

#[derive(Deserialize)]
pub(super) struct Previewed {
    work: String,
}

/// `GET /listen/preview?work=`: the beginning of a work at home here, for who is not a member yet. It
/// is no play and nobody is paid for it; what is of another node is for its own node to show.
pub(super) async fn preview(
    State(app): State<App>,
    Query(wanted): Query<Previewed>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let id = WorkId::parse(&wanted.work).map_err(|_| Refusal::Missing)?;
    let work = offered(&app, id).await?;
    if work.kind != Kind::Music || work.document.is_some() || work.duration_ms == 0 {
        return Err(Refusal::Missing);
    }
    let mut sound = of_this_node(&app, &work).await?;
    let length_ms = LONGEST_MS.min(work.duration_ms / 3);
    let bytes = u128::from(sound.size) * u128::from(length_ms) / u128::from(work.duration_ms);
    let bytes = u64::try_from(bytes).unwrap_or(u64::MAX);
    let bytes = bytes.saturating_add(HEAD).min(sound.size);
    sound.size = bytes;
    if sound.media_type == "audio/mp4" {
        let file = sound.file.into_std().await;
        let made = tokio::task::spawn_blocking(move || index_first(file, bytes));
        let (file, size) = made
            .await
            .map_err(Refusal::broken)?
            .map_err(Refusal::broken)?;
        (sound.file, sound.size) = (file.into(), size);
    }
    // It is not the file its digest names.
    sound.tag = sound.tag.map(|tag| tag.replacen('"', "\"preview-", 1));
    let leave = Leave {
        app,
        work: work.id,
        listener: None,
    };
    serve::serve(sound, leave, &headers).await
}

/// The first bytes of an MP4 in a form that sounds, and how many: the file itself where its index
/// comes first or is nowhere to be found, else a passing file that begins with the index.
fn index_first(mut file: std::fs::File, bytes: u64) -> io::Result<(std::fs::File, u64)> {
    let end = file.metadata()?.len();
    let (mut at, mut after_kind, mut seen_sound) = (0, 0, false);
    for _ in 0..BOXES {
        let Some((kind, size)) = box_at(&mut file, at, end)? else {
            break;
        };
        match &kind {
            b"ftyp" if at == 0 => after_kind = size,
            b"mdat" => seen_sound = true,
            // Parts with an index each, or one that comes first.
            b"moof" => break,
            b"moov" if !seen_sound || size > INDEX_LIMIT => break,
            b"moov" => {
                let mut index = vec![0; usize::try_from(size).unwrap_or(0)];
                file.seek(SeekFrom::Start(at))?;
                file.read_exact(&mut index)?;
                if moved(&mut index[8..], size).is_none() {
                    break;
                }
                let mut made = tempfile::tempfile()?;
                file.seek(SeekFrom::Start(0))?;
                io::copy(&mut (&mut file).take(after_kind), &mut made)?;
                made.write_all(&index)?;
                let rest = bytes.min(at).min(PART_LIMIT).saturating_sub(after_kind);
                io::copy(&mut (&mut file).take(rest), &mut made)?;
                return Ok((made, after_kind + size + rest));
            }
            _ => {}
        }
        at += size;
    }
    Ok((file, bytes))
}

/// The kind and the size of the box at a place; nothing where there is none.
fn box_at(file: &mut std::fs::File, at: u64, end: u64) -> io::Result<Option<([u8; 4], u64)>> {
    if at + 16 > end {
        return Ok(None);
    }
    let mut head = [0; 16];
    file.seek(SeekFrom::Start(at))?;
    file.read_exact(&mut head)?;
    let [a, b, c, d, k, i, n, e, large @ ..] = head;
    let size = match u32::from_be_bytes([a, b, c, d]) {
        0 => end - at,
        1 => u64::from_be_bytes(large),
        short => u64::from(short),
    };
    let is_whole = size >= 8 && at.checked_add(size).is_some_and(|after| after <= end);
    Ok(is_whole.then_some(([k, i, n, e], size)))
}

/// Moves every place that an index names by so many bytes (`stco`, `co64`, §8.7.5); nothing where it
/// is not as it should be.
fn moved(mut boxes: &mut [u8], by: u64) -> Option<()> {
    while boxes.len() >= 8 {
        let size = usize::try_from(u32::from_be_bytes(boxes[..4].try_into().ok()?)).ok()?;
        let kind: [u8; 4] = boxes[4..8].try_into().ok()?;
        if size < 8 {
            return None;
        }
        let (this, after) = boxes.split_at_mut_checked(size)?;
        let inside = &mut this[8..];
        match &kind {
            b"trak" | b"mdia" | b"minf" | b"stbl" => moved(inside, by)?,
            b"stco" => {
                for place in inside.get_mut(8..)?.chunks_exact_mut(4) {
                    let old = u32::from_be_bytes((&*place).try_into().ok()?);
                    let new = old.checked_add(u32::try_from(by).ok()?)?;
                    place.copy_from_slice(&new.to_be_bytes());
                }
            }
            b"co64" => {
                for place in inside.get_mut(8..)?.chunks_exact_mut(8) {
                    let old = u64::from_be_bytes((&*place).try_into().ok()?);
                    place.copy_from_slice(&old.checked_add(by)?.to_be_bytes());
                }
            }
            _ => {}
        }
        boxes = after;
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue::decode::decode;

    const TUNE: &[u8] = include_bytes!("../../tests/it/catalogue/fixtures/tune.m4a");

    fn box_of(kind: &[u8; 4], content: &[u8]) -> Vec<u8> {
        let size = u32::try_from(content.len() + 8).unwrap();
        [&size.to_be_bytes()[..], kind, content].concat()
    }

    /// The tune with its index at the end: `ftyp`, room, the sound, more room, `moov`.
    fn index_last() -> Vec<u8> {
        let (kind, index, sound) = (&TUNE[..28], &TUNE[28..1_564], &TUNE[1_572..]);
        let room = box_of(b"free", &vec![0; 1_572 - 28 - 8]);
        let more = box_of(b"free", &vec![0; 300_000]);
        [kind, &room, sound, &more, index].concat()
    }

    fn made(bytes: &[u8], first: u64) -> Vec<u8> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        let (mut file, size) = index_first(file, first).unwrap();
        let mut made = Vec::new();
        file.rewind().unwrap();
        file.take(size).read_to_end(&mut made).unwrap();
        made
    }

    #[test]
    fn an_index_at_the_end_is_put_first_and_names_the_right_places() {
        let last = index_last();
        let sound_ends = TUNE.len() as u64;
        let first = made(&last, sound_ends);
        assert_eq!(&first[32..36], b"moov");
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&first).unwrap();
        file.rewind().unwrap();
        let sound = decode(file).unwrap_or_else(|why| panic!("{why:?}"));
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(TUNE).unwrap();
        let whole = decode(file).unwrap_or_else(|why| panic!("{why:?}"));
        assert_eq!(sound.duration_ms, whole.duration_ms);
        assert_eq!(sound.measure.peaks, whole.measure.peaks);
    }

    #[test]
    fn what_has_its_index_first_or_none_or_a_broken_one_goes_out_as_it_is() {
        assert_eq!(made(TUNE, 5_000), TUNE[..5_000]);
        let last = index_last();
        for cut in (0..last.len()).step_by(977) {
            let bytes = &last[..cut];
            assert_eq!(made(bytes, cut as u64 / 2), bytes[..cut / 2], "{cut}");
        }
        // A box within the index that claims more than there is.
        let mut broken = last;
        let index = broken.len() - 1_536;
        broken[index + 8..index + 12].copy_from_slice(&u32::MAX.to_be_bytes());
        assert_eq!(made(&broken, 20_000), broken[..20_000]);
    }
}
