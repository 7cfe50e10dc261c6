//! A small composer: a scale, a tempo, a few chords and a motif that comes back.

use super::sound::{Instruments, Note, RATE, Timbre, brush, room};
use crate::demo::dice::Dice;

/// How an artist plays.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Semitones of the scale above its root.
    pub scale: &'static [i32],
    /// The root, as a MIDI note around 57 (A3).
    pub root: i32,
    /// Beats a minute.
    pub tempo: u32,
    /// Beats in a bar: 3 or 4.
    pub beats: usize,
    /// Who has the melody.
    pub lead: Timbre,
    /// Who has the chords.
    pub chords: Timbre,
    /// Whether a drum keeps time.
    pub drum: bool,
    /// How much of the room is heard, 0 to 1.
    pub wetness: f32,
}

/// Scales, by the names musicians know them under.
pub mod scales {
    /// Dorian.
    pub const DORIAN: &[i32] = &[0, 2, 3, 5, 7, 9, 10];
    /// Lydian.
    pub const LYDIAN: &[i32] = &[0, 2, 4, 6, 7, 9, 11];
    /// Mixolydian.
    pub const MIXOLYDIAN: &[i32] = &[0, 2, 4, 5, 7, 9, 10];
    /// Aeolian.
    pub const AEOLIAN: &[i32] = &[0, 2, 3, 5, 7, 8, 10];
    /// Harmonic minor.
    pub const HARMONIC_MINOR: &[i32] = &[0, 2, 3, 5, 7, 8, 11];
    /// Major.
    pub const IONIAN: &[i32] = &[0, 2, 4, 5, 7, 9, 11];
}

/// Chords that lead into one another, as degrees of the scale.
const WAYS: &[[i32; 4]] = &[
    [0, 5, 3, 4],
    [0, 3, 0, 4],
    [0, 4, 5, 3],
    [0, 2, 3, 4],
    [0, 6, 5, 4],
    [0, 3, 5, 4],
];

/// One note of a motif, in beats from its start; `degree` counts steps of the scale.
#[derive(Clone, Copy)]
struct Step {
    beat: f32,
    length: f32,
    degree: i32,
}

/// Plays a piece of about `seconds` in a style: 16-bit samples at [`RATE`], one channel.
pub fn compose(style: &Style, seconds: u32, dice: &mut Dice) -> Vec<i32> {
    let beat = 60.0 / style.tempo as f32 * RATE as f32;
    let bar = beat * style.beats as f32;
    let total = (seconds * RATE) as usize;
    let bars = ((total as f32 - 1.5 * RATE as f32) / bar).max(2.0) as usize;
    let instruments = Instruments::new();
    let mut out = vec![0.0f32; total];
    let way = dice.one_of(WAYS);
    let other_way = dice.one_of(WAYS);
    let motifs = [motif(style, dice), motif(style, dice), motif(style, dice)];

    for n in 0..bars {
        // Four bars a line; the lines go A A B A, and the first says only where we are.
        let line = n / 4;
        let in_b = line % 4 == 2;
        let last = n + 1 == bars;
        let degree = match (last, in_b) {
            (true, _) => 0,
            (false, true) => other_way[n % 4],
            (false, false) => way[n % 4],
        };
        let start = n as f32 * bar;
        let at = |beats: f32| (start + beats * beat) as usize;

        let low = pitch(style, degree - 7) / if degree > 3 { 2.0 } else { 1.0 };
        for b in (0..style.beats).step_by(2) {
            let note = Note {
                at: at(b as f32),
                pitch: low,
                length: (beat * 1.6) as usize,
                loud: 0.2,
            };
            instruments.play(&mut out, Timbre::Bass, note, dice);
        }
        for (i, third) in [0, 2, 4].into_iter().enumerate() {
            // Chords on strings are broken, others are held.
            let broken = matches!(style.chords, Timbre::String | Timbre::Bell);
            let (offset, length) = if broken {
                (i as f32 * 0.5, beat * 1.5)
            } else {
                (0.0, bar * 0.96)
            };
            let note = Note {
                at: at(offset),
                pitch: pitch(style, degree + third),
                length: length as usize,
                loud: if broken { 0.13 } else { 0.08 },
            };
            instruments.play(&mut out, style.chords, note, dice);
        }
        let speaks = n >= 2 && !last;
        if speaks {
            let which = if in_b { 2 } else { n % 2 };
            for step in &motifs[which] {
                // The second time round, a line may sing higher or leave a note out.
                if line > 1 && dice.chance(10) {
                    continue;
                }
                let lift = if line % 4 == 3 { 7 } else { 0 };
                let human = dice.part() as f32 * 0.012 * RATE as f32;
                let note = Note {
                    at: at(step.beat) + human as usize,
                    pitch: pitch(style, step.degree + lift + settle(degree)) * 2.0,
                    length: (step.length * beat * 0.92) as usize,
                    loud: 0.17 + 0.05 * dice.part() as f32,
                };
                instruments.play(&mut out, style.lead, note, dice);
            }
        }
        if style.drum && n > 0 && !last {
            brush(&mut out, at(0.0), 0.24, true, dice);
            for b in 0..style.beats {
                brush(&mut out, at(b as f32 + 0.5), 0.03, false, dice);
                if b % 2 == 1 {
                    brush(&mut out, at(b as f32), 0.06, false, dice);
                }
            }
        }
    }
    finish(&room(&out, style.wetness))
}

/// Over chords away from home the melody leans towards them.
fn settle(degree: i32) -> i32 {
    match degree {
        3 | 5 => 1,
        4 | 6 => -1,
        _ => 0,
    }
}

/// One bar of melody: small steps, now and then a leap, ending on a note that can rest.
fn motif(style: &Style, dice: &mut Dice) -> Vec<Step> {
    const RHYTHMS: &[&[f32]] = &[
        &[1.0, 1.0, 1.0, 1.0],
        &[1.5, 0.5, 1.0, 1.0],
        &[0.5, 0.5, 1.0, 2.0],
        &[2.0, 0.5, 0.5, 1.0],
        &[1.0, 0.5, 0.5, 2.0],
        &[3.0, 1.0],
    ];
    let rhythm = dice.one_of(RHYTHMS);
    let mut degree = *dice.one_of(&[0, 2, 4]);
    let mut beat = 0.0;
    let mut steps = Vec::new();
    for &length in *rhythm {
        let left = style.beats as f32 - beat;
        if left <= 0.0 {
            break;
        }
        steps.push(Step {
            beat,
            length: length.min(left),
            degree,
        });
        beat += length;
        degree += *dice.one_of(&[-2, -1, -1, 1, 1, 2, 3]);
        degree = degree.clamp(-2, 7);
    }
    if let Some(last) = steps.last_mut() {
        last.degree = [0, 2, 4]
            .into_iter()
            .min_by_key(|rest| (rest - last.degree).abs())
            .unwrap_or(0);
    }
    steps
}

/// The pitch of a degree of the style's scale, in hertz.
fn pitch(style: &Style, degree: i32) -> f32 {
    let steps = style.scale.len() as i32;
    let octave = degree.div_euclid(steps);
    let place = degree.rem_euclid(steps) as usize;
    let midi = style.root + 12 * octave + style.scale[place];
    440.0 * 2f32.powf((midi - 69) as f32 / 12.0)
}

/// As loud as all others, without edges, in whole numbers.
fn finish(samples: &[f32]) -> Vec<i32> {
    let peak = samples.iter().fold(0.01f32, |peak, s| peak.max(s.abs()));
    let gain = 0.85 / peak;
    let length = samples.len() as f32;
    let fade_in = 0.02 * RATE as f32;
    let fade_out = 1.5 * RATE as f32;
    samples
        .iter()
        .enumerate()
        .map(|(i, s)| {
            let i = i as f32;
            let edge = (i / fade_in).min(1.0) * ((length - i) / fade_out).min(1.0);
            (s * gain * edge * 32_000.0) as i32
        })
        .collect()
}
