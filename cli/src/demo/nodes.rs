//! Three nodes, each a process of this same program with a folder of its own, kept alive: one
//! that dies is started again, and whoever was talking to it waits a moment.

use std::ffi::OsStr;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::{Context as _, Result, anyhow, bail};
use cli::door::{Door, Knock};
use node::clock::Clock;
use node::config::Config;
use tokio::io::AsyncWriteExt as _;
use tokio::process::{Child, ChildStdin, Command};
use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;

/// How long a node may take to come back before the demo gives up on it.
const PATIENCE: Duration = Duration::from_secs(60);
/// A node that dies this often within one life of the demo has something that a restart does not
/// mend.
const DEATHS_LIMIT: u32 = 60;

/// What a node is founded with.
pub struct Founding<'a> {
    /// The name of its folder: `loire`.
    pub slug: &'static str,
    /// The name on its pages.
    pub name: &'a str,
    /// Its territory.
    pub territory: &'a str,
    /// The coordinator's address, or `self`.
    pub coordinator: &'a str,
    /// `localhost:PORT`.
    pub domain: String,
    /// By how much its clock is moved.
    pub clock_shift_seconds: i64,
}

/// One of the three nodes.
pub struct DemoNode {
    /// The name of its folder: `loire`.
    pub slug: &'static str,
    /// The name on its pages.
    pub name: String,
    /// Its folder.
    pub dir: PathBuf,
    /// `http://localhost:PORT`.
    pub base: String,
    /// Its doors.
    pub door: Door,
    keeper: Option<Keeper>,
}

/// Whoever keeps the process alive.
struct Keeper {
    orders: mpsc::Sender<Order>,
    task: JoinHandle<()>,
}

enum Order {
    /// SIGKILL; the keeper then starts it again.
    Kill(oneshot::Sender<()>),
    /// A stop in good order, for good.
    Stop,
}

/// A free port of the loopback interface.
pub fn free_port() -> Result<u16> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("no free port on 127.0.0.1")?;
    Ok(listener.local_addr()?.port())
}

impl DemoNode {
    /// Founds a node with `antiphon init`.
    pub async fn found(nodes: &Path, founding: &Founding<'_>) -> Result<Self> {
        let dir = nodes.join(founding.slug);
        let base = format!("http://{}", founding.domain);
        let node = DemoNode {
            slug: founding.slug,
            name: founding.name.to_owned(),
            door: Door::at(&base, PATIENCE)?,
            base,
            dir,
            keeper: None,
        };
        let shift = founding.clock_shift_seconds.to_string();
        node.command(
            &[
                "init",
                "--non-interactive",
                "--name",
                founding.name,
                "--domain",
                &founding.domain,
                "--territory",
                founding.territory,
                "--currency",
                "EUR",
                "--language",
                "fr",
                "--coordinator",
                founding.coordinator,
                "--dev",
                "--clock-shift-seconds",
                &shift,
            ],
            None,
        )
        .await?;
        Ok(node)
    }

    /// Runs a command of this program on the node's folder and returns what it printed.
    pub async fn command<S: AsRef<OsStr>>(
        &self,
        words: &[S],
        stdin: Option<&str>,
    ) -> Result<String> {
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args(words)
            .arg("--dir")
            .arg(&self.dir)
            .env_remove("RUST_LOG")
            .stdin(if stdin.is_some() {
                Stdio::piped()
            } else {
                Stdio::null()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true);
        let mut child = command
            .spawn()
            .context("this program cannot be started again")?;
        if let (Some(text), Some(mut pipe)) = (stdin, child.stdin.take()) {
            pipe.write_all(text.as_bytes()).await?;
        }
        let output = child.wait_with_output().await?;
        if output.status.success() {
            return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
        }
        let said: Vec<String> = words
            .iter()
            .take(2)
            .map(|word| word.as_ref().to_string_lossy().into_owned())
            .collect();
        let told = String::from_utf8_lossy(&output.stderr);
        let last = told.lines().last().unwrap_or("it says nothing").trim();
        bail!(
            "`antiphon {}` at {}: {}",
            said.join(" "),
            self.slug,
            last.trim_start_matches("antiphon: ")
        )
    }

    /// A command's JSON.
    pub async fn command_json<S: AsRef<OsStr>>(&self, words: &[S]) -> Result<serde_json::Value> {
        let mut all: Vec<&OsStr> = words.iter().map(AsRef::as_ref).collect();
        all.push(OsStr::new("--json"));
        let printed = self.command(&all, None).await?;
        serde_json::from_str(&printed).with_context(|| format!("{}: {printed}", self.slug))
    }

    /// Moves the node's clock, as it will tell the time once it is started.
    pub fn move_clock(&self, shift_seconds: i64) -> Result<()> {
        let mut config = Config::read(&self.dir)?;
        config.clock_shift_seconds = shift_seconds;
        Ok(config.write()?)
    }

    /// Starts the node with `antiphon serve`, keeps it alive, and waits until it answers.
    pub async fn start(&mut self) -> Result<()> {
        let (orders, inbox) = mpsc::channel(4);
        let process = spawn(&self.dir)?;
        let task = tokio::spawn(keep(self.slug, self.dir.clone(), process, inbox));
        self.keeper = Some(Keeper { orders, task });
        self.answers().await
    }

    /// Waits until the node answers.
    pub async fn answers(&self) -> Result<()> {
        let knock = Knock::get("/.well-known/nodeinfo");
        self.door.knock(&knock).await.with_context(|| {
            format!(
                "{} was started and does not answer; its log is {}",
                self.name,
                log(&self.dir).display()
            )
        })?;
        Ok(())
    }

    /// Kills the node as a power cut would; its keeper starts it again.
    pub async fn kill(&self) -> Result<()> {
        let keeper = self
            .keeper
            .as_ref()
            .ok_or_else(|| anyhow!("{} is not running", self.name))?;
        let (done, killed) = oneshot::channel();
        keeper
            .orders
            .send(Order::Kill(done))
            .await
            .map_err(|_| gone(self))?;
        killed.await.map_err(|_| gone(self))?;
        self.answers().await
    }

    /// Stops the node in good order.
    pub async fn stop(&mut self) {
        if let Some(keeper) = self.keeper.take() {
            let _ = keeper.orders.send(Order::Stop).await;
            let _ = keeper.task.await;
        }
    }
}

fn gone(node: &DemoNode) -> anyhow::Error {
    anyhow!(
        "{} died {DEATHS_LIMIT} times; its log is {}",
        node.name,
        log(&node.dir).display()
    )
}

/// Where a node's process writes: beside its folder.
fn log(dir: &Path) -> PathBuf {
    dir.with_extension("log")
}

/// Starts the process. It ends when the pipe that we hold does, whatever becomes of us.
fn spawn(dir: &Path) -> Result<(Child, ChildStdin)> {
    let log = log(dir);
    let file = std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(&log)
        .with_context(|| log.display().to_string())?;
    let mut child = Command::new(std::env::current_exe()?)
        .args(["serve", "--until-stdin-ends", "--dir"])
        .arg(dir)
        .stdin(Stdio::piped())
        .stdout(file.try_clone()?)
        .stderr(file)
        // Ctrl-C is for us: we stop the nodes when we are done with them.
        .process_group(0)
        .kill_on_drop(true)
        .spawn()
        .context("this program cannot be started again")?;
    let pipe = child
        .stdin
        .take()
        .context("the node has no standard input")?;
    Ok((child, pipe))
}

/// Keeps one process alive until it is told to stop.
async fn keep(
    slug: &'static str,
    dir: PathBuf,
    process: (Child, ChildStdin),
    mut inbox: mpsc::Receiver<Order>,
) {
    let (mut child, mut pipe) = process;
    for death in 0..DEATHS_LIMIT {
        let killed = tokio::select! {
            ended = child.wait() => {
                let how = ended.map_or_else(|e| e.to_string(), |status| status.to_string());
                eprintln!("  {slug} ended ({how}) and is started again");
                // What dies at once is given more and more time to become possible again.
                tokio::time::sleep(Duration::from_millis(100) * death).await;
                None
            }
            order = inbox.recv() => match order {
                Some(Order::Kill(done)) => {
                    let _ = child.kill().await;
                    Some(done)
                }
                Some(Order::Stop) | None => {
                    drop(pipe);
                    let _ = child.wait().await;
                    return;
                }
            },
        };
        (child, pipe) = match spawn(&dir) {
            Ok(started) => started,
            Err(error) => {
                eprintln!("  {slug} cannot be started again: {error:#}");
                return;
            }
        };
        if let Some(done) = killed {
            let _ = done.send(());
        }
    }
}

/// The three nodes and what time it is for them.
pub struct Network {
    /// The node of the Loire.
    pub loire: DemoNode,
    /// The node of Wallonia.
    pub wallonie: DemoNode,
    /// The coordinator.
    pub coordinator: DemoNode,
    /// What time it is.
    pub clock: Clock,
    /// Whether the nodes are killed between the steps.
    pub kills: bool,
    deaths: AtomicU32,
}

impl Network {
    /// Three founded nodes; they are not running yet.
    pub fn of(
        loire: DemoNode,
        wallonie: DemoNode,
        coordinator: DemoNode,
        shift_seconds: i64,
        kills: bool,
    ) -> Self {
        Network {
            loire,
            wallonie,
            coordinator,
            clock: Clock::shifted(shift_seconds * 1_000_000),
            kills,
            deaths: AtomicU32::new(0),
        }
    }

    /// The two nodes with music and members.
    pub fn territories(&self) -> [&DemoNode; 2] {
        [&self.loire, &self.wallonie]
    }

    /// All three.
    pub fn all(&self) -> [&DemoNode; 3] {
        [&self.loire, &self.wallonie, &self.coordinator]
    }

    fn all_mut(&mut self) -> [&mut DemoNode; 3] {
        [&mut self.loire, &mut self.wallonie, &mut self.coordinator]
    }

    /// Starts all three, the coordinator first: the others ask it for the policy.
    pub async fn start(&mut self) -> Result<()> {
        for node in self.all_mut().into_iter().rev() {
            node.start().await?;
        }
        Ok(())
    }

    /// Stops all three in good order.
    pub async fn stop(&mut self) {
        for node in self.all_mut() {
            node.stop().await;
        }
    }

    /// Stops all three, moves their clocks, and starts them again: time passes.
    pub async fn move_clocks(&mut self, shift_seconds: i64) -> Result<()> {
        self.stop().await;
        for node in self.all() {
            node.move_clock(shift_seconds)?;
        }
        self.clock = Clock::shifted(shift_seconds * 1_000_000);
        self.start().await
    }

    /// Between two steps: with `--kill`, all three die here and are started again.
    pub async fn between_steps(&self) -> Result<()> {
        if !self.kills {
            return Ok(());
        }
        for node in self.all() {
            node.kill().await?;
        }
        self.deaths.fetch_add(3, Ordering::Relaxed);
        Ok(())
    }

    /// How many times a node was killed on purpose.
    pub fn deaths(&self) -> u32 {
        self.deaths.load(Ordering::Relaxed)
    }
}
