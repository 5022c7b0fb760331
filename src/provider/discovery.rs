//! What the world may know about us: the metadata (OpenID Connect Discovery, RFC 8414) and the public keys.
//!
//! Advertises only what works.

use std::sync::Arc;

use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::claims;
use crate::app::App;
use crate::application::SIGN_IN_SCOPES;
use crate::kit::digest;
use crate::web::{Links, Locale};

/// Shorter than a new key is published ahead of its first signature.
const CACHED: HeaderValue = HeaderValue::from_static("public, max-age=900");
const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// What never changes while we run, serialised once.
pub(super) struct Documents {
    metadata: Bytes,
    tag: HeaderValue,
}

impl Documents {
    pub(super) fn new(links: &Links) -> Self {
        let metadata = describe(links).to_string();
        Self {
            tag: tag_of(metadata.as_bytes()),
            metadata: metadata.into(),
        }
    }
}

/// Under both well-known addresses the same (RFC 8414 section 3.1).
pub(super) async fn metadata(
    Extension(documents): Extension<Arc<Documents>>,
    headers: HeaderMap,
) -> Response {
    published(documents.metadata.clone(), documents.tag.clone(), &headers)
}

pub(super) async fn jwks(State(app): State<App>, headers: HeaderMap) -> Response {
    let jwks = app.keys.jwks();
    let tag = tag_of(jwks.as_bytes());
    published(Bytes::from(jwks.to_string()), tag, &headers)
}

fn published(body: Bytes, tag: HeaderValue, asked: &HeaderMap) -> Response {
    let unchanged = asked
        .get(header::IF_NONE_MATCH)
        .and_then(|tags| tags.to_str().ok())
        .is_some_and(|tags| {
            let known = tag.to_str().unwrap_or_default();
            tags.split(',')
                .any(|one| one.trim().trim_start_matches("W/") == known || one.trim() == "*")
        });
    let headers = [(header::CACHE_CONTROL, CACHED), (header::ETAG, tag)];
    if unchanged {
        return (StatusCode::NOT_MODIFIED, headers).into_response();
    }
    (headers, [(header::CONTENT_TYPE, JSON)], Body::from(body)).into_response()
}

fn tag_of(body: &[u8]) -> HeaderValue {
    let tag = format!("\"{}\"", URL_SAFE_NO_PAD.encode(digest(body)));
    HeaderValue::try_from(tag).unwrap_or(HeaderValue::from_static("\"\""))
}

fn describe(links: &Links) -> Value {
    let methods = [
        "client_secret_basic",
        "client_secret_post",
        "private_key_jwt",
        "none",
    ];
    let confidential = methods.split_last().map_or(&[][..], |(_, rest)| rest);
    let foreign = ["ES256", "RS256", "PS256", "EdDSA"];
    json!({
        "issuer": links.issuer(),
        "authorization_endpoint": links.authorize(),
        "token_endpoint": links.token(),
        "userinfo_endpoint": links.userinfo(),
        "jwks_uri": links.jwks(),
        "introspection_endpoint": links.introspect(),
        "revocation_endpoint": links.revoke(),
        "end_session_endpoint": links.logout(),
        "backchannel_logout_supported": true,
        "backchannel_logout_session_supported": true,
        "scopes_supported": SIGN_IN_SCOPES,
        "claims_supported": claims::supported(),
        "claim_types_supported": ["normal"],
        "claims_parameter_supported": true,
        "request_parameter_supported": false,
        "request_uri_parameter_supported": false,
        "require_request_uri_registration": false,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query", "form_post"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256", "RS256", "EdDSA"],
        "token_endpoint_auth_methods_supported": methods,
        "token_endpoint_auth_signing_alg_values_supported": foreign,
        "introspection_endpoint_auth_methods_supported": confidential,
        "introspection_endpoint_auth_signing_alg_values_supported": foreign,
        "revocation_endpoint_auth_methods_supported": methods,
        "revocation_endpoint_auth_signing_alg_values_supported": foreign,
        "code_challenge_methods_supported": ["S256"],
        "prompt_values_supported": ["none", "login", "consent", "select_account", "create"],
        "ui_locales_supported": Locale::all().iter().map(ToString::to_string).collect::<Vec<_>>(),
        "authorization_response_iss_parameter_supported": true,
    })
}
