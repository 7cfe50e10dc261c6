//! Tables of an MP4 that claim more than they hold (ISO/IEC 14496-12): our reader makes room for
//! as many entries as a table says it has, before it looks whether they are there.

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use super::container::read_up_to;

/// Boxes inside one another that are entered.
const DEPTH: usize = 8;
/// The most boxes that are looked at.
const BOXES: usize = 10_000;

/// Whether every table of the file has room for the entries it claims.
pub(super) fn is_plausible(file: &mut File) -> io::Result<bool> {
    let end = file.metadata()?.len();
    let mut left = BOXES;
    are_plausible(file, 0, end, 0, &mut left)
}

fn are_plausible(
    file: &mut File,
    mut at: u64,
    end: u64,
    depth: usize,
    left: &mut usize,
) -> io::Result<bool> {
    while at + 8 <= end {
        if *left == 0 || depth > DEPTH {
            return Ok(false);
        }
        *left -= 1;
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0; 28];
        let read = read_up_to(file, &mut head)?;
        let number = |from: usize| -> u64 {
            let bytes = [head[from], head[from + 1], head[from + 2], head[from + 3]];
            u64::from(u32::from_be_bytes(bytes))
        };
        let (size, inside) = match number(0) {
            0 => (end - at, 8),
            1 if read >= 16 => (number(8) << 32 | number(12), 16),
            size => (size, 8),
        };
        let Some(after) = at.checked_add(size).filter(|_| size >= inside) else {
            return Ok(false);
        };
        let kind = &head[4..8];
        // What a table of entries of so many bytes claims; one of sizes may give one for all.
        let claimed = match (kind, inside) {
            (b"stts", 8) => number(12).saturating_mul(8),
            (b"stsc", 8) => number(12).saturating_mul(12),
            (b"stco", 8) => number(12).saturating_mul(4),
            (b"co64", 8) => number(12).saturating_mul(8),
            (b"stsz", 8) if number(12) == 0 => number(16).saturating_mul(4),
            // Packets that take no room have no end.
            (b"stsz", 8) if number(12) < 8 => number(16),
            (b"stts" | b"stsc" | b"stco" | b"co64" | b"stsz", _) => return Ok(false),
            _ => 0,
        };
        if claimed > size {
            return Ok(false);
        }
        let is_holder = matches!(
            kind,
            b"moov" | b"trak" | b"mdia" | b"minf" | b"stbl" | b"moof" | b"traf"
        );
        if is_holder && !are_plausible(file, at + inside, after.min(end), depth + 1, left)? {
            return Ok(false);
        }
        at = after;
    }
    Ok(true)
}
