//! From what works earned to what parties are paid and nodes clear.

use crate::world::*;
use settlement::{Adjustments, Balances, Inputs, Micros, Minor, PartyId, Policy};

/// The library pays 100 €, 55 € of it for the parties; the mediatheque as much. Bram's song was
/// heard in both, half of the time in the library.
fn two_nodes() -> Inputs {
    let (anna, bram) = (work("loire", "anna"), work("wallonie", "bram"));
    let months = [
        Month::of("loire", "FR-ARA")
            .venue("library", 10_000)
            .plays(0, &anna, 2)
            .plays(0, &bram, 2),
        Month::of("wallonie", "BE-WAL")
            .venue("mediatheque", 10_000)
            .plays(0, &bram, 1),
    ];
    let sheets = vec![
        sheet(
            &anna,
            &[
                (party("loire", "anna"), 7503),
                (party("gone", "label"), 2497),
            ],
        ),
        sheet(&bram, &[(party("wallonie", "bram"), 10_000)]),
    ];
    inputs(Policy::cct(), &months, sheets)
}

fn row(inputs: &Inputs, party: &PartyId) -> settlement::PartyRow {
    settled(inputs)
        .parties()
        .iter()
        .find(|row| row.party == *party)
        .unwrap()
        .clone()
}

#[test]
fn an_artist_can_see_why_it_is_20_63() {
    let settlement = settled(&two_nodes());
    let anna = party("loire", "anna");
    let why: Vec<_> = settlement.earnings_of(&anna).collect();
    assert_eq!(why.len(), 1);
    assert_eq!(why[0].territory.as_str(), "FR-ARA");
    assert_eq!(*why[0].work, work("loire", "anna"));
    // Half of 55 € are 27.50 €; 75.03 % of them are hers.
    assert_eq!(
        (why[0].of, why[0].bp.get()),
        (Micros::new(2_750_000_000), 7503)
    );
    assert_eq!(why[0].amount, Micros::new(2_063_325_000));
    assert_eq!(row(&two_nodes(), &anna).payable, Minor::new(2063));
    assert_eq!(row(&two_nodes(), &anna).carried_out, Micros::new(325_000));
}

#[test]
fn every_earning_is_explained_to_the_last_micro() {
    let settlement = settled(&two_nodes());
    for row in settlement.parties() {
        let explained = Micros::sum(
            settlement
                .earnings_of(&row.party)
                .map(|earning| earning.amount),
        );
        assert_eq!(explained, Some(row.earned));
    }
    assert_eq!(settlement.earnings().count(), 4);
}

#[test]
fn a_party_is_paid_by_the_node_of_its_origin_and_else_by_the_coordinator() {
    let homes: Vec<_> = settled(&two_nodes())
        .parties()
        .iter()
        .map(|row| row.home.clone())
        .collect();
    assert_eq!(
        homes,
        [
            Some(node("hub")),
            Some(node("loire")),
            Some(node("wallonie"))
        ]
    );
    let alone = Inputs {
        coordinator: None,
        ..two_nodes()
    };
    assert_eq!(row(&alone, &party("gone", "label")).home, None);
    assert!(
        settled(&alone)
            .parties_csv()
            .contains("https://gone.example/parties/label,,0,")
    );
}

#[test]
fn what_crosses_a_border_is_cleared_through_the_coordinator() {
    let settlement = settled(&two_nodes());
    let positions: Vec<_> = settlement
        .nodes()
        .iter()
        .map(|row| row.position.get())
        .collect();
    // The hub pays the label; the Loire keeps 25 € and pays Anna, and passes on the rest; Wallonia
    // keeps 25 € and owes Bram 55 € and the 27.50 € he earned on the Loire.
    let label = 2_750_000_000 - 2_063_325_000;
    assert_eq!(
        positions,
        [
            -label,
            10_000_000_000 - 2_500_000_000 - 2_063_325_000,
            10_000_000_000 - 2_500_000_000 - 8_250_000_000
        ]
    );
    let totals = settlement.totals();
    assert_eq!(
        Some(totals.positions),
        totals.coordinator.checked_add(totals.fund)
    );
}

#[test]
fn small_amounts_are_carried_until_they_are_worth_a_payment() {
    let bram = party("wallonie", "bram");
    let with = |carried: i128| Inputs {
        balances: [(bram.clone(), Micros::new(carried))].into_iter().collect(),
        ..two_nodes()
    };
    // He earns 82.50 €; the minimum is 10 €.
    let owing = row(&with(-7_250_000_001), &bram);
    assert_eq!(
        (owing.payable, owing.carried_out),
        (Minor::ZERO, Micros::new(999_999_999))
    );
    let enough = row(&with(-7_250_000_000), &bram);
    assert_eq!(
        (enough.payable, enough.carried_out),
        (Minor::new(1000), Micros::ZERO)
    );
    let in_debt = row(&with(-9_000_000_000), &bram);
    assert_eq!(
        (in_debt.payable, in_debt.carried_out),
        (Minor::ZERO, Micros::new(-750_000_000))
    );
}

#[test]
fn what_is_carried_out_is_carried_in_next_month() {
    let first = settled(&two_nodes());
    let next = Inputs {
        balances: first.balances(),
        ..two_nodes()
    };
    let anna = row(&next, &party("loire", "anna"));
    assert_eq!(anna.carried_in, Micros::new(325_000));
    assert_eq!(
        Balances::parse(&first.balances().csv()).unwrap(),
        first.balances()
    );
}

#[test]
fn a_balance_of_nought_makes_no_row_and_any_other_does() {
    let quiet = party("loire", "quiet");
    let with = |carried: i128| Inputs {
        balances: [(quiet.clone(), Micros::new(carried))]
            .into_iter()
            .collect(),
        ..two_nodes()
    };
    assert!(!settled(&with(0)).parties_csv().contains("quiet"));
    assert!(
        settled(&with(-1)).parties_csv().contains(
            "https://loire.example/parties/quiet,https://loire.example/actor,-1,0,0,0,-1\n"
        )
    );
}

#[test]
fn adjustments_change_balances_and_positions_and_nothing_else() {
    let text = "kind,account,of_period,reason,amount_micro\n\
        party,https://loire.example/parties/anna,2026-09,release,5\n\
        party,https://loire.example/parties/anna,2026-08,\"late, and \"\"found\"\"\",2\n\
        node,https://loire.example/actor,2026-09,release,-7\n\
        held,,2026-09,release,-7\n";
    let adjustments = Adjustments::parse(text).unwrap();
    let before = settled(&two_nodes());
    let after = settled(&Inputs {
        adjustments,
        ..two_nodes()
    });
    assert_eq!(after.allocations_csv(), before.allocations_csv());
    let anna = after
        .parties()
        .iter()
        .find(|row| row.party == party("loire", "anna"))
        .unwrap();
    assert_eq!(anna.adjusted, Micros::new(7));
    let loire = |settlement: &settlement::Settlement| settlement.nodes()[1].position.get();
    assert_eq!(loire(&after), loire(&before) - 7);
    assert_eq!(
        after.totals().adjustments_out_of_balance(),
        Some(Micros::ZERO)
    );
}

#[test]
fn an_adjustment_of_a_node_that_did_not_report_waits_and_is_missed_in_the_balance() {
    let text = "kind,account,of_period,reason,amount_micro\n\
        node,https://away.example/actor,2026-09,late,12\n\
        fund,,2026-09,late,12\n";
    let settlement = settled(&Inputs {
        adjustments: Adjustments::parse(text).unwrap(),
        ..two_nodes()
    });
    assert_eq!(settlement.nodes_csv(), settled(&two_nodes()).nodes_csv());
    assert_eq!(
        settlement.totals().adjustments_out_of_balance(),
        Some(Micros::new(-12)),
        "so a coordinator publishes nothing until the adjustment is put off"
    );
}

#[test]
fn the_files_are_written_as_the_rules_say() {
    let settlement = settled(&two_nodes());
    assert_eq!(
        settlement.allocations_csv(),
        "territory,work,uses,seconds,amount_micro\n\
         BE-WAL,https://wallonie.example/works/bram,1,180,5500000000\n\
         FR-ARA,https://loire.example/works/anna,2,360,2750000000\n\
         FR-ARA,https://wallonie.example/works/bram,2,360,2750000000\n"
    );
    assert_eq!(
        settlement.nodes_csv(),
        "node,currency,contributed_minor,contributed_micro,rights_micro,fund_micro,node_micro,coordinator_micro,\
         earned_by_its_parties_micro,adjusted_micro,position_micro\n\
         https://hub.example/actor,EUR,0,0,0,0,0,0,686675000,0,-686675000\n\
         https://loire.example/actor,EUR,10000,10000000000,5500000000,1000000000,2500000000,1000000000,2063325000,0,5436675000\n\
         https://wallonie.example/actor,EUR,10000,10000000000,5500000000,1000000000,2500000000,1000000000,8250000000,0,-750000000\n"
    );
    assert_eq!(
        settlement.held_csv(),
        "territory,work,reason,amount_micro\n"
    );
}
