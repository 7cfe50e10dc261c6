//! A label's people: how they come, what they upload and publish, what is refused field by field, and
//! who may not sit at their desk.

use lofty::tag::ItemKey;
use node::catalogue::{self, Work, store};
use node::db::DbError;
use node::members::Role;
use reqwest::Method;
use reqwest::header::{ACCEPT, CONTENT_TYPE};

use crate::catalogue::sounds::{tagged, wav};
use crate::world::{Answer, Host, PASSWORD, Visitor, World, offered};

/// Files as a browser sends them with a form.
async fn upload(who: &Visitor, path: &str, field: &str, files: &[(&str, &[u8])]) -> Answer {
    let mut body = Vec::new();
    for (name, bytes) in files {
        let head = format!(
            "--seam\r\nContent-Disposition: form-data; name=\"{field}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(bytes);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(b"--seam--\r\n");
    let request = who
        .request(Method::POST, path)
        .header(ACCEPT, "text/html")
        .header("origin", &who.base)
        .header(CONTENT_TYPE, "multipart/form-data; boundary=seam");
    who.send(request.body(body)).await
}

/// Somebody who acts for a label of this name, and its slug.
pub async fn somebody_of(host: &Host, label: &str, name: &str) -> (Visitor, String) {
    let (_, code) = tokio::task::block_in_place(|| node::labels::invite(host, label).unwrap());
    let visitor = host.visitor();
    let fields = [
        ("code", code.as_str()),
        ("name", name),
        ("password", PASSWORD),
    ];
    let answer = visitor.form("/labels/join", &fields).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    let desk = answer.location.unwrap();
    (visitor, desk.strip_prefix("/labels/").unwrap().to_owned())
}

/// A draft with two works, its facts saved; its path.
async fn a_draft(who: &Visitor, slug: &str) -> String {
    let begun = who.form(&format!("/labels/{slug}/releases"), &[]).await;
    let draft = begun.location.unwrap();
    let music = tempfile::tempdir().unwrap();
    let first = tagged(
        music.path(),
        "1.flac",
        220,
        &[
            (ItemKey::TrackTitle, "Amont"),
            (ItemKey::TrackArtist, "Anne Varenne"),
            (ItemKey::AlbumTitle, "Rives"),
            (ItemKey::Isrc, "FRZ032600001"),
        ],
    );
    let first = std::fs::read(first).unwrap();
    let second = wav(330, 2);
    let files: [(&str, &[u8]); 2] = [("1.flac", &first), ("C:\\Mix\\Aval.wav", &second)];
    let answer = upload(who, &format!("{draft}/files"), "files", &files).await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    draft
}

const FACTS: [(&str, &str); 6] = [
    ("title", "Rives"),
    ("artist", "Anne Varenne"),
    ("year", "2026"),
    ("label_part", "30"),
    ("licensed_on", "2026-11-01"),
    ("society", "aucune"),
];

fn found(host: &Host, q: &str) -> Vec<Work> {
    tokio::task::block_in_place(|| {
        host.db
            .read_now(|conn| Ok::<_, DbError>(offered(conn, q)?))
            .unwrap()
    })
}

fn shares(host: &Host, work: &Work) -> Vec<(String, u32)> {
    tokio::task::block_in_place(|| {
        let sheet = |conn: &mut _| catalogue::splits::latest(conn, &work.id);
        let sheet = host.db.read_now(sheet).unwrap().unwrap();
        let entry = sheet.entries().first().unwrap();
        let given = entry.given().iter();
        given.map(|share| (share.role.clone(), share.bp)).collect()
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_adds_a_release_by_hand_changes_it_and_withdraws_it() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let (ana, slug) = somebody_of(&loire, "Micro Climat", "Ana").await;
    let draft = a_draft(&ana, &slug).await;

    let page = ana.page(&draft).await.text;
    for there in [
        "Amont",
        "Aval",
        "Anne Varenne",
        "FRZ032600001",
        "value=\"Rives\"",
    ] {
        assert!(page.contains(there), "{there}: {page}");
    }
    assert!(found(&loire, "amont").is_empty(), "nothing is public yet");
    let sound = page
        .split("src=\"")
        .find(|part| part.contains("/sound\""))
        .unwrap();
    let sound = sound.split('"').next().unwrap();
    let heard = ana.request(Method::GET, sound).send().await.unwrap();
    assert_eq!(heard.headers()["content-type"], "audio/flac");
    assert_eq!(loire.visitor().get(sound).await.status, 401);

    let saved = ana.form(&draft, &FACTS).await;
    assert_eq!(saved.status, 303, "{}", saved.text);
    let published = ana.form(&format!("{draft}/publish"), &[]).await;
    assert_eq!(published.status, 303, "{}", published.text);
    let amont = found(&loire, "amont").remove(0);
    let aval = found(&loire, "aval").remove(0);
    assert_eq!((amont.position, aval.position), (Some(1), Some(2)));
    assert_eq!((amont.year, amont.media.is_some()), (Some(2026), true));
    assert_eq!(amont.duration_ms, 2_000);
    assert_eq!(
        shares(&loire, &amont),
        [("artist".to_owned(), 7_000), ("label".to_owned(), 3_000)]
    );
    let public = loire.visitor().page(&format!("/parties/{slug}")).await.text;
    assert!(public.contains("Rives") && !public.contains(&format!("/labels/{slug}")));
    let own = ana.page(&format!("/parties/{slug}")).await.text;
    assert!(own.contains(&format!("/labels/{slug}")));

    // Published again with nothing changed, nothing changes; with a title changed, that does.
    let before = found(&loire, "rives");
    ana.form(&format!("{draft}/publish"), &[]).await;
    assert_eq!(found(&loire, "rives"), before);
    let work = page
        .split("/works/")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap();
    let work = format!("{draft}/works/{work}");
    let fields = [
        ("act", "save"),
        ("title", "Amont, encore"),
        ("isrc", "FRZ032600001"),
    ];
    assert_eq!(ana.form(&work, &fields).await.status, 303);
    ana.form(&format!("{draft}/publish"), &[]).await;
    let again = found(&loire, "encore").remove(0);
    assert_eq!(again.id, amont.id, "the same work, changed");

    // A work that is taken out is withdrawn when that is published.
    assert_eq!(ana.form(&work, &[("act", "remove")]).await.status, 303);
    assert_eq!(found(&loire, "encore").len(), 1);
    ana.form(&format!("{draft}/publish"), &[]).await;
    assert!(found(&loire, "encore").is_empty());
    assert_eq!(found(&loire, "aval").remove(0).position, Some(1));

    assert_eq!(
        ana.form(&format!("{draft}/withdraw"), &[]).await.status,
        303
    );
    assert!(found(&loire, "rives").is_empty());
    let desk = ana.page(&format!("/labels/{slug}")).await.text;
    assert!(desk.contains("Rives"), "the draft stays: {desk}");
}

#[tokio::test(flavor = "multi_thread")]
async fn less_for_somebody_waits_for_them_though_the_label_publishes_it() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let (ana, slug) = somebody_of(&loire, "Micro Climat", "Ana").await;
    let draft = a_draft(&ana, &slug).await;
    ana.form(&draft, &FACTS).await;
    ana.form(&format!("{draft}/publish"), &[]).await;
    let mut facts = FACTS;
    facts[3] = ("label_part", "60");
    ana.form(&draft, &facts).await;
    let published = ana.form(&format!("{draft}/publish"), &[]).await;
    assert_eq!(published.status, 303, "{}", published.text);
    let amont = found(&loire, "amont").remove(0);
    assert_eq!(shares(&loire, &amont)[1], ("label".to_owned(), 3_000));
    let page = ana.page(&draft).await.text;
    assert!(page.contains("waits for whoever would have less"), "{page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_beside_its_field_and_what_was_right_stays() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let (ana, slug) = somebody_of(&loire, "Micro Climat", "Ana").await;
    let begun = ana.form(&format!("/labels/{slug}/releases"), &[]).await;
    let draft = begun.location.unwrap();
    let fields = [
        ("title", "Rives & <dérives>"),
        ("artist", "Anne"),
        ("year", "26"),
        ("icpn", "3700000000010"),
        ("label_part", "130"),
    ];
    let answer = ana.form(&draft, &fields).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer
            .text
            .contains("value=\"Rives &#38; &#60;dérives&#62;\""),
        "{}",
        answer.text
    );
    for id in [
        "year-wrong\">A year",
        "icpn-wrong\">",
        "label_part-wrong\">A part",
    ] {
        assert!(answer.text.contains(id), "{id}: {}", answer.text);
    }
    assert!(
        ana.page(&draft).await.text.contains("value=\"\""),
        "nothing was kept"
    );

    // Nothing is published that is not whole.
    let answer = ana.form(&format!("{draft}/publish"), &[]).await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text.contains("At least one track is missing"),
        "{}",
        answer.text
    );

    // A file that is none stops no other.
    let good = wav(200, 1);
    let files: [(&str, &[u8]); 4] = [
        ("half.flac", b"fLaC and no more"),
        ("empty.wav", b""),
        ("../../etc/passwd.wav", &good),
        ("again.wav", &good),
    ];
    let answer = upload(&ana, &format!("{draft}/files"), "files", &files).await;
    assert_eq!(answer.status, 422);
    for name in ["half.flac", "empty.wav", "again.wav"] {
        assert!(
            answer.text.contains(&format!("<strong>{name}</strong>")),
            "{name}"
        );
    }
    assert!(answer.text.contains("1. passwd"), "{}", answer.text);
    let incoming = loire.dir.join("media/.incoming");
    assert_eq!(
        std::fs::read_dir(incoming).unwrap().count(),
        0,
        "nothing is left behind"
    );

    // A picture that is a bomb or none is refused, and one is taken.
    let answer = upload(
        &ana,
        &format!("{draft}/cover"),
        "cover",
        &[("x.png", b"no")],
    )
    .await;
    assert_eq!(answer.status, 422);
    assert!(
        answer.text.contains("cover-wrong\">This picture"),
        "{}",
        answer.text
    );
    let mut picture = std::io::Cursor::new(Vec::new());
    image::RgbImage::from_pixel(20, 20, image::Rgb([20, 90, 60]))
        .write_to(&mut picture, image::ImageFormat::Png)
        .unwrap();
    let picture = picture.into_inner();
    let answer = upload(
        &ana,
        &format!("{draft}/cover"),
        "cover",
        &[("x.png", &picture)],
    )
    .await;
    assert_eq!(answer.status, 303, "{}", answer.text);
    assert!(ana.page(&draft).await.text.contains("src=\"/covers/"));

    // An upload of a draft is not swept with what no work needs.
    let swept = tokio::task::block_in_place(|| catalogue::import::sweep(&loire).unwrap());
    assert_eq!(swept, (0, 0));
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_else_sits_at_a_labels_desk_and_a_code_is_good_once() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let (ana, slug) = somebody_of(&loire, "Micro Climat", "Ana").await;
    let draft = a_draft(&ana, &slug).await;
    let (bo, other) = somebody_of(&loire, "Macro", "Bo").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let cy = loire.member(&library, "Cy").await;
    for path in [format!("/labels/{slug}"), draft.clone()] {
        assert_eq!(loire.visitor().get(&path).await.status, 401, "{path}");
        assert_eq!(bo.get(&path).await.status, 403, "{path}");
        assert_eq!(cy.get(&path).await.status, 403, "{path}");
    }
    // Another label's draft is not reached by way of one's own desk.
    let crossed = draft.replace(&slug, &other);
    assert_eq!(bo.get(&crossed).await.status, 404);
    let answer = bo.form(&format!("{crossed}/publish"), &[]).await;
    assert_eq!(answer.status, 404);
    let answer = upload(&cy, &format!("{draft}/files"), "files", &[("1.wav", b"x")]).await;
    assert_eq!(answer.status, 403);
    // A form of another site does nothing.
    let request = ana
        .request(Method::POST, &format!("{draft}/publish"))
        .header("origin", "https://evil.example");
    assert_eq!(ana.send(request).await.status, 403);

    // Codes: once, by whoever has it; an account of the node may use one too.
    let (_, code) = tokio::task::block_in_place(|| node::labels::invite(&loire, "Macro").unwrap());
    let fields = [("code", code.as_str())];
    assert_eq!(cy.form("/labels/join", &fields).await.status, 303);
    assert_eq!(cy.get(&format!("/labels/{other}")).await.status, 200);
    assert_eq!(bo.form("/labels/join", &fields).await.status, 422);
    world.turn_to("2027-03-01T00:00:00Z");
    let (_, late) = tokio::task::block_in_place(|| node::labels::invite(&loire, "Macro").unwrap());
    world.turn_to("2027-06-01T00:00:00Z");
    let dee = loire.visitor();
    let fields = [
        ("code", late.as_str()),
        ("name", "Dee"),
        ("password", PASSWORD),
    ];
    assert_eq!(dee.form("/labels/join", &fields).await.status, 422);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operator_invites_a_label_and_members_do_not() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let cy = loire.member(&library, "Cy").await;
    assert_eq!(cy.form("/labels", &[("name", "Macro")]).await.status, 403);
    tokio::task::block_in_place(|| {
        let operator = Some(Role::Operator);
        node::members::add(&loire, &library.slug, "Op", PASSWORD, operator).unwrap();
    });
    let op = loire.visitor();
    let fields = [("name", "Op"), ("password", PASSWORD)];
    assert_eq!(op.form("/sign-in", &fields).await.status, 303);
    let answer = op.form("/labels", &[("name", "\u{202e}")]).await;
    assert_eq!(answer.status, 422);
    let answer = op.form("/labels", &[("name", "Macro & Co")]).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    let code = answer.text.split("/labels/join?code=").nth(1).unwrap();
    let code = code.split('"').next().unwrap().to_owned();
    let page = loire
        .visitor()
        .page(&format!("/labels/join?code={code}"))
        .await;
    assert!(page.text.contains(&code));
    let listed = op.page("/labels").await.text;
    assert!(listed.contains("Macro &#38; Co"), "{listed}");
    let slug = "macro-co";
    let party = settlement::PartyId::parse(&loire.config.uri(&format!("/parties/{slug}"))).unwrap();
    let party = tokio::task::block_in_place(|| {
        let read = |conn: &mut _| Ok::<_, DbError>(store::party(conn, &party)?);
        loire.db.read_now(read).unwrap().unwrap()
    });
    assert_eq!(party.name, "Macro & Co");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_label_reads_at_its_desk_what_is_reported_of_its_works_and_contests_it() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let (ana, slug) = somebody_of(&loire, "Macro", "Ana").await;
    let (bela, other) = somebody_of(&loire, "Micro", "Bela").await;
    let draft = a_draft(&ana, &slug).await;
    assert_eq!(ana.form(&draft, &FACTS).await.status, 303);
    let published = ana.form(&format!("{draft}/publish"), &[]).await;
    assert_eq!(published.status, 303, "{}", published.text);
    let work = found(&loire, "Amont").remove(0);
    let base = loire.base();
    let path = work.id.as_str().strip_prefix(&base).unwrap();
    let release = work.release.unwrap();
    for subject in [
        path,
        release.as_str(),
        &format!("{base}{path}?from=search#top"),
        // Nobody's here.
        "/works/nothing",
        "https://elsewhere.example/works/1",
    ] {
        let fields = [
            ("kind", "unlawful"),
            ("subject", subject),
            ("words", "This recording is mine and I signed nothing."),
            ("faith", "yes"),
            ("sender", "Zed"),
        ];
        let sent = loire.visitor().form("/cases", &fields).await;
        assert_eq!(sent.status, 201, "{}", sent.text);
    }
    let desk = ana.page(&format!("/labels/{slug}")).await.text;
    assert_eq!(desk.matches("href=\"/cases/").count(), 3, "{desk}");
    let theirs = bela.page(&format!("/labels/{other}")).await.text;
    assert!(!theirs.contains("href=\"/cases/"), "{theirs}");

    // Its own side of the case: what is said, without who said it.
    let case = desk.split("href=\"/cases/").nth(1).unwrap();
    let case = format!("/cases/{}", case.split('"').next().unwrap());
    let page = ana.page(&case).await.text;
    assert!(
        page.contains("I signed nothing") && !page.contains("Zed"),
        "{page}"
    );
    let id = tokio::task::block_in_place(|| {
        let read = |conn: &mut _| Ok::<_, DbError>(node::cases::store::all(conn, 0)?);
        loire.db.read_now(read).unwrap().remove(0).id
    });
    tokio::task::block_in_place(|| {
        let decide = |conn: &mut _| {
            let why = "The master is the sender’s.";
            node::cases::decide(conn, &loire, &id, node::cases::Decision::Upheld, why)
        };
        loire.db.write_now(decide).unwrap();
    });
    let desk = ana.page(&format!("/labels/{slug}")).await.text;
    assert!(desk.contains("Upheld"), "{desk}");
    let fields = [("appeal", "We hold the contract of 2019.")];
    let contested = ana.form(&format!("{case}/appeal"), &fields).await;
    assert_eq!(contested.status, 303, "{}", contested.text);
    let desk = ana.page(&format!("/labels/{slug}")).await.text;
    assert!(desk.contains("Decision contested"), "{desk}");
}
