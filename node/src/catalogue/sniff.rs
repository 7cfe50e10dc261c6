//! What a file is, by its bytes: films, books and games that a catalogue takes besides sounds. What
//! it is called counts for nothing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use settlement::Kind;

use crate::words::Say;

/// The media types that are taken, and what kind of work they carry.
pub const KINDS: [(&str, Kind); 5] = [
    ("video/mp4", Kind::Film),
    ("video/webm", Kind::Film),
    ("application/pdf", Kind::Book),
    ("application/epub+zip", Kind::Book),
    ("application/zip", Kind::Game),
];

/// The most files an archive holds.
const ENTRIES_LIMIT: u64 = 20_000;
/// The most bytes an archive's directory takes.
const DIRECTORY_LIMIT: u64 = 16 * 1024 * 1024;
/// By how much the files of an archive may be larger than the archive: a page of zeros shrinks a
/// thousandfold, and whoever unpacks it finds out.
const RATIO_LIMIT: u64 = 200;
/// The most bytes the files of an archive have together.
const UNPACKED_LIMIT: u64 = 16 * 1024 * 1024 * 1024;

/// Finds out what a file is, and whether it is that for a work of this kind. Archives are looked
/// through by their directory and never unpacked.
///
/// # Errors
/// The sentence that says why it is not taken.
pub fn sniff(mut file: File, kind: Kind) -> Result<&'static str, Say> {
    let unreadable = |error: io::Error| Say::new("catalogue-file-unreadable").with("reason", error);
    let size = file.metadata().map_err(unreadable)?.len();
    let mut head = [0_u8; 4096];
    let mut filled = 0;
    while filled < head.len() {
        match file.read(&mut head[filled..]).map_err(unreadable)? {
            0 => break,
            read => filled += read,
        }
    }
    let head = &head[..filled];
    let found = if head.get(4..8) == Some(b"ftyp") {
        "video/mp4"
    } else if head.starts_with(b"\x1a\x45\xdf\xa3")
        && contains(&head[..head.len().min(64)], b"webm")
    {
        "video/webm"
    } else if head.starts_with(b"%PDF-") {
        let mut tail = Vec::new();
        file.seek(SeekFrom::Start(size.saturating_sub(2_048)))
            .map_err(unreadable)?;
        file.take(2_048)
            .read_to_end(&mut tail)
            .map_err(unreadable)?;
        if !contains(&tail, b"%%EOF") {
            return Err(Say::new("catalogue-file-cut-off"));
        }
        return of_kind("application/pdf", kind);
    } else if head.starts_with(b"PK\x03\x04") {
        directory(&mut file, size)?;
        // EPUB OCF 3.3 §4.3: the first file of the archive says so, as it is.
        if head.get(30..58) == Some(b"mimetypeapplication/epub+zip") {
            "application/epub+zip"
        } else {
            "application/zip"
        }
    } else {
        return Err(Say::new("catalogue-file-unknown"));
    };
    if found == "video/mp4" && !boxes_are_whole(&mut file, size).map_err(unreadable)? {
        return Err(Say::new("catalogue-file-cut-off"));
    }
    of_kind(found, kind)
}

fn of_kind(found: &'static str, kind: Kind) -> Result<&'static str, Say> {
    match KINDS.iter().find(|(known, _)| *known == found) {
        Some((_, carried)) if *carried == kind => Ok(found),
        _ => Err(Say::new("catalogue-file-other-kind")
            .with("found", found)
            .with("kind", kind.as_str())),
    }
}

fn contains(bytes: &[u8], sought: &[u8]) -> bool {
    bytes.windows(sought.len()).any(|window| window == sought)
}

/// Whether the boxes of an MP4 end where the file ends (ISO/IEC 14496-12 §4.2).
fn boxes_are_whole(file: &mut File, size: u64) -> io::Result<bool> {
    let mut at = 0_u64;
    // A file of more top-level boxes than this is fragmented; its end is looked at no further.
    for _ in 0..10_000 {
        if at == size {
            return Ok(true);
        }
        if at + 8 > size {
            return Ok(false);
        }
        file.seek(SeekFrom::Start(at))?;
        let mut head = [0_u8; 16];
        file.read_exact(&mut head[..8])?;
        let short = u64::from(u32::from_be_bytes([head[0], head[1], head[2], head[3]]));
        let length = match short {
            0 => return Ok(true),
            1 if at + 16 <= size => {
                file.read_exact(&mut head[8..])?;
                u64::from_be_bytes(head[8..].try_into().unwrap_or_default())
            }
            short => short,
        };
        if length < 8 {
            return Ok(false);
        }
        at = match at.checked_add(length) {
            Some(next) if next <= size => next,
            _ => return Ok(false),
        };
    }
    Ok(true)
}

/// Looks through the directory of a zip (APPNOTE §4.3): names that climb out, more than it should
/// hold, sizes that only a bomb has.
fn directory(file: &mut File, size: u64) -> Result<(), Say> {
    let damaged = || Say::new("catalogue-archive-damaged");
    let read = |file: &mut File, from: u64, length: u64| -> Result<Vec<u8>, Say> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(from)).map_err(|_| damaged())?;
        file.take(length)
            .read_to_end(&mut bytes)
            .map_err(|_| damaged())?;
        Ok(bytes)
    };
    let short = |bytes: &[u8], at: usize| -> Option<u64> {
        let two = bytes.get(at..at + 2)?;
        Some(u64::from(u16::from_le_bytes([two[0], two[1]])))
    };
    let long = |bytes: &[u8], at: usize| -> Option<u64> {
        let four = bytes.get(at..at + 4)?;
        Some(u64::from(u32::from_le_bytes([
            four[0], four[1], four[2], four[3],
        ])))
    };
    let tail_from = size.saturating_sub(22 + 65_536);
    let tail = read(file, tail_from, 22 + 65_536)?;
    let end = (0..tail.len().saturating_sub(21))
        .rev()
        .find(|at| tail[*at..].starts_with(b"PK\x05\x06"))
        .ok_or_else(|| Say::new("catalogue-file-cut-off"))?;
    let entries = short(&tail, end + 10).ok_or_else(damaged)?;
    let length = long(&tail, end + 12).ok_or_else(damaged)?;
    let from = long(&tail, end + 16).ok_or_else(damaged)?;
    if entries > ENTRIES_LIMIT || length > DIRECTORY_LIMIT || entries == 0xffff {
        return Err(Say::new("catalogue-archive-too-much"));
    }
    if from + length > size {
        return Err(damaged());
    }
    let listed = read(file, from, length)?;
    let (mut at, mut unpacked) = (0_usize, 0_u64);
    for _ in 0..entries {
        if !listed
            .get(at..)
            .is_some_and(|rest| rest.starts_with(b"PK\x01\x02"))
        {
            return Err(damaged());
        }
        let name = short(&listed, at + 28).ok_or_else(damaged)? as usize;
        let extra = short(&listed, at + 30).ok_or_else(damaged)? as usize;
        let comment = short(&listed, at + 32).ok_or_else(damaged)? as usize;
        unpacked += long(&listed, at + 24).ok_or_else(damaged)?;
        let mode = long(&listed, at + 38).ok_or_else(damaged)? >> 16;
        let name_bytes = listed.get(at + 46..at + 46 + name).ok_or_else(damaged)?;
        // A link may lead out as well as a name.
        if climbs_out(name_bytes) || mode & 0o170_000 == 0o120_000 {
            let shown: String = String::from_utf8_lossy(name_bytes)
                .chars()
                .take(80)
                .collect();
            let climbs = Say::new("catalogue-archive-climbs-out");
            return Err(climbs.with("name", super::tags::cleaned(&shown).0));
        }
        at += 46 + name + extra + comment;
    }
    if unpacked > UNPACKED_LIMIT || unpacked > size.saturating_mul(RATIO_LIMIT) {
        return Err(Say::new("catalogue-archive-too-much"));
    }
    Ok(())
}

/// Whether a name in an archive, or in a message, leads out of the folder it is in.
pub fn climbs_out(name: &[u8]) -> bool {
    let is_drive = name.len() >= 2 && name[0].is_ascii_alphabetic() && name[1] == b':';
    name.first().is_none_or(|first| b"/\\".contains(first))
        || is_drive
        || name.contains(&0)
        || name
            .split(|byte| b"/\\".contains(byte))
            .any(|part| part == b"..")
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn sniffed(bytes: &[u8], kind: Kind) -> Result<&'static str, String> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file.rewind().unwrap();
        sniff(file, kind).map_err(|why| why.to(crate::config::Language::En))
    }

    /// A zip of stored files, with the sizes it claims.
    fn zip(files: &[(&str, &[u8])], claimed: Option<u32>) -> Vec<u8> {
        let (mut bytes, mut listed) = (Vec::new(), Vec::new());
        for (name, content) in files {
            let offset = u32::try_from(bytes.len()).unwrap();
            let size = u32::try_from(content.len()).unwrap();
            let name_size = u16::try_from(name.len()).unwrap();
            let mut sizes = Vec::new();
            sizes.extend(0_u32.to_le_bytes());
            sizes.extend(size.to_le_bytes());
            sizes.extend(claimed.unwrap_or(size).to_le_bytes());
            sizes.extend(name_size.to_le_bytes());
            sizes.extend([0; 2]);
            bytes.extend(b"PK\x03\x04\x0a\0\0\0\0\0\0\0\0\0");
            bytes.extend(&sizes);
            bytes.extend(name.as_bytes());
            bytes.extend(*content);
            listed.extend(b"PK\x01\x02\x0a\0\x0a\0\0\0\0\0\0\0\0\0");
            listed.extend(&sizes);
            listed.extend([0; 10]);
            listed.extend(offset.to_le_bytes());
            listed.extend(name.as_bytes());
        }
        let (from, count) = (
            u32::try_from(bytes.len()).unwrap(),
            u16::try_from(files.len()).unwrap(),
        );
        let length = u32::try_from(listed.len()).unwrap();
        bytes.extend(listed);
        bytes.extend(b"PK\x05\x06\0\0\0\0");
        bytes.extend(count.to_le_bytes());
        bytes.extend(count.to_le_bytes());
        bytes.extend(length.to_le_bytes());
        bytes.extend(from.to_le_bytes());
        bytes.extend([0; 2]);
        bytes
    }

    #[test]
    fn a_file_is_what_its_bytes_say() {
        let epub = zip(
            &[("mimetype", b"application/epub+zip"), ("a.xhtml", b"<p/>")],
            None,
        );
        assert_eq!(sniffed(&epub, Kind::Book), Ok("application/epub+zip"));
        let game = zip(&[("index.html", b"<p/>"), ("sound/1.ogg", b"O")], None);
        assert_eq!(sniffed(&game, Kind::Game), Ok("application/zip"));
        assert_eq!(
            sniffed(b"%PDF-1.7\n...%%EOF\n", Kind::Book),
            Ok("application/pdf")
        );
        let film = b"\0\0\0\x10ftypisom\0\0\0\0\0\0\0\x08mdat";
        assert_eq!(sniffed(film, Kind::Film), Ok("video/mp4"));
        assert_eq!(
            sniffed(b"\x1a\x45\xdf\xa3....webm", Kind::Film),
            Ok("video/webm")
        );
        for (bytes, kind, words) in [
            (&game[..], Kind::Book, "application/zip"),
            (&game[..game.len() / 2], Kind::Game, "too early"),
            (&film[..20], Kind::Film, "too early"),
            (&b"%PDF-1.7"[..], Kind::Book, "too early"),
            (&b"MZ\x90"[..], Kind::Game, "not known"),
            (&b""[..], Kind::Game, "not known"),
        ] {
            let why = sniffed(bytes, kind).unwrap_err();
            assert!(why.contains(words), "{why}");
        }
    }

    #[test]
    fn an_archive_that_climbs_out_or_is_a_bomb_is_refused() {
        for name in [
            "../../etc/passwd",
            "/etc/passwd",
            "a/../../b",
            "C:\\x",
            "..\\x",
            "\\x",
        ] {
            let why = sniffed(&zip(&[(name, b"x")], None), Kind::Game).unwrap_err();
            assert!(why.contains("out of"), "{name}: {why}");
        }
        let bomb = zip(&[("a.bin", b"x")], Some(4_000_000_000));
        let why = sniffed(&bomb, Kind::Game).unwrap_err();
        assert!(why.contains("unpacked"), "{why}");
        assert!(!climbs_out(b"a/b..c/d") && !climbs_out(b"resources/1.flac"));
    }

    #[test]
    fn an_archive_cut_anywhere_is_refused_and_nothing_worse() {
        let whole = zip(&[("index.html", b"<p/>"), ("b", b"b")], None);
        for length in 0..whole.len() {
            assert!(sniffed(&whole[..length], Kind::Game).is_err(), "{length}");
        }
    }
}
