//! Microsoft Entra as sign-in service of Microsoft 365: the worldwide cloud, and that of the U.S. Government.
//!
//! Who is in which tenant is data of its own; so is what Graph answers.

mod claims;
mod graph;
mod people;
mod tenancy;

use axum::http::StatusCode;
use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::engine::{Call, SignIn};
use super::persona::{Account, MicrosoftAccount, Persona, Tenant};
use super::provider::{
    Client, Endpoint, KeyOwner, Members, Provider, Reply, TokenFailure, Turned, members,
};
use super::quirks::Refusal;
use super::signing::encode;
use crate::kit::digest;
use tenancy::Audience;

/// The tenant of personal accounts.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const GLOBAL_ADMINISTRATOR: &str = "62e90394-69f5-4237-9190-012177145e10";
/// In `wids`: an ordinary member of the directory.
const MEMBER: &str = "b79fbf4d-3ef9-4689-8143-76b194e85509";

/// A sovereign part of Microsoft's service.
pub(super) struct Microsoft {
    title: &'static str,
    client: Client,
    instance: &'static str,
    graph: &'static str,
    people: &'static [Persona],
    tenants: &'static [&'static Tenant],
    /// Tenants of another cloud, which only discovery knows here.
    elsewhere: &'static [&'static Tenant],
}

pub(super) const WORLDWIDE: Microsoft = Microsoft {
    title: "Contoso Microsoft 365",
    client: Client {
        id: "5f0e8c1a-7d42-4a3b-9c55-0d6b1f2e3a01",
        secret: "simulated~Microsoft.secret/+with=signs",
    },
    instance: "microsoftonline.com",
    graph: "graph.microsoft.com",
    people: &people::WORLDWIDE,
    tenants: &[
        &people::CONTOSO,
        &people::HARBORLINE,
        &people::TAILSPIN,
        &people::COUNTY,
        &people::PERSONAL,
    ],
    elsewhere: &[&people::AGENCY, &people::BUREAU],
};

pub(super) const US_GOVERNMENT: Microsoft = Microsoft {
    title: "Microsoft 365 U.S. Government",
    client: Client {
        id: "c2d94b77-31e8-4f60-8a1d-94f7d5b6e802",
        secret: "simulated~Government.secret/+with=signs",
    },
    instance: "microsoftonline.us",
    graph: "graph.microsoft.us",
    people: &people::US_GOVERNMENT,
    tenants: &[&people::AGENCY, &people::BUREAU],
    elsewhere: &[],
};

const ROUTES: [(&str, Endpoint); 10] = [
    (
        "/{tenant}/v2.0/.well-known/openid-configuration",
        Endpoint::Discovery,
    ),
    ("/{tenant}/oauth2/v2.0/authorize", Endpoint::Authorize),
    ("/{tenant}/v2.0/adminconsent", Endpoint::AdminConsent),
    ("/{tenant}/oauth2/v2.0/token", Endpoint::Token),
    ("/{tenant}/discovery/v2.0/keys", Endpoint::Keys),
    ("/{tenant}/oauth2/v2.0/logout", Endpoint::EndSession),
    ("/oidc/userinfo", Endpoint::Userinfo),
    ("/v1.0/{resource}", Endpoint::Api),
    ("/v1.0/me/{*rest}", Endpoint::Api),
    (
        "/v1.0/roleManagement/directory/roleAssignments",
        Endpoint::Api,
    ),
];

impl Microsoft {
    /// An error as the token endpoint and discovery write it.
    fn error(call: &Call<'_>, error: &str, code: u32, text: &str) -> Value {
        let (trace, correlation) = (
            call.site.clock.moment().uuid(),
            call.site.clock.moment().uuid(),
        );
        json!({
            "error": error,
            "error_description": description(code, text, call.now),
            "error_codes": [code],
            "timestamp": call.now.format("%Y-%m-%d %H:%M:%SZ").to_string(),
            "trace_id": trace,
            "correlation_id": correlation,
            "error_uri": format!("{}/error?code={code}", call.site.base),
        })
    }
}

/// Several lines, ended as in HTTP.
fn description(code: u32, text: &str, now: DateTime<Utc>) -> String {
    let ids = "Trace ID: 0a1b2c3d-0000-4000-8000-000000000001\r\nCorrelation ID: 0a1b2c3d-0000-4000-8000-000000000002";
    let time = now.format("%Y-%m-%d %H:%M:%SZ");
    format!("AADSTS{code}: {text}\r\n{ids}\r\nTimestamp: {time}")
}

fn account(persona: &Persona) -> &MicrosoftAccount {
    match &persona.account {
        Account::Microsoft(account) => account,
        _ => &people::NOBODY,
    }
}

/// Differs from client to client, and stays the same for one.
fn pairwise(client: &str, account: &MicrosoftAccount) -> String {
    encode(&digest(
        format!("{client} {} {}", account.tenant.id, account.oid).as_bytes(),
    ))
}

fn wrong_account(code: u32, text: &str) -> Turned {
    Turned::Page(format!("AADSTS{code}: {text}"))
}

impl Provider for Microsoft {
    fn title(&self) -> &'static str {
        self.title
    }

    fn account_kind(&self) -> &'static str {
        "Microsoft account"
    }

    fn client(&self) -> Client {
        self.client
    }

    fn routes(&self) -> &'static [(&'static str, Endpoint)] {
        &ROUTES
    }

    fn personas(&self) -> &'static [Persona] {
        self.people
    }

    fn discovery(&self, call: &Call<'_>) -> Reply {
        let segment = call.request.segment(0);
        let base = call.site.base.as_str();
        let document = match self.audience(segment) {
            None => {
                let text = format!(
                    "Tenant '{segment}' not found. Check to make sure you have the correct tenant ID."
                );
                return (
                    StatusCode::BAD_REQUEST,
                    Self::error(call, "invalid_tenant", 90002, &text),
                );
            }
            Some(Audience::Common | Audience::Organizations) => self.document(base, segment, None),
            Some(Audience::Tenant(tenant)) => self.document(base, segment, Some(tenant)),
            Some(Audience::OtherCloud(tenant)) => {
                US_GOVERNMENT.document("https://login.microsoftonline.us", segment, Some(tenant))
            }
        };
        (StatusCode::OK, Value::Object(document))
    }

    fn issuer(&self, call: &Call<'_>, persona: &Persona) -> String {
        let tenant = account(persona).tenant.id;
        if call.quirks.version_1 {
            return format!("https://sts.windows.net/{tenant}/");
        }
        format!("{}/{tenant}/v2.0", call.site.base)
    }

    fn check(&self, call: &Call<'_>) -> Result<(), Turned> {
        let consent = call.request.endpoint == Endpoint::AdminConsent;
        match self.audience(call.request.segment(0)) {
            None => Err(wrong_account(90002, "This tenant was not found.")),
            Some(Audience::OtherCloud(_)) => Err(wrong_account(
                900_432,
                "Confidential Client is not supported in Cross Cloud request.",
            )),
            Some(Audience::Common) if consent => Err(wrong_account(
                90_009,
                "The administrator's consent needs a tenant or “organizations”.",
            )),
            Some(_) => Ok(()),
        }
    }

    fn admits(&self, call: &Call<'_>, persona: &Persona) -> Result<(), Turned> {
        let account = account(persona);
        let admitted = match self.audience(call.request.segment(0)) {
            Some(Audience::Common) => true,
            Some(Audience::Organizations) => account.tenant.id != CONSUMERS,
            Some(Audience::Tenant(tenant)) => account.tenant.id == tenant.id,
            _ => false,
        };
        if !admitted {
            let text = "This account does not exist in the tenant and can't use the application there. Sign in with a different account.";
            return Err(wrong_account(50020, text));
        }
        let administrator = account
            .roles
            .iter()
            .any(|role| role.template == GLOBAL_ADMINISTRATOR);
        if call.request.endpoint == Endpoint::AdminConsent && !administrator {
            return Err(Turned::Back(Refusal {
                error: "consent_required".to_owned(),
                description: Some(description(
                    90094,
                    "An administrator of the organisation has to consent.",
                    call.now,
                )),
                subcode: None,
            }));
        }
        Ok(())
    }

    fn cancelled(&self) -> Refusal {
        let text = "AADSTS65004: User declined to consent to access the app.\r\nTrace ID: 0a1b2c3d-0000-4000-8000-000000000001";
        Refusal {
            error: "access_denied".to_owned(),
            description: Some(text.to_owned()),
            subcode: Some("cancel".to_owned()),
        }
    }

    fn callback(&self, call: &Call<'_>, persona: &Persona) -> Vec<(&'static str, String)> {
        let account = account(persona);
        if call.request.endpoint == Endpoint::AdminConsent {
            let scope = call.request.parameter("scope").unwrap_or_default();
            return vec![
                ("admin_consent", "True".to_owned()),
                ("tenant", account.tenant.id.to_owned()),
                ("scope", scope.to_owned()),
            ];
        }
        vec![("session_state", call.site.clock.moment().uuid().to_string())]
    }

    fn claims(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let mut claims = members(json!({
            "ver": if call.quirks.version_1 { "1.0" } else { "2.0" },
            "nbf": 0,
            "sub": pairwise(self.client.id, account(sign_in.persona)),
            "sid": sign_in.sid,
            "uti": "Zm9yLXRoZS1zaW11bGF0b3I",
            "rh": "1.AAAA-simulated.",
            "aio": "AAAA-simulated",
        }));
        claims::put(call.quirks, sign_in, &mut claims);
        claims
    }

    fn userinfo(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let persona = sign_in.persona;
        let mut claims = members(json!({
            "sub": pairwise(self.client.id, account(persona)),
            "name": persona.name(),
            "family_name": persona.family_name,
            "given_name": persona.given_name,
            "picture": format!("{}/v1.0/me/photo/$value", call.site.base),
        }));
        if sign_in.asked.has_scope("email") && !persona.email.is_empty() {
            claims.insert("email".to_owned(), json!(persona.email));
        }
        claims
    }

    fn token_response(&self, call: &Call<'_>, sign_in: &SignIn, response: &mut Members) {
        response.insert("ext_expires_in".to_owned(), json!(3600));
        if call.request.parameter("client_info") == Some("1") {
            let account = account(sign_in.persona);
            let info = json!({"uid": account.oid, "utid": account.tenant.id});
            let info = encode(info.to_string().as_bytes());
            response.insert("client_info".to_owned(), json!(info));
        }
    }

    fn token_failure(&self, call: &Call<'_>, failure: TokenFailure) -> Reply {
        let (code, text) = match failure {
            TokenFailure::Client => (
                7_000_215,
                "Invalid client secret provided. Ensure the secret being sent is the client secret value.",
            ),
            TokenFailure::UnknownCode => (
                9_002_313,
                "Invalid request. Request is malformed or invalid.",
            ),
            TokenFailure::UsedCode => (
                54005,
                "OAuth2 Authorization code was already redeemed, please retry with a new valid code.",
            ),
            TokenFailure::ExpiredCode => (
                70008,
                "The provided authorization code or refresh token has expired.",
            ),
            TokenFailure::OtherRedirectUri => (
                500_112,
                "The reply address does not match the one of the authorization request.",
            ),
            TokenFailure::Verifier => (
                501_481,
                "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
            ),
            TokenFailure::RefreshToken => {
                (700_082, "The refresh token has expired due to inactivity.")
            }
            TokenFailure::GrantType => (70003, "The app requested an unsupported grant type."),
            TokenFailure::Incomplete => (
                900_144,
                "The request body must contain the following parameter: 'code'.",
            ),
        };
        (
            failure.status(),
            Self::error(call, failure.error(), code, text),
        )
    }

    fn is_offline(&self, _call: &Call<'_>, sign_in: &SignIn) -> bool {
        sign_in.asked.has_scope("offline_access")
    }

    fn decorate(&self, call: &Call<'_>, owner: KeyOwner, jwk: &mut Members) {
        let base = &call.site.base;
        let issuer = match owner {
            KeyOwner::Everybody => format!("{base}/{{tenantid}}/v2.0"),
            KeyOwner::Consumers => format!("{base}/{CONSUMERS}/v2.0"),
        };
        let instance = if call.quirks.foreign_cloud {
            "partner.microsoftonline.cn"
        } else {
            self.instance
        };
        let kid = jwk.get("kid").cloned().unwrap_or_default();
        jwk.insert("x5t".to_owned(), kid);
        jwk.insert("issuer".to_owned(), json!(issuer));
        jwk.insert("cloud_instance_name".to_owned(), json!(instance));
    }

    fn has_consumer_key(&self) -> bool {
        self.tenants.iter().any(|tenant| tenant.id == CONSUMERS)
    }

    fn key_owner(&self, persona: &Persona) -> KeyOwner {
        if account(persona).tenant.id == CONSUMERS {
            KeyOwner::Consumers
        } else {
            KeyOwner::Everybody
        }
    }

    fn api_failure(&self, status: StatusCode) -> Reply {
        graph::failure(status)
    }

    fn api(&self, call: &Call<'_>, sign_in: &SignIn) -> Reply {
        graph::answer(call, sign_in, account(sign_in.persona))
    }
}
