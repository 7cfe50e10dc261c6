//! The second step of signing in: a code from an app (RFC 6238, six digits, half a minute each), or
//! one of eight recovery codes for whoever lost the device.
//!
//! Whoever has one is signed in only once it was proved: until then their session opens nothing but
//! the page that asks for it, and ends after ten minutes. Staff need one: outside development their
//! roles wait for it ([`super::signed_in`]). A passkey is both steps at once ([`passkeys`]).

use settlement::VenueId;
use totp_rs::{Algorithm, Builder, Secret, Totp};

use super::code::Code;
use super::guesses::{self, Subject};
use super::{Member, SignedIn, passkeys, session, store, token_digest};
use crate::Node;
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

/// How long a session waits for its second step, in seconds.
pub const WAITS_SECONDS: i64 = 10 * 60;
/// How many recovery codes there are.
pub const RECOVERY_CODES: usize = 8;
/// After so many wrong tries the password is asked for again.
const TRIES: i64 = 10;
/// How long a code is good for, in seconds (RFC 6238 §5.2).
const STEP: u64 = 30;

/// What an app is told.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// The secret in base32, for whoever types it.
    pub secret: String,
    /// The same as an address, for whoever points a camera at it.
    pub address: String,
}

/// Draws a secret for a member, or answers the one that waits for its first code. In the caller's
/// transaction.
///
/// # Errors
/// [`Refusal::Conflict`] when they have a second step already; [`Refusal::Forbidden`] when this
/// session must be proved by a passkey first.
pub fn begin(conn: &mut Conn, node: &Node, member: &SignedIn) -> Result<Enrolment, Refusal> {
    passkeys::may_change(conn, &member.id, member.proved)?;
    let secret = match store::second_step(conn, &member.id)? {
        Some(step) if step.confirmed => {
            return Err(Refusal::Conflict(Say::new("members-second-there")));
        }
        Some(step) => step.secret,
        None => {
            let secret = Secret::new_stack(node.clock.secret()).to_base32();
            store::add_second_step(conn, &member.id, &secret)?;
            secret
        }
    };
    Ok(Enrolment {
        address: address(&node.config.name, &member.name, &secret),
        secret,
    })
}

/// The address an app reads: <https://github.com/google/google-authenticator/wiki/Key-Uri-Format>
fn address(issuer: &str, name: &str, secret: &str) -> String {
    let plain = |text: &str| {
        let text = text.replace(':', " ");
        percent_encoding::utf8_percent_encode(&text, percent_encoding::NON_ALPHANUMERIC).to_string()
    };
    let (issuer, name) = (plain(issuer), plain(name));
    format!("otpauth://totp/{issuer}:{name}?secret={secret}&issuer={issuer}")
}

/// Takes the first right code: the second step is asked for from now on, this session is proved,
/// and the others end. Answers the recovery codes, which are kept nowhere.
///
/// # Errors
/// [`Refusal::Invalid`] on `code`; [`Refusal::TooMany`] after too many wrong ones.
pub async fn confirm(
    node: &Node,
    member: &SignedIn,
    token: &str,
    code: &str,
) -> Result<Vec<String>, Refusal> {
    let codes: Vec<Code> = (0..RECOVERY_CODES)
        .map(|_| Code::draw(&node.clock))
        .collect();
    let printed = codes.iter().map(Code::to_string).collect();
    let (id, code, here) = (member.id.clone(), code.to_owned(), token_digest(token));
    let proved = member.proved;
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| {
            passkeys::may_change(conn, &id, proved)?;
            let subject = Subject::second(&id);
            guesses::try_at(conn, &subject, now_us)?;
            let step = store::second_step(conn, &id)?.filter(|step| !step.confirmed);
            let Some(step) = step else {
                return Err(Refusal::Conflict(Say::new("members-second-there")));
            };
            let Some(number) = right(&step, &code, now_us) else {
                // Not an error yet: the guess must stay counted.
                return Ok(Err(wrong()));
            };
            guesses::was_right(conn, &subject)?;
            store::confirm_second_step(conn, &id, number, now_us)?;
            for code in &codes {
                store::add_recovery_code(conn, &code.digest(), &id)?;
            }
            store::end_sessions_but(conn, &id, &here)?;
            store::prove_session(conn, &here, session::ends_us(now_us))?;
            Ok(Ok(printed))
        })
        .await?
}

/// Proves a session with a code of the app or a recovery code: from now on it opens what its
/// member may.
///
/// # Errors
/// [`Refusal::SignIn`] when the session waits no longer; [`Refusal::Invalid`] on `code`;
/// [`Refusal::TooMany`] after too many wrong ones.
pub async fn prove(node: &Node, token: &str, code: &str) -> Result<Member, Refusal> {
    let (digest, code) = (token_digest(token), code.to_owned());
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| {
            let Some(member) = store::waiting_session(conn, &digest, now_us)? else {
                return Err(Refusal::SignIn);
            };
            let subject = Subject::second(&member.id);
            guesses::try_at(conn, &subject, now_us)?;
            if !is_proof(conn, &member.id, &code, now_us)? {
                if guesses::wrong_at(conn, &subject)? >= TRIES {
                    store::end_session(conn, &digest)?;
                }
                return Ok(Err(wrong()));
            }
            guesses::was_right(conn, &subject)?;
            store::prove_session(conn, &digest, session::ends_us(now_us))?;
            Ok(Ok(member))
        })
        .await?
}

/// Takes the second step away from whoever shows a code of it; their roles wait again.
///
/// # Errors
/// [`Refusal::Invalid`] on `code`; [`Refusal::TooMany`] after too many wrong ones.
pub async fn take_off(node: &Node, member: &SignedIn, code: &str) -> Result<(), Refusal> {
    let (id, code) = (member.id.clone(), code.to_owned());
    let now_us = node.clock.now_us();
    node.db
        .write(move |conn| {
            let subject = Subject::second(&id);
            guesses::try_at(conn, &subject, now_us)?;
            if !is_proof(conn, &id, &code, now_us)? {
                return Ok::<_, Refusal>(Err(wrong()));
            }
            guesses::was_right(conn, &subject)?;
            store::remove_second_step(conn, &id)?;
            Ok(Ok(()))
        })
        .await?
}

/// Takes the second step and the passkeys away from the member of this name, who lost the device
/// and the recovery codes: for whoever keeps the node's folder. Who had passkeys alone needs a
/// one-time code to get in. Blocks.
///
/// # Errors
/// [`Refusal::Conflict`] when nobody has that name.
pub fn forget_step(node: &Node, name: &str) -> Result<(), Refusal> {
    node.db.write_now(|conn| {
        let known = store::by_name(conn, &crate::names::fold(name))?
            .ok_or_else(|| Refusal::Conflict(Say::new("members-unknown").with("name", name)))?;
        store::remove_second_step(conn, &known.member.id)?;
        Ok(passkeys::store::remove_all(conn, &known.member.id)?)
    })
}

/// Whether this is a code of the member's app that was not used, or a recovery code; uses it up.
pub(super) fn is_proof(
    conn: &mut Conn,
    member: &str,
    code: &str,
    now_us: i64,
) -> Result<bool, Refusal> {
    if let Some(recovery) = Code::read(code)
        && store::use_recovery_code(conn, &recovery.digest(), member, now_us)?
    {
        return Ok(true);
    }
    let step = store::second_step(conn, member)?.filter(|step| step.confirmed);
    let Some(step) = step else { return Ok(false) };
    let Some(number) = right(&step, code, now_us) else {
        return Ok(false);
    };
    store::spend_step(conn, member, number)?;
    Ok(true)
}

/// The half minute this code belongs to, if it is one of this secret's, about now, and later than
/// the last that was used.
fn right(step: &store::SecondStep, code: &str, now_us: i64) -> Option<i64> {
    let typed: String = code
        .chars()
        .filter(|c| !c.is_whitespace())
        .take(12)
        .collect();
    let seconds = u64::try_from(now_us.div_euclid(1_000_000)).ok()?;
    let number = app(&step.secret)?.check(&typed, seconds)?;
    let number = i64::try_from(number).ok()?;
    (number > step.last_step).then_some(number)
}

fn app(secret: &str) -> Option<Totp> {
    let secret = Secret::try_from_base32(secret).ok()?;
    Builder::new()
        .with_algorithm(Algorithm::SHA1)
        .with_digits(6)
        .with_skew(1)
        .with_step_duration(STEP)
        .with_secret(secret)
        .build()
        .ok()
}

/// The code that an app shows at this moment, for tests and for programs that hold the secret.
pub fn shown(secret: &str, now_us: i64) -> Option<String> {
    let seconds = u64::try_from(now_us.div_euclid(1_000_000)).ok()?;
    Some(app(secret)?.generate(seconds).to_string())
}

fn wrong() -> Refusal {
    Refusal::field("code", Say::new("members-second-wrong"))
}

/// Whether a member's roles reach so far that a desk must not let somebody else in as them: only
/// the operator gives one-time codes to operators, and a manager of a venue to staff of others.
pub fn outranks(conn: &mut Conn, member: &str, desk: &VenueId) -> Result<bool, Refusal> {
    let roles = store::roles(conn, member)?;
    Ok(roles.iter().any(|(at, _)| at.as_ref() != Some(desk)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the secret `12345678901234567890`, in six digits.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (20_000_000_000, "353130"),
        ] {
            assert_eq!(shown(secret, seconds * 1_000_000).as_deref(), Some(code));
        }
    }

    #[test]
    fn no_code_is_good_twice_and_spaces_are_forgiven() {
        let secret = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ";
        let fresh = |last_step| store::SecondStep {
            secret: secret.into(),
            confirmed: true,
            last_step,
        };
        let at = 1_111_111_109_000_000;
        let number = right(&fresh(0), "081 804", at).unwrap();
        assert_eq!(number, 1_111_111_109 / 30);
        assert_eq!(right(&fresh(number), "081804", at), None);
        assert_eq!(right(&fresh(0), "081804", at + 90_000_000), None);
        assert_eq!(right(&fresh(0), "", at), None);
        assert_eq!(right(&fresh(0), &"0".repeat(100_000), at), None);
    }

    #[test]
    fn what_an_app_is_told_is_one_address() {
        assert_eq!(
            address("Loire: scène", "Ana & co", "ABC"),
            "otpauth://totp/Loire%20%20sc%C3%A8ne:Ana%20%26%20co?secret=ABC&issuer=Loire%20%20sc%C3%A8ne"
        );
    }
}
