//! How a report's tables are written: the same rows give the same bytes.

use std::io::Write;
use std::sync::Arc;

use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::data_type::{
    ByteArray, ByteArrayType, DataType, FixedLenByteArray, FixedLenByteArrayType, Int32Type,
    Int64Type,
};
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::{ColumnPath, Type};

use super::columns::{Column, Written, plain};

/// Writes a table: the same rows give the same bytes.
pub(super) struct TableWriter<W: Write + Send> {
    writer: SerializedFileWriter<W>,
}

impl<W: Write + Send> TableWriter<W> {
    pub(super) fn new(sink: W, name: &str, columns: &[Column]) -> std::io::Result<Self> {
        let make = || {
            let fields = columns
                .iter()
                .map(|column| column.schema().map(Arc::new))
                .collect::<parquet::errors::Result<Vec<_>>>()?;
            let schema = Type::group_type_builder(name).with_fields(fields).build()?;
            let mut properties = WriterProperties::builder()
                // Not the crate's version: a file must not change because a library did.
                .set_created_by("Antiphon".into())
                .set_compression(Compression::ZSTD(ZstdLevel::try_new(3)?))
                .set_statistics_enabled(EnabledStatistics::Chunk)
                .set_offset_index_disabled(true);
            for column in columns {
                let path = ColumnPath::from(column.name);
                properties = match column.written {
                    Written::Dictionary => properties.set_column_dictionary_enabled(path, true),
                    Written::Plain => properties
                        .set_column_dictionary_enabled(path.clone(), false)
                        .set_column_encoding(path, Encoding::PLAIN),
                    Written::Deltas => properties
                        .set_column_dictionary_enabled(path.clone(), false)
                        .set_column_encoding(path, Encoding::DELTA_BINARY_PACKED),
                };
            }
            SerializedFileWriter::new(sink, Arc::new(schema), Arc::new(properties.build()))
        };
        Ok(TableWriter {
            writer: make().map_err(unwritten)?,
        })
    }

    /// Writes one row group, column after column in the order of the table.
    pub(super) fn group(
        &mut self,
        write: impl FnOnce(&mut GroupWriter<'_, W>) -> parquet::errors::Result<()>,
    ) -> std::io::Result<()> {
        let written = (|| {
            let mut group = GroupWriter {
                group: self.writer.next_row_group()?,
            };
            write(&mut group)?;
            group.group.close().map(drop)
        })();
        written.map_err(unwritten)
    }

    /// Writes the footer and hands the sink back.
    pub(super) fn finish(self) -> std::io::Result<W> {
        self.writer.into_inner().map_err(unwritten)
    }
}

fn unwritten(error: parquet::errors::ParquetError) -> std::io::Error {
    match error {
        parquet::errors::ParquetError::External(inner) => std::io::Error::other(inner),
        other => std::io::Error::other(plain(&other)),
    }
}

/// One row group as it is written.
pub(super) struct GroupWriter<'a, W: Write + Send> {
    group: SerializedRowGroupWriter<'a, W>,
}

impl<W: Write + Send> GroupWriter<'_, W> {
    fn column<T: DataType>(
        &mut self,
        values: &[T::T],
        levels: Option<&[i16]>,
    ) -> parquet::errors::Result<()> {
        let Some(mut column) = self.group.next_column()? else {
            return Err(parquet::errors::ParquetError::General(
                "the table has fewer columns".into(),
            ));
        };
        column.typed::<T>().write_batch(values, levels, None)?;
        column.close()
    }

    pub(super) fn u32s(&mut self, values: &[i32]) -> parquet::errors::Result<()> {
        self.column::<Int32Type>(values, None)
    }

    pub(super) fn u64s(&mut self, values: &[i64]) -> parquet::errors::Result<()> {
        self.column::<Int64Type>(values, None)
    }

    pub(super) fn texts<'t>(
        &mut self,
        values: impl Iterator<Item = &'t str>,
    ) -> parquet::errors::Result<()> {
        let values: Vec<_> = values.map(ByteArray::from).collect();
        self.column::<ByteArrayType>(&values, None)
    }

    pub(super) fn texts_or_none<'t>(
        &mut self,
        values: impl Iterator<Item = Option<&'t str>>,
    ) -> parquet::errors::Result<()> {
        let mut levels = Vec::new();
        let mut present = Vec::new();
        for value in values {
            levels.push(i16::from(value.is_some()));
            present.extend(value.map(ByteArray::from));
        }
        self.column::<ByteArrayType>(&present, Some(&levels))
    }

    pub(super) fn decimals(&mut self, values: &[i128]) -> parquet::errors::Result<()> {
        let values: Vec<_> = values
            .iter()
            .map(|value| FixedLenByteArray::from(ByteArray::from(value.to_be_bytes().to_vec())))
            .collect();
        self.column::<FixedLenByteArrayType>(&values, None)
    }
}
