//! Listening: plays, the posts that hand them in, and what counts of them.
//!
//! Nobody hears a work without a **grant** of their own, which ends ([`Grants`]).
//!
//! A **play** is one time somebody listened to a work: when it started, how many seconds it lasted.
//! The web player reports a play while it goes on ([`report`]); a game or a book, which is not
//! played to an end, is used when it is handed over ([`hand_over`]); a **listening post**, a device with
//! a key of its own, hands in what was played while it was offline ([`hand_in`]). A post enrolled
//! with a venue's invitation is a member without a face; one enrolled by somebody who is signed in
//! is a device of theirs ([`enrol`]).
//!
//! A play counts in the month in which it started or, when that was closed before the play came, in
//! the first open month after it. Nothing is ever deleted: what counts as a use, and why the rest
//! does not, is decided when a month is counted ([`counted`], [`counting`]).

pub mod counting;
pub mod shown;
pub mod store;

mod api;
mod grant;
mod posts;
mod taking;

use std::collections::BTreeSet;

use axum::Router;
use axum::routing::post;
use diesel::QueryResult;
use settlement::{Counting, Kind, Period};

use crate::Node;
use crate::calendar::{Calendar, months_before};
use crate::db::Conn;
use crate::web::App;

pub use counting::{Counted, CountedRow};
pub use grant::{Grants, Holder};
pub use posts::{
    Enrolling, Listener, Post, SignedPost, enrol, enrol_device, is_signed, revoke_post, signed_post,
};
pub use taking::{HandedIn, NewPlay, hand_in, hand_over, report};

/// The doors of this room.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/listening/plays", post(api::report))
        .route("/api/posts", post(api::enrol))
        .route("/api/posts/{id}/plays", post(api::hand_in))
}

/// Whether a work of this kind is handed over, rather than played to its end.
pub fn is_handed_over(kind: &str) -> bool {
    [Kind::Game, Kind::Book].map(Kind::as_str).contains(&kind)
}

/// The first month that is not closed, from `month` on.
pub fn first_open(closed: &BTreeSet<Period>, month: Period) -> Period {
    std::iter::successors(Some(month), Period::next)
        .find(|month| !closed.contains(month))
        .unwrap_or(month)
}

/// What counts in a month under these rules, as things stand in this transaction.
pub fn counted(
    conn: &mut Conn,
    node: &Node,
    period: Period,
    counting: &Counting,
) -> QueryResult<Counted> {
    let calendar = Calendar::of(&node.config);
    let mut tally = counting::Tally::new(period, counting, &calendar);
    // What is older than that is late whatever else is known of it.
    let oldest_us = calendar.begins_us(months_before(period, counting::LATE_MONTHS));
    let Some(first_us) = store::first_start(conn, period)? else {
        return Ok(tally.finish());
    };
    let from_us = counting::earliest_us(first_us.max(oldest_us));
    store::each_member(conn, period, from_us, |member, plays| {
        tally.member(member, plays);
    })?;
    Ok(tally.finish())
}
