//! Stories of one member's listening, and a naive count that must agree.

use proptest::prelude::*;

use super::*;

const NOVEMBER: &str = "2026-11";

fn month(text: &str) -> Period {
    Period::parse(text).unwrap()
}

fn us(text: &str) -> i64 {
    text.parse::<jiff::Timestamp>().unwrap().as_microsecond()
}

fn paris() -> Calendar {
    Calendar::in_zone(jiff::tz::TimeZone::get("Europe/Paris").unwrap())
}

/// A play of `work` from a moment on, at the library, counting in November.
fn play(work: &str, started: &str, seconds: u64) -> Play {
    let work = WorkId::parse(&format!("https://loire.example/works/{work}")).unwrap();
    Play {
        id: format!("{started} {work}"),
        venue: VenueId::parse("https://loire.example/venues/library").unwrap(),
        work,
        work_seconds: Some(240),
        handed: false,
        started_us: us(started),
        seconds,
        period: month(NOVEMBER),
    }
}

fn count(plays: Vec<Play>) -> Counted {
    count_with(&Counting::default(), plays)
}

fn count_with(counting: &Counting, plays: Vec<Play>) -> Counted {
    let calendar = paris();
    let mut tally = Tally::new(month(NOVEMBER), counting, &calendar);
    tally.member("ana", plays);
    tally.finish()
}

/// `work uses seconds`, and `reason count`.
fn told(counted: &Counted) -> Vec<String> {
    let rows = counted.rows.iter().map(|row| {
        let work = row.work.as_str().rsplit('/').next().unwrap();
        format!("{work} {} {}", row.uses, row.seconds)
    });
    let excluded = counted.excluded.iter();
    rows.chain(excluded.map(|(reason, count)| format!("{reason} {count}")))
        .collect()
}

#[test]
fn half_a_minute_counts_and_a_second_less_does_not() {
    let counted = count(vec![
        play("a", "2026-11-03T10:00:00Z", 30),
        play("b", "2026-11-03T10:10:00Z", 29),
    ]);
    assert_eq!(told(&counted), ["a 1 30", "short 1"]);
}

#[test]
fn a_short_work_counts_when_it_was_played_to_its_end() {
    let jingle = |started, seconds| Play {
        work_seconds: Some(12),
        ..play("jingle", started, seconds)
    };
    let counted = count(vec![
        jingle("2026-11-03T10:00:00Z", 12),
        jingle("2026-11-03T10:01:00Z", 11),
    ]);
    assert_eq!(told(&counted), ["jingle 1 12", "short 1"]);
}

#[test]
fn nothing_played_is_nothing_counted_even_of_a_work_without_length() {
    let nothing = Play {
        work_seconds: Some(0),
        ..play("a", "2026-11-03T10:00:00Z", 0)
    };
    assert_eq!(told(&count(vec![nothing])), ["short 1"]);
}

#[test]
fn a_book_that_is_handed_over_is_used_whatever_else_is_played_meanwhile() {
    let handed = |work: &str, started: &str| Play {
        work_seconds: None,
        handed: true,
        ..play(work, started, 0)
    };
    let counted = count(vec![
        play("song", "2026-11-03T10:00:00Z", 200),
        handed("book", "2026-11-03T10:01:00Z"),
        handed("book", "2026-11-04T10:01:00Z"),
    ]);
    assert_eq!(told(&counted), ["book 2 0", "song 1 200"]);
    // Whoever reports openings by hand reports no more of them than one.
    let thrice = ["08", "09", "10"].map(|at| handed("book", &format!("2026-11-03T{at}:00:00Z")));
    assert_eq!(told(&count(thrice.into())), ["book 1 0", "repeat 2"]);
}

#[test]
fn time_that_two_plays_share_counts_for_the_one_that_started_first() {
    let counted = count(vec![
        play("second", "2026-11-03T10:01:00Z", 120),
        play("first", "2026-11-03T10:00:00Z", 100),
    ]);
    assert_eq!(told(&counted), ["first 1 100", "second 1 80"]);
}

#[test]
fn of_two_plays_that_started_together_the_smaller_id_comes_first() {
    let counted = count(vec![
        play("b", "2026-11-03T10:00:00Z", 60),
        play("a", "2026-11-03T10:00:00Z", 60),
    ]);
    assert_eq!(told(&counted), ["a 1 60", "overlap 1"]);
}

#[test]
fn a_play_too_short_to_count_still_takes_its_time() {
    let counted = count(vec![
        play("skipped", "2026-11-03T10:00:00Z", 20),
        play("heard", "2026-11-03T10:00:10Z", 60),
    ]);
    assert_eq!(told(&counted), ["heard 1 50", "short 1"]);
}

#[test]
fn the_twenty_first_use_of_a_work_in_a_day_is_a_repeat_and_the_next_day_begins_anew() {
    let mut plays = Vec::new();
    for minute in 0..21 {
        plays.push(play("a", &format!("2026-11-03T10:{minute:02}:00Z"), 40));
    }
    // Midnight in Paris is 23:00 UTC: this is the fourth already.
    plays.push(play("a", "2026-11-03T23:00:00Z", 40));
    assert_eq!(told(&count(plays)), ["a 21 840", "repeat 1"]);
}

#[test]
fn the_day_of_twenty_five_hours_is_one_day() {
    let counting = Counting {
        max_uses_per_work_per_day: 1,
        ..Counting::default()
    };
    let calendar = paris();
    let mut tally = Tally::new(month("2026-10"), &counting, &calendar);
    let october = |started| Play {
        period: month("2026-10"),
        ..play("a", started, 60)
    };
    tally.member(
        "ana",
        vec![
            october("2026-10-24T22:00:00Z"),
            october("2026-10-25T22:59:00Z"),
        ],
    );
    assert_eq!(told(&tally.finish()), ["a 1 60", "repeat 1"]);
}

#[test]
fn a_late_play_counts_for_three_months_and_no_longer() {
    let counted = count(vec![
        play("a", "2026-08-03T10:00:00Z", 60),
        play("b", "2026-07-31T21:59:00Z", 60),
    ]);
    assert_eq!(told(&counted), ["a 1 60", "late 1"]);
}

#[test]
fn a_late_play_gets_what_the_month_before_left_of_its_time_and_its_day() {
    let counting = Counting {
        max_uses_per_work_per_day: 1,
        ..Counting::default()
    };
    let reported = |work, started, seconds| Play {
        period: month("2026-10"),
        ..play(work, started, seconds)
    };
    let counted = count_with(
        &counting,
        vec![
            reported("a", "2026-10-05T10:01:00Z", 60),
            // Started first, but what was reported stands.
            play("b", "2026-10-05T10:00:00Z", 180),
            play("a", "2026-10-05T20:00:00Z", 60),
        ],
    );
    assert_eq!(told(&counted), ["b 1 120", "repeat 1"]);
}

#[test]
fn a_play_that_runs_over_the_end_of_a_month_belongs_to_the_month_it_started_in() {
    let last = Play {
        period: month("2026-10"),
        ..play("a", "2026-10-31T22:59:00Z", 120)
    };
    let counted = count(vec![last, play("b", "2026-10-31T23:00:00Z", 90)]);
    assert_eq!(told(&counted), ["b 1 30"]);
}

#[test]
fn what_two_members_play_at_once_counts_for_both() {
    let calendar = paris();
    let counting = Counting::default();
    let mut tally = Tally::new(month(NOVEMBER), &counting, &calendar);
    tally.member("bela", vec![play("a", "2026-11-03T10:00:00Z", 60)]);
    tally.member("ana", vec![play("a", "2026-11-03T10:00:00Z", 60)]);
    let counted = tally.finish();
    let members: Vec<&str> = counted.rows.iter().map(|row| row.member.as_str()).collect();
    assert_eq!(members, ["ana", "bela"]);
}

// The naive model: every second of the day is a slot that one play takes.

const DAY_SECONDS: u64 = 86_400;

/// Plays of three days around the end of October, on whole seconds.
fn any_play() -> impl Strategy<Value = Play> {
    let when = 0..3 * DAY_SECONDS;
    let works = prop_oneof![
        Just(("a", Some(20), false)),
        Just(("b", None, false)),
        Just(("c", Some(300), false)),
        Just(("d", None, true))
    ];
    (when, 0u64..400, works, 0u32..1000, any::<bool>()).prop_map(
        |(second, seconds, (work, work_seconds, handed), id, late)| {
            let started_us = us("2026-10-30T12:00:00Z") + micros(second);
            let started_in = paris().month(started_us);
            Play {
                id: format!("{id:04}"),
                work_seconds,
                handed,
                started_us,
                // A play of October that came late counts in November.
                period: if late { month(NOVEMBER) } else { started_in },
                ..play(work, "2026-11-01T00:00:00Z", seconds)
            }
        },
    )
}

fn naive(counting: &Counting, mut plays: Vec<Play>) -> (u64, u64, u64) {
    plays.sort_by_key(|play| (play.period, play.started_us, play.id.clone()));
    let mut slots = std::collections::HashSet::new();
    let mut uses_of: HashMap<(String, WorkId), u32> = HashMap::new();
    let (mut uses, mut seconds, mut excluded) = (0, 0, 0);
    for play in plays {
        let first = play.started_us / 1_000_000;
        let free = (0..i64::try_from(play.seconds).unwrap())
            .filter(|offset| slots.insert(first + offset))
            .count();
        let free = u64::try_from(free).unwrap();
        let enough = u64::from(counting.minimum_seconds).min(play.work_seconds.unwrap_or(30));
        let day = paris().day(play.started_us).to_string();
        let today = uses_of.entry((day, play.work.clone())).or_default();
        let lasted = play.handed || free >= enough && free > 0;
        let most = counting.max_uses_per_work_per_day;
        let is_use = lasted && *today < if play.handed { most.min(1) } else { most };
        *today += u32::from(is_use);
        if play.period == month(NOVEMBER) {
            match is_use {
                true => (uses, seconds) = (uses + 1, seconds + free),
                false => excluded += 1,
            }
        }
    }
    (uses, seconds, excluded)
}

fn sums(counted: &Counted) -> (u64, u64, u64) {
    (
        counted.rows.iter().map(|row| u64::from(row.uses)).sum(),
        counted.rows.iter().map(|row| row.seconds).sum(),
        counted.excluded.values().sum(),
    )
}

proptest! {
    #[test]
    fn counting_agrees_with_a_count_of_single_seconds(
        mut plays in prop::collection::vec(any_play(), 0..60),
        limit in 1u32..5,
    ) {
        plays.sort_by(|a, b| a.id.cmp(&b.id));
        plays.dedup_by(|a, b| a.id == b.id);
        let counting = Counting { max_uses_per_work_per_day: limit, ..Counting::default() };
        let counted = count_with(&counting, plays.clone());
        prop_assert_eq!(sums(&counted), naive(&counting, plays.clone()));
        plays.reverse();
        prop_assert_eq!(counted, count_with(&counting, plays));
    }

    #[test]
    fn time_spent_is_never_more_than_the_time_that_passed(
        stretches in prop::collection::vec((0i64..2000, 0i64..300), 0..80),
    ) {
        let mut spent = Spent::default();
        let mut slots = std::collections::BTreeSet::new();
        for (from, length) in stretches {
            let free = (from..from + length).filter(|slot| slots.insert(*slot)).count();
            prop_assert_eq!(spent.take(from, from + length), free as u64);
        }
    }
}

#[test]
fn late_plays_never_make_a_month_longer_than_it_is() {
    // November is full but for its last hour; October is handed in late.
    let day = |month: u32, day: u32, seconds: u64| {
        let work = format!("{month}-{day}");
        play(
            &work,
            &format!("2026-{month:02}-{day:02}T00:00:00Z"),
            seconds,
        )
    };
    let november = (1..=29)
        .map(|of_month| day(11, of_month, 86_400))
        .chain([day(11, 30, 82_800)]);
    let late = [day(10, 20, 3_000), day(10, 21, 3_600), day(10, 22, 600)];
    let counted = count(november.chain(late).collect());
    let seconds: u64 = counted.rows.iter().map(|row| row.seconds).sum();
    assert_eq!(seconds, 30 * 86_400);
    assert_eq!(counted.excluded, BTreeMap::from([("crowded", 1)]));
    let kept = told(&counted);
    assert!(kept.contains(&"10-20 1 3000".to_owned()), "{kept:?}");
    assert!(kept.contains(&"10-22 1 600".to_owned()), "{kept:?}");
}

#[test]
fn late_plays_never_use_a_work_more_often_than_a_month_allows() {
    let counting = Counting {
        max_uses_per_work_per_day: 1,
        ..Counting::default()
    };
    let on = |date: String| play("a", &format!("{date}T10:00:00Z"), 60);
    let november = (1..=30).map(|day| on(format!("2026-11-{day:02}")));
    let october = (1..=3).map(|day| on(format!("2026-10-{day:02}")));
    let counted = count_with(&counting, november.chain(october).collect());
    assert_eq!(told(&counted), ["a 30 1800", "crowded 3"]);
}
