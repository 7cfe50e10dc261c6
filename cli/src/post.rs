//! A listening post: a device with a key pair of its own, enrolled at one node. It asks and hands
//! in plays in requests that it signs (RFC 9421), whether or not somebody is signed in.

use std::sync::atomic::{AtomicI64, Ordering};

use anyhow::{Context as _, Result};
use federation::keys::Ed25519Secret;
use federation::signature::{Outgoing, sign_rfc9421};
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::door::{Door, Knock, Session};

/// How many plays are handed in at once.
pub const PLAYS_AT_ONCE: usize = 1_000;

/// An enrolled post.
#[derive(Debug)]
pub struct Post {
    /// The post's address at its node: the id of its key.
    pub id: String,
    key: Ed25519Secret,
    last_signed: AtomicI64,
}

/// What a node says to a post that enrols.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Enrolled {
    /// The post's address.
    pub id: String,
    /// The venue it plays in.
    pub venue: String,
    /// The venue's name.
    pub venue_name: String,
}

/// One play.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Play {
    /// Made by the post; a play counts once.
    pub id: String,
    /// The work's address.
    pub work: String,
    /// When it began, RFC 3339.
    pub started: String,
    /// For how long it sounded, in whole seconds.
    pub seconds: u64,
    /// The selection it was played from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub selection: Option<String>,
}

/// What became of plays that were handed in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct HandedIn {
    /// Taken now.
    pub taken: usize,
    /// Taken before.
    pub known: usize,
    /// Not taken, and why.
    pub refused: Vec<NotTaken>,
}

/// A play that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct NotTaken {
    /// The play.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// Who vouches for a post that enrols.
#[derive(Clone, Copy, Debug)]
pub enum Voucher<'a> {
    /// A venue's invitation: the post stands in the venue, for whoever is there.
    Code(&'a str),
    /// A member: the post is theirs.
    Member(&'a Session),
}

impl Post {
    /// A post that enrolled before.
    pub fn new(id: String, key: Ed25519Secret) -> Self {
        Post {
            id,
            key,
            last_signed: AtomicI64::new(0),
        }
    }

    /// Enrols a post of this name and key.
    pub async fn enrol(
        door: &Door,
        voucher: Voucher<'_>,
        name: &str,
        key: &Ed25519Secret,
    ) -> Result<Enrolled> {
        let public_key = key.public().to_multikey();
        let knock = match voucher {
            Voucher::Code(code) => Knock::post(
                "/api/posts",
                &json!({ "code": code, "name": name, "public_key": public_key }),
            ),
            Voucher::Member(session) => Knock::post(
                "/api/posts",
                &json!({ "name": name, "public_key": public_key }),
            )
            .by(session),
        };
        door.knock(&knock).await?.accepted()?.json()
    }

    /// Signs a request with the post's key; `now` is in seconds since 1970.
    pub fn sign(&self, door: &Door, mut knock: Knock, now: i64) -> Result<Knock> {
        // Ed25519 signs the same words the same way, and a node takes a signature once: two
        // requests in one second must differ in when they say they were signed.
        let created = self
            .last_signed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |last| {
                Some(now.max(last + 1))
            })
            .map_or(now, |last| now.max(last + 1));
        let url = door.address(knock.path())?;
        let (method, body, headers) = knock.signed_parts();
        let method = method.clone();
        let outgoing = Outgoing {
            method: &method,
            url: &url,
            body,
        };
        sign_rfc9421(&outgoing, headers, &self.key, &self.id, created)
            .context("the request cannot be signed")?;
        Ok(knock)
    }

    /// Hands in up to [`PLAYS_AT_ONCE`] plays; `now` tells the time in seconds since 1970.
    pub async fn hand_in(
        &self,
        door: &Door,
        plays: &[Play],
        now: &(dyn Fn() -> i64 + Sync),
    ) -> Result<HandedIn> {
        let path = self
            .id
            .strip_prefix(door.base())
            .map(|post| format!("/api{post}/plays"))
            .with_context(|| format!("{} is not a post of {}", self.id, door.base()))?;
        let body = json!({ "plays": plays });
        let make = || self.sign(door, Knock::post(path.clone(), &body), now());
        door.knock_with(&make).await?.accepted()?.json()
    }
}
