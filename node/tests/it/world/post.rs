//! A listening post: a key, an address to sign under, and plays to hand in.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderValue, Method};
use federation::keys::Ed25519Secret;
use federation::signature::{Outgoing, sign_rfc9421};
use node::clock::Clock;
use serde_json::{Value, json};
use settlement::WorkId;
use url::Url;

use super::{Answer, Host, Visitor};

/// A device with a key of its own.
pub struct PostInWorld {
    /// Its URI, once it is enrolled.
    pub id: String,
    /// What it signs with.
    pub key: Ed25519Secret,
    /// The clock it signs by.
    pub clock: Clock,
    /// How it speaks to its node.
    pub visitor: Visitor,
}

/// A play as a post hands it in.
pub fn play(id: &str, work: &WorkId, started: &str, seconds: u32) -> Value {
    json!({ "id": id, "work": work.as_str(), "started": started, "seconds": seconds })
}

impl PostInWorld {
    /// Enrols a new device with this code.
    pub async fn enrol(host: &Host, code: &str) -> Self {
        let key = Ed25519Secret::generate(&mut rand::rngs::OsRng);
        let visitor = host.visitor();
        let wish = json!({
            "code": code, "name": "Reading room", "public_key": key.public().to_multikey(),
        });
        let answer = visitor.post("/api/posts", &wish).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.text);
        PostInWorld {
            id: answer.json()["id"].as_str().unwrap().to_owned(),
            key,
            clock: host.clock.clone(),
            visitor,
        }
    }

    /// Hands plays in, signed, and reads the answer.
    pub async fn hand_in(&self, plays: &[Value]) -> Answer {
        let body = json!({ "plays": plays }).to_string();
        self.send(&format!("{}/plays", self.path()), &body, &self.id)
            .await
    }

    /// `/api/posts/{uuid}`
    pub fn path(&self) -> String {
        let uuid = self.id.rsplit('/').next().unwrap();
        format!("/api/posts/{uuid}")
    }

    /// Sends a body to a path, signed under `key_id`.
    pub async fn send(&self, path: &str, body: &str, key_id: &str) -> Answer {
        let headers = self.signed(&Method::POST, path, Some(body), key_id);
        let request = self.visitor.request(Method::POST, path).headers(headers);
        self.visitor.send(request.body(body.to_owned())).await
    }

    /// GET, signed.
    pub async fn get(&self, path: &str) -> Answer {
        let headers = self.signed(&Method::GET, path, None, &self.id);
        let request = self.visitor.request(Method::GET, path).headers(headers);
        self.visitor.send(request).await
    }

    /// The headers of a request, with its signature.
    pub fn signed(
        &self,
        method: &Method,
        path: &str,
        body: Option<&str>,
        key_id: &str,
    ) -> HeaderMap {
        let url = Url::parse(&format!("{}{path}", self.visitor.base)).unwrap();
        let mut headers = HeaderMap::new();
        if body.is_some() {
            headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        }
        let request = Outgoing {
            method,
            url: &url,
            body: body.map(str::as_bytes),
        };
        let now = self.clock.now_seconds();
        sign_rfc9421(&request, &mut headers, &self.key, key_id, now).unwrap();
        headers
    }
}
