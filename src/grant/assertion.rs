//! Client assertions are used once: their ids are remembered until they expire.

use chrono::{DateTime, Utc};

use super::store;
use crate::application::ClientId;
use crate::db::Tx;
use crate::kit::{Internal, digest};

/// Whether this client's assertion is seen for the first time (RFC 7523 section 3, point 7). Committed before it is trusted.
pub async fn use_assertion(
    tx: &mut Tx,
    client: ClientId,
    jti: &str,
    expires_at: DateTime<Utc>,
) -> Result<bool, Internal> {
    let whose = format!("{client} {jti}");
    store::insert_assertion(tx, digest(whose.as_bytes()), expires_at).await
}
