//! The SQL of events and webhooks.

use chrono::{DateTime, Utc};

use super::webhook::{Delivery, DeliveryId, Webhook, WebhookId};
use super::{Event, EventId};
use crate::db::{Json, Tx};
use crate::job::{Claim, Queue, queue};
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

pub(super) async fn list_webhooks(tx: &mut Tx) -> Result<Vec<Webhook>, Internal> {
    tx.sql("SELECT id, url, kinds, created_at, revision FROM webhook ORDER BY id")
        .all()
        .await
}

pub(super) async fn find_webhook(tx: &mut Tx, id: WebhookId) -> Result<Option<Webhook>, Internal> {
    tx.sql("SELECT id, url, kinds, created_at, revision FROM webhook WHERE id = $1")
        .bind(id)
        .optional()
        .await
}

pub(super) async fn insert_webhook(
    tx: &mut Tx,
    webhook: &Webhook,
    secret_sealed: Vec<u8>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO webhook (id, url, secret_sealed, kinds, created_at, revision)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(webhook.id)
    .bind(webhook.url.clone())
    .bind(secret_sealed)
    .bind(Json(webhook.kinds.clone()))
    .bind(webhook.created_at)
    .bind(webhook.revision)
    .run()
    .await?;
    Ok(())
}

pub(super) async fn update_webhook(
    tx: &mut Tx,
    webhook: &Webhook,
    revision: i64,
) -> Result<bool, Internal> {
    let rows = tx
        .sql(
            "UPDATE webhook SET url = $1, kinds = $2, revision = revision + 1
             WHERE id = $3 AND revision = $4",
        )
        .bind(webhook.url.clone())
        .bind(Json(webhook.kinds.clone()))
        .bind(webhook.id)
        .bind(revision)
        .run()
        .await?;
    Ok(rows == 1)
}

pub(super) async fn delete_webhook(tx: &mut Tx, id: WebhookId) -> Result<(), Internal> {
    tx.sql("DELETE FROM webhook WHERE id = $1")
        .bind(id)
        .run()
        .await?;
    Ok(())
}

pub(super) async fn delete_deliveries(tx: &mut Tx, webhook: WebhookId) -> Result<(), Internal> {
    tx.sql("DELETE FROM webhook_delivery WHERE webhook_id = $1")
        .bind(webhook)
        .run()
        .await?;
    Ok(())
}

pub(super) async fn insert_delivery(
    tx: &mut Tx,
    id: DeliveryId,
    webhook: WebhookId,
    event: &Event,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO webhook_delivery (id, webhook_id, event_id, state, attempts, due_at)
         VALUES ($1, $2, $3, 'queued', 0, $4)",
    )
    .bind(id)
    .bind(webhook)
    .bind(event.id)
    .bind(event.at)
    .run()
    .await?;
    Ok(())
}

pub(super) async fn list_deliveries(
    tx: &mut Tx,
    webhook: WebhookId,
    page: &PageRequest<kinds::Delivery>,
) -> Result<Vec<Delivery>, Internal> {
    tx.sql(
        "SELECT d.id, d.event_id, e.kind, d.state, d.attempts, d.due_at, d.answer
         FROM webhook_delivery d JOIN event e ON e.id = d.event_id
         WHERE d.webhook_id = $1 AND d.id < $2 ORDER BY d.id DESC LIMIT $3",
    )
    .bind(webhook)
    .bind(page.before())
    .bind(page.rows())
    .all()
    .await
}

pub(super) async fn find_delivery(
    tx: &mut Tx,
    (webhook, delivery): (WebhookId, DeliveryId),
) -> Result<bool, Internal> {
    let row = tx
        .sql("SELECT id FROM webhook_delivery WHERE webhook_id = $1 AND id = $2")
        .bind(webhook)
        .bind(delivery)
        .optional::<(DeliveryId,)>()
        .await?;
    Ok(row.is_some())
}

pub(super) async fn requeue_delivery(
    tx: &mut Tx,
    (webhook, delivery): (WebhookId, DeliveryId),
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    let rows = tx
        .sql(
            "UPDATE webhook_delivery SET state = 'queued', attempts = 0, due_at = $1, leased_until = NULL, ended_at = NULL
             WHERE webhook_id = $2 AND id = $3 AND state = 'failed'",
        )
        .bind(now)
        .bind(webhook)
        .bind(delivery)
        .run()
        .await?;
    Ok(rows == 1)
}

/// Deliveries that wait; they end as `sent` or `failed`.
pub const DELIVERIES: Queue = queue! { table: "webhook_delivery", columns: "webhook_id, event_id" };

/// A delivery whose turn it is.
#[derive(sqlx::FromRow)]
pub struct Claimed {
    pub(super) id: DeliveryId,
    pub(super) webhook_id: WebhookId,
    pub(super) event_id: EventId,
    pub(super) attempts: i64,
}

impl Claimed {
    pub(super) fn claim(&self) -> Claim<kinds::Delivery> {
        Claim {
            id: self.id,
            attempt: self.attempts,
        }
    }
}

/// What is sent, to whom, sealed with what.
#[derive(sqlx::FromRow)]
pub(super) struct Message {
    pub(super) url: String,
    pub(super) secret_sealed: Vec<u8>,
    #[sqlx(flatten)]
    pub(super) event: Event,
}

pub(super) async fn message(
    tx: &mut Tx,
    delivery: DeliveryId,
) -> Result<Option<Message>, Internal> {
    tx.sql(
        "SELECT w.url, w.secret_sealed, e.id, e.at, e.kind, e.actor, e.subject, e.data
         FROM webhook_delivery d JOIN webhook w ON w.id = d.webhook_id JOIN event e ON e.id = d.event_id
         WHERE d.id = $1",
    )
    .bind(delivery)
    .optional()
    .await
}

/// Lets everything wait that an endpoint would get before `until` and that nobody is sending now.
pub(super) async fn pause(
    tx: &mut Tx,
    webhook: WebhookId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "UPDATE webhook_delivery SET due_at = $1
         WHERE webhook_id = $2 AND state IN ('queued', 'deferred') AND due_at < $1
         AND (leased_until IS NULL OR leased_until <= $3)",
    )
    .bind(until)
    .bind(webhook)
    .bind(now)
    .run()
    .await?;
    Ok(())
}
