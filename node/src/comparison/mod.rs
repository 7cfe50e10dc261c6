//! Policies side by side: who gains and who loses if the assembly decides otherwise.
//!
//! The same month is settled under each policy; the first one is what the others are held against.
//! Works are put into **bands** by how often they were used (the ten most used, the next ninety, …),
//! and by the territory of use, by the work's own territory and by kind. Of each of these **groups**
//! the comparison says what it earns under each policy, its part of all the money for works, and how
//! many of its works earn more or less than under the first policy. The **parts** of the
//! contributions (parties, what is held, fund, nodes, coordinator) are compared as well.
//!
//! Amounts of policies that settle in another currency than the first are not held against it; their
//! parts of the whole are.

mod page;
mod table;

pub use page::ComparisonPage;

use std::cmp::Ordering;
use std::collections::{BTreeMap, HashMap};

use settlement::{Currency, Kind, NodeId, Period, Report, Settlement, Territory, WorkId};

/// The last rank of each band but the last, which has none.
const BANDS: [u64; 4] = [10, 100, 1_000, 10_000];
/// The whole of which parts are told.
pub const MILLION: u128 = 1_000_000;

/// What the comparison says of works beyond what settlements do.
#[derive(Clone, Debug, Default)]
pub struct Catalogue {
    works: BTreeMap<WorkId, (Kind, Option<Territory>)>,
}

impl Catalogue {
    /// The works of the reports in force. Where nodes disagree about one, the node whose address
    /// comes first is believed.
    pub fn of(reports: &[Report]) -> Self {
        let mut in_force: BTreeMap<&NodeId, &Report> = BTreeMap::new();
        for report in reports {
            let place = in_force.entry(&report.node).or_insert(report);
            if report.sequence > place.sequence {
                *place = report;
            }
        }
        let mut works = BTreeMap::new();
        for track in in_force.values().flat_map(|report| &report.tracks) {
            works
                .entry(track.id.clone())
                .or_insert((track.kind, track.home));
        }
        Catalogue { works }
    }
}

/// By what works are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// By rank: the most used work is the first, of equals the one whose address comes first,
    /// numbers in it taken as numbers.
    Rank,
    /// By the territory in which they were used.
    Territory,
    /// By the territory that is home to them.
    Home,
    /// By what they are.
    Kind,
}

impl By {
    /// All of them, in the order in which they are told.
    pub const ALL: [By; 4] = [By::Rank, By::Territory, By::Home, By::Kind];

    /// Its name in `comparison.csv`.
    pub fn as_str(self) -> &'static str {
        match self {
            By::Rank => "rank",
            By::Territory => "territory",
            By::Home => "home",
            By::Kind => "kind",
        }
    }
}

/// What a group is put together by, in the order in which groups of one sort are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// The place of a band, from 0.
    Band(usize),
    /// A territory; none for works that are at home nowhere.
    Territory(Option<Territory>),
    /// A kind.
    Kind(Kind),
}

impl Key {
    /// Its name in `comparison.csv`: `1-10`, `10001-`, `FR-ARA`, `music`; empty for nowhere.
    pub fn name(self) -> String {
        match self {
            Key::Band(band) => match bounds(band) {
                (from, Some(to)) => format!("{from}-{to}"),
                (from, None) => format!("{from}-"),
            },
            Key::Territory(territory) => territory.map(|t| t.to_string()).unwrap_or_default(),
            Key::Kind(kind) => kind.to_string(),
        }
    }
}

/// The first and the last rank of a band.
fn bounds(band: usize) -> (u64, Option<u64>) {
    let from = band
        .checked_sub(1)
        .and_then(|before| BANDS.get(before))
        .map_or(1, |last| last + 1);
    (from, BANDS.get(band).copied())
}

/// A policy and what the month comes to under it.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The name it is told by here; no two cases have the same.
    pub name: &'a str,
    /// The settlement under it, of the same reports as the others'.
    pub settlement: &'a Settlement,
}

/// Where a part of the contributions goes under each policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// `parties`, `held`, `fund`, `nodes` or `coordinator`.
    pub name: &'static str,
    /// Under each policy.
    pub under: Vec<Amount>,
}

/// Works put together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    /// By what.
    pub key: Key,
    /// How many; a work that was used in two territories counts in both.
    pub works: u64,
    /// How often they were used.
    pub uses: u128,
    /// Under each policy.
    pub under: Vec<Amount>,
}

/// An amount under one policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// In micros of the policy's currency.
    pub micro: i128,
    /// Its part of the whole under that policy, in millionths, rounded to the nearest.
    pub millionths: u128,
    /// Works that earn more than under the first policy.
    pub gaining: u64,
    /// Works that earn less.
    pub losing: u64,
}

/// Parties held against the first policy.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those who earn more.
    pub gaining: u64,
    /// Those who earn less.
    pub losing: u64,
}

/// A month under several policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    period: Period,
    names: Vec<String>,
    currencies: Vec<Currency>,
    parts: Vec<Part>,
    groups: Vec<(By, Vec<Group>)>,
    works: Vec<Counts>,
    parties: Vec<Counts>,
}

impl Comparison {
    /// Compares settlements of the same reports; the first is what the others are held against.
    /// Nothing where there is none.
    pub fn of(catalogue: &Catalogue, cases: &[Case<'_>]) -> Option<Self> {
        let first = cases.first()?.settlement;
        let works = Works::of(catalogue, cases);
        let groups = By::ALL
            .into_iter()
            .map(|by| (by, works.grouped(by)))
            .collect();
        Some(Comparison {
            period: first.period(),
            names: cases.iter().map(|case| case.name.to_owned()).collect(),
            currencies: cases
                .iter()
                .map(|case| case.settlement.currency())
                .collect(),
            parts: parts(cases),
            groups,
            works: works.counts(),
            parties: cases
                .iter()
                .map(|case| parties_against(first, case.settlement))
                .collect(),
        })
    }

    /// Whether amounts under a policy can be held against those under the first.
    pub fn comparable(&self, case: usize) -> bool {
        self.currencies.get(case) == self.currencies.first()
    }

    /// The groups of one sort.
    pub fn groups(&self, by: By) -> &[Group] {
        self.groups
            .iter()
            .find(|(sort, _)| *sort == by)
            .map_or(&[], |(_, groups)| groups)
    }

    /// Where the contributions go.
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }
}

/// The works of a month with what they earn under each policy, one after the other in `micro`.
struct Works<'a> {
    cases: usize,
    /// Whether each case can be held against the first.
    comparable: Vec<bool>,
    works: Vec<Work<'a>>,
    /// Rows by territory and work, for the grouping by territory.
    rows: Vec<(Territory, u128, Vec<i128>)>,
}

struct Work<'a> {
    id: &'a WorkId,
    kind: Kind,
    home: Option<Territory>,
    uses: u128,
    micro: Vec<i128>,
}

impl<'a> Works<'a> {
    fn of(catalogue: &Catalogue, cases: &[Case<'a>]) -> Self {
        let first = cases.first().map(|case| case.settlement.currency());
        let mut works: Vec<Work<'a>> = Vec::new();
        let mut places: HashMap<&WorkId, usize> = HashMap::new();
        let mut rows: BTreeMap<(Territory, &WorkId), (u128, Vec<i128>)> = BTreeMap::new();
        for (case, under) in cases.iter().enumerate() {
            for row in under.settlement.allocations() {
                let place = *places.entry(&row.work).or_insert_with(|| {
                    let (kind, home) = catalogue
                        .works
                        .get(&row.work)
                        .copied()
                        .unwrap_or((Kind::Music, None));
                    works.push(Work {
                        id: &row.work,
                        kind,
                        home,
                        uses: 0,
                        micro: vec![0; cases.len()],
                    });
                    works.len() - 1
                });
                let work = &mut works[place];
                // Uses are the same under all policies.
                work.uses += if case == 0 { row.uses } else { 0 };
                work.micro[case] += row.amount.get();
                let (uses, micro) = rows
                    .entry((row.territory, &row.work))
                    .or_insert_with(|| (row.uses, vec![0; cases.len()]));
                *uses = row.uses;
                micro[case] += row.amount.get();
            }
        }
        works.sort_by(|one, other| {
            other
                .uses
                .cmp(&one.uses)
                .then_with(|| by_address(one.id.as_str(), other.id.as_str()))
        });
        Works {
            cases: cases.len(),
            comparable: cases
                .iter()
                .map(|case| Some(case.settlement.currency()) == first)
                .collect(),
            works,
            rows: rows
                .into_iter()
                .map(|((territory, _), (uses, micro))| (territory, uses, micro))
                .collect(),
        }
    }

    fn grouped(&self, by: By) -> Vec<Group> {
        let mut groups: BTreeMap<Key, Group> = BTreeMap::new();
        let mut add = |key: Key, uses: u128, micro: &[i128]| {
            let group = groups.entry(key).or_insert_with(|| Group {
                key,
                works: 0,
                uses: 0,
                under: vec![Amount::default(); self.cases],
            });
            group.works += 1;
            group.uses += uses;
            for (case, amount) in group.under.iter_mut().enumerate() {
                amount.micro += micro[case];
                let against = if self.comparable[case] {
                    micro[0]
                } else {
                    micro[case]
                };
                amount.gaining += u64::from(micro[case] > against);
                amount.losing += u64::from(micro[case] < against);
            }
        };
        match by {
            By::Territory => {
                for (territory, uses, micro) in &self.rows {
                    add(Key::Territory(Some(*territory)), *uses, micro);
                }
            }
            _ => {
                for (place, work) in self.works.iter().enumerate() {
                    let key = match by {
                        By::Rank => Key::Band(band(place)),
                        By::Kind => Key::Kind(work.kind),
                        _ => Key::Territory(work.home),
                    };
                    add(key, work.uses, &work.micro);
                }
            }
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        for case in 0..self.cases {
            let sum = groups.iter().map(|group| group.under[case].micro).sum();
            for group in &mut groups {
                let amount = &mut group.under[case];
                amount.millionths = of_a_million(amount.micro, sum);
            }
        }
        groups
    }

    fn counts(&self) -> Vec<Counts> {
        (0..self.cases)
            .map(|case| {
                let mut counts = Counts::default();
                for work in self.works.iter().filter(|_| self.comparable[case]) {
                    counts.gaining += u64::from(work.micro[case] > work.micro[0]);
                    counts.losing += u64::from(work.micro[case] < work.micro[0]);
                }
                counts
            })
            .collect()
    }
}

/// The band of the work at a place, from 0.
fn band(place: usize) -> usize {
    let rank = place as u64 + 1;
    BANDS.iter().filter(|last| rank > **last).count()
}

/// An amount as millionths of a sum, rounded to the nearest.
fn of_a_million(micro: i128, sum: i128) -> u128 {
    let (micro, sum) = (micro.unsigned_abs(), sum.unsigned_abs());
    if sum == 0 {
        return 0;
    }
    // Where the product would not fit, a unit in 10³² more or less is not seen.
    match micro.checked_mul(2 * MILLION) {
        Some(twice) => (twice / sum).div_ceil(2),
        None => micro / (sum / MILLION).max(1),
    }
}

/// Addresses in the order in which people count: `…/works/9` before `…/works/10`.
fn by_address(one: &str, other: &str) -> Ordering {
    let number = |text: &mut &[u8]| {
        let digits = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
        let (number, rest) = text.split_at(digits);
        *text = rest;
        let zeros = number.iter().take_while(|digit| **digit == b'0').count();
        number[zeros..].to_vec()
    };
    let (mut left, mut right) = (one.as_bytes(), other.as_bytes());
    while let (Some(a), Some(b)) = (left.first(), right.first()) {
        let order = if a.is_ascii_digit() && b.is_ascii_digit() {
            let (a, b) = (number(&mut left), number(&mut right));
            a.len().cmp(&b.len()).then(a.cmp(&b))
        } else {
            let order = a.cmp(b);
            (left, right) = (&left[1..], &right[1..]);
            order
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    left.len().cmp(&right.len()).then_with(|| one.cmp(other))
}

fn parts(cases: &[Case<'_>]) -> Vec<Part> {
    const NAMES: [&str; 5] = ["parties", "held", "fund", "nodes", "coordinator"];
    let amounts: Vec<([i128; 5], [u128; 5])> = cases
        .iter()
        .map(|case| {
            let totals = case.settlement.totals();
            let micro = [
                totals.earned,
                totals.held,
                totals.fund,
                totals.node,
                totals.coordinator,
            ]
            .map(|micros| micros.get());
            let sum = micro.iter().sum();
            let millionths = micro.map(|micro| of_a_million(micro, sum));
            (micro, millionths)
        })
        .collect();
    NAMES
        .into_iter()
        .enumerate()
        .map(|(at, name)| Part {
            name,
            under: amounts
                .iter()
                .map(|(micro, millionths)| Amount {
                    micro: micro[at],
                    millionths: millionths[at],
                    ..Amount::default()
                })
                .collect(),
        })
        .collect()
}

/// How many parties earn more, and less, than under the first policy.
fn parties_against(first: &Settlement, other: &Settlement) -> Counts {
    let mut counts = Counts::default();
    if first.currency() != other.currency() {
        return counts;
    }
    let mut earned: BTreeMap<_, [i128; 2]> = BTreeMap::new();
    for (at, settlement) in [first, other].into_iter().enumerate() {
        for row in settlement.parties() {
            earned.entry(&row.party).or_default()[at] = row.earned.get();
        }
    }
    for [before, after] in earned.into_values() {
        counts.gaining += u64::from(after > before);
        counts.losing += u64::from(after < before);
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_put_in_the_order_in_which_people_count() {
        let in_order = ["a", "a/2", "a/9b", "a/10", "a/10/1", "a/x"];
        for pair in in_order.windows(2) {
            assert_eq!(by_address(pair[0], pair[1]), Ordering::Less, "{pair:?}");
            assert_eq!(by_address(pair[1], pair[0]), Ordering::Greater, "{pair:?}");
        }
        assert_eq!(by_address("a/1", "a/1"), Ordering::Equal);
        assert_ne!(
            by_address("a/01", "a/1"),
            Ordering::Equal,
            "two works, two places"
        );
    }

    #[test]
    fn parts_are_rounded_to_the_nearest_millionth() {
        assert_eq!(of_a_million(1, 3), 333_333);
        assert_eq!(of_a_million(2, 3), 666_667);
        assert_eq!(of_a_million(1, 2_000_000), 1);
        assert_eq!(of_a_million(0, 0), 0);
        assert_eq!(of_a_million(i128::MAX / 2, i128::MAX), 500_000);
    }

    #[test]
    fn ranks_fall_into_bands() {
        let names = [0, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 1 << 30]
            .map(|place| Key::Band(band(place)).name());
        assert_eq!(
            names,
            [
                "1-10",
                "1-10",
                "11-100",
                "11-100",
                "101-1000",
                "101-1000",
                "1001-10000",
                "1001-10000",
                "10001-",
                "10001-"
            ]
        );
    }
}
