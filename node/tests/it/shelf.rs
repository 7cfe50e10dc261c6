//! The shelf: what a member keeps for themselves stays theirs, obeys, and can be taken along.

use axum::http::StatusCode;
use node::db::DbError;
use node::shelf::store;
use serde_json::json;

use crate::curation::two_works;
use crate::world::{Answer, Host, Visitor, World, play};

/// The path of the playlist somebody was led to.
fn led(answer: &Answer) -> String {
    assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
    answer.location.clone().unwrap()
}

/// Sends a file through the form.
async fn bring(who: &Visitor, name: &str, bytes: &[u8]) -> Answer {
    let mut body = format!(
        "--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: application/octet-stream\r\n\r\n"
    )
    .into_bytes();
    body.extend_from_slice(bytes);
    body.extend_from_slice(b"\r\n--edge--\r\n");
    let request = who
        .request(reqwest::Method::POST, "/shelf/playlists/import")
        .header("accept", "text/html")
        .header("origin", &who.base)
        .header("content-type", "multipart/form-data; boundary=edge");
    who.send(request.body(body)).await
}

/// The state a form on the playlist's page is made from.
fn as_of(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"as_of\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Where titles stand on a page, in the order they are met.
fn order<'t>(page: &Answer, titles: &[&'t str]) -> Vec<&'t str> {
    let mut found: Vec<(usize, &str)> = titles
        .iter()
        .filter_map(|title| Some((page.text.find(&format!(">{title}</a>"))?, *title)))
        .collect();
    found.sort_unstable();
    found.into_iter().map(|(_, title)| title).collect()
}

async fn world() -> (World, Host, Visitor) {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    (world, loire, ana)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_favourite_is_kept_for_oneself_and_let_go_again() {
    let (_world, loire, ana) = world().await;
    let works = two_works(&loire);
    let work = works[0].as_str();
    let wish = [("work", work), ("wanted", "yes"), ("back", "/search?q=a")];
    assert_eq!(
        led(&ana.form("/shelf/favourites", &wish).await),
        "/search?q=a"
    );
    ana.form("/shelf/favourites", &wish).await;
    assert!(ana.page("/shelf").await.text.contains(">Aube</a>"));
    let of = format!("/shelf/favourites/of?work={}", work.replace(':', "%3A"));
    assert_eq!(ana.get(&of).await.json(), json!({ "favourite": true }));
    let library = loire.venue("La Salle", 1_000, 5);
    let bela = loire.member(&library, "Bela").await;
    assert!(!bela.page("/shelf").await.text.contains("Aube"));
    let evil = [("work", work), ("wanted", "no"), ("back", "//evil.example")];
    assert_eq!(led(&ana.form("/shelf/favourites", &evil).await), "/");
    assert!(!ana.page("/shelf").await.text.contains("Aube"));
    let unknown = [("work", "http://localhost:1/works/none"), ("wanted", "yes")];
    assert_eq!(ana.form("/shelf/favourites", &unknown).await.status, 404);
    assert_eq!(loire.visitor().page("/shelf").await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_is_begun_filled_put_in_order_renamed_and_deleted() {
    let (_world, loire, ana) = world().await;
    let works = two_works(&loire);
    let begun = [
        ("work", works[0].as_str()),
        ("title", "Matins"),
        ("back", "/"),
    ];
    assert_eq!(led(&ana.form("/shelf/add", &begun).await), "/");
    let shelf = ana.page("/shelf").await.text;
    let (_, rest) = shelf.split_once("/shelf/playlists/").unwrap();
    let list = format!("/shelf/playlists/{}", rest.split('"').next().unwrap());
    let id = list.rsplit('/').next().unwrap();
    let more = [("work", works[1].as_str()), ("playlist", id)];
    led(&ana.form("/shelf/add", &more).await);

    let page = ana.page(&list).await;
    let titles = ["Aube", "Brume"];
    assert_eq!(order(&page, &titles), ["Aube", "Brume"]);
    let before = as_of(&page);
    let up = [
        ("act", "move"),
        ("from", "1"),
        ("to", "0"),
        ("as_of", before.as_str()),
    ];
    led(&ana.form(&list, &up).await);
    let page = ana.page(&list).await;
    assert_eq!(order(&page, &titles), ["Brume", "Aube"]);
    // The same form again was made from a page that is no more.
    assert_eq!(ana.form(&list, &up).await.status, 409);
    assert_eq!(order(&ana.page(&list).await, &titles), ["Brume", "Aube"]);

    let empty = ana
        .form(&list, &[("act", "rename"), ("title", "\u{202e}")])
        .await;
    assert_eq!(empty.status, 422);
    assert!(empty.text.contains("aria-invalid=\"true\""));
    led(&ana
        .form(&list, &[("act", "rename"), ("title", "Soirs <&>")])
        .await);
    let now = as_of(&ana.page(&list).await);
    let gone = [("act", "remove"), ("from", "0"), ("as_of", now.as_str())];
    led(&ana.form(&list, &gone).await);
    let page = ana.page(&list).await;
    assert_eq!(order(&page, &titles), ["Aube"]);
    assert!(page.text.contains("Soirs &#60;&#38;&#62;"), "{}", page.text);

    // Nobody else sees it, changes it or deletes it.
    let library = loire.venue("La Salle", 1_000, 5);
    let bela = loire.member(&library, "Bela").await;
    assert_eq!(bela.page(&list).await.status, 404);
    let taken = [("act", "rename"), ("title", "Mine")];
    assert_eq!(bela.form(&list, &taken).await.status, 404);
    assert_eq!(bela.form(&format!("{list}/delete"), &[]).await.status, 404);
    assert_eq!(bela.page(&format!("{list}/as/xspf")).await.status, 404);
    led(&ana.form(&format!("{list}/delete"), &[]).await);
    assert_eq!(ana.page(&list).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_playlist_is_taken_along_and_brought_back_and_what_is_unknown_stays_in_words() {
    let (_world, loire, ana) = world().await;
    let works = two_works(&loire);
    let file = format!(
        "#EXTM3U\n#PLAYLIST:Été\n#EXTINF:2,Ana - Aube\nmusic/01.mp3\n\
         #EXTINF:200,Nobody - Unheard <of>\nmusic/02.mp3\n{}\n",
        works[1]
    );
    let list = led(&bring(&ana, "x.m3u8", file.as_bytes()).await);
    let page = ana.page(&list).await;
    assert_eq!(order(&page, &["Aube", "Brume"]), ["Aube", "Brume"]);
    assert!(page.text.contains("Unheard &#60;of&#62;"), "{}", page.text);
    for ending in ["m3u8", "xspf", "jspf"] {
        let taken = ana.get(&format!("{list}/as/{ending}")).await;
        assert_eq!(taken.status, 200);
        let name = taken.headers["content-disposition"].to_str().unwrap();
        assert_eq!(name, format!("attachment; filename=\"ete.{ending}\""));
        let back = led(&bring(&ana, "again", taken.text.as_bytes()).await);
        let again = ana.page(&back).await;
        assert_eq!(
            order(&again, &["Aube", "Brume"]),
            ["Aube", "Brume"],
            "{ending}"
        );
        assert!(again.text.contains("Unheard &#60;of&#62;"), "{ending}");
        assert!(again.text.contains("<h1>Été</h1>"), "{ending}");
    }
    assert_eq!(ana.get(&format!("{list}/as/exe")).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_that_is_no_playlist_is_refused_in_words() {
    let (_world, _loire, ana) = world().await;
    for bytes in [
        &b""[..],
        b"PK\x03\x04\0\0\0",
        b"<!DOCTYPE a [<!ENTITY b 'c'>]><playlist/>",
        &vec![b'a'; 1_100_000],
    ] {
        let refused = bring(&ana, "evil.m3u8", bytes).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(
            refused.text.contains("id=\"file-wrong\""),
            "{}",
            refused.text
        );
    }
    let shelf = ana.page("/shelf").await.text;
    assert!(!shelf.contains("/shelf/playlists/0"), "nothing was begun");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_taken_out_of_the_history_is_not_shown_and_still_counts() {
    let (world, loire, ana) = world().await;
    let works = two_works(&loire);
    world.pass(600);
    for (id, work) in [("1", &works[0]), ("2", &works[1])] {
        let play = play(id, work, "2026-11-10T12:00:30Z", 2);
        let told = ana.post("/listening/plays", &play).await;
        assert_eq!(told.status, 200, "{}", told.text);
    }
    let page = ana.page("/shelf/history").await;
    assert_eq!(order(&page, &["Aube", "Brume"]).len(), 2);
    let (_, rest) = page.text.split_once("name=\"play\" value=\"").unwrap();
    let first = rest.split('"').next().unwrap().to_owned();
    let bela = loire
        .member(&loire.venue("La Salle", 1_000, 5), "Bela")
        .await;
    let one = [("play", first.as_str())];
    assert_eq!(bela.form("/shelf/history/remove", &one).await.status, 404);
    led(&ana.form("/shelf/history/remove", &one).await);
    assert_eq!(
        order(&ana.page("/shelf/history").await, &["Aube", "Brume"]).len(),
        1
    );
    led(&ana.form("/shelf/history/remove", &[]).await);
    assert!(order(&ana.page("/shelf/history").await, &["Aube", "Brume"]).is_empty());
    assert!(!ana.page("/me").await.text.contains(">Aube</a>"));
    let counted = loire.db.read(|conn| {
        use diesel::prelude::*;
        let plays: i64 = node::schema::plays::table.count().get_result(conn)?;
        Ok::<_, DbError>(plays)
    });
    assert_eq!(counted.await.unwrap(), 2, "what was heard is paid for");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_goes_takes_their_shelf_along() {
    let (_world, loire, ana) = world().await;
    let works = two_works(&loire);
    let wish = [("work", works[0].as_str()), ("wanted", "yes")];
    led(&ana.form("/shelf/favourites", &wish).await);
    led(&ana.form("/shelf/playlists", &[("title", "Matins")]).await);
    let left = loire.db.write(|conn| {
        use diesel::prelude::*;
        use node::schema::{favourites, members, playlists};
        let members: Vec<String> = members::table.select(members::id).load(conn)?;
        for member in members {
            store::clear(conn, &member)?;
        }
        let favourites: i64 = favourites::table.count().get_result(conn)?;
        let playlists: i64 = playlists::table.count().get_result(conn)?;
        Ok::<_, DbError>((favourites, playlists))
    });
    assert_eq!(left.await.unwrap(), (0, 0));
}
