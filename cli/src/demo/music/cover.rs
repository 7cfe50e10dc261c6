//! A picture for a release: a few flat shapes in three inks, as a screen printer would pull them.
//! Each release has a motif of its own, that tells of what it is called.

use std::io::Cursor;

use image::codecs::png::{CompressionType, FilterType, PngEncoder};
use image::{Rgb, RgbImage};

use crate::demo::dice::Dice;

/// The side of a picture, in pixels.
const SIDE: u32 = 600;
/// How many looks are taken at each pixel, along each side: edges come out smooth.
const LOOKS: u32 = 3;

/// What a cover shows.
#[derive(Clone, Copy, Debug)]
pub enum Motif {
    /// Ribbons that cross, over and under.
    Ribbons,
    /// A river below arches.
    Arches,
    /// Ridges, one behind the other, and a sun.
    Ridges,
    /// A wheel above a yard, with its spokes.
    Wheel,
    /// A round cheese with its veins.
    Fourme,
    /// Pennants and their long shadows.
    Pennants,
    /// A lock between two levels of water.
    Lock,
    /// Four fields, four quarters of the year.
    Fields,
    /// Heaps that were black and turn green.
    Heaps,
    /// The hours of a night, some of them full.
    Hours,
}

/// The inks of a picture, from the paper up, as red, green and blue.
pub type Inks = [u32; 4];

/// Draws a cover; the dice set what is left to chance. PNG.
pub fn draw(motif: Motif, inks: &Inks, dice: &mut Dice) -> Vec<u8> {
    let shape = Shape::new(motif, dice);
    let parts = inks.map(|ink| [(ink >> 16) as u8, (ink >> 8) as u8, ink as u8]);
    let mut picture = RgbImage::new(SIDE, SIDE);
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let mut sum = [0u32; 3];
        for look in 0..LOOKS * LOOKS {
            let within =
                |at: u32, look: u32| (at as f32 + (look as f32 + 0.5) / LOOKS as f32) / SIDE as f32;
            let ink = shape.ink(within(x, look % LOOKS), within(y, look / LOOKS));
            for (sum, part) in sum.iter_mut().zip(parts[ink]) {
                *sum += u32::from(part);
            }
        }
        *pixel = Rgb(sum.map(|sum| (sum / (LOOKS * LOOKS)) as u8));
    }
    let mut png = Cursor::new(Vec::new());
    // Flat inks are smallest as they are.
    let (best, plain) = (CompressionType::Best, FilterType::NoFilter);
    picture
        .write_with_encoder(PngEncoder::new_with_quality(&mut png, best, plain))
        .expect("a picture in memory can be written to memory");
    png.into_inner()
}

/// A motif with what chance gave it.
struct Shape {
    motif: Motif,
    /// Numbers from 0 to 1.
    chance: [f32; 12],
}

impl Shape {
    fn new(motif: Motif, dice: &mut Dice) -> Self {
        let mut chance = [0.0; 12];
        for one in &mut chance {
            *one = dice.part() as f32;
        }
        Shape { motif, chance }
    }

    /// Which ink is at a place, from 0 to 1 rightwards and down.
    fn ink(&self, x: f32, y: f32) -> usize {
        match self.motif {
            Motif::Ribbons => self.ribbons(x, y),
            Motif::Arches => self.arches(x, y),
            Motif::Ridges => self.ridges(x, y),
            Motif::Wheel => wheel(x, y),
            Motif::Fourme => self.fourme(x, y),
            Motif::Pennants => pennants(x, y),
            Motif::Lock => self.lock(x, y),
            Motif::Fields => fields(x, y),
            Motif::Heaps => self.heaps(x, y),
            Motif::Hours => self.hours(x, y),
        }
    }

    fn ribbons(&self, x: f32, y: f32) -> usize {
        let (across, down) = ((x * 6.0).floor(), (y * 6.0).floor());
        let is_on = |at: f32, margin: f32| (margin..1.0 - margin).contains(&at.fract());
        let (warp, weft) = (is_on(x * 6.0, 0.09), is_on(y * 6.0, 0.09));
        let of_warp = 1 + usize::from((across as usize).is_multiple_of(3));
        let of_weft = if down as usize % 4 == (self.chance[0] * 4.0) as usize {
            2
        } else {
            3
        };
        let is_over = ((across + down) as usize).is_multiple_of(2);
        match (warp, weft) {
            (true, true) if is_over => of_warp,
            (_, true) => of_weft,
            (true, false) => of_warp,
            (false, false) => 0,
        }
    }

    fn arches(&self, x: f32, y: f32) -> usize {
        let bank = 0.56;
        if y < bank {
            // Three arches, each within another.
            let at = (x * 3.0).fract() - 0.5;
            let high = (bank - y) * 3.0;
            let far = at.hypot((high - 0.55).max(0.0));
            return match far {
                far if far < 0.2 => 3,
                far if far < 0.32 => 0,
                far if far < 0.44 => 1,
                _ => 0,
            };
        }
        let wave = (x * 9.0 + self.chance[1] * 6.0).sin() * 0.018;
        let band = ((y - bank + wave) * 15.0).floor() as usize;
        [2, 0, 2, 3, 2, 1, 2][band % 7]
    }

    fn ridges(&self, x: f32, y: f32) -> usize {
        let mut ink = usize::from((x - 0.66).hypot(y - 0.3) < 0.17) * 3;
        for (place, near) in [(1usize, 0.0f32), (2, 1.0), (1, 2.0), (2, 3.0)] {
            let steep = 0.19 - 0.02 * near;
            let foot = 0.5 + 0.13 * near;
            let step = x * (2.2 + 0.7 * near) + self.chance[near as usize] * 2.0;
            let tooth = (step.fract() - 0.5).abs() * 2.0;
            let crest = foot - steep * (1.0 - tooth);
            let line = y - crest;
            if line > 0.0 {
                // A rim of paper between a ridge and the one before it.
                ink = if line < 0.012 { 0 } else { place };
            }
        }
        ink
    }

    fn fourme(&self, x: f32, y: f32) -> usize {
        let (dx, dy) = (x - 0.5, y - 0.5);
        let far = dx.hypot(dy);
        if far > 0.42 {
            return 0;
        }
        if far > 0.385 {
            return 1;
        }
        let turn = dy.atan2(dx);
        // One slice is out.
        if (-0.9..-0.35).contains(&turn) && far > 0.02 {
            return 0;
        }
        for vein in 0..11usize {
            let angle = vein as f32 * 0.5712 + self.chance[vein];
            let reach = 0.09 + 0.25 * self.chance[(vein * 5 + 3) % 12];
            let (vx, vy) = (reach * angle.cos(), reach * angle.sin());
            let size = 0.016 + 0.03 * self.chance[(vein * 7 + 1) % 12];
            if ((dx - vx) * 1.3).hypot(dy - vy) < size {
                return 2;
            }
        }
        3
    }

    fn lock(&self, x: f32, y: f32) -> usize {
        let is_gate = (0.46..0.54).contains(&x) && y > 0.24;
        if is_gate {
            let plank = ((y - 0.24) * 11.0).fract();
            return if plank < 0.12 { 0 } else { 1 };
        }
        let level = if x < 0.5 { 0.38 } else { 0.66 };
        let wave = (x * 21.0 + self.chance[2] * 6.0).sin() * 0.006;
        if y > level + wave {
            let depth = ((y - level) * 13.0).floor() as usize;
            return if depth % 3 == 1 { 3 } else { 2 };
        }
        // The moon, over the lower water.
        let far = (x - 0.77).hypot(y - 0.24);
        if far < 0.11 { 3 } else { 0 }
    }

    fn heaps(&self, x: f32, y: f32) -> usize {
        let foot = 0.86;
        if y > foot {
            return 1;
        }
        for (middle, half, high, front) in [(0.62, 0.36, 0.6, 1), (0.3, 0.33, 0.44, 0)] {
            let rise = 1.0 - ((x - middle) / half as f32).abs();
            let crest = foot - high * rise.max(0.0);
            if rise > 0.0 && y > crest {
                // Green climbs from the foot, in tongues.
                let tongue =
                    (x * 34.0 + self.chance[front] * 6.0).sin() * 0.035 + (x * 13.0).sin() * 0.04;
                let green = foot - high * (0.34 + 0.16 * front as f32) + tongue;
                return match (y > green, front) {
                    (true, 0) => 2,
                    (true, _) => 3,
                    (false, _) => 1,
                };
            }
        }
        0
    }

    fn hours(&self, x: f32, y: f32) -> usize {
        let (column, row) = ((x * 7.0).floor(), (y * 7.0).floor());
        let (dx, dy) = ((x * 7.0).fract() - 0.5, (y * 7.0).fract() - 0.5);
        if !(1.0..6.0).contains(&column) || !(1.0..6.0).contains(&row) {
            return 0;
        }
        let hour = (row as usize - 1) * 5 + column as usize - 1;
        let turn = (self.chance[hour % 12] * 4.0) as usize;
        if dx.hypot(dy) > 0.38 {
            return 0;
        }
        // Full, half, and the halves of the other voice.
        match (hour * 7 + turn) % 5 {
            0 => 3,
            1 if dx < 0.0 => 1,
            2 if dx > 0.0 => 2,
            3 if dy > 0.0 => 1,
            4 if dy < 0.0 => 2,
            _ => 0,
        }
    }
}

/// The wheel of a headframe, above its legs.
fn wheel(x: f32, y: f32) -> usize {
    let (dx, dy) = (x - 0.5, y - 0.4);
    let far = dx.hypot(dy);
    if (0.235..0.29).contains(&far) || far < 0.05 {
        return 1;
    }
    if far < 0.235 {
        let turn = (dy.atan2(dx) / std::f32::consts::TAU * 10.0).rem_euclid(1.0);
        return if turn * far < 0.022 { 1 } else { 3 };
    }
    // Two legs, and the ground.
    if y > 0.86 {
        return 2;
    }
    let lean = (x - 0.5).abs() - (y - 0.4) * 0.62;
    if y > 0.4 && lean.abs() < 0.028 {
        return 1;
    }
    if (0.66..0.69).contains(&y) && (x - 0.5).abs() < 0.17 {
        return 1;
    }
    0
}

/// Pennants on a string, and what the evening sun makes of them on the ground.
fn pennants(x: f32, y: f32) -> usize {
    let string = 0.16 + 0.1 * (1.0 - (2.0 * x - 1.0).powi(2));
    let at = (x * 5.0).fract() - 0.5;
    let flag = (x * 5.0).floor() as usize;
    let hang = y - string;
    if (0.0..0.2).contains(&hang) && at.abs() < 0.4 * (1.0 - hang / 0.2) {
        return [1, 2, 3, 1, 2][flag % 5];
    }
    if (-0.006..0.0).contains(&hang) {
        return 1;
    }
    if y < 0.52 {
        return 0;
    }
    // The shadows lean to the right and grow.
    let down = (y - 0.52) / 0.48;
    let leant = (x - 0.16 * down) * 5.0 / (1.0 + 0.35 * down);
    let shadow = leant.fract() - 0.5;
    if shadow.abs() < 0.36 * (1.0 - down * 0.86) {
        return 1;
    }
    3
}

/// Four fields with furrows that run each their own way.
fn fields(x: f32, y: f32) -> usize {
    let (left, top) = (x < 0.5, y < 0.5);
    let (fx, fy) = ((x * 2.0).fract(), (y * 2.0).fract());
    if !(0.05..0.95).contains(&fx) || !(0.05..0.95).contains(&fy) {
        return 0;
    }
    let stripe = |along: f32| (along * 7.0).rem_euclid(1.0) < 0.5;
    match (left, top) {
        // Seed, leaf, root, bare ground.
        (true, true) => {
            let (sx, sy) = ((fx * 6.0).fract() - 0.5, (fy * 6.0).fract() - 0.5);
            if sx.hypot(sy) < 0.17 { 1 } else { 3 }
        }
        (false, true) => 2 - usize::from(stripe(fx + fy)) * 2,
        (true, false) => {
            let far = (fx - 0.5).hypot(fy - 0.95);
            [1, 3][(far * 9.0) as usize % 2]
        }
        (false, false) => 1 - usize::from(stripe(fy)),
    }
}
