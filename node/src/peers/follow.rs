//! Following: what happens when somebody follows an actor of ours, agrees to be followed, or
//! changes their mind; and asking for it ourselves.
//!
//! That two nodes follow each other stands with the peer; everybody else is in `followers` and
//! `followings`. Only the actor that was asked answers, and only who followed takes it back.

use federation::vocabulary::{Act, Activity, Reference};
use serde_json::{Value, json};
use settlement::Uri;

use super::actor::Local;
use super::inbox::Outcome;
use super::{Following, Peer, To, add, hear, say, store};
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
    let who = &activity.actor;
    match &activity.act {
        Act::Follow { object } => followed(conn, node, from, activity, object),
        Act::Accept { object } => answered(conn, node, from, who, object, true),
        Act::Reject { object } => answered(conn, node, from, who, object, false),
        Act::Undo { object } => unfollowed(conn, node, from, who, object),
        _ => Ok(Outcome::NotMine),
    }
}

/// Somebody follows an actor of ours: everyone may. Who is not here to be followed says no. A node
/// of our kind that follows the node is followed in return.
fn followed(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
    object: &Uri,
) -> Result<Outcome, Refusal> {
    let who = &activity.actor;
    let Some(local) = Local::at(conn, node, object)? else {
        if object.origin() == node.config.base() {
            answer(conn, node, activity, object, "Reject", None)?;
            return Ok(Outcome::Done(format!(
                "refused: Nobody can be followed at {object}"
            )));
        }
        let nobody = Say::new("peers-follow-nobody").with("object", object);
        return Err(Refusal::Forbidden(nobody));
    };
    let id = local.id(node);
    let of_nodes = matches!(local, Local::Node) && is_its_node(from, who);
    if of_nodes {
        store::set_follower(conn, &from.origin, true)?;
    } else {
        store::add_follower(conn, &id, who, &activity.id, node.clock.now_us())?;
    }
    answer(conn, node, activity, object, "Accept", Some(&id))?;
    if of_nodes && node.config.follow_back && from.following == Following::No {
        add::follow(conn, node, from)?;
        return Ok(Outcome::Done("it follows, and is followed".to_owned()));
    }
    // Who follows once more has lost its memory, and with it that we follow.
    if of_nodes && from.follower && from.following == Following::Yes {
        add::follow_again(conn, node, from)?;
    }
    Ok(Outcome::Done("it follows".to_owned()))
}

/// Answers a `Follow`, in the name of who was asked.
fn answer(
    conn: &mut Conn,
    node: &Node,
    follow: &Activity,
    object: &Uri,
    how: &str,
    speaker: Option<&Uri>,
) -> Result<(), Refusal> {
    let own = node.config.actor();
    let answer = json!({
        "type": how,
        "actor": speaker.unwrap_or(own.uri()).as_str(),
        "object": {
            "id": follow.id.as_str(),
            "type": "Follow",
            "actor": follow.actor.as_str(),
            "object": object.as_str(),
        },
    });
    say(conn, node, answer, To::Actor(follow.actor.clone()), false)?;
    Ok(())
}

/// Whether this actor is the node of its origin.
fn is_its_node(from: &Peer, who: &Uri) -> bool {
    from.is_node() && from.actor_id.uri() == who
}

/// Somebody answered a `Follow` of ours, today or long after.
fn answered(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    who: &Uri,
    named: &Reference,
    agreed: bool,
) -> Result<Outcome, Refusal> {
    let Some(id) = named.id() else {
        return Ok(Outcome::NotMine);
    };
    if store::answer_following(conn, who, id, agreed)? {
        let what = if agreed { "it is" } else { "it will not be" };
        return Ok(Outcome::Done(format!("{what} followed")));
    }
    if !(from.actor_id.uri() == who && is_our_follow(conn, from, id)?) {
        return Ok(Outcome::NotMine);
    }
    if agreed {
        return node_agreed(conn, node, from);
    }
    store::set_following(conn, &from.origin, Following::No)?;
    // What came of it until now is known here, and nobody tells of it any more.
    hear::of(conn, &from.origin, node.clock.now_us())?;
    Ok(Outcome::Done("it will not be followed".to_owned()))
}

/// A node agreed to be followed. What it said before is asked for.
fn node_agreed(conn: &mut Conn, node: &Node, from: &Peer) -> Result<Outcome, Refusal> {
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

/// Whether this is a `Follow` that this node sent to this peer's node.
fn is_our_follow(conn: &mut Conn, peer: &Peer, id: &Uri) -> Result<bool, Refusal> {
    let Some((activity, _)) = store::said(conn, id.as_str())? else {
        return Ok(false);
    };
    let said: Value = serde_json::from_str(&activity).map_err(Refusal::broken)?;
    Ok(said["type"] == "Follow" && said["object"] == peer.actor_id.as_str())
}

/// Somebody takes back a `Follow` of their own: by its id, or written out.
fn unfollowed(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    who: &Uri,
    named: &Reference,
) -> Result<Outcome, Refusal> {
    let Some(object) = its_follow(conn, who, named)? else {
        return Ok(Outcome::NotMine);
    };
    store::remove_follower(conn, &object, who)?;
    if object == *node.config.actor().uri() && is_its_node(from, who) {
        store::set_follower(conn, &from.origin, false)?;
    }
    Ok(Outcome::Done("it follows no longer".to_owned()))
}

/// Whom the `Follow` that is named here followed, if it was by `who`.
fn its_follow(conn: &mut Conn, who: &Uri, named: &Reference) -> Result<Option<Uri>, Refusal> {
    if let Ok(activity) = named.activity() {
        return Ok(match activity.act {
            Act::Follow { object } if activity.actor == *who => Some(object),
            _ => None,
        });
    }
    let Some(id) = named.id().filter(|id| id.origin() == who.origin()) else {
        return Ok(None);
    };
    if let Some(local) = store::followed_by(conn, who, id)? {
        return Ok(Some(local));
    }
    let Some(activity) = store::arrived(conn, id.as_str())? else {
        return Ok(None);
    };
    let said: Value = serde_json::from_str(&activity).map_err(Refusal::broken)?;
    let is_it = said["type"] == "Follow" && said["actor"] == who.as_str();
    let object = said["object"].as_str().or(said["object"]["id"].as_str());
    Ok(object
        .filter(|_| is_it)
        .and_then(|object| Uri::parse(object).ok()))
}
