//! The SQL of letters and of the development mailbox.

use chrono::{DateTime, Utc};

use super::LetterId;
use super::mailbox::Delivered;
use crate::db::Tx;
use crate::job::{Claim, Queue, queue};
use crate::kit::{Id, Internal, kinds};

pub(super) struct NewLetter {
    pub(super) id: LetterId,
    pub(super) kind: &'static str,
    pub(super) recipient: String,
    pub(super) locale: String,
    pub(super) content_sealed: Vec<u8>,
    pub(super) invitation_id: Option<Id<kinds::Invitation>>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) due_at: DateTime<Utc>,
}

pub(super) async fn insert(tx: &mut Tx, letter: NewLetter) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO letter (id, kind, recipient, locale, content_sealed, invitation_id, state, attempts, due_at, created_at)
         VALUES ($1, $2, $3, $4, $5, $6, 'queued', 0, $7, $8)",
    )
    .bind(letter.id)
    .bind(letter.kind.to_owned())
    .bind(letter.recipient)
    .bind(letter.locale)
    .bind(letter.content_sealed)
    .bind(letter.invitation_id)
    .bind(letter.due_at)
    .bind(letter.created_at)
    .run()
    .await?;
    Ok(())
}

/// Letters that wait. What a letter says goes when it is out or given up.
pub const LETTERS: Queue = queue! {
    table: "letter",
    columns: "kind, recipient, locale, content_sealed, invitation_id, created_at",
    at_end: "content_sealed = NULL",
};

/// A letter whose turn it is.
#[derive(sqlx::FromRow)]
pub struct Claimed {
    pub(super) id: LetterId,
    pub(super) kind: String,
    pub(super) recipient: String,
    pub(super) locale: String,
    pub(super) content_sealed: Option<Vec<u8>>,
    pub(super) invitation_id: Option<Id<kinds::Invitation>>,
    pub(super) attempts: i64,
    pub(super) created_at: DateTime<Utc>,
}

impl Claimed {
    pub(super) fn claim(&self) -> Claim<kinds::Letter> {
        Claim {
            id: self.id,
            attempt: self.attempts,
        }
    }
}

/// Only what goes to the invitee: the inviter is still told what there is to tell.
pub(super) async fn cancel_for_invitation(
    tx: &mut Tx,
    invitation: Id<kinds::Invitation>,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "UPDATE letter SET state = 'cancelled', ended_at = $2, content_sealed = NULL, leased_until = NULL
         WHERE invitation_id = $1 AND state IN ('queued', 'deferred') AND kind IN ('invitation', 'address_code')",
    )
    .bind(invitation)
    .bind(now)
    .run()
    .await
}

#[derive(sqlx::FromRow)]
pub(super) struct DeliveryRow {
    pub(super) id: LetterId,
    pub(super) state: String,
    pub(super) attempts: i64,
    pub(super) answer: Option<String>,
    pub(super) due_at: DateTime<Utc>,
    pub(super) created_at: DateTime<Utc>,
    pub(super) ended_at: Option<DateTime<Utc>>,
}

pub(super) async fn newest_delivery(
    tx: &mut Tx,
    invitation: Id<kinds::Invitation>,
) -> Result<Option<DeliveryRow>, Internal> {
    tx.sql(
        "SELECT id, state, attempts, answer, due_at, created_at, ended_at FROM letter
         WHERE invitation_id = $1 AND kind = 'invitation' ORDER BY created_at DESC, id DESC LIMIT 1",
    )
    .bind(invitation)
    .optional()
    .await
}

pub(super) async fn delivery(tx: &mut Tx, id: LetterId) -> Result<Option<DeliveryRow>, Internal> {
    tx.sql(
        "SELECT id, state, attempts, answer, due_at, created_at, ended_at FROM letter WHERE id = $1",
    )
    .bind(id)
    .optional()
    .await
}

/// A letter that lands twice is one letter.
pub(super) async fn deliver_to_mailbox(tx: &mut Tx, letter: &Delivered) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO mailbox (id, recipient, subject, html, text, delivered_at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (id) DO NOTHING",
    )
    .bind(letter.id)
    .bind(letter.recipient.clone())
    .bind(letter.subject.clone())
    .bind(letter.html.clone())
    .bind(letter.text.clone())
    .bind(letter.delivered_at)
    .run()
    .await?;
    Ok(())
}

pub(super) async fn list_mailbox(tx: &mut Tx, limit: i64) -> Result<Vec<Delivered>, Internal> {
    tx.sql(
        "SELECT id, recipient, subject, html, text, delivered_at FROM mailbox
         ORDER BY delivered_at DESC, id DESC LIMIT $1",
    )
    .bind(limit)
    .all()
    .await
}

pub(super) async fn find_in_mailbox(
    tx: &mut Tx,
    id: LetterId,
) -> Result<Option<Delivered>, Internal> {
    tx.sql("SELECT id, recipient, subject, html, text, delivered_at FROM mailbox WHERE id = $1")
        .bind(id)
        .optional()
        .await
}
