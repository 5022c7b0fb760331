//! The rows of a queue: what is due, who holds it, and what came of it. One set of statements for every queue.
//!
//! Does not know what a row is about: its noun writes it and reads whatever else stands in it.
//!
//! The table of a queue has the columns `id UUID`, `state TEXT` (`queued`, `deferred`, or how it ended), `attempts BIGINT`,
//! `due_at TIMESTAMPTZ`, `leased_until TIMESTAMPTZ`, `answer TEXT` and `ended_at TIMESTAMPTZ`, and an index on `due_at` over the
//! rows that are queued or deferred. Its noun says so once, with what an attempt needs to know of a row:
//!
//! ```ignore
//! pub const PARCELS: Queue = queue! { table: "parcel", columns: "street, weight", at_end: "content_sealed = NULL" };
//! ```

use chrono::{DateTime, TimeDelta, Utc};

use crate::db::{Db, Row, Tx};
use crate::kit::{Id, Internal};

/// A queue's statements, made by `queue!`; public so that a test prepares them on both databases.
#[derive(Debug, Clone, Copy)]
pub struct Queue {
    pub look: &'static str,
    pub claim_sqlite: &'static str,
    pub claim_postgres: &'static str,
    pub defer: &'static str,
    pub end: &'static str,
}

/// Which row, and which attempt at it. What an attempt writes counts only while nobody has claimed the row again.
#[derive(Clone, Copy)]
pub struct Claim<K> {
    pub id: Id<K>,
    pub attempt: i64,
}

impl Queue {
    /// Leases up to `room` due rows and counts the attempt. Rows are `id`, `attempts` and the queue's columns.
    /// The first look costs no writer's time: mostly nothing is due.
    pub async fn claim<R: Row>(
        &self,
        db: &Db,
        now: DateTime<Utc>,
        lease: TimeDelta,
        room: usize,
    ) -> Result<Vec<R>, Internal> {
        let due = async |tx: &mut Tx| tx.sql(self.look).bind(now).optional::<(i64,)>().await;
        if db.read(due).await?.is_none() {
            return Ok(Vec::new());
        }
        let room = i64::try_from(room).unwrap_or(i64::MAX);
        db.write(async |tx| {
            let statement = tx.skip_locked(self.claim_sqlite, self.claim_postgres);
            tx.sql(statement)
                .bind(now + lease)
                .bind(now)
                .bind(room)
                .all()
                .await
        })
        .await
    }

    /// It did not work and is tried again at `due_at`. Says whether the row still waited and was still ours.
    pub async fn defer<K: 'static>(
        &self,
        tx: &mut Tx,
        claim: Claim<K>,
        answer: &str,
        due_at: DateTime<Utc>,
    ) -> Result<bool, Internal> {
        let rows = tx
            .sql(self.defer)
            .bind(due_at)
            .bind(answer.to_owned())
            .bind(claim.id)
            .bind(claim.attempt)
            .run()
            .await?;
        Ok(rows == 1)
    }

    /// Nobody tries again, and `state` says why. Says whether the row still waited and was still ours.
    pub async fn end<K: 'static>(
        &self,
        tx: &mut Tx,
        claim: Claim<K>,
        (state, answer): (&'static str, &str),
        now: DateTime<Utc>,
    ) -> Result<bool, Internal> {
        let rows = tx
            .sql(self.end)
            .bind(state.to_owned())
            .bind(answer.to_owned())
            .bind(now)
            .bind(claim.id)
            .bind(claim.attempt)
            .run()
            .await?;
        Ok(rows == 1)
    }
}

/// Writes a queue's statements: its table, the columns that an attempt reads, and what else is set when a row ends.
macro_rules! queue {
    (table: $table:literal, columns: $columns:literal $(, at_end: $at_end:literal)? $(,)?) => {
        $crate::job::Queue {
            look: concat!(
                "SELECT attempts FROM ", $table, " WHERE state IN ('queued', 'deferred') AND due_at <= $1
                 AND (leased_until IS NULL OR leased_until <= $1) LIMIT 1"
            ),
            claim_sqlite: $crate::job::queue!(claim $table, $columns, ""),
            claim_postgres: $crate::job::queue!(claim $table, $columns, " FOR UPDATE SKIP LOCKED"),
            defer: concat!(
                "UPDATE ", $table, " SET state = 'deferred', due_at = $1, answer = $2, leased_until = NULL
                 WHERE id = $3 AND attempts = $4 AND state IN ('queued', 'deferred')"
            ),
            end: concat!(
                "UPDATE ", $table, " SET state = $1, answer = $2, ended_at = $3, leased_until = NULL", $(", ", $at_end,)?
                " WHERE id = $4 AND attempts = $5 AND state IN ('queued', 'deferred')"
            ),
        }
    };
    (claim $table:literal, $columns:literal, $lock:literal) => {
        concat!(
            "WITH due AS MATERIALIZED (
                 SELECT id AS due_id FROM ", $table, " WHERE state IN ('queued', 'deferred') AND due_at <= $2
                 AND (leased_until IS NULL OR leased_until <= $2) ORDER BY due_at LIMIT $3", $lock, "
             )
             UPDATE ", $table, " SET leased_until = $1, attempts = attempts + 1 FROM due WHERE id = due_id
             RETURNING id, attempts, ", $columns
        )
    };
}
pub(crate) use queue;
