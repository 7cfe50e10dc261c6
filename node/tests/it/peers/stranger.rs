//! A server of somebody else's making: its own keys, an actor that can be read, an inbox that
//! answers as it is told, and requests signed in whatever way an honest or a dishonest server
//! might.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::{Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use federation::keys::{Ed25519Secret, RsaSecret};
use federation::signature::{Outgoing, sign_cavage, sign_rfc9421};
use federation::vocabulary::{ACTIVITY_JSON, Actor, ActorKind, NamedKey};
use serde_json::{Value, json};
use settlement::{Currency, Territory, Uri};
use tokio::net::TcpListener;
use url::Url;

use crate::world::{Answer, Host, World};

/// The stranger.
pub struct Stranger {
    /// `http://localhost:PORT`
    pub base: String,
    /// Its keys.
    pub ed25519: Ed25519Secret,
    /// Its other key.
    pub rsa: RsaSecret,
    /// Whether its actor says that it is a node of our kind.
    pub is_node: bool,
    inside: Arc<Inside>,
}

#[derive(Default)]
struct Inside {
    /// What is at a path: media type and text.
    documents: Mutex<Vec<(String, String, String)>>,
    /// What it answers to deliveries, one after the other; when empty, 202.
    answers: Mutex<VecDeque<StatusCode>>,
    /// What it was delivered.
    delivered: Mutex<Vec<Value>>,
    /// What it says with a refusal: when to come again.
    retry_after: Mutex<Option<String>>,
    /// The paths it was asked for, and with which headers.
    asked: Mutex<Vec<(String, Vec<String>)>>,
    /// How the deliveries were signed.
    ways: Mutex<Vec<&'static str>>,
}

/// In which way a request is signed.
#[derive(Clone, Copy, Debug)]
pub enum Way {
    /// RFC 9421 with Ed25519.
    Rfc9421,
    /// draft-cavage with RSA.
    Cavage,
}

/// A request that is ready to be sent, to be tampered with first.
pub struct Letter {
    /// Where it goes.
    pub url: Url,
    /// Its headers.
    pub headers: HeaderMap,
    /// Its body.
    pub body: Vec<u8>,
}

impl Stranger {
    /// A stranger who is a node of our kind, and whose only key is RSA, as most servers are.
    pub async fn plain() -> Self {
        let mut stranger = Self::new().await;
        stranger.is_node = false;
        let mut actor = stranger.actor("/actor");
        actor.as_object_mut().unwrap().remove("assertionMethod");
        stranger.serve("/actor", ACTIVITY_JSON, &actor.to_string());
        stranger
    }

    /// A stranger who is a node of our kind.
    pub async fn new() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let inside = Arc::new(Inside::default());
        let router = Router::new().fallback(answer).with_state(inside.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let mut chance = rand::rngs::OsRng;
        let stranger = Stranger {
            base: format!("http://localhost:{port}"),
            ed25519: Ed25519Secret::generate(&mut chance),
            rsa: rsa(),
            is_node: true,
            inside,
        };
        stranger.serve_actor("/actor");
        stranger
    }

    /// An address here.
    pub fn at(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    /// Its actor, with the keys it has now.
    pub fn actor(&self, path: &str) -> Value {
        let uri = |path: &str| Uri::parse(&self.at(path)).unwrap();
        let mut actor = Actor::new(uri(path), ActorKind::Application, uri("/inbox"));
        actor.name = Some("Stranger".to_owned());
        if self.is_node {
            actor.territory = Some(Territory::parse("CH").unwrap());
            actor.currency = Some(Currency::parse("EUR").unwrap());
        }
        actor.outbox = Some(uri("/outbox"));
        actor.rsa_keys = vec![NamedKey {
            id: uri(&format!("{path}#main-key")),
            key: self.rsa.public(),
        }];
        actor.ed25519_keys = vec![NamedKey {
            id: uri(&format!("{path}#ed25519-key")),
            key: self.ed25519.public(),
        }];
        actor.to_value()
    }

    /// Shows its actor, with the keys it has now, at this path.
    pub fn serve_actor(&self, path: &str) {
        self.serve(path, ACTIVITY_JSON, &self.actor(path).to_string());
    }

    /// Shows a person at this path, with a key of their own name: an account on a server of another
    /// kind.
    pub fn serve_person(&self, path: &str) {
        let uri = |path: &str| Uri::parse(&self.at(path)).unwrap();
        let inbox = uri(&format!("{path}/inbox"));
        let mut actor = Actor::new(uri(path), ActorKind::Person, inbox);
        actor.name = Some(format!("Somebody at {path}"));
        actor.preferred_username = path.rsplit('/').next().map(str::to_owned);
        actor.shared_inbox = Some(uri("/inbox"));
        actor.rsa_keys = vec![NamedKey {
            id: uri(&format!("{path}#main-key")),
            key: self.rsa.public(),
        }];
        self.serve(path, ACTIVITY_JSON, &actor.to_value().to_string());
    }

    /// Shows this at this path, instead of whatever was there.
    pub fn serve(&self, path: &str, media_type: &str, text: &str) {
        let mut documents = self.inside.documents.lock().unwrap();
        documents.retain(|(at, ..)| at != path);
        documents.push((path.to_owned(), media_type.to_owned(), text.to_owned()));
    }

    /// Answers the next deliveries like this.
    pub fn will_answer(&self, answers: &[u16]) {
        let answers = answers.iter().map(|n| StatusCode::from_u16(*n).unwrap());
        self.inside.answers.lock().unwrap().extend(answers);
    }

    /// Says with every refusal when to come again.
    pub fn asks_for_patience(&self, retry_after: &str) {
        *self.inside.retry_after.lock().unwrap() = Some(retry_after.to_owned());
    }

    /// Takes the next deliveries, whatever it was told before.
    pub fn will_answer_as_it_should(&self) {
        self.inside.answers.lock().unwrap().clear();
    }

    /// What it was delivered and took: of each, what it is about.
    pub fn taken(&self) -> Vec<String> {
        let delivered = self.inside.delivered.lock().unwrap();
        delivered
            .iter()
            .filter_map(|activity| activity["object"].as_str())
            .filter_map(|object| object.split_once("/notes/"))
            .map(|(_, what)| what.to_owned())
            .collect()
    }

    /// All that it was delivered and took.
    pub fn delivered(&self) -> Vec<Value> {
        self.inside.delivered.lock().unwrap().clone()
    }

    /// How the deliveries to it were signed, those it refused too.
    pub fn ways(&self) -> Vec<&'static str> {
        self.inside.ways.lock().unwrap().clone()
    }

    /// How often it was asked for anything.
    pub fn asked(&self) -> usize {
        self.inside.asked.lock().unwrap().len()
    }

    /// How often it was asked for this path.
    pub fn asked_for(&self, path: &str) -> usize {
        let asked = self.inside.asked.lock().unwrap();
        asked.iter().filter(|(at, _)| at == path).count()
    }

    /// The names of the headers with which it was asked for this path.
    pub fn headers_of(&self, path: &str) -> Vec<String> {
        let asked = self.inside.asked.lock().unwrap();
        let of_path = asked.iter().filter(|(at, _)| at == path);
        of_path.flat_map(|(_, headers)| headers.clone()).collect()
    }

    /// A note, as this stranger's actor would say it.
    pub fn note(&self, what: &str) -> Value {
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": self.at(&format!("/activities/{what}")),
            "type": "Announce",
            "actor": self.at("/actor"),
            "object": self.at(&format!("/notes/{what}")),
        })
    }

    /// A letter to a node's inbox, signed with the stranger's own key at the world's time.
    pub fn letter(&self, world: &World, to: &Host, activity: &Value, way: Way) -> Letter {
        let at = world.clock.now_seconds();
        self.letter_of(
            at,
            &format!("{}/inbox", to.base()),
            &activity.to_string(),
            way,
        )
    }

    /// A letter to a node's inbox from one of its accounts, signed in the older way with the key of
    /// the account at `signer`.
    pub fn letter_from(&self, world: &World, to: &Host, signer: &str, activity: &Value) -> Letter {
        let url = format!("{}/inbox", to.base());
        let body = activity.to_string();
        self.signed(world.clock.now_seconds(), &url, &body, Way::Cavage, signer)
    }

    /// A letter, signed at a time of the stranger's choosing.
    pub fn letter_of(&self, at: i64, to: &str, body: &str, way: Way) -> Letter {
        self.signed(at, to, body, way, "/actor")
    }

    fn signed(&self, at: i64, to: &str, body: &str, way: Way, signer: &str) -> Letter {
        let url = Url::parse(to).unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, ACTIVITY_JSON.parse().unwrap());
        let body = body.as_bytes().to_vec();
        let request = Outgoing {
            method: &Method::POST,
            url: &url,
            body: Some(&body),
        };
        match way {
            Way::Rfc9421 => {
                let key = self.at(&format!("{signer}#ed25519-key"));
                sign_rfc9421(&request, &mut headers, &self.ed25519, &key, at).unwrap();
            }
            Way::Cavage => {
                let key = self.at(&format!("{signer}#main-key"));
                sign_cavage(&request, &mut headers, &self.rsa, &key, at).unwrap();
            }
        }
        Letter { url, headers, body }
    }

    /// The headers of a signed GET.
    pub fn signed_get(&self, world: &World, url: &str) -> HeaderMap {
        let url = Url::parse(url).unwrap();
        let mut headers = HeaderMap::new();
        let request = Outgoing {
            method: &Method::GET,
            url: &url,
            body: None,
        };
        let key = self.at("/actor#ed25519-key");
        let at = world.clock.now_seconds();
        sign_rfc9421(&request, &mut headers, &self.ed25519, &key, at).unwrap();
        headers
    }
}

/// Puts a letter through a node's door.
pub async fn post(host: &Host, letter: &Letter) -> Answer {
    let visitor = host.visitor();
    let request = visitor
        .client
        .post(letter.url.clone())
        .headers(letter.headers.clone())
        .body(letter.body.clone());
    visitor.send(request).await
}

async fn answer(State(inside): State<Arc<Inside>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let path = parts.uri.to_string();
    if parts.method == Method::POST {
        let input = parts.headers.get("signature-input");
        inside.ways.lock().unwrap().push(match input {
            Some(input) if input.to_str().unwrap().contains("ed25519") => "ours",
            Some(_) => "newer",
            None => "cavage",
        });
        let answer = inside.answers.lock().unwrap().pop_front();
        let answer = answer.unwrap_or(StatusCode::ACCEPTED);
        if answer.is_success() {
            let bytes = axum::body::to_bytes(body, usize::MAX).await.unwrap();
            let activity = serde_json::from_slice(&bytes).unwrap();
            inside.delivered.lock().unwrap().push(activity);
        }
        let mut response = (answer, "as I please").into_response();
        if let Some(when) = &*inside.retry_after.lock().unwrap() {
            let headers = response.headers_mut();
            headers.insert(axum::http::header::RETRY_AFTER, when.parse().unwrap());
        }
        return response;
    }
    let headers = parts.headers.keys().map(ToString::to_string).collect();
    inside.asked.lock().unwrap().push((path.clone(), headers));
    let documents = inside.documents.lock().unwrap();
    match documents.iter().find(|(at, ..)| *at == path) {
        Some((_, media_type, text)) if media_type == "redirect" => (
            StatusCode::FOUND,
            [(axum::http::header::LOCATION, text.clone())],
        )
            .into_response(),
        Some((_, media_type, text)) => {
            ([(CONTENT_TYPE, media_type.clone())], text.clone()).into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// One RSA key for all strangers: they are slow to find.
fn rsa() -> RsaSecret {
    static RSA: std::sync::OnceLock<RsaSecret> = std::sync::OnceLock::new();
    RSA.get_or_init(|| RsaSecret::generate(&mut rand::rngs::OsRng))
        .clone()
}
