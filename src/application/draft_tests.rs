//! The checks of drafts, tried.

use super::*;

fn fields(draft: ClientDraft, audience: Audience) -> Vec<String> {
    let problems = draft.check(audience).err().unwrap_or_default();
    problems.into_iter().map(|problem| problem.field).collect()
}

#[test]
fn a_relying_party_needs_a_redirect_uri_and_nothing_else() {
    let draft = ClientDraft::default();
    assert_eq!(
        fields(draft.clone(), Audience::RelyingParty),
        ["redirect_uris"]
    );
    let redirect_uris = vec!["https://app.example/callback".to_owned()];
    let draft = ClientDraft {
        redirect_uris,
        ..draft
    };
    assert_eq!(fields(draft, Audience::RelyingParty), Vec::<String>::new());
}

/// OA-02, OA-29, NA-01: a public client has PKCE and no credentials; only it uses private schemes.
#[test]
fn public_and_confidential_clients_differ() {
    let public = ClientDraft {
        redirect_uris: vec!["com.example.app:/callback".to_owned()],
        authentication: ClientAuthentication::None,
        ..ClientDraft::default()
    };
    assert_eq!(
        fields(public.clone(), Audience::RelyingParty),
        Vec::<String>::new()
    );
    let confidential = ClientDraft {
        authentication: ClientAuthentication::SecretPost,
        ..public.clone()
    };
    assert_eq!(
        fields(confidential, Audience::RelyingParty),
        ["redirect_uris"]
    );
    let loose = ClientDraft {
        pkce: Pkce::Optional,
        grant_types: vec![GrantType::AuthorizationCode, GrantType::ClientCredentials],
        ..public
    };
    assert_eq!(
        fields(loose, Audience::RelyingParty),
        ["grant_types", "pkce"]
    );
}

#[test]
fn an_api_client_has_scopes_of_the_api_only() {
    let good = ClientDraft::for_api("invitations:read invitations:write");
    assert_eq!(fields(good, Audience::Api), Vec::<String>::new());
    let bad = ClientDraft {
        authentication: ClientAuthentication::None,
        ..ClientDraft::for_api("openid")
    };
    assert_eq!(fields(bad, Audience::Api), ["scopes", "authentication"]);
}

#[test]
fn private_key_jwt_needs_public_keys() {
    let with = |jwks: Option<Value>| ClientDraft {
        authentication: ClientAuthentication::PrivateKeyJwt,
        jwks,
        ..ClientDraft::for_api("events:read")
    };
    let public = serde_json::json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "a"}]});
    let private =
        serde_json::json!({"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "a", "d": "b"}]});
    assert_eq!(
        fields(with(Some(public)), Audience::Api),
        Vec::<String>::new()
    );
    assert_eq!(fields(with(Some(private)), Audience::Api), ["jwks"]);
    assert_eq!(fields(with(None), Audience::Api), ["jwks"]);
}

/// LOG-10: logout tokens go to https, or to this machine; never into a private network.
#[test]
fn logout_tokens_go_where_they_may() {
    let with = |uri: &str| ClientDraft {
        redirect_uris: vec!["https://app.example/callback".into()],
        backchannel_logout_uri: Some(uri.into()),
        ..ClientDraft::default()
    };
    for fine in [
        "https://app.example/out?x=1",
        "http://127.0.0.1:4712/out",
        "http://localhost/",
    ] {
        assert_eq!(
            fields(with(fine), Audience::RelyingParty),
            Vec::<String>::new(),
            "{fine}"
        );
    }
    for bad in [
        "http://app.example/out",
        "https://app.example/out#x",
        "com.example.app:/out",
        "https://10.0.0.8/out",
        "https://169.254.169.254/out",
        "https://[fd00::1]/out",
    ] {
        assert_eq!(
            fields(with(bad), Audience::RelyingParty),
            ["backchannel_logout_uri"],
            "{bad}"
        );
    }
    let api = ClientDraft {
        backchannel_logout_uri: Some("https://app.example/out".into()),
        ..ClientDraft::for_api("events:read")
    };
    assert_eq!(fields(api, Audience::Api), ["backchannel_logout_uri"]);
}

/// CORE-52: `initiate_login_uri` is https, or http on this machine.
#[test]
fn an_application_is_checked_field_by_field() {
    let draft = ApplicationDraft {
        protocol: Protocol::Saml2,
        home_url: Some("http://app.example/".into()),
        accent: Some("red".into()),
        ..ApplicationDraft::named(" \n ")
    };
    let problems = draft.check().err().unwrap_or_default();
    let fields: Vec<_> = problems.iter().map(|p| p.field.as_str()).collect();
    assert_eq!(fields, ["name", "home_url", "saml_entity_id", "accent"]);
}
