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
