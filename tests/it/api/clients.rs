//! Applications and clients.

use serde_json::{Value, json};

use super::{Desk, make_client};

/// R31, R32: an application may speak OpenID Connect, SAML 2.0 or both; only the first and the last have a client.
#[tokio::test]
async fn r32_an_application_has_a_client_if_it_speaks_openid_connect() {
    let desk = Desk::new().await;
    let (store, id) = desk
        .application("Expense Desk", json!({"address": "same_domain"}))
        .await;
    let shown = desk.get(&format!("/applications/{id}")).await.expect(200);
    assert_eq!(shown.text("/policy/address"), "same_domain");
    assert_eq!(shown.text("/policy/sign_up"), "invitation_only");
    let client = desk
        .get(&format!("/clients/{}", shown.text("/client")))
        .await
        .expect(200);
    assert_eq!(
        client.body["redirect_uris"],
        json!(["https://app.example/callback"])
    );
    assert_eq!(client.text("/pkce"), "required");

    let saml = json!({"name": "Old", "protocol": "saml2", "saml_entity_id": "urn:old", "saml_acs_url": "https://old.example/acs"});
    let body = |client: Value| json!({"store": store, "application": saml, "client": client});
    desk.post(
        "/applications",
        body(json!({"redirect_uris": ["https://old.example/cb"]})),
    )
    .await
    .expect(422);
    let made = desk
        .post("/applications", body(Value::Null))
        .await
        .expect(201);
    assert!(made.body.get("client_secret").is_none());
}

#[tokio::test]
async fn every_mistake_in_an_application_is_told_at_once() {
    let desk = Desk::new().await;
    let store = desk
        .post(
            "/stores",
            json!({"name": "People", "identifiers": ["EMAIL"]}),
        )
        .await
        .expect(201);
    let body = json!({
        "store": store.text("/id"),
        "application": {"name": "", "accent": "red", "home_url": "http://app.example", "policy": {"connections": []}},
        "client": {"redirect_uris": ["http://app.example/cb", "https://ok.example/cb#x"], "scopes": "admin"},
    });
    let refused = desk.post("/applications", body).await.expect(422);
    let pointers = refused.pointers();
    for wanted in [
        "/name",
        "/accent",
        "/home_url",
        "/policy/connections",
        "/redirect_uris/0",
        "/redirect_uris/1",
        "/scopes",
    ] {
        assert!(
            pointers.iter().any(|pointer| pointer.ends_with(wanted)),
            "{wanted} in {pointers:?}"
        );
    }
}

/// R45: the groups of an application are exactly those that were assigned last.
#[tokio::test]
async fn r45_groups_are_assigned_to_an_application() {
    let desk = Desk::new().await;
    let (_, id) = desk.application("Expense Desk", json!({})).await;
    let group = desk
        .post("/groups", json!({"name": "Users"}))
        .await
        .expect(201)
        .text("/id")
        .to_owned();
    let path = format!("/api/v1/applications/{id}/groups");
    let put = |groups: Value| {
        desk.ask("PUT", &path)
            .json(&json!({"groups": groups}))
            .send()
    };
    put(json!([group, group])).await.expect(204);
    assert_eq!(
        desk.get(&format!("/applications/{id}")).await.body["groups"],
        json!([group])
    );
    assert_eq!(
        put(json!([format!("grp_{}", "0".repeat(26))])).await.code(),
        (422, "unknown_group")
    );
    put(json!([])).await.expect(204);
    assert_eq!(
        desk.get(&format!("/applications/{id}")).await.body["groups"],
        json!([])
    );
}

#[tokio::test]
async fn a_secret_is_shown_once_and_replaced() {
    let desk = Desk::new().await;
    let made = desk
        .post("/clients", json!({"name": "Sync", "scopes": "groups:read"}))
        .await
        .expect(201);
    let secret = made.text("/client_secret").to_owned();
    let id = made.text("/client/id").to_owned();
    let shown = desk.get(&format!("/clients/{id}")).await.expect(200);
    assert!(!shown.body.to_string().contains(&secret));
    let fresh = desk
        .post(
            &format!("/clients/{id}/secret"),
            json!({"overlap_seconds": 60}),
        )
        .await
        .expect(200);
    assert_ne!(fresh.text("/client_secret"), secret);
    let client = desk
        .app
        .catalogue
        .current()
        .client(id.parse().unwrap())
        .unwrap()
        .clone();
    let now = desk.app.moment().now;
    let old = usher::kit::Secret::new(secret);
    assert!(client.knows_secret(&old, now));
    assert!(!client.knows_secret(&old, now + chrono::TimeDelta::seconds(61)));
}

/// Nobody obtains more than they hold by making, changing or taking over a client.
#[tokio::test]
async fn a_client_can_not_give_what_it_does_not_hold() {
    let desk = Desk::new().await;
    let weak = make_client(&desk.app, "clients:write clients:read").await;
    let strong = make_client(&desk.app, "administrators:write invitations:link").await;
    let token = desk.token_of(weak, "clients:write clients:read");
    let ask = |method: &str, path: &str| desk.ask_as(method, &format!("/api/v1{path}"), &token);
    let body = json!({"name": "More", "scopes": "clients:write groups:write"});
    let refused = ask("POST", "/clients").json(&body).send().await;
    assert_eq!(
        (refused.code(), refused.pointers()),
        ((403, "forbidden"), vec!["/scopes"])
    );
    ask("POST", &format!("/clients/{strong}/secret"))
        .json(&json!({}))
        .send()
        .await
        .expect(403);
    let settings = json!({"grant_types": ["client_credentials"], "scopes": "clients:read"});
    let update = json!({"name": "Mine", "settings": settings});
    ask("PUT", &format!("/clients/{strong}"))
        .with("if-match", "\"1\"")
        .json(&update)
        .send()
        .await
        .expect(403);
    let own = json!({"name": "Mine", "settings": {"grant_types": ["client_credentials"], "scopes": "clients:write groups:write"}});
    ask("PUT", &format!("/clients/{weak}"))
        .with("if-match", "\"1\"")
        .json(&own)
        .send()
        .await
        .expect(403);
    ask("PUT", &format!("/clients/{weak}"))
        .with("if-match", "\"1\"")
        .json(&update)
        .send()
        .await
        .expect(200);
}

/// Mass assignment: what a caller may not decide is no field.
#[tokio::test]
async fn fields_that_are_not_the_callers_are_unknown() {
    let desk = Desk::new().await;
    let store = desk
        .post(
            "/stores",
            json!({"name": "People", "identifiers": ["EMAIL"]}),
        )
        .await
        .expect(201);
    for extra in ["id", "purpose", "revision", "created_at", "store_id"] {
        let mut application = json!({"name": "X"});
        application[extra] = "console".into();
        let body = json!({
            "store": store.text("/id"), "application": application, "client": {"redirect_uris": ["https://x.example/cb"]},
        });
        let refused = desk.post("/applications", body).await.expect(422);
        assert_eq!(refused.pointers(), [format!("/application/{extra}")]);
    }
    let client = json!({"name": "X", "scopes": "groups:read", "application": format!("app_{}", "0".repeat(26))});
    desk.post("/clients", client).await.expect(422);
}
