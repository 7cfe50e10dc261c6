//! What our own terms mean to JSON-LD.
//!
//! Nodes read JSON, not JSON-LD; but others expand, and for them the terms are defined. The
//! document is bundled, and served by every node under `/ns/v1`. What we send to everyone carries
//! the definitions inline, not the address: a server that expands would otherwise have to reach
//! that address before it could read anything, and could not when it is down.

use std::sync::LazyLock;

use serde_json::{Value, json};

/// ActivityStreams 2.0.
pub const ACTIVITY_STREAMS: &str = "https://www.w3.org/ns/activitystreams";
/// `publicKey` and its kin.
pub const SECURITY: &str = "https://w3id.org/security/v1";
/// `proof`.
pub const DATA_INTEGRITY: &str = crate::proof::DATA_INTEGRITY_CONTEXT;
/// `assertionMethod` (FEP-521a).
pub const DID: &str = "https://www.w3.org/ns/did/v1";
/// `Multikey` and `publicKeyMultibase` (FEP-521a).
pub const MULTIKEY: &str = "https://w3id.org/security/multikey/v1";
/// Our own terms: the address of [`DOCUMENT`].
pub const ANTIPHON: &str = "https://antiphon.coop/ns/v1";

/// The document that defines our own terms, as it is served.
pub const DOCUMENT: &str = include_str!("antiphon.jsonld");

static TERMS: LazyLock<Value> = LazyLock::new(|| {
    let document: Value = serde_json::from_str(DOCUMENT).expect("the bundled context is JSON");
    document["@context"].clone()
});

// Copied as it is: `json!` would write it out and read it again, for each of a million works.
static FULL: LazyLock<Value> = LazyLock::new(|| json!([ACTIVITY_STREAMS, DATA_INTEGRITY, *TERMS]));

/// The context of what has none of our own terms.
pub fn plain() -> Value {
    json!(ACTIVITY_STREAMS)
}

/// The context of objects and of activities that embed one.
pub fn full() -> Value {
    FULL.clone()
}

/// The context of actors: [`full`] and the terms of keys.
pub fn actor() -> Value {
    json!([
        ACTIVITY_STREAMS,
        SECURITY,
        DATA_INTEGRITY,
        DID,
        MULTIKEY,
        *TERMS
    ])
}
