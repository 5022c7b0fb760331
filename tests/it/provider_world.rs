//! What the tests of the protocol endpoints share: a person who allowed an application something, and the calls of that application.

use std::collections::BTreeMap;

use axum::body::Body;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use chrono::TimeDelta;
use http::{Request, header};
use serde_json::Value;
use usher::event::{self, Actor};
use usher::grant::{CodeBinding, Details, NewGrant, issue_code};
use usher::group::{self, GroupId};
use usher::identity::{self, Attributes, IdentityId, NewIdentifier, NewIdentity, Profile, Proof};
use usher::kit::{Internal, PageRequest, Secret, digest};

use crate::harness::{Answer, RelyingParty, TestApp, send};

pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A person at "Expense Desk".
pub(crate) struct World {
    pub(crate) app: TestApp,
    pub(crate) desk: RelyingParty,
    pub(crate) grace: IdentityId,
    pub(crate) group: GroupId,
}

impl World {
    pub(crate) async fn each() -> Vec<Self> {
        Self::each_with(&[]).await
    }

    pub(crate) async fn each_with(settings: &[(&str, &str)]) -> Vec<Self> {
        let mut worlds = Vec::new();
        for app in TestApp::each_with(settings).await {
            worlds.push(Self::on(app).await);
        }
        worlds
    }

    pub(crate) async fn sqlite() -> Self {
        Self::on(TestApp::sqlite().await).await
    }

    async fn on(app: TestApp) -> Self {
        let store = app.store("Customers").await;
        let desk = app.expense_desk(store.id).await;
        let group = app.group("accounting").await;
        let moment = app.app.moment();
        let fields = [
            ("given_name", "Grace"),
            ("family_name", "Hopper"),
            ("phone_number", "+1 202 555 0143"),
            ("address.locality", "Arlington"),
        ];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let address = "grace@harborline.example".parse().unwrap();
        let new = NewIdentity {
            id: None,
            store: &store,
            identifiers: vec![NewIdentifier::email(&address, Proof::Given)],
            profile: Profile::parse(BTreeMap::from(fields)).unwrap(),
            attributes: Attributes::default(),
            password: None,
        };
        let registered = app
            .app
            .db
            .write(async |tx| identity::register(tx, &moment, &Actor::System, new).await)
            .await;
        let grace = registered.unwrap();
        let added = app
            .app
            .db
            .write(async |tx| group::add_member(tx, &moment, &Actor::System, (group, grace)).await)
            .await;
        added.unwrap();
        Self {
            app,
            desk,
            grace,
            group,
        }
    }

    pub(crate) fn details(&self) -> Details {
        let now = self.app.app.moment().now;
        Details {
            nonce: Some("n-0S6_WzA2Mj".to_owned()),
            claims: usher::grant::ClaimsRequest::default(),
            auth_time: now - TimeDelta::seconds(30),
            methods: vec!["pwd".to_owned()],
            acr: None,
            session_ends_at: now + TimeDelta::hours(12),
        }
    }

    /// Grace has signed in and the application may have the scope: its code.
    pub(crate) async fn code(&self, scope: &str) -> Secret {
        self.code_with(scope, self.details()).await
    }

    pub(crate) async fn code_with(&self, scope: &str, details: Details) -> Secret {
        let moment = self.app.app.moment();
        let grant = NewGrant {
            client: self.desk.client_id,
            identity: self.grace,
            session: moment.id(),
            scope: scope.parse().unwrap(),
            details,
        };
        let binding = CodeBinding {
            redirect_uri: self.desk.redirect_uri.clone(),
            code_challenge: Some(URL_SAFE_NO_PAD.encode(digest(VERIFIER.as_bytes()))),
            lifetime: TimeDelta::seconds(60),
        };
        let issued = self
            .app
            .app
            .db
            .write(async |tx| issue_code(tx, &moment, &grant, binding).await);
        let issued: Result<Secret, Internal> = issued.await;
        issued.unwrap()
    }

    pub(crate) async fn redeems(&self, code: &Secret, changes: &[(&str, &str)]) -> Answer {
        let mut form = vec![
            ("grant_type", "authorization_code"),
            ("code", code.reveal()),
            ("redirect_uri", self.desk.redirect_uri.as_str()),
            ("code_verifier", VERIFIER),
        ];
        for (name, value) in changes {
            form.retain(|(known, _)| known != name);
            form.push((name, value));
        }
        self.posts("/token", &form).await
    }

    /// The tokens of a sign-in with this scope.
    pub(crate) async fn signs_in(&self, scope: &str) -> Tokens {
        let code = self.code(scope).await;
        Tokens::of(&self.redeems(&code, &[]).await)
    }

    pub(crate) async fn refreshes(&self, token: &str, more: &[(&str, &str)]) -> Answer {
        let form = [
            &[("grant_type", "refresh_token"), ("refresh_token", token)],
            more,
        ]
        .concat();
        self.posts("/token", &form).await
    }

    /// How often it happened (R140).
    pub(crate) async fn events(&self, kind: &str) -> usize {
        let filter = event::Filter {
            kind: Some(kind.to_owned()),
            ..event::Filter::default()
        };
        let page = PageRequest::first();
        let read = self
            .app
            .app
            .db
            .read(async |tx| event::list(tx, &filter, &page).await);
        read.await.unwrap().items.len()
    }

    pub(crate) async fn posts(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        let credentials = self.desk.credentials();
        self.app.post_form(path, &credentials, form).await
    }

    pub(crate) async fn userinfo(&self, token: &str) -> Answer {
        let request =
            Request::get("/userinfo").header(header::AUTHORIZATION, format!("Bearer {token}"));
        self.sends(request, "").await
    }

    pub(crate) async fn sends(&self, request: http::request::Builder, body: &str) -> Answer {
        let request = request.body(Body::from(body.to_owned())).unwrap();
        send(self.app.router.clone(), request).await
    }
}

/// What the token endpoint gave.
pub(crate) struct Tokens {
    pub(crate) access: String,
    pub(crate) refresh: String,
    pub(crate) id: String,
}

impl Tokens {
    pub(crate) fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", answer.body);
        let text = |name: &str| {
            let value = answer.json.get(name).and_then(Value::as_str);
            value.unwrap_or_default().to_owned()
        };
        Self {
            access: text("access_token"),
            refresh: text("refresh_token"),
            id: text("id_token"),
        }
    }
}

/// Header and claims of a token, unverified.
pub(crate) fn read(token: &str) -> (Value, Value) {
    let mut parts = token
        .split('.')
        .map(|part| URL_SAFE_NO_PAD.decode(part).unwrap());
    let mut next = || serde_json::from_slice(&parts.next().unwrap()).unwrap();
    (next(), next())
}

/// The `error` of an answer.
pub(crate) fn error(answer: &Answer) -> (u16, &str) {
    let code = answer.json.get("error").and_then(Value::as_str);
    (answer.status.as_u16(), code.unwrap_or_default())
}
