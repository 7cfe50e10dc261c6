//! What is said, by whom, and about what.

use super::*;

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
