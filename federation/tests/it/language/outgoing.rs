//! What we sign, a strict reader accepts: our own stands in for the peers it was modelled on.

use federation::keys::{Ed25519Secret, PublicKey, RsaSecret, SecretKey};
use federation::signature::{
    CannotSign, Incoming, Outgoing, Policy, Scheme, parse, sign_cavage, sign_rfc9421,
};
use http::{HeaderMap, HeaderValue, Method};
use url::Url;

pub const NOW: i64 = 1_790_000_000;
pub const KEY_ID: &str = "https://loire.example/actor#main-key";
pub const BODY: &[u8] = br#"{"type":"Follow"}"#;

pub fn ed25519() -> Ed25519Secret {
    Ed25519Secret::from_seed(&[42; 32])
}

pub fn rsa() -> RsaSecret {
    RsaSecret::from_pem(include_str!("../../fixtures/keys/rsa-2048.pem")).unwrap()
}

/// How a request is signed in a test.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Hand {
    Rfc9421Ed25519,
    Rfc9421Rsa,
    Cavage,
}

pub const HANDS: [Hand; 3] = [Hand::Rfc9421Ed25519, Hand::Rfc9421Rsa, Hand::Cavage];

impl Hand {
    pub fn public(self) -> PublicKey {
        match self {
            Self::Rfc9421Ed25519 => ed25519().public().into(),
            Self::Rfc9421Rsa | Self::Cavage => rsa().public().into(),
        }
    }

    pub fn headers(self, method: &Method, url: &str, body: Option<&[u8]>, now: i64) -> HeaderMap {
        let url = Url::parse(url).unwrap();
        let request = Outgoing {
            method,
            url: &url,
            body,
        };
        let mut headers = HeaderMap::new();
        headers.insert(
            "content-type",
            HeaderValue::from_static("application/activity+json"),
        );
        match self {
            Self::Rfc9421Ed25519 => {
                sign_rfc9421(&request, &mut headers, &ed25519(), KEY_ID, now).unwrap();
            }
            Self::Rfc9421Rsa => {
                sign_rfc9421(&request, &mut headers, SecretKey::Rsa(&rsa()), KEY_ID, now).unwrap();
            }
            Self::Cavage => sign_cavage(&request, &mut headers, &rsa(), KEY_ID, now).unwrap(),
        }
        headers
    }
}

pub fn arriving<'a>(
    method: &'a Method,
    path: &'a str,
    headers: &'a HeaderMap,
    body: &'a [u8],
) -> Incoming<'a> {
    Incoming {
        method,
        path_and_query: path,
        scheme: "https",
        authority: "wallonie.example",
        headers,
        body,
    }
}

#[test]
fn what_we_sign_passes_our_own_policy() {
    for hand in HANDS {
        let post = hand.headers(
            &Method::POST,
            "https://wallonie.example/inbox",
            Some(BODY),
            NOW,
        );
        let get = hand.headers(
            &Method::GET,
            "https://wallonie.example/works?page=2#top",
            None,
            NOW,
        );
        for (method, path, headers, body) in [
            (Method::POST, "/inbox", post, BODY),
            (Method::GET, "/works?page=2", get, &b""[..]),
        ] {
            let claim = parse(&arriving(&method, path, &headers, body)).unwrap();
            assert_eq!(claim.key_id(), KEY_ID);
            assert_eq!(claim.created(), Some(NOW));
            let expected = if hand == Hand::Cavage {
                Scheme::Cavage
            } else {
                Scheme::Rfc9421
            };
            assert_eq!(claim.scheme(), expected);
            let checked = claim.check_policy(&Policy::default(), NOW + 3).unwrap();
            assert_eq!(checked.verify(&hand.public()), Ok(()), "{hand:?} {method}");
        }
    }
}

#[test]
fn a_port_that_is_not_the_default_one_is_part_of_the_host() {
    for hand in HANDS {
        let headers = hand.headers(&Method::GET, "http://localhost:8081/actor", None, NOW);
        let mut request = arriving(&Method::GET, "/actor", &headers, b"");
        request.scheme = "http";
        request.authority = "localhost:8081";
        let checked = parse(&request)
            .unwrap()
            .check_policy(&Policy::default(), NOW)
            .unwrap();
        assert_eq!(checked.verify(&hand.public()), Ok(()), "{hand:?}");
    }
}

#[test]
fn the_default_port_and_capitals_in_host_are_the_same_host() {
    let mut headers =
        Hand::Rfc9421Rsa.headers(&Method::GET, "https://wallonie.example/", None, NOW);
    headers.remove("signature-input");
    headers.remove("signature");
    let text = format!(
        "(request-target): get /\nhost: Wallonie.Example:443\ndate: {}",
        "Mon, 21 Sep 2026 14:13:20 GMT"
    );
    let signature = base64::Engine::encode(
        &base64::engine::general_purpose::STANDARD,
        rsa().sign(text.as_bytes()),
    );
    headers.insert("host", HeaderValue::from_static("Wallonie.Example:443"));
    headers.insert(
        "date",
        HeaderValue::from_static("Mon, 21 Sep 2026 14:13:20 GMT"),
    );
    let line = format!(
        "keyId=\"{KEY_ID}\",algorithm=\"hs2019\",headers=\"(request-target) host date\",signature=\"{signature}\""
    );
    headers.insert("signature", HeaderValue::from_str(&line).unwrap());
    let claim = parse(&arriving(&Method::GET, "/", &headers, b"")).unwrap();
    let checked = claim.check_policy(&Policy::default(), NOW).unwrap();
    assert_eq!(checked.verify(&rsa().public().into()), Ok(()));
}

#[test]
fn a_mistake_of_our_own_is_told_before_anything_is_sent() {
    let url = Url::parse("https://wallonie.example/inbox").unwrap();
    let request = Outgoing {
        method: &Method::POST,
        url: &url,
        body: Some(BODY),
    };
    let mut headers = HeaderMap::new();
    let untyped = sign_rfc9421(&request, &mut headers, &ed25519(), KEY_ID, NOW);
    assert_eq!(untyped, Err(CannotSign::NoContentType));
    for bad in [
        "",
        "https://a.example/\"",
        "https://a.example/é",
        "https://a.example/ b",
    ] {
        let refused = sign_cavage(&request, &mut headers, &rsa(), bad, NOW);
        assert_eq!(refused, Err(CannotSign::KeyId));
    }
    let refused = sign_cavage(&request, &mut headers, &rsa(), KEY_ID, -1);
    assert_eq!(refused, Err(CannotSign::Time));
}
