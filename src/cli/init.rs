//! `usher init`: the console, its identity store, a first store for everybody else, and the first administrator's invitation.
//!
//! The console is an application like any other, and the first administrator an invitee like any other. Running it again
//! changes nothing that is there, except that a first administrator who has not come yet gets a fresh link.

use chrono::{DateTime, Utc};
use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::Globals;
use super::output::{Failure, Output};
use crate::access::{self, Role};
use crate::app::App;
use crate::application::{
    self, Application, ApplicationDraft, ClientAuthentication, ClientDraft, NewApplication, Purpose,
};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::identity::{
    self, AttributeDefinition, AttributeKind, IdentifierKind, IdentityStore, NewStore,
};
use crate::identity::{Profile, StoreId};
use crate::invitation::issue::Issued;
use crate::invitation::resend::{Resend, resend};
use crate::invitation::{
    Appoints, DEFAULT_LIFETIME, Inviter, NewInvitation, Refused, Sending, issue,
};
use crate::kit::{EmailAddress, Failed, Internal, Moment, Secret};
use crate::web::Locale;

/// The store of those who use the console.
pub(super) const ADMINISTRATORS: &str = "Administrators";
/// The store that is there for everybody else to begin with.
const CUSTOMERS: &str = "Customers";

#[derive(Debug, Args)]
pub(super) struct Init {
    /// The first administrator's e-mail address
    #[arg(long, value_name = "EMAIL")]
    admin: EmailAddress,
    /// Sends a letter instead of printing the link
    #[arg(long)]
    letter: bool,
}

/// What is printed.
#[derive(Serialize)]
struct Made {
    console: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expires_at: Option<DateTime<Utc>>,
}

impl Init {
    pub(super) async fn run(self, globals: &Globals, output: Output) -> Result<(), Failure> {
        let app = globals.open().await?;
        let sending = if self.letter {
            Sending::Letter
        } else {
            Sending::LinkOnly
        };
        let console = ensure_console(&app).await?;
        let invited = first_administrator(&app, &console, &self.admin, sending).await?;
        let (link, expires_at) = invited
            .map(|issued| (issued.link, issued.invitation.expires_at))
            .unzip();
        let link = link
            .filter(|_| sending == Sending::LinkOnly)
            .map(|link: Secret| link.reveal().to_owned());
        let made = Made {
            console: app.links.console(),
            link,
            expires_at,
        };
        output.result(&made, &made.text(self.admin.as_typed()))
    }
}

impl Made {
    fn text(&self, admin: &str) -> String {
        let until = self
            .expires_at
            .map_or_else(String::new, |at| at.format("%F %R UTC").to_string());
        match (&self.link, self.expires_at) {
            (Some(link), _) => format!(
                "The first administrator's invitation, for {admin}, valid until {until}:\n{link}\n\
                 The link is not shown again; run this command again for a fresh one. Console: {}",
                self.console
            ),
            (None, Some(_)) => format!(
                "A letter to {admin} goes out as soon as the server runs. Console: {}",
                self.console
            ),
            (None, None) => format!(
                "Nothing to do: there is an administrator. Console: {}",
                self.console
            ),
        }
    }
}

/// Stores and console, made where they are missing.
pub(super) async fn ensure_console(app: &App) -> Result<Application, Failure> {
    let moment = app.moment();
    let made: Result<(), Failure> = app
        .db
        .write(async |tx| {
            let administrators = ensure_store(tx, &moment, administrators()).await?;
            ensure_store(tx, &moment, customers()).await?;
            let there = app.catalogue.current();
            if there
                .applications()
                .iter()
                .any(|one| one.purpose == Purpose::Console)
            {
                return Ok(());
            }
            let new = console(administrators.id, &app.links.console());
            application::create(tx, &moment, &Actor::System, new).await?;
            Ok(())
        })
        .await;
    made?;
    app.catalogue.refresh(&app.db).await?;
    let catalogue = app.catalogue.current();
    let console = catalogue
        .applications()
        .iter()
        .find(|one| one.purpose == Purpose::Console);
    let console =
        console.ok_or_else(|| Internal::because("the console was made and is not there"))?;
    Ok(Application::clone(console))
}

fn administrators() -> NewStore {
    let choices = Role::ALL.map(|role| role.name().to_owned()).into();
    NewStore {
        name: ADMINISTRATORS.to_owned(),
        identifiers: vec![IdentifierKind::Email],
        attributes: vec![AttributeDefinition {
            name: access::ROLE_ATTRIBUTE.to_owned(),
            label: "Role".to_owned(),
            kind: AttributeKind::Choice { choices },
        }],
    }
}

pub(super) fn customers() -> NewStore {
    NewStore {
        name: CUSTOMERS.to_owned(),
        identifiers: vec![IdentifierKind::Email],
        attributes: Vec::new(),
    }
}

pub(super) async fn ensure_store(
    tx: &mut Tx,
    moment: &Moment,
    new: NewStore,
) -> Result<IdentityStore, Failure> {
    match identity::find_store_by_name(tx, &new.name).await? {
        Some(store) => Ok(store),
        None => Ok(identity::create_store(tx, moment, &Actor::System, new).await?),
    }
}

/// The console signs in by a session of ours; its client is there because every application has one, and can do little.
fn console(store: StoreId, url: &str) -> NewApplication {
    let client = ClientDraft {
        redirect_uris: vec![url.to_owned()],
        authentication: ClientAuthentication::None,
        ..ClientDraft::default()
    };
    NewApplication {
        store,
        purpose: Purpose::Console,
        application: ApplicationDraft {
            home_url: Some(url.to_owned()),
            ..ApplicationDraft::named("Usher console")
        },
        client: Some(client),
    }
}

/// Invites the first administrator, or gives them a fresh link; nothing once there is one.
pub(super) async fn first_administrator(
    app: &App,
    console: &Application,
    address: &EmailAddress,
    sending: Sending,
) -> Result<Option<Issued>, Failure> {
    let (moment, catalogue) = (app.moment(), app.catalogue.current());
    let desk = app.desk(&catalogue);
    app.db
        .write(async |tx| {
            if access::is_administered(tx).await? {
                return Ok(None);
            }
            let new = invitation(console, address, sending);
            let inviter = Inviter {
                name: "Usher".to_owned(),
                actor: Actor::System,
                email: None,
            };
            let issued =
                match issue::issue(tx, &desk, &moment, (inviter, Appoints::Administrators), new)
                    .await
                {
                    Err(Failed::Refused(Refused::AlreadyPending(id))) => {
                        let wish = Resend {
                            invitation: id,
                            actor: &Actor::System,
                            lifetime: None,
                            sending,
                            appoints: Appoints::Administrators,
                        };
                        resend(tx, &desk, &moment, wish).await?
                    }
                    issued => issued?,
                };
            if sending == Sending::LinkOnly {
                let revealed = Kind::InvitationLinkRevealed.about(issued.invitation.id, json!({}));
                event::record(tx, &moment, &Actor::System, revealed).await?;
            }
            Ok::<_, Failure>(Some(issued))
        })
        .await
}

fn invitation(console: &Application, address: &EmailAddress, sending: Sending) -> NewInvitation {
    let role = (
        access::ROLE_ATTRIBUTE.to_owned(),
        json!(Role::GlobalAdministrator.name()),
    );
    NewInvitation {
        store: console.store,
        application: console.id,
        email: address.clone(),
        groups: Vec::new(),
        profile: Profile::default(),
        attributes: [role].into(),
        locale: Locale::default(),
        message: None,
        lifetime: DEFAULT_LIFETIME,
        sending,
    }
}
