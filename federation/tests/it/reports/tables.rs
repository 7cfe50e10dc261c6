//! The tables of a report: written here, written elsewhere, and written to do harm.

use std::path::{Path, PathBuf};

use federation::files::FileRefused;
use federation::report::{
    LinesReader, LinesWriter, ReductionReader, ReductionWriter, read_tracks, write_tracks,
};
use proptest::prelude::*;
use settlement::{Isrc, Kind, Line, ReducedRow, Territory, Track, WorkId};

/// Many rows with sorted keys, in no order else.
pub fn many_lines(count: u32) -> Vec<Line> {
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

pub fn tracks() -> Vec<Track> {
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

pub fn foreign_rows() -> Vec<ReducedRow> {
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

pub fn written_lines(lines: &[Line]) -> Vec<u8> {
    let mut writer = LinesWriter::new(Vec::new()).unwrap();
    for line in lines {
        writer.push(line).unwrap();
    }
    let (bytes, rows) = writer.finish().unwrap();
    assert_eq!(rows, lines.len() as u64);
    bytes
}

pub fn written_rows(rows: &[ReducedRow]) -> Vec<u8> {
    let mut writer = ReductionWriter::new(Vec::new()).unwrap();
    for row in rows {
        writer.push(*row).unwrap();
    }
    writer.finish().unwrap().0
}

/// All lines of a file.
pub fn read_lines(path: &Path) -> Result<Vec<Line>, FileRefused> {
    let mut reader = LinesReader::open(path, "lines.parquet")?;
    let announced = reader.rows();
    let mut lines = Vec::new();
    while let Some(batch) = reader.next_batch()? {
        lines.extend(batch.iter());
    }
    assert_eq!(lines.len() as u64, announced);
    Ok(lines)
}

pub fn read_rows(path: &Path) -> Result<Vec<ReducedRow>, FileRefused> {
    ReductionReader::open(path, "reduction.parquet")?.read_all(|_| true, usize::MAX)
}

pub fn file(directory: &tempfile::TempDir, bytes: &[u8]) -> PathBuf {
    let path = directory.path().join("table.parquet");
    std::fs::write(&path, bytes).unwrap();
    path
}

pub fn fixture(name: &str) -> PathBuf {
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

#[test]
fn a_table_without_rows_is_read_as_others_write_it() {
    for writer in ["pyarrow-empty", "pyarrow-empty-dictionary"] {
        let lines = read_lines(&fixture(&format!("lines.{writer}.parquet"))).unwrap();
        assert_eq!(lines, [], "{writer}");
    }
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
