//! An invited person, an application that lets them sign in with one provider, and that provider.

use serde_json::{Map, Value};
use url::Url;
use usher::application::SelfServicePolicy;
use usher::db::Json;
use usher::federation::{
    self, Audience, Cloud, Connection, ConnectionId, ExternalIdentity, Google, Mapping, Microsoft,
    OAuth2, Oidc, Provider, Quirks, Salesforce, SalesforceHost, Settings,
};
use usher::identity::IdentityStore;
use usher::invitation::Invitation;
use usher::kit::{Clock, Internal};
use usher::session::flow::Flow;
use usher::simulator::{Callback, Endpoint, Kind, Simulator};

use crate::harness::{Browser, Page, RelyingParty, TestApp, invitation};

pub(super) const GRACE: &str = "grace.hopper@harborline.example";

/// Those with ID tokens.
pub(super) const OPENID: [Kind; 5] = [
    Kind::Microsoft,
    Kind::MicrosoftUsGovernment,
    Kind::Google,
    Kind::Salesforce,
    Kind::Generic,
];
pub(super) const ALL: [Kind; 6] = [
    Kind::Microsoft,
    Kind::MicrosoftUsGovernment,
    Kind::Google,
    Kind::Salesforce,
    Kind::Generic,
    Kind::GitHub,
];

pub(super) struct Scene {
    pub(super) kind: Kind,
    pub(super) app: TestApp,
    pub(super) provider: Simulator,
    pub(super) connection: ConnectionId,
    pub(super) store: IdentityStore,
    pub(super) desk: RelyingParty,
    pub(super) invited: Invitation,
}

/// What a callback led to.
pub(super) enum Came {
    /// Somebody who has no account here yet.
    Arrived(Box<ExternalIdentity>),
    SignedIn,
    Page(Box<Page>),
}

impl Scene {
    pub(super) async fn of(kind: Kind) -> Self {
        Self::with(kind, |_| {}).await
    }

    /// The same with settings of its own.
    pub(super) async fn with(kind: Kind, change: impl FnOnce(&mut Provider)) -> Self {
        Self::on(TestApp::sqlite().await, kind, change).await
    }

    /// One on each database that is at hand.
    pub(super) async fn each(kind: Kind) -> Vec<Self> {
        let mut scenes = Vec::new();
        for app in TestApp::each().await {
            scenes.push(Self::on(app, kind, |_| {}).await);
        }
        scenes
    }

    async fn on(app: TestApp, kind: Kind, change: impl FnOnce(&mut Provider)) -> Self {
        let provider = start(&app, kind).await;
        let mut settings = settings(kind, provider.base_url());
        change(&mut settings);
        let connection = connect(&app, "Contoso", settings, &provider).await;
        let store = app.store("Customers").await;
        let policy = SelfServicePolicy {
            connections: vec!["local".to_owned(), connection.to_string()],
            ..SelfServicePolicy::default()
        };
        let desk = app.expense_desk_with(store.id, policy).await;
        let invited = app.issues(invitation(&desk, GRACE)).await;
        Self {
            kind,
            app,
            provider,
            connection,
            store,
            desk,
            invited,
        }
    }

    /// Somebody of the simulated provider who may sign in.
    pub(super) fn somebody(&self) -> &'static str {
        self.provider.personas()[0].key
    }

    /// The invited person's flow, after the letter's link.
    pub(super) async fn flow(&self, browser: &mut Browser) -> String {
        let letter = self.app.letter_to(GRACE).await;
        let landing = browser.open(letter.link("/invitation/")).await;
        let form = browser.submit(&landing, "submit", &[]).await;
        form.value("flow").unwrap()
    }

    /// Presses the provider's button. Where it leads, or the page that says why not.
    pub(super) async fn presses(
        &self,
        browser: &mut Browser,
        flow: &str,
    ) -> Result<Url, Box<Page>> {
        let connection = self.connection.to_string();
        let fields = [("flow", flow), ("connection", &connection)];
        let mut page = browser.post("/sign-in/with", &fields).await;
        page.leaves_for.take().ok_or(Box::new(page))
    }

    /// The same where it has to lead somewhere.
    pub(super) async fn goes(&self, browser: &mut Browser, flow: &str) -> Url {
        match self.presses(browser, flow).await {
            Ok(url) => url,
            Err(page) => panic!("{:?}: {}", self.kind, page.body),
        }
    }

    pub(super) async fn sent(&self, browser: &mut Browser) -> Url {
        let flow = self.flow(browser).await;
        self.goes(browser, &flow).await
    }

    /// Signs in at the provider; where it sends the browser.
    pub(super) async fn proves(&self, at: &Url, persona: &str) -> Callback {
        let back = self.provider.sign_in(at.as_str(), persona).await;
        back.unwrap_or_else(|page| panic!("{:?}: {page}", self.kind))
    }

    /// The whole way: the letter, the button, the provider, and back.
    pub(super) async fn comes(&self, browser: &mut Browser) -> Came {
        let at = self.sent(browser).await;
        let back = self.proves(&at, self.somebody()).await;
        self.follows(browser, &back.url).await
    }

    pub(super) async fn follows(&self, browser: &mut Browser, callback: &Url) -> Came {
        let page = browser.request("GET", callback, None).await;
        self.came(browser, page).await
    }

    pub(super) async fn came(&self, browser: &Browser, page: Page) -> Came {
        let Some(location) = page.headers.get("location") else {
            return Came::Page(Box::new(page));
        };
        let next = page.url.join(location.to_str().unwrap()).unwrap();
        assert_eq!(next.path(), "/continue", "{:?}", self.kind);
        if browser.cookie("usher-session").is_some() {
            return Came::SignedIn;
        }
        let (_, sealed) = next.query_pairs().find(|(name, _)| name == "flow").unwrap();
        let app = &self.app.app;
        let now = app.moment().now;
        let flow = Flow::open(&app.sealer, &sealed, now).unwrap();
        let of = (flow.external.unwrap(), flow.browser.as_slice());
        let found: Result<_, Internal> = app
            .db
            .read(async |tx| federation::arrived(tx, &app.sealer, of, now).await)
            .await;
        Came::Arrived(Box::new(found.unwrap().unwrap()))
    }

    /// A trouble's page that helps, and nothing half-made: BR-11, R129.
    pub(super) async fn is_troubled(&self, came: Came, names: &[&str], what: &str) {
        let what = format!("{:?}, {what}", self.kind);
        let Came::Page(page) = came else {
            panic!("{what}: somebody was let in");
        };
        let told = page.attribute("[data-trouble]", "data-trouble");
        let told = told.unwrap_or_else(|| panic!("{what}: {} {}", page.status, page.body));
        assert!(names.contains(&told.as_str()), "{what}: {told}");
        let leads_on = page.has("#again") || page.has("#other-account") || page.has("#other-way");
        assert!(leads_on, "{what}: {}", page.body);
        self.is_as_before(&what).await;
    }

    /// Neither an account, nor a session, nor somebody who waits for what follows; and the invitation is good.
    pub(super) async fn is_as_before(&self, what: &str) {
        let counted: Result<(i64,), Internal> = self
            .app
            .app
            .db
            .read(async |tx| {
                tx.sql(
                    "SELECT (SELECT COUNT(*) FROM identity) + (SELECT COUNT(*) FROM session) + (SELECT COUNT(*) FROM linked_account)
                     + (SELECT COUNT(*) FROM external_sign_in WHERE identity_sealed IS NOT NULL)",
                )
                .one()
                .await
            })
            .await;
        assert_eq!(counted.unwrap().0, 0, "{what}");
        let status = self.app.status_of(self.invited.id).await;
        assert!(
            ["pending", "started", "opened"].contains(&status),
            "{what}: {status}"
        );
    }

    /// What was wrong is right again, and the same link leads in.
    pub(super) async fn works_again(&self, what: &str) {
        self.provider.behave();
        self.works(what).await;
    }

    pub(super) async fn works(&self, what: &str) {
        let mut browser = self.app.browser();
        if let Came::Page(page) = self.comes(&mut browser).await {
            panic!("{:?}, after {what}: {}", self.kind, page.body);
        }
        self.forget_arrivals().await;
    }

    pub(super) async fn forget_arrivals(&self) {
        let db = &self.app.app.db;
        let forgotten: Result<u64, Internal> = db
            .write(async |tx| tx.sql("DELETE FROM external_sign_in").run().await)
            .await;
        forgotten.unwrap();
    }

    /// How often an endpoint of the provider was asked.
    pub(super) fn asked(&self, endpoint: Endpoint) -> usize {
        self.provider.requests_to(endpoint).len()
    }

    /// The connection as this node knows it.
    pub(super) fn known(&self) -> Connection {
        let connections = self.app.app.connections.current();
        Connection::clone(connections.get(self.connection).unwrap())
    }

    pub(super) fn asks_userinfo(&self) -> bool {
        let provider = self.known().settings.provider;
        self.kind == Kind::GitHub || provider.connector().quirks().userinfo
    }
}

pub(super) async fn start(app: &TestApp, kind: Kind) -> Simulator {
    let free = "127.0.0.1:0".parse().unwrap();
    let clock = Clock::manual(&app.clock);
    Simulator::start_with_clock(kind, free, clock)
        .await
        .unwrap()
}

/// A connection to a simulator, as the database keeps it.
pub(super) async fn connect(
    app: &TestApp,
    name: &str,
    provider: Provider,
    simulator: &Simulator,
) -> ConnectionId {
    let moment = app.app.moment();
    let id: ConnectionId = moment.id();
    let secret = simulator.client_secret();
    let secret = secret.reveal().as_bytes();
    let sealed = app.app.sealer.seal("connection", secret, &moment).unwrap();
    let plain = matches!(provider, Provider::OAuth2(_));
    let scopes: &[&str] = if plain {
        &["read:user", "user:email"]
    } else {
        &[]
    };
    let settings = Settings {
        provider,
        scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
        domains: Vec::new(),
        mapping: Mapping::default(),
        trusted_methods: vec!["mfa".to_owned()],
    };
    let made: Result<_, Internal> = app
        .app
        .db
        .write(async |tx| {
            tx.sql(
                "INSERT INTO connection (id, name, settings, client_id, secret_sealed, enabled, created_at, revision)
                 VALUES ($1, $2, $3, $4, $5, $6, $7, 1)",
            )
            .bind(id)
            .bind(name.to_owned())
            .bind(Json(settings))
            .bind(simulator.client_id().to_owned())
            .bind(sealed)
            .bind(true)
            .bind(moment.now)
            .run()
            .await?;
            federation::changed(tx).await
        })
        .await;
    made.unwrap();
    app.app.connections.refresh(&app.app.db).await.unwrap();
    id
}

/// The settings for a simulator.
pub(super) fn settings(kind: Kind, base: &str) -> Provider {
    let url: Url = base.parse().unwrap();
    let at = |path: &str| url.join(path).unwrap();
    match kind {
        Kind::Microsoft | Kind::MicrosoftUsGovernment => Provider::Microsoft(Microsoft {
            cloud: if kind == Kind::Microsoft {
                Cloud::Global
            } else {
                Cloud::UsGovernment
            },
            audience: Audience::Organizations,
            refuse_guests: false,
            login_url: Some(url.clone()),
            graph_url: Some(url),
        }),
        Kind::Google => Provider::Google(Google {
            hosted_domains: Vec::new(),
            base_url: Some(url),
        }),
        Kind::Salesforce | Kind::SalesforceSandbox | Kind::SalesforceMyDomain => {
            Provider::Salesforce(Salesforce {
                host: SalesforceHost::Production,
                organizations: Vec::new(),
                base_url: Some(url),
            })
        }
        Kind::Generic => Provider::Oidc(Oidc {
            issuer: base.to_owned(),
            authoritative_domains: Vec::new(),
            quirks: Quirks::default(),
        }),
        Kind::GitHub => Provider::OAuth2(OAuth2 {
            issuer: format!("{base}/login/oauth"),
            authorization_endpoint: at("/login/oauth/authorize"),
            token_endpoint: at("/login/oauth/access_token"),
            user_endpoint: at("/user"),
            subject: "/id".to_owned(),
            emails_endpoint: Some(at("/user/emails")),
            authoritative_domains: Vec::new(),
            quirks: Quirks::default(),
        }),
    }
}

/// One member of a JSON object for a switch: `member("exp", json!(null))`.
pub(super) fn member(name: &str, value: Value) -> Map<String, Value> {
    [(name.to_owned(), value)].into_iter().collect()
}
