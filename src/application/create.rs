//! Creates an application, together with its client if it speaks OpenID Connect.
//!
//! Doesn't assign groups.

use serde_json::json;

use super::draft::Audience;
use super::{
    Application, ApplicationDraft, Client, ClientDraft, ClientSettings, Purpose, Refused, changed,
    create_client, known_connections, store,
};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Failed, Id, Moment, Secret, kinds};

pub struct NewApplication {
    pub store: Id<kinds::Store>,
    pub purpose: Purpose,
    pub application: ApplicationDraft,
    /// For an application that speaks OpenID Connect, and only for one.
    pub client: Option<ClientDraft>,
}

pub struct Created {
    pub application: Application,
    pub client: Option<Client>,
    /// Shown once; only its digest is kept.
    pub secret: Option<Secret>,
}

pub async fn create(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    new: NewApplication,
) -> Result<Created, Failed<Refused>> {
    let (application, settings) = check(moment, new).map_err(Failed::Refused)?;
    if !store::store_exists(tx, application.store).await? {
        let refused = Refused::UnknownStore(application.store);
        return Err(Failed::Refused(refused));
    }
    known_connections::check(tx, &application.policy).await?;
    if !store::insert_application(tx, &application).await? {
        return Err(Failed::Refused(Refused::NameTaken));
    }
    let about = json!({"name": application.name, "protocol": application.protocol, "store": application.store});
    let happening = Kind::ApplicationCreated.about(application.id, about);
    event::record(tx, moment, actor, happening).await?;
    let mut created = Created {
        application,
        client: None,
        secret: None,
    };
    if let Some(settings) = settings {
        let client = Client {
            id: moment.id(),
            application: Some(created.application.id),
            name: created.application.name.clone(),
            settings,
            secrets: Vec::new(),
            created_at: moment.now,
            revision: 1,
        };
        created.secret = create_client::insert(tx, moment, actor, &client).await?;
        created.client = Some(client);
    }
    changed(tx).await?;
    Ok(created)
}

/// All problems of both drafts at once.
fn check(
    moment: &Moment,
    new: NewApplication,
) -> Result<(Application, Option<ClientSettings>), Refused> {
    if new.application.protocol.speaks_oidc() != new.client.is_some() {
        return Err(Refused::ClientMismatch);
    }
    let settings = new
        .client
        .map(|draft| draft.check(Audience::RelyingParty))
        .transpose();
    let (checked, settings) = match (new.application.check(), settings) {
        (Ok(checked), Ok(settings)) => (checked, settings),
        (application, client) => {
            let problems = application.err().into_iter().chain(client.err()).flatten();
            return Err(Refused::Fields(problems.collect()));
        }
    };
    let application = Application {
        id: moment.id(),
        store: new.store,
        name: checked.name,
        description: checked.description,
        purpose: new.purpose,
        protocol: checked.protocol,
        home_url: checked.home_url,
        saml: checked.saml,
        accent: checked.accent,
        policy: checked.policy,
        created_at: moment.now,
        revision: 1,
    };
    Ok((application, settings))
}
