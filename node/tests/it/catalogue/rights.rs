//! What may be played where and when; who agrees to a change of shares; who claims a code.

use node::Node;
use node::catalogue::changes::{self, ChangeState};
use node::catalogue::claims::{self, ClaimState};
use node::catalogue::{Work, rights, store};
use node::db::DbError;
use node::peers;
use settlement::{Share, WorkId};

use super::messages::{Album, Track};
use super::sounds::{import, put};
use crate::peers::settle;
use crate::world::{PASSWORD, World};

fn found(node: &Node, q: &str) -> Vec<Work> {
    node.db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, q)?))
        .unwrap()
}

fn deliver(node: &Node, album: &Album<'_>) {
    let folder = tempfile::tempdir().unwrap();
    put(folder.path(), "m.xml", album.xml().as_bytes());
    let (summary, _) = import(node, folder.path());
    assert_eq!(summary.refused_count, 0, "{summary:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_is_offered_within_its_territories_and_days_alone_on_every_node() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    let album = Album {
        deals: vec![
            (&["FR"], "2026-01-01", None),
            (&["BE"], "2026-12-01", Some("2026-12-10")),
        ],
        ..Album::default()
    };
    deliver(&loire, &album);
    settle(&[&loire, &wallonie]).await;
    assert_eq!(found(&loire, "marees").len(), 2);
    assert!(found(&wallonie, "marees").is_empty());
    let work = found(&loire, "reflux").remove(0);
    let page = format!("/elsewhere/works?uri={}", work.id);
    let told = wallonie.visitor().get(&page).await;
    assert_eq!(told.status, 200);
    assert!(
        told.text.contains("not be played here yet"),
        "{}",
        told.text
    );
    for (now, offered) in [
        ("2026-12-01T12:00:00Z", 2),
        ("2026-12-10T12:00:00Z", 2),
        ("2026-12-11T12:00:00Z", 0),
    ] {
        world.turn_to(now);
        tokio::task::block_in_place(|| rights::turn(&wallonie).unwrap());
        assert_eq!(found(&wallonie, "marees").len(), offered, "{now}");
    }
    // Its sender ends it everywhere by ending its deals.
    let ended = Album {
        created: "2026-12-12T00:00:00Z",
        deals: vec![(&["Worldwide"], "2026-01-01", Some("2026-12-01"))],
        ..Album::default()
    };
    deliver(&loire, &ended);
    assert!(found(&loire, "marees").is_empty());
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let play = ana.get(&node::catalogue::api::listen_path(&work.id)).await;
    assert_eq!(play.status, 404);
}

fn shares(node: &Node, work: &WorkId, ana: u32) -> Vec<Share> {
    let who = node
        .db
        .read_now(|conn| Ok::<_, DbError>(store::contributors(conn, work)?))
        .unwrap();
    let share = |role: &str, bp| Share {
        party: who
            .iter()
            .find(|(_, known)| known.as_str() == role)
            .unwrap()
            .0
            .clone(),
        role: role.to_owned(),
        bp,
    };
    let both = [share("artist", ana), share("label", 10_000 - ana)];
    both.into_iter().filter(|share| share.bp > 0).collect()
}

fn sheets(node: &Node, work: &WorkId) -> Vec<String> {
    let sheets = node
        .db
        .read_now(|conn| Ok::<_, DbError>(store::split_sheets_of(conn, work)?))
        .unwrap();
    sheets
        .iter()
        .map(|sheet| sheet.valid_from.to_string())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_change_of_shares_waits_for_who_would_have_less_or_for_its_time() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    deliver(&loire, &Album::default());
    let work = found(&loire, "reflux").remove(0).id;
    let propose = |ana: u32| {
        let shares = shares(&loire, &work, ana);
        tokio::task::block_in_place(|| {
            loire
                .db
                .write_now(|conn| changes::propose(conn, &loire, &work, &shares))
                .unwrap()
        })
    };
    let state = |id: &str| {
        let change = loire
            .db
            .read_now(|conn| Ok::<_, DbError>(store::change(conn, id)?));
        change.unwrap().unwrap().state
    };
    let artist = shares(&loire, &work, 5_000)[0].party.clone();
    // Nothing is new in what is in force; a change waits, another takes its place.
    assert_eq!(propose(10_000), None);
    let first = propose(5_000).unwrap();
    assert_eq!(propose(5_000).as_deref(), Some(first.as_str()));
    let second = propose(7_000).unwrap();
    assert_eq!(
        (state(&first), sheets(&loire, &work).len()),
        (ChangeState::Refused, 1)
    );
    // A label, which gains by it, cannot agree in the artist's place.
    let label = shares(&loire, &work, 5_000)[1].party.clone();
    tokio::task::block_in_place(|| {
        changes::confirm(&loire, &second, &label).unwrap();
        assert_eq!(state(&second), ChangeState::Proposed);
        changes::confirm(&loire, &second, &artist).unwrap();
        assert!(changes::confirm(&loire, &second, &artist).is_err());
    });
    assert_eq!(state(&second), ChangeState::Confirmed);
    assert_eq!(sheets(&loire, &work), ["2026-11-01", "2026-12-01"]);
    // Thirty days without a word are an answer; an objection is one too.
    let refused = propose(1_000).unwrap();
    tokio::task::block_in_place(|| changes::refuse(&loire, &refused).unwrap());
    let third = propose(2_000).unwrap();
    world.turn_to("2026-12-10T11:00:00Z");
    assert_eq!(
        tokio::task::block_in_place(|| changes::ripen(&loire).unwrap()),
        0
    );
    world.turn_to("2026-12-10T13:00:00Z");
    assert_eq!(
        tokio::task::block_in_place(|| changes::ripen(&loire).unwrap()),
        1
    );
    assert_eq!(
        (state(&refused), state(&third)),
        (ChangeState::Refused, ChangeState::Waited)
    );
    assert_eq!(
        sheets(&loire, &work),
        ["2026-11-01", "2026-12-01", "2027-01-01"]
    );
    let told = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(store::notices_of(conn, &artist, 50)?))
        .unwrap();
    assert_eq!(told.len(), 8);
    let page = loire
        .visitor()
        .get(artist.as_str().strip_prefix(&loire.base()).unwrap())
        .await;
    assert!(
        page.text.contains("was not objected to in time"),
        "{}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn two_claims_on_one_recording_code_are_found_on_both_nodes_and_settled_by_people() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    peers::add(&wallonie.app, &loire.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    deliver(&wallonie, &Album::default());
    let theirs = Album {
        icpn: "036000291452",
        tracks: vec![Track::new("FRZ032600002", "Tout autre chose")],
        ..Album::default()
    };
    deliver(&loire, &theirs);
    settle(&[&loire, &wallonie]).await;
    let open = |node: &Node| {
        let open = node
            .db
            .read_now(|conn| Ok::<_, DbError>(store::claims(conn, true, 10)?));
        open.unwrap()
    };
    let at_wallonie = open(&wallonie);
    assert_eq!(at_wallonie.len(), 1);
    assert_eq!(open(&loire).len(), 1, "both follow each other");
    let claim = &at_wallonie[0];
    assert_eq!(claim.isrc.as_str(), "FRZ032600002");
    let own = found(&wallonie, "reflux").remove(0);
    let page = own.id.as_str().strip_prefix(&wallonie.base()).unwrap();
    let page = wallonie.visitor().get(page).await;
    assert!(page.text.contains("Tout autre chose"), "{}", page.text);

    // Who runs the node sees both side by side, and notes what people said.
    let library = loire.venue("Médiathèque", 120_000, 20);
    let cy = loire.member(&library, "Cy").await;
    assert_eq!(cy.page("/claims").await.status, 403);
    tokio::task::block_in_place(|| {
        let operator = Some(node::members::Role::Operator);
        node::members::add(&loire, &library.slug, "Op", PASSWORD, operator).unwrap();
    });
    let op = loire.visitor();
    let fields = [("name", "Op"), ("password", PASSWORD)];
    op.form("/sign-in", &fields).await;
    let shown = op.page("/claims").await.text;
    assert!(
        shown.contains("Tout autre chose") && shown.contains("Reflux"),
        "{shown}"
    );
    let buttons = shown.matches("name=\"how\" value=\"http").count();
    assert_eq!(buttons, 1, "what lives elsewhere is withdrawn there");
    let fields = [
        ("first", claim.first.as_str()),
        ("second", claim.second.as_str()),
        ("how", "distinct"),
        ("note", "a cover <of it>"),
    ];
    assert_eq!(cy.form("/claims", &fields).await.status, 403);
    assert_eq!(op.form("/claims", &fields).await.status, 303);
    let shown = op.page("/claims").await.text;
    assert!(shown.contains("a cover &#60;of it&#62;"), "{shown}");
    assert!(open(&loire).is_empty());
    tokio::task::block_in_place(|| {
        let pair = (&claim.second, &claim.first);
        let elsewhere = if claim.first == own.id {
            &claim.second
        } else {
            &claim.first
        };
        let foreign = claims::settle(
            &wallonie,
            pair,
            ClaimState::Withdrawn,
            Some(elsewhere),
            None,
        );
        assert!(foreign.is_err());
        claims::settle(
            &wallonie,
            pair,
            ClaimState::Withdrawn,
            Some(&own.id),
            Some("a mistake"),
        )
        .unwrap();
    });
    assert!(open(&wallonie).is_empty() && found(&wallonie, "reflux").is_empty());
    settle(&[&loire, &wallonie]).await;
    assert!(found(&loire, "reflux").is_empty());
}
