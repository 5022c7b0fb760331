//! What can't be read is refused with a 4xx, and nothing is half-written.

use serde_json::json;

use super::{Answer, Desk};

async fn raw(desk: &Desk, kind: &str, body: impl Into<axum::body::Body>) -> Answer {
    desk.ask("POST", "/api/v1/groups")
        .raw(kind, body)
        .send()
        .await
}

#[tokio::test]
async fn a_body_is_json_or_refused() {
    let desk = Desk::new().await;
    for kind in [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/jsonp",
        "",
        "application/xml",
    ] {
        let refused = raw(&desk, kind, r#"{"name": "x"}"#).await;
        assert_eq!(refused.status.as_u16(), 415, "{kind}");
    }
    for text in [
        "",
        "{",
        "{\"name\": \"x\"}}",
        "{\"name\": \"x\",}",
        "nonsense",
        "{\"name\": \"\n\"}",
        "{'name': 'x'}",
    ] {
        let refused = raw(&desk, "application/json", text).await;
        assert_eq!(refused.status.as_u16(), 400, "{text}: {}", refused.body);
    }
    for text in [
        "[]",
        "null",
        "1",
        "{}",
        "{\"name\": 1}",
        "{\"name\": null}",
        "{\"name\": \"x\", \"colour\": 1}",
    ] {
        let refused = raw(&desk, "application/json", text).await;
        assert_eq!(refused.status.as_u16(), 422, "{text}: {}", refused.body);
    }
    raw(&desk, "application/json; charset=utf-8", r#"{"name": "x"}"#)
        .await
        .expect(201);
    assert_eq!(
        desk.get("/groups").await.body["items"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[tokio::test]
async fn ambiguous_or_unreadable_texts_are_refused() {
    let desk = Desk::new().await;
    let (_, application) = desk.application("Expense Desk", json!({})).await;
    let duplicates = [
        r#"{"name": "a", "name": "b"}"#.to_owned(),
        r#"{"name": "a", "\u006eame": "b"}"#.to_owned(),
    ];
    for text in duplicates {
        let refused = raw(&desk, "application/json", text.clone()).await;
        assert!(refused.status.is_client_error(), "{text}: {}", refused.body);
    }
    let inside = format!(
        r#"{{"application": "{application}", "email": "a@b.example", "profile": {{"given_name": "A", "given_name": "B"}}}}"#
    );
    let refused = desk
        .ask("POST", "/api/v1/invitations")
        .raw("application/json", inside)
        .send()
        .await;
    assert!(refused.status.is_client_error(), "{}", refused.body);
    for body in [
        b"{\"name\": \"\xff\xfe\"}".to_vec(),
        b"\xef\xbb\xbf{\"name\": \"x\"}".to_vec(),
        b"{\"name\": \"a\0b\"}".to_vec(),
    ] {
        assert_eq!(
            raw(&desk, "application/json", body).await.status.as_u16(),
            400
        );
    }
    for text in [r#"{"name": "a\u0000b"}"#, r#"{"name": "\ud800"}"#] {
        assert_eq!(
            raw(&desk, "application/json", text).await.status.as_u16(),
            400,
            "{text}"
        );
    }
    assert_eq!(desk.get("/groups").await.body["items"], json!([]));
}

#[tokio::test]
async fn huge_and_deep_bodies_are_refused() {
    let desk = Desk::new().await;
    let (_, application) = desk.application("Expense Desk", json!({})).await;
    let address = format!("{}@b.example", "a".repeat(10_000_000));
    let body = json!({"application": application, "email": address});
    let refused = desk.post("/invitations", body).await;
    assert_eq!(refused.code(), (413, "too_large"));
    let just_fits =
        json!({"application": application, "email": format!("{}@b.example", "a".repeat(60_000))});
    assert_eq!(
        desk.post("/invitations", just_fits)
            .await
            .expect(422)
            .pointers(),
        ["/email"]
    );
    let deep = |levels: usize| format!("{}{}", r#"{"name": "#, "[".repeat(levels));
    for levels in [100, 1000, 60_000] {
        let refused = raw(&desk, "application/json", deep(levels)).await;
        assert!(
            refused.status.is_client_error(),
            "{levels}: {}",
            refused.status
        );
    }
    let attributes = format!("{}1{}", r#"{"a": "#.repeat(100), "}".repeat(100));
    let deep = format!(
        r#"{{"application": "{application}", "email": "a@b.example", "attributes": {attributes}}}"#
    );
    let refused = desk
        .ask("POST", "/api/v1/invitations")
        .raw("application/json", deep)
        .send()
        .await;
    assert!(refused.status.is_client_error(), "{}", refused.body);
    assert_eq!(desk.get("/invitations").await.body["items"], json!([]));
}

#[tokio::test]
async fn ids_that_are_none_name_nothing() {
    let desk = Desk::new().await;
    for id in [
        "1",
        "grp_",
        "app_00000000000000000000000000",
        "%00",
        "..%2F..",
        "grp_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "'%20OR%201=1",
    ] {
        let answer = desk
            .ask("GET", &format!("/api/v1/groups/{id}"))
            .send()
            .await;
        assert_eq!(answer.code(), (404, "not_found"), "{id}");
    }
    let (nowhere, method) = (
        desk.ask("GET", "/api/v1/nothing"),
        desk.ask("PATCH", "/api/v1/groups"),
    );
    assert_eq!(nowhere.send().await.code(), (404, "not_found"));
    assert_eq!(method.send().await.code(), (405, "method_not_allowed"));
}

/// A problem has the members of RFC 9457, its own media type, and a request id to quote.
#[tokio::test]
async fn a_refusal_is_a_problem_document() {
    let desk = Desk::new().await;
    let refused = desk.get("/groups/grp_x").await.expect(404);
    assert_eq!(refused.headers["content-type"], "application/problem+json");
    assert_eq!(
        (refused.text("/type"), refused.text("/title")),
        ("about:blank", "Not Found")
    );
    assert!(refused.text("/request_id").starts_with("req_"));
    assert_eq!(refused.headers["cache-control"], "no-store");
}
