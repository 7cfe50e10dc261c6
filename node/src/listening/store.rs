//! Sentences to the database about plays, posts and the months they count in.

use std::collections::BTreeSet;

use diesel::prelude::*;
use settlement::Period;

use crate::db::Conn;
use crate::schema::periods;
use crate::venues::store::unreadable;

/// The months that are closed for good. A month nobody wrote down is open.
pub fn closed_months(conn: &mut Conn) -> QueryResult<BTreeSet<Period>> {
    let months: Vec<String> = periods::table
        .filter(periods::state.ne("open"))
        .select(periods::period)
        .load(conn)?;
    months
        .iter()
        .map(|month| Period::parse(month).map_err(unreadable))
        .collect()
}
