use lofty::tag::ItemKey;
use node::catalogue::{self, Work};
use node::db::DbError;
use reqwest::Method;
use reqwest::header::{ACCEPT, IF_NONE_MATCH, IF_RANGE, RANGE};

use super::sounds::{import, tagged};
use crate::world::{Answer, Host, Visitor, World};

/// A node with one work, and a member of its library.
async fn one_work(world: &World) -> (Host, Visitor, Work, Vec<u8>) {
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    let texts = [
        (ItemKey::TrackTitle, "Étude"),
        (ItemKey::TrackArtist, "Ana"),
    ];
    let path = tagged(music.path(), "etude.flac", 220, &texts);
    import(&loire, music.path());
    let bytes = std::fs::read(path).unwrap();
    let work = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, "etude")?))
        .unwrap()
        .remove(0);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    (loire, ana, work, bytes)
}

async fn part(who: &Visitor, path: &str, headers: &[(&str, &str)]) -> (u16, Answer, Vec<u8>) {
    let mut request = who.request(Method::GET, path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let status = response.status();
    let headers = response.headers().clone();
    let bytes = response.bytes().await.unwrap().to_vec();
    let answer = Answer {
        status,
        location: None,
        headers,
        text: String::new(),
    };
    (status.as_u16(), answer, bytes)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_listens_to_the_very_bytes_that_came_in_whole_and_in_parts() {
    let world = World::new();
    let (loire, ana, work, bytes) = one_work(&world).await;
    let path = ana.granted(&work.id).await;
    let size = bytes.len();

    let (status, answer, whole) = part(&ana, &path, &[]).await;
    assert_eq!((status, &whole), (200, &bytes));
    assert_eq!(answer.headers["content-type"], "audio/flac");
    assert_eq!(answer.headers["accept-ranges"], "bytes");
    assert!(
        answer.headers["cache-control"]
            .to_str()
            .unwrap()
            .contains("private")
    );
    let tag = answer.headers["etag"].to_str().unwrap().to_owned();

    let (status, answer, some) = part(&ana, &path, &[(RANGE.as_str(), "bytes=10-99")]).await;
    assert_eq!((status, some.as_slice()), (206, &bytes[10..100]));
    assert_eq!(
        answer.headers["content-range"],
        format!("bytes 10-99/{size}")
    );
    assert_eq!(answer.headers["content-length"], "90");
    let (status, _, last) = part(&ana, &path, &[(RANGE.as_str(), "bytes=-7")]).await;
    assert_eq!((status, last.as_slice()), (206, &bytes[size - 7..]));

    let beyond = format!("bytes={size}-");
    let (status, answer, nothing) = part(&ana, &path, &[(RANGE.as_str(), &beyond)]).await;
    assert_eq!((status, nothing.len()), (416, 0));
    assert_eq!(answer.headers["content-range"], format!("bytes */{size}"));

    let range = (RANGE.as_str(), "bytes=0-9");
    let (status, ..) = part(&ana, &path, &[range, (IF_RANGE.as_str(), &tag)]).await;
    assert_eq!(status, 206);
    let (status, ..) = part(&ana, &path, &[range, (IF_RANGE.as_str(), "\"other\"")]).await;
    assert_eq!(status, 200);
    let (status, ..) = part(&ana, &path, &[(IF_NONE_MATCH.as_str(), &tag)]).await;
    assert_eq!(status, 304);

    let head = ana.send(ana.request(Method::HEAD, &path)).await;
    assert_eq!(head.status, 200);
    assert_eq!(head.headers["content-length"], size.to_string());
    drop(loire);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_listens_without_a_venue() {
    let world = World::new();
    let (loire, _, work, _) = one_work(&world).await;
    let stranger = loire.visitor();
    let path = catalogue::api::listen_path(&work.id);
    assert_eq!(stranger.get(&path).await.status, 401);
    assert_eq!(stranger.get("/api/search?q=etude").await.status, 401);
    let media = work.id.as_str().strip_prefix(&loire.base()).unwrap();
    let refused = stranger.get(&format!("{media}/media")).await.status;
    assert!(refused == 401 || refused == 403, "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn programs_search_and_read_one_work() {
    let world = World::new();
    let (loire, ana, work, _) = one_work(&world).await;
    let found = ana.get("/api/search?q=ETU%20ana").await.json();
    assert_eq!(found["works"][0]["id"], work.id.as_str());
    assert_eq!(found["works"][0]["title"], "Étude");
    assert_eq!(found["works"][0]["here"], true);
    assert!(
        ana.get("/api/search?q=").await.json()["works"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let listen = found["works"][0]["listen"].as_str().unwrap();
    assert_eq!(ana.get(listen).await.status, 307);
    let one = ana.get(&format!("/api/works?uri={}", work.id)).await.json();
    assert_eq!(one["duration_ms"], 2_000);
    let none = ana
        .get(&format!("/api/works?uri={}/works/none", loire.base()))
        .await;
    assert_eq!(none.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_tells_other_nodes_what_it_is_in_a_signed_document() {
    let world = World::new();
    let (loire, _, work, bytes) = one_work(&world).await;
    let ask = |path: String| {
        let visitor = loire.visitor();
        async move {
            let request = visitor.request(Method::GET, &path);
            let answer = visitor.send(request.header(ACCEPT, "application/activity+json"));
            answer.await
        }
    };
    let path = |uri: &str| uri.strip_prefix(&loire.base()).unwrap().to_owned();
    let document = ask(path(work.id.as_str())).await.json();
    federation::proof::verify(&document, &loire.keys().ed25519.public()).unwrap();
    let words = federation::vocabulary::Work::of(&document).unwrap();
    assert_eq!(words.name, "Étude");
    assert_eq!(words.artists[0].name, "Ana");
    assert_eq!(words.duration.unwrap().millis, 2_000);
    let media = words.media.unwrap();
    assert_eq!(media.size, Some(bytes.len() as u64));
    assert_eq!(media.digest, work.media);

    let sheet = ask(path(words.split_sheet.unwrap().as_str())).await.json();
    federation::proof::verify(&sheet, &loire.keys().ed25519.public()).unwrap();
    let release = ask(path(words.release.unwrap().id.unwrap().as_str()))
        .await
        .json();
    let release = federation::vocabulary::Release::of(&release).unwrap();
    assert_eq!(release.works, std::slice::from_ref(&work.id));
    let artist = ask(path(words.artists[0].id.as_ref().unwrap().as_str()))
        .await
        .json();
    assert_eq!(artist["name"], "Ana");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_work_is_neither_found_nor_played_and_an_import_does_not_bring_it_back() {
    let world = World::new();
    let (loire, ana, work, bytes) = one_work(&world).await;
    tokio::task::block_in_place(|| catalogue::withdraw(&loire, &work.id).unwrap());
    let path = catalogue::api::listen_path(&work.id);
    assert_eq!(ana.get(&path).await.status, 404);
    assert!(
        ana.get("/api/search?q=etude").await.json()["works"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    let at = work.id.as_str().strip_prefix(&loire.base()).unwrap();
    let gone = ana
        .send(
            ana.request(Method::GET, at)
                .header(ACCEPT, "application/activity+json"),
        )
        .await;
    assert_eq!(gone.status, 410);
    assert_eq!(gone.json()["type"], "Tombstone");

    let music = tempfile::tempdir().unwrap();
    let texts = [(ItemKey::TrackTitle, "Under another name")];
    let again = tagged(music.path(), "again.flac", 220, &texts);
    assert_ne!(std::fs::read(again).unwrap(), bytes);
    let (summary, _) = import(&loire, music.path());
    assert_eq!(
        (summary.taken, summary.updated, summary.refused.len()),
        (0, 0, 1)
    );
}
