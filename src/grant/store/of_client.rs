//! The SQL of everything that one client holds, for its end.

use chrono::{DateTime, Utc};

use crate::application::ClientId;
use crate::db::Tx;
use crate::kit::Internal;

pub(in crate::grant) async fn end_grants_of_client(
    tx: &mut Tx,
    client: ClientId,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("UPDATE access_grant SET revoked_at = $1 WHERE client_id = $2 AND revoked_at IS NULL")
        .bind(now)
        .bind(client)
        .run()
        .await
}

pub(in crate::grant) async fn delete_refresh_tokens_of_client(
    tx: &mut Tx,
    client: ClientId,
) -> Result<u64, Internal> {
    tx.sql(
        "DELETE FROM refresh_token WHERE grant_id IN (SELECT id FROM access_grant WHERE client_id = $1)",
    )
    .bind(client)
    .run()
    .await
}

/// Those that nothing hangs on; the others go with their codes.
pub(in crate::grant) async fn delete_bare_grants_of_client(
    tx: &mut Tx,
    client: ClientId,
) -> Result<u64, Internal> {
    tx.sql(
        "DELETE FROM access_grant WHERE client_id = $1
         AND NOT EXISTS (SELECT 1 FROM authorization_code c WHERE c.grant_id = access_grant.id)",
    )
    .bind(client)
    .run()
    .await
}
