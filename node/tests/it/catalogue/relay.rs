//! Somebody between a node and its address, who writes down all that arrives there and may hold
//! back or cut off what goes out.

use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

use crate::world::Host;

/// What the relay does with what a node answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// Lets it pass.
    Open,
    /// Lets so many bytes more of a connection pass, and holds the rest until the gate is another.
    Hold(usize),
    /// Lets so many bytes more of a connection pass and breaks it.
    Cut(usize),
}

/// The relay in front of a node.
pub struct Relay {
    heard: Arc<Mutex<Vec<u8>>>,
    gate: watch::Sender<Gate>,
}

impl Relay {
    /// Takes the address of a node; the node answers behind it.
    pub async fn before(host: &Host) -> Self {
        host.stop().await;
        let front = TcpListener::bind(host.config.listen).await.unwrap();
        let back = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let to = back.local_addr().unwrap();
        host.serve(back);
        let heard = Arc::new(Mutex::new(Vec::new()));
        let (gate, seen) = watch::channel(Gate::Open);
        let written = heard.clone();
        tokio::spawn(async move {
            while let Ok((asks, _)) = front.accept().await {
                let Ok(answers) = TcpStream::connect(to).await else {
                    continue;
                };
                let (from_asker, to_asker) = asks.into_split();
                let (from_node, to_node) = answers.into_split();
                tokio::spawn(inwards(from_asker, to_node, written.clone()));
                tokio::spawn(outwards(from_node, to_asker, seen.clone()));
            }
        });
        Relay { heard, gate }
    }

    /// Sets the gate.
    pub fn set(&self, gate: Gate) {
        self.gate.send_replace(gate);
    }

    /// All that arrived, as text in small letters.
    pub fn heard(&self) -> String {
        String::from_utf8_lossy(&self.heard.lock().unwrap()).to_lowercase()
    }

    /// How often a file was asked for.
    pub fn asked(&self) -> usize {
        self.heard().matches("/media http/1.1").count()
    }
}

async fn inwards(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, heard: Arc<Mutex<Vec<u8>>>) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        heard.lock().unwrap().extend_from_slice(&buffer[..read]);
        if to.write_all(&buffer[..read]).await.is_err() {
            return;
        }
    }
}

async fn outwards(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    mut gate: watch::Receiver<Gate>,
) {
    let mut buffer = vec![0; 16 * 1024];
    let mut sent = 0;
    while let Ok(read @ 1..) = from.read(&mut buffer).await {
        let mut rest = &buffer[..read];
        while !rest.is_empty() {
            // Each gate counts from when it was set.
            if gate.has_changed().unwrap_or(false) {
                sent = 0;
            }
            let now = *gate.borrow_and_update();
            let may = match now {
                Gate::Open => rest.len(),
                Gate::Hold(limit) | Gate::Cut(limit) => limit.saturating_sub(sent).min(rest.len()),
            };
            if to.write_all(&rest[..may]).await.is_err() {
                return;
            }
            sent += may;
            rest = &rest[may..];
            match now {
                Gate::Hold(_) if !rest.is_empty() => {
                    if gate.changed().await.is_err() {
                        return;
                    }
                    gate.mark_changed();
                }
                Gate::Cut(_) if !rest.is_empty() => return,
                _ => {}
            }
        }
    }
}
