//! Object proofs: a signature that travels inside the document it signs.
//!
//! This is FEP-8b32 with the cryptosuite `eddsa-jcs-2022` (W3C Data Integrity EdDSA, §3.3), the
//! same that the fediverse uses. The document without its proof and the proof without its value
//! are each written canonically (RFC 8785) and hashed; the key signs hash of proof ‖ hash of
//! document.
//!
//! A proof says *that key signed these words*. Whose key it is, the caller must know: take the key
//! from the actor's own `assertionMethod`, found under [`ProofClaim::verification_method`], and
//! compare its owner with the document's `attributedTo` or `actor`.
//!
//! [`Signed`] is made by [`Signed::verify`] alone, so to hold one is to know that it was verified.

use std::fmt;

use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use settlement::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::json::{canonical, numbers_are_safe};
use crate::keys::{Ed25519Public, Ed25519Secret, from_multibase, multibase};

/// The context that defines the terms of a proof; documents that carry one list it.
pub const DATA_INTEGRITY_CONTEXT: &str = "https://w3id.org/security/data-integrity/v1";

const SUITE: &str = "eddsa-jcs-2022";
const TYPE: &str = "DataIntegrityProof";
const PURPOSE: &str = "assertionMethod";

/// Why a proof is not accepted, or cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofRefused {
    /// Only objects are signed.
    #[error("only a JSON object can carry a proof")]
    NotAnObject,
    /// There is no proof, or a list of them.
    #[error("the document needs exactly one proof")]
    NotOneProof,
    /// A proof of another kind.
    #[error(
        "the proof must be a DataIntegrityProof of the suite eddsa-jcs-2022 for assertionMethod"
    )]
    OtherSuite,
    /// A property of the proof is missing or is not what it must be.
    #[error("the proof's {0} is missing or malformed")]
    Malformed(&'static str),
    /// The proof is bound to something that is not checked here.
    #[error("a proof with {0} is not accepted here")]
    Bound(&'static str),
    /// The document's `@context` does not begin with the one that was signed.
    #[error("the document's @context is not the one that was signed")]
    Context,
    /// A number that changes when another program reads it.
    #[error("a signed document holds no number beyond 2^53; write it as a string")]
    UnsafeNumber,
    /// The proof names another key than the one it was to be verified with.
    #[error("the proof was made with another key: {0}")]
    OtherKey(String),
    /// The signature does not fit.
    #[error("the proof does not fit the document: it was changed, or signed with another key")]
    DoesNotFit,
    /// The proof holds, but the words are not of the expected kind.
    #[error("the signed document cannot be read: {0}")]
    Content(String),
}

/// What a proof says of itself, before anything was verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProofClaim {
    /// The URI of the key.
    pub verification_method: String,
    /// When it was made, as the signer wrote it.
    pub created: Option<String>,
    signature: [u8; 64],
}

impl ProofClaim {
    /// Reads the one proof of `document`, verifying nothing.
    ///
    /// # Errors
    /// [`ProofRefused`] when there is not exactly one proof of the suite spoken here.
    pub fn of(document: &Value) -> Result<Self, ProofRefused> {
        let object = document.as_object().ok_or(ProofRefused::NotAnObject)?;
        let proof = object
            .get("proof")
            .and_then(Value::as_object)
            .ok_or(ProofRefused::NotOneProof)?;
        let text = |name| proof.get(name).and_then(Value::as_str);
        if text("type") != Some(TYPE)
            || text("cryptosuite") != Some(SUITE)
            || text("proofPurpose") != Some(PURPOSE)
        {
            return Err(ProofRefused::OtherSuite);
        }
        // Each of these narrows what the proof is good for; ignoring it would widen it again.
        for name in ["expires", "domain", "challenge", "previousProof"] {
            if proof.contains_key(name) {
                return Err(ProofRefused::Bound(name));
            }
        }
        let verification_method = text("verificationMethod")
            .filter(|uri| !uri.is_empty() && uri.len() <= 2048)
            .ok_or(ProofRefused::Malformed("verificationMethod"))?
            .to_owned();
        let created = match proof.get("created") {
            None => None,
            Some(Value::String(created)) if Timestamp::parse(created).is_ok() => {
                Some(created.clone())
            }
            Some(_) => return Err(ProofRefused::Malformed("created")),
        };
        let signature = text("proofValue")
            .and_then(from_multibase)
            .ok_or(ProofRefused::Malformed("proofValue"))?;
        Ok(Self {
            verification_method,
            created,
            signature,
        })
    }
}

/// Adds a proof to `object`, made with `key`, which the world finds at `verification_method`.
/// `created` is the moment of signing as RFC 3339 UTC without fractions.
///
/// # Errors
/// [`ProofRefused::NotAnObject`], [`ProofRefused::NotOneProof`] if it has a proof already, and
/// [`ProofRefused::UnsafeNumber`].
pub fn sign(
    object: Value,
    key: &Ed25519Secret,
    verification_method: &str,
    created: &str,
) -> Result<Value, ProofRefused> {
    let Value::Object(mut document) = object else {
        return Err(ProofRefused::NotAnObject);
    };
    if document.contains_key("proof") {
        return Err(ProofRefused::NotOneProof);
    }
    let mut proof = Map::new();
    proof.insert("type".into(), json!(TYPE));
    proof.insert("cryptosuite".into(), json!(SUITE));
    proof.insert("verificationMethod".into(), json!(verification_method));
    proof.insert("proofPurpose".into(), json!(PURPOSE));
    proof.insert("created".into(), json!(created));
    if let Some(context) = document.get("@context") {
        proof.insert("@context".into(), context.clone());
    }
    let words = Value::Object(document);
    let options = Value::Object(proof);
    if !numbers_are_safe(&words) {
        return Err(ProofRefused::UnsafeNumber);
    }
    let signature = key.sign(&hash_data(&options, &words));
    let (Value::Object(mut proof), Value::Object(words)) = (options, words) else {
        return Err(ProofRefused::NotAnObject);
    };
    proof.insert("proofValue".into(), json!(multibase(&signature)));
    document = words;
    document.insert("proof".into(), Value::Object(proof));
    Ok(Value::Object(document))
}

/// Does the one proof of `document` fit it, under `key`?
///
/// # Errors
/// [`ProofRefused`] with the reason why not.
pub fn verify(document: &Value, key: &Ed25519Public) -> Result<(), ProofRefused> {
    let claim = ProofClaim::of(document)?;
    let (options, words) = take_apart(document)?;
    if !numbers_are_safe(&words) || !numbers_are_safe(&options) {
        return Err(ProofRefused::UnsafeNumber);
    }
    if key.fits(&hash_data(&options, &words), &claim.signature) {
        Ok(())
    } else {
        Err(ProofRefused::DoesNotFit)
    }
}

/// The proof's options and the words it signs, both as they were hashed (§3.3.2, steps 1 to 5).
fn take_apart(document: &Value) -> Result<(Value, Value), ProofRefused> {
    let mut words = document
        .as_object()
        .ok_or(ProofRefused::NotAnObject)?
        .clone();
    let Some(Value::Object(mut options)) = words.remove("proof") else {
        return Err(ProofRefused::NotOneProof);
    };
    options.remove("proofValue");
    if let Some(signed) = options.get("@context") {
        let present = words.get("@context").ok_or(ProofRefused::Context)?;
        if !as_list(present).starts_with(as_list(signed)) {
            return Err(ProofRefused::Context);
        }
        words.insert("@context".into(), signed.clone());
    }
    Ok((Value::Object(options), Value::Object(words)))
}

/// One context or a list of them, as a list.
fn as_list(context: &Value) -> &[Value] {
    match context {
        Value::Array(list) => list,
        single => std::slice::from_ref(single),
    }
}

fn hash_data(options: &Value, words: &Value) -> [u8; 64] {
    let mut data = [0; 64];
    data[..32].copy_from_slice(&Sha256::digest(canonical(options)));
    data[32..].copy_from_slice(&Sha256::digest(canonical(words)));
    data
}

/// A `T` whose words were signed, and verified here: to have one is proof.
#[derive(Clone, PartialEq)]
pub struct Signed<T> {
    content: T,
    document: Value,
    verification_method: String,
    created: Option<String>,
}

impl<T: DeserializeOwned> Signed<T> {
    /// Verifies `document` with the key that is known to live at `verification_method`, and reads
    /// the signed words (all but the proof) into a `T`.
    ///
    /// # Errors
    /// [`ProofRefused`]; [`ProofRefused::OtherKey`] when the proof names another key.
    pub fn verify(
        document: Value,
        verification_method: &str,
        key: &Ed25519Public,
    ) -> Result<Self, ProofRefused> {
        let claim = ProofClaim::of(&document)?;
        if claim.verification_method != verification_method {
            return Err(ProofRefused::OtherKey(claim.verification_method));
        }
        verify(&document, key)?;
        let (_, words) = take_apart(&document)?;
        let content = serde_json::from_value(words)
            .map_err(|error| ProofRefused::Content(error.to_string()))?;
        let ProofClaim {
            verification_method,
            created,
            ..
        } = claim;
        Ok(Self {
            content,
            document,
            verification_method,
            created,
        })
    }
}

impl<T> Signed<T> {
    /// What was signed.
    pub fn content(&self) -> &T {
        &self.content
    }

    /// What was signed, let go of its proof.
    pub fn into_content(self) -> T {
        self.content
    }

    /// The whole document with its proof, to hand on or to keep.
    pub fn document(&self) -> &Value {
        &self.document
    }

    /// The document's canonical bytes (RFC 8785): what is stored and digested.
    pub fn canonical_bytes(&self) -> Vec<u8> {
        canonical(&self.document)
    }

    /// The URI of the key that signed.
    pub fn verification_method(&self) -> &str {
        &self.verification_method
    }

    /// When it was signed, as the signer wrote it.
    pub fn created(&self) -> Option<&str> {
        self.created.as_deref()
    }
}

impl<T: fmt::Debug> fmt::Debug for Signed<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signed")
            .field("content", &self.content)
            .field("verification_method", &self.verification_method)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::tests::published_key;

    const METHOD: &str = "https://server.example/users/alice#ed25519-key";
    const CREATED: &str = "2023-02-24T23:36:38Z";

    /// The activity that FEP-8b32 signs in its own test (`fep-8b32.feature`).
    fn fep_activity() -> Value {
        json!({
            "@context": [
                "https://www.w3.org/ns/activitystreams",
                "https://w3id.org/security/data-integrity/v1"
            ],
            "id": "https://server.example/activities/1",
            "type": "Create",
            "actor": "https://server.example/users/alice",
            "object": {
                "id": "https://server.example/objects/1",
                "type": "Note",
                "attributedTo": "https://server.example/users/alice",
                "content": "Hello world",
                "location": {
                    "type": "Place",
                    "longitude": -71.184902,
                    "latitude": 25.273962
                }
            }
        })
    }

    fn signed() -> Value {
        sign(fep_activity(), &published_key(), METHOD, CREATED).unwrap()
    }

    #[test]
    fn the_test_of_fep_8b32_comes_out_to_the_byte() {
        let document = signed();
        assert_eq!(
            document["proof"]["proofValue"],
            "zLaewdp4H9kqtwyrLatK4cjY5oRHwVcw4gibPSUDYDMhi4M49v8pcYk3ZB6D69dNpAPbUmY8ocuJ3m9KhKJEEg7z"
        );
        assert_eq!(verify(&document, &published_key().public()), Ok(()));
    }

    /// vc-di-eddsa, appendix B.2 (eddsa-jcs-2022): every intermediate value.
    #[test]
    fn the_vector_of_vc_di_eddsa_comes_out_to_the_byte() {
        let credential = json!({
            "@context": [
                "https://www.w3.org/ns/credentials/v2",
                "https://www.w3.org/ns/credentials/examples/v2"
            ],
            "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
            "type": ["VerifiableCredential", "AlumniCredential"],
            "name": "Alumni Credential",
            "description": "A minimum viable example of an Alumni Credential.",
            "issuer": "https://vc.example/issuers/5678",
            "validFrom": "2023-01-01T00:00:00Z",
            "credentialSubject": {
                "id": "did:example:abcdefgh",
                "alumniOf": "The School of Examples"
            }
        });
        let key = "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2";
        let document = sign(
            credential,
            &published_key(),
            &format!("did:key:{key}#{key}"),
            CREATED,
        )
        .unwrap();
        let (options, words) = take_apart(&document).unwrap();
        assert_eq!(
            hex::encode(hash_data(&options, &words)),
            "66ab154f5c2890a140cb8388a22a160454f80575f6eae09e5a097cabe539a1db\
             59b7cb6251b8991add1ce0bc83107e3db9dbbab5bd2c28f687db1a03abc92f19"
        );
        assert_eq!(
            document["proof"]["proofValue"],
            "z2HnFSSPPBzR36zdDgK8PbEHeXbR56YF24jwMpt3R1eHXQzJDMWS93FCzpvJpwTWd3GAVFuUfjoJdcnTMuVor51aX"
        );
        assert_eq!(verify(&document, &key.parse().unwrap()), Ok(()));
    }

    #[test]
    fn a_changed_word_breaks_the_proof() {
        let key = published_key().public();
        for (path, other) in [
            ("/object/content", "other words"),
            ("/actor", "other words"),
            ("/proof/created", "2023-02-24T23:36:39Z"),
            ("/proof/verificationMethod", "other words"),
        ] {
            let mut document = signed();
            *document.pointer_mut(path).unwrap() = json!(other);
            assert_eq!(
                verify(&document, &key),
                Err(ProofRefused::DoesNotFit),
                "{path}"
            );
        }
        let mut more = signed();
        more["bto"] = json!("https://elsewhere.example/");
        assert_eq!(verify(&more, &key), Err(ProofRefused::DoesNotFit));
        let mut fewer = signed();
        fewer.as_object_mut().unwrap().remove("id");
        assert_eq!(verify(&fewer, &key), Err(ProofRefused::DoesNotFit));
        let other = Ed25519Secret::from_seed(&[1; 32]).public();
        assert_eq!(verify(&signed(), &other), Err(ProofRefused::DoesNotFit));
    }

    #[test]
    fn a_context_may_grow_at_its_end_and_nowhere_else() {
        let key = published_key().public();
        let mut longer = signed();
        longer["@context"]
            .as_array_mut()
            .unwrap()
            .push(json!("https://example.org/more"));
        assert_eq!(verify(&longer, &key), Ok(()));
        let mut before = signed();
        before["@context"]
            .as_array_mut()
            .unwrap()
            .insert(0, json!("https://example.org/more"));
        assert_eq!(verify(&before, &key), Err(ProofRefused::Context));
        let mut none = signed();
        none.as_object_mut().unwrap().remove("@context");
        assert_eq!(verify(&none, &key), Err(ProofRefused::Context));
    }

    #[test]
    fn only_one_proof_of_the_one_suite_is_read() {
        let key = published_key().public();
        let with = |name: &str, value: Value| {
            let mut document = signed();
            document["proof"][name] = value;
            verify(&document, &key).unwrap_err()
        };
        assert_eq!(
            with("cryptosuite", json!("eddsa-rdfc-2022")),
            ProofRefused::OtherSuite
        );
        assert_eq!(
            with("type", json!("RsaSignature2017")),
            ProofRefused::OtherSuite
        );
        assert_eq!(
            with("proofPurpose", json!("authentication")),
            ProofRefused::OtherSuite
        );
        assert_eq!(
            with("expires", json!(CREATED)),
            ProofRefused::Bound("expires")
        );
        assert_eq!(
            with("proofValue", json!("z1")),
            ProofRefused::Malformed("proofValue")
        );
        assert_eq!(
            with("proofValue", json!(7)),
            ProofRefused::Malformed("proofValue")
        );
        let mut list = signed();
        list["proof"] = json!([list["proof"].clone()]);
        assert_eq!(verify(&list, &key), Err(ProofRefused::NotOneProof));
        assert_eq!(
            verify(&fep_activity(), &key),
            Err(ProofRefused::NotOneProof)
        );
        assert_eq!(verify(&json!([1]), &key), Err(ProofRefused::NotAnObject));
        assert_eq!(
            sign(signed(), &published_key(), METHOD, CREATED),
            Err(ProofRefused::NotOneProof)
        );
    }

    #[test]
    fn a_number_that_other_programs_round_is_neither_signed_nor_accepted() {
        let mut activity = fep_activity();
        activity["object"]["seconds"] = json!(9_007_199_254_740_993_u64);
        assert_eq!(
            sign(activity, &published_key(), METHOD, CREATED),
            Err(ProofRefused::UnsafeNumber)
        );
        let mut document = signed();
        document["object"]["seconds"] = json!(9_007_199_254_740_993_u64);
        assert_eq!(
            verify(&document, &published_key().public()),
            Err(ProofRefused::UnsafeNumber)
        );
    }

    #[test]
    fn what_is_signed_is_read_only_after_it_was_verified() {
        #[derive(Debug, serde::Deserialize)]
        struct Words {
            actor: String,
        }
        let key = published_key().public();
        let good = Signed::<Words>::verify(signed(), METHOD, &key).unwrap();
        assert_eq!(good.content().actor, "https://server.example/users/alice");
        assert_eq!(good.created(), Some(CREATED));
        assert_eq!(good.canonical_bytes(), canonical(&signed()));
        let other = Signed::<Words>::verify(signed(), "https://server.example/other#key", &key);
        assert_eq!(other.unwrap_err(), ProofRefused::OtherKey(METHOD.into()));
        let mut changed = signed();
        changed["actor"] = json!("https://server.example/users/mallory");
        let changed = Signed::<Words>::verify(changed, METHOD, &key);
        assert_eq!(changed.unwrap_err(), ProofRefused::DoesNotFit);
        let shape = Signed::<Vec<u8>>::verify(signed(), METHOD, &key);
        assert!(matches!(shape, Err(ProofRefused::Content(_))));
    }
}
