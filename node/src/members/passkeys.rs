//! Passkeys: signing in with a finger, a face or a PIN instead of a password (WebAuthn).
//!
//! A browser is asked to sign something fresh ([`ask`]) and given a cookie with the question; it
//! answers once, within minutes, and the answer counts in that browser alone. With an answer one
//! joins ([`join`]), signs in ([`sign_in`]), adds another passkey ([`add`]), or shows that it is
//! still oneself ([`confirm_in`]). A passkey is two steps in one: a session it opened is proved.
//!
//! Nobody removes their last way in ([`remove`]). Who lost a passkey gets in with a one-time code of
//! their venue's desk ([`super::redeem`]), like who forgot a password.

pub mod store;

mod ceremony;
mod pages;

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

use self::ceremony::{Answer, Kept, Site, Wrong};
use self::store::Challenge;
use super::code::Code;
use super::session::{self, Session};
use super::store::As;
use super::{Member, SignedIn, joining, token_digest};
use crate::Node;
use crate::config::Language;
use crate::db::{self, Conn};
use crate::names::{self, NoName};
use crate::web::{Complaint, Refusal};
use crate::words::Say;

pub(super) use pages::{api_routes, routes, sent};

/// How long a question may wait for its answer, in seconds.
pub const ASKED_SECONDS: i64 = 5 * 60;
/// How many passkeys a member may have.
pub const LIMIT: i64 = 20;
/// The longest name of a passkey, in characters.
pub const NAME_LIMIT: usize = 40;
/// The longest answer taken, in bytes.
pub const ANSWER_LIMIT: usize = 16 * 1024;
/// How many questions are open at once; the oldest give way, so that strangers fill no disk.
const QUESTIONS: i64 = 10_000;
/// The cookie of a browser that was asked.
pub const COOKIE: &str = "antiphon-passkey";

/// What a browser is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To join with a new passkey.
    Join,
    /// To add a passkey.
    Add,
    /// To sign in.
    SignIn,
    /// To show that it is still oneself.
    Confirm,
}

impl Purpose {
    /// As the database writes it, and pages.
    pub fn as_str(self) -> &'static str {
        match self {
            Purpose::Join => "join",
            Purpose::Add => "add",
            Purpose::SignIn => "sign-in",
            Purpose::Confirm => "confirm",
        }
    }

    /// Reads what [`Purpose::as_str`] wrote.
    pub fn parse(text: &str) -> Option<Self> {
        [
            Purpose::Join,
            Purpose::Add,
            Purpose::SignIn,
            Purpose::Confirm,
        ]
        .into_iter()
        .find(|purpose| purpose.as_str() == text)
    }
}

/// What a browser is told, and the cookie under which it is remembered.
#[derive(Debug)]
pub struct Asked {
    /// The options of `navigator.credentials`, as WebAuthn writes them in JSON.
    pub told: Value,
    token: String,
}

impl Asked {
    /// The `Set-Cookie` that binds the answer to this browser.
    pub fn cookie(&self, node: &Node) -> HeaderValue {
        set_cookie(node, &self.token, ASKED_SECONDS)
    }
}

/// The `Set-Cookie` that takes it back.
fn without_cookie(node: &Node) -> HeaderValue {
    set_cookie(node, "", 0)
}

/// `Strict`: it is sent from our own pages or not at all.
fn set_cookie(node: &Node, token: &str, seconds: i64) -> HeaderValue {
    let secure = if node.config.dev { "" } else { "; Secure" };
    let text =
        format!("{COOKIE}={token}; HttpOnly; SameSite=Strict; Path=/; Max-Age={seconds}{secure}");
    HeaderValue::from_str(&text).expect("a token is base64url")
}

/// Asks somebody who is nobody yet for the passkey they will join with.
///
/// # Errors
/// [`Refusal::Invalid`] for `code` and `name`; [`Refusal::TooMany`] when codes were guessed at.
pub async fn ask_to_join(node: &Node, code: &str, name: &str) -> Result<Asked, Refusal> {
    let (code, name) = invited(code, name)?;
    joining::check_invitation(node, &code).await?;
    let site = site(node)?;
    let member = node.clock.fresh_id();
    let (challenge, told) = site.ask_new(&node.config.name, &member, &name, &[])?;
    keep(
        node,
        Purpose::Join,
        Some(member),
        challenge,
        told,
        move |conn| {
            let known = super::store::by_name(conn, &names::fold(&name))?;
            known.map_or(Ok(()), |_| Err(joining::taken(&name)))
        },
    )
    .await
}

/// Asks a member for another passkey.
///
/// # Errors
/// [`Refusal::Conflict`] when they have too many; [`Refusal::Forbidden`] when this session must be
/// proved first.
pub async fn ask_to_add(node: &Node, member: &SignedIn) -> Result<Asked, Refusal> {
    let site = site(node)?;
    let (id, proved) = (member.id.clone(), member.proved);
    let credentials = node
        .db
        .read(move |conn| {
            may_change(conn, &id, proved)?;
            has_room(conn, &id)?;
            Ok::<_, Refusal>(store::credentials(conn, &id)?)
        })
        .await?;
    let name = &node.config.name;
    let (challenge, told) = site.ask_new(name, &member.id, &member.name, &credentials)?;
    let id = Some(member.id.clone());
    keep(node, Purpose::Add, id, challenge, told, |_| Ok(())).await
}

/// Asks for any passkey of this node: to sign in, or, of a member, to show that it is still them.
pub async fn ask(node: &Node, member: Option<&SignedIn>) -> Result<Asked, Refusal> {
    let (challenge, told) = site(node)?.ask_known()?;
    let (purpose, id) = match member {
        Some(member) => (Purpose::Confirm, Some(member.id.clone())),
        None => (Purpose::SignIn, None),
    };
    keep(node, purpose, id, challenge, told, |_| Ok(())).await
}

fn site(node: &Node) -> Result<Site, Refusal> {
    let nowhere = || Refusal::Conflict(Say::new("members-passkey-nowhere"));
    Site::of(&node.config).ok_or_else(nowhere)
}

/// Writes down what is asked, once `check` agrees.
async fn keep(
    node: &Node,
    purpose: Purpose,
    member: Option<String>,
    challenge: String,
    told: Value,
    check: impl FnOnce(&mut Conn) -> Result<(), Refusal> + Send + 'static,
) -> Result<Asked, Refusal> {
    let secret: [u8; 32] = node.clock.secret();
    let token = URL_SAFE_NO_PAD.encode(secret);
    let digest = token_digest(&token);
    let now_us = node.clock.now_us();
    let asked = Challenge {
        purpose,
        member,
        challenge,
        expires_us: now_us + ASKED_SECONDS * 1_000_000,
    };
    node.db
        .write(move |conn| {
            check(conn)?;
            Ok::<_, Refusal>(store::ask(conn, &digest, &asked, now_us, QUESTIONS)?)
        })
        .await?;
    Ok(Asked { told, token })
}

/// What a browser sends: the cookie it was asked with, and its answer.
#[derive(Clone, Debug)]
pub struct Sent {
    /// The cookie's value; empty when there was none.
    pub token: String,
    /// The answer, as WebAuthn writes it in JSON.
    pub answer: String,
}

/// What was asked of this browser for this purpose, once: it is asked no longer.
fn taken(
    conn: &mut Conn,
    sent: &Sent,
    purpose: Purpose,
    now_us: i64,
) -> Result<Result<Challenge, Refusal>, Refusal> {
    let late = || Refusal::field("passkey", Say::new("members-passkey-late"));
    let asked = store::take(conn, &token_digest(&sent.token))?;
    Ok(asked
        .filter(|asked| asked.purpose == purpose && asked.expires_us > now_us)
        .ok_or_else(late))
}

fn wrong(why: Wrong) -> Refusal {
    let key = match why {
        Wrong::Answer => "members-passkey-wrong",
        Wrong::Counter => "members-passkey-copied",
    };
    Refusal::field("passkey", Say::new(key))
}

/// The answer as far as it may be read at all.
fn short(sent: &Sent) -> Result<(), Refusal> {
    match sent.answer.len() {
        1..=ANSWER_LIMIT => Ok(()),
        _ => Err(wrong(Wrong::Answer)),
    }
}

/// Makes somebody a member of the venue that invited them with a passkey instead of a password,
/// and signs them in.
///
/// # Errors
/// [`Refusal::Invalid`] for `code`, `name` or `passkey`; [`Refusal::TooMany`] when codes were
/// guessed at.
pub async fn join(
    node: &Node,
    code: &str,
    name: &str,
    language: Language,
    sent: Sent,
) -> Result<Session, Refusal> {
    let (code, name) = invited(code, name)?;
    joining::check_invitation(node, &code).await?;
    short(&sent)?;
    let site = site(node)?;
    let now_us = node.clock.now_us();
    let nobody = Member {
        id: String::new(),
        name,
        language,
    };
    let mut session = session::draw(node, nobody.clone());
    let (opening, id) = (session.digest(), node.clock.fresh_id());
    session.member = node
        .db
        .write(move |conn| {
            let asked = match taken(conn, &sent, Purpose::Join, now_us)? {
                Ok(asked) => asked,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let kept = match site.made(&asked.challenge, &sent.answer) {
                Ok(kept) => kept,
                Err(why) => return Ok(Err(wrong(why))),
            };
            let member = Member {
                id: asked.member.unwrap_or_default(),
                ..nobody
            };
            joining::enter(conn, &member, As::Person(None), now_us)?;
            let venue = joining::use_invitation(conn, &code, &member, now_us)?;
            super::store::add_membership(conn, &member.id, &venue, now_us)?;
            put(conn, &id, &member.id, &kept, "", now_us)?;
            let ends_us = session::ends_us(now_us);
            super::store::add_session(conn, &opening, &member.id, true, now_us, ends_us)?;
            Ok::<_, Refusal>(Ok(member))
        })
        .await??;
    Ok(session)
}

/// The code and the name of whoever joins, or what is wrong with both.
fn invited(code: &str, name: &str) -> Result<(Code, String), Refusal> {
    let code = Code::read(code).ok_or_else(|| joining::form_complaint("code"));
    match (code, joining::checked_name(name)) {
        (Ok(code), Ok(name)) => Ok((code, name)),
        (code, name) => {
            let complaints: Vec<Complaint> = code.err().into_iter().chain(name.err()).collect();
            Err(Refusal::Invalid(complaints))
        }
    }
}

/// Signs in whoever answers with a passkey of this node: both steps at once. The session of the
/// token `before`, if there is one, ends.
///
/// # Errors
/// [`Refusal::Invalid`] on `passkey`.
pub async fn sign_in(node: &Node, sent: Sent, before: Option<&str>) -> Result<Session, Refusal> {
    short(&sent)?;
    let site = site(node)?;
    let now_us = node.clock.now_us();
    let nobody = Member {
        id: String::new(),
        name: String::new(),
        language: node.config.language,
    };
    let mut session = session::draw(node, nobody);
    let opening = session.digest();
    let before = before.map(token_digest);
    session.member = node
        .db
        .write(move |conn| {
            let member = match shown(conn, &site, &sent, Purpose::SignIn, now_us)? {
                Ok((member, _)) => member,
                Err(refusal) => return Ok(Err(refusal)),
            };
            let known = super::store::by_id(conn, &member)?.ok_or(Refusal::Missing)?;
            if let Some(before) = before {
                super::store::end_session(conn, &before)?;
            }
            super::store::forget_sessions(conn, now_us)?;
            let ends_us = session::ends_us(now_us);
            super::store::add_session(conn, &opening, &member, true, now_us, ends_us)?;
            Ok::<_, Refusal>(Ok(known.member))
        })
        .await??;
    Ok(session)
}

/// Whose passkey answered what this browser was asked, and who was asked, if anybody in
/// particular was. The question is spent and the passkey's counter kept, whatever comes of it.
fn shown(
    conn: &mut Conn,
    site: &Site,
    sent: &Sent,
    purpose: Purpose,
    now_us: i64,
) -> Result<Result<(String, Option<String>), Refusal>, Refusal> {
    let asked = match taken(conn, sent, purpose, now_us)? {
        Ok(asked) => asked,
        Err(refusal) => return Ok(Err(refusal)),
    };
    let Some(answer) = Answer::read(&sent.answer) else {
        return Ok(Err(wrong(Wrong::Answer)));
    };
    let Some((id, member, kept)) = store::by_credential(conn, &answer.credential())? else {
        let unknown = Say::new("members-passkey-unknown");
        return Ok(Err(Refusal::field("passkey", unknown)));
    };
    match site.signed(&asked.challenge, &answer, &member, &kept) {
        Ok(state) => {
            store::was_used(conn, &id, &state, now_us)?;
            Ok(Ok((member, asked.member)))
        }
        Err(why) => {
            if why == Wrong::Counter {
                tracing::warn!(passkey = %id, "the counter of a passkey went back");
            }
            Ok(Err(wrong(why)))
        }
    }
}

/// Asks a member who is signed in to show a passkey of theirs once more, in the caller's
/// transaction.
///
/// # Errors
/// The inner refusal, [`Refusal::Invalid`] on `passkey`, leaves the question spent.
pub fn confirm_in(
    conn: &mut Conn,
    node: &Node,
    member: &str,
    sent: &Sent,
) -> Result<Result<(), Refusal>, Refusal> {
    if let Err(refusal) = short(sent) {
        return Ok(Err(refusal));
    }
    let shown = shown(
        conn,
        &site(node)?,
        sent,
        Purpose::Confirm,
        node.clock.now_us(),
    )?;
    Ok(shown.and_then(
        |(whose, asked)| match whose == member && asked.as_deref() == Some(member) {
            true => Ok(()),
            false => Err(wrong(Wrong::Answer)),
        },
    ))
}

/// Adds the passkey that was just made to a member's; this session is proved.
///
/// # Errors
/// [`Refusal::Invalid`] on `passkey` or `passkey-name`; [`Refusal::Conflict`] when they have too
/// many; [`Refusal::Forbidden`] when this session must be proved first.
pub async fn add(
    node: &Node,
    member: &SignedIn,
    token: &str,
    name: &str,
    sent: Sent,
) -> Result<(), Refusal> {
    let name = checked_name(name)?;
    short(&sent)?;
    let site = site(node)?;
    let (member, proved, here) = (member.id.clone(), member.proved, token_digest(token));
    let id = node.clock.fresh_id();
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| {
            may_change(conn, &member, proved)?;
            has_room(conn, &member)?;
            let asked = match taken(conn, &sent, Purpose::Add, now_us)? {
                Ok(asked) => asked,
                Err(refusal) => return Ok(Err(refusal)),
            };
            // Asked of somebody else in the same browser.
            if asked.member.as_deref() != Some(member.as_str()) {
                return Ok(Err(wrong(Wrong::Answer)));
            }
            let kept = match site.made(&asked.challenge, &sent.answer) {
                Ok(kept) => kept,
                Err(why) => return Ok(Err(wrong(why))),
            };
            put(conn, &id, &member, &kept, &name, now_us)?;
            if !proved {
                super::store::prove_session(conn, &here, session::ends_us(now_us))?;
            }
            Ok::<_, Refusal>(Ok(()))
        })
        .await?
}

fn put(
    conn: &mut Conn,
    id: &str,
    member: &str,
    kept: &Kept,
    name: &str,
    now_us: i64,
) -> Result<(), Refusal> {
    match store::add(conn, id, member, kept, name, now_us) {
        Err(error) if db::is_taken(&error) => {
            let there = Say::new("members-passkey-there");
            Err(Refusal::field("passkey", there))
        }
        done => Ok(done?),
    }
}

fn has_room(conn: &mut Conn, member: &str) -> Result<(), Refusal> {
    match store::count(conn, member)? {
        LIMIT.. => Err(Refusal::Conflict(
            Say::new("members-passkey-many").with("limit", LIMIT),
        )),
        _ => Ok(()),
    }
}

/// Whether a session may change how its member gets in. Who has a role and a passkey shows the
/// passkey first: else whoever stole the password would bring a second step of their own.
pub(super) fn may_change(conn: &mut Conn, member: &str, proved: bool) -> Result<(), Refusal> {
    if proved || store::count(conn, member)? == 0 || super::store::roles(conn, member)?.is_empty() {
        return Ok(());
    }
    Err(Refusal::Forbidden(Say::new("members-passkey-first")))
}

/// Calls a member's passkey otherwise.
///
/// # Errors
/// [`Refusal::Invalid`] on `passkey-name`; [`Refusal::Missing`] when they have no such passkey.
pub async fn rename(node: &Node, member: &str, id: &str, name: &str) -> Result<(), Refusal> {
    let name = checked_name(name)?;
    let (member, id) = (member.to_owned(), id.to_owned());
    node.db
        .write(
            move |conn| match store::rename(conn, &member, &id, &name)? {
                true => Ok(()),
                false => Err(Refusal::Missing),
            },
        )
        .await
}

/// The name of a passkey as it is kept; it may have none.
fn checked_name(name: &str) -> Result<String, Refusal> {
    match names::one_line(name, NAME_LIMIT) {
        Ok(name) => Ok(name),
        Err(NoName::Empty) => Ok(String::new()),
        Err(NoName::TooLong | NoName::Unseen) => Err(Refusal::field(
            "passkey-name",
            Say::new("members-passkey-name").with("limit", NAME_LIMIT),
        )),
    }
}

/// Removes a member's passkey; their other sessions end, since whoever has the device may have one.
///
/// # Errors
/// [`Refusal::Invalid`] on `passkey` when it is their last way in; [`Refusal::Forbidden`] when this
/// session must be proved first; [`Refusal::Missing`] when they have no such passkey.
pub async fn remove(node: &Node, member: &SignedIn, token: &str, id: &str) -> Result<(), Refusal> {
    let (member, proved, here) = (member.id.clone(), member.proved, token_digest(token));
    let id = id.to_owned();
    node.db
        .write(move |conn| {
            may_change(conn, &member, proved)?;
            if !store::remove(conn, &member, &id)? {
                return Err(Refusal::Missing);
            }
            let (_, password) = super::store::password_of(conn, &member)?;
            if password.is_none() && store::count(conn, &member)? == 0 {
                let last = Say::new("members-passkey-last");
                return Err(Refusal::field("passkey", last));
            }
            Ok(super::store::end_sessions_but(conn, &member, &here)?)
        })
        .await
}
