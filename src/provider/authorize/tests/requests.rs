//! Which requests are understood, and what the client or the person hears otherwise.

use chrono::TimeDelta;
use proptest::prelude::*;
use serde_json::json;

use super::super::answer::ResponseMode;
use super::super::refused::NoWayBack;
use super::super::request::{AuthorizationRequest, PromptValue};
use super::{CALLBACK, CHALLENGE, world};

/// CORE-05, CORE-06, OA-05: as long as the way back isn't certain, nobody is sent anywhere.
#[test]
fn without_a_registered_way_back_there_is_a_page() {
    let world = world(&json!({}));
    let no = |changes: &[(&str, &str)]| world.understand(&world.query(changes)).err().unwrap();
    assert_eq!(no(&[("client_id", "")]), NoWayBack::ClientMissing);
    assert_eq!(no(&[("client_id", "cli_1")]), NoWayBack::UnknownClient);
    let stranger = world.moment.id::<crate::kit::kinds::Client>().to_string();
    assert_eq!(no(&[("client_id", &stranger)]), NoWayBack::UnknownClient);
    assert_eq!(no(&[("redirect_uri", "")]), NoWayBack::RedirectUriMissing);
    for uri in [
        "https://app.example/callback/",
        "https://app.example/callback?x",
        "https://evil.example/",
    ] {
        assert_eq!(
            no(&[("redirect_uri", uri)]),
            NoWayBack::UnknownRedirectUri,
            "{uri}"
        );
    }
    let twice = format!("{}&redirect_uri={CALLBACK}", world.query(&[]));
    assert_eq!(
        world.understand(&twice).err(),
        Some(NoWayBack::RedirectUriMissing)
    );
    let twice = format!("{}&client_id={}", world.query(&[]), world.client.id);
    assert_eq!(
        world.understand(&twice).err(),
        Some(NoWayBack::ClientMissing)
    );
}

#[test]
fn a_plain_request_is_understood() {
    let world = world(&json!({}));
    let request = world
        .ask(&[("state", "s"), ("nonce", "n"), ("unknown", "x")])
        .unwrap();
    assert_eq!(request.back.redirect_uri, CALLBACK);
    assert_eq!(request.back.state.as_deref(), Some("s"));
    assert_eq!(request.wants.mode, ResponseMode::Query);
    assert_eq!(request.wants.nonce.as_deref(), Some("n"));
    assert_eq!(request.wants.scope.to_string(), "openid email");
    assert_eq!(request.wants.code_challenge.as_deref(), Some(CHALLENGE));
}

/// CORE-03, CORE-04, CORE-12, OA-01, OA-02, RM-05, PC-03: each mistake has its code.
#[test]
fn what_is_wrong_is_said_in_one_word() {
    let world = world(&json!({}));
    for (changes, code) in [
        (("response_type", ""), "invalid_request"),
        (("response_type", "token"), "unsupported_response_type"),
        (
            ("response_type", "code id_token"),
            "unsupported_response_type",
        ),
        (("response_mode", "fragment"), "invalid_request"),
        (("request", "eyJ"), "request_not_supported"),
        (
            ("request_uri", "https://x.example"),
            "request_uri_not_supported",
        ),
        (("registration", "{}"), "registration_not_supported"),
        (("scope", ""), "invalid_scope"),
        (("scope", "foo"), "invalid_scope"),
        (("scope", "offline_access"), "invalid_scope"),
        (("scope", "op\"enid"), "invalid_scope"),
        (("code_challenge", ""), "invalid_request"),
        (("code_challenge", "short"), "invalid_request"),
        (("code_challenge_method", ""), "invalid_request"),
        (("code_challenge_method", "plain"), "invalid_request"),
        (("prompt", "none login"), "invalid_request"),
        (("prompt", "create login"), "invalid_request"),
        (("prompt", "later"), "invalid_request"),
        (("max_age", "-1"), "invalid_request"),
        (("max_age", "+1"), "invalid_request"),
        (("max_age", "9999999999"), "invalid_request"),
        (("claims", "[]"), "invalid_request"),
        (("id_token_hint", "forged"), "invalid_request"),
    ] {
        assert_eq!(world.refusal(&[changes]), code, "{changes:?}");
    }
    let twice = format!("{}&scope=openid", world.query(&[("state", "s")]));
    let refused = world.understand(&twice).unwrap().err().unwrap();
    assert_eq!(refused.code, "invalid_request");
}

/// CORE-19, CORE-20, CORE-21: wishes that can't be met are no mistakes.
#[test]
fn wishes_are_no_mistakes() {
    let world = world(&json!({}));
    for wish in [
        ("display", "popup"),
        ("display", "hologram"),
        ("ui_locales", "tlh xx-?"),
        ("claims_locales", "de"),
        ("acr_values", "gold"),
        ("claims", r#"{"id_token": {"acr": {"values": ["gold"]}}}"#),
        ("scope", "openid something_else"),
    ] {
        assert_eq!(world.refusal(&[wish]), "", "{wish:?}");
    }
    let acr = r#"{"id_token": {"acr": {"essential": true, "values": ["gold"]}}}"#;
    assert_eq!(
        world.refusal(&[("claims", acr)]),
        "unmet_authentication_requirements"
    );
}

/// OA-02: PKCE can be switched off for a confidential client, never for a public one; what is sent is checked anyway.
#[test]
fn pkce_is_optional_for_confidential_clients_that_say_so() {
    let without = [("code_challenge", ""), ("code_challenge_method", "")];
    let optional = world(&json!({ "pkce": "optional" }));
    assert_eq!(optional.ask(&without).unwrap().wants.code_challenge, None);
    assert_eq!(
        optional.refusal(&[("code_challenge_method", "plain")]),
        "invalid_request"
    );
    assert_eq!(
        optional.refusal(&[("code_challenge", "")]),
        "invalid_request"
    );
    let public = world(&json!({ "pkce": "optional", "authentication": "none" }));
    assert_eq!(public.refusal(&without), "invalid_request");
}

#[test]
fn a_client_gets_what_it_is_registered_for() {
    let world = world(&json!({
        "scopes": "openid email offline_access", "grant_types": ["authorization_code"], "default_max_age": 60
    }));
    let request = world
        .ask(&[("scope", "openid profile email offline_access")])
        .unwrap();
    assert_eq!(request.wants.scope.to_string(), "openid email");
    assert_eq!(request.wants.max_age, Some(TimeDelta::seconds(60)));
    let request = world.ask(&[("max_age", "0")]).unwrap();
    assert_eq!(request.wants.max_age, Some(TimeDelta::zero()));
}

/// CORE-17, CORE-39: hint and `claims` name one person.
#[test]
fn the_wanted_person_is_one() {
    let world = world(&json!({}));
    let claims = ("claims", r#"{"id_token": {"sub": {"value": "ann"}}}"#);
    assert_eq!(
        world.ask(&[claims]).unwrap().wants.subject.as_deref(),
        Some("ann")
    );
    let both = [claims, ("id_token_hint", "about ann")];
    assert_eq!(
        world.ask(&both).unwrap().wants.subject.as_deref(),
        Some("ann")
    );
    assert_eq!(
        world.refusal(&[claims, ("id_token_hint", "about bob")]),
        "invalid_request"
    );
}

/// What a flow carries is understood as it was the first time, also whom a hint was about.
#[test]
fn a_flow_remembers_the_request() {
    let world = world(&json!({}));
    let changes = [
        ("prompt", "login consent"),
        ("state", "s"),
        ("id_token_hint", "about ann"),
        ("response_mode", "form_post"),
    ];
    let asked = super::Asked::parse(world.query(&changes).as_bytes()).unwrap();
    let kept = asked.kept(Some("ann"));
    assert!(kept.iter().all(|(name, _)| name != "id_token_hint"));
    let again = AuthorizationRequest::of_flow(&world.catalogue, &kept)
        .unwrap()
        .unwrap();
    assert_eq!(again.wants.subject.as_deref(), Some("ann"));
    assert_eq!(again.back.mode, ResponseMode::FormPost);
    assert!(
        again.wants.prompt.has(PromptValue::Login) && again.wants.prompt.has(PromptValue::Consent)
    );
}

proptest! {
    /// Whatever arrives: no panic, and an answer goes only to the registered address.
    #[test]
    fn any_request_is_answered_at_home(
        parameters in proptest::collection::vec((
            "client_id|redirect_uri|response_type|response_mode|scope|state|prompt|max_age|claims|code_challenge|[a-z_#]{1,12}",
            "\\PC{0,30}|code|openid|https://app.example/callback(\\PC{0,8})?|[a-z ]{0,12}",
        ), 0..8),
        with_client: bool,
    ) {
        let world = world(&json!({}));
        let mut query = url::form_urlencoded::Serializer::new(String::new());
        query.extend_pairs(parameters);
        if with_client {
            query.append_pair("client_id", &world.client.id.to_string());
        }
        if let Ok(Ok(request)) = world.understand(&query.finish()) {
            prop_assert_eq!(request.back.redirect_uri, CALLBACK);
        }
    }

    #[test]
    fn any_bytes_are_survived(bytes: Vec<u8>) {
        let text = String::from_utf8_lossy(&bytes);
        drop(world(&json!({})).understand(&text));
    }
}
