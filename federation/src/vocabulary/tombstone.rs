//! What is left where something was.

use serde_json::{Map, Value, json};
use settlement::Uri;

use super::reading::{Properties, WordsRefused};
use super::{Timestamp, context};

/// What is left of something that is no more (ActivityPub §6.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tombstone {
    /// The address of what was there.
    pub id: Uri,
    /// What it was.
    pub former_type: Option<String>,
    /// When it went.
    pub deleted: Option<Timestamp>,
}

impl Tombstone {
    /// Reads a tombstone from JSON that was read strictly.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "a tombstone")?;
        properties.expect_type("Tombstone", "a Tombstone")?;
        Ok(Self {
            id: properties.address("id")?,
            former_type: properties.text("formerType", 80)?,
            deleted: properties.timestamp("deleted")?,
        })
    }

    /// The tombstone as it is served (with status 410) and sent.
    pub fn to_value(&self) -> Value {
        let mut value = Map::new();
        value.insert("@context".into(), context::plain());
        value.insert("id".into(), json!(self.id.as_str()));
        value.insert("type".into(), json!("Tombstone"));
        if let Some(former) = &self.former_type {
            value.insert("formerType".into(), json!(former));
        }
        if let Some(deleted) = self.deleted {
            value.insert("deleted".into(), json!(deleted.to_string()));
        }
        Value::Object(value)
    }
}
