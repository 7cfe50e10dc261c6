//! The pages as a browser without script sees them: joining, moving about, what is shown to whom.

use axum::http::StatusCode;

use crate::world::{PASSWORD, World};

#[tokio::test(flavor = "multi_thread")]
async fn somebody_joins_reads_their_page_and_leaves_with_forms_alone() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let venue = library.id.to_string();
    let app = loire.app.clone();
    let code = tokio::task::spawn_blocking(move || node::venues::invite(&app, &venue, 1).unwrap())
        .await
        .unwrap()
        .remove(0);
    let ana = loire.visitor();

    let asked = ana.page("/me").await;
    assert_eq!(asked.status, StatusCode::UNAUTHORIZED);
    assert!(asked.text.contains("/sign-in?back=%2Fme"), "{}", asked.text);

    let short = [("code", code.as_str()), ("name", "Ana"), ("password", "no")];
    let refused = ana.form("/join", &short).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        refused.text.contains("value=\"Ana\""),
        "what was right stays"
    );
    assert!(refused.text.contains("aria-invalid=\"true\""));

    let good = [
        ("code", code.as_str()),
        ("name", "Ana"),
        ("password", PASSWORD),
    ];
    let joined = ana.form("/join", &good).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text);
    assert!(ana.page("/me").await.text.contains("Médiathèque"));

    ana.form("/sign-out", &[]).await;
    assert_eq!(ana.page("/me").await.status, StatusCode::UNAUTHORIZED);
    let fields = [
        ("name", "ana"),
        ("password", PASSWORD),
        ("back", "//evil.example"),
    ];
    let back = ana.form("/sign-in", &fields).await;
    assert_eq!(back.location.as_deref(), Some("/"), "never to another site");
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_tells_the_browser_what_not_to_do() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let guest = loire.visitor();
    for path in [
        "/",
        "/nothing-here",
        "/assets/antiphon.css",
        "/search?q=%00\u{202e}<b>",
    ] {
        let answer = guest.page(path).await;
        let policy = answer.headers.get("content-security-policy").unwrap();
        let policy = policy.to_str().unwrap();
        assert!(policy.contains("default-src 'self'"), "{path}");
        assert!(!policy.contains("unsafe"), "{path}");
        assert_eq!(
            answer.headers.get("x-content-type-options").unwrap(),
            "nosniff"
        );
        assert!(!answer.text.contains("<b>"), "{path}: markup from outside");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_language_is_chosen_and_leads_back_to_where_one_was() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let guest = loire.visitor();
    assert!(guest.page("/search").await.text.contains("lang=\"en\""));
    let chosen = guest.page("/language?to=fr&back=%2Fsearch%3Fq%3Deau").await;
    assert_eq!(chosen.location.as_deref(), Some("/search?q=eau"));
    let cookie = chosen.headers.get("set-cookie").unwrap().to_str().unwrap();
    assert!(cookie.starts_with("language=fr;"), "{cookie}");
    let unknown = guest.page("/language?to=xx&back=/").await;
    assert_eq!(unknown.status, StatusCode::UNPROCESSABLE_ENTITY);
}

#[tokio::test(flavor = "multi_thread")]
async fn accounts_are_not_read_by_who_merely_listens() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = loire.member(&library, "Ana").await;
    let guest = loire.visitor();
    let of_venue = format!("/venues/{}/statements/2026-10", library.slug);
    let compose = format!("/venues/{}/compose", library.slug);
    for path in [of_venue.as_str(), "/statements/2026-10", &compose] {
        assert_eq!(
            guest.page(path).await.status,
            StatusCode::UNAUTHORIZED,
            "{path}"
        );
        assert_eq!(ana.page(path).await.status, StatusCode::FORBIDDEN, "{path}");
    }
    let guessed = format!("/statements/2026-10/{}", "0".repeat(32));
    assert_eq!(guest.page(&guessed).await.status, StatusCode::NOT_FOUND);
    assert_eq!(guest.page("/network").await.status, StatusCode::OK);
}
