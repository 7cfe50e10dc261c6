//! From what a message says to entries: nothing here is looked up or written.

use std::collections::BTreeSet;

use federation::identifiers::Scheme;
use settlement::Kind;

use super::message::{
    Content, Header, MessageParty, MessageRelease, ReleaseCodes, ReleaseMessage, Resource,
    ResourceKind,
};
use crate::catalogue::Role;
use crate::catalogue::import::entry::{PartyEntry, ReleaseEntry, WorkEntry};
use crate::catalogue::mandates::MandateWords;
use crate::catalogue::tags::cleaned;

/// What kind of work a resource is; none for what only comes along: pictures, booklets, lyrics.
pub(super) fn kind_of(resource: &Resource) -> Option<Kind> {
    if resource.supplemental {
        return None;
    }
    match (resource.kind, resource.type_word.as_str()) {
        (ResourceKind::Sound, _) => Some(Kind::Music),
        (ResourceKind::Video, _) => Some(Kind::Film),
        (ResourceKind::Text, "EBook" | "TextDocument") | (ResourceKind::SheetMusic, _) => {
            Some(Kind::Book)
        }
        (ResourceKind::Software, "MusicalWorkBasedGame" | "NonMusicalWorkBasedGame") => {
            Some(Kind::Game)
        }
        _ => None,
    }
}

pub(super) fn key(header: &Header, what: &str) -> String {
    format!("ddex|{}|{what}", header.sender)
}

pub(super) fn release_keys(header: &Header, codes: &ReleaseCodes) -> Vec<String> {
    codes
        .keys
        .iter()
        .map(|code| key(header, &format!("release|{code}")))
        .collect()
}

fn party(message: &ReleaseMessage, reference: &str) -> Option<PartyEntry> {
    let MessageParty { name, codes } = message.parties.get(reference)?;
    let name = match (name.is_empty(), codes.first()) {
        (true, Some(code)) => code.to_string(),
        _ => name.clone(),
    };
    Some(PartyEntry {
        name,
        codes: codes.clone(),
    })
}

fn mandate(message: &ReleaseMessage, header: &Header) -> MandateWords {
    let begins = message.deals.iter().flat_map(|deal| &deal.deals);
    let begins = begins
        .flat_map(|deal| &deal.periods)
        .filter_map(|(from, _)| from.as_deref());
    let day = |text: &str| text.get(..10).map(str::to_owned);
    MandateWords {
        licensor: Some(
            header
                .on_behalf_of
                .clone()
                .unwrap_or_else(|| header.sender_name.clone()),
        ),
        granted: begins.min().and_then(day).or_else(|| day(&header.created)),
        scope: None,
        society: None,
    }
}

pub(super) fn release_entry(
    message: &ReleaseMessage,
    release: &MessageRelease,
    header: &Header,
    keys: &[String],
) -> ReleaseEntry {
    let artist = release
        .artists
        .first()
        .and_then(|artist| party(message, artist));
    let credit = match release.credit.is_empty() {
        false => release.credit.clone(),
        true => names(message, release.artists.iter()),
    };
    ReleaseEntry {
        key: keys[0].clone(),
        title: release.title.clone(),
        artist: artist.or_else(|| Some(PartyEntry::named(&credit))),
        credit,
        label: release
            .labels
            .first()
            .and_then(|label| party(message, label)),
        codes: release.codes.codes.clone(),
        year: release.year,
        genre: release.genre.clone(),
        cover: None,
        mandate: mandate(message, header),
    }
}

fn names<'r>(message: &ReleaseMessage, references: impl Iterator<Item = &'r String>) -> String {
    let names: Vec<String> = references
        .filter_map(|reference| Some(party(message, reference)?.name))
        .collect();
    cleaned(&names.join(", ")).0
}

pub(super) fn work_entry(
    message: &ReleaseMessage,
    release: &MessageRelease,
    content: &Content,
    resource: &Resource,
    kind: Kind,
    header: &Header,
    release_key: &str,
) -> WorkEntry {
    let isrc = resource
        .codes
        .iter()
        .find(|code| code.scheme() == Scheme::Isrc);
    let known_as = match (isrc, resource.own_codes.first()) {
        (Some(isrc), _) => key(header, &format!("isrc|{}", isrc.value())),
        (None, Some(own)) => key(header, &format!("own|{own}")),
        (None, None) => format!("{release_key}|{}", content.resource),
    };
    let credit = match &resource.credit {
        Some(credit) => credit.clone(),
        None => {
            let names = names(message, resource.artists.iter().map(|(artist, _)| artist));
            if names.is_empty() {
                release.credit.clone()
            } else {
                names
            }
        }
    };
    // Who wrote what is played here may be named before its players, in classical music above all;
    // the artists are those who play, where anybody does.
    let plays = |(_, role): &&(String, String)| role != "Composer";
    let is_played = resource.artists.iter().any(|artist| plays(&artist));
    let mut who: Vec<(PartyEntry, Role)> = resource
        .artists
        .iter()
        .filter(|artist| !is_played || plays(artist))
        .filter_map(|(artist, _)| Some((party(message, artist)?, Role::Artist)))
        .collect();
    if who.is_empty() {
        who.push((PartyEntry::named(&credit), Role::Artist));
    }
    who.extend(
        release
            .labels
            .iter()
            .filter_map(|label| Some((party(message, label)?, Role::Label))),
    );
    for (contributor, role) in &resource.contributors {
        let role = match role.as_str() {
            "Producer" | "StudioProducer" | "ExecutiveProducer" => Role::Producer,
            "MusicPublisher" | "OriginalPublisher" | "SubPublisher" => Role::Publisher,
            _ => continue,
        };
        who.extend(party(message, contributor).map(|party| (party, role)));
    }
    let mut seen = BTreeSet::new();
    who.retain(|pair| seen.insert(pair.clone()));
    let credits = resource.artists.iter().chain(&resource.contributors);
    let mut seen = BTreeSet::new();
    let credits = credits
        .filter(|credit| seen.insert(*credit))
        .filter_map(|(reference, role)| Some((party(message, reference)?, role.clone())))
        .collect();
    WorkEntry {
        key: known_as,
        kind,
        title: resource
            .title
            .clone()
            .unwrap_or_else(|| release.title.clone()),
        credit,
        who,
        credits,
        disc: content.disc,
        position: Some(content.position),
        codes: resource.codes.clone(),
        duration_ms: resource.duration_ms.unwrap_or(0),
        file: None,
        genre: release.genre.clone(),
        year: resource.year.or(release.year),
        rights: None,
        mandate: mandate(message, header),
        split: None,
    }
}
