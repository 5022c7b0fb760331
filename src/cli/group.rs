//! `usher group`: groups of people.

use clap::{Args, Subcommand};

use super::Globals;
use super::output::{Failure, Output};
use crate::event::Actor;
use crate::group::{self, Change, api::GroupView};
use crate::kit::{Internal, PageRequest};

#[derive(Debug, Subcommand)]
pub(super) enum Group {
    /// Makes a group
    Create(Create),
    /// Lists the groups
    List,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    #[arg(long)]
    name: String,
    #[arg(long, default_value = "")]
    description: String,
}

impl Group {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let app = globals.open().await?;
        match self {
            Self::Create(create) => {
                let moment = app.moment();
                let change = Change {
                    name: create.name,
                    description: create.description,
                };
                let made = app
                    .db
                    .write(async |tx| group::create(tx, &moment, &Actor::System, change).await)
                    .await?;
                let text = format!("Group {} ({})", made.name, made.id);
                output.result(&GroupView::from(made), &text)
            }
            Self::List => {
                let groups: Result<_, Internal> = app
                    .db
                    .read(async |tx| {
                        let (mut all, mut page) = (Vec::new(), PageRequest::first());
                        loop {
                            let part = group::list(tx, &page).await?;
                            all.extend(part.items.into_iter().map(GroupView::from));
                            match part.next {
                                Some(next) => page.after = Some(next),
                                None => return Ok(all),
                            }
                        }
                    })
                    .await;
                output.list(
                    &groups?,
                    &[
                        ("id", |group| group.id.to_string()),
                        ("name", |group| group.name.clone()),
                        ("description", |group| group.description.clone()),
                    ],
                )
            }
        }
    }
}
