//! The known attacks on signed requests, each refused by name.

use federation::signature::{Incoming, Policy, SignatureRefused as No, parse};
use http::{HeaderMap, HeaderValue, Method};

use super::outgoing::{BODY, HANDS, Hand, KEY_ID, NOW, arriving, ed25519, rsa};

const INBOX: &str = "https://wallonie.example/inbox";

/// What becomes of a request: accepted, or the reason why not.
fn judge(request: &Incoming<'_>, hand: Hand, now: i64) -> Result<(), No> {
    parse(request)?
        .check_policy(&Policy::default(), now)?
        .verify(&hand.public())
}

fn post(hand: Hand) -> HeaderMap {
    hand.headers(&Method::POST, INBOX, Some(BODY), NOW)
}

fn set(headers: &mut HeaderMap, name: &'static str, value: &str) {
    headers.insert(name, HeaderValue::from_str(value).unwrap());
}

fn base64(bytes: &[u8]) -> String {
    base64::Engine::encode(&base64::engine::general_purpose::STANDARD, bytes)
}

/// Signs exactly what an attacker chooses, in the new way.
fn rfc9421(components: &[(&str, &str)], parameters: &str) -> HeaderMap {
    let names: Vec<_> = components
        .iter()
        .map(|(name, _)| format!("\"{name}\""))
        .collect();
    let signed = format!("({}){parameters}", names.join(" "));
    let mut base = String::new();
    for (name, value) in components {
        base.push_str(&format!("\"{name}\": {value}\n"));
    }
    base.push_str(&format!("\"@signature-params\": {signed}"));
    let mut headers = HeaderMap::new();
    for (name, value) in components.iter().filter(|(name, _)| !name.starts_with('@')) {
        headers.insert(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    set(&mut headers, "signature-input", &format!("s={signed}"));
    let signature = base64(&ed25519().sign(base.as_bytes()));
    set(&mut headers, "signature", &format!("s=:{signature}:"));
    headers
}

/// Signs exactly what an attacker chooses, in the old way.
fn cavage(components: &[(&str, &str)], algorithm: &str, more: &str) -> HeaderMap {
    let names: Vec<_> = components.iter().map(|(name, _)| *name).collect();
    let base: Vec<_> = components
        .iter()
        .map(|(name, value)| format!("{name}: {value}"))
        .collect();
    let mut headers = HeaderMap::new();
    for (name, value) in components.iter().filter(|(name, _)| !name.starts_with('(')) {
        headers.insert(
            http::HeaderName::from_bytes(name.as_bytes()).unwrap(),
            HeaderValue::from_str(value).unwrap(),
        );
    }
    let line = format!(
        "keyId=\"{KEY_ID}\",algorithm=\"{algorithm}\"{more},headers=\"{}\",signature=\"{}\"",
        names.join(" "),
        base64(&rsa().sign(base.join("\n").as_bytes()))
    );
    set(&mut headers, "signature", &line);
    headers
}

const DATE: &str = "Mon, 21 Sep 2026 14:13:20 GMT";
const PARAMETERS: &str = ";created=1790000000;keyid=\"https://loire.example/actor#main-key\"";

/// SHA-256 of [`BODY`].
fn body_digest() -> String {
    base64(federation::digest::Sha256Digest::of(BODY).as_bytes())
}

#[test]
fn the_honest_request_is_accepted() {
    for hand in HANDS {
        let headers = post(hand);
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(judge(&request, hand, NOW), Ok(()), "{hand:?}");
    }
}

#[test]
fn a_request_without_a_signature_is_told_what_to_send() {
    let headers = HeaderMap::new();
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(judge(&request, Hand::Cavage, NOW), Err(No::Missing));
    let mut only_input = post(Hand::Rfc9421Ed25519);
    only_input.remove("signature");
    let request = arriving(&Method::POST, "/inbox", &only_input, BODY);
    assert_eq!(judge(&request, Hand::Rfc9421Ed25519, NOW), Err(No::Missing));
}

#[test]
fn a_swapped_body_is_refused() {
    for hand in HANDS {
        let headers = post(hand);
        for body in [&br#"{"type":"Delete"}"#[..], b"", b" {\"type\":\"Follow\"}"] {
            let request = arriving(&Method::POST, "/inbox", &headers, body);
            assert_eq!(judge(&request, hand, NOW), Err(No::BodyDiffers), "{hand:?}");
        }
    }
}

#[test]
fn a_swapped_body_with_its_own_digest_is_refused() {
    for hand in HANDS {
        let mut headers = post(hand);
        let body = br#"{"type":"Delete"}"#;
        let digest = base64(federation::digest::Sha256Digest::of(body).as_bytes());
        if hand == Hand::Cavage {
            set(&mut headers, "digest", &format!("SHA-256={digest}"));
        } else {
            set(
                &mut headers,
                "content-digest",
                &format!("sha-256=:{digest}:"),
            );
        }
        let request = arriving(&Method::POST, "/inbox", &headers, body);
        assert_eq!(judge(&request, hand, NOW), Err(No::DoesNotFit), "{hand:?}");
    }
}

#[test]
fn a_right_digest_beside_a_wrong_one_is_refused() {
    let right = body_digest();
    let wrong = base64(&[0; 64]);
    for digest in [
        format!("sha-256=:{right}:, sha-512=:{wrong}:"),
        format!("sha-512=:{wrong}:, sha-256=:{right}:"),
    ] {
        let headers = rfc9421(
            &[
                ("@method", "POST"),
                ("@target-uri", INBOX),
                ("content-digest", &digest),
            ],
            PARAMETERS,
        );
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(
            judge(&request, Hand::Rfc9421Ed25519, NOW),
            Err(No::BodyDiffers)
        );
    }
    for digest in [
        "sha-256=:AAAA:, sha-256=:AAAA:",
        "sha-256=:%%:",
        "sha-256",
        "md5=:AAAA:",
        "",
    ] {
        let headers = rfc9421(
            &[
                ("@method", "POST"),
                ("@target-uri", INBOX),
                ("content-digest", digest),
            ],
            PARAMETERS,
        );
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert!(
            judge(&request, Hand::Rfc9421Ed25519, NOW).is_err(),
            "{digest}"
        );
    }
}

#[test]
fn partial_coverage_is_refused_in_the_new_way() {
    let digest = format!("sha-256=:{}:", body_digest());
    let all = [
        ("@method", "POST"),
        ("@target-uri", INBOX),
        ("content-digest", digest.as_str()),
    ];
    let headers = rfc9421(&all, PARAMETERS);
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(judge(&request, Hand::Rfc9421Ed25519, NOW), Ok(()));
    for left_out in 0..all.len() {
        let mut some = all.to_vec();
        some.remove(left_out);
        let headers = rfc9421(&some, PARAMETERS);
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        let refused = judge(&request, Hand::Rfc9421Ed25519, NOW);
        assert!(
            matches!(refused, Err(No::NotCovered(_))),
            "{left_out}: {refused:?}"
        );
    }
    // The digest alone: what the framework's own check lets pass.
    let headers = rfc9421(&[("content-digest", &digest)], PARAMETERS);
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(
        judge(&request, Hand::Rfc9421Ed25519, NOW),
        Err(No::NotCovered("@method"))
    );
    // The path without its query.
    let headers = rfc9421(
        &[
            ("@method", "GET"),
            ("@authority", "wallonie.example"),
            ("@path", "/works"),
        ],
        PARAMETERS,
    );
    let request = arriving(&Method::GET, "/works?page=1", &headers, b"");
    assert!(matches!(
        judge(&request, Hand::Rfc9421Ed25519, NOW),
        Err(No::NotCovered(_))
    ));
    // Everything but the time.
    let headers = rfc9421(&all, ";keyid=\"k\"");
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(
        judge(&request, Hand::Rfc9421Ed25519, NOW),
        Err(No::NotCovered("created"))
    );
    // Nothing at all.
    let headers = rfc9421(&[], PARAMETERS);
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(
        judge(&request, Hand::Rfc9421Ed25519, NOW),
        Err(No::NotCovered("@method"))
    );
}

#[test]
fn partial_coverage_is_refused_in_the_old_way() {
    let digest = format!("SHA-256={}", body_digest());
    let all = [
        ("(request-target)", "post /inbox"),
        ("host", "wallonie.example"),
        ("date", DATE),
        ("digest", digest.as_str()),
    ];
    for algorithm in ["rsa-sha256", "hs2019"] {
        let headers = cavage(&all, algorithm, "");
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(judge(&request, Hand::Cavage, NOW), Ok(()), "{algorithm}");
    }
    for left_out in 0..all.len() {
        let mut some = all.to_vec();
        some.remove(left_out);
        let headers = cavage(&some, "rsa-sha256", "");
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        let refused = judge(&request, Hand::Cavage, NOW);
        assert!(
            matches!(refused, Err(No::NotCovered(_))),
            "{left_out}: {refused:?}"
        );
    }
}

#[test]
fn an_uncovered_time_says_nothing() {
    // A created that is given but not covered, so that anyone can freshen an old signature.
    let digest = format!("SHA-256={}", body_digest());
    let mut headers = cavage(
        &[
            ("(request-target)", "post /inbox"),
            ("host", "wallonie.example"),
            ("digest", &digest),
        ],
        "hs2019",
        ",created=1790000000",
    );
    set(&mut headers, "date", DATE);
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(
        judge(&request, Hand::Cavage, NOW),
        Err(No::NotCovered("date"))
    );
}

#[test]
fn a_request_to_another_host_is_refused_here() {
    for hand in HANDS {
        let headers = hand.headers(
            &Method::POST,
            "https://elsewhere.example/inbox",
            Some(BODY),
            NOW,
        );
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        let refused = judge(&request, hand, NOW);
        assert!(
            matches!(refused, Err(No::OtherHost | No::DoesNotFit)),
            "{hand:?}: {refused:?}"
        );
        // With the Host header put right it is another request than the one that was signed.
        let mut headers = headers;
        set(&mut headers, "host", "wallonie.example");
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(judge(&request, hand, NOW), Err(No::DoesNotFit), "{hand:?}");
    }
}

#[test]
fn a_request_for_http_does_not_pass_as_https() {
    for hand in [Hand::Rfc9421Ed25519, Hand::Rfc9421Rsa] {
        let headers = hand.headers(
            &Method::POST,
            "http://wallonie.example/inbox",
            Some(BODY),
            NOW,
        );
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(judge(&request, hand, NOW), Err(No::DoesNotFit), "{hand:?}");
    }
}

#[test]
fn another_path_or_method_is_refused() {
    for hand in HANDS {
        let headers = post(hand);
        for (method, path) in [
            (Method::POST, "/venues/1/inbox"),
            (Method::POST, "/inbox?"),
            (Method::POST, "/inbox?x=1"),
            (Method::POST, "//inbox"),
            (Method::PUT, "/inbox"),
        ] {
            let request = arriving(&method, path, &headers, BODY);
            assert_eq!(
                judge(&request, hand, NOW),
                Err(No::DoesNotFit),
                "{hand:?} {method} {path}"
            );
        }
    }
}

#[test]
fn clocks_that_are_far_off_are_refused_both_ways() {
    for hand in HANDS {
        let headers = post(hand);
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(judge(&request, hand, NOW + 300), Ok(()), "{hand:?}");
        assert_eq!(
            judge(&request, hand, NOW + 301),
            Err(No::TooOld),
            "{hand:?}"
        );
        assert_eq!(judge(&request, hand, NOW - 120), Ok(()), "{hand:?}");
        assert_eq!(
            judge(&request, hand, NOW - 121),
            Err(No::FromTheFuture),
            "{hand:?}"
        );
        assert_eq!(judge(&request, hand, i64::MAX), Err(No::TooOld), "{hand:?}");
        assert_eq!(
            judge(&request, hand, i64::MIN),
            Err(No::FromTheFuture),
            "{hand:?}"
        );
    }
    assert_eq!(Policy::default().replay_memory(), 420);
}

#[test]
fn a_fresh_created_does_not_excuse_an_old_date() {
    let headers = rfc9421(
        &[
            ("@method", "GET"),
            ("@target-uri", "https://wallonie.example/"),
            ("date", "Sun, 20 Sep 2026 14:13:20 GMT"),
        ],
        PARAMETERS,
    );
    let request = arriving(&Method::GET, "/", &headers, b"");
    assert_eq!(judge(&request, Hand::Rfc9421Ed25519, NOW), Err(No::TooOld));
    for date in [
        "yesterday",
        "Thu, 01 Jan 1970 00:00:00 GMT",
        "Fri, 31 Dec 9999 23:59:59 GMT",
    ] {
        let headers = rfc9421(
            &[
                ("@method", "GET"),
                ("@target-uri", "https://wallonie.example/"),
                ("date", date),
            ],
            PARAMETERS,
        );
        let request = arriving(&Method::GET, "/", &headers, b"");
        assert!(
            judge(&request, Hand::Rfc9421Ed25519, NOW).is_err(),
            "{date}"
        );
    }
}

#[test]
fn a_replay_is_known_by_its_fingerprint() {
    for hand in HANDS {
        let headers = post(hand);
        let again = post(hand);
        let later = hand.headers(&Method::POST, INBOX, Some(BODY), NOW + 1);
        let fingerprint = |headers: &HeaderMap| {
            parse(&arriving(&Method::POST, "/inbox", headers, BODY))
                .unwrap()
                .fingerprint()
        };
        assert_eq!(fingerprint(&headers), fingerprint(&again), "{hand:?}");
        assert_ne!(fingerprint(&headers), fingerprint(&later), "{hand:?}");
    }
}

#[test]
fn a_signature_that_was_reshaped_to_look_new_does_not_fit() {
    // s + L is the same scalar: a lax verifier takes both, and the fingerprint would differ.
    let headers = post(Hand::Rfc9421Ed25519);
    let line = headers["signature"].to_str().unwrap();
    let text = line
        .strip_prefix("sig1=:")
        .unwrap()
        .strip_suffix(':')
        .unwrap();
    let mut bytes =
        base64::Engine::decode(&base64::engine::general_purpose::STANDARD, text).unwrap();
    let order =
        hex::decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").unwrap();
    let mut carry = 0_u16;
    for (byte, add) in bytes[32..].iter_mut().zip(&order) {
        let sum = u16::from(*byte) + u16::from(*add) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    let mut reshaped = headers.clone();
    set(
        &mut reshaped,
        "signature",
        &format!("sig1=:{}:", base64(&bytes)),
    );
    let request = arriving(&Method::POST, "/inbox", &reshaped, BODY);
    assert_eq!(
        judge(&request, Hand::Rfc9421Ed25519, NOW),
        Err(No::DoesNotFit)
    );
}

#[test]
fn two_signatures_are_refused_whichever_is_good() {
    for hand in HANDS {
        let good = post(hand);
        let request_with = |headers: &HeaderMap| {
            judge(&arriving(&Method::POST, "/inbox", headers, BODY), hand, NOW)
        };
        let mut twice = good.clone();
        twice.append("signature", good["signature"].clone());
        assert_eq!(request_with(&twice), Err(No::MoreThanOne), "{hand:?}");
        let mut also = good.clone();
        also.insert(
            "authorization",
            HeaderValue::from_static("Signature keyId=\"x\""),
        );
        assert_eq!(request_with(&also), Err(No::MoreThanOne), "{hand:?}");
        let mut bearer = good.clone();
        bearer.insert("authorization", HeaderValue::from_static("Bearer x"));
        assert_eq!(request_with(&bearer), Ok(()), "{hand:?}");
        if hand != Hand::Cavage {
            for name in ["signature", "signature-input"] {
                let text = good[name].to_str().unwrap();
                let other = text.replacen("sig1", "sig2", 1);
                let mut two = good.clone();
                set(&mut two, name, &format!("{text}, {other}"));
                assert_eq!(request_with(&two), Err(No::MoreThanOne), "{name}");
                let mut moved = good.clone();
                set(&mut moved, name, &other);
                assert!(
                    matches!(request_with(&moved), Err(No::Malformed(_))),
                    "{name}"
                );
            }
        }
    }
    // One of each scheme.
    let mut both = post(Hand::Rfc9421Rsa);
    both.insert("signature", post(Hand::Cavage)["signature"].clone());
    let request = arriving(&Method::POST, "/inbox", &both, BODY);
    assert!(matches!(
        judge(&request, Hand::Cavage, NOW),
        Err(No::Malformed(_))
    ));
}

#[test]
fn a_key_verifies_only_what_is_labelled_for_its_kind() {
    let headers = post(Hand::Rfc9421Ed25519);
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(judge(&request, Hand::Rfc9421Rsa, NOW), Err(No::OtherKind));
    for hand in [Hand::Rfc9421Rsa, Hand::Cavage] {
        let headers = post(hand);
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(
            judge(&request, Hand::Rfc9421Ed25519, NOW),
            Err(No::OtherKind),
            "{hand:?}"
        );
    }
}

/// The public key is public: whoever uses it as a shared secret must not be believed.
#[test]
fn hmac_with_the_public_key_is_refused() {
    let mut headers = post(Hand::Cavage);
    let line = headers["signature"]
        .to_str()
        .unwrap()
        .replace("rsa-sha256", "hmac-sha256");
    set(&mut headers, "signature", &line);
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(judge(&request, Hand::Cavage, NOW), Err(No::Algorithm));
    let mut headers = post(Hand::Rfc9421Rsa);
    let line = headers["signature-input"]
        .to_str()
        .unwrap()
        .replace("rsa-v1_5-sha256", "hmac-sha256");
    set(&mut headers, "signature-input", &line);
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(judge(&request, Hand::Rfc9421Rsa, NOW), Err(No::Algorithm));
}

#[test]
fn a_covered_header_that_comes_twice_is_refused() {
    for (hand, name) in [
        (Hand::Cavage, "host"),
        (Hand::Cavage, "digest"),
        (Hand::Cavage, "date"),
        (Hand::Rfc9421Rsa, "content-digest"),
        (Hand::Rfc9421Ed25519, "content-type"),
    ] {
        let mut headers = post(hand);
        let value = headers[name].clone();
        headers.append(name, value);
        let request = arriving(&Method::POST, "/inbox", &headers, BODY);
        assert_eq!(
            judge(&request, hand, NOW),
            Err(No::CoveredHeader(name.into())),
            "{hand:?}"
        );
    }
    let mut headers = post(Hand::Cavage);
    headers.remove("date");
    let request = arriving(&Method::POST, "/inbox", &headers, BODY);
    assert_eq!(
        judge(&request, Hand::Cavage, NOW),
        Err(No::CoveredHeader("date".into()))
    );
}

#[test]
fn headers_that_mean_two_things_are_refused() {
    let input = "(\"@method\" \"@target-uri\");created=1790000000;keyid=\"k\"";
    for bad in [
        input.replace(";keyid", ";created=1790000000;keyid"),
        format!("{input};keyid=\"other\""),
        input.replace("\"@method\" \"@target-uri\"", "\"@method\" \"@method\""),
        input.replace("\"@method\"", "\"@method\";req"),
        input.replace("\"@method\"", "\"@METHOD\""),
        input.replace("\"@method\"", "\"@query-param\";name=\"a\""),
        input.replace("1790000000", "01790000000"),
        input.replace("1790000000", "\"1790000000\""),
        input.replace("1790000000", "1790000000.0"),
        input.replace("keyid=\"k\"", "keyid=k"),
        input.replace(";keyid=\"k\"", ""),
        input.replace("(", "( "),
        input.replace(")", ""),
        format!("{input},"),
        format!("{input} "),
        String::new(),
        "(".repeat(8000),
        format!("{input};x=\"{}\"", "a".repeat(9000)),
        format!("({})", vec!["\"@method\""; 40].join(" ")),
    ] {
        let mut headers = HeaderMap::new();
        set(&mut headers, "signature-input", &format!("s={bad}"));
        set(&mut headers, "signature", "s=:AAAA:");
        let refused = parse(&arriving(&Method::GET, "/", &headers, b""));
        // A trailing space is the header's own and is not part of the value.
        if bad.ends_with(' ') {
            assert!(refused.is_ok());
        } else {
            assert!(
                matches!(refused, Err(No::Malformed(_) | No::MoreThanOne)),
                "{bad:.80}: {refused:?}"
            );
        }
    }
    for bad in [
        "keyId=\"a\",keyId=\"b\",signature=\"AAAA\"",
        "keyId=\"a\",keyid=\"b\",signature=\"AAAA\"",
        "keyId=\"a\",headers=\"date date\",signature=\"AAAA\"",
        "keyId=\"a\",headers=\"date Date\",signature=\"AAAA\"",
        "keyId=\"a\",headers=\"\",signature=\"AAAA\"",
        "keyId=\"a\",headers=\"(unknown)\",signature=\"AAAA\"",
        "keyId=\"\",signature=\"AAAA\"",
        "keyId=\"a\"",
        "keyId=a,signature=\"AAAA\"",
        "keyId=\"a\\\"b\",signature=\"AAAA\"",
        "keyId=\"a\" signature=\"AAAA\"",
        "keyId=\"a\",signature=\"AA\u{a0}AA\"",
        "keyId=\"a\",signature=\"!\"",
        "keyId=\"a",
        ",",
        "=",
    ] {
        let mut headers = HeaderMap::new();
        set(&mut headers, "signature", bad);
        set(&mut headers, "date", DATE);
        let refused = parse(&arriving(&Method::GET, "/", &headers, b""));
        assert!(
            matches!(refused, Err(No::Malformed(_) | No::CoveredHeader(_))),
            "{bad}: {refused:?}"
        );
    }
}

#[test]
fn every_flipped_bit_of_the_signature_is_noticed() {
    for hand in [Hand::Rfc9421Ed25519, Hand::Cavage] {
        let headers = post(hand);
        let line = headers["signature"].to_str().unwrap();
        let start = line.find(":").filter(|_| hand != Hand::Cavage);
        let start = start.unwrap_or_else(|| line.find("signature=\"").unwrap() + 10) + 1;
        for at in (start..line.len() - 4).step_by(17) {
            let mut bytes = line.as_bytes().to_vec();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let mut changed = headers.clone();
            changed.insert("signature", HeaderValue::from_bytes(&bytes).unwrap());
            let request = arriving(&Method::POST, "/inbox", &changed, BODY);
            assert_eq!(
                judge(&request, hand, NOW),
                Err(No::DoesNotFit),
                "{hand:?} {at}"
            );
        }
    }
}
