//! Changes an application, or the settings of a client. Who changes says which revision they read.
//!
//! Store and purpose of an application stay what they were made as.

use serde_json::json;

use super::draft::Audience;
use super::fields::checked_name;
use super::{
    Application, ApplicationDraft, ApplicationId, Client, ClientDraft, ClientId, Refused, changed,
    known_connections, store,
};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Failed, Moment};

pub struct ApplicationChange {
    pub id: ApplicationId,
    /// As read; anything else than the stored one is refused as stale.
    pub revision: i64,
    pub to: ApplicationDraft,
}

pub async fn update(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    change: ApplicationChange,
) -> Result<Application, Failed<Refused>> {
    let refused = |refused| Err(Failed::Refused(refused));
    let Some(old) = store::application(tx, change.id).await? else {
        return refused(Refused::UnknownApplication(change.id));
    };
    let checked = match change.to.check() {
        Ok(checked) => checked,
        Err(problems) => return refused(Refused::Fields(problems)),
    };
    let has_client = store::client_of(tx, change.id).await?.is_some();
    if checked.protocol.speaks_oidc() != has_client {
        return refused(Refused::ClientMismatch);
    }
    if store::name_is_taken(tx, old.store, &checked.name, old.id).await? {
        return refused(Refused::NameTaken);
    }
    known_connections::check(tx, &checked.policy).await?;
    let new = Application {
        name: checked.name,
        description: checked.description,
        protocol: checked.protocol,
        home_url: checked.home_url,
        saml: checked.saml,
        accent: checked.accent,
        policy: checked.policy,
        revision: change.revision + 1,
        ..old
    };
    if !store::update_application(tx, &new, change.revision).await? {
        return refused(Refused::Stale);
    }
    let about = json!({"name": new.name, "revision": new.revision});
    event::record(
        tx,
        moment,
        actor,
        Kind::ApplicationUpdated.about(new.id, about),
    )
    .await?;
    changed(tx).await?;
    Ok(new)
}

pub struct ClientChange {
    pub id: ClientId,
    /// As read; anything else than the stored one is refused as stale.
    pub revision: i64,
    pub name: String,
    pub to: ClientDraft,
}

/// The answer is without secrets. A client that stops using a secret loses those it has.
pub async fn update_client(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    change: ClientChange,
) -> Result<Client, Failed<Refused>> {
    let refused = |refused| Err(Failed::Refused(refused));
    let Some(old) = store::client(tx, change.id).await? else {
        return refused(Refused::UnknownClient(change.id));
    };
    let audience = match old.application {
        Some(_) => Audience::RelyingParty,
        None => Audience::Api,
    };
    let mut problems = Vec::new();
    let name = checked_name(&change.name, &mut problems);
    let settings = match change.to.check(audience) {
        Ok(settings) if problems.is_empty() => settings,
        checked => {
            problems.extend(checked.err().unwrap_or_default());
            return refused(Refused::Fields(problems));
        }
    };
    let new = Client {
        name,
        settings,
        revision: change.revision + 1,
        ..old
    };
    if !store::update_client(tx, &new, change.revision).await? {
        return refused(Refused::Stale);
    }
    if !new.settings.authentication.uses_secret() {
        store::drop_secrets(tx, new.id).await?;
    }
    let about = json!({"name": new.name, "revision": new.revision});
    event::record(tx, moment, actor, Kind::ClientUpdated.about(new.id, about)).await?;
    changed(tx).await?;
    Ok(new)
}
