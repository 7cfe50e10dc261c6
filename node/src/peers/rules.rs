//! Who may say what about whom (FEP-fe34). The one place that decides it: an activity that no row
//! of [`RULES`] allows reaches no room.
//!
//! Before this, [`prove`](super::prove) has settled that the activity's actor itself signed it, and
//! the words' own reading that its id, and whatever it creates, updates or deletes, is of its
//! actor's origin. That is not enough: many live on one origin, and one is not the other. Only the
//! **node** of an origin, its one application actor, has the say over the catalogue and the accounts
//! there; it speaks for its venues and parties.

use federation::vocabulary::{Act, Activity, Reference};
use settlement::Uri;

use super::Peer;
use crate::web::Refusal;
use crate::words::Say;

/// What an activity is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About {
    /// An actor that is asked for something.
    Somebody,
    /// What was asked of the speaker before.
    Question,
    /// An earlier activity.
    Activity,
    /// The speaker.
    Itself,
    /// A work, a release, a split sheet, a selection.
    Catalogue,
    /// A play report, a receipt, a settlement, an answer to one.
    Accounts,
    /// Anything else, or something that is only named.
    Thing,
}

/// Who may say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// Whoever signs it, in their own name.
    Anyone,
    /// The actor that was asked; the room that remembers the question compares the two.
    Asked,
    /// The actor whose it is, and no other of its origin.
    Owner,
    /// The node of the origin.
    Node,
    /// The node of the origin, or the actor below whose own address it lies.
    NodeOrAbove,
}

/// A row: the activity, what it is about, who may say it.
pub type Rule = (&'static str, About, Who);

/// All that may be said.
pub const RULES: &[Rule] = &[
    ("Follow", About::Somebody, Who::Anyone),
    ("Accept", About::Question, Who::Asked),
    ("Reject", About::Question, Who::Asked),
    ("Undo", About::Activity, Who::Owner),
    ("Create", About::Catalogue, Who::Node),
    ("Update", About::Catalogue, Who::Node),
    ("Create", About::Accounts, Who::Node),
    ("Offer", About::Accounts, Who::Node),
    ("Offer", About::Thing, Who::Node),
    ("Create", About::Thing, Who::Owner),
    ("Update", About::Thing, Who::Owner),
    ("Update", About::Itself, Who::Owner),
    ("Delete", About::Itself, Who::Owner),
    ("Delete", About::Thing, Who::NodeOrAbove),
    ("Announce", About::Thing, Who::Anyone),
    ("Announce", About::Catalogue, Who::Anyone),
];

/// The types of the catalogue's documents.
const CATALOGUE: [&str; 6] = [
    "Audio",
    "Video",
    "Document",
    "Album",
    "SplitSheet",
    "Selection",
];
/// The types of the accounts' documents.
const ACCOUNTS: [&str; 5] = [
    "PlayReport",
    "PlayReportReceipt",
    "PlayReportRefusal",
    "Settlement",
    "SettlementCountersignature",
];

/// What this activity is about.
pub fn about(activity: &Activity) -> About {
    match &activity.act {
        Act::Follow { .. } => About::Somebody,
        Act::Accept { .. } | Act::Reject { .. } => About::Question,
        Act::Undo { .. } => About::Activity,
        Act::Create { object }
        | Act::Update { object }
        | Act::Delete { object }
        | Act::Announce { object }
        | Act::Offer { object, .. } => {
            let is = |types: &[&str]| types.iter().any(|name| object.has_type(name));
            if object.id() == Some(&activity.actor) {
                About::Itself
            } else if matches!(activity.act, Act::Delete { .. }) {
                About::Thing
            } else if is(&ACCOUNTS) {
                About::Accounts
            } else if is(&CATALOGUE) {
                About::Catalogue
            } else {
                About::Thing
            }
        }
        Act::Other { .. } => About::Thing,
    }
}

/// Refuses what the speaker has no say over.
///
/// # Errors
/// [`Refusal::Forbidden`] with a sentence that names who may say it.
pub fn check(from: &Peer, activity: &Activity) -> Result<(), Refusal> {
    // What means nothing here does nothing, whoever says it.
    if matches!(activity.act, Act::Other { .. }) {
        return Ok(());
    }
    let (what, about) = (activity.act.name(), about(activity));
    let row = RULES.iter().find(|row| row.0 == what && row.1 == about);
    let allowed = match row {
        None => false,
        Some((_, _, Who::Anyone | Who::Asked)) => true,
        Some((_, _, Who::Owner)) => is_owner(activity),
        Some((_, _, Who::Node)) => is_node(from, activity) && offers_its_own(activity),
        Some((_, _, Who::NodeOrAbove)) => is_node(from, activity) || deletes_below(activity),
    };
    if allowed {
        return Ok(());
    }
    let sentence = match row {
        Some((_, _, Who::Node | Who::NodeOrAbove)) => "peers-rule-node",
        _ => "peers-rule-owner",
    };
    let say = Say::new(sentence)
        .with("actor", &activity.actor)
        .with("what", what)
        .with("peer", &from.origin);
    Err(Refusal::Forbidden(say))
}

/// Whether the speaker is the node of its origin.
pub fn is_node(from: &Peer, activity: &Activity) -> bool {
    from.is_node() && *from.actor_id.uri() == activity.actor
}

/// Whether what is offered, if something is, is of the speaker's origin. (What is created, updated or
/// deleted is, or it is not even read.)
fn offers_its_own(activity: &Activity) -> bool {
    match &activity.act {
        Act::Offer { object, .. } => object.is_of(&activity.actor),
        _ => true,
    }
}

/// Whether the thing lies below the speaker's own address, as a note of somebody's does on most
/// servers.
fn is_above(speaker: &Uri, object: &Reference) -> bool {
    object.id().is_some_and(|id| {
        let rest = id.as_str().strip_prefix(speaker.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    })
}

fn deletes_below(activity: &Activity) -> bool {
    match &activity.act {
        Act::Delete { object } => is_above(&activity.actor, object),
        _ => false,
    }
}

/// Whether the thing is the speaker's, as far as the thing says whose it is.
fn is_owner(activity: &Activity) -> bool {
    let speaker = &activity.actor;
    let object = match &activity.act {
        Act::Undo { object } => {
            return match object {
                Reference::Id(id) => id.origin() == speaker.origin(),
                Reference::Embedded { value, .. } => value["actor"] == speaker.as_str(),
            };
        }
        Act::Create { object } | Act::Update { object } | Act::Delete { object } => object,
        _ => return false,
    };
    if object.id() == Some(speaker) {
        return true;
    }
    let Some(value) = object.value() else {
        return object.is_of(speaker);
    };
    match value.get("attributedTo") {
        // Nobody's: what is created so is the speaker's; what was there before may be another's.
        None | Some(serde_json::Value::Null) => {
            matches!(activity.act, Act::Create { .. }) || is_above(speaker, object)
        }
        Some(author) => {
            let one = match author.as_array().map(Vec::as_slice) {
                Some([one]) => one,
                _ => author,
            };
            let id = one.as_str().or_else(|| one["id"].as_str());
            id == Some(speaker.as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use settlement::{NodeId, Territory};

    use super::*;
    use crate::peers::{Following, Standing};

    const ORIGIN: &str = "https://loire.example";

    /// A host whose node is at `/actor`.
    fn host() -> Peer {
        let key = federation::keys::Ed25519Secret::from_seed(&[7; 32]).public();
        Peer {
            origin: ORIGIN.into(),
            actor_id: NodeId::parse("https://loire.example/actor").unwrap(),
            name: "Loire".into(),
            territory: Some(Territory::parse("FR-ARA").unwrap()),
            currency: None,
            inbox: format!("{ORIGIN}/inbox"),
            outbox: None,
            ed25519: Some(key),
            ed25519_id: Some(format!("{ORIGIN}/actor#ed25519-key")),
            rsa: None,
            rsa_id: None,
            standing: Standing::Known,
            following: Following::No,
            follower: false,
            fetched_us: 1,
        }
    }

    /// Whether the actor at `speaker` may say `what` of `object`.
    fn may(speaker: &str, what: &str, object: serde_json::Value) -> bool {
        let activity = serde_json::json!({
            "id": format!("{ORIGIN}/activities/1"),
            "type": what,
            "actor": format!("{ORIGIN}{speaker}"),
            "object": object,
        });
        // What is another's on the face of it is not even read.
        Activity::of(&activity).is_ok_and(|activity| check(&host(), &activity).is_ok())
    }

    fn thing(of_type: &str, owner: &str) -> serde_json::Value {
        serde_json::json!({
            "id": format!("{ORIGIN}/things/1"),
            "type": of_type,
            "attributedTo": format!("{ORIGIN}{owner}"),
        })
    }

    #[test]
    fn anyone_may_follow_in_their_own_name() {
        assert!(may("/people/ana", "Follow", "https://x.example/a".into()));
    }

    #[test]
    fn an_accept_or_a_reject_is_for_who_was_asked() {
        for what in ["Accept", "Reject"] {
            let row = RULES.iter().find(|row| row.0 == what).unwrap();
            assert_eq!(row.2, Who::Asked);
            assert!(may("/people/ana", what, "https://x.example/f/1".into()));
        }
    }

    #[test]
    fn only_who_said_something_takes_it_back() {
        let follow = |actor: &str| {
            serde_json::json!({
                "id": format!("{ORIGIN}/activities/0"),
                "type": "Follow",
                "actor": format!("{ORIGIN}{actor}"),
                "object": "https://x.example/a",
            })
        };
        assert!(may("/people/ana", "Undo", follow("/people/ana")));
        assert!(!may("/people/ben", "Undo", follow("/people/ana")));
        assert!(!may("/actor", "Undo", follow("/people/ana")));
    }

    #[test]
    fn the_catalogue_is_the_nodes() {
        for of_type in CATALOGUE {
            for what in ["Create", "Update"] {
                assert!(may("/actor", what, thing(of_type, "/actor")), "{of_type}");
                assert!(!may("/people/ana", what, thing(of_type, "/people/ana")));
                assert!(!may("/people/ana", what, thing(of_type, "/actor")));
            }
        }
    }

    #[test]
    fn the_accounts_are_the_nodes() {
        for of_type in ACCOUNTS {
            for what in ["Create", "Offer"] {
                assert!(may("/actor", what, thing(of_type, "/actor")), "{of_type}");
                assert!(!may("/people/ana", what, thing(of_type, "/actor")));
            }
            assert!(!may("/actor", "Update", thing(of_type, "/actor")));
        }
        let named = serde_json::json!(format!("{ORIGIN}/reports/2026-10/1"));
        assert!(may("/actor", "Offer", named.clone()));
        assert!(!may("/people/ana", "Offer", named));
        let mut anothers = thing("PlayReport", "/actor");
        anothers["id"] = "https://x.example/reports/2026-10/1".into();
        assert!(!may("/actor", "Offer", anothers.clone()));
        assert!(!may("/actor", "Offer", anothers["id"].clone()));
    }

    #[test]
    fn words_are_their_authors() {
        for what in ["Create", "Update"] {
            assert!(may("/people/ana", what, thing("Note", "/people/ana")));
            assert!(!may("/people/ben", what, thing("Note", "/people/ana")));
            assert!(!may("/actor", what, thing("Note", "/people/ana")));
        }
    }

    #[test]
    fn an_actor_changes_and_deletes_itself_and_no_other() {
        let ana = || {
            serde_json::json!({
                "id": format!("{ORIGIN}/people/ana"),
                "type": "Person",
            })
        };
        assert!(may("/people/ana", "Update", ana()));
        assert!(may("/people/ana", "Delete", ana()));
        assert!(!may("/people/ben", "Delete", ana()));
        assert!(!may("/people/ana", "Create", ana()));
    }

    #[test]
    fn what_is_no_more_the_node_says() {
        let named = serde_json::json!(format!("{ORIGIN}/works/1"));
        assert!(may("/actor", "Delete", named.clone()));
        assert!(!may("/people/ana", "Delete", named));
        assert!(!may(
            "/people/ana",
            "Delete",
            thing("Tombstone", "/people/ana")
        ));
    }

    #[test]
    fn an_author_deletes_what_lies_below_their_own_address() {
        let note = |whose: &str| serde_json::json!(format!("{ORIGIN}{whose}/notes/1"));
        assert!(may("/people/ana", "Delete", note("/people/ana")));
        assert!(!may("/people/ana", "Delete", note("/people/ben")));
        assert!(!may("/people/ana", "Delete", note("/people/anastasia")));
        assert!(may("/actor", "Delete", note("/people/ana")));
    }

    #[test]
    fn anyone_may_pass_on_what_is_anywhere() {
        assert!(may("/people/ana", "Announce", "https://x.example/w".into()));
    }
}
