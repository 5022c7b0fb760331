//! The end of grants and tokens: written down, told to all nodes, remembered until nothing that ended could still be alive.

use chrono::{DateTime, Utc};
use serde_json::json;
use uuid::Uuid;

use super::store::{self, NewRevocation};
use super::{GrantId, LONGEST_ACCESS, OFFLINE_ACCESS};
use crate::application::{ClientId, Scopes};
use crate::db::Tx;
use crate::event::{self, Actor, Kind};
use crate::kit::{Id, Internal, Moment, Secret, kinds};

/// Ends a grant with all its tokens. `false`: it had ended before.
pub async fn revoke_grant(tx: &mut Tx, moment: &Moment, grant: GrantId) -> Result<bool, Internal> {
    let ended = end(tx, moment, [grant]).await?;
    Ok(!ended.is_empty())
}

/// Ends one access token; the grant stays.
pub async fn revoke_access_token(
    tx: &mut Tx,
    moment: &Moment,
    jti: Uuid,
    expires_at: DateTime<Utc>,
) -> Result<(), Internal> {
    remember(tx, moment, &[jti], expires_at).await
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
    let grant = row.grant.grant_id;
    if revoke_grant(tx, moment, grant).await? {
        let about = json!({"client": client, "identity": row.grant.identity_id});
        let happening = Kind::GrantRevoked.about(grant, about);
        event::record(tx, moment, &Actor::Client(client), happening).await?;
    }
    Ok(Some(grant))
}

/// A session has ended: so do its grants, except those with `offline_access`
/// (OpenID Connect Back-Channel Logout 1.0, section 2.7).
pub async fn revoke_of_session(
    tx: &mut Tx,
    moment: &Moment,
    session: Id<kinds::Session>,
) -> Result<Vec<GrantId>, Internal> {
    let mut ending = Vec::new();
    for (grant, scope) in store::standing_of_session(tx, session).await? {
        let scope: Scopes = scope.parse()?;
        if !scope.contains(OFFLINE_ACCESS) {
            ending.push(grant);
        }
    }
    end(tx, moment, ending).await
}

/// Ends what a person allowed: all of it, or what they allowed one client.
pub async fn revoke_of_identity(
    tx: &mut Tx,
    moment: &Moment,
    identity: Id<kinds::Identity>,
    client: Option<ClientId>,
) -> Result<Vec<GrantId>, Internal> {
    let standing = store::standing_of_identity(tx, identity).await?;
    let ending = standing
        .into_iter()
        .filter(|(_, of)| client.is_none_or(|client| client == *of));
    let ending: Vec<_> = ending.map(|(grant, _)| grant).collect();
    end(tx, moment, ending).await
}

/// Grants first, in the order of their ids, and the count of changes last: two units of work never wait for each other.
async fn end(
    tx: &mut Tx,
    moment: &Moment,
    grants: impl IntoIterator<Item = GrantId>,
) -> Result<Vec<GrantId>, Internal> {
    let mut ended = Vec::new();
    for grant in grants {
        if store::end_grant(tx, grant, moment.now).await? {
            store::delete_refresh_tokens(tx, grant).await?;
            store::delete_grant_if_bare(tx, grant).await?;
            ended.push(grant);
        }
    }
    let ids: Vec<_> = ended.iter().map(|grant| grant.uuid()).collect();
    remember(tx, moment, &ids, moment.now + LONGEST_ACCESS).await?;
    Ok(ended)
}

async fn remember(
    tx: &mut Tx,
    moment: &Moment,
    ids: &[Uuid],
    until: DateTime<Utc>,
) -> Result<(), Internal> {
    if ids.is_empty() {
        return Ok(());
    }
    let number = store::bump_version(tx).await?;
    for id in ids {
        let row = NewRevocation {
            id: *id,
            number,
            revoked_at: moment.now,
            until,
        };
        store::insert_revocation(tx, row).await?;
    }
    tx.announce().await
}
