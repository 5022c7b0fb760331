//! An OpenID provider as the specification describes it, for connections of the general kind.
//!
//! Quirks of particular products are switches.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::engine::{Call, SignIn};
use super::persona::{Account, Persona, PlainAccount};
use super::provider::{
    Client, Endpoint, KeyOwner, Members, Provider, Reply, TokenFailure, members,
};
use super::quirks::{Algorithm, Groups, Refusal};

pub(super) struct Generic;

const CLIENT: Client = Client {
    id: "usher",
    secret: "simulated-secret/+with=signs",
};

const ROUTES: [(&str, Endpoint); 7] = [
    ("/.well-known/openid-configuration", Endpoint::Discovery),
    ("/authorize", Endpoint::Authorize),
    ("/token", Endpoint::Token),
    ("/jwks", Endpoint::Keys),
    ("/userinfo", Endpoint::Userinfo),
    ("/logout", Endpoint::EndSession),
    ("/revoke", Endpoint::Revoke),
];

const fn account(subject: &'static str, groups: &'static [&'static str]) -> Account {
    Account::Plain(PlainAccount {
        subject,
        groups,
        further_addresses: &[],
    })
}

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
        username: "grace",
        email: "grace.hopper@harborline.example",
        email_verified: true,
        about: "Verified address, in the groups “engineering” and “travellers”",
        account: account("8e1c40b2", &["engineering", "travellers"]),
    },
    Persona {
        key: "alan",
        given_name: "Alan",
        family_name: "Turing",
        username: "alan",
        email: "alan.turing@harborline.example",
        email_verified: false,
        about: "Address not verified",
        account: account("8e1c40b3", &[]),
    },
    Persona {
        key: "mallory",
        given_name: "Mallory",
        family_name: "Grey",
        username: "mallory",
        email: "grace.hopper@harborline.example",
        email_verified: false,
        about: "Attacker: Grace's address, not verified",
        account: account("8e1c40b4", &["engineering"]),
    },
];

fn plain(persona: &Persona) -> &PlainAccount {
    match &persona.account {
        Account::Plain(account) => account,
        _ => &NOBODY,
    }
}

fn put_profile(call: &Call<'_>, sign_in: &SignIn, claims: &mut Members) {
    let (persona, asked) = (sign_in.persona, &sign_in.asked);
    if asked.has_scope("profile") {
        claims.extend(members(json!({
            "name": persona.name(),
            "given_name": persona.given_name,
            "family_name": persona.family_name,
            "preferred_username": persona.username,
            "locale": "en-GB",
            "updated_at": 1_795_000_000,
        })));
    }
    if asked.has_scope("email") {
        claims.insert("email".to_owned(), json!(persona.email));
        claims.insert("email_verified".to_owned(), json!(persona.email_verified));
    }
    let groups = match call.quirks.groups {
        Groups::AsTheProvider => asked.has_scope("groups"),
        Groups::Listed => true,
        Groups::Absent | Groups::Overage => false,
    };
    if groups {
        claims.insert("groups".to_owned(), json!(plain(persona).groups));
    }
}

impl Provider for Generic {
    fn title(&self) -> &'static str {
        "Example Identity"
    }

    fn account_kind(&self) -> &'static str {
        "account"
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
        let base = &call.site.base;
        let at = |path: &str| format!("{base}/{path}");
        let algorithms = match call.quirks.algorithm {
            Algorithm::Es256 => json!(["RS256", "ES256"]),
            _ => json!(["RS256"]),
        };
        let document = json!({
            "issuer": base,
            "authorization_endpoint": at("authorize"),
            "token_endpoint": at("token"),
            "jwks_uri": at("jwks"),
            "userinfo_endpoint": at("userinfo"),
            "end_session_endpoint": at("logout"),
            "revocation_endpoint": at("revoke"),
            "response_types_supported": ["code"],
            "response_modes_supported": ["query", "fragment", "form_post"],
            "grant_types_supported": ["authorization_code", "refresh_token"],
            "subject_types_supported": ["public"],
            "id_token_signing_alg_values_supported": algorithms,
            "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
            "code_challenge_methods_supported": ["S256"],
            "scopes_supported": ["openid", "profile", "email", "groups", "offline_access"],
            "claims_supported": [
                "sub", "iss", "aud", "exp", "iat", "auth_time", "nonce", "name", "given_name", "family_name", "email",
                "email_verified", "groups"
            ],
            "authorization_response_iss_parameter_supported": true,
            "backchannel_logout_supported": true,
            "backchannel_logout_session_supported": true,
        });
        (StatusCode::OK, document)
    }

    fn issuer(&self, call: &Call<'_>, _persona: &Persona) -> String {
        call.site.base.clone()
    }

    fn cancelled(&self) -> Refusal {
        Refusal {
            error: "access_denied".to_owned(),
            description: Some("The person declined.".to_owned()),
            subcode: None,
        }
    }

    fn callback_issuer(&self, call: &Call<'_>) -> Option<String> {
        let slash = if call.quirks.trailing_slash { "/" } else { "" };
        Some(format!("{}{slash}", call.site.base))
    }

    fn claims(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let subject = plain(sign_in.persona).subject;
        let mut claims = members(json!({"sub": subject, "sid": sign_in.sid}));
        put_profile(call, sign_in, &mut claims);
        claims
    }

    fn has_at_hash(&self) -> bool {
        true
    }

    fn has_auth_time(&self) -> bool {
        true
    }

    fn userinfo(&self, call: &Call<'_>, sign_in: &SignIn) -> Members {
        let mut claims = members(json!({"sub": plain(sign_in.persona).subject}));
        put_profile(call, sign_in, &mut claims);
        claims
    }

    fn token_failure(&self, _call: &Call<'_>, failure: TokenFailure) -> Reply {
        let body =
            json!({"error": failure.error(), "error_description": "The request is refused."});
        (failure.status(), body)
    }

    fn is_offline(&self, _call: &Call<'_>, sign_in: &SignIn) -> bool {
        sign_in.asked.has_scope("offline_access")
    }

    fn decorate(&self, _call: &Call<'_>, _owner: KeyOwner, jwk: &mut Members) {
        let algorithm = if jwk.contains_key("n") {
            "RS256"
        } else {
            "ES256"
        };
        jwk.insert("alg".to_owned(), Value::from(algorithm));
    }

    fn api_failure(&self, status: StatusCode) -> Reply {
        (
            status,
            json!({"error": "server_error", "error_description": "Something went wrong."}),
        )
    }

    fn api(&self, _call: &Call<'_>, _sign_in: &SignIn) -> Reply {
        self.api_failure(StatusCode::NOT_FOUND)
    }
}
