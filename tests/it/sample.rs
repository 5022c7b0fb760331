//! The sample application by itself: what it refuses, and what it says when the provider is away.

use std::net::{SocketAddr, TcpListener};

use reqwest::StatusCode;
use tokio_util::sync::CancellationToken;
use usher::kit::Secret;
use usher::sample::{self, SampleSettings};

/// The application on a free port, with a provider that nobody answers for.
struct Running {
    address: SocketAddr,
    http: reqwest::Client,
    cancel: CancellationToken,
    served: tokio::task::JoinHandle<()>,
}

const ISSUER: &str = "http://127.0.0.1:9";

impl Running {
    #[expect(clippy::disallowed_methods, reason = "the test ends the task itself")]
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        drop(listener);
        let settings = SampleSettings {
            listen: address,
            own_url: format!("http://{address}").parse().unwrap(),
            issuer: ISSUER.to_owned(),
            client_id: "cli_test".to_owned(),
            client_secret: Secret::new("secret"),
            name: "Expense Desk".to_owned(),
        };
        let cancel = CancellationToken::new();
        let serving = sample::serve(settings, cancel.clone());
        Self {
            address,
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            cancel,
            served: tokio::spawn(async move { serving.await.unwrap() }),
        }
    }

    async fn get(&self, path: &str) -> (StatusCode, String) {
        let url = format!("http://{}{path}", self.address);
        let mut tries = 0;
        loop {
            let answer = self.http.get(&url).send().await;
            if answer.is_ok() || tries == 100 {
                let answer = answer.unwrap();
                return (answer.status(), answer.text().await.unwrap());
            }
            tries += 1;
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    }

    async fn stop(self) {
        self.cancel.cancel();
        self.served.await.unwrap();
    }
}

#[tokio::test]
async fn it_greets_and_says_when_the_provider_is_away() {
    let desk = Running::start();
    let (status, page) = desk.get("/").await;
    assert_eq!(status, StatusCode::OK);
    assert!(page.contains("Sign in") && page.contains("Expense Desk"));
    let (status, page) = desk.get("/login").await;
    assert_eq!(status, StatusCode::BAD_GATEWAY);
    assert!(page.contains("could not be reached"));
    assert_eq!(desk.get("/nothing").await.0, StatusCode::NOT_FOUND);
    desk.stop().await;
}

/// OpenID Connect Core section 4: another issuer and a foreign destination are refused; R132.
#[tokio::test]
async fn it_lets_nobody_start_a_sign_in_elsewhere() {
    let desk = Running::start();
    for path in [
        "/login?iss=https://elsewhere.example",
        "/login?iss=http://127.0.0.1:9&target_link_uri=https://elsewhere.example/",
        "/callback?state=never-sent&code=x",
    ] {
        assert_eq!(desk.get(path).await.0, StatusCode::BAD_REQUEST, "{path}");
    }
    desk.stop().await;
}
