//! How the house is: what it stores, what waits, what is late.

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use diesel::prelude::*;
use diesel::sql_types::BigInt;

use super::{Head, jobs, open};
use crate::Node;
use crate::cases;
use crate::catalogue;
use crate::db::Conn;
use crate::pages::{self, Page};
use crate::peers::standing::{Relation, relations};
use crate::schema::{cached_media, media, members, parties, releases, venues, works};
use crate::web::{App, Guest, Refusal};

pub(super) fn routes() -> Router<App> {
    Router::new().route("/desk", get(health))
}

/// What the node holds, in bytes and in numbers.
#[derive(Clone, Copy, Debug, Default)]
pub struct Holdings {
    /// The files of its works.
    pub media_bytes: i64,
    /// Of other nodes' works, for a while.
    pub cache_bytes: i64,
    /// The most of these that are kept.
    pub cache_limit: i64,
    /// The database.
    pub database_bytes: i64,
    /// Works of this node that are offered.
    pub works: i64,
    /// Works of others that are known.
    pub works_elsewhere: i64,
    /// Releases of this node.
    pub releases: i64,
    /// Parties of this node.
    pub parties: i64,
    /// Venues.
    pub venues: i64,
    /// People with an account.
    pub people: i64,
}

#[derive(QueryableByName)]
struct Size {
    #[diesel(sql_type = BigInt)]
    bytes: i64,
}

/// What the node holds.
///
/// # Errors
/// When the database breaks.
pub fn holdings(conn: &mut Conn, node: &Node) -> QueryResult<Holdings> {
    let base = node.config.base();
    let sizes: Vec<i64> = media::table.select(media::size).load(conn)?;
    let cached: Vec<i64> = cached_media::table
        .filter(cached_media::digest.is_not_null())
        .select(cached_media::size)
        .load(conn)?;
    let question = match conn {
        Conn::Sqlite(_) => {
            "SELECT page_count * page_size AS bytes FROM pragma_page_count(), pragma_page_size()"
        }
        #[cfg(feature = "postgres")]
        Conn::Postgres(_) => "SELECT pg_database_size(current_database()) AS bytes",
    };
    let database: Size = crate::each!(conn, c => diesel::sql_query(question).get_result(c))?;
    let offered = || works::table.filter(works::withdrawn_us.is_null());
    let (totals, clock) = (&node.totals, &node.clock);
    Ok(Holdings {
        media_bytes: sizes.iter().sum(),
        cache_bytes: cached.iter().sum(),
        cache_limit: i64::try_from(node.config.media_cache_bytes).unwrap_or(i64::MAX),
        database_bytes: database.bytes,
        works: totals.of("works", clock, || {
            catalogue::store::count_of_origin(conn, &base)
        })?,
        works_elsewhere: totals.of("works elsewhere", clock, || {
            let elsewhere = offered().filter(works::origin.ne(&base));
            elsewhere.count().get_result(conn)
        })?,
        releases: totals.of("releases", clock, || {
            releases::table
                .filter(releases::origin.eq(&base))
                .filter(releases::withdrawn_us.is_null())
                .count()
                .get_result(conn)
        })?,
        parties: totals.of("parties", clock, || {
            let here = parties::table.filter(parties::origin.eq(&base));
            here.count().get_result(conn)
        })?,
        venues: venues::table.count().get_result(conn)?,
        people: members::table
            .filter(members::kind.eq("person"))
            .count()
            .get_result(conn)?,
    })
}

/// The page.
#[derive(Template)]
#[template(path = "operating/health.html")]
struct HealthPage {
    page: Page,
    head: Head,
    holdings: Holdings,
    /// Jobs that wait, and of these those that failed at least once.
    waiting: i64,
    failing: i64,
    /// Cases to decide, and of these the late ones.
    cases: i64,
    late: i64,
    /// The earliest deadline of a case.
    due_us: Option<i64>,
    /// The peers, those that need somebody first.
    peers: Vec<Relation>,
    database: &'static str,
}

impl HealthPage {
    /// The peers that are owed something, do not answer or are held.
    fn in_need(&self) -> Vec<&Relation> {
        self.peers.iter().filter(|peer| needs(peer)).collect()
    }

    fn well(&self) -> usize {
        self.peers.len() - self.in_need().len()
    }

    /// The most that waits for one peer.
    fn most(&self) -> i64 {
        let waiting = self.peers.iter().map(|peer| peer.owed.waiting);
        waiting.max().unwrap_or(0).max(1)
    }

    fn bytes(&self, bytes: impl pages::Given<i64>) -> String {
        written_bytes(&self.page, bytes.given())
    }
}

/// Whether somebody should look at a peer.
fn needs(peer: &Relation) -> bool {
    peer.owed.waiting > 0 || peer.health.failing_since_us.is_some() || peer.held.is_some()
}

/// Bytes as people read them: `12 Mo`, `12 MB`.
fn written_bytes(page: &Page, bytes: i64) -> String {
    let (unit, key) = match bytes {
        ..1_000_000 => (1_000, "operating-kilobytes"),
        1_000_000..10_000_000_000 => (1_000_000, "operating-megabytes"),
        _ => (1_000_000_000, "operating-gigabytes"),
    };
    page.tn(key, "n", page.number(bytes / unit))
}

async fn health(State(app): State<App>, guest: Guest) -> Result<Response, Refusal> {
    let page = Page::of(&app, &guest);
    let head = open(&page, "")?;
    let node = app.clone();
    let found = app
        .db
        .read(move |conn| {
            let now_us = node.clock.now_us();
            let jobs = jobs::waiting(conn)?;
            let cases = cases::store::all(conn, 0)?;
            let due: Vec<i64> = cases.iter().filter_map(|case| case.deadline_us()).collect();
            let mut peers = relations(conn)?;
            peers.retain(|relation| relation.peer.is_met());
            // Money first, then who waits longest.
            peers.sort_by_key(|peer| {
                let since_us = peer.owed.since_us.unwrap_or(i64::MAX);
                (!needs(peer), peer.owed.money == 0, since_us)
            });
            let count = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
            Ok::<_, Refusal>(HealthPage {
                holdings: holdings(conn, &node)?,
                waiting: jobs.iter().map(|job| job.count).sum(),
                failing: count(jobs.iter().filter(|job| job.attempts > 0).count()),
                cases: count(due.len()),
                late: count(due.iter().filter(|due| **due < now_us).count()),
                due_us: due.into_iter().min(),
                peers,
                database: match conn {
                    Conn::Sqlite(_) => "SQLite",
                    #[cfg(feature = "postgres")]
                    Conn::Postgres(_) => "PostgreSQL",
                },
                page,
                head,
            })
        })
        .await?;
    pages::answer(&found)
}

#[cfg(test)]
pub(crate) fn samples(
    language: crate::config::Language,
) -> Vec<(&'static str, askama::Result<String>)> {
    let page = |full: bool| HealthPage {
        page: Page::sample(language, true),
        head: super::sample_head(""),
        holdings: Holdings {
            media_bytes: 48_123_456_789,
            cache_bytes: 1_234_567,
            cache_limit: 20_000_000_000,
            database_bytes: 84_000,
            works: 4_012,
            works_elsewhere: 12_909,
            releases: 402,
            parties: 288,
            venues: 7,
            people: 612,
        },
        waiting: if full { 14 } else { 0 },
        failing: if full { 2 } else { 0 },
        cases: if full { 3 } else { 0 },
        late: if full { 1 } else { 0 },
        due_us: full.then_some(1_793_491_200_000_000),
        peers: match full {
            true => crate::peers::pages::sample_relations(),
            false => Vec::new(),
        },
        database: "SQLite",
    };
    vec![
        ("operating", page(true).render()),
        ("operating in quiet", page(false).render()),
    ]
}
