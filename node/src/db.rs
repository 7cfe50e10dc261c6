//! The database: one connection type over SQLite and PostgreSQL, a pool to read with, and one
//! writer at a time.
//!
//! A handler makes one [`Db::read`] or one [`Db::write`]; a write is a transaction. Writes that wait
//! for the writer at the same time are committed together: what they have in common is the one
//! wait for the disk. Each is still whole or not at all, and none is answered before the commit.
//! Nothing here knows a table: sentences to the tables live in each room's `store.rs`.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use diesel::prelude::*;
use diesel::r2d2::{self, ManageConnection, Pool, R2D2Connection};
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};
use tokio::sync::oneshot;

const MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations");
/// What cannot be said to both databases alike: the triggers that tell search what changed.
const SQLITE_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations-sqlite");
#[cfg(feature = "postgres")]
const POSTGRES_MIGRATIONS: EmbeddedMigrations = embed_migrations!("../migrations-postgres");

/// How long a writer waits for another process to finish its write.
const BUSY: &str = "PRAGMA busy_timeout = 20000;";
/// 8 MiB for each reader: the inner pages of the indexes of a large catalogue stay at hand.
const READING: &str = "PRAGMA cache_size = -8192;";
/// 64 MiB for the writer, and 32 of log before it goes into the file: in a large catalogue each work
/// changes some twenty pages, most of which the next work changes again.
const WRITING: &str = "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 8192;";
/// By which SQLite counts how its rows are spread, without which it takes an index of two values
/// for as good as one of a million. It looks at the tables that changed much (0x10002), and at some
/// two thousand rows of each of their indexes (0x10): to look at all of a million works takes minutes,
/// in which nobody else writes.
const COUNT: &str = "PRAGMA optimize = 0x10012;";
const READERS: u32 = 8;
/// The most writes that are committed together: the first of them waits for the last.
const TOGETHER: usize = 64;

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
    /// What SQLite is told of the memory it may take.
    memory: &'static str,
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
                         PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF; {}",
                        self.memory
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
    line: Arc<Mutex<Line>>,
}

/// The writes that wait for the writer.
#[derive(Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    /// Whether a worker is carrying them out.
    worked: bool,
}

/// A write that waits: what it does, which gives whether it is to be kept and whom to tell how the
/// commit went.
type Waiting = Box<dyn FnOnce(&mut Conn) -> (bool, Tell) + Send>;
/// Hands the answer over; `Some`: nothing of it was kept, and why.
type Tell = Box<dyn FnOnce(Option<DbError>) + Send>;

impl Db {
    /// Opens the database at `url` (`sqlite:PATH` or `postgres://…`) and brings its tables up to
    /// date. Blocks.
    pub fn open(url: &str) -> Result<Self, DbError> {
        let opener = Opener {
            address: Address::parse(url)?,
            memory: READING,
        };
        // Once by hand, so that the reason is told if it fails: a pool would only time out.
        let mut conn = match opener.connect() {
            Ok(conn) => conn,
            Err(diesel::r2d2::Error::ConnectionError(e)) => return Err(e.into()),
            Err(diesel::r2d2::Error::QueryError(e)) => return Err(e.into()),
        };
        each!(&mut conn, c => c.run_pending_migrations(MIGRATIONS).map(drop))
            .and_then(|()| match &mut conn {
                Conn::Sqlite(c) => c.run_pending_migrations(SQLITE_MIGRATIONS).map(drop),
                #[cfg(feature = "postgres")]
                Conn::Postgres(c) => c.run_pending_migrations(POSTGRES_MIGRATIONS).map(drop),
            })
            .map_err(|e| DbError::Migrate(e.to_string()))?;
        let pool = |size, memory| {
            r2d2::Pool::builder()
                .max_size(size)
                .min_idle(Some(1))
                .test_on_check_out(false)
                .connection_timeout(Duration::from_secs(30))
                .build(Opener {
                    memory,
                    ..opener.clone()
                })
        };
        Ok(Db {
            readers: pool(READERS, READING)?,
            writer: Arc::new(pool(1, WRITING)?),
            line: Arc::default(),
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

    /// Writes: `act` runs in a transaction on the blocking pool; an `Err` undoes all of it. Returns
    /// when it is committed, by itself or together with others.
    pub async fn write<T, E, F>(&self, act: F) -> Result<T, E>
    where
        F: FnOnce(&mut Conn) -> Result<T, E> + Send + 'static,
        T: Send + 'static,
        E: From<DbError> + Send + 'static,
    {
        let (tell, told) = oneshot::channel::<Result<T, E>>();
        let waiting: Waiting = Box::new(move |conn| {
            // Whoever breaks while writing undoes his own writing only; nobody is told, which the
            // caller understands.
            let answer = catch_unwind(AssertUnwindSafe(|| act(conn))).ok();
            let keep = matches!(answer, Some(Ok(_)));
            let tell: Tell = Box::new(move |undone| {
                let answer = match (answer, undone) {
                    (Some(Ok(_)), Some(error)) => Err(error.into()),
                    (Some(answer), _) => answer,
                    (None, _) => return,
                };
                let _ = tell.send(answer);
            });
            (keep, tell)
        });
        let is_first = {
            let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            line.waiting.push_back(waiting);
            !std::mem::replace(&mut line.worked, true)
        };
        if is_first {
            let db = self.clone();
            tokio::task::spawn_blocking(move || db.work());
        }
        told.await
            .unwrap_or_else(|_| Err(DbError::Interrupted.into()))
    }

    /// Carries out what waits, as many writes to a commit as wait at that moment, until nothing
    /// does. Between two commits the writer is let go, for those who came another way.
    fn work(&self) {
        loop {
            let writer = self.writer.get();
            let together: Vec<Waiting> = {
                let mut line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
                let many = line.waiting.len().min(TOGETHER);
                line.worked = many > 0;
                line.waiting.drain(..many).collect()
            };
            if together.is_empty() {
                return;
            }
            match writer {
                Ok(mut conn) => write_together(&mut conn, together),
                // Dropped, and so told that it was interrupted.
                Err(error) => tracing::error!(%error, "nothing can be written"),
            }
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

    /// Has SQLite count how its rows are spread, as far as that changed since; PostgreSQL does so by
    /// itself. Whoever plans a query by old counts may pick the wrong index.
    pub async fn count_rows(&self) -> Result<(), DbError> {
        self.write(|conn| match conn {
            Conn::Sqlite(conn) => Ok(conn.batch_execute(COUNT)?),
            #[cfg(feature = "postgres")]
            Conn::Postgres(_) => Ok(()),
        })
        .await
    }
}

/// Carries out these writes in one transaction, each in a savepoint of its own, and tells each how
/// it ended once all is committed, or is not.
fn write_together(conn: &mut Conn, writes: Vec<Waiting>) {
    let mut told = Vec::with_capacity(writes.len());
    let outcome = begin(conn).and_then(|()| {
        for write in writes {
            each!(&mut *conn, c => AnsiTransactionManager::begin_transaction(c))?;
            let (keep, tell) = write(conn);
            told.push((keep, tell));
            match keep {
                true => each!(&mut *conn, c => AnsiTransactionManager::commit_transaction(c))?,
                // Who broke within a transaction of his own left that one open, too.
                false => undo_until(conn, TOGETHER_DEPTH)?,
            }
        }
        each!(&mut *conn, c => AnsiTransactionManager::commit_transaction(c))
    });
    if let Err(error) = &outcome {
        tracing::error!(%error, "what was written could not be kept");
        // What cannot even be undone is a connection that the pool throws away.
        let _ = undo_until(conn, 0);
    }
    for (keep, tell) in told {
        tell((keep && outcome.is_err()).then_some(DbError::Interrupted));
    }
}

/// How many transactions are open between two writes that are committed together.
const TOGETHER_DEPTH: u32 = 1;

/// Rolls back the innermost of the open transactions until so many are left.
fn undo_until(conn: &mut Conn, depth: u32) -> QueryResult<()> {
    while depth_of(conn)? > depth {
        each!(&mut *conn, c => AnsiTransactionManager::rollback_transaction(c))?;
    }
    Ok(())
}

/// How many transactions are open, one within the other.
fn depth_of(conn: &mut Conn) -> QueryResult<u32> {
    let depth = each!(conn, c => {
        AnsiTransactionManager::transaction_manager_status_mut(c).transaction_depth()
    })?;
    Ok(depth.map_or(0, u32::from))
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

    fn how_many(db: &Db) -> i64 {
        let count = |conn: &mut Conn| guesses::table.count().get_result(conn);
        db.read_now(|conn| Ok::<_, DbError>(count(conn)?)).unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn of_writes_committed_together_each_is_whole_or_not_at_all() {
        let (_dir, db) = fresh();
        let writer = db.writer.clone();
        // While the writer is held, all of them come to stand in one line.
        let held = tokio::task::spawn_blocking(move || writer.get().unwrap());
        let held = held.await.unwrap();
        let mut writes = Vec::new();
        for number in 0..30 {
            let db = db.clone();
            writes.push(tokio::spawn(async move {
                db.write(move |conn| {
                    note(conn, &number.to_string())?;
                    match number % 3 {
                        0 => Ok(()),
                        1 => Err(DbError::Migrate("as I please".into())),
                        _ => note(conn, &number.to_string()),
                    }
                })
                .await
            }));
        }
        while db.line.lock().unwrap().waiting.len() < 30 {
            tokio::task::yield_now().await;
        }
        assert_eq!(how_many(&db), 0);
        drop(held);
        for (number, write) in writes.into_iter().enumerate() {
            let answer = write.await.unwrap();
            match number % 3 {
                0 => answer.unwrap(),
                1 => assert!(matches!(answer, Err(DbError::Migrate(_)))),
                _ => assert!(matches!(answer, Err(DbError::Query(e)) if is_taken(&e))),
            }
        }
        assert_eq!(how_many(&db), 10);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_write_that_panics_takes_nobody_with_it() {
        let (_dir, db) = fresh();
        let broken = db.write(|conn| {
            note(conn, "a")?;
            panic!("on purpose");
            #[allow(unreachable_code, reason = "it says what it would return")]
            Ok::<(), DbError>(())
        });
        assert!(matches!(broken.await, Err(DbError::Interrupted)));
        db.write(|conn| note(conn, "b")).await.unwrap();
        assert_eq!(how_many(&db), 1);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_write_that_panics_within_a_transaction_of_its_own_takes_nobody_with_it() {
        let (_dir, db) = fresh();
        let writer = db.writer.clone();
        let held = tokio::task::spawn_blocking(move || writer.get().unwrap());
        let held = held.await.unwrap();
        let mut writes = Vec::new();
        for number in 0..9 {
            let db = db.clone();
            writes.push(tokio::spawn(async move {
                db.write(move |conn| {
                    note(conn, &format!("outside {number}"))?;
                    conn.transaction(|conn| {
                        note(conn, &format!("inside {number}"))?;
                        conn.transaction(|conn| {
                            assert!(number % 3 != 1, "on purpose");
                            note(conn, &format!("innermost {number}"))
                        })
                    })
                })
                .await
            }));
        }
        while db.line.lock().unwrap().waiting.len() < 9 {
            tokio::task::yield_now().await;
        }
        drop(held);
        for (number, write) in writes.into_iter().enumerate() {
            let answer = write.await.unwrap();
            assert_eq!(answer.is_err(), number % 3 == 1, "{number}: {answer:?}");
        }
        assert_eq!(how_many(&db), 6 * 3, "three rows of each that was kept");
        db.write(|conn| note(conn, "after")).await.unwrap();
        assert_eq!(how_many(&db), 6 * 3 + 1, "and it is committed");
    }

    #[test]
    fn a_command_that_panics_while_writing_leaves_a_writer_that_writes() {
        let (_dir, db) = fresh();
        let broken = catch_unwind(AssertUnwindSafe(|| {
            db.write_now(|conn| {
                note(conn, "a")?;
                panic!("on purpose");
                #[allow(unreachable_code, reason = "it says what it would return")]
                Ok::<(), DbError>(())
            })
        }));
        assert!(broken.is_err());
        db.write_now(|conn| note(conn, "b")).unwrap();
        assert_eq!(how_many(&db), 1);
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
