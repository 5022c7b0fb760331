//! What is special about each provider, behind one interface; the flow itself exists once and asks it.
//!
//! Connectors are pure: they send nothing and store nothing. Adding a provider is adding a file.

mod claim;
mod google;
mod meaning;
mod microsoft;
mod oauth2;
mod oidc;
mod salesforce;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use url::Url;

use super::settings::{Provider, Quirks};
use super::{AccountKey, Address};

pub(super) use claim::acceptable;
pub(super) use microsoft::outsider;
pub use salesforce::{RecordId, is_my_domain};

/// Claims as JSON: of an ID token, of userinfo, or of both laid over each other.
pub type Claims = Map<String, Value>;

/// One provider's ways.
pub trait Connector: Send + Sync {
    /// Where the provider describes itself; `None` for plain OAuth 2.0.
    fn discovery(&self) -> Option<Url>;

    /// Whether a discovery document may name this issuer. Byte for byte, except for Entra's template.
    fn describes_itself_as(&self, issuer: &str) -> bool;

    fn quirks(&self) -> Quirks;

    /// What has to be asked for to sign somebody in.
    fn scopes(&self) -> Vec<String>;

    /// `prompt`, `login_hint`, `domain_hint`, `hd`, `max_age` in this provider's words.
    fn parameters(&self, wish: &Wish) -> Vec<(&'static str, String)>;

    /// The one issuer that a token with these claims, not believed yet, has to come from.
    fn issuer_of(&self, metadata_issuer: &str, claims: &Claims) -> Result<String, Denied>;

    /// Whether a key of the provider's set may sign for this issuer (Entra's keys name theirs).
    fn may_sign(&self, jwk: &Value, issuer: &str, metadata: &Value) -> bool;

    /// What the provider promises about a person beyond a valid signature: tenant, hosted domain, active.
    fn admit(&self, claims: &Claims) -> Result<(), Denied>;

    /// Who it is. `answer` is the token endpoint's answer without its tokens.
    fn account(&self, issuer: &str, claims: &Claims, answer: &Claims) -> Result<Account, Denied>;

    /// The address, and whether the provider is authoritative for it (R36–R38, R131).
    fn address(&self, claims: &Claims) -> Option<Address>;

    /// Profile fields by their standard names.
    fn profile(&self, claims: &Claims) -> BTreeMap<String, String>;

    /// What an error means to the person and to us.
    fn meaning(&self, error: &UpstreamError) -> Meaning;

    /// Whether `auth_time` can be asked for and believed: only then is a fresh sign-in provable here.
    fn proves_freshness(&self) -> bool;

    /// Whether the provider's own session can be ended (checklist LOG-18).
    fn offers_logout(&self) -> bool;
}

impl Provider {
    /// This provider's ways.
    #[must_use]
    pub fn connector(&self) -> &dyn Connector {
        match self {
            Self::Microsoft(settings) => settings,
            Self::Google(settings) => settings,
            Self::Salesforce(settings) => settings,
            Self::Oidc(settings) => settings,
            Self::OAuth2(settings) => settings,
        }
    }
}

/// What the flow would like the provider to do.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wish {
    /// The person has to sign in anew (`prompt=login`).
    pub fresh: bool,
    /// The person wants to choose among accounts.
    pub choose_account: bool,
    /// In seconds.
    pub max_age: Option<i64>,
    pub login_hint: Option<String>,
    /// The connection's domain that led here (home-realm discovery).
    pub domain: Option<String>,
    pub locales: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    pub key: AccountKey,
    pub tenant: Option<String>,
    /// What the person recognises it by.
    pub label: String,
}

/// An error as a provider reported it: at the callback, at the token endpoint, or at an API. Never shown as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UpstreamError {
    pub error: String,
    pub description: Option<String>,
    /// `error_subcode`, `suberror` or `error_subtype`.
    pub subcode: Option<String>,
    /// Entra's numbers (AADSTS…), the most telling first.
    pub codes: Vec<u32>,
}

/// What an error means, and so which page helps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// The person turned back.
    Cancelled,
    /// An administrator of theirs has to allow it first.
    ConsentNeeded,
    /// Not with this account: another may do.
    WrongAccount,
    /// The account lives in another cloud of the provider.
    WrongCloud,
    /// Their organisation doesn't let them.
    Blocked,
    /// The provider wants to see the person: what was silent can't be.
    InteractionNeeded,
    /// What we brought back is too old or used: begin again.
    StartAgain,
    /// Our registration, secret or address is wrong: an operator has to act.
    Misconfigured,
    /// It may work later.
    Unavailable,
}

/// Why somebody whom the provider vouches for isn't let in, or why the provider isn't believed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    /// The answer can't be what an honest provider sends; the text is for the log.
    #[error("not believable: {0}")]
    Unbelievable(&'static str),
    /// A personal account where only work or school accounts may come.
    #[error("personal accounts are not admitted")]
    Personal,
    /// A tenant, domain or organization that is not on the connection's list.
    #[error("this organization is not admitted")]
    Organization,
    #[error("guests are not admitted")]
    Guest,
    /// Suspended or inactive at the provider.
    #[error("the account is not active")]
    Inactive,
}
