//! Members: joining, signing in and out, forgetting a password, leaving.

use axum::http::StatusCode;
use axum::http::header::SET_COOKIE;
use node::members;
use serde_json::json;

use crate::world::{PASSWORD, World};

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
