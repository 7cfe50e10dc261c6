//! Who this node is, in ActivityPub's words: its own actor, and those of its venues.

use federation::vocabulary::nodeinfo::{Discovery, NodeInfo};
use federation::vocabulary::{Actor, ActorKind, NamedKey};
use serde_json::Value;
use settlement::{Uri, VenueId};

use super::framework::NODE_NAME;
use super::{ed25519_id, keys, rsa_id};
use crate::Node;
use crate::config::Config;

/// The node's actor, with both its keys and what a settlement asks of a node.
pub fn actor(node: &Node) -> Actor {
    let config = &node.config;
    let keys = node.keys();
    let mut actor = Actor::new(
        config.actor().uri().clone(),
        ActorKind::Application,
        here(config, "/inbox"),
    );
    actor.preferred_username = Some(NODE_NAME.to_owned());
    actor.name = Some(config.name.clone());
    actor.url = Some(here(config, "/"));
    actor.outbox = Some(here(config, "/outbox"));
    actor.followers = Some(here(config, "/followers"));
    actor.shared_inbox = Some(here(config, "/inbox"));
    actor.rsa_keys = vec![NamedKey {
        id: address(&rsa_id(config)),
        key: keys.rsa.public(),
    }];
    actor.ed25519_keys = vec![NamedKey {
        id: address(&ed25519_id(config, keys.changes)),
        key: keys.ed25519.public(),
    }];
    if keys.changes > 0 {
        actor.key_history = Some(here(config, keys::HISTORY));
    }
    actor.territory = Some(config.territory);
    actor.currency = Some(config.currency);
    actor.coordinator = Some(config.coordinator_actor().uri().clone());
    actor
}

/// A venue's actor, as served at the venue's address. The node speaks and receives for it.
pub fn venue(config: &Config, id: &VenueId, slug: &str, name: &str) -> Value {
    let mut actor = Actor::new(
        id.uri().clone(),
        ActorKind::Organization,
        here(config, "/inbox"),
    );
    actor.preferred_username = Some(slug.to_owned());
    actor.name = Some(name.to_owned());
    actor.url = Some(id.uri().clone());
    actor.shared_inbox = Some(here(config, "/inbox"));
    actor.territory = Some(config.territory);
    actor.to_value()
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
