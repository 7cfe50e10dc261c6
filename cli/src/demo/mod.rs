//! `antiphon demo`: a month of a network of three nodes, from an invitation to a payment.
//!
//! Nothing here is a shortcut past the doors that a user has: the nodes are processes of this
//! program ([`nodes`]), hosts use its commands, members and devices come by HTTP ([`people`],
//! [`month`]), music crosses the border over signed requests ([`crossing`]), and the papers of the
//! month are what the coordinator published ([`reckoning`]).

mod crossing;
mod dice;
mod kinds;
mod month;
mod music;
mod nodes;
mod people;
mod reckoning;
mod selecting;
mod summary;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use clap::Args;
use cli::door::{Knock, Session};
use cli::post::Play;
use federation::keys::Ed25519Secret;
use jiff::Timestamp;
use jiff::civil;
use jiff::tz::TimeZone;
use settlement::Period;

use crate::commands::wait_for;
use crate::progress::Step;
use dice::Dice;
use month::{Playable, Shelves};
use nodes::{DemoNode, Founding, Network, free_port};
use people::{Listener, Member, PASSWORD, Venue};

/// Lives through the last full month of a network of three nodes on this machine: a node for
/// Loire, a node for Wallonie, and the coordinator.
///
/// Two hundred people join and listen, the month is closed, settled and verified. Then three
/// addresses stay up until Ctrl-C.
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    antiphon demo\n  \
    antiphon demo --music /usr/share/games/some-game/music\n  \
    antiphon demo --once --dir tour && antiphon verify tour")]
pub struct Demo {
    /// Music to deal out between the two nodes; without it, a small catalogue is composed
    #[arg(long, value_name = "DIR")]
    music: Option<PathBuf>,
    /// Keep everything in this folder: nodes, reports, settlement
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// Stop when the month is settled, instead of staying up
    #[arg(long)]
    once: bool,
    /// How many people join
    #[arg(long, value_name = "N", default_value_t = 200, value_parser = clap::value_parser!(u32).range(4..=15_000))]
    members: u32,
    /// Another seed, another month
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Kill the three nodes between the steps, and start them again
    #[arg(long)]
    kill: bool,
    /// How many of the five releases of each node are composed
    #[arg(long, hide = true, value_name = "N", default_value_t = 5)]
    releases: usize,
}

/// The two territories: folder, name, territory, time zone, registrant of their ISRCs.
const LOIRE: (&str, &str, &str, &str) = ("Loire en commun", "FR-ARA", "Europe/Paris", "FRA7L");
const WALLONIE: (&str, &str, &str, &str) =
    ("Wallonie en partage", "BE-WAL", "Europe/Brussels", "BEW7A");
const COORDINATOR: (&str, &str) = ("La coordination", "BE-BRU");

/// Everybody and everything at one of the two nodes.
struct Region {
    venues: Vec<Venue>,
    members: Vec<Member>,
    listeners: Vec<Listener>,
    /// The files that were imported here.
    sources: Vec<PathBuf>,
    /// The artists whom members look for.
    artists: Vec<String>,
    /// Works whose home is here.
    works: BTreeMap<String, Playable>,
}

impl Demo {
    /// Does it.
    pub fn run(self) -> Result<()> {
        let (dir, passing) = self.folder()?;
        let told = wait_for(self.live(&dir, passing.is_some()));
        if let (Some(passing), Err(_)) = (passing, &told) {
            // What went wrong can be looked into.
            let kept = passing.keep();
            eprintln!(
                "The nodes' folders and logs are kept in {}.",
                kept.display()
            );
        }
        told
    }

    /// The folder of the demo, and its guard if it goes when the demo goes.
    fn folder(&self) -> Result<(PathBuf, Option<tempfile::TempDir>)> {
        let Some(dir) = &self.dir else {
            let passing = tempfile::Builder::new()
                .prefix("antiphon-demo-")
                .tempdir()
                .context("no temporary folder can be made")?;
            return Ok((passing.path().to_path_buf(), Some(passing)));
        };
        std::fs::create_dir_all(dir)
            .with_context(|| format!("{} cannot be made", dir.display()))?;
        for taken in ["nodes", "reports", "settlement"] {
            if dir.join(taken).exists() {
                bail!(
                    "{} holds a demo already ({taken}/ is there): name another folder, or remove it",
                    dir.display()
                );
            }
        }
        Ok((dir.canonicalize()?, None))
    }

    async fn live(&self, dir: &Path, passing: bool) -> Result<()> {
        let period = last_full_month()?;
        eprintln!("A month of a network of three nodes: {period}.");
        if passing {
            eprintln!(
                "Everything is in {} and goes when this ends; keep it with --dir.",
                dir.display()
            );
        }
        let [loire_files, wallonie_files] = self.music(dir)?;
        let mut network = found(dir, period, self.kill).await?;
        let told = tokio::select! {
            told = self.month(dir, period, &mut network, [loire_files, wallonie_files]) => told,
            interrupted = tokio::signal::ctrl_c() => {
                interrupted?;
                Err(anyhow::anyhow!("interrupted"))
            }
        };
        let stays = match told {
            Ok(signs_in) if !self.once => {
                welcome(&network, &signs_in);
                tokio::signal::ctrl_c().await.map_err(Into::into)
            }
            Ok(_) => Ok(()),
            Err(error) => Err(error),
        };
        network.stop().await;
        stays
    }

    /// Music for both nodes: composed, or dealt out.
    fn music(&self, dir: &Path) -> Result<[Vec<PathBuf>; 2]> {
        if let Some(folder) = &self.music {
            let folder = folder
                .canonicalize()
                .with_context(|| format!("--music {}", folder.display()))?;
            let files = music::dealing::files_of(&folder)?;
            let step = Step::counted("Reading tags", files.len() as u64);
            let hands = music::dealing::deal(&files, &|| step.advance());
            step.done(format!(
                "{} files of {} dealt out: {} to Loire, {} to Wallonie",
                files.len(),
                folder.display(),
                hands[0].len(),
                hands[1].len()
            ));
            return Ok(hands);
        }
        let sets = [
            (music::LOIRE, "loire", LOIRE.3),
            (music::WALLONIE, "wallonie", WALLONIE.3),
        ]
        .map(|(artists, slug, registrant)| {
            (
                &artists[..self.releases.clamp(1, artists.len())],
                slug,
                registrant,
            )
        });
        let pieces: usize = sets
            .iter()
            .flat_map(|set| set.0)
            .map(|artist| artist.pieces.len())
            .sum();
        let step = Step::counted("Composing", pieces as u64);
        let mut hands = Vec::new();
        for (artists, slug, registrant) in sets {
            let folder = dir.join("music").join(slug);
            hands.push(music::writing::write_catalogue(
                &folder,
                artists,
                registrant,
                self.seed,
                &|| step.advance(),
            )?);
        }
        step.done(format!(
            "{pieces} pieces composed, as FLAC with tags and covers"
        ));
        <[Vec<PathBuf>; 2]>::try_from(hands)
            .ok()
            .context("there are two nodes")
    }

    /// The month, step by step. Returns how to sign in where.
    async fn month(
        &self,
        dir: &Path,
        period: Period,
        network: &mut Network,
        files: [Vec<PathBuf>; 2],
    ) -> Result<Vec<(String, String)>> {
        let step = Step::open("Starting three nodes");
        network.start().await?;
        step.done(format!(
            "Three nodes are up; for them it is the 1st of {period}, in the morning"
        ));

        meet(network).await?;
        network.between_steps().await?;

        let mut regions = Vec::new();
        for (i, files) in files.into_iter().enumerate() {
            regions.push(self.settle_in(network, i, files).await?);
            network.between_steps().await?;
        }
        let [mut loire, mut wallonie]: [Region; 2] = regions
            .try_into()
            .ok()
            .context("there are two territories")?;

        exchange(network, &mut loire, &mut wallonie).await?;
        network.between_steps().await?;

        let selection = select(network, &loire, &wallonie).await?;
        play_across(network, &loire, &wallonie).await?;
        network.between_steps().await?;

        let step = Step::open("A month passes");
        network
            .move_clocks(shift_to(month_after(period)?, &TimeZone::get(LOIRE.2)?)?)
            .await?;
        step.done(format!(
            "A month passes; {} people listened, offline",
            self.members
        ));

        self.hand_in(network, period, [&loire, &wallonie], &selection)
            .await?;
        network.between_steps().await?;

        self.reckon(dir, period, network).await?;
        let names = names(network, dir, [&loire, &wallonie]).await?;
        println!("\n{}", summary::of(dir, &names)?);
        verify(network, dir).await?;
        if self.kill {
            eprintln!("  (nodes killed on purpose: {})", network.deaths());
        }
        Ok([&loire, &wallonie]
            .into_iter()
            .zip(network.territories())
            .filter_map(|(region, node)| {
                Some((node.base.clone(), region.members.first()?.name.clone()))
            })
            .collect())
    }

    /// Music, venues and people of one node.
    async fn settle_in(
        &self,
        network: &Network,
        which: usize,
        sources: Vec<PathBuf>,
    ) -> Result<Region> {
        let node = network.territories()[which];
        let artists = import(node, &sources).await?;
        if which == 0 && self.music.is_none() {
            let folder = node.dir.with_file_name("works-of-other-kinds");
            let table = kinds::write(&folder)?;
            let words: [&std::ffi::OsStr; 2] = ["import".as_ref(), table.as_os_str()];
            node.command_json(&words).await?;
        }
        network.between_steps().await?;
        let plans = if which == 0 {
            people::LOIRE
        } else {
            people::WALLONIE
        };
        let members = self.members as usize;
        let theirs = if which == 0 {
            members * 55 / 100
        } else {
            members - members * 55 / 100
        };
        let step = Step::open(format!("{}: venues", node.name));
        let mut venues = people::open_venues(node, plans, theirs).await?;
        step.done(format!(
            "{}: {} venues have paid for the year",
            node.name,
            venues.len()
        ));
        let mut dice = Dice::new(self.seed, node.slug);
        let step = Step::counted(format!("{}: people join", node.name), theirs as u64);
        let (people, listeners) = people::join(node, &mut venues, &mut dice, &step).await?;
        step.done(format!(
            "{}: {} people joined with an invitation; {} devices are enrolled",
            node.name,
            people.len(),
            listeners.len()
        ));
        Ok(Region {
            venues,
            members: people,
            listeners,
            sources,
            artists,
            works: BTreeMap::new(),
        })
    }

    /// The devices are online again and hand in their month.
    async fn hand_in(
        &self,
        network: &Network,
        period: Period,
        regions: [&Region; 2],
        selection: &(String, Vec<Playable>),
    ) -> Result<()> {
        for (i, node) in network.territories().into_iter().enumerate() {
            let zone = TimeZone::get(if i == 0 { LOIRE.2 } else { WALLONIE.2 })?;
            let here: Vec<Playable> = regions[i].works.values().cloned().collect();
            let there: Vec<Playable> = regions[1 - i].works.values().cloned().collect();
            let shelves = Shelves {
                here: &here,
                there: &there,
                selection: (&selection.0, &selection.1),
            };
            let mut dice = Dice::new(self.seed, &format!("{} listens", node.slug));
            let months: Vec<(&Listener, Vec<Play>)> = regions[i]
                .listeners
                .iter()
                .map(|listener| {
                    let clock = &network.clock;
                    (
                        listener,
                        month::plays_of(listener, &shelves, period, &zone, clock, &mut dice),
                    )
                })
                .collect();
            let count: usize = months.iter().map(|(_, plays)| plays.len()).sum();
            let step = Step::counted(format!("{}: plays come in", node.name), count as u64);
            let handed = month::hand_in(node, &months, &network.clock, &step).await?;
            step.done(format!(
                "{}: {} plays handed in by {} devices; {} of them twice, and counted once",
                node.name,
                handed.taken,
                months.len(),
                handed.known
            ));
            for (reason, count) in &handed.refused {
                eprintln!("  not taken: {count} ({reason})");
            }
            network.between_steps().await?;
        }
        Ok(())
    }

    /// Close, report, settle, countersign; the papers are gathered in `dir`.
    async fn reckon(&self, dir: &Path, period: Period, network: &Network) -> Result<()> {
        for node in network.territories() {
            let step = Step::open(format!("{}: closing {period}", node.name));
            let closed = reckoning::close_and_send(node, period).await?;
            step.done(format!(
                "{}: {period} is closed and signed: {} uses, {} plays not counted",
                node.name, closed.uses, closed.excluded
            ));
            network.between_steps().await?;
        }
        for node in network.territories() {
            let step = Step::open(format!("{}: the coordinator checks the report", node.name));
            reckoning::accepted(node, period).await?;
            step.done(format!(
                "{}: the coordinator's signed receipt is in",
                node.name
            ));
        }
        network.between_steps().await?;

        let policy = network
            .coordinator
            .door
            .knock(&Knock::get("/policy"))
            .await?
            .accepted()?;
        let policy_file = dir.join("policy.toml");
        std::fs::write(&policy_file, &policy.body)
            .with_context(|| policy_file.display().to_string())?;
        let step = Step::open(format!("{}: settling {period}", network.coordinator.name));
        let month = period.to_string();
        let policy_path = policy_file.to_string_lossy();
        network
            .coordinator
            .command(&["settle", &month, "--policy", &policy_path], None)
            .await?;
        step.done(format!(
            "{}: {period} is settled and published",
            network.coordinator.name
        ));
        network.between_steps().await?;

        for node in network.territories() {
            let step = Step::open(format!("{}: recomputing the settlement", node.name));
            reckoning::countersigned(node, period).await?;
            step.done(format!(
                "{}: recomputed the settlement and countersigned it",
                node.name
            ));
        }
        reckoning::gather(network, period, dir)
    }
}

/// Founds the three nodes in the morning of the first day of the month.
async fn found(dir: &Path, period: Period, kills: bool) -> Result<Network> {
    let nodes = dir.join("nodes");
    std::fs::create_dir_all(&nodes).with_context(|| nodes.display().to_string())?;
    let step = Step::open("Founding three nodes");
    let shift = shift_to(period, &TimeZone::get(LOIRE.2)?)?;
    let domains =
        [free_port()?, free_port()?, free_port()?].map(|port| format!("localhost:{port}"));
    let coordinator_base = format!("http://{}", domains[2]);
    let founding = |slug, (name, territory): (&'static str, &'static str), i: usize| Founding {
        slug,
        name,
        territory,
        coordinator: if i == 2 { "self" } else { &coordinator_base },
        domain: domains[i].clone(),
        clock_shift_seconds: shift,
    };
    let (loire, wallonie, coordinator) = (
        founding("loire", (LOIRE.0, LOIRE.1), 0),
        founding("wallonie", (WALLONIE.0, WALLONIE.1), 1),
        founding("coordinator", COORDINATOR, 2),
    );
    let (loire, wallonie, coordinator) = tokio::try_join!(
        DemoNode::found(&nodes, &loire),
        DemoNode::found(&nodes, &wallonie),
        DemoNode::found(&nodes, &coordinator),
    )?;
    step.done("Three nodes are founded: Loire, Wallonie, and the coordinator");
    Ok(Network::of(loire, wallonie, coordinator, shift, kills))
}

/// Everybody finds and follows everybody.
async fn meet(network: &Network) -> Result<()> {
    let step = Step::open("The nodes find one another");
    for node in network.all() {
        for other in network.all() {
            if node.base != other.base {
                node.command(&["peer", "add", &other.base], None).await?;
            }
        }
    }
    step.done("The nodes found one another by WebFinger and follow one another");
    Ok(())
}

/// Imports files, and returns whom they are by, as a search will find them.
async fn import(node: &DemoNode, sources: &[PathBuf]) -> Result<Vec<String>> {
    /// So that a command line never grows too long.
    const AT_ONCE: usize = 400;
    let step = Step::counted(format!("{}: importing", node.name), sources.len() as u64);
    let mut sums = [0u64; 3];
    for some in sources.chunks(AT_ONCE) {
        let mut words: Vec<&std::ffi::OsStr> = vec!["import".as_ref()];
        words.extend(some.iter().map(|path| path.as_os_str()));
        let told = node.command_json(&words).await?;
        for (sum, name) in sums.iter_mut().zip(["taken", "known", "refused"]) {
            *sum += match &told[name] {
                serde_json::Value::Array(list) => list.len() as u64,
                count => count.as_u64().unwrap_or(0),
            };
        }
        step.at(sums.iter().sum());
    }
    let [taken, known, refused] = sums;
    let mut line = format!("{}: {taken} pieces imported", node.name);
    if known > 0 {
        line.push_str(&format!(", {known} known already"));
    }
    if refused > 0 {
        line.push_str(&format!(", {refused} files refused"));
    }
    step.done(line);
    if taken + known == 0 {
        bail!(
            "{} has no music: none of its {} files could be imported",
            node.name,
            sources.len()
        );
    }
    Ok(music::dealing::artists_of(sources))
}

/// Everything that is here is found there too.
async fn exchange(network: &Network, loire: &mut Region, wallonie: &mut Region) -> Result<()> {
    let member = |region: &Region| -> Result<Session> {
        let member = region
            .members
            .first()
            .context("nobody joined: ask for more --members")?;
        Ok(member.session.clone())
    };
    let (of_loire, of_wallonie) = (member(loire)?, member(wallonie)?);
    let (at_loire, at_wallonie) = (&network.loire, &network.wallonie);
    loire.works = crossing::find(at_loire, &of_loire, at_loire, &loire.artists).await?;
    wallonie.works =
        crossing::find(at_wallonie, &of_wallonie, at_wallonie, &wallonie.artists).await?;
    for (node, region) in [(at_loire, &*loire), (at_wallonie, &*wallonie)] {
        if region.works.is_empty() {
            bail!(
                "nobody finds any of the music at {}: its log is beside its folder",
                node.name
            );
        }
    }
    let travels = [
        (at_wallonie, of_wallonie, at_loire, &*loire),
        (at_loire, of_loire, at_wallonie, &*wallonie),
    ];
    for (at, session, home, region) in travels {
        let step = Step::counted(
            format!("{} hears of music", at.name),
            region.works.len() as u64,
        );
        crossing::arrived(at, &session, home, &region.artists, &region.works, &step).await?;
        step.done(format!(
            "{}: members find {} works of {}",
            at.name,
            region.works.len(),
            home.name
        ));
    }
    Ok(())
}

/// Curators of both territories put works in their windows. Returns the selection of the Loire's
/// first venue, and its works. What a venue put forward last stands first on its node's own page, so
/// the first venue speaks last.
async fn select(
    network: &Network,
    loire: &Region,
    wallonie: &Region,
) -> Result<(String, Vec<Playable>)> {
    let step = Step::open("Curators put works in their windows");
    let (here, there) = (&loire.works, &wallonie.works);
    let (node, programmes) = (&network.wallonie, selecting::WALLONIE);
    let far = selecting::publish(node, &wallonie.venues, programmes, there, here).await?;
    let (node, programmes) = (&network.loire, selecting::LOIRE);
    let near = selecting::publish(node, &loire.venues, programmes, here, there).await?;
    let works = far.iter().chain(&near).map(|(_, works)| works.len());
    step.done(format!(
        "Curators of {} venues put {} works in their windows",
        far.len() + near.len(),
        works.sum::<usize>()
    ));
    near.into_iter().last().context("there is no venue")
}

/// A member of the Loire plays a work of Wallonia through their own node.
async fn play_across(network: &Network, loire: &Region, wallonie: &Region) -> Result<()> {
    let node = &network.loire;
    let member = loire.members.first().context("nobody joined")?;
    let playable = wallonie
        .works
        .values()
        .next()
        .context("there is no work to play")?;
    let step = Step::open(format!("{} plays {}", member.name, playable.title));
    let (bytes, source) =
        crossing::stream_through(node, &member.session, &playable.work, &wallonie.sources).await?;
    let play = serde_json::json!({
        "id": network.clock.fresh_id(),
        "work": playable.work,
        "started": network.clock.now_text(),
        "seconds": playable.seconds,
    });
    let knock = Knock::post("/listening/plays", &play).by(&member.session);
    node.door.knock(&knock).await?.accepted()?;
    step.done(format!(
        "{} plays « {} » through Loire: {bytes} bytes in parts, the very bytes of {}",
        member.name,
        playable.title,
        source.file_name().unwrap_or_default().to_string_lossy()
    ));
    Ok(())
}

/// The names of the parties that are in the settlement, asked for at their own nodes.
async fn names(network: &Network, dir: &Path, regions: [&Region; 2]) -> Result<summary::Names> {
    let mut names = summary::Names::default();
    for (node, territory) in network
        .all()
        .into_iter()
        .zip([LOIRE.1, WALLONIE.1, COORDINATOR.1])
    {
        names.nodes.push(summary::Place {
            base: node.base.clone(),
            name: node.name.clone(),
            territory: territory.to_owned(),
        });
    }
    for region in regions {
        for (work, playable) in &region.works {
            names.works.insert(work.clone(), playable.title.clone());
        }
    }
    for [party] in summary::Table::read(dir, "parties")?.columns(["party"])? {
        for node in network.all() {
            let Some(path) = party.strip_prefix(&node.base) else {
                continue;
            };
            let knock = Knock::get(path).accept("application/activity+json");
            let answer = node.door.knock(&knock).await?;
            if let Ok(actor) = answer
                .accepted()
                .and_then(|a| a.json::<serde_json::Value>())
                && let Some(name) = actor["name"].as_str()
            {
                names.parties.insert(party.to_owned(), name.to_owned());
            }
        }
    }
    Ok(names)
}

/// Checks the papers as an auditor would, with the coordinator's key known from its own folder.
async fn verify(network: &Network, dir: &Path) -> Result<()> {
    let step = Step::open("Verifying the settlement from the papers");
    let pem = network.coordinator.dir.join("keys/ed25519.pem");
    let pem = std::fs::read_to_string(&pem).with_context(|| pem.display().to_string())?;
    let key = Ed25519Secret::from_pem(&pem)?.public().to_multikey();
    let output = tokio::process::Command::new(std::env::current_exe()?)
        .arg("verify")
        .arg(dir)
        .args(["--coordinator-key", &key])
        .output()
        .await?;
    if !output.status.success() {
        let told = String::from_utf8_lossy(&output.stderr);
        bail!(
            "the settlement does not verify: {}",
            told.trim().trim_start_matches("antiphon: ")
        );
    }
    step.done(format!(
        "Verified: `antiphon verify {}` re-derives every number",
        dir.display()
    ));
    Ok(())
}

/// What is still there to look at, until Ctrl-C.
fn welcome(network: &Network, signs_in: &[(String, String)]) {
    println!("The three nodes stay up until Ctrl-C:");
    for node in network.all() {
        match signs_in.iter().find(|(base, _)| *base == node.base) {
            Some((_, name)) => println!(
                "  {}  {} — sign in as « {name} » with the password {PASSWORD}",
                node.base, node.name
            ),
            None => println!("  {}  {} — open to read", node.base, node.name),
        }
    }
}

/// The last calendar month that is over, by the machine's own clock.
fn last_full_month() -> Result<Period> {
    let today = Timestamp::now().to_zoned(TimeZone::UTC).date();
    let month = today
        .first_of_month()
        .yesterday()
        .context("there was no month before this one")?;
    let year = u16::try_from(month.year()).context("a year before the calendar")?;
    let number = u8::try_from(month.month()).context("a month has a number")?;
    Period::new(year, number).context("a month before the calendar")
}

fn month_after(period: Period) -> Result<Period> {
    period.next().context("the calendar ends here")
}

/// By how many seconds a clock is moved so that it is eight in the morning of the month's first
/// day.
fn shift_to(period: Period, zone: &TimeZone) -> Result<i64> {
    let year = i16::try_from(period.year())?;
    let month = i8::try_from(period.month())?;
    let morning = civil::date(year, month, 1)
        .at(8, 0, 0, 0)
        .to_zoned(zone.clone())?;
    Ok(morning.timestamp().as_second() - Timestamp::now().as_second())
}
