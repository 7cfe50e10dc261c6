//! The tables as diesel sees them (`schema.rs`) are the tables the migrations make.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{Bool, Text};
use node::db::{Conn, DbError};

use crate::world::World;

/// Table → its columns in order: `name Type`, as `schema.rs` writes them.
type Tables = BTreeMap<String, Vec<String>>;

#[tokio::test(flavor = "multi_thread")]
async fn the_schema_and_the_migrations_agree() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    let found = loire
        .db
        .read(|conn| Ok::<_, DbError>(in_the_database(conn)?));
    let mut found = found.await.unwrap();
    // What the migrations keep for themselves, and what SQLite does once it has counted its rows.
    found.retain(|table, _| !table.starts_with("__diesel") && !table.starts_with("sqlite_"));
    assert_eq!(in_the_schema(include_str!("../../src/schema.rs")), found);
}

/// SQLite counts all rows of an index only where it is not told to stop, and takes samples of them
/// (`sqlite_stat4`) only then: in a catalogue of a million works that takes minutes.
#[tokio::test(flavor = "multi_thread")]
async fn rows_are_counted_by_looking_at_some_of_them() {
    let world = World::new();
    let loire = world.node("loire", "FR-ARA").await;
    for number in 0..300 {
        loire.work(&format!("song{number}"), 60);
    }
    loire.db.count_rows().await.unwrap();
    let look = |conn: &mut Conn| match conn {
        Conn::Sqlite(conn) => {
            let mut rows = |table: &str| {
                let question = format!("SELECT count(*) AS count FROM {table}");
                diesel::sql_query(question).get_result::<Count>(conn)
            };
            Ok::<_, DbError>(Some((
                rows("sqlite_stat1")?.count,
                rows("sqlite_stat4")?.count,
            )))
        }
        #[cfg(feature = "postgres")]
        Conn::Postgres(_) => Ok(None),
    };
    if let Some((counted, sampled)) = loire.db.read(look).await.unwrap() {
        assert!(counted > 10, "{counted} indexes are counted");
        assert_eq!(sampled, 0);
    }
}

#[derive(QueryableByName)]
struct Count {
    #[diesel(sql_type = diesel::sql_types::BigInt)]
    count: i64,
}

fn in_the_schema(source: &str) -> Tables {
    let mut tables = Tables::new();
    let mut table = None;
    for line in source.lines().map(str::trim) {
        if let Some((column, kind)) = line.split_once(" -> ") {
            let columns: &mut Vec<String> = tables
                .entry(table.clone().expect("a column stands in a table"))
                .or_default();
            columns.push(format!("{column} {}", kind.trim_end_matches(',')));
        } else if let Some((name, rest)) = line.split_once(" (")
            && rest.ends_with(") {")
        {
            table = Some(name.to_owned());
        }
    }
    tables
}

#[derive(QueryableByName)]
struct Column {
    #[diesel(sql_type = Text)]
    of_table: String,
    #[diesel(sql_type = Text)]
    column: String,
    #[diesel(sql_type = Text)]
    kind: String,
    #[diesel(sql_type = Bool)]
    filled: bool,
}

fn in_the_database(conn: &mut Conn) -> QueryResult<Tables> {
    let question = match conn {
        Conn::Sqlite(_) => {
            "SELECT m.name AS of_table, c.name AS \"column\", lower(c.type) AS kind, \
                    c.\"notnull\" AS filled \
             FROM sqlite_schema m, pragma_table_info(m.name) c \
             WHERE m.type = 'table' ORDER BY m.name, c.cid"
        }
        #[cfg(feature = "postgres")]
        Conn::Postgres(_) => {
            "SELECT table_name::text AS of_table, column_name::text AS \"column\", \
                    data_type::text AS kind, is_nullable = 'NO' AS filled \
             FROM information_schema.columns WHERE table_schema = 'public' \
             ORDER BY table_name, ordinal_position"
        }
    };
    let columns: Vec<Column> = node::each!(conn, c => diesel::sql_query(question).load(c))?;
    let mut tables = Tables::new();
    for column in columns {
        let kind = match column.kind.as_str() {
            "text" => "Text",
            // SQLite numbers the rows of a table by itself only where their type is called so.
            "bigint" | "integer" => "BigInt",
            "boolean" => "Bool",
            other => other,
        };
        let kind = match column.filled {
            true => kind.to_owned(),
            false => format!("Nullable<{kind}>"),
        };
        let columns = tables.entry(column.of_table).or_default();
        columns.push(format!("{} {kind}", column.column));
    }
    Ok(tables)
}
