//! Is this file sound? It is decoded from its first packet to its last before it is taken, so that
//! nobody finds out at a listening post that half of a track is missing. In the same pass it is
//! measured ([`Measure`]).

mod container;
mod flac;
mod measure;
mod mp4;
mod mpeg;
mod opus;

use std::fs::File;
use std::io::{self, Seek, SeekFrom};

use federation::digest::Sha256Digester;
use symphonia::core::audio::SampleBuffer;
use symphonia::core::codecs::{
    CODEC_TYPE_FLAC, CODEC_TYPE_NULL, CODEC_TYPE_OPUS, CodecParameters, Decoder, DecoderOptions,
};
use symphonia::core::errors::Error;
use symphonia::core::formats::{FormatOptions, FormatReader, Packet};
use symphonia::core::io::MediaSourceStream;
use symphonia::core::meta::{Limit, MetadataOptions};
use symphonia::core::probe::Hint;

use self::container::{Container, ends_well, is_counted, media_type};
use self::measure::Measuring;
use self::mpeg::Walk;
use self::opus::Opus;
use crate::words::Say;

pub use self::measure::Measure;

/// The longest recording taken, in seconds: a day.
const SECONDS_LIMIT: u64 = 24 * 3600;
/// The most samples of all channels: a day in stereo at 48 kHz.
const SAMPLES_LIMIT: u64 = SECONDS_LIMIT * 48_000 * 2;
/// From how many seconds on a recording must have come from something: a few bytes can stand for
/// days of silence.
const SOMETHING_AFTER: u64 = 600;
/// How many bytes a second are something. Silence has half of that; the poorest speech, sixty times
/// as much.
const SOMETHING: u64 = 16;
/// By how much a lossy recording may be shorter than its header says, in milliseconds: encoders
/// count their own padding differently.
const SLACK_MS: u64 = 250;
/// Frames of a lossy recording that may be broken whatever its length: one cut has two ends.
const FORGIVEN: u64 = 2;
/// The most frames that may be: half a second of an MP3.
const FORGIVEN_LIMIT: u64 = 20;
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
    /// What was measured of it.
    pub measure: Measure,
}

/// Decodes the whole of `file`.
///
/// # Errors
/// The sentence that says why it is not taken.
pub fn decode(mut file: File) -> Result<Sound, Say> {
    let container = Container::of(&mut file).map_err(unreadable)?;
    if container == Container::Mp4 && !mp4::is_plausible(&mut file).map_err(unreadable)? {
        return Err(Say::new("catalogue-file-corrupt"));
    }
    let whole_ogg = container != Container::Ogg || ends_well(&mut file).map_err(unreadable)?;
    let is_mpeg = container == Container::Mpeg;
    let counted_mp3 = is_mpeg && is_counted(&mut file).map_err(unreadable)?;
    let walk = match is_mpeg {
        true => mpeg::walk(&mut file).map_err(unreadable)?,
        false => Walk::default(),
    };
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
    run.broken += walk.lost;
    run.finish(media_type, declared_ms, whole_ogg && !walk.is_cut)
}

fn open(file: File, container: Container) -> Result<Box<dyn FormatReader>, Say> {
    let file = flac::Mended::of(file).map_err(unreadable)?;
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

/// What turns packets into samples.
enum Decoding {
    Symphonia(Box<dyn Decoder>, Option<SampleBuffer<f32>>),
    Opus(Box<Opus>),
}

/// One pass over a track.
struct Run {
    decoding: Decoding,
    lossless: bool,
    digester: Sha256Digester,
    measuring: Measuring,
    rate: u32,
    packets: u64,
    broken: u64,
    /// Whether something between two packets is missing.
    gap: bool,
    frames: u64,
    samples: u64,
}

impl Run {
    fn new(params: &CodecParameters) -> Result<Self, Say> {
        let unsupported = || Say::new("catalogue-file-unsupported");
        let decoding = if params.codec == CODEC_TYPE_OPUS {
            let head = params.extra_data.as_deref().and_then(Opus::of);
            Decoding::Opus(Box::new(head.ok_or_else(unsupported)?))
        } else {
            let options = DecoderOptions { verify: true };
            let made = symphonia::default::get_codecs().make(params, &options);
            Decoding::Symphonia(made.map_err(|_| unsupported())?, None)
        };
        let mut digester = Sha256Digester::new();
        digester.update(format!("{:?}\n", params.codec).as_bytes());
        Ok(Run {
            decoding,
            lossless: params.codec == CODEC_TYPE_FLAC,
            digester,
            measuring: Measuring::new(),
            rate: match params.codec {
                CODEC_TYPE_OPUS => opus::RATE,
                _ => params.sample_rate.unwrap_or(0),
            },
            packets: 0,
            broken: 0,
            gap: false,
            frames: 0,
            samples: 0,
        })
    }

    fn take(&mut self, packet: &Packet) -> Result<(), Say> {
        self.digester.update(packet.buf());
        self.packets += 1;
        // A reader passes over a frame whose checksum is wrong; the next one tells where it is.
        self.gap |= self.lossless && packet.ts() != self.frames;
        match &mut self.decoding {
            Decoding::Opus(opus) => {
                let channels = opus.channels();
                // The container counts, also what is decoded and not heard.
                self.frames = self.frames.saturating_add(packet.dur());
                match opus.decode(packet.buf()) {
                    Some(heard) => {
                        self.samples += heard.len() as u64;
                        self.measuring.hear(heard, channels, opus::RATE);
                    }
                    None => self.broken += 1,
                }
            }
            Decoding::Symphonia(decoder, buffer) => match decoder.decode(packet) {
                Ok(sound) => {
                    let (spec, frames) = (*sound.spec(), sound.frames());
                    let channels = spec.channels.count();
                    self.rate = spec.rate;
                    self.frames = self.frames.saturating_add(frames as u64);
                    self.samples += (frames * channels) as u64;
                    let room = buffer.as_ref().map_or(0, SampleBuffer::capacity);
                    if room < sound.capacity() * channels {
                        *buffer = Some(SampleBuffer::new(sound.capacity() as u64, spec));
                    }
                    if let Some(buffer) = buffer {
                        buffer.copy_interleaved_ref(sound);
                        self.measuring.hear(buffer.samples(), channels, spec.rate);
                    }
                }
                Err(Error::DecodeError(_) | Error::IoError(_)) => self.broken += 1,
                Err(_) => return Err(Say::new("catalogue-file-corrupt")),
            },
        }
        self.is_bounded()
    }

    /// Whether it goes on being something that can be music.
    fn is_bounded(&self) -> Result<(), Say> {
        let seconds = self.frames / u64::from(self.rate.max(1));
        if seconds > SECONDS_LIMIT || self.samples > SAMPLES_LIMIT {
            return Err(Say::new("catalogue-file-too-long"));
        }
        if seconds > SOMETHING_AFTER && self.digester.length() < seconds * SOMETHING {
            return Err(Say::new("catalogue-file-nothing"));
        }
        Ok(())
    }

    fn finish(
        self,
        media_type: &'static str,
        declared_ms: Option<u64>,
        is_whole: bool,
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
        if !is_whole || declared_ms.is_some_and(|declared| duration_ms + slack < declared) {
            return Err(Say::new("catalogue-file-cut-off"));
        }
        // A scratch in an old MP3 is forgiven; a frame that does not add up in a FLAC is not.
        let forgiven = match self.lossless {
            true => 0,
            false => (FORGIVEN + self.packets / 100).min(FORGIVEN_LIMIT),
        };
        let verified = match self.decoding {
            Decoding::Symphonia(mut decoder, _) => decoder.finalize().verify_ok,
            Decoding::Opus(_) => None,
        };
        if self.broken > forgiven || verified == Some(false) {
            return Err(Say::new("catalogue-file-corrupt"));
        }
        Ok(Sound {
            media_type,
            duration_ms,
            digest: self.digester.finish().to_string(),
            measure: self.measuring.finish(),
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
        sink.as_slice().to_vec()
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
        // This encoder counts the last, shorter block as the smallest.
        assert_ne!(bytes[8..10], bytes[10..12]);
        let cut = decoded(&bytes[..bytes.len() - 5_000]).unwrap_err();
        assert_eq!(cut, Say::new("catalogue-file-cut-off"));
    }
}
