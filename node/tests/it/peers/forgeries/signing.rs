//! What a signature says, and what it covers.

use super::*;

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
