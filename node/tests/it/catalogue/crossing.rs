//! Listening across nodes: who may, what is fetched, what is kept, what the other node learns.

use std::fs;
use std::path::{Path, PathBuf};

use node::catalogue::{self, Work, cache, store};
use node::config::Config;
use node::db::DbError;
use node::members::token_digest;
use node::peers::{self, fetch};
use reqwest::header::{IF_RANGE, RANGE, USER_AGENT};
use reqwest::{Method, Response};
use settlement::WorkId;

use super::relay::{Gate, Relay};
use super::sounds::{import, put, wav};
use crate::peers::settle;
use crate::world::{Host, Visitor, World};

fn work(host: &Host, title: &str) -> Work {
    let found = host
        .db
        .read_now(|conn| Ok::<_, DbError>(crate::world::offered(conn, title)?));
    found.unwrap().remove(0)
}

/// A piece of so many seconds, of some 16 kB each; each piece is another.
fn piece(at: u32, seconds: u32) -> Vec<u8> {
    wav(200 + 10 * at, seconds)
}

/// Loire, which follows Wallonie and knows its works: pieces of so many seconds, called `piece 0`
/// and so on.
async fn two_nodes(
    world: &World,
    pieces: &[u32],
    change: impl FnOnce(&mut Config),
) -> (Host, Host) {
    let loire = world.node_with("loire", change).await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    let music = tempfile::tempdir().unwrap();
    for (at, seconds) in (0..).zip(pieces) {
        put(
            music.path(),
            &format!("piece {at}.wav"),
            &piece(at, *seconds),
        );
    }
    import(&wallonie, music.path());
    peers::add(&loire.app, &wallonie.base()).await.unwrap();
    settle(&[&loire, &wallonie]).await;
    (loire, wallonie)
}

async fn ask(who: &Visitor, path: &str, range: Option<&str>) -> Response {
    let mut request = who.request(Method::GET, path);
    if let Some(range) = range {
        request = request.header(RANGE, range);
    }
    request.send().await.unwrap()
}

async fn hear(who: &Visitor, work: &WorkId) -> Vec<u8> {
    let path = who.granted(work).await;
    let response = ask(who, &path, None).await;
    assert_eq!(response.status(), 200);
    response.bytes().await.unwrap().to_vec()
}

/// The files of the cache, and how many bytes they are.
fn kept(host: &Host) -> (Vec<PathBuf>, u64) {
    fn below(folder: &Path, into: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).into_iter().flatten() {
            let path = entry.unwrap().path();
            match path.is_dir() {
                true => below(&path, into),
                false => into.push(path),
            }
        }
    }
    let mut files = Vec::new();
    below(&cache::folder(&host.config.media), &mut files);
    let bytes = files.iter().map(|file| fs::metadata(file).unwrap().len());
    let bytes = bytes.sum();
    (files, bytes)
}

fn noted(host: &Host) -> Vec<store::Cached> {
    host.db
        .read_now(|conn| Ok::<_, DbError>(store::all_cached(conn)?))
        .unwrap()
}

/// Reads an answer that is going to break off; what came of it.
async fn broken_off(mut response: Response) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            Ok(None) => panic!("it came to its end after {} bytes", bytes.len()),
            Err(_) => return bytes,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_is_for_one_session_and_one_work_and_ends() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    put(music.path(), "one.wav", &wav(220, 1));
    put(music.path(), "other.wav", &wav(330, 1));
    import(&loire, music.path());
    let (one, other) = (work(&loire, "one"), work(&loire, "other"));
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let bela = loire.member(&library, "Béla").await;

    let path = ana.granted(&one.id).await;
    assert_eq!(ana.get(&path).await.status, 200);
    let refused = bela.get(&path).await;
    assert_eq!(refused.status, 403);
    assert!(refused.error().contains("not yours"), "{}", refused.text);
    assert_eq!(loire.visitor().get(&path).await.status, 401);
    // Another session of the same person is another listener.
    let again = loire.visitor();
    let wish = serde_json::json!({ "name": "Ana", "password": crate::world::PASSWORD });
    assert!(again.post("/api/sessions", &wish).await.status.is_success());
    assert_eq!(again.get(&path).await.status, 403);
    // For another work, with another letter, without any.
    let grant = path.split_once("&grant=").unwrap().1.to_owned();
    let elsewhere = catalogue::api::listen_path(&other.id);
    for bad in [
        format!("{elsewhere}&grant={grant}"),
        format!("{path}A"),
        format!("{}&grant=", catalogue::api::listen_path(&one.id)),
    ] {
        assert_eq!(ana.get(&bad).await.status, 403, "{bad}");
    }
    // The file itself has no address.
    let digest = one.media.unwrap().hex();
    for public in [
        format!("/media/{digest}"),
        format!("/media/{}/{}/{digest}", &digest[..2], &digest[2..4]),
        format!("/covers/{digest}"),
    ] {
        assert_eq!(ana.get(&public).await.status, 404, "{public}");
    }

    world.pass(2 * 3600 + 2);
    assert_eq!(ana.get(&path).await.status, 403);
    let path = ana.granted(&one.id).await;
    let token = ana.token();
    ana.delete("/api/sessions").await;
    ana.holds(token);
    assert_eq!(ana.get(&path).await.status, 401);

    let path = bela.granted(&one.id).await;
    tokio::task::block_in_place(|| catalogue::withdraw(&loire, &one.id).unwrap());
    assert_eq!(bela.get(&path).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_stream_falls_silent_when_its_leave_ends() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let music = tempfile::tempdir().unwrap();
    // More than the network holds by itself between a node and a listener who does not read.
    put(music.path(), "long.wav", &wav(20, 2_500));
    import(&loire, music.path());
    let long = work(&loire, "long");
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let bela = loire.member(&library, "Béla").await;
    let first = ask(&ana, &ana.granted(&long.id).await, None).await;
    let second = ask(&bela, &bela.granted(&long.id).await, None).await;
    ana.delete("/api/sessions").await;
    broken_off(first).await;
    tokio::task::block_in_place(|| catalogue::withdraw(&loire, &long.id).unwrap());
    broken_off(second).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_fetched_once_and_whole_whoever_listens_to_which_part_of_it() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[60], |_| {}).await;
    let relay = Relay::before(&wallonie).await;
    let bytes = piece(0, 60);
    let size = bytes.len();
    let work = work(&loire, "piece").id;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let bela = loire.member(&library, "Béla").await;
    let (path, belas) = (ana.granted(&work).await, bela.granted(&work).await);

    relay.set(Gate::Hold(400_000));
    // What is here is answered while the rest is held back on its way.
    let early = ask(&ana, &path, Some("bytes=1000-1999")).await;
    assert_eq!(early.status(), 206);
    let range = format!("bytes 1000-1999/{size}");
    assert_eq!(early.headers()["content-range"], range);
    assert!(early.bytes().await.unwrap() == bytes[1000..2000]);
    let head = ana.request(Method::HEAD, &path).send().await.unwrap();
    assert_eq!(head.headers()["content-length"], size.to_string());
    let beyond = ask(&ana, &path, Some(&format!("bytes={size}-"))).await;
    assert_eq!(beyond.status(), 416);
    assert_eq!(beyond.headers()["content-range"], format!("bytes */{size}"));
    // What is not here yet is waited for, by everybody.
    let last = ask(&ana, &path, Some("bytes=-700")).await;
    let whole = ask(&bela, &belas, None).await;
    let several = ask(&bela, &belas, Some("bytes=0-9,20-29")).await;
    assert_eq!(
        (last.status().as_u16(), several.status().as_u16()),
        (206, 200)
    );
    relay.set(Gate::Open);
    assert!(last.bytes().await.unwrap() == bytes[size - 700..]);
    assert!(whole.bytes().await.unwrap() == bytes);
    assert!(several.bytes().await.unwrap() == bytes);
    assert_eq!(relay.asked(), 1);

    // From here on it is here.
    let tag = format!("\"{}\"", federation::digest::Sha256Digest::of(&bytes).hex());
    let part = |tag: String| {
        let request = ana.request(Method::GET, &path);
        request
            .header(RANGE, "bytes=5-9")
            .header(IF_RANGE, tag)
            .send()
    };
    let same = part(tag.clone()).await.unwrap();
    assert_eq!(
        (same.status().as_u16(), &same.headers()["etag"]),
        (206, &tag.parse().unwrap())
    );
    assert!(same.bytes().await.unwrap() == bytes[5..10]);
    assert_eq!(part("\"another\"".into()).await.unwrap().status(), 200);
    wallonie.stop().await;
    assert!(hear(&bela, &work).await == bytes);
    assert_eq!(relay.asked(), 1);
    assert_eq!(kept(&loire).1, size as u64);
    let usage = loire.db.read_now(cache::usage).unwrap();
    assert_eq!(usage, (size as u64, 1));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_other_node_learns_nothing_of_who_listens() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[20], |_| {}).await;
    let relay = Relay::before(&wallonie).await;
    let work = work(&loire, "piece").id;
    let library = loire.venue("Médiathèque Tarentaize", 120_000, 20);
    let ana = loire.member(&library, "Anabelle Quintard").await;
    let path = ana.granted(&work).await;
    let request = ana
        .request(Method::GET, &path)
        .header(USER_AGENT, "Quintard's own browser")
        .header("x-forwarded-for", "203.0.113.77")
        .header("forwarded", "for=203.0.113.77")
        .header("referer", format!("{}/me", loire.base()))
        .header("accept-language", "oc-FR, ca;q=0.7")
        .header(RANGE, "bytes=1234-5678");
    let heard = request.send().await.unwrap();
    assert_eq!(heard.status(), 206);
    assert!(heard.bytes().await.unwrap() == piece(0, 20)[1234..5679]);

    let learnt = relay.heard();
    assert_eq!(relay.asked(), 1, "{learnt}");
    assert!(learnt.contains("signature-input:"), "{learnt}");
    let token = ana.token().unwrap();
    let grant = path.split_once("&grant=").unwrap().1;
    let venue = library.id.as_str();
    for trace in [
        token.as_str(),
        &token_digest(&token),
        grant,
        venue,
        "quintard",
        "tarentaize",
        "203.0.113.77",
        "cookie",
        "referer",
        "oc-fr",
        "range:",
        "1234",
        "if-range",
        "x-request-id",
        "traceparent",
    ] {
        assert!(!learnt.contains(&trace.to_lowercase()), "{trace}: {learnt}");
    }
    // The request as a whole: a line, and headers of this node's own.
    let request = learnt
        .split("\r\n\r\n")
        .find(|one| one.contains("/media http/1.1"));
    let mut names: Vec<&str> = request
        .unwrap()
        .lines()
        .skip(1)
        .filter_map(|line| Some(line.split_once(':')?.0))
        .collect();
    names.sort_unstable();
    for name in &names {
        let ours = [
            "accept",
            "accept-encoding",
            "content-digest",
            "date",
            "host",
            "signature",
            "signature-input",
            "user-agent",
        ];
        assert!(ours.contains(name), "{names:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_heard_for_longest_makes_room() {
    let world = World::new();
    // Two pieces of ten seconds fit; three do not.
    let small = |config: &mut Config| config.media_cache_bytes = 400_000;
    let (loire, wallonie) = two_nodes(&world, &[10, 10, 10, 30], small).await;
    let relay = Relay::before(&wallonie).await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let piece_of = |at: u32| work(&loire, &format!("piece {at}")).id;
    for at in [0, 1, 0, 2] {
        assert!(hear(&ana, &piece_of(at)).await == piece(at, 10));
        assert!(kept(&loire).1 <= 400_000);
        world.pass(300);
    }
    let works: Vec<_> = noted(&loire).into_iter().map(|one| one.work).collect();
    assert_eq!(works, [piece_of(0), piece_of(2)]);
    assert_eq!(kept(&loire).0.len(), 2);
    assert_eq!(relay.asked(), 3);
    // One that is larger than the whole cache is not begun, and costs the others nothing.
    let path = ana.granted(&piece_of(3)).await;
    let refused = ana.get(&path).await;
    assert_eq!(refused.status, 409);
    assert!(
        refused.error().contains("media_cache_gb"),
        "{}",
        refused.text
    );
    assert_eq!(kept(&loire).0.len(), 2);
    assert!(hear(&ana, &piece_of(1)).await == piece(1, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_falls_in_the_middle_of_a_file_takes_it_up_where_it_was() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[60], |_| {}).await;
    let relay = Relay::before(&wallonie).await;
    let bytes = piece(0, 60);
    let work = work(&loire, "piece").id;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;

    relay.set(Gate::Hold(500_000));
    let path = ana.granted(&work).await;
    let begun = ask(&ana, &path, None).await;
    assert_eq!(begun.status(), 200);
    // Read as far as it is let through, so that it is written down as far.
    let mut begun = begun;
    let mut heard = 0;
    while heard < 300_000 {
        heard += begun.chunk().await.unwrap().unwrap().len();
    }
    loire.stop().await;
    broken_off(begun).await;
    let (files, half) = kept(&loire);
    assert!(
        files.len() == 1 && (300_000..500_000).contains(&half),
        "{half}"
    );
    relay.set(Gate::Open);
    loire.start().await;
    assert!(hear(&ana, &work).await == bytes);
    assert!(
        relay.heard().contains(&format!("range: bytes={half}-")),
        "{}",
        relay.heard()
    );

    // What is left of one that was damaged meanwhile does not count.
    let (files, _) = kept(&loire);
    loire.stop().await;
    let name = federation::digest::Sha256Digest::of(work.as_str().as_bytes()).hex();
    let part = cache::folder(&loire.config.media).join(format!("{name}.part"));
    let mut damaged = bytes[..400_000].to_vec();
    damaged[200_000] ^= 1;
    fs::remove_file(&files[0]).unwrap();
    fs::write(&part, damaged).unwrap();
    let now = loire.clock.now_us();
    loire
        .db
        .write_now(|conn| {
            Ok::<_, DbError>(store::expect_cached(conn, &work, bytes.len() as u64, now)?)
        })
        .unwrap();
    loire.start().await;
    // Who is first may hear it break off; then it is whole.
    let whole = loop {
        let path = ana.granted(&work).await;
        let answer = ask(&ana, &path, None).await;
        if answer.status() == 200
            && let Ok(whole) = answer.bytes().await
        {
            break whole;
        }
    };
    assert!(whole == bytes);
    assert!(!part.exists());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_breaks_is_taken_up_again() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[60], |_| {}).await;
    let relay = Relay::before(&wallonie).await;
    let work = work(&loire, "piece").id;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    // Three connections carry a third each, and a fourth what is left.
    relay.set(Gate::Cut(300_000));
    assert!(hear(&ana, &work).await == piece(0, 60));
    assert_eq!(relay.asked(), 4);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_sends_other_bytes_than_it_announced_is_not_believed() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[20], |_| {}).await;
    let relay = Relay::before(&wallonie).await;
    let there = work(&wallonie, "piece");
    let file = catalogue::media::path(&wallonie.config.media, &there.media.unwrap());
    let right = fs::read(&file).unwrap();
    let mut other = right.clone();
    other[100_000] ^= 1;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;

    fs::write(&file, &other).unwrap();
    let path = ana.granted(&there.id).await;
    let false_file = ask(&ana, &path, None).await;
    assert_eq!(false_file.status(), 200);
    // It never comes to its end.
    assert!(broken_off(false_file).await.len() < other.len());
    assert_eq!((kept(&loire).0.len(), noted(&loire).len()), (0, 0));
    let refused = ana.get(&path).await;
    assert_eq!(refused.status, 409);
    assert!(refused.error().contains("another file"), "{}", refused.text);
    // Nobody knocks there again at once, whatever is wished.
    assert_eq!(relay.asked(), 1);

    world.pass(601);
    // Shorter, longer, and right at last.
    for wrong in [
        &right[..right.len() - 1],
        &[right.as_slice(), b"!"].concat(),
    ] {
        fs::write(&file, wrong).unwrap();
        let refused = ana.get(&path).await;
        assert!(refused.error().contains("another file"), "{}", refused.text);
        assert_eq!((kept(&loire).0.len(), noted(&loire).len()), (0, 0));
        world.pass(601);
    }
    fs::write(&file, &right).unwrap();
    assert!(hear(&ana, &there.id).await == right);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_withdrawn_at_home_is_gone_from_the_cache_and_falls_silent_at_once() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[60, 60], |_| {}).await;
    let relay = Relay::before(&wallonie).await;
    let (whole, half) = (work(&loire, "piece 0").id, work(&loire, "piece 1").id);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    assert!(hear(&ana, &whole).await == piece(0, 60));
    let before = ana.granted(&whole).await;

    relay.set(Gate::Hold(500_000));
    let path = ana.granted(&half).await;
    let open = ask(&ana, &path, None).await;
    assert_eq!(open.status(), 200);
    assert_eq!(kept(&loire).0.len(), 2);
    tokio::task::block_in_place(|| {
        catalogue::withdraw(&wallonie, &whole).unwrap();
        catalogue::withdraw(&wallonie, &half).unwrap();
    });
    settle(&[&wallonie, &loire]).await;
    assert_eq!((kept(&loire).0.len(), noted(&loire).len()), (0, 0));
    broken_off(open).await;
    for path in [&before, &path] {
        assert_eq!(ana.get(path).await.status, 404);
    }
    relay.set(Gate::Open);
    assert_eq!(kept(&loire).0.len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_origin_that_is_away_is_said_to_be_and_asked_again_when_it_is_back() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[10], |_| {}).await;
    let work = work(&loire, "piece").id;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    wallonie.stop().await;
    let path = ana.granted(&work).await;
    let away = ana.get(&path).await;
    assert_eq!(away.status, 409);
    assert!(away.error().contains("does not answer"), "{}", away.text);
    wallonie.start().await;
    assert!(hear(&ana, &work).await == piece(0, 10));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_does_not_follow_gets_no_file() {
    let world = World::new();
    let (loire, wallonie) = two_nodes(&world, &[10], |_| {}).await;
    let stranger = world.node("bretagne", "FR-BRE").await;
    let work = work(&wallonie, "piece");
    let url = work.media_url.unwrap();
    let refused = fetch::stream(&stranger.app, url.as_str(), None).await;
    let refused = refused.unwrap_err().to_string();
    assert!(
        refused.contains("403") && refused.contains("follow"),
        "{refused}"
    );
    assert!(fetch::stream(&loire.app, url.as_str(), None).await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_fall_left_in_the_cache_is_swept() {
    let world = World::new();
    let (loire, _wallonie) = two_nodes(&world, &[10, 10], |_| {}).await;
    let (first, second) = (work(&loire, "piece 0").id, work(&loire, "piece 1").id);
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    hear(&ana, &first).await;
    hear(&ana, &second).await;
    let folder = cache::folder(&loire.config.media);
    fs::write(folder.join("left.part"), b"half").unwrap();
    fs::create_dir_all(folder.join("ab/cd")).unwrap();
    fs::write(folder.join("ab/cd/unknown"), b"nobody's").unwrap();
    let digest = noted(&loire)[0].digest.unwrap();
    fs::remove_file(catalogue::media::path(&folder, &digest)).unwrap();
    let gone = noted(&loire)[0].work.clone();
    let bytes = tokio::task::block_in_place(|| cache::sweep(&loire).unwrap());
    assert_eq!(
        (bytes, kept(&loire).0.len()),
        (piece(0, 10).len() as u64, 1)
    );
    assert!(noted(&loire).iter().all(|one| one.work != gone));
    assert!(hear(&ana, &first).await == piece(0, 10));
}
