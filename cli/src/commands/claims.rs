//! `antiphon claims`: two works under one recording code.

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use node::catalogue::claims::{self, Claim, ClaimState};
use node::catalogue::store;
use node::web::Refusal;

use super::work::work_id;
use super::{Here, print_json};

/// Settles claims: works of different people, perhaps on different nodes, under one recording code.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon claims list --dir loire\n  \
    antiphon claims settle --dir loire --as distinct --note \"the second is a cover\" \\\n      \
    https://loire.example/works/0199f1c2 https://wallonie.example/works/0199f1c9")]
pub enum Claims {
    /// List the claims that are open
    List(List),
    /// Note what people made of a claim
    Settle(Settle),
}

/// Lists claims.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    here: Here,
    /// Those that are settled, too
    #[arg(long)]
    all: bool,
    /// Print the claims as JSON
    #[arg(long)]
    json: bool,
}

/// Settles a claim.
#[derive(Debug, Args)]
pub struct Settle {
    #[command(flatten)]
    here: Here,
    /// The two works
    #[arg(value_name = "URI", num_args = 2, required = true)]
    works: Vec<String>,
    /// `distinct` (both stay), `same` (one recording, put up twice) or `withdrawn`
    #[arg(long = "as", value_name = "WHAT")]
    state: String,
    /// With `withdrawn`, which work of this node goes
    #[arg(long, value_name = "URI")]
    withdraw: Option<String>,
    /// Why
    #[arg(long, value_name = "WORDS")]
    note: Option<String>,
}

impl Claims {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Claims::List(list) => list.run(),
            Claims::Settle(settle) => settle.run(),
        }
    }
}

impl List {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let listed = node
            .db
            .read_now(|conn| Ok::<_, Refusal>(store::claims(conn, !self.all, 1_000)?))?;
        if self.json {
            return print_json(&listed.iter().map(as_json).collect::<Vec<_>>());
        }
        if listed.is_empty() {
            println!("No recording code is claimed twice.");
        }
        for claim in listed {
            println!(
                "{}  {}  {}  {}",
                claim.isrc, claim.state, claim.first, claim.second
            );
        }
        Ok(())
    }
}

impl Settle {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let [first, second] = self.works.as_slice() else {
            bail!("name the two works of the claim");
        };
        let (first, second) = (work_id(first)?, work_id(second)?);
        let state = ClaimState::parse(&self.state).filter(|state| *state != ClaimState::Open);
        let state = state
            .ok_or_else(|| anyhow!("`{}` is none of distinct, same, withdrawn", self.state))?;
        let loser = self.withdraw.as_deref().map(work_id).transpose()?;
        let pair = (&first, &second);
        claims::settle(&node, pair, state, loser.as_ref(), self.note.as_deref()).map_err(
            |error| match error {
                Refusal::Missing => anyhow!("there is no such claim, or no such work on this node"),
                error => error.into(),
            },
        )?;
        println!("Settled: {state}.");
        Ok(())
    }
}

fn as_json(claim: &Claim) -> serde_json::Value {
    serde_json::json!({
        "isrc": claim.isrc.as_str(),
        "works": [claim.first.as_str(), claim.second.as_str()],
        "state": claim.state.as_str(),
        "note": claim.note,
    })
}
