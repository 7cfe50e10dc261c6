//! The commands of `antiphon`: one file each, with its words for clap and what it does.

pub mod claims;
pub mod discover;
pub mod import;
pub mod init;
pub mod invite;
pub mod key;
pub mod label;
pub mod member;
pub mod peer;
pub mod report;
pub mod serve;
pub mod settle;
pub mod simulate;
pub mod splits;
pub mod venue;
pub mod verify;
pub mod work;

use std::future::Future;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use clap::{Args, Subcommand};
use node::Node;
use serde::Serialize;
use settlement::Period;

/// In the order in which a host meets them.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Make a new node in a folder: its settings, keys and database
    Init(init::Init),
    /// Run the node until it is told to stop
    Serve(serve::Serve),
    /// Take music files, messages and tables into the catalogue
    Import(import::Import),
    /// Keep single works: withdraw them, remove files nobody needs
    #[command(subcommand)]
    Work(work::Work),
    /// Change who shares in works
    #[command(subcommand)]
    Splits(splits::Splits),
    /// Keep the labels whose people add releases by hand
    #[command(subcommand)]
    Label(label::Label),
    /// Settle two works under one recording code
    #[command(subcommand)]
    Claims(claims::Claims),
    /// Make what voyages are led by, and keep names from elsewhere
    #[command(subcommand)]
    Discover(discover::Discover),
    /// Get to know other nodes: add, list, limit, block
    #[command(subcommand)]
    Peer(peer::Peer),
    /// See the keys this node signs with, and change them
    #[command(subcommand)]
    Key(key::Key),
    /// Keep the venues that pay a contribution for their members
    #[command(subcommand)]
    Venue(venue::Venue),
    /// Print invitation codes with which people join a venue
    Invite(invite::Invite),
    /// Keep members: staff, and people who forgot their password
    #[command(subcommand)]
    Member(member::Member),
    /// Close a month, send its play report, see what became of it
    #[command(subcommand)]
    Report(report::Report),
    /// As the coordinator, settle a month and publish the settlement
    Settle(settle::Settle),
    /// Settle reports that lie in folders, under one policy or several, to see who gains
    Simulate(simulate::Simulate),
    /// Check reports and a settlement that lie in a folder
    Verify(verify::Verify),
    /// Live through a month of a network of three nodes, on this machine
    Demo(crate::demo::Demo),
}

impl Command {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Command::Init(init) => init.run(),
            Command::Serve(serve) => serve.run(),
            Command::Import(import) => import.run(),
            Command::Work(work) => work.run(),
            Command::Splits(splits) => splits.run(),
            Command::Label(label) => label.run(),
            Command::Claims(claims) => claims.run(),
            Command::Discover(discover) => discover.run(),
            Command::Peer(peer) => peer.run(),
            Command::Key(key) => key.run(),
            Command::Venue(venue) => venue.run(),
            Command::Invite(invite) => invite.run(),
            Command::Member(member) => member.run(),
            Command::Report(report) => report.run(),
            Command::Settle(settle) => settle.run(),
            Command::Simulate(simulate) => simulate.run(),
            Command::Verify(verify) => verify.run(),
            Command::Demo(demo) => demo.run(),
        }
    }
}

/// Which node a command is about.
#[derive(Clone, Debug, Args)]
pub struct Here {
    /// The node's folder
    #[arg(long, value_name = "DIR", default_value = ".")]
    pub dir: PathBuf,
}

impl Here {
    /// Opens the node.
    pub fn open(&self) -> Result<Node> {
        Ok(Node::open(&self.dir)?)
    }
}

/// An error as one line: what happened, and why if the outer words do not say it.
pub fn sentence(error: &anyhow::Error) -> String {
    let mut told = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !told.contains(&cause) {
            if !told.is_empty() {
                told.push_str(": ");
            }
            told.push_str(&cause);
        }
    }
    told
}

/// Prints a value as JSON.
pub fn print_json(value: &impl Serialize) -> Result<()> {
    println!("{}", serde_json::to_string_pretty(value)?);
    Ok(())
}

/// Runs what waits for the network.
pub fn wait_for<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("no threads can be started")?
        .block_on(work)
}

/// Reads a month, `2026-10`.
pub fn period(text: &str) -> Result<Period, String> {
    Period::parse(text).map_err(|_| format!("`{text}` is not a month; write one like 2026-10"))
}
