//! Is this file sound? It is decoded from its first packet to its last before it is taken, so that
//! nobody finds out at a listening post that half of a track is missing.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use federation::digest::Sha256Digester;
use symphonia::core::codecs::{
    CODEC_TYPE_AAC, CODEC_TYPE_FLAC, CODEC_TYPE_MP3, CODEC_TYPE_NULL, CODEC_TYPE_OPUS,
    CODEC_TYPE_VORBIS, CodecParameters, CodecType, Decoder, DecoderOptions,
};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, Packet};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{Limit, MetadataOptions};
use symphonia::core::probe::Hint;

use crate::words::Say;

/// The longest recording taken, in seconds: a day.
const SECONDS_LIMIT: u64 = 24 * 3600;
/// By how much a lossy recording may be shorter than its header says, in milliseconds: encoders
/// count their own padding differently.
const SLACK_MS: u64 = 250;
/// Sample rates that are taken, in hertz.
const RATES: std::ops::RangeInclusive<u32> = 4_000..=768_000;

/// What decoding a file tells about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sound {
    /// `audio/flac` and so on: what the bytes are, whatever the file is called.
    pub media_type: &'static str,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// A digest of the encoded sound alone: the same under other tags.
    pub digest: String,
}

/// Decodes the whole of `file`.
///
/// # Errors
/// The sentence that says why it is not taken.
pub fn decode(mut file: File) -> Result<Sound, Say> {
    let container = Container::of(&mut file).map_err(unreadable)?;
    let whole_ogg = container != Container::Ogg || ends_well(&mut file).map_err(unreadable)?;
    let counted_mp3 = container == Container::Mpeg && is_counted(&mut file).map_err(unreadable)?;
    file.seek(SeekFrom::Start(0)).map_err(unreadable)?;

    let mut format = open(file, container)?;
    let track = format
        .tracks()
        .iter()
        .find(|track| track.codec_params.codec != CODEC_TYPE_NULL)
        .ok_or_else(|| Say::new("catalogue-file-no-sound"))?;
    let (id, params) = (track.id, track.codec_params.clone());
    let media_type = media_type(container, params.codec)
        .ok_or_else(|| Say::new("catalogue-file-unsupported"))?;
    let mut run = Run::new(&params)?;
    loop {
        match format.next_packet() {
            Ok(packet) if packet.track_id() == id => run.take(&packet)?,
            Ok(_) => {}
            Err(Error::IoError(error)) if error.kind() == io::ErrorKind::UnexpectedEof => break,
            Err(Error::ResetRequired) => return Err(Say::new("catalogue-file-chained")),
            Err(Error::IoError(error)) => return Err(unreadable(error)),
            Err(_) => return Err(Say::new("catalogue-file-corrupt")),
        }
    }
    let declared_ms = match container {
        // Without its own count, an MP3's length is only a guess from its size.
        Container::Mpeg if !counted_mp3 => None,
        // A recorder that streams does not know the length when it writes the header.
        Container::Wave if is_unbounded(&params) => None,
        _ => declared_ms(&params),
    };
    run.finish(media_type, declared_ms, whole_ogg)
}

fn open(file: File, container: Container) -> Result<Box<dyn FormatReader>, Say> {
    let stream = MediaSourceStream::new(Box::new(file), Default::default());
    let metadata = MetadataOptions {
        limit_metadata_bytes: Limit::Maximum(16 * 1024 * 1024),
        limit_visual_bytes: Limit::Maximum(16 * 1024 * 1024),
    };
    let found = symphonia::default::get_probe().format(
        &Hint::new(),
        stream,
        &FormatOptions::default(),
        &metadata,
    );
    match found {
        Ok(probed) => Ok(probed.format),
        // It begins as it should, and ends before there is anything to hear.
        Err(Error::IoError(error))
            if error.kind() == io::ErrorKind::UnexpectedEof && container != Container::Mpeg =>
        {
            Err(Say::new("catalogue-file-cut-off"))
        }
        Err(Error::IoError(error)) if error.kind() != io::ErrorKind::UnexpectedEof => {
            Err(unreadable(error))
        }
        Err(error) => {
            tracing::debug!(%error, "a file is not audio");
            Err(Say::new("catalogue-file-not-audio"))
        }
    }
}

/// One pass over a track.
struct Run {
    /// None where we have no decoder and look at the packets only (Opus).
    decoder: Option<Box<dyn Decoder>>,
    lossless: bool,
    digester: Sha256Digester,
    rate: u32,
    packets: u64,
    broken: u64,
    /// Whether something between two packets is missing.
    gap: bool,
    frames: u64,
}

impl Run {
    fn new(params: &CodecParameters) -> Result<Self, Say> {
        let decoder = if params.codec == CODEC_TYPE_OPUS {
            None
        } else {
            let options = DecoderOptions { verify: true };
            let made = symphonia::default::get_codecs().make(params, &options);
            Some(made.map_err(|_| Say::new("catalogue-file-unsupported"))?)
        };
        let mut digester = Sha256Digester::new();
        digester.update(format!("{:?}\n", params.codec).as_bytes());
        Ok(Run {
            decoder,
            lossless: params.codec == CODEC_TYPE_FLAC,
            digester,
            // Opus counts in 48 kHz whatever it was made from (RFC 7845 §4).
            rate: match params.codec {
                CODEC_TYPE_OPUS => 48_000,
                _ => params.sample_rate.unwrap_or(0),
            },
            packets: 0,
            broken: 0,
            gap: false,
            frames: 0,
        })
    }

    fn take(&mut self, packet: &Packet) -> Result<(), Say> {
        self.digester.update(packet.buf());
        self.packets += 1;
        // A reader passes over a frame whose checksum is wrong; the next one tells where it is.
        self.gap |= self.lossless && packet.ts() != self.frames;
        match &mut self.decoder {
            None => self.frames = self.frames.saturating_add(packet.dur()),
            Some(decoder) => match decoder.decode(packet) {
                Ok(sound) => {
                    self.rate = sound.spec().rate;
                    self.frames = self.frames.saturating_add(sound.frames() as u64);
                }
                Err(Error::DecodeError(_) | Error::IoError(_)) => self.broken += 1,
                Err(_) => return Err(Say::new("catalogue-file-corrupt")),
            },
        }
        if self.frames / u64::from(self.rate.max(1)) > SECONDS_LIMIT {
            return Err(Say::new("catalogue-file-too-long"));
        }
        Ok(())
    }

    fn finish(
        self,
        media_type: &'static str,
        declared_ms: Option<u64>,
        whole_ogg: bool,
    ) -> Result<Sound, Say> {
        if self.frames == 0 || !RATES.contains(&self.rate) {
            return Err(Say::new("catalogue-file-no-sound"));
        }
        let duration_ms = (u128::from(self.frames) * 1_000).div_ceil(u128::from(self.rate));
        let duration_ms = u64::try_from(duration_ms).unwrap_or(u64::MAX);
        if self.gap {
            return Err(Say::new("catalogue-file-corrupt"));
        }
        let slack = if self.lossless { 1 } else { SLACK_MS };
        if !whole_ogg || declared_ms.is_some_and(|declared| duration_ms + slack < declared) {
            return Err(Say::new("catalogue-file-cut-off"));
        }
        // A scratch in an old MP3 is forgiven; a frame that does not add up in a FLAC is not.
        let forgiven = if self.lossless {
            0
        } else {
            2 + self.packets / 100
        };
        let verified = self
            .decoder
            .and_then(|mut decoder| decoder.finalize().verify_ok);
        if self.broken > forgiven || verified == Some(false) {
            return Err(Say::new("catalogue-file-corrupt"));
        }
        Ok(Sound {
            media_type,
            duration_ms,
            digest: self.digester.finish().to_string(),
        })
    }
}

/// How long the file says it is, in milliseconds.
fn declared_ms(params: &CodecParameters) -> Option<u64> {
    let length = params.time_base?.calc_time(params.n_frames?);
    Some(length.seconds * 1_000 + (length.frac * 1_000.0) as u64)
}

/// Whether a WAV's length is the placeholder of a recorder that did not know it.
fn is_unbounded(params: &CodecParameters) -> bool {
    let channels = params
        .channels
        .map_or(1, |channels| channels.count() as u64);
    let bytes = u64::from(params.bits_per_sample.unwrap_or(8)).div_ceil(8) * channels;
    params
        .n_frames
        .is_some_and(|frames| (frames + 1).saturating_mul(bytes) >= u64::from(u32::MAX))
}

/// What the bytes are packed in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Container {
    Flac,
    Ogg,
    Wave,
    Mp4,
    Mpeg,
}

impl Container {
    fn of(file: &mut File) -> io::Result<Self> {
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

fn media_type(container: Container, codec: CodecType) -> Option<&'static str> {
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
fn after_id3(file: &mut File) -> io::Result<u64> {
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
fn is_counted(file: &mut File) -> io::Result<bool> {
    let start = after_id3(file)?;
    file.seek(SeekFrom::Start(start))?;
    let mut head = vec![0; 2048];
    let read = read_up_to(file, &mut head)?;
    let has = |mark: &[u8]| head[..read].windows(4).any(|four| four == mark);
    Ok(has(b"Xing") || has(b"Info") || has(b"VBRI"))
}

/// Whether an Ogg file ends with a whole page that says it is the last (RFC 3533 §6).
fn ends_well(file: &mut File) -> io::Result<bool> {
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

fn read_up_to(file: &mut File, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match file.read(&mut buffer[read..])? {
            0 => break,
            some => read += some,
        }
    }
    Ok(read)
}

fn unreadable(error: io::Error) -> Say {
    Say::new("catalogue-file-unreadable").with("reason", error)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flacenc::bitsink::ByteSink;
    use flacenc::component::BitRepr;
    use flacenc::error::Verify;

    use super::*;

    fn flac(samples: &[i32]) -> Vec<u8> {
        let config = flacenc::config::Encoder::default().into_verified().unwrap();
        let source = flacenc::source::MemSource::from_samples(samples, 1, 16, 8_000);
        let stream =
            flacenc::encode_with_fixed_block_size(&config, source, config.block_size).unwrap();
        let mut sink = ByteSink::new();
        stream.write(&mut sink).unwrap();
        let mut bytes = sink.as_slice().to_vec();
        // The encoder counts the last, shorter block as the shortest; RFC 9639 §8.2 excludes it,
        // and a reader takes the two to be alike where all blocks but the last are.
        bytes.copy_within(10..12, 8);
        bytes
    }

    fn decoded(bytes: &[u8]) -> Result<Sound, Say> {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        decode(file)
    }

    #[test]
    fn a_whole_file_tells_its_length_and_a_cut_one_that_it_is_cut() {
        let samples: Vec<i32> = (0..20_001).map(|at| at * 7_919 % 20_011 - 10_000).collect();
        let bytes = flac(&samples);
        let sound = decoded(&bytes).unwrap();
        assert_eq!((sound.media_type, sound.duration_ms), ("audio/flac", 2_501));
        let cut = decoded(&bytes[..bytes.len() - 5_000]).unwrap_err();
        assert_eq!(cut, Say::new("catalogue-file-cut-off"));
    }
}
