//! Pictures of releases: whatever came in is decoded within limits and written anew as a JPEG of
//! moderate size, so that no byte of a stranger's picture is ever served to a browser.

use std::fs;
use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};

use federation::digest::Sha256Digest;
use image::codecs::jpeg::JpegEncoder;
use image::imageops::FilterType;
use image::{DynamicImage, ImageReader, Limits};

use super::media;

/// The largest picture that is looked at, in bytes.
pub const BYTES_LIMIT: usize = 20 * 1024 * 1024;
/// The longest side that is kept, in pixels.
const SIDE: u32 = 1_200;
/// The longest side that is decoded, in pixels.
const SIDE_LIMIT: u32 = 12_000;
/// The most memory decoding may take, in bytes.
const MEMORY_LIMIT: u64 = 400 * 1024 * 1024;
const QUALITY: u8 = 85;

/// Why a picture is not kept.
#[derive(Debug, thiserror::Error)]
pub enum PictureRefused {
    /// Not a picture that is read here, or too large a one.
    #[error("not a JPEG, PNG or WebP picture within limits: {0}")]
    Unreadable(#[from] image::ImageError),
    /// Too many bytes.
    #[error("larger than 20 MiB")]
    TooLarge,
    /// It could not be read or written.
    #[error(transparent)]
    Io(#[from] std::io::Error),
}

/// The folder of pictures below the folder of media: what is in it is public, media are not.
pub fn folder(media: &Path) -> PathBuf {
    media.join("covers")
}

/// Decodes the picture and writes it anew: JPEG, no side longer than 1200 pixels.
///
/// # Errors
/// [`PictureRefused`] for what is no picture, and for one whose size would be a bomb.
pub fn redraw(bytes: &[u8]) -> Result<Vec<u8>, PictureRefused> {
    if bytes.len() > BYTES_LIMIT {
        return Err(PictureRefused::TooLarge);
    }
    let mut limits = Limits::default();
    limits.max_image_width = Some(SIDE_LIMIT);
    limits.max_image_height = Some(SIDE_LIMIT);
    limits.max_alloc = Some(MEMORY_LIMIT);
    let mut reader = ImageReader::new(Cursor::new(bytes)).with_guessed_format()?;
    reader.limits(limits);
    let picture = reader.decode()?;
    let picture = if picture.width() > SIDE || picture.height() > SIDE {
        picture.resize(SIDE, SIDE, FilterType::CatmullRom)
    } else {
        picture
    };
    let mut jpeg = Vec::new();
    let flat = DynamicImage::ImageRgb8(on_paper(&picture));
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&flat)?;
    Ok(jpeg)
}

/// JPEG knows no transparency: what is see-through shows white paper.
fn on_paper(picture: &DynamicImage) -> image::RgbImage {
    if !picture.color().has_alpha() {
        return picture.to_rgb8();
    }
    let see_through = picture.to_rgba8();
    image::RgbImage::from_fn(see_through.width(), see_through.height(), |x, y| {
        let [red, green, blue, alpha] = see_through.get_pixel(x, y).0;
        let over = |ink: u8| {
            let (ink, alpha) = (u32::from(ink), u32::from(alpha));
            u8::try_from((ink * alpha + 255 * (255 - alpha)) / 255).unwrap_or(255)
        };
        image::Rgb([over(red), over(green), over(blue)])
    })
}

/// Redraws a picture and keeps it below `media`; `passing` as in [`media::keep`].
///
/// # Errors
/// [`PictureRefused`].
pub fn keep(media: &Path, passing: &str, bytes: &[u8]) -> Result<Sha256Digest, PictureRefused> {
    let jpeg = redraw(bytes)?;
    let (digest, _) = media::keep(&folder(media), passing, &mut jpeg.as_slice())?;
    Ok(digest)
}

/// The bytes of a kept picture.
///
/// # Errors
/// `NotFound` when there is none of this digest.
pub fn read(media: &Path, digest: &Sha256Digest) -> std::io::Result<Vec<u8>> {
    let (mut file, _) = media::open(&folder(media), digest)?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The picture that lies beside the files of a folder, if there is one: `cover`, `folder` or
/// `front`.
pub fn beside(folder: &Path) -> Option<PathBuf> {
    const NAMES: [&str; 3] = ["cover", "folder", "front"];
    const ENDINGS: [&str; 4] = ["jpg", "jpeg", "png", "webp"];
    let mut found: Vec<(usize, PathBuf)> = fs::read_dir(folder)
        .ok()?
        .filter_map(|entry| {
            let path = entry.ok()?.path();
            let stem = path.file_stem()?.to_str()?.to_ascii_lowercase();
            let ending = path.extension()?.to_str()?.to_ascii_lowercase();
            let rank = NAMES.iter().position(|name| **name == stem)?;
            (ENDINGS.contains(&ending.as_str()) && path.is_file()).then_some((rank, path))
        })
        .collect();
    found.sort();
    found.into_iter().next().map(|(_, path)| path)
}

/// Reads a picture file, no further than the limit.
///
/// # Errors
/// [`PictureRefused`] when it is larger or cannot be read.
pub fn read_file(path: &Path) -> Result<Vec<u8>, PictureRefused> {
    let mut bytes = Vec::new();
    let limit = BYTES_LIMIT as u64 + 1;
    fs::File::open(path)?.take(limit).read_to_end(&mut bytes)?;
    if bytes.len() > BYTES_LIMIT {
        return Err(PictureRefused::TooLarge);
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::{ImageFormat, Rgba, RgbaImage};

    fn png(side: u32, colour: [u8; 4]) -> Vec<u8> {
        let mut bytes = Cursor::new(Vec::new());
        RgbaImage::from_pixel(side, side, Rgba(colour))
            .write_to(&mut bytes, ImageFormat::Png)
            .unwrap();
        bytes.into_inner()
    }

    #[test]
    fn a_large_picture_becomes_a_moderate_jpeg() {
        let jpeg = redraw(&png(1_500, [10, 20, 30, 255])).unwrap();
        let picture = image::load_from_memory_with_format(&jpeg, ImageFormat::Jpeg).unwrap();
        assert_eq!((picture.width(), picture.height()), (1_200, 1_200));
    }

    #[test]
    fn what_is_see_through_shows_white() {
        let jpeg = redraw(&png(8, [0, 0, 0, 0])).unwrap();
        let picture = image::load_from_memory(&jpeg).unwrap().to_rgb8();
        assert!(picture.get_pixel(4, 4).0.iter().all(|ink| *ink > 250));
    }

    #[test]
    fn a_tiny_file_that_claims_to_be_enormous_is_refused() {
        let mut bomb = png(1, [0, 0, 0, 255]);
        // Width and height in the header chunk, and its checksum over what it now says.
        bomb[16..20].copy_from_slice(&60_000_u32.to_be_bytes());
        bomb[20..24].copy_from_slice(&60_000_u32.to_be_bytes());
        let sum = crc32(&bomb[12..29]);
        bomb[29..33].copy_from_slice(&sum.to_be_bytes());
        assert!(matches!(
            redraw(&bomb),
            Err(PictureRefused::Unreadable(image::ImageError::Limits(_)))
        ));
        assert!(redraw(b"nothing of the kind").is_err());
    }

    fn crc32(bytes: &[u8]) -> u32 {
        let mut sum = u32::MAX;
        for byte in bytes {
            sum ^= u32::from(*byte);
            for _ in 0..8 {
                sum = if sum & 1 == 1 {
                    (sum >> 1) ^ 0xedb8_8320
                } else {
                    sum >> 1
                };
            }
        }
        !sum
    }
}
