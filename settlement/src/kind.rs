//! What a work is.

use std::{fmt, str::FromStr};

use crate::Malformed;

/// The kind of a work; a policy may weigh a use by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// A track of music; a use is a play.
    Music,
    /// A film; a use is a view.
    Film,
    /// A game; a use is a session.
    Game,
    /// A book; a use is a reading.
    Book,
}

impl Kind {
    /// All kinds, in the order in which a policy lists them.
    pub const ALL: [Kind; 4] = [Kind::Music, Kind::Film, Kind::Game, Kind::Book];

    /// Reads `music`, `film`, `game` or `book`.
    ///
    /// # Errors
    /// When it is none of these.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        Kind::ALL
            .into_iter()
            .find(|kind| kind.as_str() == text)
            .ok_or_else(|| {
                Malformed::new("a kind of work", text, "write music, film, game or book")
            })
    }

    /// The kind's name.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Music => "music",
            Kind::Film => "film",
            Kind::Game => "game",
            Kind::Book => "book",
        }
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}
