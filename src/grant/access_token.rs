//! Access tokens: JWTs (RFC 9068) that anybody can verify, and that we verify once.
//!
//! Doesn't decide who gets one, nor what one opens.

use std::sync::Arc;

use quick_cache::sync::Cache;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{GrantId, Revocations};
use crate::keys::{Algorithm, BadToken, KeyRing, TokenKind};
use crate::kit::{Internal, Moment, digest};

/// How many verified tokens are remembered: some megabytes.
const REMEMBERED: usize = 20_000;

/// What an access token says (RFC 9068 section 2.2).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AccessClaims {
    pub iss: String,
    pub aud: String,
    /// The person; of a client that acts for itself, the client.
    pub sub: String,
    pub client_id: String,
    pub iat: i64,
    pub exp: i64,
    pub jti: Uuid,
    pub scope: String,
    /// The grant it comes from: ending the grant ends the token.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gnt: Option<GrantId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth_time: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub amr: Vec<String>,
    /// Single claims that the `claims` parameter asked for at the `UserInfo` endpoint.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub userinfo_claims: Vec<String>,
}

impl AccessClaims {
    #[must_use]
    pub fn has_scope(&self, wanted: &str) -> bool {
        self.scope.split(' ').any(|scope| scope == wanted)
    }
}

/// Why an access token opens nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BadAccess {
    #[error("{0}")]
    Token(#[from] BadToken),
    #[error("the token is of another issuer")]
    OtherIssuer,
    #[error("the token was revoked")]
    Revoked,
}

/// Issues and verifies. Cheap to clone.
#[derive(Clone)]
pub struct AccessTokens(Arc<Inner>);

struct Inner {
    issuer: String,
    keys: KeyRing,
    revocations: Revocations,
    /// By the digest of the token, so that a dump of the memory's cache opens nothing.
    verified: Cache<Vec<u8>, Arc<AccessClaims>>,
}

impl AccessTokens {
    #[must_use]
    pub fn new(issuer: &str, keys: &KeyRing, revocations: &Revocations) -> Self {
        Self(Arc::new(Inner {
            issuer: issuer.to_owned(),
            keys: keys.clone(),
            revocations: revocations.clone(),
            verified: Cache::new(REMEMBERED),
        }))
    }

    /// Signs a token.
    pub fn issue(
        &self,
        algorithm: Algorithm,
        claims: &AccessClaims,
        moment: &Moment,
    ) -> Result<String, Internal> {
        let kind = TokenKind::AccessToken;
        self.0.keys.sign(kind, algorithm, claims, moment)
    }

    /// The claims of a token of ours that is valid now. The audience and the scope are the caller's to check.
    pub fn verify(&self, token: &str, moment: &Moment) -> Result<Arc<AccessClaims>, BadAccess> {
        let key = digest(token.as_bytes());
        let claims = match self.0.verified.get(&key) {
            Some(claims) => claims,
            None => self.verify_anew(token, key, moment)?,
        };
        if claims.exp <= moment.now.timestamp() {
            return Err(BadAccess::Token(BadToken::Expired));
        }
        if self.0.revocations.covers(claims.jti, claims.gnt) {
            return Err(BadAccess::Revoked);
        }
        Ok(claims)
    }

    fn verify_anew(
        &self,
        token: &str,
        key: Vec<u8>,
        moment: &Moment,
    ) -> Result<Arc<AccessClaims>, BadAccess> {
        let kind = TokenKind::AccessToken;
        let claims: AccessClaims = self.0.keys.verify(kind, token, moment)?;
        if claims.iss != self.0.issuer {
            return Err(BadAccess::OtherIssuer);
        }
        let claims = Arc::new(claims);
        self.0.verified.insert(key, Arc::clone(&claims));
        Ok(claims)
    }
}
