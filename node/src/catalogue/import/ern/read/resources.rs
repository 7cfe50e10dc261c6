//! Resources: recordings, films, pictures and what else a release is made of.

use std::collections::BTreeSet;

use federation::identifiers::{Identifier, Scheme};
use federation::vocabulary::Duration;

use super::super::super::hashes::HashSum;
use super::super::held::Held;
use super::super::message::{DeliveredFile, Resource, ResourceKind};
use super::super::xml::{Element, malformed};
use super::items::{twice, word, year};
use super::{NOTICES, Reading, code, missing, own_codes, required};
use crate::catalogue::tags::cleaned;
use crate::words::Say;

/// The longest duration, in milliseconds: a week.
const DURATION_LIMIT_MS: u64 = 7 * 24 * 3600 * 1000;

impl Reading {
    pub(super) fn resource(&mut self, kind: ResourceKind, element: &Element) -> Result<(), Say> {
        let reference = required(element, &["ResourceReference"])?;
        let is_played = matches!(kind, ResourceKind::Sound | ResourceKind::Video);
        let type_word = match element.child("Type").map(word) {
            Some(word) if !word.is_empty() => word,
            _ if is_played => return Err(missing(element, "Type")),
            _ => String::new(),
        };
        let editions = self.editions(element);
        let (codes, own_codes) = self.resource_codes(element, &editions);
        let duration_ms = match element.text_at(&["Duration"]) {
            Some(text) => Some(duration(element, text)?),
            None if is_played => return Err(missing(element, "Duration")),
            None => None,
        };
        let title = self.title(element);
        if is_played && title.is_none() {
            return Err(missing(element, "DisplayTitleText"));
        }
        let (artists, mut contributors) = Self::artists(element);
        let credit = self.credit(element);
        if is_played && artists.is_empty() && credit.is_none() {
            return Err(missing(element, "DisplayArtist"));
        }
        let lines: Vec<&Element> = editions
            .iter()
            .copied()
            .chain([element])
            .flat_map(|place| place.all("PLine"))
            .collect();
        let p_line = self.best(&lines);
        let mut files = Vec::new();
        for details in editions
            .iter()
            .flat_map(|place| place.all("TechnicalDetails"))
        {
            for file in whole_files(details) {
                files.push(self.delivered(file)?);
            }
        }
        for contributor in element.all("Contributor") {
            let reference = required(contributor, &["ContributorPartyReference"])?;
            let roles = contributor
                .all("Role")
                .chain(contributor.all("InstrumentType"));
            let mut words: Vec<String> = roles.map(word).filter(|word| !word.is_empty()).collect();
            if words.is_empty() {
                words.push("Contributor".to_owned());
            }
            contributors.extend(words.into_iter().map(|word| (reference.to_owned(), word)));
        }
        let mut seen = BTreeSet::new();
        contributors.retain(|one| seen.insert(one.clone()));
        let resource = Resource {
            kind,
            line: element.line,
            type_word,
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
            supplemental: matches!(element.attribute("IsSupplemental"), Some("true" | "1")),
            files,
        };
        self.held += reference.held() + resource.held();
        if self
            .resources
            .insert(reference.to_owned(), resource)
            .is_some()
        {
            return Err(twice(element, reference));
        }
        Ok(())
    }

    /// The editions of a recording that are heard as they are (4.3), or the recording itself
    /// (before). One that is mixed for many loudspeakers counts only where there is no other.
    fn editions<'e>(&mut self, element: &'e Element) -> Vec<&'e Element> {
        let all = |immersive: bool| -> Vec<&'e Element> {
            element
                .all("SoundRecordingEdition")
                .chain(element.all("VideoEdition"))
                .filter(|edition| {
                    (edition.text_at(&["Type"]) == Some("ImmersiveEdition")) == immersive
                })
                .collect()
        };
        let (plain, immersive) = (all(false), all(true));
        match (plain.is_empty(), immersive.is_empty()) {
            (true, true) => vec![element],
            (true, false) => immersive,
            (false, true) => plain,
            (false, false) => {
                let reference = element.text_at(&["ResourceReference"]).unwrap_or_default();
                let says = Say::new("catalogue-ern-immersive");
                self.note(says.with("reference", cleaned(reference).0));
                plain
            }
        }
    }

    /// The codes of a recording: in its editions (4.3), or beside its reference (before). The first
    /// of a kind is the one it goes by.
    fn resource_codes(
        &mut self,
        element: &Element,
        editions: &[&Element],
    ) -> (Vec<Identifier>, Vec<String>) {
        let (mut codes, mut own) = (Vec::new(), Vec::new());
        for id in editions.iter().flat_map(|place| place.all("ResourceId")) {
            if matches!(id.attribute("IsReplaced"), Some("true" | "1")) {
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
        let mut seen = BTreeSet::new();
        codes.retain(|code: &Identifier| seen.insert(code.clone()));
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
                    .child("Algorithm")
                    .or_else(|| sum.child("HashSumAlgorithmType"))
                    .map(word)
                    .unwrap_or_default();
                let value = sum
                    .text_at(&["HashSumValue"])
                    .or_else(|| sum.text_at(&["HashSum"]))
                    .ok_or_else(|| missing(sum, "HashSumValue"))?;
                match HashSum::parse(&algorithm, value) {
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
}

/// The files that hold the whole of a resource: not clips (4.3) and previews (before).
fn whole_files(details: &Element) -> Vec<&Element> {
    let says = |name: &str| details.child(name).is_some_and(Element::is_true);
    if says("IsClip") || says("IsPreview") {
        return Vec::new();
    }
    let delivered = details.all("DeliveryFile").filter(|file| {
        let is_provided = file.text_at(&["IsProvidedInDelivery"]);
        file.text_at(&["Type"]) != Some("ColorInformationFile")
            && !matches!(is_provided, Some("false" | "0"))
    });
    let delivered = delivered.flat_map(|file| file.all("File"));
    details.all("File").chain(delivered).collect()
}

fn duration(element: &Element, text: &str) -> Result<u64, Say> {
    // No years and no months are as good as none spoken of.
    let plain = text.replacen("P0Y", "P", 1).replacen("P0M", "P", 1);
    let plain = if plain == "P" { "PT0S" } else { &plain };
    let millis = Duration::parse(plain).map(|duration| duration.millis);
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
