//! Works of one node on another: told, verified, found, played, withdrawn.

use federation::vocabulary::Activity;
use lofty::tag::ItemKey;
use node::catalogue::{self, Work, documents, inbox, store};
use node::curation::{self, Item};
use node::db::DbError;
use node::peers::{self, Outcome};
use node::web::Refusal;
use reqwest::Method;
use reqwest::header::RANGE;
use serde_json::{Value, json};
use settlement::{Period, WorkId};

use super::sounds::{import, put, tagged};
use crate::peers::{known, settle};
use crate::world::{Host, World};

fn found(host: &Host, q: &str) -> Vec<Work> {
    host.db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, q)?))
        .unwrap()
}

/// Two nodes that follow each other, and a work in Wallonie that came in before Loire asked.
async fn two_nodes(world: &World) -> (Host, Host, Vec<u8>) {
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    let music = tempfile::tempdir().unwrap();
    let texts = [
        (ItemKey::TrackTitle, "La Brume"),
        (ItemKey::TrackArtist, "Liège Ensemble"),
        (ItemKey::AlbumTitle, "Meuse"),
        (ItemKey::Label, "Pavé"),
        (ItemKey::Isrc, "BE-ABC-26-00001"),
    ];
    let path = tagged(music.path(), "meuse/brume.flac", 220, &texts);
    let bytes = std::fs::read(path).unwrap();
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(20, 20, image::Rgb([20, 90, 60]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    put(music.path(), "meuse/cover.png", &picture.into_inner());
    import(&wallonie, music.path());
    peers::add(&loire.app, &wallonie.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    (loire, wallonie, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_of_one_node_is_found_and_played_on_another() {
    let world = World::new();
    let (loire, wallonie, bytes) = two_nodes(&world).await;
    let at_home = found(&wallonie, "brume").remove(0);
    let here = found(&loire, "brume liege meuse pave").remove(0);
    assert_eq!(here.id, at_home.id);
    assert_eq!(
        (&here.title, &here.credit),
        (&at_home.title, &at_home.credit)
    );
    assert_eq!(
        (here.isrc.clone(), here.territory),
        (at_home.isrc, at_home.territory)
    );
    assert_eq!(here.duration_ms, at_home.duration_ms);
    assert!(!here.is_here() && here.document.is_some());

    let november = Period::parse("2026-11").unwrap();
    let sheet = |host: &Host| {
        host.db
            .read_now(|conn| {
                let sheet = store::split_sheet_in_force(conn, &here.id, november)?;
                Ok::<_, DbError>(sheet.unwrap())
            })
            .unwrap()
    };
    let (there, kept) = (sheet(&wallonie), sheet(&loire));
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap();
    assert_eq!(parsed(&kept.document), parsed(&there.document));
    assert_eq!(kept.logged_us, there.logged_us);

    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let path = ana.granted(&here.id).await;
    let whole = ana.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(whole.status(), 200);
    assert_eq!(whole.headers()["content-type"], "audio/flac");
    assert_eq!(whole.bytes().await.unwrap(), bytes);
    let part = ana
        .request(Method::GET, &path)
        .header(RANGE, "bytes=100-199");
    let part = part.send().await.unwrap();
    assert_eq!(part.status(), 206);
    let expected = format!("bytes 100-199/{}", bytes.len());
    assert_eq!(part.headers()["content-range"], expected);
    assert_eq!(part.bytes().await.unwrap(), bytes[100..200]);
    let beyond = ana
        .request(Method::GET, &path)
        .header(RANGE, "bytes=99999999-");
    assert_eq!(beyond.send().await.unwrap().status(), 416);

    // The picture comes by way of this node.
    let one = ana.get(&format!("/api/works?uri={}", here.id)).await.json();
    let cover = ana.get(one["cover"].as_str().unwrap()).await;
    assert_eq!(cover.status, 307, "{}", cover.text);
    let cover = ana.get(&cover.location.unwrap()).await;
    assert_eq!(
        (cover.status.as_u16(), &cover.headers["content-type"]),
        (200, &"image/jpeg".parse().unwrap())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_that_is_withdrawn_at_home_is_withdrawn_everywhere() {
    let world = World::new();
    let (loire, wallonie, _) = two_nodes(&world).await;
    let work = found(&loire, "brume").remove(0);
    tokio::task::block_in_place(|| catalogue::withdraw(&wallonie, &work.id).unwrap());
    settle(&[&loire, &wallonie]).await;
    assert!(found(&loire, "brume").is_empty());
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let gone = ana.get(&catalogue::api::listen_path(&work.id)).await;
    assert_eq!(gone.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_that_is_withdrawn_takes_its_works_along_everywhere() {
    let world = World::new();
    let (loire, wallonie, bytes) = two_nodes(&world).await;
    let work = found(&loire, "brume").remove(0);
    let release = work.release.clone().unwrap();
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let path = ana.granted(&work.id).await;
    let heard = ana.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(heard.bytes().await.unwrap(), bytes);
    let withdraw = |conn: &mut _| catalogue::withdraw_release_in(conn, &wallonie, &release);
    tokio::task::block_in_place(|| wallonie.db.write_now(withdraw).unwrap());
    settle(&[&loire, &wallonie]).await;
    assert!(found(&loire, "brume").is_empty());
    let cached = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(store::all_cached(conn)?))
        .unwrap();
    assert!(cached.is_empty(), "{cached:?}");
    assert_eq!(ana.get(&path).await.status, 404);
    // What is left of both says so to whoever asks for them at home.
    for id in [work.id.as_str(), release.as_str()] {
        let asked = wallonie.visitor();
        let at = id.strip_prefix(&wallonie.base()).unwrap();
        let left = asked
            .request(Method::GET, at)
            .header("accept", "application/activity+json");
        let left = left.send().await.unwrap();
        assert_eq!(left.status(), 410, "{id}");
        let left: Value = serde_json::from_str(&left.text().await.unwrap()).unwrap();
        assert_eq!(
            (&left["type"], &left["id"]),
            (&json!("Tombstone"), &json!(id))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_of_one_node_is_read_on_another_and_may_name_its_works() {
    let world = World::new();
    let (loire, wallonie, _) = two_nodes(&world).await;
    let work = found(&loire, "brume").remove(0);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let items = [Item {
        work: work.id.clone(),
        note: "d’ailleurs".into(),
    }];
    let words = "Une pièce <belge>.\nEncore.";
    let published = loire
        .db
        .write_now(|conn| curation::publish(conn, &loire, &library, "Voisins", words, &items));
    let published = published.unwrap();
    settle(&[&loire, &wallonie]).await;
    let there = wallonie
        .db
        .read_now(|conn| Ok::<_, DbError>(curation::store::selection(conn, &published.id)?))
        .unwrap()
        .unwrap();
    assert_eq!(there.words, words);
    assert_eq!(there.items, published.items);
    assert_eq!(
        (&there.venue_name, &there.colour),
        (&library.name, &library.colour)
    );
    loire
        .db
        .write_now(|conn| curation::withdraw(conn, &loire, &published.id))
        .unwrap();
    settle(&[&loire, &wallonie]).await;
    let latest = wallonie
        .db
        .read_now(|conn| {
            let base = wallonie.base();
            Ok::<_, DbError>(curation::store::latest(conn, &base, false, 10)?)
        })
        .unwrap();
    assert!(latest.is_empty());
}

/// Loire receives an activity of Wallonie's about this object.
async fn hears(
    loire: &Host,
    wallonie: &Host,
    verb: &str,
    object: Value,
) -> Result<Outcome, Refusal> {
    let from = known(loire, wallonie).await.unwrap();
    let actor = wallonie.config.actor();
    let activity = json!({
        "id": format!("{}/activities/1", wallonie.base()),
        "type": verb, "actor": actor.as_str(), "object": object,
    });
    let activity = Activity::of(&activity).unwrap();
    loire
        .db
        .write_now(|conn| inbox::receive(conn, loire, &from, &activity))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_was_changed_on_the_way_or_is_older_changes_nothing() {
    let world = World::new();
    let (loire, wallonie, _) = two_nodes(&world).await;
    let work = found(&wallonie, "brume").remove(0);
    let before = found(&loire, "brume").remove(0);
    let document = |work: &Work| {
        wallonie
            .db
            .read_now(|conn| documents::work(conn, &wallonie, work))
            .unwrap()
    };
    let mut changed = document(&work);
    changed["name"] = json!("Another name");
    let refused = hears(&loire, &wallonie, "Update", changed)
        .await
        .unwrap_err();
    assert!(refused.to_string().contains("does not hold"), "{refused}");
    let mut unsigned = document(&work);
    unsigned.as_object_mut().unwrap().remove("proof");
    assert!(hears(&loire, &wallonie, "Update", unsigned).await.is_err());

    let mut older = work.clone();
    older.title = "An older name".into();
    older.updated_us -= 1;
    let known = hears(&loire, &wallonie, "Update", document(&older))
        .await
        .unwrap();
    assert!(matches!(known, Outcome::Done(what) if what.contains("older")));
    assert_eq!(found(&loire, "brume"), [before]);
    let mut newer = work;
    newer.title = "Le Brouillard".into();
    newer.updated_us += 1;
    hears(&loire, &wallonie, "Update", document(&newer))
        .await
        .unwrap();
    assert_eq!(found(&loire, "brouillard").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_speaks_for_nothing_that_lives_elsewhere() {
    let world = World::new();
    let (loire, wallonie, _) = two_nodes(&world).await;
    let music = tempfile::tempdir().unwrap();
    tagged(
        music.path(),
        "a.flac",
        440,
        &[(ItemKey::TrackTitle, "Ours")],
    );
    import(&loire, music.path());
    let ours = found(&loire, "ours").remove(0);
    // Activities that name an object of another origin are not even read; were one to be, the
    // room itself refuses it.
    let id = format!("{}/activities/2", wallonie.base());
    let forged = json!({ "id": id, "type": "Delete",
        "actor": wallonie.config.actor().as_str(), "object": ours.id.as_str() });
    assert!(Activity::of(&forged).is_err());
    let from = known(&loire, &wallonie).await.unwrap();
    let mine = json!({ "id": format!("{}/activities/3", loire.base()), "type": "Delete",
        "actor": loire.config.actor().as_str(), "object": ours.id.as_str() });
    let mine = Activity::of(&mine).unwrap();
    let refused = loire
        .db
        .write_now(|conn| inbox::receive(conn, &loire, &from, &mine))
        .unwrap_err();
    assert!(matches!(refused, Refusal::Forbidden(_)), "{refused}");
    assert_eq!(found(&loire, "ours").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_split_sheets_for_one_day_the_first_stands() {
    let world = World::new();
    let (loire, wallonie, _) = two_nodes(&world).await;
    let work = found(&loire, "brume").remove(0);
    let sheets = |work: &WorkId| {
        loire
            .db
            .read_now(|conn| Ok::<_, DbError>(store::split_sheets_of(conn, work)?))
            .unwrap()
    };
    let first = sheets(&work.id);
    let mut other: Value = serde_json::from_str(&first[0].document).unwrap();
    let again = hears(&loire, &wallonie, "Create", other.clone())
        .await
        .unwrap();
    assert!(matches!(again, Outcome::Done(what) if what.contains("known")));

    let fields = other.as_object_mut().unwrap();
    fields.remove("proof");
    let party = format!("{}/parties/somebody-else", wallonie.base());
    fields["byTerritory"][0]["shares"] =
        json!([{ "party": party, "role": "artist", "bp": 10_000 }]);
    let now = node::clock::rfc3339(wallonie.clock.now_us());
    let key_id = wallonie.key_id();
    let other = federation::proof::sign(other, &wallonie.keys().ed25519, &key_id, &now).unwrap();
    let refused = hears(&loire, &wallonie, "Create", other).await.unwrap_err();
    assert!(refused.to_string().contains("contradict"), "{refused}");
    assert_eq!(sheets(&work.id), first);
}
