//! Walking through an MP3 from frame to frame (ISO/IEC 11172-3 §2.4, 13818-3): a decoder passes
//! over what is no frame without a word, and does not say that the last one is half.

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use super::container::{after_id3, read_up_to};

/// What a walk finds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Walk {
    /// Whole frames.
    pub(super) frames: u64,
    /// Frames that would fit into the stretches between them that are none.
    pub(super) lost: u64,
    /// Whether the last frame ends after the file does.
    pub(super) is_cut: bool,
}

/// Walks through the file. What lies before the first frame and after the last is not looked at.
pub(super) fn walk(file: &mut File) -> io::Result<Walk> {
    let end = end_of_sound(file)?;
    let start = after_id3(file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut file = BufReader::with_capacity(64 * 1024, file);
    let mut at = start;
    let mut walk = Walk::default();
    // What the frames have in common, where the last one ended, and its length.
    let mut like: Option<[u8; 4]> = None;
    let mut ended = start;
    let mut length = 0;
    let mut head = [0; 4];
    while at + 4 <= end {
        let fits = |head: &[u8; 4]| like.is_none_or(|like| is_alike(like, *head));
        file.read_exact(&mut head)?;
        let Some(frame) = frame_length(head).filter(|_| fits(&head)) else {
            at += 1;
            file.seek_relative(-3)?;
            continue;
        };
        if at + frame > end {
            // Where the last one ended this is its successor; elsewhere it is chance.
            walk.is_cut = at == ended && like.is_some();
            break;
        }
        // Four bytes look like a frame by chance; with a second one behind them they are.
        let is_joined = at == ended && like.is_some();
        if !is_joined && !is_followed(&mut file, frame, at, end, head)? {
            at += 1;
            file.seek_relative(-3)?;
            continue;
        }
        if like.is_some() {
            walk.lost += (at - ended).div_ceil(length.max(1));
        }
        walk.frames += 1;
        like.get_or_insert(head);
        length = frame;
        at += frame;
        ended = at;
        file.seek_relative(i64::try_from(frame).unwrap_or(0) - 4)?;
    }
    Ok(walk)
}

/// Whether a frame that begins at `at` is followed by another, or by the end. Reading stands
/// behind its head, and stands there again afterwards.
fn is_followed(
    file: &mut BufReader<&mut File>,
    frame: u64,
    at: u64,
    end: u64,
    head: [u8; 4],
) -> io::Result<bool> {
    if at + frame + 4 > end {
        return Ok(at + frame == end);
    }
    let on = i64::try_from(frame).unwrap_or(0) - 4;
    let mut next = [0; 4];
    file.seek_relative(on)?;
    file.read_exact(&mut next)?;
    file.seek_relative(-on - 4)?;
    Ok(frame_length(next).is_some() && is_alike(head, next))
}

/// Whether two heads may belong to one sound: version, layer and rate.
fn is_alike(one: [u8; 4], other: [u8; 4]) -> bool {
    one[1] & 0xfe == other[1] & 0xfe && one[2] & 0x0c == other[2] & 0x0c
}

/// How long the frame with this head is, in bytes; none when it is no head of Layer III.
fn frame_length(head: [u8; 4]) -> Option<u64> {
    const MPEG1: [u64; 14] = [
        32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320,
    ];
    const MPEG2: [u64; 14] = [8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160];
    let is_synced = head[0] == 0xff && head[1] & 0xe0 == 0xe0;
    let is_layer_three = head[1] & 0x06 == 0x02;
    if !is_synced || !is_layer_three {
        return None;
    }
    let (bitrates, rates, samples) = match head[1] >> 3 & 3 {
        3 => (MPEG1, [44_100, 48_000, 32_000], 1_152),
        2 => (MPEG2, [22_050, 24_000, 16_000], 576),
        0 => (MPEG2, [11_025, 12_000, 8_000], 576),
        _ => return None,
    };
    let bitrate = bitrates.get(usize::from(head[2] >> 4).checked_sub(1)?)? * 1_000;
    let rate: u64 = *rates.get(usize::from(head[2] >> 2 & 3))?;
    let padding = u64::from(head[2] >> 1 & 1);
    Some(samples / 8 * bitrate / rate + padding)
}

/// Where the sound ends before the tags that stand at the end of a file: ID3v1 and APEv2.
fn end_of_sound(file: &mut File) -> io::Result<u64> {
    let mut end = file.metadata()?.len();
    let mut mark = [0; 32];
    let mut before = |file: &mut File, end: u64, bytes: u64| -> io::Result<[u8; 32]> {
        mark = [0; 32];
        if let Some(at) = end.checked_sub(bytes) {
            file.seek(SeekFrom::Start(at))?;
            read_up_to(file, &mut mark)?;
        }
        Ok(mark)
    };
    if before(file, end, 128)?.starts_with(b"TAG") {
        end -= 128;
    }
    let ape = before(file, end, 32)?;
    if ape.starts_with(b"APETAGEX") {
        let size = u32::from_le_bytes([ape[12], ape[13], ape[14], ape[15]]);
        let has_head = ape[23] & 0x80 != 0;
        let size = u64::from(size) + if has_head { 32 } else { 0 };
        end = end.saturating_sub(size);
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// So many frames of MPEG-1 Layer III, 128 kbit/s, 44.1 kHz, without padding.
    fn frames(count: usize) -> Vec<u8> {
        let mut frame = vec![0; 417];
        frame[..4].copy_from_slice(&[0xff, 0xfb, 0x90, 0x00]);
        frame.repeat(count)
    }

    fn walked(bytes: &[u8]) -> Walk {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        walk(&mut file).unwrap()
    }

    #[test]
    fn a_whole_stream_has_all_its_frames_whatever_stands_around_it() {
        let whole = Walk {
            frames: 20,
            lost: 0,
            is_cut: false,
        };
        assert_eq!(walked(&frames(20)), whole);
        let mut tagged = vec![0; 300];
        tagged.extend(frames(20));
        tagged.extend([0; 500]);
        assert_eq!(walked(&tagged), whole);
        let mut tagged = frames(20);
        tagged.extend(b"TAG");
        tagged.extend([0xff; 125]);
        assert_eq!(walked(&tagged), whole);
    }

    #[test]
    fn a_stretch_of_nothing_is_counted_in_frames() {
        let mut bytes = frames(20);
        bytes[417 * 5..417 * 8].fill(0);
        assert_eq!(
            walked(&bytes),
            Walk {
                frames: 17,
                lost: 3,
                is_cut: false
            }
        );
    }

    #[test]
    fn half_a_frame_at_the_end_is_seen() {
        let bytes = frames(20);
        let walk = walked(&bytes[..bytes.len() - 100]);
        assert_eq!((walk.frames, walk.is_cut), (19, true));
        assert_eq!(walked(&[0; 5_000]).frames, 0);
    }
}
