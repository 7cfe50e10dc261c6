//! Peers: how nodes find, follow, deliver to, pull from and refuse each other.

mod attacks;
mod delivering;
mod documents;
mod fetching;
mod followers;
mod following;
mod forgeries;
mod keys;
mod operating;
mod owners;
mod secure;
mod stranger;

use node::db::DbError;
use node::peers::{Peer, deliver, inbox, pull, store};

use crate::world::Host;

/// Lets the nodes do all their errands, until none of them has anything left to do now.
pub async fn settle(hosts: &[&Host]) {
    // Nodes that do errands of their own answer one another while they are looked at: what one had
    // not yet said the other has not yet heard. So all are quiet when they were so twice, looked at
    // from either end.
    let mut rounds_of_quiet = 0;
    for _ in 0..20 {
        for host in hosts {
            deliver::pass(&host.app).await;
            inbox::pass(&host.app).await;
            pull::pass(&host.app).await;
        }
        let mut quiet = true;
        for host in hosts.iter().chain(hosts.iter().rev()) {
            quiet &= is_quiet(host).await;
        }
        rounds_of_quiet = if quiet { rounds_of_quiet + 1 } else { 0 };
        if rounds_of_quiet == 2 {
            return;
        }
    }
    panic!("the nodes do not come to rest");
}

async fn is_quiet(host: &Host) -> bool {
    let now = host.clock.now_us();
    let look = host.db.read(move |conn| {
        let idle = store::due(conn, now)?.is_empty()
            && store::waiting(conn, 1)?.is_empty()
            && pull::unread(conn, now)?.is_empty();
        Ok::<_, DbError>(idle)
    });
    look.await.unwrap()
}

/// What `host` knows of `other`.
pub async fn known(host: &Host, other: &Host) -> Option<Peer> {
    let origin = other.base();
    let look = host
        .db
        .read(move |conn| Ok::<_, DbError>(store::peer(conn, &origin)?));
    look.await.unwrap()
}

/// Says something to every follower; its id.
pub async fn say(host: &Host, what: &str, to: node::peers::To, money: bool) -> String {
    let node = host.app.clone();
    let object = format!("{}/notes/{what}", host.base());
    let activity = serde_json::json!({ "type": "Announce", "object": object });
    let said = host
        .db
        .write(move |conn| Ok::<_, DbError>(node::peers::say(conn, &node, activity, to, money)?));
    said.await.unwrap()
}

/// What arrived at `host` from `other` and is about something said with [`say`], in the order in
/// which it arrived: (what, outcome).
pub async fn heard(host: &Host, other: &Host) -> Vec<(String, Option<String>)> {
    let origin = other.base();
    let look = host.db.read(move |conn| {
        use diesel::prelude::*;
        use node::schema::inbox;
        let rows: Vec<(String, Option<String>)> = inbox::table
            .filter(inbox::origin.eq(origin))
            .order((inbox::received_us, inbox::activity_id))
            .select((inbox::activity, inbox::outcome))
            .load(conn)?;
        Ok::<_, DbError>(rows)
    });
    let rows = look.await.unwrap();
    rows.into_iter()
        .filter_map(|(activity, outcome)| {
            let activity: serde_json::Value = serde_json::from_str(&activity).unwrap();
            let object = activity["object"].as_str()?;
            let (_, what) = object.split_once("/notes/")?;
            Some((what.to_owned(), outcome))
        })
        .collect()
}

/// Only what was heard.
pub async fn words(host: &Host, other: &Host) -> Vec<String> {
    let heard = heard(host, other).await;
    heard.into_iter().map(|(what, _)| what).collect()
}
