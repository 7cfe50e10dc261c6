//! How we stand with each peer: whom we speak with, what waits for them, and since when.

use diesel::QueryResult;
use url::Url;

use super::store::{self, Health, Held, Owed};
use super::{Peer, Standing};
use crate::Node;
use crate::config::{Config, Federation, base_url};
use crate::db::Conn;
use crate::web::Refusal;
use crate::words::Say;

/// A peer and what is between us.
#[derive(Clone, Debug, PartialEq)]
pub struct Relation {
    /// Who it is.
    pub peer: Peer,
    /// What waits for it.
    pub owed: Owed,
    /// The same by kind: (kind, how many, since when in microseconds UTC).
    pub kinds: Vec<(String, i64, i64)>,
    /// How it has been doing.
    pub health: Health,
    /// Why it is held, if it is.
    pub held: Option<Held>,
}

impl Relation {
    /// What is between us and this peer.
    pub fn of(conn: &mut Conn, peer: Peer) -> QueryResult<Self> {
        let owed = store::owed(conn, &peer.origin)?;
        Ok(Relation {
            kinds: if owed.waiting > 0 {
                store::owed_kinds(conn, &peer.origin)?
            } else {
                Vec::new()
            },
            owed,
            health: store::health(conn, &peer.origin)?,
            held: store::held(conn, &peer.origin)?,
            peer,
        })
    }
}

/// Every peer, with what is between us.
pub fn list(node: &Node) -> Result<Vec<Relation>, Refusal> {
    node.db.read_now(|conn| Ok(relations(conn)?))
}

/// The peer at `url`, with what is between us.
pub fn show(node: &Node, url: &str) -> Result<Relation, Refusal> {
    let origin = origin(node, url)?;
    node.db.read_now(|conn| {
        let peer = known(conn, &origin)?;
        Ok(Relation::of(conn, peer)?)
    })
}

/// Every peer, with what is between us.
pub fn relations(conn: &mut Conn) -> QueryResult<Vec<Relation>> {
    let peers = store::peers(conn)?;
    peers
        .into_iter()
        .map(|peer| Relation::of(conn, peer))
        .collect()
}

/// Stops speaking with the host at `url`, its subdomains and all its ports: nothing goes there,
/// nothing from there is taken. What waits for it waits on.
pub fn block(node: &Node, url: &str) -> Result<Peer, Refusal> {
    set(node, url, Standing::Blocked)
}

/// Speaks with the host at `url` again, and shows what it publishes like everybody's: takes back
/// [`block`], [`limit`] and [`allow`].
pub fn unblock(node: &Node, url: &str) -> Result<Peer, Refusal> {
    set(node, url, Standing::Known)
}

/// Shows nothing unasked of what the host at `url` and its subdomains publish: not in searches, not
/// on the first page, not among what can be discovered. Who follows it or asks for its addresses
/// gets them all the same, and reports and money go their way.
pub fn limit(node: &Node, url: &str) -> Result<Peer, Refusal> {
    set(node, url, Standing::Limited)
}

/// Puts the host at `url` on the list of those this node speaks with when it speaks with no others.
pub fn allow(node: &Node, url: &str) -> Result<Peer, Refusal> {
    set(node, url, Standing::Allowed)
}

fn set(node: &Node, url: &str, standing: Standing) -> Result<Peer, Refusal> {
    let origin = origin(node, url)?;
    let dev = node.config.dev;
    let peer = node.db.write_now(|conn| {
        if standing == Standing::Known {
            known(conn, &origin)?;
        } else {
            store::note_address(conn, &origin)?;
        }
        // An allowed host is that host alone; the others are meant with their subdomains.
        let named = Hosts::of([origin.as_str()], dev);
        for peer in store::peers(conn)? {
            let meant = match standing {
                Standing::Allowed => peer.origin == origin,
                _ => named.hold_origin(&peer.origin),
            };
            if meant {
                store::set_standing(conn, &peer.origin, standing)?;
            }
        }
        known(conn, &origin)
    })?;
    node.wake.deliver.notify_one();
    Ok(peer)
}

/// Tries everything that waits for the peer at `url` now.
pub fn retry_now(node: &Node, url: &str) -> Result<Peer, Refusal> {
    let origin = origin(node, url)?;
    let peer = node.db.write_now(|conn| {
        let peer = known(conn, &origin)?;
        store::retry_now(conn, &origin)?;
        Ok::<_, Refusal>(peer)
    })?;
    node.wake.deliver.notify_one();
    Ok(peer)
}

fn known(conn: &mut Conn, origin: &str) -> Result<Peer, Refusal> {
    store::peer(conn, origin)?
        .ok_or_else(|| Refusal::field("url", Say::new("peers-unknown").with("peer", origin)))
}

/// The origin a person means by `url`; never our own.
pub(super) fn origin(node: &Node, url: &str) -> Result<String, Refusal> {
    let address = base_url(url, node.config.dev)
        .map_err(|why| Refusal::field("url", Say::new("peers-address").with("why", why)))?;
    let origin = address.as_str().trim_end_matches('/').to_owned();
    if origin == node.config.base() {
        return Err(Refusal::field("url", Say::new("peers-ourselves")));
    }
    Ok(origin)
}

/// What of a node's settings says with whom it speaks.
#[derive(Clone, Debug)]
pub struct Rules {
    dev: bool,
    /// Under an allow-list: who is on it by being the coordinator.
    coordinator: Option<String>,
}

impl Rules {
    /// As the settings have it.
    pub fn of(config: &Config) -> Self {
        let coordinator = config.coordinator_actor().origin().to_owned();
        Rules {
            dev: config.dev,
            coordinator: (config.federation == Federation::AllowList).then_some(coordinator),
        }
    }
}

/// The hosts a node does not speak with: those blocked, and under an allow-list all that are not on
/// it.
///
/// A blocked host is meant with all its subdomains, in whatever case, with or without a dot at its
/// end, on any port. Under development nodes live on one host and differ by port: there the port
/// counts.
#[derive(Clone, Debug, Default)]
pub struct Blocklist {
    blocked: Hosts,
    /// The only ones spoken with.
    allowed: Option<Hosts>,
}

impl Blocklist {
    /// The hosts not spoken with now.
    pub fn read(conn: &mut Conn, rules: &Rules) -> QueryResult<Self> {
        let blocked = store::standing(conn, Standing::Blocked)?;
        let allowed = match &rules.coordinator {
            None => None,
            Some(coordinator) => {
                let mut allowed = store::standing(conn, Standing::Allowed)?;
                allowed.extend(store::standing(conn, Standing::Limited)?);
                allowed.push(coordinator.clone());
                Some(Hosts::of(allowed.iter().map(String::as_str), rules.dev))
            }
        };
        Ok(Blocklist {
            blocked: Hosts::of(blocked.iter().map(String::as_str), rules.dev),
            allowed,
        })
    }

    /// Whether this address is on a host that is not spoken with.
    pub fn holds(&self, url: &Url) -> bool {
        self.blocked.hold(url)
            || self
                .allowed
                .as_ref()
                .is_some_and(|allowed| !allowed.name(url))
    }

    /// Whether this origin, or whatever address, is on a host that is not spoken with.
    pub fn holds_origin(&self, origin: &str) -> bool {
        Url::parse(origin).is_ok_and(|url| self.holds(&url))
    }

    /// Whether this origin is on a host that was blocked by name.
    pub fn blocks(&self, origin: &str) -> bool {
        self.blocked.hold_origin(origin)
    }
}

/// Some hosts; under development with their ports.
#[derive(Clone, Debug, Default)]
struct Hosts(Vec<(String, Option<u16>)>);

impl Hosts {
    /// The hosts of these origins.
    fn of<'o>(origins: impl IntoIterator<Item = &'o str>, dev: bool) -> Self {
        let hosts = origins
            .into_iter()
            .filter_map(|origin| Url::parse(origin).ok())
            .filter_map(|url| {
                let port = if dev {
                    url.port_or_known_default()
                } else {
                    None
                };
                Some((host(&url)?, port))
            })
            .collect();
        Hosts(hosts)
    }

    /// Whether this address is on one of them or on a subdomain of one.
    fn hold(&self, url: &Url) -> bool {
        self.any(url, |rest| rest.is_empty() || rest.ends_with('.'))
    }

    /// Whether this address is on one of them.
    fn name(&self, url: &Url) -> bool {
        self.any(url, str::is_empty)
    }

    fn any(&self, url: &Url, before: impl Fn(&str) -> bool) -> bool {
        let Some(name) = host(url) else {
            return false;
        };
        self.0.iter().any(|(host, port)| {
            let same_port = port.is_none() || *port == url.port_or_known_default();
            same_port && name.strip_suffix(host.as_str()).is_some_and(&before)
        })
    }

    fn hold_origin(&self, origin: &str) -> bool {
        Url::parse(origin).is_ok_and(|url| self.hold(&url))
    }
}

/// The name of an address's host: `Url` has put it in lower case and punycode.
fn host(url: &Url) -> Option<String> {
    let name = url.host_str()?.trim_end_matches('.');
    (!name.is_empty()).then(|| name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blocked_host_is_blocked_in_every_spelling() {
        let list = Hosts::of(["https://bad.example", "https://bücher.example"], false);
        for bad in [
            "https://bad.example/actor",
            "https://BAD.Example./actor",
            "https://bad.example:8443/actor",
            "https://media.bad.example/actor",
            "http://a.b.bad.example:80/",
            "https://b%61d.example/",
            "https://ｂａｄ.example/",
            "https://xn--bcher-kva.example/",
            "https://BÜCHER.example:444/",
            "https://bu\u{308}cher.example/",
        ] {
            assert!(list.hold_origin(bad), "{bad}");
        }
        for good in [
            "https://notbad.example/",
            "https://example/",
            "https://bad.example.org/",
        ] {
            assert!(!list.hold_origin(good), "{good}");
        }
    }

    #[test]
    fn an_allow_list_holds_whoever_is_not_on_it() {
        let list = Blocklist {
            blocked: Hosts::default(),
            allowed: Some(Hosts::of(["https://good.example"], false)),
        };
        assert!(!list.holds_origin("https://good.example/actor"));
        assert!(!list.holds_origin("https://GOOD.example.:8443"));
        // Who may open a subdomain there was not asked for.
        assert!(list.holds_origin("https://sub.good.example"));
        assert!(list.holds_origin("https://other.example"));
    }

    #[test]
    fn under_development_the_port_tells_nodes_apart() {
        let list = Hosts::of(["http://localhost:8101"], true);
        assert!(list.hold_origin("http://localhost:8101/actor"));
        assert!(!list.hold_origin("http://localhost:8102/actor"));
    }
}
