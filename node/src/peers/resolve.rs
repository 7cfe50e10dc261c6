//! Where a name leads: asked at the moment of connecting, and only public addresses are connected
//! to, whatever the name said a moment before.
//!
//! The federation framework brings a resolver that does this too. Ours stands in its place because
//! that one lets some ranges pass which are of no use to an honest peer (benchmarking, Teredo,
//! protocol assignments), can be switched off by an environment variable, and asks nobody but the
//! system, so that no test could see a name change its mind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use url::{Host, Url};

/// Answers where a name leads.
pub type Lookup = Arc<dyn Fn(&str) -> Vec<IpAddr> + Send + Sync>;

/// Resolves names, and refuses those that lead anywhere but to addresses we may connect to.
pub(super) struct Resolver {
    /// Instead of the system's own.
    pub lookup: Option<Lookup>,
    /// Whether the loopback and private networks are allowed.
    pub dev: bool,
}

/// A name that leads where nothing is asked.
#[derive(Debug, thiserror::Error)]
enum NotPublic {
    #[error("{name} leads to {address}, which is not on the public network (internal IP)")]
    Address { name: String, address: IpAddr },
    #[error("{0} leads nowhere")]
    Nowhere(String),
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let name = name.as_str().trim_end_matches('.').to_owned();
        let (lookup, dev) = (self.lookup.clone(), self.dev);
        Box::pin(async move {
            let found: Vec<SocketAddr> = match lookup {
                Some(lookup) => lookup(&name)
                    .into_iter()
                    .map(|address| SocketAddr::new(address, 0))
                    .collect(),
                None => tokio::net::lookup_host((name.as_str(), 0)).await?.collect(),
            };
            if found.is_empty() {
                return Err(NotPublic::Nowhere(name).into());
            }
            // One address among them that is not public is enough: an honest name has none.
            if let Some(bad) = found.iter().find(|at| !may_connect(at.ip(), dev)) {
                let address = bad.ip();
                return Err(NotPublic::Address { name, address }.into());
            }
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// What is wrong with an address that is about to be asked; nothing, as a rule.
pub(super) fn refused(url: &Url, dev: bool) -> Option<&'static str> {
    match url.scheme() {
        "https" => {}
        "http" if dev => {}
        "http" => return Some("http is for development only"),
        _ => return Some("only https is spoken"),
    }
    if url.username() != "" || url.password().is_some() {
        return Some("it names a user");
    }
    // A number is no name in any of its spellings: the parser has made one of them all.
    let address = match url.host() {
        None => return Some("it names no host"),
        Some(Host::Domain(_)) => return None,
        Some(_) if !dev => return Some("a host is called by its name, not by a number"),
        Some(Host::Ipv4(address)) => IpAddr::V4(address),
        Some(Host::Ipv6(address)) => IpAddr::V6(address),
    };
    (!may_connect(address, dev)).then_some("it is not on the public network")
}

/// Whether a node may connect there: to public addresses, under development to the loopback and
/// to private networks too.
fn may_connect(address: IpAddr, dev: bool) -> bool {
    let at_home = match address.to_canonical() {
        IpAddr::V4(v4) => v4.is_loopback() || v4.is_private(),
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_unique_local(),
    };
    is_public(address) || (dev && at_home)
}

/// Whether an address is of the public unicast network (IANA's registries of special addresses,
/// RFC 6890).
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => is_public_v4(v4),
        IpAddr::V6(v6) => is_public_v6(v6),
    }
}

fn is_public_v4(v4: Ipv4Addr) -> bool {
    let [a, b, c, _] = v4.octets();
    let special = match a {
        // This network, private, loopback; multicast, reserved and broadcast.
        0 | 10 | 127 | 224.. => true,
        // Shared by the customers of one provider (RFC 6598).
        100 => b & 0xc0 == 64,
        // Link-local: clouds tell secrets there.
        169 => b == 254,
        172 => b & 0xf0 == 16,
        // Private; protocol assignments, documentation, 6to4 relays.
        192 => b == 168 || (b == 0 && (c == 0 || c == 2)) || (b == 88 && c == 99),
        // Benchmarking, documentation.
        198 => b & 0xfe == 18 || (b == 51 && c == 100),
        203 => b == 0 && c == 113,
        _ => false,
    };
    !special
}

fn is_public_v6(v6: Ipv6Addr) -> bool {
    let segments = v6.segments();
    match segments {
        // An IPv4 address behind a translator (RFC 6052): hosts without IPv4 need it, and it is as
        // public as what it stands for.
        [0x64, 0xff9b, 0, 0, 0, 0, high, low] => {
            let ([a, b], [c, d]) = (high.to_be_bytes(), low.to_be_bytes());
            is_public_v4(Ipv4Addr::new(a, b, c, d))
        }
        // Documentation, Teredo and other protocol assignments (2001::/23), 6to4.
        [0x2001, second, ..] if second < 0x200 || second == 0xdb8 => false,
        [0x2002, ..] | [0x3fff, 0..=0x0fff, ..] => false,
        // All that is given out to the public network begins with 001 (RFC 4291 §2.4): not the
        // loopback, not IPv4 in its mapped or compatible spelling, not local, not multicast.
        [first, ..] => first & 0xe000 == 0x2000,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn special_ranges_are_not_public() {
        for bad in [
            "0.0.0.0",
            "0.1.2.3",
            "10.0.0.1",
            "100.64.0.1",
            "100.127.255.255",
            "127.0.0.1",
            "127.255.255.254",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "239.255.255.255",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::7f00:1",
            "::ffff:127.0.0.1",
            "::ffff:8.8.8.8",
            "64:ff9b::7f00:1",
            "64:ff9b::a9fe:a9fe",
            "64:ff9b:1::1",
            "100::1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "3fff:10::1",
            "5f00::1",
            "fc00::1",
            "fd12:3456::1",
            "fe80::1",
            "fec0::1",
            "ff02::1",
        ] {
            assert!(!may_connect(bad.parse().unwrap(), false), "{bad}");
        }
        for good in [
            "1.1.1.1",
            "100.63.255.255",
            "100.128.0.1",
            "172.15.0.1",
            "172.32.0.1",
            "198.17.0.1",
            "198.20.0.1",
            "223.255.255.255",
            "2001:4860:4860::8888",
            "2606:4700::1",
            "2a00:1450::1",
            "64:ff9b::808:808",
        ] {
            assert!(may_connect(good.parse().unwrap(), false), "{good}");
        }
    }

    #[test]
    fn development_reaches_the_machine_and_its_networks_and_no_further() {
        for good in ["127.0.0.1", "::1", "192.168.1.1", "172.18.0.2", "fd00::1"] {
            assert!(may_connect(good.parse().unwrap(), true), "{good}");
        }
        for bad in ["169.254.169.254", "0.0.0.0", "224.0.0.1", "fe80::1", "::"] {
            assert!(!may_connect(bad.parse().unwrap(), true), "{bad}");
        }
    }

    #[test]
    fn a_number_is_no_name_in_any_spelling() {
        for bad in [
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://017700000001/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://127.1/",
            "https://127.0.0.1./",
            "https://１２７.０.０.１/",
            "https://127。0。0。1/",
            "https://①②⑦.0.0.1/",
            "https://0/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::127.0.0.1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://user@peer.example/",
            "https://peer.example:pass@127.0.0.1/",
            "http://peer.example/",
            "ftp://peer.example/",
            "file:///etc/passwd",
        ] {
            let url = Url::parse(bad).unwrap();
            assert!(refused(&url, false).is_some(), "{bad}");
        }
        for good in ["https://peer.example/", "https://bücher.example:8443/a"] {
            assert_eq!(refused(&Url::parse(good).unwrap(), false), None, "{good}");
        }
    }

    #[tokio::test]
    async fn a_name_that_changes_its_mind_is_asked_and_judged_each_time() {
        let turned = Arc::new(AtomicBool::new(false));
        let mind = turned.clone();
        let resolver = Resolver {
            lookup: Some(Arc::new(move |_| {
                let inside = mind.swap(true, Ordering::SeqCst);
                vec![
                    if inside { "127.0.0.1" } else { "1.1.1.1" }
                        .parse()
                        .unwrap(),
                ]
            })),
            dev: false,
        };
        let ask = async || resolver.resolve("rebind.example".parse().unwrap()).await;
        // What was judged is what is connected to: the addresses themselves are handed on.
        let first: Vec<SocketAddr> = ask().await.unwrap().collect();
        assert_eq!(first, ["1.1.1.1:0".parse().unwrap()]);
        let second = ask().await.map(|_| ()).unwrap_err().to_string();
        assert!(second.contains("127.0.0.1"), "{second}");
    }

    #[tokio::test]
    async fn one_inner_address_among_public_ones_spoils_the_name() {
        let resolver = Resolver {
            lookup: Some(Arc::new(|_| {
                vec!["1.1.1.1".parse().unwrap(), "10.0.0.1".parse().unwrap()]
            })),
            dev: false,
        };
        let refused = resolver.resolve("mixed.example".parse().unwrap()).await;
        assert!(refused.is_err());
    }
}
