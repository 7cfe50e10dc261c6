//! The node's own keys, in `keys/` of its folder, readable by their owner alone: Ed25519 for
//! signatures between nodes and for proofs on documents, RSA for servers that know nothing else.

use std::fs;
use std::io::Write;
use std::path::Path;

use federation::keys::{Ed25519Secret, KeyRefused, RsaSecret};

/// Both keys of a node.
pub struct NodeKeys {
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

impl NodeKeys {
    /// Draws new keys and writes them below `dir`. Slow: an RSA key takes a moment to find.
    pub fn draw(dir: &Path) -> Result<Self, KeysRefused> {
        let mut chance = rand::rngs::OsRng;
        let keys = NodeKeys {
            ed25519: Ed25519Secret::generate(&mut chance),
            rsa: RsaSecret::generate(&mut chance),
        };
        write_private(
            &dir.join("keys/ed25519.pem"),
            keys.ed25519.to_pem().as_bytes(),
        )?;
        write_private(&dir.join("keys/rsa.pem"), keys.rsa.to_pem().as_bytes())?;
        Ok(keys)
    }

    /// Reads the keys below `dir`.
    pub fn read(dir: &Path) -> Result<Self, KeysRefused> {
        let (path, pem) = read(&dir.join("keys/ed25519.pem"))?;
        let ed25519 =
            Ed25519Secret::from_pem(&pem).map_err(|source| KeysRefused::Key { path, source })?;
        let (path, pem) = read(&dir.join("keys/rsa.pem"))?;
        let rsa = RsaSecret::from_pem(&pem).map_err(|source| KeysRefused::Key { path, source })?;
        Ok(NodeKeys { ed25519, rsa })
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
