//! draft-cavage-http-signatures-12: how most of the fediverse still signs.
//!
//! Of our own we sign `(request-target) host date` and, on a body, `digest`, labelled
//! `rsa-sha256`. `hs2019` from others says no more than "as the key's owner has it", which in the
//! fediverse means RSASSA-PKCS1-v1_5 with SHA-256 for an RSA key.

use std::time::{Duration, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;

use super::structured::integer;
use super::{
    Algorithm, CannotSign, Claim, Incoming, Outgoing, Scheme, SignatureRefused, body_digest, put,
    quotable,
};
use crate::keys::RsaSecret;

/// Signs a request that leaves: sets `Host`, `Date` and `Signature`, and with a body `Digest`.
/// `now` is in seconds since 1970.
///
/// # Errors
/// [`CannotSign`] for a mistake of the caller's.
pub fn sign_cavage(
    request: &Outgoing<'_>,
    headers: &mut HeaderMap,
    key: &RsaSecret,
    key_id: &str,
    now: i64,
) -> Result<(), CannotSign> {
    let key_id = quotable(key_id)?;
    let host = request.authority()?;
    // HTTP's calendar ends with the year 9999.
    let seconds = u64::try_from(now).ok().filter(|now| *now < 253_402_300_800);
    let date = seconds.and_then(|seconds| UNIX_EPOCH.checked_add(Duration::from_secs(seconds)));
    let date = httpdate::fmt_http_date(date.ok_or(CannotSign::Time)?);
    put(headers, "host", &host);
    put(headers, "date", &date);
    let mut names = "(request-target) host date".to_owned();
    let mut base = format!(
        "(request-target): {} {}\nhost: {host}\ndate: {date}",
        request.method.as_str().to_ascii_lowercase(),
        request.path_and_query()
    );
    if let Some(body) = request.body {
        let digest = body_digest::digest(body);
        put(headers, "digest", &digest);
        names.push_str(" digest");
        base.push_str(&format!("\ndigest: {digest}"));
    }
    let signature = STANDARD.encode(key.sign(base.as_bytes()));
    let text = format!(
        "keyId=\"{key_id}\",algorithm=\"rsa-sha256\",headers=\"{names}\",signature=\"{signature}\""
    );
    put(headers, "signature", &text);
    Ok(())
}

/// Reads the `Signature` header (§4.1 and §2.1).
pub(super) fn parse(request: &Incoming<'_>) -> Result<Claim, SignatureRefused> {
    // Some older senders write the scheme's name in this header, too.
    let header = request.signature_header("signature")?;
    let given = parameters(header.strip_prefix("Signature ").unwrap_or(header))?;
    let value_of = |name: &str| {
        given
            .iter()
            .find(|(known, _)| *known == name)
            .map(|(_, v)| *v)
    };
    let seconds_of = |name: &str| value_of(name).map(integer).transpose();
    let key_id = value_of("keyId")
        .filter(|key_id| !key_id.is_empty())
        .ok_or(SignatureRefused::Malformed("keyId is missing"))?
        .to_owned();
    let signature = value_of("signature")
        .and_then(|text| STANDARD.decode(text).ok())
        .ok_or(SignatureRefused::Malformed("the signature is not base64"))?;
    let (algorithm, knows_created) = match value_of("algorithm") {
        None => (Algorithm::OfTheKey, true),
        Some("hs2019") => (Algorithm::OfTheKey, true),
        Some("rsa-sha256") => (Algorithm::RsaSha256, false),
        Some("ed25519") => (Algorithm::Ed25519, false),
        Some(_) => return Err(SignatureRefused::Algorithm),
    };
    let covered: Vec<String> = value_of("headers")
        .unwrap_or("date")
        .split(' ')
        .map(str::to_ascii_lowercase)
        .collect();
    let created = seconds_of("created")?;
    let expires = seconds_of("expires")?;
    let facts = request.facts(&covered)?;

    let mut lines = Vec::new();
    for name in &covered {
        let value = match name.as_str() {
            "(request-target)" => {
                let method = request.method.as_str().to_ascii_lowercase();
                format!("{method} {}", request.path_and_query)
            }
            // §2.3: an algorithm that is named, and is not hs2019, does not know these two.
            "(created)" | "(expires)" if !knows_created => {
                return Err(SignatureRefused::Malformed(
                    "(created) and (expires) need hs2019",
                ));
            }
            "(created)" => created
                .ok_or(SignatureRefused::Malformed("created is missing"))?
                .to_string(),
            "(expires)" => expires
                .ok_or(SignatureRefused::Malformed("expires is missing"))?
                .to_string(),
            _ if name.starts_with('(') || name.is_empty() => {
                return Err(SignatureRefused::Malformed(
                    "a covered component is not known here",
                ));
            }
            _ => request.header(name)?.to_owned(),
        };
        lines.push(format!("{name}: {value}"));
    }
    // What is not covered was not signed: it excuses nothing, it can only spoil.
    let covers = |name: &str| covered.iter().any(|c| c == name);
    Ok(Claim {
        scheme: Scheme::Cavage,
        key_id,
        algorithm,
        created: created.filter(|_| covers("(created)")),
        uncovered_created: created.filter(|_| !covers("(created)")),
        expires,
        date: facts.date,
        body_must_be_covered: facts.body_must_be_covered,
        has_query: facts.has_query,
        body_matches: facts.body_matches,
        host_matches: facts.host_matches,
        base: lines.join("\n").into_bytes(),
        signature,
        covered,
    })
}

/// `name="text"` or `name=123`, between commas, each name once.
fn parameters(header: &str) -> Result<Vec<(&str, &str)>, SignatureRefused> {
    const REFUSED: SignatureRefused =
        SignatureRefused::Malformed("it is not a list of name=\"value\" as draft-cavage writes it");
    let mut parameters: Vec<(&str, &str)> = Vec::new();
    let mut rest = header;
    loop {
        let (name, after) = rest.split_once('=').ok_or(REFUSED)?;
        let name = name.trim();
        if name.is_empty() || !name.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
            return Err(REFUSED);
        }
        let value;
        if let Some(quoted) = after.strip_prefix('"') {
            (value, rest) = quoted.split_once('"').ok_or(REFUSED)?;
            if value.contains('\\') {
                return Err(REFUSED);
            }
        } else {
            let end = after
                .find(|c: char| !c.is_ascii_digit())
                .unwrap_or(after.len());
            (value, rest) = after.split_at(end);
            if value.is_empty() {
                return Err(REFUSED);
            }
        }
        if parameters
            .iter()
            .any(|(known, _)| known.eq_ignore_ascii_case(name))
        {
            return Err(SignatureRefused::Malformed("a parameter is given twice"));
        }
        parameters.push((name, value));
        rest = rest.trim_start();
        if rest.is_empty() {
            return Ok(parameters);
        }
        rest = rest.strip_prefix(',').ok_or(REFUSED)?;
        if parameters.len() > 16 {
            return Err(REFUSED);
        }
    }
}
