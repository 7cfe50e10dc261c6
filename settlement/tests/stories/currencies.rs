//! Contributions in several currencies, at the reference rate of the period's last day.

use crate::world::*;
use settlement::{Currency, Inputs, Policy, Rates, Refused, Terms};

const RATES: &str = "Date,USD,JPY,SEK,TND,CYP,\n2026-11-02,9,9,9,9,N/A,\n2026-10-30,1.10,160.55,11.2,N/A,N/A,\n2026-10-29,1.2,161,N/A,3.3333,N/A,\n";

fn paid_in(code: &str, minor: i128) -> Inputs {
    let month = Month::of("north", "SE")
        .in_currency(code)
        .venue("library", minor)
        .plays(0, &work("north", "song"), 1);
    let policy = Policy::new(Terms {
        currency: Some(Currency::EURO),
        ..Terms::default()
    })
    .unwrap();
    Inputs {
        rates: Some(Rates::parse(RATES).unwrap()),
        ..inputs(policy, &[month], vec![])
    }
}

fn in_euro(code: &str, minor: i128) -> i128 {
    settled(&paid_in(code, minor)).totals().contributed.get()
}

#[test]
fn a_day_without_a_rate_takes_the_last_one_before_it_and_says_which() {
    // 31 October is a Saturday. 11.20 kronor are a euro.
    assert_eq!(in_euro("SEK", 1120), 100_000_000);
    let days: Vec<_> = settled(&paid_in("TND", 1000))
        .rates()
        .iter()
        .map(|used| (used.currency.as_str().to_owned(), used.rate.day))
        .collect();
    assert_eq!(
        days,
        [
            ("EUR".into(), None),
            ("TND".into(), Some("2026-10-29".parse().unwrap()))
        ]
    );
}

#[test]
fn minor_units_differ_and_fractions_are_rounded_down_once() {
    // A thousand yen have no cents: 1000 / 160.55 = 6.2285892…€
    assert_eq!(in_euro("JPY", 1000), 622_858_922);
    // 1.000 dinar has a thousand millimes: 1 / 3.3333 = 0.300003…€
    assert_eq!(in_euro("TND", 1000), 30_000_300);
}

#[test]
fn rates_of_the_days_after_do_not_count() {
    assert_eq!(in_euro("USD", 110), 100_000_000);
}

#[test]
fn one_currency_needs_no_rate() {
    let mut inputs = paid_in("SEK", 1120);
    inputs.rates = None;
    inputs.policy = Policy::cct();
    let settlement = settled(&inputs);
    assert_eq!(settlement.totals().contributed.get(), 1_120_000_000);
    assert_eq!(settlement.currency().as_str(), "SEK");
    assert!(settlement.rates().is_empty());
}

#[test]
fn a_missing_rate_and_an_unnamed_currency_are_refused() {
    let mut inputs = paid_in("SEK", 1);
    inputs.rates = Some(Rates::parse("Date,SEK\n2026-11-01,11\n").unwrap());
    assert!(matches!(
        settlement::settle(&inputs),
        Err(Refused::NoRate { .. })
    ));
    let mut two = paid_in("SEK", 1);
    two.policy = Policy::cct();
    two.reports
        .push(Month::of("loire", "FR").reduced(&two.policy));
    assert!(matches!(
        settlement::settle(&two),
        Err(Refused::WhichCurrency(..))
    ));
}

#[test]
fn a_rate_must_be_a_decimal_above_nought() {
    for cell in [
        "-1.1",
        "0",
        "0.000",
        "1,1",
        "1e3",
        "abc",
        "1.",
        ".5",
        "+1",
        "0x1",
        "1234567890123456789",
    ] {
        let text = format!("Date,USD,CYP\n2026-10-30,1.1,2\n2026-10-29,1.1,{cell}\n");
        let bad = Rates::parse(&text).unwrap_err();
        assert_eq!(bad.line, 3, "{cell}: {bad}");
    }
    for text in [
        "",
        "USD\n1\n",
        "Date,usd\n",
        "Date,USD,USD\n",
        "Date,USD\n2026-02-30,1\n",
        "Date,USD\n2026-02-01,1,2,3\n",
        "Date,USD\n2026-02-01,1\n2026-02-01,1\n",
    ] {
        assert!(Rates::parse(text).is_err(), "{text}");
    }
}
