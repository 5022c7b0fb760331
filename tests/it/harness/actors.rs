//! Who acts in the tests: administrators with the management API, relying parties, and the world they set up.

use axum::Router;
use axum::body::Body;
use base64::Engine as _;
use http::{HeaderMap, Request, StatusCode, header};
use serde_json::{Value, json};
use tower::ServiceExt as _;
use url::form_urlencoded;
use usher::application::{
    ApplicationDraft, ApplicationId, ClientDraft, ClientId, Created, NewApplication, NewClient,
    Purpose, SelfServicePolicy, assign_groups, create, create_client,
};
use usher::event::Actor;
use usher::group::{self, GroupId};
use usher::identity::{self, IdentifierKind, IdentityStore, NewStore, StoreId};
use usher::kit::Secret;

use super::TestApp;

/// An application as its developers know it.
pub(crate) struct RelyingParty {
    pub(crate) application: ApplicationId,
    pub(crate) store: StoreId,
    pub(crate) client_id: ClientId,
    pub(crate) secret: Secret,
    pub(crate) redirect_uri: String,
}

impl TestApp {
    /// A store whose people are known by their addresses.
    pub(crate) async fn store(&self, name: &str) -> IdentityStore {
        self.store_with(name, vec![IdentifierKind::Email], Vec::new())
            .await
    }

    pub(crate) async fn store_with(
        &self,
        name: &str,
        identifiers: Vec<IdentifierKind>,
        attributes: Vec<identity::AttributeDefinition>,
    ) -> IdentityStore {
        let new = NewStore {
            name: name.to_owned(),
            identifiers,
            attributes,
        };
        let moment = self.app.moment();
        let made = self
            .app
            .db
            .write(async |tx| identity::create_store(tx, &moment, &Actor::System, new).await)
            .await;
        made.unwrap()
    }

    pub(crate) async fn group(&self, name: &str) -> GroupId {
        let change = group::Change {
            name: name.to_owned(),
            description: String::new(),
        };
        let moment = self.app.moment();
        let made = self
            .app
            .db
            .write(async |tx| group::create(tx, &moment, &Actor::System, change).await);
        made.await.unwrap().id
    }

    /// "Expense Desk", a confidential web application with the default policy.
    pub(crate) async fn expense_desk(&self, store: StoreId) -> RelyingParty {
        self.application(store, "Expense Desk", |_, _| {}).await
    }

    pub(crate) async fn expense_desk_with(
        &self,
        store: StoreId,
        policy: SelfServicePolicy,
    ) -> RelyingParty {
        self.application(store, "Expense Desk", |draft, _| draft.policy = policy)
            .await
    }

    pub(crate) async fn application(
        &self,
        store: StoreId,
        name: &str,
        change: impl FnOnce(&mut ApplicationDraft, &mut ClientDraft),
    ) -> RelyingParty {
        let redirect_uri = "https://desk.example/callback".to_owned();
        let mut application = ApplicationDraft {
            home_url: Some("https://desk.example/".to_owned()),
            ..ApplicationDraft::named(name)
        };
        let mut client = ClientDraft {
            redirect_uris: vec![redirect_uri.clone()],
            post_logout_redirect_uris: vec!["https://desk.example/bye".to_owned()],
            ..ClientDraft::default()
        };
        change(&mut application, &mut client);
        let new = NewApplication {
            store,
            purpose: Purpose::Product,
            application,
            client: Some(client),
        };
        let created = self.create(new).await;
        RelyingParty {
            application: created.application.id,
            store,
            client_id: created.client.unwrap().id,
            secret: created.secret.unwrap_or_else(|| Secret::new("")),
            redirect_uri,
        }
    }

    pub(crate) async fn create(&self, new: NewApplication) -> Created {
        let moment = self.app.moment();
        let made = self
            .app
            .db
            .write(async |tx| create(tx, &moment, &Actor::System, new).await)
            .await;
        self.app.catalogue.refresh(&self.app.db).await.unwrap();
        made.unwrap()
    }

    pub(crate) async fn assign(&self, application: ApplicationId, groups: Vec<GroupId>) {
        let moment = self.app.moment();
        let assigned = self
            .app
            .db
            .write(async |tx| assign_groups(tx, &moment, &Actor::System, application, groups).await)
            .await;
        assigned.unwrap();
        self.app.catalogue.refresh(&self.app.db).await.unwrap();
    }

    /// A program that may do all that an API client can do.
    pub(crate) async fn admin(&self) -> ApiCaller {
        let all: Vec<_> = usher::access::Permission::ALL
            .iter()
            .map(|it| it.scope())
            .collect();
        self.api_client(&all.join(" ")).await
    }

    /// A program with these scopes and an access token from our own token endpoint.
    pub(crate) async fn api_client(&self, scopes: &str) -> ApiCaller {
        let moment = self.app.moment();
        let new = NewClient {
            name: "Tests".to_owned(),
            client: ClientDraft::for_api(scopes),
        };
        let made = self
            .app
            .db
            .write(async |tx| create_client(tx, &moment, &Actor::System, new).await);
        let made = made.await.unwrap();
        self.app.catalogue.refresh(&self.app.db).await.unwrap();
        let credentials = (made.client.id.to_string(), made.secret.unwrap());
        let form = [("grant_type", "client_credentials"), ("scope", scopes)];
        let answer = self.post_form("/token", &credentials, &form).await;
        assert_eq!(answer.status, StatusCode::OK, "{}", answer.json);
        let token = answer.json["access_token"].as_str().unwrap().to_owned();
        ApiCaller {
            router: self.router.clone(),
            token,
        }
    }

    /// A form post of a client with its id and secret (RFC 6749 section 2.3.1).
    pub(crate) async fn post_form(
        &self,
        path: &str,
        (id, secret): &(String, Secret),
        form: &[(&str, &str)],
    ) -> Answer {
        let pair = format!("{id}:{}", secret.reveal());
        let basic = base64::engine::general_purpose::STANDARD.encode(pair);
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let request = Request::post(path)
            .header(header::AUTHORIZATION, format!("Basic {basic}"))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(body))
            .unwrap();
        send(self.router.clone(), request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(
            self.router.clone(),
            Request::get(path).body(Body::empty()).unwrap(),
        )
        .await
    }
}

impl RelyingParty {
    pub(crate) fn credentials(&self) -> (String, Secret) {
        (self.client_id.to_string(), self.secret.clone())
    }
}

/// What a program got for an answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// Null where the body is no JSON.
    pub(crate) json: Value,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn code(&self) -> &str {
        self.json["code"].as_str().unwrap_or_default()
    }
}

/// A program that calls the management API.
#[derive(Clone)]
pub(crate) struct ApiCaller {
    router: Router,
    pub(crate) token: String,
}

impl ApiCaller {
    /// Another program, with a token of its own.
    pub(crate) fn with_token(&self, token: &str) -> Self {
        Self {
            router: self.router.clone(),
            token: token.to_owned(),
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call("GET", path, &[], None).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.call("POST", path, &[], Some(body)).await
    }

    pub(crate) async fn call(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<Value>,
    ) -> Answer {
        let mut request = Request::builder()
            .method(method)
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let body = match body {
            Some(json) => {
                request = request.header(header::CONTENT_TYPE, "application/json");
                Body::from(json.to_string())
            }
            None => Body::empty(),
        };
        send(self.router.clone(), request.body(body).unwrap()).await
    }

    /// Invites into an application; further members of the body as given.
    pub(crate) async fn invites(&self, email: &str, into: &RelyingParty, more: Value) -> Answer {
        let mut body =
            json!({ "application": into.application, "store": into.store, "email": email });
        body.as_object_mut()
            .unwrap()
            .extend(more.as_object().cloned().unwrap_or_default());
        self.post("/api/v1/invitations", body).await
    }
}

pub(crate) async fn send(router: Router, request: Request<Body>) -> Answer {
    let response = router.oneshot(request).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = axum::body::to_bytes(body, 20_000_000).await.unwrap();
    let body = String::from_utf8_lossy(&body).into_owned();
    let json = serde_json::from_str(&body).unwrap_or(Value::Null);
    Answer {
        status: parts.status,
        headers: parts.headers,
        json,
        body,
    }
}
