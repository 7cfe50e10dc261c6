//! What a file says of itself: its tags, read with limits into texts that can be shown.

mod packed;

use std::fs::File;
use std::io::BufReader;
use std::path::Path;

use federation::identifiers::{Identifier, Scheme};
use lofty::config::{GlobalOptions, ParseOptions, apply_global_options};
use lofty::file::{TaggedFile, TaggedFileExt};
use lofty::picture::PictureType;
use lofty::probe::Probe;
use lofty::tag::{ItemKey, Tag};
use settlement::Isrc;

use super::TEXT_LIMIT;
use crate::words::Say;

/// The most memory that reading one item of a tag may take, in bytes.
const ITEM_BYTES: usize = 32 * 1024 * 1024;
/// The most artists of one track.
const ARTIST_LIMIT: usize = 20;

/// A file's tags, cleaned and checked.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tags {
    /// The title.
    pub title: Option<String>,
    /// The artists, one or several.
    pub artists: Vec<String>,
    /// The album.
    pub album: Option<String>,
    /// The artist of the album as a whole.
    pub album_artist: Option<String>,
    /// Who put it out.
    pub label: Option<String>,
    /// Who made the recording.
    pub producer: Option<String>,
    /// Who administers the song.
    pub publisher: Option<String>,
    /// Which disc, from 1.
    pub disc: Option<u32>,
    /// Which track, from 1.
    pub position: Option<u32>,
    /// The recording code.
    pub isrc: Option<Isrc>,
    /// The bar code.
    pub icpn: Option<String>,
    /// The genre.
    pub genre: Option<String>,
    /// The year.
    pub year: Option<u16>,
    /// MusicBrainz's id of the recording.
    pub recording_id: Option<Identifier>,
    /// MusicBrainz's id of the release.
    pub release_id: Option<Identifier>,
    /// MusicBrainz's id of the artist, where there is one artist.
    pub artist_id: Option<Identifier>,
    /// The picture on the front, as it lies in the file.
    pub picture: Option<Vec<u8>>,
}

/// Reads the tags of the file at `path`, and says what could not be taken as it is. A file whose
/// tags cannot be read has none.
pub fn read(path: &Path) -> (Tags, Vec<Say>) {
    let mut notices = Vec::new();
    let tagged = match open(path) {
        Ok(tagged) => tagged,
        Err(_) => {
            notices.push(Say::new("catalogue-tags-unreadable"));
            return (Tags::default(), notices);
        }
    };
    // The format's own tag first, then whatever else was put into the file.
    let mut tags: Vec<&Tag> = tagged.primary_tag().into_iter().collect();
    tags.extend(
        tagged
            .tags()
            .iter()
            .filter(|tag| tag.tag_type() != tagged.primary_tag_type()),
    );
    let mut reading = Reading {
        tags: &tags,
        notices: &mut notices,
    };
    let tags = reading.all();
    (tags, notices)
}

fn open(path: &Path) -> Result<TaggedFile, Box<dyn std::error::Error>> {
    // Kept by lofty for each thread.
    apply_global_options(
        GlobalOptions::new()
            .allocation_limit(ITEM_BYTES)
            .use_custom_resolvers(false)
            .preserve_format_specific_items(false),
    );
    let options = ParseOptions::new().read_properties(false);
    let file = File::open(path)?;
    if packed::has_packed_frames(&file)? {
        return Err("it has compressed frames".into());
    }
    let file = BufReader::new(File::open(path)?);
    Ok(Probe::new(file)
        .options(options)
        .guess_file_type()?
        .read()?)
}

struct Reading<'a> {
    tags: &'a [&'a Tag],
    notices: &'a mut Vec<Say>,
}

impl Reading<'_> {
    fn all(&mut self) -> Tags {
        let label = self.text(ItemKey::Label, "label");
        let publisher = self.text(ItemKey::Publisher, "publisher");
        // ID3 has one frame for both; who puts a record out is what it nearly always means.
        let (label, publisher) = match (label, publisher) {
            (None, publisher) => (publisher, None),
            (label, publisher) if label == publisher => (label, None),
            both => both,
        };
        Tags {
            recording_id: self.musicbrainz(ItemKey::MusicBrainzRecordingId),
            release_id: self.musicbrainz(ItemKey::MusicBrainzReleaseId),
            artist_id: self.musicbrainz(ItemKey::MusicBrainzArtistId),
            title: self.text(ItemKey::TrackTitle, "title"),
            artists: self.artists(),
            album: self.text(ItemKey::AlbumTitle, "album"),
            album_artist: self.text(ItemKey::AlbumArtist, "album artist"),
            label,
            producer: self.text(ItemKey::Producer, "producer"),
            publisher,
            disc: self.number(ItemKey::DiscNumber),
            position: self.number(ItemKey::TrackNumber),
            isrc: self.isrc(),
            icpn: self.icpn(),
            genre: self.text(ItemKey::Genre, "genre"),
            year: self.year(),
            picture: self.picture(),
        }
    }

    fn first(&self, key: ItemKey) -> Option<&str> {
        self.tags
            .iter()
            .filter_map(|tag| tag.get_string(key))
            .find(|text| !text.trim().is_empty())
    }

    fn text(&mut self, key: ItemKey, name: &'static str) -> Option<String> {
        let (text, cut) = cleaned(self.first(key)?);
        self.note_cut(cut, name);
        (!text.is_empty()).then_some(text)
    }

    fn note_cut(&mut self, cut: bool, name: &'static str) {
        if cut {
            let notice = Say::new("catalogue-tag-cut");
            self.notices
                .push(notice.with("tag", name).with("limit", TEXT_LIMIT));
        }
    }

    fn artists(&mut self) -> Vec<String> {
        let mut artists = Vec::new();
        for key in [ItemKey::TrackArtist, ItemKey::TrackArtists] {
            let several = self
                .tags
                .iter()
                .map(|tag| tag.get_strings(key).map(cleaned).collect::<Vec<_>>())
                .find(|several| !several.is_empty())
                .unwrap_or_default();
            for (name, cut) in several.into_iter().take(ARTIST_LIMIT) {
                self.note_cut(cut, "artist");
                if !name.is_empty() && !artists.contains(&name) {
                    artists.push(name);
                }
            }
            if !artists.is_empty() {
                break;
            }
        }
        artists
    }

    /// `3`, or the 3 of `3/12`.
    fn number(&self, key: ItemKey) -> Option<u32> {
        let text = self.first(key)?.trim();
        let digits = text
            .find(|letter: char| !letter.is_ascii_digit())
            .map_or(text, |end| &text[..end]);
        digits
            .parse()
            .ok()
            .filter(|number| (1..=9_999).contains(number))
    }

    fn isrc(&mut self) -> Option<Isrc> {
        let (text, _) = cleaned(self.first(ItemKey::Isrc)?);
        let isrc = Isrc::parse(&text.replace(' ', ""));
        if isrc.is_err() {
            let notice = Say::new("catalogue-isrc-malformed");
            self.notices.push(notice.with("isrc", shortened(&text)));
        }
        isrc.ok()
    }

    fn icpn(&self) -> Option<String> {
        let digits: String = self
            .first(ItemKey::Barcode)?
            .chars()
            .filter(char::is_ascii_digit)
            .take(15)
            .collect();
        (8..=14).contains(&digits.len()).then_some(digits)
    }

    fn musicbrainz(&self, key: ItemKey) -> Option<Identifier> {
        Identifier::parse(Scheme::MusicBrainz, self.first(key)?.trim()).ok()
    }

    fn year(&self) -> Option<u16> {
        [
            ItemKey::RecordingDate,
            ItemKey::Year,
            ItemKey::ReleaseDate,
            ItemKey::OriginalReleaseDate,
        ]
        .into_iter()
        .filter_map(|key| self.first(key)?.trim().get(..4)?.parse().ok())
        .find(|year| (1_000..=9_999).contains(year))
    }

    fn picture(&self) -> Option<Vec<u8>> {
        let front = self
            .tags
            .iter()
            .find_map(|tag| tag.get_picture_type(PictureType::CoverFront));
        let any = || self.tags.iter().find_map(|tag| tag.pictures().first());
        front.or_else(any).map(|picture| picture.data().to_vec())
    }
}

/// A text fit to be shown: one line, no control or direction marks, at most [`TEXT_LIMIT`]
/// characters; and whether it was cut.
pub fn cleaned(text: &str) -> (String, bool) {
    let mut cleaned = String::new();
    let mut length = 0;
    for letter in text.chars() {
        let letter = if letter.is_whitespace() || letter.is_control() {
            if cleaned.is_empty() || cleaned.ends_with(' ') {
                continue;
            }
            ' '
        } else if is_invisible(letter) {
            continue;
        } else {
            letter
        };
        if length == TEXT_LIMIT {
            cleaned.truncate(cleaned.trim_end().len());
            return (cleaned, true);
        }
        cleaned.push(letter);
        length += 1;
    }
    cleaned.truncate(cleaned.trim_end().len());
    (cleaned, false)
}

/// Marks that turn the direction of what follows, or show as nothing: they could make one name
/// look like another.
fn is_invisible(letter: char) -> bool {
    matches!(letter, '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{2069}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

fn shortened(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_becomes_one_line_that_can_be_shown() {
        assert_eq!(cleaned("  A\r\n\tB\0C  ").0, "A B C");
        assert_eq!(cleaned("abc\u{202e}fdp").0, "abcfdp");
        assert_eq!(cleaned("\u{feff}").0, "");
    }

    #[test]
    fn a_long_text_is_cut_and_says_so() {
        let (text, cut) = cleaned(&"é".repeat(TEXT_LIMIT + 1));
        assert_eq!((text.chars().count(), cut), (TEXT_LIMIT, true));
        assert!(!cleaned(&"é".repeat(TEXT_LIMIT)).1);
    }
}
