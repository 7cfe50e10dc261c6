//! The line of deliveries: what is refused, what waits, what is given up, what survives.

use node::Node;
use node::peers::{self, To, deliver, list};

use super::stranger::Stranger;
use super::{known, say, settle};
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
async fn forbidden_missing_or_broken_is_not_delivered_and_keeps_its_place() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    loire.stop().await;
    for what in ["one", "two"] {
        say(&loire, what, To::Peer(stranger.base.clone()), false).await;
    }
    for status in [403, 404, 408, 500, 302] {
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

#[tokio::test(flavor = "multi_thread")]
async fn an_inbox_that_is_gone_gets_no_more_references_and_keeps_what_concerns_money() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    assert!(known(&loire, &wallonie).await.unwrap().follower);
    // At its address somebody answers now who says that it is gone.
    wallonie.stop().await;
    loire.stop().await;
    let listener = tokio::net::TcpListener::bind(wallonie.config.listen).await;
    let gone = axum::Router::new().fallback(async || axum::http::StatusCode::GONE);
    let gone = tokio::spawn(axum::serve(listener.unwrap(), gone).into_future());
    say(&loire, "news", To::Followers, false).await;
    say(&loire, "report", To::Peer(wallonie.base()), true).await;
    settle(&[&loire]).await;
    let between = relation(&loire, &wallonie.base()).await;
    assert!(!between.peer.follower);
    assert_eq!((between.owed.waiting, between.owed.money), (1, 1));
    // It was a mistake: it is back, and follows again.
    gone.abort();
    let _ = gone.await;
    wallonie.start().await;
    world.pass(3600 * 2);
    settle(&[&loire, &wallonie]).await;
    assert_eq!(super::words(&wallonie, &loire).await, ["report"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_asks_for_patience_is_given_it_within_bounds() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    loire.stop().await;
    for (status, asked, patience) in [
        (429, "600", 600),
        (503, "Tue, 10 Nov 2026 13:00:00 GMT", 3000),
        (429, "99999999", 24 * 3600),
    ] {
        stranger.will_answer(&[status]);
        stranger.asks_for_patience(asked);
        say(&loire, asked, To::Peer(stranger.base.clone()), true).await;
        settle(&[&loire]).await;
        let before = stranger.taken().len();
        world.pass(patience - 1);
        settle(&[&loire]).await;
        assert_eq!(stranger.taken().len(), before, "{asked}");
        world.pass(1);
        settle(&[&loire]).await;
        assert_eq!(stranger.taken().len(), before + 1, "{asked}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_as_it_stands_is_given_up_after_three_days_unless_it_concerns_money() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    loire.stop().await;
    stranger.will_answer(&[422; 2000]);
    say(&loire, "news", To::Peer(stranger.base.clone()), false).await;
    say(&loire, "report", To::Peer(stranger.base.clone()), true).await;
    let waiting = async || relation(&loire, &stranger.base).await.owed.waiting;
    for _ in 0..3 * 24 {
        settle(&[&loire]).await;
        world.pass(3600);
    }
    assert_eq!(waiting().await, 2);
    world.pass(3600);
    settle(&[&loire]).await;
    assert_eq!(waiting().await, 1);
    for _ in 0..40 * 24 {
        world.pass(3600);
        deliver::pass(&loire.app).await;
    }
    assert_eq!(relation(&loire, &stranger.base).await.owed.money, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_been_away_for_thirty_days_reads_what_it_missed_in_the_outbox() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    loire.by_hand().await;
    wallonie.stop().await;
    for day in 0..40 {
        say(&loire, &format!("{day:02}"), To::Followers, false).await;
        deliver::pass(&loire.app).await;
        world.pass(24 * 3600);
    }
    deliver::pass(&loire.app).await;
    let owed = relation(&loire, &wallonie.base()).await.owed;
    // What is older than thirty days was given up, and nothing was put in line after thirty.
    assert_eq!(owed.waiting, 21);
    wallonie.by_hand().await;
    settle(&[&loire, &wallonie]).await;
    let all: Vec<String> = (0..40).map(|day| format!("{day:02}")).collect();
    assert_eq!(super::words(&wallonie, &loire).await, all);
    // What still waited is delivered within the hour, and what is new as it is said.
    world.pass(3600 * 2);
    settle(&[&loire, &wallonie]).await;
    say(&loire, "40", To::Followers, false).await;
    settle(&[&loire, &wallonie]).await;
    assert_eq!(super::words(&wallonie, &loire).await.len(), 41);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_heard_of_again_gets_what_waits_at_once() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    loire.by_hand().await;
    wallonie.stop().await;
    say(&loire, "one", To::Followers, false).await;
    for _ in 0..20 {
        deliver::pass(&loire.app).await;
        world.pass(1800);
    }
    wallonie.by_hand().await;
    deliver::pass(&loire.app).await;
    say(&wallonie, "hello", To::Followers, false).await;
    deliver::pass(&wallonie.app).await;
    deliver::pass(&loire.app).await;
    assert_eq!(super::words(&wallonie, &loire).await, ["one"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_to_ten_thousand_followers_is_kept_in_one_go() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    loire.stop().await;
    let add = |conn: &mut node::db::Conn| {
        use diesel::prelude::*;
        use node::schema::peers as table;
        for number in 0..10_000 {
            let origin = format!("http://f{number}.example");
            peers::store::note_address(conn, &origin)?;
        }
        diesel::update(table::table)
            .set((table::follower.eq(true), table::next_try_us.eq(i64::MAX)))
            .execute(conn)?;
        Ok::<_, node::db::DbError>(())
    };
    tokio::task::block_in_place(|| loire.db.write_now(add).unwrap());
    say(&loire, "to all", To::Followers, false).await;
    let now = world.clock.now_us();
    let look = move |conn: &mut node::db::Conn| {
        use diesel::prelude::*;
        use node::schema::deliveries;
        let waiting: i64 = deliveries::table.count().get_result(conn)?;
        Ok::<_, node::db::DbError>((waiting, peers::store::due(conn, now)?.len()))
    };
    // All of them are away, and none of them is looked at.
    assert_eq!(loire.db.read(look).await.unwrap(), (10_000, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_asks_for_any_more_is_forgotten_and_what_may_matter_is_not() {
    use diesel::prelude::*;
    use node::schema::{deliveries, inbox, outbox};
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    let mut work = loire.drawn("song", 60);
    loire.tell(&work, true);
    for turn in 0..5 {
        world.pass(60);
        work.title = format!("song, taken {turn}");
        work.updated_us = world.clock.now_us();
        loire.tell(&work, false);
        settle(&[&loire, &wallonie]).await;
    }
    say(&loire, "secret", To::Peer(wallonie.base()), true).await;
    settle(&[&loire, &wallonie]).await;
    let counts = async |host: &Host| {
        let look = |conn: &mut node::db::Conn| {
            let public = outbox::table.filter(outbox::public.eq(true));
            let public: i64 = public.count().get_result(conn)?;
            let all: i64 = outbox::table.count().get_result(conn)?;
            let line: i64 = deliveries::table.count().get_result(conn)?;
            let came: i64 = inbox::table.count().get_result(conn)?;
            Ok::<_, node::db::DbError>((public, all - public, line, came))
        };
        host.db.read(look).await.unwrap()
    };
    // However often it changed, an outbox says a work once, and what was delivered to all is not
    // kept for each.
    let (public, secret, line, _) = counts(&loire).await;
    assert_eq!((public, line), (1, secret));
    let (.., came) = counts(&wallonie).await;
    assert!(came >= 8, "{came}");
    world.pass(91 * 24 * 3600);
    for host in [&loire, &wallonie] {
        node::peers::inbox::sweep(&host.app, world.clock.now_us()).await;
    }
    // The Follow stays on both sides: its answer, or its taking back, may come any day.
    assert_eq!(counts(&loire).await, (1, 1, 0, 1));
    assert_eq!(counts(&wallonie).await, (0, 1, 0, 1));
    // What was read before is read again, and changes nothing.
    settle(&[&loire, &wallonie]).await;
    let found = tokio::task::block_in_place(|| {
        let look = |conn: &mut node::db::Conn| {
            Ok::<_, node::db::DbError>(node::catalogue::store::work(conn, &work.id)?)
        };
        wallonie.db.read_now(look).unwrap().unwrap()
    });
    assert_eq!(found.title, "song, taken 4");
}
