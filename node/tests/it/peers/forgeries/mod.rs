//! Requests at the inbox's door over a real socket: as honest strangers sign them, however they do,
//! and as forgers would.

mod bytes;
mod keys;
mod signing;
mod words;

use axum::http::header::{CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use federation::keys::SecretKey;
use federation::vocabulary::{ACTIVITY_JSON, LD_JSON};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::stranger::{Letter, Stranger, Way, post};
use crate::world::{Host, World};

/// A stranger with an RSA key, at the door of a node.
struct Door {
    world: World,
    loire: Host,
    stranger: Stranger,
}

impl Door {
    async fn new() -> Self {
        let world = World::new();
        let loire = world.node("loire", "FR-ARA").await;
        let stranger = Stranger::plain().await;
        Door {
            world,
            loire,
            stranger,
        }
    }

    fn inbox(&self) -> String {
        format!("{}/inbox", self.loire.base())
    }

    fn now(&self) -> i64 {
        self.world.clock.now_seconds()
    }

    /// A note nobody said before.
    fn note(&self) -> String {
        let id = self.world.clock.fresh_id();
        self.stranger.note(&id).to_string()
    }

    /// The headers of an honest request, without a signature.
    fn plain(&self, body: &str) -> HeaderMap {
        let now = self.now();
        let letter = self
            .stranger
            .letter_of(now, &self.inbox(), body, Way::Cavage);
        let mut headers = letter.headers;
        headers.remove("signature");
        let digest = STANDARD.encode(Sha256::digest(body));
        put(
            &mut headers,
            "content-digest",
            &format!("sha-256=:{digest}:"),
        );
        put(&mut headers, "user-agent", "Honest/1.0");
        put(&mut headers, "content-length", &body.len().to_string());
        headers
    }

    fn value(&self, name: &str, headers: &HeaderMap) -> String {
        let base = self.loire.base();
        match name {
            "(request-target)" => "post /inbox".to_owned(),
            "(created)" => self.now().to_string(),
            "(expires)" => (self.now() + 60).to_string(),
            "@method" => "POST".to_owned(),
            "@target-uri" => self.inbox(),
            "@authority" => base.trim_start_matches("http://").to_owned(),
            "@scheme" => "http".to_owned(),
            "@path" | "@request-target" => "/inbox".to_owned(),
            "@query" => "?".to_owned(),
            _ => headers[name].to_str().unwrap().to_owned(),
        }
    }

    /// A request signed in the old way over these components, with these parameters before
    /// `headers` and `signature`.
    fn cavage(&self, names: &str, parameters: &str) -> Letter {
        let body = self.note();
        let headers = self.plain(&body);
        self.cavage_over(
            names,
            parameters,
            body,
            headers,
            &(&self.stranger.rsa).into(),
        )
    }

    fn cavage_over(
        &self,
        names: &str,
        parameters: &str,
        body: String,
        mut headers: HeaderMap,
        key: &SecretKey<'_>,
    ) -> Letter {
        let lines: Vec<String> = names
            .split(' ')
            .map(|name| format!("{name}: {}", self.value(name, &headers)))
            .collect();
        let signature = STANDARD.encode(key.sign(lines.join("\n").as_bytes()));
        let key_id = self.stranger.at("/actor#main-key");
        let text =
            format!("keyId=\"{key_id}\",{parameters}headers=\"{names}\",signature=\"{signature}\"");
        put(&mut headers, "signature", &text);
        self.letter(headers, body)
    }

    /// A request signed in the new way over these components, with these parameters.
    fn rfc9421(&self, names: &str, parameters: &str) -> Letter {
        let body = self.note();
        let headers = self.plain(&body);
        self.rfc9421_over(names, parameters, body, headers)
    }

    fn rfc9421_over(
        &self,
        names: &str,
        parameters: &str,
        body: String,
        mut headers: HeaderMap,
    ) -> Letter {
        let mut base = String::new();
        let mut list = Vec::new();
        for name in names.split(' ').filter(|name| !name.is_empty()) {
            base.push_str(&format!("\"{name}\": {}\n", self.value(name, &headers)));
            list.push(format!("\"{name}\""));
        }
        let key_id = self.stranger.at("/actor#main-key");
        let input = format!("({}){parameters};keyid=\"{key_id}\"", list.join(" "));
        base.push_str(&format!("\"@signature-params\": {input}"));
        let signature = STANDARD.encode(self.stranger.rsa.sign(base.as_bytes()));
        put(&mut headers, "signature-input", &format!("sig1={input}"));
        put(&mut headers, "signature", &format!("sig1=:{signature}:"));
        self.letter(headers, body)
    }

    fn letter(&self, headers: HeaderMap, body: String) -> Letter {
        Letter {
            url: self.inbox().parse().unwrap(),
            headers,
            body: body.into_bytes(),
        }
    }

    async fn takes(&self, letter: &Letter, what: &str) {
        let answer = post(&self.loire, letter).await;
        assert_eq!(answer.status.as_u16(), 202, "{what}: {}", answer.text);
    }

    async fn refuses(&self, letter: &Letter, what: &str) {
        let answer = post(&self.loire, letter).await;
        assert!(
            answer.status.is_client_error() || answer.status.as_u16() == 503,
            "{what}: {} {}",
            answer.status,
            answer.text
        );
        assert!(!answer.error().is_empty(), "{what} is told why");
    }

    /// Refuses an activity, signed as it should be.
    async fn refuses_words(&self, body: &str, what: &str) {
        for way in [Way::Cavage, Way::Rfc9421] {
            let letter = self
                .stranger
                .letter_of(self.now(), &self.inbox(), body, way);
            self.refuses(&letter, what).await;
        }
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let value = HeaderValue::from_str(value).unwrap();
    headers.insert(HeaderName::from_static(name), value);
}

const OLD: &str = "(request-target) host date digest";
const NEW: &str = "@method @target-uri content-digest";
