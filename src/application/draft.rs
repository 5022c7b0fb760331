//! Applications and clients as somebody wrote them, and the check that turns them into what can be stored: all problems at once.
//!
//! Knows nothing of what is stored already; the use cases do.

use serde_json::Value;
use url::Url;

use super::fields::{
    checked_name, checked_scopes, checked_target, checked_uris, checked_url, is_colour,
};
use super::{
    Application, ClientAuthentication, ClientSettings, Consent, GrantType, Pkce, Protocol,
    RedirectUri, Saml, SelfServicePolicy,
};
use crate::keys::Algorithm;
use crate::kit::FieldProblem;

/// An application as written.
#[derive(Debug, Clone, PartialEq)]
pub struct ApplicationDraft {
    pub name: String,
    pub description: String,
    pub protocol: Protocol,
    pub home_url: Option<String>,
    pub saml_entity_id: Option<String>,
    pub saml_acs_url: Option<String>,
    pub accent: Option<String>,
    pub policy: SelfServicePolicy,
}

/// A client's settings as written. `ClientSettings` documents them.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientDraft {
    pub redirect_uris: Vec<String>,
    pub post_logout_redirect_uris: Vec<String>,
    pub grant_types: Vec<GrantType>,
    pub authentication: ClientAuthentication,
    pub jwks: Option<Value>,
    /// Separated by spaces.
    pub scopes: String,
    pub id_token_alg: Algorithm,
    pub access_token_alg: Algorithm,
    pub pkce: Pkce,
    pub initiate_login_uri: Option<String>,
    pub backchannel_logout_uri: Option<String>,
    pub backchannel_logout_session_required: bool,
    pub consent: Consent,
    pub default_max_age: Option<u32>,
    pub require_auth_time: bool,
}

/// The parts of an application that a draft decides.
pub(super) struct CheckedApplication {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) protocol: Protocol,
    pub(super) home_url: Option<Url>,
    pub(super) saml: Option<Saml>,
    pub(super) accent: Option<String>,
    pub(super) policy: SelfServicePolicy,
}

/// Who the settings are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Audience {
    /// An application's people.
    RelyingParty,
    /// The management API.
    Api,
}

impl ApplicationDraft {
    /// An OpenID Connect application with nothing but a name.
    #[must_use]
    pub fn named(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            description: String::new(),
            protocol: Protocol::Oidc,
            home_url: None,
            saml_entity_id: None,
            saml_acs_url: None,
            accent: None,
            policy: SelfServicePolicy::default(),
        }
    }

    pub(super) fn check(self) -> Result<CheckedApplication, Vec<FieldProblem>> {
        let mut problems = self.policy.problems();
        let name = checked_name(&self.name, &mut problems);
        if self.description.chars().count() > 300 {
            problems.push(FieldProblem::new(
                "description",
                "too_long",
                "Use at most 300 characters.",
            ));
        }
        let home_url = checked_url("home_url", self.home_url.as_deref(), &mut problems);
        let acs_url = checked_url("saml_acs_url", self.saml_acs_url.as_deref(), &mut problems);
        let saml = match (self.saml_entity_id, acs_url) {
            (Some(entity_id), Some(acs_url))
                if !entity_id.is_empty() && entity_id.len() <= 1024 =>
            {
                Some(Saml { entity_id, acs_url })
            }
            _ => None,
        };
        if saml.is_some() != self.protocol.speaks_saml() {
            problems.push(FieldProblem::new(
                "saml_entity_id",
                "saml_registration",
                "An application that speaks SAML 2.0 has an entity id of at most 1024 characters and an ACS URL; another one has neither.",
            ));
        }
        if self
            .accent
            .as_deref()
            .is_some_and(|accent| !is_colour(accent))
        {
            problems.push(FieldProblem::new(
                "accent",
                "not_a_colour",
                "Write it as #rrggbb.",
            ));
        }
        let checked = CheckedApplication {
            name,
            description: self.description,
            protocol: self.protocol,
            home_url,
            saml,
            accent: self.accent,
            policy: self.policy,
        };
        no_problem(checked, problems)
    }
}

impl From<Application> for ApplicationDraft {
    /// To change some of it.
    fn from(application: Application) -> Self {
        let (saml_entity_id, saml_acs_url) = application
            .saml
            .map(|saml| (saml.entity_id, saml.acs_url.to_string()))
            .unzip();
        Self {
            name: application.name,
            description: application.description,
            protocol: application.protocol,
            home_url: application.home_url.map(String::from),
            saml_entity_id,
            saml_acs_url,
            accent: application.accent,
            policy: application.policy,
        }
    }
}

impl Default for ClientDraft {
    /// A confidential web application; it lacks its redirect URIs.
    fn default() -> Self {
        ClientSettings::default().into()
    }
}

impl From<ClientSettings> for ClientDraft {
    /// To change some of it.
    fn from(settings: ClientSettings) -> Self {
        let texts = |uris: Vec<RedirectUri>| uris.iter().map(ToString::to_string).collect();
        Self {
            redirect_uris: texts(settings.redirect_uris),
            post_logout_redirect_uris: texts(settings.post_logout_redirect_uris),
            grant_types: settings.grant_types,
            authentication: settings.authentication,
            jwks: settings.jwks,
            scopes: settings.scopes.to_string(),
            id_token_alg: settings.id_token_alg,
            access_token_alg: settings.access_token_alg,
            pkce: settings.pkce,
            initiate_login_uri: settings.initiate_login_uri.map(String::from),
            backchannel_logout_uri: settings.backchannel_logout_uri.map(String::from),
            backchannel_logout_session_required: settings.backchannel_logout_session_required,
            consent: settings.consent,
            default_max_age: settings.default_max_age,
            require_auth_time: settings.require_auth_time,
        }
    }
}

impl ClientDraft {
    /// A client of the management API: it acts for itself, with a secret.
    #[must_use]
    pub fn for_api(scopes: impl Into<String>) -> Self {
        Self {
            grant_types: vec![GrantType::ClientCredentials],
            scopes: scopes.into(),
            ..Self::default()
        }
    }

    pub(super) fn check(self, audience: Audience) -> Result<ClientSettings, Vec<FieldProblem>> {
        let mut problems = Vec::new();
        let settings = ClientSettings {
            redirect_uris: checked_uris("redirect_uris", &self.redirect_uris, &mut problems),
            post_logout_redirect_uris: checked_uris(
                "post_logout_redirect_uris",
                &self.post_logout_redirect_uris,
                &mut problems,
            ),
            grant_types: self.grant_types,
            authentication: self.authentication,
            jwks: self.jwks,
            scopes: checked_scopes(&self.scopes, audience, &mut problems),
            id_token_alg: self.id_token_alg,
            access_token_alg: self.access_token_alg,
            pkce: self.pkce,
            initiate_login_uri: checked_url(
                "initiate_login_uri",
                self.initiate_login_uri.as_deref(),
                &mut problems,
            ),
            backchannel_logout_uri: checked_target(
                "backchannel_logout_uri",
                self.backchannel_logout_uri.as_deref(),
                &mut problems,
            ),
            backchannel_logout_session_required: self.backchannel_logout_session_required,
            consent: self.consent,
            default_max_age: self.default_max_age,
            require_auth_time: self.require_auth_time,
        };
        match audience {
            Audience::RelyingParty => relying_party(&settings, &mut problems),
            Audience::Api => api_client(&settings, &mut problems),
        }
        keys(&settings, &mut problems);
        no_problem(settings, problems)
    }
}

fn no_problem<T>(checked: T, problems: Vec<FieldProblem>) -> Result<T, Vec<FieldProblem>> {
    if problems.is_empty() {
        return Ok(checked);
    }
    Err(problems)
}

/// What an application's client must be.
fn relying_party(settings: &ClientSettings, problems: &mut Vec<FieldProblem>) {
    if !settings.grant_types.contains(&GrantType::AuthorizationCode) {
        problems.push(FieldProblem::new(
            "grant_types",
            "code_missing",
            "The client of an application uses authorization_code.",
        ));
    }
    if settings.redirect_uris.is_empty() {
        problems.push(FieldProblem::new(
            "redirect_uris",
            "required",
            "Name at least one redirect URI.",
        ));
    }
    let public = settings.authentication == ClientAuthentication::None;
    if public && settings.grant_types.contains(&GrantType::ClientCredentials) {
        problems.push(FieldProblem::new(
            "grant_types",
            "needs_authentication",
            "A client without authentication can't use client_credentials (RFC 6749 section 4.4).",
        ));
    }
    if public && settings.pkce == Pkce::Optional {
        problems.push(FieldProblem::new(
            "pkce",
            "needs_authentication",
            "Without authentication, PKCE is required.",
        ));
    }
    if !public
        && settings
            .redirect_uris
            .iter()
            .any(RedirectUri::is_private_use)
    {
        problems.push(FieldProblem::new(
            "redirect_uris",
            "native_only",
            "A private-use scheme belongs to native applications, which have the authentication none.",
        ));
    }
}

/// What a client of the management API must be.
fn api_client(settings: &ClientSettings, problems: &mut Vec<FieldProblem>) {
    if settings.grant_types != [GrantType::ClientCredentials] {
        problems.push(FieldProblem::new(
            "grant_types",
            "client_credentials_only",
            "A client of the management API uses client_credentials only.",
        ));
    }
    if settings.authentication == ClientAuthentication::None {
        problems.push(FieldProblem::new(
            "authentication",
            "required",
            "A client of the management API authenticates.",
        ));
    }
    if !settings.redirect_uris.is_empty() || !settings.post_logout_redirect_uris.is_empty() {
        problems.push(FieldProblem::new(
            "redirect_uris",
            "not_used",
            "A client of the management API has no redirect URIs.",
        ));
    }
    if settings.backchannel_logout_uri.is_some() {
        problems.push(FieldProblem::new(
            "backchannel_logout_uri",
            "not_used",
            "A client of the management API signs nobody in, so nobody signs out.",
        ));
    }
}

fn keys(settings: &ClientSettings, problems: &mut Vec<FieldProblem>) {
    let wanted = settings.authentication == ClientAuthentication::PrivateKeyJwt;
    let key_set = settings.jwks.as_ref().and_then(|set| set.get("keys"));
    let keys = key_set.and_then(Value::as_array).map(Vec::as_slice);
    let public = |key: &Value| key.is_object() && key.get("d").is_none() && key.get("k").is_none();
    let fine = match keys {
        Some(keys) => (1..=10).contains(&keys.len()) && keys.iter().all(public),
        None => !wanted && settings.jwks.is_none(),
    };
    if !fine {
        problems.push(FieldProblem::new(
            "jwks",
            "public_keys",
            "Give a JWK set with one to ten public keys; private_key_jwt needs it.",
        ));
    }
}

#[cfg(test)]
#[path = "draft_tests.rs"]
mod tests;
