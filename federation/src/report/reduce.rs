//! Lines become a reduction: one pass over the file, whatever its length.

use settlement::{ArrivalLimits, Policy, Reduced, ReducedRow, Reducer, Territory, Track, Weighing};

use super::lines::LinesReader;
use super::reduction::ReductionReader;
use crate::files::FileRefused;

/// Reduces the lines of a report with so many venues and these tracks. Rows are handed to `take` a
/// venue at a time, so that memory is bounded by a venue's works.
///
/// # Errors
/// At the first line that cannot be taken, or when the file does not hold what it announced; what
/// `take` was given is then void.
pub fn reduce(
    mut lines: LinesReader,
    venues: u32,
    tracks: &[Track],
    territory: Territory,
    policy: &Policy,
    limits: Option<ArrivalLimits>,
    mut take: impl FnMut(&[ReducedRow]) -> Result<(), FileRefused>,
) -> Result<Reduced, FileRefused> {
    let weighing = Weighing::new(
        policy,
        territory,
        tracks.iter().map(|track| (track.kind, track.home)),
    );
    let mut reducer = Reducer::new(weighing, venues, limits);
    let mut rows = Vec::new();
    let file = lines.file().to_owned();
    let bad = |fault: settlement::BadLine| FileRefused::at(&file, fault.row, fault.why.to_string());
    while let Some(batch) = lines.next_batch()? {
        let Some(columns) = batch.columns() else {
            continue;
        };
        reducer.push(columns, &mut rows).map_err(bad)?;
        if !rows.is_empty() {
            take(&rows)?;
            rows.clear();
        }
    }
    let reduced = reducer.finish(&mut rows).map_err(bad)?;
    take(&rows)?;
    Ok(reduced)
}

/// Holds reduced rows, as they are made, against those of a file.
pub(super) struct Comparison {
    reader: ReductionReader,
    batch: Vec<ReducedRow>,
    next: usize,
    row: u64,
}

impl Comparison {
    pub(super) fn with(reader: ReductionReader) -> Self {
        Comparison {
            reader,
            batch: Vec::new(),
            next: 0,
            row: 0,
        }
    }

    fn next_row(&mut self) -> Result<Option<ReducedRow>, FileRefused> {
        if self.next == self.batch.len() {
            self.next = 0;
            if !self.reader.next_batch(&mut self.batch)? {
                return Ok(None);
            }
        }
        self.next += 1;
        Ok(self.batch.get(self.next - 1).copied())
    }

    /// The next rows of the file must be these.
    pub(super) fn expect(&mut self, rows: &[ReducedRow]) -> Result<(), FileRefused> {
        for row in rows {
            let found = self.next_row()?;
            self.row += 1;
            if found != Some(*row) {
                let reason = match found {
                    None => "the lines have more rows when they are reduced",
                    Some(_) => "the lines come to something else when they are reduced",
                };
                return Err(self.reader.refused(self.row, reason));
            }
        }
        Ok(())
    }

    /// Nothing may be left in the file.
    pub(super) fn finish(mut self) -> Result<(), FileRefused> {
        match self.next_row()? {
            None => Ok(()),
            Some(_) => Err(self.reader.refused(
                self.row + 1,
                "the lines have no such row when they are reduced",
            )),
        }
    }
}
