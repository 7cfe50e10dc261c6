//! How we stand with each peer: whom we speak with, what waits for them, and since when.

use diesel::QueryResult;
use url::Url;

use super::store::{self, Health, Owed};
use super::{Peer, Standing};
use crate::Node;
use crate::config::base_url;
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
    /// How it has been doing.
    pub health: Health,
}

/// Every peer, with what is between us.
pub fn list(node: &Node) -> Result<Vec<Relation>, Refusal> {
    node.db.read_now(|conn| Ok(relations(conn)?))
}

/// Every peer, with what is between us.
pub fn relations(conn: &mut Conn) -> QueryResult<Vec<Relation>> {
    let peers = store::peers(conn)?;
    peers
        .into_iter()
        .map(|peer| {
            Ok(Relation {
                owed: store::owed(conn, &peer.origin)?,
                health: store::health(conn, &peer.origin)?,
                peer,
            })
        })
        .collect()
}

/// Stops speaking with the host at `url`, its subdomains and all its ports: nothing goes there,
/// nothing from there is taken. What waits for it waits on.
pub fn block(node: &Node, url: &str) -> Result<Peer, Refusal> {
    set(node, url, Standing::Blocked)
}

/// Speaks with the host at `url` again.
pub fn unblock(node: &Node, url: &str) -> Result<Peer, Refusal> {
    set(node, url, Standing::Known)
}

fn set(node: &Node, url: &str, standing: Standing) -> Result<Peer, Refusal> {
    let origin = origin(node, url)?;
    let peer = node.db.write_now(|conn| {
        match standing {
            Standing::Blocked => {
                store::note_address(conn, &origin)?;
            }
            Standing::Known => {
                known(conn, &origin)?;
            }
        }
        let named = Blocklist::of([origin.as_str()], node.config.dev);
        for peer in store::peers(conn)? {
            if named.holds_origin(&peer.origin) {
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

/// The hosts a node does not speak with.
///
/// A host is meant with all its subdomains, in whatever case, with or without a dot at its end,
/// on any port. Under development nodes live on one host and differ by port: there the port
/// counts.
#[derive(Clone, Debug, Default)]
pub struct Blocklist {
    hosts: Vec<(String, Option<u16>)>,
}

impl Blocklist {
    /// The hosts blocked now.
    pub fn read(conn: &mut Conn, dev: bool) -> QueryResult<Self> {
        let origins = store::blocked(conn)?;
        Ok(Self::of(origins.iter().map(String::as_str), dev))
    }

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
        Blocklist { hosts }
    }

    /// Whether this address is on a blocked host.
    pub fn holds(&self, url: &Url) -> bool {
        let Some(name) = host(url) else {
            return false;
        };
        self.hosts.iter().any(|(blocked, port)| {
            let same_port = port.is_none() || *port == url.port_or_known_default();
            let same_host = name
                .strip_suffix(blocked.as_str())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
            same_port && same_host
        })
    }

    /// Whether this origin, or whatever address, is on a blocked host.
    pub fn holds_origin(&self, origin: &str) -> bool {
        Url::parse(origin).is_ok_and(|url| self.holds(&url))
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
        let list = Blocklist::of(["https://bad.example"], false);
        for bad in [
            "https://bad.example/actor",
            "https://BAD.Example./actor",
            "https://bad.example:8443/actor",
            "https://media.bad.example/actor",
            "http://a.b.bad.example:80/",
            "https://b%61d.example/",
        ] {
            assert!(list.holds_origin(bad), "{bad}");
        }
        for good in [
            "https://notbad.example/",
            "https://example/",
            "https://bad.example.org/",
        ] {
            assert!(!list.holds_origin(good), "{good}");
        }
    }

    #[test]
    fn under_development_the_port_tells_nodes_apart() {
        let list = Blocklist::of(["http://localhost:8101"], true);
        assert!(list.holds_origin("http://localhost:8101/actor"));
        assert!(!list.holds_origin("http://localhost:8102/actor"));
    }
}
