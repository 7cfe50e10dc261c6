//! `antiphon member`: staff, and people who forgot their password.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use console::Term;

use super::{Here, print_json};

/// Keeps members whom somebody has to add by hand, and lets in those who forgot their password.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon member add --dir loire --venue ID --name Maud --password-stdin --role curator\n  \
    antiphon member reset --dir loire --name Maud")]
pub enum Member {
    /// Add a member of a venue, perhaps with a role
    Add(Add),
    /// Print a one-time code with which a member chooses a new password
    Reset(Reset),
}

/// Adds a member of a venue. The password is read from standard input.
#[derive(Debug, Args)]
pub struct Add {
    #[command(flatten)]
    here: Here,
    /// The venue they listen through
    #[arg(long, value_name = "ID")]
    venue: String,
    /// The name they sign in with
    #[arg(long)]
    name: String,
    /// Read the password from standard input: its first line
    #[arg(long, required = true)]
    password_stdin: bool,
    /// What they may do beyond listening
    #[arg(long)]
    role: Option<Role>,
    /// Print what was done as JSON
    #[arg(long)]
    json: bool,
}

/// Prints a one-time code: many members have no e-mail, so somebody hands it to them.
#[derive(Debug, Args)]
pub struct Reset {
    #[command(flatten)]
    here: Here,
    /// The name they sign in with
    #[arg(long)]
    name: String,
    /// Print the code as JSON
    #[arg(long)]
    json: bool,
}

/// What somebody may do beyond listening.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Role {
    /// Composes the venue's selections
    Curator,
    /// Runs the venue's desk: members, seats, invitations
    Manager,
    /// Runs the node
    Operator,
}

impl From<Role> for node::members::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Curator => Self::Curator,
            Role::Manager => Self::Manager,
            Role::Operator => Self::Operator,
        }
    }
}

impl Member {
    /// Does it.
    pub fn run(self) -> Result<()> {
        match self {
            Member::Add(add) => add.run(),
            Member::Reset(reset) => reset.run(),
        }
    }
}

impl Add {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let password = if std::io::stdin().is_terminal() {
            let term = Term::stderr();
            term.write_str(&format!("A password for {}: ", self.name))?;
            term.read_secure_line()?
        } else {
            let mut line = String::new();
            std::io::stdin()
                .lock()
                .read_line(&mut line)
                .context("the password cannot be read from standard input")?;
            line.trim_end_matches(['\r', '\n']).to_owned()
        };
        if password.is_empty() {
            bail!("there is no password on standard input: write one line there");
        }
        let role = self.role.map(Into::into);
        node::members::add(&node, &self.venue, &self.name, &password, role)?;
        if self.json {
            return print_json(&serde_json::json!({ "name": self.name }));
        }
        println!(
            "{} can sign in at {}/sign-in.",
            self.name,
            node.config.base()
        );
        Ok(())
    }
}

impl Reset {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let code = node::members::reset(&node, &self.name)?;
        if self.json {
            return print_json(&serde_json::json!({ "name": self.name, "code": code }));
        }
        println!("{code}");
        eprintln!(
            "Good once: {} chooses a new password with it at {}/sign-in.",
            self.name,
            node.config.base()
        );
        Ok(())
    }
}
