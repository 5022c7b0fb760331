//! Tidying up: what has expired so long ago that nobody can ask for it any more.

use chrono::{DateTime, Utc};

use super::{LONGEST_ACCESS, store};
use crate::db::Tx;
use crate::kit::Internal;

/// Deletes a portion of what is over and tells how many rows; nothing is left when it tells 0. A used code is kept for a day,
/// so that its second use still ends what the first one gave.
pub async fn sweep(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Internal> {
    let before = now - LONGEST_ACCESS;
    let mut rows = 0;
    for (grant,) in store::grants_of_old_codes(tx, before).await? {
        store::delete_old_codes_of(tx, grant, before).await?;
        rows += 1 + store::delete_grant_if_bare(tx, grant).await?;
    }
    for (grant,) in store::grants_of_old_refresh_tokens(tx, before).await? {
        store::delete_old_refresh_tokens_of(tx, grant, before).await?;
        rows += 1 + store::delete_grant_if_bare(tx, grant).await?;
    }
    rows += store::delete_old_revocations(tx, now).await?;
    rows += store::delete_old_assertions(tx, now).await?;
    Ok(rows)
}
