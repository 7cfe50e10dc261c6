use diesel::prelude::*;
use settlement::{PartyId, WorkId};

use super::unreadable;
use crate::catalogue::changes::{Notice, NoticeKind};
use crate::db::Conn;
use crate::schema::notices;

/// What a party was told, the newest first.
pub fn notices_of(conn: &mut Conn, party: &PartyId, limit: i64) -> QueryResult<Vec<Notice>> {
    let rows: Vec<(String, String, String, String, String, i64)> = notices::table
        .filter(notices::party_id.eq(party.as_str()))
        .order_by((notices::told_us.desc(), notices::id.desc()))
        .limit(limit)
        .load(conn)?;
    rows.into_iter()
        .map(|(_, party, kind, work, about, told_us)| {
            Ok(Notice {
                party: PartyId::parse(&party).map_err(unreadable)?,
                kind: NoticeKind::parse(&kind).ok_or_else(|| unreadable(kind))?,
                work: WorkId::parse(&work).map_err(unreadable)?,
                about,
                told_us,
            })
        })
        .collect()
}

/// Tells a party something.
pub fn add_notice(conn: &mut Conn, id: &str, notice: &Notice) -> QueryResult<()> {
    diesel::insert_into(notices::table)
        .values((
            notices::id.eq(id),
            notices::party_id.eq(notice.party.as_str()),
            notices::kind.eq(notice.kind.as_str()),
            notices::work_id.eq(notice.work.as_str()),
            notices::about.eq(&notice.about),
            notices::told_us.eq(notice.told_us),
        ))
        .execute(conn)?;
    Ok(())
}
