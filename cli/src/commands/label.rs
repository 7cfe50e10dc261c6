//! `antiphon label`: the labels whose people add releases by hand.

use anyhow::Result;
use clap::{Args, Subcommand};
use node::labels::{self, store};
use node::web::Refusal;

use super::{Here, print_json};

/// Keeps the labels of the node: who may add releases for them on the node's pages.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon label invite --dir loire \"Micro Climat\"\n  \
    antiphon label list --dir loire")]
pub enum Label {
    /// Print a code with which somebody comes to act for a label
    Invite(Invite),
    /// List the labels and who acts for them
    List(List),
}

/// Prints a code, good once and for 60 days; who has it goes to the node's page /labels/join. A label
/// that nobody named before is made.
#[derive(Debug, Args)]
pub struct Invite {
    #[command(flatten)]
    here: Here,
    /// The label's name, or its address
    #[arg(value_name = "LABEL")]
    label: String,
    /// Print the code as JSON
    #[arg(long)]
    json: bool,
}

/// Lists labels.
#[derive(Debug, Args)]
pub struct List {
    #[command(flatten)]
    here: Here,
    /// Print the labels as JSON
    #[arg(long)]
    json: bool,
}

impl Label {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Label::Invite(invite) => invite.run(),
            Label::List(list) => list.run(),
        }
    }
}

impl Invite {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let (label, code) = labels::invite(&node, &self.label)?;
        if self.json {
            return print_json(&serde_json::json!({
                "label": label.id.as_str(),
                "name": label.name,
                "code": code,
            }));
        }
        println!("{code}");
        Ok(())
    }
}

impl List {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let base = node.config.base();
        let listed = node.db.read_now(|conn| {
            let mut listed = Vec::new();
            for (id, name) in store::labels(conn, &base, None)? {
                listed.push((store::people(conn, &id)?, id, name));
            }
            Ok::<_, Refusal>(listed)
        })?;
        if self.json {
            let all = listed.iter().map(|(people, id, name)| {
                serde_json::json!({ "id": id.as_str(), "name": name, "people": people })
            });
            return print_json(&all.collect::<Vec<_>>());
        }
        if listed.is_empty() {
            println!("No label yet: antiphon label invite NAME");
        }
        for (people, id, name) in listed {
            println!("{name}  {id}  {}", people.join(", "));
        }
        Ok(())
    }
}
