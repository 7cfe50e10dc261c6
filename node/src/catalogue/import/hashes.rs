//! Sums that say whether a file arrived whole. They guard against cut and mixed-up files, not
//! against forgers: DDEX still names MD5 and SHA-1, and what a file is kept under is SHA-256.

use std::io::Read;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::Md5;
use sha1::Sha1;
use sha2::digest::DynDigest;
use sha2::{Sha224, Sha256, Sha384, Sha512};

use crate::words::Say;

/// What the bytes of a file must add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashSum {
    algorithm: Algorithm,
    value: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    Crc32,
    Md5,
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

impl Algorithm {
    /// None for the one that is no digest.
    fn begin(self) -> Option<Box<dyn DynDigest>> {
        Some(match self {
            Algorithm::Crc32 => return None,
            Algorithm::Md5 => Box::new(Md5::default()),
            Algorithm::Sha1 => Box::new(Sha1::default()),
            Algorithm::Sha224 => Box::new(Sha224::default()),
            Algorithm::Sha256 => Box::new(Sha256::default()),
            Algorithm::Sha384 => Box::new(Sha384::default()),
            Algorithm::Sha512 => Box::new(Sha512::default()),
        })
    }
}

impl HashSum {
    /// Reads DDEX's name of an algorithm and a sum in hexadecimal.
    ///
    /// # Errors
    /// A sentence when nobody here can tell what it would be: the file is then taken unchecked, or
    /// refused, as the caller sees fit.
    pub fn parse(algorithm: &str, value: &str) -> Result<Self, Say> {
        let shown: String = algorithm.chars().take(20).collect();
        let unread = || Say::new("catalogue-hash-unread").with("algorithm", &shown);
        let name: String = algorithm
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .map(|letter| letter.to_ascii_uppercase())
            .take(20)
            .collect();
        // HexBinary or Binary64 (DDEX BinaryDataType); no sum is as long in both.
        let value = value.trim();
        let value = hex::decode(value)
            .or_else(|_| STANDARD.decode(value))
            .map_err(|_| unread())?;
        let algorithm = match (name.as_str(), value.len()) {
            ("CRC" | "CRC32", 4) => Algorithm::Crc32,
            ("MD5", 16) => Algorithm::Md5,
            ("SHA" | "SHA1", 20) => Algorithm::Sha1,
            ("SHA224" | "SHA2", 28) => Algorithm::Sha224,
            ("SHA256" | "SHA2", 32) => Algorithm::Sha256,
            ("SHA384" | "SHA2", 48) => Algorithm::Sha384,
            ("SHA512" | "SHA2", 64) => Algorithm::Sha512,
            _ => return Err(unread()),
        };
        Ok(HashSum { algorithm, value })
    }

    /// Whether the bytes add up to it.
    ///
    /// # Errors
    /// When they cannot be read.
    pub fn holds(&self, mut bytes: impl Read) -> std::io::Result<bool> {
        let mut digest = self.algorithm.begin();
        let mut crc = flate2::Crc::new();
        let mut buffer = vec![0; 256 * 1024];
        loop {
            let read = bytes.read(&mut buffer)?;
            if read == 0 {
                break;
            }
            match &mut digest {
                Some(digest) => digest.update(&buffer[..read]),
                None => crc.update(&buffer[..read]),
            }
        }
        Ok(match digest {
            Some(digest) => *digest.finalize() == *self.value,
            None => crc.sum().to_be_bytes() == *self.value,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_held_against_its_sum() {
        for (algorithm, value) in [
            ("MD5", "900150983cd24fb0d6963f7d28e17f72"),
            ("CRC32", "352441C2"),
            ("SHA-1", "A9993E364706816ABA3E25717850C26C9CD0D89D"),
            (
                "SHA2",
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
            ),
            ("MD5", "kAFQmDzST7DWlj99KOF/cg=="),
        ] {
            let sum = HashSum::parse(algorithm, value).unwrap();
            assert!(sum.holds(&b"abc"[..]).unwrap(), "{algorithm}");
            assert!(!sum.holds(&b"abd"[..]).unwrap(), "{algorithm}");
        }
        assert!(HashSum::parse("MD4", "a448017aaf21d8525fc10ae87aa6729d").is_err());
        assert!(HashSum::parse("MD5", "not hex").is_err());
        assert!(HashSum::parse("MD5", "00").is_err());
    }
}
