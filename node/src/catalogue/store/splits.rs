use diesel::prelude::*;
use settlement::{Date, Period, WorkId};

use super::unreadable;
use crate::db::Conn;
use crate::schema::split_sheets;

/// A split sheet as it is kept: the signed document, letter by letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptSheet {
    /// The work it shares out.
    pub work: WorkId,
    /// From which day on.
    pub valid_from: Date,
    /// When it was entered at the work's origin, in microseconds UTC.
    pub logged_us: i64,
    /// The signed document.
    pub document: String,
}

type Row = (String, String, i64, String);

fn read((work, valid_from, logged_us, document): Row) -> QueryResult<KeptSheet> {
    Ok(KeptSheet {
        work: WorkId::parse(&work).map_err(unreadable)?,
        valid_from: Date::parse(&valid_from).map_err(unreadable)?,
        logged_us,
        document,
    })
}

/// Every split sheet known here, by work and day.
pub fn split_sheets(conn: &mut Conn) -> QueryResult<Vec<KeptSheet>> {
    let rows: Vec<Row> = split_sheets::table
        .order_by((split_sheets::work_id, split_sheets::valid_from))
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// The split sheets of a work, by day.
pub fn split_sheets_of(conn: &mut Conn, work: &WorkId) -> QueryResult<Vec<KeptSheet>> {
    let rows: Vec<Row> = split_sheets::table
        .filter(split_sheets::work_id.eq(work.as_str()))
        .order_by(split_sheets::valid_from)
        .load(conn)?;
    rows.into_iter().map(read).collect()
}

/// The sheet of a work that applies to a month: the latest that is valid from its last day or
/// before.
pub fn split_sheet_in_force(
    conn: &mut Conn,
    work: &WorkId,
    period: Period,
) -> QueryResult<Option<KeptSheet>> {
    let row: Option<Row> = split_sheets::table
        .filter(split_sheets::work_id.eq(work.as_str()))
        .filter(split_sheets::valid_from.le(period.last_day().to_string()))
        .order_by(split_sheets::valid_from.desc())
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// The sheet of a work that is valid from exactly this day.
pub fn sheet_from(
    conn: &mut Conn,
    work: &WorkId,
    valid_from: Date,
) -> QueryResult<Option<KeptSheet>> {
    let row: Option<Row> = split_sheets::table
        .find((work.as_str(), valid_from.to_string()))
        .first(conn)
        .optional()?;
    row.map(read).transpose()
}

/// Keeps a sheet. There is no way to change one.
pub fn keep_sheet(conn: &mut Conn, sheet: &KeptSheet) -> QueryResult<()> {
    diesel::insert_into(split_sheets::table)
        .values((
            split_sheets::work_id.eq(sheet.work.as_str()),
            split_sheets::valid_from.eq(sheet.valid_from.to_string()),
            split_sheets::logged_us.eq(sheet.logged_us),
            split_sheets::document.eq(&sheet.document),
        ))
        .execute(conn)?;
    Ok(())
}
