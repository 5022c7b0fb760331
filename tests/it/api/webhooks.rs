//! Webhooks through the API.

use serde_json::json;

use super::Desk;

/// R140: an address hears of events, signed with a secret that is shown once.
#[tokio::test]
async fn r140_a_webhook_is_made_changed_and_deleted() {
    let desk = Desk::new().await;
    let body = json!({"url": "http://localhost:9/hook", "kinds": ["group."]});
    let ask = || {
        desk.ask("POST", "/api/v1/webhooks")
            .with("idempotency-key", "k")
            .json(&body)
    };
    let made = ask().send().await.expect(201);
    assert!(made.text("/secret").starts_with("whsec_"));
    assert!(ask().send().await.expect(201).body.get("secret").is_none());
    let path = format!("/api/v1/webhooks/{}", made.text("/webhook/id"));
    let shown = desk.ask("GET", &path).send().await.expect(200);
    assert!(!shown.body.to_string().contains("whsec_"));
    let put = |tag: &str| {
        desk.ask("PUT", &path)
            .with("if-match", tag)
            .json(&json!({"url": "http://localhost:9/other"}))
            .send()
    };
    let changed = put(shown.etag()).await.expect(200);
    assert_eq!(changed.body["kinds"], json!([]));
    put(shown.etag()).await.expect(412);
    desk.post("/groups", json!({"name": "Finance"}))
        .await
        .expect(201);
    let deliveries = desk
        .ask("GET", &format!("{path}/deliveries"))
        .send()
        .await
        .expect(200);
    let kinds: Vec<_> = deliveries.body["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["kind"].clone())
        .collect();
    assert!(kinds.contains(&json!("group.created")), "{kinds:?}");
    let retry = format!("{path}/deliveries/{}/retry", deliveries.text("/items/0/id"));
    assert_eq!(
        desk.ask("POST", &retry).send().await.code(),
        (409, "delivery_not_failed")
    );
    desk.ask("DELETE", &path).send().await.expect(204);
    desk.ask("GET", &path).send().await.expect(404);
}

#[tokio::test]
async fn a_webhook_leads_to_no_inner_address_and_names_known_kinds() {
    let desk = Desk::new().await;
    for url in [
        "x",
        "ftp://a.example",
        "http://169.254.169.254/",
        "https://10.0.0.1/",
        "https://u:p@a.example/",
    ] {
        let refused = desk
            .post("/webhooks", json!({"url": url, "kinds": ["nothing."]}))
            .await
            .expect(422);
        assert_eq!(refused.pointers(), ["/url", "/kinds/0"], "{url}");
    }
}
