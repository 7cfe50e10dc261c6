//! RFC 9421, HTTP Message Signatures: how nodes of our kind and the newer fediverse sign.
//!
//! Of our own we sign `@method`, `@target-uri`, `@authority` and, on a body, `content-digest` and
//! `content-type`, with `created`, `keyid` and `alg`: what Mastodon and Fedify ask for, and what
//! the strict policy asks for. From others any covering is read that the policy then judges;
//! components with parameters (`;req`, `;bs`, `@query-param`…) are not, since nobody there sends
//! them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::CONTENT_TYPE;

use super::structured::{self, Reader};
use super::{
    Algorithm, CannotSign, Claim, Incoming, Outgoing, Scheme, SignatureRefused, body_digest, put,
    quotable,
};
use crate::keys::SecretKey;

/// Signs a request that leaves: sets `Signature-Input` and `Signature`, and with a body
/// `Content-Digest`. `created` is now, in seconds since 1970.
///
/// # Errors
/// [`CannotSign`] for a mistake of the caller's.
pub fn sign_rfc9421<'k>(
    request: &Outgoing<'_>,
    headers: &mut HeaderMap,
    key: impl Into<SecretKey<'k>>,
    key_id: &str,
    created: i64,
) -> Result<(), CannotSign> {
    let key = key.into();
    let key_id = quotable(key_id)?;
    let authority = request.authority()?;
    let mut target = request.url.clone();
    target.set_fragment(None);
    let mut lines = vec![
        ("@method", request.method.as_str().to_owned()),
        ("@target-uri", target.as_str().to_owned()),
        ("@authority", authority),
    ];
    if let Some(body) = request.body {
        let content_type = headers
            .get(CONTENT_TYPE)
            .and_then(|value| value.to_str().ok())
            .ok_or(CannotSign::NoContentType)?
            .trim()
            .to_owned();
        let digest = body_digest::content_digest(body);
        put(headers, "content-digest", &digest);
        lines.push(("content-digest", digest));
        lines.push(("content-type", content_type));
    }
    let alg = match key {
        SecretKey::Ed25519(_) => "ed25519",
        SecretKey::Rsa(_) => "rsa-v1_5-sha256",
    };
    let names: Vec<_> = lines
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let parameters = format!(
        "({});created={created};keyid=\"{key_id}\";alg=\"{alg}\"",
        names.join(" ")
    );
    let signature = key.sign(&base(&lines, &parameters));
    put(headers, "signature-input", &format!("sig1={parameters}"));
    put(
        headers,
        "signature",
        &format!("sig1=:{}:", STANDARD.encode(signature)),
    );
    Ok(())
}

/// The signature base (§2.5).
fn base<N: AsRef<str>>(lines: &[(N, String)], parameters: &str) -> Vec<u8> {
    let mut base = String::new();
    for (name, value) in lines {
        base.push_str(&format!("\"{}\": {value}\n", name.as_ref()));
    }
    base.push_str(&format!("\"@signature-params\": {parameters}"));
    base.into_bytes()
}

/// Reads `Signature-Input` and `Signature` of one member each, with the same label.
pub(super) fn parse(request: &Incoming<'_>) -> Result<Claim, SignatureRefused> {
    let mut reader = Reader::new(request.signature_header("signature-input")?);
    let label = reader.key()?;
    reader.expect(b'=')?;
    let start = reader.position();
    let covered = reader.strings()?;
    let given = reader.parameters()?;
    let parameters = reader.since(start);
    if !reader.is_at_end() {
        reader.next_member()?;
        return Err(SignatureRefused::MoreThanOne);
    }

    let mut reader = Reader::new(request.signature_header("signature")?);
    if reader.key()? != label {
        return Err(SignatureRefused::Malformed(
            "Signature and Signature-Input differ in label",
        ));
    }
    reader.expect(b'=')?;
    let signature = reader.bytes()?;
    if !reader.is_at_end() {
        reader.next_member()?;
        return Err(SignatureRefused::MoreThanOne);
    }

    let value_of = |name: &str| {
        given
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, v)| *v)
    };
    let string_of = |name: &str| match value_of(name) {
        None => Ok(None),
        Some(Some(text)) => structured::string(text).map(Some),
        Some(None) => Err(SignatureRefused::Malformed("a parameter has no value")),
    };
    let seconds_of = |name: &str| match value_of(name) {
        None => Ok(None),
        Some(Some(text)) => structured::integer(text).map(Some),
        Some(None) => Err(SignatureRefused::Malformed("a parameter has no value")),
    };
    let key_id = string_of("keyid")?
        .filter(|key_id| !key_id.is_empty())
        .ok_or(SignatureRefused::Malformed("keyid is missing"))?;
    let algorithm = match string_of("alg")?.as_deref() {
        Some("ed25519") => Algorithm::Ed25519,
        Some("rsa-v1_5-sha256") => Algorithm::RsaSha256,
        None => Algorithm::OfTheKey,
        Some(_) => return Err(SignatureRefused::Algorithm),
    };
    let lines = covered
        .iter()
        .map(|name| Ok((name, component(request, name)?)))
        .collect::<Result<Vec<_>, SignatureRefused>>()?;
    let base = base(&lines, parameters);
    let facts = request.facts(&covered)?;
    Ok(Claim {
        scheme: Scheme::Rfc9421,
        key_id,
        algorithm,
        created: seconds_of("created")?,
        uncovered_created: None,
        expires: seconds_of("expires")?,
        date: facts.date,
        body_must_be_covered: facts.body_must_be_covered,
        has_query: facts.has_query,
        body_matches: facts.body_matches,
        host_matches: facts.host_matches,
        base,
        signature,
        covered,
    })
}

/// The value of a component (§2.1 and §2.2) in a request that arrived here.
fn component(request: &Incoming<'_>, name: &str) -> Result<String, SignatureRefused> {
    let Incoming {
        scheme,
        authority,
        path_and_query,
        ..
    } = request;
    let (path, query) = path_and_query
        .split_once('?')
        .unwrap_or((path_and_query, ""));
    Ok(match name {
        "@method" => request.method.as_str().to_owned(),
        "@target-uri" => format!("{scheme}://{authority}{path_and_query}"),
        "@authority" => (*authority).to_owned(),
        "@scheme" => (*scheme).to_owned(),
        "@request-target" => (*path_and_query).to_owned(),
        "@path" => path.to_owned(),
        "@query" => format!("?{query}"),
        _ if name.starts_with('@') => {
            return Err(SignatureRefused::Malformed(
                "a derived component is not known here",
            ));
        }
        _ if name.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            return Err(SignatureRefused::Malformed(
                "covered headers are written in lower case",
            ));
        }
        _ => request.header(name)?.to_owned(),
    })
}
