//! A venue's picture for servers of other kinds, which show one beside every word: a pattern of its
//! own on its colour, drawn from its address, so that two venues are told apart at a glance.

use axum::extract::{Path, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};
use axum::response::{IntoResponse as _, Response};
use image::{ImageFormat, Rgb, RgbImage};
use sha2::{Digest as _, Sha256};

use super::{Venue, store};
use crate::web::{App, Refusal};

/// How many fields the pattern has each way; the right half mirrors the left.
const FIELDS: u32 = 5;
/// The side of a field, and the margin around all of them, in pixels.
const FIELD: u32 = 40;
const MARGIN: u32 = 28;
const SIDE: u32 = FIELDS * FIELD + 2 * MARGIN;

/// `GET /venues/{slug}/icon.png`
pub(super) async fn icon(
    State(app): State<App>,
    Path(slug): Path<String>,
) -> Result<Response, Refusal> {
    let venue = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::by_slug(conn, &slug)?))
        .await?
        .ok_or(Refusal::Missing)?;
    let bytes = drawn(&venue).map_err(Refusal::broken)?;
    let headers = [
        (CONTENT_TYPE, HeaderValue::from_static("image/png")),
        (X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=86400"),
        ),
    ];
    Ok((headers, bytes).into_response())
}

fn drawn(venue: &Venue) -> image::ImageResult<Vec<u8>> {
    let ground = colour(&venue.colour);
    let digest = Sha256::digest(venue.id.as_str());
    let is_set = |x: u32, y: u32| {
        let place = y * FIELDS + x.min(FIELDS - 1 - x);
        digest[place as usize % digest.len()] & 1 == 1
    };
    let picture = RgbImage::from_fn(SIDE, SIDE, |x, y| {
        let field = |at: u32| at.checked_sub(MARGIN).map(|at| at / FIELD);
        match (field(x), field(y)) {
            (Some(x), Some(y)) if x < FIELDS && y < FIELDS && is_set(x, y) => Rgb([255, 255, 255]),
            _ => ground,
        }
    });
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture.write_to(&mut bytes, ImageFormat::Png)?;
    Ok(bytes.into_inner())
}

/// `#rrggbb`, else a dark grey.
fn colour(text: &str) -> Rgb<u8> {
    let digits = text.strip_prefix('#').unwrap_or_default();
    let mut parts = [0x40; 3];
    match hex::decode_to_slice(digits, &mut parts) {
        Ok(()) => Rgb(parts),
        Err(_) => Rgb([0x40; 3]),
    }
}

#[cfg(test)]
mod tests {
    use settlement::VenueId;

    use super::*;

    fn venue(slug: &str) -> Venue {
        Venue {
            id: VenueId::parse(&format!("https://loire.example/venues/{slug}")).unwrap(),
            slug: slug.into(),
            name: slug.into(),
            seats: 1,
            colour: "#2f5d62".into(),
            created_us: 0,
        }
    }

    #[test]
    fn each_venue_has_a_picture_of_its_own_on_its_colour() {
        let read = |slug: &str| {
            let bytes = drawn(&venue(slug)).unwrap();
            image::load_from_memory_with_format(&bytes, ImageFormat::Png)
                .unwrap()
                .to_rgb8()
        };
        let one = read("mediatheque");
        assert_eq!(one.dimensions(), (SIDE, SIDE));
        assert_eq!(*one.get_pixel(0, 0), Rgb([0x2f, 0x5d, 0x62]));
        assert!(one.pixels().any(|pixel| *pixel == Rgb([255; 3])));
        assert_ne!(one, read("le-fil"));
        assert_eq!(colour("no colour"), Rgb([0x40; 3]));
    }
}
