//! A venue's statement for a month: what it contributed, what that paid, to which works. Never
//! fewer than five members stand behind a figure.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use settlement::{Period, VenueId, WorkId};

use crate::Node;
use crate::catalogue::shown::{self, ShownWork};
use crate::db::Conn;
use crate::listening;
use crate::reports;
use crate::schema::venue_payments;
use crate::web::Refusal;

/// The fewest members behind a figure.
pub const FEWEST: i64 = 5;

/// A work the venue's members used, as the statement shows it.
#[derive(Clone, Debug)]
pub struct PaidWork {
    /// The work, while it is offered.
    pub work: Option<ShownWork>,
    /// Its URI.
    pub id: String,
    /// How often it was used.
    pub uses: i64,
    /// What it was paid, in micros.
    pub micro: i64,
}

/// A venue's month.
#[derive(Clone, Debug)]
pub struct VenueMonth {
    /// The month.
    pub period: Period,
    /// What the month carried of the contribution, in minor units.
    pub contributed_minor: i64,
    /// What of it was paid to works, in micros; nothing before the settlement.
    pub paid_micro: Option<i64>,
    /// How many members listened; only when there are at least five.
    pub listeners: Option<i64>,
    /// The works five members or more listened to, the best paid first.
    pub works: Vec<PaidWork>,
    /// The others together: how many works, uses and micros.
    pub others: Option<(i64, i64, i64)>,
}

impl VenueMonth {
    /// The largest figure.
    pub fn largest(&self) -> i64 {
        let works = self.works.iter().map(|work| work.micro);
        let others = self.others.map(|(_, _, micro)| micro);
        works.chain(others).max().unwrap_or(0)
    }

    /// What was paid to works of this node's own territory, in micros.
    pub fn stayed(&self, base: &str) -> i64 {
        self.works
            .iter()
            .filter(|paid| paid.work.as_ref().is_some_and(|w| w.origin == base))
            .map(|paid| paid.micro)
            .sum()
    }
}

/// The statement of `venue` for `period`, as far as things are known.
pub fn month(
    conn: &mut Conn,
    node: &Node,
    venue: &VenueId,
    period: Period,
) -> Result<VenueMonth, Refusal> {
    let contributed_minor = super::store::carried(conn, period)?
        .into_iter()
        .filter(|(id, _)| id == venue)
        .map(|(_, minor)| i64::try_from(minor.get()).unwrap_or(i64::MAX))
        .sum();
    let mut statement = VenueMonth {
        period,
        contributed_minor,
        paid_micro: None,
        listeners: None,
        works: Vec::new(),
        others: None,
    };
    let Some(settled) = reports::store::settlement_of(conn, period)? else {
        return Ok(statement);
    };
    let paid: Vec<(String, i64, i64)> = venue_payments::table
        .filter(venue_payments::settlement_id.eq(&settled.id))
        .filter(venue_payments::venue_id.eq(venue.as_str()))
        .select((
            venue_payments::work_id,
            venue_payments::uses,
            venue_payments::amount_micro,
        ))
        .load(conn)?;
    if paid.is_empty() {
        return Ok(statement);
    }
    let counted = listening::counted(conn, node, period, &settlement::Counting::default())?;
    let mut who: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut everybody = BTreeSet::new();
    for row in counted.rows {
        if row.venue == *venue {
            everybody.insert(row.member.clone());
            who.entry(row.work.to_string())
                .or_default()
                .insert(row.member);
        }
    }
    statement.paid_micro = Some(paid.iter().map(|(_, _, micro)| micro).sum());
    let lines = paid
        .into_iter()
        .map(|(id, uses, micro)| Line {
            members: who.remove(&id).unwrap_or_default(),
            id,
            uses,
            micro,
        })
        .collect();
    let (shown_lines, others) = fold(lines);
    statement.listeners = i64::try_from(everybody.len())
        .ok()
        .filter(|count| *count >= FEWEST);
    let ids: Vec<WorkId> = shown_lines
        .iter()
        .filter_map(|line| WorkId::parse(&line.id).ok())
        .collect();
    let works = shown::works(conn, &ids)?;
    statement.works = shown_lines
        .into_iter()
        .map(|line| PaidWork {
            work: WorkId::parse(&line.id)
                .ok()
                .and_then(|id| works.get(&id).cloned()),
            id: line.id,
            uses: line.uses,
            micro: line.micro,
        })
        .collect();
    statement.others = others;
    Ok(statement)
}

/// What a work was paid, and who listened to it.
#[derive(Clone, Debug)]
pub(super) struct Line {
    pub(super) id: String,
    pub(super) uses: i64,
    pub(super) micro: i64,
    pub(super) members: BTreeSet<String>,
}

/// The lines with five members or more behind them, the best paid first; the others as one sum,
/// to which visible lines are added until five members stand behind it too. Where that never
/// happens, all is one sum: whoever knows the total could tell it anyway.
pub(super) fn fold(lines: Vec<Line>) -> (Vec<Line>, Option<(i64, i64, i64)>) {
    let enough = |members: &BTreeSet<String>| i64::try_from(members.len()).unwrap_or(0) >= FEWEST;
    let (mut visible, mut hidden): (Vec<Line>, Vec<Line>) =
        lines.into_iter().partition(|line| enough(&line.members));
    visible.sort_by(|a, b| b.micro.cmp(&a.micro).then_with(|| a.id.cmp(&b.id)));
    let mut behind: BTreeSet<String> = hidden.iter().flat_map(|l| l.members.clone()).collect();
    while !hidden.is_empty() && !enough(&behind) {
        let Some(least) = visible.pop() else { break };
        behind.extend(least.members.iter().cloned());
        hidden.push(least);
    }
    let others = (!hidden.is_empty()).then(|| {
        (
            i64::try_from(hidden.len()).unwrap_or(i64::MAX),
            hidden.iter().map(|line| line.uses).sum(),
            hidden.iter().map(|line| line.micro).sum(),
        )
    });
    (visible, others)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(id: &str, micro: i64, members: std::ops::Range<u8>) -> Line {
        Line {
            id: id.into(),
            uses: 1,
            micro,
            members: members.map(|m| m.to_string()).collect(),
        }
    }

    fn ids(lines: &[Line]) -> Vec<&str> {
        lines.iter().map(|line| line.id.as_str()).collect()
    }

    #[test]
    fn what_four_members_heard_is_shown_only_with_what_others_heard() {
        let lines = vec![
            line("five", 50, 0..5),
            line("four", 40, 0..4),
            line("one", 10, 7..8),
        ];
        let (shown, others) = fold(lines);
        assert_eq!(ids(&shown), ["five"]);
        assert_eq!(
            others,
            Some((2, 2, 50)),
            "five members stand behind the sum"
        );
    }

    #[test]
    fn a_sum_that_would_tell_of_one_member_takes_a_shown_line_in() {
        let lines = vec![
            line("much", 90, 0..9),
            line("little", 20, 0..6),
            line("one", 10, 0..1),
        ];
        let (shown, others) = fold(lines);
        assert_eq!(ids(&shown), ["much"]);
        assert_eq!(others, Some((2, 2, 30)));
    }

    #[test]
    fn nothing_is_hidden_where_five_stand_behind_every_line() {
        let (shown, others) = fold(vec![line("b", 20, 0..5), line("a", 20, 1..7)]);
        assert_eq!(ids(&shown), ["a", "b"]);
        assert_eq!(others, None);
    }
}
