//! `antiphon import`: music files become works.

use std::path::PathBuf;

use anyhow::{Result, bail};
use clap::Args;
use node::catalogue::import::{self, Became, ImportEvent, ImportOptions};
use node::config::Language;

use super::{Here, print_json};
use crate::progress::Step;

/// Takes the audio files at and below some paths into the catalogue. What is here already is not
/// taken twice; what cannot be taken is told at the end, and the rest goes on.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    antiphon import --dir loire ~/music/new-release\n  \
    antiphon import --dir loire --split artist=7000,label=3000 ~/music")]
pub struct Import {
    /// Files and folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    #[command(flatten)]
    here: Here,
    /// Who shares in the works, in basis points that add up to 10000
    #[arg(long, value_name = "ROLE=BP,…")]
    split: Option<String>,
    /// Print what came of it as JSON
    #[arg(long)]
    json: bool,
}

impl Import {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let options = match &self.split {
            Some(split) => ImportOptions::with_split(split)?,
            None => ImportOptions::default(),
        };
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
        let nothing = summary.taken + summary.known + summary.updated == 0;
        if self.json {
            print_json(&serde_json::json!({
                "taken": summary.taken,
                "updated": summary.updated,
                "known": summary.known,
                "refused": refused
                    .iter()
                    .map(|(file, why)| serde_json::json!({ "file": file, "reason": why }))
                    .collect::<Vec<_>>(),
            }))?;
        } else {
            println!(
                "{} taken, {} changed, {} here already, {} refused.",
                summary.taken,
                summary.updated,
                summary.known,
                refused.len()
            );
            for (file, why) in &refused {
                println!("  {file}: {why}");
            }
        }
        match (nothing, refused.first()) {
            (true, Some((file, why))) => bail!("nothing was imported: {file}: {why}"),
            (true, None) => bail!("nothing was imported: there are no audio files there"),
            (false, _) => Ok(()),
        }
    }
}
