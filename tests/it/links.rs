//! Links that invitees open: what each shows, and that looking changes nothing.

use http::StatusCode;

use crate::harness::TestApp;

/// R142: a link that nobody made has a page of its own.
#[tokio::test]
async fn r142_an_unknown_link_says_so() {
    for app in TestApp::each().await {
        let page = app.browser().open("/invitation/nonsense").await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(!page.heading().is_empty());
    }
}

#[tokio::test]
async fn the_server_is_alive_and_ready() {
    for app in TestApp::each().await {
        assert_eq!(app.get("/health/live").await.status, StatusCode::OK);
        assert_eq!(app.get("/health/ready").await.status, StatusCode::OK);
        assert_eq!(app.get("/nowhere").await.status, StatusCode::NOT_FOUND);
    }
}
