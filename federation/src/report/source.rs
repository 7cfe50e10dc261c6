//! A Parquet file from a stranger, read without believing what it says about itself.
//!
//! The Parquet crate decodes; what it would take on trust is checked here first: how long the
//! footer is, how much a page says it unpacks to, how many entries a dictionary says it has,
//! whether a page refers to a dictionary that never came. So a small file cannot ask for much
//! memory, whatever it claims.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Seek as _, SeekFrom};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use parquet::basic::Encoding;
use parquet::column::page::{Page, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ColumnChunkMetaData, ParquetMetaData, ParquetMetaDataReader};
use parquet::file::reader::{ChunkReader, Length, SerializedPageReader};

use crate::files::{self, FileRefused};

/// The most bytes that one page may unpack to. Writers make pages of about one mebibyte.
const PAGE_LIMIT: u64 = 32 << 20;
/// The longest footer: some ten thousand row groups.
const FOOTER_LIMIT: u32 = 8 << 20;
/// The most texts in one page whose lengths are packed as deltas.
const PACKED_LENGTHS: u64 = 1 << 22;
/// A footer's length and the four letters after it.
const TAIL: u64 = 8;
const MAGIC: &[u8; 4] = b"PAR1";

/// An open file of known length.
pub(super) struct Source {
    file: File,
    length: u64,
}

impl Source {
    /// Opens a file and checks that it has a Parquet file's two ends; `name` is how a refusal calls
    /// it.
    pub(super) fn open(path: &Path, name: &str) -> std::result::Result<Self, FileRefused> {
        let unreadable = |error| files::unreadable(name, &error);
        let refused = |reason: &str| Err(FileRefused::whole(name, reason));
        let mut file = File::open(path).map_err(unreadable)?;
        let about = file.metadata().map_err(unreadable)?;
        let length = about.len();
        if !about.is_file() || length < TAIL + MAGIC.len() as u64 {
            return refused("it is not a Parquet file, or it was cut short");
        }
        let mut head = [0; 4];
        file.read_exact(&mut head).map_err(unreadable)?;
        let mut footer = [0; 4];
        let mut end = [0; 4];
        file.seek(SeekFrom::Start(length - TAIL))
            .map_err(unreadable)?;
        file.read_exact(&mut footer).map_err(unreadable)?;
        file.read_exact(&mut end).map_err(unreadable)?;
        if head != *MAGIC || end != *MAGIC {
            return refused("it is not a Parquet file, or it was cut short");
        }
        let footer = u32::from_le_bytes(footer);
        if u64::from(footer) > length - TAIL - MAGIC.len() as u64 {
            return refused("its footer is said to be longer than the file");
        }
        if footer > FOOTER_LIMIT {
            return refused(&format!("its footer is longer than {FOOTER_LIMIT} bytes"));
        }
        Ok(Source { file, length })
    }

    /// How many bytes the file has.
    pub(super) fn length(&self) -> u64 {
        self.length
    }
}

impl Source {
    /// The footer, whose length [`open`](Self::open) has looked at.
    pub(super) fn footer(&self) -> Result<ParquetMetaData> {
        ParquetMetaDataReader::new().parse_and_finish(&self.file)
    }
}

impl Length for Source {
    fn len(&self) -> u64 {
        self.length
    }
}

impl ChunkReader for Source {
    type T = BufReader<File>;

    /// A reader at a page's header, once the header's own numbers have been looked at: nothing else
    /// is read this way.
    fn get_read(&self, start: u64) -> Result<Self::T> {
        let mut reader = self.file.get_read(start)?;
        let unpacked = unpacked_size(reader.fill_buf()?)
            .ok_or_else(|| refused("a page has no proper header"))?;
        if unpacked > PAGE_LIMIT {
            return Err(refused(&format!(
                "a page says that it unpacks to {unpacked} bytes; {PAGE_LIMIT} are the most"
            )));
        }
        Ok(reader)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let end = start.checked_add(length as u64);
        if end.is_none_or(|end| end > self.length) {
            return Err(refused("a part of it lies beyond its end"));
        }
        self.file.get_bytes(start, length)
    }
}

fn refused(reason: &str) -> ParquetError {
    ParquetError::General(reason.to_owned())
}

/// The second field of a page's header (Thrift compact protocol): what the page unpacks to. Field 1,
/// the kind of page, comes before it; both are 32-bit integers in zigzag.
fn unpacked_size(header: &[u8]) -> Option<u64> {
    const NEXT_FIELD_I32: u8 = 0x15;
    let rest = header.strip_prefix(&[NEXT_FIELD_I32])?;
    let (_, rest) = varint(rest)?;
    let rest = rest.strip_prefix(&[NEXT_FIELD_I32])?;
    let (zigzag, _) = varint(rest)?;
    (zigzag & 1 == 0).then_some(zigzag >> 1)
}

fn varint(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let mut value = 0;
    for (index, &byte) in bytes.iter().take(5).enumerate() {
        value |= u64::from(byte & 0x7f) << (7 * index);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[index + 1..]));
        }
    }
    None
}

/// The pages of one column chunk, each looked at before it is decoded.
pub(super) struct Pages {
    inner: SerializedPageReader<Source>,
    /// The fewest bytes that one value takes in a dictionary.
    value_bytes: u64,
    /// Whether the values are numbers, which may be packed as deltas.
    numbers: bool,
    /// Whether the values are texts, whose lengths may be.
    texts: bool,
    optional: bool,
    dictionary_seen: bool,
}

impl Pages {
    pub(super) fn new(
        source: &Arc<Source>,
        chunk: &ColumnChunkMetaData,
        rows: usize,
    ) -> Result<Self> {
        use parquet::basic::Type;
        let kind = chunk.column_type();
        let descriptor = chunk.column_descr();
        let value_bytes = match kind {
            Type::INT64 => 8,
            Type::FIXED_LEN_BYTE_ARRAY => {
                u64::try_from(descriptor.type_length()).unwrap_or(1).max(1)
            }
            // A text has its length before it, in four bytes.
            _ => 4,
        };
        Ok(Pages {
            inner: SerializedPageReader::new(source.clone(), chunk, rows, None)?,
            value_bytes,
            numbers: matches!(kind, Type::INT32 | Type::INT64),
            texts: kind == Type::BYTE_ARRAY,
            optional: descriptor.max_def_level() > 0,
            dictionary_seen: false,
        })
    }

    fn check(&mut self, page: &Page) -> Result<()> {
        let encoding = match page {
            Page::DictionaryPage {
                buf, num_values, ..
            } => {
                if u64::from(*num_values) * self.value_bytes > buf.len() as u64 {
                    return Err(refused(
                        "a dictionary says that it has more entries than it has room for",
                    ));
                }
                self.dictionary_seen = true;
                return Ok(());
            }
            Page::DataPageV2 {
                buf,
                encoding,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => {
                if u64::from(*def_levels_byte_len) + u64::from(*rep_levels_byte_len)
                    > buf.len() as u64
                {
                    return Err(refused(
                        "a page says that its levels are longer than itself",
                    ));
                }
                *encoding
            }
            Page::DataPage {
                encoding,
                def_level_encoding,
                ..
            } => {
                // Where nothing can be missing there are no levels, whatever is said of them.
                if self.optional && *def_level_encoding != Encoding::RLE {
                    return Err(refused(
                        "a page has its levels in another encoding than RLE",
                    ));
                }
                *encoding
            }
        };
        match encoding {
            Encoding::PLAIN => Ok(()),
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY if self.dictionary_seen => Ok(()),
            Encoding::PLAIN_DICTIONARY | Encoding::RLE_DICTIONARY => Err(refused(
                "a page refers to a dictionary that did not come before it",
            )),
            Encoding::DELTA_BINARY_PACKED if self.numbers => Ok(()),
            Encoding::DELTA_LENGTH_BYTE_ARRAY if self.texts => self.check_lengths(page),
            other => Err(refused(&format!(
                "a page is encoded as {other}; write it as PLAIN or with a dictionary"
            ))),
        }
    }
}

impl Pages {
    /// Lengths packed as deltas are all unpacked at once, and no count of them is too large to be
    /// packed into a few bytes.
    fn check_lengths(&self, page: &Page) -> Result<()> {
        let values = match page {
            Page::DataPageV2 {
                buf,
                def_levels_byte_len,
                rep_levels_byte_len,
                ..
            } => buf.get((def_levels_byte_len + rep_levels_byte_len) as usize..),
            Page::DataPage { buf, .. } if self.optional => buf
                .split_first_chunk()
                .and_then(|(length, rest)| rest.get(u32::from_le_bytes(*length) as usize..)),
            page => Some(page.buffer().as_ref()),
        };
        // The header: values in a block, miniblocks in a block, values in all.
        let count = values
            .and_then(varint)
            .and_then(|(_, rest)| varint(rest))
            .and_then(|(_, rest)| varint(rest))
            .map(|(count, _)| count);
        match count {
            Some(count) if count <= PACKED_LENGTHS && count <= page.num_values().into() => Ok(()),
            _ => Err(refused(
                "a page says that it has more texts than it has room for",
            )),
        }
    }
}

impl Iterator for Pages {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Pages {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        if let Some(page) = &page {
            self.check(page)?;
        }
        Ok(page)
    }

    // Columns are read from the first page to the last: nobody looks ahead.
    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        Err(refused("pages are read in order"))
    }

    fn skip_next_page(&mut self) -> Result<()> {
        Err(refused("pages are read in order"))
    }
}
