//! What has to be there before anything can be measured: an application, and people who have accounts in it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use url::Url;

use crate::agent::{Agent, Reached, client};

const CALLBACK: &str = "http://127.0.0.1:4711/callback";
pub(crate) const PASSWORD: &str = "seven quiet lighthouses blink";
const SCOPE: &str = "openid profile email groups offline_access";

#[derive(Clone)]
pub(crate) struct Stage(Arc<Parts>);

pub(crate) struct Parts {
    pub(crate) issuer: Url,
    http: reqwest::Client,
    /// `Basic …` of the management API's client.
    pub(crate) api_basic: String,
    api_token: String,
    /// `Basic …` of the application's client.
    pub(crate) basic: String,
    client_id: String,
    application: String,
    run: String,
    count: AtomicUsize,
    pub(crate) people: Vec<Person>,
}

/// Somebody with an account, and a browser that is signed in.
#[derive(Clone)]
pub(crate) struct Person {
    pub(crate) email: String,
    pub(crate) agent: Agent,
}

pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
}

impl std::ops::Deref for Stage {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

impl Stage {
    pub(crate) async fn set(issuer: &Url, client_json: &str, people: usize) -> Self {
        let credentials: Value = serde_json::from_str(client_json).unwrap();
        let api_basic = basic(
            text(&credentials, "/client/id"),
            text(&credentials, "/client_secret"),
        );
        let http = client();
        let scopes =
            "applications:write invitations:read invitations:write invitations:link stores:read";
        let form = [("grant_type", "client_credentials"), ("scope", scopes)];
        let token = post_form(&http, issuer.join("/token").unwrap(), &api_basic, &form).await;
        let mut parts = Parts {
            issuer: issuer.clone(),
            http,
            api_basic,
            api_token: text(&token, "/access_token").to_owned(),
            basic: String::new(),
            client_id: String::new(),
            application: String::new(),
            run: format!("{:x}", std::process::id()),
            count: AtomicUsize::new(0),
            people: Vec::new(),
        };
        parts.make_application().await;
        let agent = Agent::new(issuer);
        for _ in 0..people {
            let person = parts.new_person(agent.fresh()).await;
            parts.people.push(person);
        }
        Self(Arc::new(parts))
    }
}

impl Parts {
    async fn make_application(&mut self) {
        let stores: Value = self.api_get("stores").await;
        let mut stores = stores["items"].as_array().unwrap().iter();
        let customers = stores.find(|store| store["name"] == "Customers").unwrap();
        let application = json!({
            "store": customers["id"],
            "application": { "name": format!("Load {}", self.run) },
            "client": { "redirect_uris": [CALLBACK] },
        });
        let made = self.api_post("applications", &application).await;
        self.application = text(&made, "/application/id").into();
        self.client_id = text(&made, "/client/id").into();
        self.basic = basic(&self.client_id, text(&made, "/client_secret"));
    }

    /// Invites an address that nobody had before; with the link in the answer if it is wanted.
    pub(crate) async fn invite(&self, sending: &str) -> (String, Value) {
        let number = self.count.fetch_add(1, Ordering::Relaxed);
        let email = format!("person-{}-{number}@northwind.example", self.run);
        let invitation = json!({
            "application": self.application,
            "email": email,
            "profile": { "given_name": "Ada", "family_name": "Lovelace" },
            "sending": sending,
        });
        let made = self.api_post("invitations", &invitation).await;
        (email, made)
    }

    /// From the link to an account, as a browser goes the way.
    pub(crate) async fn accept(&self, agent: &mut Agent, link: &str) {
        let landing = agent.open(link.parse().unwrap()).await;
        let form = agent.submit(landing, &[]).await;
        agent.submit(form, &[("password", PASSWORD)]).await;
    }

    pub(crate) async fn new_person(&self, mut agent: Agent) -> Person {
        let (email, made) = self.invite("link").await;
        self.accept(&mut agent, text(&made, "/link")).await;
        Person { email, agent }
    }

    /// The whole sign-in: request, page, password, code, tokens.
    pub(crate) async fn sign_in(&self, person: &mut Person) -> Tokens {
        let verifier = "a".repeat(64);
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, verifier.as_bytes());
        let mut url = self.issuer.join("/authorize").unwrap();
        url.query_pairs_mut().extend_pairs([
            ("response_type", "code"),
            ("client_id", &self.client_id),
            ("redirect_uri", CALLBACK),
            ("scope", SCOPE),
            ("state", "state"),
            ("nonce", "nonce"),
            ("code_challenge", &URL_SAFE_NO_PAD.encode(digest)),
            ("code_challenge_method", "S256"),
        ]);
        let mut reached = person.agent.open(url).await;
        if matches!(reached, Reached::Page { .. }) {
            let fields = [("username", person.email.as_str()), ("password", PASSWORD)];
            reached = person.agent.submit(reached, &fields).await;
        }
        let Reached::Application(answer) = reached else {
            panic!("not signed in")
        };
        let code = answer
            .query_pairs()
            .find(|(name, _)| name == "code")
            .unwrap()
            .1
            .into_owned();
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code.as_str()),
            ("redirect_uri", CALLBACK),
            ("code_verifier", verifier.as_str()),
        ];
        self.tokens(&form).await
    }

    pub(crate) async fn refresh(&self, token: &str) -> Tokens {
        self.tokens(&[("grant_type", "refresh_token"), ("refresh_token", token)])
            .await
    }

    async fn tokens(&self, form: &[(&str, &str)]) -> Tokens {
        let answer = post_form(
            &self.http,
            self.issuer.join("/token").unwrap(),
            &self.basic,
            form,
        )
        .await;
        Tokens {
            access: text(&answer, "/access_token").to_owned(),
            refresh: text(&answer, "/refresh_token").to_owned(),
        }
    }

    async fn api_get(&self, path: &str) -> Value {
        let url = self.issuer.join("/api/v1/").unwrap().join(path).unwrap();
        let answer = self
            .http
            .get(url)
            .bearer_auth(&self.api_token)
            .send()
            .await
            .unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    async fn api_post(&self, path: &str, body: &Value) -> Value {
        let url = self.issuer.join("/api/v1/").unwrap().join(path).unwrap();
        let answer = self
            .http
            .post(url)
            .bearer_auth(&self.api_token)
            .json(body)
            .send()
            .await
            .unwrap();
        let fine = answer.status().is_success();
        let body: Value = answer.json().await.unwrap();
        assert!(fine, "{path}: {body}");
        body
    }
}

async fn post_form(http: &reqwest::Client, url: Url, basic: &str, form: &[(&str, &str)]) -> Value {
    let answer = http
        .post(url)
        .header("authorization", basic)
        .form(form)
        .send()
        .await
        .unwrap();
    let fine = answer.status().is_success();
    let body: Value = answer.json().await.unwrap();
    assert!(fine, "{body}");
    body
}

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

pub(crate) fn text<'v>(value: &'v Value, pointer: &str) -> &'v str {
    value
        .pointer(pointer)
        .and_then(Value::as_str)
        .unwrap_or_else(|| panic!("no {pointer} in {value}"))
}
