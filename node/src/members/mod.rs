//! Members: the people who listen through a venue, and the listening posts that count as one.
//!
//! A member joins with a venue's invitation, a name and a password or a passkey, and gives nothing
//! else ([`join`], [`passkeys`]). A session is an opaque token in a cookie; only its digest is kept ([`sign_in`]).
//! Many members have no e-mail: who forgot their password gets a one-time code from their venue
//! ([`reset`]) and chooses another ([`redeem`]). Guessing slows down ([`guesses`],
//! [`callers`]). Staff show a code
//! of an app as well ([`second`]), or sign in with a passkey.
//!
//! A member may belong to several venues, leave any of them, take everything along
//! ([`everything`]) and be forgotten ([`forget`]).

pub mod account;
pub mod callers;
pub mod code;
pub mod guesses;
pub mod pages;
pub mod passkeys;
pub mod password;
pub mod public;
pub mod second;
pub mod store;

mod api;
mod forgetting;
mod joining;
mod session;
mod taking_along;

use axum::Router;
use axum::routing::post;
use serde::Serialize;
use settlement::VenueId;

use crate::config::Language;
use crate::web::App;

pub use forgetting::{Again, forget, forget_named};
pub(crate) use joining::put_role;
pub use joining::{
    Joining, NAME_LIMIT, add, add_post, check_invitation, join, join_another, join_named, leave,
    leave_named, set_role, use_invitation,
};
use session::check_password;
pub(crate) use session::reset_in;
pub use session::{
    RESET_HOURS, SESSION_DAYS, Session, change_password, redeem, reset, sign_in, sign_in_from,
    sign_out, signed_in, without_session,
};
pub use taking_along::everything;

/// The doors of this room.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/api/join", post(api::join))
        .route("/api/sessions", post(api::sign_in).delete(api::sign_out))
        .merge(passkeys::api_routes())
}

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
    /// Whether they showed a second step in this session.
    pub proved: bool,
    /// Whether they have roles that wait for a second step.
    pub waiting: bool,
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

/// What is kept of a token or a code: its SHA-256, in hex.
pub fn token_digest(token: &str) -> String {
    federation::digest::Sha256Digest::of(token.as_bytes()).hex()
}
