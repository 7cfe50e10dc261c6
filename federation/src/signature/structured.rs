//! The part of RFC 8941 (Structured Field Values) that signatures are written in.
//!
//! A full parser would accept what must be refused here: RFC 8941 lets the last of two equal keys
//! win, and rewrites values before they are signed over. This reader takes the canonical spelling
//! only, keeps each value as it stood, and knows no more than dictionaries of inner lists of
//! strings, and of byte sequences.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::SignatureRefused;

const REFUSED: SignatureRefused =
    SignatureRefused::Malformed("it is not a structured field as RFC 9421 writes it");

/// Reads a field from left to right.
pub(super) struct Reader<'a> {
    text: &'a str,
    at: usize,
}

/// A parameter's name and its value as it stood (`None` for a bare name, which means true).
pub(super) type Parameter<'a> = (&'a str, Option<&'a str>);

impl<'a> Reader<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    pub(super) fn is_at_end(&self) -> bool {
        self.at == self.text.len()
    }

    /// What was read since `start`.
    pub(super) fn since(&self, start: usize) -> &'a str {
        &self.text[start..self.at]
    }

    pub(super) fn position(&self) -> usize {
        self.at
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    pub(super) fn expect(&mut self, byte: u8) -> Result<(), SignatureRefused> {
        if self.peek() == Some(byte) {
            self.at += 1;
            Ok(())
        } else {
            Err(REFUSED)
        }
    }

    fn take_while(&mut self, wanted: impl Fn(u8) -> bool) -> &'a str {
        let start = self.at;
        while self.peek().is_some_and(&wanted) {
            self.at += 1;
        }
        self.since(start)
    }

    /// The comma between two members, with the spaces around it.
    pub(super) fn next_member(&mut self) -> Result<(), SignatureRefused> {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
        self.expect(b',')?;
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
        Ok(())
    }

    /// A key (§3.1.2).
    pub(super) fn key(&mut self) -> Result<&'a str, SignatureRefused> {
        if !self
            .peek()
            .is_some_and(|byte| byte.is_ascii_lowercase() || byte == b'*')
        {
            return Err(REFUSED);
        }
        Ok(self.take_while(|byte| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'_' | b'-' | b'.' | b'*')
        }))
    }

    /// A string (§3.3.3), unescaped.
    pub(super) fn string(&mut self) -> Result<String, SignatureRefused> {
        self.expect(b'"')?;
        let mut text = String::new();
        loop {
            let byte = self.peek().ok_or(REFUSED)?;
            self.at += 1;
            match byte {
                b'"' => return Ok(text),
                b'\\' => {
                    let escaped = self.peek().filter(|byte| matches!(byte, b'"' | b'\\'));
                    text.push(char::from(escaped.ok_or(REFUSED)?));
                    self.at += 1;
                }
                b' '..=b'~' => text.push(char::from(byte)),
                _ => return Err(REFUSED),
            }
        }
    }

    /// A byte sequence (§3.3.5).
    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, SignatureRefused> {
        self.expect(b':')?;
        let digits = self.take_while(|byte| byte != b':');
        self.expect(b':')?;
        STANDARD.decode(digits).map_err(|_| REFUSED)
    }

    /// Parameters (§3.1.2), each name once, values as they stood.
    pub(super) fn parameters(&mut self) -> Result<Vec<Parameter<'a>>, SignatureRefused> {
        let mut parameters: Vec<Parameter<'a>> = Vec::new();
        while self.peek() == Some(b';') {
            self.at += 1;
            let name = self.key()?;
            if parameters.iter().any(|(known, _)| *known == name) || parameters.len() == 16 {
                return Err(SignatureRefused::Malformed("a parameter is given twice"));
            }
            let value = if self.peek() == Some(b'=') {
                self.at += 1;
                let start = self.at;
                match self.peek() {
                    Some(b'"') => drop(self.string()?),
                    Some(b':') => drop(self.bytes()?),
                    _ => {
                        self.integer_or_token()?;
                    }
                }
                Some(self.since(start))
            } else {
                None
            };
            parameters.push((name, value));
        }
        Ok(parameters)
    }

    fn integer_or_token(&mut self) -> Result<(), SignatureRefused> {
        let text = self.take_while(|byte| {
            byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~:/".contains(&byte)
        });
        let first = text.bytes().next().ok_or(REFUSED)?;
        if first.is_ascii_digit() || first == b'-' {
            integer(text).map(drop)
        } else if first.is_ascii_alphabetic() || first == b'*' {
            Ok(())
        } else {
            Err(REFUSED)
        }
    }

    /// An inner list of strings without parameters of their own: `("@method" "date")`.
    pub(super) fn strings(&mut self) -> Result<Vec<String>, SignatureRefused> {
        self.expect(b'(')?;
        let mut strings = Vec::new();
        if self.peek() != Some(b')') {
            loop {
                strings.push(self.string()?);
                if self.peek() == Some(b';') {
                    return Err(SignatureRefused::Malformed(
                        "a covered component has parameters, which are not accepted here",
                    ));
                }
                if strings.len() > super::COVERED_LIMIT {
                    return Err(SignatureRefused::Malformed(
                        "too many components are covered",
                    ));
                }
                if self.peek() == Some(b')') {
                    break;
                }
                self.expect(b' ')?;
            }
        }
        self.expect(b')')?;
        Ok(strings)
    }
}

/// A whole number in its one spelling, of at most 15 digits (§3.3.1).
pub(super) fn integer(text: &str) -> Result<i64, SignatureRefused> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let plain = !digits.is_empty()
        && digits.len() <= 15
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && (digits == "0" || !digits.starts_with('0'))
        && text != "-0";
    if plain {
        text.parse().map_err(|_| REFUSED)
    } else {
        Err(REFUSED)
    }
}

/// A string parameter as it stood, unescaped.
pub(super) fn string(text: &str) -> Result<String, SignatureRefused> {
    let mut reader = Reader::new(text);
    let string = reader.string()?;
    if reader.is_at_end() {
        Ok(string)
    } else {
        Err(REFUSED)
    }
}
