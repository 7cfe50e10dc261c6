//! Names from elsewhere: what members listened to before they came, if they choose to bring it, and
//! what that and curators' pairings answer to a search for a name the catalogue lacks.
//!
//! Of an export (ListenBrainz or Last.fm, JSON or CSV, gzip or not) only the artists' names are
//! read, and how often each occurs: no dates, no titles. The file itself is never kept. What is derived
//! are links between names that five members or more have in common ([`super::make`]); a member sees
//! and deletes what they brought.

use std::collections::{BTreeMap, HashSet};
use std::io::{BufRead, BufReader, Read};

use diesel::prelude::*;
use flate2::bufread::MultiGzDecoder;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use settlement::WorkId;

use super::{make, nearness, store};
use crate::Node;
use crate::catalogue::fold::fold;
use crate::catalogue::shown::{self, ShownWork};
use crate::db::Conn;
use crate::names::one_line;
use crate::schema::{brought_names, name_pairs, venues, works};
use crate::web::Refusal;
use crate::words::Say;

/// The longest name, in characters.
const NAME_LIMIT: usize = 200;
/// The most bytes of an export, unpacked.
const BYTES_LIMIT: u64 = 256 * 1024 * 1024;
/// The most different names of an export that are looked at.
const NAMES_LIMIT: usize = 50_000;
/// The most names that are kept of a member, those that occur most.
const KEPT_LIMIT: usize = 1_000;
/// The most counter-proposals.
const PROPOSALS: usize = 8;

/// What an export was found to hold: how often each name occurs, by the name folded.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Export {
    /// The names.
    pub names: BTreeMap<String, i64>,
    /// How many were no names.
    pub passed_over: u64,
}

impl Export {
    fn add(&mut self, name: &str) {
        let key = one_line(name, NAME_LIMIT)
            .map(|name| fold(&name))
            .unwrap_or_default();
        if key.is_empty() {
            self.passed_over += 1;
        } else if let Some(times) = self.names.get_mut(&key) {
            *times += 1;
        } else if self.names.len() < NAMES_LIMIT {
            self.names.insert(key, 1);
        } else {
            self.passed_over += 1;
        }
    }

    /// Reads an export.
    ///
    /// # Errors
    /// A sentence when it is none that is known, is broken, or unpacks to too much.
    pub fn read(file: impl Read) -> Result<Self, Refusal> {
        let unread = || Refusal::field("file", Say::new("discovery-export-unread"));
        let mut file = BufReader::new(file);
        let packed = file
            .fill_buf()
            .map_err(|_| unread())?
            .starts_with(&[0x1f, 0x8b]);
        let plain: Box<dyn Read + '_> = if packed {
            Box::new(MultiGzDecoder::new(file))
        } else {
            Box::new(file)
        };
        let mut plain = BufReader::new(plain.take(BYTES_LIMIT));
        let begin = plain.fill_buf().map_err(|_| unread())?;
        if begin.starts_with(&[0xff, 0xfe]) || begin.starts_with(&[0xfe, 0xff]) {
            return Err(Refusal::field(
                "file",
                Say::new("discovery-export-encoding"),
            ));
        }
        if begin.starts_with(&[0xef, 0xbb, 0xbf]) {
            plain.consume(3);
        }
        let begin = plain.fill_buf().map_err(|_| unread())?;
        let first = begin
            .iter()
            .find(|byte| !byte.is_ascii_whitespace())
            .copied();
        let mut export = Export::default();
        let read = match first {
            Some(b'{' | b'[') => export.read_json(&mut plain),
            Some(_) => export.read_csv(&mut plain),
            None => None,
        };
        if plain.get_ref().limit() == 0 {
            return Err(Refusal::field("file", Say::new("discovery-export-large")));
        }
        match read {
            Some(()) if !export.names.is_empty() => Ok(export),
            _ => Err(unread()),
        }
    }

    /// JSON, one value or one after another. The parser refuses what is too deep.
    fn read_json(&mut self, file: impl Read) -> Option<()> {
        let mut values = serde_json::Deserializer::from_reader(file);
        loop {
            let walk = Walk {
                export: self,
                is_artist: false,
            };
            match walk.deserialize(&mut values) {
                Ok(()) => {}
                Err(error) if error.is_eof() && values.end().is_ok() => return Some(()),
                Err(_) => return None,
            }
            if values.end().is_ok() {
                return Some(());
            }
        }
    }

    /// CSV: the column `artist` (or the first, without a heading).
    fn read_csv(&mut self, file: impl Read) -> Option<()> {
        let mut rows = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(file);
        let mut row = csv::ByteRecord::new();
        let mut column = None;
        while rows.read_byte_record(&mut row).ok()? {
            let Some(at) = column else {
                let heading = |field: &[u8]| {
                    let field = fold(&text(field));
                    field == "artist" || field == "artist name" || field == "artist names"
                };
                let found = row.iter().position(heading);
                column = Some(found.unwrap_or(0));
                if found.is_none() && row.len() > 1 {
                    self.add(&text(row.get(0)?));
                }
                continue;
            };
            match row.get(at) {
                Some(field) if row.len() > 1 => self.add(&text(field)),
                _ => self.passed_over += 1,
            }
        }
        Some(())
    }
}

/// A field as text: UTF-8, or else one letter a byte.
fn text(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(_) => bytes
            .iter()
            .take(4 * NAME_LIMIT)
            .map(|byte| char::from(*byte))
            .collect(),
    }
}

/// Walks through a JSON value and keeps nothing of it but artists' names.
struct Walk<'e> {
    export: &'e mut Export,
    is_artist: bool,
}

impl<'de> DeserializeSeed<'de> for Walk<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, value: D) -> Result<(), D::Error> {
        value.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Walk<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an export of what somebody listened to")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.is_artist {
            self.export.add(text);
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        loop {
            let walk = Walk {
                export: &mut *self.export,
                is_artist: false,
            };
            if seq.next_element_seed(walk)?.is_none() {
                return Ok(());
            }
        }
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let names_it = match key.as_str() {
                "artist_name" | "artistName" | "artist" => true,
                "#text" | "name" => self.is_artist,
                _ => false,
            };
            map.next_value_seed(Walk {
                export: &mut *self.export,
                is_artist: names_it,
            })?;
        }
        Ok(())
    }
}

/// Keeps what a member brought, instead of what they brought before; how many names.
///
/// # Errors
/// When the database breaks.
pub fn bring(conn: &mut Conn, member: &str, export: &Export) -> QueryResult<usize> {
    forget(conn, member)?;
    let mut names: Vec<(&String, &i64)> = export.names.iter().collect();
    names.sort_by(|a, b| b.1.cmp(a.1).then(a.0.cmp(b.0)));
    names.truncate(KEPT_LIMIT);
    for (name, times) in &names {
        diesel::insert_into(brought_names::table)
            .values((
                brought_names::member_id.eq(member),
                brought_names::name_key.eq(name.as_str()),
                brought_names::times.eq(**times),
            ))
            .execute(conn)?;
    }
    Ok(names.len())
}

/// Deletes what a member brought; how many names.
///
/// # Errors
/// When the database breaks.
pub fn forget(conn: &mut Conn, member: &str) -> QueryResult<usize> {
    diesel::delete(brought_names::table.filter(brought_names::member_id.eq(member))).execute(conn)
}

/// How many names a member brought.
///
/// # Errors
/// When the database breaks.
pub fn brought(conn: &mut Conn, member: &str) -> QueryResult<i64> {
    brought_names::table
        .filter(brought_names::member_id.eq(member))
        .count()
        .get_result(conn)
}

/// Pairs a name with artists of the catalogue, as a venue's curator says.
///
/// # Errors
/// A complaint when the name is none, or nothing offered here is credited to these artists.
pub fn pair(
    conn: &mut Conn,
    venue: &str,
    name: &str,
    credit: &str,
    now_us: i64,
) -> Result<(), Refusal> {
    let unread = || Refusal::field("name", Say::new("discovery-pair-name"));
    let name = one_line(name, NAME_LIMIT).map_err(|_| unread())?;
    let key = fold(&name);
    if key.is_empty() {
        return Err(unread());
    }
    if store::of_credit(conn, credit, 1)?.is_empty() {
        let unknown = Say::new("discovery-pair-credit").with("credit", credit);
        return Err(Refusal::field("credit", unknown));
    }
    let same = name_pairs::table
        .filter(name_pairs::name_key.eq(&key))
        .filter(name_pairs::credit.eq(credit))
        .filter(name_pairs::venue_id.eq(venue));
    diesel::delete(same).execute(conn)?;
    diesel::insert_into(name_pairs::table)
        .values((
            name_pairs::name_key.eq(&key),
            name_pairs::credit.eq(credit),
            name_pairs::venue_id.eq(venue),
            name_pairs::name.eq(&name),
            name_pairs::since_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// A work offered in answer to a name the catalogue lacks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CounterProposal {
    /// The work.
    pub work: ShownWork,
    /// Why, in a sentence.
    pub why: Say,
}

/// Works near a name that was searched for, where the catalogue has nothing by that name: what
/// curators paired with it, then what the same members (five at least) listen to.
///
/// # Errors
/// When the database or the nearness breaks.
pub fn counter_proposals(
    conn: &mut Conn,
    node: &Node,
    query: &str,
) -> Result<Vec<CounterProposal>, Refusal> {
    let Ok(name) = one_line(query, NAME_LIMIT) else {
        return Ok(Vec::new());
    };
    let key = fold(&name);
    let nearness = nearness(node)?;
    let thing = match &nearness {
        Some(nearness) => {
            make::name_thing(nearness, &make::name_key(&name)).map_err(Refusal::broken)?
        }
        None => None,
    };
    let mut wanted: Vec<(String, Say)> = Vec::new();
    let paired: Vec<(String, String)> = name_pairs::table
        .inner_join(venues::table.on(venues::id.eq(name_pairs::venue_id)))
        .filter(name_pairs::name_key.eq(&key))
        .order_by((name_pairs::since_us.desc(), name_pairs::credit))
        .select((name_pairs::credit, venues::name))
        .limit(PROPOSALS as i64)
        .load(conn)?;
    for (credit, venue) in paired {
        let why = Say::new("discovery-counter-curator")
            .with("name", &name)
            .with("venue", venue);
        wanted.push((credit, why));
    }
    if let (Some(nearness), Some(thing)) = (&nearness, thing) {
        let own = nearness.key(thing).map_err(Refusal::broken)?;
        if make::credit_of(&own).is_some() {
            // The catalogue has it: what was sought is found.
            return Ok(Vec::new());
        }
        for link in nearness.near(thing).map_err(Refusal::broken)? {
            if !link.together {
                continue;
            }
            let near = nearness.key(link.thing).map_err(Refusal::broken)?;
            if let Some(credit) = make::credit_of(&near) {
                let why = Say::new("discovery-counter-members").with("name", &name);
                wanted.push((credit.to_owned(), why));
            } else if let Some(work) = make::work_of(&near) {
                let credit: Option<String> = works::table
                    .find(work)
                    .select(works::credit)
                    .first(conn)
                    .optional()?;
                let why = Say::new("discovery-counter-members").with("name", &name);
                wanted.extend(credit.map(|credit| (credit, why)));
            }
        }
    }
    let blocked = crate::peers::standing::Blocklist::read(
        conn,
        &crate::peers::standing::Rules::of(&node.config),
    )?;
    let mut credits = HashSet::new();
    let mut found = Vec::new();
    for (credit, why) in wanted {
        if found.len() >= PROPOSALS || !credits.insert(credit.clone()) {
            continue;
        }
        let ids = store::of_credit(conn, &credit, 4)?;
        let ids: Vec<WorkId> = ids.iter().filter_map(|id| WorkId::parse(id).ok()).collect();
        let offered = shown::works(conn, &ids)?;
        let one = ids
            .iter()
            .filter_map(|id| offered.get(id))
            .find(|work| !blocked.holds_origin(&work.origin));
        found.extend(one.map(|work| CounterProposal {
            work: work.clone(),
            why,
        }));
    }
    Ok(found)
}
