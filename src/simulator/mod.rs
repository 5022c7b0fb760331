//! Simulated providers: Microsoft 365, Google, Salesforce and others on this machine, for trying external sign-in out and for testing it
//! against everything that real ones do.
//!
//! Knows nothing of this crate but `kit`. Nothing here is a real account, and nothing leaves the machine.

mod engine;
mod generic;
mod github;
mod google;
mod microsoft;
mod pages;
mod persona;
mod provider;
mod quirks;
mod salesforce;
mod signing;

use std::net::SocketAddr;
use std::sync::{Arc, MutexGuard};

use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};
use url::Url;

pub use engine::Received;
use engine::{Asked, Call, Mode, Outcome, SignIn, Site, lock};
pub use persona::{
    Account, DirectoryRole, GoogleAccount, Licence, MicrosoftAccount, Org, Persona, PlainAccount,
    SalesforceAccount, Tenant, Workspace,
};
pub use provider::Endpoint;
use provider::Provider;
pub use quirks::{
    Algorithm, AuthTime, Edov, Groups, HostedDomain, IssParameter, LogoutToken, PromptNone, Quirks,
    Refusal, Rotation, Trouble,
};

use crate::kit::{Clock, Internal, Secret};

/// Whom a simulator plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The worldwide cloud.
    Microsoft,
    /// GCC High and `DoD`.
    MicrosoftUsGovernment,
    Google,
    /// `login.salesforce.com`.
    Salesforce,
    /// `test.salesforce.com`.
    SalesforceSandbox,
    /// One organisation's own host.
    SalesforceMyDomain,
    /// An OpenID provider by the book.
    Generic,
    /// OAuth 2.0 without OpenID Connect.
    GitHub,
}

impl Kind {
    fn provider(self) -> Box<dyn Provider> {
        match self {
            Self::Microsoft => Box::new(microsoft::WORLDWIDE),
            Self::MicrosoftUsGovernment => Box::new(microsoft::US_GOVERNMENT),
            Self::Google => Box::new(google::Google),
            Self::Salesforce => Box::new(salesforce::PRODUCTION),
            Self::SalesforceSandbox => Box::new(salesforce::SANDBOX),
            Self::SalesforceMyDomain => Box::new(salesforce::MY_DOMAIN),
            Self::Generic => Box::new(generic::Generic),
            Self::GitHub => Box::new(github::GitHub),
        }
    }
}

/// A provider that runs until this is dropped.
pub struct Simulator {
    site: Arc<Site>,
    _running: DropGuard,
}

/// Where the provider sends the browser, and how.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callback {
    /// With the answer in it, unless it is a form.
    pub url: Url,
    /// The answer, when it comes as a form (`response_mode=form_post`).
    pub form: Option<Vec<(String, String)>>,
}

impl Simulator {
    /// Port 0 is any free one.
    pub async fn start(kind: Kind, listen: SocketAddr) -> Result<Self, Internal> {
        Self::start_with_clock(kind, listen, Clock::system()).await
    }

    /// The same with the clock of a test, which the dates in tokens follow.
    pub async fn start_with_clock(
        kind: Kind,
        listen: SocketAddr,
        clock: Clock,
    ) -> Result<Self, Internal> {
        let listener = TcpListener::bind(listen).await?;
        let base = format!("http://{}", listener.local_addr()?);
        let site = Arc::new(Site::new(base, kind.provider(), clock)?);
        let stop = CancellationToken::new();
        serve(listener, &site, stop.clone());
        Ok(Self {
            site,
            _running: stop.drop_guard(),
        })
    }

    /// Where the provider is: `http://127.0.0.1:4711`, without a slash at the end.
    #[must_use]
    pub fn base_url(&self) -> &str {
        &self.site.base
    }

    #[must_use]
    pub fn client_id(&self) -> &'static str {
        self.site.provider.client().id
    }

    #[must_use]
    pub fn client_secret(&self) -> Secret {
        Secret::new(self.site.provider.client().secret)
    }

    /// Those who have an account here.
    #[must_use]
    pub fn personas(&self) -> &'static [Persona] {
        self.site.provider.personas()
    }

    /// Flips switches: `simulator.quirks(|quirks| quirks.wrong_issuer = true)`. They hold from the next request on.
    pub fn quirks(&self, change: impl FnOnce(&mut Quirks)) {
        change(&mut self.site.quirks());
    }

    /// Behaves well again.
    pub fn behave(&self) {
        *self.site.quirks() = Quirks::default();
    }

    /// The signing key is another one from now on; the old one is no longer published.
    pub fn rotate_keys(&self) {
        self.site.keys.rotate();
    }

    /// From the first registered address on only registered ones are sent back to; before that, every one is.
    pub fn register_redirect_uri(&self, uri: &str) {
        lock(&self.site.redirect_uris).push(uri.to_owned());
    }

    /// All requests so far, oldest first.
    #[must_use]
    pub fn requests(&self) -> Vec<Received> {
        self.site.log().clone()
    }

    /// Those to one endpoint.
    #[must_use]
    pub fn requests_to(&self, endpoint: Endpoint) -> Vec<Received> {
        let log: MutexGuard<'_, Vec<Received>> = self.site.log();
        let found = log.iter().filter(|one| one.endpoint == endpoint);
        found.cloned().collect()
    }

    pub fn forget_requests(&self) {
        self.site.log().clear();
    }

    /// Follows an address of the authorization endpoint and chooses an account, as a person does on the sign-in page.
    /// The text of the page, if the provider shows one instead of going back.
    pub async fn sign_in(&self, address: &str, persona: &str) -> Result<Callback, String> {
        self.follow(address, ("persona", persona)).await
    }

    /// Follows an address of the authorization endpoint and presses Cancel.
    pub async fn cancel(&self, address: &str) -> Result<Callback, String> {
        self.follow(address, ("cancel", "yes")).await
    }

    async fn follow(&self, address: &str, answer: (&str, &str)) -> Result<Callback, String> {
        let path = address.strip_prefix(self.base_url());
        let path = path.ok_or_else(|| format!("{address} is not an address of this simulator"))?;
        let request = Received::posted(path, answer);
        self.site.log().push(request.clone());
        let quirks = self.site.quirks().clone();
        let call = Call {
            site: &self.site,
            request: &request,
            quirks: &quirks,
            now: self.site.clock.moment().now,
        };
        match engine::outcome(&call) {
            Outcome::Back(back) => Ok(Callback {
                url: back.address(),
                form: (back.by == Mode::FormPost).then_some(back.parameters),
            }),
            Outcome::Page(page) => {
                let body = axum::body::to_bytes(page.into_body(), usize::MAX).await;
                Err(String::from_utf8_lossy(&body.unwrap_or_default()).into_owned())
            }
        }
    }

    /// A logout token about everybody's or one session of this account (Back-Channel Logout 1.0).
    pub fn logout_token(&self, persona: &str, sid: Option<&str>) -> Result<String, Internal> {
        let persona = self.site.persona(persona);
        let persona = persona.ok_or_else(|| Internal::because("there is no such account"))?;
        let quirks = self.site.quirks().clone();
        let request = Received::posted("/", ("", ""));
        let now = self.site.clock.moment().now;
        let call = Call {
            site: &self.site,
            request: &request,
            quirks: &quirks,
            now,
        };
        let sign_in = SignIn {
            persona,
            asked: Asked::default(),
            at: now,
            sid: sid.unwrap_or_default().to_owned(),
        };
        engine::logout_token(&call, &sign_in)
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "a simulator's one task ends with it"
)]
fn serve(listener: TcpListener, site: &Arc<Site>, stop: CancellationToken) {
    let router = engine::router(site);
    tokio::spawn(async move {
        let serving = std::future::IntoFuture::into_future(axum::serve(listener, router));
        if let Some(Err(error)) = stop.run_until_cancelled(serving).await {
            tracing::error!(%error, "a simulator ended");
        }
    });
}
