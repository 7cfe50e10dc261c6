//! The database: one connection type over SQLite and PostgreSQL, a pool to read with, and one
//! writer at a time.
//!
//! A handler makes one [`Db::read`] or one [`Db::write`]; a write is a transaction. Nothing here
//! knows a table: sentences to the tables live in each room's `store.rs`.

use std::sync::Arc;
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection, Pool, R2D2Connection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");

/// How long a writer waits for another process to finish its write.
const BUSY: &str = "PRAGMA busy_timeout = 20000;";
const READERS: u32 = 8;

pub use either::Conn;

#[allow(missing_docs, reason = "the derive writes public items of its own")]
mod either {
    #[cfg(feature = "postgres")]
    use diesel::PgConnection;
    use diesel::SqliteConnection;

    /// A connection to either database.
    #[derive(diesel::MultiConnection)]
    pub enum Conn {
        /// SQLite, in the node's folder.
        Sqlite(SqliteConnection),
        /// PostgreSQL, wherever it is.
        #[cfg(feature = "postgres")]
        Postgres(PgConnection),
    }
}

/// Says the same sentence to either backend, for the few that diesel cannot say to both at once
/// (`on_conflict`, batch inserts): `each!(conn, c => diesel::insert_into(..).execute(c))`.
#[macro_export]
macro_rules! each {
    ($conn:expr, $inner:ident => $sentence:expr) => {
        match $conn {
            $crate::db::Conn::Sqlite($inner) => $sentence,
            #[cfg(feature = "postgres")]
            $crate::db::Conn::Postgres($inner) => $sentence,
        }
    };
}

/// Why the database could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum DbError {
    /// The address is not one we know how to open.
    #[error("database: `{0}` is neither sqlite:PATH nor postgres://… (this build {1})")]
    Address(String, &'static str),
    /// The database is not there or does not let us in.
    #[error("database: {0}")]
    Connect(#[from] ConnectionError),
    /// No connection could be had in time.
    #[error("database: {0}")]
    Pool(#[from] diesel::r2d2::PoolError),
    /// The tables could not be brought up to date.
    #[error("database: the tables could not be brought up to date: {0}")]
    Migrate(String),
    /// A sentence failed.
    #[error("database: {0}")]
    Query(#[from] diesel::result::Error),
    /// The worker that carried the sentence is gone.
    #[error("database: the work was interrupted")]
    Interrupted,
}

/// Opens connections by the scheme of the address.
#[derive(Clone, Debug)]
struct Opener {
    address: Address,
}

#[derive(Clone, Debug)]
enum Address {
    Sqlite(String),
    #[cfg(feature = "postgres")]
    Postgres(String),
}

impl Address {
    fn parse(url: &str) -> Result<Self, DbError> {
        if let Some(path) = url.strip_prefix("sqlite:") {
            return Ok(Address::Sqlite(path.trim_start_matches("//").to_owned()));
        }
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            #[cfg(feature = "postgres")]
            return Ok(Address::Postgres(url.to_owned()));
            #[cfg(not(feature = "postgres"))]
            return Err(DbError::Address(
                url.to_owned(),
                "has no PostgreSQL: build it with --features postgres",
            ));
        }
        Err(DbError::Address(
            url.to_owned(),
            "speaks both or SQLite alone",
        ))
    }
}

impl ManageConnection for Opener {
    type Connection = Conn;
    type Error = diesel::r2d2::Error;

    fn connect(&self) -> Result<Conn, Self::Error> {
        let open = || -> ConnectionResult<Conn> {
            match &self.address {
                Address::Sqlite(path) => {
                    let mut conn = SqliteConnection::establish(path)?;
                    // FULL: what was acknowledged survives a power cut.
                    let settings = format!(
                        "{BUSY} PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; \
                         PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
                    );
                    conn.batch_execute(&settings)
                        .map_err(|e| ConnectionError::BadConnection(e.to_string()))?;
                    Ok(Conn::Sqlite(conn))
                }
                #[cfg(feature = "postgres")]
                Address::Postgres(url) => Ok(Conn::Postgres(PgConnection::establish(url)?)),
            }
        };
        open().map_err(diesel::r2d2::Error::ConnectionError)
    }

    fn is_valid(&self, conn: &mut Conn) -> Result<(), Self::Error> {
        conn.ping().map_err(diesel::r2d2::Error::QueryError)
    }

    fn has_broken(&self, conn: &mut Conn) -> bool {
        conn.is_broken()
    }
}

/// The database of a node.
#[derive(Clone)]
pub struct Db {
    readers: Pool<Opener>,
    /// One connection: writers stand in line here rather than in the database.
    writer: Arc<Pool<Opener>>,
}

impl Db {
    /// Opens the database at `url` (`sqlite:PATH` or `postgres://…`) and brings its tables up to
    /// date. Blocks.
    pub fn open(url: &str) -> Result<Self, DbError> {
        let opener = Opener {
            address: Address::parse(url)?,
        };
        // Once by hand, so that the reason is told if it fails: a pool would only time out.
        let mut conn = match opener.connect() {
            Ok(conn) => conn,
            Err(diesel::r2d2::Error::ConnectionError(e)) => return Err(e.into()),
            Err(diesel::r2d2::Error::QueryError(e)) => return Err(e.into()),
        };
        each!(&mut conn, c => c.run_pending_migrations(MIGRATIONS).map(drop))
            .map_err(|e| DbError::Migrate(e.to_string()))?;
        let pool = |size| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(Duration::from_secs(30))
                .build(opener.clone())
        };
        Ok(Db {
            readers: pool(READERS)?,
            writer: Arc::new(pool(1)?),
        })
    }

    /// Reads: `act` runs on the blocking pool.
    pub async fn read<T, E, F>(&self, act: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        match tokio::task::spawn_blocking(move || db.read_now(act)).await {
            Ok(answer) => answer,
            Err(_) => Err(DbError::Interrupted.into()),
        }
    }

    /// Writes: `act` runs in one transaction on the blocking pool; an `Err` undoes all of it.
    pub async fn write<T, E, F>(&self, act: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let db = self.clone();
        match tokio::task::spawn_blocking(move || db.write_now(act)).await {
            Ok(answer) => answer,
            Err(_) => Err(DbError::Interrupted.into()),
        }
    }

    /// [`Db::read`] for a caller that may block: a command, a worker thread.
    pub fn read_now<T, E: From<DbError>>(
        &self,
        act: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.readers.get().map_err(DbError::from)?;
        act(&mut conn)
    }

    /// [`Db::write`] for a caller that may block.
    pub fn write_now<T, E: From<DbError>>(
        &self,
        act: impl FnOnce(&mut Conn) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut conn = self.writer.get().map_err(DbError::from)?;
        begin(&mut conn).map_err(DbError::from)?;
        let answer = act(&mut conn);
        let end = match &answer {
            Ok(_) => each!(&mut *conn, c => AnsiTransactionManager::commit_transaction(c)),
            Err(_) => each!(&mut *conn, c => AnsiTransactionManager::rollback_transaction(c)),
        };
        match (answer, end) {
            (Ok(value), Ok(())) => Ok(value),
            (Ok(_), Err(error)) => Err(DbError::from(error).into()),
            (Err(error), _) => Err(error),
        }
    }
}

/// Begins a transaction that means to write. There is one writer at a time, in whichever process:
/// SQLite takes its one write lock at once, PostgreSQL a lock of ours, so that a transaction never
/// finds half-way that another was faster, and what it read still holds when it writes.
fn begin(conn: &mut Conn) -> QueryResult<()> {
    match conn {
        Conn::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, "BEGIN IMMEDIATE"),
        #[cfg(feature = "postgres")]
        Conn::Postgres(c) => {
            AnsiTransactionManager::begin_transaction(c)?;
            c.batch_execute("SELECT pg_advisory_xact_lock(20261121)")
                .inspect_err(|_| drop(AnsiTransactionManager::rollback_transaction(c)))
        }
    }
}

/// Whether a refused sentence was refused because what it would add is there already.
pub fn is_taken(error: &diesel::result::Error) -> bool {
    use diesel::result::DatabaseErrorKind::UniqueViolation;
    matches!(
        error,
        diesel::result::Error::DatabaseError(UniqueViolation, _)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::guesses;

    fn fresh() -> (tempfile::TempDir, Db) {
        let dir = tempfile::tempdir().unwrap();
        let db = Db::open(&format!(
            "sqlite:{}",
            dir.path().join("t.sqlite3").display()
        ))
        .unwrap();
        (dir, db)
    }

    fn note(conn: &mut Conn, subject: &str) -> Result<(), DbError> {
        diesel::insert_into(guesses::table)
            .values((
                guesses::subject.eq(subject),
                guesses::wrong.eq(1),
                guesses::last_us.eq(1),
            ))
            .execute(conn)?;
        Ok(())
    }

    #[test]
    fn a_write_that_fails_leaves_nothing_behind() {
        let (_dir, db) = fresh();
        let refused = db.write_now(|conn| {
            note(conn, "a")?;
            Err::<(), DbError>(DbError::Interrupted)
        });
        assert!(refused.is_err());
        let count: i64 = db
            .read_now(|conn| Ok::<_, DbError>(guesses::table.count().get_result(conn)?))
            .unwrap();
        assert_eq!(count, 0);
    }

    #[test]
    fn what_is_there_already_is_told_apart() {
        let (_dir, db) = fresh();
        db.write_now(|conn| note(conn, "a")).unwrap();
        let refused = db.write_now(|conn| note(conn, "a"));
        assert!(matches!(refused, Err(DbError::Query(e)) if is_taken(&e)));
    }

    #[test]
    fn an_address_nobody_knows_is_refused_with_its_name() {
        let refused = Db::open("mysql://there").err().unwrap().to_string();
        assert!(refused.contains("mysql://there"), "{refused}");
    }
}
