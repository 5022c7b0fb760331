//! The document and the page that shows it.

use std::collections::BTreeSet;

use serde_json::Value;

use super::Desk;

/// The routes as `routes!` registers them: every handler of an `api.rs` carries its path.
#[tokio::test]
async fn the_document_is_served_and_complete() {
    let desk = Desk::new().await;
    let served = desk
        .ask_bare("GET", "/api/openapi.json")
        .send()
        .await
        .expect(200);
    assert_eq!(served.headers["content-type"], "application/json");
    assert_eq!(served.text("/openapi"), "3.1.0");
    let operations: Vec<&Value> = served.body["paths"]
        .as_object()
        .unwrap()
        .values()
        .flat_map(|item| item.as_object().unwrap().values())
        .collect();
    let ids: BTreeSet<_> = operations
        .iter()
        .map(|one| one["operationId"].as_str().unwrap())
        .collect();
    assert_eq!(ids.len(), operations.len(), "an operation id is used twice");
    for operation in operations {
        assert!(
            operation["summary"].is_string() || operation["description"].is_string(),
            "{operation}"
        );
        assert!(operation["tags"][0].is_string());
    }
}

/// Every path that an `api.rs` registers is in the document: there is no other way to register one.
#[test]
fn every_route_is_described() {
    let document = serde_json::to_value(usher::api::document()).unwrap();
    let described = document["paths"].as_object().unwrap();
    let mut registered = 0;
    for source in crate::house::api_sources() {
        assert!(
            !source.contains(".route("),
            "a route that the document doesn't know"
        );
        for (at, _) in source.match_indices("#[utoipa::path(") {
            let attribute = &source[at..];
            let path = attribute
                .split("path = \"")
                .nth(1)
                .unwrap()
                .split('"')
                .next()
                .unwrap();
            assert!(
                described.contains_key(&format!("/api/v1{path}")),
                "{path} is not routed"
            );
            registered += 1;
        }
    }
    let operations: usize = described
        .values()
        .map(|item| item.as_object().unwrap().len())
        .sum();
    assert_eq!(operations, registered);
}

/// Every type that the document points to is in it.
#[test]
fn every_reference_leads_somewhere() {
    let document = serde_json::to_value(usher::api::document()).unwrap();
    let text = document.to_string();
    for (at, mark) in text.match_indices("\"$ref\":\"#") {
        let pointer = text[at + mark.len()..].split('"').next().unwrap();
        assert!(document.pointer(pointer).is_some(), "{pointer}");
    }
}

#[tokio::test]
async fn the_page_shows_every_operation_without_script() {
    let desk = Desk::new().await;
    let page = desk.ask_bare("GET", "/api/docs").send().await.expect(200);
    let html = page.body.as_str().unwrap();
    assert!(!html.contains("<script") && !html.contains("style="));
    for operation in ["create_invitation", "revoke_invitation", "list_events"] {
        assert!(html.contains(&format!("id=\"{operation}\"")), "{operation}");
    }
    for (at, mark) in html.match_indices("href=\"#") {
        let anchor = html[at + mark.len()..].split('"').next().unwrap();
        assert!(html.contains(&format!("id=\"{anchor}\"")), "{anchor}");
    }
}
