//! A contribution counts when it has been received: a twelfth of it in each month of its year,
//! exact to the last cent.
//!
//! Month *k* of a contribution *C* carries ⌊C·k/12⌋ − ⌊C·(k−1)/12⌋, so that the twelve parts add up
//! to *C*. A month that was closed before the money came carries nothing more: its part goes to the
//! first month after it that is still open.

use std::collections::BTreeSet;

use settlement::{Minor, Period, VenueId};

use super::{named, store};
use crate::Node;
use crate::calendar::Calendar;
use crate::db::Conn;
use crate::listening;
use crate::web::Refusal;
use crate::words::Say;

/// The largest contribution taken, in minor units: ten thousand million euros a year.
const LIMIT: i128 = 1_000_000_000_000;

/// A contribution as the database holds it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contribution {
    /// Its id, known to this node alone.
    pub id: String,
    /// Who paid it.
    pub venue: VenueId,
    /// For the whole year.
    pub amount: Minor,
    /// The first month of its year.
    pub first_period: Period,
    /// When it came, in microseconds since 1970 UTC.
    pub received_us: i64,
}

/// Takes another year's contribution of the venue of this URI or slug, received now. Its year
/// begins with `first`, or where that is not said with the first month not closed yet, from the one
/// it is received in.
pub fn receive_contribution(
    node: &Node,
    venue: &str,
    amount: Minor,
    first: Option<Period>,
) -> Result<Contribution, Refusal> {
    checked(amount)?;
    node.db.write_now(|conn| {
        let venue = named(conn, venue)?;
        take(conn, node, &venue.id, amount, first)
    })
}

pub(super) fn checked(amount: Minor) -> Result<(), Refusal> {
    if (0..=LIMIT).contains(&amount.get()) {
        return Ok(());
    }
    Err(Refusal::field(
        "contribution",
        Say::new("venues-contribution-range"),
    ))
}

pub(super) fn take(
    conn: &mut Conn,
    node: &Node,
    venue: &VenueId,
    amount: Minor,
    first: Option<Period>,
) -> Result<Contribution, Refusal> {
    let received_us = node.clock.now_us();
    let first_period = match first {
        Some(first) => first,
        None => {
            let this_month = Calendar::of(&node.config).month(received_us);
            listening::first_open(&listening::store::closed_months(conn)?, this_month)
        }
    };
    let contribution = Contribution {
        id: node.clock.fresh_id(),
        venue: venue.clone(),
        amount,
        first_period,
        received_us,
    };
    store::add_contribution(conn, &contribution)?;
    Ok(contribution)
}

/// Writes down what the month that is being closed carries of every contribution, and answers what
/// each venue of the node contributes in it, by URI. Asked again for the same month, nothing is
/// written twice and the answer is the same. Call it in the transaction that closes the month;
/// afterwards ask [`store::carried`].
pub fn carry(
    conn: &mut Conn,
    _node: &Node,
    period: Period,
) -> Result<Vec<(VenueId, Minor)>, Refusal> {
    let mut closed = listening::store::closed_months(conn)?;
    // Perhaps marked already, by the transaction that closes it.
    closed.remove(&period);
    for contribution in store::contributions(conn, period)? {
        let carried = store::carried_months(conn, &contribution.id)?;
        for (number, month) in months_of_year(contribution.first_period) {
            if !carried.contains(&number) && carried_in(&closed, month) == period {
                let amount = part(contribution.amount, number);
                store::add_part(conn, &contribution.id, number, period, amount)?;
            }
        }
    }
    Ok(store::carried(conn, period)?)
}

/// The month whose report carries the part of `month`.
fn carried_in(closed: &BTreeSet<Period>, month: Period) -> Period {
    listening::first_open(closed, month)
}

/// The twelfth month of a year that begins with `first`.
pub fn last_month(first: Period) -> Period {
    (1..12).fold(first, |month, _| month.next().unwrap_or(month))
}

/// The months of a year that begins with `first`, numbered from 1.
fn months_of_year(first: Period) -> impl Iterator<Item = (u8, Period)> {
    let months = std::iter::successors(Some(first), Period::next);
    (1u8..=12).zip(months)
}

/// What month `number` (1 to 12) of its year carries of a yearly amount.
fn part(yearly: Minor, number: u8) -> Minor {
    let until = |number: u8| yearly.get() * i128::from(number) / 12;
    Minor::new(until(number) - until(number - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn month(text: &str) -> Period {
        Period::parse(text).unwrap()
    }

    #[test]
    fn the_parts_of_a_year_add_up_to_it() {
        for yearly in [0, 1, 11, 12, 13, 99_999, 120_000] {
            let yearly = Minor::new(yearly);
            let parts: Vec<Minor> = (1..=12).map(|number| part(yearly, number)).collect();
            assert_eq!(Minor::sum(parts.iter().copied()), Some(yearly));
            let (least, most) = (parts.iter().min().unwrap(), parts.iter().max().unwrap());
            assert!(most.get() - least.get() <= 1);
        }
        assert_eq!(part(Minor::new(100), 1), Minor::new(8));
        assert_eq!(part(Minor::new(100), 12), Minor::new(9));
    }

    #[test]
    fn a_year_has_twelve_months_and_passes_new_year() {
        let months: Vec<_> = months_of_year(month("2026-11")).collect();
        assert_eq!(months.len(), 12);
        assert_eq!(months[2], (3, month("2027-01")));
        assert_eq!(months[11], (12, month("2027-10")));
    }

    #[test]
    fn the_part_of_a_closed_month_goes_to_the_first_open_one_after_it() {
        let closed = BTreeSet::from([month("2026-10"), month("2026-11")]);
        assert_eq!(carried_in(&closed, month("2026-10")), month("2026-12"));
        assert_eq!(carried_in(&closed, month("2026-12")), month("2026-12"));
    }
}
