//! Following: what happens when a peer follows us, agrees to be followed, or changes its mind.

use federation::vocabulary::{Act, Activity, Reference};
use serde_json::{Value, json};
use settlement::Uri;

use super::inbox::Outcome;
use super::{Following, Peer, To, add, say, store};
use crate::Node;
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

/// Receives `Follow`, the answers to ours, and `Undo` of a `Follow`.
pub fn receive(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
) -> Result<Outcome, Refusal> {
    match &activity.act {
        Act::Follow { object } => followed(conn, node, from, activity, object),
        Act::Accept { object } if is_our_follow(conn, from, object)? => agreed(conn, node, from),
        Act::Reject { object } if is_our_follow(conn, from, object)? => {
            store::set_following(conn, &from.origin, Following::No)?;
            Ok(Outcome::Done("it will not be followed".to_owned()))
        }
        Act::Undo { object } if is_its_follow(conn, from, object)? => {
            store::set_follower(conn, &from.origin, false)?;
            Ok(Outcome::Done("it follows no longer".to_owned()))
        }
        _ => Ok(Outcome::NotMine),
    }
}

/// A peer follows us: everyone may. A node of our kind is followed in return.
fn followed(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
    object: &Uri,
) -> Result<Outcome, Refusal> {
    if object != node.config.actor().uri() {
        let nobody = Say::new("peers-follow-nobody").with("object", object);
        return Err(Refusal::Forbidden(nobody));
    }
    store::set_follower(conn, &from.origin, true)?;
    let accept = json!({
        "type": "Accept",
        "object": {
            "id": activity.id.as_str(),
            "type": "Follow",
            "actor": activity.actor.as_str(),
            "object": object.as_str(),
        },
    });
    say(conn, node, accept, To::Peer(from.origin.clone()), false)?;
    if node.config.follow_back && from.is_node() && from.following == Following::No {
        add::follow(conn, node, from)?;
        return Ok(Outcome::Done("it follows, and is followed".to_owned()));
    }
    // Who follows once more has lost its memory, and with it that we follow.
    if from.follower && from.following == Following::Yes {
        add::follow_again(conn, node, from)?;
    }
    Ok(Outcome::Done("it follows".to_owned()))
}

/// A peer agreed to be followed. What it said before is asked for.
fn agreed(conn: &mut Conn, node: &Node, from: &Peer) -> Result<Outcome, Refusal> {
    match from.following {
        Following::Asked => {
            store::set_following(conn, &from.origin, Following::Yes)?;
            node.wake.pull.notify_one();
            Ok(Outcome::Done("it is followed".to_owned()))
        }
        Following::Yes => Ok(Outcome::Done("it was followed already".to_owned())),
        Following::No => Err(Refusal::Forbidden(Say::new("peers-answer-unasked"))),
    }
}

/// Whether this names a `Follow` that this node sent to this peer.
fn is_our_follow(conn: &mut Conn, peer: &Peer, named: &Reference) -> Result<bool, Refusal> {
    let Some(id) = named.id() else {
        return Ok(false);
    };
    let Some((activity, _)) = store::said(conn, id.as_str())? else {
        return Ok(false);
    };
    let said: Value = serde_json::from_str(&activity).map_err(Refusal::broken)?;
    Ok(said["type"] == "Follow" && said["object"] == peer.actor_id.as_str())
}

/// Whether this names a `Follow` of this node by this peer: the one that arrived here, or one it
/// writes out.
fn is_its_follow(conn: &mut Conn, peer: &Peer, named: &Reference) -> Result<bool, Refusal> {
    if let Ok(activity) = named.activity() {
        let its_own = activity.actor == *peer.actor_id.uri();
        return Ok(its_own && matches!(activity.act, Act::Follow { .. }));
    }
    let Some(id) = named.id().filter(|id| id.origin() == peer.origin) else {
        return Ok(false);
    };
    let Some(activity) = store::arrived(conn, id.as_str())? else {
        return Ok(false);
    };
    let said: Value = serde_json::from_str(&activity).map_err(Refusal::broken)?;
    Ok(said["type"] == "Follow")
}
