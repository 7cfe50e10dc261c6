//! What actors say to one another.

use serde_json::{Map, Value, json};
use settlement::Uri;

use super::context;
use super::reading::{Properties, WordsRefused, same_origin};
use super::{PUBLIC, Timestamp};
use crate::json::{JsonLimits, parse_strict};

/// The most addressees that are read of one activity.
const AUDIENCE_LIMIT: usize = 2000;
/// The most authors of one thing.
const AUTHOR_LIMIT: usize = 64;

/// One activity: who did what.
///
/// It has an id, and one actor of the same origin; whether that actor signed the request, the
/// caller checks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Activity {
    /// Its address; received twice, it acts once.
    pub id: Uri,
    /// Who says it.
    pub actor: Uri,
    /// What is said.
    pub act: Act,
    /// Whom it is for. The public is [`PUBLIC`](super::PUBLIC) in whatever way it was written.
    pub to: Vec<Uri>,
    /// Who else it is for.
    pub cc: Vec<Uri>,
    /// When it was said, as the sender has it.
    pub published: Option<Timestamp>,
}

/// What is said: the activities that mean something here, and all others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// The actor wants to hear what the object publishes.
    Follow {
        /// Who is followed.
        object: Uri,
    },
    /// The actor agrees, to a follow or an offer.
    Accept {
        /// What was asked.
        object: Reference,
    },
    /// The actor does not agree, or no longer.
    Reject {
        /// What was asked.
        object: Reference,
    },
    /// The actor takes back an activity of its own.
    Undo {
        /// The activity.
        object: Reference,
    },
    /// Something of the actor's origin is new.
    Create {
        /// The new thing.
        object: Reference,
    },
    /// Something of the actor's origin is as follows now.
    Update {
        /// The thing as it is now.
        object: Reference,
    },
    /// Something of the actor's origin is no more.
    Delete {
        /// The thing, or its tombstone.
        object: Reference,
    },
    /// The actor passes something on.
    Announce {
        /// The thing, of any origin.
        object: Reference,
    },
    /// The actor hands something over to be judged: a play report, a split sheet.
    Offer {
        /// What is offered.
        object: Reference,
        /// What it is offered to.
        target: Option<Uri>,
    },
    /// An activity of a type that means nothing here.
    Other {
        /// The type.
        of_type: String,
    },
}

/// Something named by its id, or written out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reference {
    /// The id alone: whoever wants more fetches it.
    Id(Uri),
    /// Written out. It is only as true as its origin: see [`Reference::is_of`].
    Embedded {
        /// The id, if it has one.
        id: Option<Uri>,
        /// Everything that was said of it, known or not.
        value: Value,
    },
}

impl Reference {
    /// The id, if there is one.
    pub fn id(&self) -> Option<&Uri> {
        match self {
            Self::Id(id) => Some(id),
            Self::Embedded { id, .. } => id.as_ref(),
        }
    }

    /// What was written out.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Self::Id(_) => None,
            Self::Embedded { value, .. } => Some(value),
        }
    }

    /// Is it written out, and does it have this type?
    pub fn has_type(&self, wanted: &str) -> bool {
        self.value()
            .and_then(|value| Properties::of(value, "the object").ok())
            .is_some_and(|properties| properties.has_type(wanted))
    }

    /// Has it an id of `owner`'s origin? An embedded object of another origin is hearsay.
    pub fn is_of(&self, owner: &Uri) -> bool {
        self.id().is_some_and(|id| id.origin() == owner.origin())
    }

    /// Reads the activity that is written out here, such as the `Follow` in an `Undo` or an
    /// `Accept`. It is checked like any other.
    ///
    /// # Errors
    /// [`WordsRefused`]; also when there is nothing but an id.
    pub fn activity(&self) -> Result<Activity, WordsRefused> {
        match self {
            Self::Id(_) => Err(WordsRefused::NotAnObject("the object")),
            Self::Embedded { value, .. } => Activity::of(value),
        }
    }

    /// A thing written out, to be sent.
    ///
    /// # Errors
    /// [`WordsRefused`] when its id is not an address.
    pub fn embed(value: Value) -> Result<Self, WordsRefused> {
        let id = Properties::of(&value, "the object")?.optional_address("id")?;
        Ok(Self::Embedded { id, value })
    }

    /// Reads the value of `property`.
    pub(super) fn of(property: &'static str, value: &Value) -> Result<Self, WordsRefused> {
        match value {
            Value::String(text) => Uri::parse(text)
                .map(Self::Id)
                .map_err(|bad| WordsRefused::property(property, bad)),
            Value::Object(_) => Self::embed(value.clone()),
            _ => Err(WordsRefused::property(
                property,
                "it must be an address or an object",
            )),
        }
    }

    fn read(properties: Properties<'_>) -> Result<Self, WordsRefused> {
        let value = properties
            .single("object")?
            .ok_or(WordsRefused::Missing("object"))?;
        Self::of("object", value)
    }

    /// As it stands inside something else. The context of the whole holds for it too, unless it
    /// was signed: then it stays word for word.
    pub(super) fn to_value(&self) -> Value {
        match self {
            Self::Id(id) => json!(id.as_str()),
            Self::Embedded { value, .. } => {
                let mut value = value.clone();
                if let Some(object) = value.as_object_mut().filter(|o| !o.contains_key("proof")) {
                    object.remove("@context");
                }
                value
            }
        }
    }
}

impl From<Uri> for Reference {
    fn from(id: Uri) -> Self {
        Self::Id(id)
    }
}

impl Activity {
    /// Reads an activity from the bytes of a request.
    ///
    /// # Errors
    /// [`WordsRefused`] with a sentence for the reply.
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        Self::of(&parse_strict(bytes, JsonLimits::OBJECT)?)
    }

    /// Reads an activity from JSON that was read strictly.
    ///
    /// # Errors
    /// [`WordsRefused`] when it has no id, not exactly one actor, an id or (for Create, Update and
    /// Delete) an object of another origin than the actor's, or a malformed property.
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "an activity")?;
        // An id and nothing but an id: an actor written into the activity is a forger's word for
        // who somebody is, and a list of actors leaves open who signed.
        let actor = properties.address("actor")?;
        let id = properties.address("id")?;
        same_origin("id", &id, &actor)?;
        let act = Act::read(properties)?;
        if let Act::Create { object } | Act::Update { object } | Act::Delete { object } = &act {
            let id = object.id().ok_or(WordsRefused::Missing("object.id"))?;
            same_origin("object", id, &actor)?;
            for author in authors(object)? {
                same_origin("object.attributedTo", &author, &actor)?;
            }
        }
        if let Act::Undo { object } = &act {
            takes_back_its_own(object, &actor)?;
        }
        Ok(Self {
            id,
            actor,
            act,
            to: audience(properties, "to")?,
            cc: audience(properties, "cc")?,
            published: properties.timestamp("published")?,
        })
    }

    /// An activity to be sent, for nobody yet.
    pub fn new(id: Uri, actor: Uri, act: Act) -> Self {
        Self {
            id,
            actor,
            act,
            to: Vec::new(),
            cc: Vec::new(),
            published: None,
        }
    }

    /// Is it for everyone?
    pub fn is_public(&self) -> bool {
        self.to
            .iter()
            .chain(&self.cc)
            .any(|addressee| addressee.as_str() == PUBLIC)
    }

    /// The activity as it is sent.
    pub fn to_value(&self) -> Value {
        let mut value = Map::new();
        let object = self.act.object();
        let is_plain = object.as_ref().is_none_or(Value::is_string);
        let context = if is_plain {
            context::plain()
        } else {
            context::full()
        };
        value.insert("@context".into(), context);
        value.insert("id".into(), json!(self.id.as_str()));
        value.insert("type".into(), json!(self.act.name()));
        value.insert("actor".into(), json!(self.actor.as_str()));
        if let Some(object) = object {
            value.insert("object".into(), object);
        }
        if let Act::Offer {
            target: Some(target),
            ..
        } = &self.act
        {
            value.insert("target".into(), json!(target.as_str()));
        }
        for (name, addressees) in [("to", &self.to), ("cc", &self.cc)] {
            if !addressees.is_empty() {
                let list: Vec<_> = addressees.iter().map(Uri::as_str).collect();
                value.insert(name.into(), json!(list));
            }
        }
        if let Some(published) = self.published {
            value.insert("published".into(), json!(published.to_string()));
        }
        Value::Object(value)
    }
}

/// Who a thing that is written out says has made it; only addresses count.
fn authors(object: &Reference) -> Result<Vec<Uri>, WordsRefused> {
    let Some(value) = object.value() else {
        return Ok(Vec::new());
    };
    let listed = Properties::of(value, "the object")?.list("attributedTo", AUTHOR_LIMIT)?;
    let named = listed
        .iter()
        .filter_map(|author| author.as_str().or_else(|| author.get("id")?.as_str()));
    named
        .map(|author| {
            Uri::parse(author).map_err(|bad| WordsRefused::property("object.attributedTo", bad))
        })
        .collect()
}

/// An actor takes back what it said, and nobody else's words.
fn takes_back_its_own(object: &Reference, actor: &Uri) -> Result<(), WordsRefused> {
    if let Some(id) = object.id() {
        same_origin("object", id, actor)?;
    }
    let said_by = object.value().and_then(|value| value.get("actor"));
    match said_by.and_then(Value::as_str) {
        Some(other) if other != actor.as_str() => Err(WordsRefused::property(
            "object.actor",
            "it is another actor's",
        )),
        _ => Ok(()),
    }
}

impl Act {
    /// The type's name.
    pub fn name(&self) -> &str {
        match self {
            Self::Follow { .. } => "Follow",
            Self::Accept { .. } => "Accept",
            Self::Reject { .. } => "Reject",
            Self::Undo { .. } => "Undo",
            Self::Create { .. } => "Create",
            Self::Update { .. } => "Update",
            Self::Delete { .. } => "Delete",
            Self::Announce { .. } => "Announce",
            Self::Offer { .. } => "Offer",
            Self::Other { of_type } => of_type,
        }
    }

    /// The address of what it is about, where that has one.
    pub fn about(&self) -> Option<&Uri> {
        match self {
            Self::Follow { object } => Some(object),
            _ => self.reference()?.id(),
        }
    }

    fn object(&self) -> Option<Value> {
        match self {
            Self::Follow { object } => Some(json!(object.as_str())),
            _ => Some(self.reference()?.to_value()),
        }
    }

    fn reference(&self) -> Option<&Reference> {
        match self {
            Self::Accept { object }
            | Self::Reject { object }
            | Self::Undo { object }
            | Self::Create { object }
            | Self::Update { object }
            | Self::Delete { object }
            | Self::Announce { object }
            | Self::Offer { object, .. } => Some(object),
            Self::Follow { .. } | Self::Other { .. } => None,
        }
    }

    fn read(properties: Properties<'_>) -> Result<Self, WordsRefused> {
        let types = properties.types()?;
        let known = [
            "Follow", "Accept", "Reject", "Undo", "Create", "Update", "Delete", "Announce", "Offer",
        ];
        let mut understood = types.iter().filter(|name| known.contains(name));
        let name = understood.next().copied();
        if understood.next().is_some() {
            return Err(WordsRefused::property("type", "it says two things at once"));
        }
        let object = || Reference::read(properties);
        Ok(match name {
            Some("Follow") => Self::Follow {
                object: properties
                    .address_or_embedded("object")?
                    .ok_or(WordsRefused::Missing("object"))?,
            },
            Some("Accept") => Self::Accept { object: object()? },
            Some("Reject") => Self::Reject { object: object()? },
            Some("Undo") => Self::Undo { object: object()? },
            Some("Create") => Self::Create { object: object()? },
            Some("Update") => Self::Update { object: object()? },
            Some("Delete") => Self::Delete { object: object()? },
            Some("Announce") => Self::Announce { object: object()? },
            Some("Offer") => Self::Offer {
                object: object()?,
                target: properties.address_or_embedded("target")?,
            },
            _ => Self::Other {
                of_type: types[0].chars().take(80).collect(),
            },
        })
    }
}

/// Whom an activity is for. Addressees that are no addresses are nobody, and left out.
fn audience(properties: Properties<'_>, name: &'static str) -> Result<Vec<Uri>, WordsRefused> {
    let addressees = properties
        .list(name, AUDIENCE_LIMIT)?
        .iter()
        .filter_map(Value::as_str);
    Ok(addressees
        .map(|text| {
            if matches!(text, "as:Public" | "Public") {
                PUBLIC
            } else {
                text
            }
        })
        .filter_map(|text| Uri::parse(text).ok())
        .collect())
}
