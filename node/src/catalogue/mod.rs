//! The catalogue: works, releases and parties, what is here and what the network refers to.
//!
//! - A [`Work`] is something a member uses: a track. It is known by its URI, wherever it lives.
//! - A [`Release`] is how works came out together: an album, a single.
//! - A [`Party`] is who is owed money for a work, in a [`Role`].
//! - A **split sheet** says who shares in a work; it is signed by the work's origin and never
//!   changed, only followed by a later one.
//! - A **mandate** says who licensed a work to the network ([`mandates`]); its **rights** where and
//!   when it may be played ([`rights`]).
//! - A **change** of a split sheet waits for those who lose by it ([`changes`]); a **claim** is two
//!   works under one recording code ([`claims`]).
//! - **Media** are the files themselves, kept once under the digest of their bytes.
//!
//! A work of this node came in by [`import`]; one of another node came in by a signed message
//! ([`inbox`]); its file is fetched from its origin when somebody listens, and kept for a while
//! ([`cache`]).

pub mod api;
pub mod cache;
pub mod changes;
pub mod claims;
pub mod collection;
pub mod decode;
pub mod documents;
pub mod fold;
pub mod import;
pub mod inbox;
mod listen;
pub mod loudness;
pub mod mandates;
pub mod media;
mod note;
pub mod pages;
pub mod pictures;
mod preview;
pub mod rights;
mod serve;
pub mod shown;
pub mod sniff;
pub mod splits;
pub mod store;
pub mod tags;
pub mod tell;

use std::fmt;

use axum::Router;
use axum::extract::{Path, State};
use axum::http::HeaderMap;
use axum::response::Response;
use axum::routing::get;
use federation::digest::Sha256Digest;
use settlement::{Isrc, Kind, PartyId, Territory, Uri, WorkId};

use crate::Node;
use crate::db::Conn;
use crate::web::{App, Guest, Refusal, wants_activity};

/// The longest text taken from a tag or a document for a title or a name, in characters.
pub const TEXT_LIMIT: usize = 500;

/// The doors of this room.
pub fn routes() -> Router<App> {
    Router::new()
        .route(collection::CATALOGUE, get(collection::catalogue))
        .route("/works/{id}", get(work))
        .route("/works/{id}/media", get(listen::media_for_peers))
        .route("/works/{id}/splits/{day}", get(api::split_sheet))
        .route("/releases/{id}", get(release))
        .route("/releases/{id}/note", get(note::shown))
        .route("/parties/{slug}", get(party))
        .route("/covers/of", get(api::cover_of))
        .route("/covers/{digest}", get(api::cover))
        .route("/listen", get(listen::listen))
        .route("/listen/peaks", get(api::peaks))
        .route("/listen/preview", get(preview::preview))
        .route("/api/works", get(api::one_work))
        .route(
            "/claims",
            get(pages::claims::claims).post(pages::claims::settle),
        )
}

// One address, a page or a document by who asks.

async fn work(
    app: State<App>,
    guest: Guest,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if wants_activity(&headers) {
        api::work(&app, id.0).await
    } else {
        pages::work(app, guest, id).await
    }
}

async fn release(
    app: State<App>,
    guest: Guest,
    id: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if wants_activity(&headers) {
        api::release(&app, id.0).await
    } else {
        pages::release(app, guest, id).await
    }
}

async fn party(
    app: State<App>,
    guest: Guest,
    slug: Path<String>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    if wants_activity(&headers) {
        api::party(&app, slug.0).await
    } else {
        pages::party(app, guest, slug).await
    }
}

/// Withdraws a work of this node: it is neither offered nor played from now on, here and wherever
/// it was told of.
///
/// # Errors
/// When there is no such work here.
pub fn withdraw(node: &Node, id: &WorkId) -> Result<(), Refusal> {
    node.db.write_now(|conn| withdraw_in(conn, node, id))
}

/// [`withdraw`], in the caller's transaction.
///
/// # Errors
/// When there is no such work here.
pub fn withdraw_in(conn: &mut Conn, node: &Node, id: &WorkId) -> Result<(), Refusal> {
    let now = node.clock.now_us();
    let work = store::work(conn, id)?.ok_or(Refusal::Missing)?;
    if work.origin != node.config.base() {
        return Err(Refusal::Missing);
    }
    if store::withdraw_work(conn, id, now)? {
        tell::gone(
            conn,
            node,
            id.uri(),
            federation::vocabulary::Work::type_of(work.kind),
            now,
        )?;
    }
    Ok(())
}

/// Withdraws a release of this node and the works that came out on it, in the caller's transaction.
///
/// # Errors
/// When there is no such release here.
pub fn withdraw_release_in(conn: &mut Conn, node: &Node, id: &Uri) -> Result<(), Refusal> {
    let now = node.clock.now_us();
    let release = store::release(conn, id)?.ok_or(Refusal::Missing)?;
    if release.origin != node.config.base() {
        return Err(Refusal::Missing);
    }
    for work in store::works_of_release(conn, id)? {
        if work.release.as_ref() == Some(id) {
            withdraw_in(conn, node, &work.id)?;
        }
    }
    if store::withdraw_release(conn, id, now)? {
        tell::release_gone(conn, node, &release, now)?;
    }
    Ok(())
}

/// Something a member uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Work {
    /// Its URI.
    pub id: WorkId,
    /// Scheme, host and port of the node it lives on.
    pub origin: String,
    /// Music, film, game or book.
    pub kind: Kind,
    /// Its title.
    pub title: String,
    /// Its artists, as they are credited.
    pub credit: String,
    /// The artist as a party.
    pub artist: Option<PartyId>,
    /// The release it came out on.
    pub release: Option<Uri>,
    /// Which disc of the release, from 1.
    pub disc: Option<u32>,
    /// Which track of the disc, from 1.
    pub position: Option<u32>,
    /// Its recording code.
    pub isrc: Option<Isrc>,
    /// Its home.
    pub territory: Option<Territory>,
    /// How long it lasts, in milliseconds.
    pub duration_ms: u64,
    /// The file, when it is here.
    pub media: Option<Sha256Digest>,
    /// Where its origin serves the file to other nodes.
    pub media_url: Option<Uri>,
    /// The file's media type, `audio/flac`.
    pub media_type: Option<String>,
    /// The file's size in bytes.
    pub media_size: Option<u64>,
    /// What genre it is said to be.
    pub genre: Option<String>,
    /// The year it came out.
    pub year: Option<u16>,
    /// Its document as its origin sent it; none for a work of this node.
    pub document: Option<String>,
    /// When it came in, in microseconds UTC.
    pub created_us: i64,
    /// When it last changed, in microseconds UTC.
    pub updated_us: i64,
    /// When it was withdrawn, in microseconds UTC: it is neither offered nor played since.
    pub withdrawn_us: Option<i64>,
    /// Whether the rights to it are open here just now.
    pub offer: rights::Offer,
}

impl Work {
    /// Whether it may be offered and played here just now.
    pub fn is_offered(&self) -> bool {
        self.withdrawn_us.is_none() && !self.offer.closed
    }

    /// Whether its file is on this node.
    pub fn is_here(&self) -> bool {
        self.media.is_some()
    }

    /// How long it lasts, in whole seconds, a second begun counting as a second.
    pub fn seconds(&self) -> u64 {
        self.duration_ms.div_ceil(1_000)
    }
}

/// How works came out together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Its URI.
    pub id: Uri,
    /// Scheme, host and port of the node it lives on.
    pub origin: String,
    /// Its title.
    pub title: String,
    /// The artists as the release names them.
    pub credit: String,
    /// The artist as a party.
    pub artist: Option<PartyId>,
    /// The label as a party.
    pub label_party: Option<PartyId>,
    /// The label's name.
    pub label: Option<String>,
    /// Its bar code (UPC or EAN).
    pub icpn: Option<String>,
    /// The year it came out.
    pub year: Option<u16>,
    /// What genre it is said to be.
    pub genre: Option<String>,
    /// Its picture, when it is here.
    pub cover: Option<Sha256Digest>,
    /// Where its origin serves the picture.
    pub cover_url: Option<Uri>,
    /// Its home.
    pub territory: Option<Territory>,
    /// Its document as its origin sent it; none for a release of this node.
    pub document: Option<String>,
    /// What tracks imported later are recognised by as belonging to it: a digest of its folder,
    /// title and artist. None for a release of another node.
    pub grouping: Option<String>,
    /// When it came in, in microseconds UTC.
    pub created_us: i64,
    /// When it last changed, in microseconds UTC.
    pub updated_us: i64,
    /// When it was withdrawn, in microseconds UTC.
    pub withdrawn_us: Option<i64>,
}

impl Release {
    /// Where on this node its picture is shown: a remote picture is fetched by the node, so that
    /// no other node learns who looks.
    pub fn cover_path(&self) -> Option<String> {
        match (&self.cover, &self.cover_url) {
            (Some(digest), _) => Some(format!("/covers/{}", digest.hex())),
            (None, Some(_)) => Some(format!("/covers/of?release={}", encoded(self.id.as_str()))),
            (None, None) => None,
        }
    }
}

/// Who is owed money for works.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its URI, at its home node.
    pub id: PartyId,
    /// What it mostly is.
    pub kind: Role,
    /// Its name.
    pub name: String,
    /// Scheme, host and port of its home node.
    pub origin: String,
    /// When it was first named here, in microseconds UTC.
    pub created_us: i64,
}

/// As what a party shares in a work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Who plays it.
    Artist,
    /// Who puts it out.
    Label,
    /// Who made the recording.
    Producer,
    /// Who administers the song.
    Publisher,
    /// Who carries it to listeners.
    Distributor,
}

impl Role {
    /// Every role.
    pub const ALL: [Role; 5] = [
        Role::Artist,
        Role::Label,
        Role::Producer,
        Role::Publisher,
        Role::Distributor,
    ];

    /// The word, as documents and the database write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Role::Artist => "artist",
            Role::Label => "label",
            Role::Producer => "producer",
            Role::Publisher => "publisher",
            Role::Distributor => "distributor",
        }
    }

    /// Reads what [`Role::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Role::ALL.into_iter().find(|role| role.as_str() == text)
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Answers with a kept file that is no work yet, for whoever may hear it before.
///
/// # Errors
/// [`Refusal::Missing`] when it is not here.
pub async fn serve_file(
    app: &App,
    digest: &Sha256Digest,
    media_type: &str,
    headers: &HeaderMap,
) -> Result<Response, Refusal> {
    serve::kept(app, digest, media_type, headers).await
}

/// A text as it is written in a query.
pub(crate) fn encoded(text: &str) -> String {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}
