//! Discovery: finding what one looks for, and what one did not know to look for.
//!
//! - [`search`] answers as one types: works, artists, releases, labels and selections by their
//!   words, from an index of this node's own beside its database.
//! - [`remote`] asks another node for what has an address or a handle there.
//! - [`nearness`] says which works and names are near each other, as numbers.
//! - [`voyage`] walks from work to work, and says at each step why.

pub mod nearness;
pub mod remote;
pub mod search;
pub mod voyage;

use axum::Router;

use crate::web::App;

pub use voyage::names::{CounterProposal, counter_proposals};

/// The doors of this room that answer programs.
pub fn routes() -> Router<App> {
    Router::new().merge(search::routes())
}
