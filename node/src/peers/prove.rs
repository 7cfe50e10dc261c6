//! Who signed this request? The strict policy first, then whose key it is, then the key.
//!
//! A key is believed to be an actor's because the actor's own document, read from its own address,
//! shows it. A document read before is believed until a check fails; then it is read once more,
//! since keys change.

use activitypub_federation::error::Error;
use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use diesel::QueryResult;
use federation::digest::Sha256Digest;
use federation::signature::{self, CheckedClaim, Incoming, Policy, SignatureRefused};
use federation::vocabulary::{Actor, key_owner};
use http::StatusCode;
use serde_json::json;
use settlement::{NodeId, Uri};

use super::fetch::{self, FetchRefused};
use super::{Peer, reads, store};
use crate::Node;
use crate::db::Conn;
use crate::web::{App, Refusal};

/// The largest document of a key that has an address of its own, in bytes.
const KEY_LIMIT: usize = 64 * 1024;

/// The node that signed this request: its signature (RFC 9421 or draft-cavage) was verified under
/// the strict policy, and we speak with it. Nobody else of its origin is taken for it. For requests
/// without a body.
#[derive(Clone, Debug)]
pub struct SignedPeer(pub Peer);

/// Whoever signed this request: an actor and its host. For requests without a body.
#[derive(Clone, Debug)]
pub struct SignedActor {
    /// The host.
    pub peer: Peer,
    /// The actor.
    pub id: Uri,
}

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
    /// Our own name in another's mouth.
    #[error("{0} lives here, and does not write to itself")]
    Ourselves(String),
    /// An actor that is not the node of its origin, where only nodes are answered.
    #[error("{0} is not a node; this is for nodes alone")]
    NotANode(String),
    /// An actor that is no more.
    #[error("{0} is gone, so its key is not known here")]
    Gone(String),
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
    /// What stands at the actor's address is no actor, or is not for reading.
    #[error(
        "what stands at your actor's address cannot be used, so your key is not known here: {0}"
    )]
    NotAnActor(String),
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
            Unproven::Signature(_)
            | Unproven::KeyId(_)
            | Unproven::NotItsKey { .. }
            | Unproven::NotAnActor(_) => StatusCode::UNAUTHORIZED,
            Unproven::KeyElsewhere { .. }
            | Unproven::Ourselves(_)
            | Unproven::NotANode(_)
            | Unproven::Gone(_)
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
    /// An actor, with a key we knew.
    Known {
        /// Its host.
        peer: Box<Peer>,
        /// The actor.
        actor: Uri,
    },
    /// An actor that was read for this request: to be written down with what the request causes.
    Read(Box<Actor>),
}

impl Signer {
    /// Who it is.
    pub(super) fn actor(&self) -> &Uri {
        match self {
            Signer::Known { actor, .. } => actor,
            Signer::Read(actor) => &actor.id,
        }
    }

    /// Its host; the actor is written down if it is new or its keys are.
    pub(super) fn peer(&self, conn: &mut Conn, now_us: i64) -> QueryResult<Peer> {
        match self {
            Signer::Known { peer, .. } => Ok(Peer::clone(peer)),
            Signer::Read(actor) => store::note_actor(conn, actor, now_us),
        }
    }
}

/// Finds out who signed a request. With `actor`, it must be this actor and no other, of the same
/// origin or not; without, it is the owner of the key.
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
    if origin == node.config.actor().origin() {
        return Err(Unproven::Ourselves(key));
    }
    let found = node
        .outside
        .speakers
        .find(node, &key_uri, actor)
        .await
        .map_err(|error| Unproven::Broken(error.into()))?;
    if found.blocked {
        return Err(Unproven::Blocked(origin));
    }
    let fingerprint = claim.fingerprint();
    let speaker = found.speaker.as_ref();
    if let Some(speaker) = speaker
        && let Some(known) = &speaker.key
    {
        match claim.verify(known) {
            Ok(()) => {
                let signer = Signer::Known {
                    peer: Box::new(speaker.peer.clone()),
                    actor: speaker.actor.clone(),
                };
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
    let known = actor
        .cloned()
        .or(speaker.map(|speaker| speaker.actor.clone()));
    let read = read_signer(node, &claim, &key_uri, known).await?;
    let signer = Signer::Read(Box::new(read));
    Ok(Proven {
        signer,
        fingerprint,
    })
}

/// Reads the signer's actor and tries the key it shows. [`reads`] sees that a stranger cannot make
/// us knock at another's door again and again.
async fn read_signer(
    node: &Node,
    claim: &CheckedClaim,
    key: &Uri,
    actor: Option<Uri>,
) -> Result<Actor, Unproven> {
    let signer = match actor {
        Some(actor) => actor,
        None => owner(node, key).await?,
    };
    let actor = reads::actor(node, &NodeId::from(signer.clone()))
        .await
        .map_err(|refused| unread(&signer, refused))?;
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

/// Whose key this must be: the actor whose address it has with a fragment behind, or the one that
/// the document at a key's own address names.
async fn owner(node: &Node, key: &Uri) -> Result<Uri, Unproven> {
    let wrong = || Unproven::KeyId(key.to_string());
    if let Some((address, _)) = key.as_str().split_once('#') {
        return Uri::parse(address).map_err(|_| wrong());
    }
    let document = fetch::json(node, key.as_str(), KEY_LIMIT)
        .await
        .map_err(|refused| unread(key, refused))?;
    key_owner(&document, key).map_err(|_| wrong())
}

fn unread(actor: &Uri, refused: FetchRefused) -> Unproven {
    match refused {
        FetchRefused::Db(error) => Unproven::Broken(error.into()),
        FetchRefused::Framework(error) if matches!(*error, Error::ObjectDeleted(_)) => {
            Unproven::Gone(actor.to_string())
        }
        // These say the same however often it is tried.
        refused @ (FetchRefused::Address { .. }
        | FetchRefused::OtherType { .. }
        | FetchRefused::TooLarge { .. }
        | FetchRefused::Json { .. }
        | FetchRefused::Content { .. }) => Unproven::NotAnActor(refused.to_string()),
        refused @ FetchRefused::Status { status, .. } if says_no(status) => {
            Unproven::NotAnActor(refused.to_string())
        }
        refused => Unproven::NoActor(refused.to_string()),
    }
}

/// Whether an answer means no, rather than not now.
fn says_no(status: StatusCode) -> bool {
    status.is_client_error()
        && !matches!(
            status,
            StatusCode::REQUEST_TIMEOUT | StatusCode::TOO_EARLY | StatusCode::TOO_MANY_REQUESTS
        )
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

impl FromRequestParts<App> for SignedActor {
    type Rejection = Unproven;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Unproven> {
        let proven = prove(app, &incoming(app, parts, b""), None).await?;
        let id = proven.signer.actor().clone();
        if let Signer::Known { peer, .. } = proven.signer {
            return Ok(SignedActor { peer: *peer, id });
        }
        let now = app.clock.now_us();
        let noted = app.db.write(move |conn| Ok(proven.signer.peer(conn, now)?));
        let peer = noted.await.map_err(Unproven::Broken)?;
        Ok(SignedActor { peer, id })
    }
}

impl FromRequestParts<App> for SignedPeer {
    type Rejection = Unproven;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Unproven> {
        let SignedActor { peer, id } = SignedActor::from_request_parts(parts, app).await?;
        if peer.is_node() && *peer.actor_id.uri() == id {
            Ok(SignedPeer(peer))
        } else {
            Err(Unproven::NotANode(id.to_string()))
        }
    }
}
