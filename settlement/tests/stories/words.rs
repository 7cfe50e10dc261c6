//! One thing, one spelling.

use settlement::{Currency, Date, Isrc, Micros, Minor, Period, Territory, Timestamp, Uri};

#[test]
fn an_address_has_one_spelling() {
    for good in [
        "https://loire.example",
        "http://127.0.0.1:8080/works/1",
        "https://[::1]:8443/a",
        "https://xn--caf-dma.example/a?b=c,d#e\"f",
        "https://a_b.example/",
    ] {
        assert_eq!(Uri::parse(good).unwrap().as_str(), good);
    }
    for bad in [
        "",
        "loire.example",
        "ftp://loire.example/",
        "HTTPS://loire.example/",
        "https://Loire.example/",
        "https://user@loire.example/",
        "https://loire.example:443/",
        "http://loire.example:80/",
        "https://loire.example:/",
        "https://loire.example:0/",
        "https://loire.example:08443/",
        "https://loire.example:65536/",
        "https://loire.example/é",
        "https://loire.example/a b",
        "https://loire.example\\@evil.example/",
        "https://loire.example./",
        "https:///path",
        "https://[::1",
        "https://[::AB]/",
        "https://[nonsense]/",
    ] {
        assert!(Uri::parse(bad).is_err(), "{bad}");
    }
    assert!(Uri::parse(&format!("https://a.example/{}", "x".repeat(2030))).is_ok());
    assert!(Uri::parse(&format!("https://a.example/{}", "x".repeat(2031))).is_err());
}

#[test]
fn an_origin_is_scheme_host_and_port() {
    let origin = |text: &str| Uri::parse(text).unwrap().origin().to_owned();
    assert_eq!(origin("https://a.example/x/y"), "https://a.example");
    assert_eq!(origin("http://a.example:443/x"), "http://a.example:443");
    assert_eq!(origin("https://a.example?x"), "https://a.example");
    assert_eq!(origin("https://[::1]:8443/x"), "https://[::1]:8443");
}

#[test]
fn territories_are_the_same_when_one_holds_the_other() {
    let same = |one: &str, other: &str| {
        let (one, other): (Territory, Territory) = (one.parse().unwrap(), other.parse().unwrap());
        assert_eq!(one.same_as(&other), other.same_as(&one));
        one.same_as(&other)
    };
    assert!(same("FR", "FR") && same("FR-ARA", "FR") && same("FR-ARA", "FR-ARA"));
    assert!(!same("FR-ARA", "FR-BRE") && !same("FR", "BE") && !same("FR-ARA", "BE"));
    for bad in [
        "", "F", "fr", "FRA", "FR-", "FR-ARAX", "FR-ara", "FR_ARA", "F1", "*",
    ] {
        assert!(Territory::parse(bad).is_err(), "{bad}");
    }
    let mut sorted = ["FR-ARA", "FR", "BE-WAL", "FR-A"].map(|text| Territory::parse(text).unwrap());
    sorted.sort();
    assert_eq!(
        sorted.map(|territory| territory.to_string()),
        ["BE-WAL", "FR", "FR-A", "FR-ARA"]
    );
}

#[test]
fn currencies_know_their_decimals() {
    for (code, decimals) in [
        ("EUR", 2),
        ("JPY", 0),
        ("TND", 3),
        ("CLF", 4),
        ("XPF", 0),
        ("CHF", 2),
    ] {
        assert_eq!(Currency::parse(code).unwrap().decimals(), decimals);
    }
    for bad in ["", "eur", "EURO", "XXX", "XAU", "DEM", "R E", "   "] {
        assert!(Currency::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn months_have_their_days() {
    let last = |text: &str| Period::parse(text).unwrap().last_day().to_string();
    assert_eq!(last("2026-10"), "2026-10-31");
    assert_eq!(last("2028-02"), "2028-02-29");
    assert_eq!(last("2100-02"), "2100-02-28");
    assert_eq!(last("2000-02"), "2000-02-29");
    let december = Period::parse("2026-12").unwrap();
    assert_eq!(december.next().unwrap().to_string(), "2027-01");
    assert_eq!(december.next().unwrap().previous(), Some(december));
    assert_eq!(Period::parse("9999-12").unwrap().next(), None);
    assert_eq!(Period::parse("0001-01").unwrap().previous(), None);
    for bad in [
        "2026-13",
        "2026-00",
        "2026-1",
        "202610",
        "0000-01",
        "+026-10",
        "2026-10-01",
    ] {
        assert!(Period::parse(bad).is_err(), "{bad}");
    }
    for bad in ["2026-02-29", "2026-10-32", "2026-10-00", "2026-10-1"] {
        assert!(Date::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn moments_are_compared_as_moments() {
    let at = |text: &str| Timestamp::parse(text).unwrap();
    assert_eq!(
        at("2025-12-12T09:00:00Z"),
        at("2025-12-12t10:00:00.000+01:00")
    );
    assert_eq!(at("2025-12-31T23:30:00-01:00"), at("2026-01-01T00:30:00Z"));
    assert_eq!(at("2016-12-31T23:59:60Z"), at("2017-01-01T00:00:00Z"));
    assert!(at("2025-12-12T09:00:00Z") < at("2025-12-12T09:00:00.0000000000000000001Z"));
    assert!(at("2025-12-12T09:00:00.19Z") < at("2025-12-12T09:00:00.2Z"));
    for bad in [
        "2025-12-12",
        "2025-12-12T09:00:00",
        "2025-12-12 09:00:00Z",
        "2025-12-12T24:00:00Z",
        "2025-12-12T09:00:00.Z",
        "2025-12-12T09:00:00+0100",
        "2025-12-12T09:00:00Zé",
    ] {
        assert!(Timestamp::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn recording_codes_are_compared_without_hyphens_and_case() {
    assert_eq!(
        Isrc::parse("fr-abc-26-00001").unwrap().as_str(),
        "FRABC2600001"
    );
    assert_eq!(
        Isrc::as_reported("fr-abc-26-00001"),
        Some(Isrc::parse("FRABC2600001").unwrap())
    );
    assert_eq!(Isrc::as_reported(""), None);
    assert_eq!(Isrc::as_reported("--"), None);
    assert_eq!(
        Isrc::as_reported("odd-1").unwrap().as_str(),
        "ODD1",
        "kept: a claim is a claim"
    );
    for bad in [
        "FRABC260000",
        "FRABC26000011",
        "F1ABC2600001",
        "FRABC26A0001",
        "FRABÉ2600001",
    ] {
        assert!(Isrc::parse(bad).is_err(), "{bad}");
    }
}

#[test]
fn whole_minor_units_are_counted_toward_nought() {
    assert_eq!(Micros::new(1_999_999).whole_minor(), Minor::new(1));
    assert_eq!(Micros::new(-1_999_999).whole_minor(), Minor::new(-1));
    assert_eq!(Micros::from_minor(Minor::new(i128::MAX)), None);
    assert_eq!(Micros::new(i128::MAX).checked_add(Micros::new(1)), None);
}
