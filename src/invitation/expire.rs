//! Time runs out: pending turns into expired, visibly for filters and the log. The links died on time by themselves.

use super::store;
use crate::db::Tx;
use crate::event::{self, Actor};
use crate::kit::{Internal, Moment};
use crate::mail;

/// Sweeps a few hundred overdue invitations; tells how many. Safe to run twice and on two nodes.
pub async fn sweep(tx: &mut Tx, moment: &Moment) -> Result<usize, Internal> {
    let overdue = store::overdue(tx, moment.now).await?;
    let mut swept = 0;
    for (id,) in overdue {
        if store::mark_expired(tx, id, moment.now).await? {
            mail::cancel_for_invitation(tx, moment, id).await?; // a letter that is still deferred carries a dead link
            let kind = event::Kind::InvitationExpired;
            let data = serde_json::json!({});
            event::record(tx, moment, &Actor::System, kind.about(id, data)).await?;
            swept += 1;
        }
    }
    Ok(swept)
}
