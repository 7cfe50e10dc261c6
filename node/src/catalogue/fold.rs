//! Texts as they are searched: without case, accents and punctuation.

use crate::names;

/// The text without case and accents ([`names::fold`]), every run of anything but letters and
/// digits a single space, none at the ends. What is searched and what is sought are folded alike.
pub fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    for letter in names::fold(text).chars() {
        match letter {
            // An apostrophe joins; whoever types without it finds it too.
            '\'' | '’' | 'ʼ' => {}
            'œ' => folded.push_str("oe"),
            'æ' => folded.push_str("ae"),
            'ø' => folded.push('o'),
            'ł' => folded.push('l'),
            'đ' | 'ð' => folded.push('d'),
            _ if letter.is_alphanumeric() => folded.push(letter),
            _ if folded.is_empty() || folded.ends_with(' ') => {}
            _ => folded.push(' '),
        }
    }
    folded.truncate(folded.trim_end().len());
    folded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_accents_and_punctuation_do_not_matter() {
        assert_eq!(fold("  Ça VA, l’Été ?!"), "ca va lete");
        assert_eq!(fold("Cœur — Ærø (Łódź)"), "coeur aero lodz");
        assert_eq!(fold("e\u{301}te\u{301}"), fold("été"));
        assert_eq!(fold("50 %_\\ off"), "50 off");
    }

    #[test]
    fn other_alphabets_keep_their_letters() {
        assert_eq!(fold("Песня 音楽"), "песня 音楽");
    }
}
