//! Members: joining, signing in and out, forgetting a password, leaving.

use axum::http::StatusCode;
use axum::http::header::{RETRY_AFTER, SET_COOKIE};
use node::db::DbError;
use node::members::{self, Role};
use node::web::Refusal;
use serde_json::json;

use crate::world::{PASSWORD, World, instant};

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_makes_one_member_who_signs_in_and_out() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque de Roanne", 120_000, 5);
    let code = loire.invitation(&library);

    let ana = loire.visitor();
    let wish = json!({ "code": code.to_lowercase(), "name": "Ana", "password": PASSWORD, "language": "fr" });
    let joined = ana.post("/api/join", &wish).await;
    assert_eq!(joined.status, StatusCode::CREATED, "{}", joined.text);
    assert_eq!(joined.json(), json!({ "name": "Ana", "language": "fr" }));
    let cookie = joined.headers[SET_COOKIE].to_str().unwrap();
    for part in ["HttpOnly", "SameSite=Lax", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let token = ana.token().unwrap();
    let known = members::signed_in(&loire, &token).await.unwrap().unwrap();
    assert_eq!(known.name, "Ana");
    assert_eq!(known.venue, Some(library.id.clone()));

    let again = loire.visitor().post("/api/join", &wish).await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(again.error().contains("used already"), "{}", again.text);

    let out = ana.delete("/api/sessions").await;
    assert_eq!(out.status, StatusCode::NO_CONTENT);
    assert_eq!(ana.token(), None);
    assert!(members::signed_in(&loire, &token).await.unwrap().is_none());

    let back = json!({ "name": "ANÀ", "password": PASSWORD });
    let back = ana.post("/api/sessions", &back).await;
    assert_eq!(back.status, StatusCode::CREATED, "{}", back.text);
    let token = ana.token().unwrap();
    assert!(members::signed_in(&loire, &token).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_who_race_for_one_invitation_one_joins() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let code = loire.invitation(&library);
    let join = |name: &str| {
        let wish = json!({ "code": code, "name": name, "password": PASSWORD });
        let visitor = loire.visitor();
        async move { visitor.post("/api/join", &wish).await.status }
    };
    let (ana, bela, cai) = tokio::join!(join("Ana"), join("Bela"), join("Cai"));
    let mut joined = vec![ana, bela, cai];
    joined.sort();
    let no = StatusCode::UNPROCESSABLE_ENTITY;
    assert_eq!(joined, [StatusCode::CREATED, no, no]);
    let now = loire
        .db
        .read(move |conn| Ok::<_, DbError>(node::venues::store::members_now(conn, &library.id)?));
    assert_eq!(now.await.unwrap(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_name_or_a_poor_password_uses_no_invitation_up() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    loire.member(&library, "Éloïse").await;
    let code = loire.invitation(&library);
    let visitor = loire.visitor();
    let wish = json!({ "code": code, "name": "ELOISE", "password": PASSWORD });
    let taken = visitor.post("/api/join", &wish).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(taken.json()["fields"][0]["field"], "name");

    let poor = json!({ "code": "7K2M", "name": "a\u{202e}b", "password": "short" });
    let poor = visitor.post("/api/join", &poor).await.json();
    let fields: Vec<&str> = (0..3)
        .map(|i| poor["fields"][i]["field"].as_str().unwrap())
        .collect();
    assert_eq!(fields, ["code", "name", "password"]);

    let wish = json!({ "code": code, "name": "Eloi", "password": PASSWORD });
    let joined = visitor.post("/api/join", &wish).await;
    assert_eq!(joined.status, StatusCode::CREATED, "{}", joined.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_ends_with_its_year_or_when_it_is_taken_back() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let (old, revoked) = (loire.invitation(&library), loire.invitation(&library));
    node::venues::revoke(&loire, &library.slug, &revoked).unwrap();
    world.turn_to("2027-11-10T12:00:00Z");
    for (code, why) in [(old, "expired"), (revoked, "taken this invitation back")] {
        let wish = json!({ "code": code, "name": "Ana", "password": PASSWORD });
        let refused = loire.visitor().post("/api/join", &wish).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(refused.error().contains(why), "{}", refused.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_a_password_slows_down_and_the_right_one_waits_too() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    loire.member(&library, "Ana").await;
    let visitor = loire.visitor();
    let try_it = async |name: &str, password: &str| {
        let wish = json!({ "name": name, "password": password });
        visitor.post("/api/sessions", &wish).await
    };
    let (mut of_ana, mut of_nobody) = (Vec::new(), Vec::new());
    for _ in 0..7 {
        of_ana.push(try_it("Ana", "not this one").await.status);
        // Whoever asks learns nothing of who is a member.
        of_nobody.push(try_it("Zoé", "not this one").await.status);
    }
    assert_eq!(of_ana, of_nobody);
    assert_eq!(of_ana[4], StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(of_ana[5], StatusCode::TOO_MANY_REQUESTS);
    let wait = try_it("ana", PASSWORD).await;
    assert_eq!(wait.status, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(wait.headers[RETRY_AFTER], "6");
    world.pass(6);
    assert_eq!(try_it("ana", PASSWORD).await.status, StatusCode::CREATED);
    let again = try_it("ana", "not this one").await.status;
    assert_eq!(again, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_sent_all_at_once_are_all_counted() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    loire.member(&library, "Ana").await;
    let guess = || async { members::sign_in(&loire, "Ana", "not this one").await };
    let guesses = futures_util::future::join_all((0..12).map(|_| guess())).await;
    let judged = guesses
        .iter()
        .filter(|guess| matches!(guess, Err(Refusal::Invalid(_))))
        .count();
    assert_eq!(judged, 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn guessing_at_codes_slows_down() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let visitor = loire.visitor();
    let mut answers = Vec::new();
    for last in 0..6 {
        let code = format!("7K2M-0000-000{last}");
        let wish = json!({ "code": code, "name": "Ana", "password": PASSWORD });
        answers.push(visitor.post("/api/join", &wish).await.status);
    }
    assert_eq!(answers[4], StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(answers[5], StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_one_time_code_gives_another_password_once_within_a_day() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let ana = loire.member(&library, "Ana").await;
    let before = ana.token().unwrap();
    let other = "another password of mine";

    let late = members::reset(&loire, "ana").unwrap();
    world.pass(24 * 3600);
    assert!(members::redeem(&loire, &late, other).await.is_err());
    let void = members::reset(&loire, "ana").unwrap();
    let code = members::reset(&loire, "ana").unwrap();
    assert!(members::redeem(&loire, &void, other).await.is_err());
    assert!(members::redeem(&loire, &code, "short").await.is_err());

    let session = members::redeem(&loire, &code, other).await.unwrap();
    assert_eq!(session.member.name, "Ana");
    assert!(members::redeem(&loire, &code, other).await.is_err());
    assert!(members::signed_in(&loire, &before).await.unwrap().is_none());
    assert!(members::sign_in(&loire, "Ana", PASSWORD).await.is_err());
    assert!(members::sign_in(&loire, "Ana", other).await.is_ok());
    let refused = members::reset(&loire, "Zoé").unwrap_err().to_string();
    assert!(refused.contains("Zoé"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_in_use_lasts_and_one_left_alone_ends() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let used = loire.member(&library, "Ana").await.token().unwrap();
    let left = loire.member(&library, "Bela").await.token().unwrap();
    let day = 24 * 3600;
    world.pass(40 * day);
    assert!(members::signed_in(&loire, &used).await.unwrap().is_some());
    world.pass(40 * day);
    assert!(members::signed_in(&loire, &used).await.unwrap().is_some());
    assert!(members::signed_in(&loire, &left).await.unwrap().is_none());
}

#[tokio::test(flavor = "multi_thread")]
async fn who_leaves_a_venue_listens_no_more_and_has_no_role_there() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let added = members::add(&loire, &library.slug, "Ana", PASSWORD, Some(Role::Curator)).unwrap();
    let ana = loire.visitor();
    let wish = json!({ "name": "Ana", "password": PASSWORD });
    ana.post("/api/sessions", &wish).await;
    let token = ana.token().unwrap();
    let before = members::signed_in(&loire, &token).await.unwrap().unwrap();
    assert!(before.curates(&library.id) && !before.manages(&library.id));

    members::leave(&loire, &added.id, &library.id)
        .await
        .unwrap();
    let after = members::signed_in(&loire, &token).await.unwrap().unwrap();
    assert_eq!(after.venue, None);
    assert!(!after.curates(&library.id));
    let again = members::leave(&loire, &added.id, &library.id).await;
    assert!(matches!(again, Err(Refusal::Missing)));

    // The month's report still counts them; the next does not.
    let count = |from: &str, until: &str| {
        let (from, until) = (instant(from), instant(until));
        let of = |conn: &mut _| {
            let count = node::venues::store::members_between(conn, &library.id, from, until)?;
            Ok::<_, DbError>(count)
        };
        loire.db.read_now(of).unwrap()
    };
    assert_eq!(count("2026-10-31T23:00:00Z", "2026-11-30T23:00:00Z"), 1);
    assert_eq!(count("2026-11-30T23:00:00Z", "2026-12-31T23:00:00Z"), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_form_of_another_site_signs_nobody_out() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Library", 0, 5);
    let ana = loire.member(&library, "Ana").await;
    let forged = ana
        .request(reqwest::Method::DELETE, "/api/sessions")
        .header("origin", "https://elsewhere.example");
    assert_eq!(ana.send(forged).await.status, StatusCode::FORBIDDEN);
    let token = ana.token().unwrap();
    assert!(members::signed_in(&loire, &token).await.unwrap().is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_the_json_that_was_asked_for_is_refused_with_a_sentence() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let visitor = loire.visitor();
    for body in [
        "{",
        "[]",
        r#"{"name":"Ana","name":"Bela","password":"x"}"#,
        r#"{"name":"Ana","password":"x","admin":true}"#,
        &"[".repeat(10_000),
        &format!(r#"{{"name":"{}","password":"x"}}"#, "a".repeat(20_000)),
    ] {
        let request = visitor.request(reqwest::Method::POST, "/api/sessions");
        let answer = visitor.send(request.body(body.to_owned())).await;
        assert_eq!(
            answer.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{}",
            answer.text
        );
        assert!(
            answer.error().starts_with("This request"),
            "{}",
            answer.text
        );
    }
}
