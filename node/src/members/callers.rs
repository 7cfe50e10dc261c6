//! Who tries to sign in, as far as that is known: from which address, and in which browser.
//!
//! Guessing at one name slows down by itself ([`super::guesses`]). Who tries a few passwords at
//! each of many names is slowed by where they come from: wrong tries are counted by address
//! (IPv4) or network (IPv6, /64), forgiven one a minute, and past a hundred of them tries from
//! there have to wait for each other. A reading room has one address: right tries cost nothing, and
//! a browser in which its member signed in before waits for nobody.
//!
//! Addresses are counted in memory and written nowhere.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use super::{session, store, token_digest};
use crate::Node;
use crate::db::Conn;
use crate::doorway::Arrived;
use crate::web::{self, App, Refusal};

/// How many wrong tries an address has before its tries wait for each other.
pub const FREE: i64 = 100;
/// One wrong try is forgiven each minute, in microseconds.
const FORGIVEN_US: i64 = 60 * 1_000_000;
/// The first wait between two tries, in seconds; doubled with every twenty wrong ones more.
const FIRST_WAIT: i64 = 5;
/// The longest, in seconds.
const LONGEST_WAIT: i64 = 60;
/// How many addresses are counted at once; those with the fewest wrong tries are let go.
const ADDRESSES: usize = 50_000;
/// In how many browsers a member is known; the oldest give way.
const BROWSERS: usize = 20;
/// The cookie of a browser that is known.
const COOKIE: &str = "antiphon-known";

/// Where somebody comes from: an IPv4 address, or the first 64 bits of an IPv6 address, which one
/// household or one house has to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Network(IpAddr);

impl Network {
    /// The network of an address.
    pub fn of(address: IpAddr) -> Self {
        Network(match address {
            IpAddr::V4(_) => address,
            IpAddr::V6(six) => match six.to_ipv4_mapped() {
                Some(four) => IpAddr::V4(four),
                None => IpAddr::V6(Ipv6Addr::from_bits(six.to_bits() & (!0 << 64))),
            },
        })
    }

    /// The network a request comes from. A node stands behind a server of its own house, which says
    /// last in `X-Forwarded-For` whom it answers: that is believed of an address of the house alone.
    /// `None` where nobody says.
    fn of_request(arrived: Option<IpAddr>, headers: &HeaderMap) -> Option<Self> {
        let address = arrived?;
        if !is_of_the_house(address) {
            return Some(Network::of(address));
        }
        let last = headers.get_all("x-forwarded-for").iter().next_back()?;
        let last = last.to_str().ok()?.rsplit(',').next()?.trim();
        last.parse().ok().map(Network::of)
    }
}

fn is_of_the_house(address: IpAddr) -> bool {
    match address.to_canonical() {
        IpAddr::V4(four) => four.is_loopback() || four.is_private(),
        IpAddr::V6(six) => six.is_loopback() || six.is_unique_local(),
    }
}

/// Who tries.
#[derive(Clone, Debug, Default)]
pub struct Caller {
    /// Where from.
    pub network: Option<Network>,
    /// What the browser holds, if it is known.
    known: Option<String>,
}

impl FromRequestParts<App> for Caller {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let arrived = parts.extensions.get::<Arrived>().and_then(|from| from.0);
        let known = web::cookie(&parts.headers, COOKIE).filter(|token| token.len() <= 64);
        Ok(Caller {
            network: Network::of_request(arrived, &parts.headers),
            known: known.map(str::to_owned),
        })
    }
}

impl Caller {
    /// Whether this browser is one in which this member signed in before.
    pub(super) fn is_known(
        &self,
        conn: &mut Conn,
        member: &str,
        now_us: i64,
    ) -> Result<bool, Refusal> {
        match &self.known {
            Some(token) => Ok(store::knows_browser(
                conn,
                &token_digest(token),
                member,
                now_us,
            )?),
            None => Ok(false),
        }
    }
}

/// A browser that was just made known, for as long as a session lasts.
#[derive(Clone, Debug)]
pub struct Known(String);

impl Known {
    /// The `Set-Cookie` that tells it so.
    pub fn cookie(&self, node: &Node) -> HeaderValue {
        let secure = if node.config.dev { "" } else { "; Secure" };
        let seconds = super::SESSION_DAYS * 24 * 3600;
        let text = format!(
            "{COOKIE}={}; HttpOnly; SameSite=Lax; Path=/; Max-Age={seconds}{secure}",
            self.0
        );
        HeaderValue::from_str(&text).expect("a token is base64url")
    }

    pub(super) fn draw(node: &Node) -> Self {
        let secret: [u8; 32] = node.clock.secret();
        Known(URL_SAFE_NO_PAD.encode(secret))
    }

    /// Writes it down as one of this member's.
    pub(super) fn keep(&self, conn: &mut Conn, member: &str, now_us: i64) -> Result<(), Refusal> {
        let digest = token_digest(&self.0);
        let until_us = session::ends_us(now_us);
        Ok(store::know_browser(
            conn, &digest, member, now_us, until_us, BROWSERS,
        )?)
    }
}

/// The wrong tries of each network.
#[derive(Debug, Default)]
pub struct Networks(Mutex<HashMap<Network, Tries>>);

#[derive(Clone, Copy, Debug)]
struct Tries {
    wrong: i64,
    /// Until when what is forgiven was taken off.
    forgiven_us: i64,
    /// When the last try was judged.
    judged_us: i64,
}

impl Tries {
    fn at(mut self, now_us: i64) -> Self {
        let passed = (now_us - self.forgiven_us).max(0) / FORGIVEN_US;
        self.wrong = (self.wrong - passed).max(0);
        self.forgiven_us += passed * FORGIVEN_US;
        self
    }

    fn wait_us(self) -> i64 {
        match self.wrong - FREE {
            ..0 => 0,
            more => LONGEST_WAIT.min(FIRST_WAIT << (more / 20).min(8)) * 1_000_000,
        }
    }
}

impl Networks {
    /// Counts a try as wrong before it is judged, or refuses it with the seconds still to wait.
    ///
    /// # Errors
    /// [`Refusal::TooMany`].
    pub fn try_from(&self, network: Network, now_us: i64) -> Result<(), Refusal> {
        let mut all = self.all();
        if all.len() >= ADDRESSES && !all.contains_key(&network) {
            all.retain(|_, tries| tries.at(now_us).wrong > FREE / 2);
            if all.len() >= ADDRESSES {
                all.clear();
            }
        }
        let fresh = Tries {
            wrong: 0,
            forgiven_us: now_us,
            judged_us: i64::MIN / 2,
        };
        let tries = all.entry(network).or_insert(fresh);
        *tries = tries.at(now_us);
        let open_us = tries.judged_us.saturating_add(tries.wait_us());
        if open_us > now_us {
            let seconds = (open_us - now_us).div_euclid(1_000_000) + 1;
            return Err(Refusal::TooMany(seconds.unsigned_abs()));
        }
        tries.wrong += 1;
        tries.judged_us = now_us;
        Ok(())
    }

    /// The try was right after all.
    pub fn was_right(&self, network: Network) {
        if let Some(tries) = self.all().get_mut(&network) {
            tries.wrong = (tries.wrong - 1).max(0);
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<Network, Tries>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    fn from(arrived: &str, forwarded: &[&'static str]) -> Option<Network> {
        let mut headers = HeaderMap::new();
        for one in forwarded {
            headers.append("x-forwarded-for", HeaderValue::from_static(one));
        }
        Network::of_request(Some(address(arrived)), &headers)
    }

    #[test]
    fn a_house_is_one_network_and_only_its_own_server_says_who_asks() {
        let of = |text| Network::of(address(text));
        assert_eq!(of("2001:db8:1:2:3::4"), of("2001:db8:1:2:ffff::1"));
        assert_ne!(of("2001:db8:1:2::1"), of("2001:db8:1:3::1"));
        assert_eq!(of("::ffff:192.0.2.1"), of("192.0.2.1"));
        assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
        // From outside: what is said of others is not believed.
        assert_eq!(from("192.0.2.1", &["198.51.100.7"]), Some(of("192.0.2.1")));
        // From the house: the last word is its own.
        let told = from(
            "127.0.0.1",
            &["203.0.113.5, 192.0.2.9", "8.8.8.8, 198.51.100.7"],
        );
        assert_eq!(told, Some(of("198.51.100.7")));
        assert_eq!(from("::1", &["2001:db8::1"]), Some(of("2001:db8::2")));
        for unsaid in [&[][..], &["unknown"], &["1.2.3.4, "]] {
            assert_eq!(from("10.0.0.1", unsaid), None, "{unsaid:?}");
        }
    }

    #[test]
    fn past_a_hundred_wrong_tries_a_network_is_slowed_and_minutes_forgive() {
        let networks = Networks::default();
        let (one, other) = (
            Network::of(address("192.0.2.1")),
            Network::of(address("192.0.2.2")),
        );
        let mut now_us = 0;
        for _ in 0..FREE {
            networks.try_from(one, now_us).unwrap();
        }
        // The hundred and first is judged, and then each waits for the one before it.
        assert!(matches!(
            networks.try_from(one, now_us),
            Err(Refusal::TooMany(6))
        ));
        networks.try_from(other, now_us).unwrap();
        let mut judged = 0;
        for _ in 0..3600 {
            now_us += 1_000_000;
            judged += i64::from(networks.try_from(one, now_us).is_ok());
        }
        assert!((60..400).contains(&judged), "{judged} in an hour");
        // Right ones cost nothing.
        now_us += 24 * 60 * FORGIVEN_US;
        for _ in 0..10 * FREE {
            networks.try_from(one, now_us).unwrap();
            networks.was_right(one);
        }
    }
}
