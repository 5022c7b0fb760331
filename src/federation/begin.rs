//! Somebody is sent to a provider.
//!
//! One unit of work and, where the provider has answered lately, no request.

use std::net::IpAddr;

use chrono::TimeDelta;
use oauth2::{CsrfToken, PkceCodeChallenge, PkceCodeVerifier, Scope};
use url::Url;

use super::come_back::report;
use super::connector::{Connector, Wish};
use super::store::external as store;
use super::way::{self, Asked, FOR_THE_CALLBACK};
use super::{Connection, Metadata, Providers, ResponseMode, Trouble, exchange, health};
use crate::db::Db;
use crate::event::{self, Actor};
use crate::keys::Sealer;
use crate::kit::{Because, Failed, Internal, Moment, Refusal, Secret};
use crate::session::flow::{Account, Destination, Flow};
use crate::session::throttle::{Attempts, Budget, Counter, TooManyAttempts};
use crate::web::Links;

/// For an address: each one writes a row.
const FROM_AN_ADDRESS: Budget = Budget {
    failures: 120,
    window: TimeDelta::minutes(15),
};
/// Ways of one browser that lead away and not back. Two brokers that send people to each other open one with each round
/// (checklist BR-13); so does nobody who only changes their mind.
const MOST_OPEN: i64 = 10;

/// What no connection's own parameters may change.
const OURS: [&str; 9] = [
    "client_id",
    "redirect_uri",
    "response_type",
    "response_mode",
    "scope",
    "state",
    "nonce",
    "code_challenge",
    "code_challenge_method",
];

/// What beginning needs.
pub struct Desk<'a> {
    pub db: &'a Db,
    pub sealer: &'a Sealer,
    pub links: &'a Links,
    pub providers: &'a Providers,
    pub attempts: &'a Attempts,
}

/// Who goes where.
pub struct Begin<'a> {
    pub connection: &'a Connection,
    pub flow: &'a Flow,
    /// The flow as it travels.
    pub sealed: &'a str,
    /// Whom the person, or who invited them, has named.
    pub hint: Option<&'a str>,
    /// Not the account that the provider would take by itself.
    pub choose_account: bool,
    /// How old a sign-in may be where the client's request doesn't say it, in seconds.
    pub default_max_age: Option<u32>,
    /// What one customer has: an IPv4 address, or a /64.
    pub address: IpAddr,
}

/// Why nobody is sent anywhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refused {
    TooMany(TooManyAttempts),
    Trouble(Trouble),
}

impl Refusal for Refused {
    fn because(&self) -> Because {
        match self {
            Self::TooMany(many) => many.because(),
            Self::Trouble(_) => Because::Unprocessable,
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::TooMany(many) => many.code(),
            Self::Trouble(trouble) => trouble.name(),
        }
    }

    fn sentence(&self) -> String {
        match self {
            Self::TooMany(many) => many.sentence(),
            Self::Trouble(trouble) => trouble.to_string(),
        }
    }
}

impl From<Trouble> for Failed<Refused> {
    fn from(trouble: Trouble) -> Self {
        Self::Refused(Refused::Trouble(trouble))
    }
}

/// Writes down what has to come back, and tells the address to send the browser to.
pub async fn begin(
    desk: &Desk<'_>,
    moment: &Moment,
    begin: &Begin<'_>,
) -> Result<Url, Failed<Refused>> {
    let connection = begin.connection;
    let connector = connection.settings.provider.connector();
    let wish = wish(begin);
    if (wish.fresh || wish.max_age.is_some()) && !connector.proves_freshness() {
        return Err(Trouble::NotFresh.into());
    }
    let known = desk.providers.of(connection, moment.now).await?;
    if known.metadata.issuer == desk.links.issuer() {
        return Err(Trouble::Circles.into());
    }
    let asked = Asked {
        flow: begin.sealed.to_owned(),
        nonce: moment.token().reveal().to_owned(),
        verifier: connector
            .quirks()
            .pkce
            .then(|| moment.token().reveal().to_owned()),
        redirect_uri: desk.links.external_callback(&connection.id.to_string()),
        issuer: known.metadata.issuer.clone(),
        begun: moment.now,
        fresh: wish.fresh,
        max_age: wish.max_age,
    };
    let state = moment.token();
    let sealed = asked.seal(desk.sealer, moment)?;
    write(desk, moment, begin, (&state, sealed)).await?;
    Ok(address(
        connection,
        &known.metadata,
        (&asked, &state),
        &wish,
    )?)
}

/// Tells those who run this installation why nobody was sent away. Counted like a sign-in: strangers fill no log.
pub(super) async fn note(
    desk: &Desk<'_>,
    moment: &Moment,
    begin: &Begin<'_>,
    trouble: &Trouble,
) -> Result<(), Failed<Refused>> {
    let budget = budget(begin.address);
    let happening = report(begin.connection, trouble);
    let counted = desk.db.write(async |tx| {
        let attempt = desk.attempts.begin(tx, moment.now, vec![budget]).await?;
        let attempt = attempt.map_err(|many| Failed::Refused(Refused::TooMany(many)))?;
        health::troubled(tx, moment, begin.connection.id, trouble).await?;
        event::record(tx, moment, &Actor::Anonymous, happening).await?;
        Ok::<_, Failed<Refused>>(attempt.failed(tx, moment).await?)
    });
    drop(counted.await?);
    Ok(())
}

fn budget(address: IpAddr) -> Counter {
    let address = address.to_string();
    Counter::new(
        "external sign-ins from an address",
        &[address.as_bytes()],
        FROM_AN_ADDRESS,
    )
}

async fn write(
    desk: &Desk<'_>,
    moment: &Moment,
    begin: &Begin<'_>,
    request: (&Secret, Vec<u8>),
) -> Result<(), Failed<Refused>> {
    let browser = begin.flow.browser.as_slice();
    let budget = budget(begin.address);
    let since = moment.now - FOR_THE_CALLBACK;
    let counted = desk.db.write(async |tx| {
        let attempt = desk.attempts.begin(tx, moment.now, vec![budget]).await?;
        let attempt = attempt.map_err(|many| Failed::Refused(Refused::TooMany(many)))?;
        if store::count_open(tx, browser.to_vec(), since).await? >= MOST_OPEN {
            return Err(Trouble::Circles.into());
        }
        way::begin(tx, moment, (begin.connection.id, browser), request).await?;
        Ok::<_, Failed<Refused>>(attempt.failed(tx, moment).await?)
    });
    drop(counted.await?);
    Ok(())
}

/// What the client's request, the person's choice and the address mean for the provider.
fn wish(begin: &Begin<'_>) -> Wish {
    let flow = begin.flow;
    let parameter = |name: &str| match &flow.destination {
        Destination::Authorization { parameters } => {
            let found = parameters.iter().find(|(known, _)| known == name);
            found.map(|(_, value)| value.as_str())
        }
        Destination::Application | Destination::Account => None,
    };
    let prompts = |value: &str| {
        parameter("prompt").is_some_and(|prompt| prompt.split(' ').any(|one| one == value))
    };
    let asked = parameter("max_age").and_then(|seconds| seconds.parse().ok());
    let usual = match flow.destination {
        Destination::Authorization { .. } => begin.default_max_age.map(i64::from),
        Destination::Application | Destination::Account => None,
    };
    let max_age: Option<i64> = asked.or(usual);
    let hint = begin.hint.or(flow.login_hint.as_deref());
    let domain = hint.and_then(|hint| hint.rsplit_once('@'));
    let domain = domain.map(|(_, domain)| domain.to_lowercase());
    Wish {
        fresh: prompts("login") || max_age == Some(0),
        choose_account: begin.choose_account
            || matches!(flow.account, Account::Another(_))
            || prompts("select_account"),
        max_age: max_age.filter(|seconds| *seconds >= 0),
        login_hint: hint.map(str::to_owned),
        domain: domain.filter(|domain| begin.connection.settings.domains.contains(domain)),
        locales: flow.locales.clone(),
    }
}

/// The provider's address with our request (OpenID Connect Core section 3.1.2.1), PKCE always (RFC 7636).
fn address(
    connection: &Connection,
    metadata: &Metadata,
    (asked, state): (&Asked, &Secret),
    wish: &Wish,
) -> Result<Url, Internal> {
    let connector: &dyn Connector = connection.settings.provider.connector();
    let quirks = connector.quirks();
    let client = exchange::client(connection, metadata, &asked.redirect_uri)?;
    let own = connector.scopes().into_iter();
    let mut scopes: Vec<String> = own.chain(connection.settings.scopes.clone()).collect();
    let mut seen = std::collections::BTreeSet::new();
    scopes.retain(|scope| seen.insert(scope.clone()));
    let mut request = client
        .authorize_url(|| CsrfToken::new(state.reveal().to_owned()))
        .add_scopes(scopes.into_iter().map(Scope::new));
    if let Some(verifier) = &asked.verifier {
        let verifier = PkceCodeVerifier::new(verifier.clone());
        request =
            request.set_pkce_challenge(PkceCodeChallenge::from_code_verifier_sha256(&verifier));
    }
    if connector.discovery().is_some() {
        request = request.add_extra_param("nonce", asked.nonce.clone());
    }
    if quirks.response_mode == ResponseMode::FormPost {
        request = request.add_extra_param("response_mode", "form_post");
    }
    for (name, value) in connector.parameters(wish) {
        request = request.add_extra_param(name, value);
    }
    for (name, value) in quirks.parameters {
        if OURS.contains(&name.as_str()) {
            continue;
        }
        request = request.add_extra_param(name, value);
    }
    Ok(request.url().0)
}
