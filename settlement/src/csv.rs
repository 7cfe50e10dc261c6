//! The one form of CSV that is written, and the forgiving reading of it.
//!
//! Written: UTF-8, a header, LF at the end of each line, quotes only around a field that holds a
//! comma, a quote or a line end. Read: also CR LF, needless quotes, and a missing last line end.

use std::fmt::{Display, Write as _};

/// A table being written.
pub(crate) struct Table {
    text: String,
}

impl Table {
    pub fn new(header: &str) -> Self {
        Table {
            text: format!("{header}\n"),
        }
    }

    pub fn row(&mut self, fields: &[&dyn Display]) {
        for (at, field) in fields.iter().enumerate() {
            if at > 0 {
                self.text.push(',');
            }
            let start = self.text.len();
            // Writing to a string does not fail.
            let _ = write!(self.text, "{field}");
            let written = &self.text[start..];
            if written.contains([',', '"', '\n', '\r']) {
                let quoted = format!("\"{}\"", written.replace('"', "\"\""));
                self.text.replace_range(start.., &quoted);
            }
        }
        self.text.push('\n');
    }

    pub fn finish(self) -> String {
        self.text
    }
}

/// Why a text is not a table.
pub(crate) const OPEN_QUOTE: &str = "a quote is opened and not closed";
const AFTER_QUOTE: &str = "something follows a closing quote";

/// The rows of a text with the line each begins on, from 1. Lines without any character are skipped.
pub(crate) fn rows(text: &str) -> impl Iterator<Item = (usize, Result<Vec<String>, &'static str>)> {
    let mut rest = text;
    let mut line = 1;
    std::iter::from_fn(move || {
        loop {
            if rest.is_empty() {
                return None;
            }
            let begins = line;
            let (fields, read) = match fields(rest) {
                Ok(row) => row,
                Err(why) => {
                    rest = "";
                    return Some((begins, Err(why)));
                }
            };
            line += rest[..read].matches('\n').count();
            rest = &rest[read..];
            if fields.len() > 1 || !fields[0].is_empty() {
                return Some((begins, Ok(fields)));
            }
        }
    })
}

/// The first row's fields, and how many bytes it took with its line end.
fn fields(text: &str) -> Result<(Vec<String>, usize), &'static str> {
    let mut fields = Vec::new();
    let mut at = 0;
    loop {
        let rest = &text[at..];
        let field = if let Some(quoted) = rest.strip_prefix('"') {
            let (field, length) = unquoted(quoted)?;
            at += 1 + length;
            field
        } else {
            let length = rest.find([',', '\n']).unwrap_or(rest.len());
            at += length;
            let field = &rest[..length];
            let ends_line = !rest[length..].starts_with(',');
            if ends_line {
                field.strip_suffix('\r').unwrap_or(field)
            } else {
                field
            }
            .to_owned()
        };
        fields.push(field);
        let rest = &text[at..];
        if rest.starts_with(',') {
            at += 1;
        } else if rest.is_empty() || rest.starts_with('\n') {
            return Ok((fields, (at + 1).min(text.len())));
        } else if rest.starts_with("\r\n") {
            return Ok((fields, at + 2));
        } else {
            return Err(AFTER_QUOTE);
        }
    }
}

/// The field after its opening quote, and how many bytes it took with the closing one.
fn unquoted(text: &str) -> Result<(String, usize), &'static str> {
    let mut field = String::new();
    let mut at = 0;
    loop {
        let length = text[at..].find('"').ok_or(OPEN_QUOTE)?;
        field.push_str(&text[at..at + length]);
        at += length + 1;
        if !text[at..].starts_with('"') {
            return Ok((field, at));
        }
        field.push('"');
        at += 1;
    }
}
