//! "No" in the words of OAuth: RFC 6749 section 5.2 for what clients post, RFC 6750 section 3 for bearer tokens.
//!
//! Internal failures are not worded here; `web::Failure` logs and answers them.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::kit::Internal;
use crate::web::{BadInput, Failure};

/// Why a protocol request is not answered as asked.
#[derive(Debug)]
pub(super) enum OAuthError {
    Refused(Box<Refusal>),
    Internal(Internal),
}

#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    code: &'static str,
    description: String,
    challenge: Option<String>,
    retry_after: Option<u64>,
}

impl OAuthError {
    fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Self::Refused(Box::new(Refusal {
            status,
            code,
            description: description.into(),
            challenge: None,
            retry_after: None,
        }))
    }

    fn bad(code: &'static str, description: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, description)
    }

    pub(super) fn invalid_request(description: impl Into<String>) -> Self {
        Self::bad("invalid_request", description)
    }

    pub(super) fn invalid_grant(description: impl Into<String>) -> Self {
        Self::bad("invalid_grant", description)
    }

    pub(super) fn invalid_scope(description: impl Into<String>) -> Self {
        Self::bad("invalid_scope", description)
    }

    pub(super) fn unauthorized_client(description: impl Into<String>) -> Self {
        Self::bad("unauthorized_client", description)
    }

    pub(super) fn unsupported_grant_type() -> Self {
        let sentence = "Supported are authorization_code, refresh_token and client_credentials.";
        Self::bad("unsupported_grant_type", sentence)
    }

    /// The client is not who it says, or says it in a way it is not registered for.
    pub(super) fn invalid_client(description: impl Into<String>) -> Self {
        let no = Self::new(StatusCode::UNAUTHORIZED, "invalid_client", description);
        no.with_challenge("Basic realm=\"clients\", charset=\"UTF-8\"".to_owned())
    }

    pub(super) fn too_many_attempts(seconds: u64) -> Self {
        let sentence = "Too many failed attempts. Wait before the next one.";
        let mut no = Self::new(StatusCode::TOO_MANY_REQUESTS, "invalid_client", sentence);
        if let Self::Refused(refusal) = &mut no {
            refusal.retry_after = Some(seconds);
        }
        no
    }

    /// A bearer token is missing: no error code (RFC 6750 section 3.1).
    pub(super) fn bearer_missing() -> Response {
        let challenge = HeaderValue::from_static("Bearer realm=\"userinfo\"");
        let headers = [
            (header::WWW_AUTHENTICATE, challenge),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        (StatusCode::UNAUTHORIZED, headers, Json(json!({}))).into_response()
    }

    pub(super) fn invalid_token(description: &str) -> Self {
        let no = Self::new(StatusCode::UNAUTHORIZED, "invalid_token", description);
        no.with_challenge(format!(
            "Bearer realm=\"userinfo\", error=\"invalid_token\", error_description=\"{}\"",
            plain(description)
        ))
    }

    pub(super) fn insufficient_scope(scope: &'static str) -> Self {
        let sentence = "The token does not open this.";
        let no = Self::new(StatusCode::FORBIDDEN, "insufficient_scope", sentence);
        no.with_challenge(format!(
            "Bearer realm=\"userinfo\", error=\"insufficient_scope\", scope=\"{scope}\""
        ))
    }

    /// A request to a protected resource that can't be understood.
    pub(super) fn invalid_bearer_request(description: &str) -> Self {
        Self::invalid_request(description).with_challenge(format!(
            "Bearer realm=\"userinfo\", error=\"invalid_request\", error_description=\"{}\"",
            plain(description)
        ))
    }

    fn with_challenge(mut self, challenge: String) -> Self {
        if let Self::Refused(refusal) = &mut self {
            refusal.challenge = Some(challenge);
        }
        self
    }
}

impl From<Internal> for OAuthError {
    fn from(internal: Internal) -> Self {
        Self::Internal(internal)
    }
}

impl From<BadInput> for OAuthError {
    fn from(bad: BadInput) -> Self {
        Self::new(bad.status(), "invalid_request", bad.to_string())
    }
}

impl IntoResponse for OAuthError {
    fn into_response(self) -> Response {
        let refusal = match self {
            Self::Internal(internal) => return Failure::from(internal).into_response(),
            Self::Refused(refusal) => *refusal,
        };
        let body = json!({
            "error": refusal.code,
            "error_description": plain(&refusal.description),
        });
        let mut response = (refusal.status, Json(body)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(challenge) = refusal.challenge
            && let Ok(challenge) = HeaderValue::from_str(&challenge)
        {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = refusal.retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The characters that RFC 6749 section 5.2 allows in a description.
fn plain(text: &str) -> String {
    let allowed = |c: char| matches!(c, ' '..='!' | '#'..='[' | ']'..='~');
    text.chars()
        .map(|c| if allowed(c) { c } else { '\'' })
        .take(300)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::plain;

    /// OA-08.
    #[test]
    fn descriptions_are_plain() {
        assert_eq!(plain("“a”\r\n\t\"b\\\u{7f}c d!"), "'a'''''b''c d!");
    }
}
