//! Collections in order, and their pages: outboxes, followers, catalogues.

use serde_json::{Map, Value, json};
use settlement::Uri;

use super::activity::Reference;
use super::context;
use super::reading::{Properties, WordsRefused, same_origin};
use crate::json::{JsonLimits, parse_strict};

/// The most items that are read of one page.
pub const PAGE_LIMIT: usize = 500;

/// A collection: how many, and where the pages begin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Collection {
    /// Its address.
    pub id: Uri,
    /// How many items there are in all, as far as is told.
    pub total_items: Option<u64>,
    /// The first page.
    pub first: Option<Uri>,
    /// The last page.
    pub last: Option<Uri>,
    /// The items themselves, if the collection is small enough to have no pages.
    pub items: Vec<Reference>,
}

/// One page of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CollectionPage {
    /// Its address.
    pub id: Uri,
    /// The collection.
    pub part_of: Option<Uri>,
    /// The page after, of the same origin.
    pub next: Option<Uri>,
    /// The page before, of the same origin.
    pub prev: Option<Uri>,
    /// How many items there are in all, as far as is told.
    pub total_items: Option<u64>,
    /// The items of this page.
    pub items: Vec<Reference>,
}

impl Collection {
    /// Reads a collection from the bytes of an answer.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        Self::of(&parse_strict(bytes, JsonLimits::OBJECT)?)
    }

    /// Reads a collection from JSON that was read strictly.
    ///
    /// # Errors
    /// [`WordsRefused`]; also when its pages are of another origin.
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "a collection")?;
        if !properties.has_type("Collection") {
            properties.expect_type("OrderedCollection", "a collection")?;
        }
        let id = properties.address("id")?;
        Ok(Self {
            total_items: properties.count("totalItems")?,
            first: page_address(properties, "first", &id)?,
            last: page_address(properties, "last", &id)?,
            items: items(properties)?,
            id,
        })
    }

    /// The collection as it is served.
    pub fn to_value(&self) -> Value {
        let mut value = begin(&self.id, "OrderedCollection", self.total_items, &self.items);
        put(&mut value, "first", self.first.as_ref());
        put(&mut value, "last", self.last.as_ref());
        if !self.items.is_empty() {
            put_items(&mut value, &self.items);
        }
        Value::Object(value)
    }
}

impl CollectionPage {
    /// Reads a page from the bytes of an answer.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        Self::of(&parse_strict(bytes, JsonLimits::OBJECT)?)
    }

    /// Reads a page from JSON that was read strictly.
    ///
    /// # Errors
    /// [`WordsRefused`]; also when the next page is this one or of another origin.
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "a page of a collection")?;
        if !properties.has_type("CollectionPage") {
            properties.expect_type("OrderedCollectionPage", "a page of a collection")?;
        }
        let id = properties.address("id")?;
        let next = page_address(properties, "next", &id)?;
        if next.as_ref() == Some(&id) {
            return Err(WordsRefused::property("next", "the page follows itself"));
        }
        Ok(Self {
            part_of: page_address(properties, "partOf", &id)?,
            next,
            prev: page_address(properties, "prev", &id)?,
            total_items: properties.count("totalItems")?,
            items: items(properties)?,
            id,
        })
    }

    /// The page as it is served.
    pub fn to_value(&self) -> Value {
        let mut value = begin(
            &self.id,
            "OrderedCollectionPage",
            self.total_items,
            &self.items,
        );
        put(&mut value, "partOf", self.part_of.as_ref());
        put(&mut value, "next", self.next.as_ref());
        put(&mut value, "prev", self.prev.as_ref());
        put_items(&mut value, &self.items);
        Value::Object(value)
    }
}

fn page_address(
    properties: Properties<'_>,
    name: &'static str,
    id: &Uri,
) -> Result<Option<Uri>, WordsRefused> {
    let address = properties.address_or_embedded(name)?;
    if let Some(address) = &address {
        same_origin(name, address, id)?;
    }
    Ok(address)
}

fn items(properties: Properties<'_>) -> Result<Vec<Reference>, WordsRefused> {
    let name = if properties.get("orderedItems").is_some() {
        "orderedItems"
    } else {
        "items"
    };
    properties
        .list(name, PAGE_LIMIT)?
        .iter()
        .map(|value| Reference::of(name, value))
        .collect()
}

fn begin(id: &Uri, of_type: &str, total: Option<u64>, items: &[Reference]) -> Map<String, Value> {
    let mut value = Map::new();
    let is_plain = items.iter().all(|item| item.value().is_none());
    let context = if is_plain {
        context::plain()
    } else {
        context::full()
    };
    value.insert("@context".into(), context);
    value.insert("id".into(), json!(id.as_str()));
    value.insert("type".into(), json!(of_type));
    if let Some(total) = total {
        value.insert("totalItems".into(), json!(total));
    }
    value
}

fn put(value: &mut Map<String, Value>, name: &str, address: Option<&Uri>) {
    if let Some(address) = address {
        value.insert(name.into(), json!(address.as_str()));
    }
}

fn put_items(value: &mut Map<String, Value>, items: &[Reference]) {
    let items = items.iter().map(Reference::to_value).collect();
    value.insert("orderedItems".into(), Value::Array(items));
}
