//! Fetching from other nodes: signed, limited in size and time, never past the public network.
//!
//! What a host may cost a minute depends on whose choice it is: of a node that is followed or
//! allowed here, and of the coordinator, as much as they have; of a host that somebody else named,
//! little, and what failed there is not asked again at once.

use std::path::{Path, PathBuf};
use std::time::Duration;

use federation::digest::{Sha256Digest, Sha256Digester};
use federation::json::{JsonLimits, JsonRefused, parse_strict};
use federation::signature::CannotSign;
use federation::vocabulary::{ACTIVITY_JSON, LD_JSON, is_activity_type};
use http::header::{ACCEPT, CONTENT_TYPE, RANGE};
use http::{HeaderValue, StatusCode};
use reqwest::Response;
use serde_json::Value;
use tokio::io::AsyncWriteExt as _;
use url::Url;

use super::budget::{Allowance, Budget};
use super::outside::{self, NoWayOut};
use super::resolve;
use super::standing::{Blocklist, Rules};
use super::{Following, Peer, Standing, store};
use crate::Node;
use crate::db::DbError;

/// How long a document may take, from the first byte asked to the last byte read.
const DOCUMENT: Duration = Duration::from_secs(20);
/// How many requests all hosts that others named may cost a minute.
const OF_STRANGERS: u32 = 1_000;
/// How much of what a server says with a refusal is kept, in bytes.
const SAID_LIMIT: usize = 300;

/// Why something cannot be had from another node.
#[derive(Debug, thiserror::Error)]
pub enum FetchRefused {
    /// An address that is never asked.
    #[error("{url} is not asked: {reason}")]
    Address {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A host this node does not speak with.
    #[error(
        "{0} is blocked here, or not on the list of hosts this node speaks with; unblock or allow it first"
    )]
    Blocked(String),
    /// A peer that shows keys which do not follow from those known here.
    #[error(
        "{0} shows other keys than those known here and does not show that it changed them itself; it is on hold until the operator here has asked and decides"
    )]
    Held(String),
    /// An address that failed a moment ago, or a host that was asked too often.
    #[error(
        "{0} is not asked now: it did not answer as it should a moment ago, or its host was asked too often"
    )]
    TooOften(String),
    /// No answer.
    #[error("{url} does not answer: {reason}")]
    Silent {
        /// The address.
        url: String,
        /// What went wrong.
        reason: String,
    },
    /// An answer that is not the thing asked for.
    #[error("{url} answered {status}{}{said}", if .said.is_empty() { "" } else { ": " })]
    Status {
        /// The address.
        url: String,
        /// The number.
        status: StatusCode,
        /// What it said with it.
        said: String,
    },
    /// More bytes than the limit.
    #[error("{url} is larger than {limit} bytes")]
    TooLarge {
        /// The address.
        url: String,
        /// The limit.
        limit: u64,
    },
    /// A document of another kind.
    #[error("{url} is {found}, not {wanted}")]
    OtherType {
        /// The address.
        url: String,
        /// The media type that came.
        found: String,
        /// What was wanted.
        wanted: &'static str,
    },
    /// Not JSON that is read here.
    #[error("{url}: {source}")]
    Json {
        /// The address.
        url: String,
        /// What is wrong with it.
        source: JsonRefused,
    },
    /// A document that is not what it should be.
    #[error("{url}: {reason}")]
    Content {
        /// The address.
        url: String,
        /// What is wrong with it.
        reason: String,
    },
    /// Other bytes than were promised.
    #[error("{url} is not the file that was promised: its digest is {found}, not {wanted}")]
    OtherBytes {
        /// The address.
        url: String,
        /// The digest of what came.
        found: Sha256Digest,
        /// The digest that was promised.
        wanted: Sha256Digest,
    },
    /// What the framework refused.
    #[error("{}", chain(.0.as_ref()).chars().take(400).collect::<String>())]
    Framework(Box<activitypub_federation::error::Error>),
    /// A file of ours cannot be written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// Our own client.
    #[error(transparent)]
    Client(#[from] NoWayOut),
    /// Our own signature.
    #[error(transparent)]
    Sign(#[from] CannotSign),
    /// Our own database.
    #[error(transparent)]
    Db(#[from] DbError),
}

impl From<diesel::result::Error> for FetchRefused {
    fn from(error: diesel::result::Error) -> Self {
        FetchRefused::Db(error.into())
    }
}

/// What was fetched in this minute, and what failed.
pub(super) struct Fetches(Budget);

impl Default for Fetches {
    fn default() -> Self {
        Fetches(Budget::new(OF_STRANGERS))
    }
}

impl Fetches {
    fn came(&self, node: &Node, host: &str, bytes: u64) {
        self.0.came(host, bytes, node.clock.now_us());
    }
}

/// Host and port.
fn host(address: &Url) -> String {
    let origin = address.origin().ascii_serialization();
    origin
        .split_once("://")
        .map_or("", |(_, host)| host)
        .to_owned()
}

/// What a host may cost.
fn allowance(node: &Node, peer: Option<&Peer>) -> Allowance {
    let chosen = peer.is_some_and(|peer| {
        peer.following != Following::No
            || peer.standing == Standing::Allowed
            || peer.actor_id == node.config.coordinator_actor()
    });
    match chosen {
        true => Allowance::CHOSEN,
        false => Allowance::STRANGER,
    }
}

/// The JSON at `url`, at most `limit` bytes of it. Its words are only as true as what proves
/// them: a signature inside, or for ActivityPub objects [`object`].
pub async fn json(node: &Node, url: &str, limit: usize) -> Result<Value, FetchRefused> {
    let read = json_there(node, url, limit).await;
    note(node, url, read)
}

async fn json_there(node: &Node, url: &str, limit: usize) -> Result<Value, FetchRefused> {
    let accept = "application/activity+json, application/ld+json;q=0.9, application/json;q=0.8";
    let (address, response) = document(node, url, accept).await?;
    let found = content_type(&response);
    let essence = found.split(';').next().unwrap_or_default().trim();
    if !is_activity_type(&found)
        && !essence.eq_ignore_ascii_case("application/json")
        && !essence.to_ascii_lowercase().ends_with("+json")
    {
        let url = address.into();
        return Err(FetchRefused::OtherType {
            url,
            found,
            wanted: "JSON",
        });
    }
    read_json(node, response, &address, limit).await
}

/// The ActivityPub object whose id is `url`, authenticated by being served there: under an
/// ActivityPub media type, with this very id.
pub async fn object(node: &Node, url: &str, limit: usize) -> Result<Value, FetchRefused> {
    let read = object_there(node, url, limit).await;
    note(node, url, read)
}

/// Remembers an address that does not answer as it should.
fn note<T>(node: &Node, url: &str, read: Result<T, FetchRefused>) -> Result<T, FetchRefused> {
    let budget = &node.outside.fetches.0;
    match &read {
        Ok(_) => budget.answered(url),
        Err(
            FetchRefused::Silent { .. }
            | FetchRefused::Status { .. }
            | FetchRefused::TooLarge { .. }
            | FetchRefused::OtherType { .. }
            | FetchRefused::Json { .. }
            | FetchRefused::Content { .. },
        ) => budget.failed(url, node.clock.now_us()),
        // Ours, or never asked.
        Err(_) => {}
    }
    read
}

async fn object_there(node: &Node, url: &str, limit: usize) -> Result<Value, FetchRefused> {
    let accept = format!("{ACTIVITY_JSON}, {LD_JSON};q=0.9");
    let (address, response) = document(node, url, &accept).await?;
    let found = content_type(&response);
    if !is_activity_type(&found) {
        let url = address.into();
        return Err(FetchRefused::OtherType {
            url,
            found,
            wanted: "an ActivityPub object",
        });
    }
    let value = read_json(node, response, &address, limit).await?;
    if value.get("id").and_then(Value::as_str) != Some(url) {
        return Err(FetchRefused::Content {
            url: url.to_owned(),
            reason: "the object there has another id".to_owned(),
        });
    }
    Ok(value)
}

/// What a file turned out to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fetched {
    /// Its size in bytes.
    pub size: u64,
    /// The digest of its bytes.
    pub digest: Sha256Digest,
}

/// Fetches the bytes at `url`, at most `limit` of them, into the file `path`, which is there
/// whole or not at all. With `digest`, only these very bytes are taken.
pub async fn to_file(
    node: &Node,
    url: &str,
    limit: u64,
    digest: Option<Sha256Digest>,
    path: &Path,
) -> Result<Fetched, FetchRefused> {
    let address = address(node, url)?;
    // A file of that size over a slow line, and no more: nothing is waited for for ever.
    let time = Duration::from_secs(60 + limit / 65_536);
    let mut response = ask(node, &address, "*/*", None, Some(time)).await?;
    expect(&mut response, &[StatusCode::OK]).await?;
    let part = PathBuf::from(format!("{}.part-{}", path.display(), node.clock.fresh_id()));
    let written = write_part(node, response, &address, limit, &part).await;
    let fetched = match written {
        Ok(fetched) => fetched,
        Err(refused) => {
            let _ = tokio::fs::remove_file(&part).await;
            return Err(refused);
        }
    };
    if let Some(wanted) = digest.filter(|wanted| *wanted != fetched.digest) {
        let _ = tokio::fs::remove_file(&part).await;
        return Err(FetchRefused::OtherBytes {
            url: address.into(),
            found: fetched.digest,
            wanted,
        });
    }
    tokio::fs::rename(&part, path).await.map_err(io(path))?;
    Ok(fetched)
}

/// Asks for the bytes at `url`, or a range of them, and hands the answer on while it arrives:
/// whole (200), in part (206), unchanged (304) or out of range (416).
pub async fn stream(
    node: &Node,
    url: &str,
    range: Option<HeaderValue>,
) -> Result<Response, FetchRefused> {
    let address = address(node, url)?;
    let mut response = ask(node, &address, "*/*", range, None).await?;
    let good = [
        StatusCode::OK,
        StatusCode::PARTIAL_CONTENT,
        StatusCode::NOT_MODIFIED,
        StatusCode::RANGE_NOT_SATISFIABLE,
    ];
    expect(&mut response, &good).await?;
    // Whoever reads it takes no more than this.
    let promised = response.content_length().unwrap_or(0);
    node.outside.fetches.came(node, &host(&address), promised);
    Ok(response)
}

async fn document(node: &Node, url: &str, accept: &str) -> Result<(Url, Response), FetchRefused> {
    let address = address(node, url)?;
    let mut response = ask(node, &address, accept, None, Some(DOCUMENT)).await?;
    expect(&mut response, &[StatusCode::OK]).await?;
    Ok((address, response))
}

/// An address that may be asked.
fn address(node: &Node, url: &str) -> Result<Url, FetchRefused> {
    let refuse = |reason| FetchRefused::Address {
        url: url.chars().take(200).collect(),
        reason,
    };
    let address = Url::parse(url).map_err(|_| refuse("it is not an address"))?;
    match resolve::refused(&address, node.config.dev) {
        None => Ok(address),
        Some(reason) => Err(refuse(reason)),
    }
}

/// Sends a signed GET.
async fn ask(
    node: &Node,
    address: &Url,
    accept: &str,
    range: Option<HeaderValue>,
    time: Option<Duration>,
) -> Result<Response, FetchRefused> {
    let origin = address.origin().ascii_serialization();
    let rules = Rules::of(&node.config);
    let (peer, blocklist) = node
        .db
        .read(move |conn| {
            let blocklist = Blocklist::read(conn, &rules)?;
            Ok::<_, FetchRefused>((store::peer(conn, &origin)?, blocklist))
        })
        .await?;
    if blocklist.holds(address) {
        let host = address.host_str().unwrap_or_default().to_owned();
        return Err(FetchRefused::Blocked(host));
    }
    let (budget, now) = (&node.outside.fetches.0, node.clock.now_us());
    let allowance = allowance(node, peer.as_ref());
    let is_shunned = allowance != Allowance::CHOSEN && budget.is_shunned(address.as_str(), now);
    if is_shunned || !budget.may_ask(&host(address), allowance, now) {
        return Err(FetchRefused::TooOften(address.to_string()));
    }
    let client = node.outside.client(&node.config)?;
    let mut request = client.get(address.clone()).header(ACCEPT, accept);
    if let Some(range) = range {
        request = request.header(RANGE, range);
    }
    if let Some(time) = time {
        request = request.timeout(time);
    }
    let request = request.build().map_err(silent(address))?;
    outside::send(node, peer.as_ref(), request).await
}

/// Turns an answer that is not among `good` into a refusal with the server's own words.
async fn expect(response: &mut Response, good: &[StatusCode]) -> Result<(), FetchRefused> {
    let status = response.status();
    if good.contains(&status) {
        return Ok(());
    }
    Err(FetchRefused::Status {
        url: response.url().to_string(),
        status,
        said: said(response).await,
    })
}

/// The first words of what a server says, on one line.
pub(super) async fn said(response: &mut Response) -> String {
    let mut bytes = Vec::new();
    while bytes.len() < SAID_LIMIT {
        match response.chunk().await {
            Ok(Some(chunk)) => bytes.extend_from_slice(&chunk),
            _ => break,
        }
    }
    bytes.truncate(SAID_LIMIT);
    let text = String::from_utf8_lossy(&bytes);
    let words: Vec<&str> = text
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    words.join(" ")
}

fn content_type(response: &Response) -> String {
    response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .unwrap_or("nothing it has a name for")
        .to_owned()
}

async fn read_json(
    node: &Node,
    response: Response,
    address: &Url,
    limit: usize,
) -> Result<Value, FetchRefused> {
    let bytes = read(node, response, address, limit).await?;
    parse_strict(&bytes, JsonLimits::of_bytes(limit)).map_err(|source| FetchRefused::Json {
        url: address.to_string(),
        source,
    })
}

async fn read(
    node: &Node,
    mut response: Response,
    address: &Url,
    limit: usize,
) -> Result<Vec<u8>, FetchRefused> {
    let mut bytes = Vec::new();
    let host = host(address);
    while let Some(chunk) = response.chunk().await.map_err(silent(address))? {
        node.outside.fetches.came(node, &host, chunk.len() as u64);
        if bytes.len() + chunk.len() > limit {
            return Err(too_large(address, limit as u64));
        }
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

async fn write_part(
    node: &Node,
    mut response: Response,
    address: &Url,
    limit: u64,
    part: &Path,
) -> Result<Fetched, FetchRefused> {
    if response.content_length().is_some_and(|size| size > limit) {
        return Err(too_large(address, limit));
    }
    let mut file = tokio::fs::File::create_new(part).await.map_err(io(part))?;
    let mut digester = Sha256Digester::new();
    let host = host(address);
    while let Some(chunk) = response.chunk().await.map_err(silent(address))? {
        node.outside.fetches.came(node, &host, chunk.len() as u64);
        digester.update(&chunk);
        if digester.length() > limit {
            return Err(too_large(address, limit));
        }
        file.write_all(&chunk).await.map_err(io(part))?;
    }
    file.sync_all().await.map_err(io(part))?;
    Ok(Fetched {
        size: digester.length(),
        digest: digester.finish(),
    })
}

fn too_large(address: &Url, limit: u64) -> FetchRefused {
    let url = address.to_string();
    FetchRefused::TooLarge { url, limit }
}

fn silent(address: &Url) -> impl Fn(reqwest::Error) -> FetchRefused {
    let url = address.to_string();
    move |error| FetchRefused::Silent {
        url: url.clone(),
        reason: chain(&error.without_url()),
    }
}

fn io(path: &Path) -> impl Fn(std::io::Error) -> FetchRefused {
    let path = path.display().to_string();
    move |source| FetchRefused::Io {
        path: path.clone(),
        source,
    }
}

/// An error and what caused it, in one line.
pub(super) fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(next) = cause {
        text.push_str(": ");
        text.push_str(&next.to_string());
        cause = next.source();
    }
    text
}
