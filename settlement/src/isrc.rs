//! The recording code by which a work that was put up twice is found out.

use std::{fmt, str::FromStr, sync::Arc};

use crate::Malformed;

/// An International Standard Recording Code (ISO 3901), upper case and without hyphens.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Isrc {
    text: Arc<str>,
}

impl Isrc {
    /// Reads a code where a work is entered: two letters, three letters or digits, seven digits;
    /// hyphens and case do not matter.
    ///
    /// # Errors
    /// When the code has another form.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let code = normalised(text);
        let bytes = code.as_bytes();
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
        Ok(Isrc { text: code.into() })
    }

    /// Takes the code that a report gives for a work, as it is but for case and hyphens; none where
    /// it is empty. A malformed code is kept and compared like any other: two works that claim the
    /// same one still claim to be one recording, and to hold money can be undone while to pay it
    /// out cannot. To keep malformed codes out is for the door where works are entered.
    pub fn as_reported(text: &str) -> Option<Self> {
        let code = normalised(text);
        (!code.is_empty()).then(|| Isrc { text: code.into() })
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

fn normalised(text: &str) -> String {
    text.chars()
        .filter(|&letter| letter != '-')
        .flat_map(char::to_uppercase)
        .collect()
}

impl fmt::Display for Isrc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl fmt::Debug for Isrc {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.text)
    }
}

impl FromStr for Isrc {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}
