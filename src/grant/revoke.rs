//! The end of grants and tokens: written down, told to all nodes, remembered until nothing that ended could still be alive.

use chrono::{DateTime, Utc};
use uuid::Uuid;

use super::store::{self, RevocationRow};
use super::{GrantId, LONGEST_ACCESS, OFFLINE_ACCESS};
use crate::application::{ClientId, Scopes};
use crate::db::Tx;
use crate::kit::{Id, Internal, Moment, Secret, kinds};

/// Ends a grant with all its tokens. `false`: it had ended before.
pub async fn revoke_grant(tx: &mut Tx, moment: &Moment, grant: GrantId) -> Result<bool, Internal> {
    if !store::end_grant(tx, grant, moment.now).await? {
        return Ok(false);
    }
    store::delete_refresh_tokens(tx, grant).await?;
    remember(tx, moment, grant.uuid(), moment.now + LONGEST_ACCESS).await?;
    Ok(true)
}

/// Ends one access token; the grant stays.
pub async fn revoke_access_token(
    tx: &mut Tx,
    moment: &Moment,
    jti: Uuid,
    expires_at: DateTime<Utc>,
) -> Result<(), Internal> {
    remember(tx, moment, jti, expires_at).await
}

/// Ends the family of a refresh token of this client (RFC 7009 section 2.1). `None`: the client has no such token.
pub async fn revoke_refresh_token(
    tx: &mut Tx,
    moment: &Moment,
    client: ClientId,
    token: &Secret,
) -> Result<Option<GrantId>, Internal> {
    let row = store::find_refresh_token(tx, token.digest()).await?;
    let Some(row) = row.filter(|row| row.grant.client_id == client) else {
        return Ok(None);
    };
    revoke_grant(tx, moment, row.grant.grant_id).await?;
    Ok(Some(row.grant.grant_id))
}

/// A session has ended: so do its grants, except those with `offline_access`
/// (OpenID Connect Back-Channel Logout 1.0, section 2.7).
pub async fn revoke_of_session(
    tx: &mut Tx,
    moment: &Moment,
    session: Id<kinds::Session>,
) -> Result<Vec<GrantId>, Internal> {
    let mut ended = Vec::new();
    for (grant, scope) in store::standing_of_session(tx, session).await? {
        let scope: Scopes = scope.parse()?;
        if !scope.contains(OFFLINE_ACCESS) && revoke_grant(tx, moment, grant).await? {
            ended.push(grant);
        }
    }
    Ok(ended)
}

/// Ends what a person allowed: all of it, or what they allowed one client.
pub async fn revoke_of_identity(
    tx: &mut Tx,
    moment: &Moment,
    identity: Id<kinds::Identity>,
    client: Option<ClientId>,
) -> Result<Vec<GrantId>, Internal> {
    let mut ended = Vec::new();
    for (grant, of) in store::standing_of_identity(tx, identity).await? {
        if client.is_none_or(|client| client == of) && revoke_grant(tx, moment, grant).await? {
            ended.push(grant);
        }
    }
    Ok(ended)
}

async fn remember(
    tx: &mut Tx,
    moment: &Moment,
    id: Uuid,
    until: DateTime<Utc>,
) -> Result<(), Internal> {
    let row = RevocationRow {
        id,
        revoked_at: moment.now,
        until,
    };
    store::insert_revocation(tx, row).await?;
    store::bump_version(tx).await?;
    tx.announce().await
}
