//! Finding, following, delivering, and reading what was said before.

use axum::http::StatusCode;
use node::peers::{self, Following, To};
use serde_json::json;

use super::{heard, known, say, settle, words};
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn two_nodes_find_and_follow_each_other_and_what_one_says_the_other_hears() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;

    let found = peers::add(&loire.app, &wallonie.base()).await.unwrap();
    assert_eq!(found.name, "wallonie");
    assert_eq!(found.territory, Some(wallonie.config.territory));
    assert_eq!(found.following, Following::Asked);
    settle(&[&loire, &wallonie]).await;

    for (here, there) in [(&loire, &wallonie), (&wallonie, &loire)] {
        let peer = known(here, there).await.unwrap();
        assert_eq!(peer.following, Following::Yes, "{}", there.base());
        assert!(peer.follower, "{}", there.base());
        assert_eq!(peer.actor_id, there.config.actor());
    }
    say(&wallonie, "bonjour", To::Followers, false).await;
    settle(&[&loire, &wallonie]).await;
    assert_eq!(
        heard(&loire, &wallonie).await,
        [("bonjour".to_owned(), Some("ignored: Announce".to_owned()))]
    );
    // Asked once more, nothing more is asked.
    let again = peers::add(&loire.app, &wallonie.base()).await.unwrap();
    assert_eq!(again.following, Following::Yes);
    let followers = loire.visitor().get("/followers").await.json();
    assert_eq!(followers["totalItems"], json!(1));
    assert!(followers.get("orderedItems").is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_said_before_is_read_from_the_first_word_on() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    let mut said = Vec::new();
    // More than two pages.
    for number in 0..123 {
        say(&wallonie, &format!("{number:03}"), To::Followers, false).await;
        said.push(format!("{number:03}"));
    }
    say(
        &wallonie,
        "secret",
        To::Peer("http://localhost:9".into()),
        false,
    )
    .await;
    peers::add(&loire.app, &wallonie.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    assert_eq!(words(&loire, &wallonie).await, said);
    let outbox = loire.visitor().client;
    let page = outbox
        .get(format!("{}/outbox?before=newest", wallonie.base()))
        .send()
        .await
        .unwrap();
    assert_eq!(page.status(), StatusCode::OK);
    let text = page.text().await.unwrap();
    assert!(text.contains("/notes/122"));
    assert!(!text.contains("secret"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_peer_that_is_away_gets_everything_in_order_once_when_it_is_back() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&loire.app, &wallonie.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;

    wallonie.stop().await;
    for word in ["one", "two", "three"] {
        say(&loire, word, To::Followers, false).await;
    }
    settle(&[&loire]).await;
    let relation = relation(&loire, &wallonie.base()).await;
    assert_eq!(relation.owed.waiting, 3);
    assert_eq!(relation.owed.since_us, Some(world.clock.now_us()));
    assert_eq!(relation.health.failing_since_us, Some(world.clock.now_us()));
    let error = relation.health.last_error.unwrap();
    assert!(error.contains("does not answer"), "{error}");

    // Too early: it is not even asked.
    wallonie.start().await;
    settle(&[&loire, &wallonie]).await;
    assert_eq!(words(&wallonie, &loire).await, [""; 0]);

    world.pass(3600);
    settle(&[&loire, &wallonie]).await;
    assert_eq!(words(&wallonie, &loire).await, ["one", "two", "three"]);
    let relation = self::relation(&loire, &wallonie.base()).await;
    assert_eq!(relation.owed.waiting, 0);
    assert_eq!(relation.health.last_error, None);
}

async fn relation(host: &crate::world::Host, origin: &str) -> peers::Relation {
    let app = host.app.clone();
    let all = tokio::task::spawn_blocking(move || peers::list(&app).unwrap());
    let all = all.await.unwrap();
    let one = all.into_iter().find(|one| one.peer.origin == origin);
    one.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_lost_its_database_follows_again_and_has_the_whole_catalogue_back() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    let mut titles = Vec::new();
    for number in 0..70 {
        let mut work = loire.drawn(&format!("song{number:02}"), 60);
        loire.tell(&work, true);
        world.pass(1);
        if number % 7 == 0 {
            work.title += ", again";
            work.updated_us = world.clock.now_us();
            loire.tell(&work, false);
        }
        if number % 10 == 9 {
            tokio::task::block_in_place(|| node::catalogue::withdraw(&loire, &work.id).unwrap());
        } else {
            titles.push(work.title);
        }
    }
    titles.sort();
    settle(&[&loire, &wallonie]).await;
    assert_eq!(offered(&wallonie, &loire), titles);

    world.pass(25 * 3600);
    let wallonie = wallonie.bereft().await;
    wallonie.start().await;
    assert_eq!(offered(&wallonie, &loire), [""; 0]);
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    assert_eq!(offered(&wallonie, &loire), titles);
    // What is new comes by delivery again.
    let new = loire.drawn("newest", 60);
    loire.tell(&new, true);
    settle(&[&loire, &wallonie]).await;
    assert_eq!(offered(&wallonie, &loire).len(), titles.len() + 1);
    // Those who followed it said so again, and hear of it as before.
    assert!(known(&wallonie, &loire).await.unwrap().follower);
    say(&wallonie, "back", To::Followers, false).await;
    settle(&[&loire, &wallonie]).await;
    assert_eq!(words(&loire, &wallonie).await, ["back"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_deleted_before_it_was_heard_of_stays_deleted() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    // The last word arrives first: the ones before it are only read in the outbox.
    let work = loire.drawn("song", 60);
    loire.by_hand().await;
    wallonie.stop().await;
    loire.tell(&work, true);
    let said = |conn: &mut node::db::Conn| {
        use diesel::prelude::*;
        use node::schema::{deliveries, outbox};
        diesel::delete(deliveries::table).execute(conn)?;
        let said: Vec<(String, String)> = outbox::table
            .filter(outbox::public.eq(true))
            .select((outbox::id, outbox::activity))
            .load(conn)?;
        Ok::<_, node::db::DbError>(said)
    };
    let said = tokio::task::block_in_place(|| loire.db.write_now(said).unwrap());
    tokio::task::block_in_place(|| node::catalogue::withdraw(&loire, &work.id).unwrap());
    wallonie.by_hand().await;
    world.pass(3600 * 2);
    settle(&[&loire, &wallonie]).await;
    let late = move |conn: &mut node::db::Conn| {
        let actor = settlement::NodeId::parse(&format!("{}/actor", work.origin)).unwrap();
        for (id, activity) in &said {
            peers::store::keep_arrived(conn, id, &actor, activity, None, 1)?;
        }
        Ok::<_, node::db::DbError>(said.len())
    };
    assert_eq!(wallonie.db.write(late).await.unwrap(), 1);
    settle(&[&loire, &wallonie]).await;
    assert_eq!(offered(&wallonie, &loire), [""; 0]);
}

/// The titles of the works of `other` that `host` offers.
fn offered(host: &crate::world::Host, other: &crate::world::Host) -> Vec<String> {
    use diesel::prelude::*;
    use node::schema::works;
    let origin = other.base();
    let look = |conn: &mut node::db::Conn| {
        let titles: Vec<String> = works::table
            .filter(works::origin.eq(origin))
            .filter(works::withdrawn_us.is_null())
            .order(works::title)
            .select(works::title)
            .load(conn)?;
        Ok::<_, node::db::DbError>(titles)
    };
    tokio::task::block_in_place(|| host.db.read_now(look).unwrap())
}
