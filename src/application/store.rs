//! The SQL of applications, clients and their secrets, and of the groups that applications assign.
//!
//! One statement per function; what belongs together is composed by the use cases. What was deleted stays in its table, for
//! whatever points to it, and is nowhere found.

mod connections;
mod removal;
mod secrets;

use chrono::{DateTime, Utc};

use super::{Application, ApplicationId, Client, ClientId, ClientSettings, Saml};
use crate::db::{Json, Tx};
use crate::kit::{Corrupt, Id, Internal, kinds};

pub(super) use connections::*;
pub(super) use removal::*;
pub(super) use secrets::*;

type GroupId = Id<kinds::Group>;

#[derive(sqlx::FromRow)]
struct ApplicationRow {
    id: ApplicationId,
    store_id: Id<kinds::Store>,
    name: String,
    description: String,
    purpose: String,
    protocol: String,
    home_url: Option<String>,
    saml_entity_id: Option<String>,
    saml_acs_url: Option<String>,
    accent: Option<String>,
    policy: Json<super::SelfServicePolicy>,
    created_at: DateTime<Utc>,
    revision: i64,
}

impl TryFrom<ApplicationRow> for Application {
    type Error = Corrupt;

    fn try_from(row: ApplicationRow) -> Result<Self, Corrupt> {
        let id = row.id;
        let corrupt = |why: String| Corrupt {
            table: "application",
            id: id.to_string(),
            why,
        };
        let url = |text: Option<String>| match text {
            Some(text) => text.parse().map(Some).map_err(|e| corrupt(format!("{e}"))),
            None => Ok(None),
        };
        let saml = match (row.saml_entity_id, url(row.saml_acs_url)?) {
            (Some(entity_id), Some(acs_url)) => Some(Saml { entity_id, acs_url }),
            (None, None) => None,
            _ => return Err(corrupt("half a SAML registration".into())),
        };
        Ok(Self {
            id: row.id,
            store: row.store_id,
            name: row.name,
            description: row.description,
            purpose: row
                .purpose
                .parse()
                .map_err(|e| corrupt(format!("purpose: {e}")))?,
            protocol: row
                .protocol
                .parse()
                .map_err(|e| corrupt(format!("protocol: {e}")))?,
            home_url: url(row.home_url)?,
            saml,
            accent: row.accent,
            policy: row.policy.0,
            created_at: row.created_at,
            revision: row.revision,
        })
    }
}

#[derive(sqlx::FromRow)]
struct ClientRow {
    id: ClientId,
    application_id: Option<ApplicationId>,
    name: String,
    settings: Json<ClientSettings>,
    created_at: DateTime<Utc>,
    revision: i64,
}

impl From<ClientRow> for Client {
    fn from(row: ClientRow) -> Self {
        Self {
            id: row.id,
            application: row.application_id,
            name: row.name,
            settings: row.settings.0,
            secrets: Vec::new(),
            created_at: row.created_at,
            revision: row.revision,
        }
    }
}

/// A group that an application places its people in.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub(super) struct AssignmentRow {
    pub(super) application_id: ApplicationId,
    pub(super) group_id: GroupId,
    pub(super) name: String,
}

pub(super) async fn applications(tx: &mut Tx) -> Result<Vec<Application>, Internal> {
    let rows: Vec<ApplicationRow> = tx
        .sql(
            "SELECT id, store_id, name, description, purpose, protocol, home_url, saml_entity_id, saml_acs_url, accent, policy, created_at, revision
             FROM application WHERE deleted_at IS NULL ORDER BY name, id",
        )
        .all()
        .await?;
    let applications: Result<Vec<_>, Corrupt> =
        rows.into_iter().map(Application::try_from).collect();
    Ok(applications?)
}

pub(super) async fn application(
    tx: &mut Tx,
    id: ApplicationId,
) -> Result<Option<Application>, Internal> {
    let row: Option<ApplicationRow> = tx
        .sql(
            "SELECT id, store_id, name, description, purpose, protocol, home_url, saml_entity_id, saml_acs_url, accent, policy, created_at, revision
             FROM application WHERE id = $1 AND deleted_at IS NULL",
        )
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(Application::try_from).transpose()?)
}

/// `false`: the store has an application of that name already.
pub(super) async fn insert_application(tx: &mut Tx, new: &Application) -> Result<bool, Internal> {
    tx
        .sql(
            "INSERT INTO application (id, store_id, name, description, purpose, protocol, home_url, saml_entity_id, saml_acs_url, accent, policy, created_at, revision)
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13) ON CONFLICT DO NOTHING",
        )
        .bind(new.id)
        .bind(new.store)
        .bind(new.name.clone())
        .bind(new.description.clone())
        .bind(new.purpose.as_str())
        .bind(new.protocol.as_str())
        .bind(new.home_url.as_ref().map(ToString::to_string))
        .bind(new.saml.as_ref().map(|saml| saml.entity_id.clone()))
        .bind(new.saml.as_ref().map(|saml| saml.acs_url.to_string()))
        .bind(new.accent.clone())
        .bind(Json(new.policy.clone()))
        .bind(new.created_at)
        .bind(new.revision)
        .hit()
        .await
}

/// `false`: the row has been changed since `read_revision`, or is gone.
pub(super) async fn update_application(
    tx: &mut Tx,
    new: &Application,
    read_revision: i64,
) -> Result<bool, Internal> {
    tx
        .sql(
            "UPDATE application SET name = $1, description = $2, protocol = $3, home_url = $4, saml_entity_id = $5, saml_acs_url = $6, accent = $7, policy = $8, revision = $9
             WHERE id = $10 AND revision = $11 AND deleted_at IS NULL",
        )
        .bind(new.name.clone())
        .bind(new.description.clone())
        .bind(new.protocol.as_str())
        .bind(new.home_url.as_ref().map(ToString::to_string))
        .bind(new.saml.as_ref().map(|saml| saml.entity_id.clone()))
        .bind(new.saml.as_ref().map(|saml| saml.acs_url.to_string()))
        .bind(new.accent.clone())
        .bind(Json(new.policy.clone()))
        .bind(new.revision)
        .bind(new.id)
        .bind(read_revision)
        .hit()
        .await
}

/// Whether another application of the store has the name.
pub(super) async fn name_is_taken(
    tx: &mut Tx,
    store: Id<kinds::Store>,
    name: &str,
    except: ApplicationId,
) -> Result<bool, Internal> {
    let row: Option<(ApplicationId,)> = tx
        .sql("SELECT id FROM application WHERE store_id = $1 AND name = $2 AND id <> $3 AND deleted_at IS NULL")
        .bind(store)
        .bind(name.to_owned())
        .bind(except)
        .optional()
        .await?;
    Ok(row.is_some())
}

pub(super) async fn store_exists(tx: &mut Tx, id: Id<kinds::Store>) -> Result<bool, Internal> {
    let row: Option<(Id<kinds::Store>,)> = tx
        .sql("SELECT id FROM identity_store WHERE id = $1")
        .bind(id)
        .optional()
        .await?;
    Ok(row.is_some())
}

/// Without their secrets.
pub(super) async fn clients(tx: &mut Tx) -> Result<Vec<Client>, Internal> {
    let rows: Vec<ClientRow> = tx
        .sql("SELECT id, application_id, name, settings, created_at, revision FROM client WHERE deleted_at IS NULL ORDER BY id")
        .all()
        .await?;
    Ok(rows.into_iter().map(Client::from).collect())
}

/// Without its secrets.
pub(super) async fn client(tx: &mut Tx, id: ClientId) -> Result<Option<Client>, Internal> {
    let row: Option<ClientRow> = tx
        .sql("SELECT id, application_id, name, settings, created_at, revision FROM client WHERE id = $1 AND deleted_at IS NULL")
        .bind(id)
        .optional()
        .await?;
    Ok(row.map(Client::from))
}

pub(super) async fn client_of(
    tx: &mut Tx,
    application: ApplicationId,
) -> Result<Option<ClientId>, Internal> {
    let row: Option<(ClientId,)> = tx
        .sql("SELECT id FROM client WHERE application_id = $1 AND deleted_at IS NULL")
        .bind(application)
        .optional()
        .await?;
    Ok(row.map(|(id,)| id))
}

pub(super) async fn insert_client(tx: &mut Tx, new: &Client) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO client (id, application_id, name, settings, created_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(new.id)
    .bind(new.application)
    .bind(new.name.clone())
    .bind(Json(new.settings.clone()))
    .bind(new.created_at)
    .bind(new.revision)
    .run()
    .await?;
    Ok(())
}

/// `false`: the row has been changed since `read_revision`, or is gone.
pub(super) async fn update_client(
    tx: &mut Tx,
    new: &Client,
    read_revision: i64,
) -> Result<bool, Internal> {
    tx
        .sql("UPDATE client SET name = $1, settings = $2, revision = $3 WHERE id = $4 AND revision = $5 AND deleted_at IS NULL")
        .bind(new.name.clone())
        .bind(Json(new.settings.clone()))
        .bind(new.revision)
        .bind(new.id)
        .bind(read_revision)
        .hit()
        .await
}

/// `false`: there is no such client.
pub(super) async fn touch_client(tx: &mut Tx, id: ClientId) -> Result<bool, Internal> {
    tx.sql("UPDATE client SET revision = revision + 1 WHERE id = $1")
        .bind(id)
        .hit()
        .await
}

pub(super) async fn assignments(tx: &mut Tx) -> Result<Vec<AssignmentRow>, Internal> {
    tx.sql(
        "SELECT a.application_id, a.group_id, g.name
         FROM application_group a JOIN user_group g ON g.id = a.group_id ORDER BY g.name",
    )
    .all()
    .await
}

pub(super) async fn drop_assignments(tx: &mut Tx, id: ApplicationId) -> Result<u64, Internal> {
    tx.sql("DELETE FROM application_group WHERE application_id = $1")
        .bind(id)
        .run()
        .await
}

/// `false`: there is no such group.
pub(super) async fn assign(
    tx: &mut Tx,
    application: ApplicationId,
    group: GroupId,
) -> Result<bool, Internal> {
    tx.sql(
        "INSERT INTO application_group (application_id, group_id)
             SELECT $1, id FROM user_group WHERE id = $2",
    )
    .bind(application)
    .bind(group)
    .hit()
    .await
}

/// Counts the change of what nodes keep in memory.
pub(super) async fn count_change(tx: &mut Tx) -> Result<u64, Internal> {
    tx.sql("UPDATE snapshot_version SET number = number + 1 WHERE name = 'catalogue'")
        .run()
        .await
}

pub(super) async fn version(tx: &mut Tx) -> Result<i64, Internal> {
    let (number,): (i64,) = tx
        .sql("SELECT number FROM snapshot_version WHERE name = 'catalogue'")
        .one()
        .await?;
    Ok(number)
}
