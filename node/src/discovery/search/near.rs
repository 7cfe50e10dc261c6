//! Words that are nearly the one that was typed: a letter too many, one missing, one for another,
//! or two the wrong way round.

use std::sync::LazyLock;

use fst::{Automaton, IntoStreamer, Streamer};
use levenshtein_automata::{DFA, Distance, LevenshteinAutomatonBuilder, SINK_STATE};

use super::segment::Segment;

/// The most words taken for one that was typed.
const LIMIT: usize = 4_000;

static ONE: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(1, true));
static TWO: LazyLock<LevenshteinAutomatonBuilder> =
    LazyLock::new(|| LevenshteinAutomatonBuilder::new(2, true));

/// What accepts a word and everything near it.
pub struct Near(DFA);

impl Near {
    /// What is near `word`: one slip from four letters on, two from eight on. `open`: what begins
    /// nearly like it is near too. None where the word is so short that everything would be near.
    pub fn of(word: &str, open: bool) -> Option<Self> {
        let builder = match word.chars().count() {
            0..=3 => return None,
            4..=7 => &*ONE,
            _ => &*TWO,
        };
        Some(Near(match open {
            true => builder.build_prefix_dfa(word),
            false => builder.build_dfa(word),
        }))
    }

    /// The near words of a segment, as numbers in their order, and by how many slips.
    pub fn words(&self, segment: &Segment) -> Vec<(usize, u8)> {
        let mut found = Vec::new();
        let mut stream = segment.terms.search_with_state(self).into_stream();
        while let Some((_, at, state)) = stream.next() {
            if let Distance::Exact(slips) = self.0.distance(state) {
                found.push((at as usize, slips));
            }
            if found.len() >= LIMIT {
                break;
            }
        }
        found
    }
}

impl Automaton for &Near {
    type State = u32;

    fn start(&self) -> u32 {
        self.0.initial_state()
    }

    fn is_match(&self, state: &u32) -> bool {
        matches!(self.0.distance(*state), Distance::Exact(_))
    }

    fn can_match(&self, state: &u32) -> bool {
        *state != SINK_STATE
    }

    fn accept(&self, state: &u32, byte: u8) -> u32 {
        self.0.transition(*state, byte)
    }
}
