//! Across the border: what one node has is found at the other, and played there from its origin.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use cli::door::{Knock, Session, in_query};
use federation::digest::Sha256Digest;
use reqwest::StatusCode;
use reqwest::header::{CONTENT_RANGE, HeaderValue};
use serde::Deserialize;

use super::month::Playable;
use super::nodes::DemoNode;
use crate::progress::Step;

/// How many results are asked for at once.
const RESULTS: usize = 100;
/// The first piece of a stream that is asked for; the rest comes with a second request.
const FIRST_PIECE: u64 = 64 * 1024;
/// How often it is looked whether references have arrived, and how many times.
const LOOK_EVERY: Duration = Duration::from_millis(400);
const LOOKS: usize = 300;

/// A work as a search names it.
#[derive(Debug, Deserialize)]
struct Found {
    #[serde(alias = "uri")]
    id: String,
    title: String,
    duration_ms: u64,
}

#[derive(Debug, Deserialize)]
struct Results {
    works: Vec<Found>,
}

/// The works of the node `home` that a member of the node `at` finds under the names of `artists`.
pub async fn find(
    at: &DemoNode,
    session: &Session,
    home: &DemoNode,
    artists: &[String],
) -> Result<BTreeMap<String, Playable>> {
    let mut found = BTreeMap::new();
    for artist in artists {
        let path = format!("/api/search?q={}&limit={RESULTS}", in_query(artist));
        let answer = at.door.knock(&Knock::get(path).by(session)).await?;
        let results: Results = answer.accepted()?.json()?;
        for work in results.works {
            if work.id.starts_with(&format!("{}/", home.base)) {
                let playable = Playable {
                    work: work.id.clone(),
                    title: work.title,
                    seconds: (work.duration_ms / 1000).max(1),
                };
                found.insert(work.id, playable);
            }
        }
    }
    Ok(found)
}

/// Waits until all that is found at `home` is found at the node `at` too: references travel by
/// signed deliveries.
pub async fn arrived(
    at: &DemoNode,
    session: &Session,
    home: &DemoNode,
    artists: &[String],
    expected: &BTreeMap<String, Playable>,
    step: &Step,
) -> Result<()> {
    let mut count = 0;
    for _ in 0..LOOKS {
        let found = find(at, session, home, artists).await?;
        count = expected
            .keys()
            .filter(|work| found.contains_key(*work))
            .count();
        step.at(count as u64);
        if count == expected.len() {
            return Ok(());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
    bail!(
        "{} knows {count} of {}'s {} works after two minutes: look into the logs beside the nodes' folders",
        at.name,
        home.name,
        expected.len()
    )
}

/// Streams a work through the member's own node in two pieces, as a player that seeks does, and
/// finds the file it came from among `sources`. Returns the number of bytes and the file.
pub async fn stream_through(
    at: &DemoNode,
    session: &Session,
    work: &str,
    sources: &[PathBuf],
) -> Result<(usize, PathBuf)> {
    let path = format!("/listen?work={}", in_query(work));
    let path = at.door.knock(&Knock::get(path).by(session)).await?;
    let path = path.led_to()?;
    let piece = |range: String| {
        let range = HeaderValue::from_str(&range).context("a range is plain ASCII")?;
        anyhow::Ok(
            Knock::get(path.clone())
                .accept("audio/*")
                .by(session)
                .header("range", range),
        )
    };
    let first = at
        .door
        .knock(&piece(format!("bytes=0-{}", FIRST_PIECE - 1))?)
        .await?;
    if first.status != StatusCode::PARTIAL_CONTENT {
        first.accepted()?;
        bail!(
            "{} answers a request for a part of {work} with the whole",
            at.name
        );
    }
    let total: u64 = first
        .headers
        .get(CONTENT_RANGE)
        .and_then(|range| range.to_str().ok()?.rsplit('/').next()?.parse().ok())
        .context("a part of a stream does not say of how much")?;
    let mut bytes = first.body;
    while (bytes.len() as u64) < total {
        let next = bytes.len() as u64 + 4 * 1024 * 1024;
        let range = format!("bytes={}-{}", bytes.len(), next.min(total) - 1);
        let answer = at.door.knock(&piece(range)?).await?.accepted()?;
        if answer.body.is_empty() {
            bail!(
                "{} sends nothing more of {work} after {} bytes",
                at.name,
                bytes.len()
            );
        }
        bytes.extend_from_slice(&answer.body);
    }
    let heard = Sha256Digest::of(&bytes);
    for source in sources {
        let same_size = std::fs::metadata(source).is_ok_and(|file| file.len() == total);
        if same_size && Sha256Digest::of(&std::fs::read(source)?) == heard {
            return Ok((bytes.len(), source.clone()));
        }
    }
    bail!("{work} does not sound like any of the files that were imported")
}
