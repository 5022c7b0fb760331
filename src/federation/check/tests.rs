//! What Graph's answers prove, from recorded shapes with invented values; and the checks without any network.

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;
use crate::federation::AccountKey;

/// JSON of any shape, with the names and values that the checks look for among others.
pub(super) fn any_json() -> impl Strategy<Value = Value> {
    let text = prop_oneof![
        "[a-z0-9]{0,8}",
        Just("ACTIVE".to_owned()),
        Just("Success".to_owned()),
        Just("true".to_owned()),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        text.prop_map(Value::from),
    ];
    let name = prop_oneof![
        "[a-z]{0,4}",
        Just("id".to_owned()),
        Just("isAdmin".to_owned()),
        Just("suspended".to_owned()),
        Just("state".to_owned()),
        Just("Profile".to_owned()),
        Just("version".to_owned()),
        Just("servicePlans".to_owned()),
        Just("roleTemplateId".to_owned()),
    ];
    leaf.prop_recursive(4, 32, 4, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map(name.clone(), inner, 0..6)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn account() -> Account {
    Account {
        key: AccountKey {
            namespace: "https://id.example".to_owned(),
            subject: "7".to_owned(),
        },
        tenant: None,
        label: "ann".to_owned(),
    }
}

fn person<'a>(claims: &'a Map<String, Value>, account: &'a Account) -> Person<'a> {
    Person {
        claims,
        account,
        answer: claims,
        access_token: None,
    }
}

/// A check that can't ask says what helps, and sends nothing.
#[tokio::test]
async fn without_a_token_nothing_is_proven() {
    let outgoing = Outgoing::new(crate::web::Loopback::Refused).unwrap();
    let claims = json!({"tid": "3d0f1c52-8a1e-4d6f-9b7a-0c5e2f7a1b01", "hd": "harborline.example", "instance_url": "https://harborline.my.salesforce.com"});
    let claims = claims.as_object().unwrap().clone();
    let mut account = account();
    account.key.subject = "0055e0000012AbC".to_owned();
    for provider in [
        json!({"kind": "microsoft", "cloud": "global", "audience": "organizations"}),
        json!({"kind": "google"}),
        json!({"kind": "salesforce", "host": "production"}),
    ] {
        let settings: Provider = serde_json::from_value(provider).unwrap();
        let checks = Checks::live(&settings, &outgoing, &Rules::default());
        let person = person(&claims, &account);
        let proof = checks.administrator.unwrap().administrator(&person).await;
        assert_eq!(proof.verdict, Verdict::NotProven(Remedy::SignInAgain));
        let organization = checks.organization.unwrap();
        let unproven = organization.organization(&person).await.unwrap_err();
        assert_eq!(unproven.remedy, Remedy::SignInAgain);
    }
}

#[tokio::test]
async fn a_simulated_proof_says_that_it_is_one() {
    let checks = Checks::simulated(&Simulated {
        administrator: Verdict::Proven,
        licence: Verdict::NotProven(Remedy::AssignLicence),
        organization: None,
    });
    let (claims, account) = (Map::new(), account());
    let person = person(&claims, &account);
    let proof = checks.administrator.unwrap().administrator(&person).await;
    assert!(proof.is_proven());
    assert!(matches!(proof.how, How::Statement { by } if by == "the simulation"));
    assert!(!checks.licence.unwrap().licence(&person).await.is_proven());
    let organization = checks.organization.unwrap();
    let unproven = organization.organization(&person).await.unwrap_err();
    assert_eq!(unproven.remedy, Remedy::StateIt);
}

#[test]
fn a_statement_names_who_made_it() {
    let proof = Proof::stated("Olga Operator", "The customer has installed the app.");
    let written = serde_json::to_value(&proof).unwrap();
    assert_eq!(written["how"]["statement"]["by"], "Olga Operator");
    assert_eq!(written["verdict"], "proven");
}
