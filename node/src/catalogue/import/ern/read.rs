//! From XML to a [`Message`]: what is there, by its meaning, with its references resolved.

mod deals;
mod items;
mod releases;
mod resources;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use federation::identifiers::{Identifier, Scheme};
use settlement::Territory;

use super::message::{
    Content, Header, Message, MessageParty, MessageRelease, Purge, ReleaseCodes, ReleaseDeal,
    ReleaseMessage, Resource, ResourceKind,
};
use super::xml::{Element, Next, Xml, malformed, of_ddex};
use crate::catalogue::tags::cleaned;
use crate::words::Say;

/// The most parties, resources, releases or deals of a message.
const LIMIT: usize = 250_000;
/// The most notices about one message.
const NOTICES: usize = 100;
/// The most that is held of one message, in bytes: 250,000 recordings that say a lot of themselves.
const HELD: usize = 512 << 20;
/// The most codes of a release.
const KEYS: usize = 50;
/// The most ids and names of who a message is sent to.
const RECIPIENTS: usize = 200;
/// The messages that are read.
const MESSAGES: [&str; 2] = ["NewReleaseMessage", "PurgeReleaseMessage"];

/// Whether a file is an ERN message, or another document of DDEX that is no manifest of a batch, by
/// its first element; where that cannot be read, by how it begins.
pub fn is_ern(path: &Path) -> bool {
    let Ok(file) = File::open(path) else {
        return false;
    };
    let first = Xml::open(file).and_then(|mut xml| xml.advance());
    if let Ok(Next::Begin(root)) = first {
        return MESSAGES.contains(&root.name.as_str())
            || (vocabulary(&root).is_some_and(|named| version_of(named).is_some())
                && root.name != "ManifestMessage");
    }
    let mut head = Vec::new();
    let Ok(file) = File::open(path) else {
        return false;
    };
    if file.take(4096).read_to_end(&mut head).is_err() {
        return false;
    }
    // Text in UTF-16 has a zero beside every letter.
    head.retain(|byte| *byte != 0);
    let head = String::from_utf8_lossy(&head);
    MESSAGES.iter().any(|name| head.contains(name))
}

/// Reads a message. `territory` is the node's own: of titles in several, its own is taken.
///
/// # Errors
/// A sentence that says what is wrong, on which line.
pub fn read(file: File, territory: Territory) -> Result<Message, Say> {
    let mut xml = Xml::open(file)?;
    let root = match xml.advance()? {
        Next::Begin(root) => root,
        Next::End | Next::Over => return Err(xml.refused("there is no element in it")),
    };
    version(&root)?;
    let message = match root.name.as_str() {
        "NewReleaseMessage" => {
            let mut reading = Reading::new(territory);
            reading.lists(&mut xml)?;
            Message::Release(Box::new(reading.message(root.line)?))
        }
        "PurgeReleaseMessage" => purge(xml.whole(root)?)?,
        other => {
            let other: String = other.chars().take(60).collect();
            return Err(xml.refused(format!("{other} is not a message that is read here")));
        }
    };
    match xml.advance()? {
        Next::Over => Ok(message),
        Next::Begin(_) | Next::End => Err(xml.refused("there is something after its end")),
    }
}

/// Reads the version of the standard from the namespace, and refuses those that mean other things
/// by the same words.
fn version(root: &Element) -> Result<(), Say> {
    let Some(version) = vocabulary(root).and_then(version_of) else {
        return Err(malformed(root.line, "it is not of a version of DDEX ERN"));
    };
    match version {
        "4" | "41" | "411" | "42" | "43" | "431" | "432" => Ok(()),
        other => {
            // 382 is 3.8.2; what it says besides digits is nobody's number.
            let digits: Vec<String> = other
                .chars()
                .filter(char::is_ascii_digit)
                .take(6)
                .map(String::from)
                .collect();
            let version = match digits.is_empty() {
                true => other.chars().take(12).collect(),
                false => digits.join("."),
            };
            Err(Say::new("catalogue-ern-version").with("version", cleaned(&version).0))
        }
    }
}

/// The first of DDEX's vocabularies that an element names.
fn vocabulary(root: &Element) -> Option<&str> {
    root.attributes
        .iter()
        .filter(|(name, _)| name == "xmlns" || name.starts_with("xmlns:"))
        .filter_map(|(_, value)| of_ddex(value))
        .find(|named| version_of(named).is_some())
}

/// The version in the name of a vocabulary: `ern/43`, and `2011/ern-main/341` as it was before 3.7.
fn version_of(vocabulary: &str) -> Option<&str> {
    let mut parts = vocabulary.split('/');
    parts.find(|part| matches!(*part, "ern" | "ern-main"))?;
    parts.next().filter(|version| !version.is_empty())
}

fn missing(element: &Element, what: &str) -> Say {
    Say::new("catalogue-ern-missing")
        .with("line", element.line)
        .with("element", &element.name)
        .with("missing", what)
}

fn required<'e>(element: &'e Element, path: &[&str]) -> Result<&'e str, Say> {
    element
        .text_at(path)
        .ok_or_else(|| missing(element, &path.join("/")))
}

fn header(element: &Element) -> Result<Header, Say> {
    // It must be there, and may say nothing.
    let id = element
        .child("MessageId")
        .ok_or_else(|| missing(element, "MessageId"))?;
    let sender = element
        .child("MessageSender")
        .ok_or_else(|| missing(element, "MessageSender"))?;
    let name = |party: &Element| {
        let name = party
            .text_at(&["PartyName", "FullName"])
            .or_else(|| party.text_at(&["TradingName"]));
        name.map(|name| cleaned(name).0)
            .filter(|name| !name.is_empty())
    };
    let own_id = |party: &Element| {
        let id = party
            .text_at(&["PartyId"])
            .or_else(|| party.text_at(&["PartyId", "DPID"]));
        id.map(|id| cleaned(id).0).filter(|id| !id.is_empty())
    };
    let sender_name = name(sender);
    let sender_id = own_id(sender)
        .or_else(|| sender_name.clone())
        .ok_or_else(|| missing(sender, "PartyId"))?;
    Ok(Header {
        id: cleaned(&id.text).0,
        sender_name: sender_name.unwrap_or_else(|| sender_id.clone()),
        sender: sender_id,
        on_behalf_of: element
            .child("SentOnBehalfOf")
            .and_then(|party| name(party).or_else(|| own_id(party))),
        recipients: element
            .all("MessageRecipient")
            .flat_map(names_of)
            .take(RECIPIENTS)
            .collect(),
        created: required(element, &["MessageCreatedDateTime"])?.to_owned(),
        is_test: element.text_at(&["MessageControlType"]) == Some("TestMessage"),
    })
}

/// Everything a party of a header or a deal goes by: ids and names, as they are compared.
fn names_of(party: &Element) -> Vec<String> {
    let mut names = Vec::new();
    for id in party.all("PartyId") {
        names.push(id.text.as_str());
        names.extend(id.children.iter().map(|child| child.text.as_str()));
    }
    names.extend(party.text_at(&["PartyName", "FullName"]));
    names.extend(party.all("TradingName").map(|name| name.text.as_str()));
    names
        .into_iter()
        .map(|name| cleaned(name).0.to_lowercase())
        .filter(|name| !name.is_empty())
        .collect()
}

fn purge(root: Element) -> Result<Message, Say> {
    let head = root
        .child("MessageHeader")
        .ok_or_else(|| missing(&root, "MessageHeader"))?;
    let purged = root
        .child("PurgedRelease")
        .ok_or_else(|| missing(&root, "PurgedRelease"))?;
    let mut notices = Vec::new();
    Ok(Message::Purge(Purge {
        header: header(head)?,
        codes: release_codes(purged, &mut notices)?,
    }))
}

/// The codes of a release, the one it is known by first.
fn release_codes(element: &Element, notices: &mut Vec<Say>) -> Result<ReleaseCodes, Say> {
    let mut codes = ReleaseCodes::default();
    for id in element.all("ReleaseId") {
        for (name, scheme) in [
            ("ICPN", Some(Scheme::Icpn)),
            ("GRid", None),
            ("ISRC", Some(Scheme::Isrc)),
        ] {
            if let Some(text) = id.text_at(&[name]) {
                let kind = name.to_lowercase();
                codes.keys.push(format!("{kind}:{}", cleaned(text).0));
                if let Some(code) = scheme.and_then(|scheme| code(scheme, text, notices)) {
                    // A bar code is written with zeros before it or without.
                    let bare = code.value().trim_start_matches('0');
                    codes.keys.push(format!("{kind}:={bare}"));
                    codes.codes.push(code);
                }
            }
        }
        for own in own_codes(id) {
            codes.keys.push(format!("own:{own}"));
        }
    }
    if codes.keys.is_empty() {
        return Err(missing(element, "ReleaseId"));
    }
    let mut seen = BTreeSet::new();
    codes.keys.retain(|key| seen.insert(key.clone()));
    codes.keys.truncate(KEYS);
    Ok(codes)
}

fn own_codes(id: &Element) -> Vec<String> {
    let mut own = Vec::new();
    for name in ["ProprietaryId", "CatalogNumber"] {
        for proprietary in id.all(name).filter(|own| !own.text.is_empty()) {
            let namespace = proprietary.attribute("Namespace").unwrap_or_default();
            own.push(cleaned(&format!("{namespace}:{}", proprietary.text)).0);
        }
    }
    own
}

/// A code, if it is one; else a word about it.
fn code(scheme: Scheme, text: &str, notices: &mut Vec<Say>) -> Option<Identifier> {
    match Identifier::parse(scheme, text) {
        Ok(code) => Some(code),
        Err(why) => {
            if notices.len() < NOTICES {
                let shown: String = text.chars().take(40).collect();
                notices.push(
                    Say::new("catalogue-code-malformed")
                        .with("scheme", scheme.name())
                        .with("code", cleaned(&shown).0)
                        .with("reason", why),
                );
            }
            None
        }
    }
}

struct Reading {
    territory: Territory,
    header: Option<Header>,
    parties: BTreeMap<String, MessageParty>,
    resources: BTreeMap<String, Resource>,
    releases: Vec<MessageRelease>,
    tracks: BTreeMap<String, Vec<String>>,
    /// The track releases: reference, resource, labels, genre, codes, line.
    track_releases: Vec<TrackRelease>,
    /// Releases of clips, by reference: they are no works.
    clips: BTreeSet<String>,
    deals: Vec<ReleaseDeal>,
    notices: Vec<Say>,
    /// How many bytes of it are held.
    held: usize,
}

struct TrackRelease {
    reference: String,
    resource: String,
    labels: Vec<String>,
    genre: Option<String>,
    codes: ReleaseCodes,
    line: u64,
}

impl Reading {
    fn new(territory: Territory) -> Self {
        Reading {
            territory,
            header: None,
            parties: BTreeMap::new(),
            resources: BTreeMap::new(),
            releases: Vec::new(),
            tracks: BTreeMap::new(),
            track_releases: Vec::new(),
            clips: BTreeSet::new(),
            deals: Vec::new(),
            notices: Vec::new(),
            held: 0,
        }
    }

    /// Reads the lists of a message, an item at a time.
    fn lists(&mut self, xml: &mut Xml) -> Result<(), Say> {
        loop {
            let list = match xml.advance()? {
                Next::Begin(list) => list,
                Next::End => return Ok(()),
                Next::Over => return Err(xml.refused("it ends too early")),
            };
            match list.name.as_str() {
                "MessageHeader" => {
                    let element = xml.whole(list)?;
                    self.header = Some(header(&element)?);
                }
                "PartyList" | "ResourceList" | "ReleaseList" | "DealList" => self.items(xml)?,
                _ => xml.skip()?,
            }
        }
    }

    fn items(&mut self, xml: &mut Xml) -> Result<(), Say> {
        loop {
            let item = match xml.advance()? {
                Next::Begin(item) => item,
                Next::End => return Ok(()),
                Next::Over => return Err(xml.refused("it ends too early")),
            };
            let kind = match item.name.as_str() {
                "SoundRecording" => Some(ResourceKind::Sound),
                "Video" => Some(ResourceKind::Video),
                "Image" => Some(ResourceKind::Image),
                "Text" => Some(ResourceKind::Text),
                "SheetMusic" => Some(ResourceKind::SheetMusic),
                "Software" => Some(ResourceKind::Software),
                _ => None,
            };
            let known = [
                "Party",
                "Release",
                "TrackRelease",
                "ClipRelease",
                "ReleaseDeal",
            ];
            if kind.is_none() && !known.contains(&item.name.as_str()) {
                xml.skip()?;
                continue;
            }
            let element = xml.whole(item)?;
            match (element.name.as_str(), kind) {
                (_, Some(kind)) => self.resource(kind, &element)?,
                ("Party", _) => self.party(&element)?,
                ("Release", _) => self.release(&element)?,
                ("TrackRelease", _) => self.track_release(&element)?,
                ("ClipRelease", _) => self.clip_release(&element)?,
                _ => self.deal(&element)?,
            }
            if self.held > HELD {
                return Err(xml.refused("it says more than is held of one message"));
            }
            let counts = [
                self.parties.len(),
                self.resources.len(),
                self.track_releases.len() + self.releases.len() + self.clips.len(),
                self.deals.len(),
            ];
            if counts.iter().any(|count| *count > LIMIT) {
                return Err(
                    xml.refused(format!("a message of more than {LIMIT} items is not taken"))
                );
            }
        }
    }

    /// The message, when all of its references are to something.
    fn message(mut self, line: u64) -> Result<ReleaseMessage, Say> {
        let absent = |what: &str| {
            Say::new("catalogue-ern-missing")
                .with("line", line)
                .with("element", "NewReleaseMessage")
                .with("missing", what)
        };
        let header = self.header.take().ok_or_else(|| absent("MessageHeader"))?;
        if self.releases.is_empty() {
            // A message of tracks alone: each is a release of its own.
            for track in std::mem::take(&mut self.track_releases) {
                let release = self.of_track(track)?;
                self.releases.push(release);
            }
        }
        if self.releases.is_empty() {
            return Err(absent("ReleaseList/Release"));
        }
        self.resolve()?;
        Ok(ReleaseMessage {
            header,
            parties: self.parties,
            resources: self.resources,
            releases: self.releases,
            tracks: self.tracks,
            deals: self.deals,
            notices: self.notices,
        })
    }

    fn of_track(&self, track: TrackRelease) -> Result<MessageRelease, Say> {
        let resource = self
            .resources
            .get(&track.resource)
            .ok_or_else(|| dangling(track.line, &track.resource))?;
        Ok(MessageRelease {
            line: track.line,
            codes: track.codes,
            title: resource.title.clone().unwrap_or_default(),
            credit: resource.credit.clone().unwrap_or_default(),
            artists: resource
                .artists
                .iter()
                .map(|(artist, _)| artist.clone())
                .collect(),
            labels: track.labels,
            genre: track.genre,
            year: resource.year,
            type_word: "TrackRelease".to_owned(),
            content: vec![Content {
                resource: track.resource,
                disc: None,
                position: 1,
            }],
            pictures: Vec::new(),
            reference: track.reference,
        })
    }

    /// Everything that is referred to must be in the message.
    fn resolve(&self) -> Result<(), Say> {
        let party = |line: u64, reference: &str| match self.parties.contains_key(reference) {
            true => Ok(()),
            false => Err(dangling(line, reference)),
        };
        for resource in self.resources.values() {
            for (reference, _) in resource.artists.iter().chain(&resource.contributors) {
                party(resource.line, reference)?;
            }
        }
        for release in &self.releases {
            for reference in release.artists.iter().chain(&release.labels) {
                party(release.line, reference)?;
            }
            let content = release.content.iter().map(|content| &content.resource);
            for reference in content.chain(&release.pictures) {
                if !self.resources.contains_key(reference) {
                    return Err(dangling(release.line, reference));
                }
            }
        }
        let releases: Vec<&str> = self
            .releases
            .iter()
            .map(|release| release.reference.as_str())
            .chain(self.tracks.values().flatten().map(String::as_str))
            .chain(self.clips.iter().map(String::as_str))
            .collect();
        let releases: BTreeSet<&str> = releases.into_iter().collect();
        for deal in &self.deals {
            for reference in &deal.releases {
                if !releases.contains(reference.as_str()) {
                    let line = deal.deals.first().map_or(0, |deal| deal.line);
                    return Err(dangling(line, reference));
                }
            }
        }
        for resource in self.tracks.keys() {
            if !self.resources.contains_key(resource) {
                return Err(dangling(0, resource));
            }
        }
        Ok(())
    }
}

fn dangling(line: u64, reference: &str) -> Say {
    let reference: String = reference.chars().take(60).collect();
    Say::new("catalogue-ern-dangling")
        .with("line", line)
        .with("reference", cleaned(&reference).0)
}
