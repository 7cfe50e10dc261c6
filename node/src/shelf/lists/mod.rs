//! Playlists as files: M3U8, XSPF 1 and JSPF, read and written.
//!
//! A file that comes in is anybody's: its lines become [`Line`]s of cleaned text within limits, or it
//! is refused in a sentence. No address in it is ever fetched.

mod jspf;
mod m3u;
mod xspf;

use settlement::{Isrc, Uri};

use super::{ENTRIES_LIMIT, Entry};
use crate::catalogue::tags::cleaned;
use crate::words::Say;

/// The largest file that is read, in bytes.
pub const BYTES_LIMIT: usize = 1024 * 1024;
/// The most addresses of one line that are looked at.
const ADDRESSES_LIMIT: usize = 8;

/// How a playlist is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Extended M3U in UTF-8.
    M3u8,
    /// XML Shareable Playlist Format, version 1.
    Xspf,
    /// JSON Shareable Playlist Format.
    Jspf,
}

impl Format {
    /// Each of them.
    pub const ALL: [Format; 3] = [Format::M3u8, Format::Xspf, Format::Jspf];

    /// How a file of it ends.
    pub fn ending(self) -> &'static str {
        match self {
            Format::M3u8 => "m3u8",
            Format::Xspf => "xspf",
            Format::Jspf => "jspf",
        }
    }

    /// Its media type.
    pub fn media_type(self) -> &'static str {
        match self {
            Format::M3u8 => "application/vnd.apple.mpegurl",
            Format::Xspf => "application/xspf+xml",
            Format::Jspf => "application/jspf+json",
        }
    }

    /// The format that files ending like this have.
    pub fn of_ending(ending: &str) -> Option<Self> {
        Format::ALL
            .into_iter()
            .find(|format| format.ending() == ending)
    }
}

/// A playlist as a file says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct List {
    /// What it is called; may be empty.
    pub title: String,
    /// Its lines, in order.
    pub lines: Vec<Line>,
}

/// A line of a list: what it says of a work.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// The title; never empty.
    pub title: String,
    /// Whose it is; may be empty.
    pub credit: String,
    /// How long it lasts, in milliseconds.
    pub duration_ms: Option<i64>,
    /// Its recording code.
    pub isrc: Option<Isrc>,
    /// Addresses that name it.
    pub addresses: Vec<String>,
}

/// What a file says of a line, before it is cleaned.
#[derive(Debug, Default)]
struct Said {
    title: String,
    credit: String,
    duration_ms: Option<i64>,
    addresses: Vec<String>,
}

impl Said {
    /// The line, if it says anything.
    fn line(self) -> Option<Line> {
        let mut isrc = None;
        let mut addresses = Vec::new();
        for address in self.addresses.into_iter().take(ADDRESSES_LIMIT) {
            let address = address.trim();
            if address.len() > Uri::LIMIT {
                continue;
            }
            match code(address) {
                Some(code) => isrc = Some(code),
                None if !address.is_empty() => addresses.push(address.to_owned()),
                None => {}
            }
        }
        let mut title = cleaned(&self.title).0;
        if title.is_empty() {
            title = addresses.first().map(|first| named(first))?;
        }
        Some(Line {
            title,
            credit: cleaned(&self.credit).0,
            // Longer than a day is no length of a work.
            duration_ms: self.duration_ms.filter(|ms| (1..=86_400_000).contains(ms)),
            isrc,
            addresses,
        })
    }
}

/// The recording code an identifier holds: `urn:isrc:…`, `isrc:…` or bare.
fn code(identifier: &str) -> Option<Isrc> {
    let lower = identifier.to_ascii_lowercase();
    let bare = lower
        .strip_prefix("urn:isrc:")
        .or_else(|| lower.strip_prefix("isrc:"))
        .unwrap_or(&lower);
    let plain: String = bare.chars().filter(|c| *c != '-').collect();
    Isrc::parse(&plain.to_ascii_uppercase()).ok()
}

/// What a file is called by the end of its address, for a line that says nothing else.
fn named(address: &str) -> String {
    let end = address.rsplit(['/', '\\']).next().unwrap_or(address);
    let end = percent_encoding::percent_decode_str(end).decode_utf8_lossy();
    let stem = end.rsplit_once('.').map_or(&*end, |(stem, _)| stem);
    let name = cleaned(stem).0;
    if name.is_empty() {
        cleaned(address).0
    } else {
        name
    }
}

/// Reads a playlist, whatever it is called: its first letters say what it is.
///
/// # Errors
/// The sentence that says why it is not read.
pub fn read(bytes: &[u8]) -> Result<List, Say> {
    if bytes.len() > BYTES_LIMIT {
        return Err(Say::new("shelf-list-large").with("limit", BYTES_LIMIT / 1024));
    }
    let text = decoded(bytes);
    let said = text.trim_start();
    let mut list = match said.chars().next() {
        None => return Err(Say::new("shelf-list-empty")),
        Some('<') => xspf::read(said)?,
        Some('{') => jspf::read(said)?,
        Some(_) if text.contains('\0') => return Err(Say::new("shelf-list-unknown")),
        Some(_) => m3u::read(said),
    };
    list.title = cleaned(&list.title).0;
    if list.lines.is_empty() {
        return Err(Say::new("shelf-list-empty"));
    }
    if list.lines.len() > ENTRIES_LIMIT {
        return Err(Say::new("shelf-entries-many").with("limit", ENTRIES_LIMIT));
    }
    Ok(list)
}

/// The text of a file: UTF-8, UTF-16 with a mark, else as old programs for Windows wrote it.
fn decoded(bytes: &[u8]) -> String {
    if let Some((encoding, mark)) = encoding_rs::Encoding::for_bom(bytes) {
        let rest = bytes.get(mark..).unwrap_or_default();
        return encoding.decode_without_bom_handling(rest).0.into_owned();
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => {
            let (text, _) = encoding_rs::WINDOWS_1252.decode_without_bom_handling(bytes);
            text.into_owned()
        }
    }
}

/// Writes a playlist as a file. `address` is where a work's page is.
pub fn write(
    format: Format,
    title: &str,
    entries: &[Entry],
    address: impl Fn(&Entry) -> Option<String>,
) -> String {
    match format {
        Format::M3u8 => m3u::write(title, entries, address),
        Format::Xspf => xspf::write(title, entries, address),
        Format::Jspf => jspf::write(title, entries, address),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use settlement::WorkId;

    use super::*;

    fn entries() -> Vec<Entry> {
        vec![
            Entry {
                work: WorkId::parse("https://loire.example/works/1").ok(),
                title: "L’eau & le <feu> \"vif\"".into(),
                credit: "Zed - Août".into(),
                duration_ms: Some(207_000),
                isrc: Isrc::parse("FRZ032600001").ok(),
            },
            Entry {
                title: "#Sans, adresse]]>".into(),
                credit: "Ana".into(),
                ..Entry::default()
            },
        ]
    }

    #[test]
    fn what_is_written_is_read_again_in_every_format() {
        for format in Format::ALL {
            let file = write(format, "Mes <matins> & soirs", &entries(), |entry| {
                entry.work.as_ref().map(|work| work.to_string())
            });
            let list = read(file.as_bytes()).unwrap_or_else(|say| panic!("{format:?}: {say:?}"));
            assert_eq!(list.title, "Mes <matins> & soirs", "{format:?}");
            assert_eq!(list.lines.len(), 2, "{format:?}: {file}");
            for (line, entry) in list.lines.iter().zip(&entries()) {
                assert_eq!(line.title, entry.title, "{format:?}: {file}");
                assert_eq!(line.credit, entry.credit, "{format:?}: {file}");
                assert_eq!(line.duration_ms, entry.duration_ms, "{format:?}: {file}");
            }
            let work = "https://loire.example/works/1".to_owned();
            assert!(list.lines[0].addresses.contains(&work), "{format:?}");
            if format != Format::M3u8 {
                assert_eq!(list.lines[0].isrc, entries()[0].isrc, "{format:?}");
            }
        }
    }

    #[test]
    fn lists_of_other_programs_are_read() {
        let m3u = "\u{feff}#EXTM3U\r\n#PLAYLIST:Été\r\n#EXTINF:123 tvg-id=\"x\",Ana - Aube\r\n../Music/01%20Aube.mp3\r\n\r\nC:\\Musique\\Brume.flac\r\n";
        let list = read(m3u.as_bytes()).unwrap();
        assert_eq!(list.title, "Été");
        assert_eq!(list.lines[0].title, "Aube");
        assert_eq!(list.lines[0].credit, "Ana");
        assert_eq!(list.lines[0].duration_ms, Some(123_000));
        assert_eq!(list.lines[1].title, "Brume");
        // An M3U of an old program: bytes of Windows.
        let list = read(b"#EXTINF:5,Zo\xe9 - \xc9t\xe9\na.mp3\n").unwrap();
        assert_eq!(
            (&*list.lines[0].credit, &*list.lines[0].title),
            ("Zoé", "Été")
        );
        let xspf = "<?xml version='1.0'?><x:playlist xmlns:x='http://xspf.org/ns/0/' version='1'><x:trackList>\
            <x:track><x:title>A &amp; B</x:title><x:creator><![CDATA[C <D>]]></x:creator>\
            <x:identifier>urn:isrc:FR-Z03-26-00001</x:identifier><x:duration>1000</x:duration></x:track>\
            </x:trackList></x:playlist>";
        let list = read(xspf.as_bytes()).unwrap();
        assert_eq!(list.lines[0].title, "A & B");
        assert_eq!(list.lines[0].credit, "C <D>");
        assert_eq!(list.lines[0].isrc, Isrc::parse("FRZ032600001").ok());
        let jspf = r#"{"playlist":{"title":"T","track":[{"title":"A","creator":"B","identifier":"https://musicbrainz.org/recording/x","duration":1000.0}]}}"#;
        let list = read(jspf.as_bytes()).unwrap();
        assert_eq!(list.lines[0].duration_ms, Some(1000));
        assert_eq!(list.lines[0].addresses.len(), 1);
    }

    #[test]
    fn hostile_lists_are_refused_or_cleaned() {
        let laughs = "<!DOCTYPE lolz [<!ENTITY lol \"lol\"><!ENTITY lol2 \"&lol;&lol;\">]>\
            <playlist><trackList><track><title>&lol2;</title></track></trackList></playlist>";
        let outside = "<!DOCTYPE p [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><playlist/>";
        let entity =
            "<playlist><trackList><track><title>&x;</title></track></trackList></playlist>";
        let deep = "<a>".repeat(10_000);
        let nested = format!(
            "{{\"playlist\":{}1{}}}",
            "[".repeat(5_000),
            "]".repeat(5_000)
        );
        let many = "a.mp3\n".repeat(ENTRIES_LIMIT + 1);
        for bad in [
            "",
            "  \n",
            "#EXTM3U\n",
            laughs,
            outside,
            entity,
            &deep,
            &nested,
            &many,
            "<playlist><trackList>",
            "{\"playlist\":1}",
            "{",
            "PK\u{3}\u{4}\0\0",
        ] {
            assert!(
                read(bad.as_bytes()).is_err(),
                "{:?}",
                &bad[..bad.len().min(60)]
            );
        }
        assert!(read(&vec![b'a'; BYTES_LIMIT + 1]).is_err());
        let long = "a".repeat(100_000);
        let odd = format!(
            "#EXTINF:99999999999999999999,\u{202e}evil\u{7}\u{200b} - <script>{long}\n{long}.mp3\n"
        );
        let list = read(odd.as_bytes()).unwrap();
        assert_eq!(list.lines[0].credit, "evil");
        assert!(list.lines[0].title.chars().count() <= crate::catalogue::TEXT_LIMIT);
        assert_eq!(list.lines[0].duration_ms, None);
        assert!(list.lines[0].addresses.is_empty());
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
            let _ = read(&bytes);
        }

        #[test]
        fn titles_of_any_letters_come_back_in_every_format(title in "\\PC{1,40}", credit in "\\PC{0,40}") {
            let entry = Entry { title: cleaned(&title).0, credit: cleaned(&credit).0, ..Entry::default() };
            prop_assume!(!entry.title.is_empty());
            for format in [Format::Xspf, Format::Jspf] {
                let file = write(format, "x", std::slice::from_ref(&entry), |_| None);
                let list = read(file.as_bytes()).unwrap();
                prop_assert_eq!(&list.lines[0].title, &entry.title);
                prop_assert_eq!(&list.lines[0].credit, &entry.credit);
            }
        }
    }
}
