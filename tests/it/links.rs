//! Links that invitees open: what each shows, and that looking changes nothing.

use axum::body::Body;
use http::{Request, StatusCode, header};

use crate::harness::{TestApp, send};

/// R142: a link that nobody made has a page of its own.
#[tokio::test]
async fn r142_an_unknown_link_says_so() {
    for app in TestApp::each().await {
        let page = app.browser().open("/invitation/nonsense").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(!page.heading().is_empty());
    }
}

/// An address that leads nowhere gives a page to people, and a problem (RFC 9457) to programs and everywhere in the API.
#[tokio::test]
async fn an_unknown_address_answers_in_the_language_of_who_asks() {
    let app = TestApp::sqlite().await;
    let ask = async |path: &str, accept: &str| {
        let request = Request::get(path).header(header::ACCEPT, accept);
        let request = request.body(Body::empty()).unwrap();
        send(app.router.clone(), request).await
    };
    let person = "text/html,application/xhtml+xml,*/*;q=0.8";
    for (path, accept, kind) in [
        ("/nowhere", person, "text/html; charset=utf-8"),
        ("/nowhere", "application/json", "application/problem+json"),
        ("/nowhere", "*/*", "application/problem+json"),
        ("/api/nowhere", person, "application/problem+json"),
        ("/api/v1/nowhere", person, "application/problem+json"),
        ("/api/v1/nowhere", "*/*", "application/problem+json"),
    ] {
        let answer = ask(path, accept).await;
        assert_eq!(answer.status, StatusCode::NOT_FOUND, "{path} {accept}");
        assert_eq!(
            answer.headers[header::CONTENT_TYPE],
            kind,
            "{path} {accept}"
        );
    }
    assert_eq!(ask("/nowhere", "*/*").await.code(), "not_found");
}

#[tokio::test]
async fn the_server_is_alive_and_ready() {
    for app in TestApp::each().await {
        assert_eq!(app.get("/health/live").await.status, StatusCode::OK);
        assert_eq!(app.get("/health/ready").await.status, StatusCode::OK);
        assert_eq!(app.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    }
}
