//! Where the two databases really differ, and nowhere else.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::postgres::{PgConnectOptions, PgListener, PgPoolOptions};
use sqlx::{PgConnection, SqliteConnection};

use super::{Connection, Tx};
use crate::kit::Internal;

/// The channel on which nodes tell each other that something read-mostly has changed.
const CHANNEL: &str = "usher_changes";

/// SQLite knows no advisory lock: a lock on a file beside the database keeps two starting processes apart.
pub(super) async fn migrate_sqlite(
    connection: &mut SqliteConnection,
    database: &Path,
    migrations: &Migrator,
) -> Result<(), Internal> {
    let beside = database.with_extension("migration-lock");
    let lock = tokio::task::spawn_blocking(move || {
        let file = std::fs::File::create(beside)?;
        file.lock()?;
        std::io::Result::Ok(file)
    });
    let held = lock.await??;
    migrations.run_direct(None, connection, false).await?;
    sqlx::raw_sql(KEEP_EVENTS_SQLITE)
        .execute(connection)
        .await?;
    drop(held);
    Ok(())
}

/// sqlx takes an advisory lock: two nodes may start at once.
pub(super) async fn migrate_postgres(
    connection: &mut PgConnection,
    migrations: &Migrator,
) -> Result<(), Internal> {
    Box::pin(migrations.run_direct(None, connection, false)).await?;
    sqlx::raw_sql(KEEP_EVENTS_POSTGRES)
        .execute(connection)
        .await?;
    Ok(())
}

/// R140: what happened stays as it was written, for whoever reaches the database as well.
const KEEP_EVENTS_SQLITE: &str = "
CREATE TRIGGER IF NOT EXISTS event_is_not_changed BEFORE UPDATE ON event
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_is_not_deleted BEFORE DELETE ON event
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER IF NOT EXISTS event_is_not_replaced BEFORE INSERT ON event
WHEN EXISTS (SELECT 1 FROM event WHERE id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
";

/// The same. Several statements in one message are one transaction: the lock ends with it. A trigger that is there already
/// is left alone, because making one waits for everybody who writes.
const KEEP_EVENTS_POSTGRES: &str = "
SELECT pg_advisory_xact_lock(7310577);
DO $guard$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_trigger WHERE tgname = 'event_is_kept' AND tgrelid = 'event'::regclass) THEN
    CREATE OR REPLACE FUNCTION refuse_change_of_event() RETURNS trigger LANGUAGE plpgsql AS
      $refuse$ BEGIN RAISE EXCEPTION 'the event log is append-only'; END $refuse$;
    CREATE TRIGGER event_is_kept BEFORE UPDATE OR DELETE OR TRUNCATE ON event
      FOR EACH STATEMENT EXECUTE FUNCTION refuse_change_of_event();
  END IF;
END $guard$;
";

/// What other nodes announce.
pub struct Changes(PgListener);

impl Changes {
    /// Over a connection of its own.
    pub(super) async fn listen(options: &PgConnectOptions) -> Result<Self, Internal> {
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .max_lifetime(None)
            .idle_timeout(None);
        let pool = pool.connect_with(options.clone()).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(CHANNEL).await?;
        Ok(Self(listener))
    }

    /// Waits for the next announcement. Reconnects by itself; what was missed meanwhile the version check finds.
    pub async fn next(&mut self) -> Result<(), Internal> {
        self.0.recv().await?;
        Ok(())
    }
}

impl Tx {
    /// Tells the other nodes, when this unit of work commits, that something read-mostly has changed.
    pub async fn announce(&mut self) -> Result<(), Internal> {
        match self.connection {
            Connection::SqliteReader(_) | Connection::SqliteWriter(_) => Ok(()),
            Connection::Postgres(_) => {
                self.sql("SELECT pg_notify('usher_changes', '')")
                    .run()
                    .await?;
                Ok(())
            }
        }
    }

    /// The rows of a queue that nobody else holds: SQLite has one writer, PostgreSQL skips what is locked.
    #[must_use]
    pub fn skip_locked(&self, sqlite: &'static str, postgres: &'static str) -> &'static str {
        match self.connection {
            Connection::SqliteReader(_) | Connection::SqliteWriter(_) => sqlite,
            Connection::Postgres(_) => postgres,
        }
    }
}
