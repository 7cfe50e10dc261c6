//! A list of patrons as a library's software writes it: a table of names in whatever encoding, with
//! commas, semicolons or tabs, with or without a first line that names its columns. The names are
//! put on cards and forgotten with the answer.

use std::collections::HashMap;

use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

use crate::members::NAME_LIMIT;
use crate::names::{self, NoName};
use crate::web::Refusal;
use crate::words::Say;

/// The largest list, in bytes.
pub const BYTES_LIMIT: usize = 1024 * 1024;
/// The most lines of a list.
pub const LINES_LIMIT: usize = 5_000;

/// Words by which the first line names a column, folded.
const FAMILY: [&str; 6] = [
    "nom",
    "nom de famille",
    "last name",
    "lastname",
    "surname",
    "name",
];
const GIVEN: [&str; 5] = ["prenom", "first name", "firstname", "given name", "prenoms"];
const WHOLE: [&str; 8] = [
    "nom complet",
    "full name",
    "nom et prenom",
    "prenom et nom",
    "usager",
    "lecteur",
    "adherent",
    "patron",
];

/// A list, read.
#[derive(Debug, Default)]
pub struct Patrons {
    /// The names, in order.
    pub names: Vec<String>,
    /// The rows that were not taken: their line, what stands there, and why.
    pub refused: Vec<RefusedRow>,
}

/// A row that was not taken.
#[derive(Clone, Debug)]
pub struct RefusedRow {
    /// The line, from 1.
    pub line: u64,
    /// What stands there, shortened.
    pub text: String,
    /// Why.
    pub why: Say,
}

/// Reads a list.
///
/// # Errors
/// [`Refusal::Invalid`] on `list` when it is no list: empty, too large, a file of another kind.
pub fn read(bytes: &[u8]) -> Result<Patrons, Refusal> {
    let refused = |say| Err(Refusal::field("list", say));
    if bytes.is_empty() {
        return refused(Say::new("venues-list-empty"));
    }
    if bytes.len() > BYTES_LIMIT {
        return refused(Say::new("venues-list-large").with("limit", BYTES_LIMIT / 1024));
    }
    let text = decode(bytes);
    // Spreadsheets, archives and pictures lie about being tables.
    if bytes.starts_with(b"PK") || bytes.starts_with(b"%PDF") || text.contains('\0') {
        return refused(Say::new("venues-list-kind"));
    }
    let first = text.lines().find(|line| !line.trim().is_empty());
    let first = first.unwrap_or("");
    let delimiter = [b';', b'\t', b',']
        .into_iter()
        .max_by_key(|d| first.bytes().filter(|b| b == d).count())
        .unwrap_or(b';');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let mut patrons = Patrons::default();
    let mut columns: Option<Vec<usize>> = None;
    let mut seen: HashMap<String, u64> = HashMap::new();
    for (at, record) in reader.records().enumerate() {
        if at > LINES_LIMIT {
            return refused(Say::new("venues-list-long").with("limit", LINES_LIMIT));
        }
        let Ok(record) = record else {
            return refused(Say::new("venues-list-kind"));
        };
        let line = record.position().map_or(0, csv::Position::line);
        let Some(columns) = &columns else {
            let named = named_columns(&record);
            columns = Some(named.clone().unwrap_or_else(|| vec![0]));
            if named.is_none() {
                take(&record, &[0], line, &mut patrons, &mut seen);
            }
            continue;
        };
        take(&record, columns, line, &mut patrons, &mut seen);
    }
    if patrons.names.is_empty() && patrons.refused.is_empty() {
        return refused(Say::new("venues-list-empty"));
    }
    Ok(patrons)
}

/// By its mark, else UTF-8 if all of it is, else UTF-16 if every second byte is empty, else
/// Windows-1252, which is what spreadsheets of western Europe write.
fn decode(bytes: &[u8]) -> String {
    let encoding: &'static Encoding = match (Encoding::for_bom(bytes), bytes) {
        (Some((encoding, _)), _) => encoding,
        (None, [first, 0, ..]) if *first != 0 => UTF_16LE,
        (None, [0, second, ..]) if *second != 0 => UTF_16BE,
        _ if std::str::from_utf8(bytes).is_ok() => UTF_8,
        _ => WINDOWS_1252,
    };
    let (text, _, _) = encoding.decode(bytes);
    text.into_owned()
}

/// The columns whose cells make a name, in order, if this line names columns.
fn named_columns(record: &csv::StringRecord) -> Option<Vec<usize>> {
    let words: Vec<String> = record.iter().map(names::fold).collect();
    let find = |among: &[&str]| words.iter().position(|word| among.contains(&word.as_str()));
    if let Some(whole) = find(&WHOLE) {
        return Some(vec![whole]);
    }
    match (find(&GIVEN), find(&FAMILY)) {
        (Some(given), Some(family)) => Some(vec![given, family]),
        (None, Some(one)) | (Some(one), None) => Some(vec![one]),
        (None, None) => None,
    }
}

fn take(
    record: &csv::StringRecord,
    columns: &[usize],
    line: u64,
    patrons: &mut Patrons,
    seen: &mut HashMap<String, u64>,
) {
    let cells: Vec<&str> = columns
        .iter()
        .filter_map(|column| record.get(*column))
        .filter(|cell| !cell.is_empty())
        .collect();
    let text = cells.join(" ");
    let why = match names::one_line(&text, NAME_LIMIT) {
        Ok(name) => match seen.insert(names::fold(&name), line) {
            None => return patrons.names.push(name),
            Some(before) => Say::new("venues-list-twice").with("line", before),
        },
        // A line of nothing but separators says nothing.
        Err(NoName::Empty) if record.iter().all(str::is_empty) => return,
        Err(NoName::Empty) => Say::new("venues-list-no-name"),
        Err(NoName::TooLong) => Say::new("members-name-long").with("limit", NAME_LIMIT),
        Err(NoName::Unseen) => Say::new("members-name-unseen"),
    };
    let text = text.chars().filter(|c| !c.is_control()).take(60).collect();
    patrons.refused.push(RefusedRow { line, text, why });
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(bytes: &[u8]) -> Vec<String> {
        read(bytes).unwrap().names
    }

    #[test]
    fn a_list_is_read_whatever_it_was_written_in() {
        let expected = ["Zoé Nöel", "Ana"];
        let text = "Nom;Prénom;Carte\nNöel;Zoé;12\nAna;;13\n";
        assert_eq!(names(text.as_bytes()), expected);
        let (western, _, _) = WINDOWS_1252.encode(text);
        assert_eq!(names(&western), expected);
        let wide: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        assert_eq!(names(&wide), expected);
        let marked = [b"\xef\xbb\xbf".as_slice(), text.as_bytes()].concat();
        assert_eq!(names(&marked), expected);
        assert_eq!(names(b"Ana\r\nBela\r\n"), ["Ana", "Bela"]);
        assert_eq!(
            names(b"12\tx\tAna\n"),
            ["12"],
            "no column is named: the first one"
        );
    }

    #[test]
    fn a_row_that_is_no_name_is_refused_with_its_line() {
        let long = "x".repeat(100);
        let text = format!("name,card\nAna,1\n,2\nANÀ,3\n{long},4\nBe\u{202e}la,5\n,\nCai,6\n");
        let read = read(text.as_bytes()).unwrap();
        assert_eq!(read.names, ["Ana", "Cai"]);
        let lines: Vec<u64> = read.refused.iter().map(|row| row.line).collect();
        assert_eq!(lines, [3, 4, 5, 6]);
        assert!(
            read.refused
                .iter()
                .all(|row| row.text.chars().count() <= 60)
        );
    }

    #[test]
    fn a_file_that_is_no_list_is_refused_whole() {
        let many = "Ana\n".repeat(LINES_LIMIT + 2);
        let large = vec![b'a'; BYTES_LIMIT + 1];
        for bytes in [
            b"".as_slice(),
            b"PK\x03\x04 a workbook",
            b"%PDF-1.7",
            b"\x89PNG\r\n\x1a\n\0\0\0",
            b"\n\n;;\n",
            many.as_bytes(),
            &large,
        ] {
            assert!(matches!(read(bytes), Err(Refusal::Invalid(_))));
        }
    }
}
