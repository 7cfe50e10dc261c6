//! The network as everybody may see it: the nodes this one speaks with, and month by month who
//! reported. What is missing shouts quietly. Operators also read what waits for each peer.

use std::collections::BTreeMap;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use settlement::Period;

use super::store::{self, Health, Owed};
use super::{Following, Peer, Standing};
use crate::coordinator;
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::reports;
use crate::web::{App, Guest, Refusal};

/// How many months the table goes back.
const MONTHS: usize = 6;

/// The doors that answer with pages.
pub fn routes() -> Router<App> {
    Router::new().route("/network", get(network))
}

/// A node this one speaks with.
struct PeerLine {
    peer: Peer,
    owed: Owed,
    health: Health,
}

impl PeerLine {
    /// The sentence that says how we stand.
    fn standing(&self) -> &'static str {
        match (
            &self.peer.standing,
            &self.peer.following,
            self.peer.follower,
        ) {
            (Standing::Blocked, _, _) => "peers-standing-blocked",
            (_, Following::Yes, true) => "peers-standing-both",
            (_, Following::Yes, false) => "peers-standing-following",
            (_, _, true) => "peers-standing-follower",
            (_, Following::Asked, false) => "peers-standing-asked",
            (_, Following::No, false) => "peers-standing-known",
        }
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
            for peer in store::peers(conn)?.into_iter().filter(Peer::is_met) {
                lines.push(PeerLine {
                    owed: store::owed(conn, &peer.origin)?,
                    health: store::health(conn, &peer.origin)?,
                    peer,
                });
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

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let peer = |standing, following, follower| PeerLine {
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
    };
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
                peer(Standing::Known, Following::Asked, false),
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
