//! SHA-256 digests, as a report, a settlement or a media link names its bytes.
//!
//! The text form is `sha-256:` and 64 lower-case hexadecimal digits: one spelling, so that two
//! digests are equal exactly when their texts are.

use std::fmt;
use std::io;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The SHA-256 digest of some bytes (FIPS 180-4).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Sha256Digest([u8; 32]);

/// Why a text is not a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a digest is written sha-256: followed by 64 lower-case hexadecimal digits")]
pub struct DigestRefused;

const PREFIX: &str = "sha-256:";

impl Sha256Digest {
    /// The digest of `bytes`.
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// A digest from its 32 bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// The 64 lower-case hexadecimal digits without the prefix: fit for a file name.
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
}

impl fmt::Display for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{PREFIX}{}", self.hex())
    }
}

impl fmt::Debug for Sha256Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Sha256Digest {
    type Err = DigestRefused;

    fn from_str(text: &str) -> Result<Self, DigestRefused> {
        let digits = text.strip_prefix(PREFIX).ok_or(DigestRefused)?;
        if digits.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err(DigestRefused);
        }
        let mut bytes = [0; 32];
        hex::decode_to_slice(digits, &mut bytes).map_err(|_| DigestRefused)?;
        Ok(Self(bytes))
    }
}

impl Serialize for Sha256Digest {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Sha256Digest {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Digests bytes as they pass by: write to it, then [`finish`](Self::finish).
#[derive(Clone, Default)]
pub struct Sha256Digester {
    hasher: Sha256,
    length: u64,
}

impl Sha256Digester {
    /// A digester that has seen nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes in the next bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        self.hasher.update(bytes);
        self.length = self.length.saturating_add(bytes.len() as u64);
    }

    /// How many bytes it has seen.
    pub const fn length(&self) -> u64 {
        self.length
    }

    /// The digest of all that was written.
    pub fn finish(self) -> Sha256Digest {
        Sha256Digest(self.hasher.finalize().into())
    }
}

impl fmt::Debug for Sha256Digester {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sha256Digester")
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

impl io::Write for Sha256Digester {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    /// FIPS 180-4's own example for `abc`.
    const ABC: &str = "sha-256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

    #[test]
    fn a_digest_has_one_spelling() {
        assert_eq!(Sha256Digest::of(b"abc").to_string(), ABC);
        assert_eq!(ABC.parse(), Ok(Sha256Digest::of(b"abc")));
        for bad in [
            ABC.to_uppercase(),
            ABC.replace("ba78", "BA78"),
            ABC.replace("sha-256:", "sha256:"),
            ABC.replace("sha-256:", ""),
            format!("{ABC}0"),
            format!("{ABC} "),
            ABC[..ABC.len() - 2].to_owned(),
        ] {
            assert_eq!(bad.parse::<Sha256Digest>(), Err(DigestRefused), "{bad}");
        }
    }

    #[test]
    fn bytes_that_pass_by_in_pieces_have_the_digest_of_the_whole() {
        let mut digester = Sha256Digester::new();
        digester.write_all(b"a").unwrap();
        digester.write_all(b"bc").unwrap();
        assert_eq!(digester.length(), 3);
        assert_eq!(digester.finish(), Sha256Digest::of(b"abc"));
    }
}
