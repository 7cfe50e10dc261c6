//! Uploading a label's files: how far it is can be seen and heard, and what came is shown in place.

use serde_json::json;
use thirtyfour::prelude::Key;

use super::Browser;
use crate::catalogue::sounds::{put, wav};
use crate::labels::somebody_of;
use crate::world::{PASSWORD, World};

#[tokio::test(flavor = "multi_thread")]
async fn an_upload_is_seen_on_its_way_and_its_works_are_there_at_its_end() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let (_, slug) = somebody_of(&loire, "Micro Climat", "Ana").await;
    let music = tempfile::tempdir().unwrap();
    let whole = put(music.path(), "Amont.wav", &wav(220, 300));
    let broken = put(music.path(), "Aval.flac", b"fLaC and no more");
    let browser = Browser::open().await;
    browser.go(&loire, "/sign-in").await;
    browser.write("#name", "Ana").await;
    browser.write("#password", PASSWORD).await;
    browser.press("#password", Key::Enter).await;
    browser
        .until(
            "document.readyState === 'complete' && location.pathname !== '/sign-in' && window.htmx",
        )
        .await;
    // As somebody gets there: by a link and a button of pages that follow one another.
    browser.go(&loire, &format!("/labels/{slug}")).await;
    browser.until("window.htmx").await;
    browser.click("form[action$='/releases'] button").await;
    browser
        .until(
            "document.querySelector('[data-upload]') && location.pathname.includes('/releases/')",
        )
        .await;

    let watch = "const form = document.querySelector('[data-upload]');\
        const shown = form.querySelector('[data-part=progress]');\
        window.seen = { shown: false, values: [], said: [] };\
        new MutationObserver(() => {\
          window.seen.shown ||= !shown.hidden;\
          window.seen.values.push(shown.querySelector('progress').value);\
          window.seen.said.push(shown.querySelector('p').textContent);\
        }).observe(shown, { attributes: true, childList: true, subtree: true });";
    browser.driver.execute(watch, Vec::new()).await.unwrap();
    let files = format!("{}\n{}", whole.display(), broken.display());
    let input = browser.find("#files").await;
    input.send_keys(files).await.unwrap();
    browser.click("[data-upload] button").await;
    browser
        .until("document.querySelector('#works .rows')")
        .await;
    let seen = browser.ask("window.seen").await;
    assert_eq!(seen["shown"], json!(true), "{seen}");
    let values = seen["values"].as_array().unwrap();
    assert_eq!(values.last(), Some(&json!(1)), "{seen}");
    let said = seen["said"].as_array().unwrap().last().unwrap();
    assert!(said.as_str().unwrap().ends_with("100 %"), "{seen}");

    // Where the focus is, the reader goes on; what was refused is said, what came can be heard.
    assert_eq!(
        browser.ask("document.activeElement.id").await,
        json!("main")
    );
    let page = browser
        .text("document.getElementById('main').textContent")
        .await;
    assert!(page.contains("1. Amont"), "{page}");
    let alert = browser
        .text("document.querySelector('[role=alert]').textContent")
        .await;
    assert!(alert.contains("Aval.flac"), "{alert}");
    browser
        .until("document.querySelector('#works audio').src.includes('/sound')")
        .await;

    // The label's page is reached without leaving, by a link of what the upload brought; and from
    // there it is the same once more.
    let mark = "window.neverLeft = true;";
    browser.driver.execute(mark, Vec::new()).await.unwrap();
    browser.click("p.over a").await;
    browser
        .until("document.querySelector(\"form[action$='/releases']\")")
        .await;
    assert_eq!(browser.ask("window.neverLeft").await, json!(true));
    browser.click("main a[href*='/releases/']").await;
    browser
        .until("document.readyState === 'complete' && document.querySelector('[data-upload]')")
        .await;
    browser.driver.execute(watch, Vec::new()).await.unwrap();
    let other = put(music.path(), "Delta.wav", &wav(330, 300));
    let input = browser.find("#files").await;
    input.send_keys(other.display().to_string()).await.unwrap();
    browser.click("[data-upload] button").await;
    browser
        .until("document.getElementById('works').textContent.includes('Delta')")
        .await;
    let seen = browser.ask("window.seen").await;
    assert_eq!(seen["shown"], json!(true), "{seen}");
    browser.quit().await;
}
