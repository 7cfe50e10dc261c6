//! The codes by which the trade names recordings, releases, songs, books and people. A code with a
//! check digit that does not hold is no code: it was mistyped somewhere, and would name another.

use std::fmt;

pub use settlement::Isrc;

/// A code, and what kind of code it is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Identifier {
    scheme: Scheme,
    value: String,
}

/// The kinds of codes that are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scheme {
    /// A recording (ISO 3901): two letters, three letters or digits, seven digits.
    Isrc,
    /// A release: UPC, EAN or GTIN, 8 or 12 to 14 digits; DDEX calls it ICPN.
    Icpn,
    /// A person or a group (ISO 27729): 15 digits and a check digit or X.
    Isni,
    /// A song (ISO 15707): T, nine digits and a check digit.
    Iswc,
    /// A writer or publisher as the societies number their names: 9 digits and two check digits.
    Ipi,
    /// A book (ISO 2108): 13 digits; one of 10 is written as one of 13.
    Isbn,
    /// An identifier of MusicBrainz: a UUID.
    MusicBrainz,
    /// A party as DDEX numbers those who exchange messages.
    Dpid,
}

/// Why a text is no code of a kind.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoIdentifier {
    /// It has another form.
    #[error("it is not written as {0}")]
    Form(&'static str),
    /// Its check digit is not the one its other digits ask for.
    #[error("its check digit does not hold: it was mistyped somewhere")]
    CheckDigit,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Scheme; 8] = [
        Scheme::Isrc,
        Scheme::Icpn,
        Scheme::Isni,
        Scheme::Iswc,
        Scheme::Ipi,
        Scheme::Isbn,
        Scheme::MusicBrainz,
        Scheme::Dpid,
    ];

    /// The word, as the database and documents write it.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Isrc => "isrc",
            Scheme::Icpn => "icpn",
            Scheme::Isni => "isni",
            Scheme::Iswc => "iswc",
            Scheme::Ipi => "ipi",
            Scheme::Isbn => "isbn",
            Scheme::MusicBrainz => "musicbrainz",
            Scheme::Dpid => "dpid",
        }
    }

    /// The name as people write it.
    pub fn name(self) -> &'static str {
        match self {
            Scheme::Isrc => "ISRC",
            Scheme::Icpn => "ICPN",
            Scheme::Isni => "ISNI",
            Scheme::Iswc => "ISWC",
            Scheme::Ipi => "IPI",
            Scheme::Isbn => "ISBN",
            Scheme::MusicBrainz => "MusicBrainz",
            Scheme::Dpid => "DPID",
        }
    }
}

impl Identifier {
    /// Reads a code of this kind. Case, spaces, hyphens and dots do not matter.
    ///
    /// # Errors
    /// [`NoIdentifier`].
    pub fn parse(scheme: Scheme, text: &str) -> Result<Self, NoIdentifier> {
        // Before anything walks over it: hostile texts are long.
        if text.len() > 100 {
            return Err(NoIdentifier::Form("a code of moderate length"));
        }
        let bare: String = text
            .chars()
            .filter(|letter| !letter.is_whitespace() && !matches!(letter, '-' | '.' | '‐' | '‑'))
            .flat_map(char::to_uppercase)
            .collect();
        let value = match scheme {
            Scheme::Isrc => {
                let code = bare.strip_prefix("ISRC").unwrap_or(&bare);
                let isrc = Isrc::parse(code);
                let isrc = isrc.map_err(|_| NoIdentifier::Form("FR-ABC-26-00001"))?;
                isrc.as_str().to_owned()
            }
            Scheme::Icpn => icpn(&bare)?,
            Scheme::Isni => isni(&bare)?,
            Scheme::Iswc => iswc(&bare)?,
            Scheme::Ipi => ipi(&bare)?,
            Scheme::Isbn => isbn(&bare)?,
            Scheme::MusicBrainz => uuid(text)?,
            Scheme::Dpid => dpid(&bare)?,
        };
        Ok(Identifier { scheme, value })
    }

    /// What kind of code it is.
    pub fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// The code without spaces and hyphens (a UUID keeps its own).
    pub fn value(&self) -> &str {
        &self.value
    }
}

impl fmt::Display for Identifier {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.scheme.name(), self.value)
    }
}

/// The digits of a text that holds nothing else.
fn digits(text: &str) -> Option<Vec<u32>> {
    text.chars().map(|letter| letter.to_digit(10)).collect()
}

/// GS1 general specifications §7.9: weights 3 and 1 from the right.
fn has_gs1_check(digits: &[u32]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 3 })
        .sum();
    sum.is_multiple_of(10)
}

fn icpn(text: &str) -> Result<String, NoIdentifier> {
    let form = NoIdentifier::Form("8, 12, 13 or 14 digits");
    let code = digits(text).ok_or(form.clone())?;
    if !matches!(code.len(), 8 | 12 | 13 | 14) || code.iter().all(|digit| *digit == 0) {
        return Err(form);
    }
    if !has_gs1_check(&code) {
        return Err(NoIdentifier::CheckDigit);
    }
    Ok(text.to_owned())
}

/// ISO 7064 MOD 11-2.
fn isni(text: &str) -> Result<String, NoIdentifier> {
    let form = NoIdentifier::Form("16 digits, the last perhaps an X");
    let text = text.strip_prefix("ISNI").unwrap_or(text);
    let text = text.strip_prefix(':').unwrap_or(text);
    if text.len() != 16 || !text.is_ascii() {
        return Err(form);
    }
    let (body, check) = text.split_at(15);
    let body = digits(body).ok_or(form.clone())?;
    let sum = body.iter().fold(0, |sum, digit| (sum + digit) * 2 % 11);
    let expected = match (12 - sum) % 11 {
        10 => 'X',
        digit => char::from_digit(digit, 10).unwrap_or('X'),
    };
    match check.chars().next() {
        Some(check) if check == expected => Ok(text.to_owned()),
        Some(check) if check == 'X' || check.is_ascii_digit() => Err(NoIdentifier::CheckDigit),
        _ => Err(form),
    }
}

/// ISO 15707 annex B.
fn iswc(text: &str) -> Result<String, NoIdentifier> {
    let form = NoIdentifier::Form("T-034.524.680-1");
    let text = text.strip_prefix("ISWC").unwrap_or(text);
    let body = text.strip_prefix('T').ok_or(form.clone())?;
    let code = digits(body).ok_or(form.clone())?;
    let [nine @ .., check] = code.as_slice() else {
        return Err(form);
    };
    if nine.len() != 9 {
        return Err(form);
    }
    let sum: u32 = nine
        .iter()
        .zip(1..)
        .map(|(digit, weight)| digit * weight)
        .sum();
    if (sum + 1 + check).is_multiple_of(10) {
        Ok(text.to_owned())
    } else {
        Err(NoIdentifier::CheckDigit)
    }
}

/// The IPI name number: weights 10 to 2, modulo 101. Leading zeros are often left out.
fn ipi(text: &str) -> Result<String, NoIdentifier> {
    let form = NoIdentifier::Form("at most 11 digits");
    if text.is_empty() || text.len() > 11 || text.len() < 3 {
        return Err(form);
    }
    let text = format!("{text:0>11}");
    let code = digits(&text).ok_or(form.clone())?;
    if code.iter().all(|digit| *digit == 0) {
        return Err(form);
    }
    let sum: u32 = code[..9]
        .iter()
        .zip((2..=10).rev())
        .map(|(digit, weight)| digit * weight)
        .sum();
    if (101 - sum % 101) % 100 == code[9] * 10 + code[10] {
        Ok(text)
    } else {
        Err(NoIdentifier::CheckDigit)
    }
}

/// One of 10 digits becomes the one of 13 that means the same.
fn isbn(text: &str) -> Result<String, NoIdentifier> {
    let form = NoIdentifier::Form("13 digits that begin with 978 or 979, or 10 of the old kind");
    let text = text.strip_prefix("ISBN").unwrap_or(text);
    let text = text.strip_prefix(':').unwrap_or(text);
    match text.len() {
        13 if text.starts_with("978") || text.starts_with("979") => {
            let code = digits(text).ok_or(form)?;
            if has_gs1_check(&code) {
                Ok(text.to_owned())
            } else {
                Err(NoIdentifier::CheckDigit)
            }
        }
        10 if text.is_ascii() => {
            let (body, check) = text.split_at(9);
            let body = digits(body).ok_or(form.clone())?;
            let check = match check {
                "X" => 10,
                digit => digit.parse().map_err(|_| form)?,
            };
            let sum: u32 = body
                .iter()
                .zip((2..=10).rev())
                .map(|(digit, weight)| digit * weight)
                .sum();
            if !(sum + check).is_multiple_of(11) {
                return Err(NoIdentifier::CheckDigit);
            }
            let mut thirteen = format!("978{}", &text[..9]);
            let code = digits(&thirteen).unwrap_or_default();
            let sum: u32 = code
                .iter()
                .enumerate()
                .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 3 })
                .sum();
            thirteen.push(char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0'));
            Ok(thirteen)
        }
        _ => Err(form),
    }
}

fn uuid(text: &str) -> Result<String, NoIdentifier> {
    let text = text.trim().to_ascii_lowercase();
    let groups: Vec<&str> = text.split('-').collect();
    let lengths: Vec<usize> = groups.iter().map(|group| group.len()).collect();
    let is_hex = groups
        .iter()
        .all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if lengths == [8, 4, 4, 4, 12] && is_hex {
        Ok(text)
    } else {
        Err(NoIdentifier::Form("a UUID"))
    }
}

fn dpid(text: &str) -> Result<String, NoIdentifier> {
    let letters = text.strip_prefix("PADPIDA").unwrap_or("");
    if !letters.is_empty()
        && letters.len() <= 20
        && letters.bytes().all(|b| b.is_ascii_alphanumeric())
    {
        Ok(text.to_owned())
    } else {
        Err(NoIdentifier::Form(
            "PADPIDA and the digits and letter after it",
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn codes_as_they_are_printed_are_read() {
        for (scheme, text, value) in [
            (Scheme::Isrc, "ISRC FR-Z03-26-00001", "FRZ032600001"),
            (Scheme::Icpn, "3 700000 000013", "3700000000013"),
            (Scheme::Icpn, "036000291452", "036000291452"),
            (Scheme::Icpn, "9638-5074", "96385074"),
            (Scheme::Isni, "0000 0001 2103 2683", "0000000121032683"),
            (Scheme::Isni, "ISNI:000000012146438X", "000000012146438X"),
            (Scheme::Iswc, "T-034.524.680-1", "T0345246801"),
            (Scheme::Ipi, "14107338", "00014107338"),
            (Scheme::Isbn, "978-2-07-061275-8", "9782070612758"),
            (Scheme::Isbn, "0-8044-2957-X", "9780804429573"),
            (
                Scheme::MusicBrainz,
                "B10BBBFC-CF9E-42E0-BE17-E2C3E1D2600D",
                "b10bbbfc-cf9e-42e0-be17-e2c3e1d2600d",
            ),
            (Scheme::Dpid, "PADPIDA2014120301A", "PADPIDA2014120301A"),
        ] {
            let read = Identifier::parse(scheme, text).unwrap();
            assert_eq!(read.value(), value, "{text}");
            assert_eq!(Identifier::parse(scheme, read.value()).unwrap(), read);
        }
    }

    #[test]
    fn what_is_no_code_is_refused_whatever_its_length() {
        let long = "1".repeat(1_000_000);
        for scheme in Scheme::ALL {
            for text in [
                "",
                "x",
                "é",
                "0000000000000",
                "T-000",
                long.as_str(),
                "\u{0}",
            ] {
                assert!(
                    Identifier::parse(scheme, text).is_err(),
                    "{scheme:?} {text:.20}"
                );
            }
        }
    }

    proptest! {
        #[test]
        fn a_code_with_one_digit_mistyped_is_refused(at in 0_usize..16, by in 1_u32..10) {
            for (scheme, code) in [
                (Scheme::Icpn, "3700000000013"),
                (Scheme::Isni, "0000000121032683"),
                // Not ISWC: its digit is a sum by place, modulo 10, and a 3 for an 8 passes.
                (Scheme::Ipi, "00014107338"),
                (Scheme::Isbn, "9782070612758"),
            ] {
                let mut letters: Vec<char> = code.chars().collect();
                let at = at % letters.len();
                let Some(digit) = letters[at].to_digit(10) else { continue };
                letters[at] = char::from_digit((digit + by) % 10, 10).unwrap();
                let mistyped: String = letters.into_iter().collect();
                prop_assert!(Identifier::parse(scheme, &mistyped).is_err(), "{mistyped}");
            }
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            for scheme in Scheme::ALL {
                if let Ok(read) = Identifier::parse(scheme, &text) {
                    prop_assert_eq!(Identifier::parse(scheme, read.value()).unwrap(), read);
                }
            }
        }
    }
}
