//! Where an access token stands in a request: in the header or in a posted form, never in the address (RFC 6750 section 2).
//!
//! Doesn't verify it.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, header};

use super::oauth_error::OAuthError;
use super::parameters::Parameters;
use crate::kit::Secret;

/// The token, or `None` if the request has no credentials at all.
pub(super) async fn token(request: Request) -> Result<Option<Secret>, OAuthError> {
    if names_token(request.uri().query().unwrap_or_default()) {
        let sentence = "An access token in the address ends up in logs. Send it in the header.";
        return Err(OAuthError::invalid_bearer_request(sentence));
    }
    let in_header = in_header(request.headers())?;
    let has_form = request.method() == Method::POST && is_form(request.headers());
    let in_form = if has_form {
        let form = Parameters::read(request).await?;
        form.get("access_token").map(Secret::new)
    } else {
        None
    };
    match (in_header, in_form) {
        (Some(_), Some(_)) => Err(OAuthError::invalid_bearer_request(
            "The token stands in the header and in the form.",
        )),
        (one, other) => Ok(one.or(other)),
    }
}

fn is_form(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| {
        kind.as_bytes()
            .starts_with(b"application/x-www-form-urlencoded")
    })
}

fn names_token(query: &str) -> bool {
    query
        .split('&')
        .any(|pair| pair.split('=').next() == Some("access_token"))
}

fn in_header(headers: &HeaderMap) -> Result<Option<Secret>, OAuthError> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let (Some(value), None) = (values.next(), values.next()) else {
        return match headers.get(header::AUTHORIZATION) {
            None => Ok(None),
            Some(_) => Err(OAuthError::invalid_bearer_request(
                "There is more than one Authorization header.",
            )),
        };
    };
    let text = value.to_str().unwrap_or_default();
    let (scheme, token) = text.split_once(' ').unwrap_or((text, ""));
    if !scheme.eq_ignore_ascii_case("bearer") {
        return Ok(None);
    }
    if token.trim().is_empty() {
        let sentence = "The Authorization header holds no token.";
        return Err(OAuthError::invalid_bearer_request(sentence));
    }
    Ok(Some(Secret::new(token.trim())))
}
