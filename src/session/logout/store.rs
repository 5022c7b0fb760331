//! The tables `session_client` and `logout_notice`.

use chrono::{DateTime, Utc};

use crate::application::ClientId;
use crate::db::Tx;
use crate::identity::IdentityId;
use crate::job::{Claim, Queue, queue};
use crate::kit::{Id, Internal, Moment, kinds};
use crate::session::SessionId;

/// Notices that wait; they end as `told` or `failed`.
pub const NOTICES: Queue = queue! {
    table: "logout_notice", columns: "client_id, identity_id, session_id"
};

/// A notice whose turn it is.
#[derive(sqlx::FromRow)]
pub struct Claimed {
    pub(super) id: Id<kinds::LogoutNotice>,
    pub(super) attempts: i64,
    pub(super) client_id: ClientId,
    pub(super) identity_id: IdentityId,
    pub(super) session_id: SessionId,
}

impl Claimed {
    pub(super) fn claim(&self) -> Claim<kinds::LogoutNotice> {
        Claim {
            id: self.id,
            attempt: self.attempts,
        }
    }
}

/// Whether the session goes on, which it does at least until this unit of work is over.
pub(super) async fn hold(tx: &mut Tx, session: SessionId) -> Result<bool, Internal> {
    let rows = tx
        .sql("UPDATE session SET ended_at = NULL WHERE id = $1 AND ended_at IS NULL")
        .bind(session)
        .run()
        .await?;
    Ok(rows == 1)
}

pub(super) async fn remember(
    tx: &mut Tx,
    session: SessionId,
    client: ClientId,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO session_client (session_id, client_id) VALUES ($1, $2) ON CONFLICT DO NOTHING",
    )
    .bind(session)
    .bind(client)
    .run()
    .await?;
    Ok(())
}

pub(super) async fn take_clients(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Vec<(ClientId,)>, Internal> {
    tx.sql("DELETE FROM session_client WHERE session_id = $1 RETURNING client_id")
        .bind(session)
        .all()
        .await
}

pub(super) async fn take_clients_of(
    tx: &mut Tx,
    identity: IdentityId,
) -> Result<Vec<(SessionId, ClientId)>, Internal> {
    tx.sql(
        "DELETE FROM session_client WHERE session_id IN (SELECT id FROM session WHERE identity_id = $1)
         RETURNING session_id, client_id",
    )
    .bind(identity)
    .all()
    .await
}

pub(super) async fn queue(
    tx: &mut Tx,
    moment: &Moment,
    identity: IdentityId,
    known: impl Iterator<Item = (SessionId, ClientId)>,
) -> Result<(), Internal> {
    for (session, client) in known {
        insert_notice(tx, moment, identity, (session, client)).await?;
        tx.wake_workers();
    }
    Ok(())
}

async fn insert_notice(
    tx: &mut Tx,
    moment: &Moment,
    identity: IdentityId,
    (session, client): (SessionId, ClientId),
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO logout_notice (id, client_id, identity_id, session_id, state, attempts, due_at)
         VALUES ($1, $2, $3, $4, 'queued', 0, $5)",
    )
    .bind(moment.id::<kinds::LogoutNotice>())
    .bind(client)
    .bind(identity)
    .bind(session)
    .bind(moment.now)
    .run()
    .await?;
    Ok(())
}

/// Lets everything wait that an application would be told before `until` and that nobody is telling it now.
pub(super) async fn pause(
    tx: &mut Tx,
    client: ClientId,
    now: DateTime<Utc>,
    until: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "UPDATE logout_notice SET due_at = $1
         WHERE client_id = $2 AND state IN ('queued', 'deferred') AND due_at < $1
         AND (leased_until IS NULL OR leased_until <= $3)",
    )
    .bind(until)
    .bind(client)
    .bind(now)
    .run()
    .await?;
    Ok(())
}

pub(super) async fn delete_old_notices(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "DELETE FROM logout_notice WHERE id IN (SELECT id FROM logout_notice WHERE ended_at < $1 LIMIT 1000)",
    )
    .bind(before)
    .run()
    .await
}
