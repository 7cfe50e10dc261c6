//! What a node says to a settlement once it has recomputed it: it agrees, or it objects and says
//! why. Signed by the node.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use settlement::{NodeId, Timestamp, Uri};

use crate::digest::Sha256Digest;
use crate::wire;

/// The `type` of a countersignature.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CountersignatureType {
    /// The only one.
    #[default]
    SettlementCountersignature,
}

/// What came of recomputing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "result", content = "reason", rename_all = "lowercase")]
pub enum Finding {
    /// The same bytes.
    Agreed,
    /// Something differs: one sentence that names the first thing.
    Objected(String),
}

/// A node's word on a settlement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Countersignature {
    /// Its own address.
    #[serde(with = "wire::text")]
    pub id: Uri,
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: CountersignatureType,
    /// The node.
    #[serde(with = "wire::text")]
    pub attributed_to: NodeId,
    /// The settlement.
    #[serde(with = "wire::text")]
    pub object: Uri,
    /// The digest of `settlement.json`.
    pub digest: Sha256Digest,
    /// Whether the node came to the same.
    #[serde(flatten)]
    pub finding: Finding,
    /// When it was said.
    #[serde(with = "wire::text")]
    pub published: Timestamp,
}

impl Countersignature {
    /// The countersignature as a JSON-LD document without a proof, ready to be signed.
    pub fn to_document(&self) -> Value {
        wire::document(self)
    }
}
