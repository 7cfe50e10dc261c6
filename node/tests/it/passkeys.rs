//! Passkeys, twice: with a device that is a few lines of this test, which can also cheat, and with
//! a real browser and its virtual authenticator.

use axum::http::StatusCode;
use axum::http::header::{ACCEPT, CONTENT_TYPE, COOKIE, SET_COOKIE};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use federation::keys::Ed25519Secret;
use node::db::DbError;
use node::members::passkeys::{self, Sent};
use node::members::{self, Role, SignedIn, second};
use node::web::Refusal;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::browser::Browser;
use crate::world::{Answer, Host, PASSWORD, Visitor, World};

fn text(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A device with one passkey. It verifies whoever holds it.
struct Device {
    secret: Ed25519Secret,
    id: Vec<u8>,
    /// How many signatures it gave.
    counter: u32,
    /// Whom the site said the passkey is for.
    handle: String,
    origin: String,
    host: String,
    flags: u8,
}

impl Device {
    fn new(seed: u8, base: &str) -> Self {
        let url = url::Url::parse(base).unwrap();
        Device {
            secret: Ed25519Secret::from_seed(&[seed; 32]),
            id: vec![seed; 24],
            counter: 1,
            handle: String::new(),
            origin: base.to_owned(),
            host: url.host_str().unwrap().to_owned(),
            // Somebody was there (UP), and it was them (UV).
            flags: 0x01 | 0x04,
        }
    }

    fn said(&self, act: &str, told: &Value) -> Vec<u8> {
        json!({ "type": act, "challenge": told["challenge"], "origin": self.origin, "crossOrigin": false })
            .to_string()
            .into_bytes()
    }

    /// The head of what is signed (WebAuthn §6.1).
    fn head(&self, flags: u8) -> Vec<u8> {
        let mut data = Sha256::digest(self.host.as_bytes()).to_vec();
        data.push(flags);
        data.extend(self.counter.to_be_bytes());
        data
    }

    fn answer(&self, response: Value) -> String {
        let id = text(&self.id);
        json!({
            "id": id, "rawId": id, "type": "public-key", "response": response,
            "clientExtensionResults": {}, "authenticatorAttachment": "platform",
        })
        .to_string()
    }

    /// Makes its passkey.
    fn make(&mut self, told: &Value) -> String {
        self.handle = told["user"]["id"].as_str().unwrap().to_owned();
        let mut data = self.head(self.flags | 0x40);
        data.extend([0u8; 16]);
        data.extend(u16::try_from(self.id.len()).unwrap().to_be_bytes());
        data.extend(&self.id);
        // The public key as COSE has it: an octet key pair, EdDSA, Ed25519.
        data.extend([0xa4, 0x01, 0x01, 0x03, 0x27, 0x20, 0x06, 0x21, 0x58, 0x20]);
        data.extend(self.secret.public().as_bytes());
        let mut object = vec![0xa3, 0x63];
        object.extend(b"fmt");
        object.push(0x64);
        object.extend(b"none");
        object.push(0x67);
        object.extend(b"attStmt");
        object.extend([0xa0, 0x68]);
        object.extend(b"authData");
        object.extend([0x58, u8::try_from(data.len()).unwrap()]);
        object.extend(data);
        let said = self.said("webauthn.create", told);
        self.answer(json!({ "clientDataJSON": text(said), "attestationObject": text(object) }))
    }

    /// Signs with it.
    fn sign(&mut self, told: &Value) -> String {
        self.counter += 1;
        let data = self.head(self.flags);
        let said = self.said("webauthn.get", told);
        let mut signed = data.clone();
        signed.extend(Sha256::digest(&said));
        self.answer(json!({
            "clientDataJSON": text(said),
            "authenticatorData": text(data),
            "signature": text(self.secret.sign(&signed)),
            "userHandle": self.handle,
        }))
    }
}

/// A visitor's browser, as far as passkeys go: it keeps the question's cookie.
struct Page<'v> {
    visitor: &'v Visitor,
    asked: String,
}

impl<'v> Page<'v> {
    /// Asks, and reads what the device is told.
    async fn ask(visitor: &'v Visitor, fields: &[(&str, &str)]) -> (Self, Value) {
        let answer = asked(visitor, fields).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.text);
        let cookie = answer.headers[SET_COOKIE].to_str().unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Max-Age=300"] {
            assert!(cookie.contains(part), "{cookie}");
        }
        let asked = cookie.split(';').next().unwrap().to_owned();
        (Page { visitor, asked }, answer.json())
    }

    /// Sends a form with the cookie.
    async fn send(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        let request = form(self.visitor, path, fields, "text/html");
        self.visitor.send(request.header(COOKIE, &self.asked)).await
    }

    async fn sign_in(&self, answer: &str) -> Answer {
        let fields = [("answer", answer), ("back", "/me"), ("way", "passkey")];
        self.send("/sign-in/passkey", &fields).await
    }
}

fn form(
    visitor: &Visitor,
    path: &str,
    fields: &[(&str, &str)],
    accept: &str,
) -> reqwest::RequestBuilder {
    let mut body = url::form_urlencoded::Serializer::new(String::new());
    body.extend_pairs(fields);
    visitor
        .request(reqwest::Method::POST, path)
        .header(ACCEPT, accept)
        .header("origin", &visitor.base)
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(body.finish())
}

async fn asked(visitor: &Visitor, fields: &[(&str, &str)]) -> Answer {
    let request = form(visitor, "/api/passkeys", fields, "application/json");
    visitor.send(request).await
}

/// Somebody who joined with a passkey, and their device.
async fn joined(host: &Host, code: &str, name: &str, seed: u8) -> (Visitor, Device) {
    let mut device = Device::new(seed, &host.base());
    let visitor = host.visitor();
    let fields = [("purpose", "join"), ("code", code), ("name", name)];
    let (page, told) = Page::ask(&visitor, &fields).await;
    assert_eq!(told["user"]["name"], name);
    assert_eq!(
        told["authenticatorSelection"]["userVerification"],
        "required"
    );
    let answer = device.make(&told);
    let fields = [
        ("code", code),
        ("name", name),
        ("way", "passkey"),
        ("answer", &answer),
    ];
    let came = page.send("/join", &fields).await;
    assert_eq!(came.status, StatusCode::SEE_OTHER, "{}", came.text);
    drop(page);
    (visitor, device)
}

#[tokio::test(flavor = "multi_thread")]
async fn one_joins_with_a_passkey_and_comes_back_with_it_alone() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let code = loire.invitation(&library);
    let (ana, mut device) = joined(&loire, &code, "Ana Ben Ali", 1).await;
    assert_eq!(ana.page("/me").await.status, StatusCode::OK);

    let other = loire.visitor();
    let (page, told) = Page::ask(&other, &[("purpose", "sign-in")]).await;
    assert_eq!(told["allowCredentials"], json!([]), "no name is typed");
    let led = page.sign_in(&device.sign(&told)).await;
    assert_eq!(led.location.as_deref(), Some("/me"), "{}", led.text);
    let token = other.token().unwrap();
    let who = members::signed_in(&loire, &token).await.unwrap().unwrap();
    assert_eq!(who.name, "Ana Ben Ali");
    assert!(who.proved, "a passkey is both steps at once");

    // The invitation is used, the name is taken, and no password opens the account.
    let again = [("purpose", "join"), ("code", &code), ("name", "Bela")];
    let again = asked(&loire.visitor(), &again).await;
    assert!(again.text.contains("used already"), "{}", again.text);
    let fresh = loire.invitation(&library);
    let taken = [
        ("purpose", "join"),
        ("code", &fresh),
        ("name", "ANA BEN ALI"),
    ];
    let taken = asked(&loire.visitor(), &taken).await;
    assert_eq!(taken.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(taken.json()["fields"][0]["field"], "name");
    let guess = json!({ "name": "Ana Ben Ali", "password": "" });
    let guessed = loire.visitor().post("/api/sessions", &guess).await;
    assert_eq!(guessed.status, StatusCode::UNPROCESSABLE_ENTITY);

    // What the node keeps of it goes along; nobody else can do anything with it.
    let all = ana.get("/me/export").await.json();
    assert_eq!(all["passkeys"].as_array().unwrap().len(), 1);
    assert!(all["passkeys"][0]["used"].is_string());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_counts_once_in_its_browser_in_its_time_from_its_own_page() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let (_, mut device) = joined(&loire, &loire.invitation(&library), "Ana", 1).await;
    let (_, mut bela) = joined(&loire, &loire.invitation(&library), "Bela", 2).await;
    let guest = loire.visitor();
    let wish = [("purpose", "sign-in")];
    let refused = |answer: Answer, part: &str| {
        assert_eq!(answer.status, StatusCode::UNPROCESSABLE_ENTITY, "{part}");
        assert!(answer.text.contains(part), "{part}: {}", answer.text);
    };

    // Twice.
    let (page, told) = Page::ask(&guest, &wish).await;
    let answer = device.sign(&told);
    assert_eq!(page.sign_in(&answer).await.status, StatusCode::SEE_OTHER);
    refused(page.sign_in(&answer).await, "Too much time");
    // In another browser, which was asked something else.
    let (_, told) = Page::ask(&guest, &wish).await;
    let (other, _) = Page::ask(&guest, &wish).await;
    refused(other.sign_in(&device.sign(&told)).await, "not the one");
    // Without the cookie.
    let (mut page, told) = Page::ask(&guest, &wish).await;
    page.asked = "antiphon-passkey=".to_owned();
    refused(page.sign_in(&device.sign(&told)).await, "Too much time");
    // Too late.
    let (page, told) = Page::ask(&guest, &wish).await;
    world.pass(passkeys::ASKED_SECONDS);
    refused(page.sign_in(&device.sign(&told)).await, "Too much time");
    // Signed for a page of somebody else's.
    let (page, told) = Page::ask(&guest, &wish).await;
    device.origin = "https://evil.example".to_owned();
    refused(page.sign_in(&device.sign(&told)).await, "not the one");
    device.origin = loire.base();
    // For another host.
    let (page, told) = Page::ask(&guest, &wish).await;
    device.host = "evil.example".to_owned();
    refused(page.sign_in(&device.sign(&told)).await, "not the one");
    device.host = "localhost".to_owned();
    // Nobody looked who holds the device.
    let (page, told) = Page::ask(&guest, &wish).await;
    device.flags = 0x01;
    refused(page.sign_in(&device.sign(&told)).await, "not the one");
    device.flags = 0x05;
    // Under another member's handle.
    let (page, told) = Page::ask(&guest, &wish).await;
    let own = std::mem::replace(&mut device.handle, bela.handle.clone());
    refused(page.sign_in(&device.sign(&told)).await, "not the one");
    device.handle = own;
    // With another member's credential, signed by one's own key.
    let (page, told) = Page::ask(&guest, &wish).await;
    let own = std::mem::replace(&mut device.id, bela.id.clone());
    refused(page.sign_in(&device.sign(&told)).await, "not the one");
    device.id = own;
    // A passkey nobody knows here.
    let (page, told) = Page::ask(&guest, &wish).await;
    let mut stranger = Device::new(7, &loire.base());
    stranger.handle = device.handle.clone();
    refused(
        page.sign_in(&stranger.sign(&told)).await,
        "may have been removed",
    );
    // A question that was asked for something else.
    let fields = [
        ("purpose", "join"),
        ("code", &loire.invitation(&library)),
        ("name", "Cai"),
    ];
    let (page, told) = Page::ask(&guest, &fields).await;
    refused(page.sign_in(&device.sign(&told)).await, "Too much time");
    // No answer at all, and far too much of one.
    for poor in ["", "{}", "[1", &*"[".repeat(10_000), &*"x".repeat(100_000)] {
        let (page, _) = Page::ask(&guest, &wish).await;
        refused(page.sign_in(poor).await, "not the one");
    }
    // And what is right still is.
    for one in [&mut device, &mut bela] {
        let (page, told) = Page::ask(&guest, &wish).await;
        let led = page.sign_in(&one.sign(&told)).await;
        assert_eq!(led.status, StatusCode::SEE_OTHER, "{}", led.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_passkey_whose_counter_goes_back_was_copied() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let (_, mut device) = joined(&loire, &loire.invitation(&library), "Ana", 1).await;
    let guest = loire.visitor();
    let mut sign_in = async |counter: u32| {
        let (page, told) = Page::ask(&guest, &[("purpose", "sign-in")]).await;
        device.counter = counter;
        page.sign_in(&device.sign(&told)).await
    };
    assert_eq!(sign_in(8).await.status, StatusCode::SEE_OTHER);
    for counter in [8, 3, 7] {
        let copied = sign_in(counter).await;
        assert_eq!(copied.status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(copied.text.contains("copied it"), "{}", copied.text);
    }
    assert_eq!(sign_in(9).await.status, StatusCode::SEE_OTHER);
}

#[tokio::test(flavor = "multi_thread")]
async fn passkeys_are_added_named_and_removed_but_never_the_last_way_in() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let (ana, _) = joined(&loire, &loire.invitation(&library), "Ana", 1).await;
    let bela = loire.member(&library, "Bela").await;

    // Bela has a password, and adds a passkey.
    let mut device = Device::new(2, &loire.base());
    let add = async |visitor: &Visitor, device: &mut Device, name: &str| {
        let (page, told) = Page::ask(visitor, &[("purpose", "add")]).await;
        let answer = device.make(&told);
        let fields = [("answer", answer.as_str()), ("passkey-name", name)];
        (page.send("/me/passkeys", &fields).await, told)
    };
    let (added, _) = add(&bela, &mut device, "  Telephone ").await;
    let done = Some("/me/account?done=passkey");
    assert_eq!(added.location.as_deref(), done, "{}", added.text);
    let (there, told) = add(&bela, &mut device, "").await;
    assert_eq!(told["excludeCredentials"][0]["id"], text(&device.id));
    assert_eq!(there.status, StatusCode::UNPROCESSABLE_ENTITY);
    let said = "role=\"status\">This device has";
    assert!(there.text.contains(said), "{}", there.text);
    let (unseen, _) = add(&bela, &mut Device::new(3, &loire.base()), "a\u{202e}b").await;
    assert_eq!(unseen.status, StatusCode::UNPROCESSABLE_ENTITY);
    let (long, _) = add(&bela, &mut Device::new(3, &loire.base()), &"é".repeat(41)).await;
    assert!(long.text.contains("at most 40"), "{}", long.text);

    // A question to Ana is no question to Bela, not even in one browser.
    let (mut page, told) = Page::ask(&ana, &[("purpose", "add")]).await;
    page.visitor = &bela;
    let answer = Device::new(4, &loire.base()).make(&told);
    let foreign = page.send("/me/passkeys", &[("answer", &answer)]).await;
    assert_eq!(foreign.status, StatusCode::UNPROCESSABLE_ENTITY);

    let ids = async |name: &str| {
        let name = name.to_owned();
        loire
            .db
            .read(move |conn| {
                let known = members::store::by_name(conn, &name)?.unwrap();
                let all = passkeys::store::of_member(conn, &known.member.id)?;
                Ok::<_, DbError>(all.into_iter().map(|one| one.id).collect::<Vec<_>>())
            })
            .await
            .unwrap()
    };
    let of_ana = ids("ana").await.remove(0);
    let of_bela = ids("bela").await.remove(0);
    let rename = [("id", of_bela.as_str()), ("passkey-name", "Key <1>")];
    let renamed = bela.form("/me/passkeys/rename", &rename).await;
    assert_eq!(renamed.status, StatusCode::SEE_OTHER);
    let account = bela.page("/me/account").await.text;
    assert!(account.contains("Key &#60;1&#62;"), "{account}");
    // Somebody else's passkey is nobody's.
    for door in ["/me/passkeys/rename", "/me/passkeys/remove"] {
        let fields = [("id", of_ana.as_str()), ("passkey-name", "Mine")];
        assert_eq!(bela.form(door, &fields).await.status, StatusCode::NOT_FOUND);
    }

    // Ana has nothing but her passkey: it stays until she has a password.
    let remove = async |visitor: &Visitor, id: &str| {
        visitor.form("/me/passkeys/remove", &[("id", id)]).await
    };
    let last = remove(&ana, &of_ana).await;
    assert_eq!(last.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(last.text.contains("only way in"), "{}", last.text);
    let chosen = ana.form("/me/password", &[("fresh", PASSWORD)]).await;
    assert_eq!(chosen.status, StatusCode::SEE_OTHER, "{}", chosen.text);
    assert_eq!(remove(&ana, &of_ana).await.status, StatusCode::SEE_OTHER);
    let back = json!({ "name": "Ana", "password": PASSWORD });
    let back = loire.visitor().post("/api/sessions", &back).await;
    assert_eq!(back.status, StatusCode::CREATED);
    // From then on the old one is asked for.
    let wrong = ana
        .form("/me/password", &[("fresh", "another long one")])
        .await;
    assert_eq!(wrong.status, StatusCode::UNPROCESSABLE_ENTITY);

    // Removing one signs the other devices out.
    let elsewhere = loire.visitor();
    let (page, told) = Page::ask(&elsewhere, &[("purpose", "sign-in")]).await;
    assert_eq!(
        page.sign_in(&device.sign(&told)).await.status,
        StatusCode::SEE_OTHER
    );
    assert_eq!(remove(&bela, &of_bela).await.status, StatusCode::SEE_OTHER);
    assert_eq!(elsewhere.page("/me").await.status, StatusCode::UNAUTHORIZED);
    assert_eq!(bela.page("/me").await.status, StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_lost_a_passkey_gets_in_through_the_desk_and_who_goes_takes_it_along() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let (_, _) = joined(&loire, &loire.invitation(&library), "Ana", 1).await;
    let code = tokio::task::block_in_place(|| members::reset(&loire, "Ana").unwrap());
    let ana = loire.visitor();
    let redeemed = ana
        .form("/reset", &[("code", &code), ("password", PASSWORD)])
        .await;
    assert_eq!(redeemed.status, StatusCode::SEE_OTHER, "{}", redeemed.text);
    assert_eq!(ana.page("/me/account").await.status, StatusCode::OK);

    // Who has a passkey alone shows it once more to be forgotten; another's does not do.
    let (bela, mut device) = joined(&loire, &loire.invitation(&library), "Bela", 2).await;
    let (_, mut cai) = joined(&loire, &loire.invitation(&library), "Cai", 3).await;
    for (one, number) in [
        (&mut cai, StatusCode::UNPROCESSABLE_ENTITY),
        (&mut device, StatusCode::SEE_OTHER),
    ] {
        let (page, told) = Page::ask(&bela, &[("purpose", "confirm")]).await;
        let answer = one.sign(&told);
        let gone = page.send("/me/forget", &[("answer", &answer)]).await;
        assert_eq!(gone.status, number, "{}", gone.text);
    }
    let guest = loire.visitor();
    let (page, told) = Page::ask(&guest, &[("purpose", "sign-in")]).await;
    let unknown = page.sign_in(&device.sign(&told)).await;
    assert!(unknown.text.contains("may have been removed"));
    let unasked = asked(&guest, &[("purpose", "confirm")]).await;
    assert_eq!(unasked.status, StatusCode::UNAUTHORIZED);
}

#[tokio::test(flavor = "multi_thread")]
async fn outside_development_a_passkey_opens_the_desk_and_a_stolen_password_adds_none() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let role = Some(Role::Operator);
    members::add(&loire, &library.slug, "Maud", PASSWORD, role).unwrap();
    loire.stop().await;
    // The same node, in earnest.
    let settings = loire.dir.join("node.toml");
    let toml = std::fs::read_to_string(&settings).unwrap();
    std::fs::write(&settings, toml.replace("dev = true", "dev = false")).unwrap();
    let mut node = tokio::task::block_in_place(|| node::Node::open(&loire.dir).unwrap());
    node.clock = world.clock.clone();
    let app = node::share(node);
    let signed_in = async |cookie: &str| -> (String, SignedIn) {
        let token = cookie["antiphon=".len()..].split(';').next().unwrap();
        let who = members::signed_in(&app, token).await.unwrap().unwrap();
        (token.to_owned(), who)
    };
    let sent = |asked: &passkeys::Asked, answer: String| {
        let cookie = asked.cookie(&app).to_str().unwrap().to_owned();
        assert!(cookie.contains("; Secure"), "{cookie}");
        let token = cookie.split(['=', ';']).nth(1).unwrap().to_owned();
        Sent { token, answer }
    };
    let by_password = async || {
        let session = members::sign_in(&app, "Maud", PASSWORD).await.unwrap();
        signed_in(session.cookie(&app).to_str().unwrap()).await
    };

    let (token, maud) = by_password().await;
    assert!(maud.waiting && !maud.operates());
    let mut device = Device::new(1, &app.config.base());
    let asked = passkeys::ask_to_add(&app, &maud).await.unwrap();
    let made = sent(&asked, device.make(&asked.told));
    passkeys::add(&app, &maud, &token, "", made).await.unwrap();
    let now = members::signed_in(&app, &token).await.unwrap().unwrap();
    assert!(
        now.operates(),
        "the first one proves the session it was made in"
    );

    let asked = passkeys::ask(&app, None).await.unwrap();
    let answer = sent(&asked, device.sign(&asked.told));
    let session = passkeys::sign_in(&app, answer, None).await.unwrap();
    let (_, maud) = signed_in(session.cookie(&app).to_str().unwrap()).await;
    assert!(maud.operates() && !maud.waiting);

    // Whoever has the password alone listens, and brings no second step of their own.
    let (token, thief) = by_password().await;
    assert!(thief.waiting && !thief.operates());
    let refused = passkeys::ask_to_add(&app, &thief).await.unwrap_err();
    assert!(matches!(refused, Refusal::Forbidden(_)));
    let asked = passkeys::ask_to_add(&app, &maud).await.unwrap();
    let made = sent(&asked, Device::new(2, &app.config.base()).make(&asked.told));
    let refused = passkeys::add(&app, &thief, &token, "", made).await;
    assert!(matches!(refused.unwrap_err(), Refusal::Forbidden(_)));
    let (member, node) = (thief.clone(), app.clone());
    let begun = app
        .db
        .write(move |conn| second::begin(conn, &node, &member))
        .await;
    assert!(matches!(begun.unwrap_err(), Refusal::Forbidden(_)));
    let id = app
        .db
        .read(move |conn| {
            let all = passkeys::store::of_member(conn, &thief.id)?;
            Ok::<_, DbError>((all[0].id.clone(), thief))
        })
        .await
        .unwrap();
    let refused = passkeys::remove(&app, &id.1, &token, &id.0).await;
    assert!(matches!(refused.unwrap_err(), Refusal::Forbidden(_)));
    // Who lost it gets another chance from whoever keeps the node's folder.
    tokio::task::block_in_place(|| second::forget_step(&app, "Maud").unwrap());
    let (_, maud) = by_password().await;
    passkeys::ask_to_add(&app, &maud).await.unwrap();
}

// With a browser -----------------------------------------------------------------

/// What the browser remembers of whoever is signed in.
const MEMBER: &str = "document.querySelector('nav [href=\"/me\"]')?.textContent";

/// The page is there, and its script too.
async fn ready(browser: &Browser) {
    browser
        .until("document.readyState === 'complete' && document.querySelector('.has-passkeys')")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_joins_with_a_passkey_signs_out_and_comes_back() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    let code = loire.invitation(&library);
    let browser = Browser::open().await;
    browser.authenticator().await;
    // By a link, as people come: the page is swapped in.
    browser.go(&loire, "/sign-in").await;
    ready(&browser).await;
    browser.click("a[href='/join']").await;
    browser.until("document.querySelector('#code')").await;
    browser.click("[data-passkey=join]").await;
    // Nothing is written yet: what is missing is said beside its field.
    browser
        .until("document.querySelector('#name-wrong')?.textContent")
        .await;
    ready(&browser).await;
    browser.write("#code", &code).await;
    browser.write("#name", "Zoé").await;
    browser.click("[data-passkey=join]").await;
    browser.until(&format!("{MEMBER} === 'Zoé'")).await;

    browser.click("footer button.plain").await;
    browser.until(&format!("!{MEMBER}")).await;
    // The field of the name offers it by itself, and this device takes what is offered.
    browser.go(&loire, "/sign-in?back=/me/account").await;
    browser.until("location.pathname === '/me/account'").await;
    browser.until(&format!("{MEMBER} === 'Zoé'")).await;
    browser.quit().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_browser_adds_a_passkey_to_an_account_with_a_password() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let library = loire.venue("Médiathèque", 120_000, 9);
    loire.member(&library, "Ana").await;
    let browser = Browser::open().await;
    browser.authenticator().await;
    browser.sign_in(&loire, "Ana").await;
    browser.go(&loire, "/me/account").await;
    ready(&browser).await;
    browser.write("#passkey-name", "Telephone").await;
    browser.click("[data-passkey=add]").await;
    browser
        .until("location.search === '?done=passkey' && document.body.textContent.includes('Telephone')")
        .await;
    // The device has one already, and says so before anything is sent.
    ready(&browser).await;
    browser.click("[data-passkey=add]").await;
    browser
        .until("document.querySelector('#passkey-add-wrong').textContent.includes('already')")
        .await;
    browser.click("footer button.plain").await;
    browser.until(&format!("!{MEMBER}")).await;
    // Where nothing is offered by itself, by the button.
    browser.go(&loire, "/sign-in/second?back=/me").await;
    ready(&browser).await;
    browser.click("[data-passkey=sign-in]").await;
    browser.until(&format!("{MEMBER} === 'Ana'")).await;
    browser.quit().await;
}
