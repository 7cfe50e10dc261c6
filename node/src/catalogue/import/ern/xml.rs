//! XML, a piece at a time and within limits: elements of moderate depth and size become [`Element`]s,
//! whatever else there is in the file.
//!
//! There are no document types here and no entities but the five of XML itself: what needs them is
//! refused, not expanded. One tag, one text is held at a time; the size of the file does not matter.
//! Prefixes are resolved (Namespaces in XML 1.0): what is of another vocabulary than the document
//! keeps its prefix in its name, so that nobody takes it for a word of the document's own.

use std::fs::File;
use std::io;

use quick_xml::Reader;
use quick_xml::escape::resolve_predefined_entity;
use quick_xml::events::{BytesStart, Event};

use super::super::text::{Text, of_xml};
use crate::catalogue::tags::cleaned;
use crate::words::Say;

/// The longest tag or run of text, in bytes.
const PIECE: usize = 8 << 20;
/// The deepest element.
const DEPTH: usize = 64;
/// The most elements in one that is held as a whole: a release of 100,000 works has some 300,000.
const NODES: usize = 400_000;
/// The most bytes of text and attributes in one that is held as a whole.
const BYTES: usize = 32 << 20;
/// The most attributes of an element.
const ATTRIBUTES: usize = 64;
/// The longest name of a vocabulary, in bytes.
const VOCABULARY: usize = 1_024;

/// An element with what is in it. Names are without their prefixes, unless they are of another
/// vocabulary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Element {
    /// Its name.
    pub name: String,
    /// The line its tag ends on.
    pub line: u64,
    /// Its attributes, in order.
    pub attributes: Vec<(String, String)>,
    /// Its own text, spaces at the ends taken off.
    pub text: String,
    /// The elements in it, in order.
    pub children: Vec<Element>,
}

impl Element {
    /// The first element of this name in it.
    pub fn child(&self, name: &str) -> Option<&Element> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The elements of this name in it.
    pub fn all<'e>(&'e self, name: &'e str) -> impl Iterator<Item = &'e Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The text of the first element at this path below it, if there is any.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        let (first, rest) = path.split_first()?;
        for child in self.children.iter().filter(|child| child.name == *first) {
            let text = match rest {
                [] => Some(child.text.as_str()).filter(|text| !text.is_empty()),
                rest => child.text_at(rest),
            };
            if text.is_some() {
                return text;
            }
        }
        None
    }

    /// Every element of this name below it, however deep.
    pub fn below<'e>(&'e self, name: &str, found: &mut Vec<&'e Element>) {
        for child in &self.children {
            if child.name == name {
                found.push(child);
            }
            child.below(name, found);
        }
    }

    /// An attribute.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        let found = self.attributes.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Whether it says `true` (xs:boolean).
    pub fn is_true(&self) -> bool {
        matches!(self.text.as_str(), "true" | "1")
    }
}

/// Reads a file as XML.
pub struct Xml {
    reader: Reader<Text>,
    buffer: Vec<u8>,
    /// The names of the elements that are open.
    open: Vec<String>,
    /// What prefixes stand for: since how deep, the prefix (none: no prefix), the vocabulary.
    bound: Vec<(usize, String, String)>,
    /// An empty tag was read: its end is still to be told.
    ends_at_once: bool,
}

/// What comes next.
#[derive(Debug)]
pub enum Next {
    /// An element begins; nothing in it was read.
    Begin(Element),
    /// The element that was open ends.
    End,
    /// The document is over.
    Over,
}

impl Xml {
    /// Opens a file.
    ///
    /// # Errors
    /// A sentence when it cannot be read.
    pub fn open(mut file: File) -> Result<Self, Say> {
        let text = of_xml(&mut file).and_then(|encoding| Text::new(file, encoding));
        let text = text.map_err(|error| malformed(1, error))?;
        let mut reader = Reader::from_reader(text);
        let config = reader.config_mut();
        config.check_comments = false;
        config.allow_unmatched_ends = false;
        config.check_end_names = true;
        Ok(Xml {
            reader,
            buffer: Vec::new(),
            open: Vec::new(),
            bound: Vec::new(),
            ends_at_once: false,
        })
    }

    /// The line that is being read.
    pub fn line(&self) -> u64 {
        self.reader.get_ref().line()
    }

    /// The path of the element that is open.
    pub fn path(&self) -> String {
        self.open.join("/")
    }

    /// A refusal at this line.
    pub fn refused(&self, reason: impl std::fmt::Display) -> Say {
        malformed(self.line(), reason)
    }

    /// What comes next, texts left out.
    ///
    /// # Errors
    /// A sentence that says what is wrong with it, and on which line.
    pub fn advance(&mut self) -> Result<Next, Say> {
        loop {
            match self.piece()? {
                Piece::Begin(element) => return Ok(Next::Begin(element)),
                Piece::End => return Ok(Next::End),
                Piece::Over => return Ok(Next::Over),
                Piece::Text(text) if self.open.is_empty() && !text.trim().is_empty() => {
                    return Err(self.refused("there is text outside of its first element"));
                }
                Piece::Text(_) => {}
            }
        }
    }

    /// Passes over what is in the element that was just begun, and its end.
    ///
    /// # Errors
    /// As [`Xml::advance`].
    pub fn skip(&mut self) -> Result<(), Say> {
        let depth = self.open.len();
        while self.open.len() >= depth {
            if let Piece::Over = self.piece()? {
                return Err(self.refused("it ends too early"));
            }
        }
        Ok(())
    }

    /// Reads what is in the element that was just begun, to its end.
    ///
    /// # Errors
    /// As [`Xml::advance`]; also when there is more in it than any has that means something.
    pub fn whole(&mut self, begun: Element) -> Result<Element, Say> {
        let mut above: Vec<Element> = Vec::new();
        let mut element = begun;
        let (mut nodes, mut bytes) = (0_usize, 0_usize);
        loop {
            match self.piece()? {
                Piece::Begin(child) => {
                    nodes += 1;
                    bytes += child
                        .attributes
                        .iter()
                        .map(|(n, v)| n.len() + v.len())
                        .sum::<usize>();
                    above.push(std::mem::replace(&mut element, child));
                }
                Piece::Text(text) => {
                    bytes += text.len();
                    element.text.push_str(&text);
                }
                Piece::End => {
                    element.text = element.text.trim().to_owned();
                    match above.pop() {
                        None => return Ok(element),
                        Some(mut parent) => {
                            parent.children.push(element);
                            element = parent;
                        }
                    }
                }
                Piece::Over => return Err(self.refused("it ends too early")),
            }
            if nodes > NODES || bytes > BYTES {
                return Err(self.refused("one of its elements holds more than is taken"));
            }
        }
    }

    fn piece(&mut self) -> Result<Piece, Say> {
        if std::mem::take(&mut self.ends_at_once) {
            self.leave();
            return Ok(Piece::End);
        }
        loop {
            self.buffer.clear();
            // Whatever a tag needed before is not held for ever.
            self.buffer.shrink_to(64 * 1024);
            self.reader.get_mut().refill_budget(PIECE);
            let event = self.reader.read_event_into(&mut self.buffer);
            let line = self.reader.get_ref().line();
            let event = event.map_err(|error| malformed(line, reason(&error)))?;
            match event {
                Event::Start(start) => {
                    let (open, bound) = (&mut self.open, &mut self.bound);
                    return enter(open, bound, &start, line);
                }
                Event::Empty(start) => {
                    self.ends_at_once = true;
                    let (open, bound) = (&mut self.open, &mut self.bound);
                    return enter(open, bound, &start, line);
                }
                Event::End(_) => {
                    self.leave();
                    return Ok(Piece::End);
                }
                Event::Text(text) => return legal(&text.xml10_content(), line),
                Event::CData(text) => return legal(&text.xml10_content(), line),
                Event::GeneralRef(reference) => {
                    let number = reference.resolve_char_ref();
                    let number = number.map_err(|error| malformed(line, error))?;
                    if let Some(letter) = number {
                        return legal(letter.encode_utf8(&mut [0; 4]), line);
                    }
                    let name = reference.into_inner();
                    return match resolve_predefined_entity(&name) {
                        Some(text) => Ok(Piece::Text(text.to_owned())),
                        None => Err(malformed(line, "entities are not expanded")),
                    };
                }
                Event::DocType(_) => {
                    return Err(malformed(line, "document types are not read"));
                }
                Event::Eof if self.open.is_empty() => return Ok(Piece::Over),
                Event::Eof => return Err(malformed(line, "it ends too early")),
                Event::Decl(_) if !self.open.is_empty() => {
                    return Err(malformed(line, "it begins again in its middle"));
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            }
        }
    }

    fn leave(&mut self) {
        let depth = self.open.len();
        self.open.pop();
        while self.bound.last().is_some_and(|(since, ..)| *since >= depth) {
            self.bound.pop();
        }
    }
}

enum Piece {
    Begin(Element),
    End,
    Text(String),
    Over,
}

fn enter(
    open: &mut Vec<String>,
    bound: &mut Vec<(usize, String, String)>,
    start: &BytesStart<'_>,
    line: u64,
) -> Result<Piece, Say> {
    if open.len() >= DEPTH {
        return Err(malformed(line, "its elements are too deep in one another"));
    }
    let attributes = attributes(start, line)?;
    for (name, value) in &attributes {
        let prefix = match name.strip_prefix("xmlns:") {
            Some(prefix) => prefix,
            None if name == "xmlns" => "",
            None => continue,
        };
        if value.len() > VOCABULARY {
            return Err(malformed(line, "the name of a vocabulary is too long"));
        }
        bound.push((open.len() + 1, prefix.to_owned(), value.clone()));
    }
    let element = Element {
        name: name(start, bound, line)?,
        line,
        attributes,
        ..Element::default()
    };
    open.push(element.name.clone());
    Ok(Piece::Begin(element))
}

/// Which of DDEX's vocabularies this is: `ern/43`.
pub fn of_ddex(vocabulary: &str) -> Option<&str> {
    let rest = vocabulary.trim().strip_prefix("http")?;
    let rest = rest.strip_prefix('s').unwrap_or(rest).strip_prefix("://")?;
    let rest = rest.strip_prefix("www.").unwrap_or(rest);
    rest.strip_prefix("ddex.net/xml/")
}

fn attributes(start: &BytesStart<'_>, line: u64) -> Result<Vec<(String, String)>, Say> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| malformed(line, error))?;
        if attributes.len() == ATTRIBUTES {
            return Err(malformed(line, "an element has too many attributes"));
        }
        let value = attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0);
        let value = value.map_err(|_| malformed(line, "an attribute needs entities"))?;
        let Piece::Text(value) = legal(&value, line)? else {
            continue;
        };
        let name: &str = attribute.key.as_ref();
        attributes.push((name.to_owned(), value));
    }
    Ok(attributes)
}

/// The name of an element: bare when it is of the document's own vocabulary, or of none, as
/// everything but the first element of a message is by its schema; else with its prefix.
fn name(
    start: &BytesStart<'_>,
    bound: &[(usize, String, String)],
    line: u64,
) -> Result<String, Say> {
    let (written, local) = (start.name().into_inner(), start.local_name().into_inner());
    if written.len() > 200 {
        return Err(malformed(line, "the name of an element is too long"));
    }
    let prefix = written.strip_suffix(local).unwrap_or_default();
    let prefix = prefix.strip_suffix(':').unwrap_or_default();
    let stands_for = bound.iter().rev().find(|(_, known, _)| known == prefix);
    match stands_for {
        None if prefix.is_empty() => Ok(local.to_owned()),
        None => Err(malformed(
            line,
            format!("nothing says what the prefix of {written} stands for"),
        )),
        Some((_, _, named)) if named.is_empty() || of_ddex(named).is_some() => Ok(local.to_owned()),
        Some(_) => Ok(format!("{prefix}:{local}")),
    }
}

/// XML 1.0 §2.2: characters a document may hold.
fn legal(text: &str, line: u64) -> Result<Piece, Say> {
    let is_legal = |letter: char| match letter {
        '\t' | '\n' | '\r' => true,
        '\u{fffe}' | '\u{ffff}' => false,
        letter => letter >= ' ',
    };
    if text.chars().all(is_legal) {
        Ok(Piece::Text(text.to_owned()))
    } else {
        Err(malformed(
            line,
            "it holds characters that XML does not have",
        ))
    }
}

fn reason(error: &quick_xml::Error) -> String {
    match error {
        quick_xml::Error::Io(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            "it ends too early".to_owned()
        }
        quick_xml::Error::Io(error) => error.to_string(),
        error => error.to_string(),
    }
}

/// The sentence for what cannot be read.
pub fn malformed(line: u64, reason: impl std::fmt::Display) -> Say {
    // What a parser says may quote what a stranger wrote.
    let reason: String = reason.to_string().chars().take(300).collect();
    Say::new("catalogue-xml-malformed")
        .with("line", line)
        .with("reason", cleaned(&reason).0)
}
