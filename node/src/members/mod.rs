//! Members: the people who listen through a venue, and the listening posts that count as one.
//!
//! A member joins with a venue's invitation, a name and a password, and gives nothing else. A
//! session is an opaque token in a cookie; only its digest is kept.

pub mod store;

use serde::Serialize;
use settlement::VenueId;

use crate::Node;
use crate::config::Language;
use crate::web::Refusal;

/// How long a session lasts without being renewed, in days.
pub const SESSION_DAYS: i64 = 60;

/// A member as the database holds them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Member {
    /// The member's id, known to this node alone.
    pub id: String,
    /// The name they sign in with.
    pub name: String,
    /// The language they chose.
    pub language: Language,
}

/// What somebody may do beyond listening.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Composes a venue's selections.
    Curator,
    /// Runs a venue's desk: members, seats, invitations.
    Manager,
    /// Runs the node.
    Operator,
}

impl Role {
    /// As the database writes it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Curator => "curator",
            Role::Manager => "manager",
            Role::Operator => "operator",
        }
    }

    /// Reads what [`Role::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "curator" => Some(Role::Curator),
            "manager" => Some(Role::Manager),
            "operator" => Some(Role::Operator),
            _ => None,
        }
    }
}

/// A member with an open session.
#[derive(Clone, Debug)]
pub struct SignedIn {
    /// The member's id.
    pub id: String,
    /// The name they signed in with.
    pub name: String,
    /// The language they chose.
    pub language: Language,
    /// The venue they listen through in this session; none once they left every venue.
    pub venue: Option<VenueId>,
    /// Their roles, by venue (`None`: the node).
    pub roles: Vec<(Option<VenueId>, Role)>,
}

impl SignedIn {
    /// Whether they may compose selections for this venue.
    pub fn curates(&self, venue: &VenueId) -> bool {
        self.operates()
            || self.roles.iter().any(|(at, role)| {
                at.as_ref() == Some(venue) && matches!(role, Role::Curator | Role::Manager)
            })
    }

    /// Whether they may run this venue's desk.
    pub fn manages(&self, venue: &VenueId) -> bool {
        self.operates()
            || self
                .roles
                .iter()
                .any(|(at, role)| at.as_ref() == Some(venue) && *role == Role::Manager)
    }

    /// Whether they run the node.
    pub fn operates(&self) -> bool {
        self.roles.iter().any(|(_, role)| *role == Role::Operator)
    }
}

/// The member whose session this token opens, if it still does.
pub async fn signed_in(node: &Node, token: &str) -> Result<Option<SignedIn>, Refusal> {
    if token.len() > 128 {
        return Ok(None);
    }
    let digest = token_digest(token);
    let now = node.clock.now_us();
    node.db
        .read(move |conn| Ok(store::session(conn, &digest, now)?))
        .await
}

/// What is kept of a token or a code: its SHA-256, in hex.
pub fn token_digest(token: &str) -> String {
    federation::digest::Sha256Digest::of(token.as_bytes()).hex()
}
