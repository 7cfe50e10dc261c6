//! Works: what members listen to, watch, play and read.
//!
//! Music is an `Audio`, a film a `Video`; games and books are `Document`s (an ActivityStreams
//! `Application` would be an actor). Our `kind` says which it is. Who plays music tells its track,
//! album and artists in Funkwhale's words, so that a Funkwhale pod reads them too.

use serde_json::{Map, Value, json};
use settlement::{Isrc, Kind, Territory, Uri, WorkId};

use super::reading::{Properties, WordsRefused, same_origin};
use super::{ACTIVITY_JSON, Duration, Timestamp, context};
use crate::digest::Sha256Digest;
use crate::json::{JsonLimits, parse_strict};

/// The longest name of a work, a release, an artist, in bytes.
pub(super) const NAME_LIMIT: usize = 2048;
/// The longest description, in bytes.
pub(super) const SUMMARY_LIMIT: usize = 64 * 1024;
/// The most artists a work is credited to.
const CREDIT_LIMIT: usize = 100;

/// A work, as its home node describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Work {
    /// Its address: what it is reported and paid under.
    pub id: WorkId,
    /// Music, film, game or book.
    pub kind: Kind,
    /// The title.
    pub name: String,
    /// A few words (HTML from a stranger: clean it before it is shown).
    pub summary: Option<String>,
    /// The actor that publishes it and may change it, on the same origin.
    pub attributed_to: Uri,
    /// Whom it is by, in the order of the credits.
    pub artists: Vec<Credit>,
    /// The release it is on, and where on it.
    pub release: Option<WorkRelease>,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// How long it lasts.
    pub duration: Option<Duration>,
    /// The file, on the same origin.
    pub media: Option<Media>,
    /// The page for people.
    pub page: Option<Uri>,
    /// A picture.
    pub cover: Option<Uri>,
    /// The recording's ISRC.
    pub isrc: Option<Isrc>,
    /// The territory of its home node.
    pub home: Option<Territory>,
    /// The licence it is published under.
    pub license: Option<Uri>,
    /// The signed document that says who shares in it.
    pub split_sheet: Option<Uri>,
    /// The language it is in (BCP 47).
    pub language: Option<String>,
}

/// Whom a work is by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credit {
    /// The artist's actor, if there is one.
    pub id: Option<Uri>,
    /// The name as credited.
    pub name: String,
}

/// The release a work is on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkRelease {
    /// The release's address, if it has one.
    pub id: Option<Uri>,
    /// Its title.
    pub name: String,
    /// The place on the disc, from 1.
    pub position: Option<u32>,
    /// The disc, from 1.
    pub disc: Option<u32>,
}

/// The file of a work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// Where peers fetch it, by signed request.
    pub href: Uri,
    /// Its media type.
    pub media_type: String,
    /// Its bytes.
    pub size: Option<u64>,
    /// Its digest.
    pub digest: Option<Sha256Digest>,
}

impl Work {
    /// The ActivityStreams type of a kind of work.
    pub fn type_of(kind: Kind) -> &'static str {
        match kind {
            Kind::Music => "Audio",
            Kind::Film => "Video",
            Kind::Game | Kind::Book => "Document",
        }
    }

    /// Reads a work from the bytes of an answer.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        Self::of(&parse_strict(bytes, JsonLimits::OBJECT)?)
    }

    /// Is this the JSON of a work, going by its type?
    pub fn is_one(value: &Value) -> bool {
        Properties::of(value, "a work").is_ok_and(|properties| {
            ["Audio", "Video", "Document"]
                .iter()
                .any(|name| properties.has_type(name))
        })
    }

    /// Reads a work from JSON that was read strictly. The caller compares the id with the address
    /// it was fetched from, or with the actor that sent it.
    ///
    /// # Errors
    /// [`WordsRefused`]: no id, no name, nobody of its own origin to attribute it to, a kind that
    /// is not that of its type, or a malformed property.
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "a work")?;
        let id = properties.address("id")?;
        let kind = kind(properties)?;
        // A track is described on the object itself, or in Funkwhale's way beside it.
        let track = match properties.get("track").filter(|track| track.is_object()) {
            Some(track) => Properties::of(track, "a track")?,
            None => properties,
        };
        Ok(Self {
            kind,
            name: properties.required_text("name", NAME_LIMIT)?,
            summary: properties.text("summary", SUMMARY_LIMIT)?,
            attributed_to: attributed_to(properties, &id)?,
            artists: credits(track)?,
            release: release(track)?,
            published: properties.timestamp("published")?,
            updated: properties.timestamp("updated")?,
            duration: duration(properties)?,
            media: media(properties, &id)?,
            page: page(properties)?,
            cover: picture(properties)?,
            isrc: properties.read("isrc", Isrc::parse)?,
            home: properties.read("home", Territory::parse)?,
            license: match properties.optional_address("license")? {
                Some(license) => Some(license),
                None => track.optional_address("license")?,
            },
            split_sheet: properties.optional_address("splitSheet")?,
            language: properties.text("inLanguage", 35)?,
            id: id.into(),
        })
    }

    /// The work as it is served and sent.
    pub fn to_value(&self) -> Value {
        let mut value = Map::new();
        value.insert("@context".into(), context::full());
        let mut put = |name: &str, text: Option<String>| {
            if let Some(text) = text {
                value.insert(name.into(), json!(text));
            }
        };
        put("id", Some(self.id.to_string()));
        put("type", Some(Work::type_of(self.kind).into()));
        put("kind", Some(self.kind.to_string()));
        put("name", Some(self.name.clone()));
        put("summary", self.summary.clone());
        put("attributedTo", Some(self.attributed_to.to_string()));
        put("published", self.published.map(|moment| moment.to_string()));
        put("updated", self.updated.map(|moment| moment.to_string()));
        put(
            "duration",
            self.duration.map(|duration| duration.to_string()),
        );
        put("isrc", self.isrc.as_ref().map(Isrc::to_string));
        put("home", self.home.as_ref().map(Territory::to_string));
        put("license", self.license.as_ref().map(Uri::to_string));
        put("splitSheet", self.split_sheet.as_ref().map(Uri::to_string));
        put("inLanguage", self.language.clone());
        let mut links = Vec::new();
        if let Some(media) = &self.media {
            links.push(media.to_value());
        }
        if let Some(page) = &self.page {
            links.push(json!({ "type": "Link", "mediaType": "text/html", "href": page.as_str() }));
        }
        if !links.is_empty() {
            value.insert("url".into(), Value::Array(links));
        }
        if let Some(cover) = &self.cover {
            value.insert(
                "image".into(),
                json!({ "type": "Image", "url": cover.as_str() }),
            );
        }
        if self.kind == Kind::Music {
            let mut track = Map::new();
            track.insert("type".into(), json!("Track"));
            track.insert("id".into(), json!(format!("{}#track", self.id)));
            track.insert("name".into(), json!(self.name));
            self.describe(&mut track);
            value.insert("track".into(), Value::Object(track));
        } else {
            self.describe(&mut value);
        }
        Value::Object(value)
    }

    fn describe(&self, track: &mut Map<String, Value>) {
        if !self.artists.is_empty() {
            let artists = self.artists.iter().map(Credit::to_value).collect();
            track.insert("artists".into(), Value::Array(artists));
        }
        if let Some(release) = &self.release {
            let mut album = Map::new();
            album.insert("type".into(), json!("Album"));
            if let Some(id) = &release.id {
                album.insert("id".into(), json!(id.as_str()));
            }
            album.insert("name".into(), json!(release.name));
            track.insert("album".into(), Value::Object(album));
            for (name, place) in [("position", release.position), ("disc", release.disc)] {
                if let Some(place) = place {
                    track.insert(name.into(), json!(place));
                }
            }
        }
    }
}

impl Credit {
    pub(super) fn to_value(&self) -> Value {
        match &self.id {
            Some(id) => json!({ "type": "Artist", "id": id.as_str(), "name": self.name }),
            None => json!({ "type": "Artist", "name": self.name }),
        }
    }
}

impl Media {
    fn to_value(&self) -> Value {
        let mut link = Map::new();
        link.insert("type".into(), json!("Link"));
        link.insert("href".into(), json!(self.href.as_str()));
        link.insert("mediaType".into(), json!(self.media_type));
        if let Some(size) = self.size {
            // A file beyond 2^53 bytes does not exist; were it to, a string keeps it exact.
            let size = if size <= crate::json::SAFE_INTEGER {
                json!(size)
            } else {
                json!(size.to_string())
            };
            link.insert("size".into(), size);
        }
        if let Some(digest) = &self.digest {
            link.insert("digest".into(), json!(digest.to_string()));
        }
        Value::Object(link)
    }
}

fn kind(properties: Properties<'_>) -> Result<Kind, WordsRefused> {
    let types = properties.types()?;
    let refused = || WordsRefused::OtherType {
        expected: "a work (Audio, Video, or Document with a kind)",
        found: types.join(", ").chars().take(80).collect(),
    };
    let of_type = types
        .iter()
        .find(|name| ["Audio", "Video", "Document"].contains(name));
    let of_type = *of_type.ok_or_else(refused)?;
    match properties.read("kind", Kind::parse)? {
        Some(kind) if Work::type_of(kind) == of_type => Ok(kind),
        Some(_) => Err(WordsRefused::property(
            "kind",
            "it is not the kind of that type",
        )),
        None if of_type == "Audio" => Ok(Kind::Music),
        None if of_type == "Video" => Ok(Kind::Film),
        None => Err(refused()),
    }
}

/// The one actor of the thing's own origin that answers for it.
pub(super) fn attributed_to(properties: Properties<'_>, id: &Uri) -> Result<Uri, WordsRefused> {
    let named = properties.list("attributedTo", CREDIT_LIMIT)?;
    if named.is_empty() {
        return Err(WordsRefused::Missing("attributedTo"));
    }
    named
        .iter()
        .filter_map(|value| {
            value
                .as_str()
                .or_else(|| value.get("id").and_then(Value::as_str))
        })
        .filter_map(|text| Uri::parse(text).ok())
        .find(|actor| actor.origin() == id.origin())
        .ok_or_else(|| WordsRefused::OtherOrigin {
            property: "attributedTo",
            owner: id.to_string(),
        })
}

pub(super) fn credits(properties: Properties<'_>) -> Result<Vec<Credit>, WordsRefused> {
    let mut credits = Vec::new();
    for value in properties.list("artists", CREDIT_LIMIT)? {
        let artist = Properties::of(value, "an artist")?;
        credits.push(Credit {
            id: artist.optional_address("id")?,
            name: artist.required_text("name", NAME_LIMIT)?,
        });
    }
    Ok(credits)
}

fn release(track: Properties<'_>) -> Result<Option<WorkRelease>, WordsRefused> {
    let Some(album) = track.get("album").filter(|album| album.is_object()) else {
        return Ok(None);
    };
    let album = Properties::of(album, "an album")?;
    let place = |name| {
        let count = track.count(name)?;
        Ok::<_, WordsRefused>(count.and_then(|count| u32::try_from(count).ok()))
    };
    Ok(Some(WorkRelease {
        id: album.optional_address("id")?,
        name: album.required_text("name", NAME_LIMIT)?,
        position: place("position")?,
        disc: place("disc")?,
    }))
}

/// An xsd:duration, or whole seconds as Funkwhale writes them.
fn duration(properties: Properties<'_>) -> Result<Option<Duration>, WordsRefused> {
    match properties.get("duration") {
        None => Ok(None),
        Some(Value::Number(seconds)) => Ok(seconds
            .as_u64()
            .and_then(|s| s.checked_mul(1000))
            .map(|millis| Duration { millis })),
        Some(value) => value
            .as_str()
            .and_then(Duration::parse)
            .map(Some)
            .ok_or_else(|| WordsRefused::property("duration", "it must be like PT3M25S")),
    }
}

/// The first file among the links. A file elsewhere is left out: peers fetch it by signed request,
/// and sign for the work's own origin only.
fn media(properties: Properties<'_>, id: &Uri) -> Result<Option<Media>, WordsRefused> {
    for value in properties.list("url", 64)? {
        let Ok(link) = Properties::of(value, "a link") else {
            continue;
        };
        let Some(media_type) = link.text("mediaType", 200)? else {
            continue;
        };
        let is_page = ["text/html", "application/x-mpegurl", ACTIVITY_JSON]
            .contains(&media_type.to_ascii_lowercase().as_str());
        if is_page || media_type.starts_with("image/") {
            continue;
        }
        let href = link.address("href")?;
        if same_origin("url", &href, id).is_err() {
            continue;
        }
        let size = match link.count("size")? {
            Some(size) => Some(size),
            None => properties.count("size")?,
        };
        let digest = link
            .text("digest", 100)?
            .map(|text| {
                text.parse()
                    .map_err(|bad| WordsRefused::property("digest", bad))
            })
            .transpose()?;
        return Ok(Some(Media {
            href,
            media_type,
            size,
            digest,
        }));
    }
    Ok(None)
}

/// The page for people: a plain address, or a link to HTML.
pub(super) fn page(properties: Properties<'_>) -> Result<Option<Uri>, WordsRefused> {
    Ok(properties.list("url", 64)?.iter().find_map(|value| {
        let is_page = value.get("mediaType").and_then(Value::as_str) == Some("text/html");
        let href = value
            .as_str()
            .or_else(|| value.get("href")?.as_str().filter(|_| is_page))?;
        Uri::parse(href).ok()
    }))
}

/// The picture under `image` or `icon`.
pub(super) fn picture(properties: Properties<'_>) -> Result<Option<Uri>, WordsRefused> {
    for name in ["image", "icon"] {
        let found = properties.list(name, 64)?.iter().find_map(|value| {
            let text = value
                .as_str()
                .or_else(|| value.get("url").and_then(Value::as_str))
                .or_else(|| value.get("href").and_then(Value::as_str))?;
            Uri::parse(text).ok()
        });
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
