use diesel::prelude::*;
use settlement::{Isrc, WorkId};

use super::unreadable;
use crate::catalogue::claims::{Claim, ClaimState};
use crate::db::Conn;
use crate::schema::claims;

type Row = (
    String,
    String,
    String,
    String,
    i64,
    Option<i64>,
    Option<String>,
);

fn read((first, second, isrc, state, found_us, settled_us, note): Row) -> QueryResult<Claim> {
    Ok(Claim {
        first: WorkId::parse(&first).map_err(unreadable)?,
        second: WorkId::parse(&second).map_err(unreadable)?,
        isrc: Isrc::parse(&isrc).map_err(unreadable)?,
        state: ClaimState::parse(&state).ok_or_else(|| unreadable(state))?,
        found_us,
        settled_us,
        note,
    })
}

/// The claims, the open ones alone if asked; the newest first.
pub fn claims(conn: &mut Conn, open: bool, limit: i64) -> QueryResult<Vec<Claim>> {
    let mut question = claims::table
        .order_by((
            claims::found_us.desc(),
            claims::first_work,
            claims::second_work,
        ))
        .limit(limit)
        .into_boxed();
    if open {
        question = question.filter(claims::state.eq(ClaimState::Open.as_str()));
    }
    let rows: Vec<Row> = question.load(conn)?;
    rows.into_iter().map(read).collect()
}

/// The claims a work is part of.
pub fn claims_of(conn: &mut Conn, work: &WorkId) -> QueryResult<Vec<Claim>> {
    let rows: Vec<Row> = claims::table
        .filter(
            claims::first_work
                .eq(work.as_str())
                .or(claims::second_work.eq(work.as_str())),
        )
        .order_by((claims::found_us, claims::first_work, claims::second_work))
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// Notes a claim; whether it is new.
pub fn add_claim(conn: &mut Conn, claim: &Claim) -> QueryResult<bool> {
    let key = (claim.first.as_str(), claim.second.as_str());
    let there: i64 = claims::table.find(key).count().get_result(conn)?;
    if there > 0 {
        return Ok(false);
    }
    diesel::insert_into(claims::table)
        .values((
            claims::first_work.eq(key.0),
            claims::second_work.eq(key.1),
            claims::isrc.eq(claim.isrc.as_str()),
            claims::state.eq(claim.state.as_str()),
            claims::found_us.eq(claim.found_us),
        ))
        .execute(conn)?;
    Ok(true)
}

/// Notes how a claim was settled; whether there is such a claim.
pub fn settle_claim(
    conn: &mut Conn,
    first: &WorkId,
    second: &WorkId,
    state: ClaimState,
    note: Option<&str>,
    now_us: i64,
) -> QueryResult<bool> {
    let changed = diesel::update(claims::table.find((first.as_str(), second.as_str())))
        .set((
            claims::state.eq(state.as_str()),
            claims::settled_us.eq(now_us),
            claims::note.eq(note),
        ))
        .execute(conn)?;
    Ok(changed > 0)
}
