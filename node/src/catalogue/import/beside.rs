//! Files that a message or a table names: found beside it, never outside of its folder.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use percent_encoding::percent_decode_str;

use crate::catalogue::sniff::climbs_out;
use crate::words::Say;

/// The longest name of a file, in bytes.
const NAME_LIMIT: usize = 1_024;

/// Where a named file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beside {
    /// Here.
    There(PathBuf),
    /// Not there.
    Absent,
    /// Not looked for, or not taken: the name leads out of the folder, or to another machine.
    Refused(Say),
}

/// Finds the file of this name from a folder on: at its place, or below `resources`, where messages
/// of DDEX keep theirs. Links that lead out are not followed.
pub fn find(folder: &Path, name: &str) -> Beside {
    let refused = || Beside::Refused(Say::new("catalogue-name-climbs-out"));
    if name.len() > NAME_LIMIT || name.contains("://") || climbs_out(name.as_bytes()) {
        return refused();
    }
    let decoded = percent_decode_str(name).decode_utf8_lossy();
    if climbs_out(decoded.as_bytes()) {
        return refused();
    }
    let Ok(home) = folder_of(folder).canonicalize() else {
        return Beside::Absent;
    };
    let written = name.replace('\\', "/");
    for name in [written.as_str(), decoded.as_ref()] {
        for place in [home.join(name), home.join("resources").join(name)] {
            let Ok(true_place) = place.canonicalize() else {
                continue;
            };
            if !true_place.starts_with(&home) {
                return refused();
            }
            if true_place.is_file() {
                return Beside::There(true_place);
            }
        }
    }
    Beside::Absent
}

fn folder_of(folder: &Path) -> &Path {
    if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    }
}

/// Does something for each of several, a worker for each core, and gives what came of it in order.
pub fn each<T: Sync, R: Send>(several: &[T], act: impl Fn(&T) -> R + Sync) -> Vec<R> {
    let workers = thread::available_parallelism().map_or(2, |cores| cores.get());
    if several.len() < 2 || workers < 2 {
        return several.iter().map(act).collect();
    }
    let next = AtomicUsize::new(0);
    let done: Mutex<Vec<(usize, R)>> = Mutex::new(Vec::with_capacity(several.len()));
    thread::scope(|scope| {
        for _ in 0..workers.min(several.len()) {
            scope.spawn(|| {
                loop {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = several.get(at) else { return };
                    let result = act(one);
                    done.lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .push((at, result));
                }
            });
        }
    });
    let mut done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
    done.sort_by_key(|(at, _)| *at);
    done.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_named_file_is_found_beside_and_never_outside() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("delivery");
        fs::create_dir_all(folder.join("resources/a b")).unwrap();
        fs::write(dir.path().join("secret.flac"), b"x").unwrap();
        fs::write(folder.join("resources/1.flac"), b"x").unwrap();
        fs::write(folder.join("resources/a b/2.flac"), b"x").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink("../secret.flac", folder.join("link.flac")).unwrap();
        for name in [
            "resources/1.flac",
            "1.flac",
            "resources\\1.flac",
            "a%20b/2.flac",
            "./1.flac",
        ] {
            assert!(matches!(find(&folder, name), Beside::There(_)), "{name}");
        }
        for name in [
            "../secret.flac",
            "/etc/passwd",
            "resources/../../secret.flac",
            "..%2fsecret.flac",
            "https://example.org/1.flac",
            "file:///etc/passwd",
            "C:\\1.flac",
            "link.flac",
            "",
        ] {
            assert!(matches!(find(&folder, name), Beside::Refused(_)), "{name}");
        }
        assert_eq!(find(&folder, "3.flac"), Beside::Absent);
        assert_eq!(find(&folder, "resources"), Beside::Absent);
    }
}
