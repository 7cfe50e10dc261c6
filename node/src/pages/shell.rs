//! What makes the node's pages installable: the manifest, the service worker that keeps the shell
//! (styles, script, fonts) on a device, and the page shown where there is no net. Nothing that is
//! somebody's own is ever kept by it.

use askama::Template;
use axum::Json;
use axum::extract::{Query, State};
use axum::http::HeaderValue;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Page, answer, assets, drawing};
use crate::web::{App, Guest, Refusal};

/// The assets every page needs.
const SHELL: [&str; 7] = [
    "antiphon.css",
    "htmx.min.js",
    "player.js",
    "queue.js",
    "antiphon.js",
    "passkeys.js",
    "mark.svg",
];
/// The fonts, under the version the styles ask for.
const FONTS: [&str; 3] = [
    "/assets/fonts/newsreader-roman.woff2?1",
    "/assets/fonts/newsreader-italic.woff2?1",
    "/assets/fonts/hanken-grotesk.woff2?1",
];
/// The page without a net.
const OFFLINE: &str = "/offline";
/// The longest name under an icon, in characters.
const SHORT_NAME: usize = 12;

/// `GET /manifest.webmanifest`: how the node is called and shown on a device (W3C Web Application
/// Manifest).
pub async fn manifest(State(app): State<App>, guest: Guest) -> Response {
    let icon = |size: u32, purpose: &str| {
        let name = match purpose {
            "maskable" => format!("icon-{size}-maskable.png"),
            _ => format!("icon-{size}.png"),
        };
        json!({
            "src": assets::address(&name),
            "sizes": format!("{size}x{size}"),
            "type": "image/png",
            "purpose": purpose,
        })
    };
    let manifest: Value = json!({
        "id": "/",
        "name": app.config.name,
        "short_name": app.config.name.chars().take(SHORT_NAME).collect::<String>().trim(),
        "lang": guest.language.code(),
        "start_url": "/",
        "scope": "/",
        "display": "standalone",
        "background_color": "#f7f4ed",
        "theme_color": "#f7f4ed",
        "icons": [icon(192, "any"), icon(512, "any"), icon(512, "maskable")],
    });
    let kind = [(CONTENT_TYPE, "application/manifest+json")];
    (kind, Json(manifest).0.to_string()).into_response()
}

/// `GET /sw.js`: the service worker, which names the version of the shell it keeps. It is new when
/// any of the assets is.
pub async fn worker() -> Result<Response, Refusal> {
    let source = assets::text("sw.js").ok_or(Refusal::Missing)?;
    let shell: Vec<String> = SHELL
        .iter()
        .map(|name| assets::address(name))
        .chain(FONTS.map(str::to_owned))
        .chain([OFFLINE.to_owned()])
        .collect();
    let addresses = json!(shell).to_string();
    let version = federation::digest::Sha256Digest::of(addresses.as_bytes()).hex();
    let source = source
        .replace("SHELL_VERSION", &version[..12])
        .replace("SHELL_ADDRESSES", &addresses);
    let head = [
        (CONTENT_TYPE, "text/javascript; charset=utf-8"),
        (CACHE_CONTROL, "no-cache"),
    ];
    Ok((head, source).into_response())
}

/// The page a device shows when it has no net.
#[derive(Template)]
#[template(path = "pages/offline.html")]
struct OfflinePage {
    page: Page,
}

/// `GET /offline`: the same for everybody, since a device keeps it.
pub async fn offline(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let mut page = Page::of(&app, &guest);
    page.member = None;
    answer(&OfflinePage { page })
}

#[derive(Deserialize)]
pub(super) struct Drawn {
    of: String,
}

/// `GET /covers/drawn?of=`: the cover drawn for what has none, as a picture of its own.
pub(super) async fn drawn(Query(Drawn { of }): Query<Drawn>) -> Result<Response, Refusal> {
    if of.len() > settlement::Uri::LIMIT {
        return Err(Refusal::Missing);
    }
    let svg = drawing::sleeve(&of);
    let head = [
        (CONTENT_TYPE, HeaderValue::from_static("image/svg+xml")),
        (
            CACHE_CONTROL,
            HeaderValue::from_static("public, max-age=604800"),
        ),
    ];
    Ok((head, svg).into_response())
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let page = OfflinePage {
        page: Page::sample(language, false),
    };
    vec![("offline", page.render())]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_the_worker_keeps_is_there() {
        for name in SHELL {
            assert!(assets::text(name).is_some(), "{name}");
        }
        for size in ["192", "512", "512-maskable"] {
            let address = assets::address(&format!("icon-{size}.png"));
            assert!(address.contains('?'), "{address} has no version");
        }
        for font in FONTS {
            let name = font.strip_prefix("/assets/").unwrap();
            let name = name.strip_suffix("?1").unwrap();
            assert!(assets::address(name).contains('?'), "{name}");
        }
    }
}
