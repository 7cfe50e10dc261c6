//! Texts from outside as UTF-8, whatever they were written in, a buffer at a time; the line that is
//! being read is known, and nobody gets more of it than they asked to hold.

use std::fs::File;
use std::io::{self, BufRead, Read, Seek, SeekFrom};

use encoding_rs::{Decoder, DecoderResult, Encoding, UTF_8, UTF_16BE, UTF_16LE, WINDOWS_1252};

const CHUNK: usize = 64 * 1024;

/// What a text is written in: by its mark, else by what it declares, else UTF-8.
///
/// # Errors
/// When the file cannot be read, or declares an encoding nobody reads here.
pub fn of_xml(file: &mut File) -> io::Result<&'static Encoding> {
    let head = head(file)?;
    if let Some((encoding, _)) = Encoding::for_bom(&head) {
        return Ok(encoding);
    }
    match head.get(..2) {
        Some(b"<\0") => return Ok(UTF_16LE),
        Some(b"\0<") => return Ok(UTF_16BE),
        _ => {}
    }
    let end = head.windows(2).position(|two| two == b"?>").unwrap_or(0);
    let declaration = String::from_utf8_lossy(&head[..end]);
    let Some((_, after)) = declaration.split_once("encoding") else {
        return Ok(UTF_8);
    };
    let label = after.trim_start_matches([' ', '=', '\t', '\r', '\n']);
    let label: String = label
        .trim_start_matches(['"', '\''])
        .chars()
        .take_while(|letter| !matches!(letter, '"' | '\''))
        .take(40)
        .collect();
    let wrong = |reason: String| io::Error::new(io::ErrorKind::InvalidData, reason);
    let encoding = Encoding::for_label(label.as_bytes())
        .ok_or_else(|| wrong(format!("its encoding {label:?} is not known")))?;
    // What was read so far were single bytes.
    if encoding == UTF_16LE || encoding == UTF_16BE {
        return Err(wrong(format!("it says that it is in {label}, and is not")));
    }
    Ok(encoding)
}

/// What a table is written in: by its mark, else UTF-8 if all of it is, else Windows-1252, which is
/// what spreadsheets of western Europe write.
///
/// # Errors
/// When the file cannot be read.
pub fn of_table(file: &mut File) -> io::Result<&'static Encoding> {
    let head = head(file)?;
    if let Some((encoding, _)) = Encoding::for_bom(&head) {
        return Ok(encoding);
    }
    match head.get(..4) {
        Some([letter, 0, _, 0]) if *letter != 0 => return Ok(UTF_16LE),
        Some([0, letter, 0, _]) if *letter != 0 => return Ok(UTF_16BE),
        _ => {}
    }
    let mut text = Text::new(file.try_clone()?, UTF_8)?;
    loop {
        match text.fill_buf() {
            Ok([]) => return Ok(UTF_8),
            Ok(some) => {
                let length = some.len();
                text.consume(length);
                text.refill_budget(usize::MAX);
            }
            Err(error) if error.kind() == io::ErrorKind::InvalidData => return Ok(WINDOWS_1252),
            Err(error) => return Err(error),
        }
    }
}

fn head(file: &mut File) -> io::Result<Vec<u8>> {
    let mut head = Vec::new();
    file.seek(SeekFrom::Start(0))?;
    file.by_ref().take(1_024).read_to_end(&mut head)?;
    file.seek(SeekFrom::Start(0))?;
    Ok(head)
}

/// A text file as UTF-8.
pub struct Text {
    file: File,
    decoder: Decoder,
    raw: Vec<u8>,
    /// Where in `raw` what was not decoded yet begins.
    from: usize,
    filled: usize,
    ended: bool,
    decoded: String,
    at: usize,
    /// Bytes that may still be read before [`Text::refill_budget`] is called.
    budget: usize,
    line: u64,
    read: u64,
}

impl Text {
    /// Reads a file from its beginning; a byte order mark is left out.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn new(mut file: File, encoding: &'static Encoding) -> io::Result<Self> {
        file.seek(SeekFrom::Start(0))?;
        Ok(Text {
            file,
            decoder: encoding.new_decoder_with_bom_removal(),
            raw: vec![0; CHUNK],
            from: 0,
            filled: 0,
            ended: false,
            decoded: String::with_capacity(CHUNK * 3),
            at: 0,
            budget: usize::MAX,
            line: 1,
            read: 0,
        })
    }

    /// Allows so many bytes more.
    pub fn refill_budget(&mut self, bytes: usize) {
        self.budget = bytes;
    }

    /// The line that is being read, from 1.
    pub fn line(&self) -> u64 {
        self.line
    }

    /// The bytes of the file that were read so far.
    pub fn bytes_read(&self) -> u64 {
        self.read
    }

    fn decode(&mut self) -> io::Result<()> {
        self.decoded.clear();
        self.at = 0;
        while self.decoded.is_empty() && !self.ended {
            if self.from == self.filled {
                self.from = 0;
                self.filled = self.file.read(&mut self.raw)?;
                self.read += self.filled as u64;
            }
            let last = self.filled == 0;
            let (result, taken) = self.decoder.decode_to_string_without_replacement(
                &self.raw[self.from..self.filled],
                &mut self.decoded,
                last,
            );
            self.from += taken;
            match result {
                DecoderResult::InputEmpty => self.ended = last,
                DecoderResult::OutputFull => {}
                DecoderResult::Malformed(..) => {
                    let name = self.decoder.encoding().name();
                    let why = format!("its bytes are not {name}");
                    return Err(io::Error::new(io::ErrorKind::InvalidData, why));
                }
            }
        }
        Ok(())
    }
}

impl BufRead for Text {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at == self.decoded.len() {
            self.decode()?;
        }
        let there = &self.decoded.as_bytes()[self.at..];
        if self.budget == 0 && !there.is_empty() {
            let why = "one piece of it is longer than any that has a meaning";
            return Err(io::Error::new(io::ErrorKind::QuotaExceeded, why));
        }
        Ok(&there[..there.len().min(self.budget)])
    }

    fn consume(&mut self, amount: usize) {
        let taken = &self.decoded.as_bytes()[self.at..self.at + amount];
        self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.at += amount;
        self.budget -= amount;
    }
}

impl Read for Text {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let there = self.fill_buf()?;
        let amount = there.len().min(into.len());
        into[..amount].copy_from_slice(&there[..amount]);
        self.consume(amount);
        Ok(amount)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn file(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(bytes).unwrap();
        file
    }

    fn table(bytes: &[u8]) -> (&'static str, String) {
        let mut file = file(bytes);
        let encoding = of_table(&mut file).unwrap();
        let mut text = String::new();
        Text::new(file, encoding)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        (encoding.name(), text)
    }

    #[test]
    fn a_table_is_read_whatever_it_was_written_in() {
        let text = "titre;artiste\nÉté — œuvre;Ana\n".repeat(5_000);
        let (latin, _, _) = WINDOWS_1252.encode(&text);
        let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
        let utf16be: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        let marked = |mark: &[u8], bytes: &[u8]| [mark, bytes].concat();
        for (name, bytes) in [
            ("UTF-8", text.as_bytes().to_vec()),
            ("UTF-8", marked(b"\xef\xbb\xbf", text.as_bytes())),
            ("windows-1252", latin.into_owned()),
            ("UTF-16LE", marked(b"\xff\xfe", &utf16)),
            ("UTF-16BE", marked(b"\xfe\xff", &utf16be)),
            ("UTF-16LE", utf16),
        ] {
            assert_eq!(table(&bytes), (name, text.clone()), "{name}");
        }
    }

    #[test]
    fn what_is_not_in_the_encoding_it_declares_is_refused() {
        let mut bad = file(b"<?xml version='1.0' encoding='utf-8'?><a>\xe9</a>");
        let encoding = of_xml(&mut bad).unwrap();
        let read = Text::new(bad, encoding)
            .unwrap()
            .read_to_end(&mut Vec::new());
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::InvalidData);
        let mut latin = file(b"<?xml version='1.0' encoding='ISO-8859-1'?><a>\xe9</a>");
        let encoding = of_xml(&mut latin).unwrap();
        let mut text = String::new();
        Text::new(latin, encoding)
            .unwrap()
            .read_to_string(&mut text)
            .unwrap();
        assert!(text.contains('é'));
        let mut odd = file(b"<?xml version='1.0' encoding='EBCDIC-CP-FR'?><a/>");
        assert!(of_xml(&mut odd).is_err());
    }

    #[test]
    fn nobody_is_given_more_than_was_allowed() {
        let mut text = Text::new(file(b"abcdef"), UTF_8).unwrap();
        text.refill_budget(3);
        let refused = text.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::QuotaExceeded);
    }
}
