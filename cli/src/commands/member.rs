//! `antiphon member`: staff, people of several venues, people who forgot their password or want to be
//! forgotten.

use std::io::{BufRead as _, IsTerminal as _};

use anyhow::{Context as _, Result, bail};
use clap::{Args, Subcommand, ValueEnum};
use console::Term;

use super::{Here, print_json};

/// Keeps members whom somebody has to add by hand, and lets in those who forgot their password.
#[derive(Debug, Subcommand)]
#[command(after_long_help = "Examples:\n  \
    antiphon member add --dir loire --venue ID --name Maud --password-stdin --role curator\n  \
    antiphon member join --dir loire --venue ID --name Maud\n  \
    antiphon member role --dir loire --venue ID --name Maud --role manager\n  \
    antiphon member reset --dir loire --name Maud")]
pub enum Member {
    /// Add a member of a venue, perhaps with a role
    Add(Add),
    /// Make a member a member of another venue too
    Join(At),
    /// End somebody's membership of a venue
    Leave(At),
    /// Give a member a role, or take it back
    Role(Given),
    /// Print a one-time code with which a member chooses a new password
    Reset(Reset),
    /// Forget a member: their sums stay, everything else goes
    Forget(Forget),
}

/// Begins or ends a membership.
#[derive(Debug, Args)]
pub struct At {
    #[command(flatten)]
    here: Here,
    /// The venue
    #[arg(long, value_name = "ID")]
    venue: String,
    /// The name they sign in with
    #[arg(long)]
    name: String,
}

/// Gives a role, or takes it back. Outside development a role opens a desk once the member has added
/// a second step on their page.
#[derive(Debug, Args)]
pub struct Given {
    #[command(flatten)]
    here: Here,
    /// The venue, for a curator or a manager
    #[arg(long, value_name = "ID")]
    venue: Option<String>,
    /// The name they sign in with
    #[arg(long)]
    name: String,
    /// Which role
    #[arg(long)]
    role: Role,
    /// Take it back
    #[arg(long)]
    take: bool,
}

/// Forgets a member at once and for good.
#[derive(Debug, Args)]
pub struct Forget {
    #[command(flatten)]
    here: Here,
    /// The name they sign in with
    #[arg(long)]
    name: String,
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
    /// Take their second step and passkeys away as well: they lost the device and the recovery codes
    #[arg(long)]
    second_step: bool,
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
            Member::Join(at) => {
                let node = at.here.open()?;
                let venue = node::members::join_named(&node, &at.venue, &at.name)?;
                println!("{} is a member of {}.", at.name, venue.name);
                Ok(())
            }
            Member::Leave(at) => {
                let node = at.here.open()?;
                node::members::leave_named(&node, &at.venue, &at.name)?;
                println!("{} is no member of it any more.", at.name);
                Ok(())
            }
            Member::Role(given) => given.run(),
            Member::Reset(reset) => reset.run(),
            Member::Forget(forget) => {
                let node = forget.here.open()?;
                node::members::forget_named(&node, &forget.name)?;
                println!("Forgotten.");
                Ok(())
            }
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

impl Given {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        let venue = self.venue.as_deref();
        node::members::set_role(&node, venue, &self.name, self.role.into(), !self.take)?;
        match self.take {
            true => println!("{} has this role no more.", self.name),
            false => println!("{} has this role.", self.name),
        }
        Ok(())
    }
}

impl Reset {
    fn run(self) -> Result<()> {
        let node = self.here.open()?;
        if self.second_step {
            node::members::second::forget_step(&node, &self.name)?;
        }
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
