//! Saying something: an activity and its deliveries, stored in the transaction that causes them.

use std::collections::BTreeSet;

use diesel::QueryResult;
use federation::vocabulary::{PUBLIC, context};
use serde_json::{Value, json};
use settlement::Uri;

use super::deliver;
use super::store::{self, NewDelivery, NewSaid};
use crate::Node;
use crate::clock::rfc3339;
use crate::db::Conn;

/// To whom something is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    /// To everyone who follows the node, and to whoever reads its outbox.
    Followers,
    /// To nodes of our kind that follow the node or this actor of ours, and to whoever reads the
    /// node's outbox.
    NodesOf(Uri),
    /// To those on servers of other kinds who follow this actor of ours, and to whoever reads its
    /// outbox.
    StrangersOf(Uri),
    /// To everyone who follows this actor of ours.
    FollowersOf(Uri),
    /// To the peer at this origin alone.
    Peer(String),
    /// To this actor alone, which was read before.
    Actor(Uri),
}

impl To {
    fn is_public(&self) -> bool {
        !matches!(self, To::Peer(_) | To::Actor(_))
    }
}

/// Stores an activity and its deliveries in the caller's transaction; returns the activity's id.
///
/// The id is drawn here; what `activity` lacks of `@context`, `actor`, `published`, `to` and `cc`
/// is filled in: the node says it, unless `activity` names another actor of ours.
/// `money`: it concerns money, and is delivered however long that takes.
pub fn say(
    conn: &mut Conn,
    node: &Node,
    activity: Value,
    to: To,
    money: bool,
) -> QueryResult<String> {
    let now = node.clock.now_us();
    let kind = activity["type"].as_str().unwrap_or_default().to_owned();
    let object = &activity["object"];
    let object = object.as_str().or(object["id"].as_str());
    let object = object.map(str::to_owned);
    let (id, speaker, text) = complete(node, activity, &to, now)?;
    let ours = node.config.actor();
    let speaker = Some(speaker.as_str()).filter(|speaker| *speaker != ours.as_str());
    let said = NewSaid {
        id: &id,
        actor: speaker,
        activity: &text,
        kind: &kind,
        object: object.as_deref(),
        public: to.is_public(),
    };
    store::keep_said(conn, &said, now)?;
    store::drop_replaced(conn, &said)?;
    let here = node.config.base();
    let receivers = match to {
        To::Followers => audience(conn, node, None)?,
        To::NodesOf(actor) => audience(conn, node, Some(&actor))?,
        To::StrangersOf(actor) => store::followers_at(conn, &actor, false)?,
        To::FollowersOf(actor) => {
            let mut places = store::followers_at(conn, &actor, true)?;
            places.extend(store::followers_at(conn, &actor, false)?);
            places
        }
        To::Actor(actor) => {
            let inbox = store::inbox_of(conn, &actor)?;
            vec![inbox.ok_or(diesel::result::Error::NotFound)?]
        }
        // What a node tells itself (a coordinator that reports, too) does not leave the house.
        To::Peer(origin) if origin == here => {
            store::keep_arrived(conn, &id, &node.config.actor(), &text, None, now)?;
            node.wake.inbox.notify_one();
            Vec::new()
        }
        To::Peer(origin) => {
            let peer = store::note_address(conn, &origin)?;
            vec![(origin, peer.inbox)]
        }
    };
    // Who has been away for so long that the first of its line were given up gets nothing more
    // put in line: when it is back it reads what it missed.
    let away = match said.public && !money {
        true => store::long_away(conn, now.saturating_sub(deliver::GIVE_UP_US))?,
        false => Vec::new(),
    };
    let deliveries: Vec<NewDelivery> = receivers
        .into_iter()
        .filter(|(origin, _)| !away.contains(origin))
        .map(|(origin, inbox)| NewDelivery {
            id: node.clock.fresh_id(),
            origin,
            inbox,
        })
        .collect();
    store::queue(conn, &id, money, &deliveries, now)?;
    node.wake.deliver.notify_one();
    Ok(id)
}

/// Where everyone takes activities who follows the node, or the nodes alone that follow it or
/// `also`; each place once.
fn audience(
    conn: &mut Conn,
    node: &Node,
    also: Option<&Uri>,
) -> QueryResult<Vec<(String, String)>> {
    let own = node.config.actor();
    let mut places = BTreeSet::new();
    let nodes = store::followers(conn)?;
    let mut met: BTreeSet<String> = nodes.iter().map(|(origin, _)| origin.clone()).collect();
    places.extend(nodes);
    let mut more = store::followers_at(conn, own.uri(), true)?;
    match also {
        Some(also) => more.extend(store::followers_at(conn, also, true)?),
        None => places.extend(store::followers_at(conn, own.uri(), false)?),
    }
    // A node hears a thing once, whoever of it follows us.
    for place in more {
        if met.insert(place.0.clone()) {
            places.insert(place);
        }
    }
    Ok(places.into_iter().collect())
}

/// The activity as it goes out: its id, whose it is, and its text.
fn complete(
    node: &Node,
    activity: Value,
    to: &To,
    now_us: i64,
) -> QueryResult<(String, String, String)> {
    let Value::Object(given) = activity else {
        return Err(unsayable("an activity is a JSON object"));
    };
    if given.contains_key("id") {
        // Ids grow with time, so that the outbox can be walked; only this place draws them.
        return Err(unsayable("an activity gets its id when it is said"));
    }
    let id = node
        .config
        .uri(&format!("/activities/{}", node.clock.fresh_id()));
    let (audience, copies) = match to {
        To::Followers | To::NodesOf(_) => (
            json!([PUBLIC]),
            Some(json!([node.config.uri("/followers")])),
        ),
        To::StrangersOf(actor) | To::FollowersOf(actor) => {
            (json!([PUBLIC]), Some(json!([format!("{actor}/followers")])))
        }
        To::Peer(origin) => (json!([format!("{origin}/actor")]), None),
        To::Actor(actor) => (json!([actor.as_str()]), None),
    };
    let mut whole = serde_json::Map::new();
    // A document that says itself what its words mean is not told so once more.
    let context = match given
        .get("object")
        .and_then(|object| object.get("@context"))
    {
        Some(_) => context::plain(),
        None => context::full(),
    };
    whole.insert("@context".into(), context);
    whole.insert("id".into(), json!(id));
    whole.insert("actor".into(), json!(node.config.actor().as_str()));
    whole.insert("published".into(), json!(rfc3339(now_us)));
    whole.insert("to".into(), audience);
    if let Some(copies) = copies {
        whole.insert("cc".into(), copies);
    }
    whole.extend(given);
    let speaker = whole["actor"].as_str().unwrap_or_default().to_owned();
    Ok((id, speaker, Value::Object(whole).to_string()))
}

fn unsayable(why: &'static str) -> diesel::result::Error {
    diesel::result::Error::SerializationError(why.into())
}
