//! `antiphon invite`: codes with which people join.

use anyhow::Result;
use clap::Args;

use super::{Here, print_json};

/// Prints invitation codes, one a line. Each is good for one person, or one listening post; who
/// has a code joins on the node's page /join.
#[derive(Debug, Args)]
#[command(after_long_help = "Example:\n  \
    antiphon invite --dir loire --venue https://loire.example/venues/tarentaize --count 30")]
pub struct Invite {
    #[command(flatten)]
    here: Here,
    /// The venue, as `antiphon venue list` names it
    #[arg(long, value_name = "ID")]
    venue: String,
    /// How many codes
    #[arg(long, value_name = "N", default_value_t = 1)]
    count: u32,
    /// Print the codes as JSON
    #[arg(long)]
    json: bool,
}

impl Invite {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let codes = node::venues::invite(&node, &self.venue, self.count)?;
        if self.json {
            return print_json(&codes);
        }
        for code in codes {
            println!("{code}");
        }
        Ok(())
    }
}
