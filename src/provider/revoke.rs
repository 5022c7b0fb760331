//! Revocation (RFC 7009): a client gives a token back. The answer is the same whether there was one or not.

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use chrono::DateTime;

use super::oauth_error::OAuthError;
use super::proven::Proven;
use crate::app::App;
use crate::application::Client;
use crate::grant;
use crate::kit::{Internal, Moment, Secret};

/// POST /revoke.
pub(super) async fn answer(asked: Proven) -> Result<Response, OAuthError> {
    let token = asked.parameters.required("token")?;
    revoke(&asked.app, &asked.client, token, &asked.moment).await?;
    let private = [(header::CACHE_CONTROL, HeaderValue::from_static("no-store"))];
    Ok((StatusCode::OK, private).into_response())
}

/// Ends the token if it is the client's. A refresh token takes its grant with it; an access token ends alone.
async fn revoke(app: &App, client: &Client, token: &str, moment: &Moment) -> Result<(), Internal> {
    if token.contains('.') {
        let Ok(claims) = app.access_tokens.verify(token, moment) else {
            return Ok(());
        };
        let expires_at = DateTime::from_timestamp_secs(claims.exp);
        if let Some(expires_at) = expires_at
            && claims.client_id == client.id.to_string()
        {
            let unit = app.db.write(async |tx| {
                grant::revoke_access_token(tx, moment, claims.jti, expires_at).await
            });
            unit.await?;
        }
    } else {
        let token = Secret::new(token);
        let unit = app
            .db
            .write(async |tx| grant::revoke_refresh_token(tx, moment, client.id, &token).await);
        unit.await?;
    }
    app.revocations.reload(&app.db, moment).await
}
