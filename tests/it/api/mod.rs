//! The management API through the real router: who may what, what comes back, and what is refused.

mod bad_input;
mod callers;
mod clients;
mod connections;
mod groups;
mod idempotency;
mod invitations;
mod people;
mod reference;
mod webhooks;

use std::path::PathBuf;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, header};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use usher::access::Permission;
use usher::app::App;
use usher::application::{self, ApplicationId, ClientDraft, ClientId, NewClient};
use usher::config::{Config, Sources};
use usher::event::Actor;
use usher::grant::AccessClaims;
use usher::keys::Algorithm;
use usher::kit::{Clock, ManualClock};

/// An installation with one client of the API, which registered every scope.
pub(super) struct Desk {
    pub(super) app: App,
    pub(super) clock: ManualClock,
    router: Router,
    client: ClientId,
    folder: PathBuf,
}

/// What came back.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Value,
}

impl Answer {
    pub(super) fn code(&self) -> (u16, &str) {
        (
            self.status.as_u16(),
            self.body["code"].as_str().unwrap_or_default(),
        )
    }

    pub(super) fn etag(&self) -> &str {
        self.headers[header::ETAG].to_str().unwrap()
    }

    pub(super) fn text<'a>(&'a self, pointer: &str) -> &'a str {
        self.body
            .pointer(pointer)
            .and_then(Value::as_str)
            .unwrap_or_default()
    }

    /// The pointers of the fields that are wrong.
    pub(super) fn pointers(&self) -> Vec<&str> {
        let errors = self.body["errors"].as_array().unwrap();
        errors
            .iter()
            .map(|error| error["pointer"].as_str().unwrap())
            .collect()
    }

    /// As it was asked for, or the test ends here with everything that came back.
    #[track_caller]
    pub(super) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status.as_u16(), status, "{}", self.body);
        self
    }
}

/// A request on its way.
pub(super) struct Asking<'d> {
    desk: &'d Desk,
    request: axum::http::request::Builder,
    body: Body,
}

impl Desk {
    pub(super) async fn new() -> Self {
        let folder =
            std::env::temp_dir().join(format!("usher-{}", Clock::system().moment().uuid()));
        std::fs::create_dir_all(&folder).unwrap();
        let url = format!("sqlite:{}", folder.join("usher.db").display());
        Self::on(&url, folder).await
    }

    pub(super) async fn on(database: &str, folder: PathBuf) -> Self {
        let flags = [
            ("data_dir", folder.display().to_string()),
            ("database.url", database.to_owned()),
        ];
        let flags = flags.map(|(key, value)| (key.to_owned(), value)).to_vec();
        let config = Config::load(&Sources {
            flags,
            ..Sources::default()
        })
        .unwrap();
        let start: DateTime<Utc> = "2030-05-01T08:00:00Z".parse().unwrap();
        let clock = ManualClock::new(start, 7);
        let app = App::open(config, Clock::manual(&clock)).await.unwrap();
        let router = usher::serve::router(&app);
        let client = make_client(&app, &every_scope()).await;
        Self {
            app,
            clock,
            router,
            client,
            folder,
        }
    }

    /// A token of the client with these scopes, as the token endpoint issues it.
    pub(super) fn token(&self, scope: &str) -> String {
        self.token_of(self.client, scope)
    }

    pub(super) fn token_of(&self, client: ClientId, scope: &str) -> String {
        let moment = self.app.moment();
        let claims = AccessClaims {
            iss: self.app.links.issuer().to_owned(),
            aud: self.app.links.api(),
            sub: client.to_string(),
            client_id: client.to_string(),
            iat: moment.now.timestamp(),
            exp: (moment.now + TimeDelta::minutes(10)).timestamp(),
            jti: moment.uuid(),
            scope: scope.to_owned(),
            gnt: None,
            auth_time: None,
            acr: None,
            amr: Vec::new(),
            userinfo_claims: Vec::new(),
        };
        self.app
            .access_tokens
            .issue(Algorithm::Es256, &claims, &moment)
            .unwrap()
    }

    /// A request with every scope.
    pub(super) fn ask(&self, method: &str, path: &str) -> Asking<'_> {
        self.ask_as(method, path, &self.token(&every_scope()))
    }

    pub(super) fn ask_as(&self, method: &str, path: &str, token: &str) -> Asking<'_> {
        self.ask_bare(method, path)
            .with("authorization", &format!("Bearer {token}"))
    }

    pub(super) fn ask_bare(&self, method: &str, path: &str) -> Asking<'_> {
        Asking {
            desk: self,
            request: Request::builder().method(method).uri(path),
            body: Body::empty(),
        }
    }

    pub(super) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", &format!("/api/v1{path}")).send().await
    }

    pub(super) async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask("POST", &format!("/api/v1{path}"))
            .json(&body)
            .send()
            .await
    }

    /// A store and an OpenID Connect application in it.
    pub(super) async fn application(&self, name: &str, policy: Value) -> (String, ApplicationId) {
        let store = self
            .post(
                "/stores",
                json!({"name": format!("People of {name}"), "identifiers": ["EMAIL"]}),
            )
            .await;
        let store = store.expect(201).text("/id").to_owned();
        let body = json!({
            "store": store,
            "application": {"name": name, "policy": policy},
            "client": {"redirect_uris": ["https://app.example/callback"]},
        });
        let made = self.post("/applications", body).await.expect(201);
        (store, made.text("/application/id").parse().unwrap())
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder)); // what is left behind is in the folder for temporary files
    }
}

impl Asking<'_> {
    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.request = self.request.header(name, value);
        self
    }

    pub(super) fn json(self, body: &Value) -> Self {
        self.raw("application/json", body.to_string())
    }

    pub(super) fn raw(mut self, kind: &str, body: impl Into<Body>) -> Self {
        self.body = body.into();
        self.with("content-type", kind)
    }

    pub(super) async fn send(self) -> Answer {
        let request = self.request.body(self.body).unwrap();
        let response = self.desk.router.clone().oneshot(request).await.unwrap();
        let (head, body) = response.into_parts();
        let bytes = to_bytes(body, 10_000_000).await.unwrap();
        let body = serde_json::from_slice(&bytes)
            .unwrap_or_else(|_| String::from_utf8_lossy(&bytes).into());
        Answer {
            status: head.status,
            headers: head.headers,
            body,
        }
    }
}

pub(super) fn every_scope() -> String {
    Permission::ALL
        .iter()
        .map(|one| one.scope())
        .collect::<Vec<_>>()
        .join(" ")
}

pub(super) async fn make_client(app: &App, scopes: &str) -> ClientId {
    let moment = app.moment();
    let new = NewClient {
        name: "Provisioning".into(),
        client: ClientDraft::for_api(scopes),
    };
    let made = app
        .db
        .write(async |tx| application::create_client(tx, &moment, &Actor::System, new).await)
        .await;
    app.catalogue.refresh(&app.db).await.unwrap();
    made.unwrap().client.id
}
