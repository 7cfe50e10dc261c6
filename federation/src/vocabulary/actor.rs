//! Actors: nodes, venues, parties, and whoever follows from elsewhere.

use serde_json::{Map, Value, json};
use settlement::{Currency, Territory, Uri};

use super::context;
use super::reading::{Properties, WordsRefused, same_origin};
use crate::json::{JsonLimits, parse_strict};
use crate::keys::{Ed25519Public, PublicKey, RsaPublic};

/// The longest name, in bytes.
const NAME_LIMIT: usize = 1024;
/// The longest summary, in bytes.
const SUMMARY_LIMIT: usize = 64 * 1024;
/// The most keys of an actor that are looked at.
const KEY_LIMIT: usize = 16;

/// What kind of someone an actor is (ActivityStreams vocabulary §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ActorKind {
    /// A server: a node of ours, or another server's own actor.
    Application,
    /// Many who speak as one: a venue, a band.
    Group,
    /// A venue, a label, a publisher.
    Organization,
    /// A member who chose to be public, an artist.
    Person,
    /// A bot.
    Service,
}

impl ActorKind {
    const ALL: [(Self, &'static str); 5] = [
        (Self::Application, "Application"),
        (Self::Group, "Group"),
        (Self::Organization, "Organization"),
        (Self::Person, "Person"),
        (Self::Service, "Service"),
    ];

    /// Reads the type's name.
    pub fn parse(name: &str) -> Option<Self> {
        let kind = Self::ALL.iter().find(|(_, known)| *known == name);
        kind.map(|(kind, _)| *kind)
    }

    /// The type's name.
    pub fn as_str(self) -> &'static str {
        Self::ALL
            .iter()
            .find(|(kind, _)| *kind == self)
            .map_or("", |(_, name)| name)
    }
}

/// A key and the address it is known by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamedKey<K> {
    /// The key's address: the actor's with a fragment, as a rule.
    pub id: Uri,
    /// The key.
    pub key: K,
}

/// Someone who acts.
///
/// Every key here belongs to the actor by its own word: it names the actor as its owner, and lives
/// on the actor's origin. Keys of other kinds and of other owners are left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    /// The actor's address.
    pub id: Uri,
    /// What it is.
    pub kind: ActorKind,
    /// The name in `@name@host`.
    pub preferred_username: Option<String>,
    /// The name for people.
    pub name: Option<String>,
    /// A few words (HTML from a stranger: clean it before it is shown).
    pub summary: Option<String>,
    /// The page for people.
    pub url: Option<Uri>,
    /// A picture.
    pub icon: Option<Uri>,
    /// Where it receives: on its own origin.
    pub inbox: Uri,
    /// What it said.
    pub outbox: Option<Uri>,
    /// Who follows it.
    pub followers: Option<Uri>,
    /// Where its server receives for all: on its own origin.
    pub shared_inbox: Option<Uri>,
    /// The keys that sign its requests (`publicKey`).
    pub rsa_keys: Vec<NamedKey<RsaPublic>>,
    /// The keys that sign its objects, and requests between nodes (`assertionMethod`, FEP-521a).
    pub ed25519_keys: Vec<NamedKey<Ed25519Public>>,
    /// A node's territory.
    pub territory: Option<Territory>,
    /// A node's currency.
    pub currency: Option<Currency>,
    /// The actor of the coordinator a node settles with.
    pub coordinator: Option<Uri>,
    /// The collection of a node's works.
    pub catalogue: Option<Uri>,
    /// How a node's keys changed, if they ever did: on its own origin.
    pub key_history: Option<Uri>,
}

impl Actor {
    /// An actor with an address, a kind and an inbox, and nothing else yet.
    pub fn new(id: Uri, kind: ActorKind, inbox: Uri) -> Self {
        Self {
            id,
            kind,
            preferred_username: None,
            name: None,
            summary: None,
            url: None,
            icon: None,
            inbox,
            outbox: None,
            followers: None,
            shared_inbox: None,
            rsa_keys: Vec::new(),
            ed25519_keys: Vec::new(),
            territory: None,
            currency: None,
            coordinator: None,
            catalogue: None,
            key_history: None,
        }
    }

    /// Reads an actor from the bytes of an answer.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        Self::of(&parse_strict(bytes, JsonLimits::OBJECT)?)
    }

    /// Reads an actor from JSON that was read strictly. The caller compares the id with the
    /// address it was fetched from.
    ///
    /// # Errors
    /// [`WordsRefused`]: no id, no inbox, an inbox elsewhere, or a malformed property.
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "an actor")?;
        let types = properties.types()?;
        let kind = ActorKind::ALL
            .iter()
            .find(|(_, name)| types.contains(name))
            .map(|(kind, _)| *kind)
            .ok_or_else(|| WordsRefused::OtherType {
                expected: "an actor",
                found: types.join(", ").chars().take(80).collect(),
            })?;
        let id = properties.address("id")?;
        let inbox = properties.address("inbox")?;
        // A delivery goes where the inbox points; an inbox elsewhere makes us knock for others.
        same_origin("inbox", &inbox, &id)?;
        let endpoints = properties
            .get("endpoints")
            .filter(|value| value.is_object());
        let shared_inbox = match endpoints {
            Some(endpoints) => Properties::of(endpoints, "endpoints")?
                .optional_address("sharedInbox")?
                .filter(|shared| shared.origin() == id.origin()),
            None => None,
        };
        let mut keys = (Vec::new(), Vec::new());
        for value in properties.list("publicKey", KEY_LIMIT)? {
            keys.0.extend(rsa_key(value, &id));
        }
        for value in properties.list("assertionMethod", KEY_LIMIT)? {
            keys.1.extend(ed25519_key(value, &id));
        }
        Ok(Self {
            kind,
            preferred_username: properties.text("preferredUsername", NAME_LIMIT)?,
            name: properties.text("name", NAME_LIMIT)?,
            summary: properties.text("summary", SUMMARY_LIMIT)?,
            url: first_address(properties, "url")?,
            icon: first_address(properties, "icon")?,
            inbox,
            outbox: properties.optional_address("outbox")?,
            followers: properties.optional_address("followers")?,
            shared_inbox,
            rsa_keys: keys.0,
            ed25519_keys: keys.1,
            territory: properties.read("territory", Territory::parse)?,
            currency: properties.read("currency", Currency::parse)?,
            coordinator: properties.optional_address("coordinator")?,
            catalogue: properties.optional_address("catalogue")?,
            key_history: properties
                .optional_address("keyHistory")?
                .filter(|history| history.origin() == id.origin()),
            id,
        })
    }

    /// Is it a node of our kind? It is an application that says where it stands, and has a key for
    /// documents.
    pub fn is_node(&self) -> bool {
        self.kind == ActorKind::Application
            && self.territory.is_some()
            && !self.ed25519_keys.is_empty()
    }

    /// The key that this actor shows under the address that a request or a proof names.
    pub fn key(&self, key_id: &str) -> Option<PublicKey> {
        let rsa = self
            .rsa_keys
            .iter()
            .find(|named| named.id.as_str() == key_id);
        let ed = self
            .ed25519_keys
            .iter()
            .find(|named| named.id.as_str() == key_id);
        match (rsa, ed) {
            (Some(rsa), None) => Some(rsa.key.clone().into()),
            (None, Some(ed)) => Some(ed.key.into()),
            // One address for two keys answers nothing.
            _ => None,
        }
    }

    /// The actor as it is served.
    pub fn to_value(&self) -> Value {
        let mut value = Map::new();
        let mut put = |name: &str, text: Option<&str>| {
            if let Some(text) = text {
                value.insert(name.into(), json!(text));
            }
        };
        put("id", Some(self.id.as_str()));
        put("type", Some(self.kind.as_str()));
        put("preferredUsername", self.preferred_username.as_deref());
        put("name", self.name.as_deref());
        put("summary", self.summary.as_deref());
        put("url", self.url.as_ref().map(Uri::as_str));
        put("inbox", Some(self.inbox.as_str()));
        put("outbox", self.outbox.as_ref().map(Uri::as_str));
        put("followers", self.followers.as_ref().map(Uri::as_str));
        put("territory", self.territory.as_ref().map(Territory::as_str));
        put("currency", self.currency.as_ref().map(Currency::as_str));
        put("coordinator", self.coordinator.as_ref().map(Uri::as_str));
        put("catalogue", self.catalogue.as_ref().map(Uri::as_str));
        put("keyHistory", self.key_history.as_ref().map(Uri::as_str));
        value.insert("@context".into(), context::actor());
        if let Some(icon) = &self.icon {
            value.insert(
                "icon".into(),
                json!({ "type": "Image", "url": icon.as_str() }),
            );
        }
        if let Some(shared) = &self.shared_inbox {
            value.insert(
                "endpoints".into(),
                json!({ "sharedInbox": shared.as_str() }),
            );
        }
        let rsa: Vec<_> = self
            .rsa_keys
            .iter()
            .map(|named| {
                json!({
                    "id": named.id.as_str(),
                    "owner": self.id.as_str(),
                    "publicKeyPem": named.key.to_pem(),
                })
            })
            .collect();
        // Mastodon and others read one object, not a list of one.
        if let [one] = rsa.as_slice() {
            value.insert("publicKey".into(), one.clone());
        } else if !rsa.is_empty() {
            value.insert("publicKey".into(), Value::Array(rsa));
        }
        let ed: Vec<_> = self
            .ed25519_keys
            .iter()
            .map(|named| {
                json!({
                    "id": named.id.as_str(),
                    "type": "Multikey",
                    "controller": self.id.as_str(),
                    "publicKeyMultibase": named.key.to_multikey(),
                })
            })
            .collect();
        if !ed.is_empty() {
            value.insert("assertionMethod".into(), Value::Array(ed));
        }
        Value::Object(value)
    }
}

/// The key's address, if the key says that it belongs to `owner` and lives where `owner` does.
fn owned(
    properties: Properties<'_>,
    by: &'static str,
    owner: &Uri,
) -> Result<Option<Uri>, WordsRefused> {
    let id = properties.address("id")?;
    Ok((properties.address(by)? == *owner && id.origin() == owner.origin()).then_some(id))
}

fn rsa_key(value: &Value, owner: &Uri) -> Option<NamedKey<RsaPublic>> {
    let properties = Properties::of(value, "a key").ok()?;
    let id = owned(properties, "owner", owner).ok()??;
    let pem = properties.text("publicKeyPem", 4096).ok()??;
    RsaPublic::from_pem(&pem)
        .ok()
        .map(|key| NamedKey { id, key })
}

fn ed25519_key(value: &Value, owner: &Uri) -> Option<NamedKey<Ed25519Public>> {
    let properties = Properties::of(value, "a key").ok()?;
    properties.expect_type("Multikey", "a Multikey").ok()?;
    let id = owned(properties, "controller", owner).ok()??;
    let multikey = properties.text("publicKeyMultibase", 256).ok()??;
    multikey.parse().ok().map(|key| NamedKey { id, key })
}

/// The first address of a property that may hold links, images, and lists of them.
fn first_address(
    properties: Properties<'_>,
    name: &'static str,
) -> Result<Option<Uri>, WordsRefused> {
    Ok(properties.list(name, 64)?.iter().find_map(|value| {
        let text = value
            .as_str()
            .or_else(|| value.get("href").and_then(Value::as_str))
            .or_else(|| value.get("url").and_then(Value::as_str))?;
        Uri::parse(text).ok()
    }))
}

/// Whose key is the document at a key's address? Some servers give keys an address of their own;
/// what is found there names an owner, and only the owner's own document is believed, through
/// [`Actor::key`].
///
/// # Errors
/// [`WordsRefused`] when it is neither a key nor an actor with that key, or the owner lives
/// elsewhere than the key.
pub fn key_owner(document: &Value, key_id: &Uri) -> Result<Uri, WordsRefused> {
    let properties = Properties::of(document, "a key")?;
    let owner = if let Some(key) = properties.list("publicKey", KEY_LIMIT)?.first() {
        Properties::of(key, "a key")?.address("owner")?
    } else if properties.get("publicKeyPem").is_some() {
        properties.address("owner")?
    } else if properties.get("publicKeyMultibase").is_some() {
        properties.address("controller")?
    } else {
        return Err(WordsRefused::Missing("publicKey"));
    };
    same_origin("owner", &owner, key_id)?;
    Ok(owner)
}
