//! What people see once a provider has proven them: signing up, connecting, and what is refused.
//!
//! The way to the provider and back has tests of its own; here somebody has simply arrived.

mod accounts;
mod linking;
mod signing_up;

use std::collections::BTreeMap;

use chrono::TimeDelta;
use usher::application::SelfServicePolicy;
use usher::db::Json;
use usher::federation::{self, AccountKey, Address, ConnectionId, ExternalIdentity};
use usher::federation::{Google, Mapping, Provider, Settings};
use usher::identity::{IdentityId, IdentityStore};
use usher::kit::{EmailAddress, Id, Internal, Secret, kinds};
use usher::session::flow::{Account, Destination, Flow};

use crate::harness::{Browser, Page, RelyingParty, TestApp};

pub(crate) const GRACE: &str = "grace.hopper@harborline.example";

/// An application that takes people from Contoso, beside or in place of passwords.
pub(crate) struct World {
    pub(crate) test: TestApp,
    pub(crate) store: IdentityStore,
    pub(crate) desk: RelyingParty,
    pub(crate) contoso: ConnectionId,
}

impl World {
    pub(crate) async fn each() -> Vec<Self> {
        Self::each_with(|_| {}).await
    }

    pub(crate) async fn each_with(change: impl Fn(&mut SelfServicePolicy)) -> Vec<Self> {
        let mut worlds = Vec::new();
        for test in TestApp::each().await {
            let store = test.store("Customers").await;
            let contoso = connect(&test, "Contoso", &["contoso.example"]).await;
            let mut policy = SelfServicePolicy {
                connections: vec!["local".to_owned(), contoso.to_string()],
                ..SelfServicePolicy::default()
            };
            change(&mut policy);
            let desk = test.expense_desk_with(store.id, policy).await;
            worlds.push(Self {
                test,
                store,
                desk,
                contoso,
            });
        }
        worlds
    }

    /// Somebody as Contoso proves them.
    pub(crate) fn proven(&self, subject: &str) -> ExternalIdentity {
        ExternalIdentity {
            connection: self.contoso,
            key: AccountKey {
                namespace: "https://login.contoso.example".to_owned(),
                subject: subject.to_owned(),
            },
            issuer: "https://login.contoso.example".to_owned(),
            sub: subject.to_owned(),
            sid: None,
            tenant: None,
            label: format!("{subject}@contoso.example"),
            address: None,
            profile: BTreeMap::new(),
            groups: Vec::new(),
            authenticated_at: Some(self.test.app.moment().now),
            methods: vec!["mfa".to_owned()],
            id_token: None,
        }
    }

    /// The same, with an address that the provider names.
    pub(crate) fn with_address(
        &self,
        subject: &str,
        address: &str,
        proven: bool,
    ) -> ExternalIdentity {
        ExternalIdentity {
            address: Some(Address {
                address: address.parse::<EmailAddress>().unwrap(),
                proven,
            }),
            ..self.proven(subject)
        }
    }

    /// Somebody comes back from the provider, on the way that a page is part of.
    pub(crate) async fn arrives(
        &self,
        browser: &mut Browser,
        page: &Page,
        who: &ExternalIdentity,
    ) -> Page {
        let sealed = self.flow_after(&page.value("flow").unwrap(), who).await;
        browser
            .open(&self.test.app.links.continue_flow(&sealed))
            .await
    }

    /// The flow as core hands it on.
    pub(crate) async fn flow_after(&self, sealed: &str, who: &ExternalIdentity) -> String {
        let (app, moment) = (&self.test.app, self.test.app.moment());
        let mut flow = Flow::open(&app.sealer, sealed, moment.now).unwrap();
        let id: Id<kinds::ExternalSignIn> = moment.id();
        let identity = serde_json::to_vec(who).unwrap();
        let identity = app
            .sealer
            .seal("external identity", &identity, &moment)
            .unwrap();
        let written: Result<_, Internal> = app
            .db
            .write(async |tx| {
                tx.sql(
                    "INSERT INTO external_sign_in (id, state_hash, connection_id, browser_hash, request_sealed, created_at,
                         expires_at, taken_at, identity_sealed)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $6, $8)",
                )
                .bind(id)
                .bind(moment.token().digest())
                .bind(who.connection)
                .bind(flow.browser.clone())
                .bind(vec![0_u8])
                .bind(moment.now)
                .bind(moment.now + TimeDelta::minutes(60))
                .bind(identity)
                .run()
                .await
            })
            .await;
        assert_eq!(written.unwrap(), 1);
        flow.external = Some(id);
        flow.seal(&app.sealer, &moment).unwrap()
    }

    /// A browser at the sign-in page of Expense Desk.
    pub(crate) async fn at_the_door(&self) -> (Browser, Page) {
        let mut browser = self.test.browser();
        let page = browser.open(&self.desk.authorize(&[])).await;
        (browser, page)
    }

    /// Somebody with a password, signed in; the page is where their way went on.
    pub(crate) async fn signs_in(&self, browser: &mut Browser, page: &Page, name: &str) -> Page {
        let typed = [("username", name), ("password", crate::sign_in::PASSWORD)];
        browser.submit(page, "submit", &typed).await
    }

    /// What the store keeps of an account at the provider.
    pub(crate) async fn owner(&self, who: &ExternalIdentity) -> Option<IdentityId> {
        let found: Result<_, Internal> = self
            .test
            .app
            .db
            .read(async |tx| federation::link::find(tx, self.store.id, &who.key).await)
            .await;
        found.unwrap()
    }

    pub(crate) async fn links(&self, identity: IdentityId, who: &ExternalIdentity) {
        let moment = self.test.app.moment();
        let linked = self.test.app.db.write(async |tx| {
            federation::link::link(tx, &moment, self.store.id, identity, who).await
        });
        linked.await.unwrap();
    }

    /// A flow of a browser that has been here, to the account page or the application.
    pub(crate) fn flow(
        &self,
        browser: &Browser,
        destination: Destination,
        account: Account,
    ) -> String {
        let app = &self.test.app;
        let cookie = Secret::new(browser.cookie("usher-browser").unwrap()).digest();
        let moment = app.moment();
        let mut flow = Flow::begin(&moment, cookie, self.desk.application, destination);
        flow.account = account;
        flow.seal(&app.sealer, &moment).unwrap()
    }

    pub(crate) async fn happened(&self, kind: &str) -> usize {
        let filter = usher::event::Filter {
            subject: None,
            kind: Some(kind.to_owned()),
        };
        let page = usher::kit::PageRequest::first();
        let events: Result<_, Internal> = self
            .test
            .app
            .db
            .read(async |tx| usher::event::list(tx, &filter, &page).await)
            .await;
        events.unwrap().items.len()
    }
}

/// A connection, switched on.
pub(crate) async fn connect(test: &TestApp, name: &str, domains: &[&str]) -> ConnectionId {
    let moment = test.app.moment();
    let id: ConnectionId = moment.id();
    let settings = Settings {
        provider: Provider::Google(Google {
            hosted_domains: Vec::new(),
            base_url: Some("http://127.0.0.1:9/".parse().unwrap()),
        }),
        scopes: Vec::new(),
        domains: domains.iter().map(|domain| (*domain).to_owned()).collect(),
        mapping: Mapping::default(),
        trusted_methods: Vec::new(),
    };
    let written: Result<_, Internal> = test
        .app
        .db
        .write(async |tx| {
            tx.sql(
                "INSERT INTO connection (id, name, settings, client_id, enabled, created_at, revision)
                 VALUES ($1, $2, $3, 'us', $4, $5, 1)",
            )
            .bind(id)
            .bind(name.to_owned())
            .bind(Json(settings))
            .bind(true)
            .bind(moment.now)
            .run()
            .await?;
            federation::changed(tx).await
        })
        .await;
    written.unwrap();
    test.app.connections.refresh(&test.app.db).await.unwrap();
    id
}
