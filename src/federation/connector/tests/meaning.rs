//! Errors by their codes, in every form that bodies have.

use proptest::prelude::*;
use serde_json::json;

use super::provider;
use crate::federation::connector::{Meaning, UpstreamError};

fn means(kind: &str, error: &UpstreamError) -> Meaning {
    let settings = match kind {
        "microsoft" => json!({"kind": kind, "cloud": "global", "audience": "organizations"}),
        "google" => json!({"kind": kind}),
        "salesforce" => json!({"kind": kind, "host": "production"}),
        "oauth2" => json!({
            "kind": kind, "issuer": "https://github.com/login/oauth", "subject": "/id",
            "authorization_endpoint": "https://github.com/a", "token_endpoint": "https://github.com/t",
            "user_endpoint": "https://api.github.com/user",
        }),
        _ => json!({"kind": kind, "issuer": "https://id.contoso.example"}),
    };
    provider(settings).connector().meaning(error)
}

fn called(error: &str) -> UpstreamError {
    UpstreamError::from_callback(error, None, None)
}

/// The numbers of the table in Microsoft's documents, each in a body whose text says something else.
#[test]
fn entras_errors_are_read_by_their_numbers() {
    use Meaning as M;
    for (codes, meaning) in [
        (&[65004][..], M::Cancelled),
        (
            &[
                65001, 90094, 90095, 50105, 700_016, 700_011, 500_011, 50001, 650_052, 650_056,
            ],
            M::ConsentNeeded,
        ),
        (
            &[50020, 50034, 16000, 51004, 90072, 500_208],
            M::WrongAccount,
        ),
        (&[90002, 90038, 900_432, 900_382], M::WrongCloud),
        (
            &[53000, 53001, 53003, 530_032, 500_212, 500_213],
            M::Blocked,
        ),
        (&[50058, 50074, 50076, 50079], M::InteractionNeeded),
        (
            &[
                54005, 70008, 700_082, 70043, 50173, 50078, 70000, 9_002_313, 501_481, 700_005,
            ],
            M::StartAgain,
        ),
        (
            &[
                50011, 50194, 7_000_215, 7_000_222, 7_000_218, 700_027, 700_054, 900_144, 500_112,
            ],
            M::Misconfigured,
        ),
        (&[50196], M::Unavailable),
    ] {
        for code in codes {
            let body = json!({"error": "invalid_grant", "error_codes": [code],
                "error_description": "AADSTS1: the user declined to consent to the expired secret"});
            let error = UpstreamError::from_json(&body);
            assert_eq!(means("microsoft", &error), meaning, "{code}");
            let description = format!("AADSTS{code}: anything\r\nTrace ID: 1");
            let error = UpstreamError::from_callback("server_error", Some(&description), None);
            assert_eq!(
                means("microsoft", &error),
                meaning,
                "{code} at the callback"
            );
        }
    }
}

#[test]
fn without_a_known_number_the_rest_decides() {
    let of = |error, description, subcode| {
        means(
            "microsoft",
            &UpstreamError::from_callback(error, description, subcode),
        )
    };
    assert_eq!(
        of("access_denied", None, Some("cancel")),
        Meaning::Cancelled
    );
    assert_eq!(
        of("access_denied", Some("AADSTS90094: x"), Some("cancel")),
        Meaning::ConsentNeeded
    );
    assert_eq!(
        of("access_denied", Some("see AADSTS90094"), None),
        Meaning::Cancelled
    );
    assert_eq!(
        of("interaction_required", Some("AADSTS99999999999: x"), None),
        Meaning::InteractionNeeded
    );
    assert_eq!(
        of("invalid_grant", None, Some("basic_action")),
        Meaning::InteractionNeeded
    );
    assert_eq!(
        of("invalid_grant", None, Some("token_expired")),
        Meaning::StartAgain
    );
    assert_eq!(of("invalid_tenant", None, None), Meaning::WrongCloud);
    assert_eq!(
        of("temporarily_unavailable", None, None),
        Meaning::Unavailable
    );
}

#[test]
fn other_providers_have_their_own_names() {
    use Meaning as M;
    for (kind, error, meaning) in [
        ("google", "access_denied", M::Cancelled),
        ("google", "admin_policy_enforced", M::Blocked),
        ("google", "org_internal", M::WrongAccount),
        ("google", "deleted_client", M::Misconfigured),
        ("google", "redirect_uri_mismatch", M::Misconfigured),
        ("salesforce", "access_denied", M::Cancelled),
        ("salesforce", "access-denied", M::Cancelled),
        ("salesforce", "inactive_user", M::WrongAccount),
        ("salesforce", "inactive-org", M::Blocked),
        ("salesforce", "OAUTH_APP_BLOCKED", M::Blocked),
        ("salesforce", "OAUTH_APP_ACCESS_DENIED", M::ConsentNeeded),
        (
            "salesforce",
            "OAUTH_APPROVAL_ERROR_GENERIC",
            M::ConsentNeeded,
        ),
        ("salesforce", "OAUTH_EC_APP_NOT_FOUND", M::ConsentNeeded),
        ("salesforce", "immediate_unsuccessful", M::InteractionNeeded),
        ("salesforce", "invalid_client_id", M::Misconfigured),
        ("salesforce", "invalid_grant", M::StartAgain),
        ("salesforce", "rate_limit_exceeded", M::Unavailable),
        ("oauth2", "bad_verification_code", M::StartAgain),
        ("oauth2", "incorrect_client_credentials", M::Misconfigured),
        ("oauth2", "unverified_user_email", M::WrongAccount),
        ("oidc", "access_denied", M::Cancelled),
        ("oidc", "consent_required", M::ConsentNeeded),
        ("oidc", "login_required", M::InteractionNeeded),
        ("oidc", "invalid_grant", M::StartAgain),
        ("oidc", "invalid_client", M::Misconfigured),
        ("oidc", "server_error", M::Unavailable),
        ("oidc", "something_new", M::Unavailable),
        ("oidc", "", M::Unavailable),
    ] {
        assert_eq!(means(kind, &called(error)), meaning, "{kind} {error}");
    }
    let rapt = json!({"error": "invalid_grant", "error_subtype": "invalid_rapt"});
    assert_eq!(
        means("google", &UpstreamError::from_json(&rapt)),
        M::InteractionNeeded
    );
}

#[test]
fn a_body_may_have_any_form() {
    for (body, error, subcode) in [
        (
            r#"{"error": "invalid_grant", "error_description": "x"}"#,
            "invalid_grant",
            None,
        ),
        (
            r#"{"error": {"code": "Authorization_RequestDenied", "message": "x"}}"#,
            "Authorization_RequestDenied",
            None,
        ),
        (
            r#"{"error": {"code": 403, "status": "PERMISSION_DENIED", "errors": [{"reason": "forbidden"}]}}"#,
            "PERMISSION_DENIED",
            Some("forbidden"),
        ),
        (
            r#"[{"message": "x", "errorCode": "INVALID_SESSION_ID"}]"#,
            "INVALID_SESSION_ID",
            None,
        ),
        ("Bad_OAuth_Token", "", None),
        ("<html>", "", None),
        ("", "", None),
        ("[]", "", None),
        ("7", "", None),
    ] {
        let read = UpstreamError::from_body(body.as_bytes());
        assert_eq!(
            (read.error.as_str(), read.subcode.as_deref()),
            (error, subcode),
            "{body}"
        );
    }
    let lines =
        json!({"error": "x", "error_description": format!("one\r\ntwo{}", "!".repeat(1000))});
    let description = UpstreamError::from_json(&lines).description.unwrap();
    assert!(description.starts_with("one  two!") && description.chars().count() == 300);
}

proptest! {
    #[test]
    fn any_body_has_a_meaning(body in "\\PC{0,80}", name in "\\PC{0,30}", number in any::<u64>()) {
        let bodies = [
            UpstreamError::from_body(body.as_bytes()),
            UpstreamError::from_json(&json!({"error": name, "error_codes": [number, name, null], "error_description": body})),
            UpstreamError::from_callback(&name, Some(&body), Some(&name)),
        ];
        for error in &bodies {
            for kind in ["microsoft", "google", "salesforce", "oidc", "oauth2"] {
                let _ = means(kind, error);
            }
            prop_assert!(!error.error.contains(char::is_control));
        }
    }
}
