//! The token endpoint: the phases that every grant goes through, once, and the grants.
//!
//! Doesn't know how a grant came to be; `grant` keeps that.

mod client_credentials;
mod code;
mod issue;
mod refresh;

use axum::Json;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::oauth_error::OAuthError;
use super::parameters::Parameters;
use super::proven::Proven;
use crate::app::App;
use crate::application::{Client, GrantType};
use crate::kit::{Moment, Secret};

/// RFC 6749 section 5.1, OpenID Connect Core section 3.1.3.3.
#[derive(Serialize)]
struct TokenResponse {
    access_token: String,
    token_type: &'static str,
    expires_in: i64,
    #[serde(skip_serializing_if = "String::is_empty")]
    scope: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    id_token: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refresh_token: Option<String>,
}

impl IntoResponse for TokenResponse {
    fn into_response(self) -> Response {
        let private = [
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::PRAGMA, HeaderValue::from_static("no-cache")),
        ];
        (private, Json(self)).into_response()
    }
}

/// What a grant works with, once the phases before it are through.
struct Call<'c> {
    app: &'c App,
    client: &'c Client,
    parameters: &'c Parameters,
    moment: &'c Moment,
}

/// POST /token.
pub(super) async fn answer(asked: Proven) -> Result<Response, OAuthError> {
    let Proven {
        app,
        client,
        parameters,
        moment,
    } = &asked;
    let grant_type = grant_type(parameters.required("grant_type")?)?;
    if !client.may(grant_type) {
        let sentence = "The client is not registered for this grant type.";
        return Err(OAuthError::unauthorized_client(sentence));
    }
    let call = Call {
        app,
        client,
        parameters,
        moment,
    };
    let response = match grant_type {
        GrantType::AuthorizationCode => code::answer(&call).await,
        GrantType::RefreshToken => refresh::answer(&call).await,
        GrantType::ClientCredentials => client_credentials::answer(&call),
    };
    response.map(IntoResponse::into_response)
}

fn grant_type(name: &str) -> Result<GrantType, OAuthError> {
    match name {
        "authorization_code" => Ok(GrantType::AuthorizationCode),
        "refresh_token" => Ok(GrantType::RefreshToken),
        "client_credentials" => Ok(GrantType::ClientCredentials),
        _ => Err(OAuthError::unsupported_grant_type()),
    }
}

/// A secret on its way to the client it is for.
fn revealed(secret: &Secret) -> String {
    secret.reveal().to_owned()
}
