//! Who sent this request?
//!
//! The fediverse signs requests in two ways: the old draft-cavage-http-signatures and RFC 9421,
//! HTTP Message Signatures. Both are read here into one [`Claim`], and one strict [`Policy`] stands
//! before any key is even looked for:
//!
//! 1. [`parse`] reads the headers and writes down what was signed. The claim owns all it needs.
//! 2. [`Claim::check_policy`] asks whether a signature over *that* would mean anything here and
//!    now: the method and target, this host, the time, and the body.
//! 3. The caller finds the key under [`Claim::key_id`] and checks whose it is.
//! 4. [`CheckedClaim::verify`] tries the key. If it fails, the caller may fetch the key once more.
//! 5. The caller remembers [`Claim::fingerprint`] for [`Policy::replay_memory`] seconds, and
//!    refuses what it has seen.
//!
//! A signature that covers too little is worth nothing, whoever made it; that is why the policy
//! comes before the key. Listening posts sign like nodes do, with their own key and address.
//!
//! For requests that leave: [`sign_rfc9421`] and [`sign_cavage`].

mod body_digest;
mod cavage;
mod policy;
mod rfc9421;
mod structured;

use http::{HeaderMap, HeaderName, Method};
use url::Url;

pub use cavage::sign_cavage;
pub use policy::Policy;
pub use rfc9421::sign_rfc9421;

use crate::digest::Sha256Digest;
use crate::keys::PublicKey;

/// The longest `Signature` or `Signature-Input` that is read, in bytes.
const HEADER_LIMIT: usize = 8192;
/// The most components that a signature covers.
const COVERED_LIMIT: usize = 32;

/// A request that arrived, as far as a signature can speak of it.
#[derive(Debug, Clone, Copy)]
pub struct Incoming<'a> {
    /// The method.
    pub method: &'a Method,
    /// Path and query exactly as they stood on the request line.
    pub path_and_query: &'a str,
    /// `https`, or `http` between development nodes: what this host is called with, not what the
    /// last proxy used.
    pub scheme: &'a str,
    /// Host and port (without the default port) that this host is called by, in lower case: from
    /// the configuration, never from the request.
    pub authority: &'a str,
    /// The headers.
    pub headers: &'a HeaderMap,
    /// The whole body.
    pub body: &'a [u8],
}

/// A request that leaves, as far as a signature speaks of it.
#[derive(Debug, Clone, Copy)]
pub struct Outgoing<'a> {
    /// The method.
    pub method: &'a Method,
    /// The full address; a fragment is not sent and not signed.
    pub url: &'a Url,
    /// The body, if the request has one.
    pub body: Option<&'a [u8]>,
}

impl Outgoing<'_> {
    /// Host and, where it is not the scheme's own, port.
    fn authority(&self) -> Result<String, CannotSign> {
        let host = self.url.host_str().ok_or(CannotSign::NoHost)?;
        Ok(match self.url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        })
    }

    fn path_and_query(&self) -> String {
        match self.url.query() {
            Some(query) => format!("{}?{query}", self.url.path()),
            None => self.url.path().to_owned(),
        }
    }
}

/// Why a request of our own cannot be signed: a mistake of the caller's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CannotSign {
    /// The address has no host.
    #[error("a request without a host cannot be signed")]
    NoHost,
    /// A body whose `Content-Type` is not among the headers: it is signed, so it must be set first.
    #[error("a request with a body needs its Content-Type before it is signed")]
    NoContentType,
    /// The key's address cannot stand in a header.
    #[error("the address of a key is printable ASCII without quotes or backslashes")]
    KeyId,
    /// The time cannot be written as a date.
    #[error("the time of signing lies outside the calendar of HTTP")]
    Time,
}

/// The way in which a request is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Scheme {
    /// draft-cavage-http-signatures-12: one `Signature` header.
    Cavage,
    /// RFC 9421: `Signature-Input` and `Signature`.
    Rfc9421,
}

/// What a signature says it was made with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Algorithm {
    Ed25519,
    RsaSha256,
    /// `hs2019`, or nothing said: the key's kind decides.
    OfTheKey,
}

/// Why a request is not taken for its sender's. Each is a sentence for the reply.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SignatureRefused {
    /// No signature at all.
    #[error("this request must be signed: send a Signature header (RFC 9421 or draft-cavage)")]
    Missing,
    /// More than one signature.
    #[error("this request carries more than one signature; send exactly one")]
    MoreThanOne,
    /// The headers cannot be read.
    #[error("the signature cannot be read: {0}")]
    Malformed(&'static str),
    /// An algorithm that is not spoken here; shared secrets (HMAC) above all.
    #[error("the algorithm is not accepted here; use ed25519, rsa-v1_5-sha256 or rsa-sha256")]
    Algorithm,
    /// The signature covers a header that the request lacks, or has twice.
    #[error("the signature covers \"{0}\", which the request does not carry exactly once")]
    CoveredHeader(String),
    /// The signature covers too little.
    #[error("the signature must cover {0}")]
    NotCovered(&'static str),
    /// Made for another host.
    #[error("the signature was made for another host")]
    OtherHost,
    /// Signed too long ago.
    #[error("the signature is too old; sign the request when sending it and check your clock")]
    TooOld,
    /// Signed in the future.
    #[error("the signature comes from the future; check your clock")]
    FromTheFuture,
    /// Past its own expiry.
    #[error("the signature has expired")]
    Expired,
    /// The signed digest is not that of the body that came.
    #[error("the body is not the one that was signed: its digest differs")]
    BodyDiffers,
    /// The key is of another kind than the signature says.
    #[error("the signature names another algorithm than its key has")]
    OtherKind,
    /// The signature does not fit the request under that key.
    #[error("the signature does not fit this request and the key it names")]
    DoesNotFit,
}

/// What a request says of who signed it, read and not believed yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    scheme: Scheme,
    key_id: String,
    algorithm: Algorithm,
    covered: Vec<String>,
    /// Seconds since 1970: the signature's own `created`.
    created: Option<i64>,
    /// The same where it was not signed: it can make a signature worse and never better.
    uncovered_created: Option<i64>,
    /// Seconds since 1970: after this the sender does not want it taken, signed or not.
    expires: Option<i64>,
    /// Seconds since 1970: the `Date` header, if it is covered.
    date: Option<i64>,
    body_must_be_covered: bool,
    has_query: bool,
    body_matches: Option<bool>,
    host_matches: bool,
    base: Vec<u8>,
    signature: Vec<u8>,
}

impl Claim {
    /// The address of the key, as the request names it.
    pub fn key_id(&self) -> &str {
        &self.key_id
    }

    /// The way in which it was signed: answer in the same way.
    pub const fn scheme(&self) -> Scheme {
        self.scheme
    }

    /// When it was signed, in seconds since 1970, if it says so.
    pub fn created(&self) -> Option<i64> {
        self.created.or(self.date)
    }

    /// What is covered, by the names the scheme has for it.
    pub fn covered(&self) -> impl Iterator<Item = &str> {
        self.covered.iter().map(String::as_str)
    }

    fn covers(&self, component: &str) -> bool {
        self.covered.iter().any(|covered| covered == component)
    }

    /// The digest of the signature: the same request sent again has the same.
    pub fn fingerprint(&self) -> Sha256Digest {
        Sha256Digest::of(&self.signature)
    }

    /// Would this signature, if it fits, speak for this request, here and `now` (seconds since
    /// 1970)?
    ///
    /// # Errors
    /// [`SignatureRefused`] with the first thing that is missing.
    pub fn check_policy(self, policy: &Policy, now: i64) -> Result<CheckedClaim, SignatureRefused> {
        policy.check(&self, now)?;
        Ok(CheckedClaim(self))
    }

    fn fits(&self, key: &PublicKey) -> Result<(), SignatureRefused> {
        match (self.algorithm, key) {
            (Algorithm::OfTheKey, _)
            | (Algorithm::Ed25519, PublicKey::Ed25519(_))
            | (Algorithm::RsaSha256, PublicKey::Rsa(_)) => {}
            _ => return Err(SignatureRefused::OtherKind),
        }
        if key.fits(&self.base, &self.signature) {
            Ok(())
        } else {
            Err(SignatureRefused::DoesNotFit)
        }
    }
}

/// A claim that the policy found worth trying a key on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedClaim(Claim);

impl CheckedClaim {
    /// What the request says.
    pub const fn claim(&self) -> &Claim {
        &self.0
    }

    /// The address of the key, as the request names it.
    pub fn key_id(&self) -> &str {
        self.0.key_id()
    }

    /// The digest of the signature: see [`Claim::fingerprint`].
    pub fn fingerprint(&self) -> Sha256Digest {
        self.0.fingerprint()
    }

    /// Was it made with `key`?
    ///
    /// # Errors
    /// [`SignatureRefused::OtherKind`] or [`SignatureRefused::DoesNotFit`].
    pub fn verify(&self, key: &PublicKey) -> Result<(), SignatureRefused> {
        self.0.fits(key)
    }
}

/// Reads the one signature of a request.
///
/// # Errors
/// [`SignatureRefused`] when there is none, more than one, or one that cannot be read.
pub fn parse(request: &Incoming<'_>) -> Result<Claim, SignatureRefused> {
    let headers = request.headers;
    let in_authorization = headers
        .get_all(http::header::AUTHORIZATION)
        .iter()
        .filter(|value| {
            value
                .as_bytes()
                .get(..10)
                .is_some_and(|start| start.eq_ignore_ascii_case(b"signature "))
        })
        .count();
    let signatures = headers.get_all("signature").iter().count();
    let inputs = headers.get_all("signature-input").iter().count();
    if signatures > 1 || inputs > 1 || (in_authorization > 0 && signatures + inputs > 0) {
        return Err(SignatureRefused::MoreThanOne);
    }
    match (signatures, inputs) {
        (0, _) => Err(SignatureRefused::Missing),
        (_, 0) => cavage::parse(request),
        _ => rfc9421::parse(request),
    }
}

impl Incoming<'_> {
    /// The one line of a header, trimmed.
    fn header(&self, name: &str) -> Result<&str, SignatureRefused> {
        let refused = || SignatureRefused::CoveredHeader(name.to_owned());
        let mut lines = self.headers.get_all(name).iter();
        let (Some(line), None) = (lines.next(), lines.next()) else {
            return Err(refused());
        };
        Ok(line
            .to_str()
            .map_err(|_| refused())?
            .trim_matches([' ', '\t']))
    }

    /// A header of the signature itself, within its limit.
    fn signature_header(&self, name: &'static str) -> Result<&str, SignatureRefused> {
        let text = self
            .header(name)
            .map_err(|_| SignatureRefused::Malformed("not plain ASCII"))?;
        if text.len() > HEADER_LIMIT {
            return Err(SignatureRefused::Malformed("the header is too long"));
        }
        Ok(text)
    }

    /// Everything the covered components say of the request beside their own words.
    fn facts(&self, covered: &[String]) -> Result<Facts, SignatureRefused> {
        let mut seen = std::collections::BTreeSet::new();
        if covered.len() > COVERED_LIMIT || !covered.iter().all(|name| seen.insert(name.as_str())) {
            return Err(SignatureRefused::Malformed(
                "a component is covered twice, or too many are",
            ));
        }
        let covers = |name: &str| seen.contains(name);
        let date = if covers("date") {
            let time = httpdate::parse_http_date(self.header("date")?)
                .map_err(|_| SignatureRefused::Malformed("the Date header is no date"))?;
            let since = time
                .duration_since(std::time::UNIX_EPOCH)
                .map_err(|_| SignatureRefused::TooOld)?
                .as_secs();
            Some(i64::try_from(since).map_err(|_| SignatureRefused::FromTheFuture)?)
        } else {
            None
        };
        let mut body_matches = None;
        if covers("digest") {
            body_matches = Some(body_digest::digest_fits(self.header("digest")?, self.body)?);
        }
        if covers("content-digest") {
            let fits = body_digest::content_digest_fits(self.header("content-digest")?, self.body)?;
            body_matches = Some(fits && body_matches != Some(false));
        }
        let host_matches = !covers("host") || self.is_called(self.header("host")?);
        let body_must_be_covered = !self.body.is_empty()
            || matches!(*self.method, Method::POST | Method::PUT | Method::PATCH);
        Ok(Facts {
            date,
            body_matches,
            host_matches,
            body_must_be_covered,
            has_query: self.path_and_query.contains('?'),
        })
    }

    /// Is `host` a way to write this host's own name?
    fn is_called(&self, host: &str) -> bool {
        let default_port = if self.scheme == "https" {
            ":443"
        } else {
            ":80"
        };
        let host = host.to_ascii_lowercase();
        host.strip_suffix(default_port).unwrap_or(&host) == self.authority
    }
}

struct Facts {
    date: Option<i64>,
    body_matches: Option<bool>,
    host_matches: bool,
    body_must_be_covered: bool,
    has_query: bool,
}

/// The address of a key, fit to stand between quotes in a header.
fn quotable(key_id: &str) -> Result<&str, CannotSign> {
    let plain = |byte: u8| byte.is_ascii_graphic() && byte != b'"' && byte != b'\\';
    if key_id.is_empty() || key_id.len() > 2048 || !key_id.bytes().all(plain) {
        return Err(CannotSign::KeyId);
    }
    Ok(key_id)
}

/// Puts a header of our own making, whose text is always plain ASCII.
fn put(headers: &mut HeaderMap, name: &'static str, text: &str) {
    let value = text.parse().expect("headers of our own are plain ASCII");
    headers.insert(HeaderName::from_static(name), value);
}

#[cfg(test)]
mod tests;
