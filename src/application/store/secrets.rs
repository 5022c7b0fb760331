//! The SQL of clients' secrets.

use chrono::{DateTime, Utc};

use crate::application::{ClientId, StoredSecret};
use crate::db::Tx;
use crate::kit::Internal;

#[derive(sqlx::FromRow)]
pub(in crate::application) struct SecretRow {
    pub(in crate::application) client_id: ClientId,
    secret_hash: Vec<u8>,
    expires_at: Option<DateTime<Utc>>,
}

impl From<SecretRow> for StoredSecret {
    fn from(row: SecretRow) -> Self {
        Self {
            hash: row.secret_hash,
            expires_at: row.expires_at,
        }
    }
}

pub(in crate::application) async fn secrets(tx: &mut Tx) -> Result<Vec<SecretRow>, Internal> {
    tx.sql("SELECT client_id, secret_hash, expires_at FROM client_secret ORDER BY created_at")
        .all()
        .await
}

pub(in crate::application) async fn insert_secret(
    tx: &mut Tx,
    client: ClientId,
    hash: Vec<u8>,
    created_at: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO client_secret (secret_hash, client_id, created_at, expires_at)
         VALUES ($1, $2, $3, NULL)",
    )
    .bind(hash)
    .bind(client)
    .bind(created_at)
    .run()
    .await?;
    Ok(())
}

/// Secrets that were being replaced already end at once.
pub(in crate::application) async fn drop_ending_secrets(
    tx: &mut Tx,
    client: ClientId,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM client_secret WHERE client_id = $1 AND expires_at IS NOT NULL")
        .bind(client)
        .run()
        .await
}

/// Gives the secrets that have no end one.
pub(in crate::application) async fn end_secrets(
    tx: &mut Tx,
    client: ClientId,
    at: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("UPDATE client_secret SET expires_at = $1 WHERE client_id = $2 AND expires_at IS NULL")
        .bind(at)
        .bind(client)
        .run()
        .await
}

pub(in crate::application) async fn drop_secrets(
    tx: &mut Tx,
    client: ClientId,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM client_secret WHERE client_id = $1")
        .bind(client)
        .run()
        .await
}
