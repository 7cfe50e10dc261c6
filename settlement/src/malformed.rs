//! The one thing that can be wrong with a text that was meant to be a type of the law.

use std::fmt;

/// A text that is not what it was given as. Its sentence names what was expected, quotes what was
/// there (shortened, unprintable characters escaped) and says why it is not that.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    what: &'static str,
    text: String,
    why: &'static str,
}

impl Malformed {
    pub(crate) fn new(what: &'static str, text: &str, why: &'static str) -> Self {
        let mut shown: String = text
            .chars()
            .take(120)
            .flat_map(char::escape_debug)
            .collect();
        if text.chars().nth(120).is_some() {
            shown.push('…');
        }
        Malformed {
            what,
            text: shown,
            why,
        }
    }

    /// What the text should have been, in English with its article: "a period".
    pub fn what(&self) -> &'static str {
        self.what
    }

    /// Why it is not.
    pub fn why(&self) -> &'static str {
        self.why
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "\"{}\" is not {}: {}", self.text, self.what, self.why)
    }
}

impl std::error::Error for Malformed {}

/// A whole number written plainly: an optional minus sign and digits, nothing else.
pub(crate) fn plain_integer(what: &'static str, text: &str) -> Result<i128, Malformed> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed::new(
            what,
            text,
            "only digits, with a minus sign where it is negative",
        ));
    }
    text.parse()
        .map_err(|_| Malformed::new(what, text, "the number is too large"))
}
