//! All SQL of invitations, one statement per function.

mod list;
mod proofs;
mod stages;

use chrono::{DateTime, TimeDelta, Utc};

use super::{Invitation, InvitationId, Inviter, Stage};
use crate::application::{ApplicationId, ClientId};
use crate::db::{Json, Tx};
use crate::group::GroupId;
use crate::identity::{Attributes, IdentityId, Profile, StoreId};
use crate::kit::{Corrupt, Internal};
use crate::web::Locale;

pub(super) use list::{Wanted, count, list};
pub(super) use proofs::{
    count_proof_failure, find_proof, mark_approved, mark_proven, proven, put_proof,
};
pub(super) use stages::{
    NewLink, claim, expire_for, mark_declined, mark_expired, mark_fresh_link_asked, mark_opened,
    mark_revoked, mark_started, overdue, replace_link, set_identity,
};

/// One row, as the columns are.
#[derive(sqlx::FromRow)]
struct Row {
    id: InvitationId,
    store_id: StoreId,
    application_id: ApplicationId,
    client_id: ClientId,
    email: String,
    inviter: String,
    inviter_ref: String,
    inviter_email: Option<String>,
    message: Option<String>,
    profile: Json<Profile>,
    attributes: Json<Attributes>,
    locale: String,
    status: String,
    version: i64,
    created_at: DateTime<Utc>,
    sent_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
    lifetime_seconds: i64,
    opened_at: Option<DateTime<Utc>>,
    started_at: Option<DateTime<Utc>>,
    ended_at: Option<DateTime<Utc>>,
    identity_id: Option<IdentityId>,
    decline_reason: Option<String>,
    revision: i64,
}

impl Row {
    /// `now` decides between pending and expired: the sweep only makes it visible to filters.
    fn into_invitation(self, now: DateTime<Utc>) -> Result<Invitation, Internal> {
        let stage = self.stage(now)?;
        let corrupt = |why: &str| Corrupt {
            table: "invitation",
            id: self.id.to_string(),
            why: why.to_owned(),
        };
        let email = self.email.parse().map_err(|_| corrupt("email"))?;
        let locale = Locale::choose([self.locale.as_str()]);
        let actor = self
            .inviter_ref
            .parse()
            .map_err(|_| corrupt("inviter_ref"))?;
        let inviter_email = self
            .inviter_email
            .as_deref()
            .map(str::parse)
            .transpose()
            .map_err(|_| corrupt("inviter_email"))?;
        Ok(Invitation {
            id: self.id,
            store: self.store_id,
            application: self.application_id,
            client: self.client_id,
            email,
            inviter: Inviter {
                name: self.inviter,
                actor,
                email: inviter_email,
            },
            message: self.message,
            profile: self.profile.0,
            attributes: self.attributes.0,
            locale,
            stage,
            version: self.version,
            created_at: self.created_at,
            sent_at: self.sent_at,
            expires_at: self.expires_at,
            lifetime: TimeDelta::seconds(self.lifetime_seconds),
            opened_at: self.opened_at,
            started_at: self.started_at,
            revision: self.revision,
        })
    }

    fn stage(&self, now: DateTime<Utc>) -> Result<Stage, Corrupt> {
        match (self.status.as_str(), self.ended_at, self.identity_id) {
            ("pending", None, None) if now < self.expires_at => Ok(Stage::Pending),
            ("pending" | "expired", None, None) => Ok(Stage::Expired),
            ("done", Some(at), Some(identity)) => Ok(Stage::Done { at, identity }),
            ("declined", Some(at), None) => Ok(Stage::Declined {
                at,
                reported: self.decline_reason.as_deref() == Some("reported"),
            }),
            ("revoked", Some(at), None) => Ok(Stage::Revoked { at }),
            (status, _, _) => Err(Corrupt {
                table: "invitation",
                id: self.id.to_string(),
                why: format!("status {status} does not fit the other columns"),
            }),
        }
    }
}

#[derive(Clone)]
pub(super) struct Secrets {
    pub(super) jti_hash: Vec<u8>,
    pub(super) code_hash: Vec<u8>,
}

/// False if a pending invitation for the same address and application exists (R63).
pub(super) async fn insert(
    tx: &mut Tx,
    invitation: &Invitation,
    secrets: &Secrets,
) -> Result<bool, Internal> {
    let rows = tx
        .sql(
            "INSERT INTO invitation (id, store_id, application_id, client_id, email, email_key, inviter, inviter_ref, \
             inviter_email, message, profile, attributes, locale, status, version, jti_hash, code_hash, code_failures, \
             created_at, sent_at, expires_at, lifetime_seconds, revision) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'pending', $14, $15, $16, 0, $17, $18, $19, $20, 1) \
             ON CONFLICT DO NOTHING",
        )
        .bind(invitation.id)
        .bind(invitation.store)
        .bind(invitation.application)
        .bind(invitation.client)
        .bind(invitation.email.as_typed().to_owned())
        .bind(invitation.email.key().to_owned())
        .bind(invitation.inviter.name.clone())
        .bind(invitation.inviter.actor.to_string())
        .bind(invitation.inviter.email.as_ref().map(|email| email.as_typed().to_owned()))
        .bind(invitation.message.clone())
        .bind(Json(invitation.profile.clone()))
        .bind(Json(invitation.attributes.clone()))
        .bind(invitation.locale.to_string())
        .bind(invitation.version)
        .bind(secrets.jti_hash.clone())
        .bind(secrets.code_hash.clone())
        .bind(invitation.created_at)
        .bind(invitation.sent_at)
        .bind(invitation.expires_at)
        .bind(invitation.lifetime.num_seconds())
        .run()
        .await?;
    Ok(rows == 1)
}

/// False if there is no such group.
pub(super) async fn add_group(
    tx: &mut Tx,
    invitation: InvitationId,
    group: GroupId,
) -> Result<bool, Internal> {
    let rows = tx
        .sql("INSERT INTO invitation_group (invitation_id, group_id) SELECT $1, id FROM user_group WHERE id = $2")
        .bind(invitation)
        .bind(group)
        .run()
        .await?;
    Ok(rows == 1)
}

/// The groups that the invitation names (R45); the application's own come on top at acceptance.
pub async fn groups_of(tx: &mut Tx, invitation: InvitationId) -> Result<Vec<GroupId>, Internal> {
    let rows: Vec<(GroupId,)> = tx
        .sql("SELECT group_id FROM invitation_group WHERE invitation_id = $1")
        .bind(invitation)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(group,)| group).collect())
}

/// The invitation, whatever its stage.
pub async fn find(
    tx: &mut Tx,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<Option<Invitation>, Internal> {
    let row: Option<Row> = tx
        .sql(
            "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, \
             attributes, locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, \
             started_at, ended_at, identity_id, decline_reason, revision FROM invitation WHERE id = $1",
        )
        .bind(id)
        .optional()
        .await?;
    row.map(|row| row.into_invitation(now)).transpose()
}

/// Whether this is the jti of the current link.
pub(super) async fn is_current(
    tx: &mut Tx,
    id: InvitationId,
    jti_hash: Vec<u8>,
) -> Result<bool, Internal> {
    let row: Option<(i64,)> = tx
        .sql("SELECT version FROM invitation WHERE id = $1 AND jti_hash = $2")
        .bind(id)
        .bind(jti_hash)
        .optional()
        .await?;
    Ok(row.is_some())
}

pub(super) async fn find_pending(
    tx: &mut Tx,
    application: ApplicationId,
    email_key: &str,
) -> Result<Option<InvitationId>, Internal> {
    let row: Option<(InvitationId,)> = tx
        .sql("SELECT id FROM invitation WHERE application_id = $1 AND email_key = $2 AND status = 'pending'")
        .bind(application)
        .bind(email_key.to_owned())
        .optional()
        .await?;
    Ok(row.map(|(id,)| id))
}

/// Pending invitations for an address, newest first: for the short code, which comes with the address.
pub(super) async fn pending_for(
    tx: &mut Tx,
    email_key: &str,
) -> Result<Vec<(InvitationId, Vec<u8>, i64)>, Internal> {
    tx.sql(
        "SELECT id, code_hash, code_failures FROM invitation WHERE email_key = $1 AND status = 'pending' \
         ORDER BY id DESC LIMIT 20",
    )
    .bind(email_key.to_owned())
    .all()
    .await
}

pub(super) async fn count_code_failure(tx: &mut Tx, id: InvitationId) -> Result<(), Internal> {
    tx.sql("UPDATE invitation SET code_failures = code_failures + 1 WHERE id = $1")
        .bind(id)
        .run()
        .await?;
    Ok(())
}
