//! `reduction.parquet`: a report's lines reduced to one row per venue and work. It is all that a
//! settlement needs of them, and all that other nodes ever see.

use std::io::Write;
use std::path::Path;

use parquet::data_type::{Int32Type, Int64Type};
use settlement::ReducedRow;

use super::columns::{Cell, Column, Cursor, Decimals, Table, Values, Written};
use super::writing::TableWriter;
use crate::files::FileRefused;

const COLUMNS: &[Column] = &[
    Column::new("venue", Cell::U32, Written::Dictionary),
    Column::new("track", Cell::U32, Written::Deltas),
    Column::new("uses", Cell::U64, Written::Dictionary),
    Column::new("seconds", Cell::U64, Written::Dictionary),
    Column::new("share", Cell::U64, Written::Plain),
    Column::new("weight", Cell::Decimal, Written::Dictionary),
];

const GROUP: usize = 1 << 18;

/// The rows of a reduction, in batches.
pub struct ReductionReader {
    cursor: Cursor,
    columns: Option<Columns>,
    batch: usize,
}

struct Columns {
    venue: Values<Int32Type>,
    track: Values<Int32Type>,
    uses: Values<Int64Type>,
    seconds: Values<Int64Type>,
    share: Values<Int64Type>,
    weight: Decimals,
}

impl Columns {
    fn enter(table: &Table, group: usize) -> Result<Self, String> {
        Ok(Columns {
            venue: Values::new(table, group, 0)?,
            track: Values::new(table, group, 1)?,
            uses: Values::new(table, group, 2)?,
            seconds: Values::new(table, group, 3)?,
            share: Values::new(table, group, 4)?,
            weight: Decimals::new(table, group, 5)?,
        })
    }

    fn fill(&mut self, count: usize) -> Result<(), String> {
        self.venue.fill(count)?;
        self.track.fill(count)?;
        self.uses.fill(count)?;
        self.seconds.fill(count)?;
        self.share.fill(count)?;
        self.weight.fill(count)
    }

    fn finish(&mut self) -> Result<(), String> {
        self.venue.finish()?;
        self.track.finish()?;
        self.uses.finish()?;
        self.seconds.finish()?;
        self.share.finish()?;
        self.weight.finish()
    }
}

impl ReductionReader {
    /// Opens the table; `name` is how a refusal calls it.
    ///
    /// # Errors
    /// When it is not a Parquet file with exactly the columns of a reduction.
    pub fn open(path: &Path, name: &str) -> Result<Self, FileRefused> {
        let cursor = Cursor::new(Table::open(path, name, COLUMNS)?);
        Ok(ReductionReader {
            cursor,
            columns: None,
            batch: 0,
        })
    }

    /// How many rows the file announces.
    pub fn rows(&self) -> u64 {
        self.cursor.table().rows()
    }

    /// A refusal of one of its rows, counted from 1.
    pub fn refused(&self, row: u64, reason: impl Into<String>) -> FileRefused {
        FileRefused::at(self.cursor.table().file(), row, reason)
    }

    /// Puts the next rows into `rows`, which it empties first; false at the end. Each row's pair of
    /// venue and track is greater than the one before it only if the sender was honest: see
    /// [`read_all`](Self::read_all).
    ///
    /// # Errors
    /// When the file does not hold what it announced, or a weight is negative.
    pub fn next_batch(&mut self, rows: &mut Vec<ReducedRow>) -> Result<bool, FileRefused> {
        rows.clear();
        let last = std::mem::take(&mut self.batch);
        self.batch = self.cursor.advance(
            &mut self.columns,
            last,
            Columns::enter,
            Columns::finish,
            Columns::fill,
        )?;
        let Some(columns) = &self.columns else {
            return Ok(false);
        };
        for row in 0..self.batch {
            let weight = columns
                .weight
                .get(row)
                .and_then(|weight| u128::try_from(weight).ok())
                .ok_or_else(|| {
                    self.refused(
                        self.cursor.row() + row as u64 + 1,
                        "its weight is negative or does not fit",
                    )
                })?;
            rows.push(ReducedRow {
                venue: columns.venue.batch()[row].cast_unsigned(),
                track: columns.track.batch()[row].cast_unsigned(),
                uses: columns.uses.batch()[row].cast_unsigned(),
                seconds: columns.seconds.batch()[row].cast_unsigned(),
                share: columns.share.batch()[row].cast_unsigned(),
                weight,
            });
        }
        Ok(true)
    }

    /// All rows, checked to be sorted, without duplicates, and of the report's own venues and works.
    ///
    /// # Errors
    /// When they are not.
    pub fn read_all(
        mut self,
        known_venue: impl Fn(u32) -> bool,
        tracks: usize,
    ) -> Result<Vec<ReducedRow>, FileRefused> {
        let mut all: Vec<ReducedRow> = Vec::new();
        let mut batch = Vec::new();
        while self.next_batch(&mut batch)? {
            for row in batch.drain(..) {
                let at = all.len() as u64 + 1;
                if !known_venue(row.venue) {
                    return Err(
                        self.refused(at, format!("the report has no venue number {}", row.venue))
                    );
                }
                if row.track as usize >= tracks {
                    return Err(
                        self.refused(at, format!("the report has no track number {}", row.track))
                    );
                }
                if all
                    .last()
                    .is_some_and(|last| (last.venue, last.track) >= (row.venue, row.track))
                {
                    return Err(self.refused(
                        at,
                        "rows are not sorted by venue and track, or one is there twice",
                    ));
                }
                if row.uses == 0 {
                    return Err(self.refused(at, "it counts no use"));
                }
                all.push(row);
            }
        }
        Ok(all)
    }
}

/// Writes reduced rows as they come, which must be sorted: same rows, same bytes.
pub struct ReductionWriter<W: Write + Send> {
    writer: TableWriter<W>,
    rows: Vec<ReducedRow>,
    count: u64,
}

impl<W: Write + Send> ReductionWriter<W> {
    /// A table that is written to `sink`.
    ///
    /// # Errors
    /// When the sink cannot be written to.
    pub fn new(sink: W) -> std::io::Result<Self> {
        Ok(ReductionWriter {
            writer: TableWriter::new(sink, "reduction", COLUMNS)?,
            rows: Vec::new(),
            count: 0,
        })
    }

    /// Adds a row.
    ///
    /// # Errors
    /// When the sink cannot be written to, or the weight passes what DECIMAL(38,0) holds.
    pub fn push(&mut self, row: ReducedRow) -> std::io::Result<()> {
        self.rows.push(row);
        self.count += 1;
        if self.rows.len() == GROUP {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> std::io::Result<()> {
        if self.rows.is_empty() {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows);
        let weights: Vec<i128> = rows
            .iter()
            .map(|row| {
                i128::try_from(row.weight)
                    .ok()
                    .filter(|weight| *weight < 10i128.pow(38))
            })
            .collect::<Option<_>>()
            .ok_or_else(|| std::io::Error::other("a weight does not fit 38 digits"))?;
        let u32s = |of: fn(&ReducedRow) -> u32| {
            rows.iter()
                .map(|row| of(row).cast_signed())
                .collect::<Vec<_>>()
        };
        let u64s = |of: fn(&ReducedRow) -> u64| {
            rows.iter()
                .map(|row| of(row).cast_signed())
                .collect::<Vec<_>>()
        };
        self.writer.group(|group| {
            group.u32s(&u32s(|row| row.venue))?;
            group.u32s(&u32s(|row| row.track))?;
            group.u64s(&u64s(|row| row.uses))?;
            group.u64s(&u64s(|row| row.seconds))?;
            group.u64s(&u64s(|row| row.share))?;
            group.decimals(&weights)
        })?;
        self.rows = rows;
        self.rows.clear();
        Ok(())
    }

    /// Writes what is left and the footer; gives back the sink and the number of rows.
    ///
    /// # Errors
    /// When the sink cannot be written to.
    pub fn finish(mut self) -> std::io::Result<(W, u64)> {
        self.flush()?;
        Ok((self.writer.finish()?, self.count))
    }
}
