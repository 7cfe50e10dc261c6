//! The player's controls: shuffle, repeat, volume, the heart, the keys of the system; and what happens
//! to the music when somebody changes the language or signs out.

use serde_json::json;
use thirtyfour::prelude::Key;

use super::playing::{QUEUE, TITLE, release, sounds_on};
use super::{Browser, SAID};
use crate::world::{Host, World};

/// A browser on the page of a release of four tracks, the first of which sounds; the room is open.
async fn in_the_room(world: &World) -> (Host, Browser) {
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    let tracks = [("A", 220), ("B", 330), ("C", 440), ("D", 550)];
    release(&loire, "Quatre", &tracks, 40);
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser.click("h3 a").await;
    browser.click(".tracks li:nth-child(1) .play").await;
    sounds_on(&browser).await;
    browser.click("#player [data-part=open]").await;
    browser.until("!player.part('room').hidden").await;
    (loire, browser)
}

async fn reloaded(browser: &Browser) {
    browser.driver.refresh().await.unwrap();
    browser
        .until("document.querySelector('#player:not([hidden])') && window.player")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_shuffled_queue_keeps_what_plays_and_finds_its_order_again_after_a_reload_too() {
    let world = World::new();
    let (_loire, browser) = in_the_room(&world).await;
    let shuffle = "#player [data-part=shuffle]";
    let pressed = "player.part('shuffle').getAttribute('aria-pressed')";
    // Chance that always throws the lowest: B, C, D become C, D, B.
    browser.ask("Math.random = () => 0").await;
    browser.click(shuffle).await;
    assert_eq!(browser.text(pressed).await, "true");
    assert_eq!(browser.ask(QUEUE).await, json!(["A", "C", "D", "B"]));
    assert_eq!(browser.text(TITLE).await, "A");
    assert!(browser.text(SAID).await.contains("Shuffled"));
    browser.keys("n").await;
    browser.until(&format!("{TITLE} === 'C'")).await;

    reloaded(&browser).await;
    assert_eq!(browser.text(pressed).await, "true");
    assert_eq!(browser.ask(QUEUE).await, json!(["A", "C", "D", "B"]));
    browser.click("#player [data-part=open]").await;
    browser.click(shuffle).await;
    assert_eq!(browser.text(pressed).await, "false");
    assert_eq!(browser.ask(QUEUE).await, json!(["A", "B", "C", "D"]));
    assert_eq!(browser.text(TITLE).await, "C");
    assert_eq!(browser.ask("player.at()").await, json!(2));

    // What is begun while it is on is shuffled behind what was chosen.
    browser.click(shuffle).await;
    browser.click("#player [data-part=close]").await;
    browser.ask("Math.random = () => 0").await;
    browser.click(".tracks li:nth-child(2) .play").await;
    browser.until(&format!("{TITLE} === 'B'")).await;
    assert_eq!(browser.ask(QUEUE).await, json!(["B", "C", "D", "A"]));
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_work_or_the_whole_queue_is_heard_again() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    release(&loire, "Brefs", &[("Un", 220), ("Deux", 330)], 3);
    let browser = Browser::open().await;
    browser.sign_in(&loire, "Ana").await;
    browser.click("h3 a").await;
    let count = "(() => { window.ends = []; document.addEventListener('ended', () => ends.push(document.querySelector('#player [data-part=title]').textContent), true); return true; })()";
    browser.ask(count).await;
    browser.click(".tracks li:nth-child(2) .play").await;
    sounds_on(&browser).await;
    browser.click("#player [data-part=open]").await;

    // Nothing, all, one: the button says which.
    let repeat = "#player [data-part=repeat]";
    let label = "player.part('repeat').getAttribute('aria-label')";
    let state = "player.part('repeat').dataset.state";
    let off = browser.text(label).await;
    browser.click(repeat).await;
    assert_eq!(browser.text(state).await, "all");
    let all = browser.text(label).await;
    browser.until("ends.length >= 1").await;
    browser.until(&format!("{TITLE} === 'Un'")).await;
    sounds_on(&browser).await;
    browser.click(repeat).await;
    assert_eq!(browser.text(state).await, "one");
    let one = browser.text(label).await;
    assert!(
        off != all && all != one && one != off,
        "{off}, {all}, {one}"
    );
    let now = browser.text(TITLE).await;
    let ends = browser.ask("ends.length").await.as_u64().unwrap();
    browser.until(&format!("ends.length >= {ends} + 2")).await;
    assert_eq!(browser.text(TITLE).await, now);
    browser.click(repeat).await;
    assert_eq!(browser.text(state).await, "off");

    // Without it the last one is the last.
    browser
        .until("player.at() === 1 && [...document.querySelectorAll('audio')].every(one => one.paused || one.ended)")
        .await;
    assert_eq!(browser.text(TITLE).await, "Deux");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_volume_goes_by_keys_and_stays_for_the_next_time() {
    let world = World::new();
    let (_loire, browser) = in_the_room(&world).await;
    let loud = "Math.max(...[...document.querySelectorAll('audio')].map(one => one.paused ? -1 : one.volume))";
    let full = browser.ask(loud).await.as_f64().unwrap();
    browser.ask("player.part('volume').focus()").await;
    for _ in 0..10 {
        browser.keys(Key::Left + "").await;
    }
    browser.until("player.part('volume').value === '50'").await;
    let half = browser.ask(loud).await.as_f64().unwrap();
    assert!((half - full / 2.0).abs() < 0.001, "{full}, then {half}");
    browser.click("#player [data-part=mute]").await;
    browser
        .until("[...document.querySelectorAll('audio')].some(one => !one.paused && one.muted)")
        .await;
    reloaded(&browser).await;
    assert_eq!(browser.text("player.part('volume').value").await, "50");
    assert_eq!(
        browser
            .text("player.part('mute').getAttribute('aria-pressed')")
            .await,
        "true"
    );
    browser.click("#player [data-part=toggle]").await;
    sounds_on(&browser).await;
    assert_eq!(browser.ask(loud).await.as_f64().unwrap(), half);
    // One letter speaks again; with the keys turned off it does nothing.
    browser.keys("m").await;
    let heard = "[...document.querySelectorAll('audio')].some(one => !one.paused && !one.muted)";
    browser.until(heard).await;
    browser.click("#player [data-part=open]").await;
    browser.click("#player [data-part=keys]").await;
    browser.keys("mnk").await;
    assert_eq!(browser.ask(heard).await, json!(true));
    assert_eq!(browser.text(TITLE).await, "A");
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_keys_of_the_system_move_the_music_and_its_screen_shows_what_plays() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    loire.member(&library, "Ana").await;
    release(&loire, "Deux", &[("Aube", 220), ("Brume", 330)], 60);
    let browser = Browser::open().await;
    // What the page hands to the system is written down before any page is there.
    let write_down = "window.handlers = {}; \
        const set = MediaSession.prototype.setActionHandler; \
        MediaSession.prototype.setActionHandler = function (action, act) { handlers[action] = act; return set.call(this, action, act); };";
    browser.beforehand(write_down).await;
    browser.sign_in(&loire, "Ana").await;
    browser.click("h3 a").await;
    browser.click("[data-play-all]").await;
    sounds_on(&browser).await;
    let shown = "navigator.mediaSession.metadata";
    assert_eq!(browser.text(&format!("{shown}.title")).await, "Aube");
    assert_eq!(browser.text(&format!("{shown}.artist")).await, "Ana");
    let picture = browser.text(&format!("{shown}.artwork[0].src")).await;
    let answer = loire.visitor().client.get(&picture).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{picture}");
    let state = "navigator.mediaSession.playbackState";
    assert_eq!(browser.text(state).await, "playing");

    let act = async |call: &str| {
        browser.ask(&format!("(handlers.{call}, true)")).await;
    };
    act("pause()").await;
    browser.until(&format!("{state} === 'paused'")).await;
    act("play()").await;
    sounds_on(&browser).await;
    let now = "Math.max(...[...document.querySelectorAll('audio')].map(one => one.paused ? -1 : one.currentTime))";
    act("seekto({ seekTime: 30 })").await;
    browser.until(&format!("{now} >= 30")).await;
    act("seekbackward({ seekOffset: 20 })").await;
    browser.until(&format!("{now} >= 10 && {now} < 25")).await;
    act("seekforward({})").await;
    browser.until(&format!("{now} >= 20")).await;
    act("nexttrack()").await;
    browser.until(&format!("{shown}.title === 'Brume'")).await;
    sounds_on(&browser).await;
    // Once to its beginning, where some of it was heard already.
    act("previoustrack()").await;
    act("previoustrack()").await;
    browser.until(&format!("{shown}.title === 'Aube'")).await;
    act("stop()").await;
    browser.until(&format!("{state} === 'paused'")).await;
    browser.click("#player [data-part=open]").await;
    browser.click("#player [data-part=clear]").await;
    browser.until(&format!("{state} === 'none'")).await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_heart_of_the_player_is_the_favourite_of_the_shelf() {
    let world = World::new();
    let (_loire, browser) = in_the_room(&world).await;
    let pressed =
        |is: &str| format!("player.part('heart').getAttribute('aria-pressed') === '{is}'");
    browser.until(&pressed("false")).await;
    browser.click("#player [data-part=heart]").await;
    browser.until(&pressed("true")).await;
    assert!(browser.text(SAID).await.contains('A'));
    // It is another work's business what the next one is.
    browser.keys("n").await;
    browser.until(&format!("{TITLE} === 'B'")).await;
    browser.until(&pressed("false")).await;
    browser.keys("pp").await;
    browser.until(&format!("{TITLE} === 'A'")).await;
    browser.until(&pressed("true")).await;
    browser.click("a[href='/shelf']").await;
    browser
        .until("document.querySelector('#favourite-works .title')?.textContent === 'A'")
        .await;
    browser.click("#favourite-works [data-hold=remove]").await;
    browser
        .until("!document.querySelector('#favourite-works')")
        .await;
    browser.click("#player [data-part=open]").await;
    browser.until(&pressed("false")).await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_language_changes_while_the_music_goes_on_and_signing_out_ends_it() {
    let world = World::new();
    let (_loire, browser) = in_the_room(&world).await;
    browser.click("#player [data-part=close]").await;
    browser.ask("window.sameDocument = true").await;
    let path = browser.text("location.pathname").await;
    browser.click("footer a[hreflang=fr]").await;
    browser
        .until("document.documentElement.lang === 'fr' && document.querySelector('footer a[hreflang=en]')")
        .await;
    sounds_on(&browser).await;
    assert_eq!(browser.ask("window.sameDocument").await, json!(true));
    assert_eq!(browser.text("location.pathname").await, path);
    // The player speaks the language of the page.
    let label = "player.part('toggle').getAttribute('aria-label')";
    assert_eq!(browser.text(label).await, "Mettre en pause");
    browser.click("#player [data-part=open]").await;
    let heading = browser.text("player.part('heading').textContent").await;
    assert_eq!(heading, "File d’écoute");
    browser.click("#player [data-part=shuffle]").await;
    assert_eq!(browser.text(SAID).await, "Ordre aléatoire");
    browser.click("#player [data-part=close]").await;

    browser
        .click("footer form[action='/sign-out'] button")
        .await;
    browser.until("location.pathname === '/signed-out'").await;
    browser
        .until("document.readyState === 'complete' && window.player")
        .await;
    assert!(
        browser
            .text("document.querySelector('main').textContent")
            .await
            .contains("La musique s’est arrêtée")
    );
    assert_eq!(
        browser.ask("localStorage.getItem('antiphon-queue')").await,
        json!(null)
    );
    assert_eq!(
        browser
            .ask("document.getElementById('player').hidden")
            .await,
        json!(true)
    );
    browser.quit().await;
}
