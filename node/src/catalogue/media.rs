//! Media: files kept once, under the digest of their bytes.
//!
//! A file lies at `ab/cd/<64 digits>` below the folder that `node.toml` names. Its name is made
//! of its bytes, never of anything that came in. It is written under a passing name, forced to the
//! disk and only then renamed: what is found under a digest is whole.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use federation::digest::{Sha256Digest, Sha256Digester};

use crate::web::Refusal;
use crate::words::Say;

/// Where files pass through on their way in.
pub const INCOMING: &str = ".incoming";

/// Where a file of these bytes lies, whether or not it is there.
pub fn path(folder: &Path, digest: &Sha256Digest) -> PathBuf {
    let name = digest.hex();
    folder.join(&name[..2]).join(&name[2..4]).join(name)
}

/// Opens a kept file; with it, its size in bytes.
///
/// # Errors
/// `NotFound` when no such file is kept; what the system says otherwise.
pub fn open(folder: &Path, digest: &Sha256Digest) -> io::Result<(File, u64)> {
    let file = File::open(path(folder, digest))?;
    let size = file.metadata()?.len();
    Ok((file, size))
}

/// Keeps what `source` holds, and says under which digest and how many bytes it was. `passing` is
/// a name nobody else uses meanwhile. Keeping the same bytes twice is keeping them once.
///
/// # Errors
/// When the bytes could not be read or written; nothing is left behind then.
pub fn keep(
    folder: &Path,
    passing: &str,
    source: &mut impl Read,
) -> io::Result<(Sha256Digest, u64)> {
    let incoming = folder.join(INCOMING);
    fs::create_dir_all(&incoming)?;
    let passing = Passing(incoming.join(passing));
    let mut file = fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&passing.0)?;
    let mut digester = Sha256Digester::new();
    let mut buffer = vec![0; 256 * 1024];
    loop {
        let read = source.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        digester.update(&buffer[..read]);
        file.write_all(&buffer[..read])?;
    }
    file.sync_all()?;
    let size = digester.length();
    let digest = digester.finish();
    let place = path(folder, &digest);
    // The same bytes of the same length: a file that a failing disk cut short is written again.
    if fs::metadata(&place).is_ok_and(|there| there.len() == size) {
        return Ok((digest, size));
    }
    let parent = place.parent().unwrap_or(folder);
    fs::create_dir_all(parent)?;
    fs::rename(&passing.0, &place)?;
    // The name itself must survive a power cut as well.
    for named in [Some(parent), parent.parent(), Some(folder)]
        .into_iter()
        .flatten()
    {
        File::open(named)?.sync_all()?;
    }
    Ok((digest, size))
}

/// Removes what an interrupted import left half-written: passing names that begin with `prefix`.
pub fn sweep(folder: &Path, prefix: &str) -> io::Result<()> {
    let entries = match fs::read_dir(folder.join(INCOMING)) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(prefix) {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file under its passing name, gone when this goes.
struct Passing(PathBuf);

impl Drop for Passing {
    fn drop(&mut self) {
        // After a rename there is nothing to remove, and that is well.
        let _ = fs::remove_file(&self.0);
    }
}

/// The refusal for a folder of media that cannot be written.
pub fn refused(folder: &Path, error: io::Error) -> Refusal {
    let full = matches!(
        error.kind(),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
    );
    let key = if full {
        "catalogue-disk-full"
    } else {
        "catalogue-media-unwritable"
    };
    Refusal::Conflict(
        Say::new(key)
            .with("folder", folder.display())
            .with("reason", error),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives some bytes, then breaks as a full disk or a torn cable would.
    struct Torn(usize);

    impl Read for Torn {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            if self.0 == 0 {
                return Err(io::ErrorKind::StorageFull.into());
            }
            let some = self.0.min(buffer.len());
            self.0 -= some;
            Ok(some)
        }
    }

    #[test]
    fn the_same_bytes_are_kept_once_under_their_digest() {
        let dir = tempfile::tempdir().unwrap();
        let (first, size) = keep(dir.path(), "a", &mut &b"abc"[..]).unwrap();
        let (second, _) = keep(dir.path(), "b", &mut &b"abc"[..]).unwrap();
        assert_eq!((first, size), (second, 3));
        assert_eq!(first, Sha256Digest::of(b"abc"));
        let name = first.hex();
        let place = dir.path().join(&name[..2]).join(&name[2..4]).join(&name);
        assert_eq!(fs::read(place).unwrap(), b"abc");
        let (mut file, size) = open(dir.path(), &first).unwrap();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        assert_eq!((text.as_str(), size), ("abc", 3));
        assert_eq!(fs::read_dir(dir.path().join(INCOMING)).unwrap().count(), 0);
    }

    #[test]
    fn a_file_that_breaks_off_leaves_nothing_behind() {
        let dir = tempfile::tempdir().unwrap();
        let error = keep(dir.path(), "a", &mut Torn(1_000_000)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read_dir(dir.path().join(INCOMING)).unwrap().count(), 0);
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        let said = refused(dir.path(), error).to_string();
        assert!(said.contains("full"), "{said}");
    }

    #[test]
    fn what_an_interrupted_import_left_is_swept_and_nothing_else() {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(INCOMING)).unwrap();
        fs::write(dir.path().join(INCOMING).join("import-1"), b"half").unwrap();
        fs::write(dir.path().join(INCOMING).join("other"), b"half").unwrap();
        sweep(dir.path(), "import-").unwrap();
        assert!(!dir.path().join(INCOMING).join("import-1").exists());
        assert!(dir.path().join(INCOMING).join("other").exists());
    }
}
