//! From lines about persons to sums about works.

use crate::world::*;
use settlement::{
    ArrivalLimits, Kind, Line, LineFault, Lines, MOST_SECONDS, Policy, ReducedRow, Reducer, Terms,
    Unit, Weighing,
};

fn reducer(limits: Option<ArrivalLimits>) -> Reducer {
    let weighing = Weighing::new(
        &Policy::cct(),
        "FR".parse().unwrap(),
        [(Kind::Music, None); 3],
    );
    Reducer::new(weighing, 2, limits)
}

fn line(venue: u32, member: u32, track: u32, uses: u32, seconds: u64) -> Line {
    Line {
        venue,
        member,
        track,
        uses,
        seconds,
    }
}

/// What is wrong with the first line that cannot be taken, and its row.
fn refused(lines: &[Line], limits: Option<ArrivalLimits>) -> (u64, LineFault) {
    let mut reducer = reducer(limits);
    let mut rows = Vec::new();
    for &line in lines {
        if let Err(bad) = reducer.push_line(line, &mut rows) {
            return (bad.row, bad.why);
        }
    }
    let bad = reducer.finish(&mut rows).unwrap_err();
    (bad.row, bad.why)
}

#[test]
fn each_member_is_a_million_millionths_whatever_they_heard() {
    let mut reducer = reducer(None);
    let mut rows = Vec::new();
    for line in [
        line(0, 4, 0, 1, 30),
        line(0, 4, 2, 2, 60),
        line(0, 9, 2, 7, 70),
        line(1, 4, 1, 1, 5),
    ] {
        reducer.push_line(line, &mut rows).unwrap();
    }
    let reduced = reducer.finish(&mut rows).unwrap();
    let third = 333_333_333_333;
    let row = |venue, track, uses, seconds, share| ReducedRow {
        venue,
        track,
        uses,
        seconds,
        share,
        weight: u128::from(uses) * 100_000_000,
    };
    assert_eq!(
        rows,
        [
            row(0, 0, 1, 30, third),
            row(0, 2, 9, 130, 2 * third + 1_000_000_000_000),
            row(1, 1, 1, 5, 1_000_000_000_000)
        ]
    );
    assert_eq!((reduced.lines, reduced.uses, reduced.seconds), (4, 11, 165));
    assert_eq!(reduced.members, [2, 1]);
}

#[test]
fn rows_that_cannot_be_are_named_with_their_number_and_the_reason() {
    let first = line(0, 0, 1, 1, 0);
    let cases = [
        (line(0, 0, 1, 1, 0), LineFault::Duplicate),
        (line(0, 0, 0, 1, 0), LineFault::Unsorted),
        (line(2, 0, 0, 1, 0), LineFault::UnknownVenue(2)),
        (line(0, 0, 3, 1, 0), LineFault::UnknownTrack(3)),
        (line(0, 0, 2, 0, 0), LineFault::NoUses),
        (
            line(0, 0, 2, 1, MOST_SECONDS + 1),
            LineFault::TooManySeconds(MOST_SECONDS + 1),
        ),
    ];
    for (second, why) in cases {
        assert_eq!(refused(&[first, second], None), (2, why));
    }
    assert_eq!(
        refused(&[line(1, 0, 0, 1, 0), first], None),
        (2, LineFault::Unsorted)
    );
    assert_eq!(
        refused(&[line(0, 1, 0, 1, 0), first], None),
        (2, LineFault::Unsorted)
    );
}

#[test]
fn a_fault_in_the_middle_of_a_slice_is_named_by_its_own_row() {
    let mut rows = Vec::new();
    let lines = Lines::new(&[0; 4], &[0, 0, 0, 1], &[0, 2, 1, 0], &[1; 4], &[9; 4]).unwrap();
    let bad = reducer(None).push(lines, &mut rows).unwrap_err();
    assert_eq!(
        bad.to_string(),
        "row 3 of the lines: it belongs before the row above it: lines are sorted by venue, member and track"
    );
}

#[test]
fn columns_of_different_lengths_are_no_lines() {
    assert!(Lines::new(&[0, 0], &[0, 0], &[0, 1], &[1], &[1, 1]).is_none());
}

#[test]
fn an_arriving_report_is_held_to_the_policys_own_counting() {
    let limits = Some(ArrivalLimits {
        uses_of_a_work: 620,
        seconds_of_a_member: 1000,
    });
    assert_eq!(
        refused(&[line(0, 0, 0, 621, 10)], limits),
        (
            1,
            LineFault::TooManyUses {
                uses: 621,
                limit: 620
            }
        )
    );
    // Six hundred seconds in each of two venues are more than the thousand that passed.
    let twice = [
        line(0, 7, 0, 1, 600),
        line(0, 8, 0, 1, 900),
        line(1, 7, 0, 1, 600),
    ];
    let why = LineFault::LongerThanThePeriod {
        member: 7,
        seconds: 1200,
        limit: 1000,
    };
    assert_eq!(refused(&twice, limits), (3, why));
    let mut reducer = reducer(None);
    let mut rows = Vec::new();
    twice
        .iter()
        .for_each(|&line| reducer.push_line(line, &mut rows).unwrap());
    assert!(
        reducer.finish(&mut rows).is_ok(),
        "files that are only simulated are not held to it"
    );
}

#[test]
fn what_may_arrive_follows_from_the_policy_and_the_month() {
    let limits = ArrivalLimits::of(&Policy::cct(), october());
    assert_eq!(limits.uses_of_a_work, 20 * 31);
    // In October clocks go back: the month has an hour more than its days.
    assert_eq!(limits.seconds_of_a_member, (31 * 24 + 1) * 3600);
}

#[test]
fn shares_that_pass_64_bits_are_refused_and_never_wrap() {
    let weighing = Weighing::new(&Policy::cct(), "FR".parse().unwrap(), [(Kind::Music, None)]);
    let mut reducer = Reducer::new(weighing, 1, None);
    let mut rows = Vec::new();
    // 2⁶⁴ / 10¹² members of one venue who all used one work, and some more.
    let most = 18_446_744;
    let members: Vec<u32> = (0..most + 2).collect();
    for members in members.chunks(1 << 16) {
        let (zeros, ones, seconds) = (
            vec![0; members.len()],
            vec![1; members.len()],
            vec![1; members.len()],
        );
        let lines = Lines::new(&zeros, members, &zeros, &ones, &seconds).unwrap();
        if let Err(bad) = reducer.push(lines, &mut rows) {
            assert_eq!(
                (bad.row, bad.why),
                (u64::from(most) + 1, LineFault::TooMuch)
            );
            return;
        }
    }
    assert_eq!(
        reducer.finish(&mut rows).unwrap_err().why,
        LineFault::TooMuch
    );
}

#[test]
fn the_widest_lines_are_reduced_exactly() {
    let terms = Terms {
        unit: Unit::Seconds,
        member_cap_uses: 3_000_000_000,
        local_bp: 1_000_000,
        ..Terms::default()
    };
    let mut terms = terms;
    terms.kind_bp.film = 1_000_000;
    let policy = Policy::new(terms).unwrap();
    let home = Some("FR");
    let mut month = Month::of("loire", "FR").venue("library", 1);
    for (name, uses, seconds) in [("a", u32::MAX, MOST_SECONDS), ("b", 1, 1)] {
        month = month
            .knows(work("loire", name), None, Kind::Film, home)
            .plays_for(0, &work("loire", name), uses, seconds);
    }
    month = month
        .knows(work("loire", "c"), None, Kind::Music, None)
        .plays_for(0, &work("loire", "c"), 1, 1);
    let rows = reduce(&policy, &month.report, &month.lines);
    // Weights are 10¹²·2⁴⁰, 10¹² and 10⁸. The member used 2³² + 1 times, of which 3·10⁹ count.
    let sums: Vec<_> = rows.iter().map(|row| (row.share, row.weight)).collect();
    assert_eq!(
        sums,
        [
            (999_999_999_999, 767_999_999_821_186_065_715_461),
            (0, 698_491_930_798),
            (0, 69_849_193)
        ]
    );
}
