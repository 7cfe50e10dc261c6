//! Whose music the money follows: member by member, or all plays in one pot.

use crate::world::*;
use settlement::{Kind, Micros, Policy, Scope, Terms, Unit};

/// Two members of a library that pays 10 €: 5.50 € are for the parties. One played Anna's song
/// once, the other Bram's nine times.
fn a_quiet_and_a_busy_member() -> Vec<Month> {
    vec![
        Month::of("loire", "FR-ARA")
            .venue("library", 1000)
            .plays(0, &work("loire", "anna"), 1)
            .plays(1, &work("loire", "bram"), 9),
    ]
}

#[test]
fn a_member_who_listens_little_weighs_as_much_as_one_who_listens_all_day() {
    let settlement = settled(&inputs(Policy::cct(), &a_quiet_and_a_busy_member(), vec![]));
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "anna")),
        275_000_000
    );
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "bram")),
        275_000_000
    );
}

#[test]
fn in_one_pot_every_play_weighs_the_same() {
    let settlement = settled(&inputs(
        Policy::cct_2014(),
        &a_quiet_and_a_busy_member(),
        vec![],
    ));
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "anna")),
        55_000_000
    );
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "bram")),
        495_000_000
    );
}

#[test]
fn half_member_by_member_and_half_in_one_pot_is_the_mean_of_both() {
    let policy = Policy::new(Terms {
        user_centric_bp: 5000,
        pro_rata_bp: 5000,
        ..Terms::default()
    })
    .unwrap();
    let settlement = settled(&inputs(policy, &a_quiet_and_a_busy_member(), vec![]));
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "anna")),
        (275_000_000 + 55_000_000) / 2
    );
}

#[test]
fn a_capped_member_weighs_no_more_than_the_cap() {
    let policy = Terms {
        user_centric_bp: 0,
        pro_rata_bp: 10_000,
        member_cap_uses: 3,
        ..Terms::default()
    };
    let settlement = settled(&inputs(
        Policy::new(policy).unwrap(),
        &a_quiet_and_a_busy_member(),
        vec![],
    ));
    // One use against three of the nine.
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "anna")),
        137_500_000
    );
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "bram")),
        412_500_000
    );
}

#[test]
fn a_venues_money_stays_with_its_members_music_unless_the_pot_is_wider() {
    let (anna, bram) = (work("loire", "anna"), work("wallonie", "bram"));
    let months = [
        Month::of("loire", "FR-ARA")
            .venue("library", 1000)
            .plays(0, &anna, 1)
            .venue("cafe", 0)
            .plays(0, &bram, 1),
        Month::of("wallonie", "BE-WAL")
            .venue("mediatheque", 1000)
            .plays(0, &bram, 2),
    ];
    let annas = |scope| {
        let terms = Terms {
            user_centric_bp: 0,
            pro_rata_bp: 10_000,
            pro_rata_scope: scope,
            ..Terms::default()
        };
        let settlement = settled(&inputs(Policy::new(terms).unwrap(), &months, vec![]));
        allocated(&settlement, "FR-ARA", &anna)
    };
    assert_eq!(annas(Scope::Venue), 550_000_000);
    assert_eq!(annas(Scope::Node), 275_000_000);
    assert_eq!(annas(Scope::Network), 275_000_000);
}

#[test]
fn a_long_piece_weighs_more_where_seconds_count() {
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .plays_for(0, &work("loire", "anna"), 1, 900)
        .plays_for(0, &work("loire", "bram"), 1, 100);
    let policy = Policy::new(Terms {
        unit: Unit::Seconds,
        ..Terms::default()
    })
    .unwrap();
    let settlement = settled(&inputs(policy, &[month], vec![]));
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "anna")),
        495_000_000
    );
}

#[test]
fn music_from_here_and_films_weigh_what_the_assembly_decided() {
    let terms = Terms {
        local_bp: 20_000,
        ..Terms::default()
    };
    let mut terms = terms;
    terms.kind_bp.film = 40_000;
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .knows(work("loire", "anna"), None, Kind::Music, Some("FR"))
        .knows(work("wallonie", "bram"), None, Kind::Music, Some("BE-WAL"))
        .knows(work("wallonie", "film"), None, Kind::Film, None)
        .plays(0, &work("loire", "anna"), 1)
        .plays(0, &work("wallonie", "bram"), 1)
        .plays(0, &work("wallonie", "film"), 2);
    let settlement = settled(&inputs(Policy::new(terms).unwrap(), &[month], vec![]));
    // Two, one, and twice four of eleven parts; the unit left over goes to the largest remainder.
    let earned = ["anna", "bram", "film"].map(|name| {
        let host = if name == "anna" { "loire" } else { "wallonie" };
        allocated(&settlement, "FR-ARA", &work(host, name))
    });
    assert_eq!(earned, [100_000_000, 50_000_000, 400_000_000]);
}

#[test]
fn money_nobody_used_goes_to_the_fund_and_is_listed() {
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .venue("cafe", 1000)
        .plays(0, &work("loire", "anna"), 1);
    let settlement = settled(&inputs(Policy::cct(), &[month], vec![]));
    assert_eq!(settlement.idle().len(), 1);
    assert_eq!(settlement.idle()[0].amount, Micros::new(550_000_000));
    // 10 % of both venues, and the 55 % of the library that nobody used.
    assert_eq!(
        settlement.totals().fund,
        Micros::new(200_000_000 + 550_000_000)
    );
    assert_eq!(settlement.totals().rights, Micros::new(550_000_000));
}

#[test]
fn a_kind_that_weighs_nothing_earns_nothing_and_is_still_listed() {
    let mut terms = Terms::default();
    terms.kind_bp.game = 0;
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .knows(work("loire", "game"), None, Kind::Game, None)
        .plays(0, &work("loire", "game"), 5)
        .plays(0, &work("loire", "anna"), 1);
    let settlement = settled(&inputs(Policy::new(terms).unwrap(), &[month], vec![]));
    assert_eq!(allocated(&settlement, "FR-ARA", &work("loire", "game")), 0);
    assert_eq!(
        allocated(&settlement, "FR-ARA", &work("loire", "anna")),
        550_000_000
    );
}
