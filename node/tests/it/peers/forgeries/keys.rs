//! Whose key it is, and how often that is asked.

use super::*;

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
