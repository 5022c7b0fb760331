//! `usher connection`: identity providers at which people may sign in.
//!
//! A secret is read from a file or from standard input: what stands on a command line, every process of the machine can read.

mod provider;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, NaiveTime, Utc};
use clap::{ArgGroup, Args, Subcommand};

use super::output::{Failure, Output};
use super::{Globals, find};
use crate::app::App;
use crate::event::Actor;
use crate::federation::api::{self, ConnectionView, TestReport};
use crate::federation::{ConnectionDraft, ConnectionId, Settings};
use crate::kit::Secret;

#[derive(Debug, Subcommand)]
pub(super) enum Connection {
    /// Connects a provider; asks it first whether it is there and is who it should be
    Add(Box<Add>),
    /// Lists the connections
    List,
    /// Shows a connection, without its secret
    Show {
        /// The name or the id
        connection: String,
    },
    /// Changes a connection; what isn't named stays
    Update(Update),
    /// Asks the provider what it says of itself now
    Test {
        /// The name or the id
        connection: String,
    },
    /// Removes a connection and the links of accounts to it
    Remove {
        /// The name or the id
        connection: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Add {
    /// As the button says
    #[arg(long)]
    name: String,
    /// Ours, as the provider shows it
    #[arg(long)]
    client_id: String,
    /// The file that holds the client secret; - reads it from standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// When the secret expires, as the provider shows it: 2027-11-30 or a moment of RFC 3339
    #[arg(long, value_name = "DATE", value_parser = moment)]
    secret_expires_at: Option<DateTime<Utc>>,
    /// People with addresses of this domain are led here; may be repeated
    #[arg(long = "domain")]
    domains: Vec<String>,
    /// Not offered to anybody yet
    #[arg(long)]
    disabled: bool,
    #[command(subcommand)]
    provider: provider::Provider,
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("state").args(["enable", "disable"]))]
pub(super) struct Update {
    /// The name or the id
    connection: String,
    #[arg(long)]
    name: Option<String>,
    #[arg(long)]
    client_id: Option<String>,
    /// The file that holds the new client secret; - reads it from standard input
    #[arg(long, value_name = "FILE")]
    secret_file: Option<PathBuf>,
    /// When the secret expires. A new secret without it has no date
    #[arg(long, value_name = "DATE", value_parser = moment)]
    secret_expires_at: Option<DateTime<Utc>>,
    /// In place of all present ones; may be repeated
    #[arg(long = "domain")]
    domains: Vec<String>,
    #[arg(long)]
    enable: bool,
    /// Ends the sessions that began there
    #[arg(long)]
    disable: bool,
}

impl Connection {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let app = globals.open().await?;
        match self {
            Self::Add(add) => add.run(&app, output).await,
            Self::Update(update) => update.run(&app, output).await,
            Self::Show { connection } => output.show(&view(&app, id(&app, &connection)?).await?),
            Self::Test { connection } => test(&app, output, id(&app, &connection)?).await,
            Self::Remove { connection } => remove(&app, output, id(&app, &connection)?).await,
            Self::List => output.list(
                &api::views(&app).await?,
                &[
                    ("id", |view| view.id.to_string()),
                    ("name", |view| view.name.clone()),
                    ("provider", |view| view.provider.kind().to_owned()),
                    ("enabled", |view| view.enabled.to_string()),
                    ("domains", |view| view.domains.join(" ")),
                ],
            ),
        }
    }
}

fn id(app: &App, text: &str) -> Result<ConnectionId, Failure> {
    Ok(find::connection(&app.connections.current(), text)?.id)
}

async fn view(app: &App, id: ConnectionId) -> Result<ConnectionView, Failure> {
    let views = api::views(app).await?;
    let view = views.into_iter().find(|view| view.id == id);
    view.ok_or_else(|| Failure::new("unknown", "The connection is gone."))
}

impl Add {
    async fn run(self, app: &App, output: Output) -> Result<(), Failure> {
        let draft = ConnectionDraft {
            name: self.name,
            settings: Settings {
                provider: self.provider.settings()?,
                scopes: Vec::new(),
                domains: self.domains,
                mapping: crate::federation::Mapping::default(),
                trusted_methods: Vec::new(),
            },
            client_id: self.client_id,
            secret: self.secret_file.as_deref().map(secret).transpose()?,
            secret_expires_at: self.secret_expires_at,
            enabled: !self.disabled,
        };
        let moment = app.moment();
        let keeper = app.keeper(&Actor::System);
        let checked = keeper.check(&moment, draft, None).await?;
        let made = app
            .db
            .write(async |tx| keeper.create(tx, &moment, checked).await)
            .await?;
        let view = view(app, made.id).await?;
        let text = format!(
            "Connection    {} ({})\nRedirect URI  {}\nRegister exactly this redirect URI at the provider. Then name the connection in an application's policy.",
            view.name, view.id, view.redirect_uri
        );
        output.result(&view, &text)
    }
}

impl Update {
    async fn run(self, app: &App, output: Output) -> Result<(), Failure> {
        let connections = app.connections.current();
        let old = find::connection(&connections, &self.connection)?;
        let mut draft = ConnectionDraft::from((**old).clone());
        if let Some(name) = self.name {
            draft.name = name;
        }
        if let Some(client_id) = self.client_id {
            draft.client_id = client_id;
        }
        if let Some(file) = &self.secret_file {
            draft.secret = Some(secret(file)?);
            draft.secret_expires_at = None;
        }
        draft.secret_expires_at = self.secret_expires_at.or(draft.secret_expires_at);
        if !self.domains.is_empty() {
            draft.settings.domains = self.domains;
        }
        draft.enabled = (draft.enabled || self.enable) && !self.disable;
        let moment = app.moment();
        let keeper = app.keeper(&Actor::System);
        let checked = keeper.check(&moment, draft, Some(&**old)).await?;
        app.db
            .write(async |tx| keeper.update(tx, &moment, old.id, checked).await)
            .await?;
        let view = view(app, old.id).await?;
        output.result(&view, &format!("Connection {} is changed.", view.name))
    }
}

async fn test(app: &App, output: Output, id: ConnectionId) -> Result<(), Failure> {
    let report = api::report(app, id).await?;
    let report = report.ok_or_else(|| Failure::new("unknown", "The connection is gone."))?;
    output.result(&report, &told(&report))
}

fn told(report: &TestReport) -> String {
    let provider = match &report.problem {
        Some(problem) => format!("BAD   {problem}"),
        None => format!(
            "ok    The provider is there: {}",
            report.issuer.as_deref().unwrap_or_default()
        ),
    };
    let mut lines = vec![provider, format!("mind  {}", report.secret_detail)];
    if let (Some(trouble), Some(at)) = (&report.health.trouble, report.health.trouble_at) {
        lines.push(format!("mind  Somebody was stopped on {at}: {trouble}"));
    }
    lines.push(format!("mind  Redirect URI: {}", report.redirect_uri));
    lines.join("\n")
}

async fn remove(app: &App, output: Output, id: ConnectionId) -> Result<(), Failure> {
    let gone = view(app, id).await?;
    let moment = app.moment();
    let keeper = app.keeper(&Actor::System);
    app.db
        .write(async |tx| keeper.delete(tx, &moment, id).await)
        .await?;
    output.result(&gone, &format!("Connection {} is removed.", gone.name))
}

fn secret(file: &Path) -> Result<Secret, Failure> {
    let mut text = String::new();
    if file == Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(file)?;
    }
    Ok(Secret::new(text))
}

/// A day counts from its beginning: earlier is the safe side.
fn moment(text: &str) -> Result<DateTime<Utc>, String> {
    let day = text.parse::<NaiveDate>();
    let day = day.map(|day| day.and_time(NaiveTime::MIN).and_utc());
    day.or_else(|_| text.parse::<DateTime<Utc>>())
        .map_err(|_| "write it as 2027-11-30 or 2027-11-30T12:00:00Z".to_owned())
}

/// Settings of a provider as the API takes them.
fn read_json(file: &Path) -> Result<crate::federation::Provider, Failure> {
    let text = std::fs::read_to_string(file)?;
    serde_json::from_str(&text).map_err(|error| Failure::new("bad_file", format!("{error}.")))
}
