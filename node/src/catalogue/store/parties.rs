use diesel::prelude::*;
use settlement::{PartyId, WorkId};

use super::unreadable;
use crate::catalogue::{Party, Role};
use crate::db::Conn;
use crate::schema::{contributors, parties};

type Row = (String, String, String, String, i64);

fn read((id, kind, name, origin, created_us): Row) -> QueryResult<Party> {
    Ok(Party {
        id: PartyId::parse(&id).map_err(unreadable)?,
        kind: Role::parse(&kind).ok_or_else(|| unreadable(kind))?,
        name,
        origin,
        created_us,
    })
}

/// The party of this URI.
pub fn party(conn: &mut Conn, id: &PartyId) -> QueryResult<Option<Party>> {
    let row: Option<Row> = parties::table.find(id.as_str()).first(conn).optional()?;
    row.map(read).transpose()
}

/// The parties of these URIs that are known here, in no order.
pub fn parties(conn: &mut Conn, ids: &[PartyId]) -> QueryResult<Vec<Party>> {
    let mut found = Vec::new();
    for some in ids.chunks(500) {
        let some: Vec<&str> = some.iter().map(PartyId::as_str).collect();
        let rows: Vec<Row> = parties::table.filter(parties::id.eq_any(some)).load(conn)?;
        for row in rows {
            found.push(read(row)?);
        }
    }
    Ok(found)
}

/// The party of this name at home on `origin`, letter by letter.
pub fn party_named(conn: &mut Conn, origin: &str, name: &str) -> QueryResult<Option<Party>> {
    let row: Option<Row> = parties::table
        .filter(parties::origin.eq(origin))
        .filter(parties::name.eq(name))
        .order_by((parties::created_us, parties::id))
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// Writes the party, new or changed.
pub fn put_party(conn: &mut Conn, party: &Party) -> QueryResult<()> {
    let words = (
        parties::kind.eq(party.kind.as_str()),
        parties::name.eq(&party.name),
    );
    let known = parties::table.find(party.id.as_str());
    match is_there!(conn, known) {
        true => diesel::update(known).set(words).execute(conn)?,
        false => diesel::insert_into(parties::table)
            .values((
                parties::id.eq(party.id.as_str()),
                words,
                parties::origin.eq(&party.origin),
                parties::created_us.eq(party.created_us),
            ))
            .execute(conn)?,
    };
    Ok(())
}

/// Who shares in a work, and as what, by party and role.
pub fn contributors(conn: &mut Conn, work: &WorkId) -> QueryResult<Vec<(PartyId, Role)>> {
    let rows: Vec<(String, String)> = contributors::table
        .filter(contributors::work_id.eq(work.as_str()))
        .order_by((contributors::party_id, contributors::role))
        .select((contributors::party_id, contributors::role))
        .load(conn)?;
    rows.into_iter()
        .map(|(party, role)| {
            let party = PartyId::parse(&party).map_err(unreadable)?;
            let role = Role::parse(&role).ok_or_else(|| unreadable(role))?;
            Ok((party, role))
        })
        .collect()
}

/// Who shares in a work, as far as their names are known here.
pub fn contributors_of(conn: &mut Conn, work: &WorkId) -> QueryResult<Vec<(Party, Role)>> {
    let who = contributors(conn, work)?;
    let ids: Vec<PartyId> = who.iter().map(|(id, _)| id.clone()).collect();
    let known = parties(conn, &ids)?;
    Ok(who
        .into_iter()
        .filter_map(|(id, role)| Some((known.iter().find(|p| p.id == id)?.clone(), role)))
        .collect())
}
