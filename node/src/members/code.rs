//! Codes on paper: what an invitation or a forgotten password is answered with. Twelve characters
//! in three groups, read aloud and typed without mistakes; only their digest is kept.

use std::fmt;

use super::token_digest;
use crate::clock::Clock;

/// Crockford's thirty-two: digits and capitals without I, L, O and U.
const LETTERS: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH: usize = 12;

/// A code as it is printed: `7K2M-Q9XA-0TBD`, 60 bits nobody can guess.
#[derive(Clone, PartialEq, Eq)]
pub struct Code([u8; LENGTH]);

impl Code {
    /// A new one.
    pub fn draw(clock: &Clock) -> Self {
        let chance: [u8; LENGTH] = clock.secret();
        // 256 is a multiple of 32: every letter is as likely.
        Code(chance.map(|byte| LETTERS[usize::from(byte % 32)]))
    }

    /// Reads what somebody typed: small letters, missing or other hyphens, spaces, and the letters
    /// that look like digits are forgiven.
    pub fn read(text: &str) -> Option<Self> {
        let mut letters = [0u8; LENGTH];
        let mut count = 0;
        for c in text.chars().take(64) {
            let letter = match c.to_ascii_uppercase() {
                'O' => b'0',
                'I' | 'L' => b'1',
                'U' => b'V',
                c if c.is_whitespace() || is_hyphen(c) => continue,
                c => u8::try_from(c).ok().filter(|c| LETTERS.contains(c))?,
            };
            *letters.get_mut(count)? = letter;
            count += 1;
        }
        (count == LENGTH).then_some(Code(letters))
    }

    /// What is kept of it.
    pub fn digest(&self) -> String {
        token_digest(&self.to_string())
    }

    /// Its first group, under which wrong guesses are counted.
    pub fn first_group(&self) -> String {
        String::from_utf8_lossy(&self.0[..4]).into_owned()
    }
}

fn is_hyphen(c: char) -> bool {
    matches!(c, '-' | '_' | '.' | '\u{2010}'..='\u{2015}' | '\u{2212}')
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, letter) in self.0.iter().enumerate() {
            if place > 0 && place % 4 == 0 {
                f.write_str("-")?;
            }
            write!(f, "{}", char::from(*letter))?;
        }
        Ok(())
    }
}

/// Hides the code: logs are read by people it was not given to.
impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Code(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_copied_by_hand_is_the_code_that_was_printed() {
        let printed = Code::read("7K2M-Q9XA-0TBD").unwrap();
        assert_eq!(Code::read("7k2m q9xa otbd"), Some(printed.clone()));
        assert_eq!(Code::read("7K2M–Q9XA–OTBD\n"), Some(printed.clone()));
        assert_eq!(printed.to_string(), "7K2M-Q9XA-0TBD");
        assert_eq!(Code::read("7K2M-Q9XA"), None);
        assert_eq!(Code::read("7K2M-Q9XA-0TBD-0"), None);
        assert_eq!(Code::read("7K2M-Q9XA-0TB!"), None);
        assert_eq!(Code::read(&"-".repeat(10_000)), None);
    }

    #[test]
    fn two_codes_are_never_alike_and_read_back() {
        let clock = Clock::held(0);
        let (one, two) = (Code::draw(&clock), Code::draw(&clock));
        assert_ne!(one, two);
        assert_eq!(Code::read(&one.to_string()), Some(one));
    }
}
