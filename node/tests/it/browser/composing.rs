//! Composing a selection and publishing it: by keyboard alone, and by hand.

use serde_json::json;
use thirtyfour::prelude::Key;

use super::Browser;
use super::playing::release;
use crate::curation::curator;
use crate::world::World;

/// What the form holds: the names of its works, in order.
const LINES: &str = "[...document.querySelectorAll('[data-line]:not(.is-empty) [data-name]')].map(one => one.textContent.split(',')[0])";

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_is_composed_and_published_by_keyboard_alone() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    curator(&loire, &library, "Ana").await;
    release(&loire, "Fleuves", &[("Aube", 220), ("Brume", 330)], 5);
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser
        .go(&loire, &format!("/venues/{}", library.slug))
        .await;
    browser.tab_to("a[href$='/compose']").await;
    browser.keys(Key::Enter + "").await;
    browser.until("document.getElementById('compose')").await;

    browser.tab_to("#title").await;
    browser.keys("Matins lents").await;
    browser.tab_to("#words").await;
    browser.keys("Deux morceaux & un café.").await;
    browser.tab_to("#q").await;
    browser.keys("fleuves").await;
    browser
        .until("document.querySelectorAll('[data-compose=add]').length === 2")
        .await;
    browser.tab_to("[data-compose=add]").await;
    browser.keys(Key::Enter + "").await;
    browser
        .until("document.activeElement?.name === 'note'")
        .await;
    browser.keys("d’abord").await;
    browser.tab_to("li:nth-child(2) > [data-compose=add]").await;
    browser.keys(Key::Enter + "").await;
    browser.until(&format!("{LINES}.length === 2")).await;
    let first = browser.ask(LINES).await[0].as_str().unwrap().to_owned();

    // The second goes up: the button is still held, and it is said where the work stands now.
    browser
        .tab_to("[data-line]:nth-child(2) [data-compose=up]")
        .await;
    browser.keys(Key::Enter + "").await;
    browser.until(&format!("{LINES}[1] === {first:?}")).await;
    let said = browser
        .text("document.getElementById('compose-said').textContent")
        .await;
    assert!(said.ends_with("at 1 of 2"), "{said}");
    assert_eq!(
        browser.text("document.activeElement.dataset.compose").await,
        "up"
    );

    browser.tab_to("button[value=publish]").await;
    browser.keys(Key::Enter + "").await;
    browser
        .until("location.pathname.startsWith('/selections/')")
        .await;
    assert_eq!(
        browser
            .text("document.querySelector('h1').textContent")
            .await,
        "Matins lents"
    );
    assert_eq!(
        browser
            .text("[...document.querySelectorAll('.piece-title')].at(-1).textContent")
            .await,
        first
    );
    assert_eq!(
        browser
            .text("document.querySelector('.note').textContent")
            .await,
        "d’abord"
    );

    // What was published is changed in its draft.
    browser.tab_to("a[href*='/drafts/']").await;
    browser.keys(Key::Enter + "").await;
    browser
        .until("document.querySelector('#title')?.value === 'Matins lents'")
        .await;
    assert_eq!(browser.ask(&format!("{LINES}.length")).await, json!(2));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn works_are_dragged_into_a_selection_and_put_in_order_by_hand() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    curator(&loire, &library, "Ana").await;
    release(&loire, "Fleuves", &[("Aube", 220), ("Brume", 330)], 5);
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser
        .go(
            &loire,
            &format!("/venues/{}/compose?q=fleuves", library.slug),
        )
        .await;
    for found in 1..=2 {
        let grip = browser
            .find(&format!("[data-find]:nth-child({found}) .grip"))
            .await;
        let goal = browser.find("#compose fieldset legend").await;
        let chain = browser.driver.action_chain().click_and_hold_element(&grip);
        let chain = chain.move_to_element_center(&goal).release();
        chain.perform().await.unwrap();
        browser.until(&format!("{LINES}.length === {found}")).await;
    }
    let before = browser.ask(LINES).await;
    let grip = browser.find("[data-line]:nth-child(2) .grip").await;
    let goal = browser.find("[data-line]:nth-child(1)").await;
    let chain = browser.driver.action_chain().click_and_hold_element(&grip);
    let chain = chain.move_to_element_with_offset(&goal, 0, -30).release();
    chain.perform().await.unwrap();
    browser
        .until(&format!("{LINES}[0] === {}", before[1]))
        .await;
    browser.quit().await;
}
