//! The SQL of events and webhooks.

use super::{Event, EventId};
use crate::db::{Json, Tx};
use crate::kit::{Internal, PageRequest, kinds};

/// Tells how many webhooks there are, so that the usual case (none) costs no second statement.
pub(super) async fn insert(tx: &mut Tx, event: &Event) -> Result<i64, Internal> {
    let (webhooks,) = tx
        .sql(
            "INSERT INTO event (id, at, kind, actor, subject, data) VALUES ($1, $2, $3, $4, $5, $6)
             RETURNING (SELECT COUNT(*) FROM webhook)",
        )
        .bind(event.id)
        .bind(event.at)
        .bind(event.kind.clone())
        .bind(event.actor.clone())
        .bind(event.subject.clone())
        .bind(Json(event.data.clone()))
        .one::<(i64,)>()
        .await?;
    Ok(webhooks)
}

pub(super) async fn find(tx: &mut Tx, id: EventId) -> Result<Option<Event>, Internal> {
    tx.sql("SELECT id, at, kind, actor, subject, data FROM event WHERE id = $1")
        .bind(id)
        .optional()
        .await
}

pub(super) async fn list(
    tx: &mut Tx,
    kind: Option<&str>,
    page: &PageRequest<kinds::Event>,
) -> Result<Vec<Event>, Internal> {
    tx.sql(
        "SELECT id, at, kind, actor, subject, data FROM event
         WHERE id < $1 AND SUBSTR(kind, 1, LENGTH($2)) = $2
         ORDER BY id DESC LIMIT $3",
    )
    .bind(page.before())
    .bind(kind.unwrap_or_default().to_owned())
    .bind(page.rows())
    .all()
    .await
}

pub(super) async fn list_about(
    tx: &mut Tx,
    subject: &str,
    kind: Option<&str>,
    page: &PageRequest<kinds::Event>,
) -> Result<Vec<Event>, Internal> {
    tx.sql(
        "SELECT id, at, kind, actor, subject, data FROM event
         WHERE subject = $1 AND id < $2 AND SUBSTR(kind, 1, LENGTH($3)) = $3
         ORDER BY id DESC LIMIT $4",
    )
    .bind(subject.to_owned())
    .bind(page.before())
    .bind(kind.unwrap_or_default().to_owned())
    .bind(page.rows())
    .all()
    .await
}
