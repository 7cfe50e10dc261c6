//! Reference rates: what a euro was worth on a day, as the European Central Bank publishes it.

use std::collections::BTreeSet;

use ethnum::U256;

use crate::{BadRow, Currency, Date, Malformed, Micros, Minor, RowFault, csv};

/// A positive decimal number, exactly: digits · 10⁻ˢᶜᵃˡᵉ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Decimal {
    digits: u64,
    scale: u32,
}

impl Decimal {
    const ONE: Decimal = Decimal {
        digits: 1,
        scale: 0,
    };

    /// Reads `1.0844`: digits, perhaps a point and digits, at most 18 of them.
    ///
    /// # Errors
    /// When the text is anything else, or not above nought.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let bad = |why| Malformed::new("a rate", text, why);
        let (whole, part) = text.split_once('.').unwrap_or((text, "0"));
        let digits_only =
            |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if !digits_only(whole) || !digits_only(part) {
            return Err(bad(
                "write a decimal number above nought, such as 1.0844, or N/A",
            ));
        }
        let (whole, part) = (whole.trim_start_matches('0'), part.trim_end_matches('0'));
        if whole.len() + part.len() > 18 {
            return Err(bad("it has more than 18 digits"));
        }
        let digits: u64 = format!("0{whole}{part}")
            .parse()
            .map_err(|_| bad("it has more than 18 digits"))?;
        if digits == 0 {
            return Err(bad("a rate is above nought"));
        }
        Ok(Decimal {
            digits,
            scale: u32::try_from(part.len()).unwrap_or(18),
        })
    }
}

/// The rate of a currency that applies, and the day it is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// Units of the currency for a euro.
    pub per_euro: Decimal,
    /// The day it was set; none for the euro itself, which is 1 on all days.
    pub day: Option<Date>,
}

/// A table of reference rates per euro, by day and currency.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rates {
    columns: Vec<String>,
    /// Sorted, newest first.
    days: Vec<(Date, Vec<Option<Decimal>>)>,
}

impl Rates {
    /// Reads `Date,USD,JPY,…`, a day a line, `N/A` or nothing where there is no rate; the comma
    /// that the bank leaves at the end of each line does not matter, nor does the order of days.
    /// Every rate is looked at, also of currencies that are no more.
    ///
    /// # Errors
    /// At the first line with a rate that is not a decimal above nought, a day that is none or
    /// comes twice, or another number of fields than the header.
    pub fn parse(text: &str) -> Result<Self, BadRow> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let mut rows = csv::rows(text);
        let (line, header) = rows.next().unwrap_or((1, Ok(Vec::new())));
        let columns = header.map_err(|why| BadRow {
            line,
            why: RowFault::Quotes(why),
        })?;
        let columns = columns_of(columns).map_err(|why| BadRow { line, why })?;
        let mut days = Vec::new();
        let mut seen = BTreeSet::new();
        for (line, row) in rows {
            let bad = |why| BadRow { line, why };
            let row = row.map_err(|why| bad(RowFault::Quotes(why)))?;
            let (day, rates) = day_of(row, columns.len()).map_err(bad)?;
            if !seen.insert(day) {
                let twice =
                    Malformed::new("a new day", &day.to_string(), "it has a line already above");
                return Err(bad(twice.into()));
            }
            days.push((day, rates));
        }
        days.sort_by_key(|&(day, _)| std::cmp::Reverse(day));
        Ok(Rates { columns, days })
    }

    /// The rate of a currency on a day, or the last before it that has one.
    pub fn on(&self, currency: Currency, day: Date) -> Option<Rate> {
        if currency == Currency::EURO {
            return Some(Rate {
                per_euro: Decimal::ONE,
                day: None,
            });
        }
        let column = self
            .columns
            .iter()
            .position(|column| column == currency.as_str())?;
        self.days
            .iter()
            .filter(|(of, _)| *of <= day)
            .find_map(|(of, rates)| {
                Some(Rate {
                    per_euro: rates[column]?,
                    day: Some(*of),
                })
            })
    }
}

const COLUMNS: &str = "Date,USD,JPY,…";

fn columns_of(mut header: Vec<String>) -> Result<Vec<String>, RowFault> {
    drop_last_comma(&mut header);
    let found = header.len();
    if found == 0 || header.remove(0).trim() != "Date" {
        return Err(RowFault::Fields {
            found,
            expected: 2,
            columns: COLUMNS,
        });
    }
    let mut seen = BTreeSet::new();
    for column in &mut header {
        *column = column.trim().to_owned();
        if column.len() != 3 || !column.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(Malformed::new(
                "a currency",
                column,
                "write its ISO 4217 code, such as USD",
            )
            .into());
        }
        if !seen.insert(column.clone()) {
            return Err(Malformed::new("a new currency", column, "it has a column already").into());
        }
    }
    Ok(header)
}

fn day_of(mut row: Vec<String>, columns: usize) -> Result<(Date, Vec<Option<Decimal>>), RowFault> {
    if row.len() > columns + 1 {
        drop_last_comma(&mut row);
    }
    if row.len() != columns + 1 {
        return Err(RowFault::Fields {
            found: row.len(),
            expected: columns + 1,
            columns: COLUMNS,
        });
    }
    let day = Date::parse(row[0].trim())?;
    let rates = row[1..].iter().map(|cell| match cell.trim() {
        "" | "N/A" => Ok(None),
        rate => Decimal::parse(rate).map(Some),
    });
    Ok((day, rates.collect::<Result<_, _>>()?))
}

fn drop_last_comma(row: &mut Vec<String>) {
    if row.last().is_some_and(|cell| cell.trim().is_empty()) {
        row.pop();
    }
}

/// An amount of one currency in micros of another: ⌊amount · 10⁶ · 10^(eₛ−eₙ) · rₛ/rₙ⌋, where e are
/// their decimals and r their rates per euro. Nothing where the numbers pass 256 bits.
pub(crate) fn convert(
    amount: Minor,
    from: (Currency, Decimal),
    to: (Currency, Decimal),
) -> Option<Micros> {
    let ten = |power: u32| U256::from(10u8).checked_pow(power);
    let up = ten(6 + to.0.decimals() + from.1.scale)?;
    let down = ten(from.0.decimals() + to.1.scale)?;
    let (up, down) = if up > down {
        (up / down, U256::ONE)
    } else {
        (U256::ONE, down / up)
    };
    let amount = U256::from(u128::try_from(amount.get()).ok()?);
    let product = amount.checked_mul(up)?.checked_mul(to.1.digits.into())?;
    let micros = product / down.checked_mul(from.1.digits.into())?;
    i128::try_from(micros).ok().map(Micros::new)
}
