//! The SQL of what is deleted: rows stay, marked, because invitations and grants point to them.

use chrono::{DateTime, Utc};

use crate::application::{ApplicationId, ClientId};
use crate::db::Tx;
use crate::kit::Internal;

/// `false`: there is none, or not any more.
pub(in crate::application) async fn mark_application_deleted(
    tx: &mut Tx,
    id: ApplicationId,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx
        .sql("UPDATE application SET deleted_at = $2, revision = revision + 1 WHERE id = $1 AND deleted_at IS NULL")
        .bind(id)
        .bind(now)
        .hit()
        .await
}

/// `false`: there is none, or not any more.
pub(in crate::application) async fn mark_client_deleted(
    tx: &mut Tx,
    id: ClientId,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx
        .sql("UPDATE client SET deleted_at = $2, revision = revision + 1 WHERE id = $1 AND deleted_at IS NULL")
        .bind(id)
        .bind(now)
        .hit()
        .await
}

/// Whether somebody holds an invitation into the application that still counts.
pub(in crate::application) async fn has_pending_invitations(
    tx: &mut Tx,
    id: ApplicationId,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    let row: Option<(i64,)> = tx
        .sql(
            "SELECT version FROM invitation
             WHERE application_id = $1 AND status = 'pending' AND expires_at > $2 LIMIT 1",
        )
        .bind(id)
        .bind(now)
        .optional()
        .await?;
    Ok(row.is_some())
}
