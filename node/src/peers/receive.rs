//! The inbox's door: an activity is taken when its signature proves that its actor sent it here,
//! now, and it is acknowledged when it is stored.

use std::time::Duration;

use axum::Json;
use axum::body::to_bytes;
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use diesel::QueryResult;
use federation::json::{JsonLimits, parse_strict};
use federation::signature::SignatureRefused;
use federation::vocabulary::{Act, Activity, WordsRefused, is_activity_type};
use http::StatusCode;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use settlement::{NodeId, Uri};

use super::prove::{Unproven, incoming, prove};
use super::store;
use crate::Node;
use crate::db::{Conn, DbError};
use crate::web::{App, Refusal};

/// The largest activity that is taken, in bytes.
pub const ACTIVITY_LIMIT: usize = 256 * 1024;
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
    /// Too many bytes.
    #[error("an activity is at most {ACTIVITY_LIMIT} bytes")]
    TooLarge,
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
    /// Our fault.
    #[error("something broke here; nothing is lost: try again later")]
    Broken(Refusal),
}

impl NotTaken {
    /// The number that goes with the sentence.
    pub fn status(&self) -> StatusCode {
        match self {
            NotTaken::OtherType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            NotTaken::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            NotTaken::TooSlow => StatusCode::REQUEST_TIMEOUT,
            NotTaken::Words(_) => StatusCode::BAD_REQUEST,
            NotTaken::Unproven(unproven) => unproven.status(),
            NotTaken::Replayed => StatusCode::UNAUTHORIZED,
            NotTaken::Unasked => StatusCode::FORBIDDEN,
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
    let content_type = parts.headers.get(CONTENT_TYPE);
    if !content_type.is_some_and(|value| value.to_str().is_ok_and(is_activity_type)) {
        return Err(NotTaken::OtherType);
    }
    let body = match tokio::time::timeout(ARRIVAL, to_bytes(body, ACTIVITY_LIMIT)).await {
        Ok(Ok(body)) => body,
        Ok(Err(_)) => return Err(NotTaken::TooLarge),
        Err(_) => return Err(NotTaken::TooSlow),
    };
    let value =
        parse_strict(&body, JsonLimits::of_bytes(ACTIVITY_LIMIT)).map_err(WordsRefused::from)?;
    let activity = Activity::of(&value)?;
    let proven = prove(&app, &incoming(&app, &parts, &body), Some(&activity.actor)).await?;
    let text = value.to_string();
    let node = app.clone();
    let status = app
        .db
        .write(move |conn| {
            let now = node.clock.now_us();
            if !store::remember_signature(conn, &proven.fingerprint.hex(), now)? {
                return Err(NotTaken::Replayed);
            }
            let peer = proven.signer.peer(conn, now)?;
            store::note_heard(conn, &peer.origin, now)?;
            if store::has_arrived(conn, activity.id.as_str())? {
                return Ok(StatusCode::OK);
            }
            if answers_nothing(conn, &node, &activity)? {
                return Err(NotTaken::Unasked);
            }
            let count = || store::waiting_from(conn, &peer.origin);
            if !node.wake.has_room(&peer.origin, WAITING_LIMIT, count)? {
                return Err(NotTaken::TooMany);
            }
            let actor = NodeId::from(activity.actor.clone());
            store::keep_arrived(conn, activity.id.as_str(), &actor, &text, now)?;
            Ok(StatusCode::ACCEPTED)
        })
        .await?;
    app.wake.inbox.notify_one();
    Ok(status)
}

/// Whether an activity answers something by name that this node never said, or said about somebody
/// of another origin.
fn answers_nothing(conn: &mut Conn, node: &Node, activity: &Activity) -> QueryResult<bool> {
    let (Act::Accept { object } | Act::Reject { object }) = &activity.act else {
        return Ok(false);
    };
    let Some(id) = object.id() else {
        return Ok(false);
    };
    if id.origin() != node.config.base() {
        return Ok(true);
    }
    let Some((said, _)) = store::said(conn, id.as_str())? else {
        return Ok(true);
    };
    let said: Value = serde_json::from_str(&said).unwrap_or_default();
    let asked = said["object"]
        .as_str()
        .and_then(|asked| Uri::parse(asked).ok());
    Ok(asked.is_some_and(|asked| asked.origin() != activity.actor.origin()))
}
