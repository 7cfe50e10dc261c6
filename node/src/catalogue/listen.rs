//! Listening: the door for who listens here, and the one for other nodes whose members listen
//! there.
//!
//! Nobody hears a work without a grant ([`crate::listening::Grants`]); another node shows its
//! signature instead, and fetches only what it follows.

use axum::extract::{Path, Query, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;
use settlement::{Territory, WorkId};

use super::serve::{self, Leave, Sound};
use super::{Work, api, cache, media, store};
use crate::Node;
use crate::listening::{self, Holder, Listener};
use crate::peers::SignedPeer;
use crate::web::{App, Refusal};
use crate::words::Say;

#[derive(Deserialize)]
pub(super) struct Wanted {
    work: String,
    grant: Option<String>,
    /// `file`: to be kept rather than opened.
    #[serde(rename = "as")]
    handed: Option<String>,
}

/// `GET /listen?work=`: the sound of any work, of this node or another, for who listens here. Who
/// comes without a grant is given one and led to the same door with it.
pub(super) async fn listen(
    State(app): State<App>,
    listener: Listener,
    Query(wanted): Query<Wanted>,
    method: Method,
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
        return Ok(led_to(&work.id, &grant, wanted.handed.is_some()));
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
    // What is not played to an end is used when it is handed over.
    if let Listener::Member(member) = listener
        && listening::is_handed_over(work.kind.as_str())
        && method == Method::GET
    {
        let (node, work) = (app.clone(), work.id.clone());
        app.db
            .write(move |conn| listening::hand_over(conn, &node, &member, &work))
            .await?;
    }
    let name = handed_out_as(&work);
    let leave = Leave {
        app,
        work: work.id,
        listener: Some((holder, until_us)),
    };
    let mut response = serve::serve(sound, leave, &headers).await?;
    if wanted.handed.is_some() {
        let name = HeaderValue::from_str(&name).map_err(Refusal::broken)?;
        response.headers_mut().insert(CONTENT_DISPOSITION, name);
    }
    Ok(response)
}

/// What a file is called where it is kept, by its title and what it is.
fn handed_out_as(work: &Work) -> String {
    let ending = match work.media_type.as_deref() {
        Some("application/pdf") => ".pdf",
        Some("application/epub+zip") => ".epub",
        Some("application/zip") => ".zip",
        Some("video/mp4") => ".mp4",
        Some("video/webm") => ".webm",
        _ => "",
    };
    let name = crate::names::slug(&work.title, work.kind.as_str());
    format!("attachment; filename=\"{name}{ending}\"")
}

/// A grant is for one listener: no cache between keeps where it leads.
fn led_to(work: &WorkId, grant: &str, is_handed: bool) -> Response {
    let handed = if is_handed { "&as=file" } else { "" };
    let path = format!("{}&grant={grant}{handed}", api::listen_path(work));
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
pub(super) async fn offered(app: &App, id: WorkId) -> Result<Work, Refusal> {
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
pub(super) async fn of_this_node(node: &Node, work: &Work) -> Result<Sound, Refusal> {
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
