//! The only place that knows there are two databases: SQLite (embedded, the default) and PostgreSQL (by one setting).
//!
//! `Db::read` lends a connection, `Db::write` runs a unit of work that commits on `Ok` and leaves nothing behind on `Err`
//! or when its caller goes away. SQL text is written once, with `$1`; what really differs stands in `dialect`.

mod connections;
mod dialect;
mod group_commit;
mod query;

use std::str::FromStr as _;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{ConnectOptions as _, PgConnection, SqliteConnection};
use tokio::sync::watch;

use crate::kit::Internal;
use connections::{Connections, Lent};
use group_commit::{CommitFailed, Outcome, Turn, Writer};

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
    Sqlite {
        readers: Connections<SqliteConnection>,
        writer: Writer,
    },
    Postgres(Connections<PgConnection>),
}

/// A borrowed connection; inside `Db::write`, a unit of work.
pub struct Tx {
    connection: Connection,
    wake: Wake,
    allowed: Allowed,
}

/// How many statements may come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Allowed {
    Any,
    One,
    NoMore,
}

/// Whom a commit wakes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wake {
    Nobody,
    Workers,
}

enum Connection {
    SqliteReader(Lent<SqliteConnection>),
    SqliteWriter(Turn),
    Postgres(Lent<PgConnection>),
}

/// Connections beyond this many make two cores slower, not faster (see `docs/performance.md`).
const POSTGRES_CONNECTIONS: usize = 8;
const SQLITE_READERS: usize = 4;

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
            Engine::Sqlite { readers, .. } => Connection::SqliteReader(readers.lend().await?),
            Engine::Postgres(connections) => Connection::Postgres(connections.lend().await?),
        };
        let mut tx = Tx::new(connection, Allowed::Any);
        let result = work(&mut tx).await?;
        tx.end(Outcome::Keep).await?;
        Ok(result)
    }

    /// Runs a unit of work. On `Ok` it is on disk before this returns; on `Err`, or if this future is dropped, nothing of it is.
    /// No network and no hashing inside: others wait.
    pub async fn write<T, E: From<Internal>>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = match &self.engine {
            Engine::Sqlite { writer, .. } => Connection::SqliteWriter(writer.turn().await?),
            Engine::Postgres(connections) => {
                let mut lent = connections.lend().await?;
                lent.begin().await?;
                Connection::Postgres(lent)
            }
        };
        self.finish(Tx::new(connection, Allowed::Any), work).await
    }

    /// Runs a unit of work that is one statement: PostgreSQL makes it durable without being asked to begin and to commit, which
    /// saves two trips. A second statement is an error.
    pub async fn write_one<T, E: From<Internal>>(
        &self,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let connection = match &self.engine {
            Engine::Sqlite { writer, .. } => Connection::SqliteWriter(writer.turn().await?),
            Engine::Postgres(connections) => Connection::Postgres(connections.lend().await?),
        };
        self.finish(Tx::new(connection, Allowed::One), work).await
    }

    async fn finish<T, E: From<Internal>>(
        &self,
        mut tx: Tx,
        work: impl AsyncFnOnce(&mut Tx) -> Result<T, E>,
    ) -> Result<T, E> {
        let result = work(&mut tx).await;
        let (outcome, wake) = if result.is_ok() {
            (Outcome::Keep, tx.wake)
        } else {
            (Outcome::Undo, Wake::Nobody)
        };
        tx.end(outcome).await?;
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
            Engine::Postgres(connections) => Changes::listen(connections.options()).await.map(Some),
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
        let options = options.read_only(true).create_if_missing(false);
        let readers = Connections::new(options, SQLITE_READERS);
        Ok(Self::Sqlite {
            readers,
            writer: Writer::new(connection),
        })
    }

    async fn open_postgres(url: &str) -> Result<Self, Internal> {
        let options = PgConnectOptions::from_str(url)?.application_name("usher");
        let connections = Connections::new(options, POSTGRES_CONNECTIONS);
        let mut first = connections.lend().await?;
        dialect::migrate_postgres(first.connection()?, &MIGRATIONS).await?;
        first.give_back("").await?;
        Ok(Self::Postgres(connections))
    }
}

impl Tx {
    /// A statement, to be bound and run.
    pub fn sql(&mut self, sql: &'static str) -> Query<'_> {
        Query::new(self, sql)
    }

    /// Lets the workers of the queues look as soon as this unit of work is committed.
    pub fn wake_workers(&mut self) {
        self.wake = Wake::Workers;
    }

    fn new(connection: Connection, allowed: Allowed) -> Self {
        Self {
            connection,
            wake: Wake::Nobody,
            allowed,
        }
    }

    /// Gives the connection back; a unit of work is on disk then, or undone.
    async fn end(self, outcome: Outcome) -> Result<(), Internal> {
        match (self.connection, outcome) {
            (Connection::SqliteWriter(turn), outcome) => turn.finish(outcome).await,
            (Connection::SqliteReader(lent), _) => lent.give_back("").await,
            (Connection::Postgres(lent), Outcome::Keep) => lent.give_back("COMMIT").await,
            (Connection::Postgres(lent), Outcome::Undo) => lent.give_back("ROLLBACK").await,
        }
    }
}

/// Whether the failure means that the database can't be reached now, so that trying again later makes sense.
#[must_use]
pub fn is_unavailable(failure: &Internal) -> bool {
    use sqlx::Error;
    let cause = failure.cause();
    let uncommitted = cause.downcast_ref::<CommitFailed>();
    let cause =
        uncommitted.map_or_else(|| cause.downcast_ref::<Error>(), |failed| Some(&*failed.0));
    match cause {
        Some(
            Error::Io(_)
            | Error::PoolTimedOut
            | Error::PoolClosed
            | Error::WorkerCrashed
            | Error::Tls(_),
        ) => true,
        Some(Error::Database(error)) => error.code().is_some_and(|code| is_outage(&code)),
        _ => false,
    }
}

/// PostgreSQL's five characters: class 08 (connection lost), 53 (out of resources), 57P (shutting down, starting up). SQLite's
/// number, whose lowest byte is the plain code: 5 busy, 10 I/O, 13 full, 14 can't open.
fn is_outage(code: &str) -> bool {
    if code.len() == 5 {
        return ["08", "53", "57P"]
            .iter()
            .any(|class| code.starts_with(class));
    }
    let number = code.parse::<u32>().ok();
    number.is_some_and(|number| matches!(number & 0xff, 5 | 10 | 13 | 14))
}

#[cfg(test)]
mod tests {
    use super::is_outage;

    #[test]
    fn outages_are_told_from_mistakes() {
        for code in [
            "08006", "53300", "57P01", "5", "261", "10", "778", "13", "14",
        ] {
            assert!(is_outage(code), "{code}");
        }
        for code in ["22021", "23505", "40001", "57014", "1", "19", "2067", ""] {
            assert!(!is_outage(code), "{code}");
        }
    }
}
