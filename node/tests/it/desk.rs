//! The collective's desk: an import watched to its end, jobs stopped, venues that pay another year,
//! and cases that are told, decided, contested, each with its deadline.

use axum::http::StatusCode;
use diesel::prelude::*;
use lofty::tag::ItemKey;
use node::catalogue;
use node::db::DbError;
use node::members::{self, Role};
use node::schema::{cases, deliveries, outbox};
use serde_json::json;

use crate::catalogue::sounds::tagged;
use crate::world::{Host, PASSWORD, Visitor, World};

/// Whoever runs the node, signed in.
async fn operator(host: &Host) -> Visitor {
    let library = host.venue("Médiathèque", 120_000, 9);
    tokio::task::block_in_place(|| {
        let role = Some(Role::Operator);
        members::add(host, library.id.as_str(), "Root", PASSWORD, role).unwrap();
    });
    let visitor = host.visitor();
    let who = json!({ "name": "Root", "password": PASSWORD });
    let answer = visitor.post("/api/sessions", &who).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    visitor
}

const WHY: &str = "This recording is mine and I never signed anything.";

async fn report(visitor: &Visitor, subject: &str, words: &str) -> crate::world::Answer {
    let fields = [
        ("kind", "unlawful"),
        ("subject", subject),
        ("words", words),
        ("faith", "yes"),
    ];
    visitor.form("/cases", &fields).await
}

/// The last part of the address a sender is given.
fn token(page: &str) -> String {
    let after = page.split("href=\"/cases/").nth(1).expect("an address");
    after.split('"').next().unwrap().to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notice_is_acknowledged_decided_with_a_reason_told_to_both_sides_and_contested() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let root = operator(&loire).await;
    let song = loire.work("song", 180);
    let path = song
        .as_str()
        .strip_prefix(&loire.base())
        .unwrap()
        .to_owned();
    let stranger = loire.visitor();

    let poor = report(&stranger, "javascript:1", "no").await;
    assert_eq!(poor.status, StatusCode::UNPROCESSABLE_ENTITY);
    let huge = report(&stranger, &path, &"x\u{202e}".repeat(100_000)).await;
    assert_eq!(huge.status, StatusCode::UNPROCESSABLE_ENTITY);
    let sent = report(&stranger, &path, WHY).await;
    assert_eq!(sent.status, StatusCode::CREATED, "{}", sent.text);
    assert!(sent.text.contains("Notice No. 1"), "{}", sent.text);
    let sender = format!("/cases/{}", token(&sent.text));
    let waits = stranger.page(&sender).await;
    assert!(
        waits.text.contains("To be decided before 17"),
        "{}",
        waits.text
    );

    // Only whoever runs the node decides.
    assert_eq!(
        stranger.page("/desk/cases").await.status,
        StatusCode::UNAUTHORIZED
    );
    let list = root.page("/desk/cases").await.text;
    let id = list.split("/desk/cases/").nth(1).expect("a case");
    let id = id.split('"').next().unwrap().to_owned();
    let door = format!("/desk/cases/{id}");
    let silent = root
        .form(&door, &[("decision", "refused"), ("reason", " ")])
        .await;
    assert_eq!(silent.status, StatusCode::UNPROCESSABLE_ENTITY);
    let no = [
        ("decision", "refused"),
        ("reason", "The label shows a signed mandate."),
    ];
    assert_eq!(root.form(&door, &no).await.status, StatusCode::SEE_OTHER);
    let again = root.form(&door, &no).await;
    assert_eq!(again.status, StatusCode::CONFLICT);

    let read = stranger.page(&sender).await.text;
    assert!(read.contains("The label shows a signed mandate."), "{read}");
    let desk = root.page(&door).await.text;
    let other = desk
        .split(&format!("{}/cases/", loire.base()))
        .nth(1)
        .expect("an address");
    let other = format!("/cases/{}", other.split('<').next().unwrap());
    let theirs = loire.visitor().page(&other).await;
    assert_eq!(theirs.status, StatusCode::OK);
    assert!(theirs.text.contains("The label shows a signed mandate."));
    // It went their way: they have nothing to contest.
    let refused = loire
        .visitor()
        .form(&format!("{other}/appeal"), &[("appeal", WHY)])
        .await;
    assert_eq!(refused.status, StatusCode::CONFLICT);

    let appeal = [("appeal", "That signature is not mine, compare it.")];
    let contested = stranger.form(&format!("{sender}/appeal"), &appeal).await;
    assert_eq!(
        contested.status,
        StatusCode::SEE_OTHER,
        "{}",
        contested.text
    );
    assert!(root.page("/desk").await.text.contains("1 notice to decide"));
    world.pass(15 * 24 * 3600);
    assert!(root.page("/desk/cases").await.text.contains("late"));
    let offered = || {
        let find = |conn: &mut _| Ok::<_, DbError>(catalogue::store::work(conn, &song)?);
        loire
            .db
            .read_now(find)
            .unwrap()
            .unwrap()
            .withdrawn_us
            .is_none()
    };
    assert!(offered());
    let yes = [
        ("decision", "upheld"),
        ("reason", "The signature is another one."),
    ];
    assert_eq!(root.form(&door, &yes).await.status, StatusCode::SEE_OTHER);
    assert!(
        !offered(),
        "what is unlawful is withdrawn in the same transaction"
    );
    assert!(stranger.page(&sender).await.text.contains("Appeal upheld"));
    let late = stranger.form(&format!("{sender}/appeal"), &appeal).await;
    assert_eq!(late.status, StatusCode::CONFLICT);
    let guessed = stranger
        .page("/cases/AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
        .await;
    assert_eq!(guessed.status, StatusCode::NOT_FOUND);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_notices_is_stopped_and_loses_none_that_came() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let stranger = loire.visitor();
    let mut answers = Vec::new();
    for _ in 0..62 {
        answers.push(report(&stranger, "/works/1", WHY).await.status);
    }
    let taken = answers
        .iter()
        .filter(|status| **status == StatusCode::CREATED);
    assert_eq!(taken.count(), 60);
    assert_eq!(answers[61], StatusCode::TOO_MANY_REQUESTS);
    let kept: i64 = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(cases::table.count().get_result(conn)?))
        .unwrap();
    assert_eq!(kept, 60);
    world.pass(3601);
    let next = report(&stranger, "/works/1", WHY).await;
    assert!(next.text.contains("Notice No. 61"), "{}", next.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_import_is_begun_at_the_desk_and_watched_to_its_end() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let root = operator(&loire).await;
    let intake = loire.dir.join("intake/lot");
    std::fs::create_dir_all(&intake).unwrap();
    for (title, hertz) in [("Aube", 220), ("Brume", 330)] {
        let texts = [(ItemKey::TrackTitle, title), (ItemKey::TrackArtist, "Ana")];
        tagged(&intake, &format!("{title}.flac"), hertz, &texts);
    }
    std::fs::write(
        intake.join("not-a-sound.mp3"),
        b"GIF89a lies about its type",
    )
    .unwrap();
    for elsewhere in ["..", "../keys", "/etc", "nothing", ""] {
        let refused = root.form("/desk/imports", &[("folder", elsewhere)]).await;
        assert_eq!(
            refused.status,
            StatusCode::UNPROCESSABLE_ENTITY,
            "{elsewhere}"
        );
    }
    assert!(
        root.page("/desk/imports")
            .await
            .text
            .contains("<option>lot</option>")
    );
    let begun = root.form("/desk/imports", &[("folder", "lot")]).await;
    assert_eq!(begun.status, StatusCode::SEE_OTHER, "{}", begun.text);
    let part = loop {
        let part = root.page("/desk/imports/now").await;
        assert_eq!(part.status, StatusCode::OK, "{}", part.text);
        if part.text.contains("Done: 3 files") {
            break part.text;
        }
    };
    assert!(
        part.contains("1 refused") && !part.contains("hx-trigger"),
        "{part}"
    );
    let list = root.page("/desk/imports").await.text;
    assert!(
        list.contains("2 taken") && list.contains("1 refused"),
        "{list}"
    );
    let one = list.split("href=\"/desk/imports/").nth(1).unwrap();
    let one = one.split('"').next().unwrap();
    let one = root.page(&format!("/desk/imports/{one}")).await;
    assert!(one.text.contains("not-a-sound.mp3"), "{}", one.text);
    let ana = loire.visitor();
    assert_eq!(
        ana.page("/desk/imports/now").await.status,
        StatusCode::UNAUTHORIZED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_year_is_received_and_seats_are_changed_at_the_desk() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let root = operator(&loire).await;
    let added = [
        ("name", "La Salle"),
        ("seats", "40"),
        ("contribution", "8 400,50"),
    ];
    assert_eq!(
        root.form("/desk/venues", &added).await.status,
        StatusCode::SEE_OTHER
    );
    let poor = [("name", " "), ("seats", "0"), ("contribution", "8400")];
    let poor = root.form("/desk/venues", &poor).await;
    assert_eq!(poor.status, StatusCode::UNPROCESSABLE_ENTITY);
    let year = [
        ("venue", "la-salle"),
        ("amount", "9000"),
        ("first", "2027-11"),
    ];
    let received = root.form("/desk/venues/contribution", &year).await;
    assert_eq!(received.status, StatusCode::SEE_OTHER, "{}", received.text);
    let seats = [("venue", "la-salle"), ("seats", "55")];
    assert_eq!(
        root.form("/desk/venues/seats", &seats).await.status,
        StatusCode::SEE_OTHER
    );
    let page = root.page("/desk/venues").await.text;
    assert!(page.contains("0 seats taken of 55"), "{page}");
    assert!(
        page.contains("€9,000.00 a year, paid until October 2028"),
        "{page}"
    );
    let years = root.page("/venues/la-salle/desk/contribution").await.text;
    assert!(
        years.contains("€8,400.50") && years.contains("€9,000.00"),
        "{years}"
    );
    for path in [
        "/desk",
        "/desk/parties",
        "/desk/jobs",
        "/desk/months",
        "/legal",
    ] {
        let page = root.page(path).await;
        assert_eq!(page.status, StatusCode::OK, "{path}: {}", page.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_money_is_stopped_and_what_is_goes_on() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let root = operator(&loire).await;
    let now = world.clock.now_us();
    loire
        .db
        .write_now(|conn| {
            diesel::insert_into(outbox::table)
                .values((
                    outbox::id.eq("http://localhost:1/activities/none"),
                    outbox::activity.eq("{}"),
                    outbox::public.eq(true),
                    outbox::created_us.eq(now),
                    outbox::actor_id.eq(loire.config.actor().as_str()),
                    outbox::kind.eq("Create"),
                ))
                .execute(conn)?;
            for (id, money) in [("a", false), ("b", true)] {
                diesel::insert_into(deliveries::table)
                    .values((
                        deliveries::id.eq(id),
                        deliveries::activity_id.eq("http://localhost:1/activities/none"),
                        deliveries::peer_origin.eq("http://localhost:1"),
                        deliveries::inbox.eq("http://localhost:1/inbox"),
                        deliveries::money.eq(money),
                        deliveries::queued_us.eq(now),
                        deliveries::attempts.eq(2),
                        deliveries::next_try_us.eq(now + 3_600_000_000),
                        deliveries::last_error.eq("nobody answers"),
                    ))
                    .execute(conn)?;
            }
            Ok::<_, DbError>(())
        })
        .unwrap();
    let page = root.page("/desk/jobs").await.text;
    assert!(
        page.contains("2 messages to deliver") && page.contains("nobody answers"),
        "{page}"
    );
    let about = |act: &'static str| {
        [
            ("kind", "delivery"),
            ("about", "http://localhost:1"),
            ("act", act),
        ]
    };
    let stopped = root.form("/desk/jobs", &about("stop")).await;
    assert_eq!(stopped.status, StatusCode::SEE_OTHER, "{}", stopped.text);
    let page = root.page("/desk/jobs").await.text;
    assert!(
        page.contains("1 message to deliver"),
        "money is never given up: {page}"
    );
    assert!(!page.contains("Stop 1"), "{page}");
    root.form("/desk/jobs", &about("retry")).await;
    let forged = [("kind", "everything"), ("about", "x"), ("act", "stop")];
    assert_eq!(
        root.form("/desk/jobs", &forged).await.status,
        StatusCode::UNPROCESSABLE_ENTITY
    );
}

/// An errand that does what it does once: the house is being left already.
fn once() -> tokio::sync::watch::Receiver<bool> {
    tokio::sync::watch::channel(true).1
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_says_how_errands_fare_and_puts_off_what_may_wait() {
    let world = World::new();
    let loire = world
        .node_with("loire", |config| {
            // Nobody is there.
            let nowhere = node::config::base_url("http://localhost:9", true).unwrap();
            config.coordinator = node::config::Coordinator::At(nowhere);
        })
        .await;
    loire.by_hand().await;
    let root = operator(&loire).await;
    node::coordinator::learn_policies(loire.app.clone(), once()).await;
    node::curation::drafts::run(loire.app.clone(), once()).await;
    node::operating::rows::run(loire.app.clone(), once()).await;

    let page = root.page("/desk/jobs").await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let part = |text: &str, errand: &str| {
        let end = text.find(&format!("value=\"{errand}\"")).expect(errand);
        let begin = text[..end].rfind("<li>").unwrap();
        let close = end + text[end..].find("</li>").unwrap();
        text[begin..close].to_owned()
    };
    let policies = part(&page.text, "policies");
    for told in ["Last done: 13:00", "Failed (13:00).", "next: 13:00"] {
        assert!(policies.contains(told), "{told}: {policies}");
    }
    for well_done in ["drafts", "rows"] {
        let told = part(&page.text, well_done);
        assert!(told.contains("Last done: 13:00") && !told.contains("Failed"));
    }

    let act = async |errand: &str, act: &str| {
        let fields = [("errand", errand), ("act", act)];
        root.form("/desk/errands", &fields).await.status
    };
    assert_eq!(act("drafts", "put-off").await, StatusCode::SEE_OTHER);
    let page = root.page("/desk/jobs").await.text;
    assert!(part(&page, "drafts").contains("Begin again"));
    assert_eq!(act("drafts", "take-up").await, StatusCode::SEE_OTHER);
    assert_eq!(act("policies", "now").await, StatusCode::SEE_OTHER);
    assert_eq!(act("policies", "put-off").await, StatusCode::CONFLICT);
    // A node that settles nothing takes in no reports.
    assert_eq!(act("reports", "now").await, StatusCode::NOT_FOUND);
    assert_eq!(
        act("everything", "now").await,
        StatusCode::UNPROCESSABLE_ENTITY
    );
    let guest = loire.visitor();
    let fields = [("errand", "drafts"), ("act", "now")];
    let stranger = guest.form("/desk/errands", &fields).await;
    assert_eq!(stranger.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_shows_peers_with_what_is_owed_to_them_and_since_when() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let wallonie = world.node("wallonie", "BE-WAL").await;
    let root = operator(&loire).await;
    node::peers::add(&loire.app, &wallonie.base())
        .await
        .unwrap();
    crate::peers::settle(&[&loire, &wallonie]).await;
    let desk = root.page("/desk").await.text;
    assert!(desk.contains("1 peer is well"), "{desk}");

    // It goes away, and something is to be told.
    wallonie.stop().await;
    loire.by_hand().await;
    loire.tell(&loire.drawn("song", 180), true);
    let desk = root.page("/desk").await.text;
    for told in [
        "wallonie",
        "1 delivery waits. Since",
        "href=\"/network#peers\"",
    ] {
        assert!(desk.contains(told), "{told}: {desk}");
    }
}
