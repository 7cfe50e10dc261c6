//! `antiphon splits`: who shares in works, and changes of it.

use anyhow::{Result, anyhow, bail};
use clap::{Args, Subcommand};
use node::catalogue::changes::{self, Change};
use node::catalogue::store;
use node::web::Refusal;
use settlement::{PartyId, Share};

use super::work::work_id;
use super::{Here, print_json};

/// Keeps split sheets. A change waits until each party that would have less has confirmed it, or
/// until `splits_delay_days` of node.toml have passed; it then begins with the next month.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon splits propose --dir loire https://loire.example/works/0199f1c2 \\\n      \
    --share artist=https://loire.example/parties/ana=6000 \\\n      \
    --share label=https://loire.example/parties/micro-climat=4000\n  \
    antiphon splits list --dir loire\n  \
    antiphon splits confirm --dir loire 0199f1c3 --party https://loire.example/parties/ana")]
pub enum Splits {
    /// Propose who shares in a work from a later month on
    Propose(Propose),
    /// Note that a party agrees to a change
    Confirm(Confirm),
    /// Refuse a change: a party objects
    Refuse(Refuse),
    /// List the changes, the newest first
    List(List),
}

/// Proposes a change.
#[derive(Debug, Args)]
pub struct Propose {
    #[command(flatten)]
    here: Here,
    /// The work's address
    #[arg(value_name = "URI")]
    work: String,
    /// A party's share in basis points; together they make 10000
    #[arg(long, value_name = "ROLE=PARTY=BP", required = true)]
    share: Vec<String>,
}

/// Notes a party's agreement.
#[derive(Debug, Args)]
pub struct Confirm {
    #[command(flatten)]
    here: Here,
    /// The change, as `antiphon splits list` names it
    #[arg(value_name = "CHANGE")]
    change: String,
    /// The party that agrees
    #[arg(long, value_name = "URI")]
    party: String,
}

/// Refuses a change.
#[derive(Debug, Args)]
pub struct Refuse {
    #[command(flatten)]
    here: Here,
    /// The change, as `antiphon splits list` names it
    #[arg(value_name = "CHANGE")]
    change: String,
}

/// Lists changes.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    here: Here,
    /// Only those of this work
    #[arg(long, value_name = "URI")]
    work: Option<String>,
    /// Print the changes as JSON
    #[arg(long)]
    json: bool,
}

impl Splits {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Splits::Propose(propose) => propose.run(),
            Splits::Confirm(confirm) => confirm.run(),
            Splits::Refuse(refuse) => refuse.run(),
            Splits::List(list) => list.run(),
        }
    }
}

fn share(text: &str) -> Result<Share> {
    let parts = text.split_once('=').and_then(|(role, rest)| {
        let (party, bp) = rest.rsplit_once('=')?;
        Some((role, PartyId::parse(party).ok()?, bp.parse().ok()?))
    });
    let Some((role, party, bp)) = parts else {
        bail!("`{text}` is not a share; write one like artist=https://…/parties/ana=6000");
    };
    if node::catalogue::Role::parse(role).is_none() {
        bail!("`{role}` is not a role: artist, label, producer, publisher, distributor");
    }
    Ok(Share {
        party,
        role: role.to_owned(),
        bp,
    })
}

impl Propose {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let work = work_id(&self.work)?;
        let shares: Vec<Share> = self
            .share
            .iter()
            .map(|text| share(text))
            .collect::<Result<_>>()?;
        let sum: u64 = shares.iter().map(|share| u64::from(share.bp)).sum();
        if sum != 10_000 {
            bail!("the shares make {sum} basis points; they must make 10000");
        }
        let waiting = node.db.write_now(|conn| {
            let known = store::work(conn, &work)?;
            if known.is_none_or(|known| known.origin != node.config.base()) {
                return Err(Refusal::Missing);
            }
            changes::propose(conn, &node, &work, &shares)
        })?;
        match waiting {
            Some(change) => println!("{change} waits for those who would have less."),
            None => println!("Nobody would have less: it is in force, or was already."),
        }
        Ok(())
    }
}

impl Confirm {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let party = PartyId::parse(&self.party).map_err(|bad| anyhow!("{bad}"))?;
        let change = changes::confirm(&node, &self.change, &party)?;
        match change.valid_from {
            Some(day) => println!("All agree: in force from {day}."),
            None => println!("Noted; others are still to agree."),
        }
        Ok(())
    }
}

impl Refuse {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        changes::refuse(&node, &self.change)?;
        println!("{} is refused.", self.change);
        Ok(())
    }
}

impl List {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let work = self.work.as_deref().map(work_id).transpose()?;
        let listed = node
            .db
            .read_now(|conn| Ok::<_, Refusal>(store::changes(conn, work.as_ref(), 1_000)?))?;
        if self.json {
            return print_json(&listed.iter().map(as_json).collect::<Vec<_>>());
        }
        if listed.is_empty() {
            println!("No change was ever proposed.");
        }
        for change in listed {
            println!("{}  {}  {}", change.id, change.state.as_str(), change.work);
            for stake in &change.stakes {
                let answer = match (stake.is_owed_an_answer(), stake.confirmed_us) {
                    (true, _) => "is to agree",
                    (false, Some(_)) => "agrees",
                    (false, None) => "",
                };
                println!(
                    "    {}  {} → {}  {answer}",
                    stake.party, stake.before_bp, stake.after_bp
                );
            }
        }
        Ok(())
    }
}

fn as_json(change: &Change) -> serde_json::Value {
    serde_json::json!({
        "id": change.id,
        "work": change.work.as_str(),
        "state": change.state.as_str(),
        "valid_from": change.valid_from,
        "parties": change.stakes.iter().map(|stake| serde_json::json!({
            "party": stake.party.as_str(),
            "before_bp": stake.before_bp,
            "after_bp": stake.after_bp,
            "is_to_agree": stake.is_owed_an_answer(),
        })).collect::<Vec<_>>(),
    })
}
