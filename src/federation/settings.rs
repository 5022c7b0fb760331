//! What is set for a connection: which provider it is, and how far it is believed.
//!
//! Plain data as stored; what a provider makes of it is its connector's.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use url::Url;

use crate::kit::{Id, kinds};

/// Everything about a connection but its name and credentials.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub provider: Provider,
    /// Beyond those that signing in needs.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// People with addresses of these domains are led here (home-realm discovery).
    #[serde(default)]
    pub domains: Vec<String>,
    /// Claims into profile fields and groups, over the connector's own.
    #[serde(default)]
    pub mapping: Mapping,
    /// Values of `amr` that are passed on to applications; others are left out (checklist BR-01).
    #[serde(default)]
    pub trusted_methods: Vec<String>,
}

/// A provider with what is special about it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[expect(clippy::large_enum_variant, reason = "a handful of them exist")]
pub enum Provider {
    Microsoft(Microsoft),
    Google(Google),
    Salesforce(Salesforce),
    Oidc(Oidc),
    #[serde(rename = "oauth2")]
    OAuth2(OAuth2),
}

impl Provider {
    /// As its settings name it.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Microsoft(_) => "microsoft",
            Self::Google(_) => "google",
            Self::Salesforce(_) => "salesforce",
            Self::Oidc(_) => "oidc",
            Self::OAuth2(_) => "oauth2",
        }
    }
}

/// Microsoft Entra ID.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Microsoft {
    pub cloud: Cloud,
    pub audience: Audience,
    /// Refuses people who are guests in the tenant (`acct` 1, or `idp` present).
    #[serde(default)]
    pub refuse_guests: bool,
    /// In place of the cloud's login host: a simulator on this machine.
    #[serde(default)]
    pub login_url: Option<Url>,
    /// In place of the cloud's Microsoft Graph.
    #[serde(default)]
    pub graph_url: Option<Url>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Cloud {
    Global,
    /// GCC High.
    UsGovernment,
    /// The Department of Defense: the login host of the U.S. Government, another Microsoft Graph.
    UsGovernmentDod,
    China,
}

/// Whose people may come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Audience {
    /// Any work or school tenant, never personal accounts.
    Organizations,
    /// These tenants only, by their ids.
    Tenants(Vec<uuid::Uuid>),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Google {
    /// People of these Workspace domains only, proven by `hd`; empty: every Google account.
    #[serde(default)]
    pub hosted_domains: Vec<String>,
    /// In place of Google's issuer and APIs: a simulator on this machine.
    #[serde(default)]
    pub base_url: Option<Url>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Salesforce {
    pub host: SalesforceHost,
    /// These organizations only, by their ids; empty: every one.
    #[serde(default)]
    pub organizations: Vec<String>,
    /// In place of the host: a simulator on this machine.
    #[serde(default)]
    pub base_url: Option<Url>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SalesforceHost {
    Production,
    Sandbox,
    /// One DNS label, for a sandbox with `--name`: `acme`, `acme--test`.
    MyDomain(String),
}

/// Any OpenID provider.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Oidc {
    /// Byte for byte as the discovery document has it.
    pub issuer: String,
    /// Addresses of these domains count as proven when the provider says `email_verified`: it is authoritative for them.
    #[serde(default)]
    pub authoritative_domains: Vec<String>,
    #[serde(default)]
    pub quirks: Quirks,
}

/// Where providers differ from the standard. The default is the standard.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "each names one deviation")]
pub struct Quirks {
    /// Of ID tokens: RS256, ES256, PS256, `EdDSA`.
    pub algorithms: Vec<String>,
    pub token_authentication: TokenAuthentication,
    /// Off only for providers that refuse unknown parameters.
    pub pkce: bool,
    /// Off only for providers that drop it.
    pub nonce: bool,
    /// Whether userinfo is asked for what the ID token doesn't say.
    pub userinfo: bool,
    /// `email_verified: "true"` counts as true.
    pub string_booleans: bool,
    pub response_mode: ResponseMode,
    pub clock_skew_seconds: u16,
    /// Sent along to the authorization endpoint.
    pub parameters: BTreeMap<String, String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub enum TokenAuthentication {
    #[serde(rename = "client_secret_basic")]
    Basic,
    #[serde(rename = "client_secret_post")]
    Post,
    #[serde(rename = "none")]
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseMode {
    Query,
    FormPost,
}

impl Default for Quirks {
    fn default() -> Self {
        Self {
            algorithms: vec!["RS256".to_owned()],
            token_authentication: TokenAuthentication::Basic,
            pkce: true,
            nonce: true,
            userinfo: true,
            string_booleans: false,
            response_mode: ResponseMode::Query,
            clock_skew_seconds: 60,
            parameters: BTreeMap::new(),
        }
    }
}

/// OAuth 2.0 without OpenID Connect, as GitHub speaks it: no ID token, so the person is asked for at an API.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OAuth2 {
    /// What a callback's `iss` must equal.
    pub issuer: String,
    pub authorization_endpoint: Url,
    pub token_endpoint: Url,
    /// Answers with the person as a JSON object. It stands for the issuer in account keys: whoever answers here says who
    /// somebody is.
    pub user_endpoint: Url,
    /// JSON pointer to what never changes: `/id`.
    pub subject: String,
    /// Answers with `[{"email", "primary", "verified"}]`.
    #[serde(default)]
    pub emails_endpoint: Option<Url>,
    #[serde(default)]
    pub authoritative_domains: Vec<String>,
    #[serde(default)]
    pub quirks: Quirks,
}

/// From claims to what we keep.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(default, deny_unknown_fields)]
pub struct Mapping {
    /// Profile field or `attributes.<name>` → JSON pointer into the claims.
    pub fields: BTreeMap<String, String>,
    /// A value that a claim has to have (or contain) → a group.
    pub groups: Vec<GroupRule>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GroupRule {
    /// JSON pointer into the claims: `/groups`.
    pub claim: String,
    pub value: String,
    #[schema(value_type = String)]
    pub group: Id<kinds::Group>,
}
