//! Deals: who may do what with a release, where and when, as it is written.

use super::super::held::Held;
use super::super::message::{Deal, ReleaseDeal};
use super::super::xml::Element;
use super::items::word;
use super::{Reading, missing, names_of};
use crate::words::Say;

impl Reading {
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
        let deal = ReleaseDeal { releases, deals };
        self.held += deal.held();
        self.deals.push(deal);
        Ok(())
    }
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
    let places = |name: &str| terms.all(name).map(|one| one.text.clone()).collect();
    deal.territories = places("TerritoryCode");
    deal.excluded = places("ExcludedTerritoryCode");
    let below = |name: &str| {
        let mut found = Vec::new();
        terms.below(name, &mut found);
        found
    };
    deal.models = below("CommercialModelType").into_iter().map(word).collect();
    for used in below("UseType") {
        // What may be played and not be found is not for a catalogue.
        let is_hidden = matches!(used.attribute("IsDiscoverable"), Some("false" | "0"));
        let hidden = if is_hidden {
            " (IsDiscoverable: false)"
        } else {
            ""
        };
        deal.uses.push(format!("{}{hidden}", word(used)));
    }
    deal.pre_order = terms.child("IsPreOrderDeal").is_some_and(Element::is_true);
    deal.is_counted = terms.child("NumberOfUsages").is_some();
    deal.channels = terms
        .all("DistributionChannel")
        .flat_map(names_of)
        .collect();
    deal.not_channels = terms
        .all("ExcludedDistributionChannel")
        .flat_map(names_of)
        .collect();
    for period in terms.all("ValidityPeriod") {
        let moment = |day: &str, time: &str| {
            let text = period.text_at(&[time]).or_else(|| period.text_at(&[day]));
            text.map(str::to_owned)
        };
        let from = moment("StartDate", "StartDateTime");
        deal.periods.push((from, moment("EndDate", "EndDateTime")));
    }
    if deal.periods.is_empty() && !deal.take_down {
        return Err(missing(terms, "ValidityPeriod"));
    }
    Ok(deal)
}
