//! Client assertions and logout tokens are used once: their ids are remembered until they expire.

use std::fmt;

use chrono::{DateTime, Utc};

use super::store;
use crate::db::Tx;
use crate::kit::{Internal, digest};

/// Whether this client's assertion (or this provider's logout token) is seen for the first time (RFC 7523 section 3, point 7). Committed before it is trusted.
pub async fn use_assertion(
    tx: &mut Tx,
    whose: impl fmt::Display,
    jti: &str,
    expires_at: DateTime<Utc>,
) -> Result<bool, Internal> {
    let name = format!("{whose} {jti}");
    store::insert_assertion(tx, digest(name.as_bytes()), expires_at).await
}
