//! Joining and what follows: cards, links and lists at a venue's desk, several venues, leaving,
//! taking everything along, being forgotten, the second step, and guesses that are stopped.

use std::collections::BTreeSet;

use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use node::db::DbError;
use node::listening;
use node::members::callers::{FREE, Network};
use node::members::{self, Role, second};
use node::venues::Venue;
use node::web::Refusal;
use serde_json::json;
use settlement::{Counting, Period};

use crate::world::{Answer, Host, PASSWORD, Visitor, World, instant};

/// Somebody with a role at a venue, signed in.
/// Staff of a venue, signed in.
pub async fn staff(host: &Host, venue: &Venue, name: &str, role: Role) -> Visitor {
    tokio::task::block_in_place(|| {
        members::add(host, venue.id.as_str(), name, PASSWORD, Some(role)).unwrap();
    });
    sign_in(host, name).await
}

async fn sign_in(host: &Host, name: &str) -> Visitor {
    let visitor = host.visitor();
    let who = json!({ "name": name, "password": PASSWORD });
    let answer = visitor.post("/api/sessions", &who).await;
    assert!(answer.status.is_success(), "{}", answer.text);
    visitor
}

/// The value of the nth hidden field of this name on a page.
fn hidden(page: &str, name: &str, nth: usize) -> String {
    let mark = format!("name=\"{name}\" value=\"");
    let after = page.split(&mark).nth(nth + 1).expect("a hidden field");
    after.split('"').next().unwrap().to_owned()
}

/// The codes a page shows.
fn codes(page: &str) -> Vec<String> {
    page.split("class=\"invitation-code\">")
        .skip(1)
        .map(|after| after.split('<').next().unwrap().to_owned())
        .collect()
}

async fn list(visitor: &Visitor, path: &str, form: &str, file: &[u8]) -> Answer {
    let mut body = Vec::new();
    for (name, value) in [("form", form.as_bytes()), ("days", b"30"), ("list", file)] {
        let file = if name == "list" {
            "; filename=\"l.csv\""
        } else {
            ""
        };
        body.extend(
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"{file}\r\n\r\n")
                .as_bytes(),
        );
        body.extend(value);
        body.extend(b"\r\n");
    }
    body.extend(b"--edge--\r\n");
    let request = visitor
        .request(reqwest::Method::POST, path)
        .header(ACCEPT, "text/html")
        .header("origin", &visitor.base)
        .header(CONTENT_TYPE, "multipart/form-data; boundary=edge");
    visitor.send(request.body(body)).await
}

#[tokio::test(flavor = "multi_thread")]
async fn cards_are_made_once_used_once_and_taken_back() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 6);
    let maud = staff(&loire, &library, "Maud", Role::Manager).await;
    let desk = format!("/venues/{}/desk/invitations", library.slug);
    let page = maud.page(&desk).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    let form = hidden(&page.text, "form", 0);
    let wish = |count: &'static str| {
        [
            ("form", form.clone()),
            ("kind", "cards".to_owned()),
            ("count", count.to_owned()),
            ("days", "30".to_owned()),
        ]
    };
    let send = async |count| {
        let wish = wish(count);
        let wish: Vec<(&str, &str)> = wish.iter().map(|(k, v)| (*k, v.as_str())).collect();
        maud.form(&desk, &wish).await
    };
    for poor in ["0", "nine", "-1", "100000", "6"] {
        let refused = send(poor).await;
        assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY, "{poor}");
        assert!(refused.text.contains("aria-invalid=\"true\""), "{poor}");
    }
    let made = send("3").await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert_eq!(made.headers["cache-control"], "no-store");
    let cards = codes(&made.text);
    assert_eq!(cards.len(), 3);
    assert!(made.text.contains("class=\"qr\""));
    assert!(made.text.contains("data:text/csv"));
    let again = send("2").await;
    assert_eq!(again.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(codes(&again.text).is_empty(), "{}", again.text);

    let ana = loire.visitor();
    let joined = [
        ("code", cards[0].as_str()),
        ("name", "Ana"),
        ("password", PASSWORD),
    ];
    assert_eq!(
        ana.form("/join", &joined).await.status,
        StatusCode::SEE_OTHER
    );
    let listed = maud.page(&desk).await.text;
    assert!(
        listed.contains("3 made") && listed.contains("1 used"),
        "{listed}"
    );
    let batch = hidden(&listed, "batch", 0);
    let taken = maud
        .form(&format!("{desk}/revoke"), &[("batch", &batch)])
        .await;
    assert_eq!(taken.status, StatusCode::SEE_OTHER, "{}", taken.text);
    let late = [
        ("code", cards[1].as_str()),
        ("name", "Bela"),
        ("password", PASSWORD),
    ];
    let late = loire.visitor().form("/join", &late).await;
    assert!(
        late.text.contains("taken this invitation back"),
        "{}",
        late.text
    );
    assert_eq!(ana.page("/me").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_list_makes_a_card_a_name_and_the_names_are_kept_nowhere() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 3);
    let maud = staff(&loire, &library, "Maud", Role::Manager).await;
    let desk = format!("/venues/{}/desk/invitations", library.slug);
    let form = hidden(&maud.page(&desk).await.text, "form", 1);
    let path = format!("{desk}/list");

    let workbook = list(&maud, &path, &form, b"PK\x03\x04\0\0").await;
    assert_eq!(workbook.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(
        workbook.text.contains("save it as CSV"),
        "{}",
        workbook.text
    );

    // Windows-1252, as a spreadsheet writes it; a name twice, one missing, one too many.
    let file = b"Nom;Pr\xe9nom\nQuill\xe9;Zo\xe9\n;\nQUILLE;Zoe\nBlanc;Cai\nNoir;Didi\n";
    let made = list(&maud, &path, &form, file).await;
    assert_eq!(made.status, StatusCode::OK, "{}", made.text);
    assert_eq!(codes(&made.text).len(), 2, "two seats are left");
    assert!(made.text.contains("Zoé Quillé"));
    assert!(made.text.contains("Line 4:"), "{}", made.text);
    assert!(made.text.contains("No seat is left"), "{}", made.text);

    assert!(!maud.page(&desk).await.text.contains("Quill"));
    let kept = loire
        .db
        .read_now(|conn| Ok::<_, DbError>(texts(conn, "Quill")?))
        .unwrap();
    assert_eq!(kept, Vec::<String>::new());
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    many: i64,
}

/// The columns of text, by table, as `schema.rs` has them.
fn text_columns() -> Vec<(String, String)> {
    let (mut found, mut table) = (Vec::new(), String::new());
    for line in include_str!("../../src/schema.rs").lines().map(str::trim) {
        if let Some((column, kind)) = line.split_once(" -> ") {
            if kind.contains("Text") {
                found.push((table.clone(), column.to_owned()));
            }
        } else if let Some((name, rest)) = line.split_once(" (")
            && rest.ends_with(") {")
        {
            table = name.to_owned();
        }
    }
    found
}

/// Where in the database a text stands, as `table.column`.
fn texts(conn: &mut node::db::Conn, wanted: &str) -> QueryResult<Vec<String>> {
    let mut found = Vec::new();
    for (table, column) in text_columns() {
        let question = |place: &str| {
            format!("SELECT count(*) AS many FROM {table} WHERE \"{column}\" LIKE {place}")
        };
        let like = format!("%{wanted}%");
        let count: Count = match conn {
            node::db::Conn::Sqlite(conn) => diesel::sql_query(question("?"))
                .bind::<Text, _>(like)
                .get_result(conn)?,
            #[cfg(feature = "postgres")]
            node::db::Conn::Postgres(conn) => diesel::sql_query(question("$1"))
                .bind::<Text, _>(like)
                .get_result(conn)?,
        };
        if count.many > 0 {
            found.push(format!("{table}.{column}"));
        }
    }
    Ok(found)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_member_of_two_venues_listens_through_one_and_leaves_the_other() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 5);
    let hall = loire.venue("La Salle", 120_000, 5);
    let ana = loire.member(&library, "Ana").await;
    let through = async || {
        let token = ana.token().unwrap();
        members::signed_in(&loire, &token)
            .await
            .unwrap()
            .unwrap()
            .venue
    };
    let code = loire.invitation(&hall);
    let joined = ana.form("/me/venues", &[("code", &code)]).await;
    assert_eq!(joined.status, StatusCode::SEE_OTHER, "{}", joined.text);
    assert_eq!(through().await, Some(hall.id.clone()));
    let other = loire.invitation(&hall);
    let twice = ana.form("/me/venues", &[("code", &other)]).await;
    assert_eq!(twice.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(twice.text.contains("Keep this code"), "{}", twice.text);

    let back = [("venue", library.id.as_str())];
    ana.form("/me/venues/through", &back).await;
    assert_eq!(through().await, Some(library.id.clone()));
    let foreign = [("venue", "http://elsewhere.example/venues/x")];
    let refused = ana.form("/me/venues/through", &foreign).await;
    assert_eq!(refused.status, StatusCode::NOT_FOUND);

    ana.form("/me/venues/leave", &back).await;
    assert_eq!(through().await, Some(hall.id.clone()));
    // Who comes back is a member again, with the code that was kept for somebody else.
    let again = loire.invitation(&library);
    assert_eq!(
        ana.form("/me/venues", &[("code", &again)]).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(through().await, Some(library.id.clone()));

    // The same by command.
    loire.member(&hall, "Bela").await;
    members::join_named(&loire, &library.slug, "béla").unwrap();
    assert!(members::join_named(&loire, &library.slug, "Bela").is_err());
    members::leave_named(&loire, &library.slug, "Bela").unwrap();
    assert!(members::leave_named(&loire, &library.slug, "Bela").is_err());
}

/// A play of somebody, as the database keeps it.
fn play(host: &Host, member: &str, venue: &Venue, work: &settlement::WorkId, key: &str) {
    let player = listening::store::Player {
        member,
        venue: &venue.id,
        post: None,
    };
    let play = listening::NewPlay {
        id: key.to_owned(),
        work: work.clone(),
        selection: None,
        started_us: instant("2026-11-10T11:00:00Z"),
        seconds: 60,
    };
    let period = Period::parse("2026-11").unwrap();
    tokio::task::block_in_place(|| {
        host.db
            .write_now(|conn| {
                let now = host.clock.now_us();
                listening::store::add_play(conn, key, player, &play, now, period)?;
                Ok::<_, DbError>(())
            })
            .unwrap();
    });
}

async fn id_of(host: &Host, visitor: &Visitor) -> String {
    let token = visitor.token().unwrap();
    members::signed_in(host, &token).await.unwrap().unwrap().id
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_forgotten_leaves_sums_and_nothing_else() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let song = loire.work("song", 180);
    let ana = loire.member(&library, "Anacharsis").await;
    let id = id_of(&loire, &ana).await;
    play(&loire, &id, &library, &song, "p1");
    ana.form(
        "/me/public",
        &[("handle", "ana"), ("public_name", "Ana of Loire")],
    )
    .await;
    let counted = || {
        let period = Period::parse("2026-11").unwrap();
        let count = |conn: &mut _| listening::counted(conn, &loire, period, &Counting::default());
        let counted = loire
            .db
            .read_now(|conn| Ok::<_, Refusal>(count(conn)?))
            .unwrap();
        counted
            .rows
            .iter()
            .map(|row| (row.uses, row.seconds))
            .collect::<Vec<_>>()
    };
    let before = counted();
    assert_eq!(before, [(1, 60)]);

    let along = ana.get("/me/export").await;
    assert_eq!(along.status, StatusCode::OK);
    let along = along.json();
    assert_eq!(along["name"], "Anacharsis");
    assert_eq!(along["plays"][0]["title"], "song");
    assert_eq!(along["memberships"][0]["name"], "Médiathèque");
    assert!(!along.to_string().contains("argon2"));

    let wrong = ana
        .form("/me/forget", &[("password", "not this one")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);
    let gone = ana.form("/me/forget", &[("password", PASSWORD)]).await;
    assert_eq!(gone.status, StatusCode::SEE_OTHER, "{}", gone.text);
    assert_eq!(ana.page("/me").await.status, StatusCode::UNAUTHORIZED);
    assert!(
        members::sign_in(&loire, "Anacharsis", PASSWORD)
            .await
            .is_err()
    );
    assert_eq!(counted(), before, "the sums stay");
    let traces = loire
        .db
        .read_now(|conn| {
            let mut all = texts(conn, &id)?;
            all.extend(texts(conn, "Anacharsis")?);
            all.extend(texts(conn, "Ana of Loire")?);
            Ok::<_, DbError>(all.into_iter().collect::<BTreeSet<_>>())
        })
        .unwrap();
    // What was said to followers was said, under the name they chose to be seen by.
    let said = BTreeSet::from(["outbox.activity".to_owned()]);
    assert!(traces.is_subset(&said), "{traces:?}");
    // The handle is nobody else's.
    let bela = loire.member(&library, "Bela").await;
    let taken = [("handle", "ana"), ("public_name", "Not Ana")];
    assert_ne!(
        bela.form("/me/public", &taken).await.status,
        StatusCode::SEE_OTHER
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_step_is_asked_for_and_no_code_is_good_twice() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let maud = staff(&loire, &library, "Maud", Role::Manager).await;
    let page = maud.page("/me/second").await.text;
    let secret = page.split("class=\"secret\">").nth(1).unwrap();
    let secret = secret.split('<').next().unwrap().to_owned();
    let shown = || second::shown(&secret, world.clock.now_us()).unwrap();
    let poor = maud.form("/me/second", &[("code", "000000")]).await;
    assert_eq!(poor.status, StatusCode::UNPROCESSABLE_ENTITY);
    let confirmed = maud.form("/me/second", &[("code", &shown())]).await;
    assert_eq!(confirmed.status, StatusCode::OK, "{}", confirmed.text);
    let recovery: Vec<String> = confirmed
        .text
        .split("class=\"secret\">")
        .skip(1)
        .map(|after| after.split('<').next().unwrap().to_owned())
        .collect();
    assert_eq!(recovery.len(), second::RECOVERY_CODES);

    let other = loire.visitor();
    let password = [("name", "Maud"), ("password", PASSWORD), ("back", "/me")];
    let led = other.form("/sign-in", &password).await;
    assert_eq!(led.location.as_deref(), Some("/sign-in/second?back=%2Fme"));
    assert_eq!(other.page("/me").await.status, StatusCode::UNAUTHORIZED);
    let prove = async |code: &str| {
        other
            .form("/sign-in/second", &[("code", code), ("back", "/me")])
            .await
    };
    let spent = prove(&shown()).await;
    assert_eq!(
        spent.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "used to confirm"
    );
    world.pass(60);
    let proved = prove(&shown()).await;
    assert_eq!(proved.location.as_deref(), Some("/me"), "{}", proved.text);
    assert_eq!(other.page("/me").await.status, StatusCode::OK);

    // Who lost the device has recovery codes, each good once.
    let third = loire.visitor();
    third.form("/sign-in", &password).await;
    let door = "/sign-in/second";
    let in_again = third.form(door, &[("code", &recovery[0])]).await;
    assert_eq!(in_again.status, StatusCode::SEE_OTHER);
    let fourth = loire.visitor();
    fourth.form("/sign-in", &password).await;
    let refused = fourth.form(door, &[("code", &recovery[0])]).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    let mut answers = Vec::new();
    for guess in 0..6 {
        let code = format!("{guess:06}");
        answers.push(fourth.form(door, &[("code", &code)]).await.status);
    }
    assert!(
        answers.contains(&StatusCode::TOO_MANY_REQUESTS),
        "{answers:?}"
    );

    // Programs say both at once; a session that waits ends by itself.
    world.pass(3600);
    let both = json!({ "name": "Maud", "password": PASSWORD, "code": shown() });
    let both = loire.visitor().post("/api/sessions", &both).await;
    assert_eq!(both.status, StatusCode::CREATED, "{}", both.text);
    let late = fourth.form(door, &[("code", &recovery[1])]).await;
    assert_eq!(late.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_development_a_role_waits_for_its_second_step() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    members::add(
        &loire,
        &library.slug,
        "Maud",
        PASSWORD,
        Some(Role::Operator),
    )
    .unwrap();
    loire.stop().await;
    // The same node, in earnest.
    let settings = loire.dir.join("node.toml");
    let text = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, text.replace("dev = true", "dev = false")).unwrap();
    let mut node = tokio::task::block_in_place(|| node::Node::open(&loire.dir).unwrap());
    node.clock = world.clock.clone();
    assert!(!node.config.dev);
    let session = members::sign_in(&node, "Maud", PASSWORD).await.unwrap();
    let cookie = session.cookie(&node).to_str().unwrap().to_owned();
    assert!(cookie.contains("; Secure"), "{cookie}");
    let token = cookie["antiphon=".len()..]
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let who = members::signed_in(&node, &token).await.unwrap().unwrap();
    assert!(who.waiting && !who.operates() && who.venue.is_some());

    let app = node::share(node);
    let (member, node) = (who.clone(), app.clone());
    let begun = app
        .db
        .write(move |conn| second::begin(conn, &node, &member))
        .await
        .unwrap();
    let code = second::shown(&begun.secret, world.clock.now_us()).unwrap();
    second::confirm(&app, &who, &token, &code).await.unwrap();
    let who = members::signed_in(&app, &token).await.unwrap().unwrap();
    assert!(who.operates() && !who.waiting);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_desk_lets_in_who_forgot_the_password_but_not_as_somebody_above_it() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let hall = loire.venue("La Salle", 120_000, 9);
    let maud = staff(&loire, &library, "Maud", Role::Manager).await;
    let ana = loire.member(&library, "Ana").await;
    let root = staff(&loire, &library, "Root", Role::Operator).await;
    let stranger = loire.member(&hall, "Stranger").await;
    let desk = format!("/venues/{}/desk/members", library.slug);
    let act = async |who: &Visitor, member: String, act: &str| {
        who.form(&desk, &[("member", &member), ("act", act)]).await
    };
    let ana_id = id_of(&loire, &ana).await;
    assert_eq!(
        loire.visitor().page(&desk).await.status,
        StatusCode::UNAUTHORIZED
    );
    assert_eq!(ana.page(&desk).await.status, StatusCode::FORBIDDEN);
    let refused = act(&ana, ana_id.clone(), "give-manager").await;
    assert_eq!(refused.status, StatusCode::FORBIDDEN);

    let given = act(&maud, ana_id.clone(), "reset").await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.text);
    let code = codes(&given.text).remove(0);
    let fields = [
        ("code", code.as_str()),
        ("password", "another password of mine"),
    ];
    let changed = loire.visitor().form("/reset", &fields).await;
    assert_eq!(changed.status, StatusCode::SEE_OTHER, "{}", changed.text);

    let root_id = id_of(&loire, &root).await;
    assert_eq!(
        act(&maud, root_id.clone(), "reset").await.status,
        StatusCode::FORBIDDEN
    );
    assert_eq!(act(&root, root_id, "reset").await.status, StatusCode::OK);
    let stranger_id = id_of(&loire, &stranger).await;
    assert_eq!(
        act(&maud, stranger_id, "end").await.status,
        StatusCode::NOT_FOUND
    );

    act(&maud, ana_id.clone(), "give-curator").await;
    let page = maud.page(&format!("{desk}?q=ANA")).await.text;
    assert!(page.contains("composes selections"), "{page}");
    assert!(!page.contains(">Root<"));
    act(&maud, ana_id.clone(), "end").await;
    assert!(
        !maud
            .page(&format!("{desk}?q=ANA"))
            .await
            .text
            .contains("composes selections")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_guesses_at_codes_are_stopped_and_a_right_code_still_opens() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let code = loire.invitation(&library);
    let (mut judged, mut stopped) = (0, 0);
    for guess in 0..1000 {
        // Each begins otherwise: what is counted by beginnings sees one try each.
        let guess = format!("{guess:04}-0000-0000");
        let guess = members::code::Code::read(&guess).unwrap();
        match members::check_invitation(&loire, &guess).await {
            Err(Refusal::TooMany(_)) => stopped += 1,
            _ => judged += 1,
        }
    }
    assert_eq!((judged, stopped), (60, 940));
    let wish = json!({ "code": code, "name": "Ana", "password": PASSWORD });
    let joined = loire.visitor().post("/api/join", &wish).await;
    assert_eq!(joined.status, StatusCode::CREATED, "{}", joined.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_tells_of_five_listeners_and_never_of_four() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let song = loire.work("song", 180);
    let maud = staff(&loire, &library, "Maud", Role::Manager).await;
    let desk = format!("/venues/{}/desk", library.slug);
    let uses = format!("{desk}/uses.csv");
    for number in 0..5 {
        let before = maud.get(&uses).await;
        assert_eq!(before.status, StatusCode::OK, "{}", before.text);
        assert!(!before.text.contains("Works from here"), "{}", before.text);
        let visitor = loire.member(&library, &format!("Listener {number}")).await;
        let id = id_of(&loire, &visitor).await;
        play(&loire, &id, &library, &song, &format!("p{number}"));
    }
    let table = maud.get(&uses).await.text;
    assert!(table.contains("Week,2026-11-09,5"), "{table}");
    assert!(table.contains("Works from here,5"), "{table}");
    for page in ["", "/uses", "/contribution", "/invitations", "/members"] {
        let page = maud.page(&format!("{desk}{page}")).await;
        assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    }
    assert!(maud.page(&desk).await.text.contains("5 plays"));
    let paid = maud.get(&format!("{desk}/contribution.csv")).await;
    assert_eq!(paid.headers["content-type"], "text/csv; charset=utf-8");
}

#[tokio::test(flavor = "multi_thread")]
async fn guesses_at_many_names_slow_their_network_down_and_nobody_who_is_known_there() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    for name in ["Ana", "Bela"] {
        tokio::task::block_in_place(|| {
            members::add(&loire, library.id.as_str(), name, PASSWORD, None).unwrap();
        });
    }
    // The node stands behind a server of its own, which says whom it answers.
    let try_from = async |from: &str, browser: &str, name: &str, password: &str| {
        let visitor = loire.visitor();
        let who = json!({ "name": name, "password": password });
        let request = visitor
            .request(reqwest::Method::POST, "/api/sessions")
            .header(CONTENT_TYPE, "application/json")
            .header("x-forwarded-for", from)
            .header("cookie", browser)
            .body(who.to_string());
        visitor.send(request).await
    };
    let (library_at, elsewhere) = ("2001:db8:5:6::10", "203.0.113.9");
    let came = try_from(library_at, "", "Ana", PASSWORD).await;
    let known = came.headers.get_all("set-cookie").iter().nth(1).unwrap();
    let known = known.to_str().unwrap();
    assert!(known.contains("; HttpOnly; SameSite=Lax;"), "{known}");
    let known = known.split(';').next().unwrap();

    // Somebody in the reading room tries one password at a hundred names.
    let network = Network::of("2001:db8:5:6:ffff::1".parse().unwrap());
    for _ in 0..FREE {
        loire
            .networks
            .try_from(network, world.clock.now_us())
            .unwrap();
    }
    let status = async |from: &str, browser: &str, name: &str, password: &str| {
        try_from(from, browser, name, password).await.status
    };
    let (wrong, slow, right) = (
        StatusCode::UNPROCESSABLE_ENTITY,
        StatusCode::TOO_MANY_REQUESTS,
        StatusCode::CREATED,
    );
    let waits = try_from(library_at, "", "Cai", "winter2026").await;
    assert_eq!(waits.status, slow, "{}", waits.text);
    assert!(waits.headers.contains_key("retry-after"));
    assert_eq!(status(library_at, known, "Bela", "winter2026").await, slow);
    // Not from elsewhere, and not in Ana's browser: there only guesses at her name count.
    assert_eq!(status(elsewhere, "", "Cai", "winter2026").await, wrong);
    assert_eq!(status(library_at, known, "Ana", "winter2026").await, wrong);
    assert_eq!(status(library_at, known, "Ana", PASSWORD).await, right);
    // Who comes there for the first time waits a moment, and comes in.
    assert_eq!(status(library_at, "", "Bela", PASSWORD).await, slow);
    world.pass(6);
    assert_eq!(status(library_at, "", "Bela", PASSWORD).await, right);
}
