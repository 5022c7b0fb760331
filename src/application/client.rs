//! A client in the words of OAuth: a relying party (the client of one application) or a client of the management API.
//!
//! Owns what a client is and what is true of it by itself; how it authenticates on the wire is `provider`'s.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use url::Url;

use super::{ApplicationId, ClientId, RedirectUri, Scopes};
use crate::keys::Algorithm;
use crate::kit::{Secret, same_secret};

#[derive(Debug, Clone)]
pub struct Client {
    pub id: ClientId,
    /// `None`: a client of the management API, which acts for itself.
    pub application: Option<ApplicationId>,
    pub name: String,
    pub settings: ClientSettings,
    /// More than one while a secret is being replaced.
    pub secrets: Vec<StoredSecret>,
    pub created_at: DateTime<Utc>,
    pub revision: i64,
}

/// The digest of a generated 256-bit secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredSecret {
    pub hash: Vec<u8>,
    pub expires_at: Option<DateTime<Utc>>,
}

/// What a client registered, in the words of OpenID Connect Dynamic Client Registration section 2.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClientSettings {
    pub redirect_uris: Vec<RedirectUri>,
    pub post_logout_redirect_uris: Vec<RedirectUri>,
    pub grant_types: Vec<GrantType>,
    pub authentication: ClientAuthentication,
    /// The client's public keys for `private_key_jwt`, a JWK set.
    pub jwks: Option<serde_json::Value>,
    /// What it may ask for; anything else is left out of the grant.
    pub scopes: Scopes,
    pub id_token_alg: Algorithm,
    pub access_token_alg: Algorithm,
    pub pkce: Pkce,
    /// Where the application begins a sign-in by itself (OpenID Connect Core section 4).
    pub initiate_login_uri: Option<Url>,
    /// Where it is told that a session has ended (OpenID Connect Back-Channel Logout 1.0).
    pub backchannel_logout_uri: Option<Url>,
    /// Whether it needs `sid` in what it is told. It gets it in any case, as in every ID token.
    pub backchannel_logout_session_required: bool,
    pub consent: Consent,
    pub default_max_age: Option<u32>,
    pub require_auth_time: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum GrantType {
    AuthorizationCode,
    RefreshToken,
    ClientCredentials,
}

/// The one way in which the client proves itself at the token endpoint (OpenID Connect Core section 9).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum ClientAuthentication {
    #[serde(rename = "client_secret_basic")]
    SecretBasic,
    #[serde(rename = "client_secret_post")]
    SecretPost,
    #[serde(rename = "none")]
    None,
    #[serde(rename = "private_key_jwt")]
    PrivateKeyJwt,
}

/// Whether an authorization request needs a code challenge (RFC 7636).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Pkce {
    Required,
    /// For confidential clients that can't; a challenge that is sent is checked all the same.
    Optional,
}

/// Whether people are asked before the client learns about them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// The operator of this provider vouches for the application.
    Skip,
    Ask,
}

impl Default for ClientSettings {
    /// A confidential web application.
    fn default() -> Self {
        Self {
            redirect_uris: Vec::new(),
            post_logout_redirect_uris: Vec::new(),
            grant_types: vec![GrantType::AuthorizationCode, GrantType::RefreshToken],
            authentication: ClientAuthentication::SecretBasic,
            jwks: None,
            scopes: super::scope::SIGN_IN_SCOPES.iter().copied().collect(),
            id_token_alg: Algorithm::Es256,
            access_token_alg: Algorithm::Es256,
            pkce: Pkce::Required,
            initiate_login_uri: None,
            backchannel_logout_uri: None,
            backchannel_logout_session_required: false,
            consent: Consent::Skip,
            default_max_age: None,
            require_auth_time: false,
        }
    }
}

impl ClientAuthentication {
    /// Whether the client has a secret of ours.
    #[must_use]
    pub const fn uses_secret(self) -> bool {
        matches!(self, Self::SecretBasic | Self::SecretPost)
    }
}

impl Client {
    /// A client that can't keep a secret (RFC 6749 section 2.1).
    #[must_use]
    pub fn is_public(&self) -> bool {
        self.settings.authentication == ClientAuthentication::None
    }

    #[must_use]
    pub fn may(&self, grant: GrantType) -> bool {
        self.settings.grant_types.contains(&grant)
    }

    /// Whether the request has to carry a code challenge. A public client always has to.
    #[must_use]
    pub fn needs_pkce(&self) -> bool {
        self.is_public() || self.settings.pkce == Pkce::Required
    }

    /// Whether the secret is one of the client's that still count. Looks at all, in constant time each.
    #[must_use]
    pub fn knows_secret(&self, secret: &Secret, now: DateTime<Utc>) -> bool {
        let hash = secret.digest();
        let alive = |stored: &&StoredSecret| stored.expires_at.is_none_or(|end| now < end);
        let alive = self.secrets.iter().filter(alive);
        let same = alive.filter(|stored| same_secret(&stored.hash, &hash));
        same.count() > 0
    }

    /// The registered URI that the requested text is, if any (OA-04).
    #[must_use]
    pub fn redirect_uri(&self, requested: &str) -> Option<&RedirectUri> {
        let mut registered = self.settings.redirect_uris.iter();
        registered.find(|uri| uri.admits(requested))
    }

    /// Whether a browser may be sent there after signing out: exactly as registered (RP-Initiated Logout section 3).
    #[must_use]
    pub fn post_logout_redirect_uri(&self, requested: &str) -> Option<&RedirectUri> {
        let mut registered = self.settings.post_logout_redirect_uris.iter();
        registered.find(|uri| uri.as_str() == requested)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::Clock;
    use chrono::TimeDelta;

    #[test]
    fn old_and_new_secret_overlap_until_the_old_one_ends() {
        let moment = Clock::system().moment();
        let (old, new) = (moment.token(), moment.token());
        let end = moment.now + TimeDelta::hours(1);
        let client = Client {
            id: moment.id(),
            application: None,
            name: "test".into(),
            settings: ClientSettings::default(),
            secrets: vec![
                StoredSecret {
                    hash: old.digest(),
                    expires_at: Some(end),
                },
                StoredSecret {
                    hash: new.digest(),
                    expires_at: None,
                },
            ],
            created_at: moment.now,
            revision: 1,
        };
        assert!(client.knows_secret(&old, moment.now) && client.knows_secret(&new, moment.now));
        assert!(!client.knows_secret(&old, end) && client.knows_secret(&new, end));
        assert!(!client.knows_secret(&moment.token(), moment.now));
    }

    #[test]
    fn settings_stored_before_a_setting_existed_read_with_its_default() {
        let settings: ClientSettings = serde_json::from_str("{}").unwrap();
        assert_eq!(settings, ClientSettings::default());
        let again = serde_json::from_value(serde_json::to_value(&settings).unwrap());
        assert_eq!(settings, again.unwrap());
    }
}
