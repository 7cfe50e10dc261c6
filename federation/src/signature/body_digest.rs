//! The two headers that bind a body: `Digest` (RFC 3230, draft-cavage) and `Content-Digest`
//! (RFC 9530, RFC 9421).
//!
//! Each may list several algorithms. At least one that counts (SHA-256 or SHA-512) must be there,
//! and every one that counts must match: a right one beside a wrong one is a wrong header.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256, Sha512};

use super::SignatureRefused;
use super::structured::Reader;

/// `Content-Digest` for a body of our own.
pub(super) fn content_digest(body: &[u8]) -> String {
    format!("sha-256=:{}:", STANDARD.encode(Sha256::digest(body)))
}

/// `Digest` for a body of our own.
pub(super) fn digest(body: &[u8]) -> String {
    format!("SHA-256={}", STANDARD.encode(Sha256::digest(body)))
}

/// Does `Content-Digest` fit the body?
pub(super) fn content_digest_fits(header: &str, body: &[u8]) -> Result<bool, SignatureRefused> {
    let mut reader = Reader::new(header);
    let mut found = Vec::new();
    loop {
        let name = reader.key()?;
        reader.expect(b'=')?;
        found.push((name.to_owned(), reader.bytes()?));
        if reader.is_at_end() {
            break;
        }
        reader.next_member()?;
    }
    fits(&found, body)
}

/// Does `Digest` fit the body?
pub(super) fn digest_fits(header: &str, body: &[u8]) -> Result<bool, SignatureRefused> {
    let mut found = Vec::new();
    for member in header.split(',') {
        let (name, value) = member
            .trim()
            .split_once('=')
            .ok_or(SignatureRefused::Malformed(
                "the Digest header is no digest",
            ))?;
        let name = name.to_ascii_lowercase();
        // Other algorithms have other encodings, and do not count.
        let bytes = if counts(&name) {
            STANDARD
                .decode(value)
                .map_err(|_| SignatureRefused::Malformed("the Digest header is no base64"))?
        } else {
            Vec::new()
        };
        found.push((name, bytes));
    }
    fits(&found, body)
}

fn counts(name: &str) -> bool {
    matches!(name, "sha-256" | "sha-512")
}

fn fits(found: &[(String, Vec<u8>)], body: &[u8]) -> Result<bool, SignatureRefused> {
    let mut names: Vec<_> = found.iter().map(|(name, _)| name).collect();
    names.sort();
    names.dedup();
    if names.len() != found.len() {
        return Err(SignatureRefused::Malformed("a digest is given twice"));
    }
    if !found.iter().any(|(name, _)| counts(name)) {
        return Err(SignatureRefused::NotCovered("a SHA-256 digest of the body"));
    }
    Ok(found.iter().all(|(name, bytes)| match name.as_str() {
        "sha-256" => bytes[..] == Sha256::digest(body)[..],
        "sha-512" => bytes[..] == Sha512::digest(body)[..],
        _ => true,
    }))
}
