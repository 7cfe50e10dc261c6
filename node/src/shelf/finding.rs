//! Finding the works a list from elsewhere means: by address, by recording code, by title and name.
//! A likeness is not enough: a wrong work on somebody's list is worse than a missing one.

use settlement::WorkId;

use super::Entry;
use super::lists::Line;
use crate::Node;
use crate::catalogue::fold::fold;
use crate::catalogue::{self, Work};
use crate::db::Conn;
use crate::discovery::search;
use crate::web::Refusal;

/// How many works of a title are looked at.
const LOOKED_AT: usize = 10;

/// The entries these lines make: each with its work, where one is known here beyond doubt.
///
/// # Errors
/// When the database breaks.
pub fn find(conn: &mut Conn, node: &Node, lines: Vec<Line>) -> Result<Vec<Entry>, Refusal> {
    lines
        .into_iter()
        .map(|line| {
            let work = work(conn, node, &line)?;
            Ok(match work {
                Some(work) => Entry {
                    duration_ms: i64::try_from(work.duration_ms).ok(),
                    isrc: work.isrc,
                    work: Some(work.id),
                    title: work.title,
                    credit: work.credit,
                },
                None => Entry {
                    work: None,
                    title: line.title,
                    credit: line.credit,
                    duration_ms: line.duration_ms,
                    isrc: line.isrc,
                },
            })
        })
        .collect()
}

fn work(conn: &mut Conn, node: &Node, line: &Line) -> Result<Option<Work>, Refusal> {
    for address in &line.addresses {
        let named = meant(address);
        if let Ok(id) = WorkId::parse(&named)
            && let Some(work) = catalogue::store::work(conn, &id)?
        {
            return Ok(Some(work));
        }
    }
    if let Some(isrc) = &line.isrc {
        let found = search::store::works_with_isrc(conn, isrc.as_str())?;
        // Two works under one code are a claim that people settle: nobody guesses here.
        if let [only] = found.as_slice()
            && let Ok(id) = WorkId::parse(only)
        {
            return Ok(catalogue::store::work(conn, &id)?);
        }
    }
    by_name(conn, node, line)
}

/// The address of a work that a page of a node shows, where it is one about a work of another.
fn meant(address: &str) -> String {
    let elsewhere = url::Url::parse(address).ok().filter(|url| {
        let path = url.path();
        path == "/elsewhere/works" || path == "/listen"
    });
    let named = elsewhere.and_then(|url| {
        let mut pairs = url.query_pairs();
        let found = pairs.find(|(name, _)| name == "uri" || name == "work");
        found.map(|(_, value)| value.into_owned())
    });
    named.unwrap_or_else(|| address.to_owned())
}

fn by_name(conn: &mut Conn, node: &Node, line: &Line) -> Result<Option<Work>, Refusal> {
    let (title, credit) = (fold(&line.title), fold(&line.credit));
    if title.is_empty() {
        return Ok(None);
    }
    let words = format!("{} {}", line.title, line.credit);
    let words: String = words.chars().take(200).collect();
    let found = search::shown::works(conn, node, &words, LOOKED_AT)?;
    let mut same = found.into_iter().filter(|work| {
        fold(&work.title) == title && (credit.is_empty() || fold(&work.credit) == credit)
    });
    let first = same.next();
    // Without a name, a title has to be the only one of its kind.
    if credit.is_empty() && same.next().is_some() {
        return Ok(None);
    }
    Ok(first.map(|shown| shown.work))
}
