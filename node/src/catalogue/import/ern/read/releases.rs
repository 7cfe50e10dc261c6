//! Releases: what is on them, in which order, and the releases that stand for one track or one clip.

use std::collections::BTreeSet;

use super::super::held::Held;
use super::super::message::{Content, MessageRelease};
use super::super::xml::Element;
use super::items::{word, year};
use super::{Reading, TrackRelease, missing, release_codes, required};
use crate::catalogue::tags::cleaned;
use crate::words::Say;

impl Reading {
    pub(super) fn release(&mut self, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["ReleaseReference"])?.to_owned();
        let type_word = element.child("ReleaseType").map(word).unwrap_or_default();
        if type_word.is_empty() {
            return Err(missing(element, "ReleaseType"));
        }
        let title = self
            .title(element)
            .ok_or_else(|| missing(element, "DisplayTitleText"))?;
        let (artists, _) = Self::artists(element);
        let credit = self.credit(element);
        if artists.is_empty() && credit.is_none() {
            return Err(missing(element, "DisplayArtist"));
        }
        let labels = self.labels(element);
        if labels.is_empty() {
            return Err(missing(element, "ReleaseLabelReference"));
        }
        let group = element
            .child("ResourceGroup")
            .ok_or_else(|| missing(element, "ResourceGroup"))?;
        let (content, pictures) = content(group);
        if content.is_empty() {
            return Err(missing(group, "ResourceGroupContentItem"));
        }
        let dated = |name: &str| {
            let dates: Vec<&Element> = element.all(name).collect();
            self.best(&dates).and_then(|date| year(&date.text))
        };
        let year = dated("OriginalReleaseDate")
            .or_else(|| dated("ReleaseDate"))
            .or_else(|| year(element.text_at(&["PLine", "Year"])?))
            .or_else(|| year(element.text_at(&["CLine", "Year"])?));
        let release = MessageRelease {
            reference,
            line: element.line,
            codes: release_codes(element, &mut self.notices)?,
            title,
            credit: credit.unwrap_or_default(),
            artists: artists
                .into_iter()
                .map(|(reference, _)| reference)
                .collect(),
            labels,
            genre: self.genre(element),
            year,
            type_word,
            content,
            pictures,
        };
        self.held += release.held();
        self.releases.push(release);
        Ok(())
    }

    pub(super) fn track_release(&mut self, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["ReleaseReference"])?.to_owned();
        let resource = required(element, &["ReleaseResourceReference"])?.to_owned();
        let releases = self.tracks.entry(resource.clone()).or_default();
        releases.push(reference.clone());
        let track = TrackRelease {
            reference,
            resource,
            labels: self.labels(element),
            genre: self.genre(element),
            codes: release_codes(element, &mut self.notices)?,
            line: element.line,
        };
        self.held += track.resource.held() * 2 + track.labels.held() + track.codes.held();
        self.track_releases.push(track);
        Ok(())
    }

    /// A clip is no work; deals about it are about nothing here.
    pub(super) fn clip_release(&mut self, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["ReleaseReference"])?.to_owned();
        let says = Say::new("catalogue-ern-clip");
        self.note(says.with("reference", cleaned(&reference).0));
        self.held += reference.held();
        self.clips.insert(reference);
        Ok(())
    }
}

/// What is on a release, in order, and its pictures.
fn content(group: &Element) -> (Vec<Content>, Vec<String>) {
    let mut listing = Listing::default();
    let discs = group
        .all("ResourceGroup")
        .filter(|one| is_disc(one))
        .count();
    listing.pictures_of(group);
    let mut disc = 0;
    for element in in_order(group) {
        if element.name != "ResourceGroup" {
            listing.item(element);
        } else if discs > 1 && is_disc(element) {
            disc += 1;
            let loose = std::mem::take(&mut listing.position);
            listing.disc = Some(disc);
            listing.group(element);
            (listing.disc, listing.position) = (None, loose);
        } else {
            listing.group(element);
        }
    }
    (listing.content, listing.pictures)
}

/// Whether a group is a disc (ResourceGroupType): not the movements of one piece, nor a side.
fn is_disc(group: &Element) -> bool {
    !matches!(
        group.attribute("ResourceGroupType"),
        Some("MultiWorkPart" | "Side")
    )
}

/// What was listed so far.
#[derive(Default)]
struct Listing {
    disc: Option<u32>,
    position: u32,
    content: Vec<Content>,
    pictures: Vec<String>,
    seen: BTreeSet<String>,
}

impl Listing {
    fn group(&mut self, group: &Element) {
        self.pictures_of(group);
        for element in in_order(group) {
            match element.name.as_str() {
                "ResourceGroup" => self.group(element),
                _ => self.item(element),
            }
        }
    }

    fn item(&mut self, item: &Element) {
        for reference in item.all("ReleaseResourceReference") {
            if reference.text.is_empty() {
                continue;
            }
            self.position += 1;
            self.content.push(Content {
                resource: reference.text.clone(),
                disc: self.disc,
                position: self.position,
            });
        }
        self.pictures_of(item);
    }

    fn pictures_of(&mut self, element: &Element) {
        for linked in element.all("LinkedReleaseResourceReference") {
            if !linked.text.is_empty() && self.seen.insert(linked.text.clone()) {
                self.pictures.push(linked.text.clone());
            }
        }
    }
}

/// The items and groups in a group, by their sequence numbers. Groups that are numbered for
/// themselves, beside items with the same numbers, come after the items.
fn in_order(group: &Element) -> Vec<&Element> {
    let number = |element: &Element| {
        let number = element.text_at(&["SequenceNumber"]);
        number.and_then(|text| text.parse::<i64>().ok())
    };
    let numbers = |name| -> BTreeSet<i64> { group.all(name).filter_map(number).collect() };
    let of_items = numbers("ResourceGroupContentItem");
    let is_one_count = numbers("ResourceGroup").is_disjoint(&of_items);
    let mut found: Vec<&Element> = group
        .all("ResourceGroupContentItem")
        .chain(group.all("ResourceGroup"))
        .collect();
    found.sort_by_key(|element| {
        let comes_after = !is_one_count && element.name == "ResourceGroup";
        (comes_after, number(element).unwrap_or(i64::MAX))
    });
    found
}
