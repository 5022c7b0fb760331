//! The table `signing_key`.

use chrono::{DateTime, Utc};
use serde_json::Value;

use super::Algorithm;
use crate::db::{Json, Tx};
use crate::kit::{Corrupt, Id, Internal, kinds};

/// A row as `ring` writes it.
pub(super) struct NewRow<'r> {
    pub(super) id: Id<kinds::SigningKey>,
    pub(super) algorithm: Algorithm,
    pub(super) private_sealed: Vec<u8>,
    pub(super) public_jwk: &'r Value,
    pub(super) created_at: DateTime<Utc>,
    pub(super) signs_from: DateTime<Utc>,
}

/// A row as the ring in memory needs it.
#[derive(sqlx::FromRow)]
pub(super) struct Row {
    pub(super) id: Id<kinds::SigningKey>,
    algorithm: String,
    pub(super) private_sealed: Vec<u8>,
    pub(super) signs_from: DateTime<Utc>,
    pub(super) signs_until: Option<DateTime<Utc>>,
    pub(super) published_until: Option<DateTime<Utc>>,
}

impl Row {
    pub(super) fn algorithm(&self) -> Result<Algorithm, Corrupt> {
        Algorithm::from_name(&self.algorithm).ok_or_else(|| Corrupt {
            table: "signing_key",
            id: self.id.to_string(),
            why: format!("unknown algorithm {}", self.algorithm),
        })
    }
}

pub(super) async fn all(tx: &mut Tx) -> Result<Vec<Row>, Internal> {
    tx.sql("SELECT id, algorithm, private_sealed, signs_from, signs_until, published_until FROM signing_key ORDER BY signs_from, id")
        .all()
        .await
}

/// Whether the row was put in: an algorithm has one key without successor, whoever comes second writes nothing.
pub(super) async fn insert(tx: &mut Tx, row: NewRow<'_>) -> Result<bool, Internal> {
    let rows = tx
        .sql("INSERT INTO signing_key (id, algorithm, private_sealed, public_jwk, created_at, signs_from, signs_until, published_until) VALUES ($1, $2, $3, $4, $5, $6, NULL, NULL) ON CONFLICT DO NOTHING")
        .bind(row.id)
        .bind(row.algorithm.name())
        .bind(row.private_sealed)
        .bind(Json(row.public_jwk))
        .bind(row.created_at)
        .bind(row.signs_from)
        .run()
        .await?;
    Ok(rows == 1)
}

/// When the current key of an algorithm stops.
pub(super) struct Succession {
    pub(super) algorithm: Algorithm,
    pub(super) signs_until: DateTime<Utc>,
    pub(super) published_until: DateTime<Utc>,
    /// A key that began later stays as it is.
    pub(super) if_signing_since: DateTime<Utc>,
}

pub(super) async fn set_successor(tx: &mut Tx, end: &Succession) -> Result<bool, Internal> {
    let rows = tx
        .sql("UPDATE signing_key SET signs_until = $1, published_until = $2 WHERE algorithm = $3 AND signs_until IS NULL AND signs_from <= $4")
        .bind(end.signs_until)
        .bind(end.published_until)
        .bind(end.algorithm.name())
        .bind(end.if_signing_since)
        .run()
        .await?;
    Ok(rows == 1)
}

pub(super) async fn delete_unpublished(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Internal> {
    tx.sql("DELETE FROM signing_key WHERE published_until <= $1")
        .bind(now)
        .run()
        .await
}

pub(super) async fn delete_all(tx: &mut Tx) -> Result<u64, Internal> {
    tx.sql("DELETE FROM signing_key").run().await
}

pub(super) async fn version(tx: &mut Tx) -> Result<i64, Internal> {
    let (number,) = tx
        .sql("SELECT number FROM snapshot_version WHERE name = 'keys'")
        .one()
        .await?;
    Ok(number)
}

pub(super) async fn bump_version(tx: &mut Tx) -> Result<(), Internal> {
    tx.sql("UPDATE snapshot_version SET number = number + 1 WHERE name = 'keys'")
        .run()
        .await?;
    Ok(())
}
