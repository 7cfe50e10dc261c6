//! `antiphon peer`: the other nodes.

use anyhow::Result;
use clap::{Args, Subcommand};
use federation::vocabulary::Actor;
use node::clock::rfc3339;
use node::peers::standing::Relation;
use node::peers::{Following, Standing};

use super::{Here, print_json, wait_for};
use crate::progress::Step;

/// Gets to know other nodes. A peer's works are found and played here; limiting hides them from who
/// does not ask for them, blocking ends everything.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon peer add --dir loire https://wallonie.example\n  \
    antiphon peer list --dir loire --json")]
pub enum Peer {
    /// Find a node by its address and follow it
    Add(Named),
    /// List the nodes that are known here
    List(List),
    /// Tell everything about a node: how we stand, what waits for it and since when
    Show(Named),
    /// Speak with a node where `federation = "allow-list"` lets speak with no others
    Allow(Named),
    /// Show what a node publishes only to who asks for it
    Limit(Named),
    /// Hear nothing of a node and tell it nothing
    Block(Named),
    /// Treat a blocked or limited node like any other again
    Unblock(Named),
    /// Believe the new keys of a node that is on hold, after asking who runs it
    Trust(Named),
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
            Peer::Show(named) => named.show(),
            Peer::Allow(named) => named.allow(),
            Peer::Limit(named) => named.limit(),
            Peer::Block(named) => named.block(),
            Peer::Trust(named) => named.trust(),
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

    fn show(self) -> Result<()> {
        let relation = node::peers::show(&self.here.open()?, &self.url)?;
        if self.json {
            return print_json(&relation_as_json(&relation));
        }
        println!("{}", told(&relation));
        for line in details(&relation) {
            println!("  {line}");
        }
        Ok(())
    }

    fn allow(self) -> Result<()> {
        let peer = node::peers::allow(&self.here.open()?, &self.url)?;
        self.tell(&peer, "is on the list of those spoken with")
    }

    fn limit(self) -> Result<()> {
        let peer = node::peers::limit(&self.here.open()?, &self.url)?;
        self.tell(
            &peer,
            "is limited: what it publishes is shown to who asks for it",
        )
    }

    fn trust(self) -> Result<()> {
        let peer = node::peers::keys::trust(&self.here.open()?, &self.url)?;
        self.tell(
            &peer,
            "is believed with its new keys, and heard and told again",
        )
    }

    fn block(self) -> Result<()> {
        let peer = node::peers::standing::block(&self.here.open()?, &self.url)?;
        self.tell(&peer, "is blocked: nothing is heard of it and nothing told")
    }

    fn unblock(self) -> Result<()> {
        let peer = node::peers::standing::unblock(&self.here.open()?, &self.url)?;
        self.tell(
            &peer,
            "is treated like any other again; follow it with `antiphon peer add`",
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
        (Standing::Limited, Following::Yes, _) => "limited; we follow it",
        (Standing::Limited, ..) => "limited",
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
    if let Some(held) = &relation.held {
        line.push_str(&format!(
            "; ON HOLD, its keys changed: {} — ask who runs it, then `antiphon peer trust` or `block`",
            held.reason
        ));
    }
    if let Some(error) = &relation.health.last_error {
        line.push_str(&format!("; the last try ended with: {error}"));
    }
    line
}

/// What there is to say of a peer beyond its line.
fn details(relation: &Relation) -> Vec<String> {
    let mut lines = vec![format!("standing: {}", relation.peer.standing.as_str())];
    if let Some(key) = &relation.peer.ed25519 {
        lines.push(format!("key: {key}"));
    }
    for (kind, count, since) in &relation.kinds {
        lines.push(format!(
            "waits: {count} × {kind}, since {}",
            rfc3339(*since)
        ));
    }
    if relation.owed.money > 0 {
        lines.push(format!("{} of them concern money", relation.owed.money));
    }
    let health = &relation.health;
    if let Some(heard) = health.heard_us {
        lines.push(format!("last heard: {}", rfc3339(heard)));
    }
    if let Some(since) = health.failing_since_us {
        lines.push(format!("out of reach since: {}", rfc3339(since)));
        lines.push(format!("next try: {}", rfc3339(health.next_try_us)));
    }
    if let Some(held) = &relation.held {
        lines.push(format!("on hold since: {}", rfc3339(held.held_us)));
        let shown = Actor::parse(held.shown.as_bytes()).ok();
        if let Some(named) = shown.as_ref().and_then(|actor| actor.ed25519_keys.first()) {
            lines.push(format!("key it shows now: {}", named.key));
        }
    }
    lines
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
    peer["money"] = relation.owed.money.into();
    peer["waiting_since"] = relation.owed.since_us.map(rfc3339).into();
    peer["kinds"] = relation
        .kinds
        .iter()
        .map(|(kind, count, since)| {
            serde_json::json!({ "kind": kind, "waiting": count, "since": rfc3339(*since) })
        })
        .collect();
    peer["key"] = relation.peer.ed25519.map(|key| key.to_multikey()).into();
    peer["heard"] = relation.health.heard_us.map(rfc3339).into();
    peer["failing_since"] = relation.health.failing_since_us.map(rfc3339).into();
    let failing = relation.health.failing_since_us.is_some();
    peer["next_try"] = failing.then(|| rfc3339(relation.health.next_try_us)).into();
    peer["held"] = relation
        .held
        .as_ref()
        .map(|held| held.reason.clone())
        .into();
    peer
}
