//! Finding the files: which are audio, messages or tables, in which order.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::ern;
use crate::words::Say;

/// Folders inside one another that are entered.
const DEPTH: usize = 32;
/// The largest file that is taken, in bytes.
pub const SIZE_LIMIT: u64 = 2 * 1024 * 1024 * 1024;
/// The largest archive that is taken, in bytes.
const ARCHIVE_LIMIT: u64 = 32 * 1024 * 1024 * 1024;

/// Endings of files that are read.
const TAKEN: [&str; 7] = ["flac", "m4a", "mp3", "oga", "ogg", "opus", "wav"];
/// Endings of audio files that are not: left out with a word about it, not in silence.
const OTHER_AUDIO: [&str; 20] = [
    "aac", "ac3", "aif", "aiff", "amr", "ape", "au", "caf", "dff", "dsf", "it", "mka", "mod",
    "mp2", "mpc", "s3m", "tta", "wma", "wv", "xm",
];

/// What a file that was found is, by its ending and its first words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What {
    /// Tagged audio.
    Sound,
    /// A message of DDEX.
    Message,
    /// A table, with a line for each work.
    Table,
    /// A ZIP archive of any of these.
    Archive,
}

/// A file that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// What it is.
    pub what: What,
    /// Its path as it is shown.
    pub name: String,
    /// Its bytes.
    pub size: u64,
    /// Why it will not be taken, when that is clear without looking inside.
    pub refused: Option<Say>,
}

/// The files at and below these paths that an import takes, each once, in the order of their names.
pub fn walk(paths: &[PathBuf]) -> Vec<Found> {
    let mut walk = Walk::default();
    for path in paths {
        walk.enter(path, 0, true);
    }
    walk.found
}

/// A path as it is shown and noted: bytes that are no text, and control characters, are written
/// as escapes.
pub fn shown(path: &Path) -> String {
    let mut shown = String::new();
    for chunk in path.as_os_str().as_encoded_bytes().utf8_chunks() {
        for letter in chunk.valid().chars() {
            if letter.is_control() {
                shown.extend(letter.escape_default());
            } else {
                shown.push(letter);
            }
        }
        for byte in chunk.invalid() {
            shown.push_str(&format!("\\x{byte:02x}"));
        }
    }
    shown
}

#[derive(Default)]
struct Walk {
    found: Vec<Found>,
    /// Folders and files that were entered, by their true names: a loop of links ends here.
    seen: BTreeSet<PathBuf>,
}

impl Walk {
    fn enter(&mut self, path: &Path, depth: usize, named: bool) {
        let Ok(metadata) = fs::metadata(path) else {
            // A link to nowhere, or a folder that lets nobody in. Not audio, as far as we know,
            // unless its name says so.
            if named || ending(path).is_some_and(|ending| is_audio(&ending)) {
                let why = Say::new("catalogue-file-unreadable").with("reason", "no such file");
                self.note(path, 0, Some(why));
            }
            return;
        };
        if metadata.is_dir() {
            self.folder(path, depth);
        } else if metadata.is_file() {
            self.file(path, metadata.len(), named);
        }
    }

    fn folder(&mut self, path: &Path, depth: usize) {
        if depth > DEPTH {
            let why = Say::new("catalogue-folder-too-deep").with("limit", DEPTH);
            self.note(path, 0, Some(why));
            return;
        }
        if !self.is_new(path) {
            return;
        }
        let entries = match fs::read_dir(path) {
            Ok(entries) => entries,
            Err(error) => {
                let why = Say::new("catalogue-file-unreadable").with("reason", error);
                self.note(path, 0, Some(why));
                return;
            }
        };
        let mut inside: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        inside.sort();
        for path in inside {
            self.enter(&path, depth + 1, false);
        }
    }

    fn file(&mut self, path: &Path, size: u64, named: bool) {
        let ending = ending(path).unwrap_or_default();
        let what = match ending.as_str() {
            "csv" | "tsv" => What::Table,
            "zip" => What::Archive,
            "xml" if ern::is_ern(path) => What::Message,
            _ => What::Sound,
        };
        let is_taken = what != What::Sound || TAKEN.contains(&ending.as_str());
        if !is_taken && !named && !is_audio(&ending) {
            return;
        }
        if !self.is_new(path) {
            return;
        }
        let refused = if ["tar", "gz", "tgz", "7z", "rar"].contains(&ending.as_str()) {
            Some(Say::new("catalogue-file-archive"))
        } else if ending == "xml" && what == What::Sound {
            Some(Say::new("catalogue-file-no-message"))
        } else if !is_taken {
            Some(Say::new("catalogue-file-unsupported"))
        } else if size == 0 {
            Some(Say::new("catalogue-file-empty"))
        } else if size > SIZE_LIMIT && (what != What::Archive || size > ARCHIVE_LIMIT) {
            Some(Say::new("catalogue-file-too-large"))
        } else {
            None
        };
        self.note(path, size, refused);
        if let Some(found) = self.found.last_mut() {
            found.what = what;
        }
    }

    fn note(&mut self, path: &Path, size: u64, refused: Option<Say>) {
        self.found.push(Found {
            what: What::Sound,
            path: path.to_path_buf(),
            name: shown(path),
            size,
            refused,
        });
    }

    fn is_new(&mut self, path: &Path) -> bool {
        let true_name = fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
        self.seen.insert(true_name)
    }
}

/// Whether a file is one of the sounds that are read, by its ending.
pub fn is_sound(path: &Path) -> bool {
    ending(path).is_some_and(|ending| TAKEN.contains(&ending.as_str()))
}

fn ending(path: &Path) -> Option<String> {
    Some(path.extension()?.to_str()?.to_ascii_lowercase())
}

fn is_audio(ending: &str) -> bool {
    TAKEN.contains(&ending) || OTHER_AUDIO.contains(&ending)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audio_is_found_in_order_and_the_rest_is_passed_over() {
        let dir = tempfile::tempdir().unwrap();
        for name in [
            "b/2.ogg",
            "b/1.FLAC",
            "a.mp3",
            "cover.jpg",
            "c.wma",
            "notes.txt",
        ] {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, b"x").unwrap();
        }
        let found = walk(&[dir.path().to_path_buf()]);
        let names: Vec<_> = found
            .iter()
            .map(|file| {
                file.path
                    .strip_prefix(dir.path())
                    .unwrap()
                    .to_str()
                    .unwrap()
            })
            .collect();
        assert_eq!(names, ["a.mp3", "b/1.FLAC", "b/2.ogg", "c.wma"]);
        assert!(found[3].refused.is_some() && found[0].refused.is_none());
    }

    #[cfg(unix)]
    #[test]
    fn a_loop_of_links_and_a_name_of_odd_bytes_stop_nothing() {
        use std::os::unix::ffi::OsStrExt;
        let dir = tempfile::tempdir().unwrap();
        let odd = dir
            .path()
            .join(std::ffi::OsStr::from_bytes(b"odd\xff\n.mp3"));
        fs::write(&odd, b"x").unwrap();
        std::os::unix::fs::symlink(dir.path(), dir.path().join("loop")).unwrap();
        std::os::unix::fs::symlink(&odd, dir.path().join("z.mp3")).unwrap();
        std::os::unix::fs::symlink("nowhere", dir.path().join("gone.mp3")).unwrap();
        let found = walk(&[dir.path().to_path_buf(), dir.path().to_path_buf()]);
        let names: Vec<_> = found
            .iter()
            .map(|file| file.name.rsplit('/').next().unwrap())
            .collect();
        assert_eq!(names, ["gone.mp3", r"odd\xff\n.mp3"]);
        assert!(found[0].refused.is_some());
    }

    #[test]
    fn folders_are_entered_so_deep_and_no_deeper() {
        let dir = tempfile::tempdir().unwrap();
        let deep: PathBuf = std::iter::repeat_n("d", DEPTH + 1).collect();
        let deep = dir.path().join(deep);
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("a.mp3"), b"x").unwrap();
        fs::write(deep.parent().unwrap().join("b.mp3"), b"x").unwrap();
        let found = walk(&[dir.path().to_path_buf()]);
        assert_eq!(found.len(), 2);
        assert!(found[0].path.ends_with("b.mp3") && found[0].refused.is_none());
        assert!(found[1].path == deep && found[1].refused.is_some());
    }
}
