//! `lines.parquet`: how often each member of each venue used each work. Nameless, but about
//! persons: lines go from a node to its coordinator and no further.

use std::io::Write;
use std::path::Path;

use parquet::data_type::{Int32Type, Int64Type};
use settlement::{Line, Lines};

use super::columns::{Cell, Column, Cursor, Table, Values, Written};
use super::writing::TableWriter;
use crate::files::FileRefused;

const COLUMNS: &[Column] = &[
    Column::new("venue", Cell::U32, Written::Dictionary),
    Column::new("member", Cell::U32, Written::Deltas),
    Column::new("track", Cell::U32, Written::Deltas),
    Column::new("uses", Cell::U32, Written::Dictionary),
    Column::new("seconds", Cell::U64, Written::Dictionary),
];

/// Rows of one row group as it is written here.
const GROUP: usize = 1 << 20;

/// The lines of a report, in batches.
pub struct LinesReader {
    cursor: Cursor,
    columns: Option<Columns>,
    batch: usize,
    venue: Vec<u32>,
    member: Vec<u32>,
    track: Vec<u32>,
    uses: Vec<u32>,
    seconds: Vec<u64>,
}

struct Columns {
    venue: Values<Int32Type>,
    member: Values<Int32Type>,
    track: Values<Int32Type>,
    uses: Values<Int32Type>,
    seconds: Values<Int64Type>,
}

impl Columns {
    fn enter(table: &Table, group: usize) -> Result<Self, String> {
        Ok(Columns {
            venue: Values::new(table, group, 0)?,
            member: Values::new(table, group, 1)?,
            track: Values::new(table, group, 2)?,
            uses: Values::new(table, group, 3)?,
            seconds: Values::new(table, group, 4)?,
        })
    }

    fn fill(&mut self, count: usize) -> Result<(), String> {
        self.venue.fill(count)?;
        self.member.fill(count)?;
        self.track.fill(count)?;
        self.uses.fill(count)?;
        self.seconds.fill(count)
    }

    fn finish(&mut self) -> Result<(), String> {
        self.venue.finish()?;
        self.member.finish()?;
        self.track.finish()?;
        self.uses.finish()?;
        self.seconds.finish()
    }
}

impl LinesReader {
    /// Opens the table; `name` is how a refusal calls it.
    ///
    /// # Errors
    /// When it is not a Parquet file with exactly the columns of lines.
    pub fn open(path: &Path, name: &str) -> Result<Self, FileRefused> {
        let cursor = Cursor::new(Table::open(path, name, COLUMNS)?);
        Ok(LinesReader {
            cursor,
            columns: None,
            batch: 0,
            venue: Vec::new(),
            member: Vec::new(),
            track: Vec::new(),
            uses: Vec::new(),
            seconds: Vec::new(),
        })
    }

    /// How many rows the file announces.
    pub fn rows(&self) -> u64 {
        self.cursor.table().rows()
    }

    /// The file, as a refusal calls it.
    pub fn file(&self) -> &str {
        self.cursor.table().file()
    }

    /// The next rows, none at the end. That they are sorted is for the reducer to check.
    ///
    /// # Errors
    /// When the file does not hold what it announced.
    pub fn next_batch(&mut self) -> Result<Option<LineBatch<'_>>, FileRefused> {
        let last = std::mem::take(&mut self.batch);
        self.batch = self.cursor.advance(
            &mut self.columns,
            last,
            Columns::enter,
            Columns::finish,
            Columns::fill,
        )?;
        let Some(columns) = &self.columns else {
            return Ok(None);
        };
        for (to, from) in [
            (&mut self.venue, &columns.venue),
            (&mut self.member, &columns.member),
            (&mut self.track, &columns.track),
            (&mut self.uses, &columns.uses),
        ] {
            to.clear();
            to.extend(from.batch().iter().map(|number| number.cast_unsigned()));
        }
        self.seconds.clear();
        self.seconds.extend(
            columns
                .seconds
                .batch()
                .iter()
                .map(|number| number.cast_unsigned()),
        );
        Ok(Some(LineBatch { of: self }))
    }
}

/// Lines that follow one another.
#[derive(Clone, Copy)]
pub struct LineBatch<'a> {
    of: &'a LinesReader,
}

impl<'a> LineBatch<'a> {
    /// Column by column, as the reducer takes them.
    pub fn columns(&self) -> Option<Lines<'a>> {
        let of = self.of;
        Lines::new(&of.venue, &of.member, &of.track, &of.uses, &of.seconds)
    }

    /// Line by line.
    pub fn iter(&self) -> impl Iterator<Item = Line> + use<'a> {
        let of = self.of;
        (0..of.venue.len()).map(|row| Line {
            venue: of.venue[row],
            member: of.member[row],
            track: of.track[row],
            uses: of.uses[row],
            seconds: of.seconds[row],
        })
    }
}

/// Writes lines as they come, which must be sorted by venue, member and track: same lines, same
/// bytes.
pub struct LinesWriter<W: Write + Send> {
    writer: TableWriter<W>,
    venue: Vec<i32>,
    member: Vec<i32>,
    track: Vec<i32>,
    uses: Vec<i32>,
    seconds: Vec<i64>,
    rows: u64,
}

impl<W: Write + Send> LinesWriter<W> {
    /// A table that is written to `sink`.
    ///
    /// # Errors
    /// When the sink cannot be written to.
    pub fn new(sink: W) -> std::io::Result<Self> {
        Ok(LinesWriter {
            writer: TableWriter::new(sink, "lines", COLUMNS)?,
            venue: Vec::new(),
            member: Vec::new(),
            track: Vec::new(),
            uses: Vec::new(),
            seconds: Vec::new(),
            rows: 0,
        })
    }

    /// Adds a line.
    ///
    /// # Errors
    /// When the sink cannot be written to.
    pub fn push(&mut self, line: &Line) -> std::io::Result<()> {
        self.venue.push(line.venue.cast_signed());
        self.member.push(line.member.cast_signed());
        self.track.push(line.track.cast_signed());
        self.uses.push(line.uses.cast_signed());
        self.seconds.push(line.seconds.cast_signed());
        self.rows += 1;
        if self.venue.len() == GROUP {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.venue.is_empty() {
            return Ok(());
        }
        self.writer.group(|group| {
            group.u32s(&self.venue)?;
            group.u32s(&self.member)?;
            group.u32s(&self.track)?;
            group.u32s(&self.uses)?;
            group.u64s(&self.seconds)
        })?;
        for column in [
            &mut self.venue,
            &mut self.member,
            &mut self.track,
            &mut self.uses,
        ] {
            column.clear();
        }
        self.seconds.clear();
        Ok(())
    }

    /// Writes what is left and the footer; gives back the sink and the number of rows.
    ///
    /// # Errors
    /// When the sink cannot be written to.
    pub fn finish(mut self) -> std::io::Result<(W, u64)> {
        self.flush()?;
        Ok((self.writer.finish()?, self.rows))
    }
}
