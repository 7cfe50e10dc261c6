//! Who lives here, in ActivityPub's words: the node, its venues, its parties, and
//! members who chose to be seen. The node speaks,
//! signs and receives for all of them; each shows its keys under ids of its own.

use diesel::QueryResult;
use federation::vocabulary::nodeinfo::{Discovery, NodeInfo};
use federation::vocabulary::{Actor, ActorKind, NamedKey};
use settlement::{PartyId, Uri, VenueId};

use super::framework::NODE_NAME;
use super::{RSA_FRAGMENT, ed25519_key_id, keys};
use crate::Node;
use crate::catalogue::{self, Party, Role};
use crate::config::Config;
use crate::db::Conn;
use crate::members::public::{self, PublicMember};
use crate::venues::{self, Venue};

/// An actor of this node.
#[derive(Clone, Debug)]
pub enum Local {
    /// The node itself.
    Node,
    /// A venue.
    Venue(Venue),
    /// A party at home here.
    Party(Party),
    /// A member who chose to be seen.
    Member(PublicMember),
}

impl Local {
    /// The actor at this address.
    pub fn at(conn: &mut Conn, node: &Node, id: &Uri) -> QueryResult<Option<Self>> {
        if id == node.config.actor().uri() {
            return Ok(Some(Local::Node));
        }
        if let Some(venue) = venues::store::venue(conn, &VenueId::from(id.clone()))? {
            return Ok(Some(Local::Venue(venue)));
        }
        let people = node.config.uri("/people/");
        if let Some(handle) = id.as_str().strip_prefix(&people) {
            let person = public::store::by_handle(conn, handle)?;
            let seen = person.filter(|person| person.until_us.is_none());
            return Ok(seen.map(Local::Member));
        }
        let party = catalogue::store::party(conn, &PartyId::from(id.clone()))?;
        let at_home = party.filter(|party| party.origin == node.config.base());
        Ok(at_home.map(Local::Party))
    }

    /// The actor called `@name@` and this node's host.
    pub fn named(conn: &mut Conn, node: &Node, name: &str) -> QueryResult<Option<Self>> {
        if name == NODE_NAME || name == node.config.domain {
            return Ok(Some(Local::Node));
        }
        if let Some(venue) = venues::store::by_slug(conn, name)? {
            return Ok(Some(Local::Venue(venue)));
        }
        if let Some(person) = public::store::by_handle(conn, name)? {
            let seen = Some(person).filter(|person| person.until_us.is_none());
            return Ok(seen.map(Local::Member));
        }
        match Uri::parse(&node.config.uri(&format!("/parties/{name}"))) {
            Ok(id) => Self::at(conn, node, &id),
            Err(_) => Ok(None),
        }
    }

    /// Its address.
    pub fn id(&self, node: &Node) -> Uri {
        match self {
            Local::Node => node.config.actor().uri().clone(),
            Local::Venue(venue) => venue.id.uri().clone(),
            Local::Party(party) => party.id.uri().clone(),
            Local::Member(person) => address(&person.id(node)),
        }
    }

    /// The name in `@name@host`.
    pub fn username(&self) -> &str {
        match self {
            Local::Node => NODE_NAME,
            Local::Venue(venue) => &venue.slug,
            Local::Party(party) => party.id.as_str().rsplit('/').next().unwrap_or_default(),
            Local::Member(person) => &person.handle,
        }
    }

    /// Its page for people.
    pub fn page(&self, node: &Node) -> Uri {
        match self {
            Local::Node => here(&node.config, "/"),
            local => local.id(node),
        }
    }

    /// Its document.
    pub fn actor(&self, node: &Node) -> Actor {
        let config = &node.config;
        let keys = node.keys();
        let id = self.id(node);
        let inbox = here(config, "/inbox");
        let (kind, name) = match self {
            Local::Node => (ActorKind::Application, &config.name),
            Local::Venue(venue) => (ActorKind::Organization, &venue.name),
            Local::Party(party) if party.kind == Role::Artist => (ActorKind::Group, &party.name),
            Local::Party(party) => (ActorKind::Organization, &party.name),
            Local::Member(person) => (ActorKind::Person, &person.name),
        };
        let below = |name: &str| match self {
            Local::Node => here(config, &format!("/{name}")),
            _ => address(&format!("{id}/{name}")),
        };
        let mut actor = Actor::new(id.clone(), kind, inbox.clone());
        actor.preferred_username = Some(self.username().to_owned());
        actor.name = Some(name.clone());
        actor.url = Some(self.page(node));
        actor.outbox = Some(below("outbox"));
        actor.followers = Some(below("followers"));
        actor.shared_inbox = Some(inbox);
        actor.territory = Some(config.territory);
        actor.rsa_keys = vec![NamedKey {
            id: address(&format!("{id}{RSA_FRAGMENT}")),
            key: keys.rsa.public(),
        }];
        actor.ed25519_keys = vec![NamedKey {
            id: address(&ed25519_key_id(id.as_str(), keys.changes)),
            key: keys.ed25519.public(),
        }];
        if let Local::Venue(_) = self {
            actor.icon = Some(below("icon.png"));
        }
        if let Local::Node = self {
            if keys.changes > 0 {
                actor.key_history = Some(here(config, keys::HISTORY));
            }
            actor.catalogue = Some(here(config, catalogue::collection::CATALOGUE));
            actor.currency = Some(config.currency);
            actor.coordinator = Some(config.coordinator_actor().uri().clone());
        }
        actor
    }
}

/// Where NodeInfo is found.
pub(super) fn discovery(config: &Config) -> Discovery {
    Discovery {
        document: Some(here(config, "/nodeinfo/2.1")),
        application: Some(config.actor().uri().clone()),
    }
}

/// What this server is. No number of people: a small venue would recognise itself.
pub(super) fn nodeinfo(config: &Config) -> NodeInfo {
    NodeInfo {
        software: "antiphon".to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        users: None,
        works: None,
        open_registrations: false,
        name: Some(config.name.clone()),
        territory: Some(config.territory),
        currency: Some(config.currency),
    }
}

/// The address of a path on this node.
pub(super) fn here(config: &Config, path: &str) -> Uri {
    address(&config.uri(path))
}

fn address(text: &str) -> Uri {
    Uri::parse(text).expect("this node's own addresses are well written: its settings are checked")
}
