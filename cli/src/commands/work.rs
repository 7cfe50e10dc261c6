//! `antiphon work`: single works of this node.

use anyhow::{Result, anyhow};
use clap::{Args, Subcommand};
use node::catalogue;
use settlement::WorkId;

use super::Here;

/// Keeps the works of the node.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon work withdraw --dir loire https://loire.example/works/0199f1c2\n  \
    antiphon work sweep --dir loire")]
pub enum Work {
    /// Withdraw a work: it is neither offered nor played any more, here and everywhere
    Withdraw(Withdraw),
    /// Remove files that no work needs any more
    Sweep(Sweep),
}

/// Withdraws a work for good.
#[derive(Debug, Args)]
pub struct Withdraw {
    #[command(flatten)]
    here: Here,
    /// The work's address
    #[arg(value_name = "URI")]
    work: String,
}

/// Removes files that were replaced, or whose works were withdrawn.
#[derive(Debug, Args)]
pub struct Sweep {
    #[command(flatten)]
    here: Here,
}

impl Work {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Work::Withdraw(withdraw) => withdraw.run(),
            Work::Sweep(sweep) => sweep.run(),
        }
    }
}

/// Reads the address of a work.
pub fn work_id(text: &str) -> Result<WorkId> {
    WorkId::parse(text).map_err(|bad| anyhow!("{bad}"))
}

impl Withdraw {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let work = work_id(&self.work)?;
        catalogue::withdraw(&node, &work).map_err(|error| match error {
            node::web::Refusal::Missing => anyhow!("there is no work {work} on this node"),
            error => error.into(),
        })?;
        println!("{work} is withdrawn.");
        Ok(())
    }
}

impl Sweep {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let (files, bytes) = catalogue::import::sweep(&node)?;
        println!("{files} files removed, {bytes} bytes.");
        Ok(())
    }
}
