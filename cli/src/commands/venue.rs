//! `antiphon venue`: who pays a contribution for whom.

use anyhow::Result;
use clap::{Args, Subcommand};
use settlement::Minor;

use super::{Here, print_json};

/// Keeps the venues: libraries, concert halls, works councils that pay a contribution for their
/// members.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Example:\n  \
    antiphon venue add --dir loire --name \"Médiathèque de Tarentaize\" \\\n      \
    --contribution 840000 --seats 120")]
pub enum Venue {
    /// Add a venue whose contribution for a year was received; prints the venue's id
    Add(Add),
    /// List the venues
    List(List),
}

/// Adds a venue whose contribution for a year, from this month on, was received.
#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    here: Here,
    /// Its name
    #[arg(long)]
    name: String,
    /// What it pays for a year, in minor units: 840000 is 8,400 euros
    #[arg(long, value_name = "MINOR")]
    contribution: u64,
    /// How many members it pays for
    #[arg(long, value_name = "N")]
    seats: u32,
    /// Print the venue as JSON
    #[arg(long)]
    json: bool,
}

/// Lists the venues of the node.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    here: Here,
    /// Print the venues as JSON
    #[arg(long)]
    json: bool,
}

impl Venue {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Venue::Add(add) => add.run(),
            Venue::List(list) => list.run(),
        }
    }
}

impl Add {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let contribution = Minor::new(i128::from(self.contribution));
        let venue = node::venues::add(&node, &self.name, contribution, self.seats)?;
        if self.json {
            return print_json(&as_json(&venue));
        }
        println!("{}", venue.id);
        Ok(())
    }
}

impl List {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let venues = node
            .db
            .read_now(|conn| node::venues::store::all(conn).map_err(node::web::Refusal::from))?;
        if self.json {
            return print_json(&venues.iter().map(as_json).collect::<Vec<_>>());
        }
        if venues.is_empty() {
            println!("There is no venue yet: add one with `antiphon venue add`.");
        }
        for venue in venues {
            println!("{}  {} ({} seats)", venue.id, venue.name, venue.seats);
        }
        Ok(())
    }
}

fn as_json(venue: &node::venues::Venue) -> serde_json::Value {
    serde_json::json!({
        "id": venue.id.as_str(),
        "name": venue.name,
        "seats": venue.seats,
    })
}
