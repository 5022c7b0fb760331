//! Signing in somewhere else: connections to identity providers, the one flow through them, and the accounts that are linked.
//!
//! Doesn't decide where a flow goes next, nor who may sign up; the provider's dispatcher and the invitations do.

mod connection;
pub mod connector;
mod external;
pub mod link;
mod settings;
mod snapshot;
mod store;

use crate::kit::{Id, kinds};

pub use connection::Connection;
pub use external::{AccountKey, Address, ExternalIdentity};
pub use link::{LinkRefused, LinkedAccount};
pub use settings::{
    Audience, Cloud, Google, GroupRule, Mapping, Microsoft, OAuth2, Oidc, Provider, Quirks,
    ResponseMode, Salesforce, SalesforceHost, Settings, TokenAuthentication,
};
pub use snapshot::{Connections, ConnectionsHandle, changed};

/// Names a connection.
pub type ConnectionId = Id<kinds::Connection>;
/// Names one way to a provider and back.
pub type ExternalSignInId = Id<kinds::ExternalSignIn>;
