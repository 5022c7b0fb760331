//! The development mailbox: there while nobody else can look into it, and nowhere else.

use axum::http::StatusCode;
use serde_json::Value;
use url::Url;
use usher::kit::Internal;
use usher::mail::{self, Envelope, RecoveryLetter};
use usher::web::Locale;

use crate::harness::TestApp;

const LINK: &str = "http://localhost:8080/reset-password/s3cr3t";
const PAGES: [&str; 2] = ["/mailbox", "/mailbox.json"];

async fn has_a_letter(test: &TestApp) {
    let recipient = "ann@harborline.example".parse().unwrap();
    let letter = RecoveryLetter {
        application: "Expense <i>Desk</i>".into(),
        accent: None,
        link: LINK.into(),
        expires_at: test.app.moment().now,
    };
    let (moment, locale) = (test.app.moment(), Locale::default());
    let written: Result<_, Internal> = test
        .app
        .db
        .write(async |tx| {
            let envelope = Envelope {
                recipient: &recipient,
                locale: &locale,
                invitation: None,
            };
            mail::enqueue(tx, &test.app.sealer, &moment, envelope, &letter).await
        })
        .await;
    written.unwrap();
    test.letters().await;
}

/// A person looks into the mailbox, opens the letter and sees its HTML in a frame that may do nothing but show it.
#[tokio::test]
async fn letters_can_be_read_in_the_mailbox() {
    for test in TestApp::each().await {
        let mut browser = test.browser();
        assert_eq!(
            browser.open("/mailbox").await.status,
            StatusCode::OK,
            "empty"
        );
        has_a_letter(&test).await;
        let list = browser.open("/mailbox").await;
        assert!(
            list.body.contains("Choose a new password for Expense"),
            "{}",
            list.body
        );
        assert!(!list.has("i"), "names are not markup");
        let page = browser
            .open(&list.attribute("a.letter", "href").unwrap())
            .await;
        assert!(page.heading().contains("Choose a new password"));
        assert!(page.body.contains("ann@harborline.example"));
        let policy = page.headers["content-security-policy"].to_str().unwrap();
        assert!(policy.contains("frame-src 'self'"), "{policy}");

        let html = browser
            .open(&page.attribute("iframe", "src").unwrap())
            .await;
        assert_eq!(html.attribute("td a", "href").as_deref(), Some(LINK));
        let policy = html.headers["content-security-policy"].to_str().unwrap();
        assert!(
            policy.starts_with("sandbox") && !policy.contains("allow-scripts"),
            "{policy}"
        );

        let json = browser.open("/mailbox.json").await;
        let json: Value = serde_json::from_str(&json.body).unwrap();
        assert_eq!(json[0]["recipient"], "ann@harborline.example");
        assert_eq!(json[0]["links"][0], LINK);
        for field in ["id", "subject", "text", "html", "delivered_at"] {
            assert!(json[0][field].is_string(), "{field}");
        }
        for unknown in [
            "/mailbox/let_1",
            "/mailbox/let_00000000000000000000000000",
            "/mailbox/%00/html",
        ] {
            assert_eq!(
                browser.open(unknown).await.status,
                StatusCode::NOT_FOUND,
                "{unknown}"
            );
        }
    }
}

/// R133: with a mail server, or where others reach Usher, there is no mailbox.
#[tokio::test]
async fn r133_elsewhere_there_is_no_mailbox() {
    for setting in [
        ("mail.smtp.host", "smtp.northwind.example"),
        ("server.public_url", "https://id.northwind.example"),
    ] {
        let test = TestApp::each_with(&[setting]).await.remove(0);
        for page in PAGES {
            let page = test.browser().open(page).await;
            assert_eq!(page.status, StatusCode::NOT_FOUND, "{setting:?}");
        }
    }
}

/// R133: a page whose name was made to point at this machine (DNS rebinding) does not read the developer's letters.
#[tokio::test]
async fn r133_another_name_for_this_machine_opens_no_mailbox() {
    let test = TestApp::sqlite().await;
    has_a_letter(&test).await;
    for page in PAGES {
        let url: Url = format!("http://evil.example:8080{page}").parse().unwrap();
        let page = test.browser().request("GET", &url, None).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND);
        assert!(!page.body.contains("s3cr3t"));
    }
}
