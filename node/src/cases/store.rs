//! Sentences to the database about cases.

use diesel::dsl::max;
use diesel::prelude::*;

use super::{CaseKind, Decision, Side};
use crate::db::Conn;
use crate::schema::cases;

/// A case that comes.
#[derive(Clone, Debug)]
pub struct NewCase {
    /// Its id.
    pub id: String,
    /// What people name it by.
    pub number: i64,
    /// What it is about.
    pub kind: CaseKind,
    /// The URI or address.
    pub subject: String,
    /// Why.
    pub words: String,
    /// The sender's name, or nothing.
    pub sender: String,
    /// How to reach them, or nothing.
    pub contact: String,
    /// The digest of the sender's address.
    pub sender_digest: String,
    /// The digest of the other side's.
    pub other_digest: String,
    /// When it came.
    pub received_us: i64,
    /// Until when it is to be decided.
    pub due_us: i64,
}

/// A case as the database holds it.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its id.
    pub id: String,
    /// What people name it by.
    pub number: i64,
    /// What it is about.
    pub kind: CaseKind,
    /// The URI or address.
    pub subject: String,
    /// Why.
    pub words: String,
    /// The sender's name, or nothing.
    pub sender: String,
    /// How to reach them, or nothing.
    pub contact: String,
    /// When it came.
    pub received_us: i64,
    /// Until when it is to be decided.
    pub due_us: i64,
    /// What was decided: `upheld` or `refused`.
    pub decision: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub decided_us: Option<i64>,
    /// Why the decision is contested.
    pub appeal: Option<String>,
    /// By whom: `sender` or `other`.
    pub appealed_by: Option<String>,
    /// When.
    pub appealed_us: Option<i64>,
    /// Until when the appeal is to be decided.
    pub appeal_due_us: Option<i64>,
    /// What was decided about it.
    pub appeal_decision: Option<String>,
    /// Why.
    pub appeal_reason: Option<String>,
    /// When.
    pub appeal_decided_us: Option<i64>,
}

type First = (
    String,
    i64,
    String,
    String,
    String,
    String,
    String,
    i64,
    i64,
);
type Then = (
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<i64>,
    Option<i64>,
    Option<String>,
    Option<String>,
    Option<i64>,
);

type FirstColumns = (
    cases::id,
    cases::number,
    cases::kind,
    cases::subject,
    cases::words,
    cases::sender,
    cases::contact,
    cases::received_us,
    cases::due_us,
);
type ThenColumns = (
    cases::decision,
    cases::reason,
    cases::decided_us,
    cases::appeal,
    cases::appealed_by,
    cases::appealed_us,
    cases::appeal_due_us,
    cases::appeal_decision,
    cases::appeal_reason,
    cases::appeal_decided_us,
);

fn columns() -> (FirstColumns, ThenColumns) {
    (
        (
            cases::id,
            cases::number,
            cases::kind,
            cases::subject,
            cases::words,
            cases::sender,
            cases::contact,
            cases::received_us,
            cases::due_us,
        ),
        (
            cases::decision,
            cases::reason,
            cases::decided_us,
            cases::appeal,
            cases::appealed_by,
            cases::appealed_us,
            cases::appeal_due_us,
            cases::appeal_decision,
            cases::appeal_reason,
            cases::appeal_decided_us,
        ),
    )
}

fn read((first, then): (First, Then)) -> Case {
    let (id, number, kind, subject, words, sender, contact, received_us, due_us) = first;
    let (decision, reason, decided_us, appeal, appealed_by, appealed_us, appeal_due_us, d, r, u) =
        then;
    Case {
        id,
        number,
        kind: CaseKind::parse(&kind).unwrap_or(CaseKind::Unlawful),
        subject,
        words,
        sender,
        contact,
        received_us,
        due_us,
        decision,
        reason,
        decided_us,
        appeal,
        appealed_by,
        appealed_us,
        appeal_due_us,
        appeal_decision: d,
        appeal_reason: r,
        appeal_decided_us: u,
    }
}

/// Adds a case.
pub fn add(conn: &mut Conn, case: &NewCase) -> QueryResult<()> {
    diesel::insert_into(cases::table)
        .values((
            cases::id.eq(&case.id),
            cases::number.eq(case.number),
            cases::kind.eq(case.kind.as_str()),
            cases::subject.eq(&case.subject),
            cases::words.eq(&case.words),
            cases::sender.eq(&case.sender),
            cases::contact.eq(&case.contact),
            cases::sender_digest.eq(&case.sender_digest),
            cases::other_digest.eq(&case.other_digest),
            cases::received_us.eq(case.received_us),
            cases::due_us.eq(case.due_us),
        ))
        .execute(conn)
        .map(drop)
}

/// The number of the next case. There is one writer at a time.
pub fn next_number(conn: &mut Conn) -> QueryResult<i64> {
    let last: Option<i64> = cases::table.select(max(cases::number)).first(conn)?;
    Ok(last.unwrap_or(0) + 1)
}

/// How many came since this instant.
pub fn since(conn: &mut Conn, us: i64) -> QueryResult<i64> {
    cases::table
        .filter(cases::received_us.ge(us))
        .count()
        .get_result(conn)
}

/// How many wait for a decision.
pub fn open_count(conn: &mut Conn) -> QueryResult<i64> {
    cases::table
        .filter(cases::decided_us.is_null())
        .count()
        .get_result(conn)
}

/// The case of this id.
pub fn case(conn: &mut Conn, id: &str) -> QueryResult<Option<Case>> {
    let row: Option<(First, Then)> = cases::table
        .find(id)
        .select(columns())
        .first(conn)
        .optional()?;
    Ok(row.map(read))
}

/// The case somebody follows at an address of this digest, and on which side they are.
pub fn followed(conn: &mut Conn, digest: &str) -> QueryResult<Option<(Case, Side)>> {
    let row: Option<((First, Then), String)> = cases::table
        .filter(
            cases::sender_digest
                .eq(digest)
                .or(cases::other_digest.eq(digest)),
        )
        .select((columns(), cases::sender_digest))
        .first(conn)
        .optional()?;
    Ok(row.map(|(row, sender)| {
        let side = match sender == digest {
            true => Side::Sender,
            false => Side::Other,
        };
        (read(row), side)
    }))
}

/// The cases that wait for a decision, by their deadline; then the latest `limit` of the others.
pub fn all(conn: &mut Conn, limit: i64) -> QueryResult<Vec<Case>> {
    let contested = cases::appealed_us
        .is_not_null()
        .and(cases::appeal_decided_us.is_null());
    let waits = cases::decided_us.is_null().or(contested);
    let waiting: Vec<(First, Then)> = cases::table
        .filter(waits)
        .order(cases::number)
        .select(columns())
        .load(conn)?;
    let settled = cases::appealed_us
        .is_null()
        .or(cases::appeal_decided_us.is_not_null());
    let others: Vec<(First, Then)> = cases::table
        .filter(cases::decided_us.is_not_null())
        .filter(settled)
        .order(cases::number.desc())
        .limit(limit)
        .select(columns())
        .load(conn)?;
    let mut all: Vec<Case> = waiting.into_iter().map(read).collect();
    all.sort_by_key(|case| case.deadline_us().unwrap_or(i64::MAX));
    all.extend(others.into_iter().map(read));
    Ok(all)
}

/// Writes a decision down.
pub fn decide(
    conn: &mut Conn,
    id: &str,
    decision: Decision,
    reason: &str,
    now_us: i64,
) -> QueryResult<()> {
    diesel::update(cases::table.find(id))
        .set((
            cases::decision.eq(decision.as_str()),
            cases::reason.eq(reason),
            cases::decided_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Writes an appeal down.
pub fn appeal(
    conn: &mut Conn,
    id: &str,
    side: Side,
    words: &str,
    now_us: i64,
    due_us: i64,
) -> QueryResult<()> {
    diesel::update(cases::table.find(id))
        .set((
            cases::appeal.eq(words),
            cases::appealed_by.eq(side.as_str()),
            cases::appealed_us.eq(now_us),
            cases::appeal_due_us.eq(due_us),
        ))
        .execute(conn)
        .map(drop)
}

/// Writes the decision about an appeal down.
pub fn decide_appeal(
    conn: &mut Conn,
    id: &str,
    decision: Decision,
    reason: &str,
    now_us: i64,
) -> QueryResult<()> {
    diesel::update(cases::table.find(id))
        .set((
            cases::appeal_decision.eq(decision.as_str()),
            cases::appeal_reason.eq(reason),
            cases::appeal_decided_us.eq(now_us),
        ))
        .execute(conn)
        .map(drop)
}
