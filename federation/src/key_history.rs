//! How a node's keys changed: each change is a statement, signed by the key that goes and by the
//! key that comes.
//!
//! A new key at an old address may be the node's own doing, or that of somebody who took its domain
//! over. A [`KeyRotation`] tells them apart: the old key says who comes after it, and the new key
//! says that it knows whom it follows, so nobody can be handed a key that is not theirs. Statements
//! are only ever added. Who knows any key of the chain can walk it to the last one
//! ([`KeyHistory::leads`]), and finds in it under which key something was signed and until when that
//! key counted ([`KeyHistory::keys`]).

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use settlement::{NodeId, Timestamp, Uri};

use crate::keys::{Ed25519Public, Ed25519Secret, RsaPublic};
use crate::proof::{self, ProofRefused, Signed};
use crate::{vocabulary, wire};

/// The most changes of keys that are read of one node.
pub const ROTATIONS_LIMIT: usize = 200;
/// The largest history that is read, in bytes.
pub const HISTORY_LIMIT: usize = 1 << 20;

/// The `type` of a rotation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum RotationType {
    /// The only one.
    #[default]
    KeyRotation,
}

/// The `type` of a new key's own word.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum PossessionType {
    /// The only one.
    #[default]
    KeyPossession,
}

/// An Ed25519 key under its address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ShownKey {
    /// The key's address, which no other key ever has.
    #[serde(with = "wire::text")]
    pub id: Uri,
    /// The key.
    pub public_key_multibase: Ed25519Public,
}

/// One change of keys, in the words of the key that goes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyRotation {
    /// The statement's own address.
    #[serde(with = "wire::text")]
    pub id: Uri,
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: RotationType,
    /// Whose keys these are.
    #[serde(with = "wire::text")]
    pub attributed_to: NodeId,
    /// The how-many-eth change, from 1.
    pub sequence: u32,
    /// The key that goes.
    pub old_key: ShownKey,
    /// The key that comes.
    pub new_key: ShownKey,
    /// The RSA key that comes with it.
    pub public_key_pem: RsaPublic,
    /// From when the new keys count and the old one does not.
    #[serde(with = "wire::text")]
    pub published: Timestamp,
    /// The new key's own word, as it was signed: a [`KeyPossession`].
    pub possession: Value,
}

/// What the new key says: that it follows the old one, and is the actor's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct KeyPossession {
    /// What it is.
    #[serde(rename = "type")]
    pub object_type: PossessionType,
    /// Whose key it is.
    #[serde(with = "wire::text")]
    pub attributed_to: NodeId,
    /// The how-many-eth change, from 1.
    pub sequence: u32,
    /// The key it follows.
    pub follows: Ed25519Public,
    /// The RSA key that comes with it.
    pub public_key_pem: RsaPublic,
}

/// Why a history of keys is not believed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HistoryRefused {
    /// It is of another shape, or too long.
    #[error("the history of keys cannot be read: {0}")]
    Unreadable(String),
    /// A statement does not hold.
    #[error("change {number} in the history of keys does not hold: {reason}")]
    Broken {
        /// Which, from 1.
        number: usize,
        /// Why not.
        reason: String,
    },
}

/// A change of keys that is to be stated.
#[derive(Clone, Copy, Debug)]
pub struct Change<'a> {
    /// Whose keys.
    pub actor: &'a NodeId,
    /// The how-many-eth change, from 1.
    pub sequence: u32,
    /// The key that goes, and its address.
    pub old: (&'a Ed25519Secret, &'a Uri),
    /// The key that comes, and its address.
    pub new: (&'a Ed25519Secret, &'a Uri),
    /// The RSA key that comes with it.
    pub rsa: &'a RsaPublic,
    /// The statement's address.
    pub id: &'a Uri,
}

impl Change<'_> {
    /// The statement, signed with both keys at `now`.
    ///
    /// # Errors
    /// [`ProofRefused`] when it cannot be signed.
    pub fn sign(&self, now: &Timestamp) -> Result<Value, ProofRefused> {
        let (old, old_id) = self.old;
        let (new, new_id) = self.new;
        let possession = KeyPossession {
            object_type: PossessionType::KeyPossession,
            attributed_to: self.actor.clone(),
            sequence: self.sequence,
            follows: old.public(),
            public_key_pem: self.rsa.clone(),
        };
        let possession = wire::document(&possession);
        let rotation = KeyRotation {
            id: self.id.clone(),
            object_type: RotationType::KeyRotation,
            attributed_to: self.actor.clone(),
            sequence: self.sequence,
            old_key: ShownKey {
                id: old_id.clone(),
                public_key_multibase: old.public(),
            },
            new_key: ShownKey {
                id: new_id.clone(),
                public_key_multibase: new.public(),
            },
            public_key_pem: self.rsa.clone(),
            published: now.clone(),
            possession: proof::sign(possession, new, new_id.as_str(), now.as_str())?,
        };
        proof::sign(
            wire::document(&rotation),
            old,
            old_id.as_str(),
            now.as_str(),
        )
    }
}

/// A key, and when it counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTerm {
    /// The key's address.
    pub id: Uri,
    /// The key.
    pub key: Ed25519Public,
    /// From when, in microseconds UTC; `None` for the first, which was always there.
    pub since_us: Option<i64>,
    /// Until when, in microseconds UTC; `None` for the one that counts now.
    pub until_us: Option<i64>,
}

/// A node's keys, each following the one before by both their words. To have one is to know that
/// every statement in it was verified.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHistory {
    keys: Vec<KeyTerm>,
    rsa: Option<RsaPublic>,
}

impl KeyHistory {
    /// The document of an actor's changes of keys, as it is served at `id`; oldest first.
    pub fn document(id: &str, actor: &NodeId, rotations: &[Value]) -> Value {
        json!({
            "@context": wire::context(),
            "id": id,
            "type": "KeyHistory",
            "attributedTo": actor.as_str(),
            "rotations": rotations,
        })
    }

    /// Reads the history that `actor` serves, and verifies every statement in it.
    ///
    /// # Errors
    /// [`HistoryRefused`] with the first thing that does not hold.
    pub fn read(document: &Value, actor: &NodeId) -> Result<Self, HistoryRefused> {
        let unreadable = |reason: &str| HistoryRefused::Unreadable(reason.to_owned());
        if document["type"] != "KeyHistory" {
            return Err(unreadable("it is no KeyHistory"));
        }
        if document["attributedTo"] != actor.as_str() {
            return Err(unreadable("it is of another actor"));
        }
        let rotations = document["rotations"]
            .as_array()
            .ok_or_else(|| unreadable("it lists no rotations"))?;
        if rotations.len() > ROTATIONS_LIMIT {
            return Err(unreadable("it lists too many rotations"));
        }
        Self::of(actor, rotations)
    }

    /// Verifies statements, oldest first.
    ///
    /// # Errors
    /// [`HistoryRefused::Broken`] with the first that does not hold.
    pub fn of(actor: &NodeId, rotations: &[Value]) -> Result<Self, HistoryRefused> {
        let mut history = KeyHistory {
            keys: Vec::new(),
            rsa: None,
        };
        for (place, statement) in rotations.iter().enumerate() {
            let number = place + 1;
            history
                .add(actor, number, statement)
                .map_err(|reason| HistoryRefused::Broken { number, reason })?;
        }
        Ok(history)
    }

    fn add(&mut self, actor: &NodeId, number: usize, statement: &Value) -> Result<(), String> {
        let claimed: KeyRotation = serde_json::from_value(statement.clone())
            .map_err(|error| format!("it cannot be read: {error}"))?;
        let old = &claimed.old_key;
        let signed = Signed::<KeyRotation>::verify(
            statement.clone(),
            old.id.as_str(),
            &old.public_key_multibase,
        )
        .map_err(|refused| refused.to_string())?;
        let rotation = signed.into_content();
        let new = &rotation.new_key;
        let possession = Signed::<KeyPossession>::verify(
            rotation.possession.clone(),
            new.id.as_str(),
            &new.public_key_multibase,
        )
        .map_err(|refused| format!("the new key's own word: {refused}"))?
        .into_content();
        let ours = |uri: &Uri| uri.origin() == actor.origin();
        if rotation.attributed_to != *actor || possession.attributed_to != *actor {
            return Err("it is of another actor".to_owned());
        }
        if !ours(&rotation.id) || !ours(&rotation.old_key.id) || !ours(&new.id) {
            return Err("its addresses are not of the actor's origin".to_owned());
        }
        if usize::try_from(rotation.sequence) != Ok(number)
            || possession.sequence != rotation.sequence
        {
            return Err("it is not the change of that number".to_owned());
        }
        let old = &rotation.old_key;
        if possession.follows != old.public_key_multibase
            || possession.public_key_pem != rotation.public_key_pem
        {
            return Err("the new key's own word is about other keys".to_owned());
        }
        let at = vocabulary::Timestamp::parse(rotation.published.as_str())
            .map_err(|_| "its date cannot be read".to_owned())?
            .micros();
        match self.keys.last_mut() {
            None => self.keys.push(KeyTerm {
                id: old.id.clone(),
                key: old.public_key_multibase,
                since_us: None,
                until_us: Some(at),
            }),
            Some(last) => {
                if last.key != old.public_key_multibase || last.id != old.id {
                    return Err("it does not follow the change before it".to_owned());
                }
                if last.since_us > Some(at) {
                    return Err("it is dated before the change before it".to_owned());
                }
                last.until_us = Some(at);
            }
        }
        if self
            .keys
            .iter()
            .any(|term| term.id == new.id || term.key == new.public_key_multibase)
        {
            return Err("a key, or its address, is used a second time".to_owned());
        }
        self.keys.push(KeyTerm {
            id: new.id.clone(),
            key: new.public_key_multibase,
            since_us: Some(at),
            until_us: None,
        });
        self.rsa = Some(rotation.public_key_pem);
        Ok(())
    }

    /// Every key, oldest first; none when no key was ever changed.
    pub fn keys(&self) -> &[KeyTerm] {
        &self.keys
    }

    /// Does the chain lead from the key `known` to the keys `shown`, which are its end?
    pub fn leads(
        &self,
        known: &Ed25519Public,
        shown: &Ed25519Public,
        rsa: Option<&RsaPublic>,
    ) -> bool {
        let ends_there =
            self.keys.last().is_some_and(|last| last.key == *shown) && self.rsa.as_ref() == rsa;
        ends_there && self.keys.iter().any(|term| term.key == *known)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn uri(path: &str) -> Uri {
        Uri::parse(&format!("https://loire.example{path}")).unwrap()
    }

    fn key(seed: u8) -> Ed25519Secret {
        Ed25519Secret::from_seed(&[seed; 32])
    }

    fn rsa() -> RsaPublic {
        let pem = "-----BEGIN PUBLIC KEY-----\n\
            MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA1ewSfHyKYzf9QiqwYFBs\n\
            zr8GO+fsX7Md3qdWm1h7uKCyUEby/0JH+w5m90U94s0NKdv/57xOm0ZIHrDZvX9A\n\
            POYk1gIfihaUxDgDRFJbS8S3leakj3WrEqrV9wRZpxXDKRbGjDnC7R6/YDkvzBya\n\
            RoLyfi6gu6GppjUcz3RAJoBO6d+IQVflCWPtHIywKn/ITaIOZ/12tsoq1/SSsuxS\n\
            s8apQ4grAPbPif82VAPQqlmcDZQEkBexbxWCK8qvUqee8pPcbbrywE3q93nM3+jJ\n\
            Hu4vIy43dLwLBn2rId9IIFMA04CLSsPWAkH2R8Q+8fbLaDrwQo0YMXJRnr2+Qy4Y\n\
            dwIDAQAB\n\
            -----END PUBLIC KEY-----";
        RsaPublic::from_pem(pem).unwrap()
    }

    fn rotation(sequence: u32, old: u8, new: u8) -> Value {
        let actor = NodeId::from(uri("/actor"));
        let name = |seed: u8| uri(&format!("/actor#key-{seed}"));
        Change {
            actor: &actor,
            sequence,
            old: (&key(old), &name(old)),
            new: (&key(new), &name(new)),
            rsa: &rsa(),
            id: &uri(&format!("/actor/keys/{sequence}")),
        }
        .sign(&Timestamp::parse(&format!("2026-0{sequence}-01T00:00:00Z")).unwrap())
        .unwrap()
    }

    fn read(rotations: &[Value]) -> Result<KeyHistory, HistoryRefused> {
        let actor = NodeId::from(uri("/actor"));
        let document = KeyHistory::document("https://loire.example/actor/keys", &actor, rotations);
        KeyHistory::read(&document, &actor)
    }

    #[test]
    fn a_chain_leads_from_every_key_in_it_to_the_last() {
        let history = read(&[rotation(1, 1, 2), rotation(2, 2, 3)]).unwrap();
        let shown = key(3).public();
        for known in 1..=3 {
            assert!(history.leads(&key(known).public(), &shown, Some(&rsa())));
        }
        assert!(!history.leads(&key(4).public(), &shown, Some(&rsa())));
        assert!(!history.leads(&key(1).public(), &key(2).public(), Some(&rsa())));
        assert!(!history.leads(&key(1).public(), &shown, None));
        let terms = history.keys();
        assert_eq!(terms.len(), 3);
        assert_eq!(terms[0].until_us, terms[1].since_us);
        assert_eq!(terms[2].until_us, None);
    }

    #[test]
    fn a_statement_that_does_not_follow_breaks_the_chain() {
        for (wrong, why) in [
            (
                vec![rotation(1, 1, 2), rotation(2, 1, 3)],
                "does not follow",
            ),
            (vec![rotation(2, 1, 2)], "of that number"),
            (vec![rotation(1, 1, 2), rotation(2, 2, 1)], "second time"),
        ] {
            let refused = read(&wrong).unwrap_err().to_string();
            assert!(refused.contains(why), "{refused}");
        }
    }

    #[test]
    fn a_statement_that_either_key_did_not_sign_is_refused() {
        let good = rotation(1, 1, 2);
        let mut forged = good.clone();
        forged["newKey"]["publicKeyMultibase"] = json!(key(9).public().to_multikey());
        assert!(read(&[forged]).is_err());
        // The old key alone cannot give away somebody else's key.
        let mut possession = good["possession"].clone();
        possession["sequence"] = json!(7);
        let mut unsigned = good;
        unsigned.as_object_mut().unwrap().remove("proof");
        unsigned["possession"] = possession;
        let again = proof::sign(
            unsigned,
            &key(1),
            "https://loire.example/actor#key-1",
            "2026-01-01T00:00:00Z",
        )
        .unwrap();
        let refused = read(&[again]).unwrap_err().to_string();
        assert!(refused.contains("the new key's own word"), "{refused}");
    }
}
