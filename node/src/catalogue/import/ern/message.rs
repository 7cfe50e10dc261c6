//! What is kept of a message while it is being taken.

use std::collections::BTreeMap;

use federation::identifiers::Identifier;

use super::super::hashes::HashSum;
use crate::words::Say;

/// A message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// A release, new or as it is now.
    Release(Box<ReleaseMessage>),
    /// A release that should never have been sent.
    Purge(Purge),
}

/// What every message says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its id, the sender's.
    pub id: String,
    /// The sender's party id, or its name where it has none.
    pub sender: String,
    /// The sender's name.
    pub sender_name: String,
    /// The name of who it is sent for.
    pub on_behalf_of: Option<String>,
    /// The ids and names of who it is sent to, as they are compared.
    pub recipients: Vec<String>,
    /// When it was made, as it says.
    pub created: String,
    /// Whether it says that it is a test.
    pub is_test: bool,
}

/// PurgeReleaseMessage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Purge {
    /// Who sends it.
    pub header: Header,
    /// The codes of the release.
    pub codes: ReleaseCodes,
}

/// NewReleaseMessage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseMessage {
    /// Who sends it.
    pub header: Header,
    /// The parties, by reference.
    pub parties: BTreeMap<String, MessageParty>,
    /// The resources, by reference.
    pub resources: BTreeMap<String, Resource>,
    /// The releases: mostly one.
    pub releases: Vec<MessageRelease>,
    /// Which release stands for a single track, by the reference of its resource.
    pub tracks: BTreeMap<String, Vec<String>>,
    /// The deals.
    pub deals: Vec<ReleaseDeal>,
    /// What was not quite as it should be, and was passed over.
    pub notices: Vec<Say>,
}

/// PartyList/Party.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageParty {
    /// Its name.
    pub name: String,
    /// Its codes.
    pub codes: Vec<Identifier>,
}

/// What a resource is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ResourceKind {
    /// SoundRecording
    Sound,
    /// Video
    Video,
    /// Image
    Image,
    /// Text
    Text,
    /// SheetMusic
    SheetMusic,
    /// Software
    Software,
}

/// A resource of the ResourceList.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Resource {
    /// What it is.
    pub kind: ResourceKind,
    /// The line it begins on.
    pub line: u64,
    /// Its Type: FrontCoverImage, LyricText…
    pub type_word: String,
    /// Its codes, in the order in which they are given.
    pub codes: Vec<Identifier>,
    /// The sender's own codes, as `namespace:value`.
    pub own_codes: Vec<String>,
    /// Its title, in the language that fits best.
    pub title: Option<String>,
    /// Whom it is by, as one line.
    pub credit: Option<String>,
    /// Whom it is by, by reference, with DDEX's word for how they are shown.
    pub artists: Vec<(String, String)>,
    /// Who else had a hand in it.
    pub contributors: Vec<(String, String)>,
    /// How long it lasts, in milliseconds.
    pub duration_ms: Option<u64>,
    /// The year of its P line.
    pub year: Option<u16>,
    /// Its P line.
    pub p_line: Option<String>,
    /// Whether it is said to be explicit.
    pub explicit: bool,
    /// Whether it comes along with the release without being a part of it.
    pub supplemental: bool,
    /// Its files, the best first.
    pub files: Vec<DeliveredFile>,
}

/// A file that a message names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeliveredFile {
    /// Where it is, from the folder of the message.
    pub uri: String,
    /// What its bytes must add up to.
    pub hash: Option<HashSum>,
}

/// The codes a release goes by.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ReleaseCodes {
    /// The codes whose check digits hold.
    pub codes: Vec<Identifier>,
    /// Every code as it was written, the one it is known by first.
    pub keys: Vec<String>,
}

/// A release of the ReleaseList.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageRelease {
    /// Its reference.
    pub reference: String,
    /// The line it begins on.
    pub line: u64,
    /// Its codes.
    pub codes: ReleaseCodes,
    /// Its title, in the language that fits best.
    pub title: String,
    /// Whom it is by, as one line.
    pub credit: String,
    /// Whom it is by, by reference.
    pub artists: Vec<String>,
    /// Who puts it out here, by reference.
    pub labels: Vec<String>,
    /// What genre it is said to be.
    pub genre: Option<String>,
    /// The year it came out.
    pub year: Option<u16>,
    /// What DDEX calls it: Album, RingtoneRelease…
    pub type_word: String,
    /// What is on it, in order.
    pub content: Vec<Content>,
    /// The references of its pictures.
    pub pictures: Vec<String>,
}

/// A resource on a release.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Content {
    /// The reference of the resource.
    pub resource: String,
    /// Which disc, from 1; none where there is one alone.
    pub disc: Option<u32>,
    /// Which place on the disc, from 1.
    pub position: u32,
}

/// DealList/ReleaseDeal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReleaseDeal {
    /// The releases it is about, by reference.
    pub releases: Vec<String>,
    /// Its deals.
    pub deals: Vec<Deal>,
}

/// The terms of a deal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Deal {
    /// The line it begins on.
    pub line: u64,
    /// Whether it takes the release down.
    pub take_down: bool,
    /// TerritoryCode
    pub territories: Vec<String>,
    /// ExcludedTerritoryCode
    pub excluded: Vec<String>,
    /// The periods: from and until, as they were written.
    pub periods: Vec<(Option<String>, Option<String>)>,
    /// CommercialModelType
    pub models: Vec<String>,
    /// UseType
    pub uses: Vec<String>,
    /// Whether it is for orders before the release alone.
    pub pre_order: bool,
    /// Whether it is for so many uses alone.
    pub is_counted: bool,
    /// The services it is for alone, by their ids and names as they are compared.
    pub channels: Vec<String>,
    /// The services it is not for, likewise.
    pub not_channels: Vec<String>,
}
