//! Tables that were written to do harm, or damaged on their way.

use std::path::Path;

use federation::report::{read_tracks, write_tracks};

use super::tables::{
    file, fixture, foreign_rows, many_lines, read_lines, read_rows, tracks, written_lines,
    written_rows,
};

#[test]
fn a_file_that_is_no_table_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let huge_footer = [
        b"PAR1".as_slice(),
        &[0; 40],
        &0xffff_fff0u32.to_le_bytes(),
        b"PAR1",
    ]
    .concat();
    for bytes in [
        &b""[..],
        b"PAR1",
        b"PAR1PAR1",
        b"PAR1\0\0\0\0PAR1",
        &[0; 4096],
        &huge_footer,
    ] {
        let refused = read_lines(&file(&directory, bytes)).unwrap_err();
        assert!(!refused.reason.is_empty());
    }
    assert!(
        read_lines(&directory.path().join("none"))
            .unwrap_err()
            .reason
            .contains("no such file")
    );
    assert!(read_lines(directory.path()).is_err());
}

#[test]
fn a_table_cut_short_anywhere_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let whole = written_lines(&many_lines(300));
    for length in 0..whole.len() {
        assert!(
            read_lines(&file(&directory, &whole[..length])).is_err(),
            "{length}"
        );
    }
}

/// Without digests a flipped bit may pass as another number; it may never panic, or ask for more
/// memory than there is.
#[test]
fn a_flipped_bit_anywhere_is_refused_or_read_and_never_more() {
    let directory = tempfile::tempdir().unwrap();
    let lines = |path: &Path| read_lines(path).is_err();
    let works = |path: &Path| read_tracks(path, "tracks.parquet").is_err();
    let rows = |path: &Path| read_rows(path).is_err();
    let of = |name: &str| std::fs::read(fixture(name)).unwrap();
    type IsRefused<'a> = &'a dyn Fn(&Path) -> bool;
    let files: [(Vec<u8>, IsRefused<'_>); 6] = [
        (written_lines(&many_lines(60)), &lines),
        (write_tracks(Vec::new(), &tracks()).unwrap(), &works),
        (written_rows(&foreign_rows()), &rows),
        (of("lines.pyarrow-snappy.parquet"), &lines),
        (of("tracks.duckdb-v2-zstd.parquet"), &works),
        (of("reduction.pyarrow-v2-zstd.parquet"), &rows),
    ];
    for (whole, is_refused) in files {
        let mut refused = 0;
        for place in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[place] ^= 1 << (place % 8);
            refused += usize::from(is_refused(&file(&directory, &bytes)));
        }
        assert!(refused > whole.len() / 4, "{refused} of {}", whole.len());
    }
}

/// Puts `to` in the place of `from`, which follows `at` bytes.
fn patched(bytes: &[u8], at: usize, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(
        &bytes[at..at + from.len()],
        from,
        "the writer writes otherwise now"
    );
    [&bytes[..at], to, &bytes[at + from.len()..]].concat()
}

/// A 32-bit number as Thrift writes it: zigzag, seven bits a byte.
fn thrift(number: u32) -> Vec<u8> {
    let mut rest = u64::from(number) << 1;
    let mut bytes = Vec::new();
    loop {
        let byte = u8::try_from(rest & 0x7f).unwrap();
        rest >>= 7;
        bytes.push(if rest == 0 { byte } else { byte | 0x80 });
        if rest == 0 {
            return bytes;
        }
    }
}

/// The first page of `lines` is the dictionary of its venues: two entries of four bytes. Its header
/// says so in the order kind of page, unpacked size, packed size, and the dictionary's own.
#[test]
fn a_small_file_that_speaks_of_huge_pages_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let honest = written_lines(&many_lines(8000));
    let refused = |bytes: Vec<u8>| read_lines(&file(&directory, &bytes)).unwrap_err().reason;
    let unpacked = patched(
        &honest,
        4,
        &[0x15, 0x04, 0x15, 0x10],
        &[vec![0x15, 0x04, 0x15], thrift(i32::MAX.cast_unsigned())].concat(),
    );
    assert_eq!(
        refused(unpacked),
        "column venue: a page says that it unpacks to 2147483647 bytes; 33554432 are the most"
    );
    let packed = honest[9];
    assert_eq!(honest[10], 0x4c, "the dictionary's own header follows");
    let at = 11;
    let entries = patched(
        &honest,
        at,
        &[0x15, 0x04],
        &[vec![0x15], thrift(2_000_000_000)].concat(),
    );
    assert_eq!(
        refused(entries),
        "column venue: a dictionary says that it has more entries than it has room for"
    );
    let none = patched(&honest, 4, &[0x15, 0x04], &[0x15, 0x02]);
    let reason = refused(none);
    assert!(
        reason.contains("refers to a dictionary that did not come before it"),
        "{reason}"
    );
    let packed_size = patched(&honest, 9, &[packed], &thrift(i32::MAX.cast_unsigned()));
    assert!(!refused(packed_size).is_empty());
}

/// Lengths that are packed as deltas need next to nothing each: their count is looked at first.
#[test]
fn a_small_file_that_speaks_of_many_texts_is_refused() {
    use parquet::basic::{Encoding, LogicalType, Repetition, Type as Physical};
    use parquet::data_type::{ByteArray, ByteArrayType, Int32Type};
    use parquet::file::properties::WriterProperties;
    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::types::Type;
    use std::sync::Arc;

    let text = |name: &str| {
        let column = Type::primitive_type_builder(name, Physical::BYTE_ARRAY)
            .with_repetition(Repetition::REQUIRED)
            .with_logical_type(Some(LogicalType::String));
        Arc::new(column.build().unwrap())
    };
    let number = Type::primitive_type_builder("track", Physical::INT32)
        .with_repetition(Repetition::REQUIRED)
        .with_logical_type(Some(LogicalType::integer(32, false)));
    let mut fields = ["id", "isrc", "kind", "home"].map(text).to_vec();
    fields.push(Arc::new(number.build().unwrap()));
    let schema = Arc::new(
        Type::group_type_builder("tracks")
            .with_fields(fields)
            .build()
            .unwrap(),
    );
    let properties = WriterProperties::builder()
        .set_dictionary_enabled(false)
        .set_encoding(Encoding::PLAIN)
        .set_column_encoding("id".into(), Encoding::DELTA_LENGTH_BYTE_ARRAY)
        .build();
    let mut writer = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties)).unwrap();
    let count = 200;
    let mut group = writer.next_row_group().unwrap();
    for value in ["https://a.example/w", "", "music", "FR"] {
        let values: Vec<_> = (0..count)
            .map(|row| {
                if value.len() > 9 {
                    format!("{value}/{row}")
                } else {
                    value.to_owned()
                }
            })
            .map(|text| ByteArray::from(text.as_str()))
            .collect();
        let mut column = group.next_column().unwrap().unwrap();
        column
            .typed::<ByteArrayType>()
            .write_batch(&values, None, None)
            .unwrap();
        column.close().unwrap();
    }
    let mut column = group.next_column().unwrap().unwrap();
    let numbers: Vec<i32> = (0..count).collect();
    column
        .typed::<Int32Type>()
        .write_batch(&numbers, None, None)
        .unwrap();
    column.close().unwrap();
    group.close().unwrap();
    let honest = writer.into_inner().unwrap();

    let directory = tempfile::tempdir().unwrap();
    let read = |bytes: &[u8]| read_tracks(&file(&directory, bytes), "tracks.parquet");
    assert_eq!(read(&honest).unwrap().len(), 200);
    // Values in a block (128), miniblocks (4), values in all (200), each seven bits a byte.
    let header = [0x80, 0x01, 0x04, 0xc8, 0x01];
    let at = honest
        .windows(5)
        .position(|window| window == header)
        .unwrap();
    let hostile = patched(&honest, at, &header, &[0x80, 0x01, 0x04, 0xff, 0x7f]);
    assert_eq!(
        read(&hostile).unwrap_err().reason,
        "column id: a page says that it has more texts than it has room for"
    );
}
