//! Drafts: a release as somebody of its label writes it, until and after it is published.
//!
//! What is typed is kept as it was typed, once nothing is wrong with it. Publishing enters it the way
//! an import does ([`publishing`]): the same keys the next time, so that publishing again changes what
//! changed and nothing else; whoever would have less by it is asked first.

mod facts;
mod publishing;

use federation::digest::Sha256Digest;
use settlement::{PartyId, Uri};

use super::store;
use crate::Node;
use crate::catalogue::Party;
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

pub use facts::{ReleaseFacts, WorkFacts};
pub use publishing::{missing, publish, withdraw};

/// The most works of one draft.
pub const WORKS_LIMIT: usize = 200;
/// The most drafts of a label that are not published.
pub const DRAFTS_LIMIT: i64 = 100;

/// A release as it is written by hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// Its id, known to this node alone.
    pub id: String,
    /// The label that puts it out.
    pub label: PartyId,
    /// What was typed.
    pub facts: ReleaseFacts,
    /// Its picture, kept.
    pub cover: Option<Sha256Digest>,
    /// The release it became.
    pub release: Option<Uri>,
    /// When it was begun, in microseconds UTC.
    pub created_us: i64,
    /// When it was changed last, in microseconds UTC.
    pub updated_us: i64,
    /// When it was published last, in microseconds UTC.
    pub published_us: Option<i64>,
    /// Its works, in their order.
    pub works: Vec<DraftWork>,
}

impl Draft {
    /// Whether something was changed since it was published.
    pub fn is_ahead(&self) -> bool {
        self.published_us.is_some_and(|us| us < self.updated_us)
    }

    /// How long its works last together, in seconds.
    pub fn seconds(&self) -> i64 {
        let ms: u64 = self.works.iter().map(|work| work.file.duration_ms).sum();
        i64::try_from(ms.div_ceil(1_000)).unwrap_or(i64::MAX)
    }

    fn key(&self) -> String {
        format!("label|{}", self.id)
    }
}

/// A work of a draft.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DraftWork {
    /// Its id, known to this node alone.
    pub id: String,
    /// Its place, from 1.
    pub position: i64,
    /// What was typed.
    pub facts: WorkFacts,
    /// Its file.
    pub file: Upload,
}

impl DraftWork {
    /// How long it lasts, in seconds.
    pub fn seconds(&self) -> i64 {
        i64::try_from(self.file.duration_ms.div_ceil(1_000)).unwrap_or(i64::MAX)
    }
}

/// A file that was uploaded and is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Upload {
    /// The digest of its bytes.
    pub digest: Sha256Digest,
    /// Its name as it came, for people.
    pub name: String,
    /// The digest of its sound without its tags.
    pub sound: String,
    /// What it is.
    pub media_type: String,
    /// Its bytes.
    pub size: u64,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
}

/// A new, empty draft of a label, in the caller's transaction.
///
/// # Errors
/// [`Refusal::Conflict`] when the label has too many that are not published.
pub fn begin(conn: &mut Conn, node: &Node, label: &Party) -> Result<Draft, Refusal> {
    if store::open_drafts(conn, &label.id)? >= DRAFTS_LIMIT {
        let many = Say::new("labels-drafts-too-many").with("limit", DRAFTS_LIMIT);
        return Err(Refusal::Conflict(many));
    }
    let now_us = node.clock.now_us();
    let draft = Draft {
        id: node.clock.fresh_id(),
        label: label.id.clone(),
        facts: ReleaseFacts::default(),
        cover: None,
        release: None,
        created_us: now_us,
        updated_us: now_us,
        published_us: None,
        works: Vec::new(),
    };
    store::put_draft(conn, &draft)?;
    Ok(draft)
}

/// A label's draft.
///
/// # Errors
/// [`Refusal::Missing`] where the label has none of this id.
pub fn of_label(conn: &mut Conn, label: &Party, id: &str) -> Result<Draft, Refusal> {
    store::draft(conn, id)?
        .filter(|draft| draft.label == label.id)
        .ok_or(Refusal::Missing)
}
