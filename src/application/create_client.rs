//! Creates a client of the management API, with its first secret.
//!
//! The clients of applications are made by `create`.

use serde_json::json;

use super::draft::Audience;
use super::fields::checked_name;
use super::{Client, ClientDraft, Refused, changed, store};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Failed, Internal, Moment, Secret};

pub struct NewClient {
    pub name: String,
    pub client: ClientDraft,
}

pub struct CreatedClient {
    pub client: Client,
    /// Shown once; only its digest is kept. `None` for `private_key_jwt`.
    pub secret: Option<Secret>,
}

pub async fn create_client(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    new: NewClient,
) -> Result<CreatedClient, Failed<Refused>> {
    let mut problems = Vec::new();
    let name = checked_name(&new.name, &mut problems);
    let settings = match new.client.check(Audience::Api) {
        Ok(settings) if problems.is_empty() => settings,
        checked => {
            problems.extend(checked.err().unwrap_or_default());
            return Err(Failed::Refused(Refused::Fields(problems)));
        }
    };
    let client = Client {
        id: moment.id(),
        application: None,
        name,
        settings,
        secrets: Vec::new(),
        created_at: moment.now,
        revision: 1,
    };
    let secret = insert(tx, moment, actor, &client).await?;
    changed(tx).await?;
    Ok(CreatedClient { client, secret })
}

/// The client's row, its first secret if it uses one, and the event.
pub(super) async fn insert(
    tx: &mut Tx,
    moment: &Moment,
    actor: &Actor,
    client: &Client,
) -> Result<Option<Secret>, Internal> {
    store::insert_client(tx, client).await?;
    let about = json!({"name": client.name, "application": client.application, "scopes": client.settings.scopes});
    event::record(
        tx,
        moment,
        actor,
        Kind::ClientCreated.about(client.id, about),
    )
    .await?;
    if !client.settings.authentication.uses_secret() {
        return Ok(None);
    }
    let secret = moment.token();
    store::insert_secret(tx, client.id, secret.digest(), moment.now).await?;
    Ok(Some(secret))
}
