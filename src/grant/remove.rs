//! An application or a client of the management API is taken away, and with it everything that was ever allowed to it.
//!
//! Access tokens that are out need no entry each: they name a client that nobody knows any more.

use super::{consent, store};
use crate::application::{self, ApplicationId, ClientId, Refused};
use crate::db::Tx;
use crate::event::Actor;
use crate::kit::{Failed, Internal, Moment};

pub async fn remove_application(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: ApplicationId,
) -> Result<(), Failed<Refused>> {
    if let Some(client) = application::delete(tx, moment, actor, id).await? {
        end_of_client(tx, moment, client).await?;
    }
    Ok(())
}

pub async fn remove_client(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    id: ClientId,
) -> Result<(), Failed<Refused>> {
    application::delete_client(tx, moment, actor, id).await?;
    end_of_client(tx, moment, id).await?;
    Ok(())
}

/// Codes stay until they are swept: without their client nobody can redeem them.
async fn end_of_client(tx: &mut Tx, moment: &Moment, client: ClientId) -> Result<(), Internal> {
    store::end_grants_of_client(tx, client, moment.now).await?;
    store::delete_refresh_tokens_of_client(tx, client).await?;
    store::delete_bare_grants_of_client(tx, client).await?;
    consent::forget_client(tx, client).await
}
