//! What is fetched from elsewhere, and what others may fetch here.

use axum::http::StatusCode;
use federation::digest::Sha256Digest;
use node::peers::fetch::{self, FetchRefused};
use node::peers::{self, To};

use super::stranger::{Stranger, Way, post};
use super::{say, settle};
use crate::world::World;

const JSON: &str = "application/activity+json";

#[tokio::test(flavor = "multi_thread")]
async fn an_object_is_believed_where_it_lives_and_nowhere_else() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let at = |path: &str| stranger.at(path);
    let object = |id: &str| serde_json::json!({ "id": id, "type": "Note" }).to_string();
    stranger.serve("/good", JSON, &object(&at("/good")));
    stranger.serve("/other", JSON, &object(&at("/good")));
    stranger.serve("/upload", "application/json", &object(&at("/upload")));
    stranger.serve("/moved", "redirect", &at("/good"));
    stranger.serve("/twice", JSON, r#"{"id":"a","id":"b"}"#);

    let good = fetch::object(&loire, &at("/good"), 1000).await.unwrap();
    assert_eq!(good["type"], "Note");
    for (path, limit, why) in [
        ("/other", 1000, "has another id"),
        ("/upload", 1000, "not an ActivityPub object"),
        ("/moved", 1000, "302"),
        ("/twice", 1000, "appears twice"),
        ("/good", 10, "larger than 10 bytes"),
        ("/nothing", 1000, "404"),
    ] {
        let refused = fetch::object(&loire, &at(path), limit).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{path}: {refused}");
    }
    for bad in [
        "file:///etc/passwd",
        "ftp://localhost/",
        "http://a:b@localhost/",
        "good",
    ] {
        let refused = fetch::json(&loire, bad, 1000).await.unwrap_err();
        assert!(matches!(refused, FetchRefused::Address { .. }), "{refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_is_there_whole_and_as_promised_or_not_at_all() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let bytes = "musique ".repeat(10_000);
    let digest = Sha256Digest::of(bytes.as_bytes());
    stranger.serve("/file", "application/octet-stream", &bytes);
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    let url = stranger.at("/file");

    let other = Some(Sha256Digest::of(b"other"));
    let refused = fetch::to_file(&loire, &url, 100_000, other, &path).await;
    assert!(matches!(refused, Err(FetchRefused::OtherBytes { .. })));
    let refused = fetch::to_file(&loire, &url, 79_999, None, &path).await;
    assert!(matches!(refused, Err(FetchRefused::TooLarge { .. })));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

    let fetched = fetch::to_file(&loire, &url, 80_000, Some(digest), &path).await;
    assert_eq!(fetched.unwrap().size, 80_000);
    assert_eq!(std::fs::read_to_string(&path).unwrap(), bytes);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_development_no_private_address_is_asked_in_any_spelling() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let dir = loire.dir.clone();
    let open = tokio::task::spawn_blocking(move || node::Node::open(&dir).unwrap());
    let mut public = open.await.unwrap();
    public.config.dev = false;
    public.config.domain = "loire.example".to_owned();
    let port = stranger.base.rsplit(':').next().unwrap();
    for (host, why) in [
        ("localhost", "internal IP"),
        ("LOCALHOST.", "internal IP"),
        ("127.0.0.1", "called by its name"),
        ("2130706433", "called by its name"),
        ("0x7f.1", "called by its name"),
        ("017700000001", "called by its name"),
        ("[::1]", "called by its name"),
        ("[::ffff:127.0.0.1]", "called by its name"),
    ] {
        let url = format!("https://{host}:{port}/actor");
        let refused = fetch::json(&public, &url, 1000).await.unwrap_err();
        assert!(refused.to_string().contains(why), "{host}: {refused}");
    }
    let refused = fetch::json(&public, &stranger.at("/actor"), 1000).await;
    let refused = refused.unwrap_err().to_string();
    assert!(refused.contains("for development only"), "{refused}");
    let app = node::share(public);
    for url in [&format!("https://localhost:{port}"), "https://localhost"] {
        let refused = peers::add(&app, url).await.unwrap_err();
        assert!(
            refused.to_string().contains("No node was found"),
            "{refused}"
        );
    }
    assert_eq!(stranger.asked_for("/actor"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_turns_inward_between_two_requests_is_not_followed() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let dir = loire.dir.clone();
    let open = tokio::task::spawn_blocking(move || node::Node::open(&dir).unwrap());
    let mut public = open.await.unwrap();
    public.config.dev = false;
    public.config.domain = "loire.example".to_owned();
    let asked = std::sync::Arc::new(std::sync::atomic::AtomicUsize::new(0));
    let counting = asked.clone();
    public.outside = peers::Outside::asking(std::sync::Arc::new(move |name| {
        assert_eq!(name, "rebind.example");
        counting.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        vec!["127.0.0.1".parse().unwrap()]
    }));
    let port = stranger.base.rsplit(':').next().unwrap();
    for path in ["actor", "again"] {
        let url = format!("https://rebind.example.:{port}/{path}");
        let refused = fetch::json(&public, &url, 1000).await.unwrap_err();
        assert!(refused.to_string().contains("internal IP"), "{refused}");
    }
    // Asked when connecting, each time, and never connected to.
    assert_eq!(asked.load(std::sync::atomic::Ordering::SeqCst), 2);
    assert_eq!(stranger.asked_for("/actor"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_document_that_is_packed_deep_or_endless_is_refused() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    stranger.serve("/deep", JSON, &"[".repeat(900));
    stranger.serve("/long", JSON, &" ".repeat(100_000));
    // The beginning of a gzip stream: nothing here asks for one, and nothing unpacks one.
    stranger.serve("/packed", JSON, "\u{1f}\u{8b}\u{8}");
    for (path, why) in [
        ("/deep", "levels deep"),
        ("/long", "larger than"),
        ("/packed", "not valid JSON"),
    ] {
        let refused = fetch::json(&loire, &stranger.at(path), 1000).await;
        let refused = refused.unwrap_err().to_string();
        assert!(refused.contains(why), "{path}: {refused}");
    }
    let asked = stranger.headers_of("/packed");
    assert!(asked.iter().all(|name| name != "accept-encoding"));
}

#[tokio::test(flavor = "multi_thread")]
async fn under_authorised_fetch_documents_are_for_proven_peers_and_actors_for_all() {
    let world = World::new();
    let loire = world
        .node_with("loire", |settings| settings.authorised_fetch = true)
        .await;
    let friend = Stranger::new().await;
    let visitor = loire.visitor();
    let get = async |path: &str, signed: bool| {
        let url = format!("{}{path}", loire.base());
        let headers = if signed {
            friend.signed_get(&world, &url)
        } else {
            Default::default()
        };
        let request = visitor.client.get(&url).headers(headers);
        let request = request.header("accept", JSON);
        visitor.send(request).await.status
    };
    for path in ["/actor", "/actor/keys", "/.well-known/nodeinfo"] {
        assert_eq!(get(path, false).await, StatusCode::OK, "{path}");
    }
    for path in ["/outbox", "/outbox?before=newest", "/followers"] {
        assert_eq!(get(path, false).await, StatusCode::UNAUTHORIZED, "{path}");
        assert_eq!(get(path, true).await, StatusCode::OK, "{path}");
    }
    assert_eq!(get("/works/1", false).await, StatusCode::UNAUTHORIZED);
    assert_eq!(get("/works/1", true).await, StatusCode::NOT_FOUND);
    assert_eq!(get("/works/1/media", false).await, StatusCode::UNAUTHORIZED);

    let (app, base) = (loire.app.clone(), friend.base.clone());
    let block = tokio::task::spawn_blocking(move || peers::block(&app, &base).unwrap());
    block.await.unwrap();
    // Who signs says who asks: a blocked host is turned away from what everybody may read, too.
    for path in ["/actor", "/outbox", "/works/1/media"] {
        assert_eq!(get(path, true).await, StatusCode::FORBIDDEN, "{path}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_fetched_from_a_blocked_host() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let (app, base) = (loire.app.clone(), stranger.base.clone());
    let block = tokio::task::spawn_blocking(move || peers::block(&app, &base).unwrap());
    block.await.unwrap();
    let refused = fetch::json(&loire, &stranger.at("/actor"), 1000).await;
    assert!(matches!(refused, Err(FetchRefused::Blocked(_))));
    assert_eq!(stranger.asked_for("/actor"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_to_one_peer_only_that_peer_may_read() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let friend = Stranger::new().await;
    let other = Stranger::new().await;
    let private = say(&loire, "private", To::Peer(friend.base.clone()), false).await;
    let public = say(&loire, "public", To::Followers, false).await;
    let visitor = loire.visitor();
    let get = async |url: &str, headers: axum::http::HeaderMap| {
        let request = visitor.client.get(url).headers(headers);
        visitor.send(request).await
    };
    assert_eq!(
        get(&public, Default::default()).await.status,
        StatusCode::OK
    );
    let unsigned = get(&private, Default::default()).await;
    assert_eq!(unsigned.status, StatusCode::UNAUTHORIZED);
    let mine = get(&private, friend.signed_get(&world, &private)).await;
    assert_eq!(mine.status, StatusCode::OK);
    assert!(mine.text.contains("/notes/private"));
    let theirs = get(&private, other.signed_get(&world, &private)).await;
    assert_eq!(theirs.status, StatusCode::NOT_FOUND);
    // A signature for one address says nothing about another.
    let swapped = get(&private, friend.signed_get(&world, &public)).await;
    assert_eq!(swapped.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_node_is_found_under_all_its_names() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let venue = loire.venue("Médiathèque de Roanne", 120_000, 20);
    let visitor = loire.visitor();
    let domain = &loire.config.domain;
    let actor = loire.config.actor().to_string();
    let find = async |resource: &str| {
        let found = visitor
            .get(&format!("/.well-known/webfinger?resource={resource}"))
            .await;
        (found.status == StatusCode::OK).then(|| found.json()["links"][0]["href"].clone())
    };
    for name in [
        &format!("acct:node@{domain}"),
        &format!("acct:{domain}@{domain}"),
        &actor,
        &loire.base(),
        domain,
    ] {
        assert_eq!(find(name).await, Some(actor.clone().into()), "{name}");
    }
    for name in [
        &format!("acct:{}@{domain}", venue.slug),
        &venue.id.to_string(),
    ] {
        assert_eq!(
            find(name).await,
            Some(venue.id.to_string().into()),
            "{name}"
        );
    }
    for name in [
        &format!("acct:nobody@{domain}"),
        "acct:node@elsewhere.example",
    ] {
        assert_eq!(find(name).await, None, "{name}");
    }
    let path = venue.id.as_str().strip_prefix(&visitor.base).unwrap();
    let request = visitor.request(reqwest::Method::GET, path);
    let found = visitor.send(request.header("accept", JSON)).await.json();
    assert_eq!(found["type"], "Organization");
    assert_eq!(found["name"], "Médiathèque de Roanne");

    let nodeinfo = visitor.get("/.well-known/nodeinfo").await.json();
    let href = nodeinfo["links"][0]["href"].as_str().unwrap();
    let nodeinfo = visitor.get(href.strip_prefix(&visitor.base).unwrap()).await;
    assert_eq!(nodeinfo.json()["software"]["name"], "antiphon");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_is_fetched_from_so_often_and_a_chosen_host_as_often_as_needed() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let [one, other] = [Stranger::new().await, Stranger::new().await];
    for stranger in [&one, &other] {
        let note = serde_json::json!({ "id": stranger.at("/note"), "type": "Note" });
        stranger.serve("/note", JSON, &note.to_string());
    }
    let fetch =
        async |stranger: &Stranger| fetch::object(&loire, &stranger.at("/note"), 1000).await;
    let mut refused = 0;
    for _ in 0..100 {
        refused += usize::from(matches!(fetch(&one).await, Err(FetchRefused::TooOften(_))));
    }
    assert_eq!((one.asked_for("/note"), refused), (60, 40));
    assert!(fetch(&other).await.is_ok(), "another host pays for itself");
    world.pass(61);
    assert!(fetch(&one).await.is_ok());
    let (app, base) = (loire.app.clone(), other.base.clone());
    let allow = tokio::task::spawn_blocking(move || peers::allow(&app, &base).unwrap());
    allow.await.unwrap();
    for _ in 0..100 {
        assert!(fetch(&other).await.is_ok());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_that_failed_is_left_alone_for_longer_each_time() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let url = stranger.at("/missing");
    for (round, seconds) in [10, 20, 40].into_iter().enumerate() {
        let failed = fetch::object(&loire, &url, 1000).await.unwrap_err();
        assert!(matches!(failed, FetchRefused::Status { .. }), "{failed}");
        for _ in 0..10 {
            let again = fetch::json(&loire, &url, 1000).await.unwrap_err();
            assert!(matches!(again, FetchRefused::TooOften(_)), "{again}");
        }
        assert_eq!(stranger.asked_for("/missing"), round + 1);
        world.pass(seconds);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_announces_makes_us_ask_nobody_for_what_they_name() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = Stranger::new().await;
    let victim = Stranger::new().await;
    for number in 0..200 {
        let object = victim.at(&format!("/works/{number}"));
        let mut note = stranger.note(&number.to_string());
        note["object"] = match number % 2 {
            0 => serde_json::json!(object),
            _ => {
                serde_json::json!({ "id": object, "type": "Audio", "attributedTo": victim.at("/actor") })
            }
        };
        let letter = stranger.letter(&world, &loire, &note, Way::Rfc9421);
        let answer = post(&loire, &letter).await;
        assert!(answer.status.is_success(), "{}", answer.text);
    }
    settle(&[&loire]).await;
    assert_eq!(victim.asked(), 0);
    assert_eq!(stranger.asked_for("/actor"), 1);
}
