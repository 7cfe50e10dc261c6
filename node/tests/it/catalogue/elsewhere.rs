//! What is looked up on another node by its address or handle, and what is refused there.

use node::catalogue::store;
use node::db::DbError;
use node::peers;

use super::sounds::{import, tagged};
use crate::curation::curator;
use crate::world::{Host, Visitor, World, offered};
use lofty::tag::ItemKey;

/// Two nodes that know nothing of each other; a work with its release in Wallonie.
async fn strangers(world: &World) -> (Host, Host, Visitor) {
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    let music = tempfile::tempdir().unwrap();
    for (name, title) in [("1.flac", "La Brume"), ("2.flac", "Le Gué")] {
        let texts = [
            (ItemKey::TrackTitle, title),
            (ItemKey::TrackArtist, "Liège Ensemble"),
            (ItemKey::AlbumTitle, "Meuse"),
        ];
        tagged(
            music.path(),
            name,
            if title == "Le Gué" { 330 } else { 220 },
            &texts,
        );
    }
    import(&wallonie, music.path());
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    (loire, wallonie, ana)
}

fn found(host: &Host, q: &str) -> Vec<node::catalogue::Work> {
    tokio::task::block_in_place(|| {
        host.db
            .read_now(|conn| Ok::<_, DbError>(offered(conn, q)?))
            .unwrap()
    })
}

async fn look(who: &Visitor, q: &str) -> (u16, String) {
    let answer = who.form("/search/elsewhere", &[("q", q)]).await;
    let to = answer.location.unwrap_or_default();
    (
        answer.status.as_u16(),
        if to.is_empty() { answer.text } else { to },
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_a_release_and_a_selection_are_found_by_their_addresses() {
    let world = World::new();
    let (loire, wallonie, ana) = strangers(&world).await;
    let brume = found(&wallonie, "brume").remove(0);
    let page = ana.page(&format!("/search?q={}", brume.id)).await.text;
    assert!(page.contains("/search/elsewhere"), "{page}");
    let guest = loire.visitor();
    let page = guest.page(&format!("/search?q={}", brume.id)).await.text;
    assert!(
        page.contains("Sign in to ask other nodes") && !page.contains("action=\"/search/elsewhere")
    );
    assert_eq!(
        guest
            .form("/search/elsewhere", &[("q", brume.id.as_str())])
            .await
            .status,
        401
    );

    let (status, to) = look(&ana, brume.id.as_str()).await;
    assert_eq!(status, 303, "{to}");
    assert!(ana.page(&to).await.text.contains("La Brume"));
    let here = found(&loire, "brume").remove(0);
    assert_eq!((here.id.clone(), here.is_here()), (brume.id.clone(), false));
    let release = here.release.clone().unwrap();
    assert!(found(&loire, "gue").is_empty());

    let (status, to) = look(&ana, release.as_str()).await;
    assert_eq!(status, 303, "{to}");
    let shown = ana.page(&to).await.text;
    assert!(
        shown.contains("Meuse") && shown.contains("Le Gué"),
        "{shown}"
    );

    // As somebody finds it in the search afterwards, and by the address of this node's page about it.
    let page = ana.page("/search?q=gue").await.text;
    assert!(page.contains("Le Gué"));
    let about = format!("{}{to}", loire.base());
    assert_eq!(look(&ana, &about).await.0, 303);
    // Nobody is followed by it.
    let peers = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(peers::store::peers(conn)?));
    assert!(
        peers
            .unwrap()
            .iter()
            .all(|peer| peer.following == peers::Following::No)
    );

    let venue = wallonie.venue("Le Pavé", 120_000, 20);
    let bo = curator(&wallonie, &venue, "Bo").await;
    let wish = serde_json::json!({
        "title": "Au fil", "words": "Deux rives.",
        "works": [{ "work": brume.id.as_str(), "note": "" }],
    });
    let said = bo
        .post(&format!("/venues/{}/selections", venue.slug), &wish)
        .await;
    assert!(said.status.is_success(), "{}", said.text);
    let selection = said.json()["id"].as_str().unwrap().to_owned();
    let (status, to) = look(&ana, &selection).await;
    assert_eq!(status, 303, "{to}");
    assert!(ana.page(&to).await.text.contains("Au fil"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_venue_and_a_node_are_found_by_their_handles() {
    let world = World::new();
    let (_loire, wallonie, ana) = strangers(&world).await;
    let venue = wallonie.venue("Le Pavé", 120_000, 20);
    let host = wallonie.base().split_once("://").unwrap().1.to_owned();
    let page = ana
        .page(&format!("/search?q=%40{}%40{host}", venue.slug))
        .await
        .text;
    assert!(page.contains("/search/elsewhere"), "{page}");
    let (status, to) = look(&ana, &format!("@{}@{host}", venue.slug)).await;
    assert_eq!(status, 303, "{to}");
    let shown = ana.page(&to).await.text;
    assert!(
        shown.contains("Le Pavé") && shown.contains("Follow"),
        "{shown}"
    );
    let (status, to) = look(&ana, &format!("@node@{host}")).await;
    assert_eq!(status, 303, "{to}");
    assert!(ana.page(&to).await.text.contains("wallonie"));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_had_is_refused_in_words_and_asked_so_often_alone() {
    let world = World::new();
    let (loire, wallonie, ana) = strangers(&world).await;
    let brume = found(&wallonie, "brume").remove(0);
    let base = wallonie.base();
    for q in [
        "deux mots",
        "ftp://example.org/1",
        &format!("{base}/works/none"),
        &format!("{base}/"),
        "http://169.254.169.254/latest",
        "@nobody@localhost:1",
    ] {
        let (status, text) = look(&ana, q).await;
        assert_eq!(status, 422, "{q}: {text}");
    }
    // What was withdrawn there is not brought back.
    assert_eq!(look(&ana, brume.id.as_str()).await.0, 303);
    tokio::task::block_in_place(|| {
        let now = world.clock.now_us();
        loire
            .db
            .write_now(|conn| Ok::<_, DbError>(store::withdraw_work(conn, &brume.id, now)?))
            .unwrap();
    });
    look(&ana, brume.id.as_str()).await;
    assert!(found(&loire, "brume").is_empty());
    // A blocked node is not asked.
    tokio::task::block_in_place(|| peers::block(&loire, &base).unwrap());
    let release = brume.release.unwrap();
    let (status, text) = look(&ana, release.as_str()).await;
    assert_eq!(status, 422, "{text}");
    assert!(text.contains("block"), "{text}");
    let mut statuses = Vec::new();
    for _ in 0..30 {
        statuses.push(look(&ana, "@nobody@localhost:1").await.0);
    }
    assert_eq!(statuses.last(), Some(&429), "{statuses:?}");
}

/// What is known of `id` at a node.
fn known(host: &Host, id: &settlement::WorkId) -> Option<node::catalogue::Work> {
    let look = |conn: &mut _| Ok::<_, DbError>(store::work(conn, id)?);
    tokio::task::block_in_place(|| host.db.read_now(look).unwrap())
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_looked_up_goes_within_minutes_when_its_node_takes_it_down() {
    let world = World::new();
    let (loire, wallonie, ana) = strangers(&world).await;
    loire.by_hand().await;
    let brume = found(&wallonie, "brume").remove(0);
    let gue = found(&wallonie, "gue").remove(0);
    let release = brume.release.clone().unwrap();
    assert_eq!(look(&ana, release.as_str()).await.0, 303);
    assert_eq!(
        (found(&loire, "brume").len(), found(&loire, "gue").len()),
        (1, 1)
    );
    // What came in before it was looked up is no news.
    peers::hear::pass(&loire.app).await;
    peers::inbox::pass(&loire.app).await;
    assert_eq!(found(&loire, "gue").len(), 1);

    tokio::task::block_in_place(|| node::catalogue::withdraw(&wallonie, &brume.id).unwrap());
    // What is new there does not come: nobody follows.
    let more = tempfile::tempdir().unwrap();
    let texts = [
        (ItemKey::TrackTitle, "La Neuve"),
        (ItemKey::TrackArtist, "Liège Ensemble"),
    ];
    tagged(more.path(), "3.flac", 440, &texts);
    import(&wallonie, more.path());
    let asks = || async {
        world.pass(300);
        peers::hear::pass(&loire.app).await;
        peers::inbox::pass(&loire.app).await;
    };
    asks().await;
    assert!(known(&loire, &brume.id).unwrap().withdrawn_us.is_some());
    assert_eq!(found(&loire, "gue").len(), 1);
    assert!(found(&loire, "neuve").is_empty());
    let page = ana.page("/search?q=brume").await.text;
    assert!(!page.contains("La Brume"), "{page}");

    // A release that goes takes its works along, and neither comes back by being looked up again.
    tokio::task::block_in_place(|| {
        let gone = |conn: &mut _| node::catalogue::withdraw_release_in(conn, &wallonie, &release);
        wallonie.db.write_now(gone).unwrap();
    });
    asks().await;
    assert!(known(&loire, &gue.id).unwrap().withdrawn_us.is_some());
    for id in [release.as_str(), gue.id.as_str()] {
        let (status, text) = look(&ana, id).await;
        assert_eq!(status, 422, "{text}");
        assert!(text.contains("withdrawn"), "{text}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_looks_up_what_is_gone_takes_it_down_here_at_once() {
    let world = World::new();
    let (loire, wallonie, ana) = strangers(&world).await;
    let brume = found(&wallonie, "brume").remove(0);
    assert_eq!(look(&ana, brume.id.as_str()).await.0, 303);
    tokio::task::block_in_place(|| node::catalogue::withdraw(&wallonie, &brume.id).unwrap());
    let (status, text) = look(&ana, brume.id.as_str()).await;
    assert_eq!(status, 422, "{text}");
    assert!(known(&loire, &brume.id).unwrap().withdrawn_us.is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn rights_that_end_where_a_work_lives_end_where_it_was_looked_up() {
    let world = World::new();
    let (loire, wallonie, ana) = strangers(&world).await;
    loire.by_hand().await;
    let folder = tempfile::tempdir().unwrap();
    let delivered = |deals: Vec<(&'static [&'static str], &'static str, Option<&'static str>)>,
                     created| {
        let album = super::messages::Album {
            deals,
            created,
            ..super::messages::Album::default()
        };
        super::sounds::put(folder.path(), "m.xml", album.xml().as_bytes());
        import(&wallonie, folder.path());
    };
    delivered(
        vec![(&["Worldwide"], "2026-01-01", None)],
        "2026-11-01T10:00:00Z",
    );
    let flux = found(&wallonie, "flux").remove(0);
    assert_eq!(look(&ana, flux.id.as_str()).await.0, 303);
    assert_eq!(found(&loire, "flux").len(), 1);
    world.pass(60);
    delivered(
        vec![(&["Worldwide"], "2026-01-01", Some("2026-11-01"))],
        "2026-11-02T10:00:00Z",
    );
    world.pass(300);
    peers::hear::pass(&loire.app).await;
    peers::inbox::pass(&loire.app).await;
    assert!(found(&loire, "flux").is_empty());
    assert!(known(&loire, &flux.id).unwrap().withdrawn_us.is_none());
}
