//! Grants: what a person allowed a client once, the code and the tokens that come of it, and their end.
//!
//! Doesn't ask people and doesn't speak HTTP; `provider` does.

mod access_token;
mod assertion;
mod claims_request;
pub mod consent;
mod issue_code;
mod redeem_code;
mod refresh;
mod refresh_token;
mod remove;
mod revocations;
mod revoke;
mod store;
mod sweep;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use crate::application::{ClientId, Scopes};
use crate::kit::{Corrupt, Id, kinds};

pub use access_token::{AccessClaims, AccessTokens, BadAccess};
pub use assertion::use_assertion;
pub use claims_request::{BadClaimsRequest, ClaimsRequest, Wanted};
pub use issue_code::{CodeBinding, issue_code};
pub use redeem_code::{NotRedeemed, Redeemed, Redeeming, redeem_code};
pub use refresh::{
    Exchangeable, NotRefreshed, RefreshLifetimes, Refreshed, Refreshing, begin_refresh, exchange,
    find_refresh_token, look, refresh,
};
pub use remove::{remove_application, remove_client};
pub use revocations::Revocations;
pub use revoke::{
    revoke_access_token, revoke_grant, revoke_of_identity, revoke_of_session, revoke_refresh_token,
};
pub use sweep::sweep;

pub type GrantId = Id<kinds::Grant>;

/// No access token lives longer (the configuration allows a day at most), so no revocation has to be kept longer.
const LONGEST_ACCESS: TimeDelta = TimeDelta::days(1);

/// The scope that lets a client stay after the session has ended (OpenID Connect Core section 11).
pub const OFFLINE_ACCESS: &str = "offline_access";

/// What is about to be allowed.
#[derive(Debug, Clone)]
pub struct NewGrant {
    pub client: ClientId,
    pub identity: Id<kinds::Identity>,
    pub session: Id<kinds::Session>,
    pub scope: Scopes,
    pub details: Details,
}

/// What the authorization request and the sign-in said, as far as tokens repeat it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Details {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    #[serde(default)]
    pub claims: ClaimsRequest,
    /// When the person proved who they are.
    pub auth_time: DateTime<Utc>,
    /// How (`amr`, RFC 8176).
    pub methods: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// Without `offline_access`, refreshing ends with the session.
    pub session_ends_at: DateTime<Utc>,
}

/// What a person allowed a client.
#[derive(Debug, Clone)]
pub struct Grant {
    pub id: GrantId,
    pub client: ClientId,
    pub identity: Id<kinds::Identity>,
    pub session: Id<kinds::Session>,
    pub scope: Scopes,
    pub details: Details,
    pub created_at: DateTime<Utc>,
    pub revoked_at: Option<DateTime<Utc>>,
}

impl Grant {
    /// Whether it outlives the session.
    #[must_use]
    pub fn is_offline(&self) -> bool {
        self.scope.contains(OFFLINE_ACCESS)
    }
}

impl TryFrom<store::GrantRow> for Grant {
    type Error = Corrupt;

    fn try_from(row: store::GrantRow) -> Result<Self, Corrupt> {
        let corrupt = |why: String| Corrupt {
            table: "access_grant",
            id: row.grant_id.to_string(),
            why,
        };
        Ok(Self {
            id: row.grant_id,
            client: row.client_id,
            identity: row.identity_id,
            session: row.session_id,
            scope: row.scope.parse().map_err(|_| corrupt(row.scope.clone()))?,
            details: serde_json::from_value(row.details)
                .map_err(|error| corrupt(error.to_string()))?,
            created_at: row.created_at,
            revoked_at: row.revoked_at,
        })
    }
}
