//! A node and a real server of another kind: Fedify, as its own process, on Node.js. Both sign and
//! verify with their own code; the test only says who does what.
//!
//! `make test-needs` installs it from npm, outside the clone.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use federation::vocabulary::ActorKind;
use node::db::DbError;
use node::peers::{self, Following, RemoteActor, store};
use serde_json::{Value, json};
use settlement::Uri;
use tempfile::NamedTempFile;

use crate::peers::settle;
use crate::world::{Host, World, instant};

/// How long the other server may take to hear something. It is far longer than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The other server, until it is dropped.
struct Fedify {
    process: Child,
    _server: NamedTempFile,
    base: String,
    client: reqwest::Client,
    /// How much of what it heard was looked at.
    seen: usize,
}

impl Drop for Fedify {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Where `make test-needs` put it.
fn folder() -> PathBuf {
    let cache = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let cache = cache.or(home.map(|home| home.join(".cache")));
    cache.expect("a home").join("antiphon/interop")
}

impl Fedify {
    /// Starts it: which way of signing it tries first, and which it takes.
    fn start(first_knock: &str, takes: &str) -> Self {
        let folder = folder();
        let program = folder.join("node_modules/node/bin/node");
        assert!(
            program.exists(),
            "{} is missing: run `make test-needs`, which installs Fedify from npm",
            program.display()
        );
        let server = place(&folder);
        let mut process = Command::new(program)
            .arg(server.path())
            .env("FIRST_KNOCK", first_knock)
            .env("TAKES", takes)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let output = process.stdout.take().unwrap();
        BufReader::new(output).read_line(&mut line).unwrap();
        let port = line.trim().strip_prefix("listening ").unwrap_or_else(|| {
            panic!("Fedify does not start: {line}");
        });
        Fedify {
            process,
            _server: server,
            base: format!("http://localhost:{port}"),
            client: reqwest::Client::builder()
                .timeout(PATIENCE)
                .build()
                .unwrap(),
            seen: 0,
        }
    }

    /// Tells it to do something.
    async fn told(&self, what: &str, with: Value) -> Value {
        let address = format!("{}/control/{what}", self.base);
        let request = self.client.post(address).body(with.to_string());
        let answer = request.send().await.unwrap();
        let status = answer.status();
        let text = answer.text().await.unwrap();
        assert!(status.is_success(), "{what}: {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The next thing it heard and took for proven.
    async fn heard(&mut self) -> Value {
        self.seen += 1;
        let all = self.told("heard", json!({ "count": self.seen })).await;
        all[self.seen - 1].clone()
    }

    fn handle(&self) -> String {
        format!("@ada@{}", self.base.strip_prefix("http://").unwrap())
    }

    /// Sets the world's clock to the machine's: Fedify's signatures follow that.
    async fn set_clock(&self, world: &World) {
        let now = self.told("now", json!({})).await;
        let now = instant(now["now"].as_str().unwrap());
        world.clock.turn_to(now.max(world.clock.now_us()));
    }
}

/// Puts the server beside the modules it needs, for as long as it runs.
fn place(folder: &Path) -> NamedTempFile {
    let mut server = tempfile::Builder::new()
        .suffix(".mjs")
        .tempfile_in(folder)
        .unwrap();
    server.write_all(include_bytes!("server.mjs")).unwrap();
    server
}

async fn follow(host: &Host, who: &RemoteActor) {
    let (node, id) = (host.app.clone(), who.id.clone());
    let asked = host
        .db
        .write(move |conn| Ok::<_, DbError>(peers::add::follow_actor(conn, &node, &id)?));
    asked.await.unwrap();
}

async fn following(host: &Host, who: &RemoteActor) -> Following {
    let (own, id) = (host.config.actor().uri().clone(), who.id.clone());
    let look = host
        .db
        .read(move |conn| Ok::<_, DbError>(store::following(conn, &own, &id)?));
    look.await.unwrap()
}

async fn followers(host: &Host, of: &str) -> i64 {
    let id = Uri::parse(of).unwrap();
    let look = host
        .db
        .read(move |conn| Ok::<_, DbError>(store::followers_of(conn, &id)?));
    look.await.unwrap()
}

async fn outcome(host: &Host, id: &str) -> Option<String> {
    let id = id.to_owned();
    let look = host
        .db
        .read(move |conn| Ok::<_, DbError>(store::outcome(conn, &id)?));
    look.await.unwrap()
}

/// One story, told with one way of signing in each direction.
async fn meet_and_speak(first_knock: &str, takes: &str, scheme: &str) {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let song = loire.work("Le-phare", 180);
    let mut fedify = Fedify::start(first_knock, takes);
    fedify.set_clock(&world).await;

    // We find it by its handle, follow it, and are accepted.
    let ada = peers::add::meet(&loire.app, &fedify.handle())
        .await
        .unwrap();
    assert_eq!((ada.kind, ada.name.as_str()), (ActorKind::Person, "Ada"));
    follow(&loire, &ada).await;
    settle(&[&loire]).await;
    let heard = fedify.heard().await;
    assert_eq!(heard["type"], "Follow");
    assert_eq!(heard["actor"], loire.config.actor().as_str());
    assert_eq!(heard["scheme"], scheme);
    settle(&[&loire]).await;
    assert_eq!(following(&loire, &ada).await, Following::Yes);

    // It follows the node and a venue, and is accepted by each in its own name.
    let actors = [loire.config.actor().to_string(), library.id.to_string()];
    for actor in &actors {
        fedify.set_clock(&world).await;
        let asked = fedify.told("follow", json!({ "actor": actor })).await;
        assert_eq!(asked["found"], actor.as_str());
        settle(&[&loire]).await;
        let heard = fedify.heard().await;
        assert_eq!(heard["type"], "Accept", "{heard}");
        assert_eq!(heard["actor"], actor.as_str());
        assert_eq!(heard["object"], asked["id"]);
        assert_eq!(heard["scheme"], scheme);
        assert_eq!(followers(&loire, actor).await, 1);
        let what = outcome(&loire, asked["id"].as_str().unwrap()).await;
        assert_eq!(what.as_deref(), Some("it follows"));
    }

    // What the venue puts forward arrives there, and what Ada says arrives here.
    fedify.set_clock(&world).await;
    publish(&loire, &library, &song).await;
    settle(&[&loire]).await;
    let heard = fedify.heard().await;
    assert_eq!(heard["type"], "Create", "{heard}");
    assert_eq!(heard["actor"], library.id.as_str());
    let content = heard["object"].as_str().unwrap();
    assert!(content.contains("Pour un soir de pluie"), "{content}");
    assert!(content.contains("Le-phare"), "{content}");
    assert_eq!(heard["scheme"], scheme);
    let said = fedify
        .told(
            "create",
            json!({ "actor": actors[0], "content": "Bonjour" }),
        )
        .await;
    settle(&[&loire]).await;
    let what = outcome(&loire, said["id"].as_str().unwrap()).await;
    let what = what.unwrap();
    assert!(what.starts_with("note kept: "), "{what}");

    // It changes its mind.
    let again = fedify.told("follow", json!({ "actor": actors[1] })).await;
    settle(&[&loire]).await;
    assert_eq!(fedify.heard().await["type"], "Accept");
    let undo = json!({ "actor": actors[1], "follow": again["id"] });
    fedify.told("undo", undo).await;
    settle(&[&loire]).await;
    assert_eq!(followers(&loire, &actors[1]).await, 0);
    assert_eq!(followers(&loire, &actors[0]).await, 1);
}

async fn publish(host: &Host, venue: &node::venues::Venue, work: &settlement::WorkId) {
    let (node, venue) = (host.app.clone(), venue.clone());
    let items = [node::curation::Item {
        work: work.clone(),
        note: String::new(),
    }];
    let published = host.db.write(move |conn| {
        let (title, words) = ("Pour un soir de pluie", "Doucement.");
        node::curation::publish(conn, &node, &venue, title, words, &items)
    });
    published.await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fedify_server_and_a_node_speak_with_each_other_as_rfc_9421_says() {
    meet_and_speak("rfc9421", "rfc9421", "rfc9421").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fedify_server_and_a_node_speak_with_each_other_in_the_older_way() {
    meet_and_speak("draft-cavage-http-signatures-12", "all", "cavage").await;
}
