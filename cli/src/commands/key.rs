//! `antiphon key`: the keys this node signs with.

use anyhow::Result;
use clap::{Args, Subcommand};
use node::clock::rfc3339;
use node::peers::keys::{self, OwnKey};

use super::{Here, print_json};
use crate::progress::Step;

/// Shows the keys this node signs with, and changes them: after somebody left who could read them,
/// or now and then.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon key list --dir loire\n  \
    antiphon key rotate --dir loire")]
pub enum Key {
    /// List the keys that count and those that counted
    List(Of),
    /// Draw new keys, sign them with the old ones and tell the peers
    Rotate(Of),
}

/// Of which node.
#[derive(Debug, Args)]
pub struct Of {
    #[command(flatten)]
    here: Here,
    /// Print it as JSON
    #[arg(long)]
    json: bool,
}

impl Key {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Key::List(of) => of.list(),
            Key::Rotate(of) => of.rotate(),
        }
    }
}

impl Of {
    fn list(self) -> Result<()> {
        let keys = keys::list(&self.here.open()?)?;
        if self.json {
            return print_json(&keys.iter().map(as_json).collect::<Vec<_>>());
        }
        for key in &keys {
            println!("{}  {}  {}", key.key, key.id, term(key));
        }
        Ok(())
    }

    fn rotate(self) -> Result<()> {
        let node = self.here.open()?;
        let step = Step::open("Drawing keys".to_owned());
        let new = keys::rotate(&node)?;
        step.clear();
        if self.json {
            return print_json(&as_json(&new));
        }
        println!("{} signs with {} from now on.", node.config.name, new.key);
        println!("Its peers are told; what was signed before still stands.");
        println!(
            "Put the folder keys/ into your next copy. Addresses of statements are new: send them again."
        );
        println!("If somebody has the old secret keys, delete their files in keys/.");
        Ok(())
    }
}

fn term(key: &OwnKey) -> String {
    match key.until_us {
        None => "counts now".to_owned(),
        Some(until) => format!("counted until {}", rfc3339(until)),
    }
}

fn as_json(key: &OwnKey) -> serde_json::Value {
    serde_json::json!({
        "id": key.id,
        "key": key.key.to_multikey(),
        "until": key.until_us.map(rfc3339),
    })
}
