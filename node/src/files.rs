//! Files on the node's disk: written whole or not at all, refused with their name.

use std::fs;
use std::io::Write;
use std::path::Path;

use crate::web::Refusal;
use crate::words::Say;

/// Writes `bytes` under a temporary name beside `path`, syncs them, and puts them in their place:
/// who reads `path` finds the old file or the new one, never half of one.
pub fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), Refusal> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    let write = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        let mut file = fs::File::create(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)
    };
    write().map_err(|error| {
        let _ = fs::remove_file(&part);
        refused(path, error)
    })
}

/// Makes the names in a folder as durable as the bytes of its files.
pub fn sync_folder(folder: &Path) -> Result<(), Refusal> {
    fs::File::open(folder)
        .and_then(|f| f.sync_all())
        .map_err(|e| refused(folder, e))
}

/// What to tell when the disk does not do as asked; a full disk is the host's to mend, and says so.
pub fn refused(path: &Path, error: std::io::Error) -> Refusal {
    match error.kind() {
        std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => {
            Refusal::Conflict(Say::new("files-disk-full").with("path", path.display()))
        }
        _ => Refusal::broken(format!("{}: {error}", path.display())),
    }
}

/// The same for a file of a report, whose refusal is a sentence already.
pub fn unwritten(folder: &Path, refusal: impl std::fmt::Display) -> Refusal {
    // A full disk is told apart by trying: the sentence of the refusal has no kind.
    let probe = folder.join(".probe");
    let tried = fs::write(&probe, [0; 4096]);
    let _ = fs::remove_file(&probe);
    match tried {
        Err(error) => refused(folder, error),
        Ok(()) => Refusal::broken(refusal.to_string()),
    }
}
