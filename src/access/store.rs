//! All SQL of administrators.

use chrono::{DateTime, Utc};

use super::Role;
use crate::db::Tx;
use crate::kit::{Corrupt, Id, Internal, kinds};

pub(super) async fn role_of(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
) -> Result<Option<Role>, Internal> {
    let row: Option<(String,)> = tx
        .sql("SELECT role FROM administrator WHERE identity_id = $1")
        .bind(identity)
        .optional()
        .await?;
    let Some((name,)) = row else {
        return Ok(None);
    };
    let role = name.parse().map_err(|_| Corrupt {
        table: "administrator",
        id: identity.to_string(),
        why: format!("unknown role {name}"),
    })?;
    Ok(Some(role))
}

pub(super) async fn is_administered(tx: &mut Tx) -> Result<bool, Internal> {
    let row: Option<(i64,)> = tx
        .sql("SELECT CAST(1 AS BIGINT) FROM administrator LIMIT 1")
        .optional()
        .await?;
    Ok(row.is_some())
}

/// The role and the address of every administrator who can sign in.
pub(super) async fn addresses(tx: &mut Tx) -> Result<Vec<(String, String)>, Internal> {
    tx.sql(
        "SELECT a.role, i.value FROM administrator a JOIN identity n ON n.id = a.identity_id \
         JOIN identifier i ON i.identity_id = a.identity_id \
         WHERE n.status = 'active' AND i.kind = 'EMAIL' ORDER BY a.since, i.value",
    )
    .all()
    .await
}

pub(super) async fn put(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
    role: Role,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO administrator (identity_id, role, since) VALUES ($1, $2, $3) \
         ON CONFLICT (identity_id) DO UPDATE SET role = $2, since = $3",
    )
    .bind(identity)
    .bind(role.name())
    .bind(now)
    .run()
    .await?;
    Ok(())
}
