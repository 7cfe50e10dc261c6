//! Money that belongs to nobody yet is held, never paid and never lost.

use crate::world::*;
use settlement::{Disputes, HeldBecause, Inputs, Kind, Micros, Policy, SplitSheet};

const CODE: Option<&str> = Some("FR-ABC-26-00001");

/// One recording put up twice, on the Loire by Anna and in Wallonia by Bram; only the Loire's was
/// played, for 5.50 €.
fn put_up_twice(sheets: Vec<SplitSheet>) -> Inputs {
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .knows(work("loire", "song"), CODE, Kind::Music, None)
        .knows(
            work("wallonie", "song"),
            Some("frabc2600001"),
            Kind::Music,
            None,
        )
        .plays(0, &work("loire", "song"), 1);
    inputs(Policy::cct(), &[month], sheets)
}

fn held(inputs: &Inputs) -> Option<HeldBecause> {
    let settlement = settled(inputs);
    let held: Vec<_> = settlement.held().collect();
    assert_eq!(
        settlement.totals().held.get(),
        if held.is_empty() { 0 } else { 550_000_000 }
    );
    held.first().map(|(_, why)| *why)
}

fn annas(logged: Option<&str>) -> SplitSheet {
    sheet_in(
        &work("loire", "song"),
        logged,
        &[(&["*"], &[(party("loire", "anna"), 10_000)])],
    )
}

fn brams(logged: Option<&str>) -> SplitSheet {
    sheet_in(
        &work("wallonie", "song"),
        logged,
        &[(&["*"], &[(party("wallonie", "bram"), 10_000)])],
    )
}

#[test]
fn of_two_who_claim_a_recording_the_later_one_waits() {
    let (early, late) = (
        Some("2026-02-01T10:00:00+01:00"),
        Some("2026-02-01T09:00:00.001Z"),
    );
    assert_eq!(
        held(&put_up_twice(vec![annas(late), brams(early)])),
        Some(HeldBecause::Conflict)
    );
    assert_eq!(held(&put_up_twice(vec![annas(early), brams(late)])), None);
}

#[test]
fn a_sheet_without_a_time_ranks_first_and_names_decide_between_equals() {
    let some = Some("2026-02-01T09:00:00Z");
    assert_eq!(
        held(&put_up_twice(vec![annas(some), brams(None)])),
        Some(HeldBecause::Conflict)
    );
    // https://loire… comes before https://wallonie….
    assert_eq!(held(&put_up_twice(vec![annas(None), brams(None)])), None);
    assert_eq!(
        held(&put_up_twice(vec![
            annas(some),
            brams(Some("2026-02-01T10:00:00+01:00"))
        ])),
        None
    );
}

#[test]
fn those_who_agree_are_no_rivals_in_whatever_roles_they_write_it() {
    let both = |host: &str, shares: &[_]| {
        sheet_in(
            &work(host, "song"),
            if host == "loire" {
                Some("2026-02-01T09:00:00Z")
            } else {
                None
            },
            &[(&["*"], shares)],
        )
    };
    let (anna, bram) = (party("loire", "anna"), party("wallonie", "bram"));
    let once = [(anna.clone(), 6000), (bram.clone(), 4000)];
    let in_roles = [(bram, 4000), (anna.clone(), 2500), (anna, 3500)];
    assert_eq!(
        held(&put_up_twice(vec![
            both("loire", &once),
            both("wallonie", &in_roles)
        ])),
        None
    );
}

#[test]
fn a_rival_that_says_nothing_of_this_territory_is_none() {
    let elsewhere = sheet_in(
        &work("wallonie", "song"),
        None,
        &[(&["BE", "FR-BRE"], &[(party("wallonie", "bram"), 10_000)])],
    );
    assert_eq!(
        held(&put_up_twice(vec![
            annas(Some("2026-02-01T09:00:00Z")),
            elsewhere
        ])),
        None
    );
}

#[test]
fn a_work_of_the_same_origin_is_no_rival() {
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .knows(work("loire", "a"), CODE, Kind::Music, None)
        .knows(work("loire", "b"), CODE, Kind::Music, None)
        .plays(0, &work("loire", "b"), 1);
    let sheets = vec![
        sheet(&work("loire", "a"), &[(party("loire", "anna"), 10_000)]),
        sheet(&work("loire", "b"), &[(party("loire", "ben"), 10_000)]),
    ];
    assert_eq!(held(&inputs(Policy::cct(), &[month], sheets)), None);
}

#[test]
fn reasons_come_in_their_order() {
    let disputes: Disputes = Disputes::parse("https://loire.example/works/song\n\n").unwrap();
    let disputed = |sheets| Inputs {
        disputes: disputes.clone(),
        ..put_up_twice(sheets)
    };
    assert_eq!(held(&disputed(vec![])), Some(HeldBecause::Dispute));
    assert_eq!(
        held(&disputed(vec![annas(None)])),
        Some(HeldBecause::Dispute)
    );
    assert_eq!(held(&put_up_twice(vec![])), Some(HeldBecause::NoSplitSheet));
    let elsewhere = sheet_in(
        &work("loire", "song"),
        None,
        &[(&["BE"], &[(party("loire", "anna"), 10_000)])],
    );
    assert_eq!(
        held(&put_up_twice(vec![elsewhere])),
        Some(HeldBecause::NoEntryForTerritory)
    );
}

#[test]
fn the_nearest_entry_applies() {
    let (here, country, world) = (
        party("loire", "here"),
        party("loire", "country"),
        party("loire", "world"),
    );
    let entries: [(&[&str], &[_]); 3] = [
        (&["*"], &[(world.clone(), 10_000)]),
        (&["FR", "BE"], &[(country.clone(), 10_000)]),
        (&["FR-ARA"], &[(here.clone(), 10_000)]),
    ];
    let song = work("loire", "song");
    for (territory, wins) in [
        ("FR-ARA", &here),
        ("FR-BRE", &country),
        ("BE", &country),
        ("CH", &world),
    ] {
        let month = Month::of("loire", territory)
            .venue("library", 1000)
            .plays(0, &song, 1);
        let settlement = settled(&inputs(
            Policy::cct(),
            &[month],
            vec![sheet_in(&song, None, &entries)],
        ));
        assert_eq!(earned(&settlement, wins), 550_000_000, "in {territory}");
    }
}

#[test]
fn the_youngest_sheet_of_the_past_is_in_force() {
    let song = work("loire", "song");
    let from = |day: &str, name: &str| {
        let entry = settlement::SplitEntry::new(
            [settlement::Place::Everywhere],
            shares(&[(party("loire", name), 10_000)]),
        );
        SplitSheet::new(
            song.clone(),
            day.parse().unwrap(),
            None,
            vec![entry.unwrap()],
        )
        .unwrap()
    };
    let sheets = vec![
        from("2026-11-01", "heirs"),
        from("2026-10-31", "anna"),
        from("2026-01-01", "label"),
    ];
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .plays(0, &song, 1);
    let settlement = settled(&inputs(Policy::cct(), &[month], sheets));
    assert_eq!(earned(&settlement, &party("loire", "anna")), 550_000_000);
}

#[test]
fn what_is_held_is_in_the_books_of_the_coordinator() {
    let settlement = settled(&put_up_twice(vec![]));
    let totals = settlement.totals();
    assert_eq!(totals.held, Micros::new(550_000_000));
    assert_eq!(
        Some(totals.positions),
        Micros::sum([totals.coordinator, totals.fund, totals.held])
    );
    assert_eq!(
        settlement.held_csv(),
        "territory,work,reason,amount_micro\nFR-ARA,https://loire.example/works/song,no-split-sheet,550000000\n"
    );
}

#[test]
fn a_crowd_that_claims_one_code_is_judged_like_two() {
    // A thousand origins; every third says something else, and all but the first are later.
    let mut month = Month::of("n0", "FR").venue("library", 1_000_000);
    let mut sheets = Vec::new();
    for at in 0..1000 {
        let song = work(&format!("n{at}"), "song");
        let who = if at % 3 == 1 { "other" } else { "one" };
        sheets.push(sheet_in(
            &song,
            Some(&format!("2026-01-01T00:{:02}:{:02}Z", at / 60, at % 60)),
            &[(&["*"], &[(party("n0", who), 10_000)])],
        ));
        month = month
            .knows(song.clone(), CODE, Kind::Music, None)
            .plays(0, &song, 1);
    }
    let settlement = settled(&inputs(Policy::cct(), &[month], sheets));
    // The first stands. The second differs from it; and from then on everyone differs from one of
    // the two.
    assert_eq!(settlement.held().count(), 999);
}
