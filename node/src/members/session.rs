//! Signing in and out, and the one-time code for who forgot their password.

use axum::http::header::SET_COOKIE;
use axum::http::{HeaderName, HeaderValue};
use axum::response::AppendHeaders;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::callers::{Caller, Known};
use super::code::Code;
use super::guesses::{self, Subject};
use super::joining::form_complaint;
use super::{Member, SignedIn, password, second, store, token_digest};
use crate::Node;
use crate::db::Conn;
use crate::names;
use crate::web::{Refusal, SESSION_COOKIE};
use crate::words::Say;

/// How long a session lasts without being renewed, in days.
pub const SESSION_DAYS: i64 = 60;
/// How long a one-time code is good for, in hours.
pub const RESET_HOURS: i64 = 24;
/// The longest a browser keeps a cookie, in seconds: the session ends before, if it is not used.
const COOKIE_SECONDS: u32 = 400 * 24 * 3600;
const HOUR_US: i64 = 3600 * 1_000_000;

/// A session that was just opened.
#[derive(Clone, Debug)]
pub struct Session {
    token: String,
    /// Whose it is.
    pub member: Member,
    /// Whether it waits for its second step, and opens nothing yet.
    pub waits: bool,
    /// What makes the browser known that it was opened in, when it was not.
    pub known: Option<Known>,
}

impl Session {
    /// The `Set-Cookie` that gives it to the browser: out of reach of scripts, not sent along from
    /// other sites' forms, and outside development never over plain http.
    pub fn cookie(&self, node: &Node) -> HeaderValue {
        set_cookie(node, &self.token, COOKIE_SECONDS)
    }

    /// Every `Set-Cookie` it brings: its own, and the one that makes the browser known.
    pub(super) fn cookies(&self, node: &Node) -> AppendHeaders<Vec<(HeaderName, HeaderValue)>> {
        let known = self.known.as_ref().map(|known| known.cookie(node));
        let all = [Some(self.cookie(node)), known].into_iter().flatten();
        AppendHeaders(all.map(|cookie| (SET_COOKIE, cookie)).collect())
    }

    pub(super) fn token(&self) -> &str {
        &self.token
    }

    pub(super) fn digest(&self) -> String {
        token_digest(&self.token)
    }
}

/// The `Set-Cookie` that takes a session from the browser.
pub fn without_session(node: &Node) -> HeaderValue {
    set_cookie(node, "", 0)
}

fn set_cookie(node: &Node, token: &str, seconds: u32) -> HeaderValue {
    let secure = if node.config.dev { "" } else { "; Secure" };
    let text = format!(
        "{SESSION_COOKIE}={token}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}"
    );
    HeaderValue::from_str(&text).expect("a token is base64url")
}

pub(super) fn draw(node: &Node, member: Member) -> Session {
    let secret: [u8; 32] = node.clock.secret();
    Session {
        token: URL_SAFE_NO_PAD.encode(secret),
        member,
        waits: false,
        known: None,
    }
}

pub(super) fn ends_us(now_us: i64) -> i64 {
    now_us + SESSION_DAYS * 24 * HOUR_US
}

/// The member whose session this token opens, if it still does. A session in use is renewed.
pub async fn signed_in(node: &Node, token: &str) -> Result<Option<SignedIn>, Refusal> {
    if token.is_empty() || token.len() > 128 {
        return Ok(None);
    }
    let digest = token_digest(token);
    let now_us = node.clock.now_us();
    let looked_up = digest.clone();
    let found = node
        .db
        .read(move |conn| Ok::<_, Refusal>(store::session(conn, &looked_up, now_us)?))
        .await?;
    let Some((member, expires_us)) = found else {
        return Ok(None);
    };
    // Half spent: one write a month, not one a request.
    if expires_us - now_us < SESSION_DAYS / 2 * 24 * HOUR_US {
        let renewed = move |conn: &mut _| {
            store::renew_session(conn, &digest, ends_us(now_us)).map_err(Refusal::from)
        };
        node.db.write(renewed).await?;
    }
    Ok(Some(as_proved(node, member)))
}

/// Outside development the roles of staff wait for a second step: a password alone opens no desk.
fn as_proved(node: &Node, mut member: SignedIn) -> SignedIn {
    if !member.proved && !node.config.dev && !member.roles.is_empty() {
        member.roles.clear();
        member.waiting = true;
    }
    member
}

/// Signs a member in whom nobody else calls.
///
/// # Errors
/// As [`sign_in_from`].
pub async fn sign_in(node: &Node, name: &str, password: &str) -> Result<Session, Refusal> {
    sign_in_from(node, &Caller::default(), name, password).await
}

/// Signs a member in.
///
/// # Errors
/// [`Refusal::Invalid`] on `password` when name and password do not belong together, whichever is
/// wrong; [`Refusal::TooMany`] after too many wrong tries, at this name or from this network.
pub async fn sign_in_from(
    node: &Node,
    caller: &Caller,
    name: &str,
    password: &str,
) -> Result<Session, Refusal> {
    let wrong = || Refusal::field("password", Say::new("members-wrong"));
    if name.len() > 1024 || password.len() > password::LONGEST * 4 {
        return Err(wrong());
    }
    let key = names::fold(name);
    let subject = Subject::name(&key);
    let now_us = node.clock.now_us();
    let (counted, from) = (subject.clone(), caller.clone());
    let (known, at_home) = node
        .db
        .read(move |conn| {
            let known = store::by_name(conn, &key)?;
            let at_home = match &known {
                Some(known) => from.is_known(conn, &known.member.id, now_us)?,
                None => false,
            };
            Ok::<_, Refusal>((known, at_home))
        })
        .await?;
    let network = caller.network.filter(|_| !at_home);
    if let Some(network) = network {
        node.networks.try_from(network, now_us)?;
    }
    let may_try = node
        .db
        .write(move |conn| guesses::try_at(conn, &counted, now_us))
        .await;
    if let (Err(_), Some(network)) = (&may_try, network) {
        // Nothing was guessed.
        node.networks.was_right(network);
    }
    may_try?;
    let tried = password.to_owned();
    let kept = known.as_ref().and_then(|known| known.password_hash.clone());
    let right = password::aside(move || password::is_right(&tried, kept.as_deref())).await?;
    let Some(known) = known.filter(|_| right) else {
        return Err(wrong());
    };
    if let Some(network) = network {
        node.networks.was_right(network);
    }
    let mut session = draw(node, known.member);
    // Where nobody says where they come from, nobody is slowed for it.
    session.known = network.map(|_| Known::draw(node));
    open(node, &mut session, Some(subject)).await?;
    Ok(session)
}

/// Asks a member who is signed in for their password once more, before what cannot be undone.
///
/// # Errors
/// [`Refusal::Invalid`] on `password`; [`Refusal::TooMany`] after too many wrong tries.
pub(super) async fn check_password(node: &Node, member: &str, typed: &str) -> Result<(), Refusal> {
    let wrong = || Refusal::field("password", Say::new("members-password-wrong"));
    if typed.len() > password::LONGEST * 4 {
        return Err(wrong());
    }
    let id = member.to_owned();
    let now_us = node.clock.now_us();
    let (subject, kept) = node
        .db
        .write(move |conn| {
            let (key, kept) = store::password_of(conn, &id)?;
            let subject = Subject::name(&key);
            guesses::try_at(conn, &subject, now_us)?;
            Ok::<_, Refusal>((subject, kept))
        })
        .await?;
    let typed = typed.to_owned();
    let right = password::aside(move || password::is_right(&typed, kept.as_deref())).await?;
    if !right {
        return Err(wrong());
    }
    node.db
        .write(move |conn| guesses::was_right(conn, &subject))
        .await
}

/// Gives a member who is signed in another password; their other sessions end. Who has none, but
/// passkeys, chooses their first in a session that a passkey opened.
///
/// # Errors
/// [`Refusal::Invalid`] on `password` for the old one, on `fresh` for the new one.
pub async fn change_password(
    node: &Node,
    member: &SignedIn,
    token: &str,
    old: &str,
    fresh: &str,
) -> Result<(), Refusal> {
    if let Some(complaint) = password::complaint(fresh) {
        return Err(Refusal::field("fresh", complaint.say));
    }
    let (member, proved) = (member.id.as_str(), member.proved);
    let id = member.to_owned();
    let (_, kept) = node
        .db
        .read(move |conn| Ok::<_, Refusal>(store::password_of(conn, &id)?))
        .await?;
    if kept.is_some() || !proved {
        check_password(node, member, old).await?;
    }
    let chosen = fresh.to_owned();
    let hash = password::aside(move || password::hash(&chosen))
        .await?
        .map_err(Refusal::broken)?;
    let (member, here) = (member.to_owned(), token_digest(token));
    node.db
        .write(move |conn| {
            store::set_password(conn, &member, &hash)?;
            Ok(store::end_sessions_but(conn, &member, &here)?)
        })
        .await
}

/// Writes a drawn session down: one that waits where its member has a second step.
async fn open(node: &Node, session: &mut Session, right: Option<Subject>) -> Result<(), Refusal> {
    let (digest, member) = (session.digest(), session.member.id.clone());
    let known = session.known.clone();
    let now_us = node.clock.now_us();
    session.waits = node
        .db
        .write(move |conn| {
            if let Some(subject) = right {
                guesses::was_right(conn, &subject)?;
            }
            if let Some(known) = known {
                known.keep(conn, &member, now_us)?;
            }
            store::forget_sessions(conn, now_us)?;
            let waits = store::has_second_step(conn, &member)?;
            let until_us = match waits {
                true => now_us + second::WAITS_SECONDS * 1_000_000,
                false => ends_us(now_us),
            };
            store::add_session(conn, &digest, &member, false, now_us, until_us)?;
            Ok::<_, Refusal>(waits)
        })
        .await?;
    Ok(())
}

/// Ends the session of this token, if there is one.
pub async fn sign_out(node: &Node, token: &str) -> Result<(), Refusal> {
    let digest = token_digest(token);
    node.db
        .write(move |conn| Ok(store::end_session(conn, &digest)?))
        .await
}

/// A one-time code, good for a day, with which the member of this name chooses another password
/// ([`redeem`]). Codes given out before are void. Blocks.
///
/// # Errors
/// [`Refusal::Conflict`] when nobody has that name.
pub fn reset(node: &Node, name: &str) -> Result<String, Refusal> {
    node.db.write_now(|conn| {
        let person = |known: &store::Known| known.person;
        let known = store::by_name(conn, &names::fold(name))?.filter(person);
        let Some(known) = known else {
            return Err(Refusal::Conflict(
                Say::new("members-unknown").with("name", name),
            ));
        };
        reset_in(conn, node, &known.member.id)
    })
}

/// A one-time code for this member, in the caller's transaction; codes given out before are void.
pub(crate) fn reset_in(conn: &mut Conn, node: &Node, member: &str) -> Result<String, Refusal> {
    let now_us = node.clock.now_us();
    let code = Code::draw(&node.clock);
    let expires_us = now_us + RESET_HOURS * HOUR_US;
    store::add_reset(conn, &code.digest(), member, now_us, expires_us)?;
    Ok(code.to_string())
}

/// Gives whoever holds a one-time code a new password and signs them in; every other session of
/// theirs ends.
///
/// # Errors
/// [`Refusal::Invalid`] for `code` or `password`; [`Refusal::TooMany`] when codes were guessed at.
pub async fn redeem(node: &Node, code: &str, password: &str) -> Result<Session, Refusal> {
    let mut complaints: Vec<_> = password::complaint(password).into_iter().collect();
    let code = match Code::read(code) {
        Some(code) if complaints.is_empty() => code,
        Some(_) => return Err(Refusal::Invalid(complaints)),
        None => {
            complaints.insert(0, form_complaint("code"));
            return Err(Refusal::Invalid(complaints));
        }
    };
    let chosen = password.to_owned();
    let hash = password::aside(move || password::hash(&chosen))
        .await?
        .map_err(Refusal::broken)?;
    let now_us = node.clock.now_us();
    let redeemed = node
        .db
        .write(move |conn| {
            let subject = Subject::code(&code.first_group());
            guesses::try_at(conn, &subject, now_us)?;
            let Some(member) = store::use_reset(conn, &code.digest(), now_us)? else {
                // Not an error yet: the guess must stay counted.
                if let Some(many) = guesses::stray_code(conn, now_us)? {
                    return Ok::<_, Refusal>(Err(many));
                }
                return Ok(Ok(None));
            };
            guesses::was_right(conn, &subject)?;
            guesses::was_right(conn, &Subject::name(&names::fold(&member.name)))?;
            store::set_password(conn, &member.id, &hash)?;
            store::end_sessions_of(conn, &member.id)?;
            Ok(Ok(Some(member)))
        })
        .await??;
    let member =
        redeemed.ok_or_else(|| Refusal::field("code", Say::new("members-reset-unknown")))?;
    let mut session = draw(node, member);
    open(node, &mut session, None).await?;
    Ok(session)
}
