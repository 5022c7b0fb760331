//! From a grant to tokens: the access token, and the ID token where `openid` is in the scope.
//!
//! Refresh tokens come with the grants themselves.

use aws_lc_rs::digest::{SHA256, SHA512, digest};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value, json};

use super::{Call, TokenResponse};
use crate::application::Scopes;
use crate::db::Tx;
use crate::grant::{AccessClaims, Grant};
use crate::keys::{Algorithm, TokenKind};
use crate::provider::claims::Release;
use crate::provider::oauth_error::OAuthError;

/// Why tokens are issued: the nonce belongs to the sign-in alone (OpenID Connect Core section 12.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Occasion {
    SignIn,
    Refresh,
}

impl TokenResponse {
    pub(super) fn with_refresh_token(mut self, token: Option<String>) -> Self {
        self.refresh_token = token;
        self
    }
}

/// Reads who it is about, and signs.
pub(super) async fn issue(
    call: &Call<'_>,
    grant: &Grant,
    scope: &Scopes,
    occasion: Occasion,
) -> Result<TokenResponse, OAuthError> {
    let issue = Issue::new(call, grant, scope, occasion);
    let read = call.app.db.read(async |tx| issue.person(tx).await);
    let person = read.await?;
    issue.tokens(person)
}

/// What tokens are about to be made of.
pub(super) struct Issue<'i> {
    call: &'i Call<'i>,
    grant: &'i Grant,
    scope: Scopes,
    occasion: Occasion,
}

impl<'i> Issue<'i> {
    /// What the client has lost since the grant, it doesn't get again.
    pub(super) fn new(
        call: &'i Call<'_>,
        grant: &'i Grant,
        scope: &Scopes,
        occasion: Occasion,
    ) -> Self {
        Self {
            call,
            grant,
            scope: scope.within(&call.client.settings.scopes),
            occasion,
        }
    }

    /// What the ID token tells about the person, who must still be allowed to sign in.
    pub(super) async fn person(&self, tx: &mut Tx) -> Result<Map<String, Value>, OAuthError> {
        let registered = &self.call.client.settings.scopes;
        let release = released_in_id_token(self.grant, &self.scope, registered);
        let person = release.read(tx, self.grant.identity).await?;
        person.ok_or_else(|| OAuthError::invalid_grant("The person can not sign in any more."))
    }

    pub(super) fn tokens(&self, person: Map<String, Value>) -> Result<TokenResponse, OAuthError> {
        let (call, settings) = (self.call, &self.call.client.settings);
        let access = access_claims(call, self.grant, &self.scope);
        let access_token =
            call.app
                .access_tokens
                .issue(settings.access_token_alg, &access, call.moment)?;
        let id_token = if self.scope.contains("openid") {
            // What is about the sign-in can not be overwritten by what is about the person.
            let mut claims = person;
            claims.extend(id_claims(call, self.grant, self.occasion));
            let at_hash = at_hash(settings.id_token_alg, &access_token);
            claims.insert("at_hash".to_owned(), at_hash.into());
            let (kind, algorithm) = (TokenKind::IdToken, settings.id_token_alg);
            Some(call.app.keys.sign(kind, algorithm, &claims, call.moment)?)
        } else {
            None
        };
        Ok(TokenResponse {
            access_token,
            token_type: "Bearer",
            expires_in: access.exp - access.iat,
            scope: access.scope,
            id_token,
            refresh_token: None,
        })
    }
}

/// The claims of scopes are for `UserInfo` (OpenID Connect Core section 5.4), except `groups`: applications decide by it at once.
fn released_in_id_token(grant: &Grant, scope: &Scopes, registered: &Scopes) -> Release {
    if !scope.contains("openid") {
        return Release::default();
    }
    let asked = grant.details.claims.id_token.keys().map(String::as_str);
    let groups = scope.iter().filter(|scope| *scope == "groups");
    Release::of_names(asked, registered).and(Release::of_scopes(groups))
}

fn access_claims(call: &Call<'_>, grant: &Grant, scope: &Scopes) -> AccessClaims {
    let now = call.moment.now.timestamp();
    let asked = grant.details.claims.userinfo.keys().map(String::as_str);
    let single = Release::of_names(asked, &call.client.settings.scopes);
    AccessClaims {
        iss: call.app.links.issuer().to_owned(),
        aud: call.app.links.issuer().to_owned(),
        sub: grant.identity.to_string(),
        client_id: call.client.id.to_string(),
        iat: now,
        exp: now + call.app.config.tokens.access_seconds,
        jti: call.moment.uuid(),
        scope: scope.to_string(),
        gnt: Some(grant.id),
        auth_time: Some(grant.details.auth_time.timestamp()),
        acr: grant.details.acr.clone(),
        amr: grant.details.methods.clone(),
        userinfo_claims: single.names().map(str::to_owned).collect(),
    }
}

/// OpenID Connect Core section 2.
fn id_claims(call: &Call<'_>, grant: &Grant, occasion: Occasion) -> Map<String, Value> {
    let now = call.moment.now.timestamp();
    let details = &grant.details;
    let claims = json!({
        "iss": call.app.links.issuer(),
        "sub": grant.identity,
        "aud": call.client.id,
        "exp": now + call.app.config.tokens.id_seconds,
        "iat": now,
        "auth_time": details.auth_time.timestamp(),
        "amr": details.methods,
        "acr": details.acr,
        "nonce": details.nonce.as_ref().filter(|_| occasion == Occasion::SignIn),
        "sid": grant.session,
    });
    match claims {
        Value::Object(mut claims) => {
            claims.retain(|_, value| !value.is_null());
            claims
        }
        _ => Map::new(),
    }
}

/// OpenID Connect Core section 3.1.3.6: the left half of the hash that the signature's algorithm uses; Ed25519 uses SHA-512.
fn at_hash(algorithm: Algorithm, access_token: &str) -> String {
    let hash = match algorithm {
        Algorithm::Es256 | Algorithm::Rs256 => &SHA256,
        Algorithm::EdDsa => &SHA512,
    };
    let hash = digest(hash, access_token.as_bytes());
    let (left, _) = hash.as_ref().split_at(hash.as_ref().len() / 2);
    URL_SAFE_NO_PAD.encode(left)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// CORE-31: OpenID Connect Core appendix A.3.
    #[test]
    fn at_hash_is_the_left_half() {
        let token = "jHkWEdUXMU1BwAsC4vtUsZwnNvTIxEl0z9K3vx5KF0Y";
        assert_eq!(at_hash(Algorithm::Rs256, token), "77QmUPtjPfzWtF2AnpK9RQ");
        assert_eq!(at_hash(Algorithm::EdDsa, token).len(), 43);
    }
}
