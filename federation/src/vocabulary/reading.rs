//! Properties, one at a time, each with its limit and a sentence when it is not what it must be.

use serde_json::{Map, Value};
use settlement::{Malformed, Uri};

use super::Timestamp;
use crate::json::JsonRefused;

/// Why words are not understood or not taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WordsRefused {
    /// Not JSON that is read here.
    #[error(transparent)]
    Json(#[from] JsonRefused),
    /// A JSON object was expected.
    #[error("{0} must be a JSON object")]
    NotAnObject(&'static str),
    /// A property that must be there is not.
    #[error("the property \"{0}\" is missing")]
    Missing(&'static str),
    /// A property is not what it must be.
    #[error("the property \"{property}\" cannot be read: {reason}")]
    Property {
        /// The property's name.
        property: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// A thing of another type.
    #[error("\"{found}\" is not {expected}")]
    OtherType {
        /// What was expected, with its article.
        expected: &'static str,
        /// The type that was given.
        found: String,
    },
    /// A thing that another origin has the say over.
    #[error("\"{property}\" must be of the same origin as {owner}")]
    OtherOrigin {
        /// The property with the foreign address.
        property: &'static str,
        /// Whose origin counts.
        owner: String,
    },
}

impl WordsRefused {
    pub(super) fn property(property: &'static str, reason: impl ToString) -> Self {
        Self::Property {
            property,
            reason: reason.to_string(),
        }
    }
}

/// The properties of one JSON object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Properties<'a>(&'a Map<String, Value>);

impl<'a> Properties<'a> {
    pub(super) fn of(value: &'a Value, what: &'static str) -> Result<Self, WordsRefused> {
        value
            .as_object()
            .map(Self)
            .ok_or(WordsRefused::NotAnObject(what))
    }

    /// A property's value; `null` is as good as nothing.
    pub(super) fn get(self, name: &str) -> Option<&'a Value> {
        self.0.get(name).filter(|value| !value.is_null())
    }

    /// The value as a list: nothing, one, or many.
    pub(super) fn list(
        self,
        name: &'static str,
        limit: usize,
    ) -> Result<&'a [Value], WordsRefused> {
        let list = match self.get(name) {
            None => &[],
            Some(Value::Array(list)) => list.as_slice(),
            Some(single) => std::slice::from_ref(single),
        };
        if list.len() > limit {
            return Err(WordsRefused::property(
                name,
                format!("it lists more than {limit}"),
            ));
        }
        Ok(list)
    }

    /// The one value, alone or as a list of one.
    pub(super) fn single(self, name: &'static str) -> Result<Option<&'a Value>, WordsRefused> {
        match self.get(name) {
            Some(Value::Array(list)) => match list.as_slice() {
                [] => Ok(None),
                [single] => Ok(Some(single)),
                _ => Err(WordsRefused::property(
                    name,
                    "it must be one thing, not several",
                )),
            },
            other => Ok(other),
        }
    }

    /// The types, of which a thing may have several.
    pub(super) fn types(self) -> Result<Vec<&'a str>, WordsRefused> {
        let types = self.list("type", 16)?;
        let types: Vec<_> = types.iter().filter_map(Value::as_str).collect();
        if types.is_empty() {
            Err(WordsRefused::Missing("type"))
        } else {
            Ok(types)
        }
    }

    pub(super) fn has_type(self, wanted: &str) -> bool {
        self.types().is_ok_and(|types| types.contains(&wanted))
    }

    pub(super) fn expect_type(
        self,
        wanted: &str,
        expected: &'static str,
    ) -> Result<(), WordsRefused> {
        if self.has_type(wanted) {
            return Ok(());
        }
        let found = self.types()?.join(", ").chars().take(80).collect();
        Err(WordsRefused::OtherType { expected, found })
    }

    /// An address that must be there, as a string and nothing else.
    pub(super) fn address(self, name: &'static str) -> Result<Uri, WordsRefused> {
        self.optional_address(name)?
            .ok_or(WordsRefused::Missing(name))
    }

    /// An address that may be there.
    pub(super) fn optional_address(self, name: &'static str) -> Result<Option<Uri>, WordsRefused> {
        self.read(name, Uri::parse)
    }

    /// An address, or an embedded thing or link that has one.
    pub(super) fn address_or_embedded(
        self,
        name: &'static str,
    ) -> Result<Option<Uri>, WordsRefused> {
        let Some(value) = self.single(name)? else {
            return Ok(None);
        };
        let text = match value {
            Value::String(text) => text.as_str(),
            Value::Object(object) => object
                .get("id")
                .or_else(|| object.get("href"))
                .and_then(Value::as_str)
                .ok_or_else(|| WordsRefused::property(name, "it has no address"))?,
            _ => return Err(WordsRefused::property(name, "it has no address")),
        };
        Uri::parse(text)
            .map(Some)
            .map_err(|bad| WordsRefused::property(name, bad))
    }

    /// A string that parses into a type of its own.
    pub(super) fn read<T>(
        self,
        name: &'static str,
        parse: impl FnOnce(&str) -> Result<T, Malformed>,
    ) -> Result<Option<T>, WordsRefused> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| WordsRefused::property(name, "it must be a string"))?;
        parse(text)
            .map(Some)
            .map_err(|bad| WordsRefused::property(name, bad))
    }

    /// A text of at most `limit` bytes, without control characters except line ends and tabs.
    pub(super) fn text(
        self,
        name: &'static str,
        limit: usize,
    ) -> Result<Option<String>, WordsRefused> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        let text = value
            .as_str()
            .ok_or_else(|| WordsRefused::property(name, "it must be a string"))?;
        if text.len() > limit {
            let reason = format!("it is longer than {limit} bytes");
            return Err(WordsRefused::property(name, reason));
        }
        if text
            .chars()
            .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
        {
            return Err(WordsRefused::property(name, "it holds control characters"));
        }
        Ok(Some(text.to_owned()))
    }

    /// A text that must be there and not be empty.
    pub(super) fn required_text(
        self,
        name: &'static str,
        limit: usize,
    ) -> Result<String, WordsRefused> {
        self.text(name, limit)?
            .filter(|text| !text.is_empty())
            .ok_or(WordsRefused::Missing(name))
    }

    /// A whole number from 0, as a number or, beyond 2⁵³, a string of digits.
    pub(super) fn count(self, name: &'static str) -> Result<Option<u64>, WordsRefused> {
        let count = match self.get(name) {
            None => return Ok(None),
            Some(Value::Number(number)) => number.as_u64(),
            Some(Value::String(text)) if text.bytes().all(|byte| byte.is_ascii_digit()) => {
                text.parse().ok()
            }
            Some(_) => None,
        };
        count.map(Some).ok_or_else(|| {
            WordsRefused::property(name, "it must be a whole number that is not negative")
        })
    }

    pub(super) fn timestamp(self, name: &'static str) -> Result<Option<Timestamp>, WordsRefused> {
        let Some(value) = self.get(name) else {
            return Ok(None);
        };
        value
            .as_str()
            .and_then(|text| Timestamp::parse(text).ok())
            .map(Some)
            .ok_or_else(|| WordsRefused::property(name, "it must be a moment as RFC 3339 has it"))
    }

    /// Addresses, alone or in a list, of at most `limit`.
    pub(super) fn addresses(
        self,
        name: &'static str,
        limit: usize,
    ) -> Result<Vec<Uri>, WordsRefused> {
        self.list(name, limit)?
            .iter()
            .map(|value| {
                let text = value
                    .as_str()
                    .ok_or_else(|| WordsRefused::property(name, "it must list addresses"))?;
                Uri::parse(text).map_err(|bad| WordsRefused::property(name, bad))
            })
            .collect()
    }
}

/// Things of one origin answer for one another; things of two do not.
pub(super) fn same_origin(
    property: &'static str,
    address: &Uri,
    owner: &Uri,
) -> Result<(), WordsRefused> {
    if address.origin() == owner.origin() {
        Ok(())
    } else {
        Err(WordsRefused::OtherOrigin {
            property,
            owner: owner.to_string(),
        })
    }
}
