//! `usher application`: what people sign in to.

use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::output::{Failure, Output};
use super::{Globals, find};
use crate::app::App;
use crate::application::api::ApplicationView;
use crate::application::{
    self, ApplicationDraft, ClientAuthentication, ClientDraft, Created, NewApplication, Protocol,
    Purpose,
};
use crate::event::Actor;
use crate::keys::Algorithm;

#[derive(Debug, Subcommand)]
pub(super) enum Application {
    /// Makes an application and, if it speaks OpenID Connect, its client; prints the client's secret once
    Create(Box<Create>),
    /// Lists the applications
    List,
    /// Shows an application
    Show {
        /// The name or the id
        application: String,
    },
}

#[derive(Debug, Args)]
pub(super) struct Create {
    #[arg(long)]
    name: String,
    /// The identity store whose people sign in, by name or id; the only one if there is one
    #[arg(long)]
    store: Option<String>,
    #[arg(long, default_value = "")]
    description: String,
    #[arg(long, value_enum, default_value_t = Speaks::Oidc)]
    protocol: Speaks,
    /// Where people land who don't come from the application itself
    #[arg(long)]
    home_url: Option<String>,
    /// The brand colour of hosted pages, #rrggbb
    #[arg(long)]
    accent: Option<String>,
    /// May be repeated
    #[arg(long = "redirect-uri")]
    redirect_uris: Vec<String>,
    /// May be repeated
    #[arg(long = "post-logout-redirect-uri")]
    post_logout_redirect_uris: Vec<String>,
    /// Where the application begins a sign-in by itself
    #[arg(long)]
    initiate_login_uri: Option<String>,
    /// Where the application is told that a session has ended (back-channel logout)
    #[arg(long)]
    backchannel_logout_uri: Option<String>,
    /// A single-page or native application, which can't keep a secret
    #[arg(long)]
    public: bool,
    /// What its ID tokens are signed with
    #[arg(long, value_enum, default_value_t = SignedWith::Es256)]
    id_token_alg: SignedWith,
    /// Groups that everybody who signs up is placed in, by name or id; may be repeated
    #[arg(long = "group")]
    groups: Vec<String>,
    #[arg(long, requires = "saml_acs_url")]
    saml_entity_id: Option<String>,
    #[arg(long, requires = "saml_entity_id")]
    saml_acs_url: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Speaks {
    Oidc,
    Saml2,
    Both,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum SignedWith {
    Es256,
    Rs256,
    Eddsa,
}

/// What `create` prints: with the secret, which nobody sees again.
#[derive(Serialize)]
struct Made {
    application: ApplicationView,
    #[serde(skip_serializing_if = "Option::is_none")]
    client_secret: Option<String>,
}

impl Application {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let app = globals.open().await?;
        let catalogue = app.catalogue.current();
        match self {
            Self::Create(create) => create.run(&app, output).await,
            Self::Show { application } => {
                let found = find::application(&catalogue, &application)?;
                output.show(&ApplicationView::of(found, &catalogue))
            }
            Self::List => {
                let views: Vec<_> = catalogue
                    .applications()
                    .iter()
                    .map(|one| ApplicationView::of(one, &catalogue))
                    .collect();
                output.list(
                    &views,
                    &[
                        ("id", |view| view.id.to_string()),
                        ("name", |view| view.name.clone()),
                        ("client id", |view| {
                            view.client.map_or_else(String::new, |id| id.to_string())
                        }),
                        ("store", |view| view.store.to_string()),
                    ],
                )
            }
        }
    }
}

impl Create {
    async fn run(self, app: &App, output: Output) -> Result<(), Failure> {
        let moment = app.moment();
        let created: Result<Created, Failure> = app
            .db
            .write(async |tx| {
                let store = find::store_or_only(tx, self.store.as_deref()).await?.id;
                let groups = find::groups(tx, &self.groups).await?;
                let (application, client) = self.drafts();
                let new = NewApplication {
                    store,
                    purpose: Purpose::Product,
                    application,
                    client,
                };
                let created = application::create(tx, &moment, &Actor::System, new).await?;
                if !groups.is_empty() {
                    application::assign_groups(
                        tx,
                        &moment,
                        &Actor::System,
                        created.application.id,
                        groups,
                    )
                    .await?;
                }
                Ok(created)
            })
            .await;
        let created = created?;
        app.catalogue.refresh(&app.db).await?;
        let made = Made {
            application: ApplicationView::of(&created.application, &app.catalogue.current()),
            client_secret: created.secret.map(|secret| secret.reveal().to_owned()),
        };
        output.result(&made, &made.text())
    }

    fn drafts(self) -> (ApplicationDraft, Option<ClientDraft>) {
        let protocol = match self.protocol {
            Speaks::Oidc => Protocol::Oidc,
            Speaks::Saml2 => Protocol::Saml2,
            Speaks::Both => Protocol::Both,
        };
        let defaults = ClientDraft::default();
        let client = ClientDraft {
            redirect_uris: self.redirect_uris,
            post_logout_redirect_uris: self.post_logout_redirect_uris,
            initiate_login_uri: self.initiate_login_uri,
            backchannel_logout_uri: self.backchannel_logout_uri,
            authentication: if self.public {
                ClientAuthentication::None
            } else {
                defaults.authentication
            },
            id_token_alg: match self.id_token_alg {
                SignedWith::Es256 => Algorithm::Es256,
                SignedWith::Rs256 => Algorithm::Rs256,
                SignedWith::Eddsa => Algorithm::EdDsa,
            },
            ..defaults
        };
        let application = ApplicationDraft {
            description: self.description,
            protocol,
            home_url: self.home_url,
            saml_entity_id: self.saml_entity_id,
            saml_acs_url: self.saml_acs_url,
            accent: self.accent,
            ..ApplicationDraft::named(self.name)
        };
        (application, protocol.speaks_oidc().then_some(client))
    }
}

impl Made {
    fn text(&self) -> String {
        let mut lines = vec![format!(
            "Application    {} ({})",
            self.application.name, self.application.id
        )];
        if let Some(client) = self.application.client {
            lines.push(format!("client_id      {client}"));
        }
        if let Some(secret) = &self.client_secret {
            lines.push(format!("client_secret  {secret}"));
            lines.push("The secret is not shown again.".to_owned());
        }
        lines.join("\n")
    }
}
