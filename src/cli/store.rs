//! `usher store`: identity stores.

use clap::{Args, Subcommand, ValueEnum};

use super::Globals;
use super::output::{Failure, Output};
use crate::event::Actor;
use crate::identity::{self, IdentifierKind, NewStore, api::StoreView};

#[derive(Debug, Subcommand)]
pub(super) enum Store {
    /// Makes an identity store
    Create(Create),
    /// Lists the identity stores
    List,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    #[arg(long)]
    name: String,
    /// How people are identified; may be repeated
    #[arg(long = "identifier", value_enum, default_values_t = [Identifier::Email])]
    identifiers: Vec<Identifier>,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Identifier {
    Email,
    Username,
    Phone,
}

impl From<Identifier> for IdentifierKind {
    fn from(identifier: Identifier) -> Self {
        match identifier {
            Identifier::Email => Self::Email,
            Identifier::Username => Self::Username,
            Identifier::Phone => Self::Phone,
        }
    }
}

impl Store {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let app = globals.open().await?;
        match self {
            Self::Create(create) => {
                let moment = app.moment();
                let new = NewStore {
                    name: create.name,
                    identifiers: create.identifiers.into_iter().map(Into::into).collect(),
                    attributes: Vec::new(),
                };
                let made = app
                    .db
                    .write(async |tx| {
                        identity::create_store(tx, &moment, &Actor::System, new).await
                    })
                    .await?;
                let text = format!("Store {} ({})", made.name, made.id);
                output.result(&StoreView::from(made), &text)
            }
            Self::List => {
                let stores = app.db.read(identity::list_stores).await?;
                let views: Vec<_> = stores.into_iter().map(StoreView::from).collect();
                output.list(
                    &views,
                    &[
                        ("id", |store| store.id.to_string()),
                        ("name", |store| store.name.clone()),
                        ("identifiers", |store| {
                            store
                                .identifiers
                                .iter()
                                .map(ToString::to_string)
                                .collect::<Vec<_>>()
                                .join(" ")
                        }),
                    ],
                )
            }
        }
    }
}
