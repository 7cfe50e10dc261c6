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
    /// Take another year's contribution that was received
    Receive(Receive),
    /// Change how many members a venue pays for
    Seats(SeatsOf),
    /// List the venues
    List(List),
}

/// Takes another year's contribution. It counts when it was received: a twelfth in each month.
#[derive(Debug, Args)]
pub struct Receive {
    #[command(flatten)]
    here: Here,
    /// The venue, as `antiphon venue list` names it
    #[arg(long, value_name = "ID")]
    venue: String,
    /// What was received for a year, in minor units: 840000 is 8,400 euros
    #[arg(long, value_name = "MINOR")]
    contribution: u64,
    /// The first month of the year it is for; otherwise the first that is still open
    #[arg(long, value_name = "YYYY-MM", value_parser = super::period)]
    first: Option<settlement::Period>,
}

/// Changes how many members a venue pays for.
#[derive(Debug, Args)]
pub struct SeatsOf {
    #[command(flatten)]
    here: Here,
    /// The venue, as `antiphon venue list` names it
    #[arg(long, value_name = "ID")]
    venue: String,
    /// How many members it pays for
    #[arg(long, value_name = "N")]
    seats: u32,
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
            Venue::Receive(receive) => {
                let node = receive.here.open()?;
                let amount = Minor::new(i128::from(receive.contribution));
                let (venue, first) = (&receive.venue, receive.first);
                let taken = node::venues::receive_contribution(&node, venue, amount, first)?;
                println!(
                    "It is carried from {} on, a twelfth a month.",
                    taken.first_period
                );
                Ok(())
            }
            Venue::Seats(change) => {
                let node = change.here.open()?;
                let venue = node::venues::set_seats(&node, &change.venue, change.seats)?;
                println!("{} has {} seats.", venue.name, venue.seats);
                Ok(())
            }
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
