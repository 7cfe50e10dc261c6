//! `antiphon peer`: the other nodes.

use anyhow::Result;
use clap::{Args, Subcommand};
use node::peers::standing::Relation;
use node::peers::{Following, Standing};

use super::{Here, print_json, wait_for};
use crate::progress::Step;

/// Gets to know other nodes. A peer's works are found and played here; blocking ends that.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon peer add --dir loire https://wallonie.example\n  \
    antiphon peer list --dir loire --json")]
pub enum Peer {
    /// Find a node by its address and follow it
    Add(Named),
    /// List the nodes that are known here
    List(List),
    /// Hear nothing of a node and tell it nothing
    Block(Named),
    /// Hear of a blocked node again
    Unblock(Named),
    /// Deliver now what a node that was away has not received
    Retry(Named),
}

/// One node.
#[derive(Debug, Args)]
pub struct Named {
    #[command(flatten)]
    here: Here,
    /// The node's address
    #[arg(value_name = "URL")]
    url: String,
    /// Print the peer as JSON
    #[arg(long)]
    json: bool,
}

/// Lists the nodes that are known here, and how we stand with each.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    here: Here,
    /// Print the peers as JSON
    #[arg(long)]
    json: bool,
}

impl Peer {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Peer::Add(named) => named.add(),
            Peer::List(list) => list.run(),
            Peer::Block(named) => named.block(),
            Peer::Unblock(named) => named.unblock(),
            Peer::Retry(named) => named.retry(),
        }
    }
}

impl Named {
    fn add(self) -> Result<()> {
        let app = node::share(self.here.open()?);
        let step = Step::open(format!("Asking {}", self.url));
        let peer = wait_for(async { Ok(node::peers::add(&app, &self.url).await?) })?;
        step.clear();
        if self.json {
            return print_json(&as_json(&peer));
        }
        println!(
            "{} ({}) is known; {} asks to follow it.",
            peer.name, peer.origin, app.config.name
        );
        Ok(())
    }

    fn block(self) -> Result<()> {
        let peer = node::peers::standing::block(&self.here.open()?, &self.url)?;
        self.tell(&peer, "is blocked: nothing is heard of it and nothing told")
    }

    fn unblock(self) -> Result<()> {
        let peer = node::peers::standing::unblock(&self.here.open()?, &self.url)?;
        self.tell(
            &peer,
            "is heard of again; follow it with `antiphon peer add`",
        )
    }

    fn retry(self) -> Result<()> {
        let peer = node::peers::standing::retry_now(&self.here.open()?, &self.url)?;
        self.tell(&peer, "is tried again now")
    }

    fn tell(&self, peer: &node::peers::Peer, what: &str) -> Result<()> {
        if self.json {
            return print_json(&as_json(peer));
        }
        println!("{} ({}) {what}.", peer.name, peer.origin);
        Ok(())
    }
}

impl List {
    fn run(self) -> Result<()> {
        let peers = node::peers::standing::list(&self.here.open()?)?;
        if self.json {
            return print_json(&peers.iter().map(relation_as_json).collect::<Vec<_>>());
        }
        if peers.is_empty() {
            println!("No other node is known: add one with `antiphon peer add URL`.");
        }
        for relation in &peers {
            println!("{}", told(relation));
        }
        Ok(())
    }
}

/// A peer in one line.
fn told(relation: &Relation) -> String {
    let peer = &relation.peer;
    let between = match (peer.standing, peer.following, peer.follower) {
        (Standing::Blocked, ..) => "blocked",
        (_, Following::Yes, true) => "we follow one another",
        (_, Following::Yes, false) => "we follow it",
        (_, Following::Asked, true) => "it follows us; we asked to follow it",
        (_, Following::Asked, false) => "we asked to follow it",
        (_, Following::No, true) => "it follows us",
        (_, Following::No, false) => "known",
    };
    let mut line = format!("{}  {} — {between}", peer.origin, peer.name);
    if relation.owed.waiting > 0 {
        line.push_str(&format!(
            "; {} deliveries wait for it",
            relation.owed.waiting
        ));
    }
    if let Some(error) = &relation.health.last_error {
        line.push_str(&format!("; the last try ended with: {error}"));
    }
    line
}

fn as_json(peer: &node::peers::Peer) -> serde_json::Value {
    serde_json::json!({
        "origin": peer.origin,
        "actor": peer.actor_id.as_str(),
        "name": peer.name,
        "territory": peer.territory.as_ref().map(ToString::to_string),
        "standing": peer.standing.as_str(),
        "following": peer.following.as_str(),
        "follower": peer.follower,
    })
}

fn relation_as_json(relation: &Relation) -> serde_json::Value {
    let mut peer = as_json(&relation.peer);
    peer["waiting"] = relation.owed.waiting.into();
    peer["last_error"] = relation.health.last_error.clone().into();
    peer
}
