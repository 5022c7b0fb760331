//! What providers' errors mean: tables by code, never by text.
//!
//! Which page follows isn't decided here.

use serde_json::Value;

use super::{Meaning, UpstreamError};

/// More of them say nothing new.
const MOST_CODES: usize = 8;

impl UpstreamError {
    /// Reads the body of an answer that reports a failure. It may be JSON in four shapes, plain text, HTML or nothing.
    #[must_use]
    pub fn from_body(body: &[u8]) -> Self {
        serde_json::from_slice(body).map_or_else(|_| Self::default(), |json| Self::from_json(&json))
    }

    /// `{"error": ".."}` (RFC 6749 section 5.2), `{"error": {..}}` of Google's and Microsoft's APIs, `[{"errorCode": ".."}]` of
    /// Salesforce's. Anything else is an error without a name.
    #[must_use]
    pub fn from_json(json: &Value) -> Self {
        let whole = json.get(0).unwrap_or(json);
        let nested = whole.get("error").filter(|error| error.is_object());
        let inner = nested.unwrap_or(whole);
        let text = |names: &[&str]| {
            let mut found = names.iter().filter_map(|name| inner.get(*name)?.as_str());
            found.next().map(short)
        };
        let reason = inner.pointer("/errors/0/reason").and_then(Value::as_str);
        let description = text(&["error_description", "message"]);
        let mut codes = numbers(inner.get("error_codes"));
        codes.extend(description.as_deref().and_then(aadsts));
        codes.dedup();
        Self {
            error: text(&["error", "errorCode", "code", "status"]).unwrap_or_default(),
            description,
            subcode: text(&["error_subcode", "suberror", "error_subtype"])
                .or_else(|| reason.map(short)),
            codes,
        }
    }

    /// As the parameters of a callback say it.
    #[must_use]
    pub fn from_callback(error: &str, description: Option<&str>, subcode: Option<&str>) -> Self {
        Self {
            error: short(error),
            description: description.map(short),
            subcode: subcode.map(short),
            codes: description.and_then(aadsts).into_iter().collect(),
        }
    }
}

/// One line of bearable length: descriptions have line ends inside, and go into logs.
fn short(text: &str) -> String {
    let line = text.chars().take(300);
    line.map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn numbers(codes: Option<&Value>) -> Vec<u32> {
    let codes = codes.and_then(Value::as_array).into_iter().flatten();
    let read = codes.filter_map(|code| u32::try_from(code.as_u64()?).ok());
    read.take(MOST_CODES).collect()
}

/// The number that begins Entra's descriptions: `AADSTS65004: User declined ..`.
fn aadsts(description: &str) -> Option<u32> {
    let digits = description.trim_start().strip_prefix("AADSTS")?;
    let end = digits.find(|c: char| !c.is_ascii_digit());
    digits.get(..end.unwrap_or(digits.len()))?.parse().ok()
}

/// The codes of RFC 6749 sections 4.1.2.1 and 5.2, of OpenID Connect Core 1.0 section 3.1.2.6, and those that many share.
pub(super) fn standard(error: &UpstreamError) -> Meaning {
    match error.error.as_str() {
        "access_denied" => Meaning::Cancelled,
        "consent_required" => Meaning::ConsentNeeded,
        "login_required"
        | "interaction_required"
        | "account_selection_required"
        | "unmet_authentication_requirements" => Meaning::InteractionNeeded,
        "invalid_grant" => Meaning::StartAgain,
        "invalid_client"
        | "unauthorized_client"
        | "invalid_request"
        | "invalid_scope"
        | "invalid_request_uri"
        | "invalid_request_object"
        | "request_not_supported"
        | "request_uri_not_supported"
        | "registration_not_supported"
        | "unsupported_response_type"
        | "unsupported_grant_type"
        | "redirect_uri_mismatch" => Meaning::Misconfigured,
        _ => Meaning::Unavailable,
    }
}

/// By Entra's number; Microsoft may change every text.
pub(super) fn microsoft(error: &UpstreamError) -> Meaning {
    let known = error.codes.iter().find_map(|code| of_entra(*code));
    known.unwrap_or_else(|| match error.subcode.as_deref() {
        Some("cancel") => Meaning::Cancelled,
        Some("consent_required") => Meaning::ConsentNeeded,
        Some("protection_policy_required") => Meaning::Blocked,
        Some("basic_action" | "additional_action" | "message_only") => Meaning::InteractionNeeded,
        Some("bad_token" | "token_expired") => Meaning::StartAgain,
        _ if error.error == "invalid_tenant" => Meaning::WrongCloud,
        _ if error.error == "invalid_resource" => Meaning::ConsentNeeded,
        _ => standard(error),
    })
}

fn of_entra(code: u32) -> Option<Meaning> {
    Some(match code {
        65004 => Meaning::Cancelled,
        // Not consented, to be consented by an administrator, not assigned to the application, or not there at all.
        65001 | 90094 | 90095 | 50105 | 700_016 | 700_011 | 500_011 | 50001 | 650_052 | 650_056 => {
            Meaning::ConsentNeeded
        }
        // Another tenant's account, or a kind of account that the registration doesn't take.
        50020 | 50034 | 16000 | 51004 | 90072 | 500_208 => Meaning::WrongAccount,
        90002 | 90038 | 900_432 | 900_382 => Meaning::WrongCloud,
        53000..=53004 | 530_032 | 500_212 | 500_213 => Meaning::Blocked,
        50058 | 50074 | 50076 | 50079 | 50055 | 50126 | 50053 | 50057 => Meaning::InteractionNeeded,
        // Codes and tokens that are used, old or another tenant's; a verifier that doesn't match.
        54005 | 70008 | 700_082 | 70043 | 50173 | 50078 | 70000 | 9_002_313 | 501_481 | 700_005 => {
            Meaning::StartAgain
        }
        // Redirect URI, audience, secret, assertion, response type, parameter.
        50011 | 500_112 | 50194 | 70003 | 7_000_215 | 7_000_222 | 7_000_218 | 700_027 | 700_054
        | 900_144 => Meaning::Misconfigured,
        50196 => Meaning::Unavailable, // a loop of requests: waiting ends it
        _ => return None,
    })
}

pub(super) fn google(error: &UpstreamError) -> Meaning {
    match (error.error.as_str(), error.subcode.as_deref()) {
        (_, Some("invalid_rapt")) => Meaning::InteractionNeeded,
        ("admin_policy_enforced", _) => Meaning::Blocked,
        ("org_internal", _) => Meaning::WrongAccount,
        ("deleted_client" | "disallowed_useragent" | "access_not_configured", _) => {
            Meaning::Misconfigured
        }
        _ => standard(error),
    }
}

/// Salesforce writes its codes with `-` and with `_`, in both cases.
pub(super) fn salesforce(error: &UpstreamError) -> Meaning {
    let name = error.error.to_ascii_lowercase().replace('-', "_");
    match name.as_str() {
        "inactive_user" => Meaning::WrongAccount,
        "inactive_org" | "oauth_app_blocked" => Meaning::Blocked,
        // Not installed in the organization, or the person isn't among those whom it admits.
        "oauth_app_access_denied" | "oauth_approval_error_generic" | "oauth_ec_app_not_found" => {
            Meaning::ConsentNeeded
        }
        "immediate_unsuccessful" => Meaning::InteractionNeeded,
        "invalid_client_id" | "invalid_client_credentials" => Meaning::Misconfigured,
        _ => standard(&UpstreamError {
            error: name,
            ..UpstreamError::default()
        }),
    }
}

/// GitHub's names beside the standard's; it answers them with the status 200.
pub(super) fn oauth2(error: &UpstreamError) -> Meaning {
    match error.error.as_str() {
        "bad_verification_code" => Meaning::StartAgain,
        "incorrect_client_credentials" | "application_suspended" => Meaning::Misconfigured,
        "unverified_user_email" => Meaning::WrongAccount,
        _ => standard(error),
    }
}
