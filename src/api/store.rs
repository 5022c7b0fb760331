//! What the API itself stores: the keys of creations that may be repeated.

use chrono::{DateTime, Utc};

use crate::db::Tx;
use crate::kit::Internal;

/// What an earlier request with the same key asked for and made.
#[derive(sqlx::FromRow)]
pub(super) struct Earlier {
    pub(super) request_hash: Vec<u8>,
    pub(super) resource: String,
}

/// Takes the key. On PostgreSQL this waits for a request that holds the same key until it commits or rolls back.
pub(super) async fn claim_key(
    tx: &mut Tx,
    caller: &str,
    key_hash: &[u8],
    request_hash: &[u8],
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    let rows = tx
        .sql(
            "INSERT INTO idempotency (caller, key_hash, request_hash, resource, created_at) \
             VALUES ($1, $2, $3, '', $4) ON CONFLICT DO NOTHING",
        )
        .bind(caller.to_owned())
        .bind(key_hash.to_vec())
        .bind(request_hash.to_vec())
        .bind(now)
        .run()
        .await?;
    Ok(rows == 1)
}

pub(super) async fn find_key(
    tx: &mut Tx,
    caller: &str,
    key_hash: &[u8],
) -> Result<Option<Earlier>, Internal> {
    tx.sql("SELECT request_hash, resource FROM idempotency WHERE caller = $1 AND key_hash = $2")
        .bind(caller.to_owned())
        .bind(key_hash.to_vec())
        .optional()
        .await
}

pub(super) async fn set_made(
    tx: &mut Tx,
    caller: &str,
    key_hash: &[u8],
    resource: &str,
) -> Result<(), Internal> {
    tx.sql("UPDATE idempotency SET resource = $3 WHERE caller = $1 AND key_hash = $2")
        .bind(caller.to_owned())
        .bind(key_hash.to_vec())
        .bind(resource.to_owned())
        .run()
        .await?;
    Ok(())
}

pub(super) async fn forget_keys(tx: &mut Tx, before: DateTime<Utc>) -> Result<u64, Internal> {
    tx.sql("DELETE FROM idempotency WHERE created_at < $1")
        .bind(before)
        .run()
        .await
}
