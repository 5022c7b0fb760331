//! Introspection (RFC 7662): the state of a token, told to the client it was issued to and to nobody else.
//!
//! An access token is judged without the database.

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

use super::oauth_error::OAuthError;
use super::proven::Proven;
use crate::app::App;
use crate::application::Client;
use crate::grant;
use crate::kit::{Moment, Secret};

/// POST /introspect.
pub(super) async fn answer(asked: Proven) -> Result<Response, OAuthError> {
    let Proven {
        app,
        client,
        parameters,
        moment,
    } = &asked;
    if client.is_public() {
        // RFC 7662 section 4: who can't prove itself could try tokens out.
        let sentence = "A public client can not introspect.";
        return Err(OAuthError::invalid_client(sentence));
    }
    let token = parameters.required("token")?;
    let state = state(app, client, token, moment).await?;
    let state = state.unwrap_or_else(|| json!({"active": false}));
    let private = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((private, Json(state)).into_response())
}

/// `None`: not active, or none of the client's business. The hint only says where to look first, so it is not needed.
async fn state(
    app: &App,
    client: &Client,
    token: &str,
    moment: &Moment,
) -> Result<Option<Value>, OAuthError> {
    if token.contains('.') {
        return Ok(access_token(app, client, token, moment));
    }
    let token = Secret::new(token);
    let found = app
        .db
        .read(async |tx| grant::find_refresh_token(tx, moment, client.id, &token).await)
        .await?;
    Ok(found.map(|(grant, expires_at)| {
        json!({
            "active": true,
            "scope": grant.scope,
            "client_id": client.id,
            "sub": grant.identity,
            "iss": app.links.issuer(),
            "exp": expires_at.timestamp(),
        })
    }))
}

fn access_token(app: &App, client: &Client, token: &str, moment: &Moment) -> Option<Value> {
    let claims = app.access_tokens.verify(token, moment).ok()?;
    if claims.client_id != client.id.to_string() {
        return None;
    }
    let mut state = json!({
        "active": true,
        "token_type": "Bearer",
        "iss": claims.iss,
        "aud": claims.aud,
        "sub": claims.sub,
        "client_id": claims.client_id,
        "scope": claims.scope,
        "iat": claims.iat,
        "exp": claims.exp,
        "jti": claims.jti,
    });
    if let (Some(auth_time), Some(members)) = (claims.auth_time, state.as_object_mut()) {
        members.insert("auth_time".to_owned(), auth_time.into());
        members.insert("amr".to_owned(), claims.amr.clone().into());
    }
    Some(state)
}
