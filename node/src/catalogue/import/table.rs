//! Tables: a line for each work, for what has no message of DDEX. The columns are in
//! `docs/import.md`; they go by their names in the first line, in English or French, in any order.
//!
//! Commas, semicolons and tabs are told apart by the first line; UTF-8, UTF-16 and Windows-1252 by
//! the bytes. A row that cannot be taken has its line and its reason, and stops no other.

mod row;

use std::collections::HashMap;
use std::fs::File;
use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use csv::StringRecord;
use federation::digest::Sha256Digest;
use settlement::WorkId;

use super::beside::{self, Beside};
use super::enter::Enter;
use super::entry::KeptFile;
use super::text::{Text, of_table};
use super::walk::Found;
use super::{Became, Import, Looker, Tally};
use crate::catalogue::tags::cleaned;
use crate::catalogue::{Release, store, withdraw_in};
use crate::web::Refusal;
use crate::words::Say;
use row::{Cells, Columns, Row, row};

/// The longest row, in bytes.
const ROW_LIMIT: usize = 8 << 20;
/// How many rows are written down in one transaction.
const AT_ONCE: usize = 200;
/// The most releases of a table that are remembered.
const RELEASES: usize = 10_000;

/// What a look at the file of a row found; none where it names none.
type Looked = Option<Result<(PathBuf, KeptFile), Say>>;

/// Which sign sets the cells of a first line apart.
fn delimiter(first_line: &str) -> u8 {
    let count = |sign: char| {
        let mut quoted = false;
        let outside = first_line.chars().filter(|letter| {
            if *letter == '"' {
                quoted = !quoted;
            }
            !quoted && *letter == sign
        });
        outside.count()
    };
    [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|sign| count(char::from(*sign)))
        .unwrap_or(b',')
}

/// A table that is being taken.
struct Taking<'t> {
    found: &'t Found,
    folder: &'t Path,
    looker: &'t Looker<'t>,
    /// The releases of this table that are written down, by key.
    releases: HashMap<String, Release>,
    covers: HashMap<PathBuf, Option<Sha256Digest>>,
    dated_us: i64,
    counts: Tally,
}

impl Import<'_> {
    /// Takes a table, row by row.
    ///
    /// # Errors
    /// When nothing can be imported any more.
    pub(super) fn table(
        &mut self,
        found: &Found,
        looker: &Looker<'_>,
        enter: &mut Enter<'_>,
    ) -> Result<Became, Refusal> {
        let unreadable = |error: std::io::Error| {
            Became::Refused(Say::new("catalogue-file-unreadable").with("reason", error))
        };
        let opened = File::open(&found.path).and_then(|mut file| {
            let encoding = of_table(&mut file)?;
            let mut first = Text::new(file.try_clone()?, encoding)?;
            first.refill_budget(ROW_LIMIT);
            let mut line = Vec::new();
            (&mut first)
                .take(ROW_LIMIT as u64)
                .read_until(b'\n', &mut line)?;
            let delimiter = delimiter(&String::from_utf8_lossy(&line));
            Ok((Text::new(file, encoding)?, delimiter))
        });
        let (text, delimiter) = match opened {
            Ok(opened) => opened,
            Err(error) => return Ok(unreadable(error)),
        };
        let mut reader = csv::ReaderBuilder::new()
            .delimiter(delimiter)
            // A line feed ends a row, and a carriage return before it is trimmed with the cell: so
            // the lines that are told are those that people see.
            .terminator(csv::Terminator::Any(b'\n'))
            .flexible(true)
            .has_headers(false)
            .from_reader(text);
        let mut record = StringRecord::new();
        reader.get_mut().refill_budget(ROW_LIMIT);
        let columns = match reader.read_record(&mut record) {
            Ok(true) => match Columns::of(&record) {
                Ok(columns) => columns,
                Err(why) => return Ok(Became::Refused(why)),
            },
            Ok(false) => return Ok(Became::Refused(Say::new("catalogue-file-empty"))),
            Err(error) => return Ok(Became::Refused(broken_off(&error))),
        };
        if !columns.unknown.is_empty() {
            let names = columns.unknown.join(", ");
            let names: String = names.chars().take(200).collect();
            self.notice(
                &found.name,
                Say::new("catalogue-table-columns").with("names", names),
            );
        }
        let zone = self.node.config.time_zone();
        let mut taking = Taking {
            found,
            folder: found.path.parent().unwrap_or(Path::new("")),
            looker,
            releases: HashMap::new(),
            covers: HashMap::new(),
            // A table does not say when it was written; the last one counts.
            dated_us: 0,
            counts: Tally::default(),
        };
        let mut rows = Vec::new();
        let mut told = 0;
        loop {
            reader.get_mut().refill_budget(ROW_LIMIT);
            let line = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(true) => {}
                Ok(false) => break,
                Err(error) => {
                    // Where the next row begins cannot be told any more.
                    self.refuse(row_name(&found.name, line), broken_off(&error))?;
                    break;
                }
            }
            let line = record.position().map_or(line, csv::Position::line);
            if record.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            let cells = Cells {
                columns: &columns,
                record: &record,
            };
            match row(&cells, line, &zone) {
                Ok(row) => rows.push(row),
                Err(why) => self.refuse(row_name(&found.name, line), why)?,
            }
            if rows.len() == AT_ONCE {
                self.rows(std::mem::take(&mut rows), &mut taking, enter)?;
                let read = reader.get_ref().bytes_read();
                self.read_on(read - told);
                told = read;
                self.may_go_on()?;
            }
        }
        self.rows(rows, &mut taking, enter)?;
        Ok(Became::Entries(taking.counts))
    }

    fn rows(
        &mut self,
        mut rows: Vec<Row>,
        taking: &mut Taking<'_>,
        enter: &mut Enter<'_>,
    ) -> Result<(), Refusal> {
        self.files_of(&mut rows, taking)?;
        for row in &rows {
            self.seen.release(&row.release);
            self.seen.work(&row.work);
        }
        if self.options.dry_run {
            let tried = self.node.db.read_now(|conn| {
                let mut counts = Tally::default();
                for row in &rows {
                    match Enter::is_known(conn, &row.work.key)? {
                        true => counts.same += 1,
                        false => counts.new += 1,
                    }
                }
                Ok::<_, Refusal>(counts)
            })?;
            taking.counts.add(tried);
            return Ok(());
        }
        if rows.is_empty() {
            return Ok(());
        }
        if taking.releases.len() > RELEASES {
            taking.releases.clear();
        }
        let node = self.node;
        let releases = &taking.releases;
        let dated_us = taking.dated_us;
        let written = node.db.write_now(|conn| {
            let mut counts = Tally::default();
            let mut fresh: HashMap<String, Release> = HashMap::new();
            for row in &rows {
                if row.withdrawn {
                    if let Some(known) = store::provenance(conn, &row.work.key)? {
                        let id = WorkId::parse(&known.subject).map_err(Refusal::broken)?;
                        let work = store::work(conn, &id)?;
                        if work.is_some_and(|work| work.withdrawn_us.is_none()) {
                            withdraw_in(conn, node, &id)?;
                            counts.withdrawn += 1;
                            continue;
                        }
                    }
                    counts.same += 1;
                    continue;
                }
                let key = &row.release.key;
                let release = match fresh.get(key).or_else(|| releases.get(key)) {
                    Some(release) => release.clone(),
                    None => {
                        let (release, _) = enter.release(conn, &row.release, &[], dated_us)?;
                        fresh.insert(key.clone(), release.clone());
                        release
                    }
                };
                let (_, entered) = enter.work(conn, &row.work, &release, dated_us)?;
                counts.count(entered);
            }
            Ok::<_, Refusal>((counts, fresh))
        });
        let (counts, fresh) = written.inspect_err(|_| enter.forget())?;
        taking.counts.add(counts);
        taking.releases.extend(fresh);
        Ok(())
    }

    /// Looks at the files that rows name. A row whose file cannot be taken is refused: unlike a
    /// message, a table says nothing of a work that its file does not.
    fn files_of(&mut self, rows: &mut Vec<Row>, taking: &mut Taking<'_>) -> Result<(), Refusal> {
        let folder = taking.folder;
        let look = |row: &Row| -> Result<Looked, Refusal> {
            let Some(name) = &row.file else {
                return Ok(None);
            };
            Ok(Some(match beside::find(folder, name) {
                Beside::Refused(why) => Err(why),
                Beside::Absent => Err(Say::new("catalogue-table-file-absent").with("file", name)),
                Beside::There(path) => {
                    let looked = taking.looker.named(&path, row.work.kind, None)?;
                    looked.map(|file| (path, file))
                }
            }))
        };
        let looked = beside::each(rows, look);
        let mut kept = Vec::new();
        for (mut row, looked) in std::mem::take(rows).into_iter().zip(looked) {
            match looked? {
                None => {}
                Some(Ok((path, file))) => {
                    self.claim(&path);
                    self.heard(&path);
                    row.work.file = Some(file);
                }
                Some(Err(why)) => {
                    self.refuse(row_name(&taking.found.name, row.line), why)?;
                    continue;
                }
            }
            if let Some(name) = &row.cover {
                row.release.cover = self.cover_of(name, row.line, taking)?;
            }
            kept.push(row);
        }
        *rows = kept;
        Ok(())
    }

    /// A picture that cannot be taken is left out, with a word.
    fn cover_of(
        &mut self,
        name: &str,
        line: u64,
        taking: &mut Taking<'_>,
    ) -> Result<Option<Sha256Digest>, Refusal> {
        let why = match beside::find(taking.folder, name) {
            Beside::There(path) => {
                if let Some(known) = taking.covers.get(&path) {
                    return Ok(*known);
                }
                let looked = taking.looker.picture(&path, None)?;
                if taking.covers.len() < RELEASES {
                    taking.covers.insert(path, looked.as_ref().ok().copied());
                }
                match looked {
                    Ok(cover) => return Ok(Some(cover)),
                    Err(why) => why,
                }
            }
            Beside::Absent => Say::new("catalogue-table-file-absent").with("file", name),
            Beside::Refused(why) => why,
        };
        self.notice(&row_name(&taking.found.name, line), why);
        Ok(None)
    }
}

fn row_name(table: &str, line: u64) -> String {
    format!("{table}:{line}")
}

fn broken_off(error: &csv::Error) -> Say {
    let reason: String = error.to_string().chars().take(200).collect();
    Say::new("catalogue-table-broken").with("reason", cleaned(&reason).0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_line_tells_what_sets_cells_apart() {
        assert_eq!(delimiter("title;artist;\"a,b,c,d\""), b';');
        assert_eq!(delimiter("title,artist"), b',');
        assert_eq!(delimiter("title\tartist"), b'\t');
    }
}
