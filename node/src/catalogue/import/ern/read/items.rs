//! What the items of a message's lists have in common: parties, names, titles, credits, labels.

use federation::identifiers::Scheme;

use super::super::held::Held;
use super::super::message::MessageParty;
use super::super::xml::{Element, malformed};
use super::{NOTICES, Reading, code, missing, required};
use crate::catalogue::tags::cleaned;
use crate::words::Say;

/// Parties, by reference, and DDEX's words for what they did.
type Roles = Vec<(String, String)>;

impl Reading {
    pub(super) fn party(&mut self, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["PartyReference"])?;
        let names: Vec<&Element> = element.all("PartyName").collect();
        let name = self.best(&names).map(full_name).unwrap_or_default();
        let mut codes = Vec::new();
        for id in element.all("PartyId") {
            for (path, scheme) in [
                ("ISNI", Scheme::Isni),
                ("DPID", Scheme::Dpid),
                ("IpiNameNumber", Scheme::Ipi),
            ] {
                if let Some(text) = id.text_at(&[path]) {
                    codes.extend(code(scheme, text, &mut self.notices));
                }
            }
        }
        let party = MessageParty {
            name: cleaned(&name).0,
            codes,
        };
        if party.name.is_empty() && party.codes.is_empty() {
            return Err(missing(element, "PartyName/FullName"));
        }
        self.held += reference.held() + party.held();
        if self.parties.insert(reference.to_owned(), party).is_some() {
            return Err(twice(element, reference));
        }
        Ok(())
    }

    /// How far a territory that an element is for is from here: 0 is here, 3 is elsewhere.
    pub(super) fn distance(&self, element: &Element) -> u8 {
        let country = self.territory.country();
        match element.attribute("ApplicableTerritoryCode") {
            Some(code) if code == self.territory.as_str() => 0,
            Some(code) if code == country.as_str() => 1,
            None | Some("Worldwide") => 2,
            Some(_) => 3,
        }
    }

    /// Of elements for several languages and territories, the one for here; of names, rather the one
    /// that somebody is known by than the one in their papers.
    pub(super) fn best<'e>(&self, several: &[&'e Element]) -> Option<&'e Element> {
        let says =
            |element: &Element, name: &str| matches!(element.attribute(name), Some("true" | "1"));
        several
            .iter()
            .min_by_key(|element| {
                (
                    self.distance(element),
                    !says(element, "IsDefault"),
                    says(element, "IsLegalName"),
                )
            })
            .copied()
    }

    pub(super) fn title(&self, element: &Element) -> Option<String> {
        let texts: Vec<&Element> = element
            .all("DisplayTitleText")
            .filter(|title| !title.text.is_empty())
            .collect();
        let text = match self.best(&texts) {
            Some(title) => title.text.clone(),
            None => {
                let titles: Vec<&Element> = element.all("DisplayTitle").collect();
                let title = self.best(&titles)?;
                let text = title.text_at(&["TitleText"])?;
                match title.text_at(&["SubTitle"]) {
                    Some(sub) => format!("{text} ({sub})"),
                    None => text.to_owned(),
                }
            }
        };
        Some(cleaned(&text).0).filter(|text| !text.is_empty())
    }

    pub(super) fn credit(&self, element: &Element) -> Option<String> {
        let names: Vec<&Element> = element
            .all("DisplayArtistName")
            .filter(|name| !name.text.is_empty())
            .collect();
        let name = cleaned(&self.best(&names)?.text).0;
        (!name.is_empty()).then_some(name)
    }

    /// The display artists in their order: how they are shown, and what they did beyond that.
    pub(super) fn artists(element: &Element) -> (Roles, Roles) {
        let mut artists: Vec<(i64, &Element)> = element
            .all("DisplayArtist")
            .map(|artist| {
                let order = artist.attribute("SequenceNumber");
                (
                    order.and_then(|text| text.parse().ok()).unwrap_or(i64::MAX),
                    artist,
                )
            })
            .collect();
        artists.sort_by_key(|(order, _)| *order);
        let (mut shown, mut did) = (Vec::new(), Vec::new());
        for (_, artist) in artists {
            let Some(reference) = artist.text_at(&["ArtistPartyReference"]) else {
                continue;
            };
            let role = artist.child("DisplayArtistRole").map(word);
            let role = role.filter(|role| !role.is_empty());
            let role = role.unwrap_or_else(|| "MainArtist".to_owned());
            shown.push((reference.to_owned(), role));
            let roles = artist.all("ArtisticRole").map(word);
            did.extend(roles.map(|role| (reference.to_owned(), role)));
        }
        (shown, did)
    }

    /// Who puts it out here. A label that is named for other territories alone is somebody else's; a
    /// house it belongs to stands behind it.
    pub(super) fn labels(&self, element: &Element) -> Vec<String> {
        let mut labels: Vec<&Element> = element
            .all("ReleaseLabelReference")
            .filter(|label| !label.text.is_empty())
            .collect();
        let nearest = labels.iter().map(|label| self.distance(label)).min();
        labels.retain(|label| Some(self.distance(label)) == nearest);
        labels.sort_by_key(|label| {
            let kind = label.attribute("LabelType");
            let is_default = matches!(label.attribute("IsDefault"), Some("true" | "1"));
            (
                !matches!(kind, None | Some("DisplayLabelName")),
                !is_default,
            )
        });
        labels.into_iter().map(|label| label.text.clone()).collect()
    }

    pub(super) fn genre(&self, element: &Element) -> Option<String> {
        let genres: Vec<&Element> = element.all("Genre").collect();
        let genre = self.best(&genres)?;
        let text = cleaned(genre.text_at(&["GenreText"])?).0;
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn note(&mut self, notice: Say) {
        if self.notices.len() < NOTICES {
            self.notices.push(notice);
        }
    }
}

/// What an element says; the sender's own word where it says that it has one.
pub(super) fn word(element: &Element) -> String {
    let word = match element.text.as_str() {
        "UserDefined" => element
            .attribute("UserDefinedValue")
            .unwrap_or("UserDefined"),
        word => word,
    };
    cleaned(word).0
}

/// A name as one line.
pub(super) fn full_name(name: &Element) -> String {
    if let Some(name) = name.text_at(&["FullName"]) {
        return name.to_owned();
    }
    let parts = ["NamesBeforeKeyName", "KeyName", "NamesAfterKeyName"];
    let parts: Vec<&str> = parts
        .iter()
        .filter_map(|part| name.text_at(&[part]))
        .collect();
    parts.join(" ")
}

pub(super) fn year(text: &str) -> Option<u16> {
    let year: u16 = text.trim().get(..4)?.parse().ok()?;
    (1_000..=9_999).contains(&year).then_some(year)
}

pub(super) fn twice(element: &Element, reference: &str) -> Say {
    let reference: String = reference.chars().take(60).collect();
    malformed(
        element.line,
        format!("the reference {reference} is there twice"),
    )
}
