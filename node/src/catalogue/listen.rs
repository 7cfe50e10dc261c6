//! Listening: the door for who listens here, and the one for other nodes whose members listen
//! there.
//!
//! Nobody hears a work without a grant ([`crate::listening::Grants`]); another node shows its
//! signature instead, and fetches only what it follows.

use axum::extract::{Path, Query, State};
use axum::http::header::CACHE_CONTROL;
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use settlement::{Territory, WorkId};

use super::serve::{self, Leave, Sound};
use super::{Work, api, cache, media, store};
use crate::Node;
use crate::listening::{Holder, Listener};
use crate::peers::SignedPeer;
use crate::web::{App, Refusal};
use crate::words::Say;

#[derive(Deserialize)]
pub(super) struct Wanted {
    work: String,
    grant: Option<String>,
}

/// `GET /listen?work=`: the sound of any work, of this node or another, for who listens here. Who
/// comes without a grant is given one and led to the same door with it.
pub(super) async fn listen(
    State(app): State<App>,
    listener: Listener,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if let Listener::Member(member) = &listener
        && member.venue.is_none()
    {
        return Err(Refusal::Forbidden(Say::new("catalogue-listen-no-venue")));
    }
    let id = WorkId::parse(&wanted.work).map_err(|_| Refusal::Missing)?;
    let work = offered(&app, id).await?;
    let holder = Holder::of(&listener, &headers).ok_or(Refusal::SignIn)?;
    let now_us = app.clock.now_us();
    let Some(grant) = wanted.grant else {
        let grant = app.grants.give(&holder, &work.id, work.duration_ms, now_us);
        return Ok(led_to(&work.id, &grant));
    };
    let until_us = app
        .grants
        .until_us(&grant, &holder, &work.id, now_us)
        .ok_or_else(|| Refusal::Forbidden(Say::new("listening-grant-void")))?;
    let sound = if work.is_here() {
        of_this_node(&app, &work).await?
    } else {
        cache::open(&app, &work).await?
    };
    let leave = Leave {
        app,
        work: work.id,
        listener: Some((holder, until_us)),
    };
    serve::serve(sound, leave, &headers).await
}

/// A grant is for one listener: no cache between keeps where it leads.
fn led_to(work: &WorkId, grant: &str) -> Response {
    let path = format!("{}&grant={grant}", api::listen_path(work));
    let private = [(CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    (private, Redirect::temporary(&path)).into_response()
}

/// `GET /works/{id}/media`: the file of a work of this node, for nodes that follow it.
pub(super) async fn media_for_peers(
    State(app): State<App>,
    Path(id): Path<String>,
    SignedPeer(peer): SignedPeer,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    // Anyone on the net can sign; who follows us is somebody our host knows of and may block.
    if !peer.follower {
        return Err(Refusal::Forbidden(Say::new("catalogue-media-followers")));
    }
    let id = WorkId::parse(&app.config.uri(&format!("/works/{id}")));
    let work = offered_to(&app, id.map_err(|_| Refusal::Missing)?, peer.territory).await?;
    let sound = of_this_node(&app, &work).await?;
    let leave = Leave {
        app,
        work: work.id,
        listener: None,
    };
    serve::serve(sound, leave, &headers).await
}

/// The work, if the rights to it are open here now.
async fn offered(app: &App, id: WorkId) -> Result<Work, Refusal> {
    offered_to(app, id, Some(app.config.territory)).await
}

/// The work, if the rights to it are open now in the territory where it will be played. Who does
/// not say where it stands is given what may be played everywhere.
async fn offered_to(app: &App, id: WorkId, territory: Option<Territory>) -> Result<Work, Refusal> {
    let work = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::work(conn, &id)?))
        .await?;
    let now = app.clock.now_us();
    let is_open = |work: &Work| match territory {
        Some(territory) => work.is_open(territory, now),
        None => work.withdrawn_us.is_none() && work.offer.rights.is_none(),
    };
    work.filter(is_open).ok_or(Refusal::Missing)
}

/// The file of a work of this node.
async fn of_this_node(node: &Node, work: &Work) -> Result<Sound, Refusal> {
    let digest = work.media.ok_or(Refusal::Missing)?;
    let path = media::path(&node.config.media, &digest);
    // A work whose file is gone is our fault, not the listener's.
    let broken = |error| Refusal::broken(format!("{}: {error}", path.display()));
    let file = tokio::fs::File::open(&path).await.map_err(broken)?;
    let size = file.metadata().await.map_err(broken)?.len();
    Ok(Sound {
        file,
        size,
        tag: Some(format!("\"{}\"", digest.hex())),
        media_type: serve::media_type(work),
        arriving: None,
    })
}
