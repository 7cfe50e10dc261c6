//! Where a node is, where a work is at home, where a split applies.

use std::{fmt, str::FromStr};

use crate::Malformed;

/// A country (`FR`, ISO 3166-1 alpha-2) or a part of one (`FR-ARA`, ISO 3166-2). The syntax is
/// checked, not the list: codes come and go faster than releases. Ordered as text.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Territory {
    // Filled with zeros, which sort before every letter: so the order is that of the text.
    text: [u8; 6],
}

impl Territory {
    /// Reads a code: two capital letters, then perhaps a hyphen and one to three capital letters or
    /// digits.
    ///
    /// # Errors
    /// When the text has another form; small letters are another form.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bytes = text.as_bytes();
        let country = bytes.len() >= 2 && bytes[..2].iter().all(u8::is_ascii_uppercase);
        let part = |part: &[u8]| {
            (2..=4).contains(&part.len())
                && part[0] == b'-'
                && part[1..]
                    .iter()
                    .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
        };
        if !country || !(bytes.len() == 2 || part(&bytes[2..])) {
            return Err(Malformed::new(
                "a territory",
                text,
                "write FR or FR-ARA, as in ISO 3166",
            ));
        }
        let mut padded = [0; 6];
        padded[..bytes.len()].copy_from_slice(bytes);
        Ok(Territory { text: padded })
    }

    /// The code.
    pub fn as_str(&self) -> &str {
        let length = self
            .text
            .iter()
            .position(|&byte| byte == 0)
            .unwrap_or(self.text.len());
        std::str::from_utf8(&self.text[..length]).unwrap_or_default()
    }

    /// The country: `FR` of `FR-ARA`, and of `FR`.
    #[must_use]
    pub fn country(&self) -> Territory {
        Territory {
            text: [self.text[0], self.text[1], 0, 0, 0, 0],
        }
    }

    /// Whether it names a country and no part of it.
    pub fn is_country(&self) -> bool {
        self.text[2] == 0
    }

    /// Whether a use here of a work from there is local: equal, or of one country where either side
    /// names only the country. `FR-ARA` and `FR-BRE` are not the same; `FR-ARA` and `FR` are.
    pub fn same_as(&self, other: &Territory) -> bool {
        self == other
            || (self.country() == other.country() && (self.is_country() || other.is_country()))
    }
}

impl fmt::Display for Territory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Territory {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Territory {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}
