//! A settled period is never changed; what was wrong is made good in a later one.

use crate::world::*;
use settlement::{Account, Adjustments, Inputs, Micros, Policy, Settlement, correction, release};

fn month(plays_of_bram: u32, contribution: i128) -> Month {
    Month::of("loire", "FR-ARA")
        .venue("library", contribution)
        .plays(0, &work("loire", "anna"), 1)
        .plays(0, &work("wallonie", "bram"), plays_of_bram)
        .plays(0, &work("loire", "orphan"), 1)
}

fn october_with(plays_of_bram: u32, contribution: i128) -> Inputs {
    let other = Month::of("wallonie", "BE-WAL").venue("mediatheque", 0);
    let sheets = vec![
        sheet(&work("loire", "anna"), &[(party("loire", "anna"), 10_000)]),
        sheet(
            &work("wallonie", "bram"),
            &[(party("wallonie", "bram"), 10_000)],
        ),
    ];
    inputs(
        Policy::cct(),
        &[month(plays_of_bram, contribution), other],
        sheets,
    )
}

/// What the nodes are asked for more is what the fund, the coordinator and held money gain.
fn balanced(adjustments: &Adjustments) -> bool {
    let sum = |nodes: bool| {
        let of = |account: &Account| match account {
            Account::Party(_) => false,
            Account::Node(_) => nodes,
            _ => !nodes,
        };
        adjustments
            .iter()
            .filter(|row| of(&row.account))
            .map(|row| row.amount.get())
            .sum::<i128>()
    };
    sum(true) == sum(false)
}

fn after(
    old: &Settlement,
    adjustments: &Adjustments,
    account: &Account,
    amount: impl Fn(&Settlement) -> Micros,
) -> i128 {
    let of_account: i128 = adjustments
        .iter()
        .filter(|row| row.account == *account)
        .map(|row| row.amount.get())
        .sum();
    amount(old).get() + of_account
}

#[test]
fn the_old_settlement_and_its_correction_make_the_new_one() {
    let (old, new) = (
        settled(&october_with(2, 1000)),
        settled(&october_with(6, 1600)),
    );
    let made_good = correction(&old, &new, "plays handed in late").unwrap();
    assert!(balanced(&made_good));
    for (account, amount) in [
        (
            Account::Fund,
            (|of: &Settlement| of.totals().fund) as fn(&Settlement) -> Micros,
        ),
        (Account::Coordinator, |of| of.totals().coordinator),
        (Account::Held, |of| of.totals().held),
        (Account::Node(node("loire")), |of| of.nodes()[1].position),
        (Account::Node(node("wallonie")), |of| of.nodes()[2].position),
        (Account::Party(party("wallonie", "bram")), |of| {
            of.parties()[1].earned
        }),
        (Account::Party(party("loire", "anna")), |of| {
            of.parties()[0].earned
        }),
    ] {
        assert_eq!(
            after(&old, &made_good, &account, amount),
            amount(&new).get(),
            "{account}"
        );
    }
    assert!(
        made_good
            .iter()
            .all(|row| row.of_period == october() && row.reason == "plays handed in late")
    );
}

#[test]
fn a_correction_of_nothing_is_nothing() {
    let settlement = settled(&october_with(2, 1000));
    assert_eq!(
        correction(&settlement, &settlement, "").unwrap().csv(),
        "kind,account,of_period,reason,amount_micro\n"
    );
}

#[test]
fn a_correction_is_written_and_read_and_taken_in() {
    let (old, new) = (
        settled(&october_with(2, 1000)),
        settled(&october_with(6, 1600)),
    );
    let made_good = correction(&old, &new, "late, \"very\" late").unwrap();
    let read = Adjustments::parse(&made_good.csv()).unwrap();
    assert_eq!(read, made_good);
    let next = settled(&Inputs {
        adjustments: read,
        ..october_with(1, 1000)
    });
    assert_eq!(
        next.totals().adjustments_out_of_balance(),
        Some(Micros::ZERO)
    );
}

#[test]
fn only_the_same_month_and_coordinator_can_be_compared() {
    let (old, new) = (
        settled(&october_with(2, 1000)),
        settled(&Inputs {
            coordinator: None,
            ..october_with(2, 1000)
        }),
    );
    assert!(correction(&old, &new, "").is_err());
    assert!(correction(&new, &new, "").is_err());
}

#[test]
fn held_money_goes_to_those_who_turn_out_to_share_in_it() {
    let settlement = settled(&october_with(2, 1000));
    let orphan = work("loire", "orphan");
    let found = sheet(
        &orphan,
        &[
            (party("wallonie", "bram"), 3333),
            (party("gone", "kim"), 6667),
        ],
    );
    let given = release(
        &settlement,
        "FR-ARA".parse().unwrap(),
        &orphan,
        &found.entries()[0],
        "heirs found",
    )
    .unwrap();
    assert!(balanced(&given));
    // A quarter of 5.50 € was held.
    assert_eq!(
        given.csv(),
        "kind,account,of_period,reason,amount_micro\n\
         held,,2026-10,heirs found,-137500000\n\
         node,https://hub.example/actor,2026-10,heirs found,-91671250\n\
         node,https://wallonie.example/actor,2026-10,heirs found,-45828750\n\
         party,https://gone.example/parties/kim,2026-10,heirs found,91671250\n\
         party,https://wallonie.example/parties/bram,2026-10,heirs found,45828750\n"
    );
    let anna = work("loire", "anna");
    assert!(
        release(
            &settlement,
            "FR-ARA".parse().unwrap(),
            &anna,
            &found.entries()[0],
            ""
        )
        .is_err(),
        "nothing is held of it"
    );
}
