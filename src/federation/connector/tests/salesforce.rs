//! Salesforce: hosts, ids of both lengths, and organizations.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{Claims, Denied, Provider, Wish, account, asked, claims, proven, provider, with};
use crate::federation::connector::{RecordId, is_my_domain};

/// The same record in both forms.
const ORGANIZATION: [&str; 2] = ["00D5e000000HbLn", "00D5e000000HbLnEAK"];
const USER: [&str; 2] = ["0055e0000012AbC", "0055e0000012AbCAAU"];

fn salesforce(host: Value) -> Provider {
    let mut settings = json!({"kind": "salesforce"});
    settings["host"] = host;
    provider(settings)
}

fn grace() -> Claims {
    claims(json!({
        "iss": "https://login.salesforce.com", "sub": sub("login.salesforce.com", 1),
        "organization_id": ORGANIZATION[1], "user_id": USER[1], "active": true,
        "preferred_username": "grace@harborline.example.crm", "email": "grace@harborline.example", "email_verified": true,
        "updated_at": "2026-11-02T08:00:00Z", "locale": "de_DE", "zoneinfo": "Europe/Berlin",
        "picture": "https://harborline.my.salesforce.com/profilephoto/1",
    }))
}

fn sub(host: &str, form: usize) -> String {
    format!("https://{host}/id/{}/{}", ORGANIZATION[form], USER[form])
}

#[test]
fn the_host_decides_the_issuer() {
    for (host, issuer) in [
        (json!("production"), "https://login.salesforce.com"),
        (json!("sandbox"), "https://test.salesforce.com"),
        (
            json!({"my_domain": "Harborline"}),
            "https://harborline.my.salesforce.com",
        ),
        (
            json!({"my_domain": "harborline--test"}),
            "https://harborline--test.sandbox.my.salesforce.com",
        ),
        (
            json!({"my_domain": "harborline-dev-ed"}),
            "https://harborline-dev-ed.develop.my.salesforce.com",
        ),
    ] {
        let salesforce = salesforce(host);
        let salesforce = salesforce.connector();
        assert!(salesforce.describes_itself_as(issuer), "{issuer}");
        assert!(!salesforce.describes_itself_as(&format!("{issuer}/")));
        let discovery = salesforce.discovery().unwrap();
        assert_eq!(
            discovery.as_str(),
            format!("{issuer}/.well-known/openid-configuration")
        );
    }
}

#[test]
fn a_my_domain_is_one_label() {
    for label in ["acme", "acme--test", "a1", "acme-dev-ed"] {
        assert!(is_my_domain(label), "{label}");
    }
    for wrong in [
        "",
        "-acme",
        "acme-",
        "acme--",
        "--test",
        "a--b--c",
        "acme.example",
        "acme/",
        "acme#",
        "acme:8080",
        "a cme",
        "acmé",
        "acme.my.salesforce.com",
        "attacker.example/",
    ] {
        assert!(!is_my_domain(wrong), "{wrong}");
        let salesforce = salesforce(json!({"my_domain": wrong}));
        assert_eq!(salesforce.connector().discovery(), None);
    }
    assert!(!is_my_domain(&"a".repeat(64)));
}

#[test]
fn ids_of_both_lengths_are_one() {
    for [short, long] in [
        ORGANIZATION,
        USER,
        ["001A0000006Vm9r", "001A0000006Vm9rIAC"],
    ] {
        let id: RecordId = short.parse().unwrap();
        assert_eq!(id.as_str(), long);
        assert_eq!(long.parse(), Ok(id.clone()));
        assert_eq!(long.parse::<RecordId>().unwrap(), id);
    }
    for wrong in [
        "",
        "0055e0000012Ab",
        "0055e0000012AbCA",
        "0055e0000012AbCAAA",
        "0055e0000012Ab'",
        "0055e0000012Ab\u{e9}",
        "0055E0000012AbCAAU",
    ] {
        assert!(wrong.parse::<RecordId>().is_err(), "{wrong}");
    }
}

/// R131: the account is organization and user, wherever the person signed in.
#[test]
fn r131_the_account_is_organization_and_user() {
    let salesforce = salesforce(json!("production"));
    let of = |changes: Value| account(salesforce.connector(), &with(&grace(), changes));
    let own = of(json!({})).unwrap();
    assert_eq!(
        own.key.namespace,
        format!("https://salesforce.com/{}", ORGANIZATION[1])
    );
    assert_eq!(
        (own.key.subject.as_str(), own.tenant.as_deref()),
        (USER[1], Some(ORGANIZATION[1]))
    );
    let elsewhere = json!({"sub": sub("harborline.my.salesforce.com", 0), "user_id": USER[0], "email": "g@x.example"});
    assert_eq!(of(elsewhere).unwrap().key, own.key);
    assert_eq!(
        of(json!({"organization_id": null, "user_id": null}))
            .unwrap()
            .key,
        own.key
    );
    for wrong in [
        json!({"organization_id": "00D5e000000HbLm"}),
        json!({"user_id": "0055e0000012AbD"}),
        json!({"user_id": 7}),
        json!({"sub": USER[1]}),
        json!({"sub": null}),
        json!({"sub": format!("https://login.salesforce.com/id/{}/{}", USER[1], ORGANIZATION[1])}),
        json!({"sub": format!("https://login.salesforce.com/{}/{}", ORGANIZATION[1], USER[1])}),
    ] {
        assert!(
            matches!(of(wrong.clone()), Err(Denied::Unbelievable(_))),
            "{wrong}"
        );
    }
}

#[test]
fn the_answer_names_the_same_account() {
    let salesforce = salesforce(json!("production"));
    let of = |id: Value| {
        let answer = claims(json!({"id": id, "issued_at": "1790000000000"}));
        salesforce
            .connector()
            .account("https://login.salesforce.com", &grace(), &answer)
    };
    assert!(of(json!(sub("test.salesforce.com", 0))).is_ok());
    let other = format!(
        "https://login.salesforce.com/id/{}/0055e0000012AbD",
        ORGANIZATION[0]
    );
    assert!(of(json!(other)).is_err() && of(json!(7)).is_err());
}

#[test]
fn inactive_people_and_other_organizations_are_not_admitted() {
    let any = salesforce(json!("production"));
    let admit = |changes: Value| any.connector().admit(&with(&grace(), changes));
    assert_eq!(admit(json!({})), Ok(()));
    assert_eq!(admit(json!({"active": null})), Ok(()));
    assert_eq!(admit(json!({"active": false})), Err(Denied::Inactive));
    assert_eq!(admit(json!({"active": "true"})), Err(Denied::Inactive));
    let listed = |id: &str| {
        let settings = json!({"kind": "salesforce", "host": "production", "organizations": [id]});
        provider(settings).connector().admit(&grace())
    };
    assert_eq!(ORGANIZATION.map(listed), [Ok(()), Ok(())]);
    assert_eq!(listed("00D5e000000HbLm"), Err(Denied::Organization));
    assert_eq!(listed("no id"), Err(Denied::Organization));
}

#[test]
fn addresses_are_never_proven_and_odd_claims_are_left_out() {
    let salesforce = salesforce(json!("production"));
    assert_eq!(proven(salesforce.connector(), &grace()), Some(false));
    let profile = salesforce.connector().profile(&grace());
    let names: Vec<_> = profile.keys().map(String::as_str).collect();
    assert_eq!(names, ["locale", "zoneinfo"]);
}

#[test]
fn a_wish_is_put_in_salesforces_words() {
    let wish = Wish {
        fresh: true,
        choose_account: true,
        max_age: Some(60),
        login_hint: Some("grace@harborline.example.crm".to_owned()),
        domain: Some("harborline.example".to_owned()),
        ..Wish::default()
    };
    let salesforce = salesforce(json!("production"));
    let expected =
        json!({"prompt": "login select_account", "login_hint": "grace@harborline.example.crm"});
    assert_eq!(asked(salesforce.connector(), &wish), expected);
}

proptest! {
    /// The form of 18 characters still names the record after a loss of case; the one of 15 doesn't.
    #[test]
    fn check_sums_tell_capitals(id in "[0-9A-Za-z]{15}", at in 0..15_usize) {
        let long = id.parse::<RecordId>().unwrap();
        prop_assert_eq!(&long.as_str()[..15], &id);
        prop_assert_eq!(long.as_str().parse::<RecordId>(), Ok(long.clone()));
        let mut other = id.into_bytes();
        other[at] ^= if other[at].is_ascii_alphabetic() { 0x20 } else { 0x01 };
        let other = String::from_utf8(other).unwrap().parse::<RecordId>().unwrap();
        prop_assert_ne!(other.as_str().to_lowercase(), long.as_str().to_lowercase());
    }
}
