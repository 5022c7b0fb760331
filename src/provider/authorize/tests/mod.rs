//! A client to ask with, and the rules that need no server: which requests are understood, and where a flow goes next.
//!
//! Whole flows are in `tests/it/authorize.rs`.

mod requests;
mod steps;

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::json;

use super::asked::Asked;
use super::refused::{NoWayBack, Refused};
use super::request::{AuthorizationRequest, Party};
use crate::application::{
    Application, Catalogue, Client, ClientSettings, Protocol, Purpose, SelfServicePolicy,
};
use crate::kit::{Clock, ManualClock, Moment};

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const CALLBACK: &str = "https://app.example/callback";

/// One application with one client, whose settings a test may change.
struct World {
    moment: Moment,
    catalogue: Catalogue,
    client: Client,
}

fn now() -> DateTime<Utc> {
    DateTime::UNIX_EPOCH + TimeDelta::days(20_000)
}

/// `settings` are as stored.
fn world(settings: &serde_json::Value) -> World {
    let moment = Clock::manual(&ManualClock::new(now(), 7)).moment();
    let mut all = json!({ "redirect_uris": [CALLBACK], "consent": "ask" });
    for (name, value) in settings.as_object().unwrap() {
        all[name] = value.clone();
    }
    let settings: ClientSettings = serde_json::from_value(all).unwrap();
    let application = Application {
        id: moment.id(),
        store: moment.id(),
        name: "Expense Desk".into(),
        description: String::new(),
        purpose: Purpose::Product,
        protocol: Protocol::Oidc,
        home_url: None,
        saml: None,
        accent: None,
        policy: SelfServicePolicy::default(),
        created_at: now(),
        revision: 1,
    };
    let client = Client {
        id: moment.id(),
        application: Some(application.id),
        name: "Expense Desk".into(),
        settings,
        secrets: Vec::new(),
        created_at: now(),
        revision: 1,
    };
    World {
        catalogue: Catalogue::with(application, client.clone()),
        moment,
        client,
    }
}

impl World {
    /// A request that is fine, but for these parameters; an empty one is left out.
    fn query(&self, changes: &[(&str, &str)]) -> String {
        let id = self.client.id.to_string();
        let mut parameters = vec![
            ("client_id", id.as_str()),
            ("redirect_uri", CALLBACK),
            ("response_type", "code"),
            ("scope", "openid email"),
            ("code_challenge", CHALLENGE),
            ("code_challenge_method", "S256"),
        ];
        for (name, value) in changes {
            parameters.retain(|(known, _)| known != name);
            parameters.push((name, value));
        }
        url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(parameters)
            .finish()
    }

    fn understand(&self, query: &str) -> Result<Result<AuthorizationRequest, Refused>, NoWayBack> {
        let asked = Asked::parse(query.as_bytes()).map_err(NoWayBack::Unreadable)?;
        let (party, back) = Party::find(&self.catalogue, &asked)?;
        let read_hint = |_: &Client, token: &str| token.strip_prefix("about ").map(str::to_owned);
        Ok(AuthorizationRequest::understand(
            party, back, &asked, &read_hint,
        ))
    }

    fn ask(&self, changes: &[(&str, &str)]) -> Result<AuthorizationRequest, Refused> {
        self.understand(&self.query(changes)).unwrap()
    }

    /// The code of the error that the client gets.
    fn refusal(&self, changes: &[(&str, &str)]) -> &'static str {
        self.ask(changes).err().map_or("", |refused| refused.code)
    }
}
