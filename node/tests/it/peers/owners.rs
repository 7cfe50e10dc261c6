//! Of one origin is not of one actor (FEP-fe34): who has no say over something hears so at the door,
//! and nothing of it is kept.

use axum::http::StatusCode;
use node::db::DbError;
use node::peers::store;
use serde_json::{Value, json};

use super::settle;
use super::stranger::{Stranger, Way, post};
use crate::world::{Host, World};

const MARIE: &str = "/users/marie";
const PAUL: &str = "/users/paul";

/// A node, and an origin where the node `/actor` lives with two people.
struct Street {
    world: World,
    loire: Host,
    origin: Stranger,
}

impl Street {
    async fn new() -> Self {
        let world = World::new();
        let loire = world.node("loire", "FR-ARA").await;
        // Of what acted only the gist would be kept.
        loire.by_hand().await;
        let origin = Stranger::new().await;
        origin.serve_person(MARIE);
        origin.serve_person(PAUL);
        Street {
            world,
            loire,
            origin,
        }
    }

    fn said(&self, who: &str, what: &str, object: Value) -> Value {
        let number = self.world.clock.fresh_id();
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": self.origin.at(&format!("{who}/said/{number}")),
            "type": what,
            "actor": self.origin.at(who),
            "object": object,
        })
    }

    /// The status with which the door answers what `who` says, signed with their own key.
    async fn says(&self, who: &str, activity: &Value) -> StatusCode {
        let letter = match who {
            "/actor" => self
                .origin
                .letter(&self.world, &self.loire, activity, Way::Rfc9421),
            _ => self
                .origin
                .letter_from(&self.world, &self.loire, who, activity),
        };
        let answer = post(&self.loire, &letter).await;
        self.world.pass(1);
        answer.status
    }

    async fn takes(&self, who: &str, activity: &Value) {
        assert_eq!(self.says(who, activity).await, StatusCode::ACCEPTED);
        assert!(self.is_kept(activity).await);
    }

    async fn refuses(&self, who: &str, activity: &Value) {
        let status = self.says(who, activity).await;
        // What contradicts itself is not even read (400); the rest breaks a rule (422).
        let refused = [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY];
        assert!(refused.contains(&status), "{status}: {activity}");
        assert!(!self.is_kept(activity).await, "{activity}");
    }

    async fn is_kept(&self, activity: &Value) -> bool {
        let (id, text) = (activity["id"].as_str().unwrap().to_owned(), activity);
        let look = self
            .loire
            .db
            .read(move |conn| Ok::<_, DbError>(store::arrived(conn, &id)?));
        let kept = look.await.unwrap();
        kept.is_some_and(|kept| kept.parse::<Value>().unwrap() == *text)
    }

    /// Something of `owner`'s.
    fn thing(&self, of_type: &str, owner: &str) -> Value {
        json!({
            "id": self.origin.at("/things/1"),
            "type": of_type,
            "attributedTo": self.origin.at(owner),
            "content": "words",
        })
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn words_of_one_account_are_created_and_updated_by_no_other() {
    let street = Street::new().await;
    for what in ["Create", "Update"] {
        let own = street.said(MARIE, what, street.thing("Note", MARIE));
        street.takes(MARIE, &own).await;
        for author in [
            json!(street.origin.at(MARIE)),
            json!([street.origin.at(MARIE)]),
            json!([street.origin.at(PAUL), street.origin.at(MARIE)]),
            json!({ "id": street.origin.at(MARIE), "type": "Person" }),
            json!(""),
            json!(7),
        ] {
            let mut thing = street.thing("Note", MARIE);
            thing["attributedTo"] = author;
            let forged = street.said(PAUL, what, thing);
            assert!(street.says(PAUL, &forged).await.is_client_error());
            assert!(!street.is_kept(&forged).await);
        }
        let by_the_node = street.said("/actor", what, street.thing("Note", MARIE));
        street.refuses("/actor", &by_the_node).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_work_or_selection_of_a_node_is_no_account_of_its_to_say() {
    let street = Street::new().await;
    for of_type in ["Audio", "Album", "SplitSheet", "Selection"] {
        for what in ["Create", "Update"] {
            for owner in [MARIE, "/actor"] {
                let forged = street.said(MARIE, what, street.thing(of_type, owner));
                street.refuses(MARIE, &forged).await;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_report_or_receipt_in_a_nodes_name_is_its_nodes_alone() {
    let street = Street::new().await;
    for of_type in ["PlayReport", "PlayReportReceipt", "Settlement"] {
        for what in ["Create", "Offer"] {
            let forged = street.said(MARIE, what, street.thing(of_type, "/actor"));
            street.refuses(MARIE, &forged).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_anothers_is_not_deleted() {
    let street = Street::new().await;
    let marie = street.origin.at(MARIE);
    for object in [
        json!(marie),
        json!({ "id": marie, "type": "Tombstone" }),
        json!(format!("{marie}/notes/1")),
        json!({ "id": format!("{marie}/notes/1"), "type": "Tombstone" }),
        json!(street.origin.at("/works/1")),
        json!(street.origin.at("/actor")),
        json!({ "id": street.origin.at("/works/1"), "type": "Tombstone", "attributedTo": street.origin.at(PAUL) }),
    ] {
        let forged = street.said(PAUL, "Delete", object);
        street.refuses(PAUL, &forged).await;
    }
    let own = street.said(MARIE, "Delete", json!(format!("{marie}/notes/1")));
    street.takes(MARIE, &own).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_actor_is_updated_by_itself_alone() {
    let street = Street::new().await;
    for whose in [MARIE, "/actor"] {
        let mut other = street.origin.actor(whose);
        other["name"] = json!("Somebody else");
        let forged = street.said(PAUL, "Update", other);
        let status = street.says(PAUL, &forged).await;
        assert!(status.is_client_error(), "{status}");
        assert!(!street.is_kept(&forged).await);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_another_said_is_not_taken_back_nor_said_again() {
    let street = Street::new().await;
    let follow = street.said(MARIE, "Follow", json!(street.loire.config.actor().as_str()));
    street.takes(MARIE, &follow).await;
    settle(&[&street.loire]).await;
    for object in [follow.clone(), follow["id"].clone()] {
        let undo = street.said(PAUL, "Undo", object);
        street.refuses(PAUL, &undo).await;
    }
    // Under Marie's id, in Paul's name.
    let mut again = street.said(PAUL, "Announce", json!("https://elsewhere.example/a"));
    again["id"] = follow["id"].clone();
    street.refuses(PAUL, &again).await;
    for object in [follow.clone(), follow["id"].clone()] {
        let undo = street.said(MARIE, "Undo", object);
        street.takes(MARIE, &undo).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn only_who_was_asked_answers() {
    let street = Street::new().await;
    let library = street.loire.venue("Médiathèque", 120_000, 20);
    let ana = street.loire.member(&library, "Ana").await;
    let marie = street.origin.at(MARIE);
    let followed = ana.form("/follow", &[("who", &marie)]).await;
    assert_eq!(followed.status, StatusCode::SEE_OTHER, "{}", followed.text);
    settle(&[&street.loire]).await;
    let asked = street.origin.delivered().pop().unwrap();
    assert_eq!(asked["type"], "Follow");
    for (who, what) in [
        (PAUL, "Accept"),
        (PAUL, "Reject"),
        ("/actor", "Accept"),
        ("/actor", "Reject"),
    ] {
        for object in [asked["id"].clone(), asked.clone()] {
            let forged = street.said(who, what, object);
            street.refuses(who, &forged).await;
        }
    }
    // A question without a name answers nothing.
    let mut nameless = asked.clone();
    nameless.as_object_mut().unwrap().remove("id");
    let forged = street.said(MARIE, "Accept", nameless);
    let status = street.says(MARIE, &forged).await;
    assert!(status.is_client_error(), "{status}");
    let honest = street.said(MARIE, "Accept", asked["id"].clone());
    street.takes(MARIE, &honest).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_followed_at_an_address_where_nobody_lives() {
    let street = Street::new().await;
    let base = street.loire.base();
    for object in [
        format!("{base}/venues/nobody"),
        format!("{base}/people/nobody"),
        format!("{base}/"),
        format!("{base}/actor/keys"),
        "https://elsewhere.example/actor".to_owned(),
        street.origin.at(PAUL),
    ] {
        let follow = street.said(MARIE, "Follow", json!(object));
        street.refuses(MARIE, &follow).await;
    }
}
