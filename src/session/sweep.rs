//! What is over and of no use to anybody is removed, a batch at a time.

use chrono::{DateTime, TimeDelta, Utc};

use super::{logout, store};
use crate::db::Tx;
use crate::kit::Internal;

/// Ended sessions are kept this long: a token that comes back late is still known to be one of ours.
const KEPT: TimeDelta = TimeDelta::days(1);
/// What applications were told is kept for whoever asks why somebody is still signed in there.
const NOTICES_KEPT: TimeDelta = TimeDelta::days(30);

/// Removes expired sessions, recoveries, counters and notices; tells how many rows went.
pub async fn sweep(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Internal> {
    let sessions = store::delete_old_sessions(tx, now - KEPT).await?;
    let recoveries = store::delete_old_recoveries(tx, now - KEPT).await?;
    let counters = store::delete_old_counters(tx, now).await?;
    let notices = logout::sweep(tx, now - NOTICES_KEPT).await?;
    Ok(sessions + recoveries + counters + notices)
}
