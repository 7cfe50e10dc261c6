//! Listening: posts hand plays in, the web player reports them, a month is counted.

use std::collections::BTreeMap;

use axum::http::StatusCode;
use diesel::prelude::*;
use node::catalogue::api::listen_path;
use node::db::{Conn, DbError};
use node::listening::{self, Counted};
use node::schema::{periods, plays};
use node::venues::desk::uses::of_venue;
use serde_json::{Value, json};
use settlement::{Counting, Period};

use crate::catalogue::sounds::{import, put};
use crate::world::{Host, PostInWorld, Visitor, World, offered, play};

fn month(text: &str) -> Period {
    Period::parse(text).unwrap()
}

/// Closes a month, as closing it does.
async fn close(host: &Host, period: &'static str) {
    let row = (periods::period.eq(period), periods::state.eq("closed"));
    host.db
        .write(move |conn| {
            diesel::insert_into(periods::table)
                .values(row)
                .execute(conn)?;
            Ok::<_, DbError>(())
        })
        .await
        .unwrap();
}

async fn counted(host: &Host, period: &'static str) -> Counted {
    let app = host.app.clone();
    host.db
        .read(move |conn| {
            let counting = Counting::default();
            Ok::<_, DbError>(listening::counted(conn, &app, month(period), &counting)?)
        })
        .await
        .unwrap()
}

/// The uses and seconds of a month, all together.
async fn sums(host: &Host, period: &'static str) -> (u32, u64) {
    let counted = counted(host, period).await;
    let uses = counted.rows.iter().map(|row| row.uses).sum();
    (uses, counted.rows.iter().map(|row| row.seconds).sum())
}

/// The plays as they are kept: id without its owner, seconds, month.
async fn kept(host: &Host) -> Vec<(String, i64, String)> {
    let rows: Vec<(String, i64, String)> = host
        .db
        .read(|conn| {
            let rows = plays::table
                .order(plays::id)
                .select((plays::id, plays::seconds, plays::period))
                .load(conn)?;
            Ok::<_, DbError>(rows)
        })
        .await
        .unwrap();
    rows.into_iter()
        .map(|(id, seconds, period)| {
            let id = id.rsplit('/').next().unwrap().to_owned();
            (id, seconds, period)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn plays_that_are_handed_in_twice_count_once() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let post = loire.post(&library).await;
    let song = loire.work("song", 180);
    world.pass(3600);
    let evening = [
        play("1", &song, "2026-11-10T12:10:00Z", 180),
        play("2", &song, "2026-11-10T12:20:00Z", 90),
    ];
    let first = post.hand_in(&evening).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    assert_eq!(
        first.json(),
        json!({ "taken": 2, "known": 0, "refused": [] })
    );
    let again = post.hand_in(&evening).await;
    assert_eq!(
        again.json(),
        json!({ "taken": 0, "known": 2, "refused": [] })
    );
    let twice_in_one = [
        evening[0].clone(),
        play("3", &song, "2026-11-10T12:30:00Z", 40),
    ];
    let twice_in_one = [&twice_in_one[..], &twice_in_one[1..]].concat();
    let third = post.hand_in(&twice_in_one).await;
    assert_eq!(
        third.json(),
        json!({ "taken": 1, "known": 2, "refused": [] })
    );
    assert_eq!(sums(&loire, "2026-11").await, (3, 310));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_have_been_played_is_refused_with_its_reason_and_the_rest_is_taken() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let post = loire.post(&library).await;
    let song = loire.work("song", 180);
    let elsewhere = song.as_str().replace("song", "unknown").parse().unwrap();
    world.pass(3600);
    let handed_in = [
        play("ok", &song, "2026-11-10T12:00:00Z", 60),
        play("unknown", &elsewhere, "2026-11-10T12:00:00Z", 60),
        play("future", &song, "2026-11-10T13:02:00Z", 60),
        play("before", &song, "2026-11-10T11:00:00Z", 60),
        play("longer", &song, "2026-11-10T12:00:00Z", 187),
        play("rounded", &song, "2026-11-10T12:20:00Z", 186),
        play("day", &song, "2026-11-10T12:00:00Z", 86_401),
        play("bad id", &song, "2026-11-10T12:00:00Z", 60),
        json!({ "id": "no-work", "started": "2026-11-10T12:00:00Z", "seconds": 60 }),
        json!({ "id": "no-time", "work": song.as_str(), "started": "noon", "seconds": 60 }),
        json!({ "id": "half", "work": song.as_str(), "started": "2026-11-10T12:00:00Z", "seconds": 1.5 }),
        json!(7),
    ];
    let answer = post.hand_in(&handed_in).await.json();
    assert_eq!((&answer["taken"], &answer["known"]), (&json!(2), &json!(0)));
    let refused: BTreeMap<String, &str> = answer["refused"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["id"].to_string(), one["reason"].as_str().unwrap()))
        .collect();
    for (id, why) in [
        ("\"unknown\"", "does not know this work"),
        ("\"future\"", "in the future"),
        ("\"before\"", "older than the membership"),
        ("\"longer\"", "longer than the work"),
        ("\"day\"", "a day at most"),
        ("\"bad id\"", "needs an id"),
        ("\"no-work\"", "the work that was played"),
        ("\"no-time\"", "time at which it started"),
        ("\"half\"", "whole number of seconds"),
        ("null", "needs an id"),
    ] {
        assert!(refused[id].contains(why), "{id}: {refused:?}");
    }
    assert_eq!(refused.len(), 10);
    assert_eq!(kept(&loire).await.len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_post_itself_hands_in_its_plays() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let song = loire.work("song", 180);
    let (one, other) = (loire.post(&library).await, loire.post(&library).await);
    let path = format!("{}/plays", one.path());
    let body = json!({ "plays": [play("1", &song, "2026-11-10T12:00:00Z", 0)] }).to_string();
    let refused = async |post: &PostInWorld, key_id: &str, why: &str| {
        let answer = post.send(&path, &body, key_id).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN, "{}", answer.text);
        assert!(answer.error().contains(why), "{}", answer.text);
    };
    refused(&other, &other.id, "its own plays only").await;
    refused(&other, &one.id, "does not fit").await;
    refused(
        &one,
        "https://elsewhere.example/posts/1",
        "not enrolled here",
    )
    .await;

    let unsigned = one.visitor.request(reqwest::Method::POST, &path);
    let unsigned = one.visitor.send(unsigned.body(body.clone())).await;
    assert_eq!(unsigned.status, StatusCode::FORBIDDEN);
    let headers = one.signed(&reqwest::Method::POST, &path, Some(&body), &one.id);
    let changed = one
        .visitor
        .request(reqwest::Method::POST, &path)
        .headers(headers);
    let changed = one.visitor.send(changed.body(body.replace('1', "2"))).await;
    assert_eq!(changed.status, StatusCode::FORBIDDEN);
    assert!(
        changed.error().contains("digest differs"),
        "{}",
        changed.text
    );

    let headers = one.signed(&reqwest::Method::POST, &path, Some(&body), &one.id);
    world.pass(301);
    let old = one
        .visitor
        .request(reqwest::Method::POST, &path)
        .headers(headers);
    let old = one.visitor.send(old.body(body.clone())).await;
    assert!(old.error().contains("too old"), "{}", old.text);

    listening::revoke_post(&loire, &one.id).await.unwrap();
    refused(&one, &one.id, "not enrolled here").await;
    assert_eq!(kept(&loire).await, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_takes_one_seat_however_often_it_asks_and_a_device_takes_none() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 2);
    let ana = loire.member(&library, "Ana").await;
    let code = loire.invitation(&library);
    let post = PostInWorld::enrol(&loire, &code).await;

    // The answer was lost on the way: the same post asks again.
    let key = post.key.public().to_multikey();
    let wish = json!({ "code": code, "name": "Reading room", "public_key": key });
    let again = loire.visitor().post("/api/posts", &wish).await;
    assert_eq!(again.status, StatusCode::CREATED, "{}", again.text);
    let enrolled = json!({ "id": post.id, "venue": library.id.as_str(), "venue_name": "Library" });
    assert_eq!(again.json(), enrolled);
    let thief = federation::keys::Ed25519Secret::from_seed(&[7; 32]);
    let wish = json!({ "code": code, "name": "Other", "public_key": thief.public().to_multikey() });
    let refused = loire.visitor().post("/api/posts", &wish).await;
    assert!(refused.error().contains("used already"), "{}", refused.text);

    let nobody = json!({ "name": "Phone", "public_key": thief.public().to_multikey() });
    let refused = loire.visitor().post("/api/posts", &nobody).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let device = ana.post("/api/posts", &nobody).await;
    assert_eq!(device.status, StatusCode::CREATED, "{}", device.text);
    let bad_key = json!({ "name": " ", "public_key": "z6MkNot" });
    let refused = ana.post("/api/posts", &bad_key).await.json();
    assert_eq!(refused["fields"][0]["field"], "name");
    assert_eq!(refused["fields"][1]["field"], "public_key");

    let device = PostInWorld {
        id: device.json()["id"].as_str().unwrap().to_owned(),
        key: thief,
        clock: loire.clock.clone(),
        visitor: loire.visitor(),
    };
    let song = loire.work("song", 180);
    world.pass(600);
    let plays = [play("1", &song, "2026-11-10T12:01:00Z", 60)];
    device.hand_in(&plays).await;
    post.hand_in(&plays).await;
    let counted = counted(&loire, "2026-11").await;
    // The device plays as Ana; the post is a member of its own.
    assert_eq!(counted.rows.len(), 2);
    assert_ne!(counted.rows[0].member, counted.rows[1].member);
    let now = loire
        .db
        .read(move |conn| Ok::<_, DbError>(node::venues::store::members_now(conn, &library.id)?));
    assert_eq!(now.await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_of_the_web_player_grows_while_it_goes_on() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let (ana, bela) = (
        loire.member(&library, "Ana").await,
        loire.member(&library, "Bela").await,
    );
    let song = loire.work("song", 180);
    let report = async |who: &crate::world::Visitor, seconds: u32| {
        let play = play("p1", &song, "2026-11-10T12:00:00Z", seconds);
        who.post("/listening/plays", &play).await
    };
    assert_eq!(report(&ana, 0).await.json(), json!({ "seconds": 0 }));
    world.pass(90);
    assert_eq!(report(&ana, 75).await.json(), json!({ "seconds": 75 }));
    assert_eq!(report(&ana, 40).await.json(), json!({ "seconds": 75 }));
    // The same id of somebody else is another play.
    assert_eq!(report(&bela, 50).await.json(), json!({ "seconds": 50 }));
    let other = play("p1", &song, "2026-11-10T12:01:00Z", 5);
    let other = ana.post("/listening/plays", &other).await;
    assert_eq!(other.status, StatusCode::CONFLICT);
    let too_long = report(&ana, 187).await;
    assert_eq!(too_long.status, StatusCode::UNPROCESSABLE_ENTITY);
    let nobody = report(&loire.visitor(), 10).await;
    assert_eq!(nobody.status, StatusCode::UNAUTHORIZED);
    assert_eq!(sums(&loire, "2026-11").await, (2, 125));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_play_grows_no_more_once_its_month_is_closed() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let ana = loire.member(&library, "Ana").await;
    let song = loire.work("song", 180);
    world.turn_to("2026-11-30T22:59:30Z");
    let report = async |seconds: u32| {
        let play = play("p1", &song, "2026-11-30T22:59:00Z", seconds);
        ana.post("/listening/plays", &play).await.json()
    };
    report(30).await;
    world.pass(60);
    close(&loire, "2026-11").await;
    assert_eq!(report(90).await, json!({ "seconds": 30 }));
    assert_eq!(kept(&loire).await, [("p1".into(), 30, "2026-11".into())]);
}

#[tokio::test(flavor = "multi_thread")]
async fn plays_that_come_late_count_in_the_first_open_month_for_three_months() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let post = loire.post(&library).await;
    let song = loire.work("song", 180);
    world.turn_to("2026-12-05T09:00:00Z");
    post.hand_in(&[play("in-time", &song, "2026-11-15T10:00:00Z", 100)])
        .await;
    close(&loire, "2026-11").await;
    let late = |id| play(id, &song, "2026-11-15T10:01:00Z", 60);
    post.hand_in(&[late("december")]).await;
    close(&loire, "2026-12").await;
    close(&loire, "2027-01").await;
    world.turn_to("2027-02-20T09:00:00Z");
    post.hand_in(&[play("february", &song, "2026-11-16T10:00:00Z", 60)])
        .await;
    close(&loire, "2027-02").await;
    world.turn_to("2027-03-20T09:00:00Z");
    post.hand_in(&[play("march", &song, "2026-11-17T10:00:00Z", 60)])
        .await;

    let placed = kept(&loire).await;
    let placed: Vec<(&str, &str)> = placed
        .iter()
        .map(|(id, _, period)| (id.as_str(), period.as_str()))
        .collect();
    let expected = [
        ("december", "2026-12"),
        ("february", "2027-02"),
        ("in-time", "2026-11"),
        ("march", "2027-03"),
    ];
    assert_eq!(placed, expected);
    assert_eq!(sums(&loire, "2026-11").await, (1, 100));
    // Forty of its sixty seconds were reported in November already.
    let december = counted(&loire, "2026-12").await;
    assert_eq!(december.rows, []);
    assert_eq!(december.excluded, BTreeMap::from([("overlap", 1)]));
    assert_eq!(sums(&loire, "2027-02").await, (1, 60));
    let march = counted(&loire, "2027-03").await;
    assert_eq!(march.excluded, BTreeMap::from([("late", 1)]));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hand_in_of_a_thousand_is_taken_and_one_more_is_refused() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let post = loire.post(&library).await;
    let song = loire.work("song", 180);
    world.pass(3600);
    let mut plays: Vec<Value> = (0..1000)
        .map(|n| play(&n.to_string(), &song, "2026-11-10T12:10:00Z", 60))
        .collect();
    assert_eq!(post.hand_in(&plays).await.json()["taken"], 1000);
    plays.push(play("more", &song, "2026-11-10T12:10:00Z", 60));
    let refused = post.hand_in(&plays).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.error().contains("1000"), "{}", refused.text);
    let large = json!({ "plays": [], "padding": "x".repeat(1 << 20) }).to_string();
    let path = format!("{}/plays", post.path());
    let refused = post.send(&path, &large, &post.id).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.error().contains("1024 KiB"), "{}", refused.text);
    // All at once: one counts, and the time passed once.
    assert_eq!(sums(&loire, "2026-11").await, (1, 60));
}

#[tokio::test(flavor = "multi_thread")]
async fn who_left_their_venue_reports_no_new_plays() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let ana = loire.member(&library, "Ana").await;
    let song = loire.work("song", 180);
    let token = ana.token().unwrap();
    let member = node::members::signed_in(&loire, &token)
        .await
        .unwrap()
        .unwrap();
    node::members::leave(&loire, &member.id, &library.id)
        .await
        .unwrap();
    let play = play("p1", &song, "2026-11-10T12:00:00Z", 30);
    let refused = ana.post("/listening/plays", &play).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN, "{}", refused.text);
    assert!(
        refused.error().contains("not a member of a venue"),
        "{}",
        refused.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_book_is_used_once_on_each_day_on_which_it_is_opened() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let folder = tempfile::tempdir().unwrap();
    let table = "kind;title;artist;file\nbook;Le Pas;Paul;pas.pdf\n";
    put(folder.path(), "catalogue.csv", table.as_bytes());
    put(folder.path(), "pas.pdf", b"%PDF-1.7\n%%EOF\n");
    import(&loire, folder.path());
    let look = |conn: &mut Conn| Ok::<_, DbError>(offered(conn, "pas")?);
    let book = loire.db.read(look).await.unwrap().remove(0);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let opened_by = async |who: &Visitor| {
        let led = who.get(&listen_path(&book.id)).await.location.unwrap();
        let page = who.get(&led).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.starts_with("%PDF"));
    };
    opened_by(&ana).await;
    world.pass(3600);
    opened_by(&ana).await;
    assert_eq!(sums(&loire, "2026-11").await, (1, 0));
    world.pass(24 * 3600);
    opened_by(&ana).await;
    assert_eq!(sums(&loire, "2026-11").await, (2, 0));
    let history = ana.page("/shelf/history").await.text;
    assert_eq!(history.matches("Le Pas</a>").count(), 2, "{history}");

    // The library's desk counts it, too, once there are five who opened it.
    for name in ["Bea", "Cléo", "Dan", "Éva"] {
        opened_by(&loire.member(&library, name).await).await;
    }
    let (app, venue) = (loire.app.clone(), library.id.clone());
    let look = move |conn: &mut Conn| of_venue(conn, &app, &venue);
    let uses = loire.db.read(look).await.unwrap();
    assert_eq!((uses.kinds.len(), uses.total()), (1, 6));
}
