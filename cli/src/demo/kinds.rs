//! Works of the demo that are no music: a film, a book, a game, and the table that says what they
//! are. How they were made stands beside them (`kinds/`).

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};

/// The files, as the table names them.
const FILES: [(&str, &[u8]); 4] = [
    ("works.csv", include_bytes!("kinds/works.csv")),
    ("film.webm", include_bytes!("kinds/film.webm")),
    ("book.pdf", include_bytes!("kinds/book.pdf")),
    ("game.zip", include_bytes!("kinds/game.zip")),
];

/// Writes them into `folder`, and returns the table.
pub fn write(folder: &Path) -> Result<PathBuf> {
    std::fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    for (name, bytes) in FILES {
        let path = folder.join(name);
        std::fs::write(&path, bytes).with_context(|| path.display().to_string())?;
    }
    Ok(folder.join(FILES[0].0))
}
