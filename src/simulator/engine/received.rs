//! A request as it came in: what tests look at to see what was sent.
//!
//! Judges nothing.

use axum::body::to_bytes;
use axum::extract::Request;
use axum::http::header::{AUTHORIZATION, COOKIE};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse as _, Response};
use url::form_urlencoded;

use super::Endpoint;

const LARGEST_BODY: usize = 256 * 1024;

/// A request that a simulator got.
#[derive(Debug, Clone)]
pub struct Received {
    pub endpoint: Endpoint,
    pub method: Method,
    pub path: String,
    pub query: Vec<(String, String)>,
    pub form: Vec<(String, String)>,
    pub headers: HeaderMap,
}

impl Received {
    pub(super) async fn read(endpoint: Endpoint, request: Request) -> Result<Self, Response> {
        let (parts, body) = request.into_parts();
        let body = to_bytes(body, LARGEST_BODY).await;
        let body = body.map_err(|_| StatusCode::PAYLOAD_TOO_LARGE.into_response())?;
        let query = parts.uri.query().unwrap_or_default();
        Ok(Self {
            endpoint,
            method: parts.method,
            path: parts.uri.path().to_owned(),
            query: pairs(query.as_bytes()),
            form: pairs(&body),
            headers: parts.headers,
        })
    }

    /// What a browser posts from a page of ours.
    pub(in crate::simulator) fn posted(address: &str, (name, value): (&str, &str)) -> Self {
        let (path, query) = address.split_once('?').unwrap_or((address, ""));
        Self {
            endpoint: if path.ends_with("/adminconsent") {
                Endpoint::AdminConsent
            } else {
                Endpoint::Authorize
            },
            method: Method::POST,
            path: path.to_owned(),
            query: pairs(query.as_bytes()),
            form: vec![(name.to_owned(), value.to_owned())],
            headers: HeaderMap::new(),
        }
    }

    /// A parameter of the query or the form. An empty one counts as absent (RFC 6749 section 3.1).
    #[must_use]
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let mut all = self.query.iter().chain(&self.form);
        let found = all.find(|(known, value)| known == name && !value.is_empty());
        found.map(|(_, value)| value.as_str())
    }

    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// A segment of the path.
    pub(in crate::simulator) fn segment(&self, at: usize) -> &str {
        let mut segments = self.path.trim_start_matches('/').split('/');
        segments.nth(at).unwrap_or_default()
    }

    pub(super) fn bearer(&self) -> Option<&str> {
        let value = self.headers.get(AUTHORIZATION)?.to_str().ok()?;
        let (scheme, token) = value.split_once(' ')?;
        // GitHub's own word besides that of RFC 6750
        let known = ["bearer", "token"];
        let known = known.iter().any(|one| scheme.eq_ignore_ascii_case(one));
        known.then_some(token.trim())
    }

    pub(super) fn cookie(&self, name: &str) -> Option<&str> {
        let all = self.headers.get(COOKIE)?.to_str().ok()?;
        let mut all = all.split("; ").filter_map(|one| one.split_once('='));
        all.find(|(known, _)| *known == name)
            .map(|(_, value)| value)
    }
}

fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    form_urlencoded::parse(encoded).into_owned().collect()
}
