use diesel::prelude::*;
use settlement::{PartyId, WorkId};

use super::unreadable;
use crate::catalogue::changes::{Change, ChangeState, Stake};
use crate::db::Conn;
use crate::schema::{split_change_parties, split_changes};

type Row = (
    String,
    String,
    String,
    String,
    i64,
    i64,
    Option<i64>,
    Option<String>,
);

fn read(conn: &mut Conn, row: Row) -> QueryResult<Change> {
    let (id, work, state, shares, proposed_us, ripens_us, decided_us, valid_from) = row;
    let stakes: Vec<(String, i64, i64, Option<i64>)> = split_change_parties::table
        .filter(split_change_parties::change_id.eq(&id))
        .order_by(split_change_parties::party_id)
        .select((
            split_change_parties::party_id,
            split_change_parties::before_bp,
            split_change_parties::after_bp,
            split_change_parties::confirmed_us,
        ))
        .load(conn)?;
    let stakes = stakes
        .into_iter()
        .map(|(party, before_bp, after_bp, confirmed_us)| {
            Ok(Stake {
                party: PartyId::parse(&party).map_err(unreadable)?,
                before_bp,
                after_bp,
                confirmed_us,
            })
        });
    Ok(Change {
        id,
        work: WorkId::parse(&work).map_err(unreadable)?,
        state: ChangeState::parse(&state).ok_or_else(|| unreadable(state))?,
        shares,
        proposed_us,
        ripens_us,
        decided_us,
        valid_from,
        stakes: stakes.collect::<QueryResult<_>>()?,
    })
}

fn read_all(conn: &mut Conn, rows: Vec<Row>) -> QueryResult<Vec<Change>> {
    rows.into_iter().map(|row| read(conn, row)).collect()
}

/// The change of this id.
pub fn change(conn: &mut Conn, id: &str) -> QueryResult<Option<Change>> {
    let row: Option<Row> = split_changes::table.find(id).first(conn).optional()?;
    row.map(|row| read(conn, row)).transpose()
}

/// Changes, the newest first; those of a work when one is named.
pub fn changes(conn: &mut Conn, work: Option<&WorkId>, limit: i64) -> QueryResult<Vec<Change>> {
    let mut question = split_changes::table
        .order_by((split_changes::proposed_us.desc(), split_changes::id.desc()))
        .limit(limit)
        .into_boxed();
    if let Some(work) = work {
        question = question.filter(split_changes::work_id.eq(work.as_str()));
    }
    let rows: Vec<Row> = question.load(conn)?;
    read_all(conn, rows)
}

/// The change of a work that waits to be decided.
pub fn waiting_change(conn: &mut Conn, work: &WorkId) -> QueryResult<Option<Change>> {
    let row: Option<Row> = split_changes::table
        .filter(split_changes::work_id.eq(work.as_str()))
        .filter(split_changes::state.eq(ChangeState::Proposed.as_str()))
        .order_by(split_changes::id.desc())
        .first(conn)
        .optional()?;
    row.map(|row| read(conn, row)).transpose()
}

/// The changes that have waited long enough, the oldest first.
pub fn ripe_changes(conn: &mut Conn, now_us: i64, limit: i64) -> QueryResult<Vec<Change>> {
    let rows: Vec<Row> = split_changes::table
        .filter(split_changes::state.eq(ChangeState::Proposed.as_str()))
        .filter(split_changes::ripens_us.le(now_us))
        .order_by((split_changes::ripens_us, split_changes::id))
        .limit(limit)
        .load(conn)?;
    read_all(conn, rows)
}

/// Writes a new change down.
pub fn add_change(conn: &mut Conn, change: &Change) -> QueryResult<()> {
    diesel::insert_into(split_changes::table)
        .values((
            split_changes::id.eq(&change.id),
            split_changes::work_id.eq(change.work.as_str()),
            split_changes::state.eq(change.state.as_str()),
            split_changes::shares.eq(&change.shares),
            split_changes::proposed_us.eq(change.proposed_us),
            split_changes::ripens_us.eq(change.ripens_us),
        ))
        .execute(conn)?;
    for stake in &change.stakes {
        diesel::insert_into(split_change_parties::table)
            .values((
                split_change_parties::change_id.eq(&change.id),
                split_change_parties::party_id.eq(stake.party.as_str()),
                split_change_parties::before_bp.eq(stake.before_bp),
                split_change_parties::after_bp.eq(stake.after_bp),
            ))
            .execute(conn)?;
    }
    Ok(())
}

/// Notes that a party confirmed a change.
pub fn confirm_change(conn: &mut Conn, id: &str, party: &PartyId, now_us: i64) -> QueryResult<()> {
    diesel::update(split_change_parties::table.find((id, party.as_str())))
        .set(split_change_parties::confirmed_us.eq(now_us))
        .execute(conn)?;
    Ok(())
}

/// Notes what became of a change.
pub fn decide_change(
    conn: &mut Conn,
    id: &str,
    state: ChangeState,
    valid_from: Option<String>,
    now_us: i64,
) -> QueryResult<()> {
    diesel::update(split_changes::table.find(id))
        .set((
            split_changes::state.eq(state.as_str()),
            split_changes::decided_us.eq(now_us),
            split_changes::valid_from.eq(valid_from),
        ))
        .execute(conn)?;
    Ok(())
}
