//! A client acts for itself (RFC 6749 section 4.4): no person, no refresh token, no ID token, and no database.

use super::{Call, TokenResponse};
use crate::application::{SIGN_IN_SCOPES, Scopes};
use crate::grant::AccessClaims;
use crate::provider::oauth_error::OAuthError;

pub(super) fn answer(call: &Call<'_>) -> Result<TokenResponse, OAuthError> {
    let client = call.client;
    if client.is_public() {
        let sentence = "A public client can not act for itself.";
        return Err(OAuthError::unauthorized_client(sentence));
    }
    let scope = scope(call.parameters.get("scope"), &client.settings.scopes)?;
    let links = &call.app.links;
    let audience = match client.application {
        None => links.api(),
        Some(_) => links.issuer().to_owned(),
    };
    let (now, id) = (call.moment.now.timestamp(), client.id.to_string());
    let expires_in = call.app.config.tokens.access_seconds;
    let claims = AccessClaims {
        iss: links.issuer().to_owned(),
        aud: audience,
        sub: id.clone(),
        client_id: id,
        iat: now,
        exp: now + expires_in,
        jti: call.moment.uuid(),
        scope: scope.to_string(),
        gnt: None,
        auth_time: None,
        acr: None,
        amr: Vec::new(),
        userinfo_claims: Vec::new(),
    };
    let algorithm = client.settings.access_token_alg;
    let token = call
        .app
        .access_tokens
        .issue(algorithm, &claims, call.moment)?;
    Ok(TokenResponse {
        access_token: token,
        token_type: "Bearer",
        expires_in,
        scope: claims.scope,
        id_token: None,
        refresh_token: None,
    })
}

/// What it asks for, or everything it may have. The scopes of sign-in are about a person, and there is none.
fn scope(asked: Option<&str>, registered: &Scopes) -> Result<Scopes, OAuthError> {
    let own = SIGN_IN_SCOPES
        .iter()
        .fold(registered.clone(), |own, scope| own.without(scope));
    let Some(asked) = asked else {
        return Ok(own);
    };
    let asked: Scopes = asked
        .parse()
        .map_err(|_| OAuthError::invalid_scope("The scope is malformed."))?;
    if !asked.is_within(&own) {
        return Err(OAuthError::invalid_scope(
            "The client may not have this scope.",
        ));
    }
    Ok(asked)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OA-29.
    #[test]
    fn a_client_gets_what_it_is_registered_for() {
        let registered = "openid email invitations:read invitations:write"
            .parse()
            .unwrap();
        let all = scope(None, &registered).unwrap();
        assert_eq!(all.to_string(), "invitations:read invitations:write");
        let one = scope(Some("invitations:read"), &registered).unwrap();
        assert_eq!(one.to_string(), "invitations:read");
        for refused in ["openid", "invitations:read groups:write", "a\"b"] {
            assert!(scope(Some(refused), &registered).is_err(), "{refused}");
        }
    }
}
