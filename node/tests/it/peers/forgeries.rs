//! Requests at the inbox's door over a real socket: as honest strangers sign them, however they do,
//! and as forgers would.

use axum::http::header::{CONTENT_TYPE, DATE};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use federation::keys::SecretKey;
use federation::vocabulary::{ACTIVITY_JSON, LD_JSON};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256, Sha512};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::stranger::{Letter, Stranger, Way, post};
use crate::world::{Host, World};

/// A stranger with an RSA key, at the door of a node.
struct Door {
    world: World,
    loire: Host,
    stranger: Stranger,
}

impl Door {
    async fn new() -> Self {
        let world = World::new();
        let loire = world.node("loire", "FR-ARA").await;
        let stranger = Stranger::plain().await;
        Door {
            world,
            loire,
            stranger,
        }
    }

    fn inbox(&self) -> String {
        format!("{}/inbox", self.loire.base())
    }

    fn now(&self) -> i64 {
        self.world.clock.now_seconds()
    }

    /// A note nobody said before.
    fn note(&self) -> String {
        let id = self.world.clock.fresh_id();
        self.stranger.note(&id).to_string()
    }

    /// The headers of an honest request, without a signature.
    fn plain(&self, body: &str) -> HeaderMap {
        let now = self.now();
        let letter = self
            .stranger
            .letter_of(now, &self.inbox(), body, Way::Cavage);
        let mut headers = letter.headers;
        headers.remove("signature");
        let digest = STANDARD.encode(Sha256::digest(body));
        put(
            &mut headers,
            "content-digest",
            &format!("sha-256=:{digest}:"),
        );
        put(&mut headers, "user-agent", "Honest/1.0");
        put(&mut headers, "content-length", &body.len().to_string());
        headers
    }

    fn value(&self, name: &str, headers: &HeaderMap) -> String {
        let base = self.loire.base();
        match name {
            "(request-target)" => "post /inbox".to_owned(),
            "(created)" => self.now().to_string(),
            "(expires)" => (self.now() + 60).to_string(),
            "@method" => "POST".to_owned(),
            "@target-uri" => self.inbox(),
            "@authority" => base.trim_start_matches("http://").to_owned(),
            "@scheme" => "http".to_owned(),
            "@path" | "@request-target" => "/inbox".to_owned(),
            "@query" => "?".to_owned(),
            _ => headers[name].to_str().unwrap().to_owned(),
        }
    }

    /// A request signed in the old way over these components, with these parameters before
    /// `headers` and `signature`.
    fn cavage(&self, names: &str, parameters: &str) -> Letter {
        let body = self.note();
        let headers = self.plain(&body);
        self.cavage_over(
            names,
            parameters,
            body,
            headers,
            &(&self.stranger.rsa).into(),
        )
    }

    fn cavage_over(
        &self,
        names: &str,
        parameters: &str,
        body: String,
        mut headers: HeaderMap,
        key: &SecretKey<'_>,
    ) -> Letter {
        let lines: Vec<String> = names
            .split(' ')
            .map(|name| format!("{name}: {}", self.value(name, &headers)))
            .collect();
        let signature = STANDARD.encode(key.sign(lines.join("\n").as_bytes()));
        let key_id = self.stranger.at("/actor#main-key");
        let text =
            format!("keyId=\"{key_id}\",{parameters}headers=\"{names}\",signature=\"{signature}\"");
        put(&mut headers, "signature", &text);
        self.letter(headers, body)
    }

    /// A request signed in the new way over these components, with these parameters.
    fn rfc9421(&self, names: &str, parameters: &str) -> Letter {
        let body = self.note();
        let headers = self.plain(&body);
        self.rfc9421_over(names, parameters, body, headers)
    }

    fn rfc9421_over(
        &self,
        names: &str,
        parameters: &str,
        body: String,
        mut headers: HeaderMap,
    ) -> Letter {
        let mut base = String::new();
        let mut list = Vec::new();
        for name in names.split(' ').filter(|name| !name.is_empty()) {
            base.push_str(&format!("\"{name}\": {}\n", self.value(name, &headers)));
            list.push(format!("\"{name}\""));
        }
        let key_id = self.stranger.at("/actor#main-key");
        let input = format!("({}){parameters};keyid=\"{key_id}\"", list.join(" "));
        base.push_str(&format!("\"@signature-params\": {input}"));
        let signature = STANDARD.encode(self.stranger.rsa.sign(base.as_bytes()));
        put(&mut headers, "signature-input", &format!("sig1={input}"));
        put(&mut headers, "signature", &format!("sig1=:{signature}:"));
        self.letter(headers, body)
    }

    fn letter(&self, headers: HeaderMap, body: String) -> Letter {
        Letter {
            url: self.inbox().parse().unwrap(),
            headers,
            body: body.into_bytes(),
        }
    }

    async fn takes(&self, letter: &Letter, what: &str) {
        let answer = post(&self.loire, letter).await;
        assert_eq!(answer.status.as_u16(), 202, "{what}: {}", answer.text);
    }

    async fn refuses(&self, letter: &Letter, what: &str) {
        let answer = post(&self.loire, letter).await;
        assert!(
            answer.status.is_client_error() || answer.status.as_u16() == 503,
            "{what}: {} {}",
            answer.status,
            answer.text
        );
        assert!(!answer.error().is_empty(), "{what} is told why");
    }

    /// Refuses an activity, signed as it should be.
    async fn refuses_words(&self, body: &str, what: &str) {
        for way in [Way::Cavage, Way::Rfc9421] {
            let letter = self
                .stranger
                .letter_of(self.now(), &self.inbox(), body, way);
            self.refuses(&letter, what).await;
        }
    }
}

fn put(headers: &mut HeaderMap, name: &'static str, value: &str) {
    let value = HeaderValue::from_str(value).unwrap();
    headers.insert(HeaderName::from_static(name), value);
}

const OLD: &str = "(request-target) host date digest";
const NEW: &str = "@method @target-uri content-digest";

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_stranger_is_taken_however_it_signs() {
    let door = Door::new().await;
    let now = door.now();
    for (names, parameters) in [
        (OLD, "algorithm=\"rsa-sha256\","),
        (OLD, "algorithm=\"hs2019\","),
        (OLD, ""),
        (
            "host (request-target) digest date",
            "algorithm=\"rsa-sha256\",",
        ),
        (
            "(request-target) host date digest content-type content-length user-agent",
            "algorithm=\"rsa-sha256\",",
        ),
        (
            "(request-target) (created) host digest",
            &format!("algorithm=\"hs2019\",created={now},"),
        ),
        (
            "(request-target) (created) (expires) host digest",
            &format!("algorithm=\"hs2019\",created={now},expires={},", now + 60),
        ),
        (OLD, "algorithm=\"rsa-sha256\",opaque=\"something else\","),
    ] {
        let letter = door.cavage(names, parameters);
        door.takes(&letter, &format!("{names} {parameters}")).await;
    }
    let created = format!(";created={now}");
    for (names, parameters) in [
        (NEW, created.clone()),
        (NEW, format!("{created};alg=\"rsa-v1_5-sha256\"")),
        (NEW, format!("{created};expires={}", now + 60)),
        (NEW, format!("{created};nonce=\"n\";tag=\"fediverse\"")),
        (
            "content-digest @authority @path @method content-type content-length date host",
            created.clone(),
        ),
        ("@method @request-target @authority content-digest", created),
        ("@method @target-uri content-digest date", String::new()),
    ] {
        let letter = door.rfc9421(names, &parameters);
        door.takes(&letter, &format!("{names} {parameters}")).await;
    }
    // Created alone, without a Date at all.
    let body = door.note();
    let mut headers = door.plain(&body);
    headers.remove(DATE);
    let letter = door.cavage_over(
        "(request-target) (created) host digest",
        &format!("algorithm=\"hs2019\",created={now},"),
        body,
        headers,
        &(&door.stranger.rsa).into(),
    );
    door.takes(&letter, "created alone").await;
    for media_type in [
        LD_JSON,
        "application/activity+json; charset=utf-8",
        "application/ld+json;profile=\"https://www.w3.org/ns/activitystreams\"",
    ] {
        let body = door.note();
        let mut headers = door.plain(&body);
        headers.insert(CONTENT_TYPE, media_type.parse().unwrap());
        let key = (&door.stranger.rsa).into();
        let names = "(request-target) host date digest content-type";
        let letter = door.cavage_over(names, "algorithm=\"rsa-sha256\",", body, headers, &key);
        door.takes(&letter, media_type).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_honest_strangers_actor_is_read_under_every_honest_media_type() {
    let door = Door::new().await;
    for media_type in [
        "application/ld+json;profile=\"https://www.w3.org/ns/activitystreams\"",
        "application/activity+json;charset=UTF-8",
    ] {
        let mut stranger = Stranger::new().await;
        stranger.is_node = false;
        let actor = stranger.actor("/actor").to_string();
        stranger.serve("/actor", media_type, &actor);
        let note = stranger.note("a");
        let letter = stranger.letter(&door.world, &door.loire, &note, Way::Cavage);
        door.takes(&letter, media_type).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_without_any_one_of_its_parts_is_refused() {
    let door = Door::new().await;
    for (all, way) in [(OLD, Way::Cavage), (NEW, Way::Rfc9421)] {
        for left_out in all.split(' ') {
            let kept: Vec<&str> = all.split(' ').filter(|name| *name != left_out).collect();
            let letter = match way {
                Way::Cavage => door.cavage(&kept.join(" "), "algorithm=\"rsa-sha256\","),
                Way::Rfc9421 => door.rfc9421(&kept.join(" "), &format!(";created={}", door.now())),
            };
            door.refuses(&letter, &format!("{way:?} without {left_out}"))
                .await;
        }
    }
    let letter = door.rfc9421(NEW, "");
    door.refuses(&letter, "no created and no date").await;
    let letter = door.rfc9421("", &format!(";created={}", door.now()));
    door.refuses(&letter, "nothing covered").await;
    let letter = door.rfc9421(
        "@method @path content-digest",
        &format!(";created={}", door.now()),
    );
    door.refuses(&letter, "no host").await;
    // A created that nobody signed, beside a covered date that is old: of no help.
    let letter = door.cavage(
        "(request-target) host digest",
        &format!("created={},", door.now()),
    );
    door.refuses(&letter, "created is not covered").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_is_wrong_in_any_header_is_refused() {
    let door = Door::new().await;
    let now = door.now();
    for (names, parameters) in [
        (OLD, format!("algorithm=\"hs2019\",created={},", now + 600)),
        (OLD, format!("algorithm=\"hs2019\",created={},", now - 4000)),
        (OLD, format!("algorithm=\"hs2019\",expires={},", now - 1)),
        (OLD, "created=99999999999999999999,".to_owned()),
        (OLD, "created=\"soon\",".to_owned()),
    ] {
        door.refuses(&door.cavage(names, &parameters), &parameters)
            .await;
    }
    for parameters in [
        format!(";created={}", now + 600),
        format!(";created={}", now - 4000),
        format!(";created={now};expires={}", now - 1),
        ";created=-5".to_owned(),
        format!(";created=\"{now}\""),
        format!(";created={now}.0"),
    ] {
        door.refuses(&door.rfc9421(NEW, &parameters), &parameters)
            .await;
    }
    let body = door.note();
    let mut headers = door.plain(&body);
    headers.insert(DATE, HeaderValue::from_static("yesterday"));
    let key = (&door.stranger.rsa).into();
    let letter = door.cavage_over(OLD, "", body, headers, &key);
    door.refuses(&letter, "a date that is none").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_algorithm_that_is_not_that_of_the_key_is_refused() {
    let door = Door::new().await;
    for algorithm in [
        "hmac-sha256",
        "none",
        "",
        "rsa-sha1",
        "rsa-sha512",
        "ed25519",
        "ecdsa-sha256",
        "RSA-SHA256",
    ] {
        let letter = door.cavage(OLD, &format!("algorithm=\"{algorithm}\","));
        door.refuses(&letter, algorithm).await;
        let parameters = format!(";created={};alg=\"{algorithm}\"", door.now());
        door.refuses(&door.rfc9421(NEW, &parameters), algorithm)
            .await;
    }
    // The public key, which everybody has, as if it were a shared secret.
    let body = door.note();
    let mut headers = door.plain(&body);
    let pem = door.stranger.rsa.public().to_pem();
    let lines: Vec<String> = OLD
        .split(' ')
        .map(|name| format!("{name}: {}", door.value(name, &headers)))
        .collect();
    let mac = STANDARD.encode(hmac_sha256(pem.as_bytes(), lines.join("\n").as_bytes()));
    for algorithm in ["hmac-sha256", "hs2019", "rsa-sha256"] {
        let key_id = door.stranger.at("/actor#main-key");
        let text = format!(
            "keyId=\"{key_id}\",algorithm=\"{algorithm}\",headers=\"{OLD}\",signature=\"{mac}\""
        );
        put(&mut headers, "signature", &text);
        let letter = door.letter(headers.clone(), body.clone());
        door.refuses(&letter, algorithm).await;
    }
}

/// RFC 2104, for a forger.
fn hmac_sha256(key: &[u8], message: &[u8]) -> Vec<u8> {
    let key = Sha256::digest(key);
    let pad = |byte: u8| -> Vec<u8> {
        let mut block = vec![byte; 64];
        block.iter_mut().zip(key).for_each(|(b, k)| *b ^= k);
        block
    };
    let inner = Sha256::digest([pad(0x36), message.to_vec()].concat());
    Sha256::digest([pad(0x5c), inner.to_vec()].concat()).to_vec()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_digest_that_binds_nothing_is_refused() {
    let door = Door::new().await;
    let body = door.note();
    let right = STANDARD.encode(Sha256::digest(&body));
    let wrong = STANDARD.encode(Sha256::digest("another body"));
    let right_512 = STANDARD.encode(Sha512::digest(&body));
    let key = (&door.stranger.rsa).into();
    for digest in [
        "MD5=1B2M2Y8AsgTpgAmY7PhCfg==".to_owned(),
        "SHA=2jmj7l5rSw0yVb/vlWAYkK/YBwk=".to_owned(),
        "UNIXsum=30637".to_owned(),
        format!("SHA-256={wrong}"),
        format!("SHA-256={right},SHA-256={wrong}"),
        format!("SHA-256={wrong},SHA-512={right_512}"),
        format!("SHA-256=:{right}:"),
        right.clone(),
        String::new(),
    ] {
        let mut headers = door.plain(&body);
        put(&mut headers, "digest", &digest);
        let letter = door.cavage_over(OLD, "", body.clone(), headers, &key);
        door.refuses(&letter, &digest).await;
    }
    let created = format!(";created={}", door.now());
    for digest in [
        "md5=:1B2M2Y8AsgTpgAmY7PhCfg==:".to_owned(),
        "sha=:2jmj7l5rSw0yVb/vlWAYkK/YBwk=:".to_owned(),
        format!("sha-256=:{wrong}:"),
        format!("sha-256=:{right}:, sha-256=:{wrong}:"),
        format!("sha-512=:{right_512}:, sha-256=:{wrong}:"),
        format!("sha-256={right}"),
        format!("SHA-256=:{right}:"),
        String::new(),
    ] {
        let mut headers = door.plain(&body);
        put(&mut headers, "content-digest", &digest);
        let letter = door.rfc9421_over(NEW, &created, body.clone(), headers);
        door.refuses(&letter, &digest).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_signature_for_another_target_is_refused() {
    let door = Door::new().await;
    for path in ["/inbox?x=1", "/inbox?", "/inbox/", "//inbox", "/inbox%3F"] {
        for mut letter in [
            door.cavage(OLD, "algorithm=\"rsa-sha256\","),
            door.rfc9421(NEW, &format!(";created={}", door.now())),
        ] {
            letter.url = format!("{}{path}", door.loire.base()).parse().unwrap();
            let answer = post(&door.loire, &letter).await;
            assert!(answer.status.is_client_error(), "{path}: {}", answer.text);
        }
    }
    // §2.3: the method is written small. Written large it is another string.
    let body = door.note();
    let mut headers = door.plain(&body);
    let base = format!(
        "(request-target): POST /inbox\nhost: {}\ndate: {}\ndigest: {}",
        headers["host"].to_str().unwrap(),
        headers["date"].to_str().unwrap(),
        headers["digest"].to_str().unwrap(),
    );
    let signature = STANDARD.encode(door.stranger.rsa.sign(base.as_bytes()));
    let key_id = door.stranger.at("/actor#main-key");
    let text = format!("keyId=\"{key_id}\",headers=\"{OLD}\",signature=\"{signature}\"");
    put(&mut headers, "signature", &text);
    door.refuses(&door.letter(headers, body), "a method in capitals")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_of_a_header_that_counts_are_refused() {
    let door = Door::new().await;
    for name in ["signature", "date", "digest"] {
        let mut letter = door.cavage(OLD, "algorithm=\"rsa-sha256\",");
        let again = letter.headers[name].clone();
        letter.headers.append(name, again);
        door.refuses(&letter, name).await;
    }
    for name in ["signature", "signature-input", "content-digest"] {
        let mut letter = door.rfc9421(NEW, &format!(";created={}", door.now()));
        let again = letter.headers[name].clone();
        letter.headers.append(name, again);
        door.refuses(&letter, name).await;
    }
    // Two in one header.
    let mut letter = door.rfc9421(NEW, &format!(";created={}", door.now()));
    for name in ["signature", "signature-input"] {
        let one = letter.headers[name].to_str().unwrap().to_owned();
        put(
            &mut letter.headers,
            name,
            &format!("{one}, {}", one.replacen("sig1", "sig2", 1)),
        );
    }
    door.refuses(&letter, "two signatures").await;
    // Both ways at once.
    let mut letter = door.cavage(OLD, "");
    letter
        .headers
        .insert("signature-input", "sig1=()".parse().unwrap());
    door.refuses(&letter, "both ways").await;
    // A parameter twice, in any case.
    for twice in ["headers=\"date\",", "keyId=\"x\",", "KEYID=\"x\","] {
        let letter = door.cavage(OLD, twice);
        door.refuses(&letter, twice).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_the_actors_is_refused_in_every_spelling() {
    let door = Door::new().await;
    let mallory = Stranger::plain().await;
    let base = door.stranger.base.clone();
    let port = base.rsplit(':').next().unwrap();
    // Somebody else's documents on the same host, and one that claims the actor's key.
    let mut other = door.stranger.actor("/upload");
    other["publicKey"]["publicKeyPem"] = json!(mallory.rsa.public().to_pem());
    let upload = other.to_string();
    door.stranger.serve("/upload", ACTIVITY_JSON, &upload);
    let mut claimed = mallory.actor("/actor");
    claimed["publicKey"]["owner"] = json!(door.stranger.at("/actor"));
    mallory.serve("/key", ACTIVITY_JSON, &claimed.to_string());
    for key_id in [
        format!("{base}/actor"),
        format!("{base}/actor#"),
        format!("{base}/actor#other-key"),
        format!("{base}/actor?x#main-key"),
        format!("{base}/upload#main-key"),
        format!("{base}//actor#main-key"),
        format!("{base}/./actor#main-key"),
        format!("{base}/nothing#main-key"),
        format!("HTTP://localhost:{port}/actor#main-key"),
        format!("http://LOCALHOST:{port}/actor#main-key"),
        format!("http://localhost.:{port}/actor#main-key"),
        format!("http://127.0.0.1:{port}/actor#main-key"),
        format!("http://user@localhost:{port}/actor#main-key"),
        format!("http://localhost:{port}@evil.example/actor#main-key"),
        format!("http://localhost:0{port}/actor#main-key"),
        mallory.at("/key#main-key"),
        mallory.at("/actor#main-key"),
        "http://169.254.169.254/latest#main-key".to_owned(),
        "file:///etc/passwd#main-key".to_owned(),
        "acct:node@localhost".to_owned(),
        format!("{}/actor#main-key", door.loire.base()),
        String::new(),
        "x".repeat(3000),
    ] {
        for letter in [
            door.cavage(OLD, "algorithm=\"rsa-sha256\","),
            door.rfc9421(NEW, &format!(";created={}", door.now())),
        ] {
            let mut letter = letter;
            let honest = door.stranger.at("/actor#main-key");
            for name in ["signature", "signature-input"] {
                if let Some(text) = letter.headers.get(name) {
                    let text = text.to_str().unwrap().replace(&honest, &key_id);
                    letter
                        .headers
                        .insert(name, HeaderValue::from_str(&text).unwrap());
                }
            }
            door.refuses(&letter, &key_id).await;
        }
    }
    // After all this the honest stranger is as welcome as ever.
    door.world.pass(31);
    let letter = door.cavage(OLD, "algorithm=\"rsa-sha256\",");
    door.takes(&letter, "the honest one").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn words_that_are_not_the_actors_own_are_refused() {
    let door = Door::new().await;
    let base = door.stranger.base.clone();
    let port = base.rsplit(':').next().unwrap();
    let victim = "http://localhost:1";
    let note = |change: &dyn Fn(&mut Value)| {
        let mut note: Value = serde_json::from_str(&door.note()).unwrap();
        change(&mut note);
        note.to_string()
    };
    let with = |name: &str, value: Value| note(&|note| note[name] = value.clone());
    let about = |kind: &str, object: Value| {
        note(&|note| {
            note["type"] = json!(kind);
            note["object"] = object.clone();
        })
    };
    let thing = |id: String| json!({ "id": id, "type": "Note", "content": "x" });
    for (body, what) in [
        (with("id", json!(format!("{victim}/a"))), "id elsewhere"),
        (
            with("id", json!(format!("HTTP://localhost:{port}/a"))),
            "id in capitals",
        ),
        (
            with("id", json!(format!("http://localhost.:{port}/a"))),
            "id with a dot",
        ),
        (
            with("id", json!(format!("http://u@localhost:{port}/a"))),
            "id with a user",
        ),
        (with("id", json!("a")), "id that is none"),
        (with("id", json!("")), "empty id"),
        (with("id", json!(["a", "b"])), "two ids"),
        (
            with("id", json!(format!("{base}/{}", "a".repeat(3000)))),
            "oversized id",
        ),
        (
            with("id", json!(format!("{base}/\u{202e}a"))),
            "right-to-left id",
        ),
        (with("id", json!(format!("{base}/\0"))), "null byte"),
        (
            with("id", json!(format!("http://lоcalhost:{port}/a"))),
            "homoglyph host",
        ),
        (with("id", json!(format!("{base}/a b"))), "space"),
        (
            with("actor", json!(format!("http://LOCALHOST:{port}/actor"))),
            "actor in capitals",
        ),
        (
            with("actor", json!(format!("http://localhost.:{port}/actor"))),
            "actor with a dot",
        ),
        (
            with("actor", json!(format!("{victim}/actor"))),
            "another actor",
        ),
        (
            with("actor", json!({ "id": format!("{base}/actor") })),
            "embedded actor",
        ),
        (
            with("actor", json!([format!("{base}/actor")])),
            "actors in a list",
        ),
        (with("actor", Value::Null), "no actor"),
        (
            with("type", json!(["Create", "Delete"])),
            "two things at once",
        ),
        (with("type", Value::Null), "no type"),
        (
            about("Delete", json!(format!("{victim}/a"))),
            "Delete elsewhere",
        ),
        (
            about(
                "Delete",
                json!({ "id": format!("{victim}/a"), "type": "Tombstone" }),
            ),
            "a tombstone elsewhere",
        ),
        (
            about("Update", thing(format!("{victim}/a"))),
            "Update elsewhere",
        ),
        (
            about("Create", thing(format!("{victim}/a"))),
            "Create elsewhere",
        ),
        (
            about("Update", json!(format!("{}/actor", door.loire.base()))),
            "Update of ourselves",
        ),
        (
            about(
                "Create",
                json!({ "id": format!("{base}/n"), "type": "Note", "attributedTo": format!("{victim}/actor") }),
            ),
            "attributed to another",
        ),
        (
            about(
                "Create",
                json!({ "id": format!("{base}/n"), "type": "Note", "attributedTo": [format!("{base}/actor"), format!("{victim}/actor")] }),
            ),
            "attributed to another too",
        ),
        (
            about("Undo", json!(format!("{victim}/follow"))),
            "Undo elsewhere",
        ),
        (
            about(
                "Undo",
                json!({ "id": format!("{base}/f"), "type": "Follow", "actor": format!("{base}/alice"), "object": door.loire.config.actor().as_str() }),
            ),
            "Undo of another's",
        ),
        (
            about(
                "Accept",
                json!(format!("{}/activities/0", door.loire.base())),
            ),
            "Accept never asked for",
        ),
        (
            about("Accept", json!(format!("{victim}/follow"))),
            "Accept of another's question",
        ),
        (
            about(
                "Reject",
                json!(format!("{}/activities/0", door.loire.base())),
            ),
            "Reject never asked for",
        ),
    ] {
        door.refuses_words(&body, what).await;
    }
    let honest = door.note();
    let twice = honest.replacen('{', "{\"actor\":\"http://localhost:1/actor\",", 1);
    door.refuses_words(&twice, "two actors").await;
    let escaped = honest.replacen('{', "{\"\\u0061ctor\":\"http://localhost:1/actor\",", 1);
    door.refuses_words(&escaped, "two actors, one spelled otherwise")
        .await;
    let number = honest.replacen('{', "{\"n\":1e999,", 1);
    door.refuses_words(&number, "a number beyond double").await;
    let deep = honest.replacen(
        '{',
        &format!("{{\"n\":{}{},", "[".repeat(40), "]".repeat(40)),
        1,
    );
    door.refuses_words(&deep, "too deep").await;
    let more = format!("{honest}{honest}");
    door.refuses_words(&more, "two documents").await;
    door.refuses_words("", "nothing").await;
    door.refuses_words("[]", "a list").await;
    door.refuses_words("\u{feff}{}", "a byte order mark").await;
    // Only the answers made us look whose key it is, once for each of two keys.
    assert!(door.stranger.asked_for("/actor") <= 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn another_media_type_is_refused() {
    let door = Door::new().await;
    for media_type in [
        "application/json",
        "text/html",
        "application/ld+json",
        "application/ld+json; profile=\"https://example.org/\"",
        "text/plain; application/activity+json",
        "multipart/form-data; boundary=x",
        "",
    ] {
        let mut letter = door.cavage(OLD, "algorithm=\"rsa-sha256\",");
        letter
            .headers
            .insert(CONTENT_TYPE, media_type.parse().unwrap());
        door.refuses(&letter, media_type).await;
    }
    let mut letter = door.cavage(OLD, "algorithm=\"rsa-sha256\",");
    letter.headers.remove(CONTENT_TYPE);
    door.refuses(&letter, "none").await;
}

/// Writes bytes to the door as they are and reads the status line.
async fn raw(door: &Door, bytes: &[u8]) -> String {
    let address = door.loire.config.listen;
    let mut socket = tokio::net::TcpStream::connect(address).await.unwrap();
    socket.write_all(bytes).await.unwrap();
    let mut answer = [0; 15];
    let read = socket.read(&mut answer).await.unwrap_or(0);
    String::from_utf8_lossy(&answer[..read]).into_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_that_no_client_would_send_are_refused() {
    let door = Door::new().await;
    let letter = door.cavage(OLD, "algorithm=\"rsa-sha256\",");
    let body = String::from_utf8(letter.body.clone()).unwrap();
    let line = |name: &str| letter.headers[name].to_str().unwrap().to_owned();
    let request = |signature: &str, more: &str| {
        format!(
            "POST /inbox HTTP/1.1\r\nHost: {}\r\nDate: {}\r\nDigest: {}\r\nContent-Type: {ACTIVITY_JSON}\r\n{signature}{more}Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            line("host"),
            line("date"),
            line("digest"),
            body.len(),
        )
    };
    let honest = format!("Signature: {}\r\n", line("signature"));
    // Folded, as HTTP/1.0 allowed; with bytes beyond ASCII; with a null byte.
    let folded = honest.replace(",headers", ",\r\n headers");
    for (bytes, what) in [
        (request(&folded, "").into_bytes(), "folded"),
        (
            request(&honest.replace("keyId=\"", "keyId=\"\u{e9}"), "").into_bytes(),
            "obs-text",
        ),
        (
            request(&honest.replace("keyId=\"", "keyId=\"\0"), "").into_bytes(),
            "null byte",
        ),
        (
            request(&honest, &format!("Content-Length: {}\r\n", body.len() + 1)).into_bytes(),
            "two lengths",
        ),
        (
            request(&honest, "Host: elsewhere.example\r\n").into_bytes(),
            "two hosts",
        ),
        (
            request(&honest, &format!("Padding: {}\r\n", "x".repeat(1 << 20))).into_bytes(),
            "a huge header",
        ),
    ] {
        let answer = raw(&door, &bytes).await;
        assert!(!answer.contains(" 2"), "{what}: {answer}");
    }
    let answer = raw(&door, request(&honest, "").as_bytes()).await;
    assert!(answer.contains(" 202"), "the honest one: {answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_endless_body_is_cut_off() {
    let door = Door::new().await;
    let head = format!(
        "POST /inbox HTTP/1.1\r\nHost: {}\r\nContent-Type: {ACTIVITY_JSON}\r\nTransfer-Encoding: chunked\r\n\r\n",
        door.loire.config.domain
    );
    let mut bytes = head.into_bytes();
    for _ in 0..40 {
        bytes.extend_from_slice(b"4000\r\n");
        bytes.extend_from_slice(&[b'['; 0x4000]);
        bytes.extend_from_slice(b"\r\n");
    }
    // No last chunk: the node answers without waiting for an end that never comes.
    let answer = raw(&door, &bytes).await;
    assert!(answer.contains(" 413"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packed_body_is_not_unpacked() {
    let door = Door::new().await;
    // gzip of a few bytes; what matters is that nothing here unpacks.
    let packed = "\u{1f}".to_owned();
    let mut headers = door.plain(&packed);
    put(&mut headers, "content-encoding", "gzip");
    let key = (&door.stranger.rsa).into();
    let letter = door.cavage_over(OLD, "", packed, headers, &key);
    door.refuses(&letter, "gzip").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_in_a_victims_name_knocks_at_its_door_once() {
    let door = Door::new().await;
    let victim = Stranger::plain().await;
    for number in 0..50 {
        let note = victim.note(&number.to_string()).to_string();
        let mut letter = victim.letter_of(door.now(), &door.inbox(), &note, Way::Cavage);
        letter
            .headers
            .insert("date", "Thu, 01 Oct 2026 08:00:00 GMT".parse().unwrap());
        let digest = STANDARD.encode(Sha256::digest(note.as_bytes()));
        put(&mut letter.headers, "digest", &format!("SHA-256={digest}"));
        let body = note;
        let text = letter.headers["signature"]
            .to_str()
            .unwrap()
            .replace("A", "B");
        put(&mut letter.headers, "signature", &text);
        letter.body = body.into_bytes();
        door.refuses(&letter, "forged").await;
    }
    assert!(victim.asked_for("/actor") <= 1);
    // One that does not exist at all is not asked for again and again either.
    for _ in 0..10 {
        let mut note = door.stranger.note(&door.world.clock.fresh_id());
        note["actor"] = json!(door.stranger.at("/nobody"));
        let text = note.to_string();
        let mut letter = door
            .stranger
            .letter_of(door.now(), &door.inbox(), &text, Way::Cavage);
        let signature = letter.headers["signature"].to_str().unwrap();
        let signature = signature.replace("/actor#", "/nobody#");
        put(&mut letter.headers, "signature", &signature);
        door.refuses(&letter, "nobody").await;
    }
    assert!(
        door.stranger.asked_for("/nobody") <= 2,
        "once in each way of signing"
    );
}
