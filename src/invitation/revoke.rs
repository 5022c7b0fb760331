//! Ends an invitation for good (R5, R6, R57–R62): the link dies at once, a letter not yet out stays in.

use super::store;
use super::{InvitationId, Refused};
use crate::db::Tx;
use crate::event::{self, Actor};
use crate::kit::{Failed, Moment};
use crate::mail;

/// Revokes a pending or expired invitation.
pub async fn revoke(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: InvitationId,
) -> Result<(), Failed<Refused>> {
    let unknown = || Failed::Refused(Refused::UnknownInvitation);
    if !store::mark_revoked(tx, id, moment.now).await? {
        let found = store::find(tx, id, moment.now).await?.ok_or_else(unknown)?;
        return Err(Failed::Refused(Refused::NotPending(found.stage.status())));
    }
    mail::cancel_for_invitation(tx, moment, id).await?;
    let data = serde_json::json!({});
    let kind = event::Kind::InvitationRevoked;
    event::record(tx, moment, actor, kind.about(id, data)).await?;
    Ok(())
}
