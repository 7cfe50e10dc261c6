//! Words that are not taken, and why.

use federation::json::JsonRefused;
use federation::vocabulary::webfinger::Descriptor;
use federation::vocabulary::{
    Act, Activity, Actor, Collection, CollectionPage, Reference, Release, Selection,
    WordsRefused as No, Work,
};
use serde_json::{Value, json};
use settlement::Uri;

fn uri(text: &str) -> Uri {
    Uri::parse(text).unwrap()
}

fn activity() -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": "https://loire.example/activities/1",
        "type": "Create",
        "actor": "https://loire.example/actor",
        "object": {
            "id": "https://loire.example/works/1",
            "type": "Audio",
            "name": "Le phare",
            "attributedTo": "https://loire.example/actor"
        }
    })
}

fn with(mut value: Value, pointer: &str, new: Value) -> Value {
    let (parent, name) = pointer.rsplit_once('/').unwrap();
    value.pointer_mut(parent).unwrap()[name] = new;
    value
}

#[test]
fn two_actor_keys_are_refused() {
    let bytes = br#"{"id":"https://a.example/1","type":"Follow","actor":"https://a.example/a",
        "actor":"https://a.example/b","object":"https://b.example/"}"#;
    let duplicate = JsonRefused::DuplicateKey {
        key: "actor".into(),
    };
    assert_eq!(Activity::parse(bytes), Err(No::Json(duplicate)));
}

#[test]
fn an_actor_is_one_address_and_nothing_else() {
    assert!(Activity::of(&activity()).is_ok());
    for actor in [
        json!({ "id": "https://loire.example/actor", "publicKey": { "id": "…" } }),
        json!(["https://loire.example/actor"]),
        json!([
            "https://loire.example/actor",
            "https://victim.example/actor"
        ]),
        json!(7),
        json!(""),
        json!("https://LOIRE.example/actor"),
        json!("https://user@loire.example/actor"),
        json!("https://loire.example:443/actor"),
        json!("javascript:alert(1)"),
        json!("https://loire.example/ actor"),
    ] {
        let refused = Activity::of(&with(activity(), "/actor", actor.clone()));
        assert!(
            matches!(
                refused,
                Err(No::Property {
                    property: "actor",
                    ..
                })
            ),
            "{actor}"
        );
    }
    let mut none = activity();
    none.as_object_mut().unwrap().remove("actor");
    assert_eq!(Activity::of(&none), Err(No::Missing("actor")));
}

#[test]
fn an_activity_has_an_id_on_its_actors_origin() {
    for id in [
        "https://victim.example/activities/1",
        "http://loire.example/activities/1",
        "https://loire.example:8443/activities/1",
        "https://loire.example.evil.example/1",
        "https://sub.loire.example/1",
    ] {
        let refused = Activity::of(&with(activity(), "/id", json!(id)));
        assert!(
            matches!(refused, Err(No::OtherOrigin { property: "id", .. })),
            "{id}"
        );
    }
    assert_eq!(
        Activity::of(&with(activity(), "/id", Value::Null)),
        Err(No::Missing("id"))
    );
}

#[test]
fn nobody_creates_updates_or_deletes_a_thing_of_another_origin() {
    for act in ["Create", "Update", "Delete"] {
        let value = with(activity(), "/type", json!(act));
        let embedded = with(
            value.clone(),
            "/object/id",
            json!("https://victim.example/works/1"),
        );
        assert!(
            matches!(
                Activity::of(&embedded),
                Err(No::OtherOrigin {
                    property: "object",
                    ..
                })
            ),
            "{act}"
        );
        let by_id = with(
            value.clone(),
            "/object",
            json!("https://victim.example/works/1"),
        );
        assert!(
            matches!(
                Activity::of(&by_id),
                Err(No::OtherOrigin {
                    property: "object",
                    ..
                })
            ),
            "{act}"
        );
        let nameless = with(value, "/object/id", Value::Null);
        assert_eq!(
            Activity::of(&nameless),
            Err(No::Missing("object.id")),
            "{act}"
        );
    }
    // To pass something on, it may be anyone's.
    let announce = with(activity(), "/type", json!("Announce"));
    let announce = with(
        announce,
        "/object",
        json!("https://wallonie.example/works/1"),
    );
    let announce = Activity::of(&announce).unwrap();
    let Act::Announce { object } = announce.act else {
        panic!()
    };
    assert!(!object.is_of(&announce.actor));
}

#[test]
fn an_activity_says_one_thing() {
    let two = with(activity(), "/type", json!(["Create", "Delete"]));
    assert!(matches!(
        Activity::of(&two),
        Err(No::Property {
            property: "type",
            ..
        })
    ));
    let list = with(activity(), "/type", json!(["Create"]));
    assert!(matches!(
        Activity::of(&list).unwrap().act,
        Act::Create { .. }
    ));
    let also = with(
        activity(),
        "/type",
        json!(["Create", "https://example.org/ns#Gift"]),
    );
    assert!(matches!(
        Activity::of(&also).unwrap().act,
        Act::Create { .. }
    ));
    let unknown = with(activity(), "/type", json!("Arrive"));
    assert_eq!(
        Activity::of(&unknown).unwrap().act,
        Act::Other {
            of_type: "Arrive".into()
        }
    );
    let several = with(
        activity(),
        "/object",
        json!(["https://loire.example/1", "https://loire.example/2"]),
    );
    assert!(matches!(
        Activity::of(&several),
        Err(No::Property {
            property: "object",
            ..
        })
    ));
    let single = with(
        activity(),
        "/object",
        json!(["https://loire.example/works/1"]),
    );
    assert!(Activity::of(&single).is_ok());
    for nothing in [Value::Null, json!([])] {
        assert_eq!(
            Activity::of(&with(activity(), "/object", nothing)),
            Err(No::Missing("object"))
        );
    }
}

#[test]
fn an_audience_is_counted_and_the_public_has_one_name() {
    let value = with(activity(), "/to", json!("as:Public"));
    let value = with(
        value,
        "/cc",
        json!([null, 7, "not an address", "https://loire.example/followers"]),
    );
    let read = Activity::of(&value).unwrap();
    assert!(read.is_public());
    assert_eq!(read.cc, [uri("https://loire.example/followers")]);
    let many: Vec<_> = (0..2001)
        .map(|n| format!("https://loire.example/{n}"))
        .collect();
    let refused = Activity::of(&with(activity(), "/to", json!(many)));
    assert!(matches!(refused, Err(No::Property { property: "to", .. })));
}

#[test]
fn a_signed_object_is_sent_word_for_word() {
    let key = federation::keys::Ed25519Secret::from_seed(&[7; 32]);
    let object = json!({
        "@context": ["https://www.w3.org/ns/activitystreams", "https://antiphon.coop/ns/v1"],
        "id": "https://loire.example/reports/2026-10/1",
        "type": "PlayReport"
    });
    let method = "https://loire.example/actor#ed25519-key";
    let signed = federation::proof::sign(object, &key, method, "2026-11-01T00:00:00Z").unwrap();
    let offer = Activity::new(
        uri("https://loire.example/activities/1"),
        uri("https://loire.example/actor"),
        Act::Offer {
            object: Reference::embed(signed.clone()).unwrap(),
            target: None,
        },
    );
    let sent = Activity::of(&offer.to_value()).unwrap();
    let Act::Offer { object, .. } = &sent.act else {
        panic!()
    };
    assert_eq!(object.value(), Some(&signed));
    assert_eq!(
        federation::proof::verify(object.value().unwrap(), &key.public()),
        Ok(())
    );
}

fn actor() -> Value {
    json!({
        "id": "https://loire.example/actor",
        "type": "Application",
        "inbox": "https://loire.example/inbox",
        "endpoints": { "sharedInbox": "https://loire.example/inbox" },
        "assertionMethod": [{
            "id": "https://loire.example/actor#ed25519-key",
            "type": "Multikey",
            "controller": "https://loire.example/actor",
            "publicKeyMultibase": "z6MkrJVnaZkeFzdQyMZu1cgjg7k1pZZ6pvBQ7XJPt4swbTQ2"
        }]
    })
}

#[test]
fn a_key_belongs_to_the_actor_that_shows_it() {
    const KEY: &str = "https://loire.example/actor#ed25519-key";
    assert!(Actor::of(&actor()).unwrap().key(KEY).is_some());
    for (pointer, value) in [
        (
            "/assertionMethod/0/controller",
            json!("https://victim.example/actor"),
        ),
        (
            "/assertionMethod/0/controller",
            json!("https://loire.example/venues/1"),
        ),
        (
            "/assertionMethod/0/id",
            json!("https://victim.example/actor#key"),
        ),
        (
            "/assertionMethod/0/type",
            json!("Ed25519VerificationKey2020"),
        ),
        ("/assertionMethod/0/publicKeyMultibase", json!("z6Mk")),
        (
            "/assertionMethod",
            json!(["https://loire.example/actor#ed25519-key"]),
        ),
        ("/assertionMethod", json!(7)),
    ] {
        let read = Actor::of(&with(actor(), pointer, value)).unwrap();
        assert!(read.ed25519_keys.is_empty(), "{pointer}");
        assert!(read.key(KEY).is_none());
    }
}

#[test]
fn one_address_for_two_keys_answers_nothing() {
    let mut value = actor();
    let mut second = value["assertionMethod"][0].clone();
    second["id"] = json!("https://loire.example/actor#main-key");
    value["assertionMethod"]
        .as_array_mut()
        .unwrap()
        .push(second);
    let pem = std::fs::read_to_string(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/fixtures/keys/rsa-2048.pem"
    ));
    let rsa = federation::keys::RsaSecret::from_pem(&pem.unwrap()).unwrap();
    value["publicKey"] = json!({
        "id": "https://loire.example/actor#main-key",
        "owner": "https://loire.example/actor",
        "publicKeyPem": rsa.public().to_pem()
    });
    let read = Actor::of(&value).unwrap();
    assert_eq!((read.rsa_keys.len(), read.ed25519_keys.len()), (1, 2));
    assert!(read.key("https://loire.example/actor#main-key").is_none());
    assert!(
        read.key("https://loire.example/actor#ed25519-key")
            .is_some()
    );
}

#[test]
fn an_inbox_is_where_its_actor_is() {
    let elsewhere = with(actor(), "/inbox", json!("https://victim.example/inbox"));
    assert!(matches!(
        Actor::of(&elsewhere),
        Err(No::OtherOrigin {
            property: "inbox",
            ..
        })
    ));
    let shared = with(
        actor(),
        "/endpoints/sharedInbox",
        json!("https://victim.example/inbox"),
    );
    assert_eq!(Actor::of(&shared).unwrap().shared_inbox, None);
}

#[test]
fn texts_and_lists_have_limits() {
    let long = "a".repeat(70_000);
    for (pointer, value) in [
        ("/name", json!(long)),
        ("/summary", json!(long)),
        ("/preferredUsername", json!("a\u{0}b")),
        ("/name", json!({ "fr": "Loire" })),
        ("/territory", json!("Auvergne")),
        ("/currency", json!("euro")),
        ("/publicKey", json!(vec![Value::Null; 17])),
    ] {
        assert!(
            matches!(
                Actor::of(&with(actor(), pointer, value)),
                Err(No::Property { .. })
            ),
            "{pointer}"
        );
    }
    let big = format!("{{\"id\":\"{}\"}}", "a".repeat(1 << 20));
    let refused = Activity::parse(big.as_bytes());
    assert!(matches!(
        refused,
        Err(No::Json(JsonRefused::TooLarge { .. }))
    ));
}

fn work() -> Value {
    json!({
        "id": "https://loire.example/works/1",
        "type": "Audio",
        "kind": "music",
        "name": "Le phare",
        "attributedTo": "https://loire.example/actor",
        "url": [{
            "type": "Link",
            "href": "https://loire.example/works/1/media",
            "mediaType": "audio/ogg",
            "size": "9007199254740993",
            "digest": "sha-256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        }]
    })
}

#[test]
fn a_work_is_what_it_says_and_nothing_it_cannot_be() {
    let read = Work::of(&work()).unwrap();
    assert_eq!(
        read.media.as_ref().unwrap().size,
        Some(9_007_199_254_740_993)
    );
    assert_eq!(Work::of(&read.to_value()).unwrap(), read);
    for (pointer, value) in [
        ("/kind", json!("film")),
        ("/kind", json!("opera")),
        ("/name", json!("")),
        ("/isrc", json!("not an isrc")),
        ("/home", json!("fr")),
        ("/duration", json!("three minutes")),
        ("/published", json!("yesterday")),
        ("/attributedTo", json!("https://victim.example/actor")),
        ("/attributedTo", json!([])),
        ("/url/0/size", json!(-1)),
        ("/url/0/digest", json!("sha-256:AB")),
        ("/type", json!("Application")),
        ("/type", json!("Note")),
    ] {
        assert!(
            Work::of(&with(work(), pointer, value.clone())).is_err(),
            "{pointer} {value}"
        );
    }
    let nameless = with(
        with(work(), "/type", json!("Document")),
        "/kind",
        Value::Null,
    );
    assert!(matches!(Work::of(&nameless), Err(No::OtherType { .. })));
    let book = with(
        with(work(), "/type", json!("Document")),
        "/kind",
        json!("book"),
    );
    assert!(Work::of(&book).is_ok());
}

#[test]
fn a_file_elsewhere_is_not_the_works_file() {
    let elsewhere = with(work(), "/url/0/href", json!("https://victim.example/file"));
    assert_eq!(Work::of(&elsewhere).unwrap().media, None);
}

#[test]
fn a_selection_belongs_to_its_venue_and_its_items_are_works() {
    let selection = json!({
        "id": "https://loire.example/selections/1",
        "type": ["OrderedCollection", "Selection"],
        "name": "Pluie",
        "attributedTo": "https://loire.example/venues/1",
        "orderedItems": ["https://wallonie.example/works/2"]
    });
    let read = Selection::of(&selection).unwrap();
    assert_eq!(
        read.items[0].work.as_str(),
        "https://wallonie.example/works/2"
    );
    for (pointer, value) in [
        ("/attributedTo", json!("https://wallonie.example/venues/1")),
        ("/orderedItems", json!([7])),
        ("/orderedItems", json!([{ "type": "Link" }])),
        (
            "/orderedItems",
            json!(vec!["https://wallonie.example/works/2"; 501]),
        ),
        ("/type", json!("OrderedCollection")),
    ] {
        assert!(
            Selection::of(&with(selection.clone(), pointer, value)).is_err(),
            "{pointer}"
        );
    }
}

#[test]
fn a_release_came_out_on_a_date_or_less() {
    let release = json!({
        "id": "https://loire.example/releases/1",
        "type": "Album",
        "name": "Marées",
        "attributedTo": "https://loire.example/actor",
        "released": "2014"
    });
    assert!(Release::of(&release).is_ok());
    for bad in ["", "14", "2014-", "2014/05", "2014-05-1", "20140512"] {
        let refused = Release::of(&with(release.clone(), "/released", json!(bad)));
        assert!(
            matches!(
                refused,
                Err(No::Property {
                    property: "released",
                    ..
                })
            ),
            "{bad}"
        );
    }
}

#[test]
fn pages_do_not_lead_in_circles_or_elsewhere() {
    let page = json!({
        "id": "https://loire.example/outbox?page=1",
        "type": "OrderedCollectionPage",
        "partOf": "https://loire.example/outbox",
        "next": "https://loire.example/outbox?page=2",
        "orderedItems": ["https://loire.example/activities/1"]
    });
    assert!(CollectionPage::of(&page).is_ok());
    for (pointer, value) in [
        ("/next", json!("https://loire.example/outbox?page=1")),
        ("/next", json!("https://victim.example/")),
        ("/partOf", json!("https://victim.example/")),
        ("/orderedItems", json!([[]])),
        ("/orderedItems", json!(vec!["https://loire.example/1"; 501])),
        ("/type", json!("OrderedCollection")),
    ] {
        assert!(
            CollectionPage::of(&with(page.clone(), pointer, value)).is_err(),
            "{pointer}"
        );
    }
    let collection = json!({
        "id": "https://loire.example/outbox",
        "type": "OrderedCollection",
        "totalItems": 3,
        "first": "https://victim.example/outbox?page=1"
    });
    assert!(matches!(
        Collection::of(&collection),
        Err(No::OtherOrigin {
            property: "first",
            ..
        })
    ));
}

#[test]
fn webfinger_leads_to_an_actor_or_nowhere() {
    for links in [
        json!([]),
        json!([{ "rel": "self", "type": "text/html", "href": "https://loire.example/actor" }]),
        json!([{ "rel": "self", "type": "application/activity+json", "href": "ftp://loire.example/" }]),
        json!([{ "rel": "self", "type": "application/activity+json" }]),
        json!(["https://loire.example/actor"]),
    ] {
        let answer = json!({ "subject": "acct:a@loire.example", "links": links });
        assert!(
            Descriptor::parse(answer.to_string().as_bytes()).is_err(),
            "{links}"
        );
    }
}
