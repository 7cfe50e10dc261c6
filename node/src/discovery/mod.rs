//! Discovery: finding what one looks for, and what one did not know to look for.
//!
//! - [`search`] answers as one types: works, artists, releases, labels and selections by their
//!   words, from an index of this node's own beside its database.

pub mod search;

use axum::Router;

use crate::web::App;

/// The doors of this room that answer programs.
pub fn routes() -> Router<App> {
    Router::new().merge(search::routes())
}
