//! What a file is packed in, as far as our own eyes can tell: before a decoder is chosen, and for
//! what a decoder does not say.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use symphonia::core::codecs::{
    CODEC_TYPE_AAC, CODEC_TYPE_FLAC, CODEC_TYPE_MP3, CODEC_TYPE_OPUS, CODEC_TYPE_VORBIS, CodecType,
};

/// What the bytes are packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Container {
    Flac,
    Ogg,
    Wave,
    Mp4,
    Mpeg,
}

impl Container {
    pub(super) fn of(file: &mut File) -> io::Result<Self> {
        let start = after_id3(file)?;
        file.seek(SeekFrom::Start(start))?;
        let mut head = [0; 12];
        let read = read_up_to(file, &mut head)?;
        Ok(match &head[..read] {
            [b'f', b'L', b'a', b'C', ..] => Container::Flac,
            [b'O', b'g', b'g', b'S', ..] => Container::Ogg,
            [b'R', b'I', b'F', b'F', _, _, _, _, b'W', b'A', b'V', b'E'] => Container::Wave,
            [_, _, _, _, b'f', b't', b'y', b'p', ..] => Container::Mp4,
            _ => Container::Mpeg,
        })
    }
}

pub(super) fn media_type(container: Container, codec: CodecType) -> Option<&'static str> {
    Some(match (container, codec) {
        (Container::Flac, CODEC_TYPE_FLAC) => "audio/flac",
        (Container::Ogg, CODEC_TYPE_VORBIS | CODEC_TYPE_OPUS | CODEC_TYPE_FLAC) => "audio/ogg",
        (Container::Mp4, CODEC_TYPE_AAC) => "audio/mp4",
        (Container::Mpeg, CODEC_TYPE_MP3) => "audio/mpeg",
        (Container::Wave, _) => "audio/wav",
        _ => return None,
    })
}

/// Where the sound begins behind an ID3v2 tag (id3.org, ID3v2.4 §3.1), if there is one.
pub(super) fn after_id3(file: &mut File) -> io::Result<u64> {
    file.seek(SeekFrom::Start(0))?;
    let mut head = [0; 10];
    if read_up_to(file, &mut head)? < 10 || &head[..3] != b"ID3" {
        return Ok(0);
    }
    let size = head[6..10]
        .iter()
        .fold(0, |size, byte| size << 7 | u64::from(byte & 0x7f));
    Ok(10 + size)
}

/// Whether an MP3 tells its number of frames in its first one (Xing, Info or VBRI).
pub(super) fn is_counted(file: &mut File) -> io::Result<bool> {
    let start = after_id3(file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut head = vec![0; 2048];
    let read = read_up_to(file, &mut head)?;
    let has = |mark: &[u8]| head[..read].windows(4).any(|four| four == mark);
    Ok(has(b"Xing") || has(b"Info") || has(b"VBRI"))
}

/// Whether an Ogg file ends with a whole page that says it is the last (RFC 3533 §6).
pub(super) fn ends_well(file: &mut File) -> io::Result<bool> {
    // A page is at most 65,307 bytes.
    const TAIL: u64 = 65_307;
    let size = file.metadata()?.len();
    file.seek(SeekFrom::Start(size.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    file.take(TAIL).read_to_end(&mut tail)?;
    let last_page = tail
        .windows(4)
        .enumerate()
        .filter(|(_, four)| *four == b"OggS")
        .map(|(at, _)| &tail[at..])
        .find(|page| page_length(page) == Some(page.len()));
    const END_OF_STREAM: u8 = 0x04;
    Ok(last_page.is_some_and(|page| page[5] & END_OF_STREAM != 0))
}

/// How long the page at the beginning of these bytes is, if its header is here.
fn page_length(page: &[u8]) -> Option<usize> {
    let segments = usize::from(*page.get(26)?);
    let lengths = page.get(27..27 + segments)?;
    let body: usize = lengths.iter().map(|length| usize::from(*length)).sum();
    Some(27 + segments + body)
}

pub(super) fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..])? {
            0 => break,
            some => read += some,
        }
    }
    Ok(read)
}
