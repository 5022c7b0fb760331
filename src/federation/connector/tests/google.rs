//! Google: the two issuers, hosted domains, and addresses that are its own.

use serde_json::{Value, json};

use super::{Claims, Denied, Provider, Wish, account, asked, claims, proven, provider, with};

const ISSUER: &str = "https://accounts.google.com";

fn google(domains: Value) -> Provider {
    let mut settings = json!({"kind": "google"});
    settings["hosted_domains"] = domains;
    provider(settings)
}

fn sven() -> Claims {
    claims(json!({
        "iss": ISSUER, "sub": "110000000000000000002", "hd": "harborline.example", "name": "Sven Larsson",
        "email": "sven@harborline.example", "email_verified": true,
    }))
}

#[test]
fn both_spellings_of_the_issuer_are_one_account() {
    let google = google(json!([]));
    let bare = with(&sven(), json!({"iss": "accounts.google.com"}));
    let issuer_of = |claims: &Claims| google.connector().issuer_of(ISSUER, claims).unwrap();
    assert_eq!(issuer_of(&sven()), ISSUER);
    assert_eq!(issuer_of(&bare), "accounts.google.com");
    for other in [
        "http://accounts.google.com",
        "accounts.google.com/",
        "https://attacker.example",
    ] {
        assert_eq!(issuer_of(&with(&sven(), json!({"iss": other}))), ISSUER);
    }
    let keys = [&sven(), &bare].map(|claims| account(google.connector(), claims).unwrap().key);
    assert_eq!(keys[0], keys[1]);
    assert_eq!(keys[0].namespace, ISSUER);
    // Only tokens have the old spelling, not the document.
    assert!(
        !google
            .connector()
            .describes_itself_as("accounts.google.com")
    );
}

#[test]
fn a_simulator_is_in_googles_place() {
    let local = provider(json!({"kind": "google", "base_url": "http://127.0.0.1:4711"}));
    let local = local.connector();
    assert!(local.describes_itself_as("http://127.0.0.1:4711"));
    let bare = with(&sven(), json!({"iss": "127.0.0.1:4711"}));
    assert_eq!(
        local.issuer_of("http://127.0.0.1:4711", &bare).unwrap(),
        "127.0.0.1:4711"
    );
    assert_eq!(
        account(local, &bare).unwrap().key.namespace,
        "http://127.0.0.1:4711"
    );
}

#[test]
fn the_hosted_domain_is_the_claims_not_the_requests() {
    let any = google(json!([]));
    let hosted = google(json!(["Harborline.example"]));
    let admit =
        |google: &Provider, hd: Value| google.connector().admit(&with(&sven(), json!({"hd": hd})));
    assert_eq!(admit(&any, json!(null)), Ok(()));
    assert_eq!(admit(&hosted, json!("harborline.example")), Ok(()));
    assert_eq!(
        admit(&hosted, json!("northwind.example")),
        Err(Denied::Organization)
    );
    assert_eq!(admit(&hosted, json!(null)), Err(Denied::Personal));
    assert_eq!(
        admit(&hosted, json!(["harborline.example"])),
        Err(Denied::Personal)
    );
}

/// R131: Google speaks for its own addresses and for those of hosted domains; others it verified once.
#[test]
fn r131_google_is_believed_about_its_own_addresses_only() {
    let google = google(json!([]));
    let of = |changes: Value| proven(google.connector(), &with(&sven(), changes));
    assert_eq!(of(json!({})), Some(true));
    assert_eq!(
        of(json!({"hd": null, "email": "gil@gmail.com"})),
        Some(true)
    );
    for (no, why) in [
        (json!({"hd": null}), "a mailbox elsewhere, verified once"),
        (json!({"email_verified": null}), "nobody says so"),
        (json!({"email_verified": "true"}), "a text is no truth"),
        (json!({"email_verified": false}), "not verified"),
        (
            json!({"hd": null, "email": "gil@gmail.com", "email_verified": false}),
            "not verified",
        ),
        (
            json!({"hd": null, "email": "gil@gmail.com.attacker.example"}),
            "only looks alike",
        ),
        (json!({"hd": " "}), "no domain"),
    ] {
        assert_eq!(of(no), Some(false), "{why}");
    }
}

#[test]
fn a_wish_is_put_in_googles_words() {
    let any = google(json!([]));
    let fresh = Wish {
        fresh: true,
        max_age: Some(60),
        login_hint: Some("sven@harborline.example".to_owned()),
        ..Wish::default()
    };
    assert_eq!(
        asked(any.connector(), &fresh),
        json!({"prompt": "select_account", "login_hint": "sven@harborline.example"})
    );
    assert!(!any.connector().proves_freshness());
    let by_domain = Wish {
        domain: Some("b.example".to_owned()),
        ..Wish::default()
    };
    let hd =
        |domains: Value, wish: &Wish| asked(google(domains).connector(), wish).get("hd").cloned();
    assert_eq!(hd(json!([]), &Wish::default()), None);
    assert_eq!(hd(json!([]), &by_domain), Some(json!("b.example")));
    assert_eq!(
        hd(json!(["a.example"]), &by_domain),
        Some(json!("a.example"))
    );
    assert_eq!(
        hd(json!(["a.example", "b.example"]), &by_domain),
        Some(json!("b.example"))
    );
    assert_eq!(
        hd(json!(["a.example", "b.example"]), &Wish::default()),
        Some(json!("*"))
    );
}
