//! Reading what arrived before it acts: what an activity says, and whether its object's proof fits,
//! is found out on all processors while the one writer is at work elsewhere. Whose key counts is
//! still decided in the transaction in which it acts ([`super::keys::check`]).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use diesel::QueryResult;
use federation::json::{JsonLimits, parse_strict};
use federation::keys::Ed25519Public;
use federation::proof;
use federation::vocabulary::{Act, Activity};
use futures_util::future::join_all;
use serde_json::Value;

use super::store::{self, Arrived};
use crate::db::{Conn, DbError};
use crate::web::App;

/// What arrived, read.
pub(super) struct ReadAhead {
    /// As it arrived.
    pub arrived: Arrived,
    /// What it says, or why it cannot be read.
    pub activity: Result<Activity, String>,
    /// That its object's proof fits, for as long as this is held.
    _proven: Option<Held>,
}

/// The documents that are held to be proven.
#[derive(Default)]
pub(super) struct ProvenAhead(Mutex<BTreeMap<String, (Value, Ed25519Public)>>);

impl ProvenAhead {
    /// Whether this very document was found to be signed with this very key.
    pub fn holds(&self, document: &Value, key: &Ed25519Public) -> bool {
        let proven = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        proof_value(document)
            .and_then(|value| proven.get(value))
            .is_some_and(|(known, by)| by == key && known == document)
    }
}

fn proof_value(document: &Value) -> Option<&str> {
    document["proof"]["proofValue"].as_str()
}

/// Keeps a document among those proven.
struct Held {
    app: App,
    value: String,
}

impl Held {
    fn hold(app: &App, document: &Value, key: &Ed25519Public) -> Option<Self> {
        let value = proof_value(document)?.to_owned();
        proof::verify(document, key).ok()?;
        let mut proven = app
            .outside
            .proven
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        proven.insert(value.clone(), (document.clone(), *key));
        let app = app.clone();
        Some(Held { app, value })
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let mut proven = self
            .app
            .outside
            .proven
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        proven.remove(&self.value);
    }
}

/// Reads all of these, in their order.
///
/// # Errors
/// When the keys of those who said it cannot be read.
pub(super) async fn read(app: &App, mut arrived: Vec<Arrived>) -> Result<Vec<ReadAhead>, DbError> {
    if arrived.is_empty() {
        return Ok(Vec::new());
    }
    let mut origins: Vec<String> = arrived.iter().map(|one| one.origin.clone()).collect();
    origins.sort();
    origins.dedup();
    let keys = app
        .db
        .read(move |conn| Ok::<_, DbError>(keys_of(conn, origins)?));
    let keys = Arc::new(keys.await?);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let size = arrived.len().div_ceil(workers);
    let mut parts = Vec::new();
    while !arrived.is_empty() {
        let rest = arrived.split_off(size.min(arrived.len()));
        let part = std::mem::replace(&mut arrived, rest);
        let (app, keys) = (app.clone(), keys.clone());
        let read = move || {
            let each = part.into_iter().map(|one| read_one(&app, &keys, one));
            each.collect::<Vec<_>>()
        };
        parts.push(tokio::task::spawn_blocking(read));
    }
    let mut all = Vec::new();
    for part in join_all(parts).await {
        all.extend(part.map_err(|_| DbError::Interrupted)?);
    }
    Ok(all)
}

fn keys_of(conn: &mut Conn, origins: Vec<String>) -> QueryResult<BTreeMap<String, Ed25519Public>> {
    let mut keys = BTreeMap::new();
    for origin in origins {
        if let Some(key) = store::peer(conn, &origin)?.and_then(|peer| peer.ed25519) {
            keys.insert(origin, key);
        }
    }
    Ok(keys)
}

fn read_one(app: &App, keys: &BTreeMap<String, Ed25519Public>, arrived: Arrived) -> ReadAhead {
    let activity = parse_strict(arrived.activity.as_bytes(), JsonLimits::OBJECT)
        .map_err(|refused| refused.to_string())
        .and_then(|value| Activity::of(&value).map_err(|refused| refused.to_string()));
    let document = match &activity {
        Ok(Activity {
            act: Act::Create { object } | Act::Update { object },
            ..
        }) => object.value(),
        _ => None,
    };
    let proven = document
        .zip(keys.get(&arrived.origin))
        .and_then(|(document, key)| Held::hold(app, document, key));
    ReadAhead {
        arrived,
        activity,
        _proven: proven,
    }
}

#[cfg(test)]
mod tests {
    use federation::keys::Ed25519Secret;
    use serde_json::json;

    use super::*;

    #[test]
    fn only_the_very_document_and_key_that_were_checked_are_held_to_be_proven() {
        let key = Ed25519Secret::from_seed(&[1; 32]);
        let work = json!({ "id": "https://loire.example/works/1", "name": "A" });
        let at = "2026-11-21T00:00:00Z";
        let signed = proof::sign(work, &key, "https://loire.example/actor#key", at).unwrap();
        let proven = ProvenAhead::default();
        assert!(!proven.holds(&signed, &key.public()));
        let value = proof_value(&signed).unwrap().to_owned();
        let known = (signed.clone(), key.public());
        proven.0.lock().unwrap().insert(value, known);
        assert!(proven.holds(&signed, &key.public()));
        let mut changed = signed.clone();
        changed["name"] = json!("B");
        assert!(!proven.holds(&changed, &key.public()));
        let other = Ed25519Secret::from_seed(&[2; 32]).public();
        assert!(!proven.holds(&signed, &other));
        assert!(!proven.holds(&json!({ "name": "A" }), &key.public()));
    }
}
