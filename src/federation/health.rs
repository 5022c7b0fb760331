//! How a connection does: whether anybody came through with its present credentials, and what stopped the last one.
//!
//! Only what those who run the installation have to mend counts as trouble; a person who turns back doesn't.

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::store::connection as store;
use super::{ConnectionId, Trouble};
use crate::db::Tx;
use crate::kit::{Internal, Moment};

/// What is known of a connection beside its settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow, utoipa::ToSchema)]
pub struct Health {
    #[serde(skip)]
    #[schema(ignore)]
    pub(super) id: ConnectionId,
    /// When somebody first came through with the present client id and secret: only that proves the secret.
    pub proven_at: Option<DateTime<Utc>>,
    /// What stopped somebody since then, if that is ours to mend.
    pub trouble: Option<String>,
    pub trouble_at: Option<DateTime<Utc>>,
}

/// Somebody came through. Costs a look only, unless that is news.
pub async fn worked(tx: &mut Tx, moment: &Moment, id: ConnectionId) -> Result<(), Internal> {
    store::note_success(tx, id, moment.now).await?;
    Ok(())
}

/// Somebody was stopped. Nothing is kept of what a provider wrote but its code.
pub async fn troubled(
    tx: &mut Tx,
    moment: &Moment,
    id: ConnectionId,
    trouble: &Trouble,
) -> Result<(), Internal> {
    if !trouble.is_for_operators() {
        return Ok(());
    }
    let code = trouble.code().map(|code| format!(" ({code})"));
    let what = format!("{trouble}{}", code.unwrap_or_default());
    store::note_trouble(tx, id, &what, moment.now).await?;
    Ok(())
}

/// How a connection does; `None`: there is none.
pub async fn of(tx: &mut Tx, id: ConnectionId) -> Result<Option<Health>, Internal> {
    store::health(tx, id).await
}
