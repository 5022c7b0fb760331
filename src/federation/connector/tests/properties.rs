//! Claims of any shape: nothing panics, nothing is proven without the provider's word.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Claims, Wish, provider};
use crate::federation::Provider;

const TENANT: &str = "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01";

fn providers() -> Vec<Provider> {
    [
        json!({"kind": "microsoft", "cloud": "global", "audience": "organizations", "refuse_guests": true}),
        json!({"kind": "microsoft", "cloud": "us_government", "audience": {"tenants": [TENANT]}}),
        json!({"kind": "google", "hosted_domains": ["contoso.example"]}),
        json!({"kind": "google"}),
        json!({"kind": "salesforce", "host": "production"}),
        json!({"kind": "oidc", "issuer": "https://id.contoso.example", "authoritative_domains": ["contoso.example"],
            "quirks": {"string_booleans": true}}),
        json!({"kind": "oauth2", "issuer": "https://github.com/login/oauth", "subject": "/id",
            "authorization_endpoint": "https://github.com/a", "token_endpoint": "https://github.com/t",
            "user_endpoint": "https://api.github.com/user", "authoritative_domains": ["contoso.example"]}),
    ]
    .map(provider)
    .to_vec()
}

/// The values that mean something, and many that don't.
fn value() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "\\PC{0,12}",
        Just("true".to_owned()),
        Just("1".to_owned()),
        Just("2.0".to_owned()),
        Just(TENANT.to_owned()),
        Just("contoso.example".to_owned()),
        Just("ann@contoso.example".to_owned()),
        Just("ann@gmail.com".to_owned()),
        Just("https://login.salesforce.com/id/00D5e000000HbLn/0055e0000012AbC".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(json!(1)),
        any::<f64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            proptest::collection::btree_map("[a-z]{0,3}", inner, 0..3)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn any_claims() -> impl Strategy<Value = Claims> {
    let name = proptest::sample::select(vec![
        "iss",
        "sub",
        "tid",
        "TID",
        "oid",
        "ver",
        "acct",
        "idp",
        "email",
        "email_verified",
        "xms_edov",
        "hd",
        "id",
        "active",
        "organization_id",
        "user_id",
        "preferred_username",
        "name",
        "address",
        "locale",
        "picture",
        "login",
    ]);
    let pairs = proptest::collection::vec((name, value()), 0..14);
    pairs.prop_map(|pairs| {
        pairs
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect()
    })
}

/// The claims by which providers say that an address is the person's.
fn says_so(claims: &Claims) -> bool {
    let yes = [json!(true), json!("true"), json!(1), json!("1")];
    let said = |name: &str| claims.get(name).is_some_and(|value| yes.contains(value));
    said("email_verified") || said("xms_edov")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    #[test]
    fn any_claims_are_survived_and_nothing_is_proven_without_a_word(claims in any_claims(), answer in any_claims()) {
        for provider in providers() {
            let connector = provider.connector();
            let _ = connector.admit(&claims);
            let _ = connector.parameters(&Wish::default());
            if let Ok(issuer) = connector.issuer_of("https://login.microsoftonline.com/{tenantid}/v2.0", &claims) {
                let _ = connector.may_sign(&Value::Object(claims.clone()), &issuer, &Value::Object(answer.clone()));
                if let Ok(account) = connector.account(&issuer, &claims, &answer) {
                    prop_assert!(!account.key.subject.is_empty() && !account.key.namespace.is_empty());
                    prop_assert!(!account.label.contains(char::is_control));
                }
            }
            if let Some(address) = connector.address(&claims) {
                prop_assert_eq!(claims.get("email").and_then(Value::as_str).map(str::trim), Some(address.address.as_typed()));
                prop_assert!(!address.proven || says_so(&claims));
            }
            let profile = connector.profile(&claims);
            prop_assert!(!profile.contains_key("email"));
        }
    }
}
