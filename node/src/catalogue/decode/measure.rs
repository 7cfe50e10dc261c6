//! What is measured of a sound while it is decoded: how loud it is, and its outline.

use ebur128::{EbuR128, Mode};

/// The fewest points of an outline, for all but the shortest sounds; it has fewer than twice as
/// many.
const POINTS: usize = 1_000;
/// How many frames the first points stand for.
const FIRST: u64 = 64;

/// What was measured of a sound.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Measure {
    /// Its integrated loudness (EBU R 128, ITU-R BS.1770) in thousandths of LUFS; none where
    /// nothing is louder than the gate, as in silence.
    pub loudness_mlufs: Option<i64>,
    /// Its highest sample, in millionths of full scale.
    pub peak_micro: i64,
    /// Its outline: the highest sample of each of 1,000 to 1,999 equal stretches (fewer in what
    /// lasts no more than a second or two), 255 being full scale.
    pub peaks: Vec<u8>,
}

/// A sound being measured.
pub(super) struct Measuring {
    meter: Option<EbuR128>,
    channels: usize,
    rate: u32,
    /// Samples of all channels that one point stands for.
    stretch: usize,
    /// Frames that one point stands for.
    frames: u64,
    points: Vec<f32>,
    /// The highest sample of the stretch that is not full yet, and its samples so far.
    highest: f32,
    filled: usize,
}

impl Measuring {
    pub(super) fn new() -> Self {
        Measuring {
            meter: None,
            channels: 0,
            rate: 0,
            stretch: 0,
            frames: FIRST,
            points: Vec::new(),
            highest: 0.0,
            filled: 0,
        }
    }

    /// Takes in samples, channel by channel within each frame.
    pub(super) fn hear(&mut self, samples: &[f32], channels: usize, rate: u32) {
        if channels == 0 || samples.is_empty() {
            return;
        }
        if (self.channels, self.rate) != (channels, rate) {
            self.turn_to(channels, rate);
        }
        if let Some(meter) = &mut self.meter
            && meter.add_frames_f32(samples).is_err()
        {
            self.meter = None;
        }
        let mut rest = samples;
        while !rest.is_empty() {
            let (now, later) = rest.split_at((self.stretch - self.filled).min(rest.len()));
            self.highest = now
                .iter()
                .fold(self.highest, |highest, sample| highest.max(sample.abs()));
            self.filled += now.len();
            if self.filled == self.stretch {
                self.close_point();
            }
            rest = later;
        }
    }

    /// The sound has other channels or another rate from here on, as pieces of an MP3 may.
    fn turn_to(&mut self, channels: usize, rate: u32) {
        let known = u32::try_from(channels).unwrap_or(u32::MAX);
        self.meter = match self.meter.take() {
            Some(mut meter) => meter.change_parameters(known, rate).ok().map(|()| meter),
            None if self.channels == 0 => EbuR128::new(known, rate, Mode::I).ok(),
            None => None,
        };
        (self.channels, self.rate) = (channels, rate);
        self.stretch = self.samples_of_a_point();
        self.filled = self.filled.min(self.stretch - 1);
    }

    fn samples_of_a_point(&self) -> usize {
        usize::try_from(self.frames)
            .unwrap_or(usize::MAX)
            .saturating_mul(self.channels)
    }

    fn close_point(&mut self) {
        self.points.push(std::mem::take(&mut self.highest));
        self.filled = 0;
        if self.points.len() == 2 * POINTS {
            // Nobody knows beforehand how long it lasts: each point stands for two from now on.
            self.points = self
                .points
                .chunks(2)
                .map(|two| two.iter().copied().fold(0.0, f32::max))
                .collect();
            self.frames *= 2;
            self.stretch = self.samples_of_a_point();
        }
    }

    pub(super) fn finish(mut self) -> Measure {
        if self.filled > 0 {
            self.points.push(self.highest);
        }
        let loudness = self.meter.and_then(|meter| meter.loudness_global().ok());
        let peak = self.points.iter().copied().fold(0.0, f32::max);
        Measure {
            loudness_mlufs: loudness
                .filter(|lufs| lufs.is_finite())
                .map(|lufs| (lufs * 1_000.0).round() as i64),
            // Decoders of lossy sound overshoot; a broken one says infinity.
            peak_micro: (f64::from(peak).min(1_000.0) * 1_000_000.0).round() as i64,
            peaks: self
                .points
                .iter()
                .map(|point| (point.min(1.0) * 255.0).round() as u8)
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A sine of 997 Hz in both channels, in samples of both.
    fn sine(seconds: u32, height: f32) -> Vec<f32> {
        (0..48_000 * seconds)
            .flat_map(|at| {
                let turn = at as f32 * 997.0 / 48_000.0 * std::f32::consts::TAU;
                [turn.sin() * height; 2]
            })
            .collect()
    }

    fn measured(samples: &[f32]) -> Measure {
        let mut measuring = Measuring::new();
        for some in samples.chunks(2 * 1_152) {
            measuring.hear(some, 2, 48_000);
        }
        measuring.finish()
    }

    #[test]
    fn the_sine_of_the_standard_has_the_loudness_of_the_standard() {
        // EBU Tech 3341, test case 1: a stereo sine of -23 dBFS is -23 LUFS.
        let sine = sine(20, 10_f32.powf(-23.0 / 20.0));
        let measure = measured(&sine);
        let loudness = measure.loudness_mlufs.unwrap();
        assert!((-23_100..=-22_900).contains(&loudness), "{loudness}");
        assert!((70_700..=70_900).contains(&measure.peak_micro));
    }

    #[test]
    fn silence_has_no_loudness_and_a_flat_outline() {
        let measure = measured(&vec![0.0; 2 * 48_000]);
        assert_eq!((measure.loudness_mlufs, measure.peak_micro), (None, 0));
        assert!(measure.peaks.iter().all(|point| *point == 0));
    }

    #[test]
    fn an_outline_has_a_bounded_number_of_points_and_shows_where_it_is_loud() {
        let mut samples = vec![0.0; 2 * 48_000 * 5];
        samples.extend(sine(5, 0.5));
        let peaks = measured(&samples).peaks;
        assert!((1_000..2_000).contains(&peaks.len()), "{}", peaks.len());
        let half = peaks.len() / 2;
        assert!(peaks[..half - 1].iter().all(|point| *point == 0));
        assert!(peaks[half + 1..].iter().all(|point| *point >= 126));
    }
}
