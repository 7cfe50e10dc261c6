//! Styles, script, fonts and the mark: embedded in the binary, no build step.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::sync::{Mutex, PoisonError};

use axum::body::Bytes;
use axum::extract::{Path, RawQuery};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;
use rust_embed::RustEmbed;

use crate::web::Refusal;

#[derive(RustEmbed)]
#[folder = "assets/"]
struct Assets;

/// The address of an asset: its name and the beginning of its digest, so that a browser may keep
/// it for good.
pub fn address(name: &str) -> String {
    match Assets::get(name) {
        Some(file) => format!("/assets/{name}?{}", version(&file)),
        None => format!("/assets/{name}"),
    }
}

/// The text of an asset, where it is text.
pub fn text(name: &str) -> Option<String> {
    let file = Assets::get(name)?;
    String::from_utf8(file.data.into_owned()).ok()
}

/// A font as a `data:` address, for a page that is a file and may not fetch anything.
pub fn font_inside(name: &str) -> String {
    use base64::Engine as _;
    let bytes = Assets::get(name).map(|file| file.data).unwrap_or_default();
    let text = base64::engine::general_purpose::STANDARD.encode(bytes);
    format!("data:font/woff2;base64,{text}")
}

fn version(file: &rust_embed::EmbeddedFile) -> String {
    hex::encode(&file.metadata.sha256_hash()[..6])
}

/// `GET /assets/{name}`: kept for good when asked for by version, checked each time otherwise.
pub async fn serve(
    Path(name): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let file = Assets::get(&name).ok_or(Refusal::Missing)?;
    let version = version(&file);
    // A font's version is written in the styles that name it.
    let for_good =
        query.as_deref() == Some(version.as_str()) || (name.ends_with(".woff2") && query.is_some());
    let keep = if for_good {
        "public, max-age=31536000, immutable"
    } else {
        "no-cache"
    };
    // Weak: it stands for the same bytes, compressed or not.
    let tag = format!("W/\"{version}\"");
    let kind = file.metadata.mimetype();
    let kind = if kind.starts_with("text/") {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_owned()
    };
    let known = headers
        .get(IF_NONE_MATCH)
        .is_some_and(|seen| seen.as_bytes() == tag.as_bytes());
    let head = [
        (CACHE_CONTROL, keep.to_owned()),
        (ETAG, tag),
        (CONTENT_TYPE, kind),
    ];
    if known {
        return Ok((StatusCode::NOT_MODIFIED, head).into_response());
    }
    let is_text = [".js", ".css", ".svg"]
        .iter()
        .any(|end| name.ends_with(end));
    let varies = [(VARY, HeaderValue::from_static("accept-encoding"))];
    if is_text && takes_gzip(&headers) {
        let packed = [(CONTENT_ENCODING, HeaderValue::from_static("gzip"))];
        return Ok((head, varies, packed, gzip(version, &file.data)).into_response());
    }
    Ok((head, varies, file.data).into_response())
}

/// Whether who asks takes what is compressed.
pub(super) fn takes_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|a| a.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|one| {
        let (name, weight) = one.split_once(';').unwrap_or((one, ""));
        name.trim() == "gzip" && weight.trim() != "q=0"
    })
}

/// An asset compressed, once for each version of it.
fn gzip(version: String, bytes: &[u8]) -> Bytes {
    static PACKED: Mutex<BTreeMap<String, Bytes>> = Mutex::new(BTreeMap::new());
    let mut packed = PACKED.lock().unwrap_or_else(PoisonError::into_inner);
    let pack = || self::packed(bytes, Compression::best());
    packed.entry(version).or_insert_with(pack).clone()
}

/// These bytes, compressed.
pub(super) fn packed(bytes: &[u8], how: Compression) -> Bytes {
    let mut packer = GzEncoder::new(Vec::new(), how);
    // Nothing can fail that is written into memory.
    let _ = packer.write_all(bytes);
    Bytes::from(packer.finish().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_and_its_player_stay_light() {
        let size = |name: &str| Assets::get(name).unwrap().data.len();
        let mut all = 0;
        for name in Assets::iter().filter(|name| name.ends_with(".js") || name.ends_with(".css")) {
            let file = Assets::get(&name).unwrap();
            all += gzip(version(&file), &file.data).len();
        }
        assert!(
            all <= 60_000,
            "{all} bytes of styles and script, compressed"
        );
        let fonts: usize = Assets::iter()
            .filter(|name| name.ends_with(".woff2"))
            .map(|name| size(&name))
            .sum();
        assert!(fonts <= 60_000, "{fonts} bytes of fonts");
    }

    #[test]
    fn what_is_compressed_is_the_same_when_it_is_unpacked() {
        use std::io::Read as _;
        let file = Assets::get("player.js").unwrap();
        let packed = gzip(version(&file), &file.data);
        let mut unpacked = Vec::new();
        let mut reader = flate2::read::GzDecoder::new(&packed[..]);
        reader.read_to_end(&mut unpacked).unwrap();
        assert_eq!(unpacked, &file.data[..]);
        let sent = |text: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, HeaderValue::from_str(text).unwrap());
            takes_gzip(&headers)
        };
        assert!(sent("br, gzip") && sent("gzip;q=0.5"));
        assert!(!sent("br") && !sent("gzip;q=0") && !sent(""));
    }

    #[test]
    fn every_font_and_library_brings_its_licence() {
        for licence in [
            "fonts/newsreader-OFL.txt",
            "fonts/hanken-grotesk-OFL.txt",
            "htmx-LICENSE.txt",
        ] {
            assert!(Assets::get(licence).is_some(), "{licence}");
        }
    }
}
