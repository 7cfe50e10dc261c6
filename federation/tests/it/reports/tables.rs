//! The tables of a report: written here, written elsewhere, and written to do harm.

use std::path::{Path, PathBuf};

use federation::files::FileRefused;
use federation::report::{
    LinesReader, LinesWriter, ReductionReader, ReductionWriter, read_tracks, write_tracks,
};
use proptest::prelude::*;
use settlement::{Isrc, Kind, Line, ReducedRow, Territory, Track, WorkId};

/// Many rows with sorted keys, in no order else.
fn many_lines(count: u32) -> Vec<Line> {
    (0..count)
        .map(|row| Line {
            venue: row / 4000,
            member: (row / 20) % 200,
            track: (row % 20) * 7 + row % 7,
            uses: 1 + row % 5,
            seconds: u64::from(row % 977) * 31,
        })
        .collect()
}

fn tracks() -> Vec<Track> {
    let track = |number: u32, isrc: Option<&str>, kind, home: Option<&str>| Track {
        id: WorkId::parse(&format!("https://loire.example/works/{number}")).unwrap(),
        isrc: isrc.and_then(Isrc::as_reported),
        kind,
        home: home.map(|home| Territory::parse(home).unwrap()),
    };
    vec![
        track(0, Some("FRABC2600001"), Kind::Music, Some("FR-ARA")),
        track(1, None, Kind::Music, None),
        track(2, Some("fr-abc-26-00003"), Kind::Film, Some("FR")),
        track(3, None, Kind::Book, Some("BE-WAL")),
    ]
}

/// The lines of the foreign files under `fixtures/tables`.
fn foreign_lines() -> Vec<Line> {
    let line = |venue, member, track, uses, seconds| Line {
        venue,
        member,
        track,
        uses,
        seconds,
    };
    vec![
        line(0, 0, 0, 3, 600),
        line(0, 0, 2, 1, 180),
        line(0, 7, 1, 2, 1 << 40),
        line(1, 7, 3, 2_000_000_000, 25),
        line(1, 2_000_000_000, 0, 1, 31),
    ]
}

fn foreign_rows() -> Vec<ReducedRow> {
    let row = |venue, track, uses, seconds, share, weight| ReducedRow {
        venue,
        track,
        uses,
        seconds,
        share,
        weight,
    };
    vec![
        row(0, 0, 3, 600, 1_000_000_000_000, 30_000),
        row(0, 1, 2, 1 << 40, u64::MAX, 10u128.pow(38) - 1),
        row(1, 3, 2_000_000_000, 25, 0, 0),
    ]
}

fn written_lines(lines: &[Line]) -> Vec<u8> {
    let mut writer = LinesWriter::new(Vec::new()).unwrap();
    for line in lines {
        writer.push(line).unwrap();
    }
    let (bytes, rows) = writer.finish().unwrap();
    assert_eq!(rows, lines.len() as u64);
    bytes
}

fn written_rows(rows: &[ReducedRow]) -> Vec<u8> {
    let mut writer = ReductionWriter::new(Vec::new()).unwrap();
    for row in rows {
        writer.push(*row).unwrap();
    }
    writer.finish().unwrap().0
}

/// All lines of a file.
fn read_lines(path: &Path) -> Result<Vec<Line>, FileRefused> {
    let mut reader = LinesReader::open(path, "lines.parquet")?;
    let announced = reader.rows();
    let mut lines = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        lines.extend(batch.iter());
    }
    assert_eq!(lines.len() as u64, announced);
    Ok(lines)
}

fn read_rows(path: &Path) -> Result<Vec<ReducedRow>, FileRefused> {
    ReductionReader::open(path, "reduction.parquet")?.read_all(|_| true, usize::MAX)
}

fn file(directory: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("table.parquet");
    std::fs::write(&path, bytes).unwrap();
    path
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/fixtures/tables")
        .join(name)
}

#[test]
fn lines_come_back_as_they_were_written() {
    let directory = tempfile::tempdir().unwrap();
    for count in [0, 1, 8191, 8192, 8193, 40_000] {
        let lines = many_lines(count);
        let path = file(&directory, &written_lines(&lines));
        assert_eq!(read_lines(&path).unwrap(), lines);
    }
}

#[test]
fn the_greatest_numbers_come_back() {
    let directory = tempfile::tempdir().unwrap();
    let greatest = Line {
        venue: u32::MAX,
        member: u32::MAX,
        track: u32::MAX,
        uses: u32::MAX,
        seconds: u64::MAX,
    };
    let lines = [
        Line {
            member: 0,
            track: 0,
            ..greatest
        },
        greatest,
    ];
    assert_eq!(
        read_lines(&file(&directory, &written_lines(&lines))).unwrap(),
        lines
    );
}

#[test]
fn the_same_rows_are_the_same_bytes() {
    let lines = many_lines(10_000);
    assert_eq!(written_lines(&lines), written_lines(&lines));
    assert_eq!(written_rows(&foreign_rows()), written_rows(&foreign_rows()));
    let once = write_tracks(Vec::new(), &tracks()).unwrap();
    assert_eq!(once, write_tracks(Vec::new(), &tracks()).unwrap());
}

#[test]
fn works_and_reduced_rows_come_back_as_they_were_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = file(&directory, &write_tracks(Vec::new(), &tracks()).unwrap());
    assert_eq!(read_tracks(&path, "tracks.parquet").unwrap(), tracks());
    let path = file(&directory, &write_tracks(Vec::new(), &[]).unwrap());
    assert_eq!(read_tracks(&path, "tracks.parquet").unwrap(), []);
    let path = file(&directory, &written_rows(&foreign_rows()));
    assert_eq!(read_rows(&path).unwrap(), foreign_rows());
}

#[test]
fn a_weight_of_39_digits_is_not_written() {
    let mut writer = ReductionWriter::new(Vec::new()).unwrap();
    writer
        .push(ReducedRow {
            weight: 10u128.pow(38),
            ..foreign_rows()[0]
        })
        .unwrap();
    assert!(writer.finish().is_err());
}

/// The fixtures were written by pyarrow, DuckDB and Polars, in the ways they write by default and in others.
#[test]
fn tables_that_other_programs_wrote_are_read() {
    for writer in [
        "pyarrow-snappy",
        "pyarrow-v2-zstd",
        "pyarrow-plain",
        "duckdb-snappy",
        "duckdb-v2-zstd",
        "polars",
    ] {
        let of = |table: &str| fixture(&format!("{table}.{writer}.parquet"));
        assert_eq!(
            read_lines(&of("lines")).unwrap(),
            foreign_lines(),
            "{writer}"
        );
        assert_eq!(
            read_tracks(&of("tracks"), "tracks.parquet").unwrap(),
            tracks(),
            "{writer}"
        );
        assert_eq!(
            read_rows(&of("reduction")).unwrap(),
            foreign_rows(),
            "{writer}"
        );
    }
}

#[test]
fn a_table_is_not_taken_for_another() {
    let refused = read_lines(&fixture("tracks.pyarrow-plain.parquet")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "lines.parquet: it has no column venue; it should have venue, member, track, uses, seconds"
    );
    let refused = read_rows(&fixture("lines.pyarrow-plain.parquet")).unwrap_err();
    assert!(refused.reason.starts_with("it has 5 columns"), "{refused}");
}

#[test]
fn a_missing_value_is_refused_with_its_column() {
    let refused = read_lines(&fixture("lines.with-a-null.parquet")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "lines.parquet, row 1: column uses has a missing value"
    );
}

#[test]
fn signed_numbers_are_not_taken_for_unsigned_ones() {
    let refused = read_lines(&fixture("lines.signed.parquet")).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "lines.parquet: its column uses is not UINT32"
    );
}

#[test]
fn a_work_that_is_there_twice_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut twice = tracks();
    twice.push(twice[1].clone());
    let path = file(&directory, &write_tracks(Vec::new(), &twice).unwrap());
    let refused = read_tracks(&path, "tracks.parquet").unwrap_err();
    assert_eq!(
        refused.to_string(),
        "tracks.parquet, row 5: the work https://loire.example/works/1 is there twice"
    );
}

#[test]
fn reduced_rows_out_of_order_or_of_unknown_works_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let reason = |rows: &[ReducedRow]| {
        let path = file(&directory, &written_rows(rows));
        let reader = ReductionReader::open(&path, "reduction.parquet").unwrap();
        reader
            .read_all(|venue| venue < 2, 4)
            .unwrap_err()
            .to_string()
    };
    let [first, second, third] = foreign_rows().try_into().unwrap();
    for (rows, expected) in [
        (
            vec![second, first],
            "reduction.parquet, row 2: rows are not sorted",
        ),
        (
            vec![first, first],
            "reduction.parquet, row 2: rows are not sorted",
        ),
        (
            vec![first, ReducedRow { venue: 2, ..third }],
            "row 2: the report has no venue number 2",
        ),
        (
            vec![ReducedRow { track: 4, ..first }],
            "row 1: the report has no track number 4",
        ),
        (
            vec![ReducedRow { uses: 0, ..first }],
            "row 1: it counts no use",
        ),
    ] {
        let found = reason(&rows);
        assert!(found.contains(expected), "{found}");
    }
}

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

proptest! {
    #[test]
    fn any_rows_come_back(lines in proptest::collection::vec(any::<(u32, u32, u32, u32, u64)>(), 0..200)) {
        let directory = tempfile::tempdir().unwrap();
        let lines: Vec<Line> = lines
            .into_iter()
            .map(|(venue, member, track, uses, seconds)| Line { venue, member, track, uses, seconds })
            .collect();
        prop_assert_eq!(read_lines(&file(&directory, &written_lines(&lines))).unwrap(), lines);
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
