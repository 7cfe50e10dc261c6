//! What holds for every month, not only for those that somebody thought of.
//!
//! Thousands of random months in an ordinary run; `PROPTEST_CASES=1000000` for a long one.

use std::collections::BTreeMap;

use ethnum::U256;
use proptest::{collection::vec, prelude::*};
use settlement::{
    Account, Adjustment, Adjustments, Balances, Currency, Disputes, Inputs, Line, Lines, Micros,
    Minor, PartyId, Policy, Rates, ReducedRow, Reducer, Report, Settlement, Unit, Weighing, WorkId,
    apportion, correction, settle,
};

use crate::months::{ledger, world};
use crate::world::*;

fn often(cases: u32) -> ProptestConfig {
    let asked = std::env::var_os("PROPTEST_CASES").is_some();
    let config = ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    if asked {
        config
    } else {
        ProptestConfig { cases, ..config }
    }
}

/// The same report with its venues, tracks and members numbered otherwise.
fn renumbered(month: &Month, policy: &Policy, by: usize) -> Report {
    let mut month = month.clone();
    let (venues, tracks) = (month.report.venues.len(), month.report.tracks.len());
    month.report.venues.rotate_left(by % venues.max(1));
    month.report.tracks.rotate_left(by % tracks.max(1));
    for line in &mut month.lines {
        line.venue = ((line.venue as usize + venues - by % venues) % venues) as u32;
        line.track = ((line.track as usize + tracks - by % tracks) % tracks) as u32;
        line.member = u32::MAX - line.member;
    }
    month.reduced(policy)
}

fn sum(amounts: impl Iterator<Item = Micros>) -> i128 {
    amounts.map(Micros::get).sum()
}

/// Everything that came in goes out, counted from the rows and not from the totals.
fn assert_adds_up(settlement: &Settlement) {
    let nodes = settlement.nodes();
    let contributed = sum(nodes.iter().map(|row| row.contributed));
    let earned = sum(settlement.parties().iter().map(|row| row.earned));
    let held = sum(settlement.held().map(|(row, _)| row.amount));
    let fund = sum(nodes.iter().map(|row| row.fund));
    let kept = sum(nodes.iter().map(|row| row.node_share));
    let coordinator = sum(nodes.iter().map(|row| row.coordinator_share));
    assert_eq!(contributed, earned + held + fund + kept + coordinator);
    assert_eq!(
        earned + held,
        sum(settlement.allocations().iter().map(|row| row.amount))
    );
    assert_eq!(
        earned,
        sum(settlement.earnings().map(|earning| earning.amount))
    );
    if settlement.coordinator().is_some() {
        let positions =
            sum(nodes.iter().map(|row| row.position)) - sum(nodes.iter().map(|row| row.adjusted));
        assert_eq!(positions, coordinator + fund + held);
    }
    for row in settlement.parties() {
        let paid = row.payable.get() * 1_000_000;
        assert_eq!(
            row.carried_in.get() + row.earned.get() + row.adjusted.get(),
            paid + row.carried_out.get()
        );
        assert!(row.earned >= Micros::ZERO && row.payable >= Minor::ZERO);
    }
    for row in nodes {
        assert!(
            [
                row.contributed,
                row.rights,
                row.fund,
                row.node_share,
                row.coordinator_share
            ]
            .iter()
            .all(|part| *part >= Micros::ZERO)
        );
    }
    assert!(
        settlement
            .allocations()
            .iter()
            .all(|row| row.amount >= Micros::ZERO && row.uses > 0)
    );
    assert!(
        settlement
            .idle()
            .iter()
            .all(|idle| idle.amount > Micros::ZERO)
    );
}

/// The division told as simply as it can be, in 256 bits.
fn naive_apportion(total: u128, items: &[(u16, u128)]) -> Option<Vec<u128>> {
    let wide = U256::from;
    let sum = items
        .iter()
        .fold(U256::ZERO, |sum, item| sum + wide(item.1));
    if sum == U256::ZERO {
        return None;
    }
    let mut shares: Vec<u128> = items
        .iter()
        .map(|item| (wide(total) * wide(item.1) / sum).as_u128())
        .collect();
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|&at| {
        (
            std::cmp::Reverse(wide(total) * wide(items[at].1) % sum),
            items[at].0,
        )
    });
    let left = total - shares.iter().sum::<u128>();
    for &at in order.iter().take(left.try_into().unwrap()) {
        shares[at] += 1;
    }
    Some(shares)
}

/// The reduction told as the rules tell it, in 256 bits.
fn naive_reduction(policy: &Policy, month: &Month) -> Vec<ReducedRow> {
    let report = &month.report;
    let weight = |line: &Line| {
        let track = &report.tracks[line.track as usize];
        let local = track
            .home
            .is_some_and(|home| home.same_as(&report.territory));
        let amount = if policy.unit == Unit::Uses {
            line.uses.into()
        } else {
            line.seconds
        };
        let bp = if local { policy.local_bp } else { 10_000 };
        U256::from(amount) * U256::from(policy.kind_bp.of(track.kind)) * U256::from(bp)
    };
    let mut rows = BTreeMap::new();
    for line in &month.lines {
        let of_member: Vec<&Line> = month
            .lines
            .iter()
            .filter(|other| (other.venue, other.member) == (line.venue, line.member))
            .collect();
        let total = of_member
            .iter()
            .fold(U256::ZERO, |sum, line| sum + weight(line));
        let uses: u64 = of_member.iter().map(|line| u64::from(line.uses)).sum();
        let cap = policy.member_cap_uses;
        let share = if total == U256::ZERO {
            U256::ZERO
        } else {
            U256::from(10u128.pow(12)) * weight(line) / total
        };
        let capped = if cap > 0 && uses > cap {
            weight(line) * U256::from(cap) / U256::from(uses)
        } else {
            weight(line)
        };
        let ReducedRow {
            uses,
            seconds,
            share: shares,
            weight,
            ..
        } = rows.entry((line.venue, line.track)).or_insert(ReducedRow {
            venue: line.venue,
            track: line.track,
            uses: 0,
            seconds: 0,
            share: 0,
            weight: 0,
        });
        *uses += u64::from(line.uses);
        *seconds += line.seconds;
        *shares += share.as_u64();
        *weight += capped.as_u128();
    }
    rows.into_values().collect()
}

/// The reduction of lines that come in slices of `size`.
fn in_slices(policy: &Policy, month: &Month, size: usize) -> Vec<ReducedRow> {
    let tracks = month
        .report
        .tracks
        .iter()
        .map(|track| (track.kind, track.home));
    let weighing = Weighing::new(policy, month.report.territory, tracks);
    let mut reducer = Reducer::new(weighing, month.report.venues.len() as u32, None);
    let mut rows = Vec::new();
    for lines in month.lines.chunks(size) {
        let column = |of: fn(&Line) -> u32| lines.iter().map(of).collect::<Vec<u32>>();
        let (venue, member) = (column(|line| line.venue), column(|line| line.member));
        let (track, uses) = (column(|line| line.track), column(|line| line.uses));
        let seconds: Vec<u64> = lines.iter().map(|line| line.seconds).collect();
        reducer
            .push(
                Lines::new(&venue, &member, &track, &uses, &seconds).unwrap(),
                &mut rows,
            )
            .unwrap();
    }
    reducer.finish(&mut rows).unwrap();
    rows
}

fn weight() -> impl Strategy<Value = u128> {
    prop_oneof![
        Just(0u128),
        0..10u128,
        any::<u32>().prop_map(u128::from),
        any::<u64>().prop_map(u128::from),
        any::<u128>()
    ]
}

proptest! {
    #![proptest_config(often(3000))]

    #[test]
    fn everything_that_comes_in_goes_out_and_nothing_is_negative((inputs, _) in world()) {
        assert_adds_up(&settle(&inputs).unwrap());
    }

    #[test]
    fn the_order_of_anything_does_not_matter((inputs, months) in world(), by in 0..20usize) {
        let told = settle(&inputs).unwrap();
        let mut other = inputs.clone();
        other.reports = months.iter().map(|month| renumbered(month, &inputs.policy, by)).collect();
        let reports = other.reports.len();
        other.reports.rotate_left(by % reports);
        let adjustments: Vec<Adjustment> = inputs.adjustments.iter().cloned().collect();
        other.adjustments = adjustments.into_iter().rev().collect::<Vec<_>>().into();
        let otherwise = settle(&other).unwrap();
        prop_assert_eq!(bytes(&told), bytes(&otherwise));
        prop_assert_eq!(told.totals(), otherwise.totals());
        prop_assert_eq!(told.idle(), otherwise.idle());
    }

    #[test]
    fn a_report_twice_is_a_report_once((inputs, _) in world(), which in 0..3usize) {
        let mut twice = inputs.clone();
        twice.reports.push(inputs.reports[which % inputs.reports.len()].clone());
        prop_assert_eq!(settle(&twice).unwrap(), settle(&inputs).unwrap());
    }

    #[test]
    fn a_settlement_and_its_correction_make_the_corrected_one(
        ((old, _), (new, _)) in (world(), world())
    ) {
        let settled = |inputs: &Inputs| {
            settle(&Inputs { coordinator: Some(node("hub")), adjustments: Adjustments::default(), ..inputs.clone() }).unwrap()
        };
        let (old, new) = (settled(&old), settled(&new));
        let made_good = correction(&old, &new, "late").unwrap();
        let mut accounts: BTreeMap<Account, i128> = BTreeMap::new();
        let mut add = |account: Account, amount: i128| *accounts.entry(account).or_default() += amount;
        for (settlement, sign) in [(&old, 1), (&new, -1)] {
            add(Account::Fund, sign * settlement.totals().fund.get());
            add(Account::Coordinator, sign * settlement.totals().coordinator.get());
            add(Account::Held, sign * settlement.totals().held.get());
            settlement.nodes().iter().for_each(|row| add(Account::Node(row.node.clone()), sign * row.position.get()));
            settlement.parties().iter().for_each(|row| add(Account::Party(row.party.clone()), sign * row.earned.get()));
        }
        made_good.iter().for_each(|row| add(row.account.clone(), row.amount.get()));
        prop_assert!(accounts.values().all(|&left| left == 0), "{accounts:?}");
        prop_assert_eq!(Adjustments::parse(&made_good.csv()).unwrap(), made_good);
    }

    #[test]
    fn lines_are_reduced_as_the_rules_say_in_whatever_slices_they_come((inputs, months) in world(), size in 1..12usize) {
        for month in &months {
            let naive = naive_reduction(&inputs.policy, month);
            prop_assert_eq!(&in_slices(&inputs.policy, month, size), &naive);
            prop_assert_eq!(&in_slices(&inputs.policy, month, usize::MAX), &naive);
        }
    }

    #[test]
    fn a_division_is_as_the_rules_say(total in weight(), weights in vec(weight(), 0..20), from in any::<u16>()) {
        // Keys in no order; each once.
        let items: Vec<(u16, u128)> =
            weights.into_iter().enumerate().map(|(at, weight)| (from.wrapping_add((at as u16).wrapping_mul(40_503)), weight)).collect();
        let shares = apportion(total, &items);
        prop_assert_eq!(&shares, &naive_apportion(total, &items));
        if let Some(shares) = shares {
            prop_assert_eq!(shares.iter().sum::<u128>(), total);
            prop_assert!(shares.iter().zip(&items).all(|(share, item)| *share == 0 || item.1 > 0));
        }
    }

    #[test]
    fn what_is_written_is_read_again((balances, adjustments) in ledger()) {
        prop_assert_eq!(Balances::parse(&balances.csv()).unwrap(), balances);
        prop_assert_eq!(Adjustments::parse(&adjustments.csv()).unwrap(), adjustments);
    }

    #[test]
    fn no_text_breaks_a_reader(text in "(party|,|\"|\r?\n|https://a\\.example/|Date|EUR|USD|2026-10-3[01]|-?[0-9]{1,20}|\\.|é| |N/A){0,30}") {
        // Whatever it says, it says so: no panic, and what is taken is well formed.
        if let Ok(balances) = Balances::parse(&text) {
            prop_assert_eq!(Balances::parse(&balances.csv()).unwrap(), balances);
        }
        if let Ok(disputes) = Disputes::parse(&text) {
            prop_assert!(disputes.iter().all(|work| WorkId::parse(work.as_str()).is_ok()));
        }
        if let Ok(rates) = Rates::parse(&text) {
            prop_assert!(rates.on(Currency::EURO, october().last_day()).is_some());
        }
        if let Err(bad) = Adjustments::parse(&text) {
            prop_assert!(bad.line >= 1 && !bad.to_string().is_empty());
        }
        if let Ok(party) = PartyId::parse(&text) {
            prop_assert!(text.starts_with(party.origin()));
        }
    }
}
