//! JSON as it is read from strangers.
//!
//! RFC 8259 lets a reader choose among duplicate keys, so two readers can see two different
//! documents in the same bytes; whoever checks a signature and whoever acts on the content must
//! never be those two readers. This reader refuses duplicates, counts depth and bytes, and is the
//! only way in for JSON that came over the network.

use std::fmt;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::{Map, Number, Value};

/// How much JSON is read at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JsonLimits {
    /// Bytes of the whole text.
    pub bytes: usize,
    /// Lists and objects inside one another; a bare number has depth 0.
    pub depth: usize,
}

impl JsonLimits {
    /// What an activity, an actor or an object may be: 1 MiB, 32 deep.
    pub const OBJECT: Self = Self {
        bytes: 1 << 20,
        depth: 32,
    };

    /// The usual depth with another number of bytes.
    pub const fn of_bytes(bytes: usize) -> Self {
        Self { bytes, depth: 32 }
    }
}

/// Why a text is not JSON that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonRefused {
    /// More bytes than the limit.
    #[error("the document is larger than {limit} bytes")]
    TooLarge {
        /// The limit that was passed.
        limit: usize,
    },
    /// Lists and objects nested deeper than the limit.
    #[error("the document is nested more than {limit} levels deep")]
    TooDeep {
        /// The limit that was passed.
        limit: usize,
    },
    /// One object has a key twice (RFC 7493 §2.3 forbids it).
    #[error("the key \"{key}\" appears twice in one object")]
    DuplicateKey {
        /// The key, cut to a length that can be shown.
        key: String,
    },
    /// Not JSON at all, or not UTF-8.
    #[error("the document is not valid JSON: {reason}")]
    Malformed {
        /// What the parser says, with line and column.
        reason: String,
    },
}

/// Reads one JSON text, whole, with nothing after it.
///
/// # Errors
/// [`JsonRefused`] for bytes beyond the limits, duplicate keys and malformed text.
pub fn parse_strict(bytes: &[u8], limits: JsonLimits) -> Result<Value, JsonRefused> {
    if bytes.len() > limits.bytes {
        return Err(JsonRefused::TooLarge {
            limit: limits.bytes,
        });
    }
    let mut refused = None;
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let reader = Reader {
        depth_left: limits.depth,
        limits,
        refused: &mut refused,
    };
    let outcome = reader.deserialize(&mut deserializer).and_then(|value| {
        deserializer.end()?;
        Ok(value)
    });
    outcome.map_err(|error| {
        refused.unwrap_or_else(|| JsonRefused::Malformed {
            reason: error.to_string(),
        })
    })
}

/// JSON for readers that bring their own deserializer: no key twice, and not deeper than
/// [`JsonLimits::OBJECT`]. The bytes, they must have counted themselves.
#[derive(Debug, Clone, PartialEq)]
pub struct StrictJson(pub Value);

impl<'de> Deserialize<'de> for StrictJson {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut refused = None;
        let limits = JsonLimits::OBJECT;
        let reader = Reader {
            depth_left: limits.depth,
            limits,
            refused: &mut refused,
        };
        let value = reader.deserialize(deserializer);
        match (value, refused) {
            (Ok(value), _) => Ok(Self(value)),
            (Err(_), Some(refused)) => Err(D::Error::custom(refused)),
            (Err(error), None) => Err(error),
        }
    }
}

/// Builds a [`Value`] while watching what serde_json itself lets pass.
struct Reader<'a> {
    depth_left: usize,
    limits: JsonLimits,
    /// serde's errors are texts; the reason is kept here as what it is.
    refused: &'a mut Option<JsonRefused>,
}

impl Reader<'_> {
    /// Steps into a list or an object.
    fn enter<E: serde::de::Error>(&mut self) -> Result<(), E> {
        if let Some(depth_left) = self.depth_left.checked_sub(1) {
            self.depth_left = depth_left;
            Ok(())
        } else {
            *self.refused = Some(JsonRefused::TooDeep {
                limit: self.limits.depth,
            });
            Err(E::custom("too deep"))
        }
    }

    fn inner(&mut self) -> Reader<'_> {
        Reader {
            depth_left: self.depth_left,
            limits: self.limits,
            refused: self.refused,
        }
    }
}

impl<'de> DeserializeSeed<'de> for Reader<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Reader<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number is too large"))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::String(text.to_owned()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::String(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut list = Vec::new();
        while let Some(item) = items.next_element_seed(self.inner())? {
            list.push(item);
        }
        Ok(Value::Array(list))
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        self.enter()?;
        let mut object = Map::new();
        while let Some(key) = entries.next_key::<String>()? {
            let value = entries.next_value_seed(self.inner())?;
            if object.contains_key(&key) {
                let shown: String = key.chars().take(64).collect();
                *self.refused = Some(JsonRefused::DuplicateKey { key: shown });
                return Err(A::Error::custom("duplicate key"));
            }
            object.insert(key, value);
        }
        Ok(Value::Object(object))
    }
}

/// The greatest whole number that JSON carries exactly between any two programs: 2⁵³ − 1
/// (RFC 7493 §2.2). Larger ones travel as strings.
pub const SAFE_INTEGER: u64 = (1 << 53) - 1;

/// Is every number in `value` one that a double holds exactly and that RFC 8785 therefore writes
/// back as it was?
pub fn numbers_are_safe(value: &Value) -> bool {
    match value {
        Value::Number(number) => {
            if let Some(whole) = number.as_u64() {
                whole <= SAFE_INTEGER
            } else if let Some(whole) = number.as_i64() {
                whole.unsigned_abs() <= SAFE_INTEGER
            } else {
                number
                    .as_f64()
                    .is_some_and(|real| real.abs() <= 9_007_199_254_740_991.0)
            }
        }
        Value::Array(list) => list.iter().all(numbers_are_safe),
        Value::Object(object) => object.values().all(numbers_are_safe),
        Value::Null | Value::Bool(_) | Value::String(_) => true,
    }
}

/// The canonical bytes of `value` (RFC 8785, JCS).
pub fn canonical(value: &Value) -> Vec<u8> {
    serde_json_canonicalizer::to_vec(value)
        .expect("a Value has string keys, no duplicates and finite numbers")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Result<Value, JsonRefused> {
        parse_strict(
            text.as_bytes(),
            JsonLimits {
                bytes: 4096,
                depth: 3,
            },
        )
    }

    #[test]
    fn ordinary_json_is_read_as_serde_json_reads_it() {
        let text = r#"{"a":[1,-2,3.5,"é\n",null,true,{}],"b":{"c":"\ud83c\udfb5"}}"#;
        assert_eq!(parse(text), Ok(serde_json::from_str(text).unwrap()));
    }

    #[test]
    fn a_key_twice_is_refused_at_any_depth_and_in_any_spelling() {
        for text in [
            r#"{"actor":"a","actor":"b"}"#,
            r#"{"actor":"a","\u0061ctor":"b"}"#,
            r#"[{"x":{"actor":1,"id":2,"actor":1}}]"#,
        ] {
            assert_eq!(
                parse(text),
                Err(JsonRefused::DuplicateKey {
                    key: "actor".into()
                })
            );
        }
    }

    #[test]
    fn the_bytes_of_a_million_brackets_do_not_exhaust_the_stack() {
        let limits = JsonLimits {
            bytes: 1 << 20,
            depth: 32,
        };
        let brackets = "[".repeat(1 << 20);
        assert_eq!(
            parse_strict(brackets.as_bytes(), limits),
            Err(JsonRefused::TooDeep { limit: 32 })
        );
    }

    #[test]
    fn depth_is_counted() {
        assert!(parse("[[[1]]]").is_ok());
        assert_eq!(parse("[[[[1]]]]"), Err(JsonRefused::TooDeep { limit: 3 }));
        assert_eq!(
            parse(r#"{"a":{"a":[{}]}}"#),
            Err(JsonRefused::TooDeep { limit: 3 })
        );
        let endless = "[".repeat(4000);
        assert_eq!(parse(&endless), Err(JsonRefused::TooDeep { limit: 3 }));
    }

    #[test]
    fn size_is_counted_before_anything_is_read() {
        assert_eq!(
            parse(&" ".repeat(4097)),
            Err(JsonRefused::TooLarge { limit: 4096 })
        );
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in [
            "",
            "{",
            "{}{}",
            "{} x",
            "\u{feff}{}",
            "NaN",
            "1e999",
            r#""\ud800""#,
            "{'a':1}",
        ] {
            assert!(
                matches!(parse(text), Err(JsonRefused::Malformed { .. })),
                "{text}"
            );
        }
        assert!(matches!(
            parse_strict(b"\"\xff\"", JsonLimits::OBJECT),
            Err(JsonRefused::Malformed { .. })
        ));
    }

    #[test]
    fn numbers_beyond_what_a_double_holds_are_not_safe() {
        for (text, safe) in [
            ("9007199254740991", true),
            ("-9007199254740991", true),
            ("9007199254740992", false),
            ("-9007199254740992", false),
            ("18446744073709551615", false),
            ("18446744073709551616", false),
            ("[{\"a\":1e20}]", false),
            ("[{\"a\":0.5}]", true),
        ] {
            assert_eq!(numbers_are_safe(&parse(text).unwrap()), safe, "{text}");
        }
    }

    /// RFC 8785, appendix B: doubles by their bits, and how each is written.
    #[test]
    fn the_numbers_of_rfc_8785_are_written_as_it_writes_them() {
        for (bits, written) in [
            (0x0000_0000_0000_0000, "0"),
            (0x8000_0000_0000_0000, "0"),
            (0x0000_0000_0000_0001, "5e-324"),
            (0x8000_0000_0000_0001, "-5e-324"),
            (0x7fef_ffff_ffff_ffff, "1.7976931348623157e+308"),
            (0xffef_ffff_ffff_ffff, "-1.7976931348623157e+308"),
            (0x4340_0000_0000_0000, "9007199254740992"),
            (0xc340_0000_0000_0000, "-9007199254740992"),
            (0x4430_0000_0000_0000, "295147905179352830000"),
            (0x44b5_2d02_c7e1_4af5, "9.999999999999997e+22"),
            (0x44b5_2d02_c7e1_4af6, "1e+23"),
            (0x44b5_2d02_c7e1_4af7, "1.0000000000000001e+23"),
            (0x444b_1ae4_d6e2_ef4e, "999999999999999700000"),
            (0x444b_1ae4_d6e2_ef4f, "999999999999999900000"),
            (0x444b_1ae4_d6e2_ef50, "1e+21"),
            (0x3eb0_c6f7_a0b5_ed8c, "9.999999999999997e-7"),
            (0x3eb0_c6f7_a0b5_ed8d, "0.000001"),
            (0x41b3_de43_5555_5553, "333333333.3333332"),
            (0x41b3_de43_5555_5554, "333333333.33333325"),
            (0x41b3_de43_5555_5555, "333333333.3333333"),
            (0x41b3_de43_5555_5556, "333333333.3333334"),
            (0x41b3_de43_5555_5557, "333333333.33333343"),
            (0xbecb_f647_612f_3696, "-0.0000033333333333333333"),
            (0x4314_3ff3_c1cb_0959, "1424953923781206.2"),
        ] {
            let number = serde_json::json!(f64::from_bits(bits));
            let text = String::from_utf8(canonical(&number)).unwrap();
            assert_eq!(text, written, "{bits:016x}");
        }
        // Not a number, and infinity: JSON has no word for them.
        for text in ["NaN", "Infinity", "-Infinity", "1e400"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    /// The sample of RFC 8785 §3.2.2 and its canonical form of §3.2.3.
    #[test]
    fn the_sample_of_rfc_8785_becomes_its_canonical_form() {
        let sample = r#"{
          "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
          "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
          "literals": [null, true, false]
        }"#;
        let expected = "{\"literals\":[null,true,false],\
            \"numbers\":[333333333.3333333,1e+30,4.5,0.002,1e-27],\
            \"string\":\"€$\\u000f\\nA'B\\\"\\\\\\\\\\\"/\"}";
        assert_eq!(
            String::from_utf8(canonical(&parse(sample).unwrap())).unwrap(),
            expected
        );
    }

    /// The sorting sample of RFC 8785 §3.2.3: keys are ordered by UTF-16 code units.
    #[test]
    fn keys_are_sorted_by_utf_16_as_rfc_8785_says() {
        let sample = r#"{"\u20ac":"Euro Sign","\r":"Carriage Return","\ufb33":"Hebrew Letter Dalet With Dagesh",
            "1":"One","\ud83d\ude00":"Emoji: Grinning Face","\u0080":"Control","\u00f6":"Latin Small Letter O With Diaeresis"}"#;
        let text = String::from_utf8(canonical(&parse(sample).unwrap())).unwrap();
        let order: Vec<_> = [
            "Carriage", "One", "Control", "Latin", "Euro", "Emoji", "Hebrew",
        ]
        .iter()
        .map(|word| text.find(word).unwrap())
        .collect();
        assert!(order.is_sorted(), "{text}");
    }
}
