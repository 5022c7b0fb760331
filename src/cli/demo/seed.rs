//! What the demonstration begins with. Everything is made once; what depends on the ports is brought up to date.

use std::collections::BTreeMap;

use chrono::TimeDelta;
use url::Url;

use super::super::init;
use super::super::output::Failure;
use crate::app::App;
use crate::application::{
    self, Application, ApplicationChange, ApplicationDraft, ApplicationId, ClientChange,
    ClientDraft, ClientId, FieldMode, NewApplication, Purpose, SelfServicePolicy,
};
use crate::db::Tx;
use crate::event::Actor;
use crate::federation::ConnectionId;
use crate::group::{self, Change, GroupId};
use crate::identity::{self, IdentifierKind, Profile};
use crate::invitation::list::{self, Filter};
use crate::invitation::{
    Appoints, DEFAULT_LIFETIME, Inviter, NewInvitation, Sending, Status, issue,
};
use crate::kit::{EmailAddress, Internal, Moment, PageRequest, Secret};
use crate::sample;
use crate::web::Locale;

pub(super) const APPLICATION: &str = "Expense Desk";
/// Everybody who signs up is placed in it.
const EVERYBODY: &str = "Expense Desk users";
/// The invitation names it besides.
const APPROVERS: &str = "Approvers";
const ADMINISTRATOR: &str = "admin@harborline.example";
/// Invited one after the other, as long as there is somebody left who has not accepted.
const INVITEES: [(&str, &str, &str); 4] = [
    ("grace.hopper@harborline.example", "Grace", "Hopper"),
    ("alan.turing@harborline.example", "Alan", "Turing"),
    ("ada.lovelace@harborline.example", "Ada", "Lovelace"),
    ("edsger.dijkstra@harborline.example", "Edsger", "Dijkstra"),
];

/// What the sample application and the operator need to know.
pub(super) struct Seeded {
    pub(super) client: ClientId,
    pub(super) secret: Secret,
    pub(super) invited: Option<String>,
}

/// `connections` are the providers at which people may sign in to the sample application.
pub(super) async fn seed(
    app: &App,
    sample: &Url,
    connections: &[ConnectionId],
) -> Result<Seeded, Failure> {
    let console = init::ensure_console(app).await?;
    move_console(app, &console).await?;
    let console = init::ensure_console(app).await?;
    let administrator: EmailAddress = ADMINISTRATOR.parse().map_err(Internal::from)?;
    let pending = pending(app, console.id).await?;
    if pending.is_none() {
        init::first_administrator(app, &console, &administrator, Sending::Letter).await?;
    }
    let (client, secret) = ensure_application(
        app,
        application_draft(sample, connections),
        client_draft(sample)?,
    )
    .await?;
    Ok(Seeded {
        client,
        secret,
        invited: ensure_invitation(app).await?,
    })
}

/// The console's address changes with the port.
async fn move_console(app: &App, console: &Application) -> Result<(), Failure> {
    let url = app.links.console();
    if console
        .home_url
        .as_ref()
        .is_some_and(|home| home.as_str() == url)
    {
        return Ok(());
    }
    let moment = app.moment();
    let to = ApplicationDraft {
        home_url: Some(url),
        ..console.clone().into()
    };
    let change = ApplicationChange {
        id: console.id,
        revision: console.revision,
        to,
    };
    app.db
        .write(async |tx| application::update(tx, &moment, &Actor::System, change).await)
        .await?;
    Ok(app.catalogue.refresh(&app.db).await?)
}

/// The application with its client. The secret is a new one at each start: only its digest was kept of the one before.
async fn ensure_application(
    app: &App,
    application: ApplicationDraft,
    client: ClientDraft,
) -> Result<(ClientId, Secret), Failure> {
    let moment = app.moment();
    let catalogue = app.catalogue.current();
    let existing = catalogue
        .applications()
        .iter()
        .find(|one| one.name == APPLICATION);
    let existing = existing.and_then(|one| Some((one, catalogue.client_of(one.id)?)));
    let made: Result<_, Failure> = app
        .db
        .write(async |tx| {
            let Some((existing, known)) = existing else {
                return make(tx, &moment, application, client).await;
            };
            let change = ApplicationChange {
                id: existing.id,
                revision: existing.revision,
                to: application,
            };
            application::update(tx, &moment, &Actor::System, change).await?;
            let change = ClientChange {
                id: known.id,
                revision: known.revision,
                name: known.name.clone(),
                to: client,
            };
            application::update_client(tx, &moment, &Actor::System, change).await?;
            let at_once = TimeDelta::zero();
            let secret =
                application::rotate_secret(tx, &moment, &Actor::System, known.id, at_once).await?;
            Ok((known.id, secret))
        })
        .await;
    let made = made?;
    app.catalogue.refresh(&app.db).await?;
    Ok(made)
}

fn application_draft(sample: &Url, connections: &[ConnectionId]) -> ApplicationDraft {
    let mut policy = SelfServicePolicy::default();
    policy
        .connections
        .extend(connections.iter().map(ToString::to_string));
    let fields = [
        ("given_name", FieldMode::Required),
        ("family_name", FieldMode::Required),
        ("phone_number", FieldMode::Optional),
    ];
    ApplicationDraft {
        description: "Expenses of Harborline, for trying Usher out.".to_owned(),
        home_url: Some(sample.to_string()),
        accent: Some("#0f766e".to_owned()),
        policy: SelfServicePolicy {
            fields: fields.map(|(name, mode)| (name.to_owned(), mode)).into(),
            ..policy
        },
        ..ApplicationDraft::named(APPLICATION)
    }
}

fn client_draft(sample: &Url) -> Result<ClientDraft, Internal> {
    let at = |path: &str| sample.join(path).map(String::from);
    Ok(ClientDraft {
        redirect_uris: vec![at(sample::CALLBACK_PATH)?],
        post_logout_redirect_uris: vec![at(sample::SIGNED_OUT_PATH)?],
        initiate_login_uri: Some(at(sample::LOGIN_PATH)?),
        backchannel_logout_uri: Some(at(sample::BACKCHANNEL_LOGOUT_PATH)?),
        ..ClientDraft::default()
    })
}

async fn make(
    tx: &mut Tx,
    moment: &Moment,
    application: ApplicationDraft,
    client: ClientDraft,
) -> Result<(ClientId, Secret), Failure> {
    let store = init::ensure_store(tx, moment, init::customers()).await?.id;
    let new = NewApplication {
        store,
        purpose: Purpose::Product,
        application,
        client: Some(client),
    };
    let created = application::create(tx, moment, &Actor::System, new).await?;
    let everybody = ensure_group(tx, moment, EVERYBODY, "Everybody who uses Expense Desk").await?;
    ensure_group(tx, moment, APPROVERS, "May approve expenses of others").await?;
    application::assign_groups(
        tx,
        moment,
        &Actor::System,
        created.application.id,
        vec![everybody],
    )
    .await?;
    let made = created.client.map(|client| client.id).zip(created.secret);
    made.ok_or_else(|| Internal::because("the sample application got no client").into())
}

async fn ensure_group(
    tx: &mut Tx,
    moment: &Moment,
    name: &str,
    about: &str,
) -> Result<GroupId, Failure> {
    if let Some(group) = group::find_by_name(tx, name).await? {
        return Ok(group.id);
    }
    let change = Change {
        name: name.to_owned(),
        description: about.to_owned(),
    };
    Ok(group::create(tx, moment, &Actor::System, change).await?.id)
}

/// The address of whoever is invited; the next one is if nobody is.
async fn ensure_invitation(app: &App) -> Result<Option<String>, Failure> {
    let (moment, catalogue) = (app.moment(), app.catalogue.current());
    let application = catalogue
        .applications()
        .iter()
        .find(|one| one.name == APPLICATION);
    let application =
        application.ok_or_else(|| Internal::because("the sample application is not there"))?;
    if let Some(waiting) = pending(app, application.id).await? {
        return Ok(Some(waiting));
    }
    app.db
        .write(async |tx| {
            let Some(new) = next_invitation(tx, application).await? else {
                return Ok(None);
            };
            let inviter = Inviter {
                name: "Harborline Finance".to_owned(),
                actor: Actor::System,
                email: None,
            };
            let issued = issue::issue(
                tx,
                &app.desk(&catalogue),
                &moment,
                (inviter, Appoints::Administrators),
                new,
            )
            .await?;
            Ok::<_, Failure>(Some(issued.invitation.email.as_typed().to_owned()))
        })
        .await
}

async fn pending(app: &App, application: ApplicationId) -> Result<Option<String>, Internal> {
    let moment = app.moment();
    let filter = Filter {
        status: Some(Status::Pending),
        application: Some(application),
        email: None,
    };
    let found = app
        .db
        .read(async |tx| list::list(tx, &moment, &filter, &PageRequest::first()).await)
        .await?;
    Ok(found
        .items
        .first()
        .map(|invitation| invitation.email.as_typed().to_owned()))
}

async fn next_invitation(
    tx: &mut Tx,
    application: &Application,
) -> Result<Option<NewInvitation>, Failure> {
    for (address, given, family) in INVITEES {
        let email: EmailAddress = address.parse().map_err(Internal::from)?;
        if identity::find_by_identifier(tx, application.store, (IdentifierKind::Email, email.key()))
            .await?
            .is_some()
        {
            continue;
        }
        let names = [("given_name", given), ("family_name", family)];
        let approvers = group::find_by_name(tx, APPROVERS).await?;
        return Ok(Some(NewInvitation {
            store: application.store,
            application: application.id,
            email,
            groups: approvers.map(|group| group.id).into_iter().collect(),
            profile: Profile::parse(
                names
                    .map(|(name, value)| (name.to_owned(), value.to_owned()))
                    .into(),
            )?,
            attributes: BTreeMap::new(),
            locale: Locale::default(),
            message: Some("Welcome! Please hand in your expenses here from now on.".to_owned()),
            lifetime: DEFAULT_LIFETIME,
            sending: Sending::Letter,
        }));
    }
    Ok(None)
}
