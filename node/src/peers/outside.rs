//! The way out: one HTTP client that follows no redirect, connects to public addresses only, and
//! signs what it sends with this node's keys and this node's time.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use federation::signature::{CannotSign, Outgoing, sign_cavage, sign_rfc9421};
use reqwest::{Certificate, Client, Request, Response, redirect};
use tokio::sync::OnceCell;

use super::ahead::ProvenAhead;
use super::fetch::{FetchRefused, Fetches, chain};
use super::framework::Framework;
use super::keys::Rereads;
use super::reads::Reads;
use super::resolve::{self, Lookup, Resolver};
use super::speakers::Speakers;
use super::{Peer, RSA_FRAGMENT, ed25519_key_id};
use crate::Node;
use crate::clock::Clock;
use crate::config::Config;
use crate::keys::Keyring;

/// How long a connection may take to come about.
const CONNECT: Duration = Duration::from_secs(5);
/// How long the other side may be silent in the middle of an answer.
const SILENCE: Duration = Duration::from_secs(20);
/// How many connections to one host are kept for the next request, and for how long: for less than
/// a node keeps one that is silent, so that it is not hung up just when it is wanted.
const IDLE: usize = 4;
const IDLE_FOR: Duration = Duration::from_secs(10);
/// How many addresses are remembered, for one thing or another.
const REMEMBERED: usize = 10_000;

/// Why the client cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum NoWayOut {
    /// The certificates of the authorities everybody knows.
    #[error(
        "no secure connections can be made ({0}); install the certificates of the usual authorities (Debian: apt install ca-certificates)"
    )]
    Client(#[from] reqwest::Error),
    /// The certificates of this network's own authority.
    #[error("extra_roots: {path}: {reason}")]
    Roots {
        /// The file.
        path: String,
        /// What is wrong with it.
        reason: String,
    },
}

/// The way out of a node, opened when it is first used: commands that send nothing need no
/// certificates.
#[derive(Default)]
pub struct Outside {
    client: OnceLock<Client>,
    signer: OnceLock<Signer>,
    pub(super) framework: OnceCell<Framework>,
    pub(super) rereads: Rereads,
    pub(super) reads: Reads,
    pub(super) fetches: Fetches,
    pub(super) speakers: Speakers,
    pub(super) proven: ProvenAhead,
    lookup: Option<Lookup>,
    newer: Mutex<BTreeSet<String>>,
    names: BTreeMap<String, SocketAddr>,
}

impl Outside {
    /// A way out that knows where these hosts are and asks nobody: a network in one process, over
    /// https and by real names. Code alone can say so; no setting leads here.
    pub fn to_these(names: impl IntoIterator<Item = (String, SocketAddr)>) -> Self {
        Outside {
            names: names.into_iter().collect(),
            ..Outside::default()
        }
    }

    /// A way out that finds hosts by asking `lookup` instead of the system.
    pub fn asking(lookup: Lookup) -> Self {
        Outside {
            lookup: Some(lookup),
            ..Outside::default()
        }
    }

    /// Whether hosts are found by asking the public network, as they are unless code says not.
    pub(super) fn is_public(&self) -> bool {
        self.names.is_empty()
    }

    /// The client, which signs nothing by itself.
    pub(super) fn client(&self, config: &Config) -> Result<&Client, NoWayOut> {
        if let Some(client) = self.client.get() {
            return Ok(client);
        }
        // Whoever was first has chosen for the whole process; any choice will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let agent = format!(
            "Antiphon/{} (+{}/)",
            env!("CARGO_PKG_VERSION"),
            config.base()
        );
        let mut builder = Client::builder()
            .user_agent(agent)
            .redirect(redirect::Policy::none())
            .connect_timeout(CONNECT)
            .read_timeout(SILENCE)
            .pool_max_idle_per_host(IDLE)
            .pool_idle_timeout(IDLE_FOR)
            .no_proxy()
            .https_only(!config.dev)
            // Asked at the moment of connecting, so that a name cannot change its mind in between.
            .dns_resolver(Resolver {
                lookup: self.lookup.clone(),
                dev: config.dev,
            });
        if config.dev {
            // Development speaks http on the loopback, also where no certificates are installed.
            builder = builder.tls_certs_only([]);
        }
        if let Some(path) = &config.extra_roots {
            builder = builder.tls_certs_merge(roots(path)?);
        }
        for (name, address) in &self.names {
            builder = builder.resolve(name, *address);
        }
        let made = builder.build()?;
        Ok(self.client.get_or_init(|| made))
    }

    /// What signs in the node's name.
    pub(super) fn signer(&self, node: &Node) -> &Signer {
        self.signer.get_or_init(|| Signer {
            keyring: node.keyring.clone(),
            clock: node.clock.clone(),
        })
    }
}

impl Outside {
    fn takes_the_newer(&self, origin: &str) -> bool {
        let newer = self.newer.lock().unwrap_or_else(PoisonError::into_inner);
        newer.contains(origin)
    }

    fn took(&self, origin: &str, way: Way) {
        let mut newer = self.newer.lock().unwrap_or_else(PoisonError::into_inner);
        match way {
            Way::Newer if newer.len() < REMEMBERED => {
                newer.insert(origin.to_owned());
            }
            Way::Cavage => {
                newer.remove(origin);
            }
            Way::Newer | Way::Ours => {}
        }
    }
}

/// The certificates in a PEM file.
fn roots(path: &Path) -> Result<Vec<Certificate>, NoWayOut> {
    let refuse = |reason: String| NoWayOut::Roots {
        path: path.display().to_string(),
        reason,
    };
    let pem = std::fs::read(path).map_err(|error| refuse(error.to_string()))?;
    let found = Certificate::from_pem_bundle(&pem).map_err(|error| refuse(chain(&error)))?;
    match found.is_empty() {
        true => Err(refuse("no certificate in it".to_owned())),
        false => Ok(found),
    }
}

/// A way of signing a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// RFC 9421 with Ed25519: between nodes of our kind.
    Ours,
    /// draft-cavage with RSA: what most servers read.
    Cavage,
    /// RFC 9421 with RSA: what some read instead.
    Newer,
}

/// Sends a request, signed as its receiver reads signatures: a node of our kind in our way; another
/// server in the older way, and in the newer one when it is turned away (400, 401, 403). Which of
/// the two it took last is tried first.
pub(super) async fn send(
    node: &Node,
    peer: Option<&Peer>,
    request: Request,
) -> Result<Response, FetchRefused> {
    send_as(node, peer, node.config.actor().as_str(), request).await
}

/// [`send`], signed in the name of an actor of this node.
pub(super) async fn send_as(
    node: &Node,
    peer: Option<&Peer>,
    actor: &str,
    request: Request,
) -> Result<Response, FetchRefused> {
    let outside = &node.outside;
    if let Some(reason) = resolve::refused(request.url(), node.config.dev) {
        return Err(FetchRefused::Address {
            url: request.url().as_str().chars().take(200).collect(),
            reason,
        });
    }
    let client = outside.client(&node.config)?;
    let origin = request.url().origin().ascii_serialization();
    let ways: &[Way] = match peer {
        Some(peer) if peer.is_node() => &[Way::Ours],
        Some(peer) if peer.is_met() && outside.takes_the_newer(&origin) => {
            &[Way::Newer, Way::Cavage]
        }
        Some(peer) if peer.is_met() => &[Way::Cavage, Way::Newer],
        _ => &[Way::Cavage, Way::Newer],
    };
    let silent = |error: reqwest::Error| FetchRefused::Silent {
        url: request.url().to_string(),
        reason: chain(&error.without_url()),
    };
    let mut turned_away = None;
    for way in ways {
        let Some(mut signed) = request.try_clone() else {
            break;
        };
        outside.signer(node).sign(&mut signed, *way, actor)?;
        let response = client.execute(signed).await.map_err(silent)?;
        if !is_turned_away(&response) {
            outside.took(&origin, *way);
            return Ok(response);
        }
        turned_away = Some(response);
    }
    turned_away.ok_or_else(|| FetchRefused::Content {
        url: request.url().to_string(),
        reason: "a request that is a stream is not sent".to_owned(),
    })
}

/// Whether an answer may mean that the signature was not read.
pub(super) fn is_turned_away(response: &Response) -> bool {
    matches!(response.status().as_u16(), 400 | 401 | 403)
}

/// Signs requests in the name of the node's actors, in either way. They share the node's keys, and
/// each shows them under ids of its own.
#[derive(Clone)]
pub(super) struct Signer {
    keyring: Keyring,
    clock: Clock,
}

impl Signer {
    /// Signs a request that is ready to leave, in the name of `actor`.
    pub(super) fn sign(
        &self,
        request: &mut Request,
        way: Way,
        actor: &str,
    ) -> Result<(), CannotSign> {
        let rsa_id = format!("{actor}{RSA_FRAGMENT}");
        let mut headers = std::mem::take(request.headers_mut());
        let outgoing = Outgoing {
            method: request.method(),
            url: request.url(),
            body: request.body().and_then(reqwest::Body::as_bytes),
        };
        let now = self.clock.now_seconds();
        let keys = self.keyring.keys();
        let signed = match way {
            Way::Ours => {
                let id = ed25519_key_id(actor, keys.changes);
                sign_rfc9421(&outgoing, &mut headers, &keys.ed25519, &id, now)
            }
            Way::Newer => sign_rfc9421(&outgoing, &mut headers, &keys.rsa, &rsa_id, now),
            Way::Cavage => sign_cavage(&outgoing, &mut headers, &keys.rsa, &rsa_id, now),
        };
        *request.headers_mut() = headers;
        signed
    }
}
