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
use settlement::{Uri, VenueId};

use super::actor::{self, here};
use super::framework::NODE_NAME;
use super::prove::{SignedPeer, Unproven};
use super::{keys, receive, store};
use crate::Node;
use crate::config::Config;
use crate::db::Conn;
use crate::venues::{self, Venue};
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
    activity_json(&actor::actor(&app).to_value())
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
    let descriptor = if is_node(&app.config, &resource) {
        Descriptor {
            subject: format!("acct:{NODE_NAME}@{}", app.config.domain),
            aliases: vec![app.config.actor().to_string(), app.config.base()],
            actor: app.config.actor().uri().clone(),
            page: Some(here(&app.config, "/")),
        }
    } else {
        let venue = app
            .db
            .read({
                let node = app.clone();
                move |conn| venue_named(conn, &node.config, &resource)
            })
            .await?
            .ok_or(Refusal::Missing)?;
        Descriptor {
            subject: format!("acct:{}@{}", venue.slug, app.config.domain),
            aliases: vec![venue.id.to_string()],
            page: Some(venue.id.uri().clone()),
            actor: venue.id.uri().clone(),
        }
    };
    Ok(json_as(JRD_JSON, descriptor.to_value().to_string()))
}

/// The venue this names, as an account or by its address.
fn venue_named(conn: &mut Conn, config: &Config, resource: &str) -> Result<Option<Venue>, Refusal> {
    if let Ok(id) = VenueId::parse(resource) {
        return Ok(venues::store::venue(conn, &id)?);
    }
    match Account::parse(resource) {
        Ok(account) if account.host() == config.domain => {
            Ok(venues::store::by_slug(conn, account.name())?)
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
    let count = app
        .db
        .read(|conn| Ok::<_, Refusal>(store::follower_count(conn)?))
        .await?;
    let collection = Collection {
        id: here(&app.config, "/followers"),
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

async fn outbox(State(app): State<App>, Query(at): Query<Where>) -> Result<Response, Refusal> {
    let node = app.clone();
    let value = app
        .db
        .read(move |conn| -> Result<Value, Refusal> {
            let total = u64::try_from(store::public_count(conn)?).ok();
            match at {
                Where {
                    after: Some(after), ..
                } => {
                    let from = full_id(&node, &after)?;
                    let mut items = store::public_after(conn, &from, PAGE)?;
                    items.reverse();
                    Ok(page(&node, &format!("after={after}"), total, &items))
                }
                Where {
                    before: Some(before),
                    ..
                } => {
                    let until = match before.as_str() {
                        NEWEST => None,
                        _ => Some(full_id(&node, &before)?),
                    };
                    let items = store::public_before(conn, until.as_deref(), PAGE)?;
                    Ok(page(&node, &format!("before={before}"), total, &items))
                }
                Where {
                    before: None,
                    after: None,
                } => {
                    let collection = Collection {
                        id: here(&node.config, "/outbox"),
                        total_items: total,
                        first: Some(here(&node.config, &format!("/outbox?before={NEWEST}"))),
                        last: Some(here(&node.config, &format!("/outbox?after={OLDEST}"))),
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
fn page(node: &Node, query: &str, total: Option<u64>, items: &[(String, String)]) -> Value {
    let at = |query: String| here(&node.config, &format!("/outbox?{query}"));
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
        part_of: Some(here(&node.config, "/outbox")),
        next: older,
        prev: newer,
        total_items: total,
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

/// An activity: for everyone when it is public, else for the peer it was said to.
async fn activity(
    State(app): State<App>,
    Path(id): Path<String>,
    request: Request,
) -> Result<Response, Unproven> {
    let id = full_id(&app, &id)?;
    let said = app
        .db
        .read({
            let id = id.clone();
            move |conn| Ok::<_, Refusal>(store::said(conn, &id)?)
        })
        .await?;
    let (activity, public) = said.ok_or(Refusal::Missing)?;
    if !public {
        let (mut parts, _) = request.into_parts();
        let SignedPeer(peer) = SignedPeer::from_request_parts(&mut parts, &app).await?;
        let was_for_it = app
            .db
            .read(move |conn| Ok::<_, Refusal>(store::was_said_to(conn, &id, &peer.origin)?))
            .await?;
        if !was_for_it {
            return Err(Refusal::Missing.into());
        }
    }
    Ok(json_as(ACTIVITY_JSON, activity))
}
