//! Files as they are read from a folder: never longer than they may be, and refused by name.

use std::fmt;
use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use crate::digest::{Sha256Digest, Sha256Digester};

/// Why a file is not taken: which file, which row or line of it where that can be said, and the
/// reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileRefused {
    /// The file, as whoever asked calls it.
    pub file: String,
    /// The row of a table or the line of a text, counted from 1.
    pub row: Option<u64>,
    /// What is wrong.
    pub reason: String,
}

impl FileRefused {
    /// A refusal of the file as a whole.
    pub fn whole(file: &str, reason: impl Into<String>) -> Self {
        FileRefused {
            file: file.to_owned(),
            row: None,
            reason: reason.into(),
        }
    }

    /// A refusal of one row or line, counted from 1.
    pub fn at(file: &str, row: u64, reason: impl Into<String>) -> Self {
        FileRefused {
            file: file.to_owned(),
            row: Some(row),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for FileRefused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.row {
            Some(row) => write!(out, "{}, row {row}: {}", self.file, self.reason),
            None => write!(out, "{}: {}", self.file, self.reason),
        }
    }
}

impl std::error::Error for FileRefused {}

/// The bytes of a file of at most `limit` bytes.
pub(crate) fn read(path: &Path, name: &str, limit: usize) -> Result<Vec<u8>, FileRefused> {
    let unreadable = |error| unreadable(name, &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(unreadable)?;
    // One byte more than the limit, so that a file of just that length is told from a longer one.
    file.take(limit as u64 + 1)
        .read_to_end(&mut bytes)
        .map_err(unreadable)?;
    if bytes.len() > limit {
        return Err(FileRefused::whole(
            name,
            format!("it is longer than {limit} bytes"),
        ));
    }
    Ok(bytes)
}

/// The digest of a file of any length, and its length.
pub(crate) fn digest(path: &Path, name: &str) -> Result<(Sha256Digest, u64), FileRefused> {
    let mut file = File::open(path).map_err(|error| unreadable(name, &error))?;
    let mut digester = Sha256Digester::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match file
            .read(&mut buffer)
            .map_err(|error| unreadable(name, &error))?
        {
            0 => {
                let length = digester.length();
                return Ok((digester.finish(), length));
            }
            count => digester.update(&buffer[..count]),
        }
    }
}

pub(crate) fn unreadable(name: &str, error: &std::io::Error) -> FileRefused {
    match error.kind() {
        std::io::ErrorKind::NotFound => FileRefused::whole(name, "there is no such file"),
        _ => FileRefused::whole(name, format!("it cannot be read: {error}")),
    }
}

/// The text of a file of at most `limit` bytes.
pub(crate) fn read_text(path: &Path, name: &str, limit: usize) -> Result<String, FileRefused> {
    let bytes = read(path, name, limit)?;
    String::from_utf8(bytes).map_err(|error| {
        let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
        let line = 1 + before.iter().filter(|&&byte| byte == b'\n').count() as u64;
        FileRefused::at(name, line, "it is not UTF-8")
    })
}
