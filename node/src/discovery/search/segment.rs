//! A part of the index: some of what can be found, and the words it is found by. Never changed
//! once built, only followed by another.
//!
//! Words stand in one sorted dictionary (a finite-state transducer), and where each is found stands
//! in one array in the dictionary's order: all words with a common beginning are one stretch of it.

use std::cmp::Ordering;
use std::collections::HashMap;

use fst::{IntoStreamer, Map, MapBuilder, Streamer};

use super::words;

/// The most a segment holds: a place in the array has 24 bits for what was found.
pub const SEGMENT_LIMIT: usize = 1 << 24;

/// The most pieces of text whose words are remembered while building.
const PIECES: usize = 400_000;

/// In which text of a thing a word stands, as bits.
pub mod field {
    /// Its title or name.
    pub const TITLE: u8 = 1;
    /// The first word of its title.
    pub const FIRST: u8 = 2;
    /// Whom it is by; the venue of a selection.
    pub const CREDIT: u8 = 4;
    /// The release a work came out on.
    pub const RELEASE: u8 = 8;
    /// Who put it out.
    pub const LABEL: u8 = 16;
    /// What genre it is; the words of a selection.
    pub const TAG: u8 = 32;
}

/// What sort of thing is found. The numbers are kept in files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Group {
    /// Something a member uses.
    Works = 0,
    /// Who plays it.
    Artists = 1,
    /// How works came out together.
    Releases = 2,
    /// Who puts them out.
    Labels = 3,
    /// What a venue put forward.
    Selections = 4,
}

impl Group {
    /// Every group, as pages list them.
    pub const ALL: [Group; 5] = [
        Group::Works,
        Group::Artists,
        Group::Releases,
        Group::Labels,
        Group::Selections,
    ];

    /// The word, as addresses and JSON write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Group::Works => "works",
            Group::Artists => "artists",
            Group::Releases => "releases",
            Group::Labels => "labels",
            Group::Selections => "selections",
        }
    }

    /// Reads what [`Group::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        Group::ALL.into_iter().find(|group| group.as_str() == text)
    }
}

/// Where the sound of a work is, for a release that of its works. The numbers are kept in files.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Sound {
    /// Nowhere we know.
    #[default]
    Nowhere = 0,
    /// On the node it comes from.
    There = 1,
    /// On this node.
    Here = 2,
}

/// Something that can be found, as it goes into the index.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Entry {
    /// Its URI.
    pub id: String,
    /// Scheme, host and port of the node it lives on.
    pub origin: String,
    /// What sort of thing it is.
    pub group: Option<Group>,
    /// Music, film, game or book, as [`settlement::Kind::as_str`] writes it; empty where it has
    /// none.
    pub kind: String,
    /// Its title or name.
    pub title: String,
    /// Whom it is by; the venue of a selection.
    pub credit: String,
    /// The release a work came out on.
    pub release: String,
    /// Who put it out.
    pub label: String,
    /// What genre it is said to be.
    pub genre: String,
    /// What else is said about it: the words of a selection.
    pub about: String,
    /// The year it came out, 0 where nobody says.
    pub year: u16,
    /// Its home, ISO 3166; empty where nobody says.
    pub territory: String,
    /// Where its sound is.
    pub sound: Sound,
    /// How dear it is to people, 0 to 255: see [`super::esteem`].
    pub esteem: u8,
    /// When it came in, in microseconds UTC.
    pub created_us: i64,
}

/// Texts that many things have in common, each once. Number 0 is "none".
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Names {
    /// The texts as they are shown.
    pub shown: Vec<String>,
}

#[derive(Default)]
struct Naming {
    names: Names,
    known: HashMap<String, u32>,
    /// Whether texts that differ in case and accents alone are two.
    exact: bool,
}

impl Naming {
    fn exact() -> Self {
        Naming {
            exact: true,
            ..Naming::default()
        }
    }

    /// The number of a text; texts that differ in case and accents alone are one.
    fn number(&mut self, text: &str) -> u32 {
        if self.names.shown.is_empty() {
            self.names.shown.push(String::new());
        }
        let text = text.trim();
        if text.is_empty() {
            return 0;
        }
        if let Some(number) = self.known.get(text) {
            return *number;
        }
        let folded = words::whole(text);
        let key = if folded.is_empty() || self.exact {
            text
        } else {
            &folded
        };
        let number = match self.known.get(key) {
            Some(number) => *number,
            None => {
                let number = u32::try_from(self.names.shown.len()).unwrap_or(0);
                self.names.shown.push(text.to_owned());
                self.known.insert(key.to_owned(), number);
                number
            }
        };
        self.known.insert(text.to_owned(), number);
        number
    }
}

/// What is known of everything in a segment, column by column.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns {
    /// [`Group`] as its number.
    pub group: Vec<u8>,
    /// The kind: its place in [`KINDS`] and one, 0 for none.
    pub kind: Vec<u8>,
    /// [`Sound`] as its number.
    pub sound: Vec<u8>,
    /// How dear it is.
    pub esteem: Vec<u8>,
    /// How many words of its title count.
    pub title_words: Vec<u8>,
    /// The year, 0 for none.
    pub year: Vec<u16>,
    /// Numbers into [`Segment::territories`].
    pub territory: Vec<u32>,
    /// Numbers into [`Segment::genres`].
    pub genre: Vec<u32>,
    /// Numbers into [`Segment::labels`].
    pub label: Vec<u32>,
    /// Numbers into [`Segment::origins`].
    pub origin: Vec<u32>,
    /// When it came in, in minutes since 1970 UTC.
    pub created: Vec<u32>,
}

/// The kinds of works, as the index numbers them.
pub const KINDS: [&str; 4] = ["music", "film", "game", "book"];

/// A part of the index.
pub struct Segment {
    /// Every word, and which one it is in order.
    pub(super) terms: Map<Vec<u8>>,
    /// Where the places of each word begin in `places`; one more than words.
    pub(super) starts: Vec<u32>,
    /// For each word, in order: what it is found in (24 bits) and in which field (8 bits).
    pub(super) places: Vec<u32>,
    /// What is known of each thing. Things are in the order of their URIs.
    pub(super) columns: Columns,
    /// Where each URI begins in `ids`; one more than things.
    pub(super) id_starts: Vec<u32>,
    /// The URIs after their origins, one after the other.
    pub(super) ids: Vec<u8>,
    /// Nodes.
    pub(super) origins: Names,
    /// Homes.
    pub(super) territories: Names,
    /// Genres.
    pub(super) genres: Names,
    /// Labels.
    pub(super) labels: Names,
}

impl Segment {
    /// How many things it holds.
    pub fn len(&self) -> usize {
        self.columns.group.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The URI of a thing.
    pub fn id(&self, at: usize) -> String {
        format!(
            "{}{}",
            self.origin(at),
            String::from_utf8_lossy(self.rest(at))
        )
    }

    fn origin(&self, at: usize) -> &str {
        &self.origins.shown[self.columns.origin[at] as usize]
    }

    fn rest(&self, at: usize) -> &[u8] {
        &self.ids[self.id_starts[at] as usize..self.id_starts[at + 1] as usize]
    }

    /// Which thing has this URI.
    pub fn find(&self, id: &str) -> Option<usize> {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = usize::midpoint(low, high);
            let there = self
                .origin(middle)
                .bytes()
                .chain(self.rest(middle).iter().copied());
            match there.cmp(id.bytes()) {
                Ordering::Less => low = middle + 1,
                Ordering::Greater => high = middle,
                Ordering::Equal => return Some(middle),
            }
        }
        None
    }

    /// The words that begin like this, as a stretch of their order.
    pub(super) fn beginning(&self, with: &str) -> std::ops::Range<usize> {
        let first = self
            .terms
            .range()
            .ge(with)
            .into_stream()
            .next()
            .map(|(_, at)| at);
        let Some(first) = first else { return 0..0 };
        // 0xff is in no word, so that this is after every word that begins so.
        let mut after = with.as_bytes().to_vec();
        after.push(0xff);
        let end = self
            .terms
            .range()
            .gt(after)
            .into_stream()
            .next()
            .map(|(_, at)| at);
        let end = end.map_or(self.starts.len() - 1, |at| at as usize);
        first as usize..end
    }

    /// The places of a stretch of words.
    pub(super) fn places_of(&self, words: std::ops::Range<usize>) -> &[u32] {
        &self.places[self.starts[words.start] as usize..self.starts[words.end] as usize]
    }

    /// About how much memory it takes, in bytes.
    pub fn bytes(&self) -> usize {
        self.terms.as_fst().as_bytes().len()
            + 4 * (self.starts.len() + self.places.len() + self.id_starts.len())
            + self.ids.len()
            + 27 * self.len()
    }
}

/// Builds a segment.
pub struct Builder {
    vocabulary: HashMap<Box<str>, u32>,
    /// The words of pieces of text that were read already: most pieces come again.
    pieces: HashMap<Box<str>, Box<[(u32, bool)]>>,
    pairs: Vec<(u32, u32)>,
    columns: Columns,
    ids: Vec<String>,
    origins: Naming,
    territories: Naming,
    genres: Naming,
    labels: Naming,
}

impl Default for Builder {
    fn default() -> Self {
        Builder {
            vocabulary: HashMap::new(),
            pieces: HashMap::new(),
            pairs: Vec::new(),
            columns: Columns::default(),
            ids: Vec::new(),
            origins: Naming::exact(),
            territories: Naming::exact(),
            genres: Naming::default(),
            labels: Naming::default(),
        }
    }
}

impl Builder {
    /// How many things it holds.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// Whether it is full.
    pub fn is_full(&self) -> bool {
        self.len() >= SEGMENT_LIMIT
    }

    /// Adds a thing. What comes after the limit is left out.
    pub fn add(&mut self, entry: &Entry) {
        let (Some(group), false) = (entry.group, self.is_full()) else {
            return;
        };
        let at = u32::try_from(self.len()).unwrap_or(0);
        let counted = self.read(&entry.title, at, field::TITLE);
        for (text, bit) in [
            (&entry.credit, field::CREDIT),
            (&entry.release, field::RELEASE),
            (&entry.label, field::LABEL),
            (&entry.genre, field::TAG),
            (&entry.about, field::TAG),
        ] {
            self.read(text, at, bit);
        }
        let kind = KINDS.iter().position(|kind| *kind == entry.kind);
        let columns = &mut self.columns;
        columns.group.push(group as u8);
        columns.kind.push(kind.map_or(0, |kind| kind as u8 + 1));
        columns.sound.push(entry.sound as u8);
        columns.esteem.push(entry.esteem);
        columns
            .title_words
            .push(u8::try_from(counted).unwrap_or(u8::MAX));
        columns.year.push(entry.year);
        columns
            .territory
            .push(self.territories.number(&entry.territory));
        columns.genre.push(self.genres.number(&entry.genre));
        columns.label.push(self.labels.number(&entry.label));
        // What lives elsewhere than its address says is kept by its whole address.
        let is_there = entry.id.starts_with(&entry.origin);
        let origin = if is_there { &entry.origin } else { "" };
        columns.origin.push(self.origins.number(origin));
        columns.created.push(minutes(entry.created_us));
        self.ids.push(entry.id.clone());
    }

    /// Notes the words of a text; how many of them count.
    fn read(&mut self, text: &str, at: u32, bit: u8) -> usize {
        let begin = self.pairs.len();
        let mut counted = 0;
        for piece in text.split_whitespace() {
            if self.pairs.len() - begin >= words::WORDS {
                break;
            }
            if !self.pieces.contains_key(piece) {
                let words = words::words_of(piece);
                let terms = words
                    .iter()
                    .map(|word| (self.term(&word.text), word.counts));
                let terms: Box<[(u32, bool)]> = terms.collect();
                if self.pieces.len() >= PIECES {
                    self.pieces.clear();
                }
                self.pieces.insert(piece.into(), terms);
            }
            for (term, counts) in &self.pieces[piece] {
                let first = self.pairs.len() == begin && bit == field::TITLE;
                let first = if first { field::FIRST } else { 0 };
                self.pairs.push((*term, at << 8 | u32::from(bit | first)));
                counted += usize::from(*counts);
            }
        }
        if self.pairs.len() == begin
            && let Some(bare) = words::bare(text)
        {
            let term = self.term(&bare);
            self.pairs.push((term, at << 8 | u32::from(bit)));
        }
        match counted {
            0 => self.pairs.len() - begin,
            counted => counted,
        }
    }

    fn term(&mut self, word: &str) -> u32 {
        if let Some(term) = self.vocabulary.get(word) {
            return *term;
        }
        let term = u32::try_from(self.vocabulary.len()).unwrap_or(u32::MAX);
        self.vocabulary.insert(word.into(), term);
        term
    }

    /// Adds what another segment holds, without what is gone from it.
    pub fn take(&mut self, other: &Segment, is_gone: impl Fn(usize) -> bool) {
        let mut moved = vec![u32::MAX; other.len()];
        for (from, to) in moved.iter_mut().enumerate() {
            if is_gone(from) || self.is_full() {
                continue;
            }
            *to = u32::try_from(self.len()).unwrap_or(u32::MAX);
            let (theirs, ours) = (&other.columns, &mut self.columns);
            ours.group.push(theirs.group[from]);
            ours.kind.push(theirs.kind[from]);
            ours.sound.push(theirs.sound[from]);
            ours.esteem.push(theirs.esteem[from]);
            ours.title_words.push(theirs.title_words[from]);
            ours.year.push(theirs.year[from]);
            let name = |names: &Names, number: u32| names.shown[number as usize].clone();
            let territory = name(&other.territories, theirs.territory[from]);
            ours.territory.push(self.territories.number(&territory));
            let genre = name(&other.genres, theirs.genre[from]);
            ours.genre.push(self.genres.number(&genre));
            let label = name(&other.labels, theirs.label[from]);
            ours.label.push(self.labels.number(&label));
            let origin = name(&other.origins, theirs.origin[from]);
            ours.origin.push(self.origins.number(&origin));
            ours.created.push(theirs.created[from]);
            self.ids.push(other.id(from));
        }
        let mut stream = other.terms.stream();
        while let Some((word, number)) = stream.next() {
            let Ok(word) = std::str::from_utf8(word) else {
                continue;
            };
            let number = number as usize;
            let mut term = None;
            for place in other.places_of(number..number + 1) {
                let to = moved[(place >> 8) as usize];
                if to != u32::MAX {
                    let term = *term.get_or_insert_with(|| self.term(word));
                    self.pairs.push((term, to << 8 | (place & 0xff)));
                }
            }
        }
    }

    /// The segment.
    pub fn finish(mut self) -> Segment {
        for naming in [
            &mut self.origins,
            &mut self.territories,
            &mut self.genres,
            &mut self.labels,
        ] {
            naming.number("");
        }
        let (order, moved) = in_order(&self.ids);
        let columns = self.columns.ordered(&order);
        let mut id_starts = Vec::with_capacity(order.len() + 1);
        let mut ids = Vec::new();
        for (to, from) in order.iter().enumerate() {
            id_starts.push(u32::try_from(ids.len()).unwrap_or(u32::MAX));
            let origin = &self.origins.names.shown[columns.origin[to] as usize];
            let id = &self.ids[*from as usize];
            ids.extend_from_slice(id.strip_prefix(origin.as_str()).unwrap_or(id).as_bytes());
        }
        id_starts.push(u32::try_from(ids.len()).unwrap_or(u32::MAX));
        let (terms, starts, places) = dictionary(self.vocabulary, &self.pairs, &moved);
        Segment {
            terms,
            starts,
            places,
            columns,
            id_starts,
            ids,
            origins: self.origins.names,
            territories: self.territories.names,
            genres: self.genres.names,
            labels: self.labels.names,
        }
    }
}

/// The order of these URIs, and where each of them goes in it.
fn in_order(ids: &[String]) -> (Vec<u32>, Vec<u32>) {
    let count = u32::try_from(ids.len()).unwrap_or(u32::MAX);
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_by(|a, b| ids[*a as usize].cmp(&ids[*b as usize]));
    let mut moved = vec![0; ids.len()];
    for (to, from) in (0..count).zip(&order) {
        moved[*from as usize] = to;
    }
    (order, moved)
}

/// Sorts the words, and under each the places where it is found, each place once.
fn dictionary(
    vocabulary: HashMap<Box<str>, u32>,
    pairs: &[(u32, u32)],
    moved: &[u32],
) -> (Map<Vec<u8>>, Vec<u32>, Vec<u32>) {
    let mut words: Vec<(Box<str>, u32)> = vocabulary.into_iter().collect();
    words.sort_unstable();
    let mut rank = vec![0_usize; words.len()];
    for (at, (_, term)) in words.iter().enumerate() {
        rank[*term as usize] = at;
    }
    // Where each word's places go: counted first, then filled in.
    let mut next = vec![0_usize; words.len() + 1];
    for (term, _) in pairs {
        next[rank[*term as usize] + 1] += 1;
    }
    for at in 1..next.len() {
        next[at] += next[at - 1];
    }
    let begins = next.clone();
    let mut places = vec![0_u32; pairs.len()];
    for (term, place) in pairs {
        let slot = &mut next[rank[*term as usize]];
        places[*slot] = moved[(place >> 8) as usize] << 8 | (place & 0xff);
        *slot += 1;
    }
    let mut starts = Vec::with_capacity(words.len() + 1);
    let mut kept = 0;
    let mut terms = MapBuilder::memory();
    for (at, (word, _)) in words.iter().enumerate() {
        starts.push(u32::try_from(kept).unwrap_or(u32::MAX));
        places[begins[at]..begins[at + 1]].sort_unstable();
        let begin = kept;
        for from in begins[at]..begins[at + 1] {
            let place = places[from];
            if kept > begin && places[kept - 1] >> 8 == place >> 8 {
                places[kept - 1] |= place & 0xff;
            } else {
                places[kept] = place;
                kept += 1;
            }
        }
        terms
            .insert(word.as_bytes(), at as u64)
            .expect("sorted words, each once, in memory");
    }
    starts.push(u32::try_from(kept).unwrap_or(u32::MAX));
    places.truncate(kept);
    places.shrink_to_fit();
    (terms.into_map(), starts, places)
}

impl Columns {
    fn ordered(&self, order: &[u32]) -> Self {
        fn by<T: Copy>(order: &[u32], column: &[T]) -> Vec<T> {
            order.iter().map(|from| column[*from as usize]).collect()
        }
        Columns {
            group: by(order, &self.group),
            kind: by(order, &self.kind),
            sound: by(order, &self.sound),
            esteem: by(order, &self.esteem),
            title_words: by(order, &self.title_words),
            year: by(order, &self.year),
            territory: by(order, &self.territory),
            genre: by(order, &self.genre),
            label: by(order, &self.label),
            origin: by(order, &self.origin),
            created: by(order, &self.created),
        }
    }
}

fn minutes(us: i64) -> u32 {
    u32::try_from(us.div_euclid(60_000_000)).unwrap_or(0)
}
