//! Listening: the player goes on through the pages, its queue obeys, and nothing is lost by a reload.
//! That there is sound is proven by the sound's own clock.

use lofty::tag::ItemKey;
use serde_json::json;
use thirtyfour::prelude::Key;

use super::Browser;
use crate::catalogue::sounds::{self, import};
use crate::peers::settle;
use crate::world::{Host, World};

/// A release of so many tracks of so many seconds.
pub fn release(host: &Host, title: &str, tracks: &[(&str, u32)], seconds: u32) {
    let music = tempfile::tempdir().unwrap();
    for (number, (track, hertz)) in (1..).zip(tracks) {
        let number = i32::to_string(&number);
        let texts = [
            (ItemKey::TrackTitle, *track),
            (ItemKey::TrackArtist, "Ana"),
            (ItemKey::AlbumTitle, title),
            (ItemKey::TrackNumber, number.as_str()),
        ];
        let name = format!("{number}.flac");
        sounds::tagged_for(music.path(), &name, *hertz, seconds, &texts);
    }
    let (summary, events) = import(host, music.path());
    assert_eq!(summary.taken as usize, tracks.len(), "{events:?}");
}

/// Waits until the sound has gone on by a second from where it is now.
pub async fn sounds_on(browser: &Browser) {
    let now = "Math.max(...[...document.querySelectorAll('audio')].map(one => one.paused ? -1 : one.currentTime))";
    browser.until(&format!("{now} >= 0")).await;
    let from = browser.ask(now).await.as_f64().unwrap();
    browser.until(&format!("{now} > {from} + 1")).await;
}

/// The titles in the queue, in order.
pub const QUEUE: &str = "player.queue().map(one => one.title)";
/// What plays.
pub const TITLE: &str = "document.querySelector('#player [data-part=title]').textContent";

#[tokio::test(flavor = "multi_thread")]
async fn the_music_goes_on_from_page_to_page_and_back_and_waits_after_a_reload() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    release(&loire, "Fleuves", &[("Aube", 220), ("Brume", 330)], 60);
    let browser = Browser::open().await;
    let code = loire.invitation(&library);

    browser.go(&loire, &format!("/join?code={code}")).await;
    browser.write("#name", "Ana").await;
    browser.write("#password", crate::world::PASSWORD).await;
    browser.click("form.form button").await;
    browser.arrived().await;

    browser.click("a[href='/search']").await;
    browser.write("#q", "fleuves").await;
    browser.click("#found-releases ~ ul h3 a").await;
    browser
        .until("document.querySelector('h1').textContent === 'Fleuves'")
        .await;
    browser.click("[data-play-all]").await;
    sounds_on(&browser).await;
    assert_eq!(browser.ask(QUEUE).await, json!(["Aube", "Brume"]));
    browser.ask("window.sameDocument = true").await;

    browser.click("a[href='/network']").await;
    browser.until("location.pathname === '/network'").await;
    sounds_on(&browser).await;
    browser.driver.back().await.unwrap();
    browser
        .until("document.querySelector('h1').textContent === 'Fleuves'")
        .await;
    sounds_on(&browser).await;
    assert_eq!(browser.ask("window.sameDocument").await, json!(true));
    browser
        .until("document.querySelector('li.is-playing .title').textContent === 'Aube'")
        .await;

    let place = "player.part('bar').value";
    let before = browser.ask(place).await.as_f64().unwrap();
    browser.driver.refresh().await.unwrap();
    browser
        .until("document.querySelector('#player:not([hidden])') && window.player")
        .await;
    assert_eq!(browser.ask("window.sameDocument").await, json!(null));
    assert_eq!(browser.ask(QUEUE).await, json!(["Aube", "Brume"]));
    browser.until(&format!("{place} >= {before}")).await;
    browser.click("#player [data-part=toggle]").await;
    sounds_on(&browser).await;
    assert!(browser.ask(place).await.as_f64().unwrap() > before);

    // What was heard was reported, as far as it was heard.
    browser.click("#player [data-part=toggle]").await;
    let ana = loire.visitor();
    let who = json!({ "name": "Ana", "password": crate::world::PASSWORD });
    ana.post("/api/sessions", &who).await;
    assert!(ana.page("/me").await.text.contains("Aube"));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_next_track_is_ready_before_the_last_one_ends() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    release(
        &loire,
        "Brefs",
        &[("Un", 220), ("Deux", 330), ("Trois", 440)],
        3,
    );
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    // At each end it is noted whether the other sound was whole, and whether anything was waited for.
    browser.ask("(() => { window.ends = []; window.waits = 0;\
        const both = [...document.querySelectorAll('audio')];\
        for (const one of both) {\
            one.addEventListener('ended', () => { const other = both.find(two => two !== one); ends.push([other.readyState, other.currentTime]); }, true);\
            one.addEventListener('waiting', () => { if (ends.length) waits += 1; });\
        } return true; })()").await;
    browser.click("h3 a").await;
    browser.click("[data-play-all]").await;
    browser.until(&format!("{TITLE} === 'Trois'")).await;
    browser.until("ends.length === 3").await;
    let ends = browser.ask("ends").await;
    for end in &ends.as_array().unwrap()[..2] {
        assert_eq!(
            end[0],
            json!(4),
            "the next sound has enough to go on: {ends}"
        );
        assert_eq!(end[1], json!(0), "it begins at its beginning: {ends}");
    }
    assert_eq!(
        browser.ask("waits").await,
        json!(0),
        "nothing was waited for"
    );
    assert_eq!(
        browser
            .ask("[...document.querySelectorAll('audio')].every(one => one.paused || one.ended)")
            .await,
        json!(true)
    );
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_queue_is_put_in_order_by_buttons_by_hand_and_by_keys() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    release(
        &loire,
        "Quatre",
        &[("A", 220), ("B", 330), ("C", 440), ("D", 550)],
        40,
    );
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser.click("h3 a").await;
    browser.click(".tracks li:nth-child(1) .play").await;
    sounds_on(&browser).await;
    browser.click("#player [data-part=open]").await;
    browser
        .until("document.activeElement.dataset.part === 'heading'")
        .await;

    browser
        .click("[data-part=list] li:nth-child(4) [data-act=up]")
        .await;
    assert_eq!(browser.ask(QUEUE).await, json!(["A", "B", "D", "C"]));
    let held = "document.activeElement.dataset.act + document.activeElement.closest('li').querySelector('.what').textContent";
    assert_eq!(
        browser.text(held).await,
        "upD",
        "the button that was pressed is still held"
    );
    assert_eq!(browser.text(super::SAID).await, "D: at 3 of 4");
    browser
        .press(
            "[data-part=list] li:nth-child(2) [data-act=remove]",
            Key::Enter,
        )
        .await;
    assert_eq!(browser.ask(QUEUE).await, json!(["A", "D", "C"]));

    let grip = browser.find("[data-part=list] li:nth-child(3) .grip").await;
    let goal = browser.find("[data-part=list] li:nth-child(2)").await;
    let chain = browser.driver.action_chain().click_and_hold_element(&grip);
    let chain = chain.move_to_element_with_offset(&goal, 0, -26).release();
    chain.perform().await.unwrap();
    browser.until(&format!("{QUEUE}.join() === 'A,C,D'")).await;

    browser.keys(Key::Escape + "").await;
    browser.until("player.part('room').hidden").await;
    browser.ask("document.activeElement.blur()").await;
    browser.keys("n").await;
    browser.until(&format!("{TITLE} === 'C'")).await;
    browser.keys("k").await;
    browser
        .until("[...document.querySelectorAll('audio')].every(one => one.paused)")
        .await;

    // Add and play next, from another place of the page.
    browser.click(".tracks li:nth-child(2) .more summary").await;
    browser
        .click(".tracks li:nth-child(2) [data-put=next]")
        .await;
    assert_eq!(browser.ask(QUEUE).await, json!(["A", "C", "B", "D"]));

    // Whoever does not want shortcuts turns them off, for good.
    browser.click("#player [data-part=open]").await;
    browser.click("#player [data-part=keys]").await;
    browser.driver.refresh().await.unwrap();
    browser
        .until("document.querySelector('#player:not([hidden])') && window.player")
        .await;
    assert_eq!(browser.ask(QUEUE).await, json!(["A", "C", "B", "D"]));
    browser.keys("n").await;
    assert_eq!(browser.text(TITLE).await, "C");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_gone_is_said_in_words_and_passed_over_and_so_is_a_seat_that_ended() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    release(&loire, "Trois", &[("A", 220), ("B", 330), ("C", 440)], 40);
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser.click("h3 a").await;
    browser.click(".tracks li:nth-child(1) .play").await;
    sounds_on(&browser).await;
    let second = browser.text("player.queue()[1].work").await;
    let second = settlement::WorkId::parse(&second).unwrap();
    tokio::task::block_in_place(|| node::catalogue::withdraw(&loire, &second).unwrap());
    browser.click("#player [data-part=next]").await;
    browser.until(&format!("{TITLE} === 'C'")).await;
    sounds_on(&browser).await;
    let said = browser.text("player.part('trouble').textContent").await;
    assert_eq!(said, "“B” is no longer offered here.");
    drop(ana);

    // Signed out elsewhere: every session of hers is over.
    browser.driver.delete_all_cookies().await.unwrap();
    browser.click("#player [data-part=previous]").await;
    browser.click("#player [data-part=previous]").await;
    browser
        .until("player.part('trouble').textContent.includes('no longer signed in')")
        .await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_of_another_node_is_heard_here() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let bretagne = world.node("bretagne", "FR-BRE").await;
    release(&bretagne, "Marées", &[("Flux", 220)], 20);
    node::peers::add(&loire.app, &bretagne.base())
        .await
        .unwrap();
    settle(&[&loire, &bretagne]).await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser.go(&loire, "/search?q=flux").await;
    browser.click("[data-play]").await;
    sounds_on(&browser).await;
    browser.quit().await;
}
