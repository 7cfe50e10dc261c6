//! Looking something up where it lives: by the address of a work, a release, a selection or an actor,
//! or by a handle (`@name@host`).
//!
//! Only members ask, each so often an hour; the way out bounds what a host is asked. What comes is
//! taken like anything that arrives: only with its origin's proof, and never what was deleted there or
//! is blocked here. Nobody is followed by it; of what was looked up its node is asked every few minutes
//! what it took down or changed ([`peers::hear`]), and what is gone there is gone here.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use askama::Template;
use axum::Router;
use axum::extract::{Form, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use federation::vocabulary::webfinger::Account;
use federation::vocabulary::{
    Activity, Actor, ActorKind, Release as ReleaseWords, Selection as SelectionWords,
    Work as WorkWords,
};
use http::StatusCode;
use serde::Deserialize;
use serde_json::{Value, json};
use settlement::{Uri, WorkId};

use crate::Node;
use crate::catalogue;
use crate::curation;
use crate::db::Conn;
use crate::members::public::store::is_following;
use crate::pages::{self, Elsewhere, Page};
use crate::peers::fetch::{self, FetchRefused};
use crate::peers::{self, Outcome, Peer, RemoteActor};
use crate::web::{App, Guest, Refusal};
use crate::words::Say;

/// The largest document that is read, in bytes.
const DOCUMENT_LIMIT: usize = 1 << 20;
/// How many works of a release or a selection are read with it.
const WORKS: usize = 40;
/// How often a member may look something up in an hour.
const AN_HOUR: u32 = 30;
const HOUR_US: i64 = 3600 * 1_000_000;
/// The longest address or handle, in bytes.
const WANTED_LIMIT: usize = 2_048;

/// How a room receives.
type Receive = fn(&mut Conn, &Node, &Peer, &Activity) -> Result<Outcome, Refusal>;

/// Who is asked what to make of it.
const ROOMS: [Receive; 2] = [catalogue::inbox::receive, curation::inbox::receive];

/// The doors of looking up.
pub fn routes() -> Router<App> {
    Router::new()
        .route("/search/elsewhere", post(look))
        .route("/elsewhere/actors", get(actor))
}

/// Who looked something up lately.
#[derive(Default)]
pub struct Lookups {
    /// By member: since when it is counted (microseconds UTC), and how often.
    counted: Mutex<HashMap<String, (i64, u32)>>,
}

impl Lookups {
    /// Counts one more.
    ///
    /// # Errors
    /// [`Refusal::TooMany`] when this hour's are used up.
    fn one_more(&self, member: &str, now_us: i64) -> Result<(), Refusal> {
        let mut counted = self.counted.lock().unwrap_or_else(PoisonError::into_inner);
        counted.retain(|_, (since_us, _)| now_us - *since_us < HOUR_US);
        let (since_us, count) = counted.entry(member.to_owned()).or_insert((now_us, 0));
        if *count >= AN_HOUR {
            let left_us = (HOUR_US - (now_us - *since_us)).max(1_000_000);
            return Err(Refusal::TooMany(left_us.unsigned_abs() / 1_000_000));
        }
        *count += 1;
        Ok(())
    }
}

/// Where something looked up is said to live: its host, when the words are an address or a handle of
/// another node.
pub fn host_of(words: &str, base: &str) -> Option<String> {
    let words = words.trim();
    if words.len() > WANTED_LIMIT || words.contains(char::is_whitespace) {
        return None;
    }
    if words.contains("://") {
        let id = Uri::parse(words).ok()?;
        let is_web = words.starts_with("https://") || words.starts_with("http://");
        let host = id.origin().split_once("://")?.1.to_owned();
        return (is_web && id.origin() != base).then_some(host);
    }
    // `mailto:` and the like are no names.
    let account = Account::parse(words).ok()?;
    if account.name().contains(':') {
        return None;
    }
    let own = base.split_once("://").map_or(base, |(_, host)| host);
    (account.host() != own).then(|| account.host().to_owned())
}

#[derive(Deserialize)]
struct Wanted {
    #[serde(default)]
    q: String,
}

/// `POST /search/elsewhere`: asks, takes what comes, and leads there.
async fn look(
    State(app): State<App>,
    guest: Guest,
    Form(wanted): Form<Wanted>,
) -> Result<Response, Refusal> {
    let member = guest.signed_in()?.id.clone();
    let to = look_up(&app, &member, &wanted.q).await?;
    Ok(Redirect::to(&to).into_response())
}

/// Asks for what has this address or handle; the path of this node that shows it.
///
/// # Errors
/// [`Refusal::TooMany`]; a refusal for `q` that says what is wrong with it or with what came.
pub async fn look_up(app: &App, member: &str, wanted: &str) -> Result<String, Refusal> {
    let wanted = meant(wanted.trim());
    let page = |kind: &str, id: &str| format!("/elsewhere/{kind}?uri={}", catalogue::encoded(id));
    if host_of(&wanted, &app.config.base()).is_none() {
        let path = wanted.strip_prefix(&app.config.base());
        return match path.filter(|path| path.starts_with('/')) {
            Some(path) => Ok(pages::local_path(path).to_owned()),
            None => Err(Refusal::field("q", Say::new("discovery-remote-what"))),
        };
    }
    app.lookups.one_more(member, app.clock.now_us())?;
    if !wanted.contains("://") {
        return Ok(page("actors", &meet(app, &wanted).await?));
    }
    let value = match fetch::object(app, &wanted, DOCUMENT_LIMIT).await {
        Ok(value) => value,
        Err(FetchRefused::Status { status, .. }) if status == StatusCode::GONE => {
            gone(app, &wanted).await?;
            return Err(Refusal::field("q", Say::new("discovery-remote-deleted")));
        }
        Err(refused) => return Err(not_had(&wanted, &refused)),
    };
    if Actor::of(&value).is_ok() {
        return Ok(page("actors", &meet(app, &wanted).await?));
    }
    let kind = match () {
        () if WorkWords::is_one(&value) => "works",
        () if ReleaseWords::is_one(&value) => "releases",
        () if SelectionWords::is_one(&value) => "selections",
        () => return Err(Refusal::field("q", Say::new("discovery-remote-other"))),
    };
    let origin = Uri::parse(&wanted).map_err(|_| Refusal::Missing)?;
    let peer = peers::add::node_of(app, origin.origin()).await?;
    take(app, &peer, value.clone()).await?;
    with_it(app, &peer, kind, &value).await;
    Ok(page(kind, &wanted))
}

/// Meets somebody; their id. A node is kept as a peer, others as actors.
async fn meet(app: &App, wanted: &str) -> Result<String, Refusal> {
    match peers::add::meet(app, wanted).await {
        Ok(actor) => Ok(actor.id.to_string()),
        Err(Refusal::Missing) => {
            let base = app.config.base();
            let scheme = base.split_once("://").map_or("https", |(scheme, _)| scheme);
            let host = host_of(wanted, &base).ok_or(Refusal::Missing)?;
            let node = peers::add::node_of(app, &format!("{scheme}://{host}")).await?;
            Ok(node.actor_id.to_string())
        }
        Err(refusal) => Err(refusal),
    }
}

/// The address somebody means who pastes that of another node's page about it.
fn meant(wanted: &str) -> String {
    let inner = url::Url::parse(wanted)
        .ok()
        .filter(|url| url.path().starts_with("/elsewhere/"));
    let uri = inner.and_then(|url| {
        let mut pairs = url.query_pairs();
        pairs
            .find(|(key, _)| key == "uri")
            .map(|(_, uri)| uri.into_owned())
    });
    uri.unwrap_or_else(|| wanted.to_owned())
}

async fn document(app: &App, url: &str) -> Result<Value, Refusal> {
    fetch::object(app, url, DOCUMENT_LIMIT)
        .await
        .map_err(|refused| not_had(url, &refused))
}

fn not_had(url: &str, refused: &FetchRefused) -> Refusal {
    let why: String = refused.to_string().chars().take(400).collect();
    let say = Say::new("discovery-remote-not-had").with("url", url);
    Refusal::field("q", say.with("why", why))
}

/// Takes down what its own address says is gone (410).
async fn gone(app: &App, url: &str) -> Result<(), Refusal> {
    let id = Uri::parse(url).map_err(|_| Refusal::Missing)?;
    let node = app.clone();
    app.db
        .write(move |conn| {
            let Some(peer) = peers::store::peer(conn, id.origin())? else {
                return Ok(());
            };
            let said = json!({
                "id": format!("{id}#gone"),
                "type": "Delete",
                "actor": peer.actor_id.as_str(),
                "object": id.as_str(),
            });
            let activity = Activity::of(&said).map_err(Refusal::broken)?;
            peers::rules::check(&peer, &activity)?;
            for receive in ROOMS {
                if let Outcome::Done(_) = receive(conn, &node, &peer, &activity)? {
                    return Ok(());
                }
            }
            Ok(())
        })
        .await
}

/// Takes a document as if its node had sent it.
async fn take(app: &App, peer: &Peer, value: Value) -> Result<(), Refusal> {
    let id = value["id"].as_str().unwrap_or_default().to_owned();
    let said = json!({
        "id": format!("{id}#looked-up"),
        "type": "Create",
        "actor": peer.actor_id.as_str(),
        "object": value,
    });
    let activity = Activity::of(&said).map_err(|why| {
        Refusal::Conflict(Say::new("catalogue-document-unreadable").with("reason", why))
    })?;
    let (node, peer) = (app.clone(), peer.clone());
    app.db
        .write(move |conn| {
            peers::rules::check(&peer, &activity)?;
            if peers::store::is_buried(conn, &id)? {
                return Err(Refusal::field("q", Say::new("discovery-remote-deleted")));
            }
            for receive in ROOMS {
                if let Outcome::Done(_) = receive(conn, &node, &peer, &activity)? {
                    peers::hear::of(conn, &peer.origin, node.clock.now_us())?;
                    return Ok(());
                }
            }
            Err(Refusal::field("q", Say::new("discovery-remote-other")))
        })
        .await
}

/// Reads what belongs to it and lives on the same node: the works of a release or a selection, the
/// release of a work. What cannot be had is left out.
async fn with_it(app: &App, peer: &Peer, kind: &str, value: &Value) {
    let mut ids: Vec<Uri> = match kind {
        "works" => {
            let words = WorkWords::of(value).ok();
            let release = words
                .and_then(|words| words.release)
                .and_then(|named| named.id);
            release.into_iter().collect()
        }
        "releases" => {
            let words = ReleaseWords::of(value).ok();
            let works = words.map(|words| words.works).unwrap_or_default();
            works.iter().map(|work| work.uri().clone()).collect()
        }
        _ => {
            let words = SelectionWords::of(value).ok();
            let items = words.map(|words| words.items).unwrap_or_default();
            items.iter().map(|item| item.work.uri().clone()).collect()
        }
    };
    ids.retain(|id| id.origin() == peer.origin);
    ids.truncate(WORKS);
    for id in ids {
        let work = WorkId::from(id.clone());
        let known = app
            .db
            .read(move |conn| Ok::<_, Refusal>(catalogue::store::work(conn, &work)?.is_some()));
        if kind != "works" && known.await.unwrap_or(true) {
            continue;
        }
        match document(app, id.as_str()).await {
            Ok(value) => {
                if let Err(refusal) = take(app, peer, value).await {
                    tracing::info!(%id, %refusal, "what belongs to something looked up is left out");
                }
            }
            Err(refusal) => {
                tracing::info!(%id, %refusal, "what belongs to something looked up is not had");
            }
        }
    }
}

/// Somebody found on another node.
#[derive(Template)]
#[template(path = "discovery/actor.html")]
struct ActorPage {
    page: Page,
    id: String,
    origin: String,
    name: String,
    handle: Option<String>,
    kind: &'static str,
    /// Where they are shown at home.
    home: Option<String>,
    /// What this node shows of them.
    known: Option<String>,
    /// Whether the reader follows them.
    following: bool,
}

/// `GET /elsewhere/actors?uri=`: a node, a venue, a party or a person of another node.
async fn actor(
    State(app): State<App>,
    guest: Guest,
    Query(wanted): Query<Elsewhere>,
) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let found = app
        .db
        .read(move |conn| {
            let id = Uri::parse(&wanted.uri).map_err(|_| Refusal::Missing)?;
            if !peers::store::not_shown(conn)?
                .iter()
                .all(|origin| origin != id.origin())
            {
                return Err(Refusal::Missing);
            }
            let Some(actor) = peers::store::actor(conn, &id)? else {
                let node = peers::store::peer(conn, id.origin())?
                    .filter(|peer| *peer.actor_id.uri() == id)
                    .ok_or(Refusal::Missing)?;
                return Ok(ActorPage::of_node(page, node));
            };
            let party = settlement::PartyId::parse(id.as_str()).ok();
            let is_party = match party {
                Some(party) => catalogue::store::party(conn, &party)?.is_some(),
                None => false,
            };
            let is_venue = crate::venues::shown::venue_elsewhere(conn, id.as_str())?.is_some();
            let kind = match (is_party, is_venue) {
                (true, _) => Some("parties"),
                (_, true) => Some("venues"),
                _ => None,
            };
            let known = kind.map(|kind| page.link(kind, &id));
            let member = page.member.as_ref();
            let following = is_following(conn, member, id.as_str())?;
            Ok(ActorPage {
                following,
                ..ActorPage::of(page, actor, known)
            })
        })
        .await?;
    pages::answer(&found)
}

impl ActorPage {
    fn of_node(page: Page, node: Peer) -> Self {
        let host = node.origin.split_once("://").map_or("", |(_, host)| host);
        ActorPage {
            page,
            handle: Some(format!("@{}@{host}", peers::framework::NODE_NAME)),
            kind: "discovery-actor-node",
            home: Some(format!("{}/", node.origin)),
            id: node.actor_id.to_string(),
            origin: node.origin,
            name: node.name,
            known: None,
            following: false,
        }
    }

    fn of(page: Page, actor: RemoteActor, known: Option<String>) -> Self {
        ActorPage {
            page,
            handle: actor.handle(),
            kind: match actor.kind {
                ActorKind::Application | ActorKind::Service => "discovery-actor-node",
                ActorKind::Group | ActorKind::Organization => "discovery-actor-group",
                _ => "discovery-actor-person",
            },
            home: actor
                .page
                .filter(|page| page.starts_with("https://") || page.starts_with("http://")),
            id: actor.id.to_string(),
            origin: actor.origin,
            name: actor.name,
            known,
            following: false,
        }
    }
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let page = |full: bool| ActorPage {
        page: Page::sample(language, full),
        id: "http://localhost:8102/venues/fil".into(),
        origin: "http://localhost:8102".into(),
        name: "Le <Fil> & Cie".into(),
        handle: full.then(|| "@fil@localhost:8102".into()),
        kind: match full {
            true => "discovery-actor-group",
            false => "discovery-actor-node",
        },
        home: full.then(|| "http://localhost:8102/venues/fil?a=\"b\"".into()),
        known: full.then(|| "/elsewhere/venues?uri=x".into()),
        following: full,
    };
    vec![
        ("actor", page(true).render()),
        ("bare actor", page(false).render()),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_handles_of_other_nodes_are_told_from_words() {
        let base = "https://loire.example";
        let host = |words: &str| host_of(words, base);
        assert_eq!(host("@fil@scene.example").as_deref(), Some("scene.example"));
        assert_eq!(host("fil@scene.example").as_deref(), Some("scene.example"));
        assert_eq!(
            host(" https://scene.example/works/1 ").as_deref(),
            Some("scene.example")
        );
        for words in [
            "jacques brel",
            "https://loire.example/works/1",
            "@node@loire.example",
            "mailto:a@b.example",
            "ftp://scene.example/1",
            "@",
            "a@",
            "@a@b c",
            "",
        ] {
            assert_eq!(host(words), None, "{words:?}");
        }
        let long = format!("https://scene.example/{}", "a".repeat(3_000));
        assert_eq!(host(&long), None);
    }

    #[test]
    fn a_page_about_a_work_of_a_third_node_means_the_work() {
        assert_eq!(
            meant("https://a.example/elsewhere/works?uri=https%3A%2F%2Fb.example%2Fworks%2F1"),
            "https://b.example/works/1"
        );
        assert_eq!(
            meant("https://a.example/works/1"),
            "https://a.example/works/1"
        );
    }

    #[test]
    fn a_member_asks_so_often_an_hour_and_others_are_not_hindered() {
        let lookups = Lookups::default();
        for _ in 0..AN_HOUR {
            lookups.one_more("ana", 0).unwrap();
        }
        let refused = lookups.one_more("ana", HOUR_US - 1).unwrap_err();
        assert!(matches!(refused, Refusal::TooMany(1)), "{refused:?}");
        lookups.one_more("bo", 0).unwrap();
        lookups.one_more("ana", HOUR_US).unwrap();
    }
}
