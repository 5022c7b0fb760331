//! Signing in somewhere else: connections to identity providers, the one flow through them, and the accounts that are linked.
//!
//! Doesn't decide where a flow goes next, nor who may sign up; the provider's dispatcher and the invitations do.

pub mod api;
mod begin;
pub mod check;
mod come_back;
mod connection;
pub mod connector;
mod domain;
mod draft;
mod exchange;
pub mod expiry;
mod external;
pub mod health;
mod land;
pub mod link;
mod logout_token;
mod mapping;
mod metadata;
pub mod methods;
pub mod pages;
mod person;
mod post;
mod preview;
mod providers;
mod refused;
mod save;
mod session;
mod settings;
mod sign_out;
mod snapshot;
mod store;
mod token;
mod trouble;
mod userinfo;
mod way;

use crate::kit::{Id, kinds};

pub use begin::{Begin, Desk, Refused, begin};
pub use connection::Connection;
pub use draft::ConnectionDraft;
pub use external::{AccountKey, Address, ExternalIdentity};
pub use health::Health;
pub use link::{LinkRefused, LinkedAccount};
pub use mapping::{Mapped, Skipped, Why};
pub use metadata::{KeySet, Metadata, Undescribed};
pub use preview::{NotASample, Preview, preview, sample};
pub use providers::{Known, Providers};
pub use refused::SaveRefused;
pub use save::{Checked, Keeper, find};
pub use session::session_of;
pub use settings::{
    Audience, Cloud, Google, GroupRule, Mapping, Microsoft, OAuth2, Oidc, Provider, Quirks,
    ResponseMode, Salesforce, SalesforceHost, Settings, TokenAuthentication,
};
pub use sign_out::Exit;
pub use snapshot::{Connections, ConnectionsHandle, changed};
pub use trouble::Trouble;
pub use way::{arrived, finish, sweep};

/// Names a connection.
pub type ConnectionId = Id<kinds::Connection>;
/// Names one way to a provider and back.
pub type ExternalSignInId = Id<kinds::ExternalSignIn>;
