//! Where the two databases really differ, and nowhere else.

use std::path::Path;

use sqlx::migrate::Migrator;
use sqlx::postgres::PgListener;
use sqlx::{PgPool, SqliteConnection};

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
    drop(held);
    Ok(())
}

/// What other nodes announce.
pub struct Changes(PgListener);

impl Changes {
    pub(super) async fn listen(pool: &PgPool) -> Result<Self, Internal> {
        let mut listener = PgListener::connect_with(pool).await?;
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
        match self.0 {
            Connection::SqliteReader(_) | Connection::SqliteWriter(_) => Ok(()),
            Connection::PostgresReader(_) | Connection::PostgresWriter(_) => {
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
        match self.0 {
            Connection::SqliteReader(_) | Connection::SqliteWriter(_) => sqlite,
            Connection::PostgresReader(_) | Connection::PostgresWriter(_) => postgres,
        }
    }
}
