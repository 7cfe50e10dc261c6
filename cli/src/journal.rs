//! The journal of a listening post: every play, written down before it is handed in, and a mark
//! once a node has answered for it. A file of JSON lines that only grows; a line that a power cut
//! tore in two was never said.

use std::collections::BTreeSet;
use std::fs::{File, OpenOptions};
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::{Deserialize, Serialize};

use crate::post::Play;

/// A journal that is open.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    waiting: Vec<Play>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Line {
    /// Somebody listened.
    Played(Play),
    /// A node answered for these plays.
    HandedIn(Vec<String>),
}

impl Journal {
    /// Opens the journal at `path`, or begins it.
    pub fn open(path: &Path) -> Result<Self> {
        let name = || path.display().to_string();
        let mut file = OpenOptions::new()
            .create(true)
            .read(true)
            .append(true)
            .open(path)
            .with_context(name)?;
        let (mut played, mut answered) = (Vec::new(), BTreeSet::new());
        let mut reader = BufReader::new(&file);
        let mut text = String::new();
        while reader.read_line(&mut text).with_context(name)? > 0 {
            match serde_json::from_str(&text) {
                Ok(Line::Played(play)) => played.push(play),
                Ok(Line::HandedIn(ids)) => answered.extend(ids),
                // A torn line: what follows it is whole again.
                Err(_) => {}
            }
            text.clear();
        }
        end_the_last_line(&mut file).with_context(name)?;
        played.retain(|play| !answered.contains(&play.id));
        Ok(Journal {
            path: path.to_path_buf(),
            file,
            waiting: played,
        })
    }

    /// Plays no node has answered for yet, in the order in which they began.
    pub fn waiting(&self) -> &[Play] {
        &self.waiting
    }

    /// Writes a play down; when this returns, a power cut does not take it back.
    pub fn played(&mut self, play: Play) -> Result<()> {
        self.write(&Line::Played(play.clone()))?;
        self.waiting.push(play);
        Ok(())
    }

    /// Marks plays that a node has answered for.
    pub fn handed_in(&mut self, ids: Vec<String>) -> Result<()> {
        let gone: BTreeSet<&String> = ids.iter().collect();
        let left: Vec<Play> = self
            .waiting
            .iter()
            .filter(|play| !gone.contains(&play.id))
            .cloned()
            .collect();
        self.write(&Line::HandedIn(ids))?;
        self.waiting = left;
        Ok(())
    }

    fn write(&mut self, line: &Line) -> Result<()> {
        let mut text = serde_json::to_vec(line)?;
        text.push(b'\n');
        self.file
            .write_all(&text)
            .and_then(|()| self.file.sync_data())
            .with_context(|| format!("{} cannot be written", self.path.display()))
    }
}

/// After a power cut the last line may lack its end; the next one begins on a line of its own.
fn end_the_last_line(file: &mut File) -> std::io::Result<()> {
    if file.seek(SeekFrom::End(0))? == 0 {
        return Ok(());
    }
    file.seek(SeekFrom::End(-1))?;
    let mut last = [0u8];
    file.read_exact(&mut last)?;
    if last != *b"\n" {
        file.write_all(b"\n")?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn play(id: &str) -> Play {
        Play {
            id: id.to_owned(),
            work: "https://loire.example/works/1".to_owned(),
            started: "2026-10-05T10:00:00.000000Z".to_owned(),
            seconds: 61,
            selection: None,
        }
    }

    #[test]
    fn a_play_waits_until_a_node_has_answered_for_it_and_no_longer() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plays.jsonl");
        let mut journal = Journal::open(&path).unwrap();
        journal.played(play("a")).unwrap();
        journal.played(play("b")).unwrap();
        journal.handed_in(vec!["a".to_owned()]).unwrap();
        assert_eq!(journal.waiting(), [play("b")]);
        assert_eq!(Journal::open(&path).unwrap().waiting(), [play("b")]);
    }

    #[test]
    fn a_torn_line_takes_nothing_else_with_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("plays.jsonl");
        Journal::open(&path).unwrap().played(play("a")).unwrap();
        let whole = std::fs::read(&path).unwrap();
        let mut torn = whole.clone();
        torn.extend_from_slice(&whole[..whole.len() / 2]);
        std::fs::write(&path, torn).unwrap();

        let mut journal = Journal::open(&path).unwrap();
        assert_eq!(journal.waiting(), [play("a")]);
        journal.played(play("b")).unwrap();
        assert_eq!(
            Journal::open(&path).unwrap().waiting(),
            [play("a"), play("b")]
        );
    }
}
