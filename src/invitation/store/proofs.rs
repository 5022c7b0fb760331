//! Addresses other than the invited one, on their way to being proven.

use chrono::{DateTime, Utc};

use crate::db::Tx;
use crate::invitation::address::{Proven, Row as Proof};
use crate::kit::{EmailAddress, Internal};
use uuid::Uuid;

/// What is known about an address other than the invited one.
pub(in crate::invitation) async fn find_proof(
    tx: &mut Tx,
    subject: Uuid,
    email_key: &str,
) -> Result<Option<Proof>, Internal> {
    tx.sql(
        "SELECT code_hash, failures, sent_at, proven_at, approved_at FROM address_proof \
         WHERE subject_id = $1 AND email_key = $2",
    )
    .bind(subject)
    .bind(email_key.to_owned())
    .optional()
    .await
}

/// A new code in the place of an older one.
pub(in crate::invitation) async fn put_proof(
    tx: &mut Tx,
    subject: Uuid,
    address: &EmailAddress,
    code_hash: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO address_proof (subject_id, email_key, email, code_hash, failures, sent_at) \
         VALUES ($1, $2, $3, $4, 0, $5) ON CONFLICT (subject_id, email_key) \
         DO UPDATE SET code_hash = $4, failures = 0, sent_at = $5",
    )
    .bind(subject)
    .bind(address.key().to_owned())
    .bind(address.as_typed().to_owned())
    .bind(code_hash)
    .bind(now)
    .run()
    .await?;
    Ok(())
}

pub(in crate::invitation) async fn count_proof_failure(
    tx: &mut Tx,
    subject: Uuid,
    email_key: &str,
) -> Result<(), Internal> {
    tx.sql(
        "UPDATE address_proof SET failures = failures + 1 WHERE subject_id = $1 AND email_key = $2",
    )
    .bind(subject)
    .bind(email_key.to_owned())
    .run()
    .await?;
    Ok(())
}

pub(in crate::invitation) async fn mark_proven(
    tx: &mut Tx,
    subject: Uuid,
    email_key: &str,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql("UPDATE address_proof SET proven_at = $3 WHERE subject_id = $1 AND email_key = $2")
        .bind(subject)
        .bind(email_key.to_owned())
        .bind(now)
        .run()
        .await?;
    Ok(())
}

/// The addresses that were proven, in the order in which they were asked for.
pub(in crate::invitation) async fn proven(
    tx: &mut Tx,
    subject: Uuid,
) -> Result<Vec<Proven>, Internal> {
    tx.sql(
        "SELECT email, proven_at, approved_at FROM address_proof \
         WHERE subject_id = $1 AND proven_at IS NOT NULL ORDER BY proven_at, email_key",
    )
    .bind(subject)
    .all()
    .await
}

/// `false`: nobody has proven it, or somebody has agreed already.
pub(in crate::invitation) async fn mark_approved(
    tx: &mut Tx,
    subject: Uuid,
    email_key: &str,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    tx
        .sql(
            "UPDATE address_proof SET approved_at = $3 \
             WHERE subject_id = $1 AND email_key = $2 AND proven_at IS NOT NULL AND approved_at IS NULL",
        )
        .bind(subject)
        .bind(email_key.to_owned())
        .bind(now)
        .hit()
        .await
}
