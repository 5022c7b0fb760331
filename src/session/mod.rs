//! A signed-in browser: sessions, flows, signing in, recovering an account, and how often anybody may try.
//!
//! Doesn't decide where a flow goes next: every step returns to the provider's one dispatcher.

mod begin;
mod end;
pub mod flow;
mod held;
pub mod known;
pub mod logout;
mod origin;
pub mod pages;
pub mod recovery;
pub mod sign_in;
mod store;
mod sweep;
pub mod throttle;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::identity::{IdentityId, StoreId};
use crate::kit::{Id, kinds};

pub use begin::{NewSession, Started, begin};
pub use end::{begin_after, end, end_all, end_each, shut_out};
pub use held::Held;
pub use origin::{Origin, SealedIdToken, Which, from_upstream, of_connection, origin};
pub use sweep::sweep;

/// Names a session; the `sid` claim.
pub type SessionId = Id<kinds::Session>;

/// A browser in which a person is signed in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    pub id: SessionId,
    pub identity: IdentityId,
    pub store: StoreId,
    /// The `amr` claim.
    pub methods: Methods,
    /// When the person authenticated: the `auth_time` claim. An external provider may have seen them before this session
    /// began.
    pub authenticated_at: DateTime<Utc>,
    pub began_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
}

/// How the person has shown who they are (RFC 8176).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Methods(Vec<String>);

impl Methods {
    #[must_use]
    pub fn password() -> Self {
        Self(vec!["pwd".to_owned()])
    }

    /// What an external provider says, as far as its connection's policy trusts it (BR-01).
    #[must_use]
    pub fn external(trusted: Vec<String>) -> Self {
        Self(trusted)
    }

    /// The values of the `amr` claim.
    #[must_use]
    pub fn as_slice(&self) -> &[String] {
        &self.0
    }
}
