//! Selections: works that a venue's people put together for others, with words of their own.
//!
//! A selection is an `OrderedCollection` whose items are links to works, of any node, with a title
//! and perhaps a note. Who knows no selections sees a list of links.

use serde_json::{Map, Value, json};
use settlement::{Uri, VenueId, WorkId};

use super::reading::{Properties, WordsRefused};
use super::work::{NAME_LIMIT, SUMMARY_LIMIT, attributed_to, page, picture};
use super::{Timestamp, context};
use crate::json::{JsonLimits, parse_strict};

/// The most works in a selection.
const ITEM_LIMIT: usize = 500;
/// The longest note on a work, in bytes.
const NOTE_LIMIT: usize = 4096;

/// A selection, as its venue made it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Selection {
    /// Its address.
    pub id: Uri,
    /// The title.
    pub name: String,
    /// The venue's words about it (HTML from a stranger: clean it before it is shown).
    pub content: Option<String>,
    /// The venue, on the same origin.
    pub attributed_to: VenueId,
    /// When it was published.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// The page for people.
    pub page: Option<Uri>,
    /// A picture.
    pub cover: Option<Uri>,
    /// The works in order.
    pub items: Vec<SelectionItem>,
}

/// A work in a selection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SelectionItem {
    /// The work, of any node.
    pub work: WorkId,
    /// Its title, for those who do not know the work.
    pub name: Option<String>,
    /// Why it is here (plain text).
    pub note: Option<String>,
}

impl Selection {
    /// Reads a selection from the bytes of an answer.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        Self::of(&parse_strict(bytes, JsonLimits::OBJECT)?)
    }

    /// Is this the JSON of a selection, going by its type?
    pub fn is_one(value: &Value) -> bool {
        Properties::of(value, "a selection")
            .is_ok_and(|properties| properties.has_type("Selection"))
    }

    /// Reads a selection from JSON that was read strictly.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "a selection")?;
        properties.expect_type("Selection", "a Selection")?;
        let id = properties.address("id")?;
        let mut items = Vec::new();
        for value in properties.list("orderedItems", ITEM_LIMIT)? {
            items.push(SelectionItem::of(value)?);
        }
        Ok(Self {
            name: properties.required_text("name", NAME_LIMIT)?,
            content: properties.text("content", SUMMARY_LIMIT)?,
            attributed_to: attributed_to(properties, &id)?.into(),
            published: properties.timestamp("published")?,
            updated: properties.timestamp("updated")?,
            page: page(properties)?,
            cover: picture(properties)?,
            items,
            id,
        })
    }

    /// The selection as it is served and sent.
    pub fn to_value(&self) -> Value {
        let mut value = Map::new();
        value.insert("@context".into(), context::full());
        value.insert("type".into(), json!(["OrderedCollection", "Selection"]));
        value.insert("totalItems".into(), json!(self.items.len()));
        let items = self.items.iter().map(SelectionItem::to_value).collect();
        value.insert("orderedItems".into(), Value::Array(items));
        let mut put = |name: &str, text: Option<String>| {
            if let Some(text) = text {
                value.insert(name.into(), json!(text));
            }
        };
        put("id", Some(self.id.to_string()));
        put("name", Some(self.name.clone()));
        put("content", self.content.clone());
        put("attributedTo", Some(self.attributed_to.to_string()));
        put("published", self.published.map(|moment| moment.to_string()));
        put("updated", self.updated.map(|moment| moment.to_string()));
        put("url", self.page.as_ref().map(Uri::to_string));
        if let Some(cover) = &self.cover {
            value.insert(
                "image".into(),
                json!({ "type": "Image", "url": cover.as_str() }),
            );
        }
        Value::Object(value)
    }
}

impl SelectionItem {
    fn of(value: &Value) -> Result<Self, WordsRefused> {
        if let Some(text) = value.as_str() {
            let work =
                WorkId::parse(text).map_err(|bad| WordsRefused::property("orderedItems", bad))?;
            return Ok(Self {
                work,
                name: None,
                note: None,
            });
        }
        let link = Properties::of(value, "an item of a selection")?;
        Ok(Self {
            work: link.address("href")?.into(),
            name: link.text("name", NAME_LIMIT)?,
            note: link.text("note", NOTE_LIMIT)?,
        })
    }

    fn to_value(&self) -> Value {
        let mut link = Map::new();
        link.insert("type".into(), json!("Link"));
        link.insert("href".into(), json!(self.work.as_str()));
        if let Some(name) = &self.name {
            link.insert("name".into(), json!(name));
        }
        if let Some(note) = &self.note {
            link.insert("note".into(), json!(note));
        }
        Value::Object(link)
    }
}
