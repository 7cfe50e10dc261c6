//! The columns of a report's tables: their exact types, and how they are read.
//!
//! A table is taken when it has exactly the columns it should have, under their names, in whatever
//! order, row groups and pages its writer chose; a column may be declared optional so long as
//! nothing is missing in it. It is read in batches, so that memory does not grow with the rows.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

use parquet::basic::{CompressionCodec, ConvertedType, LogicalType, Repetition, Type as Physical};
use parquet::column::reader::{ColumnReaderImpl, GenericColumnReader};
use parquet::data_type::{ByteArrayType, DataType, FixedLenByteArrayType, Int32Type, Int64Type};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::schema::types::{ColumnDescriptor, Type};

use super::source::{Pages, Source};
use crate::files::FileRefused;

/// How many rows are decoded at once.
pub(super) const BATCH: usize = 8192;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cell {
    /// UINT32: physical INT32.
    U32,
    /// UINT64: physical INT64.
    U64,
    /// STRING, never missing.
    Text,
    /// STRING that may be missing.
    TextOrNone,
    /// DECIMAL(38,0): physical FIXED_LEN_BYTE_ARRAY(16), big-endian two's complement.
    Decimal,
}

/// A column by its name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) name: &'static str,
    pub(super) cell: Cell,
    /// How this project writes it; other writers may choose otherwise.
    pub(super) written: Written,
}

/// How a column is encoded when it is written here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// Few different values.
    Dictionary,
    /// Rising values.
    Deltas,
    /// Anything.
    Plain,
}

impl Column {
    pub(super) const fn new(name: &'static str, cell: Cell, written: Written) -> Self {
        Column {
            name,
            cell,
            written,
        }
    }

    pub(super) fn schema(&self) -> parquet::errors::Result<Type> {
        let (physical, logical) = match self.cell {
            Cell::U32 => (Physical::INT32, LogicalType::integer(32, false)),
            Cell::U64 => (Physical::INT64, LogicalType::integer(64, false)),
            Cell::Text | Cell::TextOrNone => (Physical::BYTE_ARRAY, LogicalType::String),
            Cell::Decimal => (Physical::FIXED_LEN_BYTE_ARRAY, LogicalType::decimal(0, 38)),
        };
        let repetition = if self.cell == Cell::TextOrNone {
            Repetition::OPTIONAL
        } else {
            Repetition::REQUIRED
        };
        let builder = Type::primitive_type_builder(self.name, physical)
            .with_repetition(repetition)
            .with_logical_type(Some(logical));
        match self.cell {
            Cell::Decimal => builder.with_length(16).with_precision(38).with_scale(0),
            _ => builder,
        }
        .build()
    }

    /// Whether a column of some file holds what this one should.
    fn is_met_by(&self, found: &ColumnDescriptor) -> bool {
        let physical = found.physical_type();
        let logical = found.logical_type_ref();
        let converted = found.converted_type();
        let is = |wanted: &LogicalType, older: ConvertedType| match logical {
            Some(logical) => logical == wanted,
            None => converted == older,
        };
        match self.cell {
            Cell::U32 => {
                physical == Physical::INT32
                    && is(&LogicalType::integer(32, false), ConvertedType::UINT_32)
            }
            Cell::U64 => {
                physical == Physical::INT64
                    && is(&LogicalType::integer(64, false), ConvertedType::UINT_64)
            }
            Cell::Text | Cell::TextOrNone => {
                physical == Physical::BYTE_ARRAY && is(&LogicalType::String, ConvertedType::UTF8)
            }
            Cell::Decimal => {
                let decimal = match logical {
                    Some(LogicalType::Decimal(_)) => true,
                    Some(_) => false,
                    None => converted == ConvertedType::DECIMAL,
                };
                let stored = match physical {
                    Physical::FIXED_LEN_BYTE_ARRAY => (1..=16).contains(&found.type_length()),
                    Physical::BYTE_ARRAY | Physical::INT64 | Physical::INT32 => true,
                    _ => false,
                };
                decimal && stored && found.type_scale() == 0 && found.type_precision() <= 38
            }
        }
    }

    fn wanted(&self) -> &'static str {
        match self.cell {
            Cell::U32 => "UINT32",
            Cell::U64 => "UINT64",
            Cell::Text => "STRING",
            Cell::TextOrNone => "STRING, nullable",
            Cell::Decimal => "DECIMAL(38,0)",
        }
    }
}

/// The Parquet crate refuses most of what is wrong, and panics at some of it: for whoever sent the
/// file the two are the same.
fn decoded<T>(decode: impl FnOnce() -> parquet::errors::Result<T>) -> Result<T, String> {
    match catch_unwind(AssertUnwindSafe(decode)) {
        Ok(Ok(value)) => Ok(value),
        Ok(Err(error)) => Err(plain(&error)),
        Err(_) => Err("it is not a well-formed Parquet file".into()),
    }
}

pub(super) fn plain(error: &parquet::errors::ParquetError) -> String {
    use parquet::errors::ParquetError;
    match error {
        ParquetError::General(reason) | ParquetError::EOF(reason) | ParquetError::NYI(reason) => {
            reason.clone()
        }
        other => other.to_string(),
    }
}

/// An open table whose footer holds together.
pub(super) struct Table {
    file: String,
    source: Arc<Source>,
    metadata: ParquetMetaData,
    columns: &'static [Column],
    /// For each of `columns`, where it is in the file.
    places: Vec<usize>,
    rows: u64,
}

impl Table {
    /// Opens a table and checks its columns, the sizes of its parts and its count of rows. `name`
    /// is how a refusal calls the file.
    pub(super) fn open(
        path: &Path,
        name: &str,
        columns: &'static [Column],
    ) -> Result<Self, FileRefused> {
        let refused = |reason: String| FileRefused::whole(name, reason);
        let source = Arc::new(Source::open(path, name)?);
        let metadata = decoded(|| source.footer()).map_err(refused)?;
        let places = places(&metadata, columns).map_err(refused)?;
        let rows = checked_rows(&metadata, source.length()).map_err(refused)?;
        Ok(Table {
            file: name.to_owned(),
            source,
            metadata,
            columns,
            places,
            rows,
        })
    }

    /// How many rows the footer announces; reading finds fewer or more to be a fault.
    pub(super) fn rows(&self) -> u64 {
        self.rows
    }

    pub(super) fn file(&self) -> &str {
        &self.file
    }

    fn group_count(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// The rows of one row group.
    fn group_rows(&self, group: usize) -> usize {
        usize::try_from(self.metadata.row_group(group).num_rows()).unwrap_or(0)
    }

    fn pages(&self, group: usize, column: usize) -> Result<Box<Pages>, String> {
        let chunk = self.metadata.row_group(group).column(self.places[column]);
        decoded(|| Pages::new(&self.source, chunk, self.group_rows(group))).map(Box::new)
    }

    fn descriptor(&self, column: usize) -> Arc<ColumnDescriptor> {
        self.metadata
            .file_metadata()
            .schema_descr()
            .column(self.places[column])
    }
}

fn places(metadata: &ParquetMetaData, columns: &[Column]) -> Result<Vec<usize>, String> {
    let schema = metadata.file_metadata().schema_descr();
    let expected = || {
        columns
            .iter()
            .map(|column| column.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    if schema.num_columns() != columns.len() {
        return Err(format!(
            "it has {} columns; it should have {}",
            schema.num_columns(),
            expected()
        ));
    }
    columns
        .iter()
        .map(|column| {
            let place = (0..schema.num_columns())
                .find(|&place| {
                    let path = schema.column(place).path().clone();
                    path.parts() == [column.name]
                })
                .ok_or_else(|| {
                    format!(
                        "it has no column {}; it should have {}",
                        column.name,
                        expected()
                    )
                })?;
            let found = schema.column(place);
            if found.max_rep_level() != 0 || found.max_def_level() > 1 || !column.is_met_by(&found)
            {
                return Err(format!(
                    "its column {} is not {}",
                    column.name,
                    column.wanted()
                ));
            }
            Ok(place)
        })
        .collect()
}

fn checked_rows(metadata: &ParquetMetaData, length: u64) -> Result<u64, String> {
    let mut rows = 0u64;
    for group in metadata.row_groups() {
        checked_group(group, length)?;
        rows = u64::try_from(group.num_rows())
            .ok()
            .and_then(|count| rows.checked_add(count))
            .ok_or("its counts of rows do not fit")?;
    }
    if u64::try_from(metadata.file_metadata().num_rows()) != Ok(rows) {
        return Err("its row groups do not add up to its count of rows".into());
    }
    Ok(rows)
}

fn checked_group(group: &RowGroupMetaData, length: u64) -> Result<(), String> {
    for chunk in group.columns() {
        if chunk.num_values() != group.num_rows() {
            return Err("a column has another number of rows than its row group".into());
        }
        // Writers of empty tables leave a row group without pages, and never read.
        if group.num_rows() == 0 {
            continue;
        }
        let start = chunk
            .dictionary_page_offset()
            .unwrap_or(chunk.data_page_offset());
        let end = start.checked_add(chunk.compressed_size());
        let inside = start >= 4
            && chunk.compressed_size() >= 0
            && end
                .and_then(|end| u64::try_from(end).ok())
                .is_some_and(|end| end <= length);
        if !inside {
            return Err("a part of it lies beyond its end".into());
        }
        if chunk.file_path().is_some() {
            return Err("a part of it is said to be in another file".into());
        }
        match chunk.compression_codec() {
            CompressionCodec::UNCOMPRESSED | CompressionCodec::SNAPPY | CompressionCodec::ZSTD => {}
            other => {
                return Err(format!(
                    "it is compressed with {other:?}; use zstd, snappy or nothing"
                ));
            }
        }
    }
    Ok(())
}

/// Goes through a table's row groups and says how many rows come next.
pub(super) struct Cursor {
    table: Table,
    next_group: usize,
    left_in_group: usize,
    row: u64,
}

impl Cursor {
    pub(super) fn new(table: Table) -> Self {
        Cursor {
            table,
            next_group: 0,
            left_in_group: 0,
            row: 0,
        }
    }

    pub(super) fn table(&self) -> &Table {
        &self.table
    }

    /// The number of the first row of the batch that [`advance`](Self::advance) announced last.
    pub(super) fn row(&self) -> u64 {
        self.row
    }

    /// How many rows the next batch has, none at the end. `enter` makes the columns ready for a new
    /// row group; `fill` reads so many rows of each.
    pub(super) fn advance<C>(
        &mut self,
        columns: &mut Option<C>,
        last_batch: usize,
        enter: impl Fn(&Table, usize) -> Result<C, String>,
        leave: impl Fn(&mut C) -> Result<(), String>,
        fill: impl FnOnce(&mut C, usize) -> Result<(), String>,
    ) -> Result<usize, FileRefused> {
        self.row += last_batch as u64;
        let at = self.row + 1;
        while self.left_in_group == 0 {
            if let Some(finished) = columns {
                leave(finished).map_err(|reason| FileRefused::at(&self.table.file, at, reason))?;
            }
            *columns = None;
            if self.next_group == self.table.group_count() {
                return Ok(0);
            }
            self.left_in_group = self.table.group_rows(self.next_group);
            if self.left_in_group == 0 {
                self.next_group += 1;
                continue;
            }
            let entered = enter(&self.table, self.next_group)
                .map_err(|reason| FileRefused::at(&self.table.file, at, reason))?;
            *columns = Some(entered);
            self.next_group += 1;
        }
        let count = self.left_in_group.min(BATCH);
        self.left_in_group -= count;
        if let Some(columns) = columns {
            fill(columns, count).map_err(|reason| FileRefused::at(&self.table.file, at, reason))?;
        }
        Ok(count)
    }
}

/// One column of one row group, of which `values` holds the present batch.
pub(super) struct Values<T: DataType> {
    name: &'static str,
    reader: ColumnReaderImpl<T>,
    levels: Vec<i16>,
    optional: bool,
    nullable: bool,
    values: Vec<T::T>,
}

impl<T: DataType> Values<T> {
    pub(super) fn new(table: &Table, group: usize, column: usize) -> Result<Self, String> {
        let descriptor = table.descriptor(column);
        let optional = descriptor.max_def_level() > 0;
        let pages = table.pages(group, column)?;
        Ok(Values {
            name: table.columns[column].name,
            reader: GenericColumnReader::new(descriptor, pages),
            levels: Vec::new(),
            optional,
            nullable: table.columns[column].cell == Cell::TextOrNone,
            values: Vec::with_capacity(BATCH),
        })
    }

    /// Reads the next `count` rows.
    pub(super) fn fill(&mut self, count: usize) -> Result<(), String> {
        self.values.clear();
        self.levels.clear();
        let (reader, levels, values) = (&mut self.reader, &mut self.levels, &mut self.values);
        let levels = self.optional.then_some(levels);
        let (rows, present, _) = decoded(|| reader.read_records(count, levels, None, values))
            .map_err(|reason| format!("column {}: {reason}", self.name))?;
        if rows != count {
            return Err(format!(
                "column {} ends before its row group does",
                self.name
            ));
        }
        if present != count && !self.nullable {
            return Err(format!("column {} has a missing value", self.name));
        }
        Ok(())
    }

    /// Checks that nothing is left once a row group's rows have been read.
    pub(super) fn finish(&mut self) -> Result<(), String> {
        self.values.clear();
        self.levels.clear();
        let (reader, levels, values) = (&mut self.reader, &mut self.levels, &mut self.values);
        let levels = self.optional.then_some(levels);
        match decoded(|| reader.read_records(1, levels, None, values)) {
            Ok((0, _, _)) => Ok(()),
            Ok(_) => Err(format!(
                "column {} goes on after its row group has ended",
                self.name
            )),
            Err(reason) => Err(format!("column {}: {reason}", self.name)),
        }
    }

    /// The values of the batch; where some may be missing, those that are there.
    pub(super) fn batch(&self) -> &[T::T] {
        &self.values
    }

    /// For each row of the batch, its place in [`batch`](Self::batch), or none where it is missing.
    pub(super) fn present(&self) -> impl Iterator<Item = Option<&T::T>> {
        let mut values = self.values.iter();
        let always = !self.optional;
        let count = if always {
            self.values.len()
        } else {
            self.levels.len()
        };
        (0..count).map(move |row| {
            if always || self.levels[row] > 0 {
                values.next()
            } else {
                None
            }
        })
    }
}

/// A column of decimals, however wide its writer stored them.
pub(super) enum Decimals {
    Fixed(Values<FixedLenByteArrayType>),
    Bytes(Values<ByteArrayType>),
    Long(Values<Int64Type>),
    Short(Values<Int32Type>),
}

impl Decimals {
    pub(super) fn new(table: &Table, group: usize, column: usize) -> Result<Self, String> {
        Ok(match table.descriptor(column).physical_type() {
            Physical::FIXED_LEN_BYTE_ARRAY => Decimals::Fixed(Values::new(table, group, column)?),
            Physical::INT64 => Decimals::Long(Values::new(table, group, column)?),
            Physical::INT32 => Decimals::Short(Values::new(table, group, column)?),
            _ => Decimals::Bytes(Values::new(table, group, column)?),
        })
    }

    pub(super) fn fill(&mut self, count: usize) -> Result<(), String> {
        match self {
            Decimals::Fixed(values) => values.fill(count),
            Decimals::Bytes(values) => values.fill(count),
            Decimals::Long(values) => values.fill(count),
            Decimals::Short(values) => values.fill(count),
        }
    }

    pub(super) fn finish(&mut self) -> Result<(), String> {
        match self {
            Decimals::Fixed(values) => values.finish(),
            Decimals::Bytes(values) => values.finish(),
            Decimals::Long(values) => values.finish(),
            Decimals::Short(values) => values.finish(),
        }
    }

    /// The number in one row of the batch; none where it does not fit 128 bits.
    pub(super) fn get(&self, row: usize) -> Option<i128> {
        match self {
            Decimals::Fixed(values) => from_big_endian(values.batch()[row].data()),
            Decimals::Bytes(values) => from_big_endian(values.batch()[row].data()),
            Decimals::Long(values) => Some(values.batch()[row].into()),
            Decimals::Short(values) => Some(values.batch()[row].into()),
        }
    }
}

fn from_big_endian(bytes: &[u8]) -> Option<i128> {
    if bytes.is_empty() || bytes.len() > 16 {
        return None;
    }
    let sign = if bytes[0] & 0x80 == 0 { 0 } else { 0xff };
    let mut wide = [sign; 16];
    wide[16 - bytes.len()..].copy_from_slice(bytes);
    Some(i128::from_be_bytes(wide))
}
