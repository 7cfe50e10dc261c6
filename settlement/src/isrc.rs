//! The recording code by which a work that was put up twice is found out.

use std::cmp::Ordering;
use std::{fmt, str::FromStr, sync::Arc};

use crate::Malformed;

/// An International Standard Recording Code (ISO 3901), upper case and without hyphens.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Isrc {
    text: Text,
}

/// Most codes are as long as a proper one; a report of a million works has a million of them.
#[derive(Clone, PartialEq, Eq, Hash)]
enum Text {
    Usual([u8; 12]),
    Other(Arc<str>),
}

impl Isrc {
    /// Reads a code where a work is entered: two letters, three letters or digits, seven digits;
    /// hyphens and case do not matter.
    ///
    /// # Errors
    /// When the code has another form.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let code = Isrc::normalised(text);
        let bytes = code.as_str().as_bytes();
        let well_formed = bytes.len() == 12
            && bytes[..2].iter().all(u8::is_ascii_uppercase)
            && bytes[2..5]
                .iter()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
            && bytes[5..].iter().all(u8::is_ascii_digit);
        if !well_formed {
            return Err(Malformed::new(
                "an ISRC",
                text,
                "write it as FR-ABC-26-00001",
            ));
        }
        Ok(code)
    }

    /// Takes the code that a report gives for a work, as it is but for case and hyphens; none where
    /// it is empty. A malformed code is kept and compared like any other: two works that claim the
    /// same one still claim to be one recording, and to hold money can be undone while to pay it
    /// out cannot. To keep malformed codes out is for the door where works are entered.
    pub fn as_reported(text: &str) -> Option<Self> {
        let code = Isrc::normalised(text);
        (!code.as_str().is_empty()).then_some(code)
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        match &self.text {
            // Made of a text, so it is one.
            Text::Usual(bytes) => std::str::from_utf8(bytes).unwrap_or_default(),
            Text::Other(text) => text,
        }
    }

    fn normalised(text: &str) -> Self {
        let plain = |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if let Ok(bytes) = <[u8; 12]>::try_from(text.as_bytes())
            && bytes.iter().all(plain)
        {
            return Isrc {
                text: Text::Usual(bytes),
            };
        }
        let code: String = text
            .chars()
            .filter(|&letter| letter != '-')
            .flat_map(char::to_uppercase)
            .collect();
        Isrc {
            text: match <[u8; 12]>::try_from(code.as_bytes()) {
                Ok(bytes) => Text::Usual(bytes),
                Err(_) => Text::Other(code.into()),
            },
        }
    }
}

impl PartialOrd for Isrc {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Isrc {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl fmt::Display for Isrc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Isrc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Isrc {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}
