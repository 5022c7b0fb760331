//! The list and its filters.

use chrono::{DateTime, Utc};

use super::Row;
use crate::application::ApplicationId;
use crate::db::Tx;
use crate::invitation::{Invitation, Status};
use crate::kit::{Internal, PageRequest, kinds};

/// Which part of the list: at most one of address and application narrows by index, the status on top.
pub(in crate::invitation) struct Wanted<'a> {
    pub(in crate::invitation) status: Option<Status>,
    pub(in crate::invitation) application: Option<ApplicationId>,
    pub(in crate::invitation) email_key: Option<&'a str>,
    pub(in crate::invitation) page: &'a PageRequest<kinds::Invitation>,
}

/// R56, R60, R63: newest first, never a revoked one.
pub(in crate::invitation) async fn list(
    tx: &mut Tx,
    wanted: &Wanted<'_>,
    now: DateTime<Utc>,
) -> Result<Vec<Invitation>, Internal> {
    let query = tx
        .sql(statement_for(wanted))
        .bind(wanted.page.before())
        .bind(wanted.page.rows())
        .bind(wanted.status.map(Status::as_str))
        .bind(wanted.application)
        .bind(wanted.email_key.map(str::to_owned));
    let rows: Vec<Row> = query.all().await?;
    rows.into_iter()
        .map(|row| row.into_invitation(now))
        .collect()
}

macro_rules! list_statement {
    ($narrowed:literal) => {
        concat!(
            "SELECT id, store_id, application_id, client_id, email, inviter, inviter_ref, inviter_email, message, profile, ",
            "attributes, locale, status, version, created_at, sent_at, expires_at, lifetime_seconds, opened_at, ",
            "started_at, ended_at, identity_id, decline_reason, revision FROM invitation ",
            "WHERE ", $narrowed, " AND id < $1 AND status <> 'revoked' ",
            "AND (CAST($3 AS TEXT) IS NULL OR status = $3) ",
            "AND (CAST($4 AS UUID) IS NULL OR application_id = $4) ",
            "AND (CAST($5 AS TEXT) IS NULL OR email_key = $5) ",
            "ORDER BY id DESC LIMIT $2"
        )
    };
}

/// The first condition names the index that serves the filter best.
fn statement_for(wanted: &Wanted<'_>) -> &'static str {
    match wanted {
        Wanted {
            email_key: Some(_), ..
        } => list_statement!("email_key = $5"),
        Wanted {
            application: Some(_),
            ..
        } => list_statement!("application_id = $4"),
        Wanted {
            status: Some(_), ..
        } => list_statement!("status = $3"),
        Wanted { .. } => list_statement!("TRUE"),
    }
}
