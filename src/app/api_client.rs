//! A program that uses the management API: it shows an access token from our own token endpoint (RFC 6750, RFC 9068).
//!
//! Its permission stands in the handler's signature: `ApiClient<may::InvitationsWrite>`.

use std::marker::PhantomData;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, StatusCode, header};

use super::App;
use crate::access::{Needs, Permission, Permissions};
use crate::application::ClientId;
use crate::event::Actor;
use crate::web::Failure;

/// A caller that holds the permission `P`.
pub struct ApiClient<P> {
    pub id: ClientId,
    pub name: String,
    permissions: Permissions,
    needs: PhantomData<P>,
}

impl<P> ApiClient<P> {
    #[must_use]
    pub const fn actor(&self) -> Actor {
        Actor::Client(self.id)
    }

    /// For what only some requests to an operation need.
    pub fn require(&self, permission: Permission) -> Result<(), Failure> {
        if self.permissions.allow(permission) {
            Ok(())
        } else {
            Err(insufficient_scope(permission.scope()))
        }
    }

    /// Everything it may do.
    #[must_use]
    pub const fn permissions(&self) -> &Permissions {
        &self.permissions
    }
}

impl<P: Needs> FromRequestParts<App> for ApiClient<P> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Failure> {
        let token = bearer(&parts.headers)?;
        let claims = app
            .access_tokens
            .verify(token, &app.moment())
            .map_err(|_| invalid_token())?;
        if claims.aud != app.links.api() {
            return Err(invalid_token());
        }
        let id: ClientId = claims.client_id.parse().map_err(|_| invalid_token())?;
        let catalogue = app.catalogue.current();
        // A client that is gone, or belongs to an application, has no business here, whatever its token says.
        let client = catalogue
            .client(id)
            .filter(|client| client.application.is_none())
            .ok_or_else(invalid_token)?;
        let registered = Permissions::of_scopes(&client.settings.scopes.to_string());
        let permissions = Permissions::of_scopes(&claims.scope).within(&registered);
        if !permissions.allow(P::PERMISSION) {
            return Err(insufficient_scope(P::PERMISSION.scope()));
        }
        Ok(Self {
            id,
            name: client.name.clone(),
            permissions,
            needs: PhantomData,
        })
    }
}

/// The token from the one place where we take it: the header (RFC 6750 section 2.1).
fn bearer(headers: &HeaderMap) -> Result<&str, Failure> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return Err(unauthorized(
            "Bearer realm=\"api\"",
            "Send one access token as Authorization: Bearer ….",
        ));
    };
    let (scheme, token) = value
        .to_str()
        .ok()
        .and_then(|value| value.split_once(' '))
        .ok_or_else(invalid_token)?;
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Err(unauthorized(
            "Bearer realm=\"api\"",
            "Send one access token as Authorization: Bearer ….",
        ));
    }
    Ok(token.trim())
}

fn unauthorized(challenge: &str, sentence: &str) -> Failure {
    Failure::refused(StatusCode::UNAUTHORIZED, "unauthenticated", sentence)
        .with_challenge(challenge)
}

/// RFC 6750 section 3.1.
fn invalid_token() -> Failure {
    unauthorized(
        "Bearer realm=\"api\", error=\"invalid_token\"",
        "The access token is not valid here: it has expired, was revoked, or is meant for something else. Obtain a new one.",
    )
}

fn insufficient_scope(scope: &str) -> Failure {
    let challenge =
        format!("Bearer realm=\"api\", error=\"insufficient_scope\", scope=\"{scope}\"");
    let sentence = format!("This needs the scope {scope}, which the access token does not have.");
    Failure::refused(StatusCode::FORBIDDEN, "insufficient_scope", sentence)
        .with_challenge(challenge)
}
