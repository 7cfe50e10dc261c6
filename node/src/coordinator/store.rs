//! Sentences to the database about received reports, policies, settlements' rows and
//! countersignatures.

use diesel::prelude::*;
use settlement::Period;

use crate::db::Conn;
use crate::each;
use crate::schema::{
    countersignatures, node_statements, party_earnings, party_statements, policies,
    received_reports, venue_payments,
};

/// A report a node offered to this coordinator.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = received_reports)]
pub struct ReceivedReport {
    /// Its URI.
    pub id: String,
    /// The actor of the node that made it.
    pub node_id: String,
    /// That node's origin.
    pub origin: String,
    /// The month.
    pub period: String,
    /// 1, 2, … within the month.
    pub sequence: i64,
    /// `offered`, `accepted` or `refused`.
    pub state: String,
    /// The manifest as it was offered, canonical JSON.
    pub manifest: String,
    /// The digest of that text.
    pub manifest_digest: String,
    /// Its folder in the archive, once accepted.
    pub folder: Option<String>,
    /// When it was offered first.
    pub offered_us: i64,
    /// How often fetching it was tried in vain.
    pub attempts: i64,
    /// Not before then again.
    pub next_try_us: i64,
    /// When it was answered.
    pub answered_us: Option<i64>,
    /// The signed receipt or refusal.
    pub answer: Option<String>,
    /// Why it was refused.
    pub reason: Option<String>,
}

/// A node's answer to a settlement.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = countersignatures)]
pub struct Countersigned {
    /// The settlement's URI.
    pub settlement_id: String,
    /// The node that answers.
    pub node_id: String,
    /// Whether it came to the same.
    pub agreed: bool,
    /// What differs, when it objects.
    pub reason: Option<String>,
    /// The signed document.
    pub document: String,
    /// When it arrived.
    pub received_us: i64,
}

/// One node's row of a settlement.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = node_statements)]
#[allow(missing_docs, reason = "the columns of nodes.csv, in micros")]
pub struct NodeStatement {
    pub settlement_id: String,
    pub node_id: String,
    pub contributed_micro: i64,
    pub rights_micro: i64,
    pub fund_micro: i64,
    pub node_micro: i64,
    pub coordinator_micro: i64,
    pub earned_micro: i64,
    pub adjusted_micro: i64,
    pub position_micro: i64,
}

/// One party's row of a settlement.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = party_statements)]
#[allow(missing_docs, reason = "the columns of parties.csv")]
pub struct PartyStatement {
    pub settlement_id: String,
    pub party_id: String,
    pub carried_in_micro: i64,
    pub earned_micro: i64,
    pub adjusted_micro: i64,
    pub payable_minor: i64,
    pub carried_out_micro: i64,
}

/// Why a party earned what it earned: its share of one work in one territory of use.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = party_earnings)]
pub struct PartyEarning {
    /// The settlement.
    pub settlement_id: String,
    /// The party.
    pub party_id: String,
    /// Where the work was used.
    pub territory: String,
    /// The work.
    pub work_id: String,
    /// How often.
    pub uses: i64,
    /// The party's share of it, in basis points.
    pub share_bp: i64,
    /// What the work earned there, in micros.
    pub of_micro: i64,
    /// What of that is the party's, in micros.
    pub amount_micro: i64,
}

/// Where a venue's rights money went: to one work.
#[derive(Clone, Debug, Queryable, Selectable, Insertable)]
#[diesel(table_name = venue_payments)]
pub struct VenuePayment {
    /// The settlement.
    pub settlement_id: String,
    /// The venue.
    pub venue_id: String,
    /// The work.
    pub work_id: String,
    /// How often it was used there.
    pub uses: i64,
    /// What it was paid, in micros.
    pub amount_micro: i64,
}

/// The rows of a settlement that a node keeps for its statements.
#[derive(Clone, Debug, Default)]
pub struct Statements {
    /// Every node's row.
    pub nodes: Vec<NodeStatement>,
    /// The rows of the parties at home here.
    pub parties: Vec<PartyStatement>,
    /// Why those parties earned what they earned.
    pub earnings: Vec<PartyEarning>,
    /// Where the rights money of the venues here went.
    pub payments: Vec<VenuePayment>,
}

/// Keeps the rows of a settlement, in place of what was kept of it before.
pub fn keep_statements(conn: &mut Conn, id: &str, rows: &Statements) -> QueryResult<()> {
    diesel::delete(node_statements::table.filter(node_statements::settlement_id.eq(id)))
        .execute(conn)?;
    diesel::delete(party_statements::table.filter(party_statements::settlement_id.eq(id)))
        .execute(conn)?;
    diesel::delete(party_earnings::table.filter(party_earnings::settlement_id.eq(id)))
        .execute(conn)?;
    diesel::delete(venue_payments::table.filter(venue_payments::settlement_id.eq(id)))
        .execute(conn)?;
    for row in &rows.nodes {
        diesel::insert_into(node_statements::table)
            .values(row)
            .execute(conn)?;
    }
    for row in &rows.parties {
        diesel::insert_into(party_statements::table)
            .values(row)
            .execute(conn)?;
    }
    for row in &rows.earnings {
        diesel::insert_into(party_earnings::table)
            .values(row)
            .execute(conn)?;
    }
    for row in &rows.payments {
        diesel::insert_into(venue_payments::table)
            .values(row)
            .execute(conn)?;
    }
    Ok(())
}

/// A received report by its URI.
pub fn received(conn: &mut Conn, id: &str) -> QueryResult<Option<ReceivedReport>> {
    received_reports::table
        .find(id)
        .select(ReceivedReport::as_select())
        .first(conn)
        .optional()
}

/// Keeps an offer.
pub fn insert_received(conn: &mut Conn, report: &ReceivedReport) -> QueryResult<()> {
    diesel::insert_into(received_reports::table)
        .values(report)
        .execute(conn)?;
    Ok(())
}

/// The offers that may be fetched at `now_us`.
pub fn offers(conn: &mut Conn, now_us: i64) -> QueryResult<Vec<ReceivedReport>> {
    received_reports::table
        .filter(received_reports::state.eq("offered"))
        .filter(received_reports::next_try_us.le(now_us))
        .order(received_reports::offered_us.asc())
        .select(ReceivedReport::as_select())
        .load(conn)
}

/// All reports received for a month, by node and sequence.
pub fn received_for(conn: &mut Conn, period: Period) -> QueryResult<Vec<ReceivedReport>> {
    received_reports::table
        .filter(received_reports::period.eq(period.to_string()))
        .order((
            received_reports::node_id.asc(),
            received_reports::sequence.asc(),
        ))
        .select(ReceivedReport::as_select())
        .load(conn)
}

/// Every accepted report, those of a node and month in the order they were numbered.
pub fn all_accepted(conn: &mut Conn) -> QueryResult<Vec<ReceivedReport>> {
    received_reports::table
        .filter(received_reports::state.eq("accepted"))
        .order(received_reports::sequence.asc())
        .select(ReceivedReport::as_select())
        .load(conn)
}

/// The accepted report with this node, month and sequence, if there is one.
pub fn accepted(
    conn: &mut Conn,
    node_id: &str,
    period: Period,
    sequence: i64,
) -> QueryResult<Option<ReceivedReport>> {
    received_reports::table
        .filter(received_reports::node_id.eq(node_id))
        .filter(received_reports::period.eq(period.to_string()))
        .filter(received_reports::sequence.eq(sequence))
        .filter(received_reports::state.eq("accepted"))
        .select(ReceivedReport::as_select())
        .first(conn)
        .optional()
}

/// Notes that fetching an offered report did not work this time.
pub fn try_later(conn: &mut Conn, id: &str, next_try_us: i64) -> QueryResult<()> {
    diesel::update(received_reports::table.find(id))
        .set((
            received_reports::attempts.eq(received_reports::attempts + 1),
            received_reports::next_try_us.eq(next_try_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// Notes the answer to an offered report.
pub fn answer(
    conn: &mut Conn,
    id: &str,
    folder: Option<&str>,
    document: &str,
    reason: Option<&str>,
    now_us: i64,
) -> QueryResult<()> {
    let state = if reason.is_none() {
        "accepted"
    } else {
        "refused"
    };
    diesel::update(received_reports::table.find(id))
        .set((
            received_reports::state.eq(state),
            received_reports::folder.eq(folder),
            received_reports::answer.eq(document),
            received_reports::reason.eq(reason),
            received_reports::answered_us.eq(now_us),
        ))
        .execute(conn)?;
    Ok(())
}

/// The policy learned last: digest, id and body.
pub fn latest_policy(conn: &mut Conn) -> QueryResult<Option<(String, String, String)>> {
    policies::table
        .order(policies::learned_us.desc())
        .select((policies::digest, policies::id, policies::body))
        .first(conn)
        .optional()
}

/// The policy with this digest: id and body.
pub fn policy(conn: &mut Conn, digest: &str) -> QueryResult<Option<(String, String)>> {
    policies::table
        .find(digest)
        .select((policies::id, policies::body))
        .first(conn)
        .optional()
}

/// Keeps a policy; one that is known already is noted as the latest.
pub fn learn_policy(
    conn: &mut Conn,
    digest: &str,
    id: &str,
    body: &str,
    now_us: i64,
) -> QueryResult<()> {
    each!(conn, c => diesel::insert_into(policies::table)
        .values((
            policies::digest.eq(digest),
            policies::id.eq(id),
            policies::body.eq(body),
            policies::learned_us.eq(now_us),
        ))
        .on_conflict(policies::digest)
        .do_update()
        .set((policies::id.eq(id), policies::learned_us.eq(now_us)))
        .execute(c))?;
    Ok(())
}

/// Keeps a node's answer to a settlement, in place of an earlier one.
pub fn keep_countersignature(conn: &mut Conn, answer: &Countersigned) -> QueryResult<()> {
    diesel::delete(countersignatures::table.find((&answer.settlement_id, &answer.node_id)))
        .execute(conn)?;
    diesel::insert_into(countersignatures::table)
        .values(answer)
        .execute(conn)?;
    Ok(())
}

/// The nodes' answers to a settlement.
pub fn countersignatures(conn: &mut Conn, settlement: &str) -> QueryResult<Vec<Countersigned>> {
    countersignatures::table
        .filter(countersignatures::settlement_id.eq(settlement))
        .order(countersignatures::node_id.asc())
        .select(Countersigned::as_select())
        .load(conn)
}

/// Every node's row of a settlement.
pub fn node_statements(conn: &mut Conn, settlement: &str) -> QueryResult<Vec<NodeStatement>> {
    node_statements::table
        .filter(node_statements::settlement_id.eq(settlement))
        .order(node_statements::node_id.asc())
        .select(NodeStatement::as_select())
        .load(conn)
}
