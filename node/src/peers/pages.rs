//! The network as everybody may see it: the nodes this one speaks with, and month by month who
//! reported. What is missing shouts quietly. Operators also read what waits for each peer.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::{Form, State};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use settlement::Period;

use super::standing::{self, Relation};
use super::{Following, Standing, keys};
use crate::coordinator;
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::reports;
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

/// How many months the table goes back.
const MONTHS: usize = 6;

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/network", get(network))
        .route("/network/peers", post(act))
}

/// What an operator does about a peer.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Doing {
    Retry,
    Allow,
    Limit,
    Block,
    Unblock,
    Trust,
}

#[derive(Deserialize)]
struct About {
    url: String,
    act: Doing,
}

/// `POST /network/peers`: does it, for operators alone.
async fn act(
    State(app): State<App>,
    guest: Guest,
    Form(about): Form<About>,
) -> Result<Response, Refusal> {
    if !guest.signed_in()?.operates() {
        return Err(Refusal::Forbidden(Say::new("peers-operators-only")));
    }
    let done = tokio::task::spawn_blocking(move || {
        let url = &about.url;
        match about.act {
            Doing::Retry => standing::retry_now(&app, url),
            Doing::Allow => standing::allow(&app, url),
            Doing::Limit => standing::limit(&app, url),
            Doing::Block => standing::block(&app, url),
            Doing::Unblock => standing::unblock(&app, url),
            Doing::Trust => keys::trust(&app, url),
        }
    });
    done.await.map_err(Refusal::broken)??;
    Ok(Redirect::to("/network#peers").into_response())
}

/// A node this one speaks with, and what is between us.
struct PeerLine(Relation);

impl std::ops::Deref for PeerLine {
    type Target = Relation;

    fn deref(&self) -> &Relation {
        &self.0
    }
}

impl PeerLine {
    /// What waits, in words: (the key of the word, how many).
    fn waiting(&self) -> Vec<(&'static str, i64)> {
        let mut words: BTreeMap<&'static str, i64> = BTreeMap::new();
        for (kind, count, _) in &self.kinds {
            *words.entry(kind_key(kind)).or_default() += count;
        }
        words.into_iter().collect()
    }

    /// The key that a held peer shows now.
    fn shown_key(&self) -> Option<String> {
        let shown = &self.held.as_ref()?.shown;
        let actor = federation::vocabulary::Actor::parse(shown.as_bytes()).ok()?;
        Some(actor.ed25519_keys.first()?.key.to_multikey())
    }

    /// What an operator can do about it: (what is done, the key of its word).
    fn doings(&self) -> Vec<(&'static str, &'static str)> {
        let mut doings = Vec::new();
        if self.held.is_some() {
            doings.push(("trust", "peers-do-trust"));
        }
        if self.owed.waiting > 0 && self.peer.standing != Standing::Blocked {
            doings.push(("retry", "peers-do-retry"));
        }
        match self.peer.standing {
            Standing::Blocked => doings.push(("unblock", "peers-do-unblock")),
            Standing::Limited => {
                doings.push(("unblock", "peers-do-unlimit"));
                doings.push(("block", "peers-do-block"));
            }
            Standing::Known => {
                doings.push(("allow", "peers-do-allow"));
                doings.push(("limit", "peers-do-limit"));
                doings.push(("block", "peers-do-block"));
            }
            Standing::Allowed => {
                doings.push(("limit", "peers-do-limit"));
                doings.push(("block", "peers-do-block"));
            }
        }
        doings
    }

    /// The sentence that says how we stand.
    fn standing(&self) -> &'static str {
        match (
            &self.peer.standing,
            &self.peer.following,
            self.peer.follower,
        ) {
            (Standing::Blocked, _, _) => "peers-standing-blocked",
            (Standing::Limited, _, _) => "peers-standing-limited",
            (_, Following::Yes, true) => "peers-standing-both",
            (_, Following::Yes, false) => "peers-standing-following",
            (_, _, true) => "peers-standing-follower",
            (_, Following::Asked, false) => "peers-standing-asked",
            (_, Following::No, false) => "peers-standing-known",
        }
    }
}

/// The key of the word for a kind of what waits.
fn kind_key(kind: &str) -> &'static str {
    match kind {
        "PlayReport" => "peers-kind-reports",
        "PlayReportReceipt" | "PlayReportRefusal" => "peers-kind-receipts",
        "Settlement" | "SettlementCountersignature" => "peers-kind-settlements",
        "SplitSheet" => "peers-kind-splits",
        "Audio" | "Video" | "Document" | "Album" | "Tombstone" => "peers-kind-works",
        "Selection" => "peers-kind-selections",
        _ => "peers-kind-others",
    }
}

/// What a node's report of a month came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reported {
    /// Taken.
    Accepted,
    /// Handed in, not answered.
    Offered,
    /// Refused: it must be sent again.
    Refused,
    /// Not there.
    Missing,
}

impl Reported {
    fn of(state: &str) -> Self {
        match state {
            "accepted" => Reported::Accepted,
            "refused" => Reported::Refused,
            _ => Reported::Offered,
        }
    }

    fn key(self) -> &'static str {
        match self {
            Reported::Accepted => "peers-report-accepted",
            Reported::Offered => "peers-report-offered",
            Reported::Refused => "peers-report-refused",
            Reported::Missing => "peers-report-missing",
        }
    }

    /// Whether somebody has something to do.
    fn wants(self) -> bool {
        matches!(self, Reported::Refused | Reported::Missing)
    }
}

/// A node, and what it reported in each of the months.
struct NodeRow {
    name: String,
    months: Vec<Reported>,
}

/// The network.
#[derive(Template)]
#[template(path = "peers/network.html")]
struct NetworkPage {
    page: Page,
    territory: String,
    coordinates: bool,
    coordinator: String,
    peers: Vec<PeerLine>,
    months: Vec<Period>,
    rows: Vec<NodeRow>,
    settled: Vec<Period>,
    operates: bool,
}

async fn network(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let operates = guest.member.as_ref().is_some_and(|m| m.operates());
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let mut lines = Vec::new();
            // Who is only known by address is of interest to who runs the node.
            for relation in standing::relations(conn)? {
                if operates || relation.peer.is_met() {
                    lines.push(PeerLine(relation));
                }
            }
            let settled: Vec<Period> = reports::store::settlements(conn)?
                .iter()
                .filter_map(|settlement| Period::parse(&settlement.period).ok())
                .collect();
            let coordinates = node.config.is_coordinator();
            let (months, rows) = reported(conn, &page.node, coordinates, &lines)?;
            let coordinator = node.config.coordinator_actor().to_string();
            let named = lines
                .iter()
                .find(|line| line.peer.actor_id.as_str() == coordinator)
                .map(|line| line.peer.name.clone());
            Ok::<_, Refusal>(NetworkPage {
                territory: page.place(&page.base, &Some(node.config.territory)),
                coordinates,
                coordinator: named.unwrap_or(coordinator),
                peers: lines,
                months,
                rows,
                settled,
                operates,
                page,
            })
        })
        .await?;
    pages::answer(&found)
}

/// The last months, newest first, and for each node what it reported in them. The coordinator
/// knows of every node; another node knows of its own reports.
fn reported(
    conn: &mut Conn,
    own: &str,
    coordinates: bool,
    peers: &[PeerLine],
) -> Result<(Vec<Period>, Vec<NodeRow>), Refusal> {
    let mut found: BTreeMap<String, BTreeMap<Period, Reported>> = BTreeMap::new();
    let mut months: Vec<Period> = Vec::new();
    if coordinates {
        for line in peers.iter().filter(|line| line.peer.is_node()) {
            found.entry(line.peer.actor_id.to_string()).or_default();
        }
        for (month, _) in reports::store::periods(conn)? {
            months.extend(Period::parse(&month).ok());
        }
        for settlement in reports::store::settlements(conn)? {
            months.extend(Period::parse(&settlement.period).ok());
        }
    }
    for report in reports::store::all(conn)? {
        if let Ok(period) = Period::parse(&report.period) {
            months.push(period);
            if !coordinates {
                let of_ours = found.entry(own.to_owned()).or_default();
                of_ours.insert(period, Reported::of(&report.state));
            }
        }
    }
    months.sort_unstable();
    months.dedup();
    months.reverse();
    months.truncate(MONTHS);
    if coordinates {
        for period in &months {
            for report in coordinator::store::received_for(conn, *period)? {
                let of_node = found.entry(report.node_id).or_default();
                of_node.insert(*period, Reported::of(&report.state));
            }
        }
    }
    let rows = found
        .into_iter()
        .map(|(id, by_month)| NodeRow {
            name: peers
                .iter()
                .find(|line| line.peer.actor_id.as_str() == id)
                .map_or(id, |line| line.peer.name.clone()),
            months: months
                .iter()
                .map(|month| by_month.get(month).copied().unwrap_or(Reported::Missing))
                .collect(),
        })
        .collect();
    Ok((months, rows))
}

/// A peer, as pages show one.
#[cfg(test)]
fn sample_relation(standing: Standing, following: Following, follower: bool) -> Relation {
    use super::Peer;
    use super::store::{Health, Held, Owed};
    Relation {
        peer: Peer {
            origin: "http://localhost:8102".into(),
            actor_id: settlement::NodeId::parse("http://localhost:8102/actor").unwrap(),
            name: "Wallonie <&>".into(),
            territory: settlement::Territory::parse("BE-WAL").ok(),
            currency: None,
            inbox: "http://localhost:8102/inbox".into(),
            outbox: None,
            ed25519: None,
            ed25519_id: None,
            rsa: None,
            rsa_id: None,
            standing,
            following,
            follower,
            fetched_us: 1,
        },
        owed: Owed {
            waiting: 3,
            money: 1,
            since_us: Some(1_793_491_200_000_000),
        },
        health: Health {
            heard_us: Some(1_793_491_200_000_000),
            failing_since_us: follower.then_some(1_793_491_200_000_000),
            next_try_us: 0,
            last_error: Some("no <answer>".into()),
        },
        kinds: vec![("PlayReport".into(), 1, 0), ("Audio".into(), 2, 0)],
        held: follower.then(|| Held {
            origin: "http://localhost:8102".into(),
            shown: "{}".into(),
            reason: "it shows no <history>".into(),
            held_us: 1_793_491_200_000_000,
        }),
    }
}

/// A peer in need, and one who wants nothing.
#[cfg(test)]
pub(crate) fn sample_relations() -> Vec<Relation> {
    let need = sample_relation(Standing::Known, Following::Yes, true);
    let mut well = sample_relation(Standing::Known, Following::Yes, false);
    well.owed.waiting = 0;
    vec![need, well]
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let peer =
        |standing, following, follower| PeerLine(sample_relation(standing, following, follower));
    let months = vec![
        Period::parse("2026-10").unwrap(),
        Period::parse("2026-09").unwrap(),
    ];
    let network = |full: bool| NetworkPage {
        page: Page::sample(language, full),
        territory: "Auvergne-Rhône-Alpes".into(),
        coordinates: full,
        coordinator: "Le <réseau>".into(),
        peers: if full {
            vec![
                peer(Standing::Known, Following::Yes, true),
                peer(Standing::Blocked, Following::No, false),
                peer(Standing::Limited, Following::Asked, false),
            ]
        } else {
            Vec::new()
        },
        rows: if full {
            vec![
                NodeRow {
                    name: "Loire".into(),
                    months: vec![Reported::Missing, Reported::Accepted],
                },
                NodeRow {
                    name: "Wallonie <&>".into(),
                    months: vec![Reported::Refused, Reported::Offered],
                },
            ]
        } else {
            Vec::new()
        },
        months: if full { months.clone() } else { Vec::new() },
        settled: if full { months.clone() } else { Vec::new() },
        operates: full,
    };
    vec![
        ("network", network(true).render()),
        ("bare network", network(false).render()),
    ]
}
