//! GitHub, the plain OAuth 2.0 provider: no ID token, no discovery, errors with status 200.
//!
//! Its application installations are not played.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::engine::{Call, SignIn};
use super::persona::{Account, Persona, PlainAccount};
use super::provider::{Client, Endpoint, Members, Provider, Reply, TokenFailure, members};
use super::quirks::Refusal;

pub(super) struct GitHub;

const CLIENT: Client = Client {
    id: "Iv1.simulated0000001",
    secret: "5111a7ed5111a7ed5111a7ed5111a7ed5111a7ed",
};

/// `github.com` and `api.github.com` at one address.
const ROUTES: [(&str, Endpoint); 4] = [
    ("/login/oauth/authorize", Endpoint::Authorize),
    ("/login/oauth/access_token", Endpoint::Token),
    ("/user", Endpoint::Userinfo),
    ("/user/emails", Endpoint::Api),
];

static NOBODY: PlainAccount = PlainAccount {
    subject: "0",
    groups: &[],
    further_addresses: &[],
};

static PEOPLE: [Persona; 3] = [
    Persona {
        key: "grace",
        given_name: "Grace",
        family_name: "Hopper",
        username: "ghopper",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Verified primary address, and one that is not verified",
        account: Account::Plain(PlainAccount {
            subject: "5000001",
            groups: &[],
            further_addresses: &[("grace@private.example", false)],
        }),
    },
    Persona {
        key: "alan",
        given_name: "Alan",
        family_name: "Turing",
        username: "aturing",
        email: "alan.turing@harborline.example",
        email_verified: false,
        about: "Primary address not verified",
        account: Account::Plain(PlainAccount {
            subject: "5000002",
            groups: &[],
            further_addresses: &[],
        }),
    },
    Persona {
        key: "mallory",
        given_name: "Mallory",
        family_name: "Grey",
        username: "mallory",
        email: "mallory@tailspin.example",
        email_verified: true,
        about: "Attacker: Grace's address is among the others, not verified",
        account: Account::Plain(PlainAccount {
            subject: "5000003",
            groups: &[],
            further_addresses: &[("grace.hopper@harborline.example", false)],
        }),
    },
];

fn plain(persona: &Persona) -> &PlainAccount {
    match &persona.account {
        Account::Plain(account) => account,
        _ => &NOBODY,
    }
}

impl Provider for GitHub {
    fn title(&self) -> &'static str {
        "GitHub"
    }

    fn account_kind(&self) -> &'static str {
        "GitHub account"
    }

    fn client(&self) -> Client {
        CLIENT
    }

    fn routes(&self) -> &'static [(&'static str, Endpoint)] {
        &ROUTES
    }

    fn personas(&self) -> &'static [Persona] {
        &PEOPLE
    }

    fn discovery(&self, call: &Call<'_>) -> Reply {
        (
            StatusCode::NOT_FOUND,
            json!({"message": "Not Found", "issuer": Self::issuer_text(call)}),
        )
    }

    fn issuer(&self, call: &Call<'_>, _persona: &Persona) -> String {
        Self::issuer_text(call)
    }

    fn cancelled(&self) -> Refusal {
        Refusal {
            error: "access_denied".to_owned(),
            description: Some("The user has denied your application access.".to_owned()),
            subcode: None,
        }
    }

    fn callback_issuer(&self, call: &Call<'_>) -> Option<String> {
        Some(Self::issuer_text(call))
    }

    fn claims(&self, _call: &Call<'_>, _sign_in: &SignIn) -> Members {
        Members::new()
    }

    fn has_id_tokens(&self) -> bool {
        false
    }

    fn userinfo(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let persona = sign_in.persona;
        let id: u64 = plain(persona).subject.parse().unwrap_or_default();
        members(json!({
            "login": persona.username,
            "id": id,
            "node_id": "simulated",
            "type": "User",
            "html_url": format!("{}/{}", call.site.base, persona.username),
            "name": persona.name(),
            "email": null,
            "created_at": "2019-04-01T09:00:00Z",
            "updated_at": "2026-11-02T08:00:00Z",
        }))
    }

    fn token_prefix(&self, _sign_in: &SignIn) -> String {
        "gho_".to_owned()
    }

    fn token_response(&self, _call: &Call<'_>, sign_in: &SignIn, response: &mut Members) {
        response.remove("expires_in");
        response.insert("token_type".to_owned(), json!("bearer"));
        // separated by commas
        let scope = sign_in
            .asked
            .scope
            .split_ascii_whitespace()
            .collect::<Vec<_>>()
            .join(",");
        response.insert("scope".to_owned(), json!(scope));
    }

    /// Errors come with status 200.
    fn token_failure(&self, call: &Call<'_>, failure: TokenFailure) -> Reply {
        let (error, text) = match failure {
            TokenFailure::Client => (
                "incorrect_client_credentials",
                "The client_id and/or client_secret passed are incorrect.",
            ),
            TokenFailure::OtherRedirectUri => (
                "redirect_uri_mismatch",
                "The redirect_uri MUST match the registered callback URL for this application.",
            ),
            _ => (
                "bad_verification_code",
                "The code passed is incorrect or expired.",
            ),
        };
        let uri = format!("{}/errors/#{error}", call.site.base);
        (
            StatusCode::OK,
            json!({"error": error, "error_description": text, "error_uri": uri}),
        )
    }

    fn answers_with_forms(&self) -> bool {
        true
    }

    fn is_offline(&self, _call: &Call<'_>, _sign_in: &SignIn) -> bool {
        false
    }

    fn api_failure(&self, status: StatusCode) -> Reply {
        let text = if status == StatusCode::UNAUTHORIZED {
            "Bad credentials"
        } else {
            "Not Found"
        };
        (status, json!({"message": text, "status": status.as_str()}))
    }

    /// The addresses, which `user:email` opens.
    fn api(&self, _call: &Call<'_>, sign_in: &SignIn) -> Reply {
        if !sign_in.asked.has_scope("user:email") {
            return self.api_failure(StatusCode::NOT_FOUND);
        }
        let persona = sign_in.persona;
        let first = json!({"email": persona.email, "primary": true, "verified": persona.email_verified, "visibility": "private"});
        let further = plain(persona).further_addresses.iter();
        let further = further.map(|(email, verified)| json!({"email": email, "primary": false, "verified": verified, "visibility": null}));
        (
            StatusCode::OK,
            Value::Array(std::iter::once(first).chain(further).collect()),
        )
    }
}

impl GitHub {
    fn issuer_text(call: &Call<'_>) -> String {
        format!("{}/login/oauth", call.site.base)
    }
}
