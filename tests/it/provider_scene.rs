//! Ann, Bob, and an application that asks who they are: what the tests of the hosted protocol pages begin with.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::StatusCode;
use serde_json::Value;
use url::{Url, form_urlencoded};
use usher::application::{ApplicationDraft, ClientDraft};
use usher::event::Actor;
use usher::identity::{
    self, Attributes, IdentifierKind, IdentityId, IdentityStore, NewIdentifier, NewIdentity,
    NewPassword, Profile, Proof,
};
use usher::kit::Secret;

use crate::harness::{Browser, Page, RelyingParty, TestApp};

/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const PASSWORD: &str = "violet harbour lantern 58";

pub(crate) struct Scene {
    pub(crate) test: TestApp,
    pub(crate) desk: RelyingParty,
    pub(crate) ann: IdentityId,
}

impl Scene {
    pub(crate) async fn each(
        change: impl Fn(&mut ApplicationDraft, &mut ClientDraft),
    ) -> Vec<Self> {
        let mut scenes = Vec::new();
        for test in TestApp::each().await {
            scenes.push(Self::on(test, &change).await);
        }
        scenes
    }

    /// On SQLite only: for what has nothing to do with storage.
    pub(crate) async fn sqlite(change: impl Fn(&mut ApplicationDraft, &mut ClientDraft)) -> Self {
        Self::on(TestApp::sqlite().await, &change).await
    }

    async fn on(test: TestApp, change: &impl Fn(&mut ApplicationDraft, &mut ClientDraft)) -> Self {
        let store = test.store("People").await;
        let desk = test.application(store.id, "Expense Desk", change).await;
        let ann = person(&test, &store, "ann@corp.example").await;
        person(&test, &store, "bob@corp.example").await;
        Self { test, desk, ann }
    }

    /// The address of a request that is fine, but for these parameters; an empty one is left out.
    pub(crate) fn request(&self, changes: &[(&str, &str)]) -> String {
        format!("/authorize?{}", self.query(changes))
    }

    pub(crate) fn query(&self, changes: &[(&str, &str)]) -> String {
        let id = self.desk.client_id.to_string();
        let mut parameters = vec![
            ("client_id", id.as_str()),
            ("redirect_uri", &self.desk.redirect_uri),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("state", "a state & more"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            if !value.is_empty() {
                parameters.push((name, value));
            }
        }
        form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish()
    }

    /// A browser in which this person is signed in, a moment ago.
    pub(crate) async fn browser_of(&self, address: &str) -> Browser {
        let mut browser = self.test.browser();
        let page = browser.open(&self.request(&[("prompt", "login")])).await;
        sign_in(&mut browser, &page, address).await;
        self.test.advance(TimeDelta::minutes(1));
        browser
    }

    pub(crate) async fn redeem(&self, code: &str) -> Value {
        let form = [
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", self.desk.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        let answer = self
            .test
            .post_form("/token", &self.desk.credentials(), &form)
            .await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.body);
        answer.json
    }

    pub(crate) async fn refresh(&self, tokens: &Value) -> StatusCode {
        let token = tokens["refresh_token"].as_str().unwrap();
        let form = [("grant_type", "refresh_token"), ("refresh_token", token)];
        self.test
            .post_form("/token", &self.desk.credentials(), &form)
            .await
            .status
    }
}

async fn person(test: &TestApp, store: &IdentityStore, address: &str) -> IdentityId {
    let moment = test.app.moment();
    let password = test
        .app
        .hasher
        .hash(&Secret::new(PASSWORD), &moment)
        .await
        .unwrap();
    let identifier = NewIdentifier::parse(IdentifierKind::Email, address, Proof::Given).unwrap();
    let name = address.split('@').next().unwrap().to_owned();
    let new = NewIdentity {
        id: None,
        store,
        identifiers: vec![identifier],
        profile: Profile::parse(BTreeMap::from([("given_name".to_owned(), name)])).unwrap(),
        attributes: Attributes::default(),
        password: Some(NewPassword::Own(password)),
    };
    let made = test
        .app
        .db
        .write(async |tx| identity::register(tx, &moment, &Actor::System, new).await);
    made.await.unwrap()
}

pub(crate) async fn sign_in(browser: &mut Browser, page: &Page, address: &str) -> Page {
    let typed = [("username", address), ("password", PASSWORD)];
    browser.submit(page, "submit", &typed).await
}

/// What the browser carries back to the client.
pub(crate) fn brought(page: &Page) -> BTreeMap<String, String> {
    let url: &Url = page.leaves_for.as_ref().unwrap_or_else(|| {
        panic!(
            "stays on “{}” ({}) {}",
            page.heading(),
            page.status,
            page.body
        )
    });
    assert!(
        page.status == StatusCode::SEE_OTHER,
        "CORE-53: {}",
        page.status
    );
    let pairs: BTreeMap<_, _> = url.query_pairs().into_owned().collect();
    assert_eq!(
        pairs.get("iss").map(String::as_str),
        Some("http://localhost:8080"),
        "OA-19"
    );
    pairs
}

pub(crate) fn error_of(page: &Page) -> String {
    brought(page).remove("error").unwrap_or_default()
}

pub(crate) fn code_of(page: &Page) -> String {
    let mut brought = brought(page);
    brought
        .remove("code")
        .unwrap_or_else(|| panic!("{brought:?}"))
}

/// The claims of a token, unchecked.
pub(crate) fn claims_of(token: &Value) -> Value {
    let payload = token.as_str().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(payload).unwrap()).unwrap()
}
