//! What this node tells whoever asks: its actor, where to find it, what it said.

use axum::Router;
use axum::extract::{FromRequestParts as _, Path, Query, Request, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use federation::vocabulary::nodeinfo::NODEINFO_JSON;
use federation::vocabulary::webfinger::{Account, Descriptor, JRD_JSON};
use federation::vocabulary::{ACTIVITY_JSON, Collection, CollectionPage, Reference, context};
use http::HeaderValue;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CONTENT_TYPE};
use serde::Deserialize;
use serde_json::Value;
use settlement::Uri;

use super::actor::{self, Local, here};
use super::framework::NODE_NAME;
use super::prove::{SignedActor, Unproven};
use super::{keys, receive, store};
use crate::Node;
use crate::config::Config;
use crate::db::Conn;
use crate::web::{App, Refusal};
use crate::words::Say;

/// How many activities a page of the outbox holds.
const PAGE: i64 = 50;

/// The doors of this room.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/actor", get(own_actor))
        .route("/.well-known/webfinger", get(webfinger))
        .route("/.well-known/nodeinfo", get(discovery))
        .route("/nodeinfo/2.1", get(nodeinfo))
        .route("/ns/v1", get(terms))
        .route("/inbox", post(receive::inbox))
        .route("/outbox", get(outbox))
        .route("/followers", get(followers))
        .route("/venues/{slug}/outbox", get(local_outbox))
        .route("/venues/{slug}/followers", get(local_followers))
        .route("/people/{slug}/outbox", get(local_outbox))
        .route("/people/{slug}/followers", get(local_followers))
        .route("/parties/{slug}/outbox", get(local_outbox))
        .route("/parties/{slug}/followers", get(local_followers))
        .route("/activities/{id}", get(activity))
        .merge(keys::routes())
}

/// Answers with an ActivityPub object.
pub fn activity_json(value: &Value) -> Response {
    json_as(ACTIVITY_JSON, value.to_string())
}

fn json_as(media_type: &'static str, text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(media_type));
    // All of this is public; a page of another site may read it too.
    headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

async fn own_actor(State(app): State<App>) -> Response {
    activity_json(&Local::Node.actor(&app).to_value())
}

async fn discovery(State(app): State<App>) -> Response {
    let value = actor::discovery(&app.config).to_value();
    json_as("application/json", value.to_string())
}

async fn nodeinfo(State(app): State<App>) -> Response {
    let value = actor::nodeinfo(&app.config).to_value();
    json_as(NODEINFO_JSON, value.to_string())
}

async fn terms() -> Response {
    json_as("application/ld+json", context::DOCUMENT.to_owned())
}

#[derive(Deserialize)]
struct Asked {
    resource: Option<String>,
}

async fn webfinger(
    State(app): State<App>,
    Query(asked): Query<Asked>,
) -> Result<Response, Refusal> {
    let resource = asked
        .resource
        .ok_or_else(|| Refusal::field("resource", Say::new("peers-webfinger-resource")))?;
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| local_named(conn, &node, &resource))
        .await?
        .ok_or(Refusal::Missing)?;
    let id = found.id(&app);
    let mut aliases = vec![id.to_string()];
    if let Local::Node = found {
        aliases.push(app.config.base());
    }
    let descriptor = Descriptor {
        subject: format!("acct:{}@{}", found.username(), app.config.domain),
        aliases,
        page: Some(found.page(&app)),
        actor: id,
    };
    Ok(json_as(JRD_JSON, descriptor.to_value().to_string()))
}

/// The actor of ours that this names, as an account or by its address.
fn local_named(conn: &mut Conn, node: &Node, resource: &str) -> Result<Option<Local>, Refusal> {
    if is_node(&node.config, resource) {
        return Ok(Some(Local::Node));
    }
    if let Ok(id) = Uri::parse(resource) {
        return Ok(Local::at(conn, node, &id)?);
    }
    match Account::parse(resource) {
        Ok(account) if account.host() == node.config.domain => {
            Ok(Local::named(conn, node, account.name())?)
        }
        _ => Ok(None),
    }
}

/// Whether this names the node: as an account, by its actor, by its address or its bare host.
fn is_node(config: &Config, resource: &str) -> bool {
    let base = config.base();
    let plain = resource.trim_end_matches('/');
    if plain == base || plain == config.domain || resource == config.actor().as_str() {
        return true;
    }
    Account::parse(resource).is_ok_and(|account| {
        account.host() == config.domain
            && (account.name() == NODE_NAME || account.name() == config.domain)
    })
}

async fn followers(State(app): State<App>) -> Result<Response, Refusal> {
    followers_of(&app, here(&app.config, "/actor"), "/followers".to_owned()).await
}

/// `GET /{room}/{slug}/followers`: how many, and no more than that.
async fn local_followers(State(app): State<App>, uri: http::Uri) -> Result<Response, Refusal> {
    let id = local_at(&app, uri.path(), "/followers").await?;
    followers_of(&app, id, uri.path().to_owned()).await
}

/// The actor of ours whose own collection is at this path.
async fn local_at(app: &App, path: &str, collection: &str) -> Result<Uri, Refusal> {
    let path = path.strip_suffix(collection).ok_or(Refusal::Missing)?;
    let id = Uri::parse(&app.config.uri(path)).map_err(|_| Refusal::Missing)?;
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| Ok::<_, Refusal>(Local::at(conn, &node, &id)?));
    let local = found.await?.ok_or(Refusal::Missing)?;
    Ok(local.id(app))
}

async fn followers_of(app: &App, id: Uri, path: String) -> Result<Response, Refusal> {
    let is_node = id == *app.config.actor().uri();
    let count = app
        .db
        .read(move |conn| {
            let nodes = if is_node {
                store::follower_count(conn)?
            } else {
                0
            };
            Ok::<_, Refusal>(nodes + store::followers_of(conn, &id)?)
        })
        .await?;
    let collection = Collection {
        id: here(&app.config, &path),
        total_items: u64::try_from(count).ok(),
        first: None,
        last: None,
        items: Vec::new(),
    };
    Ok(activity_json(&collection.to_value()))
}

/// Where in the outbox to look. Newest first, as ActivityPub wants it; a peer that reads all of it
/// begins with the last page and walks `prev` towards what is new.
#[derive(Deserialize)]
struct Where {
    /// The page that ends before this activity; `newest`: the first page.
    before: Option<String>,
    /// The page that begins after this activity; `0`: the last page.
    after: Option<String>,
}

const NEWEST: &str = "newest";
const OLDEST: &str = "0";

async fn outbox(state: State<App>, at: Query<Where>) -> Result<Response, Refusal> {
    said_by(state.0, at.0, String::new(), "/outbox".to_owned()).await
}

/// `GET /{room}/{slug}/outbox`: what an actor of ours said itself.
async fn local_outbox(
    State(app): State<App>,
    Query(at): Query<Where>,
    uri: http::Uri,
) -> Result<Response, Refusal> {
    let id = local_at(&app, uri.path(), "/outbox").await?;
    said_by(app, at, id.to_string(), uri.path().to_owned()).await
}

async fn said_by(app: App, at: Where, actor: String, path: String) -> Result<Response, Refusal> {
    let node = app.clone();
    let value = app
        .db
        .read(move |conn| -> Result<Value, Refusal> {
            match at {
                Where {
                    after: Some(after), ..
                } => {
                    let from = full_id(&node, &after)?;
                    let mut items = store::public_after(conn, &actor, &from, PAGE)?;
                    items.reverse();
                    Ok(page(&node, &path, &format!("after={after}"), &items))
                }
                Where {
                    before: Some(before),
                    ..
                } => {
                    let until = match before.as_str() {
                        NEWEST => None,
                        _ => Some(full_id(&node, &before)?),
                    };
                    let items = store::public_before(conn, &actor, until.as_deref(), PAGE)?;
                    Ok(page(&node, &path, &format!("before={before}"), &items))
                }
                Where {
                    before: None,
                    after: None,
                } => {
                    let mut count = || store::public_count(conn, &actor);
                    // What one actor of many says is never that much.
                    let count = match actor.is_empty() {
                        true => node.totals.of("activities", &node.clock, count)?,
                        false => count()?,
                    };
                    let collection = Collection {
                        id: here(&node.config, &path),
                        // Not on each page: who reads all pages would have all counted each time.
                        total_items: u64::try_from(count).ok(),
                        first: Some(here(&node.config, &format!("{path}?before={NEWEST}"))),
                        last: Some(here(&node.config, &format!("{path}?after={OLDEST}"))),
                        items: Vec::new(),
                    };
                    Ok(collection.to_value())
                }
            }
        })
        .await?;
    Ok(activity_json(&value))
}

/// The id of an activity by the end of its address.
fn full_id(node: &Node, end: &str) -> Result<String, Refusal> {
    let plain = |byte: u8| byte.is_ascii_hexdigit() || byte == b'-';
    if end.is_empty() || end.len() > 64 || !end.bytes().all(plain) {
        return Err(Refusal::Missing);
    }
    Ok(node.config.uri(&format!("/activities/{end}")))
}

/// A page of the outbox, newest first; a full one may have neighbours.
fn page(node: &Node, path: &str, query: &str, items: &[(String, String)]) -> Value {
    let at = |query: String| here(&node.config, &format!("{path}?{query}"));
    let end_of = |id: &str| id.rsplit('/').next().unwrap_or_default().to_owned();
    let is_newest = query == format!("before={NEWEST}");
    let is_oldest = query == format!("after={OLDEST}");
    let is_full = items.len() >= usize::try_from(PAGE).unwrap_or(usize::MAX);
    let from_below = query.starts_with("after=");
    let newer = items
        .first()
        .filter(|_| !is_newest && (is_full || !from_below))
        .map(|(id, _)| at(format!("after={}", end_of(id))));
    let older = items
        .last()
        .filter(|_| !is_oldest && (is_full || from_below))
        .map(|(id, _)| at(format!("before={}", end_of(id))));
    let page = CollectionPage {
        id: at(query.to_owned()),
        part_of: Some(here(&node.config, path)),
        next: older,
        prev: newer,
        total_items: None,
        items: items.iter().filter_map(written_out).collect(),
    };
    page.to_value()
}

fn written_out((id, activity): &(String, String)) -> Option<Reference> {
    Some(Reference::Embedded {
        id: Some(Uri::parse(id).ok()?),
        value: serde_json::from_str(activity).ok()?,
    })
}

/// Whether an activity that is not public is for this actor.
fn is_for(activity: &str, reader: &Uri) -> bool {
    let Ok(value) = serde_json::from_str::<Value>(activity) else {
        return false;
    };
    let to = value["to"].as_array();
    to.is_some_and(|to| to.iter().any(|one| one == reader.as_str()))
}

/// An activity: for everyone when it is public, else for the actor it was said to.
async fn activity(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Unproven> {
    let id = full_id(&app, &id)?;
    let said = app
        .db
        .read(move |conn| Ok::<_, Refusal>(store::said(conn, &id)?))
        .await?;
    let (activity, public) = said.ok_or(Refusal::Missing)?;
    if !public {
        let (mut parts, _) = request.into_parts();
        let signer = SignedActor::from_request_parts(&mut parts, &app).await?;
        if !is_for(&activity, &signer.id) {
            return Err(Refusal::Missing.into());
        }
    }
    Ok(json_as(ACTIVITY_JSON, activity))
}
