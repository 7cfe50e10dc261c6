//! NodeInfo 2.1: what a server is, for those who keep lists of servers.
//!
//! Numbers about people are totals, as everything else that leaves a node.

use serde_json::{Value, json};
use settlement::{Currency, Territory, Uri};

use super::reading::{Properties, WordsRefused};
use crate::json::{JsonLimits, parse_strict};

/// The schema that is spoken.
pub const SCHEMA: &str = "http://nodeinfo.diaspora.software/ns/schema/2.1";
/// The relation that leads to the server's own actor (FEP-2677).
pub const APPLICATION: &str = "https://www.w3.org/ns/activitystreams#Application";
/// The media type of the document.
pub const NODEINFO_JSON: &str =
    "application/json; profile=\"http://nodeinfo.diaspora.software/ns/schema/2.1#\"";

/// What is found at `/.well-known/nodeinfo`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Discovery {
    /// The NodeInfo document, in the newest version offered that is read here (2.0 or 2.1).
    pub document: Option<Uri>,
    /// The server's own actor.
    pub application: Option<Uri>,
}

impl Discovery {
    /// Reads the list of links.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        let value = parse_strict(bytes, JsonLimits::of_bytes(64 * 1024))?;
        let properties = Properties::of(&value, "an answer of NodeInfo")?;
        let mut found = [None, None, None];
        let wanted = [
            SCHEMA,
            "http://nodeinfo.diaspora.software/ns/schema/2.0",
            APPLICATION,
        ];
        for value in properties.list("links", 100)? {
            let link = Properties::of(value, "a link")?;
            let rel = link.text("rel", 2048)?.unwrap_or_default();
            for (wanted, found) in wanted.iter().zip(&mut found) {
                if rel == *wanted && found.is_none() {
                    *found = link.optional_address("href")?;
                }
            }
        }
        let [newest, older, application] = found;
        Ok(Self {
            document: newest.or(older),
            application,
        })
    }

    /// The list of links as it is served.
    pub fn to_value(&self) -> Value {
        let links = [(SCHEMA, &self.document), (APPLICATION, &self.application)];
        let links: Vec<_> = links
            .into_iter()
            .filter_map(|(rel, href)| {
                href.as_ref()
                    .map(|href| json!({ "rel": rel, "href": href.as_str() }))
            })
            .collect();
        json!({ "links": links })
    }
}

/// The NodeInfo document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeInfo {
    /// The software's name, in lower case (`antiphon`).
    pub software: String,
    /// Its version.
    pub version: String,
    /// How many people have an account.
    pub users: Option<u64>,
    /// How many works are published here.
    pub works: Option<u64>,
    /// May anyone join? Never at a node of ours: a venue invites.
    pub open_registrations: bool,
    /// The server's name for people.
    pub name: Option<String>,
    /// The territory of a node of ours.
    pub territory: Option<Territory>,
    /// The currency of a node of ours.
    pub currency: Option<Currency>,
}

impl NodeInfo {
    /// Reads a document.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        let value = parse_strict(bytes, JsonLimits::of_bytes(256 * 1024))?;
        let properties = Properties::of(&value, "a NodeInfo document")?;
        let inner = |name: &'static str| {
            properties
                .get(name)
                .map(|value| Properties::of(value, name))
                .transpose()
        };
        let software = inner("software")?.ok_or(WordsRefused::Missing("software"))?;
        let usage = inner("usage")?;
        let users = usage
            .and_then(|usage| usage.get("users"))
            .map(|users| Properties::of(users, "users"))
            .transpose()?;
        // Some servers write an empty list where an object belongs.
        let metadata = inner("metadata").unwrap_or(None);
        let of_metadata = |name| metadata.and_then(|metadata| metadata.text(name, 1024).ok()?);
        Ok(Self {
            software: software.required_text("name", 200)?,
            version: software.required_text("version", 200)?,
            users: users
                .map(|users| users.count("total"))
                .transpose()?
                .flatten(),
            works: usage
                .map(|usage| usage.count("localPosts"))
                .transpose()?
                .flatten(),
            open_registrations: properties.get("openRegistrations") == Some(&Value::Bool(true)),
            name: of_metadata("nodeName"),
            territory: of_metadata("territory").and_then(|text| Territory::parse(&text).ok()),
            currency: of_metadata("currency").and_then(|text| Currency::parse(&text).ok()),
        })
    }

    /// The document as it is served.
    pub fn to_value(&self) -> Value {
        let mut metadata = serde_json::Map::new();
        if let Some(name) = &self.name {
            metadata.insert("nodeName".into(), json!(name));
        }
        if let Some(territory) = &self.territory {
            metadata.insert("territory".into(), json!(territory.as_str()));
        }
        if let Some(currency) = &self.currency {
            metadata.insert("currency".into(), json!(currency.as_str()));
        }
        let mut usage = serde_json::Map::new();
        let users = self
            .users
            .map_or_else(|| json!({}), |total| json!({ "total": total }));
        usage.insert("users".into(), users);
        if let Some(works) = self.works {
            usage.insert("localPosts".into(), json!(works));
        }
        json!({
            "version": "2.1",
            "software": { "name": self.software, "version": self.version },
            "protocols": ["activitypub"],
            "services": { "inbound": [], "outbound": [] },
            "openRegistrations": self.open_registrations,
            "usage": usage,
            "metadata": metadata,
        })
    }
}
