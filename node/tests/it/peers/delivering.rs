//! The line of deliveries: what is refused, what waits, what is given up, what survives.

use node::Node;
use node::peers::{self, To, deliver, list};

use super::stranger::Stranger;
use super::{say, settle};
use crate::world::{Host, World};

async fn relation(host: &Host, origin: &str) -> peers::Relation {
    let app = host.app.clone();
    let all = tokio::task::spawn_blocking(move || list(&app).unwrap());
    let all = all.await.unwrap();
    all.into_iter()
        .find(|one| one.peer.origin == origin)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activity_that_is_refused_steps_aside_and_is_offered_again() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let to = || To::Peer(stranger.base.clone());
    stranger.will_answer(&[422]);
    loire.stop().await;
    for what in ["one", "two", "three"] {
        say(&loire, what, to(), false).await;
    }
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["two", "three"]);
    let between = relation(&loire, &stranger.base).await;
    assert_eq!(between.owed.waiting, 1);
    assert_eq!(between.health.failing_since_us, None);
    let error = between.health.last_error.unwrap();
    assert!(
        error.contains("422") && error.contains("as I please"),
        "{error}"
    );
    world.pass(2);
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["two", "three", "one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn gone_forbidden_or_broken_is_not_delivered_and_keeps_its_place() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    loire.stop().await;
    for what in ["one", "two"] {
        say(&loire, what, To::Peer(stranger.base.clone()), false).await;
    }
    for status in [410, 403, 404, 500, 302] {
        stranger.will_answer(&[status]);
        settle(&[&loire]).await;
        assert_eq!(stranger.taken(), [""; 0]);
        let between = relation(&loire, &stranger.base).await;
        assert_eq!(between.owed.waiting, 2);
        let error = between.health.last_error.unwrap();
        assert!(error.contains(&status.to_string()), "{error}");
        world.pass(3600 + 900);
    }
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["one", "two"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_thirty_days_only_what_concerns_money_is_still_owed() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let to = || To::Peer(stranger.base.clone());
    loire.stop().await;
    say(&loire, "news", to(), false).await;
    say(&loire, "report", to(), true).await;
    world.pass(30 * 24 * 3600 + 1);
    // Each is tried once more before anything is given up; one of them concerns no money.
    stranger.will_answer(&[500, 500]);
    settle(&[&loire]).await;
    world.pass(3600 * 2);
    settle(&[&loire]).await;
    let between = relation(&loire, &stranger.base).await;
    assert_eq!((between.owed.waiting, between.owed.money), (1, 1));
    world.pass(365 * 24 * 3600);
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["report"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_is_tried_at_once_when_its_host_says_so() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    loire.stop().await;
    stranger.will_answer(&[503]);
    say(&loire, "one", To::Peer(stranger.base.clone()), false).await;
    settle(&[&loire]).await;
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), [""; 0]);
    let (app, base) = (loire.app.clone(), stranger.base.clone());
    let retry = tokio::task::spawn_blocking(move || peers::retry_now(&app, &base).unwrap());
    retry.await.unwrap();
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_away_costs_the_others_nothing() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let away = Stranger::new().await;
    let here = Stranger::new().await;
    loire.stop().await;
    away.will_answer(&[500; 10]);
    for number in 0..5 {
        let what = number.to_string();
        say(&loire, &what, To::Peer(away.base.clone()), true).await;
        say(&loire, &what, To::Peer(here.base.clone()), false).await;
    }
    deliver::pass(&loire.app).await;
    assert_eq!(here.taken(), ["0", "1", "2", "3", "4"]);
    assert_eq!(relation(&loire, &away.base).await.owed.money, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_waited_when_the_node_stopped_is_delivered_after_it_starts_again() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    loire.stop().await;
    stranger.will_answer(&[202, 500]);
    for what in ["one", "two", "three"] {
        say(&loire, what, To::Peer(stranger.base.clone()), false).await;
    }
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["one"]);
    let dir = loire.dir.clone();
    let again = tokio::task::spawn_blocking(move || Node::open(&dir).unwrap());
    let mut again = again.await.unwrap();
    again.clock = world.clock.clone();
    world.pass(2);
    deliver::pass(&node::share(again)).await;
    assert_eq!(stranger.taken(), ["one", "two", "three"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_of_another_kind_gets_the_signatures_it_reads() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let node = Stranger::new().await;
    let other = Stranger::new().await;
    let mut actor = other.actor("/actor");
    actor.as_object_mut().unwrap().remove("territory");
    other.serve("/actor", "application/activity+json", &actor.to_string());
    loire.stop().await;
    other.will_answer(&[401]);
    for what in ["one", "two"] {
        say(&loire, what, To::Peer(node.base.clone()), false).await;
        say(&loire, what, To::Peer(other.base.clone()), false).await;
    }
    settle(&[&loire]).await;
    assert_eq!(node.ways(), ["ours", "ours"]);
    assert_eq!(other.ways(), ["cavage", "newer", "newer"]);
    assert_eq!(other.taken(), ["one", "two"]);
}
