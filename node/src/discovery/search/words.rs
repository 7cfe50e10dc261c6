//! What texts are cut into, so that what is written and what is typed meet: words without case,
//! accents, ligatures and apostrophes.
//!
//! A text is cut at spaces; a piece with marks inside (`l’été`, `porte-manteau`, `AC/DC`) counts by
//! its parts and as one word too. Writing without spaces (Han, kana, Thai) is cut into pairs of
//! signs. Signs alone (`♥`, an emoji) are words, and a text without any word is one word as it is.

use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

use crate::names;

/// The most letters of a word that count.
const LETTERS: usize = 40;
/// The most words of one text that count.
pub const WORDS: usize = 96;
/// The most characters of a question that are read.
pub const QUESTION: usize = 200;
/// The most words of a question that are looked for.
const SOUGHT: usize = 12;
/// The most parts that are also taken as one word.
const JOINED: usize = 4;

/// Words so common in French and English that a question need not find them when it has others.
const SMALL: [&str; 27] = [
    "le", "la", "les", "l", "un", "une", "des", "du", "de", "d", "et", "au", "aux", "en", "the",
    "a", "an", "of", "and", "in", "on", "to", "y", "à", "&", "n", "s",
];
/// What French and its neighbours put before an apostrophe.
const ELIDED: [&str; 16] = [
    "l", "d", "j", "m", "t", "s", "n", "c", "qu", "jusqu", "lorsqu", "puisqu", "quoiqu", "dell",
    "all", "o",
];

/// Whether a word is one of those too common to insist on.
fn is_small(word: &str) -> bool {
    SMALL.contains(&word)
}

/// A word of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// The word, folded.
    pub text: String,
    /// Whether it counts towards the length of the text: neither small nor made of others.
    pub counts: bool,
}

/// The words a piece of text without spaces is found by, in their order.
pub fn words_of(piece: &str) -> Vec<Word> {
    let mut found = Vec::new();
    for piece in folded(piece).split_whitespace() {
        let parts = parts(piece);
        for part in &parts {
            found.extend(grams(part, true).into_iter().map(|text| Word {
                counts: !is_small(&text),
                text,
            }));
        }
        if (2..=JOINED).contains(&parts.len()) {
            found.push(Word {
                text: cut(&parts.concat()),
                counts: false,
            });
        }
    }
    found.truncate(WORDS);
    found
}

/// A word of a question.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sought {
    /// The word, folded.
    pub text: String,
    /// Whether what is found must have it.
    pub needed: bool,
    /// Whether it is still being typed: it may be the beginning of a word.
    pub open: bool,
}

/// The words of a question, each once, at most 12. Of a long question its beginning is read.
pub fn sought(question: &str) -> Vec<Sought> {
    let question: String = question.chars().take(QUESTION).collect();
    let mut texts: Vec<String> = Vec::new();
    for piece in folded(&question).split_whitespace() {
        let mut parts = parts(piece);
        if parts.len() > 1 && ELIDED.contains(&parts[0].as_str()) && is_elided(piece, &parts[0]) {
            parts.remove(0);
        }
        texts.extend(parts.iter().flat_map(|part| grams(part, false)));
    }
    if texts.is_empty() {
        texts.extend(bare(&question));
    }
    let last = texts.last().cloned();
    let ends_open = !question.ends_with(char::is_whitespace);
    let only_small = texts.iter().all(|text| is_small(text));
    let mut sought: Vec<Sought> = Vec::new();
    for text in texts {
        if sought.len() < SOUGHT && sought.iter().all(|known| known.text != text) {
            sought.push(Sought {
                needed: only_small || !is_small(&text),
                open: ends_open && last.as_ref() == Some(&text),
                text,
            });
        }
    }
    sought
}

/// A text for comparing whole: the values of a filter.
pub fn whole(text: &str) -> String {
    let pieces: Vec<String> = folded(text).split_whitespace().flat_map(parts).collect();
    pieces.join(" ")
}

/// The text without case and accents, its apostrophes alike, its ligatures taken apart.
fn folded(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    let mut folded = String::with_capacity(text.len());
    for letter in names::fold(text).chars() {
        match letter {
            '’' | 'ʼ' | '‘' | '`' | '´' | '＇' => folded.push('\''),
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            'þ' => folded.push_str("th"),
            'ı' => folded.push('i'),
            // Vowels of Hebrew and Arabic are written by few, and the stretching line by fewer.
            '\u{591}'..='\u{5bd}'
            | '\u{5bf}'..='\u{5c7}'
            | '\u{640}'
            | '\u{64b}'..='\u{65f}'
            | '\u{670}' => {}
            _ => folded.push(letter),
        }
    }
    folded
}

/// The parts of a piece between marks; a sign alone is a part.
fn parts(piece: &str) -> Vec<String> {
    let marks = CanonicalCombiningClassMapBorrowed::new();
    let mut parts = vec![String::new()];
    for letter in piece.chars() {
        if letter.is_alphanumeric() || (!letter.is_ascii() && marks.get_u8(letter) > 0) {
            if let Some(part) = parts.last_mut() {
                part.push(letter);
            }
            continue;
        }
        if is_sign(letter) {
            parts.push(letter.to_string());
        }
        parts.push(String::new());
    }
    parts.retain(|part| !part.is_empty());
    parts
}

fn is_elided(piece: &str, article: &str) -> bool {
    piece
        .trim_start_matches(|letter: char| !letter.is_alphanumeric())
        .strip_prefix(article)
        .is_some_and(|rest| rest.starts_with('\''))
}

fn is_sign(letter: char) -> bool {
    matches!(letter, '\u{2190}'..='\u{2bff}' | '\u{1f000}'..='\u{1faff}')
}

/// Whether a letter belongs to a writing that puts no spaces between words.
fn is_unspaced(letter: char) -> bool {
    matches!(
        letter,
        '\u{e00}'..='\u{eff}' | '\u{1000}'..='\u{109f}' | '\u{1780}'..='\u{17ff}'
            | '\u{3005}'..='\u{3007}' | '\u{3040}'..='\u{30ff}' | '\u{3400}'..='\u{4dbf}'
            | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{323af}'
    )
}

/// A part as it is found: itself, or the pairs of its signs where writing has no spaces. In a text
/// the last sign stands alone too, so that every sign begins something.
fn grams(part: &str, in_text: bool) -> Vec<String> {
    if part.is_ascii() || !part.chars().any(is_unspaced) {
        return vec![cut(part)];
    }
    let letters: Vec<char> = part.chars().collect();
    let mut grams = Vec::new();
    for run in letters.chunk_by(|a, b| is_unspaced(*a) == is_unspaced(*b)) {
        if run.first().is_some_and(|first| !is_unspaced(*first)) {
            grams.push(cut(&run.iter().collect::<String>()));
            continue;
        }
        grams.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
        if run.len() == 1 || in_text {
            grams.extend(run.last().map(char::to_string));
        }
    }
    grams
}

fn cut(word: &str) -> String {
    word.chars().take(LETTERS).collect()
}

/// A text without words, as one: `+`, `÷`, `…`.
pub fn bare(text: &str) -> Option<String> {
    let seen = |letter: &char| !letter.is_whitespace() && !letter.is_control();
    let bare: String = text.chars().filter(seen).take(16).collect();
    (!bare.is_empty()).then_some(bare)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let pieces = text.split_whitespace().flat_map(words_of);
        pieces.map(|word| word.text).collect()
    }

    fn asked(question: &str) -> Vec<String> {
        sought(question).into_iter().map(|word| word.text).collect()
    }

    #[test]
    fn accents_ligatures_and_case_do_not_matter() {
        assert_eq!(
            found("ÉTÉ Cœur Straße Ærø"),
            ["ete", "coeur", "strasse", "aero"]
        );
        assert_eq!(asked("coeur"), asked("CŒUR"));
        assert_eq!(asked("e\u{301}te\u{301}"), asked("été"));
        assert_eq!(found("Łódź"), ["lodz"]);
    }

    #[test]
    fn an_article_before_an_apostrophe_is_left_out_of_the_question_only() {
        assert_eq!(found("L’Été"), ["l", "ete", "lete"]);
        assert_eq!(asked("l'été"), ["ete"]);
        assert_eq!(asked("d’"), ["d"]);
        assert_eq!(asked("don't"), ["don", "t"]);
        assert_eq!(found("Porte-manteau"), ["porte", "manteau", "portemanteau"]);
        assert_eq!(found("AC/DC"), ["ac", "dc", "acdc"]);
    }

    #[test]
    fn small_words_need_not_be_found_beside_others() {
        let needed = |question: &str| -> Vec<bool> {
            sought(question).iter().map(|word| word.needed).collect()
        };
        assert_eq!(needed("le petit prince"), [false, true, true]);
        assert_eq!(needed("the the la"), [true, true]);
        let counts = |piece: &str| words_of(piece).iter().filter(|word| word.counts).count();
        assert_eq!([counts("Le"), counts("Petit"), counts("l’Été")], [0, 1, 1]);
    }

    #[test]
    fn only_the_last_word_is_still_being_typed() {
        let open = |question: &str| -> Vec<bool> {
            sought(question).iter().map(|word| word.open).collect()
        };
        assert_eq!(open("jacq bre"), [false, true]);
        assert_eq!(open("jacq bre "), [false, false]);
    }

    #[test]
    fn writing_without_spaces_is_found_from_any_sign() {
        assert_eq!(found("図書館"), ["図書", "書館", "館"]);
        assert_eq!(asked("書館"), ["書館"]);
        assert_eq!(asked("館"), ["館"]);
        assert_eq!(found("Песня"), ["песня"]);
    }

    #[test]
    fn right_to_left_writing_is_found_with_and_without_vowels() {
        assert_eq!(found("مُحَمَّد"), found("محمد"));
        assert_eq!(found("שָׁלוֹם"), found("שלום"));
    }

    #[test]
    fn signs_are_words_and_marks_alone_are_one() {
        assert_eq!(found("I ♥ 🎵"), ["i", "♥", "🎵"]);
        assert_eq!(found("÷"), Vec::<String>::new());
        assert_eq!(bare(" ÷ ").as_deref(), Some("÷"));
        assert_eq!(asked("+"), ["+"]);
        assert_eq!(asked("  "), Vec::<String>::new());
    }

    #[test]
    fn a_question_has_an_end() {
        assert_eq!(asked(&"a".repeat(100_000)), ["a".repeat(40)]);
        let many: String = (0..500).map(|n| format!("{n} ")).collect();
        assert_eq!(asked(&many).len(), 12);
        assert_eq!(words_of(&"図書".repeat(1_000)).len(), 96);
    }

    #[test]
    fn what_other_searches_take_for_an_operator_is_text() {
        assert_eq!(
            asked("ti\"tre* AND (col:x) -- \0;"),
            ["ti", "tre", "and", "col", "x"]
        );
    }
}
