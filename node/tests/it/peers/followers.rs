//! Strangers who follow venues, parties and members of ours; and members who follow strangers.

use axum::http::StatusCode;
use node::db::DbError;
use node::peers::store;
use node::venues::Venue;
use serde_json::{Value, json};
use settlement::{Uri, WorkId};

use super::settle;
use super::stranger::{Stranger, post};
use crate::world::{Host, Visitor, World};

const MARIE: &str = "/users/marie";
const PAUL: &str = "/users/paul";

/// A node with a venue, and a server of another kind with two accounts.
async fn a_venue_and_two_accounts() -> (World, Host, Venue, Stranger) {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let mastodon = Stranger::new().await;
    mastodon.serve_person(MARIE);
    mastodon.serve_person(PAUL);
    (world, loire, library, mastodon)
}

fn follow(stranger: &Stranger, who: &str, whom: &str) -> Value {
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": stranger.at(&format!("{who}/follows/1")),
        "type": "Follow",
        "actor": stranger.at(who),
        "object": whom,
    })
}

/// An account says something; how the door answered.
async fn say(world: &World, host: &Host, from: &Stranger, who: &str, said: &Value) -> StatusCode {
    let letter = from.letter_from(world, host, who, said);
    let answer = post(host, &letter).await;
    world.pass(1);
    settle(&[host]).await;
    answer.status
}

async fn count(host: &Host, of: &str) -> i64 {
    let id = Uri::parse(of).unwrap();
    let look = host
        .db
        .read(move |conn| Ok::<_, DbError>(store::followers_of(conn, &id)?));
    look.await.unwrap()
}

async fn publish(host: &Host, venue: &Venue, work: &WorkId, title: &str) -> Uri {
    let (node, venue, title) = (host.app.clone(), venue.clone(), title.to_owned());
    let items = [node::curation::Item {
        work: work.clone(),
        note: String::new(),
    }];
    let published = host.db.write(move |conn| {
        node::curation::publish(conn, &node, &venue, &title, "Doucement & <bas>.", &items)
    });
    let selection = published.await.unwrap();
    settle(&[host]).await;
    selection.id
}

async fn activity(visitor: &Visitor, path: &str) -> crate::world::Answer {
    let request = visitor.request(reqwest::Method::GET, path);
    visitor
        .send(request.header("accept", "application/activity+json"))
        .await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranger_follows_a_venue_and_hears_of_its_selections_as_a_note() {
    let (world, loire, library, mastodon) = a_venue_and_two_accounts().await;
    let song = loire.work("Le-phare", 180);
    let venue = library.id.as_str();
    let asked = follow(&mastodon, MARIE, venue);
    let status = say(&world, &loire, &mastodon, MARIE, &asked).await;
    assert_eq!(status, StatusCode::ACCEPTED);
    let [accept] = &mastodon.delivered()[..] else {
        panic!("{:?}", mastodon.delivered())
    };
    assert_eq!(accept["type"], "Accept");
    assert_eq!(accept["actor"], venue);
    assert_eq!(accept["object"]["id"], asked["id"]);
    assert_eq!(mastodon.ways(), ["cavage"]);

    let selection = publish(&loire, &library, &song, "Pour un soir de pluie").await;
    let create = mastodon.delivered().pop().unwrap();
    assert_eq!(create["type"], "Create");
    assert_eq!(create["actor"], venue);
    let note = &create["object"];
    assert_eq!(note["type"], "Note");
    assert_eq!(note["attributedTo"], venue);
    assert_eq!(note["url"], selection.as_str());
    let content = note["content"].as_str().unwrap();
    for part in [
        "Pour un soir de pluie",
        "Doucement &amp; &lt;bas&gt;.",
        "Le-phare",
    ] {
        assert!(content.contains(part), "{content}");
    }
    // What was told is what is there, and the venue's outbox lists it.
    let visitor = loire.visitor();
    let path = note["id"].as_str().unwrap().strip_prefix(&loire.base());
    let there = activity(&visitor, path.unwrap()).await.json();
    assert_eq!(there, *note);
    let outbox = activity(&visitor, "/venues/mediatheque/outbox")
        .await
        .json();
    assert_eq!(outbox["totalItems"], 1);
    let first = outbox["first"]
        .as_str()
        .unwrap()
        .strip_prefix(&loire.base());
    let page = activity(&visitor, first.unwrap()).await.json();
    assert_eq!(page["orderedItems"][0]["object"]["id"], note["id"]);

    // The venue's actor shows the key that signed, and is found by its name.
    let actor = activity(&visitor, "/venues/mediatheque").await.json();
    assert_eq!(actor["publicKey"]["owner"], venue);
    let name = format!("acct:mediatheque@{}", loire.config.domain);
    let found = visitor
        .get(&format!("/.well-known/webfinger?resource={name}"))
        .await
        .json();
    assert_eq!(found["subject"], name);
    assert_eq!(found["links"][0]["href"], venue);

    let undo = json!({
        "id": mastodon.at("/users/marie/undo"),
        "type": "Undo",
        "actor": mastodon.at(MARIE),
        "object": asked,
    });
    say(&world, &loire, &mastodon, MARIE, &undo).await;
    assert_eq!(count(&loire, venue).await, 0);
    let before = mastodon.delivered().len();
    publish(&loire, &library, &song, "Une autre").await;
    assert_eq!(mastodon.delivered().len(), before);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_accounts_of_one_server_follow_and_a_note_goes_there_once() {
    let (world, loire, library, mastodon) = a_venue_and_two_accounts().await;
    let song = loire.work("Le-phare", 180);
    for who in [MARIE, PAUL] {
        let asked = follow(&mastodon, who, library.id.as_str());
        let status = say(&world, &loire, &mastodon, who, &asked).await;
        assert_eq!(status, StatusCode::ACCEPTED, "{who}");
    }
    assert_eq!(count(&loire, library.id.as_str()).await, 2);
    publish(&loire, &library, &song, "Pour un soir de pluie").await;
    let delivered = mastodon.delivered();
    let notes = delivered.iter().filter(|said| said["type"] == "Create");
    assert_eq!(notes.count(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_has_no_say_over_another_of_its_server() {
    let (world, loire, library, mastodon) = a_venue_and_two_accounts().await;
    let asked = follow(&mastodon, MARIE, library.id.as_str());
    say(&world, &loire, &mastodon, MARIE, &asked).await;
    // Paul's key does not sign for Marie.
    let forged = follow(&mastodon, MARIE, loire.config.actor().as_str());
    let letter = mastodon.letter_from(&world, &loire, PAUL, &forged);
    let answer = post(&loire, &letter).await;
    assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
    assert!(
        answer.error().contains("does not show the key"),
        "{}",
        answer.text
    );
    world.pass(31);
    // Paul takes back what Marie said, written out and by its id.
    let undone = [
        (asked.clone(), StatusCode::BAD_REQUEST),
        (asked["id"].clone(), StatusCode::UNPROCESSABLE_ENTITY),
    ];
    for (number, (object, refused)) in undone.into_iter().enumerate() {
        let undo = json!({
            "id": mastodon.at(&format!("/users/paul/undo/{number}")),
            "type": "Undo",
            "actor": mastodon.at(PAUL),
            "object": object,
        });
        let status = say(&world, &loire, &mastodon, PAUL, &undo).await;
        assert_eq!(status, refused);
        assert_eq!(count(&loire, library.id.as_str()).await, 1);
    }
    // Paul deletes Marie.
    let gone = json!({
        "id": mastodon.at("/users/paul/delete"),
        "type": "Delete",
        "actor": mastodon.at(PAUL),
        "object": mastodon.at(MARIE),
    });
    let status = say(&world, &loire, &mastodon, PAUL, &gone).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(count(&loire, library.id.as_str()).await, 1);
    // Marie goes by herself.
    let gone = json!({
        "id": mastodon.at("/users/marie/delete"),
        "type": "Delete",
        "actor": mastodon.at(MARIE),
        "object": mastodon.at(MARIE),
    });
    say(&world, &loire, &mastodon, MARIE, &gone).await;
    assert_eq!(count(&loire, library.id.as_str()).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_here_cannot_be_followed() {
    let (world, loire, _library, mastodon) = a_venue_and_two_accounts().await;
    let nobody = format!("{}/venues/nowhere", loire.base());
    let asked = follow(&mastodon, MARIE, &nobody);
    let status = say(&world, &loire, &mastodon, MARIE, &asked).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(mastodon.delivered().is_empty());
    assert_eq!(count(&loire, &nobody).await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_is_seen_only_when_they_ask_and_is_gone_the_moment_they_say_so() {
    let (world, loire, library, mastodon) = a_venue_and_two_accounts().await;
    let ana = loire.member(&library, "Ana Secret").await;
    let visitor = loire.visitor();
    assert_eq!(
        activity(&visitor, "/people/ana").await.status,
        StatusCode::NOT_FOUND
    );
    let form = [("handle", "@Mediatheque"), ("public_name", "Ana")];
    let taken = ana.form("/me/public", &form).await;
    assert_eq!(
        taken.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "{}",
        taken.text
    );
    let form = [("handle", "ana"), ("public_name", "Ana de Roanne")];
    let seen = ana.form("/me/public", &form).await;
    assert_eq!(seen.status, StatusCode::SEE_OTHER, "{}", seen.text);

    let actor = activity(&visitor, "/people/ana").await;
    assert!(!actor.text.contains("Secret"), "{}", actor.text);
    let actor = actor.json();
    assert_eq!(actor["type"], "Person");
    assert_eq!(actor["name"], "Ana de Roanne");
    let person = actor["id"].as_str().unwrap();
    let asked = follow(&mastodon, MARIE, person);
    say(&world, &loire, &mastodon, MARIE, &asked).await;
    assert_eq!(count(&loire, person).await, 1);
    let page = visitor.page("/people/ana").await;
    assert!(page.text.contains("Ana de Roanne"));
    assert!(!page.text.contains("Secret"));
    let outbox = activity(&visitor, "/people/ana/outbox").await.json();
    assert_eq!(outbox["totalItems"], 0);

    let closed = ana.form("/me/private", &[]).await;
    assert_eq!(closed.status, StatusCode::SEE_OTHER, "{}", closed.text);
    let gone = activity(&visitor, "/people/ana").await;
    assert_eq!(gone.status, StatusCode::GONE);
    assert_eq!(gone.json()["type"], "Tombstone");
    settle(&[&loire]).await;
    let delete = mastodon.delivered().pop().unwrap();
    assert_eq!(delete["type"], "Delete");
    assert_eq!(
        (&delete["actor"], &delete["object"]),
        (&json!(person), &json!(person))
    );
    let name = format!("acct:ana@{}", loire.config.domain);
    let found = visitor
        .get(&format!("/.well-known/webfinger?resource={name}"))
        .await;
    assert_eq!(found.status, StatusCode::NOT_FOUND);
    // The name stays hers.
    let ben = loire.member(&library, "Ben").await;
    let form = [("handle", "ana"), ("public_name", "Ben")];
    let taken = ben.form("/me/public", &form).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_members_follow_the_node_asks_in_its_own_name() {
    let (_world, loire, library, mastodon) = a_venue_and_two_accounts().await;
    let [ana, ben] = [
        loire.member(&library, "Ana").await,
        loire.member(&library, "Ben").await,
    ];
    let marie = mastodon.at(MARIE);
    for member in [&ana, &ben] {
        let followed = member.form("/follow", &[("who", &marie)]).await;
        assert_eq!(followed.status, StatusCode::SEE_OTHER, "{}", followed.text);
        settle(&[&loire]).await;
    }
    let delivered = mastodon.delivered();
    let [asked] = &delivered[..] else {
        panic!("{delivered:?}")
    };
    assert_eq!(asked["type"], "Follow");
    assert_eq!(asked["actor"], loire.config.actor().as_str());
    assert_eq!(asked["object"], marie.as_str());
    assert!(
        ana.page("/me")
            .await
            .text
            .contains("Somebody at /users/marie")
    );

    // Only when the last of them leaves is it taken back.
    ana.form("/unfollow", &[("who", &marie)]).await;
    settle(&[&loire]).await;
    assert_eq!(mastodon.delivered().len(), 1);
    ben.form("/unfollow", &[("who", &marie)]).await;
    settle(&[&loire]).await;
    let undo = mastodon.delivered().pop().unwrap();
    assert_eq!(undo["type"], "Undo");
    assert_eq!(undo["object"]["id"], asked["id"]);
}
