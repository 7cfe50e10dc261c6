//! What a coordinator answers to a play report: a receipt, or a refusal that says why. Both are
//! signed, so neither side can later tell another story.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use settlement::{NodeId, Timestamp, Uri};

use crate::digest::Sha256Digest;
use crate::wire;

/// The `type` of a receipt.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum ReceiptType {
    /// The only one.
    #[default]
    PlayReportReceipt,
}

/// A coordinator has taken a report in and will settle on it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayReportReceipt {
    /// The receipt's own address.
    #[serde(with = "wire::text")]
    pub id: Uri,
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: ReceiptType,
    /// The coordinator.
    #[serde(with = "wire::text")]
    pub attributed_to: NodeId,
    /// The report.
    #[serde(with = "wire::text")]
    pub object: Uri,
    /// The digest of the report's signed manifest in its canonical form (RFC 8785).
    pub digest: Sha256Digest,
    /// When it was taken in.
    #[serde(with = "wire::text")]
    pub received: Timestamp,
}

/// The `type` of a refusal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RefusalType {
    /// The only one.
    #[default]
    PlayReportRefusal,
}

/// A coordinator has not taken a report in; the node can correct it and report again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PlayReportRefusal {
    /// The refusal's own address.
    #[serde(with = "wire::text")]
    pub id: Uri,
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: RefusalType,
    /// The coordinator.
    #[serde(with = "wire::text")]
    pub attributed_to: NodeId,
    /// The report.
    #[serde(with = "wire::text")]
    pub object: Uri,
    /// The digest of the report's manifest as it came, in its canonical form.
    pub digest: Sha256Digest,
    /// One sentence: which file, which row, what is wrong.
    pub reason: String,
    /// When it was refused.
    #[serde(with = "wire::text")]
    pub published: Timestamp,
}

impl PlayReportReceipt {
    /// The receipt as a JSON-LD document without a proof, ready to be signed.
    pub fn to_document(&self) -> Value {
        wire::document(self)
    }
}

impl PlayReportRefusal {
    /// The refusal as a JSON-LD document without a proof, ready to be signed.
    pub fn to_document(&self) -> Value {
        wire::document(self)
    }
}
