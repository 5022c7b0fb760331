//! Somebody has come from a provider and nothing has followed yet: who, with which connection, and whose account here it opens.
//!
//! Decides nothing; the dispatcher and the pages ask.

use std::sync::Arc;

use super::App;
use crate::application::Application;
use crate::db::Tx;
use crate::federation::{self, Connection, ExternalIdentity, ExternalSignInId, link};
use crate::identity::IdentityId;
use crate::kit::Internal;
use crate::session::flow::Flow;

/// A person as a provider has proven them in this browser.
#[derive(Debug, Clone)]
pub struct Arrival {
    pub id: ExternalSignInId,
    pub identity: ExternalIdentity,
    pub connection: Arc<Connection>,
    /// Who of the application's store signs in with this account.
    pub owner: Option<IdentityId>,
}

impl Arrival {
    /// `None`: nobody has come, it is too long ago, something has followed already, or the application doesn't take people from
    /// this connection any more.
    pub async fn read(
        app: &App,
        tx: &mut Tx,
        flow: &Flow,
        application: &Application,
    ) -> Result<Option<Self>, Internal> {
        let Some(id) = flow.external else {
            return Ok(None);
        };
        let (browser, now) = (flow.browser.as_slice(), app.moment().now);
        let arrived = federation::arrived(tx, &app.sealer, (id, browser), now).await?;
        let Some(identity) = arrived else {
            return Ok(None);
        };
        let connections = app.connections.current();
        let usable = connections.usable(&application.policy);
        let Some(connection) = usable.into_iter().find(|one| one.id == identity.connection) else {
            return Ok(None);
        };
        Ok(Some(Self {
            id,
            owner: link::find(tx, application.store, &identity.key).await?,
            connection: Arc::clone(connection),
            identity,
        }))
    }
}
