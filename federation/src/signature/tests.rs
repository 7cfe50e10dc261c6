//! The published vectors: RFC 9421 (appendices B.1.4, B.2.6 and B.4, and §4.3) and draft-cavage
//! appendix C.
//!
//! They cover too little for the policy, which is itself part of what is tested; so these tests
//! look inside the claim.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderValue;
use rsa::pkcs8::DecodePublicKey as _;
use rsa::sha2::Sha256;
use rsa::signature::Verifier as _;

use super::*;
use crate::keys::{Ed25519Public, Ed25519Secret, RsaPublic};

const BODY: &[u8] = br#"{"hello": "world"}"#;

fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
    let mut headers = HeaderMap::new();
    for (name, value) in lines {
        headers.append(*name, HeaderValue::from_str(value).unwrap());
    }
    headers
}

fn request<'a>(
    authority: &'a str,
    path_and_query: &'a str,
    headers: &'a HeaderMap,
) -> Incoming<'a> {
    Incoming {
        method: &Method::POST,
        path_and_query,
        scheme: "https",
        authority,
        headers,
        body: BODY,
    }
}

/// The `test-request` of RFC 9421, appendix B.2.
fn test_request(signature: &[(&'static str, &str)]) -> HeaderMap {
    let mut lines = vec![
        ("host", "example.com"),
        ("date", "Tue, 20 Apr 2021 02:07:55 GMT"),
        ("content-type", "application/json"),
        (
            "content-digest",
            "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:",
        ),
        ("content-length", "18"),
    ];
    lines.extend_from_slice(signature);
    headers(&lines)
}

#[test]
fn rfc_9421_b_2_6_ed25519() {
    let headers = test_request(&[
        (
            "signature-input",
            "sig-b26=(\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \"content-length\")\
             ;created=1618884473;keyid=\"test-key-ed25519\"",
        ),
        (
            "signature",
            "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
        ),
    ]);
    let claim = parse(&request(
        "example.com",
        "/foo?param=Value&Pet=dog",
        &headers,
    ))
    .unwrap();
    assert_eq!(
        String::from_utf8(claim.base.clone()).unwrap(),
        "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
         \"@method\": POST\n\
         \"@path\": /foo\n\
         \"@authority\": example.com\n\
         \"content-type\": application/json\n\
         \"content-length\": 18\n\
         \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \"content-type\" \
         \"content-length\");created=1618884473;keyid=\"test-key-ed25519\""
    );
    assert_eq!(claim.key_id(), "test-key-ed25519");
    assert_eq!(claim.created(), Some(1_618_884_473));
    let bytes = hex::decode("26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb");
    let key = Ed25519Public::from_bytes(&bytes.unwrap().try_into().unwrap()).unwrap();
    assert_eq!(claim.fits(&key.into()), Ok(()));
    // It leaves out the query and the body.
    assert!(matches!(
        claim.check_policy(&Policy::default(), 1_618_884_475),
        Err(SignatureRefused::NotCovered(_))
    ));
}

/// The private key of appendix B.1.4 makes the signature of B.2.6 to the byte: Ed25519 leaves nothing
/// to chance.
#[test]
fn rfc_9421_b_1_4_makes_the_signature_of_b_2_6() {
    let secret = Ed25519Secret::from_pem(
        "-----BEGIN PRIVATE KEY-----\n\
         MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF\n\
         -----END PRIVATE KEY-----\n",
    )
    .unwrap();
    assert_eq!(
        hex::encode(secret.public().as_bytes()),
        "26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb"
    );
    let base = "\"date\": Tue, 20 Apr 2021 02:07:55 GMT\n\
                \"@method\": POST\n\
                \"@path\": /foo\n\
                \"@authority\": example.com\n\
                \"content-type\": application/json\n\
                \"content-length\": 18\n\
                \"@signature-params\": (\"date\" \"@method\" \"@path\" \"@authority\" \
                \"content-type\" \"content-length\");created=1618884473;keyid=\"test-key-ed25519\"";
    assert_eq!(
        STANDARD.encode(secret.sign(base.as_bytes())),
        "wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw=="
    );
}

/// Appendix B.4: what a proxy may do to a message under way, and what it may not.
#[test]
fn rfc_9421_b_4_transformations() {
    let bytes = hex::decode("26b40b8f93fff3d897112f7ebc582b232dbd72517d082fe83cfb30ddce43d1bb");
    let key = Ed25519Public::from_bytes(&bytes.unwrap().try_into().unwrap()).unwrap();
    let tried = |method: &Method, authority: &str, lines: &[(&'static str, &str)]| {
        let mut carried = headers(lines);
        carried.extend(headers(&[
            (
                "signature-input",
                "transform=(\"@method\" \"@path\" \"@authority\" \"accept\")\
                 ;created=1618884473;keyid=\"test-key-ed25519\"",
            ),
            (
                "signature",
                "transform=:ZT1kooQsEHpZ0I1IjCqtQppOmIqlJPeo7DHR3SoMn0s5JZ1eRGS0A+vyYP9t/LXlh5QMFFQ6cpLt2m0pmj3NDA==:",
            ),
        ]));
        let request = Incoming {
            method,
            path_and_query: "/demo?name1=Value1&Name2=value2",
            scheme: "https",
            authority,
            headers: &carried,
            body: b"",
        };
        parse(&request).and_then(|claim| claim.fits(&key.into()))
    };
    let date = ("date", "Fri, 15 Jul 2022 14:24:55 GMT");
    let accept = ("accept", "application/json, */*");
    let get = &Method::GET;
    // The lines of one header joined, others added, taken away and moved.
    assert_eq!(tried(get, "example.org", &[date, accept]), Ok(()));
    let language = ("accept-language", "en-US,en;q=0.5");
    assert_eq!(tried(get, "example.org", &[accept, language]), Ok(()));
    // Another method, another host, the values of a header in another order.
    let no = Err(SignatureRefused::DoesNotFit);
    assert_eq!(tried(&Method::POST, "example.org", &[date, accept]), no);
    assert_eq!(tried(get, "example.com", &[date, accept]), no);
    let turned = ("accept", "*/*, application/json");
    assert_eq!(tried(get, "example.org", &[date, turned]), no);
    // Stricter than the RFC: a covered header on two lines, as the example sends it, is two headers.
    let two = [("accept", "application/json"), ("accept", "*/*")];
    assert_eq!(
        tried(get, "example.org", &two),
        Err(SignatureRefused::CoveredHeader("accept".into()))
    );
}

/// The proxy's signature of §4.3: the one RSASSA-PKCS1-v1_5 example of the final RFC, with the
/// key of appendix B.1.1.
#[test]
fn rfc_9421_4_3_rsa_v1_5_sha256() {
    let mut headers = test_request(&[
        (
            "signature-input",
            "proxy_sig=(\"@method\" \"@authority\" \"@path\" \"content-digest\" \"content-type\" \
             \"content-length\" \"forwarded\");created=1618884480;keyid=\"test-key-rsa\"\
             ;alg=\"rsa-v1_5-sha256\";expires=1618884540",
        ),
        (
            "signature",
            "proxy_sig=:S6ZzPXSdAMOPjN/6KXfXWNO/f7V6cHm7BXYUh3YD/fRad4BCaRZxP+JH+8XY1I6+8Cy+CM5g92iH\
             gxtRPz+MjniOaYmdkDcnL9cCpXJleXsOckpURl49GwiyUpZ10KHgOEe11sx3G2gxI8S0jnxQB+Pu68U9vVcasqOW\
             AEObtNKKZd8tSFu7LB5YAv0RAGhB8tmpv7sFnIm9y+7X5kXQfi8NMaZaA8i2ZHwpBdg7a6CMfwnnrtflzvZdXAsD\
             3LH2TwevU+/PBPv0B6NMNk93wUs/vfJvye+YuI87HU38lZHowtznbLVdp770I6VHR6WfgS9ddzirrswsE1w5o0LV\
             /g==:",
        ),
    ]);
    headers.insert(
        "forwarded",
        HeaderValue::from_static("for=192.0.2.123;host=example.com;proto=https"),
    );
    let key = RsaPublic::from_pem(
        "-----BEGIN RSA PUBLIC KEY-----\n\
         MIIBCgKCAQEAhAKYdtoeoy8zcAcR874L8cnZxKzAGwd7v36APp7Pv6Q2jdsPBRrw\n\
         WEBnez6d0UDKDwGbc6nxfEXAy5mbhgajzrw3MOEt8uA5txSKobBpKDeBLOsdJKFq\n\
         MGmXCQvEG7YemcxDTRPxAleIAgYYRjTSd/QBwVW9OwNFhekro3RtlinV0a75jfZg\n\
         kne/YiktSvLG34lw2zqXBDTC5NHROUqGTlML4PlNZS5Ri2U4aCNx2rUPRcKIlE0P\n\
         uKxI4T+HIaFpv8+rdV6eUgOrB2xeI1dSFFn/nnv5OoZJEIB+VmuKn3DCUcCZSFlQ\n\
         PSXSfBDiUGhwOw76WuSSsf1D4b/vLoJ10wIDAQAB\n\
         -----END RSA PUBLIC KEY-----\n",
    )
    .unwrap();
    let claim = parse(&request("origin.host.internal.example", "/foo", &headers)).unwrap();
    assert_eq!(claim.fits(&key.clone().into()), Ok(()));
    let checked = claim
        .check_policy(&Policy::default(), 1_618_884_500)
        .unwrap();
    assert_eq!(checked.verify(&key.clone().into()), Ok(()));
    let claim = parse(&request("origin.host.internal.example", "/foo", &headers)).unwrap();
    assert_eq!(
        claim.check_policy(&Policy::default(), 1_618_884_540),
        Err(SignatureRefused::Expired)
    );
    let elsewhere = parse(&request("elsewhere.example", "/foo", &headers)).unwrap();
    assert_eq!(
        elsewhere.fits(&key.into()),
        Err(SignatureRefused::DoesNotFit)
    );
}

#[test]
fn shared_secrets_and_curves_that_are_not_spoken_are_refused() {
    for alg in [
        "hmac-sha256",
        "ecdsa-p256-sha256",
        "rsa-pss-sha512",
        "none",
        "",
    ] {
        let input = format!("s=(\"@method\");created=1;keyid=\"k\";alg=\"{alg}\"");
        let headers = test_request(&[("signature-input", &input), ("signature", "s=:AA==:")]);
        let parsed = parse(&request("example.com", "/foo", &headers));
        assert_eq!(parsed, Err(SignatureRefused::Algorithm), "{alg}");
        let old = format!("keyId=\"k\",algorithm=\"{alg}\",signature=\"AA==\"");
        let headers = test_request(&[("signature", &old)]);
        let parsed = parse(&request("example.com", "/foo", &headers));
        assert_eq!(parsed, Err(SignatureRefused::Algorithm), "{alg}");
    }
}

/// The request of draft-cavage-http-signatures-12, appendix C.
fn cavage_request(signature: &str) -> HeaderMap {
    headers(&[
        ("host", "example.com"),
        ("date", "Sun, 05 Jan 2014 21:31:40 GMT"),
        ("content-type", "application/json"),
        (
            "digest",
            "SHA-256=X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=",
        ),
        ("content-length", "18"),
        ("signature", signature),
    ])
}

fn cavage_claim(signature: &str) -> Result<Claim, SignatureRefused> {
    let headers = cavage_request(signature);
    parse(&request(
        "example.com",
        "/foo?param=value&pet=dog",
        &headers,
    ))
}

/// Its key has 1024 bits: fit for a vector, refused as anyone's key.
fn cavage_key_verifies(claim: &Claim) -> bool {
    let pem = "-----BEGIN PUBLIC KEY-----\n\
        MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDCFENGw33yGihy92pDjZQhl0C3\n\
        6rPJj+CvfSC8+q28hxA161QFNUd13wuCTUcq0Qd2qsBe/2hFyc2DCJJg0h1L78+6\n\
        Z4UMR7EOcpfdUE9Hf3m/hs+FUR45uBJeDK1HSFHD8bHKD6kv8FPGfJTotc+2xjJw\n\
        oYi+1hqp1fIekaxsyQIDAQAB\n\
        -----END PUBLIC KEY-----\n";
    assert!(RsaPublic::from_pem(pem).is_err());
    let key = rsa::RsaPublicKey::from_public_key_pem(pem).unwrap();
    let signature = rsa::pkcs1v15::Signature::try_from(&claim.signature[..]).unwrap();
    rsa::pkcs1v15::VerifyingKey::<Sha256>::new(key)
        .verify(&claim.base, &signature)
        .is_ok()
}

#[test]
fn cavage_c_1_default() {
    let claim = cavage_claim(
        "keyId=\"Test\",algorithm=\"rsa-sha256\",signature=\"SjWJWbWN7i0wzBvtPl8rbASWz5xQW6mcJmn+ibttBqtifLN7Sazz\
         6m79cNfwwb8DMJ5cou1s7uEGKKCs+FLEEaDV5lp7q25WqS+lavg7T8hc0GppauB6hbgEKTwblDHYGEtbGmtdHgVCk9SuS13F0hZ8FD0k/5OxEPXe5WozsbM=\"",
    )
    .unwrap();
    assert!(cavage_key_verifies(&claim));
    assert_eq!(
        claim.check_policy(&Policy::default(), 1_388_957_500),
        Err(SignatureRefused::NotCovered("(request-target)"))
    );
}

#[test]
fn cavage_c_2_basic() {
    let claim = cavage_claim(
        "keyId=\"Test\",algorithm=\"rsa-sha256\",headers=\"(request-target) host date\",signature=\"\
         qdx+H7PHHDZgy4y/Ahn9Tny9V3GP6YgBPyUXMmoxWtLbHpUnXS2mg2+SbrQDMCJypxBLSPQR2aAjn7ndmw2iicw3\
         HMbe8VfEdKFYRqzic+efkb3nndiv/x1xSHDJWeSWkx3ButlYSuBskLu6kd9Fswtemr3lgdDEmn04swr2Os0=\"",
    )
    .unwrap();
    assert_eq!(
        String::from_utf8(claim.base.clone()).unwrap(),
        "(request-target): post /foo?param=value&pet=dog\n\
         host: example.com\n\
         date: Sun, 05 Jan 2014 21:31:40 GMT"
    );
    assert!(cavage_key_verifies(&claim));
    assert_eq!(claim.created(), Some(1_388_957_500));
    assert_eq!(
        claim.check_policy(&Policy::default(), 1_388_957_500),
        Err(SignatureRefused::NotCovered("digest"))
    );
}

/// The draft's own third example breaks the draft's own rule (§2.3): `(created)` under `rsa-sha256`.
#[test]
fn cavage_c_3_is_refused_by_the_drafts_own_rule() {
    let claim = cavage_claim(
        "keyId=\"Test\",algorithm=\"rsa-sha256\",created=1402170695, expires=1402170699,\
         headers=\"(request-target) (created) (expires) host date content-type digest content-length\",\
         signature=\"nAkCW0wg9AbbStQRLi8fsS1mPPnA6S5+/0alANcoDFG9hG0bJ8NnMRcB1Sz1eccNMzzLEke7nGXqoiJYZFfT81oa\
         Rqh/MNFwQVX4OZvTLZ5xVZQuchRkOSO7b2QX0aFWFOUq6dnwAyliHrp6w3FOxwkGGJPaerw2lOYLdC/Bejk=\"",
    );
    assert_eq!(
        claim,
        Err(SignatureRefused::Malformed(
            "(created) and (expires) need hs2019"
        ))
    );
    // Under hs2019 the same words are read, and the base is the one that the draft prints.
    let claim = cavage_claim(
        "keyId=\"Test\",algorithm=\"hs2019\",created=1402170695, expires=1402170699,\
         headers=\"(request-target) (created) (expires) host date content-type digest content-length\",\
         signature=\"nAkCW0wg9AbbStQRLi8fsS1mPPnA6S5+/0alANcoDFG9hG0bJ8NnMRcB1Sz1eccNMzzLEke7nGXqoiJYZFfT81oa\
         Rqh/MNFwQVX4OZvTLZ5xVZQuchRkOSO7b2QX0aFWFOUq6dnwAyliHrp6w3FOxwkGGJPaerw2lOYLdC/Bejk=\"",
    )
    .unwrap();
    assert!(cavage_key_verifies(&claim));
}
