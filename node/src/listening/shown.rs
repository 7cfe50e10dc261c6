//! What a member sees of their own listening, and nobody else: what they heard, and where their
//! part of the contribution went.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use settlement::{Period, WorkId};

use super::counted;
use crate::Node;
use crate::catalogue::shown::{self, ShownWork};
use crate::db::Conn;
use crate::members::SignedIn;
use crate::reports;
use crate::schema::{plays, unseen_plays, venue_payments};
use crate::web::Refusal;

/// A play, as the one who heard it sees it.
#[derive(Clone, Debug)]
pub struct Heard {
    /// The play's id.
    pub id: String,
    /// The work, while it is offered.
    pub work: Option<ShownWork>,
    /// The work's URI, for want of a better name.
    pub title: String,
    /// When it started, in microseconds UTC.
    pub started_us: i64,
    /// How long it lasted.
    pub seconds: i64,
}

/// What a member heard last, newest first.
pub fn history(conn: &mut Conn, member: &str, limit: i64) -> QueryResult<Vec<Heard>> {
    history_before(conn, member, i64::MAX, limit)
}

/// What a member heard last before an instant, newest first, without what they took out.
pub fn history_before(
    conn: &mut Conn,
    member: &str,
    before_us: i64,
    limit: i64,
) -> QueryResult<Vec<Heard>> {
    let unseen = unseen_plays::table
        .filter(unseen_plays::member_id.eq(member))
        .select(unseen_plays::play_id);
    let rows: Vec<(String, String, i64, i64)> = plays::table
        .filter(plays::member_id.eq(member))
        .filter(plays::started_us.lt(before_us))
        .filter(plays::id.ne_all(unseen))
        .order((plays::started_us.desc(), plays::id))
        .limit(limit)
        .select((plays::id, plays::work_id, plays::started_us, plays::seconds))
        .load(conn)?;
    let ids: BTreeSet<WorkId> = rows
        .iter()
        .filter_map(|(_, work, _, _)| WorkId::parse(work).ok())
        .collect();
    let works = shown::works(conn, &ids.into_iter().collect::<Vec<_>>())?;
    Ok(rows
        .into_iter()
        .map(|(id, work, started_us, seconds)| Heard {
            id,
            work: WorkId::parse(&work)
                .ok()
                .and_then(|work| works.get(&work).cloned()),
            title: work,
            started_us,
            seconds,
        })
        .collect())
}

/// A member's part of what their venue paid in a month, and to which works their own listening
/// sent it.
#[derive(Clone, Debug)]
pub struct Paid {
    /// The month.
    pub period: Period,
    /// The member's part, in micros.
    pub whole_micro: i64,
    /// To each work: how often it was used, and its part, in micros; the largest first.
    pub rows: Vec<(Option<ShownWork>, i64, i64)>,
}

impl Paid {
    /// What stayed on the node at `base`, and what went elsewhere, in micros.
    pub fn voices(&self, base: &str) -> (i64, i64) {
        let is_near = |work: &Option<ShownWork>| work.as_ref().is_none_or(|w| w.origin == base);
        let (near, far): (Vec<_>, Vec<_>) = self.rows.iter().partition(|row| is_near(&row.0));
        let sum = |rows: Vec<&(Option<ShownWork>, i64, i64)>| {
            rows.into_iter().map(|(_, _, micro)| *micro).sum()
        };
        (sum(near), sum(far))
    }

    /// The largest part.
    pub fn largest(&self) -> i64 {
        self.rows
            .iter()
            .map(|(_, _, micro)| *micro)
            .max()
            .unwrap_or(0)
    }
}

/// Where the member's part went in the last month that was settled. Every member who listened has
/// the same part of what their venue paid; it goes to what they listened to themselves, by uses.
/// Nothing where they did not listen, or where fewer than five did (their venue is then reported
/// with others).
pub fn where_it_went(
    conn: &mut Conn,
    node: &Node,
    member: &SignedIn,
) -> Result<Option<Paid>, Refusal> {
    let Some(venue) = &member.venue else {
        return Ok(None);
    };
    let Some(settled) = reports::store::settlements(conn)?
        .into_iter()
        .filter(|settlement| settlement.state == "recomputed")
        .max_by(|a, b| a.period.cmp(&b.period))
    else {
        return Ok(None);
    };
    let Ok(period) = Period::parse(&settled.period) else {
        return Ok(None);
    };
    let spent: Vec<i64> = venue_payments::table
        .filter(venue_payments::settlement_id.eq(&settled.id))
        .filter(venue_payments::venue_id.eq(venue.as_str()))
        .select(venue_payments::amount_micro)
        .load(conn)?;
    let rights: i64 = spent.into_iter().sum();
    let month = counted(conn, node, period, &settlement::Counting::default())?;
    let mut listeners = BTreeSet::new();
    let mut own: BTreeMap<WorkId, i64> = BTreeMap::new();
    for row in month.rows.iter().filter(|row| row.venue == *venue) {
        listeners.insert(&row.member);
        if row.member == member.id {
            *own.entry(row.work.clone()).or_default() += i64::from(row.uses);
        }
    }
    let uses: i64 = own.values().sum();
    let listeners = i64::try_from(listeners.len()).unwrap_or(i64::MAX);
    if rights == 0 || uses == 0 || listeners < crate::venues::statement::FEWEST {
        return Ok(None);
    }
    let whole_micro = rights / listeners;
    let works = shown::works(conn, &own.keys().cloned().collect::<Vec<_>>())?;
    let part = |count: i64| {
        i64::try_from(i128::from(whole_micro) * i128::from(count) / i128::from(uses))
            .unwrap_or(i64::MAX)
    };
    let mut rows: Vec<_> = own
        .into_iter()
        .map(|(id, count)| (works.get(&id).cloned(), count, part(count)))
        .collect();
    rows.sort_by_key(|(_, count, _)| std::cmp::Reverse(*count));
    Ok(Some(Paid {
        period,
        whole_micro,
        rows,
    }))
}
