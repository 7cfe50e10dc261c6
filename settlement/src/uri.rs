//! Names: every node, venue, party and work is known by one URI, written in one way.
//!
//! Two spellings of one address would be two names for one thing, and money could be paid twice or
//! to nobody. So only one spelling is taken: `http` or `https` in lower case, a host in lower case
//! (labels of letters, digits, `-` and `_`, or an IPv6 address in brackets), no user, no default
//! port, a port without leading zeros, printable ASCII without spaces, at most 2048 bytes. What
//! follows the host is compared byte by byte and never changed.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};
use std::{fmt, str::FromStr, sync::Arc};

use crate::Malformed;

/// An address in its one spelling. Ordered as bytes; cheap to clone.
#[derive(Clone)]
pub struct Uri {
    /// The text in which the address stands, alone or with others that were read together.
    text: Arc<str>,
    start: u32,
    length: u16,
    origin: u16,
}

impl Uri {
    /// The longest address taken, in bytes.
    pub const LIMIT: usize = 2048;

    /// Reads an address.
    ///
    /// # Errors
    /// When the text is not an address in its one spelling (see the module).
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let (length, origin) = lengths(text)?;
        Ok(Uri {
            text: text.into(),
            start: 0,
            length,
            origin,
        })
    }

    /// Reads many addresses that stand in one text, one after the other, each so many bytes long.
    /// They share one copy of it, which lives as long as any of them.
    ///
    /// # Errors
    /// At the first that is not an address in its one spelling, or does not begin and end with
    /// letters of the text: its place, from 0.
    pub fn parse_all(text: &str, lengths_of: &[u32]) -> Result<Vec<Self>, (usize, Malformed)> {
        let outside = || Malformed::new("an address", "", NOT_PRINTABLE);
        let shared: Arc<str> = text.into();
        let mut uris = Vec::with_capacity(lengths_of.len());
        let mut start = 0u32;
        for (place, &long) in lengths_of.iter().enumerate() {
            let end = start.checked_add(long);
            let of_one = end.and_then(|end| text.get(start as usize..end as usize));
            let (Some(end), Some(of_one)) = (end, of_one) else {
                return Err((place, outside()));
            };
            let (length, origin) = lengths(of_one).map_err(|malformed| (place, malformed))?;
            uris.push(Uri {
                text: shared.clone(),
                start,
                length,
                origin,
            });
            start = end;
        }
        Ok(uris)
    }

    /// The address as it was written.
    pub fn as_str(&self) -> &str {
        let start = self.start as usize;
        &self.text[start..start + usize::from(self.length)]
    }

    /// Scheme, host and port, without a slash after them: `https://loire.example`.
    pub fn origin(&self) -> &str {
        &self.as_str()[..usize::from(self.origin)]
    }
}

impl PartialEq for Uri {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Uri {}

impl PartialOrd for Uri {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Uri {
    fn cmp(&self, other: &Self) -> Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl Hash for Uri {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// How long an address is, and its origin.
fn lengths(text: &str) -> Result<(u16, u16), Malformed> {
    let length = u16::try_from(text.len()).map_err(|_| TOO_LONG);
    length
        .and_then(|length| Ok((length, origin_length(text)?)))
        .map_err(|why| Malformed::new("an address", text, why))
}

const TOO_LONG: &str = "it is longer than 2048 bytes";
const NOT_PRINTABLE: &str = "an address holds printable ASCII and no spaces";

/// Where the origin ends, or what is wrong.
fn origin_length(text: &str) -> Result<u16, &'static str> {
    if text.len() > Uri::LIMIT {
        return Err(TOO_LONG);
    }
    // To the end whatever is found: so it goes many bytes at a time.
    let graphic = |all: bool, byte: u8| all & byte.is_ascii_graphic();
    if !text.bytes().fold(true, graphic) {
        return Err(NOT_PRINTABLE);
    }
    let (scheme, default_port) = if text.starts_with("https://") {
        ("https://", "443")
    } else if text.starts_with("http://") {
        ("http://", "80")
    } else {
        return Err("it must begin with https:// or http://");
    };
    let rest = &text[scheme.len()..];
    if let Some(host) = plain_host(rest.as_bytes()) {
        return u16::try_from(scheme.len() + host).map_err(|_| TOO_LONG);
    }
    let authority = &rest[..rest.find(['/', '?', '#']).unwrap_or(rest.len())];
    if authority.contains('@') {
        return Err("it names a user before the host");
    }
    let port = if let Some(address) = authority.strip_prefix('[') {
        let (address, port) = address
            .split_once(']')
            .ok_or("its IPv6 address does not end")?;
        if address.parse::<std::net::Ipv6Addr>().is_err() {
            return Err("what is in brackets is not an IPv6 address");
        }
        if address.bytes().any(|byte| byte.is_ascii_uppercase()) {
            return Err("its host must be in lower case");
        }
        if port.is_empty() {
            None
        } else {
            Some(
                port.strip_prefix(':')
                    .ok_or("something follows its IPv6 address")?,
            )
        }
    } else {
        let (host, port) = match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        };
        host_name(host)?;
        port
    };
    if let Some(port) = port {
        let number_in_range =
            port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
        if !number_in_range || port.starts_with('0') {
            return Err("its port is not a number from 1 to 65535 written plainly");
        }
        if port == default_port {
            return Err("it names the default port: leave it out");
        }
    }
    u16::try_from(scheme.len() + authority.len()).map_err(|_| TOO_LONG)
}

/// How long the host is, where it is one as [`host_name`] takes it and no port follows: nearly always.
fn plain_host(rest: &[u8]) -> Option<usize> {
    let mut label = 0;
    for (at, byte) in rest.iter().enumerate() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' => label += 1,
            b'.' if label > 0 => label = 0,
            b'/' | b'?' | b'#' => return (label > 0 && at <= LONGEST_HOST).then_some(at),
            _ => return None,
        }
    }
    (label > 0 && rest.len() <= LONGEST_HOST).then_some(rest.len())
}

const LONGEST_HOST: usize = 253;

fn host_name(host: &str) -> Result<(), &'static str> {
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        return Err("its host must be in lower case");
    }
    let label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
    };
    if host.len() > LONGEST_HOST || !host.split('.').all(label) {
        return Err("its host is not a host name");
    }
    Ok(())
}

impl fmt::Display for Uri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.as_str())
    }
}

impl fmt::Debug for Uri {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "<{}>", self.as_str())
    }
}

impl FromStr for Uri {
    type Err = Malformed;
    fn from_str(text: &str) -> Result<Self, Malformed> {
        Self::parse(text)
    }
}

macro_rules! named_by_uri {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uri);

        impl $name {
            /// Reads the name.
            ///
            /// # Errors
            /// When it is not an address in its one spelling (see [`Uri`]).
            pub fn parse(text: &str) -> Result<Self, Malformed> {
                Uri::parse(text).map(Self)
            }

            /// Reads many names that stand in one text, as [`Uri::parse_all`] does.
            ///
            /// # Errors
            /// At the first that is not an address in its one spelling: its place, from 0.
            pub fn parse_all(
                text: &str,
                lengths: &[u32],
            ) -> Result<Vec<Self>, (usize, Malformed)> {
                Ok(Uri::parse_all(text, lengths)?.into_iter().map(Self).collect())
            }

            /// The name as it was written.
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// Scheme, host and port of the name.
            pub fn origin(&self) -> &str {
                self.0.origin()
            }

            /// The name as a plain address.
            pub fn uri(&self) -> &Uri {
                &self.0
            }
        }

        impl From<Uri> for $name {
            fn from(uri: Uri) -> Self {
                Self(uri)
            }
        }

        impl FromStr for $name {
            type Err = Malformed;
            fn from_str(text: &str) -> Result<Self, Malformed> {
                Self::parse(text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(&self.0, out)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, out)
            }
        }
    )*};
}

named_by_uri! {
    /// A work: the address of its ActivityPub object.
    WorkId;
    /// A venue: a library, a concert hall, a works council that pays for its members.
    VenueId;
    /// A party: the actor who is owed money for a work.
    PartyId;
    /// A node: the actor of the server that a regional collective hosts. One node an origin.
    NodeId;
}
