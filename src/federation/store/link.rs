//! The SQL of linked accounts.

use chrono::{DateTime, Utc};

use crate::db::Tx;
use crate::federation::{AccountKey, ConnectionId, ExternalIdentity, LinkedAccount};
use crate::identity::{IdentityId, StoreId};
use crate::kit::Internal;

#[derive(sqlx::FromRow)]
struct Row {
    namespace: String,
    subject: String,
    connection_id: ConnectionId,
    connection_name: String,
    enabled: bool,
    label: String,
    linked_at: DateTime<Utc>,
    last_used_at: DateTime<Utc>,
}

/// Adds nothing if the account is linked in this store already.
pub(in crate::federation) async fn insert(
    tx: &mut Tx,
    (store, identity): (StoreId, IdentityId),
    external: &ExternalIdentity,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "INSERT INTO linked_account (store_id, namespace, subject, identity_id, connection_id, label, linked_at, last_used_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $7) ON CONFLICT DO NOTHING",
    )
    .bind(store)
    .bind(external.key.namespace.clone())
    .bind(external.key.subject.clone())
    .bind(identity)
    .bind(external.connection)
    .bind(external.label.clone())
    .bind(now)
    .run()
    .await
}

pub(in crate::federation) async fn find(
    tx: &mut Tx,
    store: StoreId,
    key: &AccountKey,
) -> Result<Option<IdentityId>, Internal> {
    let row: Option<(IdentityId,)> = tx
        .sql("SELECT identity_id FROM linked_account WHERE store_id = $1 AND namespace = $2 AND subject = $3")
        .bind(store)
        .bind(key.namespace.clone())
        .bind(key.subject.clone())
        .optional()
        .await?;
    Ok(row.map(|(identity,)| identity))
}

/// Notes a use, and what the provider calls the account now.
pub(in crate::federation) async fn touch(
    tx: &mut Tx,
    (store, owner): (StoreId, IdentityId),
    external: &ExternalIdentity,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE linked_account SET connection_id = $4, label = $5, last_used_at = $6
         WHERE store_id = $1 AND namespace = $2 AND subject = $3 AND identity_id = $7",
    )
    .bind(store)
    .bind(external.key.namespace.clone())
    .bind(external.key.subject.clone())
    .bind(external.connection)
    .bind(external.label.clone())
    .bind(now)
    .bind(owner)
    .run()
    .await
}

/// A person's linked accounts, the oldest first.
pub(in crate::federation) async fn list(
    tx: &mut Tx,
    identity: IdentityId,
) -> Result<Vec<LinkedAccount>, Internal> {
    let rows: Vec<Row> = tx
        .sql(
            "SELECT l.namespace, l.subject, l.connection_id, c.name AS connection_name, c.enabled, l.label, l.linked_at,
                    l.last_used_at
             FROM linked_account l JOIN connection c ON c.id = l.connection_id
             WHERE l.identity_id = $1 ORDER BY l.linked_at, l.namespace, l.subject",
        )
        .bind(identity)
        .all()
        .await?;
    let account = |row: Row| LinkedAccount {
        key: AccountKey {
            namespace: row.namespace,
            subject: row.subject,
        },
        connection: row.connection_id,
        connection_name: row.connection_name,
        usable: row.enabled,
        label: row.label,
        linked_at: row.linked_at,
        last_used_at: row.last_used_at,
    };
    Ok(rows.into_iter().map(account).collect())
}

pub(in crate::federation) async fn delete(
    tx: &mut Tx,
    identity: IdentityId,
    key: &AccountKey,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM linked_account WHERE identity_id = $1 AND namespace = $2 AND subject = $3")
        .bind(identity)
        .bind(key.namespace.clone())
        .bind(key.subject.clone())
        .run()
        .await
}
