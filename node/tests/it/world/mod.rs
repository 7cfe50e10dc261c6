//! A small world built through the doors: nodes in folders of their own, served on real sockets,
//! and visitors who speak HTTP to them.
//!
//! ```ignore
//! let world = World::new();                              // 10 November 2026, noon UTC
//! let paris = world.coordinator("paris", "FR-IDF").await; // settles for those that come after
//! let loire = world.node("loire", "FR-ARA").await;
//! let library = loire.venue("Médiathèque", 120_000, 20);
//! let ana = loire.member(&library, "Ana").await;          // a visitor who is signed in
//! let answer = ana.get("/me").await;
//! let song = loire.work("song", 180);                     // a work nobody needs to hear
//! let post = loire.post(&library).await;                  // a listening post with its own key
//! post.hand_in(&[play("1", &song, "2026-11-10T12:00:00Z", 60)]).await;
//! world.turn_to("2026-12-01T09:00:00Z");                 // every node's clock, at once
//! loire.stop().await;                                     // and `loire.start().await` again
//! ```
//!
//! All nodes of a world share one held clock: nothing happens in it by waiting. A node's address
//! is `localhost:<its port>`, and stays the same when the node is stopped and started. A node is
//! its own coordinator unless [`World::coordinator`] came before it.
//!
//! Everything goes when the world is dropped, the folders too.

#![allow(dead_code, reason = "each room uses its own part of the world")]

#[cfg(feature = "postgres")]
mod cluster;
mod post;
mod weather;

use std::net::SocketAddr;
use std::ops::Deref;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, OnceLock};

use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, LOCATION, SET_COOKIE};
use axum::serve::Listener;
use federation::keys::{Ed25519Secret, RsaSecret};
use node::Node;
use node::catalogue::{self, Work};
use node::clock::Clock;
use node::config::{self, Config, Coordinator, Language};
use node::db::DbError;
use node::doorway::Limits;
use node::venues::Venue;
use node::web::App;
use serde_json::Value;
use settlement::{Currency, Kind, Minor, Territory, WorkId};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub use post::{PostInWorld, play};
pub use weather::Weather;

/// The password of everybody in this world.
pub const PASSWORD: &str = "correct horse battery staple";

/// Nodes that share a sky: one clock, one folder for all their folders.
pub struct World {
    /// The clock all nodes go by; it stands still.
    pub clock: Clock,
    folder: tempfile::TempDir,
    coordinator: Mutex<Option<String>>,
}

impl World {
    /// An empty world, on 10 November 2026 at noon UTC.
    pub fn new() -> Self {
        // What a node logs is shown beside the test that fails.
        let log = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::WARN)
            .with_test_writer();
        let _ = log.try_init();
        World {
            clock: Clock::held(instant("2026-11-10T12:00:00Z")),
            folder: tempfile::tempdir().unwrap(),
            coordinator: Mutex::new(None),
        }
    }

    /// The folder in which the nodes' folders are.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Turns every clock, forwards or back.
    pub fn turn_to(&self, rfc3339: &str) {
        self.clock.turn_to(instant(rfc3339));
    }

    /// Turns every clock forward.
    pub fn pass(&self, seconds: i64) {
        self.clock
            .turn_to(self.clock.now_us() + seconds * 1_000_000);
    }

    /// A new node, served. It settles with the world's coordinator, if there is one already.
    pub async fn node(&self, name: &str, territory: &str) -> Host {
        let coordinator = self.coordinator.lock().unwrap().clone();
        self.found(name, territory, coordinator).await
    }

    /// A new node that settles for every node that comes after it.
    pub async fn coordinator(&self, name: &str, territory: &str) -> Host {
        let host = self.found(name, territory, None).await;
        self.settles(&host);
        host
    }

    /// A new node, served, with settings of its own.
    pub async fn node_with(&self, name: &str, change: impl FnOnce(&mut Config)) -> Host {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut config = self.settings(name, "FR-ARA", listener.local_addr().unwrap());
        change(&mut config);
        let host = Host::of(self.open(config).await);
        host.serve(listener);
        host
    }

    async fn found(&self, name: &str, territory: &str, coordinator: Option<String>) -> Host {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let listen = listener.local_addr().unwrap();
        let mut config = self.settings(name, territory, listen);
        if let Some(base) = coordinator {
            config.coordinator = Coordinator::At(config::base_url(&base, true).unwrap());
        }
        let host = Host::of(self.open(config).await);
        host.serve(listener);
        host
    }

    /// A new node at the end of a road through this weather. It answers, and does no errands by
    /// itself; it settles with the world's coordinator, if there is one already.
    pub async fn node_far_away(&self, name: &str, territory: &str, weather: &Weather) -> Host {
        let road = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let door = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut config = self.settings(name, territory, door.local_addr().unwrap());
        config.domain = format!("localhost:{}", road.local_addr().unwrap().port());
        if let Some(base) = &*self.coordinator.lock().unwrap() {
            config.coordinator = Coordinator::At(config::base_url(base, true).unwrap());
        }
        let host = Host::of(self.open(config).await);
        weather.road(road, door.local_addr().unwrap());
        host.answer(door);
        host
    }

    /// Lets this node settle for every node that comes after it.
    pub fn settles(&self, host: &Host) {
        *self.coordinator.lock().unwrap() = Some(host.base());
    }

    /// The settings of a node that is to listen here, its keys written where it finds them. It
    /// settles for itself.
    pub fn settings(&self, name: &str, territory: &str, listen: SocketAddr) -> Config {
        let dir = self.folder.path().join(name);
        write_keys(&dir);
        let territory = Territory::parse(territory).unwrap();
        Config {
            media: dir.join("media"),
            name: name.to_owned(),
            domain: format!("localhost:{}", listen.port()),
            currency: Currency::parse("EUR").unwrap(),
            language: Language::En,
            timezone: config::timezone_of(&territory.to_string()[..2]).to_owned(),
            territory,
            coordinator: Coordinator::Here,
            database: database(),
            media_cache_bytes: Config::USUAL_CACHE_BYTES,
            listen,
            dev: true,
            clock_shift_seconds: 0,
            follow_back: true,
            federation: node::config::Federation::Open,
            authorised_fetch: false,
            splits_delay_days: 30,
            extra_roots: None,
            dir,
        }
    }

    /// A new node with these settings, under this world's clock; nobody serves it yet.
    pub async fn open(&self, config: Config) -> Node {
        static NO_PROVIDER: OnceLock<()> = OnceLock::new();
        NO_PROVIDER.get_or_init(|| {
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let node = tokio::task::spawn_blocking(move || Node::found(config).unwrap());
        let mut node = node.await.unwrap();
        node.clock = self.clock.clone();
        node
    }
}

/// A node and the process that would serve it. Reads like the node itself: `host.db`,
/// `host.config`.
pub struct Host {
    /// The node, as its handlers share it.
    pub app: App,
    /// Its folder.
    pub dir: PathBuf,
    serving: Mutex<Option<(oneshot::Sender<()>, JoinHandle<()>)>>,
}

impl Deref for Host {
    type Target = Node;
    fn deref(&self) -> &Node {
        &self.app
    }
}

impl Host {
    /// A node that nobody serves yet.
    pub fn of(node: Node) -> Self {
        Host {
            dir: node.config.dir.clone(),
            app: node::share(node),
            serving: Mutex::new(None),
        }
    }

    /// `http://localhost:PORT`
    pub fn base(&self) -> String {
        self.config.base()
    }

    /// Answers there.
    pub fn serve<L: Listener<Addr = SocketAddr>>(&self, listener: L) {
        let (stop, stopped) = oneshot::channel::<()>();
        let app = self.app.clone();
        let served = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            node::serve(app, listener, stopped).await;
        });
        *self.serving.lock().unwrap() = Some((stop, served));
    }

    /// Answers there, and does no errands: whoever wants them done does them.
    pub fn answer<L: Listener<Addr = SocketAddr>>(&self, listener: L) {
        let (stop, stopped) = oneshot::channel::<()>();
        let router = node::router(&self.app);
        let served = tokio::spawn(async move {
            let stopped = async {
                let _ = stopped.await;
            };
            node::doorway::answer(listener, router, Limits::USUAL, stopped).await;
        });
        *self.serving.lock().unwrap() = Some((stop, served));
    }

    /// The same node after its process was killed: nothing of it is left but its folder and its
    /// database. Nobody serves it yet.
    pub async fn reborn(&self) -> Host {
        self.stop().await;
        let dir = self.dir.clone();
        let node = tokio::task::spawn_blocking(move || Node::open(&dir).unwrap());
        let mut node = node.await.unwrap();
        node.clock = self.clock.clone();
        Host::of(node)
    }

    /// The same node after its database was lost: nothing of it is left but its settings, its keys
    /// and its files. Nobody serves it yet.
    pub async fn bereft(&self) -> Host {
        self.stop().await;
        for entry in std::fs::read_dir(&self.dir).unwrap().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name == "node.toml" || name.starts_with("antiphon.sqlite3") {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
        let config = Config {
            database: database(),
            ..self.config.clone()
        };
        let node = tokio::task::spawn_blocking(move || Node::found(config).unwrap());
        let mut node = node.await.unwrap();
        node.clock = self.clock.clone();
        Host::of(node)
    }

    /// Stops answering; the folder stays.
    pub async fn stop(&self) {
        let serving = self.serving.lock().unwrap().take();
        if let Some((stop, served)) = serving {
            let _ = stop.send(());
            served.await.unwrap();
        }
    }

    /// Whether somebody answers for it.
    pub fn is_answering(&self) -> bool {
        self.serving.lock().unwrap().is_some()
    }

    /// Answers again, at the same address.
    pub async fn start(&self) {
        let listener = TcpListener::bind(self.config.listen).await.unwrap();
        self.serve(listener);
    }

    /// Answers at the same address, and does no errands from now on: whoever wants them done does
    /// them, so that nothing happens unseen and at a moment of its own.
    pub async fn by_hand(&self) {
        self.stop().await;
        let listener = TcpListener::bind(self.config.listen).await.unwrap();
        self.answer(listener);
    }

    /// Somebody nobody knows yet.
    pub fn visitor(&self) -> Visitor {
        let mut client = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
        if let Some(roots) = &self.config.extra_roots {
            // A node over https: its network's authority is trusted, its name is known.
            let roots = std::fs::read(roots).unwrap();
            let roots = reqwest::Certificate::from_pem(&roots).unwrap();
            client = client
                .tls_certs_only([roots])
                .resolve(&self.config.domain, self.config.listen);
        }
        let client = client.build().unwrap();
        Visitor {
            client,
            base: self.base(),
            cookie: Mutex::new(None),
        }
    }

    /// A venue of this node, as `antiphon venue add` makes it.
    pub fn venue(&self, name: &str, contribution_minor: i128, seats: u32) -> Venue {
        tokio::task::block_in_place(|| {
            node::venues::add(self, name, Minor::new(contribution_minor), seats).unwrap()
        })
    }

    /// An invitation of this venue, as `antiphon invite` prints it.
    pub fn invitation(&self, venue: &Venue) -> String {
        tokio::task::block_in_place(|| {
            let mut codes = node::venues::invite(self, venue.id.as_str(), 1).unwrap();
            codes.remove(0)
        })
    }

    /// Somebody who joined through the door with an invitation of this venue.
    pub async fn member(&self, venue: &Venue, name: &str) -> Visitor {
        let code = self.invitation(venue);
        let visitor = self.visitor();
        let wish = serde_json::json!({ "code": code, "name": name, "password": PASSWORD });
        let answer = visitor.post("/api/join", &wish).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        visitor
    }

    /// A work of this node of so many seconds, in the catalogue without a sound: for whoever
    /// counts plays rather than hears them.
    pub fn work(&self, name: &str, seconds: u64) -> WorkId {
        let work = self.drawn(name, seconds);
        tokio::task::block_in_place(|| {
            let put = |conn: &mut _| Ok::<_, DbError>(catalogue::store::put_work(conn, &work)?);
            self.db.write_now(put).unwrap();
        });
        work.id
    }

    /// Tells whoever follows this node of a work of it, new or changed.
    pub fn tell(&self, work: &Work, is_new: bool) {
        tokio::task::block_in_place(|| {
            let put = |conn: &mut _| {
                catalogue::store::put_work(conn, work)?;
                catalogue::tell::work(conn, self, work, is_new)
            };
            self.db.write_now(put).unwrap();
        });
    }

    /// A work of this node as it would be in the catalogue.
    pub fn drawn(&self, name: &str, seconds: u64) -> Work {
        let id = WorkId::parse(&self.config.uri(&format!("/works/{name}"))).unwrap();
        let now_us = self.clock.now_us();
        Work {
            id,
            origin: self.base(),
            kind: Kind::Music,
            title: name.to_owned(),
            credit: "Nobody".to_owned(),
            artist: None,
            release: None,
            disc: None,
            position: None,
            isrc: None,
            territory: Some(self.config.territory),
            duration_ms: seconds * 1000,
            media: None,
            media_url: None,
            media_type: None,
            media_size: None,
            genre: None,
            year: None,
            document: None,
            created_us: now_us,
            updated_us: now_us,
            withdrawn_us: None,
            offer: Default::default(),
        }
    }

    /// A listening post that was enrolled with an invitation of this venue.
    pub async fn post(&self, venue: &Venue) -> PostInWorld {
        PostInWorld::enrol(self, &self.invitation(venue)).await
    }
}

/// Somebody at a node's door: an HTTP client that keeps the cookie it is given.
pub struct Visitor {
    /// The client, for what the shortcuts below do not do.
    pub client: reqwest::Client,
    /// The node's address.
    pub base: String,
    cookie: Mutex<Option<String>>,
}

/// What a node answered, read to its end.
#[derive(Debug)]
pub struct Answer {
    /// The number.
    pub status: StatusCode,
    /// Where it sends the reader, when it does.
    pub location: Option<String>,
    /// The headers.
    pub headers: axum::http::HeaderMap,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|e| panic!("{e}: {} {}", self.status, self.text))
    }

    /// The sentence of a refusal.
    pub fn error(&self) -> String {
        self.json()["error"].as_str().unwrap_or("").to_owned()
    }
}

impl Visitor {
    /// The session's token, once signed in.
    pub fn token(&self) -> Option<String> {
        self.cookie.lock().unwrap().clone()
    }

    /// Shows this token from now on.
    pub fn holds(&self, token: Option<String>) {
        *self.cookie.lock().unwrap() = token;
    }

    /// GET, as a program.
    pub async fn get(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::GET, path)).await
    }

    /// Where this node has a work heard by this visitor: the path with a grant in it.
    pub async fn granted(&self, work: &WorkId) -> String {
        let led = self.get(&catalogue::api::listen_path(work)).await;
        assert_eq!(led.status, StatusCode::TEMPORARY_REDIRECT, "{}", led.text);
        led.location.unwrap()
    }

    /// GET, as a browser.
    pub async fn page(&self, path: &str) -> Answer {
        let request = self.request(reqwest::Method::GET, path);
        self.send(request.header(ACCEPT, "text/html")).await
    }

    /// POST of JSON.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request(reqwest::Method::POST, path);
        let request = request.header(CONTENT_TYPE, "application/json");
        self.send(request.body(body.to_string())).await
    }

    /// POST of a form, as a browser on one of the node's own pages sends it.
    pub async fn form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let mut body = url::form_urlencoded::Serializer::new(String::new());
        body.extend_pairs(fields);
        let request = self
            .request(reqwest::Method::POST, path)
            .header(ACCEPT, "text/html")
            .header("origin", &self.base)
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(request.body(body.finish())).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(reqwest::Method::DELETE, path)).await
    }

    /// A request to a path of the node, the cookie shown.
    pub fn request(&self, method: reqwest::Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.base));
        match self.token() {
            Some(token) => request.header(COOKIE, format!("antiphon={token}")),
            None => request,
        }
    }

    /// Sends a request, keeps the cookie it brings back, reads the answer to its end.
    pub async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let response = request.send().await.unwrap();
        for cookie in response.headers().get_all(SET_COOKIE) {
            let cookie = cookie.to_str().unwrap();
            if let Some((token, _)) = cookie
                .strip_prefix("antiphon=")
                .and_then(|rest| rest.split_once(';'))
            {
                self.holds((!token.is_empty()).then(|| token.to_owned()));
            }
        }
        let headers = response.headers().clone();
        Answer {
            status: response.status(),
            location: headers
                .get(LOCATION)
                .map(|to| to.to_str().unwrap().to_owned()),
            headers,
            text: response.text().await.unwrap(),
        }
    }
}

/// The offered works in which every word of `q` appears (title, credit, release or label), first
/// those whose title begins with it: read row by row, so that search itself is not believed.
pub fn offered(conn: &mut node::db::Conn, q: &str) -> diesel::QueryResult<Vec<Work>> {
    use diesel::prelude::*;
    use node::catalogue::fold::fold;
    use node::schema::works::dsl;
    let ids: Vec<String> = dsl::works.select(dsl::id).load(conn)?;
    let ids: Vec<WorkId> = ids.iter().filter_map(|id| WorkId::parse(id).ok()).collect();
    let mut works = catalogue::store::works(conn, &ids)?;
    works.retain(Work::is_offered);
    let sought = fold(q);
    if sought.is_empty() {
        return Ok(Vec::new());
    }
    let mut found = Vec::new();
    for work in works {
        let release = match &work.release {
            Some(release) => catalogue::store::release(conn, release)?,
            None => None,
        };
        let mut text = fold(&format!("{} {}", work.title, work.credit));
        if let Some(release) = release {
            text += &fold(&format!(
                " {} {}",
                release.title,
                release.label.unwrap_or_default()
            ));
        }
        if sought.split(' ').all(|word| text.contains(word)) {
            found.push((
                !fold(&work.title).starts_with(&sought),
                work.title.clone(),
                work,
            ));
        }
    }
    found.sort_by(|a, b| (a.0, &a.1, &a.2.id).cmp(&(b.0, &b.1, &b.2.id)));
    Ok(found.into_iter().map(|(_, _, work)| work).collect())
}

/// An instant, in microseconds since 1970 UTC.
pub fn instant(rfc3339: &str) -> i64 {
    let at: jiff::Timestamp = rfc3339.parse().unwrap();
    at.as_microsecond()
}

/// Where a new node keeps its rows: a database of its own in the tests' cluster when
/// `ANTIPHON_TEST_DATABASE=postgres`, else SQLite in its folder.
fn database() -> Option<String> {
    match std::env::var("ANTIPHON_TEST_DATABASE").as_deref() {
        #[cfg(feature = "postgres")]
        Ok("postgres") => Some(cluster::fresh_database()),
        Ok("sqlite" | "") | Err(_) => None,
        Ok(other) => panic!(
            "ANTIPHON_TEST_DATABASE={other}: write sqlite, or postgres with --features postgres"
        ),
    }
}

/// Puts keys where a new node finds them. The RSA key is drawn once a run, being slow to find.
fn write_keys(dir: &Path) {
    static RSA: OnceLock<String> = OnceLock::new();
    let mut chance = rand::rngs::OsRng;
    let rsa = RSA.get_or_init(|| RsaSecret::generate(&mut chance).to_pem().to_string());
    let ed25519 = Ed25519Secret::generate(&mut chance).to_pem();
    std::fs::create_dir_all(dir.join("keys")).unwrap();
    std::fs::write(dir.join("keys/rsa.pem"), rsa).unwrap();
    std::fs::write(dir.join("keys/ed25519.pem"), ed25519.as_bytes()).unwrap();
}
