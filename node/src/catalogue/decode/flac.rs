//! FLAC streams whose header is right and whose reader is strict.
//!
//! A stream of blocks of one size may end with a shorter one, which does not count as the smallest
//! (RFC 9639 §8.2). Some encoders count it all the same, and our reader then takes the stream for
//! one of blocks of any size and every frame for foreign. Such a header is read as it is meant; the
//! file itself stays as it is.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::io::MediaSource;

use super::container::{after_id3, read_up_to};

/// The most blocks before the sound that are passed over.
const BLOCKS: usize = 10_000;

/// A file read with two bytes of it replaced.
pub(super) struct Mended {
    file: File,
    at: u64,
    length: u64,
    /// Where two other bytes are read, and which.
    other: Option<(u64, [u8; 2])>,
}

impl Mended {
    /// The file, its header read as it is meant.
    pub(super) fn of(mut file: File) -> io::Result<Self> {
        let other = counts_the_last_block(&mut file)?;
        file.seek(SeekFrom::Start(0))?;
        Ok(Mended {
            length: file.metadata()?.len(),
            file,
            at: 0,
            other,
        })
    }
}

/// Where the smallest block's size stands, and what it should be, in a stream whose frames say they
/// are all of one size while the header says otherwise.
fn counts_the_last_block(file: &mut File) -> io::Result<Option<(u64, [u8; 2])>> {
    let start = after_id3(file)?;
    file.seek(SeekFrom::Start(start))?;
    // The mark, the head of the first block, and the two sizes that STREAMINFO begins with.
    let mut head = [0; 12];
    if read_up_to(file, &mut head)? < 12 || &head[..4] != b"fLaC" || head[4] & 0x7f != 0 {
        return Ok(None);
    }
    let (least, most) = ([head[8], head[9]], [head[10], head[11]]);
    if least == most {
        return Ok(None);
    }
    let mut at = start + 4;
    for _ in 0..BLOCKS {
        file.seek(SeekFrom::Start(at))?;
        let mut block = [0; 4];
        if read_up_to(file, &mut block)? < 4 {
            return Ok(None);
        }
        at += 4 + u64::from(u32::from_be_bytes([0, block[1], block[2], block[3]]));
        if block[0] & 0x80 != 0 {
            break;
        }
    }
    file.seek(SeekFrom::Start(at))?;
    let mut frame = [0; 2];
    let is_whole = read_up_to(file, &mut frame)? == 2;
    // The sync code and a zero: blocks of one size (RFC 9639 §9.1).
    let is_fixed = is_whole && frame == [0xff, 0xf8];
    Ok(is_fixed.then_some((start + 8, most)))
}

impl Read for Mended {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.file.read(buffer)?;
        if let Some((place, bytes)) = self.other {
            for (which, byte) in (0_u64..).zip(bytes) {
                let within = (place + which).checked_sub(self.at);
                let within = within.and_then(|within| usize::try_from(within).ok());
                if let Some(within) = within.filter(|within| *within < read) {
                    buffer[within] = byte;
                }
            }
        }
        self.at += read as u64;
        Ok(read)
    }
}

impl Seek for Mended {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        self.at = self.file.seek(to)?;
        Ok(self.at)
    }
}

impl MediaSource for Mended {
    fn is_seekable(&self) -> bool {
        true
    }

    fn byte_len(&self) -> Option<u64> {
        Some(self.length)
    }
}
