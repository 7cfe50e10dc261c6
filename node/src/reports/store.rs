//! Sentences to the database about months, this node's own reports, and what it made of
//! settlements.

use diesel::prelude::*;
use settlement::Period;

use super::PeriodState;
use crate::db::Conn;
use crate::each;
use crate::schema::{periods, plays, reports, settlements};

/// A report this node made.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = reports)]
pub struct OwnReport {
    /// Its URI.
    pub id: String,
    /// The month.
    pub period: String,
    /// 1, 2, … within the month.
    pub sequence: i64,
    /// `made`, `offered`, `accepted` or `refused`.
    pub state: String,
    /// The bytes of `report.json`.
    pub manifest: String,
    /// Their digest, `sha-256:…`.
    pub manifest_digest: String,
    /// Where its files are, below the node's folder.
    pub folder: String,
    /// When it was made.
    pub made_us: i64,
    /// When it was offered last.
    pub offered_us: Option<i64>,
    /// When the coordinator answered.
    pub answered_us: Option<i64>,
    /// The signed receipt.
    pub answer: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// A settlement somebody published, and what this node made of it.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = settlements)]
pub struct KnownSettlement {
    /// Its URI.
    pub id: String,
    /// The month.
    pub period: String,
    /// Who settled.
    pub coordinator_id: String,
    /// The bytes of `settlement.json`; empty until fetched.
    pub document: String,
    /// Their digest, as announced.
    pub digest: String,
    /// Where its folder is, below the node's folder, once here.
    pub folder: Option<String>,
    /// `announced`, `recomputed` or `objected`.
    pub state: String,
    /// Why this node objected.
    pub reason: Option<String>,
    /// How often fetching was tried in vain.
    pub attempts: i64,
    /// Not before then again.
    pub next_try_us: i64,
    /// When it was published.
    pub published_us: i64,
    /// When this node answered.
    pub answered_us: Option<i64>,
}

/// Where a month stands; a month nobody touched is open.
pub fn period_state(conn: &mut Conn, period: Period) -> QueryResult<PeriodState> {
    let state: Option<String> = periods::table
        .find(period.to_string())
        .select(periods::state)
        .first(conn)
        .optional()?;
    Ok(state
        .as_deref()
        .map_or(PeriodState::Open, PeriodState::parse))
}

/// Moves a month on. `closed_us` is kept from when it was first closed.
pub fn set_period_state(
    conn: &mut Conn,
    period: Period,
    state: PeriodState,
    now_us: i64,
) -> QueryResult<()> {
    each!(conn, c => diesel::insert_into(periods::table)
        .values((
            periods::period.eq(period.to_string()),
            periods::state.eq(state.as_str()),
            periods::closed_us.eq(now_us),
        ))
        .on_conflict(periods::period)
        .do_update()
        .set(periods::state.eq(state.as_str()))
        .execute(c))?;
    Ok(())
}

/// All months that were closed, with their states, latest first.
pub fn periods(conn: &mut Conn) -> QueryResult<Vec<(String, String)>> {
    periods::table
        .order(periods::period.desc())
        .select((periods::period, periods::state))
        .load(conn)
}

/// The earliest month before `period` that has plays and is still open.
pub fn open_month_before(conn: &mut Conn, period: Period) -> QueryResult<Option<String>> {
    plays::table
        .left_join(periods::table.on(periods::period.eq(plays::period)))
        .filter(plays::period.lt(period.to_string()))
        .filter(periods::state.is_null().or(periods::state.eq("open")))
        .order(plays::period.asc())
        .select(plays::period)
        .first(conn)
        .optional()
}

/// Lets a venue's plays of `period` wait for the month after it.
pub fn let_plays_wait(
    conn: &mut Conn,
    venue: &str,
    period: Period,
    next: Period,
) -> QueryResult<usize> {
    diesel::update(
        plays::table
            .filter(plays::venue_id.eq(venue))
            .filter(plays::period.eq(period.to_string())),
    )
    .set(plays::period.eq(next.to_string()))
    .execute(conn)
}

/// Keeps a new report.
pub fn insert(conn: &mut Conn, report: &OwnReport) -> QueryResult<()> {
    diesel::insert_into(reports::table)
        .values(report)
        .execute(conn)?;
    Ok(())
}

/// This node's report in force for a month: the one of the highest sequence.
pub fn in_force(conn: &mut Conn, period: Period) -> QueryResult<Option<OwnReport>> {
    reports::table
        .filter(reports::period.eq(period.to_string()))
        .order(reports::sequence.desc())
        .select(OwnReport::as_select())
        .first(conn)
        .optional()
}

/// This node's report of a month and sequence.
pub fn report(conn: &mut Conn, period: Period, sequence: i64) -> QueryResult<Option<OwnReport>> {
    reports::table
        .filter(reports::period.eq(period.to_string()))
        .filter(reports::sequence.eq(sequence))
        .select(OwnReport::as_select())
        .first(conn)
        .optional()
}

/// This node's report with this URI.
pub fn by_id(conn: &mut Conn, id: &str) -> QueryResult<Option<OwnReport>> {
    reports::table
        .find(id)
        .select(OwnReport::as_select())
        .first(conn)
        .optional()
}

/// All reports this node made, latest month first.
pub fn all(conn: &mut Conn) -> QueryResult<Vec<OwnReport>> {
    reports::table
        .order((reports::period.desc(), reports::sequence.desc()))
        .select(OwnReport::as_select())
        .load(conn)
}

/// Notes that a report was offered.
pub fn offered(conn: &mut Conn, id: &str, now_us: i64) -> QueryResult<()> {
    diesel::update(reports::table.find(id))
        .set((reports::state.eq("offered"), reports::offered_us.eq(now_us)))
        .execute(conn)?;
    Ok(())
}

/// The reports that were offered before `before_us` and not answered.
pub fn offered_before(conn: &mut Conn, before_us: i64) -> QueryResult<Vec<OwnReport>> {
    reports::table
        .filter(reports::state.eq("offered"))
        .filter(reports::offered_us.le(before_us))
        .order((reports::period, reports::sequence))
        .select(OwnReport::as_select())
        .load(conn)
}

/// Notes the coordinator's answer: a signed receipt, or a reason.
pub fn answered(
    conn: &mut Conn,
    id: &str,
    receipt: Option<&str>,
    reason: Option<&str>,
    now_us: i64,
) -> QueryResult<()> {
    let state = if receipt.is_some() {
        "accepted"
    } else {
        "refused"
    };
    diesel::update(reports::table.find(id))
        .set((
            reports::state.eq(state),
            reports::answered_us.eq(now_us),
            reports::answer.eq(receipt),
            reports::reason.eq(reason),
        ))
        .execute(conn)?;
    Ok(())
}

/// A settlement by its URI.
pub fn settlement(conn: &mut Conn, id: &str) -> QueryResult<Option<KnownSettlement>> {
    settlements::table
        .find(id)
        .select(KnownSettlement::as_select())
        .first(conn)
        .optional()
}

/// The settlement of a month, when one is known.
pub fn settlement_of(conn: &mut Conn, period: Period) -> QueryResult<Option<KnownSettlement>> {
    settlements::table
        .filter(settlements::period.eq(period.to_string()))
        .order(settlements::published_us.desc())
        .select(KnownSettlement::as_select())
        .first(conn)
        .optional()
}

/// All settlements known here, latest month first.
pub fn settlements(conn: &mut Conn) -> QueryResult<Vec<KnownSettlement>> {
    settlements::table
        .order(settlements::period.desc())
        .select(KnownSettlement::as_select())
        .load(conn)
}

/// Keeps a settlement that was announced or made here.
pub fn insert_settlement(conn: &mut Conn, settlement: &KnownSettlement) -> QueryResult<()> {
    diesel::insert_into(settlements::table)
        .values(settlement)
        .execute(conn)?;
    Ok(())
}

/// The announced settlements that may be fetched at `now_us`.
pub fn settlements_to_recompute(conn: &mut Conn, now_us: i64) -> QueryResult<Vec<KnownSettlement>> {
    settlements::table
        .filter(settlements::state.eq("announced"))
        .filter(settlements::next_try_us.le(now_us))
        .order(settlements::period.asc())
        .select(KnownSettlement::as_select())
        .load(conn)
}

/// Notes that fetching or recomputing did not work this time.
pub fn try_settlement_later(conn: &mut Conn, id: &str, next_try_us: i64) -> QueryResult<()> {
    diesel::update(settlements::table.find(id))
        .set((
            settlements::attempts.eq(settlements::attempts + 1),
            settlements::next_try_us.eq(next_try_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes what this node made of a settlement.
pub fn settlement_answered(
    conn: &mut Conn,
    id: &str,
    document: &str,
    folder: &str,
    objection: Option<&str>,
    now_us: i64,
) -> QueryResult<()> {
    let state = if objection.is_some() {
        "objected"
    } else {
        "recomputed"
    };
    diesel::update(settlements::table.find(id))
        .set((
            settlements::state.eq(state),
            settlements::document.eq(document),
            settlements::folder.eq(folder),
            settlements::reason.eq(objection),
            settlements::answered_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}
