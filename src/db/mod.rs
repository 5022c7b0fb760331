//! The only place that knows there are two databases: SQLite (embedded, the default) and PostgreSQL (by one setting).
//!
//! `Db::read` lends a connection, `Db::write` runs a unit of work that commits on `Ok` and leaves nothing behind on `Err`
//! or when its caller goes away. SQL text is written once, with `$1`; what really differs stands in `dialect`.

mod dialect;
mod group_commit;
mod query;

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{Connection as _, PgPool, Postgres, Sqlite, SqlitePool};
use tokio::sync::watch;

use crate::kit::Internal;
use group_commit::{Outcome, Turn, Writer};

pub use dialect::Changes;
pub use query::{Query, Row, Value};
pub use sqlx::types::Json;

static MIGRATIONS: sqlx::migrate::Migrator = sqlx::migrate!();

/// A database, opened. Cheap to clone.
#[derive(Clone)]
pub struct Db {
    engine: Engine,
    /// Rung after a commit that wrote work for the queues.
    bell: watch::Sender<()>,
}

#[derive(Clone)]
enum Engine {
    Sqlite { readers: SqlitePool, writer: Writer },
    Postgres(PgPool),
}

/// A borrowed connection; inside `Db::write`, a unit of work.
pub struct Tx(Connection, Wake);

/// Whom a commit wakes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    Nobody,
    Workers,
}

enum Connection {
    SqliteReader(PoolConnection<Sqlite>),
    SqliteWriter(Turn),
    PostgresReader(PoolConnection<Postgres>),
    PostgresWriter(sqlx::Transaction<'static, Postgres>),
}

/// Connections beyond this many make two cores slower, not faster (see `docs/performance.md`).
const POSTGRES_CONNECTIONS: u32 = 8;
const SQLITE_READERS: u32 = 4;
const IDLE_BEFORE_PING: Duration = Duration::from_secs(30);

impl Db {
    /// Opens `sqlite:PATH` (made if missing) or `postgres://…`, and brings the schema up to date.
    pub async fn open(url: &str) -> Result<Self, Internal> {
        let engine = if url.starts_with("sqlite:") {
            Engine::open_sqlite(url).await?
        } else {
            Engine::open_postgres(url).await?
        };
        Ok(Self {
            engine,
            bell: watch::Sender::new(()),
        })
    }

    /// Lends a connection for reading. Statements see what is committed when they run.
    pub async fn read<T, E: From<Internal>>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = match &self.engine {
            Engine::Sqlite { readers, .. } => {
                Connection::SqliteReader(readers.acquire().await.map_err(Internal::from)?)
            }
            Engine::Postgres(pool) => {
                Connection::PostgresReader(pool.acquire().await.map_err(Internal::from)?)
            }
        };
        work(&mut Tx(connection, Wake::Nobody)).await
    }

    /// Runs a unit of work. On `Ok` it is on disk before this returns; on `Err`, or if this future is dropped, nothing of it is.
    /// No network and no hashing inside: others wait.
    pub async fn write<T, E: From<Internal>>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = match &self.engine {
            Engine::Sqlite { writer, .. } => Connection::SqliteWriter(writer.turn().await?),
            Engine::Postgres(pool) => {
                Connection::PostgresWriter(pool.begin().await.map_err(Internal::from)?)
            }
        };
        let mut tx = Tx(connection, Wake::Nobody);
        let result = work(&mut tx).await;
        let (outcome, wake) = if result.is_ok() {
            (Outcome::Keep, tx.1)
        } else {
            (Outcome::Undo, Wake::Nobody)
        };
        tx.finish(outcome).await?;
        if wake == Wake::Workers {
            self.bell.send_replace(());
        }
        result
    }

    /// Tells when work for the queues was committed here. Other nodes find it at their next round.
    #[must_use]
    pub fn work_written(&self) -> watch::Receiver<()> {
        self.bell.subscribe()
    }

    /// Changes announced by other nodes; `None` where there can be no other node.
    pub async fn changes(&self) -> Result<Option<Changes>, Internal> {
        match &self.engine {
            Engine::Sqlite { .. } => Ok(None),
            Engine::Postgres(pool) => Changes::listen(pool).await.map(Some),
        }
    }

    /// Whether the database answers.
    pub async fn ping(&self) -> Result<(), Internal> {
        self.read(async |tx| {
            tx.sql("SELECT number FROM snapshot_version WHERE name = 'keys'")
                .run()
                .await
        })
        .await
        .map(drop)
    }

    /// `SQLite` or `PostgreSQL`, for people.
    #[must_use]
    pub fn engine_name(&self) -> &'static str {
        match self.engine {
            Engine::Sqlite { .. } => "SQLite",
            Engine::Postgres(_) => "PostgreSQL",
        }
    }
}

impl Engine {
    async fn open_sqlite(url: &str) -> Result<Self, Internal> {
        let options = SqliteConnectOptions::from_str(url)?
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(Duration::from_secs(5))
            .pragma("mmap_size", "268435456");
        let mut connection = options.connect().await?;
        dialect::migrate_sqlite(&mut connection, options.get_filename(), &MIGRATIONS).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(SQLITE_READERS)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(5))
            .connect_with(options.read_only(true).create_if_missing(false))
            .await?;
        Ok(Self::Sqlite {
            readers,
            writer: Writer::new(connection),
        })
    }

    async fn open_postgres(url: &str) -> Result<Self, Internal> {
        let options = PgConnectOptions::from_str(url)?.application_name("usher");
        let pool = PgPoolOptions::new()
            .max_connections(POSTGRES_CONNECTIONS)
            .test_before_acquire(false)
            .acquire_timeout(Duration::from_secs(3))
            .max_lifetime(Duration::from_mins(30))
            .before_acquire(|connection, about| {
                Box::pin(async move {
                    if about.idle_for > IDLE_BEFORE_PING {
                        connection.ping().await?;
                    }
                    Ok(true)
                })
            })
            .connect_with(options)
            .await?;
        dialect::migrate_postgres(&pool, &MIGRATIONS).await?;
        Ok(Self::Postgres(pool))
    }
}

impl Tx {
    /// A statement, to be bound and run.
    pub fn sql(&mut self, sql: &'static str) -> Query<'_> {
        Query::new(self, sql)
    }

    /// Lets the workers of the queues look as soon as this unit of work is committed.
    pub fn wake_workers(&mut self) {
        self.1 = Wake::Workers;
    }

    async fn finish(self, outcome: Outcome) -> Result<(), Internal> {
        match (self.0, outcome) {
            (Connection::SqliteWriter(turn), outcome) => turn.finish(outcome).await,
            (Connection::PostgresWriter(tx), Outcome::Keep) => Ok(tx.commit().await?),
            (Connection::PostgresWriter(tx), Outcome::Undo) => Ok(tx.rollback().await?),
            (Connection::SqliteReader(_) | Connection::PostgresReader(_), _) => Ok(()),
        }
    }
}

/// Whether the failure means that the database can't be reached now, so that trying again later makes sense.
#[must_use]
pub fn is_unavailable(failure: &Internal) -> bool {
    use sqlx::Error;
    match failure.cause().downcast_ref::<Error>() {
        Some(
            Error::Io(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::Tls(_),
        ) => true,
        // PostgreSQL class 57P (shutting down, starting up), class 53 (out of resources); SQLite 5 busy, 10 I/O, 13 full, 14 can't open.
        Some(Error::Database(error)) => error.code().is_some_and(|code| {
            code.starts_with("57P")
                || code.starts_with("53")
                || matches!(code.as_ref(), "5" | "10" | "13" | "14" | "261")
        }),
        _ => false,
    }
}
