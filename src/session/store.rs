//! The SQL of sessions, recoveries and counters.

use chrono::{DateTime, Utc};

use super::{Methods, Origin, SealedIdToken, Session, SessionId};
use crate::db::{Json, Tx};
use crate::identity::{IdentityId, StoreId};
use crate::kit::{Id, Internal, kinds};

#[derive(sqlx::FromRow)]
struct SessionRow {
    token_hash: Vec<u8>,
    id: SessionId,
    identity_id: IdentityId,
    store_id: StoreId,
    methods: Json<Methods>,
    authenticated_at: DateTime<Utc>,
    created_at: DateTime<Utc>,
    expires_at: DateTime<Utc>,
}

pub(super) async fn insert(
    tx: &mut Tx,
    session: &Session,
    token_hash: Vec<u8>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO session (id, token_hash, identity_id, store_id, methods, authenticated_at, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(session.id)
    .bind(token_hash)
    .bind(session.identity)
    .bind(session.store)
    .bind(Json(session.methods.clone()))
    .bind(session.authenticated_at)
    .bind(session.began_at)
    .bind(session.expires_at)
    .run()
    .await?;
    Ok(())
}

/// The sessions behind these digests that still count.
pub(super) async fn find(
    tx: &mut Tx,
    [one, two, three]: [Vec<u8>; 3],
    now: DateTime<Utc>,
) -> Result<Vec<(Vec<u8>, Session)>, Internal> {
    let rows: Vec<SessionRow> = tx
        .sql(
            "SELECT s.token_hash, s.id, s.identity_id, s.store_id, s.methods, s.authenticated_at, s.created_at,
                    s.expires_at
             FROM session s JOIN identity i ON i.id = s.identity_id
             WHERE s.token_hash IN ($1, $2, $3) AND s.ended_at IS NULL AND s.expires_at > $4 AND i.status = 'active'",
        )
        .bind(one)
        .bind(two)
        .bind(three)
        .bind(now)
        .all()
        .await?;
    let sessions = rows.into_iter().map(|row| {
        let session = Session {
            id: row.id,
            identity: row.identity_id,
            store: row.store_id,
            methods: row.methods.0,
            authenticated_at: row.authenticated_at,
            began_at: row.created_at,
            expires_at: row.expires_at,
        };
        (row.token_hash, session)
    });
    Ok(sessions.collect())
}

pub(super) async fn end(tx: &mut Tx, id: SessionId, now: DateTime<Utc>) -> Result<u64, Internal> {
    tx.sql("UPDATE session SET ended_at = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id)
        .bind(now)
        .run()
        .await
}

/// Ends a session that another one follows.
pub(super) async fn follow(
    tx: &mut Tx,
    id: SessionId,
    by: SessionId,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("UPDATE session SET ended_at = $3, followed_by = $2 WHERE id = $1 AND ended_at IS NULL")
        .bind(id)
        .bind(by)
        .bind(now)
        .run()
        .await
}

/// The sessions that this one followed.
pub(super) async fn followed_by(tx: &mut Tx, id: SessionId) -> Result<Vec<(SessionId,)>, Internal> {
    tx.sql("SELECT id FROM session WHERE followed_by = $1")
        .bind(id)
        .all()
        .await
}

pub(super) async fn end_all(
    tx: &mut Tx,
    identity: IdentityId,
    now: DateTime<Utc>,
) -> Result<Vec<SessionId>, Internal> {
    let rows: Vec<(SessionId,)> = tx
        .sql(
            "UPDATE session SET ended_at = $2 WHERE identity_id = $1 AND ended_at IS NULL AND expires_at > $2
             RETURNING id",
        )
        .bind(identity)
        .bind(now)
        .all()
        .await?;
    Ok(rows.into_iter().map(|(id,)| id).collect())
}

#[derive(sqlx::FromRow)]
pub(super) struct CounterRow {
    pub(super) key_hash: Vec<u8>,
    pub(super) failures: i64,
    pub(super) window_ends_at: DateTime<Utc>,
}

/// The counters whose window is still open.
pub(super) async fn find_counters(
    tx: &mut Tx,
    [one, two, three]: [Vec<u8>; super::throttle::MOST_COUNTERS],
    now: DateTime<Utc>,
) -> Result<Vec<CounterRow>, Internal> {
    tx.sql(
        "SELECT key_hash, failures, window_ends_at FROM throttle
         WHERE key_hash IN ($1, $2, $3) AND window_ends_at > $4",
    )
    .bind(one)
    .bind(two)
    .bind(three)
    .bind(now)
    .all()
    .await
}

/// One more failure; a window that is over begins anew.
pub(super) async fn count(
    tx: &mut Tx,
    name: Vec<u8>,
    until: DateTime<Utc>,
    now: DateTime<Utc>,
) -> Result<i64, Internal> {
    let (failures,) = tx
        .sql(
            "INSERT INTO throttle (key_hash, failures, window_ends_at) VALUES ($1, 1, $2)
             ON CONFLICT (key_hash) DO UPDATE SET
                 failures = CASE WHEN throttle.window_ends_at > $3 THEN throttle.failures + 1 ELSE 1 END,
                 window_ends_at = CASE WHEN throttle.window_ends_at > $3 THEN throttle.window_ends_at
                                       ELSE excluded.window_ends_at END
             RETURNING failures",
        )
        .bind(name)
        .bind(until)
        .bind(now)
        .one::<(i64,)>()
        .await?;
    Ok(failures)
}

pub(super) async fn forget_counter(tx: &mut Tx, name: Vec<u8>) -> Result<u64, Internal> {
    tx.sql("DELETE FROM throttle WHERE key_hash = $1")
        .bind(name)
        .run()
        .await
}

/// What a recovery link stands for.
#[derive(sqlx::FromRow)]
pub(super) struct RecoveryRow {
    pub(super) identity_id: IdentityId,
    pub(super) flow_sealed: String,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) used_at: Option<DateTime<Utc>>,
}

pub(super) async fn insert_recovery(
    tx: &mut Tx,
    token_hash: Vec<u8>,
    row: RecoveryRow,
    created_at: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO recovery (token_hash, identity_id, flow_sealed, created_at, expires_at)
         VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(token_hash)
    .bind(row.identity_id)
    .bind(row.flow_sealed)
    .bind(created_at)
    .bind(row.expires_at)
    .run()
    .await?;
    Ok(())
}

pub(super) async fn find_recovery(
    tx: &mut Tx,
    token_hash: Vec<u8>,
) -> Result<Option<RecoveryRow>, Internal> {
    tx.sql(
        "SELECT identity_id, flow_sealed, expires_at, used_at FROM recovery WHERE token_hash = $1",
    )
    .bind(token_hash)
    .optional()
    .await
}

/// Uses a link up; whoever comes second touches nothing.
pub(super) async fn use_recovery(
    tx: &mut Tx,
    token_hash: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("UPDATE recovery SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2")
        .bind(token_hash)
        .bind(now)
        .run()
        .await
}

/// Ends the other links of the same person.
pub(super) async fn void_recoveries(
    tx: &mut Tx,
    identity: IdentityId,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("UPDATE recovery SET used_at = $2 WHERE identity_id = $1 AND used_at IS NULL")
        .bind(identity)
        .bind(now)
        .run()
        .await
}

pub(super) async fn delete_old_sessions(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "DELETE FROM session WHERE id IN (SELECT id FROM session WHERE expires_at < $1 LIMIT 1000)",
    )
    .bind(before)
    .run()
    .await
}

pub(super) async fn delete_old_recoveries(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql(
        "DELETE FROM recovery WHERE token_hash IN (SELECT token_hash FROM recovery WHERE expires_at < $1 LIMIT 1000)",
    )
    .bind(before)
    .run()
    .await
}

pub(super) async fn delete_old_counters(tx: &mut Tx, now: DateTime<Utc>) -> Result<u64, Internal> {
    tx.sql(
        "DELETE FROM throttle WHERE key_hash IN (SELECT key_hash FROM throttle WHERE window_ends_at < $1 LIMIT 1000)",
    )
    .bind(now)
    .run()
    .await
}

pub(super) async fn insert_origin(
    tx: &mut Tx,
    session: SessionId,
    origin: Origin,
) -> Result<(), Internal> {
    tx.sql(
        "INSERT INTO upstream_session (session_id, connection_id, namespace, subject, sid, id_token_sealed)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(session)
    .bind(origin.connection)
    .bind(origin.namespace)
    .bind(origin.subject)
    .bind(origin.sid)
    .bind(origin.id_token.map(|token| token.0))
    .run()
    .await?;
    Ok(())
}

#[derive(sqlx::FromRow)]
struct OriginRow {
    connection_id: Id<kinds::Connection>,
    namespace: String,
    subject: String,
    sid: Option<String>,
    id_token_sealed: Option<Vec<u8>>,
}

pub(super) async fn find_origin(
    tx: &mut Tx,
    session: SessionId,
) -> Result<Option<Origin>, Internal> {
    let row: Option<OriginRow> = tx
        .sql(
            "SELECT connection_id, namespace, subject, sid, id_token_sealed FROM upstream_session WHERE session_id = $1",
        )
        .bind(session)
        .optional()
        .await?;
    Ok(row.map(|row| Origin {
        connection: row.connection_id,
        namespace: row.namespace,
        subject: row.subject,
        sid: row.sid,
        id_token: row.id_token_sealed.map(SealedIdToken),
    }))
}

pub(super) async fn of_upstream_subject(
    tx: &mut Tx,
    connection: Id<kinds::Connection>,
    namespace: String,
    subject: String,
) -> Result<Vec<(SessionId, IdentityId)>, Internal> {
    tx.sql(
        "SELECT s.id, s.identity_id FROM upstream_session u JOIN session s ON s.id = u.session_id
         WHERE u.connection_id = $1 AND u.namespace = $2 AND u.subject = $3 AND s.ended_at IS NULL",
    )
    .bind(connection)
    .bind(namespace)
    .bind(subject)
    .all()
    .await
}

pub(super) async fn of_upstream_sid(
    tx: &mut Tx,
    connection: Id<kinds::Connection>,
    sid: String,
) -> Result<Vec<(SessionId, IdentityId)>, Internal> {
    tx.sql(
        "SELECT s.id, s.identity_id FROM upstream_session u JOIN session s ON s.id = u.session_id
         WHERE u.connection_id = $1 AND u.sid = $2 AND s.ended_at IS NULL",
    )
    .bind(connection)
    .bind(sid)
    .all()
    .await
}

pub(super) async fn of_connection(
    tx: &mut Tx,
    connection: Id<kinds::Connection>,
) -> Result<Vec<(SessionId, IdentityId)>, Internal> {
    tx.sql(
        "SELECT s.id, s.identity_id FROM upstream_session u JOIN session s ON s.id = u.session_id
         WHERE u.connection_id = $1 AND s.ended_at IS NULL",
    )
    .bind(connection)
    .all()
    .await
}
