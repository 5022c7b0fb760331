//! Takes an application, or a client of the management API, away.
//!
//! Ends nothing that people or programs hold because of it: `grant` does, in the same unit of work.

use serde_json::json;

use super::{ApplicationId, Client, ClientId, Purpose, Refused, changed, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Failed, Internal, Moment};

/// Gives back the application's client, which is gone as well. Groups and the people in them stay.
pub async fn delete(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: ApplicationId,
) -> Result<Option<ClientId>, Failed<Refused>> {
    let refused = |refused| Err(Failed::Refused(refused));
    let Some(old) = store::application(tx, id).await? else {
        return refused(Refused::UnknownApplication(id));
    };
    if old.purpose == Purpose::Console {
        return refused(Refused::ConsoleStays);
    }
    if store::has_pending_invitations(tx, id, moment.now).await? {
        return refused(Refused::PendingInvitations);
    }
    if !store::mark_application_deleted(tx, id, moment.now).await? {
        return refused(Refused::UnknownApplication(id));
    }
    store::drop_assignments(tx, id).await?;
    let client = match store::client_of(tx, id).await? {
        Some(client) => store::client(tx, client).await?,
        None => None,
    };
    if let Some(client) = &client {
        discard(tx, moment, actor, client).await?;
    }
    let about = json!({"name": old.name});
    event::record(tx, moment, actor, Kind::ApplicationDeleted.about(id, about)).await?;
    changed(tx).await?;
    Ok(client.map(|client| client.id))
}

/// A client of the management API. Nobody deletes the client that they are: whoever did would be left without an answer to
/// what they do next.
pub async fn delete_client(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: ClientId,
) -> Result<(), Failed<Refused>> {
    let refused = |refused| Err(Failed::Refused(refused));
    let Some(old) = store::client(tx, id).await? else {
        return refused(Refused::UnknownClient(id));
    };
    if let Some(application) = old.application {
        return refused(Refused::ClientOfApplication(application));
    }
    if *actor == Actor::Client(id) {
        return refused(Refused::OwnClient);
    }
    if !discard(tx, moment, actor, &old).await? {
        return refused(Refused::UnknownClient(id));
    }
    changed(tx).await?;
    Ok(())
}

/// `false`: somebody was faster.
async fn discard(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    client: &Client,
) -> Result<bool, Internal> {
    if !store::mark_client_deleted(tx, client.id, moment.now).await? {
        return Ok(false);
    }
    store::drop_secrets(tx, client.id).await?;
    let about = json!({"name": client.name, "application": client.application});
    event::record(
        tx,
        moment,
        actor,
        Kind::ClientDeleted.about(client.id, about),
    )
    .await?;
    Ok(true)
}
