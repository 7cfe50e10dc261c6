//! `antiphon import`: messages, tables and music files become works.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use node::catalogue::import::{self, Became, ImportEvent, ImportOptions};
use node::catalogue::mandates::MandateWords;
use node::config::Language;

use super::{Here, print_json};
use crate::progress::Step;

/// Takes messages of DDEX, tables and tagged audio at and below some paths into the catalogue. What
/// is here already is not taken twice; what cannot be taken is told at the end, and the rest goes
/// on. An import that was interrupted goes on where it was when it is run again.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    antiphon import --dir loire ~/music/new-release\n  \
    antiphon import --dir loire --dry-run --json ~/deliveries\n  \
    antiphon import --dir loire --split artist=7000,label=3000 --licensed-by \"Micro Climat\" \\\n      \
    --licensed-on 2026-11-01 --society none ~/music")]
pub struct Import {
    /// Files and folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    here: Here,
    /// Who shares in the works, in basis points that add up to 10000
    #[arg(long, value_name = "ROLE=BP,…")]
    split: Option<String>,
    /// Who licensed the works, where what comes in does not say
    #[arg(long, value_name = "NAME")]
    licensed_by: Option<String>,
    /// On which day
    #[arg(long, value_name = "DAY")]
    licensed_on: Option<String>,
    /// For what, in words
    #[arg(long, value_name = "WORDS")]
    licensed_for: Option<String>,
    /// The collecting society that holds the same rights, or `none`
    #[arg(long, value_name = "NAME")]
    society: Option<String>,
    /// Take messages that say they are a test
    #[arg(long)]
    test_messages: bool,
    /// Only say what would come of it: nothing is written
    #[arg(long)]
    dry_run: bool,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let mut options = match &self.split {
            Some(split) => ImportOptions::with_split(split)?,
            None => ImportOptions::default(),
        };
        options.mandate = MandateWords {
            licensor: self.licensed_by,
            granted: self.licensed_on,
            scope: self.licensed_for,
            society: self.society,
        };
        options.dry_run = self.dry_run;
        options.test_messages = self.test_messages;
        let step = Step::bytes("Looking for files");
        let mut done = 0;
        let summary = import::run(&node, &self.paths, &options, &mut |event| match event {
            ImportEvent::Found { files, bytes } => {
                step.of(bytes);
                step.say(format!("Importing {files} files"));
            }
            ImportEvent::Noticed { file, notice } => {
                step.tell(&format!("  {file}: {}", notice.to(Language::En)));
            }
            ImportEvent::Read { bytes } => {
                done += bytes;
                step.at(done);
            }
            ImportEvent::Done {
                file,
                bytes,
                became,
            } => {
                done += bytes;
                step.at(done);
                if let Became::Refused(_) = became {
                    step.tell(&format!("  {file} is refused"));
                }
            }
        })?;
        step.clear();
        let refused: Vec<(String, String)> = summary
            .refused
            .iter()
            .map(|(file, why)| (file.clone(), why.to(Language::En)))
            .collect();
        let nothing = summary.taken + summary.known + summary.updated + summary.withdrawn == 0;
        let untold = summary.refused_count - refused.len() as u64;
        if self.json {
            print_json(&serde_json::json!({
                "dry_run": self.dry_run,
                "releases": summary.releases,
                "works": summary.works,
                "parties": summary.parties,
                "taken": summary.taken,
                "updated": summary.updated,
                "known": summary.known,
                "withdrawn": summary.withdrawn,
                "refused_count": summary.refused_count,
                "refused": refused
                    .iter()
                    .map(|(file, why)| serde_json::json!({ "file": file, "reason": why }))
                    .collect::<Vec<_>>(),
            }))?;
        } else {
            let would = if self.dry_run {
                "Nothing is written. Would be: "
            } else {
                ""
            };
            println!(
                "{would}{} taken, {} changed, {} here already, {} withdrawn, {} refused.",
                summary.taken,
                summary.updated,
                summary.known,
                summary.withdrawn,
                summary.refused_count
            );
            println!(
                "That spoke of {} releases, {} works and {} parties.",
                summary.releases, summary.works, summary.parties
            );
            for (file, why) in &refused {
                println!("  {file}: {why}");
            }
            if untold > 0 {
                println!("  and {untold} more, which the node keeps with the import");
            }
        }
        match (nothing, refused.first()) {
            (true, Some((file, why))) => bail!("nothing was imported: {file}: {why}"),
            (true, None) => {
                bail!("nothing was imported: there are no audio files, messages or tables there")
            }
            (false, _) => Ok(()),
        }
    }
}
