//! Who is let in: tokens and scopes.

use serde_json::json;
use usher::access::Permission;

use super::{Desk, every_scope, make_client};

/// Every operation of the document with the scope that it names.
fn operations() -> Vec<(String, String, String)> {
    let document = serde_json::to_value(usher::api::document()).unwrap();
    let mut operations = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["security"][0]["oauth2"][0].as_str();
            operations.push((
                method.to_uppercase(),
                path.clone(),
                scope.unwrap_or_else(|| panic!("{path}")).to_owned(),
            ));
        }
    }
    operations
}

/// A path with ids that nobody has.
fn filled(path: &str) -> String {
    let kinds = [
        ("/applications/{id}", "app"),
        ("/clients/{id}", "cli"),
        ("/groups/{id}", "grp"),
        ("/identities/{id}", "idn"),
        ("/invitations/{id}", "inv"),
        ("/stores/{id}", "ist"),
        ("/events/{id}", "evt"),
        ("/webhooks/{id}", "whk"),
        ("/members/{identity}", "idn"),
    ];
    kinds.iter().fold(path.to_owned(), |path, (part, prefix)| {
        let at = part.find('{').unwrap();
        path.replace(part, &format!("{}{prefix}_{}", &part[..at], "0".repeat(26)))
    })
}

/// R4, R133: each operation needs exactly the scope that its documentation names.
#[tokio::test]
async fn r4_each_operation_needs_the_scope_that_it_names() {
    let desk = Desk::new().await;
    for (method, path, scope) in operations() {
        let path = filled(&path);
        let others: Vec<_> = Permission::ALL
            .iter()
            .map(|one| one.scope())
            .filter(|one| *one != scope)
            .collect();
        let without = desk.token(&others.join(" "));
        let refused = desk
            .ask_as(&method, &path, &without)
            .json(&json!({}))
            .send()
            .await;
        assert_eq!(
            refused.code(),
            (403, "insufficient_scope"),
            "{method} {path}"
        );
        let challenge = refused.headers["www-authenticate"].to_str().unwrap();
        assert!(
            challenge.contains(&format!("scope=\"{scope}\"")),
            "{challenge}"
        );
        let with = desk
            .ask_as(&method, &path, &desk.token(&scope))
            .json(&json!({}))
            .send()
            .await;
        assert!(
            ![401, 403, 405, 500].contains(&with.status.as_u16()),
            "{method} {path}: {}",
            with.body
        );
    }
}

#[tokio::test]
async fn without_a_good_token_nobody_comes_in() {
    let desk = Desk::new().await;
    for (method, path, _) in operations() {
        let nobody = desk.ask_bare(&method, &filled(&path)).send().await;
        assert_eq!(nobody.code(), (401, "unauthenticated"), "{method} {path}");
        assert!(nobody.headers.contains_key("www-authenticate"));
    }
    let path = "/api/v1/groups";
    let good = desk.token("groups:read");
    for header in [
        "",
        "Bearer",
        "Bearer ",
        "Basic Zm9v",
        "Bearer x",
        &format!("Bearer {good}x"),
        &format!("DPoP {good}"),
    ] {
        let refused = desk
            .ask_bare("GET", path)
            .with("authorization", header)
            .send()
            .await;
        assert_eq!(refused.status.as_u16(), 401, "{header}");
    }
    let twice = desk
        .ask_as("GET", path, &good)
        .with("authorization", &format!("Bearer {good}"));
    assert_eq!(twice.send().await.status.as_u16(), 401);
    let in_query = desk
        .ask_bare("GET", &format!("{path}?access_token={good}"))
        .send()
        .await;
    assert_eq!(in_query.status.as_u16(), 401);
    desk.ask_as("GET", path, &good).send().await.expect(200);
}

#[tokio::test]
async fn a_token_ends_with_its_time_and_with_its_clients_scopes() {
    let desk = Desk::new().await;
    let limited = make_client(&desk.app, "groups:read").await;
    let greedy = desk.token_of(limited, &every_scope());
    desk.ask_as("GET", "/api/v1/groups", &greedy)
        .send()
        .await
        .expect(200);
    desk.ask_as("GET", "/api/v1/stores", &greedy)
        .send()
        .await
        .expect(403);
    desk.clock.advance(chrono::TimeDelta::minutes(11));
    desk.ask_as("GET", "/api/v1/groups", &greedy)
        .send()
        .await
        .expect(401);
    let unknown = desk.token_of(desk.app.moment().id(), "groups:read");
    desk.ask_as("GET", "/api/v1/groups", &unknown)
        .send()
        .await
        .expect(401);
}

/// The token of an application's client is no token for the API, even with an API scope and audience in it.
#[tokio::test]
async fn a_relying_party_is_no_client_of_the_api() {
    let desk = Desk::new().await;
    let (_, application) = desk.application("Expense Desk", json!({})).await;
    let client = desk
        .app
        .catalogue
        .current()
        .client_of(application)
        .unwrap()
        .id;
    let token = desk.token_of(client, "groups:read");
    desk.ask_as("GET", "/api/v1/groups", &token)
        .send()
        .await
        .expect(401);
}
