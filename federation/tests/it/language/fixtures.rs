//! What other software sends: signed requests and proofs made by its own code, all else written
//! anew from what its documentation says.

use std::path::{Path, PathBuf};

use federation::json::{JsonLimits, parse_strict};
use federation::keys::{Ed25519Secret, RsaSecret};
use federation::proof::{self, ProofClaim, ProofRefused};
use federation::signature::{Incoming, Outgoing, Policy, parse, sign_cavage};
use federation::vocabulary::nodeinfo::NodeInfo;
use federation::vocabulary::webfinger::Descriptor;
use federation::vocabulary::{
    Act, Activity, Actor, ActorKind, Collection, CollectionPage, Duration, Work, key_owner,
};
use http::{HeaderMap, HeaderName};
use serde_json::Value;
use settlement::{Kind, Uri};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn bytes(path: &str) -> Vec<u8> {
    std::fs::read(folder().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn json(path: &str) -> Value {
    parse_strict(&bytes(path), JsonLimits::OBJECT).unwrap()
}

/// Reads the thing, writes it, and reads it again: nothing that we understand is lost on the way.
macro_rules! survives {
    ($type:ident, $value:expr, $path:expr) => {{
        let read = $type::of($value).unwrap_or_else(|refused| panic!("{}: {refused}", $path));
        let again = $type::of(&read.to_value()).unwrap();
        assert_eq!(read, again, "{}", $path);
    }};
}

#[test]
fn everything_that_others_send_is_read_and_survives_being_written() {
    let mut read = 0;
    for software in [
        "mastodon",
        "funkwhale",
        "peertube",
        "castopod",
        "bandwagon",
        "lemmy",
        "fedify",
        "gotosocial",
    ] {
        for entry in std::fs::read_dir(folder().join(software)).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let path = format!("{software}/{name}");
            let value = json(&path);
            match name.split('-').next().unwrap() {
                "actor" => survives!(Actor, &value, path),
                "activity" => survives!(Activity, &value, path),
                "work" => survives!(Work, &value, path),
                "collection" => survives!(Collection, &value, path),
                "page" => survives!(CollectionPage, &value, path),
                "webfinger" => drop(Descriptor::parse(&bytes(&path)).unwrap()),
                "nodeinfo" => drop(NodeInfo::parse(&bytes(&path)).unwrap()),
                "key" | "requests" | "proof" => drop(value),
                other => panic!("{path}: what is {other}?"),
            }
            read += 1;
        }
    }
    assert!(read >= 29, "only {read} fixtures were read");
}

#[test]
fn a_mastodon_account_follows_a_venue_and_stops() {
    let marie = Actor::parse(&bytes("mastodon/actor-person.json")).unwrap();
    assert_eq!(marie.kind, ActorKind::Person);
    assert_eq!(
        marie.shared_inbox.as_ref().unwrap().as_str(),
        "https://mastodon.example/inbox"
    );
    assert!(
        marie
            .key("https://mastodon.example/users/marie#main-key")
            .is_some()
    );
    assert!(
        marie
            .key("https://mastodon.example/users/marie#other-key")
            .is_none()
    );

    let follow = Activity::parse(&bytes("mastodon/activity-follow.json")).unwrap();
    assert_eq!(follow.actor, marie.id);
    let Act::Follow { object } = &follow.act else {
        panic!("{follow:?}")
    };
    assert_eq!(
        object.as_str(),
        "https://loire.example/venues/bibliotheque-de-nantes"
    );

    let undo = Activity::parse(&bytes("mastodon/activity-undo-follow.json")).unwrap();
    let Act::Undo { object } = &undo.act else {
        panic!("{undo:?}")
    };
    assert_eq!(object.id(), Some(&follow.id));
    assert_eq!(object.activity().unwrap().act, follow.act);
    assert_eq!(object.activity().unwrap().actor, undo.actor);
}

#[test]
fn what_mastodon_says_to_the_public_is_public_and_keeps_its_words() {
    let create = Activity::parse(&bytes("mastodon/activity-create-note.json")).unwrap();
    assert!(create.is_public());
    assert_eq!(create.cc.len(), 2);
    let Act::Create { object } = &create.act else {
        panic!("{create:?}")
    };
    assert!(object.has_type("Note"));
    assert_eq!(
        object.value().unwrap()["contentMap"]["fr"],
        "<p>Belle sélection !</p>"
    );
    let delete = Activity::parse(&bytes("mastodon/activity-delete-account.json")).unwrap();
    assert!(matches!(delete.act, Act::Delete { object } if object.id() == Some(&delete.actor)));
}

#[test]
fn a_funkwhale_track_becomes_a_work() {
    let work = Work::parse(&bytes("funkwhale/work-audio.json")).unwrap();
    assert_eq!(work.kind, Kind::Music);
    assert_eq!(work.duration, Some(Duration { millis: 213_000 }));
    assert_eq!(work.artists[0].name, "Julie Morin");
    let release = work.release.unwrap();
    assert_eq!(
        (release.name.as_str(), release.position, release.disc),
        ("Marées", Some(4), Some(1))
    );
    let media = work.media.unwrap();
    assert_eq!(
        (media.media_type.as_str(), media.size),
        ("audio/mpeg", Some(8_656_581))
    );
    assert_eq!(
        work.license.unwrap().as_str(),
        "http://creativecommons.org/licenses/by-sa/4.0/"
    );
    assert_eq!(work.isrc, None);
    assert_eq!(
        Descriptor::parse(&bytes("mastodon/webfinger-account.json"))
            .unwrap()
            .actor
            .as_str(),
        "https://mastodon.example/users/marie"
    );
}

#[test]
fn a_peertube_film_becomes_a_work_with_its_plain_file() {
    let work = Work::parse(&bytes("peertube/work-video.json")).unwrap();
    assert_eq!(work.kind, Kind::Film);
    assert_eq!(
        work.attributed_to.as_str(),
        "https://tube.example/accounts/ana"
    );
    let media = work.media.unwrap();
    assert_eq!(
        (media.media_type.as_str(), media.size),
        ("video/mp4", Some(60_000_000))
    );
}

#[test]
fn a_fedify_actor_shows_the_one_ed25519_key_that_is_read_here() {
    let ada = Actor::parse(&bytes("fedify/actor-person.json")).unwrap();
    assert_eq!(ada.ed25519_keys.len(), 1);
    assert!(
        ada.key("https://fedify.example/users/ada#multikey-1")
            .is_none()
    );
    assert!(
        ada.key("https://fedify.example/users/ada#multikey-2")
            .is_some()
    );
    assert!(
        ada.key("https://fedify.example/users/ada#main-key")
            .is_some()
    );
}

#[test]
fn a_key_with_an_address_of_its_own_leads_to_its_owner() {
    let key_id = Uri::parse("https://gts.example/users/lou/main-key").unwrap();
    let owner = key_owner(&json("gotosocial/key-main.json"), &key_id).unwrap();
    assert_eq!(owner.as_str(), "https://gts.example/users/lou");
    let elsewhere = Uri::parse("https://attacker.example/key").unwrap();
    assert!(key_owner(&json("gotosocial/key-main.json"), &elsewhere).is_err());
}

/// Made with the other software's own code and our test key: Fedify 2.3.6, and the library that
/// Funkwhale signs with (requests-http-message-signatures 0.3.1).
#[test]
fn requests_that_others_signed_pass_the_policy() {
    let key = RsaSecret::from_pem(std::str::from_utf8(&bytes("keys/rsa-2048.pem")).unwrap());
    let key = key.unwrap().public().into();
    for path in [
        "fedify/requests-signed.json",
        "funkwhale/requests-signed.json",
    ] {
        for sent in json(path).as_array().unwrap() {
            let mut headers = HeaderMap::new();
            for (name, value) in sent["headers"].as_object().unwrap() {
                let name = HeaderName::from_bytes(name.as_bytes()).unwrap();
                headers.insert(name, value.as_str().unwrap().parse().unwrap());
            }
            let request = Incoming {
                method: &sent["method"].as_str().unwrap().parse().unwrap(),
                path_and_query: sent["path"].as_str().unwrap(),
                scheme: "https",
                authority: "wallonie.example",
                headers: &headers,
                body: sent["body"].as_str().unwrap().as_bytes(),
            };
            let now = sent["now"].as_i64().unwrap();
            let verified = parse(&request)
                .and_then(|claim| claim.check_policy(&Policy::default(), now))
                .and_then(|checked| checked.verify(&key));
            assert_eq!(verified, Ok(()), "{}", sent["name"]);
        }
    }
}

#[test]
fn an_object_that_fedify_signed_is_verified_and_changed_it_is_not() {
    let key = Ed25519Secret::from_seed(&[42; 32]).public();
    let mut document = json("fedify/proof-create.json");
    assert_eq!(proof::verify(&document, &key), Ok(()));
    let method = ProofClaim::of(&document).unwrap().verification_method;
    assert_eq!(method, "https://fedify.example/users/ada#multikey-1");
    document["object"]["content"] = "Adieu".into();
    assert_eq!(
        proof::verify(&document, &key),
        Err(ProofRefused::DoesNotFit)
    );
}

/// `requests-as-we-sign.json` was made by the library with which Funkwhale signs and verifies
/// (requests-http-message-signatures 0.3.1), with our test key, and verified by it. RSA signatures
/// of this kind are what the text makes them: ours are these, letter by letter.
#[test]
fn what_we_sign_in_the_older_way_is_what_funkwhales_library_signs_and_verifies() {
    let key = RsaSecret::from_pem(std::str::from_utf8(&bytes("keys/rsa-2048.pem")).unwrap());
    let key = key.unwrap();
    for sent in json("funkwhale/requests-as-we-sign.json")
        .as_array()
        .unwrap()
    {
        let text = |name: &str| sent[name].as_str().unwrap();
        let address = format!("https://wallonie.example{}", text("path"));
        let (url, method) = (address.parse().unwrap(), text("method").parse().unwrap());
        let body = Some(text("body").as_bytes()).filter(|body| !body.is_empty());
        let request = Outgoing {
            method: &method,
            url: &url,
            body,
        };
        let mut headers = HeaderMap::new();
        let key_id = "https://loire.example/actor#main-key";
        sign_cavage(&request, &mut headers, &key, key_id, 1_790_000_000).unwrap();
        for (name, value) in sent["headers"].as_object().unwrap() {
            assert_eq!(
                headers.get(name).map(|ours| ours.to_str().unwrap()),
                value.as_str(),
                "{method}: {name}"
            );
        }
    }
}

#[test]
fn a_band_on_bandwagon_and_its_album_are_read() {
    let band = Actor::parse(&bytes("bandwagon/actor-band.json")).unwrap();
    assert_eq!(band.name.as_deref(), Some("Les Embruns"));
    assert!(
        band.key("https://bandwagon.example/@embruns#main-key")
            .is_some()
    );
    let create = Activity::parse(&bytes("bandwagon/activity-create-album.json")).unwrap();
    let Act::Create { object } = &create.act else {
        panic!("{create:?}")
    };
    assert!(object.has_type("Album"));
    assert_eq!(
        object.value().unwrap()["attributedTo"],
        create.actor.as_str()
    );
}
