//! `antiphon discover`: what leads members from one work to another.

use std::fs::File;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand};
use node::discovery::voyage::{make, names};
use node::web::Refusal;

use super::{Here, print_json};
use crate::progress::Step;

/// Makes what voyages are led by, and keeps names from elsewhere.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon discover build --dir loire\n  \
    antiphon discover bring --dir loire Anaïs listens.json.gz\n  \
    antiphon discover pair --dir loire mediatheque Radiohead \"Les Ondes Courtes\"")]
pub enum Discover {
    /// Make nearness anew, as the node does every night
    Build(Build),
    /// Bring a member's export of ListenBrainz or Last.fm, in their name
    Bring(Bring),
    /// Delete what a member brought
    Forget(Forget),
    /// Pair a name that people search for with artists of the catalogue
    Pair(Pair),
}

/// Makes nearness anew.
#[derive(Debug, Args)]
pub struct Build {
    #[command(flatten)]
    here: Here,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

/// Brings an export.
#[derive(Debug, Args)]
pub struct Bring {
    #[command(flatten)]
    here: Here,
    /// The member's name
    member: String,
    /// The file: JSON or CSV, packed with gzip or not
    file: PathBuf,
}

/// Deletes what was brought.
#[derive(Debug, Args)]
pub struct Forget {
    #[command(flatten)]
    here: Here,
    /// The member's name
    member: String,
}

/// Pairs a name with artists.
#[derive(Debug, Args)]
pub struct Pair {
    #[command(flatten)]
    here: Here,
    /// The venue whose curator says so
    #[arg(value_name = "VENUE")]
    slug: String,
    /// The name people search for
    name: String,
    /// The artists, as works of the catalogue credit them
    credit: String,
}

impl Discover {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Discover::Build(build) => build.run(),
            Discover::Bring(bring) => bring.run(),
            Discover::Forget(forget) => forget.run(),
            Discover::Pair(pair) => pair.run(),
        }
    }
}

impl Build {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let step = Step::open("Making nearness".to_owned());
        let built = make::build(&node)?;
        step.clear();
        if self.json {
            return print_json(&serde_json::json!({
                "things": built.things,
                "members": built.members,
                "pairs": built.pairs,
                "links": built.links,
                "digest": built.digest,
            }));
        }
        println!(
            "{} works and names, {} members, {} pairs of five members or more, {} links. SHA-256 {}",
            built.things, built.members, built.pairs, built.links, built.digest
        );
        Ok(())
    }
}

fn member_id(conn: &mut node::db::Conn, name: &str) -> Result<Option<String>, Refusal> {
    let known = node::members::store::by_name(conn, &node::names::fold(name))?;
    Ok(known.map(|known| known.member.id))
}

impl Bring {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let file = File::open(&self.file).with_context(|| self.file.display().to_string())?;
        let export = names::Export::read(file)?;
        let kept = node.db.write_now(|conn| {
            let Some(member) = member_id(conn, &self.member)? else {
                return Ok::<_, Refusal>(None);
            };
            Ok(Some(names::bring(conn, &member, &export)?))
        })?;
        let Some(kept) = kept else {
            bail!("nobody here is called {}", self.member);
        };
        println!("{kept} names kept, {} passed over.", export.passed_over);
        Ok(())
    }
}

impl Forget {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let gone = node.db.write_now(|conn| {
            let Some(member) = member_id(conn, &self.member)? else {
                return Ok::<_, Refusal>(None);
            };
            Ok(Some(names::forget(conn, &member)?))
        })?;
        let Some(gone) = gone else {
            bail!("nobody here is called {}", self.member);
        };
        println!("{gone} names deleted. `antiphon discover build` makes nearness without them.");
        Ok(())
    }
}

impl Pair {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let now_us = node.clock.now_us();
        node.db.write_now(|conn| {
            let venue = node::venues::store::by_slug(conn, &self.slug)?.ok_or(Refusal::Missing)?;
            names::pair(conn, venue.id.as_str(), &self.name, &self.credit, now_us)
        })?;
        println!("{} leads to {}.", self.name, self.credit);
        Ok(())
    }
}
