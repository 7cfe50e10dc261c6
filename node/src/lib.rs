//! The server of Antiphon. A tour:
//!
//! Each **room** is a noun of the domain: [`members`], [`venues`], [`catalogue`], [`labels`], [`curation`],
//! [`discovery`], [`listening`], [`peers`], [`reports`], [`coordinator`], [`cases`], [`operating`]. In a room, each **drawer** means the
//! same: `mod.rs` is the noun (types, states, rules, `routes()`), `store.rs` its sentences to the
//! database, `pages.rs` its pages, `api.rs` its JSON for programs, `inbox.rs` what an arriving
//! activity does there. A room may use another's `mod.rs` and `store.rs`, never its doors.
//!
//! Beside the rooms: [`config`] (read once), [`clock`] (the only place that asks the time or rolls
//! a die), [`calendar`] (months in the node's time zone), [`names`] (what people call themselves),
//! [`db`], [`keys`], [`words`] (French and English), [`web`] (the guest, refusals), [`comparison`] (a
//! month under several policies, as a file for an assembly), [`errands`] (how what
//! the node does by itself fares), [`totals`] (what is counted in millions), and this file, which
//! opens a node's folder ([`Node::open`]), puts the rooms' routes together ([`router`]) and keeps the node running
//! ([`serve`]); connections come in through [`doorway`].

pub mod calendar;
pub mod cases;
pub mod catalogue;
pub mod clock;
pub mod comparison;
pub mod config;
pub mod coordinator;
pub mod curation;
pub mod db;
pub mod discovery;
pub mod doorway;
pub mod errands;
pub mod files;
pub mod keys;
pub mod labels;
pub mod listening;
pub mod members;
pub mod names;
pub mod operating;
pub mod pages;
pub mod peers;
pub mod reports;
pub mod schema;
pub mod shelf;
pub mod totals;
pub mod venues;
pub mod web;
pub mod words;

use std::future::Future;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::middleware;
use axum::serve::Listener;
use tokio::sync::watch;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::limit::RequestBodyLimitLayer;

use clock::Clock;
use config::{Config, ConfigRefused};
use db::{Db, DbError};
use doorway::Limits;
use keys::{Keyring, KeysRefused, NodeKeys};
use web::{App, Refusal};

/// The largest body any door takes unless it says otherwise, in bytes.
pub const BODY_LIMIT: usize = 2 * 1024 * 1024;

/// A node: its settings, its database, its keys and its sense of time.
pub struct Node {
    /// What `node.toml` says.
    pub config: Config,
    /// The database.
    pub db: Db,
    /// Time and chance.
    pub clock: Clock,
    /// The node's keys: see [`Node::keys`].
    pub keyring: Keyring,
    /// What makes grants to listen.
    pub grants: listening::Grants,
    /// What is on its way here of other nodes' media.
    pub cache: catalogue::cache::MediaCache,
    /// What is found by words.
    pub search: discovery::search::Search,
    /// Who looked something up on another node lately.
    pub lookups: discovery::remote::Lookups,
    /// The way to other nodes.
    pub outside: peers::Outside,
    /// Who tried wrong passwords from where.
    pub networks: members::callers::Networks,
    /// Rouses the errands.
    pub wake: peers::Wake,
    /// How the errands fare.
    pub errands: errands::Errands,
    /// Keeps the errands about money apart.
    pub turns: reports::Turns,
    /// The import that was begun at the desk.
    pub imports: operating::Imports,
    /// What was counted lately.
    pub totals: totals::Totals,
}

/// Why a node's folder cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenRefused {
    /// Its settings.
    #[error(transparent)]
    Config(#[from] ConfigRefused),
    /// Its keys.
    #[error(transparent)]
    Keys(#[from] KeysRefused),
    /// Its database.
    #[error(transparent)]
    Db(#[from] DbError),
    /// The policy a coordinator begins with.
    #[error("policy.toml: {0}")]
    Policy(Refusal),
    /// A folder it needs.
    #[error("{path}: {source}")]
    Io {
        /// The folder.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
}

impl Node {
    /// Makes a new node in `config.dir`: settings, keys, database. Refuses where there is one.
    pub fn found(config: Config) -> Result<Self, OpenRefused> {
        let folder = |path: &Path| {
            std::fs::create_dir_all(path).map_err(|source| OpenRefused::Io {
                path: path.display().to_string(),
                source,
            })
        };
        folder(&config.dir)?;
        if config.dir.join("node.toml").exists() {
            return Err(ConfigRefused::Taken(config.dir.display().to_string()).into());
        }
        folder(&config.media)?;
        let db = Db::open(&config.database_url())?;
        let keys = if config.dir.join("keys").exists() {
            NodeKeys::read(&config.dir, 0)?
        } else {
            NodeKeys::draw(&config.dir)?
        };
        let node = Self::assemble(config, db, keys);
        if node.config.is_coordinator() {
            coordinator::begin(&node).map_err(OpenRefused::Policy)?;
        }
        // Last: a folder with a node.toml is a whole node.
        node.config.write_new()?;
        Ok(node)
    }

    /// Opens the node in `dir`.
    pub fn open(dir: &Path) -> Result<Self, OpenRefused> {
        let config = Config::read(dir)?;
        let db = Db::open(&config.database_url())?;
        let changes = db.read_now(|conn| Ok::<_, DbError>(peers::store::key_changes(conn)?))?;
        let keys = NodeKeys::read(dir, changes)?;
        Ok(Self::assemble(config, db, keys))
    }

    /// The id of the key that signs for this node: requests to its peers, and documents.
    pub fn key_id(&self) -> String {
        peers::ed25519_id(&self.config, self.keys().changes)
    }

    /// The keys that count now.
    pub fn keys(&self) -> Arc<NodeKeys> {
        self.keyring.keys()
    }

    /// Signs a document with the node's key, now.
    ///
    /// # Errors
    /// When it is no object, or holds a number that not every reader holds exactly.
    pub fn sign(&self, document: serde_json::Value) -> Result<serde_json::Value, Refusal> {
        self.sign_as_of(document, &self.clock.now_text())
    }

    /// Signs a document with the node's key, as of a moment (RFC 3339).
    ///
    /// # Errors
    /// When it is no object, or holds a number that not every reader holds exactly.
    pub fn sign_as_of(
        &self,
        document: serde_json::Value,
        at: &str,
    ) -> Result<serde_json::Value, Refusal> {
        let keys = self.keys();
        let key_id = peers::ed25519_id(&self.config, keys.changes);
        federation::proof::sign(document, &keys.ed25519, &key_id, at).map_err(Refusal::broken)
    }

    fn assemble(config: Config, db: Db, keys: NodeKeys) -> Self {
        let clock = Clock::shifted(config.clock_shift_seconds.saturating_mul(1_000_000));
        Node {
            search: discovery::search::Search::in_folder(&config.dir),
            config,
            db,
            grants: listening::Grants::draw(&clock),
            cache: catalogue::cache::MediaCache::default(),
            lookups: discovery::remote::Lookups::default(),
            clock,
            keyring: Keyring::new(keys),
            networks: members::callers::Networks::default(),
            outside: peers::Outside::default(),
            wake: peers::Wake::default(),
            errands: errands::Errands::default(),
            turns: reports::Turns::default(),
            imports: operating::Imports::default(),
            totals: totals::Totals::default(),
        }
    }
}

/// Every door of the house.
pub fn router(app: &App) -> Router {
    let rooms: Router<App> = Router::new()
        .merge(catalogue::routes())
        .merge(curation::routes())
        .merge(discovery::routes())
        .merge(listening::routes())
        .merge(members::routes())
        .merge(pages::routes())
        .merge(peers::routes())
        .merge(reports::routes())
        .merge(coordinator::routes());
    rooms
        .layer(middleware::from_fn_with_state(
            app.clone(),
            peers::showing::guard,
        ))
        .layer(RequestBodyLimitLayer::new(BODY_LIMIT))
        // Files are larger than anything else that comes; these doors have limits of their own.
        .merge(labels::upload_routes())
        .layer(middleware::from_fn_with_state(
            app.clone(),
            web::same_site_only,
        ))
        .layer(middleware::from_fn_with_state(app.clone(), web::dress))
        .layer(middleware::from_fn(web::caution))
        .layer(middleware::from_fn(pages::packed::pages))
        .layer(CatchPanicLayer::new())
        .with_state(app.clone())
}

/// Answers requests and does the node's errands until `stop` is done; then finishes what it is
/// doing and returns.
pub async fn serve<L: Listener<Addr: doorway::Street>>(
    app: App,
    listener: L,
    stop: impl Future<Output = ()>,
) {
    let (leave, left) = watch::channel(false);
    let errands = [
        tokio::spawn(operating::rows::run(app.clone(), left.clone())),
        tokio::spawn(catalogue::rights::run(app.clone(), left.clone())),
        tokio::spawn(curation::drafts::run(app.clone(), left.clone())),
        tokio::spawn(discovery::voyage::make::run(app.clone(), left.clone())),
        tokio::spawn(peers::deliver::run(app.clone(), left.clone())),
        tokio::spawn(peers::inbox::run(app.clone(), left.clone())),
        tokio::spawn(peers::pull::run(app.clone(), left.clone())),
        tokio::spawn(peers::keys::run(app.clone(), left.clone())),
        tokio::spawn(catalogue::cache::run(app.clone(), left.clone())),
        tokio::spawn(coordinator::learn_policies(app.clone(), left.clone())),
        tokio::spawn(discovery::search::run(app.clone(), left.clone())),
        tokio::spawn(coordinator::arrivals::run(app.clone(), left.clone())),
        tokio::spawn(reports::recompute::run(app.clone(), left.clone())),
        tokio::spawn(reports::remind::run(app.clone(), left)),
    ];
    let stop = async move {
        stop.await;
        let _ = leave.send(true);
    };
    doorway::answer(listener, router(&app), Limits::USUAL, stop).await;
    for errand in errands {
        let _ = errand.await;
    }
}

/// Shares a node between handlers.
pub fn share(node: Node) -> App {
    Arc::new(node)
}
