//! Back-channel logout: which applications know of a session, and telling them that it has ended
//! (OpenID Connect Back-Channel Logout 1.0).
//!
//! Doesn't end sessions; whoever ends one lets it be told here, in the same unit of work.

mod deliver;
mod store;

use super::SessionId;
use crate::application::Client;
use crate::db::Tx;
use crate::identity::IdentityId;
use crate::kit::{Internal, Moment};

pub use deliver::Herald;
pub use store::NOTICES;

/// Remembers that an application got tokens in a session, if it wants to be told of its end. What outlives the session
/// (`offline_access`) is no part of it.
pub async fn remember(tx: &mut Tx, session: SessionId, client: &Client) -> Result<(), Internal> {
    let wanted = client.settings.backchannel_logout_uri.is_some();
    // The session's row is held until this is written: whoever ends the session finds the application, or came before.
    if wanted && store::hold(tx, session).await? {
        store::remember(tx, session, client.id).await?;
    }
    Ok(())
}

/// A session has ended: the applications that know of it are told, each once.
pub(super) async fn tell(
    tx: &mut Tx,
    moment: &Moment,
    session: SessionId,
    identity: IdentityId,
) -> Result<(), Internal> {
    let clients = store::take_clients(tx, session).await?;
    let known = clients.into_iter().map(|(client,)| (session, client));
    store::queue(tx, moment, identity, known).await
}

/// All sessions of a person have ended, also those that others followed.
pub(super) async fn tell_all(
    tx: &mut Tx,
    moment: &Moment,
    identity: IdentityId,
) -> Result<(), Internal> {
    let known = store::take_clients_of(tx, identity).await?;
    store::queue(tx, moment, identity, known.into_iter()).await
}

/// Forgets the notices that ended long ago.
pub(super) async fn sweep(
    tx: &mut Tx,
    before: chrono::DateTime<chrono::Utc>,
) -> Result<u64, Internal> {
    store::delete_old_notices(tx, before).await
}
