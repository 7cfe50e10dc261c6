//! How signed documents write their values: names as text, large numbers as strings, and the
//! JSON-LD context that gives their words a meaning.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::ser::Serializer;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::json::{JsonLimits, JsonRefused, SAFE_INTEGER, parse_strict};
use crate::vocabulary::context::{ACTIVITY_STREAMS, ANTIPHON, DATA_INTEGRITY};

/// The `@context` of what nodes of our kind sign for one another: ActivityStreams, proofs, and every
/// other word is ours. (What everyone is meant to read spells its terms out: see
/// [`context::full`](crate::vocabulary::context::full).)
pub fn context() -> Value {
    json!([ACTIVITY_STREAMS, DATA_INTEGRITY, { "@vocab": format!("{ANTIPHON}#") }])
}

/// The document of a value: its fields and the [`context`], without a proof.
pub(crate) fn document(value: &impl Serialize) -> Value {
    let mut document =
        serde_json::to_value(value).expect("a wire type has text keys and no failing parts");
    if let Value::Object(fields) = &mut document {
        fields.insert("@context".into(), context());
    }
    document
}

/// Why a document cannot be read as what it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentRefused {
    /// It is no proper JSON.
    #[error(transparent)]
    Json(#[from] JsonRefused),
    /// It is JSON of another shape.
    #[error("{0}")]
    Content(String),
}

/// Reads a document, signed or not, verifying nothing. Fields it does not know are let be.
pub(crate) fn read<T: serde::de::DeserializeOwned>(
    bytes: &[u8],
    limit: usize,
) -> Result<(T, Value), DocumentRefused> {
    let document = parse_strict(bytes, JsonLimits::of_bytes(limit))?;
    let content =
        T::deserialize(&document).map_err(|error| DocumentRefused::Content(error.to_string()))?;
    Ok((content, document))
}

/// Values that are written as they are displayed and read as they are parsed.
pub(crate) mod text {
    use super::*;

    pub(crate) fn serialize<T: fmt::Display, S: Serializer>(
        value: &T,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_str(value)
    }

    pub(crate) fn deserialize<'de, T, D>(input: D) -> Result<T, D::Error>
    where
        T: std::str::FromStr<Err: fmt::Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(input)?
            .parse()
            .map_err(D::Error::custom)
    }
}

/// The same for what may be missing.
pub(crate) mod text_or_none {
    use super::*;

    pub(crate) fn serialize<T: fmt::Display, S: Serializer>(
        value: &Option<T>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        match value {
            Some(value) => out.collect_str(value),
            None => out.serialize_none(),
        }
    }

    pub(crate) fn deserialize<'de, T, D>(input: D) -> Result<Option<T>, D::Error>
    where
        T: std::str::FromStr<Err: fmt::Display>,
        D: Deserializer<'de>,
    {
        let text = Option::<String>::deserialize(input)?;
        text.map(|text| text.parse().map_err(D::Error::custom))
            .transpose()
    }
}

/// A whole number that is not negative: as a JSON number while every reader holds it exactly, as a
/// string beyond; both are read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Whole(pub(crate) u64);

impl Serialize for Whole {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        if self.0 <= SAFE_INTEGER {
            out.serialize_u64(self.0)
        } else {
            out.collect_str(&self.0)
        }
    }
}

impl<'de> Deserialize<'de> for Whole {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct Reader;
        impl Visitor<'_> for Reader {
            type Value = Whole;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("a whole number, not negative")
            }

            fn visit_u64<E: Error>(self, number: u64) -> Result<Whole, E> {
                Ok(Whole(number))
            }

            fn visit_i64<E: Error>(self, number: i64) -> Result<Whole, E> {
                u64::try_from(number)
                    .map(Whole)
                    .map_err(|_| E::custom("a whole number must not be negative"))
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<Whole, E> {
                let plain = text.bytes().all(|byte| byte.is_ascii_digit())
                    && (text == "0" || !text.starts_with('0'));
                let number = if plain { text.parse().ok() } else { None };
                number
                    .map(Whole)
                    .ok_or_else(|| E::custom(format!("{text:.40?} is not a whole number")))
            }
        }
        input.deserialize_any(Reader)
    }
}

/// For a field that is a `u64`.
pub(crate) mod whole {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(number: &u64, out: S) -> Result<S::Ok, S::Error> {
        Whole(*number).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(input: D) -> Result<u64, D::Error> {
        Whole::deserialize(input).map(|whole| whole.0)
    }
}

/// For a field that is a `u64` and may be missing.
pub(crate) mod whole_or_none {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        number: &Option<u64>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        number.map(Whole).serialize(out)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<u64>, D::Error> {
        Ok(Option::<Whole>::deserialize(input)?.map(|whole| whole.0))
    }
}

/// For a field that counts by name.
pub(crate) mod whole_by_name {
    use super::*;

    pub(crate) fn serialize<S: Serializer>(
        counts: &BTreeMap<String, u64>,
        out: S,
    ) -> Result<S::Ok, S::Error> {
        out.collect_map(counts.iter().map(|(name, count)| (name, Whole(*count))))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<BTreeMap<String, u64>, D::Error> {
        let counts = BTreeMap::<String, Whole>::deserialize(input)?;
        Ok(counts
            .into_iter()
            .map(|(name, whole)| (name, whole.0))
            .collect())
    }
}
