//! What the node says to people, in French and in English.
//!
//! The sentences live in `node/locales/<language>/<room>.ftl` (Fluent). A test finds keys that one
//! language has and the other lacks, and keys the code asks for that nobody wrote.

pub mod figures;
pub mod places;

use std::borrow::Cow;
use std::collections::HashMap;

use fluent_templates::fluent_bundle::FluentValue;
use fluent_templates::{LanguageIdentifier, Loader};

use crate::config::Language;

fluent_templates::static_loader! {
    static SENTENCES = {
        locales: "./locales",
        fallback_language: "fr",
        // Isolation marks would end up in attributes and in the ears of screen readers.
        customise: |bundle| bundle.set_use_isolating(false),
    };
}

/// A sentence by its key, with what fills its blanks: chosen where something happens, put into a
/// language where it is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Say {
    key: &'static str,
    blanks: Vec<(&'static str, String)>,
}

impl Say {
    /// The sentence of this key, nothing to fill in.
    pub fn new(key: &'static str) -> Self {
        Say {
            key,
            blanks: Vec::new(),
        }
    }

    /// Fills in the blank `name`.
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.blanks.push((name, value.to_string()));
        self
    }

    /// The sentence in `language`.
    pub fn to(&self, language: Language) -> String {
        let blanks: Vec<(&str, &str)> = self.blanks.iter().map(|(k, v)| (*k, v.as_str())).collect();
        say(language, self.key, &blanks)
    }
}

/// The sentence `key` in `language`, its blanks filled. A blank that is a whole number can choose
/// a plural form.
pub fn say(language: Language, key: &str, blanks: &[(&str, &str)]) -> String {
    let mut filled: HashMap<Cow<'static, str>, FluentValue<'_>> = HashMap::new();
    for (name, value) in blanks {
        let value = match value.parse::<i32>() {
            Ok(number) => FluentValue::from(number),
            Err(_) => FluentValue::from(*value),
        };
        filled.insert(Cow::Owned((*name).to_owned()), value);
    }
    let sentence = SENTENCES.lookup_with_args(&identifier(language), key, &filled);
    match language {
        Language::Fr => figures::french_spacing(&sentence),
        Language::En => sentence,
    }
}

fn identifier(language: Language) -> LanguageIdentifier {
    language
        .code()
        .parse()
        .expect("`fr` and `en` are language identifiers")
}

#[cfg(test)]
mod tests;
