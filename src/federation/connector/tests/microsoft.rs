//! Entra: tenants, keys, guests, and addresses that anybody may write.

use serde_json::{Value, json};

use super::{Claims, Denied, Provider, Wish, account, asked, claims, proven, provider, with};

const TENANT: &str = "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01";
const OTHER: &str = "e1c7d830-52ab-4e94-8f06-b9a3d7e5c103";
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";
const TEMPLATED: &str = "https://login.microsoftonline.com/{tenantid}/v2.0";

fn entra(audience: Value) -> Provider {
    let mut settings = json!({"kind": "microsoft", "cloud": "global"});
    settings["audience"] = audience;
    provider(settings)
}

fn issuer(tenant: &str) -> String {
    format!("https://login.microsoftonline.com/{tenant}/v2.0")
}

fn grace() -> Claims {
    claims(json!({
        "iss": issuer(TENANT), "tid": TENANT, "oid": "9a0d3b1c-64f2-4e87-8d15-3c7b2e9f4a11", "sub": "pairwise", "ver": "2.0",
        "preferred_username": "grace@contoso.example", "name": "Grace Hopper", "email": "grace@contoso.example",
    }))
}

#[test]
fn clouds_have_their_own_hosts() {
    for (cloud, login) in [
        ("global", "login.microsoftonline.com"),
        ("us_government", "login.microsoftonline.us"),
        ("us_government_dod", "login.microsoftonline.us"),
        ("china", "login.partner.microsoftonline.cn"),
    ] {
        let entra =
            provider(json!({"kind": "microsoft", "cloud": cloud, "audience": "organizations"}));
        let entra = entra.connector();
        let discovery = entra.discovery().unwrap().to_string();
        let expected =
            format!("https://{login}/organizations/v2.0/.well-known/openid-configuration");
        assert_eq!(discovery, expected);
        assert!(entra.describes_itself_as(&format!("https://{login}/{{tenantid}}/v2.0")));
        assert!(!entra.describes_itself_as(&format!("https://{login}/organizations/v2.0")));
        assert_eq!(entra.describes_itself_as(TEMPLATED), cloud == "global");
    }
}

#[test]
fn one_tenant_has_a_document_of_its_own() {
    let one = entra(json!({"tenants": [TENANT]}));
    assert!(
        one.connector()
            .discovery()
            .unwrap()
            .path()
            .starts_with(&format!("/{TENANT}/"))
    );
    assert!(one.connector().describes_itself_as(&issuer(TENANT)));
    assert!(!one.connector().describes_itself_as(TEMPLATED));
    let two = entra(json!({"tenants": [TENANT, OTHER]}));
    assert!(two.connector().describes_itself_as(TEMPLATED));
}

#[test]
fn the_issuer_follows_from_the_tenant() {
    let entra = entra(json!("organizations"));
    let of = |claims: &Claims| entra.connector().issuer_of(TEMPLATED, claims);
    assert_eq!(of(&grace()), Ok(issuer(TENANT)));
    for wrong in [
        json!({"tid": null}),
        json!({"tid": 7}),
        json!({"tid": "contoso.example"}),
        json!({"tid": TENANT.replace('-', "")}),
        json!({"TID": OTHER}),
        json!({"Tid": TENANT}),
    ] {
        let refused = of(&with(&grace(), wrong.clone()));
        assert!(matches!(refused, Err(Denied::Unbelievable(_))), "{wrong}");
    }
    // The document of one tenant doesn't speak for another.
    let refused = entra
        .connector()
        .issuer_of(&issuer(TENANT), &with(&grace(), json!({"tid": OTHER})));
    assert!(refused.is_err());
    assert!(
        entra
            .connector()
            .issuer_of("https://sts.windows.net/{tenantid}/", &grace())
            .is_err()
    );
}

/// What keeps a key for personal accounts from signing for a work tenant, and one cloud's key from signing in another.
#[test]
fn keys_sign_for_their_issuer_and_cloud() {
    let entra = entra(json!("organizations"));
    let metadata = json!({"cloud_instance_name": "microsoftonline.com"});
    let may = |jwk: Value| entra.connector().may_sign(&jwk, &issuer(TENANT), &metadata);
    assert!(may(
        json!({"issuer": TEMPLATED, "cloud_instance_name": "microsoftonline.com"})
    ));
    assert!(may(json!({"issuer": issuer(TENANT)})) && may(json!({})));
    assert!(!may(json!({"issuer": issuer(CONSUMERS)})));
    assert!(!may(json!({"issuer": issuer(OTHER)})));
    assert!(!may(
        json!({"issuer": "https://login.microsoftonline.us/{tenantid}/v2.0"})
    ));
    assert!(!may(json!({"issuer": 7})));
    assert!(!may(
        json!({"issuer": TEMPLATED, "cloud_instance_name": "microsoftonline.us"})
    ));
}

#[test]
fn personal_accounts_other_tenants_and_old_tokens_are_not_admitted() {
    let any = entra(json!("organizations"));
    let listed = entra(json!({"tenants": [TENANT, CONSUMERS]}));
    let admit =
        |entra: &Provider, changes: Value| entra.connector().admit(&with(&grace(), changes));
    assert_eq!(admit(&any, json!({"tid": OTHER})), Ok(()));
    assert_eq!(admit(&listed, json!({})), Ok(()));
    assert_eq!(
        admit(&listed, json!({"tid": OTHER})),
        Err(Denied::Organization)
    );
    for entra in [&any, &listed] {
        assert_eq!(
            admit(entra, json!({"tid": CONSUMERS})),
            Err(Denied::Personal)
        );
        for version in [json!("1.0"), json!(2.0), json!(null)] {
            assert!(admit(entra, json!({"ver": version})).is_err());
        }
    }
}

#[test]
fn guests_are_refused_where_the_connection_says_so() {
    let strict = provider(
        json!({"kind": "microsoft", "cloud": "global", "audience": "organizations", "refuse_guests": true}),
    );
    for (guest, expected) in [
        (json!({"acct": 1}), Err(Denied::Guest)),
        (json!({"acct": "1"}), Err(Denied::Guest)),
        (json!({"idp": "live.com"}), Err(Denied::Guest)),
        (
            json!({"idp": format!("https://sts.windows.net/{OTHER}/")}),
            Err(Denied::Guest),
        ),
        (json!({"acct": 0}), Ok(())),
        (json!({"idp": issuer(TENANT)}), Ok(())),
        (json!({}), Ok(())),
    ] {
        let guest = with(&grace(), guest);
        assert_eq!(strict.connector().admit(&guest), expected, "{guest:?}");
        assert_eq!(
            entra(json!("organizations")).connector().admit(&guest),
            Ok(())
        );
    }
}

/// R131: the account is tenant and object; an address, a user name or the pairwise subject changes nothing.
#[test]
fn r131_the_account_is_tenant_and_object() {
    let entra = entra(json!("organizations"));
    let of = |changes: Value| account(entra.connector(), &with(&grace(), changes));
    let own = of(json!({})).unwrap();
    assert_eq!(own.key.namespace, issuer(TENANT));
    assert_eq!(own.key.subject, "9a0d3b1c-64f2-4e87-8d15-3c7b2e9f4a11");
    assert_eq!(own.label, "grace@contoso.example");
    let renamed = of(
        json!({"preferred_username": "g@contoso.example", "email": "victim@harborline.example", "sub": "other"}),
    );
    assert_eq!(renamed.unwrap().key, own.key);
    let elsewhere = of(json!({"tid": OTHER, "iss": issuer(OTHER)})).unwrap();
    assert_ne!(elsewhere.key, own.key);
    assert!(of(json!({"oid": null})).is_err() && of(json!({"oid": "grace"})).is_err());
}

/// nOAuth: an administrator writes any address into a user, so that only the owner of its domain can vouch for it.
#[test]
fn an_address_is_proven_by_the_owner_of_its_domain_only() {
    let entra = entra(json!("organizations"));
    let of = |edov: Value| {
        proven(
            entra.connector(),
            &with(&grace(), json!({"xms_edov": edov})),
        )
    };
    for yes in [json!(true), json!(1), json!("1"), json!("true")] {
        assert_eq!(of(yes), Some(true));
    }
    for no in [
        json!(null),
        json!(false),
        json!(0),
        json!("0"),
        json!("True"),
        json!(2),
        json!(1.5),
        json!([true]),
    ] {
        assert_eq!(of(no.clone()), Some(false), "{no}");
    }
    // Entra never issues it, and whoever does is not believed.
    let other = with(&grace(), json!({"email_verified": true}));
    assert_eq!(proven(entra.connector(), &other), Some(false));
    let none = with(&grace(), json!({"email": null, "xms_edov": true}));
    assert_eq!(proven(entra.connector(), &none), None);
}

#[test]
fn a_wish_is_put_in_entras_words() {
    let entra = entra(json!("organizations"));
    let hint = Some("grace@contoso.example".to_owned());
    let fresh = Wish {
        fresh: true,
        choose_account: true,
        max_age: Some(60),
        ..Wish::default()
    };
    assert_eq!(
        asked(entra.connector(), &fresh),
        json!({"prompt": "login", "max_age": "60", "domain_hint": "organizations"})
    );
    let known = Wish {
        login_hint: hint.clone(),
        domain: Some("contoso.example".to_owned()),
        ..Wish::default()
    };
    assert_eq!(
        asked(entra.connector(), &known),
        json!({"login_hint": "grace@contoso.example", "domain_hint": "contoso.example"})
    );
    let another = Wish {
        choose_account: true,
        login_hint: hint,
        ..Wish::default()
    };
    assert_eq!(
        asked(entra.connector(), &another),
        json!({"prompt": "select_account", "domain_hint": "organizations"})
    );
}
