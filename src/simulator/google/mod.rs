//! Google: consumer accounts and Workspace, its hosts folded into one.
//!
//! What the Directory and the Marketplace answer is elsewhere.

mod directory;
mod people;

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::engine::{Call, SignIn};
use super::persona::{Account, GoogleAccount, Persona};
use super::provider::{Client, Endpoint, Members, Provider, Reply, TokenFailure, Turned, members};
use super::quirks::{HostedDomain, Refusal};

pub(super) struct Google;

const CLIENT: Client = Client {
    id: "410000000001-simulated.apps.googleusercontent.example",
    secret: "GOCSPX-simulated-secret",
};

/// `accounts.google.com`, `oauth2.googleapis.com`, `openidconnect.googleapis.com`, `www.googleapis.com`,
/// `admin.googleapis.com` and `appsmarket.googleapis.com` at one address: their paths don't meet.
const ROUTES: [(&str, Endpoint); 9] = [
    ("/.well-known/openid-configuration", Endpoint::Discovery),
    ("/o/oauth2/v2/auth", Endpoint::Authorize),
    ("/token", Endpoint::Token),
    ("/revoke", Endpoint::Revoke),
    ("/v1/userinfo", Endpoint::Userinfo),
    ("/oauth2/v3/certs", Endpoint::Keys),
    ("/admin/directory/v1/users/{user}", Endpoint::Api),
    ("/admin/directory/v1/customers/{customer}", Endpoint::Api),
    ("/appsmarket/v2/{kind}/{application}/{who}", Endpoint::Api),
];

fn account(persona: &Persona) -> &GoogleAccount {
    match &persona.account {
        Account::Google(account) => account,
        _ => &people::NOBODY,
    }
}

/// The hosted domain as it is told.
fn hosted_domain(call: &Call<'_>, persona: &Persona) -> Option<&'static str> {
    match call.quirks.hd {
        HostedDomain::AsItIs => account(persona).workspace.map(|workspace| workspace.domain),
        HostedDomain::Missing => None,
        HostedDomain::Wrong => Some("elsewhere.example"),
    }
}

fn put_profile(call: &Call<'_>, sign_in: &SignIn, claims: &mut Members) {
    let persona = sign_in.persona;
    if let Some(domain) = hosted_domain(call, persona) {
        claims.insert("hd".to_owned(), json!(domain));
    }
    if sign_in.asked.has_scope("email") {
        claims.insert("email".to_owned(), json!(persona.email));
        claims.insert("email_verified".to_owned(), json!(persona.email_verified));
    }
    if sign_in.asked.has_scope("profile") {
        claims.extend(members(json!({
            "name": persona.name(),
            "given_name": persona.given_name,
            "family_name": persona.family_name,
            "picture": format!("{}/a/simulated", call.site.base),
        })));
    }
}

impl Provider for Google {
    fn title(&self) -> &'static str {
        "Google"
    }

    fn account_kind(&self) -> &'static str {
        "Google account"
    }

    fn client(&self) -> Client {
        CLIENT
    }

    fn routes(&self) -> &'static [(&'static str, Endpoint)] {
        &ROUTES
    }

    fn personas(&self) -> &'static [Persona] {
        &people::ALL
    }

    fn discovery(&self, call: &Call<'_>) -> Reply {
        let base = &call.site.base;
        let at = |path: &str| format!("{base}/{path}");
        let document = json!({
            "issuer": base,
            "authorization_endpoint": at("o/oauth2/v2/auth"),
            "device_authorization_endpoint": at("device/code"),
            "token_endpoint": at("token"),
            "userinfo_endpoint": at("v1/userinfo"),
            "revocation_endpoint": at("revoke"),
            "jwks_uri": at("oauth2/v3/certs"),
            "response_types_supported": [
                "code", "token", "id_token", "code token", "code id_token", "token id_token", "code token id_token", "none"
            ],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "email", "profile"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic"],
            "claims_supported": [
                "aud", "email", "email_verified", "exp", "family_name", "given_name", "iat", "iss", "name", "picture", "sub"
            ],
            "code_challenge_methods_supported": ["plain", "S256"],
            "grant_types_supported": [
                "authorization_code", "refresh_token", "urn:ietf:params:oauth:grant-type:device_code",
                "urn:ietf:params:oauth:grant-type:jwt-bearer"
            ],
        });
        (StatusCode::OK, document)
    }

    fn issuer(&self, call: &Call<'_>, _persona: &Persona) -> String {
        call.site.base.clone()
    }

    fn check(&self, call: &Call<'_>) -> Result<(), Turned> {
        let prompt = call.request.parameter("prompt").unwrap_or_default();
        let known = ["none", "consent", "select_account"];
        match prompt
            .split_ascii_whitespace()
            .find(|one| !known.contains(one))
        {
            Some(other) => Err(Turned::Page(format!(
                "Error 400: invalid_request. Invalid parameter value for prompt: {other}."
            ))),
            None => Ok(()),
        }
    }

    fn admits(&self, _call: &Call<'_>, persona: &Persona) -> Result<(), Turned> {
        if account(persona).is_suspended {
            return Err(Turned::Page("This account has been suspended.".to_owned()));
        }
        Ok(())
    }

    fn cancelled(&self) -> Refusal {
        Refusal {
            error: "access_denied".to_owned(),
            description: None,
            subcode: None,
        }
    }

    fn callback(&self, call: &Call<'_>, persona: &Persona) -> Vec<(&'static str, String)> {
        let scope = call.request.parameter("scope").unwrap_or_default();
        let prompt = call.request.parameter("prompt").unwrap_or("none");
        let mut parameters = vec![
            ("scope", scope.to_owned()),
            ("authuser", "0".to_owned()),
            ("prompt", prompt.to_owned()),
        ];
        parameters.extend(hosted_domain(call, persona).map(|domain| ("hd", domain.to_owned())));
        parameters
    }

    /// Sent, and not advertised.
    fn callback_issuer(&self, call: &Call<'_>) -> Option<String> {
        Some(call.site.base.clone())
    }

    fn claims(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let mut claims = members(json!({"azp": CLIENT.id, "sub": account(sign_in.persona).id}));
        put_profile(call, sign_in, &mut claims);
        claims
    }

    fn has_at_hash(&self) -> bool {
        true
    }

    fn userinfo(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let mut claims = members(json!({"sub": account(sign_in.persona).id}));
        put_profile(call, sign_in, &mut claims);
        claims
    }

    fn token_prefix(&self, _sign_in: &SignIn) -> String {
        "ya29.".to_owned()
    }

    fn token_response(&self, _call: &Call<'_>, _sign_in: &SignIn, response: &mut Members) {
        response.insert("expires_in".to_owned(), json!(3599));
    }

    fn token_failure(&self, _call: &Call<'_>, failure: TokenFailure) -> Reply {
        let (error, text) = match failure {
            TokenFailure::Client => ("invalid_client", "Unauthorized"),
            TokenFailure::OtherRedirectUri => ("redirect_uri_mismatch", "Bad Request"),
            TokenFailure::Verifier => ("invalid_grant", "Invalid code verifier."),
            TokenFailure::RefreshToken => ("invalid_grant", "Token has been expired or revoked."),
            TokenFailure::GrantType => ("unsupported_grant_type", "Invalid grant_type"),
            TokenFailure::Incomplete => ("invalid_request", "Missing required parameter"),
            _ => ("invalid_grant", "Malformed auth code."),
        };
        (
            failure.status(),
            json!({"error": error, "error_description": text}),
        )
    }

    fn is_offline(&self, _call: &Call<'_>, sign_in: &SignIn) -> bool {
        sign_in.asked.is_offline
    }

    fn decorate(&self, _call: &Call<'_>, _owner: super::provider::KeyOwner, jwk: &mut Members) {
        let algorithm = if jwk.contains_key("n") {
            "RS256"
        } else {
            "ES256"
        };
        jwk.insert("alg".to_owned(), Value::from(algorithm));
    }

    fn api_failure(&self, status: StatusCode) -> Reply {
        directory::failure(status)
    }

    fn api(&self, call: &Call<'_>, sign_in: &SignIn) -> Reply {
        directory::answer(call, sign_in)
    }
}
