//! Works that are no music: what their pages offer, and how their files are handed out.

use node::catalogue::api::listen_path;
use node::catalogue::store;
use node::db::DbError;
use settlement::Kind;

use crate::curation::two_works;
use crate::world::World;

#[tokio::test(flavor = "multi_thread")]
async fn films_books_and_games_are_shown_opened_or_handed_out_and_not_queued() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let mut pages = Vec::new();
    for (name, kind, media_type) in [
        ("film", Kind::Film, "video/mp4"),
        ("livre", Kind::Book, "application/pdf"),
        ("roman", Kind::Book, "application/epub+zip"),
        ("jeu", Kind::Game, "application/zip"),
    ] {
        let mut work = loire.drawn(name, 60);
        work.kind = kind;
        work.media_type = Some(media_type.into());
        work.media_size = Some(12_000_001);
        tokio::task::block_in_place(|| {
            let put = |conn: &mut _| Ok::<_, DbError>(store::put_work(conn, &work)?);
            loire.db.write_now(put).unwrap();
        });
        let page = ana.page(&format!("/works/{name}")).await.text;
        assert!(
            !page.contains("data-play=\""),
            "{name} is not queued: {page}"
        );
        pages.push(page);
    }
    assert!(pages[0].contains("<video class=\"film\""), "{}", pages[0]);
    assert!(pages[1].contains(">Read</a>") && pages[1].contains("as=file"));
    assert!(!pages[2].contains(">Read</a>") && pages[2].contains("as=file"));
    assert!(pages[3].contains("13 MB"), "{}", pages[3]);

    // What is handed out has a name of its own; without leave it is not.
    let works = two_works(&loire);
    let path = format!("{}&as=file", listen_path(&works[0]));
    let led = ana.get(&path).await.location.unwrap();
    let file = ana
        .request(reqwest::Method::GET, &led)
        .send()
        .await
        .unwrap();
    assert_eq!(file.status(), 200);
    assert_eq!(
        file.headers()["content-disposition"],
        "attachment; filename=\"aube\""
    );
    assert_eq!(loire.visitor().get(&path).await.status, 401);
}
