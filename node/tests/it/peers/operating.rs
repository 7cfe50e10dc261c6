//! What an operator does about peers: limits and allows them, sees what is owed, from the page too.

use axum::http::StatusCode;
use node::config::Federation;
use node::members::{self, Role};
use node::peers::{self, Standing, To, standing};

use super::stranger::{Stranger, Way, post};
use super::{say, settle, words};
use crate::month::song;
use crate::world::{Host, Visitor, World};

fn blocking<T>(act: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(act)
}

/// Somebody who runs the node, signed in.
async fn operator(host: &Host) -> Visitor {
    let venue = host.venue("Médiathèque", 120_000, 5);
    blocking(|| {
        let role = Some(Role::Operator);
        members::add(
            host,
            venue.id.as_str(),
            "maud",
            "correct horse battery",
            role,
        )
        .unwrap();
    });
    let visitor = host.visitor();
    let fields = [("name", "maud"), ("password", "correct horse battery")];
    let answer = visitor.form("/sign-in", &fields).await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    visitor
}

#[tokio::test(flavor = "multi_thread")]
async fn under_an_allow_list_only_those_on_it_are_heard() {
    let world = World::new();
    let loire = world
        .node_with("loire", |settings| {
            settings.federation = Federation::AllowList;
        })
        .await;
    let (friend, other) = (Stranger::new().await, Stranger::new().await);
    for stranger in [&friend, &other] {
        let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
        let answer = post(&loire, &letter).await;
        assert_eq!(answer.status, StatusCode::FORBIDDEN);
        assert!(
            answer.error().contains("not on the list"),
            "{}",
            answer.text
        );
        assert_eq!(stranger.asked_for("/actor"), 0);
    }
    blocking(|| peers::allow(&loire, &friend.base).unwrap());
    let letter = friend.letter(&world, &loire, &friend.note("b"), Way::Rfc9421);
    assert_eq!(post(&loire, &letter).await.status, StatusCode::ACCEPTED);
    let letter = other.letter(&world, &loire, &other.note("b"), Way::Rfc9421);
    assert_eq!(post(&loire, &letter).await.status, StatusCode::FORBIDDEN);
    // Adding a node by its name is allowing it.
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&loire.app, &wallonie.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    say(&wallonie, "bonjour", To::Followers, false).await;
    settle(&[&loire, &wallonie]).await;
    assert_eq!(words(&loire, &wallonie).await, ["bonjour"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limited_peers_works_are_found_by_who_asks_for_them_alone() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&loire.app, &wallonie.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    let song = song(&wallonie, "La Meuse", 330);
    settle(&[&loire, &wallonie]).await;
    let venue = loire.venue("Médiathèque", 120_000, 5);
    let reader = loire.member(&venue, "noé").await;
    let found = async || {
        let found = reader.get("/api/search?q=meuse").await;
        found.json()["works"].as_array().map_or(0, Vec::len)
    };
    assert_eq!(found().await, 1);
    blocking(|| peers::limit(&loire, &wallonie.base()).unwrap());
    assert_eq!(found().await, 0);
    let home = reader.page("/").await;
    assert!(!home.text.contains("La Meuse"));
    let at = format!("/api/works?uri={song}");
    assert_eq!(
        reader.get(&at).await.status,
        StatusCode::OK,
        "by its address"
    );
    // It is still spoken with.
    say(&wallonie, "encore", To::Followers, false).await;
    settle(&[&loire, &wallonie]).await;
    assert_eq!(words(&loire, &wallonie).await, ["encore"]);
    blocking(|| peers::unblock(&loire, &wallonie.base()).unwrap());
    assert_eq!(found().await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_owed_is_told_by_kind_and_tried_again_from_the_page() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let letter = stranger.letter(&world, &loire, &stranger.note("a"), Way::Rfc9421);
    assert!(post(&loire, &letter).await.status.is_success());
    stranger.will_answer(&[500; 10]);
    say(&loire, "wait", To::Peer(stranger.base.clone()), true).await;
    settle(&[&loire]).await;
    let owed = blocking(|| standing::show(&loire, &stranger.base).unwrap());
    assert_eq!((owed.owed.waiting, owed.owed.money), (1, 1));
    assert_eq!(
        owed.kinds,
        [("Announce".to_owned(), 1, world.clock.now_us())]
    );
    assert!(owed.health.last_error.unwrap().contains("500"));

    let nobody = loire.visitor();
    let retry = [("url", stranger.base.as_str()), ("act", "retry")];
    let refused = nobody.form("/network/peers", &retry).await;
    assert_eq!(refused.status, StatusCode::UNAUTHORIZED);
    let venue = loire.venue("Bibliothèque", 120_000, 5);
    let reader = loire.member(&venue, "noé").await;
    let refused = reader.form("/network/peers", &retry).await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let maud = operator(&loire).await;
    let page = maud.page("/network").await;
    assert!(page.text.contains("Try again now"), "{}", page.text);
    stranger.will_answer_as_it_should();
    let done = maud.form("/network/peers", &retry).await;
    assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
    settle(&[&loire]).await;
    assert_eq!(stranger.taken(), ["wait"]);
    for (act, stands) in [
        ("limit", Standing::Limited),
        ("block", Standing::Blocked),
        ("unblock", Standing::Known),
        ("allow", Standing::Allowed),
    ] {
        let fields = [("url", stranger.base.as_str()), ("act", act)];
        let done = maud.form("/network/peers", &fields).await;
        assert_eq!(done.status, StatusCode::SEE_OTHER, "{}", done.text);
        let shown = blocking(|| standing::show(&loire, &stranger.base).unwrap());
        assert_eq!(shown.peer.standing, stands);
    }
    let wrong = [("url", stranger.base.as_str()), ("act", "trust")];
    let done = maud.form("/network/peers", &wrong).await;
    assert_eq!(done.status, StatusCode::UNPROCESSABLE_ENTITY);
}
