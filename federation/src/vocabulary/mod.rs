//! The words: ActivityStreams 2.0 as it is spoken between servers, with our own few terms.
//!
//! What arrives is JSON of a stranger's making. It is read property by property into types that
//! cannot be wrong: an id is an address in its one spelling, a text has a limit, a list has a
//! limit, a key belongs to the actor that shows it. A property that is not known is no reason to
//! refuse anything (ActivityStreams, §1): it is left aside, and an embedded object keeps all of
//! its JSON, so nothing that someone else understands is lost on the way.
//!
//! One thing may be written in several ways: a single value or a list of one, an id or the whole
//! object, a type or a list of types. All of them are read; of each, we write one.
//!
//! - [`Actor`]: nodes, venues, parties, and whoever follows from elsewhere, with their keys.
//! - [`Activity`]: what actors say to one another.
//! - [`Work`], [`Release`], [`Selection`], [`Tombstone`]: what it is about.
//! - [`Collection`] and [`CollectionPage`]: outboxes, followers, catalogues.
//! - [`webfinger`] and [`nodeinfo`]: how a server is found by its name.
//! - [`context`]: what our own terms mean to JSON-LD.

mod activity;
mod actor;
mod collection;
pub mod context;
mod duration;
pub mod nodeinfo;
mod reading;
mod release;
mod selection;
mod timestamp;
mod tombstone;
pub mod webfinger;
mod work;

pub use activity::{Act, Activity, Reference};
pub use actor::{Actor, ActorKind, NamedKey, key_owner};
pub use collection::{Collection, CollectionPage};
pub use duration::Duration;
pub use reading::WordsRefused;
pub use release::Release;
pub use selection::{Selection, SelectionItem};
pub use timestamp::Timestamp;
pub use tombstone::Tombstone;
pub use work::{Credit, Media, Work, WorkRelease};

/// The media type of everything said here (ActivityPub §3.2).
pub const ACTIVITY_JSON: &str = "application/activity+json";

/// The other media type that means the same; the profile is part of it.
pub const LD_JSON: &str = "application/ld+json; profile=\"https://www.w3.org/ns/activitystreams\"";

/// Everyone: the audience of what is public (ActivityPub §5.6).
pub const PUBLIC: &str = "https://www.w3.org/ns/activitystreams#Public";

/// Is this the `Content-Type` of ActivityStreams? Anything else is refused unread, above all
/// `text/html` and plain `application/json`, which servers let their users upload.
pub fn is_activity_type(content_type: &str) -> bool {
    let mut parts = content_type.split(';').map(str::trim);
    match parts
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
        .as_str()
    {
        "application/activity+json" => true,
        "application/ld+json" => parts.any(|parameter| {
            let Some((name, value)) = parameter.split_once('=') else {
                return false;
            };
            name.trim().eq_ignore_ascii_case("profile")
                && value
                    .trim()
                    .trim_matches('"')
                    .split(' ')
                    .any(|profile| profile == "https://www.w3.org/ns/activitystreams")
        }),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_two_types_of_activity_streams_are_read() {
        for good in [
            ACTIVITY_JSON,
            LD_JSON,
            "Application/Activity+JSON; charset=utf-8",
            "application/ld+json;profile=https://www.w3.org/ns/activitystreams",
        ] {
            assert!(is_activity_type(good), "{good}");
        }
        for bad in [
            "",
            "application/json",
            "text/html",
            "application/ld+json",
            "application/ld+json; profile=\"https://www.w3.org/ns/other\"",
            "text/html; application/activity+json",
        ] {
            assert!(!is_activity_type(bad), "{bad}");
        }
    }
}
