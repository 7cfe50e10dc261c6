//! Adding a peer: find it by its name, read its actor, ask to follow it.

use federation::vocabulary::webfinger::Account;
use serde_json::json;
use settlement::{NodeId, Uri};

use super::standing::{self, Blocklist, Rules};
use super::{
    Following, Peer, RemoteActor, Standing, To, fetch::FetchRefused, framework, say, store,
};
use crate::config::Federation;
use crate::web::{App, Refusal};
use crate::words::Say;

/// Finds the node at `url` (WebFinger, then its actor), remembers it, and asks to follow it. Asks
/// nothing where that was done before. Returns the peer as it stands then.
pub async fn add(app: &App, url: &str) -> Result<Peer, Refusal> {
    let origin = standing::origin(app, url)?;
    let rules = Rules::of(&app.config);
    let is_open = app.config.federation == Federation::Open;
    let blocklist = app
        .db
        .read(move |conn| Ok::<_, Refusal>(Blocklist::read(conn, &rules)?))
        .await?;
    if blocklist.blocks(&origin) {
        let blocked = Say::new("peers-blocked").with("peer", &origin);
        return Err(Refusal::Conflict(blocked));
    }
    if !is_open {
        // Adding a host by name is allowing it, and it must be asked before it is known.
        let allowed = origin.clone();
        app.db
            .write(move |conn| {
                store::note_address(conn, &allowed)?;
                store::set_standing(conn, &allowed, Standing::Allowed)?;
                Ok::<_, Refusal>(())
            })
            .await?;
    }
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let actor = framework::find(app, framework::NODE_NAME, host)
        .await
        .map_err(|refused| not_found(&origin, &refused))?;
    if actor.id.origin() != origin {
        let found = Say::new("peers-elsewhere")
            .with("peer", &origin)
            .with("actor", &actor.id);
        return Err(Refusal::field("url", found));
    }
    let node = app.clone();
    app.db
        .write(move |conn| {
            let peer = store::note_actor(conn, &actor, node.clock.now_us())?;
            if !peer.is_node() {
                follow_actor(conn, &node, &actor.id)?;
            } else if peer.following == Following::No {
                follow(conn, &node, &peer)?;
            }
            Ok(store::peer(conn, &peer.origin)?.unwrap_or(peer))
        })
        .await
}

/// Asks to follow a peer.
pub fn follow(
    conn: &mut crate::db::Conn,
    node: &crate::Node,
    peer: &Peer,
) -> diesel::QueryResult<()> {
    store::set_following(conn, &peer.origin, Following::Asked)?;
    let follow = json!({ "type": "Follow", "object": peer.actor_id.as_str() });
    say(conn, node, follow, To::Peer(peer.origin.clone()), false)?;
    Ok(())
}

/// Asks to follow a peer that may have forgotten that we do; once a day at most, so that two who
/// forget nothing do not remind each other for ever.
pub(super) fn follow_again(
    conn: &mut crate::db::Conn,
    node: &crate::Node,
    peer: &Peer,
) -> diesel::QueryResult<()> {
    let yesterday = node.clock.now_us().saturating_sub(24 * 3600 * 1_000_000);
    let last = store::last_said(conn, &peer.origin, peer.actor_id.as_str())?;
    if last.is_none_or(|(said_us, waits)| !waits && said_us <= yesterday) {
        follow(conn, node, peer)?;
    }
    Ok(())
}

/// Asks to follow an actor that was read, in the node's name, unless that was done before.
pub fn follow_actor(
    conn: &mut crate::db::Conn,
    node: &crate::Node,
    id: &Uri,
) -> diesel::QueryResult<()> {
    let own = node.config.actor();
    if store::following(conn, own.uri(), id)? != Following::No {
        return Ok(());
    }
    let follow = json!({ "type": "Follow", "object": id.as_str() });
    let said = say(conn, node, follow, To::Actor(id.clone()), false)?;
    store::add_following(conn, own.uri(), id, &said, node.clock.now_us())
}

/// Takes back the Follow of an actor.
pub fn unfollow_actor(
    conn: &mut crate::db::Conn,
    node: &crate::Node,
    id: &Uri,
) -> diesel::QueryResult<()> {
    let own = node.config.actor();
    let Some(follow) = store::follow_of(conn, own.uri(), id)? else {
        return Ok(());
    };
    let undo = json!({
        "type": "Undo",
        "object": {
            "id": follow,
            "type": "Follow",
            "actor": own.as_str(),
            "object": id.as_str(),
        },
    });
    say(conn, node, undo, To::Actor(id.clone()), false)?;
    store::remove_following(conn, own.uri(), id)?;
    store::remove_notes_of(conn, id.as_str())?;
    Ok(())
}

/// Finds who is meant by `@name@host` or by an address, reads their actor and writes it down.
pub async fn meet(app: &App, wanted: &str) -> Result<RemoteActor, Refusal> {
    let wanted = wanted.trim();
    let refuse = |refused: FetchRefused| not_found(wanted, &refused);
    let actor = if wanted.contains("://") {
        let id = NodeId::parse(wanted)
            .map_err(|why| Refusal::field("who", Say::new("peers-address").with("why", why)))?;
        framework::actor(app, &id).await.map_err(refuse)?
    } else {
        let account = Account::parse(wanted)
            .map_err(|why| Refusal::field("who", Say::new("peers-address").with("why", why)))?;
        framework::find(app, account.name(), account.host())
            .await
            .map_err(refuse)?
    };
    if actor.id.origin() == app.config.base() {
        return Err(Refusal::field("who", Say::new("peers-ourselves")));
    }
    let now = app.clock.now_us();
    app.db
        .write(move |conn| {
            store::note_actor(conn, &actor, now)?;
            store::actor(conn, &actor.id)?.ok_or(Refusal::Missing)
        })
        .await
}

/// The node of an origin, found by its name where it is not known yet. It is not followed by that.
///
/// # Errors
/// When there is no node of our kind, or none that answers.
pub async fn node_of(app: &App, origin: &str) -> Result<Peer, Refusal> {
    let wanted = origin.to_owned();
    let known = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::peer(conn, &wanted)?));
    if let Some(peer) = known.await?.filter(Peer::is_node) {
        return Ok(peer);
    }
    let host = origin.split_once("://").map_or("", |(_, host)| host);
    let actor = framework::find(app, framework::NODE_NAME, host)
        .await
        .map_err(|refused| not_found(origin, &refused))?;
    if actor.id.origin() != origin {
        let found = Say::new("peers-elsewhere")
            .with("peer", origin)
            .with("actor", &actor.id);
        return Err(Refusal::field("url", found));
    }
    let now = app.clock.now_us();
    app.db
        .write(move |conn| Ok(store::note_actor(conn, &actor, now)?))
        .await
}

fn not_found(origin: &str, refused: &FetchRefused) -> Refusal {
    let why = super::fetch::chain(refused);
    let why: String = why.chars().take(400).collect();
    Refusal::field(
        "url",
        Say::new("peers-not-found")
            .with("peer", origin)
            .with("why", why),
    )
}
