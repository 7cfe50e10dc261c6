//! Works, releases and parties as documents that other nodes read: ActivityPub JSON, signed by
//! this node. A document is made from the tables when somebody asks; the same state gives the same
//! bytes.

use federation::vocabulary::{
    Credit, Duration, Media, Release as ReleaseWords, Timestamp, Tombstone, Work as WorkWords,
    WorkRelease,
};
use serde_json::{Value, json};
use settlement::Uri;

use super::{Party, Release, Role, Work, splits, store};
use crate::Node;
use crate::clock::rfc3339;
use crate::db::Conn;
use crate::web::Refusal;

/// The document of a work of this node.
///
/// # Errors
/// When the database or the key breaks.
pub fn work(conn: &mut Conn, node: &Node, work: &Work) -> Result<Value, Refusal> {
    let release = match &work.release {
        Some(id) => store::release(conn, id)?,
        None => None,
    };
    let sheet = store::split_sheets_of(conn, &work.id)?.pop();
    let media = match (&work.media_url, &work.media_type) {
        (Some(href), Some(media_type)) => Some(Media {
            href: href.clone(),
            media_type: media_type.clone(),
            size: work.media_size,
            digest: work.media,
        }),
        _ => None,
    };
    let words = WorkWords {
        id: work.id.clone(),
        kind: work.kind,
        name: work.title.clone(),
        summary: None,
        attributed_to: actor(node)?,
        artists: artists(conn, work)?,
        release: release.as_ref().map(|release| WorkRelease {
            id: Some(release.id.clone()),
            name: release.title.clone(),
            position: work.position,
            disc: work.disc,
        }),
        published: Timestamp::from_micros(work.created_us),
        updated: Timestamp::from_micros(work.updated_us),
        duration: (work.duration_ms > 0).then_some(Duration {
            millis: work.duration_ms,
        }),
        media,
        page: Some(work.id.uri().clone()),
        cover: release.as_ref().and_then(|release| cover(node, release)),
        isrc: work.isrc.clone(),
        home: work.territory,
        license: None,
        split_sheet: sheet
            .map(|sheet| splits::address(&sheet.work, sheet.valid_from))
            .transpose()?,
        language: None,
    };
    let mut value = words.to_value();
    if let Some(genre) = &work.genre {
        value["genre"] = json!(genre);
    }
    if let Some(rights) = &work.offer.rights {
        value["availability"] = rights.to_value();
    }
    signed(node, value, work.updated_us)
}

/// The document of a release of this node.
///
/// # Errors
/// When the database or the key breaks.
pub fn release(conn: &mut Conn, node: &Node, release: &Release) -> Result<Value, Refusal> {
    let works = store::works_of_release(conn, &release.id)?;
    let words = ReleaseWords {
        id: release.id.clone(),
        name: release.title.clone(),
        summary: None,
        attributed_to: actor(node)?,
        artists: vec![Credit {
            id: release.artist.as_ref().map(|artist| artist.uri().clone()),
            name: release.credit.clone(),
        }],
        released: release.year.map(|year| format!("{year:04}")),
        works: works.into_iter().map(|work| work.id).collect(),
        published: Timestamp::from_micros(release.created_us),
        updated: Timestamp::from_micros(release.updated_us),
        page: Some(release.id.clone()),
        cover: cover(node, release),
    };
    let mut value = words.to_value();
    if let Some(genre) = &release.genre {
        value["genre"] = json!(genre);
    }
    if let Some(label) = &release.label {
        value["label"] = match &release.label_party {
            Some(party) => {
                json!({ "type": "Organization", "id": party.as_str(), "name": label })
            }
            None => json!({ "type": "Organization", "name": label }),
        };
    }
    signed(node, value, release.updated_us)
}

/// What is left of something that was withdrawn.
pub fn tombstone(id: &Uri, former_type: &str, withdrawn_us: i64) -> Value {
    Tombstone {
        id: id.clone(),
        former_type: Some(former_type.to_owned()),
        deleted: Timestamp::from_micros(withdrawn_us),
    }
    .to_value()
}

/// Signs a document of this node, as of the moment it last changed.
///
/// # Errors
/// When it is no document that can be signed.
pub fn signed(node: &Node, value: Value, changed_us: i64) -> Result<Value, Refusal> {
    node.sign_as_of(value, &rfc3339(changed_us))
}

fn actor(node: &Node) -> Result<Uri, Refusal> {
    Ok(node.config.actor().uri().clone())
}

fn cover(node: &Node, release: &Release) -> Option<Uri> {
    let digest = release.cover?;
    Uri::parse(&node.config.uri(&format!("/covers/{}", digest.hex()))).ok()
}

/// The artists in the order of the credit.
fn artists(conn: &mut Conn, work: &Work) -> Result<Vec<Credit>, Refusal> {
    let mut artists: Vec<Party> = store::contributors_of(conn, &work.id)?
        .into_iter()
        .filter(|(_, role)| *role == Role::Artist)
        .map(|(party, _)| party)
        .collect();
    artists.sort_by_key(|party| {
        let is_first = work.artist.as_ref() == Some(&party.id);
        (!is_first, work.credit.find(&party.name), party.id.clone())
    });
    if artists.is_empty() {
        return Ok(vec![Credit {
            id: None,
            name: work.credit.clone(),
        }]);
    }
    Ok(artists
        .into_iter()
        .map(|party| Credit {
            id: Some(party.id.uri().clone()),
            name: party.name,
        })
        .collect())
}
