//! Saying again what was not answered. A peer that took a delivery may still lose it: a disk is put
//! back to an earlier day, a line of a database is deleted. So a report is offered again until its
//! signed receipt (or refusal) is in, and word of a settlement is sent again until the node's signed
//! answer is. Who gets such a thing twice answers twice, and nothing is counted twice.

use std::time::Duration;

use tokio::sync::watch;

use super::{send, store};
use crate::Node;
use crate::coordinator;
use crate::db::Conn;
use crate::errands::{self, Errand, Rest};
use crate::peers;
use crate::web::{App, Refusal};

/// How often it is looked for what is unanswered.
const LOOK_EVERY: Duration = Duration::from_secs(60);
const HOUR_US: i64 = 3600 * 1_000_000;
/// How long a coordinator has for the receipt, in microseconds: it is to fetch the report first.
const RECEIPT_US: i64 = 6 * HOUR_US;
/// How long a node has for its answer to a settlement, in microseconds: it is to recompute it first.
const ANSWER_US: i64 = 24 * HOUR_US;
/// For how long a settlement's answers are asked for, in microseconds: 400 days.
const ASKED_US: i64 = 400 * 24 * HOUR_US;

/// The errand, until `left` says that the house is being left.
pub async fn run(app: App, mut left: watch::Receiver<bool>) {
    loop {
        app.errands.begin(Errand::Reminders, app.clock.now_us());
        pass(&app).await;
        if errands::rest(&app, Errand::Reminders, LOOK_EVERY, &mut left).await == Rest::Left {
            return;
        }
    }
}

/// Says again what has been unanswered for too long.
pub async fn pass(app: &App) {
    let node = app.clone();
    let said = app.db.write(move |conn| {
        offers(conn, &node)?;
        settlements(conn, &node)
    });
    if let Err(error) = said.await {
        tracing::error!(%error, "what is unanswered cannot be said again");
        app.errands
            .failed(Errand::Reminders, app.clock.now_us(), &error);
    }
}

/// Offers again each report that was offered and has had no answer.
fn offers(conn: &mut Conn, node: &Node) -> Result<(), Refusal> {
    let now = node.clock.now_us();
    let coordinator = node.config.coordinator_actor();
    for report in store::offered_before(conn, now.saturating_sub(RECEIPT_US))? {
        if is_owed(conn, coordinator.origin(), &report.id, now, RECEIPT_US)? {
            tracing::warn!(
                report = report.id,
                "no receipt came; the report is offered again"
            );
            send::offer(conn, node, &report)?;
        }
    }
    Ok(())
}

/// Sends word again of each settlement made here to the nodes that have not answered it.
fn settlements(conn: &mut Conn, node: &Node) -> Result<(), Refusal> {
    let now = node.clock.now_us();
    let own = node.config.actor();
    for known in store::settlements(conn)? {
        let is_ours = known.coordinator_id == own.as_str();
        if !is_ours || known.published_us < now.saturating_sub(ASKED_US) {
            continue;
        }
        for (node_id, origin) in coordinator::unanswered(conn, &known)? {
            if is_owed(conn, &origin, &known.id, now, ANSWER_US)? {
                tracing::warn!(
                    settlement = known.id,
                    node = node_id,
                    "no answer; sent again"
                );
                coordinator::announce(conn, node, &known, &node_id, &origin)?;
            }
        }
    }
    Ok(())
}

/// Whether it is time to say it again: it does not wait in line, and is not too fresh.
fn is_owed(
    conn: &mut Conn,
    origin: &str,
    object: &str,
    now: i64,
    patience: i64,
) -> Result<bool, Refusal> {
    let last = peers::store::last_said(conn, origin, object)?;
    Ok(last.is_none_or(|(said_us, waits)| !waits && said_us <= now.saturating_sub(patience)))
}
