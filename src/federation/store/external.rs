//! The SQL of ways to a provider and back.

use chrono::{DateTime, Utc};

use crate::db::Tx;
use crate::federation::{ConnectionId, ExternalSignInId};
use crate::kit::Internal;

/// A way that begins.
pub(in crate::federation) struct New {
    pub(in crate::federation) id: ExternalSignInId,
    pub(in crate::federation) state_hash: Vec<u8>,
    pub(in crate::federation) connection: ConnectionId,
    pub(in crate::federation) browser_hash: Vec<u8>,
    pub(in crate::federation) request_sealed: Vec<u8>,
    pub(in crate::federation) created_at: DateTime<Utc>,
    pub(in crate::federation) expires_at: DateTime<Utc>,
}

#[derive(sqlx::FromRow)]
pub(in crate::federation) struct Row {
    pub(in crate::federation) id: ExternalSignInId,
    pub(in crate::federation) connection_id: ConnectionId,
    pub(in crate::federation) browser_hash: Vec<u8>,
    pub(in crate::federation) request_sealed: Vec<u8>,
    pub(in crate::federation) expires_at: DateTime<Utc>,
    pub(in crate::federation) taken_at: Option<DateTime<Utc>>,
}

pub(in crate::federation) async fn insert(tx: &mut Tx, new: New) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO external_sign_in (id, state_hash, connection_id, browser_hash, request_sealed, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
    )
    .bind(new.id)
    .bind(new.state_hash)
    .bind(new.connection)
    .bind(new.browser_hash)
    .bind(new.request_sealed)
    .bind(new.created_at)
    .bind(new.expires_at)
    .run()
    .await?;
    Ok(())
}

pub(in crate::federation) async fn find_by_state(
    tx: &mut Tx,
    state_hash: Vec<u8>,
) -> Result<Option<Row>, Internal> {
    tx.sql(
        "SELECT id, connection_id, browser_hash, request_sealed, expires_at, taken_at
         FROM external_sign_in WHERE state_hash = $1",
    )
    .bind(state_hash)
    .optional()
    .await
}

/// Takes it for this callback; of two that come at once only one does.
pub(in crate::federation) async fn take(
    tx: &mut Tx,
    id: ExternalSignInId,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE external_sign_in SET taken_at = $2 WHERE id = $1 AND taken_at IS NULL AND expires_at > $2",
    )
    .bind(id)
    .bind(now)
    .run()
    .await
}

/// Keeps who came back, for what follows.
pub(in crate::federation) async fn keep(
    tx: &mut Tx,
    id: ExternalSignInId,
    identity_sealed: Vec<u8>,
    expires_at: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE external_sign_in SET identity_sealed = $2, expires_at = $3
         WHERE id = $1 AND taken_at IS NOT NULL AND identity_sealed IS NULL AND finished_at IS NULL",
    )
    .bind(id)
    .bind(identity_sealed)
    .bind(expires_at)
    .run()
    .await
}

/// Who came back in this browser, while nothing has followed.
pub(in crate::federation) async fn find_arrived(
    tx: &mut Tx,
    id: ExternalSignInId,
    browser_hash: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<Option<Vec<u8>>, Internal> {
    let row: Option<(Vec<u8>,)> = tx
        .sql(
            "SELECT identity_sealed FROM external_sign_in
             WHERE id = $1 AND browser_hash = $2 AND identity_sealed IS NOT NULL AND finished_at IS NULL AND expires_at > $3",
        )
        .bind(id)
        .bind(browser_hash)
        .bind(now)
        .optional()
        .await?;
    Ok(row.map(|(sealed,)| sealed))
}

/// Something has followed: a session, an account, a link. Once only.
pub(in crate::federation) async fn finish(
    tx: &mut Tx,
    id: ExternalSignInId,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE external_sign_in SET finished_at = $2, identity_sealed = NULL
         WHERE id = $1 AND taken_at IS NOT NULL AND finished_at IS NULL AND expires_at > $2",
    )
    .bind(id)
    .bind(now)
    .run()
    .await
}

/// How many ways of this browser lead away and haven't come back.
pub(in crate::federation) async fn count_open(
    tx: &mut Tx,
    browser_hash: Vec<u8>,
    since: DateTime<Utc>,
) -> Result<i64, Internal> {
    let row: (i64,) = tx
        .sql(
            "SELECT COUNT(*) FROM external_sign_in
             WHERE browser_hash = $1 AND created_at > $2 AND taken_at IS NULL",
        )
        .bind(browser_hash)
        .bind(since)
        .one()
        .await?;
    Ok(row.0)
}

pub(in crate::federation) async fn delete_old(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "DELETE FROM external_sign_in WHERE id IN
         (SELECT id FROM external_sign_in WHERE expires_at < $1 ORDER BY expires_at LIMIT 1000)",
    )
    .bind(before)
    .run()
    .await
}
