//! Names that people choose, for themselves and for their houses: one visible line, compared
//! without case and accents so that nobody is taken for somebody else.

use icu_normalizer::DecomposingNormalizerBorrowed;
use icu_normalizer::properties::CanonicalCombiningClassMapBorrowed;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoName {
    /// There is nothing to see.
    Empty,
    /// Longer than the limit.
    TooLong,
    /// It holds a character that is not seen, or that changes the direction of what follows.
    Unseen,
}

/// Reads a name of 1 to `limit` characters: spaces at its ends taken off, runs of spaces made one.
pub fn one_line(text: &str, limit: usize) -> Result<String, NoName> {
    let text = text.trim();
    // Before anything walks over it: hostile texts are long.
    if text.len() > limit * 8 + 64 {
        return Err(NoName::TooLong);
    }
    if text.chars().any(is_unseen) {
        return Err(NoName::Unseen);
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let name = words.join(" ");
    if name.chars().count() > limit {
        return Err(NoName::TooLong);
    }
    if fold(&name).is_empty() {
        return Err(NoName::Empty);
    }
    Ok(name)
}

/// Controls, line ends, marks of direction, characters without width or meaning of their own.
fn is_unseen(c: char) -> bool {
    c.is_control()
        || matches!(
            c,
            '\u{00ad}' | '\u{034f}' | '\u{061c}' | '\u{180e}' | '\u{200b}' | '\u{200e}'
                | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{3164}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e0fff}'
        )
}

/// The text without case, accents and differences of form: `Éloïse` and `ELOISE` fold alike. Only
/// for comparing and finding; never shown.
pub fn fold(text: &str) -> String {
    let class = CanonicalCombiningClassMapBorrowed::new();
    let decompose = |text: &str| -> String {
        DecomposingNormalizerBorrowed::new_nfkd()
            .normalize(text)
            .chars()
            // Marks above and below letters. Vowel signs and voicing marks have lower classes:
            // they are letters in all but name.
            .filter(|c| class.get_u8(*c) < 200)
            // Joiners and selectors of a form.
            .filter(|c| !matches!(c, '\u{200c}' | '\u{200d}' | '\u{fe00}'..='\u{fe0f}'))
            .collect()
    };
    // Up and down again: `ß` and `SS` meet; a letter may bring a mark with it.
    let folded = decompose(&decompose(text).to_uppercase().to_lowercase());
    let words: Vec<&str> = folded.split_whitespace().collect();
    words.join(" ")
}

/// The text as part of an address: lower-case ASCII letters, digits, single hyphens, at most 48;
/// `otherwise` where nothing is left.
pub fn slug(text: &str, otherwise: &str) -> String {
    let mut slug = String::new();
    for c in fold(text).chars() {
        match c {
            'a'..='z' | '0'..='9' => slug.push(c),
            'œ' => slug.push_str("oe"),
            'æ' => slug.push_str("ae"),
            'ø' => slug.push('o'),
            'ł' => slug.push('l'),
            // An apostrophe joins: L’Usine is lusine.
            '\'' | '’' => {}
            _ if !slug.is_empty() && !slug.ends_with('-') => slug.push('-'),
            _ => {}
        }
        if slug.len() >= 48 {
            break;
        }
    }
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() {
        otherwise.to_owned()
    } else {
        slug.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_accents_do_not_make_another_name() {
        assert_eq!(fold("Éloïse"), fold("ELOISE"));
        assert_eq!(fold("Straße"), fold("STRASSE"));
        assert_eq!(fold("E\u{301}loise"), "eloise");
        assert_eq!(fold("İstanbul"), fold("istanbul"));
        assert_eq!(fold("ＡＮＡ"), "ana");
        assert_ne!(fold("か"), fold("が"));
        assert_eq!(fold(&fold("ΣΊΣΥΦΟΣ")), fold("Σίσυφος"));
    }

    #[test]
    fn a_name_is_one_visible_line() {
        assert_eq!(one_line("  Ana \t Bela ", 60), Err(NoName::Unseen));
        assert_eq!(one_line("  Ana  Bela ", 60).unwrap(), "Ana Bela");
        assert_eq!(one_line(" ", 60), Err(NoName::Empty));
        assert_eq!(one_line("\u{301}", 60), Err(NoName::Empty));
        assert_eq!(one_line("ana\u{202e}", 60), Err(NoName::Unseen));
        assert_eq!(one_line("an\u{200b}a", 60), Err(NoName::Unseen));
        assert_eq!(one_line(&"é".repeat(60), 60).unwrap().chars().count(), 60);
        assert_eq!(one_line(&"é".repeat(61), 60), Err(NoName::TooLong));
        assert_eq!(one_line(&"a".repeat(1_000_000), 60), Err(NoName::TooLong));
    }

    #[test]
    fn a_name_becomes_part_of_an_address() {
        assert_eq!(
            slug("Médiathèque de l’Œuvre n° 2", "venue"),
            "mediatheque-de-loeuvre-n-2"
        );
        assert_eq!(slug("図書館", "venue"), "venue");
        assert!(slug(&"a b ".repeat(40), "venue").len() <= 48);
    }
}
