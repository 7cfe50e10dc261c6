//! Grants: the leave of one listener to hear one work for a while.
//!
//! Media have no public address. Whoever may listen is led from `/listen?work=…` to the same
//! address with a **grant** in it: a code that this node made for this session (or this listening
//! post) and this work, and that ends by itself. It is worth nothing to anybody else, for any other
//! work, or after who it was made for has signed out: a grant is not instead of the session, it
//! comes beside it. The key that makes grants is drawn when the node starts and never written down.

use axum::http::HeaderMap;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::QueryResult;
use hmac::{Hmac, Mac};
use settlement::WorkId;
use sha2::Sha256;

use super::{Listener, store};
use crate::clock::Clock;
use crate::db::Conn;
use crate::members;
use crate::web::{self, SESSION_COOKIE};

/// How long a grant lasts beyond the length of its work, in microseconds: somebody who goes to
/// the door in the middle of a symphony finds it where they left it.
const PAUSE_US: i64 = 2 * 3600 * 1_000_000;
/// The bytes of an end and of a code.
const TOKEN: usize = 8 + 32;

/// For whom a grant is made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holder {
    /// Whoever holds the session with this token digest.
    Session(String),
    /// The listening post of this URI.
    Post(String),
}

impl Holder {
    /// Who sent these headers, as far as grants are concerned.
    pub fn of(listener: &Listener, headers: &HeaderMap) -> Option<Self> {
        match listener {
            Listener::Post(post) => Some(Holder::Post(post.id.clone())),
            Listener::Member(_) => {
                let token = web::cookie(headers, SESSION_COOKIE)?;
                Some(Holder::Session(members::token_digest(token)))
            }
        }
    }

    /// Whether they may listen now: still signed in, still a member of a venue, still enrolled.
    pub fn may_listen(&self, conn: &mut Conn, now_us: i64) -> QueryResult<bool> {
        match self {
            Holder::Session(digest) => {
                let session = members::store::session(conn, digest, now_us)?;
                Ok(session.is_some_and(|(member, _)| member.venue.is_some()))
            }
            Holder::Post(id) => {
                let post = store::post(conn, id)?;
                Ok(post.is_some_and(|post| post.revoked_us.is_none()))
            }
        }
    }
}

/// Makes grants and knows its own again.
pub struct Grants {
    key: [u8; 32],
}

impl Grants {
    /// With a key nobody knows; grants made with another are void.
    pub fn draw(clock: &Clock) -> Self {
        Grants {
            key: clock.secret(),
        }
    }

    /// A grant for a work of this length, from now on.
    pub fn give(&self, holder: &Holder, work: &WorkId, duration_ms: u64, now_us: i64) -> String {
        let length_us = i64::try_from(duration_ms).unwrap_or(i64::MAX / 1_000) * 1_000;
        let until_us = now_us.saturating_add(length_us).saturating_add(PAUSE_US);
        let mut token = until_us.to_be_bytes().to_vec();
        let code = self.code(holder, work, until_us).finalize().into_bytes();
        token.extend_from_slice(&code);
        URL_SAFE_NO_PAD.encode(token)
    }

    /// Until when this grant lets this holder hear this work, in microseconds UTC; nothing when it
    /// does not, or not any more.
    pub fn until_us(
        &self,
        token: &str,
        holder: &Holder,
        work: &WorkId,
        now_us: i64,
    ) -> Option<i64> {
        let token = URL_SAFE_NO_PAD.decode(token).ok()?;
        let token: &[u8; TOKEN] = token.as_slice().try_into().ok()?;
        let (until, code) = token.split_first_chunk::<8>()?;
        let until_us = i64::from_be_bytes(*until);
        // Compared in constant time.
        self.code(holder, work, until_us).verify_slice(code).ok()?;
        (now_us < until_us).then_some(until_us)
    }

    fn code(&self, holder: &Holder, work: &WorkId, until_us: i64) -> Hmac<Sha256> {
        let mut code =
            Hmac::<Sha256>::new_from_slice(&self.key).expect("HMAC takes a key of any length");
        let (kind, name) = match holder {
            Holder::Session(digest) => ("session", digest.as_str()),
            Holder::Post(id) => ("post", id.as_str()),
        };
        // Each with its length, so that no two lists of parts read alike.
        for part in [kind, name, work.as_str()] {
            code.update(&(part.len() as u64).to_be_bytes());
            code.update(part.as_bytes());
        }
        code.update(&until_us.to_be_bytes());
        code
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_grant_is_for_one_holder_and_one_work_and_ends() {
        let clock = Clock::held(0);
        let grants = Grants::draw(&clock);
        let work = |name: &str| WorkId::parse(&format!("http://localhost:1/works/{name}")).unwrap();
        let ana = Holder::Session("ana".into());
        let token = grants.give(&ana, &work("a"), 60_000, 1_000);
        let end = 1_000 + 60_000_000 + PAUSE_US;
        assert_eq!(
            grants.until_us(&token, &ana, &work("a"), end - 1),
            Some(end)
        );
        assert_eq!(grants.until_us(&token, &ana, &work("a"), end), None);
        assert_eq!(grants.until_us(&token, &ana, &work("b"), 1_000), None);
        for other in [Holder::Session("bela".into()), Holder::Post("ana".into())] {
            assert_eq!(grants.until_us(&token, &other, &work("a"), 1_000), None);
        }
        let others = Grants::draw(&clock);
        assert_eq!(others.until_us(&token, &ana, &work("a"), 1_000), None);
    }

    #[test]
    fn a_grant_with_another_end_or_another_letter_is_none() {
        let grants = Grants::draw(&Clock::held(0));
        let work = WorkId::parse("http://localhost:1/works/a").unwrap();
        let ana = Holder::Session("ana".into());
        let token = grants.give(&ana, &work, 60_000, 0);
        let mut longer = URL_SAFE_NO_PAD.decode(&token).unwrap();
        longer[0] = 0x7f;
        let longer = URL_SAFE_NO_PAD.encode(longer);
        for bad in [
            longer.as_str(),
            "",
            "AAAA",
            &token[1..],
            "é",
            &token.repeat(2),
        ] {
            assert_eq!(grants.until_us(bad, &ana, &work, 0), None, "{bad}");
        }
    }
}
