//! Keys that change: ours, a peer's, and those of somebody who took a peer's domain over.

use axum::http::StatusCode;
use federation::key_history::KeyHistory;
use federation::keys::Ed25519Secret;
use federation::proof;
use node::db::DbError;
use node::peers::keys::{self, NotProven};
use node::peers::{self, To, store};
use serde_json::{Value, json};

use super::stranger::{Stranger, Way, post};
use super::{known, say, settle, words};
use crate::world::{Host, World};

/// By the node itself.
async fn rotate(host: &Host) -> keys::OwnKey {
    let app = host.app.clone();
    let rotated = tokio::task::spawn_blocking(move || keys::rotate(&app).unwrap());
    rotated.await.unwrap()
}

/// As the command does it: in another process, beside the node that runs.
async fn rotate_beside(world: &World, host: &Host) -> keys::OwnKey {
    let (dir, clock) = (host.dir.clone(), world.clock.clone());
    let rotated = tokio::task::spawn_blocking(move || {
        let mut beside = node::Node::open(&dir).unwrap();
        beside.clock = clock;
        keys::rotate(&beside).unwrap()
    });
    rotated.await.unwrap()
}

async fn held(host: &Host, origin: &str) -> Option<store::Held> {
    let origin = origin.to_owned();
    let look = host
        .db
        .read(move |conn| Ok::<_, DbError>(store::held(conn, &origin)?));
    look.await.unwrap()
}

/// Whether `host` takes a document for one of `other`'s.
async fn takes(host: &Host, other: &Host, document: &Value) -> Result<(), NotProven> {
    let peer = known(host, other).await.unwrap();
    let (node, document) = (host.app.clone(), document.clone());
    let checked = host
        .db
        .read(move |conn| Ok::<_, DbError>(keys::check(conn, &node, &peer, &document)));
    checked.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_changes_its_keys_is_believed_and_its_old_words_stand() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    let old = loire.keys();
    let old_id = loire.key_id();
    let words_before = json!({ "type": "Note", "content": "before" });
    let before = loire.sign(words_before.clone()).unwrap();

    world.pass(3600);
    for _ in 0..2 {
        let new = rotate(&loire).await;
        world.pass(3600);
        settle(&[&loire, &wallonie]).await;
        // It was told, and walked the chain.
        let peer = known(&wallonie, &loire).await.unwrap();
        assert_eq!(peer.ed25519, Some(new.key));
        assert_eq!(peer.ed25519_id.as_deref(), Some(new.id.as_str()));
    }
    say(&loire, "after", To::Followers, false).await;
    settle(&[&loire, &wallonie]).await;
    assert_eq!(words(&wallonie, &loire).await, ["after"]);
    assert!(held(&wallonie, &loire.base()).await.is_none());

    let history = loire.visitor().get("/actor/keys").await.json();
    let history = KeyHistory::read(&history, &loire.config.actor()).unwrap();
    assert_eq!(history.keys().len(), 3);
    assert_eq!(history.keys()[0].key, old.ed25519.public());

    assert!(takes(&wallonie, &loire, &before).await.is_ok());
    let late = proof::sign(words_before, &old.ed25519, &old_id, &world.clock.now_text()).unwrap();
    let refused = takes(&wallonie, &loire, &late).await.unwrap_err();
    assert!(matches!(refused, NotProven::Ended(_)), "{refused}");
    let now = loire.sign(json!({ "type": "Note" })).unwrap();
    assert!(takes(&wallonie, &loire, &now).await.is_ok());
    // Who meets it only now learns the old keys too.
    let bretagne = world.node("bretagne", "FR-BRE").await;
    peers::add(&bretagne.app, &loire.base()).await.unwrap();
    assert!(takes(&bretagne, &loire, &before).await.is_ok());
    assert!(takes(&bretagne, &loire, &late).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_runs_takes_up_keys_that_a_command_drew() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let new = rotate_beside(&world, &loire).await;
    keys::pass(&loire.app).await;
    assert_eq!(loire.keys().ed25519.public(), new.key);
    let actor = loire.visitor().get("/actor").await.json();
    assert_eq!(
        actor["assertionMethod"][0]["publicKeyMultibase"],
        new.key.to_multikey()
    );
    assert_eq!(actor["keyHistory"], format!("{}/actor/keys", loire.base()));
    let listed = tokio::task::block_in_place(|| keys::list(&loire.app).unwrap());
    assert_eq!(listed.len(), 2);
    assert_eq!(
        (listed[0].until_us, listed[1].until_us.is_some()),
        (None, true)
    );
    // Opened anew, it has them too.
    let dir = loire.dir.clone();
    let again = tokio::task::spawn_blocking(move || node::Node::open(&dir).unwrap());
    assert_eq!(again.await.unwrap().keys().ed25519.public(), new.key);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_told_of_new_keys_in_the_moment_they_count() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    let new = rotate_beside(&world, &loire).await;
    // The node that runs has not looked at its keys yet; what it delivers makes it look.
    peers::deliver::pass(&loire.app).await;
    assert_eq!(loire.keys().ed25519.public(), new.key);
    let peer = known(&wallonie, &loire).await.unwrap();
    assert_eq!(peer.ed25519, Some(new.key));
    assert_eq!(peer.ed25519_id.as_deref(), Some(new.id.as_str()));
    assert!(held(&wallonie, &loire.base()).await.is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_whose_keys_do_not_follow_is_held_until_the_operator_trusts_it() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let mut stranger = Stranger::new().await;
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert_eq!(post(&loire, &letter).await.status, StatusCode::ACCEPTED);

    let honest = stranger.ed25519.clone();
    let other = Ed25519Secret::generate(&mut rand::rngs::OsRng);
    stranger.ed25519 = other.clone();
    stranger.serve_actor("/actor");
    let letter = stranger.letter(&world, &loire, &stranger.note("b"), Way::Rfc9421);
    let answer = post(&loire, &letter).await;
    // Not for good: it may be in order, and then the sender tries again.
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    assert!(answer.error().contains("on hold"), "{}", answer.text);
    let why = held(&loire, &stranger.base).await.unwrap();
    assert!(why.reason.contains("no history"), "{}", why.reason);
    say(&loire, "secret", To::Peer(stranger.base.clone()), true).await;
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), [""; 0], "nothing goes there");
    // The key that is known still speaks for it.
    stranger.ed25519 = honest;
    let letter = stranger.letter(&world, &loire, &stranger.note("c"), Way::Rfc9421);
    assert_eq!(post(&loire, &letter).await.status, StatusCode::ACCEPTED);

    let (app, base) = (loire.app.clone(), stranger.base.clone());
    let trusted = tokio::task::spawn_blocking(move || keys::trust(&app, &base).unwrap());
    assert_eq!(trusted.await.unwrap().ed25519, Some(other.public()));
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["secret"]);
    stranger.ed25519 = other;
    let letter = stranger.letter(&world, &loire, &stranger.note("d"), Way::Rfc9421);
    assert_eq!(post(&loire, &letter).await.status, StatusCode::ACCEPTED);
    let (app, base) = (loire.app.clone(), stranger.base.clone());
    let again = tokio::task::spawn_blocking(move || keys::trust(&app, &base).unwrap_err());
    let again = again.await.unwrap().to_string();
    assert!(again.contains("not on hold"), "{again}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_history_that_does_not_begin_with_the_known_key_convinces_nobody() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let mut stranger = Stranger::new().await;
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert!(post(&loire, &letter).await.status.is_success());
    // Whoever has the domain now writes a history of their own keys.
    let mut chance = rand::rngs::OsRng;
    let (first, second) = (
        Ed25519Secret::generate(&mut chance),
        Ed25519Secret::generate(&mut chance),
    );
    let uri = |path: &str| settlement::Uri::parse(&stranger.at(path)).unwrap();
    let actor = settlement::NodeId::from(uri("/actor"));
    let rsa = stranger.rsa.public();
    let statement = federation::key_history::Change {
        actor: &actor,
        sequence: 1,
        old: (&first, &uri("/actor#ed25519-key")),
        new: (&second, &uri("/actor#ed25519-key-2")),
        rsa: &rsa,
        id: &uri("/actor/keys/1"),
    }
    .sign(&settlement::Timestamp::parse("2026-11-10T12:00:00Z").unwrap())
    .unwrap();
    let history = KeyHistory::document(&stranger.at("/actor/keys"), &actor, &[statement]);
    stranger.serve(
        "/actor/keys",
        "application/activity+json",
        &history.to_string(),
    );
    stranger.ed25519 = second;
    let mut shown = stranger.actor("/actor");
    shown["keyHistory"] = json!(stranger.at("/actor/keys"));
    stranger.serve("/actor", "application/activity+json", &shown.to_string());
    let letter = stranger.letter(&world, &loire, &stranger.note("b"), Way::Rfc9421);
    let answer = post(&loire, &letter).await;
    assert_eq!(answer.status, StatusCode::SERVICE_UNAVAILABLE);
    let why = held(&loire, &stranger.base).await.unwrap();
    assert!(why.reason.contains("does not lead"), "{}", why.reason);
    // Nor does showing the known key beside another for requests.
    let mut chance = rand::rngs::OsRng;
    stranger.rsa = federation::keys::RsaSecret::generate(&mut chance);
    world.pass(60);
    let letter = stranger.letter(&world, &loire, &stranger.note("c"), Way::Cavage);
    stranger.serve_actor("/actor");
    assert!(!post(&loire, &letter).await.status.is_success());
}
