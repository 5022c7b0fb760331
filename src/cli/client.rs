//! `usher client`: programs that use the management API, and the secrets of every client.

use chrono::TimeDelta;
use clap::{Args, Subcommand};
use serde::Serialize;
use serde_json::json;

use super::output::{Failure, Output};
use super::{Globals, find};
use crate::app::App;
use crate::application::api::ClientView;
use crate::application::{self, ClientDraft, NewClient};
use crate::event::Actor;

#[derive(Debug, Subcommand)]
pub(super) enum Client {
    /// Makes a client of the management API; prints its secret once
    Create(Create),
    /// Lists all clients
    List,
    /// Gives a client a new secret; prints it once
    RotateSecret(RotateSecret),
}

#[derive(Debug, Args)]
pub(super) struct Create {
    #[arg(long)]
    name: String,
    /// Like invitations:write; may be repeated
    #[arg(long = "scope", required = true)]
    scopes: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct RotateSecret {
    /// The id, as `client list` shows it
    client: String,
    /// For this many hours the old secret counts as well
    #[arg(long, default_value_t = 0, value_parser = clap::value_parser!(u16).range(0..=720))]
    overlap_hours: u16,
}

/// What `create` prints.
#[derive(Serialize)]
struct Made {
    client: ClientView,
    client_secret: Option<String>,
}

impl Client {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let app = globals.open().await?;
        match self {
            Self::Create(create) => create.run(&app, output).await,
            Self::RotateSecret(rotate) => rotate.run(&app, output).await,
            Self::List => {
                let catalogue = app.catalogue.current();
                let views: Vec<_> = catalogue
                    .clients()
                    .into_iter()
                    .map(|one| ClientView::from(&**one))
                    .collect();
                output.list(
                    &views,
                    &[
                        ("client id", |view| view.id.to_string()),
                        ("name", |view| view.name.clone()),
                        ("application", |view| {
                            view.application
                                .map_or_else(String::new, |id| id.to_string())
                        }),
                        ("scopes", |view| view.scopes().to_owned()),
                    ],
                )
            }
        }
    }
}

impl Create {
    async fn run(self, app: &App, output: Output) -> Result<(), Failure> {
        let moment = app.moment();
        let new = NewClient {
            name: self.name,
            client: ClientDraft::for_api(self.scopes.join(" ")),
        };
        let created = app
            .db
            .write(async |tx| application::create_client(tx, &moment, &Actor::System, new).await)
            .await?;
        let made = Made {
            client: ClientView::from(&created.client),
            client_secret: created.secret.map(|secret| secret.reveal().to_owned()),
        };
        let secret = made.client_secret.as_deref().unwrap_or_default();
        let text = format!(
            "client_id      {}\nclient_secret  {secret}\nThe secret is not shown again.\nAccess tokens: POST {} with grant_type=client_credentials",
            made.client.id,
            app.links.token()
        );
        output.result(&made, &text)
    }
}

impl RotateSecret {
    async fn run(self, app: &App, output: Output) -> Result<(), Failure> {
        let id = find::exact(&self.client)?;
        let (moment, overlap) = (
            app.moment(),
            TimeDelta::hours(i64::from(self.overlap_hours)),
        );
        let secret = app
            .db
            .write(async |tx| {
                application::rotate_secret(tx, &moment, &Actor::System, id, overlap).await
            })
            .await?;
        let secret = secret.reveal();
        let text = format!("client_secret  {secret}\nThe secret is not shown again.");
        output.result(&json!({ "client": id, "client_secret": secret }), &text)
    }
}
