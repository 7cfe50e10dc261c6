//! The shell on a device: the pages can be installed, and say so when there is no net.

use serde_json::{Value, json};

use super::Browser;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn a_device_without_a_net_shows_the_page_that_says_so_and_nothing_of_anybody() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser
        .until("navigator.serviceWorker.controller !== null")
        .await;
    let kept = "(async () => { const all = []; for (const name of await caches.keys())\
        for (const one of await (await caches.open(name)).keys()) all.push(new URL(one.url).pathname);\
        window.kept = all; })()";
    browser.ask(kept).await;
    browser.until("window.kept").await;
    let kept: Vec<String> = serde_json::from_value(browser.ask("window.kept").await).unwrap();
    assert!(
        kept.iter()
            .all(|path| path.starts_with("/assets/") || path == "/offline")
    );
    assert!(kept.contains(&"/assets/player.js".to_owned()), "{kept:?}");

    loire.stop().await;
    // Nobody answers: the device does.
    browser.go(&loire, "/shelf").await;
    assert_eq!(
        browser
            .text("document.querySelector('h1').textContent")
            .await,
        "No connection"
    );
    assert_eq!(
        browser
            .ask("document.body.textContent.includes('Ana')")
            .await,
        json!(false)
    );
    loire.start().await;
    browser.click("main a.button").await;
    browser
        .until("location.pathname === '/' && window.player")
        .await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_manifest_names_icons_that_are_there() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let guest = loire.visitor();
    let manifest = guest.get("/manifest.webmanifest").await;
    assert_eq!(
        manifest.headers["content-type"],
        "application/manifest+json"
    );
    let manifest: Value = manifest.json();
    assert_eq!(manifest["display"], "standalone");
    for icon in manifest["icons"].as_array().unwrap() {
        let path = icon["src"].as_str().unwrap();
        let answer = guest
            .client
            .get(format!("{}{path}", loire.base()))
            .send()
            .await
            .unwrap();
        assert_eq!(answer.headers()["content-type"], "image/png", "{path}");
        let bytes = answer.bytes().await.unwrap();
        let picture = image::load_from_memory(&bytes).unwrap();
        let size = format!("{}x{}", picture.width(), picture.height());
        assert_eq!(icon["sizes"], json!(size), "{path}");
    }
}
