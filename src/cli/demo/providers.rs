//! The simulated providers of the demonstration, and the connections to them.
//!
//! What they play is the simulator's part.

use url::Url;

use super::super::output::Failure;
use super::loopback;
use crate::app::App;
use crate::event::Actor;
use crate::federation::{
    self, Audience, Cloud, Connection, ConnectionDraft, ConnectionId, Mapping, Provider,
    SalesforceHost, Settings,
};
use crate::kit::Internal;
use crate::simulator::{Kind, Simulator};

/// What the buttons say, and who is behind them.
const ALL: [(&str, Kind); 3] = [
    ("Contoso Microsoft 365", Kind::Microsoft),
    ("Google", Kind::Google),
    ("Salesforce", Kind::Salesforce),
];

/// A provider that runs as long as this is kept, and its connection's name.
pub(super) struct Played {
    name: &'static str,
    kind: Kind,
    simulator: Simulator,
}

/// Starts them where they were the last time: accounts at Google and Salesforce are known by that address. Another free port
/// if that one is taken.
pub(super) async fn start(app: &App) -> Result<Vec<Played>, Internal> {
    let mut all = Vec::new();
    for (name, kind) in ALL {
        let before =
            find(app, name).and_then(|connection| address(&connection.settings.provider)?.port());
        let simulator = match before {
            Some(port) => Simulator::start(kind, loopback(port)).await.ok(),
            None => None,
        };
        let simulator = match simulator {
            Some(simulator) => simulator,
            None => Simulator::start(kind, loopback(0)).await?,
        };
        all.push(Played {
            name,
            kind,
            simulator,
        });
    }
    Ok(all)
}

/// Makes the connections, or brings up to date what depends on the ports.
pub(super) async fn connect(app: &App, all: &[Played]) -> Result<Vec<ConnectionId>, Failure> {
    let mut connections = Vec::new();
    for played in all {
        let id = connect_one(app, played).await?;
        let callback = app.links.external_callback(&id.to_string());
        played.simulator.register_redirect_uri(&callback);
        connections.push(id);
    }
    app.connections.refresh(&app.db).await?;
    Ok(connections)
}

async fn connect_one(app: &App, played: &Played) -> Result<ConnectionId, Failure> {
    let moment = app.moment();
    let keeper = app.keeper(&Actor::System);
    let draft = draft(played)?;
    let before = find(app, played.name);
    if let Some(before) = &before
        && before.settings.provider == draft.settings.provider
    {
        return Ok(before.id);
    }
    let checked = keeper.check(&moment, draft, before.as_ref()).await?;
    let saved = app
        .db
        .write(async |tx| match before {
            None => keeper.create(tx, &moment, checked).await,
            Some(before) => keeper.update(tx, &moment, before.id, checked).await,
        })
        .await?;
    Ok(saved.id)
}

fn find(app: &App, name: &str) -> Option<Connection> {
    let current = app.connections.current();
    let found = current
        .all()
        .iter()
        .find(|connection| connection.name == name);
    found.map(|connection| Connection::clone(connection))
}

fn address(provider: &Provider) -> Option<&Url> {
    match provider {
        Provider::Microsoft(microsoft) => microsoft.login_url.as_ref(),
        Provider::Google(google) => google.base_url.as_ref(),
        Provider::Salesforce(salesforce) => salesforce.base_url.as_ref(),
        Provider::Oidc(_) | Provider::OAuth2(_) => None,
    }
}

fn draft(played: &Played) -> Result<ConnectionDraft, Internal> {
    let base = Some(Url::parse(played.simulator.base_url())?);
    let provider = match played.kind {
        Kind::Google => Provider::Google(federation::Google {
            hosted_domains: Vec::new(),
            base_url: base,
        }),
        Kind::Salesforce => Provider::Salesforce(federation::Salesforce {
            host: SalesforceHost::Production,
            organizations: Vec::new(),
            base_url: base,
        }),
        _ => Provider::Microsoft(federation::Microsoft {
            cloud: Cloud::Global,
            audience: Audience::Organizations,
            refuse_guests: false,
            login_url: base.clone(),
            graph_url: base,
        }),
    };
    Ok(ConnectionDraft {
        name: played.name.to_owned(),
        settings: Settings {
            provider,
            scopes: Vec::new(),
            domains: Vec::new(),
            mapping: Mapping::default(),
            trusted_methods: Vec::new(),
        },
        client_id: played.simulator.client_id().to_owned(),
        secret: Some(played.simulator.client_secret()),
        secret_expires_at: None,
        enabled: true,
    })
}
