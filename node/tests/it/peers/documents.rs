//! What counts only with a proof, and what fills disks: the door asks for the proof before it keeps
//! anything, a coordinator knows whose reports it takes, and of what is done with only the gist stays.

use axum::http::StatusCode;
use federation::keys::Ed25519Secret;
use federation::proof::sign;
use node::db::DbError;
use node::peers::store;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::settle;
use super::stranger::{Stranger, Way, post};
use crate::world::{Answer, Host, World};

/// A stranger at a node's door.
struct Caller {
    world: World,
    host: Host,
    stranger: Stranger,
}

impl Caller {
    async fn at(world: World, host: Host) -> Self {
        let stranger = Stranger::new().await;
        Caller {
            world,
            host,
            stranger,
        }
    }

    fn said(&self, what: &str, object: Value) -> Value {
        let number = self.world.clock.fresh_id();
        json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": self.stranger.at(&format!("/said/{number}")),
            "type": what,
            "actor": self.stranger.at("/actor"),
            "object": object,
        })
    }

    async fn says(&self, activity: &Value) -> Answer {
        let letter = self
            .stranger
            .letter(&self.world, &self.host, activity, Way::Rfc9421);
        let answer = post(&self.host, &letter).await;
        self.world.pass(1);
        answer
    }

    /// What the node keeps of an activity.
    async fn kept(&self, activity: &Value) -> Option<Value> {
        let id = activity["id"].as_str().unwrap().to_owned();
        let look = self
            .host
            .db
            .read(move |conn| Ok::<_, DbError>(store::arrived(conn, &id)?));
        let kept = look.await.unwrap();
        kept.map(|kept| kept.parse().unwrap())
    }

    async fn refuses(&self, activity: &Value, why: &str) {
        let answer = self.says(activity).await;
        let said = &answer.text;
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{said}");
        assert!(answer.error().contains(why), "{said}");
        assert_eq!(self.kept(activity).await, None);
    }

    async fn takes(&self, activity: &Value) {
        let answer = self.says(activity).await;
        assert_eq!(answer.status, StatusCode::ACCEPTED, "{}", answer.text);
        assert!(self.kept(activity).await.is_some());
    }

    fn proven(&self, document: Value, key: &Ed25519Secret, named: &str) -> Value {
        sign(document, key, named, "2026-11-05T08:00:00Z").unwrap()
    }

    /// A document with the stranger's own proof.
    fn its_own(&self, document: Value) -> Value {
        let named = self.stranger.at("/actor#ed25519-key");
        self.proven(document, &self.stranger.ed25519, &named)
    }

    /// The play report that FEDERATION.md shows, as the stranger's own, with this many venues.
    fn report(&self, venues: usize) -> Value {
        let text = include_str!("../../../../FEDERATION.md");
        let (_, text) = text.split_once("### Play report\n").unwrap();
        let (_, text) = text.split_once("```json\n").unwrap();
        let (text, _) = text.split_once("```").unwrap();
        let text = text
            .replace("https://loire.example", &self.stranger.base)
            .replace("https://coordinator.example", &self.host.base());
        let mut report: Value = text.parse().unwrap();
        let first = report["venues"][0].clone();
        let more = (0..venues).map(|number| {
            let mut venue = first.clone();
            venue["venue"] = number.into();
            venue["id"] = self.stranger.at(&format!("/venues/{number:06}")).into();
            venue
        });
        report["venues"] = more.collect();
        report
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_counts_only_with_a_proof_is_not_kept_without_one_that_fits() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let caller = Caller::at(world, loire).await;
    let someone_else = Stranger::new().await;
    let receipt = json!({
        "id": caller.stranger.at("/receipts/2026-10/1"),
        "type": "PlayReportReceipt",
        "attributedTo": caller.stranger.at("/actor"),
        "object": format!("{}/reports/2026-10/1", caller.host.base()),
        "digest": format!("sha-256:{}", "0".repeat(64)),
        "received": "2026-11-02T08:00:07Z",
    });
    // An honest word first: the node knows the stranger's keys from now on.
    caller
        .takes(&caller.said("Create", caller.its_own(receipt.clone())))
        .await;

    caller
        .refuses(&caller.said("Create", receipt.clone()), "proof")
        .await;
    let own_key = caller.stranger.at("/actor#ed25519-key");
    let forged = caller.proven(receipt.clone(), &someone_else.ed25519, &own_key);
    caller.refuses(&caller.said("Create", forged), "fit").await;
    let others_key = someone_else.at("/actor#ed25519-key");
    let borrowed = caller.proven(receipt.clone(), &someone_else.ed25519, &others_key);
    caller
        .refuses(&caller.said("Create", borrowed), "a key that is not of")
        .await;
    let mut changed = caller.its_own(receipt);
    changed["received"] = "2026-11-03T08:00:07Z".into();
    caller.refuses(&caller.said("Create", changed), "fit").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_strangers_report_is_refused_at_the_door_until_it_follows() {
    let world = World::new();
    let coordination = world.coordinator("coordination", "FR").await;
    let caller = Caller::at(world, coordination).await;
    let report = caller.its_own(caller.report(1));
    let offer = || caller.said("Offer", report.clone());
    caller.refuses(&offer(), "Follow it first").await;
    let us = caller.host.config.actor().to_string();
    caller.takes(&caller.said("Follow", us.into())).await;
    settle(&[&caller.host]).await;
    caller.takes(&offer()).await;
    // Its own report, and nobody else's.
    let mut of_another = caller.report(1);
    of_another["attributedTo"] = json!("https://elsewhere.example/actor");
    let status = caller
        .says(&caller.said("Offer", caller.its_own(of_another)))
        .await
        .status;
    assert!(status.is_client_error(), "{status}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_may_be_large_and_nothing_else() {
    let world = World::new();
    let coordination = world.coordinator("coordination", "FR").await;
    let elsewhere = world.node("loire", "FR-ARA").await;
    let caller = Caller::at(world, coordination).await;
    let us = caller.host.config.actor().to_string();
    caller.takes(&caller.said("Follow", us.into())).await;
    let report = caller.its_own(caller.report(3000));
    let offer = caller.said("Offer", report.clone());
    assert!(offer.to_string().len() > 256 * 1024);
    caller.takes(&offer).await;
    let too_large = caller.its_own(caller.report(16_000));
    for (what, object) in [("Create", report.clone()), ("Offer", too_large)] {
        let answer = caller.says(&caller.said(what, object)).await;
        assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
    }
    // Who settles nothing takes no reports.
    let letter = caller
        .stranger
        .letter(&caller.world, &elsewhere, &offer, Way::Rfc9421);
    let answer = post(&elsewhere, &letter).await;
    assert_eq!(answer.status, StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_what_is_done_with_only_the_gist_is_kept() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    loire.by_hand().await;
    let caller = Caller::at(world, loire).await;
    let note = json!({
        "id": caller.stranger.at("/notes/1"),
        "type": "Note",
        "attributedTo": caller.stranger.at("/actor"),
        "content": "words ".repeat(10_000),
    });
    let long = caller.said("Announce", note);
    caller.takes(&long).await;
    assert_eq!(caller.kept(&long).await.as_ref(), Some(&long));
    settle(&[&caller.host]).await;
    let gist = json!({
        "id": long["id"],
        "type": "Announce",
        "actor": long["actor"],
        "object": long["object"]["id"],
    });
    assert_eq!(caller.kept(&long).await, Some(gist));
    // And it is still known: it acts once.
    assert_eq!(caller.says(&long).await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_that_never_answers_keeps_no_other_from_being_read() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let caller = Caller::at(world, loire).await;
    let silent = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
    let mut of_the_silent = Stranger::new().await;
    of_the_silent.base = format!("http://localhost:{}", silent.local_addr().unwrap().port());

    let knock = |number: usize| {
        let who = format!("/users/{number}");
        let word = json!({
            "@context": "https://www.w3.org/ns/activitystreams",
            "id": of_the_silent.at(&format!("{who}/said")),
            "type": "Announce",
            "actor": of_the_silent.at(&who),
            "object": of_the_silent.at("/notes/1"),
        });
        of_the_silent.letter_from(&caller.world, &caller.host, &who, &word)
    };
    let (loire, letters) = (&caller.host, (0..4).map(knock).collect::<Vec<_>>());
    let hanging = futures_util::future::join_all(letters.iter().map(|letter| post(loire, letter)));
    let others = async {
        // All four are being read, from a host that says nothing.
        let mut held = Vec::new();
        for _ in 0..4 {
            held.push(silent.accept().await.unwrap());
        }
        let fifth = post(loire, &knock(4)).await;
        assert_eq!(fifth.status, StatusCode::SERVICE_UNAVAILABLE);
        caller.takes(&caller.stranger.note("honest")).await;
    };
    tokio::select! {
        answers = hanging => panic!("a silent host was given up first: {}", answers[0].text),
        () = others => {}
    }
}
