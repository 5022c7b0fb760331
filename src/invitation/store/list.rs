//! The list and its filters.

use chrono::{DateTime, Utc};

use super::Row;
use crate::application::ApplicationId;
use crate::db::{Query, Tx};
use crate::invitation::{Invitation, Status};
use crate::kit::{Internal, PageRequest, kinds};

/// Which part of the list.
pub(in crate::invitation) struct Wanted<'a> {
    pub(in crate::invitation) status: Option<Status>,
    pub(in crate::invitation) application: Option<ApplicationId>,
    pub(in crate::invitation) email_key: Option<&'a str>,
    pub(in crate::invitation) page: &'a PageRequest<kinds::Invitation>,
}

/// R56, R60, R63: newest first, never a revoked one. What is over counts as expired before anybody has written it down.
pub(in crate::invitation) async fn list(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Invitation>, Internal> {
    // Each has the index that serves it: no list costs more because there are many invitations.
    let query = match (wanted.email_key, wanted.application, wanted.status) {
        (Some(_), _, _) => tx.sql(BY_ADDRESS),
        (None, Some(_), Some(_)) => tx.sql(BY_APPLICATION_AND_STATUS),
        (None, Some(_), None) => tx.sql(BY_APPLICATION),
        (None, None, Some(_)) => tx.sql(BY_STATUS),
        (None, None, None) => tx.sql(ALL),
    };
    let mut rows: Vec<Row> = bound(query, wanted, now).all().await?;
    if wanted.email_key.is_none() && wanted.status == Some(Status::Expired) {
        let overdue: Vec<Row> = bound(tx.sql(OVERDUE), wanted, now).all().await?;
        rows.extend(overdue);
        rows.sort_unstable_by_key(|row| std::cmp::Reverse(row.id));
        rows.truncate(usize::try_from(wanted.page.rows())?);
    }
    rows.into_iter()
        .map(|row| row.into_invitation(now))
        .collect()
}

fn bound<'t>(query: Query<'t>, wanted: &Wanted<'_>, now: DateTime<Utc>) -> Query<'t> {
    query
        .bind(wanted.page.before())
        .bind(wanted.page.rows())
        .bind(wanted.status.map(Status::as_str))
        .bind(wanted.application)
        .bind(wanted.email_key.map(str::to_owned))
        .bind(now)
}

const BY_ADDRESS: &str = "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, attributes, \
     locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, started_at, ended_at, identity_id, \
     decline_reason, revision FROM invitation WHERE email_key = $5 AND id < $1 AND status <> 'revoked' AND (CAST($3 AS TEXT) IS NULL \
     OR CASE WHEN status = 'pending' AND expires_at <= $6 THEN 'expired' ELSE status END = $3) \
     AND (CAST($4 AS UUID) IS NULL OR application_id = $4) AND (CAST($5 AS TEXT) IS NULL OR email_key = $5) \
     ORDER BY id DESC LIMIT $2";

const BY_APPLICATION: &str = "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, attributes, \
     locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, started_at, ended_at, identity_id, \
     decline_reason, revision FROM invitation WHERE application_id = $4 AND id < $1 AND status <> 'revoked' AND (CAST($3 AS TEXT) IS NULL \
     OR CASE WHEN status = 'pending' AND expires_at <= $6 THEN 'expired' ELSE status END = $3) \
     AND (CAST($4 AS UUID) IS NULL OR application_id = $4) AND (CAST($5 AS TEXT) IS NULL OR email_key = $5) \
     ORDER BY id DESC LIMIT $2";

const BY_APPLICATION_AND_STATUS: &str = "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, attributes, \
     locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, started_at, ended_at, identity_id, \
     decline_reason, revision FROM invitation WHERE application_id = $4 AND status = $3 AND id < $1 \
     AND (status <> 'pending' OR expires_at > $6) AND status <> 'revoked' AND (CAST($4 AS UUID) IS NULL OR application_id = $4) AND (CAST($5 AS TEXT) IS NULL OR email_key = $5) \
     ORDER BY id DESC LIMIT $2";

const BY_STATUS: &str = "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, attributes, \
     locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, started_at, ended_at, identity_id, \
     decline_reason, revision FROM invitation WHERE status = $3 AND id < $1 \
     AND (status <> 'pending' OR expires_at > $6) AND status <> 'revoked' AND (CAST($4 AS UUID) IS NULL OR application_id = $4) AND (CAST($5 AS TEXT) IS NULL OR email_key = $5) \
     ORDER BY id DESC LIMIT $2";

/// The few that are over and that the sweep has not come by yet.
const OVERDUE: &str = "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, attributes, \
     locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, started_at, ended_at, identity_id, \
     decline_reason, revision FROM invitation WHERE id IN (SELECT id FROM invitation WHERE status = 'pending' AND expires_at <= $6 \
     ORDER BY expires_at LIMIT 1000) AND id < $1 AND CAST($3 AS TEXT) = 'expired' AND (CAST($4 AS UUID) IS NULL OR application_id = $4) AND (CAST($5 AS TEXT) IS NULL OR email_key = $5) \
     ORDER BY id DESC LIMIT $2";

const ALL: &str = "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, attributes, \
     locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, started_at, ended_at, identity_id, \
     decline_reason, revision FROM invitation WHERE TRUE AND id < $1 AND status <> 'revoked' AND (CAST($3 AS TEXT) IS NULL \
     OR CASE WHEN status = 'pending' AND expires_at <= $6 THEN 'expired' ELSE status END = $3) \
     AND (CAST($4 AS UUID) IS NULL OR application_id = $4) AND (CAST($5 AS TEXT) IS NULL OR email_key = $5) \
     ORDER BY id DESC LIMIT $2";

pub(in crate::invitation) async fn count(
    tx: &mut Tx,
    status: Status,
    most: i64,
) -> Result<i64, Internal> {
    let (count,): (i64,) = tx
        .sql("SELECT COUNT(*) FROM (SELECT 1 FROM invitation WHERE status = $1 LIMIT $2) AS some_of_them")
        .bind(status.as_str())
        .bind(most)
        .one()
        .await?;
    Ok(count)
}
