//! Opus in Ogg (RFC 7845), which symphonia unpacks and does not decode.

use opus_pure::{MAX_PACKET_SAMPLES, OpusDecoder, OpusMSDecoder};

/// Opus decodes to 48 kHz whatever it was made from (RFC 7845 §4).
pub(super) const RATE: u32 = 48_000;

/// A decoder for one track.
pub(super) struct Opus {
    streams: Streams,
    channels: usize,
    /// By what the samples are to be multiplied.
    gain: f32,
    /// Frames at the beginning that are not to be heard.
    unheard: usize,
    samples: Vec<f32>,
}

enum Streams {
    One(Box<OpusDecoder>),
    Surround(Box<OpusMSDecoder>),
}

impl Opus {
    /// Reads the identification header (RFC 7845 §5.1); none when it is not one that is played.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        let channels = usize::from(*head.get(9)?);
        let skip = u16::from_le_bytes([*head.get(10)?, *head.get(11)?]);
        let gain = i16::from_le_bytes([*head.get(16)?, *head.get(17)?]);
        let rate = i32::try_from(RATE).ok()?;
        let streams = match *head.get(18)? {
            0 => Streams::One(Box::new(OpusDecoder::new(rate, channels).ok()?)),
            1 => Streams::Surround(Box::new(OpusMSDecoder::new(rate, channels, 1).ok()?)),
            _ => return None,
        };
        Some(Opus {
            streams,
            channels,
            gain: 10_f32.powf(f32::from(gain) / 256.0 / 20.0),
            unheard: usize::from(skip),
            samples: vec![0.0; MAX_PACKET_SAMPLES * channels],
        })
    }

    pub(super) fn channels(&self) -> usize {
        self.channels
    }

    /// The samples of a packet that are to be heard, channel by channel within each frame; none
    /// when the packet is damaged.
    pub(super) fn decode(&mut self, packet: &[u8]) -> Option<&[f32]> {
        // To the decoder nothing is a packet that was lost; a file has none of these.
        if packet.is_empty() {
            return None;
        }
        let samples = &mut self.samples;
        let frames = match &mut self.streams {
            Streams::One(decoder) => decoder.decode(packet, MAX_PACKET_SAMPLES, samples),
            Streams::Surround(decoder) => decoder.decode(packet, MAX_PACKET_SAMPLES, samples),
        };
        let frames = frames.ok()?;
        let unheard = self.unheard.min(frames);
        self.unheard -= unheard;
        let heard = samples.get_mut(unheard * self.channels..frames * self.channels)?;
        for sample in heard.iter_mut() {
            *sample *= self.gain;
        }
        Some(heard)
    }
}
