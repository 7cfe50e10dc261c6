//! Every page of the house, from its samples, looked at by axe-core in a real browser: both languages,
//! light and dark, on a telephone's screen and a desk's. Not one violation of WCAG 2.2 A and AA or of
//! RGAA 4 is let through, and nothing is wider than a window of 320 or 640 pixels. Two browsers share
//! the work.
//!
//! `ANTIPHON_PICTURES=FOLDER` keeps a picture of each page there, for people to look at.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::Stdio;

use axum::Router;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Html;
use axum::routing::get;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::net::TcpListener;
use tokio::process::{Child, Command};

use super::well_made::every_page;
use crate::config::Language;

/// What axe looks for; `best-practice` is left to people.
const TAGS: [&str; 6] = [
    "wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "RGAAv4",
];
/// How many browsers.
const BROWSERS: usize = 2;

/// Runs axe and answers what it found: rule, place, piece of the page.
const LOOK: &str = "const done = arguments[arguments.length - 1]; \
    axe.run(document, { runOnly: { type: 'tag', values: arguments[0] }, resultTypes: ['violations'] }) \
    .then(r => done(r.violations.flatMap(v => v.nodes.map(n => \
        v.id + ' at ' + n.target.join(' ') + ': ' + n.html.slice(0, 160) + ' (' + n.any.concat(n.all, n.none).map(c => c.message).join('; ') + ')')))) \
    .catch(e => done(['axe failed: ' + e]));";

fn axe() -> String {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let cache = cache
        .or(home.map(|home| home.join(".cache")))
        .expect("a home");
    let file = cache.join("antiphon/interop/node_modules/axe-core/axe.min.js");
    std::fs::read_to_string(&file)
        .unwrap_or_else(|e| panic!("{}: {e}: run `make test-needs`", file.display()))
}

/// A browser and the program that drives it, by the protocol of <https://www.w3.org/TR/webdriver2/>.
struct Browser {
    session: String,
    client: reqwest::Client,
    _driver: Child,
}

impl Browser {
    async fn open() -> Self {
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("chromedriver: run `make test-needs`");
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = loop {
            let line = lines
                .next_line()
                .await
                .unwrap()
                .expect("chromedriver tells its port");
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').to_owned();
            }
        };
        let client = reqwest::Client::new();
        let wishes = json!({ "capabilities": { "alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": { "args": [
                "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
                "--disable-background-networking", "--window-size=1280,900",
            ] },
            "timeouts": { "script": 900_000, "pageLoad": 900_000 },
        } } });
        let at = format!("http://127.0.0.1:{port}/session");
        let opened = post(&client, &at, &wishes).await;
        let id = opened["sessionId"].as_str().expect("a session").to_owned();
        Browser {
            session: format!("{at}/{id}"),
            client,
            _driver: driver,
        }
    }

    async fn ask(&self, door: &str, body: Value) -> Value {
        post(&self.client, &format!("{}/{door}", self.session), &body).await
    }

    async fn tell(&self, command: &str, params: Value) {
        self.ask(
            "goog/cdp/execute",
            json!({ "cmd": command, "params": params }),
        )
        .await;
    }

    async fn as_wide_as(&self, width: u32) {
        let screen = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false,
        });
        self.tell("Emulation.setDeviceMetricsOverride", screen)
            .await;
    }

    /// Keeps the whole page as a picture.
    async fn keep_picture(&self, file: &std::path::Path) {
        use base64::Engine as _;
        let wish = json!({
            "cmd": "Page.captureScreenshot",
            "params": { "format": "png", "captureBeyondViewport": true },
        });
        let taken = self.ask("goog/cdp/execute", wish).await;
        let taken = taken["data"].as_str().expect("a picture");
        let taken = base64::engine::general_purpose::STANDARD
            .decode(taken)
            .unwrap();
        std::fs::write(file, taken).unwrap();
    }

    async fn close(&self) {
        let _ = self.client.delete(&self.session).send().await;
    }
}

async fn post(client: &reqwest::Client, at: &str, body: &Value) -> Value {
    let answer = client.post(at).json(body).send().await.unwrap();
    let status = answer.status();
    let mut value: Value = answer.json().await.unwrap();
    assert!(status.is_success(), "{at}: {value}");
    value["value"].take()
}

/// What is wider than the window, if the page is.
const WIDE: &str = "const wide = document.scrollingElement.scrollWidth - innerWidth; \
    return wide <= 0 ? [] : [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1) \
    .slice(0, 3).map(e => wide + ' pixels too wide: ' + e.outerHTML.slice(0, 120));";

type Page = (&'static str, Language, String);

/// What axe finds on these pages.
async fn look_at(base: &str, axe: &str, pages: &[(usize, &Page)]) -> BTreeSet<String> {
    let browser = Browser::open().await;
    let mut found = BTreeSet::new();
    let pictures = std::env::var_os("ANTIPHON_PICTURES").map(PathBuf::from);
    for (number, (name, language, _)) in pages {
        browser
            .ask("url", json!({ "url": format!("{base}/{number}") }))
            .await;
        browser
            .ask("execute/sync", json!({ "script": axe, "args": [] }))
            .await;
        // As narrow as WCAG 2.2 §1.4.10 asks for, and a desk's screen at 200 % (§1.4.4).
        for width in [320, 640] {
            browser.as_wide_as(width).await;
            let look = json!({ "script": WIDE, "args": [] });
            let wide = browser.ask("execute/sync", look).await;
            for what in wide.as_array().expect("a list") {
                let (code, what) = (language.code(), what.as_str().unwrap_or("?"));
                found.insert(format!("{name} ({code}, {width}): {what}"));
            }
        }
        for width in [1280, 390] {
            browser.as_wide_as(width).await;
            for scheme in ["light", "dark"] {
                let features = json!({ "features": [
                    { "name": "prefers-color-scheme", "value": scheme },
                    { "name": "prefers-reduced-motion", "value": "reduce" },
                ] });
                browser.tell("Emulation.setEmulatedMedia", features).await;
                let look = json!({ "script": LOOK, "args": [TAGS] });
                let violations = browser.ask("execute/async", look).await;
                let light = (width == 1280) == (scheme == "light");
                if let Some(folder) = pictures.as_ref().filter(|_| light) {
                    let code = language.code();
                    let file = format!("{number:03}-{name}-{code}-{scheme}-{width}.png");
                    browser
                        .keep_picture(&folder.join(file.replace(' ', "_")))
                        .await;
                }
                for violation in violations.as_array().expect("a list") {
                    let what = violation.as_str().unwrap_or("?");
                    let code = language.code();
                    found.insert(format!("{name} ({code}, {scheme}, {width}): {what}"));
                }
            }
        }
    }
    browser.close().await;
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn axe_finds_nothing_on_any_page_in_any_light() {
    // The browser's driver is spoken to in the clear; the client wants a provider all the same.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let axe = axe();
    let pages: Vec<Page> = [Language::Fr, Language::En]
        .into_iter()
        .flat_map(|language| {
            let all = every_page(language).into_iter();
            all.map(move |(name, html)| (name, language, html))
        })
        .collect();
    let served: Vec<String> = pages.iter().map(|(_, _, html)| html.clone()).collect();
    let page = move |Path(number): Path<usize>| async move {
        served
            .get(number)
            .cloned()
            .map(Html)
            .ok_or(StatusCode::NOT_FOUND)
    };
    let doors: Router = Router::new()
        .route("/{number}", get(page))
        .route("/assets/{*name}", get(super::assets::serve));
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let serving = tokio::spawn(async move { axum::serve(listener, doors).await });

    let numbered: Vec<(usize, &Page)> = pages.iter().enumerate().collect();
    let parts = numbered.chunks(numbered.len().div_ceil(BROWSERS));
    let looks = parts.map(|part| look_at(&base, &axe, part));
    let found = futures_util::future::join_all(looks).await;
    serving.abort();
    let found: BTreeSet<String> = found.into_iter().flatten().collect();
    let all: Vec<String> = found.into_iter().collect();
    assert!(
        all.is_empty(),
        "{} violations:\n{}",
        all.len(),
        all.join("\n")
    );
}
