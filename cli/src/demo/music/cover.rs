//! A picture for a release: a few calm shapes in the artist's colours.

use std::io::Cursor;

use image::{ImageFormat, Rgb, RgbImage};

use crate::demo::dice::Dice;

const SIDE: u32 = 480;

/// Draws a cover: a hue from 0 to 359 sets its colours, the dice its shapes. PNG.
pub fn draw(hue: u32, dice: &mut Dice) -> Vec<u8> {
    let ground = colour(hue, 0.32, 0.90);
    let mut picture = RgbImage::from_pixel(SIDE, SIDE, Rgb(ground));
    let sun = (
        dice.between(130, 350) as f32,
        dice.between(110, 210) as f32,
        dice.between(45, 95) as f32,
    );
    let sun_colour = colour(hue + 24, 0.38, 0.97);
    // Hills, one behind the other: each a slow wave, darker in front.
    let hills: Vec<([u8; 3], f32, f32, f32, f32)> = (0..4)
        .map(|i| {
            let near = i as f32;
            (
                colour(hue + 8 * i, 0.30 + 0.11 * near, 0.80 - 0.15 * near),
                210.0 + 66.0 * near + dice.part() as f32 * 20.0,
                16.0 + dice.part() as f32 * 26.0,
                0.006 + dice.part() as f32 * 0.012,
                dice.part() as f32 * 6.0,
            )
        })
        .collect();
    for (x, y, pixel) in picture.enumerate_pixels_mut() {
        let (fx, fy) = (x as f32, y as f32);
        if (fx - sun.0).hypot(fy - sun.1) < sun.2 {
            *pixel = Rgb(sun_colour);
        }
        for (shade, height, swing, pace, shift) in &hills {
            if fy > height + swing * (fx * pace + shift).sin() {
                *pixel = Rgb(*shade);
            }
        }
    }
    let mut png = Cursor::new(Vec::new());
    picture
        .write_to(&mut png, ImageFormat::Png)
        .expect("a picture in memory can be written to memory");
    png.into_inner()
}

/// A colour of a hue in degrees, a saturation and a value from 0 to 1.
fn colour(hue: u32, saturation: f32, value: f32) -> [u8; 3] {
    let sector = (hue % 360) as f32 / 60.0;
    let chroma = value * saturation;
    let x = chroma * (1.0 - (sector % 2.0 - 1.0).abs());
    let (r, g, b) = match sector as u32 {
        0 => (chroma, x, 0.0),
        1 => (x, chroma, 0.0),
        2 => (0.0, chroma, x),
        3 => (0.0, x, chroma),
        4 => (x, 0.0, chroma),
        _ => (chroma, 0.0, x),
    };
    let base = value - chroma;
    [r, g, b].map(|part| ((part + base) * 255.0) as u8)
}
