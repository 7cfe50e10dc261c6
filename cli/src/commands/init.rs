//! `antiphon init`: a new node.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, Result, anyhow, bail};
use clap::Args;
use console::Term;
use node::Node;
use node::config::{Config, Language};

use super::{Here, print_json};
use crate::progress::Step;

/// Makes a new node in a folder: node.toml with its settings, its keys, its database.
///
/// Without --non-interactive it asks for what was not said.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    antiphon init --dir loire\n  \
    antiphon init --dir loire --non-interactive --name \"Loire en commun\" \\\n      \
    --domain loire.example --territory FR-ARA --currency EUR --language fr \\\n      \
    --coordinator https://coordination.example")]
pub struct Init {
    #[command(flatten)]
    here: Here,
    /// Ask nothing: everything is said here
    #[arg(long)]
    non_interactive: bool,
    /// The node's name, as its pages show it
    #[arg(long)]
    name: Option<String>,
    /// Where others reach it
    #[arg(long, value_name = "HOST[:PORT]")]
    domain: Option<String>,
    /// Its territory, ISO 3166: FR, FR-ARA, BE-WAL…
    #[arg(long)]
    territory: Option<String>,
    /// The currency of its contributions, ISO 4217
    #[arg(long)]
    currency: Option<String>,
    /// The language of its pages, unless a reader asks for the other
    #[arg(long, value_name = "fr|en")]
    language: Option<String>,
    /// Who settles for the network: this node, or the one at an address
    #[arg(long, value_name = "self|URL")]
    coordinator: Option<String>,
    /// The database, if not SQLite in the folder: sqlite:PATH or postgres://…
    #[arg(long, value_name = "URL")]
    database: Option<String>,
    /// Where music is kept, if not in the folder
    #[arg(long, value_name = "DIR")]
    media: Option<PathBuf>,
    /// The address to listen on; others reach it through a proxy with a certificate
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Development: allow http and peers on this machine
    #[arg(long)]
    dev: bool,
    /// Seconds by which the clock is moved: the demo lives in another month
    #[arg(
        long,
        hide = true,
        requires = "dev",
        default_value_t = 0,
        allow_hyphen_values = true
    )]
    clock_shift_seconds: i64,
    /// Print what was made as JSON
    #[arg(long)]
    json: bool,
}

impl Init {
    /// Does it.
    pub fn run(self) -> Result<()> {
        // Before any question: nobody wants to answer eight of them for a folder that is taken.
        if self.here.dir.join("node.toml").exists() {
            bail!(node::config::ConfigRefused::Taken(
                self.here.dir.display().to_string()
            ));
        }
        let asks = !self.non_interactive && Term::stderr().is_term();
        if !asks && !self.non_interactive {
            bail!("there is no terminal to ask on: add --non-interactive and say everything");
        }
        let ask = |said: &Option<String>, option: &str, question: &str, default: &str| match said {
            Some(said) => Ok(said.clone()),
            None if asks => question_on_terminal(question, default),
            None => Err(anyhow!(
                "{option} is missing: with --non-interactive, say it"
            )),
        };
        let name = ask(&self.name, "--name", "The node's name", "")?;
        let domain = ask(
            &self.domain,
            "--domain",
            "Where others reach it (host, or host:port)",
            "",
        )?;
        let territory = ask(
            &self.territory,
            "--territory",
            "Its territory (FR-ARA, BE-WAL, …)",
            "FR",
        )?;
        let currency = ask(
            &self.currency,
            "--currency",
            "The currency of its contributions",
            "EUR",
        )?;
        let language = ask(
            &self.language,
            "--language",
            "The language of its pages (fr, en)",
            "fr",
        )?;
        let coordinator = ask(
            &self.coordinator,
            "--coordinator",
            "Who settles for the network (self, or an address)",
            "self",
        )?;
        if Language::parse(&language).is_none() {
            bail!("--language: `{language}` is not spoken here; choose fr or en");
        }
        let listen = self
            .listen
            .unwrap_or_else(|| Config::default_listen(&domain));
        let text = toml::to_string(&toml::Table::from_iter(
            [
                ("name", Some(toml::Value::from(name))),
                ("domain", Some(domain.to_lowercase().into())),
                ("territory", Some(territory.to_uppercase().into())),
                ("currency", Some(currency.to_uppercase().into())),
                ("language", Some(language.into())),
                ("coordinator", Some(coordinator.into())),
                ("database", self.database.map(toml::Value::from)),
                (
                    "media",
                    self.media.as_ref().map(|m| m.display().to_string().into()),
                ),
                ("listen", Some(listen.to_string().into())),
                ("dev", Some(self.dev.into())),
                ("clock_shift_seconds", Some(self.clock_shift_seconds.into())),
            ]
            .into_iter()
            .filter_map(|(key, value)| Some((key.to_owned(), value?))),
        ))?;
        std::fs::create_dir_all(&self.here.dir)
            .with_context(|| format!("{} cannot be made", self.here.dir.display()))?;
        let dir = self.here.dir.canonicalize()?;
        let config = Config::parse(&dir, &text)?;
        let step = Step::open("Drawing keys");
        let node = Node::found(config)?;
        step.clear();
        let config = &node.config;
        if self.json {
            return print_json(&serde_json::json!({
                "dir": config.dir,
                "base": config.base(),
                "actor": config.actor().as_str(),
                "listen": config.listen,
            }));
        }
        println!("{} is made in {}.", config.name, config.dir.display());
        println!(
            "Start it with `antiphon serve --dir {}`: it listens on {}, and others reach it at {}.",
            self.here.dir.display(),
            config.listen,
            config.base()
        );
        Ok(())
    }
}

fn question_on_terminal(question: &str, default: &str) -> Result<String> {
    let term = Term::stderr();
    loop {
        if default.is_empty() {
            term.write_str(&format!("{question}: "))?;
        } else {
            term.write_str(&format!("{question} [{default}]: "))?;
        }
        let answer = term.read_line()?;
        match answer.trim() {
            "" if default.is_empty() => term.write_line("  Something must stand here.")?,
            "" => return Ok(default.to_owned()),
            answer => return Ok(answer.to_owned()),
        }
    }
}
