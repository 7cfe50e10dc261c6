use diesel::prelude::*;
use federation::identifiers::{Identifier, Scheme};
use settlement::{PartyId, WorkId};

use super::unreadable;
use crate::db::Conn;
use crate::schema::{credits, identifiers};

/// The codes of a work, a release or a party, in order.
pub fn codes(conn: &mut Conn, subject: &str) -> QueryResult<Vec<Identifier>> {
    let rows: Vec<(String, String)> = identifiers::table
        .filter(identifiers::subject.eq(subject))
        .order_by((identifiers::scheme, identifiers::value))
        .select((identifiers::scheme, identifiers::value))
        .load(conn)?;
    rows.into_iter()
        .map(|(scheme, value)| {
            let scheme = Scheme::ALL
                .into_iter()
                .find(|known| known.as_str() == scheme);
            let scheme = scheme.ok_or_else(|| unreadable("a code of no known kind"))?;
            Identifier::parse(scheme, &value).map_err(unreadable)
        })
        .collect()
}

/// Says what codes something has, instead of whatever it had.
pub fn set_codes(conn: &mut Conn, subject: &str, codes: &[Identifier]) -> QueryResult<()> {
    diesel::delete(identifiers::table.filter(identifiers::subject.eq(subject))).execute(conn)?;
    add_codes(conn, subject, codes)
}

/// Adds codes to those something has.
pub fn add_codes(conn: &mut Conn, subject: &str, codes: &[Identifier]) -> QueryResult<()> {
    for code in codes {
        let key = (subject, code.scheme().as_str(), code.value());
        let there: i64 = identifiers::table.find(key).count().get_result(conn)?;
        if there == 0 {
            diesel::insert_into(identifiers::table)
                .values((
                    identifiers::subject.eq(key.0),
                    identifiers::scheme.eq(key.1),
                    identifiers::value.eq(key.2),
                ))
                .execute(conn)?;
        }
    }
    Ok(())
}

/// What has this code, by URI.
pub fn subjects_of(conn: &mut Conn, code: &Identifier) -> QueryResult<Vec<String>> {
    identifiers::table
        .filter(identifiers::scheme.eq(code.scheme().as_str()))
        .filter(identifiers::value.eq(code.value()))
        .order_by(identifiers::subject)
        .select(identifiers::subject)
        .load(conn)
}

/// Who did what on a work, in the order of the credits.
pub fn credits(conn: &mut Conn, work: &WorkId) -> QueryResult<Vec<(PartyId, String)>> {
    let rows: Vec<(String, String)> = credits::table
        .filter(credits::work_id.eq(work.as_str()))
        .order_by(credits::position)
        .select((credits::party_id, credits::role))
        .load(conn)?;
    rows.into_iter()
        .map(|(party, role)| Ok((PartyId::parse(&party).map_err(unreadable)?, role)))
        .collect()
}

/// Says who did what on a work, instead of whatever was said.
pub fn set_credits(conn: &mut Conn, work: &WorkId, who: &[(PartyId, String)]) -> QueryResult<()> {
    diesel::delete(credits::table.filter(credits::work_id.eq(work.as_str()))).execute(conn)?;
    for (position, (party, role)) in (1_i64..).zip(who) {
        diesel::insert_into(credits::table)
            .values((
                credits::work_id.eq(work.as_str()),
                credits::position.eq(position),
                credits::party_id.eq(party.as_str()),
                credits::role.eq(role),
            ))
            .execute(conn)?;
    }
    Ok(())
}
