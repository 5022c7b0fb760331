//! The SQL of connections.

use chrono::{DateTime, Utc};

use crate::db::{Json, Tx};
use crate::federation::{Connection, ConnectionId, Settings};
use crate::kit::Internal;

#[derive(sqlx::FromRow)]
struct ConnectionRow {
    id: ConnectionId,
    name: String,
    settings: Json<Settings>,
    client_id: String,
    secret_sealed: Option<Vec<u8>>,
    secret_expires_at: Option<DateTime<Utc>>,
    enabled: bool,
    created_at: DateTime<Utc>,
    revision: i64,
}

impl From<ConnectionRow> for Connection {
    fn from(row: ConnectionRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            settings: row.settings.0,
            client_id: row.client_id,
            secret_sealed: row.secret_sealed,
            secret_expires_at: row.secret_expires_at,
            enabled: row.enabled,
            created_at: row.created_at,
            revision: row.revision,
        }
    }
}

/// All, by name.
pub(in crate::federation) async fn list(tx: &mut Tx) -> Result<Vec<Connection>, Internal> {
    let rows: Vec<ConnectionRow> = tx
        .sql(
            "SELECT id, name, settings, client_id, secret_sealed, secret_expires_at, enabled, created_at, revision
             FROM connection ORDER BY name",
        )
        .all()
        .await?;
    Ok(rows.into_iter().map(Connection::from).collect())
}

/// Counts the change of what nodes keep in memory.
pub(in crate::federation) async fn count_change(tx: &mut Tx) -> Result<u64, Internal> {
    tx.sql("UPDATE snapshot_version SET number = number + 1 WHERE name = 'connections'")
        .run()
        .await
}

pub(in crate::federation) async fn version(tx: &mut Tx) -> Result<i64, Internal> {
    let (number,): (i64,) = tx
        .sql("SELECT number FROM snapshot_version WHERE name = 'connections'")
        .one()
        .await?;
    Ok(number)
}
