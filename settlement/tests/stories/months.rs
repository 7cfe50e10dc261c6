//! Months as they come: random nodes, venues, works, sheets and policies.

use std::collections::BTreeMap;

use proptest::{collection::vec, option, prelude::*, sample::select};
use settlement::{
    Account, Adjustment, Adjustments, Balances, Currency, Disputes, Inputs, Kind, Line, Micros,
    Policy, Rates, Scope, SplitSheet, Terms, Unit, WorkId,
};

use crate::world::*;

const HOSTS: [&str; 4] = ["loire", "wallonie", "genf", "away"];
const TERRITORIES: [&str; 5] = ["FR", "FR-ARA", "FR-BRE", "BE", "BE-WAL"];
const MOMENTS: [&str; 3] = [
    "2025-12-12T09:00:00Z",
    "2025-12-12T10:00:00+01:00",
    "2026-01-01T00:00:00.5Z",
];
const PLACES: &[&[&str]] = &[
    &["*"],
    &["FR"],
    &["FR-ARA", "BE"],
    &["FR-ARA", "BE-WAL", "*"],
];
const RATES: &str = "Date,JPY,TND\n2026-10-30,160.55,N/A\n2026-10-29,161,3.3333\n";

fn territory() -> impl Strategy<Value = &'static str> {
    select(&TERRITORIES[..])
}

/// The catalogue: some works share a recording code with works of elsewhere.
fn works() -> impl Strategy<Value = Vec<(WorkId, Option<String>, Kind, Option<&'static str>)>> {
    let one = (
        select(&HOSTS[..]),
        option::of(0..3u8),
        select(&Kind::ALL[..]),
        option::of(territory()),
    );
    vec(one, 1..9).prop_map(|works| {
        let code = |code: u8| format!("FR-ABC-26-0000{code}");
        works
            .into_iter()
            .enumerate()
            .map(|(at, (host, isrc, kind, home))| {
                (work(host, &format!("{at}")), isrc.map(code), kind, home)
            })
            .collect()
    })
}

type Catalogue = Vec<(WorkId, Option<String>, Kind, Option<&'static str>)>;

fn month(host: &'static str, catalogue: Catalogue) -> impl Strategy<Value = Month> {
    let amount = prop_oneof![
        0..10i128,
        0..1_000_000i128,
        Just(0),
        0..1_000_000_000_000_000i128
    ];
    let uses = prop_oneof![1..4u32, 1..300u32, 1..u32::MAX];
    let seconds = prop_oneof![Just(0u64), 0..100_000u64, 0..(1u64 << 40)];
    let lines = vec(
        (0..3usize, 0..5u32, 0..catalogue.len(), uses, seconds),
        0..30,
    );
    let currency = select(&["EUR", "JPY", "TND"][..]);
    (vec(amount, 0..4), lines, territory(), currency).prop_map(
        move |(venues, lines, territory, currency)| {
            let mut month = Month::of(host, territory).in_currency(currency);
            for (id, isrc, kind, home) in &catalogue {
                month = month.knows(id.clone(), isrc.as_deref(), *kind, *home);
            }
            for (at, contribution) in venues.iter().enumerate() {
                month = month.venue(&at.to_string(), *contribution);
            }
            let mut once = BTreeMap::new();
            for (venue, member, track, uses, seconds) in lines {
                if venue < venues.len() {
                    once.insert((venue as u32, member, track as u32), (uses, seconds));
                }
            }
            let line = |((venue, member, track), (uses, seconds))| Line {
                venue,
                member,
                track,
                uses,
                seconds,
            };
            month.lines = once.into_iter().map(line).collect();
            month
        },
    )
}

fn policy() -> impl Strategy<Value = Policy> {
    let weight = || prop_oneof![Just(10_000u32), Just(0), 0..=1_000_000u32, Just(20_000)];
    let scope = select(&[Scope::Venue, Scope::Node, Scope::Network][..]);
    let cut = || 0..=10_000u32;
    let cap = prop_oneof![Just(0u64), 1..20u64, 1..5_000_000_000u64];
    (
        (cut(), cut(), cut()),
        cut(),
        scope,
        any::<bool>(),
        cap,
        (weight(), weight(), weight()),
        0..5000u64,
    )
        .prop_map(
            |(
                (one, two, three),
                user_centric_bp,
                pro_rata_scope,
                seconds,
                member_cap_uses,
                weights,
                payout_minimum,
            )| {
                let mut cuts = [one, two, three];
                cuts.sort();
                let mut terms = Terms {
                    currency: Some(Currency::EURO),
                    rights_bp: cuts[0],
                    fund_bp: cuts[1] - cuts[0],
                    node_bp: cuts[2] - cuts[1],
                    coordinator_bp: 10_000 - cuts[2],
                    user_centric_bp,
                    pro_rata_bp: 10_000 - user_centric_bp,
                    pro_rata_scope,
                    unit: if seconds { Unit::Seconds } else { Unit::Uses },
                    member_cap_uses,
                    local_bp: weights.0,
                    payout_minimum,
                    ..Terms::default()
                };
                (terms.kind_bp.music, terms.kind_bp.book) = (weights.1, weights.2);
                Policy::new(terms).unwrap()
            },
        )
}

fn sheets(catalogue: &Catalogue) -> impl Strategy<Value = Vec<SplitSheet>> + use<> {
    let works: Vec<WorkId> = catalogue.iter().map(|work| work.0.clone()).collect();
    let places = select(PLACES);
    let shares = (0..=10_000u32, 0..4usize, 0..4usize);
    let sheet = option::of((places, option::of(select(&MOMENTS[..])), shares));
    vec(sheet, works.len()).prop_map(move |sheets| {
        let sheet = |(work, sheet): (&WorkId, Option<_>)| {
            let (places, logged, (bp, one, other)): (&[&str], Option<&str>, (u32, usize, usize)) =
                sheet?;
            let shares = [
                (party(HOSTS[one], "a"), bp),
                (party(HOSTS[other], "b"), 10_000 - bp),
            ];
            Some(sheet_in(work, logged, &[(places, &shares)]))
        };
        works.iter().zip(sheets).filter_map(sheet).collect()
    })
}

pub fn ledger() -> impl Strategy<Value = (Balances, Adjustments)> {
    let party = || select(&HOSTS[..]).prop_map(|host| party(host, "a"));
    let micros = || (-10_000_000_000..10_000_000_000i128).prop_map(Micros::new);
    let account = prop_oneof![
        party().prop_map(Account::Party),
        select(&HOSTS[..]).prop_map(|host| Account::Node(node(host))),
        Just(Account::Fund),
        Just(Account::Coordinator),
        Just(Account::Held),
    ];
    let adjustment =
        (account, "[a-z,\"\n ]{0,6}", micros()).prop_map(|(account, reason, amount)| Adjustment {
            account,
            of_period: october().previous().unwrap(),
            reason,
            amount,
        });
    (vec((party(), micros()), 0..4), vec(adjustment, 0..5))
        .prop_map(|(balances, adjustments)| (balances.into_iter().collect(), adjustments.into()))
}

/// A month of up to three nodes, with everything that can come with it.
pub fn world() -> impl Strategy<Value = (Inputs, Vec<Month>)> {
    works()
        .prop_flat_map(|catalogue| {
            let months = (
                month("loire", catalogue.clone()),
                month("wallonie", catalogue.clone()),
                month("genf", catalogue.clone()),
            );
            let sheets = sheets(&catalogue);
            let disputed = vec(0..catalogue.len(), 0..2);
            (
                Just(catalogue),
                months,
                1..4usize,
                policy(),
                sheets,
                disputed,
                ledger(),
                select(&[None, Some("hub"), Some("loire")][..]),
            )
        })
        .prop_map(
            |(catalogue, months, nodes, policy, sheets, disputed, ledger, coordinator)| {
                let months: Vec<Month> = [months.0, months.1, months.2]
                    .into_iter()
                    .take(nodes)
                    .collect();
                let disputes: Disputes = disputed
                    .into_iter()
                    .map(|at| catalogue[at].0.clone())
                    .collect();
                let rates = Some(Rates::parse(RATES).unwrap());
                let (balances, adjustments) = ledger;
                let coordinator = coordinator.map(node);
                let inputs = inputs(policy, &months, sheets);
                (
                    Inputs {
                        disputes,
                        rates,
                        balances,
                        adjustments,
                        coordinator,
                        ..inputs
                    },
                    months,
                )
            },
        )
}
