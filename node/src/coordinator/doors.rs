//! The coordinator's doors: the policy for everybody, a settlement's totals for everybody, its
//! files for the nodes that take part. Lines are never among them.

use axum::Router;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use settlement::Period;

use super::{archive, policy, store};
use crate::db::Conn;
use crate::peers::{Peer, SignedPeer};
use crate::reports;
use crate::web::{App, Refusal};
use crate::words::Say;

/// The files of a settlement that a participating node may fetch.
const FILES: [&str; 10] = [
    "policy.toml",
    "splits.jsonl",
    "balances.csv",
    "adjustments.csv",
    "disputes.txt",
    "rates.csv",
    "settlement/allocations.csv",
    "settlement/parties.csv",
    "settlement/nodes.csv",
    "settlement/held.csv",
];
/// The files of a report that go to other nodes: all but its lines.
const OF_A_REPORT: [&str; 3] = ["report.json", "tracks.parquet", "reduction.parquet"];

/// What leads to the policy and to settlements.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/policy", get(policy_in_force))
        .route("/settlements/{period}/settlement.json", get(document))
        .route("/settlements/{period}/files/{*file}", get(file))
}

/// The policy in force, as the TOML file it is.
async fn policy_in_force(State(app): State<App>) -> Result<Response, Refusal> {
    if !app.config.is_coordinator() {
        return Err(Refusal::Missing);
    }
    let file = policy::own_policy(&app)?;
    Ok((
        [
            (CONTENT_TYPE, "application/toml"),
            (CACHE_CONTROL, "no-cache"),
        ],
        file.text().to_owned(),
    )
        .into_response())
}

/// `settlement.json`: totals, digests, the coordinator's proof.
async fn document(State(app): State<App>, Path(period): Path<String>) -> Result<Response, Refusal> {
    let period = Period::parse(&period).map_err(|_| Refusal::Missing)?;
    let known = app
        .db
        .read(move |conn| reports::store::settlement_of(conn, period)?.ok_or(Refusal::Missing))
        .await?;
    if known.document.is_empty() {
        return Err(Refusal::Missing);
    }
    Ok((
        [(CONTENT_TYPE, "application/activity+json")],
        known.document,
    )
        .into_response())
}

/// A file of a settlement, for a node whose report is part of it.
async fn file(
    State(app): State<App>,
    SignedPeer(peer): SignedPeer,
    Path((period, file)): Path<(String, String)>,
) -> Result<Response, Refusal> {
    let period = Period::parse(&period).map_err(|_| Refusal::Missing)?;
    let (settled, part) = app
        .db
        .read(move |conn| takes_part(conn, period, peer))
        .await?;
    if !part {
        return Err(Refusal::Forbidden(Say::new("reports-not-part-of-it")));
    }
    if !settled {
        return Err(Refusal::Missing);
    }
    let path = match Asked::parse(&file).ok_or(Refusal::Missing)? {
        Asked::Plain(name) => app.config.dir.join(archive(period)).join(name),
        Asked::OfReport { digest, name } => {
            let folder = app
                .db
                .read(move |conn| report_folder(conn, period, &digest))
                .await?;
            app.config.dir.join(folder).join(name)
        }
    };
    let media_type = if file.ends_with(".parquet") {
        federation::report::PARQUET_MEDIA_TYPE
    } else if file.ends_with(".json") {
        "application/activity+json"
    } else {
        "text/plain; charset=utf-8"
    };
    reports::send_file(path, media_type).await
}

fn takes_part(conn: &mut Conn, period: Period, peer: Peer) -> Result<(bool, bool), Refusal> {
    let settled = reports::store::settlement_of(conn, period)?.is_some();
    let part = store::received_for(conn, period)?
        .iter()
        .any(|report| report.state == "accepted" && report.node_id == peer.actor_id.as_str());
    Ok((settled, part))
}

/// The folder of the accepted report whose manifest has this digest.
fn report_folder(conn: &mut Conn, period: Period, digest: &str) -> Result<String, Refusal> {
    let digest = format!("sha-256:{digest}");
    store::received_for(conn, period)?
        .into_iter()
        .find(|report| report.state == "accepted" && report.manifest_digest == digest)
        .and_then(|report| report.folder)
        .ok_or(Refusal::Missing)
}

/// A file that was asked for. Only names from the lists above reach the disk.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    Plain(&'static str),
    OfReport { digest: String, name: &'static str },
}

impl Asked {
    fn parse(file: &str) -> Option<Self> {
        if let Some(name) = FILES.iter().find(|name| **name == file) {
            return Some(Asked::Plain(name));
        }
        let (digest, name) = file.strip_prefix("reports/by-digest/")?.split_once('/')?;
        let name = OF_A_REPORT.iter().find(|known| **known == name)?;
        Some(Asked::OfReport {
            digest: digest.to_owned(),
            name,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Asked;

    #[test]
    fn lines_and_paths_that_climb_are_never_sent() {
        assert!(Asked::parse("reports/by-digest/00ff/reduction.parquet").is_some());
        assert_eq!(
            Asked::parse("settlement/held.csv"),
            Some(Asked::Plain("settlement/held.csv"))
        );
        assert_eq!(Asked::parse("reports/by-digest/00ff/lines.parquet"), None);
        assert_eq!(
            Asked::parse("reports/by-digest/00ff/../../keys/ed25519.pem"),
            None
        );
        assert_eq!(Asked::parse("/etc/passwd"), None);
    }
}
