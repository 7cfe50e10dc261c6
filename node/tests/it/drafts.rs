//! Drafts: curators work on one together, in time and in two languages; what they publish is read,
//! shown elsewhere, followed and borrowed.

use node::curation::drafts;
use node::db::DbError;
use serde_json::{Value, json};

use crate::curation::{curator, two_works};
use crate::peers::settle;
use crate::world::{Answer, Host, Visitor, World};

fn led(answer: &Answer) -> String {
    assert_eq!(answer.status, 303, "{}", answer.text);
    answer.location.clone().unwrap()
}

fn as_of(page: &Answer) -> String {
    let (_, rest) = page.text.split_once("name=\"as_of\" value=\"").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

/// Lets the node look whether a draft's time has come.
fn turn(host: &Host) {
    tokio::task::block_in_place(|| drafts::turn(host).unwrap());
}

async fn published(host: &Host) -> Vec<String> {
    let base = host.base();
    let look = host.db.read(move |conn| {
        let latest = node::curation::store::latest(conn, &base, true, 10)?;
        Ok::<_, DbError>(latest.into_iter().map(|one| one.title).collect())
    });
    look.await.unwrap()
}

async fn world() -> (World, Host, node::venues::Venue, Visitor) {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 20);
    let ana = curator(&loire, &library, "Ana").await;
    (world, loire, library, ana)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_kept_unfinished_and_published_when_it_is_whole() {
    let (_world, loire, library, ana) = world().await;
    let works = two_works(&loire);
    let door = format!("/venues/{}/drafts", library.slug);
    let draft = led(&ana
        .form(&door, &[("words", "Un jour"), ("act", "save")])
        .await);
    assert!(ana.page(&door).await.text.contains("Untitled"));
    assert!(published(&loire).await.is_empty());

    let page = ana.page(&draft).await;
    let at = as_of(&page);
    // Without a title it is kept, not published; what was written stays in the form.
    let early = [
        ("words", "Un jour & plus"),
        ("work", works[0].as_str()),
        ("as_of", &at),
        ("act", "publish"),
    ];
    let refused = ana.form(&draft, &early).await;
    assert_eq!(refused.status, 422);
    assert!(
        refused.text.contains("Un jour &#38; plus"),
        "{}",
        refused.text
    );
    assert!(
        refused.text.contains("id=\"title-wrong\">Give"),
        "{}",
        refused.text
    );

    let at = as_of(&ana.page(&draft).await);
    let whole = [
        ("title", "Le jour"),
        ("words", "Un jour"),
        ("language", "fr"),
        ("other_title", "The day"),
        ("other_words", "One day"),
        ("work", works[0].as_str()),
        ("note", "oui"),
        ("as_of", &at),
        ("act", "publish"),
    ];
    let selection = led(&ana.form(&draft, &whole).await);
    let guest = loire.visitor();
    let page = guest.page(&selection).await.text;
    assert!(
        page.contains("<h1>The day</h1>") && page.contains("One day"),
        "{page}"
    );
    let french = guest
        .page(&format!("/language?to=fr&back={selection}"))
        .await;
    let cookie = french.headers["set-cookie"]
        .to_str()
        .unwrap()
        .split(';')
        .next()
        .unwrap()
        .to_owned();
    let ask = guest.request(reqwest::Method::GET, &selection);
    let page = guest
        .send(ask.header("accept", "text/html").header("cookie", cookie))
        .await
        .text;
    assert!(page.contains("<h1>Le jour</h1>"), "{page}");

    // Changed and published again, it is the same selection.
    let at = as_of(&ana.page(&draft).await);
    let again = [
        ("title", "Le soir"),
        ("work", works[1].as_str()),
        ("as_of", &at),
        ("act", "publish"),
    ];
    assert_eq!(led(&ana.form(&draft, &again).await), selection);
    let at = as_of(&ana.page(&draft).await);
    led(&ana
        .form(
            &draft,
            &[("title", "Le soir"), ("as_of", &at), ("act", "withdraw")],
        )
        .await);
    assert_eq!(guest.page(&selection).await.status, 404);
    let at = as_of(&ana.page(&draft).await);
    led(&ana
        .form(
            &draft,
            &[("title", "Le soir"), ("as_of", &at), ("act", "delete")],
        )
        .await);
    assert_eq!(ana.page(&draft).await.status, 404);
}

#[tokio::test(flavor = "multi_thread")]
async fn two_curators_do_not_overwrite_each_other_unawares() {
    let (_world, loire, library, ana) = world().await;
    let bela = curator(&loire, &library, "Bela").await;
    let door = format!("/venues/{}/drafts", library.slug);
    let draft = led(&ana
        .form(&door, &[("title", "À deux"), ("act", "save")])
        .await);
    let at = as_of(&bela.page(&draft).await);
    led(&ana
        .form(
            &draft,
            &[("title", "D’Ana"), ("as_of", &at), ("act", "save")],
        )
        .await);
    let late = bela
        .form(
            &draft,
            &[("title", "De Bela"), ("as_of", &at), ("act", "save")],
        )
        .await;
    assert_eq!(late.status, 422);
    assert!(
        late.text.contains("Ana changed this draft"),
        "{}",
        late.text
    );
    assert!(
        late.text.contains("value=\"De Bela\""),
        "nothing of hers is lost"
    );
    assert!(ana.page(&draft).await.text.contains("value=\"D’Ana\""));
    let at = as_of(&late);
    led(&bela
        .form(
            &draft,
            &[("title", "De Bela"), ("as_of", &at), ("act", "save")],
        )
        .await);
    assert!(ana.page(&draft).await.text.contains("value=\"De Bela\""));

    let hall = loire.venue("La Salle", 1_000, 5);
    let carl = curator(&loire, &hall, "Carl").await;
    assert_eq!(carl.page(&draft).await.status, 403);
    let other = draft.replace(&library.slug, &hall.slug);
    assert_eq!(carl.page(&other).await.status, 404);
    assert_eq!(loire.visitor().page(&draft).await.status, 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_is_published_and_withdrawn_when_its_time_comes() {
    let (world, loire, library, ana) = world().await;
    let works = two_works(&loire);
    let door = format!("/venues/{}/drafts", library.slug);
    let work = works[0].as_str();
    let timed = [
        ("title", "Demain"),
        ("work", work),
        ("act", "save"),
        // Paris is an hour ahead.
        ("publish_at", "2026-11-11T13:00"),
        ("unpublish_at", "2026-11-12T13:00"),
    ];
    let draft = led(&ana.form(&door, &timed).await);
    assert!(
        ana.page(&draft)
            .await
            .text
            .contains("value=\"2026-11-11T13:00\"")
    );
    world.turn_to("2026-11-11T11:59:00Z");
    turn(&loire);
    assert!(published(&loire).await.is_empty());
    world.turn_to("2026-11-11T12:00:00Z");
    turn(&loire);
    turn(&loire);
    assert_eq!(published(&loire).await, ["Demain"]);
    world.turn_to("2026-11-12T12:00:01Z");
    turn(&loire);
    assert!(published(&loire).await.is_empty());

    // What is not whole when its time comes stays a draft, and stops nothing else.
    let hollow = [
        ("title", "Vide"),
        ("act", "save"),
        ("publish_at", "2026-11-12T14:00"),
    ];
    let hollow = led(&ana.form(&door, &hollow).await);
    let whole = [
        ("title", "Plein"),
        ("work", work),
        ("act", "save"),
        ("publish_at", "2026-11-12T14:00"),
    ];
    led(&ana.form(&door, &whole).await);
    world.turn_to("2026-11-12T15:00:00Z");
    turn(&loire);
    assert_eq!(published(&loire).await, ["Plein"]);
    // It says so, with what is to be done, in the list and on its page, until it is mended.
    let why = "at 14:00, and could not be. ";
    for page in [&door, &hollow] {
        let page = ana.page(page).await.text;
        assert!(page.contains(why), "{page}");
    }
    let page = ana.page(&hollow).await;
    let at = as_of(&page);
    let kept = [("title", "Vide"), ("as_of", &at), ("act", "save")];
    led(&ana.form(&hollow, &kept).await);
    let page = ana.page(&hollow).await;
    assert!(page.text.contains(why), "{}", page.text);
    let at = as_of(&page);
    let mended = [
        ("title", "Vide"),
        ("work", work),
        ("as_of", &at),
        ("act", "publish"),
    ];
    led(&ana.form(&hollow, &mended).await);
    assert_eq!(published(&loire).await.len(), 2);
    assert!(!ana.page(&hollow).await.text.contains("could not be"));
    for (publish_at, unpublish_at) in [("soon", ""), ("2026-12-02T10:00", "2026-12-01T10:00")] {
        let wrong = [
            ("title", "x"),
            ("publish_at", publish_at),
            ("unpublish_at", unpublish_at),
        ];
        assert_eq!(ana.form(&door, &wrong).await.status, 422);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn other_sites_show_a_selection_and_readers_follow_it() {
    let (_world, loire, library, ana) = world().await;
    let works = two_works(&loire);
    let door = format!("/venues/{}/drafts", library.slug);
    let wish = [
        ("title", "Eau & <feu>"),
        ("words", "Un \"mot\""),
        ("work", works[0].as_str()),
        ("act", "publish"),
    ];
    let path = led(&ana.form(&door, &wish).await);
    let url = format!("{}{path}", loire.base());
    let guest = loire.visitor();
    let page = guest.page(&path).await.text;
    assert!(
        page.contains("property=\"og:title\" content=\"Eau &#38; &#60;feu&#62;\""),
        "{page}"
    );
    assert!(page.contains("application/json+oembed"));

    let told = guest
        .get(&format!(
            "/oembed?url={}&maxwidth=300",
            url.replace(':', "%3A")
        ))
        .await;
    assert_eq!(told.headers["access-control-allow-origin"], "*");
    let told: Value = told.json();
    assert_eq!(told["type"], "rich");
    assert_eq!(told["width"], 300);
    let frame = told["html"].as_str().unwrap();
    assert!(frame.contains(&format!("src=\"{url}/embed\"")), "{frame}");
    assert!(frame.contains("title=\"Eau &amp; &lt;feu&gt;\""), "{frame}");
    for nothing in [
        "https://evil.example/selections/1",
        &format!("{}/works/1", loire.base()),
    ] {
        let asked = format!("/oembed?url={}", nothing.replace(':', "%3A"));
        assert_eq!(guest.get(&asked).await.status, 404);
    }
    assert_eq!(
        guest
            .get(&format!("/oembed?url={url}&format=xml"))
            .await
            .status,
        501
    );

    // The frame's page alone may stand in a frame; it has no script.
    let embed = ana.page(&format!("{path}/embed")).await;
    let policy = embed.headers["content-security-policy"].to_str().unwrap();
    assert!(policy.contains("frame-ancestors *") && policy.contains("default-src 'none'"));
    assert!(
        !embed.text.contains("<script") && !embed.text.contains("Ana</a>"),
        "{}",
        embed.text
    );
    let policy = guest.page(&path).await.headers["content-security-policy"].clone();
    assert!(policy.to_str().unwrap().contains("frame-ancestors 'none'"));

    // The beginning of a work, for who is no member; a third of a short one and not the whole.
    let preview = format!(
        "/listen/preview?work={}",
        works[0].as_str().replace(':', "%3A")
    );
    let beginning = guest
        .client
        .get(format!("{}{preview}", loire.base()))
        .send()
        .await
        .unwrap();
    assert_eq!(beginning.status(), 200);
    assert_eq!(beginning.headers()["content-type"], "audio/flac");

    for feed in [
        "/feed.atom".to_owned(),
        format!("/venues/{}/feed.atom", library.slug),
    ] {
        let feed = guest.get(&feed).await;
        assert!(
            feed.headers["content-type"]
                .to_str()
                .unwrap()
                .starts_with("application/atom+xml")
        );
        assert!(
            feed.text.contains(&format!("<id>{url}</id>")),
            "{}",
            feed.text
        );
        assert!(
            feed.text.contains("<title>Eau &amp; &lt;feu&gt;</title>"),
            "{}",
            feed.text
        );
        let mut reader = quick_xml::Reader::from_str(&feed.text);
        while !matches!(reader.read_event().unwrap(), quick_xml::events::Event::Eof) {}
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selection_of_another_territory_is_borrowed_and_credited_on_both_sides() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let bretagne = world.node("bretagne", "FR-BRE").await;
    let works = two_works(&bretagne);
    let port = bretagne.venue("Le Port", 1_000, 5);
    let mona = curator(&bretagne, &port, "Mona").await;
    let door = format!("/venues/{}/drafts", port.slug);
    let wish = [
        ("title", "Marées"),
        ("language", "fr"),
        ("other_title", "Tides"),
        ("work", works[0].as_str()),
        ("work", works[1].as_str()),
        ("act", "publish"),
    ];
    let path = led(&mona.form(&door, &wish).await);
    let theirs = format!("{}{path}", bretagne.base());
    node::peers::add(&loire.app, &bretagne.base())
        .await
        .unwrap();
    node::peers::add(&bretagne.app, &loire.base())
        .await
        .unwrap();
    settle(&[&loire, &bretagne]).await;

    let library = loire.venue("Médiathèque", 1_000, 5);
    let ana = curator(&loire, &library, "Ana").await;
    let elsewhere = format!("/elsewhere/selections?uri={}", theirs.replace(':', "%3A"));
    let page = ana.page(&elsewhere).await.text;
    assert!(
        page.contains("<h1>Tides</h1>"),
        "both languages cross: {page}"
    );
    assert!(
        page.contains(&format!("/venues/{}/borrow", library.slug)),
        "{page}"
    );
    let borrow = format!("/venues/{}/borrow", library.slug);
    let draft = led(&ana.form(&borrow, &[("selection", &theirs)]).await);
    let form = ana.page(&draft).await;
    assert!(form.text.contains(works[1].as_str()), "{}", form.text);
    let at = as_of(&form);
    let answer = [
        ("title", "Réponse"),
        ("work", works[1].as_str()),
        ("as_of", &at),
        ("act", "publish"),
    ];
    let ours = led(&ana.form(&draft, &answer).await);
    assert!(ana.page(&ours).await.text.contains("Tides</a>, Le Port"));
    let ask = loire.visitor();
    let ask = ask
        .request(reqwest::Method::GET, &ours)
        .header("accept", "application/activity+json");
    let document: Value = loire.visitor().send(ask).await.json();
    assert_eq!(document["inReplyTo"], json!(theirs));
    settle(&[&loire, &bretagne]).await;
    let seen = format!(
        "/elsewhere/selections?uri={}{}",
        loire.base().replace(':', "%3A"),
        ours
    );
    assert!(mona.page(&seen).await.text.contains("Tides</a>, Le Port"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_picture_of_ones_own_is_drawn_anew_and_what_is_none_is_refused() {
    let (_world, _loire, library, ana) = world().await;
    let door = format!("/venues/{}/drafts", library.slug);
    let draft = led(&ana
        .form(&door, &[("title", "Image"), ("act", "save")])
        .await);
    for (bytes, status) in [(png(), 303), (b"<svg onload=alert(1)>".to_vec(), 422)] {
        let mut body =
            b"--edge\r\ncontent-disposition: form-data; name=\"file\"; filename=\"a.png\"\r\n\
            content-type: image/png\r\n\r\n"
                .to_vec();
        body.extend(bytes);
        body.extend(b"\r\n--edge--\r\n");
        let ask = ana.request(reqwest::Method::POST, &format!("{draft}/picture"));
        let ask = ask
            .header("accept", "text/html")
            .header("origin", &ana.base)
            .header("content-type", "multipart/form-data; boundary=edge");
        let answer = ana.send(ask.body(body)).await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }
    let page = ana.page(&draft).await.text;
    let (_, rest) = page
        .split_once("src=\"/covers/")
        .expect("the picture is offered");
    let cover = format!("/covers/{}", rest.split('"').next().unwrap());
    let picture = ana
        .client
        .get(format!("{}{cover}", ana.base))
        .send()
        .await
        .unwrap();
    assert_eq!(picture.headers()["content-type"], "image/jpeg");
}

/// A small picture.
fn png() -> Vec<u8> {
    let picture =
        image::RgbImage::from_fn(8, 8, |x, y| image::Rgb([x as u8 * 30, y as u8 * 30, 90]));
    let mut bytes = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut bytes, image::ImageFormat::Png)
        .unwrap();
    bytes.into_inner()
}
