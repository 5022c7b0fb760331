//! Consent: what a person has told us that a client may know, remembered so that they are asked once.
//!
//! Doesn't decide when somebody is asked; `provider` does.

mod store;

use chrono::{DateTime, Utc};
use serde_json::json;

use super::revoke_of_identity;
use crate::application::{ClientId, Scopes};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Id, Internal, Moment, kinds};

/// What a person allowed a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    pub scope: Scopes,
    /// The last time they were asked.
    pub given_at: DateTime<Utc>,
}

pub async fn find(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
    client: ClientId,
) -> Result<Option<Consent>, Internal> {
    store::find(tx, identity, client).await
}

/// Everything that a person allowed, client by client.
pub async fn of_identity(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
) -> Result<Vec<(ClientId, Consent)>, Internal> {
    store::of_identity(tx, identity).await
}

/// The person says yes. What they allowed before stays allowed.
pub async fn give(
    tx: &mut Tx,
    moment: &Moment,
    identity: Id<kinds::Identity>,
    client: ClientId,
    scope: &Scopes,
) -> Result<(), Internal> {
    let before = store::find(tx, identity, client).await?;
    let all = before.map_or_else(|| scope.clone(), |before| before.scope.and(scope));
    let consent = Consent {
        scope: all,
        given_at: moment.now,
    };
    store::put(tx, identity, client, &consent).await?;
    let data = json!({ "identity": identity, "scope": scope });
    let happening = Kind::ConsentGiven.about(client, data);
    event::record(tx, moment, &Actor::Identity(identity), happening).await?;
    Ok(())
}

/// The person says no. Nothing that was allowed before changes.
pub async fn deny(
    tx: &mut Tx,
    moment: &Moment,
    identity: Id<kinds::Identity>,
    client: ClientId,
) -> Result<(), Internal> {
    let happening = Kind::ConsentDenied.about(client, json!({ "identity": identity }));
    event::record(tx, moment, &Actor::Identity(identity), happening).await?;
    Ok(())
}

/// The person takes it back: they will be asked again, and what the client holds ends. `false`: there was nothing.
pub async fn withdraw(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    identity: Id<kinds::Identity>,
    client: ClientId,
) -> Result<bool, Internal> {
    let forgotten = store::forget(tx, identity, client).await?;
    let ended = revoke_of_identity(tx, moment, identity, Some(client)).await?;
    if !forgotten && ended.is_empty() {
        return Ok(false);
    }
    let data = json!({ "identity": identity, "grants": ended });
    event::record(
        tx,
        moment,
        actor,
        Kind::ConsentWithdrawn.about(client, data),
    )
    .await?;
    Ok(true)
}

/// Nobody is asked by this client any more.
pub(super) async fn forget_client(tx: &mut Tx, client: ClientId) -> Result<(), Internal> {
    store::forget_client(tx, client).await?;
    Ok(())
}
