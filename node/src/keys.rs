//! The node's own keys, in `keys/` of its folder, readable by their owner alone: Ed25519 for
//! signatures between nodes and for proofs on documents, RSA for servers that know nothing else.
//!
//! Keys change now and then ([`crate::peers::keys::rotate`]): the first are `ed25519.pem` and
//! `rsa.pem`, the next `ed25519-2.pem` and `rsa-2.pem`. How often they changed is in the database,
//! and a [`Keyring`] holds those that count now, while the node runs too.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use federation::keys::{Ed25519Secret, KeyRefused, RsaSecret};

/// Both keys of a node, as they count now.
pub struct NodeKeys {
    /// How often they were changed before: 0 for the first.
    pub changes: u32,
    /// Signs requests to nodes of our kind, and documents.
    pub ed25519: Ed25519Secret,
    /// Signs requests to servers of other kinds.
    pub rsa: RsaSecret,
}

/// Why the keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum KeysRefused {
    /// A key file cannot be read or written.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// What the system said.
        source: std::io::Error,
    },
    /// A key file is not a key.
    #[error("{path}: {source}; put the right file back from your copy")]
    Key {
        /// The file.
        path: String,
        /// What is wrong with it.
        source: KeyRefused,
    },
}

/// The keys that count now, shared by all who sign.
#[derive(Clone)]
pub struct Keyring(Arc<RwLock<Arc<NodeKeys>>>);

impl Keyring {
    /// A keyring with these keys.
    pub fn new(keys: NodeKeys) -> Self {
        Keyring(Arc::new(RwLock::new(Arc::new(keys))))
    }

    /// The keys that count now.
    pub fn keys(&self) -> Arc<NodeKeys> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// From now on these keys count.
    pub fn change(&self, keys: Arc<NodeKeys>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = keys;
    }
}

impl NodeKeys {
    /// Draws a new node's keys and writes them below `dir`. Slow: an RSA key takes a moment to find.
    pub fn draw(dir: &Path) -> Result<Self, KeysRefused> {
        Self::draw_after(dir, 0)
    }

    /// Draws the keys that follow after `changes` changes and writes them below `dir`, over what an
    /// attempt that did not end may have left there.
    pub fn draw_after(dir: &Path, changes: u32) -> Result<Self, KeysRefused> {
        let mut chance = rand::rngs::OsRng;
        let keys = NodeKeys {
            changes,
            ed25519: Ed25519Secret::generate(&mut chance),
            rsa: RsaSecret::generate(&mut chance),
        };
        let (ed25519, rsa) = paths(dir, changes);
        if changes > 0 {
            let _ = fs::remove_file(&ed25519);
            let _ = fs::remove_file(&rsa);
        }
        write_private(&ed25519, keys.ed25519.to_pem().as_bytes())?;
        write_private(&rsa, keys.rsa.to_pem().as_bytes())?;
        Ok(keys)
    }

    /// Reads the keys below `dir` that count after `changes` changes.
    pub fn read(dir: &Path, changes: u32) -> Result<Self, KeysRefused> {
        let (ed25519, rsa) = paths(dir, changes);
        let (path, pem) = read(&ed25519)?;
        let ed25519 =
            Ed25519Secret::from_pem(&pem).map_err(|source| KeysRefused::Key { path, source })?;
        let (path, pem) = read(&rsa)?;
        let rsa = RsaSecret::from_pem(&pem).map_err(|source| KeysRefused::Key { path, source })?;
        Ok(NodeKeys {
            changes,
            ed25519,
            rsa,
        })
    }
}

/// Where the keys lie: Ed25519, RSA.
fn paths(dir: &Path, changes: u32) -> (PathBuf, PathBuf) {
    let keys = dir.join("keys");
    match changes {
        0 => (keys.join("ed25519.pem"), keys.join("rsa.pem")),
        changes => (
            keys.join(format!("ed25519-{}.pem", changes + 1)),
            keys.join(format!("rsa-{}.pem", changes + 1)),
        ),
    }
}

fn read(path: &Path) -> Result<(String, String), KeysRefused> {
    let name = path.display().to_string();
    match fs::read_to_string(path) {
        Ok(text) => Ok((name, text)),
        Err(source) => Err(KeysRefused::Io { path: name, source }),
    }
}

/// Writes a file only its owner can read, whole or not at all.
fn write_private(path: &Path, bytes: &[u8]) -> Result<(), KeysRefused> {
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    };
    write().map_err(|source| KeysRefused::Io {
        path: path.display().to_string(),
        source,
    })
}
