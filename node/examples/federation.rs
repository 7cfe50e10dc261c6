//! Measures what federation costs, and prints tables for `docs/performance.md`:
//! `bench/federation.py`, or `cargo run --release -p node --example federation -- WHAT`, where WHAT
//! is one of
//!
//! - `inbox [ACTIVITIES]`: receiving, against the bare check of the same signatures;
//! - `deliver [WORDS]`: delivering to 100 peers, with and without 30 dead ones among them;
//! - `follow [WORKS]`: following a node with a large catalogue from zero.
//!
//! Everything is in temporary folders and goes with them.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::BufRead as _;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode};
use diesel::prelude::*;
use federation::keys::{Ed25519Secret, PublicKey, RsaSecret};
use federation::signature::{self, Incoming, Outgoing, Policy};
use federation::vocabulary::{ACTIVITY_JSON, Actor, ActorKind, NamedKey};
use futures_util::StreamExt as _;
use node::catalogue::{self, Work};
use node::clock::Clock;
use node::config::{Config, Coordinator, Language};
use node::db::{Conn, DbError};
use node::peers::{self, To};
use node::schema::{inbox, works};
use node::web::App;
use node::{Node, schema};
use serde_json::{Value, json};
use settlement::{Currency, Kind, Territory, Uri, WorkId};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tower::ServiceExt as _;
use url::Url;

type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// How many requests are under way at a time.
const SIDE_BY_SIDE: usize = 64;

#[tokio::main]
async fn main() -> Outcome {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let count = |usually| words.get(1).map_or(Ok(usually), |word| word.parse());
    let _ = rustls::crypto::ring::default_provider().install_default();
    match words.first().map(String::as_str) {
        Some("inbox") => receive(count(10_000)?).await,
        Some("deliver") => deliver(count(60)?).await,
        Some("follow") => follow(count(100_000)?).await,
        Some("serve") => serve_folder(Path::new(&words[1])).await,
        _ => Err("say inbox, deliver or follow".into()),
    }
}

/// A new node in `dir` that is to listen at `listen`.
fn found(dir: &Path, listen: SocketAddr) -> Outcome<Node> {
    Ok(Node::found(Config {
        dir: dir.to_path_buf(),
        media: dir.join("media"),
        name: "measured".into(),
        domain: format!("localhost:{}", listen.port()),
        territory: Territory::parse("FR-ARA")?,
        currency: Currency::parse("EUR")?,
        language: Language::En,
        timezone: "Europe/Paris".into(),
        coordinator: Coordinator::Here,
        database: None,
        media_cache_bytes: Config::USUAL_CACHE_BYTES,
        listen,
        dev: true,
        clock_shift_seconds: 0,
        follow_back: false,
        splits_delay_days: 30,
        federation: node::config::Federation::Open,
        authorised_fetch: false,
        extra_roots: None,
    })?)
}

fn blocking<T>(act: impl FnOnce() -> T) -> T {
    tokio::task::block_in_place(act)
}

/// Serves until the process ends.
async fn serve(app: App, listener: TcpListener) {
    node::serve(app, listener, std::future::pending()).await;
}

/// CPU seconds of this process so far, its own and the system's for it.
fn cpu() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let after_name = stat.rsplit(')').next().unwrap_or_default();
    let fields: Vec<&str> = after_name.split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|t| t.parse::<f64>().ok());
    // utime and stime, in hundredths of a second on every Linux there is.
    (ticks(11).unwrap_or(0.0) + ticks(12).unwrap_or(0.0)) / 100.0
}

/// The most memory this process ever held, in MiB.
fn peak_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

#[allow(clippy::disallowed_methods, reason = "a measurement asks the machine")]
fn now() -> Instant {
    Instant::now()
}

// receiving -----------------------------------------------------------------------

/// A peer that is played: its keys and its actor.
struct Played {
    base: String,
    ed25519: Ed25519Secret,
    rsa: RsaSecret,
}

impl Played {
    fn at(base: &str) -> Self {
        let mut chance = rand::rngs::OsRng;
        Played {
            base: base.to_owned(),
            ed25519: Ed25519Secret::generate(&mut chance),
            rsa: RsaSecret::generate(&mut chance),
        }
    }

    fn uri(&self, path: &str) -> Outcome<Uri> {
        Ok(Uri::parse(&format!("{}{path}", self.base))?)
    }

    fn actor(&self) -> Outcome<Actor> {
        let mut actor = Actor::new(
            self.uri("/actor")?,
            ActorKind::Application,
            self.uri("/inbox")?,
        );
        actor.name = Some("played".into());
        actor.territory = Some(Territory::parse("CH")?);
        actor.currency = Some(Currency::parse("EUR")?);
        actor.outbox = Some(self.uri("/outbox")?);
        actor.ed25519_keys = vec![NamedKey {
            id: self.uri("/actor#ed25519-key")?,
            key: self.ed25519.public(),
        }];
        actor.rsa_keys = vec![NamedKey {
            id: self.uri("/actor#main-key")?,
            key: self.rsa.public(),
        }];
        Ok(actor)
    }

    fn note(&self, app: &App) -> Outcome {
        let (actor, now) = (self.actor()?, app.clock.now_us());
        let note = |conn: &mut Conn| Ok::<_, DbError>(peers::store::note_actor(conn, &actor, now)?);
        blocking(|| app.db.write_now(note))?;
        Ok(())
    }
}

/// A signed request.
struct Letter {
    headers: HeaderMap,
    body: Vec<u8>,
}

async fn receive(many: usize) -> Outcome {
    println!(
        "| signed with | bare check, µs | received and stored, µs | times | a second and core |"
    );
    println!("|---|---|---|---|---|");
    for way in ["Ed25519 (RFC 9421)", "RSA-2048 (draft-cavage)"] {
        let dir = tempfile::tempdir()?;
        let app = node::share(blocking(|| found(dir.path(), ([127, 0, 0, 1], 9).into()))?);
        let played = Played::at("http://localhost:8");
        played.note(&app)?;
        let url = Url::parse(&app.config.uri("/inbox"))?;
        let mut letters = Vec::new();
        for number in 0..many {
            letters.push(letter(&app, &played, &url, number, way.starts_with("RSA"))?);
        }
        let key = match way.starts_with("RSA") {
            true => PublicKey::from(played.rsa.public()),
            false => PublicKey::from(played.ed25519.public()),
        };
        let before = cpu();
        for letter in &letters {
            bare(&app, letter, &key)?;
        }
        let bare = cpu() - before;

        let router = node::router(&app);
        let before = cpu();
        let answers = futures_util::stream::iter(letters)
            .map(|letter| {
                let mut request = Request::post("/inbox")
                    .body(Body::from(letter.body))
                    .unwrap();
                *request.headers_mut() = letter.headers;
                tokio::spawn(router.clone().oneshot(request))
            })
            .buffer_unordered(SIDE_BY_SIDE);
        let taken = answers
            .filter(|answer| {
                let taken =
                    matches!(answer, Ok(Ok(answer)) if answer.status() == StatusCode::ACCEPTED);
                std::future::ready(taken)
            })
            .count();
        let taken = taken.await;
        let whole = cpu() - before;
        assert_eq!(taken, many, "all are taken");
        let each = |seconds: f64| seconds * 1e6 / many as f64;
        println!(
            "| {way} | {:.0} | {:.0} | {:.1} | {:.0} |",
            each(bare),
            each(whole),
            whole / bare,
            many as f64 / whole
        );
    }
    Ok(())
}

fn letter(app: &App, from: &Played, url: &Url, number: usize, rsa: bool) -> Outcome<Letter> {
    let activity = json!({
        "@context": federation::vocabulary::context::full(),
        "id": format!("{}/activities/{number}", from.base),
        "type": "Create",
        "actor": format!("{}/actor", from.base),
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "object": {
            "id": format!("{}/notes/{number}", from.base),
            "type": "Note",
            "attributedTo": format!("{}/actor", from.base),
            "content": "<p>A note as long as what a work has to say of itself.</p>".repeat(10),
        },
    });
    let body = activity.to_string().into_bytes();
    let mut headers =
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(ACTIVITY_JSON))]);
    let request = Outgoing {
        method: &Method::POST,
        url,
        body: Some(&body),
    };
    let now = app.clock.now_seconds();
    if rsa {
        let id = format!("{}/actor#main-key", from.base);
        signature::sign_cavage(&request, &mut headers, &from.rsa, &id, now)?;
    } else {
        let id = format!("{}/actor#ed25519-key", from.base);
        signature::sign_rfc9421(&request, &mut headers, &from.ed25519, &id, now)?;
    }
    Ok(Letter { headers, body })
}

/// Checks a signature and nothing else: the policy, the digest of the body, the key.
fn bare(app: &App, letter: &Letter, key: &PublicKey) -> Outcome {
    let request = Incoming {
        method: &Method::POST,
        path_and_query: "/inbox",
        scheme: "http",
        authority: &app.config.domain,
        headers: &letter.headers,
        body: &letter.body,
    };
    let claim = signature::parse(&request)?;
    let claim = claim.check_policy(&Policy::default(), app.clock.now_seconds())?;
    claim.verify(key)?;
    Ok(())
}

// delivering ----------------------------------------------------------------------

/// When something was said, and after how long each peer had it.
type Heard = Arc<Mutex<(BTreeMap<String, Instant>, Vec<Duration>)>>;

async fn deliver(many: usize) -> Outcome {
    println!("| peers | deliveries a second | median, ms | 95 % within, ms |");
    println!("|---|---|---|---|");
    for turn in 0..3 {
        for dead in [0, 30] {
            let (rate, mut took) = deliver_to(70, dead, many).await?;
            took.sort_unstable();
            let at = |part: usize| took[(took.len() - 1) * part / 100].as_secs_f64() * 1e3;
            println!(
                "| turn {}: 70 that answer, {dead} dead | {rate:.0} | {:.1} | {:.1} |",
                turn + 1,
                at(50),
                at(95)
            );
        }
    }
    Ok(())
}

/// Says so many words to so many peers, one after the other, and waits until all that live have them.
async fn deliver_to(live: usize, dead: usize, words: usize) -> Outcome<(f64, Vec<Duration>)> {
    let dir = tempfile::tempdir()?;
    let app = node::share(blocking(|| found(dir.path(), ([127, 0, 0, 1], 9).into()))?);
    let heard = Heard::default();
    let mut servers = tokio::task::JoinSet::new();
    let sample = Played::at("http://localhost:1");
    for number in 0..live + dead {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let port = listener.local_addr()?.port();
        if number < live {
            let router = Router::new().fallback(take).with_state(heard.clone());
            servers.spawn(async move {
                let _ = axum::serve(listener, router).await;
            });
        } else {
            match number % 3 {
                // Nobody is there.
                0 => drop(listener),
                // Somebody is there and says nothing.
                1 => {
                    servers.spawn(async move {
                        let mut held = Vec::new();
                        while let Ok((stream, _)) = listener.accept().await {
                            held.push(stream);
                        }
                    });
                }
                // Somebody is there and hangs up.
                _ => {
                    servers.spawn(async move { while listener.accept().await.is_ok() {} });
                }
            }
        }
        let peer = Played {
            base: format!("http://localhost:{port}"),
            ed25519: sample.ed25519.clone(),
            rsa: sample.rsa.clone(),
        };
        peer.note(&app)?;
    }
    let all_follow = |conn: &mut Conn| {
        let all = diesel::update(schema::peers::table);
        all.set(schema::peers::follower.eq(true)).execute(conn)?;
        Ok::<_, DbError>(())
    };
    blocking(|| app.db.write_now(all_follow))?;
    let (leave, left) = watch::channel(false);
    let errand = tokio::spawn(peers::deliver::run(app.clone(), left));
    let began = now();
    for number in 0..words {
        let node = app.clone();
        let heard = heard.clone();
        let note = json!({ "type": "Announce", "object": format!("{}/notes/{number}", app.config.base()) });
        let said = app.db.write(move |conn| {
            let id = peers::say(conn, &node, note, To::Followers, false)?;
            heard.lock().unwrap().0.insert(id, now());
            Ok::<_, DbError>(())
        });
        said.await?;
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    while heard.lock().unwrap().1.len() < live * words {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let rate = (live * words) as f64 / began.elapsed().as_secs_f64();
    let _ = leave.send(true);
    let _ = errand.await;
    let took = std::mem::take(&mut heard.lock().unwrap().1);
    Ok((rate, took))
}

async fn take(State(heard): State<Heard>, request: Request) -> StatusCode {
    let body = axum::body::to_bytes(request.into_body(), 1 << 20).await;
    let activity: Value = serde_json::from_slice(&body.unwrap_or_default()).unwrap_or_default();
    let id = activity["id"].as_str().unwrap_or_default();
    let mut heard = heard.lock().unwrap();
    if let Some(said) = heard.0.get(id) {
        let took = said.elapsed();
        heard.1.push(took);
    }
    StatusCode::ACCEPTED
}

// following -----------------------------------------------------------------------

async fn follow(many: usize) -> Outcome {
    let there = tempfile::tempdir()?;
    let free = || TcpListener::bind(("127.0.0.1", 0));
    let address = free().await?.local_addr()?;
    let origin = node::share(blocking(|| found(there.path(), address))?);
    blocking(|| fill(&origin, many))?;
    let base = origin.config.base();
    drop(origin);
    let mut child = Command::new(std::env::current_exe()?)
        .args([Path::new("serve"), there.path()])
        .stdout(Stdio::piped())
        .spawn()?;
    let mut ready = String::new();
    if let Some(out) = child.stdout.as_mut() {
        std::io::BufReader::new(out).read_line(&mut ready)?;
    }

    let here = tempfile::tempdir()?;
    let listener = free().await?;
    let listen = listener.local_addr()?;
    let app = node::share(blocking(|| found(here.path(), listen))?);
    tokio::spawn(serve(app.clone(), listener));
    let (began, cpu_before) = (now(), cpu());
    peers::add(&app, &base).await.map_err(|e| e.to_string())?;
    let mut came_after = None;
    loop {
        let look = |conn: &mut Conn| {
            let came: i64 = inbox::table.count().get_result(conn)?;
            let taken: i64 = works::table.count().get_result(conn)?;
            Ok::<_, DbError>((came, taken))
        };
        let (came, taken) = app.db.read(look).await?;
        let all = i64::try_from(many)?;
        if came > all && came_after.is_none() {
            came_after = Some(began.elapsed());
        }
        if taken >= all {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
    }
    let seconds = began.elapsed().as_secs_f64();
    child.kill()?;
    child.wait()?;
    println!(
        "| works | seconds | CPU seconds | works a second | of these reading, seconds | memory, MiB |"
    );
    println!("|---|---|---|---|---|---|");
    println!(
        "| {many} | {seconds:.0} | {:.0} | {:.0} | {:.0} | {} |",
        cpu() - cpu_before,
        many as f64 / seconds,
        came_after.unwrap_or_default().as_secs_f64(),
        peak_memory()
    );
    Ok(())
}

/// Puts so many works into a node's catalogue, and tells of each.
fn fill(node: &Node, many: usize) -> Outcome {
    let numbers: Vec<usize> = (0..many).collect();
    for some in numbers.chunks(500) {
        let put = |conn: &mut Conn| {
            for number in some {
                let work = work(node, *number);
                catalogue::store::put_work(conn, &work)?;
                catalogue::tell::work(conn, node, &work, true)?;
            }
            Ok::<_, node::web::Refusal>(())
        };
        node.db.write_now(put).map_err(|e| e.to_string())?;
    }
    Ok(())
}

fn work(node: &Node, number: usize) -> Work {
    let id = WorkId::parse(&node.config.uri(&format!("/works/{number:08}"))).unwrap();
    let now_us = node.clock.now_us();
    Work {
        id,
        origin: node.config.base(),
        kind: Kind::Music,
        title: format!("Work number {number}"),
        credit: format!("Artist {}", number / 10),
        artist: None,
        release: None,
        disc: None,
        position: None,
        isrc: None,
        territory: Some(node.config.territory),
        duration_ms: 180_000,
        media: None,
        media_url: None,
        media_type: None,
        media_size: None,
        genre: Some("folk".into()),
        year: None,
        document: None,
        created_us: now_us,
        updated_us: now_us,
        withdrawn_us: None,
        offer: Default::default(),
    }
}

/// Serves the node in this folder, for the one who follows it.
async fn serve_folder(dir: &Path) -> Outcome {
    let mut node = blocking(|| Node::open(dir))?;
    node.clock = Clock::machine();
    let listener = TcpListener::bind(node.config.listen).await?;
    println!("ready");
    serve(node::share(node), listener).await;
    Ok(())
}
