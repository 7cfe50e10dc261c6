//! `antiphon serve`: the node runs until it is told to stop.

use std::io::IsTerminal as _;

use anyhow::{Context as _, Result};
use clap::Args;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot;
use tracing_subscriber::EnvFilter;

use super::{Here, wait_for};

/// Runs the node until SIGINT or SIGTERM; what is being answered is answered first.
///
/// RUST_LOG chooses what is logged (`info` if nothing is said).
#[derive(Debug, Args)]
#[command(after_long_help = "Examples:\n  \
    antiphon serve --dir loire\n  \
    RUST_LOG=node=debug antiphon serve --dir loire")]
pub struct Serve {
    #[command(flatten)]
    here: Here,
    /// Stop when standard input ends: with whoever started us
    #[arg(long, hide = true)]
    until_stdin_ends: bool,
}

impl Serve {
    /// Does it.
    pub fn run(self) -> Result<()> {
        tracing_subscriber::fmt()
            .with_env_filter(
                EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new("info")),
            )
            .with_ansi(std::io::stderr().is_terminal())
            .with_writer(std::io::stderr)
            .init();
        let node = self.here.open()?;
        wait_for(async move {
            let address = node.config.listen;
            let listener = TcpListener::bind(address).await.with_context(|| {
                format!(
                    "{address} cannot be listened on; stop what does, or change `listen` in node.toml"
                )
            })?;
            tracing::info!(name = %node.config.name, base = %node.config.base(), %address, "open");
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            let until_stdin_ends = self.until_stdin_ends;
            let stop = async move {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                    () = end_of_stdin(), if until_stdin_ends => {}
                }
                tracing::info!("closing: what is being answered is answered first");
            };
            node::serve(node::share(node), listener, stop).await;
            tracing::info!("closed");
            Ok(())
        })
    }
}

/// Standard input is read by a thread of its own, which is left behind when the node stops for
/// another reason.
async fn end_of_stdin() {
    let (ended, end) = oneshot::channel();
    std::thread::spawn(move || {
        let _ = std::io::copy(&mut std::io::stdin().lock(), &mut std::io::sink());
        let _ = ended.send(());
    });
    let _ = end.await;
}
