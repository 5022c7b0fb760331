//! What makes a provider different from the others: its paths, documents, claims, errors and programming interfaces.
//!
//! The flow itself is the engine's.

use axum::http::StatusCode;
use axum::http::header::WWW_AUTHENTICATE;
use axum::response::{IntoResponse as _, Response};
use serde_json::{Map, Value};

use super::engine::{Call, SignIn};
use super::persona::Persona;
use super::quirks::Refusal;

pub(super) type Members = Map<String, Value>;
/// A JSON answer.
pub(super) type Reply = (StatusCode, Value);

/// What is played at an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Endpoint {
    Discovery,
    Authorize,
    /// Microsoft: an administrator consents for the tenant.
    AdminConsent,
    Token,
    Keys,
    Userinfo,
    EndSession,
    Revoke,
    /// What checks ask: Graph, Directory, REST.
    Api,
}

/// The client that is registered at a provider.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client {
    pub(super) id: &'static str,
    pub(super) secret: &'static str,
}

/// Why the token endpoint refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TokenFailure {
    Client,
    UnknownCode,
    UsedCode,
    ExpiredCode,
    OtherRedirectUri,
    Verifier,
    RefreshToken,
    GrantType,
    Incomplete,
}

impl TokenFailure {
    /// The error of RFC 6749 section 5.2.
    pub(super) const fn error(self) -> &'static str {
        match self {
            Self::Client => "invalid_client",
            Self::GrantType => "unsupported_grant_type",
            Self::Incomplete => "invalid_request",
            _ => "invalid_grant",
        }
    }

    pub(super) const fn status(self) -> StatusCode {
        match self {
            Self::Client => StatusCode::UNAUTHORIZED,
            _ => StatusCode::BAD_REQUEST,
        }
    }
}

/// Whose key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum KeyOwner {
    Everybody,
    /// Microsoft: the tenant of personal accounts.
    Consumers,
}

/// Why somebody can't sign in, told on the provider's own page or sent back.
pub(super) enum Turned {
    Page(String),
    Back(Refusal),
}

pub(super) trait Provider: Send + Sync {
    /// What the pages call it.
    fn title(&self) -> &'static str;

    /// What a person does with an account here, for the sentence that nothing real is used.
    fn account_kind(&self) -> &'static str;

    fn client(&self) -> Client;

    fn routes(&self) -> &'static [(&'static str, Endpoint)];

    fn personas(&self) -> &'static [Persona];

    /// The discovery document at this path.
    fn discovery(&self, call: &Call<'_>) -> Reply;

    /// The issuer of tokens for this person.
    fn issuer(&self, call: &Call<'_>, persona: &Persona) -> String;

    /// Whether a request can be served at all; called before anybody is asked anything.
    fn check(&self, _call: &Call<'_>) -> Result<(), Turned> {
        Ok(())
    }

    /// Whether this person may sign in at this address.
    fn admits(&self, _call: &Call<'_>, _persona: &Persona) -> Result<(), Turned> {
        Ok(())
    }

    /// What is sent back when somebody cancels.
    fn cancelled(&self) -> Refusal;

    /// Further members of a successful callback.
    fn callback(&self, _call: &Call<'_>, _persona: &Persona) -> Vec<(&'static str, String)> {
        Vec::new()
    }

    /// Whether `iss` is in the callback where no quirk says otherwise (RFC 9207), and its value.
    fn callback_issuer(&self, _call: &Call<'_>) -> Option<String> {
        None
    }

    /// The claims of the ID token that the engine doesn't know.
    fn claims(&self, call: &Call<'_>, sign_in: &SignIn) -> Members;

    fn has_at_hash(&self) -> bool {
        false
    }

    fn has_auth_time(&self) -> bool {
        false
    }

    fn has_id_tokens(&self) -> bool {
        true
    }

    fn userinfo(&self, call: &Call<'_>, sign_in: &SignIn) -> Members;

    /// What is answered to a token that is none (RFC 6750 section 3.1).
    fn userinfo_failure(&self) -> Response {
        let challenge = [(WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"")];
        (StatusCode::UNAUTHORIZED, challenge).into_response()
    }

    /// What access tokens begin with.
    fn token_prefix(&self, _sign_in: &SignIn) -> String {
        String::new()
    }

    /// Changes the token response to the provider's own form.
    fn token_response(&self, _call: &Call<'_>, _sign_in: &SignIn, _response: &mut Members) {}

    fn token_failure(&self, call: &Call<'_>, failure: TokenFailure) -> Reply;

    /// Whether the token endpoint answers with a form to those who don't ask for JSON.
    fn answers_with_forms(&self) -> bool {
        false
    }

    /// Whether a refresh token is given.
    fn is_offline(&self, call: &Call<'_>, sign_in: &SignIn) -> bool;

    /// What a published key says besides itself.
    fn decorate(&self, _call: &Call<'_>, _owner: KeyOwner, _jwk: &mut Members) {}

    /// Whether personal accounts have a key of their own.
    fn has_consumer_key(&self) -> bool {
        false
    }

    /// Whose key signs tokens for this person.
    fn key_owner(&self, _persona: &Persona) -> KeyOwner {
        KeyOwner::Everybody
    }

    /// An error of the programming interface in the provider's own form.
    fn api_failure(&self, status: StatusCode) -> Reply;

    fn api(&self, call: &Call<'_>, sign_in: &SignIn) -> Reply;
}

/// The members of an object that is written down as JSON.
pub(super) fn members(object: Value) -> Members {
    match object {
        Value::Object(members) => members,
        _ => Members::new(),
    }
}
