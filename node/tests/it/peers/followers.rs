//! Strangers who follow venues, parties and members of ours; and members who follow strangers.

use axum::http::StatusCode;
use node::db::DbError;
use node::peers::{self, store};
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
    let actor = activity(&visitor, "/venues/mediatheque").await.json();
    let icon = actor["icon"]["url"]
        .as_str()
        .unwrap()
        .strip_prefix(&loire.base());
    let icon = visitor.get(icon.unwrap()).await;
    assert_eq!(
        (icon.status, &icon.headers["content-type"]),
        (StatusCode::OK, &"image/png".parse().unwrap())
    );
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

/// What the account at `who` says of a note, in public unless `to` says otherwise.
fn words(from: &Stranger, who: &str, what: &str, verb: &str, content: &str) -> Value {
    let id = from.at(&format!("{who}/statuses/{what}"));
    json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": format!("{id}/{verb}/{}", content.len()),
        "type": verb,
        "actor": from.at(who),
        "published": "2026-11-10T11:00:00Z",
        "to": ["https://www.w3.org/ns/activitystreams#Public"],
        "object": {
            "id": id,
            "type": "Note",
            "attributedTo": from.at(who),
            "published": "2026-11-10T11:00:00Z",
            "content": content,
        },
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_those_say_whom_a_member_follows_is_shown_to_that_member_as_plain_text() {
    let (world, loire, library, mastodon) = a_venue_and_two_accounts().await;
    let ana = loire.member(&library, "Ana").await;
    let ben = loire.member(&library, "Ben").await;
    let marie = mastodon.at(MARIE);
    ana.form("/follow", &[("who", &marie)]).await;
    settle(&[&loire]).await;
    let asked = mastodon.delivered().pop().unwrap();
    let accept = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": mastodon.at("/accepts/1"),
        "type": "Accept",
        "actor": marie,
        "object": asked["id"],
    });
    assert!(
        say(&world, &loire, &mastodon, MARIE, &accept)
            .await
            .is_success()
    );

    let hostile = "<p>Ce soir & demain <script>alert(1)</script><b>au bal</b></p>";
    let first = words(&mastodon, MARIE, "1", "Create", hostile);
    assert!(
        say(&world, &loire, &mastodon, MARIE, &first)
            .await
            .is_success()
    );
    let text = ana.page("/me").await.text;
    assert!(text.contains("Ce soir"), "{text}");
    assert!(!text.contains("<script>alert"), "{text}");
    assert!(!ben.page("/me").await.text.contains("Ce soir"));

    // What is not for everybody, and what somebody says whom nobody follows, is not kept.
    let mut apart = words(&mastodon, MARIE, "2", "Create", "<p>Entre nous</p>");
    apart["to"] = json!([mastodon.at(&format!("{MARIE}/followers"))]);
    assert!(
        say(&world, &loire, &mastodon, MARIE, &apart)
            .await
            .is_success()
    );
    let other = words(&mastodon, PAUL, "3", "Create", "<p>Achetez</p>");
    assert!(
        say(&world, &loire, &mastodon, PAUL, &other)
            .await
            .is_success()
    );
    // Nobody changes or deletes another's.
    let mut forged = words(&mastodon, MARIE, "1", "Update", "<p>Jamais</p>");
    forged["actor"] = json!(mastodon.at(PAUL));
    forged["id"] = json!(mastodon.at("/users/paul/forged"));
    assert_eq!(
        say(&world, &loire, &mastodon, PAUL, &forged).await.as_u16(),
        422
    );
    let text = ana.page("/me").await.text;
    for absent in ["Entre nous", "Achetez", "Jamais"] {
        assert!(!text.contains(absent), "{absent}");
    }

    let again = words(&mastodon, MARIE, "1", "Update", "<p>Ce soir, plus tard</p>");
    assert!(
        say(&world, &loire, &mastodon, MARIE, &again)
            .await
            .is_success()
    );
    assert!(ana.page("/me").await.text.contains("Ce soir, plus tard"));
    let gone = json!({
        "@context": "https://www.w3.org/ns/activitystreams",
        "id": mastodon.at("/deletes/1"),
        "type": "Delete",
        "actor": marie,
        "object": first["object"]["id"],
    });
    assert!(
        say(&world, &loire, &mastodon, MARIE, &gone)
            .await
            .is_success()
    );
    assert!(!ana.page("/me").await.text.contains("Ce soir"));

    // Of one author no more than the latest are kept, and nothing when nobody follows any more.
    for number in 0..peers::notes::OF_ONE + 3 {
        let content = format!(
            "<p>{}</p>",
            "x".repeat(usize::try_from(number).unwrap() + 1)
        );
        let more = words(&mastodon, MARIE, &format!("n{number}"), "Create", &content);
        assert!(
            say(&world, &loire, &mastodon, MARIE, &more)
                .await
                .is_success()
        );
    }
    assert_eq!(notes(&loire).await, peers::notes::OF_ONE);
    ana.form("/unfollow", &[("who", &marie)]).await;
    assert_eq!(notes(&loire).await, 0);
}

async fn notes(host: &Host) -> i64 {
    use diesel::prelude::*;
    let count = host.db.read(|conn| {
        let count: i64 = node::schema::notes::table.count().get_result(conn)?;
        Ok::<_, DbError>(count)
    });
    count.await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_release_is_told_to_strangers_who_follow_its_artist_as_a_note() {
    let (world, loire, _library, mastodon) = a_venue_and_two_accounts().await;
    let song = crate::month::song(&loire, "Le Gier", 440);
    let artist = loire.db.read(move |conn| {
        let work = node::catalogue::store::work(conn, &song)?;
        Ok::<_, DbError>(work.and_then(|work| work.artist))
    });
    let artist = artist.await.unwrap().unwrap();
    let asked = follow(&mastodon, MARIE, artist.as_str());
    assert!(
        say(&world, &loire, &mastodon, MARIE, &asked)
            .await
            .is_success()
    );
    let before = mastodon.delivered().len();
    crate::month::song(&loire, "La Loire & <le fleuve>", 330);
    settle(&[&loire]).await;
    let told = mastodon.delivered().split_off(before);
    let [create] = &told[..] else {
        panic!("{told:?}")
    };
    assert_eq!(create["actor"], artist.as_str());
    let note = &create["object"];
    assert_eq!(
        (&note["type"], &note["attributedTo"]),
        (&json!("Note"), &json!(artist.as_str()))
    );
    let content = note["content"].as_str().unwrap();
    assert!(
        content.contains("La Loire &amp; &lt;le fleuve&gt;"),
        "{content}"
    );
    let visitor = loire.visitor();
    let local = |url: &Value| {
        url.as_str()
            .unwrap()
            .strip_prefix(&loire.base())
            .unwrap()
            .to_owned()
    };
    let there = activity(&visitor, &local(&note["id"])).await.json();
    assert_eq!(there, *note);
    // It is what the artist's outbox holds, beside the first.
    let outbox = activity(&visitor, &local(&json!(format!("{artist}/outbox"))))
        .await
        .json();
    assert_eq!(outbox["totalItems"], 2);

    let release = settlement::Uri::parse(note["url"].as_str().unwrap()).unwrap();
    let node = loire.app.clone();
    let withdrawn = loire
        .db
        .write(move |conn| node::catalogue::withdraw_release_in(conn, &node, &release));
    withdrawn.await.unwrap();
    settle(&[&loire]).await;
    let gone = mastodon.delivered().pop().unwrap();
    assert_eq!(
        (&gone["type"], &gone["object"]["id"]),
        (&json!("Delete"), &note["id"])
    );
    assert_eq!(
        activity(&visitor, &local(&note["id"])).await.status,
        StatusCode::GONE
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_catalogue_is_walked_page_by_page_and_lists_what_stands_here() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let mut there = std::collections::BTreeSet::new();
    for number in 0..503 {
        there.insert(loire.work(&format!("n{number:04}"), 60).to_string());
    }
    let gone = WorkId::parse(there.first().unwrap()).unwrap();
    tokio::task::block_in_place(|| node::catalogue::withdraw(&loire, &gone).unwrap());
    there.remove(gone.as_str());
    let visitor = loire.visitor();
    let actor = activity(&visitor, "/actor").await.json();
    let local = |url: &Value| {
        url.as_str()
            .unwrap()
            .strip_prefix(&loire.base())
            .unwrap()
            .to_owned()
    };
    let whole = activity(&visitor, &local(&actor["catalogue"])).await.json();
    assert_eq!(
        (&whole["type"], &whole["totalItems"]),
        (&json!("OrderedCollection"), &json!(502))
    );
    let mut found = Vec::new();
    let mut next = whole["first"].clone();
    while !next.is_null() {
        let answer = activity(&visitor, &local(&next)).await;
        let page = federation::vocabulary::CollectionPage::parse(answer.text.as_bytes()).unwrap();
        assert_eq!(page.id.as_str(), next);
        assert!(page.items.len() <= 500);
        found.extend(page.items.iter().map(|item| item.id().unwrap().to_string()));
        next = json!(page.next.map(|next| next.to_string()));
    }
    let in_order: Vec<String> = there.into_iter().collect();
    assert_eq!(found, in_order);
    for bad in [
        "/catalogue?after=..%2Factor",
        "/catalogue?after=",
        "/catalogue?after=%00",
    ] {
        assert_eq!(
            activity(&visitor, bad).await.status,
            StatusCode::NOT_FOUND,
            "{bad}"
        );
    }
}
