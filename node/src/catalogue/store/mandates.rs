use diesel::prelude::*;
use settlement::Date;

use super::unreadable;
use crate::catalogue::mandates::{Mandate, Society};
use crate::db::Conn;
use crate::schema::mandates;

type Row = (String, String, String, Option<String>, bool, i64);

/// The mandate recorded for a work or a release.
pub fn mandate(conn: &mut Conn, subject: &str) -> QueryResult<Option<Mandate>> {
    let row: Option<Row> = mandates::table
        .find(subject)
        .select((
            mandates::licensor,
            mandates::granted,
            mandates::scope,
            mandates::society,
            mandates::stated,
            mandates::recorded_us,
        ))
        .first(conn)
        .optional()?;
    let Some((licensor, granted, scope, society, stated, recorded_us)) = row else {
        return Ok(None);
    };
    Ok(Some(Mandate {
        licensor,
        granted: Date::parse(&granted).map_err(unreadable)?,
        scope,
        society: Society::read(society),
        stated,
        recorded_us,
    }))
}

/// Records the mandate of a work or a release, instead of the one that was recorded.
pub fn put_mandate(conn: &mut Conn, subject: &str, mandate: &Mandate) -> QueryResult<()> {
    let values = (
        mandates::licensor.eq(&mandate.licensor),
        mandates::granted.eq(mandate.granted.to_string()),
        mandates::scope.eq(&mandate.scope),
        mandates::society.eq(mandate.society.written()),
        mandates::stated.eq(mandate.stated),
        mandates::recorded_us.eq(mandate.recorded_us),
    );
    let known = mandates::table.find(subject);
    match is_there!(conn, known) {
        true => diesel::update(known).set(values).execute(conn)?,
        false => diesel::insert_into(mandates::table)
            .values((mandates::subject.eq(subject), values))
            .execute(conn)?,
    };
    Ok(())
}
