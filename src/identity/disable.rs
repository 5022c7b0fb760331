//! A person may no longer sign in, or may again.

use serde_json::json;

use super::{IdentityId, Status, UpdateRefused, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Failed, Moment};

/// Shuts a person out. Sessions and tokens of a disabled identity are worth nothing from this moment; `session::shut_out`
/// also ends them for good.
pub async fn disable(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: IdentityId,
) -> Result<(), Failed<UpdateRefused>> {
    turn(tx, moment, actor, (id, Status::Disabled)).await
}

/// Lets a person in again.
pub async fn enable(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: IdentityId,
) -> Result<(), Failed<UpdateRefused>> {
    turn(tx, moment, actor, (id, Status::Active)).await
}

async fn turn(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    (id, status): (IdentityId, Status),
) -> Result<(), Failed<UpdateRefused>> {
    if store::set_status(tx, id, status, moment.now).await? == 0 {
        let there = store::find(tx, id).await?.is_some();
        return if there {
            Ok(())
        } else {
            Err(Failed::Refused(UpdateRefused::NotFound))
        };
    }
    let kind = match status {
        Status::Active => Kind::IdentityEnabled,
        Status::Disabled => Kind::IdentityDisabled,
    };
    event::record(tx, moment, actor, kind.about(id, json!({}))).await?;
    Ok(())
}
