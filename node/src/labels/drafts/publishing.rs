//! Publishing a draft, changing what was published, withdrawing it.

use federation::identifiers::Scheme;
use jiff::tz::TimeZone;
use settlement::Uri;

use super::facts::{Checked, code, complain, names};
use super::{Draft, DraftWork};
use crate::Node;
use crate::catalogue::import::ImportOptions;
use crate::catalogue::import::enter::Enter;
use crate::catalogue::import::entry::{KeptFile, PartyEntry, ReleaseEntry, WorkEntry};
use crate::catalogue::mandates::MandateWords;
use crate::catalogue::{self, Party, Role};
use crate::db::Conn;
use crate::labels::store;
use crate::web::{Complaint, Refusal};
use crate::words::Say;

/// What is still missing before a draft can be published.
pub fn missing(draft: &Draft, zone: &TimeZone) -> Vec<Complaint> {
    let mut missing = match draft.facts.clone().tidy(zone) {
        Ok(_) => Vec::new(),
        Err(wrong) => wrong,
    };
    if draft.works.is_empty() {
        complain(&mut missing, "works", Say::new("labels-no-works"));
    }
    missing
}

/// Publishes a draft, or publishes again what was changed: the release, its works in their order,
/// who shares; works that were taken out are withdrawn. In the caller's transaction. Answers the
/// release.
///
/// # Errors
/// [`Refusal::Invalid`] with what is missing.
pub fn publish(
    conn: &mut Conn,
    node: &Node,
    label: &Party,
    mut draft: Draft,
) -> Result<Uri, Refusal> {
    let zone = node.config.time_zone();
    let wrong = missing(&draft, &zone);
    if !wrong.is_empty() {
        return Err(Refusal::Invalid(wrong));
    }
    let checked = draft.facts.checked(&zone).map_err(Refusal::Invalid)?;
    let own = PartyEntry {
        name: label.name.clone(),
        codes: catalogue::store::codes(conn, label.id.as_str())?,
    };
    let now_us = node.clock.now_us();
    let facts = &draft.facts;
    let filled = |text: &String| (!text.is_empty()).then(|| text.clone());
    let mandate = MandateWords {
        licensor: Some(label.name.clone()),
        granted: filled(&facts.licensed_on),
        scope: None,
        society: filled(&facts.society),
    };
    let artists = names(&facts.artist);
    let entry = ReleaseEntry {
        key: draft.key(),
        title: facts.title.clone(),
        credit: artists.join(", "),
        artist: artists.first().map(PartyEntry::named),
        label: Some(own.clone()),
        codes: checked.icpn.clone().into_iter().collect(),
        year: checked.year,
        genre: filled(&facts.genre),
        cover: draft.cover,
        mandate: mandate.clone(),
    };
    let options = ImportOptions::default();
    let mut enter = Enter::new(node, &options);
    let (release, _) = enter.release(conn, &entry, &[], now_us)?;
    let mut here = Vec::new();
    for (position, work) in (1..).zip(&draft.works) {
        let key = format!("{}|{}", draft.key(), work.id);
        let entry = work_entry(conn, &draft, &checked, &own, &mandate, work, position, &key)?;
        enter.work(conn, &entry, &release, now_us)?;
        here.push(key);
    }
    let ours = format!("{}|", draft.key());
    for work in catalogue::store::works_of_release(conn, &release.id)? {
        let keys = catalogue::store::keys_of(conn, work.id.as_str())?;
        let mine = keys.iter().find(|key| key.starts_with(&ours));
        if mine.is_some_and(|key| !here.contains(key)) {
            catalogue::withdraw_in(conn, node, &work.id)?;
        }
    }
    draft.release = Some(release.id.clone());
    draft.updated_us = now_us;
    draft.published_us = Some(now_us);
    store::put_draft(conn, &draft)?;
    Ok(release.id)
}

#[expect(clippy::too_many_arguments, reason = "they are what a work is made of")]
fn work_entry(
    conn: &mut Conn,
    draft: &Draft,
    checked: &Checked,
    label: &PartyEntry,
    mandate: &MandateWords,
    work: &DraftWork,
    position: u32,
    key: &str,
) -> Result<WorkEntry, Refusal> {
    let facts = &draft.facts;
    let own = names(&work.facts.artist);
    let artists = if own.is_empty() {
        names(&facts.artist)
    } else {
        own
    };
    let mut who: Vec<(PartyEntry, Role)> = Vec::new();
    let mut credits = Vec::new();
    let mut add = |name: &str, role: Role| {
        let party = PartyEntry::named(name);
        if !who.contains(&(party.clone(), role)) {
            who.push((party, role));
        }
    };
    for artist in &artists {
        add(artist, Role::Artist);
    }
    for (text, role, word) in [
        (&facts.producer, Role::Producer, "Producer"),
        (&facts.publisher, Role::Publisher, "MusicPublisher"),
    ] {
        for name in names(text) {
            add(&name, role);
            credits.push((PartyEntry::named(name), word.to_owned()));
        }
    }
    who.push((label.clone(), Role::Label));
    for name in names(&work.facts.composer) {
        credits.push((PartyEntry::named(name), "Composer".to_owned()));
    }
    let mut wrong = Vec::new();
    let isrc = code("isrc", Scheme::Isrc, &work.facts.isrc, &mut wrong);
    let file = &work.file;
    Ok(WorkEntry {
        key: key.to_owned(),
        kind: checked.kind,
        title: work.facts.title.clone(),
        credit: artists.join(", "),
        who,
        credits,
        disc: Some(1),
        position: Some(position),
        codes: isrc.into_iter().collect(),
        duration_ms: file.duration_ms,
        file: Some(KeptFile {
            digest: file.digest,
            sound: file.sound.clone(),
            media_type: file.media_type.clone(),
            size: file.size,
            duration_ms: file.duration_ms,
            measure: catalogue::store::measure(conn, &file.digest)?,
        }),
        genre: (!facts.genre.is_empty()).then(|| facts.genre.clone()),
        year: checked.year,
        rights: checked.rights.clone(),
        mandate: mandate.clone(),
        split: Some(checked.split.clone()),
    })
}

/// Withdraws what a draft became; the draft stays, and can be published anew. In the caller's
/// transaction.
///
/// # Errors
/// [`Refusal::Missing`] when it was never published.
pub fn withdraw(conn: &mut Conn, node: &Node, mut draft: Draft) -> Result<(), Refusal> {
    let release = draft.release.take().ok_or(Refusal::Missing)?;
    catalogue::withdraw_release_in(conn, node, &release)?;
    draft.published_us = None;
    draft.updated_us = node.clock.now_us();
    Ok(store::put_draft(conn, &draft)?)
}
