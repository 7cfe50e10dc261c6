use diesel::prelude::*;

use crate::db::Conn;
use crate::schema::provenances;

/// What came in under a key before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provenance {
    /// The URI of what it became.
    pub subject: String,
    /// The digest of what was said about it last.
    pub digest: String,
    /// When the sender said it, in microseconds UTC.
    pub dated_us: i64,
}

/// What came in under this key.
pub fn provenance(conn: &mut Conn, key: &str) -> QueryResult<Option<Provenance>> {
    let row: Option<(String, String, i64)> = provenances::table
        .find(key)
        .select((
            provenances::subject,
            provenances::digest,
            provenances::dated_us,
        ))
        .first(conn)
        .optional()?;
    Ok(row.map(|(subject, digest, dated_us)| Provenance {
        subject,
        digest,
        dated_us,
    }))
}

/// The keys under which something came in.
pub fn keys_of(conn: &mut Conn, subject: &str) -> QueryResult<Vec<String>> {
    provenances::table
        .filter(provenances::subject.eq(subject))
        .order_by(provenances::key)
        .select(provenances::key)
        .load(conn)
}

/// Notes what came in under a key.
pub fn put_provenance(
    conn: &mut Conn,
    key: &str,
    provenance: &Provenance,
    now_us: i64,
) -> QueryResult<()> {
    let values = (
        provenances::subject.eq(&provenance.subject),
        provenances::digest.eq(&provenance.digest),
        provenances::dated_us.eq(provenance.dated_us),
        provenances::recorded_us.eq(now_us),
    );
    let known = provenances::table.find(key);
    match is_there!(conn, known) {
        true => diesel::update(known).set(values).execute(conn)?,
        false => diesel::insert_into(provenances::table)
            .values((provenances::key.eq(key), values))
            .execute(conn)?,
    };
    Ok(())
}
