//! `antiphon-listen`: a listening post with sound. It enrols at a node with a venue's invitation,
//! plays a selection or what a search finds, writes every play down, and hands the plays in when
//! the node is there.

mod keeping;
mod playing;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use clap::{Args, Parser, Subcommand};
use cli::door::{Door, Knock, in_query};
use cli::post::{PLAYS_AT_ONCE, Post, Voucher};
use federation::keys::Ed25519Secret;
use keeping::{Identity, Keeping};
use node::clock::Clock;
use serde::Deserialize;

/// How long a node is waited for: not long, since music goes on without it.
const PATIENCE: Duration = Duration::from_secs(3);

/// Plays a node's music on this device's speakers, and tells the node what was played.
#[derive(Debug, Parser)]
#[command(
    name = "antiphon-listen",
    version,
    arg_required_else_help = true,
    disable_help_subcommand = true,
    after_help = "Begin with `antiphon-listen enrol URL CODE`: a venue of the node hands out codes."
)]
struct Listen {
    /// Where the post keeps its key and its journal
    #[arg(long, global = true, value_name = "DIR", env = "ANTIPHON_LISTEN_DIR")]
    dir: Option<PathBuf>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Enrol this device at a node with a venue's invitation code
    Enrol(Enrol),
    /// Show what the node's venues put forward
    Selections,
    /// Play a selection, or what a search finds
    Play(Play),
    /// Hand in the plays that the node has not received
    HandIn,
}

#[derive(Debug, Args)]
struct Enrol {
    /// The node's address
    #[arg(value_name = "URL")]
    url: String,
    /// The code
    #[arg(value_name = "CODE")]
    code: String,
    /// What the device is called
    #[arg(long, default_value = "Listening post")]
    name: String,
}

#[derive(Debug, Args)]
struct Play {
    /// What to search for
    #[arg(value_name = "WORDS", required_unless_present = "selection")]
    words: Vec<String>,
    /// A selection, as `antiphon-listen selections` names it
    #[arg(long, value_name = "ID", conflicts_with = "words")]
    selection: Option<String>,
}

/// A work as the node names it.
#[derive(Clone, Debug, Deserialize)]
struct Work {
    id: String,
    title: String,
    #[serde(default)]
    credit: String,
    duration_ms: u64,
}

#[derive(Debug, Deserialize)]
struct Works {
    works: Vec<Work>,
}

#[derive(Debug, Deserialize)]
struct Selection {
    id: String,
    title: String,
    #[serde(default)]
    venue_name: String,
}

/// A selection with what can be played of it. Its id is of the node that put it forward.
#[derive(Debug, Deserialize)]
struct Chosen {
    id: String,
    works: Vec<Work>,
}

#[derive(Debug, Deserialize)]
struct Selections {
    selections: Vec<Selection>,
}

fn main() -> ExitCode {
    let listen = Listen::parse();
    match listen.run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let mut told: Vec<String> = error.chain().map(ToString::to_string).collect();
            told.dedup();
            eprintln!("antiphon-listen: {}", told.join(": "));
            ExitCode::FAILURE
        }
    }
}

impl Listen {
    fn run(self) -> Result<()> {
        let dir = match self.dir {
            Some(dir) => dir,
            None => keeping::usual_dir()?,
        };
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .enable_all()
            .build()
            .context("no threads can be started")?;
        match self.command {
            Command::Enrol(enrol) => runtime.block_on(enrol.run(&dir)),
            Command::Selections => runtime.block_on(selections(&Keeping::open(&dir)?)),
            Command::Play(play) => {
                let mut keeping = Keeping::open(&dir)?;
                let node = runtime.block_on(AtNode::reach(&keeping))?;
                let queue = runtime.block_on(play.queue(&node))?;
                playing::play(&runtime, &node, &mut keeping, &queue)
            }
            Command::HandIn => {
                let mut keeping = Keeping::open(&dir)?;
                let node = runtime.block_on(AtNode::reach(&keeping))?;
                let told = runtime.block_on(node.hand_in(&mut keeping))?;
                println!("{told}");
                Ok(())
            }
        }
    }
}

impl Enrol {
    async fn run(self, dir: &std::path::Path) -> Result<()> {
        if let Ok(keeping) = Keeping::open(dir) {
            bail!(
                "this device is enrolled at {} already ({}): name another folder with --dir to enrol it twice",
                keeping.identity.node,
                keeping.identity.venue_name
            );
        }
        let door = Door::at(&self.url, PATIENCE)?;
        // The key is kept before the node hears of it: a code is good once.
        let key = keeping::key(dir)?;
        let enrolled = Post::enrol(&door, Voucher::Code(&self.code), &self.name, &key).await?;
        let identity = Identity {
            node: door.base().to_owned(),
            id: enrolled.id,
            venue_name: enrolled.venue_name,
        };
        keeping::keep(dir, &identity)?;
        println!(
            "Enrolled: what plays here counts for {}.",
            identity.venue_name
        );
        Ok(())
    }
}

async fn selections(keeping: &Keeping) -> Result<()> {
    let node = AtNode::reach(keeping).await?;
    let list: Selections = node.ask("/api/selections").await?;
    if list.selections.is_empty() {
        println!("Nothing is put forward yet; search instead: `antiphon-listen play WORDS`.");
    }
    for selection in list.selections {
        println!(
            "{}  {} — {}",
            selection.id, selection.title, selection.venue_name
        );
    }
    Ok(())
}

/// What is to be played.
struct Queue {
    works: Vec<Work>,
    selection: Option<String>,
}

impl Play {
    async fn queue(&self, node: &AtNode) -> Result<Queue> {
        let queue = match &self.selection {
            Some(id) => {
                let short = id.rsplit('/').next().unwrap_or(id);
                let found: Chosen = node
                    .ask(&format!("/api/selections/{}", in_query(short)))
                    .await?;
                Queue {
                    works: found.works,
                    selection: Some(found.id),
                }
            }
            None => {
                let words = self.words.join(" ");
                let path = format!("/api/search?q={}&limit=50", in_query(&words));
                let found: Works = node.ask(&path).await?;
                Queue {
                    works: found.works,
                    selection: None,
                }
            }
        };
        if queue.works.is_empty() {
            bail!("there is nothing to play: nothing was found");
        }
        Ok(queue)
    }
}

/// The post at its node.
struct AtNode {
    door: Door,
    post: Post,
    clock: Clock,
}

impl AtNode {
    async fn reach(keeping: &Keeping) -> Result<Self> {
        let key: &Ed25519Secret = &keeping.key;
        Ok(AtNode {
            door: Door::at(&keeping.identity.node, PATIENCE)?,
            post: Post::new(keeping.identity.id.clone(), key.clone()),
            clock: Clock::machine(),
        })
    }

    /// Asks in the post's name.
    async fn ask<T: serde::de::DeserializeOwned>(&self, path: &str) -> Result<T> {
        let now = self.clock.now_seconds();
        let make = || self.post.sign(&self.door, Knock::get(path), now);
        self.door.knock_with(&make).await?.accepted()?.json()
    }

    /// Fetches the sound of a work.
    async fn sound(&self, work: &str) -> Result<Vec<u8>> {
        let ask = async |path: String| {
            let make = || {
                let knock = Knock::get(path.clone()).accept("audio/*");
                self.post.sign(&self.door, knock, self.clock.now_seconds())
            };
            self.door.knock_with(&make).await
        };
        let path = format!("/listen?work={}", in_query(work));
        let granted = ask(path).await?.led_to()?;
        Ok(ask(granted).await?.accepted()?.body)
    }

    /// Hands in what waits in the journal, and says what came of it.
    async fn hand_in(&self, keeping: &mut Keeping) -> Result<String> {
        let (mut taken, mut refused) = (0, Vec::new());
        while !keeping.journal.waiting().is_empty() {
            let waiting = keeping.journal.waiting();
            let batch = waiting[..waiting.len().min(PLAYS_AT_ONCE)].to_vec();
            let now = || self.clock.now_seconds();
            let answer = self.post.hand_in(&self.door, &batch, &now).await?;
            taken += answer.taken + answer.known;
            refused.extend(answer.refused);
            keeping
                .journal
                .handed_in(batch.into_iter().map(|play| play.id).collect())?;
        }
        let mut told = match taken {
            0 => String::from("No plays were waiting."),
            1 => String::from("One play is handed in."),
            n => format!("{n} plays are handed in."),
        };
        for play in refused {
            told.push_str(&format!("\nNot taken: {} ({})", play.id, play.reason));
        }
        Ok(told)
    }
}
