//! What is not settled, and the sentence that says why.

use crate::world::*;
use settlement::{
    Adjustments, BadPolicy, BadSplit, Balances, Disputes, Inputs, Minor, Place, Policy, Refused,
    RowRefused, SplitEntry, SplitSheet, SplitSheets, Terms, settle,
};

fn one_report() -> Inputs {
    let month = Month::of("loire", "FR-ARA")
        .venue("library", 1000)
        .plays(0, &work("loire", "anna"), 1)
        .plays(0, &work("loire", "bram"), 1);
    inputs(Policy::cct(), &[month], vec![])
}

fn refused(change: impl FnOnce(&mut Inputs)) -> Refused {
    let mut inputs = one_report();
    change(&mut inputs);
    settle(&inputs).unwrap_err()
}

#[test]
fn a_report_counted_twice_is_paid_once() {
    let mut twice = one_report();
    twice.reports.push(twice.reports[0].clone());
    assert_eq!(bytes(&settled(&twice)), bytes(&settled(&one_report())));
}

#[test]
fn a_report_that_replaces_another_stands_alone() {
    let mut replaced = one_report();
    let mut first = replaced.reports[0].clone();
    replaced.reports[0].sequence = 2;
    first.venues[0].contribution = Minor::new(5);
    replaced.reports.push(first);
    assert_eq!(bytes(&settled(&replaced)), bytes(&settled(&one_report())));
}

#[test]
fn two_contents_under_one_number_are_refused() {
    let why = refused(|inputs| {
        let mut other = inputs.reports[0].clone();
        other.venues[0].contribution = Minor::new(999);
        inputs.reports.push(other);
    });
    assert_eq!(
        why,
        Refused::Equivocation {
            node: node("loire"),
            sequence: 1
        }
    );
}

#[test]
fn a_venue_pays_in_one_report_and_once() {
    let twice_in_one = refused(|inputs| {
        let venue = inputs.reports[0].venues[0].clone();
        inputs.reports[0].venues.push(venue);
    });
    assert!(matches!(twice_in_one, Refused::VenueTwice { .. }));
    let in_another = refused(|inputs| {
        let mut other = inputs.reports[0].clone();
        other.node = node("wallonie");
        inputs.reports.push(other);
    });
    assert_eq!(
        in_another.to_string(),
        "the venue https://loire.example/venues/library stands twice: in the report of https://loire.example/actor \
         and in that of https://wallonie.example/actor"
    );
}

#[test]
fn a_work_has_one_number_in_a_report() {
    let why = refused(|inputs| {
        let track = inputs.reports[0].tracks[0].clone();
        inputs.reports[0].tracks.push(track);
    });
    assert!(matches!(why, Refused::WorkTwice { .. }));
}

#[test]
fn an_origin_has_one_node() {
    let other = "https://loire.example/other".parse().unwrap();
    assert_eq!(
        refused(|inputs| inputs.coordinator = Some(other)).to_string(),
        "https://loire.example/actor and https://loire.example/other are two nodes on one origin"
    );
}

#[test]
fn rows_of_a_reduction_are_looked_at_one_by_one() {
    let row = |change: fn(&mut settlement::ReducedRow)| match refused(|inputs| {
        change(&mut inputs.reports[0].reduction[1])
    }) {
        Refused::Row { row: 2, why, .. } => why,
        other => panic!("{other}"),
    };
    assert_eq!(row(|row| row.venue = 1), RowRefused::UnknownVenue(1));
    assert_eq!(row(|row| row.track = 2), RowRefused::UnknownTrack(2));
    assert_eq!(row(|row| row.track = 0), RowRefused::Unsorted);
    assert_eq!(row(|row| row.uses = 0), RowRefused::NoUses);
    assert_eq!(row(|row| row.weight = 10u128.pow(38)), RowRefused::Weight);
}

#[test]
fn nothing_another_month_and_debts_are_no_reports() {
    assert_eq!(
        refused(|inputs| inputs.reports.clear()),
        Refused::NoReport(october())
    );
    let november = october().next().unwrap();
    assert!(matches!(
        refused(|inputs| inputs.reports[0].period = november),
        Refused::OtherPeriod { .. }
    ));
    let negative = refused(|inputs| inputs.reports[0].venues[0].contribution = Minor::new(-1));
    assert!(matches!(negative, Refused::NegativeContribution { .. }));
}

#[test]
fn sums_that_do_not_fit_are_refused_and_never_wrap() {
    let huge = refused(|inputs| inputs.reports[0].venues[0].contribution = Minor::new(i128::MAX));
    assert!(matches!(huge, Refused::TooLarge(_)));
    let balances = format!(
        "party,amount_micro\nhttps://a.example/1,{0}\nhttps://a.example/2,{0}\n",
        i128::MAX
    );
    let balances = Balances::parse(&balances).unwrap();
    assert!(matches!(
        refused(|inputs| inputs.balances = balances),
        Refused::TooLarge(_)
    ));
    let adjustments = format!("fund,,2026-09,x,{0}\nfund,,2026-09,x,{0}\n", i128::MAX);
    let adjustments = Adjustments::parse(&adjustments).unwrap();
    assert!(matches!(
        refused(|inputs| inputs.adjustments = adjustments),
        Refused::TooLarge(_)
    ));
}

#[test]
fn a_split_sheet_adds_up_and_says_one_thing_of_a_place() {
    let anna = party("loire", "anna");
    for bp in [9999, 10_001] {
        assert_eq!(
            SplitEntry::new([Place::Everywhere], shares(&[(anna.clone(), bp)])),
            Err(BadSplit::Sum(bp.into()))
        );
    }
    let wrapping = shares(&[(anna.clone(), u32::MAX), (anna.clone(), 10_001)]);
    assert!(matches!(
        SplitEntry::new([Place::Everywhere], wrapping),
        Err(BadSplit::Sum(_))
    ));
    assert_eq!(
        SplitEntry::new([], shares(&[(anna.clone(), 10_000)])),
        Err(BadSplit::Nowhere)
    );
    let entry = |place: &str| {
        SplitEntry::new(
            [Place::parse(place).unwrap()],
            shares(&[(anna.clone(), 10_000)]),
        )
        .unwrap()
    };
    let sheet = |entries| {
        SplitSheet::new(
            work("loire", "anna"),
            "2026-01-01".parse().unwrap(),
            None,
            entries,
        )
    };
    assert_eq!(
        sheet(vec![entry("FR"), entry("FR")]),
        Err(BadSplit::TwoEntries(Place::parse("FR").unwrap()))
    );
    let mut sheets = SplitSheets::new();
    sheets.insert(sheet(vec![entry("FR")]).unwrap()).unwrap();
    let again = sheets
        .insert(sheet(vec![entry("FR")]).unwrap())
        .unwrap_err();
    assert_eq!(
        again.to_string(),
        "https://loire.example/works/anna has two split sheets valid from 2026-01-01"
    );
}

#[test]
fn a_policy_holds_together_or_is_none() {
    let parts = Terms {
        fund_bp: 1001,
        ..Terms::default()
    };
    assert_eq!(Policy::new(parts), Err(BadPolicy::Parts(10_001)));
    let pool = Terms {
        pro_rata_bp: 1,
        ..Terms::default()
    };
    assert_eq!(Policy::new(pool), Err(BadPolicy::Pool(10_001)));
    let weight = Terms {
        local_bp: 1_000_001,
        ..Terms::default()
    };
    assert!(matches!(
        Policy::new(weight),
        Err(BadPolicy::Weight {
            key: "local_bp",
            ..
        })
    ));
    let wrapping = Terms {
        rights_bp: u32::MAX,
        fund_bp: 10_001,
        node_bp: 0,
        coordinator_bp: 0,
        ..Terms::default()
    };
    assert!(Policy::new(wrapping).is_err());
}

#[test]
fn presets_are_known_by_name_and_reduce_alike_but_for_the_cap() {
    let preset = |name| Policy::preset(name).unwrap();
    assert!(preset("cct").reduces_like(&preset("cct-2014")));
    assert!(!preset("cct").reduces_like(&preset("artist-centric")));
    assert!(Policy::preset("CCT").is_none());
    for name in ["cct", "cct-2014", "artist-centric"] {
        let policy = preset(name);
        assert_eq!(Policy::new((*policy).clone()).unwrap(), policy);
    }
}

#[test]
fn a_bad_line_of_a_file_is_named_with_its_number() {
    let balances =
        Balances::parse("party,amount_micro\nhttps://a.example/1,5\nhttps://A.example/2,5\n")
            .unwrap_err();
    assert_eq!(
        balances.to_string(),
        "line 3: \"https://A.example/2\" is not an address: its host must be in lower case"
    );
    for amount in ["", "1.5", "+1", "1e3", " 1", "0x1"] {
        assert!(
            Balances::parse(&format!("https://a.example/1,{amount}\n")).is_err(),
            "{amount}"
        );
    }
    assert!(Balances::parse("https://a.example/1,5\nhttps://a.example/1,5\n").is_err());
    assert!(Balances::parse("https://a.example/1\n").is_err());
    assert!(Balances::parse("\"https://a.example/1,5\n").is_err());
    assert!(Balances::parse("\"https://a.example/1\"x,5\n").is_err());
    assert_eq!(
        Balances::parse("\"https://a.example/1,\"\"2\"\"\",-5")
            .unwrap()
            .csv(),
        "party,amount_micro\n\"https://a.example/1,\"\"2\"\"\",-5\n"
    );
    for row in [
        "pool,,2026-09,x,1",
        "node,,2026-09,x,1",
        "party,https://a.example/1,2026-13,x,1",
        "fund,,2026-09,1",
    ] {
        assert!(Adjustments::parse(row).is_err(), "{row}");
    }
    assert_eq!(
        Disputes::parse("https://a.example/1\r\n\r\nnot one\r\n")
            .unwrap_err()
            .line,
        3
    );
}
