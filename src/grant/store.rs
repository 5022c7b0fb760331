//! The tables `access_grant`, `authorization_code`, `refresh_token` and `revocation`.

mod of_client;

use chrono::{DateTime, Utc};
use serde_json::Value;
use uuid::Uuid;

use super::{GrantId, NewGrant};
use crate::application::ClientId;
use crate::db::{Json, Tx};
use crate::kit::{Id, Internal, kinds};

pub(super) use of_client::*;

#[derive(sqlx::FromRow)]
pub(super) struct GrantRow {
    pub(super) grant_id: GrantId,
    pub(super) client_id: ClientId,
    pub(super) identity_id: Id<kinds::Identity>,
    pub(super) session_id: Id<kinds::Session>,
    pub(super) scope: String,
    #[sqlx(json)]
    pub(super) details: Value,
    pub(super) created_at: DateTime<Utc>,
    pub(super) revoked_at: Option<DateTime<Utc>>,
}

#[derive(sqlx::FromRow)]
pub(super) struct CodeRow {
    pub(super) redirect_uri: String,
    pub(super) code_challenge: Option<String>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) used_at: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    pub(super) grant: GrantRow,
}

#[derive(sqlx::FromRow)]
pub(super) struct RefreshRow {
    pub(super) expires_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
    pub(super) rotated_at: Option<DateTime<Utc>>,
    #[sqlx(flatten)]
    pub(super) grant: GrantRow,
}

/// A revocation as `revoke` writes it.
pub(super) struct NewRevocation {
    pub(super) id: Uuid,
    pub(super) number: i64,
    pub(super) revoked_at: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
}

pub(super) async fn insert_grant(
    tx: &mut Tx,
    id: GrantId,
    grant: &NewGrant,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql("INSERT INTO access_grant (id, client_id, identity_id, session_id, scope, details, created_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7, NULL)")
        .bind(id)
        .bind(grant.client)
        .bind(grant.identity)
        .bind(grant.session)
        .bind(grant.scope.to_string())
        .bind(Json(serde_json::to_value(&grant.details)?))
        .bind(now)
        .run()
        .await?;
    Ok(())
}

pub(super) async fn find_grant(tx: &mut Tx, id: GrantId) -> Result<Option<GrantRow>, Internal> {
    tx.sql("SELECT id AS grant_id, client_id, identity_id, session_id, scope, details, created_at, revoked_at FROM access_grant WHERE id = $1")
        .bind(id)
        .optional()
        .await
}

pub(super) struct NewCode {
    pub(super) code_hash: Vec<u8>,
    pub(super) grant: GrantId,
    pub(super) redirect_uri: String,
    pub(super) code_challenge: Option<String>,
    pub(super) expires_at: DateTime<Utc>,
}

pub(super) async fn insert_code(tx: &mut Tx, code: NewCode) -> Result<(), Internal> {
    tx.sql("INSERT INTO authorization_code (code_hash, grant_id, redirect_uri, code_challenge, expires_at, used_at) VALUES ($1, $2, $3, $4, $5, NULL)")
        .bind(code.code_hash)
        .bind(code.grant)
        .bind(code.redirect_uri)
        .bind(code.code_challenge)
        .bind(code.expires_at)
        .run()
        .await?;
    Ok(())
}

pub(super) async fn find_code(tx: &mut Tx, hash: Vec<u8>) -> Result<Option<CodeRow>, Internal> {
    tx.sql("SELECT c.redirect_uri, c.code_challenge, c.expires_at, c.used_at, c.grant_id, g.client_id, g.identity_id, g.session_id, g.scope, g.details, g.created_at, g.revoked_at FROM authorization_code c JOIN access_grant g ON g.id = c.grant_id WHERE c.code_hash = $1")
        .bind(hash)
        .optional()
        .await
}

/// Whether the code was unused until now: single use is this guarded update.
pub(super) async fn use_code(
    tx: &mut Tx,
    hash: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    let rows = tx
        .sql("UPDATE authorization_code SET used_at = $1 WHERE code_hash = $2 AND used_at IS NULL")
        .bind(now)
        .bind(hash)
        .run()
        .await?;
    Ok(rows == 1)
}

pub(super) struct NewRefreshToken {
    pub(super) token_hash: Vec<u8>,
    pub(super) grant: GrantId,
    pub(super) created_at: DateTime<Utc>,
    pub(super) expires_at: DateTime<Utc>,
    pub(super) ends_at: DateTime<Utc>,
}

pub(super) async fn insert_refresh_token(
    tx: &mut Tx,
    token: NewRefreshToken,
) -> Result<(), Internal> {
    tx.sql("INSERT INTO refresh_token (token_hash, grant_id, created_at, expires_at, ends_at, rotated_at) VALUES ($1, $2, $3, $4, $5, NULL)")
        .bind(token.token_hash)
        .bind(token.grant)
        .bind(token.created_at)
        .bind(token.expires_at)
        .bind(token.ends_at)
        .run()
        .await?;
    Ok(())
}

pub(super) async fn find_refresh_token(
    tx: &mut Tx,
    hash: Vec<u8>,
) -> Result<Option<RefreshRow>, Internal> {
    tx.sql("SELECT r.expires_at, r.ends_at, r.rotated_at, r.grant_id, g.client_id, g.identity_id, g.session_id, g.scope, g.details, g.created_at, g.revoked_at FROM refresh_token r JOIN access_grant g ON g.id = r.grant_id WHERE r.token_hash = $1")
        .bind(hash)
        .optional()
        .await
}

/// Puts the next token of the family in the place of this one. Whether it was there until now: single use is this guarded update.
pub(super) async fn replace_refresh_token(
    tx: &mut Tx,
    hash: Vec<u8>,
    next: NewRefreshToken,
) -> Result<bool, Internal> {
    let rows = tx
        .sql("UPDATE refresh_token SET token_hash = $1, created_at = $2, expires_at = $3, ends_at = $4 WHERE token_hash = $5 AND grant_id = $6")
        .bind(next.token_hash)
        .bind(next.created_at)
        .bind(next.expires_at)
        .bind(next.ends_at)
        .bind(hash)
        .bind(next.grant)
        .run()
        .await?;
    Ok(rows == 1)
}

/// Keeps the token for the grace window.
pub(super) async fn rotate_refresh_token(
    tx: &mut Tx,
    hash: Vec<u8>,
    now: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql("UPDATE refresh_token SET rotated_at = $1 WHERE token_hash = $2 AND rotated_at IS NULL")
        .bind(now)
        .bind(hash)
        .run()
        .await?;
    Ok(())
}

/// Forgets the tokens of a family whose grace window is over.
pub(super) async fn delete_rotated(
    tx: &mut Tx,
    grant: GrantId,
    before: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql("DELETE FROM refresh_token WHERE grant_id = $1 AND rotated_at < $2")
        .bind(grant)
        .bind(before)
        .run()
        .await?;
    Ok(())
}

pub(super) async fn delete_refresh_tokens(tx: &mut Tx, grant: GrantId) -> Result<(), Internal> {
    tx.sql("DELETE FROM refresh_token WHERE grant_id = $1")
        .bind(grant)
        .run()
        .await?;
    Ok(())
}

/// Whether the grant stood until now.
pub(super) async fn end_grant(
    tx: &mut Tx,
    grant: GrantId,
    now: DateTime<Utc>,
) -> Result<bool, Internal> {
    let rows = tx
        .sql("UPDATE access_grant SET revoked_at = $1 WHERE id = $2 AND revoked_at IS NULL")
        .bind(now)
        .bind(grant)
        .run()
        .await?;
    Ok(rows == 1)
}

pub(super) async fn standing_of_session(
    tx: &mut Tx,
    session: Id<kinds::Session>,
) -> Result<Vec<(GrantId, String)>, Internal> {
    tx.sql("SELECT id, scope FROM access_grant WHERE session_id = $1 AND revoked_at IS NULL ORDER BY id")
        .bind(session)
        .all()
        .await
}

pub(super) async fn standing_of_identity(
    tx: &mut Tx,
    identity: Id<kinds::Identity>,
) -> Result<Vec<(GrantId, ClientId)>, Internal> {
    tx.sql("SELECT id, client_id FROM access_grant WHERE identity_id = $1 AND revoked_at IS NULL ORDER BY id")
        .bind(identity)
        .all()
        .await
}

pub(super) async fn insert_revocation(tx: &mut Tx, row: NewRevocation) -> Result<(), Internal> {
    tx.sql("INSERT INTO revocation (id, number, revoked_at, until) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING")
        .bind(row.id)
        .bind(row.number)
        .bind(row.revoked_at)
        .bind(row.until)
        .run()
        .await?;
    Ok(())
}

/// What was revoked after the given number, and until when it counts.
pub(super) async fn revocations_after(
    tx: &mut Tx,
    number: i64,
) -> Result<Vec<(Uuid, DateTime<Utc>)>, Internal> {
    tx.sql("SELECT id, until FROM revocation WHERE number > $1")
        .bind(number)
        .all()
        .await
}

pub(super) async fn version(tx: &mut Tx) -> Result<i64, Internal> {
    let (number,) = tx
        .sql("SELECT number FROM snapshot_version WHERE name = 'revocations'")
        .one()
        .await?;
    Ok(number)
}

/// Counts a change. Units of work pass here one after the other, so a higher number is never committed before a lower one.
pub(super) async fn bump_version(tx: &mut Tx) -> Result<i64, Internal> {
    let (number,) = tx
        .sql("UPDATE snapshot_version SET number = number + 1 WHERE name = 'revocations' RETURNING number")
        .one()
        .await?;
    Ok(number)
}

/// The grants of codes that expired before the given time, a portion of them.
pub(super) async fn grants_of_old_codes(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<Vec<(GrantId,)>, Internal> {
    tx.sql("SELECT grant_id FROM authorization_code WHERE expires_at < $1 LIMIT 500")
        .bind(before)
        .all()
        .await
}

/// The grants of refresh tokens that expired before the given time, a portion of them.
pub(super) async fn grants_of_old_refresh_tokens(
    tx: &mut Tx,
    before: DateTime<Utc>,
) -> Result<Vec<(GrantId,)>, Internal> {
    tx.sql("SELECT grant_id FROM refresh_token WHERE expires_at < $1 LIMIT 500")
        .bind(before)
        .all()
        .await
}

pub(super) async fn delete_old_codes_of(
    tx: &mut Tx,
    grant: GrantId,
    before: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql("DELETE FROM authorization_code WHERE grant_id = $1 AND expires_at < $2")
        .bind(grant)
        .bind(before)
        .run()
        .await?;
    Ok(())
}

pub(super) async fn delete_old_refresh_tokens_of(
    tx: &mut Tx,
    grant: GrantId,
    before: DateTime<Utc>,
) -> Result<(), Internal> {
    tx.sql("DELETE FROM refresh_token WHERE grant_id = $1 AND expires_at < $2")
        .bind(grant)
        .bind(before)
        .run()
        .await?;
    Ok(())
}

/// Deletes the grant if nothing comes of it any more.
pub(super) async fn delete_grant_if_bare(tx: &mut Tx, grant: GrantId) -> Result<u64, Internal> {
    tx.sql("DELETE FROM access_grant WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM refresh_token r WHERE r.grant_id = access_grant.id) AND NOT EXISTS (SELECT 1 FROM authorization_code c WHERE c.grant_id = access_grant.id)")
        .bind(grant)
        .run()
        .await
}

pub(super) async fn delete_old_revocations(
    tx: &mut Tx,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM revocation WHERE until < $1")
        .bind(now)
        .run()
        .await
}

pub(super) async fn delete_old_assertions(
    tx: &mut Tx,
    now: DateTime<Utc>,
) -> Result<u64, Internal> {
    tx.sql("DELETE FROM used_assertion WHERE expires_at < $1")
        .bind(now)
        .run()
        .await
}

/// Whether the assertion's id was never seen before (RFC 7523 section 3, point 7).
pub(super) async fn insert_assertion(
    tx: &mut Tx,
    jti_hash: Vec<u8>,
    expires_at: DateTime<Utc>,
) -> Result<bool, Internal> {
    let rows = tx
        .sql("INSERT INTO used_assertion (jti_hash, expires_at) VALUES ($1, $2) ON CONFLICT DO NOTHING")
        .bind(jti_hash)
        .bind(expires_at)
        .run()
        .await?;
    Ok(rows == 1)
}
