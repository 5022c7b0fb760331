//! The table `consent`.

use chrono::{DateTime, Utc};

use super::Consent;
use crate::application::ClientId;
use crate::db::Tx;
use crate::kit::{Corrupt, Id, Internal, kinds};

#[derive(sqlx::FromRow)]
struct ConsentRow {
    client_id: ClientId,
    scope: String,
    given_at: DateTime<Utc>,
}

impl TryFrom<ConsentRow> for Consent {
    type Error = Corrupt;

    fn try_from(row: ConsentRow) -> Result<Self, Corrupt> {
        let corrupt = |_| Corrupt {
            table: "consent",
            id: row.client_id.to_string(),
            why: "scope".to_owned(),
        };
        Ok(Self {
            scope: row.scope.parse().map_err(corrupt)?,
            given_at: row.given_at,
        })
    }
}

pub(super) async fn find(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
    client: ClientId,
) -> Result<Option<Consent>, Internal> {
    let row: Option<ConsentRow> = tx
        .sql("SELECT client_id, scope, given_at FROM consent WHERE identity_id = $1 AND client_id = $2")
        .bind(identity)
        .bind(client)
        .optional()
        .await?;
    Ok(row.map(Consent::try_from).transpose()?)
}

pub(super) async fn of_identity(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
) -> Result<Vec<(ClientId, Consent)>, Internal> {
    let rows: Vec<ConsentRow> = tx
        .sql("SELECT client_id, scope, given_at FROM consent WHERE identity_id = $1 ORDER BY client_id")
        .bind(identity)
        .all()
        .await?;
    let named = |row: ConsentRow| Ok((row.client_id, Consent::try_from(row)?));
    let consents: Result<Vec<_>, Corrupt> = rows.into_iter().map(named).collect();
    Ok(consents?)
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

pub(super) async fn forget_client(tx: &mut Tx, client: ClientId) -> Result<u64, Internal> {
    tx.sql("DELETE FROM consent WHERE client_id = $1")
        .bind(client)
        .run()
        .await
}
