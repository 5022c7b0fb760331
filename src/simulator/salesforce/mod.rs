//! Salesforce: production, sandbox, or one organisation's My Domain.
//!
//! What the REST interface answers is elsewhere.

mod people;
mod rest;

use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::engine::{Call, SignIn};
use super::persona::{Account, Org, Persona, SalesforceAccount};
use super::provider::{Client, Endpoint, Members, Provider, Reply, TokenFailure, Turned, members};
use super::quirks::Refusal;

/// Which of the hosts is played.
pub(super) struct Salesforce {
    title: &'static str,
    people: &'static [Persona],
    org: Option<&'static Org>,
}

pub(super) const PRODUCTION: Salesforce = Salesforce {
    title: "Salesforce",
    people: &people::PRODUCTION,
    org: None,
};
pub(super) const SANDBOX: Salesforce = Salesforce {
    title: "Salesforce sandbox",
    people: &people::SANDBOX,
    org: None,
};
pub(super) const MY_DOMAIN: Salesforce = Salesforce {
    title: "Harborline on Salesforce",
    people: &people::PRODUCTION,
    org: Some(&people::HARBORLINE),
};

const CLIENT: Client = Client {
    id: "3MVG9simulated.connected_app",
    secret: "5111A7ED5111A7ED5111A7ED5111A7ED",
};

const ROUTES: [(&str, Endpoint); 9] = [
    ("/.well-known/openid-configuration", Endpoint::Discovery),
    ("/services/oauth2/authorize", Endpoint::Authorize),
    ("/services/oauth2/token", Endpoint::Token),
    ("/services/oauth2/revoke", Endpoint::Revoke),
    ("/services/oauth2/userinfo", Endpoint::Userinfo),
    ("/id/keys", Endpoint::Keys),
    ("/id/{org}/{user}", Endpoint::Api),
    ("/services/data/", Endpoint::Api),
    ("/services/data/{version}/query", Endpoint::Api),
];

fn account(persona: &Persona) -> &SalesforceAccount {
    match &persona.account {
        Account::Salesforce(account) => account,
        _ => &people::NOBODY,
    }
}

/// Two forms of one id: 18 characters, or 15 that tell upper from lower case.
fn written<'i>(call: &Call<'_>, id: &'i str) -> &'i str {
    if call.quirks.short_ids {
        id.get(..15).unwrap_or(id)
    } else {
        id
    }
}

fn identity_url(call: &Call<'_>, account: &SalesforceAccount) -> String {
    let host = call
        .quirks
        .identity_host
        .as_deref()
        .unwrap_or(&call.site.base);
    format!(
        "{host}/id/{}/{}",
        written(call, account.org.id),
        written(call, account.user_id)
    )
}

impl Provider for Salesforce {
    fn title(&self) -> &'static str {
        self.title
    }

    fn account_kind(&self) -> &'static str {
        "Salesforce account"
    }

    fn client(&self) -> Client {
        CLIENT
    }

    fn routes(&self) -> &'static [(&'static str, Endpoint)] {
        &ROUTES
    }

    fn personas(&self) -> &'static [Persona] {
        self.people
    }

    fn discovery(&self, call: &Call<'_>) -> Reply {
        let base = &call.site.base;
        let at = |path: &str| format!("{base}/{path}");
        let document = json!({
            "issuer": base,
            "authorization_endpoint": at("services/oauth2/authorize"),
            "token_endpoint": at("services/oauth2/token"),
            "revocation_endpoint": at("services/oauth2/revoke"),
            "userinfo_endpoint": at("services/oauth2/userinfo"),
            "jwks_uri": at("id/keys"),
            "registration_endpoint": at("services/oauth2/register"),
            "introspection_endpoint": at("services/oauth2/introspect"),
            "scopes_supported": [
                "cdp_ingest_api", "custom_permissions", "cdp_segment_api", "content", "cdp_api", "chatbot_api", "wave_api", "web",
                "openid", "profile", "email", "address", "phone", "id", "api", "full", "refresh_token", "offline_access",
                "chatter_api", "visualforce", "lightning", "eclair_api", "pardot_api", "sfap_api", "mcp_api",
                "user_registration_api", "pwdless_login_api", "forgot_password", "scrt_api", "interaction_api", "einstein_gpt_api"
            ],
            "response_types_supported": ["code", "token", "token id_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "display_values_supported": ["page", "popup", "touch"],
            "token_endpoint_auth_methods_supported": ["client_secret_post", "client_secret_basic", "private_key_jwt"],
            "claims_supported": [
                "active", "address", "email", "email_verified", "family_name", "given_name", "is_app_installed", "language",
                "locale", "name", "nickname", "organization_id", "phone_number", "phone_number_verified", "photos", "picture",
                "preferred_username", "profile", "sub", "updated_at", "urls", "user_id", "user_type", "zoneinfo"
            ],
        });
        (StatusCode::OK, document)
    }

    /// The host where the flow runs, whatever the organisation.
    fn issuer(&self, call: &Call<'_>, _persona: &Persona) -> String {
        call.site.base.clone()
    }

    fn admits(&self, _call: &Call<'_>, persona: &Persona) -> Result<(), Turned> {
        let account = account(persona);
        if self.org.is_some_and(|org| org.id != account.org.id) {
            return Err(Turned::Page(
                "This user belongs to another organisation.".to_owned(),
            ));
        }
        if !account.is_active {
            return Err(Turned::Back(Refusal {
                error: "inactive_user".to_owned(),
                description: Some("user is inactive".to_owned()),
                subcode: None,
            }));
        }
        Ok(())
    }

    fn cancelled(&self) -> Refusal {
        Refusal {
            error: "access_denied".to_owned(),
            description: Some("end-user denied authorization".to_owned()),
            subcode: None,
        }
    }

    fn claims(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        members(json!({"sub": identity_url(call, account(sign_in.persona))}))
    }

    fn has_at_hash(&self) -> bool {
        true
    }

    fn userinfo(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let (persona, account) = (sign_in.persona, account(sign_in.persona));
        let base = &call.site.base;
        members(json!({
            "sub": identity_url(call, account),
            "user_id": written(call, account.user_id),
            "organization_id": written(call, account.org.id),
            "preferred_username": persona.username,
            "nickname": persona.key,
            "name": persona.name(),
            "email": persona.email,
            "email_verified": persona.email_verified,
            "given_name": persona.given_name,
            "family_name": persona.family_name,
            "zoneinfo": "Europe/Berlin",
            "photos": {"picture": format!("{base}/profilephoto/005/F"), "thumbnail": format!("{base}/profilephoto/005/T")},
            "profile": format!("{base}/{}", account.user_id),
            "picture": format!("{base}/profilephoto/005/F"),
            "address": {},
            "is_salesforce_integration_user": false,
            "urls": rest::urls(base, account),
            "active": account.is_active,
            "user_type": "STANDARD",
            "language": "en_US",
            "locale": "de_DE",
            "utcOffset": 3_600_000,
            "updated_at": "2026-11-02T08:00:00Z",
            "is_app_installed": true,
        }))
    }

    /// Plain text, and not the status that RFC 6750 wants.
    fn userinfo_failure(&self) -> Response {
        (StatusCode::FORBIDDEN, "Bad_OAuth_Token").into_response()
    }

    /// A session id: it begins with the organisation's.
    fn token_prefix(&self, sign_in: &SignIn) -> String {
        let org = account(sign_in.persona).org.id;
        format!("{}!", org.get(..15).unwrap_or(org))
    }

    /// No `expires_in`: the session's settings decide.
    fn token_response(&self, call: &Call<'_>, sign_in: &SignIn, response: &mut Members) {
        response.remove("expires_in");
        let id = identity_url(call, account(sign_in.persona));
        let issued = call.now.timestamp_millis().to_string();
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, CLIENT.secret.as_bytes());
        let signature = aws_lc_rs::hmac::sign(&key, format!("{id}{issued}").as_bytes());
        let instance = call
            .quirks
            .instance_url
            .as_deref()
            .unwrap_or(&call.site.base);
        response.extend(members(json!({
            "instance_url": instance,
            "id": id,
            "issued_at": issued,
            "signature": STANDARD.encode(signature.as_ref()),
        })));
    }

    fn token_failure(&self, _call: &Call<'_>, failure: TokenFailure) -> Reply {
        let (error, text) = match failure {
            TokenFailure::Client => ("invalid_client", "invalid client credentials"),
            TokenFailure::Verifier => ("invalid_grant", "invalid code verifier"),
            TokenFailure::OtherRedirectUri => (
                "redirect_uri_mismatch",
                "redirect_uri must match configuration",
            ),
            TokenFailure::RefreshToken => ("invalid_grant", "expired access/refresh token"),
            TokenFailure::GrantType => ("unsupported_grant_type", "grant type not supported"),
            TokenFailure::Incomplete => ("invalid_request", "missing required parameter: code"),
            _ => ("invalid_grant", "expired authorization code"),
        };
        (
            StatusCode::BAD_REQUEST,
            json!({"error": error, "error_description": text}),
        )
    }

    fn is_offline(&self, _call: &Call<'_>, sign_in: &SignIn) -> bool {
        ["refresh_token", "offline_access"]
            .iter()
            .any(|scope| sign_in.asked.has_scope(scope))
    }

    fn decorate(&self, _call: &Call<'_>, _owner: super::provider::KeyOwner, jwk: &mut Members) {
        jwk.insert("alg".to_owned(), Value::from("RS256"));
    }

    fn api_failure(&self, status: StatusCode) -> Reply {
        rest::failure(status)
    }

    fn api(&self, call: &Call<'_>, sign_in: &SignIn) -> Reply {
        rest::answer(call, sign_in, account(sign_in.persona))
    }
}
