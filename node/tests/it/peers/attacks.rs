//! What the inbox refuses, each by its name, and what it takes.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use federation::keys::Ed25519Secret;
use node::db::DbError;
use node::peers::{self, store};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::settle;
use super::stranger::{Letter, Stranger, Way, post};
use crate::world::{Answer, Host, World};

/// A node, a stranger, and the letter an honest stranger would send.
async fn at_the_door() -> (World, Host, Stranger) {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    (world, loire, stranger)
}

#[track_caller]
fn assert_refused(answer: &Answer, status: u16, why: &str) {
    assert_eq!(answer.status.as_u16(), status, "{}", answer.text);
    assert!(answer.error().contains(why), "{}", answer.text);
}

/// How many activities the node keeps.
async fn kept(host: &Host) -> i64 {
    let look = host.db.read(|conn| {
        use diesel::prelude::*;
        Ok::<_, DbError>(node::schema::inbox::table.count().get_result(conn)?)
    });
    look.await.unwrap()
}

async fn outcome(host: &Host, id: &str) -> Option<String> {
    let id = id.to_owned();
    let look = host
        .db
        .read(move |conn| Ok::<_, DbError>(store::outcome(conn, &id)?));
    look.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_activity_is_taken_in_either_way_of_signing_and_acts_once() {
    let (world, loire, stranger) = at_the_door().await;
    for way in [Way::Rfc9421, Way::Cavage] {
        let note = stranger.note(&format!("{way:?}"));
        let letter = stranger.letter(&world, &loire, &note, way);
        assert_eq!(post(&loire, &letter).await.status, StatusCode::ACCEPTED);
    }
    // The same activity once more, signed anew: known already.
    world.pass(1);
    let note = stranger.note("Rfc9421");
    let letter = stranger.letter(&world, &loire, &note, Way::Rfc9421);
    assert_eq!(post(&loire, &letter).await.status, StatusCode::OK);
    settle(&[&loire]).await;
    assert_eq!(kept(&loire).await, 2);
    assert_eq!(
        outcome(&loire, note["id"].as_str().unwrap()).await,
        Some("ignored: Announce".to_owned())
    );
    // Its actor was read once: the key is remembered.
    assert_eq!(stranger.asked_for("/actor"), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_is_accepted_once_and_an_undo_ends_it() {
    let (world, loire, stranger) = at_the_door().await;
    let follow = json!({
        "id": stranger.at("/activities/follow"),
        "type": "Follow",
        "actor": stranger.at("/actor"),
        "object": loire.config.actor().as_str(),
    });
    for _ in 0..2 {
        let letter = stranger.letter(&world, &loire, &follow, Way::Rfc9421);
        assert!(post(&loire, &letter).await.status.is_success());
        world.pass(1);
        settle(&[&loire]).await;
    }
    let followers = async || loire.visitor().get("/followers").await.json()["totalItems"].clone();
    assert_eq!(followers().await, json!(1));
    let undo = json!({
        "id": stranger.at("/activities/undo"),
        "type": "Undo",
        "actor": stranger.at("/actor"),
        "object": stranger.at("/activities/follow"),
    });
    let letter = stranger.letter(&world, &loire, &undo, Way::Cavage);
    assert!(post(&loire, &letter).await.status.is_success());
    settle(&[&loire]).await;
    assert_eq!(followers().await, json!(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_replayed_request_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    for way in [Way::Rfc9421, Way::Cavage] {
        let note = stranger.note(&format!("{way:?}"));
        let letter = stranger.letter(&world, &loire, &note, way);
        assert!(post(&loire, &letter).await.status.is_success());
        let again = post(&loire, &letter).await;
        assert_refused(&again, 401, "was received before");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_signed_anew_is_known_and_each_of_its_requests_counts_once() {
    let (world, loire, stranger) = at_the_door().await;
    let note = stranger.note("a");
    let mut letters = Vec::new();
    for way in [Way::Rfc9421, Way::Cavage, Way::Rfc9421] {
        let letter = stranger.letter(&world, &loire, &note, way);
        assert!(post(&loire, &letter).await.status.is_success());
        letters.push(letter);
        world.pass(1);
    }
    for letter in &letters {
        assert_refused(&post(&loire, letter).await, 401, "was received before");
    }
    assert_eq!(kept(&loire).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_asks_at_the_same_moment_gets_each_his_own_answer() {
    let (world, loire, stranger) = at_the_door().await;
    let first = stranger.letter(&world, &loire, &stranger.note("first"), Way::Rfc9421);
    assert!(post(&loire, &first).await.status.is_success());
    let loire = std::sync::Arc::new(loire);
    let mut posts = tokio::task::JoinSet::new();
    for number in 0..40 {
        let note = stranger.note(&number.to_string());
        let mut letter = stranger.letter(&world, &loire, &note, Way::Rfc9421);
        let is_bad = number % 4 == 0;
        if is_bad {
            letter.body = stranger.note("another").to_string().into_bytes();
            let digest = STANDARD.encode(Sha256::digest(&letter.body));
            let digest = format!("sha-256=:{digest}:").parse().unwrap();
            letter.headers.insert("content-digest", digest);
        }
        let loire = loire.clone();
        posts.spawn(async move { (is_bad, post(&loire, &letter).await.status) });
    }
    while let Some(answer) = posts.join_next().await {
        let (is_bad, status) = answer.unwrap();
        assert_eq!(status.is_success(), !is_bad, "{status}");
    }
    assert_eq!(kept(&loire).await, 31);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_without_a_signature_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let mut letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    letter.headers.remove("signature");
    letter.headers.remove("signature-input");
    assert_refused(&post(&loire, &letter).await, 401, "must be signed");
    assert_eq!(kept(&loire).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_swapped_body_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    for way in [Way::Rfc9421, Way::Cavage] {
        let mut letter = stranger.letter(&world, &loire, &stranger.note("a"), way);
        letter.body = stranger.note("b").to_string().into_bytes();
        assert_refused(&post(&loire, &letter).await, 401, "its digest differs");
        // With a digest to match, the signature no longer fits.
        let digest = STANDARD.encode(Sha256::digest(&letter.body));
        let (name, value) = match way {
            Way::Rfc9421 => ("content-digest", format!("sha-256=:{digest}:")),
            Way::Cavage => ("digest", format!("SHA-256={digest}")),
        };
        letter.headers.insert(name, value.parse().unwrap());
        assert_refused(&post(&loire, &letter).await, 401, "does not fit");
        // Not again at once: somebody may be making us knock there.
        world.pass(31);
    }
    assert_eq!(kept(&loire).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_that_covers_too_little_is_refused() {
    let (_world, loire, stranger) = at_the_door().await;
    let body = stranger.note("a").to_string();
    let digest = format!("SHA-256={}", STANDARD.encode(Sha256::digest(&body)));
    let signature = STANDARD.encode(stranger.rsa.sign(format!("digest: {digest}").as_bytes()));
    let mut letter = stranger.letter_of(0, &format!("{}/inbox", loire.base()), &body, Way::Cavage);
    letter.headers.insert("digest", digest.parse().unwrap());
    let header = format!(
        "keyId=\"{}\",algorithm=\"rsa-sha256\",headers=\"digest\",signature=\"{signature}\"",
        stranger.at("/actor#main-key")
    );
    letter.headers.insert("signature", header.parse().unwrap());
    assert_refused(
        &post(&loire, &letter).await,
        401,
        "must cover (request-target)",
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_made_for_another_host_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    for (way, why) in [
        (Way::Cavage, "for another host"),
        (Way::Rfc9421, "does not fit"),
    ] {
        let letter = stranger.letter(&world, &wallonie, &stranger.note("a"), way);
        let handed_on = Letter {
            url: format!("{}/inbox", loire.base()).parse().unwrap(),
            ..letter
        };
        assert_refused(&post(&loire, &handed_on).await, 401, why);
    }
    assert_eq!(kept(&loire).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_too_old_or_from_the_future_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let now = world.clock.now_seconds();
    let inbox = format!("{}/inbox", loire.base());
    for way in [Way::Rfc9421, Way::Cavage] {
        for (at, why) in [(now - 301, "too old"), (now + 121, "from the future")] {
            let letter = stranger.letter_of(at, &inbox, &stranger.note("a").to_string(), way);
            assert_refused(&post(&loire, &letter).await, 401, why);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_key_is_refused_and_does_not_make_us_knock_again_and_again() {
    let (world, loire, mut stranger) = at_the_door().await;
    let honest = stranger.ed25519.clone();
    stranger.ed25519 = Ed25519Secret::generate(&mut rand::rngs::OsRng);
    for number in 0..5 {
        let note = stranger.note(&number.to_string());
        let letter = stranger.letter(&world, &loire, &note, Way::Rfc9421);
        let answer = post(&loire, &letter).await;
        assert_refused(&answer, 401, "does not fit");
    }
    assert_eq!(stranger.asked_for("/actor"), 1);
    // Nor does it shut out the one in whose name it was done.
    stranger.ed25519 = honest;
    let letter = stranger.letter(&world, &loire, &stranger.note("honest"), Way::Rfc9421);
    assert!(post(&loire, &letter).await.status.is_success());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_changed_is_read_once_more() {
    let (world, loire, mut stranger) = at_the_door().await;
    stranger.is_node = false;
    stranger.serve_actor("/actor");
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert!(post(&loire, &letter).await.status.is_success());
    stranger.ed25519 = Ed25519Secret::generate(&mut rand::rngs::OsRng);
    stranger.serve_actor("/actor");
    let letter = stranger.letter(&world, &loire, &stranger.note("b"), Way::Rfc9421);
    assert!(post(&loire, &letter).await.status.is_success());
    assert_eq!(stranger.asked_for("/actor"), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_that_somebody_else_signs_for_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let victim = Stranger::new().await;
    let mut note = victim.note("a");
    let letter = stranger.letter(&world, &loire, &note, Way::Rfc9421);
    let answer = post(&loire, &letter).await;
    assert_refused(&answer, 403, "is not of the origin of");
    // Nor in the name of the node itself.
    note["actor"] = json!(loire.config.actor().as_str());
    note["id"] = json!(format!("{}/activities/a", loire.base()));
    let letter = stranger.letter(&world, &loire, &note, Way::Rfc9421);
    let answer = post(&loire, &letter).await;
    assert_refused(&answer, 403, "is not of the origin of");
    assert_eq!(victim.asked_for("/actor"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_that_another_of_its_origin_signs_for_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert!(post(&loire, &letter).await.status.is_success());
    stranger.serve_actor("/mallory");
    let mut note = stranger.note("b");
    note["actor"] = json!(stranger.at("/mallory"));
    let letter = stranger.letter(&world, &loire, &note, Way::Rfc9421);
    let answer = post(&loire, &letter).await;
    assert_refused(&answer, 401, "does not show the key");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_document_that_claims_to_be_somebody_else_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let victim = Stranger::new().await;
    let mut claim = stranger.actor("/actor");
    claim["id"] = json!(victim.at("/actor"));
    stranger.serve("/actor", "application/activity+json", &claim.to_string());
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    let answer = post(&loire, &letter).await;
    assert_refused(&answer, 401, "cannot be used");
    assert_eq!(kept(&loire).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_served_as_something_else_is_not_believed() {
    let (world, loire, stranger) = at_the_door().await;
    let actor = stranger.actor("/actor").to_string();
    stranger.serve("/actor", "application/json", &actor);
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert_refused(&post(&loire, &letter).await, 401, "Content-Type");
    // One key twice: two readers could see two actors.
    let twice = actor.replacen('{', "{\"name\":\"somebody else\",", 1);
    stranger.serve("/actor", "application/activity+json", &twice);
    world.pass(31);
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert_refused(&post(&loire, &letter).await, 401, "appears twice");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_that_is_not_there_is_a_no_and_one_that_is_not_there_now_is_not() {
    let (world, loire, stranger) = at_the_door().await;
    let note = |who: &str| {
        let mut note = stranger.note(who);
        note["actor"] = json!(stranger.at(&format!("/users/{who}")));
        note
    };
    let letter = stranger.letter_from(&world, &loire, "/users/nobody", &note("nobody"));
    assert_refused(&post(&loire, &letter).await, 401, "404");
    // Whoever does not answer may answer later.
    let mut away = Stranger::new().await;
    away.base = "http://localhost:9".to_owned();
    let letter = away.letter(&world, &loire, &away.note("a"), Way::Cavage);
    assert_refused(&post(&loire, &letter).await, 503, "try again later");
    assert_eq!(kept(&loire).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_one_plain_activity_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let now = world.clock.now_seconds();
    let inbox = format!("{}/inbox", loire.base());
    let with = |name: &str, value: Value| {
        let mut note = stranger.note("a");
        note[name] = value;
        note.to_string()
    };
    let twice =
        stranger
            .note("a")
            .to_string()
            .replacen('{', "{\"actor\":\"http://localhost:1/actor\",", 1);
    for (body, why) in [
        (twice, "appears twice"),
        (with("actor", stranger.actor("/actor")), "must be a string"),
        (
            with("actor", json!([stranger.at("/actor")])),
            "must be a string",
        ),
        (with("id", json!("http://localhost:1/a")), "same origin"),
        (with("id", Value::Null), "missing"),
        (
            with("actor", json!("HTTP://LOCALHOST:1/actor")),
            "cannot be read",
        ),
        ("[".repeat(1000), "levels deep"),
        ("not json".to_owned(), "not valid JSON"),
    ] {
        let letter = stranger.letter_of(now, &inbox, &body, Way::Rfc9421);
        assert_refused(&post(&loire, &letter).await, 400, why);
    }
    let mut letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Cavage);
    letter
        .headers
        .insert(CONTENT_TYPE, "application/json".parse().unwrap());
    assert_refused(
        &post(&loire, &letter).await,
        415,
        "application/activity+json",
    );
    let huge = with("content", json!("x".repeat(256 * 1024)));
    let letter = stranger.letter_of(now, &inbox, &huge, Way::Rfc9421);
    assert_refused(&post(&loire, &letter).await, 413, "at most");
    assert_eq!(kept(&loire).await, 0);
    assert_eq!(stranger.asked_for("/actor"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_blocked_peer_is_refused_and_gets_nothing() {
    let (world, loire, stranger) = at_the_door().await;
    let (app, base) = (loire.app.clone(), stranger.base.clone());
    let block = tokio::task::spawn_blocking(move || peers::block(&app, &base).unwrap());
    block.await.unwrap();
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert_refused(&post(&loire, &letter).await, 403, "is blocked here");
    let refused = peers::add(&loire.app, &stranger.base).await.unwrap_err();
    assert!(refused.to_string().contains("is blocked here"), "{refused}");
    super::say(
        &loire,
        "secret",
        peers::To::Peer(stranger.base.clone()),
        true,
    )
    .await;
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), [""; 0]);

    let (app, base) = (loire.app.clone(), stranger.base.clone());
    let unblock = tokio::task::spawn_blocking(move || peers::unblock(&app, &base).unwrap());
    unblock.await.unwrap();
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["secret"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_accept_that_nobody_asked_for_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&loire.app, &wallonie.base()).await.unwrap();
    let asked = loire.db.read(|conn| {
        use diesel::prelude::*;
        use node::schema::outbox;
        let id: String = outbox::table.select(outbox::id).first(conn)?;
        Ok::<_, DbError>(id)
    });
    let asked = asked.await.unwrap();
    let follow_of_another = json!({
        "id": asked,
        "type": "Follow",
        "actor": loire.config.actor().as_str(),
        "object": stranger.at("/actor"),
    });
    for (name, object) in [
        ("a", json!(format!("{}/activities/never", loire.base()))),
        // What we asked somebody else.
        ("b", json!(asked)),
        ("c", follow_of_another),
    ] {
        let id = stranger.at(&format!("/activities/{name}"));
        let accept = json!({
            "id": id,
            "type": "Accept",
            "actor": stranger.at("/actor"),
            "object": object,
        });
        let letter = stranger.letter(&world, &loire, &accept, Way::Rfc9421);
        let answer = post(&loire, &letter).await;
        assert_refused(&answer, 422, "answers nothing that this node has asked");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_follow_of_somebody_who_is_not_here_is_refused() {
    let (world, loire, stranger) = at_the_door().await;
    let id = stranger.at("/activities/a");
    let follow = json!({
        "id": id,
        "type": "Follow",
        "actor": stranger.at("/actor"),
        "object": format!("{}/venues/nobody", loire.base()),
    });
    let letter = stranger.letter(&world, &loire, &follow, Way::Rfc9421);
    let answer = post(&loire, &letter).await;
    assert_refused(&answer, 422, "nobody can be followed");
    assert_eq!(outcome(&loire, &id).await, None);
}
