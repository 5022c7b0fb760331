//! Any OpenID provider, and plain OAuth 2.0.

use serde_json::{Value, json};

use super::{Denied, Provider, Wish, account, asked, claims, proven, provider, with};
use crate::federation::OAuth2;

fn oidc(quirks: Value) -> Provider {
    let mut settings = json!({
        "kind": "oidc", "issuer": "https://id.contoso.example/", "authoritative_domains": ["Contoso.example"],
    });
    settings["quirks"] = quirks;
    provider(settings)
}

fn ann() -> super::Claims {
    claims(
        json!({"iss": "https://id.contoso.example/", "sub": "7", "email": "ann@contoso.example", "email_verified": true}),
    )
}

#[test]
fn an_issuer_is_compared_byte_for_byte() {
    let oidc = oidc(json!({}));
    let oidc = oidc.connector();
    assert!(oidc.describes_itself_as("https://id.contoso.example/"));
    assert!(!oidc.describes_itself_as("https://id.contoso.example"));
    let discovery = oidc.discovery().unwrap();
    assert_eq!(
        discovery.as_str(),
        "https://id.contoso.example/.well-known/openid-configuration"
    );
}

/// R131: an address is proven where the provider says so and speaks for its domain.
#[test]
fn r131_a_provider_is_believed_about_its_own_domains_only() {
    let standard = oidc(json!({}));
    let texts = oidc(json!({"string_booleans": true}));
    let of =
        |provider: &Provider, changes: Value| proven(provider.connector(), &with(&ann(), changes));
    for provider in [&standard, &texts] {
        assert_eq!(of(provider, json!({})), Some(true));
        for no in [
            json!({"email_verified": null}),
            json!({"email_verified": false}),
            json!({"email_verified": "false"}),
            json!({"email_verified": 1}),
            json!({"email": "ann@harborline.example"}),
            json!({"email": "ann@mail.contoso.example"}),
        ] {
            assert_eq!(of(provider, no.clone()), Some(false), "{no}");
        }
        assert_eq!(of(provider, json!({"email": "ann"})), None);
    }
    assert_eq!(
        of(&standard, json!({"email_verified": "true"})),
        Some(false)
    );
    assert_eq!(of(&texts, json!({"email_verified": "true"})), Some(true));
}

#[test]
fn an_account_needs_a_subject_and_is_its_issuers() {
    let oidc = oidc(json!({}));
    let of = |changes: Value| account(oidc.connector(), &with(&ann(), changes));
    let own = of(json!({})).unwrap();
    assert_eq!(
        (own.key.namespace.as_str(), own.key.subject.as_str()),
        ("https://id.contoso.example/", "7")
    );
    assert_ne!(
        of(json!({"iss": "https://id.contoso.example"}))
            .unwrap()
            .key,
        own.key
    );
    assert_ne!(of(json!({"sub": " 7"})).unwrap().key, own.key);
    for none in [
        json!(null),
        json!(""),
        json!(" "),
        json!(true),
        json!({"id": 7}),
        json!("7\n"),
        json!("x".repeat(501)),
    ] {
        assert!(of(json!({"sub": none})).is_err(), "{none}");
    }
}

#[test]
fn a_wish_is_put_in_the_standards_words() {
    let wish = Wish {
        fresh: true,
        choose_account: true,
        max_age: Some(0),
        login_hint: Some("ann".to_owned()),
        domain: None,
        locales: vec!["de".to_owned(), "en".to_owned()],
    };
    let expected = json!({"prompt": "login select_account", "max_age": "0", "login_hint": "ann", "ui_locales": "de en"});
    assert_eq!(asked(oidc(json!({})).connector(), &wish), expected);
    assert_eq!(
        asked(oidc(json!({})).connector(), &Wish::default()),
        json!({})
    );
    let fresh = Wish {
        fresh: true,
        ..Wish::default()
    };
    let expected = json!({"prompt": "login", "max_age": "0"});
    assert_eq!(asked(oidc(json!({})).connector(), &fresh), expected);
}

fn github() -> Provider {
    provider(json!({
        "kind": "oauth2", "issuer": "https://github.com/login/oauth", "subject": "/id",
        "authorization_endpoint": "https://github.com/login/oauth/authorize",
        "token_endpoint": "https://github.com/login/oauth/access_token",
        "user_endpoint": "https://api.github.com/user", "emails_endpoint": "https://api.github.com/user/emails",
        "authoritative_domains": ["contoso.example"],
    }))
}

#[test]
fn answers_of_an_api_are_claims() {
    let user = json!({"id": 583_231, "login": "ann", "name": "Ann Other", "email": "victim@contoso.example", "email_verified": true,
        "avatar_url": "https://avatars.example/1"});
    let emails = json!([
        "odd",
        {"email": "victim@contoso.example", "primary": false, "verified": true},
        {"email": "ann@contoso.example", "primary": true, "verified": true},
    ]);
    let claims = OAuth2::claims(user.clone(), Some(&emails)).unwrap();
    let github = github();
    let github = github.connector();
    let own = github.account("", &claims, &super::Claims::new()).unwrap();
    assert_eq!(own.key.namespace, "https://api.github.com/user");
    assert_eq!(
        (own.key.subject.as_str(), own.label.as_str()),
        ("583231", "ann")
    );
    let address = github.address(&claims).unwrap();
    assert_eq!(
        (address.address.as_typed(), address.proven),
        ("ann@contoso.example", true)
    );
    assert_eq!(
        github.profile(&claims)["picture"],
        "https://avatars.example/1"
    );
    for none in [
        json!([]),
        json!({}),
        json!([{"email": "ann@contoso.example", "primary": "true", "verified": true}]),
    ] {
        let claims = OAuth2::claims(user.clone(), Some(&none)).unwrap();
        assert_eq!(github.address(&claims), None, "{none}");
    }
    let unverified = json!([{"email": "ann@contoso.example", "primary": true}]);
    let claims = OAuth2::claims(user, Some(&unverified)).unwrap();
    assert_eq!(proven(github, &claims), Some(false));
    assert!(matches!(
        OAuth2::claims(json!([]), None),
        Err(Denied::Unbelievable(_))
    ));
}

#[test]
fn without_an_id_token_nothing_is_signed_and_no_fresh_sign_in_proven() {
    let github = github();
    let github = github.connector();
    assert!(github.discovery().is_none() && !github.quirks().nonce && !github.proves_freshness());
    assert!(!github.may_sign(&json!({}), "https://github.com/login/oauth", &json!({})));
    let choose = Wish {
        choose_account: true,
        fresh: true,
        login_hint: Some("x".to_owned()),
        ..Wish::default()
    };
    assert_eq!(asked(github, &choose), json!({"prompt": "select_account"}));
}
