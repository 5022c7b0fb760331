//! The two ways in which an authorization request fails: with an answer to the client, or without a way back to it.
//!
//! Says it in the words of RFC 6749 section 4.1.2.1 and OpenID Connect Core section 3.1.2.6.

use axum::http::StatusCode;

use crate::web::{BadInput, Failure};

/// What the client is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refused {
    pub(super) code: &'static str,
    /// For the client's developers, in plain ASCII (RFC 6749 section 5.2).
    pub(super) description: &'static str,
}

macro_rules! codes {
    ($($name:ident),+ $(,)?) => { $(
        pub(super) const fn $name(description: &'static str) -> Self {
            Self { code: stringify!($name), description }
        }
    )+ };
}

impl Refused {
    codes! {
        access_denied,
        consent_required,
        interaction_required,
        invalid_request,
        invalid_scope,
        login_required,
        registration_not_supported,
        request_not_supported,
        request_uri_not_supported,
        server_error,
        temporarily_unavailable,
        unauthorized_client,
        unmet_authentication_requirements,
        unsupported_response_type,
    }
}

/// Why nobody can be sent back: the person sees a page of ours (OA-05).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum NoWayBack {
    Unreadable(BadInput),
    ClientMissing,
    UnknownClient,
    RedirectUriMissing,
    UnknownRedirectUri,
}

impl From<NoWayBack> for Failure {
    fn from(no: NoWayBack) -> Self {
        let (code, sentence) = match no {
            NoWayBack::Unreadable(bad) => return bad.into(),
            NoWayBack::ClientMissing => (
                "client_id_missing",
                "The application that sent you here did not say which one it is: client_id is missing, or there twice.",
            ),
            NoWayBack::UnknownClient => (
                "unknown_client",
                "The application that sent you here is not registered: there is no such client_id.",
            ),
            NoWayBack::RedirectUriMissing => (
                "redirect_uri_missing",
                "The application that sent you here did not say where to go afterwards: redirect_uri is missing, or there twice.",
            ),
            NoWayBack::UnknownRedirectUri => (
                "unknown_redirect_uri",
                "The application that sent you here wants you to go to an address that is not registered for it: redirect_uri.",
            ),
        };
        Self::refused(StatusCode::BAD_REQUEST, code, sentence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_spelled_as_its_function() {
        let refused = Refused::login_required("Nobody is signed in.");
        assert_eq!(refused.code, "login_required");
    }
}
