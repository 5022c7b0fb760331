//! What is wrong with drafts, each with its field and code.

use serde_json::{Value, json};

use super::*;
use crate::kit::{Clock, Secret};
use crate::web::Loopback;

fn draft(settings: Value) -> ConnectionDraft {
    ConnectionDraft {
        name: "Contoso".to_owned(),
        settings: serde_json::from_value(settings).unwrap(),
        client_id: "5f0c3a3e-1111-2222-3333-444455556666".to_owned(),
        secret: Some(Secret::new(" s3cr3t~value\n")),
        secret_expires_at: None,
        enabled: true,
    }
}

fn oidc(more: &Value) -> ConnectionDraft {
    let mut provider = json!({"kind": "oidc", "issuer": "https://id.contoso.example/"});
    let more = more.as_object().unwrap().clone();
    provider.as_object_mut().unwrap().extend(more);
    draft(json!({ "provider": provider }))
}

fn check(draft: ConnectionDraft, loopback: Loopback) -> Result<Sound, Vec<FieldProblem>> {
    let outgoing = Outgoing::new(loopback).unwrap();
    draft.check(&Terms {
        now: Clock::system().moment().now,
        outgoing: &outgoing,
        before: None,
    })
}

fn told(draft: ConnectionDraft) -> Vec<(String, &'static str)> {
    let problems = check(draft, Loopback::Refused).err().unwrap_or_default();
    problems.into_iter().map(|p| (p.field, p.code)).collect()
}

#[track_caller]
fn only(draft: ConnectionDraft, field: &str, code: &'static str) {
    assert_eq!(told(draft), [(field.to_owned(), code)]);
}

#[test]
fn a_good_draft_comes_out_in_its_one_form() {
    let mut good = draft(json!({
        "provider": {"kind": "salesforce", "host": {"my_domain": " Acme--Test "}},
        "domains": ["BÜCHER.example"],
        "mapping": {"fields": {"nickname": "/a~1b"}},
    }));
    good.client_id = "3MVG9".to_owned();
    let sound = check(good, Loopback::Refused).unwrap();
    let settings = serde_json::to_value(&sound.settings).unwrap();
    assert_eq!(settings["provider"]["host"]["my_domain"], "acme--test");
    assert_eq!(settings["domains"], json!(["xn--bcher-kva.example"]));
    let NewSecret::Is(secret) = sound.secret else {
        panic!()
    };
    assert_eq!(secret.reveal(), "s3cr3t~value");
}

#[test]
fn all_problems_are_told_together() {
    let mut bad = oidc(&json!({"issuer": "http://10.0.0.1/?x"}));
    bad.name = "\n".to_owned();
    bad.client_id = "two words".to_owned();
    bad.secret = None;
    bad.settings.domains = vec!["com".into(), "a.example".into(), "A.example".into()];
    bad.settings.scopes = vec!["a b".into()];
    bad.settings.trusted_methods = vec!["mfa".into(), "mfa".into()];
    let pointers: Vec<String> = told(bad).into_iter().map(|(field, _)| field).collect();
    let expected = [
        "name",
        "provider/issuer",
        "domains/0",
        "domains/2",
        "scopes/0",
        "trusted_methods/1",
        "client_id",
        "client_secret",
    ];
    assert_eq!(pointers, expected);
}

/// A13, D1: an internal address or a free URL is never accepted.
#[test]
fn addresses_that_nothing_may_be_sent_to_are_told() {
    for (issuer, code) in [
        ("http://id.contoso.example", "bad_address"),
        ("https://127.0.0.1", "bad_address"),
        ("https://169.254.169.254/", "bad_address"),
        ("https://[::1]/", "bad_address"),
        ("https://user@id.contoso.example", "bad_address"),
        ("https://id.contoso.example/#", "bad_address"),
        ("https://id.contoso.example/?tenant=1", "bad_issuer"),
        (" https://id.contoso.example", "bad_issuer"),
        ("id.contoso.example", "bad_issuer"),
    ] {
        only(oidc(&json!({ "issuer": issuer })), "provider/issuer", code);
    }
    for host in [
        "acme.my.salesforce.com",
        "acme/x",
        "a--b--c",
        "-acme",
        "",
        "evil.example#",
    ] {
        let mut bad =
            draft(json!({"provider": {"kind": "salesforce", "host": {"my_domain": host}}}));
        bad.client_id = "3MVG9".to_owned();
        only(bad, "provider/host/my_domain", "bad_my_domain");
    }
}

/// Whoever can name the host of a provider with a fixed address can be anybody there.
#[test]
fn only_simulators_on_this_machine_stand_in_for_a_provider() {
    let google = |base: &str| {
        let mut google = draft(json!({"provider": {"kind": "google", "base_url": base}}));
        google.client_id = "us".to_owned();
        google
    };
    for elsewhere in [
        "https://google.evil.example",
        "http://127.0.0.1:9",
        "https://10.0.0.1",
    ] {
        only(google(elsewhere), "provider/base_url", "simulator_only");
    }
    assert!(check(google("http://127.0.0.1:9"), Loopback::Allowed).is_ok());
    let elsewhere = google("https://google.evil.example");
    assert!(check(elsewhere, Loopback::Allowed).is_err());
}

#[test]
fn what_is_often_pasted_instead_is_told() {
    let microsoft = || {
        draft(
            json!({"provider": {"kind": "microsoft", "cloud": "global", "audience": "organizations"}}),
        )
    };
    let mut bad = microsoft();
    bad.secret = Some(Secret::new("5f0c3a3e-1111-2222-3333-444455556667"));
    only(bad, "client_secret", "secret_id");
    let mut bad = microsoft();
    bad.client_id = "Contoso".to_owned();
    only(bad, "client_id", "bad_client_id");
    let google = draft(json!({"provider": {"kind": "google"}}));
    only(google, "client_id", "bad_client_id");
    let consumers = json!({"tenants": ["9188040d-6c67-4c5b-b112-36a304b66dad"]});
    let bad =
        draft(json!({"provider": {"kind": "microsoft", "cloud": "global", "audience": consumers}}));
    only(bad, "provider/audience/tenants/0", "bad_tenant");
    let mut bad = microsoft();
    bad.secret_expires_at = Some("2020-01-01T00:00:00Z".parse().unwrap());
    only(bad, "client_secret_expires_at", "expired");
}

#[test]
fn deviations_keep_the_flow_safe() {
    let quirks = |quirks: Value| oidc(&json!({ "quirks": quirks }));
    for (bad, field) in [
        (json!({"algorithms": []}), "algorithms"),
        (json!({"algorithms": ["none"]}), "algorithms/0"),
        (json!({"algorithms": ["RS256", "HS256"]}), "algorithms/1"),
        (json!({"clock_skew_seconds": 301}), "clock_skew_seconds"),
        (
            json!({"parameters": {"redirect_uri": "x"}}),
            "parameters/redirect_uri",
        ),
    ] {
        let problems = told(quirks(bad));
        assert_eq!(problems.len(), 1);
        assert_eq!(problems[0].0, format!("provider/quirks/{field}"));
    }
    let public = quirks(json!({"token_authentication": "none"}));
    let sound = check(public, Loopback::Refused).unwrap();
    assert!(matches!(sound.secret, NewSecret::Goes));
}

#[test]
fn a_mapping_names_fields_and_points_somewhere() {
    let group = format!("grp_{}", "0".repeat(26));
    let bad = draft(json!({
        "provider": {"kind": "oidc", "issuer": "https://id.contoso.example"},
        "mapping": {
            "fields": {"shoe_size": "/x", "nickname": "nick", "attributes.x": "/a~2", "name": "/n"},
            "groups": [{"claim": "groups", "value": "", "group": group}],
        },
    }));
    let expected = [
        ("mapping/fields/attributes.x", "bad_pointer"),
        ("mapping/fields/nickname", "bad_pointer"),
        ("mapping/fields/shoe_size", "unknown_field"),
        ("mapping/groups/0/claim", "bad_pointer"),
        ("mapping/groups/0/value", "bad_value"),
    ];
    let told = told(bad);
    let told: Vec<_> = told.iter().map(|(f, c)| (f.as_str(), *c)).collect();
    assert_eq!(told, expected);
}

/// BR-07: a stored secret goes to the provider that made it: who points a connection elsewhere brings another one.
#[test]
fn a_secret_stays_with_its_provider() {
    let before = |provider: Value| Connection {
        id: Clock::system().moment().id(),
        name: "Contoso".to_owned(),
        settings: serde_json::from_value(json!({ "provider": provider })).unwrap(),
        client_id: "us".to_owned(),
        secret_sealed: Some(vec![1]),
        secret_expires_at: None,
        enabled: true,
        created_at: Clock::system().moment().now,
        revision: 1,
    };
    let needed = |old: Value, new: Value| {
        let outgoing = Outgoing::new(Loopback::Refused).unwrap();
        let mut changed = draft(json!({ "provider": new }));
        changed.secret = None;
        let problems = changed.check(&Terms {
            now: Clock::system().moment().now,
            outgoing: &outgoing,
            before: Some(&before(old)),
        });
        problems.is_err_and(|found| found.iter().any(|one| one.code == "required"))
    };
    let oidc = |issuer: &str| json!({"kind": "oidc", "issuer": issuer});
    let entra =
        |tenants: Value| json!({"kind": "microsoft", "cloud": "global", "audience": tenants});
    let tenant = json!({"tenants": ["9188040d-6c67-4c5b-b112-36a304b66dae"]});
    assert!(!needed(
        oidc("https://a.example"),
        oidc("https://a.example")
    ));
    assert!(needed(oidc("https://a.example"), oidc("https://b.example")));
    assert!(!needed(entra(json!("organizations")), entra(tenant)));
    assert!(needed(
        oidc("https://a.example"),
        entra(json!("organizations"))
    ));
}
