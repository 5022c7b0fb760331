//! The SQL of connections.

use chrono::{DateTime, Utc};

use crate::db::{Json, Tx};
use crate::federation::health::Health;
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

pub(in crate::federation) async fn find(
    tx: &mut Tx,
    id: ConnectionId,
) -> Result<Option<Connection>, Internal> {
    let row: Option<ConnectionRow> = tx
        .sql(
            "SELECT id, name, settings, client_id, secret_sealed, secret_expires_at, enabled, created_at, revision
             FROM connection WHERE id = $1",
        )
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(Connection::from))
}

pub(in crate::federation) async fn insert(
    tx: &mut Tx,
    connection: &Connection,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO connection (id, name, settings, client_id, secret_sealed, secret_expires_at, enabled, created_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
    )
    .bind(connection.id)
    .bind(connection.name.clone())
    .bind(Json(connection.settings.clone()))
    .bind(connection.client_id.clone())
    .bind(connection.secret_sealed.clone())
    .bind(connection.secret_expires_at)
    .bind(connection.enabled)
    .bind(connection.created_at)
    .bind(connection.revision)
    .run()
    .await?;
    Ok(())
}

/// `false`: it has another revision than the one that was read.
pub(in crate::federation) async fn update(
    tx: &mut Tx,
    connection: &Connection,
    read: i64,
) -> Result<bool, Internal> {
    let rows = tx
        .sql(
            "UPDATE connection SET name = $2, settings = $3, client_id = $4, secret_sealed = $5, secret_expires_at = $6,
             enabled = $7, revision = $8 WHERE id = $1 AND revision = $9",
        )
        .bind(connection.id)
        .bind(connection.name.clone())
        .bind(Json(connection.settings.clone()))
        .bind(connection.client_id.clone())
        .bind(connection.secret_sealed.clone())
        .bind(connection.secret_expires_at)
        .bind(connection.enabled)
        .bind(connection.revision)
        .bind(read)
        .run()
        .await?;
    Ok(rows == 1)
}

pub(in crate::federation) async fn delete(tx: &mut Tx, id: ConnectionId) -> Result<u64, Internal> {
    tx.sql("DELETE FROM connection WHERE id = $1")
        .bind(id)
        .run()
        .await
}

/// Ways to the provider that are begun end nowhere.
pub(in crate::federation) async fn drop_sign_ins(
    tx: &mut Tx,
    id: ConnectionId,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM external_sign_in WHERE connection_id = $1")
        .bind(id)
        .run()
        .await
}

pub(in crate::federation) async fn drop_links(
    tx: &mut Tx,
    id: ConnectionId,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM linked_account WHERE connection_id = $1")
        .bind(id)
        .run()
        .await
}

/// People who have neither a password nor an account at another provider.
pub(in crate::federation) async fn people_without_another_way(
    tx: &mut Tx,
    id: ConnectionId,
) -> Result<i64, Internal> {
    let (people,): (i64,) = tx
        .sql(
            "SELECT COUNT(DISTINCT l.identity_id) FROM linked_account l JOIN identity i ON i.id = l.identity_id
             WHERE l.connection_id = $1 AND i.status = 'active'
             AND NOT EXISTS (SELECT 1 FROM password p WHERE p.identity_id = l.identity_id)
             AND NOT EXISTS (SELECT 1 FROM linked_account o WHERE o.identity_id = l.identity_id AND o.connection_id <> $1)",
        )
        .bind(id)
        .one()
        .await?;
    Ok(people)
}

pub(in crate::federation) async fn health(
    tx: &mut Tx,
    id: ConnectionId,
) -> Result<Option<Health>, Internal> {
    tx.sql("SELECT id, proven_at, trouble, trouble_at FROM connection WHERE id = $1")
        .bind(id)
        .optional()
        .await
}

pub(in crate::federation) async fn healths(tx: &mut Tx) -> Result<Vec<Health>, Internal> {
    tx.sql("SELECT id, proven_at, trouble, trouble_at FROM connection")
        .all()
        .await
}

pub(in crate::federation) async fn note_success(
    tx: &mut Tx,
    id: ConnectionId,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE connection SET proven_at = COALESCE(proven_at, $2), trouble = NULL, trouble_at = NULL
         WHERE id = $1 AND (proven_at IS NULL OR trouble IS NOT NULL)",
    )
    .bind(id)
    .bind(now)
    .run()
    .await
}

pub(in crate::federation) async fn note_trouble(
    tx: &mut Tx,
    id: ConnectionId,
    what: &str,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("UPDATE connection SET trouble = $2, trouble_at = $3 WHERE id = $1")
        .bind(id)
        .bind(what.to_owned())
        .bind(now)
        .run()
        .await
}

/// Other credentials have to prove themselves anew.
pub(in crate::federation) async fn forget_health(
    tx: &mut Tx,
    id: ConnectionId,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE connection SET proven_at = NULL, trouble = NULL, trouble_at = NULL WHERE id = $1",
    )
    .bind(id)
    .run()
    .await
}

pub(in crate::federation) async fn forget_warning(
    tx: &mut Tx,
    id: ConnectionId,
) -> Result<u64, Internal> {
    tx.sql("UPDATE connection SET secret_warned_at = NULL WHERE id = $1")
        .bind(id)
        .run()
        .await
}

/// A secret with an end.
#[derive(Debug, sqlx::FromRow)]
pub(in crate::federation) struct Expiring {
    pub(in crate::federation) id: ConnectionId,
    pub(in crate::federation) name: String,
    pub(in crate::federation) secret_expires_at: DateTime<Utc>,
    pub(in crate::federation) secret_warned_at: Option<DateTime<Utc>>,
}

/// Enabled connections whose secret expires before this.
pub(in crate::federation) async fn expiring(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<Vec<Expiring>, Internal> {
    tx.sql(
        "SELECT id, name, secret_expires_at, secret_warned_at FROM connection
         WHERE enabled AND secret_expires_at <= $1 ORDER BY secret_expires_at",
    )
    .bind(before)
    .all()
    .await
}

/// `false`: somebody else has warned since it was read.
pub(in crate::federation) async fn note_warning(
    tx: &mut Tx,
    expiring: &Expiring,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    let rows = tx
        .sql(
            "UPDATE connection SET secret_warned_at = $2
             WHERE id = $1 AND secret_expires_at = $3 AND secret_warned_at IS NOT DISTINCT FROM $4",
        )
        .bind(expiring.id)
        .bind(now)
        .bind(expiring.secret_expires_at)
        .bind(expiring.secret_warned_at)
        .run()
        .await?;
    Ok(rows == 1)
}
