//! Mandates: who licensed a work to the network, when, for what, and whether a collecting society
//! holds the same rights.

use settlement::Date;

use super::TEXT_LIMIT;
use super::tags::cleaned;
use crate::web::Refusal;
use crate::words::Say;

/// Why a work may be played here at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mandate {
    /// The name of who licensed it.
    pub licensor: String,
    /// The day it was licensed.
    pub granted: Date,
    /// For what, in words.
    pub scope: String,
    /// Whether a collecting society holds the same rights.
    pub society: Society,
    /// Whether somebody said so. What an import assumes (the label, else the artist, on the day)
    /// is shown as not stated until somebody does.
    pub stated: bool,
    /// When it was recorded, in microseconds UTC.
    pub recorded_us: i64,
}

/// Whether a rights holder has given the same rights to a collecting society.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Society {
    /// Nobody said.
    Unknown,
    /// To none.
    None,
    /// To this one.
    Named(String),
}

impl Society {
    /// Reads what the database holds.
    pub fn read(text: Option<String>) -> Self {
        match text {
            None => Society::Unknown,
            Some(name) if name.is_empty() => Society::None,
            Some(name) => Society::Named(name),
        }
    }

    /// Reads what somebody wrote: `none`, a name, or nothing.
    pub fn said(text: &str) -> Self {
        let name = cleaned(text).0;
        match name.to_lowercase().as_str() {
            "" => Society::Unknown,
            "none" | "no" | "aucune" | "non" => Society::None,
            _ => Society::Named(name),
        }
    }

    /// As the database holds it.
    pub fn written(&self) -> Option<String> {
        match self {
            Society::Unknown => None,
            Society::None => Some(String::new()),
            Society::Named(name) => Some(name.clone()),
        }
    }
}

/// What somebody stated about a mandate; what is left out is filled in by what came in with it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct MandateWords {
    /// Who licensed it.
    pub licensor: Option<String>,
    /// The day.
    pub granted: Option<String>,
    /// For what.
    pub scope: Option<String>,
    /// `none`, or the name of a society.
    pub society: Option<String>,
}

impl MandateWords {
    /// These words, and those of `other` where these say nothing.
    pub fn or(mut self, other: &MandateWords) -> Self {
        let fill = |mine: &mut Option<String>, other: &Option<String>| {
            if mine.is_none() {
                mine.clone_from(other);
            }
        };
        fill(&mut self.licensor, &other.licensor);
        fill(&mut self.granted, &other.granted);
        fill(&mut self.scope, &other.scope);
        fill(&mut self.society, &other.society);
        self
    }

    /// The mandate, with `licensor` and `today` where the words say nothing.
    ///
    /// # Errors
    /// When the day is none, or a text is longer than [`TEXT_LIMIT`].
    pub fn mandate(&self, licensor: &str, today: Date, now_us: i64) -> Result<Mandate, Refusal> {
        let granted = match &self.granted {
            None => today,
            Some(day) => Date::parse(day).map_err(|_| {
                let malformed = Say::new("catalogue-mandate-day");
                Refusal::field("licensed-on", malformed.with("day", cleaned(day).0))
            })?,
        };
        for text in [&self.licensor, &self.scope, &self.society]
            .into_iter()
            .flatten()
        {
            if text.chars().count() > TEXT_LIMIT {
                let long = Say::new("catalogue-mandate-long").with("limit", TEXT_LIMIT);
                return Err(Refusal::field("mandate", long));
            }
        }
        let said = |text: &Option<String>| {
            let text = cleaned(text.as_deref().unwrap_or_default()).0;
            (!text.is_empty()).then_some(text)
        };
        Ok(Mandate {
            stated: said(&self.licensor).is_some(),
            licensor: said(&self.licensor).unwrap_or_else(|| licensor.to_owned()),
            granted,
            scope: said(&self.scope).unwrap_or_else(|| "streaming".to_owned()),
            society: Society::said(self.society.as_deref().unwrap_or_default()),
            recorded_us: now_us,
        })
    }
}
