//! Whole journeys by keyboard alone: the tab key, letters, arrows and Enter lead everywhere, nothing
//! holds whoever comes by, each page says where one is, and what was held stays held.

use node::members::Role;
use serde_json::json;
use thirtyfour::prelude::Key;

use super::playing::{QUEUE, TITLE, release, sounds_on};
use super::{Browser, SAID};
use crate::catalogue::sounds;
use crate::world::{PASSWORD, World};

/// Where the focus is, in a word or two.
const FOCUS: &str = "document.activeElement.id || document.activeElement.textContent.trim()";

#[tokio::test(flavor = "multi_thread")]
async fn somebody_without_a_mouse_joins_searches_plays_puts_the_queue_in_order_and_comes_back() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    release(&loire, "Fleuves", &[("Aube", 220), ("Brume", 330)], 60);
    let code = loire.invitation(&library);
    let browser = Browser::open().await;

    // The first thing the tab key meets leads past the menu.
    browser.go(&loire, "/join").await;
    browser.keys(Key::Tab + "").await;
    assert_eq!(
        browser.text("document.activeElement.className").await,
        "skip"
    );
    browser.keys(Key::Enter + "").await;
    assert_eq!(browser.text(FOCUS).await, "main");

    browser.tab_to("#code").await;
    browser.keys(code.as_str()).await;
    browser.tab_to("#name").await;
    browser.keys("Ana").await;
    browser.tab_to("#password").await;
    browser.keys(PASSWORD).await;
    browser.keys(Key::Enter + "").await;
    browser.arrived().await;

    // A page that comes by a link is begun at its beginning, and says what it is.
    browser.tab_to("header a[href='/search']").await;
    browser.keys(Key::Enter + "").await;
    browser.until("location.pathname === '/search'").await;
    browser.until("document.activeElement.id === 'main'").await;
    browser
        .until(&format!(
            "{SAID} === document.title && {SAID}.startsWith('Search')"
        ))
        .await;
    browser.tab_to("#q").await;
    browser.keys("brume").await;
    browser
        .until("document.getElementById('results-said').textContent.includes('brume')")
        .await;
    // What came in while somebody writes does not take the field away.
    assert_eq!(browser.text(FOCUS).await, "q");

    browser.tab_to("#results [data-play]").await;
    browser.keys(Key::Enter + "").await;
    sounds_on(&browser).await;
    assert_eq!(browser.text(TITLE).await, "Brume");
    assert!(browser.text(SAID).await.contains("Brume"));
    assert_eq!(
        browser
            .text("document.activeElement.getAttribute('aria-pressed')")
            .await,
        "true"
    );

    // Another work at the end of the queue, from the list that folds out.
    browser.ask("window.sameDocument = true").await;
    browser.tab_to("#q").await;
    browser.select_all("#q").await;
    browser.keys("aube").await;
    browser
        .until("document.querySelector('#results .title')?.textContent === 'Aube'")
        .await;
    browser.tab_to("#results .more summary").await;
    browser.keys(Key::Enter + "").await;
    browser.tab_to("#results [data-put=last]").await;
    browser.keys(Key::Enter + "").await;
    assert_eq!(browser.ask(QUEUE).await, json!(["Brume", "Aube"]));
    assert!(browser.text(SAID).await.contains("Aube"));
    browser
        .until("document.activeElement.matches('.more summary')")
        .await;

    // The queue: opened, put in order, closed, and the focus is where it came from.
    browser.tab_to("#player [data-part=open]").await;
    browser.keys(Key::Enter + "").await;
    browser
        .until("document.activeElement.dataset.part === 'heading'")
        .await;
    browser
        .tab_to("#player li:nth-child(2) [data-act=up]")
        .await;
    browser.keys(Key::Enter + "").await;
    assert_eq!(browser.ask(QUEUE).await, json!(["Aube", "Brume"]));
    assert_eq!(browser.text(SAID).await, "Aube: at 1 of 2");
    browser.keys(Key::Escape + "").await;
    browser
        .until("document.activeElement.dataset.part === 'open'")
        .await;

    browser.tab_to("#results .title a").await;
    browser.keys(Key::Enter + "").await;
    browser
        .until("document.querySelector('h1').textContent === 'Aube'")
        .await;
    browser.until("document.activeElement.id === 'main'").await;
    browser.driver.back().await.unwrap();
    browser.until("location.pathname === '/search'").await;
    browser
        .until("document.querySelector('#results .title')?.textContent === 'Aube'")
        .await;
    sounds_on(&browser).await;
    assert_eq!(browser.ask("window.sameDocument").await, json!(true));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_round_by_the_tab_key_comes_back_to_where_it_began() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    release(&loire, "Fleuves", &[("Aube", 220), ("Brume", 330)], 60);
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser.click("h3 a").await;
    browser.click("[data-play-all]").await;
    sounds_on(&browser).await;
    browser.click("#player [data-part=open]").await;
    // Every stop of a round is a stop of its own, can be seen, and the player's room is one of many.
    browser
        .ask("(window.stops = [], document.activeElement.blur(), true)")
        .await;
    let step = "(() => { const one = document.activeElement; const box = one.getBoundingClientRect();\
        const fresh = !stops.includes(one); stops.push(one);\
        return [fresh, one === document.body || box.width > 0 && box.height > 0]; })()";
    let mut stops = 0;
    loop {
        browser.keys(Key::Tab + "").await;
        let told = browser.ask(step).await;
        assert_eq!(told[1], json!(true), "the focus is where it can be seen");
        if told[0] == json!(false) {
            break;
        }
        stops += 1;
        assert!(stops < 200, "the tab key goes on for ever");
    }
    for wanted in [
        "header a[href='/search']",
        "main [data-play-all]",
        "footer a",
        "#player [data-part=toggle]",
        "#player [data-part=volume]",
        "#player [data-act=remove]",
    ] {
        let met = format!("stops.some(one => one.matches?.({wanted:?}))");
        assert_eq!(browser.ask(&met).await, json!(true), "{wanted}");
    }
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_is_put_in_order_by_arrows_by_buttons_and_by_hand() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let tracks = [("A", 220), ("B", 330), ("C", 440), ("D", 550)];
    release(&loire, "Quatre", &tracks, 40);
    let begun = ana.form("/shelf/playlists", &[("title", "Ordre")]).await;
    let path = begun.location.unwrap();
    let id = path.rsplit('/').next().unwrap().to_owned();
    let found = ana.get("/api/search?q=ana&limit=100").await.json();
    let mut works = Vec::new();
    for work in found["works"].as_array().unwrap() {
        let text = |key: &str| work[key].as_str().unwrap().to_owned();
        works.push((text("title"), text("id")));
    }
    works.sort();
    for (_, work) in &works {
        let fields = [("work", work.as_str()), ("playlist", id.as_str())];
        ana.form("/shelf/add", &fields).await;
    }
    let order =
        "[...document.querySelectorAll('#entries .title')].map(one => one.textContent).join('')";
    let held = "document.activeElement.dataset.hold + document.activeElement.closest('li').querySelector('.title').textContent";
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser.go(&loire, &path).await;
    browser.arrived().await;
    browser.click("[data-play-all]").await;
    sounds_on(&browser).await;
    browser.ask("window.sameDocument = true").await;

    browser.tab_to("#entries li:nth-child(3) .grip").await;
    browser.keys(Key::Up + "").await;
    browser.until(&format!("{order} === 'ACBD'")).await;
    browser.until(&format!("{held} === 'gripC'")).await;
    assert_eq!(browser.text(SAID).await, "C: at 2 of 4");
    browser.keys(Key::Up + "").await;
    browser.until(&format!("{order} === 'CABD'")).await;
    browser.until(&format!("{held} === 'gripC'")).await;
    // At the edge there is nowhere to go.
    browser.keys(Key::Up + "").await;
    browser.keys(Key::Down + "").await;
    browser.until(&format!("{order} === 'ACBD'")).await;
    browser.until(&format!("{held} === 'gripC'")).await;

    browser
        .tab_to("#entries li:nth-child(3) [data-hold=down]")
        .await;
    browser.keys(Key::Enter + "").await;
    browser.until(&format!("{order} === 'ACDB'")).await;
    // The last one goes down no further: what it has left is held.
    browser
        .until("document.activeElement.closest('li') === document.querySelector('#entries').lastElementChild")
        .await;

    let grip = browser.find("#entries li:nth-child(4) .grip").await;
    let goal = browser.find("#entries li:nth-child(1)").await;
    let chain = browser.driver.action_chain().click_and_hold_element(&grip);
    let chain = chain.move_to_element_with_offset(&goal, 0, -26).release();
    chain.perform().await.unwrap();
    browser.until(&format!("{order} === 'BACD'")).await;
    browser.until(&format!("{held} === 'gripB'")).await;

    browser
        .tab_to("#entries li:nth-child(2) [data-hold=remove]")
        .await;
    browser.keys(Key::Enter + "").await;
    browser.until(&format!("{order} === 'BCD'")).await;
    browser.until(&format!("{held} === 'removeC'")).await;
    // Nothing of this stopped the music, and it is kept.
    assert_eq!(browser.ask("window.sameDocument").await, json!(true));
    sounds_on(&browser).await;
    browser.driver.refresh().await.unwrap();
    browser.until(&format!("{order} === 'BCD'")).await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_librarian_invites_at_the_desk_by_keyboard_alone() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    crate::joining::staff(&loire, &library, "Nora", Role::Manager).await;
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Nora").await;
    browser
        .go(&loire, &format!("/venues/{}/desk", library.slug))
        .await;
    browser.tab_to("nav.tabs a[href$='/invitations']").await;
    browser.keys(Key::Enter + "").await;
    browser.until("document.getElementById('count')").await;
    browser.until("document.activeElement.id === 'main'").await;
    browser.tab_to("#count").await;
    browser.select_all("#count").await;
    browser.keys("3").await;
    browser.tab_to("[name=kind]").await;
    browser.keys(Key::Right + "").await;
    browser
        .until("document.querySelector('[name=kind][value=links]').checked")
        .await;
    browser.keys(Key::Left + "").await;
    browser.tab_to("form[action$='/invitations'] .button").await;
    browser.keys(Key::Enter + "").await;
    browser
        .until("document.querySelectorAll('.invitation-code').length === 3")
        .await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_guest_hears_the_beginning_of_a_sound_whose_index_is_at_its_end() {
    const TUNE: &[u8] = include_bytes!("../catalogue/fixtures/tune.m4a");
    let room = |size: usize| -> Vec<u8> {
        let mut room = u32::try_from(size).unwrap().to_be_bytes().to_vec();
        room.extend(b"free");
        room.resize(size, 0);
        room
    };
    let last = [
        &TUNE[..28],
        &room(1_572 - 28),
        &TUNE[1_572..],
        &room(300_000),
        &TUNE[28..1_564],
    ]
    .concat();
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = crate::curation::curator(&loire, &library, "Ana").await;
    let music = tempfile::tempdir().unwrap();
    sounds::put(music.path(), "tune.m4a", &last);
    let (summary, events) = sounds::import(&loire, music.path());
    assert_eq!(summary.taken, 1, "{events:?}");
    let found = ana.get("/api/search?q=air").await.json();
    let work = found["works"][0]["id"]
        .as_str()
        .unwrap_or_else(|| panic!("{found}"));
    let wish = json!({ "title": "Un", "works": [{ "work": work }] });
    let door = format!("/venues/{}/selections", library.slug);
    let told = ana.post(&door, &wish).await.json();
    let path = told["id"]
        .as_str()
        .unwrap()
        .strip_prefix(&loire.base())
        .unwrap()
        .to_owned();
    let browser = Browser::open().await;
    browser.go(&loire, &path).await;
    browser.find("audio.preview").await;
    browser
        .ask("(document.querySelector('audio.preview').play(), true)")
        .await;
    browser
        .until("document.querySelector('audio.preview').currentTime > 0.5")
        .await;
    browser.quit().await;
}
