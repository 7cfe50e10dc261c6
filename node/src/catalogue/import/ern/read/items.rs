//! The items of a message's lists, each from its own small tree of elements.

use federation::identifiers::{Identifier, Scheme};
use federation::vocabulary::Duration;

use super::super::super::hashes::HashSum;
use super::super::message::{
    Content, Deal, DeliveredFile, MessageParty, MessageRelease, ReleaseDeal, Resource, ResourceKind,
};
use super::super::xml::{Element, malformed};
use super::{NOTICES, Reading, TrackRelease, code, missing, own_codes, release_codes, required};
use crate::catalogue::tags::cleaned;
use crate::words::Say;

/// The longest duration, in milliseconds: a week.
const DURATION_LIMIT_MS: u64 = 7 * 24 * 3600 * 1000;

impl Reading {
    pub(super) fn party(&mut self, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["PartyReference"])?;
        let names: Vec<&Element> = element.all("PartyName").collect();
        let name = self
            .best(&names)
            .and_then(|name| {
                name.text_at(&["FullName"])
                    .or_else(|| name.text_at(&["KeyName"]))
            })
            .unwrap_or_default();
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
            name: cleaned(name).0,
            codes,
        };
        if party.name.is_empty() && party.codes.is_empty() {
            return Err(missing(element, "PartyName/FullName"));
        }
        if self.parties.insert(reference.to_owned(), party).is_some() {
            return Err(twice(element, reference));
        }
        Ok(())
    }

    /// Of elements for several languages and territories, the one for here.
    fn best<'e>(&self, several: &[&'e Element]) -> Option<&'e Element> {
        let own = self.territory.as_str();
        let country = self.territory.country();
        several
            .iter()
            .min_by_key(|element| {
                let territory = element.attribute("ApplicableTerritoryCode");
                let near = match territory {
                    Some(code) if code == own => 0,
                    Some(code) if code == country.as_str() => 1,
                    None | Some("Worldwide") => 2,
                    Some(_) => 3,
                };
                let default = element.attribute("IsDefault") == Some("true");
                (near, !default)
            })
            .copied()
    }

    fn title(&self, element: &Element) -> Option<String> {
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

    fn credit(&self, element: &Element) -> Option<String> {
        let names: Vec<&Element> = element
            .all("DisplayArtistName")
            .filter(|name| !name.text.is_empty())
            .collect();
        let name = cleaned(&self.best(&names)?.text).0;
        (!name.is_empty()).then_some(name)
    }

    /// The display artists in their order, with their roles.
    fn artists(element: &Element) -> Vec<(String, String)> {
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
        artists
            .into_iter()
            .filter_map(|(_, artist)| {
                let reference = artist.text_at(&["ArtistPartyReference"])?;
                let role = artist
                    .text_at(&["DisplayArtistRole"])
                    .unwrap_or("MainArtist");
                Some((reference.to_owned(), cleaned(role).0))
            })
            .collect()
    }

    pub(super) fn resource(&mut self, kind: ResourceKind, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["ResourceReference"])?;
        let is_played = matches!(kind, ResourceKind::Sound | ResourceKind::Video);
        let type_word = match element.text_at(&["Type"]) {
            Some(word) => word,
            None if is_played => return Err(missing(element, "Type")),
            None => "",
        };
        let (codes, own_codes) = self.resource_codes(element);
        let duration_ms = match element.text_at(&["Duration"]) {
            Some(text) => Some(duration(element, text)?),
            None if is_played => return Err(missing(element, "Duration")),
            None => None,
        };
        let title = self.title(element);
        if is_played && title.is_none() {
            return Err(missing(element, "DisplayTitleText"));
        }
        let artists = Self::artists(element);
        let credit = self.credit(element);
        if is_played && artists.is_empty() && credit.is_none() {
            return Err(missing(element, "DisplayArtist"));
        }
        let mut lines = Vec::new();
        element.below("PLine", &mut lines);
        let p_line = self.best(&lines);
        let mut files = Vec::new();
        let mut details = Vec::new();
        element.below("TechnicalDetails", &mut details);
        for detail in details {
            let is_clip = detail.child("IsClip").is_some_and(Element::is_true);
            let mut found = Vec::new();
            detail.below("File", &mut found);
            for file in found.into_iter().filter(|_| !is_clip) {
                files.push(self.delivered(file)?);
            }
        }
        let mut contributors = Vec::new();
        for contributor in element.all("Contributor") {
            let reference = required(contributor, &["ContributorPartyReference"])?;
            for role in contributor.all("Role") {
                let word = match role.text.as_str() {
                    "UserDefined" => role.attribute("UserDefinedValue").unwrap_or("UserDefined"),
                    word => word,
                };
                contributors.push((reference.to_owned(), cleaned(word).0));
            }
        }
        let resource = Resource {
            kind,
            line: element.line,
            type_word: cleaned(type_word).0,
            codes,
            own_codes,
            title,
            credit,
            artists,
            contributors,
            duration_ms,
            year: p_line.and_then(|line| year(line.text_at(&["Year"])?)),
            p_line: p_line.and_then(|line| Some(cleaned(line.text_at(&["PLineText"])?).0)),
            explicit: element
                .all("ParentalWarningType")
                .any(|warning| warning.text == "Explicit"),
            supplemental: element.attribute("IsSupplemental") == Some("true"),
            files,
        };
        if self
            .resources
            .insert(reference.to_owned(), resource)
            .is_some()
        {
            return Err(twice(element, reference));
        }
        Ok(())
    }

    /// The codes of a recording: in its editions (4.3), or beside its reference (before).
    fn resource_codes(&mut self, element: &Element) -> (Vec<Identifier>, Vec<String>) {
        let mut ids = Vec::new();
        element.below("ResourceId", &mut ids);
        let (mut codes, mut own) = (Vec::new(), Vec::new());
        for id in ids {
            if id.attribute("IsReplaced") == Some("true") {
                continue;
            }
            for (name, scheme) in [("ISRC", Scheme::Isrc), ("ISBN", Scheme::Isbn)] {
                if let Some(text) = id.text_at(&[name]) {
                    codes.extend(code(scheme, text, &mut self.notices));
                }
            }
            own.extend(own_codes(id));
        }
        for work in element.all("WorkId") {
            if let Some(text) = work.text_at(&["ISWC"]) {
                codes.extend(code(Scheme::Iswc, text, &mut self.notices));
            }
        }
        codes.sort();
        codes.dedup();
        (codes, own)
    }

    fn delivered(&mut self, file: &Element) -> Result<DeliveredFile, Say> {
        let uri = file
            .text_at(&["URI"])
            .map(str::to_owned)
            .or_else(|| {
                // As it was before 4.1.
                let name = file.text_at(&["FileName"])?;
                let folder = file.text_at(&["FilePath"]).unwrap_or_default();
                Some(format!("{folder}{name}"))
            })
            .ok_or_else(|| missing(file, "URI"))?;
        let hash = match file.child("HashSum") {
            None => None,
            Some(sum) => {
                let algorithm = sum
                    .text_at(&["Algorithm"])
                    .or_else(|| sum.text_at(&["HashSumAlgorithmType"]))
                    .unwrap_or_default();
                let value = sum
                    .text_at(&["HashSumValue"])
                    .or_else(|| sum.text_at(&["HashSum"]))
                    .ok_or_else(|| missing(sum, "HashSumValue"))?;
                match HashSum::parse(algorithm, value) {
                    Ok(hash) => Some(hash),
                    Err(why) => {
                        if self.notices.len() < NOTICES {
                            self.notices.push(why.with("line", sum.line));
                        }
                        None
                    }
                }
            }
        };
        Ok(DeliveredFile { uri, hash })
    }

    fn labels(element: &Element) -> Vec<String> {
        let labels = element.all("ReleaseLabelReference");
        labels
            .filter(|label| !label.text.is_empty())
            .map(|label| label.text.clone())
            .collect()
    }

    fn genre(&self, element: &Element) -> Option<String> {
        let genres: Vec<&Element> = element.all("Genre").collect();
        let genre = self.best(&genres)?;
        let text = cleaned(genre.text_at(&["GenreText"])?).0;
        (!text.is_empty()).then_some(text)
    }

    pub(super) fn release(&mut self, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["ReleaseReference"])?.to_owned();
        required(element, &["ReleaseType"])?;
        let title = self
            .title(element)
            .ok_or_else(|| missing(element, "DisplayTitleText"))?;
        let artists = Self::artists(element);
        let credit = self.credit(element);
        if artists.is_empty() && credit.is_none() {
            return Err(missing(element, "DisplayArtist"));
        }
        let labels = Self::labels(element);
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
        let dates: Vec<&Element> = element
            .all("OriginalReleaseDate")
            .chain(element.all("ReleaseDate"))
            .collect();
        let year = self
            .best(&dates)
            .and_then(|date| year(&date.text))
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
            content,
            pictures,
        };
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
            labels: Self::labels(element),
            genre: self.genre(element),
            codes: release_codes(element, &mut self.notices)?,
            line: element.line,
        };
        self.track_releases.push(track);
        Ok(())
    }

    pub(super) fn deal(&mut self, element: &Element) -> Result<(), Say> {
        let releases: Vec<String> = element
            .all("DealReleaseReference")
            .map(|reference| reference.text.clone())
            .collect();
        if releases.is_empty() {
            return Err(missing(element, "DealReleaseReference"));
        }
        let deals: Vec<Deal> = element.all("Deal").map(terms).collect::<Result<_, _>>()?;
        if deals.is_empty() {
            return Err(missing(element, "Deal"));
        }
        self.deals.push(ReleaseDeal { releases, deals });
        Ok(())
    }
}

/// What is on a release, in order, and its pictures.
fn content(group: &Element) -> (Vec<Content>, Vec<String>) {
    let (mut content, mut pictures) = (Vec::new(), Vec::new());
    let subgroups = group.all("ResourceGroup").count();
    let mut loose = 0;
    items(group, None, &mut loose, &mut content, &mut pictures);
    for (at, subgroup) in (1..).zip(ordered(group, "ResourceGroup")) {
        let disc = (subgroups > 1).then_some(at);
        let mut position = if disc.is_none() { loose } else { 0 };
        nested(subgroup, disc, &mut position, &mut content, &mut pictures);
    }
    (content, pictures)
}

fn nested(
    group: &Element,
    disc: Option<u32>,
    position: &mut u32,
    content: &mut Vec<Content>,
    pictures: &mut Vec<String>,
) {
    items(group, disc, position, content, pictures);
    for subgroup in ordered(group, "ResourceGroup") {
        nested(subgroup, disc, position, content, pictures);
    }
}

fn items(
    group: &Element,
    disc: Option<u32>,
    position: &mut u32,
    content: &mut Vec<Content>,
    pictures: &mut Vec<String>,
) {
    let linked = |element: &Element, pictures: &mut Vec<String>| {
        for linked in element.all("LinkedReleaseResourceReference") {
            if !linked.text.is_empty() && !pictures.contains(&linked.text) {
                pictures.push(linked.text.clone());
            }
        }
    };
    linked(group, pictures);
    for item in ordered(group, "ResourceGroupContentItem") {
        for reference in item.all("ReleaseResourceReference") {
            if reference.text.is_empty() {
                continue;
            }
            *position += 1;
            content.push(Content {
                resource: reference.text.clone(),
                disc,
                position: *position,
            });
        }
        linked(item, pictures);
    }
}

/// The elements of this name, by their sequence numbers.
fn ordered<'e>(group: &'e Element, name: &'e str) -> Vec<&'e Element> {
    let mut found: Vec<&Element> = group.all(name).collect();
    found.sort_by_key(|element| {
        let number = element.text_at(&["SequenceNumber"]);
        number
            .and_then(|text| text.parse::<i64>().ok())
            .unwrap_or(i64::MAX)
    });
    found
}

fn terms(element: &Element) -> Result<Deal, Say> {
    let mut deal = Deal {
        line: element.line,
        ..Deal::default()
    };
    let mut found = Vec::new();
    element.below("TakeDown", &mut found);
    deal.take_down = found.iter().any(|take_down| take_down.is_true());
    let Some(terms) = element.child("DealTerms") else {
        // Communicated out of band: nothing is known of it, so nothing is allowed by it.
        return Ok(deal);
    };
    let texts = |name: &str| -> Vec<String> {
        let mut found = Vec::new();
        terms.below(name, &mut found);
        found.into_iter().map(|one| one.text.clone()).collect()
    };
    deal.territories = texts("TerritoryCode");
    deal.excluded = texts("ExcludedTerritoryCode");
    deal.models = texts("CommercialModelType");
    deal.uses = texts("UseType");
    deal.pre_order = terms.child("IsPreOrderDeal").is_some_and(Element::is_true);
    for period in terms.all("ValidityPeriod") {
        let moment = |day: &str, time: &str| {
            let text = period.text_at(&[time]).or_else(|| period.text_at(&[day]));
            text.map(str::to_owned)
        };
        let from = moment("StartDate", "StartDateTime");
        deal.periods.push((from, moment("EndDate", "EndDateTime")));
    }
    if deal.territories.is_empty() && deal.excluded.is_empty() && !deal.take_down {
        return Err(missing(terms, "TerritoryCode"));
    }
    if deal.periods.is_empty() && !deal.take_down {
        return Err(missing(terms, "ValidityPeriod"));
    }
    Ok(deal)
}

fn duration(element: &Element, text: &str) -> Result<u64, Say> {
    let millis = Duration::parse(text).map(|duration| duration.millis);
    millis
        .filter(|millis| *millis <= DURATION_LIMIT_MS)
        .ok_or_else(|| {
            let shown: String = text.chars().take(40).collect();
            let why = format!(
                "Duration {:?} is not written like PT3M25S",
                cleaned(&shown).0
            );
            malformed(element.line, why)
        })
}

fn year(text: &str) -> Option<u16> {
    let year: u16 = text.trim().get(..4)?.parse().ok()?;
    (1_000..=9_999).contains(&year).then_some(year)
}

fn twice(element: &Element, reference: &str) -> Say {
    let reference: String = reference.chars().take(60).collect();
    malformed(
        element.line,
        format!("the reference {reference} is there twice"),
    )
}
