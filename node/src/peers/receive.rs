//! The inbox's door: an activity is taken when its signature proves that its actor sent it here,
//! now, and it is acknowledged when it is stored.

use std::time::Duration;

use axum::Json;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use diesel::QueryResult;
use federation::json::{JsonLimits, parse_strict};
use federation::proof::ProofClaim;
use federation::signature::SignatureRefused;
use federation::vocabulary::{Act, Activity, Reference, WordsRefused, is_activity_type};
use http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use http::{HeaderMap, StatusCode};
use serde_json::{Value, json};
use settlement::{NodeId, Uri};

use super::actor::Local;
use super::keys::{self, NotProven};
use super::prove::{Unproven, incoming, prove};
use super::rules::{self, About};
use super::{Peer, store};
use crate::Node;
use crate::coordinator;
use crate::db::{Conn, DbError};
use crate::reports::inbox::ANNOUNCED;
use crate::web::{App, Refusal};

/// The largest activity that is taken, in bytes.
pub const ACTIVITY_LIMIT: usize = 256 * 1024;
/// The largest Offer a coordinator takes: a month's manifest, with a line for each of some 13,000
/// venues.
pub const OFFER_LIMIT: usize = 2 * 1024 * 1024;
/// How long an activity may take to arrive.
const ARRIVAL: Duration = Duration::from_secs(20);
/// How many activities of one origin may wait to be acted on.
const WAITING_LIMIT: i64 = 10_000;

/// Why an activity is not taken. A sentence for the sender, and a number.
#[derive(Debug, thiserror::Error)]
pub enum NotTaken {
    /// Not ActivityStreams.
    #[error("send application/activity+json")]
    OtherType,
    /// Packed: what is signed and counted is what arrives.
    #[error("send the activity as it is, without a Content-Encoding")]
    Packed,
    /// Too many bytes.
    #[error("an activity is at most {0} bytes here")]
    TooLarge(usize),
    /// It did not arrive in time.
    #[error("the activity did not arrive in time; try again")]
    TooSlow,
    /// Not an activity.
    #[error(transparent)]
    Words(#[from] WordsRefused),
    /// It is not proven who sent it.
    #[error(transparent)]
    Unproven(#[from] Unproven),
    /// The very same request was here before.
    #[error("this signed request was received before; sign it again if you mean to send it again")]
    Replayed,
    /// More waits already than one origin may have waiting.
    #[error("too much of yours waits here already; try again later")]
    TooMany,
    /// An answer to a question of ours that was never asked, or was asked somebody else.
    #[error("this answers nothing that this node has asked you")]
    Unasked,
    /// Somebody else's to say.
    #[error("{0}")]
    NotYours(String),
    /// Nobody of that address can be followed here.
    #[error("nobody can be followed at {0}")]
    Nobody(Uri),
    /// Our fault.
    #[error("something broke here; nothing is lost: try again later")]
    Broken(Refusal),
}

impl NotTaken {
    /// The number that goes with the sentence.
    pub fn status(&self) -> StatusCode {
        match self {
            NotTaken::OtherType | NotTaken::Packed => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            NotTaken::TooLarge(_) => StatusCode::PAYLOAD_TOO_LARGE,
            NotTaken::TooSlow => StatusCode::REQUEST_TIMEOUT,
            NotTaken::Words(_) => StatusCode::BAD_REQUEST,
            NotTaken::Unproven(unproven) => unproven.status(),
            NotTaken::Replayed => StatusCode::UNAUTHORIZED,
            // Not 403 or 404: the sender is well and its line goes on; this one is refused.
            NotTaken::Unasked | NotTaken::NotYours(_) | NotTaken::Nobody(_) => {
                StatusCode::UNPROCESSABLE_ENTITY
            }
            NotTaken::TooMany => StatusCode::TOO_MANY_REQUESTS,
            NotTaken::Broken(_) => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

impl From<SignatureRefused> for NotTaken {
    fn from(refused: SignatureRefused) -> Self {
        NotTaken::Unproven(refused.into())
    }
}

impl From<DbError> for NotTaken {
    fn from(error: DbError) -> Self {
        NotTaken::Broken(error.into())
    }
}

impl From<diesel::result::Error> for NotTaken {
    fn from(error: diesel::result::Error) -> Self {
        NotTaken::Broken(Refusal::broken(error))
    }
}

impl IntoResponse for NotTaken {
    fn into_response(self) -> Response {
        let status = self.status();
        match self {
            NotTaken::Broken(refusal) | NotTaken::Unproven(Unproven::Broken(refusal)) => {
                refusal.into_response()
            }
            NotTaken::Unproven(unproven) => unproven.into_response(),
            refused => (status, Json(json!({ "error": refused.to_string() }))).into_response(),
        }
    }
}

/// `POST /inbox`: 202 when the activity is stored, 200 when it was before.
pub async fn inbox(State(app): State<App>, request: Request) -> Result<StatusCode, NotTaken> {
    let (parts, body) = request.into_parts();
    is_plain(&parts.headers)?;
    let named = parts.uri.authority().map(|host| host.as_str());
    if named.is_some_and(|host| !host.eq_ignore_ascii_case(&app.config.domain)) {
        return Err(SignatureRefused::OtherHost.into());
    }
    let limit = largest(&app);
    let body = whole(body, ARRIVAL, limit).await?;
    let read = parse_strict(&body, JsonLimits::of_bytes(limit))
        .map_err(WordsRefused::from)
        .and_then(|value| Activity::of(&value));
    let is_offer = |activity: &Activity| matches!(activity.act, Act::Offer { .. });
    if body.len() > ACTIVITY_LIMIT && !read.as_ref().is_ok_and(is_offer) {
        return Err(NotTaken::TooLarge(ACTIVITY_LIMIT));
    }
    let activity = read?;
    let proven = prove(&app, &incoming(&app, &parts, &body), Some(&activity.actor)).await?;
    // As it came: read once strictly, it means to everybody what it means to us.
    let text =
        String::from_utf8(body.into()).map_err(|error| NotTaken::Broken(Refusal::broken(error)))?;
    let node = app.clone();
    let status = app
        .db
        .write(move |conn| {
            let now = node.clock.now_us();
            let peer = proven.signer.peer(conn, now)?;
            let (id, actor) = (activity.id.as_str(), NodeId::from(activity.actor.clone()));
            let signature = proven.fingerprint.hex();
            let signed = Some(signature.as_str());
            // Kept first and judged then, which asks less of the database: a refusal undoes it.
            let is_new = store::keep_arrived(conn, id, &actor, &text, signed, now)?;
            if !is_new && !store::remember_signature(conn, id, &signature, now)? {
                return Err(NotTaken::Replayed);
            }
            store::note_heard(conn, &peer.origin, now)?;
            if !is_new {
                return match is_of_another(conn, &activity.actor, &activity.id)? {
                    false => Ok(StatusCode::OK),
                    true => Err(NotTaken::NotYours(format!(
                        "{} is another's activity",
                        activity.id
                    ))),
                };
            }
            may_say(conn, &node, &peer, &activity)?;
            // This one is among those that are counted.
            let count = || store::waiting_from(conn, &peer.origin).map(|all| all - 1);
            if !node.wake.has_room(&peer.origin, WAITING_LIMIT, count)? {
                return Err(NotTaken::TooMany);
            }
            Ok(StatusCode::ACCEPTED)
        })
        .await?;
    app.wake.inbox.notify_one();
    Ok(status)
}

/// The largest activity of any type that this node takes, in bytes: a coordinator's reports are larger
/// than all else.
pub(super) fn largest(node: &Node) -> usize {
    match node.config.is_coordinator() {
        true => OFFER_LIMIT,
        false => ACTIVITY_LIMIT,
    }
}

/// An activity is sent as it is, under its own media type.
fn is_plain(headers: &HeaderMap) -> Result<(), NotTaken> {
    let mut types = headers.get_all(CONTENT_TYPE).iter();
    let (Some(only), None) = (types.next(), types.next()) else {
        return Err(NotTaken::OtherType);
    };
    if !only.to_str().is_ok_and(is_activity_type) {
        return Err(NotTaken::OtherType);
    }
    let mut packed = headers.get_all(CONTENT_ENCODING).iter();
    match packed.all(|value| value == "identity") {
        true => Ok(()),
        false => Err(NotTaken::Packed),
    }
}

/// The body, when all of it arrives within this time.
async fn whole(body: Body, within: Duration, limit: usize) -> Result<Bytes, NotTaken> {
    match tokio::time::timeout(within, to_bytes(body, limit)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err(NotTaken::TooLarge(limit)),
        Err(_) => Err(NotTaken::TooSlow),
    }
}

/// Whether this is the speaker's to say, as far as the door can see: what is refused here is never
/// stored. The [rules](super::rules) are asked once more when it acts.
fn may_say(conn: &mut Conn, node: &Node, peer: &Peer, activity: &Activity) -> Result<(), NotTaken> {
    rules::check(peer, activity).map_err(|refused| match refused {
        broken @ Refusal::Broken(_) => NotTaken::Broken(broken),
        refused => NotTaken::NotYours(refused.to_string()),
    })?;
    shows_its_proof(conn, node, peer, activity)?;
    match &activity.act {
        Act::Offer { object, .. } if node.config.is_coordinator() => {
            coordinator::may_offer(conn, node, peer, object).map_err(|refused| match refused {
                broken @ Refusal::Broken(_) => NotTaken::Broken(broken),
                refused => NotTaken::NotYours(refused.to_string()),
            })
        }
        Act::Follow { object } if Local::at(conn, node, object)?.is_none() => {
            Err(NotTaken::Nobody(object.clone()))
        }
        Act::Accept { object } | Act::Reject { object } => {
            match was_asked(conn, &activity.actor, object)? {
                true => Ok(()),
                false => Err(NotTaken::Unasked),
            }
        }
        Act::Undo { object } => {
            let Some(id) = object.id() else {
                return Ok(());
            };
            match is_of_another(conn, &activity.actor, id)? {
                false => Ok(()),
                true => Err(NotTaken::NotYours(format!("{id} is another's activity"))),
            }
        }
        _ => Ok(()),
    }
}

/// What only counts with a proof is not even stored without one that fits, as far as its key is known
/// here. Whether it does is decided again when it acts.
fn shows_its_proof(
    conn: &mut Conn,
    node: &Node,
    peer: &Peer,
    activity: &Activity,
) -> Result<(), NotTaken> {
    let (Act::Create { object } | Act::Update { object } | Act::Offer { object, .. }) =
        &activity.act
    else {
        return Ok(());
    };
    // Word of a settlement is an address and a digest; what it names is proven once it is fetched.
    let is_proven = matches!(rules::about(activity), About::Catalogue | About::Accounts)
        && !object.has_type(ANNOUNCED);
    let Some(document) = object.value().filter(|_| is_proven) else {
        return Ok(());
    };
    let unproven = |why: &dyn std::fmt::Display| NotTaken::NotYours(why.to_string());
    let claim = ProofClaim::of(document).map_err(|refused| unproven(&refused))?;
    if peer.ed25519_id.as_deref() != Some(claim.verification_method.as_str()) {
        // A key that is not known yet may be the peer's; another actor's never is.
        let rest = claim
            .verification_method
            .strip_prefix(peer.actor_id.as_str());
        return match rest.is_some_and(|rest| rest.starts_with('#')) {
            true => Ok(()),
            false => Err(NotTaken::NotYours(format!(
                "the proof names a key that is not of {}",
                peer.actor_id
            ))),
        };
    }
    match keys::check(conn, node, peer, document) {
        Ok(()) | Err(NotProven::UnknownKey { later: true, .. }) => Ok(()),
        Err(NotProven::Db(error)) => Err(error.into()),
        Err(refused) => Err(unproven(&refused)),
    }
}

/// Whether an actor of ours asked this very actor, by name, what is answered here.
fn was_asked(conn: &mut Conn, who: &Uri, question: &Reference) -> QueryResult<bool> {
    let Some(id) = question.id() else {
        return Ok(false);
    };
    let Some((said, _)) = store::said(conn, id.as_str())? else {
        return Ok(false);
    };
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    Ok(said["type"] == "Follow" && said["object"] == who.as_str())
}

/// Whether the activity of this id is known to be said by somebody other than `who`.
fn is_of_another(conn: &mut Conn, who: &Uri, id: &Uri) -> QueryResult<bool> {
    let Some(said) = store::arrived(conn, id.as_str())? else {
        return Ok(false);
    };
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    Ok(said["actor"] != who.as_str())
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use futures_util::stream;

    use super::*;

    const NO_TIME: Duration = Duration::from_millis(1);
    const LONG: Duration = Duration::from_secs(3600);

    fn headers(lines: &[(&'static str, &'static str)]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for (name, value) in lines {
            headers.append(*name, http::HeaderValue::from_static(value));
        }
        headers
    }

    #[tokio::test]
    async fn a_body_that_stops_on_its_way_is_not_waited_for() {
        let beginning = stream::iter([Ok::<_, Infallible>(Bytes::from_static(b"{"))]);
        let rest = stream::pending();
        let body = Body::from_stream(futures_util::StreamExt::chain(beginning, rest));
        let refused = whole(body, NO_TIME, ACTIVITY_LIMIT).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::REQUEST_TIMEOUT);
    }

    #[tokio::test]
    async fn a_body_without_end_is_cut_off_at_the_limit() {
        let chunk = Ok::<_, Infallible>(Bytes::from_static(&[b' '; 1024]));
        let body = Body::from_stream(stream::repeat(chunk));
        let refused = whole(body, LONG, ACTIVITY_LIMIT).await.unwrap_err();
        assert_eq!(refused.status(), StatusCode::PAYLOAD_TOO_LARGE);
        let full = Body::from(vec![b' '; ACTIVITY_LIMIT]);
        assert_eq!(
            whole(full, LONG, ACTIVITY_LIMIT).await.unwrap().len(),
            ACTIVITY_LIMIT
        );
        let more = Body::from(vec![b' '; ACTIVITY_LIMIT + 1]);
        assert!(whole(more, LONG, ACTIVITY_LIMIT).await.is_err());
    }

    #[test]
    fn a_packed_body_is_refused_whatever_packed_it() {
        let plain = ("content-type", "application/activity+json");
        for coding in [
            "gzip",
            "br",
            "deflate",
            "zstd",
            "GZIP",
            "identity, gzip",
            "",
        ] {
            let packed = headers(&[plain, ("content-encoding", coding)]);
            let refused = is_plain(&packed).unwrap_err();
            assert_eq!(refused.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE);
        }
        let identity = ("content-encoding", "identity");
        assert!(is_plain(&headers(&[plain, identity])).is_ok());
        assert!(is_plain(&headers(&[plain, identity, ("content-encoding", "gzip")])).is_err());
        assert!(is_plain(&headers(&[plain])).is_ok());
    }
}
