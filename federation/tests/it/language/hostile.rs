//! Whatever arrives, the readers answer: never a panic, and never a thing that they would not
//! read again as the same.

use federation::json::{JsonLimits, canonical, parse_strict};
use federation::keys::{Ed25519Public, Ed25519Secret};
use federation::proof;
use federation::signature::{Policy, parse};
use federation::vocabulary::webfinger::Account;
use federation::vocabulary::{
    Activity, Actor, ActorKind, Duration, NamedKey, Selection, Timestamp, Work,
};
use http::{HeaderMap, HeaderValue, Method};
use proptest::prelude::*;
use proptest::test_runner::RngSeed;
use serde_json::{Map, Value, json};
use settlement::Uri;

use super::outgoing::{BODY, HANDS, NOW, arriving};

/// JSON of any shape, with the names that the readers look for among its keys.
fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,12}",
        Just("https://loire.example/actor".to_owned()),
        Just("https://victim.example/1#key".to_owned()),
        Just("2026-10-01T08:00:00Z".to_owned()),
        Just("PT3M".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|real| json!(real)),
        text.prop_map(Value::String),
        prop::sample::select(vec![
            "Create",
            "Follow",
            "Undo",
            "Audio",
            "Person",
            "Selection"
        ])
        .prop_map(Value::from),
    ];
    let names = prop::sample::select(vec![
        "id",
        "type",
        "actor",
        "object",
        "inbox",
        "endpoints",
        "publicKey",
        "assertionMethod",
        "owner",
        "to",
        "cc",
        "published",
        "url",
        "href",
        "mediaType",
        "name",
        "attributedTo",
        "orderedItems",
        "track",
        "album",
        "artists",
        "duration",
        "proof",
        "@context",
        "isrc",
    ]);
    leaf.prop_recursive(5, 64, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((names.clone(), inner), 0..8).prop_map(|entries| {
                let entries = entries
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value));
                Value::Object(entries.collect::<Map<_, _>>())
            }),
        ]
    })
}

/// Of what signatures are written.
const PIECES: [&str; 24] = [
    "sig1=",
    "sig2=",
    "(",
    ")",
    "\"@method\"",
    "\"@target-uri\"",
    "\"content-digest\"",
    " ",
    ";",
    ",",
    "created=1790000000",
    "keyid=\"https://loire.example/actor#k\"",
    "alg=\"ed25519\"",
    ":AA==:",
    ":",
    "keyId=\"https://loire.example/actor#k\"",
    "algorithm=\"hs2019\"",
    "headers=\"date host\"",
    "signature=\"AA==\"",
    "\"",
    "\\",
    "=",
    "expires=-1",
    "nonce=?1",
];

proptest! {
    // The same cases every time: a test that fails fails for everyone.
    #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(2026), ..ProptestConfig::default() })]

    #[test]
    fn any_json_is_answered(value in any_json()) {
        if let Ok(read) = Activity::of(&value) {
            prop_assert_eq!(Activity::of(&read.to_value()), Ok(read));
        }
        if let Ok(read) = Actor::of(&value) {
            prop_assert_eq!(Actor::of(&read.to_value()), Ok(read));
        }
        if let Ok(read) = Work::of(&value) {
            prop_assert_eq!(Work::of(&read.to_value()), Ok(read));
        }
        if let Ok(read) = Selection::of(&value) {
            prop_assert_eq!(Selection::of(&read.to_value()), Ok(read));
        }
        let key = Ed25519Secret::from_seed(&[1; 32]).public();
        prop_assert!(proof::verify(&value, &key).is_err());
    }

    #[test]
    fn what_is_signed_is_verified_after_any_journey(value in any_json()) {
        let key = Ed25519Secret::from_seed(&[1; 32]);
        let Ok(signed) = proof::sign(value, &key, "https://loire.example/actor#k", "2026-10-01T08:00:00Z")
        else { return Ok(()) };
        prop_assert_eq!(proof::verify(&signed, &key.public()), Ok(()));
        for bytes in [serde_json::to_vec(&signed).unwrap(), serde_json::to_vec_pretty(&signed).unwrap(), canonical(&signed)] {
            let arrived = parse_strict(&bytes, JsonLimits::OBJECT).unwrap();
            prop_assert_eq!(proof::verify(&arrived, &key.public()), Ok(()));
            prop_assert_eq!(canonical(&arrived), canonical(&signed));
        }
    }

    #[test]
    fn any_bytes_are_answered(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        drop(Activity::parse(&bytes));
        drop(parse_strict(&bytes, JsonLimits::OBJECT));
    }

    #[test]
    fn any_text_is_answered(text in "\\PC{0,60}") {
        let _ = text.parse::<Ed25519Public>();
        let _ = Timestamp::parse(&text);
        drop(Account::parse(&text));
        let _ = Duration::parse(&text);
    }

    #[test]
    fn any_moment_is_written_as_it_is_read(micros in -62_135_596_800_000_000_i64..253_402_300_799_999_999) {
        let moment = Timestamp::from_micros(micros).unwrap();
        prop_assert_eq!(Timestamp::parse(&moment.to_string()), Ok(moment));
    }

    #[test]
    fn any_headers_are_answered(
        input in "[ -~]{0,80}",
        signature in "[ -~]{0,80}",
        digest in "[ -~]{0,40}",
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("signature-input", HeaderValue::from_str(&input).unwrap());
        headers.insert("signature", HeaderValue::from_str(&signature).unwrap());
        headers.insert("content-digest", HeaderValue::from_str(&digest).unwrap());
        prop_assert!(parse(&arriving(&Method::POST, "/inbox", &headers, BODY)).is_err());
        headers.remove("signature-input");
        prop_assert!(parse(&arriving(&Method::POST, "/inbox", &headers, BODY)).is_err());
    }

    /// Headers that are nearly right: pieces of true ones in any order.
    #[test]
    fn nearly_right_signatures_are_answered(
        input in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..14),
        signature in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..10),
    ) {
        let mut headers = HeaderMap::new();
        headers.insert("date", HeaderValue::from_static("Sun, 01 Nov 2026 08:00:00 GMT"));
        headers.insert("signature-input", HeaderValue::from_str(&input.concat()).unwrap());
        headers.insert("signature", HeaderValue::from_str(&signature.concat()).unwrap());
        for _ in 0..2 {
            let request = arriving(&Method::POST, "/inbox", &headers, BODY);
            if let Ok(claim) = parse(&request) {
                // Read the same again, and never enough.
                prop_assert_eq!(parse(&request), Ok(claim.clone()));
                prop_assert!(claim.check_policy(&Policy::default(), NOW).is_err());
            }
            headers.remove("signature-input");
        }
    }

    #[test]
    fn a_multikey_is_read_as_it_was_written_and_in_no_other_spelling(
        seed in any::<[u8; 32]>(),
        at in any::<prop::sample::Index>(),
        other in "[0-9A-Za-z]",
    ) {
        let key = Ed25519Secret::from_seed(&seed).public();
        let text = key.to_multikey();
        prop_assert_eq!(text.parse::<Ed25519Public>().ok(), Some(key));
        let at = at.index(text.len());
        let mut changed = text.clone();
        changed.replace_range(at..=at, &other);
        if let Ok(read) = changed.parse::<Ed25519Public>() {
            prop_assert_eq!(read.to_multikey(), changed);
        }
        for longer in [format!("{text}1"), format!(" {text}")] {
            prop_assert!(longer.parse::<Ed25519Public>().is_err());
        }
    }

    /// What a node says of itself is read as it was said, whatever it is called.
    #[test]
    fn an_actor_is_read_as_it_was_written(
        seed in any::<[u8; 32]>(),
        name in prop::option::of("\\PC{1,30}"),
        handle in "[a-z]{1,20}",
    ) {
        let uri = |path: &str| Uri::parse(&format!("https://loire.example{path}")).unwrap();
        let mut actor = Actor::new(uri(&format!("/{handle}")), ActorKind::Person, uri("/inbox"));
        actor.name = name;
        actor.preferred_username = Some(handle.clone());
        actor.shared_inbox = Some(uri("/inbox"));
        actor.ed25519_keys = vec![NamedKey {
            id: uri(&format!("/{handle}#ed25519-key")),
            key: Ed25519Secret::from_seed(&seed).public(),
        }];
        let written = actor.to_value().to_string();
        let read = Actor::parse(written.as_bytes());
        prop_assert_eq!(read.as_ref(), Ok(&actor), "{}", written);
    }

    /// The strict reader reads what everybody reads, or nothing.
    #[test]
    fn strict_json_is_never_read_as_something_else(text in "[\\[\\]{}\",:0-9.eE\\\\ua-c -]{0,40}") {
        if let Ok(read) = parse_strict(text.as_bytes(), JsonLimits::OBJECT) {
            prop_assert_eq!(serde_json::from_str::<Value>(&text).ok(), Some(read.clone()));
            let again = parse_strict(&canonical(&read), JsonLimits::OBJECT);
            prop_assert_eq!(again.map(|value| canonical(&value)), Ok(canonical(&read)));
        }
    }

    /// One changed byte anywhere in what was signed, and nobody is believed.
    #[test]
    fn a_changed_byte_in_a_signed_header_is_never_believed(
        hand in prop::sample::select(&HANDS[..]),
        which in any::<prop::sample::Index>(),
        at in any::<prop::sample::Index>(),
        byte in b'!'..=b'~',
    ) {
        let mut headers = hand.headers(&Method::POST, "https://wallonie.example/inbox", Some(BODY), NOW);
        if hand != super::outgoing::Hand::Cavage {
            headers.remove("host");
        } else {
            // The old way does not sign it here.
            headers.remove("content-type");
        }
        let names: Vec<_> = headers.keys().cloned().collect();
        let name = &names[which.index(names.len())];
        let mut value = headers[name].as_bytes().to_vec();
        let at = at.index(value.len());
        let before = value[at];
        value[at] = byte;
        headers.insert(name.clone(), HeaderValue::from_bytes(&value).unwrap());
        let verified = parse(&arriving(&Method::POST, "/inbox", &headers, BODY))
            .and_then(|claim| claim.check_policy(&Policy::default(), NOW))
            .and_then(|checked| checked.verify(&hand.public()).map(|()| checked.key_id().to_owned()));
        // Names are read without regard to case, and the label, the key's address and what is said
        // of the algorithm are not all part of what the old way signs: whoever is then believed is
        // whoever holds the key, and the caller compares the address.
        let case_only = before.eq_ignore_ascii_case(&byte);
        if let Ok(key_id) = verified
            && !case_only
        {
            prop_assert!(
                hand == super::outgoing::Hand::Cavage && name == "signature",
                "{name} changed at {at} from {} to {}, and {key_id} is believed",
                char::from(before),
                char::from(byte)
            );
        }
    }
}
