//! What a client posts: a form in which nothing stands twice, and in which an empty value is an absent one.
//!
//! Doesn't know what any parameter means.

use axum::extract::Request;

use super::oauth_error::OAuthError;
use crate::web::Pairs;
use crate::web::extract::read_form;

/// The parameters of a protocol request (RFC 6749 section 3.2).
pub(super) struct Parameters(Pairs);

impl Parameters {
    pub(super) async fn read(request: Request) -> Result<Self, OAuthError> {
        Ok(Self(read_form(request, &()).await?))
    }

    #[cfg(test)]
    pub(super) fn parse(form: &str) -> Self {
        Self(Pairs::parse(form.as_bytes()).unwrap())
    }

    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).filter(|value| !value.is_empty())
    }

    pub(super) fn required(&self, name: &'static str) -> Result<&str, OAuthError> {
        let missing = || OAuthError::invalid_request(format!("{name} is missing."));
        self.get(name).ok_or_else(missing)
    }
}
