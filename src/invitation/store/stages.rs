//! Changes of stage: each is guarded in its `WHERE`, and the row count is the truth.

use chrono::{DateTime, Utc};

use super::Secrets;
use crate::application::ApplicationId;
use crate::db::Tx;
use crate::identity::IdentityId;
use crate::invitation::{InvitationId, InvitationRef};
use crate::kit::Internal;

/// Turns pending ones whose time is over into expired ones, for one address and application.
pub(in crate::invitation) async fn expire_for(
    tx: &mut Tx,
    application: ApplicationId,
    email_key: &str,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE invitation SET status = 'expired', revision = revision + 1 \
         WHERE application_id = $1 AND email_key = $2 AND status = 'pending' AND expires_at <= $3",
    )
    .bind(application)
    .bind(email_key.to_owned())
    .bind(now)
    .run()
    .await
}

/// The oldest that should have turned expired by now.
pub(in crate::invitation) async fn overdue(
    tx: &mut Tx,
    now: DateTime<Utc>,
) -> Result<Vec<(InvitationId,)>, Internal> {
    tx.sql("SELECT id FROM invitation WHERE status = 'pending' AND expires_at <= $1 ORDER BY expires_at LIMIT 200")
        .bind(now)
        .all()
        .await
}

pub(in crate::invitation) async fn mark_expired(
    tx: &mut Tx,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx.sql(
        "UPDATE invitation SET status = 'expired', revision = revision + 1 \
             WHERE id = $1 AND status = 'pending' AND expires_at <= $2",
    )
    .bind(id)
    .bind(now)
    .hit()
    .await
}

pub(in crate::invitation) struct NewLink {
    pub(in crate::invitation) version: i64,
    pub(in crate::invitation) sent_at: DateTime<Utc>,
    pub(in crate::invitation) expires_at: DateTime<Utc>,
    pub(in crate::invitation) secrets: Secrets,
}

/// Puts a new link in the place of the older one. False if somebody was faster or it is over.
pub(in crate::invitation) async fn replace_link(
    tx: &mut Tx,
    id: InvitationId,
    link: NewLink,
) -> Result<bool, Internal> {
    tx
        .sql(
            "UPDATE invitation SET status = 'pending', version = $2, jti_hash = $3, code_hash = $4, code_failures = 0, \
             sent_at = $5, expires_at = $6, revision = revision + 1 \
             WHERE id = $1 AND version = $2 - 1 AND status IN ('pending', 'expired')",
        )
        .bind(id)
        .bind(link.version)
        .bind(link.secrets.jti_hash)
        .bind(link.secrets.code_hash)
        .bind(link.sent_at)
        .bind(link.expires_at)
        .hit()
        .await
}

/// Ends a pending or expired invitation for good. False if it had ended already.
pub(in crate::invitation) async fn mark_revoked(
    tx: &mut Tx,
    id: InvitationId,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx.sql(
        "UPDATE invitation SET status = 'revoked', ended_at = $2, revision = revision + 1 \
             WHERE id = $1 AND status IN ('pending', 'expired')",
    )
    .bind(id)
    .bind(now)
    .hit()
    .await
}

pub(in crate::invitation) async fn mark_declined(
    tx: &mut Tx,
    link: InvitationRef,
    reason: &'static str,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx
        .sql(
            "UPDATE invitation SET status = 'declined', decline_reason = $3, ended_at = $4, revision = revision + 1 \
             WHERE id = $1 AND version = $2 AND status = 'pending' AND expires_at > $4",
        )
        .bind(link.id)
        .bind(link.version)
        .bind(reason)
        .bind(now)
        .hit()
        .await
}

/// Takes the link: the guarded update that makes it good for one acceptance only.
pub(in crate::invitation) async fn claim(
    tx: &mut Tx,
    link: InvitationRef,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx.sql(
        "UPDATE invitation SET status = 'done', ended_at = $3, revision = revision + 1 \
             WHERE id = $1 AND version = $2 AND status = 'pending' AND expires_at > $3",
    )
    .bind(link.id)
    .bind(link.version)
    .bind(now)
    .hit()
    .await
}

pub(in crate::invitation) async fn set_identity(
    tx: &mut Tx,
    id: InvitationId,
    identity: IdentityId,
) -> Result<(), Internal> {
    tx.sql("UPDATE invitation SET identity_id = $2 WHERE id = $1")
        .bind(id)
        .bind(identity)
        .run()
        .await?;
    Ok(())
}

/// True the first time.
pub(in crate::invitation) async fn mark_opened(
    tx: &mut Tx,
    link: InvitationRef,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx
        .sql("UPDATE invitation SET opened_at = $3 WHERE id = $1 AND version = $2 AND opened_at IS NULL AND status = 'pending'")
        .bind(link.id)
        .bind(link.version)
        .bind(now)
        .hit()
        .await
}

/// True the first time.
pub(in crate::invitation) async fn mark_started(
    tx: &mut Tx,
    link: InvitationRef,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx
        .sql("UPDATE invitation SET started_at = $3 WHERE id = $1 AND version = $2 AND started_at IS NULL AND status = 'pending'")
        .bind(link.id)
        .bind(link.version)
        .bind(now)
        .hit()
        .await
}

/// True if nobody asked within the last minutes.
pub(in crate::invitation) async fn mark_fresh_link_asked(
    tx: &mut Tx,
    id: InvitationId,
    now: DateTime<Utc>,
    not_since: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx.sql(
        "UPDATE invitation SET fresh_link_asked_at = $2 \
             WHERE id = $1 AND (fresh_link_asked_at IS NULL OR fresh_link_asked_at <= $3)",
    )
    .bind(id)
    .bind(now)
    .bind(not_since)
    .hit()
    .await
}
