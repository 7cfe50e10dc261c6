//! Releases: works that came out together, in Funkwhale's word an `Album`.

use serde_json::{Map, Value, json};
use settlement::{Uri, WorkId};

use super::reading::{Properties, WordsRefused};
use super::work::{NAME_LIMIT, SUMMARY_LIMIT, attributed_to, credits, page, picture};
use super::{Credit, Timestamp, context};
use crate::json::{JsonLimits, parse_strict};

/// The most works on a release.
const WORK_LIMIT: usize = 1000;

/// A release, as its home node describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Release {
    /// Its address.
    pub id: Uri,
    /// The title.
    pub name: String,
    /// A few words (HTML from a stranger: clean it before it is shown).
    pub summary: Option<String>,
    /// The actor that publishes it and may change it, on the same origin.
    pub attributed_to: Uri,
    /// Whom it is by.
    pub artists: Vec<Credit>,
    /// When it came out: a year, a month or a day (`2014`, `2014-05`, `2014-05-12`).
    pub released: Option<String>,
    /// Its works in order.
    pub works: Vec<WorkId>,
    /// When it was published here.
    pub published: Option<Timestamp>,
    /// When it was last changed.
    pub updated: Option<Timestamp>,
    /// The page for people.
    pub page: Option<Uri>,
    /// A picture.
    pub cover: Option<Uri>,
}

impl Release {
    /// Reads a release from the bytes of an answer.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn parse(bytes: &[u8]) -> Result<Self, WordsRefused> {
        Self::of(&parse_strict(bytes, JsonLimits::OBJECT)?)
    }

    /// Is this the JSON of a release, going by its type?
    pub fn is_one(value: &Value) -> bool {
        Properties::of(value, "a release").is_ok_and(|properties| properties.has_type("Album"))
    }

    /// Reads a release from JSON that was read strictly.
    ///
    /// # Errors
    /// [`WordsRefused`].
    pub fn of(value: &Value) -> Result<Self, WordsRefused> {
        let properties = Properties::of(value, "a release")?;
        properties.expect_type("Album", "a release (Album)")?;
        let id = properties.address("id")?;
        let released = properties.text("released", 10)?;
        if released
            .as_deref()
            .is_some_and(|text| !is_date_or_less(text))
        {
            return Err(WordsRefused::property(
                "released",
                "it must be like 2014 or 2014-05-12",
            ));
        }
        Ok(Self {
            name: properties.required_text("name", NAME_LIMIT)?,
            summary: properties.text("summary", SUMMARY_LIMIT)?,
            attributed_to: attributed_to(properties, &id)?,
            artists: credits(properties)?,
            released,
            works: properties
                .addresses("works", WORK_LIMIT)?
                .into_iter()
                .map(WorkId::from)
                .collect(),
            published: properties.timestamp("published")?,
            updated: properties.timestamp("updated")?,
            page: page(properties)?,
            cover: picture(properties)?,
            id,
        })
    }

    /// The release as it is served and sent.
    pub fn to_value(&self) -> Value {
        let mut value = Map::new();
        value.insert("@context".into(), context::full());
        let mut put = |name: &str, text: Option<String>| {
            if let Some(text) = text {
                value.insert(name.into(), json!(text));
            }
        };
        put("id", Some(self.id.to_string()));
        put("type", Some("Album".into()));
        put("name", Some(self.name.clone()));
        put("summary", self.summary.clone());
        put("attributedTo", Some(self.attributed_to.to_string()));
        put("released", self.released.clone());
        put("published", self.published.map(|moment| moment.to_string()));
        put("updated", self.updated.map(|moment| moment.to_string()));
        put("url", self.page.as_ref().map(Uri::to_string));
        if !self.artists.is_empty() {
            let artists = self.artists.iter().map(Credit::to_value).collect();
            value.insert("artists".into(), Value::Array(artists));
        }
        if let Some(cover) = &self.cover {
            value.insert(
                "image".into(),
                json!({ "type": "Image", "url": cover.as_str() }),
            );
        }
        let works: Vec<_> = self.works.iter().map(WorkId::as_str).collect();
        value.insert("works".into(), json!(works));
        Value::Object(value)
    }
}

fn is_date_or_less(text: &str) -> bool {
    matches!(text.len(), 4 | 7 | 10)
        && text.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}
