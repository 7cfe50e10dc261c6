//! The keys a node, a listening post or a stranger's server signs with.
//!
//! Two kinds and no third: **Ed25519** signs objects (FEP-8b32) and requests between nodes of our
//! kind, and is published as a Multikey (FEP-521a); **RSA** signs requests to the rest of the
//! fediverse, which still expects it, and is published as PEM. A key knows its kind, and a
//! signature is only ever tried with the one algorithm of that kind.
//!
//! No clock and no dice here: who generates a key brings the randomness.

use std::fmt;
use std::str::FromStr;

use ed25519_dalek::Signer as _;
use ed25519_dalek::pkcs8::spki::der::pem::LineEnding;
/// Text that is wiped from memory when it is dropped: what a secret key is written as.
pub use ed25519_dalek::pkcs8::spki::der::zeroize::Zeroizing;
use ed25519_dalek::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _};
use rsa::pkcs1::DecodeRsaPublicKey as _;
use rsa::pkcs8::{DecodePublicKey as _, EncodePublicKey as _};
pub use rsa::rand_core;
use rsa::rand_core::CryptoRngCore;
use rsa::sha2::Sha256;
use rsa::signature::{SignatureEncoding as _, Verifier as _};
use rsa::traits::PublicKeyParts as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// The fewest bits of an RSA modulus that are taken seriously.
pub const RSA_BITS_MIN: usize = 2048;
/// The most bits of an RSA modulus: beyond, one signature costs a verifier too much.
pub const RSA_BITS_MAX: usize = 4096;

/// Multicodec `ed25519-pub` (0xed) as a varint.
const ED25519_PUB: [u8; 2] = [0xed, 0x01];

/// Why something is not a key that is used here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyRefused {
    /// Not a Multikey of an Ed25519 public key.
    #[error("the key is not an Ed25519 Multikey (z6Mk…)")]
    NotMultikey,
    /// A point of small order, under which one signature fits many messages.
    #[error("the Ed25519 key is a weak one")]
    Weak,
    /// Not PEM, or PEM of something else.
    #[error("the key is not the PEM of the expected kind")]
    NotPem,
    /// An RSA key outside 2048 to 4096 bits, or with a strange exponent.
    #[error(
        "the RSA key must have between {RSA_BITS_MIN} and {RSA_BITS_MAX} bits and an ordinary exponent"
    )]
    RsaSize,
}

/// A secret Ed25519 key. `Debug` shows the public half only.
#[derive(Clone)]
pub struct Ed25519Secret(ed25519_dalek::SigningKey);

impl Ed25519Secret {
    /// A new key from the caller's dice.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        Self(ed25519_dalek::SigningKey::generate(rng))
    }

    /// The key of 32 secret bytes (RFC 8032 §5.1.5).
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        Self(ed25519_dalek::SigningKey::from_bytes(seed))
    }

    /// Reads PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyRefused::NotPem`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyRefused> {
        ed25519_dalek::SigningKey::from_pkcs8_pem(pem)
            .map(Self)
            .map_err(|_| KeyRefused::NotPem)
    }

    /// Writes PKCS#8 PEM.
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.0
            .to_pkcs8_pem(LineEnding::LF)
            .expect("an Ed25519 key can always be written as PKCS#8")
    }

    /// The public half.
    pub fn public(&self) -> Ed25519Public {
        Ed25519Public(self.0.verifying_key())
    }

    /// Signs `message` (RFC 8032, deterministic).
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }
}

impl fmt::Debug for Ed25519Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Secret(of {})", self.public())
    }
}

/// A public Ed25519 key. Its text form is the Multikey `z6Mk…` (FEP-521a).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Ed25519Public(ed25519_dalek::VerifyingKey);

impl Ed25519Public {
    /// A key from its 32 bytes.
    ///
    /// # Errors
    /// [`KeyRefused::NotMultikey`] when they are no point of the curve, [`KeyRefused::Weak`] when
    /// the point is of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyRefused> {
        let key =
            ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| KeyRefused::NotMultikey)?;
        if key.is_weak() {
            Err(KeyRefused::Weak)
        } else {
            Ok(Self(key))
        }
    }

    /// The 32 bytes.
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.0.as_bytes()
    }

    /// `publicKeyMultibase`: base58btc of the multicodec prefix and the key.
    pub fn to_multikey(&self) -> String {
        let mut bytes = ED25519_PUB.to_vec();
        bytes.extend_from_slice(self.0.as_bytes());
        multibase(&bytes)
    }

    /// Does `signature` fit `message`? Strict: no second signature fits that was not made with
    /// the secret key.
    pub fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        ed25519_dalek::Signature::from_slice(signature)
            .is_ok_and(|signature| self.0.verify_strict(message, &signature).is_ok())
    }
}

impl FromStr for Ed25519Public {
    type Err = KeyRefused;

    fn from_str(text: &str) -> Result<Self, KeyRefused> {
        let bytes: [u8; 34] = from_multibase(text).ok_or(KeyRefused::NotMultikey)?;
        let key = bytes
            .strip_prefix(&ED25519_PUB)
            .ok_or(KeyRefused::NotMultikey)?;
        Self::from_bytes(key.try_into().map_err(|_| KeyRefused::NotMultikey)?)
    }
}

impl fmt::Display for Ed25519Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_multikey())
    }
}

impl fmt::Debug for Ed25519Public {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ed25519Public({self})")
    }
}

impl Serialize for Ed25519Public {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Ed25519Public {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// A secret RSA key. `Debug` shows its size only.
#[derive(Clone)]
pub struct RsaSecret(rsa::RsaPrivateKey);

impl RsaSecret {
    /// A new key of 2048 bits from the caller's dice. Takes up to some seconds.
    pub fn generate(rng: &mut impl CryptoRngCore) -> Self {
        let key = rsa::RsaPrivateKey::new(rng, RSA_BITS_MIN)
            .expect("2048 bits and the usual exponent always make a key");
        Self(key)
    }

    /// Reads PKCS#8 PEM.
    ///
    /// # Errors
    /// [`KeyRefused::NotPem`], or [`KeyRefused::RsaSize`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyRefused> {
        let key = rsa::RsaPrivateKey::from_pkcs8_pem(pem).map_err(|_| KeyRefused::NotPem)?;
        checked_size(&key.to_public_key())?;
        Ok(Self(key))
    }

    /// Writes PKCS#8 PEM.
    pub fn to_pem(&self) -> Zeroizing<String> {
        self.0
            .to_pkcs8_pem(LineEnding::LF)
            .expect("an RSA key can always be written as PKCS#8")
    }

    /// The public half.
    pub fn public(&self) -> RsaPublic {
        RsaPublic(self.0.to_public_key())
    }

    /// Signs `message` with RSASSA-PKCS1-v1_5 and SHA-256 (RFC 8017 §8.2, deterministic).
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        rsa::pkcs1v15::SigningKey::<Sha256>::new(self.0.clone())
            .sign(message)
            .to_vec()
    }
}

impl fmt::Debug for RsaSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaSecret({} bits)", self.0.n().bits())
    }
}

/// A public RSA key of 2048 to 4096 bits. Its text form is PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublic(rsa::RsaPublicKey);

impl RsaPublic {
    /// Reads PEM: SubjectPublicKeyInfo, as nearly everyone publishes it, or PKCS#1.
    ///
    /// # Errors
    /// [`KeyRefused::NotPem`], or [`KeyRefused::RsaSize`].
    pub fn from_pem(pem: &str) -> Result<Self, KeyRefused> {
        // Some servers publish the PEM with spaces around it.
        let pem = pem.trim();
        let key = if pem.starts_with("-----BEGIN RSA PUBLIC KEY-----") {
            rsa::RsaPublicKey::from_pkcs1_pem(pem).map_err(|_| KeyRefused::NotPem)?
        } else {
            rsa::RsaPublicKey::from_public_key_pem(pem).map_err(|_| KeyRefused::NotPem)?
        };
        checked_size(&key)?;
        Ok(Self(key))
    }

    /// Writes SubjectPublicKeyInfo PEM, as `publicKeyPem` holds it.
    pub fn to_pem(&self) -> String {
        self.0
            .to_public_key_pem(LineEnding::LF)
            .expect("an RSA public key can always be written as PEM")
    }

    /// Does `signature` (RSASSA-PKCS1-v1_5, SHA-256) fit `message`?
    pub fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        let verifying = rsa::pkcs1v15::VerifyingKey::<Sha256>::new(self.0.clone());
        rsa::pkcs1v15::Signature::try_from(signature)
            .is_ok_and(|signature| verifying.verify(message, &signature).is_ok())
    }
}

fn checked_size(key: &rsa::RsaPublicKey) -> Result<(), KeyRefused> {
    let bits = key.n().bits();
    // An exponent of 1 or 2 signs nothing; a huge one makes verifying slow.
    let exponent_is_ordinary =
        *key.e() >= rsa::BigUint::from(3u8) && *key.e() <= rsa::BigUint::from(u32::MAX);
    if (RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) && exponent_is_ordinary {
        Ok(())
    } else {
        Err(KeyRefused::RsaSize)
    }
}

impl fmt::Debug for RsaPublic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublic({} bits)", self.0.n().bits())
    }
}

impl Serialize for RsaPublic {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_pem())
    }
}

impl<'de> Deserialize<'de> for RsaPublic {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_pem(&String::deserialize(deserializer)?).map_err(serde::de::Error::custom)
    }
}

/// A public key of either kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// Verifies Ed25519 signatures and nothing else.
    Ed25519(Ed25519Public),
    /// Verifies RSASSA-PKCS1-v1_5 with SHA-256 and nothing else.
    Rsa(RsaPublic),
}

impl PublicKey {
    /// Does `signature`, made with this kind's one algorithm, fit `message`?
    pub fn fits(&self, message: &[u8], signature: &[u8]) -> bool {
        match self {
            Self::Ed25519(key) => key.fits(message, signature),
            Self::Rsa(key) => key.fits(message, signature),
        }
    }
}

impl From<Ed25519Public> for PublicKey {
    fn from(key: Ed25519Public) -> Self {
        Self::Ed25519(key)
    }
}

impl From<RsaPublic> for PublicKey {
    fn from(key: RsaPublic) -> Self {
        Self::Rsa(key)
    }
}

/// The secret key that a request is signed with: either kind, borrowed.
#[derive(Debug, Clone, Copy)]
pub enum SecretKey<'a> {
    /// Signs with Ed25519.
    Ed25519(&'a Ed25519Secret),
    /// Signs with RSASSA-PKCS1-v1_5 and SHA-256.
    Rsa(&'a RsaSecret),
}

impl SecretKey<'_> {
    /// Signs `message` with this kind's one algorithm.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.sign(message).to_vec(),
            Self::Rsa(key) => key.sign(message),
        }
    }
}

impl<'a> From<&'a Ed25519Secret> for SecretKey<'a> {
    fn from(key: &'a Ed25519Secret) -> Self {
        Self::Ed25519(key)
    }
}

impl<'a> From<&'a RsaSecret> for SecretKey<'a> {
    fn from(key: &'a RsaSecret) -> Self {
        Self::Rsa(key)
    }
}

/// Multibase base58btc: `z` and the digits.
pub(crate) fn multibase(bytes: &[u8]) -> String {
    format!("z{}", bs58::encode(bytes).into_string())
}

/// Reads multibase base58btc of exactly `N` bytes, in its one spelling.
pub(crate) fn from_multibase<const N: usize>(text: &str) -> Option<[u8; N]> {
    let digits = text.strip_prefix('z')?;
    // base58 takes at most 1.37 digits a byte; decoding costs the square of the length.
    if digits.len() > N * 2 {
        return None;
    }
    let bytes: [u8; N] = bs58::decode(digits).into_vec().ok()?.try_into().ok()?;
    (multibase(&bytes) == text).then_some(bytes)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The public key of the FEP-521a and vc-di-eddsa examples.
    const MULTIKEY: &str = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
    /// Its secret as those documents print it: multicodec 0x1300 and the seed.
    const SECRET_MULTIKEY: &str = "z3u2en7t5LR2WtQH5PfFqMqwVHBeXouLzo6haApm8XHqvjxq";

    /// The key pair that FEP-8b32 and vc-di-eddsa sign their examples with.
    pub(crate) fn published_key() -> Ed25519Secret {
        let bytes: [u8; 34] = from_multibase(SECRET_MULTIKEY).unwrap();
        assert_eq!(bytes[..2], [0x80, 0x26]);
        Ed25519Secret::from_seed(bytes[2..].try_into().unwrap())
    }

    #[test]
    fn the_published_key_pair_belongs_together() {
        assert_eq!(published_key().public().to_multikey(), MULTIKEY);
        assert_eq!(MULTIKEY.parse(), Ok(published_key().public()));
    }

    #[test]
    fn a_multikey_has_one_spelling_and_one_kind() {
        let mut long = vec![0xed, 0x01];
        long.extend([7; 40]);
        let mut x25519 = vec![0xec, 0x01];
        x25519.extend(published_key().public().as_bytes());
        for bad in [
            "",
            "z",
            &MULTIKEY[1..],
            &format!("f{}", &MULTIKEY[1..]),
            &format!("{MULTIKEY} "),
            &MULTIKEY.replace('k', "0"),
            &multibase(&long),
            &multibase(&x25519),
            &"z".repeat(100_000),
        ] {
            assert_eq!(
                bad.parse::<Ed25519Public>(),
                Err(KeyRefused::NotMultikey),
                "{bad:.60}"
            );
        }
    }

    #[test]
    fn a_key_under_which_anything_verifies_is_refused() {
        let mut neutral = [0; 32];
        neutral[0] = 1;
        assert_eq!(Ed25519Public::from_bytes(&neutral), Err(KeyRefused::Weak));
    }

    #[test]
    fn keys_survive_their_pem() {
        let ed = published_key();
        assert_eq!(
            Ed25519Secret::from_pem(&ed.to_pem()).unwrap().public(),
            ed.public()
        );
        let rsa = RsaSecret::from_pem(include_str!("../tests/fixtures/keys/rsa-2048.pem")).unwrap();
        assert_eq!(
            RsaSecret::from_pem(&rsa.to_pem()).unwrap().public(),
            rsa.public()
        );
        assert_eq!(
            RsaPublic::from_pem(&rsa.public().to_pem()),
            Ok(rsa.public())
        );
        assert!(matches!(
            RsaSecret::from_pem(&ed.to_pem()),
            Err(KeyRefused::NotPem)
        ));
        assert!(matches!(
            Ed25519Secret::from_pem(&rsa.to_pem()),
            Err(KeyRefused::NotPem)
        ));
    }

    #[test]
    fn an_rsa_key_is_neither_too_short_nor_too_long() {
        for pem in [
            include_str!("../tests/fixtures/keys/rsa-1024.pub.pem"),
            include_str!("../tests/fixtures/keys/rsa-8192.pub.pem"),
        ] {
            // The library itself refuses to read beyond 4096 bits.
            assert!(matches!(
                RsaPublic::from_pem(pem),
                Err(KeyRefused::RsaSize | KeyRefused::NotPem)
            ));
        }
    }

    #[test]
    fn debug_never_shows_a_secret() {
        let ed = published_key();
        let shown = format!("{ed:?}");
        assert_eq!(shown, format!("Ed25519Secret(of {MULTIKEY})"));
        let rsa = RsaSecret::from_pem(include_str!("../tests/fixtures/keys/rsa-2048.pem")).unwrap();
        assert_eq!(format!("{rsa:?}"), "RsaSecret(2048 bits)");
    }

    #[test]
    fn a_key_made_with_dice_signs() {
        // The dice of a test: seeded, so that the test is the same every time.
        let mut dice = CountingDice(7);
        let key = Ed25519Secret::generate(&mut dice);
        assert!(key.public().fits(b"a play", &key.sign(b"a play")));
        assert!(!key.public().fits(b"another", &key.sign(b"a play")));
    }

    struct CountingDice(u64);

    impl rand_core::RngCore for CountingDice {
        fn next_u32(&mut self) -> u32 {
            (self.next_u64() >> 32) as u32
        }

        fn next_u64(&mut self) -> u64 {
            self.0 = self
                .0
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            self.0
        }

        fn fill_bytes(&mut self, bytes: &mut [u8]) {
            rand_core::impls::fill_bytes_via_next(self, bytes);
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), rand_core::Error> {
            self.fill_bytes(bytes);
            Ok(())
        }
    }

    impl rand_core::CryptoRng for CountingDice {}
}
