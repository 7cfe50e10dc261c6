//! The instruments: how a note sounds, and the room it sounds in.

use crate::demo::dice::Dice;

/// Samples a second: enough for what these instruments play.
pub const RATE: u32 = 24_000;
const RATE_F: f32 = RATE as f32;
const TABLE: usize = 2048;

/// A kind of sound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Timbre {
    /// A plucked string.
    String,
    /// A small bell.
    Bell,
    /// A reed: harmonium, accordion.
    Reed,
    /// A soft flute.
    Flute,
    /// A warm, round low voice.
    Bass,
    /// Slow strings in the distance.
    Pad,
}

/// One note: when, how high, how long, how loud.
#[derive(Clone, Copy, Debug)]
pub struct Note {
    /// The first sample.
    pub at: usize,
    /// In hertz.
    pub pitch: f32,
    /// In samples, without what rings on.
    pub length: usize,
    /// From 0 to 1.
    pub loud: f32,
}

/// One period of each sustained sound.
pub struct Instruments {
    sine: Vec<f32>,
    reed: Vec<f32>,
    flute: Vec<f32>,
    bass: Vec<f32>,
    pad: Vec<f32>,
}

impl Instruments {
    /// Builds the tables.
    pub fn new() -> Self {
        Instruments {
            sine: period(&[1.0]),
            reed: period(&[1.0, 0.55, 0.5, 0.32, 0.26, 0.14, 0.12, 0.06]),
            flute: period(&[1.0, 0.28, 0.08, 0.03]),
            bass: period(&[1.0, 0.5, 0.18, 0.08, 0.03]),
            pad: period(&[1.0, 0.42, 0.24, 0.16, 0.1, 0.05]),
        }
    }

    /// Adds a note to `out`; what would sound after its end is cut.
    pub fn play(&self, out: &mut [f32], timbre: Timbre, note: Note, dice: &mut Dice) {
        match timbre {
            Timbre::String => pluck(out, note, dice),
            Timbre::Bell => self.bell(out, note),
            Timbre::Reed => self.sustain(out, &self.reed, note, (0.03, 0.09), 0.004),
            Timbre::Flute => self.sustain(out, &self.flute, note, (0.06, 0.14), 0.006),
            Timbre::Bass => self.sustain(out, &self.bass, note, (0.012, 0.12), 0.0),
            Timbre::Pad => {
                // Two voices a few cents apart breathe against one another.
                let half = Note {
                    loud: note.loud * 0.5,
                    ..note
                };
                let above = Note {
                    pitch: note.pitch * 1.003,
                    ..half
                };
                self.sustain(out, &self.pad, half, (0.35, 0.6), 0.0);
                self.sustain(out, &self.pad, above, (0.35, 0.6), 0.0);
            }
        }
    }

    /// A held tone with rise, fall and a little vibrato; `edges` in seconds.
    fn sustain(&self, out: &mut [f32], table: &[f32], note: Note, edges: (f32, f32), vibrato: f32) {
        let rise = (edges.0 * RATE_F).max(1.0);
        let fall = (edges.1 * RATE_F).max(1.0);
        let length = note.length as f32;
        let total = note.length + fall as usize;
        let step = note.pitch * TABLE as f32 / RATE_F;
        let sway_step = 5.2 * TABLE as f32 / RATE_F;
        let (mut phase, mut sway) = (0.0f32, 0.0f32);
        for (i, sample) in out.iter_mut().skip(note.at).take(total).enumerate() {
            let t = i as f32;
            let up = (t / rise).min(1.0);
            let down = 1.0 - ((t - length) / fall).clamp(0.0, 1.0);
            *sample += look(table, phase) * note.loud * up * down * down;
            // Vibrato comes in after the note has spoken.
            let bend = 1.0 + vibrato * look(&self.sine, sway) * (t / (0.4 * RATE_F)).min(1.0);
            phase = wrap(phase + step * bend);
            sway = wrap(sway + sway_step);
        }
    }

    /// Two sines, one bending the other, dying away.
    fn bell(&self, out: &mut [f32], note: Note) {
        let total = (2.6 * RATE_F) as usize;
        let step = note.pitch * TABLE as f32 / RATE_F;
        let (mut phase, mut bender) = (0.0f32, 0.0f32);
        let mut ring = 1.0f32;
        let fading = (-1.0 / (0.55 * RATE_F)).exp();
        for (i, sample) in out.iter_mut().skip(note.at).take(total).enumerate() {
            let attack = (i as f32 / 60.0).min(1.0);
            let bent = phase + ring * 420.0 * look(&self.sine, bender);
            *sample += look(&self.sine, bent.rem_euclid(TABLE as f32)) * note.loud * ring * attack;
            ring *= fading;
            phase = wrap(phase + step);
            bender = wrap(bender + step * 3.5);
        }
    }
}

/// A string that is plucked (Karplus and Strong, 1983): noise that runs round a loop and loses
/// its edge.
fn pluck(out: &mut [f32], note: Note, dice: &mut Dice) {
    let period = ((RATE_F / note.pitch) as usize).max(2);
    let mut string: Vec<f32> = (0..period)
        .map(|_| dice.part() as f32 * 2.0 - 1.0)
        .collect();
    // A softer plectrum for softer notes.
    for _ in 0..2 {
        for i in 0..period {
            string[i] = 0.5 * (string[i] + string[(i + 1) % period]);
        }
    }
    let total = note.length + (1.6 * RATE_F) as usize;
    let damped = 0.9f32;
    let mut at = 0;
    for (i, sample) in out.iter_mut().skip(note.at).take(total).enumerate() {
        let next = if at + 1 == period { 0 } else { at + 1 };
        let value = string[at];
        *sample += value * note.loud * 1.5;
        let mut kept = 0.5 * (value + string[next]) * 0.997;
        if i > note.length {
            kept *= 1.0 - (1.0 - damped) / period as f32 * 12.0;
        }
        string[at] = kept;
        at = next;
    }
}

/// A brush on a drum skin: noise with a short life.
pub fn brush(out: &mut [f32], at: usize, loud: f32, low: bool, dice: &mut Dice) {
    let total = if low { RATE / 5 } else { RATE / 14 } as usize;
    let mut dull = 0.0f32;
    let sharpness = if low { 0.06 } else { 0.75 };
    let mut life = 1.0f32;
    let fading = (-5.0 / total as f32).exp();
    for (i, sample) in out.iter_mut().skip(at).take(total).enumerate() {
        let noise = dice.part() as f32 * 2.0 - 1.0;
        dull += sharpness * (noise - dull);
        let body = if low {
            // A drum's pitch falls as it is struck.
            let t = i as f32 / RATE_F;
            (std::f32::consts::TAU * (46.0 * t + 3.2 * (1.0 - (-t * 34.0).exp()))).sin()
        } else {
            noise - dull
        };
        *sample += (body + dull * 0.5) * loud * life;
        life *= fading;
    }
}

/// The room: four echoes that never meet, and what comes back of them.
pub fn room(dry: &[f32], wetness: f32) -> Vec<f32> {
    const PATHS: [(usize, f32); 4] = [(1067, 0.78), (1283, 0.76), (1481, 0.74), (1733, 0.72)];
    let mut paths: Vec<(Vec<f32>, usize, f32)> = PATHS
        .iter()
        .map(|(length, back)| (vec![0.0; *length], 0, *back))
        .collect();
    let mut dull = 0.0f32;
    dry.iter()
        .map(|&sample| {
            let mut wet = 0.0;
            for (line, at, back) in &mut paths {
                let echo = line[*at];
                wet += echo;
                line[*at] = sample + echo * *back;
                *at = if *at + 1 == line.len() { 0 } else { *at + 1 };
            }
            // Walls swallow the high tones first.
            dull += 0.35 * (wet * 0.25 - dull);
            sample + dull * wetness
        })
        .collect()
}

fn period(harmonics: &[f32]) -> Vec<f32> {
    let sum: f32 = harmonics.iter().sum();
    (0..TABLE)
        .map(|i| {
            let x = i as f32 / TABLE as f32 * std::f32::consts::TAU;
            let tone: f32 = harmonics
                .iter()
                .enumerate()
                .map(|(h, loud)| loud * (x * (h + 1) as f32).sin())
                .sum();
            tone / sum * 1.6
        })
        .collect()
}

fn look(table: &[f32], phase: f32) -> f32 {
    table.get(phase as usize).copied().unwrap_or(0.0)
}

fn wrap(phase: f32) -> f32 {
    if phase >= TABLE as f32 {
        phase - TABLE as f32
    } else {
        phase
    }
}
