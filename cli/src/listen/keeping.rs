//! What the post keeps in its folder: who it is, its key, and its journal.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use cli::journal::Journal;
use federation::keys::Ed25519Secret;
use serde::{Deserialize, Serialize};

/// Who the post is at its node.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Identity {
    /// The node's address.
    pub node: String,
    /// The post's own.
    pub id: String,
    /// The venue that its plays count for.
    pub venue_name: String,
}

/// An open folder of a post.
pub struct Keeping {
    /// Who it is.
    pub identity: Identity,
    /// Its key.
    pub key: Ed25519Secret,
    /// Its journal.
    pub journal: Journal,
}

/// `antiphon-listen` in the folder for a user's data (XDG Base Directory Specification).
pub fn usual_dir() -> Result<PathBuf> {
    let data = match std::env::var_os("XDG_DATA_HOME") {
        Some(data) if Path::new(&data).is_absolute() => PathBuf::from(data),
        _ => match std::env::var_os("HOME") {
            Some(home) => Path::new(&home).join(".local/share"),
            None => bail!("there is no home folder: name a folder with --dir"),
        },
    };
    Ok(data.join("antiphon-listen"))
}

impl Keeping {
    /// Opens the folder of a post that is enrolled.
    pub fn open(dir: &Path) -> Result<Self> {
        let path = dir.join("post.json");
        let text = match std::fs::read(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => bail!(
                "this device is not enrolled: ask a venue for a code, and run `antiphon-listen enrol URL CODE`"
            ),
            Err(error) => return Err(error).with_context(|| path.display().to_string()),
        };
        let identity = serde_json::from_slice(&text).with_context(|| path.display().to_string())?;
        Ok(Keeping {
            identity,
            key: key(dir)?,
            journal: Journal::open(&dir.join("plays.jsonl"))?,
        })
    }
}

/// Keeps who the post is.
pub fn keep(dir: &Path, identity: &Identity) -> Result<()> {
    write_whole(
        &dir.join("post.json"),
        &serde_json::to_vec_pretty(identity)?,
    )
}

/// The post's key; drawn and kept where there is none.
pub fn key(dir: &Path) -> Result<Ed25519Secret> {
    let path = dir.join("key.pem");
    let name = || path.display().to_string();
    if path.exists() {
        let pem = std::fs::read_to_string(&path).with_context(name)?;
        return Ed25519Secret::from_pem(&pem).with_context(name);
    }
    std::fs::create_dir_all(dir).with_context(|| dir.display().to_string())?;
    let key = Ed25519Secret::generate(&mut rand::rngs::OsRng);
    write_whole(&path, key.to_pem().as_bytes())?;
    Ok(key)
}

/// Writes a file that only its owner reads, whole or not at all.
fn write_whole(path: &Path, bytes: &[u8]) -> Result<()> {
    let folder = path.parent().context("a file lies in a folder")?;
    let write = || -> std::io::Result<()> {
        let mut passing = tempfile::NamedTempFile::new_in(folder)?;
        passing.write_all(bytes)?;
        passing.as_file().sync_all()?;
        passing.persist(path)?;
        std::fs::File::open(folder)?.sync_all()
    };
    write().with_context(|| format!("{} cannot be written", path.display()))
}
