//! Money, numbers, dates and lengths as each language writes them.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use settlement::{Currency, Period};

use crate::config::Language;

/// U+202F: what stands before `; : ! ?` and between thousands in French.
pub const NARROW: char = '\u{202f}';
/// U+00A0: between a number and its unit.
pub const NO_BREAK: char = '\u{a0}';

const MONTHS_FR: [&str; 12] = [
    "janvier",
    "février",
    "mars",
    "avril",
    "mai",
    "juin",
    "juillet",
    "août",
    "septembre",
    "octobre",
    "novembre",
    "décembre",
];
const MONTHS_EN: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// An amount in whole minor units: `41,27 €`, `€41.27`.
pub fn money(language: Language, minor: i64, currency: Currency) -> String {
    amount(
        language,
        i128::from(minor),
        currency.decimals(),
        0,
        currency,
    )
}

/// An amount in micros (millionths of a minor unit), rounded toward zero to a hundredth of a
/// minor unit: `41,2734 €`.
pub fn money_fine(language: Language, micro: i64, currency: Currency) -> String {
    amount(
        language,
        i128::from(micro / 10_000),
        currency.decimals(),
        2,
        currency,
    )
}

fn amount(
    language: Language,
    units: i128,
    decimals: u32,
    finer: u32,
    currency: Currency,
) -> String {
    let places = decimals + finer;
    let unit = 10i128.pow(places);
    let (whole, part) = (units.abs() / unit, units.abs() % unit);
    let sign = if units < 0 { "\u{2212}" } else { "" };
    let mut digits = grouped(language, whole);
    if places > 0 {
        let comma = if language == Language::Fr { ',' } else { '.' };
        digits.push(comma);
        digits.push_str(&format!("{part:0width$}", width = places as usize));
    }
    let symbol = match currency.as_str() {
        "EUR" => "€",
        "GBP" => "£",
        other => other,
    };
    match language {
        Language::Fr => format!("{sign}{digits}{NO_BREAK}{symbol}"),
        Language::En if symbol.len() == 3 && symbol.is_ascii() => {
            format!("{sign}{symbol}{NO_BREAK}{digits}")
        }
        Language::En => format!("{sign}{symbol}{digits}"),
    }
}

/// A whole number with its thousands set apart: `12 345`, `12,345`.
pub fn number(language: Language, value: i64) -> String {
    let sign = if value < 0 { "\u{2212}" } else { "" };
    format!("{sign}{}", grouped(language, i128::from(value).abs()))
}

fn grouped(language: Language, value: i128) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(if language == Language::Fr {
                NARROW
            } else {
                ','
            });
        }
        text.push(digit);
    }
    text
}

/// Hundredths of a per cent as per cent: `55 %`, `12,5 %`, `55%`.
pub fn percent(language: Language, bp: i64) -> String {
    let (whole, part) = (bp / 100, (bp % 100).abs());
    let mut text = number(language, whole);
    if part != 0 {
        text.push(if language == Language::Fr { ',' } else { '.' });
        text.push_str(format!("{part:02}").trim_end_matches('0'));
    }
    if language == Language::Fr {
        text.push(NARROW);
    }
    text.push('%');
    text
}

/// A month: `octobre 2026`, `October 2026`.
pub fn month(language: Language, period: Period) -> String {
    format!("{} {}", month_name(language, period.month()), period.year())
}

fn month_name(language: Language, month: u8) -> &'static str {
    let names = match language {
        Language::Fr => &MONTHS_FR,
        Language::En => &MONTHS_EN,
    };
    names[usize::from(month.clamp(1, 12) - 1)]
}

/// The day an instant falls on in a time zone: `1er novembre 2026`, `1 November 2026`.
pub fn day(language: Language, us: i64, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_microsecond(us) else {
        return String::new();
    };
    let at = at.to_zoned(zone.clone());
    let month = month_name(language, at.month().unsigned_abs());
    let day = match (language, at.day()) {
        (Language::Fr, 1) => "1er".to_owned(),
        (_, day) => day.to_string(),
    };
    format!("{day}{NO_BREAK}{month} {}", at.year())
}

/// A day without its year, where there is little room: `3/11`, `3 Nov`.
pub fn short_day(language: Language, us: i64, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_microsecond(us) else {
        return String::new();
    };
    let at = at.to_zoned(zone.clone());
    match language {
        Language::Fr => format!("{}/{:02}", at.day(), at.month()),
        Language::En => {
            let month = month_name(language, at.month().unsigned_abs());
            format!("{} {}", at.day(), &month[..3])
        }
    }
}

/// The time of day an instant falls on: `20 h 05`, `20:05`.
pub fn time_of_day(language: Language, us: i64, zone: &TimeZone) -> String {
    let Ok(at) = Timestamp::from_microsecond(us) else {
        return String::new();
    };
    let at = at.to_zoned(zone.clone());
    match language {
        Language::Fr => format!("{}{NO_BREAK}h{NO_BREAK}{:02}", at.hour(), at.minute()),
        Language::En => format!("{}:{:02}", at.hour(), at.minute()),
    }
}

/// A length: `3:27`, `1:02:09`.
pub fn length(seconds: i64) -> String {
    let seconds = seconds.max(0);
    let (hours, minutes, rest) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    if hours > 0 {
        format!("{hours}:{minutes:02}:{rest:02}")
    } else {
        format!("{minutes}:{rest:02}")
    }
}

/// French typography: a narrow no-break space before `; : ! ?` and inside guillemets, where the
/// text has a plain or a wide no-break one.
pub fn french_spacing(text: &str) -> String {
    let is_space = |c: char| c == ' ' || c == NO_BREAK;
    let letters: Vec<char> = text.chars().collect();
    letters
        .iter()
        .enumerate()
        .map(|(at, &letter)| {
            let before_mark = matches!(letters.get(at + 1), Some(';' | ':' | '!' | '?' | '»'));
            let after_open = at > 0 && letters[at - 1] == '«';
            if is_space(letter) && (before_mark || after_open) {
                NARROW
            } else {
                letter
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euro() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    #[test]
    fn money_is_written_as_each_language_writes_it() {
        assert_eq!(money(Language::Fr, 4127, euro()), "41,27\u{a0}€");
        assert_eq!(money(Language::En, 4127, euro()), "€41.27");
        assert_eq!(
            money(Language::Fr, -1_234_567, euro()),
            "\u{2212}12\u{202f}345,67\u{a0}€"
        );
        let yen = Currency::parse("JPY").unwrap();
        assert_eq!(money(Language::En, 1500, yen), "JPY\u{a0}1,500");
        assert_eq!(
            money_fine(Language::Fr, 4_127_345_678, euro()),
            "41,2734\u{a0}€"
        );
    }

    #[test]
    fn months_and_days_are_words() {
        let october = Period::parse("2026-10").unwrap();
        assert_eq!(month(Language::Fr, october), "octobre 2026");
        assert_eq!(month(Language::En, october), "October 2026");
        let paris = TimeZone::get("Europe/Paris").unwrap();
        // Half past eleven at night on 31 October in UTC is the first of November in Paris.
        let late = "2026-10-31T23:30:00Z".parse::<Timestamp>().unwrap();
        assert_eq!(
            day(Language::Fr, late.as_microsecond(), &paris),
            "1er\u{a0}novembre 2026"
        );
        assert_eq!(
            time_of_day(Language::En, late.as_microsecond(), &paris),
            "0:30"
        );
    }

    #[test]
    fn numbers_lengths_and_parts_of_a_hundred_read_well() {
        assert_eq!(number(Language::En, 1_234_567), "1,234,567");
        assert_eq!(number(Language::Fr, 999), "999");
        assert_eq!(percent(Language::Fr, 5500), "55\u{202f}%");
        assert_eq!(percent(Language::En, 1250), "12.5%");
        assert_eq!(length(207), "3:27");
        assert_eq!(length(3729), "1:02:09");
    }

    #[test]
    fn french_marks_keep_their_narrow_space() {
        assert_eq!(
            french_spacing("Vous dites : « oui » ?"),
            "Vous dites\u{202f}: «\u{202f}oui\u{202f}»\u{202f}?"
        );
        assert_eq!(
            french_spacing("https://exemple.fr"),
            "https://exemple.fr",
            "an address has no spaces to narrow"
        );
    }
}
