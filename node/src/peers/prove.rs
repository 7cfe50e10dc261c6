//! Who signed this request? The strict policy first, then whose key it is, then the key.
//!
//! A key is believed to be an actor's because the actor's own document, read from its own address,
//! shows it. A document read before is believed until a check fails; then it is read once more,
//! since keys change.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use diesel::QueryResult;
use federation::digest::Sha256Digest;
use federation::signature::{self, CheckedClaim, Incoming, Policy, SignatureRefused};
use federation::vocabulary::Actor;
use http::StatusCode;
use serde_json::json;
use settlement::{NodeId, Uri};

use super::fetch::FetchRefused;
use super::standing::{Blocklist, Rules};
use super::{Peer, reads, store};
use crate::Node;
use crate::db::Conn;
use crate::web::{App, Refusal};

/// The peer that signed this request: its signature (RFC 9421 or draft-cavage) was verified under
/// the strict policy, and we speak with it. For requests without a body.
#[derive(Clone, Debug)]
pub struct SignedPeer(pub Peer);

/// Why a request is not taken for what it says it is. A sentence for the sender, and a number.
#[derive(Debug, thiserror::Error)]
pub enum Unproven {
    /// The signature.
    #[error(transparent)]
    Signature(#[from] SignatureRefused),
    /// A key that no actor's document can vouch for.
    #[error("the key \"{0}\" is not an address of an actor's key")]
    KeyId(String),
    /// A key of one origin that speaks for an actor of another.
    #[error("the key {key} is not of the origin of {actor}")]
    KeyElsewhere {
        /// The key.
        key: String,
        /// The actor.
        actor: String,
    },
    /// An actor that is not the one its origin is known by.
    #[error("{actor} is not the actor that {origin} is known by here")]
    ForeignActor {
        /// Who was said to speak.
        actor: String,
        /// Where it is from.
        origin: String,
    },
    /// The actor does not show such a key.
    #[error("{actor} does not show the key {key}")]
    NotItsKey {
        /// The actor.
        actor: String,
        /// The key.
        key: String,
    },
    /// A host this node does not speak with.
    #[error("{0} is blocked here, or not on the list of hosts this node speaks with")]
    Blocked(String),
    /// The actor cannot be read now.
    #[error("your actor cannot be read, so your key is not known here: {0}; try again later")]
    NoActor(String),
    /// Our fault.
    #[error("something broke here; nothing is lost: try again later")]
    Broken(Refusal),
}

impl Unproven {
    /// The number that goes with the sentence.
    pub fn status(&self) -> StatusCode {
        match self {
            Unproven::Signature(_) | Unproven::KeyId(_) | Unproven::NotItsKey { .. } => {
                StatusCode::UNAUTHORIZED
            }
            Unproven::KeyElsewhere { .. }
            | Unproven::ForeignActor { .. }
            | Unproven::Blocked(_) => StatusCode::FORBIDDEN,
            Unproven::NoActor(_) => StatusCode::SERVICE_UNAVAILABLE,
            Unproven::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<Refusal> for Unproven {
    fn from(refusal: Refusal) -> Self {
        Unproven::Broken(refusal)
    }
}

impl IntoResponse for Unproven {
    fn into_response(self) -> Response {
        let status = self.status();
        match self {
            Unproven::Broken(refusal) => refusal.into_response(),
            unproven => (status, Json(json!({ "error": unproven.to_string() }))).into_response(),
        }
    }
}

/// A request whose signer is known.
pub(super) struct Proven {
    /// Who signed it.
    pub signer: Signer,
    /// The digest of the signature, by which a copy of the request is known.
    pub fingerprint: Sha256Digest,
}

/// Who signed a request.
pub(super) enum Signer {
    /// A peer, with a key we knew.
    Known(Box<Peer>),
    /// An actor that was read for this request: to be written down with what the request causes.
    Read(Box<Actor>),
}

impl Signer {
    /// The peer, written down if it is new or its keys are.
    pub(super) fn peer(&self, conn: &mut Conn, now_us: i64) -> QueryResult<Peer> {
        match self {
            Signer::Known(peer) => Ok(Peer::clone(peer)),
            Signer::Read(actor) => store::note_actor(conn, actor, now_us),
        }
    }
}

/// Finds out who signed a request. With `actor`, it must be this actor; without, it is the actor
/// at the key's address.
pub(super) async fn prove(
    node: &Node,
    request: &Incoming<'_>,
    actor: Option<&Uri>,
) -> Result<Proven, Unproven> {
    let claim = signature::parse(request)?;
    let claim = claim.check_policy(&Policy::default(), node.clock.now_seconds())?;
    let key = claim.key_id().to_owned();
    let key_uri = Uri::parse(&key).map_err(|_| Unproven::KeyId(key.clone()))?;
    let origin = key_uri.origin().to_owned();
    if let Some(actor) = actor.filter(|actor| actor.origin() != origin) {
        return Err(Unproven::KeyElsewhere {
            key,
            actor: actor.to_string(),
        });
    }
    let rules = Rules::of(&node.config);
    let (blocklist, peer) = node
        .db
        .read({
            let origin = origin.clone();
            move |conn| {
                let blocklist = Blocklist::read(conn, &rules)?;
                Ok::<_, Refusal>((blocklist, store::peer(conn, &origin)?))
            }
        })
        .await?;
    if blocklist.holds_origin(&origin) {
        return Err(Unproven::Blocked(origin));
    }
    let signer = signer(node, &key_uri, actor, peer.as_ref())?;
    let fingerprint = claim.fingerprint();
    let known = peer.and_then(|peer| peer.key(&key).map(|known| (peer, known)));
    if let Some((peer, known)) = known {
        match claim.verify(&known) {
            Ok(()) => {
                let signer = Signer::Known(Box::new(peer));
                return Ok(Proven {
                    signer,
                    fingerprint,
                });
            }
            // A key may have changed under its address; nothing else may.
            Err(SignatureRefused::DoesNotFit) => {}
            Err(refused) => return Err(refused.into()),
        }
    }
    let read = read_signer(node, &claim, &signer).await?;
    let signer = Signer::Read(Box::new(read));
    Ok(Proven {
        signer,
        fingerprint,
    })
}

/// Whose key it must be: the actor that is said to speak, and the one its origin is known by.
fn signer(
    node: &Node,
    key: &Uri,
    actor: Option<&Uri>,
    peer: Option<&Peer>,
) -> Result<NodeId, Unproven> {
    let named = match (actor, peer) {
        (Some(actor), _) => actor.clone(),
        (None, Some(peer)) => peer.actor_id.uri().clone(),
        (None, None) => {
            let address = key.as_str().split('#').next().unwrap_or_default();
            Uri::parse(address).map_err(|_| Unproven::KeyId(key.to_string()))?
        }
    };
    let foreign = peer.is_some_and(|peer| *peer.actor_id.uri() != named)
        || named.origin() == node.config.actor().origin();
    if foreign {
        return Err(Unproven::ForeignActor {
            origin: named.origin().to_owned(),
            actor: named.to_string(),
        });
    }
    Ok(NodeId::from(named))
}

/// Reads the signer's actor and tries the key it shows. [`reads`] sees that a stranger cannot make
/// us knock at another's door again and again.
async fn read_signer(
    node: &Node,
    claim: &CheckedClaim,
    signer: &NodeId,
) -> Result<Actor, Unproven> {
    let actor = reads::actor(node, signer)
        .await
        .map_err(|refused| match refused {
            FetchRefused::Db(error) => Unproven::Broken(error.into()),
            refused => Unproven::NoActor(refused.to_string()),
        })?;
    let fits = match actor.key(claim.key_id()) {
        Some(key) => claim.verify(&key).map_err(Unproven::from),
        None => Err(Unproven::NotItsKey {
            actor: signer.to_string(),
            key: claim.key_id().to_owned(),
        }),
    };
    if fits.is_err() {
        node.outside.reads.in_vain(&actor, node.clock.now_us());
    }
    fits.map(|()| actor)
}

/// The parts of a request that a signature speaks of; `body` is all of it.
pub(super) fn incoming<'a>(node: &'a Node, parts: &'a Parts, body: &'a [u8]) -> Incoming<'a> {
    Incoming {
        method: &parts.method,
        path_and_query: parts.uri.path_and_query().map_or("/", |path| path.as_str()),
        scheme: if node.config.dev { "http" } else { "https" },
        authority: &node.config.domain,
        headers: &parts.headers,
        body,
    }
}

impl FromRequestParts<App> for SignedPeer {
    type Rejection = Unproven;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Unproven> {
        let proven = prove(app, &incoming(app, parts, b""), None).await?;
        if let Signer::Known(peer) = proven.signer {
            return Ok(SignedPeer(*peer));
        }
        let now = app.clock.now_us();
        let noted = app.db.write(move |conn| Ok(proven.signer.peer(conn, now)?));
        Ok(SignedPeer(noted.await.map_err(Unproven::Broken)?))
    }
}
