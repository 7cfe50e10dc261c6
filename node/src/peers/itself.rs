//! What an actor says about itself: that it is as follows now, or that it is no more.

use federation::vocabulary::{Act, Activity, Actor};

use super::inbox::Outcome;
use super::{Peer, rules, store};
use crate::Node;
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

/// Receives `Update` and `Delete` of the actor that says them. A node of our kind is not changed by
/// word, but by what its own address shows when it is read.
pub fn receive(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
) -> Result<Outcome, Refusal> {
    let who = &activity.actor;
    let (Act::Update { object } | Act::Delete { object }) = &activity.act else {
        return Ok(Outcome::NotMine);
    };
    if object.id() != Some(who) || rules::is_node(from, activity) {
        return Ok(Outcome::NotMine);
    }
    if matches!(activity.act, Act::Delete { .. }) {
        store::forget_actor(conn, who)?;
        return Ok(Outcome::Done(format!("gone: {who}")));
    }
    let Some(value) = object.value() else {
        return Ok(Outcome::NotMine);
    };
    let actor = Actor::of(value).map_err(|refused| {
        let unreadable = Say::new("peers-unreadable").with("why", refused);
        Refusal::field("activity", unreadable)
    })?;
    store::note_actor(conn, &actor, node.clock.now_us())?;
    Ok(Outcome::Done(format!("as it is now: {who}")))
}
