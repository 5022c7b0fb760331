//! The table `consent`.

use chrono::{DateTime, Utc};

use super::Consent;
use crate::application::ClientId;
use crate::db::Tx;
use crate::kit::{Corrupt, Id, Internal, kinds};

pub(super) async fn find(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
    client: ClientId,
) -> Result<Option<Consent>, Internal> {
    let row: Option<(String, DateTime<Utc>)> = tx
        .sql("SELECT scope, given_at FROM consent WHERE identity_id = $1 AND client_id = $2")
        .bind(identity)
        .bind(client)
        .optional()
        .await?;
    let Some((scope, given_at)) = row else {
        return Ok(None);
    };
    let corrupt = |_| Corrupt {
        table: "consent",
        id: format!("{identity} {client}"),
        why: "scope".to_owned(),
    };
    Ok(Some(Consent {
        scope: scope.parse().map_err(corrupt)?,
        given_at,
    }))
}

pub(super) async fn put(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
    client: ClientId,
    consent: &Consent,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO consent (identity_id, client_id, scope, given_at) VALUES ($1, $2, $3, $4)
         ON CONFLICT (identity_id, client_id) DO UPDATE SET scope = excluded.scope, given_at = excluded.given_at",
    )
    .bind(identity)
    .bind(client)
    .bind(consent.scope.to_string())
    .bind(consent.given_at)
    .run()
    .await?;
    Ok(())
}

/// `false`: there was none.
pub(super) async fn forget(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
    client: ClientId,
) -> Result<bool, Internal> {
    let rows = tx
        .sql("DELETE FROM consent WHERE identity_id = $1 AND client_id = $2")
        .bind(identity)
        .bind(client)
        .run()
        .await?;
    Ok(rows == 1)
}
