//! The policy in force: the coordinator publishes it, every node counts and reduces under it.
//!
//! The coordinator keeps it as `policy.toml` in its folder. A node learns it from the coordinator
//! while it is up and keeps what it learned, so that a month can be closed while the coordinator
//! is away.

use std::fs;
use std::time::Duration;

use federation::policy::{POLICY_LIMIT, PolicyFile};
use tokio::sync::watch;

use super::store;
use crate::Node;
use crate::db::Conn;
use crate::errands::{self, Errand, Rest};
use crate::files;
use crate::peers::fetch;
use crate::web::{App, Refusal};

/// How often a node asks whether the policy changed, and how soon again when it got no answer.
const ASK_EVERY: Duration = Duration::from_secs(3600);
const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A policy and where it is published.
#[derive(Clone, Debug)]
pub struct PolicyInForce {
    /// Its address.
    pub id: String,
    /// The policy, byte for byte.
    pub file: PolicyFile,
}

/// The policy in force as this node knows it; `None` while it never heard of one. The coordinator
/// reads its own `policy.toml`, and begins with the preset `cct`.
pub fn policy_known(conn: &mut Conn, node: &Node) -> Result<Option<PolicyInForce>, Refusal> {
    if node.config.is_coordinator() {
        let file = own_policy(node)?;
        let id = node.config.uri("/policy");
        store::learn_policy(
            conn,
            &file.digest().to_string(),
            &id,
            file.text(),
            node.clock.now_us(),
        )?;
        return Ok(Some(PolicyInForce { id, file }));
    }
    let Some((_, id, body)) = store::latest_policy(conn)? else {
        return Ok(None);
    };
    let file = PolicyFile::parse(&body).map_err(Refusal::broken)?;
    Ok(Some(PolicyInForce { id, file }))
}

/// Gives a coordinator the policy it begins with, for its host to read and change.
///
/// # Errors
/// When the disk refuses, or a `policy.toml` is there that is no policy.
pub fn begin(node: &Node) -> Result<(), Refusal> {
    own_policy(node).map(drop)
}

/// The coordinator's own `policy.toml`; written from the preset where there is none.
pub(super) fn own_policy(node: &Node) -> Result<PolicyFile, Refusal> {
    let path = node.config.dir.join("policy.toml");
    if !path.exists() {
        let preset = PolicyFile::preset("cct").ok_or_else(|| Refusal::broken("no preset cct"))?;
        files::write_whole(&path, preset.text().as_bytes())?;
        return Ok(preset);
    }
    let text = fs::read_to_string(&path).map_err(|e| files::refused(&path, e))?;
    PolicyFile::parse(&text).map_err(|e| Refusal::broken(format!("{}: {e}", path.display())))
}

/// The errand of a node that does not settle: asks the coordinator for its policy and keeps it.
pub async fn learn_policies(app: App, mut left: watch::Receiver<bool>) {
    if app.config.is_coordinator() {
        return;
    }
    loop {
        app.errands.begin(Errand::Policies, app.clock.now_us());
        let wait = match learn_once(&app).await {
            Ok(()) => ASK_EVERY,
            Err(error) => {
                tracing::debug!(%error, "the coordinator's policy is not to be had yet");
                app.errands
                    .failed(Errand::Policies, app.clock.now_us(), &error);
                ASK_AGAIN
            }
        };
        if errands::rest(&app, Errand::Policies, wait, &mut left).await == Rest::Left {
            return;
        }
    }
}

/// Asks the coordinator for its policy, once.
///
/// # Errors
/// When it does not answer, or with something that is no policy.
pub async fn learn_once(app: &App) -> Result<(), Refusal> {
    let id = format!("{}/policy", app.config.coordinator_actor().origin());
    let copy = app.config.dir.join("network-policy.toml");
    fetch::to_file(app, &id, POLICY_LIMIT as u64, None, &copy)
        .await
        .map_err(Refusal::broken)?;
    let text = fs::read_to_string(&copy).map_err(|e| files::refused(&copy, e))?;
    let file = PolicyFile::parse(&text).map_err(Refusal::broken)?;
    let now = app.clock.now_us();
    app.db
        .write(move |conn| {
            Ok(store::learn_policy(
                conn,
                &file.digest().to_string(),
                &id,
                file.text(),
                now,
            )?)
        })
        .await
}
