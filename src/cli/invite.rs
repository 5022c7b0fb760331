//! `usher invite`: somebody into an application.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use clap::Args;
use serde::Serialize;

use super::output::{Failure, Output};
use super::{Globals, find};
use crate::app::App;
use crate::event::{self, Actor, Kind};
use crate::identity::{self, Attributes, Profile};
use crate::invitation::api::InvitationView;
use crate::invitation::{Appoints, DEFAULT_LIFETIME, Inviter, NewInvitation, Sending, issue};
use crate::kit::{EmailAddress, Internal};
use crate::web::Locale;

#[derive(Debug, Args)]
pub(super) struct Invite {
    /// Where the letter goes
    email: String,
    /// The application, by name or id
    #[arg(long)]
    application: String,
    /// By name or id; may be repeated
    #[arg(long = "group")]
    groups: Vec<String>,
    /// A profile field to pre-fill, like `given_name=Grace`; may be repeated
    #[arg(long = "profile", value_name = "FIELD=VALUE", value_parser = super::pair)]
    profile: Vec<(String, String)>,
    /// A custom attribute to pre-fill; may be repeated
    #[arg(long = "attribute", value_name = "NAME=VALUE", value_parser = super::pair)]
    attributes: Vec<(String, String)>,
    /// Stands in the letter
    #[arg(long)]
    message: Option<String>,
    /// Who invites, as the letter says
    #[arg(long, default_value = "The team")]
    from: String,
    /// The language of letter and pages
    #[arg(long)]
    locale: Option<String>,
    /// 1 to 720
    #[arg(long)]
    hours: Option<u16>,
    /// Prints the link instead of sending a letter
    #[arg(long)]
    link: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Made {
    invitation: InvitationView,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
}

impl Invite {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let app = globals.open().await?;
        let (moment, catalogue) = (app.moment(), app.catalogue.current());
        let new = self.read(&app).await?;
        let (inviter, sending) = (self.inviter(), new.sending);
        let issued: Result<_, Failure> = app
            .db
            .write(async |tx| {
                let new = NewInvitation {
                    groups: find::groups(tx, &self.groups).await?,
                    ..new
                };
                let issued = issue::issue(
                    tx,
                    &app.desk(&catalogue),
                    &moment,
                    (inviter, Appoints::Administrators),
                    new,
                )
                .await?;
                if sending == Sending::LinkOnly {
                    let revealed = Kind::InvitationLinkRevealed
                        .about(issued.invitation.id, serde_json::json!({}));
                    event::record(tx, &moment, &Actor::System, revealed).await?;
                }
                Ok(issued)
            })
            .await;
        let issued = issued?;
        let made = Made {
            invitation: InvitationView::from(&issued.invitation),
            link: (sending == Sending::LinkOnly).then(|| issued.link.reveal().to_owned()),
        };
        output.result(&made, &made.text())
    }

    fn inviter(&self) -> Inviter {
        Inviter {
            name: self.from.clone(),
            actor: Actor::System,
            email: None,
        }
    }

    /// Everything but the groups, which need the database.
    async fn read(&self, app: &App) -> Result<NewInvitation, Failure> {
        let catalogue = app.catalogue.current();
        let application = find::application(&catalogue, &self.application)?;
        let store = app
            .db
            .read(async |tx| identity::find_store(tx, application.store).await)
            .await?;
        let store = store.ok_or_else(|| Internal::because("an application without its store"))?;
        let email: EmailAddress =
            self.email
                .parse()
                .map_err(|error: crate::kit::NotAnEmailAddress| {
                    Failure::new("email", error.to_string())
                })?;
        let texts = |pairs: &[(String, String)]| pairs.iter().cloned().collect::<BTreeMap<_, _>>();
        let locale = match &self.locale {
            None => Locale::default(),
            Some(tag) => Locale::known(tag).ok_or_else(|| {
                Failure::new(
                    "unknown_locale",
                    format!("The language {tag} is not available."),
                )
            })?,
        };
        let attributes = Attributes::parse_form(&store.attributes, texts(&self.attributes))?;
        Ok(NewInvitation {
            store: store.id,
            application: application.id,
            email,
            groups: Vec::new(),
            profile: Profile::parse(texts(&self.profile))?,
            attributes: attributes
                .iter()
                .map(|(name, value)| (name.to_owned(), value.clone()))
                .collect(),
            locale,
            message: self.message.clone(),
            lifetime: self
                .hours
                .map_or(DEFAULT_LIFETIME, |hours| TimeDelta::hours(i64::from(hours))),
            sending: if self.link {
                Sending::LinkOnly
            } else {
                Sending::Letter
            },
        })
    }
}

impl Made {
    fn text(&self) -> String {
        let until = self.invitation.expires_at.format("%F %R UTC");
        let first = format!("Invitation {}, valid until {until}", self.invitation.id);
        match &self.link {
            Some(link) => format!("{first}\n{link}\nThe link is not shown again."),
            None => format!("{first}\nThe letter goes out as soon as the server runs."),
        }
    }
}
