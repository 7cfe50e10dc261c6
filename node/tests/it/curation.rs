//! Curation: a venue's curator publishes, everybody reads, nobody else writes.

use lofty::tag::ItemKey;
use node::curation::{self, Item};
use node::db::DbError;
use node::members::{self, Role};
use node::venues::Venue;
use node::web::Refusal;
use reqwest::Method;
use reqwest::header::ACCEPT;
use serde_json::{Value, json};
use settlement::{Uri, WorkId};

use crate::catalogue::sounds::{import, tagged};
use crate::world::{Host, PASSWORD, Visitor, World};

/// Two works on a node.
pub fn two_works(host: &Host) -> Vec<WorkId> {
    let music = tempfile::tempdir().unwrap();
    for (title, hertz) in [("Aube", 220), ("Brume", 330)] {
        let texts = [(ItemKey::TrackTitle, title), (ItemKey::TrackArtist, "Ana")];
        tagged(music.path(), &format!("{title}.flac"), hertz, &texts);
    }
    import(host, music.path());
    let works = host
        .db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, "ana")?))
        .unwrap();
    works.into_iter().map(|work| work.id).collect()
}

/// A curator of a venue, signed in.
pub async fn curator(host: &Host, venue: &Venue, name: &str) -> Visitor {
    tokio::task::block_in_place(|| {
        members::add(host, venue.id.as_str(), name, PASSWORD, Some(Role::Curator)).unwrap();
    });
    let visitor = host.visitor();
    let who = json!({ "name": name, "password": PASSWORD });
    let answer = visitor.post("/api/sessions", &who).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    visitor
}

#[tokio::test(flavor = "multi_thread")]
async fn a_curator_publishes_a_selection_that_members_read_and_others_verify() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let works = two_works(&loire);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = curator(&loire, &library, "Ana").await;
    let door = format!("/venues/{}/selections", library.slug);
    let wish = json!({
        "title": "Pour les matins lents",
        "words": "Deux pièces & un café.\n\nÀ écouter <avant> huit heures.",
        "works": [
            { "work": works[1].as_str(), "note": "d’abord" },
            { "work": works[0].as_str() },
        ],
    });
    let published = ana.post(&door, &wish).await;
    assert_eq!(published.status, 201, "{}", published.text);
    let id = published.json()["id"].as_str().unwrap().to_owned();
    assert_eq!(published.location.as_deref(), Some(id.as_str()));

    let list = ana.get("/api/selections").await.json();
    assert_eq!(list["selections"][0]["id"], id.as_str());
    assert_eq!(list["selections"][0]["venue_name"], "Médiathèque");
    let short = id.rsplit('/').next().unwrap();
    let one = ana.get(&format!("/api/selections/{short}")).await.json();
    let titles: Vec<_> = one["works"].as_array().unwrap().iter().collect();
    assert_eq!(titles[0]["title"], "Brume");
    assert_eq!(titles[0]["note"], "d’abord");
    assert_eq!(titles[1]["title"], "Aube");

    let path = id.strip_prefix(&loire.base()).unwrap();
    let stranger = loire.visitor();
    let ask = stranger.request(Method::GET, path);
    let document = stranger
        .send(ask.header(ACCEPT, "application/activity+json"))
        .await;
    let document = document.json();
    federation::proof::verify(&document, &loire.keys().ed25519.public()).unwrap();
    let words = federation::vocabulary::Selection::of(&document).unwrap();
    assert_eq!(words.name, "Pour les matins lents");
    assert_eq!(words.items[0].work, works[1]);
    assert_eq!(words.items[0].name.as_deref(), Some("Brume"));
    assert!(words.content.unwrap().contains("&lt;avant&gt;"));
    let page = stranger.page(path).await;
    assert!(
        page.status == 200 && page.text.contains("matins lents"),
        "{}",
        page.text
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_publishes_as_a_program_does() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let works = two_works(&loire);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = curator(&loire, &library, "Ana").await;
    let door = format!("/venues/{}/selections", library.slug);
    let fields = [
        ("title", "Deux"),
        ("words", ""),
        ("work", works[0].as_str()),
        ("note", "un"),
        ("work", works[1].as_str()),
        ("note", ""),
        ("work", ""),
    ];
    let answer = ana.form(&door, &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let short = answer
        .location
        .unwrap()
        .rsplit('/')
        .next()
        .unwrap()
        .to_owned();
    let one = ana.get(&format!("/api/selections/{short}")).await.json();
    assert_eq!(one["works"].as_array().unwrap().len(), 2);
    assert_eq!(one["works"][0]["note"], "un");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_published_is_told_field_by_field() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let works = two_works(&loire);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let hall = loire.venue("La Salle", 120_000, 20);
    let ana = curator(&loire, &library, "Ana").await;
    let door = format!("/venues/{}/selections", library.slug);
    let work = |id: &str| json!([{ "work": id }]);
    let good = work(works[0].as_str());
    let many: Vec<Value> = (0..201)
        .map(|_| json!({ "work": works[0].as_str() }))
        .collect();
    for (field, wish) in [
        ("title", json!({ "title": " ", "words": "", "works": good })),
        ("title", json!({ "title": "x".repeat(121), "works": good })),
        (
            "words",
            json!({ "title": "x", "words": "x".repeat(10_001), "works": good }),
        ),
        ("works", json!({ "title": "x", "works": [] })),
        ("works", json!({ "title": "x", "works": many })),
        (
            "works",
            json!({ "title": "x", "works": work("http://localhost:1/works/none") }),
        ),
        (
            "works",
            json!({ "title": "x", "works": work("not an address") }),
        ),
    ] {
        let refused = ana.post(&door, &wish).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert_eq!(
            refused.json()["fields"][0]["field"],
            field,
            "{}",
            refused.text
        );
    }
    let wish = json!({ "title": "x", "works": good });
    let elsewhere = format!("/venues/{}/selections", hall.slug);
    assert_eq!(ana.post(&elsewhere, &wish).await.status, 403);
    let bela = loire.member(&library, "Bela").await;
    assert_eq!(bela.post(&door, &wish).await.status, 403);
    assert_eq!(loire.visitor().post(&door, &wish).await.status, 401);
    let none = ana.get("/api/selections").await.json();
    assert!(none["selections"].as_array().unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_is_changed_and_withdrawn() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let works = two_works(&loire);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let item = |work: &WorkId| Item {
        work: work.clone(),
        note: String::new(),
    };
    let items = [item(&works[0])];
    let published = loire
        .db
        .write_now(|conn| curation::publish(conn, &loire, &library, "Premier", "mots", &items));
    let id: Uri = published.unwrap().id;
    let both = [item(&works[1]), item(&works[0])];
    world.pass(60);
    let changed = loire
        .db
        .write_now(|conn| curation::update(conn, &loire, &id, "Second", "mots", &both))
        .unwrap();
    assert_eq!((changed.title.as_str(), changed.items.len()), ("Second", 2));
    loire
        .db
        .write_now(|conn| curation::withdraw(conn, &loire, &id))
        .unwrap();
    let again = loire
        .db
        .write_now(|conn| curation::withdraw(conn, &loire, &id));
    assert!(matches!(again, Err(Refusal::Missing)));
    let ana = loire.member(&library, "Ana").await;
    let none = ana.get("/api/selections").await.json();
    assert!(none["selections"].as_array().unwrap().is_empty());
    let path = id.as_str().strip_prefix(&loire.base()).unwrap();
    let ask = ana
        .request(Method::GET, path)
        .header(ACCEPT, "application/activity+json");
    assert_eq!(ana.send(ask).await.status, 410);
}
