//! What other nodes say about their works, releases and split sheets, and what that does here.
//!
//! A node has the say over what lives on its own origin, and over nothing else; every document
//! carries its proof. A split sheet that contradicts one that is kept already is refused: the
//! first stands, and the second is evidence.

use federation::availability::Availability;
use federation::splits::PublishedSplitSheet;
use federation::vocabulary::{
    Act, Activity, Credit, Media, Reference, Release as ReleaseWords, Timestamp, WordsRefused,
    Work as WorkWords,
};
use serde_json::Value;
use settlement::{Kind, PartyId, Uri, WorkId};

use super::rights::Offer;
use super::store::{self, KeptSheet};
use super::tags::cleaned;
use super::{Party, Release, Role, Work, cache, claims, splits};
use crate::Node;
use crate::db::Conn;
use crate::peers::{self, Outcome, Peer};
use crate::web::Refusal;
use crate::words::Say;

/// The longest work taken from another node, in milliseconds: a week.
const DURATION_LIMIT_MS: u64 = 7 * 24 * 3600 * 1000;

/// Acts on an activity about works, releases and split sheets, in the caller's transaction.
///
/// # Errors
/// A refusal that says what is wrong with it; [`Refusal::Broken`] when something of ours broke.
pub fn receive(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    activity: &Activity,
) -> Result<Outcome, Refusal> {
    match &activity.act {
        Act::Create { object } | Act::Update { object } => {
            let Some(value) = object.value() else {
                return Ok(Outcome::NotMine);
            };
            if WorkWords::is_one(value) {
                take_work(conn, node, from, value)
            } else if ReleaseWords::is_one(value) {
                take_release(conn, node, from, value)
            } else if object.has_type("SplitSheet") {
                take_sheet(conn, node, from, value)
            } else {
                Ok(Outcome::NotMine)
            }
        }
        Act::Delete { object } => withdraw(conn, node, from, object),
        _ => Ok(Outcome::NotMine),
    }
}

fn take_work(conn: &mut Conn, node: &Node, from: &Peer, value: &Value) -> Result<Outcome, Refusal> {
    let words = WorkWords::of(value).map_err(unreadable)?;
    is_its_own(from, words.id.uri())?;
    is_proven(conn, node, from, value)?;
    let before = store::work(conn, &words.id)?;
    let now = node.clock.now_us();
    let updated_us = changed_us(words.updated, words.published, now);
    if let Some(before) = &before {
        if before.withdrawn_us.is_some() {
            return Ok(done("withdrawn before", words.id.uri()));
        }
        if before.updated_us > updated_us {
            return Ok(done("older than what is known", words.id.uri()));
        }
    }
    let rights = Availability::of(&value["availability"]).map_err(unreadable_rights)?;
    let release = release_of(conn, from, &words, now)?;
    let who = parties(conn, &words.artists, now)?;
    let media = words.media.as_ref().filter(|media| is_played(media));
    let work = Work {
        id: words.id.clone(),
        origin: from.origin.clone(),
        kind: words.kind,
        title: shown(&words.name)?,
        credit: credit(&words.artists),
        artist: who.first().map(|(party, _)| party.clone()),
        release: release.as_ref().map(|release| release.id.clone()),
        disc: place(words.release.as_ref().and_then(|release| release.disc)),
        position: place(words.release.as_ref().and_then(|release| release.position)),
        isrc: words.isrc.clone(),
        territory: words.home,
        duration_ms: duration(&words)?,
        media: None,
        media_url: media.map(|media| media.href.clone()),
        media_type: media.map(|media| essence(&media.media_type)),
        media_size: media.and_then(|media| media.size),
        genre: text(value, "genre"),
        year: None,
        document: Some(value.to_string()),
        created_us: before.as_ref().map_or(now, |before| before.created_us),
        updated_us,
        withdrawn_us: None,
        offer: Offer::of(rights, node.config.territory, now),
    };
    store::put_work(conn, &work)?;
    set_contributors(conn, &work.id, who)?;
    claims::look(conn, node, &work)?;
    let what = if before.is_some() {
        "work changed"
    } else {
        "work taken"
    };
    Ok(done(what, work.id.uri()))
}

fn take_release(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    value: &Value,
) -> Result<Outcome, Refusal> {
    let words = ReleaseWords::of(value).map_err(unreadable)?;
    is_its_own(from, &words.id)?;
    is_proven(conn, node, from, value)?;
    let before = store::release(conn, &words.id)?;
    let now = node.clock.now_us();
    let updated_us = changed_us(words.updated, words.published, now);
    if let Some(before) = &before {
        if before.withdrawn_us.is_some() {
            return Ok(done("withdrawn before", &words.id));
        }
        if before.updated_us > updated_us {
            return Ok(done("older than what is known", &words.id));
        }
    }
    let cover_url = words.cover.filter(|cover| cover.origin() == from.origin);
    // The picture that was fetched is still the right one as long as its address is the same.
    let cover = before
        .as_ref()
        .filter(|before| before.cover_url == cover_url)
        .and_then(|before| before.cover);
    let artists = parties(conn, &words.artists, now)?;
    let label = label(conn, value, now)?;
    let release = Release {
        id: words.id,
        origin: from.origin.clone(),
        title: shown(&words.name)?,
        credit: credit(&words.artists),
        artist: artists.first().map(|(party, _)| party.clone()),
        label_party: label.as_ref().and_then(|(_, party)| party.clone()),
        label: label.map(|(name, _)| name),
        icpn: None,
        year: words.released.and_then(|date| date.get(..4)?.parse().ok()),
        genre: text(value, "genre"),
        cover,
        cover_url,
        territory: from.territory,
        document: Some(value.to_string()),
        grouping: None,
        created_us: before.as_ref().map_or(now, |before| before.created_us),
        updated_us,
        withdrawn_us: None,
    };
    store::put_release(conn, &release)?;
    // Works that came out on another release and are on this one too, in its order.
    for (position, work) in (1..).zip(&words.works) {
        if work.uri().origin() == from.origin {
            store::put_also_on(conn, &release.id, work, None, Some(position))?;
        }
    }
    Ok(done("release taken", &release.id))
}

fn take_sheet(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    value: &Value,
) -> Result<Outcome, Refusal> {
    let signed = peers::keys::signed::<PublishedSplitSheet>(conn, node, from, value.clone())
        .map_err(|refused| refused.refusal(|refused| unproven(from, refused)))?;
    let published = signed.content();
    let (work, valid_from) = (published.sheet.work(), published.sheet.valid_from());
    is_its_own(from, work.uri())?;
    is_its_own(from, &published.id)?;
    is_its_own(from, published.attributed_to.uri())?;
    let refused = |reason: &'static str| {
        let unreadable = Say::new("catalogue-document-unreadable");
        Refusal::Conflict(unreadable.with("reason", format!("the split sheet of {work} {reason}")))
    };
    if valid_from.day() != 1 {
        return Err(refused("must be valid from the first of a month"));
    }
    let logged = published.sheet.logged();
    let logged = logged.and_then(|logged| Timestamp::parse(logged.as_str()).ok());
    let logged = logged.ok_or_else(|| refused("must say when it was logged"))?;
    if let Some(kept) = store::sheet_from(conn, work, valid_from)? {
        if splits::read(&kept)? == published.sheet {
            return Ok(done("split sheet known", &published.id));
        }
        tracing::warn!(peer = %from.origin, %work, %valid_from, document = %value,
            "a peer signed two different split sheets for one work and day; the first stands");
        let two = Say::new("catalogue-splits-contradict");
        let two = two.with("work", work).with("day", valid_from);
        return Err(Refusal::Conflict(two));
    }
    let kept = KeptSheet {
        work: work.clone(),
        valid_from,
        logged_us: logged.micros(),
        document: value.to_string(),
    };
    store::keep_sheet(conn, &kept)?;
    if store::work(conn, work)?.is_some() {
        let artists = store::contributors(conn, work)?;
        let artists = artists
            .into_iter()
            .filter(|(_, role)| *role == Role::Artist);
        set_contributors(conn, work, artists.collect())?;
    }
    Ok(done("split sheet taken", &published.id))
}

fn withdraw(
    conn: &mut Conn,
    node: &Node,
    from: &Peer,
    object: &Reference,
) -> Result<Outcome, Refusal> {
    let Some(id) = object.id() else {
        return Ok(Outcome::NotMine);
    };
    is_its_own(from, id)?;
    let now = node.clock.now_us();
    if store::work(conn, &WorkId::from(id.clone()))?.is_some() {
        let work = WorkId::from(id.clone());
        store::withdraw_work(conn, &work, now)?;
        cache::forget(conn, node, &work)?;
        return Ok(done("work withdrawn", id));
    }
    if store::release(conn, id)?.is_some() {
        for work in store::works_of_release(conn, id)? {
            // What came out elsewhere and is on it too stays.
            if work.release.as_ref() == Some(id) && work.origin == from.origin {
                store::withdraw_work(conn, &work.id, now)?;
                cache::forget(conn, node, &work.id)?;
            }
        }
        store::withdraw_release(conn, id, now)?;
        return Ok(done("release withdrawn", id));
    }
    Ok(Outcome::NotMine)
}

/// The release a work says it is on. One that was not heard of yet is known by its title until
/// its own document arrives.
fn release_of(
    conn: &mut Conn,
    from: &Peer,
    words: &WorkWords,
    now: i64,
) -> Result<Option<Release>, Refusal> {
    let Some(named) = &words.release else {
        return Ok(None);
    };
    let Some(id) = named.id.as_ref().filter(|id| id.origin() == from.origin) else {
        return Ok(None);
    };
    if let Some(known) = store::release(conn, id)? {
        return Ok(Some(known));
    }
    if peers::store::is_buried(conn, id.as_str())? {
        return Ok(None);
    }
    let release = Release {
        id: id.clone(),
        origin: from.origin.clone(),
        title: shown(&named.name)?,
        credit: credit(&words.artists),
        artist: None,
        label_party: None,
        label: None,
        icpn: None,
        year: None,
        genre: None,
        cover: None,
        cover_url: words
            .cover
            .clone()
            .filter(|cover| cover.origin() == from.origin),
        territory: from.territory,
        document: None,
        grouping: None,
        created_us: now,
        // Older than any document of its own.
        updated_us: 0,
        withdrawn_us: None,
    };
    store::put_release(conn, &release)?;
    Ok(Some(release))
}

/// The parties among the credits, noted under the name they are credited with if they are new.
fn parties(conn: &mut Conn, credits: &[Credit], now: i64) -> Result<Vec<(PartyId, Role)>, Refusal> {
    let mut parties = Vec::new();
    for credit in credits {
        let Some(id) = &credit.id else { continue };
        let party = PartyId::from(id.clone());
        note_party(conn, &party, Role::Artist, &credit.name, now)?;
        parties.push((party, Role::Artist));
    }
    Ok(parties)
}

/// Notes a party that is new here. Its name is what the first who spoke of it called it; nobody
/// renames somebody else's party, least of all one of this node.
fn note_party(
    conn: &mut Conn,
    id: &PartyId,
    kind: Role,
    name: &str,
    now: i64,
) -> Result<(), Refusal> {
    let name = cleaned(name).0;
    if name.is_empty() || store::party(conn, id)?.is_some() {
        return Ok(());
    }
    let party = Party {
        id: id.clone(),
        kind,
        name,
        origin: id.origin().to_owned(),
        created_us: now,
    };
    Ok(store::put_party(conn, &party)?)
}

/// Sets who shares in a work: its artists, and whoever its latest split sheet names.
fn set_contributors(
    conn: &mut Conn,
    work: &WorkId,
    mut who: Vec<(PartyId, Role)>,
) -> Result<(), Refusal> {
    if let Some(latest) = store::split_sheets_of(conn, work)?.pop() {
        for entry in splits::read(&latest)?.entries() {
            for share in entry.given() {
                if let Some(role) = Role::parse(&share.role) {
                    who.push((share.party.clone(), role));
                }
            }
        }
    }
    Ok(store::set_contributors(conn, work, &who)?)
}

/// The label a release names: its name, and who it is if it says so.
fn label(
    conn: &mut Conn,
    value: &Value,
    now: i64,
) -> Result<Option<(String, Option<PartyId>)>, Refusal> {
    let label = &value["label"];
    let Some(name) = text(label, "name") else {
        return Ok(None);
    };
    let party = label["id"].as_str().and_then(|id| PartyId::parse(id).ok());
    if let Some(party) = &party {
        note_party(conn, party, Role::Label, &name, now)?;
    }
    Ok(Some((name, party)))
}

fn is_its_own(from: &Peer, id: &Uri) -> Result<(), Refusal> {
    if id.origin() == from.origin {
        return Ok(());
    }
    let foreign = Say::new("catalogue-document-foreign");
    let foreign = foreign.with("id", id).with("peer", &from.origin);
    Err(Refusal::Forbidden(foreign))
}

fn is_proven(conn: &mut Conn, node: &Node, from: &Peer, value: &Value) -> Result<(), Refusal> {
    peers::keys::check(conn, node, from, value)
        .map_err(|refused| refused.refusal(|refused| unproven(from, refused)))
}

fn unproven(from: &Peer, reason: impl std::fmt::Display) -> Refusal {
    let unproven = Say::new("catalogue-document-unproven");
    Refusal::Forbidden(unproven.with("peer", &from.origin).with("reason", reason))
}

fn unreadable(refused: WordsRefused) -> Refusal {
    Refusal::Conflict(Say::new("catalogue-document-unreadable").with("reason", refused))
}

fn unreadable_rights(reason: String) -> Refusal {
    Refusal::Conflict(Say::new("catalogue-document-unreadable").with("reason", reason))
}

fn done(what: &str, id: &Uri) -> Outcome {
    Outcome::Done(format!("{what}: {id}"))
}

/// When a document says it last changed; its own word counts, since it is only compared with
/// itself.
fn changed_us(updated: Option<Timestamp>, published: Option<Timestamp>, now: i64) -> i64 {
    updated.or(published).map_or(now, Timestamp::micros)
}

fn shown(name: &str) -> Result<String, Refusal> {
    let name = cleaned(name).0;
    if name.is_empty() {
        return Err(unreadable(WordsRefused::Missing("name")));
    }
    Ok(name)
}

fn credit(credits: &[Credit]) -> String {
    let names: Vec<&str> = credits.iter().map(|credit| credit.name.as_str()).collect();
    cleaned(&names.join(", ")).0
}

/// A text that is no term of the vocabulary, if it is there and is one.
fn text(value: &Value, name: &str) -> Option<String> {
    let text = cleaned(value[name].as_str()?).0;
    (!text.is_empty()).then_some(text)
}

fn place(count: Option<u32>) -> Option<u32> {
    count.filter(|count| (1..=9_999).contains(count))
}

/// How long it lasts. A game or a book may not say.
fn duration(words: &WorkWords) -> Result<u64, Refusal> {
    let millis = words.duration.map(|duration| duration.millis);
    match (millis, words.kind) {
        (None | Some(0), Kind::Game | Kind::Book) => Ok(0),
        (Some(millis @ 1..=DURATION_LIMIT_MS), _) => Ok(millis),
        _ => Err(unreadable(WordsRefused::Missing("duration"))),
    }
}

fn essence(media_type: &str) -> String {
    let essence = media_type.split(';').next().unwrap_or_default();
    essence.trim().to_ascii_lowercase()
}

/// Whether a file may be given to a browser under its media type: sounds, and what films, books
/// and games come in.
fn is_played(media: &Media) -> bool {
    let essence = essence(&media.media_type);
    super::sniff::KINDS
        .iter()
        .any(|(known, _)| *known == essence)
        || essence.strip_prefix("audio/").is_some_and(|subtype| {
            (1..=60).contains(&subtype.len())
                && subtype
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-+.".contains(&byte))
        })
}
