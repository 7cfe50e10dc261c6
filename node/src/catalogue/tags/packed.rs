//! Whether an ID3 tag holds compressed frames. The library that reads tags unpacks such a frame without
//! a limit, and a few kilobytes can become all of the memory; hardly anybody writes them. So a file
//! that has one is taken without its tags.
//!
//! The frames are walked as that library walks them (ID3v2.3.0 and 2.4.0, section 4).

use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

/// How far after the beginning, or after a tag, another is looked for, in bytes.
const JUNK: u64 = 4_096;
/// The most tags and chunks that are looked at.
const MANY: usize = 64;

/// Whether a tag of this file holds a compressed frame.
///
/// # Errors
/// When it cannot be read.
pub fn has_packed_frames(file: &File) -> io::Result<bool> {
    let mut file = BufReader::new(file);
    let mut head = [0; 12];
    file.seek(SeekFrom::Start(0))?;
    let is_wave = file.read_exact(&mut head).is_ok() && &head[..4] == b"RIFF";
    match is_wave {
        true => in_wave(&mut file),
        false => from(&mut file, 0),
    }
}

/// Looks into the chunks of a WAV file that may be tags.
fn in_wave(file: &mut BufReader<&File>) -> io::Result<bool> {
    let mut at = 12;
    for _ in 0..MANY {
        let mut head = [0; 8];
        file.seek(SeekFrom::Start(at))?;
        if file.read_exact(&mut head).is_err() {
            break;
        }
        let [a, b, c, d] = [head[4], head[5], head[6], head[7]];
        let size = u64::from(u32::from_le_bytes([a, b, c, d]));
        if head[..4].eq_ignore_ascii_case(b"id3 ") && from(file, at + 8)? {
            return Ok(true);
        }
        at += 8 + size + size % 2;
    }
    Ok(false)
}

/// Looks at the tags from a place on: others may follow the first.
fn from(file: &mut BufReader<&File>, mut at: u64) -> io::Result<bool> {
    for _ in 0..MANY {
        file.seek(SeekFrom::Start(at))?;
        let mut window = Vec::new();
        file.by_ref().take(JUNK).read_to_end(&mut window)?;
        let found = window.windows(3).position(|three| three == b"ID3");
        let Some(start) = found else {
            break;
        };
        let Some(&[major, _, flags, a, b, c, d]) = window.get(start + 3..start + 10) else {
            break;
        };
        let begins = at + start as u64 + 10;
        let size = u64::from(synchsafe([a, b, c, d]));
        if major == 3 || major == 4 {
            file.seek(SeekFrom::Start(begins))?;
            let tag = file.by_ref().take(size);
            let packed = match (major, flags & 0x80 != 0) {
                (3, true) => frames(
                    &mut Unsynchronised {
                        inner: tag,
                        last: 0,
                    },
                    major,
                    flags,
                ),
                _ => frames(&mut BufReader::new(tag), major, flags),
            };
            if packed {
                return Ok(true);
            }
        }
        at = begins + size;
    }
    Ok(false)
}

/// Walks the frames of a tag; a tag that ends in the middle of one ends the walk.
fn frames(tag: &mut dyn Read, major: u8, flags: u8) -> bool {
    if flags & 0x40 != 0 {
        let mut size = [0; 4];
        if tag.read_exact(&mut size).is_err() {
            return false;
        }
        // In 2.4 the size counts itself.
        let rest = match major {
            3 => u64::from(u32::from_be_bytes(size)),
            _ => u64::from(synchsafe(size)).saturating_sub(4),
        };
        if !skipped(tag, rest) {
            return false;
        }
    }
    loop {
        let mut head = [0; 10];
        if tag.read_exact(&mut head).is_err() || head[0] == 0 {
            return false;
        }
        let four = [head[4], head[5], head[6], head[7]];
        let (size, packed) = match major {
            3 => (u32::from_be_bytes(four), head[9] & 0x80 != 0),
            _ => (synchsafe(four), head[9] & 0x08 != 0),
        };
        if packed {
            return true;
        }
        if !skipped(tag, u64::from(size)) {
            return false;
        }
    }
}

fn skipped(tag: &mut dyn Read, bytes: u64) -> bool {
    io::copy(&mut tag.take(bytes), &mut io::sink()).is_ok_and(|copied| copied == bytes)
}

/// Seven bits of each byte.
fn synchsafe(bytes: [u8; 4]) -> u32 {
    let seven = bytes.map(|byte| u32::from(byte & 0x7f));
    seven[0] << 21 | seven[1] << 14 | seven[2] << 7 | seven[3]
}

/// A tag without the zeros that keep players from taking it for sound.
struct Unsynchronised<R> {
    inner: R,
    last: u8,
}

impl<R: Read> Read for Unsynchronised<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.inner.read(into)?;
            let mut kept = 0;
            for at in 0..read {
                let byte = into[at];
                if !(self.last == 0xff && byte == 0) {
                    into[kept] = byte;
                    kept += 1;
                }
                self.last = byte;
            }
            if kept > 0 || read == 0 {
                return Ok(kept);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    /// A tag of one frame of so many bytes, its format flags as said, in front of some bytes.
    fn tagged(major: u8, flags: u8, format: u8, before: &[u8]) -> bool {
        let mut body = before.to_vec();
        body.extend(b"TIT2\x00\x00\x00\x05\x00");
        body.push(format);
        body.extend(b"\x03abcd");
        let mut bytes = b"ID3".to_vec();
        bytes.extend([major, 0, flags, 0, 0, 0]);
        bytes.push(u8::try_from(body.len()).unwrap());
        bytes.extend(body);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        has_packed_frames(&file).unwrap()
    }

    #[test]
    fn a_compressed_frame_is_seen_wherever_it_stands() {
        assert!(!tagged(3, 0, 0, b"") && !tagged(4, 0, 0, b""));
        assert!(tagged(3, 0, 0x80, b"") && tagged(4, 0, 0x08, b""));
        // What the flags of one version mean is nothing in the other.
        assert!(!tagged(3, 0, 0x08, b"") && !tagged(4, 0, 0x80, b""));
        let first = b"TALB\x00\x00\x00\x02\x00\x00\x03x";
        assert!(tagged(3, 0, 0x80, first) && tagged(4, 0, 0x08, first));
        // Behind an extended header, and between zeros that are not counted.
        assert!(tagged(
            3,
            0x40,
            0x80,
            b"\x00\x00\x00\x06\x00\x00\x00\x00\x00\x00"
        ));
        assert!(tagged(4, 0x40, 0x08, b"\x00\x00\x00\x06\x01\x00"));
        assert!(tagged(
            3,
            0x80,
            0x80,
            b"TALB\x00\x00\x00\x02\x00\x00\xff\x00x"
        ));
        // Padding ends the tag.
        assert!(!tagged(4, 0, 0x08, &[0; 20]));
    }

    #[test]
    fn a_tag_in_a_wave_and_a_second_tag_are_looked_at() {
        let tag = b"ID3\x04\x00\x00\x00\x00\x00\x0fTIT2\x00\x00\x00\x05\x00\x08\x03abcd";
        let mut wave = b"RIFF\x00\x00\x00\x00WAVEfmt \x03\x00\x00\x00abc\x00id3 ".to_vec();
        wave.extend(u32::try_from(tag.len()).unwrap().to_le_bytes());
        wave.extend(tag);
        let mut two = b"ID3\x04\x00\x00\x00\x00\x00\x02\x00\x00junk".to_vec();
        two.extend(tag);
        for bytes in [wave, two] {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(&bytes).unwrap();
            assert!(has_packed_frames(&file).unwrap());
        }
    }
}
