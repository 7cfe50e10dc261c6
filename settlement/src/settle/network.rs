//! The reports in force, held against each other, and their works and venues put in one order.

use std::collections::BTreeMap;

use super::{Inputs, Refused, RowRefused};
use crate::{Isrc, NodeId, ReducedRow, Report, WorkId};

/// A report in force.
pub(super) struct InForce<'a> {
    pub report: &'a Report,
    /// For each venue, its place among all venues of the network, sorted by URI.
    pub venues: Vec<u32>,
    /// For each track, its place in [`Network::works`].
    pub works: Vec<u32>,
}

impl InForce<'_> {
    /// The reduction's rows of each venue, by the venue's number.
    pub fn rows_by_venue(&self) -> impl Iterator<Item = std::ops::Range<usize>> {
        let rows = &self.report.reduction;
        let mut from = 0;
        (0..self.report.venues.len()).map(move |venue| {
            let to = from + rows[from..].partition_point(|row| row.venue as usize <= venue);
            std::mem::replace(&mut from, to)..to
        })
    }
}

/// Who reported what.
pub(super) struct Network<'a> {
    /// Sorted by node.
    pub reports: Vec<InForce<'a>>,
    /// All works of all reports, sorted by URI; a work is named below by its place here.
    pub works: Vec<&'a WorkId>,
    /// Works of more than one origin that claim one recording code, code by code.
    pub rivals: Vec<Vec<u32>>,
    /// The one node of each origin.
    pub nodes: BTreeMap<&'a str, &'a NodeId>,
}

impl<'a> Network<'a> {
    pub fn of(inputs: &'a Inputs) -> Result<Self, Refused> {
        let in_force = in_force(inputs)?;
        let nodes = one_node_an_origin(inputs, &in_force)?;
        for report in &in_force {
            check(report)?;
        }
        let mut reports: Vec<InForce<'a>> = in_force
            .iter()
            .map(|&report| InForce {
                report,
                venues: vec![0; report.venues.len()],
                works: vec![0; report.tracks.len()],
            })
            .collect();
        order_venues(&mut reports)?;
        let works = order_works(&mut reports)?;
        let rivals = rivals(&reports, &works);
        Ok(Network {
            reports,
            works,
            rivals,
            nodes,
        })
    }
}

/// Each node's report with the highest sequence. The same report twice is one report.
fn in_force(inputs: &Inputs) -> Result<Vec<&Report>, Refused> {
    let mut by_node: BTreeMap<(&NodeId, u64), &Report> = BTreeMap::new();
    for report in &inputs.reports {
        let (node, sequence) = (&report.node, report.sequence);
        if report.period != inputs.period {
            return Err(Refused::OtherPeriod {
                node: node.clone(),
                found: report.period,
                wanted: inputs.period,
            });
        }
        let first = by_node.entry((node, sequence)).or_insert(report);
        if **first != *report {
            return Err(Refused::Equivocation {
                node: node.clone(),
                sequence,
            });
        }
    }
    let highest: BTreeMap<&NodeId, &Report> = by_node
        .into_iter()
        .map(|((node, _), report)| (node, report))
        .collect();
    if highest.is_empty() {
        return Err(Refused::NoReport(inputs.period));
    }
    Ok(highest.into_values().collect())
}

/// The network's nodes: those that reported, and the coordinator.
fn one_node_an_origin<'a>(
    inputs: &'a Inputs,
    in_force: &[&'a Report],
) -> Result<BTreeMap<&'a str, &'a NodeId>, Refused> {
    let mut nodes = BTreeMap::new();
    let reported = in_force.iter().map(|report| &report.node);
    for node in reported.chain(&inputs.coordinator) {
        let first = *nodes.entry(node.origin()).or_insert(node);
        if first != node {
            return Err(Refused::TwoNodes(first.clone(), node.clone()));
        }
    }
    Ok(nodes)
}

/// What can be said of a report by itself.
fn check(report: &Report) -> Result<(), Refused> {
    let node = || report.node.clone();
    if let Some(venue) = report
        .venues
        .iter()
        .find(|venue| venue.contribution.get() < 0)
    {
        return Err(Refused::NegativeContribution {
            node: node(),
            venue: venue.id.clone(),
        });
    }
    let mut before = None;
    for (at, row) in report.reduction.iter().enumerate() {
        check_row(report, row, before).map_err(|why| Refused::Row {
            node: node(),
            row: at + 1,
            why,
        })?;
        before = Some((row.venue, row.track));
    }
    Ok(())
}

fn check_row(
    report: &Report,
    row: &ReducedRow,
    before: Option<(u32, u32)>,
) -> Result<(), RowRefused> {
    if row.venue as usize >= report.venues.len() {
        return Err(RowRefused::UnknownVenue(row.venue));
    }
    if row.track as usize >= report.tracks.len() {
        return Err(RowRefused::UnknownTrack(row.track));
    }
    if before >= Some((row.venue, row.track)) {
        return Err(RowRefused::Unsorted);
    }
    if row.uses == 0 {
        return Err(RowRefused::NoUses);
    }
    if row.weight >= 10u128.pow(38) {
        return Err(RowRefused::Weight);
    }
    Ok(())
}

/// A place in a list that came with 32-bit numbers.
fn place(at: usize) -> Result<u32, Refused> {
    u32::try_from(at).map_err(|_| Refused::TooLarge("the number of works and venues"))
}

fn order_venues(reports: &mut [InForce<'_>]) -> Result<(), Refused> {
    let mut all = Vec::new();
    for (of, in_force) in reports.iter().enumerate() {
        all.extend(
            in_force
                .report
                .venues
                .iter()
                .enumerate()
                .map(|(at, venue)| (&venue.id, of, at)),
        );
    }
    all.sort_unstable();
    if let Some(pair) = all.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        let node = |of: usize| reports[of].report.node.clone();
        let (first, second) = (node(pair[0].1), node(pair[1].1));
        return Err(Refused::VenueTwice {
            venue: pair[0].0.clone(),
            first,
            second,
        });
    }
    for (rank, (_, of, at)) in all.into_iter().enumerate() {
        reports[of].venues[at] = place(rank)?;
    }
    Ok(())
}

fn order_works<'a>(reports: &mut [InForce<'a>]) -> Result<Vec<&'a WorkId>, Refused> {
    let mut all = Vec::new();
    for (of, in_force) in reports.iter().enumerate() {
        all.extend(
            in_force
                .report
                .tracks
                .iter()
                .enumerate()
                .map(|(at, track)| (&track.id, of, at)),
        );
    }
    all.sort_unstable();
    let mut works: Vec<&WorkId> = Vec::new();
    let mut before = None;
    for (work, of, at) in all {
        if works.last() != Some(&work) {
            works.push(work);
        } else if before == Some(of) {
            let node = reports[of].report.node.clone();
            return Err(Refused::WorkTwice {
                node,
                work: work.clone(),
            });
        }
        before = Some(of);
        reports[of].works[at] = place(works.len() - 1)?;
    }
    Ok(works)
}

/// Where reports give one work different codes, it claims them all.
fn rivals(reports: &[InForce<'_>], works: &[&WorkId]) -> Vec<Vec<u32>> {
    let mut claims: Vec<(&Isrc, u32)> = reports
        .iter()
        .flat_map(|in_force| in_force.report.tracks.iter().zip(&in_force.works))
        .filter_map(|(track, &work)| Some((track.isrc.as_ref()?, work)))
        .collect();
    claims.sort_unstable();
    claims.dedup();
    let origin = |work: u32| works[work as usize].origin();
    claims
        .chunk_by(|one, other| one.0 == other.0)
        .filter(|claims| {
            claims
                .iter()
                .any(|claim| origin(claim.1) != origin(claims[0].1))
        })
        .map(|claims| claims.iter().map(|claim| claim.1).collect())
        .collect()
}
